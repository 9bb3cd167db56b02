/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bus and a guest for NICs without a machine: channels whose out ring is a list of
 * packets with a bound, GPADLs that are plain memory. Included by one test file.
 *
 * Locks as in the real bus: a channel's lock around every callback. The NICs' port threads
 * are real, so what they do is waited for.
 */
#ifndef HVHOST_TEST_NET_BUS_H
#define HVHOST_TEST_NET_BUS_H

#include <pthread.h>
#include <time.h>
#include "test.h"
#include "../dev/net/nic.h"
#include "../machine/machine.h"

#define CHANNELS	4u
#define WAIT_SECONDS	20
#define RECV_BYTES	(256 * 1806u)
#define SEND_BYTES	(16 * SECTION_BYTES)

struct out_packet {
	struct out_packet *next;
	enum packet_type type;
	uint64_t transaction;
	uint32_t len, count;
	uint8_t data[128];
	struct xfer_range range[XFER_RANGES_MAX];
};

struct bus_channel {
	pthread_mutex_t lock;
	bool open;
	struct out_packet *out, **out_end;	/* out_lock */
	unsigned int room;			/* packets that still fit; atomic */
	const char *killed;
};

struct gpadl {
	uint32_t id;
	int references;
	uint64_t bytes;
	uint8_t *data;
};

struct side {
	struct hv_device dev;
	struct hv_channel channel[CHANNELS];
	struct bus_channel bus[CHANNELS];
	struct gpadl recv, send;
	unsigned int offered;
	uint32_t version;
};

static struct side side[2];
static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t out_cond = PTHREAD_COND_INITIALIZER;
static uint32_t vmbus_version = 0x50003;

static inline struct side *side_of(const struct hv_channel *ch)
{
	return ch->dev == &side[0].dev ? &side[0] : &side[1];
}

static inline bool put_out(struct hv_channel *ch, struct out_packet *p)
{
	struct bus_channel *b = ch->bus;
	bool room;

	pthread_mutex_lock(&out_lock);
	room = b->room > 0;
	if (room) {
		b->room--;
		*b->out_end = p;
		b->out_end = &p->next;
		pthread_cond_broadcast(&out_cond);
	}
	pthread_mutex_unlock(&out_lock);
	if (!room)
		free(p);
	return room;
}

static inline struct out_packet *new_out(enum packet_type type, uint64_t transaction,
					 const void *data, uint32_t len)
{
	struct out_packet *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	assert_true(len <= sizeof(p->data));
	p->type = type;
	p->transaction = transaction;
	p->len = len;
	if (len)
		memcpy(p->data, data, len);
	return p;
}

bool channel_send(struct hv_channel *ch, const void *data, uint32_t len, uint64_t transaction,
		  bool want_completion)
{
	assert_false(want_completion);
	return put_out(ch, new_out(PKT_INBAND, transaction, data, len));
}

bool channel_complete(struct hv_channel *ch, uint64_t transaction, const void *data, uint32_t len)
{
	return put_out(ch, new_out(PKT_COMPLETION, transaction, data, len));
}

bool channel_send_pages(struct hv_channel *ch, uint16_t set, const struct xfer_range *range,
			uint32_t count, const void *data, uint32_t len, uint64_t transaction)
{
	struct out_packet *p = new_out(PKT_TRANSFER_PAGES, transaction, data, len);

	assert_int_equal(set, 0xcafe);
	assert_true(count && count <= XFER_RANGES_MAX);
	p->count = count;
	memcpy(p->range, range, count * sizeof(*range));
	return put_out(ch, p);
}

void channel_hold(struct hv_channel *ch)
{
	(void)ch;
}

void channel_release(struct hv_channel *ch)
{
	(void)ch;
}

void channel_kill(struct hv_channel *ch, const char *why)
{
	ch->bus->killed = why;
}

bool channel_lock(struct hv_channel *ch)
{
	pthread_mutex_lock(&ch->bus->lock);
	if (ch->bus->open)
		return true;
	pthread_mutex_unlock(&ch->bus->lock);
	return false;
}

void channel_unlock(struct hv_channel *ch)
{
	pthread_mutex_unlock(&ch->bus->lock);
}

