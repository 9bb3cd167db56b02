// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for the choice of a channel's CPU. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "../logic/cpu_pick.h"
#include "../wire/chanmsg.h"
#include "compat.h"

#define NR	8

struct world {
	struct hvb_cpu cpu[NR];
	struct hvb_cpus cpus;
};

/* 8 CPUs, all usable, on @nodes nodes in blocks. */
static void make_world(struct world *w, u32 nodes)
{
	u32 i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < NR; i++) {
		w->cpu[i].online = true;
		w->cpu[i].housekeeping = true;
		w->cpu[i].node = i * nodes / NR;
	}
	w->cpus.cpu = w->cpu;
	w->cpus.nr = NR;
	w->cpus.nr_nodes = nodes;
}

/* Choose for a new channel of a device and account for it. */
static u32 take(struct world *w)
{
	u32 cpu = hvb_cpu_pick(&w->cpus, true, HVB_V5_3);

	hvb_cpu_load(&w->cpus, cpu, 1);
	w->cpu[cpu].self = true;
	return cpu;
}

static void new_device(struct world *w)
{
	u32 i;

	for (i = 0; i < NR; i++)
		w->cpu[i].self = false;
}

struct spread_case {
	const char *name;
	u32 nodes;
	u8 offline;	/* bitmaps of CPUs */
	u8 isolated;
	u8 want[10];	/* CPUs of ten channels of one device */
};

