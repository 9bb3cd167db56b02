/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzz targets share: an input that is used up from its front, and
 * what must hold whatever it says.
 *
 * A target is one file; its corpus is in corpus/NAME/, a few small files.  The
 * same source is linked with libFuzzer, which looks for more (ci/user/run fuzz),
 * and with replay.c, which only goes through the corpus, for every compiler and
 * byte order that the suites are run with.
 */
#ifndef _CI_USER_FUZZ_H
#define _CI_USER_FUZZ_H

#include <linux/array_size.h>
#include <linux/hyperv/view.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define MUST(cond)							\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "%s:%d: not so: %s\n",		\
				__FILE__, __LINE__, #cond);		\
			abort();					\
		}							\
	} while (0)

struct input {
	const u8 *p;
	size_t len;
};

/* The next bytes; zeroes where there are none left. */
static inline void take(struct input *in, void *to, size_t len)
{
	size_t have = min(len, in->len);

	memset(to, 0, len);
	if (have)
		memcpy(to, in->p, have);
	in->p += have;
	in->len -= have;
}

static inline u8 take8(struct input *in)
{
	u8 val;

	take(in, &val, sizeof(val));
	return val;
}

static inline u16 take16(struct input *in)
{
	u8 bytes[2];

	take(in, bytes, sizeof(bytes));
	return get_unaligned_le16(bytes);
}

static inline u32 take32(struct input *in)
{
	u8 bytes[4];

	take(in, bytes, sizeof(bytes));
	return get_unaligned_le32(bytes);
}

static inline u64 take64(struct input *in)
{
	u8 bytes[8];

	take(in, bytes, sizeof(bytes));
	return get_unaligned_le64(bytes);
}

/*
 * A packet: the next bytes, as many as a length says, in memory of their own, so
 * that the sanitizer sees each byte beyond them.  The caller frees it.
 */
static inline u8 *take_packet(struct input *in, u32 want, u32 *len)
{
	u8 *copy;

	*len = min_t(size_t, want, in->len);
	copy = malloc(*len ? *len : 1);
	MUST(copy);
	take(in, copy, *len);
	return copy;
}

#endif /* _CI_USER_FUZZ_H */
