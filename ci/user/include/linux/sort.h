/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_SORT_H
#define SHIM_LINUX_SORT_H

#include <linux/types.h>
#include <stdlib.h>

static inline void sort(void *base, size_t n, size_t size,
			int (*cmp)(const void *a, const void *b),
			void *swap_fn __attribute__((__unused__)))
{
	qsort(base, n, size, cmp);
}

#endif /* SHIM_LINUX_SORT_H */
