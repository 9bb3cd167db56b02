/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which channel a CPU sends on.
 *
 * Every channel interrupts one CPU, and that CPU sends on it.  A CPU without a
 * channel of its own shares one of its NUMA node, or any other if the node has
 * none; the sharers are spread evenly.  If the ring of the channel is full then
 * another one with room is looked for, on the node first, by each CPU in an
 * order of its own.
 *
 * If the device has polled queues, a quarter of the channels, at least one from
 * four on, is set aside for them.  They are never used for anything else, since
 * their interrupts are off while they are polled.  Which ones they are follows
 * from the number of channels that the host agreed to, not from those that have
 * come up, so that a channel never changes sides.
 *
 * A map is a snapshot: it is built from what is known of channels and CPUs, and
 * is not changed any more once it can be seen.  When a channel comes or goes,
 * or interrupts another CPU, or a CPU goes on or off line, the caller builds a
 * new one and replaces the old one by RCU or the like.
 *
 * Locks: none.  Building is one caller's business, picking is anybody's.
 */
#ifndef _HV_STORVSC_LOGIC_CHAN_MAP_H
#define _HV_STORVSC_LOGIC_CHAN_MAP_H

#include <linux/compiler.h>
#include <linux/types.h>

/* No channel, where a channel's index is expected. */
#define STV_NO_CHAN	0xffff

/* The largest machine; four times what Linux can be configured for. */
#define STV_MAP_CPUS_MAX	32768
#define STV_MAP_NODES_MAX	4096

/**
 * struct stv_map_chan - what matters about a channel; its index is its place
 * @cpu: CPU that it interrupts
 * @up: it is open and may be used
 */
struct stv_map_chan {
	u32 cpu;
	bool up;
};

/**
 * struct stv_map_cpu - what matters about a CPU; its number is its place
 * @node: NUMA node; what is not below &stv_map_cfg.nr_nodes counts as node 0
 * @online: it can send; others get a channel after all that can
 */
struct stv_map_cpu {
	u16 node;
	bool online;
};

/**
 * struct stv_map_cfg - what a map is built from
 * @chan: @nr_chans channels; the first one is the primary channel
 * @cpu: @nr_cpus CPUs
 * @polled: set channels aside for polled queues; the same in all maps of a
 *	    device
 * @nr_chans: number of channels that were agreed on, 1 to %STV_CHANNELS_MAX
 * @nr_cpus: number of CPU numbers, 1 to %STV_MAP_CPUS_MAX
 * @nr_nodes: number of NUMA nodes, 1 to %STV_MAP_NODES_MAX
 */
struct stv_map_cfg {
	const struct stv_map_chan *chan;
	const struct stv_map_cpu *cpu;
	bool polled;
	u32 nr_chans;
	u32 nr_cpus;
	u32 nr_nodes;
};

/**
 * struct stv_map - which channel a CPU sends on
 * @nr_cpus: number of CPU numbers
 * @nr_nodes: number of NUMA nodes
 * @nr_normal: usable channels that are not polled
 * @data: per CPU: index of its channel, or %STV_NO_CHAN if none is up;
 *	  per CPU: where its search for another channel starts;
 *	  per CPU: its NUMA node;
 *	  per node: number of usable channels on the node, without polled ones;
 *	  per node: all @nr_normal channels, those of the node first;
 *	  per channel: number of CPUs that share it, used while building
 *
 * One piece of memory without pointers.  Constant once it is built.
 */
struct stv_map {
	u32 nr_cpus;
	u32 nr_nodes;
	u32 nr_normal;
	u16 data[];
};

/**
 * typedef stv_room_fn - asks whether a channel's ring has room to spare
 * @ctx: the caller's
 * @chan: index of the channel
 *
 * Return: true if more of the ring is free than the caller's low water mark.
 */
typedef bool stv_room_fn(void *ctx, u32 chan);

u32 stv_poll_channels(u32 nr_chans);
size_t stv_map_size(const struct stv_map_cfg *cfg);
int stv_map_build(struct stv_map *map, size_t size,
		  const struct stv_map_cfg *cfg);
u32 stv_map_search(const struct stv_map *map, u32 cpu, stv_room_fn *has_room,
		   void *ctx);

/**
 * stv_map_home() - the channel that a CPU sends on by default
 * @map: map
 * @cpu: CPU, below the number of CPUs that the map was built for
 *
 * Return: index of the channel; %STV_NO_CHAN if none is up.
 */
static __always_inline u32 stv_map_home(const struct stv_map *map, u32 cpu)
{
	return map->data[cpu];
}

#endif /* _HV_STORVSC_LOGIC_CHAN_MAP_H */
