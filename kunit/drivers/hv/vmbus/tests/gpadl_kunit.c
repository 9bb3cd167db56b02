// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for GPADL layouts and messages. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../wire/gpadl.h"
#include "compat.h"

#define KIB		1024U
#define MIB		(1024U * KIB)
#define PAGE4		(4 * KIB)
#define PAGE16		(16 * KIB)
#define PAGE64		(64 * KIB)
#define PFN_BASE	0x123456789aULL

struct source {
	u32 calls;
	u32 last;
	bool in_order;
};

static u64 frame_at(void *ctx, u32 offset)
{
	struct source *src = ctx;

	if (src->calls && offset <= src->last)
		src->in_order = false;
	src->calls++;
	src->last = offset;
	return PFN_BASE + offset / PAGE4;
}

static void gpadl_sizes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, HVB_GPADL_HEADER_PFNS, 26);
	KUNIT_EXPECT_EQ(test, HVB_GPADL_BODY_PFNS, 28);
	KUNIT_EXPECT_EQ(test, HVB_GPADL_HEADER_LEN, 28);
	KUNIT_EXPECT_EQ(test, HVB_GPADL_BODY_LEN, 16);
	KUNIT_EXPECT_EQ(test, HVB_GPADL_MAX_PFNS, 8190);
}

struct bad_case {
	const char *name;
	enum hvb_gpadl_kind kind;
	u32 page;
	u32 size;
	u32 send;
	int err;
};

static const struct bad_case bads[] = {
	{ "page 0", HVB_GPADL_BUFFER, 0, PAGE4, 0, -EINVAL },
	{ "page 2K", HVB_GPADL_BUFFER, 2048, PAGE4, 0, -EINVAL },
	{ "page 12K", HVB_GPADL_BUFFER, 12 * KIB, PAGE4, 0, -EINVAL },
	{ "nothing", HVB_GPADL_BUFFER, PAGE4, 0, 0, -EINVAL },
	{ "odd size", HVB_GPADL_BUFFER, PAGE4, PAGE4 + 1, 0, -EINVAL },
	{ "half a page", HVB_GPADL_BUFFER, PAGE4, 2048, 0, -EINVAL },
	{ "buffer with rings", HVB_GPADL_BUFFER, PAGE4, 4 * PAGE4, PAGE4,
	  -EINVAL },
	{ "8190 frames", HVB_GPADL_BUFFER, PAGE4, 8190 * PAGE4, 0, 0 },
	{ "8191 frames", HVB_GPADL_BUFFER, PAGE4, 8191 * PAGE4, 0, -E2BIG },
	{ "4 GiB less a page", HVB_GPADL_BUFFER, PAGE4, 0xfffff000, 0,
	  -E2BIG },
	{ "smallest ring pair", HVB_GPADL_RING, PAGE4, 4 * PAGE4, 2 * PAGE4,
	  0 },
	{ "no send data", HVB_GPADL_RING, PAGE4, 4 * PAGE4, PAGE4, -EINVAL },
	{ "no send ring", HVB_GPADL_RING, PAGE4, 4 * PAGE4, 0, -EINVAL },
	{ "no receive data", HVB_GPADL_RING, PAGE4, 4 * PAGE4, 3 * PAGE4,
	  -EINVAL },
	{ "no receive ring", HVB_GPADL_RING, PAGE4, 4 * PAGE4, 4 * PAGE4,
	  -EINVAL },
	{ "send beyond the end", HVB_GPADL_RING, PAGE4, 4 * PAGE4, 64 * PAGE4,
	  -EINVAL },
	{ "send at the limit", HVB_GPADL_RING, PAGE4, 4 * PAGE4, 0xfffff000,
	  -EINVAL },
	{ "ring of half pages", HVB_GPADL_RING, PAGE64, 4 * PAGE64 + PAGE4,
	  2 * PAGE64, -EINVAL },
	{ "send of half pages", HVB_GPADL_RING, PAGE64, 8 * PAGE64,
	  2 * PAGE64 + PAGE4, -EINVAL },
	{ "one page for all", HVB_GPADL_RING, PAGE64, PAGE64, PAGE64,
	  -EINVAL },
	/* Without the gaps 8190 frames would not do. */
	{ "big ring pair", HVB_GPADL_RING, PAGE64, 513 * PAGE64, 256 * PAGE64,
	  0 },
	{ "too big ring pair", HVB_GPADL_RING, PAGE64, 514 * PAGE64,
	  256 * PAGE64, -E2BIG },
};

KUNIT_ARRAY_PARAM_DESC(bad, bads, name);

static void gpadl_layout_limits(struct kunit *test)
{
	const struct bad_case *c = test->param_value;
	struct hvb_gpadl_layout lay;

	KUNIT_EXPECT_EQ(test, hvb_gpadl_layout(&lay, c->kind, c->page, c->size,
					       c->send), c->err);
}

/*
 * The frames of a ring pair, found by walking the guest's pages: all of them
 * but those behind the first 4 KiB of either header.
 */
