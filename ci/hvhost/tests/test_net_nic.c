// SPDX-License-Identifier: GPL-2.0-only
/* Two NICs with a cable, from guest to guest: data path, flow control, channels' life and death. */
#include <unistd.h>
#include "test_net_bus.h"

static bool command(struct side *s, const char *line)
{
	char copy[256], *argv[20] = { 0 };
	struct text text = { 0 };
	int argc = 0;
	bool good;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	good = nic_ops.command(&s->dev, argc, argv, &text);
	assert_true(good || text.len);
	text_free(&text);
	return good;
}

static void test_udp(void **state)
{
	static const uint32_t ppi[][2] = { { PPI_CHECKSUM, UDP_CSUM } };
	uint8_t message[2000];
	struct out_packet *p;
	struct rndis_data d;
	struct headers h;
	uint32_t len;

	(void)state;
	start_both(1514);
	len = make_message(message, PROTO_UDP, 1000, 5, ppi, 1);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
	assert_int_equal(p->count, 1);
	assert_int_equal(p->range[0].bytes, 1806);
	received(&side[1], p, 0, &d);
	assert_int_equal(d.len, 1042);
	/* all but the checksum is as it was sent */
	assert_memory_equal(d.data, message + 60, 40);
	assert_memory_equal(d.data + 42, message + 102, 1000);
	headers_parse(&h, d.data, d.len, true);
	assert_int_equal(csum_check(&h, d.data), CSUM_IP_GOOD | CSUM_L4_GOOD);
	assert_true(d.has_csum);
	assert_int_equal(d.csum, RX_CSUM_UDP_GOOD);
	assert_false(d.has_vlan || d.has_hash);
	completes(&side[1].channel[0], p->transaction);
	free(p);
	assert_null(side[1].bus[0].killed);
	assert_int_equal(counter(&side[0], "tx_csum_done"), 1);
	assert_int_equal(counter(&side[1], "rx_csum_good"), 1);
}

static void test_bad_checksum(void **state)
{
	uint8_t message[2000];
	struct out_packet *p;
	struct rndis_data d;
	uint32_t len;

	(void)state;
	start_both(1514);
	/* the guest computes by itself, and wrong */
	len = make_message(message, PROTO_UDP, 100, 5, NULL, 0);
	put16(message + 44 + 40, 0x1234);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
	received(&side[1], p, 0, &d);
	assert_int_equal(d.csum, RX_CSUM_UDP_FAILED);
	free(p);
	assert_int_equal(counter(&side[0], "tx_csum_bad"), 1);
	assert_int_equal(counter(&side[1], "rx_csum_bad"), 1);
}

static void test_vlan(void **state)
{
	static const uint32_t ppi[][2] = {
		{ PPI_VLAN, VLAN_TCI_TO_PPI(0xa123) }, { PPI_CHECKSUM, UDP_CSUM },
	};
	uint8_t message[2000];
	struct out_packet *p;
	struct rndis_data d;
	uint32_t len;

	(void)state;
	start_both(1514);
	len = make_message(message, PROTO_UDP, 1472, 5, ppi, 2);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
	received(&side[1], p, 0, &d);
	assert_true(d.has_vlan);
	assert_int_equal(d.tci, 0xa123);
	assert_int_equal(d.len, 1514);
	assert_memory_equal(d.data, message + 76, 40);
	assert_int_equal(d.csum, RX_CSUM_UDP_GOOD);
	free(p);
	assert_int_equal(counter(&side[0], "tx_vlan"), 1);
	assert_int_equal(counter(&side[1], "rx_vlan"), 1);
}

static uint32_t send_large(uint8_t *message, uint32_t payload, uint32_t mss)
{
	const uint32_t ppi[][2] = { { PPI_LSO, LSO_V2 | 34u << 20 | mss } };
	uint32_t len = make_message(message, PROTO_TCP, payload, 5, ppi, 1);

	put16(message + 60 + 16, 0);
	put16(message + 60 + 24, 0);
	return rndis(&side[0], 0, 0, message, len);
}

