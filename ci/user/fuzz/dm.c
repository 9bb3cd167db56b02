// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic memory: packets through parser, gate and negotiation, what hot add
 * requests do to the sets of pages that came of the earlier ones, and what
 * becomes of all that in the figures and the times of status reports.
 */
#include "drivers/hv/balloon/logic/dm_account.h"
#include "drivers/hv/balloon/logic/dm_fsm.h"
#include "drivers/hv/balloon/logic/dm_regions.h"
#include "drivers/hv/balloon/wire/dm.h"
#include "fuzz.h"

#define INTERVALS	64U
#define STEPS		64U
#define BLOCK		0x8000U		/* pages of a memory block: 128 MiB */

struct guest {
	struct hvdm_fsm fsm;
	struct hvdm_regions r;
	struct hvdm_iv iv[5][INTERVALS];
	struct hvdm_pace pace;
	struct hvdm_look look;
	u64 now_ms, ballooned;
};

static struct hvdm_ivset *set_of(struct hvdm_regions *r, u32 n)
{
	struct hvdm_ivset *sets[] = {
		&r->region, &r->added, &r->backed, &r->live, &r->online,
	};

	return sets[n];
}

/* Sorted, apart, and none of them empty. */
static void check_sets(struct hvdm_regions *r)
{
	u32 n, i;

	for (n = 0; n < 5; n++) {
		const struct hvdm_ivset *set = set_of(r, n);

		MUST(set->nr <= set->cap);
		for (i = 0; i < set->nr; i++) {
			MUST(set->iv[i].start < set->iv[i].end);
			MUST(!i || set->iv[i - 1].end < set->iv[i].start);
		}
	}
	MUST(hvdm_regions_holes(r) <= hvdm_ivset_total(&r->added));
}

static bool room(struct hvdm_regions *r)
{
	u32 n;

	for (n = 0; n < 5; n++)
		if (set_of(r, n)->cap - set_of(r, n)->nr < HVDM_REGIONS_SPARE)
			return false;
	return true;
}

static void hot_add(struct guest *g, struct input *in,
		    const struct hvdm_msg *msg)
{
	struct hvdm_iv pages = {
		msg->hot_add.pages.start,
		msg->hot_add.pages.start + msg->hot_add.pages.count,
	};
	struct hvdm_iv region = {
		msg->hot_add.region.start,
		msg->hot_add.region.start + msg->hot_add.region.count,
	};
	struct hvdm_walk walk;
	struct hvdm_step step;
	u32 steps = 0;

	if (!room(&g->r) ||
	    hvdm_regions_begin(&g->r, &walk, &pages,
			       msg->hot_add.has_region ? &region : NULL))
		return;
	while (steps++ < STEPS && room(&g->r)) {
		hvdm_regions_step(&g->r, &walk, &step);
		if (step.kind == HVDM_STEP_DONE ||
		    step.kind == HVDM_STEP_OUTSIDE)
			break;
		MUST(step.pages.start < step.pages.end);
		MUST(step.pages.start >= pages.start);
		MUST(step.pages.end <= pages.end);
		MUST(!hvdm_regions_apply(&g->r, &walk, &step));
		MUST(hvdm_regions_managed(&g->r, step.pages.start,
					  step.pages.end));
		check_sets(&g->r);
		if (take8(in) & 1) {
			if (step.kind == HVDM_STEP_ADD)
				hvdm_regions_undo(&g->r, &step);
			break;
		}
	}
}

static void hotplug(struct guest *g, struct input *in)
{
	u64 start = take16(in) * (u64)BLOCK, end = start + BLOCK;
	struct hvdm_iv iv;
	u8 what = take8(in);

	if (!room(&g->r))
		return;
	switch (what % 4) {
	case 0:
		hvdm_regions_live(&g->r, start, end, what & 128);
		break;
	case 1:
		hvdm_regions_offline(&g->r, start, end);
		break;
	default:
		if (!hvdm_regions_claim(&g->r, start, end, &iv))
			MUST(iv.start >= start && iv.end <= end &&
			     iv.start < iv.end);
		break;
	}
	check_sets(&g->r);
}

static void unballoon(struct hvdm_msg *msg)
{
	struct hvdm_range range;
	u32 nr = 0;

	MUST(msg->unballoon.nr <= HVDM_RANGES_MAX);
	while (hvdm_ranges_next(&msg->unballoon.ranges, &range) > 0) {
		MUST(range.count && range.count <= HVDM_RANGE_PAGES_MAX);
		MUST(range.start + range.count <= HVDM_PFN_LIMIT);
		MUST(++nr <= HVDM_RANGES_MAX);
	}
	MUST(nr <= msg->unballoon.nr);
}

static void balloon(struct guest *g, const struct hvdm_msg *msg,
		    struct input *in)
{
	static u8 buf[HVDM_MSG_MAX];
	struct hvdm_resp resp;
	enum hvdm_clamp why;
	u32 i, n = take8(in);
	u64 avail = take32(in), floor = take16(in), pages;

