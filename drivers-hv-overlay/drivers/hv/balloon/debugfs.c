// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V dynamic memory: /sys/kernel/debug/hv-balloon.
 *
 * The keys and their form are read by tools; see
 * Documentation/ABI/testing/debugfs-hv-balloon.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/seq_file.h>

#include "balloon.h"

#define HVDM_DEBUGFS_NAME	"hv-balloon"

static void hvdm_show_long(struct seq_file *f, const char *key,
			   const atomic_long_t *v)
{
	seq_printf(f, "%-22s: %ld\n", key, atomic_long_read(v));
}

static void hvdm_show_state(struct seq_file *f, struct hvdm_dev *dm)
{
	enum hvdm_state state = READ_ONCE(dm->fsm.state);
	u32 version = READ_ONCE(dm->fsm.nego.version);

	seq_printf(f, "%-22s: %u.%u\n", "host_version", version >> 16,
		   version & 0xffff);
	seq_printf(f, "%-22s:%s%s\n", "capabilities",
		   dm->caps.balloon ? " enabled" : "",
		   dm->caps.hot_add ? " hot_add" : "");
	seq_printf(f, "%-22s: %u (%s)\n", "state", state,
		   hvdm_state_name(state));
	seq_printf(f, "%-22s: %lu\n", "page_size", HV_HYP_PAGE_SIZE);
	hvdm_show_long(f, "pages_added", &hvdm_mem.nr_added);
	hvdm_show_long(f, "pages_onlined", &hvdm_mem.nr_onlined);
	hvdm_show_long(f, "pages_ballooned", &hvdm_mem.nr_ballooned);
	seq_printf(f, "%-22s: %llu\n", "total_pages_committed",
		   hvdm_status_committed());
	seq_printf(f, "%-22s: %llu\n", "max_dynamic_page_count",
		   READ_ONCE(dm->max_pages));
}

static void hvdm_show_memory(struct seq_file *f, struct hvdm_dev *dm)
{
	u64 holes;

	mutex_lock(&hvdm_mem.lock);
	holes = hvdm_regions_holes(&hvdm_mem.regions);
	mutex_unlock(&hvdm_mem.lock);

	seq_printf(f, "%-22s: %d\n", "hot_add_enabled", dm->hot_add_on);
	seq_printf(f, "%-22s: %llu\n", "hot_add_unbacked", holes);
	hvdm_show_long(f, "hot_add_offline", &dm->stats.online_timeouts);
	seq_printf(f, "%-22s: %llu\n", "balloon_floor",
		   hvdm_floor(totalram_pages(), PAGE_SHIFT));
	seq_printf(f, "%-22s: 0x%llx\n", "host_flags", dm->host_flags);
	seq_printf(f, "%-22s: %d\n", "page_reporting",
		   !!READ_ONCE(dm->reporting.report));
	hvdm_show_long(f, "page_reporting_errors", &dm->stats.report_errors);
}

static void hvdm_show_traffic(struct seq_file *f, struct hvdm_dev *dm)
{
	static const enum hvdm_type requests[] = {
		HVDM_BALLOON_REQUEST, HVDM_UNBALLOON_REQUEST,
		HVDM_HOT_ADD_REQUEST, HVDM_INFO,
	};
	struct hvdm_stats *s = &dm->stats;
	char key[32];
	int i;

	hvdm_show_long(f, "status_reports", &s->status_sent);
	hvdm_show_long(f, "status_by_pressure", &s->status_pressure);
	hvdm_show_long(f, "pressure_stalls", &s->stall_events);
	hvdm_show_long(f, "pressure_kswapd", &s->kswapd_events);
	hvdm_show_long(f, "pressure_looks", &s->look_events);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		snprintf(key, sizeof(key), "got_%s",
			 hvdm_type_name(requests[i]));
		hvdm_show_long(f, key, &s->received[requests[i]]);
	}
	seq_printf(f, "%-22s: %s %llu %llu\n", "last_request",
		   dm->last_type ? hvdm_type_name(dm->last_type) : "none",
		   dm->last_pages, dm->last_done);
	hvdm_show_long(f, "ignored", &s->ignored);
	hvdm_show_long(f, "send_errors", &s->send_errors);
	for (i = 0; i < HVDM_REJECTS; i++) {
		snprintf(key, sizeof(key), "reject_%s", hvdm_reject_name(i));
		hvdm_show_long(f, key, &s->rejected[i]);
	}
}

static int hvdm_debugfs_show(struct seq_file *f, void *unused)
{
	struct hvdm_dev *dm = f->private;

	hvdm_show_state(f, dm);
	hvdm_show_memory(f, dm);
	hvdm_show_traffic(f, dm);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(hvdm_debugfs);

/**
 * hvdm_debugfs_add() - show the device in debugfs
 * @dm: the device
 */
void hvdm_debugfs_add(struct hvdm_dev *dm)
{
	debugfs_create_file(HVDM_DEBUGFS_NAME, 0444, NULL, dm,
			    &hvdm_debugfs_fops);
}

/**
 * hvdm_debugfs_remove() - the device is about to go
 *
 * Waits for readers.
 */
void hvdm_debugfs_remove(void)
{
	debugfs_lookup_and_remove(HVDM_DEBUGFS_NAME, NULL);
}
