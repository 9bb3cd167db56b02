// SPDX-License-Identifier: GPL-2.0-only
/* The NIC as its guest talks to it: NVSP handshake, RNDIS messages, OIDs. */
#include "test.h"
#include "../dev/net/adapter.h"

static struct adapter a;
static struct nvsp_result result;
static struct reply reply;
static uint32_t next_id;

static int setup(void **state)
{
	(void)state;
	adapter_init(&a);
	memcpy(a.permanent, "\x00\x15\x5d\x01\x02\x03", ETH_MAC);
	adapter_reset(&a);
	a.queues = 8;
	next_id = 1;
	return 0;
}

static enum nvsp_do nvsp(struct nvsp_message m, uint32_t len, bool wants)
{
	nvsp_input(&a, &m, len, wants, true, &result);
	return result.what;
}

static struct nvsp_message message(uint32_t type, uint32_t first, uint32_t second)
{
	struct nvsp_message m = { .type = type };

	m.u.init.min = first;
	m.u.init.max = second;
	return m;
}

static enum nvsp_do init(uint32_t version)
{
	return nvsp(message(NVSP_INIT, version, version), 28, true);
}

static enum nvsp_do config(uint32_t mtu, uint32_t caps)
{
	struct nvsp_message m = { .type = NVSP_NDIS_CONFIG };

	m.u.config.mtu = mtu;
	m.u.config.capability = caps;
	return nvsp(m, 28, false);
}

static enum nvsp_do ndis_version(void)
{
	return nvsp(message(NVSP_NDIS_VERSION, 6, 30), 28, false);
}

static enum nvsp_do recv_buffer(uint64_t bytes)
{
	enum nvsp_do what = nvsp(message(NVSP_RECV_BUF, 0xe1e10, NVSP_RECV_SET), 28, true);

	if (what == NVSP_DO_RECV_BUFFER)
		nvsp_recv_buffer(&a, bytes, &result.answer);
	return what;
}

/* All of the handshake, up to RNDIS INITIALIZE. */
static void connect_as(uint32_t version, uint32_t caps)
{
	uint8_t data[24] = { RNDIS_INITIALIZE, 0, 0, 0, 24, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0 };
	const char *why;

	assert_int_equal(init(version), NVSP_DO_ANSWER);
	assert_int_equal(result.answer.u.init_complete.status, NVSP_STATUS_SUCCESS);
	if (version >= NVSP_V2)
		assert_int_equal(config(1514, caps), NVSP_DO_NOTHING);
	assert_int_equal(ndis_version(), NVSP_DO_NOTHING);
	assert_int_equal(recv_buffer(1 << 20), NVSP_DO_RECV_BUFFER);
	assert_true(rndis_control(&a, data, sizeof(data), &reply, &why));
}

