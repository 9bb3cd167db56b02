// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening and closing channels, and moving their interrupts.
 *
 * An operation feeds the state machine of the channel: each transition asks for
 * something, mostly to tell the host and to wait for its answer, and how that
 * ended is the next event. All waits have a limit and end on a rescind. An
 * OPENCHANNEL that wasn't answered in time makes the channel unusable, because
 * the host may or may not have opened it; it is told to close it, and the ring
 * is left to it. Should its answer come after all it finds nobody: the open id
 * is a new one from then on.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/hyperv.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/topology.h>
#include <asm/mshyperv.h>

#include "chan_ops.h"
#include "logic/cpu_pick.h"
#include "trace.h"
#include "wire/gpadl.h"

/**
 * struct vmbus_open_args - what vmbus_open() wants of the host
 * @lay: which pages of the ring memory the host gets
 * @user_data: bytes for the device, or NULL
 * @user_data_len: number of them
 * @sent: OPENCHANNEL was sent
 */
struct vmbus_open_args {
	struct hvb_gpadl_layout lay;
	const void *user_data;
	u32 user_data_len;
	bool sent;
};

/* How a wait ended, as an event; answers have events of their own. */
static enum hvb_chan_event vmbus_op_error_event(int err)
{
	switch (err) {
	case -ENODEV:
		return HVB_EV_ABORTED;
	case -ETIMEDOUT:
	case -EPROTO:
		return HVB_EV_TIMEOUT;
	default:
		return HVB_EV_POST_FAIL;
	}
}

static enum hvb_chan_event
vmbus_op_gpadl(struct vmbus_chan *chan, struct vmbus_open_args *args, int *err)
{
	u32 handle = vmbus_gpadl_next_handle();

	*err = vmbus_gpadl_announce(chan,
				    page_address(chan->ch.ringbuffer_page),
				    &args->lay, handle);
	if (*err == -EDQUOT)
		return HVB_EV_GPADL_FAIL;
	if (*err)
		return vmbus_op_error_event(*err);
	chan->ch.ringbuffer_gpadlhandle.gpadl_handle = handle;
	return HVB_EV_GPADL_OK;
}

static enum hvb_chan_event vmbus_op_open_result(struct vmbus_chan *chan,
						const struct vmbus_request *req,
						int *err)
{
	struct hv_view view = hv_view_of(req->answer, req->answer_len);
	struct hvb_msg msg;

	if (hvb_msg_decode(&view, vmbus_conn.version, &msg) ||
	    msg.type != HVB_MSG_OPEN_RESULT) {
		*err = -EPROTO;
		return HVB_EV_TIMEOUT;
	}
	if (msg.open_result.status) {
		pr_debug("channel %u: open refused: status 0x%x\n",
			 msg.open_result.relid, msg.open_result.status);
		*err = -EAGAIN;
		return HVB_EV_OPEN_FAIL;
	}
	hvb_rx_opened(&chan->rx);
	return HVB_EV_OPEN_OK;
}

static enum hvb_chan_event
vmbus_op_open(struct vmbus_chan *chan, struct vmbus_open_args *args, int *err)
{
	struct vmbus_channel *ch = &chan->ch;
	struct hvb_open o = {
		.relid = ch->offermsg.child_relid,
		.open_id = ch->offermsg.child_relid | (u32)chan->open_gen << 16,
		.gpadl = ch->ringbuffer_gpadlhandle.gpadl_handle,
		.target_vp = hv_cpu_number_to_vp_number(ch->target_cpu),
		.downstream_page = args->lay.downstream,
		.user_data = args->user_data,
		.user_data_len = args->user_data_len,
	};
	struct hvb_request_key key = hvb_key_open(o.relid, o.open_id);
	enum hvb_chan_event event;
	struct vmbus_request req;
	struct hvb_wire w;

	*err = hvb_enc_open(&w, &o);
	if (*err)
		return HVB_EV_POST_FAIL;

	args->sent = true;
	vmbus_request_start(&req, &key, chan);
	*err = vmbus_call(&req, w.data, w.len, VMBUS_REQUEST_TIMEOUT_MS);
	trace_vmbus_open(&o, *err);
	if (!*err)
		return vmbus_op_open_result(chan, &req, err);

	event = vmbus_op_error_event(*err);
	if (event == HVB_EV_TIMEOUT)
		chan->open_gen++;
	return event;
}

