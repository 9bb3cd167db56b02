// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection: version, contact and unload, the hand-out of guest messages to
 * those who answer them, and the queue of messages to the guest.
 */
#include "../fault/fault.h"

#include <stdlib.h>
#include <string.h>

#define CONNECTION_MESSAGES_5	4u	/* of posts, from 5.0 on */
#define STATE_FAILED		2	/* "unknown failure" in VERSION_RESPONSE */
#define RETRY_NS		1000000u

struct bus bus = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.devices_end = &bus.devices,
};

/* Messages that SynIC's own queue had no room for, in order. */
struct waiting {
	struct waiting *next;
	struct host_message m;
};

static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;
static struct waiting *out, **out_end = &out;
static size_t out_count;
static bool retry_asked;
static _Atomic uint32_t out_vp;
static struct loop_timer *retry;

static void ask_retry(void);

/* out_lock held. */
static void pump(void)
{
	while (out && synic_room(out_vp)) {
		struct waiting *w = out;

		if (!synic_post(out_vp, VMBUS_SINT, w->m.bytes, w->m.len))
			break;
		out = w->next;
		if (!out)
			out_end = &out;
		out_count--;
		free(w);
	}
	if (out)
		ask_retry();
}

static void retry_now(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&out_lock);
	retry_asked = false;
	pump();
	pthread_mutex_unlock(&out_lock);
}

static void arm_retry(void *arg)
{
	(void)arg;
	if (!retry)
		retry = loop_timer_new(retry_now, NULL);
	loop_timer_set(retry, RETRY_NS);
}

static void ask_retry(void)
{
	if (!retry_asked)
		loop_call(arm_retry, NULL);
	retry_asked = true;
}

void message_emit(const struct host_message *m)
{
	struct waiting *w;

	trace_message(false, out_vp, m->bytes, m->len, NULL);
	pthread_mutex_lock(&out_lock);
	if (!out && synic_post(out_vp, VMBUS_SINT, m->bytes, m->len))
		goto done;
	w = malloc(sizeof(*w));
	if (!w) {
		log_guest("vmbus: no memory, a message to the guest is lost");
		goto done;
	}
	w->m = *m;
	w->next = NULL;
	*out_end = w;
	out_end = &w->next;
	out_count++;
	pump();
done:
	pthread_mutex_unlock(&out_lock);
}

void guest_post(const struct host_message *m)
{
	if (fault_on)
		fault_post(m);
	else
		message_emit(m);
}

size_t connection_backlog(void)
{
	size_t n;

	pthread_mutex_lock(&out_lock);
	n = out_count;
	pthread_mutex_unlock(&out_lock);
	return n;
}

static void out_forget(void)
{
	pthread_mutex_lock(&out_lock);
	while (out) {
		struct waiting *w = out;

		out = w->next;
		free(w);
	}
	out_end = &out;
	out_count = 0;
	synic_forget();
	pthread_mutex_unlock(&out_lock);
}

uint32_t bus_version(void)
{
	return bus.version;
}

void connection_end(void)
{
	slots_forget();
	gpadl_forget(0);
	monitor_end();
	bus.version = 0;
	bus.offers_requested = false;
	/* The next connection must not see what was meant for this one. */
	out_forget();
	for (struct bus_device *d = bus.devices; d; d = d->next)
		if (d->dev.ops->reset)
			d->dev.ops->reset(&d->dev);
}

static void refuse(bool known)
{
	struct host_message r;

	wire_version(&r, known, known ? STATE_FAILED : 0, 0);
	guest_post(&r);
}

/*
 * On connection 4 the guest says which SINT it listens to (from 5.0 on) and which VTL is
 * meant (from 5.1 on). Only SINT 2 of VTL 0 is served here; a refusal goes to the SINT
 * that was named, and nobody answers for other VTLs. The connection that there is stays.
 */
static bool for_us(const struct guest_message *m, uint32_t connection, uint32_t vp)
{
	struct host_message r;

	if (connection != CONNECTION_MESSAGES_5)
		return true;
	if (m->contact.version >= VERSION(5, 1) && m->contact.vtl) {
		log_guest("vmbus: contact for VTL %u ignored", m->contact.vtl);
		return false;
	}
	if (m->contact.version < VERSION(5, 0) || m->contact.sint == VMBUS_SINT)
		return true;
	wire_version(&r, false, 0, 0);
	trace_message(false, vp, r.bytes, r.len, "to another SINT");
	if (!synic_post(vp, m->contact.sint, r.bytes, r.len))
		log_guest("vmbus: contact refused, but there is no SINT %u", m->contact.sint);
	return false;
}

