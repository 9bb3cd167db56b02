// SPDX-License-Identifier: GPL-2.0-only
/* Channels at work: rings, worker threads, many of them, broken ones, monitor pages. */
#include "test.h"

#include "bus_guest.h"
#include "bus_steps.h"

static void echoes(void **state)
{
	struct guest_ring out, in, out2, in2;
	uint32_t relid, relid2, before;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	open_channel(relid2, 1, &out2, &in2);
	before = flags_set[relid2];
	for (unsigned int i = 0; i < 2000; i++) {	/* around the ring many times */
		command(relid, &out, &in, 'e', i);
		command(relid2, &out2, &in2, 'e', i);
	}
	assert_true(flags_set[relid2] > before);
	/* Teardown before close waits for close. */
	teardown(relid, 0);
	expect_nothing();
	post_words(MSG_CLOSE, 1, relid, 0);
	expect_words(MSG_GPADL_TORNDOWN, 0x1000, 0);
	close_channel(relid2, 1);
	open_channel(relid, 0, &out, &in);
	command(relid, &out, &in, 'e', 1);
	post_words(MSG_CLOSE, 1, relid, 0);
	post_words(MSG_CLOSE, 1, relid, 0);
	post_words(MSG_CLOSE, 1, 2047, 0);
	post_words(MSG_CLOSE, 1, 0xffffffff, 0);
	expect_nothing();
}

/* 400 sub-channels with a thread each, all at work; offers go through a full SynIC. */
static void many_channels(void **state)
{
	enum { MANY = 300 };
	static struct guest_ring out[MANY + 1], in[MANY + 1];
	static uint32_t sub[MANY];
	uint32_t relid, relid2;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid2, MANY, &out[MANY], &in[MANY]);
	synic_limit = 8;
	command(relid2, &out[MANY], &in[MANY], 'S', MANY);
	take_subs(MANY, sub);
	synic_limit = INBOX;
	for (unsigned int i = 0; i < MANY; i++)
		open_channel(sub[i], i, &out[i], &in[i]);
	for (unsigned int i = 0; i < MANY; i++)
		command(sub[i], &out[i], &in[i], 'e', i);
	bus_device_rescind(multi);
	for (unsigned int i = 0; i < MANY; i++) {
		expect_words(MSG_RESCIND, sub[i], 0);
		if (i % 2)
			post_words(MSG_RELID_RELEASED, 1, sub[i], 0);
	}
	expect_words(MSG_RESCIND, relid2, 0);
	bus_device_offer(multi);
	post_words(MSG_RELID_RELEASED, 1, relid2, 0);
	expect(MSG_OFFER);
	relid2 = got.word[46];
	/* A relid that was not released is not given again. */
	open_channel(relid2, MANY, &out[MANY], &in[MANY]);
	for (unsigned int i = 0; i < MANY; i += 2)
		assert_int_not_equal(sub[i], relid2);
	command(relid2, &out[MANY], &in[MANY], 'e', 0);
}

static void big_gpadls(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2;
	struct gpadl *g;
	uint8_t byte = 7;
	uint64_t bytes;
	unsigned int count;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	for (uint32_t i = 0; i < 64; i++) {
		post_gpadl(relid, 0x9000 + i, GUEST_PFN, 8190, 8190 * PAGE_BYTES, 0);
		expect_words(MSG_GPADL_CREATED, relid, 0x9000 + i);
		assert_int_equal(got.word[4], 0);
	}
	g = gpadl_get(&echo->bus->slot[0]->ch, 0x9000 + 63);
	assert_int_equal(gpadl_bytes(g), 8190ull * PAGE_BYTES);
	assert_true(gpadl_write(g, 8190ull * PAGE_BYTES - 1, &byte, 1));
	assert_int_equal(guest_ram[8189][PAGE_BYTES - 1], 7);
	/* While it is held, its teardown waits. */
	post_words(MSG_GPADL_TEARDOWN, 2, relid, 0x9000 + 63);
	expect_nothing();
	post_words(MSG_GPADL_TEARDOWN, 2, relid, 0x9000 + 63);
	assert_null(gpadl_get(&echo->bus->slot[0]->ch, 0x9000 + 63));
	gpadl_put(g);
	expect_words(MSG_GPADL_TORNDOWN, 0x9000 + 63, 0);
	/* There is an end to it. */
	count = 0;
	do
		post_gpadl(relid, 0xa000 + count++, GUEST_PFN, 8190, 8190 * PAGE_BYTES, 0);
	while (inbox_take(&got) && !got.word[4] && count < 10000);
	assert_true(got.word[4] && count < 10000);
	while (inbox_take(&got))
		;
	gpadl_count(&count, &bytes);
	assert_true(count > 64);
	post_words(MSG_UNLOAD, 0, 0, 0);
	gpadl_count(&count, &bytes);
	assert_int_equal(count, 0);
}

