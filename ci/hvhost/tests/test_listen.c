// SPDX-License-Identifier: GPL-2.0-only
/* A listening socket while there is no descriptor left for its clients. */
#include "test.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char *__lsan_default_suppressions(void);

static unsigned int calls, clients;
static bool full = true;

/* The loop is for ever. */
const char *__lsan_default_suppressions(void)
{
	return "leak:loop_init\n";
}

/* In place of libc's. */
int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	(void)flags;
	calls++;
	if (!full)
		return accept(fd, address, len);
	errno = EMFILE;
	return -1;
}

static void client(void *arg, int fd)
{
	assert_ptr_equal(arg, &clients);
	clients++;
	close(fd);
	loop_quit(0);
}

static void make_room(void *arg)
{
	(void)arg;
	full = false;
}

static void waits_for_descriptors(void **state)
{
	char dir[] = "/tmp/hvhost-test-XXXXXX";
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct loop_timer *timer;
	struct listener *listener;
	int fd;

	(void)state;
	loop_init();
	assert_non_null(mkdtemp(dir));
	snprintf(name.sun_path, sizeof(name.sun_path), "%s/socket", dir);
	listener = listener_open(name.sun_path, 1, client, &clients);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	timer = loop_timer_new(make_room, NULL);
	loop_timer_set(timer, 700000000);
	assert_int_equal(loop_run(), 0);
	/* A loop that spins would have asked many thousand times. */
	assert_in_range(calls, 2, 50);
	assert_int_equal(clients, 1);
	listener_close(listener);
	loop_timer_free(timer);
	close(fd);
	unlink(name.sun_path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
