/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hyper-V virtual storage driver: SCSI, accelerated IDE and Fibre Channel.
 *
 * A storage adapter is a VMBus device with one channel, the primary, and, if
 * the host has them, sub-channels. SCSI commands go out on any of them; all
 * else (handshake, bus reset, notices) uses the primary. The layers:
 *
 *	wire/	messages: bytes to checked values and back
 *	logic/	handshake, slots, decisions, choice of the channel, limits
 *	*.c	glue: VMBus, the SCSI layer, workers
 *
 * Vocabulary.
 *   queue	a hardware queue of the block layer: where commands come from.
 *		There is one per CPU.
 *   channel	where commands go to. Each interrupts one CPU.
 *   map	which channel a CPU sends on; there is none while the adapter
 *		takes no commands.
 *   slot	what is known of one tag of one queue: whether its command is in
 *		flight, on which channel, and for which use of the tag.
 *   reader	whoever takes packets out of a channel's ring, one at a time.
 *   polled	a queue whose submitters look for completions themselves, and
 *		the channel that is set aside for it.
 *
 * Life of a command. stv_queuecommand() maps its data for DMA, picks the
 * channel of its CPU, and writes the packet, page list included, straight into
 * the ring. Its slot is armed last: from then on a completion may come, and
 * the submitter doesn't touch the command any more. The reader of that channel,
 * and nobody else, accepts the completion (logic/slot.h), unmaps the data and
 * tells the SCSI layer. When the channels have been closed, those commands that
 * are still in flight are taken back by stv_flush_slots(). So each command is
 * unmapped and completed once, by either.
 *
 * Who reads. The host's interrupt reads, up to a budget; what is left goes to a
 * worker in softirq context with the channel's interrupts masked. On
 * PREEMPT_RT both run in threads. Where completions mean copying (swiotlb), all
 * of it goes to the worker. A polled channel is read by whoever polls its
 * queue; the host is told not to interrupt for as long as somebody does.
 * stv_chan.reading sees to it that there is one reader, see complete.c.
 *
 * Batches. The block layer says which command of a batch is the last one; the
 * others are written, but not shown to the host (include/linux/hyperv/send.h).
 *
 * Who owns what.
 *   stv_queue	its tags' submitters; slots are owned by turns, see logic/slot.h
 *   stv_chan	its reader; made when the channel is first opened, and kept as
 *		long as the adapter, so that a stale pointer does no harm
 *   stv_lun	the SCSI device it hangs on
 *   stv_dev	the binding of the driver to the adapter; part of the Scsi_Host
 *
 * Nothing that a command or its completion writes is shared between queues or
 * channels, and neither of them allocates memory, besides what the DMA layer
 * does in a confidential VM.
 *
 * States. An adapter is up while it has a map. stv_disconnect() takes the map
 * away, waits for submitters, closes the channels and takes commands back; for
 * a while (hibernation, recovery: commands are told to wait) or for good
 * (commands fail). Whoever connects or disconnects holds conn_lock. The memory
 * of the primary's rings is kept for as long as there may be a next time, when
 * there may be no other.
 *
 * Workers. Events of the host (devices come and go, change) run on an ordered
 * queue of the adapter; they are bits, so a flood of notices is one scan.
 * Recovery, and the care for channels that nobody polls any more, have a queue
 * with a rescuer: the writing back of memory may depend on them.
 *
 * Lock order: reset_lock > conn_lock > open_lock > map_lock. The VMBus core
 * calls back with locks of its own held: one of them comes before open_lock
 * (sub-channels), another before map_lock (channels that move), and neither is
 * taken by the core's functions that are called under those. stv_own_req.lock,
 * wwn_lock and the ring locks are leaves, taken with interrupts off.
 *
 * Sources: wire/vstor.h.
 */
#ifndef _HV_STORVSC_H
#define _HV_STORVSC_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/completion.h>
#include <linux/hyperv.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "logic/chan_map.h"
#include "logic/decide.h"
#include "logic/handshake.h"
#include "logic/limits.h"
#include "logic/slot.h"
#include "wire/vstor.h"

struct dentry;
struct fc_rport;
struct scsi_cmnd;
struct scsi_device;
struct scsi_host_template;
struct Scsi_Host;

/* Seconds: limit of a command before the block layer asks, of any answer. */
#define STV_TIMEOUT		180

/*
 * Room for the longest packet of a host, and more: one that is longer costs the
 * channel.
 */
#define STV_RX_SIZE		256

/**
 * struct stv_tag - one tag of a queue
 * @slot: see logic/slot.h
 * @cmd: the command; means something while the slot is in flight
 */
struct stv_tag {
	struct stv_slot slot;
	struct scsi_cmnd *cmd;
};

/**
 * struct stv_queue - a hardware queue
 * @tags: its tags
 * @held: channel with packets of this queue that the host wasn't shown yet
 * @moved: commands that their channel did not take, full or taken away as it
 *	was, and that were tried on another one
 * @full: commands that were not sent then, neither there nor there
 *
 * Statistics are not exact: several CPUs may use a queue.
 */
