// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for the handshake with the host's storage service. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../logic/handshake.h"

#define REFUSED_VERSION		0xc0000059	/* revision mismatch */
#define REFUSED			0xc0000184	/* invalid device state */

/* A host, and what went wrong with it. */
struct host {
	u16 max_version;	/* refuses higher ones */
	u16 max_channels;
	u32 flags;
	u32 max_transfer;
	u32 refuse_op;		/* completes this one with a status */
	u32 wrong_op;		/* answers this one with no completion */
	u32 short_op;		/* answers this one too briefly */
	u32 silent_op;		/* never answers this one */
	u32 short_len;
	char log[16];		/* one letter for each message */
	unsigned int asked;	/* sub-channels */
};

static const struct host good_host = {
	.max_version = STV_VERSION_6_2,
	.max_channels = 8,
	.flags = STV_PROP_MULTI_CHANNEL,
	.max_transfer = 8 << 20,
	.short_len = STV_PKT_LEN - 1,
};

static const struct stv_hs_cfg scsi_cfg = { .want_sub_channels = 3 };
static const struct stv_hs_cfg fc_cfg = {
	.is_fc = true, .want_sub_channels = 3,
};

static char letter(u32 op)
{
	return op < 14 ? "?cdxlarbevpmwn"[op] : '?';
}

/* Answers @msg in place, as this host does. */
static void host_answer(struct kunit *test, struct host *h, u8 *msg)
{
	u32 op = get_unaligned_le32(msg);
	u32 status = op == h->refuse_op ? REFUSED : 0;
	size_t n = strlen(h->log);

	KUNIT_ASSERT_LT(test, n, sizeof(h->log) - 1);
	h->log[n] = letter(op);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(msg + 4), 1);

	switch (op) {
	case STV_OP_QUERY_VERSION:
		if (get_unaligned_le16(msg + 12) > h->max_version)
			status = REFUSED_VERSION;
		break;
	case STV_OP_QUERY_PROPERTIES:
		put_unaligned_le16(h->max_channels, msg + 16);
		put_unaligned_le32(h->flags, msg + 20);
		put_unaligned_le32(h->max_transfer, msg + 24);
		break;
	case STV_OP_FCHBA_DATA:
		msg[12] = 1;
		put_unaligned_be64(0xc003ff0000000001ULL, msg + 16);
		put_unaligned_be64(0xc003ff0000000002ULL, msg + 24);
		break;
	case STV_OP_CREATE_SUB_CHANNELS:
		h->asked = get_unaligned_le16(msg + 12);
		break;
	}
	put_unaligned_le32(status, msg + 8);
	put_unaligned_le32(op == h->wrong_op ? op : STV_OP_COMPLETE_IO, msg);
}

/* Runs a handshake to its end; returns what the last call said. */
static int run(struct kunit *test, struct stv_hs *hs, struct host *h,
	       const struct stv_hs_cfg *cfg)
{
	u8 buf[STV_PKT_LEN];
	struct hv_view v;
	int op, ret, n = 0;

	stv_hs_start(hs, cfg);
	while ((op = stv_hs_next(hs, buf)) > 0) {
		KUNIT_ASSERT_LT(test, n++, 12);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(buf), op);
		KUNIT_EXPECT_EQ(test, stv_hs_next(hs, buf), -EBUSY);
		host_answer(test, h, buf);
		if (op == h->silent_op) {
			ret = stv_hs_abort(hs, STV_HS_TIMEOUT);
		} else {
			v = hv_view_of(buf, op == h->short_op ? h->short_len :
								STV_PKT_LEN);
			ret = stv_hs_reply(hs, &v);
		}
		if (ret) {
			KUNIT_EXPECT_EQ(test, stv_hs_next(hs, buf), ret);
			return ret;
		}
	}
	return op;
}

