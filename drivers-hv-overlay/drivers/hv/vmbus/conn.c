// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection to the VMBus host: pages and work queues, posting messages,
 * negotiation of the protocol version, request for offers, unload.
 *
 * Monitor pages, and before 5.0 the interrupt page, are given to the host with
 * INITIATE_CONTACT and are its until it refuses, or until it has answered
 * UNLOAD; conn_pages_shared keeps track. If that answer never comes they are
 * leaked when the connection object goes.
 *
 * vmbus_conn.phase changes in process context, one caller at a time (module
 * init and exit, hibernation, kexec), but for the crash path, which may come
 * at any moment and only ever ends the connection; hence the atomic accesses.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/nmi.h>
#include <linux/numa.h>
#include <linux/seq_file.h>
#include <linux/unaligned.h>
#include <linux/workqueue.h>
#include <asm/mshyperv.h>

#include <linux/hyperv/view.h>

#include "core.h"
#include "logic/version.h"
#include "trace.h"
#include "vmbus.h"

/* Virtual trust level whose guests may have a redirected connection id. */
#define CONN_VTL_REDIRECT	2

/* Back-off of vmbus_post(), and when it gives up, in microseconds. */
#define POST_DELAY_MIN_US	1
#define POST_DELAY_MAX_US	(100 * USEC_PER_MSEC)
#define POST_LIMIT_SLEEP_US	(60 * USEC_PER_SEC)
#define POST_LIMIT_ATOMIC_US	(10 * USEC_PER_SEC)
/* A host that takes not even the first message isn't there. */
#define POST_LIMIT_CONTACT_US	(10 * USEC_PER_SEC)
/* Longest delay that is spent in udelay(). */
#define POST_UDELAY_MAX_US	1000

struct vmbus_conn vmbus_conn = {
	.phase = VMBUS_DISCONNECTED,
	.chan_list = LIST_HEAD_INIT(vmbus_conn.chan_list),
	.unload_done = COMPLETION_INITIALIZER(vmbus_conn.unload_done),
	.offers_done = COMPLETION_INITIALIZER(vmbus_conn.offers_done),
};

/* Negotiated protocol version; stays when the connection ends. */
__u32 vmbus_proto_version;

static uint max_version = HVB_V5_3;
module_param(max_version, uint, 0444);
MODULE_PARM_DESC(max_version,
		 "Highest VMBus protocol version to negotiate, major << 16 | minor");

static bool conn_pages_shared;

/**
 * vmbus_conn_is_up() - test whether the host takes messages about channels
 *
 * Context: any; the answer may be out of date at once.
 * Return: true if connected.
 */
bool vmbus_conn_is_up(void)
{
	return READ_ONCE(vmbus_conn.phase) == VMBUS_CONNECTED;
}

static struct {
	atomic_long_t posted;
	atomic_long_t retries;
	atomic_long_t errors;
} post_stats;

static bool post_allowed(u32 type)
{
	switch (READ_ONCE(vmbus_conn.phase)) {
	case VMBUS_CONNECTED:
		return true;
	case VMBUS_CONNECTING:
		return type == HVB_MSG_INITIATE_CONTACT;
	case VMBUS_UNLOADING:
		return type == HVB_MSG_UNLOAD;
	default:
		return false;
	}
}

/* Return: 0, -EAGAIN or -ENOBUFS to try again, or another error for good. */
static int post_once(const void *msg, size_t len, u32 type)
{
	int status;

	if (!post_allowed(type))
		return -ENODEV;

	status = vmbus_synic_post(READ_ONCE(vmbus_conn.msg_conn_id), msg, len);
	switch (status) {
	case HV_STATUS_SUCCESS:
		return 0;
	case HV_STATUS_INVALID_CONNECTION_ID:
		/*
		 * A host that is older than the requested version doesn't have
		 * its connection id. Later on this is what some hosts say when
		 * messages come too fast.
		 */
		return type == HVB_MSG_INITIATE_CONTACT ? -ENXIO : -EAGAIN;
	case HV_STATUS_INSUFFICIENT_MEMORY:
	case HV_STATUS_INSUFFICIENT_BUFFERS:
		return -ENOBUFS;
	default:
		pr_err_ratelimited("posting %s failed: status %d\n",
				   hvb_msg_name(type), status);
		return -EINVAL;
	}
}

