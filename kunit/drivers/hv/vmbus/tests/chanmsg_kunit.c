// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for VMBus control messages, both directions. */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../wire/chanmsg.h"
#include "compat.h"

#define UP		BIT(HVB_CONN_UP)
#define CHANNELS	(UP | BIT(HVB_CONN_SUSPEND))

/* What a guest accepts, written down apart from the code under test. */
struct gate_case {
	const char *name;
	u32 type;
	u32 len;	/* shortest that is accepted */
	u32 states;	/* where it is accepted */
	u32 version;	/* first version that has it */
	bool sleeps;
};

static const struct gate_case accepted[] = {
	{ "OFFERCHANNEL", 1, 196, UP, 0, true },
	{ "RESCIND_CHANNELOFFER", 2, 12, CHANNELS, 0, true },
	{ "ALLOFFERS_DELIVERED", 4, 8, UP, 0, false },
	{ "OPENCHANNEL_RESULT", 6, 20, CHANNELS, 0, false },
	{ "GPADL_CREATED", 10, 20, CHANNELS, 0, false },
	{ "GPADL_TORNDOWN", 12, 12, CHANNELS, 0, false },
	{ "VERSION_RESPONSE", 15, 10, BIT(HVB_CONN_CONTACT), 0, false },
	{ "UNLOAD_RESPONSE", 17, 8, BIT(HVB_CONN_UNLOAD), 0, false },
	{ "MODIFYCHANNEL_RESPONSE", 24, 16, CHANNELS, HVB_V5_3, false },
};

KUNIT_ARRAY_PARAM_DESC(gate, accepted, name);

static const u32 some_versions[] = {
	0, HVB_V2_4, HVB_V3_0, HVB_V4_0, HVB_V4_1, HVB_V5_0, HVB_V5_2,
	HVB_V5_3, HVB_VERSION(6, 0), U32_MAX,
};

static void msg_gate_accepts(struct kunit *test)
{
	const struct gate_case *c = test->param_value;
	enum hvb_reject why, want;
	unsigned int v, state;
	u32 len;

	KUNIT_EXPECT_STREQ(test, hvb_msg_name(c->type), c->name);
	KUNIT_EXPECT_EQ(test, hvb_msg_sleeps(c->type), c->sleeps);
	for (v = 0; v < ARRAY_SIZE(some_versions); v++) {
		for (state = 0; state < HVB_CONN_STATES; state++) {
			for (len = 0; len <= HVB_MSG_MAX + 1; len++) {
				why = hvb_msg_gate(state, some_versions[v],
						   c->type, len);
				if (len > HVB_MSG_MAX)
					want = HVB_REJ_LONG;
				else if (len < 8)
					want = HVB_REJ_SHORT;
				else if (some_versions[v] < c->version)
					want = HVB_REJ_VERSION;
				else if (!(c->states & 1 << state))
					want = HVB_REJ_STATE;
				else if (len < c->len)
					want = HVB_REJ_SHORT;
				else
					want = HVB_OK;
				KUNIT_ASSERT_EQ_MSG(test, why, want,
						    "v %x state %u len %u",
						    some_versions[v], state,
						    len);
			}
		}
	}
}

static bool is_accepted(u32 type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(accepted); i++)
		if (accepted[i].type == type)
			return true;
	return false;
}

/* Everything that is not in the table above is refused, with a reason. */
static void msg_gate_refuses(struct kunit *test)
{
	static const u8 outbound[] = { 3, 5, 7, 8, 9, 11, 13, 14, 16, 18, 19,
				       21, 22, 25, 27, 29 };
	static const u8 ignored[] = { 20, 23, 26, 28 };
	static const u32 unknown[] = { 0, 30, 31, 255, 256, 0x10001,
				       0x80000001, U32_MAX };
	unsigned int i, state;
	u32 type;

	for (state = 0; state < HVB_CONN_STATES; state++) {
		for (i = 0; i < ARRAY_SIZE(outbound); i++)
			KUNIT_EXPECT_EQ(test,
					hvb_msg_gate(state, HVB_V5_3,
						     outbound[i], HVB_MSG_MAX),
					HVB_REJ_DIRECTION);
		for (i = 0; i < ARRAY_SIZE(ignored); i++)
			KUNIT_EXPECT_EQ(test,
					hvb_msg_gate(state, HVB_V5_3,
						     ignored[i], HVB_MSG_MAX),
					HVB_REJ_UNSUPPORTED);
		for (i = 0; i < ARRAY_SIZE(unknown); i++)
			KUNIT_EXPECT_EQ(test,
					hvb_msg_gate(state, HVB_V5_3,
						     unknown[i], HVB_MSG_MAX),
					HVB_REJ_UNKNOWN);
		for (type = 0; type < 300; type++)
			if (!is_accepted(type))
				KUNIT_EXPECT_NE(test,
						hvb_msg_gate(state, U32_MAX,
							     type,
							     HVB_MSG_MAX),
						HVB_OK);
	}
}

