/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_OVERFLOW_H
#define SHIM_LINUX_OVERFLOW_H

#include <linux/limits.h>
#include <linux/types.h>

static inline bool __must_check shim_must_check(bool overflow)
{
	return overflow;
}

#define check_add_overflow(a, b, d) \
	shim_must_check(__builtin_add_overflow(a, b, d))
#define check_sub_overflow(a, b, d) \
	shim_must_check(__builtin_sub_overflow(a, b, d))
#define check_mul_overflow(a, b, d) \
	shim_must_check(__builtin_mul_overflow(a, b, d))
#define overflows_type(n, T) \
	({ __typeof__(T) _r; __builtin_add_overflow((n), 0, &_r); })

static inline size_t size_add(size_t a, size_t b)
{
	size_t r;

	return __builtin_add_overflow(a, b, &r) ? SIZE_MAX : r;
}

static inline size_t size_mul(size_t a, size_t b)
{
	size_t r;

	return __builtin_mul_overflow(a, b, &r) ? SIZE_MAX : r;
}

static inline size_t size_sub(size_t a, size_t b)
{
	return a == SIZE_MAX || b == SIZE_MAX || b > a ? SIZE_MAX : a - b;
}

#define array_size(n, size)	size_mul(n, size)
#define array3_size(a, b, c)	size_mul(size_mul(a, b), c)
#define flex_array_size(p, m, n) size_mul(sizeof((p)->m[0]), n)
#define struct_size(p, m, n) \
	size_add(sizeof(*(p)), flex_array_size(p, m, n))
#define struct_size_t(type, m, n) struct_size((type *)NULL, m, n)

#endif /* SHIM_LINUX_OVERFLOW_H */
