// SPDX-License-Identifier: GPL-2.0-only
/* The dynamic memory device between a channel that is played here and a guest's answers. */
#include "test.h"

#include "../ctl/ctl.h"
#include "../dev/dm/dm.h"
#include "../machine/machine.h"

#define BASE_MIB	64u
#define MIB_PAGES	256u

struct machine machine = { .low_ram = BASE_MIB * MIB };

static struct hv_device dev = { .ops = &dm_ops, .name = "balloon0" };
static struct hv_channel ch = { .dev = &dev };
static bool is_open;
static uint8_t sent[DM_MESSAGE_MAX];		/* the newest message to the guest */
static unsigned int sent_count;
static void (*call)(void *arg);			/* what loop_call() was asked for last */

bool channel_send(struct hv_channel *to, const void *data, uint32_t len, uint64_t transaction,
		  bool want_completion)
{
	(void)to, (void)transaction, (void)want_completion;
	assert_true(len <= sizeof(sent));
	memcpy(sent, data, len);
	sent_count++;
	return true;
}

void channel_timer(struct hv_channel *c, uint64_t ns)
{
	(void)c, (void)ns;
}

bool channel_lock(struct hv_channel *c)
{
	(void)c;
	return is_open;
}

void channel_unlock(struct hv_channel *c)
{
	(void)c;
}

struct hv_channel *device_channel(struct hv_device *d, unsigned int sub)
{
	(void)d, (void)sub;
	return &ch;
}

void ctl_event(const char *fmt, ...)
{
	(void)fmt;
}

void loop_call(void (*fn)(void *arg), void *arg)
{
	assert_ptr_equal(arg, &dev);
	call = fn;
}

void *guest_ptr(uint64_t gpa, uint64_t len)
{
	(void)gpa, (void)len;
	return NULL;
}

bool guest_plug(uint64_t gpa, uint64_t len)
{
	(void)gpa, (void)len;
	return false;
}

bool guest_discard(uint64_t gpa, uint64_t len)
{
	return gpa + len <= machine.low_ram;
}

static void run_call(void)
{
	void (*fn)(void *arg) = call;

	call = NULL;
	if (fn)
		fn(&dev);
}

static uint16_t sent_type(void)
{
	uint16_t type;

	memcpy(&type, sent, sizeof(type));
	return type;
}

/* From the guest: type, size, then two words and a page range. */
static void answer(uint16_t type, uint16_t size, uint32_t first, uint32_t second, uint64_t range)
{
	uint8_t b[32] = { 0 };
	struct packet p = { .type = PKT_INBAND, .data = b, .len = size };

	memcpy(b, &type, sizeof(type));
	memcpy(b + 2, &size, sizeof(size));
	memcpy(b + 8, &first, sizeof(first));
	memcpy(b + 12, &second, sizeof(second));
	memcpy(b + 16, &range, sizeof(range));
	dm_ops.packet(&ch, &p);
	run_call();
}

static void open_it(void)
{
	assert_int_equal(dm_ops.open(&ch), 0);
	is_open = true;
	answer(DM_VERSION_REQUEST, 16, DM_VERSION(2, 0), 1, 0);
	assert_int_equal(sent_type(), DM_VERSION_RESPONSE);
	answer(DM_CAPS_REPORT, 32, DM_CAP_BALLOON, 0, 0);
}

static void close_it(void)
{
	is_open = false;
	dm_ops.close(&ch);
}

static void target(const char *mib)
{
	char verb[] = "target", size[8], *argv[] = { verb, size };
	struct text t = { 0 };

	snprintf(size, sizeof(size), "%s", mib);
	assert_true(dm_ops.command(&dev, 2, argv, &t));
	text_free(&t);
	run_call();
}

static void expect_actual(unsigned int mib)
{
	char verb[] = "info", *argv[] = { verb }, want[40];
	struct text t = { 0 };

	assert_true(dm_ops.command(&dev, 1, argv, &t));
	snprintf(want, sizeof(want), "actual %u KiB ", mib * 1024);
	assert_non_null(strstr(t.data, want));
	text_free(&t);
}

/* The guest gives the four MiB from page 0x100 on. */
static void give_four(void)
{
	uint32_t pages;

	target("60");
	assert_int_equal(sent_type(), DM_BALLOON_REQUEST);
	memcpy(&pages, sent + 8, sizeof(pages));
	assert_int_equal(pages, 4 * MIB_PAGES);
	answer(DM_BALLOON_RESPONSE, 24, 0, 1 << 1, 0x100 | (uint64_t)pages << 40);
	expect_actual(60);
}

static int create(void **state)
{
	struct options *o = options_parse("");
	char error[80];

	(void)state;
	is_open = false;
	call = NULL;
	if (!dm_ops.create(&dev, o, error, sizeof(error)) ||
	    !options_end(o, error, sizeof(error)))
		return -1;
	open_it();
	return 0;
}

static int destroy(void **state)
{
	(void)state;
	dm_ops.destroy(&dev);
	return 0;
}

static void what_was_given_outlives_the_channel(void **state)
{
	uint32_t count;
	uint64_t range;

	(void)state;
	give_four();
	close_it();
	expect_actual(60);
	target("64");
	open_it();
	assert_int_equal(sent_type(), DM_UNBALLOON_REQUEST);
	memcpy(&count, sent + 12, sizeof(count));
	assert_int_equal(count, 1);
	memcpy(&range, sent + 16, sizeof(range));
	assert_true(range == (0x100 | (uint64_t)4 * MIB_PAGES << 40));
	answer(DM_UNBALLOON_RESPONSE, 8, 0, 0, 0);
	expect_actual(64);
}

static void another_guest_has_all_its_memory(void **state)
{
	unsigned int before;

	(void)state;
	give_four();
	close_it();
	dm_ops.reset(&dev);
	expect_actual(64);
	target("64");
	open_it();
	before = sent_count;
	run_call();
	assert_int_equal(sent_count, before);
}

static void a_request_ends_with_its_channel(void **state)
{
	(void)state;
	target("60");
	assert_int_equal(sent_type(), DM_BALLOON_REQUEST);
	close_it();
	open_it();
	/* It is asked for again; what nobody asked for is not taken. */
	assert_int_equal(sent_type(), DM_BALLOON_REQUEST);
	answer(DM_BALLOON_RESPONSE, 24, 0, 1 << 1, 0x100 | (uint64_t)4 * MIB_PAGES << 40);
	expect_actual(60);
	answer(DM_BALLOON_RESPONSE, 24, 0, 1 << 1, 0x1000 | (uint64_t)4 * MIB_PAGES << 40);
	expect_actual(60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_given_outlives_the_channel, create,
						destroy),
		cmocka_unit_test_setup_teardown(another_guest_has_all_its_memory, create, destroy),
		cmocka_unit_test_setup_teardown(a_request_ends_with_its_channel, create, destroy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
