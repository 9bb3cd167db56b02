// SPDX-License-Identifier: GPL-2.0-only
/*
 * The storage controller without a bus: the test is the guest and the rings. Links
 * with dev/scsi/, bus/ring, util/options, text and log; everything else is faked here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../dev/scsi/vstor.h"
#include "../machine/machine.h"

#define MAX_SENT	16384

static struct sent {
	bool completion;
	uint64_t transaction;
	uint32_t len;
	struct vstor_msg msg;
} sent[MAX_SENT];
static unsigned int sent_count, room, offered;
static const char *killed;
static uint64_t timer_ns;
static void (*called)(void *arg);
static void *called_arg;
static struct hv_device device;
static struct hv_channel channel[VSTOR_MAX_SUB + 1];

struct machine machine;

static bool put(bool completion, uint64_t transaction, const void *data, uint32_t len)
{
	struct sent *s = &sent[sent_count];

	if (!room)
		return false;
	room--;
	assert_true(sent_count < MAX_SENT && len <= sizeof(s->msg));
	sent_count++;
	memset(s, 0, sizeof(*s));
	s->completion = completion;
	s->transaction = transaction;
	s->len = len;
	memcpy(&s->msg, data, len);
	return true;
}

bool channel_send(struct hv_channel *ch, const void *data, uint32_t len, uint64_t transaction,
		  bool want_completion)
{
	(void)ch;
	assert_false(want_completion);
	return put(false, transaction, data, len);
}

bool channel_complete(struct hv_channel *ch, uint64_t transaction, const void *data,
		      uint32_t len)
{
	(void)ch;
	return put(true, transaction, data, len);
}

void channel_hold(struct hv_channel *ch) { (void)ch; }
void channel_release(struct hv_channel *ch) { (void)ch; }
void channel_unlock(struct hv_channel *ch) { (void)ch; }
bool channel_lock(struct hv_channel *ch) { return ch->priv; }
void channel_timer(struct hv_channel *ch, uint64_t ns) { (void)ch; timer_ns = ns; }

void channel_kill(struct hv_channel *ch, const char *why)
{
	(void)ch;
	killed = why;
}

struct hv_channel *device_channel(struct hv_device *dev, unsigned int sub)
{
	return sub <= dev->max_sub ? &channel[sub] : NULL;
}

bool device_offer_subchannels(struct hv_device *dev, unsigned int count)
{
	(void)dev;
	offered += count;
	return true;
}

void loop_call(void (*fn)(void *arg), void *arg)
{
	called = fn;
	called_arg = arg;
}

/* For bus/ring.c, of which only sg_*() is used. */
void *guest_ptr(uint64_t gpa, uint64_t len)
{
	(void)gpa;
	(void)len;
	return NULL;
}

bool guid_parse(const char *text, struct guid *g)
{
	(void)text;
	memset(g, 1, sizeof(*g));
	return true;
}

void guid_format(const struct guid *g, char text[37])
{
	(void)g;
	strcpy(text, "00000000-0000-0000-0000-000000000000");
}

static void make(const struct hv_device_ops *ops, const char *text)
{
	struct options *o = options_parse(text);
	char error[200] = "";

	memset(&device, 0, sizeof(device));
	memset(channel, 0, sizeof(channel));
	device.ops = ops;
	for (unsigned int i = 0; i < ARRAY_SIZE(channel); i++) {
		channel[i].dev = &device;
		channel[i].sub = i;
	}
	sent_count = offered = 0;
	room = MAX_SENT;
	killed = NULL;
	called = NULL;
	timer_ns = 0;
	if (!ops->create(&device, o, error, sizeof(error)))
		fail_msg("%s", error);
	assert_true(options_end(o, error, sizeof(error)));
	assert_int_equal(ops->open(&channel[0]), 0);
}

static void drop(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(channel); i++)
		if (channel[i].priv)
			device.ops->close(&channel[i]);
	device.ops->destroy(&device);
}

static void feed(unsigned int sub, struct packet *p)
{
	device.ops->packet(&channel[sub], p);
}

