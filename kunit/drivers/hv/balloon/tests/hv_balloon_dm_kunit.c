// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for the dynamic memory messages on the wire.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../wire/dm.h"

#define RANGE(start, count)	((start) | (u64)(count) << 40)

/**
 * struct dm_case - a message from the host and what becomes of it
 * @name: shown when the case fails
 * @words: the packet as 32 bit words
 * @len: length of the packet in bytes
 * @ret: what hvdm_parse() returns
 * @type: type of the message, if it is accepted
 */
struct dm_case {
	const char *name;
	u32 words[8];
	u32 len;
	int ret;
	enum hvdm_type type;
};

/* First word of a header. */
#define HEAD(type, size)	((type) | (size) << 16)

static const struct dm_case dm_cases[] = {
	{ "nothing", { 0 }, 0, -EBADMSG },
	{ "half a type", { HEAD(2, 16) }, 1, -EBADMSG },
	{ "type only", { HEAD(2, 16) }, 2, -EBADMSG },
	{ "no transaction id", { HEAD(2, 16), 0 }, 7, -EBADMSG },
	{ "size 0", { HEAD(2, 0), 0, 1, 0 }, 16, -EBADMSG },
	{ "size below header", { HEAD(2, 7), 0, 1, 0 }, 16, -EBADMSG },
	{ "size above packet", { HEAD(2, 17), 0, 1, 0 }, 16, -EBADMSG },
	{ "size 65535", { HEAD(2, 0xffffu), 0, 1, 0 }, 16, -EBADMSG },
	{ "type 0", { HEAD(0, 8), 0 }, 8, -EOPNOTSUPP },
	{ "type 13", { HEAD(13, 8), 0 }, 8, -EOPNOTSUPP },
	{ "type 65535", { HEAD(0xffff, 8), 0 }, 8, -EOPNOTSUPP },
	{ "guest's version request", { HEAD(1, 16), 0, 0, 0 }, 16,
	  -EOPNOTSUPP },
	{ "guest's caps report", { HEAD(3, 16), 0, 0, 0 }, 16, -EOPNOTSUPP },
	{ "guest's status", { HEAD(5, 16), 0, 0, 0 }, 16, -EOPNOTSUPP },
	{ "guest's balloon response", { HEAD(7, 16), 0, 0, 0 }, 16,
	  -EOPNOTSUPP },
	{ "guest's unballoon response", { HEAD(9, 8), 0 }, 8, -EOPNOTSUPP },
	{ "guest's hot add response", { HEAD(11, 16), 0, 0, 0 }, 16,
	  -EOPNOTSUPP },

	{ "version", { HEAD(2, 16), 7, 1, 0 }, 16, 0, HVDM_VERSION_RESPONSE },
	{ "version, padded", { HEAD(2, 16), 7, 1, 0, 0, 0 }, 24, 0,
	  HVDM_VERSION_RESPONSE },
	{ "version without body", { HEAD(2, 8), 7 }, 8, -EBADMSG },
	{ "version, short body", { HEAD(2, 12), 7, 1 }, 12, -EBADMSG },

	{ "caps", { HEAD(4, 16), 7, 1, 0 }, 16, 0, HVDM_CAPS_RESPONSE },
	{ "caps, short body", { HEAD(4, 12), 7, 1 }, 12, -EBADMSG },

	{ "balloon", { HEAD(6, 16), 7, 99, 0 }, 16, 0, HVDM_BALLOON_REQUEST },
	{ "balloon without body", { HEAD(6, 8), 7 }, 8, -EBADMSG },

	{ "unballoon nothing", { HEAD(8, 16), 7, 0, 0 }, 16, 0,
	  HVDM_UNBALLOON_REQUEST },
	{ "unballoon without count", { HEAD(8, 12), 7, 0 }, 12, -EBADMSG },
	{ "unballoon without body", { HEAD(8, 8), 7 }, 8, -EBADMSG },
	{ "unballoon 2, 1 there", { HEAD(8, 24), 7, 0, 2, 1, 0x100 }, 24,
	  -EBADMSG },
	{ "unballoon, count -1", { HEAD(8, 24), 7, 0, ~0u, 1, 0x100 }, 24,
	  -EBADMSG },
	{ "unballoon, count * 8 wraps",
	  { HEAD(8, 24), 7, 0, 0x20000001, 1, 0x100 }, 24, -EBADMSG },
	{ "unballoon, half a range", { HEAD(8, 20), 7, 0, 1, 1 }, 20,
	  -EBADMSG },

	{ "hot add", { HEAD(10, 16), 7, 0x1000, 0x100 }, 16, 0,
	  HVDM_HOT_ADD_REQUEST },
	{ "hot add of nothing", { HEAD(10, 16), 7, 0x1000, 0 }, 16, -ERANGE },
	{ "hot add past the limit", { HEAD(10, 16), 7, ~0u, 0x2ff }, 16,
	  -ERANGE },
	{ "hot add without body", { HEAD(10, 8), 7 }, 8, -EBADMSG },
	{ "hot add, odd size", { HEAD(10, 20), 7, 0x1000, 0x100, 0, 0 }, 24,
	  -EBADMSG },
	{ "hot add, region", { HEAD(10, 24), 7, 0x1000, 0x100, 0, 0x80000 },
	  24, 0, HVDM_HOT_ADD_REQUEST },
	{ "hot add, region missing", { HEAD(10, 24), 7, 0x1000, 0x100 }, 16,
	  -EBADMSG },
	{ "hot add, region past the limit",
	  { HEAD(10, 24), 7, 0x1000, 0x100, ~0u, 0x2ff }, 24, -ERANGE },

	{ "info", { HEAD(12, 32), 7, 0, 16, 0, 8, 0x80000, 0 }, 32, 0,
	  HVDM_INFO },
	{ "info without size", { HEAD(12, 8), 7, 0 }, 12, -EBADMSG },
	{ "info size 0", { HEAD(12, 16), 7, 0, 0 }, 16, -EBADMSG },
	{ "info size past the end", { HEAD(12, 24), 7, 0, 9, 0, 8 }, 24,
	  -EBADMSG },
	{ "info size -1", { HEAD(12, 24), 7, 0, ~0u, 0, 8 }, 24, -EBADMSG },
	{ "info without data size", { HEAD(12, 20), 7, 0, 4, 0 }, 20,
	  -EBADMSG },
	{ "info, wrong data size", { HEAD(12, 32), 7, 0, 16, 0, 4, 1, 0 }, 32,
	  -EBADMSG },
	{ "info, data missing", { HEAD(12, 24), 7, 0, 8, 0, 8 }, 24,
	  -EBADMSG },
	{ "info, unknown kind", { HEAD(12, 32), 7, 0, 16, 1, 8, 1, 0 }, 32,
	  -EOPNOTSUPP },
};

