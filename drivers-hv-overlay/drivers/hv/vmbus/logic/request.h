/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which request a control message answers.
 *
 * A request is sent, and its sender waits for one particular answer. The key
 * says which: the type of the answer and the ids that the host echoes in it.
 * The caller keeps the waiters in a list under a lock of its own; this file
 * has the two decisions: do these keys match, and may this waiter be
 * completed now. A waiter is completed once, by whoever comes first: the
 * answer, a cancellation (rescind, disconnect) or its own timeout.
 *
 * Context: any. The caller's lock guards struct hvb_request.
 */
#ifndef _HV_VMBUS_LOGIC_REQUEST_H
#define _HV_VMBUS_LOGIC_REQUEST_H

#include <linux/types.h>

#include "../wire/chanmsg.h"

/**
 * struct hvb_request_key - identity of an answer
 * @type: message type of the answer, enum hvb_msg_type
 * @relid: channel, or 0 for answers that do not name one
 * @id: open id or GPADL handle, or 0
 */
struct hvb_request_key {
	u32 type;
	u32 relid;
	u32 id;
};

/**
 * enum hvb_request_state - state of a waiter
 * @HVB_REQ_WAITING: nothing has happened yet
 * @HVB_REQ_ANSWERED: the answer is there
 * @HVB_REQ_ENDED: ended without an answer, see &hvb_request.error
 */
enum hvb_request_state {
	HVB_REQ_WAITING = 0,
	HVB_REQ_ANSWERED,
	HVB_REQ_ENDED,
};

/**
 * struct hvb_request - a waiter, without the means to sleep
 * @key: the answer it waits for
 * @state: &enum hvb_request_state
 * @error: why it ended without an answer, negative
 */
struct hvb_request {
	struct hvb_request_key key;
	u8 state;
	int error;
};

struct hvb_request_key hvb_key_version(void);
struct hvb_request_key hvb_key_open(u32 relid, u32 open_id);
struct hvb_request_key hvb_key_gpadl_create(u32 relid, u32 gpadl);
struct hvb_request_key hvb_key_gpadl_teardown(u32 gpadl);
struct hvb_request_key hvb_key_modify(u32 relid);
struct hvb_request_key hvb_key_unload(void);

bool hvb_request_key_of(const struct hvb_msg *msg, struct hvb_request_key *key);
bool hvb_request_key_equal(const struct hvb_request_key *a,
			   const struct hvb_request_key *b);

void hvb_request_init(struct hvb_request *req,
		      const struct hvb_request_key *key);
bool hvb_request_answer(struct hvb_request *req,
			const struct hvb_request_key *key);
bool hvb_request_end(struct hvb_request *req, int error);
int hvb_request_result(const struct hvb_request *req);

#endif /* _HV_VMBUS_LOGIC_REQUEST_H */
