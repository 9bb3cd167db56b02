// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts: from event flags to channel callbacks.
 *
 * The host sets the event flag of a channel, by its relid, in the page of the
 * CPU that the channel is bound to, and interrupts that CPU. (Protocols before
 * 2.4 had one page for all CPUs; they are no longer negotiated.) A SINT has
 * 2048 flags, a guest has tens of channels: so each CPU has a mask of the
 * 64-bit words in which it may find something, vmbus_cpu.words.
 *
 * Rule of the mask. A bit is set before the host learns of the binding, and it
 * stays when the channel moves on, since the host may go on signalling the old
 * CPU for a while, and when it goes: a CPU may be late, and a flag that is left
 * is one for which the host will not interrupt. A flag that is set outside the
 * mask (a host that signals a CPU it was never told about) is found by a sweep
 * over all mapped relids. That is made when an interrupt could not be explained
 * otherwise, and on every 64th one, for the case that it could; what it finds
 * enters the mask.
 *
 * Channels are found and called under RCU: whoever clears onchannel_callback,
 * or takes the relid out of the map, waits for a grace period and knows that
 * no interrupt uses the channel any more.
 *
 * On PREEMPT_RT callbacks take sleeping locks, so the flags are handled by a
 * thread per CPU, "vmbus_irq/%u". Messages are not: they wake waiters and
 * drive the synthetic timer, and all that they touch is fit for hard
 * interrupts.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/interrupt.h>
#include <linux/lockdep.h>
#include <linux/nospec.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smpboot.h>
#include <asm/mshyperv.h>

#include "core.h"
#include "trace.h"
#include "vmbus.h"

#define FLAGS_PER_WORD	64
#define LONGS_PER_WORD	(FLAGS_PER_WORD / BITS_PER_LONG)
#define FLAG_WORDS	(VMBUS_MAX_RELIDS / FLAGS_PER_WORD)

/* Every so many scans all flags are looked at; a power of two. */
#define SWEEP_INTERVAL	64

static_assert(FLAG_WORDS <= BITS_PER_LONG);
static_assert(LONGS_PER_WORD <= 2);

static long __percpu *irq_cookie;

static union hv_synic_event_flags *irq_flags(const struct vmbus_cpu *vc)
{
	union hv_synic_event_flags *page = READ_ONCE(vc->event_page);

	return page ? page + VMBUS_SINT : NULL;
}

/* The host has signalled a channel; within an RCU read-side section. */
static __always_inline void irq_chan(struct vmbus_chan *chan)
{
	struct vmbus_channel *ch = &chan->ch;
	void (*callback)(void *context);

	if (READ_ONCE(ch->rescind))
		return;

	/*
	 * Whoever sets the callback has set up rings and context before; who
	 * clears it (under sched_lock, for those drivers that look at it by
	 * themselves) waits for a grace period before taking them away.
	 */
	callback = smp_load_acquire(&ch->onchannel_callback);
	if (unlikely(!callback))
		return;

	trace_vmbus_chan_sched(ch);

	ch->interrupts++;

	if (likely(ch->callback_mode == HV_CALL_ISR)) {
		callback(ch->channel_callback_context);
		return;
	}
	if (ch->callback_mode == HV_CALL_BATCHED)
		hvb_rx_mask(&chan->rx);
	tasklet_schedule(&ch->callback_event);
}

static __always_inline void irq_dispatch(u32 relid)
{
	struct vmbus_chan *chan;

	chan = rcu_dereference(vmbus_conn.relids[relid]);
	if (chan)
		irq_chan(chan);
}

/*
 * Take all flags of a long and dispatch them. The flags are shared with the
 * host, so they are taken with xchg(), which is atomic towards another
 * processor even in a kernel for one; the page is not written to if there is
 * nothing to take. Returns what was found.
 */
static __always_inline unsigned long irq_scan_long(unsigned long *flags,
						   u32 relid)
{
	unsigned long found = READ_ONCE(*flags);
	unsigned long bits;

	if (!found)
		return 0;

	/* Flag 0 accompanies messages; nothing is mapped there. */
	for (bits = xchg(flags, 0); bits; bits &= bits - 1)
		irq_dispatch(relid + __ffs(bits));
	return found;
}

