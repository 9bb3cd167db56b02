// SPDX-License-Identifier: GPL-2.0-only
/* A NIC's options: backends, VLAN of an access port, what is hidden, limits. */
#include "test_net_bus.h"

static int no_setup(void **state)
{
	(void)state;
	memset(side, 0, sizeof(side));
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct side *s = &side[i];

		if (!s->dev.priv)
			continue;
		for (unsigned int c = CHANNELS; c-- > 0;)
			if (s->bus[c].open)
				close_channel(s, c);
		nic_ops.destroy(&s->dev);
		free(s->recv.data);
		free(s->send.data);
	}
	return 0;
}

static void refuse(const char *options, const char *word)
{
	struct hv_device dev = { .name = "nic0", .ops = &nic_ops };
	struct options *o = options_parse(options);
	char error[200] = "", last[200] = "";
	bool made = nic_ops.create(&dev, o, error, sizeof(error));
	bool taken = options_end(o, last, sizeof(last));

	/* a value out of its range is what options_end() tells of */
	assert_false(made && taken);
	if (!strstr(error, word) && !strstr(last, word))
		fail_msg("%s: \"%s\", \"%s\"", options, error, last);
	if (made)
		nic_ops.destroy(&dev);
	assert_null(dev.priv);
}

static void test_refused(void **state)
{
	(void)state;
	refuse("mac=01:02:03:04:05:06", "unicast");
	refuse("mac=00:15:5d:00:00", "MAC");
	refuse("nvsp=3", "6.1");
	refuse("hide=tso+everything", "hide");
	refuse("pair=nic0", "pair");
	refuse("pair=scsi0", "pair");
	refuse("pair=nic1,sink", "one of");
	refuse("sink,source=5", "one of");
	refuse("none,sink", "one of");
	refuse("queues=65", "queues");
	refuse("max_mtu=70000", "max_mtu");
	refuse("vlan=4095", "vlan");
	refuse("colour=red", "colour");
}

/* A loose cable takes nothing and gives nothing. */
static void test_none(void **state)
{
	uint8_t message[2000];
	uint32_t len;

	(void)state;
	make_side(&side[0], 0, "");
	start_side(&side[0], 1514);
	len = make_message(message, PROTO_UDP, 100, 5, NULL, 0);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	assert_int_equal(counter(&side[0], "tx_packets"), 1);
	assert_int_equal(counter(&side[0], "tx_dropped"), 1);
}

static void test_sink(void **state)
{
	uint8_t message[2000];
	uint32_t len;

	(void)state;
	make_side(&side[0], 0, "sink");
	start_side(&side[0], 1514);
	len = make_message(message, PROTO_UDP, 100, 5, NULL, 0);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	assert_int_equal(counter(&side[0], "tx_packets"), 1);
	assert_int_equal(counter(&side[0], "tx_dropped"), 0);
}

static void take_source(uint32_t want, unsigned int frames)
{
	struct out_packet *p;
	struct rndis_data d;

	while (frames) {
		p = take_type(&side[0].channel[0], PKT_TRANSFER_PAGES);
		for (uint32_t i = 0; i < p->count && frames; i++, frames--) {
			received(&side[0], p, i, &d);
			assert_int_equal(d.len, want);
			assert_true(d.csum & (RX_CSUM_UDP_GOOD | RX_CSUM_TCP_GOOD));
		}
		completes(&side[0].channel[0], p->transaction);
		free(p);
	}
	assert_int_equal(counter(&side[0], "rx_csum_bad"), 0);
}

static void test_source(void **state)
{
	(void)state;
	make_side(&side[0], 0, "source=0,size=300");
	start_side(&side[0], 1514);
	take_source(300, 1000);
}

/* Larger than a frame: TCP, cut for a guest without receive coalescing. */
static void test_source_large(void **state)
{
	(void)state;
	make_side(&side[0], 0, "source=1000,size=14654");
	start_side(&side[0], 1514);
	take_source(1514, 50);
}

