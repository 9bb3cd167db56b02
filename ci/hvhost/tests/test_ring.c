// SPDX-License-Identifier: GPL-2.0-only
/* The host's ends of the rings; the test is the guest, good and bad. */
#include "test.h"

#include "../bus/ring.h"
#include "ram.h"

#define PAGES_MAX	4u
#define END		8u		/* bytes behind each packet */

/* Words of the control page (VMBus protocol). */
enum { WRITE_INDEX = 0, READ_INDEX = 1, MASK = 2, PENDING = 3, FEATURES = 16 };

static struct ring ring;
static struct packet packet;
static uint8_t *page[PAGES_MAX + 1];	/* each from malloc(), so that ASan sees its end */
static bool signal_due;

static uint32_t *word(unsigned int index)
{
	return (uint32_t *)page[0] + index;
}

/* A fresh ring of so many data pages, both indices at start. */
static void open_ring(unsigned int pages, uint32_t start)
{
	unsigned int i;

	ring_free(&ring);
	for (i = 0; i <= PAGES_MAX; i++) {
		free(page[i]);
		page[i] = calloc(1, PAGE_BYTES);
		assert_non_null(page[i]);
	}
	assert_true(ring_init(&ring, page, pages + 1));
	*word(WRITE_INDEX) = *word(READ_INDEX) = start;
	ring.index = start;
}

static uint8_t *byte(uint32_t at)
{
	at %= ring.size;
	return page[1 + at / PAGE_BYTES] + at % PAGE_BYTES;
}

static void poke(uint32_t at, const void *from, uint32_t len)
{
	const uint8_t *p = from;

	while (len--)
		*byte(at++) = *p++;
}

static void peek(uint32_t at, void *to, uint32_t len)
{
	uint8_t *p = to;

	while (len--)
		*p++ = *byte(at++);
}

/* The guest writes a packet as it likes: header words and len bytes after them. */
static void guest_packet(uint16_t type, uint16_t offset8, uint16_t len8, uint16_t flags,
			 const void *body, uint32_t len)
{
	uint16_t head[4] = { type, offset8, len8, flags };
	uint64_t transaction = 0x1122334455667788ull;
	uint32_t at = *word(WRITE_INDEX), total = 16 + ALIGN_UP(len, 8);
	uint64_t trailer = (uint64_t)at << 32;

	poke(at, head, 8);
	poke(at + 8, &transaction, 8);
	poke(at + 16, body, len);
	poke(at + total, &trailer, 8);
	*word(WRITE_INDEX) = (at + total + END) % ring.size;
}

static void guest_inband(const void *body, uint32_t len)
{
	guest_packet(PKT_INBAND, 2, (uint16_t)((16 + ALIGN_UP(len, 8)) / 8), 0, body, len);
}

static void expect_broken(const char *what)
{
	if (ring_read(&ring, &packet, &signal_due) != RING_BROKEN)
		fail_msg("%s was taken", what);
	/* For good, whatever the guest does then. */
	assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_BROKEN);
	*word(WRITE_INDEX) = ring.index;
	assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_BROKEN);
	assert_true(ring_pending(&ring));
}

static void sizes_of_rings(void **state)
{
	uint8_t **many = calloc(8200, sizeof(*many));
	struct ring r;
	unsigned int i;

	(void)state;
	open_ring(1, 0);
	for (i = 0; i < 8200; i++)
		many[i] = page[1];
	assert_false(ring_init(&r, many, 0));
	assert_false(ring_init(&r, many, 1));
	assert_true(ring_init(&r, many, 2));
	assert_int_equal(r.size, PAGE_BYTES);
	ring_free(&r);
	assert_false(ring_init(&r, many, 8200));
	free(many);
}

static void opening_sets_the_host_words(void **state)
{
	struct ring out;
	uint8_t *other[2] = { calloc(1, PAGE_BYTES), calloc(1, PAGE_BYTES) };
	uint32_t *control = (uint32_t *)other[0];

	(void)state;
	open_ring(1, 0);
	assert_true(ring_init(&out, other, 2));
	*word(READ_INDEX) = 64;
	control[WRITE_INDEX] = 128;
	control[PENDING] = 99;
	ring_open(&ring, &out);
	assert_int_equal(ring.index, 64);
	assert_int_equal(out.index, 128);
	assert_int_equal(*word(MASK), 1);
	assert_int_equal(control[PENDING], 0);
	assert_int_equal(control[FEATURES] & 1, 1);
	*word(READ_INDEX) = PAGE_BYTES;
	ring_open(&ring, &out);
	assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_BROKEN);
	ring_free(&out);
	free(other[0]);
	free(other[1]);
}

