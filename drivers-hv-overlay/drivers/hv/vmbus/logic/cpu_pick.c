// SPDX-License-Identifier: GPL-2.0-only
/* Which CPU a channel interrupts, see cpu_pick.h. */

#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/limits.h>

#include "../wire/chanmsg.h"
#include "cpu_pick.h"

#define ANY_NODE	U32_MAX

static bool eligible(const struct hvb_cpu *cpu)
{
	return cpu->online && cpu->housekeeping;
}

/*
 * The eligible CPU with the lowest load, in a node or in all of them, other
 * than @except. Ties go to the lowest number, as a reader of sysfs expects.
 */
static bool least_loaded(const struct hvb_cpus *cpus, u32 node, bool allow_self,
			 u32 except, u32 *best)
{
	const struct hvb_cpu *cpu;
	bool found = false;
	u32 i;

	for (i = 0; i < cpus->nr; i++) {
		cpu = &cpus->cpu[i];
		if (!eligible(cpu) || i == except)
			continue;
		if (node != ANY_NODE && cpu->node != node)
			continue;
		if (cpu->self && !allow_self)
			continue;
		if (found && cpu->load >= cpus->cpu[*best].load)
			continue;
		*best = i;
		found = true;
	}
	return found;
}

static bool pick_in_nodes(struct hvb_cpus *cpus, bool allow_self, u32 *cpu)
{
	u32 i, node;

	for (i = 0; i < cpus->nr_nodes; i++) {
		node = (cpus->next_node + i) % cpus->nr_nodes;
		if (!least_loaded(cpus, node, allow_self, ANY_NODE, cpu))
			continue;
		cpus->next_node = (node + 1) % cpus->nr_nodes;
		return true;
	}
	return false;
}

/**
 * hvb_cpu_pick() - choose the CPU of a new channel
 * @cpus: all CPUs; &hvb_cpus.next_node moves on
 * @perf: the channel is of a class that is spread
 * @version: negotiated protocol version
 *
 * A CPU that already serves the device is taken only if there is no other.
 * Hosts before 2.4 interrupt one CPU only.
 *
 * Context: any; caller's lock. Takes nodes * CPUs steps.
 * Return: the CPU; %HVB_CONNECT_CPU if the channel isn't spread, or if all
 * CPUs are isolated.
 */
u32 hvb_cpu_pick(struct hvb_cpus *cpus, bool perf, u32 version)
{
	u32 cpu = HVB_CONNECT_CPU;

	if (!perf || version < HVB_V2_4)
		return HVB_CONNECT_CPU;
	if (!pick_in_nodes(cpus, false, &cpu) &&
	    !pick_in_nodes(cpus, true, &cpu))
		return HVB_CONNECT_CPU;
	return cpu;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_cpu_pick);

static int any_online(const struct hvb_cpus *cpus, u32 except, u32 *cpu)
{
	u32 i;

	for (i = 0; i < cpus->nr; i++) {
		if (cpus->cpu[i].online && i != except) {
			*cpu = i;
			return 0;
		}
	}
	return -ENOENT;
}

/**
 * hvb_cpu_replace() - choose another CPU for a channel whose CPU goes offline
 * @cpus: all CPUs
 * @leaving: the CPU that goes, still online or not any more
 * @perf: the channel is of a class that is spread
 * @cpu: where to put the new CPU
 *
 * Best first: a CPU of the same node that doesn't serve the device, one of any
 * node that doesn't, one that does, any housekeeping or isolated CPU that is
 * online. Channels that are not spread go to the CPU of the connection, if
 * that is online.
 *
 * Context: any; caller's lock.
 * Return: 0, or -ENOENT if no other CPU is online.
 */
int hvb_cpu_replace(const struct hvb_cpus *cpus, u32 leaving, bool perf,
		    u32 *cpu)
{
	u32 node;

	if (!perf && leaving != HVB_CONNECT_CPU &&
	    cpus->cpu[HVB_CONNECT_CPU].online) {
		*cpu = HVB_CONNECT_CPU;
		return 0;
	}
	if (!perf || leaving >= cpus->nr)
		return any_online(cpus, leaving, cpu);

	node = cpus->cpu[leaving].node;
	if (least_loaded(cpus, node, false, leaving, cpu) ||
	    least_loaded(cpus, ANY_NODE, false, leaving, cpu) ||
	    least_loaded(cpus, node, true, leaving, cpu) ||
	    least_loaded(cpus, ANY_NODE, true, leaving, cpu))
		return 0;
	return any_online(cpus, leaving, cpu);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_cpu_replace);

/**
 * hvb_cpu_load() - account for a spread channel
 * @cpus: all CPUs
 * @cpu: CPU that the channel interrupts, or interrupted
 * @delta: 1 when it starts to, -1 when it stops
 *
 * Context: any; caller's lock.
 */
void hvb_cpu_load(struct hvb_cpus *cpus, u32 cpu, int delta)
{
	if (cpu >= cpus->nr)
		return;
	if (delta < 0 && !cpus->cpu[cpu].load)
		return;
	cpus->cpu[cpu].load += delta < 0 ? -1 : 1;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_cpu_load);

/**
 * hvb_cpu_can_retarget() - test whether open channels can change their CPU
 * @version: negotiated protocol version
 *
 * Context: any.
 * Return: true if the host knows MODIFYCHANNEL (from 4.1).
 */
bool hvb_cpu_can_retarget(u32 version)
{
	return version >= HVB_V4_1;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_cpu_can_retarget);

/**
 * hvb_cpu_retarget_acked() - test whether the host answers MODIFYCHANNEL
 * @version: negotiated protocol version
 *
 * Without an answer nobody knows when the old CPU gets its last interrupt.
 *
 * Context: any.
 * Return: true if it does (from 5.3).
 */
bool hvb_cpu_retarget_acked(u32 version)
{
	return version >= HVB_V5_3;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_cpu_retarget_acked);
