// SPDX-License-Identifier: GPL-2.0-only
/*
 * The writer of a ring: set-up and everything off the fast path.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/math64.h>

#include "ring_tx.h"

/**
 * hvb_tx_init() - start writing to an empty ring
 * @tx: writer to initialise
 * @hdr: header page, see hvb_ring_hdr_init()
 * @data: data area, 8 byte aligned, mapped twice back to back
 * @size: size of one mapping in bytes, a multiple of 4 KiB
 *
 * Context: before the channel is opened; nothing else uses @tx.
 *
 * Return: 0, or -EINVAL if the memory cannot be a ring.
 */
int hvb_tx_init(struct hvb_ring_tx *tx, struct hvb_ring_hdr __hvshared *hdr,
		void __hvshared *data, u32 size)
{
	if (!hdr || !data || !hvb_ring_size_ok(size) ||
	    !IS_ALIGNED((__force unsigned long)data, HVB_RING_UNIT))
		return -EINVAL;

	*tx = (struct hvb_ring_tx){
		.hdr = hdr,
		.data = data,
		.size = size,
		.free = size,
	};
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_tx_init);

/**
 * hvb_tx_poison() - give the ring up
 * @tx: writer; its lock is held
 * @why: reason; the first one is kept
 *
 * Packets that were committed but not published are dropped with the rest.
 * Idempotent; only hvb_tx_init() revives the ring.
 */
void hvb_tx_poison(struct hvb_ring_tx *tx, enum hvb_ring_reject why)
{
	if (!tx->poison)
		tx->poison = why;
	/* The fast paths look at these and not at the reason. */
	tx->free = 0;
	tx->reserved = 0;
	tx->write = tx->published;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_tx_poison);

/* Asks the host how far it has read; poisons the ring if the host lies. */
static int hvb_tx_sync(struct hvb_ring_tx *tx)
{
	u32 read, free;

	if (tx->poison)
		return -EIO;

	/*
	 * Index before the stores of the next packet into the space that it
	 * frees: pairs with the host, which is done with the packets before
	 * it moves the index.
	 */
	read = hvs_load32_acquire(&tx->hdr->read_index);
	if (!hvb_ring_index_ok(read, tx->size))
		goto bad;

	/* A reader only ever adds free space, and stops at the packets. */
	free = hvb_ring_free(tx->size, read, tx->write);
	if (free < tx->free ||
	    hvb_ring_used(tx->size, read, tx->write) <
	    hvb_ring_used(tx->size, tx->published, tx->write))
		goto bad;

	tx->free = free;
	return 0;

bad:
	hvb_tx_poison(tx, HVB_RING_BAD_INDEX);
	return -EIO;
}

/**
 * hvb_tx_refresh() - look for space that the host has freed
 * @tx: writer; its lock is held
 * @space: bytes wanted, trailer included
 *
 * The slow half of hvb_tx_room().
 *
 * Return: 0 if a packet of @space bytes fits now, -EAGAIN if not, -EIO if the
 * ring is poisoned.
 */
int hvb_tx_refresh(struct hvb_ring_tx *tx, u32 space)
{
	int ret;

	ret = hvb_tx_sync(tx);
	if (ret)
		return ret;
	return space < tx->free ? 0 : -EAGAIN;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_tx_refresh);

/**
 * hvb_tx_free() - bytes that are free right now
 * @tx: writer; its lock is held
 *
 * A packet fits if this is more than its hvb_ring_space().
 *
 * Return: free bytes, 0 if the ring is poisoned.
 */
u32 hvb_tx_free(struct hvb_ring_tx *tx)
{
	return hvb_tx_sync(tx) ? 0 : tx->free;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_tx_free);

/**
 * hvb_tx_used() - bytes that the host has not read yet
 * @tx: writer; its lock is held
 *
 * Counts packets that are committed and not published, too.
 *
 * Return: bytes in use, 0 if the ring is poisoned.
 */
u32 hvb_tx_used(struct hvb_ring_tx *tx)
{
	return hvb_tx_sync(tx) ? 0 : tx->size - tx->free;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_tx_used);

/**
 * hvb_tx_free_percent() - how much of the ring is free
 * @tx: writer; its lock is held
 *
 * Return: 0 to 100, rounded down; 0 if the ring is poisoned.
 */
u32 hvb_tx_free_percent(struct hvb_ring_tx *tx)
{
	return div_u64((u64)hvb_tx_free(tx) * 100, tx->size);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_tx_free_percent);

/**
 * hvb_tx_wait_for() - ask the host for an interrupt when there is space
 * @tx: writer; its lock is held
 * @bytes: free bytes to wait for, trailer included; 0 to stop waiting
 *
 * The caller has to look for space once more afterwards: the host may have
 * freed it before it could see the request.
 */
void hvb_tx_wait_for(struct hvb_ring_tx *tx, u32 bytes)
{
	hvs_store32(&tx->hdr->pending_send_sz, bytes);
	/*
	 * Request before the caller's next look at the read index: pairs with
	 * the host, which moves the index and then looks for a request.
	 */
	virt_mb();
}
EXPORT_SYMBOL_IF_KUNIT(hvb_tx_wait_for);