static void on_contact(const struct guest_message *m, uint32_t connection)
{
	uint32_t version = m->contact.version, vp = 0;
	struct host_message r;

	/* The VP is honoured from 3.0 on. */
	if (version >= VERSION(3, 0) && m->contact.vp < machine.config.cpus)
		vp = m->contact.vp;
	if (!for_us(m, connection, vp))
		return;
	if (bus.version)
		log_guest("vmbus: contact while connected: all channels are closed");
	connection_end();
	bus.contacts++;
	out_vp = vp;
	if (!wire_version_known(version, bus.max_version)) {
		log_guest("vmbus: version %u.%u refused", version >> 16, version & 0xffff);
		refuse(false);
		return;
	}
	if (!monitor_begin(m->contact.monitor[0], m->contact.monitor[1])) {
		log_guest("vmbus: contact with bad monitor pages");
		refuse(true);
		return;
	}
	bus.message_vp = vp;
	bus.version = version;
	log_guest("vmbus: version %u.%u, messages to VP %u", version >> 16, version & 0xffff,
		  vp);
	wire_version(&r, true, 0, version >= VERSION(5, 0) ? CONNECTION_MESSAGES_5 : version);
	guest_post(&r);
}

static void on_open(const struct guest_message *m)
{
	struct bus_channel *s = slot_by_relid(m->open.relid);
	struct host_message r;
	uint32_t status;

	/* No reply; on a rescinded channel the guest learns by the rescind. */
	if (!s || s->state != SLOT_OFFERED) {
		log_guest("vmbus: open of relid %u, which can't be opened", m->open.relid);
		return;
	}
	status = slot_open(s, m);
	wire_words(&r, MSG_OPEN_RESULT, 3, m->open.relid, m->open.id, status);
	guest_post(&r);
	if (!status)
		slot_opened(s);
}

static void on_close(const struct guest_message *m)
{
	struct bus_channel *s = slot_by_relid(m->channel.relid);

	if (!s || s->state != SLOT_OPEN)
		return;		/* rescinded in between, or never open; CLOSE has no reply */
	s->state = SLOT_OFFERED;
	slot_close(s);
	if (!s->ch.sub)
		rescind_subs(s->ch.dev);
}

static void on_released(const struct guest_message *m)
{
	struct bus_channel *s = slot_by_relid(m->channel.relid);

	if (!s || s->state == SLOT_OPEN) {
		log_guest("vmbus: release of relid %u, which is %s", m->channel.relid,
			  s ? "open" : "free");
		return;
	}
	slot_release(s);
}

static void on_modify(const struct guest_message *m)
{
	struct bus_channel *s = slot_by_relid(m->modify.relid);
	/* Interrupts that are off since the open stay off. */
	bool good = s && s->state == SLOT_OPEN && m->modify.vp < machine.config.cpus &&
		    s->target_vp != VP_NONE;
	struct host_message r;

	if (good)
		s->target_vp = m->modify.vp;
	if (bus.version < VERSION(5, 3))
		return;
	wire_words(&r, MSG_MODIFY_RESPONSE, 2, m->modify.relid, good ? 0 : STATUS_FAILED, 0);
	guest_post(&r);
}

static void on_tl_connect(const struct guest_message *m)
{
	struct host_message r;

	/* No service listens on this host; a refusal can be said from 4.1 on. */
	if (bus.version < VERSION(4, 1))
		return;
	wire_tl_result(&r, &m->tl.endpoint, &m->tl.service, STATUS_REFUSED);
	guest_post(&r);
}

static void on_unload(void)
{
	struct host_message r;

	log_guest("vmbus: unload");
	connection_end();
	wire_words(&r, MSG_UNLOAD_RESPONSE, 0, 0, 0, 0);
	guest_post(&r);
}

static void handle(const struct guest_message *m, uint32_t connection)
{
	switch (m->type) {
	case MSG_CONTACT:
		on_contact(m, connection);
		break;
	case MSG_REQUEST_OFFERS:
		if (!bus.offers_requested)
			offer_all();
		break;
	case MSG_GPADL_HEADER:
		gpadl_header(m);
		break;
	case MSG_GPADL_BODY:
		gpadl_body(m);
		break;
	case MSG_GPADL_TEARDOWN:
		gpadl_teardown(m);
		break;
	case MSG_OPEN:
		on_open(m);
		break;
	case MSG_CLOSE:
		on_close(m);
		break;
	case MSG_RELID_RELEASED:
		on_released(m);
		break;
	case MSG_MODIFY:
		on_modify(m);
		break;
	case MSG_TL_CONNECT:
		on_tl_connect(m);
		break;
	case MSG_UNLOAD:
		on_unload();
		break;
	}
}

void message_handle(unsigned int vp, uint32_t conn, const void *payload, uint32_t len)
{
	struct guest_message m;
	enum parse_result result;

	pthread_mutex_lock(&bus.lock);
	result = wire_parse(payload, len, bus.version, &m);
	trace_message(true, vp, payload, len, result == PARSE_OK ? NULL : wire_reason(result));
	if (result == PARSE_OK) {
		if (fault_on)
			fault_guest_message(&m);
		handle(&m, conn);
		if (fault_on)
			fault_settle();
	} else {
		bus.ignored++;
		log_guest("vmbus: message %u of %u bytes ignored: %s", m.type, len,
			  wire_reason(result));
	}
	pthread_mutex_unlock(&bus.lock);
}

void bus_create(uint32_t max_version)
{
	bus.max_version = max_version;
	workers_create();
	posts_create();
}

void bus_reset(void)
{
	posts_forget();
	pthread_mutex_lock(&bus.lock);
	connection_end();
	relids_close();
	out_vp = 0;
	pthread_mutex_unlock(&bus.lock);
	fault_reset();
}
