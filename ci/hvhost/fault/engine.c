// SPDX-License-Identifier: GPL-2.0-only
/* Targets and what their rules make of each item. See fault.h. */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INVENTIONS	3u		/* most changes that a seed makes to one item */

pthread_mutex_t fault_lock = PTHREAD_MUTEX_INITIALIZER;
atomic_bool fault_on;
static struct fault_target *targets;

struct fault_target *fault_target(struct hv_device *dev, bool make)
{
	struct fault_target *t = targets;

	while (t && t->dev != dev)
		t = t->next;
	if (t || !make)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		die("out of memory");
	t->dev = dev;
	t->end = &t->rules;
	t->next = targets;
	targets = t;
	return t;
}

void fault_target_clear(struct fault_target *t)
{
	while (t->rules) {
		struct fault_rule *r = t->rules;

		t->rules = r->next;
		free(r);
	}
	t->end = &t->rules;
	for (unsigned int i = 0; i < FAULT_CLASSES; i++)
		for (unsigned int k = 0; k < HISTORY; k++)
			free(t->kept[i][k].bytes);
	memset(t->kept, 0, sizeof(t->kept));
	t->active = false;
	t->started = false;
	t->fuzz = 0;
}

void fault_target_start(struct fault_target *t)
{
	memset(t->count, 0, sizeof(t->count));
	memset(t->changed, 0, sizeof(t->changed));
	t->started = true;
	t->active = true;
}

void fault_enable(void)
{
	bool on = step_pending();

	for (struct fault_target *t = targets; t; t = t->next)
		on |= t->active;
	fault_on = on;
}

void fault_note(const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	trace_line("- fault %s", line);
}

static const char *target_name(const struct fault_target *t)
{
	return t->dev ? t->dev->name : "bus";
}

/* In words that make it happen again to the same item. */
static void note_rule(const struct fault_target *t, const struct fault_rule *r,
		      uint64_t number)
{
	struct fault_rule one = *r;
	struct text line = { 0 };

	one.item = number;
	one.skip = 0;
	fault_format(&one, &line);
	fault_note("%s %s", target_name(t), line.data);
	text_free(&line);
}

static struct kept *kept_before(struct fault_target *t, enum fault_class class,
				uint64_t number, uint32_t back)
{
	struct kept *k;

	if (!back || back > HISTORY || back >= number)
		return NULL;
	k = &t->kept[class][(number - back) % HISTORY];
	return k->bytes && k->len ? k : NULL;
}

static void keep(struct fault_target *t, const struct fault_item *item,
		 struct bus_channel *slot, uint64_t number)
{
	struct kept *k = &t->kept[item->class][number % HISTORY];

	if (!k->bytes)
		k->bytes = malloc(KEPT_BYTES);
	k->len = 0;
	if (!k->bytes || item->len > KEPT_BYTES)
		return;
	memcpy(k->bytes, item->bytes, item->len);
	k->len = item->len;
	k->slot = slot;
}

/* The item as it came in; then as the rules leave it. fault_lock held. */
static void consider(struct fault_target *t, struct fault_item *item,
		     struct bus_channel *slot, struct fault_outcome *out,
		     struct kept *replay)
{
	struct fault_rule made[INVENTIONS];
	uint64_t number = ++t->count[item->class];
	unsigned int n = 0, hits = 0;
	struct kept *k;

	keep(t, item, slot, number);
	for (struct fault_rule *r = t->rules; r; r = r->next) {
		if (r->item && !t->started)
			continue;
		if (r->verb == FAULT_REPLAY && !kept_before(t, item->class, number, r->number))
			continue;
		if (!fault_match(r, item, number))
			continue;
		note_rule(t, r, number);
		fault_apply(r, item, out);
		hits++;
	}
	if (t->fuzz & 1U << item->class)
		n = fault_invent(&t->random[item->class], item, number, made, INVENTIONS);
	for (unsigned int i = 0; i < n; i++) {
		note_rule(t, &made[i], number);
		fault_apply(&made[i], item, out);
	}
	t->changed[item->class] += hits + n != 0;
	k = kept_before(t, item->class, number, out->replay);
	if (k && !replay->bytes) {
		*replay = *k;
		replay->bytes = malloc(k->len);
		if (replay->bytes)
			memcpy(replay->bytes, k->bytes, k->len);
	}
	out->replay = 0;
}

/* What is left of the item goes out. */
static void send(struct parcel *p, const struct fault_outcome *out, struct kept *replay)
{
	for (unsigned int i = 0; i < out->copies; i++) {
		if (out->delay_ms || out->swap)
			park(p, out->delay_ms);
		else
			parcel_send(p);
	}
	if (!out->delay_ms && !out->swap)
		unpark_behind(p);
	/* To where it was going to: never to a channel that isn't locked. */
	if (replay->bytes && replay->slot == p->slot) {
		p->bytes = replay->bytes;
		p->len = replay->len;
		parcel_send(p);
	}
	free(replay->bytes);
}

static struct hv_device *device_of(uint32_t relid)
{
	struct bus_channel *s = slot_by_relid(relid);

	return s ? s->ch.dev : NULL;
}

static uint32_t message_relid(const struct host_message *m)
{
	uint32_t word[2] = { 0, 0 }, relid = m->relid;

	memcpy(word, m->bytes, sizeof(word[0]));
	switch (word[0]) {
	case MSG_OFFER:
		memcpy(&relid, m->bytes + 184, sizeof(relid));
		break;
	case MSG_RESCIND:
	case MSG_OPEN_RESULT:
	case MSG_GPADL_CREATED:
	case MSG_MODIFY_RESPONSE:
		memcpy(&relid, m->bytes + 8, sizeof(relid));
		break;
	}
	return relid;
}

