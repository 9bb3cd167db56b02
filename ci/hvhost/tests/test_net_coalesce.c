// SPDX-License-Identifier: GPL-2.0-only
/* Receive coalescing: what was cut comes together again, and only that. */
#include "test.h"
#include "../dev/net/frame.h"
#include "../dev/net/proto.h"

#define MSS	1000u

static struct coalescer c;
static struct frame_list out;
static uint32_t headers_len;	/* of the connection that connection() has set up */

/* One packet of a connection, true in every field. */
static struct frame *packet(int version, bool tag, uint16_t port, uint32_t seq, uint32_t bytes,
			    uint8_t flags)
{
	uint32_t l3 = 14 + (tag ? 4 : 0), l4 = l3 + (version == 4 ? 20 : 40);
	struct frame *f = frame_new(l4 + 20 + bytes);
	uint8_t *ip = f->data + l3, *tcp = f->data + l4;

	headers_len = l4 + 20;
	memset(f->data, 0, f->len);
	memset(f->data, 0x02, 12);
	if (tag)
		put32(f->data + 12, 0x81000005);
	put16(f->data + l3 - 2, version == 4 ? 0x0800 : 0x86dd);
	ip[0] = version == 4 ? 0x45 : 0x60;
	if (version == 4) {
		put16(ip + 4, (uint16_t)seq);
		put16(ip + 6, 0x4000);
		ip[8] = 64;
		ip[9] = PROTO_TCP;
		put32(ip + 12, 0x0a000001);
		put32(ip + 16, 0x0a000002);
	} else {
		ip[6] = PROTO_TCP;
		ip[7] = 64;
		ip[23] = 1;
		ip[39] = 2;
	}
	put16(tcp, port);
	put16(tcp + 2, 80);
	put32(tcp + 4, seq);
	put32(tcp + 8, 0x12345678);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	put16(tcp + 14, 500);
	for (uint32_t i = 0; i < bytes; i++)
		f->data[headers_len + i] = (uint8_t)((seq + i) * 7 >> 3);
	assert_true(frame_finish_large(f));
	return f;
}

static void add(struct frame *f)
{
	coalesce_add(&c, f, &out);
}

static void data(uint32_t seq, uint32_t bytes)
{
	add(packet(4, false, 1, seq, bytes, 0x10));
}

/* The next frame that came out: its bytes of payload, its parts. */
static struct frame *expect(uint32_t seq, uint32_t bytes, uint32_t parts)
{
	struct frame *f = frame_list_take(&out);
	struct headers h;

	assert_non_null(f);
	headers_parse(&h, f->data, f->len, true);
	assert_int_equal(h.proto, PROTO_TCP);
	assert_int_equal(h.end, f->len);
	assert_int_equal(h.end - h.payload, bytes);
	assert_int_equal(get32(f->data + h.l4 + 4), seq);
	assert_int_equal(f->parts, parts);
	assert_int_equal(f->mss, parts ? MSS : 0);
	assert_int_equal(csum_check(&h, f->data) & (CSUM_IP_BAD | CSUM_L4_BAD), 0);
	for (uint32_t i = 0; i < bytes; i++)
		assert_int_equal(f->data[h.payload + i], (uint8_t)((seq + i) * 7 >> 3));
	return f;
}

static void drop(struct frame *f)
{
	frame_free(f);
}

static void nothing(void)
{
	assert_null(out.first);
}

static int begin(void **state)
{
	(void)state;
	coalescer_init(&c);
	frame_list_init(&out);
	return 0;
}

static int end(void **state)
{
	(void)state;
	coalesce_flush(&c, &out);
	assert_null(out.first);
	return 0;
}

/* Both versions, with and without a tag: cut and joined is as it was. */
static void what_was_cut(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct frame *whole = packet(i & 1 ? 6 : 4, i & 2, 1, 0xfffff000, 20 * MSS + 10,
					     0x18), *f;
		struct frame_list cut;

		frame_list_init(&cut);
		whole->mss = MSS;
		assert_true(frame_segment(whole, &cut));
		assert_int_equal(cut.count, 21);
		while ((f = frame_list_take(&cut))) {
			nothing();
			add(f);
		}
		/* the last one pushes, so nothing is waited for */
		f = expect(0xfffff000, 20 * MSS + 10, 21);
		assert_int_equal(f->len, whole->len);
		assert_memory_equal(f->data, whole->data, whole->len);
		drop(f);
		nothing();
		frame_free(whole);
	}
}

