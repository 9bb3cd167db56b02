// SPDX-License-Identifier: GPL-2.0-only
/*
 * The "vmbus" bus type: which driver gets which device.
 *
 * A device is known by the GUID of its class. A driver lists the GUIDs that it
 * serves; user space may add some through the driver's attribute new_id, or
 * tie one device to one driver with driver_override. Hyper-V sockets are
 * devices without a fixed class: they all go to the one driver that says so.
 *
 * All callbacks run in process context, called by the driver core with the
 * device lock held where that matters. The list of dynamic ids has a lock of
 * its own, a leaf.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/errno.h>
#include <linux/hyperv.h>
#include <linux/module.h>
#include <linux/pm.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/uuid.h>
#include <asm/mshyperv.h>

#include "vmbus.h"

/* The platform device below which all VMBus devices live; NULL without one. */
struct device *vmbus_root_device;

/**
 * struct vmbus_dynid - an id that user space gave to a driver
 * @node: position in &hv_driver.dynids, guarded by its lock
 * @id: what to match
 */
struct vmbus_dynid {
	struct list_head node;
	struct hv_vmbus_device_id id;
};

/* The dynamic id of @drv for @guid, or NULL; for holders of the lock. */
static struct vmbus_dynid *vmbus_dynid_find(struct hv_driver *drv,
					    const guid_t *guid)
{
	struct vmbus_dynid *dynid;

	lockdep_assert_held(&drv->dynids.lock);

	list_for_each_entry(dynid, &drv->dynids.list, node) {
		if (guid_equal(&dynid->id.guid, guid))
			return dynid;
	}
	return NULL;
}

static int vmbus_dynid_add(struct hv_driver *drv, const guid_t *guid)
{
	struct vmbus_dynid *dynid;

	dynid = kzalloc(sizeof(*dynid), GFP_KERNEL);
	if (!dynid)
		return -ENOMEM;
	dynid->id.guid = *guid;

	spin_lock(&drv->dynids.lock);
	if (vmbus_dynid_find(drv, guid)) {
		spin_unlock(&drv->dynids.lock);
		kfree(dynid);
		return -EEXIST;
	}
	list_add_tail(&dynid->node, &drv->dynids.list);
	spin_unlock(&drv->dynids.lock);

	return driver_attach(&drv->driver);
}

static int vmbus_dynid_remove(struct hv_driver *drv, const guid_t *guid)
{
	struct vmbus_dynid *dynid;

	spin_lock(&drv->dynids.lock);
	dynid = vmbus_dynid_find(drv, guid);
	if (dynid)
		list_del(&dynid->node);
	spin_unlock(&drv->dynids.lock);

	if (!dynid)
		return -ENODEV;
	kfree(dynid);
	return 0;
}

/* Copy the dynamic id: it may be removed as soon as the lock is dropped. */
static bool vmbus_dynid_match(struct hv_driver *drv, const guid_t *guid,
			      struct hv_vmbus_device_id *out)
{
	struct vmbus_dynid *dynid;

	spin_lock(&drv->dynids.lock);
	dynid = vmbus_dynid_find(drv, guid);
	if (dynid)
		*out = dynid->id;
	spin_unlock(&drv->dynids.lock);

	return dynid;
}

static void vmbus_dynids_free(struct hv_driver *drv)
{
	struct vmbus_dynid *dynid, *next;
	LIST_HEAD(gone);

	spin_lock(&drv->dynids.lock);
	list_splice_init(&drv->dynids.list, &gone);
	spin_unlock(&drv->dynids.lock);

	list_for_each_entry_safe(dynid, next, &gone, node)
		kfree(dynid);
}

static ssize_t new_id_store(struct device_driver *driver, const char *buf,
			    size_t count)
{
	guid_t guid;
	int ret;

	ret = guid_parse(buf, &guid);
	if (!ret)
		ret = vmbus_dynid_add(drv_to_hv_drv(driver), &guid);
	return ret ? ret : count;
}
static DRIVER_ATTR_WO(new_id);

static ssize_t remove_id_store(struct device_driver *driver, const char *buf,
			       size_t count)
{
	guid_t guid;
	int ret;

	ret = guid_parse(buf, &guid);
	if (!ret)
		ret = vmbus_dynid_remove(drv_to_hv_drv(driver), &guid);
	return ret ? ret : count;
}
static DRIVER_ATTR_WO(remove_id);

