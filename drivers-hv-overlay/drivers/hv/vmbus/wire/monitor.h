/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Places in a monitor page (VMBus protocol, "monitored notification").
 *
 * A monitor page is a 4 KiB page that the hypervisor polls: setting the bit of
 * a channel in it replaces a doorbell hypercall. 128 ids are laid out as four
 * groups of 32 bits:
 *
 *	0x000	trigger state (u32), reserved (u32)
 *	0x008	4 x trigger group { pending (u32), armed (u32) }
 *	0x028	reserved
 *	0x040	4 x 32 x next check time (s32)
 *	0x240	4 x 32 x latency (u16, 100 ns units)
 *	0x340	reserved
 *	0x440	4 x 32 x parameter { connection id (u32, low 24 bits),
 *		flag number (u16), reserved (u16) }
 *	0x840	reserved
 *
 * The page is shared with the host: these functions give places in it, reading
 * and writing is up to the caller (one read, no trust).
 */
#ifndef _HV_VMBUS_WIRE_MONITOR_H
#define _HV_VMBUS_WIRE_MONITOR_H

#include <linux/types.h>

#define HVB_MONITOR_GROUPS	4U
#define HVB_MONITOR_BITS	32U
#define HVB_MONITOR_IDS		(HVB_MONITOR_GROUPS * HVB_MONITOR_BITS)
#define HVB_MONITOR_PAGE_SIZE	4096U
/* What hosts put where no monitor was allocated. */
#define HVB_MONITOR_ID_NONE	0xffU

/**
 * struct hvb_monitor - place of a channel in the monitor page
 * @group: trigger group, below %HVB_MONITOR_GROUPS
 * @bit: bit in the group, below %HVB_MONITOR_BITS
 */
struct hvb_monitor {
	u8 group;
	u8 bit;
};

bool hvb_monitor_place(u8 monitor_id, struct hvb_monitor *mon);
int hvb_monitor_pending_off(const struct hvb_monitor *mon);
int hvb_monitor_latency_off(const struct hvb_monitor *mon);
int hvb_monitor_conn_id_off(const struct hvb_monitor *mon);

#endif /* _HV_VMBUS_WIRE_MONITOR_H */
