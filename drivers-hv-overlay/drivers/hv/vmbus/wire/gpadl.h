/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GPADL messages: telling the host which guest pages make up a buffer.
 *
 * A GPADL (guest physical address descriptor list) is announced by one
 * GPADL_HEADER with up to 26 page frame numbers and as many GPADL_BODY
 * messages, of up to 28 each, as the rest needs; one GPADL_CREATED answers all
 * of them. Frames are those of the hypervisor: 4 KiB, whatever the guest's
 * page size.
 *
 * Two layouts:
 *
 * buffer	every 4 KiB frame of the memory, in order.
 * ring pair	two rings, each a header and data. In the guest a header takes a
 *		whole guest page, because the data behind it is mapped
 *		separately; the host knows the first 4 KiB of it only. With
 *		64 KiB pages the other 15 frames of both headers are left out:
 *
 *		guest:	|hdr 64K|  send data  |hdr 64K|  receive data |
 *		GPADL:	|4K|  send data  |4K|  receive data |
 *
 * The encoder is an iterator over one caller-owned message buffer, so that
 * announcing 31 MB takes no memory. The guest's page size is a parameter: the
 * same code is tested for 4, 16 and 64 KiB anywhere.
 *
 * Context: any. No locks, no allocation.
 */
#ifndef _HV_VMBUS_WIRE_GPADL_H
#define _HV_VMBUS_WIRE_GPADL_H

#include <linux/types.h>

#include "chanmsg.h"

#define HVB_PAGE_SHIFT		12
#define HVB_PAGE_SIZE		4096U

/* type, padding, relid, handle, range length, count; byte count, offset */
#define HVB_GPADL_HEADER_LEN	(HVB_MSG_HDR_LEN + 12U + 8U)
/* type, padding, reserved, handle */
#define HVB_GPADL_BODY_LEN	(HVB_MSG_HDR_LEN + 8U)
#define HVB_GPADL_HEADER_PFNS	((HVB_MSG_MAX - HVB_GPADL_HEADER_LEN) / 8U)
#define HVB_GPADL_BODY_PFNS	((HVB_MSG_MAX - HVB_GPADL_BODY_LEN) / 8U)
/* The length of a range (its 8 byte head and its frames) is a u16. */
#define HVB_GPADL_MAX_PFNS	((0xffffU - 8U) / 8U)

/**
 * enum hvb_gpadl_kind - layout of the memory behind a GPADL
 * @HVB_GPADL_BUFFER: plain memory
 * @HVB_GPADL_RING: a pair of rings
 */
enum hvb_gpadl_kind {
	HVB_GPADL_BUFFER = 0,
	HVB_GPADL_RING,
};

/**
 * struct hvb_gpadl_layout - which frames of a buffer a GPADL has
 * @pfn_count: number of 4 KiB frames in the GPADL
 * @gap: bytes of each ring header that the host does not know
 * @downstream: index of the first frame of the host-to-guest ring, 0 for a
 *	plain buffer
 */
struct hvb_gpadl_layout {
	u32 pfn_count;
	u32 gap;
	u32 downstream;
};

int hvb_gpadl_layout(struct hvb_gpadl_layout *lay, enum hvb_gpadl_kind kind,
		     u32 page_size, u32 size, u32 send_size);
u32 hvb_gpadl_offset(const struct hvb_gpadl_layout *lay, u32 index);

/**
 * typedef hvb_pfn_fn - look up a frame
 * @ctx: caller's context
 * @offset: offset into the buffer in bytes, a multiple of 4 KiB
 *
 * Return: the 4 KiB frame number of the guest physical page at @offset.
 */
typedef u64 (*hvb_pfn_fn)(void *ctx, u32 offset);

/**
 * struct hvb_gpadl_enc - iterator over the messages that announce a GPADL
 * @lay: layout of the memory
 * @relid: channel
 * @gpadl: handle
 * @pfn: frame lookup
 * @ctx: context for @pfn
 * @next: index of the first frame that has not been encoded
 * @msg_no: number of messages produced so far
 */
struct hvb_gpadl_enc {
	struct hvb_gpadl_layout lay;
	u32 relid;
	u32 gpadl;
	hvb_pfn_fn pfn;
	void *ctx;
	u32 next;
	u32 msg_no;
};

int hvb_gpadl_enc_start(struct hvb_gpadl_enc *e,
			const struct hvb_gpadl_layout *lay, u32 relid,
			u32 gpadl, hvb_pfn_fn pfn, void *ctx);
bool hvb_gpadl_enc_next(struct hvb_gpadl_enc *e, struct hvb_wire *w);

#endif /* _HV_VMBUS_WIRE_GPADL_H */
