/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MATH_H
#define SHIM_LINUX_MATH_H

#include <linux/align.h>

#define DIV_ROUND_UP(n, d)		(((n) + (d) - 1) / (d))
#define DIV_ROUND_UP_ULL(n, d)		DIV_ROUND_UP((unsigned long long)(n), d)
#define DIV_ROUND_CLOSEST(n, d)		(((n) + (d) / 2) / (d))
#define round_up(x, a)			ALIGN(x, a)
#define round_down(x, a)		ALIGN_DOWN(x, a)
#define roundup(x, a)			((((x) + (a) - 1) / (a)) * (a))
#define rounddown(x, a)			((x) - (x) % (a))
#define abs(x) ({ __typeof__(x) _x = (x); _x < 0 ? -_x : _x; })
#define abs_diff(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); \
			  _a > _b ? _a - _b : _b - _a; })
#define mult_frac(x, n, d) ({ __typeof__(x) _x = (x); \
			      _x / (d) * (n) + _x % (d) * (n) / (d); })

#endif /* SHIM_LINUX_MATH_H */
