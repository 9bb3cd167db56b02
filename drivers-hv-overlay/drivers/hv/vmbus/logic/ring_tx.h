/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The writer of a ring, guest to host.
 *
 * There are two ways to write a packet.  One that lies in memory is copied,
 * except for its descriptor, and then finished:
 *
 *	spin_lock_irqsave(&ring_lock, flags);
 *	ret = hvb_tx_fill(tx, ext, ext_len, buf, len, &p);
 *	if (ret)
 *		...full or dead...
 *	...give it a transaction id...
 *	hvb_tx_finish(tx, p, &desc, ext_len, len);
 *	signal = hvb_tx_show(tx);
 *	spin_unlock_irqrestore(&ring_lock, flags);
 *	if (signal)
 *		...interrupt the host...
 *
 * Any other is written where it is to be: hvb_tx_reserve_head() gives a pointer
 * to contiguous bytes in the ring itself, hvb_tx_commit_head() closes it.
 *
 * Either way the packet is committed then.  The host does not see it before
 * hvb_tx_show(), or hvb_tx_publish() where there may be nothing to show: both
 * show all the packets that were committed since the last time, and say whether
 * the host must be interrupted.
 *
 * The write index that counts is private.  The shared one is only ever
 * written, so the host cannot make the guest write anywhere else.  How much
 * space is free is remembered too and asked again when it seems to be short.
 * If the host's read index makes no sense then the ring is poisoned: nothing
 * is written or signalled any more until it is initialised anew.
 *
 * Locks: none in here.  One writer at a time: the caller holds the lock of
 * the ring in everything below, with interrupts off if any sender may run
 * with interrupts off.  A batch may be published by another lock holder than
 * the one which committed, but it must be published before the lock holder
 * waits for an answer.
 *
 * Context: any, including panic.
 */
#ifndef _HV_VMBUS_LOGIC_RING_TX_H
#define _HV_VMBUS_LOGIC_RING_TX_H

#include <linux/errno.h>

#include "../wire/ring.h"

/**
 * struct hvb_ring_tx - writer state, private to the guest
 * @hdr: header page shared with the host
 * @data: data area, mapped twice back to back
 * @size: size of one mapping of the data area in bytes
 * @write: where the next packet will start
 * @published: write index as the host was last told
 * @free: bytes known to be free beyond @write; 0 when poisoned
 * @reserved: length of the packet that was reserved last, in bytes
 * @poison: why the ring was given up, or HVB_RING_OK
 *
 * All fields are protected by the caller's lock.
 */
struct hvb_ring_tx {
	struct hvb_ring_hdr __hvshared *hdr;
	u8 __hvshared *data;
	u32 size;
	u32 write;
	u32 published;
	u32 free;
	u32 reserved;
	enum hvb_ring_reject poison;
};

/**
 * struct hvb_desc - what a sender says about a packet
 * @trans_id: transaction id
 * @type: &enum hvb_pkt_type
 * @flags: HVB_PKT_FLAG_COMPLETION or 0
 */
struct hvb_desc {
	u64 trans_id;
	u16 type;
	u16 flags;
};

int hvb_tx_init(struct hvb_ring_tx *tx, struct hvb_ring_hdr __hvshared *hdr,
		void __hvshared *data, u32 size);
int hvb_tx_refresh(struct hvb_ring_tx *tx, u32 space);

/**
 * hvb_tx_room() - make sure that there is room for a packet
 * @tx: writer; its lock is held
 * @space: bytes that the packet takes with its trailer
 *
 * Return: 0, -EAGAIN if the ring is full, -EIO if it is poisoned.
 */
static __always_inline int hvb_tx_room(struct hvb_ring_tx *tx, u32 space)
{
	if (likely(space < tx->free))
		return 0;
	return hvb_tx_refresh(tx, space);
}

/**
 * hvb_tx_close() - close the packet at the private write index
 * @tx: writer; its lock is held
 * @p: the packet, @tx->data + @tx->write
 * @space: bytes that the packet takes with its trailer, below @tx->free
 *
 * Writes the trailer and moves the private index.
 */
static __always_inline void hvb_tx_close(struct hvb_ring_tx *tx,
					 u8 __hvshared *p, u32 space)
{
	__le64 *trailer = (__force __le64 *)(p + space - HVB_RING_TRAILER);
	u32 start = tx->write;

	WRITE_ONCE(*trailer, hvb_ring_trailer(start));
	tx->write = hvb_ring_advance(tx->size, start, space);
	tx->free -= space;
}

/**
 * hvb_tx_fill() - write what follows the descriptor of a packet
 * @tx: writer; its lock is held
 * @ext: bytes that follow the descriptor, up to the payload (the ranges of a
 *	 GPA direct packet); may be %NULL if @ext_len is 0
 * @ext_len: their number, a multiple of 8 and at most HVB_PKT_MAX
 * @buf: payload; may be %NULL if @len is 0
 * @len: length of the payload in bytes, at most HVB_PKT_MAX
 * @pkt: where to put a pointer to the packet in the ring
 *
 * The limits of the two lengths are the caller's business: within them their
 * sum, which is checked here, can't overflow.
 *
 * Nothing is taken before hvb_tx_finish(), so a packet that can't be finished
 * needs no call to be dropped.
 *
 * Return: 0; -EAGAIN if the ring is full; -EIO if it is poisoned; -EINVAL if
 * it is too long for a packet.
 */
