// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic memory accounting.
 */
#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/build_bug.h>
#include <linux/export.h>

#include "dm_account.h"

/*
 * The floor is a continuous, piecewise linear function of the guest's memory:
 * base + total / 2^shift up to the limit of each piece.  Small guests keep more
 * than half of what they have, large ones a little over 1/32.
 *
 *	memory (MiB)	128	512	2048	8192	32768
 *	floor  (MiB)	 72	168	 360	 744	 1512
 */
static const struct {
	u32 below_mb;
	u32 base_mb;
	u8 shift;
} floor_pieces[] = {
	{ 128, 8, 1 },
	{ 512, 40, 2 },
	{ 2048, 104, 3 },
	{ 8192, 232, 4 },
	{ 0, 488, 5 },
};

static u64 mb_to_pages(u64 mb, unsigned int page_shift)
{
	return mb << (20 - page_shift);
}

/**
 * hvdm_floor() - memory below which the guest gives nothing away
 * @total: pages that the guest manages
 * @page_shift: log2 of the page size, at most 20
 *
 * Return: the floor in pages.
 */
u64 hvdm_floor(u64 total, unsigned int page_shift)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(floor_pieces) - 1; i++) {
		if (total < mb_to_pages(floor_pieces[i].below_mb, page_shift))
			break;
	}
	return mb_to_pages(floor_pieces[i].base_mb, page_shift) +
	       (total >> floor_pieces[i].shift);
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_floor);

/**
 * hvdm_committed() - the figure that hosts balance guests by
 * @fig: what the guest has counted
 * @page_shift: log2 of the page size, at most 20
 *
 * Hosts want ballooned pages to count as needed, and would ask to balloon
 * hot added pages that are not online yet if these didn't count too.
 *
 * Return: committed memory in pages.
 */
u64 hvdm_committed(const struct hvdm_figures *fig, unsigned int page_shift)
{
	u64 offline = 0;

	if (fig->added > fig->onlined)
		offline = fig->added - fig->onlined;
	return fig->vm_committed + fig->ballooned + offline +
	       hvdm_floor(fig->total, page_shift);
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_committed);

/**
 * hvdm_clamp_request() - how many pages to give
 * @want: pages that the host asked for
 * @avail: pages that could be allocated without swapping
 * @floor: pages that must stay available, see hvdm_floor()
 * @why: where to put what limited the request
 *
 * Return: pages to give; 0 is a valid answer to the host.
 */
u64 hvdm_clamp_request(u64 want, u64 avail, u64 floor, enum hvdm_clamp *why)
{
	if (avail >= want && avail - want >= floor) {
		*why = HVDM_CLAMP_NONE;
		return want;
	}
	*why = avail < want ? HVDM_CLAMP_MEMORY : HVDM_CLAMP_FLOOR;
	return avail > floor ? avail - floor : 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_clamp_request);

/**
 * hvdm_pace_wait() - when the next status report is due
 * @pace: state
 * @now_ms: current time
 * @pressure: the guest is short of memory
 *
 * Return: 0 if a report is due now, else the milliseconds until it is.
 */
u32 hvdm_pace_wait(const struct hvdm_pace *pace, u64 now_ms, bool pressure)
{
	u32 gap = pressure ? HVDM_PRESSURE_GAP_MS : HVDM_STATUS_PERIOD_MS;
	u64 since;

	if (now_ms < pace->start_ms) {
		u64 wait = pace->start_ms - now_ms;

		/* Look again now and then: the administrator may change it. */
		return wait < HVDM_STATUS_PERIOD_MS ? wait :
						      HVDM_STATUS_PERIOD_MS;
	}
	if (!pace->sent)
		return 0;
	/* A clock that was set back gives a large number: a report is due. */
	since = now_ms - pace->last_ms;
	return since >= gap ? 0 : gap - since;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_pace_wait);

/**
 * hvdm_pace_sent() - note that a report was sent
 * @pace: state
 * @now_ms: current time
 */
void hvdm_pace_sent(struct hvdm_pace *pace, u64 now_ms)
{
	pace->last_ms = now_ms;
	pace->sent = true;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_pace_sent);

/* Does free memory fall so fast that it won't last until the next report? */
static bool runs_short(const struct hvdm_sight *last,
		       const struct hvdm_sight *now)
{
	u64 took = now->ms - last->ms;

	/* A sight that is too old tells nothing of how fast it falls now. */
	if (now->free >= last->free || took > 2 * HVDM_STATUS_PERIOD_MS)
		return false;
	if (now->free <= now->reserve)
		return true;
	return (last->free - now->free) * HVDM_STATUS_PERIOD_MS >=
	       (now->free - now->reserve) * took;
}

/**
 * hvdm_look_note() - compare what is seen with what was seen last
 * @look: state, all zero at first
 * @now: what is seen now
 *
 * Return: true if reclaim has run since the last look.
 */
bool hvdm_look_note(struct hvdm_look *look, const struct hvdm_sight *now)
{
	bool ran = look->seen && now->reclaim != look->last.reclaim;

	look->soon = ran || (look->seen && runs_short(&look->last, now));
	look->last = *now;
	look->seen = true;
	return ran;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_look_note);

/**
 * hvdm_look_wait() - when to look for reclaim again
 * @look: state
 * @pace: state of the reports
 * @wait: milliseconds until the next report is due
 *
 * Return: milliseconds, at most @wait.
 */
u32 hvdm_look_wait(const struct hvdm_look *look, const struct hvdm_pace *pace,
		   u32 wait)
{
	/* Before the first report it would be for nothing. */
	if (!look->soon || !pace->sent || wait < HVDM_PRESSURE_GAP_MS)
		return wait;
	return HVDM_PRESSURE_GAP_MS;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_look_wait);
