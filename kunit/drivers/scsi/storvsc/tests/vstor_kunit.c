// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for storage messages. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../wire/vstor.h"

#define GUARD	8
#define FILL	0xee

/* A packet that may be written in place, with something to trip over. */
struct pkt {
	u8 bytes[STV_PKT_LEN] __aligned(8);
	u8 guard[GUARD];
};

static void pkt_init(struct pkt *p, u8 fill)
{
	memset(p->bytes, fill, sizeof(p->bytes));
	memset(p->guard, FILL, sizeof(p->guard));
}

static void expect_guard(struct kunit *test, const struct pkt *p)
{
	unsigned int i;

	for (i = 0; i < GUARD; i++)
		KUNIT_EXPECT_EQ(test, p->guard[i], FILL);
}

/* Checks the four bytes at @off and clears them. */
static void take32(struct kunit *test, struct pkt *p, u32 off, u32 val)
{
	KUNIT_EXPECT_EQ_MSG(test, get_unaligned_le32(p->bytes + off), val,
			    "offset %u", off);
	put_unaligned_le32(0, p->bytes + off);
}

static void expect_zero(struct kunit *test, const struct pkt *p)
{
	unsigned int i;

	for (i = 0; i < STV_PKT_LEN; i++)
		KUNIT_EXPECT_EQ_MSG(test, p->bytes[i], 0, "offset %u", i);
	expect_guard(test, p);
}

static void vstor_requests(struct kunit *test)
{
	static const enum stv_op ops[] = {
		STV_OP_RESET_BUS, STV_OP_BEGIN_INIT, STV_OP_END_INIT,
		STV_OP_QUERY_PROPERTIES, STV_OP_FCHBA_DATA,
	};
	static const u32 numbers[] = { 6, 7, 8, 10, 12 };
	struct pkt p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		pkt_init(&p, FILL);
		stv_put_request(p.bytes, ops[i]);
		take32(test, &p, 0, numbers[i]);
		take32(test, &p, 4, 1);
		expect_zero(test, &p);
	}
}

static void vstor_version(struct kunit *test)
{
	static const u16 versions[] = {
		STV_VERSION_6_2, STV_VERSION_6_0, STV_VERSION_5_1,
	};
	static const u32 numbers[] = { 0x0602, 0x0600, 0x0501 };
	struct pkt p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		pkt_init(&p, FILL);
		stv_put_version(p.bytes, versions[i]);
		take32(test, &p, 0, 9);
		take32(test, &p, 4, 1);
		/* The upper half is a revision that guests leave at 0. */
		take32(test, &p, 12, numbers[i]);
		expect_zero(test, &p);
	}
}

static void vstor_sub_channels(struct kunit *test)
{
	static const u16 counts[] = { 1, 7, 0x1234, 0xffff };
	struct pkt p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		pkt_init(&p, FILL);
		stv_put_sub_channels(p.bytes, counts[i]);
		take32(test, &p, 0, 13);
		take32(test, &p, 4, 1);
		take32(test, &p, 12, counts[i]);
		expect_zero(test, &p);
	}
}

/* A READ(10) of 8 KiB as the bytes of the protocol, by hand. */
static void vstor_srb_golden(struct kunit *test)
{
	static const u8 cdb[STV_CDB_MAX] = {
		0x28, 0, 0x11, 0x22, 0x33, 0x44, 0, 0, 0x10, 0,
	};
	static const u8 want[STV_PKT_LEN] = {
		3, 0, 0, 0,		/* execute SRB */
		1, 0, 0, 0,		/* completion wanted */
		0, 0, 0, 0,		/* status */
		52, 0,			/* length of the SRB */
		0, 0,			/* SRB and SCSI status */
		2, 1, 3, 9,		/* port, path, target, LUN */
		10, 20, 1, 0,		/* CDB, sense, data in, reserved */
		0x00, 0x20, 0, 0,	/* data length */
		0x28, 0, 0x11, 0x22, 0x33, 0x44, 0, 0,
		0x10, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0,		/* rest of the sense data */
		0, 0, 0xff, 0x20,	/* reserved, tag, action */
		0x4a, 0x01, 0, 0,	/* flags */
		60, 0, 0, 0,		/* time-out */
		0, 0, 0, 0,		/* sort key */
	};
	static const struct stv_addr addr = {
		.port = 2, .path = 1, .target = 3, .lun = 9,
	};
	struct stv_cmd cmd = {
		.cdb = cdb, .data_len = 8192, .cdb_len = 10,
		.dir = STV_DIR_IN,
	};
	struct stv_tmpl tmpl;
	struct pkt p;

	stv_tmpl_init(&tmpl, &addr, true);
	pkt_init(&p, FILL);
	stv_put_srb(p.bytes, &tmpl, &cmd);
	KUNIT_EXPECT_MEMEQ(test, p.bytes, want, STV_PKT_LEN);
	expect_guard(test, &p);
}

