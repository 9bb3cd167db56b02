// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both rings of a channel: a list of what a host does to the memory it shares
 * and of what the guest does meanwhile.  The data areas are not mapped twice;
 * what wraps lies behind, for both.
 */
#include "drivers/hv/vmbus/logic/ring_rx.h"
#include "drivers/hv/vmbus/logic/ring_tx.h"
#include "drivers/hv/vmbus/logic/txid.h"
#include "fuzz.h"

#define SIZE		4096U
#define BUF_SIZE	512U
#define SLOTS		8U

struct side {
	struct hvb_ring_hdr *hdr;
	u8 *data;
};

struct channel {
	struct side in, out;
	u32 host_write;
	struct hvb_ring_rx rx;
	struct hvb_ring_tx tx;
	u8 *buf;
	struct hvb_txid_table ids;
	struct hvb_txid_slot slots[SLOTS];
	u64 issued;
	u64 usual;	/* the first good head that the host wrote */
};

static void side_new(struct side *side)
{
	side->hdr = malloc(sizeof(*side->hdr));
	side->data = malloc(2 * SIZE);
	MUST(side->hdr && side->data);
	memset(side->hdr, 0xa5, sizeof(*side->hdr));
	memset(side->data, 0, 2 * SIZE);
	hvb_ring_hdr_init(side->hdr);
}

static void side_free(struct side *side)
{
	free(side->hdr);
	free(side->data);
}

static void channel_new(struct channel *c)
{
	memset(c, 0, sizeof(*c));
	side_new(&c->in);
	side_new(&c->out);
	c->buf = malloc(BUF_SIZE);
	MUST(c->buf);
	MUST(!hvb_rx_init(&c->rx, c->in.hdr, c->in.data, SIZE, c->buf,
			  BUF_SIZE));
	MUST(!hvb_tx_init(&c->tx, c->out.hdr, c->out.data, SIZE));
	MUST(!hvb_txid_init(&c->ids, c->slots, SLOTS));
}

static void channel_free(struct channel *c)
{
	side_free(&c->in);
	side_free(&c->out);
	free(c->buf);
}

/* The host writes a packet that has the input's descriptor. */
static void host_packet(struct channel *c, struct input *in)
{
	u8 *p = c->in.data + c->host_write;
	u16 type = take8(in) % 16, offset8 = take8(in) % 40;
	u16 len8 = take16(in) % (SIZE / 4);

	put_unaligned_le16(type, p);
	put_unaligned_le16(offset8, p + 2);
	put_unaligned_le16(len8, p + 4);
	put_unaligned_le16(take8(in), p + 6);
	if (!c->usual && !hvb_frame_check(get_unaligned_le64(p), BUF_SIZE + 8))
		c->usual = get_unaligned_le64(p);
	put_unaligned_le64(take8(in) & 1 ? c->issued : take64(in), p + 8);
	if (take8(in) & 1)
		take(in, p + 16, take8(in));
	c->host_write = (c->host_write + 8 * len8 + 8) % SIZE;
}

/* The current packet, as the iterator's users find it. */
static void check_packet(struct channel *c)
{
	u64 head = get_unaligned_le64(c->buf);
	u64 id = get_unaligned_le64(c->buf + 8);
	u64 addr;

	MUST(hv_head_type(head) >= HVB_PKT_FIRST &&
	     hv_head_type(head) <= HVB_PKT_LAST);
	MUST(hv_head_offset(head) >= HVB_PKT_MIN);
	MUST(hv_head_offset(head) <= hv_head_end(head));
	MUST(hv_head_end(head) <= BUF_SIZE);
	MUST(hv_head_end(head) + HVB_RING_TRAILER == c->rx.cur);
	/* A completion is for a packet that was sent, and comes once. */
	addr = hvb_rqst_addr_match(&c->ids, id, HVB_RQST_ADDR_ANY);
	MUST(addr == 77 || addr == HVB_RQST_ERROR);
	MUST(hvb_rqst_addr_match(&c->ids, id, 77) == HVB_RQST_ERROR);
}

static void guest_reads(struct channel *c, u32 budget)
{
	u32 packets = 0;
	int ret = 0;

	/* One that was left at the end of the last budget is done with. */
	while (budget--) {
		hvb_rx_consume(&c->rx);
		ret = hvb_rx_current(&c->rx);
		if (ret <= 0)
			break;
		check_packet(c);
		/* Nothing is released meanwhile, so a ring is all there is. */
		MUST(++packets <= SIZE / 24);
	}
	MUST(ret >= 0 || c->rx.poison);
	hvb_rx_release(&c->rx);
}

