// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for rings on the wire: layout, arithmetic, validation, signalling
 * decisions; and both ends together.
 */
#include "ring_test.h"

struct math_case {
	const char *name;
	u32 size;
	u32 read;
	u32 write;
	u32 used;
};

static const struct math_case maths[] = {
	{ "empty at 0", 4096, 0, 0, 0 },
	{ "empty at the end", 4096, 4088, 4088, 0 },
	{ "some", 4096, 8, 96, 88 },
	{ "wrapped", 4096, 4088, 16, 24 },
	{ "wrapped to 0", 4096, 4000, 0, 96 },
	{ "full from 0", 4096, 0, 4088, 4088 },
	{ "full in the middle", 4096, 2048, 2040, 4088 },
	{ "largest", HVB_RING_MAX_SIZE, 8, 0, HVB_RING_MAX_SIZE - 8 },
	{ "largest wrapped", HVB_RING_MAX_SIZE, HVB_RING_MAX_SIZE - 8, 8, 16 },
};

KUNIT_ARRAY_PARAM_DESC(math, maths, name);

static void ring_math(struct kunit *test)
{
	const struct math_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, hvb_ring_used(c->size, c->read, c->write),
			c->used);
	KUNIT_EXPECT_EQ(test, hvb_ring_free(c->size, c->read, c->write),
			c->size - c->used);
	KUNIT_EXPECT_EQ(test, hvb_ring_advance(c->size, c->read, c->used),
			c->write);
}

KUNIT_ARRAY_PARAM_DESC(bad_index, bad_indices, name);

static void ring_bad_index(struct kunit *test)
{
	const struct index_case *c = test->param_value;

	KUNIT_EXPECT_FALSE(test, hvb_ring_index_ok(c->idx, SIZE));
}

static void ring_good_index(struct kunit *test)
{
	u32 idx;

	for (idx = 0; idx < 2 * SIZE; idx++)
		KUNIT_ASSERT_EQ(test, hvb_ring_index_ok(idx, SIZE),
				idx < SIZE && idx % 8 == 0);
}

static void ring_size(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, hvb_ring_size_ok(4096));
	KUNIT_EXPECT_TRUE(test, hvb_ring_size_ok(12288));
	KUNIT_EXPECT_TRUE(test, hvb_ring_size_ok(HVB_RING_MAX_SIZE));
	KUNIT_EXPECT_FALSE(test, hvb_ring_size_ok(0));
	KUNIT_EXPECT_FALSE(test, hvb_ring_size_ok(4088));
	KUNIT_EXPECT_FALSE(test, hvb_ring_size_ok(4100));
	KUNIT_EXPECT_FALSE(test, hvb_ring_size_ok(HVB_RING_MAX_SIZE + 4096));
	KUNIT_EXPECT_FALSE(test, hvb_ring_size_ok(0x80000000));
	KUNIT_EXPECT_FALSE(test, hvb_ring_size_ok(U32_MAX));
}

static void ring_header(struct kunit *test)
{
	struct ring *r = ring_new(test);
	const u8 *p = (const u8 *)r->hdr;
	u32 i;

	for (i = 0; i < sizeof(*r->hdr); i++)
		KUNIT_ASSERT_EQ(test, p[i], i == 64 ? 1 : 0);
	KUNIT_EXPECT_EQ(test, offsetof(struct hvb_ring_hdr, write_index), 0);
	KUNIT_EXPECT_EQ(test, offsetof(struct hvb_ring_hdr, read_index), 4);
	KUNIT_EXPECT_EQ(test, offsetof(struct hvb_ring_hdr, interrupt_mask), 8);
	KUNIT_EXPECT_EQ(test, offsetof(struct hvb_ring_hdr, pending_send_sz),
			12);
}

static void ring_reject_names(struct kunit *test)
{
	int a, b;

	for (a = 0; a < HVB_RING_REJECTS; a++) {
		KUNIT_ASSERT_NOT_NULL(test, hvb_ring_reject_name(a));
		for (b = 0; b < a; b++)
			KUNIT_EXPECT_STRNEQ(test, hvb_ring_reject_name(a),
					    hvb_ring_reject_name(b));
	}
	KUNIT_EXPECT_STREQ(test, hvb_ring_reject_name(HVB_RING_REJECTS),
			   "unknown");
	KUNIT_EXPECT_STREQ(test, hvb_ring_reject_name(-1), "unknown");
}

static u64 frame_word0(const struct frame_case *c)
{
	return c->type | (u64)c->offset8 << 16 | (u64)c->len8 << 32 |
	       0x8001ULL << 48;
}

KUNIT_ARRAY_PARAM_DESC(bad_frame, bad_frames, name);

static void ring_bad_frame(struct kunit *test)
{
	const struct frame_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, hvb_frame_check(frame_word0(c), c->avail),
			c->why);
}