/* Little endian packet of @c. */
static struct hv_view dm_packet(const struct dm_case *c, u8 *buf)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->words); i++)
		put_unaligned_le32(c->words[i], buf + 4 * i);
	return hv_view_of(buf, c->len);
}

static void dm_parse_table(struct kunit *test)
{
	u8 buf[sizeof(dm_cases[0].words)];
	struct hvdm_msg msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dm_cases); i++) {
		const struct dm_case *c = &dm_cases[i];
		struct hv_view v = dm_packet(c, buf);

		KUNIT_EXPECT_EQ_MSG(test, hvdm_parse(&v, &msg), c->ret, "%s",
				    c->name);
		if (c->ret)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, (int)msg.type, (int)c->type, "%s",
				    c->name);
		KUNIT_EXPECT_EQ_MSG(test, msg.trans_id, 7, "%s", c->name);
	}
}

/* Cutting a valid message short anywhere must be noticed, never overread. */
static void dm_parse_truncated(struct kunit *test)
{
	struct hvdm_msg msg;
	unsigned int i;
	u32 len;
	u8 *buf;

	for (i = 0; i < ARRAY_SIZE(dm_cases); i++) {
		const struct dm_case *c = &dm_cases[i];
		u8 whole[sizeof(c->words)];

		if (c->ret)
			continue;
		dm_packet(c, whole);
		for (len = 0; len < whole[2]; len++) {
			struct hv_view v;

			/* Exact allocation: lets a sanitizer see an overread */
			buf = kunit_kzalloc(test, len + !len, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, buf);
			memcpy(buf, whole, len);
			v = hv_view_of(buf, len);
			KUNIT_EXPECT_EQ_MSG(test, hvdm_parse(&v, &msg),
					    -EBADMSG, "%s, %u bytes", c->name,
					    len);
			kunit_kfree(test, buf);
		}
	}
}

