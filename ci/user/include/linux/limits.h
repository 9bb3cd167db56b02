/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_LIMITS_H
#define SHIM_LINUX_LIMITS_H

#include_next <linux/limits.h>

#define U8_MAX		((unsigned char)~0)
#define S8_MAX		((signed char)(U8_MAX >> 1))
#define U16_MAX		((unsigned short)~0)
#define S16_MAX		((short)(U16_MAX >> 1))
#define U32_MAX		(~0U)
#define S32_MAX		((int)(U32_MAX >> 1))
#define S32_MIN		(-S32_MAX - 1)
#define U64_MAX		(~0ULL)
#define S64_MAX		((long long)(U64_MAX >> 1))
#define S64_MIN		(-S64_MAX - 1)
#ifndef SIZE_MAX
#define SIZE_MAX	(~(__SIZE_TYPE__)0)
#endif

#endif /* SHIM_LINUX_LIMITS_H */
