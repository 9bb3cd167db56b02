/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_EXPORT_H
#define SHIM_LINUX_EXPORT_H

#define EXPORT_SYMBOL(s)	_Static_assert(1, "")
#define EXPORT_SYMBOL_GPL(s)	_Static_assert(1, "")
#define EXPORT_SYMBOL_NS(s, ns)	_Static_assert(1, "")
#define EXPORT_SYMBOL_NS_GPL(s, ns)	_Static_assert(1, "")

#endif /* SHIM_LINUX_EXPORT_H */
