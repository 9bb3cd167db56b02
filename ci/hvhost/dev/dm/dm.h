/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dynamic memory, host side.
 *
 * Vocabulary: a page is 4 KiB; the balloon is the set of pages that the guest has
 * handed to us; "actual" is what the guest is left with: base memory, plus what was
 * plugged (hot added), less the balloon. The target is where `target` wants it.
 *
 * dm_wire.c turns bytes into values and back, page_set.c counts pages: both are
 * pure. dm.c decides; it keeps one request at a time in flight, as real hosts do.
 *
 * Locks: struct dm is guarded by its own lock, below the channel's. Requests start
 * in the main thread, for only that may plug memory.
 */
#ifndef HVHOST_DM_H
#define HVHOST_DM_H

#include "../../bus/bus.h"

#define DM_MESSAGE_MAX	4096
#define DM_RANGES_MAX	((DM_MESSAGE_MAX - 16) / 8)
#define DM_VERSION(major, minor)	((uint32_t)(major) << 16 | (minor))

/* Message types, dynamic memory protocol */
enum dm_type {
	DM_VERSION_REQUEST	= 1,
	DM_VERSION_RESPONSE	= 2,
	DM_CAPS_REPORT		= 3,
	DM_CAPS_RESPONSE	= 4,
	DM_STATUS		= 5,
	DM_BALLOON_REQUEST	= 6,
	DM_BALLOON_RESPONSE	= 7,
	DM_UNBALLOON_REQUEST	= 8,
	DM_UNBALLOON_RESPONSE	= 9,
	DM_HOT_ADD_REQUEST	= 10,
	DM_HOT_ADD_RESPONSE	= 11,
	DM_INFO			= 12,
};

#define DM_CAP_BALLOON	1
#define DM_CAP_HOT_ADD	2

struct dm_range {
	uint64_t start;		/* first page */
	uint32_t count;		/* pages */
};

/* A message from the guest, checked against its length. */
struct dm_message {
	uint16_t type, size;
	uint32_t transaction;
	union {
		struct {
			uint32_t version;
			bool last;
		} version;
		struct {
			bool balloon, hot_add;
			unsigned int align_log2_mb;
		} caps;
		struct {
			uint64_t available, committed;	/* pages */
		} status;
		struct {
			bool more;
			uint32_t count;
			const uint8_t *ranges;	/* packed, inside the parsed bytes */
		} balloon;
		struct {
			uint32_t pages, result;
		} hot_add;
	};
};

/* False: too short, contradicts itself, or no guest sends this. */
bool dm_parse(const uint8_t *data, uint32_t len, struct dm_message *m);
struct dm_range dm_range_at(const uint8_t *ranges, uint32_t index);
const char *dm_type_name(unsigned int type);

/* Writers: return the length; buffers have DM_MESSAGE_MAX bytes. */
uint32_t dm_put_accept(uint8_t *to, enum dm_type type, uint32_t transaction, bool accepted);
uint32_t dm_put_info(uint8_t *to, uint32_t transaction, uint64_t max_pages);
uint32_t dm_put_balloon(uint8_t *to, uint32_t transaction, uint32_t pages);
uint32_t dm_put_unballoon(uint8_t *to, uint32_t transaction, bool more,
			  const struct dm_range *range, uint32_t count);
/* region->count 0: none */
uint32_t dm_put_hot_add(uint8_t *to, uint32_t transaction, const struct dm_range *pages,
			const struct dm_range *region);

extern const struct hv_device_ops dm_ops;

/* page_set.c: a set of pages below a limit. */
struct page_set {
	uint64_t *bits;
	uint64_t limit, count;
};
bool page_set_init(struct page_set *s, uint64_t limit);
void page_set_free(struct page_set *s);
/* All of the range must be outside (add) or inside (remove) the set; else nothing changes. */
bool page_set_add(struct page_set *s, struct dm_range r);
bool page_set_remove(struct page_set *s, struct dm_range r);
void page_set_clear(struct page_set *s);
/* The first run of at most max pages at or after *from; *from moves behind it. False: none. */
bool page_set_next(const struct page_set *s, uint64_t *from, uint32_t max, struct dm_range *run);

#endif
