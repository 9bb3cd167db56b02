// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic memory messages: bytes to checked values and back.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "dm.h"

/* Header: type (16 bits), size with the header (16), transaction id (32). */
#define HDR_TYPE	0
#define HDR_SIZE	2
#define HDR_TRANS_ID	4
#define HDR_LEN		8

/* The first word after the header, whatever it means. */
#define BODY		HDR_LEN

/* Version and capabilities responses. */
#define ACCEPTED	0x1

#define VERSION_REQ_FLAGS	12
#define VERSION_REQ_LEN		16
#define VERSION_REQ_LAST	0x1

#define CAPS_MIN_PAGES		16
#define CAPS_MAX_PAGE		24
#define CAPS_LEN		32
#define CAPS_BALLOON		0x1
#define CAPS_HOT_ADD		0x2
#define CAPS_ALIGN_SHIFT	2
#define CAPS_ALIGN_MAX		15

#define STATUS_COMMITTED	16
#define STATUS_LEN		48

/* Balloon response: reserved word, then "more" and the number of ranges. */
#define RESP_COUNT		12
#define RESP_MORE		0x1
#define RESP_COUNT_SHIFT	1

#define UNBALLOON_MORE		0x1
#define UNBALLOON_COUNT		12
#define UNBALLOON_RESP_LEN	8

#define HOT_ADD_REGION		16
#define HOT_ADD_LEN		16
#define HOT_ADD_REGION_LEN	24
#define HOT_ADD_RESP_RESULT	12
#define HOT_ADD_RESP_LEN	16

/* Info: reserved word, size of the rest, then a typed property. */
#define INFO_SIZE		12
#define INFO_KIND		16
#define INFO_DATA_SIZE		20
#define INFO_DATA		24

#define RANGE_LEN		8
#define RANGE_COUNT_SHIFT	40

static u64 range_pack(u64 start, u32 count)
{
	return start | (u64)count << RANGE_COUNT_SHIFT;
}

static int range_unpack(u64 packed, struct hvdm_range *range)
{
	u64 start = packed & (HVDM_PFN_LIMIT - 1);
	u32 count = packed >> RANGE_COUNT_SHIFT;

	if (!count || count > HVDM_PFN_LIMIT - start)
		return -ERANGE;
	range->start = start;
	range->count = count;
	return 0;
}

static int parse_unballoon(const struct hv_view *pkt, struct hvdm_msg *msg)
{
	struct hv_view ranges;
	u32 flags, nr;
	int ret;

	ret = hv_view_le32(pkt, BODY, &flags);
	if (ret)
		return ret;
	ret = hv_view_le32(pkt, UNBALLOON_COUNT, &nr);
	if (ret)
		return ret;
	if (nr > HVDM_RANGES_MAX)
		return -EBADMSG;
	ret = hv_view_sub(pkt, HVDM_RANGES_OFFSET, nr * RANGE_LEN, &ranges);
	if (ret)
		return ret;

	msg->unballoon.more = flags & UNBALLOON_MORE;
	msg->unballoon.nr = nr;
	hv_cursor_init(&msg->unballoon.ranges.c, &ranges);
	return 0;
}

/*
 * There are two forms.  The longer one may still say "no region", with a range
 * of zero; the pages then belong to a region that was named earlier.
 */
static int parse_hot_add(const struct hv_view *pkt, u32 size,
			 struct hvdm_msg *msg)
{
	u64 pages, region = 0;
	int ret;

	ret = hv_view_le64(pkt, BODY, &pages);
	if (ret)
		return ret;
	if (size != HOT_ADD_LEN) {
		if (size < HOT_ADD_REGION_LEN)
			return -EBADMSG;
		ret = hv_view_le64(pkt, HOT_ADD_REGION, &region);
		if (ret)
			return ret;
	}

	ret = range_unpack(pages, &msg->hot_add.pages);
	if (ret)
		return ret;
	msg->hot_add.has_region = region >> RANGE_COUNT_SHIFT;
	if (!msg->hot_add.has_region)
		return 0;
	return range_unpack(region, &msg->hot_add.region);
}

static int parse_info(const struct hv_view *pkt, struct hvdm_msg *msg)
{
	u32 info_size, data_size;
	struct hv_view info;
	int ret;

	ret = hv_view_le32(pkt, INFO_SIZE, &info_size);
	if (ret)
		return ret;
	/* The property ends where the sender says that it ends. */
	ret = hv_view_sub(pkt, INFO_KIND, info_size, &info);
	if (ret)
		return ret;
	ret = hv_view_le32(&info, 0, &msg->info.kind);
	if (ret)
		return ret;
	if (msg->info.kind != HVDM_INFO_MAX_PAGES)
		return -EOPNOTSUPP;
	ret = hv_view_le32(&info, INFO_DATA_SIZE - INFO_KIND, &data_size);
	if (ret)
		return ret;
	if (data_size != sizeof(msg->info.max_pages))
		return -EBADMSG;
	return hv_view_le64(&info, INFO_DATA - INFO_KIND, &msg->info.max_pages);
}

