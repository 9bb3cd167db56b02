// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: what a guest may send to a storage controller, on two channels. The
 * input is a row of steps: a packet, with or without a handshake before it, a turn of
 * the timer, room in the ring again, a channel closed and opened, a LUN that comes or
 * goes. What must hold: answers fit, their number is bounded, nothing is lost at close.
 */
#include <stdio.h>
#include "../dev/scsi/vstor.h"
#include "../machine/machine.h"
#include "fuzz.h"

#define CHANNELS	2
#define STEPS		400u
#define BUFFER		16384u

static struct hv_device device;
static struct hv_channel channel[CHANNELS];
static bool room, dead[CHANNELS];
static void (*called)(void *arg);

struct machine machine;

static bool put(uint32_t len)
{
	MUST(len <= sizeof(struct vstor_msg));
	return room;
}

bool channel_send(struct hv_channel *ch, const void *data, uint32_t len, uint64_t transaction,
		  bool want_completion)
{
	(void)ch;
	(void)data;
	(void)transaction;
	MUST(!want_completion);
	return put(len);
}

bool channel_complete(struct hv_channel *ch, uint64_t transaction, const void *data,
		      uint32_t len)
{
	(void)ch;
	(void)transaction;
	MUST(!memcmp(data, "\1\0\0\0", 4));
	return put(len);
}

void channel_hold(struct hv_channel *ch)
{
	(void)ch;
}

void channel_release(struct hv_channel *ch)
{
	(void)ch;
}

bool channel_lock(struct hv_channel *ch)
{
	return ch->priv && !dead[ch->sub];
}

void channel_unlock(struct hv_channel *ch)
{
	(void)ch;
}

void channel_timer(struct hv_channel *ch, uint64_t ns)
{
	(void)ch;
	(void)ns;
}

void channel_kill(struct hv_channel *ch, const char *why)
{
	MUST(why);
	dead[ch->sub] = true;
}

struct hv_channel *device_channel(struct hv_device *dev, unsigned int sub)
{
	(void)dev;
	return sub < CHANNELS ? &channel[sub] : NULL;
}

bool device_offer_subchannels(struct hv_device *dev, unsigned int count)
{
	MUST(count && count <= dev->max_sub);
	return true;
}

void loop_call(void (*fn)(void *arg), void *arg)
{
	(void)arg;
	called = fn;
}

static void open_channel(unsigned int sub)
{
	if (channel[sub].priv)
		fc_ops.close(&channel[sub]);
	MUST(!channel[sub].priv);
	MUST(!fc_ops.open(&channel[sub]));
	dead[sub] = false;
}

static void make_device(void)
{
	struct options *o = options_parse("subchannels=1,lun0=mem:64K,lun1.3=null:1G,"
					  "lun1.200=mem:64K,,block=4096");
	char error[200];

	device.ops = &fc_ops;
	for (unsigned int sub = 0; sub < CHANNELS; sub++) {
		channel[sub].dev = &device;
		channel[sub].sub = sub;
	}
	MUST(fc_ops.create(&device, o, error, sizeof(error)));
	MUST(options_end(o, error, sizeof(error)));
}

/* A packet; most of its bytes are nearly right, or few would get far. */
static void send_packet(struct input *in, unsigned int sub, uint32_t op)
{
	static uint8_t buffer[2][BUFFER];
	uint8_t shape = take8(in);
	struct sg_entry entry[2] = { { buffer[0], 1 + take16(in) % BUFFER },
				     { buffer[1], 1 + take16(in) % BUFFER } };
	struct vstor_msg msg;
	struct packet p = {
		.type = shape & 1 ? PKT_GPA_DIRECT : PKT_INBAND, .flags = PKT_FLAG_COMPLETION,
		.data = (uint8_t *)&msg, .len = sizeof(msg),
	};
	struct text line = { 0 };

	take(in, &msg, sizeof(msg));
	msg.op = op;
	msg.srb.lun = msg.srb.lun % 8 ? msg.srb.lun % 8 : 200;
	msg.srb.target &= 1;
	msg.srb.path = msg.srb.path > 250;
	if (shape > 240) {
		p.type = take8(in);
		p.flags = take8(in);
		p.len = take8(in) % 9 * 8;
		msg.op = take8(in);
	}
	if (p.type == PKT_GPA_DIRECT) {
		p.sg.entry = entry;
		p.sg.count = p.ranges = 1 + (shape >> 1 & 1);
		p.sg.bytes = entry[0].len + (p.sg.count > 1 ? entry[1].len : 0);
		p.ranges = 1 + (shape > 230);
		msg.srb.data_length %= p.sg.bytes + 16;
	} else if (shape & 2) {
		msg.srb.data_length = 0;
	}
	fc_ops.decode(&channel[sub], shape & 4, &p, &line);
	MUST(line.len && !strchr(line.data, '\n'));
	text_free(&line);
	if (!dead[sub])
		fc_ops.packet(&channel[sub], &p);
}

static void hot_plug(uint8_t what)
{
	char *add[] = { (char *)"add", (char *)"5", (char *)"mem:32K" };
	char *gone[] = { (char *)"remove", (char *)"5" };
	char *delay[] = { (char *)"delay", (char *)"0", (char *)"1" };
	char *no_delay[] = { (char *)"delay", (char *)"0", (char *)"0" };
	struct text answer = { 0 };

	switch (what & 3) {
	case 0:
		fc_ops.command(&device, 3, add, &answer);
		break;
	case 1:
		fc_ops.command(&device, 2, gone, &answer);
		break;
	case 2:
		fc_ops.command(&device, 3, delay, &answer);
		break;
	case 3:
		fc_ops.command(&device, 3, no_delay, &answer);
		break;
	}
	text_free(&answer);
}

static void other_step(struct input *in, unsigned int sub, uint8_t what)
{
	switch (what % 6) {
	case 0:
		room = false;
		break;
	case 1:
		room = true;
		if (!dead[sub])
			fc_ops.room(&channel[sub]);
		break;
	case 2:
		if (!dead[sub])
			fc_ops.timer(&channel[sub]);
		break;
	case 3:
		open_channel(sub);
		break;
	case 4:
		hot_plug(take8(in));
		break;
	case 5:
		if (called)
			called(device.priv);
		called = NULL;
		break;
	}
}

static void handshake(void)
{
	static const uint32_t ops[] = {
		VSTOR_BEGIN, VSTOR_QUERY_VERSION, VSTOR_QUERY_PROPERTIES, VSTOR_END,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		struct vstor_msg msg = { .op = ops[i], .version = { VSTOR_VERSION(6, 2), 0 } };
		struct packet p = {
			.type = PKT_INBAND, .flags = PKT_FLAG_COMPLETION,
			.data = (uint8_t *)&msg, .len = sizeof(msg),
		};

		fc_ops.packet(&channel[0], &p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	if (!device.ops)
		make_device();
	room = true;
	called = NULL;
	open_channel(0);
	open_channel(1);
	if (take8(&in) & 3)
		handshake();
	for (unsigned int step = 0; step < STEPS && in.at < in.end; step++) {
		uint8_t what = take8(&in);

		if (what < 0x60)
			send_packet(&in, what & 1, VSTOR_EXECUTE_SRB);
		else if (what < 0xa0)
			send_packet(&in, what & 1, what % 15);
		else
			other_step(&in, what & 1, what >> 1);
	}
	for (unsigned int sub = 0; sub < CHANNELS; sub++)
		fc_ops.close(&channel[sub]);
	fc_ops.reset(&device);
	/* As it was before. */
	hot_plug(3);
	hot_plug(1);
	return 0;
}
