/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a logical unit's bytes live: a raw file, a block device, memory, nothing.
 *
 * Offsets and lengths are checked against the unit's capacity by the caller; a
 * backend that has shrunk meanwhile answers with an error, never with bytes from
 * elsewhere. All functions may run in several threads at a time. Results are 0 or
 * a negative errno.
 */
#ifndef HVHOST_BACKEND_H
#define HVHOST_BACKEND_H

#include <sys/uio.h>
#include "../../bus/ring.h"

struct backend;

struct backend_ops {
	const char *kind;
	/* Moves all of iov, which it may change; count is at most BACKEND_IOV. */
	int (*move)(struct backend *b, bool write, uint64_t offset, struct iovec *iov, int count);
	/* -EOPNOTSUPP: can't give space back, content unchanged. 0: it may read as zero. */
	int (*unmap)(struct backend *b, uint64_t offset, uint64_t len);
	int (*flush)(struct backend *b);
	/* 0 bytes is an error but for block devices, which look at their size again. */
	int (*resize)(struct backend *b, uint64_t bytes);
	uint64_t (*allocated)(struct backend *b);
	void (*close)(struct backend *b);
};

#define BACKEND_IOV	64

struct backend {
	const struct backend_ops *ops;
	uint64_t bytes;			/* size; written under the LUN's lock only */
	bool zeroes;			/* an unmapped range reads as zero for certain */
	int fd;				/* backend_fd.c */
};

/* what: "mem:SIZE", "null:SIZE" or a path. NULL with a reason in error. */
struct backend *backend_open(const char *what, bool ro, char *error, size_t size);
void backend_close(struct backend *b);

/* Between the backend and the beginning of a scattered buffer. -EFAULT: buffer too short. */
int backend_read(struct backend *b, uint64_t offset, const struct sg *sg, uint32_t len);
int backend_write(struct backend *b, uint64_t offset, const struct sg *sg, uint32_t len);
int backend_read_bytes(struct backend *b, uint64_t offset, void *to, uint32_t len);
int backend_write_bytes(struct backend *b, uint64_t offset, const void *from, uint32_t len);

/* For backend_open(): the kinds. */
struct backend *backend_fd_path(const char *path, bool ro, char *error, size_t size);
struct backend *backend_fd_memory(uint64_t bytes, char *error, size_t size);
struct backend *backend_null(uint64_t bytes, char *error, size_t size);

#endif
