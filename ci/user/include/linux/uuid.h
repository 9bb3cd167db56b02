/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_UUID_H
#define SHIM_LINUX_UUID_H

#include <linux/types.h>
#include <string.h>

#define UUID_SIZE	16

typedef struct {
	u8 b[UUID_SIZE];
} guid_t;

typedef struct {
	u8 b[UUID_SIZE];
} uuid_t;

/* The first three fields of a GUID are little endian, whatever the machine. */
#define GUID_INIT(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)		\
((guid_t){ { (a) & 0xff, ((a) >> 8) & 0xff, ((a) >> 16) & 0xff,	\
	     ((a) >> 24) & 0xff, (b) & 0xff, ((b) >> 8) & 0xff,		\
	     (c) & 0xff, ((c) >> 8) & 0xff,				\
	     (d0), (d1), (d2), (d3), (d4), (d5), (d6), (d7) } })

static const guid_t guid_null __attribute__((__unused__));

static inline bool guid_equal(const guid_t *a, const guid_t *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static inline void guid_copy(guid_t *d, const guid_t *s)
{
	*d = *s;
}

static inline bool guid_is_null(const guid_t *g)
{
	return guid_equal(g, &guid_null);
}

static inline void import_guid(guid_t *d, const u8 *s)
{
	memcpy(d, s, sizeof(*d));
}

static inline void export_guid(u8 *d, const guid_t *s)
{
	memcpy(d, s, sizeof(*s));
}

#endif /* SHIM_LINUX_UUID_H */
