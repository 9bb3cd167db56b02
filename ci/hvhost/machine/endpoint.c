// SPDX-License-Identifier: GPL-2.0-only
/*
 * The outer end of a serial port. Output goes through a buffer to a thread that
 * may block, so that a slow reader never holds up the main thread or a vCPU.
 * Input is read in the main thread, and only while the port has room for it.
 *
 * Without anybody at a socket, the buffer keeps the newest output for whoever
 * comes. The lock is a leaf.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "pc.h"

#define OUT_BYTES	65536u
#define CHUNK_BYTES	4096u
#define FLUSH_SECONDS	2
#define ESCAPE		1		/* Ctrl-A, on a terminal */
#define MAX_ENDPOINTS	4

struct endpoint {
	struct endpoint_user user;
	struct listener *listener;	/* NULL: not a socket */
	int in_fd;
	struct loop_source *source;	/* of in_fd, while we read */
	bool terminal, escaped;

	pthread_mutex_t lock;		/* guards what follows */
	pthread_cond_t changed;
	int out_fd;			/* -1: nobody there */
	bool writing;			/* the thread is inside write() */
	bool refused;			/* say when there is room again */
	uint8_t out[OUT_BYTES];
	unsigned int head, len;
};

static struct endpoint *all[MAX_ENDPOINTS];
static unsigned int count;
static struct termios saved_terminal;

static void disconnect(struct endpoint *e);
static void readable(void *arg, uint32_t events);

bool endpoint_writable(struct endpoint *e)
{
	bool writable;

	if (!e)
		return true;
	pthread_mutex_lock(&e->lock);
	writable = e->out_fd < 0 || e->len < OUT_BYTES;
	if (!writable)
		e->refused = true;
	pthread_mutex_unlock(&e->lock);
	return writable;
}

bool endpoint_write(struct endpoint *e, uint8_t byte)
{
	bool taken = true;

	if (!e)
		return true;
	pthread_mutex_lock(&e->lock);
	if (e->len == OUT_BYTES && e->out_fd < 0) {
		e->head = (e->head + 1) % OUT_BYTES;
		e->len--;
	}
	if (e->len < OUT_BYTES) {
		e->out[(e->head + e->len) % OUT_BYTES] = byte;
		if (!e->len++)
			pthread_cond_broadcast(&e->changed);
	} else {
		e->refused = true;
		taken = false;
	}
	pthread_mutex_unlock(&e->lock);
	return taken;
}

/* Copies the oldest bytes out; the lock is held. */
static unsigned int oldest(const struct endpoint *e, uint8_t *to)
{
	unsigned int n = e->len < CHUNK_BYTES ? e->len : CHUNK_BYTES;

	if (n > OUT_BYTES - e->head)
		n = OUT_BYTES - e->head;
	memcpy(to, e->out + e->head, n);
	return n;
}

/* Writes one chunk; the lock is held, but not during write(). */
static void write_chunk(struct endpoint *e)
{
	uint8_t chunk[CHUNK_BYTES];
	unsigned int n = oldest(e, chunk);
	int fd = e->out_fd;
	ssize_t done;

	e->writing = true;
	pthread_mutex_unlock(&e->lock);
	done = write(fd, chunk, n);
	pthread_mutex_lock(&e->lock);
	e->writing = false;
	pthread_cond_broadcast(&e->changed);
	/* Nothing gave way meanwhile: that only happens while nobody is there. */
	if (done > 0 && e->out_fd == fd) {
		e->head = (e->head + (unsigned int)done) % OUT_BYTES;
		e->len -= (unsigned int)done;
	} else if (done < 0 && errno != EINTR && errno != EAGAIN && e->out_fd == fd) {
		e->out_fd = -1;
	}
}

static void *writer(void *arg)
{
	struct endpoint *e = arg;

	pthread_mutex_lock(&e->lock);
	for (;;) {
		bool tell;

		while (!e->len || e->out_fd < 0)
			pthread_cond_wait(&e->changed, &e->lock);
		write_chunk(e);
		tell = e->refused && (e->len < OUT_BYTES || e->out_fd < 0);
		if (!tell)
			continue;
		e->refused = false;
		pthread_mutex_unlock(&e->lock);
		e->user.drained(e->user.arg);
		pthread_mutex_lock(&e->lock);
	}
	return NULL;
}

/* On a terminal Ctrl-A x ends the program and Ctrl-A Ctrl-A is Ctrl-A. */
static size_t filter_escapes(struct endpoint *e, uint8_t *data, size_t len)
{
	size_t in, out = 0;

	for (in = 0; in < len; in++) {
		if (e->escaped && data[in] == 'x') {
			machine_quit(EXIT_SETUP, "Ctrl-A x");
		} else if (!e->escaped && data[in] == ESCAPE) {
			e->escaped = true;
			continue;
		} else {
			data[out++] = data[in];
		}
		e->escaped = false;
	}
	return out;
}

