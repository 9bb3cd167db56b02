/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_CONTAINER_OF_H
#define SHIM_LINUX_CONTAINER_OF_H

#include <stddef.h>

#define container_of(p, type, m) \
	((type *)((char *)(p) - offsetof(type, m)))

#endif /* SHIM_LINUX_CONTAINER_OF_H */
