/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

#include <linux/types.h>

#define SHIM_PICK(a, op, b) \
	({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a op _b ? _a : _b; })
#define min(a, b)		SHIM_PICK(a, <, b)
#define max(a, b)		SHIM_PICK(a, >, b)
#define min_t(t, a, b)		SHIM_PICK((t)(a), <, (t)(b))
#define max_t(t, a, b)		SHIM_PICK((t)(a), >, (t)(b))
#define umin(a, b)		min_t(unsigned long long, a, b)
#define umax(a, b)		max_t(unsigned long long, a, b)
#define min3(a, b, c)		min(min(a, b), c)
#define max3(a, b, c)		max(max(a, b), c)
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define clamp_t(t, v, lo, hi)	min_t(t, max_t(t, v, lo), hi)
#define clamp_val(v, lo, hi)	clamp_t(__typeof__(v), v, lo, hi)
#define min_not_zero(a, b) \
	({ __typeof__(a) _p = (a); __typeof__(b) _q = (b); \
	   !_p ? _q : (!_q ? _p : min(_p, _q)); })
#define swap(a, b) \
	do { __typeof__(a) _t = (a); (a) = (b); (b) = _t; } while (0)
#define in_range(v, start, len)	((v) - (start) < (len))

#endif /* SHIM_LINUX_MINMAX_H */
