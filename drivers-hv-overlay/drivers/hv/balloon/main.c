// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V dynamic memory: driver and module.
 */
#include <linux/hyperv.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <asm/mshyperv.h>

#include "balloon.h"

static bool hot_add = true;
module_param(hot_add, bool, 0644);
MODULE_PARM_DESC(hot_add, "If set attempt memory hot_add");

uint hvdm_pressure_report_delay = 45;
module_param_named(pressure_report_delay, hvdm_pressure_report_delay, uint,
		   0644);
MODULE_PARM_DESC(pressure_report_delay, "Delay in secs in reporting pressure");

struct hvdm_mem hvdm_mem = {
	.lock = __MUTEX_INITIALIZER(hvdm_mem.lock),
};

/**
 * hvdm_mem_repin() - hold the module as long as it is responsible for memory
 *
 * To be called after pages went to the host or came back, and after each step
 * of a hot add.
 *
 * Context: Process context. Takes and releases hvdm_mem.lock.
 */
void hvdm_mem_repin(void)
{
	struct hvdm_mem *mem = &hvdm_mem;
	bool pin;

	mutex_lock(&mem->lock);
	pin = atomic_long_read(&mem->nr_ballooned) ||
	      hvdm_regions_holes(&mem->regions);
	if (pin && !mem->pinned) {
		/* Fails if the module is on its way out; see hvdm_exit(). */
		mem->pinned = try_module_get(THIS_MODULE);
	} else if (!pin && mem->pinned) {
		module_put(THIS_MODULE);
		mem->pinned = false;
	}
	mutex_unlock(&mem->lock);
}

/* Makes @dm the one device that there may be. */
static int hvdm_mem_attach(struct hvdm_dev *dm)
{
	struct hvdm_mem *mem = &hvdm_mem;
	int ret = 0;

	mutex_lock(&mem->lock);
	if (mem->dev) {
		ret = -EBUSY;
	} else {
		mem->dev = dm;
		if (!mem->start_ms)
			mem->start_ms = ktime_to_ms(ktime_get());
	}
	mutex_unlock(&mem->lock);
	return ret;
}

static void hvdm_mem_detach(void)
{
	struct hvdm_mem *mem = &hvdm_mem;

	mutex_lock(&mem->lock);
	mem->dev = NULL;
	mutex_unlock(&mem->lock);
}

/*
 * Hosts want to see both capabilities even if requests are going to be ignored
 * because the guest may hibernate.
 */
static void hvdm_choose_caps(struct hvdm_dev *dm)
{
	u64 block_mb = hvdm_hot_add_block() >> (20 - PAGE_SHIFT);
	struct device *dev = &dm->hdev->device;

	dm->fsm.hibernation = hv_is_hibernation_supported();
	if (dm->fsm.hibernation)
		hot_add = false;

	/* An unballoon request need not be aligned to larger pages. */
	dm->caps.balloon = PAGE_SIZE == HV_HYP_PAGE_SIZE;
	if (!dm->caps.balloon)
		dev_info(dev, "Ballooning disabled because page size is not 4096 bytes\n");
	dm->fsm.can_balloon = dm->caps.balloon;

	/* arm64 can't tell the NUMA node of an address that is hot added. */
	dm->caps.hot_add = !IS_ENABLED(CONFIG_ARM64);
	if (!dm->caps.hot_add)
		dev_info(dev, "Memory hot add disabled on ARM64\n");
	dm->caps.align_log2_mb = ilog2(max_t(u64, block_mb, 1));

	dm->hot_add_on = hot_add && dm->caps.hot_add;
	if (dm->hot_add_on && hvdm_hot_add_hook())
		dm->hot_add_on = false;
}

static struct hvdm_dev *hvdm_alloc(struct hv_device *hdev)
{
	struct hvdm_dev *dm;

	dm = kzalloc(sizeof(*dm), GFP_KERNEL);
	if (!dm)
		return NULL;
	dm->hdev = hdev;
	dm->rx_buf = kzalloc(HVDM_RX_SIZE, GFP_KERNEL);
	dm->tx_buf = kzalloc(HVDM_MSG_MAX, GFP_KERNEL);
	/* Giving pages back must go on when there is no memory left. */
	dm->wq = alloc_workqueue("hv_balloon", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!dm->rx_buf || !dm->tx_buf || !dm->wq) {
		if (dm->wq)
			destroy_workqueue(dm->wq);
		kfree(dm->tx_buf);
		kfree(dm->rx_buf);
		kfree(dm);
		return NULL;
	}

