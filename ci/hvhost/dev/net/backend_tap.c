// SPDX-License-Identifier: GPL-2.0-only
/*
 * tap=NAME: a tap device of the machine. No virtio-net header: checksums and segments are
 * done here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "nic.h"

struct tap {
	int fd;
	uint8_t buffer[FRAME_MAX];
};

static void tap_send(struct nic *nic, struct frame *f)
{
	struct tap *tap = nic->backend_priv;

	if (write(tap->fd, f->data, f->len) < 0)
		COUNT(nic, tx_dropped, 1);
	frame_free(f);
}

static void tap_pump(struct nic *nic, unsigned int room)
{
	struct tap *tap = nic->backend_priv;

	while (room--) {
		ssize_t len = read(tap->fd, tap->buffer, sizeof(tap->buffer));
		struct frame *f;

		if (len <= 0)
			return;
		f = frame_new((uint32_t)len);
		if (!f) {
			COUNT(nic, rx_dropped, 1);
			continue;
		}
		memcpy(f->data, tap->buffer, (size_t)len);
		nic_receive(nic, f);
	}
}

static void tap_destroy(struct nic *nic)
{
	struct tap *tap = nic->backend_priv;

	close(tap->fd);
	free(tap);
}

static const struct nic_backend tap_backend = {
	.name = "tap",
	.send = tap_send,
	.pump = tap_pump,
	.destroy = tap_destroy,
};

bool backend_tap_create(struct nic *nic, struct options *o, char *error, size_t size)
{
	const char *name = options_string(o, "tap", NULL);
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	struct tap *tap;

	if (!name)
		return true;
	if (strlen(name) >= IFNAMSIZ) {
		snprintf(error, size, "tap=%s: the name is too long", name);
		return false;
	}
	strcpy(ifr.ifr_name, name);
	tap = calloc(1, sizeof(*tap));
	if (!tap) {
		snprintf(error, size, "out of memory");
		return false;
	}
	tap->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap->fd < 0 || ioctl(tap->fd, TUNSETIFF, &ifr) < 0) {
		snprintf(error, size, "tap=%s: %s; is the tun module there, and may this user?",
			 name, strerror(errno));
		if (tap->fd >= 0)
			close(tap->fd);
		free(tap);
		return false;
	}
	nic->backend = &tap_backend;
	nic->backend_priv = tap;
	nic->backend_fd = tap->fd;
	return true;
}