static void dm_parse_answers(struct kunit *test)
{
	struct hvdm_msg msg;
	u8 buf[16] = { 2, 0, 16, 0 };
	struct hv_view v = hv_view_of(buf, sizeof(buf));

	KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
	KUNIT_EXPECT_FALSE(test, msg.version.accepted);
	/* Reserved bits mean nothing. */
	put_unaligned_le64(~1ULL, buf + 8);
	KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
	KUNIT_EXPECT_FALSE(test, msg.version.accepted);
	put_unaligned_le64(~0ULL, buf + 8);
	KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
	KUNIT_EXPECT_TRUE(test, msg.version.accepted);

	buf[0] = HVDM_CAPS_RESPONSE;
	put_unaligned_le64(6, buf + 8);
	KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
	KUNIT_EXPECT_FALSE(test, msg.caps.accepted);
	KUNIT_EXPECT_EQ(test, msg.caps.flags, 6);
	put_unaligned_le64(7, buf + 8);
	KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
	KUNIT_EXPECT_TRUE(test, msg.caps.accepted);
	KUNIT_EXPECT_EQ(test, msg.caps.flags, 7);
}

static void dm_parse_values(struct kunit *test)
{
	struct hvdm_msg msg;
	u8 buf[32] = { HVDM_BALLOON_REQUEST, 0, 16, 0 };
	struct hv_view v = hv_view_of(buf, 16);

	put_unaligned_le32(0xfedcba98, buf + 8);
	KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
	KUNIT_EXPECT_EQ(test, msg.balloon.num_pages, 0xfedcba98);

	buf[0] = HVDM_HOT_ADD_REQUEST;
	put_unaligned_le64(RANGE(0x123456789aULL, 0x654321), buf + 8);
	KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
	KUNIT_EXPECT_EQ(test, msg.hot_add.pages.start, 0x123456789aULL);
	KUNIT_EXPECT_EQ(test, msg.hot_add.pages.count, 0x654321);
	KUNIT_EXPECT_FALSE(test, msg.hot_add.has_region);

	v = hv_view_of(buf, 24);
	buf[2] = 24;
	put_unaligned_le64(RANGE(0x1200000000ULL, 0xffffff), buf + 16);
	KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
	KUNIT_EXPECT_TRUE(test, msg.hot_add.has_region);
	KUNIT_EXPECT_EQ(test, msg.hot_add.region.start, 0x1200000000ULL);
	KUNIT_EXPECT_EQ(test, msg.hot_add.region.count, 0xffffff);
	/* An empty region is no region. */
	put_unaligned_le64(RANGE(0x1200000000ULL, 0), buf + 16);
	KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
	KUNIT_EXPECT_FALSE(test, msg.hot_add.has_region);

	memset(buf, 0, sizeof(buf));
	v = hv_view_of(buf, 32);
	buf[0] = HVDM_INFO;
	buf[2] = 32;
	put_unaligned_le32(16, buf + 12);
	put_unaligned_le32(8, buf + 20);
	put_unaligned_le64(0x1122334455667788ULL, buf + 24);
	KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
	KUNIT_EXPECT_EQ(test, msg.info.kind, HVDM_INFO_MAX_PAGES);
	KUNIT_EXPECT_EQ(test, msg.info.max_pages, 0x1122334455667788ULL);
}

/* Fills @buf with an unballoon request of @nr ranges. */
static struct hv_view dm_unballoon(u8 *buf, u32 nr, u32 flags)
{
	u32 i, len = HVDM_RANGES_OFFSET + 8 * nr;

	memset(buf, 0, HVDM_RANGES_OFFSET);
	buf[0] = HVDM_UNBALLOON_REQUEST;
	put_unaligned_le16(len, buf + 2);
	put_unaligned_le32(flags, buf + 8);
	put_unaligned_le32(nr, buf + 12);
	for (i = 0; i < nr; i++)
		put_unaligned_le64(RANGE(0x1000ULL * i, i + 1),
				   buf + HVDM_RANGES_OFFSET + 8 * i);
	return hv_view_of(buf, len);
}

static void dm_unballoon_walk(struct kunit *test)
{
	static const u32 counts[] = { 0, 1, 2, 17, HVDM_RANGES_MAX };
	u8 *buf = kunit_kzalloc(test, HVDM_MSG_MAX + 8, GFP_KERNEL);
	struct hvdm_range range;
	struct hvdm_msg msg;
	struct hv_view v;
	unsigned int i;
	u32 n;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		v = dm_unballoon(buf, counts[i], i & 1 ? ~0u : ~1u);
		KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
		KUNIT_EXPECT_EQ(test, msg.unballoon.more, !!(i & 1));
		KUNIT_EXPECT_EQ(test, msg.unballoon.nr, counts[i]);
		for (n = 0; n < counts[i]; n++) {
			KUNIT_ASSERT_EQ(test,
					hvdm_ranges_next(&msg.unballoon.ranges,
							 &range), 0);
			KUNIT_EXPECT_EQ(test, range.start, 0x1000ULL * n);
			KUNIT_EXPECT_EQ(test, range.count, n + 1);
		}
		KUNIT_EXPECT_EQ(test, hvdm_ranges_next(&msg.unballoon.ranges,
						       &range), -ENOENT);
	}

	/* One more than fits into a message, although the bytes are there. */
	v = dm_unballoon(buf, HVDM_RANGES_MAX + 1, 0);
	KUNIT_EXPECT_EQ(test, hvdm_parse(&v, &msg), -EBADMSG);
}

