// SPDX-License-Identifier: GPL-2.0-only
/*
 * Worker threads: one that all channels share, and one for each channel of a device
 * that asked for it. A worker sleeps in epoll until the guest signals, a timer is due
 * or somebody kicks.
 *
 * All descriptors are edge triggered and never read: each further signal is an edge,
 * and a channel that takes over a relid can't lose a signal to a late reader.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVENTS		64
#define NS_PER_SECOND	1000000000u
#define STACK_BYTES	(1024 * 1024)	/* there may be hundreds of threads */
#define SINT_SHIFT	12		/* of a connection id */

struct worker {
	int epoll, kick, timer;
	uint64_t armed;			/* what the timer is set to */
	_Atomic(struct bus_channel *) first;
};

static struct worker *shared;
static _Thread_local struct worker *current;
static int signal_fd[MAX_RELID + 1];	/* bus.lock; 0: not made yet */

static void arm(struct worker *w)
{
	struct itimerspec when = { 0 };
	uint64_t next = 0;

	for (struct bus_channel *s = w->first; s; s = s->worker_next) {
		uint64_t deadline = s->deadline;

		if (deadline && (!next || deadline < next))
			next = deadline;
	}
	if (next == w->armed)
		return;
	w->armed = next;
	when.it_value.tv_sec = next / NS_PER_SECOND;
	when.it_value.tv_nsec = next % NS_PER_SECOND;
	timerfd_settime(w->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static bool run_all(struct worker *w)
{
	uint64_t now = now_ns();
	bool more = false;

	for (struct bus_channel *s = w->first; s; s = s->worker_next) {
		uint64_t deadline = s->deadline;
		bool due = deadline && deadline <= now;

		if (!atomic_exchange(&s->kicked, false) && !due)
			continue;
		if (slot_run(s)) {
			s->kicked = true;
			more = true;
		}
	}
	return more;
}

static void *work(void *arg)
{
	struct epoll_event event[EVENTS];
	struct worker *w = arg;
	bool more = false;

	current = w;
	for (;;) {
		int n = epoll_wait(w->epoll, event, EVENTS, more ? 0 : -1);

		if (n < 0 && errno != EINTR)
			die_errno("epoll_wait in a worker");
		for (int i = 0; i < n; i++) {
			struct bus_channel *s = event[i].data.ptr;

			if (!s)
				continue;	/* kick or timer */
			s->signals_in++;
			s->kicked = true;
		}
		more = run_all(w);
		arm(w);
	}
	return NULL;
}

static bool watch(struct worker *w, int fd, struct bus_channel *s)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = s };

	return fd >= 0 && !epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event);
}

static bool start_thread(struct worker *w, const char *name)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	error = pthread_create(&thread, &attr, work, w);
	pthread_attr_destroy(&attr);
	if (error)
		return false;
	pthread_setname_np(thread, name);
	pthread_detach(thread);
	return true;
}

/* NULL: the system has no descriptor or thread left. */
static struct worker *worker_new(const char *name)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		die("out of memory");
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (watch(w, w->kick, NULL) && watch(w, w->timer, NULL) && start_thread(w, name))
		return w;
	if (w->epoll >= 0)
		close(w->epoll);
	if (w->kick >= 0)
		close(w->kick);
	if (w->timer >= 0)
		close(w->timer);
	free(w);
	return NULL;
}

void workers_create(void)
{
	struct rlimit limit;

	/* A descriptor for each relid, and some for each worker. */
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	shared = worker_new("bus");
	if (!shared)
		die_errno("cannot start the bus's worker thread");
}

void worker_attach(struct bus_channel *s)
{
	struct hv_device *dev = s->ch.dev;
	char name[16];			/* what the kernel takes */

	s->worker = NULL;
	if (dev->ops->threaded) {
		snprintf(name, sizeof(name), "%.9s.%u", dev->name, s->ch.sub);
		s->worker = worker_new(name);
		if (!s->worker)
			log_info("%s has no thread of its own: limit of this system", name);
	}
	if (!s->worker)
		s->worker = shared;
	s->worker_next = s->worker->first;
	while (!atomic_compare_exchange_weak(&s->worker->first, &s->worker_next, s))
		;
}

static void ring_bell(struct worker *w)
{
	const uint64_t one = 1;

	/* Can only fail when the counter is full, and that is no edge lost to a sleeper. */
	if (write(w->kick, &one, sizeof(one)) < 0)
		return;
}

void worker_kick(struct bus_channel *s)
{
	s->kicked = true;
	ring_bell(s->worker);
}

void worker_deadline(struct bus_channel *s)
{
	if (s->worker != current)
		ring_bell(s->worker);
}

bool relid_listen(uint32_t relid, struct bus_channel *s)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = s };

	if (!signal_fd[relid]) {
		int fd = hv_signal_add(relid | VMBUS_SINT << SINT_SHIFT);

		if (fd < 0)
			return false;
		signal_fd[relid] = fd;
	}
	return !epoll_ctl(s->worker->epoll, EPOLL_CTL_ADD, signal_fd[relid], &event);
}

void relid_ignore(uint32_t relid, struct bus_channel *s)
{
	epoll_ctl(s->worker->epoll, EPOLL_CTL_DEL, signal_fd[relid], NULL);
}

void relids_close(void)
{
	for (uint32_t relid = 1; relid <= MAX_RELID; relid++) {
		if (signal_fd[relid])
			hv_signal_remove(relid | VMBUS_SINT << SINT_SHIFT, signal_fd[relid]);
		signal_fd[relid] = 0;
	}
}
