// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V dynamic memory: hot add.
 *
 * A request is worked off block by block by a delayed work.  After a block was
 * added, the work is due again at once if the block is online, and else after
 * the time that user space gets for that; the memory notifier makes it due
 * when the block goes online.  Nothing ever sleeps waiting for user space.
 *
 * The work is freezable: when hibernate() freezes and suspends it holds the
 * lock that add_memory() takes.  A worker that is stuck there makes the freeze
 * fail; else it would be suspend that waits for the worker, for ever.
 *
 * Pages reach the page allocator in one way only, hvdm_online_backed(): from
 * the online callback while a block goes online, when a request brings pages
 * for a block that is online already, and from the notifier when a block has
 * gone online, for pages that came after the callback and before that.
 */
#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/pfn.h>
#include <linux/slab.h>

#include "balloon.h"

/* How long user space may take to put a block online. */
#define HVDM_ONLINE_TIMEOUT	(5 * HZ)

/* The first slots of a set, and by how many it grows. */
#define HVDM_SLOTS		16

/* The most intervals in a set that the host can fill at will. */
#define HVDM_SLOTS_MAX		4096

static int hvdm_set_reserve(struct hvdm_ivset *set)
{
	u32 cap = set->cap + max_t(u32, HVDM_SLOTS, set->cap / 2);
	struct hvdm_iv *iv;

	if (set->cap - set->nr >= HVDM_REGIONS_SPARE)
		return 0;
	iv = krealloc_array(set->iv, cap, sizeof(*iv), GFP_KERNEL);
	if (!iv)
		return -ENOMEM;
	set->iv = iv;
	set->cap = cap;
	return 0;
}

/*
 * For "region" and "backed": real hosts need few intervals, others are not to
 * use up the guest's memory.  What is in the other sets follows from what is
 * backed and from blocks that were really added.
 */
static int hvdm_set_reserve_capped(struct hvdm_ivset *set)
{
	if (set->nr > HVDM_SLOTS_MAX - HVDM_REGIONS_SPARE)
		return -ENOMEM;
	return hvdm_set_reserve(set);
}

/* Makes room for one step of a request. */
static int hvdm_reserve_step(struct hvdm_regions *r)
{
	lockdep_assert_held(&hvdm_mem.lock);

	if (hvdm_set_reserve(&r->added) || hvdm_set_reserve_capped(&r->backed))
		return -ENOMEM;
	return hvdm_set_reserve(&r->online);
}

/*
 * Makes room for blocks that go online or offline.  The sets with a limit are
 * left out, or a host could keep blocks from going online for good.
 */
static int hvdm_reserve_event(struct hvdm_regions *r)
{
	lockdep_assert_held(&hvdm_mem.lock);

	if (hvdm_set_reserve(&r->live))
		return -ENOMEM;
	return hvdm_set_reserve(&r->online);
}

/* Hands a run of pages to the page allocator, in chunks as large as may be. */
static void hvdm_online_run(const struct hvdm_iv *iv)
{
	unsigned long pfn = iv->start, end = iv->end;

	while (pfn < end) {
		unsigned int order = min_t(unsigned int, ilog2(end - pfn),
					   MAX_PAGE_ORDER);

		if (pfn)
			order = min_t(unsigned int, order, __ffs(pfn));
		generic_online_page(pfn_to_page(pfn), order);
		pfn += 1UL << order;
	}
	atomic_long_add(iv->end - iv->start, &hvdm_mem.nr_onlined);
}

/* Hands over what is backed, of a block that is online or going online. */
static void hvdm_online_backed(u64 start, u64 end)
{
	struct hvdm_iv iv;

	lockdep_assert_held(&hvdm_mem.lock);

	while (!hvdm_regions_claim(&hvdm_mem.regions, start, end, &iv)) {
		hvdm_online_run(&iv);
		/* On failure the rest stays offline, which is safe. */
		if (hvdm_set_reserve(&hvdm_mem.regions.online))
			break;
	}
}

/*
 * Called for each page, or aligned run of pages, that is going online anywhere.
 * Pages that the host hasn't backed stay PageOffline.
 */
static void hvdm_online_page(struct page *page, unsigned int order)
{
	u64 start = page_to_pfn(page);
	u64 end = start + (1UL << order);

	mutex_lock(&hvdm_mem.lock);
	if (hvdm_regions_managed(&hvdm_mem.regions, start, end)) {
		hvdm_online_backed(start, end);
		mutex_unlock(&hvdm_mem.lock);
		return;
	}
	mutex_unlock(&hvdm_mem.lock);
	generic_online_page(page, order);
}

/* The block that a request waits for has been dealt with. */
static void hvdm_block_online(u64 start, u64 end)
{
	struct hvdm_mem *mem = &hvdm_mem;

	lockdep_assert_held(&mem->lock);

	if (start >= mem->step.block.end || end <= mem->step.block.start)
		return;
	mem->step_online = true;
	if (mem->wait_online && mem->dev)
		mod_delayed_work(system_freezable_wq, &mem->dev->hot_add, 0);
}

