// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channel objects: their memory, their state, their callback, their end.
 *
 * The state machine is in the logic folder; opening and closing have a file of
 * their own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/hyperv.h>
#include <linux/interrupt.h>
#include <linux/nospec.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "chan_ops.h"
#include "trace.h"
#include "wire/monitor.h"

/*
 * How often the tasklet of a channel calls back before it makes way for
 * others: a host that writes as fast as we read must not keep the CPU.
 */
#define VMBUS_TASKLET_ROUNDS	4

/**
 * vmbus_chan_set_offer() - take over what the host offers
 * @chan: new channel, or one that is offered again after hibernation
 * @offer: the offer
 *
 * Context: process; nothing uses the relid of @chan.
 */
void vmbus_chan_set_offer(struct vmbus_chan *chan,
			  const struct hvb_offer *offer)
{
	struct vmbus_channel *ch = &chan->ch;
	struct vmbus_channel_offer_channel *msg = &ch->offermsg;
	int off;

	memset(msg, 0, sizeof(*msg));
	msg->header.msgtype = CHANNELMSG_OFFERCHANNEL;
	msg->offer.if_type = offer->type;
	msg->offer.if_instance = offer->instance;
	msg->offer.chn_flags = offer->flags;
	msg->offer.mmio_megabytes = offer->mmio_mb;
	msg->offer.sub_channel_index = offer->sub_index;
	static_assert(sizeof(msg->offer.u) == sizeof(offer->user_def));
	memcpy(&msg->offer.u, offer->user_def, sizeof(offer->user_def));
	msg->child_relid = offer->relid;
	msg->monitorid = HVB_MONITOR_ID_NONE;
	msg->is_dedicated_interrupt = offer->dedicated;
	msg->connection_id = offer->connection_id;

	ch->sig_event = offer->connection_id;
	ch->is_dedicated_interrupt = offer->dedicated;
	ch->device_id = hvb_dev_type(&offer->type, offer->hvsock);

	chan->monitor_word = NULL;
	/* The doorbell does as well. */
	if (offer->monitor_bad)
		vmbus_chan_reject(chan, "no such monitor");
	if (!offer->monitored)
		return;
	off = hvb_monitor_pending_off(&offer->mon);
	if (off < 0 || !vmbus_conn.monitor[1])
		return;
	msg->monitor_allocated = 1;
	msg->monitorid = offer->mon.group * HVB_MONITOR_BITS + offer->mon.bit;
	ch->monitor_grp = offer->mon.group;
	ch->monitor_bit = offer->mon.bit;
	chan->monitor_word = vmbus_conn.monitor[1] + off;
}

/**
 * vmbus_chan_alloc() - make a channel
 * @offer: what the host offers
 *
 * Context: process.
 * Return: the channel with one reference, that of the offer; or %NULL.
 */
struct vmbus_chan *vmbus_chan_alloc(const struct hvb_offer *offer)
{
	struct vmbus_channel *ch;
	struct vmbus_chan *chan;

	chan = kzalloc(sizeof(*chan), GFP_KERNEL);
	if (!chan)
		return NULL;
	ch = &chan->ch;

	mutex_init(&chan->op_lock);
	mutex_init(&chan->sc_lock);
	spin_lock_init(&chan->lock);
	init_completion(&chan->probe_done);
	init_completion(&chan->rescinded);
	chan->cb_gp = get_completed_synchronize_rcu();
	chan->add_ev.chan = chan;
	chan->rescind_ev.chan = chan;
	INIT_LIST_HEAD(&chan->close_node);

	INIT_LIST_HEAD(&ch->listentry);
	INIT_LIST_HEAD(&ch->sc_list);
	init_completion(&ch->rescind_event);
	spin_lock_init(&ch->sched_lock);
	tasklet_init(&ch->callback_event, vmbus_chan_tasklet,
		     (unsigned long)chan);
	vmbus_ring_init(chan);
	spin_lock_init(&ch->requestor.req_lock);
	kobject_init(&ch->kobj, &vmbus_chan_ktype);

	vmbus_chan_set_offer(chan, offer);
	return chan;
}

/**
 * vmbus_chan_free() - the last reference to a channel was dropped
 * @chan: channel
 *
 * Context: that of kobject_put().
 */
void vmbus_chan_free(struct vmbus_chan *chan)
{
	if (chan->ch.primary_channel)
		vmbus_chan_put(to_vmbus_chan(chan->ch.primary_channel));
	/* The interrupt path may still be looking at it. */
	kfree_rcu(chan, ch.rcu);
}

