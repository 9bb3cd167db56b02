// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V virtual storage: channels, handshake, requests of the driver.
 */
#include <linux/cpumask.h>
#include <linux/crash_dump.h>
#include <linux/delay.h>
#include <linux/hyperv/send.h>
#include <linux/jiffies.h>
#include <linux/nospec.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>

#include "storvsc.h"

/*
 * How often a wait looks whether the device has gone, and interrupts the host;
 * between two attempts.
 */
#define STV_RESCIND_POLL	(HZ / 10)
#define STV_ASK_KICK		HZ
#define STV_RETRY_MS		10

/**
 * stv_rescinded() - has the host taken the device away?
 * @dev: adapter
 *
 * Context: any.
 * Return: true if so.
 */
bool stv_rescinded(const struct stv_dev *dev)
{
	return READ_ONCE(dev->hdev->channel->rescind);
}

/*
 * A reset is asked for whenever somebody likes. While the channels are closed
 * and opened it is not sent: the ring is made, and the handshake is not to be
 * disturbed. Who clears the map waits for the lock before he closes anything.
 */
static int stv_ask_try(struct stv_dev *dev, enum stv_own which, void *msg,
		       u64 id)
{
	const u32 flags = VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED;
	int ret = -ENODEV;

	mutex_lock(&dev->map_lock);
	if (which == STV_OWN_INIT ||
	    (dev->up && !READ_ONCE(dev->own[which].aborted)))
		ret = vmbus_sendpacket(dev->hdev->channel, msg, STV_PKT_LEN, id,
				       VM_PKT_DATA_INBAND, flags);
	mutex_unlock(&dev->map_lock);
	return ret;
}

/* The ring may be full of commands: try for as long as the answer may take. */
static int stv_ask_send(struct stv_dev *dev, enum stv_own which, void *msg,
			u64 id, unsigned long deadline)
{
	int ret;

	for (;;) {
		ret = stv_ask_try(dev, which, msg, id);
		if (ret != -EAGAIN)
			return ret;
		if (time_after(jiffies, deadline))
			return -ETIMEDOUT;
		msleep(STV_RETRY_MS);
	}
}

/*
 * Whether the host is interrupted for a packet depends on what it has written
 * into the ring's control page: that may be wrong, or it may have missed it.
 */
static int stv_ask_wait(struct stv_dev *dev, struct stv_own_req *own,
			unsigned long deadline)
{
	struct vmbus_channel *vch = dev->hdev->channel;
	unsigned long kick = jiffies + STV_ASK_KICK;

	while (!wait_for_completion_timeout(&own->done, STV_RESCIND_POLL)) {
		if (stv_rescinded(dev) || vmbus_channel_broken(vch))
			return -ENODEV;
		if (time_after(jiffies, deadline))
			return -ETIMEDOUT;
		if (time_after(jiffies, kick)) {
			vmbus_setevent(vch);
			kick = jiffies + STV_ASK_KICK;
		}
	}
	return 0;
}

/**
 * stv_ask() - send a request of the driver and wait for the answer
 * @dev: adapter; its primary channel is open
 * @which: request; one of each at a time
 * @msg: message, %STV_PKT_LEN bytes
 * @reply: where to put the answer, which stays until the next such request
 * @seconds: limit of the wait
 *
 * Context: process.
 * Return: 0; -ENODEV if the device has gone or the channel is broken or closed;
 * -ETIMEDOUT; or another error.
 */
int stv_ask(struct stv_dev *dev, enum stv_own which, void *msg,
	    struct hv_view *reply, unsigned int seconds)
{
	unsigned long deadline = jiffies + seconds * HZ;
	struct stv_own_req *own = &dev->own[which];
	u32 gen;
	int ret;

	spin_lock_irq(&own->lock);
	reinit_completion(&own->done);
	own->aborted = false;
	gen = stv_slot_arm(&own->slot, 0);
	spin_unlock_irq(&own->lock);

