/* SPDX-License-Identifier: GPL-2.0-only */
/* Steps that the tests of the whole bus are made of. Include after test.h and bus_guest.h. */
#ifndef HVHOST_TEST_BUS_STEPS_H
#define HVHOST_TEST_BUS_STEPS_H

#define TARGET_5	VMBUS_SINT	/* SINT 2, VTL 0 */
#define FAR_NS		60000000000ull	/* nothing here takes as long */
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

static void __attribute__((unused)) expect_nothing(void)
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

static void __attribute__((unused)) teardown(uint32_t relid, uint32_t n)
{
	post_words(MSG_GPADL_TEARDOWN, 2, relid, 0x1000 + n);
}

static void __attribute__((unused)) close_channel(uint32_t relid, uint32_t n)
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
	post_only = false;
	echo_stall = false;
	run_loop();
	bus_reset();
	bus.max_version = VERSION(5, 3);
	synic_limit = INBOX;
	inbox_head = inbox_tail;
	echo_status = 0;
	bus_device_offer(echo);
	bus_device_offer(multi);
	return 0;
}

/* Takes the offers of subs 1 to n; relids. */
static void __attribute__((unused)) take_subs(unsigned int n, uint32_t *relid)
{
	for (unsigned int i = 0; i < n; i++) {
		EVENTUALLY(inbox_take(&got));
		assert_int_equal(got.word[0], MSG_OFFER);
		assert_int_equal(got.word[45] & 0xffff, i + 1);
		relid[i] = got.word[46];
	}
}

#endif