static void to_messages(struct hv_device *dev, struct fault_item *item,
			struct fault_outcome *out, struct kept *replay)
{
	struct fault_target *t = fault_target(NULL, false);

	if (t && t->active)
		consider(t, item, NULL, out, replay);
	t = dev ? fault_target(dev, false) : NULL;
	if (t && t->active)
		consider(t, item, NULL, out, replay);
}

void fault_post(const struct host_message *m)
{
	struct hv_device *dev = device_of(message_relid(m));
	struct fault_outcome out = { .copies = 1 };
	uint8_t bytes[FAULT_MESSAGE_BYTES];
	struct fault_item item = {
		.class = FAULT_MESSAGE, .bytes = bytes, .len = m->len, .room = sizeof(bytes),
	};
	struct kept replay = { 0 };
	struct parcel p = { .class = FAULT_MESSAGE, .bytes = bytes };

	memcpy(bytes, m->bytes, m->len);
	memcpy(&item.type, bytes, sizeof(item.type));
	pthread_mutex_lock(&fault_lock);
	to_messages(dev, &item, &out, &replay);
	pthread_mutex_unlock(&fault_lock);
	p.len = item.len;
	send(&p, &out, &replay);
	pthread_mutex_lock(&fault_lock);
	if (dev)
		step_message(dev, item.type);
	pthread_mutex_unlock(&fault_lock);
}

void fault_store(struct bus_channel *s, const struct fault_rule *r)
{
	struct ring *ring = r->at.part == PART_RX ? &s->out : &s->in;
	uint32_t *word = (uint32_t *)(ring->control + r->at.offset / 4 * 4);

	if (!ring->control)
		return;
	__atomic_store_n(word, fault_compute(r, __atomic_load_n(word, __ATOMIC_SEQ_CST)),
			 __ATOMIC_SEQ_CST);
	s->signal_due = true;
}

/* The bytes as they go into the ring, with room for what a rule may add. */
static bool make_image(struct fault_item *item, const struct packet *p, const void *header,
		       uint32_t header_len)
{
	uint16_t word[4] = { p->type, (16 + header_len) / 8, 0, p->flags };

	item->data = 16 + header_len;
	item->len = ALIGN_UP(item->data + p->len, 8u);
	item->room = item->len + FAULT_PACKET_EXTRA;
	item->bytes = calloc(1, item->room);
	if (!item->bytes)
		return false;
	word[2] = item->len / 8;
	memcpy(item->bytes, word, sizeof(word));
	memcpy(item->bytes + 8, &p->transaction, 8);
	if (header_len)
		memcpy(item->bytes + 16, header, header_len);
	if (p->len)
		memcpy(item->bytes + item->data, p->data, p->len);
	return true;
}

bool fault_packet(struct bus_channel *s, const struct packet *p, const void *header,
		  uint32_t header_len)
{
	struct fault_item item = {
		.class = FAULT_PACKET, .type = p->type, .sub = s->ch.sub,
	};
	struct fault_outcome out = { .copies = 1 };
	struct kept replay = { 0 };
	struct parcel parcel = { .class = FAULT_PACKET, .slot = s };
	struct fault_target *t;

	pthread_mutex_lock(&fault_lock);
	step_sent(s->ch.dev);
	t = fault_target(s->ch.dev, false);
	if (t && !t->active)
		t = NULL;
	pthread_mutex_unlock(&fault_lock);
	if (!t || !make_image(&item, p, header, header_len))
		return false;
	if (trace_on)
		trace_packet(s, false, p);
	pthread_mutex_lock(&fault_lock);
	consider(t, &item, s, &out, &replay);
	pthread_mutex_unlock(&fault_lock);
	parcel.bytes = item.bytes;
	parcel.len = item.len;
	send(&parcel, &out, &replay);
	for (unsigned int i = 0; i < out.stores; i++)
		fault_store(s, &out.store[i]);
	free(item.bytes);
	return true;
}

bool fault_flag(struct bus_channel *s, uint32_t vp)
{
	uint32_t relid = s->ch.relid;
	struct fault_item item = {
		.class = FAULT_FLAG, .sub = s->ch.sub, .bytes = (uint8_t *)&relid,
		.len = sizeof(relid), .room = sizeof(relid),
	};
	struct fault_outcome out = { .copies = 1 };
	struct kept replay = { 0 };
	struct parcel parcel = {
		.class = FAULT_FLAG, .slot = s, .vp = vp, .bytes = item.bytes,
		.len = sizeof(relid),
	};
	struct fault_target *t;

	pthread_mutex_lock(&fault_lock);
	t = fault_target(s->ch.dev, false);
	if (!t || !t->active) {
		pthread_mutex_unlock(&fault_lock);
		return false;
	}
	consider(t, &item, s, &out, &replay);
	pthread_mutex_unlock(&fault_lock);
	send(&parcel, &out, &replay);
	return true;
}

void *fault_section(uint32_t relid, const void *from, uint64_t *len)
{
	struct bus_channel *s = slot_by_relid(relid);
	struct fault_item item = { .class = FAULT_SECTION };
	struct fault_outcome out = { .copies = 1 };
	struct kept replay = { 0 };
	struct fault_target *t;

	if (!s || !*len || *len > UINT32_MAX)
		return NULL;
	pthread_mutex_lock(&fault_lock);
	t = fault_target(s->ch.dev, false);
	if (t && t->active)
		item.bytes = malloc(*len);
	if (item.bytes) {
		memcpy(item.bytes, from, *len);
		item.sub = s->ch.sub;
		item.len = item.room = *len;
		consider(t, &item, s, &out, &replay);
		*len = out.copies ? item.len : 0;
	}
	pthread_mutex_unlock(&fault_lock);
	free(replay.bytes);
	return item.bytes;
}
