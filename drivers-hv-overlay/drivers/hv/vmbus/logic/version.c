// SPDX-License-Identifier: GPL-2.0-only
/* Choice of the protocol version, see version.h. */

#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "version.h"

/* Everything that this guest speaks, best first. */
static const u32 versions[] = {
	HVB_V5_3,
	HVB_V5_2,
	HVB_V5_1,
	HVB_V5_0,
	HVB_V4_1,
	HVB_V4_0,
	HVB_V3_0,
	HVB_V2_4,
};

static enum hvb_version_step fail(struct hvb_version *neg, int error)
{
	neg->error = error;
	return HVB_VER_FAIL;
}

/* Have one more message sent, if there is time. */
static enum hvb_version_step try_next(struct hvb_version *neg, int error)
{
	struct hvb_version_try *try = &neg->next;

	if (!neg->left_ms)
		return fail(neg, error);
	try->timeout_ms = min(neg->cfg.timeout_ms, neg->left_ms);
	try->took_ms = 0;
	return HVB_VER_TRY;
}

/* Ask for the version at the current position, or for a lower one. */
static enum hvb_version_step ask(struct hvb_version *neg)
{
	const struct hvb_version_cfg *cfg = &neg->cfg;
	struct hvb_version_try *try = &neg->next;
	u32 version = 0;

	for (; neg->index < ARRAY_SIZE(versions); neg->index++) {
		version = versions[neg->index];
		if (cfg->only ? version == cfg->only : version <= cfg->max)
			break;
	}
	if (neg->index == ARRAY_SIZE(versions))
		return fail(neg, cfg->only ? -EPROTONOSUPPORT : -EDOM);
	if (cfg->isolated && version < HVB_V5_2)
		return fail(neg, -EPROTONOSUPPORT);

	memset(try, 0, sizeof(*try));
	try->version = version;
	try->sint_form = version >= HVB_V5_0;
	if (!try->sint_form)
		try->conn_id = HVB_MSG_CONN_ID;
	else if (neg->redirect)
		try->conn_id = HVB_MSG_CONN_ID_4_REDIRECT;
	else
		try->conn_id = HVB_MSG_CONN_ID_4;
	return try_next(neg, -ETIMEDOUT);
}

static enum hvb_version_step ask_lower(struct hvb_version *neg)
{
	neg->index++;
	neg->retries = 0;
	return ask(neg);
}

static enum hvb_version_step ask_again(struct hvb_version *neg, int error)
{
	if (neg->retries == HVB_VERSION_RETRIES)
		return fail(neg, error);
	neg->retries++;
	neg->next.delay_ms = HVB_VERSION_RETRY_MS;
	return try_next(neg, error);
}

static enum hvb_version_step no_conn(struct hvb_version *neg)
{
	if (!neg->next.sint_form)
		return fail(neg, -ENXIO);
	if (neg->redirect) {
		neg->redirect = false;
		return ask(neg);
	}
	/* The host is older than 5.0: don't bother it with 5.x again. */
	while (neg->index + 1 < ARRAY_SIZE(versions) &&
	       versions[neg->index + 1] >= HVB_V5_0)
		neg->index++;
	return ask_lower(neg);
}

static enum hvb_version_step
answered(struct hvb_version *neg, const struct hvb_version_response *answer)
{
	const struct hvb_version_try *try = &neg->next;

	if (!answer->supported)
		return ask_lower(neg);
	if (answer->state == HVB_CONTACT_LOW_RES)
		return ask_again(neg, -ENOMEM);
	if (answer->state != HVB_CONTACT_OK)
		return fail(neg, -ECONNREFUSED);

	neg->msg_conn_id = try->conn_id;
	if (try->sint_form) {
		if (!answer->msg_conn_id ||
		    answer->msg_conn_id & ~HVB_CONN_ID_MASK)
			return fail(neg, -EPROTO);
		neg->msg_conn_id = answer->msg_conn_id;
	}
	neg->version = try->version;
	return HVB_VER_DONE;
}

/**
 * hvb_version_start() - begin to negotiate
 * @neg: negotiation
 * @cfg: what to negotiate
 *
 * Context: any.
 * Return: %HVB_VER_TRY, or %HVB_VER_FAIL if nothing may be asked for.
 */
enum hvb_version_step hvb_version_start(struct hvb_version *neg,
					const struct hvb_version_cfg *cfg)
{
	memset(neg, 0, sizeof(*neg));
	neg->cfg = *cfg;
	neg->left_ms = cfg->total_ms;
	neg->redirect = cfg->redirect;
	return ask(neg);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_version_start);

/**
 * hvb_version_next() - go on after a try
 * @neg: negotiation whose last step was %HVB_VER_TRY; next.took_ms is set
 * @event: what came of the try
 * @answer: the answer, if @event is %HVB_VER_EV_ANSWER; not used otherwise
 *
 * A negotiation ends after a bounded number of steps, whatever the host says.
 *
 * Context: any.
 * Return: what to do now.
 */
enum hvb_version_step
hvb_version_next(struct hvb_version *neg, enum hvb_version_event event,
		 const struct hvb_version_response *answer)
{
	neg->left_ms -= min(neg->next.took_ms, neg->left_ms);

	switch (event) {
	case HVB_VER_EV_ANSWER:
		return answered(neg, answer);
	case HVB_VER_EV_NO_CONN:
		return no_conn(neg);
	case HVB_VER_EV_TIMEOUT:
		return ask_again(neg, -ETIMEDOUT);
	case HVB_VER_EV_POST_FAILED:
		break;
	}
	return fail(neg, -EIO);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_version_next);
