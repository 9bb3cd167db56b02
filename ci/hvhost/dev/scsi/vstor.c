// SPDX-License-Identifier: GPL-2.0-only
/*
 * vstor, the protocol of the synthetic SCSI controller: handshake and dispatch.
 *
 * The order is BEGIN, QUERY_VERSION until one is granted, QUERY_PROPERTIES, for
 * Fibre Channel FCHBA_DATA, perhaps CREATE_SUB_CHANNELS, END. What comes out of
 * order is answered with NT_INVALID_DEVICE_STATE and changes nothing; what could
 * not come from a guest that follows the protocol kills the channel, unanswered.
 */
#include <stdlib.h>
#include <string.h>
#include "vstor.h"

static const uint16_t known_versions[] = {
	VSTOR_VERSION(2, 0), VSTOR_VERSION(4, 2), VSTOR_VERSION(5, 1), VSTOR_VERSION(6, 0),
	VSTOR_VERSION(6, 2),
};

const char *vstor_state_name(enum vstor_state state)
{
	static const char *const name[] = {
		[VSTOR_WANT_BEGIN] = "closed",
		[VSTOR_WANT_VERSION] = "begun",
		[VSTOR_WANT_PROPERTIES] = "versioned",
		[VSTOR_WANT_END] = "ending",
		[VSTOR_READY] = "ready",
	};

	return name[state];
}

static bool multi_channel(const struct vstor *v)
{
	return v->version >= VSTOR_VERSION(5, 1);
}

static void forget_guest(struct vstor *v)
{
	pthread_mutex_lock(&v->lock);
	v->state = VSTOR_WANT_BEGIN;
	v->version = 0;
	v->created = 0;
	pthread_mutex_unlock(&v->lock);
}

uint32_t vstor_open(struct hv_channel *ch)
{
	if (!queue_create(ch))
		return NT_INSUFFICIENT_RESOURCES;
	if (ch->sub == 0)
		forget_guest(vstor_of(ch));
	return NT_SUCCESS;
}

void vstor_close(struct hv_channel *ch)
{
	queue_free(ch);
	if (ch->sub == 0)
		forget_guest(vstor_of(ch));
}

void vstor_reset(struct hv_device *dev)
{
	forget_guest(dev->priv);
}

void vstor_room(struct hv_channel *ch)
{
	queue_flush(ch);
}

void vstor_timer(struct hv_channel *ch)
{
	struct vstor_request *rq;
	uint64_t now = now_ns();

	channel_hold(ch);
	while ((rq = queue_due(ch, now))) {
		vstor_srb_execute(ch, rq, false);
		free(rq);
	}
	channel_release(ch);
	queue_arm(ch);
}

static void reply(struct hv_channel *ch, const struct packet *p, struct vstor_msg *msg,
		  uint32_t status)
{
	uint32_t on = msg->op;

	msg->op = VSTOR_COMPLETE_IO;
	msg->flags = 0;
	msg->status = status;
	queue_send(ch, true, on, p->transaction, msg,
		   p->len < sizeof(*msg) ? p->len : sizeof(*msg));
}

/* Answers whose body has nothing to say are zeroes. */
static void reply_plain(struct hv_channel *ch, const struct packet *p, struct vstor_msg *msg,
			uint32_t status)
{
	memset(msg->body, 0, sizeof(msg->body));
	reply(ch, p, msg, status);
}

static bool grant(struct vstor *v, uint16_t wanted)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_versions); i++)
		if (known_versions[i] == wanted)
			return wanted <= v->highest;
	return false;
}

static void query_version(struct hv_channel *ch, const struct packet *p, struct vstor_msg *msg)
{
	struct vstor *v = vstor_of(ch);
	uint16_t wanted = msg->version.version;
	bool granted = grant(v, wanted);

	memset(msg->body, 0, sizeof(msg->body));
	msg->version.version = wanted;
	if (granted) {
		v->version = wanted;
		v->state = VSTOR_WANT_PROPERTIES;
	}
	reply(ch, p, msg, granted ? NT_SUCCESS : NT_REVISION_MISMATCH);
}

static void query_properties(struct hv_channel *ch, const struct packet *p, struct vstor_msg *msg)
{
	struct vstor *v = vstor_of(ch);

	memset(msg->body, 0, sizeof(msg->body));
	msg->properties.max_transfer = v->max_transfer;
	if (multi_channel(v)) {
		msg->properties.flags = VSTOR_MULTI_CHANNEL;
		msg->properties.max_channels = v->dev->max_sub;
	}
	v->state = VSTOR_WANT_END;
	reply(ch, p, msg, NT_SUCCESS);
}

