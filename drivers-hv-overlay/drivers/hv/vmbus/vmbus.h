/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMBus core: what the glue files of hv_vmbus share.
 *
 * Layers. wire/ knows bytes, logic/ knows values and states, the files beside
 * this header know Linux. A glue file may call logic and wire; logic may call
 * wire; nothing calls upwards.
 *
 * Vocabulary.
 *   channel      one pair of rings between a driver here and a device model on
 *                the host; "primary" when it carries the device, "sub-channel"
 *                when it adds a queue to one.
 *   relid        the host's number for a channel: event flag and index into
 *                vmbus_conn.relids; valid from offer to RELID_RELEASED.
 *   request      a control message that is waiting for its answer.
 *   device queue the events of one device (its primary and sub-channels) in
 *                the order in which the host sent them, run one at a time.
 *
 * Life of a channel. OFFERCHANNEL makes a struct vmbus_chan, which its kobject
 * counts references on: one for the host's offer, given back when the relid is
 * released; one for each queued event; one for each sub-channel on its
 * primary; those of sysfs. The memory goes after an RCU grace period, because
 * the interrupt path finds channels through vmbus_conn.relids under RCU.
 * The state is changed by vmbus_chan_event() alone.
 *
 * Who runs where.
 *   interrupt      reads event flags, runs or schedules the channel callback;
 *                  reads the message slot: answers complete their request on
 *                  the spot, offers and rescinds go to a bounded queue. A full
 *                  queue leaves the slot taken, which stops the host.
 *   hv_vmbus_con   ordered: turns queued offers and rescinds into channels and
 *                  events on device queues. Never waits for the host or for a
 *                  driver.
 *   hv_pri_chan    unbound: runs device queues; drivers are probed, told of
 *                  sub-channels and removed from here, so it may wait.
 *
 * Lock order, outermost first:
 *   cpus_read_lock() > vmbus_chan.sc_lock > op_lock of a primary > op_lock of
 *   a sub-channel > vmbus_channel_mutex > vmbus_chan.lock (irqs off)
 *   ch.sched_lock, ch.outbound.ring_lock, ch.requestor.req_lock and the
 *   request lock are leaves and may be taken with interrupts off.
 * Nothing may wait for the host while it holds vmbus_channel_mutex.
 */
#ifndef _HV_VMBUS_VMBUS_H
#define _HV_VMBUS_VMBUS_H

#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/hyperv.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <asm/hyperv-tlfs.h>

#include "logic/chan.h"
#include "logic/request.h"
#include "logic/ring_rx.h"
#include "logic/ring_tx.h"
#include "logic/txid.h"
#include "wire/chanmsg.h"
#include "wire/offer.h"

/* The SINT that carries VMBus messages and events (TLFS 11; VMBus protocol). */
#define VMBUS_SINT		2
/* Messages for the guest are sent to this CPU's message page. */
#define VMBUS_CONNECT_CPU	0
/* Relids are event flags of one SINT: 0 is the control channel. */
#define VMBUS_MAX_RELIDS	HV_EVENT_FLAGS_COUNT
#define VMBUS_NO_RELID		U32_MAX

/*
 * Limits of every wait for the host, in milliseconds. A host under load has
 * been seen to take tens of seconds for UNLOAD (it flushes disk caches first).
 * CONTACT is one answer to INITIATE_CONTACT and, in total, all of them.
 */
#define VMBUS_CONTACT_TIMEOUT_MS	(20 * 1000)
#define VMBUS_CONTACT_TOTAL_MS		(60 * 1000)
#define VMBUS_REQUEST_TIMEOUT_MS	(60 * 1000)
/* The same for a teardown, after a request that was not answered. */
#define VMBUS_SILENT_TIMEOUT_MS		(5 * 1000)
#define VMBUS_UNLOAD_TIMEOUT_MS		(100 * 1000)
#define VMBUS_RESUME_OFFERS_TIMEOUT_MS	(10 * 1000)
#define VMBUS_RESCIND_TIMEOUT_MS	(60 * 1000)
/* Likewise for drivers that probe or remove a device before hibernation. */
#define VMBUS_SETTLE_TIMEOUT_MS		(60 * 1000)

