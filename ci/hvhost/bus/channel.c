// SPDX-License-Identifier: GPL-2.0-only
/*
 * A channel while it is open: rings, packets in both directions, the device's
 * callbacks. All under the slot's lock.
 */
#include "../fault/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN_PACKETS	64		/* before others of the same worker get their turn */

struct bus_channel *slot_new(struct hv_device *dev, unsigned int sub)
{
	struct bus_channel *s = calloc(1, sizeof(*s));

	if (!s)
		die("out of memory");
	s->ch.dev = dev;
	s->ch.sub = sub;
	s->ch.bus = s;
	s->monitor = MONITOR_NONE;
	s->target_vp = VP_NONE;
	pthread_mutex_init(&s->gate, NULL);
	pthread_mutex_init(&s->lock, NULL);
	worker_attach(s);
	return s;
}

/*
 * Mutexes aren't fair: a worker with much to do would take its lock again and again.
 * Who waits holds the gate, so that the worker has to wait behind; and it sees that
 * somebody waits.
 */
void slot_enter(struct bus_channel *s)
{
	s->waiters++;
	pthread_mutex_lock(&s->gate);
	pthread_mutex_lock(&s->lock);
	pthread_mutex_unlock(&s->gate);
	s->waiters--;
}

void slot_leave(struct bus_channel *s)
{
	pthread_mutex_unlock(&s->lock);
}

/* Counters have one writer at a time: no locked instruction is needed. */
static void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static void flush(struct bus_channel *s)
{
	uint32_t vp = s->target_vp;

	if (!s->signal_due || s->held)
		return;
	s->signal_due = false;
	if (vp == VP_NONE)
		return;
	count(&s->signals_out, 1);
	if (fault_on && fault_flag(s, vp))
		return;
	synic_flag(vp, VMBUS_SINT, s->ch.relid);
}

/* Rings out of the GPADL: the guest's first, ours from page downstream on. */
static bool map_rings(struct bus_channel *s, uint32_t gpadl, uint32_t downstream)
{
	uint8_t *const *pages;
	uint32_t count;

	s->ring_gpadl = gpadl_get_ring(s->ch.relid, gpadl, &pages, &count);
	if (!s->ring_gpadl)
		return false;
	if (downstream && downstream < count && ring_init(&s->in, pages, downstream)) {
		if (ring_init(&s->out, pages + downstream, count - downstream)) {
			ring_open(&s->in, &s->out);
			return true;
		}
		ring_free(&s->in);
	}
	gpadl_put(s->ring_gpadl);
	s->ring_gpadl = NULL;
	return false;
}

static void unmap_rings(struct bus_channel *s)
{
	ring_free(&s->in);
	ring_free(&s->out);
	packet_free(&s->packet);
	gpadl_put(s->ring_gpadl);
	s->ring_gpadl = NULL;
	s->deadline = 0;
	s->room_wanted = 0;
	s->signal_due = false;
	s->held = 0;
}

uint32_t slot_open(struct bus_channel *s, const struct guest_message *m)
{
	uint32_t status = STATUS_FAILED;

	if (m->open.vp != VP_NONE && m->open.vp >= machine.config.cpus) {
		log_guest("vmbus: %s.%u: open for VP %u", s->ch.dev->name, s->ch.sub, m->open.vp);
		return status;
	}
	slot_enter(s);
	if (!map_rings(s, m->open.gpadl, m->open.downstream)) {
		log_guest("vmbus: %s.%u: open with a bad ring GPADL", s->ch.dev->name, s->ch.sub);
		goto leave;
	}
	s->target_vp = m->open.vp;
	memcpy(s->ch.open_user, m->open.user, USER_BYTES);
	s->ch.priv = NULL;
	s->open = true;
	s->dead = false;
	s->opens++;
	s->held = 1;		/* until slot_opened() */
	status = s->ch.dev->ops->open(&s->ch);
	if (status) {
		s->open = false;
		unmap_rings(s);
		goto leave;
	}
	s->state = SLOT_OPEN;
leave:
	slot_leave(s);
	return status;
}

void slot_opened(struct bus_channel *s)
{
	slot_enter(s);
	s->held = 0;
	flush(s);
	slot_leave(s);
	worker_kick(s);
}

void slot_close(struct bus_channel *s)
{
	slot_enter(s);
	if (s->open) {
		s->ch.dev->ops->close(&s->ch);
		s->open = false;
		unmap_rings(s);
		trace_note(s, "closed");
	}
	slot_leave(s);
}

/* False: the turn is over with work left. */
static bool run_packets(struct bus_channel *s)
{
	const struct hv_device_ops *ops = s->ch.dev->ops;
	struct packet *p = &s->packet;
	bool signal;

	ring_mask(&s->in, true);
	for (unsigned int n = 0; n < TURN_PACKETS && !s->waiters;) {
		switch (ring_read(&s->in, p, &signal)) {
		case RING_PACKET:
			s->signal_due |= signal;
			count(&s->packets_in, 1);
			count(&s->bytes_in, p->len);
			if (trace_on)
				trace_packet(s, true, p);
			if (fault_on)
				fault_guest_packet(s);
			ops->packet(&s->ch, p);
			if (s->dead)
				return true;
			n++;
			break;
		case RING_EMPTY:
			ring_mask(&s->in, false);
			if (!ring_pending(&s->in))
				return true;
			ring_mask(&s->in, true);
			break;
		case RING_BROKEN:
			channel_kill(&s->ch, "broken ring");
			return true;
		}
	}
	return false;
}

