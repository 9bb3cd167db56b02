// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbols that drivers import: channel and packet functions.
 *
 * The includes are those of drivers/hv/channel.c in the same order, because
 * the symbols' checksums depend on them, and EXPORT_SYMBOL stands apart from
 * the functions for the same reason: see exports_drv.c.
 */

#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/module.h>
#include <linux/hyperv.h>
#include <linux/uio.h>
#include <linux/interrupt.h>
#include <linux/set_memory.h>
#include <asm/page.h>
#include <asm/mshyperv.h>

#include "../hyperv_vmbus.h"

EXPORT_SYMBOL_GPL(vmbus_setevent);
EXPORT_SYMBOL_GPL(vmbus_free_ring);
EXPORT_SYMBOL_GPL(vmbus_alloc_ring);
EXPORT_SYMBOL_GPL(vmbus_send_tl_connect_request);
EXPORT_SYMBOL_GPL(vmbus_send_modifychannel);
EXPORT_SYMBOL_GPL(vmbus_establish_gpadl);
EXPORT_SYMBOL_GPL(vmbus_connect_ring);
EXPORT_SYMBOL_GPL(vmbus_open);
EXPORT_SYMBOL_GPL(vmbus_teardown_gpadl);
EXPORT_SYMBOL_GPL(vmbus_disconnect_ring);
EXPORT_SYMBOL_GPL(vmbus_close);
EXPORT_SYMBOL(vmbus_sendpacket_getid);
EXPORT_SYMBOL(vmbus_sendpacket);
EXPORT_SYMBOL_GPL(vmbus_sendpacket_mpb_desc);
EXPORT_SYMBOL(vmbus_recvpacket);
EXPORT_SYMBOL_GPL(vmbus_recvpacket_raw);
EXPORT_SYMBOL_GPL(vmbus_next_request_id);
EXPORT_SYMBOL_GPL(__vmbus_request_addr_match);
EXPORT_SYMBOL_GPL(vmbus_request_addr_match);
EXPORT_SYMBOL_GPL(vmbus_request_addr);
