// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V dynamic memory: status reports.
 *
 * Hosts expect a report a second, and what the guest needs in a burst can't
 * wait that long: a report is also sent when memory runs short, though not more
 * often than HVDM_PRESSURE_GAP_MS allows.
 *
 * What is a shortage?  That reclaim runs for the whole system: by a task that
 * is stalled, which is where pressure stall information starts its clock, or by
 * kswapd, which wakes a little earlier.  This stands in for a PSI trigger, with
 * and without CONFIG_PSI: psi_trigger_create() is not exported and wants an
 * open file, and the averages that PSI keeps otherwise are two seconds old.
 * Reclaim on behalf of a cgroup that has reached its own limit isn't a
 * shortage: more memory would not help it.
 *
 * The driver gets to know of reclaim in two ways.  A shrinker with nothing to
 * shrink is called at once, but not by all reclaim: with CONFIG_MEMCG only when
 * it comes to the root cgroup, before which the multi-gen LRU, and tasks with
 * the other one, may have found what they need in other cgroups, many times in
 * a row.  So the kernel's own counters of stalls and of scanned pages are
 * looked at, too; they leave out the reclaim of a cgroup that is at its limit.
 *
 * Looking costs no wakeup while there is memory: it is done whenever the worker
 * sends a report or finds that none is due.  Every HVDM_PRESSURE_GAP_MS it is
 * done while the last look found reclaim, or free memory that falls so fast
 * that it comes to the reserve of the zones before the next report.  That free
 * memory is low doesn't suffice: an idle guest whose page cache has filled
 * memory stays as low for days.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "balloon.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * hvdm_status_committed() - the committed figure
 *
 * Return: pages of the guest's own size.
 */
u64 hvdm_status_committed(void)
{
	struct hvdm_figures fig = {
		.vm_committed = vm_memory_committed(),
		.ballooned = atomic_long_read(&hvdm_mem.nr_ballooned),
		.added = atomic_long_read(&hvdm_mem.nr_added),
		.onlined = atomic_long_read(&hvdm_mem.nr_onlined),
		.total = totalram_pages(),
	};

	return hvdm_committed(&fig, PAGE_SHIFT);
}

static void hvdm_status_send(struct hvdm_dev *dm)
{
	u64 avail = max(si_mem_available(), 0L);
	u64 committed = hvdm_status_committed();
	struct hvdm_status status = {
		.avail = avail * NR_HV_HYP_PAGES_IN_PAGE,
		.committed = committed * NR_HV_HYP_PAGES_IN_PAGE,
	};
	u8 buf[HVDM_REPLY_MAX];
	int len;

	trace_balloon_status(avail, committed, vm_memory_committed(),
			     atomic_long_read(&hvdm_mem.nr_ballooned),
			     atomic_long_read(&hvdm_mem.nr_added),
			     atomic_long_read(&hvdm_mem.nr_onlined));
	len = hvdm_put_status(buf, sizeof(buf), hvdm_next_id(dm), &status);
	/* If the ring is full the host has older things to read anyway. */
	if (len > 0 && !hvdm_send(dm, buf, len))
		atomic_long_inc(&dm->stats.status_sent);
}

/* Stalls, and pages scanned, by reclaim for the whole system. */
static u64 hvdm_reclaim_events(struct hvdm_dev *dm)
{
	unsigned long *ev = dm->vm_events;
	unsigned int zone;
	u64 sum;

	/* Waits for a CPU that is coming or going: not for the shrinker. */
	all_vm_events(ev);
	sum = ev[PGSCAN_DIRECT] + ev[PGSCAN_KSWAPD];
	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		sum += ev[ALLOCSTALL_NORMAL - ZONE_NORMAL + zone];
	return sum;
}

static u64 hvdm_reserve(void)
{
	u64 pages = 0;
	int nid;

	for_each_online_node(nid)
		pages += NODE_DATA(nid)->totalreserve_pages;
	return pages;
}