/**
 * vmbus_chan_event() - tell the state machine of a channel what happened
 * @chan: channel
 * @event: event
 * @actions: where to put what is to be done now, enum hvb_chan_action
 *
 * Context: any.
 * Return: 0, or why the event was refused, see hvb_chan_event().
 */
int vmbus_chan_event(struct vmbus_chan *chan, enum hvb_chan_event event,
		     unsigned int *actions)
{
	enum hvb_chan_state next;
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&chan->lock, flags);
	ret = hvb_chan_event(chan->state, event, &next, actions);
	if (!ret) {
		chan->state = next;
		WRITE_ONCE(chan->ch.state, hvb_chan_legacy_state(next));
		WRITE_ONCE(chan->ch.rescind, hvb_chan_rescinded(next));
	}
	spin_unlock_irqrestore(&chan->lock, flags);

	return ret;
}

/**
 * vmbus_chan_state() - where a channel is in its life
 * @chan: channel
 *
 * Context: any; a rescind may change it at any time.
 * Return: the state.
 */
enum hvb_chan_state vmbus_chan_state(struct vmbus_chan *chan)
{
	return READ_ONCE(chan->state);
}

/**
 * vmbus_chan_host_gone() - has the host dropped the channel?
 * @chan: channel
 *
 * Context: any.
 * Return: true if the host maps no memory of it and answers no teardown.
 */
bool vmbus_chan_host_gone(struct vmbus_chan *chan)
{
	return hvb_chan_host_let_go(vmbus_chan_state(chan));
}

/**
 * vmbus_chan_arm_cb() - let interrupts of a channel call a driver
 * @chan: channel
 * @cb: driver's function; whether it runs in the interrupt or in a tasklet is
 *	up to ch.callback_mode
 * @ctx: its argument
 *
 * While a channel moves from one CPU to another, and when events of a CPU that
 * goes offline are looked for, a function that runs in the interrupt may run on
 * two CPUs at once.
 *
 * Context: process; op_lock is held.
 * Return: 0, or -ENODEV if the channel was rescinded.
 */
int vmbus_chan_arm_cb(struct vmbus_chan *chan, void (*cb)(void *), void *ctx)
{
	struct vmbus_channel *ch = &chan->ch;
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&ch->sched_lock, flags);
	if (ch->rescind) {
		ret = -ENODEV;
	} else {
		chan->last_cb = cb;
		ch->channel_callback_context = ctx;
		/* Context before function: pairs with the interrupt path. */
		smp_store_release(&ch->onchannel_callback, cb);
	}
	spin_unlock_irqrestore(&ch->sched_lock, flags);
	return ret;
}

/**
 * vmbus_chan_disarm_cb() - let no new callback begin
 * @chan: channel
 *
 * One that has begun, or whose tasklet is scheduled, may go on; see
 * vmbus_chan_quiesce(). pci-hyperv runs its own callback under sched_lock
 * while the pointer isn't %NULL.
 *
 * Context: process.
 */
void vmbus_chan_disarm_cb(struct vmbus_chan *chan)
{
	struct vmbus_channel *ch = &chan->ch;
	unsigned long flags;

	spin_lock_irqsave(&ch->sched_lock, flags);
	/* Function before bit: pairs with vmbus_chan_drop_cb(). */
	if (smp_load_acquire(&ch->onchannel_callback)) {
		WRITE_ONCE(ch->onchannel_callback, NULL);
		chan->cb_gp = get_state_synchronize_rcu();
	} else if (test_and_clear_bit(VMBUS_CB_DROPPED, &chan->poison_told)) {
		chan->cb_gp = get_state_synchronize_rcu();
	}
	spin_unlock_irqrestore(&ch->sched_lock, flags);
}

/**
 * vmbus_chan_drop_cb() - there will never be anything to read any more
 * @chan: open channel whose inbound ring was given up
 *
 * Callbacks stay: the host also signals that it has made room. But pci-hyperv,
 * when it waits for an answer with interrupts off, calls its own one again and
 * again until there is an answer, or no callback. It has sched_lock then, so
 * this is a vmbus_chan_disarm_cb() that does without, and leaves it to the next
 * real one to make a note of the RCU state.
 *
 * Context: any.
 */
void vmbus_chan_drop_cb(struct vmbus_chan *chan)
{
	if (chan->ch.device_id != HV_PCIE)
		return;
	set_bit(VMBUS_CB_DROPPED, &chan->poison_told);
	/* Bit before function: pairs with vmbus_chan_disarm_cb(). */
	smp_store_release(&chan->ch.onchannel_callback, NULL);
}

