// SPDX-License-Identifier: GPL-2.0-only
/* Faults over the whole bus: each verb on messages, packets, flags and sections. */
#include "test.h"

#include "../fault/fault.h"

#include "bus_guest.h"
#include "bus_steps.h"

static char said[4096];

static bool fault(struct hv_device *dev, const char *line)
{
	char copy[600], *word[16], *save, *p;
	struct text answer = { 0 };
	bool good;
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save))
		word[n++] = p;
	good = fault_command(dev, n, word, &answer);
	snprintf(said, sizeof(said), "%s", answer.data ? answer.data : "");
	text_free(&answer);
	return good;
}

static void set(struct hv_device *dev, const char *line)
{
	if (!fault(dev, line))
		fail_msg("'%s': %s", line, said);
}

static int fresh(void **state)
{
	set(NULL, "off");
	set(echo, "off");
	set(multi, "off");
	assert_false(fault_on);
	return each(state);
}

static void messages(void **state)
{
	uint32_t relid, relid2;

	(void)state;
	set(NULL, "mute VERSION_RESPONSE 1");
	post_contact(1, 0x50003, 1, TARGET_5, 0, 0);
	expect_nothing();
	set(NULL, "corrupt VERSION_RESPONSE.supported 0 1");
	post_contact(1, 0x50003, 1, TARGET_5, 0, 0);
	expect(MSG_VERSION);
	assert_int_equal(got.word[2], 0);
	set(NULL, "duplicate VERSION_RESPONSE 1");
	connect_as(0x50003);
	expect(MSG_VERSION);

	/* A relid that is another's; ALLOFFERS in front of the last offer. */
	set(NULL, "corrupt OFFER.child_relid 1 1 after 1");
	set(NULL, "wrong-order OFFER 1 after 1");
	post_words(MSG_REQUEST_OFFERS, 0, 0, 0);
	expect(MSG_OFFER);
	relid = got.word[46];
	expect(MSG_ALL_OFFERS);
	expect(MSG_OFFER);
	assert_int_equal(got.word[46], 1);
	relid2 = multi->bus->slot[0]->ch.relid;
	assert_int_not_equal(relid, relid2);

	set(NULL, "truncate 12 GPADL_CREATED 1");
	post_gpadl(relid, 0x77, ring_pfn(0), 4, 4 * PAGE_BYTES, 0);
	expect(MSG_GPADL_CREATED);
	assert_int_equal(got.len, 12);
	set(NULL, "oversize 100 GPADL_TORNDOWN 1");
	post_words(MSG_GPADL_TEARDOWN, 2, relid, 0x77);
	expect(MSG_GPADL_TORNDOWN);
	assert_int_equal(got.len, 112);
	set(NULL, "flood 5 GPADL_CREATED 1");
	post_gpadl(relid, 0x77, ring_pfn(0), 4, 4 * PAGE_BYTES, 0);
	for (int i = 0; i < 5; i++)
		expect(MSG_GPADL_CREATED);
	set(NULL, "replay 1 GPADL_TORNDOWN 1");
	post_words(MSG_GPADL_TEARDOWN, 2, relid, 0x77);
	expect(MSG_GPADL_TORNDOWN);
	expect(MSG_GPADL_CREATED);
	expect_nothing();
	set(NULL, "list");
	assert_non_null(strstr(said, "messages 10 changed 8"));
	assert_non_null(strstr(said, "corrupt OFFER.child_relid 0x1 0 (hits 1)"));
}

/* A message about a device meets the device's rules, and nobody else's does. */
static void messages_of_a_device(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2;

	(void)state;
	start(0x50003, &relid, &relid2);
	set(echo, "mute OPENCHANNEL_RESULT 1");
	set(echo, "mute GPADL_TORNDOWN 1");
	open_channel(relid2, 1, &out, &in);
	make_ring(relid, 0, &out, &in);
	post_open(relid, 0x1000, 0, RING_PAGES / 2);
	expect_nothing();
	close_channel(relid2, 1);
	post_words(MSG_CLOSE, 1, relid, 0);
	teardown(relid, 0);
	expect_nothing();
}

static void late_messages(void **state)
{
	uint32_t relid, relid2;

	(void)state;
	start(0x50003, &relid, &relid2);
	set(NULL, "late 500 UNLOAD_RESPONSE 1");
	post_words(MSG_UNLOAD, 0, 0, 0);
	expect_nothing();
	/* The next connection is there before it. */
	connect_as(0x50003);
	assert_int_equal(park_count(), 1);
	EVENTUALLY(inbox_take(&got));
	assert_int_equal(got.word[0], MSG_UNLOAD_RESPONSE);
	assert_int_equal(park_count(), 0);
}

