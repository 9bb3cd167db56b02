// SPDX-License-Identifier: GPL-2.0-only
/* RNDIS messages: data messages taken apart, control messages answered. */
#include <string.h>
#include "adapter.h"

#define PPI_LIMIT	64	/* more per-packet infos than exist */

static void take_ppi(struct rndis_data *d, uint32_t type, uint32_t value)
{
	switch (type) {
	case PPI_CHECKSUM:
		d->has_csum = true;
		d->csum = value;
		break;
	case PPI_LSO:
		d->has_lso = true;
		d->lso = value;
		break;
	case PPI_VLAN:
		d->has_vlan = true;
		d->tci = VLAN_PPI_TO_TCI(value);
		break;
	case PPI_HASH:
		d->has_hash = true;
		d->hash = value;
		break;
	}
}

static bool parse_ppis(const uint8_t *at, uint32_t len, struct rndis_data *d)
{
	for (int i = 0; len; i++) {
		struct rndis_ppi ppi;
		uint32_t value;

		if (len < sizeof(ppi) || i == PPI_LIMIT)
			return false;
		memcpy(&ppi, at, sizeof(ppi));
		if (ppi.size < sizeof(ppi) || ppi.size > len || ppi.offset > ppi.size)
			return false;
		if (ppi.size - ppi.offset >= sizeof(value)) {
			memcpy(&value, at + ppi.offset, sizeof(value));
			take_ppi(d, ppi.type, value);
		}
		at += ppi.size;
		len -= ppi.size;
	}
	return true;
}

static bool inside(uint32_t offset, uint32_t length, uint32_t room)
{
	return offset <= room && length <= room - offset;
}

static bool parse_packet(const uint8_t *body, uint32_t room, struct rndis_data *d)
{
	struct rndis_packet p;

	memset(d, 0, sizeof(*d));
	if (room < sizeof(p))
		return false;
	memcpy(&p, body, sizeof(p));
	/* out-of-band data and virtual circuits don't exist on this medium */
	if (p.oob_offset || p.oob_length || p.oob_count || p.vc)
		return false;
	if (!inside(p.data_offset, p.data_length, room) || p.data_offset < sizeof(p))
		return false;
	d->header_bytes = sizeof(struct rndis_header) + sizeof(p);
	if (p.ppi_length) {
		if (p.ppi_offset < sizeof(p) || !inside(p.ppi_offset, p.ppi_length, room))
			return false;
		if (!parse_ppis(body + p.ppi_offset, p.ppi_length, d))
			return false;
		d->header_bytes = sizeof(struct rndis_header) + p.ppi_offset + p.ppi_length;
	}
	d->data = body + p.data_offset;
	d->len = p.data_length;
	return true;
}

uint32_t rndis_next(const uint8_t *buf, uint32_t len, uint32_t *type, struct rndis_data *d)
{
	struct rndis_header h;

	*type = 0;
	if (len < sizeof(h))
		return 0;
	memcpy(&h, buf, sizeof(h));
	*type = h.type;
	if (h.length < sizeof(h) || h.length > len)
		return 0;
	if (h.type == RNDIS_PACKET &&
	    !parse_packet(buf + sizeof(h), h.length - (uint32_t)sizeof(h), d))
		return 0;
	return h.length;
}

static void reply_make(struct reply *reply, uint32_t type, const void *body, uint32_t body_len,
		       uint32_t extra)
{
	struct rndis_header h = { .type = type };

	reply->len = (uint32_t)sizeof(h) + body_len + extra;
	h.length = reply->len;
	memcpy(reply->data, &h, sizeof(h));
	memcpy(reply->data + sizeof(h), body, body_len);
}

void rndis_indicate(struct reply *reply, uint32_t status, const void *data, uint32_t len)
{
	struct rndis_indicate body = {
		.status = status,
		.length = len,
		.offset = len ? sizeof(body) : 0,
	};

	if (len > 64)
		len = body.length = 64;
	if (len)
		memcpy(reply->data + sizeof(struct rndis_header) + sizeof(body), data, len);
	reply_make(reply, RNDIS_INDICATE, &body, sizeof(body), len);
}

