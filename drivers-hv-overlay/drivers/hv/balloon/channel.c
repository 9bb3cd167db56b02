// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V dynamic memory: channel, handshake and dispatch.
 */
#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/err.h>
#include <linux/hyperv.h>
#include <linux/hyperv/send.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "balloon.h"

/* The longest wait for one answer of the host. */
#define HVDM_ANSWER_TIMEOUT	(5 * HZ)

/* How often a wait looks whether the device has gone. */
#define HVDM_RESCIND_POLL	(HZ / 10)

/* A ring that claims to have data but has no packet: look again later. */
#define HVDM_EMPTY_READS	3
#define HVDM_EMPTY_DELAY_MS	100

/* Each of the two rings, and what of it is not header. */
#define HVDM_RING_SIZE		VMBUS_RING_SIZE(16 * 1024)
#define HVDM_RING_DATA		(HVDM_RING_SIZE - sizeof(struct hv_ring_buffer))

static const char * const hvdm_reject_names[HVDM_REJECTS] = {
	[HVDM_REJ_LENGTH] = "length",
	[HVDM_REJ_RANGE] = "range",
	[HVDM_REJ_TYPE] = "type",
	[HVDM_REJ_STATE] = "state",
	[HVDM_REJ_VERSION] = "version",
	[HVDM_REJ_CAPS] = "capability",
	[HVDM_REJ_NOT_BALLOONED] = "not_ballooned",
	[HVDM_REJ_OVERSIZE] = "oversize",
	[HVDM_REJ_CHANNEL] = "channel",
};

/**
 * hvdm_reject_name() - name of a reason
 * @why: the reason
 *
 * Return: the name, as used in debugfs.
 */
const char *hvdm_reject_name(enum hvdm_reject why)
{
	return hvdm_reject_names[why];
}

/**
 * hvdm_reject() - count something that was dropped, and say so now and then
 * @dm: the device
 * @why: the reason
 */
void hvdm_reject(struct hvdm_dev *dm, enum hvdm_reject why)
{
	atomic_long_inc(&dm->stats.rejected[why]);
	dev_warn_ratelimited(&dm->hdev->device,
			     "dropped a message or request of the host: %s\n",
			     hvdm_reject_name(why));
}

/**
 * hvdm_next_id() - make up a transaction id
 * @dm: the device
 *
 * Return: the id.
 */
u32 hvdm_next_id(struct hvdm_dev *dm)
{
	return atomic_inc_return(&dm->trans_id);
}

/**
 * hvdm_send() - send a message
 * @dm: the device
 * @buf: the message
 * @len: its length in bytes
 *
 * Not by vmbus_sendpacket(), which also fails when the device goes right after
 * the host could see the packet: pages in a balloon response are the host's
 * then.
 *
 * Context: Any in which the channel is open.
 * Return: 0 if the host can see the message; if it never will: -EAGAIN if the
 * ring is full, -ENODEV if the device has gone.
 */
int hvdm_send(struct hvdm_dev *dm, const void *buf, u32 len)
{
	struct vmbus_channel *chan = dm->hdev->channel;
	void *p;

	p = vmbus_send_begin(chan, vmbus_send_head(VM_PKT_DATA_INBAND, 0, 0,
						   len));
	if (IS_ERR(p)) {
		if (PTR_ERR(p) != -EAGAIN)
			atomic_long_inc(&dm->stats.send_errors);
		return PTR_ERR(p);
	}
	memcpy(p, buf, len);
	/* What a packet is padded with would be old bytes of the ring. */
	memset(p + len, 0, ALIGN(len, 8) - len);
	vmbus_send_set_id(p, 0);
	vmbus_send_end(chan, true);
	return 0;
}

static void hvdm_nego_fail(struct hvdm_dev *dm)
{
	WRITE_ONCE(dm->fsm.nego.phase, HVDM_NEGO_FAILED);
	dm->fsm.state = HVDM_S_ERROR;
}

static void hvdm_nego_act(struct hvdm_dev *dm, enum hvdm_nego_act act)
{
	struct hvdm_nego *nego = &dm->fsm.nego;
	u8 buf[HVDM_REPLY_MAX];
	int len = 0;

	switch (act) {
	case HVDM_NEGO_ACT_VERSION:
		len = hvdm_put_version_request(buf, sizeof(buf),
					       hvdm_next_id(dm), nego->version,
					       nego->is_last);
		break;
	case HVDM_NEGO_ACT_CAPS:
		dev_info(&dm->hdev->device,
			 "Using Dynamic Memory protocol version %u.%u\n",
			 nego->version >> 16, nego->version & 0xffff);
		len = hvdm_put_caps(buf, sizeof(buf), hvdm_next_id(dm),
				    &dm->caps);
		break;
	case HVDM_NEGO_ACT_DONE:
		dm->fsm.state = HVDM_S_INITIALIZED;
		break;
	case HVDM_NEGO_ACT_FAIL:
		dm->fsm.state = HVDM_S_ERROR;
		break;
	case HVDM_NEGO_ACT_NONE:
		return;
	}
	if (len < 0 || (len && hvdm_send(dm, buf, len)))
		hvdm_nego_fail(dm);
	complete(&dm->nego_event);
}

