// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hibernation.
 *
 * The host does not keep a connection while the guest is off, so it is ended
 * before the image is made and before power off, and made again after either.
 * That happens in the "noirq" phase: drivers of VMBus devices have closed
 * their channels in earlier phases, and pci-hyperv, whose devices use that
 * phase themselves, finds the bus up in its callbacks. "noirq" is about device
 * interrupts; ours come on.
 *
 *	freeze, poweroff   drop new offers, finish what is queued, wait for
 *			   sub-channels to go, forget relids, UNLOAD,
 *			   (image or power off) SynIC of CPU 0 off
 *	thaw, restore	   SynIC of CPU 0 on, connect with the same version,
 *			   ask for offers, match them with the devices
 *
 * Suspend-to-idle keeps the connection.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/syscore_ops.h>
#include <linux/wait.h>

#include "core.h"
#include "vmbus.h"

/**
 * vmbus_bus_suspend() - end the connection before hibernation
 * @dev: the platform device of the bus
 *
 * Context: process context, "noirq" phase of hibernation.
 * Return: 0, or a negative error code, and the connection goes on then.
 */
int vmbus_bus_suspend(struct device *dev)
{
	int ret;

	/* In this order: each may feed the next. */
	vmbus_ctrl_ignore_offers(true);
	vmbus_ctrl_flush();
	ret = vmbus_devq_settle();
	if (!ret)
		ret = vmbus_channels_suspend();
	if (ret) {
		dev_err(dev, "can't suspend the channels: %d\n", ret);
		vmbus_ctrl_ignore_offers(false);
		return ret;
	}

	vmbus_conn_unload(false);
	return 0;
}

/**
 * vmbus_bus_resume() - connect again after hibernation
 * @dev: the platform device of the bus
 *
 * When it returns, channels have their new relids, so that drivers can open
 * them; a device that the host no longer has is reported and its driver will
 * fail to.
 *
 * Context: process context, "noirq" phase of hibernation.
 * Return: 0 or a negative error code.
 */
int vmbus_bus_resume(struct device *dev)
{
	unsigned long limit = msecs_to_jiffies(VMBUS_RESUME_OFFERS_TIMEOUT_MS);
	unsigned long begin;
	int ret;

	ret = vmbus_conn_reconnect();
	if (ret)
		return ret;

	vmbus_channels_resume_prepare();
	vmbus_ctrl_ignore_offers(false);

	ret = vmbus_conn_request_offers();
	if (ret)
		return ret;

	begin = jiffies;
	ret = wait_event_timeout(vmbus_resume_wq, vmbus_channels_all_resumed(),
				 limit);
	vmbus_waited(VMBUS_WAIT_OFFERS, begin);
	if (!ret)
		dev_err(dev, "Some vmbus device is missing after suspending?\n");

	return 0;
}

/*
 * All other CPUs are offline, this one has interrupts off. Its timer, if it
 * expires by message, has been or will be stopped by the timekeeping core: no
 * hv_stimer_legacy_cleanup(), which sleeps.
 */
static int pm_syscore_suspend(void)
{
	vmbus_synic_disable_regs(VMBUS_CONNECT_CPU);
	return 0;
}

static void pm_syscore_resume(void)
{
	vmbus_synic_resume(VMBUS_CONNECT_CPU);
}

static struct syscore_ops pm_syscore_ops = {
	.suspend = pm_syscore_suspend,
	.resume = pm_syscore_resume,
};

/**
 * vmbus_pm_setup() - keep the SynIC of CPU 0 right over hibernation
 *
 * Context: process context; the SynIC is enabled.
 */
void vmbus_pm_setup(void)
{
	register_syscore_ops(&pm_syscore_ops);
}

/**
 * vmbus_pm_teardown() - undo vmbus_pm_setup()
 *
 * Context: process context.
 */
void vmbus_pm_teardown(void)
{
	unregister_syscore_ops(&pm_syscore_ops);
}
