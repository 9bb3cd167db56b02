/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Life cycle of a channel.
 *
 * All of it is one pure function, hvb_chan_event(): state and event in, state
 * and actions out. The caller serialises the calls for a channel with a lock,
 * stores the next state under it, and then carries out the actions, in the
 * order of their bits, outside it where they sleep.
 *
 * Who is who. The host offers a channel and may rescind it at any moment. The
 * driver opens and closes it. The bus publishes it (makes it visible to
 * drivers) and releases it once nobody uses it. Waiting for the host is the
 * caller's business; each wait of an open or close ends with an event, reported
 * by who waited: the answer, TIMEOUT, or ABORTED when the CANCEL action of a
 * rescind woke it. What comes next is in the state and the actions, not in the
 * event: an answer that crossed a rescind leads to RESC_CLOSED, say, and the
 * open has failed.
 *
 * Three facts are functions of the state:
 * - The host may map the ring memory from the moment the GPADL is announced
 *   until its teardown is acknowledged or the channel is rescinded. The memory
 *   is the guest's again with the action FREE_RING; if the host falls silent
 *   the action is LEAK_RING instead, and the channel is STUCK: it can't be
 *   opened again.
 * - The relid is the guest's to release from the offer on until the connection
 *   is gone. RELID_RELEASED is sent exactly once per offer, as the last message
 *   about it: on the way to DEAD.
 * - Drivers see the channel as rescinded (hvb_chan_rescinded()).
 *
 * Suspending to disk ends the connection: closed primaries wait in SUSPENDED
 * for their next offer; sockets, which do not survive, are dropped by the
 * guest itself (DROP), which looks like a rescind to the driver, although the
 * host still maps the rings and goes on answering; GONE is the same after the
 * connection has ended.
 */
#ifndef _HV_VMBUS_LOGIC_CHAN_H
#define _HV_VMBUS_LOGIC_CHAN_H

#include <linux/types.h>

#include "../wire/offer.h"

/**
 * enum hvb_chan_state - where a channel is in its life
 * @HVB_CH_NEW: offered, not yet visible to drivers
 * @HVB_CH_CLOSED: visible, not open
 * @HVB_CH_GPADL: being opened: the ring GPADL was announced
 * @HVB_CH_OPENING: being opened: OPENCHANNEL was sent
 * @HVB_CH_OPEN: open
 * @HVB_CH_MODIFY: open, MODIFYCHANNEL was sent; stays so until the host answers
 * @HVB_CH_CLOSING: ring GPADL teardown was sent (after CLOSECHANNEL if it had
 *	been open)
 * @HVB_CH_STUCK: the host did not answer in time; ring leaked, not open
 * @HVB_CH_RESC_OPENING: rescinded while an open waits; it will notice
 * @HVB_CH_RESC_OPEN: rescinded while open; the driver has yet to close
 * @HVB_CH_RESC_CLOSING: rescinded while a close waits; it will notice
 * @HVB_CH_RESC_CLOSED: rescinded, not open; to be released
 * @HVB_CH_DROP_OPEN: dropped by the guest while open; the driver has yet to
 *	close
 * @HVB_CH_DROP_CLOSING: dropped by the guest, teardown was sent
 * @HVB_CH_DROP_CLOSED: dropped by the guest, not open; to be released
 * @HVB_CH_SUSPENDED: the connection ended; a new offer is expected
 * @HVB_CH_GONE_OPEN: rescinded or dropped, then the connection ended; the
 *	driver has yet to close
 * @HVB_CH_GONE_CLOSED: likewise, not open; to be released
 * @HVB_CH_DEAD: released; only memory is left
 * @HVB_CH_STATES: number of states
 */
enum hvb_chan_state {
	HVB_CH_NEW = 0,
	HVB_CH_CLOSED,
	HVB_CH_GPADL,
	HVB_CH_OPENING,
	HVB_CH_OPEN,
	HVB_CH_MODIFY,
	HVB_CH_CLOSING,
	HVB_CH_STUCK,
	HVB_CH_RESC_OPENING,
	HVB_CH_RESC_OPEN,
	HVB_CH_RESC_CLOSING,
	HVB_CH_RESC_CLOSED,
	HVB_CH_DROP_OPEN,
	HVB_CH_DROP_CLOSING,
	HVB_CH_DROP_CLOSED,
	HVB_CH_SUSPENDED,
	HVB_CH_GONE_OPEN,
	HVB_CH_GONE_CLOSED,
	HVB_CH_DEAD,
	HVB_CH_STATES
};

/**
 * enum hvb_chan_event - what happens to a channel
 * @HVB_EV_PUBLISH: bus: about to make it visible to drivers (who may open it
 *	before that call returns)
 * @HVB_EV_ADD_FAILED: bus: making it visible failed; no driver uses it
 * @HVB_EV_OPEN_REQ: driver: open; the ring memory is ready
 * @HVB_EV_GPADL_OK: host: GPADL_CREATED, status 0
 * @HVB_EV_GPADL_FAIL: host: GPADL_CREATED, another status
 * @HVB_EV_OPEN_OK: host: OPENCHANNEL_RESULT, status 0
 * @HVB_EV_OPEN_FAIL: host: OPENCHANNEL_RESULT, another status
 * @HVB_EV_CLOSE_REQ: driver: close
 * @HVB_EV_TORNDOWN: host: GPADL_TORNDOWN for the ring
 * @HVB_EV_MODIFY_REQ: bus: interrupt another CPU (versions that answer it)
 * @HVB_EV_MODIFY_DONE: host: MODIFYCHANNEL_RESPONSE, any status, waited for or
 *	not; or it could not be posted. Nothing else is reported about it: after
 *	a timeout the host may not be asked again until it has answered
 * @HVB_EV_POST_FAIL: open or close: a message that the last actions asked for
 *	could not be posted (completely)
 * @HVB_EV_TIMEOUT: open or close: no answer
 * @HVB_EV_ABORTED: open or close: the wait was ended by %HVB_DO_CANCEL, or
 *	because the connection is lost
 * @HVB_EV_RESCIND: host: RESCIND_CHANNELOFFER
 * @HVB_EV_DROP: bus: take the channel away from its driver without the host's
 *	asking (sockets on suspend)
 * @HVB_EV_RELEASE: bus: device or sub-channel removed, nobody uses it any more
 * @HVB_EV_SUSPEND: bus: the connection is about to end (UNLOAD)
 * @HVB_EV_REOFFER: host: OFFERCHANNEL for the instance of this primary
 * @HVB_EVENTS: number of events
 */
