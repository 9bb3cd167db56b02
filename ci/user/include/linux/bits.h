/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_BITS_H
#define SHIM_LINUX_BITS_H

#include <linux/types.h>

#ifndef BITS_PER_BYTE
#define BITS_PER_BYTE		8
#endif
#define BITS_PER_LONG_LONG	64
#define BITS_PER_TYPE(t)	(8 * (int)sizeof(t))
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define BIT_MASK(n)		(1UL << ((n) % BITS_PER_LONG))
#define BIT_WORD(n)		((n) / BITS_PER_LONG)
#define GENMASK(h, l)		((~0UL >> (BITS_PER_LONG - 1 - (h))) & \
				 (~0UL << (l)))
#define GENMASK_ULL(h, l)	((~0ULL >> (63 - (h))) & (~0ULL << (l)))

#endif /* SHIM_LINUX_BITS_H */
