// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reader of a ring.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>

#include "ring_rx.h"

/**
 * hvb_rx_init() - start reading from an empty ring
 * @rx: reader to initialise
 * @hdr: header page, see hvb_ring_hdr_init()
 * @data: data area, 8 byte aligned, mapped twice back to back
 * @size: size of one mapping in bytes, a multiple of 4 KiB
 * @buf: private buffer for the iterator, 8 byte aligned; %NULL if only
 *	 hvb_rx_recv_into() will be used
 * @buf_size: size of @buf in bytes
 *
 * Context: before the channel is opened; nothing else uses @rx.
 *
 * Return: 0, or -EINVAL if the memory cannot be a ring or a packet buffer.
 */
int hvb_rx_init(struct hvb_ring_rx *rx, struct hvb_ring_hdr __hvshared *hdr,
		const void __hvshared *data, u32 size, void *buf, u32 buf_size)
{
	if (!hdr || !data || !hvb_ring_size_ok(size) ||
	    !IS_ALIGNED((__force unsigned long)data, HVB_RING_UNIT))
		return -EINVAL;
	if (!buf != !buf_size ||
	    !IS_ALIGNED((unsigned long)buf, HVB_RING_UNIT))
		return -EINVAL;

	*rx = (struct hvb_ring_rx){
		.b.data = data,
		.b.size = size,
		.b.max = buf_size,
		.hdr = hdr,
		.buf = buf,
		.signal_back = true,
	};
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_rx_init);

/**
 * hvb_rx_opened() - learn what the host can do
 * @rx: reader
 *
 * Until it is called the reader takes it that the host blocks and waits for
 * interrupts.  A host that polls instead is never interrupted for space.
 *
 * Context: once the host has answered that the channel is open, before the
 * next hvb_rx_release().
 */
void hvb_rx_opened(struct hvb_ring_rx *rx)
{
	rx->signal_back = hvs_load32(&rx->hdr->feature_bits) &
			  HVB_RING_FEAT_PENDING;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_rx_opened);

/**
 * hvb_rx_poison() - give the ring up
 * @rx: reader
 * @why: reason; the first one is kept
 *
 * Masks interrupts and drops the current packet, whose copy stays readable.
 * Nothing is released any more.  Idempotent; only hvb_rx_init() revives the
 * ring.
 */
void hvb_rx_poison(struct hvb_ring_rx *rx, enum hvb_ring_reject why)
{
	if (!rx->poison)
		rx->poison = why;
	/* The fast paths look at these and not at the reason. */
	rx->b.avail = 0;
	rx->cur = 0;
	rx->published = rx->b.read;
	hvb_rx_mask(rx);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_rx_poison);

/**
 * hvb_rx_sync() - look how far the host has written
 * @rx: reader
 *
 * Poisons the ring if what the host says makes no sense.
 *
 * Return: 0 with @rx->b.avail up to date, or -EBADMSG if the ring is poisoned.
 */
int hvb_rx_sync(struct hvb_ring_rx *rx)
{
	u32 write, avail;

	if (rx->poison)
		return -EBADMSG;

	/*
	 * Index before packets: pairs with the host, which writes packets,
	 * then the index.
	 */
	write = hvs_load32_acquire(&rx->hdr->write_index);
	if (!hvb_ring_index_ok(write, rx->b.size))
		goto bad;

	/*
	 * A writer only ever adds packets, and stops at what has not been
	 * released yet.
	 */
	avail = hvb_ring_used(rx->b.size, rx->b.read, write);
	if (avail < rx->b.avail)
		goto bad;
	if (rx->published != rx->b.read &&
	    avail > hvb_ring_used(rx->b.size, rx->published, write))
		goto bad;

	rx->b.avail = avail;
	return 0;

bad:
	hvb_rx_poison(rx, HVB_RING_BAD_INDEX);
	return -EBADMSG;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_rx_sync);

/**
 * hvb_rx_signal_back() - does the host wait for the space just released?
 * @rx: reader
 * @old_read: read index that the host knew before
 * @pending: pending_send_sz as sampled, not 0
 *
 * The slow half of hvb_rx_release().
 *
 * Return: true if the host has to be interrupted.
 */
bool hvb_rx_signal_back(struct hvb_ring_rx *rx, u32 old_read, u32 pending)
{
	u32 write;

	/* Request before write index: the host fills up, then asks. */
	virt_rmb();
	write = hvs_load32(&rx->hdr->write_index);
	if (!hvb_ring_index_ok(write, rx->b.size)) {
		hvb_rx_poison(rx, HVB_RING_BAD_INDEX);
		return false;
	}
	return hvb_ring_signal_writer(rx->b.size, old_read, rx->published,
				      write, pending);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_rx_signal_back);

/**
 * hvb_rx_unmask() - ask the host for interrupts again
 * @rx: reader
 *
 * If there are bytes left then no interrupt may come for them: go on reading.
 * A poisoned ring stays masked.
 *
 * Return: bytes that are not consumed yet, 0 if none or poisoned.
 */
u32 hvb_rx_unmask(struct hvb_ring_rx *rx)
{
	if (rx->poison)
		return 0;

	hvs_store32(&rx->hdr->interrupt_mask, 0);
	/*
	 * Mask before write index: pairs with the host, which moves the index
	 * and then looks at the mask.
	 */
	virt_mb();
	return hvb_rx_sync(rx) ? 0 : rx->b.avail;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_rx_unmask);

/**
 * hv_batch_next_odd() - step to a packet that is no usual one
 * @b: batch that is not at its end
 * @head: head of its next packet as fetched, any value
 * @pkt: where to put the packet
 *
 * The unlikely half of hv_batch_next(). Exported with the functions that begin
 * and end a batch.
 *
 * Return: true with a packet; false if it makes no sense: the batch is at its
 * end then.
 */
bool hv_batch_next_odd(struct hv_batch *b, u64 head, struct hv_pkt *pkt)
{
	enum hvb_ring_reject why = hvb_frame_check(head, b->avail);

	if (!why && hv_head_end(head) > b->max)
		why = HVB_RING_TOO_BIG;
	if (why) {
		b->bad = why;
		b->avail = 0;
		return false;
	}
	hv_batch_take(b, head, pkt);
	return true;
}

/**
 * hvb_rx_end_odd() - end a batch that hvb_rx_done() has not ended
 * @rx: reader
 * @old: read index that the host knew before
 * @signal: set to whether the host waits for space and has to be interrupted
 *
 * If there was no bad packet then the host has been told how far was read.
 *
 * Return: bytes that are left; -EBADMSG if the ring is poisoned.
 */
int hvb_rx_end_odd(struct hvb_ring_rx *rx, u32 old, bool *signal)
{
	u32 pending;
	int ret;

	*signal = false;
	if (rx->b.bad) {
		hvb_rx_poison(rx, rx->b.bad);
		return -EBADMSG;
	}
	pending = hvs_load32(&rx->hdr->pending_send_sz);
	ret = hvb_rx_sync(rx);
	if (!ret && pending && rx->signal_back)
		*signal = hvb_rx_signal_back(rx, old, pending);
	return rx->poison ? -EBADMSG : rx->b.avail;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_rx_end_odd);
