// SPDX-License-Identifier: GPL-2.0-only
/* Matching of answers to requests, see request.h. */

#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>

#include "request.h"

static struct hvb_request_key make_key(u32 type, u32 relid, u32 id)
{
	return (struct hvb_request_key){
		.type = type,
		.relid = relid,
		.id = id,
	};
}

/**
 * hvb_key_version() - key for the answer to INITIATE_CONTACT
 *
 * Context: any.
 * Return: the key.
 */
struct hvb_request_key hvb_key_version(void)
{
	return make_key(HVB_MSG_VERSION_RESPONSE, 0, 0);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_key_version);

/**
 * hvb_key_open() - key for the answer to OPENCHANNEL
 * @relid: channel
 * @open_id: open id in the request
 *
 * Context: any.
 * Return: the key.
 */
struct hvb_request_key hvb_key_open(u32 relid, u32 open_id)
{
	return make_key(HVB_MSG_OPEN_RESULT, relid, open_id);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_key_open);

/**
 * hvb_key_gpadl_create() - key for the answer to GPADL_HEADER and its bodies
 * @relid: channel
 * @gpadl: handle
 *
 * Context: any.
 * Return: the key.
 */
struct hvb_request_key hvb_key_gpadl_create(u32 relid, u32 gpadl)
{
	return make_key(HVB_MSG_GPADL_CREATED, relid, gpadl);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_key_gpadl_create);

/**
 * hvb_key_gpadl_teardown() - key for the answer to GPADL_TEARDOWN
 * @gpadl: handle; the answer does not name a channel
 *
 * Context: any.
 * Return: the key.
 */
struct hvb_request_key hvb_key_gpadl_teardown(u32 gpadl)
{
	return make_key(HVB_MSG_GPADL_TORNDOWN, 0, gpadl);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_key_gpadl_teardown);

/**
 * hvb_key_modify() - key for the answer to MODIFYCHANNEL
 * @relid: channel; hosts answer one such request at a time
 *
 * Context: any.
 * Return: the key.
 */
struct hvb_request_key hvb_key_modify(u32 relid)
{
	return make_key(HVB_MSG_MODIFY_RESPONSE, relid, 0);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_key_modify);

/**
 * hvb_key_unload() - key for the answer to UNLOAD
 *
 * Context: any.
 * Return: the key.
 */
struct hvb_request_key hvb_key_unload(void)
{
	return make_key(HVB_MSG_UNLOAD_RESPONSE, 0, 0);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_key_unload);

/**
 * hvb_request_key_of() - find out which request a message answers
 * @msg: decoded message
 * @key: where to put the key; not written if there is none
 *
 * Context: any.
 * Return: true if the message is an answer.
 */
bool hvb_request_key_of(const struct hvb_msg *msg, struct hvb_request_key *key)
{
	switch (msg->type) {
	case HVB_MSG_VERSION_RESPONSE:
		*key = hvb_key_version();
		return true;
	case HVB_MSG_OPEN_RESULT:
		*key = hvb_key_open(msg->open_result.relid,
				    msg->open_result.open_id);
		return true;
	case HVB_MSG_GPADL_CREATED:
		*key = hvb_key_gpadl_create(msg->gpadl_created.relid,
					    msg->gpadl_created.gpadl);
		return true;
	case HVB_MSG_GPADL_TORNDOWN:
		*key = hvb_key_gpadl_teardown(msg->torndown_gpadl);
		return true;
	case HVB_MSG_MODIFY_RESPONSE:
		*key = hvb_key_modify(msg->modify.relid);
		return true;
	case HVB_MSG_UNLOAD_RESPONSE:
		*key = hvb_key_unload();
		return true;
	default:
		return false;
	}
}
EXPORT_SYMBOL_IF_KUNIT(hvb_request_key_of);

/**
 * hvb_request_key_equal() - test whether an answer is the expected one
 * @a: a key
 * @b: another key
 *
 * Context: any.
 * Return: true if all ids are equal.
 */
bool hvb_request_key_equal(const struct hvb_request_key *a,
			   const struct hvb_request_key *b)
{
	return a->type == b->type && a->relid == b->relid && a->id == b->id;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_request_key_equal);

/**
 * hvb_request_init() - make a waiter
 * @req: waiter
 * @key: the answer it waits for
 *
 * Context: any.
 */
void hvb_request_init(struct hvb_request *req,
		      const struct hvb_request_key *key)
{
	req->key = *key;
	req->state = HVB_REQ_WAITING;
	req->error = 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_request_init);

/**
 * hvb_request_answer() - offer an answer to a waiter
 * @req: waiter
 * @key: key of the answer
 *
 * Context: any; caller's lock.
 * Return: true if the waiter is to be given the answer and woken; false if it
 * waits for another one or has been completed already.
 */
bool hvb_request_answer(struct hvb_request *req,
			const struct hvb_request_key *key)
{
	if (req->state != HVB_REQ_WAITING ||
	    !hvb_request_key_equal(&req->key, key))
		return false;
	req->state = HVB_REQ_ANSWERED;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_request_answer);

/**
 * hvb_request_end() - end a wait without an answer
 * @req: waiter
 * @error: why, negative: -ENODEV (rescinded, disconnected), -ETIMEDOUT
 *
 * Context: any; caller's lock.
 * Return: true if the waiter is to be woken; false if it has been completed
 * already, for instance by an answer that came just in time.
 */
bool hvb_request_end(struct hvb_request *req, int error)
{
	if (req->state != HVB_REQ_WAITING)
		return false;
	req->state = HVB_REQ_ENDED;
	req->error = error;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_request_end);

/**
 * hvb_request_result() - how a wait ended
 * @req: waiter
 *
 * Context: any; caller's lock.
 * Return: 0 if there is an answer, the error it was ended with, or
 * -EINPROGRESS if it has not ended.
 */
int hvb_request_result(const struct hvb_request *req)
{
	if (req->state == HVB_REQ_WAITING)
		return -EINPROGRESS;
	return req->error;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_request_result);