/**
 * enum vmbus_wait - waits whose longest is shown beside its limit
 * @VMBUS_WAIT_CONTACT: for the answer to INITIATE_CONTACT
 * @VMBUS_WAIT_ANSWER: for the answer to any other request
 * @VMBUS_WAIT_UNLOAD: for the answer to UNLOAD, but after a panic
 * @VMBUS_WAIT_OFFERS: for offers of what was there before hibernation
 * @VMBUS_WAIT_RESCIND: for the rescind of what the guest gives up
 * @VMBUS_WAIT_DRIVERS: for probe and remove functions
 * @VMBUS_WAITS: number of kinds
 */
enum vmbus_wait {
	VMBUS_WAIT_CONTACT,
	VMBUS_WAIT_ANSWER,
	VMBUS_WAIT_UNLOAD,
	VMBUS_WAIT_OFFERS,
	VMBUS_WAIT_RESCIND,
	VMBUS_WAIT_DRIVERS,
	VMBUS_WAITS
};

struct seq_file;
struct vmbus_chan;

/**
 * struct vmbus_request - a control message waiting for its answer
 * @node: in the list of waiters
 * @wait: which answer is meant, and whether it came, see logic/request.h
 * @chan: channel whose rescind ends the wait, or NULL
 * @done: completed by the answer or by the abort
 * @answer: private copy of the answer
 * @answer_len: bytes in @answer
 *
 * Lives on the waiter's stack or in an object that outlives it.
 */
struct vmbus_request {
	struct list_head node;
	struct hvb_request wait;
	struct vmbus_chan *chan;
	struct completion done;
	u32 answer_len;
	u8 answer[64];
};

/**
 * struct vmbus_chan_event - one entry of a device queue
 * @node: position in &vmbus_devq.events
 * @chan: the channel it is about; the entry holds a reference while queued
 * @queued: the entry is in a queue (guarded by &vmbus_devq.lock)
 *
 * Embedded in the channel, so that queueing an event can't fail.
 */
struct vmbus_chan_event {
	struct list_head node;
	struct vmbus_chan *chan;
	bool queued;
};

/**
 * struct vmbus_devq - the events of one device in the host's order
 * @lock: guards @events; leaf, taken with interrupts enabled
 * @events: &vmbus_chan_event entries
 * @work: drains @events on hv_pri_chan; one instance runs at a time
 */
struct vmbus_devq {
	spinlock_t lock;
	struct list_head events;
	struct work_struct work;
};

/**
 * struct vmbus_chan - a channel: what drivers see and what only the core sees
 * @tx: guest-to-host ring engine, guarded by ch.outbound.ring_lock
 * @tx_flags: state of interrupts of the holder of that lock, from
 *	vmbus_send_begin() to vmbus_send_end()
 * @rx: host-to-guest ring engine; one reader at a time (the callback, or whom
 *	the driver lets read; callbacks alone don't exclude each other, see
 *	vmbus_chan_arm_cb())
 * @rejects: host input that was refused on this channel
 * @poison_told: VMBUS_POISON_* bits of what has been reported, and
 *	VMBUS_CB_DROPPED
 * @monitor_word: pending bits of its group in the guest-to-host monitor page,
 *	NULL if the channel has no monitor
 * @op_lock: serialises open, close, MODIFYCHANNEL and release; held while
 *	waiting for the host
 * @sc_lock: of a primary: held while ch.sc_creation_callback runs, and while
 *	the primary is closed with its sub-channels
 * @lock: guards @state, ch.state and ch.rescind
 * @state: life-cycle state, see logic/chan.h
 * @device_up: the device of a primary is registered (vmbus_channel_mutex)
 * @remove_on_close: a rescinded sub-channel was still open; whoever closes it
 *	removes it (@op_lock)
 * @modify_late: MODIFYCHANNEL was not answered in time (@op_lock; CPU hotplug
 *	looks at it and @modify_cpu without)
 * @modify_cpu: the CPU that it was about
 * @host_rescinded: the host has rescinded it (hv_vmbus_con, until it is
 *	unmapped)
 * @transient: counted among the channels that hibernation waits for
 * @resume_wait: counted among those that are to be offered again
 *	(vmbus_channel_mutex)
 * @open_gen: number of opens that were not answered in time (@op_lock)
 * @last_cb: the driver's callback, also while it is disarmed (@op_lock)
 * @cb_gp: RCU state when the callback was taken away, see vmbus_chan_quiesce()
 * @release_actions: what is left to do for a sub-channel whose primary is being
 *	closed (sc_lock of the primary)
 * @probe_done: completed once the ADD event has run
 * @rescinded: completed when the rescind is known, for waiters
 * @add_ev: queued when the offer arrives
 * @rescind_ev: queued when the channel is to be removed
 * @devq: a primary's queue of events
 * @close_node: in the list of sub-channels that are being closed (sc_lock of
 *	the primary)
 * @modify_req: MODIFYCHANNEL that waits for its answer (@op_lock)
 * @txids: transactions in flight, guarded by ch.requestor.req_lock
 * @tx_map: kernel mapping of the outbound ring, data part mapped twice
 * @rx_map: the same for the inbound ring
 * @rx_buf: private copy of one incoming packet, @ch.max_pkt_size bytes
 * @ch: what include/linux/hyperv.h gives to drivers
 */