struct hv_channel *device_channel(struct hv_device *dev, unsigned int sub)
{
	struct side *s = dev == &side[0].dev ? &side[0] : &side[1];

	return sub <= s->offered ? &s->channel[sub] : NULL;
}

bool device_offer_subchannels(struct hv_device *dev, unsigned int count)
{
	struct side *s = dev == &side[0].dev ? &side[0] : &side[1];

	if (count > dev->max_sub)
		return false;
	s->offered = count;
	return true;
}

struct gpadl *gpadl_get(struct hv_channel *ch, uint32_t id)
{
	struct side *s = side_of(ch);
	struct gpadl *g = id == s->recv.id ? &s->recv : id == s->send.id ? &s->send : NULL;

	if (g)
		g->references++;
	return g;
}

void gpadl_put(struct gpadl *g)
{
	g->references--;
}

uint64_t gpadl_bytes(const struct gpadl *g)
{
	return g->bytes;
}

bool gpadl_read(const struct gpadl *g, uint64_t offset, void *to, uint64_t len)
{
	assert_true(offset + len <= g->bytes);
	memcpy(to, g->data + offset, len);
	return true;
}

bool gpadl_write(const struct gpadl *g, uint64_t offset, const void *from, uint64_t len)
{
	assert_true(offset + len <= g->bytes);
	memcpy(g->data + offset, from, len);
	return true;
}

uint32_t bus_version(void)
{
	return vmbus_version;
}

/* ring.c wants it for GPA direct packets, which are made by hand here */
void *guest_ptr(uint64_t gpa, uint64_t len)
{
	(void)gpa;
	(void)len;
	return NULL;
}

/* The next packet on a channel; fails the test when none comes. */
static inline struct out_packet *take_out(struct hv_channel *ch)
{
	struct bus_channel *b = ch->bus;
	struct out_packet *p;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_SECONDS;
	pthread_mutex_lock(&out_lock);
	while (!b->out) {
		if (pthread_cond_timedwait(&out_cond, &out_lock, &until)) {
			pthread_mutex_unlock(&out_lock);
			fail_msg("nothing came on channel %u of %s", ch->sub, ch->dev->name);
		}
	}
	p = b->out;
	b->out = p->next;
	if (!b->out)
		b->out_end = &b->out;
	b->room++;
	pthread_mutex_unlock(&out_lock);
	return p;
}

static inline struct out_packet *take_type(struct hv_channel *ch, enum packet_type type)
{
	struct out_packet *p = take_out(ch);

	assert_int_equal(p->type, type);
	return p;
}

static inline bool out_empty(struct hv_channel *ch)
{
	bool empty;

	pthread_mutex_lock(&out_lock);
	empty = !ch->bus->out;
	pthread_mutex_unlock(&out_lock);
	return empty;
}

/* Gives the guest one packet less or more room, and tells the NIC when there is some. */
static inline void set_room(struct hv_channel *ch, unsigned int room)
{
	pthread_mutex_lock(&out_lock);
	ch->bus->room = room;
	pthread_mutex_unlock(&out_lock);
	if (room) {
		pthread_mutex_lock(&ch->bus->lock);
		nic_ops.room(ch);
		pthread_mutex_unlock(&ch->bus->lock);
	}
}

/* A packet from the guest on a channel. pages: a GPA direct packet's range, or NULL. */
static inline void guest_sends(struct hv_channel *ch, uint16_t type, uint64_t transaction,
			       bool wants, const void *data, uint32_t len, const void *pages,
			       uint32_t pages_len)
{
	uint8_t copy[64] = { 0 };
	struct sg_entry entry = { (uint8_t *)(uintptr_t)pages, pages_len };
	struct packet p = {
		.type = type, .flags = wants, .transaction = transaction, .data = copy, .len = len,
	};

	if (pages) {
		p.sg = (struct sg){ &entry, 1, pages_len };
		p.ranges = 1;
		p.first_bytes = pages_len;
	}
	assert_true(len <= sizeof(copy));
	memcpy(copy, data, len);
	pthread_mutex_lock(&ch->bus->lock);
	nic_ops.packet(ch, &p);
	pthread_mutex_unlock(&ch->bus->lock);
}