static void fchba_data(struct hv_channel *ch, const struct packet *p, struct vstor_msg *msg)
{
	struct vstor *v = vstor_of(ch);

	memset(msg->body, 0, sizeof(msg->body));
	pthread_mutex_lock(&v->lock);
	msg->names = v->names;
	pthread_mutex_unlock(&v->lock);
	reply(ch, p, msg, NT_SUCCESS);
}

/*
 * The count is a total. Before END it is taken once, afterwards as often as the
 * guest likes; only what goes beyond the earlier total makes new offers.
 */
static void create_sub_channels(struct hv_channel *ch, const struct packet *p,
				struct vstor_msg *msg)
{
	struct vstor *v = vstor_of(ch);
	unsigned int wanted = msg->sub_channels, more = 0;
	bool early, good;

	pthread_mutex_lock(&v->lock);
	early = v->state != VSTOR_READY && (v->created || !multi_channel(v));
	good = wanted <= v->dev->max_sub;
	if (!early && good && wanted > v->created) {
		more = wanted - v->created;
		v->created = wanted;
	}
	pthread_mutex_unlock(&v->lock);
	if (early) {
		reply_plain(ch, p, msg, NT_INVALID_DEVICE_STATE);
		return;
	}
	/* The answer first: the guest has nobody to take the offers before it. */
	reply_plain(ch, p, msg, good ? NT_SUCCESS : NT_INVALID_PARAMETER);
	if (more && !device_offer_subchannels(v->dev, more))
		log_info("%s: %u sub-channels could not be offered", v->dev->name, more);
}

/* Main thread: the requests of sub-channels that were early may run now. */
static void release_early(void *arg)
{
	struct vstor *v = arg;

	for (unsigned int sub = 1; sub <= v->dev->max_sub; sub++) {
		struct hv_channel *ch = device_channel(v->dev, sub);

		if (!ch || !channel_lock(ch))
			continue;
		queue_release(ch);
		queue_arm(ch);
		channel_unlock(ch);
	}
}

static void end(struct hv_channel *ch, const struct packet *p, struct vstor_msg *msg)
{
	struct vstor *v = vstor_of(ch);

	v->state = VSTOR_READY;
	reply_plain(ch, p, msg, NT_SUCCESS);
	if (v->dev->max_sub)
		loop_call(release_early, v);
}

/* Everything but requests and resets. True: it was in order, and is answered. */
static bool handshake(struct hv_channel *ch, const struct packet *p, struct vstor_msg *msg)
{
	struct vstor *v = vstor_of(ch);
	enum vstor_state state = v->state;

	if (ch->sub != 0)
		return false;
	if (msg->op == VSTOR_BEGIN && state == VSTOR_WANT_BEGIN) {
		v->state = VSTOR_WANT_VERSION;
		reply_plain(ch, p, msg, NT_SUCCESS);
	} else if (msg->op == VSTOR_QUERY_VERSION && state == VSTOR_WANT_VERSION) {
		query_version(ch, p, msg);
	} else if (msg->op == VSTOR_QUERY_PROPERTIES && state == VSTOR_WANT_PROPERTIES) {
		query_properties(ch, p, msg);
	} else if (msg->op == VSTOR_FCHBA_DATA && state >= VSTOR_WANT_END) {
		fchba_data(ch, p, msg);
	} else if (msg->op == VSTOR_CREATE_SUB_CHANNELS && state >= VSTOR_WANT_END) {
		create_sub_channels(ch, p, msg);
	} else if (msg->op == VSTOR_END && state == VSTOR_WANT_END) {
		end(ch, p, msg);
	} else {
		return false;
	}
	return true;
}

/* Cuts the buffer to the length that the request names; false: it is shorter. */
static bool cut(struct sg *sg, uint32_t bytes)
{
	uint32_t left = bytes;
	unsigned int i;

	for (i = 0; i < sg->count && left; i++) {
		if (sg->entry[i].len > left)
			sg->entry[i].len = left;
		left -= sg->entry[i].len;
	}
	sg->count = i;
	sg->bytes = bytes;
	return left == 0;
}

