/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_KUNIT_RESOURCE_H
#define SHIM_KUNIT_RESOURCE_H

#include <kunit/test.h>

#endif /* SHIM_KUNIT_RESOURCE_H */
