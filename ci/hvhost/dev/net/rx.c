// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the wire to the guest: filter, verify, choose a queue; then write RNDIS messages
 * into receive buffers and announce as many as there are in one transfer page packet.
 */
#include <string.h>
#include "nic.h"

#define NONE		UINT32_MAX
#define PPI_BYTES	(sizeof(struct rndis_ppi) + sizeof(uint32_t))
#define PPI_MAX		4
/* where the frame is in a buffer, and so how much of it fits */
#define DATA_AT		(sizeof(struct rndis_header) + RX_DATA_OFFSET)

static bool for_us(const struct nic *nic, const struct nic_policy *p, const uint8_t *to)
{
	static const uint8_t broadcast[ETH_MAC] = { 255, 255, 255, 255, 255, 255 };

	if (p->filter & FILTER_PROMISCUOUS)
		return true;
	if (!memcmp(to, broadcast, ETH_MAC))
		return p->filter & FILTER_BROADCAST;
	if (to[0] & 1)
		return p->filter & (FILTER_ALL_MULTICAST | FILTER_MULTICAST);
	if (!(p->filter & FILTER_DIRECTED))
		return false;
	return nic->spoof || !memcmp(to, p->current, ETH_MAC) ||
	       !memcmp(to, p->permanent, ETH_MAC);
}

/* Takes the first tag off by moving the addresses over it. */
static void strip_tag(struct frame *f, const struct headers *h)
{
	f->tci = h->tci;
	memmove(f->data + VLAN_TAG, f->data, 2 * ETH_MAC);
	f->skip = VLAN_TAG;
}

/* The VLAN side of the switch port. False: not for this port. */
static bool untag(struct nic *nic, const struct nic_policy *p, const struct headers *h,
		  struct frame *f)
{
	if (nic->vlan) {
		if (!h->tagged || (h->tci & 0xfff) != nic->vlan)
			return false;
		strip_tag(f, h);
		return true;
	}
	if (h->tagged && p->strip_vlan) {
		strip_tag(f, h);
		f->has_tci = true;
		COUNT(nic, rx_vlan, 1);
	}
	return true;
}

static bool wants_csum(const struct offload_state *s, const struct headers *h)
{
	if (h->proto == PROTO_TCP)
		return h->version == 4 ? s->rx_tcp4 : s->rx_tcp6;
	if (h->proto == PROTO_UDP)
		return h->version == 4 ? s->rx_udp4 : s->rx_udp6;
	return false;
}

static void verify(struct nic *nic, const struct nic_policy *p, const struct headers *h,
		   struct frame *f)
{
	unsigned int result = csum_check(h, f->data);
	bool tcp = h->proto == PROTO_TCP;

	if (result & (CSUM_IP_BAD | CSUM_L4_BAD))
		COUNT(nic, rx_csum_bad, 1);
	else if (result)
		COUNT(nic, rx_csum_good, 1);
	if (p->offload.rx_ip4) {
		if (result & CSUM_IP_GOOD)
			f->csum |= RX_CSUM_IP_GOOD;
		if (result & CSUM_IP_BAD)
			f->csum |= RX_CSUM_IP_FAILED;
	}
	if (wants_csum(&p->offload, h)) {
		if (result & CSUM_L4_GOOD)
			f->csum |= tcp ? RX_CSUM_TCP_GOOD : RX_CSUM_UDP_GOOD;
		if (result & CSUM_L4_BAD)
			f->csum |= tcp ? RX_CSUM_TCP_FAILED : RX_CSUM_UDP_FAILED;
	}
	/* a coalesced packet: its checksum fields were never computed on a wire */
	if (f->mss) {
		f->csum |= RX_CSUM_TCP_GOOD | RX_CSUM_TCP_UNSET;
		if (h->version == 4)
			f->csum |= RX_CSUM_IP_GOOD | RX_CSUM_IP_UNSET;
	}
	f->has_csum = f->csum;
}