static uint32_t plain(struct guest_ring *out, struct guest_ring *in, uint32_t relid)
{
	struct bus_channel *s = slot_by_relid(relid);
	uint64_t sent = s->packets_out;
	uint32_t word[2] = { 'e', 4711 }, n = 0, back[64];
	uint64_t id;

	guest_put(out, PKT_INBAND, 1, 99, word, sizeof(word));
	guest_signal(relid);
	EVENTUALLY(s->packets_out != sent && !ring_pending(&s->in));
	/* What comes with the packet is there once the channel's lock is free. */
	slot_enter(s);
	slot_leave(s);
	while (guest_get(in, &id, back, sizeof(back)))
		n++;
	return n;
}

static void packets(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2, word[2] = { 'e', 1 }, back[4] = { 0 };
	uint64_t id = 0;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	set(echo, "mute 1");
	assert_int_equal(plain(&out, &in, relid), 0);
	set(echo, "duplicate completion 1");
	assert_int_equal(plain(&out, &in, relid), 2);
	set(echo, "flood 9 1");
	assert_int_equal(plain(&out, &in, relid), 9);
	set(echo, "replay 2 packet 1");
	assert_int_equal(plain(&out, &in, relid), 2);
	set(echo, "wrong-order 1");
	assert_int_equal(plain(&out, &in, relid), 0);
	assert_int_equal(plain(&out, &in, relid), 2);
	set(echo, "late 20 1");
	assert_int_equal(plain(&out, &in, relid), 0);
	EVENTUALLY(guest_get(&in, &id, back, sizeof(back)));
	assert_int_equal(id, 99);
	assert_int_equal(back[1], 4711);

	set(echo, "corrupt data@4:4 0xdead 1");
	set(echo, "corrupt desc.trans_id 5 1");
	set(echo, "oversize 8 1");
	guest_put(&out, PKT_INBAND, 1, 99, word, sizeof(word));
	guest_signal(relid);
	EVENTUALLY(guest_get(&in, &id, back, sizeof(back)));
	assert_int_equal(id, 5);
	assert_int_equal(back[1], 0xdead);
	assert_int_equal(back[2], 0xa5a5a5a5);
	/* And all is well when they are used up; another device never saw them. */
	command(relid, &out, &in, 'e', 1);
	set(echo, "list");
	assert_non_null(strstr(said, "packets 9 changed 7"));
}

static void a_channel_only(void **state)
{
	struct guest_ring out, in, out2, in2;
	uint32_t relid, relid2, sub[2];

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid2, 0, &out, &in);
	command(relid2, &out, &in, 'S', 2);
	take_subs(2, sub);
	open_channel(sub[1], 1, &out2, &in2);
	assert_false(bus_sub_offer(multi, 2));
	assert_false(bus_sub_rescind(multi, 3));
	set(multi, "2 mute 1");
	assert_int_equal(plain(&out, &in, relid2), 1);
	assert_int_equal(plain(&out2, &in2, sub[1]), 0);
	assert_int_equal(plain(&out2, &in2, sub[1]), 1);
	assert_false(fault(multi, "401 mute"));
	assert_true(bus_sub_rescind(multi, 2));
	expect_words(MSG_RESCIND, sub[1], 0);
	assert_false(bus_sub_rescind(multi, 2));
	post_words(MSG_RELID_RELEASED, 1, sub[1], 0);
	assert_true(bus_sub_offer(multi, 2));
	expect(MSG_OFFER);
	assert_int_equal(got.word[45] & 0xffff, 2);
	assert_int_equal(plain(&out, &in, relid2), 1);
}

