// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for the reader of a ring: copies, contracts, flow control, and a
 * host that lies about indices and packets.
 */
#include "ring_test.h"

static void rx_init(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct hvb_ring_hdr __hvshared *hdr = shared_hdr(r);
	void __hvshared *data = shared_data(r);

	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_rx_init(&r->rx, NULL, data, SIZE, r->buf, 64));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_rx_init(&r->rx, hdr, NULL, SIZE, r->buf, 64));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_rx_init(&r->rx, hdr, data, 4095, r->buf, 64));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_rx_init(&r->rx, hdr, data + 2, SIZE, r->buf, 64));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_rx_init(&r->rx, hdr, data, SIZE, NULL, 64));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_rx_init(&r->rx, hdr, data, SIZE, r->buf, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			hvb_rx_init(&r->rx, hdr, data, SIZE, r->buf + 4, 64));
	KUNIT_EXPECT_EQ(test, 0,
			hvb_rx_init(&r->rx, hdr, data, SIZE, NULL, 0));
	KUNIT_EXPECT_EQ(test, 0,
			hvb_rx_init(&r->rx, hdr, data, SIZE, r->buf, 64));
	KUNIT_EXPECT_EQ(test, rx_used(&r->rx), 0);
}

static void expect_payload(struct kunit *test, const struct hv_view *v,
			   u32 from, u32 id)
{
	u32 i;

	for (i = 0; i < v->len; i++)
		KUNIT_ASSERT_EQ(test, v->p[i], pattern(id, from + i));
}

static void rx_one(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt pkt;
	u16 v16;
	u64 v64;

	KUNIT_EXPECT_EQ(test, 0, rx_next(&r->rx, &pkt));
	host_put(r, HVB_PKT_XFER_PAGES, 32, 80, 7);
	/* Not there before the index says so. */
	KUNIT_EXPECT_EQ(test, 0, rx_next(&r->rx, &pkt));
	host_publish(r);
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &pkt));

	KUNIT_EXPECT_EQ(test, pkt.type, HVB_PKT_XFER_PAGES);
	KUNIT_EXPECT_EQ(test, pkt.flags, 1);
	KUNIT_EXPECT_EQ(test, pkt.trans_id, 7);
	KUNIT_EXPECT_EQ(test, pkt.raw.len, 80);
	KUNIT_EXPECT_EQ(test, pkt.payload.len, 48);
	KUNIT_EXPECT_PTR_EQ(test, pkt.payload.p, pkt.raw.p + 32);
	KUNIT_EXPECT_PTR_EQ(test, (const void *)pkt.raw.p, (void *)r->buf);
	expect_payload(test, &pkt.payload, 32, 7);

	/* The copy has a descriptor like the one on the wire. */
	KUNIT_EXPECT_EQ(test, 0, hv_view_le16(&pkt.raw, 0, &v16));
	KUNIT_EXPECT_EQ(test, v16, 7);
	KUNIT_EXPECT_EQ(test, 0, hv_view_le16(&pkt.raw, 2, &v16));
	KUNIT_EXPECT_EQ(test, v16, 4);
	KUNIT_EXPECT_EQ(test, 0, hv_view_le16(&pkt.raw, 4, &v16));
	KUNIT_EXPECT_EQ(test, v16, 10);
	KUNIT_EXPECT_EQ(test, 0, hv_view_le16(&pkt.raw, 6, &v16));
	KUNIT_EXPECT_EQ(test, v16, 1);
	KUNIT_EXPECT_EQ(test, 0, hv_view_le64(&pkt.raw, 8, &v64));
	KUNIT_EXPECT_EQ(test, v64, 7);

	/* Looked at is not consumed is not released. */
	KUNIT_EXPECT_EQ(test, rx_used(&r->rx), 88);
	KUNIT_EXPECT_EQ(test, 0, rx_next(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, rx_used(&r->rx), 0);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 0);
	KUNIT_EXPECT_FALSE(test, hvb_rx_release(&r->rx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 88);
}

