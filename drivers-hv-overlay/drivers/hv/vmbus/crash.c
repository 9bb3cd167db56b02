// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaving the host in order: kexec and panic.
 *
 * The next kernel, started by kexec or by a crash, can connect only if the
 * host has closed the channels of this one, and it must not find interrupts
 * or timers of this one armed. After a kexec there is time to wait for the
 * host and to take down each CPU; after a panic only this CPU is left, it
 * can't sleep, and it can't know which locks are held.
 *
 * After a panic UNLOAD is sent by a notifier, since not every panic ends in a
 * crash kernel, as late as possible: the frame buffer driver has a notifier
 * that draws over its channel, and it must come first (it has INT_MIN + 10).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/nmi.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/smp.h>
#include <clocksource/hyperv_timer.h>
#include <asm/barrier.h>
#include <asm/mshyperv.h>

#include "core.h"
#include "vmbus.h"

/* Polling for the answer to UNLOAD. */
#define UNLOAD_POLL_MS		10
#define UNLOAD_NOTICE_MS	5000

/*
 * Look for UNLOAD_RESPONSE in all message slots: it comes to the CPU that made
 * the connection or to CPU 0, whichever the host prefers, and either may have
 * stopped. Other messages are dropped, so that the answer can follow.
 */
static bool crash_poll_slots(void)
{
	unsigned int cpu;

	for_each_present_cpu(cpu) {
		struct hv_message *slot;
		u32 type, msgtype;

		slot = vmbus_msg_slot(per_cpu_ptr(vmbus_conn.cpu, cpu));
		if (!slot)
			continue;

		type = READ_ONCE(slot->header.message_type);
		if (type == HVMSG_NONE)
			continue;

		/* Pairs with the host, which fills the slot, then its type. */
		virt_rmb();
		msgtype = READ_ONCE(*(u32 *)slot->u.payload);
		if (!(type & VMBUS_HV_MSG_TYPE) &&
		    msgtype == HVB_MSG_UNLOAD_RESPONSE)
			WRITE_ONCE(vmbus_conn.unload_seen, true);

		vmbus_signal_eom(slot, type);
	}

	return READ_ONCE(vmbus_conn.unload_seen);
}

/*
 * The next kernel may get the same pages from a paravisor, and could receive
 * nothing if a slot were taken.
 */
static void crash_drain_slots(void)
{
	unsigned int cpu;

	for_each_present_cpu(cpu) {
		struct hv_message *slot;

		slot = vmbus_msg_slot(per_cpu_ptr(vmbus_conn.cpu, cpu));
		if (slot)
			WRITE_ONCE(slot->header.message_type, HVMSG_NONE);
	}
}

/**
 * vmbus_crash_unload_wait() - wait for the answer to UNLOAD after a panic
 *
 * Context: crash path: no sleeping, no locks, perhaps no interrupts; the other
 * CPUs have stopped or are about to.
 * Return: false if the answer has not come within VMBUS_UNLOAD_TIMEOUT_MS.
 */
bool vmbus_crash_unload_wait(void)
{
	unsigned int ms;
	bool done;

	for (ms = 0; ; ms += UNLOAD_POLL_MS) {
		/* The interrupt of a CPU that goes on may have seen it, too. */
		done = READ_ONCE(vmbus_conn.unload_seen) || crash_poll_slots();
		if (done || ms >= VMBUS_UNLOAD_TIMEOUT_MS)
			break;

		/* Whoever watches the console should know that it goes on. */
		if (ms && !(ms % UNLOAD_NOTICE_MS))
			pr_notice("Waiting for VMBus UNLOAD to complete\n");

		touch_nmi_watchdog();
		mdelay(UNLOAD_POLL_MS);
	}

	crash_drain_slots();
	return done;
}

/*
 * UNLOAD first: its wait has a limit, which needs the timers. Timers that
 * expire by message go with the SynIC of their CPU, the others at the end.
 */
static void crash_kexec(void)
{
	vmbus_conn_unload(false);
	vmbus_synic_stop();
	if (vmbus_timer_direct())
		hv_stimer_global_cleanup();
}

/*
 * Stop the timer of this CPU. The clock event core can be asked only where
 * that takes no lock; a timer that expires by message is stopped by hand.
 */
static void crash_timer_stop(unsigned int cpu)
{
	if (vmbus_timer_direct()) {
		hv_stimer_cleanup(cpu);
	} else if (ms_hyperv.features & HV_MSR_SYNTIMER_AVAILABLE) {
		hv_set_msr(HV_MSR_STIMER0_COUNT, 0);
		hv_set_msr(HV_MSR_STIMER0_CONFIG, 0);
	}
}

static void crash_shutdown(struct pt_regs *regs)
{
	unsigned int cpu = smp_processor_id();

	vmbus_conn_unload(true);
	crash_timer_stop(cpu);
	/* The next kernel starts on this CPU; others it sets up anew. */
	vmbus_synic_disable_regs(cpu);
}

static int crash_panic(struct notifier_block *nb, unsigned long val, void *data)
{
	vmbus_conn_unload(true);
	return NOTIFY_DONE;
}

static struct notifier_block crash_panic_nb = {
	.notifier_call = crash_panic,
	.priority = INT_MIN + 1,
};

/**
 * vmbus_crash_setup() - be told of kexec, crash and panic
 *
 * Context: process context; the SynIC is enabled.
 * Return: 0.
 */
int vmbus_crash_setup(void)
{
	atomic_notifier_chain_register(&panic_notifier_list, &crash_panic_nb);
	hv_setup_kexec_handler(crash_kexec);
	hv_setup_crash_handler(crash_shutdown);
	return 0;
}

/**
 * vmbus_crash_teardown() - undo vmbus_crash_setup()
 *
 * Context: process context; the SynIC is still enabled.
 */
void vmbus_crash_teardown(void)
{
	hv_remove_kexec_handler();
	hv_remove_crash_handler();
	atomic_notifier_chain_unregister(&panic_notifier_list,
					 &crash_panic_nb);
}