static inline void open_channel(struct side *s, unsigned int sub)
{
	struct hv_channel *ch = &s->channel[sub];

	ch->priv = NULL;
	pthread_mutex_lock(&ch->bus->lock);
	assert_int_equal(nic_ops.open(ch), 0);
	ch->bus->open = true;
	ch->bus->killed = NULL;
	pthread_mutex_unlock(&ch->bus->lock);
}

static inline void close_channel(struct side *s, unsigned int sub)
{
	struct hv_channel *ch = &s->channel[sub];

	pthread_mutex_lock(&ch->bus->lock);
	nic_ops.close(ch);
	ch->bus->open = false;
	pthread_mutex_unlock(&ch->bus->lock);
	pthread_mutex_lock(&out_lock);
	while (ch->bus->out) {
		struct out_packet *p = ch->bus->out;

		ch->bus->out = p->next;
		free(p);
	}
	ch->bus->out_end = &ch->bus->out;
	ch->bus->room = 1000;
	pthread_mutex_unlock(&out_lock);
}

/* A NVSP message on the primary; the answer's copy if there is to be one. */
static inline void nvsp(struct side *s, struct nvsp_message m, bool wants,
			struct nvsp_message *answer)
{
	guest_sends(&s->channel[0], PKT_INBAND, 77, wants, &m, NVSP_BYTES_V61, NULL, 0);
	if (answer) {
		struct out_packet *p = take_type(&s->channel[0], PKT_COMPLETION);

		assert_int_equal(p->transaction, 77);
		memset(answer, 0, sizeof(*answer));
		memcpy(answer, p->data, p->len);
		free(p);
	}
}

/* Completes a transfer page packet of the host. */
static inline void completes(struct hv_channel *ch, uint64_t transaction)
{
	uint32_t data[2] = { NVSP_RNDIS_COMPLETE, NVSP_STATUS_SUCCESS };

	guest_sends(ch, PKT_COMPLETION, transaction, false, data, sizeof(data), NULL, 0);
}

/* Sends an RNDIS message by pages; returns the completion's status. */
static inline uint32_t rndis(struct side *s, unsigned int sub, uint32_t channel,
			     const void *message, uint32_t len)
{
	struct nvsp_message m = { .type = NVSP_RNDIS };
	struct out_packet *p;
	uint32_t status;

	m.u.rndis.channel = channel;
	m.u.rndis.section = NVSP_NO_SECTION;
	guest_sends(&s->channel[sub], PKT_GPA_DIRECT, 99, true, &m, 28, message, len);
	p = take_type(&s->channel[sub], PKT_COMPLETION);
	assert_int_equal(p->transaction, 99);
	assert_int_equal(p->data[0], NVSP_RNDIS_COMPLETE);
	status = p->data[4];
	free(p);
	return status;
}

/* A control message; the reply, if there is to be one, goes to reply (REPLY_BYTES). */
static inline void control(struct side *s, const void *message, uint32_t len, uint8_t *reply)
{
	struct out_packet *p;

	assert_int_equal(rndis(s, 0, NVSP_CHANNEL_CONTROL, message, len), NVSP_STATUS_SUCCESS);
	if (!reply)
		return;
	p = take_type(&s->channel[0], PKT_TRANSFER_PAGES);
	assert_int_equal(p->count, 1);
	assert_true(p->range[0].bytes <= REPLY_BYTES);
	memcpy(reply, s->recv.data + p->range[0].offset, p->range[0].bytes);
	completes(&s->channel[0], p->transaction);
	free(p);
}

static inline uint32_t set_oid(struct side *s, uint32_t oid, const void *info, uint32_t len)
{
	uint32_t message[7] = { RNDIS_SET, 28 + len, 5, oid, len, 20, 0 };
	uint8_t reply[REPLY_BYTES];
	uint8_t *whole = malloc(28 + len);
	uint32_t status;

	assert_non_null(whole);
	memcpy(whole, message, 28);
	memcpy(whole + 28, info, len);
	control(s, whole, 28 + len, reply);
	free(whole);
	memcpy(&status, reply + 12, 4);
	return status;
}

