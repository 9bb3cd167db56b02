// SPDX-License-Identifier: GPL-2.0-only
/* Sizes, --device options, growing text, GUIDs and the words of command lines. */
#include "test.h"

#include "../bus/bus.h"
#include "../ctl/ctl.h"

static void sizes(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t bytes;
	} cases[] = {
		{ "0", true, 0 }, { "1", true, 1 }, { "4096", true, 4096 }, { "4K", true, 4096 },
		{ "4k", true, 4096 }, { "2M", true, 2 * MIB }, { "3g", true, 3 * GIB },
		{ "1T", true, 1024 * GIB }, { "0x10", true, 16 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 }, { "16777216T", false, 0 },
		{ "16777215T", true, 16777215ull * 1024 * GIB },
		{ "", false, 0 }, { "K", false, 0 }, { "-1", false, 0 }, { "+1", false, 0 },
		{ " 1", false, 0 }, { "1 ", false, 0 }, { "1KB", false, 0 }, { "1P", false, 0 },
		{ "1.5G", false, 0 }, { "x", false, 0 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bytes = 12345;
		bool good = parse_size(cases[i].text, &bytes);

		if (good != cases[i].good)
			fail_msg("'%s' taken: %d", cases[i].text, good);
		if (good && bytes != cases[i].bytes)
			fail_msg("'%s' is %llu", cases[i].text, (unsigned long long)bytes);
	}
}

static void options_are_taken(void **state)
{
	struct options *o = options_parse("path=/a=b,,c,size=2K,ro,size=3K,empty=");
	char error[80] = "old";

	(void)state;
	assert_string_equal(options_string(o, "path", "none"), "/a=b,c");
	assert_string_equal(options_string(o, "other", "none"), "none");
	assert_null(options_string(o, "other", NULL));
	assert_int_equal(options_number(o, "size", 7, 0, 4096), 2048);
	assert_int_equal(options_number(o, "size", 7, 0, 4096), 3072);
	assert_int_equal(options_number(o, "size", 7, 0, 4096), 7);
	assert_true(options_flag(o, "ro"));
	assert_false(options_flag(o, "rw"));
	assert_string_equal(options_string(o, "empty", "x"), "");
	assert_true(options_end(o, error, sizeof(error)));
}

static void refuse(const char *text, const char *words)
{
	struct options *o = options_parse(text);
	char error[160] = "";

	options_number(o, "size", 0, 10, 20);
	options_flag(o, "ro");
	options_string(o, "path", NULL);
	assert_false(options_end(o, error, sizeof(error)));
	if (!strstr(error, words))
		fail_msg("'%s': the error is '%s'", text, error);
	assert_null(strchr(error, '\n'));
}

static void options_that_are_wrong(void **state)
{
	(void)state;
	refuse("size=9", "10 to 20");
	refuse("size=21", "10 to 20");
	refuse("size=many", "many");
	refuse("size", "size");
	refuse("ro=1", "no value");
	refuse("path", "needs a value");
	refuse("unknown", "unknown");
	refuse("size=10,size=11", "size");
	refuse("rO", "rO");
}

static void options_of_odd_texts(void **state)
{
	static const char *const texts[] = { "", ",", ",,", ",,,", "=", "=,=", "a,,", ",a" };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		struct options *o = options_parse(texts[i]);
		char error[8];

		/* Whatever it holds: no crash, and a reason that fits when it is refused. */
		options_flag(o, "a");
		if (!options_end(o, error, sizeof(error)))
			assert_true(strlen(error) < sizeof(error));
	}
}

static void text_grows(void **state)
{
	struct text t = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		text_add(&t, "%u,", i);
	assert_int_equal(t.len, strlen(t.data));
	assert_int_equal(t.len, 10 * 2 + 90 * 3 + 900 * 4);
	assert_memory_equal(t.data, "0,1,2,", 6);
	text_free(&t);
	assert_null(t.data);
}

static void guids(void **state)
{
	static const uint8_t wire[16] = { 0xde, 0x63, 0x51, 0xf8, 0x3e, 0xdf, 0xc5, 0x46,
					  0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e };
	static const char *const bad[] = {
		"", "f8615163", "f8615163-df3e-46c5-913f-f2d2f965ed0",
		"g8615163-df3e-46c5-913f-f2d2f965ed0e",
		"f8615163-df3e-46c5-913f-f2d2f965ed0e0", "f8615163df3e46c5913ff2d2f965ed0e",
		"f8615163-df3e-46c5-913ff-2d2f965ed0e", "{f8615163-df3e-46c5-913f-f2d2f965ed0e}",
	};
	struct guid g;
	char text[37];
	unsigned int i;

	(void)state;
	assert_true(guid_parse("f85163de-df3e-46c5-913f-f2d2f965ed0e", &g));
	assert_memory_equal(g.b, ((uint8_t[]){ 0xde, 0x63, 0x51, 0xf8 }), 4);
	assert_true(guid_parse("F85163DE-DF3E-46C5-913F-F2D2F965ED0E", &g));
	assert_memory_equal(g.b, wire, 16);
	guid_format(&g, text);
	assert_string_equal(text, "f85163de-df3e-46c5-913f-f2d2f965ed0e");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (guid_parse(bad[i], &g))
			fail_msg("'%s' was taken for a GUID", bad[i]);
	assert_memory_equal(g.b, wire, 16);
}

static int split(const char *text, char *copy, char *word[CTL_WORDS])
{
	const char *reason = NULL;
	int count;

	strcpy(copy, text);
	count = ctl_split(copy, word, &reason);
	assert_true((count < 0) == (reason != NULL));
	return count;
}

static void words(void **state)
{
	char copy[200], *word[CTL_WORDS];

	(void)state;
	assert_int_equal(split("", copy, word), 0);
	assert_int_equal(split(" \t ", copy, word), 0);
	assert_int_equal(split("scsi0.1 resize\t2G ", copy, word), 3);
	assert_string_equal(word[0], "scsi0.1");
	assert_string_equal(word[1], "resize");
	assert_string_equal(word[2], "2G");
	assert_int_equal(split("a \"b c\" 'd \"e' f\"g h\"i \"\" \"\\\"\\\\\\n\" 'x\\'", copy,
			       word), 7);
	assert_string_equal(word[1], "b c");
	assert_string_equal(word[2], "d \"e");
	assert_string_equal(word[3], "fg hi");
	assert_string_equal(word[4], "");
	assert_string_equal(word[5], "\"\\\\n");
	assert_string_equal(word[6], "x\\");
}

static void words_that_are_wrong(void **state)
{
	char copy[CTL_LINE_BYTES], text[CTL_LINE_BYTES], *word[CTL_WORDS];
	unsigned int i;

	(void)state;
	assert_int_equal(split("a \"b", copy, word), -1);
	assert_int_equal(split("'", copy, word), -1);
	assert_int_equal(split("\"a\\\"", copy, word), -1);
	for (i = 0; i < CTL_WORDS; i++)
		memcpy(text + 2 * i, "a ", 3);
	assert_int_equal(split(text, copy, word), CTL_WORDS);
	strcat(text, "a");
	assert_int_equal(split(text, copy, word), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(options_are_taken),
		cmocka_unit_test(options_that_are_wrong),
		cmocka_unit_test(options_of_odd_texts),
		cmocka_unit_test(text_grows),
		cmocka_unit_test(guids),
		cmocka_unit_test(words),
		cmocka_unit_test(words_that_are_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
