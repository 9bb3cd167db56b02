/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hyper-V dynamic memory driver.
 *
 * The host's dynamic memory service balances memory between guests: it takes
 * pages from one (balloon up), gives them back (balloon down) or adds memory
 * that was not there at boot (hot add), and goes by the status reports that
 * each guest sends.  The layers:
 *
 *	wire/	messages: bytes to checked values and back
 *	logic/	handshake, gating, accounting, hot add bookkeeping
 *	*.c	glue: channel, page allocator, memory hotplug, reclaim
 *
 * Who runs what.  There is one worker for the channel and all requests, the
 * service: it runs one bounded step, queues itself again and thereby never
 * runs twice at a time.  It either has a request in progress and runs a step
 * of that, or it reads one packet.  So requests are dealt with in the order in
 * which they came, the ring is the only queue there is, and a host that sends
 * too much fills its own ring and waits.  The channel callback masks the
 * channel and queues the service, no more.  Hot add runs in a worker of its
 * own that takes over from the service and hands back to it, as adding memory
 * may not run in a worker that memory reclaim depends on.  Status reports have
 * a third worker and go on whatever the host asks for.
 *
 * Who owns what.  struct hvdm_dev belongs to one binding of the driver to the
 * device; fsm, up, down and rx_buf to whoever has the request in progress.
 * struct hvdm_mem lives as long as the module: what was done to memory isn't
 * undone when the driver lets go of the device.  The host is not known to put
 * memory back behind ballooned pages when the channel closes, so they stay
 * out of use; and hot added blocks go on needing someone to keep their
 * unbacked pages from going online.  While there are such pages the module
 * holds a reference to itself and can be unbound, but not unloaded.
 *
 * Locking.  hvdm_mem.lock guards the sets of pages that hot add keeps, and is
 * taken inside the memory hotplug locks (by the notifier and the callback that
 * puts pages online): add_memory() must not be called with it held.  The set
 * of ballooned pages is used by the service only.  Counters are atomic.
 *
 * Sources: Dynamic Memory protocol; TLFS 7.9 (cold discard hint).
 */
#ifndef _HV_BALLOON_H
#define _HV_BALLOON_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/hyperv.h>
#include <linux/mutex.h>
#include <linux/page_reporting.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/vm_event_item.h>
#include <linux/workqueue.h>

#include "logic/dm_account.h"
#include "logic/dm_fsm.h"
#include "logic/dm_regions.h"
#include "wire/dm.h"

struct shrinker;
struct page;

/* Room for any message that there is; a packet with more is dropped. */
#define HVDM_RX_SIZE		(2 * HV_HYP_PAGE_SIZE)

/* The largest message that is sent, other than a balloon response. */
#define HVDM_REPLY_MAX		64

/*
 * A full ring: time to the first attempt to send again, and how many times it
 * doubles; the longest time between two attempts; and the one, after some five
 * seconds, that is worth a line in the log.
 */
#define HVDM_RETRY_MS		20U
#define HVDM_RETRY_SHIFT	6U
#define HVDM_RETRY_MAX_MS	1000U
#define HVDM_RETRY_TELL		11U

/* A step that returns this has nothing left to do. */
#define HVDM_IDLE		(-1)

/**
 * enum hvdm_reject - why something from the host was dropped
 * @HVDM_REJ_LENGTH: message contradicts its length
 * @HVDM_REJ_RANGE: empty or impossible page range
 * @HVDM_REJ_TYPE: no host sends this
 * @HVDM_REJ_STATE: not now
 * @HVDM_REJ_VERSION: not in this version of the protocol
 * @HVDM_REJ_CAPS: the guest said that it can't do this
 * @HVDM_REJ_NOT_BALLOONED: pages that the host doesn't hold
 * @HVDM_REJ_OVERSIZE: packet larger than any message
 * @HVDM_REJ_CHANNEL: packet could not be received
 * @HVDM_REJECTS: number of reasons
 */
enum hvdm_reject {
	HVDM_REJ_LENGTH,
	HVDM_REJ_RANGE,
	HVDM_REJ_TYPE,
	HVDM_REJ_STATE,
	HVDM_REJ_VERSION,
	HVDM_REJ_CAPS,
	HVDM_REJ_NOT_BALLOONED,
	HVDM_REJ_OVERSIZE,
	HVDM_REJ_CHANNEL,
	HVDM_REJECTS,
};

/**
 * struct hvdm_stats - what debugfs shows besides the state
 * @received: messages that were accepted, by type
 * @rejected: things that were dropped, by reason
 * @ignored: requests that were ignored because of hibernation
 * @status_sent: status reports sent
 * @status_pressure: those of them that memory pressure brought forward
 * @send_errors: messages that could not be sent
 * @stall_events: tasks that were seen reclaiming memory for themselves
 * @kswapd_events: background reclaim that was seen
 * @look_events: looks at the kernel's counters that found reclaim
 * @online_timeouts: hot added blocks that nobody put online in time
 * @report_errors: cold discard hints that the hypervisor refused
 */
