// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control messages: every type at every length, exactly that much memory behind
 * them, against a table of this test's own.
 */
#include "test.h"

#include "../bus/wire.h"

#define HEADER	8u

/* Bytes with the header, and the first version with it; 0: only hosts send it, or nobody. */
static const struct {
	unsigned int least;
	uint32_t since;
} expected[32] = {
	[3]  = { HEADER, 1 },			/* request offers */
	[5]  = { HEADER + 140, 1 },		/* open */
	[7]  = { HEADER + 4, 1 },		/* close */
	[8]  = { HEADER + 12, 1 },		/* GPADL header */
	[9]  = { HEADER + 8, 1 },		/* GPADL body */
	[11] = { HEADER + 8, 1 },		/* GPADL teardown */
	[13] = { HEADER + 4, 1 },		/* relid released */
	[14] = { HEADER + 32, 0 },		/* initiate contact */
	[16] = { HEADER, 1 },			/* unload */
	[21] = { HEADER + 32, 0x40000 },	/* connect to a socket service */
	[22] = { HEADER + 8, 0x40001 },		/* modify channel */
};

static const uint32_t versions[] = {
	0, 0x20004, 0x30000, 0x40000, 0x40001, 0x50000, 0x50001, 0x50002, 0x50003,
};

static struct guest_message m;

/* A message of so many bytes, each its own number, with a type. */
static uint8_t *message(uint32_t type, size_t len)
{
	uint8_t *b = malloc(len ? len : 1);
	size_t i;

	assert_non_null(b);
	for (i = 0; i < len; i++)
		b[i] = (uint8_t)(i + 1);
	memcpy(b, &type, len < 4 ? len : 4);
	return b;
}

static enum parse_result expect(uint32_t type, size_t len, uint32_t version)
{
	if (len < HEADER)
		return PARSE_SHORT;
	if (type >= ARRAY_SIZE(expected) || !expected[type].least)
		return PARSE_UNKNOWN;
	if (version < expected[type].since)
		return PARSE_VERSION;
	return len < expected[type].least ? PARSE_SHORT : PARSE_OK;
}

static void every_type_at_every_length(void **state)
{
	unsigned int v;
	uint32_t type;
	size_t len;

	(void)state;
	for (v = 0; v < ARRAY_SIZE(versions); v++) {
		for (type = 0; type < 40; type++) {
			for (len = 0; len <= MESSAGE_BYTES; len++) {
				uint8_t *b = message(type, len);
				enum parse_result result = wire_parse(b, len, versions[v], &m);

				free(b);
				if (result != expect(type, len, versions[v]))
					fail_msg("type %u, %zu bytes, version %#x: %s", type, len,
						 versions[v], wire_reason(result));
				assert_true(m.words <= ARRAY_SIZE(m.word));
			}
		}
	}
}

static void odd_types(void **state)
{
	static const uint32_t types[] = { 25, 255, 0x10005, 0x80000005, 0xffffffff };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		uint8_t *b = message(types[i], MESSAGE_BYTES);

		assert_int_equal(wire_parse(b, MESSAGE_BYTES, 0x50003, &m), PARSE_UNKNOWN);
		assert_string_equal(wire_name(types[i]), "UNKNOWN");
		free(b);
	}
}

/* The value of the bytes that message() put at an offset. */
static uint64_t at(unsigned int offset, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | (uint8_t)(offset + bytes + 1);
	return value;
}

static void parse(uint32_t type, size_t len)
{
	uint8_t *b = message(type, len);

	assert_int_equal(wire_parse(b, len, 0x50003, &m), PARSE_OK);
	assert_int_equal(m.type, type);
	free(b);
}

