// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for the dynamic memory state machines and bookkeeping.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../logic/dm_account.h"
#include "../logic/dm_fsm.h"
#include "../logic/dm_regions.h"
#include "../logic/dm_version.h"

#define MB(mb)	((u64)(mb) << 8)	/* pages of 4 KiB */

static void account_floor(struct kunit *test)
{
	static const struct {
		u32 total_mb;
		u32 floor_mb;
	} cases[] = {
		{ 0, 8 }, { 16, 16 }, { 32, 24 }, { 128, 72 }, { 512, 168 },
		{ 2048, 360 }, { 8192, 744 }, { 32768, 1512 },
	};
	unsigned int i;
	u64 mb, last = 0;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ(test, hvdm_floor(MB(cases[i].total_mb), 12),
				MB(cases[i].floor_mb));
		/* The same in pages of 64 KiB. */
		KUNIT_EXPECT_EQ(test,
				hvdm_floor(MB(cases[i].total_mb) >> 4, 16),
				MB(cases[i].floor_mb) >> 4);
	}
	/* It never falls, and never jumps by more than it should. */
	for (mb = 0; mb < 40000; mb += 16) {
		u64 floor = hvdm_floor(MB(mb), 12);

		if (mb) {
			KUNIT_EXPECT_GE(test, floor, last);
			KUNIT_EXPECT_LE(test, floor - last, MB(8));
		}
		last = floor;
	}
	KUNIT_EXPECT_EQ(test, hvdm_floor(MB(1) - 1, 12), MB(8) + 127);
}

static void account_committed(struct kunit *test)
{
	struct hvdm_figures fig = {
		.vm_committed = 1000,
		.ballooned = 200,
		.added = 500,
		.onlined = 470,
		.total = MB(2048),
	};

	KUNIT_EXPECT_EQ(test, hvdm_committed(&fig, 12), 1230 + MB(360));
	/* Pages that were online and are not ours to count. */
	fig.onlined = 501;
	KUNIT_EXPECT_EQ(test, hvdm_committed(&fig, 12), 1200 + MB(360));
}

static void account_clamp(struct kunit *test)
{
	static const struct {
		u64 want, avail, floor, give;
		enum hvdm_clamp why;
	} cases[] = {
		{ 0, 100, 50, 0, HVDM_CLAMP_NONE },
		{ 50, 100, 50, 50, HVDM_CLAMP_NONE },
		{ 51, 100, 50, 50, HVDM_CLAMP_FLOOR },
		{ 100, 100, 50, 50, HVDM_CLAMP_FLOOR },
		{ 101, 100, 50, 50, HVDM_CLAMP_MEMORY },
		{ 0xffffffff, 100, 50, 50, HVDM_CLAMP_MEMORY },
		{ 0xffffffff, 50, 50, 0, HVDM_CLAMP_MEMORY },
		{ 0xffffffff, 0, 50, 0, HVDM_CLAMP_MEMORY },
		{ 0, 49, 50, 0, HVDM_CLAMP_FLOOR },
	};
	enum hvdm_clamp why;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    hvdm_clamp_request(cases[i].want,
						       cases[i].avail,
						       cases[i].floor, &why),
				    cases[i].give, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, (int)why, (int)cases[i].why,
				    "case %u", i);
	}
}

/* A request of many responses, while something else takes memory too. */
static void account_clamp_again(struct kunit *test)
{
	const u64 floor = hvdm_floor(MB(65536), 12);
	u64 avail = MB(60000), left = MB(40960);
	enum hvdm_clamp why;
	unsigned int i;

	for (i = 0; left; i++) {
		avail -= i == 3 ? MB(50000) : 0;
		left = hvdm_clamp_request(left, avail, floor, &why);
		avail -= min(left, MB(1024));
		left -= min(left, MB(1024));
		KUNIT_EXPECT_GE(test, avail, floor);
	}
	KUNIT_EXPECT_EQ(test, avail, floor);
}

static void account_pace(struct kunit *test)
{
	struct hvdm_pace pace = { .start_ms = 45000 };

	/* Nothing before the start, not even under pressure. */
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 0, false), 1000);
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 0, true), 1000);
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 44400, true), 600);
	/* The first one at once. */
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 45000, false), 0);
	hvdm_pace_sent(&pace, 45000);
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 45000, false), 1000);
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 45000, true), 250);
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 45249, true), 1);
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 45250, true), 0);
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 45250, false), 750);
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 46000, false), 0);
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, ~0ULL, false), 0);
	/* A pressure report puts the next regular one off. */
	hvdm_pace_sent(&pace, 45250);
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 46000, false), 250);
	/* A clock that was set back must not stop reports. */
	hvdm_pace_sent(&pace, 90000);
	KUNIT_EXPECT_EQ(test, hvdm_pace_wait(&pace, 50000, false), 0);
}

