// SPDX-License-Identifier: GPL-2.0-only
/* Control messages, see wire.h. */
#include "wire.h"

#include <string.h>

#define HEADER_BYTES	8u

/* The bodies, behind the header of type and padding. */
struct wire_contact {
	uint32_t version, vp;
	union {
		uint64_t interrupt_page;
		struct {
			uint8_t sint, vtl, reserved[6];
		} __attribute__((packed));
	};
	uint64_t monitor[2];
} __attribute__((packed));

struct wire_open {
	uint32_t relid, id, gpadl, vp, downstream;
	uint8_t user[USER_BYTES];
} __attribute__((packed));

struct wire_gpadl_header {
	uint32_t relid, gpadl;
	uint16_t bytes, ranges;
} __attribute__((packed));

struct wire_tl {
	struct guid endpoint, service;
} __attribute__((packed));

struct wire_offer {
	uint32_t msg_type, padding;
	struct guid type, instance;
	uint8_t reserved[16];
	uint16_t flags, mmio_mb;
	uint8_t user[USER_BYTES];
	uint16_t sub, reserved2;
	uint32_t relid;
	uint8_t monitor, monitored;
	uint16_t dedicated;
	uint32_t connection;
} __attribute__((packed));

_Static_assert(sizeof(struct wire_contact) == 32, "contact");
_Static_assert(sizeof(struct wire_open) == 140, "open");
_Static_assert(sizeof(struct wire_offer) == 196, "offer");

/* What a guest may send: body bytes and the first version that has it. */
static const struct {
	const char *name;
	uint16_t body;
	bool guest;
	uint32_t since;
} kinds[MSG_TYPES] = {
	[MSG_OFFER]		= { "OFFERCHANNEL", 188, false, 0 },
	[MSG_RESCIND]		= { "RESCIND_CHANNELOFFER", 4, false, 0 },
	[MSG_REQUEST_OFFERS]	= { "REQUESTOFFERS", 0, true, 1 },
	[MSG_ALL_OFFERS]	= { "ALLOFFERS_DELIVERED", 0, false, 0 },
	[MSG_OPEN]		= { "OPENCHANNEL", 140, true, 1 },
	[MSG_OPEN_RESULT]	= { "OPENCHANNEL_RESULT", 12, false, 0 },
	[MSG_CLOSE]		= { "CLOSECHANNEL", 4, true, 1 },
	[MSG_GPADL_HEADER]	= { "GPADL_HEADER", 12, true, 1 },
	[MSG_GPADL_BODY]	= { "GPADL_BODY", 8, true, 1 },
	[MSG_GPADL_CREATED]	= { "GPADL_CREATED", 12, false, 0 },
	[MSG_GPADL_TEARDOWN]	= { "GPADL_TEARDOWN", 8, true, 1 },
	[MSG_GPADL_TORNDOWN]	= { "GPADL_TORNDOWN", 4, false, 0 },
	[MSG_RELID_RELEASED]	= { "RELID_RELEASED", 4, true, 1 },
	[MSG_CONTACT]		= { "INITIATE_CONTACT", 32, true, 0 },
	[MSG_VERSION]		= { "VERSION_RESPONSE", 8, false, 0 },
	[MSG_UNLOAD]		= { "UNLOAD", 0, true, 1 },
	[MSG_UNLOAD_RESPONSE]	= { "UNLOAD_RESPONSE", 0, false, 0 },
	[MSG_TL_CONNECT]	= { "TL_CONNECT_REQUEST", 32, true, VERSION(4, 0) },
	[MSG_MODIFY]		= { "MODIFYCHANNEL", 8, true, VERSION(4, 1) },
	[MSG_TL_RESULT]		= { "TL_CONNECT_RESULT", 36, false, 0 },
	[MSG_MODIFY_RESPONSE]	= { "MODIFYCHANNEL_RESPONSE", 8, false, 0 },
};

bool wire_version_known(uint32_t version, uint32_t max_version)
{
	static const uint32_t known[] = {
		VERSION(2, 4), VERSION(3, 0), VERSION(4, 0), VERSION(4, 1),
		VERSION(5, 0), VERSION(5, 1), VERSION(5, 2), VERSION(5, 3),
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] == version)
			return version <= max_version;
	return false;
}

const char *wire_name(uint32_t type)
{
	if (type < MSG_TYPES && kinds[type].name)
		return kinds[type].name;
	return "UNKNOWN";
}

const char *wire_reason(enum parse_result result)
{
	static const char *const reasons[] = {
		[PARSE_OK] = "good", [PARSE_SHORT] = "too short",
		[PARSE_UNKNOWN] = "not a guest's message",
		[PARSE_VERSION] = "not in this version or state",
	};

	return reasons[result];
}

static void take_words(struct guest_message *m, const uint8_t *body, size_t used, size_t len)
{
	m->words = (len - used) / 8;
	if (m->words > ARRAY_SIZE(m->word))
		m->words = ARRAY_SIZE(m->word);
	memcpy(m->word, body + used, m->words * sizeof(m->word[0]));
}

