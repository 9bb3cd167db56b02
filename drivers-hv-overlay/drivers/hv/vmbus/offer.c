// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels that come and go.
 *
 * The host offers and rescinds in an order that matters, and drivers take their
 * time; so an offer or a rescind is handled in two steps. On hv_vmbus_con the
 * channel is made or marked, everybody who waits for the host about it is
 * woken, and an event is put on the queue of its device. On hv_pri_chan the
 * events of a device run one after the other: a sub-channel comes strictly
 * after its primary has been registered, and its removal after that. No queue
 * ever waits for another one.
 *
 *	add, primary	device is registered; its driver may be probed right
 *			here, and wait for the host, but not for sub-channels
 *	add, sub	entry in sysfs, the driver's sc_creation_callback
 *	remove, primary	the driver's rescind callback or, if there is none, the
 *			device is unregistered; then the relid is released
 *	remove, sub	released if it isn't open, else by who closes it
 *
 * A relid is released once, by vmbus_chan_release_finish(), when the channel is
 * neither open nor being opened; the state machine sees to that. There is at
 * most one channel for a relid, so that a host can't make more than 2047.
 *
 * Sockets are special: their channel belongs to the socket, which unregisters
 * the device by itself when it is destroyed, perhaps long after the rescind.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/hyperv.h>
#include <linux/jiffies.h>
#include <asm/mshyperv.h>

#include "chan_ops.h"
#include "trace.h"

/* Woken when one of the numbers below, for which hibernation waits, gets 0. */
static DECLARE_WAIT_QUEUE_HEAD(vmbus_settled_wq);
/* Number of sub-channels and sockets that are still there. */
static atomic_t vmbus_transient = ATOMIC_INIT(0);
/* Number of events in device queues that have not been handled yet. */
static atomic_t vmbus_devq_events = ATOMIC_INIT(0);

/* Woken when a primary channel has been offered again after hibernation. */
DECLARE_WAIT_QUEUE_HEAD(vmbus_resume_wq);
/* Number of primary channels that have not. */
static atomic_t vmbus_resume_missing = ATOMIC_INIT(0);

static void vmbus_devq_queue(struct vmbus_chan *chan,
			     struct vmbus_chan_event *ev)
{
	struct vmbus_chan *primary = vmbus_chan_primary(chan);
	struct vmbus_devq *q = &primary->devq;

	spin_lock(&q->lock);
	if (!ev->queued) {
		ev->queued = true;
		atomic_inc(&vmbus_devq_events);
		vmbus_chan_get(chan);
		list_add_tail(&ev->node, &q->events);
	}
	spin_unlock(&q->lock);

	/* The work has a reference of its own while it is pending or runs. */
	vmbus_chan_get(primary);
	if (!queue_work(vmbus_conn.dev_wq, &q->work))
		vmbus_chan_put(primary);
}

static struct vmbus_chan_event *vmbus_devq_next(struct vmbus_devq *q)
{
	struct vmbus_chan_event *ev;

	spin_lock(&q->lock);
	ev = list_first_entry_or_null(&q->events, struct vmbus_chan_event,
				      node);
	if (ev) {
		list_del(&ev->node);
		ev->queued = false;
	}
	spin_unlock(&q->lock);
	return ev;
}

/**
 * vmbus_chan_queue_remove() - remove a channel once it has been added
 * @chan: channel that was rescinded or dropped
 *
 * Context: process.
 */
void vmbus_chan_queue_remove(struct vmbus_chan *chan)
{
	vmbus_devq_queue(chan, &chan->rescind_ev);
}

static void vmbus_resume_done(struct vmbus_chan *chan)
{
	lockdep_assert_held(vmbus_channel_mutex);

	if (!chan->resume_wait)
		return;
	chan->resume_wait = false;
	if (atomic_dec_and_test(&vmbus_resume_missing))
		wake_up_all(&vmbus_resume_wq);
}

/**
 * vmbus_chan_unlink() - take a channel out of the lists
 * @chan: channel that has been released
 *
 * Context: process; vmbus_channel_mutex is held.
 */
void vmbus_chan_unlink(struct vmbus_chan *chan)
{
	struct vmbus_channel *ch = &chan->ch;

	lockdep_assert_held(vmbus_channel_mutex);

	if (ch->primary_channel)
		list_del_init(&ch->sc_list);
	else
		list_del_init(&ch->listentry);
	vmbus_affinity_release(chan);
	vmbus_resume_done(chan);
}

