// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for channel offers and device classes. */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../wire/chanmsg.h"
#include "../wire/offer.h"
#include "compat.h"

/* As on the wire, written down apart from the code under test. */
#define POS_TYPE		8
#define POS_INSTANCE	24
#define POS_FLAGS	56
#define POS_MMIO		58
#define POS_USER_DEF	60
#define POS_SUB_INDEX	180
#define POS_RELID	184
#define POS_MONITOR	188
#define POS_MON_FLAGS	189
#define POS_INT_FLAGS	190
#define POS_CONN_ID	192

static const guid_t instance_a =
	GUID_INIT(0x11223344, 0x5566, 0x7788, 1, 2, 3, 4, 5, 6, 7, 8);

/* A good offer of a NIC: relid 5, monitor 33, dedicated interrupt. */
static void good_offer(u8 *m)
{
	unsigned int i;

	memset(m, 0, HVB_OFFER_LEN);
	put_unaligned_le32(HVB_MSG_OFFER, m);
	memcpy(m + POS_TYPE, &hvb_dev_classes[HVB_DEV_NIC].guid,
	       sizeof(guid_t));
	memcpy(m + POS_INSTANCE, &instance_a, sizeof(guid_t));
	put_unaligned_le16(HVB_OFFER_ENUMERATE | HVB_OFFER_MONITORED,
			   m + POS_FLAGS);
	put_unaligned_le16(0x1234, m + POS_MMIO);
	for (i = 0; i < HVB_USER_DEF_LEN; i++)
		m[POS_USER_DEF + i] = i ^ 0x5a;
	put_unaligned_le16(3, m + POS_SUB_INDEX);
	put_unaligned_le32(5, m + POS_RELID);
	m[POS_MONITOR] = 33;
	m[POS_MON_FLAGS] = 1;
	put_unaligned_le16(1, m + POS_INT_FLAGS);
	put_unaligned_le32(0x2005, m + POS_CONN_ID);
}

/* Decode from memory that ends with the message, so that sanitizers see. */
static enum hvb_reject decode(struct kunit *test, const u8 *m, u32 len,
			      struct hvb_offer *o)
{
	u8 *p = kunit_kmalloc(test, len ?: 1, GFP_KERNEL);
	enum hvb_reject why;
	struct hv_view v;

	KUNIT_ASSERT_NOT_NULL(test, p);
	memcpy(p, m, len);
	v = hv_view_of(p, len);
	why = hvb_offer_decode(&v, o);
	kunit_kfree(test, p);
	return why;
}

static void offer_good(struct kunit *test)
{
	u8 m[HVB_MSG_MAX] = {};
	struct hvb_offer o;

	good_offer(m);
	KUNIT_ASSERT_EQ(test, decode(test, m, HVB_OFFER_LEN, &o), HVB_OK);
	KUNIT_EXPECT_TRUE(test, guid_equal(&o.type,
					   &hvb_dev_classes[HVB_DEV_NIC].guid));
	KUNIT_EXPECT_TRUE(test, guid_equal(&o.instance, &instance_a));
	KUNIT_EXPECT_EQ(test, o.relid, 5);
	KUNIT_EXPECT_EQ(test, o.connection_id, 0x2005);
	KUNIT_EXPECT_EQ(test, o.flags,
			HVB_OFFER_ENUMERATE | HVB_OFFER_MONITORED);
	KUNIT_EXPECT_EQ(test, o.mmio_mb, 0x1234);
	KUNIT_EXPECT_EQ(test, o.sub_index, 3);
	KUNIT_EXPECT_TRUE(test, o.monitored);
	KUNIT_EXPECT_FALSE(test, o.monitor_bad);
	KUNIT_EXPECT_EQ(test, o.mon.group, 1);
	KUNIT_EXPECT_EQ(test, o.mon.bit, 1);
	KUNIT_EXPECT_TRUE(test, o.dedicated);
	KUNIT_EXPECT_FALSE(test, o.hvsock);
	KUNIT_EXPECT_FALSE(test, o.pipe);
	KUNIT_EXPECT_MEMEQ(test, o.user_def, m + POS_USER_DEF,
			   HVB_USER_DEF_LEN);

	/* Newer hosts may append to it. */
	KUNIT_EXPECT_EQ(test, decode(test, m, HVB_MSG_MAX, &o), HVB_OK);
}

