// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for the writer of a ring: layout, flow control, batches, signals,
 * and a host that lies about what it has read.
 */
#include "ring_test.h"

/* Begins a packet that is not going to be finished. */
static int fill(struct ring *r, const void *ext, u32 ext_len, const void *buf,
		u32 len)
{
	u8 __hvshared *p;

	return hvb_tx_fill(&r->tx, ext, ext_len, buf, len, &p);
}

/* Reserves a packet that is @len bytes long with its descriptor. */
static int reserve(struct ring *r, u32 len, u8 **p)
{
	u64 head = hv_head(HVB_PKT_INBAND, 0, len - HVB_PKT_MIN);
	void *q = NULL;
	int ret;

	ret = hvb_tx_reserve_head(&r->tx, head, &q);
	*p = q;
	return ret;
}

static void tx_init(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct hvb_ring_hdr __hvshared *hdr = shared_hdr(r);
	void __hvshared *data = shared_data(r);

	KUNIT_EXPECT_EQ(test, -EINVAL, hvb_tx_init(&r->tx, NULL, data, SIZE));
	KUNIT_EXPECT_EQ(test, -EINVAL, hvb_tx_init(&r->tx, hdr, NULL, SIZE));
	KUNIT_EXPECT_EQ(test, -EINVAL, hvb_tx_init(&r->tx, hdr, data, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, hvb_tx_init(&r->tx, hdr, data, 100));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_tx_init(&r->tx, hdr, data + 4, SIZE));
	KUNIT_EXPECT_EQ(test, 0, hvb_tx_init(&r->tx, hdr, data, SIZE));
	KUNIT_EXPECT_EQ(test, tx_used(&r->tx), 0);
	KUNIT_EXPECT_EQ(test, tx_free(&r->tx), SIZE);
}

static void tx_layout(struct kunit *test)
{
	static const u8 want[] = {
		/* type, offset8, len8, flags */
		0x0b, 0x00, 0x02, 0x00, 0x04, 0x00, 0x01, 0x00,
		/* transaction id */
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		/* payload, padding */
		'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h',
		'i', 'j', 'k', 0, 0, 0, 0, 0,
		/* trailer: began at 0 */
		0, 0, 0, 0, 0, 0, 0, 0,
		/* the next one, without payload */
		0x06, 0x00, 0x02, 0x00, 0x02, 0x00, 0x00, 0x00,
		0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
		/* trailer: began at 40 */
		0, 0, 0, 0, 40, 0, 0, 0,
		/* untouched */
		0xa5,
	};
	const struct hvb_desc d = {
		.type = HVB_PKT_COMP,
		.flags = HVB_PKT_FLAG_COMPLETION,
		.trans_id = 0x0102030405060708ULL,
	};
	struct ring *r = ring_new(test);

	KUNIT_EXPECT_EQ(test, 1, tx_send(&r->tx, &d, "abcdefghijk", 11));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 40);
	KUNIT_EXPECT_EQ(test, 0, tx_send(&r->tx, &inband, NULL, 0));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 64);
	KUNIT_EXPECT_MEMEQ(test, r->data, want, sizeof(want));
	KUNIT_EXPECT_EQ(test, tx_used(&r->tx), 64);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 0);
}

static void tx_layout_ext(struct kunit *test)
{
	static const u8 ext[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	static const u8 want[] = {
		0x09, 0x00, 0x04, 0x00, 0x05, 0x00, 0x00, 0x00,
		0x04, 0x03, 0x02, 0x01, 0x00, 0x00, 0x00, 0x00,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0,
		'x', 'y', 'z', 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
		0xa5,
	};
	const struct hvb_desc d = {
		.type = HVB_PKT_GPA_DIRECT, .trans_id = 0x01020304,
	};
	struct ring *r = ring_new(test);

	KUNIT_EXPECT_EQ(test, 1, tx_send_kv(&r->tx, &d, ext, sizeof(ext),
					    "xyz", 3));
	KUNIT_EXPECT_MEMEQ(test, r->data, want, sizeof(want));
	/* An extension without payload. */
	KUNIT_EXPECT_EQ(test, 0, tx_send_kv(&r->tx, &d, ext, sizeof(ext),
					    NULL, 0));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 48 + 40);
}

