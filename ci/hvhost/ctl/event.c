// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events. A guest can cause them, so whatever waits for the main thread is bounded
 * and so is what is kept.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl.h"

#define EVENT_BYTES	512
#define KEPT		128u
#define CRASH_BYTES	4096
#define WAITING_MAX	1024

struct event {
	struct event *next;
	char *line;
};

/* Of the main thread. */
static char *kept[KEPT];
static unsigned int count;		/* events so far; the newest KEPT are there */
static char crash[CRASH_BYTES];
static void (*deliver)(const char *line);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* guards what follows; a leaf */
static struct event *queue, **queue_end = &queue;
static unsigned int waiting, lost;

/* "crash P0 ..." begins a report, "crash-text LINE" goes on with it. */
static void keep_crash(const char *line)
{
	size_t used = strlen(crash);

	if (!strncmp(line, "crash ", 6))
		snprintf(crash, sizeof(crash), "%s\n", line);
	else if (!strncmp(line, "crash-text ", 11))
		snprintf(crash + used, sizeof(crash) - used, "%s\n", line);
}

static void keep(char *line)
{
	keep_crash(line);
	free(kept[count % KEPT]);
	kept[count++ % KEPT] = line;
	if (deliver)
		deliver(line);
}

static char *format(const char *fmt, va_list ap)
{
	char line[EVENT_BYTES], *at;

	vsnprintf(line, sizeof(line), fmt, ap);
	/* One line whatever the guest put into it. */
	for (at = line; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	return strdup(line);
}

static void PRINTF(1, 2) keep_formatted(const char *fmt, ...)
{
	va_list ap;
	char *line;

	va_start(ap, fmt);
	line = format(fmt, ap);
	va_end(ap);
	if (line)
		keep(line);
}

void event_arrive(void *arg)
{
	struct event *list, *next;
	unsigned int missed;

	(void)arg;
	pthread_mutex_lock(&lock);
	list = queue;
	queue = NULL;
	queue_end = &queue;
	missed = lost;
	lost = 0;
	waiting = 0;
	pthread_mutex_unlock(&lock);
	for (; list; list = next) {
		next = list->next;
		keep(list->line);
		free(list);
	}
	if (missed)
		keep_formatted("%u events lost", missed);
}

/* False: too many wait already. */
static bool enqueue(struct event *e, bool *first)
{
	bool room;

	pthread_mutex_lock(&lock);
	room = waiting < WAITING_MAX;
	if (room) {
		*first = !waiting++;
		*queue_end = e;
		queue_end = &e->next;
	} else {
		lost++;
	}
	pthread_mutex_unlock(&lock);
	return room;
}

void ctl_event(const char *fmt, ...)
{
	struct event *e = calloc(1, sizeof(*e));
	bool first = false;
	va_list ap;

	if (!e)
		return;
	va_start(ap, fmt);
	e->line = format(fmt, ap);
	va_end(ap);
	if (!e->line || !enqueue(e, &first)) {
		free(e->line);
		free(e);
		return;
	}
	if (first)
		loop_call(event_arrive, NULL);
}

void event_deliver_to(void (*fn)(const char *line))
{
	deliver = fn;
}

void event_list(struct text *answer)
{
	unsigned int i;

	for (i = count > KEPT ? count - KEPT : 0; i < count; i++)
		text_add(answer, "%s\n", kept[i % KEPT]);
}

const char *event_crash(void)
{
	return crash[0] ? crash : NULL;
}
