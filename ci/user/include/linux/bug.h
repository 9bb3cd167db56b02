/* SPDX-License-Identifier: GPL-2.0-only */
/* A warning or a bug in the kernel is the end of the test program here. */
#ifndef SHIM_LINUX_BUG_H
#define SHIM_LINUX_BUG_H

#include <linux/build_bug.h>
#include <stdio.h>
#include <stdlib.h>

#define BUG() \
	do { \
		fprintf(stderr, "BUG at %s:%d\n", __FILE__, __LINE__); \
		abort(); \
	} while (0)
#define BUG_ON(c)	do { if (c) BUG(); } while (0)
#define WARN_ON(c)	({ int _w = !!(c); if (_w) BUG(); _w; })
#define WARN_ON_ONCE(c)	WARN_ON(c)
#define WARN(c, ...)	WARN_ON(c)
#define WARN_ONCE(c, ...) WARN_ON(c)

#endif /* SHIM_LINUX_BUG_H */