static const struct frame_case good_frames[] = {
	{ "inband", 6, 2, 10, 88, HVB_RING_OK },
	{ "transfer pages", 7, 4, 10, 88, HVB_RING_OK },
	{ "gpa direct", 9, 6, 10, 88, HVB_RING_OK },
	{ "completion", 11, 2, 10, 88, HVB_RING_OK },
	{ "lowest type", 1, 2, 2, 24, HVB_RING_OK },
	{ "highest type", 13, 2, 2, 24, HVB_RING_OK },
	{ "more behind it", 6, 2, 10, 4088, HVB_RING_OK },
	{ "no payload", 6, 10, 10, 88, HVB_RING_OK },
	{ "longest", 6, 2, 0xffff, HVB_PKT_MAX + 8, HVB_RING_OK },
};

KUNIT_ARRAY_PARAM_DESC(good_frame, good_frames, name);

static void ring_good_frame(struct kunit *test)
{
	const struct frame_case *c = test->param_value;
	u64 word0 = frame_word0(c);

	KUNIT_EXPECT_EQ(test, hvb_frame_check(word0, c->avail), HVB_RING_OK);
	KUNIT_EXPECT_EQ(test, hvb_word0_type(word0), c->type);
	KUNIT_EXPECT_EQ(test, hvb_word0_offset(word0), c->offset8 * 8);
	KUNIT_EXPECT_EQ(test, hvb_word0_len(word0), c->len8 * 8);
	KUNIT_EXPECT_EQ(test, word0 >> 48, 0x8001);
}

struct wake_case {
	const char *name;
	u32 old_write;
	u32 mask;
	u32 read;
	bool signal;
};

static const struct wake_case wakes[] = {
	{ "was empty", 96, 0, 96, true },
	{ "was empty at 0", 0, 0, 0, true },
	{ "was empty, masked", 96, 1, 96, false },
	{ "masked by another value", 96, 0x100, 96, false },
	{ "was not empty", 96, 0, 8, false },
	{ "was not empty, masked", 96, 1, 8, false },
	{ "already read", 96, 0, 184, false },
	{ "nonsense index", 96, 0, U32_MAX, false },
};

KUNIT_ARRAY_PARAM_DESC(wake, wakes, name);

static void ring_signal_reader(struct kunit *test)
{
	const struct wake_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, hvb_ring_signal_reader(c->old_write, c->mask,
						     c->read), c->signal);
}

KUNIT_ARRAY_PARAM_DESC(room, rooms, name);

static void ring_signal_writer(struct kunit *test)
{
	const struct room_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, hvb_ring_signal_writer(SIZE, c->old_read, c->read,
						     c->write, c->pending),
			c->signal);
}

/* Both ends on one ring, several laps, every length and every position. */
static void ring_laps(struct kunit *test)
{
	struct hvb_desc d = { .type = HVB_PKT_INBAND };
	struct ring *r = ring_new(test);
	u32 sent = 0, got = 0, len, i, n;
	struct rx_pkt pkt;
	u8 payload[256];
	int ret;

	for (n = 0; n < 64; n++) {
		for (;;) {
			len = (sent * 37) % 200;
			d.trans_id = sent;
			for (i = 0; i < len; i++)
				payload[i] = pattern(sent, i);
			ret = tx_send(&r->tx, &d, payload, len);
			if (ret < 0)
				break;
			KUNIT_ASSERT_EQ(test, ret, r->rx.published ==
					(r->tx.write + SIZE -
					 ALIGN(16 + len + 8, 8)) % SIZE);
			sent++;
		}
		KUNIT_ASSERT_EQ(test, ret, -EAGAIN);
		/* Half of them on odd rounds, all of them on even ones. */
		for (i = 0; n % 2 == 0 || i < 15; i++) {
			if (rx_next(&r->rx, &pkt) != 1)
				break;
			KUNIT_ASSERT_EQ(test, pkt.trans_id, got);
			len = (got * 37) % 200;
			KUNIT_ASSERT_EQ(test, pkt.payload.len, ALIGN(len, 8));
			while (len--)
				KUNIT_ASSERT_EQ(test, pkt.payload.p[len],
						pattern(got, len));
			got++;
		}
		KUNIT_ASSERT_FALSE(test, hvb_rx_release(&r->rx));
	}
	KUNIT_EXPECT_GT(test, sent, 64 * 20);
	KUNIT_EXPECT_LE(test, sent - got, 40);
	KUNIT_EXPECT_EQ(test, r->tx.poison, HVB_RING_OK);
	KUNIT_EXPECT_EQ(test, r->rx.poison, HVB_RING_OK);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE_PARAM(ring_math, math_gen_params),
	KUNIT_CASE_PARAM(ring_bad_index, bad_index_gen_params),
	KUNIT_CASE(ring_good_index),
	KUNIT_CASE(ring_size),
	KUNIT_CASE(ring_header),
	KUNIT_CASE(ring_reject_names),
	KUNIT_CASE_PARAM(ring_bad_frame, bad_frame_gen_params),
	KUNIT_CASE_PARAM(ring_good_frame, good_frame_gen_params),
	KUNIT_CASE_PARAM(ring_signal_reader, wake_gen_params),
	KUNIT_CASE_PARAM(ring_signal_writer, room_gen_params),
	KUNIT_CASE(ring_laps),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "hv_vmbus_ring",
	.test_cases = ring_cases,
};

kunit_test_suites(&ring_suite);

MODULE_DESCRIPTION("KUnit suite for VMBus rings");
MODULE_LICENSE("GPL");