/* Sends a message of len bytes; returns the status of its answer. */
static uint32_t ask_len(unsigned int sub, const struct vstor_msg *msg, uint32_t len)
{
	struct vstor_msg copy = *msg;
	struct packet p = {
		.type = PKT_INBAND, .flags = PKT_FLAG_COMPLETION, .transaction = 77,
		.data = (uint8_t *)&copy, .len = len,
	};
	unsigned int before = sent_count;

	feed(sub, &p);
	if (killed)
		return 1;
	assert_int_equal(sent_count, before + 1);
	assert_true(sent[before].completion);
	assert_int_equal(sent[before].transaction, 77);
	assert_int_equal(sent[before].len, len < 64 ? len : 64);
	assert_int_equal(sent[before].msg.op, VSTOR_COMPLETE_IO);
	return sent[before].msg.status;
}

static uint32_t ask(uint32_t op)
{
	return ask_len(0, &(struct vstor_msg){ .op = op }, 64);
}

static uint32_t ask_version(unsigned int major, unsigned int minor)
{
	return ask_len(0, &(struct vstor_msg){ .op = VSTOR_QUERY_VERSION,
		       .version = { .version = VSTOR_VERSION(major, minor) } }, 64);
}

static uint32_t ask_subs(unsigned int count)
{
	return ask_len(0, &(struct vstor_msg){ .op = VSTOR_CREATE_SUB_CHANNELS,
		       .sub_channels = count }, 64);
}

static const struct vstor_msg *last(void)
{
	assert_true(sent_count > 0);
	return &sent[sent_count - 1].msg;
}

static void handshake(void)
{
	assert_int_equal(ask(VSTOR_BEGIN), 0);
	assert_int_equal(ask_version(6, 2), 0);
	assert_int_equal(ask(VSTOR_QUERY_PROPERTIES), 0);
	assert_int_equal(ask(VSTOR_END), 0);
}

/* A request with a buffer; true: answered now. */
static bool request(unsigned int sub, unsigned int target, unsigned int lun, const uint8_t *cdb,
		    uint8_t *data, uint32_t len)
{
	struct sg_entry entry = { data, len };
	struct vstor_msg msg = { .op = VSTOR_EXECUTE_SRB };
	struct packet p = {
		.type = len ? PKT_GPA_DIRECT : PKT_INBAND, .flags = PKT_FLAG_COMPLETION,
		.transaction = 99, .data = (uint8_t *)&msg, .len = sizeof(msg),
	};
	unsigned int before = sent_count;

	if (len) {
		p.sg.entry = &entry;
		p.sg.count = 1;
		p.sg.bytes = len;
		p.ranges = 1;
	}
	msg.srb.target = target;
	msg.srb.lun = lun;
	msg.srb.cdb_length = 16;
	msg.srb.data_in = len ? 1 : 2;
	msg.srb.data_length = len;
	memcpy(msg.srb.payload, cdb, 16);
	feed(sub, &p);
	return sent_count > before;
}

static void steps_in_order_only(void **state)
{
	static const uint32_t ops[] = {
		VSTOR_EXECUTE_SRB, VSTOR_RESET_BUS, VSTOR_BEGIN, VSTOR_QUERY_VERSION,
		VSTOR_QUERY_PROPERTIES, VSTOR_CREATE_SUB_CHANNELS, VSTOR_END,
	};

	(void)state;
	make(&scsi_ops, "subchannels=2");
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++)
		if (ops[i] != VSTOR_BEGIN)
			assert_int_equal(ask(ops[i]), NT_INVALID_DEVICE_STATE);
	assert_int_equal(ask(VSTOR_BEGIN), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++)
		if (ops[i] != VSTOR_QUERY_VERSION)
			assert_int_equal(ask(ops[i]), NT_INVALID_DEVICE_STATE);
	assert_int_equal(ask_version(5, 1), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++)
		if (ops[i] != VSTOR_QUERY_PROPERTIES)
			assert_int_equal(ask(ops[i]), NT_INVALID_DEVICE_STATE);
	assert_int_equal(ask(VSTOR_QUERY_PROPERTIES), 0);
	assert_int_equal(ask(VSTOR_BEGIN), NT_INVALID_DEVICE_STATE);
	assert_int_equal(ask(VSTOR_RESET_LUN), NT_INVALID_DEVICE_STATE);
	assert_int_equal(ask_subs(3), NT_INVALID_PARAMETER);
	assert_int_equal(ask_subs(1), 0);
	assert_int_equal(ask_subs(1), NT_INVALID_DEVICE_STATE);
	assert_int_equal(ask(VSTOR_END), 0);
	assert_int_equal(ask(VSTOR_END), NT_INVALID_DEVICE_STATE);
	assert_int_equal(offered, 1);
	assert_int_equal(ask_subs(2), 0);
	assert_int_equal(offered, 2);
	assert_int_equal(ask_subs(2), 0);
	assert_int_equal(offered, 2);
	assert_int_equal(ask(VSTOR_RESET_LUN), 0);
	assert_int_equal(ask(VSTOR_RESET_ADAPTER), 0);
	assert_int_equal(ask(VSTOR_RESET_BUS), 0);
	/* A new opening begins anew. */
	device.ops->close(&channel[0]);
	assert_int_equal(device.ops->open(&channel[0]), 0);
	assert_int_equal(ask(VSTOR_END), NT_INVALID_DEVICE_STATE);
	handshake();
	drop();
}

