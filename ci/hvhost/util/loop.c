// SPDX-License-Identifier: GPL-2.0-only
/*
 * The main thread's event loop: epoll, a timerfd for each timer, and an eventfd
 * that other threads ring after they queued a call.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "util.h"

#define BATCH		32
#define NS_PER_SECOND	1000000000ull

struct loop_source {
	int fd;
	loop_fn fn;
	void *arg;
	bool removed;			/* freed after the current batch */
	struct loop_source *next;	/* in the list of removed ones */
};

struct call {
	void (*fn)(void *arg);
	void *arg;
	struct call *next;
};

struct loop_timer {
	int fd;
	void (*fn)(void *arg);
	void *arg;
	struct loop_source *source;
};

static int epoll_fd = -1, wake_fd = -1;
static struct loop_source *wake_source, *removed;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* guards what follows; a leaf */
static struct call *calls, **calls_end = &calls;
static bool quitting;
static int quit_code;

static void wake(void)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then the loop is awake anyway. */
	if (write(wake_fd, &one, sizeof(one)) < 0)
		return;
}

static void run_calls(void *arg, uint32_t epoll_events)
{
	struct call *list, *next;
	uint64_t count;

	(void)arg;
	(void)epoll_events;
	if (read(wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		die_errno("event loop: read of the wake-up eventfd");
	pthread_mutex_lock(&lock);
	list = calls;
	calls = NULL;
	calls_end = &calls;
	pthread_mutex_unlock(&lock);
	for (; list; list = next) {
		next = list->next;
		list->fn(list->arg);
		free(list);
	}
}

void loop_init(void)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (epoll_fd < 0 || wake_fd < 0)
		die_errno("event loop: epoll or eventfd");
	wake_source = loop_add(wake_fd, EPOLLIN, run_calls, NULL);
	if (!wake_source)
		die_errno("event loop: epoll");
}

struct loop_source *loop_add(int fd, uint32_t epoll_events, loop_fn fn, void *arg)
{
	struct loop_source *s = calloc(1, sizeof(*s));
	struct epoll_event e = { .events = epoll_events, .data.ptr = s };

	if (!s)
		die("out of memory");
	s->fd = fd;
	s->fn = fn;
	s->arg = arg;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e)) {
		free(s);
		return NULL;
	}
	return s;
}

void loop_remove(struct loop_source *source)
{
	if (!source || source->removed)
		return;
	/* The fd may be closed already: then the kernel forgot it by itself. */
	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	/* The current batch may still name this source. */
	source->removed = true;
	source->next = removed;
	removed = source;
}

static void free_removed(void)
{
	while (removed) {
		struct loop_source *s = removed;

		removed = s->next;
		free(s);
	}
}

void loop_call(void (*fn)(void *arg), void *arg)
{
	struct call *c = malloc(sizeof(*c));

	if (!c)
		die("out of memory");
	c->fn = fn;
	c->arg = arg;
	c->next = NULL;
	pthread_mutex_lock(&lock);
	*calls_end = c;
	calls_end = &c->next;
	pthread_mutex_unlock(&lock);
	wake();
}

static void timer_event(void *arg, uint32_t epoll_events)
{
	struct loop_timer *t = arg;
	uint64_t expired;

	(void)epoll_events;
	/* Cancelled or set anew since epoll_wait(): nothing to read. */
	if (read(t->fd, &expired, sizeof(expired)) == sizeof(expired))
		t->fn(t->arg);
}

struct loop_timer *loop_timer_new(void (*fn)(void *arg), void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (!t)
		die("out of memory");
	t->fn = fn;
	t->arg = arg;
	t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (t->fd < 0)
		die_errno("timerfd_create");
	t->source = loop_add(t->fd, EPOLLIN, timer_event, t);
	if (!t->source)
		die_errno("event loop: epoll");
	return t;
}

void loop_timer_set(struct loop_timer *timer, uint64_t ns)
{
	struct itimerspec it = {
		.it_value.tv_sec = (time_t)(ns / NS_PER_SECOND),
		.it_value.tv_nsec = (long)(ns % NS_PER_SECOND),
	};

	if (timerfd_settime(timer->fd, 0, &it, NULL))
		die_errno("timerfd_settime");
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	loop_remove(timer->source);
	close(timer->fd);
	free(timer);
}

int loop_run(void)
{
	struct epoll_event events[BATCH];
	bool end;
	int i, n, code;

	for (;;) {
		pthread_mutex_lock(&lock);
		end = quitting;
		code = quit_code;
		pthread_mutex_unlock(&lock);
		if (end)
			return code;
		n = epoll_wait(epoll_fd, events, BATCH, -1);
		if (n < 0 && errno != EINTR)
			die_errno("epoll_wait");
		for (i = 0; i < n; i++) {
			struct loop_source *s = events[i].data.ptr;

			if (!s->removed)
				s->fn(s->arg, events[i].events);
		}
		free_removed();
	}
}

void loop_quit(int code)
{
	pthread_mutex_lock(&lock);
	if (!quitting) {
		quitting = true;
		quit_code = code;
	}
	pthread_mutex_unlock(&lock);
	wake();
}