/**
 * vmbus_chan_settled() - hibernation needn't wait for a channel
 * @chan: sub-channel that has gone, socket whose driver knows that it has to
 *	go, or any other channel
 *
 * Context: process.
 */
void vmbus_chan_settled(struct vmbus_chan *chan)
{
	bool counted;

	spin_lock_irq(&chan->lock);
	counted = chan->transient;
	chan->transient = false;
	spin_unlock_irq(&chan->lock);

	if (counted && atomic_dec_and_test(&vmbus_transient))
		wake_up_all(&vmbus_settled_wq);
}

static void vmbus_probe_done(struct vmbus_chan *chan)
{
	WRITE_ONCE(chan->ch.probe_done, true);
	complete_all(&chan->probe_done);
}

static void vmbus_add_primary(struct vmbus_chan *chan)
{
	struct hv_device *dev;
	unsigned int actions;
	int ret;

	/* Rescinded already: the removal is in the queue behind us. */
	if (vmbus_chan_event(chan, HVB_EV_PUBLISH, &actions))
		goto out;

	dev = vmbus_device_alloc(chan);
	ret = dev ? vmbus_device_register(dev) : -ENOMEM;
	if (!ret) {
		mutex_lock(vmbus_channel_mutex);
		chan->device_up = true;
		mutex_unlock(vmbus_channel_mutex);
		goto out;
	}

	pr_err_ratelimited("channel %u: can't add its device: %d\n",
			   chan->ch.offermsg.child_relid, ret);
	if (!vmbus_chan_event(chan, HVB_EV_ADD_FAILED, &actions))
		vmbus_chan_release_finish(chan, actions);
out:
	vmbus_probe_done(chan);
}

/*
 * The driver is told of a sub-channel that was rescinded meanwhile, too: it may
 * be counting, and finds out when it tries to open it.
 */
static void vmbus_add_sub(struct vmbus_chan *chan)
{
	struct vmbus_chan *primary = vmbus_chan_primary(chan);
	void (*cb)(struct vmbus_channel *sc);
	unsigned int actions;
	int ret;

	/* Not registered, or removed by now. */
	if (!primary->device_up) {
		if (!vmbus_chan_event(chan, HVB_EV_ADD_FAILED, &actions))
			vmbus_chan_release_finish(chan, actions);
		goto out;
	}

	if (!vmbus_chan_event(chan, HVB_EV_PUBLISH, &actions)) {
		ret = vmbus_chan_sysfs_add(primary->ch.device_obj, chan);
		if (ret)
			pr_warn_ratelimited("channel %u: no entry in sysfs: %d\n",
					    chan->ch.offermsg.child_relid, ret);
	}

	mutex_lock(&primary->sc_lock);
	cb = READ_ONCE(primary->ch.sc_creation_callback);
	if (cb)
		cb(&chan->ch);
	mutex_unlock(&primary->sc_lock);
out:
	vmbus_probe_done(chan);
}

/* Whatever the host has not rescinded before its primary goes with it. */
static void vmbus_release_subs(struct vmbus_chan *primary)
{
	struct vmbus_channel *sc;
	struct vmbus_chan *sub;
	bool more;

	do {
		mutex_lock(vmbus_channel_mutex);
		sc = list_first_entry_or_null(&primary->ch.sc_list,
					      struct vmbus_channel, sc_list);
		sub = sc ? vmbus_chan_get(to_vmbus_chan(sc)) : NULL;
		mutex_unlock(vmbus_channel_mutex);
		if (!sub)
			return;

		vmbus_chan_release(sub);
		/* One that has not been added yet is dropped when it is. */
		more = vmbus_chan_state(sub) == HVB_CH_DEAD;
		vmbus_chan_put(sub);
	} while (more);
}

static void vmbus_release_primary(struct vmbus_chan *chan)
{
	vmbus_release_subs(chan);
	vmbus_chan_release(chan);
}

/* The registered device of a primary. With @take the first caller gets it. */
static struct hv_device *vmbus_primary_device(struct vmbus_chan *chan,
					      bool take)
{
	struct hv_device *dev = NULL;

	mutex_lock(vmbus_channel_mutex);
	if (chan->device_up) {
		dev = chan->ch.device_obj;
		get_device(&dev->device);
		chan->device_up = !take;
	}
	mutex_unlock(vmbus_channel_mutex);
	return dev;
}

static void vmbus_unregister_primary(struct vmbus_chan *chan)
{
	struct hv_device *dev = vmbus_primary_device(chan, true);

	if (dev) {
		vmbus_device_unregister(dev);
		put_device(&dev->device);
	}
	vmbus_release_primary(chan);
}

