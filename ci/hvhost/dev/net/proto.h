/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What goes over the wire of a synthetic NIC: NVSP messages in the ring, RNDIS
 * messages in the buffers behind them, NDIS objects inside RNDIS requests.
 * Little endian throughout. Sources: MS-RNDIS, the NDIS documentation and what
 * the guests of the field send.
 */
#ifndef HVHOST_NET_PROTO_H
#define HVHOST_NET_PROTO_H

#include <stdint.h>

enum nvsp_version {
	NVSP_V1		= 0x00002,
	NVSP_V2		= 0x30002,
	NVSP_V4		= 0x40000,
	NVSP_V5		= 0x50000,
	NVSP_V6		= 0x60000,
	NVSP_V61	= 0x60001,
};

enum nvsp_type {
	NVSP_INIT		= 1,
	NVSP_INIT_COMPLETE	= 2,
	NVSP_NDIS_VERSION	= 100,
	NVSP_RECV_BUF		= 101,
	NVSP_RECV_BUF_COMPLETE	= 102,
	NVSP_REVOKE_RECV_BUF	= 103,
	NVSP_SEND_BUF		= 104,
	NVSP_SEND_BUF_COMPLETE	= 105,
	NVSP_REVOKE_SEND_BUF	= 106,
	NVSP_RNDIS		= 107,
	NVSP_RNDIS_COMPLETE	= 108,
	NVSP_NDIS_CONFIG	= 125,
	NVSP_VF_ASSOCIATION	= 128,
	NVSP_DATA_PATH		= 129,
	NVSP_OID_QUERY_EX	= 131,
	NVSP_SUBCHANNEL		= 133,
	NVSP_SEND_TABLE		= 134,
	NVSP_PD_API		= 135,
};

enum nvsp_status {
	NVSP_STATUS_NONE	= 0,	/* INIT: not this version */
	NVSP_STATUS_SUCCESS	= 1,
	NVSP_STATUS_FAILURE	= 2,
};

#define NVSP_BYTES		28	/* a message; the rest is zero */
#define NVSP_BYTES_V61		40
#define NVSP_MDL_CHAIN		34
#define NVSP_NO_VERSION		0xffffffffu
#define NVSP_NO_SECTION		0xffffffffu
#define NVSP_SEND_TABLE_ENTRIES	16
#define NVSP_RECV_SET		0xcafe	/* the guests' name for the receive buffer */
#define NVSP_CHANNEL_CONTROL	1

/* NDIS_CONFIG capability bits */
#define NVSP_CAP_SRIOV		(1u << 2)
#define NVSP_CAP_VLAN		(1u << 3)
#define NVSP_CAP_TEAMING	(1u << 5)
#define NVSP_CAP_RSC		(1u << 7)

/* One NVSP message; which member counts is said by type. */
struct nvsp_message {
	uint32_t type;
	union {
		struct {
			uint32_t min, max;
		} init;
		struct {
			uint32_t version, mdl_chain, status;
		} init_complete;
		struct {
			uint32_t major, minor;
		} ndis_version;
		struct {
			uint32_t gpadl;
			uint16_t id;
		} __attribute__((packed)) buffer;
		struct {
			uint32_t status, sections;
			uint32_t offset, size, count, end;
		} recv_complete;
		struct {
			uint32_t status, section_size;
		} send_complete;
		struct {
			uint16_t id;
		} revoke;
		struct {
			uint32_t channel, section, section_size;
		} rndis;
		struct {
			uint32_t status;
		} rndis_complete;
		struct {
			uint32_t mtu, reserved;
			uint32_t capability, capability_high;
		} config;
		struct {
			uint32_t allocated, serial;
		} vf;
		struct {
			uint32_t path;		/* 0 synthetic, 1 VF */
		} data_path;
		struct {
			uint32_t op, count;	/* op 1: allocate */
		} subchannel;
		struct {
			uint32_t status, count;
		} subchannel_complete;
		struct {
			uint32_t count, offset;
		} table;
		struct {
			uint32_t op, status;
		} pd;
		uint8_t bytes[36];
	} u;
} __attribute__((packed));
_Static_assert(sizeof(struct nvsp_message) == NVSP_BYTES_V61, "NVSP 6.1 message");