static void post_delay(unsigned int usec, bool can_sleep)
{
	if (can_sleep) {
		fsleep(usec);
		return;
	}

	touch_nmi_watchdog();
	if (usec > POST_UDELAY_MAX_US)
		mdelay(usec / USEC_PER_MSEC);
	else
		udelay(usec);
}

static unsigned int post_limit(u32 type, bool can_sleep)
{
	if (!can_sleep)
		return POST_LIMIT_ATOMIC_US;
	return type == HVB_MSG_INITIATE_CONTACT ? POST_LIMIT_CONTACT_US :
						  POST_LIMIT_SLEEP_US;
}

static int post_count(int ret)
{
	atomic_long_inc(ret ? &post_stats.errors : &post_stats.posted);
	return ret;
}

/**
 * vmbus_post() - send a control message to the host
 * @msg: the message
 * @len: its length in bytes, at most %HVB_MSG_MAX
 * @can_sleep: sleep between tries, else spin
 *
 * The host's queue is short; when it is full, or the host is short of memory,
 * this tries again with growing delays for up to a minute (ten seconds if
 * @can_sleep is false, and for INITIATE_CONTACT).
 *
 * Context: process context if @can_sleep, else any.
 * Return: 0, or -ENODEV if there is no connection that takes the message,
 * -ENXIO if INITIATE_CONTACT found no host with this connection id, -ENOBUFS
 * or -EAGAIN if the limit was reached, -EMSGSIZE, -EINVAL for other refusals.
 */
int vmbus_post(const void *msg, size_t len, bool can_sleep)
{
	unsigned int delay = POST_DELAY_MIN_US;
	unsigned int limit;
	unsigned int spent = 0;
	u32 type;
	int ret;

	might_sleep_if(can_sleep);

	if (len < HVB_MSG_HDR_LEN || len > HVB_MSG_MAX)
		return -EMSGSIZE;

	type = get_unaligned_le32(msg);
	limit = post_limit(type, can_sleep);

	for (;;) {
		ret = post_once(msg, len, type);
		if (ret != -EAGAIN && ret != -ENOBUFS)
			return post_count(ret);
		if (spent >= limit)
			break;

		atomic_long_inc(&post_stats.retries);
		post_delay(delay, can_sleep);
		spent += delay;
		delay = min_t(unsigned int, 2 * delay, POST_DELAY_MAX_US);
	}

	pr_err_ratelimited("the host takes no messages, %s dropped: %d\n",
			   hvb_msg_name(type), ret);
	return post_count(ret);
}

/**
 * vmbus_post_show() - print the counters of messages to the host
 * @m: file of debugfs
 *
 * Context: any.
 */
void vmbus_post_show(struct seq_file *m)
{
	seq_printf(m, "posted %ld retries %ld errors %ld\n",
		   atomic_long_read(&post_stats.posted),
		   atomic_long_read(&post_stats.retries),
		   atomic_long_read(&post_stats.errors));
}

static int conn_pages_alloc(void)
{
	unsigned int i;

	/*
	 * Whole pages, because uio_hv_generic maps them to user space. The
	 * interrupt page is never decrypted: confidential VMs need 5.2, where
	 * it isn't given to the host.
	 */
	BUILD_BUG_ON(PAGE_SIZE < HV_HYP_PAGE_SIZE);

	vmbus_conn.int_page = vmbus_shared_page_alloc(NUMA_NO_NODE, false);
	if (!vmbus_conn.int_page)
		return -ENOMEM;

	for (i = 0; i < ARRAY_SIZE(vmbus_conn.monitor); i++) {
		vmbus_conn.monitor[i] = vmbus_shared_page_alloc(NUMA_NO_NODE,
								true);
		if (!vmbus_conn.monitor[i])
			return -ENOMEM;
	}

	return 0;
}

