// SPDX-License-Identifier: GPL-2.0-only
/*
 * Synthetic Fibre Channel: a storage controller that has world wide names. There
 * are two sets, as for each virtual adapter on Windows; a live migration goes from
 * the one to the other, and the host says so by FCHBA_DATA that nobody asked for.
 */
#include <stdio.h>
#include <string.h>
#include "vstor.h"

enum fc_name { PORT, NODE, PORT2, NODE2, FC_NAMES };

static const char *const key[FC_NAMES] = { "port", "node", "port2", "node2" };

/* Names as Windows makes them: Microsoft's identifier in an NAA 12 name. */
#define FC_NODE_NAME	0xc003ff0000ffff00ull
#define FC_PORT_NAME	0xc003ff0000ff0000ull

static void put_name(uint8_t name[8], uint64_t value)
{
	for (int i = 0; i < 8; i++)
		name[i] = value >> (56 - 8 * i) & 0xff;
}

/* 16 hex digits, perhaps with colons or 0x, as tools write them. */
static bool parse_name(const char *text, uint8_t name[8])
{
	static const char digits[] = "0123456789abcdefABCDEF";
	uint64_t value = 0;
	unsigned int count = 0;

	if (!strncmp(text, "0x", 2))
		text += 2;
	for (; *text; text++) {
		const char *digit = strchr(digits, *text);

		if (*text == ':')
			continue;
		if (!digit || ++count > 16)
			return false;
		value = value << 4 | (digit - digits >= 16 ? digit - digits - 6 : digit - digits);
	}
	if (count != 16)
		return false;
	put_name(name, value);
	return true;
}

static bool take_names(struct hv_device *dev, struct options *o, struct vstor_fc_names *names,
		       char *error, size_t size)
{
	memset(names, 0, sizeof(*names));
	names->primary_active = 1;
	put_name(names->name[PORT], FC_PORT_NAME + 2 * dev->number);
	put_name(names->name[NODE], FC_NODE_NAME);
	put_name(names->name[PORT2], FC_PORT_NAME + 2 * dev->number + 1);
	put_name(names->name[NODE2], FC_NODE_NAME);
	for (int i = 0; i < FC_NAMES; i++) {
		const char *text = options_string(o, key[i], NULL);

		if (!text || parse_name(text, names->name[i]))
			continue;
		snprintf(error, size, "%s=%s: a name has 16 hex digits", key[i], text);
		return false;
	}
	return true;
}

static bool fc_create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	struct vstor_fc_names names;
	struct vstor *v;

	if (!take_names(dev, o, &names, error, size) ||
	    !vstor_create(dev, VSTOR_FC, o, error, size))
		return false;
	v = dev->priv;
	v->names = names;
	return true;
}

void fc_names_describe(const struct vstor_fc_names *names, struct text *answer)
{
	for (int i = 0; i < FC_NAMES; i++) {
		text_add(answer, "%s%s ", i ? " " : "", key[i]);
		for (int byte = 0; byte < 8; byte++)
			text_add(answer, "%02x", names->name[i][byte]);
	}
	text_add(answer, " active %u", names->primary_active ? 1 : 2);
}

static bool change_name(struct vstor_fc_names *names, const char *arg)
{
	for (int i = 0; i < FC_NAMES; i++) {
		size_t len = strlen(key[i]);

		if (!strncmp(arg, key[i], len) && arg[len] == '=')
			return parse_name(arg + len + 1, names->name[i]);
	}
	if (!strcmp(arg, "active=1") || !strcmp(arg, "active=2")) {
		names->primary_active = arg[7] == '1';
		return true;
	}
	return false;
}

/* wwn [port=N] [node=N] [port2=N] [node2=N] [active=1|2] [quiet] */
bool fc_command(struct vstor *v, int argc, char **argv, struct text *answer)
{
	struct vstor_fc_names names = v->names;	/* changed in this thread only */
	bool quiet = false, told = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "quiet")) {
			quiet = true;
		} else if (!change_name(&names, argv[i])) {
			text_add(answer, "%s: give port=, node=, port2=, node2= (16 hex digits), "
				 "active=1|2 or quiet", argv[i]);
			return false;
		}
	}
	if (argc > 1) {
		pthread_mutex_lock(&v->lock);
		v->names = names;
		pthread_mutex_unlock(&v->lock);
		told = !quiet && vstor_notify(v, VSTOR_FCHBA_DATA);
	}
	fc_names_describe(&names, answer);
	text_add(answer, "%s\n", told ? ", the guest was told" : "");
	return true;
}

const struct hv_device_ops fc_ops = {
	.kind = "fc",
	.help =
	"synthetic Fibre Channel adapter: options and commands of kind scsi, 128 targets, and\n"
	"options:\n"
	"  port=WWN node=WWN      first set of names, 16 hex digits each\n"
	"  port2=WWN node2=WWN    second set\n"
	"commands:\n"
	"  wwn [port=WWN] [node=WWN] [port2=WWN] [node2=WWN] [active=1|2] [quiet]\n"
	"                         shows or changes names and tells the guest of the change\n",
	/* 2f9bcc4a-0069-4af3-b76b-6fd0be528cda */
	.type = { { 0x4a, 0xcc, 0x9b, 0x2f, 0x69, 0x00, 0xf3, 0x4a,
		    0xb7, 0x6b, 0x6f, 0xd0, 0xbe, 0x52, 0x8c, 0xda } },
	VSTOR_OPS,
	.create = fc_create,
};
