/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzz targets share: the input as a stream of values that never runs out. */
#ifndef HVHOST_FUZZ_H
#define HVHOST_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)		do { if (!(x)) abort(); } while (0)

struct input {
	const uint8_t *at, *end;
};

/* The next bytes; zeroes once there are no more. */
static inline void take(struct input *in, void *to, size_t len)
{
	size_t left = (size_t)(in->end - in->at), n = len < left ? len : left;

	memset(to, 0, len);
	memcpy(to, in->at, n);
	in->at += n;
}

static inline uint8_t take8(struct input *in)
{
	uint8_t v;

	take(in, &v, sizeof(v));
	return v;
}

static inline uint16_t take16(struct input *in)
{
	uint16_t v;

	take(in, &v, sizeof(v));
	return v;
}

static inline uint32_t take32(struct input *in)
{
	uint32_t v;

	take(in, &v, sizeof(v));
	return v;
}

#endif