static void msg_names(struct kunit *test)
{
	u32 i;

	for (i = 1; i < HVB_MSG_COUNT; i++) {
		const struct hvb_msg_info *info = hvb_msg_info(i);

		KUNIT_ASSERT_NOT_NULL_MSG(test, info, "type %u", i);
		KUNIT_EXPECT_GE(test, info->min_len, 8);
		KUNIT_EXPECT_LE(test, info->min_len, HVB_MSG_MAX);
		/* One direction each, and states only for what is handled. */
		KUNIT_EXPECT_NE(test, !(info->flags & HVB_MSG_F_IN),
				!(info->flags & HVB_MSG_F_OUT));
		KUNIT_EXPECT_EQ(test, !!info->states, is_accepted(i));
		KUNIT_EXPECT_STRNEQ(test, hvb_msg_name(i), "unknown");
	}
	KUNIT_EXPECT_NULL(test, hvb_msg_info(0));
	KUNIT_EXPECT_NULL(test, hvb_msg_info(HVB_MSG_COUNT));
	KUNIT_EXPECT_NULL(test, hvb_msg_info(U32_MAX));
	KUNIT_EXPECT_STREQ(test, hvb_msg_name(U32_MAX), "unknown");
	KUNIT_EXPECT_FALSE(test, hvb_msg_sleeps(U32_MAX));

	for (i = 0; i < HVB_REJ_COUNT; i++) {
		KUNIT_ASSERT_NOT_NULL_MSG(test, hvb_reject_name(i),
					  "verdict %u", i);
		KUNIT_EXPECT_STRNEQ(test, hvb_reject_name(i), "invalid");
	}
	KUNIT_EXPECT_STREQ(test, hvb_reject_name(HVB_REJ_COUNT), "invalid");
	KUNIT_EXPECT_STREQ(test, hvb_reject_name(-1), "invalid");
}

static void relid_range(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, hvb_relid_valid(0));
	KUNIT_EXPECT_TRUE(test, hvb_relid_valid(1));
	KUNIT_EXPECT_TRUE(test, hvb_relid_valid(2047));
	KUNIT_EXPECT_FALSE(test, hvb_relid_valid(2048));
	KUNIT_EXPECT_FALSE(test, hvb_relid_valid(HVB_RELID_NONE));
}

/* A message of @len bytes, all but the type a counter, relid @relid at 8. */
static void raw_msg(u8 *m, u32 type, u32 len, u32 relid)
{
	u32 i;

	memset(m, 0, HVB_MSG_MAX);
	for (i = 4; i < len; i++)
		m[i] = i;
	put_unaligned_le32(type, m);
	if (len >= 12)
		put_unaligned_le32(relid, m + 8);
}

/* Decode from memory that ends with the message, so that sanitizers see. */
static enum hvb_reject decode(struct kunit *test, const u8 *m, u32 len,
			      u32 version, struct hvb_msg *out)
{
	u8 *p = kunit_kmalloc(test, len ?: 1, GFP_KERNEL);
	enum hvb_reject why;
	struct hv_view v;

	KUNIT_ASSERT_NOT_NULL(test, p);
	memcpy(p, m, len);
	v = hv_view_of(p, len);
	why = hvb_msg_decode(&v, version, out);
	kunit_kfree(test, p);
	return why;
}

