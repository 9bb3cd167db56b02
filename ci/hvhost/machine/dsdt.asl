// SPDX-License-Identifier: GPL-2.0-only
/*
 * What never changes of the machine's ACPI description. What depends on the
 * configuration comes as names in an SSDT that acpi.c makes: the MMIO windows
 * of VMBus (WLOW, WLLN: 32 bits; WHIG, WHLN: 64 bits), and \_S4 or not.
 *
 * Linux finds VMBus by _HID, needs a _CRS in the device itself, and takes the
 * windows from that or from an ancestor. iasl refuses the name "VMBus" as a
 * plain _HID, so a method returns it.
 */
DefinitionBlock ("", "DSDT", 2, "HVHOST", "HVHOST", 1)
{
	External (\WLOW, IntObj)
	External (\WLLN, IntObj)
	External (\WHIG, IntObj)
	External (\WHLN, IntObj)

	Name (\_S5, Package () { 5, 0, 0, 0 })

	Scope (\_SB)
	{
		Device (VMOD)
		{
			Name (_HID, "ACPI0004")
			Name (_UID, 0)
			Name (LOWT, ResourceTemplate ()
			{
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable,
					     ReadWrite, 0x0, 0x0, 0xFFF, 0x0, 0x1000, , , LOWW)
			})
			Name (HIGT, ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable,
					     ReadWrite, 0x0, 0x0, 0xFFF, 0x0, 0x1000, , , HIGW)
			})
			CreateDWordField (LOWT, LOWW._MIN, LMIN)
			CreateDWordField (LOWT, LOWW._MAX, LMAX)
			CreateDWordField (LOWT, LOWW._LEN, LLEN)
			CreateQWordField (HIGT, HIGW._MIN, HMIN)
			CreateQWordField (HIGT, HIGW._MAX, HMAX)
			CreateQWordField (HIGT, HIGW._LEN, HLEN)

			Method (_CRS, 0, Serialized)
			{
				LMIN = \WLOW
				LLEN = \WLLN
				LMAX = \WLOW + \WLLN - 1
				HMIN = \WHIG
				HLEN = \WHLN
				HMAX = \WHIG + \WHLN - 1
				If (\WLLN == 0)
				{
					Return (HIGT)
				}
				If (\WHLN == 0)
				{
					Return (LOWT)
				}
				Return (ConcatenateResTemplate (LOWT, HIGT))
			}

			Device (VMBS)
			{
				Method (_HID) { Return ("VMBus") }
				Name (_UID, 0)
				Name (_CRS, ResourceTemplate ()
				{
					IRQ (Edge, ActiveHigh, Exclusive) { 5 }
				})
			}
		}

		Device (COM1)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, 1)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x03F8, 0x03F8, 1, 8)
				IRQNoFlags () { 4 }
			})
		}

		Device (COM2)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, 2)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x02F8, 0x02F8, 1, 8)
				IRQNoFlags () { 3 }
			})
		}
	}
}
