/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_KUNIT_VISIBILITY_H
#define SHIM_KUNIT_VISIBILITY_H

#include <linux/export.h>

#define VISIBLE_IF_KUNIT
#define EXPORT_SYMBOL_IF_KUNIT(s)

#endif /* SHIM_KUNIT_VISIBILITY_H */
