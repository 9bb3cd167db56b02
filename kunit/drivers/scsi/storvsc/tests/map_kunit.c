// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for which channel a CPU sends on. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../logic/chan_map.h"
#include "../logic/handshake.h"

#define CPUS	64
#define CHANS	32

/* A machine: CPUs in nodes of equal size, channels that hit some of them. */
struct machine {
	struct stv_map_cpu cpu[CPUS];
	struct stv_map_chan chan[CHANS];
	struct stv_map_cfg cfg;
	struct stv_map *map;
	size_t size;
	bool full[CHANS];
	unsigned int asked[CHANS];
};

static struct machine *make_machine(struct kunit *test, u32 cpus, u32 nodes,
				    u32 chans)
{
	struct machine *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	KUNIT_ASSERT_LE(test, cpus, CPUS);
	KUNIT_ASSERT_LE(test, chans, CHANS);
	for (i = 0; i < cpus; i++)
		m->cpu[i] = (struct stv_map_cpu) {
			.node = i * nodes / cpus, .online = true,
		};
	/* Spread over the CPUs as the core does it. */
	for (i = 0; i < chans; i++)
		m->chan[i] = (struct stv_map_chan) {
			.cpu = i * cpus / chans, .up = true,
		};
	m->cfg = (struct stv_map_cfg) {
		.chan = m->chan, .cpu = m->cpu, .nr_chans = chans,
		.nr_cpus = cpus, .nr_nodes = nodes,
	};
	m->size = stv_map_size(&m->cfg);
	KUNIT_ASSERT_GT(test, m->size, 0);
	m->map = kunit_kmalloc(test, m->size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->map);
	return m;
}

/* Builds the map in memory that is not clean. */
static void build(struct kunit *test, struct machine *m)
{
	memset(m->map, 0xee, m->size);
	KUNIT_ASSERT_EQ(test, stv_map_build(m->map, m->size, &m->cfg), 0);
}

static bool has_room(void *ctx, u32 chan)
{
	struct machine *m = ctx;

	m->asked[chan]++;
	return !m->full[chan];
}

/* What a driver does: its own channel, or another one if that has no room. */
static u32 pick(struct machine *m, u32 cpu)
{
	u32 home = stv_map_home(m->map, cpu);

	if (home == STV_NO_CHAN || has_room(m, home))
		return home;
	return stv_map_search(m->map, cpu, has_room, m);
}

