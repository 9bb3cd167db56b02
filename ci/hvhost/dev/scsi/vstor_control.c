// SPDX-License-Identifier: GPL-2.0-only
/* Commands of the control socket to a storage controller. Main thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "vstor.h"

bool vstor_number(const char *text, uint64_t max, uint64_t *value)
{
	char *after;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &after, 0);
	return !errno && !*after && *value <= max;
}

static bool wrong(struct text *answer, const char *usage)
{
	text_add(answer, "usage: %s", usage);
	return false;
}

/* The guest asks for the bus to be looked at again whenever a LUN comes or goes. */
static bool add(struct vstor *v, int argc, char **argv, struct text *answer)
{
	unsigned int target = 0, lun;
	char error[200];

	if (argc == 2) {
		int number = vstor_lun_free_number(v, 0);

		if (number < 0) {
			text_add(answer, "target 0 is full");
			return false;
		}
		lun = number;
	} else if (argc != 3 || !vstor_address(v, argv[1], &target, &lun)) {
		return wrong(answer, "add [[T.]L] SPEC");
	}
	if (!vstor_lun_add(v, target, lun, argv[argc - 1], error, sizeof(error))) {
		text_add(answer, "%s", error);
		return false;
	}
	text_add(answer, "LUN %u.%u%s\n", target, lun,
		 vstor_notify(v, VSTOR_ENUMERATE_BUS) ? ", the guest was told" : "");
	return true;
}

static bool remove_lun(struct vstor *v, int argc, char **argv, struct text *answer)
{
	unsigned int target, lun;

	if (argc != 2 || !vstor_address(v, argv[1], &target, &lun))
		return wrong(answer, "remove [T.]L");
	if (!vstor_lun_remove(v, target, lun)) {
		text_add(answer, "there is no LUN %u.%u", target, lun);
		return false;
	}
	if (vstor_notify(v, VSTOR_ENUMERATE_BUS))
		text_add(answer, "the guest was told\n");
	return true;
}

static void describe_unit(struct lun *unit, unsigned int target, unsigned int lun,
			  void *arg)
{
	struct text *answer = arg, about = { 0 };

	lun_describe(unit, &about);
	text_add(answer, "lun %u.%u %s", target, lun, about.len ? about.data : "");
	if (!about.len || about.data[about.len - 1] != '\n')
		text_add(answer, "\n");
	text_free(&about);
}

static bool list(struct vstor *v, struct text *answer)
{
	uint16_t version = v->version;

	text_add(answer, "state %s, vstor %u.%u, sub-channels %u of %u, absent LUNs asked %llu\n",
		 vstor_state_name(v->state), version >> 8, version & 0xff, v->created,
		 v->dev->max_sub, (unsigned long long)v->absent);
	for (unsigned int sub = 0; sub <= v->created; sub++)
		text_add(answer, "channel %u requests %llu\n", sub,
			 (unsigned long long)v->requests[sub]);
	if (v->kind == VSTOR_FC) {
		fc_names_describe(&v->names, answer);
		text_add(answer, "\n");
	}
	vstor_lun_each(v, describe_unit, answer);
	return true;
}

static bool notify(struct vstor *v, int argc, char **argv, struct text *answer)
{
	uint32_t op;

	if (argc == 2 && !strcmp(argv[1], "enumerate"))
		op = VSTOR_ENUMERATE_BUS;
	else if (argc == 2 && !strcmp(argv[1], "remove"))
		op = VSTOR_REMOVE_DEVICE;
	else
		return wrong(answer, "notify enumerate|remove");
	if (vstor_notify(v, op))
		return true;
	text_add(answer, "the guest's driver is not ready");
	return false;
}

static bool proto(struct vstor *v, int argc, char **argv, struct text *answer)
{
	uint16_t version;

	if (argc != 2 || !vstor_version_parse(argv[1], &version))
		return wrong(answer, "proto 2.0|4.2|5.1|6.0|6.2");
	v->highest = version;
	return true;
}

/* A command for one unit: its address is taken out of the arguments. */
static bool unit_command(struct vstor *v, int argc, char **argv, struct text *answer)
{
	unsigned int target, lun;
	struct lun *unit;

	if (argc < 2 || !vstor_address(v, argv[1], &target, &lun)) {
		text_add(answer, "%s: unknown, or without an address, see `help %s`", argv[0],
			 v->dev->ops->kind);
		return false;
	}
	unit = vstor_lun(v, target, lun);
	if (!unit) {
		text_add(answer, "there is no LUN %u.%u", target, lun);
		return false;
	}
	argv[1] = argv[0];
	return lun_command(unit, argc - 1, argv + 1, answer);
}

bool vstor_command(struct hv_device *dev, int argc, char **argv, struct text *answer)
{
	struct vstor *v = dev->priv;

	if (!strcmp(argv[0], "add"))
		return add(v, argc, argv, answer);
	if (!strcmp(argv[0], "remove"))
		return remove_lun(v, argc, argv, answer);
	if (!strcmp(argv[0], "list"))
		return list(v, answer);
	if (!strcmp(argv[0], "notify"))
		return notify(v, argc, argv, answer);
	if (!strcmp(argv[0], "proto"))
		return proto(v, argc, argv, answer);
	if (!strcmp(argv[0], "fault"))
		return vstor_fault_set(v, argc, argv, answer);
	if (!strcmp(argv[0], "wwn") && v->kind == VSTOR_FC)
		return fc_command(v, argc, argv, answer);
	return unit_command(v, argc, argv, answer);
}
