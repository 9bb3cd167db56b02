/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reader of a ring, host to guest.
 *
 * Three ways to read.  The iterator copies a packet into the reader's private
 * buffer, and validates it from that copy:
 *
 *	while (budget-- && hvb_rx_current(rx) > 0) {
 *		...use the packet in rx->buf...
 *		hvb_rx_consume(rx);
 *	}
 *	if (hvb_rx_release(rx))
 *		...interrupt the host...
 *
 * hvb_rx_recv_into() copies a packet straight into a buffer of the caller.
 *
 * A batch, hvb_rx_ready() to hvb_rx_done(), leaves the copying to the caller:
 * see linux/hyperv/recv.h, which has what is between the two.  Both know the
 * likely case only, and say so if it takes hvb_rx_sync() or hvb_rx_end_odd().
 *
 * Vocabulary: the packet in the private buffer is the current one.  It is
 * consumed by the next step, not by being looked at, so a reader may stop at
 * it and come back later.  Consumed packets still take up the ring until
 * hvb_rx_release() gives their space back to the host.
 *
 * The host's write index is read once per batch, the descriptor of a packet
 * is copied once and validated from the copy, and then the rest is copied
 * once.  Anything that makes no sense poisons the ring: reading stops for
 * good with -EBADMSG, there is no way to find the start of another packet.
 *
 * Locks: none in here.  One reader at a time; the glue sees to that, mostly by
 * reading in the channel's callback only.
 *
 * Context: any.
 */
#ifndef _HV_VMBUS_LOGIC_RING_RX_H
#define _HV_VMBUS_LOGIC_RING_RX_H

#include <linux/errno.h>
#include <linux/hyperv/recv.h>
#include <linux/unaligned.h>

#include "../wire/ring.h"

/**
 * struct hvb_ring_rx - reader state, private to the guest
 * @b: where the data area is and what of it is there to be read; @b.read is the
 *	first byte that is not consumed, @b.avail 0 when poisoned, @b.max the
 *	longest packet that the iterator and batches take, the size of @buf
 * @hdr: header page shared with the host
 * @published: read index as the host was last told
 * @cur: bytes that the current packet takes with its trailer, 0 if none
 * @poison: why the ring was given up, or HVB_RING_OK
 * @signal_back: the host wants to hear about space that it waits for
 * @buf: private buffer for the current packet, 8 byte aligned
 */
struct hvb_ring_rx {
	struct hv_batch b;
	struct hvb_ring_hdr __hvshared *hdr;
	u32 published;
	u32 cur;
	enum hvb_ring_reject poison;
	bool signal_back;
	void *buf;
};

int hvb_rx_init(struct hvb_ring_rx *rx, struct hvb_ring_hdr __hvshared *hdr,
		const void __hvshared *data, u32 size, void *buf, u32 buf_size);
void hvb_rx_opened(struct hvb_ring_rx *rx);
void hvb_rx_poison(struct hvb_ring_rx *rx, enum hvb_ring_reject why);
int hvb_rx_sync(struct hvb_ring_rx *rx);
bool hvb_rx_signal_back(struct hvb_ring_rx *rx, u32 old_read, u32 pending);
u32 hvb_rx_unmask(struct hvb_ring_rx *rx);

/**
 * hvb_rx_mask() - ask the host for no interrupts
 * @rx: reader
 *
 * A hint without ordering: an interrupt may still arrive.
 */
static inline void hvb_rx_mask(struct hvb_ring_rx *rx)
{
	hvs_store32(&rx->hdr->interrupt_mask, 1);
}

/**
 * hvb_rx_consume() - be done with the current packet
 * @rx: reader
 *
 * Its copy stays readable until the next packet is looked at.  Does nothing
 * if there is no current packet.
 */
static __always_inline void hvb_rx_consume(struct hvb_ring_rx *rx)
{
	rx->b.read = hvb_ring_advance(rx->b.size, rx->b.read, rx->cur);
	rx->b.avail -= rx->cur;
	rx->cur = 0;
}

/**
 * hvb_rx_release() - give the space of consumed packets back to the host
 * @rx: reader
 *
 * Cheap if nothing was consumed.  The current packet is kept.
 *
 * Return: true if the host waits for that space and has to be interrupted.
 */