static void test_lso(void **state)
{
	uint8_t *message = malloc(70000);
	uint32_t got = 0, segments = 0;

	(void)state;
	start_both(1514);
	assert_int_equal(send_large(message, 60000, 1460), NVSP_STATUS_SUCCESS);
	while (got < 60000) {
		struct out_packet *p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);

		for (uint32_t i = 0; i < p->count; i++) {
			struct rndis_data d;

			received(&side[1], p, i, &d);
			assert_int_equal(d.csum, RX_CSUM_TCP_GOOD);
			assert_memory_equal(d.data + 54, message + 60 + 54 + got, d.len - 54);
			got += d.len - 54;
			segments++;
		}
		completes(&side[1].channel[0], p->transaction);
		free(p);
	}
	free(message);
	assert_int_equal(segments, 42);
	assert_int_equal(counter(&side[0], "tx_lso_packets"), 1);
	assert_int_equal(counter(&side[0], "tx_lso_segments"), 42);
	assert_int_equal(counter(&side[0], "tx_lso_whole"), 0);
	assert_int_equal(counter(&side[1], "rx_csum_bad"), 0);
}

static uint32_t rsc_flags(struct side *s, const struct out_packet *p, uint32_t index)
{
	const uint8_t *at = s->recv.data + p->range[index].offset;
	uint32_t ppis, value;

	memcpy(&ppis, at + 32, 4);
	/* the last one, and internal */
	assert_memory_equal(at + 44 + ppis - 16, "\x10\0\0\0\1\0\0\x80\x0c\0\0\0\1", 13);
	memcpy(&value, at + 44 + ppis - 4, 4);
	return value >> 8 & 0xff;
}

static void test_rsc(void **state)
{
	uint8_t *message = malloc(70000);
	struct out_packet *p;
	uint32_t got = 0;

	(void)state;
	start_both(1514);
	set_offloads(&side[1], 2);
	assert_int_equal(send_large(message, 60000, 1460), NVSP_STATUS_SUCCESS);
	p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
	assert_int_equal(p->count, (60054 + 1549) / 1550);
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t flags = RSC_SUBALLOC | (i ? 0 : RSC_FIRST) |
				 (i + 1 < p->count ? 0 : RSC_LAST);
		uint32_t skip = i ? 0 : 54;
		struct rndis_data d;

		received(&side[1], p, i, &d);
		assert_int_equal(rsc_flags(&side[1], p, i), flags);
		assert_int_equal(d.has_csum, !i);
		assert_memory_equal(d.data + skip, message + 60 + (i ? got : 54), d.len - skip);
		got += d.len;
	}
	assert_int_equal(got, 60054);
	completes(&side[1].channel[0], p->transaction);
	free(p);
	free(message);
	assert_null(side[1].bus[0].killed);
	assert_int_equal(counter(&side[0], "tx_lso_whole"), 1);
	assert_int_equal(counter(&side[1], "rx_rsc_packets"), 1);
	assert_int_equal(counter(&side[1], "rx_rsc_fragments"), 39);
}

static void test_refused(void **state)
{
	static const uint32_t bad[][2] = {
		{ PPI_CHECKSUM, TX_CSUM_IPV4 | TX_CSUM_TCP | 34u << 16 },	/* it is UDP */
		{ PPI_CHECKSUM, TX_CSUM_IPV6 | TX_CSUM_UDP | 34u << 16 },
		{ PPI_CHECKSUM, TX_CSUM_IPV4 | TX_CSUM_UDP | 20u << 16 },
		{ PPI_LSO, LSO_V2 | 34u << 20 | 1460 },
		{ PPI_LSO, LSO_V2 | 34u << 20 },
	};
	uint8_t message[2000];
	uint32_t len;

	(void)state;
	start_both(1514);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		len = make_message(message, PROTO_UDP, 100, 5, &bad[i], 1);
		assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_FAILURE);
	}
	assert_int_equal(counter(&side[0], "tx_malformed"), ARRAY_SIZE(bad));
	/* a checksum offload that the guest has not switched on */
	len = make_message(message, PROTO_UDP, 100, 5,
			   (const uint32_t[][2]){ { PPI_CHECKSUM, TX_CSUM_IP_HEADER } }, 1);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_FAILURE);
	assert_int_equal(counter(&side[0], "tx_refused"), 1);
	len = make_message(message, PROTO_UDP, 1473 + 4, 5, NULL, 0);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_FAILURE);
	assert_int_equal(counter(&side[0], "tx_too_long"), 1);
	assert_int_equal(rndis(&side[0], 0, 0, message, 30), NVSP_STATUS_FAILURE);
	assert_null(side[0].bus[0].killed);
	assert_true(out_empty(&side[1].channel[0]));
}

