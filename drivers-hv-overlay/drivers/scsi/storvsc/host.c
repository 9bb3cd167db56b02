// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V virtual storage: SCSI host, driver and module.
 */
#include <linux/blk-mq.h>
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/hyperv.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <uapi/linux/cdrom.h>

#include <scsi/scsi.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_devinfo.h>
#include <scsi/scsi_host.h>

#include "storvsc.h"

/* Logic doesn't see the SCSI layer's headers. */
static_assert(STV_SAM_GOOD == SAM_STAT_GOOD);
static_assert(STV_SAM_CHECK_CONDITION == SAM_STAT_CHECK_CONDITION);
static_assert(STV_DID_OK == DID_OK);
static_assert(STV_DID_NO_CONNECT == DID_NO_CONNECT);
static_assert(STV_DID_ERROR == DID_ERROR);
static_assert(STV_DID_PASSTHROUGH == DID_PASSTHROUGH);
static_assert(STV_DID_REQUEUE == DID_REQUEUE);
static_assert(STV_CMD_TEST_UNIT_READY == TEST_UNIT_READY);
static_assert(STV_CMD_INQUIRY == INQUIRY);
static_assert(STV_CMD_MODE_SENSE == MODE_SENSE);
static_assert(STV_CMD_SET_WINDOW == SET_WINDOW);
static_assert(STV_CMD_READ_CAPACITY == READ_CAPACITY);
static_assert(STV_CMD_WRITE_SAME == WRITE_SAME);
static_assert(STV_CMD_READ_TOC == READ_TOC);
static_assert(STV_CMD_GET_CONFIGURATION == GPCMD_GET_CONFIGURATION);
static_assert(STV_CMD_READ_DISC_INFO == GPCMD_READ_DISC_INFO);
static_assert(STV_CMD_READ_TRACK_INFO == GPCMD_READ_TRACK_RZONE_INFO);
static_assert(STV_CMD_MODE_SENSE_10 == MODE_SENSE_10);
static_assert(STV_CMD_ATA_16 == ATA_16);
static_assert(STV_CMD_SERVICE_ACTION_IN_16 == SERVICE_ACTION_IN_16);
static_assert(STV_CMD_REPORT_LUNS == REPORT_LUNS);
static_assert(STV_CMD_ATA_12 == ATA_12);
static_assert(STV_CMD_MAINTENANCE_IN == MAINTENANCE_IN);
static_assert(STV_PAGE_SIZE == HV_HYP_PAGE_SIZE);

/* Seconds that commands have to come back before hibernation. */
#define STV_SUSPEND_DRAIN	30

struct workqueue_struct *stv_recover_wq;

static void stv_lun_init(struct scsi_device *sdev)
{
	struct stv_dev *dev = shost_priv(sdev->host);
	struct stv_lun *lun = sdev->hostdata;
	struct stv_addr addr = {
		.port = dev->port,
		.path = sdev->channel,
		.target = sdev->id,
		.lun = sdev->lun,
	};

	stv_tmpl_init(&lun->tmpl, &addr, sdev->tagged_supported);
}

static int stv_sdev_alloc(struct scsi_device *sdev)
{
	struct stv_lun *lun;

	lun = kzalloc(sizeof(*lun), GFP_KERNEL);
	if (!lun)
		return -ENOMEM;
	sdev->hostdata = lun;
	stv_lun_init(sdev);

	/*
	 * Devices of the host claim SPC-2 and have what came later, VPD pages
	 * above all; DVD drives claim no type and do answer REPORT LUNS.
	 */
	sdev->sdev_bflags = BLIST_REPORTLUN2 | BLIST_TRY_VPD_PAGES;
	return 0;
}

static void stv_sdev_destroy(struct scsi_device *sdev)
{
	kfree(sdev->hostdata);
	sdev->hostdata = NULL;
}

/*
 * Devices share the rings, and the tags of a queue. So that a slow one does not
 * fill the rings it is sent no more than three quarters of what a queue has,
 * all queues together; an administrator may set another depth, up to all of it.
 * Who has the tags is up to the block layer, which splits them among those
 * devices that it knows to be busy; without an I/O scheduler commands that wait
 * for this limit have theirs already.
 */
