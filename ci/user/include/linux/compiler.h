/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User-space stand-in for the kernel header: just what the wire and logic
 * files and their suites use.  Written for this build, not taken from Linux.
 */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define barrier()		__asm__ __volatile__("" : : : "memory")
#define barrier_data(p)		__asm__ __volatile__("" : : "r"(p) : "memory")

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))

#undef __always_inline
#define __always_inline		inline __attribute__((__always_inline__))
#define noinline		__attribute__((__noinline__))
#undef __must_check
#define __must_check		__attribute__((__warn_unused_result__))
#define __maybe_unused		__attribute__((__unused__))
#define __always_unused		__attribute__((__unused__))
#undef __packed
#define __packed		__attribute__((__packed__))
#undef __aligned
#define __aligned(x)		__attribute__((__aligned__(x)))
#undef __printf
#define __printf(a, b)		__attribute__((__format__(printf, a, b)))
#define __counted_by(m)
#define __pure			__attribute__((__pure__))
#undef __attribute_const__
#define __attribute_const__	__attribute__((__const__))
#define __cold			__attribute__((__cold__))
#define __init
#define __exit
#define __initconst
#define __ro_after_init
#define __read_mostly
#define __force
#define __user
#define __iomem
#define __rcu
#define __acquires(x)
#define __releases(x)
#define __must_hold(x)
#define fallthrough		__attribute__((__fallthrough__))
#define __same_type(a, b)	__builtin_types_compatible_p(__typeof__(a), \
							     __typeof__(b))
#define typeof			__typeof__

#define __stringify_1(...)	#__VA_ARGS__
#define __stringify(...)	__stringify_1(__VA_ARGS__)

#define struct_group(name, ...) \
	union { struct { __VA_ARGS__ }; struct { __VA_ARGS__ } name; }
#define DECLARE_FLEX_ARRAY(type, name) \
	struct { struct { } shim_##name; type name[]; }

#endif /* SHIM_LINUX_COMPILER_H */
