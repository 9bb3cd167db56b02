// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for transaction ids. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../logic/txid.h"
#include "compat.h"

#define ANY	HVB_RQST_ADDR_ANY

static struct hvb_txid_table *make_table(struct kunit *test, u32 size)
{
	struct hvb_txid_table *tab = kunit_kzalloc(test, sizeof(*tab),
						 GFP_KERNEL);
	struct hvb_txid_slot *slots = kunit_kzalloc(test, size * sizeof(*slots),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, tab);
	KUNIT_ASSERT_NOT_NULL(test, slots);
	memset(slots, 0xee, size * sizeof(*slots));
	KUNIT_ASSERT_EQ(test, hvb_txid_init(tab, slots, size), 0);
	return tab;
}

static void txid_init_refuses(struct kunit *test)
{
	struct hvb_txid_slot slot;
	struct hvb_txid_table tab;

	KUNIT_EXPECT_EQ(test, hvb_txid_init(&tab, NULL, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, hvb_txid_init(&tab, &slot, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, hvb_txid_init(&tab, &slot,
					    HVB_TXID_MAX_SLOTS + 1), -EINVAL);
}

static const u32 sizes[] = { 1, 2, 3, 4, 5, 7, 8, 9, 255, 256, 257, 1000 };

static void size_desc(const u32 *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u slots", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_desc);

/* Fill, find full, drain in another order, and all again. */
static void txid_fill_and_drain(struct kunit *test)
{
	u32 size = *(const u32 *)test->param_value;
	u64 *ids = kunit_kcalloc(test, size, sizeof(*ids), GFP_KERNEL);
	struct hvb_txid_table *tab = make_table(test, size);
	u32 round, i, j;

	KUNIT_ASSERT_NOT_NULL(test, ids);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < size; i++) {
			ids[i] = hvb_rqst_next_id(tab, 1000 + i);
			KUNIT_ASSERT_NE(test, ids[i], 0);
			KUNIT_ASSERT_LT(test, ids[i], HVB_RQST_ERROR);
			for (j = 0; j < i && size < 300; j++)
				KUNIT_ASSERT_NE(test, ids[i], ids[j]);
		}
		KUNIT_EXPECT_EQ(test, hvb_rqst_next_id(tab, 1), HVB_RQST_ERROR);
		for (i = size; i-- > 0;)
			KUNIT_ASSERT_EQ(test,
					hvb_rqst_addr_match(tab, ids[i], ANY),
					1000 + i);
		for (i = 0; i < size; i++)
			KUNIT_ASSERT_EQ(test,
					hvb_rqst_addr_match(tab, ids[i], ANY),
					HVB_RQST_ERROR);
	}
}

static void txid_stale(struct kunit *test)
{
	struct hvb_txid_table *tab = make_table(test, 1);
	unsigned int i;
	u64 old, id;

	/* One slot: each id is new, and each old one stays dead. */
	old = hvb_rqst_next_id(tab, 0);
	KUNIT_ASSERT_EQ(test, hvb_rqst_addr_match(tab, old, ANY), 0);
	for (i = 1; i < 100; i++) {
		id = hvb_rqst_next_id(tab, i);
		KUNIT_EXPECT_NE(test, id, 0);
		KUNIT_EXPECT_NE(test, id, old);
		KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, old, ANY),
				HVB_RQST_ERROR);
		KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, id, ANY), i);
		KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, id, ANY),
				HVB_RQST_ERROR);
		old = id;
	}
}

/* Ids that were never issued, whichever slots are in use. */
static void txid_foreign(struct kunit *test)
{
	static const u64 foreign[] = {
		0, 6, 7, 8, 9, 100, 0x80000000, 0x100000000, U32_MAX,
		0x800000000, 0x8000000000000000, U64_MAX - 3, U64_MAX - 2,
		U64_MAX - 1, U64_MAX,
	};
	/* 5 slots need 3 index bits, so 5 to 7 are no slots. */
	struct hvb_txid_table *tab = make_table(test, 5);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, foreign[i], ANY),
				HVB_RQST_ERROR);
	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_EQ(test, hvb_rqst_next_id(tab, i), i + 1);
	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, foreign[i], ANY),
				HVB_RQST_ERROR);
	KUNIT_EXPECT_EQ(test, hvb_rqst_next_id(tab, 1), HVB_RQST_ERROR);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, i + 1, ANY), i);
}

static void txid_generation_wraps(struct kunit *test)
{
	struct hvb_txid_table *tab = make_table(test, 1000);
	u64 id, last;
	u32 index;

	index = tab->free - 1;
	tab->slots[index].gen = U32_MAX;
	last = hvb_rqst_next_id(tab, 1);
	/* Far away from the ids that drivers reserve at the top. */
	KUNIT_EXPECT_LT(test, last, 1ULL << 56);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, last, ANY), 1);
	KUNIT_EXPECT_EQ(test, tab->slots[index].gen, 0);
	id = hvb_rqst_next_id(tab, 2);
	KUNIT_EXPECT_NE(test, id, 0);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, last, ANY),
			HVB_RQST_ERROR);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, id, ANY), 2);
}

