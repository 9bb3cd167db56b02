// SPDX-License-Identifier: GPL-2.0-only
/* OIDs: what the guest asks of its NIC and sets in it (NDIS documentation). */
#include <stdio.h>
#include <string.h>
#include "adapter.h"

static const struct {
	uint32_t oid;
	const char *name;
} oids[] = {
	{ OID_GEN_SUPPORTED_LIST, "SUPPORTED_LIST" },
	{ OID_GEN_HARDWARE_STATUS, "HARDWARE_STATUS" },
	{ OID_GEN_MEDIA_SUPPORTED, "MEDIA_SUPPORTED" },
	{ OID_GEN_MEDIA_IN_USE, "MEDIA_IN_USE" },
	{ OID_GEN_MAXIMUM_LOOKAHEAD, "MAXIMUM_LOOKAHEAD" },
	{ OID_GEN_MAXIMUM_FRAME_SIZE, "MAXIMUM_FRAME_SIZE" },
	{ OID_GEN_LINK_SPEED, "LINK_SPEED" },
	{ OID_GEN_TRANSMIT_BUFFER_SPACE, "TRANSMIT_BUFFER_SPACE" },
	{ OID_GEN_RECEIVE_BUFFER_SPACE, "RECEIVE_BUFFER_SPACE" },
	{ OID_GEN_TRANSMIT_BLOCK_SIZE, "TRANSMIT_BLOCK_SIZE" },
	{ OID_GEN_RECEIVE_BLOCK_SIZE, "RECEIVE_BLOCK_SIZE" },
	{ OID_GEN_VENDOR_ID, "VENDOR_ID" },
	{ OID_GEN_VENDOR_DESCRIPTION, "VENDOR_DESCRIPTION" },
	{ OID_GEN_PACKET_FILTER, "PACKET_FILTER" },
	{ OID_GEN_CURRENT_LOOKAHEAD, "CURRENT_LOOKAHEAD" },
	{ OID_GEN_DRIVER_VERSION, "DRIVER_VERSION" },
	{ OID_GEN_MAXIMUM_TOTAL_SIZE, "MAXIMUM_TOTAL_SIZE" },
	{ OID_GEN_MAC_OPTIONS, "MAC_OPTIONS" },
	{ OID_GEN_MEDIA_CONNECT_STATUS, "MEDIA_CONNECT_STATUS" },
	{ OID_GEN_MAXIMUM_SEND_PACKETS, "MAXIMUM_SEND_PACKETS" },
	{ OID_GEN_VENDOR_DRIVER_VERSION, "VENDOR_DRIVER_VERSION" },
	{ OID_GEN_NETWORK_ADDRESSES, "NETWORK_LAYER_ADDRESSES" },
	{ OID_GEN_RSS_CAPABILITIES, "RECEIVE_SCALE_CAPABILITIES" },
	{ OID_GEN_RSS_PARAMETERS, "RECEIVE_SCALE_PARAMETERS" },
	{ OID_GEN_CONFIG_PARAMETER, "RNDIS_CONFIG_PARAMETER" },
	{ OID_GEN_VLAN_ID, "VLAN_ID" },
	{ OID_GEN_XMIT_OK, "XMIT_OK" },
	{ OID_GEN_RCV_OK, "RCV_OK" },
	{ OID_GEN_XMIT_ERROR, "XMIT_ERROR" },
	{ OID_GEN_RCV_ERROR, "RCV_ERROR" },
	{ OID_GEN_RCV_NO_BUFFER, "RCV_NO_BUFFER" },
	{ OID_GEN_FRIENDLY_NAME, "FRIENDLY_NAME" },
	{ OID_OFFLOAD_ENCAPSULATION, "OFFLOAD_ENCAPSULATION" },
	{ OID_802_3_PERMANENT_ADDRESS, "802_3_PERMANENT_ADDRESS" },
	{ OID_802_3_CURRENT_ADDRESS, "802_3_CURRENT_ADDRESS" },
	{ OID_802_3_MULTICAST_LIST, "802_3_MULTICAST_LIST" },
	{ OID_802_3_MAXIMUM_LIST_SIZE, "802_3_MAXIMUM_LIST_SIZE" },
	{ OID_TCP_OFFLOAD_CONFIG, "TCP_OFFLOAD_CURRENT_CONFIG" },
	{ OID_TCP_OFFLOAD_PARAMETERS, "TCP_OFFLOAD_PARAMETERS" },
	{ OID_TCP_OFFLOAD_CAPABILITIES, "TCP_OFFLOAD_HARDWARE_CAPABILITIES" },
};