static __always_inline unsigned long
irq_scan_word(union hv_synic_event_flags *flags, unsigned int word)
{
	unsigned int i = word * LONGS_PER_WORD;
	unsigned long found;

	found = irq_scan_long(&flags->flags[i], i * BITS_PER_LONG);
	if (LONGS_PER_WORD > 1)
		found |= irq_scan_long(&flags->flags[i + 1],
				       (i + 1) * BITS_PER_LONG);
	return found;
}

static __always_inline unsigned long irq_scan(struct vmbus_cpu *vc)
{
	union hv_synic_event_flags *page = READ_ONCE(vc->event_page);
	unsigned long words = READ_ONCE(vc->words);
	unsigned long found = 0;

	if (unlikely(!page))
		return 0;

	rcu_read_lock();
	for (; words; words &= words - 1)
		found |= irq_scan_word(&page[VMBUS_SINT], __ffs(words));
	rcu_read_unlock();

	return found;
}

static noinline void irq_sweep(struct vmbus_cpu *vc)
{
	unsigned int last = READ_ONCE(vmbus_conn.max_relid) / FLAGS_PER_WORD;
	union hv_synic_event_flags *flags = irq_flags(vc);
	unsigned int word;

	if (unlikely(!flags))
		return;

	rcu_read_lock();
	for (word = 0; word <= last; word++) {
		if (irq_scan_word(flags, word))
			set_bit(word, &vc->words);
	}
	rcu_read_unlock();
}

static __always_inline void irq_events(struct vmbus_cpu *vc, bool explained)
{
	unsigned long found = irq_scan(vc);

	if (unlikely((!found && !explained) ||
		     !(++vc->scans % SWEEP_INTERVAL)))
		irq_sweep(vc);
}

/**
 * vmbus_irq_drain() - handle all event flags of this CPU now
 *
 * Context: process context, bound to a CPU that no channel is bound to any
 * more. Its SynIC may be on or off.
 */
void vmbus_irq_drain(void)
{
	unsigned long flags;

	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		local_bh_disable();
		irq_sweep(this_cpu_ptr(vmbus_conn.cpu));
		local_bh_enable();
		return;
	}

	local_irq_save(flags);
	irq_sweep(this_cpu_ptr(vmbus_conn.cpu));
	local_irq_restore(flags);
}

/**
 * vmbus_irq_look() - do for a channel what its interrupt does
 * @chan: channel
 *
 * For an interrupt that may have been lost. Drivers are used to being called
 * for nothing.
 *
 * Context: process context, bound to the CPU that the channel interrupts: no
 * interrupt comes in between.
 */
void vmbus_irq_look(struct vmbus_chan *chan)
{
	bool rt = IS_ENABLED(CONFIG_PREEMPT_RT);
	unsigned long flags = 0;

	local_bh_disable();
	if (!rt)
		local_irq_save(flags);
	rcu_read_lock();
	irq_chan(chan);
	rcu_read_unlock();
	if (!rt)
		local_irq_restore(flags);
	local_bh_enable();
}

static DEFINE_PER_CPU(bool, irq_thread_pending);
static DEFINE_PER_CPU(struct task_struct *, irq_thread);

static void irq_thread_setup(unsigned int cpu)
{
	sched_set_fifo(current);
}

static int irq_thread_should_run(unsigned int cpu)
{
	return __this_cpu_read(irq_thread_pending);
}

static void irq_thread_run(unsigned int cpu)
{
	__this_cpu_write(irq_thread_pending, false);
	/* What callbacks leave to softirqs is run right here. */
	local_bh_disable();
	irq_events(this_cpu_ptr(vmbus_conn.cpu), false);
	local_bh_enable();
}

static struct smp_hotplug_thread irq_threads = {
	.store			= &irq_thread,
	.setup			= irq_thread_setup,
	.thread_should_run	= irq_thread_should_run,
	.thread_fn		= irq_thread_run,
	.thread_comm		= "vmbus_irq/%u",
};

