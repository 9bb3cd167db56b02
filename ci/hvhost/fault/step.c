// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rescinds at a step of a handshake, and posts that are refused.
 *
 * A step is the name of a control message, the guest's (the rescind goes out before it is
 * handled) or the host's (right behind it), or a packet of either direction.
 */
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_PACKET	0x10000u	/* of the guest */
#define STEP_SENT	0x10001u	/* of the host */

struct step {
	struct step *next;
	struct hv_device *dev;
	uint32_t what;			/* message type or one of the above */
	uint64_t left;			/* until it happens */
	bool due;
};

static struct step *steps;		/* fault_lock */
static _Atomic uint64_t refuse_left;
static uint32_t refuse_type;		/* fault_lock; 0: any */

static uint32_t parse(const char *name)
{
	if (!strcmp(name, "packet"))
		return STEP_PACKET;
	if (!strcmp(name, "sent"))
		return STEP_SENT;
	return fault_message_type(name);
}

static const char *step_name(uint32_t what)
{
	if (what == STEP_PACKET)
		return "packet";
	return what == STEP_SENT ? "sent" : wire_name(what);
}

bool step_known(const char *step)
{
	return parse(step) != 0;
}

bool step_pending(void)
{
	return steps || refuse_left;
}

void step_add(struct hv_device *dev, const char *step, uint64_t times)
{
	struct step *s = calloc(1, sizeof(*s));

	if (!s)
		die("out of memory");
	*s = (struct step){ .next = steps, .dev = dev, .what = parse(step), .left = times };
	steps = s;
}

void step_clear(const struct hv_device *dev)
{
	struct step **at = &steps;

	while (*at) {
		struct step *s = *at;

		if (s->dev != dev) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		free(s);
	}
	if (!dev)
		refuse_left = 0;
}

void step_list(const struct hv_device *dev, struct text *answer)
{
	for (struct step *s = steps; s; s = s->next)
		if (s->dev == dev)
			text_add(answer, "rescind-at %s %llu\n", step_name(s->what),
				 (unsigned long long)s->left);
	if (!dev && refuse_left)
		text_add(answer, "refuse-post %llu%s%s\n", (unsigned long long)refuse_left,
			 refuse_type ? " " : "", refuse_type ? wire_name(refuse_type) : "");
}

void refuse_set(uint64_t times, uint32_t type)
{
	refuse_type = type;
	refuse_left = times;
}

/* fault_lock held. True: at least one is due now. */
static bool happened(const struct hv_device *dev, uint32_t what)
{
	bool any = false;

	for (struct step *s = steps; s; s = s->next) {
		if (s->dev != dev || s->what != what || s->due || --s->left)
			continue;
		s->due = true;
		any = true;
		fault_note("%s rescind-at %s", dev->name, step_name(what));
	}
	return any;
}

static struct hv_device *take_due(void)
{
	struct hv_device *dev = NULL;

	pthread_mutex_lock(&fault_lock);
	for (struct step **at = &steps; *at; at = &(*at)->next) {
		struct step *s = *at;

		if (!s->due)
			continue;
		dev = s->dev;
		*at = s->next;
		free(s);
		break;
	}
	fault_enable();
	pthread_mutex_unlock(&fault_lock);
	return dev;
}

void fault_settle(void)
{
	struct hv_device *dev;

	while ((dev = take_due()))
		device_rescind(dev);
}

static void settle_later(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&bus.lock);
	fault_settle();
	pthread_mutex_unlock(&bus.lock);
}

/* fault_lock held: whoever holds bus.lock settles sooner. */
void step_message(struct hv_device *dev, uint32_t type)
{
	if (happened(dev, type))
		loop_call(settle_later, NULL);
}

void step_sent(struct hv_device *dev)
{
	if (happened(dev, STEP_SENT))
		loop_call(settle_later, NULL);
}

void fault_guest_packet(struct bus_channel *s)
{
	pthread_mutex_lock(&fault_lock);
	if (happened(s->ch.dev, STEP_PACKET))
		loop_call(settle_later, NULL);
	pthread_mutex_unlock(&fault_lock);
}

static uint32_t relid_of(const struct guest_message *m)
{
	switch (m->type) {
	case MSG_OPEN:
		return m->open.relid;
	case MSG_GPADL_HEADER:
		return m->header.relid;
	case MSG_GPADL_TEARDOWN:
		return m->teardown.relid;
	case MSG_MODIFY:
		return m->modify.relid;
	case MSG_CLOSE:
	case MSG_RELID_RELEASED:
		return m->channel.relid;
	}
	return 0;
}

void fault_guest_message(const struct guest_message *m)
{
	struct bus_channel *s = slot_by_relid(relid_of(m));

	if (!s)
		return;
	pthread_mutex_lock(&fault_lock);
	happened(s->ch.dev, m->type);
	pthread_mutex_unlock(&fault_lock);
	fault_settle();
}

bool fault_refuses(uint32_t type)
{
	bool refuse;

	pthread_mutex_lock(&fault_lock);
	refuse = refuse_left && (!refuse_type || refuse_type == type);
	if (refuse) {
		refuse_left--;
		fault_note("bus refuse-post %s", wire_name(type));
		fault_enable();
	}
	pthread_mutex_unlock(&fault_lock);
	return refuse;
}
