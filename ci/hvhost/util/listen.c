// SPDX-License-Identifier: GPL-2.0-only
/*
 * A Unix socket that listens, in the event loop. Without a descriptor left for it, a client
 * stays in the socket's queue, which goes on being readable: the loop would spin. So the
 * socket is then left alone for a while; the timer for that is made before it is needed,
 * as it takes a descriptor, too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "util.h"

#define PAUSE_NS	200000000u

struct listener {
	int fd;
	void (*client)(void *arg, int fd);
	void *arg;
	struct loop_source *source;	/* NULL: left alone for a while */
	struct loop_timer *pause;
};

static void readable(void *arg, uint32_t epoll_events)
{
	struct listener *l = arg;
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)epoll_events;
	if (fd >= 0) {
		l->client(l->arg, fd);
		return;
	}
	/* A client that came and went is no reason. */
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	log_guest("a client can't be taken now: %s", strerror(errno));
	loop_remove(l->source);
	l->source = NULL;
	loop_timer_set(l->pause, PAUSE_NS);
}

static void look(void *arg)
{
	struct listener *l = arg;

	l->source = loop_add(l->fd, EPOLLIN, readable, l);
	if (!l->source)
		loop_timer_set(l->pause, PAUSE_NS);
}

struct listener *listener_open(const char *path, int backlog, void (*client)(void *arg, int fd),
			       void *arg)
{
	struct listener *l = calloc(1, sizeof(*l));
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	if (!l)
		die("out of memory");
	if (!*path || strlen(path) >= sizeof(name.sun_path))
		die("unix:%s: a socket's path has 1 to %zu characters", path,
		    sizeof(name.sun_path) - 1);
	strcpy(name.sun_path, path);
	unlink(path);
	l->client = client;
	l->arg = arg;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0 || bind(l->fd, (struct sockaddr *)&name, sizeof(name)) ||
	    listen(l->fd, backlog))
		die_errno("cannot listen on unix:%s", path);
	l->pause = loop_timer_new(look, l);
	l->source = loop_add(l->fd, EPOLLIN, readable, l);
	if (!l->source)
		die_errno("event loop: unix:%s", path);
	return l;
}

void listener_close(struct listener *l)
{
	if (!l)
		return;
	loop_remove(l->source);
	loop_timer_free(l->pause);
	close(l->fd);
	free(l);
}
