// SPDX-License-Identifier: GPL-2.0-only
/* From the guest to the wire: gather, take apart, do the offloads, hand to the backend. */
#include <stdlib.h>
#include <string.h>
#include "nic.h"

/* An LSO packet with less than this a segment makes work, not traffic (RFC 9293: 536). */
#define MSS_MIN		64u

/* Is this checksum offload switched on? */
static bool csum_on(const struct offload_state *s, const struct headers *h)
{
	if (h->proto == PROTO_TCP)
		return h->version == 4 ? s->tx_tcp4 : s->tx_tcp6;
	return h->version == 4 ? s->tx_udp4 : s->tx_udp6;
}

static bool lso_on(const struct offload_state *s, uint32_t lso)
{
	if (!(lso & LSO_V2))
		return s->lso1;
	return lso & LSO_IPV6 ? s->lso6 : s->lso4;
}

static bool malformed(struct nic *nic)
{
	COUNT(nic, tx_malformed, 1);
	return false;
}

static bool refused(struct nic *nic)
{
	COUNT(nic, tx_refused, 1);
	return false;
}

/* The guest's checksum request, against what the frame really holds. */
static bool do_checksum(struct nic *nic, const struct rndis_data *d,
			const struct nic_policy *policy, const struct headers *h,
			struct frame *f)
{
	uint32_t l4 = TX_CSUM_L4_OFFSET(d->csum);
	bool tcp = d->csum & TX_CSUM_TCP, udp = d->csum & TX_CSUM_UDP;

	if (d->csum & TX_CSUM_IP_HEADER) {
		if (h->version != 4)
			return malformed(nic);
		if (!policy->offload.tx_ip4)
			return refused(nic);
		csum_fill_ip(h, f->data);
	}
	if (tcp || udp) {
		if ((tcp && udp) || h->proto != (tcp ? PROTO_TCP : PROTO_UDP) ||
		    h->version != (d->csum & TX_CSUM_IPV6 ? 6 : 4) ||
		    (d->csum & TX_CSUM_IPV4 && d->csum & TX_CSUM_IPV6))
			return malformed(nic);
		/* the guest counts from its frame, which has no tag that we added */
		if (l4 && l4 + (f->len - d->len) != h->l4)
			return malformed(nic);
		if (!csum_on(&policy->offload, h))
			return refused(nic);
		csum_fill_l4(h, f->data);
	}
	COUNT(nic, tx_csum_done, 1);
	return true;
}

static void count_frame(struct nic *nic, struct nic_queue *q, const struct rndis_data *d)
{
	COUNT(nic, tx_packets, 1);
	COUNT(nic, tx_bytes, d->len);
	__atomic_fetch_add(&q->tx_packets, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&q->tx_bytes, d->len, __ATOMIC_RELAXED);
	if (d->has_vlan)
		COUNT(nic, tx_vlan, 1);
	if (d->has_hash)
		COUNT(nic, tx_hash, 1);
}

/* A large packet: to the peer as it is, or cut. Consumes the frame if true. */
static bool do_lso(struct nic *nic, struct nic_queue *q, const struct rndis_data *d,
		   const struct nic_policy *policy, struct frame *f)
{
	uint32_t mss = LSO_MSS(d->lso), l4 = LSO_L4_OFFSET(d->lso);
	bool v6 = d->lso & LSO_V2 && d->lso & LSO_IPV6;
	struct frame_list out;
	struct headers h;
	struct frame *s;

	headers_parse(&h, f->data, f->len, false);
	if (h.proto != PROTO_TCP || h.version != (v6 ? 6 : 4) || mss < MSS_MIN ||
	    (l4 && l4 + (f->len - d->len) != h.l4))
		return malformed(nic);
	if (!lso_on(&policy->offload, d->lso))
		return refused(nic);
	if (h.l4 - h.l3 + mss > policy->frame_bytes)
		return malformed(nic);
	f->mss = mss;
	count_frame(nic, q, d);
	COUNT(nic, tx_lso_packets, 1);
	COUNT(nic, tx_lso_segments, frame_segments(f));
	if (nic->backend->large && nic->backend->large(nic, v6) && frame_finish_large(f)) {
		COUNT(nic, tx_lso_whole, 1);
		pcap_frame(nic, f, true);
		nic->backend->send(nic, f);
		return true;
	}
	frame_list_init(&out);
	if (!frame_segment(f, &out))
		COUNT(nic, tx_dropped, 1);
	while ((s = frame_list_take(&out))) {
		pcap_frame(nic, s, true);
		nic->backend->send(nic, s);
	}
	frame_free(f);
	return true;
}