static void rx_copy_stays(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt pkt, again;

	host_send(r, 64, 1);
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &pkt));

	/* The host rewrites the ring under the reader: nobody notices. */
	memset(r->data, 0xff, 2 * SIZE);
	expect_payload(test, &pkt.payload, 16, 1);
	KUNIT_EXPECT_EQ(test, 1, rx_peek(&r->rx, &again));
	KUNIT_EXPECT_EQ(test, again.raw.len, 64);
	KUNIT_EXPECT_EQ(test, again.trans_id, 1);
	KUNIT_EXPECT_PTR_EQ(test, again.payload.p, pkt.payload.p);

	/*
	 * It lives on when its space is released, which doesn't depend on
	 * lengths that the driver may have scribbled over.
	 */
	memset(r->buf, 0xff, 16);
	hvb_rx_consume(&r->rx);
	KUNIT_EXPECT_FALSE(test, hvb_rx_release(&r->rx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 72);
	expect_payload(test, &pkt.payload, 16, 1);
	hvb_rx_consume(&r->rx);
	KUNIT_EXPECT_EQ(test, r->rx.b.read, 72);
}

static void rx_stop_and_go(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt pkt;
	u32 id;

	for (id = 1; id <= 3; id++)
		host_send(r, 64, id);
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &pkt));
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, pkt.trans_id, 2);
	/* The budget is used up: the current packet is kept. */
	KUNIT_EXPECT_FALSE(test, hvb_rx_release(&r->rx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 72);
	KUNIT_EXPECT_EQ(test, 1, rx_peek(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, pkt.trans_id, 2);
	KUNIT_EXPECT_EQ(test, 1, rx_next(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, pkt.trans_id, 3);
	KUNIT_EXPECT_EQ(test, 0, rx_next(&r->rx, &pkt));
}

static void rx_batch(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt pkt;

	host_send(r, 64, 1);
	host_send(r, 64, 2);
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &pkt));
	/* The index is not looked at again before the batch is done. */
	poke32(&r->hdr->write_index, U32_MAX);
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, pkt.trans_id, 2);
	KUNIT_EXPECT_EQ(test, r->rx.poison, HVB_RING_OK);
	KUNIT_EXPECT_EQ(test, -EBADMSG, rx_next(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, r->rx.poison, HVB_RING_BAD_INDEX);
}

static void expect_rx_dead(struct kunit *test, struct ring *r,
			   enum hvb_ring_reject why)
{
	u32 read = peek32(&r->hdr->read_index);
	struct rx_pkt pkt;
	u8 buf[64];
	u64 id = 1;
	u32 len = 1;

	KUNIT_EXPECT_EQ(test, r->rx.poison, why);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->interrupt_mask), 1);

	/* No resync: good packets do not help. */
	r->host_write = r->rx.b.read;
	host_send(r, 64, 9);
	KUNIT_EXPECT_EQ(test, -EBADMSG, rx_next(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, -EBADMSG, rx_peek(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, -EBADMSG, rx_begin(&r->rx));
	KUNIT_EXPECT_EQ(test, -EBADMSG, hvb_rx_recv_into(&r->rx, buf,
							 sizeof(buf), false,
							 &len, &id));
	KUNIT_EXPECT_EQ(test, len, 0);
	KUNIT_EXPECT_EQ(test, id, 0);
	KUNIT_EXPECT_EQ(test, rx_used(&r->rx), 0);
	KUNIT_EXPECT_FALSE(test, hvb_rx_release(&r->rx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), read);
	KUNIT_EXPECT_EQ(test, hvb_rx_unmask(&r->rx), 0);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->interrupt_mask), 1);
	KUNIT_EXPECT_EQ(test, r->rx.poison, why);
}

KUNIT_ARRAY_PARAM_DESC(bad_index, bad_indices, name);

static void rx_hostile_index(struct kunit *test)
{
	const struct index_case *c = test->param_value;
	struct ring *r = ring_new(test);
	struct rx_pkt pkt;

	poke32(&r->hdr->write_index, c->idx);
	KUNIT_EXPECT_EQ(test, -EBADMSG, rx_next(&r->rx, &pkt));
	expect_rx_dead(test, r, HVB_RING_BAD_INDEX);
}

