// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/hyperv/
 *
 *	connection			protocol version, control messages
 *	<instance GUID>/		a device:
 *
 *	counters			what a diagnosis needs, read-only
 *	fuzz_test_state			1 switches the delays on
 *	delay/fuzz_test_buffer_interrupt_delay
 *	delay/fuzz_test_message_delay	0 to 1000 microseconds
 *
 * The last three are there with CONFIG_HYPERV_TESTING. They delay the callback
 * of a channel, and each packet that a channel reads, to shake out races; see
 * tools/hv/vmbus_testing. What is set for a device holds for its sub-channels.
 */

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/hyperv.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "vmbus.h"

/* Longest delay, in microseconds. */
#define VMBUS_FUZZ_DELAY_MAX	1000

static struct dentry *vmbus_debug_root;

static int vmbus_fuzz_delay_get(void *data, u64 *val)
{
	*val = READ_ONCE(*(u32 *)data);
	return 0;
}

static int vmbus_fuzz_delay_set(void *data, u64 val)
{
	if (val > VMBUS_FUZZ_DELAY_MAX)
		return -EINVAL;
	WRITE_ONCE(*(u32 *)data, val);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vmbus_fuzz_delay_fops, vmbus_fuzz_delay_get,
			 vmbus_fuzz_delay_set, "%llu\n");

static int vmbus_fuzz_state_get(void *data, u64 *val)
{
	*val = READ_ONCE(*(bool *)data);
	return 0;
}

static int vmbus_fuzz_state_set(void *data, u64 val)
{
	if (val > 1)
		return -EINVAL;
	WRITE_ONCE(*(bool *)data, val);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vmbus_fuzz_state_fops, vmbus_fuzz_state_get,
			 vmbus_fuzz_state_set, "%llu\n");

static void vmbus_counters_print(struct seq_file *m, struct vmbus_chan *chan)
{
	enum hvb_chan_state state = READ_ONCE(chan->state);
	const struct vmbus_channel *ch = &chan->ch;

	seq_printf(m, "channel %u sub %u cpu %u state %s\n",
		   ch->offermsg.child_relid,
		   ch->offermsg.offer.sub_channel_index, ch->target_cpu,
		   hvb_chan_state_name(state));
	seq_printf(m, "  rejects %llu interrupts %llu events %llu\n",
		   READ_ONCE(chan->rejects), READ_ONCE(ch->interrupts),
		   READ_ONCE(ch->sig_events));
	seq_printf(m, "  out_full_total %llu out_full_first %llu\n",
		   READ_ONCE(ch->out_full_total),
		   READ_ONCE(ch->out_full_first));

	/* Without rings the engines only say that there are none. */
	if (hvb_chan_is_open(state))
		seq_printf(m, "  tx_ring %s rx_ring %s\n",
			   hvb_ring_reject_name(READ_ONCE(chan->tx.poison)),
			   hvb_ring_reject_name(READ_ONCE(chan->rx.poison)));
}

static int vmbus_counters_show(struct seq_file *m, void *unused)
{
	struct hv_device *dev = m->private;
	struct vmbus_channel *sub;

	mutex_lock(vmbus_channel_mutex);
	vmbus_counters_print(m, to_vmbus_chan(dev->channel));
	list_for_each_entry(sub, &dev->channel->sc_list, sc_list)
		vmbus_counters_print(m, to_vmbus_chan(sub));
	mutex_unlock(vmbus_channel_mutex);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmbus_counters);

static int vmbus_connection_show(struct seq_file *m, void *unused)
{
	u32 version = READ_ONCE(vmbus_conn.version);

	seq_printf(m, "connected %d version %u.%u connection_id 0x%x\n",
		   vmbus_conn_is_up(), version >> 16, version & 0xffff,
		   READ_ONCE(vmbus_conn.msg_conn_id));
	vmbus_ctrl_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmbus_connection);

static void vmbus_fuzz_add(struct hv_device *dev, struct dentry *dir)
{
	struct vmbus_channel *ch = dev->channel;
	struct dentry *delay;

	debugfs_create_file_unsafe("fuzz_test_state", 0644, dir,
				   &ch->fuzz_testing_state,
				   &vmbus_fuzz_state_fops);

	delay = debugfs_create_dir("delay", dir);
	debugfs_create_file_unsafe("fuzz_test_buffer_interrupt_delay", 0644,
				   delay, &ch->fuzz_testing_interrupt_delay,
				   &vmbus_fuzz_delay_fops);
	debugfs_create_file_unsafe("fuzz_test_message_delay", 0644, delay,
				   &ch->fuzz_testing_message_delay,
				   &vmbus_fuzz_delay_fops);
}

/**
 * vmbus_debug_add_device() - add a device's files
 * @dev: device that has just been registered
 *
 * That it may fail isn't worth knowing.
 *
 * Context: process.
 */
void vmbus_debug_add_device(struct hv_device *dev)
{
	dev->debug_dir = debugfs_create_dir(dev_name(&dev->device),
					    vmbus_debug_root);

	debugfs_create_file("counters", 0400, dev->debug_dir, dev,
			    &vmbus_counters_fops);
	if (IS_ENABLED(CONFIG_HYPERV_TESTING))
		vmbus_fuzz_add(dev, dev->debug_dir);
}

/**
 * vmbus_debug_remove_device() - remove a device's files
 * @dev: device that is about to be removed
 *
 * Context: process; waits for readers and writers of the files.
 */
void vmbus_debug_remove_device(struct hv_device *dev)
{
	debugfs_remove_recursive(dev->debug_dir);
	dev->debug_dir = NULL;
}

#ifdef CONFIG_HYPERV_TESTING
/* A sub-channel does as its primary does. */
static const struct vmbus_channel *vmbus_fuzz_channel(struct vmbus_channel *ch)
{
	return ch->primary_channel ? ch->primary_channel : ch;
}

/**
 * vmbus_debug_delay_interrupt() - wait before the callback of a channel runs
 * @ch: channel
 *
 * Context: any.
 */
void vmbus_debug_delay_interrupt(struct vmbus_channel *ch)
{
	const struct vmbus_channel *fuzz = vmbus_fuzz_channel(ch);

	if (READ_ONCE(fuzz->fuzz_testing_state))
		udelay(READ_ONCE(fuzz->fuzz_testing_interrupt_delay));
}

/**
 * vmbus_debug_delay_message() - wait before a channel reads a packet
 * @ch: channel
 *
 * Context: any.
 */
void vmbus_debug_delay_message(struct vmbus_channel *ch)
{
	const struct vmbus_channel *fuzz = vmbus_fuzz_channel(ch);

	if (READ_ONCE(fuzz->fuzz_testing_state))
		udelay(READ_ONCE(fuzz->fuzz_testing_message_delay));
}
#endif /* CONFIG_HYPERV_TESTING */

/**
 * vmbus_debug_init() - make the directory for all devices, and its own file
 *
 * Context: module initialisation.
 */
void vmbus_debug_init(void)
{
	vmbus_debug_root = debugfs_create_dir("hyperv", NULL);
	debugfs_create_file("connection", 0400, vmbus_debug_root, NULL,
			    &vmbus_connection_fops);
}

/**
 * vmbus_debug_exit() - remove the directory
 *
 * Context: module exit, no device is left.
 */
void vmbus_debug_exit(void)
{
	debugfs_remove_recursive(vmbus_debug_root);
	vmbus_debug_root = NULL;
}
