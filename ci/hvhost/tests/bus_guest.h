/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest for the whole bus, without KVM: memory, SynIC, event connections and the
 * event loop are played here; everything in bus/ is the real thing, worker threads too.
 * One device kind "echo" (and "echo2" with threads of its own) stands for the devices.
 */
#ifndef HVHOST_TEST_BUS_GUEST_H
#define HVHOST_TEST_BUS_GUEST_H

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../bus/internal.h"

#define GUEST_PAGES	8192u
#define GUEST_PFN	0x100u
#define INBOX		8192u
#define VMBUS_TYPE	1u		/* TLFS message type */

struct machine machine = { .config.cpus = 4 };

static uint8_t guest_ram[GUEST_PAGES][PAGE_BYTES] __attribute__((aligned(4096)));

void *guest_ptr(uint64_t gpa, uint64_t len)
{
	uint64_t base = (uint64_t)GUEST_PFN * PAGE_BYTES, offset = gpa - base;

	if (!len || gpa < base || offset >= sizeof(guest_ram) || len > sizeof(guest_ram) - offset)
		return NULL;
	return &guest_ram[0][0] + offset;
}

/* ---- SynIC ---- */

struct inbox_message {
	unsigned int vp, sint;
	uint32_t word[MESSAGE_BYTES / 4];
	size_t len;
	uint32_t type;			/* TLFS message type */
};

static pthread_mutex_t inbox_lock = PTHREAD_MUTEX_INITIALIZER;
static struct inbox_message inbox[INBOX];
static unsigned int inbox_head, inbox_tail;
static unsigned int synic_limit = INBOX;	/* messages that SynIC takes before it is full */
static atomic_uint flags_set[MAX_RELID + 1];
static atomic_uint last_flag_vp;

bool synic_room(unsigned int vp)
{
	bool room;

	(void)vp;
	pthread_mutex_lock(&inbox_lock);
	room = inbox_tail - inbox_head < synic_limit;
	pthread_mutex_unlock(&inbox_lock);
	return room;
}

bool synic_post_type(unsigned int vp, unsigned int sint, uint32_t type, const void *payload,
		     size_t len)
{
	struct inbox_message *m;
	bool room;

	pthread_mutex_lock(&inbox_lock);
	room = inbox_tail - inbox_head < synic_limit && vp < machine.config.cpus;
	if (room) {
		m = &inbox[inbox_tail++ % INBOX];
		memset(m, 0, sizeof(*m));
		m->vp = vp;
		m->sint = sint;
		m->len = len;
		m->type = type;
		memcpy(m->word, payload, len);
	}
	pthread_mutex_unlock(&inbox_lock);
	return room;
}

bool synic_post(unsigned int vp, unsigned int sint, const void *payload, size_t len)
{
	return synic_post_type(vp, sint, VMBUS_TYPE, payload, len);
}

void synic_flag(unsigned int vp, unsigned int sint, unsigned int flag)
{
	if (sint == VMBUS_SINT && flag <= MAX_RELID && vp < machine.config.cpus) {
		last_flag_vp = vp;
		flags_set[flag]++;
	}
}

void synic_forget(void)
{
	pthread_mutex_lock(&inbox_lock);
	inbox_head = inbox_tail;
	pthread_mutex_unlock(&inbox_lock);
}

/* The oldest message; false: none. */
static bool __attribute__((unused)) inbox_take(struct inbox_message *m)
{
	bool any;

	pthread_mutex_lock(&inbox_lock);
	any = inbox_head != inbox_tail;
	if (any)
		*m = inbox[inbox_head++ % INBOX];
	pthread_mutex_unlock(&inbox_lock);
	return any;
}

/* ---- event connections ---- */

static int connection_fd[1 << 16];	/* by connection id; 0: none */

int hv_signal_add(uint32_t conn)
{
	connection_fd[conn] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return connection_fd[conn];
}

void hv_signal_remove(uint32_t conn, int fd)
{
	close(fd);
	connection_fd[conn] = 0;
}

static void __attribute__((unused)) guest_signal(uint32_t relid)
{
	const uint64_t one = 1;
	int fd = connection_fd[relid | VMBUS_SINT << 12];

	if (fd && write(fd, &one, sizeof(one)) < 0)
		return;
}

/* ---- event loop: calls are run when the test says so ---- */

struct loop_timer {
	void (*fn)(void *arg);
	void *arg;
	bool set;
};

static pthread_mutex_t calls_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	void (*fn)(void *arg);
	void *arg;
} calls[4096];
static unsigned int calls_count;
static struct loop_timer clocks[4];
static unsigned int clock_count;

