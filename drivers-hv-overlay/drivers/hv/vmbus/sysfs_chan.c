// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels in sysfs, /sys/bus/vmbus/devices/<GUID>/channels/<relid>/.
 *
 * See Documentation/ABI/stable/sysfs-bus-vmbus. The kobject of a channel also
 * counts the references on it, see vmbus.h: it exists longer than its
 * directory. A show or store function runs while the directory exists, hence
 * while the channel does.
 *
 * "ring" is the memory of both rings, to be mapped by user space drivers. It is
 * there only while uio_hv_generic wants it to be.
 */

#include <linux/errno.h>
#include <linux/hyperv.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sysfs.h>

#include "vmbus.h"

/*
 * The size of "ring" is in the one attribute that all channels share: it must
 * not change between the decision to show the file and its creation.
 */
static DEFINE_MUTEX(vmbus_chan_sysfs_lock);

/**
 * struct vmbus_chan_attr - an attribute of a channel
 * @attr: name and mode
 * @show: print the value
 * @store: change it, or NULL
 */
struct vmbus_chan_attr {
	struct attribute attr;
	ssize_t (*show)(struct vmbus_channel *ch, char *buf);
	ssize_t (*store)(struct vmbus_channel *ch, const char *buf,
			 size_t count);
};

#define to_chan_attr(a)	container_of(a, struct vmbus_chan_attr, attr)
#define kobj_to_chan(k)	container_of(k, struct vmbus_channel, kobj)

#define VMBUS_CHAN_ATTR_RO(_name)					\
static struct vmbus_chan_attr chan_attr_##_name = __ATTR_RO(_name)

static ssize_t vmbus_chan_attr_show(struct kobject *kobj,
				    struct attribute *attr, char *buf)
{
	return to_chan_attr(attr)->show(kobj_to_chan(kobj), buf);
}

static ssize_t vmbus_chan_attr_store(struct kobject *kobj,
				     struct attribute *attr, const char *buf,
				     size_t count)
{
	const struct vmbus_chan_attr *chan_attr = to_chan_attr(attr);

	if (!chan_attr->store)
		return -EIO;
	return chan_attr->store(kobj_to_chan(kobj), buf, count);
}

static const struct sysfs_ops vmbus_chan_sysfs_ops = {
	.show = vmbus_chan_attr_show,
	.store = vmbus_chan_attr_store,
};

/* Attributes that show one figure of one ring; -EINVAL without rings. */
#define VMBUS_CHAN_RING_ATTR(_name, _out, _field)			\
static ssize_t _name##_show(struct vmbus_channel *ch, char *buf)	\
{									\
	struct hv_ring_buffer_debug_info info;				\
	int ret;							\
									\
	ret = hv_ringbuffer_get_debuginfo((_out) ? &ch->outbound :	\
						   &ch->inbound, &info);\
	return ret < 0 ? ret : sysfs_emit(buf, "%u\n", info._field);	\
}									\
VMBUS_CHAN_ATTR_RO(_name)

VMBUS_CHAN_RING_ATTR(out_mask, true, current_interrupt_mask);
VMBUS_CHAN_RING_ATTR(in_mask, false, current_interrupt_mask);
VMBUS_CHAN_RING_ATTR(read_avail, false, bytes_avail_toread);
VMBUS_CHAN_RING_ATTR(write_avail, true, bytes_avail_towrite);

/* Attributes that show one counter of the channel "ch". */
#define VMBUS_CHAN_COUNTER_ATTR(_name, _value)				\
static ssize_t _name##_show(struct vmbus_channel *ch, char *buf)	\
{									\
	return sysfs_emit(buf, "%llu\n", _value);			\
}									\
VMBUS_CHAN_ATTR_RO(_name)

VMBUS_CHAN_COUNTER_ATTR(interrupts, ch->interrupts);
VMBUS_CHAN_COUNTER_ATTR(events, ch->sig_events);
VMBUS_CHAN_COUNTER_ATTR(intr_in_full, ch->intr_in_full);
VMBUS_CHAN_COUNTER_ATTR(intr_out_empty, ch->intr_out_empty);
VMBUS_CHAN_COUNTER_ATTR(out_full_first, ch->out_full_first);
VMBUS_CHAN_COUNTER_ATTR(out_full_total, ch->out_full_total);

