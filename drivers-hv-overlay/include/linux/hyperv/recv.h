/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Receiving in batches: packets that are read where the host wrote them.
 *
 * hv_pkt_iter_first() and its relatives copy each packet as a whole before the
 * driver sees it. A driver that wants a few words of most packets can do
 * without that copy:
 *
 *	batch = vmbus_recv_begin(channel);
 *	if (!batch)
 *		...the ring was given up...
 *	while (hv_batch_next(batch, USUAL, &pkt))
 *		...fetch what is wanted of pkt.payload...
 *	left = vmbus_recv_end(channel);
 *
 * Vocabulary.
 *   batch	what the host had written when it was begun. The host is asked
 *		once how far it has written, and told once how far was read.
 *   head	the first eight bytes of a packet's descriptor: type, offset and
 *		end of the payload, flags. A head that was fetched is checked
 *		and used, and never fetched again.
 *   usual	the head that nearly all packets of a channel have. To find out
 *		that a head is the usual one is all the checking that it needs,
 *		but for one comparison with what the host has written.
 *
 * What is private: where packets start and end, and heads. What isn't: payload.
 * It lies in memory that the host may change any time, so every byte of it is
 * to be fetched once, by the helpers of shared.h, and only what was fetched may
 * be looked at. It stays there until vmbus_recv_end().
 *
 * A packet that makes no sense ends the batch; vmbus_recv_end() gives the ring
 * up then, as the iterator would.
 *
 * One reader at a time, and no packet of hv_pkt_iter_first() in between: if
 * there is one then the batch begins with it.
 *
 * Context: any.  hv_batch_next() builds in user space and on either byte order.
 */
#ifndef _LINUX_HYPERV_RECV_H
#define _LINUX_HYPERV_RECV_H

#include <linux/compiler.h>
#include <linux/hyperv/shared.h>
#include <linux/types.h>

struct vmbus_channel;

/**
 * struct hv_batch - packets that the host has written, as the reader knows it
 * @data: data area of the ring, mapped twice back to back
 * @size: size of one mapping of it in bytes
 * @read: where the next packet starts, below @size
 * @avail: bytes from @read to where the host had written, below @size
 * @max: length of the longest packet that is taken, in bytes
 * @bad: 0, or what was wrong with the packet at @read; @avail is 0 then
 *
 * A part of the channel: drivers don't look into it.
 */
struct hv_batch {
	const u8 __hvshared *data;
	u32 size;
	u32 read;
	u32 avail;
	u32 max;
	u32 bad;
};

/**
 * struct hv_pkt - a packet in the ring
 * @head: type, offset, end and flags, checked; see hv_head()
 * @trans_id: transaction id, any value
 * @payload: the payload, 8 byte aligned, shared with the host
 * @len: its length with its padding in bytes, a multiple of 8, may be 0
 */
struct hv_pkt {
	u64 head;
	u64 trans_id;
	const void __hvshared *payload;
	u32 len;
};

/**
 * hv_head() - head of a packet without an extension
 * @type: packet type
 * @flags: packet flags
 * @len: bytes of its payload; rounded up to 8
 *
 * Return: the head, native.
 */
static __always_inline u64 hv_head(u16 type, u16 flags, u32 len)
{
	return type | 2ULL << 16 | (u64)(2 + (len + 7) / 8) << 32 |
	       (u64)flags << 48;
}

/**
 * hv_head_type() - packet type in a head
 * @head: head
 *
 * Return: the type.
 */
static __always_inline u16 hv_head_type(u64 head)
{
	return head;
}

/**
 * hv_head_offset() - where the payload starts
 * @head: head, any value
 *
 * Return: offset in bytes.
 */
static __always_inline u32 hv_head_offset(u64 head)
{
	return (u32)(u16)(head >> 16) * 8;
}

/**
 * hv_head_end() - where the payload and its padding end
 * @head: head, any value
 *
 * Return: length of the packet without its trailer in bytes.
 */
static __always_inline u32 hv_head_end(u64 head)
{
	return (u32)(u16)(head >> 32) * 8;
}

/**
 * hv_batch_take() - step over a packet whose head is good
 * @b: batch
 * @head: head of the packet at @b->read
 * @pkt: where to put the packet
 *
 * A part of hv_batch_next().
 */
static __always_inline void hv_batch_take(struct hv_batch *b, u64 head,
					  struct hv_pkt *pkt)
{
	const u8 __hvshared *src = b->data + b->read;
	u32 space = hv_head_end(head) + 8;
	u32 read = b->read + space;

	pkt->head = head;
	pkt->trans_id = hvs_load64((const __le64 __hvshared *)(src + 8));
	pkt->payload = src + hv_head_offset(head);
	pkt->len = hv_head_end(head) - hv_head_offset(head);

	b->read = read >= b->size ? read - b->size : read;
	b->avail -= space;
}

bool hv_batch_next_odd(struct hv_batch *b, u64 head, struct hv_pkt *pkt);

/**
 * hv_batch_next() - step to the next packet
 * @b: batch
 * @usual: the usual head of packets: a good one, of a packet that is not longer
 *	than the channel's max_pkt_size, and constant; or 0
 * @pkt: where to put the packet
 *
 * Return: true with a packet; false at the end of the batch, which comes early
 * if the next packet makes no sense.
 */
static __always_inline bool hv_batch_next(struct hv_batch *b, u64 usual,
					  struct hv_pkt *pkt)
{
	u64 head;

	if (!b->avail)
		return false;

	head = hvs_load64((const __le64 __hvshared *)(b->data + b->read));
	if (unlikely(!usual || head != usual ||
		     hv_head_end(usual) >= b->avail)) {
		/* @pkt itself is to stay in registers. */
		struct hv_pkt odd;

		if (!hv_batch_next_odd(b, head, &odd))
			return false;
		*pkt = odd;
		return true;
	}

	hv_batch_take(b, usual, pkt);
	return true;
}

struct hv_batch *vmbus_recv_begin(struct vmbus_channel *channel);
int vmbus_recv_end(struct vmbus_channel *channel);

#endif /* _LINUX_HYPERV_RECV_H */