/* The close waits for the handler, and who posted it for neither. */
static void close_while_busy(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2, word[2] = { 'e', 0 };
	unsigned int closes = echo_closes, n = 0;
	uint16_t status;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	echo_stall = true;
	for (unsigned int i = 0; i < 20; i++)
		guest_put(&out, PKT_INBAND, 0, i, word, sizeof(word));
	guest_signal(relid);
	EVENTUALLY(echo_stalled);
	post_only = true;
	assert_int_equal(post_words(MSG_CLOSE, 1, relid, 0), HV_OK);
	EVENTUALLY(echo->bus->slot[0]->waiters);
	assert_int_equal(echo_closes, closes);	/* not under the handler's feet */
	/* Nothing else is handled meanwhile, and there is an end to what is kept. */
	assert_int_equal(post_words(MSG_CLOSE, 1, relid2, 0), HV_OK);
	while ((status = post_words(MSG_TYPES, 0, 0, 0)) == HV_OK && n < 100000)
		n++;
	assert_int_equal(status, HV_NO_BUFFERS);
	assert_in_range(n, 500, 10000);
	echo_stall = false;
	posts_settle();
	post_only = false;
	assert_int_equal(echo_closes, closes + 1);
	teardown(relid, 0);
	expect_words(MSG_GPADL_TORNDOWN, 0x1000, 0);
}

static void broken_ring(void **state)
{
	struct guest_ring out, in, out2, in2;
	uint32_t relid, relid2, word[2] = { 'e', 0 };
	struct bus_channel *s;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	open_channel(relid2, 1, &out2, &in2);
	s = echo->bus->slot[0];
	out.control[0] = 0xfffffff8;
	guest_signal(relid);
	EVENTUALLY(s->dead);
	command(relid2, &out2, &in2, 'e', 1);
	close_channel(relid, 0);
	open_channel(relid, 0, &out, &in);
	command(relid, &out, &in, 'e', 1);
	guest_put(&out, PKT_INBAND, 2, 0, word, sizeof(word));	/* a flag nobody knows */
	guest_signal(relid);
	EVENTUALLY(s->dead);
	close_channel(relid, 0);
	open_channel(relid, 0, &out, &in);
	in.control[1] = 3;			/* the read index of the other ring */
	guest_put(&out, PKT_INBAND, 1, 0, word, sizeof(word));
	guest_signal(relid);
	EVENTUALLY(s->dead);
	bus_device_rescind(echo);
	expect_words(MSG_RESCIND, relid, 0);
}

static void full_ring(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2, word[2] = { 'F', 0 }, back[2];
	unsigned int rooms = echo_rooms, n = 0;
	uint64_t id;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	guest_put(&out, PKT_INBAND, 0, 1, word, sizeof(word));
	guest_signal(relid);
	EVENTUALLY(in.control[3]);		/* the host's wish for room */
	assert_int_equal(in.control[3], 32);
	assert_int_equal(echo_rooms, rooms);
	while (guest_get(&in, &id, back, sizeof(back)))
		n++;
	assert_int_equal(n, (PAGE_BYTES - 8) / 32);
	guest_signal(relid);
	EVENTUALLY(echo_rooms == rooms + 1);
	assert_int_equal(in.control[3], 0);
	command(relid, &out, &in, 'e', 1);
}