static void conn_pages_free(void)
{
	bool leak = conn_pages_shared;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vmbus_conn.monitor); i++) {
		vmbus_shared_page_free(vmbus_conn.monitor[i], true, leak);
		vmbus_conn.monitor[i] = NULL;
	}

	vmbus_shared_page_free(vmbus_conn.int_page, false, leak);
	vmbus_conn.int_page = NULL;
	conn_pages_shared = false;
}

/**
 * vmbus_conn_init() - make what a connection needs
 *
 * Context: process context, before vmbus_conn_connect().
 * Return: 0 or a negative error code, with nothing left behind.
 */
int vmbus_conn_init(void)
{
	int ret = -ENOMEM;

	vmbus_conn.con_wq = alloc_ordered_workqueue("hv_vmbus_con",
						    WQ_MEM_RECLAIM);
	if (!vmbus_conn.con_wq)
		goto err;

	/* Probing a driver may wait for any other work: no WQ_MEM_RECLAIM. */
	vmbus_conn.dev_wq = alloc_workqueue("hv_pri_chan", WQ_UNBOUND, 0);
	if (!vmbus_conn.dev_wq)
		goto err;

	ret = vmbus_ctrl_init();
	if (ret)
		goto err;

	ret = conn_pages_alloc();
	if (ret)
		goto err;

	vmbus_compat_publish(&vmbus_conn);
	return 0;

err:
	vmbus_conn_exit();
	return ret;
}

/**
 * vmbus_conn_exit() - end the connection and undo vmbus_conn_init()
 *
 * Context: process context. No channel is left.
 */
void vmbus_conn_exit(void)
{
	vmbus_conn_unload(false);
	vmbus_ctrl_exit();

	if (vmbus_conn.dev_wq)
		destroy_workqueue(vmbus_conn.dev_wq);
	vmbus_conn.dev_wq = NULL;

	if (vmbus_conn.con_wq)
		destroy_workqueue(vmbus_conn.con_wq);
	vmbus_conn.con_wq = NULL;

	conn_pages_free();
	vmbus_compat_publish(&vmbus_conn);
}

static void conn_contact_fill(struct hvb_contact *contact,
			      const struct hvb_version_try *try)
{
	unsigned int i;

	*contact = (struct hvb_contact){
		.version = try->version,
		.target_vp = hv_cpu_number_to_vp_number(VMBUS_CONNECT_CPU),
	};

	if (try->sint_form) {
		contact->sint = VMBUS_SINT;
		contact->vtl = ms_hyperv.vtl;
	} else {
		contact->int_page = virt_to_phys(vmbus_conn.int_page);
	}

	/* The boundary is 0 where there is no such thing. */
	for (i = 0; i < ARRAY_SIZE(contact->monitor_page); i++)
		contact->monitor_page[i] = virt_to_phys(vmbus_conn.monitor[i]) |
					   ms_hyperv.shared_gpa_boundary;
}

/* One INITIATE_CONTACT; @answer is set if the event is an answer. */
static enum hvb_version_event
conn_contact(const struct hvb_version_try *try,
	     struct hvb_version_response *answer)
{
	struct hvb_request_key key = hvb_key_version();
	struct vmbus_request req;
	struct hvb_contact contact;
	struct hv_view view;
	struct hvb_wire wire;
	struct hvb_msg msg;
	int ret;

	conn_contact_fill(&contact, try);
	if (hvb_enc_contact(&wire, &contact))
		return HVB_VER_EV_POST_FAILED;

	WRITE_ONCE(vmbus_conn.version, try->version);
	WRITE_ONCE(vmbus_conn.msg_conn_id, try->conn_id);

