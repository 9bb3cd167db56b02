/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_KUNIT_VISIBILITY_H
#define SHIM_KUNIT_VISIBILITY_H

/* Like the kernel's, this needs linux/export.h from whoever uses it. */
#define VISIBLE_IF_KUNIT
#define EXPORT_SYMBOL_IF_KUNIT(s) \
	EXPORT_SYMBOL_NS(s, EXPORTED_FOR_KUNIT_TESTING)

#endif /* SHIM_KUNIT_VISIBILITY_H */
