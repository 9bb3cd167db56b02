// SPDX-License-Identifier: GPL-2.0-only
/*
 * ACPI tables (ACPI specification 6.5, chapters 5 and 20): RSDP, XSDT, FADT, FACS,
 * MADT, and an SSDT with what the configuration decides. The DSDT is dsdt.asl.
 * The same configuration gives the same bytes, as a hibernated guest expects.
 */
#include <string.h>
#include "pc.h"
#include "dsdt.hex"

#define HEADER_BYTES	36
#define FADT_BYTES	268		/* revision 5 */
#define SSDT_ROOM	128
#define OEM_BYTES	"HVHOSTHVHOST\0\0"
#define SPACE_IO	1		/* of a generic address */

/* AML opcodes (ACPI 20.3) */
enum { AML_NAME = 0x08, AML_BYTE = 0x0a, AML_DWORD = 0x0c, AML_QWORD = 0x0e, AML_PACKAGE = 0x12 };

static uint8_t *area;			/* host's view of the table area */
static uint32_t used;

/* Little endian, as this machine is. */
static void put(uint8_t *at, uint64_t value, unsigned int bytes)
{
	memcpy(at, &value, bytes);
}

static uint8_t checksum(const uint8_t *data, size_t len)
{
	uint8_t sum = 0;

	while (len--)
		sum = (uint8_t)(sum + *data++);
	return (uint8_t)-sum;
}

static uint8_t *alloc(uint32_t len)
{
	uint8_t *at;

	used = ALIGN_UP(used, 64u);
	at = area + used;
	if (len > ACPI_BYTES - used)
		die("the ACPI tables need more than %u bytes", ACPI_BYTES);
	used += len;
	return at;
}

static uint64_t gpa_of(const uint8_t *table)
{
	return ACPI_GPA + (uint64_t)(table - area);
}

static uint8_t *table(const char *signature, uint8_t revision, uint32_t room)
{
	uint8_t *t = alloc(room);

	memcpy(t, signature, 4);
	t[8] = revision;
	memcpy(t + 10, OEM_BYTES, 14);
	put(t + 24, 1, 4);
	memcpy(t + 28, "HVHO", 4);
	put(t + 32, 1, 4);
	return t;
}

static void finish(uint8_t *t, uint32_t len)
{
	put(t + 4, len, 4);
	t[9] = checksum(t, len);
}

static void io_address(uint8_t *at, uint16_t port, uint8_t bytes)
{
	at[0] = SPACE_IO;
	at[1] = (uint8_t)(bytes * 8);
	at[3] = bytes == 4 ? 3 : bytes;		/* access size: byte, word, double word */
	put(at + 4, port, 8);
}

static uint64_t madt(void)
{
	static const uint8_t sci[] = { 2, 10, 0, SCI_IRQ, SCI_IRQ, 0, 0, 0, 0xd, 0 };
	static const uint8_t nmi[] = { 4, 6, 0xff, 0, 0, 1 };	/* LINT1 of all */
	uint8_t *t = table("APIC", 4, HEADER_BYTES + 8 + 8 * MAX_VCPUS + 64), *at;
	unsigned int i;

	put(t + 36, LAPIC_GPA, 4);
	put(t + 40, 1, 4);			/* there are 8259s too */
	at = t + 44;
	for (i = 0; i < machine.config.cpus; i++, at += 8) {
		at[1] = 8;			/* type 0: local APIC */
		at[2] = (uint8_t)i;
		at[3] = (uint8_t)i;
		at[4] = 1;			/* enabled */
	}
	at[0] = 1;				/* I/O APIC, from GSI 0 */
	at[1] = 12;
	at[2] = (uint8_t)machine.config.cpus;
	put(at + 4, LOW_WINDOW_END, 4);
	at += 12;
	/* Level and active high: KVM's I/O APIC knows no active low input. */
	memcpy(at, sci, sizeof(sci));
	at += sizeof(sci);
	memcpy(at, nmi, sizeof(nmi));
	at += sizeof(nmi);
	finish(t, (uint32_t)(at - t));
	return gpa_of(t);
}

