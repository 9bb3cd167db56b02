// SPDX-License-Identifier: GPL-2.0-only
/* The legacy ring as a contestant: functions compiled from the base tree. */
#include "kernel.h"
#include <linux/hyperv.h>

static struct vmbus_channel channel;
static struct vmbus_channel *const chan = &channel;

/* A batch is one packet after the other: there is nothing else. */
static void batch_send(void);
static void batch_receive(void);

#include "loops.h"

/* The drivers' way to get more than one packet. */
static void batch_receive(void)
{
	struct vmpacket_descriptor *d;
	int n = 0;

	foreach_vmbus_pkt(d, chan)
		n += hv_pkt_datalen(d) == PAYLOAD;
	if (n != BATCH)
		wrong_count++;
}

static void batch_send(void)
{
	int i;

	for (i = 0; i < BATCH; i++)
		one_send();
}

void vmbus_setevent(struct vmbus_channel *c)
{
	c->sig_events++;
}

static void ring_setup(struct hv_ring_buffer_info *info, void *hdr)
{
	memset(info, 0, sizeof(*info));
	info->ring_buffer = hdr;
	info->ring_size = DATA_SIZE + PAGE_SIZE;
	info->ring_datasize = DATA_SIZE;
	info->pkt_buffer = kzalloc(PAGE_SIZE, GFP_KERNEL);
	info->pkt_buffer_size = PAGE_SIZE;
}

static void init(const struct memory *mem)
{
	host_setup(mem);
	memset(&channel, 0, sizeof(channel));
	ring_setup(&channel.outbound, mem->tx_hdr);
	ring_setup(&channel.inbound, mem->rx_hdr);
	one_send();
	wrong_count = 0;
}

const struct side legacy_side = SIDE("legacy", init);
