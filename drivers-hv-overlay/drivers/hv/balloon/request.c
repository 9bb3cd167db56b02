// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V dynamic memory: balloon up and balloon down.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "balloon.h"

/* 2 MiB, if the page is 4 KiB; there is no ballooning if it isn't. */
#define HVDM_LARGE_ORDER	9

/* Pages that one step of balloon down checks, or frees. */
#define HVDM_DOWN_STEP		32768

/**
 * hvdm_up_begin() - the host asks for pages
 * @dm: the device
 * @num_pages: how many
 *
 * Context: The service.
 */
void hvdm_up_begin(struct hvdm_dev *dm, u32 num_pages)
{
	struct hvdm_up *up = &dm->up;

	up->left = num_pages;
	up->partial = false;
	up->large = true;
	up->filled = false;
	up->tries = 0;
	dm->last_type = HVDM_BALLOON_REQUEST;
	dm->last_pages = num_pages;
	dm->last_done = 0;
}

/* Takes 2^@order pages out of use and enters them into the response. */
static int hvdm_up_take(struct hvdm_up *up, unsigned int order)
{
	struct page *page;
	unsigned int i;

	/* Not at any price: the host can ask again. */
	page = alloc_pages(GFP_HIGHUSER | __GFP_NORETRY | __GFP_NOMEMALLOC |
			   __GFP_NOWARN, order);
	if (!page)
		return -ENOMEM;
	/* The host may give single pages back. */
	if (order)
		split_page(page, order);
	if (hvdm_pages_take(page, order)) {
		for (i = 0; i < 1U << order; i++)
			__free_page(page + i);
		return -ENOMEM;
	}
	/* Can't fail: there is room, and a page number fits. */
	return hvdm_resp_add(&up->resp, page_to_pfn(page), 1U << order);
}

/*
 * Keeps the floor.  For each response, not once: minutes may pass between two
 * of one request, or hours if the host doesn't read, and memory that was free
 * when the request came may be in use.
 */
static void hvdm_up_clamp(struct hvdm_dev *dm)
{
	u64 floor = hvdm_floor(totalram_pages(), PAGE_SHIFT);
	u64 avail = max(si_mem_available(), 0L);
	struct hvdm_up *up = &dm->up;
	enum hvdm_clamp why;

	up->left = hvdm_clamp_request(up->left, avail, floor, &why);
	if (why == HVDM_CLAMP_NONE || up->partial)
		return;
	up->partial = true;
	dev_info_ratelimited(&dm->hdev->device,
			     "Balloon request will be partially fulfilled. %s\n",
			     why == HVDM_CLAMP_MEMORY ?
			     "Not enough memory." : "Balloon floor reached.");
}

/* Fills one response. */
static void hvdm_up_fill(struct hvdm_dev *dm)
{
	struct hvdm_up *up = &dm->up;

	hvdm_up_clamp(dm);
	hvdm_resp_init(&up->resp, dm->tx_buf);
	while (up->left && up->resp.nr < HVDM_RANGES_MAX) {
		unsigned int order = HVDM_LARGE_ORDER;

		if (!up->large || up->left < 1U << order)
			order = 0;
		if (hvdm_up_take(up, order)) {
			if (!order) {
				/* That's all there is. */
				up->left = 0;
				break;
			}
			up->large = false;
			continue;
		}
		up->left -= 1U << order;
		dm->last_done += 1U << order;
		cond_resched();
	}
	up->filled = true;
	up->tries = 0;
	hvdm_mem_repin();
}

/* Takes back the pages of a response that the host will not see. */
static void hvdm_up_undo(struct hvdm_dev *dm)
{
	struct hvdm_up *up = &dm->up;
	struct hvdm_claim claim;
	struct hvdm_ranges it;
	struct hvdm_range range;

	if (!up->filled)
		return;
	up->filled = false;
	hvdm_resp_ranges(&up->resp, &it);
	hvdm_claim_begin(&claim, &it);
	/* One response is little enough for one step. */
	if (hvdm_claim_step(&claim, U32_MAX))
		return;
	while (!hvdm_ranges_next(&it, &range)) {
		hvdm_pages_release(range.start, range.count);
		dm->last_done -= range.count;
	}
	hvdm_mem_repin();
}

/**
 * hvdm_up_step() - fill a response, or try to send it
 * @dm: the device; balloon up is in progress
 *
 * Context: The service.
 * Return: milliseconds until the next step.
 */
