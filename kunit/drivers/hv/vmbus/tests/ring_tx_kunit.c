// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for the writer of a ring: layout, flow control, batches, signals,
 * and a host that lies about what it has read.
 */
#include "ring_test.h"

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
	KUNIT_EXPECT_EQ(test, hvb_tx_used(&r->tx), 0);
	KUNIT_EXPECT_EQ(test, hvb_tx_free(&r->tx), SIZE);
	KUNIT_EXPECT_EQ(test, hvb_tx_free_percent(&r->tx), 100);
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

	KUNIT_EXPECT_EQ(test, 1, hvb_tx_send(&r->tx, &d, "abcdefghijk", 11));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 40);
	KUNIT_EXPECT_EQ(test, 0, hvb_tx_send(&r->tx, &inband, NULL, 0));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 64);
	KUNIT_EXPECT_MEMEQ(test, r->data, want, sizeof(want));
	KUNIT_EXPECT_EQ(test, hvb_tx_used(&r->tx), 64);
	KUNIT_EXPECT_EQ(test, hvb_tx_free_percent(&r->tx), 98);
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

	KUNIT_EXPECT_EQ(test, 1, hvb_tx_send_kv(&r->tx, &d, ext, sizeof(ext),
						"xyz", 3));
	KUNIT_EXPECT_MEMEQ(test, r->data, want, sizeof(want));
	/* An extension without payload. */
	KUNIT_EXPECT_EQ(test, 0, hvb_tx_send_kv(&r->tx, &d, ext, sizeof(ext),
						NULL, 0));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 48 + 40);
}

static void tx_bad_length(struct kunit *test)
{
	struct ring *r = ring_new(test);

	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_tx_send(&r->tx, &inband, r->src, HVB_PKT_MAX));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_tx_send(&r->tx, &inband, r->src, U32_MAX));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_tx_send_kv(&r->tx, &inband, r->src, 12, "", 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_tx_send_kv(&r->tx, &inband, r->src, U32_MAX - 7,
				       r->data, 8));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR(hvb_tx_reserve(&r->tx, HVB_PKT_MIN - 1)));
	KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR(hvb_tx_reserve(&r->tx, 0)));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR(hvb_tx_reserve(&r->tx, HVB_PKT_MAX + 1)));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR(hvb_tx_reserve(&r->tx, U32_MAX)));
	/* Possible in a larger ring: this one is full, now and for ever. */
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			hvb_tx_send(&r->tx, &inband, r->src, HVB_PKT_MAX - 16));
	KUNIT_EXPECT_NULL(test, hvb_tx_reserve(&r->tx, HVB_PKT_MAX));
	KUNIT_EXPECT_EQ(test, hvb_tx_used(&r->tx), 0);
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

	/* 4096 - 4000 = 96 bytes are free, 95 may be used. */
	KUNIT_ASSERT_EQ(test, 1, hvb_tx_send(&r->tx, &inband, r->src,
					     4000 - 24));
	KUNIT_ASSERT_EQ(test, hvb_tx_free(&r->tx), 96);

	if (c->fits)
		KUNIT_EXPECT_NOT_NULL(test, hvb_tx_reserve(&r->tx, c->len));
	else
		KUNIT_EXPECT_NULL(test, hvb_tx_reserve(&r->tx, c->len));
	KUNIT_EXPECT_EQ(test, hvb_tx_send(&r->tx, &inband, payload,
					  c->len - 16), c->fits ? 0 : -EAGAIN);
	KUNIT_EXPECT_NE(test, peek32(&r->hdr->write_index), 0);
	KUNIT_EXPECT_EQ(test, r->tx.poison, HVB_RING_OK);

	/* The host reads the first one: any of them fits. */
	poke32(&r->hdr->read_index, 4000);
	KUNIT_EXPECT_GE(test, hvb_tx_send(&r->tx, &inband, payload,
					  c->len - 16), 0);
}

