// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive segment coalescing (NDIS RSC): packets of one TCP connection that come one behind
 * the other are made one large packet, for a guest that takes such. What NDIS says of which
 * packets may be joined is kept on the safe side: only the sequence number, the PSH flag, the
 * IP identification and the checksums may differ.
 */
#include <string.h>
#include "frame.h"

#define TCP_PSH		0x08
#define TCP_ACK		0x10
#define IP_BYTES_MAX	65535u

void coalescer_init(struct coalescer *c)
{
	memset(c, 0, sizeof(*c));
	for (unsigned int i = 0; i < COALESCE_FLOWS; i++)
		frame_list_init(&c->flow[i].parts);
}

/* Could it be a part of a larger packet at all? */
static bool joinable(const struct headers *h, const struct frame *f)
{
	const uint8_t *tcp = f->data + h->l4;

	return h->proto == PROTO_TCP && !f->mss && h->end == f->len && h->payload < h->end &&
	       h->l4 - h->l3 == (h->version == 4 ? 20u : 40u) &&
	       (tcp[13] & ~TCP_PSH) == TCP_ACK &&
	       csum_check(h, f->data) == (h->version == 4 ? CSUM_IP_GOOD | CSUM_L4_GOOD :
							    CSUM_L4_GOOD);
}

/* Both TCP over the same version of IP, behind headers of the same lengths. */
static bool same_connection(const struct headers *h, const uint8_t *a, const uint8_t *b)
{
	uint32_t addresses = h->l3 + (h->version == 4 ? 12 : 8);

	/* MAC addresses, tags and type; IP addresses; ports */
	return !memcmp(a, b, h->l3) &&
	       !memcmp(a + addresses, b + addresses, h->version == 4 ? 8 : 32) &&
	       !memcmp(a + h->l4, b + h->l4, 4);
}

static bool same_headers(const struct headers *h, const uint8_t *a, const uint8_t *b)
{
	const uint8_t *ip_a = a + h->l3, *ip_b = b + h->l3, *tcp_a = a + h->l4, *tcp_b = b + h->l4;

	if (h->version == 4) {
		/* version, length, service; then fragment, TTL, protocol */
		if (memcmp(ip_a, ip_b, 2) || memcmp(ip_a + 6, ip_b + 6, 4))
			return false;
	} else if (memcmp(ip_a, ip_b, 4) || memcmp(ip_a + 6, ip_b + 6, 2)) {
		return false;	/* version, class, flow; then next header, hop limit */
	}
	/* acknowledgement and offset; window; urgent pointer and options */
	return !memcmp(tcp_a + 8, tcp_b + 8, 5) && !memcmp(tcp_a + 14, tcp_b + 14, 2) &&
	       !memcmp(tcp_a + 18, tcp_b + 18, h->payload - h->l4 - 18);
}

static struct coalesce_flow *flow_of(struct coalescer *c, const struct headers *h,
				     const struct frame *f)
{
	for (unsigned int i = 0; i < COALESCE_FLOWS; i++) {
		struct coalesce_flow *flow = &c->flow[i];

		if (flow->parts.first && flow->h.version == h->version && flow->h.l3 == h->l3 &&
		    flow->h.l4 == h->l4 &&
		    same_connection(h, flow->parts.first->data, f->data))
			return flow;
	}
	return NULL;
}

static struct frame *join(const struct coalesce_flow *flow)
{
	const struct frame *first = flow->parts.first;
	uint32_t headers = flow->h.payload, at = headers;
	struct frame *large = frame_new(headers + flow->bytes);

	if (!large)
		return NULL;
	memcpy(large->data, first->data, headers);
	for (const struct frame *f = first; f; f = f->next) {
		memcpy(large->data + at, f->data + headers, f->len - headers);
		at += f->len - headers;
		large->data[flow->h.l4 + 13] |= f->data[flow->h.l4 + 13];
	}
	large->mss = flow->mss;
	large->parts = flow->parts.count;
	frame_finish_large(large);
	return large;
}

static void finish(struct coalesce_flow *flow, struct frame_list *out)
{
	struct frame *large = flow->parts.count > 1 ? join(flow) : NULL;

	if (large) {
		frame_list_add(out, large);
		frame_list_free(&flow->parts);
		frame_list_init(&flow->parts);
	} else {
		frame_list_join(out, &flow->parts);
	}
}

static void begin(struct coalescer *c, const struct headers *h, struct frame *f,
		  struct frame_list *out)
{
	struct coalesce_flow *flow = &c->flow[c->next++ % COALESCE_FLOWS];

	finish(flow, out);
	flow->h = *h;
	flow->bytes = h->end - h->payload;
	flow->mss = flow->bytes;
	flow->next = get32(f->data + h->l4 + 4) + flow->bytes;
	frame_list_add(&flow->parts, f);
}

static bool fits(const struct coalesce_flow *flow, const struct headers *h, const struct frame *f)
{
	uint32_t bytes = h->end - h->payload;

	return h->payload == flow->h.payload && bytes <= flow->mss &&
	       get32(f->data + h->l4 + 4) == flow->next &&
	       h->payload - h->l3 + flow->bytes + bytes <= IP_BYTES_MAX &&
	       same_headers(h, flow->parts.first->data, f->data);
}

void coalesce_add(struct coalescer *c, struct frame *f, struct frame_list *out)
{
	struct coalesce_flow *flow;
	struct headers h;
	uint32_t bytes;
	bool join_it;

	headers_parse(&h, f->data, f->len, true);
	flow = h.proto == PROTO_TCP ? flow_of(c, &h, f) : NULL;
	join_it = joinable(&h, f);
	if (flow && !(join_it && fits(flow, &h, f))) {
		finish(flow, out);		/* the connection's order stays */
		flow = NULL;
	}
	if (!join_it) {
		frame_list_add(out, f);
		return;
	}
	if (!flow) {
		begin(c, &h, f, out);
		flow = &c->flow[(c->next - 1) % COALESCE_FLOWS];
	} else {
		bytes = h.end - h.payload;
		flow->bytes += bytes;
		flow->next += bytes;
		frame_list_add(&flow->parts, f);
	}
	/* the sender's last one for now, or one that the next can't stand behind */
	if (f->data[h.l4 + 13] & TCP_PSH || h.end - h.payload < flow->mss)
		finish(flow, out);
}

void coalesce_flush(struct coalescer *c, struct frame_list *out)
{
	for (unsigned int i = 0; i < COALESCE_FLOWS; i++)
		finish(&c->flow[i], out);
}