const char *oid_name(uint32_t oid)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(oids); i++) {
		if (oids[i].oid == oid)
			return oids[i].name;
	}
	return "unknown";
}

static bool has(const struct adapter *a, unsigned int feature)
{
	return !(a->hidden & feature);
}

static uint32_t put_bytes(uint8_t *out, uint32_t *len, const void *from, uint32_t bytes)
{
	if (bytes > *len)
		return RNDIS_INVALID_LENGTH;
	memcpy(out, from, bytes);
	*len = bytes;
	return RNDIS_SUCCESS;
}

static uint32_t put_u32(uint8_t *out, uint32_t *len, uint32_t value)
{
	return put_bytes(out, len, &value, sizeof(value));
}

static uint32_t query_list(uint8_t *out, uint32_t *len)
{
	uint32_t list[ARRAY_SIZE(oids)];

	for (unsigned int i = 0; i < ARRAY_SIZE(oids); i++)
		list[i] = oids[i].oid;
	return put_bytes(out, len, list, sizeof(list));
}

/* UTF-16 with its NUL; the name is ASCII. */
static uint32_t query_name(const struct adapter *a, uint8_t *out, uint32_t *len)
{
	uint32_t chars = (uint32_t)strlen(a->name) + 1;

	if (!has(a, FEATURE_NAME))
		return RNDIS_NOT_SUPPORTED;
	if (chars * 2 > *len)
		return RNDIS_INVALID_LENGTH;
	for (uint32_t i = 0; i < chars; i++) {
		out[2 * i] = (uint8_t)a->name[i];
		out[2 * i + 1] = 0;
	}
	*len = chars * 2;
	return RNDIS_SUCCESS;
}

/* The revision and size that the asker understands, or what follows from the version. */
static void offload_form(const struct adapter *a, const uint8_t *in, uint32_t in_len,
			 struct ndis_header *h)
{
	h->type = NDIS_OFFLOAD;
	h->revision = a->nvsp.version >= NVSP_V5 ? 3 : a->nvsp.version >= NVSP_V4 ? 2 : 1;
	if (in_len >= sizeof(*h)) {
		struct ndis_header asked;

		memcpy(&asked, in, sizeof(asked));
		if (asked.type == NDIS_OFFLOAD && asked.revision && asked.revision < h->revision)
			h->revision = asked.revision;
	}
	h->size = h->revision >= 3 ? sizeof(struct ndis_offload) :
		  h->revision == 2 ? NDIS_OFFLOAD_REV2 : NDIS_OFFLOAD_REV1;
}

static uint32_t csum_caps(const struct adapter *a, bool tcp, bool udp, bool ip)
{
	uint32_t caps = 0;

	if (!has(a, FEATURE_CSUM))
		return 0;
	if (tcp)
		caps |= NDIS_CSUM_IP_OPTIONS | NDIS_CSUM_TCP_OPTIONS | NDIS_CSUM_TCP;
	/* not before NDIS 6.30, which comes with version 5 */
	if (udp && has(a, FEATURE_UDP) && a->nvsp.version >= NVSP_V5)
		caps |= NDIS_CSUM_UDP;
	if (ip)
		caps |= NDIS_CSUM_IP;
	return caps;
}