struct stv_queue {
	struct stv_tag *tags;
	struct vmbus_channel *held;
	unsigned long moved;
	unsigned long full;
} ____cacheline_aligned_in_smp;

/**
 * struct stv_chan - a channel
 * @vch: the VMBus channel
 * @dev: its adapter
 * @index: 0 for the primary, else the index of the sub-channel
 * @up: it takes commands; map_lock
 * @stopped: @work is disabled
 * @reading: who reads, see complete.c
 * @polled: its interrupts are off, because somebody polls; the reader's
 * @polled_at: when somebody did last, in jiffies
 * @work: reads what the interrupt has left
 * @done: commands completed
 * @deferred: times that the interrupt left something to @work
 * @overlong: of those in @done, how many claimed more data than there was
 * @rejects: packets that were not accepted, by reason
 */
struct stv_chan {
	struct vmbus_channel *vch;
	struct stv_dev *dev;
	u32 index;
	bool up;
	bool stopped;

	/* submitters don't look at what readers and pollers write */
	atomic_t reading ____cacheline_aligned_in_smp;
	bool polled;
	unsigned long polled_at;
	struct work_struct work;
	unsigned long done;
	unsigned long deferred;
	unsigned long overlong;
	unsigned long rejects[STV_REJECTS];
};

/**
 * struct stv_own_req - a request of the driver itself
 * @lock: guards all of it
 * @slot: is there a request out
 * @done: completed by the answer, or when it is aborted
 * @aborted: the channel was closed before the answer came
 * @reply: private copy of the answer
 * @len: bytes of @reply
 */
struct stv_own_req {
	spinlock_t lock;	/* all of it */
	struct stv_slot slot;
	struct completion done;
	bool aborted;
	u8 reply[STV_PKT_LEN];
	u32 len;
};

/**
 * struct stv_lun - what hangs on a SCSI device
 * @tmpl: template of its commands
 * @todo: STV_LUN_ bits: what the event worker is to do about it
 */
struct stv_lun {
	struct stv_tmpl tmpl;
	unsigned long todo;
};

/* Bits of stv_lun.todo. */
#define STV_LUN_RESCAN		0
#define STV_LUN_REMOVE		1

/* Bits of stv_dev.events. */
#define STV_EVENT_BUS		0
#define STV_EVENT_LUNS		1
#define STV_EVENT_WWN		2

/**
 * struct stv_dev - an adapter
 * @map: which channel a CPU sends on, %NULL while no commands are taken; RCU,
 *	written under map_lock
 * @queue: hardware queues
 * @chan: channels, by index; what is not %NULL stays
 * @nr_queues: number of @queue
 * @poll_queue: the first of them that is polled; %U32_MAX if none is
 * @poll_chan: the channel of that one, the next one's is the next; 0 if the
 *	channels that were set aside aren't there (any more)
 * @nr_tags: tags of each of them
 * @port: number of the SCSI host, for the host's information
 * @lowater: percentage of a ring that is to stay free when there is a choice
 * @is_fc: Fibre Channel
 * @filter: the host is one that must not see certain commands
 * @gone: no commands will be taken any more
 * @kind: sort of adapter
 * @hdev: VMBus device
 * @shost: SCSI host
 * @params: what was negotiated
 * @nr_chans: number of @chan
 * @map_lock: guards @map, @up, and that of channels
 * @up: commands are taken
 * @conn_lock: serialises connecting and disconnecting
 * @connected: stv_connect() was the last of the two
 * @open_lock: held while a sub-channel is opened
 * @joining: sub-channels may be opened; open_lock
 * @reset_lock: one bus reset at a time
 * @own: requests of the driver, by &enum stv_own
 * @events: STV_EVENT_ bits: what the event worker is to do
 * @event_work: does it
 * @event_wq: where it does it
 * @wwn_lock: guards @wwn
 * @wwn: newest Fibre Channel names
 * @recover_work: closes and opens the channels again
 * @recoveries: how often that was done
 * @recovered: how often of late
 * @watchdog: takes commands back from a mute host, see stv_watch()
 * @watched: commands that were completed when it looked last
 * @deadline: when it will have waited long enough, in jiffies
 * @unpoll: turns the interrupts of channels on again that nobody polls any more
 * @rport: Fibre Channel remote port
 * @debugfs: file in debugfs
 */
struct stv_dev {
	/* read by every command */
	struct stv_map __rcu *map;
	struct stv_queue *queue;
	struct stv_chan **chan;
	u32 nr_queues;
	u32 poll_queue;
	u32 poll_chan;
	u32 nr_tags;
	u32 port;
	u32 lowater;
	bool is_fc;
	bool filter;
	bool gone;