static void stv_set_depth(struct scsi_device *sdev)
{
	struct stv_dev *dev = shost_priv(sdev->host);
	int all = sdev->host->can_queue;

	if (dev->kind != STV_DEV_IDE)
		scsi_change_queue_depth(sdev, min(all - all / 4,
						  STV_CMD_PER_LUN));
}

static int stv_sdev_configure(struct scsi_device *sdev)
{
	struct stv_dev *dev = shost_priv(sdev->host);
	u16 version = dev->params.version;

	/* Whether the device has a queue is known by now. */
	stv_lun_init(sdev);
	blk_queue_rq_timeout(sdev->request_queue, STV_TIMEOUT * HZ);
	stv_set_depth(sdev);

	sdev->no_report_opcodes = 1;
	sdev->no_write_same = 1;
	if (!strncmp(sdev->vendor, "Msft", 4)) {
		/* Disks of hosts before Windows 10 are SPC-3 without saying. */
		if (version == STV_VERSION_5_1 || version == STV_VERSION_6_0)
			sdev->scsi_level = SCSI_SPC_3;
		if (version >= STV_VERSION_6_2)
			sdev->no_write_same = 0;
	}
	return 0;
}

static int stv_change_queue_depth(struct scsi_device *sdev, int depth)
{
	return scsi_change_queue_depth(sdev, min(depth,
						 sdev->host->can_queue));
}

/* There are no cylinders: the most that fits into a partition table. */
static int stv_bios_param(struct scsi_device *sdev, struct block_device *bdev,
			  sector_t capacity, int *info)
{
	const int heads = 255, sectors = 63;
	sector_t cylinders = capacity;

	sector_div(cylinders, heads * sectors);
	if ((cylinders + 1) * heads * sectors < capacity)
		cylinders = 0xffff;
	info[0] = heads;
	info[1] = sectors;
	info[2] = cylinders;
	return 0;
}

/* Polled queues are the last ones; CPUs share both sorts evenly. */
static void stv_map_queues(struct Scsi_Host *shost)
{
	struct stv_dev *dev = shost_priv(shost);
	struct blk_mq_queue_map *map = shost->tag_set.map;
	u32 normal = min(dev->nr_queues, dev->poll_queue);

	map[HCTX_TYPE_DEFAULT].nr_queues = normal;
	map[HCTX_TYPE_DEFAULT].queue_offset = 0;
	blk_mq_map_queues(&map[HCTX_TYPE_DEFAULT]);
	if (shost->nr_maps <= HCTX_TYPE_POLL)
		return;

	/* Reads and writes share their queues. */
	map[HCTX_TYPE_READ].nr_queues = 0;
	map[HCTX_TYPE_POLL].nr_queues = dev->nr_queues - normal;
	map[HCTX_TYPE_POLL].queue_offset = normal;
	blk_mq_map_queues(&map[HCTX_TYPE_POLL]);
}

static const struct scsi_host_template stv_template = {
	.module			= THIS_MODULE,
	.name			= "storvsc_host_t",
	.proc_name		= "storvsc_host",
	.queuecommand		= stv_queuecommand,
	.commit_rqs		= stv_commit,
	.map_queues		= stv_map_queues,
	.mq_poll		= stv_mq_poll,
	.eh_timed_out		= stv_timed_out,
	.eh_host_reset_handler	= stv_host_reset,
	.slave_alloc		= stv_sdev_alloc,
	.slave_configure	= stv_sdev_configure,
	.slave_destroy		= stv_sdev_destroy,
	.change_queue_depth	= stv_change_queue_depth,
	.bios_param		= stv_bios_param,
	.cmd_per_lun		= STV_CMD_PER_LUN,
	.this_id		= -1,
	/* A command is one range of memory for the host, see io.c. */
	.virt_boundary_mask	= HV_HYP_PAGE_SIZE - 1,
	.no_write_same		= 1,
	.track_queue_depth	= 1,
};

