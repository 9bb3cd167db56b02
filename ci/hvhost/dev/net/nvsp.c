// SPDX-License-Identifier: GPL-2.0-only
/*
 * The NVSP handshake. Order of a connection: INIT, [NDIS_CONFIG], NDIS_VERSION, receive
 * buffer, [send buffer], then RNDIS; sub-channels, revocation and the data path at any
 * time after that. A step twice or out of order is fatal, as on a Windows host.
 */
#include <string.h>
#include "adapter.h"

static const uint32_t versions[] = { NVSP_V61, NVSP_V6, NVSP_V5, NVSP_V4, NVSP_V2, NVSP_V1 };

static void kill_channel(struct nvsp_result *r, const char *why)
{
	r->what = NVSP_DO_KILL;
	r->why = why;
}

uint32_t nvsp_bytes(const struct adapter *a)
{
	return a->nvsp.version >= NVSP_V61 ? NVSP_BYTES_V61 : NVSP_BYTES;
}

uint32_t nvsp_suballoc(const struct adapter *a)
{
	return a->nvsp.frame_bytes + SUBALLOC_EXTRA;
}

static void input_init(struct adapter *a, const struct nvsp_message *m, struct nvsp_result *r)
{
	uint32_t grant = 0;

	if (a->nvsp.version)
		return kill_channel(r, "NVSP INIT again");
	for (unsigned int i = 0; i < ARRAY_SIZE(versions) && !grant; i++) {
		if (versions[i] <= a->max_version && versions[i] >= m->u.init.min &&
		    versions[i] <= m->u.init.max)
			grant = versions[i];
	}
	a->nvsp.version = grant;
	r->what = NVSP_DO_ANSWER;
	r->answer.type = NVSP_INIT_COMPLETE;
	/* the version field has no meaning any more, hosts fill it like this */
	r->answer.u.init_complete.version = NVSP_NO_VERSION;
	r->answer.u.init_complete.mdl_chain = NVSP_MDL_CHAIN;
	r->answer.u.init_complete.status = grant ? NVSP_STATUS_SUCCESS : NVSP_STATUS_NONE;
}

static void input_config(struct adapter *a, const struct nvsp_message *m, struct nvsp_result *r)
{
	struct nvsp_state *s = &a->nvsp;

	if (s->version < NVSP_V2)
		return kill_channel(r, "NDIS_CONFIG before version 2");
	if (s->configured)
		return kill_channel(r, "NDIS_CONFIG again");
	if (s->recv)
		return kill_channel(r, "NDIS_CONFIG after the receive buffer");
	s->configured = true;
	s->caps = m->u.config.capability;
	s->frame_bytes = m->u.config.mtu;
	if (s->frame_bytes < FRAME_DEFAULT || s->frame_bytes > a->max_frame)
		s->frame_bytes = FRAME_DEFAULT;
}

static void input_ndis(struct adapter *a, struct nvsp_result *r)
{
	if (a->nvsp.ndis)
		return kill_channel(r, "NDIS_VERSION again");
	a->nvsp.ndis = true;
}

static void input_recv_buffer(struct adapter *a, const struct nvsp_message *m,
			      struct nvsp_result *r)
{
	const struct nvsp_state *s = &a->nvsp;

	if (s->version >= NVSP_V2 && !s->configured)
		return kill_channel(r, "receive buffer before NDIS_CONFIG");
	if (!s->ndis)
		return kill_channel(r, "receive buffer before NDIS_VERSION");
	if (s->recv)
		return kill_channel(r, "receive buffer again");
	r->what = NVSP_DO_RECV_BUFFER;
	r->gpadl = m->u.buffer.gpadl;
}

uint32_t nvsp_recv_buffer(struct adapter *a, uint64_t bytes, struct nvsp_message *answer)
{
	uint32_t size = nvsp_suballoc(a);
	uint64_t count = bytes / size;

	memset(answer, 0, sizeof(*answer));
	answer->type = NVSP_RECV_BUF_COMPLETE;
	if (count <= CONTROL_BUFFERS) {
		answer->u.recv_complete.status = NVSP_STATUS_FAILURE;
		return 0;
	}
	if (count > RX_BUFFERS_MAX)
		count = RX_BUFFERS_MAX;
	if (count > UINT32_MAX / size)
		count = UINT32_MAX / size;
	answer->u.recv_complete.status = NVSP_STATUS_SUCCESS;
	answer->u.recv_complete.sections = 1;
	answer->u.recv_complete.size = size;
	answer->u.recv_complete.count = (uint32_t)count;
	answer->u.recv_complete.end = (uint32_t)count * size;
	a->nvsp.recv = true;
	a->nvsp.buffers = (uint32_t)count;
	return (uint32_t)count;
}

static void input_send_buffer(struct adapter *a, const struct nvsp_message *m,
			      struct nvsp_result *r)
{
	if (!a->nvsp.ndis)
		return kill_channel(r, "send buffer before NDIS_VERSION");
	if (a->nvsp.send)
		return kill_channel(r, "send buffer again");
	r->what = NVSP_DO_SEND_BUFFER;
	r->gpadl = m->u.buffer.gpadl;
}