static void offer_every_truncation(struct kunit *test)
{
	u8 m[HVB_OFFER_LEN];
	struct hvb_offer o;
	u32 len;

	good_offer(m);
	for (len = 0; len < HVB_OFFER_LEN; len++)
		KUNIT_EXPECT_EQ_MSG(test, decode(test, m, len, &o),
				    HVB_REJ_SHORT, "length %u", len);
}

struct field_case {
	const char *name;
	u32 off;
	u32 size;
	u32 value;
	enum hvb_reject why;
};

static const struct field_case fields[] = {
	{ "relid 0", POS_RELID, 4, 0, HVB_REJ_RELID },
	{ "relid 1", POS_RELID, 4, 1, HVB_OK },
	{ "relid 2047", POS_RELID, 4, 2047, HVB_OK },
	{ "relid 2048", POS_RELID, 4, 2048, HVB_REJ_RELID },
	{ "relid sign bit", POS_RELID, 4, 0x80000001, HVB_REJ_RELID },
	{ "relid none", POS_RELID, 4, HVB_RELID_NONE, HVB_REJ_RELID },
	{ "conn id 24 bits", POS_CONN_ID, 4, 0xffffff, HVB_OK },
	{ "conn id 25 bits", POS_CONN_ID, 4, 0x1000000, HVB_REJ_CONN_ID },
	{ "conn id sign", POS_CONN_ID, 4, 0x80000000, HVB_REJ_CONN_ID },
	{ "sub index 0", POS_SUB_INDEX, 2, 0, HVB_OK },
	{ "sub index max", POS_SUB_INDEX, 2, HVB_SUB_INDEX_MAX, HVB_OK },
	{ "sub index max + 1", POS_SUB_INDEX, 2, HVB_SUB_INDEX_MAX + 1,
	  HVB_REJ_SUB_INDEX },
	{ "sub index 65535", POS_SUB_INDEX, 2, 0xffff, HVB_REJ_SUB_INDEX },
	{ "socket with sub index", POS_FLAGS, 2, HVB_OFFER_TLNPI,
	  HVB_REJ_SUB_INDEX },
	{ "byte pipe", POS_USER_DEF, 4, 0, HVB_OK },
	{ "all flags but socket and pipe", POS_FLAGS, 2,
	  0xffff & ~(HVB_OFFER_TLNPI | HVB_OFFER_NAMED_PIPE), HVB_OK },
	{ "pipe, mode junk", POS_FLAGS, 2, HVB_OFFER_NAMED_PIPE,
	  HVB_REJ_PIPE_MODE },
};

KUNIT_ARRAY_PARAM_DESC(field, fields, name);

static void offer_field(struct kunit *test)
{
	const struct field_case *c = test->param_value;
	u8 m[HVB_OFFER_LEN];
	struct hvb_offer o;

	good_offer(m);
	if (c->size == 4)
		put_unaligned_le32(c->value, m + c->off);
	else
		put_unaligned_le16(c->value, m + c->off);
	KUNIT_EXPECT_EQ(test, decode(test, m, sizeof(m), &o), c->why);
}

static void offer_null_type(struct kunit *test)
{
	u8 m[HVB_OFFER_LEN];
	struct hvb_offer o;

	good_offer(m);
	memset(m + POS_TYPE, 0, sizeof(guid_t));
	KUNIT_EXPECT_EQ(test, decode(test, m, sizeof(m), &o), HVB_REJ_GUID);
}

static void offer_pipe(struct kunit *test)
{
	static const u32 modes[] = { HVB_PIPE_BYTE, HVB_PIPE_MESSAGE };
	u8 m[HVB_OFFER_LEN];
	struct hvb_offer o;
	unsigned int i;
	u32 mode;

	good_offer(m);
	put_unaligned_le16(HVB_OFFER_NAMED_PIPE, m + POS_FLAGS);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		put_unaligned_le32(modes[i], m + POS_USER_DEF);
		KUNIT_ASSERT_EQ(test, decode(test, m, sizeof(m), &o), HVB_OK);
		KUNIT_EXPECT_TRUE(test, o.pipe);
		KUNIT_EXPECT_EQ(test, o.pipe_mode, modes[i]);
	}
	for (mode = 0; mode < 16; mode++) {
		if (mode == HVB_PIPE_BYTE || mode == HVB_PIPE_MESSAGE)
			continue;
		put_unaligned_le32(mode, m + POS_USER_DEF);
		KUNIT_EXPECT_EQ(test, decode(test, m, sizeof(m), &o),
				HVB_REJ_PIPE_MODE);
	}
}