static void account_look(struct kunit *test)
{
	static const struct {
		struct hvdm_sight sight;
		bool ran, soon;
	} looks[] = {
		/* Little is free, and stays so; less: reclaim can't be far. */
		{ { 6000, 100, 50, 1000 }, false, false },
		{ { 7000, 100, 50, 1000 }, false, false },
		{ { 8000, 100, 49, 1000 }, false, true },
		/* Reclaim has run; the counter may wrap. */
		{ { 9000, 3, 9000, 1000 }, true, true },
		/* 1000 pages a second: what is left lasts for 7 seconds. */
		{ { 10000, 3, 8000, 1000 }, false, false },
		/* It lasts a little longer than a second, and not as long. */
		{ { 11000, 3, 4501, 1000 }, false, false },
		{ { 11250, 3, 3701, 1000 }, false, true },
		/* From long ago, and from a clock that was set back. */
		{ { 13400, 3, 1001, 1000 }, false, false },
		{ { 600, 3, 1000, 1000 }, false, false },
	};
	struct hvdm_look look = { 0 };
	struct hvdm_pace pace = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(looks); i++) {
		KUNIT_EXPECT_EQ(test, hvdm_look_note(&look, &looks[i].sight),
				looks[i].ran);
		/* Before the first report looking would be for nothing. */
		pace.sent = false;
		KUNIT_EXPECT_EQ(test, hvdm_look_wait(&look, &pace, 999), 999);
		pace.sent = true;
		KUNIT_EXPECT_EQ_MSG(test, hvdm_look_wait(&look, &pace, 999),
				    looks[i].soon ? 250 : 999, "case %u", i);
		KUNIT_EXPECT_EQ(test, hvdm_look_wait(&look, &pace, 200), 200);
	}
}

static void nego_versions(struct kunit *test)
{
	static const u32 want[] = {
		HVDM_VERSION_2_0, HVDM_VERSION_1_0, HVDM_VERSION_0_3
	};
	struct hvdm_nego nego = { 0 };
	unsigned int refuse, i;

	for (refuse = 0; refuse <= ARRAY_SIZE(want); refuse++) {
		enum hvdm_nego_act act = hvdm_nego_start(&nego);

		for (i = 0; i < refuse; i++) {
			KUNIT_ASSERT_EQ(test, (int)act, HVDM_NEGO_ACT_VERSION);
			KUNIT_EXPECT_EQ(test, nego.version, want[i]);
			KUNIT_EXPECT_EQ(test, nego.is_last,
					i == ARRAY_SIZE(want) - 1);
			act = hvdm_nego_version(&nego, false);
		}
		if (refuse == ARRAY_SIZE(want)) {
			KUNIT_EXPECT_EQ(test, (int)act, HVDM_NEGO_ACT_FAIL);
			break;
		}
		act = hvdm_nego_version(&nego, true);
		KUNIT_EXPECT_EQ(test, (int)act, HVDM_NEGO_ACT_CAPS);
		KUNIT_EXPECT_EQ(test, nego.version, want[refuse]);
		act = hvdm_nego_caps(&nego, true);
		KUNIT_EXPECT_EQ(test, (int)act, HVDM_NEGO_ACT_DONE);
	}
	KUNIT_EXPECT_EQ(test, (int)nego.phase, HVDM_NEGO_FAILED);
}

static void nego_out_of_turn(struct kunit *test)
{
	struct hvdm_nego nego = { 0 };

	KUNIT_EXPECT_EQ(test, (int)hvdm_nego_version(&nego, true),
			HVDM_NEGO_ACT_NONE);
	KUNIT_EXPECT_EQ(test, (int)hvdm_nego_caps(&nego, true),
			HVDM_NEGO_ACT_NONE);
	hvdm_nego_start(&nego);
	KUNIT_EXPECT_EQ(test, (int)hvdm_nego_caps(&nego, true),
			HVDM_NEGO_ACT_NONE);
	hvdm_nego_version(&nego, true);
	/* A late refusal doesn't change what was agreed. */
	KUNIT_EXPECT_EQ(test, (int)hvdm_nego_version(&nego, false),
			HVDM_NEGO_ACT_NONE);
	KUNIT_EXPECT_EQ(test, nego.version, HVDM_VERSION_2_0);
	KUNIT_EXPECT_EQ(test, (int)hvdm_nego_caps(&nego, false),
			HVDM_NEGO_ACT_FAIL);
	KUNIT_EXPECT_EQ(test, (int)hvdm_nego_caps(&nego, true),
			HVDM_NEGO_ACT_NONE);
	KUNIT_EXPECT_EQ(test, (int)hvdm_nego_version(&nego, true),
			HVDM_NEGO_ACT_NONE);
	/* A new handshake starts from the top. */
	KUNIT_EXPECT_EQ(test, (int)hvdm_nego_start(&nego),
			HVDM_NEGO_ACT_VERSION);
	KUNIT_EXPECT_EQ(test, nego.version, HVDM_VERSION_2_0);
}

