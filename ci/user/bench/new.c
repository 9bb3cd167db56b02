// SPDX-License-Identifier: GPL-2.0-only
/* Our ring as a contestant: packet.c and the ring engines as they are. */
#include "chan_ops.h"

static struct vmbus_chan vchan;
static struct vmbus_channel *const chan = &vchan.ch;

static void batch_send(void);
static void batch_receive(void);

#include "loops.h"

/* What a driver that uses the engine itself does for a burst. */
static void batch_send(void)
{
	const struct hvb_desc d = { .type = HVB_PKT_INBAND, .trans_id = 0x1234 };
	struct hvb_ring_tx *tx = &vchan.tx;
	unsigned long flags;
	bool signal;
	void *p;
	int i;

	spin_lock_irqsave(&vchan.ch.outbound.ring_lock, flags);
	for (i = 0; i < BATCH; i++) {
		p = hvb_tx_reserve(tx, HVB_PKT_MIN + PAYLOAD);
		if (IS_ERR_OR_NULL(p)) {
			wrong_count++;
			break;
		}
		hvb_tx_put_desc(p, &d, HVB_PKT_MIN, HVB_PKT_MIN + PAYLOAD);
		memcpy(p + HVB_PKT_MIN, payload, PAYLOAD);
		hvb_tx_commit(tx, HVB_PKT_MIN + PAYLOAD);
	}
	signal = hvb_tx_publish(tx);
	spin_unlock_irqrestore(&vchan.ch.outbound.ring_lock, flags);
	if (signal)
		vchan.ch.sig_events++;
}

static void batch_receive(void)
{
	struct hvb_pkt pkt;
	int n = 0;

	while (hvb_rx_next(&vchan.rx, &pkt) > 0)
		n += pkt.payload.len == PAYLOAD;
	if (hvb_rx_release(&vchan.rx))
		vchan.ch.sig_events++;
	if (n != BATCH)
		wrong_count++;
}

void vmbus_ring_poisoned(struct vmbus_chan *c, unsigned int which)
{
	wrong_count++;
}

static void init(const struct memory *mem)
{
	host_setup(mem);
	memset(&vchan, 0, sizeof(vchan));
	vchan.ch.outbound.ring_buffer = mem->tx_hdr;
	vchan.ch.inbound.ring_buffer = mem->rx_hdr;
	vchan.rx_buf = kzalloc(PAGE_SIZE, GFP_KERNEL);
	if (hvb_tx_init(&vchan.tx, mem->tx_hdr, mem->tx_hdr + PAGE_SIZE,
			DATA_SIZE) ||
	    hvb_rx_init(&vchan.rx, mem->rx_hdr, mem->rx_hdr + PAGE_SIZE,
			DATA_SIZE, vchan.rx_buf, PAGE_SIZE))
		abort();
	one_send();
	wrong_count = 0;
}

const struct side new_side = SIDE("new", init);
