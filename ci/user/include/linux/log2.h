/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_LOG2_H
#define SHIM_LINUX_LOG2_H

#include <linux/bitops.h>

#define is_power_of_2(n)	((n) && !((n) & ((n) - 1)))
#define ilog2(n)		(63 - __builtin_clzll(n))
#define roundup_pow_of_two(n) \
	((n) <= 1 ? 1UL : 1UL << fls64((u64)(n) - 1))
#define rounddown_pow_of_two(n)	(1UL << (fls64(n) - 1))
#define order_base_2(n)		((n) > 1 ? ilog2((n) - 1) + 1 : 0)

#endif /* SHIM_LINUX_LOG2_H */