static void test_sections(void **state)
{
	struct nvsp_message m = { .type = NVSP_RNDIS };
	uint8_t *section = side[0].send.data + 3 * SECTION_BYTES;
	uint32_t len = 0, got = 0;
	struct out_packet *p;

	(void)state;
	start_both(1514);
	/* four messages in one section, as a guest under load sends them */
	for (uint16_t i = 0; i < 4; i++)
		len += make_message(section + len, PROTO_UDP, 100 + 8u * i, i, NULL, 0);
	m.u.rndis.section = 3;
	m.u.rndis.section_size = len;
	guest_sends(&side[0].channel[0], PKT_INBAND, 1, true, &m, 28, NULL, 0);
	p = take_type(&side[0].channel[0], PKT_COMPLETION);
	assert_int_equal(p->data[4], NVSP_STATUS_SUCCESS);
	free(p);
	while (got < 4) {
		p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
		for (uint32_t i = 0; i < p->count; i++) {
			struct rndis_data d;

			received(&side[1], p, i, &d);
			assert_int_equal(d.len, 142 + 8 * got++);
		}
		free(p);
	}
	m.u.rndis.section_size = SECTION_BYTES + 1;
	guest_sends(&side[0].channel[0], PKT_INBAND, 1, true, &m, 28, NULL, 0);
	p = take_type(&side[0].channel[0], PKT_COMPLETION);
	assert_int_equal(p->data[4], NVSP_STATUS_FAILURE);
	free(p);
	assert_null(side[0].bus[0].killed);
	m.u.rndis.section = 16;
	guest_sends(&side[0].channel[0], PKT_INBAND, 1, true, &m, 28, NULL, 0);
	assert_non_null(side[0].bus[0].killed);
}

/* The guest doesn't read: frames wait, then come, in order; what is too much is dropped. */
static void test_ring_full(void **state)
{
	uint8_t message[2000];
	uint32_t got = 0;

	(void)state;
	start_both(1514);
	set_room(&side[1].channel[0], 0);
	for (uint16_t i = 0; i < 100; i++) {
		uint32_t len = make_message(message, PROTO_UDP, 100, i, NULL, 0);

		assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	}
	set_room(&side[1].channel[0], 1000);
	while (got < 100) {
		struct out_packet *p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);

		assert_true(p->count <= 64);
		for (uint32_t i = 0; i < p->count; i++) {
			struct rndis_data d;

			received(&side[1], p, i, &d);
			assert_int_equal(get16(d.data + 34), got++);
		}
		completes(&side[1].channel[0], p->transaction);
		free(p);
	}
	assert_int_equal(counter(&side[1], "rx_dropped"), 0);
	assert_int_equal(counter(&side[1], "rx_packets"), 100);
}

static void test_bound(void **state)
{
	uint32_t sent = 3 * IN_FRAMES;
	uint8_t message[2000];

	(void)state;
	start_both(1514);
	set_room(&side[1].channel[0], 0);
	for (uint32_t i = 0; i < sent; i++) {
		uint32_t len = make_message(message, PROTO_UDP, 18, 1, NULL, 0);

		assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	}
	for (int i = 0; counter(&side[1], "rx_dropped") < IN_FRAMES; i++) {
		struct timespec ms = { .tv_nsec = 1000000 };

		assert_true(i < WAIT_SECONDS * 1000);
		nanosleep(&ms, NULL);
	}
	assert_int_equal(counter(&side[1], "rx_packets"), 0);
}

/* 256 buffers, 16 of them kept: then more needs a completion, but control still goes. */
static void test_no_buffers(void **state)
{
	struct out_packet *held[300], *p;
	uint32_t packets = 0, got = 0;
	uint8_t message[2000];

	(void)state;
	start_both(1514);
	for (uint16_t i = 0; i < 300; i++) {
		uint32_t len = make_message(message, PROTO_UDP, 100, i, NULL, 0);

		assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	}
	while (got < 240) {
		held[packets] = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
		got += held[packets++]->count;
	}
	assert_int_equal(got, 240);
	assert_true(command(&side[1], "netchange"));
	p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
	assert_memory_equal(side[1].recv.data + p->range[0].offset,
			    "\7\0\0\0\x14\0\0\0\x18\0\1\x40", 12);
	free(p);
	for (uint32_t i = 0; i < packets; i++) {
		completes(&side[1].channel[0], held[i]->transaction);
		free(held[i]);
	}
	while (got < 300) {
		p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
		got += p->count;
		free(p);
	}
	assert_null(side[1].bus[0].killed);
	assert_int_equal(counter(&side[1], "rx_dropped"), 0);
}