static void versions_up_to_the_highest(void **state)
{
	(void)state;
	make(&scsi_ops, "proto=6.0,subchannels=3,max-transfer=1M");
	assert_int_equal(ask(VSTOR_BEGIN), 0);
	assert_int_equal(ask_version(6, 2), NT_REVISION_MISMATCH);
	assert_int_equal(ask_version(7, 0), NT_REVISION_MISMATCH);
	assert_int_equal(ask_version(5, 0), NT_REVISION_MISMATCH);
	assert_int_equal(ask_version(6, 0), 0);
	assert_int_equal(last()->version.version, 0x600);
	assert_int_equal(ask(VSTOR_QUERY_PROPERTIES), 0);
	assert_int_equal(last()->properties.max_transfer, 1 << 20);
	assert_int_equal(last()->properties.max_channels, 3);
	assert_int_equal(last()->properties.flags, VSTOR_MULTI_CHANNEL);
	drop();
	make(&scsi_ops, "subchannels=3");
	assert_int_equal(ask(VSTOR_BEGIN), 0);
	assert_int_equal(ask_version(4, 2), 0);
	assert_int_equal(ask(VSTOR_QUERY_PROPERTIES), 0);
	assert_int_equal(last()->properties.max_channels, 0);
	assert_int_equal(last()->properties.flags, 0);
	assert_int_equal(ask_subs(1), NT_INVALID_DEVICE_STATE);
	drop();
	make(&scsi_ops, "proto=2.0");
	assert_int_equal(ask(VSTOR_BEGIN), 0);
	assert_int_equal(ask_version(5, 1), NT_REVISION_MISMATCH);
	assert_int_equal(ask_version(4, 2), NT_REVISION_MISMATCH);
	assert_int_equal(ask_version(2, 0), 0);
	drop();
}

static void answers_are_as_long_as_the_question(void **state)
{
	(void)state;
	make(&scsi_ops, "");
	for (uint32_t len = 16; len <= 64; len += 8)
		assert_int_equal(ask_len(0, &(struct vstor_msg){ .op = VSTOR_END }, len),
				 NT_INVALID_DEVICE_STATE);
	drop();
}

static void kill_with(const struct packet *p)
{
	struct packet copy = *p;
	unsigned int before = sent_count;

	killed = NULL;
	feed(0, &copy);
	assert_non_null(killed);
	assert_int_equal(sent_count, before);
	killed = NULL;
}

static void violations_are_fatal(void **state)
{
	struct vstor_msg msg = { .op = VSTOR_EXECUTE_SRB };
	uint8_t page[64];
	struct sg_entry entry = { page, sizeof(page) };
	struct packet good = {
		.type = PKT_INBAND, .flags = PKT_FLAG_COMPLETION, .data = (uint8_t *)&msg,
		.len = sizeof(msg),
	}, p;

	(void)state;
	make(&scsi_ops, "lun=null:1M");
	handshake();
	p = good, p.flags = 0;
	kill_with(&p);
	p = good, p.type = PKT_COMPLETION;
	kill_with(&p);
	p = good, p.type = PKT_TRANSFER_PAGES;
	kill_with(&p);
	p = good, p.len = 8;
	kill_with(&p);
	p = good, p.len = 0;
	kill_with(&p);
	for (uint32_t op = 0; op < 100; op++) {
		if ((op >= VSTOR_EXECUTE_SRB && op <= VSTOR_QUERY_PROPERTIES) ||
		    op == VSTOR_CREATE_SUB_CHANNELS)
			continue;
		msg.op = op;
		kill_with(&good);
	}
	msg.op = VSTOR_EXECUTE_SRB;
	msg.srb.data_length = 1;
	kill_with(&good);
	p = good, p.type = PKT_GPA_DIRECT, p.ranges = 2;
	p.sg.entry = &entry, p.sg.count = 1, p.sg.bytes = sizeof(page);
	kill_with(&p);
	p.ranges = 1;
	msg.srb.data_length = sizeof(page) + 1;
	kill_with(&p);
	drop();
}