static int hvdm_memory_event(unsigned long event, u64 start, u64 end)
{
	struct hvdm_mem *mem = &hvdm_mem;
	u64 nr;

	lockdep_assert_held(&mem->lock);

	switch (event) {
	case MEM_GOING_ONLINE:
		/* The last chance to say no. */
		return hvdm_reserve_event(&mem->regions);
	case MEM_ONLINE:
	case MEM_CANCEL_OFFLINE:
		hvdm_regions_live(&mem->regions, start, end, true);
		hvdm_online_backed(start, end);
		fallthrough;
	case MEM_CANCEL_ONLINE:
		hvdm_block_online(start, end);
		return 0;
	case MEM_GOING_OFFLINE:
		if (hvdm_reserve_event(&mem->regions))
			return -ENOMEM;
		return hvdm_regions_live(&mem->regions, start, end, false);
	case MEM_OFFLINE:
		nr = hvdm_regions_offline(&mem->regions, start, end);
		atomic_long_sub(nr, &mem->nr_onlined);
		return 0;
	default:
		return 0;
	}
}

static int hvdm_memory_notify(struct notifier_block *nb, unsigned long event,
			      void *data)
{
	const struct memory_notify *arg = data;
	u64 start = arg->start_pfn, end = start + arg->nr_pages;
	int ret = 0;

	mutex_lock(&hvdm_mem.lock);
	if (hvdm_regions_managed(&hvdm_mem.regions, start, end))
		ret = hvdm_memory_event(event, start, end);
	mutex_unlock(&hvdm_mem.lock);
	return notifier_from_errno(ret);
}

static struct notifier_block hvdm_memory_nb = {
	.notifier_call = hvdm_memory_notify,
};

/**
 * hvdm_hot_add_hook() - get to know about memory going online and offline
 *
 * Stays in place until the module is unloaded.
 *
 * Context: Process context. Takes and releases hvdm_mem.lock.
 * Return: 0, or an error: hot add isn't safe then, as unbacked pages could go
 * online.
 */
int hvdm_hot_add_hook(void)
{
	struct hvdm_mem *mem = &hvdm_mem;
	int ret;

	mutex_lock(&mem->lock);
	mem->regions.block = hvdm_hot_add_block();
	ret = mem->hooked ? 0 : -ENOENT;
	mutex_unlock(&mem->lock);
	if (!ret)
		return 0;

	/* Not under the lock, which is taken within the hotplug locks. */
	ret = register_memory_notifier(&hvdm_memory_nb);
	if (ret)
		return ret;
	ret = set_online_page_callback(hvdm_online_page);
	if (ret) {
		unregister_memory_notifier(&hvdm_memory_nb);
		return ret;
	}
	mutex_lock(&mem->lock);
	mem->hooked = true;
	mutex_unlock(&mem->lock);
	return 0;
}

/**
 * hvdm_hot_add_unhook() - undo hvdm_hot_add_hook(), forget all hot added memory
 *
 * Context: Process context; the module is being unloaded.
 */
void hvdm_hot_add_unhook(void)
{
	struct hvdm_regions *r = &hvdm_mem.regions;

	if (hvdm_mem.hooked) {
		restore_online_page_callback(hvdm_online_page);
		unregister_memory_notifier(&hvdm_memory_nb);
	}
	kfree(r->region.iv);
	kfree(r->added.iv);
	kfree(r->backed.iv);
	kfree(r->live.iv);
	kfree(r->online.iv);
}

/**
 * hvdm_hot_add_block() - the unit in which Linux adds memory
 *
 * Return: pages in a memory block, a power of 2.
 */
u64 hvdm_hot_add_block(void)
{
	return memory_block_size_bytes() >> PAGE_SHIFT;
}

/**
 * hvdm_hot_add_begin() - the host offers memory
 * @dm: the device
 * @msg: the request
 *
 * Context: The service. Takes and releases hvdm_mem.lock.
 * Return: 0 if the hot add worker will answer, -EINVAL if the request makes no
 * sense, -ENOMEM.
 */
int hvdm_hot_add_begin(struct hvdm_dev *dm, const struct hvdm_msg *msg)
{
	const struct hvdm_range *p = &msg->hot_add.pages;
	const struct hvdm_range *r = &msg->hot_add.region;
	struct hvdm_iv pages = { p->start, p->start + p->count };
	struct hvdm_iv region = { r->start, r->start + r->count };
	struct hvdm_mem *mem = &hvdm_mem;
	int ret;

	mutex_lock(&mem->lock);
	ret = hvdm_set_reserve_capped(&mem->regions.region);
	if (!ret)
		ret = hvdm_regions_begin(&mem->regions, &mem->walk, &pages,
					 msg->hot_add.has_region ?
					 &region : NULL);
	mem->walk_pages = 0;
	mem->wait_online = false;
	mem->walking = !ret;
	mutex_unlock(&mem->lock);
	if (!ret)
		queue_delayed_work(system_freezable_wq, &dm->hot_add, 0);
	return ret;
}

