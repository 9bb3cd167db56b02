// SPDX-License-Identifier: GPL-2.0-only
/* GPADL messages, see gpadl.h. */

#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "gpadl.h"

/* Layout (VMBus protocol), offsets in bytes. */
#define HDR_RELID		8
#define HDR_GPADL		12
#define HDR_RANGE_LEN		16
#define HDR_RANGE_COUNT		18
#define HDR_BYTE_COUNT		20
#define HDR_BYTE_OFFSET		24
#define BODY_GPADL		12
#define RANGE_HEAD_LEN		8

static int ring_layout(struct hvb_gpadl_layout *lay, u32 page_size, u32 size,
		       u32 send_size)
{
	/* Each ring is a header page and at least one page of data. */
	if (size % page_size || send_size % page_size)
		return -EINVAL;
	if (send_size < 2 * page_size || size < 2 * page_size ||
	    send_size > size - 2 * page_size)
		return -EINVAL;

	lay->gap = page_size - HVB_PAGE_SIZE;
	lay->pfn_count = (size - 2 * lay->gap) >> HVB_PAGE_SHIFT;
	lay->downstream = (send_size - lay->gap) >> HVB_PAGE_SHIFT;
	return 0;
}

/**
 * hvb_gpadl_layout() - work out which frames of a buffer a GPADL has
 * @lay: where to put the layout
 * @kind: plain memory, or a pair of rings
 * @page_size: page size of the guest, a power of two of at least 4 KiB
 * @size: size of the memory in bytes, a multiple of 4 KiB; of @page_size for
 *	rings
 * @send_size: for rings: size of the guest-to-host ring, header included, a
 *	multiple of @page_size; the other ring follows it. 0 otherwise
 *
 * Source: VMBus protocol: a ring GPADL is one range at offset 0 of whole 4 KiB
 * pages; its length field is a u16, which limits it to 8190 frames.
 *
 * Context: any.
 * Return: 0; -EINVAL if the sizes make no sense; -E2BIG if the host could not
 * be told about so much memory in one GPADL.
 */
int hvb_gpadl_layout(struct hvb_gpadl_layout *lay, enum hvb_gpadl_kind kind,
		     u32 page_size, u32 size, u32 send_size)
{
	int ret = 0;

	if (page_size < HVB_PAGE_SIZE || page_size & (page_size - 1))
		return -EINVAL;
	if (!size || size % HVB_PAGE_SIZE)
		return -EINVAL;

	memset(lay, 0, sizeof(*lay));
	if (kind == HVB_GPADL_RING)
		ret = ring_layout(lay, page_size, size, send_size);
	else if (send_size)
		ret = -EINVAL;
	else
		lay->pfn_count = size >> HVB_PAGE_SHIFT;
	if (ret)
		return ret;
	return lay->pfn_count > HVB_GPADL_MAX_PFNS ? -E2BIG : 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_gpadl_layout);

/**
 * hvb_gpadl_offset() - find a frame of a GPADL in the buffer
 * @lay: layout
 * @index: index of the frame, below &hvb_gpadl_layout.pfn_count
 *
 * Context: any.
 * Return: offset in the buffer in bytes, a multiple of 4 KiB.
 */
u32 hvb_gpadl_offset(const struct hvb_gpadl_layout *lay, u32 index)
{
	u32 off = index << HVB_PAGE_SHIFT;

	/* Behind each ring header there is a gap; without rings it is 0. */
	if (index > 0)
		off += lay->gap;
	if (index > lay->downstream)
		off += lay->gap;
	return off;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_gpadl_offset);

/**
 * hvb_gpadl_enc_start() - begin to encode the messages for a GPADL
 * @e: iterator
 * @lay: layout of the memory
 * @relid: channel
 * @gpadl: handle, not 0; unique while the GPADL exists
 * @pfn: frame lookup, called once for each frame, in order
 * @ctx: context for @pfn
 *
 * Context: any.
 * Return: 0, or -EINVAL.
 */
int hvb_gpadl_enc_start(struct hvb_gpadl_enc *e,
			const struct hvb_gpadl_layout *lay, u32 relid,
			u32 gpadl, hvb_pfn_fn pfn, void *ctx)
{
	if (!hvb_relid_valid(relid) || !gpadl || !pfn)
		return -EINVAL;
	if (!lay->pfn_count || lay->pfn_count > HVB_GPADL_MAX_PFNS)
		return -EINVAL;

	memset(e, 0, sizeof(*e));
	e->lay = *lay;
	e->relid = relid;
	e->gpadl = gpadl;
	e->pfn = pfn;
	e->ctx = ctx;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_gpadl_enc_start);

static void put_pfns(struct hvb_gpadl_enc *e, struct hvb_wire *w, u32 max)
{
	u32 end = e->lay.pfn_count - e->next > max ? e->next + max :
						     e->lay.pfn_count;
	u64 pfn;

	for (; e->next < end; e->next++) {
		pfn = e->pfn(e->ctx, hvb_gpadl_offset(&e->lay, e->next));
		put_unaligned_le64(pfn, w->data + w->len);
		w->len += sizeof(pfn);
	}
}

static void put_header(struct hvb_gpadl_enc *e, struct hvb_wire *w)
{
	u32 count = e->lay.pfn_count;

	put_unaligned_le32(HVB_MSG_GPADL_HEADER, w->data);
	put_unaligned_le32(e->relid, w->data + HDR_RELID);
	put_unaligned_le32(e->gpadl, w->data + HDR_GPADL);
	put_unaligned_le16(RANGE_HEAD_LEN + count * sizeof(u64),
			   w->data + HDR_RANGE_LEN);
	put_unaligned_le16(1, w->data + HDR_RANGE_COUNT);
	put_unaligned_le32(count << HVB_PAGE_SHIFT, w->data + HDR_BYTE_COUNT);
	put_unaligned_le32(0, w->data + HDR_BYTE_OFFSET);
	w->len = HVB_GPADL_HEADER_LEN;
	put_pfns(e, w, HVB_GPADL_HEADER_PFNS);
}

static void put_body(struct hvb_gpadl_enc *e, struct hvb_wire *w)
{
	put_unaligned_le32(HVB_MSG_GPADL_BODY, w->data);
	put_unaligned_le32(e->gpadl, w->data + BODY_GPADL);
	w->len = HVB_GPADL_BODY_LEN;
	put_pfns(e, w, HVB_GPADL_BODY_PFNS);
}

/**
 * hvb_gpadl_enc_next() - encode the next message for a GPADL
 * @e: iterator
 * @w: where to put the message; may be the same each time
 *
 * The first message is the header, all others are bodies; they must be posted
 * in this order.
 *
 * Context: that of the frame lookup.
 * Return: true if there was another message, false if all have been encoded.
 */
bool hvb_gpadl_enc_next(struct hvb_gpadl_enc *e, struct hvb_wire *w)
{
	if (e->next == e->lay.pfn_count)
		return false;
	memset(w, 0, sizeof(*w));
	if (!e->msg_no)
		put_header(e, w);
	else
		put_body(e, w);
	e->msg_no++;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_gpadl_enc_next);