static void decode_answers(struct kunit *test)
{
	u8 m[HVB_MSG_MAX];
	struct hvb_msg msg;

	raw_msg(m, HVB_MSG_OPEN_RESULT, 20, 2047);
	KUNIT_ASSERT_EQ(test, decode(test, m, 20, 0, &msg), HVB_OK);
	KUNIT_EXPECT_EQ(test, msg.type, HVB_MSG_OPEN_RESULT);
	KUNIT_EXPECT_EQ(test, msg.open_result.relid, 2047);
	KUNIT_EXPECT_EQ(test, msg.open_result.open_id, 0x0f0e0d0c);
	KUNIT_EXPECT_EQ(test, msg.open_result.status, 0x13121110);

	raw_msg(m, HVB_MSG_GPADL_CREATED, 20, 3);
	KUNIT_ASSERT_EQ(test, decode(test, m, 20, 0, &msg), HVB_OK);
	KUNIT_EXPECT_EQ(test, msg.gpadl_created.relid, 3);
	KUNIT_EXPECT_EQ(test, msg.gpadl_created.gpadl, 0x0f0e0d0c);
	KUNIT_EXPECT_EQ(test, msg.gpadl_created.status, 0x13121110);

	raw_msg(m, HVB_MSG_GPADL_TORNDOWN, 12, 0xe1e10);
	KUNIT_ASSERT_EQ(test, decode(test, m, 12, 0, &msg), HVB_OK);
	KUNIT_EXPECT_EQ(test, msg.torndown_gpadl, 0xe1e10);

	raw_msg(m, HVB_MSG_MODIFY_RESPONSE, 16, 9);
	KUNIT_ASSERT_EQ(test, decode(test, m, 16, HVB_V5_3, &msg), HVB_OK);
	KUNIT_EXPECT_EQ(test, msg.modify.relid, 9);
	KUNIT_EXPECT_EQ(test, msg.modify.status, 0x0f0e0d0c);

	raw_msg(m, HVB_MSG_RESCIND, 12, 1);
	KUNIT_ASSERT_EQ(test, decode(test, m, 12, 0, &msg), HVB_OK);
	KUNIT_EXPECT_EQ(test, msg.rescind_relid, 1);

	raw_msg(m, HVB_MSG_ALL_OFFERS, 8, 0);
	KUNIT_EXPECT_EQ(test, decode(test, m, 8, 0, &msg), HVB_OK);
	raw_msg(m, HVB_MSG_UNLOAD_RESPONSE, 8, 0);
	KUNIT_EXPECT_EQ(test, decode(test, m, 8, 0, &msg), HVB_OK);
	KUNIT_EXPECT_EQ(test, msg.type, HVB_MSG_UNLOAD_RESPONSE);
}

struct answer_case {
	const char *name;
	u32 type;
	u32 len;
	bool has_relid;
};

static const struct answer_case answers[] = {
	{ "rescind", HVB_MSG_RESCIND, 12, true },
	{ "all offers", HVB_MSG_ALL_OFFERS, 8, false },
	{ "open result", HVB_MSG_OPEN_RESULT, 20, true },
	{ "gpadl created", HVB_MSG_GPADL_CREATED, 20, true },
	{ "gpadl torndown", HVB_MSG_GPADL_TORNDOWN, 12, false },
	{ "version response", HVB_MSG_VERSION_RESPONSE, 16, false },
	{ "unload response", HVB_MSG_UNLOAD_RESPONSE, 8, false },
	{ "modify response", HVB_MSG_MODIFY_RESPONSE, 16, true },
};

KUNIT_ARRAY_PARAM_DESC(answer, answers, name);

static void decode_hostile(struct kunit *test)
{
	static const u32 bad_relids[] = { 0, 2048, 0x80000001, U32_MAX };
	const struct answer_case *c = test->param_value;
	u8 m[HVB_MSG_MAX];
	struct hvb_msg msg;
	unsigned int i;
	u32 len;

	raw_msg(m, c->type, c->len, 5);
	for (len = 0; len < c->len; len++)
		KUNIT_EXPECT_EQ_MSG(test, decode(test, m, len, HVB_V5_3, &msg),
				    HVB_REJ_SHORT, "length %u", len);
	for (; len <= HVB_MSG_MAX; len++)
		KUNIT_EXPECT_EQ(test, decode(test, m, len, HVB_V5_3, &msg),
				HVB_OK);
	for (i = 0; i < ARRAY_SIZE(bad_relids); i++) {
		raw_msg(m, c->type, c->len, bad_relids[i]);
		KUNIT_EXPECT_EQ(test, decode(test, m, c->len, HVB_V5_3, &msg),
				c->has_relid ? HVB_REJ_RELID : HVB_OK);
	}
}

