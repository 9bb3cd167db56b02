// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADLs from header and bodies to teardown. The test stands for the guest, for the
 * offers (relid 1 is offered, 2 is rescinded) and for the queue of answers.
 */
#include "test.h"

#include "../fault/fault.h"
#include "ram.h"

#define OFFERED		1
#define RESCINDED	2

static struct bus_channel offered = { .state = SLOT_OPEN }, rescinded = { .state = SLOT_RESCINDED };
static uint32_t answer[6];		/* the last one's words */
static unsigned int answers;

struct bus_channel *slot_by_relid(uint32_t relid)
{
	return relid == OFFERED ? &offered : relid == RESCINDED ? &rescinded : NULL;
}

void guest_post(const struct host_message *m)
{
	assert_true(m->len <= sizeof(answer));
	memcpy(answer, m->bytes, m->len);
	answers++;
}

atomic_bool fault_on;
static const char *instead;		/* what a fault makes of a section; NULL: nothing */

void *fault_section(uint32_t relid, const void *from, uint64_t *len)
{
	(void)relid;
	(void)from;
	if (!instead)
		return NULL;
	*len = strlen(instead);
	return strdup(instead);
}

static void header(uint32_t relid, uint32_t id, uint32_t bytes, unsigned int ranges,
		   const uint64_t *word, unsigned int words)
{
	struct guest_message m = {
		.type = MSG_GPADL_HEADER,
		.header = { relid, id, (uint16_t)bytes, (uint16_t)ranges },
		.words = words,
	};

	memcpy(m.word, word, words * 8);
	answers = 0;
	gpadl_header(&m);
}

static void body(uint32_t id, const uint64_t *word, unsigned int words)
{
	struct guest_message m = { .type = MSG_GPADL_BODY, .body = { 1, id }, .words = words };

	memcpy(m.word, word, words * 8);
	answers = 0;
	gpadl_body(&m);
}

static void teardown(uint32_t relid, uint32_t id)
{
	struct guest_message m = { .type = MSG_GPADL_TEARDOWN, .teardown = { relid, id } };

	answers = 0;
	gpadl_teardown(&m);
}

static void expect_created(uint32_t relid, uint32_t id, bool good)
{
	assert_int_equal(answers, 1);
	assert_int_equal(answer[0], MSG_GPADL_CREATED);
	assert_int_equal(answer[2], relid);
	assert_int_equal(answer[3], id);
	assert_int_equal(!answer[4], good);
}

static void expect_torndown(uint32_t id)
{
	assert_int_equal(answers, 1);
	assert_int_equal(answer[0], MSG_GPADL_TORNDOWN);
	assert_int_equal(answer[2], id);
}

static struct gpadl *get(uint32_t id)
{
	struct hv_channel ch = { .relid = OFFERED };

	return gpadl_get(&ch, id);
}

static unsigned int all(void)
{
	unsigned int count;
	uint64_t bytes;

	gpadl_count(&count, &bytes);
	return count;
}

static void in_one_message(void **state)
{
	const uint64_t word[] = { 6000 | 1000ull << 32, RAM_PFN + 5, RAM_PFN + 2 };
	uint8_t in[6000], out[6000];
	struct gpadl *g;
	unsigned int i;

	(void)state;
	header(OFFERED, 0xe1e10, 24, 1, word, 3);
	expect_created(OFFERED, 0xe1e10, true);
	g = get(0xe1e10);
	assert_non_null(g);
	assert_true(gpadl_bytes(g) == 6000);
	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	assert_true(gpadl_write(g, 0, in, 6000));
	assert_memory_equal(&ram[5][1000], in, 3096);
	assert_memory_equal(&ram[2][0], in + 3096, 2904);
	for (i = 0; i <= 6000; i += 1000) {
		assert_true(gpadl_read(g, i, out, 6000 - i));
		assert_memory_equal(out, in + i, 6000 - i);
	}
	assert_true(gpadl_read(g, 3095, out, 2));
	assert_memory_equal(out, in + 3095, 2);
	assert_false(gpadl_read(g, 0, out, 6001));
	assert_false(gpadl_read(g, 6000, out, 1));
	assert_false(gpadl_read(g, 6001, out, 0));
	assert_false(gpadl_write(g, UINT64_MAX, in, 2));
	assert_false(gpadl_write(g, 2, in, UINT64_MAX));
	gpadl_put(g);
	teardown(OFFERED, 0xe1e10);
	expect_torndown(0xe1e10);
	assert_null(get(0xe1e10));
	assert_int_equal(all(), 0);
}

