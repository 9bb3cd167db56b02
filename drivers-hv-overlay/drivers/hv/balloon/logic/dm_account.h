/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dynamic memory accounting: how much to give, what to report, and when.
 *
 * All functions work on values, in pages of the guest's own size; times are in
 * milliseconds of any clock that doesn't run backwards.
 */
#ifndef _HV_BALLOON_LOGIC_DM_ACCOUNT_H
#define _HV_BALLOON_LOGIC_DM_ACCOUNT_H

#include <linux/types.h>

/* Hosts expect a status report once a second. */
#define HVDM_STATUS_PERIOD_MS	1000

/* Under memory pressure reports may follow each other this closely. */
#define HVDM_PRESSURE_GAP_MS	250

/**
 * enum hvdm_clamp - what became of a request for pages
 * @HVDM_CLAMP_NONE: it can be fulfilled
 * @HVDM_CLAMP_MEMORY: there is less memory than was asked for
 * @HVDM_CLAMP_FLOOR: it would take the guest below its floor
 */
enum hvdm_clamp {
	HVDM_CLAMP_NONE,
	HVDM_CLAMP_MEMORY,
	HVDM_CLAMP_FLOOR,
};

/**
 * struct hvdm_figures - what the committed figure is made of, in pages
 * @vm_committed: memory that user space was promised
 * @ballooned: pages that the host holds
 * @added: pages that were hot added
 * @onlined: those of them that are online
 * @total: pages that the guest manages
 */
struct hvdm_figures {
	u64 vm_committed;
	u64 ballooned;
	u64 added;
	u64 onlined;
	u64 total;
};

/**
 * struct hvdm_pace - decides when a status report is due
 * @start_ms: no report before this time
 * @last_ms: when the last report was sent
 * @sent: a report has been sent, @last_ms is valid
 */
struct hvdm_pace {
	u64 start_ms;
	u64 last_ms;
	bool sent;
};

/**
 * struct hvdm_sight - what one look at the system shows
 * @ms: when it was taken
 * @reclaim: a number that changes when reclaim runs
 * @free: free pages
 * @reserve: free pages that normal allocations leave alone
 */
struct hvdm_sight {
	u64 ms;
	u64 reclaim;
	u64 free;
	u64 reserve;
};

/**
 * struct hvdm_look - looks for reclaim, one look after another
 * @last: the last sight
 * @seen: there was one, @last is valid
 * @soon: reclaim was running, or is near: look again soon
 */
struct hvdm_look {
	struct hvdm_sight last;
	bool seen;
	bool soon;
};

u64 hvdm_floor(u64 total, unsigned int page_shift);
u64 hvdm_committed(const struct hvdm_figures *fig, unsigned int page_shift);
u64 hvdm_clamp_request(u64 want, u64 avail, u64 floor, enum hvdm_clamp *why);
u32 hvdm_pace_wait(const struct hvdm_pace *pace, u64 now_ms, bool pressure);
void hvdm_pace_sent(struct hvdm_pace *pace, u64 now_ms);
bool hvdm_look_note(struct hvdm_look *look, const struct hvdm_sight *now);
u32 hvdm_look_wait(const struct hvdm_look *look, const struct hvdm_pace *pace,
		   u32 wait);

#endif /* _HV_BALLOON_LOGIC_DM_ACCOUNT_H */
