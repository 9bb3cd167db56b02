// SPDX-License-Identifier: GPL-2.0-only
/* The NIC's hardware side: header parsing, checksums, segmentation, receive hash. */
#include "test.h"
#include "../dev/net/frame.h"
#include "../dev/net/proto.h"

/* An Ethernet frame with an IPv4 or IPv6 TCP or UDP packet, checksums not filled in. */
static struct frame *make(int version, uint8_t proto, uint32_t payload, bool tag)
{
	uint32_t l3 = 14 + (tag ? 4 : 0), l4 = l3 + (version == 4 ? 20 : 40);
	uint32_t head = proto == PROTO_TCP ? 20 : 8;
	struct frame *f = frame_new(l4 + head + payload);
	uint8_t *ip = f->data + l3;

	assert_non_null(f);
	memset(f->data, 0, f->len);
	memset(f->data, 0x02, 12);
	if (tag) {
		put16(f->data + 12, 0x8100);
		put16(f->data + 14, 0x6123);
	}
	put16(f->data + l3 - 2, version == 4 ? 0x0800 : 0x86dd);
	if (version == 4) {
		ip[0] = 0x45;
		put16(ip + 2, (uint16_t)(f->len - l3));
		put16(ip + 4, 0xfffe);
		ip[8] = 64;
		ip[9] = proto;
		put32(ip + 12, 0x0a000001);
		put32(ip + 16, 0x0a000002);
	} else {
		ip[0] = 0x60;
		put16(ip + 4, (uint16_t)(head + payload));
		ip[6] = proto;
		ip[8] = 0xfd;
		ip[23] = 1;
		ip[24] = 0xfd;
		ip[39] = 2;
	}
	put16(f->data + l4, 1000);
	put16(f->data + l4 + 2, 2000);
	if (proto == PROTO_TCP)
		f->data[l4 + 12] = 5 << 4;
	else
		put16(f->data + l4 + 4, (uint16_t)(8 + payload));
	for (uint32_t i = 0; i < payload; i++)
		f->data[l4 + head + i] = (uint8_t)(i * 7 + 3);
	return f;
}

static void parse(struct headers *h, const struct frame *f)
{
	headers_parse(h, f->data, f->len, true);
}

static void test_parse(void **state)
{
	static const uint8_t protos[] = { PROTO_TCP, PROTO_UDP };
	struct headers h;

	(void)state;
	for (int i = 0; i < 8; i++) {
		int version = i & 1 ? 6 : 4;
		struct frame *f = make(version, protos[i >> 1 & 1], 100, i & 4);

		parse(&h, f);
		assert_int_equal(h.version, version);
		assert_int_equal(h.proto, protos[i >> 1 & 1]);
		assert_int_equal(h.tagged, !!(i & 4));
		assert_int_equal(h.tci, i & 4 ? 0x6123 : 0);
		assert_int_equal(h.end, f->len);
		assert_int_equal(h.payload, f->len - 100);
		/* cut anywhere, it must not be taken for whole */
		for (uint32_t len = 0; len < f->len; len++) {
			headers_parse(&h, f->data, len, true);
			assert_int_equal(h.proto, 0);
		}
		frame_free(f);
	}
}

static void test_parse_odd(void **state)
{
	struct frame *f = make(4, PROTO_UDP, 64, false);
	struct headers h;

	(void)state;
	/* an Ethernet trailer isn't the packet's */
	put16(f->data + 16, 20 + 8 + 50);
	parse(&h, f);
	assert_int_equal(h.end, 14 + 78);
	/* a fragment has no L4 header to use */
	put16(f->data + 20, 0x2000);
	parse(&h, f);
	assert_int_equal(h.version, 4);
	assert_int_equal(h.proto, 0);
	put16(f->data + 20, 0x4000);	/* don't fragment: fine */
	parse(&h, f);
	assert_int_equal(h.proto, PROTO_UDP);
	f->data[14] = 0x44;		/* header of 16 bytes */
	parse(&h, f);
	assert_int_equal(h.version, 0);
	f->data[14] = 0x65;
	parse(&h, f);
	assert_int_equal(h.version, 0);
	frame_free(f);
	f = make(4, PROTO_TCP, 0, false);
	f->data[34 + 12] = 4 << 4;	/* TCP header of 16 bytes */
	parse(&h, f);
	assert_int_equal(h.proto, 0);
	f->data[34 + 12] = 6 << 4;	/* longer than the packet */
	parse(&h, f);
	assert_int_equal(h.proto, 0);
	frame_free(f);
}

static void test_parse_ip6_extensions(void **state)
{
	struct frame *f = make(6, PROTO_TCP, 40, false);
	uint8_t *ip = f->data + 14;
	struct headers h;

	(void)state;
	/* hop-by-hop of 8 bytes, destination options of 16, then UDP in what was TCP's place */
	ip[6] = 0;
	ip[40] = 60;
	ip[41] = 0;
	ip[48] = PROTO_UDP;
	ip[49] = 1;
	parse(&h, f);
	assert_int_equal(h.proto, PROTO_UDP);
	assert_int_equal(h.l4, 14 + 40 + 8 + 16);
	ip[49] = 100;			/* beyond the packet */
	parse(&h, f);
	assert_int_equal(h.proto, 0);
	frame_free(f);
}

