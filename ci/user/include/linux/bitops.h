/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_BITOPS_H
#define SHIM_LINUX_BITOPS_H

#include <linux/bits.h>

static inline bool test_bit(long n, const unsigned long *a)
{
	return READ_ONCE(a[BIT_WORD(n)]) & BIT_MASK(n);
}

static inline void __set_bit(long n, unsigned long *a)
{
	a[BIT_WORD(n)] |= BIT_MASK(n);
}

static inline void __clear_bit(long n, unsigned long *a)
{
	a[BIT_WORD(n)] &= ~BIT_MASK(n);
}

static inline void __assign_bit(long n, unsigned long *a, bool v)
{
	if (v)
		__set_bit(n, a);
	else
		__clear_bit(n, a);
}

static inline bool __test_and_set_bit(long n, unsigned long *a)
{
	bool old = test_bit(n, a);

	__set_bit(n, a);
	return old;
}

static inline bool __test_and_clear_bit(long n, unsigned long *a)
{
	bool old = test_bit(n, a);

	__clear_bit(n, a);
	return old;
}

static inline void set_bit(long n, unsigned long *a)
{
	__atomic_fetch_or(&a[BIT_WORD(n)], BIT_MASK(n), __ATOMIC_RELAXED);
}

static inline void clear_bit(long n, unsigned long *a)
{
	__atomic_fetch_and(&a[BIT_WORD(n)], ~BIT_MASK(n), __ATOMIC_RELAXED);
}

static inline bool test_and_set_bit(long n, unsigned long *a)
{
	return __atomic_fetch_or(&a[BIT_WORD(n)], BIT_MASK(n),
				 __ATOMIC_SEQ_CST) & BIT_MASK(n);
}

static inline bool test_and_clear_bit(long n, unsigned long *a)
{
	return __atomic_fetch_and(&a[BIT_WORD(n)], ~BIT_MASK(n),
				  __ATOMIC_SEQ_CST) & BIT_MASK(n);
}

static inline unsigned long find_next_bit(const unsigned long *a,
					  unsigned long size,
					  unsigned long from)
{
	while (from < size && !test_bit(from, a))
		from++;
	return from < size ? from : size;
}

static inline unsigned long find_next_zero_bit(const unsigned long *a,
					       unsigned long size,
					       unsigned long from)
{
	while (from < size && test_bit(from, a))
		from++;
	return from < size ? from : size;
}

#define find_first_bit(a, size)		find_next_bit(a, size, 0)
#define find_first_zero_bit(a, size)	find_next_zero_bit(a, size, 0)
#define for_each_set_bit(bit, a, size) \
	for ((bit) = find_first_bit(a, size); (bit) < (size); \
	     (bit) = find_next_bit(a, size, (bit) + 1))
#define for_each_clear_bit(bit, a, size) \
	for ((bit) = find_first_zero_bit(a, size); (bit) < (size); \
	     (bit) = find_next_zero_bit(a, size, (bit) + 1))

#define hweight8(x)	((unsigned int)__builtin_popcount((u8)(x)))
#define hweight16(x)	((unsigned int)__builtin_popcount((u16)(x)))
#define hweight32(x)	((unsigned int)__builtin_popcount((u32)(x)))
#define hweight64(x)	((unsigned int)__builtin_popcountll((u64)(x)))
#define hweight_long(x)	((unsigned int)__builtin_popcountl(x))
#define __ffs(x)	((unsigned long)__builtin_ctzl(x))
#define __ffs64(x)	((unsigned long)__builtin_ctzll(x))
#define __fls(x)	((unsigned long)(BITS_PER_LONG - 1 - \
					 __builtin_clzl(x)))
#define fls(x)		((x) ? 32 - __builtin_clz(x) : 0)
#define fls64(x)	((x) ? 64 - __builtin_clzll(x) : 0)
#define fls_long(x)	((x) ? BITS_PER_LONG - __builtin_clzl(x) : 0)

#endif /* SHIM_LINUX_BITOPS_H */