struct vmbus_chan {
	/* written by senders */
	struct hvb_ring_tx tx ____cacheline_aligned;
	unsigned long tx_flags;

	/* written by the reader */
	struct hvb_ring_rx rx ____cacheline_aligned;

	/* written on rare events only */
	u64 rejects ____cacheline_aligned;
	unsigned long poison_told;
	unsigned long *monitor_word;

	struct mutex op_lock;
	struct mutex sc_lock;
	spinlock_t lock;
	enum hvb_chan_state state;
	bool device_up;
	bool remove_on_close;
	bool modify_late;
	u32 modify_cpu;
	bool host_rescinded;
	bool transient;
	bool resume_wait;
	u16 open_gen;
	void (*last_cb)(void *context);
	unsigned long cb_gp;
	unsigned int release_actions;
	struct completion probe_done;
	struct completion rescinded;

	struct vmbus_chan_event add_ev;
	struct vmbus_chan_event rescind_ev;
	struct vmbus_devq devq;
	struct list_head close_node;
	struct vmbus_request modify_req;
	struct hvb_txid_table txids;

	void *tx_map;
	void *rx_map;
	void *rx_buf;

	struct vmbus_channel ch;
};

static inline struct vmbus_chan *to_vmbus_chan(struct vmbus_channel *ch)
{
	return container_of(ch, struct vmbus_chan, ch);
}

static inline struct vmbus_chan *vmbus_chan_get(struct vmbus_chan *chan)
{
	kobject_get(&chan->ch.kobj);
	return chan;
}

static inline void vmbus_chan_put(struct vmbus_chan *chan)
{
	kobject_put(&chan->ch.kobj);
}

/* The channel that carries the device: itself for a primary. */
static inline struct vmbus_chan *vmbus_chan_primary(struct vmbus_chan *chan)
{
	return chan->ch.primary_channel ?
		to_vmbus_chan(chan->ch.primary_channel) : chan;
}

/**
 * struct vmbus_cpu - SynIC state of one CPU
 * @msg_page: message slots, one per SINT; host writable
 * @event_page: event flags, one set per SINT; host writable
 * @post_page: decrypted input page of HvPostMessage where the per-CPU
 *	hypercall page is encrypted (TDX with a paravisor), else NULL
 * @words: which 64-bit words of the event flags may hold bits of channels
 *	that are or were bound to this CPU; set with atomic bit operations
 * @scans: scans of the event flags since boot, paces full sweeps
 * @online: the SynIC is set up; by the CPU's hotplug callbacks
 * @stalled: a message was left in its slot because the queue was full
 * @timer: the synthetic timer of this CPU is known to expire by message
 * @msg_base: where @msg_page is, if it isn't our memory
 * @event_base: the same for @event_page
 *
 * @msg_page and @event_page are read by the interrupt of their CPU and, once
 * the other CPUs have stopped, by the crash path; they change only while the
 * SynIC of the CPU is disabled.
 */