static int parse_body(const struct hv_view *pkt, u32 size, struct hvdm_msg *msg)
{
	u64 flags;
	int ret;

	switch (msg->type) {
	case HVDM_VERSION_RESPONSE:
		ret = hv_view_le64(pkt, BODY, &flags);
		if (!ret)
			msg->version.accepted = flags & ACCEPTED;
		return ret;
	case HVDM_CAPS_RESPONSE:
		ret = hv_view_le64(pkt, BODY, &msg->caps.flags);
		if (!ret)
			msg->caps.accepted = msg->caps.flags & ACCEPTED;
		return ret;
	case HVDM_BALLOON_REQUEST:
		return hv_view_le32(pkt, BODY, &msg->balloon.num_pages);
	case HVDM_UNBALLOON_REQUEST:
		return parse_unballoon(pkt, msg);
	case HVDM_HOT_ADD_REQUEST:
		return parse_hot_add(pkt, size, msg);
	case HVDM_INFO:
		return parse_info(pkt, msg);
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * hvdm_parse() - check a message from the host and take it apart
 * @pkt: private copy of the packet's payload; may be followed by padding
 * @msg: where to put the values; undefined if an error is returned
 *
 * What was received bounds every access; the size in the header may not exceed
 * it.  The iterator in an unballoon request points into @pkt's bytes, which
 * must stay until it has been walked.
 *
 * Return: 0, -EBADMSG if the message contradicts its length or itself, -ERANGE
 * if a range is empty or leaves the address space, -EOPNOTSUPP if no host sends
 * this type or kind of message.
 */
int hvdm_parse(const struct hv_view *pkt, struct hvdm_msg *msg)
{
	u16 type, size;
	int ret;

	memset(msg, 0, sizeof(*msg));
	ret = hv_view_le16(pkt, HDR_TYPE, &type);
	if (ret)
		return ret;
	ret = hv_view_le16(pkt, HDR_SIZE, &size);
	if (ret)
		return ret;
	ret = hv_view_le32(pkt, HDR_TRANS_ID, &msg->trans_id);
	if (ret)
		return ret;
	if (size < HDR_LEN || size > pkt->len)
		return -EBADMSG;
	if (type >= HVDM_TYPES)
		return -EOPNOTSUPP;
	msg->type = type;
	return parse_body(pkt, size, msg);
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_parse);

/**
 * hvdm_ranges_next() - take the next range of a message
 * @it: iterator
 * @range: where to put the range
 *
 * Each call that returns 0 consumes one range, so a walk ends after at most
 * HVDM_RANGES_MAX steps.
 *
 * Return: 0, -ENOENT after the last range, -ERANGE if the range is empty or
 * leaves the address space (the walk must then be given up).
 */
int hvdm_ranges_next(struct hvdm_ranges *it, struct hvdm_range *range)
{
	u64 packed;

	if (hv_cursor_le64(&it->c, &packed))
		return -ENOENT;
	return range_unpack(packed, range);
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_ranges_next);

/* Clear the message and write its header. */
static int put_header(void *buf, u32 room, u16 type, u16 len, u32 trans_id)
{
	u8 *p = buf;

	if (room < len)
		return -ENOSPC;
	memset(p, 0, len);
	put_unaligned_le16(type, p + HDR_TYPE);
	put_unaligned_le16(len, p + HDR_SIZE);
	put_unaligned_le32(trans_id, p + HDR_TRANS_ID);
	return len;
}

/**
 * hvdm_put_version_request() - write a version request
 * @buf: where to write
 * @room: bytes at @buf
 * @trans_id: transaction id
 * @version: one of the HVDM_VERSION values
 * @is_last: the guest will not propose another one
 *
 * Return: length of the message or -ENOSPC.
 */
int hvdm_put_version_request(void *buf, u32 room, u32 trans_id, u32 version,
			     bool is_last)
{
	int len = put_header(buf, room, HVDM_VERSION_REQUEST, VERSION_REQ_LEN,
			     trans_id);
	u8 *p = buf;

	if (len < 0)
		return len;
	put_unaligned_le32(version, p + BODY);
	put_unaligned_le32(is_last ? VERSION_REQ_LAST : 0,
			   p + VERSION_REQ_FLAGS);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_put_version_request);

/**
 * hvdm_put_caps() - write a capabilities report
 * @buf: where to write
 * @room: bytes at @buf
 * @trans_id: transaction id
 * @caps: what the guest can do
 *
 * The report also names the smallest number of pages and the highest page that
 * the guest supports: "no limit", as hosts ignore both.
 *
 * Return: length of the message, -ENOSPC, or -EINVAL if the alignment can't be
 * expressed.
 */
int hvdm_put_caps(void *buf, u32 room, u32 trans_id,
		  const struct hvdm_caps *caps)
{
	u8 *p = buf;
	u64 bits = 0;
	int len;

	if (caps->align_log2_mb > CAPS_ALIGN_MAX)
		return -EINVAL;
	len = put_header(buf, room, HVDM_CAPS_REPORT, CAPS_LEN, trans_id);
	if (len < 0)
		return len;
	if (caps->balloon)
		bits |= CAPS_BALLOON;
	if (caps->hot_add)
		bits |= CAPS_HOT_ADD;
	bits |= caps->align_log2_mb << CAPS_ALIGN_SHIFT;
	put_unaligned_le64(bits, p + BODY);
	put_unaligned_le64(0, p + CAPS_MIN_PAGES);
	put_unaligned_le64(~0ULL, p + CAPS_MAX_PAGE);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_put_caps);

/**
 * hvdm_put_status() - write a status report
 * @buf: where to write
 * @room: bytes at @buf
 * @trans_id: transaction id
 * @status: the figures
 *
 * The report has four more figures (page file size and writes, zeroed pages,
 * file cache efficiency) that no host uses and that Linux has no match for;
 * they are sent as zero.
 *
 * Return: length of the message or -ENOSPC.
 */
int hvdm_put_status(void *buf, u32 room, u32 trans_id,
		    const struct hvdm_status *status)
{
	int len = put_header(buf, room, HVDM_STATUS_REPORT, STATUS_LEN,
			     trans_id);
	u8 *p = buf;

	if (len < 0)
		return len;
	put_unaligned_le64(status->avail, p + BODY);
	put_unaligned_le64(status->committed, p + STATUS_COMMITTED);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_put_status);

/**
 * hvdm_put_unballoon_response() - write an unballoon response
 * @buf: where to write
 * @room: bytes at @buf
 * @trans_id: transaction id
 *
 * Return: length of the message or -ENOSPC.
 */
int hvdm_put_unballoon_response(void *buf, u32 room, u32 trans_id)
{
	return put_header(buf, room, HVDM_UNBALLOON_RESPONSE,
			  UNBALLOON_RESP_LEN, trans_id);
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_put_unballoon_response);

/**
 * hvdm_put_hot_add_response() - write a hot add response
 * @buf: where to write
 * @room: bytes at @buf
 * @trans_id: transaction id
 * @page_count: number of pages that were added
 * @success: some pages were added, or none ever can be; if false the host may
 *	     try again later
 *
 * Return: length of the message or -ENOSPC.
 */
int hvdm_put_hot_add_response(void *buf, u32 room, u32 trans_id,
			      u32 page_count, bool success)
{
	int len = put_header(buf, room, HVDM_HOT_ADD_RESPONSE,
			     HOT_ADD_RESP_LEN, trans_id);
	u8 *p = buf;

	if (len < 0)
		return len;
	put_unaligned_le32(page_count, p + BODY);
	put_unaligned_le32(success, p + HOT_ADD_RESP_RESULT);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_put_hot_add_response);

/**
 * hvdm_resp_init() - start a balloon response
 * @resp: the response
 * @buf: HVDM_MSG_MAX bytes that stay until the response has been sent
 */
void hvdm_resp_init(struct hvdm_resp *resp, u8 *buf)
{
	resp->buf = buf;
	resp->nr = 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_resp_init);

/**
 * hvdm_resp_add() - add a range to a balloon response
 * @resp: the response
 * @start: first page
 * @count: number of pages
 *
 * Return: 0, -ENOSPC if the message is full, -ERANGE if the wire format can't
 * express the range.
 */
int hvdm_resp_add(struct hvdm_resp *resp, u64 start, u32 count)
{
	if (resp->nr >= HVDM_RANGES_MAX)
		return -ENOSPC;
	if (!count || count > HVDM_RANGE_PAGES_MAX ||
	    start >= HVDM_PFN_LIMIT || count > HVDM_PFN_LIMIT - start)
		return -ERANGE;
	put_unaligned_le64(range_pack(start, count), resp->buf +
			   HVDM_RANGES_OFFSET + resp->nr * RANGE_LEN);
	resp->nr++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_resp_add);

/**
 * hvdm_resp_finish() - write the header of a balloon response
 * @resp: the response
 * @trans_id: transaction id
 * @more: another response of this transaction follows
 *
 * May be called again, for another attempt to send the same ranges.
 *
 * Return: length of the message.
 */
int hvdm_resp_finish(struct hvdm_resp *resp, u32 trans_id, bool more)
{
	u16 len = HVDM_RANGES_OFFSET + resp->nr * RANGE_LEN;
	u32 word = resp->nr << RESP_COUNT_SHIFT | (more ? RESP_MORE : 0);

	put_header(resp->buf, HVDM_MSG_MAX, HVDM_BALLOON_RESPONSE,
		   HVDM_RANGES_OFFSET, trans_id);
	put_unaligned_le16(len, resp->buf + HDR_SIZE);
	put_unaligned_le32(word, resp->buf + RESP_COUNT);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_resp_finish);

/**
 * hvdm_resp_ranges() - walk the ranges of a balloon response
 * @resp: the response
 * @it: iterator to set up
 *
 * For taking pages back whose response could not be sent.
 */
void hvdm_resp_ranges(const struct hvdm_resp *resp, struct hvdm_ranges *it)
{
	struct hv_view v = hv_view_of(resp->buf + HVDM_RANGES_OFFSET,
				      resp->nr * RANGE_LEN);

	hv_cursor_init(&it->c, &v);
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_resp_ranges);