static void in_many_messages(void **state)
{
	uint64_t word[28];
	unsigned int sent = 0, i;
	uint32_t total = 8190, count;
	uint8_t *const *pages;
	struct gpadl *g;

	(void)state;
	word[0] = (uint64_t)total * PAGE_BYTES;
	for (i = 1; i < 26; i++)
		word[i] = RAM_PFN + sent++ % RAM_PAGES;
	header(OFFERED, 7, (total + 1) * 8, 1, word, 26);
	while (sent < total) {
		assert_int_equal(answers, 0);
		assert_null(get(7));
		for (i = 0; i < 28 && sent < total; i++)
			word[i] = RAM_PFN + sent++ % RAM_PAGES;
		body(7, word, i);
	}
	expect_created(OFFERED, 7, true);
	g = get(7);
	assert_true(gpadl_bytes(g) == (uint64_t)total * PAGE_BYTES);
	gpadl_put(g);
	g = gpadl_get_ring(OFFERED, 7, &pages, &count);
	assert_non_null(g);
	assert_int_equal(count, total);
	assert_ptr_equal(pages[65], &ram[1][0]);
	gpadl_put(g);
	body(7, word, 1);			/* it is complete: this is for nobody */
	assert_int_equal(answers, 0);
	teardown(OFFERED, 7);
	expect_torndown(7);
}

static void several_ranges(void **state)
{
	const uint64_t word[] = { 16 | 8ull << 32, RAM_PFN, 4096, RAM_PFN + 1, 1, RAM_PFN + 2 };
	uint8_t *const *pages;
	uint8_t data[4113];
	struct gpadl *g;
	uint32_t count;

	(void)state;
	header(OFFERED, 9, sizeof(word), 3, word, 6);
	expect_created(OFFERED, 9, true);
	assert_null(gpadl_get_ring(OFFERED, 9, &pages, &count));
	g = get(9);
	assert_true(gpadl_bytes(g) == 16 + 4096 + 1);
	memset(ram, 0, sizeof(ram));
	memset(data, 0x33, sizeof(data));
	assert_true(gpadl_write(g, 0, data, sizeof(data)));
	assert_int_equal(ram[0][8], 0x33);
	assert_int_equal(ram[0][24], 0);
	assert_int_equal(ram[1][4095], 0x33);
	assert_int_equal(ram[2][0], 0x33);
	assert_int_equal(ram[2][1], 0);
	memset(data, 0, sizeof(data));
	assert_true(gpadl_read(g, 16, data, 4097));
	assert_int_equal(data[0], 0x33);
	gpadl_put(g);
	teardown(OFFERED, 9);
	expect_torndown(9);
}

static void wrong_descriptions(void **state)
{
	static const struct {
		const char *what;
		uint32_t bytes;
		unsigned int ranges, words;
		uint64_t word[4];
	} bad[] = {
		{ "no words", 0, 1, 2, { 4096, RAM_PFN, 0, 0 } },
		{ "less than a word", 7, 1, 2, { 4096, RAM_PFN, 0, 0 } },
		{ "no ranges", 16, 0, 2, { 4096, RAM_PFN, 0, 0 } },
		{ "no bytes", 16, 1, 2, { 0, RAM_PFN, 0, 0 } },
		{ "offset of a page", 16, 1, 2, { 1 | 4096ull << 32, RAM_PFN, 0, 0 } },
		{ "too few pages", 16, 1, 2, { 4097, RAM_PFN, 0, 0 } },
		{ "too few pages for the offset", 16, 1, 2, { 4096 | 1ull << 32, RAM_PFN, 0, 0 } },
		{ "a range too many", 16, 2, 2, { 4096, RAM_PFN, 0, 0 } },
		{ "no RAM", 16, 1, 2, { 4096, 5, 0, 0 } },
		{ "a page number that overflows", 16, 1, 2, { 4096, RAM_PFN | 1ull << 52, 0, 0 } },
		{ "4 GiB - 1", 32, 1, 4, { 0xffffffff, RAM_PFN, RAM_PFN, RAM_PFN } },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		header(OFFERED, 100 + i, bad[i].bytes, bad[i].ranges, bad[i].word, bad[i].words);
		if (answers != 1 || !answer[4])
			fail_msg("%s: %u answers, status %#x", bad[i].what, answers, answer[4]);
		expect_created(OFFERED, 100 + i, false);
		assert_null(get(100 + i));
		teardown(OFFERED, 100 + i);
		assert_int_equal(answers, 0);
	}
	assert_int_equal(all(), 0);
	/* A bad number may be used again, for a good one. */
	header(OFFERED, 100, 16, 1, (uint64_t[]){ 4096, RAM_PFN }, 2);
	expect_created(OFFERED, 100, true);
	/* One number, two GPADLs: the first one stays as it is. */
	header(OFFERED, 100, 16, 1, (uint64_t[]){ 4096, RAM_PFN + 1 }, 2);
	expect_created(OFFERED, 100, false);
	teardown(OFFERED, 100);
	expect_torndown(100);
}

