/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The NIC as its guest talks to it: the NVSP handshake, RNDIS control messages and
 * OIDs, and what the guest has chosen by them. Values in, values out: nothing here
 * knows a ring, a GPADL or a backend; nic.c acts on what comes out.
 *
 * No lock of its own: the owner of a struct adapter serialises (nic->lock).
 */
#ifndef HVHOST_NET_ADAPTER_H
#define HVHOST_NET_ADAPTER_H

#include "frame.h"
#include "proto.h"

#define SECTION_BYTES		6144u	/* of the send buffer */
#define SUBALLOC_EXTRA		292u	/* of the receive buffer, around a frame */
#define RX_DATA_OFFSET		248u	/* in an RNDIS message towards the guest */
#define CONTROL_BUFFERS		16u	/* receive buffers kept for control messages */
#define FRAME_DEFAULT		1514u
#define FRAME_LIMIT		9216u	/* unless max_mtu= says more */
#define RX_BUFFERS_MAX		65536u
#define REPLY_BYTES		1024u	/* the longest control message to the guest */
#define LSO_BYTES		0xf53cu	/* largest TCP payload of one large packet */

/* What can be hidden from the guest: hide=tso+udp... */
enum feature {
	FEATURE_CSUM	= 1 << 0,	/* all checksum offload */
	FEATURE_UDP	= 1 << 1,	/* UDP checksums */
	FEATURE_LSO	= 1 << 2,
	FEATURE_LSO6	= 1 << 3,
	FEATURE_RSC	= 1 << 4,
	FEATURE_RSS	= 1 << 5,
	FEATURE_VLAN	= 1 << 6,
	FEATURE_SRIOV	= 1 << 7,
	FEATURE_NAME	= 1 << 8,	/* the friendly name */
};

struct nvsp_state {
	uint32_t version;		/* 0: not agreed yet */
	bool configured, ndis, recv, send, revoked;
	uint32_t frame_bytes;		/* MTU with Ethernet header */
	uint32_t caps;
	uint32_t buffers;		/* receive buffers */
	uint32_t subchannels;		/* granted */
	bool data_path_vf;
};

struct rss_state {
	bool enabled;
	uint32_t types;
	uint8_t key[RSS_KEY_BYTES];
	uint16_t table[RSS_TABLE_ENTRIES];
	uint32_t entries;
};

/* What the guest has switched on, after masking by what it was offered. */
struct offload_state {
	bool rx_ip4, rx_tcp4, rx_udp4, rx_tcp6, rx_udp6;
	bool tx_ip4, tx_tcp4, tx_udp4, tx_tcp6, tx_udp6;
	bool lso1, lso4, lso6, rsc4, rsc6;
};

struct adapter {
	/* the host's side; stays over a reset of the guest */
	uint32_t max_version;
	uint32_t max_frame;		/* largest frame_bytes that is granted */
	uint32_t queues;
	uint32_t hidden;		/* a set of enum feature */
	uint8_t permanent[ETH_MAC];
	char name[128];
	bool link;
	uint32_t speed;			/* Mbit/s */
	bool fixed_mac;			/* refuse a MAC set by the guest */
	uint32_t vf_serial;
	bool vf;
	/* the guest's */
	struct nvsp_state nvsp;
	bool initialized;		/* RNDIS INITIALIZE seen, no HALT since */
	uint32_t filter;
	uint8_t current[ETH_MAC];
	uint32_t vlan_id;
	struct rss_state rss;
	struct offload_state offload;
	/* for OIDs */
	uint64_t stat_tx, stat_rx, stat_tx_errors, stat_rx_errors, stat_no_buffer;
};
/* Host side defaults; the guest's side as after adapter_reset(). */
void adapter_init(struct adapter *a);
/* Forgets what the guest has said. */
void adapter_reset(struct adapter *a);

/* What the caller has to do about an NVSP message. */
enum nvsp_do {
	NVSP_DO_NOTHING,
	NVSP_DO_KILL,			/* protocol violation, see why */
	NVSP_DO_ANSWER,			/* complete with answer */
	NVSP_DO_EMPTY,			/* complete without payload */
	NVSP_DO_RECV_BUFFER,		/* map, then nvsp_recv_buffer(), complete with answer */
	NVSP_DO_SEND_BUFFER,		/* map, then nvsp_send_buffer(), complete with answer */
	NVSP_DO_REVOKE_RECV,
	NVSP_DO_REVOKE_SEND,
	NVSP_DO_RNDIS,
	NVSP_DO_SUBCHANNELS,		/* complete with answer, offer the count */
	NVSP_DO_DATA_PATH,		/* complete without payload; vf says where */
};

struct nvsp_result {
	enum nvsp_do what;
	const char *why;
	struct nvsp_message answer;
	uint32_t gpadl;
	uint32_t channel, section, section_size;
	uint32_t count;
	bool vf;
};
/* wants: the sender asked for a completion. primary: came in on the primary channel. */
void nvsp_input(struct adapter *a, const void *data, uint32_t len, bool wants, bool primary,
		struct nvsp_result *r);
/* bytes: of the mapped buffer, 0: there is none. Returns the receive buffers in it, 0: refused. */
uint32_t nvsp_recv_buffer(struct adapter *a, uint64_t bytes, struct nvsp_message *answer);
/* Returns the number of sections, 0: refused. */
uint32_t nvsp_send_buffer(struct adapter *a, uint64_t bytes, struct nvsp_message *answer);
uint32_t nvsp_suballoc(const struct adapter *a);
/* Bytes of a message in the version agreed on. */
uint32_t nvsp_bytes(const struct adapter *a);

/* One RNDIS message to the guest. */
struct reply {
	uint32_t len;			/* 0: none */
	uint8_t data[REPLY_BYTES];
};
/* A control message of the guest. False: fatal, why is set. */
bool rndis_control(struct adapter *a, const uint8_t *data, uint32_t len, struct reply *reply,
		   const char **why);
/* INDICATE_STATUS with len bytes (up to 64) of status buffer. */
void rndis_indicate(struct reply *reply, uint32_t status, const void *data, uint32_t len);

/* A data message of the guest, taken apart. Pointers into the caller's copy. */
struct rndis_data {
	const uint8_t *data;
	uint32_t len;
	uint32_t header_bytes;		/* message start to the end of its PPIs */
	bool has_csum, has_lso, has_vlan, has_hash;
	uint32_t csum, lso, hash;
	uint16_t tci;
};
/*
 * Takes the message at the start of buf apart. Returns its whole length, 0 when it is
 * malformed. *d is only set for RNDIS_PACKET, *type always.
 */
uint32_t rndis_next(const uint8_t *buf, uint32_t len, uint32_t *type, struct rndis_data *d);

/* oid.c: status; *len is the room at out and then the bytes there. */
uint32_t oid_query(struct adapter *a, uint32_t oid, const uint8_t *in, uint32_t in_len,
		   uint8_t *out, uint32_t *len);
uint32_t oid_set(struct adapter *a, uint32_t oid, const uint8_t *in, uint32_t len);
const char *oid_name(uint32_t oid);

/* "00:15:5d:00:00:01" or without colons, and back; false: not an address. */
bool mac_parse(const char *text, uint8_t mac[ETH_MAC]);
void mac_format(const uint8_t mac[ETH_MAC], char text[18]);

#endif