enum rndis_type {
	RNDIS_PACKET		= 1,
	RNDIS_INITIALIZE	= 2,
	RNDIS_HALT		= 3,
	RNDIS_QUERY		= 4,
	RNDIS_SET		= 5,
	RNDIS_RESET		= 6,
	RNDIS_INDICATE		= 7,
	RNDIS_KEEPALIVE		= 8,
	RNDIS_SET_EX		= 9,
	RNDIS_COMPLETION	= 0x80000000u,	/* added to the request's type */
};

enum rndis_status {
	RNDIS_SUCCESS		= 0,
	RNDIS_MEDIA_CONNECT	= 0x4001000b,
	RNDIS_MEDIA_DISCONNECT	= 0x4001000c,
	RNDIS_LINK_SPEED_CHANGE	= 0x40010013,
	RNDIS_NETWORK_CHANGE	= 0x40010018,
	RNDIS_FAILURE		= 0xc0000001,
	RNDIS_NOT_SUPPORTED	= 0xc00000bb,
	RNDIS_BAD_VERSION	= 0xc0010004,
	RNDIS_NOT_READY		= 0xc0010011,
	RNDIS_INVALID_LENGTH	= 0xc0010014,
	RNDIS_INVALID_DATA	= 0xc0010015,
};

struct rndis_header {
	uint32_t type, length;
};

/* The data message. Offsets count from the byte after the header. */
struct rndis_packet {
	uint32_t data_offset, data_length;
	uint32_t oob_offset, oob_length, oob_count;
	uint32_t ppi_offset, ppi_length;
	uint32_t vc, reserved;
};

struct rndis_ppi {
	uint32_t size;
	uint32_t type;		/* bit 31: internal to this transport */
	uint32_t offset;	/* of the value, from this structure's start */
};

enum ppi_type {
	PPI_CHECKSUM	= 0,
	PPI_LSO		= 2,
	PPI_VLAN	= 6,
	PPI_HASH	= 8,
	PPI_RSC_ID	= 1u | 1u << 31,
};

/* PPI_CHECKSUM towards the host; bits 16-25 hold the TCP header's offset */
#define TX_CSUM_IPV4		(1u << 0)
#define TX_CSUM_IPV6		(1u << 1)
#define TX_CSUM_TCP		(1u << 2)
#define TX_CSUM_UDP		(1u << 3)
#define TX_CSUM_IP_HEADER	(1u << 4)
#define TX_CSUM_L4_OFFSET(v)	((v) >> 16 & 0x3ff)

/* PPI_CHECKSUM towards the guest */
#define RX_CSUM_TCP_FAILED	(1u << 0)
#define RX_CSUM_UDP_FAILED	(1u << 1)
#define RX_CSUM_IP_FAILED	(1u << 2)
#define RX_CSUM_TCP_GOOD	(1u << 3)
#define RX_CSUM_UDP_GOOD	(1u << 4)
#define RX_CSUM_IP_GOOD		(1u << 5)
#define RX_CSUM_TCP_UNSET	(1u << 7)	/* the field's value means nothing */
#define RX_CSUM_IP_UNSET	(1u << 8)

/* PPI_LSO */
#define LSO_MSS(v)		((v) & 0xfffff)
#define LSO_L4_OFFSET(v)	((v) >> 20 & 0x3ff)
#define LSO_V2			(1u << 30)
#define LSO_IPV6		(1u << 31)

/* PPI_VLAN: priority in bits 0-2, CFI in 3, id in 4-15; an 802.1Q TCI has them the other way */
#define VLAN_PPI_TO_TCI(v)	((uint16_t)(((v) & 7) << 13 | ((v) >> 3 & 1) << 12 | \
					    ((v) >> 4 & 0xfff)))
#define VLAN_TCI_TO_PPI(t)	((uint32_t)((t) >> 13 & 7) | ((uint32_t)(t) >> 12 & 1) << 3 | \
				 ((uint32_t)(t) & 0xfff) << 4)

/* PPI_RSC_ID: version, flags, id (u16) */
#define RSC_SUBALLOC		1
#define RSC_FIRST		2
#define RSC_LAST		4

/* RNDIS control messages, after the header */
struct rndis_initialize {
	uint32_t id, major, minor, max_transfer;
};

struct rndis_initialize_complete {
	uint32_t id, status, major, minor, flags, medium, max_packets, max_transfer, alignment,
		 af_offset, af_size;
};

