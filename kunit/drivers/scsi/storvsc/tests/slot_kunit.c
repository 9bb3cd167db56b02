// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for slots: which completion belongs to which request. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../logic/slot.h"

/* Hardware queue 3, tag 5. */
#define TAG	0x00030005U
#define CHAN	7U

/* The completion of a command, as a good host sends it. */
static struct hv_view good_packet(u8 *buf)
{
	memset(buf, 0, STV_PKT_LEN);
	put_unaligned_le32(STV_OP_COMPLETE_IO, buf);
	buf[STV_OFF_SRB_STATUS] = STV_SRB_SUCCESS;
	return hv_view_of(buf, STV_PKT_LEN);
}

static void slot_id_split(struct kunit *test)
{
	static const struct {
		u64 id;
		enum stv_id_kind kind;
		u32 key;
	} cases[] = {
		{ 0, STV_ID_NOTICE },
		{ 1, STV_ID_IO, 0 },
		{ 0x30006, STV_ID_IO, TAG },
		{ 0x000fffff00030006, STV_ID_IO, TAG },
		{ 0x00000001ffffffff, STV_ID_IO, 0xfffffffe },
		/* A generation without a key. */
		{ 0x0000000100000000, STV_ID_BAD },
		/* Bits that are always 0. */
		{ 0x0010000000030006, STV_ID_BAD },
		{ 0x4000000000030006, STV_ID_BAD },
		/* Requests of the driver. */
		{ 0x8000000000000001, STV_ID_OWN, STV_OWN_INIT },
		{ 0x800fffff00000002, STV_ID_OWN, STV_OWN_RESET },
		{ 0x8000000000000000, STV_ID_BAD },
		{ 0x8000000000000003, STV_ID_BAD },
		{ 0x8010000000000001, STV_ID_BAD },
		{ 0xc000000000000001, STV_ID_BAD },
		/* What the original driver has for these. */
		{ U64_MAX - 2, STV_ID_BAD },
		{ U64_MAX - 3, STV_ID_BAD },
		{ U64_MAX, STV_ID_BAD },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 key = 77;

		KUNIT_EXPECT_EQ_MSG(test, (int)stv_id_split(cases[i].id, &key),
				    (int)cases[i].kind, "id %llx",
				    (unsigned long long)cases[i].id);
		if (cases[i].kind == STV_ID_IO || cases[i].kind == STV_ID_OWN)
			KUNIT_EXPECT_EQ(test, key, cases[i].key);
		else
			KUNIT_EXPECT_EQ(test, key, 77);
	}
}

static void slot_ids_come_back(struct kunit *test)
{
	static const u32 gens[] = { 0, 1, 0x12345, STV_SLOT_GEN_MASK };
	static const u32 tags[] = { 0, 1, TAG, 0xfffefffe };
	unsigned int i, j;
	u32 key;

	for (i = 0; i < ARRAY_SIZE(gens); i++) {
		for (j = 0; j < ARRAY_SIZE(tags); j++) {
			u64 id = stv_io_id(tags[j], gens[i]);

			KUNIT_EXPECT_NE(test, id, 0);
			KUNIT_EXPECT_EQ(test, (int)stv_id_split(id, &key),
					(int)STV_ID_IO);
			KUNIT_EXPECT_EQ(test, key, tags[j]);
		}
		KUNIT_EXPECT_EQ(test, (int)stv_id_split(stv_own_id(STV_OWN_INIT,
								   gens[i]),
							&key), (int)STV_ID_OWN);
		KUNIT_EXPECT_EQ(test, key, STV_OWN_INIT);
	}
}