static void hvdm_pressure_look(struct hvdm_dev *dm)
{
	struct hvdm_sight sight;

	/* Without the counters the shrinker is all there is. */
	if (!IS_ENABLED(CONFIG_VM_EVENT_COUNTERS))
		return;
	sight.reclaim = hvdm_reclaim_events(dm);
	sight.ms = ktime_to_ms(ktime_get());
	sight.free = global_zone_page_state(NR_FREE_PAGES);
	sight.reserve = hvdm_reserve();
	if (!hvdm_look_note(&dm->look, &sight))
		return;
	atomic_long_inc(&dm->stats.look_events);
	atomic_set(&dm->pressure, 1);
}

/**
 * hvdm_status_work() - look for reclaim, send a status report if one is due
 * @work: hvdm_dev.status
 *
 * Context: Worker of hvdm_dev.wq. Takes and releases cpus_read_lock(). Doesn't
 * allocate.
 */
void hvdm_status_work(struct work_struct *work)
{
	struct hvdm_dev *dm = container_of(to_delayed_work(work),
					   struct hvdm_dev, status);
	bool early;
	u32 wait;
	u64 now;

	/* Memory pressure, in a handshake: hvdm_connect() queues us again. */
	if (READ_ONCE(dm->fsm.nego.phase) != HVDM_NEGO_DONE)
		return;
	hvdm_pressure_look(dm);
	now = ktime_to_ms(ktime_get());
	dm->pace.start_ms = hvdm_mem.start_ms +
			    (u64)READ_ONCE(hvdm_pressure_report_delay) *
			    MSEC_PER_SEC;
	wait = hvdm_pace_wait(&dm->pace, now, atomic_read(&dm->pressure));
	if (!wait) {
		early = hvdm_pace_wait(&dm->pace, now, false);
		atomic_set(&dm->pressure, 0);
		hvdm_status_send(dm);
		if (early)
			atomic_long_inc(&dm->stats.status_pressure);
		hvdm_pace_sent(&dm->pace, now);
		wait = HVDM_STATUS_PERIOD_MS;
	}
	wait = hvdm_look_wait(&dm->look, &dm->pace, wait);
	queue_delayed_work(dm->wq, &dm->status, msecs_to_jiffies(wait));
}

/**
 * hvdm_status_now() - send a report early if the pace allows
 * @dm: the device
 *
 * Context: Any.
 */
void hvdm_status_now(struct hvdm_dev *dm)
{
	mod_delayed_work(dm->wq, &dm->status, 0);
}

/* Runs within memory reclaim: quick, and without an allocation or a lock. */
static unsigned long hvdm_pressure_count(struct shrinker *shrinker,
					 struct shrink_control *sc)
{
	struct hvdm_dev *dm = shrinker->private_data;

	/* Not reclaim but an administrator who drops caches. */
	if (!(current->flags & PF_MEMALLOC))
		return 0;
	if (current_is_kswapd())
		atomic_long_inc(&dm->stats.kswapd_events);
	else
		atomic_long_inc(&dm->stats.stall_events);
	if (!atomic_xchg(&dm->pressure, 1))
		hvdm_status_now(dm);
	return 0;
}

static unsigned long hvdm_pressure_scan(struct shrinker *shrinker,
					struct shrink_control *sc)
{
	return SHRINK_STOP;
}

/**
 * hvdm_pressure_start() - begin to listen for memory pressure
 * @dm: the device
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int hvdm_pressure_start(struct hvdm_dev *dm)
{
	dm->shrinker = shrinker_alloc(0, "hv-balloon-pressure");
	if (!dm->shrinker)
		return -ENOMEM;
	dm->shrinker->count_objects = hvdm_pressure_count;
	dm->shrinker->scan_objects = hvdm_pressure_scan;
	dm->shrinker->private_data = dm;
	shrinker_register(dm->shrinker);
	return 0;
}

/**
 * hvdm_pressure_stop() - stop listening
 * @dm: the device
 *
 * Context: Process context.
 */
void hvdm_pressure_stop(struct hvdm_dev *dm)
{
	shrinker_free(dm->shrinker);
	dm->shrinker = NULL;
}