static void tx_full(struct kunit *test)
{
	struct ring *r = ring_new(test);
	u8 payload[64] = {};
	u32 sent = 0, before;
	int ret;

	while ((ret = hvb_tx_send(&r->tx, &inband, payload, 64)) >= 0)
		sent++;
	KUNIT_EXPECT_EQ(test, ret, -EAGAIN);
	KUNIT_EXPECT_EQ(test, sent, (SIZE - 1) / 88);
	KUNIT_EXPECT_EQ(test, hvb_tx_used(&r->tx), sent * 88);

	/* Still full, and nothing moves. */
	before = peek32(&r->hdr->write_index);
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			hvb_tx_send(&r->tx, &inband, payload, 64));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), before);

	/* One packet read makes room for one. */
	poke32(&r->hdr->read_index, 88);
	KUNIT_EXPECT_EQ(test, 0, hvb_tx_send(&r->tx, &inband, payload, 64));
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			hvb_tx_send(&r->tx, &inband, payload, 64));
}

static void tx_batch(struct kunit *test)
{
	struct ring *r = ring_new(test);
	u8 *p;
	int i;

	KUNIT_EXPECT_FALSE(test, hvb_tx_publish(&r->tx));
	for (i = 0; i < 5; i++) {
		p = hvb_tx_reserve(&r->tx, 48);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
		KUNIT_EXPECT_PTR_EQ(test, p, r->data + i * 56);
		hvb_tx_put_desc(p, &inband, 16, 48);
		memset(p + 16, i, 32);
		hvb_tx_commit(&r->tx, 48);
		KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 0);
		KUNIT_EXPECT_EQ(test, get_unaligned_le64(p + 48),
				(u64)(i * 56) << 32);
	}
	KUNIT_EXPECT_EQ(test, hvb_tx_used(&r->tx), 5 * 56);
	KUNIT_EXPECT_TRUE(test, hvb_tx_publish(&r->tx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 5 * 56);
	/* One signal for all of them. */
	KUNIT_EXPECT_FALSE(test, hvb_tx_publish(&r->tx));

	/* A send publishes what was committed before it. */
	p = hvb_tx_reserve(&r->tx, 16);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
	hvb_tx_put_desc(p, &inband, 16, 16);
	hvb_tx_commit(&r->tx, 16);
	KUNIT_EXPECT_EQ(test, 0, hvb_tx_send(&r->tx, &inband, NULL, 0));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 5 * 56 + 2 * 24);
}

static void tx_reserve_commit(struct kunit *test)
{
	struct ring *r = ring_new(test);
	u8 *p;

	/* A reservation that is dropped leaves no trace. */
	p = hvb_tx_reserve(&r->tx, 100);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
	KUNIT_EXPECT_FALSE(test, hvb_tx_publish(&r->tx));
	KUNIT_EXPECT_EQ(test, hvb_tx_used(&r->tx), 0);
	KUNIT_EXPECT_PTR_EQ(test, hvb_tx_reserve(&r->tx, 200), (void *)p);

	/* Less than reserved: what is committed counts, padding is clean. */
	hvb_tx_put_desc(p, &inband, 16, 21);
	KUNIT_EXPECT_EQ(test, p[4], 3);
	hvb_tx_commit(&r->tx, 21);
	KUNIT_EXPECT_EQ(test, p[20], 0xa5);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(p + 21), 0);
	KUNIT_EXPECT_EQ(test, p[23], 0);
	KUNIT_EXPECT_TRUE(test, hvb_tx_publish(&r->tx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 32);
	KUNIT_EXPECT_EQ(test, r->tx.poison, HVB_RING_OK);
}

struct misuse_case {
	const char *name;
	u32 reserve;
	u32 commit;
};

static const struct misuse_case misuses[] = {
	{ "no reservation", 0, 16 },
	{ "one more", 64, 65 },
	{ "limit", 64, U32_MAX },
	{ "less than a packet", 64, 8 },
	{ "nothing", 64, 0 },
};

KUNIT_ARRAY_PARAM_DESC(misuse, misuses, name);

