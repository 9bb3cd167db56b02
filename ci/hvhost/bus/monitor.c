// SPDX-License-Identifier: GPL-2.0-only
/*
 * Monitored notification (TLFS): a guest signals by a bit in a page that the host
 * looks at from time to time, instead of by a hypercall. A device says the latency
 * that it can live with.
 *
 * Layout: enable bits of the groups; from byte 8 on four groups of 32 pending and 32
 * armed bits; latencies (100 ns units) from 0x240; connection ids from 0x440.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GROUPS		4u
#define TRIGGERS	32u
#define GROUP_AT	8u
#define LATENCY_AT	0x240u
#define PARAMETER_AT	0x440u
#define LATENCY_UNIT	100u		/* ns */
#define LATENCY_LEAST	50000u		/* ns */
#define LATENCY_MOST	100000000u
/* Who has been quiet for so many polls is looked at less often, but each IDLE_NS at least. */
#define IDLE_POLLS	32u
#define IDLE_NS		1000000u

enum { TO_GUEST, FROM_GUEST };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* a leaf */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct bus_channel *monitored[GROUPS * TRIGGERS];
static uint32_t used[GROUPS];		/* triggers that are assigned */
static uint8_t *page[2];		/* NULL: the guest gave none */
static uint64_t interval;		/* ns; the shortest latency of all that are used */
static bool started;

/* The bits of one group that are set, cleared by this. */
static uint32_t take(unsigned int group)
{
	uint32_t *pending = (uint32_t *)(page[FROM_GUEST] + GROUP_AT + 8 * group);

	if (!__atomic_load_n(pending, __ATOMIC_RELAXED))
		return 0;
	return __atomic_exchange_n(pending, 0, __ATOMIC_SEQ_CST);
}

/* False: nobody signalled. */
static bool poll_groups(void)
{
	bool any = false;

	for (unsigned int group = 0; group < GROUPS; group++) {
		uint32_t bits = used[group] ? take(group) & used[group] : 0;

		for (; bits; bits &= bits - 1) {
			struct bus_channel *s = monitored[TRIGGERS * group + __builtin_ctz(bits)];

			s->monitor_hits++;
			worker_kick(s);
			any = true;
		}
	}
	return any;
}

static void *poll_thread(void *arg)
{
	unsigned int quiet = 0;

	(void)arg;
	pthread_mutex_lock(&lock);
	for (;;) {
		struct timespec t = { 0 };

		while (!page[FROM_GUEST] || !interval)
			pthread_cond_wait(&changed, &lock);
		quiet = poll_groups() ? 0 : quiet + 1;
		t.tv_nsec = interval;
		if (quiet > IDLE_POLLS && interval < IDLE_NS)
			t.tv_nsec = IDLE_NS;
		pthread_mutex_unlock(&lock);
		nanosleep(&t, NULL);
		pthread_mutex_lock(&lock);
	}
	return NULL;
}

static void *monitor_page(uint64_t gpa)
{
	return gpa % PAGE_BYTES ? NULL : guest_ptr(gpa, PAGE_BYTES);
}

bool monitor_begin(uint64_t to_guest, uint64_t from_guest)
{
	uint8_t *to = NULL, *from = NULL;

	if (!to_guest != !from_guest)
		return false;
	if (to_guest) {
		to = monitor_page(to_guest);
		from = monitor_page(from_guest);
		if (!to || !from)
			return false;
	}
	pthread_mutex_lock(&lock);
	page[TO_GUEST] = to;
	page[FROM_GUEST] = from;
	pthread_mutex_unlock(&lock);
	bus.monitor_gpa[TO_GUEST] = to_guest;
	bus.monitor_gpa[FROM_GUEST] = from_guest;
	return true;
}

void monitor_end(void)
{
	pthread_mutex_lock(&lock);
	page[TO_GUEST] = NULL;
	page[FROM_GUEST] = NULL;
	pthread_mutex_unlock(&lock);
	memset(bus.monitor_gpa, 0, sizeof(bus.monitor_gpa));
}

static uint64_t latency_ns(const struct bus_channel *s)
{
	uint64_t ns = (uint64_t)s->ch.dev->latency * LATENCY_UNIT;

	if (ns < LATENCY_LEAST)
		return LATENCY_LEAST;
	return ns > LATENCY_MOST ? LATENCY_MOST : ns;
}

/* The guest may read its latency and connection id in the page (sysfs shows them). */
static void publish(unsigned int id, uint16_t latency, uint32_t connection)
{
	uint8_t *p = page[FROM_GUEST];
	uint32_t enable = 0;

	memcpy(p + LATENCY_AT + 2 * id, &latency, sizeof(latency));
	memcpy(p + PARAMETER_AT + 8 * id, &connection, sizeof(connection));
	for (unsigned int group = 0; group < GROUPS; group++)
		enable |= (uint32_t)!!used[group] << group;
	memcpy(p, &enable, sizeof(enable));
}

static void find_interval(void)
{
	interval = 0;
	for (unsigned int id = 0; id < GROUPS * TRIGGERS; id++)
		if (monitored[id] && (!interval || latency_ns(monitored[id]) < interval))
			interval = latency_ns(monitored[id]);
	pthread_cond_signal(&changed);
}

static void start_polling(void)
{
	pthread_t thread;

	if (started)
		return;
	if (pthread_create(&thread, NULL, poll_thread, NULL))
		die("cannot start the monitor thread");
	pthread_setname_np(thread, "monitor");
	pthread_detach(thread);
	started = true;
}

void monitor_assign(struct bus_channel *s)
{
	s->monitor = MONITOR_NONE;
	if (!s->ch.dev->monitored)
		return;
	pthread_mutex_lock(&lock);
	for (unsigned int id = 0; page[FROM_GUEST] && id < GROUPS * TRIGGERS; id++) {
		if (monitored[id])
			continue;
		monitored[id] = s;
		used[id / TRIGGERS] |= 1u << id % TRIGGERS;
		s->monitor = id;
		publish(id, s->ch.dev->latency, s->ch.relid);
		start_polling();
		find_interval();
		break;
	}
	pthread_mutex_unlock(&lock);
}

void monitor_release(struct bus_channel *s)
{
	unsigned int id = s->monitor;

	if (id == MONITOR_NONE)
		return;
	pthread_mutex_lock(&lock);
	monitored[id] = NULL;
	used[id / TRIGGERS] &= ~(1u << id % TRIGGERS);
	if (page[FROM_GUEST])
		publish(id, 0, 0);
	find_interval();
	pthread_mutex_unlock(&lock);
	s->monitor = MONITOR_NONE;
}
