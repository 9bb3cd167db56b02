// SPDX-License-Identifier: GPL-2.0-only
/* Extended hypercalls, over an array as the guest's memory. */
#include "test.h"

#include "../hyperv/internal.h"
#include "ram.h"

#define QUERY		0x8001u
#define HINT		0x8003u
#define REPS(n)		((uint64_t)(n) << 32)
#define FROM(n)		((uint64_t)(n) << 48)
#define IN		(RAM_GPA + 8 * PAGE_BYTES)

struct machine machine;

bool guest_discard(uint64_t gpa, uint64_t len)
{
	void *at = guest_ptr(gpa, len);

	return at && memset(at, 0, len);
}

static void put(unsigned int index, uint64_t value)
{
	assert_true(guest_write(IN + 8 * index, &value, sizeof(value)));
}

static int each(void **state)
{
	(void)state;
	memset(ram, 0xaa, sizeof(ram));
	machine.config.cold_discard = true;
	put(0, 2);
	return 0;
}

static void capabilities(void **state)
{
	uint64_t got;

	(void)state;
	assert_int_equal(ext_call(QUERY, 0, IN), HV_OK);
	assert_true(guest_read(IN, &got, sizeof(got)));
	assert_int_equal(got, 1 << 8);
	assert_int_equal(ext_call(QUERY, 0, IN + 4), HV_INVALID_ALIGNMENT);
	assert_int_equal(ext_call(QUERY, 0, 0), HV_INVALID_PARAMETER);
	assert_int_equal(ext_call(0x8002, IN, IN), HV_INVALID_CODE);
	machine.config.cold_discard = false;
	assert_int_equal(ext_call(QUERY, 0, IN), HV_INVALID_CODE);
	assert_int_equal(ext_call(HINT | REPS(1), IN, 0), HV_INVALID_CODE);
}

static void drops_what_is_named(void **state)
{
	struct cold_counters before, after;

	(void)state;
	hyperv_cold(&before);
	put(1, RAM_GPA | 1);				/* two pages */
	put(2, RAM_GPA + 5 * PAGE_BYTES);		/* one */
	assert_int_equal(ext_call(HINT | REPS(2), IN, 0), REPS(2));
	for (unsigned int page = 0; page < 8; page++)
		assert_int_equal(ram[page][7], page < 2 || page == 5 ? 0 : 0xaa);
	hyperv_cold(&after);
	assert_int_equal(after.hints - before.hints, 1);
	assert_int_equal(after.bytes - before.bytes, 3 * PAGE_BYTES);
	assert_int_equal(after.refused, before.refused);
	/* The rest of a call that was interrupted. */
	put(1, RAM_GPA + 6 * PAGE_BYTES);
	put(2, RAM_GPA + 7 * PAGE_BYTES);
	assert_int_equal(ext_call(HINT | REPS(2) | FROM(1), IN, 0), REPS(2));
	assert_int_equal(ram[6][0], 0xaa);
	assert_int_equal(ram[7][0], 0);
}

static void refuses(void **state)
{
	struct cold_counters before, after;

	(void)state;
	hyperv_cold(&before);
	put(1, RAM_GPA);
	put(2, RAM_GPA + RAM_PAGES * PAGE_BYTES);	/* no memory */
	put(3, RAM_GPA + PAGE_BYTES);
	assert_int_equal(ext_call(HINT | REPS(3), IN, 0), REPS(1) | HV_INVALID_PARAMETER);
	assert_int_equal(ram[0][0], 0);
	assert_int_equal(ram[1][0], 0xaa);
	put(1, RAM_GPA | 1 << 11);			/* 2 MiB, and there is less */
	assert_int_equal(ext_call(HINT | REPS(1), IN, 0), HV_INVALID_PARAMETER);
	put(1, 1 << 11 | 1 << 12);			/* 1 GiB */
	assert_int_equal(ext_call(HINT | REPS(1), IN, 0), HV_INVALID_PARAMETER);
	put(1, UINT64_MAX & ~(1ull << 12));
	assert_int_equal(ext_call(HINT | REPS(1), IN, 0), HV_INVALID_PARAMETER);
	hyperv_cold(&after);
	assert_int_equal(after.refused - before.refused, 4);

	assert_int_equal(ext_call(HINT | REPS(0), IN, 0), HV_INVALID_PARAMETER);
	assert_int_equal(ext_call(HINT | REPS(1) | FROM(1), IN, 0), HV_INVALID_PARAMETER);
	assert_int_equal(ext_call(HINT | REPS(512), IN, 0), HV_INVALID_ALIGNMENT);
	assert_int_equal(ext_call(HINT | REPS(1), IN + 4, 0), HV_INVALID_ALIGNMENT);
	assert_int_equal(ext_call(HINT | REPS(1), 0, 0), HV_INVALID_PARAMETER);
	put(0, 1);					/* another kind of hint */
	put(1, RAM_GPA);
	assert_int_equal(ext_call(HINT | REPS(1), IN, 0), HV_INVALID_PARAMETER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(capabilities, each),
		cmocka_unit_test_setup(drops_what_is_named, each),
		cmocka_unit_test_setup(refuses, each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
