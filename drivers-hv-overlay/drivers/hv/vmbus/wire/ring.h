/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMBus rings on the wire.
 *
 * A channel has two rings, one for each direction.  Each has exactly one
 * writer and one reader, and is a header page followed by a data area:
 *
 *	write_index	moved by the writer: where its next packet will start
 *	read_index	moved by the reader: the packet that it reads next
 *
 * Indices are byte offsets into the data area, always a multiple of 8 and
 * below its size.  Equal indices mean empty; for that reason a ring is never
 * filled: a packet may only be written if more bytes are free than it takes.
 *
 * A packet is a 16 byte descriptor, an optional extension (ranges of a GPA
 * direct or transfer page packet), the payload padded to 8 bytes, and 8
 * bytes of trailer which hold the write index at which the packet began.
 * Packets wrap around the end of the data area anywhere.  The area is mapped
 * twice, back to back, so that code sees each packet as one piece.
 *
 * Signalling is about edges.  A writer interrupts the reader when it made an
 * empty ring non-empty and the reader has not masked interrupts.  A reader
 * interrupts the writer when it made room for the pending_send_sz that a
 * blocked writer asked for, if the writer has set the feature bit which says
 * that it does so.  Hosts throttle a guest that interrupts them needlessly.
 *
 * This file holds layouts, index arithmetic, validation and the signalling
 * decisions as functions of values.  The state of a ring is in
 * ../logic/ring_tx.h and ../logic/ring_rx.h.
 *
 * Source: VMBus protocol; the layouts are those of include/linux/hyperv.h.
 */
#ifndef _HV_VMBUS_WIRE_RING_H
#define _HV_VMBUS_WIRE_RING_H

#include <linux/align.h>
#include <linux/build_bug.h>
#include <linux/hyperv/shared.h>
#include <linux/types.h>

/* The unit of the protocol, whatever the guest's own page size is. */
#define HVB_RING_PAGE		4096

/* Indices, offsets and lengths count in these. */
#define HVB_RING_UNIT		8

/* Follows each packet. */
#define HVB_RING_TRAILER	8

/* feature_bits: the writer of this ring sets pending_send_sz when blocked. */
#define HVB_RING_FEAT_PENDING	0x1

/* Keeps sums of an index and a packet length below 2^31. */
#define HVB_RING_MAX_SIZE	0x40000000

/**
 * struct hvb_ring_hdr - header page of a ring, shared with the host
 * @write_index: moved by the writer, bytes
 * @read_index: moved by the reader, bytes
 * @interrupt_mask: set by the reader: non-zero if it wants no interrupts
 * @pending_send_sz: set by a blocked writer: the free bytes it waits for
 * @reserved: zero
 * @feature_bits: set by the writer, HVB_RING_FEAT_PENDING
 * @pad: rest of the 4 KiB protocol page
 *
 * Where the guest's pages are larger than 4 KiB the header takes one guest
 * page, of which the host is given the first 4 KiB: the data area does not
 * follow this structure and is always passed on its own.
 */
struct hvb_ring_hdr {
	__le32 write_index;
	__le32 read_index;
	__le32 interrupt_mask;
	__le32 pending_send_sz;
	__le32 reserved[12];
	__le32 feature_bits;
	u8 pad[HVB_RING_PAGE - 68];
};

static_assert(sizeof(struct hvb_ring_hdr) == HVB_RING_PAGE);
static_assert(offsetof(struct hvb_ring_hdr, feature_bits) == 64);

/**
 * struct hvb_pkt_hdr - descriptor of a packet
 * @type: one of &enum hvb_pkt_type
 * @offset8: where the payload starts, in units of 8 bytes
 * @len8: where the payload and its padding end, in units of 8 bytes
 * @flags: HVB_PKT_FLAG_COMPLETION or 0
 * @trans_id: transaction id, echoed in the completion
 */
struct hvb_pkt_hdr {
	__le16 type;
	__le16 offset8;
	__le16 len8;
	__le16 flags;
	__le64 trans_id;
};

