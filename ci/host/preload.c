// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into an unmodified QEMU, for two of its habits.
 *
 * Its hv-balloon takes no request for 50 seconds after the guest has opened the
 * channel. On SIGUSR2 its monotonic clock jumps ahead by a minute, which ends
 * that wait, once, and changes nothing that the guest can see: the guest's
 * timers and clocks are KVM's.
 *
 * The monitor's balloon command makes it look into the guest's ring outside the
 * bracket that its own code demands, and it dies of an assertion (in
 * gpadl_iter_seek) when a packet has just arrived there. Where there is one
 * processor only, that can't happen if no vCPU runs in the middle of the
 * command: the main thread gets a real-time priority, the others don't.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define JUMP_SECONDS	60

static volatile long ahead;

static void jump(int sig)
{
	(void)sig;
	ahead += JUMP_SECONDS;
}

__attribute__((constructor)) static void install(void)
{
	struct sigaction action = { .sa_handler = jump };
	struct sched_param param = { .sched_priority = 1 };

	sigaction(SIGUSR2, &action, NULL);
	/* Needs a privilege that only the nested case has for certain. */
	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	long ret = syscall(SYS_clock_gettime, id, ts);

	if (!ret && id == CLOCK_MONOTONIC)
		ts->tv_sec += ahead;
	return (int)ret;
}