static __always_inline bool hvb_rx_release(struct hvb_ring_rx *rx)
{
	struct hvb_ring_hdr __hvshared *hdr = rx->hdr;
	u32 old = rx->published;
	u32 pending;

	if (old == rx->b.read)
		return false;

	rx->published = rx->b.read;
	/*
	 * Copies before index: pairs with the host's ordered read of the
	 * read index before it overwrites the packets.
	 */
	hvs_store32_release(&hdr->read_index, rx->b.read);
	if (!rx->signal_back)
		return false;
	/*
	 * Index before request: pairs with the host, which stores
	 * pending_send_sz and then looks for space.  One of the two must see
	 * the other's store, else the host would wait for ever.
	 */
	virt_mb();
	pending = hvs_load32(&hdr->pending_send_sz);
	if (likely(!pending))
		return false;
	return hvb_rx_signal_back(rx, old, pending);
}

/**
 * hvb_rx_fill() - look how far the host has written, nothing being left
 * @rx: reader; @rx->b.avail is 0
 *
 * The likely half of hvb_rx_sync().
 *
 * Return: 0 with @rx->b.avail up to date, or -EBADMSG if the ring is poisoned.
 */
static __always_inline int hvb_rx_fill(struct hvb_ring_rx *rx)
{
	u32 write, avail, held;

	if (unlikely(rx->poison))
		return -EBADMSG;

	/*
	 * Index before packets: pairs with the host, which writes packets,
	 * then the index.
	 */
	write = hvs_load32_acquire(&rx->hdr->write_index);
	avail = hvb_ring_used(rx->b.size, rx->b.read, write);
	/* A writer stops at what has not been released yet. */
	held = hvb_ring_used(rx->b.size, rx->published, rx->b.read);
	if (unlikely(!hvb_ring_index_ok(write, rx->b.size) ||
		     avail + held >= rx->b.size)) {
		hvb_rx_poison(rx, HVB_RING_BAD_INDEX);
		return -EBADMSG;
	}
	rx->b.avail = avail;
	return 0;
}

/**
 * hvb_rx_frame() - get the descriptor at the read index
 * @rx: reader
 * @src: where the packet starts, that is @rx->b.data + @rx->b.read
 * @word0: where to put its first half, validated
 * @word1: where to put its second half
 *
 * Each half is fetched once.  A part of the interface below.
 *
 * Return: 1 with a descriptor, 0 if there is no packet, -EBADMSG if the ring
 * is poisoned.
 */
static __always_inline int hvb_rx_frame(struct hvb_ring_rx *rx,
					const u8 __hvshared *src, u64 *word0,
					u64 *word1)
{
	const __le64 __hvshared *desc = (const __le64 __hvshared *)src;
	enum hvb_ring_reject why;

	if (!rx->b.avail) {
		if (unlikely(hvb_rx_fill(rx)))
			return -EBADMSG;
		if (!rx->b.avail)
			return 0;
	}

	*word0 = hvs_load64(&desc[0]);
	*word1 = hvs_load64(&desc[1]);
	why = hvb_frame_check(*word0, rx->b.avail);
	if (unlikely(why)) {
		hvb_rx_poison(rx, why);
		return -EBADMSG;
	}
	return 1;
}

/**
 * hvb_rx_copy() - copy a packet whose descriptor was validated
 * @src: where the packet starts
 * @word0: first half of the descriptor
 * @word1: second half of the descriptor
 * @skip: where to start in bytes: 0 or the offset of the payload
 * @dst: destination, any alignment
 *
 * The descriptor is not fetched again but put together from the private copy.
 * A part of the interface below.
 */
static __always_inline void hvb_rx_copy(const u8 __hvshared *src, u64 word0,
					u64 word1, u32 skip, void *dst)
{
	if (!skip) {
		put_unaligned_le64(word0, dst);
		put_unaligned_le64(word1, dst + sizeof(u64));
		skip = HVB_PKT_MIN;
		dst += HVB_PKT_MIN;
	}
	hvs_copyin(dst, src + skip, hvb_word0_len(word0) - skip);
}

/**
 * hvb_rx_current() - make sure that there is a current packet
 * @rx: reader
 *
 * If there is none then the first packet that is not consumed becomes it. It is
 * in @rx->buf, whole, with a descriptor whose length fields are the validated
 * ones, and stays as it is until the next one is looked at.
 *
 * Return: 1 with a packet, 0 if the ring is empty, -EBADMSG if it is poisoned.
 */
static __always_inline int hvb_rx_current(struct hvb_ring_rx *rx)
{
	const u8 __hvshared *src = rx->b.data + rx->b.read;
	u64 word0, word1;
	u32 len;
	int ret;

	if (rx->cur)
		return 1;

	ret = hvb_rx_frame(rx, src, &word0, &word1);
	if (ret <= 0)
		return ret;
	len = hvb_word0_len(word0);
	if (unlikely(len > rx->b.max)) {
		hvb_rx_poison(rx, HVB_RING_TOO_BIG);
		return -EBADMSG;
	}
	hvb_rx_copy(src, word0, word1, 0, rx->buf);
	rx->cur = len + HVB_RING_TRAILER;
	return 1;
}

