// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic memory messages. All integers are little endian, as this host is.
 * A message starts with type (16 bits), size with this header (16), transaction (32).
 */
#include <string.h>

#include "dm.h"

#define HEADER		8
#define RANGE_BITS	40	/* low bits of a range: first page; the rest: count */

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

const char *dm_type_name(unsigned int type)
{
	static const char *const names[] = {
		[DM_VERSION_REQUEST]	= "VERSION_REQUEST",
		[DM_VERSION_RESPONSE]	= "VERSION_RESPONSE",
		[DM_CAPS_REPORT]	= "CAPABILITIES_REPORT",
		[DM_CAPS_RESPONSE]	= "CAPABILITIES_RESPONSE",
		[DM_STATUS]		= "STATUS_REPORT",
		[DM_BALLOON_REQUEST]	= "BALLOON_REQUEST",
		[DM_BALLOON_RESPONSE]	= "BALLOON_RESPONSE",
		[DM_UNBALLOON_REQUEST]	= "UNBALLOON_REQUEST",
		[DM_UNBALLOON_RESPONSE]	= "UNBALLOON_RESPONSE",
		[DM_HOT_ADD_REQUEST]	= "HOT_ADD_REQUEST",
		[DM_HOT_ADD_RESPONSE]	= "HOT_ADD_RESPONSE",
		[DM_INFO]		= "INFO",
	};

	return type < ARRAY_SIZE(names) && names[type] ? names[type] : "unknown";
}

/* Bytes that a message of this type must have at least; 0: no guest sends it. */
static uint32_t least(unsigned int type)
{
	switch (type) {
	case DM_VERSION_REQUEST:	return 16;
	case DM_CAPS_REPORT:		return 32;
	case DM_STATUS:			return 24;
	case DM_BALLOON_RESPONSE:	return 16;
	case DM_UNBALLOON_RESPONSE:	return 8;
	case DM_HOT_ADD_RESPONSE:	return 16;
	default:			return 0;
	}
}

static bool parse_balloon(const uint8_t *data, struct dm_message *m)
{
	uint32_t word = get32(data + 12);

	m->balloon.more = word & 1;
	m->balloon.count = word >> 1;
	m->balloon.ranges = data + 16;
	return m->balloon.count <= (m->size - 16u) / 8;
}

bool dm_parse(const uint8_t *data, uint32_t len, struct dm_message *m)
{
	uint64_t caps;

	memset(m, 0, sizeof(*m));
	if (len < HEADER)
		return false;
	memcpy(&m->type, data, sizeof(m->type));
	memcpy(&m->size, data + 2, sizeof(m->size));
	m->transaction = get32(data + 4);
	if (m->size > len || !least(m->type) || m->size < least(m->type))
		return false;
	switch (m->type) {
	case DM_VERSION_REQUEST:
		m->version.version = get32(data + 8);
		m->version.last = get32(data + 12) & 1;
		return true;
	case DM_CAPS_REPORT:
		caps = get64(data + 8);
		m->caps.balloon = caps & DM_CAP_BALLOON;
		m->caps.hot_add = caps & DM_CAP_HOT_ADD;
		m->caps.align_log2_mb = caps >> 2 & 15;
		return true;
	case DM_STATUS:
		m->status.available = get64(data + 8);
		m->status.committed = get64(data + 16);
		return true;
	case DM_BALLOON_RESPONSE:
		return parse_balloon(data, m);
	case DM_HOT_ADD_RESPONSE:
		m->hot_add.pages = get32(data + 8);
		m->hot_add.result = get32(data + 12);
		return true;
	default:
		return true;
	}
}

struct dm_range dm_range_at(const uint8_t *ranges, uint32_t index)
{
	uint64_t packed = get64(ranges + 8ull * index);

	return (struct dm_range){
		.start = packed & ((1ull << RANGE_BITS) - 1),
		.count = packed >> RANGE_BITS,
	};
}

static uint64_t pack(const struct dm_range *r)
{
	return r->start | (uint64_t)r->count << RANGE_BITS;
}

static uint32_t header(uint8_t *to, enum dm_type type, uint16_t size, uint32_t transaction)
{
	uint16_t t = type;

	memset(to, 0, size);
	memcpy(to, &t, sizeof(t));
	memcpy(to + 2, &size, sizeof(size));
	put32(to + 4, transaction);
	return size;
}

uint32_t dm_put_accept(uint8_t *to, enum dm_type type, uint32_t transaction, bool accepted)
{
	header(to, type, 16, transaction);
	put64(to + 8, accepted);
	return 16;
}

/* The only information there is: the most pages that this guest will ever have. */
uint32_t dm_put_info(uint8_t *to, uint32_t transaction, uint64_t max_pages)
{
	header(to, DM_INFO, 32, transaction);
	put32(to + 12, 16);		/* size of what follows */
	put32(to + 16, 0);		/* kind: maximum page count */
	put32(to + 20, 8);		/* size of the value */
	put64(to + 24, max_pages);
	return 32;
}

uint32_t dm_put_balloon(uint8_t *to, uint32_t transaction, uint32_t pages)
{
	header(to, DM_BALLOON_REQUEST, 16, transaction);
	put32(to + 8, pages);
	return 16;
}

uint32_t dm_put_unballoon(uint8_t *to, uint32_t transaction, bool more,
			  const struct dm_range *range, uint32_t count)
{
	uint32_t len = header(to, DM_UNBALLOON_REQUEST, 16 + 8 * count, transaction);

	put32(to + 8, more);
	put32(to + 12, count);
	for (uint32_t i = 0; i < count; i++)
		put64(to + 16 + 8 * i, pack(&range[i]));
	return len;
}

uint32_t dm_put_hot_add(uint8_t *to, uint32_t transaction, const struct dm_range *pages,
			const struct dm_range *region)
{
	uint32_t len = header(to, DM_HOT_ADD_REQUEST, region->count ? 24 : 16, transaction);

	put64(to + 8, pack(pages));
	if (region->count)
		put64(to + 16, pack(region));
	return len;
}