enum hvb_chan_event {
	HVB_EV_PUBLISH = 0,
	HVB_EV_ADD_FAILED,
	HVB_EV_OPEN_REQ,
	HVB_EV_GPADL_OK,
	HVB_EV_GPADL_FAIL,
	HVB_EV_OPEN_OK,
	HVB_EV_OPEN_FAIL,
	HVB_EV_CLOSE_REQ,
	HVB_EV_TORNDOWN,
	HVB_EV_MODIFY_REQ,
	HVB_EV_MODIFY_DONE,
	HVB_EV_POST_FAIL,
	HVB_EV_TIMEOUT,
	HVB_EV_ABORTED,
	HVB_EV_RESCIND,
	HVB_EV_DROP,
	HVB_EV_RELEASE,
	HVB_EV_SUSPEND,
	HVB_EV_REOFFER,
	HVB_EVENTS
};

/**
 * enum hvb_chan_action - what a transition asks the caller to do, in this order
 * @HVB_DO_STOP_CB: no channel callback may run from now on
 * @HVB_DO_CANCEL: wake whoever waits for an answer about this channel
 * @HVB_DO_SEND_GPADL: announce the ring memory, wait for GPADL_CREATED
 * @HVB_DO_SEND_OPEN: send OPENCHANNEL, wait for the result
 * @HVB_DO_SEND_MODIFY: send MODIFYCHANNEL, wait for the response
 * @HVB_DO_SEND_CLOSE: send CLOSECHANNEL (has no answer)
 * @HVB_DO_TEARDOWN: send GPADL_TEARDOWN for the ring, wait for GPADL_TORNDOWN
 * @HVB_DO_FREE_RING: the host does not map the ring any more: re-encrypt it,
 *	then free or reuse it
 * @HVB_DO_LEAK_RING: the host may still map the ring: forget the memory and
 *	say so
 * @HVB_DO_MAP: enter the relid of the new offer into the map
 * @HVB_DO_UNMAP: take the relid out of the map: no more interrupts and
 *	messages find the channel
 * @HVB_DO_RELID_RELEASED: send RELID_RELEASED (has no answer)
 * @HVB_DO_REMOVE: queue the removal of the device or sub-channel, behind its
 *	publishing; ends in %HVB_EV_RELEASE
 * @HVB_DO_FREE: give back the reference that the offer held
 */
enum hvb_chan_action {
	HVB_DO_STOP_CB = 1 << 0,
	HVB_DO_CANCEL = 1 << 1,
	HVB_DO_SEND_GPADL = 1 << 2,
	HVB_DO_SEND_OPEN = 1 << 3,
	HVB_DO_SEND_MODIFY = 1 << 4,
	HVB_DO_SEND_CLOSE = 1 << 5,
	HVB_DO_TEARDOWN = 1 << 6,
	HVB_DO_FREE_RING = 1 << 7,
	HVB_DO_LEAK_RING = 1 << 8,
	HVB_DO_MAP = 1 << 9,
	HVB_DO_UNMAP = 1 << 10,
	HVB_DO_RELID_RELEASED = 1 << 11,
	HVB_DO_REMOVE = 1 << 12,
	HVB_DO_FREE = 1 << 13,
};

int hvb_chan_event(enum hvb_chan_state state, enum hvb_chan_event event,
		   enum hvb_chan_state *next, unsigned int *actions);

/* enum vmbus_channel_state of linux/hyperv.h, which drivers and sysfs see. */
#define HVB_LEGACY_OFFER	0
#define HVB_LEGACY_OPENING	1
#define HVB_LEGACY_OPEN		2	/* offered and closed */
#define HVB_LEGACY_OPENED	3

int hvb_chan_legacy_state(enum hvb_chan_state state);
bool hvb_chan_is_open(enum hvb_chan_state state);
bool hvb_chan_host_let_go(enum hvb_chan_state state);
bool hvb_chan_rescinded(enum hvb_chan_state state);
const char *hvb_chan_state_name(enum hvb_chan_state state);

/**
 * struct hvb_relids - relids that were given back without having been asked for
 * @refused: a bit for each: its last offer was refused, or its channel was
 *	released before it was rescinded
 *
 * A rescind may come for a relid that no channel has. If its offer was lost, or
 * could not be read, the host waits for RELID_RELEASED. Else the rescind has
 * crossed that message, and a second one could hit the next offer.
 */
struct hvb_relids {
	u8 refused[HVB_RELID_LIMIT / 8];
};

void hvb_relids_init(struct hvb_relids *relids);
void hvb_relids_offered(struct hvb_relids *relids, u32 relid);
void hvb_relids_refused(struct hvb_relids *relids, u32 relid);
bool hvb_relids_rescinded(struct hvb_relids *relids, u32 relid);

#endif /* _HV_VMBUS_LOGIC_CHAN_H */