	vmbus_request_start(&req, &key, NULL);
	ret = vmbus_post(wire.data, wire.len, true);
	trace_vmbus_negotiate_version(&contact, ret);
	if (ret) {
		vmbus_request_cancel(&req);
		return ret == -ENXIO ? HVB_VER_EV_NO_CONN :
				       HVB_VER_EV_POST_FAILED;
	}

	conn_pages_shared = true;

	ret = vmbus_request_wait(&req, try->timeout_ms);
	if (ret)
		return HVB_VER_EV_TIMEOUT;

	view = hv_view_of(req.answer, req.answer_len);
	if (hvb_msg_decode(&view, try->version, &msg))
		return HVB_VER_EV_TIMEOUT;

	*answer = msg.version;
	conn_pages_shared = answer->supported;
	return HVB_VER_EV_ANSWER;
}

static int conn_negotiate(struct hvb_version *neg, u32 only)
{
	struct hvb_version_cfg cfg = {
		.max = max_version,
		.only = only,
		.isolated = hv_is_isolation_supported(),
		.redirect = ms_hyperv.vtl == CONN_VTL_REDIRECT,
		.timeout_ms = VMBUS_CONTACT_TIMEOUT_MS,
		.total_ms = VMBUS_CONTACT_TOTAL_MS,
	};
	struct hvb_version_response answer = {};
	enum hvb_version_event event;
	enum hvb_version_step step;
	ktime_t start;

	if (cmpxchg(&vmbus_conn.phase, VMBUS_DISCONNECTED,
		    VMBUS_CONNECTING) != VMBUS_DISCONNECTED)
		return -EBUSY;

	step = hvb_version_start(neg, &cfg);
	while (step == HVB_VER_TRY) {
		start = ktime_get();
		if (neg->next.delay_ms)
			msleep(neg->next.delay_ms);
		event = conn_contact(&neg->next, &answer);
		neg->next.took_ms = ktime_ms_delta(ktime_get(), start);
		step = hvb_version_next(neg, event, &answer);
	}

	if (step == HVB_VER_FAIL) {
		WRITE_ONCE(vmbus_conn.phase, VMBUS_DISCONNECTED);
		return neg->error;
	}

	WRITE_ONCE(vmbus_conn.version, neg->version);
	WRITE_ONCE(vmbus_conn.msg_conn_id, neg->msg_conn_id);
	vmbus_proto_version = neg->version;
	WRITE_ONCE(vmbus_conn.unload_posted, false);
	/* Everything about the connection is known before it is up. */
	smp_store_release(&vmbus_conn.phase, VMBUS_CONNECTED);
	return 0;
}

/**
 * vmbus_conn_connect() - negotiate a protocol version with the host
 *
 * Context: process context, may sleep.
 * Return: 0, or a negative error code, see &hvb_version.error.
 */
int vmbus_conn_connect(void)
{
	struct hvb_version neg;
	int ret;

	ret = conn_negotiate(&neg, 0);
	if (ret) {
		if (ret == -EPROTONOSUPPORT)
			pr_err("no VMBus version %u.%u or later on a host that supports isolation\n",
			       HVB_V5_2 >> 16, HVB_V5_2 & 0xffff);
		pr_err("Unable to connect to host: %d\n", ret);
		return ret;
	}

	/* Test suites look for this line. */
	pr_info("Vmbus version:%d.%d\n",
		vmbus_proto_version >> 16, vmbus_proto_version & 0xffff);
	return 0;
}

/**
 * vmbus_conn_reconnect() - connect again after hibernation
 *
 * Drivers have adapted to the version in use before, so it has to be the same.
 *
 * Context: process context, may sleep.
 * Return: 0 or a negative error code.
 */
int vmbus_conn_reconnect(void)
{
	struct hvb_version neg;
	int ret;

	if (!vmbus_proto_version)
		return -EINVAL;

	ret = conn_negotiate(&neg, vmbus_proto_version);
	if (ret)
		pr_err("Unable to connect to host again: %d\n", ret);
	return ret;
}