/* Random use by an honest guest and a host that replays and guesses. */
static void txid_random(struct kunit *test)
{
	struct hvb_txid_table *tab = make_table(test, 16);
	u32 seed = 99, step, i, inflight = 0;
	bool used[16] = {};
	u64 ids[16] = {}, want, got;

	for (step = 0; step < 50000; step++) {
		seed = seed * 1664525 + 1013904223;
		i = seed >> 28;
		switch (seed >> 16 & 3) {
		case 0:
			if (used[i])
				break;
			ids[i] = hvb_rqst_next_id(tab, i);
			KUNIT_ASSERT_LT(test, ids[i], HVB_RQST_ERROR);
			used[i] = true;
			inflight++;
			break;
		case 1: case 2:
			/* By an address it hasn't; then by its own or any. */
			want = used[i] ? i : HVB_RQST_ERROR;
			got = hvb_rqst_addr_match(tab, ids[i], i + 100);
			KUNIT_ASSERT_EQ(test, got, want);
			got = hvb_rqst_addr_match(tab, ids[i],
						  seed & 1 << 20 ? ANY : i);
			KUNIT_ASSERT_EQ(test, got, want);
			inflight -= used[i];
			used[i] = false;
			break;
		default:
			/* A guess: never one that is in use. */
			got = hvb_rqst_addr_match(tab, (u64)seed << 32 | seed,
						  ANY);
			KUNIT_ASSERT_EQ(test, got, HVB_RQST_ERROR);
		}
		if (inflight == 16)
			KUNIT_ASSERT_EQ(test, hvb_rqst_next_id(tab, 0),
					HVB_RQST_ERROR);
	}
}

/* What there is while a channel is closed. */
static void txid_no_slots(struct kunit *test)
{
	struct hvb_txid_table tab = {};

	KUNIT_EXPECT_EQ(test, hvb_rqst_next_id(&tab, 1), HVB_RQST_ERROR);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(&tab, 0, ANY),
			HVB_RQST_ERROR);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(&tab, 1, ANY),
			HVB_RQST_ERROR);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(&tab, U64_MAX, ANY),
			HVB_RQST_ERROR);
}

/* The requestor API, as drivers know it. */
static void rqst_contract(struct kunit *test)
{
	struct hvb_txid_table *tab = make_table(test, 2);
	u64 a, b;

	KUNIT_EXPECT_EQ(test, hvb_rqst_next_id(NULL, 1),
			HVB_RQST_NO_REQUESTOR);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(NULL, 1, 1),
			HVB_RQST_NO_REQUESTOR);

	a = hvb_rqst_next_id(tab, 0x1000);
	b = hvb_rqst_next_id(tab, 0);	/* netvsc stores 0 */
	KUNIT_EXPECT_NE(test, a, 0);
	KUNIT_EXPECT_NE(test, b, 0);
	KUNIT_EXPECT_EQ(test, hvb_rqst_next_id(tab, 1), HVB_RQST_ERROR);

	/* Id 0 is unsolicited, others may be anything. */
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, 0, HVB_RQST_ADDR_ANY),
			HVB_RQST_ERROR);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, 12345,
						  HVB_RQST_ADDR_ANY),
			HVB_RQST_ERROR);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, U64_MAX,
						  HVB_RQST_ADDR_ANY),
			HVB_RQST_ERROR);

	/* No match: the address comes back, the id stays in use. */
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, a, 0x2000), 0x1000);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, a, 0x2000), 0x1000);
	/* A match gives it up, once. */
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, a, 0x1000), 0x1000);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, a, 0x1000),
			HVB_RQST_ERROR);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, b, HVB_RQST_ADDR_ANY),
			0);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, b, HVB_RQST_ADDR_ANY),
			HVB_RQST_ERROR);
	KUNIT_EXPECT_NE(test, hvb_rqst_next_id(tab, 1), HVB_RQST_ERROR);
	KUNIT_EXPECT_NE(test, hvb_rqst_next_id(tab, 1), HVB_RQST_ERROR);
}

static struct kunit_case txid_cases[] = {
	KUNIT_CASE(txid_init_refuses),
	KUNIT_CASE_PARAM(txid_fill_and_drain, size_gen_params),
	KUNIT_CASE(txid_stale),
	KUNIT_CASE(txid_foreign),
	KUNIT_CASE(txid_generation_wraps),
	KUNIT_CASE(txid_random),
	KUNIT_CASE(txid_no_slots),
	KUNIT_CASE(rqst_contract),
	{}
};

static struct kunit_suite txid_suite = {
	.name = "hv_vmbus_txid",
	.test_cases = txid_cases,
};

kunit_test_suites(&txid_suite);

MODULE_DESCRIPTION("KUnit suite for VMBus transaction ids");
MODULE_LICENSE("GPL");