/* The message types that one state and phase accept. */
static u32 fsm_accepts(const struct hvdm_fsm *fsm)
{
	u32 types = 0;
	int type;

	for (type = 0; type < HVDM_TYPES + 3; type++) {
		if (hvdm_fsm_gate(fsm, type) == HVDM_ACCEPT)
			types |= BIT(type);
	}
	return types;
}

static void fsm_every_state(struct kunit *test)
{
	static const struct {
		enum hvdm_state state;
		enum hvdm_nego_phase phase;
		u32 types;
	} want[] = {
		{ HVDM_S_INITIALIZING, HVDM_NEGO_VERSION,
		  BIT(HVDM_VERSION_RESPONSE) },
		{ HVDM_S_INITIALIZING, HVDM_NEGO_CAPS,
		  BIT(HVDM_CAPS_RESPONSE) | BIT(HVDM_INFO) },
		{ HVDM_S_INITIALIZED, HVDM_NEGO_DONE,
		  BIT(HVDM_BALLOON_REQUEST) | BIT(HVDM_UNBALLOON_REQUEST) |
		  BIT(HVDM_HOT_ADD_REQUEST) | BIT(HVDM_INFO) },
		{ HVDM_S_BALLOON_DOWN, HVDM_NEGO_DONE,
		  BIT(HVDM_BALLOON_REQUEST) | BIT(HVDM_UNBALLOON_REQUEST) |
		  BIT(HVDM_HOT_ADD_REQUEST) | BIT(HVDM_INFO) },
	};
	struct hvdm_fsm fsm = { .can_balloon = true };
	int state, phase;
	unsigned int i;

	fsm.nego.version = HVDM_VERSION_2_0;
	for (state = 0; state <= HVDM_S_ERROR; state++) {
		for (phase = 0; phase <= HVDM_NEGO_FAILED; phase++) {
			u32 types = 0;

			for (i = 0; i < ARRAY_SIZE(want); i++) {
				if (want[i].state == state &&
				    want[i].phase == phase)
					types = want[i].types;
			}
			/* INFO is the one message that asks less. */
			if ((state == HVDM_S_INITIALIZED ||
			     state == HVDM_S_BALLOON_DOWN) &&
			    phase == HVDM_NEGO_CAPS)
				types = BIT(HVDM_INFO);
			if (state == HVDM_S_INITIALIZING &&
			    phase == HVDM_NEGO_DONE)
				types = BIT(HVDM_INFO);
			fsm.state = state;
			fsm.nego.phase = phase;
			KUNIT_EXPECT_EQ_MSG(test, fsm_accepts(&fsm), types,
					    "state %d phase %d", state, phase);
		}
	}
}

static void fsm_verdicts(struct kunit *test)
{
	struct hvdm_fsm fsm = {
		.state = HVDM_S_INITIALIZED,
		.nego = {
			.phase = HVDM_NEGO_DONE,
			.version = HVDM_VERSION_0_3,
		},
	};

	KUNIT_EXPECT_EQ(test, (int)hvdm_fsm_gate(&fsm, HVDM_INFO),
			HVDM_REJECT_VERSION);
	KUNIT_EXPECT_EQ(test, (int)hvdm_fsm_gate(&fsm, HVDM_BALLOON_REQUEST),
			HVDM_REJECT_CAPS);
	KUNIT_EXPECT_EQ(test, (int)hvdm_fsm_gate(&fsm, HVDM_UNBALLOON_REQUEST),
			HVDM_REJECT_CAPS);
	KUNIT_EXPECT_EQ(test, (int)hvdm_fsm_gate(&fsm, HVDM_HOT_ADD_REQUEST),
			HVDM_ACCEPT);
	fsm.hibernation = true;
	KUNIT_EXPECT_EQ(test, (int)hvdm_fsm_gate(&fsm, HVDM_BALLOON_REQUEST),
			HVDM_REJECT_CAPS);
	fsm.can_balloon = true;
	KUNIT_EXPECT_EQ(test, (int)hvdm_fsm_gate(&fsm, HVDM_BALLOON_REQUEST),
			HVDM_IGNORE);
	KUNIT_EXPECT_EQ(test, (int)hvdm_fsm_gate(&fsm, HVDM_UNBALLOON_REQUEST),
			HVDM_IGNORE);
	KUNIT_EXPECT_EQ(test, (int)hvdm_fsm_gate(&fsm, HVDM_HOT_ADD_REQUEST),
			HVDM_ACCEPT);
	KUNIT_EXPECT_EQ(test, (int)hvdm_fsm_gate(&fsm, HVDM_VERSION_RESPONSE),
			HVDM_REJECT_STATE);
	KUNIT_EXPECT_EQ(test, (int)hvdm_fsm_gate(&fsm, HVDM_STATUS_REPORT),
			HVDM_REJECT_TYPE);
	KUNIT_EXPECT_EQ(test, (int)hvdm_fsm_gate(&fsm, (enum hvdm_type)99),
			HVDM_REJECT_TYPE);
}

