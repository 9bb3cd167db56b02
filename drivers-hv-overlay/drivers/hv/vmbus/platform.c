// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the VMBus comes from, and the module as a whole.
 *
 * The firmware describes the VMBus as an ACPI device, "VMBUS" or "VMBus", or as
 * a device tree node, "microsoft,vmbus". It gives the interrupt (arm64; x86 has
 * a vector for the hypervisor) and address space for MMIO: in the device tree
 * as ranges of the node, in ACPI as resources of the device or of one of its
 * ancestors.
 *
 * Everything else is found out by talking to the host. The order in which that
 * is set up is the table at the end of this file.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/errno.h>
#include <linux/hyperv.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of_address.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/property.h>
#include <asm/mshyperv.h>

#include "core.h"
#include "vmbus.h"

/* Declared in asm-generic/mshyperv.h: Linux interrupt, -1 if there is none. */
int vmbus_irq;
/* Likewise: what the hypervisor is to raise, a vector (x86) or an INTID. */
int vmbus_interrupt;

#ifdef CONFIG_ACPI
/* Add a window if the kernel can address it. */
static acpi_status vmbus_acpi_window(u64 start, u64 end)
{
	int ret;

	if (end != (resource_size_t)end) {
		pr_warn("ignoring MMIO window [%#llx-%#llx]\n", start, end);
		return AE_OK;
	}

	ret = vmbus_mmio_add(start, end);
	if (ret == -ENOMEM)
		return AE_NO_MEMORY;
	if (ret)
		pr_warn("ignoring MMIO window [%#llx-%#llx]\n", start, end);
	return AE_OK;
}

/*
 * One resource of the device or of an ancestor. Windows are "address"
 * descriptors; "memory" descriptors are registers of devices. On x86 there is
 * an interrupt too, in the short form; the vector is used in its place.
 */
static acpi_status vmbus_acpi_resource(struct acpi_resource *res, void *context)
{
	struct resource irq;

	switch (res->type) {
	case ACPI_RESOURCE_TYPE_ADDRESS32:
		return vmbus_acpi_window(res->data.address32.address.minimum,
					 res->data.address32.address.maximum);

	case ACPI_RESOURCE_TYPE_ADDRESS64:
		return vmbus_acpi_window(res->data.address64.address.minimum,
					 res->data.address64.address.maximum);

	case ACPI_RESOURCE_TYPE_EXTENDED_IRQ:
		if (!acpi_dev_resource_interrupt(res, 0, &irq)) {
			pr_err("Unable to parse Hyper-V ACPI interrupt\n");
			return AE_ERROR;
		}
		vmbus_interrupt = res->data.extended_irq.interrupts[0];
		vmbus_irq = irq.start;
		return AE_OK;

	default:
		return AE_OK;
	}
}

/*
 * Early firmware for arm64 says nothing about cache coherence, which would
 * mean that devices can't do DMA at all. They are coherent.
 */
static void vmbus_acpi_fix_coherence(struct acpi_device *adev)
{
	ACPI_COMPANION_SET(&adev->dev, adev);

	if (!IS_ENABLED(CONFIG_ACPI_CCA_REQUIRED) ||
	    device_get_dma_attr(&adev->dev) != DEV_DMA_NOT_SUPPORTED)
		return;

	pr_info("No ACPI _CCA found; assuming coherent device I/O\n");
	adev->flags.cca_seen = true;
	adev->flags.coherent_dma = true;
}

static int vmbus_acpi_probe(struct platform_device *pdev)
{
	struct acpi_device *adev = ACPI_COMPANION(&pdev->dev);
	struct acpi_device *from;

	if (!adev)
		return -ENODEV;

	vmbus_acpi_fix_coherence(adev);

	if (ACPI_FAILURE(acpi_walk_resources(adev->handle, METHOD_NAME__CRS,
					     vmbus_acpi_resource, NULL))) {
		vmbus_mmio_exit();
		return -ENODEV;
	}

	/* The windows are those of the nearest ancestor that has some. */
	for (from = acpi_dev_parent(adev);
	     from && from->handle != ACPI_ROOT_OBJECT;
	     from = acpi_dev_parent(from)) {
		if (ACPI_FAILURE(acpi_walk_resources(from->handle,
						     METHOD_NAME__CRS,
						     vmbus_acpi_resource,
						     NULL)))
			continue;
		if (!vmbus_mmio_empty()) {
			vmbus_mmio_reserve_fb();
			break;
		}
	}

	vmbus_root_device = &adev->dev;
	return 0;
}
#else
static int vmbus_acpi_probe(struct platform_device *pdev)
{
	return -ENODEV;
}
#endif

/* Not an error if there is none: x86 doesn't need it. */
static void vmbus_of_irq(struct platform_device *pdev)
{
	struct irq_data *data;
	int irq;

	irq = platform_get_irq_optional(pdev, 0);
	if (irq <= 0)
		return;

	data = irq_get_irq_data(irq);
	if (!data)
		return;

	vmbus_irq = irq;
	vmbus_interrupt = irqd_to_hwirq(data);
}

static int vmbus_of_probe(struct platform_device *pdev)
{
	struct of_range_parser parser;
	struct of_range range;
	int ret;

	ret = of_range_parser_init(&parser, pdev->dev.of_node);
	if (ret)
		return ret;

	for_each_of_range(&parser, &range) {
		if (!range.size)
			continue;
		ret = vmbus_mmio_add(range.cpu_addr,
				     range.cpu_addr + range.size - 1);
		if (ret) {
			vmbus_mmio_exit();
			return ret;
		}
	}

	vmbus_of_irq(pdev);

	vmbus_root_device = &pdev->dev;
	return 0;
}

