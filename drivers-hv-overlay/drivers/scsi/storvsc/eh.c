// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V virtual storage: time-outs, resets, recovery.
 *
 * The host has error handling of its own and completes every command in the
 * end, so a command that takes long is waited for. What never comes to an end
 * are commands whose channel is broken: the host wrote nonsense, or took it
 * away. Then the adapter is recovered: all channels are closed, which makes the
 * host let go of the commands' memory, all commands are given back to the SCSI
 * layer to be sent again, and the channels are opened anew.
 *
 * A host that doesn't answer even to the closing may still write to that memory
 * afterwards. Commands are given back all the same, here and when an adapter is
 * removed: else those who wait for them would do so for ever.
 */
#include <linux/blk-mq.h>
#include <linux/delay.h>
#include <linux/hyperv/send.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include <scsi/scsi.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_eh.h>
#include <scsi/scsi_host.h>

#include "storvsc.h"

#define STV_DRAIN_POLL_MS	10

/* Seconds that commands have to come back after a reset of the bus. */
#define STV_RESET_DRAIN		30

/* Attempts to connect again while there is no memory; time between two. */
#define STV_CONNECT_TRIES	10
#define STV_CONNECT_RETRY_MS	100

/*
 * Will commands in flight on this channel never be completed? If it seems to be
 * in order then see, with @kick, that both sides look at it.
 */
static bool stv_chan_dead(struct stv_dev *dev, u32 index, bool kick)
{
	struct stv_chan *sc = READ_ONCE(dev->chan[index]);
	bool dead = false;

	rcu_read_lock();
	/*
	 * Without a map somebody is about to take them back. Up before the
	 * rest: pairs with stv_chan_up().
	 */
	if (rcu_access_pointer(dev->map) && smp_load_acquire(&sc->up)) {
		dead = READ_ONCE(sc->vch->rescind) ||
		       vmbus_channel_broken(sc->vch);
		if (!dead && kick)
			stv_chan_kick(sc);
	}
	rcu_read_unlock();
	return dead;
}

/**
 * stv_timed_out() - a command takes long
 * @cmd: command
 *
 * Context: process or softirq.
 * Return: SCSI_EH_RESET_TIMER: the host completes the command in the end, or it
 * is taken back by recovery or removal. Until then this is done every time.
 */
enum scsi_timeout_action stv_timed_out(struct scsi_cmnd *cmd)
{
	struct stv_dev *dev = shost_priv(cmd->device->host);
	struct request *rq = scsi_cmd_to_rq(cmd);
	struct stv_tag *tag =
		&dev->queue[rq->mq_hctx->queue_num].tags[rq->tag];
	struct stv_slot *slot = &tag->slot;
	bool in_flight = tag->cmd == cmd && stv_slot_in_flight(slot);
	bool dead = in_flight && stv_chan_dead(dev, stv_slot_chan(slot),
					     true);

	if (stv_decide_expired(in_flight, stv_slot_suspect(slot), dead) ==
	    STV_EXPIRED_RECOVER)
		queue_work(stv_recover_wq, &dev->recover_work);
	return SCSI_EH_RESET_TIMER;
}

/**
 * stv_drain() - wait until no command is with the host
 * @dev: adapter; nobody sends new ones, else it may take the whole time
 * @seconds: limit
 *
 * Context: process.
 * Return: true if all have come back.
 */
bool stv_drain(struct stv_dev *dev, unsigned int seconds)
{
	unsigned long deadline = jiffies + seconds * HZ;

	while (stv_in_flight(dev)) {
		if (stv_rescinded(dev) || time_after(jiffies, deadline))
			return false;
		msleep(STV_DRAIN_POLL_MS);
	}
	return true;
}

/* Will no command be taken any more? */
static bool stv_lost(struct stv_dev *dev)
{
	return stv_rescinded(dev) || READ_ONCE(dev->gone);
}