static void fsm_begin_end(struct kunit *test)
{
	static const struct {
		enum hvdm_type type;
		enum hvdm_state state;
	} cases[] = {
		{ HVDM_BALLOON_REQUEST, HVDM_S_BALLOON_UP },
		{ HVDM_UNBALLOON_REQUEST, HVDM_S_BALLOON_DOWN },
		{ HVDM_HOT_ADD_REQUEST, HVDM_S_HOT_ADD },
		{ HVDM_INFO, HVDM_S_INITIALIZED },
	};
	struct hvdm_fsm fsm = { .state = HVDM_S_INITIALIZED };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		hvdm_fsm_begin(&fsm, cases[i].type);
		KUNIT_EXPECT_EQ(test, (int)fsm.state, (int)cases[i].state);
		hvdm_fsm_end(&fsm);
		KUNIT_EXPECT_EQ(test, (int)fsm.state, HVDM_S_INITIALIZED);
	}
	/* A balloon down may never end; what comes next counts. */
	for (i = 0; i < ARRAY_SIZE(cases) - 1; i++) {
		hvdm_fsm_begin(&fsm, HVDM_UNBALLOON_REQUEST);
		hvdm_fsm_begin(&fsm, cases[i].type);
		KUNIT_EXPECT_EQ(test, (int)fsm.state, (int)cases[i].state);
		hvdm_fsm_end(&fsm);
	}
	/* A service that was stopped stays so. */
	fsm.state = HVDM_S_ERROR;
	hvdm_fsm_end(&fsm);
	KUNIT_EXPECT_EQ(test, (int)fsm.state, HVDM_S_ERROR);
}

/* These strings are read by tools: see debugfs-hv-balloon. */
static void fsm_names(struct kunit *test)
{
	static const char * const names[] = {
		"Initializing", "Initialized", "Balloon Up", "Balloon Down",
		"Hot Add", "Error", "Unknown",
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		KUNIT_EXPECT_STREQ(test, hvdm_state_name(i), names[i]);
	for (i = 0; i < HVDM_TYPES; i++)
		KUNIT_EXPECT_STRNEQ(test, hvdm_type_name(i), "unknown");
	KUNIT_EXPECT_STREQ(test, hvdm_type_name(HVDM_TYPES), "unknown");
	KUNIT_EXPECT_STREQ(test, hvdm_type_name(HVDM_HOT_ADD_REQUEST),
			   "hot_add_request");
}

#define PAGES	96

/* Holds an interval set against a plain map of PAGES pages. */
static void ivset_check(struct kunit *test, const struct hvdm_ivset *set,
			const bool *map)
{
	u64 total = 0, seen = 0;
	struct hvdm_iv iv;
	u32 i;

	for (i = 0; i < PAGES; i++) {
		total += map[i];
		KUNIT_ASSERT_EQ(test, hvdm_ivset_count(set, i, i + 1), map[i]);
	}
	KUNIT_ASSERT_EQ(test, hvdm_ivset_total(set), total);
	for (i = 0; i < set->nr; i++) {
		KUNIT_ASSERT_LT(test, set->iv[i].start, set->iv[i].end);
		/* Neither overlapping nor touching. */
		if (i)
			KUNIT_ASSERT_GT(test, set->iv[i].start,
					set->iv[i - 1].end);
	}
	for (i = 0; hvdm_ivset_next(set, i, PAGES, &iv); i = iv.end)
		seen += iv.end - iv.start;
	KUNIT_ASSERT_EQ(test, seen, total);
}

static void ivset_against_map(struct kunit *test)
{
	struct hvdm_iv slots[PAGES / 2 + 1];
	struct hvdm_ivset set = { .iv = slots, .cap = ARRAY_SIZE(slots) };
	bool map[PAGES] = { false };
	u32 seed = 1, round;

	for (round = 0; round < 3000; round++) {
		u32 start, end, i;
		bool add;

		seed = seed * 1664525 + 1013904223;
		add = seed >> 31;
		start = (seed >> 8) % PAGES;
		end = start + 1 + (seed >> 20) % 9;
		if (end > PAGES)
			end = PAGES;
		if (add)
			KUNIT_ASSERT_EQ(test, hvdm_ivset_add(&set, start, end),
					0);
		else
			KUNIT_ASSERT_EQ(test, hvdm_ivset_del(&set, start, end),
					0);
		for (i = start; i < end; i++)
			map[i] = add;
		if (round % 16 == 0)
			ivset_check(test, &set, map);
	}
	ivset_check(test, &set, map);
}

static void ivset_limits(struct kunit *test)
{
	struct hvdm_iv slots[2];
	struct hvdm_ivset set = { .iv = slots, .cap = 2 };
	struct hvdm_iv iv;

	KUNIT_EXPECT_FALSE(test, hvdm_ivset_next(&set, 0, ~0ULL, &iv));
	KUNIT_EXPECT_EQ(test, hvdm_ivset_add(&set, 5, 5), -EINVAL);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_add(&set, 6, 5), -EINVAL);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_del(&set, 5, 5), -EINVAL);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_del(&set, 5, 9), 0);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_add(&set, 0, 10), 0);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_add(&set, 20, 30), 0);
	/* Full: what would need another slot fails and changes nothing. */
	KUNIT_EXPECT_EQ(test, hvdm_ivset_add(&set, 40, 50), -ENOSPC);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_del(&set, 22, 23), -ENOSPC);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_total(&set), 20);
	/* What needs none works. */
	KUNIT_EXPECT_EQ(test, hvdm_ivset_add(&set, 10, 20), 0);
	KUNIT_EXPECT_EQ(test, set.nr, 1);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_del(&set, 0, 30), 0);
	KUNIT_EXPECT_EQ(test, set.nr, 0);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_add(&set, 0, ~0ULL), 0);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_count(&set, 5, 5), 0);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_total(&set), ~0ULL);
}

