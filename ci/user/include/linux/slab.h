/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <linux/gfp.h>
#include <linux/overflow.h>
#include <stdlib.h>
#include <string.h>

static inline void *kmalloc(size_t n, gfp_t gfp)
{
	void *p = n == SIZE_MAX ? NULL : malloc(n);

	/* What is not zeroed by contract must not look as if it were. */
	if (p)
		memset(p, gfp & __GFP_ZERO ? 0 : 0xa5, n);
	return p;
}

static inline void *kzalloc(size_t n, gfp_t gfp)
{
	return kmalloc(n, gfp | __GFP_ZERO);
}

static inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc(array_size(n, size), gfp);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kzalloc(array_size(n, size), gfp);
}

static inline void kfree(const void *p)
{
	free((void *)p);
}

static inline void *kmemdup(const void *s, size_t n, gfp_t gfp)
{
	void *p = kmalloc(n, gfp);

	return p ? memcpy(p, s, n) : NULL;
}

static inline char *kstrdup(const char *s, gfp_t gfp)
{
	return kmemdup(s, strlen(s) + 1, gfp);
}

#define kvmalloc	kmalloc
#define kvzalloc	kzalloc
#define kvcalloc	kcalloc
#define kvmalloc_array	kmalloc_array
#define kvfree		kfree

#endif /* SHIM_LINUX_SLAB_H */
