// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control messages: matching answers to requests, and taking in what the host
 * sends.
 *
 * The host puts one message at a time into the slot of our SINT and waits until
 * it is emptied. The interrupt copies the slot once. An answer completes its
 * request on the spot, because the waiter may hold up the very thread that
 * handles offers. Offers and rescinds go to a queue of fixed size, in order,
 * for the work on hv_vmbus_con. If the queue is full the slot stays taken:
 * the host waits, nothing is lost and nothing is allocated. Once the queue is
 * empty the work looks at such slots again, on their CPU.
 *
 * Locks: ctrl.lock guards the queue and vmbus_conn.ignore_offers, req_lock the
 * requests. Both are raw, as they are taken in hard interrupts on PREEMPT_RT,
 * too, and they are leaves.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sched/mm.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <clocksource/hyperv_timer.h>
#include <asm/barrier.h>
#include <asm/mshyperv.h>

#include <linux/hyperv/shared.h>
#include <linux/hyperv/view.h>

#include "core.h"
#include "trace.h"
#include "vmbus.h"

/* Offers and rescinds that wait for the work; a power of two. */
#define CTRL_QUEUE_LEN		128U

struct ctrl_msg {
	u32 len;
	u8 payload[HVB_MSG_MAX];
};

static struct {
	raw_spinlock_t lock;
	struct ctrl_msg *queue;
	u32 head;
	u32 tail;
	bool stalled;
	struct work_struct work;
} ctrl = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(ctrl.lock),
};

static DEFINE_RAW_SPINLOCK(req_lock);
static LIST_HEAD(req_list);

static struct {
	atomic_long_t rejects[HVB_REJ_COUNT];
	atomic_long_t received;
	atomic_long_t stalls;
} ctrl_stats;

static const struct {
	const char *name;
	u32 limit_ms;
} wait_kinds[VMBUS_WAITS] = {
	[VMBUS_WAIT_CONTACT] = { "contact", VMBUS_CONTACT_TIMEOUT_MS },
	[VMBUS_WAIT_ANSWER] = { "answer", VMBUS_REQUEST_TIMEOUT_MS },
	[VMBUS_WAIT_UNLOAD] = { "unload", VMBUS_UNLOAD_TIMEOUT_MS },
	[VMBUS_WAIT_OFFERS] = { "offers", VMBUS_RESUME_OFFERS_TIMEOUT_MS },
	[VMBUS_WAIT_RESCIND] = { "rescind", VMBUS_RESCIND_TIMEOUT_MS },
	[VMBUS_WAIT_DRIVERS] = { "drivers", VMBUS_SETTLE_TIMEOUT_MS },
};

static u32 wait_longest[VMBUS_WAITS];

/* A request was not answered in time, and nothing has been answered since. */
static bool host_silent;

/* ---- requests ---- */

static void request_complete(struct vmbus_request *req)
{
	lockdep_assert_held(&req_lock);

	list_del_init(&req->node);
	/* The last access: the waiter's stack may be gone right after. */
	complete(&req->done);
}

/**
 * vmbus_request_start() - expect an answer
 * @req: request, uninitialised
 * @key: which answer
 * @chan: channel whose rescind ends the wait, or NULL
 *
 * To be called before the message is posted. Each started request has to be
 * ended by vmbus_request_wait(), vmbus_request_cancel() or vmbus_call().
 *
 * Context: any.
 */
void vmbus_request_start(struct vmbus_request *req,
			 const struct hvb_request_key *key,
			 struct vmbus_chan *chan)
{
	unsigned long flags;

	INIT_LIST_HEAD(&req->node);
	hvb_request_init(&req->wait, key);
	req->chan = chan;
	init_completion(&req->done);
	req->answer_len = 0;

	raw_spin_lock_irqsave(&req_lock, flags);
	list_add_tail(&req->node, &req_list);
	/*
	 * A rescind before this has not seen the request; one after it will. A
	 * channel that the guest itself took from its driver looks rescinded to
	 * the driver alone: the host will answer.
	 */
	if (chan && hvb_chan_host_let_go(READ_ONCE(chan->state)) &&
	    hvb_request_end(&req->wait, -ENODEV))
		request_complete(req);
	raw_spin_unlock_irqrestore(&req_lock, flags);
}

