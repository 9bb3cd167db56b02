// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for the version negotiation of integration components. */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../wire/icneg.h"
#include "compat.h"

#define V(major, minor)		((major) << 16 | (minor))
#define POS_SIZE			18
#define POS_FW_COUNT		28
#define POS_SRV_COUNT		30
#define POS_VERSIONS		36
#define MAX_LEN			(POS_VERSIONS + 2 * 101 * 4)

static const int our_fw[] = { V(3, 0), V(1, 0) };
static const int our_srv[] = { V(4, 0), V(3, 0), V(1, 0) };

static const struct hvb_icneg_ours ours = {
	.fw = our_fw,
	.fw_count = ARRAY_SIZE(our_fw),
	.srv = our_srv,
	.srv_count = ARRAY_SIZE(our_srv),
};

/* A NEGOTIATE message with up to 4 versions of each kind; returns its size. */
static u32 build(u8 *m, const int *fw, u32 fw_count, const int *srv,
		 u32 srv_count)
{
	u32 i, off = POS_VERSIONS;

	memset(m, 0xa5, MAX_LEN);
	put_unaligned_le16(fw_count, m + POS_FW_COUNT);
	put_unaligned_le16(srv_count, m + POS_SRV_COUNT);
	for (i = 0; i < fw_count + srv_count; i++, off += 4) {
		int v = i < fw_count ? fw[i] : srv[i - fw_count];

		put_unaligned_le16(v >> 16, m + off);
		put_unaligned_le16(v & 0xffff, m + off + 2);
	}
	return off;
}

struct neg_case {
	const char *name;
	int fw[4];
	u32 fw_count;
	int srv[4];
	u32 srv_count;
	enum hvb_icneg_verdict verdict;
	int got_fw;
	int got_srv;
};

static const struct neg_case negs[] = {
	{ "one each", { V(3, 0) }, 1, { V(4, 0) }, 1,
	  HVB_ICNEG_MATCH, V(3, 0), V(4, 0) },
	{ "our best, host order up", { V(1, 0), V(3, 0) }, 2,
	  { V(1, 0), V(3, 0), V(4, 0) }, 3,
	  HVB_ICNEG_MATCH, V(3, 0), V(4, 0) },
	{ "our best, host order down", { V(3, 0), V(1, 0) }, 2,
	  { V(4, 0), V(3, 0), V(1, 0) }, 3,
	  HVB_ICNEG_MATCH, V(3, 0), V(4, 0) },
	{ "second best", { V(1, 0) }, 1, { V(9, 0), V(3, 0) }, 2,
	  HVB_ICNEG_MATCH, V(1, 0), V(3, 0) },
	{ "unknown among known", { V(7, 7), V(3, 0), V(8, 8) }, 3,
	  { V(6, 6), V(1, 0) }, 2, HVB_ICNEG_MATCH, V(3, 0), V(1, 0) },
	{ "minor differs", { V(3, 1) }, 1, { V(4, 0) }, 1,
	  HVB_ICNEG_NO_FW, 0, 0 },
	{ "no framework", { V(2, 0) }, 1, { V(4, 0) }, 1,
	  HVB_ICNEG_NO_FW, 0, 0 },
	{ "no service", { V(3, 0) }, 1, { V(5, 0), V(4, 1) }, 2,
	  HVB_ICNEG_NO_SRV, 0, 0 },
	{ "no frameworks offered", { 0 }, 0, { V(4, 0) }, 1,
	  HVB_ICNEG_NO_FW, 0, 0 },
	{ "no services offered", { V(3, 0) }, 1, { 0 }, 0,
	  HVB_ICNEG_NO_SRV, 0, 0 },
	{ "nothing offered", { 0 }, 0, { 0 }, 0, HVB_ICNEG_NO_FW, 0, 0 },
	/* A framework version among the services does not count. */
	{ "kinds are apart", { V(4, 0) }, 1, { V(3, 0) }, 1,
	  HVB_ICNEG_NO_FW, 0, 0 },
	{ "sign bit", { V(0x8003, 0) }, 1, { V(4, 0) }, 1,
	  HVB_ICNEG_NO_FW, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(neg, negs, name);

static void check_answer(struct kunit *test, const u8 *m, u32 len, bool match,
			 int fw, int srv)
{
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(m + POS_SIZE), 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(m + POS_FW_COUNT), match);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(m + POS_SRV_COUNT), match);
	if (len < POS_VERSIONS + 8)
		return;
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(m + 36), fw >> 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(m + 38), fw & 0xffff);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(m + 40), srv >> 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(m + 42), srv & 0xffff);
}

static void icneg_choice(struct kunit *test)
{
	const struct neg_case *c = test->param_value;
	u8 *m = kunit_kzalloc(test, MAX_LEN, GFP_KERNEL);
	int fw = -1, srv = -1;
	u32 len, i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	len = build(m, c->fw, c->fw_count, c->srv, c->srv_count);
	KUNIT_EXPECT_EQ(test, hvb_icneg_answer(m, len, &ours, &fw, &srv),
			c->verdict);
	KUNIT_EXPECT_EQ(test, fw, c->got_fw);
	KUNIT_EXPECT_EQ(test, srv, c->got_srv);
	check_answer(test, m, len, c->verdict == HVB_ICNEG_MATCH, c->got_fw,
		     c->got_srv);
	/* The rest of the headers is the caller's, and so is what follows. */
	for (i = 0; i < POS_FW_COUNT; i++)
		if (i != POS_SIZE && i != POS_SIZE + 1)
			KUNIT_EXPECT_EQ(test, m[i], 0xa5);
	for (i = len; i < MAX_LEN; i++)
		KUNIT_ASSERT_EQ(test, m[i], 0xa5);
}

