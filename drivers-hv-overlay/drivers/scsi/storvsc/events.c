// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V virtual storage: devices that come, go and change.
 *
 * The host says that something about the bus has changed, not what, and that a
 * device has gone only to those who send it a command. All of it ends up here
 * as bits, one for the bus and some for each device, and one worker that runs
 * until none is set. So however much the host says, what is done for it is
 * bounded by what there is to look at.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>

#include <scsi/scsi.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "storvsc.h"

/**
 * stv_event() - have something done by the event worker
 * @dev: adapter
 * @event: bit of &stv_dev.events
 *
 * Context: any.
 */
void stv_event(struct stv_dev *dev, unsigned int event)
{
	/* Whoever set it sees to the worker, or there is none for now. */
	if (test_and_set_bit(event, &dev->events))
		return;
	queue_work(dev->event_wq, &dev->event_work);
}

/**
 * stv_events_missed() - have everything looked at that notices tell about
 * @dev: adapter that was connected again: there were none meanwhile
 *
 * Context: any.
 */
void stv_events_missed(struct stv_dev *dev)
{
	/* An IDE adapter is its disk. */
	if (dev->kind != STV_DEV_IDE)
		stv_event(dev, STV_EVENT_BUS);
	if (dev->is_fc)
		stv_event(dev, STV_EVENT_WWN);
}

/**
 * stv_event_lun() - have something done about a SCSI device
 * @sdev: SCSI device
 * @action: what
 *
 * Context: any; the device is kept by a command of its own.
 */
void stv_event_lun(struct scsi_device *sdev, enum stv_action action)
{
	struct stv_lun *lun = sdev->hostdata;

	set_bit(action == STV_DO_REMOVE_LUN ? STV_LUN_REMOVE : STV_LUN_RESCAN,
		&lun->todo);
	stv_event(shost_priv(sdev->host), STV_EVENT_LUNS);
}

/* A device that has gone answers with an error, which marks it. */
static void stv_test_luns(struct Scsi_Host *shost)
{
	struct scsi_device *sdev;

	shost_for_each_device(sdev, shost)
		scsi_test_unit_ready(sdev, STV_SRB_SECONDS * HZ, 1, NULL);
}

/* Devices lose what hangs on them under the mutex, references or not. */
static unsigned long stv_take_todo(struct scsi_device *sdev)
{
	unsigned long todo = 0;
	struct stv_lun *lun;

	mutex_lock(&sdev->host->scan_mutex);
	lun = sdev->hostdata;
	if (lun)
		todo = xchg(&lun->todo, 0);
	mutex_unlock(&sdev->host->scan_mutex);
	return todo;
}

static void stv_handle_luns(struct Scsi_Host *shost)
{
	struct scsi_device *sdev;
	unsigned long todo;

	shost_for_each_device(sdev, shost) {
		todo = stv_take_todo(sdev);
		if (todo & BIT(STV_LUN_REMOVE))
			scsi_remove_device(sdev);
		else if (todo & BIT(STV_LUN_RESCAN))
			scsi_rescan_device(sdev);
	}
}

/**
 * stv_scan_bus() - look for devices
 * @dev: adapter
 *
 * scsi_scan_host() would leave it to a task of its own where the administrator
 * or the distribution asks for that (scsi_mod.scan=async). Such scans wait for
 * each other, over all adapters: one that doesn't answer would keep the disks
 * of the others from coming, and these adapters from going.
 *
 * Context: process; waits for the host.
 */
void stv_scan_bus(struct stv_dev *dev)
{
	struct Scsi_Host *shost = dev->shost;
	unsigned int channel, id;

	for (channel = 0; channel <= shost->max_channel; channel++) {
		for (id = 0; id < shost->max_id; id++)
			scsi_scan_target(&shost->shost_gendev, channel, id,
					 SCAN_WILD_CARD, SCSI_SCAN_INITIAL);
	}
}

/**
 * stv_event_work() - the event worker
 * @work: in a &struct stv_dev
 *
 * What has gone is removed before what is new is looked for: it may have the
 * same address.
 *
 * Context: process, ordered workqueue.
 */
void stv_event_work(struct work_struct *work)
{
	struct stv_dev *dev = container_of(work, struct stv_dev, event_work);
	struct Scsi_Host *shost = dev->shost;
	bool bus;

	if (test_and_clear_bit(STV_EVENT_WWN, &dev->events))
		stv_fc_names(dev);

	bus = test_and_clear_bit(STV_EVENT_BUS, &dev->events);
	if (bus)
		stv_test_luns(shost);
	if (test_and_clear_bit(STV_EVENT_LUNS, &dev->events))
		stv_handle_luns(shost);
	if (bus)
		stv_scan_bus(dev);
}