static int request_end(struct vmbus_request *req, int error)
{
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&req_lock, flags);
	if (hvb_request_end(&req->wait, error))
		list_del_init(&req->node);
	ret = hvb_request_result(&req->wait);
	raw_spin_unlock_irqrestore(&req_lock, flags);

	return ret;
}

/**
 * vmbus_waited() - a wait with a limit has ended
 * @what: what was waited for
 * @since: when the wait began, in jiffies
 *
 * Keeps the longest wait of each kind for debugfs.
 *
 * Context: any.
 */
void vmbus_waited(enum vmbus_wait what, unsigned long since)
{
	u32 ms = jiffies_to_msecs(jiffies - since);
	u32 longest = READ_ONCE(wait_longest[what]);

	while (ms > longest &&
	       !try_cmpxchg(&wait_longest[what], &longest, ms))
		;
}

/**
 * vmbus_request_wait() - wait for the answer
 * @req: request that was started
 * @timeout_ms: limit in milliseconds
 *
 * Context: process context, may sleep. The request is ended afterwards.
 * Return: 0 if &vmbus_request.answer is there, -ETIMEDOUT, or why the wait was
 * ended, see vmbus_requests_abort().
 */
int vmbus_request_wait(struct vmbus_request *req, unsigned int timeout_ms)
{
	unsigned long begin = jiffies;
	int ret;

	wait_for_completion_timeout(&req->done, msecs_to_jiffies(timeout_ms));
	/* What is asked about no channel is the version. */
	vmbus_waited(req->chan ? VMBUS_WAIT_ANSWER : VMBUS_WAIT_CONTACT, begin);

	/* Does nothing if it was completed, perhaps just now. */
	ret = request_end(req, -ETIMEDOUT);
	if (ret == -ETIMEDOUT)
		WRITE_ONCE(host_silent, true);
	return ret;
}

/**
 * vmbus_teardown_timeout() - how long to wait for GPADL_TORNDOWN
 *
 * Channels are torn down one by one, under locks. Behind a host that has left
 * a request unanswered that would add up to hours. Memory that it may still map
 * is given up then, as after any time-out.
 *
 * Context: any.
 * Return: limit in milliseconds.
 */
unsigned int vmbus_teardown_timeout(void)
{
	return READ_ONCE(host_silent) ? VMBUS_SILENT_TIMEOUT_MS :
					VMBUS_REQUEST_TIMEOUT_MS;
}

/**
 * vmbus_request_cancel() - expect no answer any more
 * @req: request that was started
 *
 * Context: any.
 */
void vmbus_request_cancel(struct vmbus_request *req)
{
	request_end(req, -ECANCELED);
}

/**
 * vmbus_call() - post a message and wait for its answer
 * @req: request, started; ended afterwards
 * @msg: the message
 * @len: its length in bytes
 * @timeout_ms: limit of the wait for the answer in milliseconds
 *
 * Context: process context, may sleep.
 * Return: 0 if there is an answer, an error of vmbus_post() or of
 * vmbus_request_wait().
 */
int vmbus_call(struct vmbus_request *req, const void *msg, size_t len,
	       unsigned int timeout_ms)
{
	int ret;

	ret = vmbus_post(msg, len, true);
	if (ret) {
		vmbus_request_cancel(req);
		return ret;
	}

	return vmbus_request_wait(req, timeout_ms);
}

/**
 * vmbus_requests_abort() - end the waits of a channel
 * @chan: channel, with rescind set already, or NULL for all requests
 * @status: what the waiters are to return, negative
 *
 * Context: any.
 */
void vmbus_requests_abort(struct vmbus_chan *chan, int status)
{
	struct vmbus_request *req, *tmp;
	unsigned long flags;

	raw_spin_lock_irqsave(&req_lock, flags);
	list_for_each_entry_safe(req, tmp, &req_list, node) {
		if (chan && req->chan != chan)
			continue;
		if (hvb_request_end(&req->wait, status))
			request_complete(req);
	}
	raw_spin_unlock_irqrestore(&req_lock, flags);
}

