// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which channels the guest knows: offers, rescinds and relids. Also the list of
 * devices, as each offer stands for one.
 */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTION_SINT_SHIFT	12	/* connection id: relid and SINT */

struct bus_channel *slot_by_relid(uint32_t relid)
{
	return relid <= MAX_RELID ? bus.relid[relid] : NULL;
}

/* The lowest free one, so that reuse happens early and often. 0: all are taken. */
static uint32_t free_relid(void)
{
	for (uint32_t i = 1; i <= MAX_RELID; i++)
		if (!bus.relid[i])
			return i;
	return 0;
}

static void send_offer(struct bus_channel *s)
{
	const struct hv_device *dev = s->ch.dev;
	struct offer o = {
		.type = dev->ops->type,
		.instance = dev->instance,
		.flags = OFFER_ENUMERATE | dev->offer_flags,
		.mmio_mb = s->ch.sub ? 0 : dev->mmio_mb,
		.sub = s->ch.sub,
		.relid = s->ch.relid,
		.connection = s->ch.relid | VMBUS_SINT << CONNECTION_SINT_SHIFT,
		.monitor = s->monitor,
	};
	const uint32_t mode = PIPE_MESSAGE;
	struct host_message m;

	if (dev->ops->pipe) {
		o.flags |= OFFER_PIPE;
		memcpy(o.user, &mode, sizeof(mode));
		memcpy(o.user + sizeof(mode), dev->user, USER_BYTES - sizeof(mode));
	} else {
		memcpy(o.user, dev->user, USER_BYTES);
	}
	wire_offer(&m, &o);
	guest_post(&m);
}

void slot_offer(struct bus_channel *s)
{
	uint32_t relid;

	if (!bus.offers_requested || s->state != SLOT_IDLE)
		return;		/* goes out with the others, or when the relid is released */
	relid = free_relid();
	if (!relid || !relid_listen(relid, s)) {
		log_guest("vmbus: %s.%u is not offered: no relid or no descriptor left",
			 s->ch.dev->name, s->ch.sub);
		return;
	}
	s->ch.relid = relid;
	s->state = SLOT_OFFERED;
	monitor_assign(s);
	bus.relid[relid] = s;
	send_offer(s);
}

/* The guest doesn't know the relid any more. */
static void forget_relid(struct bus_channel *s)
{
	if (s->state == SLOT_IDLE)
		return;
	bus.relid[s->ch.relid] = NULL;
	relid_ignore(s->ch.relid, s);
	monitor_release(s);
	s->state = SLOT_IDLE;
	s->ch.relid = 0;
}

void slot_rescind(struct bus_channel *s)
{
	struct host_message m;
	bool open = s->state == SLOT_OPEN;

	s->wanted = false;
	if (s->state != SLOT_OFFERED && !open)
		return;
	s->state = SLOT_RESCINDED;
	if (open)
		slot_close(s);
	gpadl_orphan(s->ch.relid);
	wire_words(&m, MSG_RESCIND, 1, s->ch.relid, 0, 0);
	guest_post(&m);
}

void slot_release(struct bus_channel *s)
{
	bool rescinded = s->state == SLOT_RESCINDED;

	gpadl_forget(s->ch.relid);
	forget_relid(s);
	/* A guest that gives an offer back by itself doesn't get it again at once. */
	if (s->wanted && rescinded)
		slot_offer(s);
}

void rescind_subs(struct hv_device *dev)
{
	for (unsigned int i = 1; i <= dev->max_sub; i++) {
		struct bus_channel *s = dev->bus->slot[i];

		if (s)
			slot_rescind(s);
	}
}

void offer_all(void)
{
	struct host_message m;

	bus.offers_requested = true;
	for (struct bus_device *d = bus.devices; d; d = d->next)
		if (d->wanted) {
			d->slot[0]->wanted = true;
			slot_offer(d->slot[0]);
		}
	wire_words(&m, MSG_ALL_OFFERS, 0, 0, 0, 0);
	guest_post(&m);
}

