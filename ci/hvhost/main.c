// SPDX-License-Identifier: GPL-2.0-only
/* hvhost: a small machine monitor on KVM that is a Hyper-V host to its guest. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "bus/bus.h"
#include "ctl/cmdline.h"
#include "ctl/ctl.h"

#define VERSION		"1.0"
#define ERROR_BYTES	256

static void print_help(void)
{
	struct text t = { 0 };

	cmdline_help(&t);
	if (t.data)
		fputs(t.data, stdout);
	text_free(&t);
}

static void print_devices(void)
{
	unsigned int i;

	for (i = 0; device_kinds[i]; i++) {
		const char *help = device_kinds[i]->help;
		size_t len = strlen(help);

		printf("%s%s: %s%s", i ? "\n" : "", device_kinds[i]->kind, help,
		       len && help[len - 1] == '\n' ? "" : "\n");
	}
}

/* What only prints; false: the guest is to run. */
static bool print_only(enum action action)
{
	switch (action) {
	case ACTION_HELP:
		print_help();
		return true;
	case ACTION_LIST:
		print_devices();
		return true;
	case ACTION_VERSION:
		puts("hvhost " VERSION);
		return true;
	case ACTION_RUN:
		break;
	}
	return false;
}

static void end_signal(void *arg, uint32_t epoll_events)
{
	struct signalfd_siginfo info;
	int fd = *(int *)arg;

	(void)epoll_events;
	if (read(fd, &info, sizeof(info)) == sizeof(info))
		machine_quit(EXIT_SETUP, info.ssi_signo == SIGINT ? "interrupted" : "terminated");
}

/* Signals that end the program come through the loop; all threads made later block them. */
static void take_signals(void)
{
	static int fd;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		die_errno("sigprocmask");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0 || !loop_add(fd, EPOLLIN, end_signal, &fd))
		die_errno("signalfd");
}

static void add_devices(const struct cmdline *c)
{
	char error[ERROR_BYTES] = "";
	unsigned int i;

	for (i = 0; i < c->devices; i++)
		if (!bus_device_add(c->device[i], error, sizeof(error)))
			die("--device=%s: %s", c->device[i], error);
}

static int run(const struct cmdline *c)
{
	int code;

	loop_init();
	take_signals();
	if (c->trace && !trace_open(c->trace))
		die_errno("cannot write the trace to %s", c->trace);
	machine_create(&c->machine);
	bus_create(c->max_version);
	add_devices(c);
	if (c->control)
		ctl_open(c->control);
	machine_start();
	ctl_event("started");
	code = loop_run();
	machine_stop();
	ctl_event("end %d", code);
	ctl_close();
	return code;
}

int main(int argc, char **argv)
{
	char error[ERROR_BYTES] = "";
	struct cmdline c;
	int code = 0;

	if (!cmdline_parse(argc, argv, &c, error, sizeof(error)))
		die("%s", error);
	if (!print_only(c.action))
		code = run(&c);
	cmdline_free(&c);
	return code;
}