static struct stv_dev *stv_alloc(struct hv_device *hdev, enum stv_dev_kind kind)
{
	struct Scsi_Host *shost;
	struct stv_dev *dev;
	int i;

	shost = scsi_host_alloc(&stv_template, sizeof(*dev));
	if (!shost)
		return NULL;

	dev = shost_priv(shost);
	dev->shost = shost;
	dev->hdev = hdev;
	dev->kind = kind;
	dev->is_fc = kind == STV_DEV_FC;
	dev->port = shost->host_no;
	dev->poll_queue = U32_MAX;
	dev->lowater = stv_lowater(stv_ring_avail_percent_lowater);
	mutex_init(&dev->map_lock);
	mutex_init(&dev->conn_lock);
	mutex_init(&dev->open_lock);
	mutex_init(&dev->reset_lock);
	spin_lock_init(&dev->wwn_lock);
	for (i = 0; i < ARRAY_SIZE(dev->own); i++) {
		spin_lock_init(&dev->own[i].lock);
		init_completion(&dev->own[i].done);
	}
	INIT_WORK(&dev->recover_work, stv_recover_work);
	INIT_DELAYED_WORK(&dev->watchdog, stv_watchdog_work);
	INIT_DELAYED_WORK(&dev->unpoll, stv_unpoll_work);
	INIT_WORK(&dev->event_work, stv_event_work);
	/* Enabled once there is something to look at. */
	disable_delayed_work_sync(&dev->watchdog);
	disable_work_sync(&dev->event_work);

	dev->nr_chans = min_t(u32, num_possible_cpus(), STV_CHANNELS_MAX);
	dev->chan = kcalloc(dev->nr_chans, sizeof(*dev->chan), GFP_KERNEL);
	/*
	 * Not for memory reclaim: it scans, and so waits for other queues. It
	 * sends commands, which devices that sleep would not take.
	 */
	dev->event_wq = alloc_ordered_workqueue("storvsc_error_wq_%d",
						WQ_FREEZABLE, shost->host_no);
	if (!dev->chan || !dev->event_wq) {
		if (dev->event_wq)
			destroy_workqueue(dev->event_wq);
		kfree(dev->chan);
		scsi_host_put(shost);
		return NULL;
	}
	return dev;
}

/* Nothing uses the adapter any more but references to its SCSI host. */
static void stv_free(struct stv_dev *dev)
{
	destroy_workqueue(dev->event_wq);
	stv_queues_free(dev);
	stv_chans_free(dev);
	scsi_host_put(dev->shost);
}

static void stv_set_limits(struct stv_dev *dev, struct stv_limits *lim)
{
	struct stv_limits_in in = {
		.kind = dev->kind,
		.ring_bytes = stv_ring_size() - PAGE_SIZE,
		.online_cpus = num_online_cpus(),
		.present_cpus = num_present_cpus(),
		.vcpus_per_sub_channel = stv_vcpus_per_sub_channel,
		.lowater = stv_ring_avail_percent_lowater,
		.max_hw_queues = READ_ONCE(stv_max_hw_queues),
		.max_transfer = dev->params.max_transfer,
	};
	struct Scsi_Host *shost = dev->shost;

	stv_limits(&in, lim);
	if (lim->hw_queues_reset) {
		WRITE_ONCE(stv_max_hw_queues, 0);
		if (READ_ONCE(stv_logging_level) >= STV_LOG_WARN)
			dev_warn(&dev->hdev->device,
				 "Resetting invalid storvsc_max_hw_queues value to default.\n");
	}

	shost->can_queue = lim->can_queue;
	shost->max_sectors = lim->max_sectors;
	shost->sg_tablesize = lim->sg_tablesize;
	shost->max_lun = lim->max_lun;
	shost->max_id = lim->max_id;
	shost->max_channel = lim->max_channel;
	shost->max_cmd_len = STV_CDB_MAX;
	shost->nr_hw_queues = lim->nr_hw_queues;
}

