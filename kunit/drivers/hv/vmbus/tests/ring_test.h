/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites for rings have in common: a ring whose other side is the
 * test, and the values that a host may lie with.
 *
 * Memory is two data areas long but not really mapped twice: both sides
 * address a packet from its first byte on, so what wraps lies in the second
 * half for both.
 */
#ifndef _HV_VMBUS_TESTS_RING_TEST_H
#define _HV_VMBUS_TESTS_RING_TEST_H

#include <kunit/test.h>
#include <linux/hyperv/view.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "../logic/ring_rx.h"
#include "../logic/ring_tx.h"
#include "compat.h"

#define SIZE		4096
#define BUF_SIZE	512

struct ring {
	struct hvb_ring_hdr *hdr;
	u8 *data;
	u8 *buf;
	u8 *src;		/* zeroes to send */
	u32 host_write;		/* of the test as the host's writer */
	struct hvb_ring_tx tx;
	struct hvb_ring_rx rx;
};

/* The test looks at both sides of the memory. */
static inline struct hvb_ring_hdr __hvshared *shared_hdr(const struct ring *r)
{
	return (__force struct hvb_ring_hdr __hvshared *)r->hdr;
}

static inline void __hvshared *shared_data(const struct ring *r)
{
	return (__force void __hvshared *)r->data;
}

static inline u32 peek32(const __le32 *p)
{
	return le32_to_cpu(*p);
}

static inline void poke32(__le32 *p, u32 val)
{
	*p = cpu_to_le32(val);
}

static inline struct ring *ring_new(struct kunit *test)
{
	struct ring *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->hdr = kunit_kmalloc(test, sizeof(*r->hdr), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r->hdr);
	r->data = kunit_kmalloc(test, 2 * SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r->data);
	r->buf = kunit_kzalloc(test, BUF_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r->buf);
	r->src = kunit_kzalloc(test, SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r->src);
	memset(r->hdr, 0xa5, sizeof(*r->hdr));
	memset(r->data, 0xa5, 2 * SIZE);

	hvb_ring_hdr_init(shared_hdr(r));
	KUNIT_ASSERT_EQ(test, 0, hvb_tx_init(&r->tx, shared_hdr(r),
					     shared_data(r), SIZE));
	KUNIT_ASSERT_EQ(test, 0, hvb_rx_init(&r->rx, shared_hdr(r),
					     shared_data(r), SIZE, r->buf,
					     BUF_SIZE));
	return r;
}

/* Byte i of the payload of packet n. */
static inline u8 pattern(u32 n, u32 i)
{
	return n * 31 + i * 7 + 1;
}

/* Writes a packet as the host does; the index stays where it is. */
static inline void host_put(struct ring *r, u16 type, u32 offset, u32 len,
			    u64 id)
{
	u8 *p = r->data + r->host_write;
	u32 i;

	put_unaligned_le16(type, p);
	put_unaligned_le16(offset / 8, p + 2);
	put_unaligned_le16(len / 8, p + 4);
	put_unaligned_le16(0x1, p + 6);
	put_unaligned_le64(id, p + 8);
	for (i = 16; i < len; i++)
		p[i] = pattern(id, i);
	put_unaligned_le64((u64)r->host_write << 32, p + len);
	r->host_write = (r->host_write + len + 8) % SIZE;
}

static inline void host_publish(struct ring *r)
{
	poke32(&r->hdr->write_index, r->host_write);
}

static inline void host_send(struct ring *r, u32 len, u64 id)
{
	host_put(r, HVB_PKT_INBAND, 16, len, id);
	host_publish(r);
}

static const struct hvb_desc inband __maybe_unused = {
	.type = HVB_PKT_INBAND, .trans_id = 0x1122334455667788ULL,
};

/* The joins of the engines' parts, as packet.c has them. */
static inline int tx_put(struct hvb_ring_tx *tx, const struct hvb_desc *d,
			 const void *ext, u32 ext_len, const void *buf, u32 len)
{
	u8 __hvshared *p;
	int ret;

	ret = hvb_tx_fill(tx, ext, ext_len, buf, len, &p);
	if (!ret)
		hvb_tx_finish(tx, p, d, ext_len, len);
	return ret;
}

static inline int tx_send_kv(struct hvb_ring_tx *tx, const struct hvb_desc *d,
			     const void *ext, u32 ext_len, const void *buf,
			     u32 len)
{
	return tx_put(tx, d, ext, ext_len, buf, len) ?: hvb_tx_show(tx);
}

static inline int tx_send(struct hvb_ring_tx *tx, const struct hvb_desc *d,
			  const void *buf, u32 len)
{
	return tx_send_kv(tx, d, NULL, 0, buf, len);
}

/* Bytes that are free right now; 0 if the ring is poisoned. */
static inline u32 tx_free(struct hvb_ring_tx *tx)
{
	return hvb_tx_refresh(tx, 0) ? 0 : tx->free;
}

/* Bytes that the host has not read yet; 0 if the ring is poisoned. */
static inline u32 tx_used(struct hvb_ring_tx *tx)
{
	return hvb_tx_refresh(tx, 0) ? 0 : tx->size - tx->free;
}

/* The current packet, as drivers find it in the copy. */
struct rx_pkt {
	u64 trans_id;
	u16 type;
	u16 flags;
	struct hv_view raw;
	struct hv_view payload;
};

