// SPDX-License-Identifier: GPL-2.0-only
/* What a NIC's hardware does to a packet: checksums, segmentation, the receive hash. */
#include <string.h>
#include "frame.h"
#include "proto.h"

#define TCP_FIN		0x01
#define TCP_PSH		0x08
#define TCP_CWR		0x80

uint64_t csum_add(uint64_t sum, const uint8_t *data, uint32_t len)
{
	for (; len >= 2; data += 2, len -= 2)
		sum += get16(data);
	if (len)
		sum += (uint64_t)data[0] << 8;
	return sum;
}

uint16_t csum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint32_t l4_csum_offset(const struct headers *h)
{
	return h->l4 + (h->proto == PROTO_TCP ? 16 : 6);
}

/* UDP says its own length, which may be less than the IP packet's (RFC 768). */
static uint32_t l4_bytes(const struct headers *h, const uint8_t *data)
{
	uint32_t room = h->end - h->l4, udp;

	if (h->proto != PROTO_UDP)
		return room;
	udp = get16(data + h->l4 + 4);
	return udp >= 8 && udp <= room ? udp : room;
}

static uint64_t l4_sum(const struct headers *h, const uint8_t *data)
{
	uint32_t bytes = l4_bytes(h, data);
	uint64_t sum = (uint64_t)h->proto + bytes;

	if (h->version == 4)
		sum = csum_add(sum, data + h->l3 + 12, 8);
	else
		sum = csum_add(sum, data + h->l3 + 8, 32);
	return csum_add(sum, data + h->l4, bytes);
}

uint16_t csum_l4(const struct headers *h, const uint8_t *data)
{
	uint64_t sum = l4_sum(h, data);
	uint16_t value;

	/* take the field itself out again: one's complement subtraction */
	sum += (uint16_t)~get16(data + l4_csum_offset(h));
	value = (uint16_t)~csum_fold(sum);
	/* for UDP 0 means "none", for TCP both forms of zero do (RFC 768, RFC 1624) */
	return value || h->proto == PROTO_TCP ? value : 0xffff;
}

void csum_fill_ip(const struct headers *h, uint8_t *data)
{
	uint8_t *field = data + h->l3 + 10;

	if (h->version != 4)
		return;
	put16(field, 0);
	put16(field, (uint16_t)~csum_fold(csum_add(0, data + h->l3, h->l4 - h->l3)));
}

void csum_fill_l4(const struct headers *h, uint8_t *data)
{
	put16(data + l4_csum_offset(h), 0);
	put16(data + l4_csum_offset(h), csum_l4(h, data));
}

unsigned int csum_check(const struct headers *h, const uint8_t *data)
{
	unsigned int result = 0;

	if (h->version == 4) {
		uint16_t sum = csum_fold(csum_add(0, data + h->l3, h->l4 - h->l3));

		result |= sum == 0xffff ? CSUM_IP_GOOD : CSUM_IP_BAD;
	}
	if (!h->proto)
		return result;
	/* UDP over IPv4 may go without */
	if (h->proto == PROTO_UDP && h->version == 4 && !get16(data + l4_csum_offset(h)))
		return result;
	result |= csum_fold(l4_sum(h, data)) == 0xffff ? CSUM_L4_GOOD : CSUM_L4_BAD;
	return result;
}

static void set_ip_length(const struct headers *h, uint8_t *data, uint32_t end)
{
	if (h->version == 4)
		put16(data + h->l3 + 2, (uint16_t)(end - h->l3));
	else
		put16(data + h->l3 + 4, (uint16_t)(end - h->l3 - 40));
}

static bool make_segment(const struct frame *f, const struct headers *h, uint32_t index,
			 struct frame_list *out)
{
	uint32_t from = h->payload + index * f->mss;
	uint32_t bytes = h->end - from < f->mss ? h->end - from : f->mss;
	struct headers sh = *h;
	struct frame *s = frame_new(h->payload + bytes);

	if (!s)
		return false;
	memcpy(s->data, f->data, h->payload);
	memcpy(s->data + h->payload, f->data + from, bytes);
	sh.end = s->len;
	set_ip_length(h, s->data, s->len);
	if (h->version == 4)
		put16(s->data + h->l3 + 4, (uint16_t)(get16(f->data + h->l3 + 4) + index));
	put32(s->data + h->l4 + 4, get32(f->data + h->l4 + 4) + index * f->mss);
	/* FIN and PSH speak of the end of the data, CWR of its first packet (RFC 3168) */
	if (from + bytes < h->end)
		s->data[h->l4 + 13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
	if (index)
		s->data[h->l4 + 13] &= (uint8_t)~TCP_CWR;
	csum_fill_ip(&sh, s->data);
	csum_fill_l4(&sh, s->data);
	frame_list_add(out, s);
	return true;
}

uint32_t frame_segments(const struct frame *f)
{
	struct headers h;
	uint32_t bytes;

	headers_parse(&h, f->data, f->len, false);
	if (h.proto != PROTO_TCP || !f->mss)
		return 1;
	bytes = h.end - h.payload;
	return bytes ? (bytes + f->mss - 1) / f->mss : 1;
}

bool frame_segment(const struct frame *f, struct frame_list *out)
{
	struct headers h;
	uint32_t count;

	headers_parse(&h, f->data, f->len, false);
	if (h.proto != PROTO_TCP || !f->mss)
		return false;
	count = frame_segments(f);
	for (uint32_t i = 0; i < count; i++) {
		if (!make_segment(f, &h, i, out))
			return false;
	}
	return true;
}

bool frame_finish_large(struct frame *f)
{
	struct headers h;

	headers_parse(&h, f->data, f->len, false);
	if (h.proto != PROTO_TCP || f->len - h.l3 > 0xffff)
		return false;
	set_ip_length(&h, f->data, f->len);
	csum_fill_ip(&h, f->data);
	csum_fill_l4(&h, f->data);
	return true;
}

uint32_t toeplitz(const uint8_t *key, uint32_t key_len, const uint8_t *data, uint32_t len)
{
	uint32_t window = get32(key), hash = 0;

	for (uint32_t i = 0; i < len; i++) {
		uint8_t next = i + 4 < key_len ? key[i + 4] : 0;

		for (int bit = 7; bit >= 0; bit--) {
			if (data[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (next >> bit & 1);
		}
	}
	return hash;
}

bool rss_hash(const struct headers *h, const uint8_t *data, const uint8_t *key, uint32_t types,
	      uint32_t *hash)
{
	uint32_t wants_tcp = h->version == 4 ? RSS_TCP_IPV4 : RSS_TCP_IPV6;
	uint32_t wants_udp = h->version == 4 ? RSS_UDP_IPV4 : RSS_UDP_IPV6;
	uint32_t wants_ip = h->version == 4 ? RSS_IPV4 : RSS_IPV6;
	uint8_t tuple[36];
	uint32_t len;

	if (!h->version)
		return false;
	len = h->version == 4 ? 8 : 32;
	memcpy(tuple, data + h->l3 + (h->version == 4 ? 12 : 8), len);
	if ((h->proto == PROTO_TCP && types & wants_tcp) ||
	    (h->proto == PROTO_UDP && types & wants_udp)) {
		memcpy(tuple + len, data + h->l4, 4);
		len += 4;
	} else if (!(types & wants_ip)) {
		return false;
	}
	*hash = toeplitz(key, RSS_KEY_BYTES, tuple, len);
	return true;
}
