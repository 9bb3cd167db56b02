// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which CPU a channel interrupts.
 *
 * The choice is made when a channel is offered, by the rules of
 * logic/cpu_pick.h; user space can change it through sysfs, and a CPU that goes
 * offline hands its channels to others. A channel that is not open just gets
 * another number, which the host learns when it is opened.
 *
 * ch.target_cpu changes with op_lock of the channel and vmbus_channel_mutex
 * held. The host is asked under op_lock only. Nobody who holds op_lock waits
 * for CPU hotplug, so a CPU that goes offline can wait for op_lock.
 *
 * A host before version 5.3 doesn't say when it has moved a channel. If it goes
 * on signalling the old CPU when that is offline the signal is lost, and there
 * is no other one before somebody has emptied the ring. So all channels are
 * looked at some times afterwards as if each had been signalled: also those
 * that user space had moved shortly before.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hyperv.h>
#include <linux/sched/isolation.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/workqueue.h>
#include <asm/mshyperv.h>

#include "chan_ops.h"
#include "logic/cpu_pick.h"

/*
 * The last CPU that was to go offline, vmbus_channel_mutex. Offers don't wait
 * for CPU hotplug, which may wait for answers of the host.
 */
static unsigned int vmbus_cpu_leaving = UINT_MAX;

/* Load and place of all CPUs, vmbus_channel_mutex; allocated on first use. */
static struct hvb_cpus vmbus_cpus;

/*
 * Seconds from a CPU's going offline to the first look for lost signals, and
 * the longest time between two looks; it doubles from one to the next.
 */
#define VMBUS_LOOK_FIRST	1
#define VMBUS_LOOK_LAST		16

/* Until a system call that CPU hotplug is in the way of is tried again. */
#define VMBUS_HOTPLUG_POLL_MS	5

static void vmbus_look_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(vmbus_look, vmbus_look_work);
/* Time to the next look in seconds, vmbus_channel_mutex. */
static unsigned int vmbus_look_delay;

static bool vmbus_chan_is_perf(const struct vmbus_chan *chan)
{
	return vmbus_devs[chan->ch.device_id].perf_device;
}

static bool vmbus_cpus_ready(void)
{
	lockdep_assert_held(vmbus_channel_mutex);

	if (vmbus_cpus.cpu)
		return true;
	vmbus_cpus.cpu = kvcalloc(nr_cpu_ids, sizeof(*vmbus_cpus.cpu),
				  GFP_KERNEL);
	if (!vmbus_cpus.cpu)
		return false;
	vmbus_cpus.nr = nr_cpu_ids;
	vmbus_cpus.nr_nodes = nr_node_ids;
	return true;
}

/**
 * vmbus_cpu_usable() - can a CPU be interrupted by channels?
 * @cpu: CPU number, below nr_cpu_ids
 *
 * Context: process; vmbus_channel_mutex is held.
 * Return: true if it takes interrupts and isn't about to go offline.
 */
bool vmbus_cpu_usable(unsigned int cpu)
{
	lockdep_assert_held(vmbus_channel_mutex);

	return cpu_possible(cpu) && cpu != vmbus_cpu_leaving &&
	       READ_ONCE(per_cpu_ptr(vmbus_conn.cpu, cpu)->online);
}

/* @cpu takes no more channels; %UINT_MAX: all do. */
static void vmbus_cpu_leave(unsigned int cpu)
{
	mutex_lock(vmbus_channel_mutex);
	vmbus_cpu_leaving = cpu;
	mutex_unlock(vmbus_channel_mutex);
}

/**
 * vmbus_affinity_cpu_online() - a CPU can have channels
 * @cpu: CPU that is coming online
 *
 * Context: CPU hotplug callback, process context.
 */
void vmbus_affinity_cpu_online(unsigned int cpu)
{
	mutex_lock(vmbus_channel_mutex);
	if (vmbus_cpu_leaving == cpu)
		vmbus_cpu_leaving = UINT_MAX;
	mutex_unlock(vmbus_channel_mutex);
}

