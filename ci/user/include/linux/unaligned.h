/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_UNALIGNED_H
#define SHIM_LINUX_UNALIGNED_H

#include <asm/byteorder.h>
#include <string.h>

#define SHIM_UNALIGNED(order, bits)					\
static inline u##bits get_unaligned_##order##bits(const void *p)	\
{									\
	u##bits v;							\
									\
	memcpy(&v, p, sizeof(v));					\
	return order##bits##_to_cpu(v);					\
}									\
									\
static inline void put_unaligned_##order##bits(u##bits v, void *p)	\
{									\
	v = cpu_to_##order##bits(v);					\
	memcpy(p, &v, sizeof(v));					\
}

SHIM_UNALIGNED(le, 16)
SHIM_UNALIGNED(le, 32)
SHIM_UNALIGNED(le, 64)
SHIM_UNALIGNED(be, 16)
SHIM_UNALIGNED(be, 32)
SHIM_UNALIGNED(be, 64)

#define get_unaligned(p) \
	({ __typeof__(*(p)) _v; memcpy(&_v, (p), sizeof(_v)); _v; })
#define put_unaligned(v, p) \
	({ __typeof__(*(p)) _v = (v); memcpy((p), &_v, sizeof(_v)); })

#endif /* SHIM_LINUX_UNALIGNED_H */