static void test_versions(void **state)
{
	static const uint32_t known[] = { NVSP_V1, NVSP_V2, NVSP_V4, NVSP_V5, NVSP_V6, NVSP_V61 };

	(void)state;
	for (unsigned int limit = 0; limit < ARRAY_SIZE(known); limit++) {
		setup(NULL);
		a.max_version = known[limit];
		/* refused ones may be followed by others */
		for (unsigned int i = ARRAY_SIZE(known); i-- > limit + 1;) {
			assert_int_equal(init(known[i]), NVSP_DO_ANSWER);
			assert_int_equal(result.answer.type, NVSP_INIT_COMPLETE);
			assert_int_equal(result.answer.u.init_complete.status, NVSP_STATUS_NONE);
		}
		assert_int_equal(init(known[limit]), NVSP_DO_ANSWER);
		assert_int_equal(result.answer.u.init_complete.status, NVSP_STATUS_SUCCESS);
		assert_int_equal(a.nvsp.version, known[limit]);
		assert_int_equal(nvsp_bytes(&a), known[limit] == NVSP_V61 ? 40 : 28);
		/* and one that was granted by nothing */
		assert_int_equal(init(known[limit]), NVSP_DO_KILL);
	}
	setup(NULL);
	init(0x70000);
	assert_int_equal(result.answer.u.init_complete.status, NVSP_STATUS_NONE);
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(ndis_version(), NVSP_DO_KILL);		/* before INIT */
	assert_int_equal(init(NVSP_V6), NVSP_DO_ANSWER);
	assert_int_equal(recv_buffer(1 << 20), NVSP_DO_KILL);	/* before the configuration */
	assert_int_equal(config(1514, 0), NVSP_DO_NOTHING);
	assert_int_equal(config(1514, 0), NVSP_DO_KILL);	/* twice */
	assert_int_equal(recv_buffer(1 << 20), NVSP_DO_KILL);	/* before NDIS_VERSION */
	assert_int_equal(ndis_version(), NVSP_DO_NOTHING);
	assert_int_equal(ndis_version(), NVSP_DO_KILL);
	assert_int_equal(nvsp(message(NVSP_RNDIS, 0, NVSP_NO_SECTION), 28, true), NVSP_DO_KILL);
	assert_int_equal(recv_buffer(1 << 20), NVSP_DO_RECV_BUFFER);
	assert_int_equal(recv_buffer(1 << 20), NVSP_DO_KILL);
	assert_int_equal(nvsp(message(NVSP_RNDIS, 0, NVSP_NO_SECTION), 28, true), NVSP_DO_RNDIS);
	assert_int_equal(nvsp(message(NVSP_RNDIS, 0, NVSP_NO_SECTION), 28, false), NVSP_DO_KILL);
	assert_int_equal(nvsp(message(NVSP_RNDIS, 0, 0), 12, true), NVSP_DO_KILL);	/* short */
	assert_int_equal(nvsp(message(77, 0, 0), 28, true), NVSP_DO_KILL);
	assert_int_equal(nvsp(message(NVSP_REVOKE_RECV_BUF, NVSP_RECV_SET, 0), 28, false),
			 NVSP_DO_REVOKE_RECV);
	assert_true(a.nvsp.revoked);
}

static void test_version_one(void **state)
{
	(void)state;
	init(NVSP_V1);
	assert_int_equal(config(9014, 0), NVSP_DO_KILL);
	assert_int_equal(ndis_version(), NVSP_DO_NOTHING);
	assert_int_equal(recv_buffer(1 << 20), NVSP_DO_RECV_BUFFER);
	assert_int_equal(a.nvsp.frame_bytes, 1514);
	/* sub-channels came with version 5, the data path with 4 */
	assert_int_equal(nvsp(message(NVSP_SUBCHANNEL, 1, 1), 28, true), NVSP_DO_KILL);
	assert_int_equal(nvsp(message(NVSP_DATA_PATH, 1, 0), 28, true), NVSP_DO_KILL);
}