static void tx_bad_length(struct kunit *test)
{
	struct ring *r = ring_new(test);
	u32 max = HVB_PKT_MAX;

	/* One byte too long, also with an extension; the limit of both. */
	KUNIT_EXPECT_EQ(test, -EINVAL, fill(r, NULL, 0, r->src, max - 15));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			fill(r, r->src, max - 16, r->src, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, fill(r, r->src, max - 8, NULL, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, fill(r, r->src, max, r->src, max));
	/* Possible in a larger ring: this one is full, now and for ever. */
	KUNIT_EXPECT_EQ(test, -EAGAIN, fill(r, NULL, 0, r->src, max - 16));
	KUNIT_EXPECT_EQ(test, -EAGAIN, fill(r, r->src, max - 16, NULL, 0));
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			fill(r, r->src, max - 24, r->src, 8));
	KUNIT_EXPECT_EQ(test, tx_used(&r->tx), 0);
	KUNIT_EXPECT_EQ(test, r->tx.poison, HVB_RING_OK);
}

/* Packet length against a ring with 96 bytes to go. */
struct fit_case {
	const char *name;
	u32 len;
	bool fits;
};

static const struct fit_case fits[] = {
	{ "shortest", 16, true },
	{ "one unit to spare", 80 - 8, true },
	{ "padding makes it 80", 80 - 7, true },
	{ "all but the last unit", 80, true },
	{ "padding fills it", 81, false },
	{ "fills it", 88, false },
	{ "too long", 96, false },
};

KUNIT_ARRAY_PARAM_DESC(fit, fits, name);

static void tx_exact_fit(struct kunit *test)
{
	const struct fit_case *c = test->param_value;
	struct ring *r = ring_new(test);
	u8 payload[96] = {};
	u8 *p;

	/* 4096 - 4000 = 96 bytes are free, 95 may be used. */
	KUNIT_ASSERT_EQ(test, 1, tx_send(&r->tx, &inband, r->src, 4000 - 24));
	KUNIT_ASSERT_EQ(test, tx_free(&r->tx), 96);

	KUNIT_EXPECT_EQ(test, reserve(r, c->len, &p), c->fits ? 0 : -EAGAIN);
	KUNIT_EXPECT_EQ(test, tx_send(&r->tx, &inband, payload, c->len - 16),
			c->fits ? 0 : -EAGAIN);
	KUNIT_EXPECT_NE(test, peek32(&r->hdr->write_index), 0);
	KUNIT_EXPECT_EQ(test, r->tx.poison, HVB_RING_OK);

	/* The host reads the first one: any of them fits. */
	poke32(&r->hdr->read_index, 4000);
	KUNIT_EXPECT_GE(test, tx_send(&r->tx, &inband, payload, c->len - 16),
			0);
}

static void tx_full(struct kunit *test)
{
	struct ring *r = ring_new(test);
	u8 payload[64] = {};
	u32 sent = 0, before;
	int ret;

	while ((ret = tx_send(&r->tx, &inband, payload, 64)) >= 0)
		sent++;
	KUNIT_EXPECT_EQ(test, ret, -EAGAIN);
	KUNIT_EXPECT_EQ(test, sent, (SIZE - 1) / 88);
	KUNIT_EXPECT_EQ(test, tx_used(&r->tx), sent * 88);

	/* Still full, and nothing moves. */
	before = peek32(&r->hdr->write_index);
	KUNIT_EXPECT_EQ(test, -EAGAIN, tx_send(&r->tx, &inband, payload, 64));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), before);

	/* One packet read makes room for one. */
	poke32(&r->hdr->read_index, 88);
	KUNIT_EXPECT_EQ(test, 0, tx_send(&r->tx, &inband, payload, 64));
	KUNIT_EXPECT_EQ(test, -EAGAIN, tx_send(&r->tx, &inband, payload, 64));
}