/**
 * vmbus_chan_quiesce() - wait until no callback runs any more
 * @chan: channel
 *
 * Waits for an RCU grace period, for that is how the interrupt path looks at
 * channels, but only if none has passed since the callback was disarmed: who
 * quiesces several channels disarms all of them first and waits once.
 *
 * Context: process; not from the callback.
 */
void vmbus_chan_quiesce(struct vmbus_chan *chan)
{
	vmbus_chan_disarm_cb(chan);
	cond_synchronize_rcu(chan->cb_gp);

	/*
	 * No interrupt schedules the tasklet any more; it may be running. If it
	 * is still scheduled then it will find no callback.
	 */
	tasklet_disable(&chan->ch.callback_event);
	tasklet_enable(&chan->ch.callback_event);
}

static void vmbus_chan_call(struct vmbus_chan *chan)
{
	unsigned long flags;

	/* What an interrupt would leave to softirqs is run right here. */
	local_bh_disable();
	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		chan->last_cb(chan->ch.channel_callback_context);
	} else {
		local_irq_save(flags);
		chan->last_cb(chan->ch.channel_callback_context);
		local_irq_restore(flags);
	}
	local_bh_enable();
}

/**
 * vmbus_chan_last_call() - show a driver what came before a rescind
 * @chan: channel that was rescinded
 *
 * The interrupt about the last packets may come later than the rescind, on
 * another CPU, and is not let through then. Among them may be completions that
 * the driver waits for before it lets go of the channel. This is for drivers
 * that are called from the interrupt; others may have disabled their tasklet.
 *
 * Context: process; not from a callback; op_lock isn't held.
 */
void vmbus_chan_last_call(struct vmbus_chan *chan)
{
	/* After this there is no other caller, under op_lock nobody closes. */
	vmbus_chan_quiesce(chan);
	mutex_lock(&chan->op_lock);
	if (vmbus_chan_state(chan) == HVB_CH_RESC_OPEN &&
	    chan->ch.callback_mode == HV_CALL_ISR && chan->last_cb)
		vmbus_chan_call(chan);
	mutex_unlock(&chan->op_lock);
}

/**
 * vmbus_reset_channel_cb() - take the callbacks of a channel from its driver
 * @channel: channel
 *
 * Context: process; not from a callback. Neither the channel callback nor, for
 * a primary, the sub-channel callback begins after this returns, and the
 * former doesn't run any more.
 */
void vmbus_reset_channel_cb(struct vmbus_channel *channel)
{
	WRITE_ONCE(channel->sc_creation_callback, NULL);
	vmbus_chan_quiesce(to_vmbus_chan(channel));
}

/**
 * vmbus_chan_driver_gone() - a driver was unbound, or did not bind
 * @channel: primary channel
 *
 * What a driver wanted to be told of is forgotten when it closes the channel.
 * This is for one that could not even open it.
 *
 * Context: process; waits for a sub-channel callback that is running.
 */
void vmbus_chan_driver_gone(struct vmbus_channel *channel)
{
	struct vmbus_chan *chan = to_vmbus_chan(channel);

	/* A socket has its channel for longer than a driver is bound to it. */
	if (is_hvsock_channel(channel))
		return;
	mutex_lock(&chan->sc_lock);
	WRITE_ONCE(channel->sc_creation_callback, NULL);
	WRITE_ONCE(channel->chn_rescind_callback, NULL);
	mutex_unlock(&chan->sc_lock);
}

/**
 * vmbus_set_sc_create_callback() - be told of new sub-channels
 * @primary_channel: primary channel
 * @sc_cr_cb: called in process context, once for each sub-channel, which it
 *	may open; it must not close the primary
 *
 * Context: any. Lasts until the primary is closed.
 */
void vmbus_set_sc_create_callback(struct vmbus_channel *primary_channel,
				  void (*sc_cr_cb)(struct vmbus_channel *sc))
{
	WRITE_ONCE(primary_channel->sc_creation_callback, sc_cr_cb);
}

/**
 * vmbus_set_chn_rescind_callback() - be told of a rescind
 * @channel: primary channel
 * @cb: called once in process context, instead of the device being
 *	unregistered
 *
 * Context: any. Lasts until the channel is closed; for a socket until it is
 * destroyed.
 */
void vmbus_set_chn_rescind_callback(struct vmbus_channel *channel,
				    void (*cb)(struct vmbus_channel *ch))
{
	WRITE_ONCE(channel->chn_rescind_callback, cb);
}