static void vstor_srb_variants(struct kunit *test)
{
	static const struct {
		enum stv_dir dir;
		bool tagged;
		u32 flags;
		u32 queue;
		u8 data_in;
	} cases[] = {
		{ STV_DIR_OUT, true, 0x18a, 0x20ff0000, 0 },
		{ STV_DIR_IN, true, 0x14a, 0x20ff0000, 1 },
		{ STV_DIR_NONE, true, 0x10a, 0x20ff0000, 2 },
		{ STV_DIR_OUT, false, 0x88, 0, 0 },
		{ STV_DIR_IN, false, 0x48, 0, 1 },
		{ STV_DIR_NONE, false, 0x08, 0, 2 },
	};
	static const u8 cdb[STV_CDB_MAX] = {};
	static const struct stv_addr addr = {
		.port = 0xff, .path = 0xff, .target = 0xff, .lun = 0xff,
	};
	struct stv_tmpl tmpl;
	struct pkt p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stv_cmd cmd = {
			.cdb = cdb, .data_len = U32_MAX, .cdb_len = 6,
			.dir = cases[i].dir,
		};

		stv_tmpl_init(&tmpl, &addr, cases[i].tagged);
		pkt_init(&p, FILL);
		stv_put_srb(p.bytes, &tmpl, &cmd);
		KUNIT_EXPECT_EQ(test, p.bytes[22], cases[i].data_in);
		take32(test, &p, 0, 3);
		take32(test, &p, 4, 1);
		take32(test, &p, 12, 52);
		take32(test, &p, 16, U32_MAX);
		take32(test, &p, 20, 0x1406 | cases[i].data_in << 16);
		take32(test, &p, 24, U32_MAX);
		take32(test, &p, 48, cases[i].queue);
		take32(test, &p, 52, cases[i].flags);
		take32(test, &p, 56, 60);
		expect_zero(test, &p);
	}
}

/* Each byte of the packet is written, and every byte of the CDB gets there. */
static void vstor_srb_cdb(struct kunit *test)
{
	static const struct stv_addr addr = {};
	u8 cdb[STV_CDB_MAX];
	struct stv_tmpl tmpl;
	struct pkt a, b;
	unsigned int len, i;

	stv_tmpl_init(&tmpl, &addr, true);
	for (len = 0; len <= STV_CDB_MAX; len++) {
		struct stv_cmd cmd = {
			.cdb = cdb, .cdb_len = len, .dir = STV_DIR_NONE,
		};

		for (i = 0; i < sizeof(cdb); i++)
			cdb[i] = i < len ? 0xff - 2 * i : 0;
		pkt_init(&a, 0);
		pkt_init(&b, 0xff);
		stv_put_srb(a.bytes, &tmpl, &cmd);
		stv_put_srb(b.bytes, &tmpl, &cmd);
		KUNIT_EXPECT_MEMEQ(test, a.bytes, b.bytes, STV_PKT_LEN);
		KUNIT_EXPECT_EQ(test, a.bytes[20], len);
		KUNIT_EXPECT_MEMEQ(test, a.bytes + 28, cdb, STV_CDB_MAX);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(a.bytes + 44), 0);
	}
}

static void vstor_range(struct kunit *test)
{
	static const u8 want[] = {
		0, 0, 0, 0, 1, 0, 0, 0, 0x78, 0x56, 0x34, 0x12, 0xff, 0x0f,
		0, 0, 0xf0, 0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};
	u8 buf[sizeof(want) + GUARD] __aligned(8);
	unsigned int i;

	memset(buf, FILL, sizeof(buf));
	stv_put_range(buf, 0xfff, 0x12345678);
	stv_put_pfn(buf, 0, 0x123456789abcdef0ULL);
	stv_put_pfn(buf, 1, ~0ULL);
	KUNIT_EXPECT_MEMEQ(test, buf, want, sizeof(want));
	for (i = sizeof(want); i < sizeof(buf); i++)
		KUNIT_EXPECT_EQ(test, buf[i], FILL);
	KUNIT_EXPECT_EQ(test, stv_range_size(0), 16);
	KUNIT_EXPECT_EQ(test, stv_range_size(2), sizeof(want));
	KUNIT_EXPECT_EQ(test, stv_range_size(4097), 16 + 4097 * 8);
}