static int vmbus_op_post_close(struct vmbus_chan *chan)
{
	u32 relid = chan->ch.offermsg.child_relid;
	struct hvb_wire w;
	int ret;

	ret = hvb_enc_close(&w, relid);
	if (!ret)
		ret = vmbus_post(w.data, w.len, true);
	trace_vmbus_close_internal(relid, ret);
	return ret;
}

/* The answer to the last MODIFYCHANNEL is not of interest any more. */
static void vmbus_op_forget_modify(struct vmbus_chan *chan)
{
	if (!chan->modify_late)
		return;
	vmbus_request_cancel(&chan->modify_req);
	WRITE_ONCE(chan->modify_late, false);
}

/* The rings are not in use any more, by anybody here at least. */
static void vmbus_op_ring_done(struct vmbus_chan *chan, bool leak)
{
	struct vmbus_gpadl *gpadl = &chan->ch.ringbuffer_gpadlhandle;

	vmbus_chan_quiesce(chan);
	vmbus_ring_unmap(chan);
	vmbus_txids_free(chan);
	gpadl->gpadl_handle = 0;
	if (!leak) {
		vmbus_gpadl_unshare(gpadl);
		return;
	}
	/* Stays marked as decrypted, which keeps it from being freed. */
	pr_err("channel %u: host does not let go of its ring, leaking %u KiB\n",
	       chan->ch.offermsg.child_relid, gpadl->size / 1024);
}

/*
 * Carries out the actions of a transition. Returns true if one of them was a
 * request to the host: then @event and @err say how it ended.
 */
static bool vmbus_op_act(struct vmbus_chan *chan, unsigned int act,
			 struct vmbus_open_args *args,
			 enum hvb_chan_event *event, int *err)
{
	u32 handle = chan->ch.ringbuffer_gpadlhandle.gpadl_handle;
	int ret;

	if (act & HVB_DO_STOP_CB)
		vmbus_chan_quiesce(chan);
	if (act & HVB_DO_CANCEL)
		vmbus_op_forget_modify(chan);
	if (act & HVB_DO_SEND_GPADL) {
		*event = vmbus_op_gpadl(chan, args, err);
		return true;
	}
	if (act & HVB_DO_SEND_OPEN) {
		*event = vmbus_op_open(chan, args, err);
		return true;
	}
	if (act & HVB_DO_SEND_CLOSE) {
		ret = vmbus_op_post_close(chan);
		if (ret && (act & HVB_DO_TEARDOWN)) {
			/* Don't take memory from a device that still runs. */
			*err = ret;
			*event = HVB_EV_POST_FAIL;
			return true;
		}
	}
	if (act & HVB_DO_TEARDOWN) {
		*err = vmbus_gpadl_revoke(chan, handle);
		*event = *err ? vmbus_op_error_event(*err) : HVB_EV_TORNDOWN;
		return true;
	}
	if (act & (HVB_DO_FREE_RING | HVB_DO_LEAK_RING))
		vmbus_op_ring_done(chan, act & HVB_DO_LEAK_RING);
	return false;
}

/*
 * Runs an operation to its end. Returns why it was refused, or the first thing
 * that went wrong, or 0.
 */
static int vmbus_op_run(struct vmbus_chan *chan, enum hvb_chan_event event,
			struct vmbus_open_args *args)
{
	unsigned int act;
	int err, ret = 0;
	bool more;

	lockdep_assert_held(&chan->op_lock);

	do {
		err = vmbus_chan_event(chan, event, &act);
		if (err)
			return ret ?: err;
		more = vmbus_op_act(chan, act, args, &event, &err);
		ret = ret ?: err;
	} while (more);
	return ret;
}

