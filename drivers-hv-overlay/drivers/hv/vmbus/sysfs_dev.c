// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of VMBus devices, /sys/bus/vmbus/devices/<instance GUID>/.
 *
 * See Documentation/ABI/stable/sysfs-bus-vmbus. All of them are about the
 * primary channel, except channel_vp_mapping. The ones about the rings give
 * -EINVAL while there are no rings.
 *
 * Memory that is shared with the host is read in two places only: the rings in
 * hv_ringbuffer_get_debuginfo(), the monitor pages in vmbus_monitor_read().
 * What the host wrote there is shown, not used.
 */

#include <linux/device.h>
#include <linux/errno.h>
#include <linux/hyperv.h>
#include <linux/mutex.h>
#include <linux/sysfs.h>
#include <linux/topology.h>
#include <linux/uuid.h>
#include <asm/byteorder.h>

#include "vmbus.h"
#include "wire/monitor.h"

/*
 * A little-endian word of a monitor page at the offset that @place gives for
 * the channel; @page is 0 for the host's triggers, 1 for the guest's.
 */
static int vmbus_monitor_read(const struct vmbus_channel *ch, unsigned int page,
			      int (*place)(const struct hvb_monitor *mon),
			      bool wide, u32 *val)
{
	struct hvb_monitor mon;
	const void *base;
	int off;

	base = READ_ONCE(vmbus_conn.monitor[page]);
	if (!base)
		return -ENODEV;
	if (!ch->offermsg.monitor_allocated ||
	    !hvb_monitor_place(ch->offermsg.monitorid, &mon))
		return -EINVAL;

	off = place(&mon);
	if (off < 0)
		return -EINVAL;

	if (wide)
		*val = le32_to_cpu(READ_ONCE(*(const __le32 *)(base + off)));
	else
		*val = le16_to_cpu(READ_ONCE(*(const __le16 *)(base + off)));
	return 0;
}

/**
 * vmbus_monitor_pending() - which triggers of a channel's group are set
 * @ch: channel
 * @page: 0 for host to guest, 1 for guest to host
 * @val: where to put the 32 bits of the group
 *
 * Context: any.
 * Return: 0, -EINVAL if the channel has no monitor, -ENODEV without pages.
 */
int vmbus_monitor_pending(struct vmbus_channel *ch, unsigned int page, u32 *val)
{
	return vmbus_monitor_read(ch, page, hvb_monitor_pending_off, true, val);
}

/**
 * vmbus_monitor_latency() - after what time the hypervisor looks at a trigger
 * @ch: channel
 * @page: 0 for host to guest, 1 for guest to host
 * @val: where to put it, in units of 100 ns
 *
 * Context: any.
 * Return: 0, -EINVAL if the channel has no monitor, -ENODEV without pages.
 */
int vmbus_monitor_latency(struct vmbus_channel *ch, unsigned int page, u32 *val)
{
	return vmbus_monitor_read(ch, page, hvb_monitor_latency_off, false,
				  val);
}

/**
 * vmbus_monitor_conn_id() - connection that the hypervisor signals for a
 * trigger
 * @ch: channel
 * @page: 0 for host to guest, 1 for guest to host
 * @val: where to put the id, 24 bits
 *
 * Context: any.
 * Return: 0, -EINVAL if the channel has no monitor, -ENODEV without pages.
 */
int vmbus_monitor_conn_id(struct vmbus_channel *ch, unsigned int page, u32 *val)
{
	int ret;

	ret = vmbus_monitor_read(ch, page, hvb_monitor_conn_id_off, true, val);
	if (!ret)
		*val &= HVB_CONN_ID_MASK;
	return ret;
}

static struct vmbus_channel *to_channel(struct device *device)
{
	return device_to_hv_device(device)->channel;
}

static ssize_t id_show(struct device *device, struct device_attribute *attr,
		       char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  to_channel(device)->offermsg.child_relid);
}
static DEVICE_ATTR_RO(id);

static ssize_t state_show(struct device *device, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(to_channel(device)->state));
}
static DEVICE_ATTR_RO(state);

static ssize_t monitor_id_show(struct device *device,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", to_channel(device)->offermsg.monitorid);
}
static DEVICE_ATTR_RO(monitor_id);

static ssize_t class_id_show(struct device *device,
			     struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "{%pUl}\n",
			  &device_to_hv_device(device)->dev_type);
}
static DEVICE_ATTR_RO(class_id);

static ssize_t device_id_show(struct device *device,
			      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "{%pUl}\n",
			  &device_to_hv_device(device)->dev_instance);
}
static DEVICE_ATTR_RO(device_id);

static ssize_t modalias_show(struct device *device,
			     struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "vmbus:%*phN\n", UUID_SIZE,
			  &device_to_hv_device(device)->dev_type);
}
static DEVICE_ATTR_RO(modalias);

static ssize_t vendor_show(struct device *device,
			   struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%x\n",
			  device_to_hv_device(device)->vendor_id);
}
static DEVICE_ATTR_RO(vendor);

static ssize_t device_show(struct device *device,
			   struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%x\n",
			  device_to_hv_device(device)->device_id);
}
static DEVICE_ATTR_RO(device);

static ssize_t numa_node_show(struct device *device,
			      struct device_attribute *attr, char *buf)
{
	u32 cpu = READ_ONCE(to_channel(device)->target_cpu);

	return sysfs_emit(buf, "%d\n", cpu_to_node(cpu));
}
static DEVICE_ATTR_RO(numa_node);

static ssize_t channel_vp_mapping_show(struct device *device,
				       struct device_attribute *attr, char *buf)
{
	struct vmbus_channel *ch = to_channel(device);
	struct vmbus_channel *sub;
	int len;

	mutex_lock(vmbus_channel_mutex);