/* Attributes that show one value of the guest's monitor page. */
#define VMBUS_CHAN_MONITOR_ATTR(_name)					\
static ssize_t _name##_show(struct vmbus_channel *ch, char *buf)	\
{									\
	u32 val;							\
	int ret;							\
									\
	ret = vmbus_monitor_##_name(ch, 1, &val);			\
	return ret ? ret : sysfs_emit(buf, "%u\n", val);		\
}									\
VMBUS_CHAN_ATTR_RO(_name)

VMBUS_CHAN_MONITOR_ATTR(pending);
VMBUS_CHAN_MONITOR_ATTR(latency);

static ssize_t monitor_id_show(struct vmbus_channel *ch, char *buf)
{
	return sysfs_emit(buf, "%u\n", ch->offermsg.monitorid);
}
VMBUS_CHAN_ATTR_RO(monitor_id);

static ssize_t subchannel_id_show(struct vmbus_channel *ch, char *buf)
{
	return sysfs_emit(buf, "%u\n", ch->offermsg.offer.sub_channel_index);
}
VMBUS_CHAN_ATTR_RO(subchannel_id);

static ssize_t cpu_show(struct vmbus_channel *ch, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(ch->target_cpu));
}

/* The rules for the new CPU are in vmbus_affinity_set(). */
static ssize_t cpu_store(struct vmbus_channel *ch, const char *buf,
			 size_t count)
{
	unsigned int cpu;
	int ret;

	/* Old hosts can't do it, and what isn't a number has always been EIO */
	if (vmbus_proto_version < VERSION_WIN10_V4_1 ||
	    kstrtouint(buf, 10, &cpu))
		return -EIO;

	ret = vmbus_affinity_set(to_vmbus_chan(ch), cpu);
	return ret ? ret : count;
}

static struct vmbus_chan_attr chan_attr_cpu = __ATTR_RW(cpu);

static struct attribute *vmbus_chan_attrs[] = {
	&chan_attr_out_mask.attr,
	&chan_attr_in_mask.attr,
	&chan_attr_read_avail.attr,
	&chan_attr_write_avail.attr,
	&chan_attr_cpu.attr,
	&chan_attr_pending.attr,
	&chan_attr_latency.attr,
	&chan_attr_interrupts.attr,
	&chan_attr_events.attr,
	&chan_attr_intr_in_full.attr,
	&chan_attr_intr_out_empty.attr,
	&chan_attr_out_full_first.attr,
	&chan_attr_out_full_total.attr,
	&chan_attr_monitor_id.attr,
	&chan_attr_subchannel_id.attr,
	NULL,
};

/* Some are shown only if the host watches a bit for the channel. */
static umode_t vmbus_chan_attr_visible(struct kobject *kobj,
				       struct attribute *attr, int index)
{
	if (attr != &chan_attr_pending.attr &&
	    attr != &chan_attr_latency.attr &&
	    attr != &chan_attr_monitor_id.attr)
		return attr->mode;
	return kobj_to_chan(kobj)->offermsg.monitor_allocated ? attr->mode : 0;
}

static int vmbus_chan_ring_mmap(struct file *file, struct kobject *kobj,
				struct bin_attribute *attr,
				struct vm_area_struct *vma)
{
	struct vmbus_channel *ch = kobj_to_chan(kobj);
	int (*mmap)(struct vmbus_channel *ch, struct vm_area_struct *vma);

	mmap = READ_ONCE(ch->mmap_ring_buffer);
	return mmap ? mmap(ch, vma) : -ENODEV;
}

static struct bin_attribute chan_attr_ring = {
	.attr = {
		.name = "ring",
		.mode = 0600,
	},
	.mmap = vmbus_chan_ring_mmap,
};

static struct bin_attribute *vmbus_chan_bin_attrs[] = {
	&chan_attr_ring,
	NULL,
};

static umode_t vmbus_chan_bin_visible(struct kobject *kobj,
				      struct bin_attribute *attr, int index)
{
	const struct vmbus_channel *ch = kobj_to_chan(kobj);

	lockdep_assert_held(&vmbus_chan_sysfs_lock);

	if (!ch->ring_sysfs_visible)
		return 0;
	attr->size = (size_t)ch->ringbuffer_pagecount << PAGE_SHIFT;
	return attr->attr.mode;
}

