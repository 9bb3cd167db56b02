// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the legacy ring and ours in one process, on one CPU, in turns, and
 * prints medians.
 *
 *	bench time ROUNDS OPS		"time WHAT LEGACY NEW" in ns
 *	bench perf ROUNDS OPS		"insn WHAT LEGACY NEW", from the CPU
 *	bench count SIDE WHAT OPS	runs that much, for a tool that counts
 *
 * Figures are per packet, without the loop and the host that surround it.
 */
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "side.h"

#define PAGE		4096
#define MAX_ROUNDS	1001

struct work {
	const char *name;
	size_t run, host;	/* offsets in struct side */
};

#define RUN(f)	offsetof(struct side, f)

static const struct work works[] = {
	{ "send", RUN(send), RUN(host_send) },
	{ "receive", RUN(receive), RUN(host_receive) },
	{ "send+receive", RUN(both), RUN(host_both) },
	{ "send, batch of 16", RUN(batch_send), 0 },
	{ "receive, batch of 16", RUN(batch_receive), 0 },
};

#define WORKS	(sizeof(works) / sizeof(works[0]))

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Header and data once, and the data again right behind. */
static void *ring_memory(void)
{
	size_t once = PAGE + DATA_SIZE, all = once + DATA_SIZE;
	int fd = memfd_create("ring", 0);
	char *p;

	if (fd < 0 || ftruncate(fd, once))
		die("memfd");
	p = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED ||
	    mmap(p, once, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 0) == MAP_FAILED ||
	    mmap(p + once, DATA_SIZE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, PAGE) == MAP_FAILED)
		die("mmap");
	return p;
}

static void (*fn(const struct side *s, size_t off))(unsigned long)
{
	void (*f)(unsigned long);

	memcpy(&f, (const char *)s + off, sizeof(f));
	return f;
}

static int perf_fd = -1;

static int perf_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	perf_fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	return perf_fd;
}

static double now(void)
{
	unsigned long long v;
	struct timespec t;

	if (perf_fd >= 0) {
		if (read(perf_fd, &v, sizeof(v)) != sizeof(v))
			die("perf read");
		return v;
	}
	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static double measure(const struct side *s, size_t off, unsigned long ops)
{
	double start;

	if (!off)
		return 0;
	start = now();
	fn(s, off)(ops);
	return (now() - start) / ops;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

static void rounds(const char *unit, const struct side *const *sides, int n,
		   unsigned long ops)
{
	static double v[WORKS][2][MAX_ROUNDS];
	int r, w, s, who;

	for (r = -1; r < n; r++) {
		for (w = 0; w < (int)WORKS; w++) {
			for (s = 0; s < 2; s++) {
				double d;

				/* Who goes first changes every round. */
				who = (s + r) & 1;
				d = measure(sides[who], works[w].run, ops);
				d -= measure(sides[who], works[w].host, ops);
				if (r >= 0)
					v[w][who][r] = d;
			}
		}
	}
	for (w = 0; w < (int)WORKS; w++)
		printf("%s;%s;%.2f;%.2f\n", unit, works[w].name,
		       median(v[w][0], n), median(v[w][1], n));
}

static void count(const struct side *const *sides, char **argv)
{
	const struct side *s = NULL;
	int w, host = 0, i;

	for (i = 0; i < 2; i++)
		if (!strcmp(argv[2], sides[i]->name))
			s = sides[i];
	if (!strncmp(argv[3], "host ", 5))
		host = 5;
	for (w = 0; s && w < (int)WORKS; w++) {
		size_t off = host ? works[w].host : works[w].run;

		if (strcmp(argv[3] + host, works[w].name))
			continue;
		if (off)
			fn(s, off)(strtoul(argv[4], NULL, 10));
		return;
	}
	exit(2);
}

int main(int argc, char **argv)
{
	const struct side *const sides[2] = { &legacy_side, &new_side };
	unsigned long wrong = 0;
	cpu_set_t one;
	int i, n;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		die("sched_setaffinity");
	for (i = 0; i < 2; i++) {
		struct memory mem = { ring_memory(), ring_memory() };

		sides[i]->init(&mem);
	}

	if (argc == 5 && !strcmp(argv[1], "count")) {
		count(sides, argv);
	} else if (argc == 4) {
		n = atoi(argv[2]);
		if (n < 1 || n > MAX_ROUNDS)
			return 2;
		if (!strcmp(argv[1], "perf") && perf_open() < 0)
			return 3;
		rounds(argv[1], sides, n, strtoul(argv[3], NULL, 10));
	} else {
		return 2;
	}
	for (i = 0; i < 2; i++)
		wrong += sides[i]->wrong();
	if (wrong)
		fprintf(stderr, "%lu operations did not do what they should\n",
			wrong);
	return wrong != 0;
}
