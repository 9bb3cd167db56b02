// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic memory: packets through parser, gate and negotiation, and what hot
 * add requests do to the sets of pages that came of the earlier ones.
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

static void balloon(const struct hvdm_msg *msg, struct input *in)
{
	static u8 buf[HVDM_MSG_MAX];
	struct hvdm_resp resp;
	enum hvdm_clamp why;
	u32 i, n = take8(in);
	u64 avail = take32(in), floor = take16(in), pages;

	pages = hvdm_clamp_request(msg->balloon.num_pages, avail, floor, &why);
	MUST(pages <= msg->balloon.num_pages && pages <= avail);
	hvdm_resp_init(&resp, buf);
	for (i = 0; i < n; i++)
		if (hvdm_resp_add(&resp, take32(in), take16(in)))
			break;
	MUST(resp.nr <= HVDM_RANGES_MAX);
	MUST(hvdm_resp_finish(&resp, msg->trans_id, true) <= HVDM_MSG_MAX);
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
		balloon(msg, in);
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
		struct hvdm_msg msg = { 0 };
		struct hv_view view;
		u32 len;
		u8 *copy;

		if (take8(&in) % 4 == 3) {
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