	ret = stv_ask_send(dev, which, msg, stv_own_id(which, gen), deadline);
	if (!ret)
		ret = stv_ask_wait(dev, own, deadline);

	spin_lock_irq(&own->lock);
	/* The answer may have come just now, or may have been forged. */
	if (own->aborted)
		ret = -ENODEV;
	else if (ret && !stv_slot_revoke(&own->slot))
		ret = 0;
	*reply = hv_view_of(own->reply, own->len);
	spin_unlock_irq(&own->lock);
	return ret;
}

/* The channel is closed: no answer will come. */
static void stv_ask_abort(struct stv_own_req *own)
{
	spin_lock_irq(&own->lock);
	if (stv_slot_revoke(&own->slot)) {
		WRITE_ONCE(own->aborted, true);
		complete(&own->done);
	}
	spin_unlock_irq(&own->lock);
}

/* Lets nobody touch the channel's ring, as far as it is up to us. */
static void stv_chan_stop(struct stv_chan *sc)
{
	if (sc->stopped)
		return;
	sc->stopped = true;
	disable_work_sync(&sc->work);
}

static struct stv_chan *stv_chan_get(struct stv_dev *dev, u32 index)
{
	struct stv_chan *sc = dev->chan[index];

	if (sc)
		return sc;
	sc = kzalloc(sizeof(*sc), GFP_KERNEL);
	if (!sc)
		return NULL;
	sc->dev = dev;
	sc->index = index;
	INIT_WORK(&sc->work, stv_chan_work);
	/* The rest before this: pairs with those who see it without a lock. */
	smp_store_release(&dev->chan[index], sc);
	return sc;
}

/* The next driver may be another one. */
static void stv_chan_disown(struct vmbus_channel *vch)
{
	vch->change_target_cpu_callback = NULL;
	set_channel_read_mode(vch, HV_CALL_BATCHED);
}

/*
 * That much memory in one piece may not be found again, so the primary's rings
 * are kept while it is closed, until vmbus_free_ring(). A channel that the host
 * didn't let go of is refused by the core.
 */
static int stv_ring_open(struct stv_chan *sc)
{
	bool copying = is_swiotlb_force_bounce(&sc->dev->hdev->device);
	void (*cb)(void *context) = copying ? stv_chan_interrupt_copying :
					      stv_chan_interrupt;
	u32 size = stv_ring_size();
	int ret = 0;

	if (sc->index)
		return vmbus_open(sc->vch, size, size, NULL, 0, cb, sc);

	if (!sc->vch->ringbuffer_page)
		ret = vmbus_alloc_ring(sc->vch, size, size);
	return ret ?: vmbus_connect_ring(sc->vch, cb, sc);
}

static int stv_chan_start(struct stv_chan *sc, struct vmbus_channel *vch)
{
	int ret;

	if (sc->stopped) {
		sc->stopped = false;
		enable_work(&sc->work);
	}
	sc->vch = vch;
	stv_chan_reset(sc);

	vch->max_pkt_size = STV_RX_SIZE;
	vch->change_target_cpu_callback = stv_retarget;
	set_channel_read_mode(vch, HV_CALL_ISR);
	ret = stv_ring_open(sc);
	if (ret) {
		stv_chan_stop(sc);
		stv_chan_disown(vch);
	}
	return ret;
}

/* Opens the channel of a given index; open_lock or conn_lock is held. */
static int stv_chan_open(struct stv_dev *dev, u32 index,
			 struct vmbus_channel *vch)
{
	struct stv_chan *sc;
	unsigned int noio;
	int ret = -ENOMEM;

	/* Memory may be waiting for a disk of ours. */
	noio = memalloc_noio_save();
	sc = stv_chan_get(dev, index);
	if (sc)
		ret = stv_chan_start(sc, vch);
	memalloc_noio_restore(noio);
	return ret;
}

