/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_STDDEF_H
#define SHIM_LINUX_STDDEF_H

#include <linux/compiler.h>
#include <stddef.h>

#define sizeof_field(type, m)	sizeof(((type *)0)->m)
#define offsetofend(type, m)	(offsetof(type, m) + sizeof_field(type, m))

#endif /* SHIM_LINUX_STDDEF_H */
