// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for transaction ids. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../logic/txid.h"
#include "compat.h"

#define KIND_A	1
#define KIND_B	2
#define POISON	0xeeeeeeeeeeeeeeeeULL

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
	enum hvb_txid_verdict v;
	u32 round, i, j;
	u64 cookie;

	KUNIT_ASSERT_NOT_NULL(test, ids);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < size; i++) {
			ids[i] = hvb_txid_issue(tab, KIND_A, 1000 + i);
			KUNIT_ASSERT_NE(test, ids[i], 0);
			for (j = 0; j < i && size < 300; j++)
				KUNIT_ASSERT_NE(test, ids[i], ids[j]);
		}
		KUNIT_EXPECT_EQ(test, tab->inflight, size);
		KUNIT_EXPECT_EQ(test, hvb_txid_issue(tab, KIND_A, 1), 0);
		KUNIT_EXPECT_EQ(test, tab->full, round + 1);
		for (i = size; i-- > 0;) {
			cookie = POISON;
			v = hvb_txid_claim(tab, ids[i], KIND_A, &cookie);
			KUNIT_ASSERT_EQ(test, v, HVB_TXID_OK);
			KUNIT_EXPECT_EQ(test, cookie, 1000 + i);
			KUNIT_EXPECT_EQ(test, tab->claimed, 1);
			KUNIT_ASSERT_EQ(test, hvb_txid_release(tab, ids[i]),
					HVB_TXID_OK);
		}
		KUNIT_EXPECT_EQ(test, tab->inflight, 0);
		KUNIT_EXPECT_EQ(test, tab->claimed, 0);
	}
}

static void txid_single_shot(struct kunit *test)
{
	struct hvb_txid_table *tab = make_table(test, 4);
	u64 id = hvb_txid_issue(tab, KIND_A, 7);
	u64 cookie = POISON;

	KUNIT_EXPECT_EQ(test, hvb_txid_release(tab, id), HVB_TXID_STATE);
	KUNIT_EXPECT_EQ(test, hvb_txid_claim(tab, id, KIND_A, &cookie),
			HVB_TXID_OK);
	KUNIT_EXPECT_EQ(test, cookie, 7);

	/* The second completion of an id gets nothing. */
	cookie = POISON;
	KUNIT_EXPECT_EQ(test, hvb_txid_claim(tab, id, KIND_A, &cookie),
			HVB_TXID_DUPLICATE);
	KUNIT_EXPECT_EQ(test, hvb_txid_cancel(tab, id, &cookie),
			HVB_TXID_DUPLICATE);
	KUNIT_EXPECT_EQ(test, cookie, POISON);
	KUNIT_EXPECT_EQ(test, tab->claimed, 1);

	KUNIT_EXPECT_EQ(test, hvb_txid_release(tab, id), HVB_TXID_OK);
	KUNIT_EXPECT_EQ(test, hvb_txid_release(tab, id), HVB_TXID_STALE);
	KUNIT_EXPECT_EQ(test, hvb_txid_claim(tab, id, KIND_A, &cookie),
			HVB_TXID_STALE);
	KUNIT_EXPECT_EQ(test, cookie, POISON);
}

static void txid_stale(struct kunit *test)
{
	struct hvb_txid_table *tab = make_table(test, 1);
	u64 cookie = POISON, old, id;
	unsigned int i;

	/* One slot: each id is new, and each old one stays dead. */
	old = hvb_txid_issue(tab, KIND_A, 0);
	KUNIT_ASSERT_EQ(test, hvb_txid_cancel(tab, old, NULL), HVB_TXID_OK);
	for (i = 1; i < 100; i++) {
		id = hvb_txid_issue(tab, KIND_A, i);
		KUNIT_EXPECT_NE(test, id, 0);
		KUNIT_EXPECT_NE(test, id, old);
		KUNIT_EXPECT_EQ(test, hvb_txid_claim(tab, old, KIND_A, &cookie),
				HVB_TXID_STALE);
		KUNIT_EXPECT_EQ(test, hvb_txid_cancel(tab, id, &cookie),
				HVB_TXID_OK);
		KUNIT_EXPECT_EQ(test, cookie, i);
		cookie = POISON;
	}
	KUNIT_EXPECT_EQ(test, tab->verdicts[HVB_TXID_STALE], 99);
	KUNIT_EXPECT_EQ(test, tab->inflight, 0);
}