static void rings_and_flags(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2, flags, old;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	/* Its thread has gone through what an open leaves to it after this. */
	assert_int_equal(plain(&out, &in, relid), 1);
	flags = flags_set[relid];
	old = in.control[0];
	set(echo, "corrupt rx.write 0xfffffff8 now");
	assert_int_equal(in.control[0], 0xfffffff8);
	assert_int_equal(flags_set[relid], flags + 1);
	in.control[0] = old;
	old = out.control[1];
	set(echo, "corrupt tx.read ^8 now");
	assert_int_equal(out.control[1], old ^ 8);
	out.control[1] = old;
	/* With a packet: the host's own index is right all the same. */
	set(echo, "corrupt rx.features 0 1");
	assert_int_equal(plain(&out, &in, relid), 1);
	assert_int_equal(in.control[16], 0);

	flags = flags_set[relid];
	set(echo, "mute flag 1");
	assert_int_equal(plain(&out, &in, relid), 1);
	assert_int_equal(flags_set[relid], flags);
	set(echo, "corrupt flag 2000 1");
	assert_int_equal(plain(&out, &in, relid), 1);
	assert_int_equal(flags_set[relid], flags);
	assert_int_equal(flags_set[2000], 1);
	set(echo, "flood 50 flag 1");
	assert_int_equal(plain(&out, &in, relid), 1);
	assert_int_equal(flags_set[relid], flags + 50);
	flags = flags_set[1999];
	set(NULL, "signal 1999 3");
	assert_int_equal(flags_set[1999], flags + 3);
	assert_false(fault(NULL, "signal 2048"));
	assert_false(fault(echo, "corrupt data@0:4 0 now"));
	assert_false(fault(multi, "corrupt rx.write 0 now"));
}

static void sections(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2;
	struct gpadl *g;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	post_gpadl(relid, 0x9000, GUEST_PFN, 1, PAGE_BYTES, 0);
	expect(MSG_GPADL_CREATED);
	memset(guest_ram[0], 0, 64);
	g = gpadl_get(&echo->bus->slot[0]->ch, 0x9000);
	set(echo, "corrupt section@1:1 0x7a 1");
	assert_true(gpadl_write(g, 0, "abcd", 4));
	assert_memory_equal(guest_ram[0], "azcd", 4);
	set(echo, "truncate 2 section 1");
	assert_true(gpadl_write(g, 8, "abcd", 4));
	assert_memory_equal(guest_ram[0] + 8, "ab\0\0", 4);
	set(echo, "mute section 1");
	assert_true(gpadl_write(g, 16, "abcd", 4));
	assert_memory_equal(guest_ram[0] + 16, "\0\0\0\0", 4);
	assert_false(gpadl_write(g, PAGE_BYTES - 1, "abcd", 4));
	assert_true(gpadl_write(g, 16, "abcd", 4));
	assert_memory_equal(guest_ram[0] + 16, "abcd", 4);
	gpadl_put(g);
}

static void injections(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2, back[4] = { 0 };
	uint64_t id = 0;

	(void)state;
	start(0x50003, &relid, &relid2);
	set(NULL, "inject 02000000000000000a000000");
	expect_words(MSG_RESCIND, 10, 0);
	set(NULL, "synic 0x80000010 0102");
	assert_true(inbox_take(&got));
	assert_int_equal(got.type, 0x80000010);
	assert_int_equal(got.len, 2);
	assert_false(fault(NULL, "inject 0g"));
	assert_false(fault(NULL, "synic 0 00"));
	assert_false(fault(echo, "inject completion 7 00"));	/* not open */
	open_channel(relid, 0, &out, &in);
	set(echo, "inject completion 0xffffffffffffffff 0102030405060708");
	assert_int_equal(guest_get(&in, &id, back, sizeof(back)), PKT_COMPLETION);
	assert_true(id == UINT64_MAX);
	assert_int_equal(back[0], 0x04030201);
	set(echo, "inject 99 1 -");
	assert_int_equal(guest_get(&in, &id, back, sizeof(back)), 99);
	assert_false(fault(echo, "inject message 1 00"));
	/* The id of the guest's newest packet, which the device completes. */
	guest_put(&out, PKT_INBAND, 1, 0x500000007, back, sizeof(back));
	guest_signal(relid);
	EVENTUALLY(guest_get(&in, &id, back, sizeof(back)) != 0);
	set(echo, "inject completion last.0-0x100000000 -");
	assert_int_equal(guest_get(&in, &id, back, sizeof(back)), PKT_COMPLETION);
	assert_true(id == 0x400000007);
	set(echo, "inject completion last.0+1 -");
	assert_int_equal(guest_get(&in, &id, back, sizeof(back)), PKT_COMPLETION);
	assert_true(id == 0x500000008);
	assert_false(fault(echo, "inject completion last -"));
	assert_false(fault(echo, "inject completion last. -"));
	assert_false(fault(echo, "inject completion last.0x -"));
	assert_false(fault(echo, "inject completion last.9 -"));
}