static void hvdm_on_caps(struct hvdm_dev *dm, const struct hvdm_msg *msg)
{
	if (!msg->caps.accepted)
		dev_err(&dm->hdev->device,
			"Capabilities not accepted by host\n");
	dm->host_flags = msg->caps.flags;
	hvdm_nego_act(dm, hvdm_nego_caps(&dm->fsm.nego, msg->caps.accepted));
}

static void hvdm_on_info(struct hvdm_dev *dm, const struct hvdm_msg *msg)
{
	WRITE_ONCE(dm->max_pages, msg->info.max_pages);
	dev_info_ratelimited(&dm->hdev->device,
			     "Max. dynamic memory size: %llu MB\n",
			     msg->info.max_pages >> (20 - HVDM_PAGE_SHIFT));
}

static void hvdm_on_hot_add(struct hvdm_dev *dm, const struct hvdm_msg *msg)
{
	int ret = -EOPNOTSUPP;

	hvdm_fsm_begin(&dm->fsm, msg->type);
	dm->last_type = msg->type;
	dm->last_pages = msg->hot_add.pages.count;
	dm->last_done = 0;
	if (dm->hot_add_on)
		ret = hvdm_hot_add_begin(dm, msg);
	else if (dm->fsm.hibernation)
		dev_info_ratelimited(&dm->hdev->device,
				     "Ignore hot-add request!\n");
	else
		dev_info_ratelimited(&dm->hdev->device,
				     "Memory hot add is off, request refused\n");
	if (ret == -EINVAL)
		hvdm_reject(dm, HVDM_REJ_RANGE);
	if (ret)
		hvdm_hot_add_reply(dm, 0);
}

static void hvdm_on_message(struct hvdm_dev *dm, const struct hvdm_msg *msg)
{
	atomic_long_inc(&dm->stats.received[msg->type]);

	switch (msg->type) {
	case HVDM_VERSION_RESPONSE:
		hvdm_nego_act(dm, hvdm_nego_version(&dm->fsm.nego,
						    msg->version.accepted));
		break;
	case HVDM_CAPS_RESPONSE:
		hvdm_on_caps(dm, msg);
		break;
	case HVDM_BALLOON_REQUEST:
		hvdm_fsm_begin(&dm->fsm, msg->type);
		hvdm_up_begin(dm, msg->balloon.num_pages);
		break;
	case HVDM_UNBALLOON_REQUEST:
		hvdm_fsm_begin(&dm->fsm, msg->type);
		hvdm_down_begin(dm, msg);
		break;
	case HVDM_HOT_ADD_REQUEST:
		hvdm_on_hot_add(dm, msg);
		break;
	case HVDM_INFO:
		hvdm_on_info(dm, msg);
		break;
	default:
		break;
	}
}

static void hvdm_ignore(struct hvdm_dev *dm, enum hvdm_type type)
{
	atomic_long_inc(&dm->stats.ignored);
	dev_info_ratelimited(&dm->hdev->device, "Ignore balloon-%s request!\n",
			     type == HVDM_BALLOON_REQUEST ? "up" : "down");
}

static void hvdm_dispatch(struct hvdm_dev *dm, u32 len)
{
	static const enum hvdm_reject why[] = {
		[HVDM_REJECT_TYPE] = HVDM_REJ_TYPE,
		[HVDM_REJECT_STATE] = HVDM_REJ_STATE,
		[HVDM_REJECT_VERSION] = HVDM_REJ_VERSION,
		[HVDM_REJECT_CAPS] = HVDM_REJ_CAPS,
	};
	struct hv_view v = hv_view_of(dm->rx_buf, len);
	enum hvdm_verdict verdict;
	struct hvdm_msg msg;

	switch (hvdm_parse(&v, &msg)) {
	case 0:
		break;
	case -ERANGE:
		hvdm_reject(dm, HVDM_REJ_RANGE);
		return;
	case -EOPNOTSUPP:
		hvdm_reject(dm, HVDM_REJ_TYPE);
		return;
	default:
		hvdm_reject(dm, HVDM_REJ_LENGTH);
		return;
	}

	verdict = hvdm_fsm_gate(&dm->fsm, msg.type);
	if (verdict == HVDM_ACCEPT)
		hvdm_on_message(dm, &msg);
	else if (verdict == HVDM_IGNORE)
		hvdm_ignore(dm, msg.type);
	else
		hvdm_reject(dm, why[verdict]);
}

