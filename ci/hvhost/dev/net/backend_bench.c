// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink: everything goes nowhere. source=RATE: frames come, and everything goes nowhere.
 *
 * The source's frames are UDP over IPv4 from 198.18.0.1 to 198.18.0.2 (RFC 2544), port 9,
 * from 16 source ports, so that RSS spreads them; a size that doesn't fit a frame gives
 * large TCP packets, which the guest gets whole if it has asked for such.
 */
#include <stdlib.h>
#include <string.h>
#include "nic.h"

#define IDLE_NS		100000000ull	/* look again whether the guest is ready */
#define FLOWS		16u

struct bench {
	bool source;
	uint64_t rate;			/* frames a second, 0: as many as are taken; atomic */
	uint32_t bytes;			/* of a frame; atomic */
	uint64_t next_ns, made;
};

static void bench_send(struct nic *nic, struct frame *f)
{
	(void)nic;
	frame_free(f);
}


static void make_headers(struct nic *nic, struct frame *f, bool tcp, uint32_t flow, uint32_t seq)
{
	static const uint8_t from[ETH_MAC] = { 0x02, 0x15, 0x5d, 0xff, 0xff, 0xfe };
	uint8_t *ip = f->data + ETH_HEADER, *l4 = ip + 20;

	memcpy(f->data, nic->policy.current, ETH_MAC);
	memcpy(f->data + ETH_MAC, from, ETH_MAC);
	put16(f->data + 12, 0x0800);
	ip[0] = 0x45;
	ip[8] = 64;
	ip[9] = tcp ? PROTO_TCP : PROTO_UDP;
	put16(ip + 2, (uint16_t)(f->len - ETH_HEADER));
	put32(ip + 12, 0xc6120001);
	put32(ip + 16, 0xc6120002);
	put16(l4, (uint16_t)(10000 + flow));
	put16(l4 + 2, 9);
	if (tcp) {
		put32(l4 + 4, seq);
		l4[12] = 5 << 4;
		l4[13] = 0x10;		/* ACK */
		put16(l4 + 14, 0xffff);
	} else {
		put16(l4 + 4, (uint16_t)(f->len - ETH_HEADER - 20));
	}
}

static struct frame *make_frame(struct nic *nic, struct bench *b)
{
	uint32_t bytes = __atomic_load_n(&b->bytes, __ATOMIC_RELAXED);
	bool tcp = bytes > nic->policy.frame_bytes;
	struct frame *f = frame_new(bytes);
	uint32_t flow = (uint32_t)(b->made % FLOWS);
	struct headers h;

	if (!f)
		return NULL;
	memset(f->data, 0, f->len);
	make_headers(nic, f, tcp, flow, (uint32_t)(b->made / FLOWS) * (bytes - 54));
	if (tcp)
		f->mss = nic->policy.frame_bytes - 54;
	headers_parse(&h, f->data, f->len, true);
	csum_fill_ip(&h, f->data);
	csum_fill_l4(&h, f->data);
	b->made++;
	return f;
}

static void source_pump(struct nic *nic, unsigned int room)
{
	struct bench *b = nic->backend_priv;
	uint64_t rate = __atomic_load_n(&b->rate, __ATOMIC_RELAXED), now = now_ns();

	if (!nic->policy.ready || !nic->policy.filter || !nic->policy.link) {
		b->next_ns = now + IDLE_NS;
		return;
	}
	/* a pause is not made up for by a burst of more than a tenth of a second */
	if (now > b->next_ns + IDLE_NS)
		b->next_ns = now - IDLE_NS;
	while (room-- && (!rate || b->next_ns <= now)) {
		struct frame *f = make_frame(nic, b);

		if (!f)
			return;
		nic_receive(nic, f);
		if (rate)
			b->next_ns += 1000000000 / rate;
	}
}

static uint64_t source_wait(struct nic *nic)
{
	struct bench *b = nic->backend_priv;
	uint64_t now = now_ns();

	if (!nic->policy.ready || !nic->policy.filter || !nic->policy.link)
		return IDLE_NS;
	if (!__atomic_load_n(&b->rate, __ATOMIC_RELAXED) || b->next_ns <= now)
		return 0;
	return b->next_ns - now;
}

static void bench_destroy(struct nic *nic)
{
	free(nic->backend_priv);
}

static const struct nic_backend sink_backend = {
	.name = "sink",
	.send = bench_send,
	.destroy = bench_destroy,
};

static const struct nic_backend source_backend = {
	.name = "source",
	.send = bench_send,
	.pump = source_pump,
	.wait = source_wait,
	.destroy = bench_destroy,
};

bool backend_bench_rate(struct nic *nic, uint64_t rate, uint32_t bytes)
{
	struct bench *b = nic->backend_priv;

	if (nic->backend != &source_backend)
		return false;
	__atomic_store_n(&b->rate, rate, __ATOMIC_RELAXED);
	if (bytes)
		__atomic_store_n(&b->bytes, bytes, __ATOMIC_RELAXED);
	return true;
}

bool backend_bench_create(struct nic *nic, struct options *o, char *error, size_t size)
{
	bool sink = options_flag(o, "sink");
	uint64_t rate = options_number(o, "source", UINT64_MAX, 0, 100000000);
	uint64_t bytes = options_number(o, "size", 60, 60, 65535);
	struct bench *b;

	if (!sink && rate == UINT64_MAX)
		return true;
	if (nic->backend || (sink && rate != UINT64_MAX)) {
		snprintf(error, size, "give one of pair=, tap=, sink, source=, none");
		return false;
	}
	b = calloc(1, sizeof(*b));
	if (!b) {
		snprintf(error, size, "out of memory");
		return false;
	}
	b->source = rate != UINT64_MAX;
	b->rate = b->source ? rate : 0;
	b->bytes = (uint32_t)bytes;
	nic->backend = b->source ? &source_backend : &sink_backend;
	nic->backend_priv = b;
	return true;
}