/**
 * vmbus_request_answer() - give an answer to whoever waits for it
 * @key: key of the answer
 * @msg: private copy of the message
 * @len: its length in bytes; what is beyond &vmbus_request.answer is cut off,
 *	no answer has fields there
 *
 * Context: any.
 * Return: false if nobody waits for it.
 */
bool vmbus_request_answer(const struct hvb_request_key *key,
			  const void *msg, u32 len)
{
	struct vmbus_request *req;
	unsigned long flags;
	bool found = false;

	/* Even if it comes too late. */
	WRITE_ONCE(host_silent, false);

	raw_spin_lock_irqsave(&req_lock, flags);
	list_for_each_entry(req, &req_list, node) {
		if (!hvb_request_answer(&req->wait, key))
			continue;
		req->answer_len = min_t(u32, len, sizeof(req->answer));
		memcpy(req->answer, msg, req->answer_len);
		request_complete(req);
		found = true;
		break;
	}
	raw_spin_unlock_irqrestore(&req_lock, flags);

	return found;
}

/* ---- messages from the host ---- */

static enum hvb_conn_state ctrl_state(void)
{
	switch (READ_ONCE(vmbus_conn.phase)) {
	case VMBUS_CONNECTING:
		return HVB_CONN_CONTACT;
	case VMBUS_CONNECTED:
		if (READ_ONCE(vmbus_conn.ignore_offers))
			return HVB_CONN_SUSPEND;
		return HVB_CONN_UP;
	case VMBUS_UNLOADING:
		return HVB_CONN_UNLOAD;
	default:
		return HVB_CONN_DOWN;
	}
}

static void ctrl_reject(u32 type, enum hvb_reject why)
{
	long count = atomic_long_inc_return(&ctrl_stats.rejects[why]);

	/*
	 * Messages that newer hosts send, and offers in flight while the
	 * connection ends, are nobody's fault.
	 */
	if (why == HVB_REJ_UNSUPPORTED || why == HVB_REJ_STATE)
		pr_debug_ratelimited("ignored %s: %s\n", hvb_msg_name(type),
				     hvb_reject_name(why));
	else
		pr_warn_ratelimited("dropped a message, %s (%u): %s, %ld so far\n",
				    hvb_msg_name(type), type,
				    hvb_reject_name(why), count);
}

/* Return: false if the queue is full and the slot has to stay taken. */
static bool ctrl_enqueue(struct vmbus_cpu *vc, u32 type,
			 const struct hv_view *msg)
{
	struct ctrl_msg *entry;
	unsigned long flags;
	bool taken = true;

	raw_spin_lock_irqsave(&ctrl.lock, flags);
	if (!ctrl.queue)
		goto unlock;
	/* Once more, now under the lock: see vmbus_ctrl_ignore_offers(). */
	if (vmbus_conn.ignore_offers && type != HVB_MSG_RESCIND)
		goto unlock;

	if (ctrl.head - ctrl.tail == CTRL_QUEUE_LEN) {
		vc->stalled = true;
		ctrl.stalled = true;
		atomic_long_inc(&ctrl_stats.stalls);
		taken = false;
		goto unlock;
	}

	entry = &ctrl.queue[ctrl.head % CTRL_QUEUE_LEN];
	entry->len = msg->len;
	memcpy(entry->payload, msg->p, msg->len);
	ctrl.head++;
	queue_work(vmbus_conn.con_wq, &ctrl.work);
unlock:
	raw_spin_unlock_irqrestore(&ctrl.lock, flags);
	return taken;
}

static bool ctrl_dequeue(struct ctrl_msg *msg)
{
	unsigned long flags;
	bool found;

	raw_spin_lock_irqsave(&ctrl.lock, flags);
	found = ctrl.head != ctrl.tail;
	if (found) {
		*msg = ctrl.queue[ctrl.tail % CTRL_QUEUE_LEN];
		ctrl.tail++;
	}
	raw_spin_unlock_irqrestore(&ctrl.lock, flags);

	return found;
}