static void ends_of_a_row(void **state)
{
	(void)state;
	data(0, MSS);			/* alone: as it came */
	nothing();
	coalesce_flush(&c, &out);
	drop(expect(0, MSS, 0));
	data(0, MSS);			/* a short one is the last */
	data(MSS, 10);
	drop(expect(0, MSS + 10, 2));
	data(0, 500);			/* a longer one begins anew */
	data(500, MSS);
	drop(expect(0, 500, 0));
	coalesce_flush(&c, &out);
	drop(expect(500, MSS, 0));
	data(0, MSS);			/* a gap, and what comes again */
	data(2 * MSS, MSS);
	drop(expect(0, MSS, 0));
	data(2 * MSS, MSS);
	drop(expect(2 * MSS, MSS, 0));
	coalesce_flush(&c, &out);
	drop(expect(2 * MSS, MSS, 0));
	for (uint32_t i = 0; i < 66; i++)	/* as long as IP can say */
		data(i * MSS, MSS);
	drop(expect(0, 65 * MSS, 65));
	coalesce_flush(&c, &out);
	drop(expect(65 * MSS, MSS, 0));
}

static void change(uint32_t at, uint8_t bits)
{
	struct frame *f = packet(4, false, 1, MSS, MSS, 0x10);

	f->data[at] ^= bits;
	frame_finish_large(f);
	data(0, MSS);
	add(f);
	coalesce_flush(&c, &out);
	drop(expect(0, MSS, 0));
	drop(expect(MSS, MSS, 0));
	nothing();
}

static void differences(void **state)
{
	struct frame *f;

	(void)state;
	change(14 + 1, 4);		/* service */
	change(14 + 6, 0x40);		/* don't fragment */
	change(14 + 8, 1);		/* TTL */
	change(34 + 8, 1);		/* acknowledgement */
	change(34 + 13, 1);		/* FIN */
	change(34 + 13, 0x40);		/* ECE */
	change(34 + 15, 1);		/* window */
	change(34 + 18, 1);		/* urgent pointer */
	f = packet(4, false, 1, MSS, MSS, 0x10);
	f->data[100] ^= 1;		/* a bad checksum is for the guest to see */
	data(0, MSS);
	add(f);
	drop(expect(0, MSS, 0));
	assert_ptr_equal(frame_list_take(&out), f);
	drop(f);
}

static void several_connections(void **state)
{
	struct frame *ack = packet(4, false, 2, 0, 0, 0x10), *other = frame_new(60);

	(void)state;
	memset(other->data, 0, 60);
	for (uint32_t i = 0; i < 3; i++)
		for (uint16_t port = 1; port <= COALESCE_FLOWS; port++)
			add(packet(4, false, port, i * MSS, MSS, 0x10));
	nothing();
	add(other);			/* no TCP: at once */
	assert_ptr_equal(frame_list_take(&out), other);
	nothing();
	add(ack);			/* of connection 2, behind its data */
	drop(expect(0, 3 * MSS, 3));
	assert_ptr_equal(frame_list_take(&out), ack);
	nothing();
	for (uint16_t port = 100; port < 102; port++)	/* one more than there is room for */
		add(packet(4, false, port, 0, MSS, 0x10));
	drop(expect(0, 3 * MSS, 3));
	coalesce_flush(&c, &out);
	assert_int_equal(out.count, COALESCE_FLOWS);
	frame_list_free(&out);
	frame_list_init(&out);
	drop(other);
	drop(ack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_cut, begin, end),
		cmocka_unit_test_setup_teardown(ends_of_a_row, begin, end),
		cmocka_unit_test_setup_teardown(differences, begin, end),
		cmocka_unit_test_setup_teardown(several_connections, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