static void test_mtu(void **state)
{
	static const struct {
		uint32_t asked, limit, got;
	} list[] = {
		{ 1514, FRAME_LIMIT, 1514 }, { 1513, FRAME_LIMIT, 1514 },
		{ 9014, FRAME_LIMIT, 9014 },
		{ 9216, FRAME_LIMIT, 9216 }, { 9217, FRAME_LIMIT, 1514 }, { 65535, 65535, 65535 },
		{ 0xffffffff, 65535, 1514 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(list); i++) {
		setup(NULL);
		a.max_frame = list[i].limit;
		init(NVSP_V61);
		config(list[i].asked, 0);
		assert_int_equal(a.nvsp.frame_bytes, list[i].got);
		assert_int_equal(nvsp_suballoc(&a), list[i].got + 292);
	}
}

static void test_buffers(void **state)
{
	struct nvsp_message m;

	(void)state;
	init(NVSP_V6);
	config(1514, 0);
	ndis_version();
	assert_int_equal(nvsp_recv_buffer(&a, 16 * 1806, &m), 0);
	assert_int_equal(m.u.recv_complete.status, NVSP_STATUS_FAILURE);
	assert_false(a.nvsp.recv);
	assert_int_equal(nvsp_recv_buffer(&a, 100 * 1806 + 5, &m), 100);
	assert_int_equal(m.type, NVSP_RECV_BUF_COMPLETE);
	assert_int_equal(m.u.recv_complete.sections, 1);
	assert_int_equal(m.u.recv_complete.size, 1806);
	assert_int_equal(m.u.recv_complete.end, 180600);
	assert_int_equal(nvsp_send_buffer(&a, 6143, &m), 0);
	assert_int_equal(m.u.send_complete.status, NVSP_STATUS_FAILURE);
	assert_int_equal(nvsp_send_buffer(&a, 1 << 20, &m), 170);
	assert_int_equal(m.u.send_complete.section_size, 6144);
}

static void test_subchannels(void **state)
{
	static const uint32_t refused[] = { 0, 8, 9, 0xffffffff };

	(void)state;
	connect_as(NVSP_V5, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(refused); i++) {
		assert_int_equal(nvsp(message(NVSP_SUBCHANNEL, 1, refused[i]), 28, true),
				 NVSP_DO_ANSWER);
		assert_int_equal(result.answer.u.subchannel_complete.status, NVSP_STATUS_FAILURE);
		assert_int_equal(result.answer.u.subchannel_complete.count, 0);
	}
	/* nor more than there are receive buffers beside those for control */
	a.nvsp.buffers = CONTROL_BUFFERS + 7;
	assert_int_equal(nvsp(message(NVSP_SUBCHANNEL, 1, 7), 28, true), NVSP_DO_ANSWER);
	a.nvsp.buffers = CONTROL_BUFFERS + 8;
	assert_int_equal(nvsp(message(NVSP_SUBCHANNEL, 1, 7), 28, true), NVSP_DO_SUBCHANNELS);
	assert_int_equal(result.count, 7);
	assert_int_equal(result.answer.type, NVSP_SUBCHANNEL);
	assert_int_equal(nvsp(message(NVSP_SUBCHANNEL, 1, 7), 28, true), NVSP_DO_KILL);
	/* control on a sub-channel */
	nvsp_input(&a, &(struct nvsp_message){ .type = NVSP_DATA_PATH }, 28, true, false, &result);
	assert_int_equal(result.what, NVSP_DO_KILL);
}

static void test_data_path(void **state)
{
	(void)state;
	connect_as(NVSP_V4, 0);
	assert_int_equal(nvsp(message(NVSP_DATA_PATH, 1, 0), 28, true), NVSP_DO_DATA_PATH);
	assert_true(result.vf);
	assert_int_equal(nvsp(message(NVSP_DATA_PATH, 0, 0), 28, true), NVSP_DO_DATA_PATH);
	assert_false(result.vf);
	assert_int_equal(nvsp(message(NVSP_DATA_PATH, 2, 0), 28, true), NVSP_DO_KILL);
}

/* An RNDIS data message with the given infos; returns its length. */
static uint32_t packet(uint8_t *to, uint32_t data_len, const uint32_t (*ppi)[2],
		       unsigned int ppis)
{
	struct rndis_header h = { .type = RNDIS_PACKET };
	struct rndis_packet p = { 0 };

	p.ppi_offset = sizeof(p);
	p.ppi_length = ppis * 16;
	p.data_offset = (uint32_t)sizeof(p) + p.ppi_length;
	p.data_length = data_len;
	h.length = (uint32_t)sizeof(h) + p.data_offset + data_len;
	memcpy(to, &h, sizeof(h));
	memcpy(to + sizeof(h), &p, sizeof(p));
	for (unsigned int i = 0; i < ppis; i++) {
		uint32_t info[4] = { 16, ppi[i][0], 12, ppi[i][1] };

		memcpy(to + sizeof(h) + sizeof(p) + 16 * i, info, 16);
	}
	memset(to + sizeof(h) + p.data_offset, 0x5a, data_len);
	return h.length;
}

static void test_packet(void **state)
{
	static const uint32_t ppi[][2] = {
		{ PPI_CHECKSUM, 0x220005 }, { PPI_LSO, 0x40000000 }, { PPI_VLAN, 0x1235 },
		{ PPI_HASH, 0xdeadbeef }, { 5, 1 },
	};
	struct rndis_data d;
	uint8_t data[512];
	uint32_t type, len;

	(void)state;
	len = packet(data, 60, ppi, 5);
	assert_int_equal(rndis_next(data, sizeof(data), &type, &d), len);
	assert_int_equal(type, RNDIS_PACKET);
	assert_int_equal(d.len, 60);
	assert_ptr_equal(d.data, data + 8 + 36 + 80);
	assert_int_equal(d.header_bytes, 8 + 36 + 80);
	assert_true(d.has_csum && d.has_lso && d.has_vlan && d.has_hash);
	assert_int_equal(d.csum, 0x220005);
	assert_int_equal(d.lso, 0x40000000);
	assert_int_equal(d.tci, 5 << 13 | 0 << 12 | 0x123);
	assert_int_equal(d.hash, 0xdeadbeef);
	/* cut short anywhere */
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(rndis_next(data, i, &type, &d), 0);
}

static void put(uint8_t *data, uint32_t offset, uint32_t value)
{
	memcpy(data + offset, &value, sizeof(value));
}

static void test_packet_bad(void **state)
{
	/* offset from the message's start, value that must not be there */
	static const uint32_t bad[][2] = {
		{ 4, 7 }, { 4, 1000 }, { 8, 0 }, { 8, 35 }, { 8, 0xfffffff0 }, { 12, 61 },
		{ 12, 0xffffffff }, { 16, 1 }, { 20, 1 }, { 24, 1 }, { 28, 35 }, { 28, 0xffffffff },
		{ 32, 1000 }, { 32, 17 }, { 36, 1 },
		{ 44, 0 }, { 44, 11 }, { 44, 33 }, { 52, 17 },
	};
	static const uint32_t ppi[][2] = { { PPI_HASH, 1 }, { PPI_VLAN, 2 } };
	struct rndis_data d;
	uint8_t data[512];
	uint32_t type;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		uint32_t len = packet(data, 60, ppi, 2);

		assert_int_equal(rndis_next(data, len, &type, &d), len);
		put(data, bad[i][0], bad[i][1]);
		if (rndis_next(data, len, &type, &d))
			fail_msg("offset %u value 0x%x was taken", bad[i][0], bad[i][1]);
	}
}