void loop_call(void (*fn)(void *arg), void *arg)
{
	pthread_mutex_lock(&calls_lock);
	if (calls_count == ARRAY_SIZE(calls))
		abort();
	calls[calls_count].fn = fn;
	calls[calls_count++].arg = arg;
	pthread_mutex_unlock(&calls_lock);
}

struct loop_timer *loop_timer_new(void (*fn)(void *arg), void *arg)
{
	if (clock_count == ARRAY_SIZE(clocks))
		abort();
	clocks[clock_count] = (struct loop_timer){ fn, arg, false };
	return &clocks[clock_count++];
}

void loop_timer_set(struct loop_timer *timer, uint64_t ns)
{
	timer->set = ns != 0;
}

static void run_loop(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		void (*fn)(void *arg) = NULL;
		void *arg = NULL;

		pthread_mutex_lock(&calls_lock);
		if (i < calls_count) {
			fn = calls[i].fn;
			arg = calls[i].arg;
		} else {
			calls_count = 0;
		}
		pthread_mutex_unlock(&calls_lock);
		if (!fn)
			break;
		fn(arg);
	}
	for (unsigned int i = 0; i < clock_count; i++)
		if (clocks[i].set) {
			clocks[i].set = false;
			clocks[i].fn(clocks[i].arg);
		}
}

/* ---- posting ---- */

static bool post_only;			/* don't wait until it is handled */

static uint16_t post(uint32_t conn, uint32_t type, const void *body, size_t len)
{
	uint8_t bytes[MESSAGE_BYTES] = { 0 };
	uint16_t status;

	memcpy(bytes, &type, sizeof(type));
	if (len)
		memcpy(bytes + 8, body, len);
	status = vmbus_post_message(0, conn, VMBUS_TYPE, bytes, 8 + len);
	if (!post_only)
		posts_settle();
	return status;
}

static uint16_t post_words(uint32_t type, unsigned int count, uint32_t a, uint32_t b)
{
	const uint32_t word[2] = { a, b };

	return post(1, type, word, 4 * count);
}

static uint16_t __attribute__((unused)) post_contact(uint32_t conn, uint32_t version, uint32_t vp,
						     uint64_t target, uint64_t mon1,
						     uint64_t mon2)
{
	const struct {
		uint32_t version, vp;
		uint64_t target, mon[2];
	} body = { version, vp, target, { mon1, mon2 } };

	return post(conn, MSG_CONTACT, &body, sizeof(body));
}

/* A GPADL of pages that follow each other; header and as many bodies as it takes. */
static uint16_t __attribute__((unused)) post_gpadl(uint32_t relid, uint32_t id, uint64_t pfn,
						   uint32_t pages, uint32_t bytes,
						   uint32_t offset)
{
	struct {
		uint32_t relid, id;
		uint16_t len, count;
		uint32_t bytes, offset;
		uint64_t pfn[26];
	} __attribute__((packed)) head = {
		relid, id, 8 + 8 * pages, 1, bytes, offset, { 0 },
	};
	struct {
		uint32_t number, id;
		uint64_t pfn[28];
	} body = { 0, id, { 0 } };
	uint32_t n, done = pages < 26 ? pages : 26;
	uint16_t status;

	for (n = 0; n < done; n++)
		head.pfn[n] = pfn + n;
	status = post(1, MSG_GPADL_HEADER, &head, 20 + 8 * done);
	while (!status && done < pages) {
		for (n = 0; n < 28 && done + n < pages; n++)
			body.pfn[n] = pfn + done + n;
		done += n;
		body.number++;
		status = post(1, MSG_GPADL_BODY, &body, 8 + 8 * n);
	}
	return status;
}

static uint16_t __attribute__((unused)) post_open(uint32_t relid, uint32_t gpadl, uint32_t vp,
						  uint32_t downstream)
{
	const struct {
		uint32_t relid, id, gpadl, vp, downstream;
		uint8_t user[USER_BYTES];
	} body = { relid, relid + 1000, gpadl, vp, downstream, { 'u' } };

	return post(1, MSG_OPEN, &body, sizeof(body));
}

/* ---- the guest's ends of the rings; contiguous pages ---- */

struct guest_ring {
	uint32_t *control;		/* write, read, mask, pending */
	uint8_t *data;
	uint32_t size;
};

static inline void ring_bytes(struct guest_ring *r, uint32_t at, void *mem, uint32_t len, bool put)
{
	for (uint8_t *p = mem; len--; at++, p++) {
		uint8_t *q = r->data + at % r->size;

		if (put)
			*q = *p;
		else
			*p = *q;
	}
}