/* What the hardware can (config: what is switched on). */
static uint32_t query_offload(const struct adapter *a, const uint8_t *in, uint32_t in_len,
			      uint8_t *out, uint32_t *len, bool config)
{
	const struct offload_state *s = &a->offload;
	struct ndis_offload o = { 0 };
	bool lso4 = config ? s->lso4 : has(a, FEATURE_LSO);
	bool lso6 = config ? s->lso6 : has(a, FEATURE_LSO6);
	bool lso1 = config ? s->lso1 : has(a, FEATURE_LSO);

	offload_form(a, in, in_len, &o.header);
	o.csum.ip4_tx_encap = o.csum.ip4_rx_encap = NDIS_ENCAP_8023;
	o.csum.ip6_tx_encap = o.csum.ip6_rx_encap = NDIS_ENCAP_8023;
	o.csum.ip4_tx = csum_caps(a, !config || s->tx_tcp4, !config || s->tx_udp4,
				  !config || s->tx_ip4);
	o.csum.ip4_rx = csum_caps(a, !config || s->rx_tcp4, !config || s->rx_udp4,
				  !config || s->rx_ip4);
	o.csum.ip6_tx = csum_caps(a, !config || s->tx_tcp6, !config || s->tx_udp6, false);
	o.csum.ip6_rx = csum_caps(a, !config || s->rx_tcp6, !config || s->rx_udp6, false);
	if (lso1) {
		o.lso1.encap = NDIS_ENCAP_8023;
		o.lso1.max = LSO_BYTES;
		o.lso1.min_segments = 2;
		o.lso1.options = 3;	/* TCP and IP options */
	}
	if (lso4) {
		o.lso2.ip4_encap = NDIS_ENCAP_8023;
		o.lso2.ip4_max = LSO_BYTES;
		o.lso2.ip4_min_segments = 2;
	}
	if (lso6) {
		o.lso2.ip6_encap = NDIS_ENCAP_8023;
		o.lso2.ip6_max = LSO_BYTES;
		o.lso2.ip6_min_segments = 2;
		o.lso2.ip6_options = NDIS_CSUM_IP_OPTIONS | NDIS_CSUM_TCP_OPTIONS;
	}
	if (a->nvsp.caps & NVSP_CAP_RSC && has(a, FEATURE_RSC)) {
		o.rsc_ip4 = config ? s->rsc4 : 1;
		o.rsc_ip6 = config ? s->rsc6 : 1;
	}
	return put_bytes(out, len, &o, o.header.size);
}

static uint32_t query_rss(const struct adapter *a, uint32_t in_len, uint8_t *out, uint32_t *len)
{
	struct ndis_rss_caps caps = {
		.header = { NDIS_RSS_CAPABILITIES, 2, sizeof(caps) },
		/* Toeplitz; MSI-X; classification at DPC; TCP over IPv4 and IPv6 */
		.flags = 0x24000301,
		.messages = a->queues,
		.queues = a->queues,
		.table_entries = RSS_TABLE_ENTRIES,
	};
	uint32_t bytes = sizeof(caps);

	if (!has(a, FEATURE_RSS) || a->nvsp.version < NVSP_V5)
		return RNDIS_NOT_SUPPORTED;
	/* some guests leave the padding at the end out, and take no more than they asked for */
	if (in_len >= sizeof(caps) - sizeof(caps.pad) && in_len < sizeof(caps))
		bytes = in_len;
	caps.header.size = (uint16_t)bytes;
	return put_bytes(out, len, &caps, bytes);
}

static uint32_t query_stat(const struct adapter *a, uint32_t oid, uint8_t *out, uint32_t *len)
{
	uint64_t value = oid == OID_GEN_XMIT_OK ? a->stat_tx :
			 oid == OID_GEN_RCV_OK ? a->stat_rx :
			 oid == OID_GEN_XMIT_ERROR ? a->stat_tx_errors :
			 oid == OID_GEN_RCV_ERROR ? a->stat_rx_errors : a->stat_no_buffer;

	return put_bytes(out, len, &value, sizeof(value));
}

