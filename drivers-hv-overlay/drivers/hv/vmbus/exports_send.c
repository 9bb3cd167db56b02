// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbols that drivers import: sending and receiving without a copy.
 *
 * The original core has no such functions, so nobody depends on the symbols'
 * checksums; they are exported apart from the functions as all others are.
 */

#include <linux/export.h>
#include <linux/hyperv/recv.h>
#include <linux/hyperv/send.h>

EXPORT_SYMBOL_GPL(vmbus_send_begin);
EXPORT_SYMBOL_GPL(vmbus_send_end);
EXPORT_SYMBOL_GPL(vmbus_send_flush);
EXPORT_SYMBOL_GPL(vmbus_channel_broken);
EXPORT_SYMBOL_GPL(vmbus_recv_begin);
EXPORT_SYMBOL_GPL(vmbus_recv_end);
EXPORT_SYMBOL_GPL(hv_batch_next_odd);