/*
 * A packet that doesn't fit into @rx_buf stays in the ring until it is stepped
 * over.  The iterator can read any packet: see max_pkt_size in hvdm_connect().
 */
static void hvdm_skip_packet(struct vmbus_channel *chan)
{
	struct vmpacket_descriptor *desc = hv_pkt_iter_first(chan);

	if (desc) {
		__hv_pkt_iter_next(chan, desc);
		hv_pkt_iter_close(chan);
	}
}

/*
 * Nothing to read: let the host interrupt again.  hv_end_read() closes the race
 * with a packet that came in the meantime; a host that keeps saying that there
 * is one where there is none is looked after in its own time.
 */
static int hvdm_ring_empty(struct hvdm_dev *dm)
{
	struct vmbus_channel *chan = dm->hdev->channel;

	if (!hv_end_read(&chan->inbound)) {
		dm->empty_reads = 0;
		return HVDM_IDLE;
	}
	hv_begin_read(&chan->inbound);
	if (++dm->empty_reads < HVDM_EMPTY_READS)
		return 0;
	return HVDM_EMPTY_DELAY_MS;
}

/* Reads one packet.  Returns what hvdm_service_work() waits for. */
static int hvdm_receive(struct hvdm_dev *dm)
{
	struct vmbus_channel *chan = dm->hdev->channel;
	u32 len = 0;
	u64 id;
	int ret;

	ret = vmbus_recvpacket(chan, dm->rx_buf, HVDM_RX_SIZE, &len, &id);
	if (ret == -ENOBUFS) {
		hvdm_reject(dm, HVDM_REJ_OVERSIZE);
		hvdm_skip_packet(chan);
		return 0;
	}
	if (ret) {
		/* There is no way to go on reading this channel. */
		hvdm_reject(dm, HVDM_REJ_CHANNEL);
		hvdm_nego_fail(dm);
		complete(&dm->nego_event);
		return HVDM_IDLE;
	}
	if (!len)
		return hvdm_ring_empty(dm);
	dm->empty_reads = 0;
	hvdm_dispatch(dm, min_t(u32, len, HVDM_RX_SIZE));
	return 0;
}

/**
 * hvdm_retry_ms() - the ring is full
 * @dm: the device
 * @tries: how many times in a row it was
 *
 * What the host waits for is sent when it has made room, be that after hours:
 * a host that gets no answer never sends another request. It costs nobody a
 * wait, and ends with the device.
 *
 * Context: The service.
 * Return: milliseconds until the next attempt.
 */
int hvdm_retry_ms(struct hvdm_dev *dm, unsigned int *tries)
{
	unsigned int delay = HVDM_RETRY_MS << min(*tries, HVDM_RETRY_SHIFT);

	if (++*tries == HVDM_RETRY_TELL)
		dev_warn_ratelimited(&dm->hdev->device,
				     "the host doesn't read what it is sent, its answer waits\n");
	return min(delay, HVDM_RETRY_MAX_MS);
}

/* Sends the answer that ends a request. */
static int hvdm_reply_step(struct hvdm_dev *dm)
{
	struct hvdm_reply *reply = &dm->reply;
	int ret;

	ret = hvdm_send(dm, reply->buf, reply->len);
	if (ret == -EAGAIN)
		return hvdm_retry_ms(dm, &reply->tries);
	if (ret)
		dev_err_ratelimited(&dm->hdev->device,
				    "no answer to a request could be sent: %d\n",
				    ret);
	reply->tries = 0;
	WRITE_ONCE(reply->len, 0);
	hvdm_fsm_end(&dm->fsm);
	return 0;
}

/**
 * hvdm_service_work() - one step of whatever is to be done
 * @work: hvdm_dev.service
 *
 * Context: Worker of hvdm_dev.wq. Everything in struct hvdm_fsm changes here.
 */
void hvdm_service_work(struct work_struct *work)
{
	struct hvdm_dev *dm = container_of(to_delayed_work(work),
					   struct hvdm_dev, service);
	int delay;

	/* Pairs with the release in hvdm_hot_add_reply(). */
	if (smp_load_acquire(&dm->reply.len)) {
		delay = hvdm_reply_step(dm);
	} else if (dm->fsm.state == HVDM_S_INITIALIZING &&
		   dm->fsm.nego.phase == HVDM_NEGO_IDLE) {
		hvdm_nego_act(dm, hvdm_nego_start(&dm->fsm.nego));
		delay = 0;
	} else if (dm->fsm.state == HVDM_S_BALLOON_UP) {
		delay = hvdm_up_step(dm);
	} else if (dm->fsm.state == HVDM_S_BALLOON_DOWN && dm->down.busy) {
		delay = hvdm_down_step(dm);
	} else if (dm->fsm.state == HVDM_S_HOT_ADD) {
		/* Queued again when hot add is through. */
		delay = HVDM_IDLE;
	} else {
		delay = hvdm_receive(dm);
	}
	if (delay != HVDM_IDLE)
		queue_delayed_work(dm->wq, &dm->service,
				   msecs_to_jiffies(delay));
}