static void vmbus_cpus_mark_self(u32 cpu)
{
	if (cpu < vmbus_cpus.nr)
		vmbus_cpus.cpu[cpu].self = true;
}

/* Describes the CPUs as they are now, from the point of view of @chan. */
static void vmbus_cpus_update(struct vmbus_chan *chan)
{
	const struct cpumask *hk = housekeeping_cpumask(HK_TYPE_MANAGED_IRQ);
	struct vmbus_chan *primary = vmbus_chan_primary(chan);
	struct vmbus_channel *sc;
	u32 i;

	lockdep_assert_held(vmbus_channel_mutex);

	for (i = 0; i < vmbus_cpus.nr; i++) {
		struct hvb_cpu *cpu = &vmbus_cpus.cpu[i];

		cpu->online = vmbus_cpu_usable(i);
		cpu->housekeeping = cpumask_test_cpu(i, hk);
		cpu->node = cpu_possible(i) ? max(cpu_to_node(i), 0) : 0;
		cpu->self = false;
	}

	if (primary != chan)
		vmbus_cpus_mark_self(primary->ch.target_cpu);
	list_for_each_entry(sc, &primary->ch.sc_list, sc_list) {
		if (sc != &chan->ch)
			vmbus_cpus_mark_self(sc->target_cpu);
	}
}

/**
 * vmbus_affinity_assign() - choose the CPU of a new channel
 * @chan: channel that isn't in any list yet; primary_channel is set
 *
 * Context: process; vmbus_channel_mutex is held.
 */
void vmbus_affinity_assign(struct vmbus_chan *chan)
{
	bool perf = vmbus_chan_is_perf(chan);

	chan->ch.target_cpu = VMBUS_CONNECT_CPU;
	if (!vmbus_cpus_ready())
		return;

	vmbus_cpus_update(chan);
	chan->ch.target_cpu = hvb_cpu_pick(&vmbus_cpus, perf,
					   vmbus_conn.version);
	if (perf)
		hvb_cpu_load(&vmbus_cpus, chan->ch.target_cpu, 1);
}

/**
 * vmbus_affinity_release() - a channel goes away
 * @chan: channel
 *
 * Context: process; vmbus_channel_mutex is held.
 */
void vmbus_affinity_release(struct vmbus_chan *chan)
{
	lockdep_assert_held(vmbus_channel_mutex);

	if (vmbus_chan_is_perf(chan))
		hvb_cpu_load(&vmbus_cpus, chan->ch.target_cpu, -1);
}

/**
 * vmbus_affinity_exit() - free what this file has allocated
 *
 * Context: module exit; there are no channels any more.
 */
void vmbus_affinity_exit(void)
{
	/* Without channels nobody queues it. */
	cancel_delayed_work_sync(&vmbus_look);
	kvfree(vmbus_cpus.cpu);
	memset(&vmbus_cpus, 0, sizeof(vmbus_cpus));
}

static void vmbus_affinity_commit(struct vmbus_chan *chan, u32 cpu)
{
	mutex_lock(vmbus_channel_mutex);
	if (vmbus_chan_is_perf(chan)) {
		hvb_cpu_load(&vmbus_cpus, chan->ch.target_cpu, -1);
		hvb_cpu_load(&vmbus_cpus, cpu, 1);
	}
	WRITE_ONCE(chan->ch.target_cpu, cpu);
	mutex_unlock(vmbus_channel_mutex);
}

/*
 * Moves a channel. The new CPU looks for its events before the host is told,
 * and the old one goes on to, for the host may lag behind.
 */