static void test_bad_completion(void **state)
{
	static const uint32_t good[2] = { NVSP_RNDIS_COMPLETE, NVSP_STATUS_SUCCESS };
	static const uint32_t wrong[2] = { NVSP_RNDIS, NVSP_STATUS_SUCCESS };
	struct hv_channel *ch = &side[1].channel[0];

	(void)state;
	start_both(1514);
	completes(ch, 5);
	assert_non_null(ch->bus->killed);
	ch->bus->killed = NULL;
	guest_sends(ch, PKT_COMPLETION, 0, false, good, 0, NULL, 0);
	assert_non_null(ch->bus->killed);
	ch->bus->killed = NULL;
	guest_sends(ch, PKT_COMPLETION, 0, false, wrong, 8, NULL, 0);
	assert_non_null(ch->bus->killed);
	ch->bus->killed = NULL;
	completes(ch, UINT64_MAX);
	assert_non_null(ch->bus->killed);
}

static void test_late_completions(void **state)
{
	struct hv_channel *ch = &side[0].channel[0];
	struct nvsp_message m = { .type = NVSP_RNDIS };
	uint8_t message[2000];
	uint32_t len;

	(void)state;
	start_both(1514);
	m.u.rndis.section = NVSP_NO_SECTION;
	len = make_message(message, PROTO_UDP, 18, 1, NULL, 0);
	set_room(ch, 0);
	for (uint64_t i = 0; i < 200; i++)
		guest_sends(ch, PKT_GPA_DIRECT, i, true, &m, 28, message, len);
	assert_true(out_empty(ch));
	set_room(ch, 1000);
	for (uint64_t i = 0; i < 200; i++) {
		struct out_packet *p = take_type(ch, PKT_COMPLETION);

		assert_int_equal(p->transaction, i);
		assert_int_equal(p->len, NVSP_BYTES_V61);
		free(p);
	}
	/* for ever is too long */
	set_room(ch, 0);
	for (uint64_t i = 0; i <= LATE_MAX && !ch->bus->killed; i++)
		guest_sends(ch, PKT_GPA_DIRECT, i, true, &m, 28, message, len);
	assert_non_null(ch->bus->killed);
}

static void grant_subchannels(struct side *s, uint32_t count)
{
	struct nvsp_message m = { .type = NVSP_SUBCHANNEL }, answer;

	m.u.subchannel.op = 1;
	m.u.subchannel.count = count;
	nvsp(s, m, true, &answer);
	assert_int_equal(answer.u.subchannel_complete.status, NVSP_STATUS_SUCCESS);
	assert_int_equal(answer.u.subchannel_complete.count, count);
	for (unsigned int i = 1; i <= count; i++)
		open_channel(s, i);
}

static void expect_table(struct side *s, const uint32_t *want)
{
	struct out_packet *p = take_type(&s->channel[0], PKT_INBAND);
	uint32_t head[3];

	memcpy(head, p->data, sizeof(head));
	assert_int_equal(head[0], NVSP_SEND_TABLE);
	assert_int_equal(head[1], 16);
	assert_int_equal(p->len, head[2] + 64);
	assert_memory_equal(p->data + head[2], want, 64);
	free(p);
}

static void set_rss(struct side *s, uint32_t queues)
{
	struct {
		struct ndis_rss_parameters p;
		uint32_t table[128];
		uint8_t key[40];
	} set = {
		.p.header = { NDIS_RSS_PARAMETERS, 2, sizeof(set.p) },
		.p.hash = RSS_TOEPLITZ | RSS_IPV4 | RSS_TCP_IPV4 | RSS_UDP_IPV4,
		.p.table_bytes = sizeof(set.table),
		.p.table_offset = sizeof(set.p),
		.p.key_bytes = sizeof(set.key),
		.p.key_offset = sizeof(set.p) + sizeof(set.table),
	};

	for (unsigned int i = 0; i < 128; i++)
		set.table[i] = i % queues;
	for (unsigned int i = 0; i < 40; i++)
		set.key[i] = (uint8_t)(i * 37 + 11);
	assert_int_equal(set_oid(s, OID_GEN_RSS_PARAMETERS, &set, sizeof(set)), 0);
}

