// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shutdown: asks the guest to power off, to reboot (from 3.1) or to hibernate (from
 * 3.2). It answers first and acts then (IC protocol).
 */
#include <string.h>

#include "ic.h"

#define BODY_BYTES	(12 + 2048)	/* reason, timeout, flags, a text for the console */
#define FLAG_FORCE	1
#define REASON		0x80000000u	/* "planned", as a management tool gives it */
#define TIMEOUT_S	300

static const uint32_t versions[] = {
	IC_VERSION(3, 2), IC_VERSION(3, 1), IC_VERSION(3, 0), IC_VERSION(1, 0), 0
};

static const struct action {
	const char *name;
	uint32_t flags, since;
} actions[] = {
	{ "shutdown", 0, IC_VERSION(1, 0) },
	{ "reboot", 2, IC_VERSION(3, 1) },
	{ "hibernate", 4, IC_VERSION(3, 2) },
};

static bool start(struct ic *ic, const struct action *a, bool force, struct text *answer)
{
	const uint32_t words[] = { REASON, TIMEOUT_S, a->flags | (force ? FLAG_FORCE : 0) };
	uint8_t body[BODY_BYTES] = { 0 };

	memcpy(body, words, sizeof(words));
	if (ic->state == IC_READY && ic->version < a->since) {
		text_add(answer, "%s needs version %u.%u, the guest has %u.%u", a->name,
			 a->since >> 16, a->since & 0xffff, ic->version >> 16,
			 ic->version & 0xffff);
		return false;
	}
	if (!ic_request(ic, body, sizeof(body))) {
		text_add(answer, "%s is not ready or busy", ic->dev->name);
		return false;
	}
	text_add(answer, "%s requested\n", a->name);
	return true;
}

static bool command(struct ic *ic, int argc, char **argv, struct text *answer)
{
	bool force = argc == 2 && !strcmp(argv[1], "force");

	if (argc > 2 || (argc == 2 && !force))
		return false;
	for (unsigned int i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcmp(argv[0], actions[i].name))
			return start(ic, &actions[i], force, answer);
	return false;
}

static void reply(struct ic *ic, const struct ic_message *m)
{
	ic_done(ic, "%s status %#x", m->status == HV_S_OK ? "accepted" : "refused", m->status);
}

static const struct ic_service service = {
	.type = IC_SHUTDOWN,
	.instance = "b6650ff7-33bc-4840-8048-e0676786f393",
	.versions = versions,
	.reply = reply,
	.command = command,
};

static bool create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	return ic_create(dev, &service, o, error, size);
}

/* Interface type 0e0b6031-5213-4934-818b-38d90ced39db */
const struct hv_device_ops shutdown_ops = {
	IC_OPS,
	.kind = "shutdown",
	.help = "operating system shutdown\n" IC_OPTIONS
		"  shutdown|reboot|hibernate [force]\n",
	.type = { { 0x31, 0x60, 0x0b, 0x0e, 0x13, 0x52, 0x34, 0x49,
		    0x81, 0x8b, 0x38, 0xd9, 0x0c, 0xed, 0x39, 0xdb } },
	.create = create,
};
