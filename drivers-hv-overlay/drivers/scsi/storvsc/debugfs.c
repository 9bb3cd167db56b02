// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V virtual storage: /sys/kernel/debug/hv-storvsc/hostN.
 *
 * What the counters mean is in Documentation/ABI/testing/debugfs-hv-storvsc.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "storvsc.h"

static struct dentry *stv_debugfs_dir;

static void stv_show_chan(struct seq_file *f, struct stv_chan *sc)
{
	int i;

	seq_printf(f, "channel %u:", sc->index);
	if (sc->up)
		seq_printf(f, " relid %u cpu %u",
			   sc->vch->offermsg.child_relid,
			   READ_ONCE(sc->vch->target_cpu));
	else
		seq_puts(f, " down");
	seq_printf(f, " completed %lu deferred %lu overlong %lu\n",
		   READ_ONCE(sc->done), READ_ONCE(sc->deferred),
		   READ_ONCE(sc->overlong));

	for (i = STV_ACCEPT + 1; i < STV_REJECTS; i++)
		seq_printf(f, "channel %u reject %s: %lu\n", sc->index,
			   stv_reject_name(i), READ_ONCE(sc->rejects[i]));
}

/* Channels that are set aside for polled queues at the moment. */
static u32 stv_polled(const struct stv_dev *dev)
{
	return READ_ONCE(dev->poll_chan) ? dev->nr_queues - dev->poll_queue : 0;
}

static int stv_debugfs_show(struct seq_file *f, void *unused)
{
	struct stv_dev *dev = f->private;
	struct stv_chan *sc;
	u32 i;

	seq_printf(f, "version: %u.%u\n", dev->params.version >> 8,
		   dev->params.version & 0xff);
	seq_printf(f, "max_transfer: %u\n", dev->params.max_transfer);
	seq_printf(f, "sub_channels: %u\n", dev->params.sub_channels);
	seq_printf(f, "polled: %u\n", stv_polled(dev));
	seq_printf(f, "in_flight: %u\n", stv_in_flight(dev));
	seq_printf(f, "recoveries: %lu\n", READ_ONCE(dev->recoveries));

	for (i = 0; i < dev->nr_queues; i++)
		seq_printf(f, "queue %u: moved %lu full %lu\n", i,
			   READ_ONCE(dev->queue[i].moved),
			   READ_ONCE(dev->queue[i].full));

	mutex_lock(&dev->map_lock);
	for (i = 0; i < dev->nr_chans; i++) {
		sc = READ_ONCE(dev->chan[i]);
		if (sc)
			stv_show_chan(f, sc);
	}
	mutex_unlock(&dev->map_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stv_debugfs);

/**
 * stv_debugfs_init() - make the folder
 */
void stv_debugfs_init(void)
{
	stv_debugfs_dir = debugfs_create_dir("hv-storvsc", NULL);
}

/**
 * stv_debugfs_exit() - remove the folder
 */
void stv_debugfs_exit(void)
{
	debugfs_remove(stv_debugfs_dir);
}

/**
 * stv_debugfs_add() - show an adapter
 * @dev: adapter
 */
void stv_debugfs_add(struct stv_dev *dev)
{
	char name[16];

	snprintf(name, sizeof(name), "host%u", dev->port);
	dev->debugfs = debugfs_create_file(name, 0444, stv_debugfs_dir, dev,
					   &stv_debugfs_fops);
}

/**
 * stv_debugfs_remove() - an adapter is about to go
 * @dev: adapter
 *
 * Waits for readers.
 */
void stv_debugfs_remove(struct stv_dev *dev)
{
	debugfs_remove(dev->debugfs);
}