static void tx_misuse(struct kunit *test)
{
	const struct misuse_case *c = test->param_value;
	struct ring *r = ring_new(test);

	if (c->reserve)
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, hvb_tx_reserve(&r->tx,
								  c->reserve));
	hvb_tx_commit(&r->tx, c->commit);
	KUNIT_EXPECT_EQ(test, r->tx.poison, HVB_RING_MISUSE);
	KUNIT_EXPECT_FALSE(test, hvb_tx_publish(&r->tx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 0);
	KUNIT_EXPECT_EQ(test, -EIO, PTR_ERR(hvb_tx_reserve(&r->tx, 16)));
}

static void tx_signal(struct kunit *test)
{
	struct ring *r = ring_new(test);

	/* Empty and not masked, at 0 and elsewhere. */
	KUNIT_EXPECT_EQ(test, 1, hvb_tx_send(&r->tx, &inband, NULL, 0));
	poke32(&r->hdr->read_index, 24);
	KUNIT_EXPECT_EQ(test, 1, hvb_tx_send(&r->tx, &inband, NULL, 0));
	/* Not empty. */
	KUNIT_EXPECT_EQ(test, 0, hvb_tx_send(&r->tx, &inband, NULL, 0));
	/* Empty and masked. */
	poke32(&r->hdr->read_index, 72);
	poke32(&r->hdr->interrupt_mask, 1);
	KUNIT_EXPECT_EQ(test, 0, hvb_tx_send(&r->tx, &inband, NULL, 0));
	/* Not empty any more when unmasked: the host has to look itself. */
	poke32(&r->hdr->interrupt_mask, 0);
	KUNIT_EXPECT_EQ(test, 0, hvb_tx_send(&r->tx, &inband, NULL, 0));
}

static void tx_wait_for(struct kunit *test)
{
	struct ring *r = ring_new(test);

	hvb_tx_wait_for(&r->tx, 1234);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->pending_send_sz), 1234);
	hvb_tx_wait_for(&r->tx, 0);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->pending_send_sz), 0);
}

KUNIT_ARRAY_PARAM_DESC(bad_index, bad_indices, name);

/* The shared write index is for the host: it steers nothing. */
static void tx_private_index(struct kunit *test)
{
	const struct index_case *c = test->param_value;
	struct ring *r = ring_new(test);

	KUNIT_EXPECT_EQ(test, 1, hvb_tx_send(&r->tx, &inband, NULL, 0));
	poke32(&r->hdr->write_index, c->idx);
	KUNIT_EXPECT_PTR_EQ(test, hvb_tx_reserve(&r->tx, 16),
			    (void *)(r->data + 24));
	KUNIT_EXPECT_EQ(test, 0, hvb_tx_send(&r->tx, &inband, NULL, 0));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), 48);
	KUNIT_EXPECT_EQ(test, r->tx.poison, HVB_RING_OK);
}

static void expect_tx_dead(struct kunit *test, struct ring *r,
			   enum hvb_ring_reject why)
{
	u32 write = peek32(&r->hdr->write_index);
	u8 *copy = kunit_kmalloc(test, 2 * SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, r->data, 2 * SIZE);
	KUNIT_EXPECT_EQ(test, r->tx.poison, why);

	/* For good, whatever the host stores now. */
	poke32(&r->hdr->read_index, write);
	KUNIT_EXPECT_EQ(test, -EIO, hvb_tx_send(&r->tx, &inband, "", 1));
	KUNIT_EXPECT_EQ(test, -EIO, PTR_ERR(hvb_tx_reserve(&r->tx, 16)));
	KUNIT_EXPECT_FALSE(test, hvb_tx_publish(&r->tx));
	KUNIT_EXPECT_EQ(test, hvb_tx_free(&r->tx), 0);
	KUNIT_EXPECT_EQ(test, hvb_tx_used(&r->tx), 0);
	KUNIT_EXPECT_EQ(test, hvb_tx_free_percent(&r->tx), 0);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->write_index), write);
	KUNIT_EXPECT_MEMEQ(test, r->data, copy, 2 * SIZE);
	KUNIT_EXPECT_EQ(test, r->tx.poison, why);
}

