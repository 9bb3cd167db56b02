// SPDX-License-Identifier: GPL-2.0-only
/* Backends: choosing one, and moving scattered buffers in pieces of bounded size. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "backend.h"

static bool sized(const char *what, const char *prefix, uint64_t *bytes, bool *good)
{
	size_t len = strlen(prefix);

	if (strncmp(what, prefix, len))
		return false;
	*good = parse_size(what + len, bytes) && *bytes && *bytes <= INT64_MAX;
	return true;
}

struct backend *backend_open(const char *what, bool ro, char *error, size_t size)
{
	uint64_t bytes = 0;
	bool good = true;

	if (sized(what, "mem:", &bytes, &good) && good)
		return backend_fd_memory(bytes, error, size);
	if (good && sized(what, "null:", &bytes, &good) && good)
		return backend_null(bytes, error, size);
	if (good)
		return backend_fd_path(what, ro, error, size);
	snprintf(error, size, "%s: not a size, say for instance mem:64M", what);
	return NULL;
}

void backend_close(struct backend *b)
{
	if (b)
		b->ops->close(b);
}

/* The entries of sg from *index on, as far as they go into iov: at most len bytes of them. */
static uint32_t gather(const struct sg *sg, unsigned int *index, uint32_t len,
		       struct iovec *iov, int *count)
{
	uint32_t got = 0, part;

	for (*count = 0; *index < sg->count && *count < BACKEND_IOV && got < len; (*index)++) {
		const struct sg_entry *entry = &sg->entry[*index];

		part = entry->len < len - got ? entry->len : len - got;
		if (!part)
			continue;
		iov[*count].iov_base = entry->ptr;
		iov[(*count)++].iov_len = part;
		got += part;
	}
	return got;
}

static int scatter(struct backend *b, bool write, uint64_t offset, const struct sg *sg,
		   uint32_t len)
{
	struct iovec iov[BACKEND_IOV];
	unsigned int index = 0;
	uint32_t part;
	int count, err;

	for (; len; len -= part, offset += part) {
		part = gather(sg, &index, len, iov, &count);
		if (!part)
			return -EFAULT;
		err = b->ops->move(b, write, offset, iov, count);
		if (err)
			return err;
	}
	return 0;
}

int backend_read(struct backend *b, uint64_t offset, const struct sg *sg, uint32_t len)
{
	return scatter(b, false, offset, sg, len);
}

int backend_write(struct backend *b, uint64_t offset, const struct sg *sg, uint32_t len)
{
	return scatter(b, true, offset, sg, len);
}

int backend_read_bytes(struct backend *b, uint64_t offset, void *to, uint32_t len)
{
	struct iovec iov = { to, len };

	return len ? b->ops->move(b, false, offset, &iov, 1) : 0;
}

int backend_write_bytes(struct backend *b, uint64_t offset, const void *from, uint32_t len)
{
	struct iovec iov = { (void *)(uintptr_t)from, len };

	return len ? b->ops->move(b, true, offset, &iov, 1) : 0;
}
