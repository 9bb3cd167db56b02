// SPDX-License-Identifier: GPL-2.0-only
/*
 * Log lines and time. A line is formatted first and written by one write(), so
 * that lines of several threads don't mix.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "util.h"

#define LINE_BYTES		512
#define NS_PER_SECOND		1000000000ull
#define GUEST_LINES_PER_SECOND	20

static uint64_t start_ns;
static pthread_mutex_t guest_lock = PTHREAD_MUTEX_INITIALIZER;

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

__attribute__((constructor)) static void note_start(void)
{
	start_ns = now_ns();
}

double since_start(void)
{
	return (double)(now_ns() - start_ns) / 1e9;
}

/* vsnprintf() that says how many bytes are in the buffer, not how many it wanted. */
static size_t append(char *line, size_t at, const char *fmt, va_list ap)
{
	int n = vsnprintf(line + at, LINE_BYTES - at, fmt, ap);

	if (n < 0)
		return at;
	return at + (size_t)n < LINE_BYTES ? at + (size_t)n : LINE_BYTES - 1;
}

static void write_line(const char *fmt, va_list ap, const char *reason)
{
	char line[LINE_BYTES + 1];
	size_t len = (size_t)snprintf(line, LINE_BYTES, "hvhost[%8.3f] ", since_start());

	len = append(line, len, fmt, ap);
	if (reason && len < LINE_BYTES - 1) {
		snprintf(line + len, LINE_BYTES - len, ": %s", reason);
		len = strlen(line);
	}
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return;	/* nobody to tell */
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(fmt, ap, NULL);
	va_end(ap);
}

/* May another line that the guest caused be written now? *missed: lines since the last one. */
static bool guest_line_allowed(unsigned int *missed)
{
	static uint64_t second;
	static unsigned int lines, dropped;
	uint64_t now = now_ns() / NS_PER_SECOND;
	bool allowed;

	pthread_mutex_lock(&guest_lock);
	if (now != second) {
		second = now;
		lines = 0;
	}
	allowed = lines < GUEST_LINES_PER_SECOND;
	*missed = 0;
	if (allowed) {
		lines++;
		*missed = dropped;
		dropped = 0;
	} else {
		dropped++;
	}
	pthread_mutex_unlock(&guest_lock);
	return allowed;
}

void log_guest(const char *fmt, ...)
{
	unsigned int missed;
	va_list ap;

	if (!guest_line_allowed(&missed))
		return;
	if (missed)
		log_info("(%u lines about the guest left out)", missed);
	va_start(ap, fmt);
	write_line(fmt, ap, NULL);
	va_end(ap);
}

_Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(fmt, ap, NULL);
	va_end(ap);
	exit(EXIT_FAILURE);
}

_Noreturn void die_errno(const char *fmt, ...)
{
	const char *reason = strerror(errno);
	va_list ap;

	va_start(ap, fmt);
	write_line(fmt, ap, reason);
	va_end(ap);
	exit(EXIT_FAILURE);
}