static void tx_batch(struct kunit *test)
{
	struct ring *r = ring_new(test);
	u8 *p;
	int i;

	KUNIT_EXPECT_FALSE(test, hvb_tx_publish(&r->tx));
	for (i = 0; i < 5; i++) {
		KUNIT_ASSERT_EQ(test, reserve(r, 48, &p), 0);
		KUNIT_EXPECT_PTR_EQ(test, p, r->data + i * 56);
		memset(p + 8, i, 40);
		hvb_tx_commit_head(&r->tx);
		KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 0);
		KUNIT_EXPECT_EQ(test, get_unaligned_le64(p + 48),
				(u64)(i * 56) << 32);
	}
	KUNIT_EXPECT_EQ(test, tx_used(&r->tx), 5 * 56);
	KUNIT_EXPECT_TRUE(test, hvb_tx_publish(&r->tx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 5 * 56);
	/* One signal for all of them. */
	KUNIT_EXPECT_FALSE(test, hvb_tx_publish(&r->tx));

	/* A send publishes what was committed before it, either way. */
	KUNIT_ASSERT_EQ(test, reserve(r, 16, &p), 0);
	hvb_tx_commit_head(&r->tx);
	KUNIT_ASSERT_EQ(test, tx_put(&r->tx, &inband, NULL, 0, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 5 * 56);
	KUNIT_EXPECT_EQ(test, 0, tx_send(&r->tx, &inband, NULL, 0));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 5 * 56 + 3 * 24);
}

/* A packet that is not finished or committed leaves no trace. */
static void tx_dropped(struct kunit *test)
{
	struct ring *r = ring_new(test);
	u8 *p;

	memset(r->src, 0x5a, 200);
	KUNIT_ASSERT_EQ(test, fill(r, r->src, 64, r->src, 99), 0);
	KUNIT_EXPECT_FALSE(test, hvb_tx_publish(&r->tx));
	KUNIT_EXPECT_EQ(test, tx_used(&r->tx), 0);
	KUNIT_ASSERT_EQ(test, reserve(r, 200, &p), 0);
	KUNIT_EXPECT_PTR_EQ(test, p, r->data);
	KUNIT_EXPECT_FALSE(test, hvb_tx_publish(&r->tx));
	KUNIT_EXPECT_EQ(test, tx_used(&r->tx), 0);

	/* The next one is in the same place, and its padding is clean. */
	KUNIT_EXPECT_EQ(test, 1, tx_send(&r->tx, &inband, r->src, 5));
	KUNIT_EXPECT_EQ(test, p[4], 3);
	KUNIT_EXPECT_EQ(test, p[20], 0x5a);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(p + 21), 0);
	KUNIT_EXPECT_EQ(test, p[23], 0);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 32);
	KUNIT_EXPECT_EQ(test, r->tx.poison, HVB_RING_OK);
}

static void tx_signal(struct kunit *test)
{
	struct ring *r = ring_new(test);

	/* Empty and not masked, at 0 and elsewhere. */
	KUNIT_EXPECT_EQ(test, 1, tx_send(&r->tx, &inband, NULL, 0));
	poke32(&r->hdr->read_index, 24);
	KUNIT_EXPECT_EQ(test, 1, tx_send(&r->tx, &inband, NULL, 0));
	/* Not empty. */
	KUNIT_EXPECT_EQ(test, 0, tx_send(&r->tx, &inband, NULL, 0));
	/* Empty and masked. */
	poke32(&r->hdr->read_index, 72);
	poke32(&r->hdr->interrupt_mask, 1);
	KUNIT_EXPECT_EQ(test, 0, tx_send(&r->tx, &inband, NULL, 0));
	/* Not empty any more when unmasked: the host has to look itself. */
	poke32(&r->hdr->interrupt_mask, 0);
	KUNIT_EXPECT_EQ(test, 0, tx_send(&r->tx, &inband, NULL, 0));
}

