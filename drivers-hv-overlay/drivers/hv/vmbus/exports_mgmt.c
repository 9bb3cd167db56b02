// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbols that drivers import: offer and negotiation functions, device classes.
 *
 * The includes are those of drivers/hv/channel_mgmt.c in that order, because
 * the symbols' checksums depend on them, and EXPORT_SYMBOL stands apart from
 * the functions for the same reason: see exports_drv.c.
 */

#include <linux/kernel.h>
#include <linux/interrupt.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/cpu.h>
#include <linux/hyperv.h>
#include <asm/mshyperv.h>
#include <linux/sched/isolation.h>

#include "../hyperv_vmbus.h"

EXPORT_SYMBOL_GPL(vmbus_devs);
EXPORT_SYMBOL_GPL(vmbus_prep_negotiate_resp);
EXPORT_SYMBOL_GPL(vmbus_hvsock_device_unregister);
EXPORT_SYMBOL_GPL(vmbus_set_sc_create_callback);
EXPORT_SYMBOL_GPL(vmbus_set_chn_rescind_callback);