	init_completion(&dm->nego_event);
	INIT_DELAYED_WORK(&dm->service, hvdm_service_work);
	INIT_DELAYED_WORK(&dm->status, hvdm_status_work);
	INIT_DELAYED_WORK(&dm->hot_add, hvdm_hot_add_work);
	INIT_WORK(&dm->report_off, hvdm_reporting_off_work);
	/* Enabled while the channel is open. */
	disable_delayed_work_sync(&dm->service);
	disable_delayed_work_sync(&dm->status);
	disable_delayed_work_sync(&dm->hot_add);
	return dm;
}

static void hvdm_free(struct hvdm_dev *dm)
{
	destroy_workqueue(dm->wq);
	kfree(dm->tx_buf);
	kfree(dm->rx_buf);
	kfree(dm);
}

static int hvdm_probe(struct hv_device *hdev,
		      const struct hv_vmbus_device_id *id)
{
	struct hvdm_dev *dm;
	int ret;

	dm = hvdm_alloc(hdev);
	if (!dm)
		return -ENOMEM;
	ret = hvdm_mem_attach(dm);
	if (ret)
		goto err_free;
	hvdm_choose_caps(dm);
	hv_set_drvdata(hdev, dm);

	ret = hvdm_connect(dm);
	if (ret)
		goto err_detach;
	ret = hvdm_pressure_start(dm);
	if (ret)
		goto err_disconnect;
	hvdm_reporting_start(dm);
	hvdm_debugfs_add(dm);
	return 0;

err_disconnect:
	hvdm_disconnect(dm);
err_detach:
	hv_set_drvdata(hdev, NULL);
	hvdm_mem_detach();
err_free:
	hvdm_free(dm);
	return ret;
}

static void hvdm_remove(struct hv_device *hdev)
{
	struct hvdm_dev *dm = hv_get_drvdata(hdev);
	long nr;

	hvdm_debugfs_remove();
	hvdm_reporting_stop(dm);
	hvdm_pressure_stop(dm);
	hvdm_disconnect(dm);

	nr = atomic_long_read(&hvdm_mem.nr_ballooned);
	if (nr)
		dev_warn(&hdev->device, "Ballooned pages: %ld\n", nr);
	hvdm_mem_detach();
	hv_set_drvdata(hdev, NULL);
	hvdm_free(dm);
}

/* Hibernation.  The image is restored into a host that knows nothing of us. */
static int hvdm_suspend(struct hv_device *hdev)
{
	hvdm_disconnect(hv_get_drvdata(hdev));
	return 0;
}

static int hvdm_resume(struct hv_device *hdev)
{
	struct hvdm_dev *dm = hv_get_drvdata(hdev);
	int ret;

	ret = hvdm_connect(dm);
	if (ret)
		hvdm_reporting_stop(dm);
	return ret;
}

static const struct hv_vmbus_device_id hvdm_ids[] = {
	{ HV_DM_GUID, },
	{ },
};
MODULE_DEVICE_TABLE(vmbus, hvdm_ids);

static struct hv_driver hvdm_driver = {
	.name = "hv_balloon",
	.id_table = hvdm_ids,
	.probe = hvdm_probe,
	.remove = hvdm_remove,
	.suspend = hvdm_suspend,
	.resume = hvdm_resume,
	.driver = {
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
};

static int __init hvdm_init(void)
{
	return vmbus_driver_register(&hvdm_driver);
}

/*
 * Comes here only when no page is with the host and no hot added block has
 * unbacked pages, unless the unload was forced, or had begun when a request
 * went on.
 */
static void __exit hvdm_exit(void)
{
	vmbus_driver_unregister(&hvdm_driver);
	hvdm_hot_add_unhook();
	if (!hvdm_pages_drop_all())
		pr_warn("hv_balloon: memory given to the host stays lost until reboot\n");
}

module_init(hvdm_init);
module_exit(hvdm_exit);

MODULE_DESCRIPTION("Hyper-V dynamic memory driver");
MODULE_LICENSE("GPL");
