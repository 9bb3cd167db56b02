/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hot add bookkeeping: which pages exist, are backed, and are in use.
 *
 * The host offers memory page by page, Linux adds it in memory blocks, and
 * user space decides when a block goes online.  So a block may be only partly
 * backed by the host for a while, or for ever, and a page that has no memory
 * behind it must never reach the page allocator.  Five sets of page numbers
 * say all there is to know:
 *
 * region	address space that blocks may be added in: named by the host,
 *		or, if it names none, its offer rounded to whole blocks
 * added	blocks that were added to Linux
 * backed	pages that the host gave
 * live		blocks that are online and not about to leave
 * online	pages that were handed to the page allocator
 *
 * A page may go to the allocator if it is in "backed" and "live" (or the block
 * is just going online) and not in "online".  A hot add request is a walk over
 * the blocks that its pages touch, one step per block.
 *
 * A set is a sorted array of disjoint intervals that don't touch each other.
 * The caller owns the arrays: it makes them larger before an operation that
 * needs room.  All numbers are pages of the guest's own size.  The caller
 * serialises all calls on one struct hvdm_regions.
 */
#ifndef _HV_BALLOON_LOGIC_DM_REGIONS_H
#define _HV_BALLOON_LOGIC_DM_REGIONS_H

#include <linux/types.h>

/* Free slots in each set that one operation may need. */
#define HVDM_REGIONS_SPARE	2

/**
 * struct hvdm_iv - an interval of page numbers
 * @start: first page
 * @end: one more than the last page; an empty interval has @end == @start
 */
struct hvdm_iv {
	u64 start;
	u64 end;
};

/**
 * struct hvdm_ivset - a set of page numbers
 * @iv: intervals: sorted, disjoint, not touching, not empty
 * @nr: number of intervals
 * @cap: slots in @iv
 */
struct hvdm_ivset {
	struct hvdm_iv *iv;
	u32 nr;
	u32 cap;
};

/**
 * struct hvdm_regions - the sets; see above
 * @region: address space for hot add
 * @added: memory blocks known to Linux
 * @backed: pages that the host gave
 * @live: memory blocks that are online
 * @online: pages in use
 * @block: pages in a memory block, a power of 2
 */
struct hvdm_regions {
	struct hvdm_ivset region;
	struct hvdm_ivset added;
	struct hvdm_ivset backed;
	struct hvdm_ivset live;
	struct hvdm_ivset online;
	u64 block;
};

/**
 * struct hvdm_walk - progress of a hot add request
 * @next: first page that has not been dealt with
 * @end: one more than the last page of the request
 */
struct hvdm_walk {
	u64 next;
	u64 end;
};

/**
 * enum hvdm_step_kind - what a step of a walk is
 * @HVDM_STEP_DONE: nothing is left
 * @HVDM_STEP_BACK: the pages are in a block that Linux has already
 * @HVDM_STEP_ADD: a block must be added first
 * @HVDM_STEP_OUTSIDE: the block would leave the region; the walk must end
 */
enum hvdm_step_kind {
	HVDM_STEP_DONE,
	HVDM_STEP_BACK,
	HVDM_STEP_ADD,
	HVDM_STEP_OUTSIDE,
};

/**
 * struct hvdm_step - one step of a walk
 * @kind: what it is
 * @pages: pages that the host gives in this step
 * @block: the memory block they are in
 * @fresh: how many of @pages the host had not given before
 */
struct hvdm_step {
	enum hvdm_step_kind kind;
	struct hvdm_iv pages;
	struct hvdm_iv block;
	u64 fresh;
};

int hvdm_ivset_add(struct hvdm_ivset *set, u64 start, u64 end);
int hvdm_ivset_del(struct hvdm_ivset *set, u64 start, u64 end);
u64 hvdm_ivset_count(const struct hvdm_ivset *set, u64 start, u64 end);
bool hvdm_ivset_next(const struct hvdm_ivset *set, u64 start, u64 end,
		     struct hvdm_iv *out);
u64 hvdm_ivset_total(const struct hvdm_ivset *set);

int hvdm_regions_begin(struct hvdm_regions *r, struct hvdm_walk *walk,
		       const struct hvdm_iv *pages,
		       const struct hvdm_iv *region);
void hvdm_regions_step(const struct hvdm_regions *r,
		       const struct hvdm_walk *walk, struct hvdm_step *step);
int hvdm_regions_apply(struct hvdm_regions *r, struct hvdm_walk *walk,
		       const struct hvdm_step *step);
void hvdm_regions_undo(struct hvdm_regions *r, const struct hvdm_step *step);

bool hvdm_regions_managed(const struct hvdm_regions *r, u64 start, u64 end);
int hvdm_regions_claim(struct hvdm_regions *r, u64 start, u64 end,
		       struct hvdm_iv *out);
int hvdm_regions_live(struct hvdm_regions *r, u64 start, u64 end, bool live);
u64 hvdm_regions_offline(struct hvdm_regions *r, u64 start, u64 end);
u64 hvdm_regions_holes(const struct hvdm_regions *r);

#endif /* _HV_BALLOON_LOGIC_DM_REGIONS_H */