/* Adds a polled queue for every channel that is set aside for one. */
static int stv_add_queues(struct stv_dev *dev, const struct stv_limits *lim)
{
	u32 chans = dev->params.sub_channels + 1;
	u32 polled = stv_poll_channels(chans);
	u32 tags;
	int ret;

	lockdep_assert_held(&dev->conn_lock);

	/* The block layer uses no more, whatever it is asked for. */
	tags = min_t(u32, lim->can_queue, BLK_MQ_MAX_DEPTH);
	ret = stv_queues_alloc(dev, lim->nr_hw_queues + polled, tags);
	if (ret || !polled)
		return ret;

	dev->shost->nr_hw_queues += polled;
	dev->shost->nr_maps = HCTX_MAX_TYPES;
	dev->poll_queue = lim->nr_hw_queues;
	mutex_lock(&dev->map_lock);
	WRITE_ONCE(dev->poll_chan, chans - polled);
	ret = stv_map_update(dev);
	mutex_unlock(&dev->map_lock);
	return ret;
}

/* An IDE disk's target is in its instance; other adapters are searched. */
static int stv_scan(struct stv_dev *dev)
{
	const guid_t *id = &dev->hdev->dev_instance;

	if (dev->kind == STV_DEV_IDE)
		return scsi_add_device(dev->shost, 0,
				       id->b[5] << 8 | id->b[4], 0);
	stv_scan_bus(dev);
	return 0;
}

static void stv_events_on(struct stv_dev *dev)
{
	enable_work(&dev->event_work);
	if (READ_ONCE(dev->events))
		queue_work(dev->event_wq, &dev->event_work);
}

/* Takes the SCSI host away, whatever the VMBus host does. */
static void stv_remove_host(struct stv_dev *dev)
{
	if (stv_rescinded(dev))
		stv_give_up(dev);

	stv_watch(dev);
	stv_fc_remove(dev);
	disable_work_sync(&dev->event_work);
	scsi_remove_host(dev->shost);
	disable_delayed_work_sync(&dev->watchdog);
}

static int stv_add_host(struct stv_dev *dev)
{
	struct stv_limits lim;
	int ret;

	/* A recovery may be negotiating anew. */
	mutex_lock(&dev->conn_lock);
	stv_set_limits(dev, &lim);
	ret = stv_add_queues(dev, &lim);
	mutex_unlock(&dev->conn_lock);
	if (ret)
		return ret;
	stv_fc_prepare(dev);
	ret = scsi_add_host(dev->shost, &dev->hdev->device);
	if (ret)
		return ret;

	stv_watch(dev);
	ret = stv_fc_add(dev);
	if (!ret) {
		stv_events_on(dev);
		ret = stv_scan(dev);
	}
	disable_delayed_work_sync(&dev->watchdog);
	if (!ret && READ_ONCE(dev->gone))
		ret = -ENODEV;
	if (ret)
		stv_remove_host(dev);
	return ret;
}

static int stv_connect_locked(struct stv_dev *dev)
{
	int ret;

	mutex_lock(&dev->conn_lock);
	ret = stv_connect(dev);
	if (ret)
		vmbus_free_ring(dev->hdev->channel);
	mutex_unlock(&dev->conn_lock);
	return ret;
}

/*
 * Ends all that uses the channels. Whoever has a disk open may ask for a reset,
 * and the SCSI layer doesn't wait for those: one that has begun ends here, and
 * later ones find that the adapter has gone. Recovery is queued by readers, of
 * whom there are none afterwards.
 */
static void stv_end(struct stv_dev *dev)
{
	disable_work_sync(&dev->recover_work);
	stv_give_up(dev);
	disable_delayed_work_sync(&dev->unpoll);
	mutex_lock(&dev->reset_lock);
	mutex_unlock(&dev->reset_lock);
}