static void reads_at_every_place(void **state)
{
	uint8_t body[40];
	uint32_t start, pages, i;

	(void)state;
	for (i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i + 1);
	for (pages = 1; pages <= 2; pages++) {
		for (start = 0; start < pages * PAGE_BYTES; start += 8) {
			open_ring(pages, start);
			assert_false(ring_pending(&ring));
			guest_inband(body, sizeof(body));
			assert_true(ring_pending(&ring));
			assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_PACKET);
			assert_int_equal(packet.type, PKT_INBAND);
			assert_int_equal(packet.flags, 0);
			assert_true(packet.transaction == 0x1122334455667788ull);
			assert_int_equal(packet.len, sizeof(body));
			assert_memory_equal(packet.data, body, sizeof(body));
			assert_int_equal(packet.ranges, 0);
			assert_int_equal(*word(READ_INDEX), *word(WRITE_INDEX));
			assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_EMPTY);
		}
	}
}

static void reads_several(void **state)
{
	uint32_t i;

	(void)state;
	open_ring(1, 4000);
	for (i = 0; i < 20; i++)
		guest_packet(PKT_COMPLETION, 2, 3, PKT_FLAG_COMPLETION, &(uint64_t){ i }, 8);
	for (i = 0; i < 20; i++) {
		uint64_t got;

		assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_PACKET);
		assert_int_equal(packet.type, PKT_COMPLETION);
		assert_int_equal(packet.flags, PKT_FLAG_COMPLETION);
		memcpy(&got, packet.data, 8);
		assert_int_equal(got, i);
	}
	assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_EMPTY);
}

static void reads_the_largest(void **state)
{
	static uint8_t body[PAGES_MAX * PAGE_BYTES];
	uint32_t len;

	(void)state;
	/* Indices are equal when empty: the last 8 bytes of a ring are never used. */
	len = PAGES_MAX * PAGE_BYTES - 16 - END - 8;
	memset(body, 0x5a, sizeof(body));
	open_ring(PAGES_MAX, 8 * 77);
	guest_inband(body, len);
	assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_PACKET);
	assert_int_equal(packet.len, len);
	assert_memory_equal(packet.data, body, len);
}

static void a_header_before_the_payload(void **state)
{
	uint64_t body[4] = { 1, 2, 3, 4 };

	(void)state;
	open_ring(1, 0);
	guest_packet(PKT_TRANSFER_PAGES, 4, 6, 0, body, sizeof(body));
	assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_PACKET);
	assert_int_equal(packet.len, 16);
	assert_memory_equal(packet.data, body + 2, 16);
	guest_packet(PKT_INBAND, 6, 6, 0, body, sizeof(body));
	assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_PACKET);
	assert_int_equal(packet.len, 0);
}

static void hostile_indices(void **state)
{
	static const uint32_t bad[] = { 4096, 4104, 8192, 4, 1, 0x80000000, 0xfffffff8,
					0xffffffff, 4095 };
	unsigned int i;
	bool due;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		open_ring(1, 0);
		*word(WRITE_INDEX) = bad[i];
		expect_broken("a write index");
		open_ring(1, 0);
		*word(READ_INDEX) = bad[i];
		assert_int_equal(ring_free_bytes(&ring), 0);
		assert_false(ring_write(&ring, PKT_INBAND, 0, 1, NULL, 0, "12345678", 8, &due));
		assert_int_equal(*word(WRITE_INDEX), 0);
		*word(READ_INDEX) = 0;
		assert_false(ring_write(&ring, PKT_INBAND, 0, 1, NULL, 0, "12345678", 8, &due));
	}
}