static void slot_life(struct kunit *test)
{
	struct stv_slot slot = {};
	u8 buf[STV_PKT_LEN];
	struct hv_view v = good_packet(buf);
	u64 id;
	u32 gen;

	KUNIT_EXPECT_FALSE(test, stv_slot_in_flight(&slot));
	gen = stv_slot_arm(&slot, CHAN);
	KUNIT_EXPECT_TRUE(test, stv_slot_in_flight(&slot));
	KUNIT_EXPECT_EQ(test, stv_slot_chan(&slot), CHAN);
	id = stv_io_id(TAG, gen);
	KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, id, CHAN, &v),
			(int)STV_ACCEPT);
	KUNIT_EXPECT_FALSE(test, stv_slot_in_flight(&slot));

	/* On another channel, the next time. */
	KUNIT_EXPECT_EQ(test, stv_slot_arm(&slot, STV_SLOT_CHAN_MAX), gen + 1);
	KUNIT_EXPECT_EQ(test, stv_slot_chan(&slot), STV_SLOT_CHAN_MAX);
	id = stv_io_id(TAG, gen + 1);
	KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, id, STV_SLOT_CHAN_MAX,
						&v), (int)STV_ACCEPT);
}

/* The generation wraps without touching what is next to it. */
static void slot_wraps(struct kunit *test)
{
	struct stv_slot slot = { .word = STV_SLOT_GEN_MASK };

	KUNIT_EXPECT_EQ(test, stv_slot_arm(&slot, 0), 0);
	KUNIT_EXPECT_TRUE(test, stv_slot_in_flight(&slot));
	KUNIT_EXPECT_EQ(test, stv_slot_chan(&slot), 0);
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&slot, stv_io_id(TAG, 0), 0),
			(int)STV_ACCEPT);
}

static void slot_foreign_and_stale(struct kunit *test)
{
	struct stv_slot slot = {};
	u8 buf[STV_PKT_LEN];
	struct hv_view v = good_packet(buf);
	u32 gen, chan;

	gen = stv_slot_arm(&slot, CHAN);
	for (chan = 0; chan <= STV_SLOT_CHAN_MAX; chan++) {
		if (chan == CHAN)
			continue;
		KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot,
							stv_io_id(TAG, gen),
							chan, &v),
				(int)STV_REJECT_FOREIGN);
	}
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&slot,
						  stv_io_id(TAG, gen - 1),
						  CHAN),
			(int)STV_REJECT_STALE);
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&slot,
						  stv_io_id(TAG, gen + 1),
						  CHAN),
			(int)STV_REJECT_STALE);
	/* None of it did any harm. */
	KUNIT_EXPECT_FALSE(test, stv_slot_suspect(&slot));
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&slot, stv_io_id(TAG, gen),
						  CHAN), (int)STV_ACCEPT);
}

/* H3: a completion that is sent twice completes a command once. */
static void slot_h3_completed_once(struct kunit *test)
{
	struct stv_slot slot = {};
	u8 buf[STV_PKT_LEN];
	struct hv_view v = good_packet(buf);
	u64 first, second;
	int i;

	/* Never used, and of all generations the first. */
	first = stv_io_id(TAG, 0);
	KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, first, 0, &v),
			(int)STV_REJECT_IDLE);
	KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, stv_io_id(TAG, 1), CHAN,
						&v),
			(int)STV_REJECT_IDLE);

	first = stv_io_id(TAG, stv_slot_arm(&slot, CHAN));
	KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, first, CHAN, &v),
			(int)STV_ACCEPT);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, first, CHAN, &v),
				(int)STV_REJECT_IDLE);
	/* Another channel races with it. */
	KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, first, CHAN + 1, &v),
			(int)STV_REJECT_IDLE);

	/* The tag is used again: the old completion is not the new one's. */
	second = stv_io_id(TAG, stv_slot_arm(&slot, CHAN));
	KUNIT_EXPECT_NE(test, first, second);
	KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, first, CHAN, &v),
			(int)STV_REJECT_STALE);
	KUNIT_EXPECT_TRUE(test, stv_slot_in_flight(&slot));
	KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, second, CHAN, &v),
			(int)STV_ACCEPT);
}

