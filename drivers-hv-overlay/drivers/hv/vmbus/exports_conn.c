// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbols that drivers import: connection data and doorbell.
 *
 * The includes are those of drivers/hv/connection.c in the same order, because
 * the symbols' checksums depend on them, and EXPORT_SYMBOL stands apart from
 * the functions for the same reason: see exports_drv.c.
 */

#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/hyperv.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/set_memory.h>
#include <asm/mshyperv.h>

#include "../hyperv_vmbus.h"

EXPORT_SYMBOL_GPL(vmbus_connection);
EXPORT_SYMBOL_GPL(vmbus_proto_version);
EXPORT_SYMBOL_GPL(vmbus_set_event);
