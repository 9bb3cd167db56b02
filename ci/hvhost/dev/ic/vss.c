// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live backup: asks whether a hot backup is possible, freezes the guest's file
 * systems, thaws them (IC protocol, VSS 5.0; framework 3.0).
 */
#include <string.h>

#include "ic.h"

#define BODY_BYTES	12	/* operation, 7 reserved bytes, flags (32 bits) */

static const uint32_t versions[] = { IC_VERSION(5, 0), 0 };

static const struct operation {
	const char *name;
	uint8_t code;
} operations[] = {
	{ "hot-backup", 2 },
	{ "dm-info", 3 },
	{ "complete", 4 },
	{ "freeze", 5 },
	{ "thaw", 6 },
};

static const char *name_of(uint8_t code)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++)
		if (operations[i].code == code)
			return operations[i].name;
	return "?";
}

static bool command(struct ic *ic, int argc, char **argv, struct text *answer)
{
	uint8_t body[BODY_BYTES] = { 0 };
	unsigned int i = 0;

	while (i < ARRAY_SIZE(operations) && strcmp(argv[0], operations[i].name))
		i++;
	if (argc != 1 || i == ARRAY_SIZE(operations))
		return false;
	body[0] = operations[i].code;
	if (!ic_request(ic, body, sizeof(body))) {
		text_add(answer, "%s is not ready or busy", ic->dev->name);
		return false;
	}
	*(uint8_t *)ic->priv = operations[i].code;
	text_add(answer, "%s requested\n", operations[i].name);
	return true;
}

static void reply(struct ic *ic, const struct ic_message *m)
{
	const char *name = name_of(*(uint8_t *)ic->priv);
	uint32_t flags = 0;

	if (m->len >= BODY_BYTES)
		memcpy(&flags, m->body + 8, sizeof(flags));
	ic_done(ic, "%s %s status %#x flags %#x", name,
		m->status == HV_S_OK ? "succeeded" : "failed", m->status, flags);
}

static const struct ic_service service = {
	.type = IC_VSS,
	.instance = "2450ee40-33bf-4fbd-892e-9fb06e9214cf",
	.versions = versions,
	.priv_size = 1,		/* the operation in flight */
	.reply = reply,
	.command = command,
};

static bool create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	return ic_create(dev, &service, o, error, size);
}

/* Interface type 35fa2e29-ea23-4236-96ae-3a6ebacba440 */
const struct hv_device_ops vss_ops = {
	IC_OPS,
	.kind = "vss",
	.help = "live backup\n" IC_OPTIONS
		"  hot-backup, freeze, thaw, dm-info, complete\n",
	.type = { { 0x29, 0x2e, 0xfa, 0x35, 0x23, 0xea, 0x36, 0x42,
		    0x96, 0xae, 0x3a, 0x6e, 0xba, 0xcb, 0xa4, 0x40 } },
	.create = create,
};