struct hvdm_stats {
	atomic_long_t received[HVDM_TYPES];
	atomic_long_t rejected[HVDM_REJECTS];
	atomic_long_t ignored;
	atomic_long_t status_sent;
	atomic_long_t status_pressure;
	atomic_long_t send_errors;
	atomic_long_t stall_events;
	atomic_long_t kswapd_events;
	atomic_long_t look_events;
	atomic_long_t online_timeouts;
	atomic_long_t report_errors;
};

/**
 * struct hvdm_up - a balloon up request in progress
 * @resp: the response that is being filled or sent
 * @left: pages that are still to be given
 * @partial: fewer will be given than the host asked for
 * @large: 2 MiB allocations still succeed
 * @filled: @resp waits to be sent
 * @tries: failed attempts to send it
 */
struct hvdm_up {
	struct hvdm_resp resp;
	u64 left;
	bool partial;
	bool large;
	bool filled;
	unsigned int tries;
};

/**
 * struct hvdm_claim - checks that the host holds all pages of a message
 * @all: ranges of the message
 * @rest: those of them that have not been begun
 * @range: the range in progress; @range.count is 0 between two ranges
 * @whole: ranges that have been checked
 * @part: pages of @range that have been
 */
struct hvdm_claim {
	struct hvdm_ranges all;
	struct hvdm_ranges rest;
	struct hvdm_range range;
	u32 whole;
	u32 part;
};

/**
 * struct hvdm_down - a balloon down request in progress
 * @claim: the check that comes before the first page is freed
 * @ranges: ranges of the message that have not been begun
 * @range: what is left of the range in progress
 * @claimed: the check is through
 * @busy: there are pages left to check or free
 * @more: the host will send another message
 */
struct hvdm_down {
	struct hvdm_claim claim;
	struct hvdm_ranges ranges;
	struct hvdm_range range;
	bool claimed;
	bool busy;
	bool more;
};

/**
 * struct hvdm_reply - the answer that ends a request
 * @len: length of the message; 0 if there is none
 * @tries: failed attempts to send it
 * @buf: the message
 */
struct hvdm_reply {
	u32 len;
	unsigned int tries;
	u8 buf[HVDM_REPLY_MAX];
};

/**
 * struct hvdm_dev - one binding of the driver to the device
 * @hdev: the VMBus device
 * @wq: runs @service and @status
 * @fsm: state of the protocol
 * @service: reads the channel and runs requests
 * @status: sends status reports
 * @hot_add: runs a hot add request
 * @report_off: turns page reporting off
 * @nego_event: an answer of the handshake was dealt with
 * @trans_id: last transaction id that was used
 * @running: the workers are enabled
 * @open: the channel is open
 * @empty_reads: times in a row that the ring wasn't empty but held no packet
 * @rx_buf: the packet that was received last, HVDM_RX_SIZE bytes
 * @tx_buf: balloon response, HVDM_MSG_MAX bytes
 * @up: balloon up in progress
 * @down: balloon down in progress
 * @reply: answer that waits to be sent
 * @caps: what was told to the host
 * @hot_add_on: hot add may be attempted
 * @host_flags: what the host answered to the capabilities
 * @max_pages: limit that the host told, 4 KiB pages
 * @pace: paces status reports, used by @status
 * @look: looks for memory reclaim, used by @status
 * @vm_events: the kernel's counters as @look found them
 * @pressure: memory pressure was seen since the last report
 * @shrinker: sees memory reclaim
 * @reporting: free page reporting; .report is NULL while it is off
 * @report_failures: hints refused in a row
 * @last_type: type of the last request
 * @last_pages: pages that it was about
 * @last_done: pages that were given, taken or added
 * @stats: counters
 */
struct hvdm_dev {
	struct hv_device *hdev;
	struct workqueue_struct *wq;
	struct hvdm_fsm fsm;

	struct delayed_work service;
	struct delayed_work status;
	struct delayed_work hot_add;
	struct work_struct report_off;

	struct completion nego_event;
	atomic_t trans_id;
	bool running;
	bool open;
	unsigned int empty_reads;
	u8 *rx_buf;
	u8 *tx_buf;

	struct hvdm_up up;
	struct hvdm_down down;
	struct hvdm_reply reply;

	struct hvdm_caps caps;
	bool hot_add_on;
	u64 host_flags;
	u64 max_pages;

	struct hvdm_pace pace;
	struct hvdm_look look;
	unsigned long vm_events[NR_VM_EVENT_ITEMS];
	atomic_t pressure;
	struct shrinker *shrinker;

	struct page_reporting_dev_info reporting;
	atomic_t report_failures;