static void tx_hostile_index(struct kunit *test)
{
	const struct index_case *c = test->param_value;
	struct ring *r = ring_new(test);

	KUNIT_ASSERT_EQ(test, 1, hvb_tx_send(&r->tx, &inband, r->src,
					     4000 - 24));
	poke32(&r->hdr->read_index, c->idx);
	KUNIT_EXPECT_EQ(test, -EIO, hvb_tx_send(&r->tx, &inband, r->src, 96));
	expect_tx_dead(test, r, HVB_RING_BAD_INDEX);
}

static void tx_hostile_ahead(struct kunit *test)
{
	struct ring *r = ring_new(test);

	/* A reader cannot be past what was published. */
	KUNIT_ASSERT_EQ(test, 1, hvb_tx_send(&r->tx, &inband, r->src, 40));
	poke32(&r->hdr->read_index, 64 + 8);
	KUNIT_EXPECT_EQ(test, hvb_tx_free(&r->tx), 0);
	expect_tx_dead(test, r, HVB_RING_BAD_INDEX);
}

static void tx_hostile_unpublished(struct kunit *test)
{
	struct ring *r = ring_new(test);

	/* Committed is not published. */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, hvb_tx_reserve(&r->tx, 56));
	hvb_tx_commit(&r->tx, 56);
	poke32(&r->hdr->read_index, 8);
	KUNIT_EXPECT_EQ(test, hvb_tx_free(&r->tx), 0);
	expect_tx_dead(test, r, HVB_RING_BAD_INDEX);
}

static void tx_hostile_backwards(struct kunit *test)
{
	struct ring *r = ring_new(test);

	KUNIT_ASSERT_EQ(test, 1, hvb_tx_send(&r->tx, &inband, r->src, 1000));
	poke32(&r->hdr->read_index, 512);
	KUNIT_EXPECT_EQ(test, hvb_tx_free(&r->tx), SIZE - 512);
	poke32(&r->hdr->read_index, 504);
	KUNIT_EXPECT_EQ(test, hvb_tx_free(&r->tx), 0);
	expect_tx_dead(test, r, HVB_RING_BAD_INDEX);
}

static void tx_poison_keeps_reason(struct kunit *test)
{
	struct ring *r = ring_new(test);

	hvb_tx_poison(&r->tx, HVB_RING_PROTOCOL);
	hvb_tx_poison(&r->tx, HVB_RING_BAD_INDEX);
	expect_tx_dead(test, r, HVB_RING_PROTOCOL);
	/* A new open revives it. */
	KUNIT_EXPECT_EQ(test, 0, hvb_tx_init(&r->tx, shared_hdr(r),
					     shared_data(r), SIZE));
	poke32(&r->hdr->read_index, 0);
	KUNIT_EXPECT_EQ(test, 1, hvb_tx_send(&r->tx, &inband, NULL, 0));
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
	KUNIT_EXPECT_EQ(test, r->tx.reserved, 0);

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

	hvb_tx_poison(&r->tx, HVB_RING_PROTOCOL);
	KUNIT_EXPECT_EQ(test, -EIO, hvb_tx_reserve_head(&r->tx, head, &p));
}

static struct kunit_case ring_tx_cases[] = {
	KUNIT_CASE(tx_init),
	KUNIT_CASE(tx_layout),
	KUNIT_CASE(tx_layout_ext),
	KUNIT_CASE(tx_bad_length),
	KUNIT_CASE_PARAM(tx_exact_fit, fit_gen_params),
	KUNIT_CASE(tx_full),
	KUNIT_CASE(tx_batch),
	KUNIT_CASE(tx_reserve_commit),
	KUNIT_CASE_PARAM(tx_misuse, misuse_gen_params),
	KUNIT_CASE(tx_signal),
	KUNIT_CASE(tx_wait_for),
	KUNIT_CASE_PARAM(tx_private_index, bad_index_gen_params),
	KUNIT_CASE_PARAM(tx_hostile_index, bad_index_gen_params),
	KUNIT_CASE(tx_hostile_ahead),
	KUNIT_CASE(tx_hostile_unpublished),
	KUNIT_CASE(tx_hostile_backwards),
	KUNIT_CASE(tx_poison_keeps_reason),
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