static void offer_monitor(struct kunit *test)
{
	u8 m[HVB_OFFER_LEN];
	struct hvb_offer o;
	unsigned int id;

	good_offer(m);
	for (id = 0; id <= 0xff; id++) {
		m[POS_MONITOR] = id;
		m[POS_MON_FLAGS] = 0xff;
		KUNIT_ASSERT_EQ(test, decode(test, m, sizeof(m), &o), HVB_OK);
		KUNIT_EXPECT_EQ(test, o.monitored, id < 128);
		KUNIT_EXPECT_EQ(test, o.monitor_bad, id >= 128);
		KUNIT_EXPECT_LT(test, o.mon.group, HVB_MONITOR_GROUPS);
		KUNIT_EXPECT_LT(test, o.mon.bit, HVB_MONITOR_BITS);

		m[POS_MON_FLAGS] = 0xfe;
		KUNIT_ASSERT_EQ(test, decode(test, m, sizeof(m), &o), HVB_OK);
		KUNIT_EXPECT_FALSE(test, o.monitored);
		KUNIT_EXPECT_FALSE(test, o.monitor_bad);
	}
}

static void offer_interrupt_bits(struct kunit *test)
{
	u8 m[HVB_OFFER_LEN];
	struct hvb_offer o;

	good_offer(m);
	put_unaligned_le16(0xfffe, m + POS_INT_FLAGS);
	KUNIT_ASSERT_EQ(test, decode(test, m, sizeof(m), &o), HVB_OK);
	KUNIT_EXPECT_FALSE(test, o.dedicated);
}

static void offer_socket(struct kunit *test)
{
	u8 m[HVB_OFFER_LEN];
	struct hvb_offer o;

	good_offer(m);
	put_unaligned_le16(HVB_OFFER_TLNPI, m + POS_FLAGS);
	put_unaligned_le16(0, m + POS_SUB_INDEX);
	KUNIT_ASSERT_EQ(test, decode(test, m, sizeof(m), &o), HVB_OK);
	KUNIT_EXPECT_TRUE(test, o.hvsock);
	/* An endpoint id may look like a class: it still isn't one. */
	KUNIT_EXPECT_EQ(test, hvb_dev_type(&o.type, o.hvsock),
			HVB_DEV_UNKNOWN);
	KUNIT_EXPECT_TRUE(test, hvb_offer_allowed_isolated(&o));
}

/* Whatever the bytes are, what is accepted is in range. */
static void offer_noise(struct kunit *test)
{
	u8 m[HVB_OFFER_LEN];
	struct hvb_offer o;
	u32 seed = 12345, round, i;

	for (round = 0; round < 20000; round++) {
		good_offer(m);
		for (i = 0; i < 4; i++) {
			seed = seed * 1664525 + 1013904223;
			m[(seed >> 8) % HVB_OFFER_LEN] = seed >> 24;
		}
		if (decode(test, m, sizeof(m), &o) != HVB_OK)
			continue;
		KUNIT_ASSERT_GE(test, o.relid, 1);
		KUNIT_ASSERT_LT(test, o.relid, HVB_RELID_LIMIT);
		KUNIT_ASSERT_LE(test, o.connection_id, HVB_CONN_ID_MASK);
		KUNIT_ASSERT_LE(test, o.sub_index, HVB_SUB_INDEX_MAX);
		KUNIT_ASSERT_LT(test, o.mon.group, HVB_MONITOR_GROUPS);
		KUNIT_ASSERT_LT(test, o.mon.bit, HVB_MONITOR_BITS);
		KUNIT_ASSERT_FALSE(test, guid_is_null(&o.type));
	}
}

struct class_case {
	const char *name;
	enum hvb_dev_type type;
	u8 first;	/* first byte of the GUID as on the wire */
	bool perf;
	bool isolated;
	u32 ring_size;
};