static void hs_good(struct kunit *test)
{
	struct host h = good_host;
	struct stv_hs hs;

	KUNIT_EXPECT_EQ(test, run(test, &hs, &h, &scsi_cfg), 0);
	KUNIT_EXPECT_STREQ(test, h.log, "bvpen");
	KUNIT_EXPECT_EQ(test, (int)hs.state, (int)STV_HS_DONE);
	KUNIT_EXPECT_EQ(test, (int)hs.why, (int)STV_HS_OK);
	KUNIT_EXPECT_FALSE(test, hs.sub_failed);
	KUNIT_EXPECT_EQ(test, hs.params.version, STV_VERSION_6_2);
	KUNIT_EXPECT_TRUE(test, hs.params.multi_channel);
	KUNIT_EXPECT_EQ(test, hs.params.sub_channels, 3);
	KUNIT_EXPECT_EQ(test, h.asked, 3);
	KUNIT_EXPECT_EQ(test, hs.params.max_transfer, 8 << 20);
	KUNIT_EXPECT_FALSE(test, hs.params.max_transfer_clamped);
	KUNIT_EXPECT_EQ(test, hs.params.wwn.node, 0);
}

static void hs_fibre_channel(struct kunit *test)
{
	struct host h = good_host;
	struct stv_hs hs;

	KUNIT_EXPECT_EQ(test, run(test, &hs, &h, &fc_cfg), 0);
	KUNIT_EXPECT_STREQ(test, h.log, "bvpwen");
	KUNIT_EXPECT_EQ(test, hs.params.wwn.port, 0xc003ff0000000001ULL);
	KUNIT_EXPECT_EQ(test, hs.params.wwn.node, 0xc003ff0000000002ULL);
}

/* A version is refused with a status; the next one needs no new begin. */
static void hs_versions(struct kunit *test)
{
	static const struct {
		u16 host;
		int ret;
		u16 version;
		const char *log;
	} cases[] = {
		{ 0xffff, 0, STV_VERSION_6_2, "bvpen" },
		{ STV_VERSION(6, 3), 0, STV_VERSION_6_2, "bvpen" },
		{ STV_VERSION(6, 1), 0, STV_VERSION_6_0, "bvvpen" },
		{ STV_VERSION_6_0, 0, STV_VERSION_6_0, "bvvpen" },
		{ STV_VERSION_5_1, 0, STV_VERSION_5_1, "bvvvpen" },
		/* Their packets have another length: no way. */
		{ STV_VERSION(5, 0), -EPROTO, 0, "bvvv" },
		{ STV_VERSION(4, 2), -EPROTO, 0, "bvvv" },
		{ STV_VERSION(2, 0), -EPROTO, 0, "bvvv" },
	};
	struct stv_hs hs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host h = good_host;

		h.max_version = cases[i].host;
		KUNIT_EXPECT_EQ(test, run(test, &hs, &h, &scsi_cfg),
				cases[i].ret);
		KUNIT_EXPECT_STREQ(test, h.log, cases[i].log);
		KUNIT_EXPECT_EQ(test, hs.params.version, cases[i].version);
		if (!cases[i].ret)
			continue;
		KUNIT_EXPECT_EQ(test, (int)hs.why, (int)STV_HS_OBSOLETE);
		KUNIT_EXPECT_EQ(test, hs.status, REFUSED_VERSION);
	}
}

