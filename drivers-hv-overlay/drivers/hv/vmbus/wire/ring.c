// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMBus rings on the wire: what is not worth inlining.
 */
#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/export.h>

#include "ring.h"

static const char * const hvb_ring_reject_names[] = {
	[HVB_RING_OK]		= "ok",
	[HVB_RING_BAD_INDEX]	= "bad index",
	[HVB_RING_BAD_TYPE]	= "bad packet type",
	[HVB_RING_BAD_OFFSET]	= "bad payload offset",
	[HVB_RING_BAD_LENGTH]	= "bad packet length",
	[HVB_RING_TOO_BIG]	= "packet too big",
	[HVB_RING_CLOSED]	= "not open",
};

static_assert(ARRAY_SIZE(hvb_ring_reject_names) == HVB_RING_REJECTS);

/**
 * hvb_ring_reject_name() - name of a reason, for counters and logs
 * @why: the reason
 *
 * Return: a constant string, never %NULL.
 */
const char *hvb_ring_reject_name(enum hvb_ring_reject why)
{
	if ((unsigned int)why >= HVB_RING_REJECTS)
		return "unknown";
	return hvb_ring_reject_names[why];
}
EXPORT_SYMBOL_IF_KUNIT(hvb_ring_reject_name);

/**
 * hvb_ring_size_ok() - validate the size of a data area
 * @size: size in bytes, without the header
 *
 * The host maps whole protocol pages, at least one.
 *
 * Return: true if a ring can have this size.
 */
bool hvb_ring_size_ok(u32 size)
{
	return size && size <= HVB_RING_MAX_SIZE &&
	       IS_ALIGNED(size, HVB_RING_PAGE);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_ring_size_ok);

/**
 * hvb_ring_hdr_init() - prepare a header before the host is told of the ring
 * @hdr: header page, 4 KiB, already shared with the host
 *
 * Clears the page, for changing its visibility may have scrambled it, and
 * announces flow control.  The host sets what is its own when it opens the
 * channel.
 */
void hvb_ring_hdr_init(struct hvb_ring_hdr __hvshared *hdr)
{
	hvs_zero(hdr, sizeof(*hdr));
	hvs_store32(&hdr->feature_bits, HVB_RING_FEAT_PENDING);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_ring_hdr_init);

/**
 * hvb_ring_signal_writer() - must the reader interrupt a blocked writer?
 * @size: size of the data area in bytes
 * @old_read: read index that the writer knew before
 * @read: read index that was just published
 * @write: valid write index, sampled after @pending
 * @pending: pending_send_sz, sampled after @read was visible, any value
 *
 * True on the way from "not more than @pending bytes free" to "more than
 * that".  The writer may have gone on meanwhile: if less is free than was
 * just released then it was not blocked.
 *
 * Source: VMBus protocol; see the essay in ring.h.
 *
 * Return: true if an interrupt is due.
 */
bool hvb_ring_signal_writer(u32 size, u32 old_read, u32 read, u32 write,
			    u32 pending)
{
	u32 released = hvb_ring_used(size, old_read, read);
	u32 now = hvb_ring_free(size, read, write);

	if (!pending || now <= pending || now < released)
		return false;

	return now - released <= pending;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_ring_signal_writer);