#define SLOTS	8
#define BLOCK	0x100

struct regions_fixture {
	struct hvdm_regions r;
	struct hvdm_iv slots[5][SLOTS];
};

static int regions_init(struct kunit *test)
{
	struct regions_fixture *f;

	f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	f->r.block = BLOCK;
	f->r.region = (struct hvdm_ivset){ .iv = f->slots[0], .cap = SLOTS };
	f->r.added = (struct hvdm_ivset){ .iv = f->slots[1], .cap = SLOTS };
	f->r.backed = (struct hvdm_ivset){ .iv = f->slots[2], .cap = SLOTS };
	f->r.live = (struct hvdm_ivset){ .iv = f->slots[3], .cap = SLOTS };
	f->r.online = (struct hvdm_ivset){ .iv = f->slots[4], .cap = SLOTS };
	test->priv = f;
	return 0;
}

static struct hvdm_regions *regions_of(struct kunit *test)
{
	struct regions_fixture *f = test->priv;

	return &f->r;
}

/* Runs a request; returns pages that were given, counts the steps. */
static u64 regions_run(struct kunit *test, u64 start, u64 end,
		       const struct hvdm_iv *region, u32 *adds, u32 *backs,
		       enum hvdm_step_kind *last)
{
	struct hvdm_regions *r = regions_of(test);
	struct hvdm_iv pages = { start, end };
	struct hvdm_walk walk;
	struct hvdm_step step;
	u64 done = 0;

	*adds = 0;
	*backs = 0;
	*last = HVDM_STEP_DONE;
	if (hvdm_regions_begin(r, &walk, &pages, region))
		return 0;
	for (;;) {
		hvdm_regions_step(r, &walk, &step);
		*last = step.kind;
		if (step.kind != HVDM_STEP_ADD && step.kind != HVDM_STEP_BACK)
			return done;
		*adds += step.kind == HVDM_STEP_ADD;
		*backs += step.kind == HVDM_STEP_BACK;
		if (hvdm_regions_apply(r, &walk, &step))
			return done;
		done += step.pages.end - step.pages.start;
	}
}