static void map_poll_share(struct kunit *test)
{
	static const struct {
		u32 chans, polled;
	} cases[] = {
		{ 0, 0 }, { 1, 0 }, { 3, 0 }, { 4, 1 }, { 7, 1 }, { 8, 2 },
		{ 16, 4 }, { 64, 16 }, { STV_CHANNELS_MAX, 256 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ(test, stv_poll_channels(cases[i].chans),
				cases[i].polled);
}

static void map_own_channel(struct kunit *test)
{
	struct machine *m = make_machine(test, 16, 2, 16);
	u32 cpu;

	build(test, m);
	KUNIT_EXPECT_EQ(test, m->map->nr_normal, 16);
	for (cpu = 0; cpu < 16; cpu++) {
		KUNIT_EXPECT_EQ(test, stv_map_home(m->map, cpu), cpu);
		KUNIT_EXPECT_EQ(test, pick(m, cpu), cpu);
		KUNIT_EXPECT_EQ(test, m->asked[cpu], 1);
	}
}

static void map_one_channel(struct kunit *test)
{
	struct machine *m = make_machine(test, 8, 2, 1);
	u32 cpu;

	build(test, m);
	m->full[0] = true;
	for (cpu = 0; cpu < 8; cpu++)
		KUNIT_EXPECT_EQ(test, pick(m, cpu), 0);
}

/* CPUs without a channel share those of their node, evenly. */
static void map_spread(struct kunit *test)
{
	static const struct {
		u32 cpus, nodes, chans;
	} cases[] = {
		{ 64, 1, 4 }, { 64, 2, 8 }, { 64, 4, 16 }, { 48, 2, 7 },
		{ 63, 3, 5 }, { 64, 8, 3 }, { 5, 1, 4 }, { 64, 2, 32 },
	};
	u32 users[CHANS];
	unsigned int i;
	u32 c, cpu;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 cpus = cases[i].cpus, chans = cases[i].chans;
		struct machine *m = make_machine(test, cpus, cases[i].nodes,
						 chans);
		u32 lo[8], hi[8], node;
		bool near[8] = {};

		build(test, m);
		memset(users, 0, sizeof(users));
		for (c = 0; c < chans; c++) {
			near[m->cpu[m->chan[c].cpu].node] = true;
			KUNIT_EXPECT_EQ(test,
					stv_map_home(m->map, m->chan[c].cpu),
					c);
		}
		for (cpu = 0; cpu < cpus; cpu++) {
			c = stv_map_home(m->map, cpu);
			KUNIT_ASSERT_LT(test, c, chans);
			users[c]++;
			node = m->cpu[cpu].node;
			if (near[node])
				KUNIT_EXPECT_EQ_MSG(test,
						    m->cpu[m->chan[c].cpu].node,
						    node, "case %u, CPU %u", i,
						    cpu);
		}
		/* Within a node that looks after itself: one more at most. */
		memset(lo, 0xff, sizeof(lo));
		memset(hi, 0, sizeof(hi));
		for (c = 0; c < chans; c++) {
			node = m->cpu[m->chan[c].cpu].node;
			lo[node] = min(lo[node], users[c]);
			hi[node] = max(hi[node], users[c]);
		}
		for (node = 0; node < cases[i].nodes; node++)
			if (near[node] && chans >= cases[i].nodes)
				KUNIT_EXPECT_LE_MSG(test, hi[node] - lo[node],
						    1, "case %u, node %u", i,
						    node);
	}
}

/* A nearly full ring sends the CPU to its own node first, then elsewhere. */
static void map_fall_back(struct kunit *test)
{
	struct machine *m = make_machine(test, 16, 2, 8);
	u32 c, chan, node;
	int n;

	build(test, m);
	m->full[0] = true;
	/* Each channel that is offered is filled up. */
	for (n = 1; n < 8; n++) {
		chan = pick(m, 0);
		KUNIT_ASSERT_LT(test, chan, 8);
		KUNIT_EXPECT_FALSE(test, m->full[chan]);
		node = m->cpu[m->chan[chan].cpu].node;
		KUNIT_EXPECT_EQ(test, node, n >= 4);
		m->full[chan] = true;
	}
	/* All are full: the own one, and each was asked. */
	memset(m->asked, 0, sizeof(m->asked));
	KUNIT_EXPECT_EQ(test, pick(m, 0), 0);
	for (c = 0; c < 8; c++)
		KUNIT_EXPECT_GE(test, m->asked[c], 1);
}

/* CPUs that are turned away don't all go to the same place. */
static void map_fall_back_spreads(struct kunit *test)
{
	struct machine *m = make_machine(test, 16, 2, 16);
	u32 cpu, chan;

	build(test, m);
	for (cpu = 0; cpu < 16; cpu++) {
		memset(m->full, 0, sizeof(m->full));
		memset(m->asked, 0, sizeof(m->asked));
		m->full[cpu] = true;
		chan = pick(m, cpu);
		KUNIT_EXPECT_EQ(test, chan / 8, cpu / 8);
		KUNIT_EXPECT_EQ(test, chan % 8, (cpu + 1) % 8);
	}
	/* The same with the whole node full. */
	memset(m->full, 0, sizeof(m->full));
	memset(m->full, 1, 8);
	memset(m->asked, 0, sizeof(m->asked));
	for (cpu = 0; cpu < 8; cpu++) {
		chan = pick(m, cpu);
		KUNIT_EXPECT_GE(test, chan, 8);
		KUNIT_EXPECT_EQ(test, m->asked[chan], 1);
	}
}

static void map_node_without_channel(struct kunit *test)
{
	struct machine *m = make_machine(test, 16, 4, 4);
	u32 cpu, users[4] = {};

	/* All channels hit the first two nodes. */
	m->chan[0].cpu = 0;
	m->chan[1].cpu = 1;
	m->chan[2].cpu = 4;
	m->chan[3].cpu = 5;
	build(test, m);
	for (cpu = 8; cpu < 16; cpu++) {
		KUNIT_ASSERT_LT(test, stv_map_home(m->map, cpu), 4);
		users[stv_map_home(m->map, cpu)]++;
	}
	for (cpu = 0; cpu < 4; cpu++)
		KUNIT_EXPECT_EQ(test, users[cpu], 2);
	/* And such a CPU finds another one, too. */
	m->full[stv_map_home(m->map, 9)] = true;
	KUNIT_EXPECT_NE(test, pick(m, 9), stv_map_home(m->map, 9));
}

/* Channels come up one after the other, and go again. */
static void map_channels_come_and_go(struct kunit *test)
{
	struct machine *m = make_machine(test, 8, 1, 8);
	u32 c, cpu;

	for (c = 0; c < 8; c++)
		m->chan[c].up = false;
	build(test, m);
	KUNIT_EXPECT_EQ(test, m->map->nr_normal, 0);
	KUNIT_EXPECT_EQ(test, pick(m, 3), STV_NO_CHAN);
	KUNIT_EXPECT_EQ(test, stv_map_search(m->map, 3, has_room, m),
			STV_NO_CHAN);
	for (c = 0; c < 8; c++) {
		m->chan[c].up = true;
		build(test, m);
		KUNIT_EXPECT_EQ(test, m->map->nr_normal, c + 1);
		for (cpu = 0; cpu < 8; cpu++) {
			KUNIT_EXPECT_LE(test, stv_map_home(m->map, cpu), c);
			if (cpu <= c)
				KUNIT_EXPECT_EQ(test,
						stv_map_home(m->map, cpu),
						cpu);
		}
	}
	m->chan[0].up = false;
	build(test, m);
	KUNIT_EXPECT_NE(test, stv_map_home(m->map, 0), 0);
	KUNIT_EXPECT_LT(test, stv_map_home(m->map, 0), 8);
}

/* A CPU goes off line: its channel hits another one, which has two then. */
static void map_cpu_offline(struct kunit *test)
{
	struct machine *m = make_machine(test, 8, 1, 4);
	u32 cpu, users[4] = {};

	m->cpu[2].online = false;
	m->chan[1].cpu = 0;
	build(test, m);
	KUNIT_EXPECT_EQ(test, stv_map_home(m->map, 0), 0);
	for (cpu = 0; cpu < 8; cpu++) {
		KUNIT_ASSERT_LT(test, stv_map_home(m->map, cpu), 4);
		if (cpu != 2)
			users[stv_map_home(m->map, cpu)]++;
	}
	/* Seven on line, four channels: CPUs off line do not count. */
	for (cpu = 0; cpu < 4; cpu++) {
		KUNIT_EXPECT_GE(test, users[cpu], 1);
		KUNIT_EXPECT_LE(test, users[cpu], 2);
	}
}

/* Two channels hit one CPU: what it leaves over is not left alone. */
static void map_two_channels_one_cpu(struct kunit *test)
{
	struct machine *m = make_machine(test, 4, 1, 2);
	u32 cpu, users[2] = {};

	m->chan[1].cpu = 0;
	build(test, m);
	KUNIT_EXPECT_EQ(test, stv_map_home(m->map, 0), 0);
	for (cpu = 0; cpu < 4; cpu++) {
		KUNIT_ASSERT_LT(test, stv_map_home(m->map, cpu), 2);
		users[stv_map_home(m->map, cpu)]++;
	}
	KUNIT_EXPECT_EQ(test, users[0], 2);
	KUNIT_EXPECT_EQ(test, users[1], 2);
}

/* What is set aside for polled queues serves nobody else. */
static void map_polled(struct kunit *test)
{
	struct machine *m = make_machine(test, 16, 2, 16);
	u32 cpu, chan;

	m->cfg.polled = true;
	build(test, m);
	KUNIT_EXPECT_EQ(test, m->map->nr_normal, 12);
	for (cpu = 0; cpu < 16; cpu++)
		KUNIT_EXPECT_LT(test, stv_map_home(m->map, cpu), 12);

	/* Not even when all the others are full. */
	memset(m->full, 1, 12);
	for (cpu = 0; cpu < 16; cpu++)
		KUNIT_EXPECT_LT(test, pick(m, cpu), 12);
	for (chan = 12; chan < 16; chan++)
		KUNIT_EXPECT_EQ(test, m->asked[chan], 0);

	/* Whether they are up makes no difference. */
	for (chan = 12; chan < 16; chan++)
		m->chan[chan].up = false;
	build(test, m);
	KUNIT_EXPECT_EQ(test, m->map->nr_normal, 12);
	KUNIT_EXPECT_LT(test, stv_map_home(m->map, 13), 12);
}

/* Numbers that are out of range, from whoever made a mistake. */
static void map_strange_numbers(struct kunit *test)
{
	struct machine *m = make_machine(test, 4, 2, 4);
	u32 cpu;

	m->cpu[3].node = 0xffff;
	m->chan[0].cpu = 2;
	m->chan[2].cpu = 0;
	m->chan[3].cpu = U32_MAX;
	build(test, m);
	KUNIT_EXPECT_EQ(test, m->map->nr_normal, 4);
	for (cpu = 0; cpu < 4; cpu++)
		KUNIT_EXPECT_LT(test, stv_map_home(m->map, cpu), 4);
	KUNIT_EXPECT_EQ(test, stv_map_home(m->map, 0), 2);
	m->full[2] = true;
	KUNIT_EXPECT_NE(test, pick(m, 0), 2);
	/* A search starts anywhere. */
	KUNIT_EXPECT_EQ(test, stv_map_search(m->map, U32_MAX, has_room, m),
			stv_map_search(m->map, 0, has_room, m));
}

static void map_limits(struct kunit *test)
{
	static const struct {
		u32 chans, cpus, nodes;
	} bad[] = {
		{ 0, 1, 1 }, { 1, 0, 1 }, { 1, 1, 0 },
		{ STV_CHANNELS_MAX + 1, 1, 1 }, { U32_MAX, 1, 1 },
		{ 1, STV_MAP_CPUS_MAX + 1, 1 }, { 1, U32_MAX, 1 },
		{ 1, 1, STV_MAP_NODES_MAX + 1 }, { 1, 1, U32_MAX },
	};
	struct machine *m = make_machine(test, 4, 1, 4);
	struct stv_map_cfg cfg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cfg = m->cfg;
		cfg.nr_chans = bad[i].chans;
		cfg.nr_cpus = bad[i].cpus;
		cfg.nr_nodes = bad[i].nodes;
		KUNIT_EXPECT_EQ(test, stv_map_size(&cfg), 0);
		KUNIT_EXPECT_EQ(test, stv_map_build(m->map, SIZE_MAX, &cfg),
				-EINVAL);
	}
	KUNIT_EXPECT_EQ(test, stv_map_build(m->map, m->size - 1, &m->cfg),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, stv_map_build(m->map, 0, &m->cfg), -EINVAL);
	cfg = m->cfg;
	cfg.nr_chans = STV_CHANNELS_MAX;
	cfg.nr_cpus = STV_MAP_CPUS_MAX;
	cfg.nr_nodes = STV_MAP_NODES_MAX;
	KUNIT_EXPECT_GT(test, stv_map_size(&cfg),
			2U * STV_CHANNELS_MAX * STV_MAP_NODES_MAX);
}

static struct kunit_case map_cases[] = {
	KUNIT_CASE(map_poll_share),
	KUNIT_CASE(map_own_channel),
	KUNIT_CASE(map_one_channel),
	KUNIT_CASE(map_spread),
	KUNIT_CASE(map_fall_back),
	KUNIT_CASE(map_fall_back_spreads),
	KUNIT_CASE(map_node_without_channel),
	KUNIT_CASE(map_channels_come_and_go),
	KUNIT_CASE(map_cpu_offline),
	KUNIT_CASE(map_two_channels_one_cpu),
	KUNIT_CASE(map_polled),
	KUNIT_CASE(map_strange_numbers),
	KUNIT_CASE(map_limits),
	{}
};

static struct kunit_suite map_suite = {
	.name = "hv_storvsc_map",
	.test_cases = map_cases,
};

kunit_test_suites(&map_suite);

MODULE_DESCRIPTION("KUnit suite for the choice of a storage channel");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_LICENSE("GPL");