static void rx_hostile_index_late(struct kunit *test)
{
	const struct index_case *c = test->param_value;
	struct ring *r = ring_new(test);

	/* The host waits for space and its index is wrong then. */
	r->rx.b.read = 88;
	poke32(&r->hdr->pending_send_sz, 4000);
	poke32(&r->hdr->write_index, c->idx);
	KUNIT_EXPECT_FALSE(test, hvb_rx_release(&r->rx));
	expect_rx_dead(test, r, HVB_RING_BAD_INDEX);
}

static void rx_hostile_overrun(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt pkt;

	/* Consumed, not released: the writer must not be in there. */
	host_send(r, 88, 1);
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &pkt));
	KUNIT_ASSERT_EQ(test, 0, rx_next(&r->rx, &pkt));
	poke32(&r->hdr->write_index, 48);
	KUNIT_EXPECT_EQ(test, -EBADMSG, rx_next(&r->rx, &pkt));
	expect_rx_dead(test, r, HVB_RING_BAD_INDEX);

	/* The same when the reader wants interrupts again. */
	r = ring_new(test);
	host_send(r, 88, 1);
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &pkt));
	hvb_rx_consume(&r->rx);
	poke32(&r->hdr->write_index, 48);
	KUNIT_EXPECT_EQ(test, hvb_rx_unmask(&r->rx), 0);
	KUNIT_EXPECT_EQ(test, r->rx.poison, HVB_RING_BAD_INDEX);
}

static void rx_hostile_backwards(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt pkt;

	host_send(r, 88, 1);
	host_send(r, 88, 2);
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &pkt));
	/* Bytes that were there are not there any more. */
	poke32(&r->hdr->write_index, 96);
	KUNIT_EXPECT_EQ(test, hvb_rx_unmask(&r->rx), 0);
	expect_rx_dead(test, r, HVB_RING_BAD_INDEX);
}

KUNIT_ARRAY_PARAM_DESC(bad_frame, bad_frames, name);

static void rx_hostile_frame(struct kunit *test)
{
	const struct frame_case *c = test->param_value;
	struct ring *r = ring_new(test);
	u32 len = c->len8 * 8;
	struct rx_pkt pkt;
	u8 buf[128];
	u64 id;
	bool iter = c->offset8 % 2;

	put_unaligned_le16(c->type, r->data);
	put_unaligned_le16(c->offset8, r->data + 2);
	put_unaligned_le16(c->len8, r->data + 4);
	poke32(&r->hdr->write_index, c->avail);
	if (iter)
		KUNIT_EXPECT_EQ(test, -EBADMSG, rx_next(&r->rx, &pkt));
	else
		KUNIT_EXPECT_EQ(test, -EBADMSG,
				hvb_rx_recv_into(&r->rx, buf, sizeof(buf),
						 true, &len, &id));
	expect_rx_dead(test, r, c->why);
}

static void rx_too_big(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt pkt;
	u8 *big = kunit_kmalloc(test, 2 * BUF_SIZE, GFP_KERNEL);
	u32 len;
	u64 id;

	KUNIT_ASSERT_NOT_NULL(test, big);
	/* The longest for the iterator, then one unit more. */
	host_send(r, BUF_SIZE, 1);
	host_send(r, BUF_SIZE + 8, 2);
	host_send(r, BUF_SIZE + 8, 3);
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, pkt.raw.len, BUF_SIZE);
	expect_payload(test, &pkt.payload, 16, 1);
	hvb_rx_consume(&r->rx);

	/* The caller's buffer is another matter. */
	KUNIT_EXPECT_EQ(test, -ENOBUFS,
			hvb_rx_recv_into(&r->rx, big, BUF_SIZE, true, &len,
					 &id));
	KUNIT_EXPECT_EQ(test, len, BUF_SIZE + 8);
	KUNIT_EXPECT_EQ(test, 0, hvb_rx_recv_into(&r->rx, big, 2 * BUF_SIZE,
						  true, &len, &id));
	KUNIT_EXPECT_EQ(test, id, 2);
	KUNIT_EXPECT_EQ(test, -EBADMSG, rx_next(&r->rx, &pkt));
	expect_rx_dead(test, r, HVB_RING_TOO_BIG);
}

