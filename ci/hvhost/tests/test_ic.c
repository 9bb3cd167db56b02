// SPDX-License-Identifier: GPL-2.0-only
/* Integration components: framing, negotiation, UTF-16, key/value messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../dev/ic/ic.h"
#include "../dev/ic/kvp_wire.h"

static void a_message_survives_the_round_trip(void **state)
{
	struct ic_message out = {
		.framework = IC_VERSION(3, 0), .version = IC_VERSION(3, 2), .type = IC_SHUTDOWN,
		.status = HV_E_FAIL, .transaction = 200, .flags = 5,
	}, in;
	uint8_t b[IC_HEADERS + 8];

	(void)state;
	assert_int_equal(ic_put(b, &out, "abcdefgh", 8), sizeof(b));
	assert_true(ic_parse(b, sizeof(b), &in));
	assert_int_equal(in.framework, out.framework);
	assert_int_equal(in.version, out.version);
	assert_int_equal(in.type, out.type);
	assert_int_equal(in.status, out.status);
	assert_int_equal(in.transaction, 200);
	assert_int_equal(in.flags, 5);
	assert_int_equal(in.len, 8);
	assert_memory_equal(in.body, "abcdefgh", 8);
}

static void a_body_never_leaves_the_packet(void **state)
{
	struct ic_message m = { .type = IC_KVP }, in;
	uint8_t b[IC_HEADERS + 64] = { 0 };

	(void)state;
	ic_put(b, &m, b + IC_HEADERS, 64);
	for (uint32_t len = 0; len <= sizeof(b); len++) {
		assert_int_equal(ic_parse(b, len, &in), len >= IC_HEADERS);
		if (len >= IC_HEADERS)
			assert_int_equal(in.len, len - IC_HEADERS);
	}
}

static void versions_are_offered_from_the_highest_allowed(void **state)
{
	static const uint32_t frameworks[] = { IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };
	static const uint32_t versions[] = {
		IC_VERSION(3, 2), IC_VERSION(3, 0), IC_VERSION(1, 0), 0
	};
	uint8_t b[64];

	(void)state;
	assert_int_equal(ic_put_versions(b, frameworks, IC_VERSION(3, 0), versions,
					 IC_VERSION(3, 1)), 8 + 4 * 4);
	assert_int_equal(b[0], 2);
	assert_int_equal(b[2], 2);
	assert_int_equal(b[8], 3);
	assert_int_equal(b[16], 3);
	assert_int_equal(b[18], 0);
	assert_int_equal(ic_put_versions(b, frameworks, IC_VERSION(1, 0), versions,
					 IC_VERSION(1, 0)), 8 + 4 * 2);
}

static void only_one_of_each_is_an_answer(void **state)
{
	uint8_t b[16] = { 1, 0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 3, 0, 2, 0 };
	struct ic_message m = { .body = b, .len = sizeof(b) };
	uint32_t framework, version;

	(void)state;
	assert_true(ic_parse_versions(&m, &framework, &version));
	assert_int_equal(framework, IC_VERSION(3, 0));
	assert_int_equal(version, IC_VERSION(3, 2));
	m.len = 15;
	assert_false(ic_parse_versions(&m, &framework, &version));
	m.len = 16;
	b[0] = 0;
	assert_false(ic_parse_versions(&m, &framework, &version));
	b[0] = 1;
	b[2] = 2;
	assert_false(ic_parse_versions(&m, &framework, &version));
}

static void utf16_there_and_back(void **state)
{
	static const char *const good[] = { "", "a", "Größe", "漢字", "\xef\xbf\xbd" };
	static const char *const bad[] = { "\xff", "\xc3", "\x80", "\xe6\xbc", "\xf0\x9f\x98\x80" };
	uint8_t b[64];
	char text[64];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		size_t n = utf16_put(b, sizeof(b), good[i]);

		assert_true(n >= 2);
		assert_true(utf16_get(b, n, text, sizeof(text)));
		assert_string_equal(text, good[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(utf16_put(b, sizeof(b), bad[i]), 0);
}

static void utf16_is_bounded(void **state)
{
	uint8_t b[8];
	char text[8];

	(void)state;
	assert_int_equal(utf16_put(b, 8, "abc"), 8);
	assert_int_equal(utf16_put(b, 7, "abc"), 0);
	assert_int_equal(utf16_put(b, 8, "abcd"), 0);
	/* Four units without a NUL: the text ends with the bytes, an odd one is left out. */
	for (unsigned int i = 0; i < sizeof(b); i++)
		b[i] = i % 2 ? 0 : 'x';
	assert_true(utf16_get(b, 7, text, sizeof(text)));
	assert_string_equal(text, "xxx");
	assert_false(utf16_get(b, 8, text, 3));
	assert_false(utf16_get(b, 8, text, 0));
}