static void ctrl_trace_answer(const struct hvb_msg *msg)
{
	switch (msg->type) {
	case HVB_MSG_OPEN_RESULT:
		trace_vmbus_onopen_result(&msg->open_result);
		break;
	case HVB_MSG_GPADL_CREATED:
		trace_vmbus_ongpadl_created(&msg->gpadl_created);
		break;
	case HVB_MSG_GPADL_TORNDOWN:
		trace_vmbus_ongpadl_torndown(msg->torndown_gpadl);
		break;
	case HVB_MSG_MODIFY_RESPONSE:
		trace_vmbus_onmodifychannel_response(&msg->modify);
		break;
	case HVB_MSG_VERSION_RESPONSE:
		trace_vmbus_onversion_response(&msg->version);
		break;
	default:
		break;
	}
}

static enum hvb_reject ctrl_answer(const struct hv_view *view)
{
	struct hvb_request_key key;
	enum hvb_reject why;
	struct hvb_msg msg;

	why = hvb_msg_decode(view, READ_ONCE(vmbus_conn.version), &msg);
	if (why)
		return why;

	ctrl_trace_answer(&msg);

	if (msg.type == HVB_MSG_UNLOAD_RESPONSE) {
		WRITE_ONCE(vmbus_conn.unload_seen, true);
		complete(&vmbus_conn.unload_done);
		return HVB_OK;
	}

	if (!hvb_request_key_of(&msg, &key))
		return HVB_REJ_UNSUPPORTED;

	return vmbus_request_answer(&key, view->p, view->len) ?
		HVB_OK : HVB_REJ_NO_REQUEST;
}

/* What hosts send without being asked, in an order that matters. */
static bool ctrl_ordered(u32 type)
{
	return hvb_msg_sleeps(type) || type == HVB_MSG_ALL_OFFERS;
}

/* Return: false if the message could not be taken and has to stay. */
static bool ctrl_take(struct vmbus_cpu *vc, const struct hv_message *msg)
{
	u32 len = msg->header.payload_size;
	enum hvb_reject why;
	struct hv_view view;
	u32 type;

	view = hv_view_of(msg->u.payload, min(len, HVB_MSG_MAX));
	type = hvb_msg_type(&view);

	trace_vmbus_on_msg_dpc(type);

	why = hvb_msg_gate(ctrl_state(), READ_ONCE(vmbus_conn.version), type,
			   len);
	if (!why) {
		if (ctrl_ordered(type))
			return ctrl_enqueue(vc, type, &view);
		why = ctrl_answer(&view);
	}

	if (why)
		ctrl_reject(type, why);
	return true;
}

/*
 * Does the synthetic timer of this CPU expire by message? Only then is there a
 * clock event device with a handler, and a forged message must not make us
 * call into one that isn't there. The register says so once the device was
 * used; from then on it has a handler, if only one that does nothing.
 */
static bool ctrl_timer_expected(struct vmbus_cpu *vc)
{
	union hv_stimer_config config;

	if (likely(vc->timer))
		return true;

	if (vmbus_timer_direct() ||
	    !(ms_hyperv.features & HV_MSR_SYNTIMER_AVAILABLE))
		return false;

	config.as_uint64 = hv_get_msr(HV_MSR_STIMER0_CONFIG);
	if (!config.auto_enable || config.direct_mode ||
	    config.sintx != VMBUS_SINT)
		return false;

	vc->timer = true;
	return true;
}

/**
 * vmbus_ctrl_isr() - look at the message slot of this CPU
 * @cpu: state of this CPU
 *
 * Context: hard interrupt on the CPU that @cpu belongs to.
 * Return: true if there was a message, even one that had to stay.
 */
