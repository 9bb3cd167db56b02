// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which channel a CPU sends on.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "chan_map.h"
#include "handshake.h"

#define POLL_SHARE	4

/**
 * stv_poll_channels() - how many channels are set aside for polled queues
 * @nr_chans: number of channels that were agreed on
 *
 * They are the last ones, so the primary channel, on which notices come, is
 * never among them.
 *
 * Context: any.
 * Return: a quarter of them; one of four, none of three.
 */
u32 stv_poll_channels(u32 nr_chans)
{
	return nr_chans / POLL_SHARE;
}
EXPORT_SYMBOL_IF_KUNIT(stv_poll_channels);

/* Where the parts of a map's data start. */
static u16 *map_start(struct stv_map *map)
{
	return map->data + map->nr_cpus;
}

static u16 *map_node(struct stv_map *map)
{
	return map->data + 2 * map->nr_cpus;
}

static u16 *map_near(struct stv_map *map)
{
	return map->data + 3 * map->nr_cpus;
}

static u16 *map_order(struct stv_map *map, u32 node)
{
	return map_near(map) + map->nr_nodes + node * map->nr_normal;
}

static u16 *map_load(struct stv_map *map)
{
	return map_order(map, map->nr_nodes);
}

/**
 * stv_map_size() - memory that a map needs
 * @cfg: what it will be built from
 *
 * Context: any.
 * Return: bytes; 0 if @cfg is beyond any limit.
 */
size_t stv_map_size(const struct stv_map_cfg *cfg)
{
	size_t n;

	if (!cfg->nr_chans || cfg->nr_chans > STV_CHANNELS_MAX ||
	    !cfg->nr_cpus || cfg->nr_cpus > STV_MAP_CPUS_MAX ||
	    !cfg->nr_nodes || cfg->nr_nodes > STV_MAP_NODES_MAX)
		return 0;

	n = 3 * (size_t)cfg->nr_cpus + cfg->nr_nodes +
	    (size_t)cfg->nr_nodes * cfg->nr_chans + cfg->nr_chans;
	return struct_size_t(struct stv_map, data, n);
}
EXPORT_SYMBOL_IF_KUNIT(stv_map_size);

static u32 cpu_node(const struct stv_map_cfg *cfg, u32 cpu)
{
	if (cpu >= cfg->nr_cpus || cfg->cpu[cpu].node >= cfg->nr_nodes)
		return 0;
	return cfg->cpu[cpu].node;
}

static u32 count_up(const struct stv_map_cfg *cfg, u32 end)
{
	u32 c, n = 0;

	for (c = 0; c < end; c++)
		n += cfg->chan[c].up;
	return n;
}

/* All normal channels in the order in which CPUs of @node shall try them. */
static void build_order(struct stv_map *map, const struct stv_map_cfg *cfg,
			u32 node, u32 end)
{
	u16 *order = map_order(map, node);
	u32 c, n = 0;

	for (c = 0; c < end; c++)
		if (cfg->chan[c].up && cpu_node(cfg, cfg->chan[c].cpu) == node)
			order[n++] = c;
	map_near(map)[node] = n;
	for (c = 0; c < end; c++)
		if (cfg->chan[c].up && cpu_node(cfg, cfg->chan[c].cpu) != node)
			order[n++] = c;
}

/* The channel with the fewest CPUs, of the CPU's node if that has any. */
static u32 least_loaded(const struct stv_map_cfg *cfg, const u16 *load,
			u32 node, u32 end)
{
	u32 c, best = STV_NO_CHAN;
	bool near = false;

	for (c = 0; c < end; c++) {
		bool local = cpu_node(cfg, cfg->chan[c].cpu) == node;

		if (!cfg->chan[c].up || (near && !local))
			continue;
		if (best == STV_NO_CHAN || (local && !near) ||
		    load[c] < load[best])
			best = c;
		near |= local;
	}
	return best;
}

/* CPUs without a channel of their own share those that there are. */
static void share(struct stv_map *map, const struct stv_map_cfg *cfg, u32 end,
		  bool online)
{
	u16 *load = map_load(map);
	u32 cpu, c;

	for (cpu = 0; cpu < cfg->nr_cpus; cpu++) {
		if (map->data[cpu] != STV_NO_CHAN ||
		    cfg->cpu[cpu].online != online)
			continue;
		c = least_loaded(cfg, load, cpu_node(cfg, cpu), end);
		map->data[cpu] = c;
		if (c != STV_NO_CHAN)
			load[c]++;
	}
}