static void kvp_items_and_their_limits(void **state)
{
	static struct kvp_item in, out = { .type = KVP_SZ, .key = "Name", .value = "Wert ä" };
	static uint8_t b[IC_BODY_MAX];
	uint32_t len, big = KVP_VALUE_BYTES + 1;

	(void)state;
	len = kvp_put_item(b, KVP_SET, 0, &out);
	assert_true(len > 0);
	assert_true(kvp_get_item(b, len, KVP_SET, &in));
	assert_string_equal(in.key, "Name");
	assert_string_equal(in.value, "Wert ä");
	memcpy(b + 4 + 8, &big, 4);
	assert_false(kvp_get_item(b, len, KVP_SET, &in));
	for (uint32_t n = 0; n < 8 + 12 + KVP_KEY_BYTES + KVP_VALUE_BYTES; n++)
		assert_false(kvp_get_item(b, n, KVP_ENUMERATE, &in));
}

static void kvp_numbers(void **state)
{
	static struct kvp_item in, out = { .type = KVP_U32, .key = "n", .value = "4294967295" };
	static uint8_t b[IC_BODY_MAX];

	(void)state;
	assert_true(kvp_get_item(b, kvp_put_item(b, KVP_SET, 1, &out), KVP_SET, &in));
	assert_string_equal(in.value, "4294967295");
	strcpy(out.value, "4294967296");
	assert_int_equal(kvp_put_item(b, KVP_SET, 1, &out), 0);
	out.type = KVP_U64;
	assert_true(kvp_get_item(b, kvp_put_item(b, KVP_SET, 1, &out), KVP_SET, &in));
	assert_string_equal(in.value, "4294967296");
	strcpy(out.value, "x");
	assert_int_equal(kvp_put_item(b, KVP_SET, 1, &out), 0);
}

static void kvp_addresses(void **state)
{
	static struct kvp_ip in, out = { .adapter = "{1}", .address = "10.0.0.2;fe80::1",
					 .family = 3, .dhcp = true };
	static uint8_t b[IC_BODY_MAX];
	uint32_t len = kvp_put_ip(b, KVP_SET_IP, &out);

	(void)state;
	assert_true(len > 0);
	assert_true(kvp_get_ip(b, len, &in));
	assert_string_equal(in.adapter, "{1}");
	assert_string_equal(in.address, "10.0.0.2;fe80::1");
	assert_string_equal(in.mask, "");
	assert_int_equal(in.family, 3);
	assert_true(in.dhcp);
	assert_false(kvp_get_ip(b, len - 1, &in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_survives_the_round_trip),
		cmocka_unit_test(a_body_never_leaves_the_packet),
		cmocka_unit_test(versions_are_offered_from_the_highest_allowed),
		cmocka_unit_test(only_one_of_each_is_an_answer),
		cmocka_unit_test(utf16_there_and_back),
		cmocka_unit_test(utf16_is_bounded),
		cmocka_unit_test(kvp_items_and_their_limits),
		cmocka_unit_test(kvp_numbers),
		cmocka_unit_test(kvp_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
