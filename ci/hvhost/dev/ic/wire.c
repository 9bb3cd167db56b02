// SPDX-License-Identifier: GPL-2.0-only
/* Integration components: bytes to values and back. Little endian, as this host is. */
#include <stdio.h>
#include <string.h>

#include "ic.h"

/*
 * Offsets. Pipe header: kind (32 bits, 1 = data), size of the rest (32). IC header: framework
 * major, minor (16 each), type (16), message major, minor (16 each), body size (16),
 * status (32), transaction (8), flags (8), two reserved bytes.
 */
#define PIPE_SIZE	4
#define FRAMEWORK	8
#define TYPE		12
#define VERSION		14
#define BODY_SIZE	18
#define STATUS		20
#define TRANSACTION	24
#define FLAGS		25

/* NEGOTIATE: numbers of framework and message versions (16 each), 32 reserved bits, versions */
#define NEGOTIATE_VERSIONS	8

static uint16_t get16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v;
	p[1] = v >> 8;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}

static uint32_t get_version(const uint8_t *p)
{
	return IC_VERSION(get16(p), get16(p + 2));
}

static void put_version(uint8_t *p, uint32_t version)
{
	put16(p, version >> 16);
	put16(p + 2, version);
}

const char *ic_type_name(unsigned int type)
{
	static const char *const names[] = {
		[IC_NEGOTIATE] = "NEGOTIATE", [IC_HEARTBEAT] = "HEARTBEAT", [IC_KVP] = "KVP",
		[IC_SHUTDOWN] = "SHUTDOWN", [IC_TIMESYNC] = "TIMESYNC", [IC_VSS] = "VSS",
		[IC_FCOPY] = "FCOPY",
	};

	return type < ARRAY_SIZE(names) && names[type] ? names[type] : "unknown";
}

bool ic_parse(const uint8_t *data, uint32_t len, struct ic_message *m)
{
	if (len < IC_HEADERS)
		return false;
	m->framework = get_version(data + FRAMEWORK);
	m->type = get16(data + TYPE);
	m->version = get_version(data + VERSION);
	m->status = get32(data + STATUS);
	m->transaction = data[TRANSACTION];
	m->flags = data[FLAGS];
	m->body = data + IC_HEADERS;
	m->len = get16(data + BODY_SIZE);
	/* A guest sends its answer in the request's place, so the size may be the request's. */
	if (m->len > len - IC_HEADERS)
		m->len = len - IC_HEADERS;
	return true;
}

uint32_t ic_put(uint8_t *to, const struct ic_message *m, const void *body, uint32_t len)
{
	memset(to, 0, IC_HEADERS);
	put32(to, 1);
	put32(to + PIPE_SIZE, IC_HEADERS - 8 + len);
	put_version(to + FRAMEWORK, m->framework);
	put16(to + TYPE, m->type);
	put_version(to + VERSION, m->version);
	put16(to + BODY_SIZE, len);
	put32(to + STATUS, m->status);
	to[TRANSACTION] = m->transaction;
	to[FLAGS] = m->flags;
	memcpy(to + IC_HEADERS, body, len);
	return IC_HEADERS + len;
}

static unsigned int put_list(uint8_t *to, const uint32_t *list, uint32_t highest)
{
	unsigned int n = 0;

	for (; *list; list++)
		if (*list <= highest)
			put_version(to + 4 * n++, *list);
	return n;
}

uint32_t ic_put_versions(uint8_t *to, const uint32_t *frameworks, uint32_t highest_framework,
			 const uint32_t *versions, uint32_t highest)
{
	unsigned int f, v;

	memset(to, 0, NEGOTIATE_VERSIONS);
	f = put_list(to + NEGOTIATE_VERSIONS, frameworks, highest_framework);
	v = put_list(to + NEGOTIATE_VERSIONS + 4 * f, versions, highest);
	put16(to, f);
	put16(to + 2, v);
	return NEGOTIATE_VERSIONS + 4 * (f + v);
}

bool ic_parse_versions(const struct ic_message *m, uint32_t *framework, uint32_t *version)
{
	if (m->len < NEGOTIATE_VERSIONS + 8 || get16(m->body) != 1 || get16(m->body + 2) != 1)
		return false;
	*framework = get_version(m->body + NEGOTIATE_VERSIONS);
	*version = get_version(m->body + NEGOTIATE_VERSIONS + 4);
	return true;
}

/* One code point of well-formed UTF-8 below 0x10000; 0 at the end, -1 when it is none. */
static int32_t next_code(const char **text)
{
	const uint8_t *p = (const uint8_t *)*text;
	unsigned int more = 0;
	int32_t code = p[0];

	if ((p[0] & 0xe0) == 0xc0)
		more = 1;
	else if ((p[0] & 0xf0) == 0xe0)
		more = 2;
	else if (p[0] >= 0x80)
		return -1;
	if (more)
		code &= 0x3f >> more;
	for (unsigned int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		code = code << 6 | (p[i] & 0x3f);
	}
	*text += 1 + more;
	return code;
}

size_t utf16_put(uint8_t *to, size_t room, const char *text)
{
	size_t used = 0;
	int32_t code;

	do {
		code = next_code(&text);
		if (code < 0 || room - used < 2)
			return 0;
		put16(to + used, code);
		used += 2;
	} while (code);
	return used;
}

bool utf16_get(const uint8_t *from, size_t bytes, char *text, size_t room)
{
	size_t used = 0;

	if (!room)
		return false;
	for (size_t i = 0; i + 1 < bytes; i += 2) {
		uint16_t code = get16(from + i);

		if (!code)
			break;
		if (room - used < 4)
			return false;
		if (code < 0x80) {
			text[used++] = code;
		} else if (code < 0x800) {
			text[used++] = 0xc0 | code >> 6;
			text[used++] = 0x80 | (code & 0x3f);
		} else {
			text[used++] = 0xe0 | code >> 12;
			text[used++] = 0x80 | (code >> 6 & 0x3f);
			text[used++] = 0x80 | (code & 0x3f);
		}
	}
	text[used] = 0;
	return true;
}