	len = sysfs_emit(buf, "%u:%u\n", ch->offermsg.child_relid,
			 ch->target_cpu);
	list_for_each_entry(sub, &ch->sc_list, sc_list)
		len += sysfs_emit_at(buf, len, "%u:%u\n",
				     sub->offermsg.child_relid,
				     sub->target_cpu);

	mutex_unlock(vmbus_channel_mutex);

	return len;
}
static DEVICE_ATTR_RO(channel_vp_mapping);

/* Attributes that show one value of one monitor page. */
#define VMBUS_MONITOR_ATTR(_name, _page, _what)				\
static ssize_t _name##_show(struct device *device,			\
			    struct device_attribute *attr, char *buf)	\
{									\
	u32 val;							\
	int ret;							\
									\
	ret = vmbus_monitor_##_what(to_channel(device), _page, &val);	\
	return ret ? ret : sysfs_emit(buf, "%u\n", val);		\
}									\
static DEVICE_ATTR_RO(_name)

VMBUS_MONITOR_ATTR(server_monitor_pending, 0, pending);
VMBUS_MONITOR_ATTR(client_monitor_pending, 1, pending);
VMBUS_MONITOR_ATTR(server_monitor_latency, 0, latency);
VMBUS_MONITOR_ATTR(client_monitor_latency, 1, latency);
VMBUS_MONITOR_ATTR(server_monitor_conn_id, 0, conn_id);
VMBUS_MONITOR_ATTR(client_monitor_conn_id, 1, conn_id);

/* -EINVAL while there are no rings. */
static int vmbus_ring_info(struct vmbus_channel *ch, bool out,
			   struct hv_ring_buffer_debug_info *info)
{
	return hv_ringbuffer_get_debuginfo(out ? &ch->outbound : &ch->inbound,
					   info);
}

/* Attributes that show one figure of one ring. */
#define VMBUS_RING_ATTR(_name, _out, _field)				\
static ssize_t _name##_show(struct device *device,			\
			    struct device_attribute *attr, char *buf)	\
{									\
	struct hv_ring_buffer_debug_info info;				\
	int ret;							\
									\
	ret = vmbus_ring_info(to_channel(device), _out, &info);		\
	return ret < 0 ? ret : sysfs_emit(buf, "%d\n", info._field);	\
}									\
static DEVICE_ATTR_RO(_name)

VMBUS_RING_ATTR(out_intr_mask, true, current_interrupt_mask);
VMBUS_RING_ATTR(out_read_index, true, current_read_index);
VMBUS_RING_ATTR(out_write_index, true, current_write_index);
VMBUS_RING_ATTR(out_read_bytes_avail, true, bytes_avail_toread);
VMBUS_RING_ATTR(out_write_bytes_avail, true, bytes_avail_towrite);
VMBUS_RING_ATTR(in_intr_mask, false, current_interrupt_mask);
VMBUS_RING_ATTR(in_read_index, false, current_read_index);
VMBUS_RING_ATTR(in_write_index, false, current_write_index);
VMBUS_RING_ATTR(in_read_bytes_avail, false, bytes_avail_toread);
VMBUS_RING_ATTR(in_write_bytes_avail, false, bytes_avail_towrite);

static struct attribute *vmbus_dev_attrs[] = {
	&dev_attr_id.attr,
	&dev_attr_state.attr,
	&dev_attr_class_id.attr,
	&dev_attr_device_id.attr,
	&dev_attr_modalias.attr,
	&dev_attr_numa_node.attr,
	&dev_attr_out_intr_mask.attr,
	&dev_attr_out_read_index.attr,
	&dev_attr_out_write_index.attr,
	&dev_attr_out_read_bytes_avail.attr,
	&dev_attr_out_write_bytes_avail.attr,
	&dev_attr_in_intr_mask.attr,
	&dev_attr_in_read_index.attr,
	&dev_attr_in_write_index.attr,
	&dev_attr_in_read_bytes_avail.attr,
	&dev_attr_in_write_bytes_avail.attr,
	&dev_attr_channel_vp_mapping.attr,
	&dev_attr_vendor.attr,
	&dev_attr_device.attr,
	NULL,
};

static umode_t vmbus_dev_attr_visible(struct kobject *kobj,
				      struct attribute *attr, int index)
{
	if (attr == &dev_attr_numa_node.attr && !IS_ENABLED(CONFIG_NUMA))
		return 0;
	return attr->mode;
}

static const struct attribute_group vmbus_dev_group = {
	.attrs = vmbus_dev_attrs,
	.is_visible = vmbus_dev_attr_visible,
};

static struct attribute *vmbus_dev_monitor_attrs[] = {
	&dev_attr_monitor_id.attr,
	&dev_attr_server_monitor_pending.attr,
	&dev_attr_client_monitor_pending.attr,
	&dev_attr_server_monitor_latency.attr,
	&dev_attr_client_monitor_latency.attr,
	&dev_attr_server_monitor_conn_id.attr,
	&dev_attr_client_monitor_conn_id.attr,
	NULL,
};

/* Shown only if the host watches a bit for the channel. */
static umode_t vmbus_dev_monitor_visible(struct kobject *kobj,
					 struct attribute *attr, int index)
{
	const struct vmbus_channel *ch = to_channel(kobj_to_dev(kobj));

	return ch->offermsg.monitor_allocated ? attr->mode : 0;
}

static const struct attribute_group vmbus_dev_monitor_group = {
	.attrs = vmbus_dev_monitor_attrs,
	.is_visible = vmbus_dev_monitor_visible,
};

/* What every device of the bus has. */
const struct attribute_group *vmbus_dev_groups[] = {
	&vmbus_dev_group,
	&vmbus_dev_monitor_group,
	NULL,
};