static int stv_chan_up(struct stv_dev *dev, u32 index)
{
	int ret;

	mutex_lock(&dev->map_lock);
	/* Sub-channels may be first; nothing is sent until the primary is. */
	if (!index)
		dev->up = true;
	/* The rest before this: pairs with those who use polled channels. */
	smp_store_release(&dev->chan[index]->up, true);
	ret = stv_map_update(dev);
	/* Nor if there is no memory: a sub-channel may find some. */
	if (!index && ret)
		dev->up = false;
	mutex_unlock(&dev->map_lock);
	return ret;
}

/* A sub-channel was offered; the adapter works without it, too. */
static void stv_sub_channel(struct vmbus_channel *vch)
{
	struct hv_device *hdev = vch->primary_channel->device_obj;
	u32 index = vch->offermsg.offer.sub_channel_index;
	struct stv_dev *dev = hv_get_drvdata(hdev);
	int ret = -EINVAL;

	mutex_lock(&dev->open_lock);
	if (!dev->joining)
		goto out_unlock;
	if (index && index < dev->nr_chans) {
		index = array_index_nospec(index, dev->nr_chans);
		if (!dev->chan[index] || !dev->chan[index]->up)
			ret = stv_chan_open(dev, index, vch);
	}
	if (!ret)
		ret = stv_chan_up(dev, index);
	/* Up before this: what broke earlier nobody has taken notice of. */
	smp_mb();
	if (!ret && (READ_ONCE(vch->rescind) || vmbus_channel_broken(vch)))
		queue_work(stv_recover_wq, &dev->recover_work);
	if (ret)
		dev_err_ratelimited(&hdev->device,
				    "Failed to open sub-channel %u: %d\n",
				    index, ret);
out_unlock:
	mutex_unlock(&dev->open_lock);
}

static void stv_set_joining(struct stv_dev *dev, bool joining)
{
	mutex_lock(&dev->open_lock);
	dev->joining = joining;
	mutex_unlock(&dev->open_lock);
}

static void stv_handshake_failed(struct stv_dev *dev, const struct stv_hs *hs)
{
	struct device *d = &dev->hdev->device;

	if (hs->why == STV_HS_OBSOLETE)
		dev_err(d, "Obsolete Hyper-V version\n");
	else
		dev_err(d, "handshake failed: %s in %s, status 0x%x\n",
			stv_hs_error_name(hs->why),
			stv_hs_state_name(hs->where), hs->status);
}

/*
 * Which channels are set aside depends on how many there are. How many queues
 * are polled was decided when the SCSI host was made; if the host has another
 * number of channels since then they are not set aside, and nothing is polled.
 */
static void stv_set_polled(struct stv_dev *dev)
{
	u32 nr = dev->params.sub_channels + 1;
	u32 polled = stv_poll_channels(nr);
	u32 first = 0;

	if (dev->poll_queue != U32_MAX &&
	    dev->nr_queues - dev->poll_queue == polled)
		first = nr - polled;
	WRITE_ONCE(dev->poll_chan, first);
}

static int stv_handshake(struct stv_dev *dev)
{
	struct stv_hs_cfg cfg = { .is_fc = dev->is_fc };
	u8 msg[STV_PKT_LEN];
	struct hv_view reply;
	struct stv_hs hs;
	int ret;

	/* Every channel takes memory, of which a crash kernel has little. */
	if (dev->kind != STV_DEV_IDE && !is_kdump_kernel())
		cfg.want_sub_channels =
			min(stv_want_sub_channels(num_online_cpus()),
			    dev->nr_chans - 1);

	stv_hs_start(&hs, &cfg);
	while ((ret = stv_hs_next(&hs, msg)) > 0) {
		ret = stv_ask(dev, STV_OWN_INIT, msg, &reply, STV_TIMEOUT);
		if (!ret)
			ret = stv_hs_reply(&hs, &reply);
		else
			ret = stv_hs_abort(&hs, ret == -ENODEV ?
					   STV_HS_GONE : STV_HS_TIMEOUT);
		if (ret)
			break;
	}
	if (ret) {
		stv_handshake_failed(dev, &hs);
		return ret;
	}
	if (hs.sub_failed)
		dev_err(&dev->hdev->device,
			"Failed to create sub-channel: %s, status 0x%x\n",
			stv_hs_error_name(hs.why), hs.status);
	if (hs.params.max_transfer_clamped)
		dev_warn(&dev->hdev->device,
			 "host's transfer limit of %u bytes is not used, but %u\n",
			 hs.params.raw_max_transfer, hs.params.max_transfer);

	dev->params = hs.params;
	spin_lock_irq(&dev->wwn_lock);
	dev->wwn = hs.params.wwn;
	spin_unlock_irq(&dev->wwn_lock);
	stv_set_polled(dev);
	dev->filter = !stv_cmd_allowed(STV_CMD_WRITE_SAME, dev->params.version);
	return 0;
}