static const uint8_t tur[16], inquiry[16] = { 0x12, 0, 0, 0, 36 },
	read_10[16] = { 0x28, [8] = 1 }, beyond[16] = { 0x28, 0, 0xff, [8] = 1 },
	luns_cdb[16] = { 0xa0, [8] = 16 };

static void absent_luns(void **state)
{
	uint8_t data[4096];

	(void)state;
	make(&scsi_ops, "lun3=null:1M,lun1.200=null:1M");
	handshake();
	assert_true(request(0, 0, 0, tur, NULL, 0));
	assert_int_equal(last()->status, NT_DEVICE_DOES_NOT_EXIST);
	assert_int_equal(last()->srb.srb_status, SRB_INVALID_LUN);
	assert_int_equal(last()->srb.length, 52);
	assert_true(request(0, 0, 0, inquiry, data, 36));
	assert_int_equal(last()->status, 0);
	assert_int_equal(last()->srb.srb_status, SRB_SUCCESS);
	assert_int_equal(last()->srb.data_length, 36);
	assert_int_equal(data[0], 0x7f);
	assert_true(request(0, 0, 3, inquiry, data, 36));
	assert_int_equal(data[0], 0);
	memset(data, 0xee, sizeof(data));
	assert_true(request(0, 1, 0, luns_cdb, data, 4096));
	assert_int_equal(last()->srb.data_length, 16);
	assert_int_equal(data[3], 8);
	assert_int_equal(data[9], 200);
	assert_int_equal(data[16], 0xee);
	assert_true(request(0, 5, 0, luns_cdb, data, 4096));
	assert_int_equal(last()->srb.data_length, 8);
	assert_int_equal(data[3], 0);
	drop();
}

/* In order, cut to what the CDB and the buffer have room for; the length says all. */
static void report_luns(void **state)
{
	static const uint8_t all[16] = { 0xa0, [7] = 1 }, one[16] = { 0xa0, [9] = 16 };
	uint8_t data[4096];

	(void)state;
	make(&scsi_ops, "lun63=null:1M,lun0=null:1M,lun255=null:1M,lun1=null:1M");
	handshake();
	assert_true(request(0, 0, 0, all, data, sizeof(data)));
	assert_int_equal(last()->srb.data_length, 8 + 4 * 8);
	assert_int_equal(data[3], 32);
	assert_int_equal(data[8 + 1], 0);
	assert_int_equal(data[16 + 1], 1);
	assert_int_equal(data[24 + 1], 63);
	assert_int_equal(data[32 + 1], 255);
	assert_true(request(0, 0, 0, one, data, sizeof(data)));
	assert_int_equal(last()->srb.data_length, 16);
	assert_int_equal(data[3], 32);
	assert_true(request(0, 0, 0, all, data, 12));
	assert_int_equal(last()->srb.data_length, 12);
	assert_true(request(0, 0, 0, all, NULL, 0));
	assert_int_equal(last()->status, NT_SUCCESS);
	/* it clears the attention that says the list has changed, and only that */
	lun_attention(vstor_lun(device.priv, 0, 1), 0x3f, 0x0e);
	lun_attention(vstor_lun(device.priv, 0, 1), 0x2a, 0x09);
	assert_true(request(0, 0, 1, all, data, sizeof(data)));
	assert_true(request(0, 0, 1, tur, NULL, 0));
	assert_int_equal(last()->srb.payload[12], 0x2a);
	assert_true(request(0, 0, 1, tur, NULL, 0));
	assert_int_equal(last()->status, NT_SUCCESS);
	drop();
	make(&scsi_ops, "lun=null:1M,count=256");
	handshake();
	assert_true(request(0, 0, 0, all, data, sizeof(data)));
	assert_int_equal(last()->srb.data_length, 8 + 256 * 8);
	drop();
}