	pages = hvdm_clamp_request(msg->balloon.num_pages, avail, floor, &why);
	MUST(pages <= msg->balloon.num_pages && pages <= avail);
	MUST(!pages || avail - pages >= floor);
	MUST((why == HVDM_CLAMP_NONE) == (pages == msg->balloon.num_pages) ||
	     !msg->balloon.num_pages);
	g->ballooned += pages;
	hvdm_resp_init(&resp, buf);
	for (i = 0; i < n; i++)
		if (hvdm_resp_add(&resp, take32(in), take16(in)))
			break;
	MUST(resp.nr <= HVDM_RANGES_MAX);
	MUST(hvdm_resp_finish(&resp, msg->trans_id, true) <= HVDM_MSG_MAX);
}

/* Time goes by, memory comes and goes, and a report is due now and then. */
static void report(struct guest *g, struct input *in)
{
	struct hvdm_figures fig = {
		.vm_committed = take32(in), .ballooned = g->ballooned,
		.added = hvdm_ivset_total(&g->r.added),
		.onlined = hvdm_ivset_total(&g->r.online),
		.total = take32(in),
	};
	u8 how = take8(in);
	struct hvdm_sight sight = {
		.ms = g->now_ms += take16(in), .reclaim = how / 32,
		.free = take32(in), .reserve = take16(in),
	};
	unsigned int shift = 12 + how % 5;
	u64 floor = hvdm_floor(fig.total, shift), sum;
	bool seen = g->look.seen, ran = hvdm_look_note(&g->look, &sight);
	u32 wait, look;

	sum = hvdm_committed(&fig, shift);
	MUST(sum >= fig.vm_committed && sum - fig.vm_committed >= floor);
	MUST(seen || !ran);
	if (how & 16)
		g->pace.start_ms = g->now_ms + take16(in);
	wait = hvdm_pace_wait(&g->pace, g->now_ms, ran);
	look = hvdm_look_wait(&g->look, &g->pace, wait);
	MUST(wait <= HVDM_STATUS_PERIOD_MS && look <= wait);
	/* Who looks again at once, for ever, keeps a processor busy. */
	MUST(look || !wait);
	if (wait)
		return;
	hvdm_pace_sent(&g->pace, g->now_ms);
	MUST(hvdm_pace_wait(&g->pace, g->now_ms, false) ==
	     HVDM_STATUS_PERIOD_MS);
}

static void handle(struct guest *g, struct input *in, struct hvdm_msg *msg)
{
	enum hvdm_verdict verdict = hvdm_fsm_gate(&g->fsm, msg->type);

	MUST(verdict <= HVDM_REJECT_CAPS);
	MUST(hvdm_type_name(msg->type) && hvdm_state_name(g->fsm.state));
	if (verdict != HVDM_ACCEPT)
		return;
	hvdm_fsm_begin(&g->fsm, msg->type);
	switch (msg->type) {
	case HVDM_VERSION_RESPONSE:
		hvdm_nego_version(&g->fsm.nego, msg->version.accepted);
		return;
	case HVDM_CAPS_RESPONSE:
		if (hvdm_nego_caps(&g->fsm.nego, msg->caps.accepted) ==
		    HVDM_NEGO_ACT_DONE)
			hvdm_fsm_end(&g->fsm);
		return;
	case HVDM_BALLOON_REQUEST:
		balloon(g, msg, in);
		break;
	case HVDM_UNBALLOON_REQUEST:
		unballoon(msg);
		if (msg->unballoon.more)
			return;
		break;
	case HVDM_HOT_ADD_REQUEST:
		hot_add(g, in, msg);
		break;
	default:
		return;
	}
	hvdm_fsm_end(&g->fsm);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	struct guest g;
	u32 n;

	memset(&g, 0, sizeof(g));
	g.r.block = BLOCK;
	for (n = 0; n < 5; n++) {
		set_of(&g.r, n)->iv = g.iv[n];
		set_of(&g.r, n)->cap = INTERVALS;
	}
	g.fsm.can_balloon = take8(&in) & 1;
	hvdm_nego_start(&g.fsm.nego);
	while (in.len) {
		u8 what = take8(&in), *copy;
		struct hvdm_msg msg = { 0 };
		struct hv_view view;
		u32 len;

		if (what % 4 == 3) {
			if (what / 4 % 4 == 3)
				report(&g, &in);
			else
				hotplug(&g, &in);
			continue;
		}
		copy = take_packet(&in, take8(&in), &len);
		view = hv_view_of(copy, len);
		if (!hvdm_parse(&view, &msg)) {
			MUST(msg.type < HVDM_TYPES);
			handle(&g, &in, &msg);
		}
		free(copy);
	}
	return 0;
}