static void regions_walk(struct kunit *test)
{
	static const struct hvdm_iv big = { 0x10000, 0x20000 };
	static const struct hvdm_iv odd = { 0x30080, 0x30280 };
	static const struct {
		u64 start, end;
		const struct hvdm_iv *region;
		u64 done;
		u32 adds, backs;
		enum hvdm_step_kind last;
		u64 holes;
	} cases[] = {
		/* No region: whole blocks, aligned or not. */
		{ 0x1000, 0x1200, NULL, 0x200, 2, 0, HVDM_STEP_DONE, 0 },
		{ 0x2010, 0x2030, NULL, 0x20, 1, 0, HVDM_STEP_DONE, 0xe0 },
		/* The rest of the same block, then over its end. */
		{ 0x2030, 0x2080, NULL, 0x50, 0, 1, HVDM_STEP_DONE, 0x90 },
		{ 0x2080, 0x2180, NULL, 0x100, 1, 1, HVDM_STEP_DONE, 0x90 },
		/* Given already: harmless, nothing changes. */
		{ 0x1000, 0x1200, NULL, 0x200, 0, 2, HVDM_STEP_DONE, 0x90 },
		/* A region, and more of it without naming it again. */
		{ 0x10000, 0x10100, &big, 0x100, 1, 0, HVDM_STEP_DONE, 0x90 },
		{ 0x10100, 0x10300, NULL, 0x200, 2, 0, HVDM_STEP_DONE, 0x90 },
		/* Blocks that stick out of a region can't be added. */
		{ 0x30080, 0x30280, &odd, 0, 0, 0, HVDM_STEP_OUTSIDE, 0x90 },
		{ 0x30100, 0x30280, &odd, 0x100, 1, 0, HVDM_STEP_OUTSIDE,
		  0x90 },
		/* Pages outside of the region that came with them. */
		{ 0x40000, 0x40100, &big, 0, 0, 0, HVDM_STEP_DONE, 0x90 },
		{ 0xfff0, 0x10010, &big, 0, 0, 0, HVDM_STEP_DONE, 0x90 },
		/* Nonsense. */
		{ 0x5000, 0x5000, NULL, 0, 0, 0, HVDM_STEP_DONE, 0x90 },
		{ ~0ULL - 8, ~0ULL, NULL, 0, 0, 0, HVDM_STEP_DONE, 0x90 },
	};
	enum hvdm_step_kind last;
	u32 adds, backs, i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 done = regions_run(test, cases[i].start, cases[i].end,
				       cases[i].region, &adds, &backs, &last);

		KUNIT_EXPECT_EQ_MSG(test, done, cases[i].done, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, adds, cases[i].adds, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, backs, cases[i].backs, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, (int)last, (int)cases[i].last,
				    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, hvdm_regions_holes(regions_of(test)),
				    cases[i].holes, "case %u", i);
	}
}

/* Requests that come to nothing must not use up the slots. */
static void regions_refused(struct kunit *test)
{
	struct hvdm_regions *r = regions_of(test);
	enum hvdm_step_kind last;
	struct hvdm_iv region;
	u32 adds, backs, i;

	for (i = 0; i < 2 * SLOTS; i++) {
		region.start = 0x100000 + i * 0x1000 + 0x80;
		region.end = region.start + 0x200;
		regions_run(test, region.start, region.end, &region, &adds,
			    &backs, &last);
		KUNIT_EXPECT_EQ(test, (int)last, HVDM_STEP_OUTSIDE);
		KUNIT_EXPECT_EQ(test, r->region.nr, 0);
		/* Here it is the end that is missing. */
		region.start = 0x200000 + i * 0x1000;
		region.end = region.start + 0x80;
		regions_run(test, region.start, region.end, &region, &adds,
			    &backs, &last);
		KUNIT_EXPECT_EQ(test, (int)last, HVDM_STEP_OUTSIDE);
		KUNIT_EXPECT_EQ(test, r->region.nr, 0);
	}

	/* One that is good for a block is remembered, all of it. */
	region = (struct hvdm_iv){ 0x2080, 0x2280 };
	KUNIT_EXPECT_EQ(test, regions_run(test, 0x2100, 0x2280, &region, &adds,
					  &backs, &last), 0x100);
	KUNIT_EXPECT_EQ(test, (int)last, HVDM_STEP_OUTSIDE);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_total(&r->region), 0x200);
	/* What a block lacks of the new region may be in an old one. */
	region = (struct hvdm_iv){ 0x2280, 0x2300 };
	KUNIT_EXPECT_EQ(test, regions_run(test, 0x2280, 0x2300, &region, &adds,
					  &backs, &last), 0x80);
	region = (struct hvdm_iv){ 0x2000, 0x2080 };
	KUNIT_EXPECT_EQ(test, regions_run(test, 0x2000, 0x2080, &region, &adds,
					  &backs, &last), 0x80);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_total(&r->region), 0x300);
	/* In a block that is there a region can't be too small. */
	region = (struct hvdm_iv){ 0x2090, 0x20a0 };
	KUNIT_EXPECT_EQ(test, regions_run(test, 0x2090, 0x20a0, &region, &adds,
					  &backs, &last), 0x10);
	KUNIT_EXPECT_EQ(test, backs, 1);
}