/**
 * vmbus_alloc_ring() - get memory for both rings of a channel
 * @newchannel: channel without rings
 * @send_size: size of the outbound ring with its header in bytes, a multiple of
 *	the page size
 * @recv_size: the same for the inbound ring
 *
 * The memory is physically contiguous, drivers map it to user space. It stays
 * over opening and closing, until vmbus_free_ring().
 *
 * Context: process.
 * Return: 0; -EINVAL for sizes that can't be; -EBUSY if there are rings
 * already; -ENOMEM.
 */
int vmbus_alloc_ring(struct vmbus_channel *newchannel, u32 send_size,
		     u32 recv_size)
{
	gfp_t gfp = GFP_KERNEL | __GFP_ZERO;
	struct page *page;
	u32 size;
	int order;

	if (send_size % PAGE_SIZE || recv_size % PAGE_SIZE ||
	    check_add_overflow(send_size, recv_size, &size) || !size)
		return -EINVAL;
	if (newchannel->ringbuffer_page)
		return -EBUSY;

	order = get_order(size);
	if (order > MAX_PAGE_ORDER)
		return -ENOMEM;
	page = alloc_pages_node(cpu_to_node(newchannel->target_cpu),
				gfp | __GFP_NOWARN, order);
	if (!page)
		page = alloc_pages(gfp, order);
	if (!page)
		return -ENOMEM;

	newchannel->ringbuffer_page = page;
	newchannel->ringbuffer_pagecount = size >> PAGE_SHIFT;
	newchannel->ringbuffer_send_offset = send_size >> PAGE_SHIFT;
	return 0;
}

/* Frees the pages of the rings, or leaves them to the host. */
static void vmbus_ring_pages_free(struct vmbus_channel *ch)
{
	struct vmbus_gpadl *gpadl = &ch->ringbuffer_gpadlhandle;

	if (!ch->ringbuffer_page)
		return;
	if (!gpadl->decrypted)
		__free_pages(ch->ringbuffer_page,
			     get_order(ch->ringbuffer_pagecount << PAGE_SHIFT));
	ch->ringbuffer_page = NULL;
	memset(gpadl, 0, sizeof(*gpadl));
}

/**
 * vmbus_free_ring() - free the memory of both rings of a channel
 * @channel: channel; is closed first if its driver has forgotten to
 *
 * Memory that the host may still map is not freed.
 *
 * Context: process.
 */
void vmbus_free_ring(struct vmbus_channel *channel)
{
	struct vmbus_chan *chan = to_vmbus_chan(channel);

	if (READ_ONCE(channel->state) == CHANNEL_OPENED_STATE)
		vmbus_disconnect_ring(channel);

	mutex_lock(&chan->op_lock);
	vmbus_chan_close(chan);
	vmbus_ring_pages_free(channel);
	mutex_unlock(&chan->op_lock);
}

/* The part of opening that happens before the host is told; undone on error. */
static int vmbus_open_prepare(struct vmbus_chan *chan,
			      void (*cb)(void *context), void *context)
{
	struct vmbus_channel *ch = &chan->ch;
	struct vmbus_gpadl *gpadl = &ch->ringbuffer_gpadlhandle;
	int ret;

	if (!ch->max_pkt_size)
		ch->max_pkt_size = VMBUS_DEFAULT_MAX_PKT_SIZE;
	ret = vmbus_txids_alloc(chan);
	if (ret)
		return ret;
	ret = vmbus_gpadl_share(chan, page_address(ch->ringbuffer_page),
				ch->ringbuffer_pagecount << PAGE_SHIFT, gpadl);
	if (ret)
		goto err_txids;
	ret = vmbus_ring_map(chan);
	if (ret)
		goto err_unshare;
	ret = vmbus_chan_arm_cb(chan, cb, context);
	if (ret)
		goto err_unmap;
	return 0;

err_unmap:
	vmbus_ring_unmap(chan);
err_unshare:
	vmbus_gpadl_unshare(gpadl);
err_txids:
	vmbus_txids_free(chan);
	return ret;
}