/* nic0 is on the access port of VLAN 7, nic1 sees the tag. */
static void test_access_port(void **state)
{
	static const uint32_t tag[][2] = { { PPI_VLAN, VLAN_TCI_TO_PPI(9) } };
	uint8_t message[2000];
	struct out_packet *p;
	struct rndis_data d;
	uint32_t len;

	(void)state;
	make_side(&side[0], 0, "vlan=7");
	make_side(&side[1], 1, "pair=nic0");
	start_side(&side[0], 1514);
	start_side(&side[1], 1514);
	len = make_message(message, PROTO_UDP, 100, 5, NULL, 0);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
	received(&side[1], p, 0, &d);
	assert_true(d.has_vlan);
	assert_int_equal(d.tci, 7);
	free(p);
	/* a guest on an access port sends no tags */
	len = make_message(message, PROTO_UDP, 100, 5, tag, 1);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	assert_int_equal(counter(&side[0], "tx_dropped"), 1);
	/* and sees no others' */
	memcpy(message + 60, "\x00\x15\x5d\x00\x00\x01", 6);
	assert_int_equal(rndis(&side[1], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	wait_counter(&side[0], "rx_filtered", 1);
	memcpy(message + 56, "\x70\0\0\0", 4);
	assert_int_equal(rndis(&side[1], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	p = take_type(&side[0].channel[0], PKT_TRANSFER_PAGES);
	received(&side[0], p, 0, &d);
	assert_false(d.has_vlan);
	assert_int_equal(d.len, 142);
	free(p);
}

/* What is hidden is refused when the guest uses it all the same. */
static void test_hidden(void **state)
{
	static const uint32_t ppi[][2] = {
		{ PPI_CHECKSUM, TX_CSUM_IPV4 | TX_CSUM_UDP | 34u << 16 },
		{ PPI_VLAN, VLAN_TCI_TO_PPI(9) },
		{ PPI_LSO, LSO_V2 | 34u << 20 | 1000 },
	};
	uint8_t message[4000];
	uint32_t len;

	(void)state;
	make_side(&side[0], 0, "sink,hide=udp+vlan+tso");
	start_side(&side[0], 1514);
	for (unsigned int i = 0; i < 3; i++) {
		len = make_message(message, i == 2 ? PROTO_TCP : PROTO_UDP, 100, 5, &ppi[i], 1);
		assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_FAILURE);
		assert_int_equal(counter(&side[0], "tx_refused"), i + 1);
	}
	len = make_message(message, PROTO_UDP, 100, 5, NULL, 0);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
}

/* The older form of segmentation offload: no version bit, switched on by itself. */
static void test_lso1(void **state)
{
	static const uint32_t ppi[][2] = { { PPI_LSO, 34u << 20 | 1000 } };
	struct ndis_offload_parameters p = {
		.header = { NDIS_DEFAULT, 1, NDIS_PARAMETERS_MIN }, .lso1 = 2, .lso2_ip4 = 1,
	};
	uint8_t message[4000];
	uint32_t len, got = 0;

	(void)state;
	make_side(&side[0], 0, "pair=nic1,nvsp=2");
	make_side(&side[1], 1, "");
	side[0].version = NVSP_V2;
	start_side(&side[0], 1514);
	start_side(&side[1], 1514);
	len = make_message(message, PROTO_TCP, 2500, 5, ppi, 1);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_FAILURE);
	assert_int_equal(set_oid(&side[0], OID_TCP_OFFLOAD_PARAMETERS, &p, NDIS_PARAMETERS_MIN), 0);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	while (got < 3) {
		struct out_packet *out = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);

		for (uint32_t i = 0; i < out->count; i++) {
			struct rndis_data d;

			received(&side[1], out, i, &d);
			assert_int_equal(d.len, got++ < 2 ? 1054 : 554);
			assert_true(d.csum & RX_CSUM_TCP_GOOD);
		}
		free(out);
	}
}

static void test_giant(void **state)
{
	uint8_t *message = malloc(70000);
	struct out_packet *p;
	struct rndis_data d;
	uint32_t len;

	(void)state;
	make_side(&side[0], 0, "max_mtu=65521");
	make_side(&side[1], 1, "pair=nic0,max_mtu=65521");
	for (unsigned int i = 0; i < 2; i++) {
		free(side[i].recv.data);
		side[i].recv.bytes = 40 * 65827;
		side[i].recv.data = malloc(side[i].recv.bytes);
		start_side(&side[i], 65535);
	}
	len = make_message(message, PROTO_UDP, 65507 - 14, 5, NULL, 0);
	assert_int_equal(rndis(&side[0], 0, 0, message, len), NVSP_STATUS_SUCCESS);
	p = take_type(&side[1].channel[0], PKT_TRANSFER_PAGES);
	received(&side[1], p, 0, &d);
	assert_int_equal(d.len, 65535);
	assert_memory_equal(d.data, message + 44, d.len);
	free(p);
	free(message);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refused, no_setup, end),
		cmocka_unit_test_setup_teardown(test_none, no_setup, end),
		cmocka_unit_test_setup_teardown(test_sink, no_setup, end),
		cmocka_unit_test_setup_teardown(test_source, no_setup, end),
		cmocka_unit_test_setup_teardown(test_source_large, no_setup, end),
		cmocka_unit_test_setup_teardown(test_access_port, no_setup, end),
		cmocka_unit_test_setup_teardown(test_hidden, no_setup, end),
		cmocka_unit_test_setup_teardown(test_lso1, no_setup, end),
		cmocka_unit_test_setup_teardown(test_giant, no_setup, end),
	};

	return cmocka_run_group_tests_name("net: options", tests, NULL, NULL);
}
