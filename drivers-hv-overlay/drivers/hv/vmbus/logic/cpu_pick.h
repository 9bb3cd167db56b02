/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which CPU a channel interrupts.
 *
 * Channels of devices that care about throughput are spread: round robin over
 * the NUMA nodes, in a node the CPU with the fewest such channels, and no two
 * channels of a device on one CPU while there are others. Isolated CPUs
 * (outside the housekeeping set) and offline ones are left alone. All other
 * channels go to the CPU of the connection.
 *
 * The caller describes its CPUs in an array and keeps it up to date; choosing
 * is a function of that array.
 *
 * Context: any. The caller's lock guards struct hvb_cpus.
 */
#ifndef _HV_VMBUS_LOGIC_CPU_PICK_H
#define _HV_VMBUS_LOGIC_CPU_PICK_H

#include <linux/types.h>

/* The CPU that talks to the host; the last resort, too. */
#define HVB_CONNECT_CPU		0U

/**
 * struct hvb_cpu - what matters about a CPU
 * @load: spread channels that interrupt it
 * @node: NUMA node, below &hvb_cpus.nr_nodes
 * @online: can take interrupts
 * @housekeeping: may be used for managed interrupts
 * @self: used by another channel of the device in question; set and cleared by
 *	the caller around a choice
 */
struct hvb_cpu {
	u32 load;
	u16 node;
	bool online;
	bool housekeeping;
	bool self;
};

/**
 * struct hvb_cpus - all CPUs
 * @cpu: @nr entries, by CPU number
 * @nr: number of CPUs, at least 1
 * @nr_nodes: number of NUMA nodes, at least 1
 * @next_node: where the next choice starts
 */
struct hvb_cpus {
	struct hvb_cpu *cpu;
	u32 nr;
	u32 nr_nodes;
	u32 next_node;
};

u32 hvb_cpu_pick(struct hvb_cpus *cpus, bool perf, u32 version);
int hvb_cpu_replace(const struct hvb_cpus *cpus, u32 leaving, bool perf,
		    u32 *cpu);
void hvb_cpu_load(struct hvb_cpus *cpus, u32 cpu, int delta);
bool hvb_cpu_can_retarget(u32 version);
bool hvb_cpu_retarget_acked(u32 version);

#endif /* _HV_VMBUS_LOGIC_CPU_PICK_H */