static void hs_sub_channels(struct kunit *test)
{
	static const struct {
		u16 host;
		u32 flags, want, get;
	} cases[] = {
		{ 8, 1, 3, 3 }, { 2, 1, 3, 2 }, { 0, 1, 3, 0 },
		{ 8, 1, 0, 0 }, { 8, 0, 3, 0 }, { 8, ~1u, 3, 0 },
		{ 8, ~0u, 3, 3 }, { 0xffff, 1, 64, 64 },
		{ 0xffff, 1, ~0u, STV_CHANNELS_MAX - 1 },
	};
	struct stv_hs hs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stv_hs_cfg cfg = { .want_sub_channels = cases[i].want };
		struct host h = good_host;

		h.max_channels = cases[i].host;
		h.flags = cases[i].flags;
		KUNIT_EXPECT_EQ(test, run(test, &hs, &h, &cfg), 0);
		KUNIT_EXPECT_EQ_MSG(test, hs.params.sub_channels, cases[i].get,
				    "case %u", i);
		KUNIT_EXPECT_EQ(test, h.asked, cases[i].get);
		KUNIT_EXPECT_EQ(test, strlen(h.log), h.asked ? 5 : 4);
		KUNIT_EXPECT_EQ(test, hs.params.multi_channel,
				cases[i].flags & 1);
	}
}

/* H19: no limit of the host's reaches the SCSI layer as it is. */
static void hs_h19_max_transfer(struct kunit *test)
{
	static const struct {
		u32 host, get;
		bool clamped;
	} cases[] = {
		{ 0, STV_TRANSFER_DEFAULT, true },
		{ 1, 4096, true }, { 511, 4096, true }, { 4095, 4096, true },
		{ 4096, 4096, false }, { 4097, 4096, false },
		{ 65536, 65536, false }, { 524288, 524288, false },
		{ 8 << 20, 8 << 20, false }, { 16 << 20, 16 << 20, false },
		{ (16 << 20) + 4095, 16 << 20, false },
		{ (16 << 20) + 4096, 16 << 20, true },
		/* Segments that would not fit into 16 bits. */
		{ 256 << 20, 16 << 20, true }, { 0x80000000, 16 << 20, true },
		{ U32_MAX, 16 << 20, true },
	};
	struct stv_hs hs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host h = good_host;

		h.max_transfer = cases[i].host;
		KUNIT_EXPECT_EQ(test, run(test, &hs, &h, &scsi_cfg), 0);
		KUNIT_EXPECT_EQ_MSG(test, hs.params.max_transfer, cases[i].get,
				    "host said %u", cases[i].host);
		KUNIT_EXPECT_EQ_MSG(test, hs.params.max_transfer_clamped,
				    cases[i].clamped, "host said %u",
				    cases[i].host);
		KUNIT_EXPECT_EQ(test, hs.params.raw_max_transfer,
				cases[i].host);
	}
}

static const u32 fatal_ops[] = {
	STV_OP_BEGIN_INIT, STV_OP_QUERY_PROPERTIES, STV_OP_FCHBA_DATA,
	STV_OP_END_INIT,
};

static void hs_refused(struct kunit *test)
{
	static const enum stv_hs_state states[] = {
		STV_HS_BEGIN, STV_HS_PROPERTIES, STV_HS_WWN, STV_HS_END,
	};
	struct stv_hs hs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fatal_ops); i++) {
		struct host h = good_host;

		h.refuse_op = fatal_ops[i];
		KUNIT_EXPECT_EQ(test, run(test, &hs, &h, &fc_cfg), -EPROTO);
		KUNIT_EXPECT_EQ(test, (int)hs.state, (int)STV_HS_FAILED);
		KUNIT_EXPECT_EQ(test, (int)hs.why, (int)STV_HS_REFUSED);
		KUNIT_EXPECT_EQ(test, (int)hs.where, (int)states[i]);
		KUNIT_EXPECT_EQ(test, hs.status, REFUSED);
	}
}

static void hs_wrong_operation(struct kunit *test)
{
	struct stv_hs hs;
	unsigned int i;

	for (i = 0; i <= ARRAY_SIZE(fatal_ops); i++) {
		struct host h = good_host;

		h.wrong_op = i < ARRAY_SIZE(fatal_ops) ? fatal_ops[i] :
							 STV_OP_QUERY_VERSION;
		KUNIT_EXPECT_EQ(test, run(test, &hs, &h, &fc_cfg), -EPROTO);
		KUNIT_EXPECT_EQ(test, (int)hs.why, (int)STV_HS_OPERATION);
	}
}