static void decode_other_types(struct kunit *test)
{
	static const u8 types[] = { 0, 3, 5, 7, 8, 9, 11, 13, 14, 16, 18, 19,
				    20, 21, 22, 23, 25, 29, 30, 255 };
	u8 m[HVB_MSG_MAX];
	struct hvb_msg msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		raw_msg(m, types[i], HVB_MSG_MAX, 1);
		KUNIT_EXPECT_EQ(test, decode(test, m, HVB_MSG_MAX, HVB_V5_3,
					     &msg), HVB_REJ_UNSUPPORTED);
	}
}

static void decode_offer(struct kunit *test)
{
	u8 m[HVB_MSG_MAX];
	struct hvb_msg msg;

	memset(m, 0, sizeof(m));
	put_unaligned_le32(HVB_MSG_OFFER, m);
	memcpy(m + 8, &hvb_dev_classes[HVB_DEV_DM].guid, sizeof(guid_t));
	put_unaligned_le32(11, m + 184);
	KUNIT_ASSERT_EQ(test, decode(test, m, 196, HVB_V5_3, &msg), HVB_OK);
	KUNIT_EXPECT_EQ(test, msg.offer.relid, 11);
	KUNIT_EXPECT_EQ(test, decode(test, m, 195, HVB_V5_3, &msg),
			HVB_REJ_SHORT);
	put_unaligned_le32(2048, m + 184);
	KUNIT_EXPECT_EQ(test, decode(test, m, 196, HVB_V5_3, &msg),
			HVB_REJ_RELID);
}

struct version_case {
	const char *name;
	u32 version;
	u32 len;
	u8 supported;
	u8 state;
	u32 conn_id;
	enum hvb_reject why;
	u32 got_conn_id;
};

static const struct version_case versions[] = {
	{ "5.3 granted", HVB_V5_3, 16, 1, 0, 4, HVB_OK, 4 },
	{ "5.0 granted, other id", HVB_V5_0, 16, 1, 0, 1, HVB_OK, 1 },
	{ "5.3 granted, true is any", HVB_V5_3, 16, 0xff, 0, 4, HVB_OK, 4 },
	{ "5.3 granted, no id", HVB_V5_3, 12, 1, 0, 4, HVB_REJ_SHORT, 0 },
	{ "5.3 granted, half an id", HVB_V5_3, 15, 1, 0, 4, HVB_REJ_SHORT, 0 },
	{ "5.3 refused, long", HVB_V5_3, 16, 0, 0, 4, HVB_OK, 0 },
	{ "5.3 refused, short", HVB_V5_3, 10, 0, 0, 0, HVB_OK, 0 },
	{ "4.1 granted, short", HVB_V4_1, 10, 1, 0, 0, HVB_OK, 0 },
	{ "4.1 granted, long", HVB_V4_1, 16, 1, 0, 99, HVB_OK, 0 },
	{ "granted, bad state", HVB_V4_1, 16, 1, 2, 0, HVB_OK, 0 },
	{ "no state", HVB_V4_1, 9, 1, 0, 0, HVB_REJ_SHORT, 0 },
};

KUNIT_ARRAY_PARAM_DESC(version, versions, name);

static void decode_version(struct kunit *test)
{
	const struct version_case *c = test->param_value;
	u8 m[HVB_MSG_MAX] = {};
	struct hvb_msg msg;

	put_unaligned_le32(HVB_MSG_VERSION_RESPONSE, m);
	m[8] = c->supported;
	m[9] = c->state;
	put_unaligned_le32(c->conn_id, m + 12);
	KUNIT_ASSERT_EQ(test, decode(test, m, c->len, c->version, &msg),
			c->why);
	if (c->why != HVB_OK)
		return;
	KUNIT_EXPECT_EQ(test, msg.version.supported, c->supported != 0);
	KUNIT_EXPECT_EQ(test, msg.version.state, c->state);
	KUNIT_EXPECT_EQ(test, msg.version.msg_conn_id, c->got_conn_id);
}