static void fields(void **state)
{
	(void)state;
	parse(MSG_CONTACT, 40);
	assert_int_equal(m.contact.version, at(8, 4));
	assert_int_equal(m.contact.vp, at(12, 4));
	assert_true(m.contact.interrupt_page == at(16, 8));
	assert_int_equal(m.contact.sint, 17);
	assert_int_equal(m.contact.vtl, 18);
	assert_true(m.contact.monitor[0] == at(24, 8));
	assert_true(m.contact.monitor[1] == at(32, 8));
	parse(MSG_OPEN, 148);
	assert_int_equal(m.open.relid, at(8, 4));
	assert_int_equal(m.open.id, at(12, 4));
	assert_int_equal(m.open.gpadl, at(16, 4));
	assert_int_equal(m.open.vp, at(20, 4));
	assert_int_equal(m.open.downstream, at(24, 4));
	assert_int_equal(m.open.user[0], 29);
	assert_int_equal(m.open.user[119], 148);
	parse(MSG_CLOSE, 12);
	assert_int_equal(m.channel.relid, at(8, 4));
	parse(MSG_RELID_RELEASED, 12);
	assert_int_equal(m.channel.relid, at(8, 4));
	parse(MSG_GPADL_TEARDOWN, 16);
	assert_int_equal(m.teardown.relid, at(8, 4));
	assert_int_equal(m.teardown.gpadl, at(12, 4));
	parse(MSG_MODIFY, 16);
	assert_int_equal(m.modify.relid, at(8, 4));
	assert_int_equal(m.modify.vp, at(12, 4));
	parse(MSG_TL_CONNECT, 40);
	assert_int_equal(m.tl.endpoint.b[0], 9);
	assert_int_equal(m.tl.service.b[15], 40);
}

static void words_of_gpadls(void **state)
{
	unsigned int words;

	(void)state;
	for (words = 0; words <= 26; words++) {
		parse(MSG_GPADL_HEADER, 20 + 8 * words);
		assert_int_equal(m.header.relid, at(8, 4));
		assert_int_equal(m.header.gpadl, at(12, 4));
		assert_int_equal(m.header.bytes, at(16, 2));
		assert_int_equal(m.header.ranges, at(18, 2));
		assert_int_equal(m.words, words);
		if (words)
			assert_true(m.word[words - 1] == at(20 + 8 * (words - 1), 8));
	}
	for (words = 0; words <= 28; words++) {
		parse(MSG_GPADL_BODY, 16 + 8 * words);
		assert_int_equal(m.body.number, at(8, 4));
		assert_int_equal(m.body.gpadl, at(12, 4));
		assert_int_equal(m.words, words);
		if (words)
			assert_true(m.word[words - 1] == at(16 + 8 * (words - 1), 8));
	}
	/* A part of a word is none. */
	parse(MSG_GPADL_BODY, 16 + 15);
	assert_int_equal(m.words, 1);
}

static void versions_that_are_granted(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 1; i < ARRAY_SIZE(versions); i++)
		for (j = 1; j < ARRAY_SIZE(versions); j++)
			assert_int_equal(wire_version_known(versions[i], versions[j]), i <= j);
	assert_false(wire_version_known(0, 0x50003));
	assert_false(wire_version_known(0x20003, 0x50003));
	assert_false(wire_version_known(0x50004, 0x50003));
	assert_false(wire_version_known(0x60000, 0xffffffff));
	assert_false(wire_version_known(0xffffffff, 0xffffffff));
}

static void text_of_anything(void **state)
{
	uint32_t type;
	size_t len;

	(void)state;
	for (type = 0; type < 40; type++) {
		for (len = 0; len <= MESSAGE_BYTES; len++) {
			uint8_t *b = message(type, len);
			struct text line = { 0 };

			wire_describe(b, len, &line);
			assert_true(line.len > 0);
			assert_null(strchr(line.data, '\n'));
			free(b);
			text_free(&line);
		}
	}
}

