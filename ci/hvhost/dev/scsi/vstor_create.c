// SPDX-License-Identifier: GPL-2.0-only
/* The options of storage controllers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../machine/machine.h"
#include "vstor.h"

#define DEFAULT_MAX_TRANSFER	(512 * KIB)

bool vstor_version_parse(const char *text, uint16_t *version)
{
	static const struct {
		const char *text;
		uint16_t version;
	} known[] = {
		{ "2.0", VSTOR_VERSION(2, 0) },
		{ "4.2", VSTOR_VERSION(4, 2) },
		{ "5.1", VSTOR_VERSION(5, 1) },
		{ "6.0", VSTOR_VERSION(6, 0) },
		{ "6.2", VSTOR_VERSION(6, 2) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(text, known[i].text))
			continue;
		*version = known[i].version;
		return true;
	}
	return false;
}

/* One channel for each four processors, as the Windows host does it. */
static unsigned int default_sub_channels(const struct vstor *v)
{
	unsigned int cpus = machine.config.cpus;

	return v->kind == VSTOR_IDE || !cpus ? 0 : (cpus + 3) / 4 - 1;
}

static bool add_numbered_luns(struct vstor *v, struct options *o, char *error, size_t size)
{
	for (unsigned int target = 0; target < v->targets; target++) {
		for (unsigned int lun = 0; lun < VSTOR_LUNS; lun++) {
			const char *spec;
			char key[24];

			snprintf(key, sizeof(key), "lun%u.%u", target, lun);
			spec = options_string(o, key, NULL);
			if (!spec && target == 0) {
				snprintf(key, sizeof(key), "lun%u", lun);
				spec = options_string(o, key, NULL);
			}
			if (spec && !vstor_lun_add(v, target, lun, spec, error, size))
				return false;
		}
	}
	return true;
}

/* `lun=` may come again and again: each takes the next free numbers. */
static bool add_luns(struct vstor *v, struct options *o, char *error, size_t size)
{
	unsigned int count = options_number(o, "count", 1, 1, VSTOR_LUNS);
	const char *spec;

	if (!add_numbered_luns(v, o, error, size))
		return false;
	while ((spec = options_string(o, "lun", NULL))) {
		for (unsigned int i = 0; i < count; i++) {
			int lun = vstor_lun_free_number(v, 0);

			if (lun < 0) {
				snprintf(error, size, "lun=%s: target 0 is full", spec);
				return false;
			}
			if (!vstor_lun_add(v, 0, lun, spec, error, size))
				return false;
		}
	}
	return true;
}

static bool take_options(struct vstor *v, struct options *o, char *error, size_t size)
{
	const char *version = options_string(o, "proto", "6.2");
	const char *instance = options_string(o, "instance", NULL);

	uint16_t highest;

	if (!vstor_version_parse(version, &highest)) {
		snprintf(error, size, "proto=%s: give 2.0, 4.2, 5.1, 6.0 or 6.2", version);
		return false;
	}
	v->highest = highest;
	if (instance && !guid_parse(instance, &v->dev->instance)) {
		snprintf(error, size, "instance=%s is not a GUID", instance);
		return false;
	}
	/* Anything goes: guests have to survive a host that says 0. */
	v->max_transfer = options_number(o, "max-transfer", DEFAULT_MAX_TRANSFER, 0, UINT32_MAX);
	v->overrun = options_flag(o, "overrun");
	v->dev->latency = options_number(o, "monitor", 0, 0, UINT16_MAX);
	v->dev->monitored = v->dev->latency != 0;
	if (v->kind != VSTOR_IDE)
		v->dev->max_sub = options_number(o, "subchannels", default_sub_channels(v), 0,
						 VSTOR_MAX_SUB);
	return true;
}

bool vstor_create(struct hv_device *dev, enum vstor_kind kind, struct options *o, char *error,
		  size_t size)
{
	struct vstor *v = calloc(1, sizeof(*v));

	if (!v) {
		snprintf(error, size, "no memory");
		return false;
	}
	v->dev = dev;
	v->kind = kind;
	v->targets = kind == VSTOR_FC ? VSTOR_TARGETS : 2;
	pthread_mutex_init(&v->lock, NULL);
	dev->priv = v;
	if (take_options(v, o, error, size) &&
	    (kind == VSTOR_IDE || add_luns(v, o, error, size)))
		return true;
	vstor_destroy(dev);
	return false;
}

void vstor_destroy(struct hv_device *dev)
{
	struct vstor *v = dev->priv;

	if (!v)
		return;
	vstor_lun_free_all(v);
	pthread_mutex_destroy(&v->lock);
	free(v);
	dev->priv = NULL;
}