KUNIT_ARRAY_PARAM_DESC(bad_index, bad_indices, name);

/* The shared write index is for the host: it steers nothing. */
static void tx_private_index(struct kunit *test)
{
	const struct index_case *c = test->param_value;
	struct ring *r = ring_new(test);
	u8 *p;

	KUNIT_EXPECT_EQ(test, 1, tx_send(&r->tx, &inband, NULL, 0));
	poke32(&r->hdr->write_index, c->idx);
	KUNIT_EXPECT_EQ(test, reserve(r, 16, &p), 0);
	KUNIT_EXPECT_PTR_EQ(test, p, r->data + 24);
	KUNIT_EXPECT_EQ(test, 0, tx_send(&r->tx, &inband, NULL, 0));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 48);
	KUNIT_EXPECT_EQ(test, r->tx.poison, HVB_RING_OK);
}

static void expect_tx_dead(struct kunit *test, struct ring *r)
{
	u32 write = peek32(&r->hdr->write_index);
	u8 *copy = kunit_kmalloc(test, 2 * SIZE, GFP_KERNEL);
	u8 *p;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, r->data, 2 * SIZE);
	KUNIT_EXPECT_EQ(test, r->tx.poison, HVB_RING_BAD_INDEX);

	/* For good, whatever the host stores now. */
	poke32(&r->hdr->read_index, write);
	KUNIT_EXPECT_EQ(test, -EIO, tx_send(&r->tx, &inband, "", 1));
	KUNIT_EXPECT_EQ(test, -EIO, reserve(r, 16, &p));
	KUNIT_EXPECT_PTR_EQ(test, p, NULL);
	KUNIT_EXPECT_FALSE(test, hvb_tx_publish(&r->tx));
	KUNIT_EXPECT_EQ(test, tx_free(&r->tx), 0);
	KUNIT_EXPECT_EQ(test, tx_used(&r->tx), 0);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), write);
	KUNIT_EXPECT_MEMEQ(test, r->data, copy, 2 * SIZE);
	KUNIT_EXPECT_EQ(test, r->tx.poison, HVB_RING_BAD_INDEX);
}

static void tx_hostile_index(struct kunit *test)
{
	const struct index_case *c = test->param_value;
	struct ring *r = ring_new(test);

	KUNIT_ASSERT_EQ(test, 1, tx_send(&r->tx, &inband, r->src, 4000 - 24));
	poke32(&r->hdr->read_index, c->idx);
	KUNIT_EXPECT_EQ(test, -EIO, tx_send(&r->tx, &inband, r->src, 96));
	expect_tx_dead(test, r);
}

static void tx_hostile_ahead(struct kunit *test)
{
	struct ring *r = ring_new(test);

	/* A reader cannot be past what was published. */
	KUNIT_ASSERT_EQ(test, 1, tx_send(&r->tx, &inband, r->src, 40));
	poke32(&r->hdr->read_index, 64 + 8);
	KUNIT_EXPECT_EQ(test, tx_free(&r->tx), 0);
	expect_tx_dead(test, r);
}

static void tx_hostile_unpublished(struct kunit *test)
{
	struct ring *r = ring_new(test);
	u8 *p;

	/* Committed is not published. */
	KUNIT_ASSERT_EQ(test, reserve(r, 56, &p), 0);
	hvb_tx_commit_head(&r->tx);
	poke32(&r->hdr->read_index, 8);
	KUNIT_EXPECT_EQ(test, tx_free(&r->tx), 0);
	expect_tx_dead(test, r);
}