static void errors_have_sense(void **state)
{
	uint8_t data[512];

	(void)state;
	make(&scsi_ops, "lun=mem:1M");
	handshake();
	request(0, 0, 0, tur, NULL, 0);		/* takes the power-on attention, if there is one */
	assert_true(request(0, 0, 0, read_10, data, 512));
	assert_int_equal(last()->srb.srb_status, SRB_SUCCESS);
	assert_int_equal(last()->srb.data_length, 512);
	assert_true(request(0, 0, 0, beyond, data, 512));
	assert_int_equal(last()->status, NT_IO_DEVICE_ERROR);
	assert_int_equal(last()->srb.srb_status, SRB_INVALID_REQUEST | SRB_AUTOSENSE_VALID);
	assert_int_equal(last()->srb.scsi_status, SAM_CHECK_CONDITION);
	assert_int_equal(last()->srb.data_length, 0);
	assert_int_equal(last()->srb.payload[2], 5);
	assert_int_equal(last()->srb.payload[12], 0x21);
	drop();
}

static void command(const char *line, bool good)
{
	char copy[200], *argv[10];
	struct text answer = { 0 };
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	assert_int_equal(device.ops->command(&device, argc, argv, &answer), good);
	text_free(&answer);
}

static void hot_plug_is_announced(void **state)
{
	(void)state;
	make(&scsi_ops, "");
	command("add null:1M", true);
	assert_int_equal(sent_count, 0);	/* nobody there yet */
	handshake();
	command("add null:1M", true);
	assert_false(sent[sent_count - 1].completion);
	assert_int_equal(sent[sent_count - 1].transaction, 0);
	assert_int_equal(sent[sent_count - 1].len, 64);
	assert_int_equal(last()->op, VSTOR_ENUMERATE_BUS);
	command("add 1 null:1M", false);
	command("add 1.9 null:1M", true);
	command("add 2.0 null:1M", false);
	command("add 256 null:1M", false);
	command("add 1.9x null:1M", false);
	assert_true(request(0, 1, 9, inquiry, (uint8_t[36]){ 0 }, 36));
	command("remove 1.9", true);
	command("remove 1.9", false);
	assert_true(request(0, 1, 9, tur, NULL, 0));
	assert_int_equal(last()->srb.srb_status, SRB_INVALID_LUN);
	command("resize 1 4M", true);
	command("resize 7 4M", false);
	command("nonsense", false);
	command("list", true);
	drop();
}

static void delayed_requests_are_parked(void **state)
{
	uint8_t data[512];

	(void)state;
	make(&scsi_ops, "lun=mem:1M");
	handshake();
	request(0, 0, 0, tur, NULL, 0);
	command("delay 0 20 2", true);
	assert_false(request(0, 0, 0, read_10, data, 512));
	assert_true(timer_ns > 0);
	assert_false(request(0, 0, 0, read_10, data, 512));
	assert_int_equal(queue_parked(&channel[0]), 2);
	assert_true(request(0, 0, 0, read_10, data, 512));
	while (queue_parked(&channel[0]))
		device.ops->timer(&channel[0]);
	assert_int_equal(timer_ns, 0);
	assert_int_equal(last()->srb.srb_status, SRB_SUCCESS);
	/* Parked requests of a unit that goes away find nobody; closing drops them. */
	command("delay 0 1 1", true);
	assert_false(request(0, 0, 0, read_10, data, 512));
	command("remove 0", true);
	while (queue_parked(&channel[0]))
		device.ops->timer(&channel[0]);
	assert_int_equal(last()->srb.srb_status, SRB_INVALID_LUN);
	command("add 0 mem:1M", true);
	command("delay 0 60000", true);
	for (unsigned int i = 0; i < VSTOR_MAX_WAITING; i++)
		request(0, 0, 0, read_10, data, 512);
	assert_int_equal(queue_parked(&channel[0]), VSTOR_MAX_WAITING);
	assert_true(request(0, 0, 0, read_10, data, 512));
	assert_int_equal(last()->srb.scsi_status, SAM_TASK_SET_FULL);
	assert_int_equal(last()->srb.srb_status, SRB_BUSY);
	assert_int_equal(last()->status, NT_DEVICE_BUSY);
	drop();
}