static void framing_errors(void **state)
{
	static const struct {
		const char *what;
		uint16_t type, offset8, len8, flags;
	} bad[] = {
		{ "offset 0", PKT_INBAND, 0, 6, 0 }, { "offset 1", PKT_INBAND, 1, 6, 0 },
		{ "offset behind the end", PKT_INBAND, 7, 6, 0 },
		{ "huge offset", PKT_INBAND, 0xffff, 6, 0 },
		{ "length 0", PKT_INBAND, 2, 0, 0 }, { "length 1", PKT_INBAND, 2, 1, 0 },
		{ "length into the trailer", PKT_INBAND, 2, 7, 0 },
		{ "length behind the write index", PKT_INBAND, 2, 100, 0 },
		{ "huge length", PKT_INBAND, 2, 0xffff, 0 },
		{ "flag 2", PKT_INBAND, 2, 6, 2 }, { "all flags", PKT_INBAND, 2, 6, 0xffff },
		{ "GPA direct without room for a range", PKT_GPA_DIRECT, 2, 6, 0 },
	};
	uint8_t body[32] = { 0 };
	unsigned int i, type;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		open_ring(1, 4080);
		guest_packet(bad[i].type, bad[i].offset8, bad[i].len8, bad[i].flags, body, 32);
		expect_broken(bad[i].what);
	}
	for (type = 0; type < 32; type++) {
		if (type == PKT_INBAND || type == PKT_TRANSFER_PAGES || type == PKT_COMPLETION)
			continue;
		open_ring(1, 0);
		guest_packet((uint16_t)type, 2, 6, 0, body, 32);
		expect_broken("an unknown type");
	}
	/* Less than the smallest packet between the indices. */
	for (i = 8; i < 24; i += 8) {
		open_ring(1, 0);
		*word(WRITE_INDEX) = i;
		expect_broken("a part of a packet");
	}
}

/* A GPA direct packet of count ranges in words and an 8 byte payload. */
static void guest_direct(uint32_t count, const uint64_t *ranges, unsigned int words)
{
	uint64_t body[64] = { (uint64_t)count << 32 };

	memcpy(body + 1, ranges, words * 8);
	body[1 + words] = 0x0807060504030201ull;
	guest_packet(PKT_GPA_DIRECT, (uint16_t)(3 + words), (uint16_t)(4 + words),
		     PKT_FLAG_COMPLETION, body, 8 * (2 + words));
}

static uint64_t range(uint32_t bytes, uint32_t offset)
{
	return bytes | (uint64_t)offset << 32;
}

static void gpa_direct(void **state)
{
	const uint64_t one[] = { range(5000, 100), RAM_PFN + 9, RAM_PFN + 3 };
	const uint64_t two[] = { range(16, 4080), RAM_PFN,
				 range(4097, 0), RAM_PFN + 1, RAM_PFN + 2 };
	uint8_t back[6000];

	(void)state;
	open_ring(1, 4088);
	guest_direct(1, one, ARRAY_SIZE(one));
	assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_PACKET);
	assert_int_equal(packet.len, 8);
	assert_memory_equal(packet.data, "\1\2\3\4\5\6\7\10", 8);
	assert_int_equal(packet.ranges, 1);
	assert_int_equal(packet.first_bytes, 5000);
	assert_int_equal(packet.sg.bytes, 5000);
	assert_int_equal(packet.sg.count, 2);
	assert_ptr_equal(packet.sg.entry[0].ptr, &ram[9][100]);
	assert_int_equal(packet.sg.entry[0].len, 3996);
	assert_ptr_equal(packet.sg.entry[1].ptr, &ram[3][0]);
	assert_int_equal(packet.sg.entry[1].len, 1004);

	guest_direct(2, two, ARRAY_SIZE(two));
	assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_PACKET);
	assert_int_equal(packet.ranges, 2);
	assert_int_equal(packet.first_bytes, 16);
	assert_int_equal(packet.sg.bytes, 16 + 4097);
	memset(ram, 0, sizeof(ram));
	memset(back, 0xa5, sizeof(back));
	assert_true(sg_write(&packet.sg, 0, back, 16 + 4097));
	assert_int_equal(ram[0][4079], 0);
	assert_int_equal(ram[0][4080], 0xa5);
	assert_int_equal(ram[2][0], 0xa5);
	assert_int_equal(ram[2][1], 0);
	guest_inband("12345678", 8);
	assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_PACKET);
	assert_int_equal(packet.ranges, 0);
	assert_int_equal(packet.sg.count, 0);
}