static uint32_t control(uint32_t type, uint32_t oid, const void *info, uint32_t len)
{
	uint8_t data[1024] = { 0 };
	struct rndis_header h = { type, 28 + len };
	struct rndis_request r = { next_id++, oid, len, 20, 0 };
	struct rndis_query_complete c;
	const char *why;

	memcpy(data, &h, sizeof(h));
	memcpy(data + 8, &r, sizeof(r));
	if (len)
		memcpy(data + 28, info, len);
	assert_true(rndis_control(&a, data, h.length, &reply, &why));
	assert_true(reply.len >= 16);
	memcpy(&h, reply.data, sizeof(h));
	assert_int_equal(h.type, type | RNDIS_COMPLETION);
	assert_int_equal(h.length, reply.len);
	memcpy(&c, reply.data + 8, 8);
	assert_int_equal(c.id, next_id - 1);
	return c.status;
}

/* Queries an OID and expects an answer of len bytes, which it returns. */
static const uint8_t *query(uint32_t oid, const void *info, uint32_t info_len, uint32_t len)
{
	struct rndis_query_complete c;

	assert_int_equal(control(RNDIS_QUERY, oid, info, info_len), RNDIS_SUCCESS);
	memcpy(&c, reply.data + 8, sizeof(c));
	assert_int_equal(c.length, len);
	assert_int_equal(c.offset, 16);
	assert_int_equal(reply.len, 24 + len);
	return reply.data + 24;
}