static void txid_kind(struct kunit *test)
{
	struct hvb_txid_table *tab = make_table(test, 4);
	u64 id = hvb_txid_issue(tab, KIND_A, 7);
	u64 cookie = POISON;

	/* The slot's kind decides; the wrong handler does not consume it. */
	KUNIT_EXPECT_EQ(test, hvb_txid_claim(tab, id, KIND_B, &cookie),
			HVB_TXID_KIND);
	KUNIT_EXPECT_EQ(test, cookie, POISON);
	KUNIT_EXPECT_EQ(test, tab->inflight, 1);
	KUNIT_EXPECT_EQ(test, hvb_txid_claim(tab, id, KIND_A, &cookie),
			HVB_TXID_OK);
	KUNIT_EXPECT_EQ(test, tab->verdicts[HVB_TXID_KIND], 1);
	KUNIT_EXPECT_EQ(test, tab->verdicts[HVB_TXID_OK], 1);
}

static void txid_foreign(struct kunit *test)
{
	static const u64 foreign[] = {
		6, 7, 8, 9, 100, 0x80000000, 0x100000000, U32_MAX,
		0x8000000000000000, U64_MAX - 3, U64_MAX - 2, U64_MAX - 1,
		U64_MAX,
	};
	/* 5 slots need 3 index bits, so 5 to 7 are no slots. */
	struct hvb_txid_table *tab = make_table(test, 5);
	u64 cookie = POISON, total = 0;
	enum hvb_txid_verdict v;
	unsigned int i;

	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_EQ(test, hvb_txid_issue(tab, KIND_A, i), i + 1);
	KUNIT_EXPECT_EQ(test, hvb_txid_claim(tab, 0, KIND_A, &cookie),
			HVB_TXID_UNSOLICITED);
	for (i = 0; i < ARRAY_SIZE(foreign); i++) {
		v = hvb_txid_claim(tab, foreign[i], KIND_A, &cookie);
		if (v != HVB_TXID_RANGE)
			KUNIT_EXPECT_EQ(test, v, HVB_TXID_STALE);
		KUNIT_EXPECT_NE(test, hvb_txid_release(tab, foreign[i]),
				HVB_TXID_OK);
		KUNIT_EXPECT_NE(test, hvb_txid_cancel(tab, foreign[i], NULL),
				HVB_TXID_OK);
	}
	KUNIT_EXPECT_EQ(test, cookie, POISON);
	KUNIT_EXPECT_EQ(test, tab->inflight, 5);
	for (i = 0; i < HVB_TXID_VERDICTS; i++)
		total += tab->verdicts[i];
	KUNIT_EXPECT_EQ(test, total, 1 + 3 * ARRAY_SIZE(foreign));
	KUNIT_EXPECT_EQ(test, tab->verdicts[HVB_TXID_OK], 0);
}

static void txid_generation_wraps(struct kunit *test)
{
	struct hvb_txid_table *tab = make_table(test, 1000);
	u64 cookie, id, last;
	u32 index;

	index = tab->free - 1;
	tab->slots[index].gen = U32_MAX;
	last = hvb_txid_issue(tab, KIND_A, 1);
	/* Far away from the ids that drivers reserve at the top. */
	KUNIT_EXPECT_LT(test, last, 1ULL << 56);
	KUNIT_EXPECT_EQ(test, hvb_txid_claim(tab, last, KIND_A, &cookie),
			HVB_TXID_OK);
	KUNIT_EXPECT_EQ(test, hvb_txid_release(tab, last), HVB_TXID_OK);
	KUNIT_EXPECT_EQ(test, tab->slots[index].gen, 0);
	id = hvb_txid_issue(tab, KIND_A, 2);
	KUNIT_EXPECT_NE(test, id, 0);
	KUNIT_EXPECT_EQ(test, hvb_txid_claim(tab, last, KIND_A, &cookie),
			HVB_TXID_STALE);
	KUNIT_EXPECT_EQ(test, hvb_txid_claim(tab, id, KIND_A, &cookie),
			HVB_TXID_OK);
}

