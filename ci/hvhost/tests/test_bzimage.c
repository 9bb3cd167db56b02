// SPDX-License-Identifier: GPL-2.0-only
/* The start of a kernel image, whole, short and spoilt (Documentation/arch/x86/boot.rst). */
#include "test.h"

#include "../machine/pc.h"

#define HEAD_BYTES	1024u

static uint8_t head[HEAD_BYTES];

static void put(unsigned int at, uint64_t value, unsigned int bytes)
{
	memcpy(head + at, &value, bytes);
}

/* A kernel of protocol 2.15. */
static void good_head(void)
{
	memset(head, 0, sizeof(head));
	put(0x1f1, 27, 1);		/* setup_sects */
	put(0x1fe, 0xaa55, 2);
	put(0x200, 0xeb, 1);		/* jump over the header: its end is 0x202 + 0x6a */
	put(0x201, 0x6a, 1);
	put(0x202, 0x53726448, 4);
	put(0x206, 0x20f, 2);
	put(0x211, 1, 1);		/* loaded high */
	put(0x22c, 0x7fffffff, 4);	/* initrd_addr_max */
	put(0x236, 0x3f, 2);		/* xloadflags */
	put(0x238, 2047, 4);		/* cmdline_size */
	put(0x258, 0x1000000, 8);	/* pref_address */
	put(0x260, 0x2345000, 4);	/* init_size */
}

/* Parses exactly len bytes, with nothing readable behind them. */
static const char *parse(size_t len, struct bzimage *image)
{
	uint8_t *copy = malloc(len ? len : 1);
	const char *reason;

	assert_non_null(copy);
	memcpy(copy, head, len);
	reason = bzimage_parse(copy, len, image);
	free(copy);
	return reason;
}

static void a_good_one(void **state)
{
	struct bzimage image;

	(void)state;
	good_head();
	assert_null(parse(HEAD_BYTES, &image));
	assert_int_equal(image.setup_bytes, 28 * 512);
	assert_int_equal(image.header_bytes, 0x26c - 0x1f1);
	assert_int_equal(image.init_size, 0x2345000);
	assert_true(image.preferred == 0x1000000);
	assert_true(image.load_limit == 0x7fffffff);
	assert_int_equal(image.cmdline_max, 2047);
	assert_true(image.entry64);
	put(0x236, 0x3e, 2);
	assert_null(parse(HEAD_BYTES, &image));
	assert_false(image.entry64);		/* a 32 bit kernel */
	put(0x1f1, 0, 1);
	assert_null(parse(HEAD_BYTES, &image));
	assert_int_equal(image.setup_bytes, 5 * 512);
}

static void a_header_that_says_too_much(void **state)
{
	struct bzimage image;
	unsigned int jump;

	(void)state;
	for (jump = 0; jump < 256; jump++) {
		good_head();
		put(0x201, jump, 1);
		assert_null(parse(HEAD_BYTES, &image));
		/* It is copied into the zero page: never more than that has for it. */
		assert_true(image.header_bytes <= 0x290 - 0x1f1);
	}
}

static void every_length(void **state)
{
	struct bzimage image;
	size_t len;

	(void)state;
	good_head();
	for (len = 0; len <= HEAD_BYTES; len++) {
		const char *reason = parse(len, &image);

		if (len < 0x264)		/* the fields that we need end here */
			assert_non_null(reason);
		if (len == HEAD_BYTES)
			assert_null(reason);
	}
}

static void spoilt_ones(void **state)
{
	static const struct {
		unsigned int at;
		uint64_t value;
		unsigned int bytes;
		const char *words;
	} bad[] = {
		{ 0x1fe, 0x55aa, 2, "bzImage" }, { 0x202, 0x464c457f, 4, "bzImage" },
		{ 0x206, 0x20b, 2, "2.12" }, { 0x206, 0, 2, "2.12" }, { 0x211, 0, 1, "2.12" },
	};
	struct bzimage image;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *reason;

		good_head();
		put(bad[i].at, bad[i].value, bad[i].bytes);
		reason = parse(HEAD_BYTES, &image);
		if (!reason || !strstr(reason, bad[i].words))
			fail_msg("case %u: %s", i, reason ? reason : "taken");
	}
	memset(head, 0xff, sizeof(head));
	assert_non_null(parse(HEAD_BYTES, &image));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one),
		cmocka_unit_test(a_header_that_says_too_much),
		cmocka_unit_test(every_length),
		cmocka_unit_test(spoilt_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