static struct attribute *vmbus_drv_attrs[] = {
	&driver_attr_new_id.attr,
	&driver_attr_remove_id.attr,
	NULL,
};
ATTRIBUTE_GROUPS(vmbus_drv);

static ssize_t hibernation_show(const struct bus_type *bus, char *buf)
{
	return sysfs_emit(buf, "%d\n", hv_is_hibernation_supported());
}
static BUS_ATTR_RO(hibernation);

static struct attribute *vmbus_bus_attrs[] = {
	&bus_attr_hibernation.attr,
	NULL,
};
ATTRIBUTE_GROUPS(vmbus_bus);

/*
 * Look for the id by which @drv serves @dev. A driver that the user chose with
 * driver_override serves any device, if need be with a zeroed id.
 */
static bool vmbus_driver_id(const struct hv_driver *drv, struct hv_device *dev,
			    struct hv_vmbus_device_id *out)
{
	const struct hv_vmbus_device_id *id;
	int override;

	memset(out, 0, sizeof(*out));

	override = device_match_driver_override(&dev->device, &drv->driver);
	if (!override)
		return false;

	/* The driver core hands out const drivers; their locks are not. */
	if (vmbus_dynid_match((struct hv_driver *)drv, &dev->dev_type, out))
		return true;

	for (id = drv->id_table; id && !guid_is_null(&id->guid); id++) {
		if (guid_equal(&id->guid, &dev->dev_type)) {
			*out = *id;
			return true;
		}
	}
	return override > 0;
}

static int vmbus_match(struct device *device,
		       const struct device_driver *driver)
{
	const struct hv_driver *drv = drv_to_hv_drv(driver);
	struct hv_device *dev = device_to_hv_device(device);
	struct hv_vmbus_device_id id;

	if (is_hvsock_channel(dev->channel))
		return drv->hvsock;

	return vmbus_driver_id(drv, dev, &id);
}

static int vmbus_uevent(const struct device *device,
			struct kobj_uevent_env *env)
{
	const struct hv_device *dev = device_to_hv_device(device);

	return add_uevent_var(env, "MODALIAS=vmbus:%*phN", UUID_SIZE,
			      &dev->dev_type);
}

static int vmbus_probe(struct device *device)
{
	struct hv_driver *drv = drv_to_hv_drv(device->driver);
	struct hv_device *dev = device_to_hv_device(device);
	struct hv_vmbus_device_id id;
	int ret;

	if (!drv->probe) {
		dev_err(device, "driver %s has no probe function\n", drv->name);
		return -ENODEV;
	}

	/* Setting up the device failed and it is about to be removed again. */
	if (!dev->channels_kset)
		return -ENODEV;

	/* No id at all: a socket, or an id that was removed since the match. */
	if (!vmbus_driver_id(drv, dev, &id) && !is_hvsock_channel(dev->channel))
		return -ENODEV;

	/* A socket keeps its channel, though its driver may be unbound. */
	if (is_hvsock_channel(dev->channel) &&
	    READ_ONCE(dev->channel->chn_rescind_callback))
		return -EBUSY;

	ret = drv->probe(dev, &id);
	if (ret)
		vmbus_chan_driver_gone(dev->channel);
	if (ret && ret != -EPROBE_DEFER)
		dev_err_ratelimited(device, "probe failed for device %s (%d)\n",
				    dev_name(device), ret);
	return ret;
}

static void vmbus_remove(struct device *device)
{
	struct hv_driver *drv = drv_to_hv_drv(device->driver);
	struct hv_device *dev = device_to_hv_device(device);

	if (drv->remove)
		drv->remove(dev);
	vmbus_chan_driver_gone(dev->channel);
}

static void vmbus_shutdown(struct device *device)
{
	struct hv_driver *drv;

	/* The driver core calls this for devices without a driver too. */
	if (!device->driver)
		return;

	drv = drv_to_hv_drv(device->driver);
	if (drv->shutdown)
		drv->shutdown(device_to_hv_device(device));
}

/*
 * What is coherent is known for the VMBus as a whole, from its firmware node;
 * this matters on arm64 only.
 */
static int vmbus_dma_configure(struct device *device)
{
	enum dev_dma_attr attr = device_get_dma_attr(vmbus_root_device);

	hv_setup_dma_ops(device, attr == DEV_DMA_COHERENT);
	return 0;
}