static void msg_type(struct kunit *test)
{
	static const u8 m[] = { 0x78, 0x56, 0x34, 0x12 };
	struct hv_view v = hv_view_of(m, 4);

	KUNIT_EXPECT_EQ(test, hvb_msg_type(&v), 0x12345678);
	v.len = 3;
	KUNIT_EXPECT_EQ(test, hvb_msg_type(&v), HVB_MSG_INVALID);
}

static void dirty(struct hvb_wire *w)
{
	memset(w, 0xff, sizeof(*w));
}

/* Type, length, no junk behind it. */
static void check_wire(struct kunit *test, const struct hvb_wire *w, u32 type,
		       u32 len)
{
	u32 i;

	KUNIT_ASSERT_EQ(test, w->len, len);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w->data), type);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w->data + 4), 0);
	for (i = len; i < HVB_MSG_MAX; i++)
		KUNIT_ASSERT_EQ(test, w->data[i], 0);
	/* The table knows the same length. */
	KUNIT_EXPECT_EQ(test, hvb_msg_info(type)->min_len, len);
	KUNIT_EXPECT_TRUE(test, hvb_msg_info(type)->flags & HVB_MSG_F_OUT);
}

static void encode_contact(struct kunit *test)
{
	struct hvb_contact c = {
		.version = HVB_V5_2,
		.target_vp = 0x11223344,
		.int_page = 0xabcdef000,
		.sint = 2,
		.vtl = 1,
		.monitor_page = { 0x8000000001000, 0x2000 },
	};
	struct hvb_wire w;

	dirty(&w);
	KUNIT_ASSERT_EQ(test, hvb_enc_contact(&w, &c), 0);
	check_wire(test, &w, HVB_MSG_INITIATE_CONTACT, 40);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 8), HVB_V5_2);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 12), 0x11223344);
	KUNIT_EXPECT_EQ(test, w.data[16], 2);
	KUNIT_EXPECT_EQ(test, w.data[17], 1);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(w.data + 18), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 20), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(w.data + 24),
			0x8000000001000);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(w.data + 32), 0x2000);

	dirty(&w);
	c.version = HVB_V4_1;
	KUNIT_ASSERT_EQ(test, hvb_enc_contact(&w, &c), 0);
	check_wire(test, &w, HVB_MSG_INITIATE_CONTACT, 40);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(w.data + 16), 0xabcdef000);

	c.monitor_page[0] = 0;
	c.monitor_page[1] = 0;
	KUNIT_EXPECT_EQ(test, hvb_enc_contact(&w, &c), 0);
	c.monitor_page[1] = 0x1000;
	KUNIT_EXPECT_EQ(test, hvb_enc_contact(&w, &c), -EINVAL);
	c.monitor_page[0] = 0x1000;
	c.monitor_page[1] = 0;
	KUNIT_EXPECT_EQ(test, hvb_enc_contact(&w, &c), -EINVAL);
	c.monitor_page[1] = 0x1008;
	KUNIT_EXPECT_EQ(test, hvb_enc_contact(&w, &c), -EINVAL);
}

static void encode_open(struct kunit *test)
{
	static const u8 user[HVB_USER_DEF_LEN] = { 1, 2, 3, [119] = 9 };
	struct hvb_open o = {
		.relid = 2047,
		.open_id = 77,
		.gpadl = 0xe1e10,
		.target_vp = 3,
		.downstream_page = 17,
		.user_data = user,
		.user_data_len = 120,
	};
	struct hvb_wire w;

	dirty(&w);
	KUNIT_ASSERT_EQ(test, hvb_enc_open(&w, &o), 0);
	check_wire(test, &w, HVB_MSG_OPEN, 148);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 8), 2047);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 12), 77);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 16), 0xe1e10);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 20), 3);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 24), 17);
	KUNIT_EXPECT_MEMEQ(test, w.data + 28, user, sizeof(user));

	dirty(&w);
	o.user_data_len = 1;
	KUNIT_ASSERT_EQ(test, hvb_enc_open(&w, &o), 0);
	check_wire(test, &w, HVB_MSG_OPEN, 148);
	KUNIT_EXPECT_EQ(test, w.data[28], 1);
	KUNIT_EXPECT_EQ(test, w.data[29], 0);

	o.user_data_len = 121;
	KUNIT_EXPECT_EQ(test, hvb_enc_open(&w, &o), -EINVAL);
	o.user_data_len = 4;
	o.user_data = NULL;
	KUNIT_EXPECT_EQ(test, hvb_enc_open(&w, &o), -EINVAL);
	o.user_data_len = 0;
	KUNIT_EXPECT_EQ(test, hvb_enc_open(&w, &o), 0);
	o.downstream_page = 0;
	KUNIT_EXPECT_EQ(test, hvb_enc_open(&w, &o), -EINVAL);
	o.downstream_page = 1;
	o.relid = 2048;
	KUNIT_EXPECT_EQ(test, hvb_enc_open(&w, &o), -EINVAL);
}

