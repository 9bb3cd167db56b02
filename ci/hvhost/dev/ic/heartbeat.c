// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heartbeat: every two seconds a sequence number, which the guest answers raised by
 * one (IC protocol, heartbeat 1.0 and 3.0). No answer until the next one is due is a miss.
 */
#include <string.h>

#include "ic.h"

#define PERIOD_NS	2000000000ull
#define BODY_BYTES	40	/* sequence number (64 bits) and 32 reserved bytes */

struct heartbeat {
	uint64_t sequence, answered, wrong;
	unsigned int missed, missed_ever;	/* in a row, and since the start */
};

static const uint32_t versions[] = { IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };

static void beat(struct ic *ic)
{
	struct heartbeat *h = ic->priv;
	uint8_t body[BODY_BYTES] = { 0 };

	if (ic->busy) {
		h->missed++;
		h->missed_ever++;
	} else {
		memcpy(body, &h->sequence, sizeof(h->sequence));
		ic_request(ic, body, sizeof(body));
	}
	channel_timer(ic->ch, PERIOD_NS);
}

static void reply(struct ic *ic, const struct ic_message *m)
{
	struct heartbeat *h = ic->priv;
	uint64_t sequence = 0;

	if (m->len >= sizeof(sequence))
		memcpy(&sequence, m->body, sizeof(sequence));
	if (sequence == h->sequence + 1)
		h->answered++;
	else
		h->wrong++;
	h->sequence += 2;
	h->missed = 0;
}

static bool command(struct ic *ic, int argc, char **argv, struct text *answer)
{
	struct heartbeat *h = ic->priv;

	if (argc != 1 || strcmp(argv[0], "beats"))
		return false;
	text_add(answer, "%s answered %llu wrong %llu missed %u (%u in all)\n",
		 ic->state == IC_READY && !h->missed && h->answered ? "alive" : "silent",
		 (unsigned long long)h->answered, (unsigned long long)h->wrong, h->missed,
		 h->missed_ever);
	return true;
}

static const struct ic_service service = {
	.type = IC_HEARTBEAT,
	.instance = "fd149e91-82e0-4a7d-afa6-2a4166cbd7c0",
	.versions = versions,
	.priv_size = sizeof(struct heartbeat),
	.ready = beat,
	.timer = beat,
	.reply = reply,
	.command = command,
};

static bool create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	return ic_create(dev, &service, o, error, size);
}

/* Interface type 57164f39-9115-4e78-ab55-382f3bd5422d */
const struct hv_device_ops heartbeat_ops = {
	IC_OPS,
	.kind = "heartbeat",
	.help = "heartbeat\n" IC_OPTIONS
		"  beats          alive or silent, and how many were answered and missed\n",
	.type = { { 0x39, 0x4f, 0x16, 0x57, 0x15, 0x91, 0x78, 0x4e,
		    0xab, 0x55, 0x38, 0x2f, 0x3b, 0xd5, 0x42, 0x2d } },
	.create = create,
};