static int vmbus_affinity_move(struct vmbus_chan *chan, u32 cpu)
{
	struct vmbus_channel *ch = &chan->ch;
	u32 old = ch->target_cpu;
	bool open;
	int ret;

	lockdep_assert_held(&chan->op_lock);

	/* While an answer is late it isn't known where the host interrupts. */
	if (old == cpu && !chan->modify_late)
		return 0;

	mutex_lock(vmbus_channel_mutex);
	vmbus_irq_bind(ch->offermsg.child_relid, cpu);
	mutex_unlock(vmbus_channel_mutex);

	open = hvb_chan_is_open(vmbus_chan_state(chan));
	if (open) {
		ret = vmbus_chan_modify(chan, hv_cpu_number_to_vp_number(cpu));
		if (ret == -ETIMEDOUT)
			chan->modify_cpu = cpu;
		/* A rescinded channel interrupts nobody any more. */
		if (ret && !vmbus_chan_host_gone(chan))
			return ret;
	}

	vmbus_affinity_commit(chan, cpu);
	if (open && ch->change_target_cpu_callback)
		ch->change_target_cpu_callback(ch, old, cpu);
	return 0;
}

/**
 * vmbus_affinity_set() - move an open channel to another CPU
 * @chan: channel
 * @cpu: CPU number, any value
 *
 * Context: a system call; waits for the host.
 * Return: 0; -EINVAL if the CPU doesn't exist, is offline, or is isolated;
 * -EIO if the protocol version is before 4.1, the channel isn't open, or the
 * host did not agree. While a CPU comes or goes the system call is restarted.
 */
int vmbus_affinity_set(struct vmbus_chan *chan, unsigned int cpu)
{
	int ret;

	if (!hvb_cpu_can_retarget(vmbus_conn.version))
		return -EIO;
	if (cpu >= nr_cpu_ids ||
	    !cpumask_test_cpu(cpu, housekeeping_cpumask(HK_TYPE_MANAGED_IRQ)))
		return -EINVAL;

	/*
	 * Who takes a CPU away may wait for I/O on this channel, and that for
	 * the channel to be closed, which waits for the users of its files.
	 */
	if (!cpus_read_trylock()) {
		msleep(VMBUS_HOTPLUG_POLL_MS);
		return restart_syscall();
	}
	if (!cpu_online(cpu)) {
		ret = -EINVAL;
		goto out_unlock;
	}

	mutex_lock(&chan->op_lock);
	if (!hvb_chan_is_open(vmbus_chan_state(chan)))
		ret = -EIO;
	else
		ret = vmbus_affinity_move(chan, cpu) ? -EIO : 0;
	mutex_unlock(&chan->op_lock);

out_unlock:
	cpus_read_unlock();
	return ret;
}

/* May the host interrupt @cpu for this channel? */
static bool vmbus_chan_on_cpu(struct vmbus_chan *chan, u32 cpu)
{
	if (chan->ch.target_cpu == cpu)
		return true;
	return READ_ONCE(chan->modify_late) && chan->modify_cpu == cpu &&
	       hvb_chan_is_open(vmbus_chan_state(chan)) &&
	       !vmbus_chan_host_gone(chan);
}

/* A channel that may interrupt @cpu, with a reference, or NULL. */
static struct vmbus_chan *vmbus_affinity_find(u32 cpu)
{
	struct vmbus_chan *found = NULL;
	struct vmbus_channel *ch, *sc;

	mutex_lock(vmbus_channel_mutex);
	list_for_each_entry(ch, &vmbus_conn.chan_list, listentry) {
		if (vmbus_chan_on_cpu(to_vmbus_chan(ch), cpu)) {
			found = vmbus_chan_get(to_vmbus_chan(ch));
			goto out_unlock;
		}
		list_for_each_entry(sc, &ch->sc_list, sc_list) {
			if (vmbus_chan_on_cpu(to_vmbus_chan(sc), cpu)) {
				found = vmbus_chan_get(to_vmbus_chan(sc));
				goto out_unlock;
			}
		}
	}
out_unlock:
	mutex_unlock(vmbus_channel_mutex);
	return found;
}

