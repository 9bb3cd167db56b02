/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The work, written once and compiled against either side.  The host is played
 * by stores to the shared headers: it reads what was sent but for the last
 * packet, so the ring is never empty and the decision not to signal is taken
 * for a reason; and it has written all packets of the inbound ring beforehand,
 * so that sending one is moving its index.
 */
#include "side.h"

static struct hv_ring_buffer *tx_hdr, *rx_hdr;
static u8 payload[PAYLOAD];
static unsigned long wrong_count;

static __always_inline u32 bump(u32 idx, u32 by)
{
	idx += by;
	return idx >= DATA_SIZE ? idx - DATA_SIZE : idx;
}

/* Reads all but the last packet; by is what will be sent next. */
static __always_inline void host_reads(u32 *lag, u32 by)
{
	WRITE_ONCE(tx_hdr->read_index, *lag);
	*lag = bump(*lag, by);
}

static __always_inline void host_writes(u32 *idx, u32 by)
{
	*idx = bump(*idx, by);
	WRITE_ONCE(rx_hdr->write_index, *idx);
}

static u32 tx_lag, rx_idx;

static void host_setup(const struct memory *mem)
{
	struct vmpacket_descriptor *d;
	u32 i;

	tx_hdr = mem->tx_hdr;
	rx_hdr = mem->rx_hdr;
	memset(tx_hdr, 0, PAGE_SIZE);
	memset(rx_hdr, 0, PAGE_SIZE);
	rx_hdr->feature_bits.value = 1;
	tx_lag = 0;
	rx_idx = 0;
	for (i = 0; i < PACKETS; i++) {
		d = (void *)(rx_hdr->buffer + i * PACKET_SPACE);
		memset(d, i, PACKET_SPACE);
		d->type = VM_PKT_DATA_INBAND;
		d->offset8 = 2;
		d->len8 = 10;
		d->flags = 0;
		d->trans_id = i;
	}
}

/* Costs what it costs to call the other two and to look at the result. */
static noinline int call_send(struct vmbus_channel *c, void *buf, u32 len,
			      u64 id, enum vmbus_packet_type type, u32 flags)
{
	barrier();
	return 0;
}

static noinline int call_receive(struct vmbus_channel *c, void *buf, u32 size,
				 u32 *len, u64 *id)
{
	barrier();
	*len = PAYLOAD;
	return 0;
}

static u8 inbox[PAYLOAD];

#define ONE_SEND(fn)							\
	do {								\
		if (fn(chan, payload, PAYLOAD, 0x1234,			\
		       VM_PKT_DATA_INBAND, 0))				\
			wrong_count++;					\
	} while (0)

#define ONE_RECEIVE(fn)							\
	do {								\
		u32 len;						\
		u64 id;							\
									\
		if (fn(chan, inbox, PAYLOAD, &len, &id) ||		\
		    len != PAYLOAD)					\
			wrong_count++;					\
	} while (0)

static __always_inline void one_send(void)
{
	ONE_SEND(vmbus_sendpacket);
}

static __always_inline void one_receive(void)
{
	ONE_RECEIVE(vmbus_recvpacket);
}

static void run_send(unsigned long n)
{
	while (n--) {
		host_reads(&tx_lag, PACKET_SPACE);
		one_send();
	}
}

static void run_receive(unsigned long n)
{
	while (n--) {
		host_writes(&rx_idx, PACKET_SPACE);
		one_receive();
	}
}

static void run_both(unsigned long n)
{
	while (n--) {
		host_reads(&tx_lag, PACKET_SPACE);
		one_send();
		host_writes(&rx_idx, PACKET_SPACE);
		one_receive();
	}
}

static void run_batch_send(unsigned long n)
{
	for (; n >= BATCH; n -= BATCH) {
		host_reads(&tx_lag, PACKET_SPACE * BATCH);
		batch_send();
	}
}

static void run_batch_receive(unsigned long n)
{
	for (; n >= BATCH; n -= BATCH) {
		host_writes(&rx_idx, PACKET_SPACE * BATCH);
		batch_receive();
	}
}

static noinline void host_send(unsigned long n)
{
	while (n--) {
		host_reads(&tx_lag, PACKET_SPACE);
		ONE_SEND(call_send);
	}
}

static noinline void host_receive(unsigned long n)
{
	while (n--) {
		host_writes(&rx_idx, PACKET_SPACE);
		ONE_RECEIVE(call_receive);
	}
}

static noinline void host_both(unsigned long n)
{
	while (n--) {
		host_reads(&tx_lag, PACKET_SPACE);
		ONE_SEND(call_send);
		host_writes(&rx_idx, PACKET_SPACE);
		ONE_RECEIVE(call_receive);
	}
}

static unsigned long wrong(void)
{
	return wrong_count;
}

#define SIDE(label, init_fn) {						\
	.name = label, .init = init_fn,					\
	.send = run_send, .receive = run_receive, .both = run_both,	\
	.batch_send = run_batch_send, .batch_receive = run_batch_receive, \
	.host_send = host_send, .host_receive = host_receive,		\
	.host_both = host_both, .wrong = wrong,				\
}