static void out_of_place(void **state)
{
	const uint64_t word[] = { 8192, RAM_PFN, RAM_PFN + 1 };

	(void)state;
	body(55, word, 3);
	assert_int_equal(answers, 0);
	header(99, 55, 24, 1, word, 3);		/* a relid that isn't offered */
	expect_created(99, 55, false);
	teardown(99, 55);
	assert_int_equal(answers, 0);
	/* On a rescinded channel all ends well at once. */
	header(RESCINDED, 55, 24, 1, word, 3);
	expect_created(RESCINDED, 55, true);
	teardown(RESCINDED, 55);
	expect_torndown(55);
	/* Not complete yet: no teardown, and no use. */
	header(OFFERED, 55, 24, 1, word, 2);
	assert_int_equal(answers, 0);
	teardown(OFFERED, 55);
	assert_int_equal(answers, 0);
	assert_null(get(55));
	/* More words than were announced. */
	body(55, (uint64_t[]){ RAM_PFN + 1, 5, 6 }, 3);
	expect_created(OFFERED, 55, false);
	assert_null(get(55));
	assert_int_equal(all(), 0);
}

static void teardown_waits_for_users(void **state)
{
	const uint64_t word[] = { 4096, RAM_PFN };
	struct gpadl *a, *b;
	uint8_t byte;

	(void)state;
	header(OFFERED, 3, 16, 1, word, 2);
	a = get(3);
	b = get(3);
	teardown(OFFERED, 3);
	assert_int_equal(answers, 0);
	assert_null(get(3));
	teardown(OFFERED, 3);			/* once is enough */
	assert_int_equal(answers, 0);
	gpadl_put(a);
	assert_int_equal(answers, 0);
	assert_true(gpadl_read(b, 0, &byte, 1));
	gpadl_put(b);
	expect_torndown(3);
	assert_int_equal(all(), 0);
	/* One user is enough. */
	header(OFFERED, 3, 16, 1, word, 2);
	a = get(3);
	teardown(OFFERED, 3);
	assert_int_equal(answers, 0);
	gpadl_put(a);
	expect_torndown(3);
	/* Forgotten while in use: the user keeps it, nobody is answered. */
	header(OFFERED, 3, 16, 1, word, 2);
	a = get(3);
	answers = 0;
	gpadl_forget(OFFERED);
	assert_null(get(3));
	assert_true(gpadl_read(a, 0, &byte, 1));
	gpadl_put(a);
	assert_int_equal(answers, 0);
	assert_int_equal(all(), 0);
}

/* A guest that only ever begins gets refusals, not all of the host's memory. */
static void many_are_refused(void **state)
{
	static const uint32_t lengths[] = { 65528, 16 };
	uint64_t word[] = { 4096 };
	uint32_t id, refused;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		refused = 0;
		for (id = 1; id < 100000; id++) {
			header(OFFERED, id, lengths[i], 1, word, 1);
			refused += answers;
		}
		assert_true(refused > 80000);
		assert_true(all() <= 8192);
		gpadl_forget(0);
		assert_int_equal(all(), 0);
	}
	header(OFFERED, 1, 16, 1, (uint64_t[]){ 4096, RAM_PFN }, 2);
	expect_created(OFFERED, 1, true);
	gpadl_forget(0);
}

static void faulty_writes(void **state)
{
	const uint64_t word[] = { 4096, RAM_PFN + 1 };
	struct gpadl *g;

	(void)state;
	header(OFFERED, 90, sizeof(word), 1, word, 2);
	g = get(90);
	memset(ram, 0, sizeof(ram));
	fault_on = true;
	assert_true(gpadl_write(g, 0, "abcd", 4));
	assert_memory_equal(&ram[1][0], "abcd", 4);
	instead = "xy";
	assert_true(gpadl_write(g, 8, "abcd", 4));
	assert_memory_equal(&ram[1][8], "xy\0\0", 4);
	assert_false(gpadl_write(g, PAGE_BYTES - 2, "abcd", 4));
	fault_on = false;
	instead = NULL;
	gpadl_put(g);
	teardown(OFFERED, 90);
	expect_torndown(90);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_one_message),
		cmocka_unit_test(in_many_messages),
		cmocka_unit_test(several_ranges),
		cmocka_unit_test(wrong_descriptions),
		cmocka_unit_test(out_of_place),
		cmocka_unit_test(teardown_waits_for_users),
		cmocka_unit_test(many_are_refused),
		cmocka_unit_test(faulty_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