static void hs_truncated(struct kunit *test)
{
	struct stv_hs hs;
	unsigned int i;
	u32 len;

	for (i = 0; i <= ARRAY_SIZE(fatal_ops); i++) {
		for (len = 0; len < STV_PKT_LEN; len++) {
			struct host h = good_host;

			h.short_op = i < ARRAY_SIZE(fatal_ops) ? fatal_ops[i] :
				     STV_OP_QUERY_VERSION;
			h.short_len = len;
			KUNIT_EXPECT_EQ(test, run(test, &hs, &h, &fc_cfg),
					-EPROTO);
			KUNIT_EXPECT_EQ(test, (int)hs.why,
					(int)STV_HS_TRUNCATED);
		}
	}
}

static void hs_timeout(struct kunit *test)
{
	struct stv_hs hs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fatal_ops); i++) {
		struct host h = good_host;

		h.silent_op = fatal_ops[i];
		KUNIT_EXPECT_EQ(test, run(test, &hs, &h, &fc_cfg), -ETIMEDOUT);
		KUNIT_EXPECT_EQ(test, (int)hs.why, (int)STV_HS_TIMEOUT);
	}
}

/* Without sub-channels a disk is slow; without the disk there is nothing. */
static void hs_sub_channels_fail(struct kunit *test)
{
	static const enum stv_hs_error whys[] = {
		STV_HS_REFUSED, STV_HS_OPERATION, STV_HS_TRUNCATED,
		STV_HS_TIMEOUT,
	};
	struct stv_hs hs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(whys); i++) {
		struct host h = good_host;

		if (i == 0)
			h.refuse_op = STV_OP_CREATE_SUB_CHANNELS;
		else if (i == 1)
			h.wrong_op = STV_OP_CREATE_SUB_CHANNELS;
		else if (i == 2)
			h.short_op = STV_OP_CREATE_SUB_CHANNELS;
		else
			h.silent_op = STV_OP_CREATE_SUB_CHANNELS;
		KUNIT_EXPECT_EQ(test, run(test, &hs, &h, &scsi_cfg), 0);
		KUNIT_EXPECT_EQ(test, (int)hs.state, (int)STV_HS_DONE);
		KUNIT_EXPECT_TRUE(test, hs.sub_failed);
		KUNIT_EXPECT_EQ(test, (int)hs.why, (int)whys[i]);
		KUNIT_EXPECT_EQ(test, hs.params.sub_channels, 0);
	}
}

/* The device goes away, in every state. */
static void hs_gone(struct kunit *test)
{
	struct host h = good_host;
	u8 buf[STV_PKT_LEN];
	struct hv_view v = hv_view_of(buf, sizeof(buf));
	struct stv_hs hs;
	int steps, i;

	for (steps = 0; steps < 6; steps++) {
		memset(h.log, 0, sizeof(h.log));
		stv_hs_start(&hs, &fc_cfg);
		for (i = 0; i < steps; i++) {
			KUNIT_ASSERT_GT(test, stv_hs_next(&hs, buf), 0);
			host_answer(test, &h, buf);
			KUNIT_ASSERT_EQ(test, stv_hs_reply(&hs, &v), 0);
		}
		KUNIT_EXPECT_GT(test, stv_hs_next(&hs, buf), 0);
		KUNIT_EXPECT_EQ(test, stv_hs_abort(&hs, STV_HS_GONE), -ENODEV);
		KUNIT_EXPECT_EQ(test, (int)hs.state, (int)STV_HS_FAILED);
		KUNIT_EXPECT_EQ(test, stv_hs_next(&hs, buf), -ENODEV);
		/* What comes late changes nothing. */
		KUNIT_EXPECT_EQ(test, stv_hs_reply(&hs, &v), -EINVAL);
		KUNIT_EXPECT_EQ(test, (int)hs.state, (int)STV_HS_FAILED);
	}
}

