/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_FIND_H
#define SHIM_LINUX_FIND_H

#include <linux/bitops.h>

#endif /* SHIM_LINUX_FIND_H */
