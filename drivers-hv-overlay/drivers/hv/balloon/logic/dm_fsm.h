/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dynamic memory service: which message is welcome when.
 *
 * The guest works on one request at a time.  While it does, it reads nothing
 * from the channel, so the host's next request waits in the ring; only a
 * balloon down can be interrupted by messages, since the host may split it
 * over several of them.  If the rest of it never comes, be it that the host was
 * started anew or that we had to drop it, then the next request ends it.
 */
#ifndef _HV_BALLOON_LOGIC_DM_FSM_H
#define _HV_BALLOON_LOGIC_DM_FSM_H

#include <linux/types.h>

#include "../wire/dm.h"
#include "dm_version.h"

/**
 * enum hvdm_state - state of the service; the numbers are visible in debugfs
 * @HVDM_S_INITIALIZING: handshake
 * @HVDM_S_INITIALIZED: ready for a request
 * @HVDM_S_BALLOON_UP: giving pages
 * @HVDM_S_BALLOON_DOWN: taking pages back
 * @HVDM_S_HOT_ADD: adding memory
 * @HVDM_S_ERROR: handshake failed, or the service was stopped
 */
enum hvdm_state {
	HVDM_S_INITIALIZING = 0,
	HVDM_S_INITIALIZED = 1,
	HVDM_S_BALLOON_UP = 2,
	HVDM_S_BALLOON_DOWN = 3,
	HVDM_S_HOT_ADD = 4,
	HVDM_S_ERROR = 5,
};

/**
 * enum hvdm_verdict - what to do with a message
 * @HVDM_ACCEPT: handle it
 * @HVDM_IGNORE: a request that policy says to ignore (hibernation)
 * @HVDM_REJECT_TYPE: hosts don't send this type
 * @HVDM_REJECT_STATE: not now
 * @HVDM_REJECT_VERSION: not part of the negotiated version
 * @HVDM_REJECT_CAPS: the guest said that it can't do this
 */
enum hvdm_verdict {
	HVDM_ACCEPT,
	HVDM_IGNORE,
	HVDM_REJECT_TYPE,
	HVDM_REJECT_STATE,
	HVDM_REJECT_VERSION,
	HVDM_REJECT_CAPS,
};

/**
 * struct hvdm_fsm - state of the service
 * @state: see there
 * @nego: the handshake
 * @can_balloon: the guest reported the balloon capability
 * @hibernation: the guest may hibernate, which doesn't go together with
 *		 ballooning: balloon requests are ignored
 */
struct hvdm_fsm {
	enum hvdm_state state;
	struct hvdm_nego nego;
	bool can_balloon;
	bool hibernation;
};

enum hvdm_verdict hvdm_fsm_gate(const struct hvdm_fsm *fsm,
				enum hvdm_type type);
void hvdm_fsm_begin(struct hvdm_fsm *fsm, enum hvdm_type type);
void hvdm_fsm_end(struct hvdm_fsm *fsm);
const char *hvdm_state_name(enum hvdm_state state);
const char *hvdm_type_name(enum hvdm_type type);

#endif /* _HV_BALLOON_LOGIC_DM_FSM_H */