	enum hvdm_type last_type;
	u64 last_pages;
	u64 last_done;
	struct hvdm_stats stats;
};

/**
 * struct hvdm_mem - what was done to the guest's memory
 * @lock: guards everything below but the counters
 * @dev: the device that is bound, or %NULL
 * @regions: hot added memory
 * @walk: hot add request in progress
 * @step: block that was added last
 * @walk_pages: pages that the request has dealt with
 * @walking: a hot add request is being dealt with
 * @wait_online: the request waits until @step's block is online
 * @wait_until: how long, in jiffies
 * @step_online: it is
 * @hooked: the memory notifier and the online callback are in place
 * @pinned: the module holds a reference to itself
 * @nr_ballooned: pages that the host holds
 * @nr_added: pages that were hot added
 * @nr_onlined: those of them that are online
 * @start_ms: when the driver was bound first; see pressure_report_delay
 */
struct hvdm_mem {
	/* Inside the memory hotplug locks. */
	struct mutex lock;
	struct hvdm_dev *dev;
	struct hvdm_regions regions;
	struct hvdm_walk walk;
	struct hvdm_step step;
	u64 walk_pages;
	bool walking;
	bool wait_online;
	unsigned long wait_until;
	bool step_online;
	bool hooked;
	bool pinned;
	atomic_long_t nr_ballooned;
	atomic_long_t nr_added;
	atomic_long_t nr_onlined;
	u64 start_ms;
};

extern struct hvdm_mem hvdm_mem;
extern uint hvdm_pressure_report_delay;

/* main.c */
void hvdm_mem_repin(void);

/* channel.c */
int hvdm_connect(struct hvdm_dev *dm);
void hvdm_disconnect(struct hvdm_dev *dm);
int hvdm_send(struct hvdm_dev *dm, const void *buf, u32 len);
u32 hvdm_next_id(struct hvdm_dev *dm);
void hvdm_reject(struct hvdm_dev *dm, enum hvdm_reject why);
int hvdm_retry_ms(struct hvdm_dev *dm, unsigned int *tries);
void hvdm_hot_add_reply(struct hvdm_dev *dm, u32 page_count);
void hvdm_service_work(struct work_struct *work);
const char *hvdm_reject_name(enum hvdm_reject why);

/* request.c */
void hvdm_up_begin(struct hvdm_dev *dm, u32 num_pages);
int hvdm_up_step(struct hvdm_dev *dm);
void hvdm_down_begin(struct hvdm_dev *dm, const struct hvdm_msg *msg);
int hvdm_down_step(struct hvdm_dev *dm);
void hvdm_request_abort(struct hvdm_dev *dm);

/* pages.c */
int hvdm_pages_take(struct page *page, unsigned int order);
void hvdm_claim_begin(struct hvdm_claim *claim,
		      const struct hvdm_ranges *ranges);
int hvdm_claim_step(struct hvdm_claim *claim, u32 budget);
void hvdm_pages_release(u64 start, u32 count);
bool hvdm_pages_drop_all(void);

/* status.c */
void hvdm_status_work(struct work_struct *work);
void hvdm_status_now(struct hvdm_dev *dm);
u64 hvdm_status_committed(void);
int hvdm_pressure_start(struct hvdm_dev *dm);
void hvdm_pressure_stop(struct hvdm_dev *dm);

/* report.c */
void hvdm_reporting_start(struct hvdm_dev *dm);
void hvdm_reporting_stop(struct hvdm_dev *dm);
void hvdm_reporting_off_work(struct work_struct *work);

/* debugfs.c */
#ifdef CONFIG_DEBUG_FS
void hvdm_debugfs_add(struct hvdm_dev *dm);
void hvdm_debugfs_remove(void);
#else
static inline void hvdm_debugfs_add(struct hvdm_dev *dm) {}
static inline void hvdm_debugfs_remove(void) {}
#endif

/* hotadd.c */
#ifdef CONFIG_MEMORY_HOTPLUG
int hvdm_hot_add_hook(void);
void hvdm_hot_add_unhook(void);
u64 hvdm_hot_add_block(void);
int hvdm_hot_add_begin(struct hvdm_dev *dm, const struct hvdm_msg *msg);
void hvdm_hot_add_work(struct work_struct *work);
#else
static inline int hvdm_hot_add_hook(void)
{
	return -EOPNOTSUPP;
}

static inline void hvdm_hot_add_unhook(void)
{
}

/* Only told to the host; this is what a small x86 guest would say. */
static inline u64 hvdm_hot_add_block(void)
{
	return SZ_128M >> PAGE_SHIFT;
}

static inline int hvdm_hot_add_begin(struct hvdm_dev *dm,
				     const struct hvdm_msg *msg)
{
	return -EOPNOTSUPP;
}

static inline void hvdm_hot_add_work(struct work_struct *work)
{
}
#endif

#endif /* _HV_BALLOON_H */
