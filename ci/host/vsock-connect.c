// SPDX-License-Identifier: GPL-2.0-only
/*
 * vsock-connect PORT: connects a socket to a service of the host, in the guest. Says
 * how that ended and how long it took; the status is 0 when it was connected.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/vm_sockets.h>

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	struct sockaddr_vm to = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_HOST,
	};
	long begin = now_ms();
	int fd, error = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: vsock-connect PORT\n");
		return 2;
	}
	to.svm_port = strtoul(argv[1], NULL, 0);
	fd = socket(AF_VSOCK, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		error = errno;
	printf("%s after %ld ms\n", error ? strerror(error) : "connected",
	       now_ms() - begin);
	return error != 0;
}
