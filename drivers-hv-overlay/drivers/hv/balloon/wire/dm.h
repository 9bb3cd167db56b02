/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dynamic memory messages on the wire.
 *
 * The host's dynamic memory service and the guest talk over one VMBus channel,
 * one message per inband packet.  A message starts with an 8 byte header: its
 * type, its size including the header, and a transaction id that the sender
 * makes up.  All integers are little endian.  Vocabulary:
 *
 * page		always 4 KiB here, whatever the guest's own page size is
 * range	a run of pages packed into 64 bits: first page in the low 40
 *		bits, number of pages in the high 24
 * balloon	the pages that the guest has handed to the host; "balloon up"
 *		makes it larger, "balloon down" makes it smaller
 * region	address space that the host set aside for hot add; only the
 *		page range that comes with it has memory behind it
 *
 * Parsers read a private copy of one packet and turn it into a struct hvdm_msg
 * of native, checked values; nothing in it needs to be checked again.  Writers
 * fill every byte of what they send.
 *
 * Context: any.  Nothing here locks, sleeps or allocates, and all of it builds
 * in user space and on either byte order.
 *
 * Source: Dynamic Memory protocol 0.3, 1.0 and 2.0.
 */
#ifndef _HV_BALLOON_WIRE_DM_H
#define _HV_BALLOON_WIRE_DM_H

#include <linux/bits.h>
#include <linux/hyperv/view.h>
#include <linux/types.h>

/* The unit of the protocol. */
#define HVDM_PAGE_SHIFT		12

/* No message is longer than one page. */
#define HVDM_MSG_MAX		4096

/* Bytes before the first range of a balloon response or unballoon request. */
#define HVDM_RANGES_OFFSET	16

/* Ranges that fit into one message. */
#define HVDM_RANGES_MAX		((HVDM_MSG_MAX - HVDM_RANGES_OFFSET) / 8)

/* One more than the highest page number that a range can name. */
#define HVDM_PFN_LIMIT		BIT_ULL(40)

/* The most pages that one range can name. */
#define HVDM_RANGE_PAGES_MAX	((1U << 24) - 1)

/* Protocol versions: major in the high, minor in the low 16 bits. */
#define HVDM_VERSION_0_3	0x00000003
#define HVDM_VERSION_1_0	0x00010000
#define HVDM_VERSION_2_0	0x00020000

/**
 * enum hvdm_type - message types
 * @HVDM_ERROR: reserved
 * @HVDM_VERSION_REQUEST: guest proposes a protocol version
 * @HVDM_VERSION_RESPONSE: host accepts or refuses it
 * @HVDM_CAPS_REPORT: guest says what it can do
 * @HVDM_CAPS_RESPONSE: host accepts or refuses that
 * @HVDM_STATUS_REPORT: guest's memory figures, unsolicited
 * @HVDM_BALLOON_REQUEST: host asks for pages
 * @HVDM_BALLOON_RESPONSE: guest names the pages that it gives
 * @HVDM_UNBALLOON_REQUEST: host gives pages back
 * @HVDM_UNBALLOON_RESPONSE: guest has taken them
 * @HVDM_HOT_ADD_REQUEST: host offers memory at new addresses
 * @HVDM_HOT_ADD_RESPONSE: guest says how much of it was added
 * @HVDM_INFO: host tells a property, since protocol 1.0
 * @HVDM_TYPES: number of types
 */
enum hvdm_type {
	HVDM_ERROR = 0,
	HVDM_VERSION_REQUEST = 1,
	HVDM_VERSION_RESPONSE = 2,
	HVDM_CAPS_REPORT = 3,
	HVDM_CAPS_RESPONSE = 4,
	HVDM_STATUS_REPORT = 5,
	HVDM_BALLOON_REQUEST = 6,
	HVDM_BALLOON_RESPONSE = 7,
	HVDM_UNBALLOON_REQUEST = 8,
	HVDM_UNBALLOON_RESPONSE = 9,
	HVDM_HOT_ADD_REQUEST = 10,
	HVDM_HOT_ADD_RESPONSE = 11,
	HVDM_INFO = 12,
	HVDM_TYPES,
};

/* Kinds of information in an HVDM_INFO message. */
#define HVDM_INFO_MAX_PAGES	0

