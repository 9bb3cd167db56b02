/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_WORDPART_H
#define SHIM_LINUX_WORDPART_H

#include <linux/kernel.h>

#endif /* SHIM_LINUX_WORDPART_H */