static void regions_undo(struct kunit *test)
{
	struct hvdm_regions *r = regions_of(test);
	struct hvdm_iv pages = { 0x1080, 0x1200 };
	struct hvdm_walk walk;
	struct hvdm_step step;

	KUNIT_ASSERT_EQ(test, hvdm_regions_begin(r, &walk, &pages, NULL), 0);
	hvdm_regions_step(r, &walk, &step);
	KUNIT_EXPECT_EQ(test, (int)step.kind, HVDM_STEP_ADD);
	KUNIT_EXPECT_EQ(test, step.block.start, 0x1000);
	KUNIT_EXPECT_EQ(test, step.block.end, 0x1100);
	KUNIT_EXPECT_EQ(test, step.pages.start, 0x1080);
	KUNIT_EXPECT_EQ(test, step.pages.end, 0x1100);
	KUNIT_EXPECT_EQ(test, step.fresh, 0x80);
	KUNIT_ASSERT_EQ(test, hvdm_regions_apply(r, &walk, &step), 0);
	KUNIT_EXPECT_TRUE(test, hvdm_regions_managed(r, 0x10ff, 0x1100));
	hvdm_regions_undo(r, &step);
	KUNIT_EXPECT_FALSE(test, hvdm_regions_managed(r, 0, 0x2000));
	KUNIT_EXPECT_EQ(test, hvdm_ivset_total(&r->backed), 0);
	KUNIT_EXPECT_EQ(test, hvdm_regions_holes(r), 0);
	/* The next block can be added nevertheless. */
	hvdm_regions_step(r, &walk, &step);
	KUNIT_EXPECT_EQ(test, (int)step.kind, HVDM_STEP_ADD);
	KUNIT_EXPECT_EQ(test, step.block.start, 0x1100);
}

/* Collects what may go online; returns the number of pages. */
static u64 regions_claim_all(struct kunit *test, u64 start, u64 end)
{
	struct hvdm_regions *r = regions_of(test);
	struct hvdm_iv iv;
	u64 count = 0;

	while (!hvdm_regions_claim(r, start, end, &iv)) {
		KUNIT_EXPECT_GE(test, iv.start, start);
		KUNIT_EXPECT_LE(test, iv.end, end);
		KUNIT_EXPECT_EQ(test,
				hvdm_ivset_count(&r->backed, iv.start, iv.end),
				iv.end - iv.start);
		count += iv.end - iv.start;
	}
	return count;
}

static void regions_online(struct kunit *test)
{
	struct hvdm_regions *r = regions_of(test);
	enum hvdm_step_kind last;
	u32 adds, backs;

	/* Two pieces with a gap between and after them. */
	regions_run(test, 0x1000, 0x1040, NULL, &adds, &backs, &last);
	regions_run(test, 0x1060, 0x1080, NULL, &adds, &backs, &last);
	KUNIT_EXPECT_EQ(test, regions_claim_all(test, 0x1000, 0x1010), 0x10);
	KUNIT_EXPECT_EQ(test, regions_claim_all(test, 0x1000, 0x1100), 0x50);
	KUNIT_EXPECT_EQ(test, regions_claim_all(test, 0x1000, 0x1100), 0);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_total(&r->online), 0x60);
	/* The gap is filled later, and only the gap goes online. */
	regions_run(test, 0x1030, 0x1070, NULL, &adds, &backs, &last);
	KUNIT_EXPECT_EQ(test, regions_claim_all(test, 0x1000, 0x1100), 0x20);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_total(&r->online), 0x80);
	KUNIT_EXPECT_EQ(test, r->online.nr, 1);
	/* Claimed from the middle first. */
	regions_run(test, 0x1080, 0x1100, NULL, &adds, &backs, &last);
	KUNIT_EXPECT_EQ(test, regions_claim_all(test, 0x10c0, 0x10d0), 0x10);
	KUNIT_EXPECT_EQ(test, regions_claim_all(test, 0x1000, 0x1100), 0x70);

	KUNIT_EXPECT_EQ(test, hvdm_regions_offline(r, 0x1000, 0x1100), 0x100);
	KUNIT_EXPECT_EQ(test, hvdm_regions_offline(r, 0x1000, 0x1100), 0);
	/* Backed all the while: it may come back. */
	KUNIT_EXPECT_EQ(test, regions_claim_all(test, 0x1000, 0x1100), 0x100);
	/* Nothing of ours. */
	KUNIT_EXPECT_EQ(test, regions_claim_all(test, 0x2000, 0x2100), 0);
	KUNIT_EXPECT_EQ(test, hvdm_regions_offline(r, 0x2000, 0x2100), 0);
}