/* Softirq: mask the channel until the service has drained it. */
static void hvdm_channel_callback(void *context)
{
	struct hvdm_dev *dm = context;

	hv_begin_read(&dm->hdev->channel->inbound);
	queue_delayed_work(dm->wq, &dm->service, 0);
}

static int hvdm_wait_answer(struct hvdm_dev *dm)
{
	unsigned long end = jiffies + HVDM_ANSWER_TIMEOUT;

	do {
		if (wait_for_completion_timeout(&dm->nego_event,
						HVDM_RESCIND_POLL))
			return 0;
		if (READ_ONCE(dm->hdev->channel->rescind))
			return -ENODEV;
	} while (time_before(jiffies, end));
	return -ETIMEDOUT;
}

static int hvdm_handshake(struct hvdm_dev *dm)
{
	int ret;

	queue_delayed_work(dm->wq, &dm->service, 0);
	for (;;) {
		ret = hvdm_wait_answer(dm);
		if (ret)
			return ret;
		switch (READ_ONCE(dm->fsm.nego.phase)) {
		case HVDM_NEGO_DONE:
			return 0;
		case HVDM_NEGO_FAILED:
			return -EPROTO;
		default:
			break;
		}
	}
}

/**
 * hvdm_connect() - open the channel and get through the handshake
 * @dm: the device; not connected
 *
 * Context: Process context. Waits for the host, at most 5 seconds an answer.
 * Return: 0, -ETIMEDOUT, -EPROTO if the host refuses us, -ENODEV if the device
 * goes away, or an error of vmbus_open().
 */
int hvdm_connect(struct hvdm_dev *dm)
{
	struct vmbus_channel *chan = dm->hdev->channel;
	int ret;

	dm->fsm.state = HVDM_S_INITIALIZING;
	WRITE_ONCE(dm->fsm.nego.phase, HVDM_NEGO_IDLE);
	dm->empty_reads = 0;
	reinit_completion(&dm->nego_event);

	/* Not HVDM_RX_SIZE: what is to be stepped over has to be read, too. */
	chan->max_pkt_size = HVDM_RING_DATA;
	/* The service reads the ring, the callback must not wait for that. */
	set_channel_read_mode(chan, HV_CALL_DIRECT);
	dm->running = true;
	enable_delayed_work(&dm->service);
	enable_delayed_work(&dm->status);
	enable_delayed_work(&dm->hot_add);
	ret = vmbus_open(chan, HVDM_RING_SIZE, HVDM_RING_SIZE, NULL, 0,
			 hvdm_channel_callback, dm);
	if (ret)
		goto err;
	dm->open = true;

	ret = hvdm_handshake(dm);
	if (ret)
		goto err;
	queue_delayed_work(dm->wq, &dm->status, 0);
	return 0;

err:
	dev_err(&dm->hdev->device, "no dynamic memory service: %d\n", ret);
	hvdm_disconnect(dm);
	return ret;
}

/**
 * hvdm_disconnect() - stop all work, close the channel
 * @dm: the device; nothing happens twice if it is not connected
 *
 * A request in progress is given up; pages that the host has not heard of yet
 * are taken back.
 *
 * Context: Process context.
 */
void hvdm_disconnect(struct hvdm_dev *dm)
{
	if (!dm->running)
		return;
	dm->running = false;
	disable_delayed_work_sync(&dm->status);
	disable_delayed_work_sync(&dm->hot_add);
	disable_delayed_work_sync(&dm->service);
	if (dm->open) {
		vmbus_close(dm->hdev->channel);
		dm->open = false;
	}
	set_channel_read_mode(dm->hdev->channel, HV_CALL_BATCHED);
	hvdm_request_abort(dm);
	dm->fsm.state = HVDM_S_ERROR;
}

/**
 * hvdm_hot_add_reply() - end a hot add request
 * @dm: the device
 * @page_count: number of pages that were added
 *
 * "Success" with no pages tells the host that hot add will never work; failure
 * tells it to try again later.
 *
 * Context: Process context: the service, or the hot add worker.
 */
void hvdm_hot_add_reply(struct hvdm_dev *dm, u32 page_count)
{
	int len;

	dm->last_done = page_count;
	len = hvdm_put_hot_add_response(dm->reply.buf, sizeof(dm->reply.buf),
					hvdm_next_id(dm), page_count,
					page_count || !dm->hot_add_on);
	/* Pairs with the acquire in hvdm_service_work(). */
	smp_store_release(&dm->reply.len, len);
	queue_delayed_work(dm->wq, &dm->service, 0);
}
