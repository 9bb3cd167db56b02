// SPDX-License-Identifier: GPL-2.0-only
/* A line for the trace about each packet of a NIC's channels. */
#include <string.h>
#include "nic.h"

static const char *nvsp_name(uint32_t type)
{
	switch (type) {
	case NVSP_INIT:
		return "INIT";
	case NVSP_INIT_COMPLETE:
		return "INIT_COMPLETE";
	case NVSP_NDIS_VERSION:
		return "SEND_NDIS_VERSION";
	case NVSP_RECV_BUF:
		return "SEND_RECV_BUF";
	case NVSP_RECV_BUF_COMPLETE:
		return "SEND_RECV_BUF_COMPLETE";
	case NVSP_REVOKE_RECV_BUF:
		return "REVOKE_RECV_BUF";
	case NVSP_SEND_BUF:
		return "SEND_SEND_BUF";
	case NVSP_SEND_BUF_COMPLETE:
		return "SEND_SEND_BUF_COMPLETE";
	case NVSP_REVOKE_SEND_BUF:
		return "REVOKE_SEND_BUF";
	case NVSP_RNDIS:
		return "RNDIS_PACKET";
	case NVSP_RNDIS_COMPLETE:
		return "RNDIS_PACKET_COMPLETE";
	case NVSP_NDIS_CONFIG:
		return "SEND_NDIS_CONFIG";
	case NVSP_VF_ASSOCIATION:
		return "VF_ASSOCIATION";
	case NVSP_DATA_PATH:
		return "SWITCH_DATA_PATH";
	case NVSP_OID_QUERY_EX:
		return "OID_QUERY_EX";
	case NVSP_SUBCHANNEL:
		return "SUBCHANNEL";
	case NVSP_SEND_TABLE:
		return "SEND_INDIRECTION_TABLE";
	case NVSP_PD_API:
		return "PD_API";
	}
	return "?";
}

static void nvsp_fields(const struct nvsp_message *m, bool answer, struct text *line)
{
	switch (m->type) {
	case NVSP_INIT:
		text_add(line, " version 0x%x to 0x%x", m->u.init.min, m->u.init.max);
		break;
	case NVSP_INIT_COMPLETE:
		text_add(line, " status %u", m->u.init_complete.status);
		break;
	case NVSP_NDIS_VERSION:
		text_add(line, " %u.%u", m->u.ndis_version.major, m->u.ndis_version.minor);
		break;
	case NVSP_NDIS_CONFIG:
		text_add(line, " mtu %u capabilities 0x%x", m->u.config.mtu,
			 m->u.config.capability);
		break;
	case NVSP_RECV_BUF:
	case NVSP_SEND_BUF:
		text_add(line, " gpadl 0x%x id 0x%x", m->u.buffer.gpadl, m->u.buffer.id);
		break;
	case NVSP_RECV_BUF_COMPLETE:
		text_add(line, " status %u, %u buffers of %u", m->u.recv_complete.status,
			 m->u.recv_complete.count, m->u.recv_complete.size);
		break;
	case NVSP_SEND_BUF_COMPLETE:
		text_add(line, " status %u section %u", m->u.send_complete.status,
			 m->u.send_complete.section_size);
		break;
	case NVSP_RNDIS:
		text_add(line, m->u.rndis.channel == NVSP_CHANNEL_CONTROL ? " control" : " data");
		if (m->u.rndis.section != NVSP_NO_SECTION)
			text_add(line, " section %u size %u", m->u.rndis.section,
				 m->u.rndis.section_size);
		break;
	case NVSP_RNDIS_COMPLETE:
		text_add(line, " status %u", m->u.rndis_complete.status);
		break;
	case NVSP_VF_ASSOCIATION:
		text_add(line, " allocated %u serial %u", m->u.vf.allocated, m->u.vf.serial);
		break;
	case NVSP_DATA_PATH:
		text_add(line, " %s", m->u.data_path.path ? "vf" : "synthetic");
		break;
	case NVSP_SUBCHANNEL:
		text_add(line, answer ? " status %u count %u" : " op %u count %u",
			 m->u.subchannel.op, m->u.subchannel.count);
		break;
	case NVSP_SEND_TABLE:
		text_add(line, " count %u offset %u", m->u.table.count, m->u.table.offset);
		break;
	}
}