static void a_full_ring_keeps_completions(void **state)
{
	(void)state;
	make(&scsi_ops, "lun=null:1M");
	handshake();
	room = 1;
	assert_true(request(0, 0, 0, tur, NULL, 0));
	assert_false(request(0, 0, 0, tur, NULL, 0));
	assert_false(request(0, 0, 0, tur, NULL, 0));
	room = 1;
	device.ops->room(&channel[0]);
	assert_int_equal(room, 0);
	/* Order: what waits goes first. */
	assert_false(request(0, 0, 0, inquiry, (uint8_t[36]){ 0 }, 36));
	room = 5;
	device.ops->room(&channel[0]);
	assert_int_equal(room, 3);
	assert_int_equal(last()->srb.data_length, 36);
	room = 0;
	for (unsigned int i = 0; i < VSTOR_MAX_WAITING && !killed; i++)
		request(0, 0, 0, tur, NULL, 0);
	assert_null(killed);
	request(0, 0, 0, tur, NULL, 0);
	assert_non_null(killed);
	drop();
}

static void sub_channels_wait_for_the_end(void **state)
{
	(void)state;
	make(&scsi_ops, "subchannels=1,lun=null:1M");
	assert_int_equal(ask(VSTOR_BEGIN), 0);
	assert_int_equal(ask_version(6, 2), 0);
	assert_int_equal(ask(VSTOR_QUERY_PROPERTIES), 0);
	assert_int_equal(ask_subs(1), 0);
	assert_int_equal(device.ops->open(&channel[1]), 0);
	assert_false(request(1, 0, 0, tur, NULL, 0));
	assert_int_equal(queue_parked(&channel[1]), 1);
	device.ops->timer(&channel[1]);
	assert_int_equal(queue_parked(&channel[1]), 1);
	assert_int_equal(ask(VSTOR_END), 0);
	assert_non_null(called);
	called(called_arg);
	assert_int_equal(timer_ns, 1);
	device.ops->timer(&channel[1]);
	assert_int_equal(queue_parked(&channel[1]), 0);
	assert_int_equal(last()->srb.length, 52);
	/* The handshake is for the primary channel only. */
	assert_int_equal(ask_len(1, &(struct vstor_msg){ .op = VSTOR_BEGIN }, 64),
			 NT_INVALID_DEVICE_STATE);
	assert_int_equal(ask_len(1, &(struct vstor_msg){ .op = VSTOR_CREATE_SUB_CHANNELS }, 64),
			 NT_INVALID_DEVICE_STATE);
	drop();
}

static void fibre_channel_names(void **state)
{
	static const uint8_t port[8] = { 0x50, 1, 2, 3, 4, 5, 6, 7 };

	(void)state;
	make(&fc_ops, "port=5001020304050607,node=c0:03:ff:00:00:00:00:01,lun127.255=null:1M");
	assert_int_equal(ask(VSTOR_BEGIN), 0);
	assert_int_equal(ask(VSTOR_FCHBA_DATA), NT_INVALID_DEVICE_STATE);
	assert_int_equal(ask_version(6, 2), 0);
	assert_int_equal(ask(VSTOR_QUERY_PROPERTIES), 0);
	assert_int_equal(ask(VSTOR_FCHBA_DATA), 0);
	assert_int_equal(last()->names.primary_active, 1);
	assert_memory_equal(last()->names.name[0], port, 8);
	assert_int_equal(last()->names.name[1][7], 1);
	assert_int_equal(ask(VSTOR_END), 0);
	command("wwn port=500102030405060", false);
	command("wwn active=2", true);
	assert_int_equal(last()->op, VSTOR_FCHBA_DATA);
	assert_false(sent[sent_count - 1].completion);
	assert_int_equal(last()->names.primary_active, 0);
	drop();
}

static void ide_has_its_place_in_the_instance(void **state)
{
	(void)state;
	make(&ide_ops, "disk=null:1M,channel=1,device=1");
	assert_int_equal(device.instance.b[0], 1);
	assert_int_equal(device.instance.b[4], 1);
	assert_int_equal(device.user[2], 1);
	assert_int_equal(device.user[3], 1);
	assert_int_equal(device.user[8], 2);
	handshake();
	assert_true(request(0, 1, 0, inquiry, (uint8_t[36]){ 0 }, 36));
	assert_int_equal(last()->srb.srb_status, SRB_SUCCESS);
	drop();
}