/* The packets of a batch lie in the ring, one after the other. */
static void guest_reads_batch(struct channel *c, u64 usual, u32 budget)
{
	struct hv_batch *b = &c->rx.b;
	struct hv_pkt pkt;
	u32 at, left, old;
	bool signal;
	int ret;

	if (!hvb_rx_ready(&c->rx) && hvb_rx_sync(&c->rx)) {
		MUST(c->rx.poison);
		return;
	}
	at = b->read;
	left = b->avail;
	while (budget-- && hv_batch_next(b, usual, &pkt)) {
		u32 end = hv_head_end(pkt.head);

		MUST(hv_head_type(pkt.head) >= HVB_PKT_FIRST &&
		     hv_head_type(pkt.head) <= HVB_PKT_LAST);
		MUST(end <= BUF_SIZE && end + HVB_RING_TRAILER <= left);
		MUST(pkt.len <= end - HVB_PKT_MIN);
		MUST((const u8 *)pkt.payload + pkt.len == c->in.data + at + end);
		at = (at + end + HVB_RING_TRAILER) % SIZE;
		left -= end + HVB_RING_TRAILER;
		MUST(b->read == at && b->avail == left);
	}
	ret = hvb_rx_done(&c->rx, &old);
	if (ret < 0)
		ret = hvb_rx_end_odd(&c->rx, old, &signal);
	MUST(ret < 0 ? c->rx.poison : (u32)ret == c->rx.b.avail);
}

static void guest_receives(struct channel *c, struct input *in)
{
	u32 room = take16(in) % (2 * SIZE), len = 1;
	u8 *buf = malloc(room ? room : 1);
	u64 id;
	int ret;

	MUST(buf);
	/* The iterator's packet has to be consumed first. */
	hvb_rx_consume(&c->rx);
	ret = hvb_rx_recv_into(&c->rx, buf, room, take8(in) & 1, &len, &id);
	if (!ret)
		MUST(len <= room);
	else if (ret == -ENOBUFS)
		MUST(len > room);
	else
		MUST(ret == -EINVAL || c->rx.poison);
	free(buf);
	hvb_rx_release(&c->rx);
}

static void guest_sends(struct channel *c, struct input *in)
{
	static const u8 bytes[SIZE];
	struct hvb_desc desc = { .type = HVB_PKT_INBAND };
	u32 len = take16(in) % SIZE, ext_len = len % 5 * 8;
	u32 free_before;
	u8 *p;
	int ret;

	ret = hvb_tx_fill(&c->tx, bytes, ext_len, bytes, len, &p);
	MUST(!ret || ret == -EAGAIN || (ret == -EIO && c->tx.poison));
	MUST(c->tx.write < SIZE && c->tx.free <= SIZE);
	if (ret)
		return;
	free_before = c->tx.free;
	if (len % 2) {
		desc.trans_id = hvb_rqst_next_id(&c->ids, 77);
		/* All ids are in flight: the packet is dropped. */
		if (desc.trans_id == HVB_RQST_ERROR)
			return;
		c->issued = desc.trans_id;
	}
	hvb_tx_finish(&c->tx, p, &desc, ext_len, len);
	hvb_tx_show(&c->tx);
	MUST(c->tx.write < SIZE && c->tx.free > 0);
	MUST(c->tx.free <= free_before - HVB_PKT_MIN - HVB_RING_TRAILER -
			   ext_len - len);
}

static void guest_reserves(struct channel *c, struct input *in)
{
	u32 len = take16(in) % SIZE, how = take16(in);
	u64 head = hv_head(HVB_PKT_GPA_DIRECT, 0, len);
	void *p;

	if (hvb_tx_reserve_head(&c->tx, head, &p))
		return;
	memset(p + 8, 0x5a, hv_head_end(head) - 8);
	/* Else it is dropped, or held back. */
	if (how % 4)
		hvb_tx_commit_head(&c->tx);
	if (how % 2)
		hvb_tx_publish(&c->tx);
}

static void host_lies(struct channel *c, struct input *in)
{
	static const u8 field[] = { 0, 4, 8, 12, 64 };
	struct side *side = take8(in) & 1 ? &c->in : &c->out;
	u8 which = take8(in);

	put_unaligned_le32(take32(in), (u8 *)side->hdr + field[which % 5]);
}

static void one(struct channel *c, struct input *in)
{
	u32 space;
	u8 how;

	switch (take8(in) % 12) {
	case 0:
		host_packet(c, in);
		break;
	case 1:
		host_packet(c, in);
		fallthrough;
	case 2:
		c->in.hdr->write_index = cpu_to_le32(c->host_write);
		break;
	case 3:
		host_lies(c, in);
		break;
	case 4:
		how = take8(in);
		if (how & 0x80)
			guest_reads_batch(c, how & 0x40 ? c->usual : 0,
					  how & 0x3f);
		else
			guest_reads(c, how);
		break;
	case 5:
		guest_receives(c, in);
		break;
	case 6:
		hvb_rx_mask(&c->rx);
		MUST(hvb_rx_unmask(&c->rx) < SIZE);
		break;
	case 7:
		guest_sends(c, in);
		break;
	case 8:
		guest_reserves(c, in);
		break;
	case 9:
		space = take16(in);
		if (!hvb_tx_refresh(&c->tx, space))
			MUST(space < c->tx.free && c->tx.free <= SIZE);
		break;
	case 10:	/* the host has read it all */
		c->out.hdr->read_index = c->out.hdr->write_index;
		break;
	case 11:
		hvb_rx_opened(&c->rx);
		hvb_rqst_addr_match(&c->ids, take64(in), take64(in));
		break;
	}
	MUST(c->rx.b.read < SIZE && c->rx.published < SIZE);
	MUST(c->rx.b.avail < SIZE && c->rx.cur <= c->rx.b.avail);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	struct channel c;

	channel_new(&c);
	while (in.len)
		one(&c, &in);
	MUST(hvb_ring_reject_name(c.rx.poison));
	channel_free(&c);
	return 0;
}
