// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbols that drivers import: ring functions.
 *
 * The includes are those of drivers/hv/ring_buffer.c in the same order, because
 * the symbols' checksums depend on them, and EXPORT_SYMBOL stands apart from
 * the functions for the same reason: see exports_drv.c.
 */

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/hyperv.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>
#include <linux/slab.h>
#include <linux/prefetch.h>
#include <linux/io.h>
#include <asm/mshyperv.h>

#include "../hyperv_vmbus.h"

EXPORT_SYMBOL_GPL(hv_ringbuffer_get_debuginfo);
EXPORT_SYMBOL_GPL(hv_ringbuffer_spinlock_busy);
EXPORT_SYMBOL_GPL(hv_pkt_iter_first);
EXPORT_SYMBOL_GPL(__hv_pkt_iter_next);
EXPORT_SYMBOL_GPL(hv_pkt_iter_close);