static void regions_live(struct kunit *test)
{
	struct hvdm_regions *r = regions_of(test);
	enum hvdm_step_kind last;
	u32 adds, backs;

	regions_run(test, 0x1000, 0x1300, NULL, &adds, &backs, &last);
	/* Memory that was there at boot is not ours to follow. */
	KUNIT_EXPECT_EQ(test, hvdm_regions_live(r, 0, 0x100, true), 0);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_total(&r->live), 0);
	KUNIT_EXPECT_EQ(test, hvdm_regions_live(r, 0xf00, 0x1400, true), 0);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_total(&r->live), 0x300);
	KUNIT_EXPECT_EQ(test, hvdm_regions_live(r, 0x1100, 0x1200, false), 0);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_count(&r->live, 0x1000, 0x1300),
			0x200);
	/* No room to split: the caller must be told. */
	r->live.cap = r->live.nr;
	KUNIT_EXPECT_EQ(test, hvdm_regions_live(r, 0x1200, 0x1300, false), 0);
	r->live.cap = SLOTS;
	KUNIT_EXPECT_EQ(test, hvdm_regions_live(r, 0x1000, 0x1300, true), 0);
	r->live.cap = 1;
	KUNIT_EXPECT_EQ(test, hvdm_regions_live(r, 0x1100, 0x1200, false),
			-ENOSPC);
}

/* Every operation that runs out of slots says so and leaves no half step. */
static void regions_no_slots(struct kunit *test)
{
	struct hvdm_regions *r = regions_of(test);
	struct hvdm_iv pages = { 0x1000, 0x1100 };
	struct hvdm_walk walk;
	struct hvdm_step step;
	struct hvdm_iv iv;

	r->region.cap = 0;
	KUNIT_EXPECT_EQ(test, hvdm_regions_begin(r, &walk, &pages, NULL),
			-ENOSPC);
	r->region.cap = SLOTS;
	KUNIT_ASSERT_EQ(test, hvdm_regions_begin(r, &walk, &pages, NULL), 0);
	hvdm_regions_step(r, &walk, &step);

	r->backed.cap = 0;
	KUNIT_EXPECT_EQ(test, hvdm_regions_apply(r, &walk, &step), -ENOSPC);
	r->backed.cap = SLOTS;
	r->added.cap = 0;
	KUNIT_EXPECT_EQ(test, hvdm_regions_apply(r, &walk, &step), -ENOSPC);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_total(&r->backed), 0);
	KUNIT_EXPECT_EQ(test, walk.next, 0x1000);
	r->added.cap = SLOTS;
	KUNIT_EXPECT_EQ(test, hvdm_regions_apply(r, &walk, &step), 0);

	r->online.cap = 0;
	KUNIT_EXPECT_EQ(test, hvdm_regions_claim(r, 0x1000, 0x1100, &iv),
			-ENOSPC);
	r->online.cap = 1;
	KUNIT_EXPECT_EQ(test, hvdm_regions_claim(r, 0x1000, 0x1100, &iv), 0);
	/* Splitting what is online would need a slot. */
	KUNIT_EXPECT_EQ(test, hvdm_regions_offline(r, 0x1010, 0x1020), 0);
	KUNIT_EXPECT_EQ(test, hvdm_ivset_total(&r->online), 0x100);
}

static struct kunit_case hv_balloon_logic_cases[] = {
	KUNIT_CASE(account_floor),
	KUNIT_CASE(account_committed),
	KUNIT_CASE(account_clamp),
	KUNIT_CASE(account_clamp_again),
	KUNIT_CASE(account_pace),
	KUNIT_CASE(account_look),
	KUNIT_CASE(nego_versions),
	KUNIT_CASE(nego_out_of_turn),
	KUNIT_CASE(fsm_every_state),
	KUNIT_CASE(fsm_verdicts),
	KUNIT_CASE(fsm_begin_end),
	KUNIT_CASE(fsm_names),
	KUNIT_CASE(ivset_against_map),
	KUNIT_CASE(ivset_limits),
	KUNIT_CASE(regions_walk),
	KUNIT_CASE(regions_refused),
	KUNIT_CASE(regions_undo),
	KUNIT_CASE(regions_online),
	KUNIT_CASE(regions_live),
	KUNIT_CASE(regions_no_slots),
	{}
};

static struct kunit_suite hv_balloon_logic_suite = {
	.name = "hv_balloon_logic",
	.init = regions_init,
	.test_cases = hv_balloon_logic_cases,
};

kunit_test_suites(&hv_balloon_logic_suite);

MODULE_DESCRIPTION("KUnit suite for Hyper-V dynamic memory logic");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_LICENSE("GPL");
