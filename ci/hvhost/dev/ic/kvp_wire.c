// SPDX-License-Identifier: GPL-2.0-only
/* Key/value exchange messages: bytes to values and back. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "kvp_wire.h"

/* Operation, pool, two bytes of padding; then the body of the operation. */
#define HEADER		4
/* A value: type, key size, value size (32 bits each), key, value. */
#define V_KEY_SIZE	4
#define V_VALUE_SIZE	8
#define V_KEY		12
#define V_VALUE		(V_KEY + KVP_KEY_BYTES)
#define V_BYTES		(V_VALUE + KVP_VALUE_BYTES)
#define ENUMERATE_VALUE	(HEADER + 4)
#define DELETE_KEY	(HEADER + 4)
#define ITEM_BYTES	(ENUMERATE_VALUE + V_BYTES)	/* the longest one: all are sent so */
/* Address messages have a header of two bytes only. */
#define IP_ADAPTER	2
#define IP_FAMILY	(IP_ADAPTER + 256)
#define IP_DHCP		(IP_FAMILY + 1)
#define IP_ADDRESS	(IP_DHCP + 1)
#define IP_MASK		(IP_ADDRESS + 2048)
#define IP_GATEWAY	(IP_MASK + 2048)
#define IP_DNS		(IP_GATEWAY + 1024)
#define IP_BYTES	(IP_DNS + 2048)

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t put_value(uint8_t *to, const struct kvp_item *item)
{
	unsigned long long n;
	char *end;

	if (item->type == KVP_SZ)
		return utf16_put(to, KVP_VALUE_BYTES, item->value);
	n = strtoull(item->value, &end, 0);
	if (*end || end == item->value || (item->type == KVP_U32 && n > UINT32_MAX))
		return 0;
	memcpy(to, &n, item->type);
	return item->type;
}

uint32_t kvp_put_item(uint8_t *to, enum kvp_operation op, uint8_t pool, const struct kvp_item *item)
{
	uint8_t *v = to + HEADER;
	uint32_t key, value;

	memset(to, 0, ITEM_BYTES);
	to[0] = op;
	to[1] = pool;
	if (op == KVP_DELETE) {
		key = utf16_put(to + DELETE_KEY, KVP_KEY_BYTES, item->key);
		put32(to + HEADER, key);
		return key ? ITEM_BYTES : 0;
	}
	key = utf16_put(v + V_KEY, KVP_KEY_BYTES, item->key);
	put32(v + V_KEY_SIZE, key);
	if (op == KVP_SET) {
		value = put_value(v + V_VALUE, item);
		put32(v, item->type);
		put32(v + V_VALUE_SIZE, value);
		if (!value)
			return 0;
	}
	return key ? ITEM_BYTES : 0;
}

uint32_t kvp_put_enumerate(uint8_t *to, uint8_t pool, uint32_t index)
{
	memset(to, 0, ITEM_BYTES);
	to[0] = KVP_ENUMERATE;
	to[1] = pool;
	put32(to + HEADER, index);
	return ITEM_BYTES;
}

bool kvp_get_item(const uint8_t *body, uint32_t len, enum kvp_operation op, struct kvp_item *item)
{
	uint32_t at = op == KVP_ENUMERATE ? ENUMERATE_VALUE : HEADER, key, value;
	const uint8_t *v = body + at;
	uint64_t n = 0;

	memset(item, 0, sizeof(*item));
	if (len < at + V_BYTES)
		return false;
	item->type = get32(v);
	key = get32(v + V_KEY_SIZE);
	value = get32(v + V_VALUE_SIZE);
	if (key > KVP_KEY_BYTES || value > KVP_VALUE_BYTES ||
	    !utf16_get(v + V_KEY, key, item->key, sizeof(item->key)))
		return false;
	if (item->type == KVP_SZ)
		return utf16_get(v + V_VALUE, value, item->value, sizeof(item->value));
	if (item->type != KVP_U32 && item->type != KVP_U64)
		return false;
	memcpy(&n, v + V_VALUE, item->type);
	snprintf(item->value, sizeof(item->value), "%llu", (unsigned long long)n);
	return true;
}

static const struct {
	uint32_t at, room;
	size_t field, size;
} ip_texts[] = {
#define IP_TEXT(at, room, f)	{ at, room, offsetof(struct kvp_ip, f), \
				  sizeof(((struct kvp_ip *)NULL)->f) }
	IP_TEXT(IP_ADAPTER, 256, adapter),
	IP_TEXT(IP_ADDRESS, 2048, address),
	IP_TEXT(IP_MASK, 2048, mask),
	IP_TEXT(IP_GATEWAY, 1024, gateway),
	IP_TEXT(IP_DNS, 2048, dns),
};

uint32_t kvp_put_ip(uint8_t *to, enum kvp_operation op, const struct kvp_ip *ip)
{
	memset(to, 0, IP_BYTES);
	to[0] = op;
	to[IP_FAMILY] = ip->family;
	to[IP_DHCP] = ip->dhcp;
	for (unsigned int i = 0; i < ARRAY_SIZE(ip_texts); i++)
		if (!utf16_put(to + ip_texts[i].at, ip_texts[i].room,
			       (const char *)ip + ip_texts[i].field))
			return 0;
	return IP_BYTES;
}

bool kvp_get_ip(const uint8_t *body, uint32_t len, struct kvp_ip *ip)
{
	memset(ip, 0, sizeof(*ip));
	if (len < IP_BYTES)
		return false;
	ip->family = body[IP_FAMILY];
	ip->dhcp = body[IP_DHCP];
	for (unsigned int i = 0; i < ARRAY_SIZE(ip_texts); i++)
		if (!utf16_get(body + ip_texts[i].at, ip_texts[i].room,
			       (char *)ip + ip_texts[i].field, ip_texts[i].size))
			return false;
	return true;
}
