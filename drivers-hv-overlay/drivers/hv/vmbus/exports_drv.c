// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbols that drivers import: bus, driver, MMIO and sysfs functions.
 *
 * With CONFIG_MODVERSIONS each symbol has a checksum over its type, computed
 * from what the exporting file has seen: a structure that is complete there
 * counts with all its members, an opaque one with its name. Modules that were
 * built for the original core import the checksums of drivers/hv/vmbus_drv.c.
 * To keep them, the symbols that were exported there are exported here, behind
 * the same list of includes in the same order. Do not sort it, and do not
 * "include what you use".
 *
 * So EXPORT_SYMBOL can't follow its function here, whatever checkpatch says.
 */

#include <linux/init.h>
#include <linux/module.h>
#include <linux/device.h>
#include <linux/platform_device.h>
#include <linux/interrupt.h>
#include <linux/sysctl.h>
#include <linux/slab.h>
#include <linux/acpi.h>
#include <linux/completion.h>
#include <linux/hyperv.h>
#include <linux/kernel_stat.h>
#include <linux/of_address.h>
#include <linux/clockchips.h>
#include <linux/cpu.h>
#include <linux/sched/isolation.h>
#include <linux/sched/task_stack.h>
#include <linux/smpboot.h>
#include <linux/delay.h>
#include <linux/panic_notifier.h>
#include <linux/ptrace.h>
#include <linux/screen_info.h>
#include <linux/efi.h>
#include <linux/random.h>
#include <linux/kernel.h>
#include <linux/syscore_ops.h>
#include <linux/dma-map-ops.h>
#include <linux/pci.h>
#include <clocksource/hyperv_timer.h>
#include <asm/mshyperv.h>

#include "../hyperv_vmbus.h"

EXPORT_SYMBOL_GPL(__vmbus_driver_register);
EXPORT_SYMBOL_GPL(vmbus_driver_unregister);
EXPORT_SYMBOL_GPL(hv_create_ring_sysfs);
EXPORT_SYMBOL_GPL(hv_remove_ring_sysfs);
EXPORT_SYMBOL_GPL(vmbus_device_unregister);
EXPORT_SYMBOL_GPL(vmbus_allocate_mmio);
EXPORT_SYMBOL_GPL(vmbus_free_mmio);