static void dm_unballoon_bad_range(struct kunit *test)
{
	static const struct {
		u64 start;
		u32 count;
		int ret;
	} ranges[] = {
		{ 0, 1, 0 },
		{ 0, 0, -ERANGE },
		{ HVDM_PFN_LIMIT - 1, 1, 0 },
		{ HVDM_PFN_LIMIT - 1, 2, -ERANGE },
		{ HVDM_PFN_LIMIT - HVDM_RANGE_PAGES_MAX,
		  HVDM_RANGE_PAGES_MAX, 0 },
		{ HVDM_PFN_LIMIT - HVDM_RANGE_PAGES_MAX + 1,
		  HVDM_RANGE_PAGES_MAX, -ERANGE },
	};
	struct hvdm_range range;
	struct hvdm_msg msg;
	unsigned int i;
	u8 buf[24];

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct hv_view v = dm_unballoon(buf, 1, 0);

		put_unaligned_le64(RANGE(ranges[i].start, ranges[i].count),
				   buf + HVDM_RANGES_OFFSET);
		KUNIT_ASSERT_EQ(test, hvdm_parse(&v, &msg), 0);
		KUNIT_EXPECT_EQ_MSG(test,
				    hvdm_ranges_next(&msg.unballoon.ranges,
						     &range),
				    ranges[i].ret, "range %u", i);
	}
}

static void dm_expect_bytes(struct kunit *test, const u8 *got, int len,
			    const u8 *want, size_t want_len)
{
	KUNIT_ASSERT_EQ(test, len, (int)want_len);
	KUNIT_EXPECT_EQ(test, memcmp(got, want, want_len), 0);
}

static void dm_put_messages(struct kunit *test)
{
	static const struct hvdm_status status = { 0x0102030405060708ULL, 9 };
	static const struct hvdm_caps caps = { true, true, 7 };
	static const u8 version[] = {
		1, 0, 16, 0, 4, 3, 2, 1, 0, 0, 2, 0, 0, 0, 0, 0 };
	static const u8 version_last[] = {
		1, 0, 16, 0, 4, 3, 2, 1, 3, 0, 0, 0, 1, 0, 0, 0 };
	static const u8 capabilities[] = {
		3, 0, 32, 0, 5, 0, 0, 0, 0x1f, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
		255, 255, 255, 255, 255, 255, 255, 255 };
	static const u8 report[48] = {
		5, 0, 48, 0, 6, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 9 };
	static const u8 unballoon[] = { 9, 0, 8, 0, 7, 0, 0, 0 };
	static const u8 hot_add[] = {
		11, 0, 16, 0, 8, 0, 0, 0, 0, 0x80, 0, 0, 1, 0, 0, 0 };
	u8 buf[48];
	int len;

	memset(buf, 0xaa, sizeof(buf));
	len = hvdm_put_version_request(buf, sizeof(buf), 0x01020304,
				       HVDM_VERSION_2_0, false);
	dm_expect_bytes(test, buf, len, version, sizeof(version));
	len = hvdm_put_version_request(buf, sizeof(buf), 0x01020304,
				       HVDM_VERSION_0_3, true);
	dm_expect_bytes(test, buf, len, version_last, sizeof(version_last));
	memset(buf, 0xaa, sizeof(buf));
	len = hvdm_put_caps(buf, sizeof(buf), 5, &caps);
	dm_expect_bytes(test, buf, len, capabilities, sizeof(capabilities));
	memset(buf, 0xaa, sizeof(buf));
	len = hvdm_put_status(buf, sizeof(buf), 6, &status);
	dm_expect_bytes(test, buf, len, report, sizeof(report));
	len = hvdm_put_unballoon_response(buf, sizeof(buf), 7);
	dm_expect_bytes(test, buf, len, unballoon, sizeof(unballoon));
	memset(buf, 0xaa, sizeof(buf));
	len = hvdm_put_hot_add_response(buf, sizeof(buf), 8, 0x8000, true);
	dm_expect_bytes(test, buf, len, hot_add, sizeof(hot_add));
	hvdm_put_hot_add_response(buf, sizeof(buf), 8, 0x8000, false);
	KUNIT_EXPECT_EQ(test, buf[12], 0);
}

