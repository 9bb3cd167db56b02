// SPDX-License-Identifier: GPL-2.0-only
/*
 * How guest and host get to know each other.
 */
#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/minmax.h>

#include "handshake.h"

/* Highest first. */
static const u16 versions[] = {
	STV_VERSION_6_2, STV_VERSION_6_0, STV_VERSION_5_1,
};

/**
 * stv_hs_start() - start a handshake
 * @hs: handshake
 * @cfg: what the guest knows
 *
 * Context: any.
 */
void stv_hs_start(struct stv_hs *hs, const struct stv_hs_cfg *cfg)
{
	*hs = (struct stv_hs) { .cfg = *cfg, .state = STV_HS_BEGIN };
}
EXPORT_SYMBOL_IF_KUNIT(stv_hs_start);

static int error_code(enum stv_hs_error why)
{
	switch (why) {
	case STV_HS_TIMEOUT:
		return -ETIMEDOUT;
	case STV_HS_GONE:
		return -ENODEV;
	default:
		return -EPROTO;
	}
}

/* A device without sub-channels is slower, one without a host is none. */
static int fail(struct stv_hs *hs, enum stv_hs_error why)
{
	hs->why = why;
	hs->where = hs->state;
	if (hs->state == STV_HS_SUB_CHANNELS && why != STV_HS_GONE) {
		hs->sub_failed = true;
		hs->state = STV_HS_DONE;
		return 0;
	}
	hs->state = STV_HS_FAILED;
	return error_code(why);
}

/**
 * stv_hs_next() - get the next message
 * @hs: handshake
 * @buf: where to put it, %STV_PKT_LEN bytes of private memory
 *
 * The message must be sent, and stv_hs_reply() or stv_hs_abort() called, before
 * there is another one.
 *
 * Context: any.
 * Return: the &enum stv_op of the message; 0 if the handshake is complete;
 * -EBUSY if the last message has not been answered; else it has failed:
 * -EPROTO, -ETIMEDOUT or -ENODEV.
 */
int stv_hs_next(struct stv_hs *hs, void *buf)
{
	static const enum stv_op ops[] = {
		[STV_HS_BEGIN] = STV_OP_BEGIN_INIT,
		[STV_HS_VERSION] = STV_OP_QUERY_VERSION,
		[STV_HS_PROPERTIES] = STV_OP_QUERY_PROPERTIES,
		[STV_HS_WWN] = STV_OP_FCHBA_DATA,
		[STV_HS_END] = STV_OP_END_INIT,
		[STV_HS_SUB_CHANNELS] = STV_OP_CREATE_SUB_CHANNELS,
	};

	if (hs->state == STV_HS_FAILED)
		return error_code(hs->why);
	if (hs->state == STV_HS_DONE)
		return 0;
	if (hs->waiting)
		return -EBUSY;

	if (hs->state == STV_HS_VERSION)
		stv_put_version(buf, versions[hs->next_version]);
	else if (hs->state == STV_HS_SUB_CHANNELS)
		stv_put_sub_channels(buf, hs->ask_channels);
	else
		stv_put_request(buf, ops[hs->state]);
	hs->waiting = true;
	return ops[hs->state];
}
EXPORT_SYMBOL_IF_KUNIT(stv_hs_next);

/* What the SCSI layer is told must be something that it can work with. */
static u32 clamp_transfer(u32 raw)
{
	if (!raw)
		return STV_TRANSFER_DEFAULT;
	raw -= raw % STV_PAGE_SIZE;
	return clamp_t(u32, raw, STV_TRANSFER_MIN, STV_TRANSFER_MAX);
}

static void take_props(struct stv_hs *hs, const struct stv_props *props)
{
	struct stv_params *par = &hs->params;
	u32 usable = min_t(u32, props->max_channels, STV_CHANNELS_MAX - 1);

	par->multi_channel = props->flags & STV_PROP_MULTI_CHANNEL;
	par->raw_max_transfer = props->max_transfer;
	par->max_transfer = clamp_transfer(props->max_transfer);
	/* That only whole pages count is no surprise. */
	par->max_transfer_clamped = par->max_transfer !=
		props->max_transfer - props->max_transfer % STV_PAGE_SIZE;
	if (par->multi_channel)
		hs->ask_channels = min(usable, hs->cfg.want_sub_channels);
}

static int version_reply(struct stv_hs *hs, bool accepted)
{
	if (accepted) {
		hs->params.version = versions[hs->next_version];
		hs->state = STV_HS_PROPERTIES;
		return 0;
	}
	hs->next_version++;
	if (hs->next_version == ARRAY_SIZE(versions))
		return fail(hs, STV_HS_OBSOLETE);
	return 0;
}