uint32_t oid_query(struct adapter *a, uint32_t oid, const uint8_t *in, uint32_t in_len,
		   uint8_t *out, uint32_t *len)
{
	static const char vendor[] = "Microsoft Hyper-V Network Adapter";
	uint16_t ndis = 0x061e;

	if (!a->initialized)
		return RNDIS_NOT_READY;
	switch (oid) {
	case OID_GEN_SUPPORTED_LIST:
		return query_list(out, len);
	case OID_GEN_HARDWARE_STATUS:	/* 0: ready */
	case OID_GEN_MEDIA_SUPPORTED:	/* 0: 802.3 */
	case OID_GEN_MEDIA_IN_USE:
		return put_u32(out, len, 0);
	case OID_GEN_MAXIMUM_LOOKAHEAD:
	case OID_GEN_CURRENT_LOOKAHEAD:
	case OID_GEN_MAXIMUM_FRAME_SIZE:
		return put_u32(out, len, a->nvsp.frame_bytes - ETH_HEADER);
	case OID_GEN_MAXIMUM_TOTAL_SIZE:
	case OID_GEN_TRANSMIT_BLOCK_SIZE:
	case OID_GEN_RECEIVE_BLOCK_SIZE:
		return put_u32(out, len, a->nvsp.frame_bytes);
	case OID_GEN_TRANSMIT_BUFFER_SPACE:
	case OID_GEN_RECEIVE_BUFFER_SPACE:
		return put_u32(out, len, a->nvsp.frame_bytes * 1024);
	case OID_GEN_LINK_SPEED:	/* 100 bit/s */
		return put_u32(out, len, a->speed * 10000);
	case OID_GEN_VENDOR_ID:
		return put_u32(out, len, 0x005d15);	/* the OUI 00-15-5D */
	case OID_GEN_VENDOR_DESCRIPTION:
		return put_bytes(out, len, vendor, sizeof(vendor));
	case OID_GEN_DRIVER_VERSION:
		return put_bytes(out, len, &ndis, sizeof(ndis));
	case OID_GEN_VENDOR_DRIVER_VERSION:
		return put_u32(out, len, 0x000a0000);
	case OID_GEN_MAC_OPTIONS:	/* copy look-ahead, no loop-back; 802.1p, 802.1Q */
		return put_u32(out, len, 0x9 | (has(a, FEATURE_VLAN) ? 0x240 : 0));
	case OID_GEN_MEDIA_CONNECT_STATUS:	/* 0: connected */
		return put_u32(out, len, !a->link);
	case OID_GEN_MAXIMUM_SEND_PACKETS:
		return put_u32(out, len, 8);
	case OID_GEN_PACKET_FILTER:
		return put_u32(out, len, a->filter);
	case OID_GEN_VLAN_ID:
		return put_u32(out, len, a->vlan_id);
	case OID_GEN_XMIT_OK:
	case OID_GEN_RCV_OK:
	case OID_GEN_XMIT_ERROR:
	case OID_GEN_RCV_ERROR:
	case OID_GEN_RCV_NO_BUFFER:
		return query_stat(a, oid, out, len);
	case OID_GEN_FRIENDLY_NAME:
		return query_name(a, out, len);
	case OID_802_3_PERMANENT_ADDRESS:
		return put_bytes(out, len, a->permanent, ETH_MAC);
	case OID_802_3_CURRENT_ADDRESS:
		return put_bytes(out, len, a->current, ETH_MAC);
	case OID_802_3_MAXIMUM_LIST_SIZE:
		return put_u32(out, len, 32);
	case OID_GEN_RSS_CAPABILITIES:
		return query_rss(a, in_len, out, len);
	case OID_TCP_OFFLOAD_CAPABILITIES:
		return query_offload(a, in, in_len, out, len, false);
	case OID_TCP_OFFLOAD_CONFIG:
		return query_offload(a, in, in_len, out, len, true);
	}
	return RNDIS_NOT_SUPPORTED;
}

static void set_csum(bool allowed, uint8_t value, bool *tx, bool *rx)
{
	if (!value)
		return;
	*tx = allowed && NDIS_CSUM_SENDS(value);
	*rx = allowed && NDIS_CSUM_RECEIVES(value);
}

static void set_switch(bool allowed, uint8_t value, bool *on)
{
	if (value)
		*on = allowed && value == 2;
}

