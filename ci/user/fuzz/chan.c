// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of channels: messages of a host that offers, answers and rescinds as it
 * likes, each through gate, parser and requests to the state of the channel that
 * it names; in between what drivers and the bus do.  What the transitions ask for
 * is done to a ring that is only a flag, as open.c and offer.c do it to a real
 * one: memory that the host may map is not freed, each relid is given back once,
 * and in the end every channel goes.
 */
#include "drivers/hv/vmbus/logic/chan.h"
#include "drivers/hv/vmbus/logic/request.h"
#include "fuzz.h"

#define CHANNELS	4U
#define RELIDS		6U		/* from 1 on: few, so that messages meet */
#define VERSION		HVB_V5_3

struct channel {
	bool there, in_map, ring, mapped;
	bool taken, rescinded;		/* by whomever; by the host */
	enum hvb_chan_state state;
	u32 relid, handle;
	bool waits, modifies;
	struct hvb_request req, modify;	/* open or close; MODIFYCHANNEL */
	u32 status;			/* what the answer to req said */
};

struct bus {
	struct channel chan[CHANNELS];
	struct hvb_relids relids;
	bool owed[RELIDS + 1];	/* offered, not given back */
	bool early[RELIDS + 1];	/* given back before it was rescinded */
	u32 handle;
	struct input *in;
};

static void act(struct bus *b, struct channel *c, unsigned int actions);

static void give_back(struct bus *b, u32 relid)
{
	u32 i;

	for (i = 0; i < CHANNELS; i++)
		MUST(!b->chan[i].in_map || b->chan[i].relid != relid);
	b->owed[relid] = false;
}

static void refused(struct bus *b, u32 relid)
{
	hvb_relids_refused(&b->relids, relid);
	b->early[relid] = true;
}

static struct channel *by_relid(struct bus *b, u32 relid)
{
	u32 i;

	for (i = 0; i < CHANNELS; i++)
		if (b->chan[i].in_map && b->chan[i].relid == relid)
			return &b->chan[i];
	return NULL;
}

static int event(struct bus *b, struct channel *c, enum hvb_chan_event ev)
{
	enum hvb_chan_state was = c->state, next;
	unsigned int actions;
	int ret = hvb_chan_event(was, ev, &next, &actions);

	MUST(hvb_chan_state_name(next));
	if (ret) {
		MUST(next == was && !actions);
		return ret;
	}
	/* Only these say that the host has let go of the memory. */
	if (ev == HVB_EV_GPADL_FAIL || ev == HVB_EV_TORNDOWN ||
	    ev == HVB_EV_RESCIND || ev == HVB_EV_SUSPEND ||
	    (ev == HVB_EV_POST_FAIL && was == HVB_CH_GPADL))
		c->mapped = false;
	c->state = next;
	MUST(!c->taken || hvb_chan_rescinded(next));
	c->taken = hvb_chan_rescinded(next);
	MUST(!(actions & HVB_DO_FREE) == (next != HVB_CH_DEAD));
	act(b, c, actions);
	MUST(!hvb_chan_is_open(c->state) || (c->ring && c->in_map));
	MUST(!hvb_chan_host_let_go(c->state) || !c->mapped);
	MUST(!c->mapped || c->ring);
	return 0;
}

/* Sends a request, which the input may not let out. */
static void request(struct bus *b, struct channel *c,
		    struct hvb_request_key key)
{
	MUST(c->in_map && !c->waits);
	if (take8(b->in) % 16 == 15) {
		MUST(!event(b, c, HVB_EV_POST_FAIL));
		return;
	}
	hvb_request_init(&c->req, &key);
	c->waits = true;
}

static void act_ring(struct channel *c, unsigned int actions)
{
	if (actions & HVB_DO_FREE_RING)
		MUST(c->ring && !c->mapped);
	if (actions & HVB_DO_LEAK_RING)
		MUST(c->ring && !(actions & HVB_DO_FREE_RING));
	if (actions & (HVB_DO_FREE_RING | HVB_DO_LEAK_RING)) {
		c->ring = false;
		c->mapped = false;
	}
}

static void act_end(struct bus *b, struct channel *c, unsigned int actions)
{
	u32 relid = c->relid;

	if (actions & HVB_DO_MAP) {
		MUST(!c->in_map);
		c->in_map = true;
	}
	if (actions & HVB_DO_UNMAP) {
		MUST(c->in_map);
		c->in_map = false;
	}
	if (!(actions & HVB_DO_FREE))
		return;
	MUST(!c->ring && !c->waits && !c->in_map);
	if (actions & HVB_DO_RELID_RELEASED) {
		MUST(b->owed[relid]);
		/* A rescind that crosses this wants no second one. */
		if (!c->rescinded)
			refused(b, relid);
		give_back(b, relid);
	}
	c->there = false;
}