static void stv_give_up_locked(struct stv_dev *dev)
{
	lockdep_assert_held(&dev->conn_lock);

	if (dev->gone)
		return;
	WRITE_ONCE(dev->gone, true);
	stv_disconnect(dev, DID_NO_CONNECT);
	vmbus_free_ring(dev->hdev->channel);
}

/**
 * stv_give_up() - take no commands any more, and take back all there are
 * @dev: adapter; nothing happens if none are taken any more: the channel may be
 *	another driver's by now
 *
 * Context: process.
 */
void stv_give_up(struct stv_dev *dev)
{
	mutex_lock(&dev->conn_lock);
	stv_give_up_locked(dev);
	mutex_unlock(&dev->conn_lock);
}

/* Is there something that only closing the channels can mend? */
static bool stv_broken(struct stv_dev *dev)
{
	u32 i, j, queues;

	for (i = 0; i < dev->nr_chans; i++) {
		if (READ_ONCE(dev->chan[i]) && stv_chan_dead(dev, i, false))
			return true;
	}
	/* Number before queues: pairs with stv_queues_alloc(). */
	queues = smp_load_acquire(&dev->nr_queues);
	for (i = 0; i < queues; i++) {
		for (j = 0; j < dev->nr_tags; j++) {
			struct stv_slot *slot = &dev->queue[i].tags[j].slot;

			if (stv_slot_in_flight(slot) && stv_slot_suspect(slot))
				return true;
		}
		cond_resched();
	}
	return false;
}

/* A shortage of memory passes, perhaps when somebody else's disk is written. */
static int stv_connect_again(struct stv_dev *dev)
{
	int i, ret = -ENOMEM;

	for (i = 0; i < STV_CONNECT_TRIES && ret == -ENOMEM; i++) {
		if (i)
			msleep(STV_CONNECT_RETRY_MS);
		ret = stv_rescinded(dev) ? -ENODEV : stv_connect(dev);
	}
	return ret;
}

/* Close and open; false if the adapter is no more. */
static bool stv_reconnect(struct stv_dev *dev)
{
	lockdep_assert_held(&dev->conn_lock);

	if (!dev->connected)
		return false;
	dev->recoveries++;
	stv_disconnect(dev, DID_RESET);
	if (!stv_connect_again(dev))
		return true;
	dev_err(&dev->hdev->device, "can't connect to the host again\n");
	WRITE_ONCE(dev->gone, true);
	vmbus_free_ring(dev->hdev->channel);
	return false;
}

/* False if the adapter is no more. */
static bool stv_recover(struct stv_dev *dev)
{
	struct device *d = &dev->hdev->device;

	if (!stv_decide_recover(&dev->recovered, ktime_get_seconds())) {
		dev_err(d, "the host breaks channels all the time, giving up\n");
		stv_give_up_locked(dev);
		return false;
	}
	dev_err(d, "a channel is broken, connecting to the host again\n");
	return stv_reconnect(dev);
}

/**
 * stv_recover_work() - close and open the channels again
 * @work: in a &struct stv_dev
 *
 * Context: process, workqueue with a rescuer: the writing back of memory may
 * wait for it.
 */
void stv_recover_work(struct work_struct *work)
{
	struct stv_dev *dev = container_of(work, struct stv_dev, recover_work);
	bool ok = false;

	mutex_lock(&dev->conn_lock);
	/* Of a device that has gone remove() takes care. */
	if (!stv_lost(dev) && stv_broken(dev))
		ok = stv_recover(dev);
	mutex_unlock(&dev->conn_lock);
	if (ok)
		stv_events_missed(dev);
}

/*
 * A reset has failed. @seen: recoveries that there had been when it began; one
 * since then has done what is left to do. False if the adapter is no more.
 */