static void take_contact(struct guest_message *m, const uint8_t *body)
{
	struct wire_contact c;

	memcpy(&c, body, sizeof(c));
	m->contact.version = c.version;
	m->contact.vp = c.vp;
	m->contact.interrupt_page = c.interrupt_page;
	m->contact.sint = c.sint;
	m->contact.vtl = c.vtl;
	m->contact.monitor[0] = c.monitor[0];
	m->contact.monitor[1] = c.monitor[1];
}

static void take_gpadl_header(struct guest_message *m, const uint8_t *body, size_t len)
{
	struct wire_gpadl_header h;

	memcpy(&h, body, sizeof(h));
	m->header.relid = h.relid;
	m->header.gpadl = h.gpadl;
	m->header.bytes = h.bytes;
	m->header.ranges = h.ranges;
	take_words(m, body, sizeof(h), len);
}

enum parse_result wire_parse(const void *bytes, size_t len, uint32_t version,
			     struct guest_message *m)
{
	const uint8_t *body = (const uint8_t *)bytes + HEADER_BYTES;
	struct wire_open open;

	memset(m, 0, sizeof(*m));
	if (len < HEADER_BYTES)
		return PARSE_SHORT;
	memcpy(&m->type, bytes, sizeof(m->type));
	if (m->type >= MSG_TYPES || !kinds[m->type].guest)
		return PARSE_UNKNOWN;
	if (version < kinds[m->type].since)
		return PARSE_VERSION;
	len -= HEADER_BYTES;
	if (len < kinds[m->type].body)
		return PARSE_SHORT;
	switch (m->type) {
	case MSG_CONTACT:
		take_contact(m, body);
		break;
	case MSG_OPEN:
		memcpy(&open, body, sizeof(open));
		m->open.relid = open.relid;
		m->open.id = open.id;
		m->open.gpadl = open.gpadl;
		m->open.vp = open.vp;
		m->open.downstream = open.downstream;
		memcpy(m->open.user, open.user, sizeof(open.user));
		break;
	case MSG_GPADL_HEADER:
		take_gpadl_header(m, body, len);
		break;
	case MSG_GPADL_BODY:
		memcpy(&m->body, body, 8);
		take_words(m, body, 8, len);
		break;
	case MSG_GPADL_TEARDOWN:
		memcpy(&m->teardown, body, 8);
		break;
	case MSG_CLOSE:
	case MSG_RELID_RELEASED:
		memcpy(&m->channel, body, 4);
		break;
	case MSG_MODIFY:
		memcpy(&m->modify, body, 8);
		break;
	case MSG_TL_CONNECT:
		memcpy(&m->tl, body, sizeof(m->tl));
		break;
	}
	return PARSE_OK;
}

void wire_words(struct host_message *m, uint32_t type, unsigned int count, uint32_t a,
		uint32_t b, uint32_t c)
{
	const uint32_t word[5] = { type, 0, a, b, c };

	m->relid = 0;
	m->len = HEADER_BYTES + 4 * (size_t)count;
	memcpy(m->bytes, word, m->len);
}

void wire_offer(struct host_message *m, const struct offer *offer)
{
	struct wire_offer o = {
		.msg_type = MSG_OFFER,
		.type = offer->type,
		.instance = offer->instance,
		.flags = offer->flags,
		.mmio_mb = offer->mmio_mb,
		.sub = offer->sub,
		.relid = offer->relid,
		.monitor = offer->monitor,
		.monitored = offer->monitor != MONITOR_NONE,
		/* the guest signals by its own connection, not by a bit in a shared page */
		.dedicated = 1,
		.connection = offer->connection,
	};

	memcpy(o.user, offer->user, sizeof(o.user));
	m->relid = 0;
	m->len = sizeof(o);
	memcpy(m->bytes, &o, sizeof(o));
}

void wire_version(struct host_message *m, bool supported, uint8_t state, uint32_t connection)
{
	wire_words(m, MSG_VERSION, 2, supported | (uint32_t)state << 8, connection, 0);
}

void wire_tl_result(struct host_message *m, const struct guid *endpoint,
		    const struct guid *service, uint32_t status)
{
	struct wire_tl tl = { *endpoint, *service };

	wire_words(m, MSG_TL_RESULT, 0, 0, 0, 0);
	memcpy(m->bytes + m->len, &tl, sizeof(tl));
	m->len += sizeof(tl);
	memcpy(m->bytes + m->len, &status, sizeof(status));
	m->len += sizeof(status);
}

bool wire_ranges(const uint64_t *word, unsigned int words, unsigned int count,
		 bool (*page)(void *arg, uint64_t pfn, uint32_t offset, uint32_t bytes),
		 void *arg)
{
	while (count--) {
		uint32_t left, offset;

		if (!words)
			return false;
		left = (uint32_t)*word;
		offset = (uint32_t)(*word >> 32);
		word++;
		words--;
		if (!left || offset >= PAGE_BYTES)
			return false;
		if (((uint64_t)offset + left + PAGE_BYTES - 1) / PAGE_BYTES > words)
			return false;
		for (; left; word++, words--) {
			uint32_t n = PAGE_BYTES - offset;

			if (n > left)
				n = left;
			if (!page(arg, *word, offset, n))
				return false;
			left -= n;
			offset = 0;
		}
	}
	return true;
}