static void vstor_range_pfns(struct kunit *test)
{
	static const struct {
		u32 offset, len, pfns;
	} cases[] = {
		{ 0, 0, 0 }, { 0, 1, 1 }, { 0, 4096, 1 }, { 0, 4097, 2 },
		{ 4095, 1, 1 }, { 4095, 2, 2 }, { 512, 4096, 2 },
		{ 512, 3584, 1 }, { 0, 16 << 20, 4096 },
		{ 4095, 16 << 20, 4097 },
		{ 4095, U32_MAX - 8192, (1 << 20) - 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, stv_range_pfns(cases[i].offset,
							 cases[i].len),
				    cases[i].pfns, "case %u", i);
}

/* A completion in which every byte is another one. */
static void fill_comp(u8 *buf)
{
	unsigned int i;

	for (i = 0; i < STV_PKT_LEN; i++)
		buf[i] = i + 1;
	put_unaligned_le32(STV_OP_COMPLETE_IO, buf);
	buf[STV_OFF_SENSE_LEN] = 18;
}

static void vstor_comp(struct kunit *test)
{
	u8 buf[STV_PKT_LEN + GUARD];
	struct stv_comp comp;
	struct hv_view v;
	u32 op;
	unsigned int len;

	fill_comp(buf);
	for (len = 0; len <= sizeof(buf); len++) {
		v = hv_view_of(buf, len);
		memset(&comp, FILL, sizeof(comp));
		KUNIT_EXPECT_EQ(test, stv_parse_op(&v, &op),
				len < 4 ? -EBADMSG : 0);
		stv_parse_comp(&v, &comp);
		if (len >= STV_PKT_LEN)
			continue;
		/* No success, and nothing that was not there. */
		KUNIT_EXPECT_EQ(test, comp.srb_status, 0);
		KUNIT_EXPECT_EQ(test, comp.scsi_status, 0);
		KUNIT_EXPECT_EQ(test, comp.data_len, 0);
		KUNIT_EXPECT_EQ(test, comp.sense.len, 0);
	}
	KUNIT_EXPECT_EQ(test, op, 1);
	KUNIT_EXPECT_EQ(test, comp.status, 0x0c0b0a09);
	KUNIT_EXPECT_EQ(test, comp.srb_status, 15);
	KUNIT_EXPECT_EQ(test, comp.scsi_status, 16);
	KUNIT_EXPECT_EQ(test, comp.data_len, 0x1c1b1a19);
	KUNIT_EXPECT_PTR_EQ(test, comp.sense.p, (const u8 *)buf + 28);
	KUNIT_EXPECT_EQ(test, comp.sense.len, 18);
}

static void vstor_comp_sense_len(struct kunit *test)
{
	u8 buf[STV_PKT_LEN];
	struct hv_view v = hv_view_of(buf, sizeof(buf));
	struct stv_comp comp;
	unsigned int len;

	fill_comp(buf);
	for (len = 0; len <= 0xff; len++) {
		buf[STV_OFF_SENSE_LEN] = len;
		stv_parse_comp(&v, &comp);
		KUNIT_EXPECT_EQ(test, comp.sense.len, min(len, 20U));
	}
}

static void vstor_reply(struct kunit *test)
{
	u8 buf[STV_PKT_LEN + GUARD];
	struct stv_reply reply = { .op = 77, .status = 88 };
	struct hv_view v;
	unsigned int len;

	fill_comp(buf);
	put_unaligned_le32(0xc0000059, buf + STV_OFF_STATUS);
	for (len = 0; len <= sizeof(buf); len++) {
		v = hv_view_of(buf, len);
		KUNIT_EXPECT_EQ_MSG(test, stv_parse_reply(&v, &reply),
				    len < STV_PKT_LEN ? -EBADMSG : 0,
				    "length %u", len);
		if (len < STV_PKT_LEN) {
			KUNIT_EXPECT_EQ(test, reply.op, 77);
			KUNIT_EXPECT_EQ(test, reply.status, 88);
		}
	}
	KUNIT_EXPECT_EQ(test, reply.op, 1);
	KUNIT_EXPECT_EQ(test, reply.status, 0xc0000059);
}

static void vstor_props(struct kunit *test)
{
	u8 buf[STV_PKT_LEN];
	struct stv_props props = { .max_channels = 77 };
	struct hv_view v;
	unsigned int len;

	fill_comp(buf);
	put_unaligned_le16(0x1234, buf + 16);
	put_unaligned_le32(0x80000001, buf + 20);
	put_unaligned_le32(0x00800000, buf + 24);
	for (len = 0; len <= sizeof(buf); len++) {
		v = hv_view_of(buf, len);
		KUNIT_EXPECT_EQ_MSG(test, stv_parse_props(&v, &props),
				    len < 28 ? -EBADMSG : 0, "length %u", len);
		if (len < 28)
			KUNIT_EXPECT_EQ(test, props.max_channels, 77);
	}
	KUNIT_EXPECT_EQ(test, props.max_channels, 0x1234);
	KUNIT_EXPECT_EQ(test, props.flags, 0x80000001);
	KUNIT_EXPECT_EQ(test, props.max_transfer, 0x00800000);
}

static void fill_wwn(u8 *buf, u8 primary)
{
	memset(buf, 0, STV_PKT_LEN);
	put_unaligned_le32(STV_OP_FCHBA_DATA, buf);
	buf[12] = primary;
	put_unaligned_be64(0xc003ff0000000001ULL, buf + 16);
	put_unaligned_be64(0xc003ff0000000002ULL, buf + 24);
	put_unaligned_be64(0xc003ff0000000003ULL, buf + 32);
	put_unaligned_be64(0xc003ff0000000004ULL, buf + 40);
}

static void vstor_wwn(struct kunit *test)
{
	static const u8 active[] = { 0, 1, 2, 0xff };
	u8 buf[STV_PKT_LEN];
	struct stv_wwn wwn;
	struct hv_view v;
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(active); i++) {
		fill_wwn(buf, active[i]);
		for (len = 0; len <= sizeof(buf); len++) {
			v = hv_view_of(buf, len);
			wwn = (struct stv_wwn) { .node = 77, .port = 88 };
			KUNIT_EXPECT_EQ_MSG(test, stv_parse_wwn(&v, &wwn),
					    len < 48 ? -EBADMSG : 0,
					    "length %u", len);
			if (len < 48)
				KUNIT_EXPECT_EQ(test, wwn.node, 77);
		}
		KUNIT_EXPECT_EQ(test, wwn.port, active[i] ?
				0xc003ff0000000001ULL : 0xc003ff0000000003ULL);
		KUNIT_EXPECT_EQ(test, wwn.node, active[i] ?
				0xc003ff0000000002ULL : 0xc003ff0000000004ULL);
	}
}