static uint32_t query_u32(uint32_t oid)
{
	uint32_t value;

	memcpy(&value, query(oid, NULL, 0, 4), 4);
	return value;
}

static void test_control(void **state)
{
	uint8_t data[28] = { RNDIS_KEEPALIVE, 0, 0, 0, 12, 0, 0, 0, 99 };
	static const uint8_t fatal[] = { RNDIS_RESET, RNDIS_INDICATE, RNDIS_SET_EX,
					 RNDIS_INITIALIZE, 0, 200 };
	const char *why;

	(void)state;
	connect_as(NVSP_V61, 0);
	assert_true(rndis_control(&a, data, 12, &reply, &why));
	assert_memory_equal(reply.data, "\x08\0\0\x80\x10\0\0\0\x63\0\0\0\0\0\0\0", 16);
	for (unsigned int i = 0; i < sizeof(fatal); i++) {
		uint8_t bad[24] = { fatal[i], 0, 0, 0, 24, 0, 0, 0, 1, 0, 0, 0, 1 };

		assert_false(rndis_control(&a, bad, sizeof(bad), &reply, &why));
		assert_int_equal(reply.len, 0);
	}
	data[0] = RNDIS_HALT;
	assert_true(rndis_control(&a, data, 12, &reply, &why));
	assert_int_equal(reply.len, 0);
	assert_false(a.initialized);
	data[0] = RNDIS_QUERY;		/* short */
	assert_false(rndis_control(&a, data, 12, &reply, &why));
}

static void test_before_initialize(void **state)
{
	(void)state;
	init(NVSP_V6);
	assert_int_equal(control(RNDIS_QUERY, OID_GEN_LINK_SPEED, NULL, 0), RNDIS_NOT_READY);
	assert_int_equal(control(RNDIS_SET, OID_GEN_PACKET_FILTER, "\1\0\0\0", 4), RNDIS_NOT_READY);
}

static void test_oids(void **state)
{
	static const char name[] = "N\0e\0t\0w\0o\0r\0k\0 \0A\0d\0a\0p\0t\0e\0r\0\0";

	(void)state;
	connect_as(NVSP_V61, 0);
	assert_memory_equal(query(OID_802_3_PERMANENT_ADDRESS, NULL, 0, 6), a.permanent, 6);
	assert_memory_equal(query(OID_802_3_CURRENT_ADDRESS, NULL, 0, 6), a.permanent, 6);
	assert_int_equal(query_u32(OID_GEN_MAXIMUM_FRAME_SIZE), 1500);
	assert_int_equal(query_u32(OID_GEN_MAXIMUM_TOTAL_SIZE), 1514);
	assert_int_equal(query_u32(OID_GEN_LINK_SPEED), 100000000);
	assert_int_equal(query_u32(OID_GEN_MEDIA_CONNECT_STATUS), 0);
	a.link = false;
	assert_int_equal(query_u32(OID_GEN_MEDIA_CONNECT_STATUS), 1);
	assert_memory_equal(query(OID_GEN_FRIENDLY_NAME, NULL, 0, 32), name, 32);
	assert_int_equal(control(RNDIS_QUERY, 0x12345, NULL, 0), RNDIS_NOT_SUPPORTED);
	assert_int_equal(control(RNDIS_SET, 0x12345, "", 1), RNDIS_NOT_SUPPORTED);
	assert_int_equal(control(RNDIS_SET, OID_GEN_PACKET_FILTER, "\x0b\0\0\0", 4), RNDIS_SUCCESS);
	assert_int_equal(a.filter, 0x0b);
	assert_int_equal(query_u32(OID_GEN_PACKET_FILTER), 0x0b);
	assert_int_equal(control(RNDIS_SET, OID_GEN_PACKET_FILTER, "\0\0", 2),
			 RNDIS_INVALID_LENGTH);
	a.hidden = FEATURE_NAME;
	assert_int_equal(control(RNDIS_QUERY, OID_GEN_FRIENDLY_NAME, NULL, 0), RNDIS_NOT_SUPPORTED);
}