static uint32_t set_offload(struct adapter *a, const uint8_t *in, uint32_t len)
{
	struct offload_state *s = &a->offload;
	struct ndis_offload_parameters p = { 0 };
	bool csum = has(a, FEATURE_CSUM), udp = csum && has(a, FEATURE_UDP);
	bool rsc = a->nvsp.caps & NVSP_CAP_RSC && has(a, FEATURE_RSC);

	if (len < NDIS_PARAMETERS_MIN)
		return RNDIS_INVALID_LENGTH;
	memcpy(&p, in, len < sizeof(p) ? len : sizeof(p));
	if (p.header.type != NDIS_DEFAULT || !p.header.revision || p.header.size > len)
		return RNDIS_INVALID_DATA;
	if (p.ip4_csum > 4 || p.tcp4_csum > 4 || p.udp4_csum > 4 || p.tcp6_csum > 4 ||
	    p.udp6_csum > 4 || p.lso1 > 2 || p.lso2_ip4 > 2 || p.lso2_ip6 > 2 || p.rsc_ip4 > 2 ||
	    p.rsc_ip6 > 2)
		return RNDIS_INVALID_DATA;
	set_csum(csum, p.ip4_csum, &s->tx_ip4, &s->rx_ip4);
	set_csum(csum, p.tcp4_csum, &s->tx_tcp4, &s->rx_tcp4);
	set_csum(udp, p.udp4_csum, &s->tx_udp4, &s->rx_udp4);
	set_csum(csum, p.tcp6_csum, &s->tx_tcp6, &s->rx_tcp6);
	set_csum(udp, p.udp6_csum, &s->tx_udp6, &s->rx_udp6);
	set_switch(has(a, FEATURE_LSO), p.lso1, &s->lso1);
	set_switch(has(a, FEATURE_LSO), p.lso2_ip4, &s->lso4);
	set_switch(has(a, FEATURE_LSO6), p.lso2_ip6, &s->lso6);
	set_switch(rsc, p.rsc_ip4, &s->rsc4);
	set_switch(rsc, p.rsc_ip6, &s->rsc6);
	return RNDIS_SUCCESS;
}

static bool table_fits(const struct adapter *a, const uint8_t *table, uint32_t entries)
{
	for (uint32_t i = 0; i < entries; i++) {
		uint32_t queue;

		memcpy(&queue, table + 4 * i, sizeof(queue));
		if (queue > a->nvsp.subchannels)
			return false;
	}
	return true;
}

static uint32_t set_rss(struct adapter *a, const uint8_t *in, uint32_t len)
{
	struct rss_state *s = &a->rss;
	struct ndis_rss_parameters p;
	uint32_t entries;

	if (!has(a, FEATURE_RSS))
		return RNDIS_NOT_SUPPORTED;
	if (len < sizeof(p))
		return RNDIS_INVALID_LENGTH;
	memcpy(&p, in, sizeof(p));
	if (p.header.type != NDIS_RSS_PARAMETERS)
		return RNDIS_INVALID_DATA;
	if (p.flags & RSS_FLAG_DISABLE) {
		s->enabled = false;
		return RNDIS_SUCCESS;
	}
	entries = p.table_bytes / 4u;
	if (p.table_offset > len || p.table_bytes > len - p.table_offset ||
	    p.key_offset > len || p.key_bytes > len - p.key_offset)
		return RNDIS_INVALID_DATA;
	if (!(p.flags & RSS_FLAG_TABLE_UNCHANGED) &&
	    (!entries || entries > RSS_TABLE_ENTRIES || entries & (entries - 1) ||
	     !table_fits(a, in + p.table_offset, entries)))
		return RNDIS_INVALID_DATA;
	if (!(p.flags & RSS_FLAG_KEY_UNCHANGED) && p.key_bytes != RSS_KEY_BYTES)
		return RNDIS_INVALID_DATA;
	if (!(p.flags & RSS_FLAG_HASH_UNCHANGED) && p.hash && !(p.hash & RSS_TOEPLITZ))
		return RNDIS_INVALID_DATA;
	if (!(p.flags & RSS_FLAG_TABLE_UNCHANGED)) {
		for (uint32_t i = 0; i < entries; i++)
			s->table[i] = in[p.table_offset + 4 * i];
		s->entries = entries;
	}
	if (!(p.flags & RSS_FLAG_KEY_UNCHANGED))
		memcpy(s->key, in + p.key_offset, RSS_KEY_BYTES);
	if (!(p.flags & RSS_FLAG_HASH_UNCHANGED))
		s->types = p.hash;
	s->enabled = s->entries && s->types & RSS_TOEPLITZ;
	return RNDIS_SUCCESS;
}