static_assert(sizeof(struct hvb_pkt_hdr) == 16);
/* The trailer is as long as a unit: a packet needs more bytes than its len. */
static_assert(HVB_RING_TRAILER == HVB_RING_UNIT);

/* The sender wants a completion packet. */
#define HVB_PKT_FLAG_COMPLETION	0x1

/* Shortest packet, a bare descriptor, and the longest that len8 can say. */
#define HVB_PKT_MIN		((u32)sizeof(struct hvb_pkt_hdr))
#define HVB_PKT_MAX		((u32)0xffff * HVB_RING_UNIT)

/**
 * enum hvb_pkt_type - packet types
 * @HVB_PKT_FIRST: lowest value that a packet may have
 * @HVB_PKT_INBAND: all of the data is in the packet
 * @HVB_PKT_XFER_PAGES: data lies in a buffer that both sides know
 * @HVB_PKT_GPA_DIRECT: data lies in guest pages that the packet lists
 * @HVB_PKT_COMP: completes the packet with the same transaction id
 * @HVB_PKT_LAST: highest value that a packet may have
 *
 * Only the named types are in use; the others between the first and the last
 * are defined by the protocol and left to the drivers to ignore.
 */
enum hvb_pkt_type {
	HVB_PKT_FIRST		= 0x1,
	HVB_PKT_INBAND		= 0x6,
	HVB_PKT_XFER_PAGES	= 0x7,
	HVB_PKT_GPA_DIRECT	= 0x9,
	HVB_PKT_COMP		= 0xb,
	HVB_PKT_LAST		= 0xd,
};

/**
 * enum hvb_ring_reject - why a ring was given up
 * @HVB_RING_OK: it was not
 * @HVB_RING_BAD_INDEX: the host's index is outside the ring or unaligned
 * @HVB_RING_BAD_TYPE: a packet type that does not exist
 * @HVB_RING_BAD_OFFSET: payload starts inside the descriptor or past its end
 * @HVB_RING_BAD_LENGTH: packet is longer than what the host has written
 * @HVB_RING_TOO_BIG: packet is longer than the device's maximum
 * @HVB_RING_CLOSED: there is no ring, the channel is not open
 * @HVB_RING_REJECTS: number of reasons
 */
enum hvb_ring_reject {
	HVB_RING_OK,
	HVB_RING_BAD_INDEX,
	HVB_RING_BAD_TYPE,
	HVB_RING_BAD_OFFSET,
	HVB_RING_BAD_LENGTH,
	HVB_RING_TOO_BIG,
	HVB_RING_CLOSED,
	HVB_RING_REJECTS
};

const char *hvb_ring_reject_name(enum hvb_ring_reject why);
bool hvb_ring_size_ok(u32 size);
void hvb_ring_hdr_init(struct hvb_ring_hdr __hvshared *hdr);
bool hvb_ring_signal_writer(u32 size, u32 old_read, u32 read, u32 write,
			    u32 pending);

/**
 * hvb_ring_index_ok() - validate an index that the host wrote
 * @idx: index as loaded, any value
 * @size: size of the data area in bytes
 *
 * Return: true if @idx can be an index of this ring.
 */
static inline bool hvb_ring_index_ok(u32 idx, u32 size)
{
	return idx < size && IS_ALIGNED(idx, HVB_RING_UNIT);
}

/**
 * hvb_ring_used() - bytes between the reader and the writer
 * @size: size of the data area in bytes
 * @read: valid read index
 * @write: valid write index
 *
 * Return: bytes that are written and not read yet, 0 to @size - 1.
 */
static inline u32 hvb_ring_used(u32 size, u32 read, u32 write)
{
	return write >= read ? write - read : size - read + write;
}

/**
 * hvb_ring_free() - bytes that are not in use
 * @size: size of the data area in bytes
 * @read: valid read index
 * @write: valid write index
 *
 * A writer may use all but one of them: it needs more free bytes than the
 * packet takes.
 *
 * Return: free bytes, 1 to @size.
 */