/* A message explains the interrupt unless a flag is set, too. */
static bool irq_thread_wanted(struct vmbus_cpu *vc, bool message)
{
	union hv_synic_event_flags *flags = irq_flags(vc);
	unsigned long words = READ_ONCE(vc->words);
	unsigned int word, i;

	if (!message)
		return true;
	if (!flags)
		return false;

	for_each_set_bit(word, &words, FLAG_WORDS) {
		for (i = 0; i < LONGS_PER_WORD; i++) {
			if (READ_ONCE(flags->flags[word * LONGS_PER_WORD + i]))
				return true;
		}
	}
	return false;
}

/*
 * Callbacks may take a spinlock_t, although this is a hard interrupt which is
 * never threaded. That is right, as these are sleeping locks on PREEMPT_RT
 * only, which doesn't come here; lockdep can't know. It is told so about
 * callbacks alone: messages, and the timer behind them, need no exception.
 */
static __always_inline void irq_events_nort(struct vmbus_cpu *vc,
					    bool explained)
{
	static DEFINE_WAIT_OVERRIDE_MAP(irq_map, LD_WAIT_CONFIG);

	lock_map_acquire_try(&irq_map);
	irq_events(vc, explained);
	lock_map_release(&irq_map);
}

/*
 * Most interrupts are about channels: that there is no message is found out
 * right here.
 */
static __always_inline bool irq_message(struct vmbus_cpu *vc)
{
	const struct hv_message *page = READ_ONCE(vc->msg_page);

	return page && unlikely(READ_ONCE(page[VMBUS_SINT].header.message_type)
				!= HVMSG_NONE);
}

/* Messages first: those of the timer are the most urgent. */
static noinline void irq_handle_message(struct vmbus_cpu *vc)
{
	bool message = vmbus_ctrl_isr(vc);

	irq_events_nort(vc, message);
}

static __always_inline void irq_handle(struct vmbus_cpu *vc)
{
	if (irq_message(vc))
		irq_handle_message(vc);
	else
		irq_events_nort(vc, false);
}

static __always_inline void irq_handle_rt(struct vmbus_cpu *vc)
{
	bool message = vmbus_ctrl_isr(vc);

	if (!irq_thread_wanted(vc, message))
		return;

	__this_cpu_write(irq_thread_pending, true);
	wake_up_process(__this_cpu_read(irq_thread));
}

static void irq_entry(void)
{
	struct vmbus_cpu *vc = this_cpu_ptr(vmbus_conn.cpu);

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		irq_handle_rt(vc);
	else
		irq_handle(vc);

	add_interrupt_randomness(vmbus_interrupt);
}

static irqreturn_t irq_percpu(int irq, void *dev_id)
{
	irq_entry();
	return IRQ_HANDLED;
}

static int irq_install(void)
{
	int ret;

	/* Architectures without a vector for the hypervisor have an irq. */
	if (vmbus_irq == -1) {
		hv_setup_vmbus_handler(irq_entry);
		return 0;
	}

	irq_cookie = alloc_percpu(long);
	if (!irq_cookie)
		return -ENOMEM;

	ret = request_percpu_irq(vmbus_irq, irq_percpu, "Hyper-V VMbus",
				 irq_cookie);
	if (ret) {
		pr_err("can't request VMBus IRQ %d: %d\n", vmbus_irq, ret);
		free_percpu(irq_cookie);
		irq_cookie = NULL;
	}
	return ret;
}

static void irq_uninstall(void)
{
	if (vmbus_irq == -1) {
		hv_remove_vmbus_handler();
		/* A handler that runs on another CPU has interrupts off. */
		synchronize_rcu();
		return;
	}

	free_percpu_irq(vmbus_irq, irq_cookie);
	free_percpu(irq_cookie);
	irq_cookie = NULL;
}

/**
 * vmbus_irq_setup() - install the interrupt handler
 *
 * Context: process context, after vmbus_synic_alloc() and before
 * vmbus_synic_start().
 * Return: 0 or a negative error code.
 */
int vmbus_irq_setup(void)
{
	int ret;

	vmbus_conn.relids = kcalloc(VMBUS_MAX_RELIDS,
				    sizeof(*vmbus_conn.relids), GFP_KERNEL);
	if (!vmbus_conn.relids)
		return -ENOMEM;

	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		ret = smpboot_register_percpu_thread(&irq_threads);
		if (ret)
			goto err_relids;
	}

	ret = irq_install();
	if (ret)
		goto err_threads;

	return 0;