/* H4: what is no completion leaves the command with the host. */
static void slot_h4_operation_first(struct kunit *test)
{
	static const u32 ops[] = {
		0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0x101,
		0x80000001, U32_MAX,
	};
	u8 buf[STV_PKT_LEN];
	struct hv_view v;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct stv_slot slot = {};
		u64 id = stv_io_id(TAG, stv_slot_arm(&slot, CHAN));

		v = good_packet(buf);
		put_unaligned_le32(ops[i], buf);
		KUNIT_EXPECT_EQ_MSG(test, (int)stv_io_claim(&slot, id, CHAN,
							    &v),
				    (int)STV_REJECT_OPERATION, "operation %u",
				    ops[i]);
		KUNIT_EXPECT_TRUE(test, stv_slot_in_flight(&slot));
		KUNIT_EXPECT_TRUE(test, stv_slot_suspect(&slot));
		/* The real one is still welcome. */
		v = good_packet(buf);
		KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, id, CHAN, &v),
				(int)STV_ACCEPT);
		/* The next command has a clean record. */
		stv_slot_arm(&slot, CHAN);
		KUNIT_EXPECT_FALSE(test, stv_slot_suspect(&slot));
	}
}

static void slot_truncated(struct kunit *test)
{
	struct stv_slot slot = {};
	u8 buf[STV_PKT_LEN];
	struct hv_view v = good_packet(buf);
	u64 id = stv_io_id(TAG, stv_slot_arm(&slot, CHAN));

	for (v.len = 0; v.len < STV_PKT_LEN; v.len++) {
		slot.suspect = false;
		KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, id, CHAN, &v),
				(int)STV_REJECT_TRUNCATED);
		KUNIT_EXPECT_TRUE(test, stv_slot_in_flight(&slot));
		KUNIT_EXPECT_TRUE(test, stv_slot_suspect(&slot));
	}
	KUNIT_EXPECT_EQ(test, (int)stv_io_claim(&slot, id, CHAN, &v),
			(int)STV_ACCEPT);
}

/* Only the channel that has the command can cast suspicion on it. */
static void slot_suspicion(struct kunit *test)
{
	struct stv_slot slot = {};
	u8 buf[STV_PKT_LEN];
	struct hv_view v = hv_view_of(buf, 4);
	u32 gen = stv_slot_arm(&slot, CHAN);

	good_packet(buf);
	stv_io_claim(&slot, stv_io_id(TAG, gen), CHAN + 1, &v);
	KUNIT_EXPECT_FALSE(test, stv_slot_suspect(&slot));
	stv_io_claim(&slot, stv_io_id(TAG, gen - 1), CHAN, &v);
	KUNIT_EXPECT_FALSE(test, stv_slot_suspect(&slot));
	KUNIT_EXPECT_TRUE(test, stv_slot_revoke(&slot));
	stv_io_claim(&slot, stv_io_id(TAG, gen), CHAN, &v);
	KUNIT_EXPECT_FALSE(test, stv_slot_suspect(&slot));
}

/* H5: an answer to a request that the driver did not make, or not now. */
static void slot_h5_own_requests(struct kunit *test)
{
	struct stv_slot init = {}, reset = {};
	u64 id, late;

	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&reset,
						  stv_own_id(STV_OWN_RESET, 0),
						  0), (int)STV_REJECT_IDLE);
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&reset,
						  stv_own_id(STV_OWN_RESET, 1),
						  0), (int)STV_REJECT_IDLE);

	id = stv_own_id(STV_OWN_INIT, stv_slot_arm(&init, 0));
	/* Never on a sub-channel. */
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&init, id, 1),
			(int)STV_REJECT_FOREIGN);
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&init, id, 0),
			(int)STV_ACCEPT);
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&init, id, 0),
			(int)STV_REJECT_IDLE);

	/* A reset that was given up is answered after the next one began. */
	late = stv_own_id(STV_OWN_RESET, stv_slot_arm(&reset, 0));
	KUNIT_EXPECT_TRUE(test, stv_slot_revoke(&reset));
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&reset, late, 0),
			(int)STV_REJECT_IDLE);
	id = stv_own_id(STV_OWN_RESET, stv_slot_arm(&reset, 0));
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&reset, late, 0),
			(int)STV_REJECT_STALE);
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&reset, id, 0),
			(int)STV_ACCEPT);
}

