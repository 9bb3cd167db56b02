/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dynamic memory handshake: version, then capabilities.
 *
 * The guest proposes 2.0, 1.0 and 0.3 until the host accepts one, then reports
 * its capabilities, which the host accepts or refuses.  The machine is fed with
 * the host's answers and says what to do next; waiting and sending is the
 * caller's business.
 */
#ifndef _HV_BALLOON_LOGIC_DM_VERSION_H
#define _HV_BALLOON_LOGIC_DM_VERSION_H

#include <linux/types.h>

/**
 * enum hvdm_nego_phase - how far the handshake has come
 * @HVDM_NEGO_IDLE: not begun
 * @HVDM_NEGO_VERSION: waiting for the answer to a version
 * @HVDM_NEGO_CAPS: waiting for the answer to the capabilities
 * @HVDM_NEGO_DONE: complete
 * @HVDM_NEGO_FAILED: the host refused everything, or the capabilities
 */
enum hvdm_nego_phase {
	HVDM_NEGO_IDLE,
	HVDM_NEGO_VERSION,
	HVDM_NEGO_CAPS,
	HVDM_NEGO_DONE,
	HVDM_NEGO_FAILED,
};

/**
 * enum hvdm_nego_act - what to do next
 * @HVDM_NEGO_ACT_NONE: nothing; the answer was not expected
 * @HVDM_NEGO_ACT_VERSION: send a version request
 * @HVDM_NEGO_ACT_CAPS: send the capabilities
 * @HVDM_NEGO_ACT_DONE: go to work
 * @HVDM_NEGO_ACT_FAIL: give up
 */
enum hvdm_nego_act {
	HVDM_NEGO_ACT_NONE,
	HVDM_NEGO_ACT_VERSION,
	HVDM_NEGO_ACT_CAPS,
	HVDM_NEGO_ACT_DONE,
	HVDM_NEGO_ACT_FAIL,
};

/**
 * struct hvdm_nego - state of the handshake
 * @phase: how far it has come
 * @version: the version that is or was proposed last; the negotiated one from
 *	     HVDM_NEGO_CAPS on
 * @is_last: no other version will be proposed
 * @next: index of the next version to propose
 */
struct hvdm_nego {
	enum hvdm_nego_phase phase;
	u32 version;
	bool is_last;
	u8 next;
};

enum hvdm_nego_act hvdm_nego_start(struct hvdm_nego *nego);
enum hvdm_nego_act hvdm_nego_version(struct hvdm_nego *nego, bool accepted);
enum hvdm_nego_act hvdm_nego_caps(struct hvdm_nego *nego, bool accepted);

#endif /* _HV_BALLOON_LOGIC_DM_VERSION_H */