uint32_t nvsp_send_buffer(struct adapter *a, uint64_t bytes, struct nvsp_message *answer)
{
	uint64_t count = bytes / SECTION_BYTES;

	memset(answer, 0, sizeof(*answer));
	answer->type = NVSP_SEND_BUF_COMPLETE;
	answer->u.send_complete.status = count ? NVSP_STATUS_SUCCESS : NVSP_STATUS_FAILURE;
	answer->u.send_complete.section_size = count ? SECTION_BYTES : 0;
	a->nvsp.send = count;
	return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

static void input_subchannels(struct adapter *a, const struct nvsp_message *m,
			      struct nvsp_result *r)
{
	uint32_t count = m->u.subchannel.count;

	if (a->nvsp.version < NVSP_V5)
		return kill_channel(r, "SUBCHANNEL before version 5");
	if (!a->nvsp.recv)
		return kill_channel(r, "SUBCHANNEL before the receive buffer");
	if (a->nvsp.subchannels)
		return kill_channel(r, "SUBCHANNEL again");
	r->what = NVSP_DO_ANSWER;
	r->answer.type = NVSP_SUBCHANNEL;
	r->answer.u.subchannel_complete.status = NVSP_STATUS_FAILURE;
	/* not clamped: a guest that asks for more than there are queues or buffers gets none */
	if (m->u.subchannel.op != 1 || !count || count >= a->queues ||
	    count >= a->nvsp.buffers - CONTROL_BUFFERS)
		return;
	a->nvsp.subchannels = count;
	r->what = NVSP_DO_SUBCHANNELS;
	r->count = count;
	r->answer.u.subchannel_complete.status = NVSP_STATUS_SUCCESS;
	r->answer.u.subchannel_complete.count = count;
}

static void input_data_path(struct adapter *a, const struct nvsp_message *m,
			    struct nvsp_result *r)
{
	if (a->nvsp.version < NVSP_V4)
		return kill_channel(r, "SWITCH_DATA_PATH before version 4");
	if (m->u.data_path.path > 1)
		return kill_channel(r, "SWITCH_DATA_PATH to nowhere");
	a->nvsp.data_path_vf = m->u.data_path.path;
	r->what = NVSP_DO_DATA_PATH;
	r->vf = a->nvsp.data_path_vf;
}

static void input_rndis(struct adapter *a, const struct nvsp_message *m, struct nvsp_result *r)
{
	if (!a->nvsp.recv)
		return kill_channel(r, "RNDIS before the receive buffer");
	r->what = NVSP_DO_RNDIS;
	r->channel = m->u.rndis.channel;
	r->section = m->u.rndis.section;
	r->section_size = m->u.rndis.section_size;
}

/* How much of a message its sender must have sent; 0: nothing of the kind exists. */
static uint32_t body_bytes(uint32_t type)
{
	switch (type) {
	case NVSP_INIT:
	case NVSP_NDIS_VERSION:
	case NVSP_SUBCHANNEL:
		return 8;
	case NVSP_RECV_BUF:
	case NVSP_SEND_BUF:
		return 6;
	case NVSP_REVOKE_RECV_BUF:
	case NVSP_REVOKE_SEND_BUF:
		return 2;
	case NVSP_RNDIS:
		return 12;
	case NVSP_NDIS_CONFIG:
		return 16;
	case NVSP_DATA_PATH:
	case NVSP_PD_API:
		return 4;
	}
	return 0;
}

static bool needs_completion(uint32_t type)
{
	return type == NVSP_INIT || type == NVSP_RECV_BUF || type == NVSP_SEND_BUF ||
	       type == NVSP_RNDIS || type == NVSP_SUBCHANNEL || type == NVSP_DATA_PATH ||
	       type == NVSP_PD_API;
}

static void dispatch(struct adapter *a, const struct nvsp_message *m, struct nvsp_result *r)
{
	switch (m->type) {
	case NVSP_INIT:
		return input_init(a, m, r);
	case NVSP_NDIS_CONFIG:
		return input_config(a, m, r);
	case NVSP_NDIS_VERSION:
		return input_ndis(a, r);
	case NVSP_RECV_BUF:
		return input_recv_buffer(a, m, r);
	case NVSP_SEND_BUF:
		return input_send_buffer(a, m, r);
	case NVSP_REVOKE_RECV_BUF:
		a->nvsp.revoked = true;
		r->what = NVSP_DO_REVOKE_RECV;
		return;
	case NVSP_REVOKE_SEND_BUF:
		r->what = NVSP_DO_REVOKE_SEND;
		return;
	case NVSP_RNDIS:
		return input_rndis(a, m, r);
	case NVSP_SUBCHANNEL:
		return input_subchannels(a, m, r);
	case NVSP_DATA_PATH:
		return input_data_path(a, m, r);
	case NVSP_PD_API:
		/* "packet direct" is not there: configuration with everything zero */
		r->what = NVSP_DO_ANSWER;
		r->answer.type = NVSP_PD_API;
		r->answer.u.pd.op = m->u.pd.op;
		r->answer.u.pd.status = NVSP_STATUS_SUCCESS;
		return;
	}
	kill_channel(r, "unknown NVSP message");
}

void nvsp_input(struct adapter *a, const void *data, uint32_t len, bool wants, bool primary,
		struct nvsp_result *r)
{
	struct nvsp_message m;
	uint32_t body;

	memset(r, 0, sizeof(*r));
	memset(&m, 0, sizeof(m));
	memcpy(&m, data, len < sizeof(m) ? len : sizeof(m));
	body = body_bytes(m.type);
	if (!body || len < 4 + body)
		return kill_channel(r, "unknown or short NVSP message");
	if (needs_completion(m.type) && !wants)
		return kill_channel(r, "NVSP message without completion request");
	if (m.type == NVSP_RNDIS)
		return input_rndis(a, &m, r);
	if (!primary)
		return kill_channel(r, "NVSP control message on a sub-channel");
	if (!a->nvsp.version && m.type != NVSP_INIT)
		return kill_channel(r, "NVSP message before INIT");
	dispatch(a, &m, r);
}