static void dm_put_limits(struct kunit *test)
{
	static const struct hvdm_caps none = { false, false, 0 };
	static const struct hvdm_caps wide = { false, false, 15 };
	static const struct hvdm_caps wider = { false, false, 16 };
	static const struct hvdm_status status = { 1, 2 };
	u8 buf[32] = { 0xaa };

	KUNIT_EXPECT_EQ(test, hvdm_put_version_request(buf, 15, 1, 1, false),
			-ENOSPC);
	KUNIT_EXPECT_EQ(test, hvdm_put_caps(buf, 31, 1, &none), -ENOSPC);
	KUNIT_EXPECT_EQ(test, hvdm_put_status(buf, 32, 1, &status), -ENOSPC);
	KUNIT_EXPECT_EQ(test, hvdm_put_unballoon_response(buf, 7, 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, hvdm_put_hot_add_response(buf, 15, 1, 1, true),
			-ENOSPC);
	KUNIT_EXPECT_EQ(test, buf[0], 0xaa);

	KUNIT_EXPECT_EQ(test, hvdm_put_caps(buf, 32, 1, &none), 32);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(buf + 8), 0);
	KUNIT_EXPECT_EQ(test, hvdm_put_caps(buf, 32, 1, &wide), 32);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(buf + 8), 15 << 2);
	KUNIT_EXPECT_EQ(test, hvdm_put_caps(buf, 32, 1, &wider), -EINVAL);
}

static void dm_response(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, HVDM_MSG_MAX, GFP_KERNEL);
	struct hvdm_ranges it;
	struct hvdm_range range;
	struct hvdm_resp resp;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memset(buf, 0xaa, HVDM_MSG_MAX);
	hvdm_resp_init(&resp, buf);
	KUNIT_EXPECT_EQ(test, hvdm_resp_finish(&resp, 3, false), 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(buf), 0x300100007ULL);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(buf + 8), 0);

	KUNIT_EXPECT_EQ(test, hvdm_resp_add(&resp, 1, 0), -ERANGE);
	KUNIT_EXPECT_EQ(test, hvdm_resp_add(&resp, 1, 1 << 24), -ERANGE);
	KUNIT_EXPECT_EQ(test, hvdm_resp_add(&resp, HVDM_PFN_LIMIT, 1), -ERANGE);
	KUNIT_EXPECT_EQ(test, hvdm_resp_add(&resp, HVDM_PFN_LIMIT - 1, 2),
			-ERANGE);
	KUNIT_EXPECT_EQ(test, resp.nr, 0);

	for (i = 0; i < HVDM_RANGES_MAX; i++)
		KUNIT_ASSERT_EQ(test, hvdm_resp_add(&resp, 512 * i, 512), 0);
	KUNIT_EXPECT_EQ(test, HVDM_RANGES_MAX, 510);
	KUNIT_EXPECT_EQ(test, hvdm_resp_add(&resp, 1, 1), -ENOSPC);

	/* Twice: a response may be sent again. */
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, hvdm_resp_finish(&resp, 4 + i, !i),
				HVDM_MSG_MAX);
		KUNIT_EXPECT_EQ(test, get_unaligned_le16(buf + 2),
				HVDM_MSG_MAX);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(buf + 4), 4 + i);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(buf + 8), 0);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(buf + 12),
				2 * HVDM_RANGES_MAX + (i ? 0 : 1));
	}

	hvdm_resp_ranges(&resp, &it);
	for (i = 0; !hvdm_ranges_next(&it, &range); i++) {
		KUNIT_EXPECT_EQ(test, range.start, 512 * i);
		KUNIT_EXPECT_EQ(test, range.count, 512);
	}
	KUNIT_EXPECT_EQ(test, i, HVDM_RANGES_MAX);
}

static struct kunit_case hv_balloon_dm_cases[] = {
	KUNIT_CASE(dm_parse_table),
	KUNIT_CASE(dm_parse_truncated),
	KUNIT_CASE(dm_parse_answers),
	KUNIT_CASE(dm_parse_values),
	KUNIT_CASE(dm_unballoon_walk),
	KUNIT_CASE(dm_unballoon_bad_range),
	KUNIT_CASE(dm_put_messages),
	KUNIT_CASE(dm_put_limits),
	KUNIT_CASE(dm_response),
	{}
};

static struct kunit_suite hv_balloon_dm_suite = {
	.name = "hv_balloon_dm",
	.test_cases = hv_balloon_dm_cases,
};

kunit_test_suites(&hv_balloon_dm_suite);

MODULE_DESCRIPTION("KUnit suite for Hyper-V dynamic memory messages");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_LICENSE("GPL");
