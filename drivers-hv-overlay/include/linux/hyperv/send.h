/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sending without a copy: packets that are written straight into the ring.
 *
 * vmbus_sendpacket() and its relatives take a packet that lies in memory. A
 * driver with a busy transmit path can do without that memory:
 *
 *	p = vmbus_send_begin(channel, head);
 *	if (IS_ERR(p))
 *		...-EAGAIN: full, -ENODEV: gone...
 *	...write all that the head counts but the descriptor to p...
 *	vmbus_send_set_id(p, trans_id);
 *	vmbus_send_end(channel, last);
 *
 * Between the two calls the lock of the outbound ring is held and, but on
 * PREEMPT_RT, interrupts are off: everything that may fail or take long (DMA
 * mapping above all) comes before. What was begun has to be ended. The memory
 * at p is shared with the host. It is to be written, all of it including
 * padding, and never read.
 *
 * A batch. Packets that were ended with @publish false are not seen by the
 * host until somebody publishes: the next vmbus_send_end() with @publish true,
 * vmbus_send_flush(), or any other send on that channel. So a batch costs one
 * barrier and at most one interrupt of the host. Whoever holds packets back
 * has to publish them before he waits for anything.
 *
 * Transaction ids are the driver's. There is no table behind them, and
 * vmbus_channel.next_request_id_callback is not called.
 */
#ifndef _LINUX_HYPERV_SEND_H
#define _LINUX_HYPERV_SEND_H

#include <linux/hyperv.h>
#include <linux/types.h>

/**
 * vmbus_send_head() - head of a packet: its descriptor without the id
 * @type: %VM_PKT_DATA_INBAND, %VM_PKT_DATA_USING_GPA_DIRECT, ...
 * @flags: 0 or %VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED
 * @ext_len: bytes between the descriptor and the payload (the ranges of a
 *	GPA direct packet, with their count), a multiple of 8
 * @len: bytes of the payload; rounded up to 8
 *
 * All of it, descriptor included, has to be below 512 KiB.
 *
 * Return: the head, native.
 */
static __always_inline u64 vmbus_send_head(enum vmbus_packet_type type,
					   u16 flags, u32 ext_len, u32 len)
{
	u64 offset8 = (sizeof(struct vmpacket_descriptor) + ext_len) / 8;

	return type | offset8 << 16 | (offset8 + (len + 7) / 8) << 32 |
	       (u64)flags << 48;
}

/**
 * vmbus_send_head_more() - head of a packet with a longer extension
 * @head: head
 * @words: by how many times 8 bytes it is longer
 *
 * Return: the head.
 */
static __always_inline u64 vmbus_send_head_more(u64 head, u64 words)
{
	return head + words * (1ULL << 16 | 1ULL << 32);
}

/**
 * vmbus_send_set_id() - give a begun packet its transaction id
 * @p: what vmbus_send_begin() returned
 * @trans_id: transaction id
 *
 * Each packet needs one. To be called right before vmbus_send_end(), so that
 * what belongs to the id is armed only once there is a packet: from
 * vmbus_send_end() on, and with a host that guesses ids from the arming on, the
 * request may be completed and gone.
 */
static __always_inline void vmbus_send_set_id(void *p, u64 trans_id)
{
	struct vmpacket_descriptor *desc = p;

	WRITE_ONCE(desc[-1].trans_id, trans_id);
}

void *vmbus_send_begin(struct vmbus_channel *channel, u64 head);
void vmbus_send_end(struct vmbus_channel *channel, bool publish);
void vmbus_send_flush(struct vmbus_channel *channel);
bool vmbus_channel_broken(struct vmbus_channel *channel);

#endif /* _LINUX_HYPERV_SEND_H */
