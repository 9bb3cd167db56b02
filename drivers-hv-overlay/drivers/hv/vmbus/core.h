/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files that talk to the hypervisor and to the host's control channel
 * (conn.c, ctrl.c, synic.c, irq.c, pm.c, crash.c) share among themselves; what
 * the rest of the core may use is in vmbus.h.
 *
 * Who may touch what:
 *   message slots   the interrupt of their CPU, always with interrupts off;
 *                   after a panic the one CPU that is left
 *   event flags     interrupt and, on PREEMPT_RT, the thread of their CPU
 *   SynIC registers their CPU: at CPU hotplug, at syscore suspend, in a crash
 */
#ifndef _HV_VMBUS_CORE_H
#define _HV_VMBUS_CORE_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/mshyperv.h>

#include "vmbus.h"
#include "wire/chanmsg.h"

/* Timers that interrupt by a vector of their own don't depend on VMBus. */
static inline bool vmbus_timer_direct(void)
{
	return ms_hyperv.misc_features & HV_STIMER_DIRECT_MODE_AVAILABLE;
}

/* Messages of the hypervisor itself have this bit in their type (TLFS 11.8). */
#define VMBUS_HV_MSG_TYPE	BIT(31)

/* The slot for VMBus messages of a CPU, NULL if it has no page yet. */
static inline struct hv_message *vmbus_msg_slot(const struct vmbus_cpu *cpu)
{
	struct hv_message *page = READ_ONCE(cpu->msg_page);

	return page ? page + VMBUS_SINT : NULL;
}

/* synic.c */
void *vmbus_shared_page_alloc(int node, bool decrypt);
void vmbus_shared_page_free(void *page, bool decrypted, bool leak);

/* ctrl.c */
int vmbus_ctrl_init(void);
void vmbus_ctrl_exit(void);
void vmbus_ctrl_ignore_offers(bool ignore);

/* irq.c */
void vmbus_irq_drain(void);

/* crash.c */
bool vmbus_crash_unload_wait(void);

/* pm.c */
void vmbus_pm_setup(void);
void vmbus_pm_teardown(void);

#endif /* _HV_VMBUS_CORE_H */