err_threads:
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		smpboot_unregister_percpu_thread(&irq_threads);
err_relids:
	kfree(vmbus_conn.relids);
	vmbus_conn.relids = NULL;
	return ret;
}

/**
 * vmbus_irq_teardown() - remove the interrupt handler
 *
 * Context: process context, after vmbus_synic_stop() and before
 * vmbus_synic_free(); no channel is mapped.
 */
void vmbus_irq_teardown(void)
{
	irq_uninstall();
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		smpboot_unregister_percpu_thread(&irq_threads);

	kfree(vmbus_conn.relids);
	vmbus_conn.relids = NULL;
	vmbus_conn.max_relid = 0;
}

/**
 * vmbus_irq_bind() - expect the event flag of a channel on a CPU
 * @relid: relid of the channel
 * @cpu: CPU that the host will interrupt
 *
 * To be called before the host is told. Nothing undoes it: see the top of this
 * file.
 *
 * Context: process context, vmbus_channel_mutex held.
 */
void vmbus_irq_bind(u32 relid, unsigned int cpu)
{
	lockdep_assert_held(vmbus_channel_mutex);

	if (relid >= VMBUS_MAX_RELIDS || cpu >= nr_cpu_ids)
		return;

	set_bit(relid / FLAGS_PER_WORD,
		&per_cpu_ptr(vmbus_conn.cpu, cpu)->words);
}

/**
 * vmbus_relid_map() - let the interrupt path find a channel
 * @chan: channel; its relid and target CPU are set
 *
 * Context: process context, vmbus_channel_mutex held.
 * Return: 0, -EINVAL if the relid is out of range, -EEXIST if it is in use.
 */
int vmbus_relid_map(struct vmbus_chan *chan)
{
	u32 relid = chan->ch.offermsg.child_relid;

	lockdep_assert_held(vmbus_channel_mutex);

	if (!hvb_relid_valid(relid))
		return -EINVAL;

	relid = array_index_nospec(relid, VMBUS_MAX_RELIDS);
	if (rcu_access_pointer(vmbus_conn.relids[relid]))
		return -EEXIST;

	vmbus_irq_bind(relid, chan->ch.target_cpu);
	if (relid > vmbus_conn.max_relid)
		WRITE_ONCE(vmbus_conn.max_relid, relid);
	/* The channel is initialised before an interrupt can find it. */
	rcu_assign_pointer(vmbus_conn.relids[relid], chan);
	return 0;
}

/**
 * vmbus_relid_unmap() - hide a channel from the interrupt path
 * @chan: channel; nothing happens if it is not mapped
 *
 * Interrupts that have found the channel already use it until an RCU grace
 * period has passed. CPUs go on looking at its flag: one that stayed set would
 * keep the host from interrupting for the next channel with this relid.
 *
 * Context: process context, vmbus_channel_mutex held.
 */
void vmbus_relid_unmap(struct vmbus_chan *chan)
{
	u32 relid = chan->ch.offermsg.child_relid;

	lockdep_assert_held(vmbus_channel_mutex);

	if (!hvb_relid_valid(relid))
		return;

	relid = array_index_nospec(relid, VMBUS_MAX_RELIDS);
	if (rcu_access_pointer(vmbus_conn.relids[relid]) != chan)
		return;

	RCU_INIT_POINTER(vmbus_conn.relids[relid], NULL);
}

/**
 * vmbus_relid_get() - find a channel by its relid
 * @relid: relid, any value
 *
 * Context: any.
 * Return: the channel with a reference for the caller, or NULL.
 */
struct vmbus_chan *vmbus_relid_get(u32 relid)
{
	struct vmbus_chan *chan;

	if (!hvb_relid_valid(relid) || !vmbus_conn.relids)
		return NULL;

	relid = array_index_nospec(relid, VMBUS_MAX_RELIDS);

	rcu_read_lock();
	chan = rcu_dereference(vmbus_conn.relids[relid]);
	if (chan && !kobject_get_unless_zero(&chan->ch.kobj))
		chan = NULL;
	rcu_read_unlock();

	return chan;
}