static void test_rss(void **state)
{
	static const uint32_t table[16] = { 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3 };
	static const uint32_t other[16] = { 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3 };
	unsigned int used = 0;
	uint8_t message[2000];

	(void)state;
	start_both(1514);
	grant_subchannels(&side[1], 3);
	expect_table(&side[1], table);
	assert_true(command(&side[1], "send-table 1 3"));
	expect_table(&side[1], other);
	assert_false(command(&side[1], "send-table 4"));
	assert_true(command(&side[1], "send-table force 65535"));
	free(take_type(&side[1].channel[0], PKT_INBAND));
	set_rss(&side[1], 4);
	for (uint16_t i = 0; i < 64; i++) {
		uint32_t len = make_message(message, PROTO_UDP, 100, i, NULL, 0);

		assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	}
	wait_counter(&side[1], "rx_packets", 64);
	for (unsigned int i = 0; i < 4; i++) {
		struct rndis_data d;
		struct out_packet *p;

		if (out_empty(&side[1].channel[i]))
			continue;
		used++;
		p = take_type(&side[1].channel[i], PKT_TRANSFER_PAGES);
		received(&side[1], p, 0, &d);
		assert_true(d.has_hash);
		assert_int_equal(d.hash & 3, i);
		completes(&side[1].channel[i], p->transaction);
		/* but not on another channel than it came by */
		free(p);
	}
	assert_int_equal(used, 4);
}

static void expect_status(struct side *s, uint32_t status)
{
	struct out_packet *p = take_type(&s->channel[0], PKT_TRANSFER_PAGES);
	uint32_t words[3];

	memcpy(words, s->recv.data + p->range[0].offset, sizeof(words));
	assert_int_equal(words[0], RNDIS_INDICATE);
	assert_int_equal(words[2], status);
	assert_int_equal(p->data[4], NVSP_CHANNEL_CONTROL);
	completes(&s->channel[0], p->transaction);
	free(p);
}

static void test_events(void **state)
{
	uint8_t message[2000];
	struct out_packet *p;
	uint32_t len;

	(void)state;
	start_both(1514);
	assert_true(command(&side[0], "link down"));
	expect_status(&side[0], RNDIS_MEDIA_DISCONNECT);
	assert_true(command(&side[0], "link down"));	/* no news */
	len = make_message(message, PROTO_UDP, 100, 1, NULL, 0);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	assert_int_equal(counter(&side[0], "tx_link_down"), 1);
	assert_true(command(&side[0], "link up"));
	expect_status(&side[0], RNDIS_MEDIA_CONNECT);
	assert_true(command(&side[0], "speed 25000"));
	expect_status(&side[0], RNDIS_LINK_SPEED_CHANGE);
	assert_true(command(&side[0], "netchange"));
	expect_status(&side[0], RNDIS_NETWORK_CHANGE);
	assert_true(command(&side[0], "vf add 7"));
	p = take_type(&side[0].channel[0], PKT_INBAND);
	assert_memory_equal(p->data, "\x80\0\0\0\1\0\0\0\7\0\0\0", 12);
	free(p);
	assert_true(command(&side[0], "vf remove"));
	p = take_type(&side[0].channel[0], PKT_INBAND);
	assert_memory_equal(p->data, "\x80\0\0\0\0\0\0\0\7\0\0\0", 12);
	free(p);
	assert_false(command(&side[0], "link sideways"));
	assert_false(command(&side[0], "speed 0"));
	assert_false(command(&side[0], "mac 01:00:00:00:00:00"));
	assert_false(command(&side[0], "vf add 0"));
	assert_false(command(&side[0], "rate 5"));
	assert_false(command(&side[0], "dance"));
	assert_true(command(&side[0], "info"));
	assert_true(command(&side[0], "rss"));
}