static inline void make_side(struct side *s, unsigned int number, const char *options)
{
	struct options *o = options_parse(options);
	char error[200] = "";

	memset(s, 0, sizeof(*s));
	snprintf(s->dev.name, sizeof(s->dev.name), "nic%u", number);
	s->dev.number = number;
	s->dev.ops = &nic_ops;
	for (unsigned int i = 0; i < CHANNELS; i++) {
		pthread_mutex_init(&s->bus[i].lock, NULL);
		s->bus[i].out_end = &s->bus[i].out;
		s->bus[i].room = 1000;
		s->channel[i] = (struct hv_channel){
			.dev = &s->dev, .sub = i, .relid = 10 + i, .bus = &s->bus[i],
		};
	}
	s->recv = (struct gpadl){ .id = 0x100, .bytes = RECV_BYTES, .data = malloc(RECV_BYTES) };
	s->send = (struct gpadl){ .id = 0x200, .bytes = SEND_BYTES, .data = malloc(SEND_BYTES) };
	s->version = NVSP_V61;
	if (!nic_ops.create(&s->dev, o, error, sizeof(error)))
		fail_msg("create: %s", error);
	assert_true(options_end(o, error, sizeof(error)));
}

static inline void connect_side(struct side *s, uint32_t mtu)
{
	struct nvsp_message m = { .type = NVSP_INIT }, answer;
	uint32_t init[6] = { RNDIS_INITIALIZE, 24, 1, 1, 0, 0x4000 };
	uint8_t reply[REPLY_BYTES];

	open_channel(s, 0);
	m.u.init.min = m.u.init.max = s->version;
	nvsp(s, m, true, &answer);
	assert_int_equal(answer.u.init_complete.status, NVSP_STATUS_SUCCESS);
	m = (struct nvsp_message){ .type = NVSP_NDIS_CONFIG };
	m.u.config.mtu = mtu;
	m.u.config.capability = NVSP_CAP_VLAN | NVSP_CAP_RSC | NVSP_CAP_SRIOV | NVSP_CAP_TEAMING;
	nvsp(s, m, false, NULL);
	m = (struct nvsp_message){ .type = NVSP_NDIS_VERSION };
	nvsp(s, m, false, NULL);
	m = (struct nvsp_message){ .type = NVSP_RECV_BUF };
	m.u.buffer.gpadl = s->recv.id;
	nvsp(s, m, true, &answer);
	assert_int_equal(answer.u.recv_complete.status, NVSP_STATUS_SUCCESS);
	assert_int_equal(answer.u.recv_complete.size, mtu + 292);
	m.type = NVSP_SEND_BUF;
	m.u.buffer.gpadl = s->send.id;
	nvsp(s, m, true, &answer);
	assert_int_equal(answer.u.send_complete.status, NVSP_STATUS_SUCCESS);
	control(s, init, sizeof(init), reply);
	assert_int_equal(reply[12], 0);
}

static inline void set_offloads(struct side *s, uint8_t rsc)
{
	struct ndis_offload_parameters p = {
		.header = { NDIS_DEFAULT, 3, sizeof(p) },
		.ip4_csum = 1, .tcp4_csum = 4, .udp4_csum = 4, .tcp6_csum = 4, .udp6_csum = 4,
		.lso2_ip4 = 2, .lso2_ip6 = 2, .rsc_ip4 = rsc, .rsc_ip6 = rsc,
	};

	assert_int_equal(set_oid(s, OID_TCP_OFFLOAD_PARAMETERS, &p, sizeof(p)), 0);
}

static inline void start_side(struct side *s, uint32_t mtu)
{
	uint32_t filter = FILTER_DIRECTED | FILTER_BROADCAST | FILTER_ALL_MULTICAST;

	connect_side(s, mtu);
	set_offloads(s, 1);
	assert_int_equal(set_oid(s, OID_GEN_PACKET_FILTER, &filter, 4), 0);
}

static inline void start_both(uint32_t mtu)
{
	start_side(&side[0], mtu);
	start_side(&side[1], mtu);
}