static unsigned int choose_queue(struct nic *nic, const struct nic_policy *p,
				 const struct headers *h, struct frame *f)
{
	unsigned int queue;

	if (!p->rss.enabled || !rss_hash(h, f->data, p->rss.key, p->rss.types, &f->hash))
		return 0;
	f->has_hash = true;
	COUNT(nic, rx_hash, 1);
	queue = p->rss.table[f->hash & (p->rss.entries - 1)];
	if (queue > p->subchannels || !__atomic_load_n(&nic->queue[queue].open, __ATOMIC_ACQUIRE))
		return 0;
	return queue;
}

static bool takes_large(const struct nic_policy *p, const struct frame *f)
{
	struct headers h;

	headers_parse(&h, f->data, f->len, true);
	return p->rsc && (h.version == 4 ? p->offload.rsc4 : p->offload.rsc6);
}

static void receive_one(struct nic *nic, struct frame *f)
{
	const struct nic_policy *p = &nic->policy;
	struct nic_queue *q;
	struct headers h;

	headers_parse(&h, f->data, f->len, true);
	if (f->len < ETH_HEADER || !for_us(nic, p, f->data)) {
		COUNT(nic, rx_filtered, 1);
		frame_free(f);
		return;
	}
	pcap_frame(nic, f, false);
	verify(nic, p, &h, f);
	q = &nic->queue[choose_queue(nic, p, &h, f)];
	/* last, as it moves the header */
	if (!untag(nic, p, &h, f)) {
		COUNT(nic, rx_filtered, 1);
		frame_free(f);
		return;
	}
	if (!f->mss && f->len - f->skip > p->frame_bytes + (h.tagged ? VLAN_TAG : 0)) {
		COUNT(nic, rx_too_long, 1);
		frame_free(f);
		return;
	}
	if (q->rx.count >= IN_FRAMES || q->rx.bytes >= IN_BYTES) {
		COUNT(nic, rx_dropped, 1);
		frame_free(f);
		return;
	}
	frame_list_add(&q->rx, f);
}

static void receive_all(struct nic *nic, struct frame_list *list)
{
	struct frame *f;

	while ((f = frame_list_take(list))) {
		if (f->parts)
			COUNT(nic, rx_coalesced, f->parts);
		receive_one(nic, f);
	}
}

void nic_receive_end(struct nic *nic)
{
	struct frame_list list;

	if (!nic->coalesce)
		return;
	frame_list_init(&list);
	coalesce_flush(&nic->coalescer, &list);
	receive_all(nic, &list);
}

void nic_receive(struct nic *nic, struct frame *f)
{
	const struct nic_policy *p = &nic->policy;
	struct frame_list list;
	bool large;

	if (!p->ready || !p->filter || !p->link) {
		if (p->link)
			COUNT(nic, rx_filtered, 1);
		else
			COUNT(nic, rx_link_down, 1);
		frame_free(f);
		return;
	}
	large = takes_large(p, f);
	frame_list_init(&list);
	if (f->mss && !large) {
		/* the guest has changed its mind about large frames while this one came */
		frame_segment(f, &list);
		frame_free(f);
	} else if (nic->coalesce && large) {
		coalesce_add(&nic->coalescer, f, &list);
	} else {
		frame_list_add(&list, f);
	}
	receive_all(nic, &list);
}

static uint32_t add_ppi(uint8_t *at, uint32_t type, uint32_t value)
{
	struct rndis_ppi ppi = { PPI_BYTES, type, sizeof(ppi) };

	memcpy(at, &ppi, sizeof(ppi));
	memcpy(at + sizeof(ppi), &value, sizeof(value));
	return PPI_BYTES;
}