/*
 * A driver that was loaded a moment ago may be in its probe function, and not
 * have set its rescind callback yet. None that comes later gets that far: the
 * channel can't be opened any more.
 */
static void vmbus_wait_for_probe(struct vmbus_chan *chan)
{
	struct hv_device *dev = vmbus_primary_device(chan, false);

	if (!dev)
		return;
	device_lock(&dev->device);
	device_unlock(&dev->device);
	put_device(&dev->device);
}

static void vmbus_remove_primary(struct vmbus_chan *chan)
{
	void (*cb)(struct vmbus_channel *channel);

	/* A socket may have got rid of the device before the rescind came. */
	if (vmbus_chan_state(chan) == HVB_CH_DEAD)
		return;

	vmbus_reset_channel_cb(&chan->ch);
	vmbus_chan_last_call(chan);
	vmbus_wait_for_probe(chan);
	cb = xchg(&chan->ch.chn_rescind_callback, NULL);
	if (!cb) {
		vmbus_unregister_primary(chan);
		return;
	}

	cb(&chan->ch);
	if (is_hvsock_channel(&chan->ch)) {
		vmbus_chan_settled(chan);
		return;
	}
	/* uio_hv_generic has unregistered the device in its callback. */
	mutex_lock(vmbus_channel_mutex);
	chan->device_up = false;
	mutex_unlock(vmbus_channel_mutex);
	vmbus_release_primary(chan);
}

static void vmbus_remove_sub(struct vmbus_chan *chan)
{
	unsigned int actions;

	vmbus_chan_last_call(chan);

	mutex_lock(&chan->op_lock);
	actions = vmbus_chan_release_begin(chan);
	if (!actions)
		chan->remove_on_close = true;
	mutex_unlock(&chan->op_lock);

	vmbus_chan_release_finish(chan, actions);
}

static void vmbus_devq_run(struct vmbus_chan_event *ev)
{
	struct vmbus_chan *chan = ev->chan;
	bool sub = chan->ch.primary_channel;

	if (ev == &chan->add_ev) {
		if (sub)
			vmbus_add_sub(chan);
		else
			vmbus_add_primary(chan);
	} else {
		if (sub)
			vmbus_remove_sub(chan);
		else
			vmbus_remove_primary(chan);
	}
	vmbus_chan_put(chan);
	if (atomic_dec_and_test(&vmbus_devq_events))
		wake_up_all(&vmbus_settled_wq);
}

static void vmbus_devq_work(struct work_struct *work)
{
	struct vmbus_chan *primary = container_of(work, struct vmbus_chan,
						  devq.work);
	struct vmbus_chan_event *ev;

	while ((ev = vmbus_devq_next(&primary->devq)))
		vmbus_devq_run(ev);
	vmbus_chan_put(primary);
}

/* Waits until a count of what has not settled is 0. */
static bool vmbus_wait_none(atomic_t *count, enum vmbus_wait what,
			    unsigned int limit_ms)
{
	unsigned long begin = jiffies;
	bool none;

	none = wait_event_timeout(vmbus_settled_wq, !atomic_read(count),
				  msecs_to_jiffies(limit_ms));
	vmbus_waited(what, begin);
	return none;
}

/**
 * vmbus_devq_settle() - wait a limited time until all events have been handled
 *
 * A driver that does not come back from its probe or remove function holds up
 * its own device, and hibernation, but nobody for ever.
 *
 * Context: process; not on hv_pri_chan.
 * Return: 0, or -EBUSY if there are some after VMBUS_SETTLE_TIMEOUT_MS.
 */
int vmbus_devq_settle(void)
{
	if (vmbus_wait_none(&vmbus_devq_events, VMBUS_WAIT_DRIVERS,
			    VMBUS_SETTLE_TIMEOUT_MS))
		return 0;
	pr_err("%d devices or channels are not through with being added or removed\n",
	       atomic_read(&vmbus_devq_events));
	return -EBUSY;
}

/**
 * vmbus_devq_flush() - wait until all events have been handled
 *
 * Context: module exit, when no driver is left that could hold it up.
 */
void vmbus_devq_flush(void)
{
	flush_workqueue(vmbus_conn.dev_wq);
}

static struct vmbus_chan *vmbus_find_primary(const struct hvb_offer *offer)
{
	struct vmbus_channel *ch;

	lockdep_assert_held(vmbus_channel_mutex);

