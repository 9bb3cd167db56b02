/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The writer of a ring, guest to host.
 *
 * A packet is written in three steps.  Reserve gives a pointer to contiguous
 * bytes in the ring itself, commit closes the packet, publish shows all the
 * packets that were committed since the last time to the host and says
 * whether the host must be interrupted:
 *
 *	spin_lock_irqsave(&ring_lock, flags);
 *	p = hvb_tx_reserve(tx, len);
 *	if (IS_ERR_OR_NULL(p))
 *		...full or dead...
 *	hvb_tx_put_desc(p, &desc, offset, len);
 *	...fill in p + offset...
 *	hvb_tx_commit(tx, len);
 *	signal = hvb_tx_publish(tx);
 *	spin_unlock_irqrestore(&ring_lock, flags);
 *	if (signal)
 *		...interrupt the host...
 *
 * hvb_tx_send() does all of it for a packet that is ready in memory.
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

#include <linux/err.h>
#include <linux/string.h>

#include "../wire/ring.h"

/**
 * struct hvb_ring_tx - writer state, private to the guest
 * @hdr: header page shared with the host
 * @data: data area, mapped twice back to back
 * @size: size of one mapping of the data area in bytes
 * @write: where the next packet will start
 * @published: write index as the host was last told
 * @free: bytes known to be free beyond @write; 0 when poisoned
 * @reserved: packet length of the open reservation in bytes
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
void hvb_tx_poison(struct hvb_ring_tx *tx, enum hvb_ring_reject why);
u32 hvb_tx_free(struct hvb_ring_tx *tx);
u32 hvb_tx_used(struct hvb_ring_tx *tx);
u32 hvb_tx_free_percent(struct hvb_ring_tx *tx);
void hvb_tx_wait_for(struct hvb_ring_tx *tx, u32 bytes);

/**
 * hvb_tx_room() - make sure that there is room for a packet
 * @tx: writer; its lock is held
 * @space: bytes that the packet takes, see hvb_ring_space()
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
 * @space: bytes that the packet takes with its trailer, below @tx->free
 *
 * Writes the trailer and moves the private index.
 */
static __always_inline void hvb_tx_close(struct hvb_ring_tx *tx, u32 space)
{
	u32 start = tx->write;
	__le64 *trailer = (__force __le64 *)(tx->data + start + space -
					     HVB_RING_TRAILER);

	WRITE_ONCE(*trailer, hvb_ring_trailer(start));
	tx->write = hvb_ring_advance(tx->size, start, space);
	tx->free -= space;
}

/**
 * hvb_tx_reserve() - get space for a packet in the ring
 * @tx: writer; its lock is held
 * @len: length of descriptor, extension and payload in bytes, from
 *	 HVB_PKT_MIN to HVB_PKT_MAX; need not be a multiple of 8
 *
 * The reservation lasts until the lock is dropped or hvb_tx_commit() is
 * called, whichever comes first.  Dropping it without a commit needs no call.
 * The memory is shared with the host: write it, never read it back.
 *
 * Return: 8 byte aligned pointer to @len contiguous bytes; %NULL if the ring
 * is full; ERR_PTR(-EIO) if it is poisoned, ERR_PTR(-EINVAL) if @len is not a
 * packet length.
 */
static __always_inline void *hvb_tx_reserve(struct hvb_ring_tx *tx, u32 len)
{
	int ret;

	if (unlikely(len < HVB_PKT_MIN || len > HVB_PKT_MAX))
		return ERR_PTR(-EINVAL);

	ret = hvb_tx_room(tx, hvb_ring_space(len));
	if (unlikely(ret))
		return ret == -EAGAIN ? NULL : ERR_PTR(ret);

	tx->reserved = len;
	return (__force void *)(tx->data + tx->write);
}

/**
 * hvb_tx_put_desc() - write the descriptor of a reserved packet
 * @p: what hvb_tx_reserve() returned
 * @d: type, flags and transaction id
 * @offset: where the payload starts in bytes, a multiple of 8, at least 16
 * @len: length of the packet in bytes; rounded up to 8
 */
static __always_inline void hvb_tx_put_desc(void *p, const struct hvb_desc *d,
					    u32 offset, u32 len)
{
	__le64 *word = p;

	WRITE_ONCE(word[0], hvb_pkt_word0(d->type, d->flags, offset,
					  ALIGN(len, HVB_RING_UNIT)));
	WRITE_ONCE(word[1], cpu_to_le64(d->trans_id));
}

/**
 * hvb_tx_commit() - close a reserved packet
 * @tx: writer; its lock is held since hvb_tx_reserve()
 * @len: length of descriptor, extension and payload in bytes, the same that
 *	 the descriptor says; at most what was reserved
 *
 * Clears the padding and writes the trailer.  The host does not see the
 * packet before hvb_tx_publish().  To commit more than was reserved, or
 * without a reservation, is a bug in the caller; it poisons the ring because
 * memory that the host still reads may have been overwritten.
 */