/**
 * vmbus_chan_tasklet() - call the driver back outside the interrupt
 * @data: the &struct vmbus_chan
 *
 * Scheduled by the interrupt, and by drivers (ch.callback_event). In batched
 * mode the interrupt has masked the ring: once the driver has emptied it, it is
 * unmasked and looked at again, because no interrupt comes for packets that
 * were written in between.
 *
 * Context: softirq.
 */
void vmbus_chan_tasklet(unsigned long data)
{
	struct vmbus_chan *chan = (struct vmbus_chan *)data;
	struct vmbus_channel *ch = &chan->ch;
	void (*cb)(void *ctx);
	int round;

	trace_vmbus_on_event(ch);
	vmbus_debug_delay_interrupt(ch);

	for (round = 0; round < VMBUS_TASKLET_ROUNDS; round++) {
		/* Function before context: pairs with vmbus_chan_arm_cb(). */
		cb = smp_load_acquire(&ch->onchannel_callback);
		if (!cb)
			return;
		cb(ch->channel_callback_context);

		if (ch->callback_mode != HV_CALL_BATCHED)
			return;
		if (!hvb_rx_unmask(&chan->rx)) {
			if (unlikely(chan->rx.poison))
				vmbus_ring_poisoned(chan, VMBUS_POISON_RX);
			return;
		}
		hvb_rx_mask(&chan->rx);
	}
	tasklet_schedule(&ch->callback_event);
}

/**
 * vmbus_chan_take_away() - carry out what a rescind or a drop asks for
 * @chan: channel
 * @actions: what the state machine said
 *
 * Context: process; waits for nobody.
 */
void vmbus_chan_take_away(struct vmbus_chan *chan, unsigned int actions)
{
	if (actions & HVB_DO_STOP_CB)
		vmbus_chan_disarm_cb(chan);
	complete_all(&chan->rescinded);
	complete_all(&chan->ch.rescind_event);
	if (actions & HVB_DO_CANCEL)
		vmbus_requests_abort(chan, -ENODEV);
	if (actions & HVB_DO_REMOVE)
		vmbus_chan_queue_remove(chan);
}

/**
 * vmbus_chan_release_begin() - mark a channel as released
 * @chan: channel that nobody uses any more
 *
 * Context: process; op_lock is held.
 * Return: what to pass to vmbus_chan_release_finish(); 0 if the channel is
 * still in use, or was released before.
 */
unsigned int vmbus_chan_release_begin(struct vmbus_chan *chan)
{
	unsigned int actions;

	lockdep_assert_held(&chan->op_lock);

	return vmbus_chan_event(chan, HVB_EV_RELEASE, &actions) ? 0 : actions;
}

/* Tells the host that no channel has a relid any more, or that none will. */
static void vmbus_post_relid_released(u32 relid)
{
	struct hvb_wire w;
	int ret;

	ret = hvb_enc_relid_released(&w, relid);
	if (!ret)
		ret = vmbus_post(w.data, w.len, true);
	trace_vmbus_release_relid(relid, ret);
}

/* Relids of offers that were refused: they are given back by a work. */
static DECLARE_BITMAP(vmbus_refused, VMBUS_MAX_RELIDS);

/* What the host need not be told again; vmbus_channel_mutex. */
static struct hvb_relids vmbus_relids;

/* What logic takes for a relid is an index here. */
static_assert(HVB_RELID_LIMIT == VMBUS_MAX_RELIDS);

static void vmbus_refused_work(struct work_struct *work)
{
	unsigned long relid;

	for_each_set_bit(relid, vmbus_refused, VMBUS_MAX_RELIDS) {
		if (test_and_clear_bit(relid, vmbus_refused))
			vmbus_post_relid_released(relid);
	}
}

static DECLARE_WORK(vmbus_refused_w, vmbus_refused_work);

/*
 * Nothing is posted here: that may take a while, if the host is slow, and who
 * takes offers in also has to tell drivers of rescinds.
 */
static void vmbus_relid_back(u32 relid)
{
	set_bit(array_index_nospec(relid, VMBUS_MAX_RELIDS), vmbus_refused);
	queue_work(vmbus_conn.dev_wq, &vmbus_refused_w);
}

/**
 * vmbus_chan_relids_reset() - relids stand for nothing yet
 *
 * Context: process; connected, and the host has not been asked for offers.
 */
