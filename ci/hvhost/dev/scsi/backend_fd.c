// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backends behind a file descriptor: a raw file, a block device, and memory, which
 * is a memfd. So a hole costs nothing, is freed by unmapping and is counted by the
 * system, and a unit that shrinks under a running command is an error, not a SIGBUS.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "backend.h"

/* Drops the first done bytes of iov; true when nothing is left. */
static bool advance(struct iovec **iov, int *count, size_t done)
{
	while (*count && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (!*count)
		return true;
	(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + done;
	(*iov)->iov_len -= done;
	return false;
}

static int fd_move(struct backend *b, bool write, uint64_t offset, struct iovec *iov, int count)
{
	ssize_t done;

	for (;;) {
		done = write ? pwritev(b->fd, iov, count, (off_t)offset) :
			       preadv(b->fd, iov, count, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (!done)
			return write ? -ENOSPC : -ENXIO;	/* shrunk meanwhile */
		if (advance(&iov, &count, (size_t)done))
			return 0;
		offset += (uint64_t)done;
	}
}

static int file_unmap(struct backend *b, uint64_t offset, uint64_t len)
{
	while (fallocate(b->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
			 (off_t)len)) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int block_unmap(struct backend *b, uint64_t offset, uint64_t len)
{
	uint64_t range[2] = { offset, len };

	return ioctl(b->fd, BLKDISCARD, range) ? -errno : 0;
}

static int file_flush(struct backend *b)
{
	return fdatasync(b->fd) ? -errno : 0;
}

static int memory_flush(struct backend *b)
{
	(void)b;
	return 0;
}

static int file_resize(struct backend *b, uint64_t bytes)
{
	if (!bytes || bytes > INT64_MAX)
		return -EINVAL;
	if (ftruncate(b->fd, (off_t)bytes))
		return -errno;
	b->bytes = bytes;
	return 0;
}

static int block_size(int fd, uint64_t *bytes)
{
	return ioctl(fd, BLKGETSIZE64, bytes) ? -errno : 0;
}

static int block_resize(struct backend *b, uint64_t bytes)
{
	uint64_t real;
	int err = block_size(b->fd, &real);

	if (err)
		return err;
	if (!real || bytes > real)
		return -ENOSPC;
	b->bytes = bytes ? bytes : real;
	return 0;
}

static uint64_t file_allocated(struct backend *b)
{
	struct stat st;

	return fstat(b->fd, &st) ? 0 : (uint64_t)st.st_blocks * 512;
}

static uint64_t block_allocated(struct backend *b)
{
	return b->bytes;	/* a block device doesn't tell */
}

static void fd_close(struct backend *b)
{
	close(b->fd);
	free(b);
}

static const struct backend_ops file_ops = {
	.kind = "file",
	.move = fd_move,
	.unmap = file_unmap,
	.flush = file_flush,
	.resize = file_resize,
	.allocated = file_allocated,
	.close = fd_close,
};

static const struct backend_ops memory_ops = {
	.kind = "mem",
	.move = fd_move,
	.unmap = file_unmap,
	.flush = memory_flush,
	.resize = file_resize,
	.allocated = file_allocated,
	.close = fd_close,
};

static const struct backend_ops block_ops = {
	.kind = "block",
	.move = fd_move,
	.unmap = block_unmap,
	.flush = file_flush,
	.resize = block_resize,
	.allocated = block_allocated,
	.close = fd_close,
};

static struct backend *from_fd(int fd, const struct backend_ops *ops, uint64_t bytes)
{
	struct backend *b = calloc(1, sizeof(*b));

	if (!b) {
		close(fd);
		return NULL;
	}
	b->ops = ops;
	b->bytes = bytes;
	b->fd = fd;
	b->zeroes = ops != &block_ops;
	return b;
}

struct backend *backend_fd_path(const char *path, bool ro, char *error, size_t size)
{
	/* O_NONBLOCK: a FIFO by mistake is refused below instead of waited for. */
	int fd = open(path, (ro ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
	struct backend *b = NULL;
	struct stat st;
	uint64_t bytes;

	if (fd < 0 || fstat(fd, &st)) {
		snprintf(error, size, "%s: %s", path, strerror(errno));
	} else if (S_ISREG(st.st_mode)) {
		b = from_fd(fd, &file_ops, (uint64_t)st.st_size);
		fd = -1;
	} else if (S_ISBLK(st.st_mode) && !block_size(fd, &bytes)) {
		b = from_fd(fd, &block_ops, bytes);
		fd = -1;
	} else {
		snprintf(error, size, "%s: neither a file nor a block device", path);
	}
	if (fd >= 0)
		close(fd);
	else if (!b && !error[0])
		snprintf(error, size, "no memory for a backend");
	return b;
}

struct backend *backend_fd_memory(uint64_t bytes, char *error, size_t size)
{
	int fd = memfd_create("hvhost-disk", MFD_CLOEXEC);
	struct backend *b;

	if (fd < 0 || ftruncate(fd, (off_t)bytes)) {
		snprintf(error, size, "mem: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	b = from_fd(fd, &memory_ops, bytes);
	if (!b)
		snprintf(error, size, "no memory for a backend");
	return b;
}