void slots_forget(void)
{
	/* Sub-channels close before their primary, as on a rescind. */
	for (struct bus_device *d = bus.devices; d; d = d->next)
		for (unsigned int i = d->dev.max_sub + 1; i-- > 0;) {
			struct bus_channel *s = d->slot[i];

			if (!s)
				continue;
			s->wanted = false;
			if (s->state == SLOT_OPEN)
				slot_close(s);
			forget_relid(s);
		}
}

/* Instance GUIDs stay the same from run to run: a guest finds its devices after hibernation. */
static void default_instance(struct hv_device *dev)
{
	uint64_t hash = 0xcbf29ce484222325u;	/* FNV-1a */

	for (const char *p = dev->ops->kind; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 0x100000001b3u;
	memcpy(dev->instance.b, &hash, sizeof(hash));
	dev->instance.b[7] = (dev->instance.b[7] & 0x0f) | 0x40;	/* RFC 4122 version 4 */
	memcpy(dev->instance.b + 8, "\x80\0hvho", 6);
	dev->instance.b[14] = dev->number >> 8;
	dev->instance.b[15] = dev->number;
}

static const struct hv_device_ops *find_kind(const char *kind, size_t len)
{
	for (unsigned int i = 0; device_kinds[i]; i++)
		if (strlen(device_kinds[i]->kind) == len &&
		    !memcmp(device_kinds[i]->kind, kind, len))
			return device_kinds[i];
	return NULL;
}

static unsigned int next_number(const struct hv_device_ops *ops)
{
	unsigned int n = 0;

	for (struct bus_device *d = bus.devices; d; d = d->next)
		n += d->dev.ops == ops;
	return n;
}

static bool same_instance(const struct hv_device *dev)
{
	for (struct bus_device *d = bus.devices; d; d = d->next)
		if (!memcmp(&d->dev.instance, &dev->instance, sizeof(dev->instance)) &&
		    !memcmp(&d->dev.ops->type, &dev->ops->type, sizeof(dev->ops->type)))
			return true;
	return false;
}

/* Options, then the limits that the bus itself has. Frees dev's part of the device on error. */
static bool create_device(struct bus_device *d, const char *options, char *error, size_t size)
{
	struct options *o = options_parse(options);
	bool made = d->dev.ops->create(&d->dev, o, error, size);
	bool taken;

	/* Its own reason counts more than options that it then didn't take. */
	if (!made) {
		char rest[128];

		options_end(o, rest, sizeof(rest));
		return false;
	}
	taken = options_end(o, error, size);
	if (taken && d->dev.max_sub > MAX_SUB) {
		snprintf(error, size, "at most %u sub-channels are possible", MAX_SUB);
		taken = false;
	}
	if (taken && same_instance(&d->dev)) {
		snprintf(error, size, "there is a device with this instance GUID already");
		taken = false;
	}
	if (!taken)
		d->dev.ops->destroy(&d->dev);
	return taken;
}

struct hv_device *bus_device_add(const char *text, char *error, size_t size)
{
	size_t len = strcspn(text, ",");
	const struct hv_device_ops *ops = find_kind(text, len);
	struct bus_device *d;

	if (!ops) {
		snprintf(error, size, "there is no device kind \"%.*s\"", (int)len, text);
		return NULL;
	}
	d = calloc(1, sizeof(*d) + sizeof(d->slot[0]) * (MAX_SUB + 1));
	if (!d)
		die("out of memory");
	d->dev.ops = ops;
	d->dev.bus = d;
	d->dev.number = next_number(ops);
	snprintf(d->dev.name, sizeof(d->dev.name), "%s%u", ops->kind, d->dev.number);
	default_instance(&d->dev);
	if (!create_device(d, text + len + (text[len] == ','), error, size)) {
		free(d);
		return NULL;
	}
	d->slot[0] = slot_new(&d->dev, 0);
	pthread_mutex_lock(&bus.lock);
	*bus.devices_end = d;
	bus.devices_end = &d->next;
	d->wanted = true;
	d->slot[0]->wanted = true;
	slot_offer(d->slot[0]);
	pthread_mutex_unlock(&bus.lock);
	return &d->dev;
}

struct hv_device *bus_device_find(const char *name)
{
	for (struct bus_device *d = bus.devices; d; d = d->next)
		if (!strcmp(d->dev.name, name))
			return &d->dev;
	return NULL;
}

void bus_device_each(void (*fn)(struct hv_device *dev, void *arg), void *arg)
{
	for (struct bus_device *d = bus.devices; d; d = d->next)
		fn(&d->dev, arg);
}

bool device_rescind(struct hv_device *dev)
{
	bool changed = dev->bus->wanted;

	dev->bus->wanted = false;
	rescind_subs(dev);
	slot_rescind(dev->bus->slot[0]);
	return changed;
}

bool bus_device_rescind(struct hv_device *dev)
{
	bool changed;

	pthread_mutex_lock(&bus.lock);
	changed = device_rescind(dev);
	pthread_mutex_unlock(&bus.lock);
	return changed;
}

bool bus_device_offer(struct hv_device *dev)
{
	bool changed;

	pthread_mutex_lock(&bus.lock);
	changed = !dev->bus->wanted;
	dev->bus->wanted = true;
	dev->bus->slot[0]->wanted = true;
	slot_offer(dev->bus->slot[0]);
	pthread_mutex_unlock(&bus.lock);
	return changed;
}

static struct bus_channel *slot_of_sub(struct hv_device *dev, unsigned int sub)
{
	return sub && sub <= dev->max_sub ? dev->bus->slot[sub] : NULL;
}

bool bus_sub_rescind(struct hv_device *dev, unsigned int sub)
{
	struct bus_channel *s;
	bool changed;

	pthread_mutex_lock(&bus.lock);
	s = slot_of_sub(dev, sub);
	changed = s && s->wanted;
	if (changed)
		slot_rescind(s);
	pthread_mutex_unlock(&bus.lock);
	return changed;
}

bool bus_sub_offer(struct hv_device *dev, unsigned int sub)
{
	struct bus_channel *s;
	bool changed;

	pthread_mutex_lock(&bus.lock);
	s = slot_of_sub(dev, sub);
	/* A sub-channel without its primary is nobody's. */
	changed = s && !s->wanted && dev->bus->slot[0]->state == SLOT_OPEN;
	if (changed) {
		s->wanted = true;
		slot_offer(s);
	}
	pthread_mutex_unlock(&bus.lock);
	return changed;
}

struct hv_channel *device_channel(struct hv_device *dev, unsigned int sub)
{
	struct bus_channel *s = sub <= dev->max_sub ? dev->bus->slot[sub] : NULL;

	return s ? &s->ch : NULL;
}

struct sub_request {
	struct hv_device *dev;
	unsigned int count, opens;
};

/* Main thread: the caller held the channel's lock, under which bus.lock can't be taken. */
static void offer_subs(void *arg)
{
	struct sub_request *r = arg;
	struct bus_device *d = r->dev->bus;
	struct bus_channel *primary = d->slot[0];

	pthread_mutex_lock(&bus.lock);
	/* Only for the open that asked. */
	if (primary->state == SLOT_OPEN && primary->opens == r->opens) {
		for (unsigned int i = 1; i <= r->count; i++) {
			if (!d->slot[i])
				d->slot[i] = slot_new(r->dev, i);
			d->slot[i]->wanted = true;
			slot_offer(d->slot[i]);
		}
	}
	pthread_mutex_unlock(&bus.lock);
	free(r);
}

bool device_offer_subchannels(struct hv_device *dev, unsigned int count)
{
	struct sub_request *r;

	if (count > dev->max_sub)
		return false;
	r = malloc(sizeof(*r));
	if (!r)
		return false;
	*r = (struct sub_request){ dev, count, dev->bus->slot[0]->opens };
	loop_call(offer_subs, r);
	return true;
}