static bool conn_unload_wait(void)
{
	unsigned long timeout = msecs_to_jiffies(VMBUS_UNLOAD_TIMEOUT_MS);
	unsigned long begin = jiffies;
	bool done;

	done = wait_for_completion_timeout(&vmbus_conn.unload_done, timeout);
	vmbus_waited(VMBUS_WAIT_UNLOAD, begin);
	return done;
}

/**
 * vmbus_conn_unload() - end the connection
 * @crash: after a panic
 *
 * Does nothing if there is none. When it returns the host has closed all
 * channels and forgotten all shared memory, or has been given
 * VMBUS_UNLOAD_TIMEOUT_MS to do so: it writes back its disk caches first.
 *
 * Context: process context, may sleep, if not @crash. Else any context.
 */
void vmbus_conn_unload(bool crash)
{
	struct hvb_wire wire;
	bool post;
	int phase;
	int ret;

	phase = cmpxchg(&vmbus_conn.phase, VMBUS_CONNECTED, VMBUS_UNLOADING);
	/* A panic may have interrupted somebody who does this. */
	if (phase != VMBUS_CONNECTED &&
	    !(crash && phase == VMBUS_UNLOADING))
		return;
	post = phase == VMBUS_CONNECTED || !READ_ONCE(vmbus_conn.unload_posted);

	if (!crash)
		vmbus_requests_abort(NULL, -ENODEV);

	/* Hosts before 3.0 don't know the message. */
	if (vmbus_proto_version < HVB_V3_0)
		goto done;

	if (post) {
		WRITE_ONCE(vmbus_conn.unload_seen, false);
		reinit_completion(&vmbus_conn.unload_done);
		hvb_enc_unload(&wire);
		ret = vmbus_post(wire.data, wire.len, !crash);
		if (ret) {
			pr_err("VMBus UNLOAD could not be posted: %d\n", ret);
			goto done;
		}
		WRITE_ONCE(vmbus_conn.unload_posted, true);
	}

	if (crash ? vmbus_crash_unload_wait() : conn_unload_wait())
		conn_pages_shared = false;
	else
		pr_err("Continuing even though VMBus UNLOAD did not complete\n");
done:
	WRITE_ONCE(vmbus_conn.phase, VMBUS_DISCONNECTED);
	/* No more messages are let in; finish with those that were. */
	if (!crash)
		vmbus_ctrl_flush();
}

/**
 * vmbus_conn_request_offers() - ask the host for its devices
 *
 * The offers come as messages; nobody waits for them.
 *
 * Context: process context, may sleep.
 * Return: 0 or a negative error code.
 */
int vmbus_conn_request_offers(void)
{
	struct hvb_wire wire;
	int ret;

	reinit_completion(&vmbus_conn.offers_done);
	vmbus_chan_relids_reset();

	hvb_enc_request_offers(&wire);
	ret = vmbus_post(wire.data, wire.len, true);
	trace_vmbus_request_offers(ret);
	return ret;
}

/**
 * vmbus_send_tl_connect_request() - connect to a Hyper-V socket of the host
 * @shv_guest_servie_id: the guest's endpoint
 * @shv_host_servie_id: the host's service
 *
 * If the host accepts, it offers a channel.
 *
 * Context: process context, may sleep.
 * Return: 0 or a negative error code of posting the message.
 */
int vmbus_send_tl_connect_request(const guid_t *shv_guest_servie_id,
				  const guid_t *shv_host_servie_id)
{
	struct hvb_wire wire;
	int ret;

	hvb_enc_tl_connect(&wire, shv_guest_servie_id, shv_host_servie_id);
	ret = vmbus_post(wire.data, wire.len, true);
	trace_vmbus_send_tl_connect_request(shv_guest_servie_id,
					    shv_host_servie_id, ret);
	return ret;
}