static void tx_hostile_backwards(struct kunit *test)
{
	struct ring *r = ring_new(test);

	KUNIT_ASSERT_EQ(test, 1, tx_send(&r->tx, &inband, r->src, 1000));
	poke32(&r->hdr->read_index, 512);
	KUNIT_EXPECT_EQ(test, tx_free(&r->tx), SIZE - 512);
	poke32(&r->hdr->read_index, 504);
	KUNIT_EXPECT_EQ(test, tx_free(&r->tx), 0);
	expect_tx_dead(test, r);
}

static void tx_revived(struct kunit *test)
{
	struct ring *r = ring_new(test);

	poke32(&r->hdr->read_index, 8);
	KUNIT_EXPECT_EQ(test, tx_free(&r->tx), 0);
	expect_tx_dead(test, r);
	/* A new open revives it. */
	KUNIT_EXPECT_EQ(test, 0, hvb_tx_init(&r->tx, shared_hdr(r),
					     shared_data(r), SIZE));
	KUNIT_EXPECT_EQ(test, 1, tx_send(&r->tx, &inband, NULL, 0));
}

/* The same bytes as in tx_layout, whose first packet has a padded payload. */
static void tx_head(struct kunit *test)
{
	const u64 head = HVB_PKT_COMP | 2ULL << 16 | 4ULL << 32 | 1ULL << 48;
	struct ring *r = ring_new(test);
	void *p = NULL;

	/* The longest packet doesn't fit; nothing is reserved. */
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			hvb_tx_reserve_head(&r->tx, 0xffffULL << 32, &p));
	KUNIT_EXPECT_PTR_EQ(test, p, NULL);
	KUNIT_EXPECT_EQ(test, tx_used(&r->tx), 0);

	KUNIT_ASSERT_EQ(test, 0, hvb_tx_reserve_head(&r->tx, head, &p));
	KUNIT_ASSERT_PTR_EQ(test, p, (void *)r->data);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(r->data), head);
	/* The rest is the caller's; then the trailer. */
	KUNIT_EXPECT_EQ(test, r->data[8], 0xa5);
	memset(p + 8, 0x11, 24);
	hvb_tx_commit_head(&r->tx);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(r->data + 24),
			0x1111111111111111ULL);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(r->data + 32), 0);
	KUNIT_EXPECT_EQ(test, r->data[40], 0xa5);

	KUNIT_ASSERT_EQ(test, 0, hvb_tx_reserve_head(&r->tx, head, &p));
	KUNIT_ASSERT_PTR_EQ(test, p, (void *)(r->data + 40));
	hvb_tx_commit_head(&r->tx);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(r->data + 72), 40ULL << 32);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 0);
	KUNIT_EXPECT_TRUE(test, hvb_tx_publish(&r->tx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 80);
}

static struct kunit_case ring_tx_cases[] = {
	KUNIT_CASE(tx_init),
	KUNIT_CASE(tx_layout),
	KUNIT_CASE(tx_layout_ext),
	KUNIT_CASE(tx_bad_length),
	KUNIT_CASE_PARAM(tx_exact_fit, fit_gen_params),
	KUNIT_CASE(tx_full),
	KUNIT_CASE(tx_batch),
	KUNIT_CASE(tx_dropped),
	KUNIT_CASE(tx_signal),
	KUNIT_CASE_PARAM(tx_private_index, bad_index_gen_params),
	KUNIT_CASE_PARAM(tx_hostile_index, bad_index_gen_params),
	KUNIT_CASE(tx_hostile_ahead),
	KUNIT_CASE(tx_hostile_unpublished),
	KUNIT_CASE(tx_hostile_backwards),
	KUNIT_CASE(tx_revived),
	KUNIT_CASE(tx_head),
	{}
};

static struct kunit_suite ring_tx_suite = {
	.name = "hv_vmbus_ring_tx",
	.test_cases = ring_tx_cases,
};

kunit_test_suites(&ring_tx_suite);

MODULE_DESCRIPTION("KUnit suite for the writer of a VMBus ring");
MODULE_LICENSE("GPL");
