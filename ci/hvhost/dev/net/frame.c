// SPDX-License-Identifier: GPL-2.0-only
/* Frames: lists, headers, byte order. */
#include <stdlib.h>
#include <string.h>
#include "frame.h"

#define TYPE_IP4	0x0800
#define TYPE_IP6	0x86dd
#define TYPE_VLAN	0x8100
#define TYPE_SERVICE	0x88a8
#define IP6_HEADER	40u

struct frame *frame_new(uint32_t len)
{
	struct frame *f;

	if (len > FRAME_MAX)
		return NULL;
	f = malloc(sizeof(*f) + len);
	if (!f)
		return NULL;
	memset(f, 0, sizeof(*f));
	f->len = len;
	return f;
}

void frame_free(struct frame *f)
{
	free(f);
}

void frame_list_init(struct frame_list *l)
{
	l->first = NULL;
	l->last = &l->first;
	l->count = 0;
	l->bytes = 0;
}

void frame_list_add(struct frame_list *l, struct frame *f)
{
	f->next = NULL;
	*l->last = f;
	l->last = &f->next;
	l->count++;
	l->bytes += f->len;
}

struct frame *frame_list_take(struct frame_list *l)
{
	struct frame *f = l->first;

	if (!f)
		return NULL;
	l->first = f->next;
	if (!l->first)
		l->last = &l->first;
	l->count--;
	l->bytes -= f->len;
	f->next = NULL;
	return f;
}

void frame_list_join(struct frame_list *to, struct frame_list *from)
{
	if (!from->first)
		return;
	*to->last = from->first;
	to->last = from->last;
	to->count += from->count;
	to->bytes += from->bytes;
	frame_list_init(from);
}

void frame_list_free(struct frame_list *l)
{
	struct frame *f;

	while ((f = frame_list_take(l)))
		frame_free(f);
}

uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

void put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

void put32(uint8_t *p, uint32_t value)
{
	put16(p, (uint16_t)(value >> 16));
	put16(p + 2, (uint16_t)value);
}

static void parse_l4(struct headers *h, const uint8_t *data, uint8_t proto)
{
	uint32_t room = h->end - h->l4;
	uint32_t size = 8;

	if (proto == PROTO_TCP) {
		if (room < 20)
			return;
		size = (data[h->l4 + 12] >> 4) * 4u;
		if (size < 20)
			return;
	} else if (proto != PROTO_UDP) {
		return;
	}
	if (size > room)
		return;
	h->proto = proto;
	h->payload = h->l4 + size;
}

static void parse_ip4(struct headers *h, const uint8_t *data, uint32_t len, bool total)
{
	uint32_t room = len - h->l3, size, whole;
	const uint8_t *ip = data + h->l3;

	if (room < 20 || ip[0] >> 4 != 4)
		return;
	size = (ip[0] & 15) * 4u;
	whole = total ? get16(ip + 2) : room;
	if (size < 20 || size > whole || whole > room)
		return;
	h->version = 4;
	h->l4 = h->l3 + size;
	h->end = h->l3 + whole;
	/* a fragment has no L4 header, or not all of its payload */
	if (!(get16(ip + 6) & 0x3fff))
		parse_l4(h, data, ip[9]);
}

/* Hop-by-hop, routing and destination options; each is at least 8 bytes, so this ends. */
static bool skip_ip6_extensions(struct headers *h, const uint8_t *data, uint8_t *next)
{
	while (*next == 0 || *next == 43 || *next == 60) {
		uint32_t size;

		if (h->end - h->l4 < 8)
			return false;
		size = (data[h->l4 + 1] + 1u) * 8;
		if (size > h->end - h->l4)
			return false;
		*next = data[h->l4];
		h->l4 += size;
	}
	return true;
}

static void parse_ip6(struct headers *h, const uint8_t *data, uint32_t len, bool total)
{
	uint32_t room = len - h->l3, whole;
	const uint8_t *ip = data + h->l3;
	uint8_t next;

	if (room < IP6_HEADER || ip[0] >> 4 != 6)
		return;
	whole = total ? IP6_HEADER + get16(ip + 4) : room;
	if (whole > room)
		return;
	h->version = 6;
	h->l4 = h->l3 + IP6_HEADER;
	h->end = h->l3 + whole;
	next = ip[6];
	if (skip_ip6_extensions(h, data, &next))
		parse_l4(h, data, next);
}

void headers_parse(struct headers *h, const uint8_t *data, uint32_t len, bool total)
{
	uint32_t at = 12;
	uint16_t type;

	memset(h, 0, sizeof(*h));
	if (len < ETH_HEADER)
		return;
	type = get16(data + at);
	if (type == TYPE_VLAN && len >= ETH_HEADER + VLAN_TAG) {
		h->tagged = true;
		h->tci = get16(data + at + 2);
	}
	/* at most two tags: a customer's inside a provider's */
	for (int tags = 0; tags < 2 && (type == TYPE_VLAN || type == TYPE_SERVICE); tags++) {
		at += VLAN_TAG;
		if (len < at + 2)
			return;
		type = get16(data + at);
	}
	h->l3 = at + 2;
	if (type == TYPE_IP4)
		parse_ip4(h, data, len, total);
	else if (type == TYPE_IP6)
		parse_ip6(h, data, len, total);
}