static bool stv_reset_failed(struct stv_dev *dev, unsigned long seen)
{
	bool ok;

	mutex_lock(&dev->conn_lock);
	if (dev->recoveries == seen) {
		dev_err(&dev->hdev->device,
			"a reset has not helped, connecting to the host again\n");
		ok = stv_reconnect(dev);
	} else {
		ok = dev->connected;
	}
	mutex_unlock(&dev->conn_lock);
	if (ok)
		stv_events_missed(dev);
	return ok;
}

/*
 * Once the host answers it has flushed out all commands, but some of them may
 * be on the way. True if they have arrived.
 */
static bool stv_reset_bus(struct stv_dev *dev)
{
	u8 msg[STV_PKT_LEN];
	struct hv_view reply;

	stv_put_request(msg, STV_OP_RESET_BUS);
	return !stv_ask(dev, STV_OWN_RESET, msg, &reply, STV_TIMEOUT) &&
	       stv_drain(dev, STV_RESET_DRAIN);
}

/**
 * stv_host_reset() - reset the adapter
 * @cmd: command on whose behalf, or of an ioctl
 *
 * Context: process; the SCSI layer sends nothing meanwhile.
 * Return: SUCCESS or FAILED.
 */
int stv_host_reset(struct scsi_cmnd *cmd)
{
	struct stv_dev *dev = shost_priv(cmd->device->host);
	unsigned long seen;
	bool ok = false;

	mutex_lock(&dev->reset_lock);
	/* One that is under way is waited for: it isn't seen to the end yet. */
	mutex_lock(&dev->conn_lock);
	seen = dev->recoveries;
	mutex_unlock(&dev->conn_lock);
	if (!stv_lost(dev))
		ok = stv_reset_bus(dev);
	/* Else close the channels and be done, unless the device has gone. */
	if (!ok && !stv_lost(dev))
		ok = stv_reset_failed(dev, seen);
	/* The SCSI layer is about to use its command for something else. */
	if (!ok && stv_lost(dev))
		stv_give_up(dev);
	mutex_unlock(&dev->reset_lock);
	return ok ? SUCCESS : FAILED;
}

static unsigned long stv_completed(struct stv_dev *dev)
{
	struct stv_chan *sc;
	unsigned long n = 0;
	u32 i;

	for (i = 0; i < dev->nr_chans; i++) {
		sc = READ_ONCE(dev->chan[i]);
		if (sc)
			n += READ_ONCE(sc->done);
	}
	return n;
}

/**
 * stv_watch() - begin to watch the host
 * @dev: adapter
 *
 * To add and to remove a SCSI host takes commands (devices are looked for,
 * caches are flushed), and these functions don't return without their answers.
 * A host that doesn't answer, or takes the device away meanwhile, must not make
 * that last for ever: then all commands are taken back. disable_delayed_work()
 * of &stv_dev.watchdog ends it.
 *
 * Context: process.
 */
void stv_watch(struct stv_dev *dev)
{
	dev->watched = stv_completed(dev);
	dev->deadline = jiffies + STV_TIMEOUT * HZ;
	enable_delayed_work(&dev->watchdog);
	queue_delayed_work(stv_recover_wq, &dev->watchdog, HZ);
}

/**
 * stv_watchdog_work() - see whether the host still answers
 * @work: in a &struct stv_dev
 *
 * Context: process, workqueue with a rescuer.
 */
void stv_watchdog_work(struct work_struct *work)
{
	struct stv_dev *dev = container_of(to_delayed_work(work),
					   struct stv_dev, watchdog);
	unsigned long n = stv_completed(dev);

	if (stv_rescinded(dev)) {
		stv_give_up(dev);
		return;
	}
	if (n != dev->watched || !stv_in_flight(dev)) {
		dev->watched = n;
		dev->deadline = jiffies + STV_TIMEOUT * HZ;
	} else if (time_after(jiffies, dev->deadline)) {
		dev_err(&dev->hdev->device, "the host doesn't answer\n");
		stv_give_up(dev);
		return;
	}
	queue_delayed_work(stv_recover_wq, &dev->watchdog, HZ);
}