static const struct class_case classes[] = {
	{ "ide", HVB_DEV_IDE, 0x32, true, false, 0 },
	{ "scsi", HVB_DEV_SCSI, 0xd9, true, true, 0 },
	{ "fc", HVB_DEV_FC, 0x4a, true, false, 0 },
	{ "nic", HVB_DEV_NIC, 0x63, true, true, 0 },
	{ "nd", HVB_DEV_ND, 0x3d, true, false, 0 },
	{ "pci", HVB_DEV_PCIE, 0x1d, false, true, 0 },
	{ "video", HVB_DEV_FB, 0x02, false, false, 0 },
	{ "keyboard", HVB_DEV_KBD, 0x6d, false, false, 0 },
	{ "mouse", HVB_DEV_MOUSE, 0x9e, false, false, 0 },
	{ "kvp", HVB_DEV_KVP, 0xe7, false, false, 0 },
	{ "timesync", HVB_DEV_TS, 0x30, false, true, 0 },
	{ "heartbeat", HVB_DEV_HB, 0x39, false, true, 0 },
	{ "shutdown", HVB_DEV_SHUTDOWN, 0x31, false, true, 0 },
	{ "fcopy", HVB_DEV_FCOPY, 0xe3, false, false, 0x4000 },
	{ "backup", HVB_DEV_BACKUP, 0x29, false, false, 0 },
	{ "balloon", HVB_DEV_DM, 0xdc, false, false, 0 },
};

KUNIT_ARRAY_PARAM_DESC(class, classes, name);

static void device_class(struct kunit *test)
{
	const struct class_case *c = test->param_value;
	const struct hvb_dev_class *k = &hvb_dev_classes[c->type];
	struct hvb_offer o = { .type = k->guid };

	KUNIT_EXPECT_EQ(test, ((const u8 *)&k->guid)[0], c->first);
	KUNIT_EXPECT_EQ(test, (int)c->type, (int)(c - classes));
	KUNIT_EXPECT_EQ(test, hvb_dev_type(&k->guid, false), c->type);
	KUNIT_EXPECT_EQ(test, k->perf, c->perf);
	KUNIT_EXPECT_EQ(test, k->isolated, c->isolated);
	KUNIT_EXPECT_EQ(test, k->ring_size, c->ring_size);
	KUNIT_EXPECT_NOT_NULL(test, k->name);
	KUNIT_EXPECT_EQ(test, hvb_offer_allowed_isolated(&o), c->isolated);
	KUNIT_EXPECT_FALSE(test, hvb_dev_unsupported(&k->guid));
}

static void device_unknown(struct kunit *test)
{
	static const guid_t rdv = GUID_INIT(0x276aacf4, 0xac15, 0x426c,
					    0x98, 0xdd, 0x75, 0x21,
					    0xad, 0x3f, 0x01, 0xfe);
	const struct hvb_dev_class *k = &hvb_dev_classes[HVB_DEV_UNKNOWN];
	struct hvb_offer o = { .type = instance_a };

	KUNIT_EXPECT_EQ(test, hvb_dev_type(&instance_a, false),
			HVB_DEV_UNKNOWN);
	KUNIT_EXPECT_EQ(test, hvb_dev_type(&guid_null, false),
			HVB_DEV_UNKNOWN);
	KUNIT_EXPECT_FALSE(test, hvb_offer_allowed_isolated(&o));
	KUNIT_EXPECT_EQ(test, k->ring_size, 0x11000);
	KUNIT_EXPECT_FALSE(test, k->perf);
	KUNIT_EXPECT_FALSE(test, k->isolated);

	KUNIT_EXPECT_TRUE(test, hvb_dev_unsupported(&rdv));
	KUNIT_EXPECT_EQ(test, hvb_dev_type(&rdv, false), HVB_DEV_UNKNOWN);
	KUNIT_EXPECT_FALSE(test, hvb_dev_unsupported(&instance_a));
}

static struct kunit_case offer_cases[] = {
	KUNIT_CASE(offer_good),
	KUNIT_CASE(offer_every_truncation),
	KUNIT_CASE_PARAM(offer_field, field_gen_params),
	KUNIT_CASE(offer_null_type),
	KUNIT_CASE(offer_pipe),
	KUNIT_CASE(offer_monitor),
	KUNIT_CASE(offer_interrupt_bits),
	KUNIT_CASE(offer_socket),
	KUNIT_CASE(offer_noise),
	KUNIT_CASE_PARAM(device_class, class_gen_params),
	KUNIT_CASE(device_unknown),
	{}
};

static struct kunit_suite offer_suite = {
	.name = "hv_vmbus_offer",
	.test_cases = offer_cases,
};

kunit_test_suites(&offer_suite);

MODULE_DESCRIPTION("KUnit suite for channel offers");
MODULE_LICENSE("GPL");
