// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device objects of VMBus devices.
 *
 * A struct hv_device is what a driver binds to; it stands for a primary
 * channel and all its sub-channels. In sysfs it is
 *
 *	<root device>/<instance GUID>/
 *	<root device>/<instance GUID>/channels/<relid>/
 *
 * with a directory for each channel. The directory of the primary is there
 * before user space hears of the device and before any driver is asked, so
 * that a sub-channel always has a place to go to, and a driver that shows its
 * rings can do so from its probe function.
 *
 * References: the device holds one on its primary channel, from
 * vmbus_device_alloc() until the driver core lets go of the device. A channel
 * holds none on its device; ch.device_obj is cleared when the device goes.
 */

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/hyperv.h>
#include <linux/kobject.h>
#include <linux/notifier.h>
#include <linux/slab.h>

#include "vmbus.h"

/* The last reference to a device was dropped. */
static void vmbus_device_release(struct device *device)
{
	struct hv_device *dev = device_to_hv_device(device);
	struct vmbus_chan *primary = to_vmbus_chan(dev->channel);

	WRITE_ONCE(primary->ch.device_obj, NULL);
	vmbus_chan_put(primary);
	kfree(dev);
}

/**
 * vmbus_device_alloc() - make the device object of a primary channel
 * @primary: the channel; its offer has been filled in
 *
 * The object isn't registered yet: put_device() or vmbus_device_register()
 * comes next. It has a reference on @primary, and @primary->ch.device_obj
 * points to it.
 *
 * Context: process.
 * Return: the device or NULL if there is no memory.
 */
struct hv_device *vmbus_device_alloc(struct vmbus_chan *primary)
{
	const struct vmbus_channel_offer *offer = &primary->ch.offermsg.offer;
	struct hv_device *dev;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return NULL;

	dev->dev_type = offer->if_type;
	dev->dev_instance = offer->if_instance;
	dev->vendor_id = HVB_VENDOR_ID;
	dev->device_id = primary->ch.device_id;
	dev->channel = &vmbus_chan_get(primary)->ch;

	device_initialize(&dev->device);
	dev->device.bus = &vmbus_bus_type;
	dev->device.parent = vmbus_root_device;
	dev->device.release = vmbus_device_release;
	dev->device.dma_parms = &dev->dma_parms;
	dev->device.dma_mask = &dev->dma_mask;
	WRITE_ONCE(primary->ch.device_obj, dev);

	if (dev_set_name(&dev->device, "%pUl", &dev->dev_instance)) {
		put_device(&dev->device);
		return NULL;
	}

	/* Every address can be given to the host; this can't fail. */
	dma_set_mask(&dev->device, DMA_BIT_MASK(64));

	return dev;
}

static void vmbus_device_del_channels(struct hv_device *dev)
{
	vmbus_chan_sysfs_del(to_vmbus_chan(dev->channel));
	kset_unregister(dev->channels_kset);
	dev->channels_kset = NULL;
}

/*
 * The device has its directory in sysfs, user space and drivers have not been
 * told yet: the moment to fill the directory. Nobody looks at what is returned
 * here; channels_kset says whether it went well.
 */
static int vmbus_device_notify(struct notifier_block *nb, unsigned long action,
			       void *data)
{
	struct hv_device *dev = device_to_hv_device((struct device *)data);

	if (action != BUS_NOTIFY_ADD_DEVICE)
		return NOTIFY_DONE;

	dev->channels_kset = kset_create_and_add("channels", NULL,
						 &dev->device.kobj);
	if (!dev->channels_kset)
		return NOTIFY_DONE;

	if (vmbus_chan_sysfs_add(dev, to_vmbus_chan(dev->channel)))
		vmbus_device_del_channels(dev);
	return NOTIFY_DONE;
}

/* Hears of each device between its appearance in sysfs and its probe. */
struct notifier_block vmbus_device_nb = {
	.notifier_call = vmbus_device_notify,
};

/**
 * vmbus_device_register() - give a device to the driver core
 * @dev: from vmbus_device_alloc(); not to be touched any more after a failure
 *
 * Context: process. Drivers may be probed before this returns, and may open
 * the channel and ask for sub-channels then.
 * Return: 0 or a negative error number; the reference of vmbus_device_alloc()
 * has been dropped in that case.
 */
int vmbus_device_register(struct hv_device *dev)
{
	int ret;

	ret = device_add(&dev->device);
	if (ret)
		goto err_put;

	if (!dev->channels_kset) {
		/* No driver has bound: vmbus_probe() refuses such a device. */
		ret = -ENOMEM;
		device_del(&dev->device);
		goto err_put;
	}

	vmbus_debug_add_device(dev);
	return 0;

err_put:
	dev_err_ratelimited(&dev->device, "unable to register device: %d\n",
			    ret);
	put_device(&dev->device);
	return ret;
}

/**
 * vmbus_device_unregister() - take a device away from its driver and from sysfs
 * @device_obj: registered device; not to be touched any more afterwards
 *
 * Tells the host nothing, see vmbus.h. uio_hv_generic calls this from its
 * rescind callback.
 *
 * Context: process; vmbus_channel_mutex is not held. The driver's remove
 * function runs, and with it vmbus_close().
 */
void vmbus_device_unregister(struct hv_device *device_obj)
{
	struct device *device = &device_obj->device;

	dev_dbg(device, "unregistering\n");

	vmbus_debug_remove_device(device_obj);
	device_del(device);
	vmbus_device_del_channels(device_obj);
	put_device(device);
}
