/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files that handle channels share among themselves (offer.c, chan.c,
 * open.c, gpadl.c, ring.c, packet.c, txid.c, affinity.c). What the rest of the
 * core may use is in vmbus.h.
 *
 * An operation is what a driver, or the bus in its place, wants of a channel:
 * open, close, modify. It holds op_lock of the channel from start to end, runs
 * in process context and waits for the host. In between, a rescind may change
 * the state of the channel at any time; it takes no op_lock, so an operation
 * acts on what vmbus_chan_event() tells it and on nothing that it knew before.
 *
 * Removing a channel from sysfs waits for those who write to its attributes,
 * which may want op_lock: it is never done under op_lock. A release is hence
 * two steps, vmbus_chan_release_begin() under op_lock and _finish() after it.
 */
#ifndef _HV_VMBUS_CHAN_OPS_H
#define _HV_VMBUS_CHAN_OPS_H

#include <linux/types.h>

#include "vmbus.h"

struct hvb_gpadl_layout;

/* Bits of vmbus_chan.poison_told; the last one comes with one of the others. */
#define VMBUS_POISON_TX		0
#define VMBUS_POISON_RX		1
#define VMBUS_CB_DROPPED	2

/* offer.c */
void vmbus_chan_queue_remove(struct vmbus_chan *chan);
void vmbus_chan_unlink(struct vmbus_chan *chan);
void vmbus_chan_settled(struct vmbus_chan *chan);

/* chan.c */
void vmbus_chan_set_offer(struct vmbus_chan *chan,
			  const struct hvb_offer *offer);
int vmbus_chan_arm_cb(struct vmbus_chan *chan, void (*cb)(void *), void *ctx);
void vmbus_chan_disarm_cb(struct vmbus_chan *chan);
void vmbus_chan_drop_cb(struct vmbus_chan *chan);
void vmbus_chan_quiesce(struct vmbus_chan *chan);
void vmbus_chan_last_call(struct vmbus_chan *chan);
void vmbus_chan_take_away(struct vmbus_chan *chan, unsigned int actions);
enum hvb_chan_state vmbus_chan_state(struct vmbus_chan *chan);
bool vmbus_chan_host_gone(struct vmbus_chan *chan);
bool vmbus_chan_relid_offered(u32 relid);
void vmbus_chan_refuse(u32 relid);
int vmbus_chan_never_seen(u32 relid);
unsigned int vmbus_chan_release_begin(struct vmbus_chan *chan);
void vmbus_chan_release_finish(struct vmbus_chan *chan, unsigned int actions);
void vmbus_chan_release(struct vmbus_chan *chan);

/* open.c */
int vmbus_chan_close(struct vmbus_chan *chan);
int vmbus_chan_modify(struct vmbus_chan *chan, u32 target_vp);

/* gpadl.c */
u32 vmbus_gpadl_next_handle(void);
int vmbus_gpadl_share(struct vmbus_chan *chan, void *buf, u32 size,
		      struct vmbus_gpadl *gpadl);
int vmbus_gpadl_unshare(struct vmbus_gpadl *gpadl);
int vmbus_gpadl_announce(struct vmbus_chan *chan, void *buf,
			 const struct hvb_gpadl_layout *lay, u32 handle);
int vmbus_gpadl_revoke(struct vmbus_chan *chan, u32 handle);

/* ring.c */
void vmbus_ring_init(struct vmbus_chan *chan);
void vmbus_ring_poisoned(struct vmbus_chan *chan, unsigned int which);

/* txid.c */
int vmbus_txids_alloc(struct vmbus_chan *chan);
void vmbus_txids_free(struct vmbus_chan *chan);

/* affinity.c */
void vmbus_affinity_exit(void);

#endif /* _HV_VMBUS_CHAN_OPS_H */