/* Random use by an honest guest and a host that replays and guesses. */
static void txid_random(struct kunit *test)
{
	enum { FREE, INFLIGHT, CLAIMED } model[16] = { FREE };
	u32 seed = 99, step, i, inflight = 0;
	struct hvb_txid_table *tab = make_table(test, 16);
	u64 ids[16] = {}, cookie;
	enum hvb_txid_verdict v;

	for (step = 0; step < 50000; step++) {
		seed = seed * 1664525 + 1013904223;
		i = seed >> 28;
		switch (seed >> 16 & 7) {
		case 0: case 1:
			if (model[i] != FREE)
				break;
			ids[i] = hvb_txid_issue(tab, i & 1, i);
			KUNIT_ASSERT_NE(test, ids[i], 0);
			model[i] = INFLIGHT;
			inflight++;
			break;
		case 2: case 3:
			v = hvb_txid_claim(tab, ids[i], i & 1, &cookie);
			KUNIT_ASSERT_EQ(test, v == HVB_TXID_OK,
					model[i] == INFLIGHT);
			if (v != HVB_TXID_OK)
				break;
			KUNIT_ASSERT_EQ(test, cookie, i);
			model[i] = CLAIMED;
			inflight--;
			break;
		case 4: case 5:
			v = hvb_txid_release(tab, ids[i]);
			KUNIT_ASSERT_EQ(test, v == HVB_TXID_OK,
					model[i] == CLAIMED);
			if (v == HVB_TXID_OK)
				model[i] = FREE;
			break;
		case 6:
			v = hvb_txid_cancel(tab, ids[i], &cookie);
			KUNIT_ASSERT_EQ(test, v == HVB_TXID_OK,
					model[i] == INFLIGHT);
			if (v != HVB_TXID_OK)
				break;
			model[i] = FREE;
			inflight--;
			break;
		default:
			/* A guess: never one that is in use. */
			v = hvb_txid_claim(tab, (u64)seed << 32 | seed, 0,
					   &cookie);
			KUNIT_ASSERT_NE(test, v, HVB_TXID_OK);
		}
		KUNIT_ASSERT_EQ(test, tab->inflight, inflight);
	}
}

static void txid_names(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < HVB_TXID_VERDICTS; i++)
		KUNIT_EXPECT_STRNEQ(test, hvb_txid_verdict_name(i), "invalid");
	KUNIT_EXPECT_STREQ(test, hvb_txid_verdict_name(i), "invalid");
	KUNIT_EXPECT_STREQ(test, hvb_txid_verdict_name(-1), "invalid");
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
	KUNIT_EXPECT_EQ(test, tab->inflight, 0);
	KUNIT_EXPECT_NE(test, hvb_rqst_next_id(tab, 1), HVB_RQST_ERROR);
	KUNIT_EXPECT_NE(test, hvb_rqst_next_id(tab, 1), HVB_RQST_ERROR);
}

/* Typed slots are not for the requestor API, nor claimed ones. */
static void rqst_mixed(struct kunit *test)
{
	struct hvb_txid_table *tab = make_table(test, 2);
	u64 id = hvb_txid_issue(tab, KIND_A, 0x1000);
	u64 cookie;

	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, id, HVB_RQST_ADDR_ANY),
			HVB_RQST_ERROR);
	KUNIT_EXPECT_EQ(test, tab->verdicts[HVB_TXID_KIND], 1);
	KUNIT_EXPECT_EQ(test, tab->inflight, 1);

	id = hvb_rqst_next_id(tab, 0x2000);
	KUNIT_EXPECT_EQ(test, hvb_txid_claim(tab, id, HVB_TXID_KIND_LEGACY,
					     &cookie), HVB_TXID_OK);
	KUNIT_EXPECT_EQ(test, hvb_rqst_addr_match(tab, id, HVB_RQST_ADDR_ANY),
			HVB_RQST_ERROR);
	KUNIT_EXPECT_EQ(test, tab->verdicts[HVB_TXID_DUPLICATE], 1);
	KUNIT_EXPECT_EQ(test, hvb_txid_release(tab, id), HVB_TXID_OK);
}

static struct kunit_case txid_cases[] = {
	KUNIT_CASE(txid_init_refuses),
	KUNIT_CASE_PARAM(txid_fill_and_drain, size_gen_params),
	KUNIT_CASE(txid_single_shot),
	KUNIT_CASE(txid_stale),
	KUNIT_CASE(txid_kind),
	KUNIT_CASE(txid_foreign),
	KUNIT_CASE(txid_generation_wraps),
	KUNIT_CASE(txid_random),
	KUNIT_CASE(txid_names),
	KUNIT_CASE(rqst_contract),
	KUNIT_CASE(rqst_mixed),
	{}
};

static struct kunit_suite txid_suite = {
	.name = "hv_vmbus_txid",
	.test_cases = txid_cases,
};

kunit_test_suites(&txid_suite);

MODULE_DESCRIPTION("KUnit suite for VMBus transaction ids");
MODULE_LICENSE("GPL");