static void rx_no_buffer(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt pkt;

	KUNIT_ASSERT_EQ(test, 0, hvb_rx_init(&r->rx, shared_hdr(r),
					     shared_data(r), SIZE, NULL, 0));
	host_send(r, 16, 1);
	KUNIT_EXPECT_EQ(test, -EBADMSG, rx_next(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, r->rx.poison, HVB_RING_TOO_BIG);
}

static void rx_recv_into(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct hv_view v;
	u8 buf[96];
	u32 len = 1;
	u64 id = 1;

	/* Empty. */
	KUNIT_EXPECT_EQ(test, 0, hvb_rx_recv_into(&r->rx, buf, 64, false, &len,
						  &id));
	KUNIT_EXPECT_EQ(test, len, 0);
	KUNIT_EXPECT_EQ(test, id, 0);

	host_put(r, HVB_PKT_INBAND, 24, 80, 5);
	host_put(r, HVB_PKT_INBAND, 24, 80, 6);
	host_publish(r);
	KUNIT_EXPECT_EQ(test, -EINVAL, hvb_rx_recv_into(&r->rx, buf, 0, false,
							&len, &id));

	/* The payload, to an odd address, and not a byte more. */
	memset(buf, 0x5a, sizeof(buf));
	KUNIT_EXPECT_EQ(test, 0, hvb_rx_recv_into(&r->rx, buf + 1, 56, false,
						  &len, &id));
	KUNIT_EXPECT_EQ(test, len, 56);
	KUNIT_EXPECT_EQ(test, id, 5);
	v = hv_view_of(buf + 1, 56);
	expect_payload(test, &v, 24, 5);
	KUNIT_EXPECT_EQ(test, buf[0], 0x5a);
	KUNIT_EXPECT_EQ(test, buf[57], 0x5a);

	/* The whole packet. */
	KUNIT_EXPECT_EQ(test, 0, hvb_rx_recv_into(&r->rx, buf + 1, 80, true,
						  &len, &id));
	KUNIT_EXPECT_EQ(test, len, 80);
	KUNIT_EXPECT_EQ(test, id, 6);
	KUNIT_EXPECT_MEMEQ(test, buf + 1, r->data + 88, 80);
	KUNIT_EXPECT_EQ(test, buf[81], 0x5a);

	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 0);
	KUNIT_EXPECT_FALSE(test, hvb_rx_release(&r->rx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 176);
	KUNIT_EXPECT_EQ(test, 0, hvb_rx_recv_into(&r->rx, buf, 64, false, &len,
						  &id));
	KUNIT_EXPECT_EQ(test, len, 0);
}

static void rx_enobufs(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt pkt;
	u8 buf[80] = {};
	u32 len, i;
	u64 id;

	host_send(r, 80, 3);
	host_send(r, 16, 4);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, -ENOBUFS,
				hvb_rx_recv_into(&r->rx, buf, 63, false, &len,
						 &id));
		KUNIT_EXPECT_EQ(test, len, 64);
		KUNIT_EXPECT_EQ(test, id, 3);
		KUNIT_EXPECT_EQ(test, -ENOBUFS,
				hvb_rx_recv_into(&r->rx, buf, 79, true, &len,
						 &id));
		KUNIT_EXPECT_EQ(test, len, 80);
	}
	KUNIT_EXPECT_EQ(test, buf[0], 0);
	KUNIT_EXPECT_EQ(test, rx_used(&r->rx), 88 + 24);
	KUNIT_EXPECT_FALSE(test, hvb_rx_release(&r->rx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 0);

	/* It is still there, for either way of reading. */
	KUNIT_EXPECT_EQ(test, 1, rx_peek(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, pkt.trans_id, 3);
	KUNIT_EXPECT_EQ(test, 0, hvb_rx_recv_into(&r->rx, buf, 64, false, &len,
						  &id));
	KUNIT_EXPECT_EQ(test, len, 64);
	KUNIT_EXPECT_EQ(test, id, 3);
	KUNIT_EXPECT_EQ(test, 1, rx_peek(&r->rx, &pkt));
	KUNIT_EXPECT_EQ(test, pkt.trans_id, 4);
	KUNIT_EXPECT_EQ(test, pkt.payload.len, 0);
}

static void rx_mask(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt pkt;

	hvb_rx_mask(&r->rx);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->interrupt_mask), 1);
	KUNIT_EXPECT_EQ(test, hvb_rx_unmask(&r->rx), 0);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->interrupt_mask), 0);

	/* Something arrived between the last look and the unmasking. */
	hvb_rx_mask(&r->rx);
	KUNIT_EXPECT_EQ(test, 0, rx_next(&r->rx, &pkt));
	host_send(r, 64, 1);
	KUNIT_EXPECT_EQ(test, hvb_rx_unmask(&r->rx), 72);
	KUNIT_EXPECT_EQ(test, 1, rx_next(&r->rx, &pkt));
	host_send(r, 64, 2);
	KUNIT_EXPECT_EQ(test, hvb_rx_unmask(&r->rx), 144);
}

