// SPDX-License-Identifier: GPL-2.0-only
/* The backend that holds nothing: reads zeroes, drops writes. For measuring the rest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "backend.h"

static int null_move(struct backend *b, bool write, uint64_t offset, struct iovec *iov, int count)
{
	(void)b;
	(void)offset;
	for (int i = 0; i < count && !write; i++)
		memset(iov[i].iov_base, 0, iov[i].iov_len);
	return 0;
}

static int null_unmap(struct backend *b, uint64_t offset, uint64_t len)
{
	(void)b;
	(void)offset;
	(void)len;
	return 0;
}

static int null_flush(struct backend *b)
{
	(void)b;
	return 0;
}

static int null_resize(struct backend *b, uint64_t bytes)
{
	if (!bytes)
		return -EINVAL;
	b->bytes = bytes;
	return 0;
}

static uint64_t null_allocated(struct backend *b)
{
	(void)b;
	return 0;
}

static void null_close(struct backend *b)
{
	free(b);
}

static const struct backend_ops null_ops = {
	.kind = "null",
	.move = null_move,
	.unmap = null_unmap,
	.flush = null_flush,
	.resize = null_resize,
	.allocated = null_allocated,
	.close = null_close,
};

struct backend *backend_null(uint64_t bytes, char *error, size_t size)
{
	struct backend *b = calloc(1, sizeof(*b));

	if (!b) {
		snprintf(error, size, "no memory for a backend");
		return NULL;
	}
	b->ops = &null_ops;
	b->bytes = bytes;
	b->zeroes = true;
	b->fd = -1;
	return b;
}