static inline int rx_peek(struct hvb_ring_rx *rx, struct rx_pkt *pkt)
{
	int ret = hvb_rx_current(rx);
	u32 offset, len;
	u64 head;

	if (ret <= 0)
		return ret;
	head = get_unaligned_le64(rx->buf);
	offset = hvb_word0_offset(head);
	len = hvb_word0_len(head);
	pkt->trans_id = get_unaligned_le64(rx->buf + 8);
	pkt->type = hvb_word0_type(head);
	pkt->flags = head >> 48;
	pkt->raw = hv_view_of(rx->buf, len);
	pkt->payload = hv_view_of(rx->buf + offset, len - offset);
	return ret;
}

static inline int rx_next(struct hvb_ring_rx *rx, struct rx_pkt *pkt)
{
	hvb_rx_consume(rx);
	return rx_peek(rx, pkt);
}

static inline int rx_begin(struct hvb_ring_rx *rx)
{
	return hvb_rx_ready(rx) ? 0 : hvb_rx_sync(rx);
}

static inline int rx_end(struct hvb_ring_rx *rx, bool *signal)
{
	u32 old;
	int ret;

	*signal = false;
	ret = hvb_rx_done(rx, &old);
	return ret >= 0 ? ret : hvb_rx_end_odd(rx, old, signal);
}

/* Bytes that are not consumed yet; 0 if the ring is poisoned. */
static inline u32 rx_used(struct hvb_ring_rx *rx)
{
	return hvb_rx_sync(rx) ? 0 : rx->b.avail;
}

/* Values no index of a ring of SIZE bytes can have; the host may store any. */
struct index_case {
	const char *name;
	u32 idx;
};

static const struct index_case bad_indices[] __maybe_unused = {
	{ "size", SIZE },
	{ "beyond", SIZE + 8 },
	{ "unaligned", 12 },
	{ "odd", 1 },
	{ "last byte", SIZE - 1 },
	{ "second mapping", 2 * SIZE - 8 },
	{ "sign bit", 0x80000000 },
	{ "aligned limit", U32_MAX - 7 },
	{ "limit", U32_MAX },
};

/* Descriptors that make no sense with that many bytes in the ring. */
struct frame_case {
	const char *name;
	u16 type;
	u16 offset8;
	u16 len8;
	u32 avail;
	enum hvb_ring_reject why;
};

static const struct frame_case bad_frames[] __maybe_unused = {
	{ "type 0", 0, 2, 10, 88, HVB_RING_BAD_TYPE },
	{ "type 14", 14, 2, 10, 88, HVB_RING_BAD_TYPE },
	{ "type limit", 0xffff, 2, 10, 88, HVB_RING_BAD_TYPE },
	{ "offset 0", 6, 0, 10, 88, HVB_RING_BAD_OFFSET },
	{ "offset in the descriptor", 6, 1, 10, 88, HVB_RING_BAD_OFFSET },
	{ "offset past the end", 6, 11, 10, 88, HVB_RING_BAD_OFFSET },
	{ "offset limit", 6, 0xffff, 10, 88, HVB_RING_BAD_OFFSET },
	{ "length 0", 6, 2, 0, 88, HVB_RING_BAD_OFFSET },
	{ "length in the descriptor", 6, 2, 1, 88, HVB_RING_BAD_OFFSET },
	{ "all zero", 0, 0, 0, 88, HVB_RING_BAD_OFFSET },
	{ "no trailer", 6, 2, 10, 80, HVB_RING_BAD_LENGTH },
	{ "one unit short", 6, 2, 11, 88, HVB_RING_BAD_LENGTH },
	{ "only a unit", 6, 2, 2, 8, HVB_RING_BAD_LENGTH },
	{ "only a descriptor", 6, 2, 2, 16, HVB_RING_BAD_LENGTH },
	{ "length limit", 6, 2, 0xffff, 4088, HVB_RING_BAD_LENGTH },
	{ "both limits", 6, 0xffff, 0xffff, 4088, HVB_RING_BAD_LENGTH },
	{ "all ones", 0xffff, 0xffff, 0xffff, 4088, HVB_RING_BAD_LENGTH },
};

struct room_case {
	const char *name;
	u32 old_read;
	u32 read;
	u32 write;
	u32 pending;
	bool signal;
};

/* Free before = free now less what lies between the two read indices. */
static const struct room_case rooms[] __maybe_unused = {
	{ "nobody waits", 0, 1024, 4000, 0, false },
	{ "crossed", 0, 1024, 4000, 512, true },
	{ "just enough", 0, 1024, 4000, 1119, true },
	{ "exactly what is wanted is not enough", 0, 1024, 4000, 1120, false },
	{ "not enough", 0, 1024, 4000, 2000, false },
	{ "was exactly what is wanted", 0, 1024, 4000, 96, true },
	{ "was enough before", 0, 1024, 4000, 95, false },
	{ "was enough long before", 0, 8, 96, 512, false },
	{ "drained", 8, 4000, 4000, 512, true },
	{ "drained, all of it wanted", 8, 4000, 4000, 4096, false },
	{ "wrapped", 4000, 928, 3904, 512, true },
	{ "wrapped, not enough", 4000, 928, 3904, 1120, false },
	{ "writer went on and filled it", 0, 1024, 1000, 8, false },
	{ "writer went on", 0, 1024, 512, 256, false },
	{ "limit", 0, 1024, 4000, U32_MAX, false },
};

#endif /* _HV_VMBUS_TESTS_RING_TEST_H */