static void rx_no_feature(struct kunit *test)
{
	struct ring *r = ring_new(test);

	/* A host that polls for space is never interrupted for it. */
	r->rx.b.read = 1024;
	poke32(&r->hdr->write_index, 4000);
	poke32(&r->hdr->pending_send_sz, 512);
	poke32(&r->hdr->feature_bits, 0);
	hvb_rx_opened(&r->rx);
	KUNIT_EXPECT_FALSE(test, hvb_rx_release(&r->rx));
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 1024);

	/* The same with the bit. */
	r->rx.published = 0;
	poke32(&r->hdr->feature_bits, 0xffffffff);
	hvb_rx_opened(&r->rx);
	/* Read once, at open: later changes are ignored. */
	poke32(&r->hdr->feature_bits, 0);
	KUNIT_EXPECT_TRUE(test, hvb_rx_release(&r->rx));
}

static void rx_poison_keeps_reason(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt pkt;

	host_send(r, 64, 1);
	host_send(r, 64, 2);
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &pkt));
	hvb_rx_poison(&r->rx, HVB_RING_TOO_BIG);
	hvb_rx_poison(&r->rx, HVB_RING_BAD_TYPE);
	expect_payload(test, &pkt.payload, 16, 1);
	expect_rx_dead(test, r, HVB_RING_TOO_BIG);
}

KUNIT_ARRAY_PARAM_DESC(room, rooms, name);

/* The same decision when a reader releases. */
static void rx_signal_back(struct kunit *test)
{
	const struct room_case *c = test->param_value;
	struct ring *r = ring_new(test);

	r->rx.published = c->old_read;
	r->rx.b.read = c->read;
	poke32(&r->hdr->write_index, c->write);
	poke32(&r->hdr->pending_send_sz, c->pending);
	KUNIT_EXPECT_EQ(test, hvb_rx_release(&r->rx), c->signal);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), c->read);
	KUNIT_EXPECT_EQ(test, r->rx.poison, HVB_RING_OK);

	/* Once is enough: nothing was consumed since. */
	KUNIT_EXPECT_FALSE(test, hvb_rx_release(&r->rx));
}

/* The usual head of the tests' packets. */
#define USUAL	(hv_head(HVB_PKT_INBAND, 1, 48))

static u32 batch_begin(struct kunit *test, struct ring *r)
{
	KUNIT_ASSERT_EQ(test, 0, rx_begin(&r->rx));
	return r->rx.b.avail;
}

/* Ends a batch with a host that waits for nothing. */
static int batch_end(struct kunit *test, struct ring *r)
{
	bool signal = true;
	int left = rx_end(&r->rx, &signal);

	KUNIT_EXPECT_FALSE(test, signal);
	return left;
}

