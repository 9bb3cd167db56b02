// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V dynamic memory: which pages the host holds.
 *
 * A bitmap for each 2 MiB block that has ballooned pages says which they are,
 * so that a host can give back nothing but what it was given.  All functions
 * are called by the service, or when it can't run.
 */
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "balloon.h"

#define HVDM_BLOCK_SHIFT	9
#define HVDM_BLOCK_PAGES	BIT(HVDM_BLOCK_SHIFT)

/**
 * struct hvdm_block - the ballooned pages of one block
 * @map: a bit for each page
 */
struct hvdm_block {
	DECLARE_BITMAP(map, HVDM_BLOCK_PAGES);
};

static DEFINE_XARRAY(hvdm_blocks);

/* The part of a range that lies within its first block. */
static u32 hvdm_chunk(u64 start, u32 count)
{
	return min_t(u32, count,
		     HVDM_BLOCK_PAGES - (start & (HVDM_BLOCK_PAGES - 1)));
}

static struct hvdm_block *hvdm_block_get(unsigned long index)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	struct hvdm_block *block;

	block = xa_load(&hvdm_blocks, index);
	if (block)
		return block;
	block = kzalloc(sizeof(*block), gfp);
	if (!block)
		return NULL;
	if (xa_err(xa_store(&hvdm_blocks, index, block, gfp))) {
		kfree(block);
		return NULL;
	}
	return block;
}

/**
 * hvdm_pages_take() - take pages out of use, on behalf of the host
 * @page: first of 2^@order pages that were just allocated, not compound
 * @order: 0 to 9
 *
 * Context: Process context.
 * Return: 0, or -ENOMEM if they could not be entered; they are the caller's
 * then.
 */
int hvdm_pages_take(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);
	struct hvdm_block *block;
	unsigned int i;

	block = hvdm_block_get(pfn >> HVDM_BLOCK_SHIFT);
	if (!block)
		return -ENOMEM;
	bitmap_set(block->map, pfn & (HVDM_BLOCK_PAGES - 1), 1U << order);
	for (i = 0; i < 1U << order; i++)
		__SetPageOffline(page + i);
	adjust_managed_page_count(page, -(1L << order));
	atomic_long_add(1L << order, &hvdm_mem.nr_ballooned);
	return 0;
}

/* Do the bitmap and the memory map agree that the host holds these pages? */
static bool hvdm_chunk_held(const struct hvdm_block *block, unsigned long pfn,
			    u32 nr)
{
	unsigned int off = pfn & (HVDM_BLOCK_PAGES - 1);
	struct page *page;
	u32 i;

	if (find_next_zero_bit(block->map, off + nr, off) < off + nr)
		return false;
	page = pfn_to_online_page(pfn);
	if (!page)
		return false;
	for (i = 0; i < nr; i++) {
		if (!PageOffline(page + i))
			return false;
	}
	return true;
}

/*
 * Sets or clears the marks of a range, block by block.  Clearing stops at the
 * first page that the host doesn't hold.  Returns the number of pages done.
 */
static u32 hvdm_range_mark(u64 start, u32 count, bool held)
{
	u32 done, nr;

	/* Page numbers that this machine can't have are nobody's. */
	if (start + count - 1 > ULONG_MAX)
		return 0;
	for (done = 0; done < count; done += nr) {
		unsigned long pfn = start + done;
		struct hvdm_block *block;

		nr = hvdm_chunk(pfn, count - done);
		block = xa_load(&hvdm_blocks, pfn >> HVDM_BLOCK_SHIFT);
		if (!block)
			break;
		if (held) {
			bitmap_set(block->map, pfn & (HVDM_BLOCK_PAGES - 1),
				   nr);
		} else {
			if (!hvdm_chunk_held(block, pfn, nr))
				break;
			bitmap_clear(block->map, pfn & (HVDM_BLOCK_PAGES - 1),
				     nr);
		}
		cond_resched();
	}
	return done;
}