/* Numbers from RFC 1071 section 3 */
static void test_sum(void **state)
{
	static const uint8_t data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	(void)state;
	assert_int_equal(csum_fold(csum_add(0, data, sizeof(data))), 0xddf2);
	assert_int_equal(csum_fold(csum_add(0, data, 7)), csum_fold(0xddf2 + 0xffff - 0xf7));
}

/* Checksums that were not made by this code. */
static void test_known_packet(void **state)
{
	static const uint8_t packet[] = {
		0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00,
		0x45, 0x00, 0x00, 0x1c, 0x00, 0x01, 0x00, 0x00, 0x40, 0x11, 0x66, 0xce,
		0x0a, 0x00, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02,
		0x00, 0x35, 0x00, 0x35, 0x00, 0x08, 0xeb, 0x71,
	};
	struct headers h;

	(void)state;
	headers_parse(&h, packet, sizeof(packet), true);
	assert_int_equal(h.proto, PROTO_UDP);
	assert_int_equal(csum_check(&h, packet), CSUM_IP_GOOD | CSUM_L4_GOOD);
}

static void test_checksums(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct frame *f = make(i & 1 ? 6 : 4, i & 2 ? PROTO_TCP : PROTO_UDP, 33 + (i & 4),
				       i & 4);
		unsigned int good = i & 1 ? CSUM_L4_GOOD : CSUM_L4_GOOD | CSUM_IP_GOOD;
		struct headers h;

		parse(&h, f);
		csum_fill_ip(&h, f->data);
		csum_fill_l4(&h, f->data);
		assert_int_equal(csum_check(&h, f->data), good);
		f->data[f->len - 1] ^= 0x10;
		assert_true(csum_check(&h, f->data) & CSUM_L4_BAD);
		f->data[f->len - 1] ^= 0x10;
		if (h.version == 4) {
			f->data[h.l3 + 8]--;	/* TTL */
			assert_int_equal(csum_check(&h, f->data), CSUM_IP_BAD | CSUM_L4_GOOD);
		}
		frame_free(f);
	}
}

/* UDP: 0 on the wire means that there is none, so a sum of 0 is sent as all ones. */
static void test_udp_zero(void **state)
{
	struct frame *f = make(4, PROTO_UDP, 2, false);
	struct headers h;

	(void)state;
	parse(&h, f);
	put16(f->data + h.payload, 0);
	csum_fill_ip(&h, f->data);
	assert_int_equal(csum_check(&h, f->data), CSUM_IP_GOOD);
	csum_fill_l4(&h, f->data);
	/* add what makes the sum all ones, and the checksum zero */
	put16(f->data + h.payload, get16(f->data + h.l4 + 6));
	csum_fill_l4(&h, f->data);
	assert_int_equal(get16(f->data + h.l4 + 6), 0xffff);
	assert_true(csum_check(&h, f->data) & CSUM_L4_GOOD);
	frame_free(f);
}

static void check_segment(const struct frame *s, const struct frame *f, uint32_t index,
			  uint32_t at, bool last)
{
	struct headers h, whole;

	parse(&h, s);
	headers_parse(&whole, f->data, f->len, false);
	assert_int_equal(h.proto, PROTO_TCP);
	assert_int_equal(h.end, s->len);
	assert_true(csum_check(&h, s->data) & CSUM_L4_GOOD);
	assert_false(csum_check(&h, s->data) & (CSUM_IP_BAD | CSUM_L4_BAD));
	assert_int_equal(get32(s->data + h.l4 + 4), 0xfffffff0u + at);
	if (h.version == 4)
		assert_int_equal(get16(s->data + h.l3 + 4), (uint16_t)(0xfffe + index));
	/* CWR on the first, FIN and PSH on the last, ACK on all */
	assert_int_equal(s->data[h.l4 + 13], 0x10 | (index ? 0 : 0x80) | (last ? 0x09 : 0));
	assert_memory_equal(s->data + h.payload, f->data + whole.payload + at, s->len - h.payload);
}

static void segment_one(int version, uint32_t payload, uint32_t mss, bool tag)
{
	struct frame *f = make(version, PROTO_TCP, payload, tag), *s;
	uint32_t at = 0, index = 0, count;
	struct frame_list out;
	struct headers h;

	parse(&h, f);
	put32(f->data + h.l4 + 4, 0xfffffff0u);
	f->data[h.l4 + 13] = 0x99;	/* CWR, ACK, PSH, FIN */
	put16(f->data + h.l3 + (version == 4 ? 2 : 4), 0);	/* guests leave the length out */
	f->mss = mss;
	count = frame_segments(f);
	assert_int_equal(count, payload ? (payload + mss - 1) / mss : 1);
	frame_list_init(&out);
	assert_true(frame_segment(f, &out));
	assert_int_equal(out.count, count);
	while ((s = frame_list_take(&out))) {
		check_segment(s, f, index, at, index + 1 == count);
		at += s->len - h.payload;
		index++;
		frame_free(s);
	}
	assert_int_equal(at, payload);
	/* the whole of it, as a peer with receive coalescing gets it */
	assert_true(frame_finish_large(f));
	parse(&h, f);
	assert_int_equal(h.end, f->len);
	assert_true(csum_check(&h, f->data) & CSUM_L4_GOOD);
	frame_free(f);
}