/* Closes all channels; nobody submits. The primary's rings stay. */
static void stv_close(struct stv_dev *dev)
{
	struct vmbus_channel *primary = dev->hdev->channel;
	unsigned int noio;
	u32 i;

	stv_set_joining(dev, false);
	for (i = 0; i < dev->nr_chans; i++) {
		if (!dev->chan[i])
			continue;
		stv_chan_stop(dev->chan[i]);
		mutex_lock(&dev->map_lock);
		dev->chan[i]->up = false;
		mutex_unlock(&dev->map_lock);
	}
	/* To take memory back may need some, in a confidential VM. */
	noio = memalloc_noio_save();
	vmbus_disconnect_ring(primary);
	memalloc_noio_restore(noio);
	stv_ask_abort(&dev->own[STV_OWN_RESET]);
	stv_chan_disown(primary);
}

/**
 * stv_connect() - open the channels and take commands
 * @dev: adapter
 *
 * Sub-channels join later.
 *
 * Context: process; conn_lock is held; waits for the host.
 * Return: 0 or a negative error code, and then nothing is open; who doesn't try
 * again frees the primary's rings, see stv_disconnect().
 */
int stv_connect(struct stv_dev *dev)
{
	struct vmbus_channel *primary = dev->hdev->channel;
	int ret;

	lockdep_assert_held(&dev->conn_lock);

	ret = stv_chan_open(dev, 0, primary);
	if (ret)
		return ret;

	stv_set_joining(dev, true);
	vmbus_set_sc_create_callback(primary, stv_sub_channel);
	ret = stv_handshake(dev);
	if (!ret)
		ret = stv_chan_up(dev, 0);
	if (ret) {
		stv_map_clear(dev);
		stv_close(dev);
		return ret;
	}
	dev->connected = true;
	return 0;
}

/**
 * stv_disconnect() - close the channels and take all commands back
 * @dev: adapter; nothing happens if it isn't connected
 * @host_byte: what the SCSI layer is told about commands that were in flight
 *
 * The primary's rings stay for the next stv_connect(); if there is to be none
 * soon then the caller calls vmbus_free_ring().
 *
 * Context: process; conn_lock is held; waits for the host.
 */
void stv_disconnect(struct stv_dev *dev, int host_byte)
{
	unsigned int n;

	lockdep_assert_held(&dev->conn_lock);

	if (!dev->connected)
		return;
	dev->connected = false;

	stv_map_clear(dev);
	stv_close(dev);
	n = stv_flush_slots(dev, host_byte);
	if (n)
		dev_warn(&dev->hdev->device,
			 "%u commands were taken back from the host\n", n);
}

/**
 * stv_chans_free() - free what is left of the channels
 * @dev: adapter, disconnected for good
 */
void stv_chans_free(struct stv_dev *dev)
{
	u32 i;

	for (i = 0; i < dev->nr_chans; i++)
		kfree(dev->chan[i]);
	kfree(dev->chan);
	dev->chan = NULL;
}