struct rndis_request {			/* QUERY and SET */
	uint32_t id, oid, length, offset, vc;
};

struct rndis_query_complete {
	uint32_t id, status, length, offset;
};

struct rndis_complete {			/* SET and KEEPALIVE */
	uint32_t id, status;
};

struct rndis_indicate {
	uint32_t status, length, offset;
};

enum oid {
	OID_GEN_SUPPORTED_LIST		= 0x00010101,
	OID_GEN_HARDWARE_STATUS		= 0x00010102,
	OID_GEN_MEDIA_SUPPORTED		= 0x00010103,
	OID_GEN_MEDIA_IN_USE		= 0x00010104,
	OID_GEN_MAXIMUM_LOOKAHEAD	= 0x00010105,
	OID_GEN_MAXIMUM_FRAME_SIZE	= 0x00010106,
	OID_GEN_LINK_SPEED		= 0x00010107,
	OID_GEN_TRANSMIT_BUFFER_SPACE	= 0x00010108,
	OID_GEN_RECEIVE_BUFFER_SPACE	= 0x00010109,
	OID_GEN_TRANSMIT_BLOCK_SIZE	= 0x0001010a,
	OID_GEN_RECEIVE_BLOCK_SIZE	= 0x0001010b,
	OID_GEN_VENDOR_ID		= 0x0001010c,
	OID_GEN_VENDOR_DESCRIPTION	= 0x0001010d,
	OID_GEN_PACKET_FILTER		= 0x0001010e,
	OID_GEN_CURRENT_LOOKAHEAD	= 0x0001010f,
	OID_GEN_DRIVER_VERSION		= 0x00010110,
	OID_GEN_MAXIMUM_TOTAL_SIZE	= 0x00010111,
	OID_GEN_MAC_OPTIONS		= 0x00010113,
	OID_GEN_MEDIA_CONNECT_STATUS	= 0x00010114,
	OID_GEN_MAXIMUM_SEND_PACKETS	= 0x00010115,
	OID_GEN_VENDOR_DRIVER_VERSION	= 0x00010116,
	OID_GEN_NETWORK_ADDRESSES	= 0x00010118,
	OID_GEN_RSS_CAPABILITIES	= 0x00010203,
	OID_GEN_RSS_PARAMETERS		= 0x00010204,
	OID_GEN_CONFIG_PARAMETER	= 0x0001021b,
	OID_GEN_VLAN_ID			= 0x0001021c,
	OID_GEN_XMIT_OK			= 0x00020101,
	OID_GEN_RCV_OK			= 0x00020102,
	OID_GEN_XMIT_ERROR		= 0x00020103,
	OID_GEN_RCV_ERROR		= 0x00020104,
	OID_GEN_RCV_NO_BUFFER		= 0x00020105,
	OID_GEN_FRIENDLY_NAME		= 0x00020216,
	OID_OFFLOAD_ENCAPSULATION	= 0x0101010a,
	OID_802_3_PERMANENT_ADDRESS	= 0x01010101,
	OID_802_3_CURRENT_ADDRESS	= 0x01010102,
	OID_802_3_MULTICAST_LIST	= 0x01010103,
	OID_802_3_MAXIMUM_LIST_SIZE	= 0x01010104,
	OID_TCP_OFFLOAD_CONFIG		= 0xfc01020b,
	OID_TCP_OFFLOAD_PARAMETERS	= 0xfc01020c,
	OID_TCP_OFFLOAD_CAPABILITIES	= 0xfc01020d,
};

#define FILTER_DIRECTED		0x01u
#define FILTER_MULTICAST	0x02u
#define FILTER_ALL_MULTICAST	0x04u
#define FILTER_BROADCAST	0x08u
#define FILTER_PROMISCUOUS	0x20u

enum ndis_object_type {
	NDIS_DEFAULT		= 0x80,
	NDIS_RSS_CAPABILITIES	= 0x88,
	NDIS_RSS_PARAMETERS	= 0x89,
	NDIS_OFFLOAD		= 0xa7,
};

struct ndis_header {
	uint8_t type, revision;
	uint16_t size;
};