static const struct attribute_group vmbus_chan_group = {
	.attrs = vmbus_chan_attrs,
	.bin_attrs = vmbus_chan_bin_attrs,
	.is_visible = vmbus_chan_attr_visible,
	.is_bin_visible = vmbus_chan_bin_visible,
};
__ATTRIBUTE_GROUPS(vmbus_chan);

/* The last reference to a channel was dropped. */
static void vmbus_chan_release(struct kobject *kobj)
{
	vmbus_chan_free(to_vmbus_chan(kobj_to_chan(kobj)));
}

/* The type of the kobject in each channel. */
const struct kobj_type vmbus_chan_ktype = {
	.sysfs_ops = &vmbus_chan_sysfs_ops,
	.default_groups = vmbus_chan_groups,
	.release = vmbus_chan_release,
};

/**
 * vmbus_chan_sysfs_add() - make a channel visible below its device
 * @dev: device of the channel's primary
 * @chan: channel whose kobject has been initialised
 *
 * Context: process.
 * Return: 0 or a negative error number; the channel is as before in that case.
 */
int vmbus_chan_sysfs_add(struct hv_device *dev, struct vmbus_chan *chan)
{
	struct kobject *kobj = &chan->ch.kobj;
	int ret;

	if (!dev->channels_kset)
		return -ENODEV;

	kobj->kset = dev->channels_kset;

	mutex_lock(&vmbus_chan_sysfs_lock);
	ret = kobject_add(kobj, NULL, "%u", chan->ch.offermsg.child_relid);
	mutex_unlock(&vmbus_chan_sysfs_lock);
	if (ret) {
		kobj->kset = NULL;
		dev_err_ratelimited(&dev->device,
				    "no sysfs entry for channel %u: %d\n",
				    chan->ch.offermsg.child_relid, ret);
		return ret;
	}

	kobject_uevent(kobj, KOBJ_ADD);
	return 0;
}

/**
 * vmbus_chan_sysfs_del() - the opposite of vmbus_chan_sysfs_add()
 * @chan: channel; nothing happens if it isn't visible
 *
 * Context: process; waits for readers and writers of the attributes, so the
 * caller holds none of the locks that they take (vmbus_channel_mutex).
 */
void vmbus_chan_sysfs_del(struct vmbus_chan *chan)
{
	struct kobject *kobj = &chan->ch.kobj;

	if (!kobj->state_in_sysfs)
		return;
	kobject_del(kobj);
	kobj->kset = NULL;
}

static int vmbus_chan_ring_update(struct vmbus_channel *ch, bool visible)
{
	int ret;

	mutex_lock(&vmbus_chan_sysfs_lock);
	ch->ring_sysfs_visible = visible;
	ret = sysfs_update_group(&ch->kobj, &vmbus_chan_group);
	mutex_unlock(&vmbus_chan_sysfs_lock);

	return ret;
}

/**
 * hv_create_ring_sysfs() - show the memory of a channel's rings in sysfs
 * @channel: channel whose rings have been allocated
 * @mmap: maps them to user space
 *
 * User space must not be given the rings of a channel that a driver of the
 * kernel uses, so this is up to the driver: uio_hv_generic.
 *
 * Context: process.
 * Return: 0, -EINVAL if the channel isn't in sysfs, or another negative error
 * number.
 */
int hv_create_ring_sysfs(struct vmbus_channel *channel,
			 int (*mmap)(struct vmbus_channel *channel,
				     struct vm_area_struct *vma))
{
	WRITE_ONCE(channel->mmap_ring_buffer, mmap);
	return vmbus_chan_ring_update(channel, true);
}

/**
 * hv_remove_ring_sysfs() - hide the memory of a channel's rings again
 * @channel: channel
 *
 * Nobody maps them any more afterwards; what was mapped through the file is
 * unmapped.
 *
 * Context: process.
 * Return: 0 or a negative error number; the rings are hidden in any case.
 */
int hv_remove_ring_sysfs(struct vmbus_channel *channel)
{
	int ret;

	ret = vmbus_chan_ring_update(channel, false);
	WRITE_ONCE(channel->mmap_ring_buffer, NULL);
	return ret;
}