static void check_ring(struct kunit *test, u32 page, u32 send_pages,
		       u32 recv_pages)
{
	u32 size = (send_pages + recv_pages) * page;
	u32 send = send_pages * page;
	struct hvb_gpadl_layout lay;
	u32 off, index = 0;

	KUNIT_ASSERT_EQ(test, hvb_gpadl_layout(&lay, HVB_GPADL_RING, page,
					       size, send), 0);
	for (off = 0; off < size; off += PAGE4) {
		if ((off >= PAGE4 && off < page) ||
		    (off >= send + PAGE4 && off < send + page))
			continue;
		KUNIT_ASSERT_EQ(test, hvb_gpadl_offset(&lay, index), off);
		if (off == send)
			KUNIT_EXPECT_EQ(test, lay.downstream, index);
		index++;
	}
	KUNIT_EXPECT_EQ(test, lay.pfn_count, index);
	KUNIT_EXPECT_GT(test, lay.downstream, 0);
	KUNIT_EXPECT_LT(test, lay.downstream, lay.pfn_count);
}

static void gpadl_ring_layout(struct kunit *test)
{
	static const u32 pages[] = { PAGE4, PAGE16, PAGE64 };
	static const u32 counts[] = { 2, 3, 4, 5, 16, 17, 33, 128 };
	unsigned int i, s, r;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		for (s = 0; s < ARRAY_SIZE(counts); s++)
			for (r = 0; r < ARRAY_SIZE(counts); r++)
				check_ring(test, pages[i], counts[s],
					   counts[r]);
}

struct length_case {
	const char *name;
	u32 pfns;
	u32 messages;
};

static const struct length_case lengths[] = {
	{ "one page", 1, 1 },
	{ "two pages", 2, 1 },
	{ "one below a full header", 25, 1 },
	{ "full header", 26, 1 },
	{ "one in a body", 27, 2 },
	{ "one below a full body", 53, 2 },
	{ "full body", 54, 2 },
	{ "one in a second body", 55, 3 },
	{ "full second body", 82, 3 },
	{ "one in a third body", 83, 4 },
	{ "1 MiB", 256, 10 },
	{ "16 MiB", 4096, 147 },
	{ "31 MiB", 7936, 284 },
	{ "limit", 8190, 293 },
};

KUNIT_ARRAY_PARAM_DESC(length, lengths, name);

/* What a host sees of a GPADL. */
static void check_message(struct kunit *test, const struct hvb_wire *w, u32 no,
			  u32 total, u32 *seen)
{
	const u8 *m = w->data;
	u32 off, i;

	if (!no) {
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(m),
				HVB_MSG_GPADL_HEADER);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(m + 4), 0);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(m + 8), 7);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(m + 12), 0xe1e10);
		KUNIT_EXPECT_EQ(test, get_unaligned_le16(m + 16),
				8 + total * 8);
		KUNIT_EXPECT_EQ(test, get_unaligned_le16(m + 18), 1);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(m + 20),
				total * PAGE4);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(m + 24), 0);
		off = 28;
	} else {
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(m),
				HVB_MSG_GPADL_BODY);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(m + 4), 0);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(m + 8), 0);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(m + 12), 0xe1e10);
		off = 16;
	}
	KUNIT_ASSERT_GT(test, w->len, off);
	KUNIT_ASSERT_LE(test, w->len, HVB_MSG_MAX);
	KUNIT_EXPECT_EQ(test, (w->len - off) % 8, 0);
	for (; off < w->len; off += 8, (*seen)++)
		KUNIT_ASSERT_EQ(test, get_unaligned_le64(m + off),
				PFN_BASE + *seen);
	/* Nothing of an earlier message is left behind it. */
	for (i = w->len; i < HVB_MSG_MAX; i++)
		KUNIT_ASSERT_EQ(test, m[i], 0);
}

static void gpadl_encode(struct kunit *test)
{
	const struct length_case *c = test->param_value;
	struct source src = { .in_order = true };
	struct hvb_gpadl_layout lay;
	struct hvb_gpadl_enc e;
	struct hvb_wire w;
	u32 no = 0, seen = 0;

	KUNIT_ASSERT_EQ(test, hvb_gpadl_layout(&lay, HVB_GPADL_BUFFER, PAGE4,
					       c->pfns * PAGE4, 0), 0);
	KUNIT_EXPECT_EQ(test, lay.pfn_count, c->pfns);
	KUNIT_ASSERT_EQ(test, hvb_gpadl_enc_start(&e, &lay, 7, 0xe1e10,
						  frame_at, &src), 0);
	memset(&w, 0xff, sizeof(w));
	while (hvb_gpadl_enc_next(&e, &w)) {
		check_message(test, &w, no, c->pfns, &seen);
		no++;
		KUNIT_ASSERT_LE(test, no, c->messages);
	}
	KUNIT_EXPECT_EQ(test, no, c->messages);
	KUNIT_EXPECT_EQ(test, e.msg_no, c->messages);
	KUNIT_EXPECT_EQ(test, seen, c->pfns);
	KUNIT_EXPECT_EQ(test, src.calls, c->pfns);
	KUNIT_EXPECT_TRUE(test, src.in_order);
	KUNIT_EXPECT_FALSE(test, hvb_gpadl_enc_next(&e, &w));
}