	list_for_each_entry(ch, &vmbus_conn.chan_list, listentry) {
		if (guid_equal(&ch->offermsg.offer.if_instance,
			       &offer->instance))
			return to_vmbus_chan(ch);
	}
	return NULL;
}

static bool vmbus_sub_index_taken(struct vmbus_chan *primary, u16 index)
{
	struct vmbus_channel *sc;

	list_for_each_entry(sc, &primary->ch.sc_list, sc_list) {
		if (sc->offermsg.offer.sub_channel_index == index &&
		    !READ_ONCE(sc->rescind))
			return true;
	}
	return false;
}

/* A primary that was there before hibernation gets its new numbers. */
static int vmbus_reoffer(struct vmbus_chan *chan, const struct hvb_offer *offer)
{
	unsigned int actions;
	int ret;

	ret = vmbus_chan_event(chan, HVB_EV_REOFFER, &actions);
	if (ret)
		return ret;

	vmbus_chan_set_offer(chan, offer);
	/* Not all CPUs may have come back. */
	if (!vmbus_cpu_usable(chan->ch.target_cpu)) {
		vmbus_affinity_release(chan);
		vmbus_affinity_assign(chan);
	}
	ret = vmbus_relid_map(chan);
	vmbus_resume_done(chan);
	return ret;
}

/* Enters a new channel into the lists. Returns -EEXIST for a busy relid. */
static int vmbus_offer_insert(struct vmbus_chan *chan,
			      struct vmbus_chan *primary)
{
	struct vmbus_channel *ch = &chan->ch;
	int ret;

	if (primary)
		ch->primary_channel = &vmbus_chan_get(primary)->ch;

	vmbus_affinity_assign(chan);
	ret = vmbus_relid_map(chan);
	if (ret) {
		vmbus_affinity_release(chan);
		return ret;
	}

	if (primary)
		list_add_tail(&ch->sc_list, &primary->ch.sc_list);
	else
		list_add_tail(&ch->listentry, &vmbus_conn.chan_list);

	if (primary || is_hvsock_channel(ch)) {
		chan->transient = true;
		atomic_inc(&vmbus_transient);
	}
	vmbus_devq_queue(chan, &chan->add_ev);
	return 0;
}

/*
 * Returns 0 if @chan is in use now, 1 if the offer was for another channel
 * that there is already, else why the offer is refused.
 */
static int vmbus_offer_locked(struct vmbus_chan *chan,
			      const struct hvb_offer *offer)
{
	struct vmbus_chan *primary = vmbus_find_primary(offer);

	/* Devices are named by their instance. */
	if (primary && !guid_equal(&primary->ch.offermsg.offer.if_type,
				   &offer->type))
		return -EEXIST;
	if (!offer->sub_index)
		return primary ? vmbus_reoffer(primary, offer) ?: 1 :
				 vmbus_offer_insert(chan, NULL);

	if (!primary || is_hvsock_channel(&primary->ch) ||
	    READ_ONCE(primary->ch.rescind) ||
	    vmbus_chan_state(primary) == HVB_CH_SUSPENDED)
		return -ENODEV;
	if (vmbus_sub_index_taken(primary, offer->sub_index))
		return -EEXIST;
	return vmbus_offer_insert(chan, primary);
}

static bool vmbus_offer_unknown(const struct hvb_offer *offer)
{
	return !offer->hvsock && !hvb_dev_unsupported(&offer->type) &&
	       hvb_dev_type(&offer->type, offer->hvsock) == HVB_DEV_UNKNOWN;
}

/**
 * vmbus_on_offer() - the host offers a channel
 * @offer: the offer, its fields are in range
 *
 * Context: process, on hv_vmbus_con.
 * Return: 0, or why the offer was refused: -EACCES for a device that isn't
 * allowed in a confidential VM; -EEXIST for a relid, a device or a sub-channel
 * index that is in use; -ENODEV for a sub-channel without a primary; -ENOMEM.
 */
