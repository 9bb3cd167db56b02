// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for <linux/hyperv/view.h>: no access leaves the view, whatever
 * offset and length the host names.
 */
#include <kunit/test.h>
#include <linux/hyperv/view.h>
#include <linux/limits.h>
#include <linux/slab.h>

#include "compat.h"

/* What outputs hold before an access, and after one that failed. */
#define POISON8		0xee
#define POISON16	0xeeee
#define POISON32	0xeeeeeeee
#define POISON64	0xeeeeeeeeeeeeeeeeULL

static const u8 bytes[16] = {
	0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
	0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
};

/* A view whose memory ends where it does, so that KASAN and ASan see more. */
static struct hv_view tight(struct kunit *test, u32 len)
{
	u8 *p = kunit_kmalloc(test, len ?: 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	memcpy(p, bytes, len);
	return hv_view_of(p, len);
}

struct range_case {
	const char *name;
	u32 view_len;
	u32 off;
	u32 len;
	bool inside;
};

static const struct range_case ranges[] = {
	{ "all", 16, 0, 16, true },
	{ "first byte", 16, 0, 1, true },
	{ "last byte", 16, 15, 1, true },
	{ "nothing at the end", 16, 16, 0, true },
	{ "nothing of nothing", 0, 0, 0, true },
	{ "one too long", 16, 0, 17, false },
	{ "one beyond", 16, 16, 1, false },
	{ "nothing beyond the end", 16, 17, 0, false },
	{ "tail too long", 16, 12, 5, false },
	{ "byte of nothing", 0, 0, 1, false },
	{ "offset at the limit", 16, U32_MAX, 1, false },
	{ "length at the limit", 16, 1, U32_MAX, false },
	{ "sum wraps to 0", 16, U32_MAX, 1, false },
	{ "sum wraps into the view", 16, 8, U32_MAX - 3, false },
	{ "both at the limit", 16, U32_MAX, U32_MAX, false },
	{ "sign bit", 16, 0x80000000, 0x80000000, false },
};

KUNIT_ARRAY_PARAM_DESC(range, ranges, name);

static void view_range(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	struct hv_view v = tight(test, c->view_len);
	struct hv_view sub = hv_view_of(bytes, 3);
	int want = c->inside ? 0 : -EBADMSG;
	u8 buf[16];

	KUNIT_EXPECT_EQ(test, hv_view_has(&v, c->off, c->len), c->inside);
	KUNIT_EXPECT_EQ(test, hv_view_sub(&v, c->off, c->len, &sub), want);
	if (c->inside) {
		KUNIT_EXPECT_EQ(test, sub.len, c->len);
		KUNIT_EXPECT_PTR_EQ(test, sub.p, v.p + c->off);
	} else {
		KUNIT_EXPECT_PTR_EQ(test, sub.p, &bytes[0]);
		KUNIT_EXPECT_EQ(test, sub.len, 3);
	}

	memset(buf, 0x5a, sizeof(buf));
	KUNIT_EXPECT_EQ(test, hv_view_copy(&v, c->off, buf, c->len), want);
	if (!c->inside)
		KUNIT_EXPECT_EQ(test, buf[0], 0x5a);
	else if (c->len)
		KUNIT_EXPECT_MEMEQ(test, buf, bytes + c->off, c->len);
}

struct int_case {
	const char *name;
	u32 off;
	unsigned int fits;	/* in bytes: 1, 2, 4, 8 or 0 for none */
	u64 le;			/* eight bytes from off on */
};

static const struct int_case ints[] = {
	{ "start", 0, 8, 0x7766554433221100ULL },
	{ "unaligned", 3, 8, 0xaa99887766554433ULL },
	{ "last eight", 8, 8, 0xffeeddccbbaa9988ULL },
	{ "seven left", 9, 4, 0x00ffeeddccbbaa99ULL },
	{ "last four", 12, 4, 0xffeeddcc },
	{ "three left", 13, 2, 0xffeedd },
	{ "last two", 14, 2, 0xffee },
	{ "last one", 15, 1, 0xff },
	{ "end", 16, 0, 0 },
	{ "beyond", 17, 0, 0 },
	{ "limit", U32_MAX, 0, 0 },
	{ "limit minus 7", U32_MAX - 7, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(int, ints, name);

static void view_int(struct kunit *test)
{
	const struct int_case *c = test->param_value;
	struct hv_view v = tight(test, 16);
	u64 v64 = POISON64;
	u32 v32 = POISON32;
	u16 v16 = POISON16;
	u8 v8 = POISON8;

	KUNIT_EXPECT_EQ(test, hv_view_u8(&v, c->off, &v8),
			c->fits >= 1 ? 0 : -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_view_le16(&v, c->off, &v16),
			c->fits >= 2 ? 0 : -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_view_le32(&v, c->off, &v32),
			c->fits >= 4 ? 0 : -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_view_le64(&v, c->off, &v64),
			c->fits >= 8 ? 0 : -EBADMSG);

	KUNIT_EXPECT_EQ(test, v8, c->fits >= 1 ? (u8)c->le : POISON8);
	KUNIT_EXPECT_EQ(test, v16, c->fits >= 2 ? (u16)c->le : POISON16);
	KUNIT_EXPECT_EQ(test, v32, c->fits >= 4 ? (u32)c->le : POISON32);
	KUNIT_EXPECT_EQ(test, v64, c->fits >= 8 ? c->le : POISON64);
}

static void view_guid(struct kunit *test)
{
	const guid_t want = GUID_INIT(0x33221100, 0x5544, 0x7766,
				      0x88, 0x99, 0xaa, 0xbb,
				      0xcc, 0xdd, 0xee, 0xff);
	struct hv_view v = tight(test, 16);
	guid_t got = {};

	KUNIT_EXPECT_EQ(test, hv_view_guid(&v, 1, &got), -EBADMSG);
	KUNIT_EXPECT_TRUE(test, guid_is_null(&got));
	KUNIT_EXPECT_EQ(test, hv_view_guid(&v, 0, &got), 0);
	KUNIT_EXPECT_TRUE(test, guid_equal(&got, &want));
}

static void view_tail(struct kunit *test)
{
	struct hv_view v = tight(test, 16);
	struct hv_view tail;

	KUNIT_EXPECT_EQ(test, hv_view_tail(&v, 0, &tail), 0);
	KUNIT_EXPECT_EQ(test, tail.len, 16);
	KUNIT_EXPECT_EQ(test, hv_view_tail(&v, 10, &tail), 0);
	KUNIT_EXPECT_EQ(test, tail.len, 6);
	KUNIT_EXPECT_PTR_EQ(test, tail.p, v.p + 10);
	KUNIT_EXPECT_EQ(test, hv_view_tail(&v, 17, &tail), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_view_tail(&v, U32_MAX, &tail), -EBADMSG);
	KUNIT_EXPECT_EQ(test, tail.len, 6);
	/* In place, down to nothing. */
	KUNIT_EXPECT_EQ(test, hv_view_tail(&tail, 6, &tail), 0);
	KUNIT_EXPECT_EQ(test, tail.len, 0);
	KUNIT_EXPECT_EQ(test, hv_view_tail(&tail, 1, &tail), -EBADMSG);
}

static void view_null(struct kunit *test)
{
	struct hv_view v = hv_view_of(NULL, 0), sub;
	u8 byte;

	KUNIT_EXPECT_EQ(test, hv_view_u8(&v, 0, &byte), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_view_copy(&v, 0, &byte, 0), 0);
	KUNIT_EXPECT_EQ(test, hv_view_sub(&v, 0, 0, &sub), 0);
	KUNIT_EXPECT_NULL(test, sub.p);
	KUNIT_EXPECT_EQ(test, hv_view_tail(&v, 0, &sub), 0);
	KUNIT_EXPECT_EQ(test, sub.len, 0);
}

static void cursor_walk(struct kunit *test)
{
	struct hv_view v = tight(test, 16);
	struct hv_cursor c;
	u64 v64;
	u32 v32;
	u16 v16;
	u8 v8;

	hv_cursor_init(&c, &v);
	KUNIT_EXPECT_EQ(test, hv_cursor_u8(&c, &v8), 0);
	KUNIT_EXPECT_EQ(test, v8, 0x00);
	KUNIT_EXPECT_EQ(test, hv_cursor_le16(&c, &v16), 0);
	KUNIT_EXPECT_EQ(test, v16, 0x2211);
	KUNIT_EXPECT_EQ(test, hv_cursor_le32(&c, &v32), 0);
	KUNIT_EXPECT_EQ(test, v32, 0x66554433);
	KUNIT_EXPECT_EQ(test, hv_cursor_le64(&c, &v64), 0);
	KUNIT_EXPECT_EQ(test, v64, 0xeeddccbbaa998877ULL);
	KUNIT_EXPECT_EQ(test, hv_cursor_left(&c), 1);

	/* Too much is refused and moves nothing. */
	KUNIT_EXPECT_EQ(test, hv_cursor_le16(&c, &v16), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_cursor_le32(&c, &v32), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_cursor_le64(&c, &v64), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_cursor_left(&c), 1);
	KUNIT_EXPECT_EQ(test, hv_cursor_u8(&c, &v8), 0);
	KUNIT_EXPECT_EQ(test, v8, 0xff);
	KUNIT_EXPECT_EQ(test, hv_cursor_u8(&c, &v8), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_cursor_left(&c), 0);
}

static void cursor_advances(struct kunit *test)
{
	struct hv_view v = tight(test, 16), sub = hv_view_of(bytes, 3);
	struct hv_cursor c;
	u8 buf[16];

	hv_cursor_init(&c, &v);
	/* A step of nothing would let a loop run for ever. */
	KUNIT_EXPECT_EQ(test, hv_cursor_take(&c, 0, &sub), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_cursor_copy(&c, buf, 0), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_cursor_take(&c, 17, &sub), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_cursor_take(&c, U32_MAX, &sub), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_cursor_left(&c), 16);
	KUNIT_EXPECT_PTR_EQ(test, sub.p, &bytes[0]);

	KUNIT_EXPECT_EQ(test, hv_cursor_take(&c, 4, NULL), 0);
	KUNIT_EXPECT_EQ(test, hv_cursor_take(&c, 5, &sub), 0);
	KUNIT_EXPECT_EQ(test, sub.len, 5);
	KUNIT_EXPECT_PTR_EQ(test, sub.p, v.p + 4);
	KUNIT_EXPECT_EQ(test, hv_cursor_copy(&c, buf, 8), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hv_cursor_copy(&c, buf, 7), 0);
	KUNIT_EXPECT_MEMEQ(test, buf, bytes + 9, 7);
	KUNIT_EXPECT_EQ(test, hv_cursor_left(&c), 0);
	KUNIT_EXPECT_EQ(test, hv_cursor_take(&c, 1, NULL), -EBADMSG);
}

static void cursor_guid(struct kunit *test)
{
	struct hv_view v = tight(test, 16);
	struct hv_cursor c;
	guid_t got;

	hv_cursor_init(&c, &v);
	KUNIT_EXPECT_EQ(test, hv_cursor_guid(&c, &got), 0);
	KUNIT_EXPECT_MEMEQ(test, &got, bytes, sizeof(got));
	KUNIT_EXPECT_EQ(test, hv_cursor_guid(&c, &got), -EBADMSG);
}

static struct kunit_case view_cases[] = {
	KUNIT_CASE_PARAM(view_range, range_gen_params),
	KUNIT_CASE_PARAM(view_int, int_gen_params),
	KUNIT_CASE(view_guid),
	KUNIT_CASE(view_tail),
	KUNIT_CASE(view_null),
	KUNIT_CASE(cursor_walk),
	KUNIT_CASE(cursor_advances),
	KUNIT_CASE(cursor_guid),
	{}
};

static struct kunit_suite view_suite = {
	.name = "hv_vmbus_view",
	.test_cases = view_cases,
};

kunit_test_suites(&view_suite);

MODULE_DESCRIPTION("KUnit suite for views of host data");
MODULE_LICENSE("GPL");