static void expect_in_ring(struct kunit *test, struct ring *r,
			   const struct hv_pkt *pkt, u32 at, u32 offset,
			   u32 len, u64 id)
{
	struct hv_view v = hv_view_of(r->data + at + offset, pkt->len);

	KUNIT_EXPECT_EQ(test, pkt->trans_id, id);
	KUNIT_EXPECT_EQ(test, pkt->len, len - offset);
	KUNIT_EXPECT_EQ(test, hv_head_type(pkt->head), HVB_PKT_INBAND);
	KUNIT_EXPECT_EQ(test, hv_head_offset(pkt->head), offset);
	KUNIT_EXPECT_EQ(test, hv_head_end(pkt->head), len);
	KUNIT_EXPECT_PTR_EQ(test, (__force const u8 *)pkt->payload, v.p);
	expect_payload(test, &v, offset, id);
}

static void batch_reads(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct hv_pkt pkt;

	KUNIT_EXPECT_EQ(test, batch_begin(test, r), 0);
	KUNIT_EXPECT_FALSE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	KUNIT_EXPECT_EQ(test, batch_end(test, r), 0);

	/* Usual ones, one that is longer, one with an extension, a bare one. */
	host_send(r, 64, 1);
	host_send(r, 72, 2);
	host_put(r, HVB_PKT_INBAND, 32, 64, 3);
	host_put(r, HVB_PKT_INBAND, 16, 16, 4);
	host_send(r, 64, 5);
	KUNIT_EXPECT_EQ(test, batch_begin(test, r), 72 + 80 + 72 + 24 + 72);
	/* What comes later is not part of the batch. */
	host_send(r, 64, 6);

	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	KUNIT_EXPECT_EQ(test, pkt.head, USUAL);
	expect_in_ring(test, r, &pkt, 0, 16, 64, 1);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	expect_in_ring(test, r, &pkt, 72, 16, 72, 2);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	expect_in_ring(test, r, &pkt, 152, 32, 64, 3);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	expect_in_ring(test, r, &pkt, 224, 16, 16, 4);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, 0, &pkt));
	expect_in_ring(test, r, &pkt, 248, 16, 64, 5);
	KUNIT_EXPECT_FALSE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));

	/* One index update for all of them; then there is one more. */
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 0);
	KUNIT_EXPECT_EQ(test, batch_end(test, r), 72);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 320);
	KUNIT_EXPECT_EQ(test, batch_begin(test, r), 72);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	expect_in_ring(test, r, &pkt, 320, 16, 64, 6);
	KUNIT_EXPECT_EQ(test, batch_end(test, r), 0);
	KUNIT_EXPECT_EQ(test, r->rx.poison, HVB_RING_OK);
}

/* A batch that is ended before its end; the iterator, before and after it. */
static void batch_stop_and_go(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct rx_pkt current_pkt;
	struct hv_pkt pkt;
	u32 id;

	for (id = 1; id <= 4; id++)
		host_send(r, 64, id);
	KUNIT_ASSERT_EQ(test, 1, rx_peek(&r->rx, &current_pkt));
	KUNIT_EXPECT_EQ(test, batch_begin(test, r), 288);
	KUNIT_EXPECT_EQ(test, batch_end(test, r), 288);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 0);

	KUNIT_EXPECT_EQ(test, batch_begin(test, r), 288);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	KUNIT_EXPECT_EQ(test, pkt.trans_id, 1);
	KUNIT_EXPECT_EQ(test, batch_end(test, r), 216);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 72);

	/* Consumed by the iterator, given back with the batch. */
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &current_pkt));
	KUNIT_EXPECT_EQ(test, current_pkt.trans_id, 2);
	hvb_rx_consume(&r->rx);
	KUNIT_EXPECT_EQ(test, batch_begin(test, r), 144);
	KUNIT_EXPECT_EQ(test, batch_end(test, r), 144);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 144);

	KUNIT_EXPECT_EQ(test, batch_begin(test, r), 144);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	KUNIT_EXPECT_EQ(test, pkt.trans_id, 3);
	KUNIT_EXPECT_EQ(test, batch_end(test, r), 72);
	KUNIT_ASSERT_EQ(test, 1, rx_next(&r->rx, &current_pkt));
	KUNIT_EXPECT_EQ(test, current_pkt.trans_id, 4);
}

