/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MODULE_H
#define SHIM_LINUX_MODULE_H

#include <linux/export.h>
#include <linux/init.h>

#define THIS_MODULE		NULL
#define SHIM_MODULE_INFO	_Static_assert(1, "")
#define MODULE_LICENSE(x)	SHIM_MODULE_INFO
#define MODULE_DESCRIPTION(x)	SHIM_MODULE_INFO
#define MODULE_AUTHOR(x)	SHIM_MODULE_INFO
#define MODULE_IMPORT_NS(x)	SHIM_MODULE_INFO
#define MODULE_ALIAS(x)		SHIM_MODULE_INFO

#endif /* SHIM_LINUX_MODULE_H */
