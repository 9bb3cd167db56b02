/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels for a suite that is a module of its own.
 *
 * The functions under test are exported for KUnit only, in a namespace whose
 * name is an identifier up to 6.12 and a string from 6.13 on.
 */
#ifndef _HV_VMBUS_TESTS_COMPAT_H
#define _HV_VMBUS_TESTS_COMPAT_H

#include <linux/module.h>

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

#endif /* _HV_VMBUS_TESTS_COMPAT_H */