static void run_room(struct bus_channel *s)
{
	if (!s->room_wanted || ring_free_bytes(&s->out) <= s->room_wanted)
		return;
	s->room_wanted = 0;
	ring_want_room(&s->out, 0);
	if (s->ch.dev->ops->room)
		s->ch.dev->ops->room(&s->ch);
}

static void run_timer(struct bus_channel *s)
{
	uint64_t deadline = s->deadline;

	if (!deadline || deadline > now_ns())
		return;
	s->deadline = 0;
	if (s->ch.dev->ops->timer)
		s->ch.dev->ops->timer(&s->ch);
}

bool slot_run(struct bus_channel *s)
{
	bool done = true;

	slot_enter(s);
	if (!s->open || s->dead)
		goto leave;
	s->held++;
	done = run_packets(s);
	if (!s->dead)
		run_room(s);
	if (!s->dead)
		run_timer(s);
	s->held--;
	flush(s);
leave:
	slot_leave(s);
	return !done;
}

/* ---- what devices call, with the lock held ---- */

void channel_kill(struct hv_channel *ch, const char *why)
{
	struct bus_channel *s = SLOT(ch);

	if (s->dead)
		return;
	snprintf(s->why_dead, sizeof(s->why_dead), "%s", why);
	s->dead = true;
	s->deadline = 0;
	log_guest("vmbus: %s.%u: dead until it is closed: %s", ch->dev->name, ch->sub, why);
	trace_note(s, why);
}

bool slot_put(struct bus_channel *s, const void *image, uint32_t len)
{
	bool signal, written;

	if (!s->open || s->dead)
		return false;
	written = ring_put(&s->out, image, len, &signal);
	s->signal_due |= signal;
	flush(s);
	return written;
}

static bool write_packet(struct bus_channel *s, const struct packet *p, const void *header,
			 uint32_t header_len)
{
	uint32_t bytes = ring_packet_bytes(header_len, p->len);
	bool signal, written;

	if (!s->open || s->dead)
		return false;
	/* What finds no room has not been sent; it comes again. */
	if (fault_on && ring_free_bytes(&s->out) > bytes &&
	    fault_packet(s, p, header, header_len)) {
		count(&s->packets_out, 1);
		flush(s);
		return true;
	}
	written = ring_write(&s->out, p->type, p->flags, p->transaction, header, header_len,
			     p->data, p->len, &signal);
	if (!written && !s->out.broken && bytes < s->out.size) {
		count(&s->full, 1);
		if (!s->room_wanted && s->ch.dev->ops->room &&
		    !ring_want_room(&s->out, bytes))
			s->room_wanted = bytes;
		if (!s->room_wanted)
			written = ring_write(&s->out, p->type, p->flags, p->transaction, header,
					     header_len, p->data, p->len, &signal);
	}
	if (s->out.broken)
		channel_kill(&s->ch, "broken ring to the guest");
	if (!written)
		return false;
	count(&s->packets_out, 1);
	count(&s->bytes_out, p->len);
	s->signal_due |= signal;
	if (trace_on)
		trace_packet(s, false, p);
	flush(s);
	return true;
}

bool channel_send(struct hv_channel *ch, const void *data, uint32_t len, uint64_t transaction,
		  bool want_completion)
{
	struct packet p = {
		.type = PKT_INBAND,
		.flags = want_completion ? PKT_FLAG_COMPLETION : 0,
		.transaction = transaction,
		.data = (uint8_t *)data,
		.len = len,
	};

	return write_packet(SLOT(ch), &p, NULL, 0);
}

bool channel_complete(struct hv_channel *ch, uint64_t transaction, const void *data,
		      uint32_t len)
{
	struct packet p = {
		.type = PKT_COMPLETION,
		.transaction = transaction,
		.data = (uint8_t *)data,
		.len = len,
	};

	return write_packet(SLOT(ch), &p, NULL, 0);
}

bool channel_send_pages(struct hv_channel *ch, uint16_t set, const struct xfer_range *range,
			uint32_t count, const void *data, uint32_t len, uint64_t transaction)
{
	/* VMBus protocol: page set, "sender owns set", count, ranges */
	struct {
		uint16_t set;
		uint8_t owns, reserved;
		uint32_t count;
		struct xfer_range range[XFER_RANGES_MAX];
	} header;
	struct packet p = {
		.type = PKT_TRANSFER_PAGES,
		.flags = PKT_FLAG_COMPLETION,
		.transaction = transaction,
		.data = (uint8_t *)data,
		.len = len,
		.ranges = count,
	};

	if (!count || count > XFER_RANGES_MAX)
		return false;
	header.set = set;
	header.owns = 0;
	header.reserved = 0;
	header.count = count;
	memcpy(header.range, range, count * sizeof(*range));
	return write_packet(SLOT(ch), &p, &header,
			    offsetof(__typeof__(header), range) + count * sizeof(*range));
}

void channel_hold(struct hv_channel *ch)
{
	SLOT(ch)->held++;
}

void channel_release(struct hv_channel *ch)
{
	struct bus_channel *s = SLOT(ch);

	if (s->held)
		s->held--;
	flush(s);
}

void channel_timer(struct hv_channel *ch, uint64_t ns)
{
	struct bus_channel *s = SLOT(ch);

	s->deadline = ns ? now_ns() + ns : 0;
	if (ns)
		worker_deadline(s);
}

unsigned int channel_target_vp(const struct hv_channel *ch)
{
	return SLOT(ch)->target_vp;
}

bool channel_lock(struct hv_channel *ch)
{
	struct bus_channel *s = SLOT(ch);

	slot_enter(s);
	if (s->open)
		return true;
	slot_leave(s);
	return false;
}

void channel_unlock(struct hv_channel *ch)
{
	slot_leave(SLOT(ch));
}
