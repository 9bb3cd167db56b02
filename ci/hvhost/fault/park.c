// SPDX-License-Identifier: GPL-2.0-only
/* Items that go out later: after a time, or behind the next one. See fault.h. */
#include "fault.h"

#include <stdlib.h>
#include <string.h>

#define MS		1000000ull
#define PARKED_MAX	4096u		/* beyond it they are lost */

struct parked {
	struct parked *next;
	struct parcel parcel;		/* its bytes are data */
	unsigned int opens;		/* of the channel then: a later open gets nothing */
	uint64_t due;			/* 0: behind the next one */
	uint8_t data[];
};

static struct parked *parked, **parked_end = &parked;	/* fault_lock */
static unsigned int count;
static bool arm_asked;
static struct loop_timer *timer;			/* main thread */

static void arm(void *arg);

static void ask_arm(void)
{
	if (!arm_asked)
		loop_call(arm, NULL);
	arm_asked = true;
}

void parcel_send(const struct parcel *p)
{
	struct host_message m;
	uint32_t relid;

	switch (p->class) {
	case FAULT_MESSAGE:
		m.len = p->len;
		m.relid = 0;
		memcpy(m.bytes, p->bytes, p->len);
		message_emit(&m);
		break;
	case FAULT_PACKET:
		if (!slot_put(p->slot, p->bytes, p->len))
			fault_note("%s.%u: no room, a packet is lost", p->slot->ch.dev->name,
				   p->slot->ch.sub);
		break;
	case FAULT_FLAG:
		memcpy(&relid, p->bytes, sizeof(relid));
		synic_flag(p->vp, VMBUS_SINT, relid);
		break;
	default:
		break;
	}
}

void park(const struct parcel *p, uint32_t delay_ms)
{
	struct parked *w = malloc(sizeof(*w) + p->len);

	if (!w)
		return;
	*w = (struct parked){ .parcel = *p };
	w->parcel.bytes = w->data;
	w->opens = p->slot ? p->slot->opens : 0;
	w->due = delay_ms ? now_ns() + delay_ms * MS : 0;
	memcpy(w->data, p->bytes, p->len);
	pthread_mutex_lock(&fault_lock);
	if (count >= PARKED_MAX) {
		free(w);
	} else {
		*parked_end = w;
		parked_end = &w->next;
		count++;
		if (delay_ms)
			ask_arm();
	}
	pthread_mutex_unlock(&fault_lock);
}

/* Takes those out of the list for which chosen() is true; in order. fault_lock held. */
static struct parked *take(bool (*chosen)(const struct parked *w, const void *arg),
			   const void *arg)
{
	struct parked *taken = NULL, **end = &taken, **at = &parked;

	while (*at) {
		struct parked *w = *at;

		if (!chosen(w, arg)) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->next = NULL;
		*end = w;
		end = &w->next;
		count--;
	}
	parked_end = at;
	return taken;
}

static bool behind(const struct parked *w, const void *arg)
{
	const struct parcel *p = arg;

	return !w->due && w->parcel.class == p->class && w->parcel.slot == p->slot;
}

static bool is_due(const struct parked *w, const void *arg)
{
	const uint64_t *now = arg;

	return w->due && w->due <= *now;
}

static bool of_device(const struct parked *w, const void *arg)
{
	return !arg || (w->parcel.slot && w->parcel.slot->ch.dev == arg);
}

static bool still_open(const struct parked *w)
{
	const struct bus_channel *s = w->parcel.slot;

	return !s || (s->open && !s->dead && s->opens == w->opens);
}

void unpark_behind(const struct parcel *p)
{
	struct parked *w;

	pthread_mutex_lock(&fault_lock);
	w = take(behind, p);
	pthread_mutex_unlock(&fault_lock);
	while (w) {
		struct parked *next = w->next;

		if (still_open(w))
			parcel_send(&w->parcel);
		free(w);
		w = next;
	}
}

static void send_late(struct parked *w)
{
	struct bus_channel *s = w->parcel.slot;

	if (s)
		slot_enter(s);
	if (still_open(w)) {
		s ? fault_note("%s.%u: late item goes out", s->ch.dev->name, s->ch.sub) :
		    fault_note("bus: late message goes out");
		parcel_send(&w->parcel);
	}
	if (s)
		slot_leave(s);
}

static void expire(void *arg)
{
	uint64_t now = now_ns();
	struct parked *w;

	(void)arg;
	pthread_mutex_lock(&fault_lock);
	w = take(is_due, &now);
	ask_arm();
	pthread_mutex_unlock(&fault_lock);
	while (w) {
		struct parked *next = w->next;

		send_late(w);
		free(w);
		w = next;
	}
}

/* Main thread: the timer is set to the first that is due. */
static void arm(void *arg)
{
	uint64_t first = 0, now = now_ns();

	(void)arg;
	if (!timer)
		timer = loop_timer_new(expire, NULL);
	pthread_mutex_lock(&fault_lock);
	arm_asked = false;
	for (struct parked *w = parked; w; w = w->next)
		if (w->due && (!first || w->due < first))
			first = w->due;
	pthread_mutex_unlock(&fault_lock);
	if (first)
		loop_timer_set(timer, first > now ? first - now : 1);
}

void park_forget(const struct hv_device *dev)
{
	struct parked *w;

	pthread_mutex_lock(&fault_lock);
	w = take(of_device, dev);
	pthread_mutex_unlock(&fault_lock);
	while (w) {
		struct parked *next = w->next;

		free(w);
		w = next;
	}
}

unsigned int park_count(void)
{
	unsigned int n;

	pthread_mutex_lock(&fault_lock);
	n = count;
	pthread_mutex_unlock(&fault_lock);
	return n;
}