static inline int setup(void **state)
{
	(void)state;
	make_side(&side[0], 0, "pair=nic1,queues=4");
	make_side(&side[1], 1, "queues=4");
	vmbus_version = 0x50003;
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int c = CHANNELS; c-- > 0;)
			if (side[i].bus[c].open)
				close_channel(&side[i], c);
		assert_int_equal(side[i].recv.references, 0);
		assert_int_equal(side[i].send.references, 0);
		nic_ops.destroy(&side[i].dev);
		free(side[i].recv.data);
		free(side[i].send.data);
	}
	return 0;
}

/* An IPv4 frame from nic0 to nic1 (their default addresses), wrapped as an RNDIS message. */
static inline uint32_t make_message(uint8_t *to, uint8_t proto, uint32_t payload, uint16_t port,
			     const uint32_t (*ppi)[2], uint32_t ppis)
{
	uint32_t head = proto == PROTO_TCP ? 20 : 8, len = 34 + head + payload;
	uint32_t words[11] = { RNDIS_PACKET, 44 + 16 * ppis + len, 36 + 16 * ppis, len, 0, 0, 0,
			       36, 16 * ppis, 0, 0 };
	uint8_t *f = to + 44 + 16 * ppis;

	memcpy(to, words, sizeof(words));
	for (uint32_t i = 0; i < ppis; i++) {
		uint32_t info[4] = { 16, ppi[i][0], 12, ppi[i][1] };

		memcpy(to + 44 + 16 * i, info, 16);
	}
	memset(f, 0, len);
	memcpy(f, "\x00\x15\x5d\x00\x00\x02\x00\x15\x5d\x00\x00\x01\x08\x00\x45", 15);
	put16(f + 16, (uint16_t)(len - 14));
	f[22] = 64;
	f[23] = proto;
	put32(f + 26, 0x0a000001);
	put32(f + 30, 0x0a000002);
	put16(f + 34, port);
	put16(f + 36, 7);
	if (proto == PROTO_TCP)
		f[46] = 5 << 4;
	else
		put16(f + 38, (uint16_t)(8 + payload));
	for (uint32_t i = 0; i < payload; i++)
		f[34 + head + i] = (uint8_t)(i * 13 + 1);
	put16(f + 24, (uint16_t)~csum_fold(csum_add(0, f + 14, 20)));
	return words[1];
}

#define UDP_CSUM	(TX_CSUM_IPV4 | TX_CSUM_UDP | 34u << 16)

/* One message of a received packet, taken apart. */
static inline void received(struct side *s, const struct out_packet *p, uint32_t index,
		     struct rndis_data *d)
{
	const uint8_t *at = s->recv.data + p->range[index].offset;
	uint32_t type, offset;

	assert_int_equal(rndis_next(at, p->range[index].bytes, &type, d), p->range[index].bytes);
	assert_int_equal(type, RNDIS_PACKET);
	memcpy(&offset, at + 8, 4);
	assert_int_equal(offset, 248);
}

static inline uint64_t counter(struct side *s, const char *name)
{
	char *argv[] = { (char[]){ "counters" }, NULL };
	struct text text = { 0 };
	char want[64];
	const char *at;
	uint64_t value;

	assert_true(nic_ops.command(&s->dev, 1, argv, &text));
	snprintf(want, sizeof(want), "%s ", name);
	at = strncmp(text.data, want, strlen(want)) ? strstr(text.data, want) : text.data;
	while (at && at != text.data && at[-1] != '\n')
		at = strstr(at + 1, want);
	assert_non_null(at);
	value = strtoull(at + strlen(want), NULL, 10);
	text_free(&text);
	return value;
}

/* Until a counter has the value: what the port thread does is waited for, never timed. */
static inline void wait_counter(struct side *s, const char *name, uint64_t value)
{
	for (int i = 0; counter(s, name) != value; i++) {
		struct timespec ms = { .tv_nsec = 1000000 };

		if (i > WAIT_SECONDS * 1000)
			fail_msg("%s is %llu, not %llu", name,
				 (unsigned long long)counter(s, name), (unsigned long long)value);
		nanosleep(&ms, NULL);
	}
}

#endif