/* UTF-16 in, ASCII out; false: too long, or not ASCII. */
static bool narrow(const uint8_t *from, uint32_t bytes, char *to, uint32_t room)
{
	if (bytes % 2 || bytes / 2 >= room)
		return false;
	for (uint32_t i = 0; i < bytes / 2; i++) {
		if (from[2 * i + 1] || from[2 * i] > 0x7e)
			return false;
		to[i] = (char)from[2 * i];
	}
	to[bytes / 2] = '\0';
	return true;
}

static uint32_t set_config(struct adapter *a, const uint8_t *in, uint32_t len)
{
	struct ndis_config_parameter p;
	char name[32], value[32];
	uint8_t mac[ETH_MAC];

	if (len < sizeof(p))
		return RNDIS_INVALID_LENGTH;
	memcpy(&p, in, sizeof(p));
	if (p.name_offset > len || p.name_length > len - p.name_offset ||
	    p.value_offset > len || p.value_length > len - p.value_offset)
		return RNDIS_INVALID_DATA;
	if (!narrow(in + p.name_offset, p.name_length, name, sizeof(name)) ||
	    strcmp(name, "NetworkAddress"))
		return RNDIS_NOT_SUPPORTED;
	if (p.type != 2 || !narrow(in + p.value_offset, p.value_length, value, sizeof(value)) ||
	    !mac_parse(value, mac) || mac[0] & 1)
		return RNDIS_INVALID_DATA;
	if (a->fixed_mac)
		return RNDIS_FAILURE;
	memcpy(a->current, mac, ETH_MAC);
	return RNDIS_SUCCESS;
}

uint32_t oid_set(struct adapter *a, uint32_t oid, const uint8_t *in, uint32_t len)
{
	if (!a->initialized)
		return RNDIS_NOT_READY;
	switch (oid) {
	case OID_GEN_PACKET_FILTER:
		if (len < sizeof(a->filter))
			return RNDIS_INVALID_LENGTH;
		memcpy(&a->filter, in, sizeof(a->filter));
		return RNDIS_SUCCESS;
	case OID_GEN_VLAN_ID:
		if (len < sizeof(a->vlan_id))
			return RNDIS_INVALID_LENGTH;
		memcpy(&a->vlan_id, in, sizeof(a->vlan_id));
		return RNDIS_SUCCESS;
	case OID_GEN_CURRENT_LOOKAHEAD:
	case OID_GEN_NETWORK_ADDRESSES:
	case OID_OFFLOAD_ENCAPSULATION:
		return RNDIS_SUCCESS;
	case OID_802_3_MULTICAST_LIST:
		return len % ETH_MAC ? RNDIS_INVALID_LENGTH : RNDIS_SUCCESS;
	case OID_TCP_OFFLOAD_PARAMETERS:
		return set_offload(a, in, len);
	case OID_GEN_RSS_PARAMETERS:
		return set_rss(a, in, len);
	case OID_GEN_CONFIG_PARAMETER:
		return set_config(a, in, len);
	}
	return RNDIS_NOT_SUPPORTED;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool mac_parse(const char *text, uint8_t mac[ETH_MAC])
{
	for (unsigned int i = 0; i < ETH_MAC; i++) {
		int high, low;

		if (i && (*text == ':' || *text == '-'))
			text++;
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return !*text;
}

void mac_format(const uint8_t mac[ETH_MAC], char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}

void adapter_init(struct adapter *a)
{
	memset(a, 0, sizeof(*a));
	a->max_version = NVSP_V61;
	a->max_frame = FRAME_LIMIT;
	a->queues = 1;
	a->link = true;
	a->speed = 10000;
	snprintf(a->name, sizeof(a->name), "Network Adapter");
	adapter_reset(a);
}

void adapter_reset(struct adapter *a)
{
	memset(&a->nvsp, 0, sizeof(a->nvsp));
	a->nvsp.frame_bytes = FRAME_DEFAULT;
	a->initialized = false;
	a->filter = 0;
	a->vlan_id = 0;
	memcpy(a->current, a->permanent, ETH_MAC);
	memset(&a->rss, 0, sizeof(a->rss));
	memset(&a->offload, 0, sizeof(a->offload));
}