/* Every operation that a host could name, at every length. */
static void vstor_notice(struct kunit *test)
{
	static const u32 ops[] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0x102,
		0x8000000b, U32_MAX,
	};
	u8 buf[STV_PKT_LEN];
	struct stv_notice notice;
	struct hv_view v;
	unsigned int i, len;
	int want;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		fill_wwn(buf, 1);
		put_unaligned_le32(ops[i], buf);
		for (len = 0; len <= sizeof(buf); len++) {
			v = hv_view_of(buf, len);
			want = -EPROTO;
			if (ops[i] == 2 || ops[i] == 11)
				want = 0;
			else if (ops[i] == 12)
				want = len < 48 ? -EBADMSG : 0;
			if (len < 4)
				want = -EBADMSG;
			KUNIT_EXPECT_EQ_MSG(test,
					    stv_parse_notice(&v, &notice),
					    want, "operation %u, length %u",
					    ops[i], len);
			if (want)
				continue;
			KUNIT_EXPECT_EQ(test, (int)notice.kind,
					(int)(ops[i] == 12 ? STV_NOTICE_WWN :
							     STV_NOTICE_BUS));
			KUNIT_EXPECT_EQ(test, notice.wwn.port, ops[i] == 12 ?
					0xc003ff0000000001ULL : 0);
		}
	}
}

static struct kunit_case vstor_cases[] = {
	KUNIT_CASE(vstor_requests),
	KUNIT_CASE(vstor_version),
	KUNIT_CASE(vstor_sub_channels),
	KUNIT_CASE(vstor_srb_golden),
	KUNIT_CASE(vstor_srb_variants),
	KUNIT_CASE(vstor_srb_cdb),
	KUNIT_CASE(vstor_range),
	KUNIT_CASE(vstor_range_pfns),
	KUNIT_CASE(vstor_comp),
	KUNIT_CASE(vstor_comp_sense_len),
	KUNIT_CASE(vstor_reply),
	KUNIT_CASE(vstor_props),
	KUNIT_CASE(vstor_wwn),
	KUNIT_CASE(vstor_notice),
	{}
};

static struct kunit_suite vstor_suite = {
	.name = "hv_storvsc_vstor",
	.test_cases = vstor_cases,
};

kunit_test_suites(&vstor_suite);

MODULE_DESCRIPTION("KUnit suite for Hyper-V storage messages");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_LICENSE("GPL");