struct vmbus_cpu {
	void *msg_page;
	void *event_page;
	void *post_page;
	unsigned long words;
	unsigned int scans;
	bool online;
	bool stalled;
	bool timer;
	u64 msg_base;
	u64 event_base;
};

/**
 * enum vmbus_conn_phase - phase of the connection to the host
 * @VMBUS_DISCONNECTED: nothing is expected of the host
 * @VMBUS_CONNECTING: a version is being negotiated
 * @VMBUS_CONNECTED: a version was agreed on
 * @VMBUS_UNLOADING: UNLOAD was sent or is about to be
 */
enum vmbus_conn_phase {
	VMBUS_DISCONNECTED,
	VMBUS_CONNECTING,
	VMBUS_CONNECTED,
	VMBUS_UNLOADING,
};

/**
 * struct vmbus_conn - the connection to the host; there is one
 * @phase: &enum vmbus_conn_phase; changed with cmpxchg/xchg (crash path)
 * @version: protocol version that is being asked for (connecting) or in use
 * @msg_conn_id: where to post messages; the host's answer chose it (>= 5.0)
 * @ignore_offers: set while suspending: offers are dropped; written by
 *	vmbus_ctrl_ignore_offers()
 * @relids: channel of each relid, RCU; written under vmbus_channel_mutex
 * @max_relid: highest relid mapped so far, bounds full sweeps
 * @chan_list: primary channels (&vmbus_channel.listentry), vmbus_channel_mutex
 * @con_wq: hv_vmbus_con, ordered
 * @dev_wq: hv_pri_chan
 * @cpu: per-CPU SynIC state
 * @unload_done: UNLOAD_RESPONSE arrived
 * @unload_posted: UNLOAD was posted, for a panic that comes in between
 * @unload_seen: UNLOAD_RESPONSE arrived, for the crash path, which can't take
 *	locks
 * @offers_done: ALLOFFERS_DELIVERED arrived
 * @int_page: legacy interrupt page (before 5.0; uio maps it)
 * @monitor: monitor pages, [0] host to guest, [1] guest to host
 */
struct vmbus_conn {
	int phase;
	u32 version;
	u32 msg_conn_id;
	bool ignore_offers;
	struct vmbus_chan __rcu **relids;
	u32 max_relid;
	struct list_head chan_list;
	struct workqueue_struct *con_wq;
	struct workqueue_struct *dev_wq;
	struct vmbus_cpu __percpu *cpu;
	struct completion unload_done;
	bool unload_posted;
	bool unload_seen;
	struct completion offers_done;
	void *int_page;
	void *monitor[2];
};

extern struct vmbus_conn vmbus_conn;

/* Guards the channel lists, target CPUs and relid map; uio takes it too. */
extern struct mutex * const vmbus_channel_mutex;

extern const struct vmbus_device vmbus_devs[];

/* compat.c: what uio_hv_generic reads from the legacy connection object. */
void vmbus_compat_publish(const struct vmbus_conn *conn);

/*
 * conn.c: connect, post, negotiate, unload
 *
 * vmbus_post() refuses with -ENODEV what the host would drop anyway, because
 * there is no connection (yet, or any more).
 */
int vmbus_post(const void *msg, size_t len, bool can_sleep);
void vmbus_post_show(struct seq_file *m);
int vmbus_conn_init(void);
void vmbus_conn_exit(void);
int vmbus_conn_connect(void);
int vmbus_conn_reconnect(void);
void vmbus_conn_unload(bool crash);
int vmbus_conn_request_offers(void);
bool vmbus_conn_is_up(void);

/*
 * ctrl.c: control messages
 *
 * A call to the host is vmbus_request_start() with the key of the answer, then
 * vmbus_call(), which posts, waits, and is done with the request whatever
 * happens; or, if several messages are to be posted, vmbus_post() for each and
 * vmbus_request_wait() or vmbus_request_cancel(). All return 0 when the answer
 * is there (it may still say no: decode &vmbus_request.answer), -ETIMEDOUT, or
 * -ENODEV when the channel was rescinded or the connection ended, before or
 * while waiting.
 */
void vmbus_request_start(struct vmbus_request *req,
			 const struct hvb_request_key *key,
			 struct vmbus_chan *chan);