/* Adds the block of the step that was just entered. */
static int hvdm_add_block(const struct hvdm_step *step)
{
	u64 addr = PFN_PHYS(step->block.start);

	return add_memory(memory_add_physaddr_to_nid(addr), addr,
			  PFN_PHYS(step->block.end - step->block.start),
			  MHP_MERGE_RESOURCE);
}

/* One block.  Returns 0 to go on, -EAGAIN to wait, anything else to end. */
static int hvdm_hot_add_step(struct hvdm_dev *dm)
{
	struct hvdm_mem *mem = &hvdm_mem;
	struct hvdm_regions *r = &mem->regions;
	struct hvdm_step *step = &mem->step;
	struct hvdm_iv iv;
	int ret;

	lockdep_assert_held(&mem->lock);

	if (hvdm_reserve_step(r))
		return -ENOMEM;
	hvdm_regions_step(r, &mem->walk, step);
	if (step->kind == HVDM_STEP_DONE)
		return -ENOENT;
	if (step->kind == HVDM_STEP_OUTSIDE)
		return -ERANGE;
	mem->step_online = false;
	ret = hvdm_regions_apply(r, &mem->walk, step);
	if (ret)
		return ret;

	if (step->kind == HVDM_STEP_ADD) {
		/* Takes the hotplug locks, and may put the block online. */
		mutex_unlock(&mem->lock);
		ret = hvdm_add_block(step);
		mutex_lock(&mem->lock);
		if (ret) {
			hvdm_regions_undo(r, step);
			return ret;
		}
	} else {
		mem->step_online = true;
		while (hvdm_ivset_next(&r->live, step->pages.start,
				       step->pages.end, &iv)) {
			hvdm_online_backed(iv.start, iv.end);
			step->pages.start = iv.end;
		}
	}
	atomic_long_add(step->fresh, &mem->nr_added);
	return mem->step_online ? 0 : -EAGAIN;
}

static void hvdm_hot_add_end(struct hvdm_dev *dm, u64 pages, int ret)
{
	struct device *dev = &dm->hdev->device;

	if (ret != -ENOENT)
		dev_err_ratelimited(dev, "hot_add memory failed error is %d\n",
				    ret);
	/* Something else is at this address, and will be the next time. */
	if (ret == -EEXIST)
		dm->hot_add_on = false;
	if (!pages)
		dev_err_ratelimited(dev, "Memory hot add failed\n");
	hvdm_status_now(dm);
	hvdm_hot_add_reply(dm, min_t(u64, pages, U32_MAX));
}

/*
 * Is it time for the next block? It need not be: the work may have been about
 * to run when the notifier made it due, and then it runs once more.
 */
static bool hvdm_hot_add_due(struct hvdm_dev *dm)
{
	struct hvdm_mem *mem = &hvdm_mem;
	unsigned long now = jiffies;

	lockdep_assert_held(&mem->lock);

	if (!mem->walking)
		return false;
	if (!mem->wait_online || mem->step_online)
		return true;
	if (time_before(now, mem->wait_until)) {
		queue_delayed_work(system_freezable_wq, &dm->hot_add,
				   mem->wait_until - now);
		return false;
	}
	atomic_long_inc(&dm->stats.online_timeouts);
	return true;
}

/**
 * hvdm_hot_add_work() - deal with one block of a hot add request
 * @work: hvdm_dev.hot_add
 *
 * Context: Worker that memory reclaim doesn't depend on.
 */
void hvdm_hot_add_work(struct work_struct *work)
{
	struct hvdm_dev *dm = container_of(to_delayed_work(work),
					   struct hvdm_dev, hot_add);
	struct hvdm_mem *mem = &hvdm_mem;
	u64 before, pages;
	int ret;

	mutex_lock(&mem->lock);
	if (!hvdm_hot_add_due(dm)) {
		mutex_unlock(&mem->lock);
		return;
	}
	mem->wait_online = false;
	before = mem->walk.next;
	ret = hvdm_hot_add_step(dm);
	if (!ret || ret == -EAGAIN)
		mem->walk_pages += mem->walk.next - before;
	mem->wait_online = ret == -EAGAIN;
	mem->wait_until = jiffies + HVDM_ONLINE_TIMEOUT;
	mem->walking = !ret || ret == -EAGAIN;
	pages = mem->walk_pages;
	mutex_unlock(&mem->lock);
	/* Not only at the end: the request may be given up while it waits. */
	hvdm_mem_repin();

	if (ret && ret != -EAGAIN) {
		hvdm_hot_add_end(dm, pages, ret);
		return;
	}
	hvdm_status_now(dm);
	/* If the block has gone online since, the notifier made us due. */
	queue_delayed_work(system_freezable_wq, &dm->hot_add,
			   ret ? HVDM_ONLINE_TIMEOUT : 0);
}
