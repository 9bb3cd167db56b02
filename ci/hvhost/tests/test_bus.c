// SPDX-License-Identifier: GPL-2.0-only
/* The control plane as a guest sees it: messages through the whole of bus/. */
#include "test.h"

#include "bus_guest.h"
#include "bus_steps.h"

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
	/* Neither ends the connection that there is. 5.0 knows no VTL, connection 1 neither. */
	connect_as(0x50003);
	post_contact(4, 0x50002, 1, VMBUS_SINT | 1 << 8, 0, 0);
	assert_int_equal(bus_version(), 0x50003);
	post_contact(4, 0x50000, 1, VMBUS_SINT | 1 << 8, 0, 0);
	expect_words(MSG_VERSION, 1, 4);
	post_contact(1, 0x50001, 1, 5 | 1 << 8, 0, 0);
	expect_words(MSG_VERSION, 1, 4);
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
	posts_settle();
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
	post_open(relid2, 0x1000, 0, RING_PAGES / 2);
	expect_nothing();
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

/* A ring GPADL in two halves: 30 pages are more than a header takes. */
static void gpadl_first_half(uint32_t relid)
{
	struct {
		uint32_t relid, id;
		uint16_t len, count;
		uint32_t bytes, offset;
		uint64_t pfn[26];
	} __attribute__((packed)) head = {
		relid, 0x1000, 8 + 8 * 30, 1, 30 * PAGE_BYTES, 0, { 0 },
	};

	for (unsigned int i = 0; i < 26; i++)
		head.pfn[i] = GUEST_PFN + i;
	post(1, MSG_GPADL_HEADER, &head, sizeof(head));
	expect_nothing();
}

static void gpadl_second_half(void)
{
	const uint64_t body[5] = { 1 | 0x1000ull << 32, GUEST_PFN + 26, GUEST_PFN + 27,
				   GUEST_PFN + 28, GUEST_PFN + 29 };

	post(1, MSG_GPADL_BODY, body, sizeof(body));
}

/* Rescind after the first n steps of an open; the guest then cleans up and gets a new offer. */
static void rescind_at_each_step(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2;

	(void)state;
	start(0x50003, &relid, &relid2);
	for (unsigned int step = 0; step < 5; step++) {
		if (step == 1)
			gpadl_first_half(relid);
		if (step == 2)
			make_ring(relid, 0, &out, &in);
		if (step >= 3)
			open_channel(relid, 0, &out, &in);
		if (step == 4)
			teardown(relid, 0);
		bus_device_rescind(echo);
		if (step == 4)		/* the close within the rescind answers */
			expect_words(MSG_GPADL_TORNDOWN, 0x1000, 0);
		expect_words(MSG_RESCIND, relid, 0);
		bus_device_offer(echo);
		if (step == 0)		/* to make one is still possible */
			make_ring(relid, 0, &out, &in);
		if (step == 1) {
			gpadl_second_half();
			expect_words(MSG_GPADL_CREATED, relid, 0x1000);
			assert_int_equal(got.word[4], 0);
		}
		post_open(relid, 0x1000, 0, 1);
		post_words(MSG_CLOSE, 1, relid, 0);
		expect_nothing();
		teardown(relid, 0);
		if (step != 4)
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
		cmocka_unit_test_setup(modify, each),
		cmocka_unit_test_setup(tl_connect, each),
		cmocka_unit_test_setup(unload, each),
		cmocka_unit_test_setup(sub_channels, each),
		cmocka_unit_test_setup(rescind_and_offer, each),
		cmocka_unit_test_setup(rescind_at_each_step, each),
		cmocka_unit_test_setup(back_pressure, each),
		cmocka_unit_test_setup(descriptions, each),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
