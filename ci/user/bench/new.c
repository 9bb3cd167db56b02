// SPDX-License-Identifier: GPL-2.0-only
/* Our ring as a contestant: packet.c and the ring engines as they are. */
#include <linux/hyperv/recv.h>
#include <linux/hyperv/send.h>

#include "chan_ops.h"

static struct vmbus_chan vchan;
static struct vmbus_channel *const chan = &vchan.ch;

static void batch_send(void);
static void batch_receive(void);

#include "loops.h"

/* What a driver does for a burst: the last packet publishes them all. */
static void batch_send(void)
{
	const u64 head = hv_head(HVB_PKT_INBAND, 0, PAYLOAD);
	void *p;
	int i;

	for (i = 0; i < BATCH; i++) {
		p = vmbus_send_begin(chan, head);
		if (IS_ERR(p)) {
			wrong_count++;
			break;
		}
		memcpy(p, payload, PAYLOAD);
		vmbus_send_set_id(p, 0x1234);
		vmbus_send_end(chan, i == BATCH - 1);
	}
}

static void batch_receive(void)
{
	struct hv_batch *b = vmbus_recv_begin(chan);
	struct hv_pkt pkt;
	int n = 0;

	while (hv_batch_next(b, hv_head(HVB_PKT_INBAND, 0, PAYLOAD), &pkt)) {
		hvs_copyin(inbox, pkt.payload, PAYLOAD);
		n += pkt.len == PAYLOAD;
	}
	if (vmbus_recv_end(chan) || n != BATCH)
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
