// SPDX-License-Identifier: GPL-2.0-only
/* The bus as a guest sees it: messages and rings through the whole of bus/. */
#include "test.h"

#include "bus_guest.h"

#define TARGET_5	VMBUS_SINT	/* SINT 2, VTL 0 */
#define FAR_NS		5000000000ull	/* nothing here takes as long */
#define RING_PAGES	4u

static struct hv_device *echo, *multi;	/* multi: threads and sub-channels */
static struct inbox_message got;

/* Until it is true, or fails the test: the limit is far beyond any machine. */
#define EVENTUALLY(cond)						\
	do {								\
		uint64_t end_ = now_ns() + FAR_NS;			\
		bool good_;						\
		while (!(good_ = (cond)) && now_ns() < end_) {		\
			run_loop();					\
			usleep(200);					\
		}							\
		if (!good_)						\
			fail_msg("never came: " #cond);			\
	} while (0)

static void expect(uint32_t type)
{
	assert_true(inbox_take(&got));
	assert_int_equal(got.word[0], type);
	assert_int_equal(got.sint, VMBUS_SINT);
}

static void expect_words(uint32_t type, uint32_t a, uint32_t b)
{
	expect(type);
	assert_int_equal(got.word[2], a);
	assert_int_equal(got.word[3], b);
}

static void expect_nothing(void)
{
	run_loop();
	assert_false(inbox_take(&got));
}

static void connect_as(uint32_t version)
{
	assert_int_equal(post_contact(1, version, 1, TARGET_5, 0, 0), HV_OK);
	expect(MSG_VERSION);
	assert_int_equal(got.word[2], 1);
	assert_int_equal(bus_version(), version);
}

/* Connected, offers taken; the relids of the two primaries. */
static void start(uint32_t version, uint32_t *relid, uint32_t *relid2)
{
	connect_as(version);
	assert_int_equal(post_words(MSG_REQUEST_OFFERS, 0, 0, 0), HV_OK);
	expect(MSG_OFFER);
	*relid = got.word[46];
	expect(MSG_OFFER);
	*relid2 = got.word[46];
	expect(MSG_ALL_OFFERS);
	expect_nothing();
}

static uint64_t ring_pfn(uint32_t n)
{
	return GUEST_PFN + 64 + n * RING_PAGES;
}

/* A ring GPADL at place n, both halves the same size; fresh pages. */
static void make_ring(uint32_t relid, uint32_t n, struct guest_ring *out, struct guest_ring *in)
{
	uint8_t *p = guest_ptr(ring_pfn(n) * PAGE_BYTES, RING_PAGES * PAGE_BYTES);
	uint32_t half = RING_PAGES / 2 * PAGE_BYTES;

	memset(p, 0, RING_PAGES * PAGE_BYTES);
	*out = (struct guest_ring){ (uint32_t *)p, p + PAGE_BYTES, half - PAGE_BYTES };
	p += half;
	*in = (struct guest_ring){ (uint32_t *)p, p + PAGE_BYTES, half - PAGE_BYTES };
	post_gpadl(relid, 0x1000 + n, ring_pfn(n), RING_PAGES, RING_PAGES * PAGE_BYTES, 0);
	expect_words(MSG_GPADL_CREATED, relid, 0x1000 + n);
	assert_int_equal(got.word[4], 0);
}

static void open_channel(uint32_t relid, uint32_t n, struct guest_ring *out,
			 struct guest_ring *in)
{
	make_ring(relid, n, out, in);
	post_open(relid, 0x1000 + n, 0, RING_PAGES / 2);
	expect_words(MSG_OPEN_RESULT, relid, relid + 1000);
	assert_int_equal(got.word[4], 0);
}

static void teardown(uint32_t relid, uint32_t n)
{
	post_words(MSG_GPADL_TEARDOWN, 2, relid, 0x1000 + n);
}

static void close_channel(uint32_t relid, uint32_t n)
{
	post_words(MSG_CLOSE, 1, relid, 0);
	teardown(relid, n);
	expect_words(MSG_GPADL_TORNDOWN, 0x1000 + n, 0);
}

/* Sends a command to the device and takes the completion. */
static void command(uint32_t relid, struct guest_ring *out, struct guest_ring *in, char verb,
		    uint32_t arg)
{
	uint32_t data[2] = { verb, arg }, back[2] = { 0, 0 };
	static uint64_t next = 7;
	uint64_t id = 0;
	uint16_t type = 0;

	guest_put(out, PKT_INBAND, 1, ++next, data, sizeof(data));
	guest_signal(relid);
	EVENTUALLY((type = guest_get(in, &id, back, sizeof(back))) != 0);
	assert_int_equal(type, PKT_COMPLETION);
	assert_int_equal(id, next);
	assert_memory_equal(data, back, sizeof(data));
}

static int set_up(void **state)
{
	(void)state;
	echo_monitored = true;
	bus_create(VERSION(5, 3));
	echo = add_echo("echo");
	multi = add_echo("echo2,sub=400");
	return 0;
}

static int each(void **state)
{
	(void)state;
	run_loop();
	bus_reset();
	bus.max_version = VERSION(5, 3);
	synic_limit = INBOX;
	inbox_head = inbox_tail;
	echo_status = 0;
	echo_stall = false;
	bus_device_offer(echo);
	bus_device_offer(multi);
	return 0;
}

static void versions(void **state)
{
	static const uint32_t good[] = { 0x20004, 0x30000, 0x40000, 0x40001, 0x50000, 0x50001,
					 0x50002, 0x50003 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		connect_as(good[i]);
		assert_int_equal(got.vp, good[i] >= 0x30000 ? 1 : 0);
		if (good[i] >= 0x50000)
			assert_int_equal(got.word[3], 4);
	}
	post_contact(4, 0x60000, 0, TARGET_5, 0, 0);
	expect_words(MSG_VERSION, 0, 0);
	assert_int_equal(bus_version(), 0);
	post_contact(1, 0x10001, 0, 0, 0, 0);
	expect_words(MSG_VERSION, 0, 0);
	bus.max_version = VERSION(4, 1);
	post_contact(1, 0x50000, 0, TARGET_5, 0, 0);
	expect_words(MSG_VERSION, 0, 0);
	assert_int_equal(post_contact(4, 0x50000, 0, TARGET_5, 0, 0), HV_INVALID_CONNECTION);
	expect_nothing();
	connect_as(0x40001);
	assert_int_equal(post_contact(3, 0x50000, 0, TARGET_5, 0, 0), HV_INVALID_CONNECTION);
}

static void contact_targets(void **state)
{
	uint64_t page = (uint64_t)GUEST_PFN * PAGE_BYTES;

	(void)state;
	/* Another SINT: the refusal goes there. Another VTL: silence. */
	post_contact(4, 0x50002, 1, 5, 0, 0);
	assert_true(inbox_take(&got));
	assert_int_equal(got.word[0], MSG_VERSION);
	assert_int_equal(got.word[2], 0);
	assert_int_equal(got.sint, 5);
	post_contact(4, 0x50002, 1, VMBUS_SINT | 1 << 8, 0, 0);
	expect_nothing();
	/* Monitor pages: both or none, aligned, memory. */
	post_contact(4, 0x50002, 1, TARGET_5, page, 0);
	expect_words(MSG_VERSION, 1 | 2 << 8, 0);
	assert_int_equal(bus_version(), 0);
	post_contact(4, 0x50002, 1, TARGET_5, 0, page);
	expect_words(MSG_VERSION, 1 | 2 << 8, 0);
	post_contact(4, 0x50002, 1, TARGET_5, page, page + 8);
	expect_words(MSG_VERSION, 1 | 2 << 8, 0);
	post_contact(4, 0x50002, 1, TARGET_5, page, 1ull << 60);
	expect_words(MSG_VERSION, 1 | 2 << 8, 0);
	post_contact(4, 0x50002, 1, TARGET_5, page, page + PAGE_BYTES);
	expect_words(MSG_VERSION, 1, 4);
	/* A VP that isn't there gets the answer on VP 0. */
	post_contact(4, 0x50002, 77, TARGET_5, 0, 0);
	expect(MSG_VERSION);
	assert_int_equal(got.vp, 0);
}

static void not_connected(void **state)
{
	(void)state;
	post_words(MSG_REQUEST_OFFERS, 0, 0, 0);
	post_words(MSG_UNLOAD, 0, 0, 0);
	post_words(MSG_MODIFY, 2, 1, 0);
	post_gpadl(1, 1, GUEST_PFN, 1, PAGE_BYTES, 0);
	post_words(99, 2, 1, 0);
	assert_int_equal(vmbus_post_message(0, 1, VMBUS_TYPE, "abc", 3), HV_OK);
	assert_int_equal(vmbus_post_message(0, 1, 2, "abc", 3), HV_INVALID_PARAMETER);
	expect_nothing();
}

static void offers(void **state)
{
	uint32_t relid, relid2;

	(void)state;
	connect_as(0x50003);
	expect_nothing();
	post_words(MSG_REQUEST_OFFERS, 0, 0, 0);
	expect(MSG_OFFER);
	relid = got.word[46];
	assert_int_equal(got.len, 196);
	assert_memory_equal((uint8_t *)got.word + 8, &echo->ops->type, 16);
	assert_memory_equal((uint8_t *)got.word + 24, &echo->instance, 16);
	assert_int_equal(got.word[14], OFFER_ENUMERATE);
	assert_int_equal(got.word[15], 0x77);
	assert_int_equal(got.word[47] & 0xffff, MONITOR_NONE);	/* no pages given */
	assert_int_equal(got.word[47] >> 16, 1);
	assert_int_equal(got.word[48], relid | 2 << 12);
	expect(MSG_OFFER);
	relid2 = got.word[46];
	assert_int_not_equal(relid, relid2);
	assert_int_equal(got.word[14], OFFER_ENUMERATE | OFFER_PIPE);
	assert_int_equal(got.word[15], PIPE_MESSAGE);
	assert_int_equal(got.word[16], 0x77);
	expect(MSG_ALL_OFFERS);
	post_words(MSG_REQUEST_OFFERS, 0, 0, 0);
	expect_nothing();
}

static void open_refused(uint32_t relid, uint32_t gpadl, uint32_t vp, uint32_t downstream)
{
	post_open(relid, gpadl, vp, downstream);
	expect_words(MSG_OPEN_RESULT, relid, relid + 1000);
	assert_int_not_equal(got.word[4], 0);
}

static void open_rules(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2;
	unsigned int opens = echo_opens;

	(void)state;
	start(0x50003, &relid, &relid2);
	make_ring(relid, 0, &out, &in);
	open_refused(relid, 0x1000, 0, 0);
	open_refused(relid, 0x1000, 0, RING_PAGES);
	open_refused(relid, 0x1000, 0, 1);		/* no data page */
	open_refused(relid, 0x1000, 0, RING_PAGES - 1);
	open_refused(relid, 0x1000, 4, RING_PAGES / 2);	/* no such VP */
	open_refused(relid, 0x2000, 0, RING_PAGES / 2);
	open_refused(relid2, 0x1000, 0, RING_PAGES / 2);	/* another channel's */
	post_gpadl(relid, 0x3000, ring_pfn(1), RING_PAGES, RING_PAGES * PAGE_BYTES - 8, 0);
	expect_words(MSG_GPADL_CREATED, relid, 0x3000);
	open_refused(relid, 0x3000, 0, RING_PAGES / 2);	/* not whole pages */
	assert_int_equal(echo_opens, opens);
	echo_status = 0xc0000001;
	open_refused(relid, 0x1000, 0, RING_PAGES / 2);
	echo_status = 0;
	post_open(700, 0x1000, 0, RING_PAGES / 2);
	expect_nothing();
	post_open(relid, 0x1000, VP_NONE, RING_PAGES / 2);
	expect_words(MSG_OPEN_RESULT, relid, relid + 1000);
	assert_int_equal(got.word[4], 0);
	assert_int_equal(in.control[16] & 1, 1);	/* feature: pending send size */
	EVENTUALLY(!out.control[2]);			/* the worker unmasked it */
	assert_int_equal(echo->bus->slot[0]->ch.open_user[0], 'u');
	post_open(relid, 0x1000, 0, RING_PAGES / 2);	/* open already: no reply */
	expect_nothing();
	close_channel(relid, 0);
}

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

static void modify(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2;

	(void)state;
	start(0x50003, &relid, &relid2);
	post_words(MSG_MODIFY, 2, relid, 2);
	expect_words(MSG_MODIFY_RESPONSE, relid, STATUS_FAILED);
	open_channel(relid, 0, &out, &in);
	post_words(MSG_MODIFY, 2, relid, VP_NONE);
	expect_words(MSG_MODIFY_RESPONSE, relid, STATUS_FAILED);
	post_words(MSG_MODIFY, 2, relid, 4);
	expect_words(MSG_MODIFY_RESPONSE, relid, STATUS_FAILED);
	post_words(MSG_MODIFY, 2, relid, 3);
	expect_words(MSG_MODIFY_RESPONSE, relid, 0);
	command(relid, &out, &in, 'e', 1);
	EVENTUALLY(last_flag_vp == 3);
	start(0x50002, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	post_words(MSG_MODIFY, 2, relid, 2);
	expect_nothing();
	command(relid, &out, &in, 'e', 1);
	EVENTUALLY(last_flag_vp == 2);
	start(0x40000, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	post_words(MSG_MODIFY, 2, relid, 2);	/* 4.1 brought it */
	command(relid, &out, &in, 'e', 1);
	EVENTUALLY(last_flag_vp == 0);
}

static void tl_connect(void **state)
{
	uint8_t guids[32];

	(void)state;
	memset(guids, 0x5a, sizeof(guids));
	connect_as(0x50000);
	post(4, MSG_TL_CONNECT, guids, sizeof(guids));
	expect(MSG_TL_RESULT);
	assert_int_equal(got.len, 44);
	assert_memory_equal(got.word + 2, guids, sizeof(guids));
	assert_int_equal(got.word[10], STATUS_REFUSED);
	connect_as(0x40000);
	post(1, MSG_TL_CONNECT, guids, sizeof(guids));
	connect_as(0x30000);
	post(1, MSG_TL_CONNECT, guids, sizeof(guids));
	expect_nothing();
}

static void unload(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2;
	unsigned int closes = echo_closes, resets;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	resets = echo_resets;
	post_words(MSG_UNLOAD, 0, 0, 0);
	expect(MSG_UNLOAD_RESPONSE);
	assert_int_equal(echo_closes, closes + 1);
	assert_int_equal(echo_resets, resets + 2);
	assert_int_equal(bus_version(), 0);
	post_words(MSG_UNLOAD, 0, 0, 0);
	expect_nothing();
	/* A contact on top of an open channel closes it. */
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	start(0x50001, &relid, &relid2);
	assert_int_equal(echo_closes, closes + 2);
	open_channel(relid, 0, &out, &in);	/* the GPADL id is free again */
	command(relid, &out, &in, 'e', 1);
}

/* Takes the offers of subs 1 to n; relids. */
static void take_subs(unsigned int n, uint32_t *relid)
{
	for (unsigned int i = 0; i < n; i++) {
		EVENTUALLY(inbox_take(&got));
		assert_int_equal(got.word[0], MSG_OFFER);
		assert_int_equal(got.word[45] & 0xffff, i + 1);
		relid[i] = got.word[46];
	}
}

static void sub_channels(void **state)
{
	struct guest_ring out, in, sub_out, sub_in;
	uint32_t relid, relid2, sub[3], again[3];

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid2, 0, &out, &in);
	assert_false(device_offer_subchannels(multi, 401));
	command(relid2, &out, &in, 'S', 3);
	take_subs(3, sub);
	open_channel(sub[1], 1, &sub_out, &sub_in);
	command(sub[1], &sub_out, &sub_in, 'e', 1);
	/* Closing the primary takes the subs back. */
	post_words(MSG_CLOSE, 1, relid2, 0);
	for (unsigned int i = 0; i < 3; i++)
		expect_words(MSG_RESCIND, sub[i], 0);
	teardown(relid2, 0);
	expect_words(MSG_GPADL_TORNDOWN, 0x1000, 0);
	open_channel(relid2, 0, &out, &in);
	command(relid2, &out, &in, 'S', 3);
	expect_nothing();		/* held until the relids come back */
	post_words(MSG_RELID_RELEASED, 1, sub[2], 0);
	EVENTUALLY(inbox_take(&got));
	assert_int_equal(got.word[0], MSG_OFFER);
	assert_int_equal(got.word[45] & 0xffff, 3);
	/* On a rescinded channel create and teardown succeed at once. */
	teardown(sub[1], 1);
	expect_words(MSG_GPADL_TORNDOWN, 0x1001, 0);
	post_gpadl(sub[1], 0x5000, GUEST_PFN, 1, PAGE_BYTES, 0);
	expect_words(MSG_GPADL_CREATED, sub[1], 0x5000);
	assert_int_equal(got.word[4], 0);
	post_words(MSG_RELID_RELEASED, 1, sub[0], 0);
	post_words(MSG_RELID_RELEASED, 1, sub[1], 0);
	take_subs(2, again);
	/* A sub that asks too late: the primary has closed meanwhile. */
	command(relid2, &out, &in, 'S', 4);
	post_words(MSG_CLOSE, 1, relid2, 0);
	for (unsigned int i = 0; i < 3; i++)
		expect(MSG_RESCIND);
	expect_nothing();
}

static void rescind_and_offer(void **state)
{
	struct guest_ring out, in, sub_out, sub_in;
	uint32_t relid, relid2, sub[2];
	unsigned int closes;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid2, 0, &out, &in);
	command(relid2, &out, &in, 'S', 2);
	take_subs(2, sub);
	open_channel(sub[0], 1, &sub_out, &sub_in);
	post_words(MSG_RELID_RELEASED, 1, relid2, 0);	/* open: not accepted */
	command(relid2, &out, &in, 'e', 2);
	closes = echo_closes;
	assert_true(bus_device_rescind(multi));
	assert_false(bus_device_rescind(multi));
	expect_words(MSG_RESCIND, sub[0], 0);
	expect_words(MSG_RESCIND, sub[1], 0);
	expect_words(MSG_RESCIND, relid2, 0);
	assert_int_equal(echo_closes, closes + 2);
	assert_true(bus_device_offer(multi));
	assert_false(bus_device_offer(multi));
	expect_nothing();				/* a guest that never releases */
	open_refused(relid2, 0x1000, 0, RING_PAGES / 2);
	post_words(MSG_CLOSE, 1, relid2, 0);
	teardown(relid2, 0);
	expect_words(MSG_GPADL_TORNDOWN, 0x1000, 0);
	expect_nothing();
	post_words(MSG_RELID_RELEASED, 1, sub[0], 0);
	post_words(MSG_RELID_RELEASED, 1, sub[1], 0);
	expect_nothing();
	post_words(MSG_RELID_RELEASED, 1, relid2, 0);
	expect(MSG_OFFER);
	assert_int_equal(got.word[45] & 0xffff, 0);
	relid2 = got.word[46];
	open_channel(relid2, 0, &out, &in);
	command(relid2, &out, &in, 'e', 3);
	/* Rescinded while the re-offer waits: no offer any more. */
	bus_device_rescind(multi);
	expect_words(MSG_RESCIND, relid2, 0);
	bus_device_offer(multi);
	bus_device_rescind(multi);
	post_words(MSG_RELID_RELEASED, 1, relid2, 0);
	post_words(MSG_RELID_RELEASED, 1, relid2, 0);
	expect_nothing();
	/* Withdrawn devices are not among the offers of a new connection. */
	connect_as(0x50003);
	post_words(MSG_REQUEST_OFFERS, 0, 0, 0);
	expect(MSG_OFFER);
	expect(MSG_ALL_OFFERS);
	bus_device_offer(multi);
	expect(MSG_OFFER);
}

/* Rescind after the first n steps of an open; the guest then cleans up and gets a new offer. */
static void rescind_at_each_step(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2;

	(void)state;
	start(0x50003, &relid, &relid2);
	for (unsigned int step = 0; step < 5; step++) {
		if (step == 1) {	/* header only: 30 pages need a body */
			const uint16_t head[10] = { relid, 0, 0x1000, 0, 8 + 8 * 30, 1,
						    0xe000, 1, 0, 0 };

			post(1, MSG_GPADL_HEADER, head, sizeof(head));
		}
		if (step == 2)
			make_ring(relid, 0, &out, &in);
		if (step >= 3)
			open_channel(relid, 0, &out, &in);
		if (step == 4)
			teardown(relid, 0);
		bus_device_rescind(echo);
		if (step == 1) {	/* what the guest waits for comes, in its own way */
			expect_words(MSG_RESCIND, relid, 0);
			expect_words(MSG_GPADL_CREATED, relid, 0x1000);
		} else if (step == 4) {	/* the close within the rescind answers */
			expect_words(MSG_GPADL_TORNDOWN, 0x1000, 0);
			expect_words(MSG_RESCIND, relid, 0);
		} else {
			expect_words(MSG_RESCIND, relid, 0);
		}
		bus_device_offer(echo);
		post_words(MSG_CLOSE, 1, relid, 0);
		teardown(relid, 0);
		expect_words(MSG_GPADL_TORNDOWN, 0x1000, 0);
		expect_nothing();
		post_words(MSG_RELID_RELEASED, 1, relid, 0);
		expect(MSG_OFFER);
		relid = got.word[46];
	}
	open_channel(relid, 0, &out, &in);
	command(relid, &out, &in, 'e', 1);
}

static void back_pressure(void **state)
{
	uint8_t guids[32] = { 0 };
	unsigned int sent = 0, taken = 0;

	(void)state;
	connect_as(0x50003);
	synic_limit = 4;
	while (post(4, MSG_TL_CONNECT, guids, sizeof(guids)) == HV_OK) {
		guids[0] = ++sent;
		assert_true(sent < 1000);
	}
	assert_int_equal(post_words(MSG_REQUEST_OFFERS, 0, 0, 0), HV_NO_BUFFERS);
	while (taken < sent) {		/* in order, none lost */
		EVENTUALLY(inbox_take(&got));
		assert_int_equal(got.word[0], MSG_TL_RESULT);
		assert_int_equal(got.word[2], taken++);
	}
	expect_nothing();
	assert_int_equal(post_words(MSG_REQUEST_OFFERS, 0, 0, 0), HV_OK);
	/* Contact and unload are taken always: they throw the backlog away. */
	while (post(4, MSG_TL_CONNECT, guids, sizeof(guids)) == HV_OK)
		;
	assert_int_equal(post_words(MSG_UNLOAD, 0, 0, 0), HV_OK);
	expect(MSG_UNLOAD_RESPONSE);
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

static void *close_it(void *arg)
{
	post_words(MSG_CLOSE, 1, *(uint32_t *)arg, 0);
	return NULL;
}

static void close_while_busy(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2, word[2] = { 'e', 0 };
	unsigned int closes = echo_closes;
	pthread_t thread;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	echo_stall = true;
	for (unsigned int i = 0; i < 20; i++)
		guest_put(&out, PKT_INBAND, 0, i, word, sizeof(word));
	guest_signal(relid);
	EVENTUALLY(echo_stalled);
	assert_int_equal(pthread_create(&thread, NULL, close_it, &relid), 0);
	EVENTUALLY(echo->bus->slot[0]->waiters);
	assert_int_equal(echo_closes, closes);	/* not under the handler's feet */
	echo_stall = false;
	pthread_join(thread, NULL);
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
	uint32_t word[2] = { 'e', 0 }, back[2], *to_host = guest_ptr(page + PAGE_BYTES, PAGE_BYTES);
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
	__atomic_fetch_or(&to_host[2], 1u | 1u << 31, __ATOMIC_SEQ_CST);	/* and a stray one */
	EVENTUALLY(echo_packets == packets + 1);
	EVENTUALLY(guest_get(&in, &transaction, back, sizeof(back)) == PKT_COMPLETION);
	assert_int_equal(to_host[2], 0);
	post_words(MSG_UNLOAD, 0, 0, 0);
	expect(MSG_UNLOAD_RESPONSE);
	__atomic_fetch_or(&to_host[2], 1u, __ATOMIC_SEQ_CST);
	usleep(1000);
	assert_int_equal(to_host[2], 1);	/* the page is the guest's alone again */
}

static void descriptions(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2;
	struct text t = { 0 };

	(void)state;
	bus_describe(&t);
	assert_non_null(strstr(t.data, "not connected"));
	text_free(&t);
	start(0x40001, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	bus_device_rescind(multi);
	bus_describe(&t);
	assert_non_null(strstr(t.data, "version 4.1"));
	assert_non_null(strstr(t.data, "echo0.0 relid 1 open vp 0 rings 4096+4096"));
	assert_non_null(strstr(t.data, "not released"));
	text_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(versions, each),
		cmocka_unit_test_setup(contact_targets, each),
		cmocka_unit_test_setup(not_connected, each),
		cmocka_unit_test_setup(offers, each),
		cmocka_unit_test_setup(open_rules, each),
		cmocka_unit_test_setup(echoes, each),
		cmocka_unit_test_setup(modify, each),
		cmocka_unit_test_setup(tl_connect, each),
		cmocka_unit_test_setup(unload, each),
		cmocka_unit_test_setup(sub_channels, each),
		cmocka_unit_test_setup(rescind_and_offer, each),
		cmocka_unit_test_setup(rescind_at_each_step, each),
		cmocka_unit_test_setup(back_pressure, each),
		cmocka_unit_test_setup(many_channels, each),
		cmocka_unit_test_setup(big_gpadls, each),
		cmocka_unit_test_setup(close_while_busy, each),
		cmocka_unit_test_setup(broken_ring, each),
		cmocka_unit_test_setup(full_ring, each),
		cmocka_unit_test_setup(timers_and_threads, each),
		cmocka_unit_test_setup(monitor_bits, each),
		cmocka_unit_test_setup(descriptions, each),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