static int stv_probe(struct hv_device *hdev,
		     const struct hv_vmbus_device_id *id)
{
	struct stv_dev *dev;
	int ret;

	dev = stv_alloc(hdev, id->driver_data);
	if (!dev)
		return -ENOMEM;
	hv_set_drvdata(hdev, dev);
	/* Bounced data keeps its place in the page. */
	dma_set_min_align_mask(&hdev->device, HV_HYP_PAGE_SIZE - 1);

	ret = stv_connect_locked(dev);
	if (ret)
		goto err_end;
	ret = stv_add_host(dev);
	if (ret)
		goto err_end;
	stv_debugfs_add(dev);
	return 0;

err_end:
	stv_end(dev);
	hv_set_drvdata(hdev, NULL);
	stv_free(dev);
	return ret;
}

static void stv_remove(struct hv_device *hdev)
{
	struct stv_dev *dev = hv_get_drvdata(hdev);

	stv_debugfs_remove(dev);
	stv_remove_host(dev);
	stv_end(dev);
	hv_set_drvdata(hdev, NULL);
	stv_free(dev);
}

/*
 * Hibernation. The SCSI devices sleep already; the host will be another one. It
 * may write to the memory of commands that don't come back: better not to.
 */
static int stv_suspend(struct hv_device *hdev)
{
	struct stv_dev *dev = hv_get_drvdata(hdev);

	disable_work_sync(&dev->event_work);
	disable_work_sync(&dev->recover_work);
	if (!stv_drain(dev, STV_SUSPEND_DRAIN) && !stv_rescinded(dev)) {
		dev_err(&hdev->device, "%u commands don't come back\n",
			stv_in_flight(dev));
		enable_work(&dev->recover_work);
		/* It may be what they wait for, and was cancelled. */
		queue_work(stv_recover_wq, &dev->recover_work);
		stv_events_on(dev);
		return -EBUSY;
	}
	mutex_lock(&dev->conn_lock);
	stv_disconnect(dev, DID_RESET);
	/*
	 * The rings stay: once the image has been made, which may be written to
	 * a disk of this adapter, there may be no such memory. But not those
	 * that the host does not let go of.
	 */
	if (hdev->channel->ringbuffer_gpadlhandle.decrypted)
		vmbus_free_ring(hdev->channel);
	mutex_unlock(&dev->conn_lock);
	return 0;
}

static int stv_resume(struct hv_device *hdev)
{
	struct stv_dev *dev = hv_get_drvdata(hdev);
	int ret = 0;

	enable_work(&dev->recover_work);
	if (!READ_ONCE(dev->gone)) {
		ret = stv_connect_locked(dev);
		/* Better an error than to wait for ever. */
		if (ret)
			WRITE_ONCE(dev->gone, true);
		else
			stv_events_missed(dev);
	}
	stv_events_on(dev);
	return ret;
}

static const struct hv_vmbus_device_id stv_ids[] = {
	{ HV_SCSI_GUID, .driver_data = STV_DEV_SCSI },
	{ HV_IDE_GUID, .driver_data = STV_DEV_IDE },
	{ HV_SYNTHFC_GUID, .driver_data = STV_DEV_FC },
	{ },
};
MODULE_DEVICE_TABLE(vmbus, stv_ids);

static struct hv_driver stv_driver = {
	.name = KBUILD_MODNAME,
	.id_table = stv_ids,
	.probe = stv_probe,
	.remove = stv_remove,
	.suspend = stv_suspend,
	.resume = stv_resume,
	.driver = {
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
};

static int __init stv_init(void)
{
	int ret;

	stv_recover_wq = alloc_workqueue("storvsc_recover",
					 WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!stv_recover_wq)
		return -ENOMEM;
	ret = stv_fc_init();
	if (ret)
		goto err_wq;
	stv_debugfs_init();
	ret = vmbus_driver_register(&stv_driver);
	if (!ret)
		return 0;

	stv_debugfs_exit();
	stv_fc_exit();
err_wq:
	destroy_workqueue(stv_recover_wq);
	return ret;
}

static void __exit stv_exit(void)
{
	vmbus_driver_unregister(&stv_driver);
	stv_debugfs_exit();
	stv_fc_exit();
	destroy_workqueue(stv_recover_wq);
}

module_init(stv_init);
module_exit(stv_exit);

MODULE_DESCRIPTION("Microsoft Hyper-V virtual storage driver");
MODULE_LICENSE("GPL");