static int vmbus_open_locked(struct vmbus_chan *chan,
			     struct vmbus_open_args *args,
			     void (*cb)(void *context), void *context)
{
	struct vmbus_channel *ch = &chan->ch;
	enum hvb_chan_state state;
	int ret;

	if (ch->rescind)
		return -ENODEV;
	if (vmbus_chan_state(chan) == HVB_CH_STUCK)
		return -EIO;
	if (vmbus_chan_state(chan) != HVB_CH_CLOSED || !ch->ringbuffer_page)
		return -EINVAL;
	/* An earlier close could not get this memory back. */
	if (ch->ringbuffer_gpadlhandle.decrypted)
		return -EIO;

	ret = hvb_gpadl_layout(&args->lay, HVB_GPADL_RING, PAGE_SIZE,
			       ch->ringbuffer_pagecount << PAGE_SHIFT,
			       ch->ringbuffer_send_offset << PAGE_SHIFT);
	if (ret)
		return ret;
	ret = vmbus_open_prepare(chan, cb, context);
	if (ret)
		return ret;

	ret = vmbus_op_run(chan, HVB_EV_OPEN_REQ, args);
	state = vmbus_chan_state(chan);
	if (hvb_chan_legacy_state(state) == HVB_LEGACY_OPENED)
		return 0;

	/* A rescind may have come before the first message. */
	if (chan->tx_map)
		vmbus_op_ring_done(chan, false);
	/* It may have been opened first, and can't be released like that. */
	if (state == HVB_CH_RESC_CLOSED && args->sent)
		vmbus_op_post_close(chan);
	return ret ?: -ENODEV;
}

static int vmbus_open_ring(struct vmbus_channel *ch, const void *userdata,
			   u32 userdatalen, void (*cb)(void *context),
			   void *context)
{
	struct vmbus_chan *chan = to_vmbus_chan(ch);
	struct vmbus_open_args args = {
		.user_data = userdata,
		.user_data_len = userdatalen,
	};
	int ret;

	if (userdatalen > HVB_USER_DEF_LEN)
		return -EINVAL;

	mutex_lock(&chan->op_lock);
	ret = vmbus_open_locked(chan, &args, cb, context);
	mutex_unlock(&chan->op_lock);
	return ret;
}

/**
 * vmbus_connect_ring() - open a channel with the rings that it has
 * @newchannel: channel with rings from vmbus_alloc_ring()
 * @onchannelcallback: called when the host has written, or has made room
 * @context: its argument
 *
 * The callback may run before this returns.
 *
 * Context: process; waits for the host.
 * Return: 0; -ENODEV if the channel was rescinded; -EINVAL if it is open or has
 * no rings; -EAGAIN or -EDQUOT if the host refused; -ETIMEDOUT if it did not
 * answer, and -EIO ever after; -ENOMEM.
 */
int vmbus_connect_ring(struct vmbus_channel *newchannel,
		       void (*onchannelcallback)(void *context), void *context)
{
	return vmbus_open_ring(newchannel, NULL, 0, onchannelcallback, context);
}

/**
 * vmbus_open() - open a channel
 * @newchannel: channel that isn't open
 * @send_ringbuffer_size: size of the outbound ring with its header in bytes, a
 *	multiple of the page size
 * @recv_ringbuffer_size: the same for the inbound ring
 * @userdata: bytes for the device, or %NULL
 * @userdatalen: number of them, at most MAX_USER_DEFINED_BYTES
 * @onchannelcallback: called when the host has written, or has made room
 * @context: its argument
 *
 * The callback may run before this returns.
 *
 * Context: process; waits for the host.
 * Return: see vmbus_alloc_ring() and vmbus_connect_ring().
 */
int vmbus_open(struct vmbus_channel *newchannel, u32 send_ringbuffer_size,
	       u32 recv_ringbuffer_size, void *userdata, u32 userdatalen,
	       void (*onchannelcallback)(void *context), void *context)
{
	int ret;

	ret = vmbus_alloc_ring(newchannel, send_ringbuffer_size,
			       recv_ringbuffer_size);
	if (ret)
		return ret;

	ret = vmbus_open_ring(newchannel, userdata, userdatalen,
			      onchannelcallback, context);
	if (ret)
		vmbus_free_ring(newchannel);
	return ret;
}