static int vmbus_platform_probe(struct platform_device *pdev)
{
	/* There is one host. */
	if (vmbus_root_device)
		return -EBUSY;

	return acpi_disabled ? vmbus_of_probe(pdev) : vmbus_acpi_probe(pdev);
}

static void vmbus_platform_remove(struct platform_device *pdev)
{
	vmbus_root_device = NULL;
	vmbus_mmio_exit();
}

static const struct of_device_id vmbus_of_match[] __maybe_unused = {
	{ .compatible = "microsoft,vmbus" },
	{ }
};
MODULE_DEVICE_TABLE(of, vmbus_of_match);

static const struct acpi_device_id vmbus_acpi_match[] __maybe_unused = {
	{ "VMBUS" },
	{ "VMBus" },
	{ }
};
MODULE_DEVICE_TABLE(acpi, vmbus_acpi_match);

/* Hibernation only, and in the noirq phase: see vmbus_pm in bus.c. */
static const struct dev_pm_ops vmbus_platform_pm = {
	.freeze_noirq	= pm_sleep_ptr(vmbus_bus_suspend),
	.thaw_noirq	= pm_sleep_ptr(vmbus_bus_resume),
	.poweroff_noirq	= pm_sleep_ptr(vmbus_bus_suspend),
	.restore_noirq	= pm_sleep_ptr(vmbus_bus_resume),
};

static struct platform_driver vmbus_platform_driver = {
	.probe = vmbus_platform_probe,
	.remove_new = vmbus_platform_remove,
	.driver = {
		.name = "vmbus",
		.acpi_match_table = ACPI_PTR(vmbus_acpi_match),
		.of_match_table = of_match_ptr(vmbus_of_match),
		.pm = &vmbus_platform_pm,
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
		/* Devices and drivers rely on the root device's being there. */
		.suppress_bind_attrs = true,
	},
};

static int vmbus_platform_setup(void)
{
	int ret;

	ret = platform_driver_register(&vmbus_platform_driver);
	if (ret)
		return ret;

	if (!vmbus_root_device) {
		platform_driver_unregister(&vmbus_platform_driver);
		return -ENODEV;
	}

#ifdef HYPERVISOR_CALLBACK_VECTOR
	/* A fixed vector; whatever the firmware says isn't used. */
	vmbus_interrupt = HYPERVISOR_CALLBACK_VECTOR;
	vmbus_irq = -1;
#endif
	return 0;
}

static void vmbus_platform_teardown(void)
{
	platform_driver_unregister(&vmbus_platform_driver);
}

static int vmbus_debug_setup(void)
{
	vmbus_debug_init();
	return 0;
}

static int vmbus_pm_start(void)
{
	vmbus_pm_setup();
	return 0;
}

/* Without offers there is nothing to drive, but the connection is good. */
static int vmbus_offers_start(void)
{
	int ret;

	ret = vmbus_conn_request_offers();
	if (ret)
		pr_err("can't ask for offers: %d\n", ret);
	return 0;
}

/* What the host still says about channels is dropped: all of them go now. */
static void vmbus_offers_stop(void)
{
	vmbus_ctrl_ignore_offers(true);
	vmbus_ctrl_flush();
	vmbus_devq_flush();
	vmbus_channels_remove_all();
}

static void vmbus_conn_stop(void)
{
	vmbus_conn_unload(false);
}

/**
 * struct vmbus_stage - a part of the core and what it builds on
 * @start: set it up; 0 or a negative error number, nothing is left behind then
 * @stop: undo @start, or NULL if there is nothing to do
 */
struct vmbus_stage {
	int (*start)(void);
	void (*stop)(void);
};

/* Started in this order, stopped in the opposite one. */
static const struct vmbus_stage vmbus_stages[] = {
	{ vmbus_platform_setup,	vmbus_platform_teardown },
	{ vmbus_debug_setup,	vmbus_debug_exit },
	{ vmbus_bus_register,	vmbus_bus_unregister },
	{ vmbus_conn_init,	vmbus_conn_exit },
	{ vmbus_synic_alloc,	vmbus_synic_free },
	{ vmbus_irq_setup,	vmbus_irq_teardown },
	{ vmbus_synic_start,	vmbus_synic_stop },
	{ vmbus_conn_connect,	vmbus_conn_stop },
	{ vmbus_crash_setup,	vmbus_crash_teardown },
	{ vmbus_pm_start,	vmbus_pm_teardown },
	{ vmbus_offers_start,	vmbus_offers_stop },
};

/* How many stages have been started; none in the root partition. */
static unsigned int vmbus_started;

static void vmbus_stop(void)
{
	while (vmbus_started) {
		const struct vmbus_stage *stage;

		stage = &vmbus_stages[--vmbus_started];
		if (stage->stop)
			stage->stop();
	}
}

static int __init vmbus_module_init(void)
{
	int ret;

	if (!hv_is_hyperv_initialized())
		return -ENODEV;

	/* The root partition is the host; a nested one is also a guest. */
	if (hv_root_partition && !hv_nested)
		return 0;

	while (vmbus_started < ARRAY_SIZE(vmbus_stages)) {
		ret = vmbus_stages[vmbus_started].start();
		if (ret) {
			vmbus_stop();
			return ret;
		}
		vmbus_started++;
	}
	return 0;
}

static void __exit vmbus_module_exit(void)
{
	vmbus_stop();
}

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Microsoft Hyper-V VMBus Driver");

/* Before the drivers of devices, which register at device_initcall time. */
subsys_initcall(vmbus_module_init);
module_exit(vmbus_module_exit);
