// SPDX-License-Identifier: GPL-2.0-only
/*
 * The writer of a ring: set-up and everything off the fast path.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>

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
 * hvb_tx_refresh() - look for space that the host has freed
 * @tx: writer; its lock is held
 * @space: bytes wanted, trailer included
 *
 * The slow half of hvb_tx_room().  If the host lies about how far it has read
 * then the ring is given up, with all packets that were committed and not
 * published; only hvb_tx_init() revives it.
 *
 * Return: 0 if a packet of @space bytes fits now, -EAGAIN if not, -EIO if the
 * ring is poisoned.
 */
int hvb_tx_refresh(struct hvb_ring_tx *tx, u32 space)
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
	return space < free ? 0 : -EAGAIN;

bad:
	tx->poison = HVB_RING_BAD_INDEX;
	/* The fast paths look at these and not at the reason. */
	tx->free = 0;
	tx->write = tx->published;
	return -EIO;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_tx_refresh);