/* Marks again what a failed claim had cleared. */
static void hvdm_pages_unclaim(struct hvdm_ranges it, u32 whole, u32 part)
{
	struct hvdm_range range;

	while (!hvdm_ranges_next(&it, &range)) {
		if (!whole--) {
			if (part)
				hvdm_range_mark(range.start, part, true);
			return;
		}
		hvdm_range_mark(range.start, range.count, true);
	}
}

/**
 * hvdm_claim_begin() - begin to check that the host holds the pages it names
 * @claim: the check
 * @ranges: the ranges; the message must stay until the check is through
 */
void hvdm_claim_begin(struct hvdm_claim *claim,
		      const struct hvdm_ranges *ranges)
{
	claim->all = *ranges;
	claim->rest = *ranges;
	claim->range.count = 0;
	claim->whole = 0;
	claim->part = 0;
}

/**
 * hvdm_claim_step() - check some of the pages
 * @claim: the check; has not failed or succeeded yet
 * @budget: how many at most
 *
 * All or nothing; a page that is named twice is held only the first time. If
 * this succeeds the pages must be given to hvdm_pages_release(), each once.
 *
 * Context: Process context.
 * Return: 0, -EAGAIN if there are more, -ERANGE if a range is empty or
 * impossible, -EINVAL if the host doesn't hold one of the pages.
 */
int hvdm_claim_step(struct hvdm_claim *claim, u32 budget)
{
	struct hvdm_range *range = &claim->range;
	u32 nr, done;
	int ret = 0;

	while (budget) {
		if (!range->count) {
			ret = hvdm_ranges_next(&claim->rest, range);
			if (ret)
				break;
		}
		nr = min(range->count - claim->part, budget);
		done = hvdm_range_mark(range->start + claim->part, nr, false);
		claim->part += done;
		if (done != nr) {
			ret = -EINVAL;
			break;
		}
		budget -= nr;
		if (claim->part == range->count) {
			range->count = 0;
			claim->part = 0;
			claim->whole++;
		}
	}
	if (!ret)
		return -EAGAIN;
	if (ret == -ENOENT)
		return 0;
	hvdm_pages_unclaim(claim->all, claim->whole, claim->part);
	return ret;
}

/* A block without ballooned pages isn't kept. */
static void hvdm_block_put(unsigned long index)
{
	struct hvdm_block *block = xa_load(&hvdm_blocks, index);

	if (block && bitmap_empty(block->map, HVDM_BLOCK_PAGES)) {
		xa_erase(&hvdm_blocks, index);
		kfree(block);
	}
}

/**
 * hvdm_pages_release() - give pages back to the page allocator
 * @start: first page
 * @count: number of pages; all of them claimed
 *
 * Context: Process context.
 */
void hvdm_pages_release(u64 start, u32 count)
{
	u32 nr, i;

	for (; count; start += nr, count -= nr) {
		struct page *page = pfn_to_page((unsigned long)start);

		nr = hvdm_chunk(start, count);
		for (i = 0; i < nr; i++) {
			__ClearPageOffline(page + i);
			__free_page(page + i);
		}
		adjust_managed_page_count(page, nr);
		atomic_long_sub(nr, &hvdm_mem.nr_ballooned);
		hvdm_block_put(start >> HVDM_BLOCK_SHIFT);
		cond_resched();
	}
}

/**
 * hvdm_pages_drop_all() - forget the pages that the host holds
 *
 * They stay out of use, as the host may not have put memory back behind them.
 *
 * Context: Process context; the module is being unloaded.
 * Return: true if there were none.
 */
bool hvdm_pages_drop_all(void)
{
	bool none = xa_empty(&hvdm_blocks);
	struct hvdm_block *block;
	unsigned long index;

	xa_for_each(&hvdm_blocks, index, block)
		kfree(block);
	xa_destroy(&hvdm_blocks);
	return none;
}