/* A tag goes behind the two MAC addresses (802.1Q). */
static struct frame *make_frame(const struct rndis_data *d, bool tag, uint16_t tci)
{
	struct frame *f = frame_new(d->len + (tag ? VLAN_TAG : 0));
	uint32_t macs = 2 * ETH_MAC;

	if (!f)
		return NULL;
	if (!tag) {
		memcpy(f->data, d->data, d->len);
		return f;
	}
	memcpy(f->data, d->data, macs);
	put16(f->data + macs, 0x8100);
	put16(f->data + macs + 2, tci);
	memcpy(f->data + macs + VLAN_TAG, d->data + macs, d->len - macs);
	return f;
}

static void count_guest_checksums(struct nic *nic, const struct headers *h, const struct frame *f)
{
	unsigned int result = csum_check(h, f->data);

	if (result & (CSUM_IP_BAD | CSUM_L4_BAD))
		COUNT(nic, tx_csum_bad, 1);
	else if (result)
		COUNT(nic, tx_csum_good, 1);
}

/* Puts the access port's tag on; NULL: a tagged frame has no place there. Consumes the frame. */
static struct frame *access_tag(struct nic *nic, struct frame *f)
{
	struct rndis_data whole = { .data = f->data, .len = f->len };
	struct frame *tagged = NULL;
	struct headers h;

	headers_parse(&h, f->data, f->len, true);
	if (!h.tagged) {
		tagged = make_frame(&whole, true, nic->vlan);
		if (tagged)
			tagged->mss = f->mss;
	}
	frame_free(f);
	return tagged;
}

bool tx_data(struct nic *nic, struct nic_queue *q, const struct rndis_data *d,
	     const struct nic_policy *policy)
{
	uint32_t longest = policy->frame_bytes + VLAN_TAG;
	struct headers h;
	struct frame *f;

	if (d->len < ETH_HEADER || d->len > FRAME_MAX - VLAN_TAG)
		return malformed(nic);
	if (!d->has_lso && d->len > longest) {
		COUNT(nic, tx_too_long, 1);
		return false;
	}
	if (d->has_vlan && nic->adapter.hidden & FEATURE_VLAN)
		return refused(nic);
	f = make_frame(d, d->has_vlan, d->tci);
	if (!f) {
		COUNT(nic, tx_dropped, 1);
		return true;
	}
	headers_parse(&h, f->data, f->len, true);
	if (d->has_csum && !d->has_lso) {
		if (!do_checksum(nic, d, policy, &h, f)) {
			frame_free(f);
			return false;
		}
	} else if (!d->has_lso) {
		count_guest_checksums(nic, &h, f);
	}
	if (!d->has_lso)
		count_frame(nic, q, d);
	if (!policy->link) {
		COUNT(nic, tx_link_down, 1);
		frame_free(f);
		return true;
	}
	if (nic->vlan) {
		f = access_tag(nic, f);
		if (!f) {
			COUNT(nic, tx_dropped, 1);
			return true;
		}
	}
	if (d->has_lso) {
		if (do_lso(nic, q, d, policy, f))
			return true;
		frame_free(f);
		return false;
	}
	pcap_frame(nic, f, true);
	nic->backend->send(nic, f);
	return true;
}

