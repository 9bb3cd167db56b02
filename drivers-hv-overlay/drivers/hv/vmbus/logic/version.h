/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Choice of the protocol version.
 *
 * INITIATE_CONTACT asks for one version and is granted or refused; the guest
 * starts with the highest it knows and goes down. The state machine says what
 * to ask next and when to stop; the caller posts, waits and reports back:
 *
 *	step = hvb_version_start(&neg, &cfg);
 *	while (step == HVB_VER_TRY) {
 *		sleep for neg.next.delay_ms;
 *		post INITIATE_CONTACT for neg.next.version to neg.next.conn_id;
 *		wait for at most neg.next.timeout_ms;
 *		neg.next.took_ms = what all that took;
 *		step = hvb_version_next(&neg, event, response);
 *	}
 *
 * Facts behind it (VMBus protocol). From 5.0 on the message goes to connection
 * id 4 and names a SINT and a VTL instead of the interrupt page; hosts without
 * 5.0 do not have that id and refuse the hypercall. A guest in VTL 2 may have
 * to use a redirected id. A confidential VM needs 5.2. Answers do not name the
 * version they are for, so after a silence only the same version may be asked
 * for again: a late answer is then still right. Two that late would not be told
 * apart.
 *
 * Context: any. No locks; one user.
 */
#ifndef _HV_VMBUS_LOGIC_VERSION_H
#define _HV_VMBUS_LOGIC_VERSION_H

#include <linux/types.h>

#include "../wire/chanmsg.h"

/* Connection ids for messages. */
#define HVB_MSG_CONN_ID			1U
#define HVB_MSG_CONN_ID_4		4U
#define HVB_MSG_CONN_ID_4_REDIRECT	0x800074U

/* How often one version is asked for again after a silence or low resources. */
#define HVB_VERSION_RETRIES		2U
#define HVB_VERSION_RETRY_MS		500U

/**
 * struct hvb_version_cfg - what to negotiate
 * @max: highest version to ask for
 * @only: after hibernation: the version in use before; 0 otherwise
 * @isolated: confidential VM: below 5.2 there is no connection
 * @redirect: guest runs in VTL 2: try the redirected connection id first
 * @timeout_ms: how long to wait for one answer
 * @total_ms: how long the whole negotiation may take: what is left of it limits
 *	the last wait, and when it is used up no other message is sent
 */
struct hvb_version_cfg {
	u32 max;
	u32 only;
	bool isolated;
	bool redirect;
	u32 timeout_ms;
	u32 total_ms;
};

/**
 * struct hvb_version_try - the next INITIATE_CONTACT
 * @version: version to ask for
 * @conn_id: connection id to post to
 * @sint_form: the message names SINT and VTL (from 5.0), not an interrupt page
 * @delay_ms: wait so long before posting
 * @timeout_ms: wait so long for the answer
 * @took_ms: how long the try took, with @delay_ms; set by the caller
 */
struct hvb_version_try {
	u32 version;
	u32 conn_id;
	bool sint_form;
	u32 delay_ms;
	u32 timeout_ms;
	u32 took_ms;
};

/**
 * enum hvb_version_event - what came of a try
 * @HVB_VER_EV_ANSWER: a VERSION_RESPONSE
 * @HVB_VER_EV_NO_CONN: HvPostMessage: invalid connection id
 * @HVB_VER_EV_POST_FAILED: HvPostMessage failed otherwise, after its retries
 * @HVB_VER_EV_TIMEOUT: no answer
 */
enum hvb_version_event {
	HVB_VER_EV_ANSWER,
	HVB_VER_EV_NO_CONN,
	HVB_VER_EV_POST_FAILED,
	HVB_VER_EV_TIMEOUT,
};

/**
 * enum hvb_version_step - what to do now
 * @HVB_VER_TRY: ask for &hvb_version.next
 * @HVB_VER_DONE: connected, see &hvb_version.version and .msg_conn_id
 * @HVB_VER_FAIL: no connection, see &hvb_version.error
 */
enum hvb_version_step {
	HVB_VER_TRY,
	HVB_VER_DONE,
	HVB_VER_FAIL,
};

/**
 * struct hvb_version - a negotiation
 * @next: what to ask for, while the step is %HVB_VER_TRY
 * @version: negotiated version, once the step is %HVB_VER_DONE
 * @msg_conn_id: connection id for all later messages, likewise
 * @error: negative error code, once the step is %HVB_VER_FAIL:
 *	-EDOM: the host grants no version that is allowed here;
 *	-EPROTONOSUPPORT: only versions without support for isolation, or not
 *	the one in use before hibernation;
 *	-ETIMEDOUT: no answer, or too late; -ENXIO: no host to post to; -EIO:
 *	posting failed; -ENOMEM: the host is short of resources;
 *	-ECONNREFUSED: granted and then refused; -EPROTO: the answer makes no
 *	sense
 * @cfg: what was asked for
 * @index: position in the list of versions (private)
 * @retries: tries of this version after the first one (private)
 * @left_ms: what is left of &hvb_version_cfg.total_ms (private)
 * @redirect: the redirected connection id is still in play (private)
 */
struct hvb_version {
	struct hvb_version_try next;
	u32 version;
	u32 msg_conn_id;
	int error;
	struct hvb_version_cfg cfg;
	u32 index;
	u32 retries;
	u32 left_ms;
	bool redirect;
};

enum hvb_version_step hvb_version_start(struct hvb_version *neg,
					const struct hvb_version_cfg *cfg);
enum hvb_version_step
hvb_version_next(struct hvb_version *neg, enum hvb_version_event event,
		 const struct hvb_version_response *answer);

#endif /* _HV_VMBUS_LOGIC_VERSION_H */
