// SPDX-License-Identifier: GPL-2.0-only
/* Dynamic memory messages and the page set. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../dev/dm/dm.h"

static uint32_t message(uint8_t *to, uint16_t type, uint16_t size, uint32_t transaction)
{
	memset(to, 0, DM_MESSAGE_MAX);
	memcpy(to, &type, 2);
	memcpy(to + 2, &size, 2);
	memcpy(to + 4, &transaction, 4);
	return size;
}

static void put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void every_short_message_is_refused(void **state)
{
	static const struct { uint16_t type, least; } cases[] = {
		{ DM_VERSION_REQUEST, 16 }, { DM_CAPS_REPORT, 32 }, { DM_STATUS, 24 },
		{ DM_BALLOON_RESPONSE, 16 }, { DM_UNBALLOON_RESPONSE, 8 },
		{ DM_HOT_ADD_RESPONSE, 16 },
	};
	uint8_t b[DM_MESSAGE_MAX];
	struct dm_message m;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		for (uint16_t len = 0; len <= 64; len++) {
			message(b, cases[i].type, len, 7);
			assert_int_equal(dm_parse(b, len, &m), len >= cases[i].least);
			if (len >= cases[i].least)
				assert_int_equal(m.transaction, 7);
		}
}

static void size_beyond_the_packet_is_refused(void **state)
{
	uint8_t b[DM_MESSAGE_MAX];
	struct dm_message m;

	(void)state;
	message(b, DM_UNBALLOON_RESPONSE, 9, 1);
	assert_false(dm_parse(b, 8, &m));
	assert_true(dm_parse(b, 9, &m));
}

static void host_types_are_refused(void **state)
{
	uint8_t b[DM_MESSAGE_MAX];
	struct dm_message m;

	(void)state;
	for (unsigned int type = 0; type < 20; type++) {
		bool guest = type == DM_VERSION_REQUEST || type == DM_CAPS_REPORT ||
			     type == DM_STATUS || type == DM_BALLOON_RESPONSE ||
			     type == DM_UNBALLOON_RESPONSE || type == DM_HOT_ADD_RESPONSE;

		message(b, type, 64, 1);
		assert_int_equal(dm_parse(b, 64, &m), guest);
	}
}

static void balloon_ranges_stay_inside(void **state)
{
	uint8_t b[DM_MESSAGE_MAX];
	struct dm_message m;
	struct dm_range r;
	uint32_t word;

	(void)state;
	message(b, DM_BALLOON_RESPONSE, 32, 1);
	word = 2 << 1 | 1;
	memcpy(b + 12, &word, 4);
	put64(b + 24, 0x123456789aull | 5ull << 40);
	assert_true(dm_parse(b, 32, &m));
	assert_true(m.balloon.more);
	assert_int_equal(m.balloon.count, 2);
	r = dm_range_at(m.balloon.ranges, 1);
	assert_int_equal(r.start, 0x123456789aull);
	assert_int_equal(r.count, 5);
	word = 3 << 1;
	memcpy(b + 12, &word, 4);
	assert_false(dm_parse(b, 32, &m));
	word = 0xffffffff;
	memcpy(b + 12, &word, 4);
	assert_false(dm_parse(b, 32, &m));
}

static void writers_fill_what_they_say(void **state)
{
	struct dm_range range[DM_RANGES_MAX], none = { 0 };
	uint8_t b[DM_MESSAGE_MAX];
	uint16_t size;
	uint64_t packed;

	(void)state;
	for (uint32_t i = 0; i < DM_RANGES_MAX; i++)
		range[i] = (struct dm_range){ i, 1 };
	assert_int_equal(dm_put_unballoon(b, 3, true, range, DM_RANGES_MAX), 4096);
	memcpy(&size, b + 2, 2);
	assert_int_equal(size, 4096);
	memcpy(&packed, b + 4096 - 8, 8);
	assert_int_equal(packed, (DM_RANGES_MAX - 1) | 1ull << 40);
	assert_int_equal(dm_put_hot_add(b, 3, &range[1], &none), 16);
	assert_int_equal(dm_put_hot_add(b, 3, &range[1], &range[2]), 24);
	assert_int_equal(dm_put_balloon(b, 3, 9), 16);
	assert_int_equal(dm_put_info(b, 3, 1), 32);
}

static void page_set_counts_each_page_once(void **state)
{
	struct page_set s;

	(void)state;
	assert_true(page_set_init(&s, 1000));
	assert_true(page_set_add(&s, (struct dm_range){ 60, 10 }));
	assert_false(page_set_add(&s, (struct dm_range){ 69, 2 }));
	assert_false(page_set_add(&s, (struct dm_range){ 999, 2 }));
	assert_false(page_set_add(&s, (struct dm_range){ 1000, 1 }));
	assert_false(page_set_add(&s, (struct dm_range){ 1ull << 63, 0xffffff }));
	assert_false(page_set_add(&s, (struct dm_range){ 5, 0 }));
	assert_int_equal(s.count, 10);
	assert_false(page_set_remove(&s, (struct dm_range){ 59, 2 }));
	assert_true(page_set_remove(&s, (struct dm_range){ 60, 3 }));
	assert_int_equal(s.count, 7);
	page_set_clear(&s);
	assert_int_equal(s.count, 0);
	page_set_free(&s);
}

static void page_set_runs_are_found_in_order(void **state)
{
	struct page_set s;
	struct dm_range run;
	uint64_t from = 0;

	(void)state;
	assert_true(page_set_init(&s, 300));
	assert_true(page_set_add(&s, (struct dm_range){ 0, 1 }));
	assert_true(page_set_add(&s, (struct dm_range){ 63, 70 }));
	assert_true(page_set_add(&s, (struct dm_range){ 299, 1 }));
	assert_true(page_set_next(&s, &from, 100, &run));
	assert_int_equal(run.start, 0);
	assert_int_equal(run.count, 1);
	assert_true(page_set_next(&s, &from, 50, &run));
	assert_int_equal(run.start, 63);
	assert_int_equal(run.count, 50);
	assert_true(page_set_next(&s, &from, 50, &run));
	assert_int_equal(run.start, 113);
	assert_int_equal(run.count, 20);
	assert_true(page_set_next(&s, &from, 50, &run));
	assert_int_equal(run.start, 299);
	assert_false(page_set_next(&s, &from, 50, &run));
	page_set_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_short_message_is_refused),
		cmocka_unit_test(size_beyond_the_packet_is_refused),
		cmocka_unit_test(host_types_are_refused),
		cmocka_unit_test(balloon_ranges_stay_inside),
		cmocka_unit_test(writers_fill_what_they_say),
		cmocka_unit_test(page_set_counts_each_page_once),
		cmocka_unit_test(page_set_runs_are_found_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