static const struct spread_case spreads[] = {
	{ "one node", 1, 0, 0, { 0, 1, 2, 3, 4, 5, 6, 7, 0, 1 } },
	{ "two nodes", 2, 0, 0, { 0, 4, 1, 5, 2, 6, 3, 7, 0, 4 } },
	{ "four nodes", 4, 0, 0, { 0, 2, 4, 6, 1, 3, 5, 7, 0, 2 } },
	{ "node of offline CPUs", 2, 0x0f, 0,
	  { 4, 5, 6, 7, 4, 5, 6, 7, 4, 5 } },
	{ "node of isolated CPUs", 2, 0, 0xf0,
	  { 0, 1, 2, 3, 0, 1, 2, 3, 0, 1 } },
	{ "holes", 2, 0x02, 0x21, { 2, 4, 3, 6, 7, 2, 4, 3, 6, 2 } },
	{ "one CPU left", 2, 0xef, 0, { 4, 4, 4, 4, 4, 4, 4, 4, 4, 4 } },
	{ "all isolated", 2, 0, 0xff, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
};

KUNIT_ARRAY_PARAM_DESC(spread, spreads, name);

static void cpu_spread(struct kunit *test)
{
	const struct spread_case *c = test->param_value;
	struct world w;
	u32 i, seen = 0, usable = 0;

	make_world(&w, c->nodes);
	for (i = 0; i < NR; i++) {
		w.cpu[i].online = !(c->offline >> i & 1);
		w.cpu[i].housekeeping = !(c->isolated >> i & 1);
		usable += w.cpu[i].online && w.cpu[i].housekeeping;
	}
	for (i = 0; i < ARRAY_SIZE(c->want); i++) {
		u32 cpu = take(&w);

		KUNIT_EXPECT_EQ_MSG(test, cpu, c->want[i], "channel %u", i);
		/* No CPU twice while there are others. */
		if (i < usable)
			KUNIT_EXPECT_FALSE(test, seen >> cpu & 1);
		seen |= 1 << cpu;
	}
}

static void cpu_not_spread(struct kunit *test)
{
	struct world w;

	make_world(&w, 2);
	KUNIT_EXPECT_EQ(test, hvb_cpu_pick(&w.cpus, false, HVB_V5_3),
			HVB_CONNECT_CPU);
	KUNIT_EXPECT_EQ(test, hvb_cpu_pick(&w.cpus, true, HVB_VERSION(1, 1)),
			HVB_CONNECT_CPU);
	/* They did not take anyone's turn. */
	KUNIT_EXPECT_EQ(test, take(&w), 0);
	KUNIT_EXPECT_EQ(test, take(&w), 4);
}

/* Several devices share the CPUs evenly. */
static void cpu_devices(struct kunit *test)
{
	struct world w;
	u32 dev, i;

	make_world(&w, 2);
	for (dev = 0; dev < 6; dev++) {
		new_device(&w);
		for (i = 0; i < 4; i++)
			take(&w);
	}
	for (i = 0; i < NR; i++)
		KUNIT_EXPECT_EQ(test, w.cpu[i].load, 3);
	/* What is given back is used next. */
	hvb_cpu_load(&w.cpus, 2, -1);
	hvb_cpu_load(&w.cpus, 7, -1);
	new_device(&w);
	KUNIT_EXPECT_EQ(test, take(&w), 2);
	KUNIT_EXPECT_EQ(test, take(&w), 7);
}

static void cpu_load_bounds(struct kunit *test)
{
	struct world w;

	make_world(&w, 1);
	hvb_cpu_load(&w.cpus, 3, -1);
	KUNIT_EXPECT_EQ(test, w.cpu[3].load, 0);
	hvb_cpu_load(&w.cpus, NR, 1);
	hvb_cpu_load(&w.cpus, U32_MAX, 1);
	hvb_cpu_load(&w.cpus, 3, 1);
	KUNIT_EXPECT_EQ(test, w.cpu[3].load, 1);
}

struct replace_case {
	const char *name;
	u32 leaving;
	bool perf;
	u8 offline;
	u8 isolated;
	u8 self;
	u8 loaded;
	int ret;
	u32 want;
};

/* Two nodes: CPUs 0-3 and 4-7. */
static const struct replace_case replaces[] = {
	{ "same node", 5, true, 0, 0, 0, 0, 0, 4 },
	{ "same node, least loaded", 5, true, 0, 0, 0, 0x50, 0, 7 },
	{ "same node, not its own", 5, true, 0, 0, 0x10, 0, 0, 6 },
	{ "other node before its own", 5, true, 0, 0, 0xd0, 0, 0, 0 },
	{ "its own, same node first", 5, true, 0, 0, 0xff, 0, 0, 4 },
	{ "its own, other node", 5, true, 0xd0, 0, 0xff, 0, 0, 0 },
	{ "node goes away", 5, true, 0xd0, 0, 0, 0x01, 0, 1 },
	{ "isolated are the last resort", 5, true, 0xd7, 0x08, 0, 0, 0, 3 },
	{ "housekeeping first", 5, true, 0, 0x5f, 0, 0, 0, 7 },
	{ "no other CPU", 5, true, 0xdf, 0, 0, 0, -ENOENT, 0 },
	{ "already offline", 5, true, 0x20, 0, 0, 0, 0, 4 },
	{ "not spread", 5, false, 0, 0, 0, 0, 0, 0 },
	{ "not spread, isolated", 5, false, 0, 0xff, 0, 0, 0, 0 },
	{ "not spread, CPU 0 offline", 5, false, 0x01, 0, 0, 0, 0, 1 },
	{ "not spread, CPU 0 leaves", 0, false, 0, 0, 0, 0, 0, 1 },
	{ "not spread, no other", 0, false, 0xfe, 0, 0, 0, -ENOENT, 0 },
	{ "no such CPU", 99, true, 0x01, 0, 0, 0, 0, 1 },
};

KUNIT_ARRAY_PARAM_DESC(replace, replaces, name);

static void cpu_replace(struct kunit *test)
{
	const struct replace_case *c = test->param_value;
	u32 i, cpu = 77, next_node;
	struct world w;

	make_world(&w, 2);
	for (i = 0; i < NR; i++) {
		w.cpu[i].online = !(c->offline >> i & 1);
		w.cpu[i].housekeeping = !(c->isolated >> i & 1);
		w.cpu[i].self = c->self >> i & 1;
		w.cpu[i].load = c->loaded >> i & 1;
	}
	next_node = w.cpus.next_node;
	KUNIT_ASSERT_EQ(test, hvb_cpu_replace(&w.cpus, c->leaving, c->perf,
					      &cpu), c->ret);
	KUNIT_EXPECT_EQ(test, w.cpus.next_node, next_node);
	if (c->ret)
		return;
	KUNIT_EXPECT_EQ(test, cpu, c->want);
	KUNIT_EXPECT_NE(test, cpu, c->leaving);
	KUNIT_EXPECT_TRUE(test, w.cpu[cpu].online);
}

static void cpu_versions(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, hvb_cpu_can_retarget(HVB_V4_0));
	KUNIT_EXPECT_TRUE(test, hvb_cpu_can_retarget(HVB_V4_1));
	KUNIT_EXPECT_FALSE(test, hvb_cpu_retarget_acked(HVB_V5_2));
	KUNIT_EXPECT_TRUE(test, hvb_cpu_retarget_acked(HVB_V5_3));
}

static struct kunit_case cpu_pick_cases[] = {
	KUNIT_CASE_PARAM(cpu_spread, spread_gen_params),
	KUNIT_CASE(cpu_not_spread),
	KUNIT_CASE(cpu_devices),
	KUNIT_CASE(cpu_load_bounds),
	KUNIT_CASE_PARAM(cpu_replace, replace_gen_params),
	KUNIT_CASE(cpu_versions),
	{}
};

static struct kunit_suite cpu_pick_suite = {
	.name = "hv_vmbus_cpu_pick",
	.test_cases = cpu_pick_cases,
};

kunit_test_suites(&cpu_pick_suite);

MODULE_DESCRIPTION("KUnit suite for the choice of a channel's CPU");
MODULE_LICENSE("GPL");