static void pause_input(struct endpoint *e)
{
	loop_remove(e->source);
	e->source = NULL;
}

void endpoint_resume(void *arg)
{
	struct endpoint *e = arg;

	if (!e || e->source || e->in_fd < 0)
		return;
	/* Plain files and /dev/null can't be waited for, and have no input for us. */
	e->source = loop_add(e->in_fd, EPOLLIN, readable, e);
}

static void readable(void *arg, uint32_t events)
{
	struct endpoint *e = arg;
	uint8_t data[512];
	size_t room = e->user.room(e->user.arg);
	ssize_t n;

	(void)events;
	if (!room) {
		pause_input(e);
		return;
	}
	n = read(e->in_fd, data, room < sizeof(data) ? room : sizeof(data));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		if (e->listener)
			disconnect(e);
		else
			pause_input(e);	/* end of input, for good */
		return;
	}
	if (e->terminal)
		n = (ssize_t)filter_escapes(e, data, (size_t)n);
	if (n)
		e->user.input(e->user.arg, data, (size_t)n);
}

static void disconnect(struct endpoint *e)
{
	bool tell;

	pause_input(e);
	shutdown(e->in_fd, SHUT_RDWR);		/* ends a write() that blocks */
	pthread_mutex_lock(&e->lock);
	e->out_fd = -1;
	while (e->writing)
		pthread_cond_wait(&e->changed, &e->lock);
	tell = e->refused;
	e->refused = false;
	pthread_mutex_unlock(&e->lock);
	close(e->in_fd);
	e->in_fd = -1;
	if (tell)
		e->user.drained(e->user.arg);
}

static void connected(void *arg, int fd)
{
	struct endpoint *e = arg;

	if (e->in_fd >= 0)			/* the newest one counts */
		disconnect(e);
	e->in_fd = fd;
	pthread_mutex_lock(&e->lock);
	e->out_fd = fd;
	pthread_cond_broadcast(&e->changed);
	pthread_mutex_unlock(&e->lock);
	endpoint_resume(e);
}

static void restore_terminal(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &saved_terminal);
}

static void make_raw(int fd, bool restore)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return;
	if (restore) {
		saved_terminal = t;
		atexit(restore_terminal);
	}
	cfmakeraw(&t);
	if (fd == STDIN_FILENO)
		t.c_oflag |= OPOST;		/* log lines share the screen */
	tcsetattr(fd, TCSANOW, &t);
}

static void open_stdio(struct endpoint *e)
{
	e->in_fd = STDIN_FILENO;
	e->out_fd = STDOUT_FILENO;
	e->terminal = isatty(STDIN_FILENO);
	if (e->terminal)
		make_raw(STDIN_FILENO, true);
}

static void open_path(struct endpoint *e, const char *path)
{
	e->in_fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_CREAT | O_TRUNC, 0644);
	if (e->in_fd < 0)
		die_errno("cannot open %s for a serial port", path);
	e->out_fd = e->in_fd;
	if (isatty(e->in_fd))
		make_raw(e->in_fd, false);
}

/* At the end of the program: give the threads a moment to write what is left. */
static void flush_all(void)
{
	struct timespec until;
	unsigned int i;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FLUSH_SECONDS;
	for (i = 0; i < count; i++) {
		struct endpoint *e = all[i];
		int error = 0;

		pthread_mutex_lock(&e->lock);
		while ((e->len || e->writing) && e->out_fd >= 0 && !error)
			error = pthread_cond_timedwait(&e->changed, &e->lock, &until);
		pthread_mutex_unlock(&e->lock);
		if (e->out_fd >= 0 && isatty(e->out_fd))
			tcdrain(e->out_fd);
	}
}

/* Threads of ours take no signals: those are the main thread's and the vCPUs'. */
static void start_writer(struct endpoint *e)
{
	sigset_t blocked, before;
	pthread_t thread;
	int error;

	sigfillset(&blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	error = pthread_create(&thread, NULL, writer, e);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		die("cannot create a thread: %s", strerror(error));
	pthread_detach(thread);
}

struct endpoint *endpoint_open(const char *where, const struct endpoint_user *user)
{
	struct endpoint *e;

	if (!where || !*where)
		return NULL;
	e = calloc(1, sizeof(*e));
	if (!e || count == MAX_ENDPOINTS)
		die("out of memory");
	e->user = *user;
	e->in_fd = -1;
	e->out_fd = -1;
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->changed, NULL);
	if (!strncmp(where, "unix:", 5))
		e->listener = listener_open(where + 5, 1, connected, e);
	else if (!strcmp(where, "-"))
		open_stdio(e);
	else
		open_path(e, where);
	signal(SIGPIPE, SIG_IGN);
	if (!count)
		atexit(flush_all);
	all[count++] = e;
	start_writer(e);
	endpoint_resume(e);
	return e;
}