int vmbus_on_offer(const struct hvb_offer *offer)
{
	struct vmbus_chan *chan;
	int ret;

	trace_vmbus_onoffer(offer);

	if (hv_is_isolation_supported() && !hvb_offer_allowed_isolated(offer))
		return -EACCES;
	if (vmbus_chan_relid_offered(offer->relid))
		return -EEXIST;
	if (vmbus_offer_unknown(offer))
		pr_info_ratelimited("Unknown GUID: %pUl\n", &offer->type);

	chan = vmbus_chan_alloc(offer);
	if (!chan) {
		vmbus_chan_refuse(offer->relid);
		return -ENOMEM;
	}
	spin_lock_init(&chan->devq.lock);
	INIT_LIST_HEAD(&chan->devq.events);
	INIT_WORK(&chan->devq.work, vmbus_devq_work);

	mutex_lock(vmbus_channel_mutex);
	ret = vmbus_offer_locked(chan, offer);
	mutex_unlock(vmbus_channel_mutex);

	if (!ret)
		return 0;
	vmbus_chan_put(chan);
	if (ret > 0)
		return 0;
	/* Nobody will use this relid; the host may have it back. */
	vmbus_chan_refuse(offer->relid);
	return ret;
}

/**
 * vmbus_on_rescind() - the host takes a channel away
 * @relid: relid of the channel, in range
 *
 * Wakes everybody who waits for the host about this channel before it returns.
 *
 * Context: process, on hv_vmbus_con.
 * Return: 0, or -ENODEV for a relid that wasn't offered.
 */
int vmbus_on_rescind(u32 relid)
{
	struct vmbus_chan *chan;
	unsigned int actions;

	trace_vmbus_onoffer_rescind(relid);

	chan = vmbus_relid_get(relid);
	if (!chan)
		return vmbus_chan_never_seen(relid);

	WRITE_ONCE(chan->host_rescinded, true);
	if (vmbus_chan_event(chan, HVB_EV_RESCIND, &actions))
		vmbus_chan_reject(chan, "rescinded again");
	else
		vmbus_chan_take_away(chan, actions);
	vmbus_chan_put(chan);
	return 0;
}

/**
 * vmbus_hvsock_device_unregister() - a socket doesn't need its channel any more
 * @channel: channel of a socket
 *
 * Waits, for a limited time, for the host to rescind the channel, as it does
 * when a connection is closed.
 *
 * Context: process; may be called from the rescind callback of the channel.
 */
void vmbus_hvsock_device_unregister(struct vmbus_channel *channel)
{
	struct vmbus_chan *chan = vmbus_chan_get(to_vmbus_chan(channel));
	unsigned long limit = msecs_to_jiffies(VMBUS_RESCIND_TIMEOUT_MS);

	if (!wait_for_completion_timeout(&chan->probe_done, limit) ||
	    !wait_for_completion_timeout(&chan->rescinded, limit)) {
		/* The callback must not find a socket that is no more. */
		WRITE_ONCE(channel->chn_rescind_callback, NULL);
		pr_warn("channel %u: host did not rescind a closed socket\n",
			channel->offermsg.child_relid);
	}

	vmbus_unregister_primary(chan);
	vmbus_chan_put(chan);
}

/* Takes sockets away from their owners, as if the host had rescinded them. */
static int vmbus_drop_sockets(void)
{
	struct vmbus_channel *ch;
	unsigned int actions;
	int ret = 0;

	mutex_lock(vmbus_channel_mutex);
	list_for_each_entry(ch, &vmbus_conn.chan_list, listentry) {
		struct vmbus_chan *chan = to_vmbus_chan(ch);

		if (!is_hvsock_channel(ch))
			continue;
		ret = vmbus_chan_event(chan, HVB_EV_DROP, &actions);
		if (!ret)
			vmbus_chan_take_away(chan, actions);
		else if (ret == -EALREADY)
			ret = 0;
		else
			break;
	}
	mutex_unlock(vmbus_channel_mutex);
	return ret;
}

/* Would this primary agree to be suspended? */
static int vmbus_suspend_check(struct vmbus_chan *chan)
{
	enum hvb_chan_state state = vmbus_chan_state(chan);
	enum hvb_chan_state next;
	unsigned int actions;
	int ret;

	if (!list_empty(&chan->ch.sc_list)) {
		pr_err("channel %u: sub-channels did not go\n",
		       chan->ch.offermsg.child_relid);
		return -EBUSY;
	}
	ret = hvb_chan_event(state, HVB_EV_SUSPEND, &next, &actions);
	if (!ret || ret == -EALREADY)
		return 0;
	pr_err("channel %u: can't be suspended while it is %s\n",
	       chan->ch.offermsg.child_relid, hvb_chan_state_name(state));
	return -EBUSY;
}