void vmbus_chan_relids_reset(void)
{
	mutex_lock(vmbus_channel_mutex);
	hvb_relids_init(&vmbus_relids);
	mutex_unlock(vmbus_channel_mutex);
	bitmap_zero(vmbus_refused, VMBUS_MAX_RELIDS);
}

/**
 * vmbus_chan_relid_offered() - a relid stands for an offer from now on
 * @relid: relid of the offer, in range
 *
 * Context: process, on hv_vmbus_con.
 * Return: true if a channel has it already, which changes nothing.
 */
bool vmbus_chan_relid_offered(u32 relid)
{
	struct vmbus_chan *chan = vmbus_relid_get(relid);

	if (chan) {
		vmbus_chan_put(chan);
		return true;
	}

	mutex_lock(vmbus_channel_mutex);
	hvb_relids_offered(&vmbus_relids, relid);
	mutex_unlock(vmbus_channel_mutex);
	/* Not given back yet? Not any more. */
	clear_bit(array_index_nospec(relid, VMBUS_MAX_RELIDS), vmbus_refused);
	return false;
}

/**
 * vmbus_chan_refuse() - tell the host that an offer was not taken
 * @relid: relid of the offer, in range; no channel has it
 *
 * Context: process, on hv_vmbus_con; hv_pri_chan exists.
 */
void vmbus_chan_refuse(u32 relid)
{
	mutex_lock(vmbus_channel_mutex);
	hvb_relids_refused(&vmbus_relids, relid);
	mutex_unlock(vmbus_channel_mutex);
	vmbus_relid_back(relid);
}

/**
 * vmbus_chan_never_seen() - a relid is rescinded that no channel has
 * @relid: the relid, in range
 *
 * If its offer was lost, or could not be read, the host waits for the relid and
 * offers nothing in its place.
 *
 * Context: process, on hv_vmbus_con; hv_pri_chan exists.
 * Return: 0 if the relid was given back before, else -ENODEV.
 */
int vmbus_chan_never_seen(u32 relid)
{
	bool lost;

	mutex_lock(vmbus_channel_mutex);
	lost = hvb_relids_rescinded(&vmbus_relids, relid);
	mutex_unlock(vmbus_channel_mutex);
	if (!lost)
		return 0;
	vmbus_relid_back(relid);
	return -ENODEV;
}

/**
 * vmbus_chan_release_finish() - give a channel back to the host
 * @chan: channel; may be gone afterwards unless the caller has a reference
 * @actions: from vmbus_chan_release_begin(), or of another transition to the
 *	end; 0 does nothing
 *
 * Context: process; no lock of a channel is held, for this waits for those who
 * use the channel's attributes in sysfs.
 */
void vmbus_chan_release_finish(struct vmbus_chan *chan, unsigned int actions)
{
	u32 relid = chan->ch.offermsg.child_relid;

	if (!(actions & HVB_DO_FREE))
		return;

	/* The entry of a primary went with its device. */
	if (chan->ch.primary_channel)
		vmbus_chan_sysfs_del(chan);

	mutex_lock(vmbus_channel_mutex);
	if (actions & HVB_DO_UNMAP)
		vmbus_relid_unmap(chan);
	/* A rescind that crosses the message below wants no second one. */
	if ((actions & HVB_DO_RELID_RELEASED) &&
	    !READ_ONCE(chan->host_rescinded))
		hvb_relids_refused(&vmbus_relids, relid);
	vmbus_chan_unlink(chan);
	mutex_unlock(vmbus_channel_mutex);

	vmbus_chan_quiesce(chan);
	tasklet_kill(&chan->ch.callback_event);
	if (chan->modify_late)
		vmbus_request_cancel(&chan->modify_req);
	vmbus_free_ring(&chan->ch);

	/* The last message about this relid: the host may offer it anew. */
	if (actions & HVB_DO_RELID_RELEASED)
		vmbus_post_relid_released(relid);

	vmbus_chan_settled(chan);
	vmbus_chan_put(chan);
}

/**
 * vmbus_chan_release() - close a channel if need be, and give it back
 * @chan: channel without a driver; the caller has a reference
 *
 * Context: process; no lock of a channel is held. Waits for the host if a
 * driver left the channel open.
 */
void vmbus_chan_release(struct vmbus_chan *chan)
{
	unsigned int actions;

	mutex_lock(&chan->op_lock);
	vmbus_chan_close(chan);
	actions = vmbus_chan_release_begin(chan);
	mutex_unlock(&chan->op_lock);

	vmbus_chan_release_finish(chan, actions);
}