static void encode_small(struct kunit *test)
{
	struct hvb_wire w;

	dirty(&w);
	KUNIT_ASSERT_EQ(test, hvb_enc_close(&w, 5), 0);
	check_wire(test, &w, HVB_MSG_CLOSE, 12);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 8), 5);
	KUNIT_EXPECT_EQ(test, hvb_enc_close(&w, 0), -EINVAL);

	dirty(&w);
	KUNIT_ASSERT_EQ(test, hvb_enc_relid_released(&w, 6), 0);
	check_wire(test, &w, HVB_MSG_RELID_RELEASED, 12);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 8), 6);
	KUNIT_EXPECT_EQ(test, hvb_enc_relid_released(&w, HVB_RELID_NONE),
			-EINVAL);

	dirty(&w);
	KUNIT_ASSERT_EQ(test, hvb_enc_gpadl_teardown(&w, 7, 0xe1e11), 0);
	check_wire(test, &w, HVB_MSG_GPADL_TEARDOWN, 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 8), 7);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 12), 0xe1e11);
	KUNIT_EXPECT_EQ(test, hvb_enc_gpadl_teardown(&w, 7, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, hvb_enc_gpadl_teardown(&w, 0, 7), -EINVAL);

	dirty(&w);
	KUNIT_ASSERT_EQ(test, hvb_enc_modify(&w, HVB_V4_1, 8, 2), 0);
	check_wire(test, &w, HVB_MSG_MODIFY, 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 8), 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 12), 2);
	KUNIT_EXPECT_EQ(test, hvb_enc_modify(&w, HVB_V4_0, 8, 2), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, hvb_enc_modify(&w, HVB_V5_3, 8, U32_MAX),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, hvb_enc_modify(&w, HVB_V5_3, 0, 2), -EINVAL);

	dirty(&w);
	hvb_enc_request_offers(&w);
	check_wire(test, &w, HVB_MSG_REQUEST_OFFERS, 8);
	dirty(&w);
	hvb_enc_unload(&w);
	check_wire(test, &w, HVB_MSG_UNLOAD, 8);

	dirty(&w);
	hvb_enc_tl_connect(&w, &hvb_dev_classes[HVB_DEV_NIC].guid,
			   &hvb_dev_classes[HVB_DEV_DM].guid);
	check_wire(test, &w, HVB_MSG_TL_CONNECT, 40);
	KUNIT_EXPECT_EQ(test, w.data[8], 0x63);
	KUNIT_EXPECT_EQ(test, w.data[24], 0xdc);
}

static struct kunit_case chanmsg_cases[] = {
	KUNIT_CASE_PARAM(msg_gate_accepts, gate_gen_params),
	KUNIT_CASE(msg_gate_refuses),
	KUNIT_CASE(msg_names),
	KUNIT_CASE(msg_type),
	KUNIT_CASE(relid_range),
	KUNIT_CASE(decode_answers),
	KUNIT_CASE_PARAM(decode_hostile, answer_gen_params),
	KUNIT_CASE(decode_other_types),
	KUNIT_CASE(decode_offer),
	KUNIT_CASE_PARAM(decode_version, version_gen_params),
	KUNIT_CASE(encode_contact),
	KUNIT_CASE(encode_open),
	KUNIT_CASE(encode_small),
	{}
};

static struct kunit_suite chanmsg_suite = {
	.name = "hv_vmbus_chanmsg",
	.test_cases = chanmsg_cases,
};

kunit_test_suites(&chanmsg_suite);

MODULE_DESCRIPTION("KUnit suite for VMBus control messages");
MODULE_LICENSE("GPL");