/* What the guests of each version ask for, and get. */
static void test_offload_caps(void **state)
{
	static const struct {
		uint32_t version;
		struct ndis_header ask;
	} list[] = {
		{ NVSP_V1, { NDIS_OFFLOAD, 1, 112 } }, { NVSP_V4, { NDIS_OFFLOAD, 2, 144 } },
		{ NVSP_V5, { NDIS_OFFLOAD, 3, 156 } }, { NVSP_V61, { NDIS_OFFLOAD, 3, 156 } },
		{ NVSP_V61, { NDIS_OFFLOAD, 1, 112 } },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(list); i++) {
		struct ndis_offload o = { 0 };

		setup(NULL);
		connect_as(list[i].version, NVSP_CAP_RSC);
		memcpy(&o, query(OID_TCP_OFFLOAD_CAPABILITIES, &list[i].ask, 4, list[i].ask.size),
		       list[i].ask.size);
		assert_int_equal(o.header.type, NDIS_OFFLOAD);
		assert_int_equal(o.header.revision, list[i].ask.revision);
		assert_int_equal(o.header.size, list[i].ask.size);
		assert_int_equal(o.csum.ip4_tx & 0x15, 0x15);
		assert_int_equal(!!(o.csum.ip4_tx & NDIS_CSUM_UDP), list[i].version >= NVSP_V5);
		assert_int_equal(o.lso2.ip4_encap, 2);
		assert_int_equal(o.lso2.ip6_options, 5);
		assert_int_equal(o.rsc_ip4, list[i].ask.revision == 3);
	}
	a.hidden = FEATURE_LSO | FEATURE_CSUM;
	assert_int_equal(control(RNDIS_QUERY, OID_TCP_OFFLOAD_CAPABILITIES, NULL, 0), 0);
	assert_int_equal(reply.data[24 + 8], 0);	/* csum.ip4_tx */
}

static void test_offload_parameters(void **state)
{
	struct ndis_offload_parameters p = {
		.header = { NDIS_DEFAULT, 3, sizeof(p) },
		.ip4_csum = 1, .tcp4_csum = 4, .udp4_csum = 2, .tcp6_csum = 3,
		.lso2_ip4 = 2, .rsc_ip4 = 2,
	};

	(void)state;
	connect_as(NVSP_V61, NVSP_CAP_RSC);
	assert_int_equal(control(RNDIS_SET, OID_TCP_OFFLOAD_PARAMETERS, &p, sizeof(p)), 0);
	assert_true(a.offload.tx_tcp4 && a.offload.rx_tcp4);
	assert_true(a.offload.tx_udp4 && !a.offload.rx_udp4);
	assert_true(!a.offload.tx_tcp6 && a.offload.rx_tcp6);
	assert_true(!a.offload.tx_ip4 && !a.offload.rx_ip4);
	assert_true(a.offload.lso4 && !a.offload.lso6 && a.offload.rsc4 && !a.offload.rsc6);
	/* zeroes leave everything alone */
	memset((uint8_t *)&p + 4, 0, sizeof(p) - 4);
	assert_int_equal(control(RNDIS_SET, OID_TCP_OFFLOAD_PARAMETERS, &p, sizeof(p)), 0);
	assert_true(a.offload.tx_tcp4 && a.offload.lso4 && a.offload.rsc4);
	p.tcp4_csum = 1;
	p.rsc_ip4 = 1;
	assert_int_equal(control(RNDIS_SET, OID_TCP_OFFLOAD_PARAMETERS, &p, sizeof(p)), 0);
	assert_false(a.offload.tx_tcp4 || a.offload.rx_tcp4 || a.offload.rsc4);
	p.lso2_ip4 = 3;
	assert_int_equal(control(RNDIS_SET, OID_TCP_OFFLOAD_PARAMETERS, &p, sizeof(p)),
			 RNDIS_INVALID_DATA);
	assert_int_equal(control(RNDIS_SET, OID_TCP_OFFLOAD_PARAMETERS, &p, 19),
			 RNDIS_INVALID_LENGTH);
	/* what is hidden can't be switched on */
	a.hidden = FEATURE_CSUM;
	p.lso2_ip4 = 0;
	p.tcp4_csum = 4;
	assert_int_equal(control(RNDIS_SET, OID_TCP_OFFLOAD_PARAMETERS, &p, sizeof(p)), 0);
	assert_false(a.offload.tx_tcp4);
}

