// SPDX-License-Identifier: GPL-2.0-only
/* A set of guest pages as a bitmap: simple, and bounded by the guest's memory. */
#include <stdlib.h>
#include <string.h>

#include "dm.h"

bool page_set_init(struct page_set *s, uint64_t limit)
{
	s->bits = calloc(limit / 64 + 1, sizeof(*s->bits));
	s->limit = limit;
	s->count = 0;
	return s->bits;
}

void page_set_free(struct page_set *s)
{
	free(s->bits);
	*s = (struct page_set){ 0 };
}

static bool test(const struct page_set *s, uint64_t page)
{
	return s->bits[page / 64] >> (page % 64) & 1;
}

static bool all_are(const struct page_set *s, struct dm_range r, bool in)
{
	if (!r.count || r.start >= s->limit || r.count > s->limit - r.start)
		return false;
	for (uint64_t page = r.start; page < r.start + r.count; page++)
		if (test(s, page) != in)
			return false;
	return true;
}

static void flip(struct page_set *s, struct dm_range r)
{
	for (uint64_t page = r.start; page < r.start + r.count; page++)
		s->bits[page / 64] ^= 1ull << (page % 64);
}

bool page_set_add(struct page_set *s, struct dm_range r)
{
	if (!all_are(s, r, false))
		return false;
	flip(s, r);
	s->count += r.count;
	return true;
}

bool page_set_remove(struct page_set *s, struct dm_range r)
{
	if (!all_are(s, r, true))
		return false;
	flip(s, r);
	s->count -= r.count;
	return true;
}

void page_set_clear(struct page_set *s)
{
	memset(s->bits, 0, (s->limit / 64 + 1) * sizeof(*s->bits));
	s->count = 0;
}

bool page_set_next(const struct page_set *s, uint64_t *from, uint32_t max, struct dm_range *run)
{
	uint64_t page = *from;

	while (page < s->limit && !test(s, page))
		page += s->bits[page / 64] >> (page % 64) ? 1 : 64 - page % 64;
	run->start = page;
	run->count = 0;
	while (page < s->limit && run->count < max && test(s, page)) {
		page++;
		run->count++;
	}
	*from = page;
	return run->count;
}