static void gpa_direct_errors(void **state)
{
	static const struct {
		const char *what;
		uint32_t count;
		uint64_t words[4];
	} bad[] = {
		{ "no range", 0, { 0x1000, RAM_PFN, 0, 0 } },
		{ "an empty range", 1, { 0, RAM_PFN, RAM_PFN, RAM_PFN } },
		{ "an offset of a page", 1, { 1 | 4096ull << 32, RAM_PFN, RAM_PFN, RAM_PFN } },
		{ "a huge offset", 1, { 1 | 0xffffffffull << 32, RAM_PFN, RAM_PFN, RAM_PFN } },
		{ "too few pages", 1, { 3 * 4096 + 1, RAM_PFN, RAM_PFN, RAM_PFN } },
		{ "too few pages for the offset", 1,
		  { (3 * 4096) | 1ull << 32, RAM_PFN, RAM_PFN, RAM_PFN } },
		{ "4 GiB - 1", 1, { 0xffffffff, RAM_PFN, RAM_PFN, RAM_PFN } },
		{ "no RAM", 1, { 4096, 1, RAM_PFN, RAM_PFN } },
		{ "a page behind the RAM", 1, { 4096, RAM_PFN + RAM_PAGES, RAM_PFN, RAM_PFN } },
		{ "a page number that overflows", 1, { 4096, ~0ull, RAM_PFN, RAM_PFN } },
		{ "a page number that overflows into RAM", 1,
		  { 4096, RAM_PFN | 1ull << 52, RAM_PFN, RAM_PFN } },
		{ "a second range that isn't there", 3, { 8, RAM_PFN, 8, RAM_PFN } },
		{ "many ranges", 0xffffffff, { 8, RAM_PFN, 8, RAM_PFN } },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		open_ring(1, 4000);
		guest_direct(bad[i].count, bad[i].words, 4);
		expect_broken(bad[i].what);
	}
}

static void scattered_copies(void **state)
{
	uint8_t a[10], b[1], c[20], mem[40], back[40];
	struct sg_entry entry[] = { { a, 10 }, { b, 1 }, { c, 20 } };
	struct sg sg = { entry, 3, 31 };
	uint32_t offset, len, i;

	(void)state;
	for (i = 0; i < sizeof(mem); i++)
		mem[i] = (uint8_t)(100 + i);
	for (offset = 0; offset <= 32; offset++) {
		for (len = 0; len <= 33; len++) {
			bool fits = offset <= 31 && offset + len <= 31;

			memset(back, 0, sizeof(back));
			assert_int_equal(sg_write(&sg, offset, mem, len), fits);
			assert_int_equal(sg_read(&sg, offset, back, len), fits);
			if (fits)
				assert_memory_equal(back, mem, len);
		}
	}
	assert_false(sg_read(&sg, 0xffffffff, back, 2));
	assert_false(sg_read(&sg, 2, back, 0xffffffff));
}

static void writes_at_every_place(void **state)
{
	const uint64_t header[2] = { 0x1111, 0x2222 };
	const uint8_t body[21] = "abcdefghijklmnopqrstu";
	uint32_t start;
	bool due;

	(void)state;
	assert_int_equal(ring_packet_bytes(16, 21), 16 + 16 + 24 + END);
	for (start = 0; start < 2 * PAGE_BYTES; start += 8) {
		uint16_t head[4];
		uint8_t back[24];
		uint64_t value;

		open_ring(2, start);
		memset(page[1], 0xff, PAGE_BYTES);
		memset(page[2], 0xff, PAGE_BYTES);
		assert_true(ring_write(&ring, PKT_TRANSFER_PAGES, 1, 0x77, header, 16, body, 21,
				       &due));
		assert_int_equal(*word(WRITE_INDEX), (start + 64) % (2 * PAGE_BYTES));
		assert_int_equal(*word(READ_INDEX), start);
		peek(start, head, 8);
		assert_int_equal(head[0], PKT_TRANSFER_PAGES);
		assert_int_equal(head[1], 4);
		assert_int_equal(head[2], 7);
		assert_int_equal(head[3], 1);
		peek(start + 8, &value, 8);
		assert_int_equal(value, 0x77);
		peek(start + 24, &value, 8);
		assert_int_equal(value, 0x2222);
		peek(start + 32, back, 24);
		assert_memory_equal(back, body, 21);
		assert_memory_equal(back + 21, "\0\0\0", 3);
		peek(start + 56, &value, 8);
		assert_true(value == (uint64_t)start << 32);
	}
}