static void vmbus_suspend_one(struct vmbus_chan *chan)
{
	unsigned int actions;

	if (vmbus_chan_event(chan, HVB_EV_SUSPEND, &actions))
		return;
	if (actions & HVB_DO_UNMAP)
		vmbus_relid_unmap(chan);
	/* The number belongs to whatever the next connection gives it to. */
	chan->ch.offermsg.child_relid = INVALID_RELID;

	if (vmbus_chan_state(chan) == HVB_CH_SUSPENDED) {
		chan->resume_wait = true;
		atomic_inc(&vmbus_resume_missing);
	}
}

/**
 * vmbus_channels_suspend() - prepare all channels for the end of the connection
 *
 * Drivers have closed their channels. Sub-channels are rescinded by the host in
 * turn; sockets don't survive and are dropped.
 *
 * Context: process; offers are ignored, rescinds are not, and both work queues
 * were idle.
 * Return: 0; -EBUSY if a channel is still in use, and then no primary channel
 * was touched; sockets stay dropped.
 */
int vmbus_channels_suspend(void)
{
	struct vmbus_channel *ch;
	int ret;

	ret = vmbus_drop_sockets();
	if (ret)
		return ret;

	if (!vmbus_wait_none(&vmbus_transient, VMBUS_WAIT_RESCIND,
			     VMBUS_RESCIND_TIMEOUT_MS)) {
		pr_err("%d sub-channels and sockets did not go\n",
		       atomic_read(&vmbus_transient));
		return -EBUSY;
	}
	/* What has settled may still be on its way out. */
	ret = vmbus_devq_settle();
	if (ret)
		return ret;

	mutex_lock(vmbus_channel_mutex);
	list_for_each_entry(ch, &vmbus_conn.chan_list, listentry) {
		ret = vmbus_suspend_check(to_vmbus_chan(ch));
		if (ret)
			goto out_unlock;
	}
	list_for_each_entry(ch, &vmbus_conn.chan_list, listentry)
		vmbus_suspend_one(to_vmbus_chan(ch));
out_unlock:
	mutex_unlock(vmbus_channel_mutex);
	return ret;
}

/**
 * vmbus_channels_resume_prepare() - the host is about to be asked for offers
 *
 * Counts the devices that have to be offered again.
 *
 * Context: process; offers are still ignored.
 */
void vmbus_channels_resume_prepare(void)
{
	struct vmbus_channel *ch;
	int missing = 0;

	mutex_lock(vmbus_channel_mutex);
	list_for_each_entry(ch, &vmbus_conn.chan_list, listentry) {
		struct vmbus_chan *chan = to_vmbus_chan(ch);

		chan->resume_wait = vmbus_chan_state(chan) ==
				    HVB_CH_SUSPENDED;
		missing += chan->resume_wait;
	}
	atomic_set(&vmbus_resume_missing, missing);
	mutex_unlock(vmbus_channel_mutex);
}

/**
 * vmbus_channels_all_resumed() - have all devices been offered again?
 *
 * Context: any; changes are announced on vmbus_resume_wq.
 * Return: true if none is missing.
 */
bool vmbus_channels_all_resumed(void)
{
	return !atomic_read(&vmbus_resume_missing);
}

/* The loop below ends whatever the state machine says. */
static void vmbus_force_unlink(struct vmbus_chan *chan)
{
	mutex_lock(vmbus_channel_mutex);
	if (!list_empty(&chan->ch.listentry)) {
		pr_err("channel %u: can't be released while it is %s\n",
		       chan->ch.offermsg.child_relid,
		       hvb_chan_state_name(vmbus_chan_state(chan)));
		vmbus_relid_unmap(chan);
		vmbus_chan_unlink(chan);
	}
	mutex_unlock(vmbus_channel_mutex);
}

/**
 * vmbus_channels_remove_all() - remove all devices and channels
 *
 * Channels that are open are closed properly and their memory is taken back:
 * the host knows nothing of this yet.
 *
 * Context: module exit; offers are ignored and both work queues were idle.
 */
void vmbus_channels_remove_all(void)
{
	struct vmbus_channel *ch;
	struct vmbus_chan *chan;

	for (;;) {
		mutex_lock(vmbus_channel_mutex);
		ch = list_first_entry_or_null(&vmbus_conn.chan_list,
					      struct vmbus_channel, listentry);
		chan = ch ? vmbus_chan_get(to_vmbus_chan(ch)) : NULL;
		mutex_unlock(vmbus_channel_mutex);
		if (!chan)
			break;

		vmbus_unregister_primary(chan);
		vmbus_force_unlink(chan);
		vmbus_chan_put(chan);
	}
	vmbus_devq_flush();
	vmbus_affinity_exit();
}