static int vmbus_suspend(struct device *device)
{
	struct hv_driver *drv;

	if (!device->driver)
		return 0;

	drv = drv_to_hv_drv(device->driver);
	return drv->suspend ? drv->suspend(device_to_hv_device(device)) :
			      -EOPNOTSUPP;
}

static int vmbus_resume(struct device *device)
{
	struct hv_driver *drv;

	if (!device->driver)
		return 0;

	drv = drv_to_hv_drv(device->driver);
	return drv->resume ? drv->resume(device_to_hv_device(device)) :
			     -EOPNOTSUPP;
}

/*
 * Hibernation only, and in the noirq phase, because pci-hyperv must be up
 * before the PCI devices behind it, whose bus works in that phase. Nothing is
 * done for suspend-to-idle: the keyboard has to stay alive, or nothing could
 * wake a VM of generation 2.
 */
static const struct dev_pm_ops vmbus_pm = {
	.freeze_noirq	= pm_sleep_ptr(vmbus_suspend),
	.thaw_noirq	= pm_sleep_ptr(vmbus_resume),
	.poweroff_noirq	= pm_sleep_ptr(vmbus_suspend),
	.restore_noirq	= pm_sleep_ptr(vmbus_resume),
};

/* The bus; there is one, below the platform device. */
const struct bus_type vmbus_bus_type = {
	.name		 = "vmbus",
	.driver_override = true,
	.bus_groups	 = vmbus_bus_groups,
	.dev_groups	 = vmbus_dev_groups,
	.drv_groups	 = vmbus_drv_groups,
	.match		 = vmbus_match,
	.uevent		 = vmbus_uevent,
	.probe		 = vmbus_probe,
	.remove		 = vmbus_remove,
	.shutdown	 = vmbus_shutdown,
	.dma_configure	 = vmbus_dma_configure,
	.pm		 = &vmbus_pm,
};

/**
 * vmbus_bus_register() - create the bus
 *
 * Context: module initialisation.
 * Return: 0 or what the driver core said.
 */
int vmbus_bus_register(void)
{
	int ret;

	ret = bus_register(&vmbus_bus_type);
	if (ret)
		return ret;

	ret = bus_register_notifier(&vmbus_bus_type, &vmbus_device_nb);
	if (ret)
		bus_unregister(&vmbus_bus_type);
	return ret;
}

/**
 * vmbus_bus_unregister() - the opposite of vmbus_bus_register()
 *
 * Context: module exit, no device and no driver is left.
 */
void vmbus_bus_unregister(void)
{
	bus_unregister_notifier(&vmbus_bus_type, &vmbus_device_nb);
	bus_unregister(&vmbus_bus_type);
}

/**
 * __vmbus_driver_register() - register a driver of VMBus devices
 * @hv_driver: the driver; name, id_table and callbacks are filled in
 * @owner: module it is in
 * @mod_name: name of that module
 *
 * Drivers use the macro vmbus_driver_register().
 *
 * Context: process. The driver's probe function may run before this returns.
 * Return: 0, -ENODEV where there is no VMBus, or what the driver core said.
 */
int __vmbus_driver_register(struct hv_driver *hv_driver, struct module *owner,
			    const char *mod_name)
{
	pr_info("registering driver %s\n", hv_driver->name);

	if (!vmbus_root_device)
		return -ENODEV;

	spin_lock_init(&hv_driver->dynids.lock);
	INIT_LIST_HEAD(&hv_driver->dynids.list);

	hv_driver->driver.name = hv_driver->name;
	hv_driver->driver.owner = owner;
	hv_driver->driver.mod_name = mod_name;
	hv_driver->driver.bus = &vmbus_bus_type;

	return driver_register(&hv_driver->driver);
}

/**
 * vmbus_driver_unregister() - the opposite of vmbus_driver_register()
 * @hv_driver: the driver
 *
 * Context: process. The driver's remove function runs for each of its devices.
 */
void vmbus_driver_unregister(struct hv_driver *hv_driver)
{
	pr_info("unregistering driver %s\n", hv_driver->name);

	if (!vmbus_root_device)
		return;

	driver_unregister(&hv_driver->driver);
	vmbus_dynids_free(hv_driver);
}