/* Give each CPU one of the normal channels. */
static void assign(struct stv_map *map, const struct stv_map_cfg *cfg, u32 end)
{
	u16 *load = map_load(map);
	u32 c, cpu;

	for (cpu = 0; cpu < cfg->nr_cpus; cpu++)
		map->data[cpu] = STV_NO_CHAN;
	for (c = 0; c < end; c++) {
		cpu = cfg->chan[c].cpu;
		if (!cfg->chan[c].up || cpu >= cfg->nr_cpus ||
		    map->data[cpu] != STV_NO_CHAN)
			continue;
		map->data[cpu] = c;
		load[c]++;
	}
	share(map, cfg, end, true);
	share(map, cfg, end, false);
}

/* Where a CPU's own channel is in the order of its node. */
static u32 find_start(struct stv_map *map, u32 cpu)
{
	const u16 *order = map_order(map, map_node(map)[cpu]);
	u32 i;

	for (i = 0; i < map->nr_normal; i++)
		if (order[i] == map->data[cpu])
			return i;
	return 0;
}

/**
 * stv_map_build() - build a map
 * @map: where to, @size bytes; what was there does not matter
 * @size: at least stv_map_size()
 * @cfg: what to build it from
 *
 * Takes time in proportion to the product of CPUs and channels.
 *
 * Context: any.
 * Return: 0; -EINVAL if @cfg is beyond any limit or @size is too small.
 */
int stv_map_build(struct stv_map *map, size_t size,
		  const struct stv_map_cfg *cfg)
{
	size_t need = stv_map_size(cfg);
	u32 cpu, node, end = cfg->nr_chans;

	if (!need || size < need)
		return -EINVAL;
	if (cfg->polled)
		end -= stv_poll_channels(cfg->nr_chans);

	memset(map, 0, need);
	map->nr_cpus = cfg->nr_cpus;
	map->nr_nodes = cfg->nr_nodes;
	map->nr_normal = count_up(cfg, end);

	for (node = 0; node < cfg->nr_nodes; node++)
		build_order(map, cfg, node, end);
	assign(map, cfg, end);
	for (cpu = 0; cpu < cfg->nr_cpus; cpu++) {
		map_node(map)[cpu] = cpu_node(cfg, cpu);
		map_start(map)[cpu] = find_start(map, cpu);
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(stv_map_build);

/* Try @nr channels in a circle, beginning with the one at @from. */
static u32 search_circle(const u16 *order, u32 nr, u32 from,
			 stv_room_fn *has_room, void *ctx)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		u32 chan = order[(from + i) % nr];

		if (has_room(ctx, chan))
			return chan;
	}
	return STV_NO_CHAN;
}

/**
 * stv_map_search() - choose another channel than a CPU's own
 * @map: map
 * @cpu: CPU, any number
 * @has_room: asks for room in a channel's ring
 * @ctx: for @has_room
 *
 * Asks each channel once: those of the CPU's node, then the others, each time
 * starting at another place for each CPU, so that they don't all go for the
 * same one.
 *
 * Context: any.
 * Return: index of the channel; the CPU's own if no other has room;
 * %STV_NO_CHAN if none is up.
 */
u32 stv_map_search(const struct stv_map *map, u32 cpu, stv_room_fn *has_room,
		   void *ctx)
{
	/* Nothing is written below; the helpers serve building as well. */
	struct stv_map *m = (struct stv_map *)map;
	u32 node, near, start, found;
	const u16 *order;

	if (!map->nr_normal)
		return STV_NO_CHAN;
	if (cpu >= map->nr_cpus)
		cpu = 0;
	node = map_node(m)[cpu];
	near = map_near(m)[node];
	order = map_order(m, node);
	start = map_start(m)[cpu];

	found = search_circle(order, near, start + 1, has_room, ctx);
	if (found == STV_NO_CHAN)
		found = search_circle(order + near, map->nr_normal - near,
				      cpu + 1, has_room, ctx);
	return found == STV_NO_CHAN ? map->data[cpu] : found;
}
EXPORT_SYMBOL_IF_KUNIT(stv_map_search);