static void batch_wraps(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct hv_pkt pkt;
	u32 id, at = 0;

	for (id = 1; id <= 3 * SIZE / 72; id += 2) {
		host_send(r, 64, id);
		host_send(r, 64, id + 1);
		KUNIT_ASSERT_EQ(test, batch_begin(test, r), 144);
		KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
		expect_in_ring(test, r, &pkt, at, 16, 64, id);
		at = (at + 72) % SIZE;
		KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
		expect_in_ring(test, r, &pkt, at, 16, 64, id + 1);
		at = (at + 72) % SIZE;
		KUNIT_ASSERT_EQ(test, batch_end(test, r), 0);
		KUNIT_ASSERT_EQ(test, peek32(&r->hdr->read_index), at);
	}
}

/* What the host does to heads that were fetched changes nothing. */
static void batch_private(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct hv_pkt pkt;

	host_send(r, 64, 1);
	host_send(r, 64, 2);
	KUNIT_EXPECT_EQ(test, batch_begin(test, r), 144);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	memset(r->data, 0xff, 72);
	poke32(&r->hdr->read_index, 8);
	KUNIT_EXPECT_EQ(test, pkt.head, USUAL);
	KUNIT_EXPECT_EQ(test, pkt.len, 48);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	expect_in_ring(test, r, &pkt, 72, 16, 64, 2);
	KUNIT_EXPECT_EQ(test, batch_end(test, r), 0);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), 144);
}

static void batch_hostile_index(struct kunit *test)
{
	const struct index_case *c = test->param_value;
	struct ring *r = ring_new(test);
	struct hv_pkt pkt;

	host_send(r, 64, 1);
	KUNIT_EXPECT_EQ(test, batch_begin(test, r), 72);
	poke32(&r->hdr->write_index, c->idx);
	/* A request for space makes no difference. */
	poke32(&r->hdr->pending_send_sz, c->idx % 16 ? 4000 : 0);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	KUNIT_EXPECT_EQ(test, batch_end(test, r), -EBADMSG);
	expect_rx_dead(test, r, HVB_RING_BAD_INDEX);

	r = ring_new(test);
	poke32(&r->hdr->write_index, c->idx);
	KUNIT_EXPECT_EQ(test, -EBADMSG, rx_begin(&r->rx));
	expect_rx_dead(test, r, HVB_RING_BAD_INDEX);
}

static void batch_hostile_backwards(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct hv_pkt pkt;

	host_send(r, 88, 1);
	host_send(r, 88, 2);
	KUNIT_EXPECT_EQ(test, batch_begin(test, r), 192);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	poke32(&r->hdr->write_index, 184);
	KUNIT_EXPECT_EQ(test, batch_end(test, r), -EBADMSG);
	expect_rx_dead(test, r, HVB_RING_BAD_INDEX);
}

static void batch_hostile_frame(struct kunit *test)
{
	const struct frame_case *c = test->param_value;
	u64 head = c->type | (u64)c->offset8 << 16 | (u64)c->len8 << 32;
	struct hv_pkt pkt = { .len = 77 };
	struct ring *r;
	u32 i;

	/* Where no head is usual, where another is, and where it itself is. */
	for (i = 0; i < 3; i++) {
		u64 usual = i == 1 ? USUAL : 0;

		if (i == 2 && c->why == HVB_RING_BAD_LENGTH)
			usual = head;
		r = ring_new(test);
		put_unaligned_le64(head, r->data);
		poke32(&r->hdr->write_index, c->avail);
		KUNIT_ASSERT_EQ(test, batch_begin(test, r), c->avail);
		KUNIT_EXPECT_FALSE(test, hv_batch_next(&r->rx.b, usual, &pkt));
		KUNIT_EXPECT_FALSE(test, hv_batch_next(&r->rx.b, usual, &pkt));
		KUNIT_EXPECT_EQ(test, pkt.len, 77);
		KUNIT_EXPECT_EQ(test, batch_end(test, r), -EBADMSG);
		expect_rx_dead(test, r, c->why);
	}
}