bool vmbus_ctrl_isr(struct vmbus_cpu *cpu)
{
	struct hv_message *slot = vmbus_msg_slot(cpu);
	struct hv_message msg;
	u32 type;

	if (unlikely(!slot))
		return false;

	type = READ_ONCE(slot->header.message_type);
	if (type == HVMSG_NONE)
		return false;

	if (type == HVMSG_TIMER_EXPIRED) {
		if (ctrl_timer_expected(cpu))
			hv_stimer0_isr();
		else
			ctrl_reject(HVB_MSG_INVALID, HVB_REJ_UNSUPPORTED);
		vmbus_signal_eom(slot, type);
		return true;
	}

	if (!(type & VMBUS_HV_MSG_TYPE)) {
		/* Pairs with the host, which fills the slot, then its type. */
		virt_rmb();
		hvs_copyin(&msg, (void __force __hvshared *)slot, sizeof(msg));
		if (!ctrl_take(cpu, &msg))
			return true;
		atomic_long_inc(&ctrl_stats.received);
	} else {
		ctrl_reject(HVB_MSG_INVALID, HVB_REJ_UNKNOWN);
	}

	vmbus_signal_eom(slot, type);
	return true;
}

static void ctrl_reread(void *unused)
{
	vmbus_ctrl_isr(this_cpu_ptr(vmbus_conn.cpu));
}

/* The queue has room again: look at the slots that had to wait for it. */
static void ctrl_unstall(void)
{
	unsigned long flags;
	unsigned int cpu;
	bool stalled;

	raw_spin_lock_irqsave(&ctrl.lock, flags);
	stalled = ctrl.stalled;
	ctrl.stalled = false;
	raw_spin_unlock_irqrestore(&ctrl.lock, flags);

	if (!stalled || !vmbus_conn.cpu)
		return;

	for_each_online_cpu(cpu) {
		struct vmbus_cpu *vc = per_cpu_ptr(vmbus_conn.cpu, cpu);

		raw_spin_lock_irqsave(&ctrl.lock, flags);
		stalled = vc->stalled;
		vc->stalled = false;
		raw_spin_unlock_irqrestore(&ctrl.lock, flags);

		/* A CPU that goes offline has no more messages to deliver. */
		if (stalled)
			smp_call_function_single(cpu, ctrl_reread, NULL, 1);
	}
}

static void ctrl_offer(const struct hvb_offer *offer)
{
	int ret = vmbus_on_offer(offer);

	switch (ret) {
	case 0:
		break;
	case -EEXIST:
		ctrl_reject(HVB_MSG_OFFER, HVB_REJ_DUPLICATE);
		break;
	case -ENODEV:
		ctrl_reject(HVB_MSG_OFFER, HVB_REJ_NO_CHANNEL);
		break;
	case -EACCES:
		ctrl_reject(HVB_MSG_OFFER, HVB_REJ_ISOLATION);
		break;
	default:
		pr_warn_ratelimited("offer of channel %u: %d\n",
				    offer->relid, ret);
	}
}

static void ctrl_handle(const struct ctrl_msg *entry)
{
	struct hv_view view = hv_view_of(entry->payload, entry->len);
	enum hvb_reject why;
	struct hvb_msg msg;

	why = hvb_msg_decode(&view, READ_ONCE(vmbus_conn.version), &msg);
	if (why) {
		ctrl_reject(hvb_msg_type(&view), why);
		return;
	}

	trace_vmbus_on_message(msg.type);

	switch (msg.type) {
	case HVB_MSG_OFFER:
		ctrl_offer(&msg.offer);
		break;
	case HVB_MSG_RESCIND:
		if (vmbus_on_rescind(msg.rescind_relid))
			ctrl_reject(HVB_MSG_RESCIND, HVB_REJ_NO_CHANNEL);
		break;
	case HVB_MSG_ALL_OFFERS:
		complete_all(&vmbus_conn.offers_done);
		break;
	default:
		ctrl_reject(msg.type, HVB_REJ_UNSUPPORTED);
		break;
	}
}