int hvdm_up_step(struct hvdm_dev *dm)
{
	struct hvdm_up *up = &dm->up;
	int len, ret;

	if (!up->filled)
		hvdm_up_fill(dm);
	len = hvdm_resp_finish(&up->resp, hvdm_next_id(dm), up->left);
	ret = hvdm_send(dm, dm->tx_buf, len);
	if (ret == -EAGAIN)
		return hvdm_retry_ms(dm, &up->tries);
	if (ret) {
		dev_err_ratelimited(&dm->hdev->device,
				    "Balloon response failed: %d\n", ret);
		hvdm_up_undo(dm);
		up->left = 0;
	}
	up->filled = false;
	if (!up->left)
		hvdm_fsm_end(&dm->fsm);
	return 0;
}

static void hvdm_down_finish(struct hvdm_dev *dm)
{
	int len;

	dm->down.busy = false;
	hvdm_mem_repin();
	if (dm->down.more)
		return;
	len = hvdm_put_unballoon_response(dm->reply.buf, sizeof(dm->reply.buf),
					  hvdm_next_id(dm));
	/* Sent by the next step, which ends the request. */
	WRITE_ONCE(dm->reply.len, len);
}

/**
 * hvdm_down_begin() - the host gives pages back
 * @dm: the device
 * @msg: the message; its ranges must stay until the request is through
 *
 * Context: The service.
 */
void hvdm_down_begin(struct hvdm_dev *dm, const struct hvdm_msg *msg)
{
	struct hvdm_down *down = &dm->down;

	if (dm->last_type != HVDM_UNBALLOON_REQUEST || !down->more) {
		dm->last_type = HVDM_UNBALLOON_REQUEST;
		dm->last_pages = 0;
		dm->last_done = 0;
	}
	down->more = msg->unballoon.more;
	down->ranges = msg->unballoon.ranges;
	down->range.count = 0;
	hvdm_claim_begin(&down->claim, &down->ranges);
	down->claimed = false;
	down->busy = true;
}

/*
 * If the host doesn't hold every one of the pages, none is touched. It gets its
 * answer nevertheless: the answer carries nothing, and without it the host
 * would wait and never send another request.
 */
static void hvdm_down_check(struct hvdm_dev *dm)
{
	struct hvdm_down *down = &dm->down;
	int ret;

	ret = hvdm_claim_step(&down->claim, HVDM_DOWN_STEP);
	if (ret == -EAGAIN)
		return;
	if (!ret) {
		down->claimed = true;
		return;
	}
	hvdm_reject(dm, ret == -ERANGE ? HVDM_REJ_RANGE :
					 HVDM_REJ_NOT_BALLOONED);
	hvdm_down_finish(dm);
}

/**
 * hvdm_down_step() - check, then free some of the pages that came back
 * @dm: the device; balloon down is in progress
 *
 * Context: The service, or when it can't run.
 * Return: milliseconds until the next step.
 */
int hvdm_down_step(struct hvdm_dev *dm)
{
	struct hvdm_down *down = &dm->down;
	u32 budget = HVDM_DOWN_STEP;

	if (!down->claimed) {
		hvdm_down_check(dm);
		return 0;
	}
	while (budget) {
		u32 nr;

		if (!down->range.count) {
			if (hvdm_ranges_next(&down->ranges, &down->range)) {
				hvdm_down_finish(dm);
				break;
			}
			dm->last_pages += down->range.count;
		}
		nr = min(down->range.count, budget);
		hvdm_pages_release(down->range.start, nr);
		down->range.start += nr;
		down->range.count -= nr;
		dm->last_done += nr;
		budget -= nr;
	}
	return 0;
}

/**
 * hvdm_request_abort() - give up the request in progress, lose no page
 * @dm: the device; no worker can run
 *
 * Context: Process context. Takes and releases hvdm_mem.lock.
 */
void hvdm_request_abort(struct hvdm_dev *dm)
{
	hvdm_up_undo(dm);
	while (dm->down.busy)
		hvdm_down_step(dm);
	dm->down.more = false;
	WRITE_ONCE(dm->reply.len, 0);
	dm->reply.tries = 0;

	/* Blocks that are added stay; the rest of the request is forgotten. */
	mutex_lock(&hvdm_mem.lock);
	hvdm_mem.wait_online = false;
	hvdm_mem.walking = false;
	mutex_unlock(&hvdm_mem.lock);
	hvdm_mem_repin();
}