static void faults_change_messages(void **state)
{
	(void)state;
	make(&scsi_ops, "lun=null:1M");
	command("fault on=10 max-transfer=0", true);
	handshake();
	assert_int_equal(sent[2].msg.properties.max_transfer, 0);
	command("fault twice srb=0x84 scsi=0 length=4096 id=5 count=1", true);
	request(0, 0, 0, tur, NULL, 0);
	assert_int_equal(sent[sent_count - 2].transaction, 5);
	assert_int_equal(sent[sent_count - 1].transaction, 5);
	assert_int_equal(last()->srb.srb_status, 0x84);
	assert_int_equal(last()->srb.data_length, 4096);
	request(0, 0, 0, tur, NULL, 0);
	assert_int_equal(sent[sent_count - 1].transaction, 99);
	command("fault lost count=1", true);
	assert_false(request(0, 0, 0, tur, NULL, 0));
	command("fault bytes=12", true);
	request(0, 0, 0, tur, NULL, 0);
	assert_int_equal(sent[sent_count - 1].len, 12);
	command("fault bytes=65", false);
	command("fault srb=256", false);
	command("fault quux", false);
	command("fault off", true);
	drop();
}

/* Random messages: nothing to check but that the sanitizers have nothing to say. */
static void noise(void **state)
{
	static uint8_t page[2][4096];
	struct text line = { 0 };

	(void)state;
	make(&fc_ops, "subchannels=1,lun=mem:64K,lun1.3=mem:64K");
	handshake();
	assert_int_equal(device.ops->open(&channel[1]), 0);
	srand(1);
	for (unsigned int i = 0; i < 200000; i++) {
		struct sg_entry entry[2] = { { page[0], 1 + rand() % 4096 },
					     { page[1], 1 + rand() % 4096 } };
		struct vstor_msg msg;
		struct packet p = {
			.type = rand() % 8 ? PKT_GPA_DIRECT : rand() % 16,
			.flags = rand() % 16 != 0, .transaction = rand(), .data = (uint8_t *)&msg,
			.len = rand() % 4 ? 64 : rand() % 9 * 8, .ranges = rand() % 32 ? 1 : 2,
			.sg = { entry, 1 + rand() % 2, 0 },
		};

		for (unsigned int b = 0; b < sizeof(msg); b++)
			((uint8_t *)&msg)[b] = rand() % 3 ? 0 : rand();
		msg.op = rand() % 16 ? VSTOR_EXECUTE_SRB : rand() % 16;
		msg.srb.data_length = rand() % 5000;
		msg.srb.target %= 3;
		msg.srb.lun %= 5;
		msg.srb.path = rand() % 16 == 0;
		msg.srb.payload[0] = rand();
		p.sg.bytes = entry[0].len + (p.sg.count == 2 ? entry[1].len : 0);
		line.len = 0;
		device.ops->decode(&channel[0], rand() % 2, &p, &line);
		feed(rand() % 2, &p);
		if (sent_count > MAX_SENT / 4)
			sent_count = 0;
		room = rand() % 64 ? MAX_SENT : 0;
		if (rand() % 64 == 0) {
			device.ops->room(&channel[0]);
			device.ops->room(&channel[1]);
		}
	}
	text_free(&line);
	drop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_in_order_only),
		cmocka_unit_test(versions_up_to_the_highest),
		cmocka_unit_test(answers_are_as_long_as_the_question),
		cmocka_unit_test(violations_are_fatal),
		cmocka_unit_test(absent_luns),
		cmocka_unit_test(report_luns),
		cmocka_unit_test(errors_have_sense),
		cmocka_unit_test(hot_plug_is_announced),
		cmocka_unit_test(delayed_requests_are_parked),
		cmocka_unit_test(a_full_ring_keeps_completions),
		cmocka_unit_test(sub_channels_wait_for_the_end),
		cmocka_unit_test(fibre_channel_names),
		cmocka_unit_test(ide_has_its_place_in_the_instance),
		cmocka_unit_test(faults_change_messages),
		cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
