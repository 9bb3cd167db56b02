// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for places in a monitor page. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/types.h>

#include "../wire/monitor.h"
#include "compat.h"

struct place_case {
	const char *name;
	u8 id;
	bool ok;
	u8 group;
	u8 bit;
	int pending;
	int latency;
	int conn_id;
};

static const struct place_case places[] = {
	{ "first", 0, true, 0, 0, 0x8, 0x240, 0x440 },
	{ "second", 1, true, 0, 1, 0x8, 0x242, 0x448 },
	{ "last of group 0", 31, true, 0, 31, 0x8, 0x27e, 0x538 },
	{ "first of group 1", 32, true, 1, 0, 0x10, 0x280, 0x540 },
	{ "first of group 2", 64, true, 2, 0, 0x18, 0x2c0, 0x640 },
	{ "last", 127, true, 3, 31, 0x20, 0x33e, 0x838 },
	{ "one beyond", 128, false },
	{ "none", 0xff, false },
};

KUNIT_ARRAY_PARAM_DESC(place, places, name);

static void monitor_place(struct kunit *test)
{
	const struct place_case *c = test->param_value;
	struct hvb_monitor mon = { .group = 0xaa, .bit = 0xbb };

	KUNIT_ASSERT_EQ(test, hvb_monitor_place(c->id, &mon), c->ok);
	if (!c->ok) {
		KUNIT_EXPECT_EQ(test, mon.group, 0xaa);
		KUNIT_EXPECT_EQ(test, mon.bit, 0xbb);
		return;
	}
	KUNIT_EXPECT_EQ(test, mon.group, c->group);
	KUNIT_EXPECT_EQ(test, mon.bit, c->bit);
	KUNIT_EXPECT_EQ(test, hvb_monitor_pending_off(&mon), c->pending);
	KUNIT_EXPECT_EQ(test, hvb_monitor_latency_off(&mon), c->latency);
	KUNIT_EXPECT_EQ(test, hvb_monitor_conn_id_off(&mon), c->conn_id);
}

/* Every id is in the page, and no two share a latency or a parameter. */
static void monitor_all_ids(struct kunit *test)
{
	struct hvb_monitor mon;
	int last_latency = -1, last_conn = -1;
	unsigned int id;

	for (id = 0; id < HVB_MONITOR_IDS; id++) {
		KUNIT_ASSERT_TRUE(test, hvb_monitor_place(id, &mon));
		KUNIT_EXPECT_GE(test, hvb_monitor_latency_off(&mon),
				last_latency + 2);
		KUNIT_EXPECT_GE(test, hvb_monitor_conn_id_off(&mon),
				last_conn + 8);
		last_latency = hvb_monitor_latency_off(&mon);
		last_conn = hvb_monitor_conn_id_off(&mon);
		KUNIT_EXPECT_LE(test, last_conn + 8,
				(int)HVB_MONITOR_PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, hvb_monitor_pending_off(&mon) % 8, 0);
	}
	for (; id <= 0xff; id++)
		KUNIT_EXPECT_FALSE(test, hvb_monitor_place(id, &mon));
}

static void monitor_bad_place(struct kunit *test)
{
	static const struct hvb_monitor bad[] = {
		{ 4, 0 }, { 0, 32 }, { 255, 255 }, { 3, 32 }, { 4, 31 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, hvb_monitor_pending_off(&bad[i]),
				-ERANGE);
		KUNIT_EXPECT_EQ(test, hvb_monitor_latency_off(&bad[i]),
				-ERANGE);
		KUNIT_EXPECT_EQ(test, hvb_monitor_conn_id_off(&bad[i]),
				-ERANGE);
	}
}

static struct kunit_case monitor_cases[] = {
	KUNIT_CASE_PARAM(monitor_place, place_gen_params),
	KUNIT_CASE(monitor_all_ids),
	KUNIT_CASE(monitor_bad_place),
	{}
};

static struct kunit_suite monitor_suite = {
	.name = "hv_vmbus_monitor",
	.test_cases = monitor_cases,
};

kunit_test_suites(&monitor_suite);

MODULE_DESCRIPTION("KUnit suite for places in a monitor page");
MODULE_LICENSE("GPL");
