// SPDX-License-Identifier: GPL-2.0-only
/* Control messages as text, for --trace. Takes any bytes of either direction. */
#include "wire.h"

#include <string.h>

static uint32_t word(const uint8_t *body, size_t len, size_t at)
{
	uint32_t w = 0;

	if (at + sizeof(w) <= len)
		memcpy(&w, body + at, sizeof(w));
	return w;
}

static void add_guid(struct text *line, const char *name, const uint8_t *b)
{
	char text[37];
	struct guid g;

	memcpy(&g, b, sizeof(g));
	guid_format(&g, text);
	text_add(line, " %s %s", name, text);
}

static void add_bytes(struct text *line, const char *name, const uint8_t *b, size_t len)
{
	while (len && !b[len - 1])
		len--;
	if (!len)
		return;
	text_add(line, " %s ", name);
	for (size_t i = 0; i < len; i++)
		text_add(line, "%02x", b[i]);
}

static void offer(struct text *line, const uint8_t *b, size_t len)
{
	if (len < 188)
		return;
	text_add(line, " relid %u", word(b, len, 176));
	add_guid(line, "type", b);
	add_guid(line, "instance", b + 16);
	text_add(line, " flags %#x mmio %u sub %u connection %#x", word(b, len, 48) & 0xffff,
		 word(b, len, 48) >> 16, word(b, len, 172) & 0xffff, word(b, len, 184));
	if (b[181])
		text_add(line, " monitor %u", b[180]);
	if (!(b[182] & 1))
		text_add(line, " shared-interrupt");
	add_bytes(line, "user", b + 52, USER_BYTES);
}

static void contact(struct text *line, const struct guest_message *m)
{
	text_add(line, " version %u.%u vp %u", m->contact.version >> 16,
		 m->contact.version & 0xffff, m->contact.vp);
	if (m->contact.version >= VERSION(5, 0))
		text_add(line, " sint %u vtl %u", m->contact.sint, m->contact.vtl);
	else
		text_add(line, " interrupt-page %#llx",
			 (unsigned long long)m->contact.interrupt_page);
	text_add(line, " monitor %#llx %#llx", (unsigned long long)m->contact.monitor[0],
		 (unsigned long long)m->contact.monitor[1]);
}

static void add_pages(struct text *line, const struct guest_message *m)
{
	text_add(line, " words %u", m->words);
	if (m->words)
		text_add(line, " %#llx..%#llx", (unsigned long long)m->word[0],
			 (unsigned long long)m->word[m->words - 1]);
}

static void from_guest(struct text *line, const struct guest_message *m)
{
	switch (m->type) {
	case MSG_CONTACT:
		contact(line, m);
		break;
	case MSG_OPEN:
		text_add(line, " relid %u id %u gpadl %#x vp %d downstream %u", m->open.relid,
			 m->open.id, m->open.gpadl, (int)m->open.vp, m->open.downstream);
		add_bytes(line, "user", m->open.user, USER_BYTES);
		break;
	case MSG_GPADL_HEADER:
		text_add(line, " relid %u gpadl %#x bytes %u ranges %u", m->header.relid,
			 m->header.gpadl, m->header.bytes, m->header.ranges);
		add_pages(line, m);
		break;
	case MSG_GPADL_BODY:
		text_add(line, " number %u gpadl %#x", m->body.number, m->body.gpadl);
		add_pages(line, m);
		break;
	case MSG_GPADL_TEARDOWN:
		text_add(line, " relid %u gpadl %#x", m->teardown.relid, m->teardown.gpadl);
		break;
	case MSG_CLOSE:
	case MSG_RELID_RELEASED:
		text_add(line, " relid %u", m->channel.relid);
		break;
	case MSG_MODIFY:
		text_add(line, " relid %u vp %d", m->modify.relid, (int)m->modify.vp);
		break;
	case MSG_TL_CONNECT:
		add_guid(line, "endpoint", m->tl.endpoint.b);
		add_guid(line, "service", m->tl.service.b);
		break;
	}
}

static void to_guest(struct text *line, uint32_t type, const uint8_t *b, size_t len)
{
	switch (type) {
	case MSG_OFFER:
		offer(line, b, len);
		break;
	case MSG_RESCIND:
		text_add(line, " relid %u", word(b, len, 0));
		break;
	case MSG_OPEN_RESULT:
		text_add(line, " relid %u id %u status %#x", word(b, len, 0), word(b, len, 4),
			 word(b, len, 8));
		break;
	case MSG_GPADL_CREATED:
		text_add(line, " relid %u gpadl %#x status %#x", word(b, len, 0),
			 word(b, len, 4), word(b, len, 8));
		break;
	case MSG_GPADL_TORNDOWN:
		text_add(line, " gpadl %#x", word(b, len, 0));
		break;
	case MSG_VERSION:
		text_add(line, " supported %u state %u connection %#x", word(b, len, 0) & 0xff,
			 word(b, len, 0) >> 8 & 0xff, word(b, len, 4));
		break;
	case MSG_TL_RESULT:
		if (len < 36)
			break;
		add_guid(line, "endpoint", b);
		add_guid(line, "service", b + 16);
		text_add(line, " status %#x", word(b, len, 32));
		break;
	case MSG_MODIFY_RESPONSE:
		text_add(line, " relid %u status %#x", word(b, len, 0), word(b, len, 4));
		break;
	}
}

void wire_describe(const void *bytes, size_t len, struct text *line)
{
	const uint8_t *b = bytes;
	struct guest_message m;
	uint32_t type;

	if (len < 8) {
		text_add(line, "message of %zu bytes", len);
		return;
	}
	memcpy(&type, b, sizeof(type));
	text_add(line, "%s(%u)", wire_name(type), type);
	/* Shown whether the version has it or not: the caller says what became of it. */
	if (wire_parse(b, len, UINT32_MAX, &m) == PARSE_OK)
		from_guest(line, &m);
	else
		to_guest(line, type, b + 8, len - 8);
}