static void act(struct bus *b, struct channel *c, unsigned int actions)
{
	if (actions & HVB_DO_CANCEL) {
		if (c->waits)
			hvb_request_end(&c->req, -ENODEV);
		c->modifies = false;
	}
	if (actions & HVB_DO_SEND_GPADL) {
		MUST(!c->ring && !c->mapped);
		c->ring = true;
		c->mapped = true;
		c->handle = ++b->handle;
		request(b, c, hvb_key_gpadl_create(c->relid, c->handle));
		return;
	}
	if (actions & HVB_DO_SEND_MODIFY) {
		struct hvb_request_key key = hvb_key_modify(c->relid);

		MUST(c->in_map && !c->modifies);
		hvb_request_init(&c->modify, &key);
		c->modifies = true;
	}
	if (actions & HVB_DO_SEND_CLOSE)
		MUST(c->in_map);
	if (actions & HVB_DO_SEND_OPEN) {
		MUST(c->mapped);
		request(b, c, hvb_key_open(c->relid, c->relid));
	} else if (actions & HVB_DO_TEARDOWN) {
		MUST(c->mapped);
		request(b, c, hvb_key_gpadl_teardown(c->handle));
	}
	act_ring(c, actions);
	act_end(b, c, actions);
}

/* Whoever waits for the host goes on; its answer may have crossed a rescind. */
static void wake(struct bus *b, struct channel *c)
{
	enum hvb_chan_event ev;
	int err;

	if (c->modifies && c->modify.state == HVB_REQ_ANSWERED) {
		c->modifies = false;
		event(b, c, HVB_EV_MODIFY_DONE);
	}
	if (!c->waits || c->req.state == HVB_REQ_WAITING)
		return;
	c->waits = false;
	err = hvb_request_result(&c->req);
	if (err)
		ev = err == -ENODEV ? HVB_EV_ABORTED : HVB_EV_TIMEOUT;
	else if (c->req.key.type == HVB_MSG_GPADL_CREATED)
		ev = c->status ? HVB_EV_GPADL_FAIL : HVB_EV_GPADL_OK;
	else if (c->req.key.type == HVB_MSG_OPEN_RESULT)
		ev = c->status ? HVB_EV_OPEN_FAIL : HVB_EV_OPEN_OK;
	else
		ev = HVB_EV_TORNDOWN;
	/* An operation that waited for the host has a way on, whatever came. */
	MUST(!event(b, c, ev));
}

static void offer(struct bus *b, const struct hvb_offer *o)
{
	struct channel *c = &b->chan[o->instance.b[0] % CHANNELS];

	if (o->relid > RELIDS || by_relid(b, o->relid))
		return;
	hvb_relids_offered(&b->relids, o->relid);
	b->owed[o->relid] = true;
	b->early[o->relid] = false;
	if (!c->there) {
		memset(c, 0, sizeof(*c));
		c->there = true;
		c->in_map = true;
		c->relid = o->relid;
		return;
	}
	if (c->state == HVB_CH_SUSPENDED) {
		c->relid = o->relid;
		MUST(!event(b, c, HVB_EV_REOFFER));
		return;
	}
	MUST(event(b, c, HVB_EV_REOFFER));
	refused(b, o->relid);
	give_back(b, o->relid);
}

static void rescind(struct bus *b, u32 relid)
{
	struct channel *c = by_relid(b, relid);

	if (c) {
		c->rescinded = true;
		event(b, c, HVB_EV_RESCIND);
		MUST(c->taken && !c->mapped);
		return;
	}
	if (relid > RELIDS)
		return;
	/* The host waits for it, unless it was told before it could know. */
	MUST(!b->owed[relid]);
	MUST(hvb_relids_rescinded(&b->relids, relid) == !b->early[relid]);
	b->early[relid] = false;
}

static void answer(struct bus *b, const struct hvb_msg *msg)
{
	struct hvb_request_key key;
	u32 i;

	if (!hvb_request_key_of(msg, &key))
		return;
	for (i = 0; i < CHANNELS; i++) {
		struct channel *c = &b->chan[i];

		if (c->waits && hvb_request_answer(&c->req, &key)) {
			c->status = key.type == HVB_MSG_OPEN_RESULT ?
				    msg->open_result.status :
				    msg->gpadl_created.status;
			return;
		}
		if (c->modifies && hvb_request_answer(&c->modify, &key))
			return;
	}
}

