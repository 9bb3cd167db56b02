// SPDX-License-Identifier: GPL-2.0-only
/* Targets and LUN numbers of one controller, all on path 0. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vstor.h"

struct lun *vstor_lun(struct vstor *v, unsigned int target, unsigned int lun)
{
	struct vstor_target *t;

	if (target >= v->targets || lun >= VSTOR_LUNS)
		return NULL;
	t = v->target[target];
	return t ? t->lun[lun] : NULL;
}

static bool put_into_table(struct vstor *v, unsigned int target, unsigned int lun,
			   struct lun *unit, char *error, size_t size)
{
	struct vstor_target *t = v->target[target];

	if (!t) {
		t = calloc(1, sizeof(*t));
		if (!t) {
			snprintf(error, size, "no memory");
			return false;
		}
		v->target[target] = t;
	}
	if (t->lun[lun]) {
		snprintf(error, size, "LUN %u.%u is in use", target, lun);
		return false;
	}
	t->lun[lun] = unit;
	return true;
}

bool vstor_lun_add(struct vstor *v, unsigned int target, unsigned int lun, const char *spec,
		   char *error, size_t size)
{
	char instance[37], seed[64];
	struct lun *unit;

	guid_format(&v->dev->instance, instance);
	snprintf(seed, sizeof(seed), "%s.%u.%u", instance, target, lun);
	unit = lun_create(spec, seed, error, size);
	if (!unit)
		return false;
	if (put_into_table(v, target, lun, unit, error, size))
		return true;
	lun_destroy(unit);
	return false;
}

/* Workers that found the LUN in the table are done with it when they let go of their locks. */
static void wait_for_workers(struct vstor *v)
{
	for (unsigned int sub = 0; sub <= v->dev->max_sub; sub++) {
		struct hv_channel *ch = device_channel(v->dev, sub);

		if (ch && channel_lock(ch))
			channel_unlock(ch);
	}
}

bool vstor_lun_remove(struct vstor *v, unsigned int target, unsigned int lun)
{
	struct lun *unit = vstor_lun(v, target, lun);

	if (!unit)
		return false;
	v->target[target]->lun[lun] = NULL;
	wait_for_workers(v);
	lun_destroy(unit);
	return true;
}

int vstor_lun_free_number(struct vstor *v, unsigned int target)
{
	int lun = 0;

	while (lun < VSTOR_LUNS && vstor_lun(v, target, lun))
		lun++;
	return lun < VSTOR_LUNS ? lun : -1;
}

/*
 * SPC-4 6.33. The controller answers it, not a unit, and it always succeeds: Windows does
 * so too for a target that has none, with an empty list.
 */
uint32_t vstor_report_luns(struct vstor *v, const struct vstor_srb *srb, const struct sg *data)
{
	const uint8_t *cdb = srb->payload;
	uint8_t list[8 + 8 * VSTOR_LUNS] = { 0 };
	uint32_t bytes = 8, room = (uint32_t)cdb[6] << 24 | cdb[7] << 16 | cdb[8] << 8 | cdb[9];
	bool here = !srb->path || v->kind == VSTOR_IDE;

	for (unsigned int lun = 0; here && lun < VSTOR_LUNS; lun++) {
		if (!vstor_lun(v, srb->target, lun))
			continue;
		list[bytes + 1] = lun;		/* peripheral device addressing, bus 0 */
		bytes += 8;
	}
	list[2] = (bytes - 8) >> 8;
	list[3] = (bytes - 8) & 0xff;
	if (!data)
		return 0;
	if (room > data->bytes)
		room = data->bytes;
	if (bytes > room)
		bytes = room;
	return sg_write(data, 0, list, bytes) ? bytes : 0;
}

void vstor_lun_each(struct vstor *v, void (*fn)(struct lun *unit, unsigned int target,
						unsigned int lun, void *arg), void *arg)
{
	for (unsigned int target = 0; target < v->targets; target++)
		for (unsigned int lun = 0; v->target[target] && lun < VSTOR_LUNS; lun++) {
			struct lun *unit = vstor_lun(v, target, lun);

			if (unit)
				fn(unit, target, lun, arg);
		}
}

void vstor_lun_free_all(struct vstor *v)
{
	for (unsigned int target = 0; target < v->targets; target++) {
		for (unsigned int lun = 0; v->target[target] && lun < VSTOR_LUNS; lun++)
			vstor_lun_remove(v, target, lun);
		free(v->target[target]);
		v->target[target] = NULL;
	}
}

static bool address_part(const char **text, unsigned long limit, unsigned int *value)
{
	char *after;
	unsigned long number;

	if (**text < '0' || **text > '9')
		return false;
	number = strtoul(*text, &after, 10);
	if (number >= limit)
		return false;
	*value = number;
	*text = after;
	return true;
}

bool vstor_address(const struct vstor *v, const char *text, unsigned int *target,
		   unsigned int *lun)
{
	*target = 0;
	if (strchr(text, '.')) {
		if (!address_part(&text, v->targets, target) || *text++ != '.')
			return false;
	}
	return address_part(&text, VSTOR_LUNS, lun) && !*text;
}