struct rss_set {
	struct ndis_rss_parameters p;
	uint32_t table[128];
	uint8_t key[40];
};

static struct rss_set rss_of(uint32_t queues)
{
	struct rss_set s = {
		.p.header = { NDIS_RSS_PARAMETERS, 2, sizeof(s.p) },
		.p.hash = RSS_TOEPLITZ | RSS_IPV4 | RSS_TCP_IPV4,
		.p.table_bytes = sizeof(s.table),
		.p.table_offset = offsetof(struct rss_set, table),
		.p.key_bytes = sizeof(s.key),
		.p.key_offset = offsetof(struct rss_set, key),
	};

	for (unsigned int i = 0; i < 128; i++)
		s.table[i] = i % queues;
	memset(s.key, 0xa5, sizeof(s.key));
	return s;
}

static uint32_t set_rss(const struct rss_set *s, uint32_t len)
{
	return control(RNDIS_SET, OID_GEN_RSS_PARAMETERS, s, len);
}

static void test_rss(void **state)
{
	struct rss_set s = rss_of(4);
	struct ndis_rss_caps caps = { 0 };

	(void)state;
	connect_as(NVSP_V5, 0);
	/* a guest that leaves two bytes of padding out gets as much as it has room for */
	memcpy(&caps, query(OID_GEN_RSS_CAPABILITIES, "\x88\2\x12\0..............", 18, 18), 18);
	assert_int_equal(caps.queues, 8);
	assert_int_equal(caps.table_entries, 128);
	assert_int_equal(caps.header.size, 18);
	query(OID_GEN_RSS_CAPABILITIES, NULL, 0, 20);
	assert_int_equal(set_rss(&s, sizeof(s)), RNDIS_INVALID_DATA);	/* no sub-channels yet */
	nvsp(message(NVSP_SUBCHANNEL, 1, 3), 28, true);
	assert_int_equal(set_rss(&s, sizeof(s)), RNDIS_SUCCESS);
	assert_true(a.rss.enabled);
	assert_int_equal(a.rss.entries, 128);
	assert_int_equal(a.rss.table[127], 3);
	assert_int_equal(a.rss.key[39], 0xa5);
	s.table[5] = 4;
	assert_int_equal(set_rss(&s, sizeof(s)), RNDIS_INVALID_DATA);
	s = rss_of(4);
	s.p.table_bytes = 12;			/* not a power of two */
	assert_int_equal(set_rss(&s, sizeof(s)), RNDIS_INVALID_DATA);
	s = rss_of(4);
	assert_int_equal(set_rss(&s, sizeof(s) - 1), RNDIS_INVALID_DATA);
	s.p.key_offset = 0xfffffff0;
	assert_int_equal(set_rss(&s, sizeof(s)), RNDIS_INVALID_DATA);
	s = rss_of(2);
	s.p.flags = RSS_FLAG_TABLE_UNCHANGED | RSS_FLAG_KEY_UNCHANGED;
	assert_int_equal(set_rss(&s, sizeof(s)), RNDIS_SUCCESS);
	assert_int_equal(a.rss.table[127], 3);
	s.p.flags = RSS_FLAG_DISABLE;
	assert_int_equal(set_rss(&s, sizeof(s)), RNDIS_SUCCESS);
	assert_false(a.rss.enabled);
}