static int vmbus_affinity_evict(struct vmbus_chan *chan, u32 cpu)
{
	u32 new = VMBUS_CONNECT_CPU;
	int ret = 0;

	mutex_lock(vmbus_channel_mutex);
	if (vmbus_cpus_ready()) {
		vmbus_cpus_update(chan);
		ret = hvb_cpu_replace(&vmbus_cpus, cpu,
				      vmbus_chan_is_perf(chan), &new);
	}
	mutex_unlock(vmbus_channel_mutex);
	if (ret)
		return ret;

	mutex_lock(&chan->op_lock);
	if (vmbus_chan_on_cpu(chan, cpu))
		ret = vmbus_affinity_move(chan, new);
	mutex_unlock(&chan->op_lock);
	return ret;
}

/*
 * The worker is bound to the channel's CPU, unless that has gone offline, too:
 * then the channel has been moved, and there is a next look.
 */
static long vmbus_look_at(void *data)
{
	struct vmbus_chan *chan = data;

	if (raw_smp_processor_id() == READ_ONCE(chan->ch.target_cpu))
		vmbus_irq_look(chan);
	return 0;
}

/*
 * Looks at all channels, each on the CPU that it interrupts. Doesn't wait for
 * CPU hotplug: that may be waiting for what is found here, as blk-mq makes a
 * CPU wait for its requests before it goes offline.
 */
static void vmbus_look_work(struct work_struct *work)
{
	struct vmbus_chan *chan;
	unsigned int delay;
	u32 relid;

	mutex_lock(vmbus_channel_mutex);
	vmbus_look_delay *= 2;
	delay = vmbus_look_delay;
	mutex_unlock(vmbus_channel_mutex);

	for (relid = 1; relid <= READ_ONCE(vmbus_conn.max_relid); relid++) {
		chan = vmbus_relid_get(relid);
		if (!chan)
			continue;
		if (READ_ONCE(chan->ch.onchannel_callback))
			work_on_cpu(READ_ONCE(chan->ch.target_cpu),
				    vmbus_look_at, chan);
		vmbus_chan_put(chan);
	}
	/* Does nothing if yet another CPU has begun it all anew. */
	if (delay <= VMBUS_LOOK_LAST)
		schedule_delayed_work(&vmbus_look, delay * HZ);
}

/* A CPU is going offline: its channels may be signalled there even so. */
static void vmbus_look_later(void)
{
	if (hvb_cpu_retarget_acked(vmbus_conn.version))
		return;
	mutex_lock(vmbus_channel_mutex);
	vmbus_look_delay = VMBUS_LOOK_FIRST;
	if (!list_empty(&vmbus_conn.chan_list))
		mod_delayed_work(system_wq, &vmbus_look,
				 VMBUS_LOOK_FIRST * HZ);
	mutex_unlock(vmbus_channel_mutex);
}

/**
 * vmbus_affinity_cpu_offline() - move all channels away from a CPU
 * @cpu: CPU that is going offline, not the one of the connection
 *
 * Context: CPU hotplug callback, process context; waits for the host. No
 * channel can come to the CPU from now on, unless it comes online again.
 * Return: 0, or -EBUSY if a channel could not be moved (which hosts before
 * version 4.1 can't do with open ones).
 */
int vmbus_affinity_cpu_offline(unsigned int cpu)
{
	struct vmbus_chan *chan;
	int ret = 0;

	vmbus_cpu_leave(cpu);
	while (!ret) {
		chan = vmbus_affinity_find(cpu);
		if (!chan)
			break;
		ret = vmbus_affinity_evict(chan, cpu);
		if (ret)
			pr_warn("CPU %u: can't move channel %u: %d\n", cpu,
				chan->ch.offermsg.child_relid, ret);
		vmbus_chan_put(chan);
	}
	if (ret) {
		vmbus_cpu_leave(UINT_MAX);
		return -EBUSY;
	}
	vmbus_look_later();
	return 0;
}