/* An answer before a question, and a second one after the first. */
static void hs_unasked(struct kunit *test)
{
	struct host h = good_host;
	u8 buf[STV_PKT_LEN] = {};
	struct hv_view v = hv_view_of(buf, sizeof(buf));
	struct stv_hs hs;

	stv_hs_start(&hs, &scsi_cfg);
	put_unaligned_le32(STV_OP_COMPLETE_IO, buf);
	KUNIT_EXPECT_EQ(test, stv_hs_reply(&hs, &v), -EINVAL);
	KUNIT_EXPECT_EQ(test, (int)hs.state, (int)STV_HS_BEGIN);
	KUNIT_EXPECT_EQ(test, stv_hs_next(&hs, buf), (int)STV_OP_BEGIN_INIT);
	host_answer(test, &h, buf);
	KUNIT_EXPECT_EQ(test, stv_hs_reply(&hs, &v), 0);
	KUNIT_EXPECT_EQ(test, stv_hs_reply(&hs, &v), -EINVAL);
	KUNIT_EXPECT_EQ(test, (int)hs.state, (int)STV_HS_VERSION);
}

/* After a resume everything is said again, perhaps by another host. */
static void hs_again(struct kunit *test)
{
	struct host old = good_host, new = good_host;
	struct stv_hs hs;

	KUNIT_EXPECT_EQ(test, run(test, &hs, &old, &fc_cfg), 0);
	new.max_version = STV_VERSION_5_1;
	new.flags = 0;
	KUNIT_EXPECT_EQ(test, run(test, &hs, &new, &scsi_cfg), 0);
	KUNIT_EXPECT_EQ(test, hs.params.version, STV_VERSION_5_1);
	KUNIT_EXPECT_EQ(test, hs.params.sub_channels, 0);
	KUNIT_EXPECT_EQ(test, hs.params.wwn.port, 0);
}

static void hs_names(struct kunit *test)
{
	int a, b;

	for (a = STV_HS_BEGIN; a <= STV_HS_FAILED; a++)
		for (b = STV_HS_BEGIN; b < a; b++)
			KUNIT_EXPECT_STRNEQ(test, stv_hs_state_name(a),
					    stv_hs_state_name(b));
	for (a = STV_HS_OK; a <= STV_HS_GONE; a++)
		for (b = STV_HS_OK; b < a; b++)
			KUNIT_EXPECT_STRNEQ(test, stv_hs_error_name(a),
					    stv_hs_error_name(b));
	KUNIT_EXPECT_STREQ(test, stv_hs_state_name(STV_HS_FAILED + 1),
			   "unknown");
	KUNIT_EXPECT_STREQ(test, stv_hs_error_name(STV_HS_GONE + 1),
			   "unknown error");
	KUNIT_EXPECT_STREQ(test, stv_hs_state_name(STV_HS_DONE), "done");
}

static struct kunit_case hs_cases[] = {
	KUNIT_CASE(hs_good),
	KUNIT_CASE(hs_fibre_channel),
	KUNIT_CASE(hs_versions),
	KUNIT_CASE(hs_sub_channels),
	KUNIT_CASE(hs_h19_max_transfer),
	KUNIT_CASE(hs_refused),
	KUNIT_CASE(hs_wrong_operation),
	KUNIT_CASE(hs_truncated),
	KUNIT_CASE(hs_timeout),
	KUNIT_CASE(hs_sub_channels_fail),
	KUNIT_CASE(hs_gone),
	KUNIT_CASE(hs_unasked),
	KUNIT_CASE(hs_again),
	KUNIT_CASE(hs_names),
	{}
};

static struct kunit_suite hs_suite = {
	.name = "hv_storvsc_handshake",
	.test_cases = hs_cases,
};

kunit_test_suites(&hs_suite);

MODULE_DESCRIPTION("KUnit suite for the storage handshake");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_LICENSE("GPL");
