// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets and LUN numbers of one controller, all on path 0.
 *
 * Units come and go while channels' threads execute requests on them: a thread
 * holds a reference, the table holds one, and the last one frees the unit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vstor.h"

struct vstor_unit *vstor_unit_get(struct vstor *v, unsigned int target, unsigned int lun)
{
	struct vstor_unit *unit = NULL;

	if (target >= v->targets || lun >= VSTOR_LUNS)
		return NULL;
	pthread_rwlock_rdlock(&v->table);
	if (v->target[target])
		unit = v->target[target]->unit[lun];
	if (unit)
		atomic_fetch_add(&unit->references, 1);
	pthread_rwlock_unlock(&v->table);
	return unit;
}

void vstor_unit_put(struct vstor_unit *unit)
{
	if (atomic_fetch_sub(&unit->references, 1) != 1)
		return;
	lun_destroy(unit->lun);
	free(unit);
}

/* Every unit of a target knows which others there are. Table lock held for writing. */
static void place_all(struct vstor *v, unsigned int target)
{
	struct vstor_target *t = v->target[target];
	struct lun_place place = { .target = target };

	_Static_assert(sizeof(place.present) == sizeof(t->present), "LUN bitmaps");
	memcpy(place.present, t->present, sizeof(place.present));
	for (place.lun = 0; place.lun < VSTOR_LUNS; place.lun++)
		if (t->unit[place.lun])
			lun_set_place(t->unit[place.lun]->lun, &place);
}

/* Table lock held for writing. */
static bool put_into_table(struct vstor *v, unsigned int target, unsigned int lun,
			   struct vstor_unit *unit)
{
	struct vstor_target *t = v->target[target];

	if (!t) {
		t = calloc(1, sizeof(*t));
		if (!t)
			return false;
		v->target[target] = t;
	}
	if (t->unit[lun])
		return false;
	t->unit[lun] = unit;
	t->present[lun / 64] |= 1ull << lun % 64;
	place_all(v, target);
	return true;
}

bool vstor_lun_add(struct vstor *v, unsigned int target, unsigned int lun, const char *spec,
		   char *error, size_t size)
{
	char instance[37], seed[64];
	struct vstor_unit *unit;
	bool added;

	guid_format(&v->dev->instance, instance);
	snprintf(seed, sizeof(seed), "%s.%u.%u", instance, target, lun);
	unit = calloc(1, sizeof(*unit));
	if (!unit) {
		snprintf(error, size, "no memory");
		return false;
	}
	unit->references = 1;
	unit->lun = lun_create(spec, seed, error, size);
	if (!unit->lun) {
		free(unit);
		return false;
	}
	pthread_rwlock_wrlock(&v->table);
	added = put_into_table(v, target, lun, unit);
	pthread_rwlock_unlock(&v->table);
	if (!added) {
		snprintf(error, size, "LUN %u.%u is in use", target, lun);
		vstor_unit_put(unit);
	}
	return added;
}

bool vstor_lun_remove(struct vstor *v, unsigned int target, unsigned int lun)
{
	struct vstor_unit *unit = NULL;
	struct vstor_target *t;

	pthread_rwlock_wrlock(&v->table);
	t = target < v->targets ? v->target[target] : NULL;
	if (t && lun < VSTOR_LUNS)
		unit = t->unit[lun];
	if (unit) {
		t->unit[lun] = NULL;
		t->present[lun / 64] &= ~(1ull << lun % 64);
		place_all(v, target);
	}
	pthread_rwlock_unlock(&v->table);
	if (unit)
		vstor_unit_put(unit);
	return unit;
}

int vstor_lun_free_number(struct vstor *v, unsigned int target)
{
	struct vstor_target *t;
	int lun = 0;

	pthread_rwlock_rdlock(&v->table);
	t = v->target[target];
	while (t && lun < VSTOR_LUNS && t->unit[lun])
		lun++;
	pthread_rwlock_unlock(&v->table);
	return lun < VSTOR_LUNS ? lun : -1;
}

static void present_luns(struct vstor *v, const struct vstor_srb *srb,
			 uint64_t present[VSTOR_LUNS / 64])
{
	const struct vstor_target *t = NULL;

	memset(present, 0, VSTOR_LUNS / 8);
	if (srb->path && v->kind != VSTOR_IDE)
		return;
	pthread_rwlock_rdlock(&v->table);
	if (srb->target < v->targets)
		t = v->target[srb->target];
	if (t)
		memcpy(present, t->present, sizeof(t->present));
	pthread_rwlock_unlock(&v->table);
}

/*
 * SPC-4 6.33. The controller answers it, not a unit: Windows does so too for a
 * target that has none, with an empty list. Returns the bytes written.
 */
uint32_t vstor_report_luns(struct vstor *v, const struct vstor_srb *srb, const struct sg *data)
{
	const uint8_t *cdb = srb->payload;
	uint8_t list[8 + 8 * VSTOR_LUNS] = { 0 };
	uint32_t bytes = 8, room = (uint32_t)cdb[6] << 24 | cdb[7] << 16 | cdb[8] << 8 | cdb[9];
	uint64_t present[VSTOR_LUNS / 64];

	present_luns(v, srb, present);
	for (unsigned int lun = 0; lun < VSTOR_LUNS; lun++) {
		if (!(present[lun / 64] >> lun % 64 & 1))
			continue;
		list[bytes + 1] = lun;
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

void vstor_lun_each(struct vstor *v, void (*fn)(struct vstor_unit *unit, unsigned int target,
						unsigned int lun, void *arg), void *arg)
{
	for (unsigned int target = 0; target < v->targets; target++) {
		/* Only the main thread changes the table, and it is the caller. */
		if (!v->target[target])
			continue;
		for (unsigned int lun = 0; lun < VSTOR_LUNS; lun++) {
			struct vstor_unit *unit = vstor_unit_get(v, target, lun);

			if (!unit)
				continue;
			fn(unit, target, lun, arg);
			vstor_unit_put(unit);
		}
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
