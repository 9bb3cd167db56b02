/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_BITMAP_H
#define SHIM_LINUX_BITMAP_H

#include <linux/bitops.h>
#include <linux/find.h>
#include <string.h>

static inline void bitmap_zero(unsigned long *a, unsigned int n)
{
	memset(a, 0, BITS_TO_LONGS(n) * sizeof(long));
}

static inline void bitmap_fill(unsigned long *a, unsigned int n)
{
	memset(a, 0xff, BITS_TO_LONGS(n) * sizeof(long));
}

static inline void bitmap_copy(unsigned long *d, const unsigned long *s,
			       unsigned int n)
{
	memcpy(d, s, BITS_TO_LONGS(n) * sizeof(long));
}

static inline void bitmap_set(unsigned long *a, unsigned int from,
			      unsigned int n)
{
	while (n--)
		__set_bit(from++, a);
}

static inline void bitmap_clear(unsigned long *a, unsigned int from,
				unsigned int n)
{
	while (n--)
		__clear_bit(from++, a);
}

static inline bool bitmap_empty(const unsigned long *a, unsigned int n)
{
	return find_first_bit(a, n) == n;
}

static inline bool bitmap_full(const unsigned long *a, unsigned int n)
{
	return find_first_zero_bit(a, n) == n;
}

static inline unsigned int bitmap_weight(const unsigned long *a,
					 unsigned int n)
{
	unsigned int i, w = 0;

	for (i = 0; i < n; i++)
		w += test_bit(i, a);
	return w;
}

static inline bool bitmap_equal(const unsigned long *a, const unsigned long *b,
				unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (test_bit(i, a) != test_bit(i, b))
			return false;
	return true;
}

#endif /* SHIM_LINUX_BITMAP_H */