static inline u32 hvb_ring_free(u32 size, u32 read, u32 write)
{
	return size - hvb_ring_used(size, read, write);
}

/**
 * hvb_ring_advance() - move an index
 * @size: size of the data area in bytes
 * @idx: valid index
 * @by: bytes to move by, a multiple of 8 and at most @size
 *
 * Return: the new index.
 */
static inline u32 hvb_ring_advance(u32 size, u32 idx, u32 by)
{
	idx += by;
	return idx >= size ? idx - size : idx;
}

/**
 * hvb_ring_signal_reader() - must the writer interrupt the reader?
 * @old_write: write index before what was just published
 * @mask: interrupt_mask, sampled after the new write index was visible
 * @read: read_index, sampled after @mask, any value
 *
 * The reader has to be woken if it had consumed all that there was before,
 * and only then.  Whatever @read is, it is only compared.
 *
 * Source: VMBus protocol; see the essay at the top of this file.
 *
 * Return: true if an interrupt is due.
 */
static inline bool hvb_ring_signal_reader(u32 old_write, u32 mask, u32 read)
{
	return !mask && read == old_write;
}

/**
 * hvb_ring_trailer() - value of a packet's trailer
 * @start: write index at which the packet begins
 *
 * Return: the trailer: @start in the upper half, zero in the lower half.
 */
static inline __le64 hvb_ring_trailer(u32 start)
{
	return cpu_to_le64((u64)start << 32);
}

/**
 * hvb_pkt_word0() - first eight bytes of a descriptor
 * @type: packet type
 * @flags: packet flags
 * @offset: where the payload starts, bytes, a multiple of 8
 * @len: where the payload and its padding end, bytes, a multiple of 8
 *
 * Return: type, offset8, len8 and flags as they are in memory.
 */
static inline __le64 hvb_pkt_word0(u16 type, u16 flags, u32 offset, u32 len)
{
	return cpu_to_le64(type | (u64)(offset / HVB_RING_UNIT) << 16 |
			   (u64)(len / HVB_RING_UNIT) << 32 |
			   (u64)flags << 48);
}

/**
 * hvb_word0_type() - packet type in a descriptor
 * @word0: first eight bytes of the descriptor, native
 *
 * Return: the type.
 */
static inline u16 hvb_word0_type(u64 word0)
{
	return word0;
}

/**
 * hvb_word0_offset() - where the payload starts
 * @word0: first eight bytes of the descriptor, native
 *
 * Return: offset in bytes.
 */
static inline u32 hvb_word0_offset(u64 word0)
{
	return (u32)(u16)(word0 >> 16) * HVB_RING_UNIT;
}

/**
 * hvb_word0_len() - where the payload and its padding end
 * @word0: first eight bytes of the descriptor, native
 *
 * Return: length of the packet without its trailer in bytes.
 */
static inline u32 hvb_word0_len(u64 word0)
{
	return (u32)(u16)(word0 >> 32) * HVB_RING_UNIT;
}

/**
 * hvb_frame_check() - validate a private copy of a descriptor
 * @word0: first eight bytes of the descriptor, native, any value
 * @avail: bytes between the reader and the writer, a multiple of 8
 *
 * Of a good frame the payload starts behind the descriptor and not behind its
 * end, and the whole packet with its trailer has been written.
 *
 * Return: HVB_RING_OK or why the packet makes no sense.
 */
static inline enum hvb_ring_reject hvb_frame_check(u64 word0, u32 avail)
{
	u32 offset = hvb_word0_offset(word0);
	u32 len = hvb_word0_len(word0);
	u32 type = hvb_word0_type(word0);

	if (offset < HVB_PKT_MIN || len < offset)
		return HVB_RING_BAD_OFFSET;
	if (len >= avail)
		return HVB_RING_BAD_LENGTH;
	if (type < HVB_PKT_FIRST || type > HVB_PKT_LAST)
		return HVB_RING_BAD_TYPE;

	return HVB_RING_OK;
}

#endif /* _HV_VMBUS_WIRE_RING_H */