/* Good packets before it were handed out; their space isn't given back. */
static void batch_too_big(struct kunit *test)
{
	struct ring *r = ring_new(test);
	struct hv_pkt pkt;

	host_send(r, BUF_SIZE, 1);
	host_send(r, BUF_SIZE + 8, 2);
	batch_begin(test, r);
	KUNIT_ASSERT_TRUE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	KUNIT_EXPECT_EQ(test, pkt.len, BUF_SIZE - 16);
	KUNIT_EXPECT_FALSE(test, hv_batch_next(&r->rx.b, USUAL, &pkt));
	KUNIT_EXPECT_EQ(test, batch_end(test, r), -EBADMSG);
	KUNIT_EXPECT_EQ(test, r->rx.b.read, BUF_SIZE + 8);
	expect_rx_dead(test, r, HVB_RING_TOO_BIG);
}

static void batch_signal(struct kunit *test)
{
	const struct room_case *c = test->param_value;
	struct ring *r = ring_new(test);
	bool signal;

	r->rx.published = c->old_read;
	r->rx.b.read = c->old_read;
	poke32(&r->hdr->write_index, c->read);
	batch_begin(test, r);
	/* All of it was read; meanwhile the host went on. */
	r->rx.b.read = c->read;
	r->rx.b.avail = 0;
	poke32(&r->hdr->write_index, c->write);
	poke32(&r->hdr->pending_send_sz, c->pending);
	KUNIT_EXPECT_EQ(test, rx_end(&r->rx, &signal),
			(int)hvb_ring_used(SIZE, c->read, c->write));
	KUNIT_EXPECT_EQ(test, signal, c->signal);
	KUNIT_EXPECT_EQ(test, peek32(&r->hdr->read_index), c->read);

	/* Not to a host that polls. */
	r->rx.published = c->old_read;
	r->rx.signal_back = false;
	KUNIT_EXPECT_GE(test, rx_end(&r->rx, &signal), 0);
	KUNIT_EXPECT_FALSE(test, signal);
}

static struct kunit_case ring_rx_cases[] = {
	KUNIT_CASE(rx_init),
	KUNIT_CASE(rx_one),
	KUNIT_CASE(rx_copy_stays),
	KUNIT_CASE(rx_stop_and_go),
	KUNIT_CASE(rx_batch),
	KUNIT_CASE_PARAM(rx_signal_back, room_gen_params),
	KUNIT_CASE_PARAM(rx_hostile_index, bad_index_gen_params),
	KUNIT_CASE_PARAM(rx_hostile_index_late, bad_index_gen_params),
	KUNIT_CASE(rx_hostile_overrun),
	KUNIT_CASE(rx_hostile_backwards),
	KUNIT_CASE_PARAM(rx_hostile_frame, bad_frame_gen_params),
	KUNIT_CASE(rx_too_big),
	KUNIT_CASE(rx_no_buffer),
	KUNIT_CASE(rx_recv_into),
	KUNIT_CASE(rx_enobufs),
	KUNIT_CASE(rx_mask),
	KUNIT_CASE(rx_no_feature),
	KUNIT_CASE(rx_poison_keeps_reason),
	KUNIT_CASE(batch_reads),
	KUNIT_CASE(batch_stop_and_go),
	KUNIT_CASE(batch_wraps),
	KUNIT_CASE(batch_private),
	KUNIT_CASE_PARAM(batch_hostile_index, bad_index_gen_params),
	KUNIT_CASE(batch_hostile_backwards),
	KUNIT_CASE_PARAM(batch_hostile_frame, bad_frame_gen_params),
	KUNIT_CASE(batch_too_big),
	KUNIT_CASE_PARAM(batch_signal, room_gen_params),
	{}
};

static struct kunit_suite ring_rx_suite = {
	.name = "hv_vmbus_ring_rx",
	.test_cases = ring_rx_cases,
};

kunit_test_suites(&ring_rx_suite);

MODULE_DESCRIPTION("KUnit suite for the reader of a VMBus ring");
MODULE_LICENSE("GPL");