struct ndis_csum_caps {
	uint32_t ip4_tx_encap, ip4_tx, ip4_rx_encap, ip4_rx;
	uint32_t ip6_tx_encap, ip6_tx, ip6_rx_encap, ip6_rx;
};
/* IPv4: IP options, TCP options, TCP, UDP, IP header; IPv6: extension headers, TCP options, ... */
#define NDIS_CSUM_IP_OPTIONS	0x001u
#define NDIS_CSUM_TCP_OPTIONS	0x004u
#define NDIS_CSUM_TCP		0x010u
#define NDIS_CSUM_UDP		0x040u
#define NDIS_CSUM_IP		0x100u
#define NDIS_ENCAP_8023		0x2u

/* NDIS_OFFLOAD; how much of it is sent depends on the revision asked for. */
struct ndis_offload {
	struct ndis_header header;
	struct ndis_csum_caps csum;
	struct {
		uint32_t encap, max, min_segments, options;
	} lso1;
	uint32_t ipsec1[7];
	struct {
		uint32_t ip4_encap, ip4_max, ip4_min_segments;
		uint32_t ip6_encap, ip6_max, ip6_min_segments, ip6_options;
	} lso2;
	uint32_t flags;
	/* revision 2, NDIS 6.1 */
	uint32_t ipsec2[8];
	/* revision 3, NDIS 6.30 */
	uint8_t rsc_ip4, rsc_ip6, pad[2];
	uint32_t encap_flags, encap_max_header;
};
_Static_assert(sizeof(struct ndis_offload) == 156, "NDIS 6.30 offload capabilities");
#define NDIS_OFFLOAD_REV1	__builtin_offsetof(struct ndis_offload, ipsec2)
#define NDIS_OFFLOAD_REV2	__builtin_offsetof(struct ndis_offload, rsc_ip4)

/* NDIS_OFFLOAD_PARAMETERS: 0 leaves a setting alone */
struct ndis_offload_parameters {
	struct ndis_header header;
	uint8_t ip4_csum, tcp4_csum, udp4_csum, tcp6_csum, udp6_csum;
	uint8_t lso1, ipsec1, lso2_ip4, lso2_ip6, connection4, connection6, pad;
	uint32_t flags;
	uint8_t ipsec2, ipsec2_ip4, rsc_ip4, rsc_ip6, encap, encap_types;
	uint8_t pad2[2];
};
_Static_assert(sizeof(struct ndis_offload_parameters) == 28, "NDIS 6.30 offload parameters");
#define NDIS_PARAMETERS_MIN	20	/* up to flags: revision 1 */
/* Checksum settings: 1 off, 2 transmit, 3 receive, 4 both; LSO and RSC: 1 off, 2 on */
#define NDIS_CSUM_SENDS(v)	((v) == 2 || (v) == 4)
#define NDIS_CSUM_RECEIVES(v)	((v) == 3 || (v) == 4)

struct ndis_rss_caps {
	struct ndis_header header;
	uint32_t flags, messages, queues;
	uint16_t table_entries, pad;
};

struct ndis_rss_parameters {
	struct ndis_header header;
	uint16_t flags, base_cpu;
	uint32_t hash;
	uint16_t table_bytes, pad;
	uint32_t table_offset;
	uint16_t key_bytes, pad2;
	uint32_t key_offset;
	uint32_t masks_offset, masks, mask_bytes;
};
_Static_assert(sizeof(struct ndis_rss_parameters) == 40, "NDIS 6.20 RSS parameters");
#define RSS_FLAG_HASH_UNCHANGED		0x02u
#define RSS_FLAG_TABLE_UNCHANGED	0x04u
#define RSS_FLAG_KEY_UNCHANGED		0x08u
#define RSS_FLAG_DISABLE		0x10u
#define RSS_TOEPLITZ			0x0001u
#define RSS_IPV4			0x0100u
#define RSS_TCP_IPV4			0x0200u
#define RSS_IPV6			0x0400u
#define RSS_TCP_IPV6			0x1000u
#define RSS_UDP_IPV4			0x4000u
#define RSS_UDP_IPV6			0x8000u
#define RSS_KEY_BYTES			40u
#define RSS_TABLE_ENTRIES		128u

/* OID_GEN_CONFIG_PARAMETER: name and value are UTF-16 */
struct ndis_config_parameter {
	uint32_t name_offset, name_length, type, value_offset, value_length;
};

#endif