static void __attribute__((unused)) guest_put(struct guest_ring *r, uint16_t type, uint16_t flags,
					      uint64_t id, const void *data, uint32_t len)
{
	uint32_t body = ALIGN_UP(len, 8u), at = r->control[0];
	uint16_t head[4] = { type, 2, (16 + body) / 8, flags };
	uint64_t trailer = (uint64_t)at << 32;

	ring_bytes(r, at, head, 8, true);
	ring_bytes(r, at + 8, &id, 8, true);
	ring_bytes(r, at + 16, (void *)data, len, true);
	ring_bytes(r, at + 16 + body, &trailer, 8, true);
	__atomic_store_n(&r->control[0], (at + 24 + body) % r->size, __ATOMIC_SEQ_CST);
}

/* Takes a packet: its type, or 0 when there is none. */
static uint16_t __attribute__((unused)) guest_get(struct guest_ring *r, uint64_t *id, void *data,
						  uint32_t room)
{
	uint32_t at = r->control[1], write = __atomic_load_n(&r->control[0], __ATOMIC_SEQ_CST), n;
	uint16_t head[4];

	if (at == write)
		return 0;
	ring_bytes(r, at, head, 8, false);
	ring_bytes(r, at + 8, id, 8, false);
	n = (head[2] - head[1]) * 8u;
	ring_bytes(r, at + head[1] * 8u, data, n < room ? n : room, false);
	__atomic_store_n(&r->control[1], (at + head[2] * 8u + 8) % r->size, __ATOMIC_SEQ_CST);
	return head[0];
}

/* ---- the device ---- */

static atomic_uint echo_opens, echo_closes, echo_resets, echo_rooms, echo_timers, echo_packets;
static atomic_bool echo_stall, echo_stalled;	/* hold packet handlers; one is held */
static uint32_t echo_status;
static struct gpadl *echo_gpadl;		/* what a 'G' packet made the device hold */
static bool echo_monitored;

static bool echo_create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	(void)error;
	(void)size;
	dev->max_sub = options_number(o, "sub", 0, 0, 1000);
	dev->monitored = echo_monitored;
	dev->latency = 100;
	dev->user[0] = 0x77;
	return true;
}

static void echo_destroy(struct hv_device *dev)
{
	(void)dev;
}

static uint32_t echo_open(struct hv_channel *ch)
{
	(void)ch;
	echo_opens++;
	return echo_status;
}

/* Inband packets are commands; what wants a completion gets its own payload back. */
static void echo_packet(struct hv_channel *ch, struct packet *p)
{
	uint32_t id;

	echo_packets++;
	while (echo_stall) {
		echo_stalled = true;
		usleep(100);
	}
	echo_stalled = false;
	if (p->flags & PKT_FLAG_COMPLETION)
		channel_complete(ch, p->transaction, p->data, p->len);
	if (p->len < 8)
		return;
	memcpy(&id, p->data + 4, sizeof(id));
	switch (p->data[0]) {
	case 'S':
		device_offer_subchannels(ch->dev, id);
		break;
	case 'G':
		if (!echo_gpadl)
			echo_gpadl = gpadl_get(ch, id);
		break;
	case 'P':
		gpadl_put(echo_gpadl);
		echo_gpadl = NULL;
		break;
	case 'T':
		channel_timer(ch, 1000000);
		break;
	case 'F':
		while (channel_send(ch, p->data, p->len, 1, false))
			;
		break;
	case 'K':
		channel_kill(ch, "told so");
		break;
	}
}

static void echo_timer(struct hv_channel *ch)
{
	(void)ch;
	echo_timers++;
}

static void echo_room(struct hv_channel *ch)
{
	(void)ch;
	echo_rooms++;
}

static void echo_close(struct hv_channel *ch)
{
	(void)ch;
	echo_closes++;
}

static void echo_reset(struct hv_device *dev)
{
	(void)dev;
	gpadl_put(echo_gpadl);
	echo_gpadl = NULL;
	echo_resets++;
}

static const struct hv_device_ops echo_ops = {
	.kind = "echo", .help = "", .type = { { 1, 2, 3 } }, .create = echo_create,
	.destroy = echo_destroy, .open = echo_open, .packet = echo_packet, .timer = echo_timer,
	.room = echo_room, .close = echo_close, .reset = echo_reset,
}, echo2_ops = {
	.kind = "echo2", .help = "", .type = { { 4, 5, 6 } }, .threaded = true, .pipe = true,
	.create = echo_create, .destroy = echo_destroy, .open = echo_open, .packet = echo_packet,
	.timer = echo_timer, .room = echo_room, .close = echo_close, .reset = echo_reset,
};

const struct hv_device_ops *const device_kinds[] = { &echo_ops, &echo2_ops, NULL };

/* Options are there for the devices; this is the small part of them that echo needs. */
static struct hv_device *__attribute__((unused)) add_echo(const char *text)
{
	char error[128];
	struct hv_device *dev = bus_device_add(text, error, sizeof(error));

	if (!dev)
		abort();
	return dev;
}

#endif