/* The message ends anywhere: nothing is read or written behind it. */
static void icneg_every_truncation(struct kunit *test)
{
	static const int fw_in[] = { V(1, 0), V(3, 0) };
	static const int srv_in[] = { V(4, 0), V(3, 0), V(1, 0) };
	u8 *full = kunit_kzalloc(test, MAX_LEN, GFP_KERNEL);
	enum hvb_icneg_verdict verdict;
	u32 len, whole;
	int fw, srv;
	u8 *m;

	KUNIT_ASSERT_NOT_NULL(test, full);
	whole = build(full, fw_in, 2, srv_in, 3);
	for (len = 0; len <= whole; len++) {
		m = kunit_kmalloc(test, len ?: 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, m);
		memcpy(m, full, len);
		verdict = hvb_icneg_answer(m, len, &ours, &fw, &srv);
		if (len < POS_VERSIONS - 4) {
			KUNIT_EXPECT_EQ(test, verdict, HVB_ICNEG_SHORT);
			KUNIT_EXPECT_MEMEQ(test, m, full, len);
		} else if (len < whole) {
			KUNIT_EXPECT_EQ(test, verdict, HVB_ICNEG_BAD_COUNT);
			check_answer(test, m, len, false, 0, 0);
		} else {
			KUNIT_EXPECT_EQ(test, verdict, HVB_ICNEG_MATCH);
		}
		if (verdict != HVB_ICNEG_MATCH) {
			KUNIT_EXPECT_EQ(test, fw, 0);
			KUNIT_EXPECT_EQ(test, srv, 0);
		}
		kunit_kfree(test, m);
	}
}

static void icneg_counts(struct kunit *test)
{
	static const struct {
		u16 fw, srv;
		bool ok;
	} counts[] = {
		{ 100, 100, true }, { 101, 0, false }, { 0, 101, false },
		{ 101, 100, false }, { 100, 101, false }, { 0xffff, 1, false },
		{ 1, 0xffff, false }, { 0xffff, 0xffff, false },
		{ 0x8000, 0x8000, false },
	};
	u8 *m = kunit_kzalloc(test, MAX_LEN, GFP_KERNEL);
	enum hvb_icneg_verdict verdict;
	unsigned int i;
	int fw, srv;

	KUNIT_ASSERT_NOT_NULL(test, m);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		memset(m, 0, MAX_LEN);
		put_unaligned_le16(counts[i].fw, m + POS_FW_COUNT);
		put_unaligned_le16(counts[i].srv, m + POS_SRV_COUNT);
		/* The last entry of each list is the one that matches. */
		put_unaligned_le16(3, m + POS_VERSIONS + 99 * 4);
		put_unaligned_le16(4, m + POS_VERSIONS + 199 * 4);
		verdict = hvb_icneg_answer(m, MAX_LEN, &ours, &fw, &srv);
		KUNIT_EXPECT_EQ(test, verdict, counts[i].ok ?
				HVB_ICNEG_MATCH : HVB_ICNEG_BAD_COUNT);
		check_answer(test, m, MAX_LEN, counts[i].ok,
			     counts[i].ok ? V(3, 0) : 0,
			     counts[i].ok ? V(4, 0) : 0);
	}
}

static void icneg_no_versions_of_ours(struct kunit *test)
{
	static const int fw_in[] = { V(3, 0) };
	static const int srv_in[] = { V(4, 0) };
	struct hvb_icneg_ours none = ours;
	u8 *m = kunit_kzalloc(test, MAX_LEN, GFP_KERNEL);
	int fw, srv;
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, m);
	none.fw_count = 0;
	len = build(m, fw_in, 1, srv_in, 1);
	KUNIT_EXPECT_EQ(test, hvb_icneg_answer(m, len, &none, &fw, &srv),
			HVB_ICNEG_NO_FW);
	none = ours;
	none.srv_count = 0;
	len = build(m, fw_in, 1, srv_in, 1);
	KUNIT_EXPECT_EQ(test, hvb_icneg_answer(m, len, &none, &fw, &srv),
			HVB_ICNEG_NO_SRV);
}

static struct kunit_case icneg_cases[] = {
	KUNIT_CASE_PARAM(icneg_choice, neg_gen_params),
	KUNIT_CASE(icneg_every_truncation),
	KUNIT_CASE(icneg_counts),
	KUNIT_CASE(icneg_no_versions_of_ours),
	{}
};

static struct kunit_suite icneg_suite = {
	.name = "hv_vmbus_icneg",
	.test_cases = icneg_cases,
};

kunit_test_suites(&icneg_suite);

MODULE_DESCRIPTION("KUnit suite for integration component negotiation");
MODULE_LICENSE("GPL");