static __always_inline void hvb_tx_commit(struct hvb_ring_tx *tx, u32 len)
{
	if (unlikely(len > tx->reserved || len < HVB_PKT_MIN)) {
		hvb_tx_poison(tx, HVB_RING_MISUSE);
		return;
	}

	tx->reserved = 0;
	if (len % HVB_RING_UNIT)
		hvs_zero(tx->data + tx->write + len,
			 ALIGN(len, HVB_RING_UNIT) - len);
	hvb_tx_close(tx, hvb_ring_space(len));
}

/**
 * hvb_tx_reserve_head() - get space for a packet that has a head already
 * @tx: writer; its lock is held
 * @head: first half of its descriptor, native, see hvb_pkt_word0(); it has room
 *	  for a descriptor at least
 * @p: where to put the pointer to the packet, see hvb_tx_reserve()
 *
 * Writes the head; the rest of the packet, transaction id and padding included,
 * is the caller's. To be closed by hvb_tx_commit_head().
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
	u32 space = tx->reserved + HVB_RING_TRAILER;

	tx->reserved = 0;
	hvb_tx_close(tx, space);
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

/**
 * hvb_tx_put() - write and commit one packet from pieces in memory
 * @tx: writer; its lock is held
 * @d: type, flags and transaction id
 * @ext: bytes that follow the descriptor, up to the payload; may be %NULL
 * @ext_len: their number, a multiple of 8
 * @buf: payload; may be %NULL if @len is 0
 * @len: length of the payload in bytes
 *
 * Return: 0; -EAGAIN if the ring is full; -EIO if it is poisoned; -EINVAL if
 * the lengths do not make a packet.
 */
static __always_inline int
hvb_tx_put(struct hvb_ring_tx *tx, const struct hvb_desc *d,
	   const void *ext, u32 ext_len, const void *buf, u32 len)
{
	u32 offset = HVB_PKT_MIN + ext_len;
	u32 space;
	u8 __hvshared *p;
	int ret;

	if (unlikely(len > HVB_PKT_MAX - HVB_PKT_MIN ||
		     ext_len > HVB_PKT_MAX - HVB_PKT_MIN - len ||
		     ext_len % HVB_RING_UNIT))
		return -EINVAL;

	space = hvb_ring_space(offset + len);
	ret = hvb_tx_room(tx, space);
	if (unlikely(ret))
		return ret;

	p = tx->data + tx->write;
	hvb_tx_put_desc((__force void *)p, d, offset, offset + len);
	if (ext_len)
		hvs_copyout(p + HVB_PKT_MIN, ext, ext_len);
	if (likely(len)) {
		/* Clears the padding; what is not padding is overwritten. */
		WRITE_ONCE(*(__force __le64 *)(p + space - 2 * HVB_RING_UNIT),
			   0);
		hvs_copyout(p + offset, buf, len);
	}
	hvb_tx_close(tx, space);
	return 0;
}

/**
 * hvb_tx_send_kv() - send one packet with an extension
 * @tx: writer; its lock is held
 * @d: type, flags and transaction id
 * @ext: bytes that follow the descriptor, up to the payload (the ranges of a
 *	 GPA direct packet)
 * @ext_len: their number, a multiple of 8
 * @buf: payload; may be %NULL if @len is 0
 * @len: length of the payload in bytes
 *
 * Publishes packets that were committed before, too.
 *
 * Return: 0 if sent; 1 if sent and the host has to be interrupted, which may
 * be done after the lock was dropped; -EAGAIN if the ring is full; -EIO if it
 * is poisoned; -EINVAL if the lengths do not make a packet.
 */
static __always_inline int
hvb_tx_send_kv(struct hvb_ring_tx *tx, const struct hvb_desc *d,
	       const void *ext, u32 ext_len, const void *buf, u32 len)
{
	int ret;

	ret = hvb_tx_put(tx, d, ext, ext_len, buf, len);
	if (unlikely(ret))
		return ret;
	return hvb_tx_publish(tx);
}

/**
 * hvb_tx_send() - send one packet
 * @tx: writer; its lock is held
 * @d: type, flags and transaction id
 * @buf: payload; may be %NULL if @len is 0
 * @len: length of the payload in bytes
 *
 * Publishes packets that were committed before, too.
 *
 * Return: 0 if sent; 1 if sent and the host has to be interrupted, which may
 * be done after the lock was dropped; -EAGAIN if the ring is full; -EIO if it
 * is poisoned; -EINVAL if @len is too long for a packet.
 */
static __always_inline int hvb_tx_send(struct hvb_ring_tx *tx,
				       const struct hvb_desc *d,
				       const void *buf, u32 len)
{
	return hvb_tx_send_kv(tx, d, NULL, 0, buf, len);
}

#endif /* _HV_VMBUS_LOGIC_RING_TX_H */