/**
 * hvb_rx_recv_into() - receive one packet into a buffer of the caller
 * @rx: reader
 * @buf: destination, any alignment
 * @buflen: its size in bytes
 * @raw: true for the whole packet from its descriptor on, false for the
 *	 payload
 * @len: where to put the number of bytes received or, with -ENOBUFS, needed;
 *	 0 if there is no packet
 * @trans_id: where to put the transaction id; 0 if there is no packet
 *
 * One copy, straight from the ring.  The packet is consumed unless it does
 * not fit; its space is given back by hvb_rx_release().  Packets longer than
 * the iterator's buffer are fine here.
 *
 * Return: 0 with a packet or, @len being 0, without one; -ENOBUFS if the
 * packet is longer than @buflen, and still there; -EINVAL if @buflen is 0;
 * -EBADMSG if the ring is poisoned.
 */
static __always_inline int
hvb_rx_recv_into(struct hvb_ring_rx *rx, void *buf, u32 buflen, bool raw,
		 u32 *len, u64 *trans_id)
{
	const u8 __hvshared *src = rx->b.data + rx->b.read;
	u64 word0, word1;
	u32 skip, size;
	int ret;

	ret = buflen ? hvb_rx_frame(rx, src, &word0, &word1) : -EINVAL;
	if (ret <= 0) {
		*len = 0;
		*trans_id = 0;
		return ret;
	}

	skip = raw ? 0 : hvb_word0_offset(word0);
	size = hvb_word0_len(word0) - skip;
	*len = size;
	*trans_id = word1;
	if (unlikely(size > buflen))
		return -ENOBUFS;

	hvb_rx_copy(src, word0, word1, skip, buf);
	rx->cur = hvb_word0_len(word0) + HVB_RING_TRAILER;
	hvb_rx_consume(rx);
	return 0;
}

/**
 * hvb_rx_ready() - begin a batch, in the likely case
 * @rx: reader
 *
 * A current packet is no longer one: the batch begins with it.
 *
 * Return: true with @rx->b as the batch; false: it takes hvb_rx_sync() to tell.
 */
static __always_inline bool hvb_rx_ready(struct hvb_ring_rx *rx)
{
	u32 write;

	rx->cur = 0;
	if (rx->b.avail)
		return true;
	if (unlikely(rx->poison))
		return false;

	/* Index before packets: see hvb_rx_fill(). */
	write = hvs_load32_acquire(&rx->hdr->write_index);
	if (unlikely(!hvb_ring_index_ok(write, rx->b.size)))
		return false;
	rx->b.avail = hvb_ring_used(rx->b.size, rx->b.read, write);
	return true;
}

int hvb_rx_end_odd(struct hvb_ring_rx *rx, u32 old, bool *signal);

/**
 * hvb_rx_done() - end a batch, in the likely case
 * @rx: reader
 * @old: where to put the read index that the host knew before
 *
 * Gives the space of what was read back to the host. Then it looks how far the
 * host has written, and the host can't have missed the former: if nothing is
 * left then it interrupts when it writes again.
 *
 * Return: bytes that are left, 0 also if the batch was empty; negative: it
 * takes hvb_rx_end_odd() to tell.
 */
static __always_inline int hvb_rx_done(struct hvb_ring_rx *rx, u32 *old)
{
	struct hvb_ring_hdr __hvshared *hdr = rx->hdr;
	u32 read = rx->b.read;
	u32 pending, write, avail;

	*old = rx->published;
	if (unlikely(rx->b.bad))
		return -1;
	if (unlikely(*old == read))
		return rx->b.avail;

	rx->published = read;
	/*
	 * Copies before index: pairs with the host's ordered read of the
	 * read index before it overwrites the packets.
	 */
	hvs_store32_release(&hdr->read_index, read);
	/*
	 * Index before request: see hvb_rx_release(). Index before write index:
	 * pairs with the host, which writes packets, moves its index, and then
	 * looks whether the guest had read all that was there before.
	 */
	virt_mb();
	pending = hvs_load32(&hdr->pending_send_sz);
	/* Index before packets: see hvb_rx_fill(). */
	write = hvs_load32_acquire(&hdr->write_index);
	avail = hvb_ring_used(rx->b.size, read, write);
	if (unlikely(pending || !hvb_ring_index_ok(write, rx->b.size) ||
		     avail < rx->b.avail))
		return -1;
	rx->b.avail = avail;
	return avail;
}

#endif /* _HV_VMBUS_LOGIC_RING_RX_H */