static void timers_and_threads(void **state)
{
	struct guest_ring out, in, out2, in2;
	uint32_t relid, relid2;
	unsigned int timers = echo_timers;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	open_channel(relid2, 1, &out2, &in2);
	command(relid, &out, &in, 'T', 0);
	EVENTUALLY(echo_timers == timers + 1);
	command(relid2, &out2, &in2, 'T', 0);
	EVENTUALLY(echo_timers == timers + 2);
	/* From another thread: the worker must hear of it. */
	assert_true(channel_lock(&echo->bus->slot[0]->ch));
	channel_timer(&echo->bus->slot[0]->ch, 1000000);
	channel_unlock(&echo->bus->slot[0]->ch);
	EVENTUALLY(echo_timers == timers + 3);
	command(relid, &out, &in, 'K', 0);
	EVENTUALLY(echo->bus->slot[0]->dead);
	close_channel(relid, 0);
	assert_false(channel_lock(&echo->bus->slot[0]->ch));
	assert_null(device_channel(multi, 401));
	assert_non_null(device_channel(multi, 0));
}

static void monitor_bits(void **state)
{
	uint64_t page = (uint64_t)GUEST_PFN * PAGE_BYTES;
	uint32_t word[2] = { 'e', 0 }, back[2];
	uint32_t *to_host = guest_ptr(page + PAGE_BYTES, PAGE_BYTES);
	struct guest_ring out, in;
	unsigned int id, packets;
	uint64_t transaction;
	uint16_t latency;

	(void)state;
	memset(to_host, 0, PAGE_BYTES);
	post_contact(4, 0x50003, 0, TARGET_5, page, page + PAGE_BYTES);
	expect(MSG_VERSION);
	post_words(MSG_REQUEST_OFFERS, 0, 0, 0);
	expect(MSG_OFFER);
	id = got.word[47] & 0xff;
	assert_int_equal(got.word[47] >> 8 & 0xff, 1);
	assert_int_equal(id, 0);
	expect(MSG_OFFER);
	expect(MSG_ALL_OFFERS);
	memcpy(&latency, (uint8_t *)to_host + 0x240, 2);
	assert_int_equal(latency, 100);
	open_channel(1, 0, &out, &in);
	packets = echo_packets;
	guest_put(&out, PKT_INBAND, 1, 9, word, sizeof(word));
	/* Its own bit and one that nobody has. */
	__atomic_fetch_or(&to_host[2], 1u | 1u << 31, __ATOMIC_SEQ_CST);
	EVENTUALLY(echo_packets == packets + 1);
	EVENTUALLY(guest_get(&in, &transaction, back, sizeof(back)) == PKT_COMPLETION);
	/* A worker that was awake anyway may have been faster than the look at the page. */
	EVENTUALLY(!__atomic_load_n(&to_host[2], __ATOMIC_SEQ_CST));
	post_words(MSG_UNLOAD, 0, 0, 0);
	expect(MSG_UNLOAD_RESPONSE);
	__atomic_fetch_or(&to_host[2], 1u, __ATOMIC_SEQ_CST);
	usleep(1000);
	assert_int_equal(to_host[2], 1);	/* the page is the guest's alone again */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(echoes, each),
		cmocka_unit_test_setup(many_channels, each),
		cmocka_unit_test_setup(big_gpadls, each),
		cmocka_unit_test_setup(close_while_busy, each),
		cmocka_unit_test_setup(broken_ring, each),
		cmocka_unit_test_setup(full_ring, each),
		cmocka_unit_test_setup(timers_and_threads, each),
		cmocka_unit_test_setup(monitor_bits, each),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
