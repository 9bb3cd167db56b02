// SPDX-License-Identifier: GPL-2.0-only
/* What `info` says about the bus. */
#include "internal.h"

static const char *const state_names[] = {
	[SLOT_IDLE] = "idle", [SLOT_OFFERED] = "offered", [SLOT_OPEN] = "open",
	[SLOT_RESCINDED] = "rescinded",
};

static void describe_open(struct bus_channel *s, struct text *t)
{
	uint32_t vp = s->target_vp;

	if (vp == VP_NONE)
		text_add(t, " vp none");
	else
		text_add(t, " vp %u", vp);
	/* Sizes are stable while bus.lock is held: open and close need it. */
	text_add(t, " rings %u+%u in %llu/%llu out %llu/%llu signals %llu/%llu full %llu",
		 s->in.size, s->out.size,
		 (unsigned long long)s->packets_in, (unsigned long long)s->bytes_in,
		 (unsigned long long)s->packets_out, (unsigned long long)s->bytes_out,
		 (unsigned long long)s->signals_in, (unsigned long long)s->signals_out,
		 (unsigned long long)s->full);
	if (s->monitor != MONITOR_NONE)
		text_add(t, " monitor %u hits %llu", s->monitor,
			 (unsigned long long)s->monitor_hits);
	if (s->dead)
		text_add(t, " dead: %s", s->why_dead);
}

static void describe_slot(struct bus_channel *s, struct text *t)
{
	text_add(t, "%s.%u", s->ch.dev->name, s->ch.sub);
	if (s->ch.relid)
		text_add(t, " relid %u", s->ch.relid);
	text_add(t, " %s", state_names[s->state]);
	if (s->state == SLOT_OPEN)
		describe_open(s, t);
	if (s->state == SLOT_RESCINDED)
		text_add(t, "%s; the guest has not released the relid",
			 s->wanted ? ", offer waits" : "");
	text_add(t, "\n");
}

void bus_describe(struct text *answer)
{
	unsigned int gpadls;
	uint64_t bytes;

	pthread_mutex_lock(&bus.lock);
	if (bus.version)
		text_add(answer, "vmbus version %u.%u", bus.version >> 16, bus.version & 0xffff);
	else
		text_add(answer, "vmbus not connected");
	gpadl_count(&gpadls, &bytes);
	text_add(answer, " messages to vp %u, contacts %u, ignored %u, waiting %zu,",
		 bus.message_vp, bus.contacts, bus.ignored, connection_backlog());
	text_add(answer, " gpadls %u of %llu bytes\n", gpadls, (unsigned long long)bytes);
	for (struct bus_device *d = bus.devices; d; d = d->next) {
		char instance[37];

		guid_format(&d->dev.instance, instance);
		text_add(answer, "%s instance %s%s\n", d->dev.name, instance,
			 d->wanted ? "" : " withdrawn");
		for (unsigned int i = 0; i <= d->dev.max_sub; i++) {
			struct bus_channel *s = d->slot[i];

			if (s && (!i || s->state != SLOT_IDLE))
				describe_slot(s, answer);
		}
	}
	pthread_mutex_unlock(&bus.lock);
}
