// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic memory service: which message is welcome when.
 */
#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/build_bug.h>
#include <linux/export.h>

#include "dm_fsm.h"

#define IN(state)	(1U << HVDM_S_##state)
#define AT(phase)	(1U << HVDM_NEGO_##phase)

/* What a host may send: in which states, from which version on. */
static const struct {
	u32 min_version;
	u8 states;
	u8 phases;
	bool balloon;
} gates[HVDM_TYPES] = {
	[HVDM_VERSION_RESPONSE] = {
		.states = IN(INITIALIZING),
		.phases = AT(VERSION),
	},
	[HVDM_CAPS_RESPONSE] = {
		.states = IN(INITIALIZING),
		.phases = AT(CAPS),
	},
	[HVDM_BALLOON_REQUEST] = {
		.states = IN(INITIALIZED) | IN(BALLOON_DOWN),
		.phases = AT(DONE),
		.balloon = true,
	},
	[HVDM_UNBALLOON_REQUEST] = {
		.states = IN(INITIALIZED) | IN(BALLOON_DOWN),
		.phases = AT(DONE),
		.balloon = true,
	},
	[HVDM_HOT_ADD_REQUEST] = {
		.states = IN(INITIALIZED) | IN(BALLOON_DOWN),
		.phases = AT(DONE),
	},
	[HVDM_INFO] = {
		.min_version = HVDM_VERSION_1_0,
		.states = IN(INITIALIZING) | IN(INITIALIZED) | IN(BALLOON_DOWN),
		.phases = AT(CAPS) | AT(DONE),
	},
};

/**
 * hvdm_fsm_gate() - decide about a message from the host
 * @fsm: state of the service
 * @type: type of the message
 *
 * Return: what to do with it.
 */
enum hvdm_verdict hvdm_fsm_gate(const struct hvdm_fsm *fsm, enum hvdm_type type)
{
	if ((unsigned int)type >= ARRAY_SIZE(gates) || !gates[type].states)
		return HVDM_REJECT_TYPE;
	if (!(gates[type].states & (1U << fsm->state)))
		return HVDM_REJECT_STATE;
	if (!(gates[type].phases & (1U << fsm->nego.phase)))
		return HVDM_REJECT_STATE;
	if (gates[type].min_version > fsm->nego.version)
		return HVDM_REJECT_VERSION;
	if (!gates[type].balloon)
		return HVDM_ACCEPT;
	if (!fsm->can_balloon)
		return HVDM_REJECT_CAPS;
	return fsm->hibernation ? HVDM_IGNORE : HVDM_ACCEPT;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_fsm_gate);

/**
 * hvdm_fsm_begin() - work on a request begins
 * @fsm: state of the service
 * @type: type of a message that hvdm_fsm_gate() accepted
 */
void hvdm_fsm_begin(struct hvdm_fsm *fsm, enum hvdm_type type)
{
	switch (type) {
	case HVDM_BALLOON_REQUEST:
		fsm->state = HVDM_S_BALLOON_UP;
		break;
	case HVDM_UNBALLOON_REQUEST:
		fsm->state = HVDM_S_BALLOON_DOWN;
		break;
	case HVDM_HOT_ADD_REQUEST:
		fsm->state = HVDM_S_HOT_ADD;
		break;
	default:
		break;
	}
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_fsm_begin);

/**
 * hvdm_fsm_end() - work on a request has ended, well or not
 * @fsm: state of the service
 */
void hvdm_fsm_end(struct hvdm_fsm *fsm)
{
	if (fsm->state != HVDM_S_ERROR)
		fsm->state = HVDM_S_INITIALIZED;
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_fsm_end);

/**
 * hvdm_state_name() - name of a state, as shown in debugfs
 * @state: state
 *
 * Return: the name.
 */
const char *hvdm_state_name(enum hvdm_state state)
{
	static const char * const names[] = {
		[HVDM_S_INITIALIZING] = "Initializing",
		[HVDM_S_INITIALIZED] = "Initialized",
		[HVDM_S_BALLOON_UP] = "Balloon Up",
		[HVDM_S_BALLOON_DOWN] = "Balloon Down",
		[HVDM_S_HOT_ADD] = "Hot Add",
		[HVDM_S_ERROR] = "Error",
	};

	if ((unsigned int)state >= ARRAY_SIZE(names))
		return "Unknown";
	return names[state];
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_state_name);

/**
 * hvdm_type_name() - name of a message type, for logs and debugfs
 * @type: type
 *
 * Return: the name.
 */
const char *hvdm_type_name(enum hvdm_type type)
{
	static const char * const names[] = {
		[HVDM_ERROR] = "error",
		[HVDM_VERSION_REQUEST] = "version_request",
		[HVDM_VERSION_RESPONSE] = "version_response",
		[HVDM_CAPS_REPORT] = "caps_report",
		[HVDM_CAPS_RESPONSE] = "caps_response",
		[HVDM_STATUS_REPORT] = "status_report",
		[HVDM_BALLOON_REQUEST] = "balloon_request",
		[HVDM_BALLOON_RESPONSE] = "balloon_response",
		[HVDM_UNBALLOON_REQUEST] = "unballoon_request",
		[HVDM_UNBALLOON_RESPONSE] = "unballoon_response",
		[HVDM_HOT_ADD_REQUEST] = "hot_add_request",
		[HVDM_HOT_ADD_RESPONSE] = "hot_add_response",
		[HVDM_INFO] = "info",
	};

	if ((unsigned int)type >= ARRAY_SIZE(names))
		return "unknown";
	return names[type];
}
EXPORT_SYMBOL_IF_KUNIT(hvdm_type_name);
