// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control endpoint's ends: clients of a socket that listens, or one device.
 * Main thread only. Nobody can hold it up: what a client does not read is kept up
 * to a bound, and then the client is gone (a device only misses lines).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>
#include "ctl.h"

#define CLIENTS_MAX	8
#define OUT_MAX		(4 * MIB)
#define READ_BYTES	4096
#define CLOSE_MS	1000

struct client {
	int fd;				/* -1: unused */
	bool device;			/* not a socket: stays */
	struct loop_source *source;
	char line[CTL_LINE_BYTES];
	size_t len;
	bool too_long;			/* skipping the rest of a line */
	struct text out;		/* still to be written, from done on */
	size_t done;
};

static struct client client[CLIENTS_MAX];
static char socket_path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
static struct listener *listener;

static void client_event(void *arg, uint32_t events);

static void drop(struct client *c)
{
	loop_remove(c->source);
	close(c->fd);
	text_free(&c->out);
	*c = (struct client){ .fd = -1 };
}

/* Waits for input, and for room as long as there is output. */
static void watch(struct client *c, bool output)
{
	loop_remove(c->source);
	c->source = loop_add(c->fd, EPOLLIN | (output ? EPOLLOUT : 0), client_event, c);
	if (!c->source)
		die_errno("--control takes unix:PATH, a terminal or a FIFO; not this");
}

/* Writes what it can; false: the client is gone. */
static bool flush(struct client *c)
{
	while (c->done < c->out.len) {
		ssize_t n = write(c->fd, c->out.data + c->done, c->out.len - c->done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0) {
			drop(c);
			return false;
		}
		c->done += (size_t)n;
	}
	text_free(&c->out);
	c->done = 0;
	return true;
}

/* Adds lines to what goes out; false: the client is gone. */
static bool send_text(struct client *c, const char *text)
{
	bool waiting = c->out.len;

	if (c->out.len - c->done + strlen(text) > OUT_MAX) {
		log_info("control: a client does not read its answers%s",
			 c->device ? "" : ", it is disconnected");
		if (!c->device)
			drop(c);
		return c->device;
	}
	text_add(&c->out, "%s", text);
	if (waiting)
		return true;
	if (!flush(c))
		return false;
	if (c->out.len)
		watch(c, true);
	return true;
}

/* An answer's lines, each with its mark; without the last one if that is the reason. */
static void add_lines(struct text *to, char *text, bool failed, const char **reason)
{
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n"))) {
		bool last = !rest || !*rest;

		if (last && failed) {
			*reason = line;
			return;
		}
		if (*line || rest)
			text_add(to, "| %s\n", line);
	}
}

static bool execute(struct client *c)
{
	struct text answer = { 0 }, out = { 0 };
	const char *reason = "it failed";
	bool good, kept;

	c->line[c->len] = '\0';
	if (c->too_long) {
		good = false;
		reason = "the line is too long";
	} else {
		good = ctl_execute(c->line, &answer);
	}
	if (answer.data)
		add_lines(&out, answer.data, !good, &reason);
	if (good)
		text_add(&out, "ok\n");
	else
		text_add(&out, "error: %s\n", reason);
	c->len = 0;
	c->too_long = false;
	kept = !out.data || send_text(c, out.data);
	text_free(&answer);
	text_free(&out);
	return kept;
}

/* False: the client is gone. */
static bool input(struct client *c, char byte)
{
	/* Terminals end lines with either. */
	if (byte == '\n' || byte == '\r')
		return (!c->len && !c->too_long) || execute(c);
	/* A NUL would hide what follows it. */
	if (c->len + 1 == sizeof(c->line) || !byte)
		c->too_long = true;
	if (!c->too_long)
		c->line[c->len++] = byte;
	return true;
}

static void readable(struct client *c)
{
	char data[READ_BYTES];
	ssize_t i, n = read(c->fd, data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		if (c->device)
			log_info("control: the device has hung up");
		drop(c);
		return;
	}
	for (i = 0; i < n; i++)
		if (!input(c, data[i]))
			return;
}

static void client_event(void *arg, uint32_t events)
{
	struct client *c = arg;

	if (events & EPOLLOUT) {
		if (!flush(c))
			return;
		if (!c->out.len)
			watch(c, false);
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		readable(c);
}

static void deliver(const char *event)
{
	struct text line = { 0 };
	unsigned int i;

	text_add(&line, "! %s\n", event);
	for (i = 0; line.data && i < CLIENTS_MAX; i++)
		if (client[i].fd >= 0)
			send_text(&client[i], line.data);
	text_free(&line);
}

static struct client *new_client(int fd, bool device)
{
	unsigned int i;

	for (i = 0; i < CLIENTS_MAX; i++) {
		if (client[i].fd >= 0)
			continue;
		client[i].fd = fd;
		client[i].device = device;
		watch(&client[i], false);
		return &client[i];
	}
	return NULL;
}

static void connected(void *arg, int fd)
{
	static const char full[] = "error: too many clients\n";

	(void)arg;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (new_client(fd, false))
		return;
	if (write(fd, full, sizeof(full) - 1) < 0)
		log_info("control: a client came and went");
	close(fd);
}

static void remove_socket(void)
{
	unlink(socket_path);
}

static void open_socket(const char *path)
{
	listener = listener_open(path, CLIENTS_MAX, connected, NULL);
	strcpy(socket_path, path);	/* it was not too long to listen on */
	atexit(remove_socket);
}

static void open_device(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios t;

	if (fd < 0)
		die_errno("cannot open --control=%s", path);
	if (!tcgetattr(fd, &t)) {
		cfmakeraw(&t);
		t.c_cflag |= CLOCAL;	/* no modem: its carrier says nothing */
		tcsetattr(fd, TCSANOW, &t);
	}
	new_client(fd, true);
}

void ctl_open(const char *where)
{
	unsigned int i;

	for (i = 0; i < CLIENTS_MAX; i++)
		client[i].fd = -1;
	event_deliver_to(deliver);
	if (!strncmp(where, "unix:", 5))
		open_socket(where + 5);
	else if (strcmp(where, "-"))
		open_device(where);
}

void ctl_close(void)
{
	unsigned int i;

	event_arrive(NULL);
	for (i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &client[i];
		struct pollfd p = { .fd = c->fd, .events = POLLOUT };
		uint64_t until = now_ns() + CLOSE_MS * 1000000ull;

		while (c->out.len && now_ns() < until && poll(&p, 1, CLOSE_MS) > 0)
			if (!flush(c))
				break;
		if (c->out.data || c->source)
			drop(c);
	}
	listener_close(listener);
	listener = NULL;
}