/* All headers of a data message; rsc: the fragment's flags, 0: a whole packet. Returns bytes. */
static uint32_t make_header(uint8_t *at, const struct rx_buffers *b, const struct frame *f,
			    uint32_t bytes, uint32_t rsc)
{
	struct rndis_header h = { RNDIS_PACKET, b->size };
	struct rndis_packet p = {
		.data_offset = RX_DATA_OFFSET,
		.data_length = bytes,
		.ppi_offset = sizeof(p),
	};
	uint8_t *ppis = at + sizeof(h) + sizeof(p);
	bool first = !rsc || rsc & RSC_FIRST;

	if (f->has_tci && first)
		p.ppi_length += add_ppi(ppis, PPI_VLAN, VLAN_TCI_TO_PPI(f->tci));
	if (f->has_csum && first)
		p.ppi_length += add_ppi(ppis + p.ppi_length, PPI_CHECKSUM, f->csum);
	if (f->has_hash && first)
		p.ppi_length += add_ppi(ppis + p.ppi_length, PPI_HASH, f->hash);
	if (rsc)	/* version 1, flags */
		p.ppi_length += add_ppi(ppis + p.ppi_length, PPI_RSC_ID, 1 | rsc << 8);
	if (!p.ppi_length)
		p.ppi_offset = 0;
	memcpy(at, &h, sizeof(h));
	memcpy(at + sizeof(h), &p, sizeof(p));
	return (uint32_t)(sizeof(h) + sizeof(p)) + p.ppi_length;
}

struct batch {
	struct xfer_range range[RANGES_MAX];
	uint32_t count, head, tail;
	struct frame_list frames;
};

/* One frame into as many buffers as it takes. False: not enough of them, nothing was used. */
static bool write_frame(struct rx_buffers *b, struct batch *t, struct frame *f)
{
	uint8_t head[sizeof(struct rndis_header) + sizeof(struct rndis_packet) +
		     PPI_MAX * PPI_BYTES];
	uint32_t room = b->size - (uint32_t)DATA_AT, left = f->len - f->skip;
	uint32_t pieces = (left + room - 1) / room, at = f->skip;

	if (t->count + pieces > RANGES_MAX || b->stopped || !b->gpadl ||
	    b->free < pieces + CONTROL_BUFFERS)
		return false;
	for (uint32_t i = 0; i < pieces; i++) {
		uint32_t bytes = left < room ? left : room, rsc = 0;
		uint32_t buffer = rx_buffers_take(b, &t->head, &t->tail, false);
		uint64_t offset = (uint64_t)buffer * b->size;
		uint32_t head_bytes;

		if (pieces > 1)
			rsc = RSC_SUBALLOC | (i ? 0 : RSC_FIRST) |
			      (i + 1 < pieces ? 0 : RSC_LAST);
		head_bytes = make_header(head, b, f, bytes, rsc);
		gpadl_write(b->gpadl, offset, head, head_bytes);
		gpadl_write(b->gpadl, offset + DATA_AT, f->data + at, bytes);
		t->range[t->count++] = (struct xfer_range){ b->size, (uint32_t)offset };
		at += bytes;
		left -= bytes;
	}
	return true;
}

static bool announce(struct hv_channel *ch, struct nic_queue *q, const struct xfer_range *range,
		     uint32_t count, uint32_t channel_type, uint32_t id)
{
	struct nvsp_message m = { .type = NVSP_RNDIS };
	bool sent;

	m.u.rndis.channel = channel_type;
	m.u.rndis.section = NVSP_NO_SECTION;
	q->sending_count = count;
	sent = channel_send_pages(ch, NVSP_RECV_SET, range, count, &m,
				  nvsp_bytes(&q->nic->adapter), id);
	q->sending_count = 0;
	return sent;
}

static void count_batch(struct nic *nic, struct nic_queue *q, struct batch *t)
{
	const struct rx_buffers *b = &nic->rx;

	COUNT(nic, rx_messages, 1);
	for (struct frame *f = t->frames.first; f; f = f->next) {
		uint32_t bytes = f->len - f->skip;

		COUNT(nic, rx_packets, 1);
		COUNT(nic, rx_bytes, bytes);
		__atomic_fetch_add(&q->rx_packets, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&q->rx_bytes, bytes, __ATOMIC_RELAXED);
		if (f->mss) {
			COUNT(nic, rx_rsc_packets, 1);
			COUNT(nic, rx_rsc_fragments, (bytes + b->size - DATA_AT - 1) /
						     (b->size - DATA_AT));
		}
	}
}