int vmbus_request_wait(struct vmbus_request *req, unsigned int timeout_ms);
void vmbus_request_cancel(struct vmbus_request *req);
int vmbus_call(struct vmbus_request *req, const void *msg, size_t len,
	       unsigned int timeout_ms);
unsigned int vmbus_teardown_timeout(void);
void vmbus_waited(enum vmbus_wait what, unsigned long since);
void vmbus_requests_abort(struct vmbus_chan *chan, int status);
bool vmbus_request_answer(const struct hvb_request_key *key,
			  const void *msg, u32 len);
bool vmbus_ctrl_isr(struct vmbus_cpu *cpu);
void vmbus_ctrl_flush(void);
void vmbus_ctrl_show(struct seq_file *m);

/*
 * synic.c: per-CPU SynIC pages and registers
 *
 * vmbus_synic_start() enables the SynIC of all CPUs, now and when they come
 * online; the interrupt handler must be there. vmbus_synic_stop() undoes it,
 * when the connection has ended.
 */
int vmbus_synic_alloc(void);
void vmbus_synic_free(void);
int vmbus_synic_start(void);
void vmbus_synic_stop(void);
void vmbus_synic_enable_regs(unsigned int cpu);
void vmbus_synic_disable_regs(unsigned int cpu);
void vmbus_synic_resume(unsigned int cpu);
int vmbus_synic_online(unsigned int cpu);
int vmbus_synic_offline(unsigned int cpu);
int vmbus_synic_post(u32 conn_id, const void *payload, size_t len);

/*
 * irq.c: event dispatch
 *
 * vmbus_relid_map() and _unmap() need vmbus_channel_mutex, and so does
 * vmbus_irq_bind(), which is to be called with the new CPU before the host is
 * told to interrupt it. After vmbus_relid_unmap() and an RCU grace period no
 * interrupt finds the channel. vmbus_relid_get() returns a channel with a
 * reference, which the caller gives back with vmbus_chan_put(), or NULL.
 */
int vmbus_irq_setup(void);
void vmbus_irq_teardown(void);
void vmbus_irq_bind(u32 relid, unsigned int cpu);
int vmbus_relid_map(struct vmbus_chan *chan);
void vmbus_relid_unmap(struct vmbus_chan *chan);
struct vmbus_chan *vmbus_relid_get(u32 relid);
void vmbus_irq_look(struct vmbus_chan *chan);

/* pm.c, crash.c: hibernation; kexec and panic */
int vmbus_bus_suspend(struct device *dev);
int vmbus_bus_resume(struct device *dev);
int vmbus_crash_setup(void);
void vmbus_crash_teardown(void);

/* chan.c: before each REQUESTOFFERS */
void vmbus_chan_relids_reset(void);

/*
 * offer.c: offers, rescinds, device queues
 *
 * vmbus_on_offer() and vmbus_on_rescind() run on hv_vmbus_con. For hibernation:
 * with offers ignored and both work queues idle, vmbus_channels_suspend() drops
 * sockets, waits until they and the sub-channels are gone, and takes all relids
 * out of the map; -EBUSY means that nothing was suspended. After the new
 * connection is up vmbus_channels_resume_prepare(), then REQUESTOFFERS, then a
 * wait on vmbus_resume_wq for vmbus_channels_all_resumed(). For module exit
 * vmbus_channels_remove_all(), with offers ignored.
 */
int vmbus_on_offer(const struct hvb_offer *offer);
int vmbus_on_rescind(u32 relid);
int vmbus_devq_settle(void);
void vmbus_devq_flush(void);
void vmbus_channels_remove_all(void);
int vmbus_channels_suspend(void);
void vmbus_channels_resume_prepare(void);
bool vmbus_channels_all_resumed(void);
extern wait_queue_head_t vmbus_resume_wq;

/* chan.c, open.c: life cycle, open and close; more in chan_ops.h */
struct vmbus_chan *vmbus_chan_alloc(const struct hvb_offer *offer);
void vmbus_chan_free(struct vmbus_chan *chan);
void vmbus_chan_driver_gone(struct vmbus_channel *channel);
int vmbus_chan_event(struct vmbus_chan *chan, enum hvb_chan_event event,
		     unsigned int *actions);