/**
 * vmbus_chan_close() - close one channel
 * @chan: channel; nothing happens if it isn't open
 *
 * Context: process; op_lock is held; waits for the host.
 * Return: 0; -EINVAL or another refusal if it isn't open; else what went wrong,
 * and the ring memory was left to the host.
 */
int vmbus_chan_close(struct vmbus_chan *chan)
{
	vmbus_chan_quiesce(chan);
	return vmbus_op_run(chan, HVB_EV_CLOSE_REQ, NULL);
}

/*
 * Collects the sub-channels of @primary, with a reference on each, and disarms
 * the callbacks of all: one grace period will do then.
 */
static void vmbus_close_collect(struct vmbus_chan *primary,
				struct list_head *subs)
{
	struct vmbus_channel *sc;

	lockdep_assert_held(&primary->sc_lock);

	vmbus_chan_disarm_cb(primary);
	mutex_lock(vmbus_channel_mutex);
	list_for_each_entry(sc, &primary->ch.sc_list, sc_list) {
		struct vmbus_chan *sub = vmbus_chan_get(to_vmbus_chan(sc));

		vmbus_chan_disarm_cb(sub);
		list_add_tail(&sub->close_node, subs);
	}
	mutex_unlock(vmbus_channel_mutex);
}

static void vmbus_close_sub(struct vmbus_chan *sub)
{
	sub->release_actions = 0;
	mutex_lock_nested(&sub->op_lock, SINGLE_DEPTH_NESTING);
	if (vmbus_chan_close(sub) != -EINVAL)
		vmbus_ring_pages_free(&sub->ch);
	/* It was rescinded while it was open, and left for us to remove. */
	if (sub->remove_on_close)
		sub->release_actions = vmbus_chan_release_begin(sub);
	mutex_unlock(&sub->op_lock);
}

/**
 * vmbus_disconnect_ring() - close a channel and keep its rings
 * @channel: primary channel; its sub-channels are closed first, and their rings
 *	freed
 *
 * No callback runs any more when this returns. Sub-channels that are not closed
 * here (by a driver that closes one by itself) are closed with their primary.
 *
 * Context: process; not from a callback; waits for the host.
 * Return: 0; -EINVAL if the channel isn't open, or is a sub-channel; else what
 * went wrong, and the ring memory was left to the host.
 */
int vmbus_disconnect_ring(struct vmbus_channel *channel)
{
	struct vmbus_chan *primary = to_vmbus_chan(channel);
	struct vmbus_chan *sub, *tmp;
	LIST_HEAD(subs);
	int ret;

	if (channel->primary_channel)
		return -EINVAL;

	WRITE_ONCE(channel->sc_creation_callback, NULL);
	/* A socket doesn't let go of its channel before it was told. */
	if (!is_hvsock_channel(channel))
		WRITE_ONCE(channel->chn_rescind_callback, NULL);
	/* Waits for a callback that opens a sub-channel right now. */
	mutex_lock(&primary->sc_lock);
	mutex_lock(&primary->op_lock);
	vmbus_close_collect(primary, &subs);
	list_for_each_entry(sub, &subs, close_node)
		vmbus_close_sub(sub);
	ret = vmbus_chan_close(primary);
	mutex_unlock(&primary->op_lock);

	list_for_each_entry_safe(sub, tmp, &subs, close_node) {
		list_del_init(&sub->close_node);
		vmbus_chan_release_finish(sub, sub->release_actions);
		vmbus_chan_put(sub);
	}
	mutex_unlock(&primary->sc_lock);
	return ret;
}

/**
 * vmbus_close() - close a channel and free its rings
 * @channel: primary channel; its sub-channels are closed first
 *
 * Nothing happens to a channel that isn't open, nor to a sub-channel: that is
 * closed with its primary.
 *
 * Context: process; not from a callback; waits for the host.
 */
void vmbus_close(struct vmbus_channel *channel)
{
	if (vmbus_disconnect_ring(channel) != -EINVAL)
		vmbus_free_ring(channel);
}