static void messages_of_the_host(void **state)
{
	struct offer offer = {
		.flags = 0x1234, .mmio_mb = 8, .sub = 3, .relid = 0x55, .connection = 0x2055,
		.monitor = MONITOR_NONE,
	};
	struct guid endpoint = { { 1 } }, service = { { 2 } };
	struct host_message out;
	uint32_t word[5];

	(void)state;
	offer.type.b[15] = 0x77;
	offer.instance.b[0] = 0x66;
	offer.user[119] = 0x44;
	wire_offer(&out, &offer);
	assert_int_equal(out.len, 196);
	assert_memory_equal(out.bytes, "\1\0\0\0\0\0\0\0", 8);
	assert_int_equal(out.bytes[23], 0x77);
	assert_int_equal(out.bytes[24], 0x66);
	assert_memory_equal(out.bytes + 56, "\x34\x12\x08\x00", 4);
	assert_int_equal(out.bytes[179], 0x44);
	assert_memory_equal(out.bytes + 180, "\3\0\0\0\x55\0\0\0\xff\0\1\0\x55\x20\0\0", 16);
	offer.monitor = 9;
	wire_offer(&out, &offer);
	assert_memory_equal(out.bytes + 188, "\x09\1\1\0", 4);

	wire_version(&out, true, 2, 0x1001);
	assert_int_equal(out.len, 16);
	memcpy(word, out.bytes, 16);
	assert_int_equal(word[0], 15);
	assert_int_equal(word[2], 0x201);
	assert_int_equal(word[3], 0x1001);

	wire_words(&out, MSG_OPEN_RESULT, 3, 7, 8, 9);
	assert_int_equal(out.len, 20);
	assert_memory_equal(out.bytes, "\6\0\0\0\0\0\0\0\7\0\0\0\x08\0\0\0\x09\0\0\0", 20);
	wire_words(&out, MSG_ALL_OFFERS, 0, 1, 2, 3);
	assert_int_equal(out.len, 8);

	wire_tl_result(&out, &endpoint, &service, 5);
	assert_int_equal(out.len, 44);
	assert_int_equal(out.bytes[0], 23);
	assert_int_equal(out.bytes[8], 1);
	assert_int_equal(out.bytes[24], 2);
	assert_int_equal(out.bytes[40], 5);
}

static struct { uint64_t pfn; uint32_t offset, bytes; } piece[16];
static unsigned int pieces, pieces_max;

static bool note(void *arg, uint64_t pfn, uint32_t offset, uint32_t bytes)
{
	assert_ptr_equal(arg, &pieces);
	if (pieces == pieces_max)
		return false;
	piece[pieces].pfn = pfn;
	piece[pieces].offset = offset;
	piece[pieces++].bytes = bytes;
	return true;
}

static bool ranges(unsigned int count, unsigned int words, const uint64_t *word)
{
	uint64_t *exact = malloc(words ? words * 8 : 1);
	bool good;

	memcpy(exact, word, words * 8);
	pieces = 0;
	good = wire_ranges(exact, words, count, note, &pieces);
	free(exact);
	return good;
}

static void page_lists(void **state)
{
	const uint64_t two[] = { 5000 | 100ull << 32, 11, 12, 1 | 4095ull << 32, 13 };
	const uint64_t empty[] = { 0, 1 }, far[] = { 1 | 4096ull << 32, 1, 2 };
	const uint64_t long_one[] = { 0xffffffff, 1, 2 };

	(void)state;
	pieces_max = ARRAY_SIZE(piece);
	assert_true(ranges(2, 5, two));
	assert_int_equal(pieces, 3);
	assert_true(piece[0].pfn == 11 && piece[0].offset == 100 && piece[0].bytes == 3996);
	assert_true(piece[1].pfn == 12 && piece[1].offset == 0 && piece[1].bytes == 1004);
	assert_true(piece[2].pfn == 13 && piece[2].offset == 4095 && piece[2].bytes == 1);
	assert_false(ranges(2, 4, two));
	assert_false(ranges(2, 3, two));
	assert_false(ranges(1, 2, two));
	assert_false(ranges(1, 0, two));
	assert_true(ranges(1, 5, two));		/* words left over don't matter */
	assert_false(ranges(3, 5, two));
	assert_false(ranges(65535, 5, two));
	assert_false(ranges(1, 2, empty));
	assert_false(ranges(1, 3, far));
	assert_false(ranges(1, 3, long_one));
	pieces_max = 2;
	assert_false(ranges(2, 5, two));	/* the callback said no */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_at_every_length),
		cmocka_unit_test(odd_types),
		cmocka_unit_test(fields),
		cmocka_unit_test(words_of_gpadls),
		cmocka_unit_test(versions_that_are_granted),
		cmocka_unit_test(text_of_anything),
		cmocka_unit_test(messages_of_the_host),
		cmocka_unit_test(page_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