/* What a host that goes by the input says, in memory of exactly its length. */
static u8 *compose(struct bus *b, u32 *len)
{
	static const struct {
		u8 type, len, relid, id, status;
	} shapes[] = {
		{ HVB_MSG_OFFER, HVB_OFFER_LEN, 184 },
		{ HVB_MSG_RESCIND, 12, 8 },
		{ HVB_MSG_OPEN_RESULT, 20, 8, 12, 16 },
		{ HVB_MSG_GPADL_CREATED, 20, 8, 12, 16 },
		{ HVB_MSG_GPADL_TORNDOWN, 12, 0, 8 },
		{ HVB_MSG_MODIFY_RESPONSE, 16, 8, 0, 12 },
		{ HVB_MSG_ALL_OFFERS, 8 },
	};
	u8 what = take8(b->in), names = take8(b->in);
	u32 shape = what % ARRAY_SIZE(shapes), relid = names % (RELIDS + 2);
	u8 bytes[HVB_OFFER_LEN] = { shapes[shape].type }, *copy;

	bytes[8] = shape ? 0 : 1;
	bytes[24] = names / 16;
	/* Handles are relids when channels are opened, and counted otherwise. */
	if (shapes[shape].id)
		put_unaligned_le32(what & 128 ? relid : b->handle - names / 16,
				   bytes + shapes[shape].id);
	if (shapes[shape].relid)
		put_unaligned_le32(relid, bytes + shapes[shape].relid);
	if (shapes[shape].status)
		bytes[shapes[shape].status] = what & 64;
	*len = what % 64 == 63 ? take8(b->in) % shapes[shape].len :
				 shapes[shape].len;
	copy = malloc(*len ? *len : 1);
	MUST(copy);
	memcpy(copy, bytes, *len);
	return copy;
}

static void host(struct bus *b)
{
	struct hvb_msg msg;
	struct hv_view view;
	enum hvb_reject why;
	u32 len;
	u8 *copy = compose(b, &len);

	view = hv_view_of(copy, len);
	why = hvb_msg_gate(HVB_CONN_UP, VERSION, hvb_msg_type(&view), len);
	if (why == HVB_OK)
		why = hvb_msg_decode(&view, VERSION, &msg);
	if (why == HVB_OK && msg.type == HVB_MSG_OFFER)
		offer(b, &msg.offer);
	else if (why == HVB_OK && msg.type == HVB_MSG_RESCIND)
		rescind(b, msg.rescind_relid);
	else if (why == HVB_OK)
		answer(b, &msg);
	free(copy);
}

/* The connection ends and comes back, if no channel has anything against it. */
static void hibernate(struct bus *b)
{
	enum hvb_chan_state next;
	unsigned int actions;
	u32 i;
	int ret;

	for (i = 0; i < CHANNELS; i++) {
		if (!b->chan[i].there)
			continue;
		ret = hvb_chan_event(b->chan[i].state, HVB_EV_SUSPEND, &next,
				     &actions);
		if (ret && ret != -EALREADY)
			return;
	}
	for (i = 0; i < CHANNELS; i++) {
		if (b->chan[i].there)
			event(b, &b->chan[i], HVB_EV_SUSPEND);
		MUST(!b->chan[i].there || !b->chan[i].in_map);
		MUST(!b->chan[i].there || !b->chan[i].mapped);
	}
	memset(b->owed, 0, sizeof(b->owed));
	memset(b->early, 0, sizeof(b->early));
	hvb_relids_init(&b->relids);
}

static void guest(struct bus *b)
{
	static const u8 events[] = {
		HVB_EV_PUBLISH, HVB_EV_OPEN_REQ, HVB_EV_CLOSE_REQ,
		HVB_EV_MODIFY_REQ, HVB_EV_RELEASE, HVB_EV_DROP,
		HVB_EV_ADD_FAILED,
	};
	u8 what = take8(b->in);
	struct channel *c = &b->chan[what / 16 % CHANNELS];

	what %= 16;
	if (what == 15)
		hibernate(b);
	else if (!c->there)
		return;
	else if (what < ARRAY_SIZE(events))
		event(b, c, events[what]);
	else if (what == 14 && c->waits)
		hvb_request_end(&c->req, -ETIMEDOUT);
	else
		wake(b, c);
}

/* Drivers let go, the host is silent: within a few steps nothing is left. */
static void end(struct bus *b, struct channel *c)
{
	u32 steps = 0;

	while (c->there) {
		MUST(++steps < 8);
		if (c->waits) {
			hvb_request_end(&c->req, -ETIMEDOUT);
			wake(b, c);
		}
		event(b, c, HVB_EV_PUBLISH);
		event(b, c, HVB_EV_CLOSE_REQ);
		if (!c->waits)
			event(b, c, HVB_EV_RELEASE);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size }, none = { data, 0 };
	struct bus b = { .in = &in };
	u32 i;

	hvb_relids_init(&b.relids);
	while (in.len) {
		if (take8(&in) & 1)
			host(&b);
		else
			guest(&b);
	}
	b.in = &none;
	for (i = 0; i < CHANNELS; i++)
		end(&b, &b.chan[i]);
	for (i = 1; i <= RELIDS; i++)
		MUST(!b.owed[i]);
	return 0;
}