/* Every length around the first boundaries, by count only. */
static void gpadl_all_short_lengths(struct kunit *test)
{
	struct hvb_gpadl_layout lay;
	struct hvb_gpadl_enc e;
	struct hvb_wire w;
	u32 pfns, no, seen, bodies;

	for (pfns = 1; pfns < 120; pfns++) {
		struct source src = { .in_order = true };

		KUNIT_ASSERT_EQ(test,
				hvb_gpadl_layout(&lay, HVB_GPADL_BUFFER, PAGE4,
						 pfns * PAGE4, 0), 0);
		KUNIT_ASSERT_EQ(test, hvb_gpadl_enc_start(&e, &lay, 7, 0xe1e10,
							  frame_at, &src), 0);
		no = 0;
		seen = 0;
		while (hvb_gpadl_enc_next(&e, &w))
			check_message(test, &w, no++, pfns, &seen);
		bodies = pfns <= 26 ? 0 : (pfns - 26 + 27) / 28;
		KUNIT_EXPECT_EQ(test, no, 1 + bodies);
		KUNIT_EXPECT_EQ(test, seen, pfns);
	}
}

static void gpadl_encode_ring_64k(struct kunit *test)
{
	struct source src = { .in_order = true };
	struct hvb_gpadl_layout lay;
	struct hvb_gpadl_enc e;
	struct hvb_wire w;
	u64 pfn[2] = {};

	/* 2 pages each way: 1 + 16 frames, twice. */
	KUNIT_ASSERT_EQ(test, hvb_gpadl_layout(&lay, HVB_GPADL_RING, PAGE64,
					       4 * PAGE64, 2 * PAGE64), 0);
	KUNIT_EXPECT_EQ(test, lay.pfn_count, 34);
	KUNIT_EXPECT_EQ(test, lay.downstream, 17);
	KUNIT_ASSERT_EQ(test, hvb_gpadl_enc_start(&e, &lay, 1, 1, frame_at,
						  &src), 0);
	KUNIT_ASSERT_TRUE(test, hvb_gpadl_enc_next(&e, &w));
	KUNIT_EXPECT_EQ(test, w.len, 28 + 26 * 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(w.data + 20), 34 * PAGE4);
	pfn[0] = get_unaligned_le64(w.data + 28 + 8);
	pfn[1] = get_unaligned_le64(w.data + 28 + 17 * 8);
	KUNIT_EXPECT_EQ(test, pfn[0], PFN_BASE + 16);
	KUNIT_EXPECT_EQ(test, pfn[1], PFN_BASE + 32);
	KUNIT_ASSERT_TRUE(test, hvb_gpadl_enc_next(&e, &w));
	KUNIT_EXPECT_EQ(test, w.len, 16 + 8 * 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(w.data + w.len - 8),
			PFN_BASE + 63);
	KUNIT_EXPECT_FALSE(test, hvb_gpadl_enc_next(&e, &w));
	KUNIT_EXPECT_TRUE(test, src.in_order);
}

static void gpadl_start_refuses(struct kunit *test)
{
	struct hvb_gpadl_layout lay = { .pfn_count = 1 };
	struct hvb_gpadl_enc e;
	struct source src = {};

	KUNIT_EXPECT_EQ(test, hvb_gpadl_enc_start(&e, &lay, 0, 1, frame_at,
						  &src), -EINVAL);
	KUNIT_EXPECT_EQ(test, hvb_gpadl_enc_start(&e, &lay, 2048, 1, frame_at,
						  &src), -EINVAL);
	KUNIT_EXPECT_EQ(test, hvb_gpadl_enc_start(&e, &lay, 1, 0, frame_at,
						  &src), -EINVAL);
	KUNIT_EXPECT_EQ(test, hvb_gpadl_enc_start(&e, &lay, 1, 1, NULL, NULL),
			-EINVAL);
	lay.pfn_count = 0;
	KUNIT_EXPECT_EQ(test, hvb_gpadl_enc_start(&e, &lay, 1, 1, frame_at,
						  &src), -EINVAL);
	lay.pfn_count = HVB_GPADL_MAX_PFNS + 1;
	KUNIT_EXPECT_EQ(test, hvb_gpadl_enc_start(&e, &lay, 1, 1, frame_at,
						  &src), -EINVAL);
}

static struct kunit_case gpadl_cases[] = {
	KUNIT_CASE(gpadl_sizes),
	KUNIT_CASE_PARAM(gpadl_layout_limits, bad_gen_params),
	KUNIT_CASE(gpadl_ring_layout),
	KUNIT_CASE_PARAM(gpadl_encode, length_gen_params),
	KUNIT_CASE(gpadl_all_short_lengths),
	KUNIT_CASE(gpadl_encode_ring_64k),
	KUNIT_CASE(gpadl_start_refuses),
	{}
};

static struct kunit_suite gpadl_suite = {
	.name = "hv_vmbus_gpadl",
	.test_cases = gpadl_cases,
};

kunit_test_suites(&gpadl_suite);

MODULE_DESCRIPTION("KUnit suite for GPADL messages");
MODULE_LICENSE("GPL");