	enum stv_dev_kind kind;
	struct hv_device *hdev;
	struct Scsi_Host *shost;
	struct stv_params params;
	u32 nr_chans;

	struct mutex map_lock;	/* map, up, stv_chan.up */
	bool up;
	struct mutex conn_lock;	/* connecting, disconnecting */
	bool connected;
	struct mutex open_lock;	/* joining, opening sub-channels */
	bool joining;
	struct mutex reset_lock;	/* STV_OWN_RESET */
	struct stv_own_req own[STV_OWN_RESET + 1];

	unsigned long events;
	struct work_struct event_work;
	struct workqueue_struct *event_wq;
	spinlock_t wwn_lock;	/* wwn */
	struct stv_wwn wwn;

	struct work_struct recover_work;
	unsigned long recoveries;
	struct stv_recovered recovered;
	struct delayed_work watchdog;
	unsigned long watched;
	unsigned long deadline;
	struct delayed_work unpoll;

	struct fc_rport *rport;
	struct dentry *debugfs;
};

/* Parameters: params.c */
extern int stv_logging_level;
extern int stv_vcpus_per_sub_channel;
extern int stv_ring_avail_percent_lowater;
extern unsigned int stv_max_hw_queues;
u32 stv_ring_size(void);

/* host.c */
extern struct workqueue_struct *stv_recover_wq;

/* connect.c: handshake, requests of the driver, opening and closing */
int stv_ask(struct stv_dev *dev, enum stv_own which, void *msg,
	    struct hv_view *reply, unsigned int seconds);
int stv_connect(struct stv_dev *dev);
void stv_disconnect(struct stv_dev *dev, int host_byte);
bool stv_rescinded(const struct stv_dev *dev);
void stv_chans_free(struct stv_dev *dev);

/* map.c */
int stv_map_update(struct stv_dev *dev);
void stv_map_clear(struct stv_dev *dev);
void stv_retarget(struct vmbus_channel *vch, u32 old, u32 new);

/* io.c */
int stv_queues_alloc(struct stv_dev *dev, u32 nr_queues, u32 nr_tags);
void stv_queues_free(struct stv_dev *dev);
int stv_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *cmd);
void stv_commit(struct Scsi_Host *shost, u16 queue);

/* complete.c */
void stv_chan_reset(struct stv_chan *sc);
void stv_chan_interrupt(void *context);
void stv_chan_interrupt_copying(void *context);
void stv_chan_work(struct work_struct *work);
void stv_reject(struct stv_chan *sc, enum stv_reject why);
void stv_chan_kick(struct stv_chan *sc);
int stv_mq_poll(struct Scsi_Host *shost, unsigned int queue);
void stv_unpoll_work(struct work_struct *work);
unsigned int stv_flush_slots(struct stv_dev *dev, int host_byte);
unsigned int stv_in_flight(struct stv_dev *dev);

/* events.c */
void stv_event(struct stv_dev *dev, unsigned int event);
void stv_events_missed(struct stv_dev *dev);
void stv_event_lun(struct scsi_device *sdev, enum stv_action action);
void stv_scan_bus(struct stv_dev *dev);
void stv_event_work(struct work_struct *work);

/* eh.c */
enum scsi_timeout_action stv_timed_out(struct scsi_cmnd *cmd);
int stv_host_reset(struct scsi_cmnd *cmd);
bool stv_drain(struct stv_dev *dev, unsigned int seconds);
void stv_give_up(struct stv_dev *dev);
void stv_recover_work(struct work_struct *work);
void stv_watch(struct stv_dev *dev);
void stv_watchdog_work(struct work_struct *work);

/* fc.c */
#if IS_ENABLED(CONFIG_SCSI_FC_ATTRS)
int stv_fc_init(void);
void stv_fc_exit(void);
void stv_fc_prepare(struct stv_dev *dev);
void stv_fc_names(struct stv_dev *dev);
int stv_fc_add(struct stv_dev *dev);
void stv_fc_remove(struct stv_dev *dev);
#else
static inline int stv_fc_init(void) { return 0; }
static inline void stv_fc_exit(void) {}
static inline void stv_fc_prepare(struct stv_dev *dev) {}
static inline void stv_fc_names(struct stv_dev *dev) {}
static inline int stv_fc_add(struct stv_dev *dev) { return 0; }
static inline void stv_fc_remove(struct stv_dev *dev) {}
#endif

/* debugfs.c */
#ifdef CONFIG_DEBUG_FS
void stv_debugfs_init(void);
void stv_debugfs_exit(void);
void stv_debugfs_add(struct stv_dev *dev);
void stv_debugfs_remove(struct stv_dev *dev);
#else
static inline void stv_debugfs_init(void) {}
static inline void stv_debugfs_exit(void) {}
static inline void stv_debugfs_add(struct stv_dev *dev) {}
static inline void stv_debugfs_remove(struct stv_dev *dev) {}
#endif

#endif /* _HV_STORVSC_H */