static void request(struct hv_channel *ch, struct packet *p, const struct vstor_msg *msg)
{
	struct vstor *v = vstor_of(ch);
	struct vstor_request rq = {
		.transaction = p->transaction,
		.srb = msg->srb,
		.sg = p->sg,
	};

	rq.body = p->len < sizeof(*msg) ? p->len - VSTOR_HEADER_BYTES : VSTOR_BODY_BYTES;
	if (p->type != PKT_GPA_DIRECT)
		memset(&rq.sg, 0, sizeof(rq.sg));
	if (!cut(&rq.sg, rq.srb.data_length)) {
		channel_kill(ch, "vstor: a buffer shorter than the transfer");
		return;
	}
	v->requests[ch->sub]++;
	/* A sub-channel that is early is served when the handshake has ended. */
	if (v->state != VSTOR_READY) {
		if (!queue_park(ch, &rq, UINT64_MAX))
			channel_kill(ch, "vstor: too many requests before the handshake's end");
		return;
	}
	vstor_srb_execute(ch, &rq, true);
	queue_arm(ch);
}

/* Why a message can't be of a guest that follows the protocol; NULL: it may be. */
static const char *violation(struct hv_channel *ch, const struct packet *p,
			     const struct vstor_msg *msg)
{
	if (p->type != PKT_INBAND && p->type != PKT_GPA_DIRECT)
		return "vstor: neither in-band nor GPA direct";
	if (!(p->flags & PKT_FLAG_COMPLETION))
		return "vstor: no completion asked for";
	if (p->len < VSTOR_HEADER_BYTES)
		return "vstor: message too short";
	switch (msg->op) {
	case VSTOR_QUERY_VERSION:
	case VSTOR_CREATE_SUB_CHANNELS:
		return p->len < VSTOR_HEADER_BYTES + sizeof(msg->version) ?
			"vstor: message too short" : NULL;
	case VSTOR_EXECUTE_SRB:
		return p->type == PKT_GPA_DIRECT && p->ranges > 1 ?
			"vstor: more than one range" : NULL;
	case VSTOR_RESET_LUN:
	case VSTOR_RESET_ADAPTER:
	case VSTOR_RESET_BUS:
	case VSTOR_BEGIN:
	case VSTOR_END:
	case VSTOR_QUERY_PROPERTIES:
		return NULL;
	case VSTOR_FCHBA_DATA:
		return vstor_of(ch)->kind == VSTOR_FC ? NULL : "vstor: FCHBA_DATA without FC";
	default:
		return "vstor: unknown operation";
	}
}

void vstor_packet(struct hv_channel *ch, struct packet *p)
{
	struct vstor *v = vstor_of(ch);
	struct vstor_msg msg = { 0 };
	const char *why;

	memcpy(&msg, p->data, p->len < sizeof(msg) ? p->len : sizeof(msg));
	why = violation(ch, p, &msg);
	if (why) {
		channel_kill(ch, why);
		return;
	}
	if (msg.op == VSTOR_EXECUTE_SRB && (v->state == VSTOR_READY || ch->sub != 0))
		request(ch, p, &msg);
	else if (msg.op >= VSTOR_RESET_LUN && msg.op <= VSTOR_RESET_BUS &&
		 v->state == VSTOR_READY)
		reply_plain(ch, p, &msg, NT_SUCCESS);	/* a success that does nothing */
	else if (!handshake(ch, p, &msg))
		reply_plain(ch, p, &msg, NT_INVALID_DEVICE_STATE);
}

bool vstor_notify(struct vstor *v, uint32_t op)
{
	struct hv_channel *ch = device_channel(v->dev, 0);
	struct vstor_msg msg = { .op = op };
	uint32_t bytes = sizeof(msg);
	bool ready;

	if (!ch || !channel_lock(ch))
		return false;
	/* Guests before 4.2 don't know of it; a guest in the handshake has yet to scan. */
	ready = v->state == VSTOR_READY && v->version >= VSTOR_VERSION(4, 2);
	if (ready) {
		if (v->version < VSTOR_VERSION(5, 1))
			bytes = VSTOR_HEADER_BYTES + VSTOR_OLD_BODY_BYTES;
		if (op == VSTOR_FCHBA_DATA) {
			pthread_mutex_lock(&v->lock);
			msg.names = v->names;
			pthread_mutex_unlock(&v->lock);
		}
		channel_hold(ch);
		queue_send(ch, false, op, 0, &msg, bytes);
		channel_release(ch);
	}
	channel_unlock(ch);
	return ready;
}