static void writes_until_full(void **state)
{
	uint32_t count = 0, before;
	bool due;

	(void)state;
	open_ring(1, 2048);
	while (ring_write(&ring, PKT_INBAND, 0, count, NULL, 0, "12345678", 8, &due)) {
		assert_int_equal(due, count == 0);
		assert_true(*word(WRITE_INDEX) != *word(READ_INDEX));
		count++;
	}
	assert_int_equal(count, (PAGE_BYTES - 1) / 32);
	assert_int_equal(ring_free_bytes(&ring), PAGE_BYTES - 32 * count);
	before = *word(WRITE_INDEX);
	assert_false(ring_write(&ring, PKT_INBAND, 0, 0, NULL, 0, "12345678", 8, &due));
	assert_int_equal(*word(WRITE_INDEX), before);
	*word(READ_INDEX) = (2048 + 32) % PAGE_BYTES;
	assert_true(ring_write(&ring, PKT_INBAND, 0, 0, NULL, 0, "12345678", 8, &due));
	assert_false(due);
	/* More than any ring or length field takes. */
	assert_false(ring_write(&ring, PKT_INBAND, 0, 0, NULL, 0, "", 0x7fffffff, &due));
	assert_false(ring_write(&ring, PKT_INBAND, 0, 0, "", 0xfffffff8, "", 0, &due));
}

static void the_guest_masks_interrupts(void **state)
{
	bool due;

	(void)state;
	open_ring(1, 0);
	*word(MASK) = 1;
	assert_true(ring_write(&ring, PKT_INBAND, 0, 0, NULL, 0, "12345678", 8, &due));
	assert_false(due);
	*word(MASK) = 0;
	assert_true(ring_write(&ring, PKT_INBAND, 0, 0, NULL, 0, "12345678", 8, &due));
	assert_false(due);		/* it was not empty */
	*word(READ_INDEX) = *word(WRITE_INDEX);
	assert_true(ring_write(&ring, PKT_INBAND, 0, 0, NULL, 0, "12345678", 8, &due));
	assert_true(due);
	ring_mask(&ring, true);
	assert_int_equal(*word(MASK), 1);
	ring_mask(&ring, false);
	assert_int_equal(*word(MASK), 0);
}

/* Signals back exactly where the free bytes cross what the guest waits for. */
static void the_guest_waits_for_room(void **state)
{
	uint32_t want, i, signals, free_now;

	(void)state;
	for (want = 0; want <= PAGE_BYTES; want += 16) {
		open_ring(1, 1000);
		for (i = 0; i < 100; i++)
			guest_inband("12345678", 8);
		*word(PENDING) = want;
		free_now = PAGE_BYTES - 100 * 32;
		signals = 0;
		for (i = 0; i < 100; i++) {
			bool crosses = want && free_now <= want && free_now + 32 > want;

			assert_int_equal(ring_read(&ring, &packet, &signal_due), RING_PACKET);
			assert_int_equal(signal_due, crosses);
			signals += signal_due;
			free_now += 32;
		}
		assert_int_equal(signals, want >= PAGE_BYTES - 100 * 32 && want < PAGE_BYTES);
	}
}

static void the_host_waits_for_room(void **state)
{
	bool due;

	(void)state;
	open_ring(1, 0);
	while (ring_write(&ring, PKT_INBAND, 0, 0, NULL, 0, "12345678", 8, &due))
		;
	assert_false(ring_want_room(&ring, 64));
	assert_int_equal(*word(PENDING), 64);
	*word(READ_INDEX) = 512;
	assert_true(ring_want_room(&ring, 64));
	assert_int_equal(*word(PENDING), 0);
	*word(PENDING) = 5;
	assert_false(ring_want_room(&ring, 0));
	assert_int_equal(*word(PENDING), 0);
}

static int teardown(void **state)
{
	unsigned int i;

	(void)state;
	ring_free(&ring);
	packet_free(&packet);
	for (i = 0; i <= PAGES_MAX; i++)
		free(page[i]);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_of_rings),
		cmocka_unit_test(opening_sets_the_host_words),
		cmocka_unit_test(reads_at_every_place),
		cmocka_unit_test(reads_several),
		cmocka_unit_test(reads_the_largest),
		cmocka_unit_test(a_header_before_the_payload),
		cmocka_unit_test(hostile_indices),
		cmocka_unit_test(framing_errors),
		cmocka_unit_test(gpa_direct),
		cmocka_unit_test(gpa_direct_errors),
		cmocka_unit_test(scattered_copies),
		cmocka_unit_test(writes_at_every_place),
		cmocka_unit_test(writes_until_full),
		cmocka_unit_test(the_guest_masks_interrupts),
		cmocka_unit_test(the_guest_waits_for_room),
		cmocka_unit_test(the_host_waits_for_room),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