/* Could the guest's buffer take this frame if all of it were free? */
static bool fits_at_all(const struct rx_buffers *b, const struct frame *f)
{
	uint64_t pieces = b->count > CONTROL_BUFFERS ? b->count - CONTROL_BUFFERS : 0;

	return b->gpadl && pieces * (b->size - DATA_AT) >= f->len - f->skip;
}

/* One transfer page packet with what fits. False: no buffers or no ring for anything now. */
static bool send_batch(struct hv_channel *ch, struct nic_queue *q)
{
	struct nic *nic = q->nic;
	struct rx_buffers *b = &nic->rx;
	struct batch t = { .head = NONE, .tail = NONE };
	struct frame *f;
	bool sent = false;

	frame_list_init(&t.frames);
	pthread_mutex_lock(&b->lock);
	while (t.frames.count < nic->batch && q->rx.first && write_frame(b, &t, q->rx.first))
		frame_list_add(&t.frames, frame_list_take(&q->rx));
	if (!t.count) {
		bool never = !fits_at_all(b, q->rx.first);

		pthread_mutex_unlock(&b->lock);
		if (!never) {
			COUNT(nic, rx_no_buffer, 1);
			return false;
		}
		COUNT(nic, rx_dropped, 1);
		frame_free(frame_list_take(&q->rx));
		return true;
	}
	/* marked first: the guest may complete it before the call is back */
	rx_buffers_sent(b, t.head, q->index);
	pthread_mutex_unlock(&b->lock);
	sent = announce(ch, q, t.range, t.count, 0, t.head);
	if (sent) {
		count_batch(nic, q, &t);
	} else {
		COUNT(nic, rx_ring_full, 1);
		rx_buffers_complete(b, t.head, q->index);
		/* back to the front, in order */
		frame_list_join(&t.frames, &q->rx);
		frame_list_join(&q->rx, &t.frames);
		return false;
	}
	while ((f = frame_list_take(&t.frames)))
		frame_free(f);
	return true;
}

void rx_purge(struct nic_queue *q)
{
	if (__atomic_exchange_n(&q->purge, false, __ATOMIC_ACQUIRE))
		frame_list_free(&q->rx);
}

void rx_flush(struct nic *nic, struct nic_queue *q)
{
	struct hv_channel *ch;

	if (!q->rx.first)
		return;
	ch = device_channel(nic->dev, q->index);
	if (!ch || !channel_lock(ch)) {
		frame_list_free(&q->rx);
		return;
	}
	if (ch->priv == q) {
		channel_hold(ch);
		while (q->rx.first && send_batch(ch, q))
			;
		channel_release(ch);
	} else {
		frame_list_free(&q->rx);
	}
	channel_unlock(ch);
}

bool rx_control(struct hv_channel *ch, const uint8_t *data, uint32_t len)
{
	struct nic_queue *q = ch->priv;
	struct rx_buffers *b = &q->nic->rx;
	uint32_t head = NONE, tail = NONE;
	struct xfer_range range;
	bool sent;

	pthread_mutex_lock(&b->lock);
	if (!b->gpadl || b->size < len || rx_buffers_take(b, &head, &tail, true) == NONE) {
		pthread_mutex_unlock(&b->lock);
		return false;
	}
	range = (struct xfer_range){ len, head * b->size };
	gpadl_write(b->gpadl, range.offset, data, len);
	rx_buffers_sent(b, head, q->index);
	pthread_mutex_unlock(&b->lock);
	q->sending = data;
	q->sending_len = len;
	sent = announce(ch, q, &range, 1, NVSP_CHANNEL_CONTROL, head);
	q->sending = NULL;
	if (!sent)
		rx_buffers_complete(b, head, q->index);
	return sent;
}