static uint64_t fadt(uint64_t facs, uint64_t dsdt)
{
	uint8_t *t = table("FACP", 5, FADT_BYTES);

	put(t + 36, facs, 4);
	put(t + 40, dsdt, 4);
	put(t + 46, SCI_IRQ, 2);		/* SMI_CMD is 0: always in ACPI mode */
	put(t + 56, PM_EVENT_PORT, 4);
	put(t + 64, PM_CONTROL_PORT, 4);
	put(t + 76, PM_TIMER_PORT, 4);
	t[88] = 4;				/* lengths of these three */
	t[89] = 2;
	t[91] = 4;
	put(t + 96, 0xffff, 2);			/* no C2, no C3 */
	put(t + 98, 0xffff, 2);
	t[108] = RTC_CENTURY;
	put(t + 109, 0x5, 2);			/* legacy devices; no 8042, no VGA */
	/* WBINVD, C1, no fixed buttons, 32 bit timer, reset register */
	put(t + 112, 1 | 4 | 0x10 | 0x20 | 0x100 | 0x400, 4);
	io_address(t + 116, RESET_PORT, 1);
	t[128] = RESET_VALUE;
	put(t + 140, dsdt, 8);
	io_address(t + 148, PM_EVENT_PORT, 4);
	io_address(t + 172, PM_CONTROL_PORT, 2);
	io_address(t + 208, PM_TIMER_PORT, 4);
	finish(t, FADT_BYTES);
	return gpa_of(t);
}

static uint8_t *aml_name(uint8_t *at, const char *name)
{
	*at++ = AML_NAME;
	memcpy(at, name, 4);
	return at + 4;
}

static uint8_t *aml_integer(uint8_t *at, const char *name, uint64_t value, unsigned int bytes)
{
	at = aml_name(at, name);
	*at++ = bytes == 4 ? AML_DWORD : AML_QWORD;
	put(at, value, bytes);
	return at + bytes;
}

static uint64_t ssdt(void)
{
	static const uint8_t s4[] = { AML_PACKAGE, 6, 4, AML_BYTE, SLEEP_S4, 0, 0, 0 };
	uint8_t *t = table("SSDT", 2, SSDT_ROOM), *at = t + HEADER_BYTES;

	at = aml_integer(at, "WLOW", low_window_base(), 4);
	at = aml_integer(at, "WLLN", machine.config.mmio_low, 4);
	at = aml_integer(at, "WHIG", high_window_base(), 8);
	at = aml_integer(at, "WHLN", machine.config.mmio_high, 8);
	if (machine.config.s4) {
		at = aml_name(at, "_S4_");
		memcpy(at, s4, sizeof(s4));
		at += sizeof(s4);
	}
	finish(t, (uint32_t)(at - t));
	return gpa_of(t);
}

static uint64_t facs(void)
{
	uint8_t *t = alloc(64);

	memcpy(t, "FACS", 4);
	put(t + 4, 64, 4);
	t[32] = 2;
	return gpa_of(t);
}

static uint64_t dsdt(void)
{
	uint8_t *t = alloc(sizeof(dsdt_aml_code));

	memcpy(t, dsdt_aml_code, sizeof(dsdt_aml_code));
	return gpa_of(t);
}

static uint64_t xsdt(const uint64_t *tables, unsigned int count)
{
	uint32_t len = HEADER_BYTES + 8 * count;
	uint8_t *t = table("XSDT", 1, len);
	unsigned int i;

	for (i = 0; i < count; i++)
		put(t + HEADER_BYTES + 8 * i, tables[i], 8);
	finish(t, len);
	return gpa_of(t);
}

void acpi_build(void)
{
	uint64_t tables[3];
	uint8_t *rsdp;

	area = guest_ptr(ACPI_GPA, ACPI_BYTES);
	memset(area, 0, ACPI_BYTES);
	used = 0;
	rsdp = alloc(HEADER_BYTES);		/* first, where the guest is told to look */
	tables[0] = fadt(facs(), dsdt());
	tables[1] = madt();
	tables[2] = ssdt();
	memcpy(rsdp, "RSD PTR ", 8);
	memcpy(rsdp + 9, OEM_BYTES, 6);
	rsdp[15] = 2;				/* revision: ACPI 2.0 and later */
	put(rsdp + 20, HEADER_BYTES, 4);
	put(rsdp + 24, xsdt(tables, ARRAY_SIZE(tables)), 8);
	rsdp[8] = checksum(rsdp, 20);
	rsdp[32] = checksum(rsdp, HEADER_BYTES);
}