static bool control_initialize(struct adapter *a, const uint8_t *body, uint32_t room,
			       struct reply *reply, const char **why)
{
	struct rndis_initialize in;
	struct rndis_initialize_complete out = {
		.major = 1,
		.flags = 1,		/* connectionless */
		.max_packets = 8,
		.max_transfer = 0xefffffff,
		.alignment = 3,		/* a power of two: 8 bytes */
	};

	if (a->initialized) {
		*why = "RNDIS INITIALIZE again";
		return false;
	}
	if (room < sizeof(in)) {
		*why = "short RNDIS INITIALIZE";
		return false;
	}
	memcpy(&in, body, sizeof(in));
	out.id = in.id;
	if (in.major != 1)
		out.status = RNDIS_BAD_VERSION;
	else
		a->initialized = true;
	reply_make(reply, RNDIS_INITIALIZE | RNDIS_COMPLETION, &out, sizeof(out), 0);
	return true;
}

static bool control_query(struct adapter *a, const uint8_t *body, uint32_t room,
			  struct reply *reply, const char **why)
{
	uint8_t *data = reply->data + sizeof(struct rndis_header) +
			sizeof(struct rndis_query_complete);
	uint32_t len = REPLY_BYTES - (uint32_t)(data - reply->data);
	struct rndis_query_complete out = { 0 };
	struct rndis_request in;

	if (room < sizeof(in)) {
		*why = "short RNDIS QUERY";
		return false;
	}
	memcpy(&in, body, sizeof(in));
	out.id = in.id;
	if (!inside(in.offset, in.length, room)) {
		out.status = RNDIS_INVALID_DATA;
		len = 0;
	} else {
		memset(data, 0, len);
		out.status = oid_query(a, in.oid, body + in.offset, in.length, data, &len);
	}
	if (out.status != RNDIS_SUCCESS)
		len = 0;
	out.length = len;
	out.offset = len ? sizeof(out) : 0;
	reply_make(reply, RNDIS_QUERY | RNDIS_COMPLETION, &out, sizeof(out), len);
	return true;
}

static bool control_set(struct adapter *a, const uint8_t *body, uint32_t room,
			struct reply *reply, const char **why)
{
	struct rndis_complete out = { 0 };
	struct rndis_request in;

	if (room < sizeof(in)) {
		*why = "short RNDIS SET";
		return false;
	}
	memcpy(&in, body, sizeof(in));
	out.id = in.id;
	out.status = RNDIS_INVALID_DATA;
	if (inside(in.offset, in.length, room))
		out.status = oid_set(a, in.oid, body + in.offset, in.length);
	reply_make(reply, RNDIS_SET | RNDIS_COMPLETION, &out, sizeof(out), 0);
	return true;
}

static bool control_keepalive(const uint8_t *body, uint32_t room, struct reply *reply,
			      const char **why)
{
	struct rndis_complete out = { 0 };

	if (room < sizeof(out.id)) {
		*why = "short RNDIS KEEPALIVE";
		return false;
	}
	memcpy(&out.id, body, sizeof(out.id));
	reply_make(reply, RNDIS_KEEPALIVE | RNDIS_COMPLETION, &out, sizeof(out), 0);
	return true;
}

bool rndis_control(struct adapter *a, const uint8_t *data, uint32_t len, struct reply *reply,
		   const char **why)
{
	const uint8_t *body = data + sizeof(struct rndis_header);
	struct rndis_data unused;
	uint32_t type, room;

	reply->len = 0;
	*why = "malformed RNDIS control message";
	room = rndis_next(data, len, &type, &unused);
	if (!room)
		return false;
	room -= (uint32_t)sizeof(struct rndis_header);
	switch (type) {
	case RNDIS_INITIALIZE:
		return control_initialize(a, body, room, reply, why);
	case RNDIS_HALT:
		/* answered by nothing but the packet's completion */
		a->initialized = false;
		a->filter = 0;
		return true;
	case RNDIS_QUERY:
		return control_query(a, body, room, reply, why);
	case RNDIS_SET:
		return control_set(a, body, room, reply, why);
	case RNDIS_KEEPALIVE:
		return control_keepalive(body, room, reply, why);
	}
	*why = "RNDIS message that a guest must not send";
	return false;
}
