// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V dynamic memory: status reports.
 *
 * Hosts expect a report a second, and what the guest needs in a burst can't
 * wait that long: a report is also sent as soon as memory runs short, though
 * not more often than HVDM_PRESSURE_GAP_MS allows.
 *
 * What is a shortage?  Pressure stall information starts its clock where a task
 * enters direct reclaim, but psi_trigger_create() is not exported, wants an
 * open file, and the averages that PSI keeps otherwise are two seconds old. So
 * the driver listens at the same place: a shrinker with nothing to shrink is
 * called whenever reclaim runs for the whole system, by a task that is stalled
 * or by kswapd, which wakes a little earlier.  It works without CONFIG_PSI and
 * costs nothing while memory is plenty.  Reclaim on behalf of a cgroup that has
 * reached its own limit isn't seen, rightly: more memory would not help it.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/swap.h>

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

/**
 * hvdm_status_work() - send a status report if one is due
 * @work: hvdm_dev.status
 *
 * Context: Worker of hvdm_dev.wq. Doesn't allocate.
 */
void hvdm_status_work(struct work_struct *work)
{
	struct hvdm_dev *dm = container_of(to_delayed_work(work),
					   struct hvdm_dev, status);
	u64 now = ktime_to_ms(ktime_get());
	bool early;
	u32 wait;

	/* Memory pressure, in a handshake: hvdm_connect() queues us again. */
	if (READ_ONCE(dm->fsm.nego.phase) != HVDM_NEGO_DONE)
		return;
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