static void test_segmentation(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 1459, 1460, 1461, 2920, 14600, 60001 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		segment_one(4, sizes[i], 1460, false);
		segment_one(6, sizes[i], 1440, i & 1);
	}
	segment_one(4, 3000, 64, true);
}

static void test_segmentation_refused(void **state)
{
	struct frame *f = make(4, PROTO_UDP, 3000, false);
	struct frame_list out;

	(void)state;
	f->mss = 1000;
	frame_list_init(&out);
	assert_false(frame_segment(f, &out));
	assert_int_equal(frame_segments(f), 1);
	assert_int_equal(out.count, 0);
	frame_free(f);
	f = make(4, PROTO_TCP, 100, false);
	assert_false(frame_segment(f, &out));	/* no mss */
	frame_free(f);
	assert_null(frame_new(FRAME_MAX + 1));
}

/* Numbers from the RSS documentation ("Verifying the RSS Hash Calculation") */
static const uint8_t key[RSS_KEY_BYTES] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static void test_toeplitz(void **state)
{
	static const struct {
		uint32_t from, to;
		uint16_t from_port, to_port;
		uint32_t ip, tcp;
	} known[] = {
		{ 0x420995bb, 0xa18e6450, 2794, 1766, 0x323e8fc2, 0x51ccc178 },
		{ 0xc75c6f02, 0x41458c53, 14230, 4739, 0xd718262a, 0xc626b0ea },
		{ 0x1813c65f, 0x0c16cfb8, 12898, 38024, 0xd2d0a5de, 0x5c2b394a },
		{ 0x261bcd1e, 0xd18ea306, 48228, 2217, 0x82989176, 0xafc7327f },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++) {
		struct frame *f = make(4, PROTO_TCP, 8, i & 1);
		struct headers h;
		uint32_t hash;

		parse(&h, f);
		put32(f->data + h.l3 + 12, known[i].from);
		put32(f->data + h.l3 + 16, known[i].to);
		put16(f->data + h.l4, known[i].from_port);
		put16(f->data + h.l4 + 2, known[i].to_port);
		assert_true(rss_hash(&h, f->data, key, RSS_IPV4 | RSS_TCP_IPV4, &hash));
		assert_int_equal(hash, known[i].tcp);
		assert_true(rss_hash(&h, f->data, key, RSS_IPV4, &hash));
		assert_int_equal(hash, known[i].ip);
		assert_false(rss_hash(&h, f->data, key, RSS_IPV6 | RSS_TCP_IPV6, &hash));
		frame_free(f);
	}
}

/* 3ffe:2501:200:1fff::7 port 2794 to 3ffe:2501:200:3::1 port 1766, from the same page */
static void test_toeplitz_ip6(void **state)
{
	static const uint8_t addresses[32] = {
		0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7,
		0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1,
	};
	struct frame *f = make(6, PROTO_TCP, 8, false);
	struct headers h;
	uint32_t hash;

	(void)state;
	parse(&h, f);
	memcpy(f->data + h.l3 + 8, addresses, 32);
	put16(f->data + h.l4, 2794);
	put16(f->data + h.l4 + 2, 1766);
	assert_true(rss_hash(&h, f->data, key, RSS_IPV6 | RSS_TCP_IPV6, &hash));
	assert_int_equal(hash, 0x40207d3d);
	assert_true(rss_hash(&h, f->data, key, RSS_IPV6, &hash));
	assert_int_equal(hash, 0x2cc18cd5);
	frame_free(f);
}

static void test_list(void **state)
{
	struct frame_list a, b;
	struct frame *f;

	(void)state;
	frame_list_init(&a);
	frame_list_init(&b);
	assert_null(frame_list_take(&a));
	frame_list_add(&a, frame_new(60));
	frame_list_add(&b, frame_new(70));
	frame_list_add(&b, frame_new(80));
	frame_list_join(&a, &b);
	assert_int_equal(a.count, 3);
	assert_int_equal(a.bytes, 210);
	assert_int_equal(b.count, 0);
	frame_list_join(&a, &b);
	for (uint32_t len = 60; (f = frame_list_take(&a)); len += 10) {
		assert_int_equal(f->len, len);
		frame_free(f);
	}
	frame_list_add(&a, frame_new(60));
	frame_list_free(&a);
	assert_int_equal(a.bytes, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_odd),
		cmocka_unit_test(test_parse_ip6_extensions),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_known_packet),
		cmocka_unit_test(test_checksums),
		cmocka_unit_test(test_udp_zero),
		cmocka_unit_test(test_segmentation),
		cmocka_unit_test(test_segmentation_refused),
		cmocka_unit_test(test_toeplitz),
		cmocka_unit_test(test_toeplitz_ip6),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests_name("net: frames", tests, NULL, NULL);
}
