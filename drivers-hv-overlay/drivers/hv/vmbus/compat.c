// SPDX-License-Identifier: GPL-2.0-only
/*
 * What other modules know of the original core's private connection object.
 *
 * uio_hv_generic includes the original private header and reads three members
 * of vmbus_connection: channel_mutex, int_page and monitor_pages[1]. So the
 * object stays, under its name and with its layout (symbol versions are
 * computed from it), and these members are real: the mutex is the one that
 * the new core takes. Everything else in it is zero and unused.
 *
 * This and the exports_*.c are the only files that include that header.
 */

#include <linux/list.h>
#include <linux/mutex.h>

#include "../hyperv_vmbus.h"
#include "vmbus.h"

struct vmbus_connection vmbus_connection = {
	.conn_state = DISCONNECTED,
	.chn_list = LIST_HEAD_INIT(vmbus_connection.chn_list),
	.channel_mutex = __MUTEX_INITIALIZER(vmbus_connection.channel_mutex),
};

/* The channel mutex under the name that the new core uses. */
struct mutex * const vmbus_channel_mutex = &vmbus_connection.channel_mutex;

/**
 * vmbus_compat_publish() - say where the pages of the connection are
 * @conn: the connection; pages that it doesn't have are NULL
 *
 * Context: any; no channel has been offered yet or none is left.
 */
void vmbus_compat_publish(const struct vmbus_conn *conn)
{
	vmbus_connection.int_page = conn->int_page;
	vmbus_connection.monitor_pages[0] = conn->monitor[0];
	vmbus_connection.monitor_pages[1] = conn->monitor[1];
}
