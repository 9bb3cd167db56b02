// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: control messages of a guest, parsed, described, and, those about
 * GPADLs, carried out with memory behind them. The input is a row of messages: a
 * length byte and that many bytes, or, from 248 on, the fields of a GPADL message,
 * which is then close to a good one.
 */
#include "../fault/fault.h"
#include "fuzz.h"
#include "ram.h"

#define IDS		8u
#define NEARLY_GOOD	248u

static struct bus_channel offered = { .state = SLOT_OPEN }, rescinded = { .state = SLOT_RESCINDED };
static unsigned int posted;
static struct gpadl *held;		/* in use while the guest goes on */

struct bus_channel *slot_by_relid(uint32_t relid)
{
	return relid % 4 == 1 ? &offered : relid % 4 == 2 ? &rescinded : NULL;
}

atomic_bool fault_on;

void *fault_section(uint32_t relid, const void *from, uint64_t *len)
{
	(void)relid, (void)from, (void)len;
	return NULL;
}

void guest_post(const struct host_message *m)
{
	struct text line = { 0 };

	MUST(m->len <= MESSAGE_BYTES);
	wire_describe(m->bytes, m->len, &line);
	text_free(&line);
	posted++;
}

/* Whatever exists can be copied in its bounds, and not beyond. */
static void use_gpadls(uint32_t relid)
{
	struct hv_channel ch = { .relid = relid };
	uint8_t byte = 0x5a;
	uint32_t id;

	for (id = 0; id < IDS; id++) {
		struct gpadl *g = gpadl_get(&ch, id);

		if (!g)
			continue;
		MUST(gpadl_bytes(g));
		MUST(gpadl_read(g, 0, &byte, 1));
		MUST(gpadl_write(g, gpadl_bytes(g) - 1, &byte, 1));
		MUST(!gpadl_write(g, gpadl_bytes(g), &byte, 1));
		if (!held)
			held = g;
		else
			gpadl_put(g);
	}
}

static void carry_out(struct guest_message *m)
{
	/* Small numbers, so that messages meet. */
	switch (m->type) {
	case MSG_GPADL_HEADER:
		m->header.gpadl %= IDS;
		gpadl_header(m);
		use_gpadls(m->header.relid);
		break;
	case MSG_GPADL_BODY:
		m->body.gpadl %= IDS;
		gpadl_body(m);
		break;
	case MSG_GPADL_TEARDOWN:
		m->teardown.gpadl %= IDS;
		gpadl_teardown(m);
		break;
	case MSG_UNLOAD:
		gpadl_put(held);
		held = NULL;
		break;
	case MSG_CLOSE:
		gpadl_orphan(m->channel.relid % 4);
		break;
	default:
		break;
	}
}

/* GPADL messages with few faults; random bytes hardly ever make a good one. */
static size_t nearly_good(struct input *in, uint8_t *to)
{
	uint8_t shape = take8(in), fault = take8(in);
	unsigned int words = shape % 28, i;
	uint32_t head[5] = { shape & 0x80 ? MSG_GPADL_BODY : MSG_GPADL_HEADER, 0, 1,
			     take8(in) % IDS, 8 * words | 1u << 16 };
	size_t len = head[0] == MSG_GPADL_BODY ? 16 : 20;

	if (shape & 0x40 && head[0] != MSG_GPADL_BODY) {
		head[0] = MSG_GPADL_TEARDOWN;
		words = 0;
		len = 16;
	}
	if (fault < 5)
		head[fault] = take32(in);
	if (fault == 5)
		head[4] += take8(in) * 8u;		/* more is to come */
	memcpy(to, head, len);
	for (i = 0; i < words && len + 8 <= MESSAGE_BYTES; i++, len += 8) {
		uint64_t word = RAM_PFN + take8(in) % (RAM_PAGES + 1);

		if (!i && head[0] == MSG_GPADL_HEADER)
			word = (words - 1ull) * PAGE_BYTES;
		if (fault >= 0xf0 && i == fault % 16u)
			take(in, &word, sizeof(word));
		memcpy(to + len, &word, sizeof(word));
	}
	return len;
}

/* The next message in memory of exactly its length, for the sanitizer. */
static uint8_t *next_message(struct input *in, size_t *len)
{
	uint8_t bytes[MESSAGE_BYTES], first = take8(in), *exact;

	if (first >= NEARLY_GOOD) {
		*len = nearly_good(in, bytes);
	} else {
		*len = first % (MESSAGE_BYTES + 1);
		take(in, bytes, *len);
	}
	exact = malloc(*len ? *len : 1);
	MUST(exact);
	memcpy(exact, bytes, *len);
	return exact;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t versions[] = { 0, 0x20004, 0x40000, 0x50003 };
	struct input in = { data, data + size };
	uint32_t version = versions[take8(&in) % ARRAY_SIZE(versions)];
	unsigned int before, messages = 0;

	while (in.at < in.end && messages++ < 500) {
		size_t len;
		uint8_t *exact = next_message(&in, &len);
		struct text line = { 0 };
		struct guest_message m;

		wire_describe(exact, len, &line);
		text_free(&line);
		before = posted;
		if (wire_parse(exact, len, version, &m) == PARSE_OK)
			carry_out(&m);
		MUST(m.words <= ARRAY_SIZE(m.word));
		/* One answer at most; the end of a channel answers all who wait. */
		MUST(posted <= before + (m.type == MSG_CLOSE ? IDS : 1));
		free(exact);
	}
	gpadl_put(held);
	held = NULL;
	gpadl_forget(0);
	return 0;
}