static const char *rndis_name(uint32_t type)
{
	switch (type & ~RNDIS_COMPLETION) {
	case RNDIS_PACKET:
		return "PACKET";
	case RNDIS_INITIALIZE:
		return "INITIALIZE";
	case RNDIS_HALT:
		return "HALT";
	case RNDIS_QUERY:
		return "QUERY";
	case RNDIS_SET:
		return "SET";
	case RNDIS_RESET:
		return "RESET";
	case RNDIS_INDICATE:
		return "INDICATE_STATUS";
	case RNDIS_KEEPALIVE:
		return "KEEPALIVE";
	case RNDIS_SET_EX:
		return "SET_EX";
	}
	return "?";
}

/* len: what there is at data, which may be less than the message. */
static void rndis_line(const uint8_t *data, uint32_t len, struct text *line)
{
	uint32_t field[8] = { 0 };
	struct rndis_header h;

	if (len < sizeof(h))
		return;
	memcpy(&h, data, sizeof(h));
	len -= (uint32_t)sizeof(h);
	memcpy(field, data + sizeof(h), len < sizeof(field) ? len : sizeof(field));
	text_add(line, " | RNDIS %s%s length %u", rndis_name(h.type),
		 h.type & RNDIS_COMPLETION ? "_CMPLT" : "", h.length);
	switch (h.type) {
	case RNDIS_PACKET:
		text_add(line, " data %u at %u, infos %u", field[1], field[0], field[6]);
		break;
	case RNDIS_QUERY:
	case RNDIS_SET:
		text_add(line, " id %u OID_%s (0x%08x) info %u", field[0], oid_name(field[1]),
			 field[1], field[2]);
		break;
	case RNDIS_INDICATE:
		text_add(line, " status 0x%08x", field[0]);
		break;
	case RNDIS_INITIALIZE:
		text_add(line, " id %u version %u.%u", field[0], field[1], field[2]);
		break;
	case RNDIS_HALT:
	case RNDIS_KEEPALIVE:
		text_add(line, " id %u", field[0]);
		break;
	default:
		if (h.type & RNDIS_COMPLETION)
			text_add(line, " id %u status 0x%08x", field[0], field[1]);
		break;
	}
}

/* What a transfer of the guest begins with: in its section, or in its pages. */
static void guest_rndis(struct nic *nic, const struct nvsp_message *m, const struct packet *p,
			struct text *line)
{
	uint8_t head[40];
	uint32_t len = sizeof(head);
	bool have = false;

	if (m->u.rndis.section != NVSP_NO_SECTION) {
		if (len > m->u.rndis.section_size)
			len = m->u.rndis.section_size;
		pthread_rwlock_rdlock(&nic->tx_lock);
		if (nic->tx_gpadl && m->u.rndis.section < nic->tx_sections)
			have = gpadl_read(nic->tx_gpadl,
					  (uint64_t)m->u.rndis.section * SECTION_BYTES, head, len);
		pthread_rwlock_unlock(&nic->tx_lock);
	} else {
		if (len > p->sg.bytes)
			len = p->sg.bytes;
		have = len && sg_read(&p->sg, 0, head, len);
	}
	if (have)
		rndis_line(head, len, line);
}

void nic_decode(struct hv_channel *ch, bool from_guest, const struct packet *p, struct text *line)
{
	struct nic *nic = ch->dev->priv;
	struct nic_queue *q = ch->priv;
	struct nvsp_message m = { 0 };

	if (p->len < sizeof(m.type)) {
		text_add(line, p->len ? "NVSP, short" : "NVSP completion");
		return;
	}
	memcpy(&m, p->data, p->len < sizeof(m) ? p->len : sizeof(m));
	text_add(line, "NVSP %s", nvsp_name(m.type));
	nvsp_fields(&m, p->type == PKT_COMPLETION, line);
	if (m.type != NVSP_RNDIS || !q)
		return;
	if (from_guest)
		guest_rndis(nic, &m, p, line);
	else if (q->sending)
		rndis_line(q->sending, q->sending_len, line);
	else if (q->sending_count)
		text_add(line, " | %u RNDIS messages", q->sending_count);
}