/* The host accepted a message other than a version. */
static int accepted(struct stv_hs *hs, const struct hv_view *pkt)
{
	struct stv_props props;

	switch (hs->state) {
	case STV_HS_BEGIN:
		hs->state = STV_HS_VERSION;
		break;
	case STV_HS_PROPERTIES:
		if (stv_parse_props(pkt, &props))
			return fail(hs, STV_HS_TRUNCATED);
		take_props(hs, &props);
		hs->state = hs->cfg.is_fc ? STV_HS_WWN : STV_HS_END;
		break;
	case STV_HS_WWN:
		if (stv_parse_wwn(pkt, &hs->params.wwn))
			return fail(hs, STV_HS_TRUNCATED);
		hs->state = STV_HS_END;
		break;
	case STV_HS_END:
		hs->state = hs->ask_channels ? STV_HS_SUB_CHANNELS :
					       STV_HS_DONE;
		break;
	case STV_HS_SUB_CHANNELS:
		hs->params.sub_channels = hs->ask_channels;
		hs->state = STV_HS_DONE;
		break;
	default:
		break;
	}
	return 0;
}

/**
 * stv_hs_reply() - judge the completion of the last message
 * @hs: handshake
 * @pkt: private copy of the payload
 *
 * Context: any.
 * Return: 0 if the handshake goes on; -EPROTO if it has failed, see
 * &stv_hs.why; -EINVAL if there is no message that waits for a completion.
 */
int stv_hs_reply(struct stv_hs *hs, const struct hv_view *pkt)
{
	struct stv_reply reply;

	if (!hs->waiting)
		return -EINVAL;
	hs->waiting = false;

	if (stv_parse_reply(pkt, &reply))
		return fail(hs, STV_HS_TRUNCATED);
	if (reply.op != STV_OP_COMPLETE_IO)
		return fail(hs, STV_HS_OPERATION);
	hs->status = reply.status;
	if (hs->state == STV_HS_VERSION)
		return version_reply(hs, !reply.status);
	if (reply.status)
		return fail(hs, STV_HS_REFUSED);
	return accepted(hs, pkt);
}
EXPORT_SYMBOL_IF_KUNIT(stv_hs_reply);

/**
 * stv_hs_abort() - no completion will come
 * @hs: handshake
 * @why: %STV_HS_TIMEOUT or %STV_HS_GONE
 *
 * Context: any.
 * Return: 0 if the handshake goes on, which it does if only sub-channels are
 * missing; else it has failed: -ETIMEDOUT or -ENODEV.
 */
int stv_hs_abort(struct stv_hs *hs, enum stv_hs_error why)
{
	hs->waiting = false;
	return fail(hs, why);
}
EXPORT_SYMBOL_IF_KUNIT(stv_hs_abort);

/**
 * stv_hs_state_name() - name of a state, for logs and debugfs
 * @state: state, any value
 *
 * Return: the name.
 */
const char *stv_hs_state_name(enum stv_hs_state state)
{
	static const char * const names[] = {
		[STV_HS_BEGIN] = "begin",
		[STV_HS_VERSION] = "version",
		[STV_HS_PROPERTIES] = "properties",
		[STV_HS_WWN] = "wwn",
		[STV_HS_END] = "end",
		[STV_HS_SUB_CHANNELS] = "sub_channels",
		[STV_HS_DONE] = "done",
		[STV_HS_FAILED] = "failed",
	};

	if ((unsigned int)state >= ARRAY_SIZE(names))
		return "unknown";
	return names[state];
}
EXPORT_SYMBOL_IF_KUNIT(stv_hs_state_name);

/**
 * stv_hs_error_name() - why a handshake failed, for logs
 * @why: reason, any value
 *
 * Return: a phrase.
 */
const char *stv_hs_error_name(enum stv_hs_error why)
{
	static const char * const names[] = {
		[STV_HS_OK] = "no error",
		[STV_HS_TRUNCATED] = "answer too short",
		[STV_HS_OPERATION] = "answer is no completion",
		[STV_HS_REFUSED] = "refused by the host",
		[STV_HS_OBSOLETE] = "obsolete Hyper-V version",
		[STV_HS_TIMEOUT] = "no answer",
		[STV_HS_GONE] = "device or channel has gone",
	};

	if ((unsigned int)why >= ARRAY_SIZE(names))
		return "unknown error";
	return names[why];
}
EXPORT_SYMBOL_IF_KUNIT(stv_hs_error_name);
