/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_ASM_BYTEORDER_H
#define SHIM_ASM_BYTEORDER_H

#include <linux/types.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SHIM_LE(n, x)	(x)
#define SHIM_BE(n, x)	__builtin_bswap##n(x)
#ifndef __LITTLE_ENDIAN
#define __LITTLE_ENDIAN	1234
#endif
#else
#define SHIM_LE(n, x)	__builtin_bswap##n(x)
#define SHIM_BE(n, x)	(x)
#ifndef __BIG_ENDIAN
#define __BIG_ENDIAN	4321
#endif
#endif

#define cpu_to_le16(x)	((__le16)SHIM_LE(16, (u16)(x)))
#define cpu_to_le32(x)	((__le32)SHIM_LE(32, (u32)(x)))
#define cpu_to_le64(x)	((__le64)SHIM_LE(64, (u64)(x)))
#define le16_to_cpu(x)	((u16)SHIM_LE(16, (u16)(x)))
#define le32_to_cpu(x)	((u32)SHIM_LE(32, (u32)(x)))
#define le64_to_cpu(x)	((u64)SHIM_LE(64, (u64)(x)))
#define cpu_to_be16(x)	((__be16)SHIM_BE(16, (u16)(x)))
#define cpu_to_be32(x)	((__be32)SHIM_BE(32, (u32)(x)))
#define cpu_to_be64(x)	((__be64)SHIM_BE(64, (u64)(x)))
#define be16_to_cpu(x)	((u16)SHIM_BE(16, (u16)(x)))
#define be32_to_cpu(x)	((u32)SHIM_BE(32, (u32)(x)))
#define be64_to_cpu(x)	((u64)SHIM_BE(64, (u64)(x)))
#define __constant_cpu_to_le16	cpu_to_le16
#define __constant_cpu_to_le32	cpu_to_le32
#define __constant_cpu_to_le64	cpu_to_le64

static inline u16 le16_to_cpup(const __le16 *p)
{
	return le16_to_cpu(*p);
}

static inline u32 le32_to_cpup(const __le32 *p)
{
	return le32_to_cpu(*p);
}

static inline u64 le64_to_cpup(const __le64 *p)
{
	return le64_to_cpu(*p);
}

static inline void le16_add_cpu(__le16 *p, u16 v)
{
	*p = cpu_to_le16(le16_to_cpu(*p) + v);
}

static inline void le32_add_cpu(__le32 *p, u32 v)
{
	*p = cpu_to_le32(le32_to_cpu(*p) + v);
}

static inline void le64_add_cpu(__le64 *p, u64 v)
{
	*p = cpu_to_le64(le64_to_cpu(*p) + v);
}

#endif /* SHIM_ASM_BYTEORDER_H */