static uint32_t set_mac(const char *name, const char *text)
{
	struct ndis_config_parameter p = { .type = 2 };
	uint8_t data[200] = { 0 };

	p.name_offset = sizeof(p);
	p.name_length = (uint32_t)strlen(name) * 2;
	p.value_offset = p.name_offset + p.name_length;
	p.value_length = (uint32_t)strlen(text) * 2;
	memcpy(data, &p, sizeof(p));
	for (unsigned int i = 0; name[i]; i++)
		data[p.name_offset + 2 * i] = (uint8_t)name[i];
	for (unsigned int i = 0; text[i]; i++)
		data[p.value_offset + 2 * i] = (uint8_t)text[i];
	return control(RNDIS_SET, OID_GEN_CONFIG_PARAMETER, data, p.value_offset + p.value_length);
}

static void test_mac(void **state)
{
	(void)state;
	connect_as(NVSP_V6, 0);
	assert_int_equal(set_mac("NetworkAddress", "0215abCDef01"), RNDIS_SUCCESS);
	assert_memory_equal(a.current, "\x02\x15\xab\xcd\xef\x01", 6);
	assert_memory_equal(a.permanent, "\x00\x15\x5d\x01\x02\x03", 6);
	assert_int_equal(set_mac("NetworkAddress", "0115abcdef01"), RNDIS_INVALID_DATA);
	assert_int_equal(set_mac("NetworkAddress", "0215abcdef"), RNDIS_INVALID_DATA);
	assert_int_equal(set_mac("NetworkAddress", "0215abcdef0g"), RNDIS_INVALID_DATA);
	assert_int_equal(set_mac("SomethingElse", "0215abcdef01"), RNDIS_NOT_SUPPORTED);
	a.fixed_mac = true;
	assert_int_equal(set_mac("NetworkAddress", "0215abcdef02"), RNDIS_FAILURE);
	assert_memory_equal(a.current, "\x02\x15\xab\xcd\xef\x01", 6);
}

static void test_indicate(void **state)
{
	uint32_t speed = 250000;

	(void)state;
	rndis_indicate(&reply, RNDIS_LINK_SPEED_CHANGE, &speed, 4);
	assert_int_equal(reply.len, 24);
	assert_memory_equal(reply.data, "\7\0\0\0\x18\0\0\0\x13\0\1\x40\4\0\0\0"
			    "\x0c\0\0\0\x90\xd0\3\0", 24);
	rndis_indicate(&reply, RNDIS_NETWORK_CHANGE, NULL, 0);
	assert_int_equal(reply.len, 20);
}

static void test_reset(void **state)
{
	(void)state;
	connect_as(NVSP_V61, 0xff);
	a.vf = true;
	adapter_reset(&a);
	assert_int_equal(a.nvsp.version, 0);
	assert_false(a.initialized);
	assert_true(a.link && a.vf);
	assert_int_equal(a.queues, 8);
	connect_as(NVSP_V5, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_versions, setup),
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_version_one, setup),
		cmocka_unit_test_setup(test_mtu, setup),
		cmocka_unit_test_setup(test_buffers, setup),
		cmocka_unit_test_setup(test_subchannels, setup),
		cmocka_unit_test_setup(test_data_path, setup),
		cmocka_unit_test_setup(test_packet, setup),
		cmocka_unit_test_setup(test_packet_bad, setup),
		cmocka_unit_test_setup(test_control, setup),
		cmocka_unit_test_setup(test_before_initialize, setup),
		cmocka_unit_test_setup(test_oids, setup),
		cmocka_unit_test_setup(test_offload_caps, setup),
		cmocka_unit_test_setup(test_offload_parameters, setup),
		cmocka_unit_test_setup(test_rss, setup),
		cmocka_unit_test_setup(test_mac, setup),
		cmocka_unit_test_setup(test_indicate, setup),
		cmocka_unit_test_setup(test_reset, setup),
	};

	return cmocka_run_group_tests_name("net: adapter", tests, NULL, NULL);
}
