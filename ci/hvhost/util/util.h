/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every part of hvhost may use: log lines, time, the event loop, options.
 *
 * Nothing here knows of KVM or VMBus. The event loop belongs to the main
 * thread; other threads reach it only through loop_call().
 */
#ifndef HVHOST_UTIL_H
#define HVHOST_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a)		(((x) + (a) - 1) / (a) * (a))
#define PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))
#define PAGE_BYTES		4096u
#define KIB			1024ull
#define MIB			(1024ull * KIB)
#define GIB			(1024ull * MIB)

/* log.c: lines on stderr, "hvhost[ seconds] text". Any thread. */
void log_info(const char *fmt, ...) PRINTF(1, 2);
/* Something that the guest caused: limited to 20 lines a second. */
void log_guest(const char *fmt, ...) PRINTF(1, 2);
/* A set-up error, in one line that says what to do; ends the program with 1. */
_Noreturn void die(const char *fmt, ...) PRINTF(1, 2);
/* As die(), with the text of errno. */
_Noreturn void die_errno(const char *fmt, ...) PRINTF(1, 2);

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t now_ns(void);
/* Seconds since hvhost began. */
double since_start(void);

/* loop.c: the main thread's epoll loop. */
struct loop_source;
typedef void (*loop_fn)(void *arg, uint32_t epoll_events);
void loop_init(void);
/* Main thread only; the callback runs there. NULL with errno: epoll does not take this fd. */
struct loop_source *loop_add(int fd, uint32_t epoll_events, loop_fn fn, void *arg);
void loop_remove(struct loop_source *source);
/* Any thread: run fn(arg) in the main thread, soon, in order of the calls. */
void loop_call(void (*fn)(void *arg), void *arg);
/* Main thread: run fn(arg) once after ns; 0 cancels. Returns a handle. */
struct loop_timer;
struct loop_timer *loop_timer_new(void (*fn)(void *arg), void *arg);
void loop_timer_set(struct loop_timer *timer, uint64_t ns);
void loop_timer_free(struct loop_timer *timer);
/* Runs until loop_quit(); returns its code. loop_quit() from any thread, the first one counts. */
int loop_run(void);
void loop_quit(int code);

/*
 * listen.c: a Unix socket that listens; client() gets each new connection's descriptor, which
 * blocks, and keeps it. Main thread. Ends the program where path can't be listened on.
 */
struct listener;
struct listener *listener_open(const char *path, int backlog, void (*client)(void *arg, int fd),
			       void *arg);
void listener_close(struct listener *listener);

/* text.c: growing text for answers and traces. */
struct text {
	char *data;		/* always NUL terminated once something was added */
	size_t len, room;
};
void text_add(struct text *t, const char *fmt, ...) PRINTF(2, 3);
void text_free(struct text *t);

/*
 * options.c: "KEY=VALUE,KEY,KEY=VALUE" as given to --device. Each option must be
 * taken; options_end() reports the first one that nobody took. A key may come several times,
 * each call takes the next; ",," is a comma in a value. Strings live until options_end().
 */
struct options;
struct options *options_parse(const char *text);
const char *options_string(struct options *o, const char *key, const char *fallback);
/* Sizes take K, M, G, T. An unreadable or out of range value is an error, see options_end(). */
uint64_t options_number(struct options *o, const char *key, uint64_t fallback,
			uint64_t min, uint64_t max);
bool options_flag(struct options *o, const char *key);
/* Frees; false with a one line reason in error (of size bytes) if something was wrong. */
bool options_end(struct options *o, char *error, size_t size);
/* "4K", "2G" to bytes; false when it is not a size. */
bool parse_size(const char *text, uint64_t *bytes);

#endif