static __always_inline int
hvb_tx_fill(struct hvb_ring_tx *tx, const void *ext, u32 ext_len,
	    const void *buf, u32 len, u8 __hvshared **pkt)
{
	u32 offset = HVB_PKT_MIN + ext_len;
	u32 total = ALIGN(offset + len, HVB_RING_UNIT);
	u8 __hvshared *p;
	int ret;

	if (unlikely(total > HVB_PKT_MAX))
		return -EINVAL;
	ret = hvb_tx_room(tx, total + HVB_RING_TRAILER);
	if (unlikely(ret))
		return ret;

	p = tx->data + tx->write;
	*pkt = p;
	if (ext_len)
		hvs_copyout(p + HVB_PKT_MIN, ext, ext_len);
	if (len) {
		/* Clears the padding; what is not padding is overwritten. */
		WRITE_ONCE(*(__force __le64 *)(p + total - HVB_RING_UNIT), 0);
		hvs_copyout(p + offset, buf, len);
	}
	return 0;
}

/**
 * hvb_tx_finish() - write the descriptor of a packet and close it
 * @tx: writer; its lock is held since hvb_tx_fill() succeeded
 * @p: the packet, from hvb_tx_fill()
 * @d: type, flags and transaction id
 * @ext_len: as it was for hvb_tx_fill()
 * @len: likewise
 *
 * The host does not see the packet before hvb_tx_publish().
 */
static __always_inline void
hvb_tx_finish(struct hvb_ring_tx *tx, u8 __hvshared *p,
	      const struct hvb_desc *d, u32 ext_len, u32 len)
{
	__le64 *word = (__force __le64 *)p;
	u32 offset = HVB_PKT_MIN + ext_len;
	u32 total = ALIGN(offset + len, HVB_RING_UNIT);

	WRITE_ONCE(word[0], hvb_pkt_word0(d->type, d->flags, offset, total));
	WRITE_ONCE(word[1], cpu_to_le64(d->trans_id));
	hvb_tx_close(tx, p, total + HVB_RING_TRAILER);
}

/**
 * hvb_tx_reserve_head() - get space for a packet that has a head already
 * @tx: writer; its lock is held
 * @head: first half of its descriptor, native, see hvb_pkt_word0(); it has room
 *	  for a descriptor at least
 * @p: where to put the pointer to the packet, 8 byte aligned
 *
 * Writes the head; the rest of the packet, transaction id and padding included,
 * is the caller's. To be closed by hvb_tx_commit_head(). The reservation ends
 * with the lock; one that is dropped needs no call.
 *
 * The memory is shared with the host: write it, never read it back.
 *
 * Return: 0; -EAGAIN if the ring is full; -EIO if it is poisoned.
 */
static __always_inline int hvb_tx_reserve_head(struct hvb_ring_tx *tx, u64 head,
					       void **p)
{
	u32 len = hvb_word0_len(head);
	int ret;

	ret = hvb_tx_room(tx, len + HVB_RING_TRAILER);
	if (unlikely(ret))
		return ret;

	tx->reserved = len;
	*p = (__force void *)(tx->data + tx->write);
	WRITE_ONCE(*(__le64 *)*p, cpu_to_le64(head));
	return 0;
}

/**
 * hvb_tx_commit_head() - close a packet as long as its head says
 * @tx: writer; its lock is held since hvb_tx_reserve_head() succeeded
 *
 * The host does not see the packet before hvb_tx_publish().
 */
static __always_inline void hvb_tx_commit_head(struct hvb_ring_tx *tx)
{
	hvb_tx_close(tx, tx->data + tx->write,
		     tx->reserved + HVB_RING_TRAILER);
}

/**
 * hvb_tx_show() - show committed packets to the host; there are some
 * @tx: writer; its lock is held
 *
 * One store and one full barrier, however many packets were committed.
 *
 * Return: true if the host has to be interrupted; that may be done after the
 * lock was dropped.
 */
static __always_inline bool hvb_tx_show(struct hvb_ring_tx *tx)
{
	struct hvb_ring_hdr __hvshared *hdr = tx->hdr;
	u32 old = tx->published;
	u32 mask;

	tx->published = tx->write;
	/*
	 * Packets before index: pairs with the host's ordered read of the
	 * write index before it looks at the packets.
	 */
	hvs_store32_release(&hdr->write_index, tx->write);
	/*
	 * Index before mask: pairs with the host, which unmasks and then looks
	 * for new packets.  One of the two must see the other's store, else a
	 * packet would lie in the ring unnoticed.
	 */
	virt_mb();
	mask = hvs_load32(&hdr->interrupt_mask);
	if (mask)
		return false;
	/* Mask before read index: the host moves the index, then unmasks. */
	virt_rmb();
	return hvb_ring_signal_reader(old, mask, hvs_load32(&hdr->read_index));
}

/**
 * hvb_tx_publish() - show all committed packets to the host
 * @tx: writer; its lock is held
 *
 * Return: see hvb_tx_show(); false if there are none.
 */
static __always_inline bool hvb_tx_publish(struct hvb_ring_tx *tx)
{
	return likely(tx->published != tx->write) && hvb_tx_show(tx);
}

#endif /* _HV_VMBUS_LOGIC_RING_TX_H */