static int vmbus_modify_result(const struct vmbus_request *req)
{
	struct hv_view view = hv_view_of(req->answer, req->answer_len);
	struct hvb_msg msg;

	if (hvb_msg_decode(&view, vmbus_conn.version, &msg) ||
	    msg.type != HVB_MSG_MODIFY_RESPONSE)
		return -EPROTO;
	return msg.modify.status ? -EAGAIN : 0;
}

static bool vmbus_modify_wait(struct vmbus_request *req)
{
	unsigned long limit = msecs_to_jiffies(VMBUS_REQUEST_TIMEOUT_MS);
	unsigned long begin = jiffies;
	bool done = wait_for_completion_timeout(&req->done, limit);

	vmbus_waited(VMBUS_WAIT_ANSWER, begin);
	return done;
}

/* MODIFYCHANNEL to a host that answers it, one at a time. */
static int vmbus_modify_acked(struct vmbus_chan *chan, const struct hvb_wire *w)
{
	struct hvb_request_key key =
		hvb_key_modify(chan->ch.offermsg.child_relid);
	struct vmbus_request *req = &chan->modify_req;
	unsigned int act;
	int ret;

	if (chan->modify_late && completion_done(&req->done)) {
		vmbus_op_forget_modify(chan);
		vmbus_chan_event(chan, HVB_EV_MODIFY_DONE, &act);
	}
	ret = vmbus_chan_event(chan, HVB_EV_MODIFY_REQ, &act);
	if (ret)
		return ret;

	vmbus_request_start(req, &key, chan);
	ret = vmbus_post(w->data, w->len, true);
	/* After a timeout no other one may be sent before it is answered. */
	if (!ret && !vmbus_modify_wait(req)) {
		WRITE_ONCE(chan->modify_late, true);
		return -ETIMEDOUT;
	}
	if (ret)
		vmbus_request_cancel(req);
	else
		ret = vmbus_request_wait(req, 0);
	vmbus_chan_event(chan, HVB_EV_MODIFY_DONE, &act);
	return ret ?: vmbus_modify_result(req);
}

/**
 * vmbus_chan_modify() - ask the host to interrupt another CPU
 * @chan: open channel
 * @target_vp: virtual processor number of that CPU
 *
 * Before version 5.3 the host doesn't say when it does.
 *
 * Context: process; op_lock is held; waits for the host.
 * Return: 0; -EOPNOTSUPP before version 4.1; -EAGAIN if the host refused;
 * -EBUSY if it owes the answer to an earlier request; -EINVAL if the channel
 * isn't open; or another negative error number.
 */
int vmbus_chan_modify(struct vmbus_chan *chan, u32 target_vp)
{
	u32 relid = chan->ch.offermsg.child_relid;
	struct hvb_wire w;
	int ret;

	lockdep_assert_held(&chan->op_lock);

	if (!hvb_cpu_can_retarget(vmbus_conn.version))
		return -EOPNOTSUPP;
	ret = hvb_enc_modify(&w, vmbus_conn.version, relid, target_vp);
	if (ret)
		return ret;

	if (hvb_cpu_retarget_acked(vmbus_conn.version))
		ret = vmbus_modify_acked(chan, &w);
	else if (hvb_chan_is_open(vmbus_chan_state(chan)))
		ret = vmbus_post(w.data, w.len, true);
	else
		ret = -EINVAL;
	trace_vmbus_send_modifychannel(relid, target_vp, ret);
	return ret;
}

/**
 * vmbus_send_modifychannel() - ask the host to interrupt another CPU
 * @channel: open channel
 * @target_vp: virtual processor number of that CPU
 *
 * Context: process; waits for the host.
 * Return: see vmbus_chan_modify().
 */
int vmbus_send_modifychannel(struct vmbus_channel *channel, u32 target_vp)
{
	struct vmbus_chan *chan = to_vmbus_chan(channel);
	int ret;

	mutex_lock(&chan->op_lock);
	ret = vmbus_chan_modify(chan, target_vp);
	mutex_unlock(&chan->op_lock);
	return ret;
}