static void refused_posts(void **state)
{
	uint32_t relid, relid2;

	(void)state;
	start(0x50003, &relid, &relid2);
	set(NULL, "refuse-post 2 GPADL_HEADER");
	assert_int_equal(post_words(MSG_RELID_RELEASED, 1, relid2, 0), HV_OK);
	assert_int_equal(post_gpadl(relid, 1, GUEST_PFN, 1, PAGE_BYTES, 0), HV_NO_BUFFERS);
	set(NULL, "list");
	assert_non_null(strstr(said, "refuse-post 1 GPADL_HEADER"));
	assert_int_equal(post_gpadl(relid, 1, GUEST_PFN, 1, PAGE_BYTES, 0), HV_NO_BUFFERS);
	expect_nothing();
	assert_int_equal(post_gpadl(relid, 1, GUEST_PFN, 1, PAGE_BYTES, 0), HV_OK);
	expect(MSG_GPADL_CREATED);
	assert_false(fault_on);
}

/* At each step of the life of a channel, the rescind comes where it was ordered. */
static void rescinds(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2, word[2] = { 'e', 0 };
	uint64_t id;

	(void)state;
	set(echo, "rescind-at OFFER");
	connect_as(0x50003);
	post_words(MSG_REQUEST_OFFERS, 0, 0, 0);
	expect(MSG_OFFER);
	relid = got.word[46];
	expect(MSG_OFFER);
	expect(MSG_ALL_OFFERS);
	expect_words(MSG_RESCIND, relid, 0);
	assert_false(fault_on);
	post_words(MSG_RELID_RELEASED, 1, relid, 0);

	bus_device_offer(echo);
	expect(MSG_OFFER);
	relid = got.word[46];
	set(echo, "rescind-at GPADL_HEADER");
	post_gpadl(relid, 5, GUEST_PFN, 1, PAGE_BYTES, 0);
	expect_words(MSG_RESCIND, relid, 0);
	expect(MSG_GPADL_CREATED);
	post_words(MSG_RELID_RELEASED, 1, relid, 0);

	bus_device_offer(echo);
	expect(MSG_OFFER);
	make_ring(relid, 0, &out, &in);
	set(echo, "rescind-at OPENCHANNEL");
	post_open(relid, 0x1000, 0, RING_PAGES / 2);
	expect_words(MSG_RESCIND, relid, 0);
	expect_nothing();		/* OPEN has no answer then */
	post_words(MSG_RELID_RELEASED, 1, relid, 0);

	bus_device_offer(echo);
	expect(MSG_OFFER);
	set(echo, "rescind-at OPENCHANNEL_RESULT");
	open_channel(relid, 0, &out, &in);
	expect_words(MSG_RESCIND, relid, 0);
	post_words(MSG_RELID_RELEASED, 1, relid, 0);

	bus_device_offer(echo);
	expect(MSG_OFFER);
	open_channel(relid, 0, &out, &in);
	set(echo, "rescind-at packet 2");
	set(multi, "rescind-at sent");
	command(relid, &out, &in, 'e', 1);
	expect_nothing();
	guest_put(&out, PKT_INBAND, 1, 99, word, sizeof(word));
	guest_signal(relid);
	EVENTUALLY(inbox_take(&got));
	assert_int_equal(got.word[0], MSG_RESCIND);
	assert_int_equal(guest_get(&in, &id, word, sizeof(word)), PKT_COMPLETION);
	relid2 = multi->bus->slot[0]->ch.relid;
	open_channel(relid2, 1, &out, &in);
	command(relid2, &out, &in, 'e', 1);
	EVENTUALLY(inbox_take(&got));
	assert_int_equal(got.word[2], relid2);
	assert_false(fault(NULL, "rescind-at OFFER"));
	assert_false(fault(echo, "rescind-at nowhere"));
}

static void rules_of_a_run(void **state)
{
	struct guest_ring out, in;
	uint32_t relid, relid2;

	(void)state;
	start(0x50003, &relid, &relid2);
	open_channel(relid, 0, &out, &in);
	/* Nothing happens before start; then exactly to those items. */
	set(echo, "at 2 mute");
	set(echo, "at 3 duplicate");
	assert_int_equal(plain(&out, &in, relid), 1);
	assert_int_equal(plain(&out, &in, relid), 1);
	set(echo, "start");
	assert_int_equal(plain(&out, &in, relid), 1);
	assert_int_equal(plain(&out, &in, relid), 0);
	assert_int_equal(plain(&out, &in, relid), 2);
	assert_int_equal(plain(&out, &in, relid), 1);
	assert_false(fault(echo, "fuzz"));
	assert_false(fault(echo, "fuzz 1 0"));
	assert_false(fault(echo, "fuzz 1 packets"));
	assert_false(fault(echo, "fuzz 1 2 packets pages"));
	assert_false(fault(echo, "start 1"));
}

