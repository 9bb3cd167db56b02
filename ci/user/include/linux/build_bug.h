/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_BUILD_BUG_H
#define SHIM_LINUX_BUILD_BUG_H

#include <linux/compiler.h>

#define SHIM_ASSERT_1(c)	_Static_assert(c, #c)
#define SHIM_ASSERT_2(c, m)	_Static_assert(c, m)
#define SHIM_ASSERT_N(a, b, n, ...)	SHIM_ASSERT_##n
#define SHIM_ASSERT_PICK(...)	SHIM_ASSERT_N(__VA_ARGS__, 2, 1)
#undef static_assert
#define static_assert(...)	SHIM_ASSERT_PICK(__VA_ARGS__)(__VA_ARGS__)

#define BUILD_BUG_ON(c)		_Static_assert(!(c), "BUILD_BUG_ON: " #c)
#define BUILD_BUG_ON_MSG(c, m)	_Static_assert(!(c), m)
#define BUILD_BUG_ON_ZERO(c)	((int)(sizeof(struct { int : (-!!(c)); })))

#endif /* SHIM_LINUX_BUILD_BUG_H */