/* Copies the transfer out of the guest: first its section of the send buffer, then its pages. */
static bool gather(struct hv_channel *ch, const struct packet *p, const struct nvsp_result *r,
		   uint32_t *len)
{
	struct nic_queue *q = ch->priv;
	struct nic *nic = q->nic;
	uint32_t section = 0;
	bool good = true;

	*len = 0;
	if (r->section != NVSP_NO_SECTION) {
		section = r->section_size;
		pthread_rwlock_rdlock(&nic->tx_lock);
		good = nic->tx_gpadl && r->section < nic->tx_sections;
		if (good && section <= SECTION_BYTES)
			good = gpadl_read(nic->tx_gpadl, (uint64_t)r->section * SECTION_BYTES,
					  q->copy, section);
		pthread_rwlock_unlock(&nic->tx_lock);
		if (!good) {
			channel_kill(ch, "send section outside of the send buffer");
			return false;
		}
		COUNT(nic, tx_sections, 1);
	}
	/* not fatal: the transfer is completed as bad, with nothing in it */
	if (section > SECTION_BYTES || p->sg.bytes > TX_BYTES - section)
		return true;
	if (p->sg.bytes && !sg_read(&p->sg, 0, q->copy + section, p->sg.bytes))
		return true;
	*len = section + p->sg.bytes;
	return true;
}

static bool data_transfer(struct hv_channel *ch, const struct packet *p,
			  const struct nvsp_result *r, uint32_t len)
{
	struct nic_queue *q = ch->priv;
	struct nic *nic = q->nic;
	struct nic_policy policy;
	uint32_t at = 0, used, type;
	bool good = true;

	nic_policy_get(nic, &policy);
	if (!policy.ready)
		return false;
	while (at < len) {
		struct rndis_data d;

		used = rndis_next(q->copy + at, len - at, &type, &d);
		if (!used || type != RNDIS_PACKET)
			return malformed(nic);
		/* headers have to be in one piece where the host maps pages (see ring.h) */
		if (!at && r->section == NVSP_NO_SECTION && d.header_bytes > p->first_bytes)
			return malformed(nic);
		if (!tx_data(nic, q, &d, &policy))
			good = false;
		at += used;
	}
	return good;
}

static bool control_transfer(struct hv_channel *ch, uint32_t len)
{
	struct nic_queue *q = ch->priv;
	struct nic *nic = q->nic;
	struct reply reply;
	const char *why;
	bool good, was_ready, starts;

	if (ch->sub) {
		channel_kill(ch, "RNDIS control message on a sub-channel");
		return false;
	}
	COUNT(nic, control_in, 1);
	pthread_mutex_lock(&nic->lock);
	was_ready = nic->adapter.initialized;
	nic->adapter.stat_tx = __atomic_load_n(&nic->count.tx_packets, __ATOMIC_RELAXED);
	nic->adapter.stat_rx = __atomic_load_n(&nic->count.rx_packets, __ATOMIC_RELAXED);
	nic->adapter.stat_no_buffer = __atomic_load_n(&nic->count.rx_dropped, __ATOMIC_RELAXED);
	good = rndis_control(&nic->adapter, q->copy, len, &reply, &why);
	__atomic_store_n(&nic->rsc4, nic->adapter.offload.rsc4, __ATOMIC_RELAXED);
	__atomic_store_n(&nic->rsc6, nic->adapter.offload.rsc6, __ATOMIC_RELAXED);
	starts = !was_ready && nic->adapter.initialized;
	pthread_mutex_unlock(&nic->lock);
	if (!good) {
		channel_kill(ch, why);
		return false;
	}
	if (reply.len && !nic_queue_message(nic, true, reply.data, reply.len)) {
		channel_kill(ch, "the guest doesn't take its RNDIS replies");
		return false;
	}
	if (starts)
		nic_vf_message(nic);
	return true;
}

void tx_transfer(struct hv_channel *ch, const struct packet *p, const struct nvsp_result *r)
{
	struct nic_queue *q = ch->priv;
	struct rndis_header h = { 0 };
	uint32_t len;
	bool good;

	if (!gather(ch, p, r, &len))
		return;
	COUNT(q->nic, tx_messages, 1);
	if (len >= sizeof(h))
		memcpy(&h, q->copy, sizeof(h));
	if (!len || !h.type || h.type == RNDIS_PACKET) {
		good = len && data_transfer(ch, p, r, len);
	} else {
		if (!control_transfer(ch, len))
			return;
		good = true;
	}
	nic_complete(ch, p->transaction, good ? NVSP_STATUS_SUCCESS : NVSP_STATUS_FAILURE);
	nic_flush_messages(ch);
}
