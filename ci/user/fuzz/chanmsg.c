// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control messages: one after the other, each in a state and a version of the
 * protocol that the input chooses, and what they do to a negotiation and to a
 * request that waits.
 */
#include "drivers/hv/vmbus/logic/request.h"
#include "drivers/hv/vmbus/logic/version.h"
#include "drivers/hv/vmbus/wire/chanmsg.h"
#include "fuzz.h"

static const u32 versions[] = {
	0, HVB_V2_4, HVB_V3_0, HVB_V4_0, HVB_V4_1, HVB_V5_0, HVB_V5_1,
	HVB_V5_2, HVB_V5_3,
};

static void check_offer(const struct hvb_offer *o)
{
	enum hvb_dev_type type = hvb_dev_type(&o->type, o->hvsock);

	MUST(hvb_relid_valid(o->relid));
	MUST(o->connection_id <= HVB_CONN_ID_MASK);
	MUST(o->sub_index <= HVB_SUB_INDEX_MAX);
	MUST(!(o->monitored && o->monitor_bad));
	if (o->monitored) {
		MUST(o->mon.group < HVB_MONITOR_GROUPS);
		MUST(o->mon.bit < HVB_MONITOR_BITS);
		MUST(hvb_monitor_pending_off(&o->mon) >= 0);
		MUST(hvb_monitor_latency_off(&o->mon) >= 0);
		MUST(hvb_monitor_conn_id_off(&o->mon) >= 0);
	}
	MUST(!o->pipe || o->pipe_mode == HVB_PIPE_BYTE ||
	     o->pipe_mode == HVB_PIPE_MESSAGE);
	MUST(type < HVB_DEV_COUNT && hvb_dev_classes[type].name);
	hvb_dev_unsupported(&o->type);
	hvb_offer_allowed_isolated(o);
}

static void check_value(const struct hvb_msg *msg)
{
	switch (msg->type) {
	case HVB_MSG_OFFER:
		check_offer(&msg->offer);
		break;
	case HVB_MSG_RESCIND:
		MUST(hvb_relid_valid(msg->rescind_relid));
		break;
	case HVB_MSG_OPEN_RESULT:
		MUST(hvb_relid_valid(msg->open_result.relid));
		break;
	case HVB_MSG_GPADL_CREATED:
		MUST(hvb_relid_valid(msg->gpadl_created.relid));
		break;
	case HVB_MSG_MODIFY_RESPONSE:
		MUST(hvb_relid_valid(msg->modify.relid));
		break;
	default:
		break;
	}
}

/* A request waits for just this message, and for nothing else. */
static void check_request(const struct hvb_msg *msg)
{
	struct hvb_request req;
	struct hvb_request_key key, other;

	if (!hvb_request_key_of(msg, &key))
		return;
	hvb_request_init(&req, &key);
	other = key;
	other.type ^= 1;
	MUST(!hvb_request_answer(&req, &other));
	MUST(hvb_request_answer(&req, &key));
	MUST(!hvb_request_answer(&req, &key));
	MUST(!hvb_request_end(&req, -ENODEV));
	MUST(!hvb_request_result(&req));
}

static bool version_known(u32 version)
{
	unsigned int i;

	/* The first is none. */
	for (i = 1; i < ARRAY_SIZE(versions); i++)
		if (versions[i] == version)
			return true;
	return false;
}

static enum hvb_version_step negotiate(struct hvb_version *neg,
				       struct input *in,
				       const struct hvb_msg *msg)
{
	u8 how = take8(in);

	MUST(version_known(neg->next.version));
	neg->next.took_ms = take16(in);
	if (msg->type == HVB_MSG_VERSION_RESPONSE)
		return hvb_version_next(neg, HVB_VER_EV_ANSWER, &msg->version);
	if (how % 4 == 1)
		return hvb_version_next(neg, HVB_VER_EV_NO_CONN, NULL);
	return hvb_version_next(neg, HVB_VER_EV_TIMEOUT, NULL);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	struct hvb_version neg;
	struct hvb_version_cfg cfg = {
		.timeout_ms = 10000, .total_ms = 100000, .max = HVB_V5_3,
	};
	enum hvb_version_step step;
	u32 steps = 0;

	cfg.redirect = take8(&in) & 1;
	step = hvb_version_start(&neg, &cfg);
	while (in.len) {
		u32 version = versions[take8(&in) % ARRAY_SIZE(versions)];
		enum hvb_conn_state state = take8(&in) % HVB_CONN_STATES;
		struct hvb_msg msg = { 0 };
		enum hvb_reject why;
		struct hv_view view;
		u32 len;
		u8 *copy = take_packet(&in, take8(&in), &len);

		view = hv_view_of(copy, len);
		why = hvb_msg_gate(state, version, hvb_msg_type(&view), len);
		MUST(why < HVB_REJ_COUNT && hvb_reject_name(why));
		MUST(hvb_msg_name(hvb_msg_type(&view)));
		if (why == HVB_OK)
			why = hvb_msg_decode(&view, version, &msg);
		MUST(why < HVB_REJ_COUNT);
		if (why == HVB_OK) {
			check_value(&msg);
			check_request(&msg);
			if (step == HVB_VER_TRY) {
				step = negotiate(&neg, &in, &msg);
				/* It ends, whatever the host says. */
				MUST(++steps < 64);
			}
		}
		free(copy);
	}
	if (step == HVB_VER_DONE) {
		MUST(version_known(neg.version));
		MUST(neg.msg_conn_id && neg.msg_conn_id <= HVB_CONN_ID_MASK);
	}
	return 0;
}