/* A host that never pauses must not keep vmbus_ctrl_flush() from its end. */
static void ctrl_work_fn(struct work_struct *work)
{
	/* Memory may wait for a disk whose rescind is in the queue. */
	unsigned int noio = memalloc_noio_save();
	struct ctrl_msg entry;
	unsigned int n;

	for (n = 0; n < CTRL_QUEUE_LEN && ctrl_dequeue(&entry); n++)
		ctrl_handle(&entry);
	memalloc_noio_restore(noio);
	ctrl_unstall();
	if (n == CTRL_QUEUE_LEN)
		queue_work(vmbus_conn.con_wq, work);
}

/**
 * vmbus_ctrl_ignore_offers() - drop offers, or stop doing so
 * @ignore: drop them
 *
 * After the call with true no more of them enter the queue; what is in it is
 * waited for by vmbus_ctrl_flush(). Rescinds go on, since closing a channel
 * makes the host rescind its sub-channels.
 *
 * Context: any.
 */
void vmbus_ctrl_ignore_offers(bool ignore)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ctrl.lock, flags);
	WRITE_ONCE(vmbus_conn.ignore_offers, ignore);
	raw_spin_unlock_irqrestore(&ctrl.lock, flags);
}

/**
 * vmbus_ctrl_flush() - wait until all offers and rescinds so far are handled
 *
 * They have been turned into events on device queues then.
 *
 * Context: process context, may sleep; not from hv_vmbus_con.
 */
void vmbus_ctrl_flush(void)
{
	if (!vmbus_conn.con_wq)
		return;
	/* What runs now may stop half-way, what it queues then does not. */
	flush_workqueue(vmbus_conn.con_wq);
	flush_workqueue(vmbus_conn.con_wq);
}

/**
 * vmbus_ctrl_show() - print the counters of control messages
 * @m: file of debugfs
 *
 * Context: any.
 */
void vmbus_ctrl_show(struct seq_file *m)
{
	unsigned int why, what;

	seq_printf(m, "received %ld stalls %ld\n",
		   atomic_long_read(&ctrl_stats.received),
		   atomic_long_read(&ctrl_stats.stalls));
	vmbus_post_show(m);

	for (what = 0; what < VMBUS_WAITS; what++)
		seq_printf(m, "longest_wait %u of %u ms for %s\n",
			   READ_ONCE(wait_longest[what]),
			   wait_kinds[what].limit_ms, wait_kinds[what].name);

	for (why = HVB_OK + 1; why < HVB_REJ_COUNT; why++) {
		long count = atomic_long_read(&ctrl_stats.rejects[why]);

		if (count)
			seq_printf(m, "rejected %ld %s\n", count,
				   hvb_reject_name(why));
	}
}

/**
 * vmbus_ctrl_init() - get ready to take messages
 *
 * Context: process context; hv_vmbus_con exists.
 * Return: 0 or -ENOMEM.
 */
int vmbus_ctrl_init(void)
{
	struct ctrl_msg *queue;
	unsigned long flags;

	queue = kcalloc(CTRL_QUEUE_LEN, sizeof(*queue), GFP_KERNEL);
	if (!queue)
		return -ENOMEM;

	INIT_WORK(&ctrl.work, ctrl_work_fn);

	raw_spin_lock_irqsave(&ctrl.lock, flags);
	ctrl.queue = queue;
	ctrl.head = 0;
	ctrl.tail = 0;
	WRITE_ONCE(vmbus_conn.ignore_offers, false);
	ctrl.stalled = false;
	raw_spin_unlock_irqrestore(&ctrl.lock, flags);
	return 0;
}

/**
 * vmbus_ctrl_exit() - take no more messages
 *
 * Context: process context, not connected.
 */
void vmbus_ctrl_exit(void)
{
	struct ctrl_msg *queue;
	unsigned long flags;

	raw_spin_lock_irqsave(&ctrl.lock, flags);
	queue = ctrl.queue;
	WRITE_ONCE(vmbus_conn.ignore_offers, true);
	raw_spin_unlock_irqrestore(&ctrl.lock, flags);

	if (!queue)
		return;

	vmbus_ctrl_flush();

	raw_spin_lock_irqsave(&ctrl.lock, flags);
	ctrl.queue = NULL;
	raw_spin_unlock_irqrestore(&ctrl.lock, flags);
	kfree(queue);
}
