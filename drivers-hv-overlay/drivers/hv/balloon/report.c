// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V dynamic memory: free page reporting.
 *
 * The page allocator tells which of its free pages have been idle for a while,
 * and a hypercall hints to the hypervisor that their contents may be dropped.
 * The guest goes on owning them.  Source: TLFS, HvExtCallMemoryHeatHint.
 */
#include <linux/hyperv.h>
#include <linux/mm.h>
#include <linux/page_reporting.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>

#include <asm/mshyperv.h>

#include "balloon.h"

/* Owned by the page reporting core: the smallest order that it reports. */
extern unsigned int page_reporting_order;

/* Hints refused in a row after which reporting is turned off. */
#define HVDM_REPORT_FAILURES	2

/* Describes a run of free pages, in units of 2 MiB or 4 KiB. */
static int hvdm_report_range(union hv_gpa_page_range *range,
			     const struct scatterlist *sg)
{
	u64 hvpfn = page_to_hvpfn(sg_page((struct scatterlist *)sg));
	u64 nr;

	range->address_space = 0;
	if (IS_ALIGNED(hvpfn << HV_HYP_PAGE_SHIFT | sg->length, SZ_2M)) {
		nr = sg->length / SZ_2M;
		range->page.largepage = 1;
		range->page_size = HV_GPA_PAGE_RANGE_PAGE_SIZE_2MB;
		range->base_large_pfn = hvpfn >> (21 - HV_HYP_PAGE_SHIFT);
	} else {
		nr = sg->length >> HV_HYP_PAGE_SHIFT;
		range->page.basepfn = hvpfn;
	}
	/* One less than the number of pages goes into 11 bits. */
	if (!nr || nr > HV_MAX_FLUSH_PAGES)
		return -EINVAL;
	range->page.additional_pages = nr - 1;
	return 0;
}

static u64 hvdm_report_hint(struct scatterlist *sgl, unsigned int nents)
{
	u64 status = HV_STATUS_INVALID_PARAMETER;
	struct hv_memory_hint *hint;
	struct scatterlist *sg;
	unsigned long flags;
	unsigned int i;

	local_irq_save(flags);
	hint = *this_cpu_ptr(hyperv_pcpu_input_arg);
	if (!hint)
		goto out;
	hint->type = HV_EXT_MEMORY_HEAT_HINT_TYPE_COLD_DISCARD;
	hint->reserved = 0;
	for_each_sg(sgl, sg, nents, i) {
		if (hvdm_report_range(&hint->ranges[i], sg))
			goto out;
	}
	status = hv_do_rep_hypercall(HV_EXT_CALL_MEMORY_HEAT_HINT, nents, 0,
				     hint, NULL);
out:
	local_irq_restore(flags);
	return status;
}

/* Called by the page reporting core for pages that it has isolated. */
static int hvdm_report(struct page_reporting_dev_info *info,
		       struct scatterlist *sgl, unsigned int nents)
{
	struct hvdm_dev *dm = container_of(info, struct hvdm_dev, reporting);
	struct device *dev = &dm->hdev->device;
	u64 status;

	if (nents > HV_MEMORY_HINT_MAX_GPA_PAGE_RANGES)
		return -EINVAL;
	status = hvdm_report_hint(sgl, nents);
	if (hv_result_success(status)) {
		atomic_set(&dm->report_failures, 0);
		return 0;
	}

	atomic_long_inc(&dm->stats.report_errors);
	dev_err_ratelimited(dev, "Cold memory discard hypercall failed with status %llx\n",
			    status);
	/* Older hypervisors take nothing below 2 MiB. */
	if (hv_result(status) == HV_STATUS_INVALID_PARAMETER &&
	    page_reporting_order < pageblock_order) {
		dev_err(dev, "Defaulting to page_reporting_order %d\n",
			pageblock_order);
		page_reporting_order = pageblock_order;
	}
	/* Not from here: unregistering waits for this function to return. */
	if (atomic_inc_return(&dm->report_failures) >= HVDM_REPORT_FAILURES)
		schedule_work(&dm->report_off);
	return -EINVAL;
}

static void hvdm_reporting_off(struct hvdm_dev *dm)
{
	if (dm->reporting.report) {
		page_reporting_unregister(&dm->reporting);
		dm->reporting.report = NULL;
	}
}

/**
 * hvdm_reporting_off_work() - turn reporting off because it doesn't work
 * @work: hvdm_dev.report_off
 *
 * Context: Worker of a queue that memory reclaim doesn't depend on, as it waits
 * for one.
 */
void hvdm_reporting_off_work(struct work_struct *work)
{
	struct hvdm_dev *dm = container_of(work, struct hvdm_dev, report_off);

	dev_err(&dm->hdev->device,
		"Multiple failures in cold memory discard hypercall, disabling page reporting\n");
	hvdm_reporting_off(dm);
}

/**
 * hvdm_reporting_start() - turn reporting on, if the hypervisor wants it
 * @dm: the device
 *
 * Context: Process context.
 */
void hvdm_reporting_start(struct hvdm_dev *dm)
{
	struct device *dev = &dm->hdev->device;
	int ret;

	BUILD_BUG_ON(PAGE_REPORTING_CAPACITY >
		     HV_MEMORY_HINT_MAX_GPA_PAGE_RANGES);

	if (!hv_query_ext_cap(HV_EXT_CAPABILITY_MEMORY_COLD_DISCARD_HINT)) {
		dev_dbg(dev, "Cold memory discard hint not supported by Hyper-V\n");
		return;
	}
	atomic_set(&dm->report_failures, 0);
	dm->reporting.report = hvdm_report;
	/* Leaves the choice to the administrator, or to the core. */
	dm->reporting.order = 0;
	ret = page_reporting_register(&dm->reporting);
	if (ret) {
		dm->reporting.report = NULL;
		dev_err(dev, "Failed to enable cold memory discard: %d\n", ret);
		return;
	}
	dev_info(dev, "Cold memory discard hint enabled with order %d\n",
		 page_reporting_order);
}

/**
 * hvdm_reporting_stop() - turn reporting off
 * @dm: the device
 *
 * Context: Process context.
 */
void hvdm_reporting_stop(struct hvdm_dev *dm)
{
	disable_work_sync(&dm->report_off);
	hvdm_reporting_off(dm);
}
