// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: a hostile guest against the whole bus, worker threads included. The
 * input is a list of actions: messages with any bytes, messages that nearly make
 * sense, writes into the rings, signals, and what an operator does meanwhile. The
 * threads make runs differ; what must hold is that nothing crashes or hangs.
 */
#include "fuzz.h"
#include "bus_guest.h"

#define RELIDS		12u		/* few, so that messages meet */
#define GPADLS		8u
#define PAGES		16u
#define RING_PAGES	4u

static struct hv_device *devices[2];

static void start(void)
{
	if (devices[0])
		return;
	echo_monitored = true;
	bus_create(VERSION(5, 3));
	devices[0] = add_echo("echo,sub=2");
	devices[1] = add_echo("echo2,sub=4");
}

static void any_message(struct input *in)
{
	uint8_t bytes[MESSAGE_BYTES + 16];
	uint32_t len = take8(in), type;

	take(in, bytes, sizeof(bytes));
	if (take8(in) & 1) {	/* a type that exists */
		type = bytes[0] % (MSG_TYPES + 2);
		memcpy(bytes, &type, sizeof(type));
	}
	vmbus_post_message(0, 1 + 3 * (take8(in) & 1), VMBUS_TYPE, bytes, len);
	posts_settle();
}

static void contact(struct input *in)
{
	static const uint32_t versions[] = {
		0x20004, 0x30000, 0x40000, 0x40001, 0x50000, 0x50002, 0x50003, 0x60000,
	};
	uint64_t page = (uint64_t)GUEST_PFN * PAGE_BYTES;
	uint8_t how = take8(in);

	post_contact(how & 1 ? 1 : 4, versions[take8(in) % ARRAY_SIZE(versions)], take8(in) % 6,
		     how & 2 ? take16(in) : VMBUS_SINT, how & 4 ? page : 0,
		     how & 4 ? page + PAGE_BYTES : how & 8);
	post_words(MSG_REQUEST_OFFERS, 0, 0, 0);
}

static uint64_t ring_at(uint32_t relid)
{
	return GUEST_PFN + PAGES + relid * RING_PAGES;
}

/* A channel opened as it should be, mostly. */
static void open_one(struct input *in)
{
	uint32_t relid = take8(in) % RELIDS, odd = take8(in);

	if (odd & 1)
		memset(guest_ptr(ring_at(relid) * PAGE_BYTES, RING_PAGES * PAGE_BYTES), 0,
		       RING_PAGES * PAGE_BYTES);
	post_gpadl(relid, relid, ring_at(relid), RING_PAGES, RING_PAGES * PAGE_BYTES,
		   odd & 2 ? take16(in) : 0);
	post_open(relid, relid, odd & 4 ? take32(in) : relid % 4, odd & 8 ? take8(in) : 2);
}

static void poke_ring(struct input *in)
{
	uint32_t relid = take8(in) % RELIDS, at = take16(in) % (RING_PAGES * PAGE_BYTES - 64);
	uint8_t bytes[64], *ring = guest_ptr(ring_at(relid) * PAGE_BYTES,
					     RING_PAGES * PAGE_BYTES);

	take(in, bytes, sizeof(bytes));
	memcpy(ring + (take8(in) & 1 ? at & 0x301f : at), bytes, 1 + take8(in) % 64);
	guest_signal(relid);
}

/* A good packet, whose payload the device takes as a command. */
static void put_packet(struct input *in)
{
	static const char verbs[] = "eSGPTFK";
	uint32_t relid = take8(in) % RELIDS, word[4];
	uint8_t *p = guest_ptr(ring_at(relid) * PAGE_BYTES, RING_PAGES * PAGE_BYTES);
	struct guest_ring out = { (uint32_t *)p, p + PAGE_BYTES, PAGE_BYTES };

	word[0] = (uint8_t)verbs[take8(in) % (sizeof(verbs) - 1)];
	word[1] = take8(in) % GPADLS;
	word[2] = take32(in);
	word[3] = take32(in);
	if (out.control[0] < out.size)
		guest_put(&out, take8(in) & 1 ? PKT_INBAND : PKT_GPA_DIRECT, take8(in) & 1, 1,
			  word, sizeof(word));
	guest_signal(relid);
}

static void small_message(struct input *in)
{
	static const uint32_t types[] = {
		MSG_CLOSE, MSG_RELID_RELEASED, MSG_MODIFY, MSG_GPADL_TEARDOWN, MSG_UNLOAD,
		MSG_REQUEST_OFFERS, MSG_RELID_RELEASED, MSG_GPADL_TEARDOWN,
	};
	uint32_t type = types[take8(in) % ARRAY_SIZE(types)], a = take8(in) % RELIDS;

	if (type == MSG_UNLOAD && take8(in) % 8)
		return;		/* rarely, or little else happens */
	post_words(type, 2, a, type == MSG_MODIFY ? take8(in) % 6 : take8(in) % GPADLS);
}

static void operate(struct input *in)
{
	struct hv_device *dev = devices[take8(in) & 1];
	struct text t = { 0 };

	switch (take8(in) % 8) {
	case 0:
	case 1:
		bus_device_rescind(dev);
		break;
	case 2:
	case 3:
		bus_device_offer(dev);
		break;
	case 4:
		bus_describe(&t);
		text_free(&t);
		break;
	case 5:
		if (!(take8(in) % 8))
			bus_reset();
		break;
	default:
		run_loop();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct inbox_message m;

	start();
	bus_reset();
	synic_limit = 1 + take8(&in);
	while (in.at < in.end) {
		switch (take8(&in) % 12) {
		case 0:
			any_message(&in);
			break;
		case 1:
			contact(&in);
			break;
		case 2:
		case 3:
			open_one(&in);
			break;
		case 4:
		case 5:
			poke_ring(&in);
			break;
		case 6:
		case 7:
			put_packet(&in);
			break;
		case 8:
		case 9:
			small_message(&in);
			break;
		case 10:
			operate(&in);
			break;
		default:
			inbox_take(&m);
		}
	}
	run_loop();
	return 0;
}