/**
 * struct hvdm_range - a run of pages, checked
 * @start: first page number
 * @count: number of pages, at least 1; @start + @count is at most
 *	   HVDM_PFN_LIMIT
 */
struct hvdm_range {
	u64 start;
	u32 count;
};

/**
 * struct hvdm_ranges - walks the ranges of one message
 * @c: the packed ranges that have not been taken yet
 */
struct hvdm_ranges {
	struct hv_cursor c;
};

/**
 * struct hvdm_msg - a message from the host, checked
 * @type: message type; picks the member of the union
 * @trans_id: the host's transaction id
 * @version: HVDM_VERSION_RESPONSE
 * @version.accepted: the host takes the version that was proposed last
 * @caps: HVDM_CAPS_RESPONSE
 * @caps.accepted: the host takes the capabilities
 * @caps.flags: all the bits that the host sent, for diagnosis
 * @balloon: HVDM_BALLOON_REQUEST
 * @balloon.num_pages: number of pages that the host wants
 * @unballoon: HVDM_UNBALLOON_REQUEST
 * @unballoon.more: another message of this transaction follows
 * @unballoon.nr: number of ranges, at most HVDM_RANGES_MAX
 * @unballoon.ranges: iterator over the ranges; points into the packet
 * @hot_add: HVDM_HOT_ADD_REQUEST
 * @hot_add.pages: pages with memory behind them
 * @hot_add.region: region that the host set aside, if @hot_add.has_region
 * @hot_add.has_region: the host named a region
 * @info: HVDM_INFO
 * @info.kind: what is told
 * @info.max_pages: HVDM_INFO_MAX_PAGES: upper limit of this guest's memory
 */
struct hvdm_msg {
	enum hvdm_type type;
	u32 trans_id;
	union {
		struct {
			bool accepted;
		} version;
		struct {
			bool accepted;
			u64 flags;
		} caps;
		struct {
			u32 num_pages;
		} balloon;
		struct {
			bool more;
			u32 nr;
			struct hvdm_ranges ranges;
		} unballoon;
		struct {
			struct hvdm_range pages;
			struct hvdm_range region;
			bool has_region;
		} hot_add;
		struct {
			u32 kind;
			u64 max_pages;
		} info;
	};
};

/**
 * struct hvdm_caps - what a guest tells about itself
 * @balloon: the guest can give pages away
 * @hot_add: the guest can take memory at new addresses
 * @align_log2_mb: hot add must be aligned to 2^n MiB; 0 to 15
 */
struct hvdm_caps {
	bool balloon;
	bool hot_add;
	u8 align_log2_mb;
};

/**
 * struct hvdm_status - the figures of a status report
 * @avail: memory that could be had without swapping, pages
 * @committed: memory that the guest needs, pages; hosts act on this one
 */
struct hvdm_status {
	u64 avail;
	u64 committed;
};

/**
 * struct hvdm_resp - a balloon response while it is being filled
 * @buf: message buffer, HVDM_MSG_MAX bytes
 * @nr: number of ranges in it
 */
struct hvdm_resp {
	u8 *buf;
	u32 nr;
};

int hvdm_parse(const struct hv_view *pkt, struct hvdm_msg *msg);
int hvdm_ranges_next(struct hvdm_ranges *it, struct hvdm_range *range);

int hvdm_put_version_request(void *buf, u32 room, u32 trans_id, u32 version,
			     bool is_last);
int hvdm_put_caps(void *buf, u32 room, u32 trans_id,
		  const struct hvdm_caps *caps);
int hvdm_put_status(void *buf, u32 room, u32 trans_id,
		    const struct hvdm_status *status);
int hvdm_put_unballoon_response(void *buf, u32 room, u32 trans_id);
int hvdm_put_hot_add_response(void *buf, u32 room, u32 trans_id,
			      u32 page_count, bool success);

void hvdm_resp_init(struct hvdm_resp *resp, u8 *buf);
int hvdm_resp_add(struct hvdm_resp *resp, u64 start, u32 count);
int hvdm_resp_finish(struct hvdm_resp *resp, u32 trans_id, bool more);
void hvdm_resp_ranges(const struct hvdm_resp *resp, struct hvdm_ranges *it);

#endif /* _HV_BALLOON_WIRE_DM_H */