void vmbus_chan_tasklet(unsigned long data);

/* ring.c: ring memory, locks and signalling around logic/ring_*.c */
int vmbus_ring_map(struct vmbus_chan *chan);
void vmbus_ring_unmap(struct vmbus_chan *chan);
void vmbus_chan_reject(struct vmbus_chan *chan, const char *why);

/* affinity.c: which CPU a channel interrupts */
void vmbus_affinity_assign(struct vmbus_chan *chan);
void vmbus_affinity_release(struct vmbus_chan *chan);
int vmbus_affinity_set(struct vmbus_chan *chan, unsigned int cpu);
bool vmbus_cpu_usable(unsigned int cpu);
void vmbus_affinity_cpu_online(unsigned int cpu);
int vmbus_affinity_cpu_offline(unsigned int cpu);

/*
 * bus.c, device.c: driver core
 *
 * vmbus_device_alloc() takes a reference on the primary channel and publishes
 * itself in ch.device_obj; both are undone when the device's last reference
 * goes. vmbus_device_register() names and adds the device, with the directory
 * "channels" and the primary's entry in it before any driver is asked; when it
 * fails the device is gone (ch.device_obj is NULL) and only the channel is
 * left to the caller. vmbus_device_unregister() (exported) removes
 * driver, device and the primary's sysfs entry; it sends nothing to the host,
 * so the caller releases the relid afterwards and keeps a reference of its own
 * on the channel until then.
 */
extern const struct bus_type vmbus_bus_type;
extern struct device *vmbus_root_device;
extern struct notifier_block vmbus_device_nb;
int vmbus_bus_register(void);
void vmbus_bus_unregister(void);
struct hv_device *vmbus_device_alloc(struct vmbus_chan *primary);
int vmbus_device_register(struct hv_device *dev);
void vmbus_device_unregister(struct hv_device *device_obj);

/*
 * sysfs_chan.c, sysfs_dev.c
 *
 * chan.c does kobject_init(&chan->ch.kobj, &vmbus_chan_ktype) when it makes a
 * channel; the last kobject_put() ends in vmbus_chan_free() of chan.c.
 * vmbus_chan_sysfs_add() gives a channel its directory channels/<relid> (only
 * sub-channels need the call, device.c does it for primaries);
 * vmbus_chan_sysfs_del() takes it away, is idempotent, and waits for readers.
 */
extern const struct kobj_type vmbus_chan_ktype;
extern const struct attribute_group *vmbus_dev_groups[];
int vmbus_chan_sysfs_add(struct hv_device *dev, struct vmbus_chan *chan);
void vmbus_chan_sysfs_del(struct vmbus_chan *chan);
int hv_create_ring_sysfs(struct vmbus_channel *channel,
			 int (*mmap)(struct vmbus_channel *channel,
				     struct vm_area_struct *vma));
int hv_remove_ring_sysfs(struct vmbus_channel *channel);
int vmbus_monitor_pending(struct vmbus_channel *ch, unsigned int page,
			  u32 *val);
int vmbus_monitor_latency(struct vmbus_channel *ch, unsigned int page,
			  u32 *val);
int vmbus_monitor_conn_id(struct vmbus_channel *ch, unsigned int page,
			  u32 *val);

/* mmio.c: address space for the MMIO of VMBus devices */
int vmbus_mmio_add(resource_size_t start, resource_size_t end);
bool vmbus_mmio_empty(void);
void vmbus_mmio_reserve_fb(void);
void vmbus_mmio_exit(void);

/* debugfs.c */
void vmbus_debug_init(void);
void vmbus_debug_exit(void);
void vmbus_debug_add_device(struct hv_device *dev);
void vmbus_debug_remove_device(struct hv_device *dev);
#ifdef CONFIG_HYPERV_TESTING
void vmbus_debug_delay_interrupt(struct vmbus_channel *ch);
void vmbus_debug_delay_message(struct vmbus_channel *ch);
#else
static inline void vmbus_debug_delay_interrupt(struct vmbus_channel *ch) {}
static inline void vmbus_debug_delay_message(struct vmbus_channel *ch) {}
#endif

#endif /* _HV_VMBUS_VMBUS_H */
