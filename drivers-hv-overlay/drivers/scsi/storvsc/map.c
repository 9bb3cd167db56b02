// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V virtual storage: which channel a CPU sends on.
 *
 * The choice is logic/chan_map.c's. Here the map is built anew whenever a
 * channel comes, or moves to another CPU, and replaces the old one.
 */
#include <linux/cpumask.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "storvsc.h"

static void stv_map_describe(struct stv_dev *dev, struct stv_map_chan *chan,
			     u32 nr_chans, struct stv_map_cpu *cpu)
{
	u32 i;

	for (i = 0; i < nr_chans; i++) {
		struct stv_chan *sc = READ_ONCE(dev->chan[i]);

		chan[i].up = sc && sc->up;
		if (chan[i].up)
			chan[i].cpu = READ_ONCE(sc->vch->target_cpu);
	}

	for (i = 0; i < nr_cpu_ids; i++) {
		if (!cpu_possible(i))
			continue;
		cpu[i].online = cpu_online(i);
		cpu[i].node = max(cpu_to_node(i), 0);
	}
}

static struct stv_map *stv_map_make(struct stv_dev *dev)
{
	struct stv_map_cfg cfg = {
		.polled = dev->poll_chan,
		.nr_chans = min(dev->params.sub_channels + 1, dev->nr_chans),
		.nr_cpus = nr_cpu_ids,
		.nr_nodes = nr_node_ids,
	};
	struct stv_map_chan *chan;
	struct stv_map *map = NULL;
	struct stv_map_cpu *cpu;
	size_t size;

	chan = kvcalloc(cfg.nr_chans, sizeof(*chan), GFP_KERNEL);
	cpu = kvcalloc(cfg.nr_cpus, sizeof(*cpu), GFP_KERNEL);
	if (!chan || !cpu)
		goto out_free;

	stv_map_describe(dev, chan, cfg.nr_chans, cpu);
	cfg.chan = chan;
	cfg.cpu = cpu;
	size = stv_map_size(&cfg);
	map = kvzalloc(size, GFP_KERNEL);
	if (map && stv_map_build(map, size, &cfg)) {
		kvfree(map);
		map = NULL;
	}

out_free:
	kvfree(cpu);
	kvfree(chan);
	return map;
}

/**
 * stv_map_update() - something about channels or CPUs has changed
 * @dev: adapter; nothing happens while it isn't up
 *
 * If there is no memory for a new map then the old one stays. It names the
 * wrong CPUs perhaps, but no wrong channel.
 *
 * Context: process; map_lock is held.
 * Return: 0 or -ENOMEM.
 */
int stv_map_update(struct stv_dev *dev)
{
	struct stv_map *map, *old;
	unsigned int noio;

	lockdep_assert_held(&dev->map_lock);

	if (!dev->up)
		return 0;

	/* Memory may be waiting for a disk of ours. */
	noio = memalloc_noio_save();
	map = stv_map_make(dev);
	if (map) {
		old = rcu_replace_pointer(dev->map, map,
					  lockdep_is_held(&dev->map_lock));
		kvfree_rcu_mightsleep(old);
	}
	memalloc_noio_restore(noio);
	return map ? 0 : -ENOMEM;
}

/**
 * stv_map_clear() - take no commands any more
 * @dev: adapter
 *
 * When this returns no submitter uses a channel of the adapter.
 *
 * Context: process; waits for an RCU grace period.
 */
void stv_map_clear(struct stv_dev *dev)
{
	struct stv_map *old;
	u32 i;

	mutex_lock(&dev->map_lock);
	dev->up = false;
	old = rcu_replace_pointer(dev->map, NULL,
				  lockdep_is_held(&dev->map_lock));
	mutex_unlock(&dev->map_lock);

	synchronize_rcu();
	kvfree(old);
	/* What was held back is taken back. */
	for (i = 0; i < dev->nr_queues; i++)
		WRITE_ONCE(dev->queue[i].held, NULL);
}

/**
 * stv_retarget() - a channel interrupts another CPU now
 * @vch: channel
 * @old: CPU that it did interrupt
 * @new: CPU that it does
 *
 * Context: process; the VMBus core holds locks of the channel.
 */
void stv_retarget(struct vmbus_channel *vch, u32 old, u32 new)
{
	struct vmbus_channel *primary = vch->primary_channel ?: vch;
	struct stv_dev *dev = hv_get_drvdata(primary->device_obj);

	mutex_lock(&dev->map_lock);
	stv_map_update(dev);
	mutex_unlock(&dev->map_lock);
}