/* Sends up to 300 packets to a guest that reads none of them; what the seed made of them. */
static struct text fuzzed(const char *how, uint32_t relid, struct guest_ring *out,
			  struct guest_ring *in)
{
	struct bus_channel *s = echo->bus->slot[0];
	char path[] = "/tmp/fault-trace-XXXXXX", line[600], *at;
	struct text t = { 0 };
	FILE *f = fdopen(mkstemp(path), "r");

	assert_non_null(f);
	assert_true(trace_open(path));
	trace_limit(true);
	set(echo, how);
	for (uint32_t i = 0; i < 300 && !s->dead; i++) {
		uint32_t word[2] = { 'e', i };
		uint64_t taken = s->packets_in;

		guest_put(out, PKT_INBAND, 1, i, word, sizeof(word));
		guest_signal(relid);
		EVENTUALLY(s->packets_in != taken || s->dead);
		slot_enter(s);
		in->control[1] = s->out.index;
		slot_leave(s);
	}
	set(echo, "off");
	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, "- fault echo0 at ");
		if (at && !strstr(at, "flag"))
			text_add(&t, "%s", at);
	}
	fclose(f);
	unlink(path);
	return t;
}

static void fuzz_again(void **state)
{
	static const char *const seeds[] = {
		"fuzz 5 20", "fuzz 5 20 packets", "fuzz 6 20", "fuzz 5 20 messages sections",
	};
	struct text t[ARRAY_SIZE(seeds)];
	struct guest_ring out, in;
	uint32_t relid, relid2;

	(void)state;
	start(0x50003, &relid, &relid2);
	for (unsigned int i = 0; i < ARRAY_SIZE(seeds); i++) {
		open_channel(relid, 0, &out, &in);
		t[i] = fuzzed(seeds[i], relid, &out, &in);
		close_channel(relid, 0);
	}
	assert_true(t[0].len > 100 && t[2].len > 100);
	assert_string_equal(t[0].data, t[1].data);
	assert_string_not_equal(t[0].data, t[2].data);
	assert_int_equal(t[3].len, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(seeds); i++)
		text_free(&t[i]);
}

/* Everything at once, on messages: the host itself must stand it. */
static void fuzz_messages(void **state)
{
	uint32_t relid;

	(void)state;
	set(NULL, "fuzz 7 2");
	for (unsigned int i = 0; i < 200; i++) {
		post_contact(1, 0x50003, 1, TARGET_5, 0, 0);
		post_words(MSG_REQUEST_OFFERS, 0, 0, 0);
		relid = echo->bus->slot[0]->ch.relid;
		post_gpadl(relid, 0x1000, ring_pfn(0), RING_PAGES, RING_PAGES * PAGE_BYTES, 0);
		post_open(relid, 0x1000, 0, RING_PAGES / 2);
		post_words(MSG_CLOSE, 1, relid, 0);
		post_words(MSG_GPADL_TEARDOWN, 2, relid, 0x1000);
		run_loop();
		while (inbox_take(&got))
			;
	}
	set(NULL, "list");
	assert_non_null(strstr(said, "messages 1"));
	set(NULL, "off");
	assert_int_equal(park_count(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(messages, fresh),
		cmocka_unit_test_setup(messages_of_a_device, fresh),
		cmocka_unit_test_setup(late_messages, fresh),
		cmocka_unit_test_setup(packets, fresh),
		cmocka_unit_test_setup(a_channel_only, fresh),
		cmocka_unit_test_setup(rings_and_flags, fresh),
		cmocka_unit_test_setup(sections, fresh),
		cmocka_unit_test_setup(injections, fresh),
		cmocka_unit_test_setup(refused_posts, fresh),
		cmocka_unit_test_setup(rescinds, fresh),
		cmocka_unit_test_setup(rules_of_a_run, fresh),
		cmocka_unit_test_setup(fuzz_again, fresh),
		cmocka_unit_test_setup(fuzz_messages, fresh),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