static void test_filter(void **state)
{
	uint32_t filter = 0, directed = FILTER_DIRECTED;
	uint8_t message[2000];
	struct out_packet *p;
	uint32_t len;

	(void)state;
	start_both(1514);
	len = make_message(message, PROTO_UDP, 100, 1, NULL, 0);
	set_oid(&side[1], OID_GEN_PACKET_FILTER, &filter, 4);
	rndis(&side[0], 0, 0, message, len);
	wait_counter(&side[1], "rx_filtered", 1);
	set_oid(&side[1], OID_GEN_PACKET_FILTER, &directed, 4);
	memset(message + 44, 0xff, 6);		/* broadcast */
	rndis(&side[0], 0, 0, message, len);
	wait_counter(&side[1], "rx_filtered", 2);
	memcpy(message + 44, "\x02\0\0\0\0\x09", 6);	/* somebody else */
	rndis(&side[0], 0, 0, message, len);
	wait_counter(&side[1], "rx_filtered", 3);
	assert_true(command(&side[1], "mac 02:00:00:00:00:09"));
	rndis(&side[0], 0, 0, message, len);
	p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
	free(p);
}

/* Close, and start again with other values; nothing of the first time is left. */
static void test_reconnect(void **state)
{
	uint8_t message[9200];
	struct rndis_data d;
	struct out_packet *p;
	uint32_t len;

	(void)state;
	start_both(1514);
	for (unsigned int i = 0; i < 2; i++) {
		close_channel(&side[i], 0);
		assert_int_equal(side[i].recv.references, 0);
		assert_int_equal(side[i].send.references, 0);
	}
	start_both(9014);
	len = make_message(message, PROTO_UDP, 8972, 1, NULL, 0);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
	assert_int_equal(p->range[0].bytes, 9306);
	received(&side[1], p, 0, &d);
	assert_int_equal(d.len, 9014);
	free(p);
	nic_ops.reset(&side[1].dev);
	assert_int_equal(side[1].recv.references, 0);
}

/* Guests before VMBus 4.0 tear their buffers down before they close; later ones after. */
static void test_revoke(void **state)
{
	struct nvsp_message m = { .type = NVSP_REVOKE_RECV_BUF };

	(void)state;
	start_both(1514);
	nvsp(&side[0], m, false, NULL);
	assert_int_equal(side[0].recv.references, 1);
	vmbus_version = 0x30000;
	nvsp(&side[1], m, false, NULL);
	assert_int_equal(side[1].recv.references, 0);
	assert_int_equal(side[1].send.references, 1);
	m.type = NVSP_REVOKE_SEND_BUF;
	nvsp(&side[1], m, false, NULL);
	assert_int_equal(side[1].send.references, 0);
	assert_null(side[1].bus[0].killed);
}

static void test_pcap(void **state)
{
	char path[] = "/tmp/hvhost-test-XXXXXX", line[64];
	uint8_t message[2000], file[4096];
	uint32_t len, words[3];
	size_t bytes, at = 0;
	unsigned int packets = 0;
	FILE *f;

	(void)state;
	close(mkstemp(path));
	start_both(1514);
	snprintf(line, sizeof(line), "pcap %s", path);
	assert_true(command(&side[1], line));
	len = make_message(message, PROTO_UDP, 101, 1, NULL, 0);
	rndis(&side[0], 0, 0, message, len);
	free(take_type(&side[1].channel[0], PKT_TRANSFER_PAGES));
	rndis(&side[1], 0, 0, message, len);
	assert_true(command(&side[1], "pcap off"));
	f = fopen(path, "rb");
	bytes = fread(file, 1, sizeof(file), f);
	fclose(f);
	unlink(path);
	while (at < bytes) {
		uint32_t last;

		memcpy(words, file + at, sizeof(words));
		assert_true(words[1] % 4 == 0 && words[1] <= bytes - at);
		memcpy(&last, file + at + words[1] - 4, 4);
		assert_int_equal(last, words[1]);
		packets += words[0] == 6;
		at += words[1];
	}
	assert_int_equal(packets, 2);
	assert_false(command(&side[1], "pcap /nowhere/at/all"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_udp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_checksum, setup, teardown),
		cmocka_unit_test_setup_teardown(test_vlan, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lso, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rsc, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sections, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ring_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_completion, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_completions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rss, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reconnect, setup, teardown),
		cmocka_unit_test_setup_teardown(test_revoke, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pcap, setup, teardown),
	};

	return cmocka_run_group_tests_name("net: NICs", tests, NULL, NULL);
}
