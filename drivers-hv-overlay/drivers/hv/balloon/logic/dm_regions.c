// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hot add bookkeeping.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/string.h>

#include "dm_regions.h"

static u64 lower(u64 a, u64 b)
{
	return a < b ? a : b;
}

static u64 higher(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* Index of the first interval that ends at or after @pos. */
static u32 ivset_find(const struct hvdm_ivset *set, u64 pos)
{
	u32 lo = 0, hi = set->nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (set->iv[mid].end < pos)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Replace the @old intervals at @at by @new slots. */
static int ivset_resize(struct hvdm_ivset *set, u32 at, u32 old, u32 new)
{
	u32 nr = set->nr - old + new;

	if (nr > set->cap)
		return -ENOSPC;
	memmove(&set->iv[at + new], &set->iv[at + old],
		(set->nr - at - old) * sizeof(*set->iv));
	set->nr = nr;
	return 0;
}

/**
 * hvdm_ivset_add() - add pages to a set
 * @set: the set
 * @start: first page
 * @end: one more than the last page
 *
 * Pages that are in the set already are no error.  Needs at most one free slot.
 *
 * Return: 0, -EINVAL if the interval is empty, -ENOSPC if a slot is missing.
 */
int hvdm_ivset_add(struct hvdm_ivset *set, u64 start, u64 end)
{
	u32 at, last;
	int ret;

	if (start >= end)
		return -EINVAL;
	at = ivset_find(set, start);
	for (last = at; last < set->nr && set->iv[last].start <= end; last++)
		;
	if (last > at) {
		start = lower(start, set->iv[at].start);
		end = higher(end, set->iv[last - 1].end);
	}
	ret = ivset_resize(set, at, last - at, 1);
	if (ret)
		return ret;
	set->iv[at].start = start;
	set->iv[at].end = end;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_ivset_add);

/**
 * hvdm_ivset_del() - remove pages from a set
 * @set: the set
 * @start: first page
 * @end: one more than the last page
 *
 * Pages that are not in the set are no error.  Needs at most one free slot.
 *
 * Return: 0, -EINVAL if the interval is empty, -ENOSPC if a slot is missing.
 */
int hvdm_ivset_del(struct hvdm_ivset *set, u64 start, u64 end)
{
	struct hvdm_iv keep[2];
	u32 at, last, nr = 0;
	int ret;

	if (start >= end)
		return -EINVAL;
	/* An interval that only touches the hole is put back as it was. */
	at = ivset_find(set, start);
	for (last = at; last < set->nr && set->iv[last].start < end; last++)
		;
	if (last == at)
		return 0;
	if (set->iv[at].start < start)
		keep[nr++] = (struct hvdm_iv){ set->iv[at].start, start };
	if (set->iv[last - 1].end > end)
		keep[nr++] = (struct hvdm_iv){ end, set->iv[last - 1].end };
	ret = ivset_resize(set, at, last - at, nr);
	if (ret)
		return ret;
	memcpy(&set->iv[at], keep, nr * sizeof(*keep));
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_ivset_del);

/**
 * hvdm_ivset_next() - find the first pages of a set within an interval
 * @set: the set
 * @start: first page to look at
 * @end: one more than the last page to look at
 * @out: where to put the run of pages that was found
 *
 * Return: true if there is one.
 */
bool hvdm_ivset_next(const struct hvdm_ivset *set, u64 start, u64 end,
		     struct hvdm_iv *out)
{
	u32 at = ivset_find(set, start);

	if (at < set->nr && set->iv[at].end == start)
		at++;
	if (start >= end || at >= set->nr || set->iv[at].start >= end)
		return false;
	out->start = higher(start, set->iv[at].start);
	out->end = lower(end, set->iv[at].end);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_ivset_next);

/**
 * hvdm_ivset_count() - count the pages of a set within an interval
 * @set: the set
 * @start: first page to look at
 * @end: one more than the last page to look at
 *
 * Return: number of pages.
 */
u64 hvdm_ivset_count(const struct hvdm_ivset *set, u64 start, u64 end)
{
	struct hvdm_iv iv;
	u64 count = 0;

	while (hvdm_ivset_next(set, start, end, &iv)) {
		count += iv.end - iv.start;
		start = iv.end;
	}
	return count;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_ivset_count);

/**
 * hvdm_ivset_total() - count the pages of a set
 * @set: the set
 *
 * Return: number of pages.
 */
u64 hvdm_ivset_total(const struct hvdm_ivset *set)
{
	u64 count = 0;
	u32 i;

	for (i = 0; i < set->nr; i++)
		count += set->iv[i].end - set->iv[i].start;
	return count;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_ivset_total);

static bool ivset_covers(const struct hvdm_ivset *set, const struct hvdm_iv *iv)
{
	struct hvdm_iv found;

	return hvdm_ivset_next(set, iv->start, iv->end, &found) &&
	       found.start == iv->start && found.end == iv->end;
}

static u64 block_down(const struct hvdm_regions *r, u64 pfn)
{
	return pfn & ~(r->block - 1);
}

/* Are the pages within regions?  There may be none. */
static bool region_covers(const struct hvdm_regions *r, u64 start, u64 end)
{
	struct hvdm_iv iv = { start, end };

	return start >= end || ivset_covers(&r->region, &iv);
}

/**
 * hvdm_regions_begin() - begin a hot add request
 * @r: the sets; "region" needs HVDM_REGIONS_SPARE free slots
 * @walk: the walk to set up
 * @pages: pages that the host gives
 * @region: region that the host names, or %NULL
 *
 * The region is remembered unless the first step will be HVDM_STEP_OUTSIDE in
 * spite of it: requests that come to nothing shall leave nothing behind.
 *
 * Return: 0, -EINVAL if an interval is empty, leaves the 64 bit space when it
 * is rounded to blocks, or if @pages are not within @region; -ENOSPC if a slot
 * is missing.
 */
int hvdm_regions_begin(struct hvdm_regions *r, struct hvdm_walk *walk,
		       const struct hvdm_iv *pages,
		       const struct hvdm_iv *region)
{
	struct hvdm_iv rounded;
	u64 first;

	if (pages->start >= pages->end || pages->end > ~0ULL - r->block)
		return -EINVAL;
	walk->next = pages->start;
	walk->end = pages->end;
	if (!region) {
		rounded.start = block_down(r, pages->start);
		rounded.end = block_down(r, pages->end + r->block - 1);
		region = &rounded;
	}
	if (pages->start < region->start || pages->end > region->end)
		return -EINVAL;
	first = block_down(r, pages->start);
	if (!region_covers(r, first, region->start) ||
	    !region_covers(r, region->end, first + r->block))
		return 0;
	return hvdm_ivset_add(&r->region, region->start, region->end);
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_regions_begin);

/**
 * hvdm_regions_step() - find the next step of a hot add request
 * @r: the sets
 * @walk: the walk
 * @step: where to put the step
 */
void hvdm_regions_step(const struct hvdm_regions *r,
		       const struct hvdm_walk *walk, struct hvdm_step *step)
{
	memset(step, 0, sizeof(*step));
	step->kind = HVDM_STEP_DONE;
	if (walk->next >= walk->end)
		return;
	step->block.start = block_down(r, walk->next);
	step->block.end = step->block.start + r->block;
	step->pages.start = walk->next;
	step->pages.end = lower(walk->end, step->block.end);
	step->fresh = step->pages.end - step->pages.start -
		      hvdm_ivset_count(&r->backed, step->pages.start,
				       step->pages.end);
	if (ivset_covers(&r->added, &step->block))
		step->kind = HVDM_STEP_BACK;
	else if (ivset_covers(&r->region, &step->block))
		step->kind = HVDM_STEP_ADD;
	else
		step->kind = HVDM_STEP_OUTSIDE;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_regions_step);

/**
 * hvdm_regions_apply() - enter a step into the sets and go on
 * @r: the sets; "added" and "backed" need HVDM_REGIONS_SPARE free slots
 * @walk: the walk
 * @step: HVDM_STEP_BACK or HVDM_STEP_ADD from hvdm_regions_step()
 *
 * A block must be entered before it is added to Linux, as Linux may put it
 * online at once and then asks which of its pages are backed.
 *
 * Return: 0, -ENOSPC if a slot is missing; nothing has changed then.
 */
int hvdm_regions_apply(struct hvdm_regions *r, struct hvdm_walk *walk,
		       const struct hvdm_step *step)
{
	int ret;

	ret = hvdm_ivset_add(&r->backed, step->pages.start, step->pages.end);
	if (ret)
		return ret;
	if (step->kind == HVDM_STEP_ADD) {
		ret = hvdm_ivset_add(&r->added, step->block.start,
				     step->block.end);
		if (ret) {
			/* Nothing else in the block can be backed. */
			hvdm_ivset_del(&r->backed, step->pages.start,
				       step->pages.end);
			return ret;
		}
	}
	walk->next = step->pages.end;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_regions_apply);

/**
 * hvdm_regions_undo() - take a step back: the block could not be added
 * @r: the sets; "added" and "backed" need HVDM_REGIONS_SPARE free slots
 * @step: HVDM_STEP_ADD that was applied
 */
void hvdm_regions_undo(struct hvdm_regions *r, const struct hvdm_step *step)
{
	hvdm_ivset_del(&r->added, step->block.start, step->block.end);
	hvdm_ivset_del(&r->backed, step->pages.start, step->pages.end);
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_regions_undo);

/**
 * hvdm_regions_managed() - test whether pages are ours
 * @r: the sets
 * @start: first page
 * @end: one more than the last page
 *
 * Return: true if any of the pages is in a block that was hot added.
 */
bool hvdm_regions_managed(const struct hvdm_regions *r, u64 start, u64 end)
{
	struct hvdm_iv iv;

	return hvdm_ivset_next(&r->added, start, end, &iv);
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_regions_managed);

/**
 * hvdm_regions_claim() - take pages that may go to the page allocator
 * @r: the sets; "online" needs HVDM_REGIONS_SPARE free slots
 * @start: first page of a part of a block that is online or going online
 * @end: one more than its last page
 * @out: where to put the run of pages; they count as online from now on
 *
 * To be called until it returns -ENOENT; each page is given out only once.
 *
 * Return: 0, -ENOENT if there are no more such pages, -ENOSPC if a slot is
 * missing.
 */
int hvdm_regions_claim(struct hvdm_regions *r, u64 start, u64 end,
		       struct hvdm_iv *out)
{
	struct hvdm_iv used;

	while (hvdm_ivset_next(&r->backed, start, end, out)) {
		if (!hvdm_ivset_next(&r->online, out->start, out->end, &used))
			return hvdm_ivset_add(&r->online, out->start, out->end);
		if (used.start > out->start) {
			out->end = used.start;
			return hvdm_ivset_add(&r->online, out->start, out->end);
		}
		start = used.end;
	}
	return -ENOENT;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_regions_claim);

/**
 * hvdm_regions_live() - blocks went online, or begin to go offline
 * @r: the sets; "live" needs HVDM_REGIONS_SPARE free slots
 * @start: first page, at a block boundary
 * @end: one more than the last page, at a block boundary
 * @live: they are online
 *
 * Blocks that were not hot added are left out.
 *
 * Return: 0 or -ENOSPC.
 */
int hvdm_regions_live(struct hvdm_regions *r, u64 start, u64 end, bool live)
{
	struct hvdm_iv iv;
	int ret;

	while (hvdm_ivset_next(&r->added, start, end, &iv)) {
		if (live)
			ret = hvdm_ivset_add(&r->live, iv.start, iv.end);
		else
			ret = hvdm_ivset_del(&r->live, iv.start, iv.end);
		if (ret)
			return ret;
		start = iv.end;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_regions_live);

/**
 * hvdm_regions_offline() - blocks have gone offline
 * @r: the sets; "online" needs HVDM_REGIONS_SPARE free slots
 * @start: first page
 * @end: one more than the last page
 *
 * Return: number of pages that were in use and no longer are.
 */
u64 hvdm_regions_offline(struct hvdm_regions *r, u64 start, u64 end)
{
	u64 count = hvdm_ivset_count(&r->online, start, end);

	if (count && hvdm_ivset_del(&r->online, start, end))
		return 0;
	return count;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_regions_offline);

/**
 * hvdm_regions_holes() - count pages that must never go online
 * @r: the sets
 *
 * Return: number of pages in hot added blocks that the host has not backed.
 */
u64 hvdm_regions_holes(const struct hvdm_regions *r)
{
	return hvdm_ivset_total(&r->added) - hvdm_ivset_total(&r->backed);
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_regions_holes);
