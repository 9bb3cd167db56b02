// SPDX-License-Identifier: GPL-2.0-only
/* Places in a monitor page, see monitor.h. */

#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>

#include "monitor.h"

#define TRIGGER_GROUPS		0x008
#define TRIGGER_GROUP_SIZE	8
#define LATENCIES		0x240
#define LATENCY_SIZE		2
#define PARAMETERS		0x440
#define PARAMETER_SIZE		8

static bool monitor_valid(const struct hvb_monitor *mon)
{
	return mon->group < HVB_MONITOR_GROUPS && mon->bit < HVB_MONITOR_BITS;
}

static int monitor_index(const struct hvb_monitor *mon)
{
	return mon->group * HVB_MONITOR_BITS + mon->bit;
}

/**
 * hvb_monitor_place() - find the trigger of a monitor id
 * @monitor_id: id from the offer, any value
 * @mon: where to put the place; not written if there is none
 *
 * Source: VMBus protocol, monitored notification: group = id / 32,
 * bit = id % 32.
 *
 * Context: any.
 * Return: true if the id is in range.
 */
bool hvb_monitor_place(u8 monitor_id, struct hvb_monitor *mon)
{
	if (monitor_id >= HVB_MONITOR_IDS)
		return false;
	mon->group = monitor_id / HVB_MONITOR_BITS;
	mon->bit = monitor_id % HVB_MONITOR_BITS;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_monitor_place);

/**
 * hvb_monitor_pending_off() - find the pending word of a trigger
 * @mon: place of the trigger
 *
 * The word is a u32 in which bit &hvb_monitor.bit is the trigger. It is 8 byte
 * aligned, so it may be addressed as the low word of an unsigned long.
 *
 * Context: any.
 * Return: offset in the monitor page in bytes, or -ERANGE.
 */
int hvb_monitor_pending_off(const struct hvb_monitor *mon)
{
	if (!monitor_valid(mon))
		return -ERANGE;
	return TRIGGER_GROUPS + mon->group * TRIGGER_GROUP_SIZE;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_monitor_pending_off);

/**
 * hvb_monitor_latency_off() - find the latency of a trigger
 * @mon: place of the trigger
 *
 * Context: any.
 * Return: offset of the u16 in the monitor page in bytes, or -ERANGE.
 */
int hvb_monitor_latency_off(const struct hvb_monitor *mon)
{
	if (!monitor_valid(mon))
		return -ERANGE;
	return LATENCIES + monitor_index(mon) * LATENCY_SIZE;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_monitor_latency_off);

/**
 * hvb_monitor_conn_id_off() - find the connection id of a trigger
 * @mon: place of the trigger
 *
 * Only the low 24 bits of the u32 are the id, see %HVB_CONN_ID_MASK.
 *
 * Context: any.
 * Return: offset of the u32 in the monitor page in bytes, or -ERANGE.
 */
int hvb_monitor_conn_id_off(const struct hvb_monitor *mon)
{
	if (!monitor_valid(mon))
		return -ERANGE;
	return PARAMETERS + monitor_index(mon) * PARAMETER_SIZE;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_monitor_conn_id_off);
