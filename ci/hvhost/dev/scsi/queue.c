// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a storage channel keeps for later: requests that are parked (an injected
 * delay, or a sub-channel that is early) and messages that found the ring full.
 * Both are bounded: the guest decides how many it causes.
 */
#include <stdlib.h>
#include <string.h>
#include "vstor.h"

struct waiting_msg {
	struct waiting_msg *next;
	uint64_t transaction;
	bool completion;
	uint32_t bytes;
	struct vstor_msg msg;
};

struct queue {
	struct vstor_request *parked;		/* by time */
	unsigned int parked_count;
	size_t parked_bytes;
	struct waiting_msg *waiting, **waiting_tail;
	unsigned int waiting_count;
};

bool queue_create(struct hv_channel *ch)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (!q)
		return false;
	q->waiting_tail = &q->waiting;
	ch->priv = q;
	return true;
}

void queue_free(struct hv_channel *ch)
{
	struct queue *q = ch->priv;

	if (!q)
		return;
	while (q->parked) {
		struct vstor_request *rq = q->parked;

		q->parked = rq->next;
		free(rq);
	}
	while (q->waiting) {
		struct waiting_msg *w = q->waiting;

		q->waiting = w->next;
		free(w);
	}
	free(q);
	ch->priv = NULL;
}

static bool put_on_ring(struct hv_channel *ch, bool completion, uint64_t transaction,
			const struct vstor_msg *msg, uint32_t bytes)
{
	return completion ? channel_complete(ch, transaction, msg, bytes) :
			    channel_send(ch, msg, bytes, transaction, false);
}

static void send_or_keep(struct hv_channel *ch, bool completion, uint64_t transaction,
			 const struct vstor_msg *msg, uint32_t bytes)
{
	struct queue *q = ch->priv;
	struct waiting_msg *w;

	if (!q->waiting && put_on_ring(ch, completion, transaction, msg, bytes))
		return;
	if (q->waiting_count >= VSTOR_MAX_WAITING) {
		channel_kill(ch, "vstor: the guest does not take its completions");
		return;
	}
	w = malloc(sizeof(*w));
	if (!w) {
		channel_kill(ch, "vstor: no memory for a completion");
		return;
	}
	w->next = NULL;
	w->transaction = transaction;
	w->completion = completion;
	w->bytes = bytes;
	w->msg = *msg;
	*q->waiting_tail = w;
	q->waiting_tail = &w->next;
	q->waiting_count++;
}

void queue_send(struct hv_channel *ch, bool completion, uint32_t on, uint64_t transaction,
		const struct vstor_msg *msg, uint32_t bytes)
{
	struct vstor_fault fault;
	struct vstor_msg changed;

	if (!vstor_fault_take(vstor_of(ch), on, &fault)) {
		send_or_keep(ch, completion, transaction, msg, bytes);
		return;
	}
	if (fault.lost)
		return;
	changed = *msg;
	bytes = vstor_fault_apply(&fault, &changed, bytes, &transaction);
	send_or_keep(ch, completion, transaction, &changed, bytes);
	if (fault.twice)
		send_or_keep(ch, completion, transaction, &changed, bytes);
}

void queue_flush(struct hv_channel *ch)
{
	struct queue *q = ch->priv;

	while (q->waiting) {
		struct waiting_msg *w = q->waiting;

		if (!put_on_ring(ch, w->completion, w->transaction, &w->msg, w->bytes))
			return;
		q->waiting = w->next;
		q->waiting_count--;
		free(w);
	}
	q->waiting_tail = &q->waiting;
}

static size_t request_bytes(const struct vstor_request *rq)
{
	return sizeof(*rq) + rq->sg.count * sizeof(rq->entry[0]);
}

/* Keeps the list sorted; equal times keep their order. */
static void insert(struct queue *q, struct vstor_request *rq)
{
	struct vstor_request **at = &q->parked;

	while (*at && (*at)->due <= rq->due)
		at = &(*at)->next;
	rq->next = *at;
	*at = rq;
}

bool queue_park(struct hv_channel *ch, const struct vstor_request *rq, uint64_t due)
{
	struct queue *q = ch->priv;
	size_t bytes = request_bytes(rq);
	struct vstor_request *copy;

	if (q->parked_count >= VSTOR_MAX_WAITING ||
	    bytes > VSTOR_MAX_WAITING_BYTES - q->parked_bytes)
		return false;
	copy = malloc(bytes);
	if (!copy)
		return false;
	*copy = *rq;
	copy->due = due;
	if (rq->sg.count)
		memcpy(copy->entry, rq->sg.entry, rq->sg.count * sizeof(copy->entry[0]));
	copy->sg.entry = copy->entry;
	insert(q, copy);
	q->parked_count++;
	q->parked_bytes += bytes;
	return true;
}

struct vstor_request *queue_due(struct hv_channel *ch, uint64_t now)
{
	struct queue *q = ch->priv;
	struct vstor_request *rq = q->parked;

	if (!rq || rq->due == UINT64_MAX || rq->due > now)
		return NULL;
	q->parked = rq->next;
	q->parked_count--;
	q->parked_bytes -= request_bytes(rq);
	return rq;
}

void queue_release(struct hv_channel *ch)
{
	struct queue *q = ch->priv;
	struct vstor_request **from = &q->parked, **end, *held;

	while (*from && (*from)->due != UINT64_MAX)
		from = &(*from)->next;
	held = *from;
	*from = NULL;
	for (end = &held; *end; end = &(*end)->next)
		(*end)->due = 0;
	*end = q->parked;
	q->parked = held;
}

void queue_arm(struct hv_channel *ch)
{
	struct queue *q = ch->priv;
	uint64_t now;

	if (!q->parked || q->parked->due == UINT64_MAX) {
		channel_timer(ch, 0);
		return;
	}
	now = now_ns();
	/* 0 would cancel. */
	channel_timer(ch, q->parked->due > now ? q->parked->due - now : 1);
}

unsigned int queue_parked(const struct hv_channel *ch)
{
	const struct queue *q = ch->priv;

	return q ? q->parked_count : 0;
}