static void slot_revoke(struct kunit *test)
{
	struct stv_slot slot = {};
	u32 gen;

	KUNIT_EXPECT_FALSE(test, stv_slot_revoke(&slot));
	gen = stv_slot_arm(&slot, CHAN);
	KUNIT_EXPECT_TRUE(test, stv_slot_revoke(&slot));
	KUNIT_EXPECT_FALSE(test, stv_slot_revoke(&slot));
	KUNIT_EXPECT_FALSE(test, stv_slot_in_flight(&slot));
	KUNIT_EXPECT_EQ(test, (int)stv_slot_claim(&slot, stv_io_id(TAG, gen),
						  CHAN), (int)STV_REJECT_IDLE);
	/* The generation goes on. */
	KUNIT_EXPECT_EQ(test, stv_slot_arm(&slot, CHAN), gen + 1);
}

static void slot_notices(struct kunit *test)
{
	static const struct {
		u32 op;
		u32 len;
		bool ready, is_fc;
		enum stv_reject want;
	} cases[] = {
		{ STV_OP_ENUMERATE_BUS, 4, true, false, STV_ACCEPT },
		{ STV_OP_REMOVE_DEVICE, 64, true, true, STV_ACCEPT },
		{ STV_OP_FCHBA_DATA, 48, true, true, STV_ACCEPT },
		{ STV_OP_FCHBA_DATA, 47, true, true, STV_REJECT_TRUNCATED },
		{ STV_OP_ENUMERATE_BUS, 3, true, true, STV_REJECT_TRUNCATED },
		{ STV_OP_ENUMERATE_BUS, 0, true, true, STV_REJECT_TRUNCATED },
		{ STV_OP_ENUMERATE_BUS, 64, false, false, STV_REJECT_STATE },
		{ STV_OP_FCHBA_DATA, 64, false, true, STV_REJECT_STATE },
		{ STV_OP_FCHBA_DATA, 64, true, false, STV_REJECT_NOTICE },
		{ STV_OP_COMPLETE_IO, 64, true, true, STV_REJECT_NOTICE },
		{ STV_OP_EXECUTE_SRB, 64, true, true, STV_REJECT_NOTICE },
		{ U32_MAX, 64, true, true, STV_REJECT_NOTICE },
	};
	struct stv_notice notice;
	u8 buf[STV_PKT_LEN] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hv_view v = hv_view_of(buf, cases[i].len);

		put_unaligned_le32(cases[i].op, buf);
		KUNIT_EXPECT_EQ_MSG(test,
				    (int)stv_notice_claim(&v, cases[i].ready,
							  cases[i].is_fc,
							  &notice),
				    (int)cases[i].want, "case %u", i);
	}
}

static void slot_reject_names(struct kunit *test)
{
	int a, b;

	for (a = 0; a < STV_REJECTS; a++) {
		KUNIT_EXPECT_NOT_NULL(test, stv_reject_name(a));
		for (b = 0; b < a; b++)
			KUNIT_EXPECT_STRNEQ(test, stv_reject_name(a),
					    stv_reject_name(b));
	}
	KUNIT_EXPECT_STREQ(test, stv_reject_name(STV_REJECTS),
			   "unknown reason");
	KUNIT_EXPECT_STREQ(test, stv_reject_name(STV_REJECT_FOREIGN),
			   "foreign");
}

static struct kunit_case slot_cases[] = {
	KUNIT_CASE(slot_id_split),
	KUNIT_CASE(slot_ids_come_back),
	KUNIT_CASE(slot_life),
	KUNIT_CASE(slot_wraps),
	KUNIT_CASE(slot_foreign_and_stale),
	KUNIT_CASE(slot_h3_completed_once),
	KUNIT_CASE(slot_h4_operation_first),
	KUNIT_CASE(slot_truncated),
	KUNIT_CASE(slot_suspicion),
	KUNIT_CASE(slot_h5_own_requests),
	KUNIT_CASE(slot_revoke),
	KUNIT_CASE(slot_notices),
	KUNIT_CASE(slot_reject_names),
	{}
};

static struct kunit_suite slot_suite = {
	.name = "hv_storvsc_slot",
	.test_cases = slot_cases,
};

kunit_test_suites(&slot_suite);

MODULE_DESCRIPTION("KUnit suite for slots of storage requests");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_LICENSE("GPL");
