// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets: what drivers send and receive, and the signal to the host.
 *
 * This is the hot path. The work is in the inline functions of the ring
 * engines; what is added here is the lock of the outbound ring, transaction
 * ids, the statistics that sysfs shows, and the doorbell.
 *
 * Sending works in any context, with interrupts off and in a panic. Receiving
 * takes no lock: the channel callback, or whoever the driver lets read instead
 * of it, is the only reader.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/hyperv.h>
#include <linux/hyperv/recv.h>
#include <linux/hyperv/send.h>
#include <linux/io.h>
#include <linux/spinlock.h>
#include <asm/mshyperv.h>
#include <asm/sync_bitops.h>

#include "chan_ops.h"
#include "trace.h"

/*
 * The guest's half of the interrupt page lies behind the host's. A channel that
 * is still open when its connection ends has no relid any more.
 */
static void vmbus_send_int_page(u32 relid)
{
	if (unlikely(relid >= VMBUS_MAX_RELIDS))
		return;
	sync_set_bit(relid, vmbus_conn.int_page + HV_HYP_PAGE_SIZE / 2);
}

/**
 * vmbus_set_event() - interrupt the host about a channel, by hypercall
 * @channel: channel
 *
 * Source: TLFS 11.10.2 (HvSignalEvent). Behind a paravisor the call has to
 * reach the host and not the paravisor.
 *
 * Context: any.
 */
void vmbus_set_event(struct vmbus_channel *channel)
{
	if (!channel->is_dedicated_interrupt)
		vmbus_send_int_page(channel->offermsg.child_relid);

	++channel->sig_events;

	if (likely(!ms_hyperv.paravisor_present))
		hv_do_fast_hypercall8(HVCALL_SIGNAL_EVENT, channel->sig_event);
	else if (hv_isolation_type_snp())
		hv_ghcb_hypercall(HVCALL_SIGNAL_EVENT, &channel->sig_event,
				  NULL, sizeof(channel->sig_event));
	else if (hv_isolation_type_tdx())
		hv_tdx_hypercall(HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST_BIT,
				 channel->sig_event, 0);
	else
		pr_err_once("no way to signal the host through this paravisor\n");
}

/**
 * vmbus_setevent() - interrupt the host about a channel, the way it wants
 * @channel: channel
 *
 * A channel with a monitor sets a bit that the hypervisor polls for; others
 * ring the doorbell.
 *
 * Context: any.
 */
void vmbus_setevent(struct vmbus_channel *channel)
{
	struct vmbus_chan *chan = to_vmbus_chan(channel);

	trace_vmbus_setevent(channel);

	if (!chan->monitor_word || channel->low_latency) {
		vmbus_set_event(channel);
		return;
	}

	vmbus_send_int_page(channel->offermsg.child_relid);
	sync_set_bit(channel->monitor_bit, chan->monitor_word);
}

/* The ring has no room. */
static noinline int vmbus_send_no_room(struct vmbus_channel *ch)
{
	++ch->out_full_total;
	if (!ch->out_full_flag) {
		++ch->out_full_first;
		ch->out_full_flag = true;
	}
	return -EAGAIN;
}

/* Drivers don't retry what failed with -ENODEV. */
static noinline int vmbus_send_failed(struct vmbus_chan *chan, int err)
{
	if (err != -EIO)
		return err;
	vmbus_ring_poisoned(chan, VMBUS_POISON_TX);
	return -ENODEV;
}

/*
 * What @err means for a packet that nobody will ever read. An acknowledgment
 * is done with: drivers keep those that they owe and try again, and hv_netvsc
 * doesn't let go of its device before the last of them is sent.
 */
static noinline int vmbus_send_nobody(u16 type, int err)
{
	return err == -ENODEV && type == HVB_PKT_COMP ? 0 : err;
}

/*
 * The host wants to hear of what was published. Out of line: a hypercall in a
 * function makes all of its callers' ways through it longer.
 */
static noinline void vmbus_send_signal(struct vmbus_channel *ch)
{
	++ch->intr_out_empty;
	vmbus_setevent(ch);
}

/*
 * The channel was rescinded while the packet went out: it is lost. But if it
 * was completed meanwhile then its sender has nothing to take back any more.
 */
static noinline int vmbus_send_lost(struct vmbus_channel *ch, u64 id)
{
	if (id != VMBUS_NO_RQSTOR && ch->request_addr_callback &&
	    ch->request_addr_callback(ch, id) == VMBUS_RQST_ERROR)
		return 0;
	return -ENODEV;
}

/*
 * Writes and publishes one packet under the ring lock. The transaction id is
 * issued last: from then on a completion, be it forged, may make the driver
 * free what @ext and @buf point to.
 */
static __always_inline int
vmbus_send_locked(struct vmbus_chan *chan, struct hvb_desc *d,
		  const void *ext, u32 ext_len, const void *buf, u32 len,
		  u64 *id)
{
	u8 __hvshared *p;
	struct vmbus_channel *ch = &chan->ch;
	struct hvb_ring_tx *tx = &chan->tx;
	int ret;

	ret = hvb_tx_fill(tx, ext, ext_len, buf, len, &p);
	if (unlikely(ret))
		return ret == -EAGAIN ? vmbus_send_no_room(ch) : ret;

	if (d->flags == HVB_PKT_FLAG_COMPLETION &&
	    ch->next_request_id_callback) {
		*id = ch->next_request_id_callback(ch, d->trans_id);
		if (*id == VMBUS_RQST_ERROR)
			return -EAGAIN;
		if (*id != VMBUS_NO_RQSTOR)
			d->trans_id = *id;
	}
	if (unlikely(ch->out_full_flag))
		ch->out_full_flag = false;

	hvb_tx_finish(tx, p, d, ext_len, len);
	return hvb_tx_show(tx);
}

static __always_inline int
vmbus_send(struct vmbus_channel *ch, struct hvb_desc *d, const void *ext,
	   u32 ext_len, const void *buf, u32 len)
{
	struct vmbus_chan *chan = to_vmbus_chan(ch);
	u64 id = VMBUS_NO_RQSTOR;
	unsigned long flags;
	int ret;

	if (unlikely(ch->rescind))
		return vmbus_send_nobody(d->type, -ENODEV);
	if (unlikely(len > HVB_PKT_MAX || ext_len > HVB_PKT_MAX))
		return -EINVAL;

	spin_lock_irqsave(&ch->outbound.ring_lock, flags);
	ret = vmbus_send_locked(chan, d, ext, ext_len, buf, len, &id);
	spin_unlock_irqrestore(&ch->outbound.ring_lock, flags);

	if (unlikely(ret < 0))
		return vmbus_send_nobody(d->type, vmbus_send_failed(chan, ret));
	if (ret)
		vmbus_send_signal(ch);
	if (unlikely(ch->rescind))
		return vmbus_send_lost(ch, id);
	return 0;
}

/**
 * vmbus_sendpacket_getid() - send a packet and learn its transaction id
 * @channel: open channel
 * @buffer: payload
 * @bufferlen: length of the payload in bytes
 * @requestid: transaction id or, if the channel has a table of them and a
 *	completion is asked for, the address to keep behind the id
 * @trans_id: where to put the transaction id, or %NULL; not written if the
 *	packet was not sent
 * @type: packet type
 * @flags: 0 or VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED
 *
 * Context: any.
 * Return: 0; -EAGAIN if the ring is full or no transaction id is free; -ENODEV
 * if the channel was rescinded, isn't open or was given up, or 0 then if the
 * packet is a completion; -EINVAL if the packet is too long.
 */
int vmbus_sendpacket_getid(struct vmbus_channel *channel, void *buffer,
			   u32 bufferlen, u64 requestid, u64 *trans_id,
			   enum vmbus_packet_type type, u32 flags)
{
	struct hvb_desc d = {
		.trans_id = requestid,
		.type = type,
		.flags = flags,
	};
	int ret;

	ret = vmbus_send(channel, &d, NULL, 0, buffer, bufferlen);
	if (trans_id && !ret)
		*trans_id = d.trans_id;
	return ret;
}

/**
 * vmbus_sendpacket() - send a packet
 * @channel: open channel
 * @buffer: payload
 * @bufferlen: length of the payload in bytes
 * @requestid: see vmbus_sendpacket_getid()
 * @type: packet type
 * @flags: 0 or VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED
 *
 * Context: any.
 * Return: see vmbus_sendpacket_getid().
 */
int vmbus_sendpacket(struct vmbus_channel *channel, void *buffer,
		     u32 bufferlen, u64 requestid,
		     enum vmbus_packet_type type, u32 flags)
{
	struct hvb_desc d = {
		.trans_id = requestid,
		.type = type,
		.flags = flags,
	};

	return vmbus_send(channel, &d, NULL, 0, buffer, bufferlen);
}

/**
 * vmbus_sendpacket_mpb_desc() - send a packet about guest pages
 * @channel: open channel
 * @desc: descriptor with its ranges; rangecount and range are filled in
 * @desc_size: length of the descriptor with its ranges in bytes, a multiple of
 *	8
 * @buffer: payload
 * @bufferlen: length of the payload in bytes
 * @requestid: see vmbus_sendpacket_getid(); a completion is always asked for
 *
 * Context: any.
 * Return: see vmbus_sendpacket_getid().
 */
int vmbus_sendpacket_mpb_desc(struct vmbus_channel *channel,
			      struct vmbus_packet_mpb_array *desc,
			      u32 desc_size, void *buffer, u32 bufferlen,
			      u64 requestid)
{
	struct hvb_desc d = {
		.trans_id = requestid,
		.type = HVB_PKT_GPA_DIRECT,
		.flags = HVB_PKT_FLAG_COMPLETION,
	};

	if (unlikely(desc_size < HVB_PKT_MIN || desc_size % HVB_RING_UNIT))
		return -EINVAL;

	desc->reserved = 0;
	return vmbus_send(channel, &d, &desc->reserved,
			  desc_size - HVB_PKT_MIN, buffer, bufferlen);
}

/* Nothing was reserved: publishes what was held back, and lets the lock go. */
static noinline void *vmbus_send_full(struct vmbus_channel *ch, int err)
	__releases(&ch->outbound.ring_lock)
{
	struct vmbus_chan *chan = to_vmbus_chan(ch);
	unsigned long flags = chan->tx_flags;
	bool signal = false;

	if (err == -EAGAIN) {
		vmbus_send_no_room(ch);
		signal = hvb_tx_publish(&chan->tx);
	}
	spin_unlock_irqrestore(&ch->outbound.ring_lock, flags);

	if (signal)
		vmbus_send_signal(ch);
	return ERR_PTR(vmbus_send_failed(chan, err));
}

/**
 * vmbus_send_begin() - reserve a packet in the outbound ring
 * @channel: open channel
 * @head: its head, see vmbus_send_head()
 *
 * When the ring is full, packets that were held back are published: else the
 * host would never make room.
 *
 * Context: any. On success it returns with the ring lock held and interrupts
 * off.
 * Return: where to write what follows the descriptor; ERR_PTR(-EAGAIN) if the
 * ring is full, ERR_PTR(-ENODEV) if the channel was rescinded, isn't open or
 * was given up.
 */
void *vmbus_send_begin(struct vmbus_channel *channel, u64 head)
{
	struct vmbus_chan *chan = to_vmbus_chan(channel);
	unsigned long flags;
	void *p;
	int ret;

	if (unlikely(channel->rescind))
		return ERR_PTR(-ENODEV);

	spin_lock_irqsave(&channel->outbound.ring_lock, flags);
	chan->tx_flags = flags;
	ret = hvb_tx_reserve_head(&chan->tx, head, &p);
	if (unlikely(ret))
		return vmbus_send_full(channel, ret);

	/* For sparse: the lock goes with the reservation. */
	__release(&channel->outbound.ring_lock);
	return p + HVB_PKT_MIN;
}

/**
 * vmbus_send_end() - the packet is written
 * @channel: channel of vmbus_send_begin()
 * @publish: show it, and all that was held back, to the host; interrupt the
 *	host if it wants that
 *
 * If the channel is rescinded meanwhile, which the caller may find out by
 * himself, then no answer will come unless it has come already.
 *
 * Context: that of vmbus_send_begin(). Releases the ring lock.
 */
void vmbus_send_end(struct vmbus_channel *channel, bool publish)
{
	struct vmbus_chan *chan = to_vmbus_chan(channel);
	unsigned long flags = chan->tx_flags;
	bool signal;

	__acquire(&channel->outbound.ring_lock);
	if (unlikely(channel->out_full_flag))
		channel->out_full_flag = false;
	hvb_tx_commit_head(&chan->tx);
	signal = publish && hvb_tx_show(&chan->tx);
	spin_unlock_irqrestore(&channel->outbound.ring_lock, flags);

	if (signal)
		vmbus_send_signal(channel);
}

/**
 * vmbus_send_flush() - publish the packets that were held back
 * @channel: channel; nothing happens if it isn't open
 *
 * Context: any.
 */
void vmbus_send_flush(struct vmbus_channel *channel)
{
	struct vmbus_chan *chan = to_vmbus_chan(channel);
	unsigned long flags;
	bool signal;

	spin_lock_irqsave(&channel->outbound.ring_lock, flags);
	signal = hvb_tx_publish(&chan->tx);
	spin_unlock_irqrestore(&channel->outbound.ring_lock, flags);

	if (signal)
		vmbus_send_signal(channel);
}

/**
 * vmbus_channel_broken() - was a ring given up because of what the host wrote?
 * @channel: open channel
 *
 * Such a channel delivers nothing any more, or takes nothing, until it is
 * closed and opened again; other channels work on.
 *
 * Context: any.
 * Return: true if so.
 */
bool vmbus_channel_broken(struct vmbus_channel *channel)
{
	return READ_ONCE(to_vmbus_chan(channel)->poison_told);
}

/* Gives the space of consumed packets back; interrupts the host if it waits. */
static __always_inline void vmbus_rx_release(struct vmbus_chan *chan)
{
	if (unlikely(hvb_rx_release(&chan->rx))) {
		++chan->ch.intr_in_full;
		vmbus_setevent(&chan->ch);
	}
}

static __always_inline int vmbus_recv(struct vmbus_channel *ch, void *buffer,
				      u32 bufferlen, bool raw,
				      u32 *buffer_actual_len, u64 *requestid)
{
	struct vmbus_chan *chan = to_vmbus_chan(ch);
	int ret;

	vmbus_debug_delay_message(ch);

	ret = hvb_rx_recv_into(&chan->rx, buffer, bufferlen, raw,
			       buffer_actual_len, requestid);
	if (unlikely(ret == -EBADMSG))
		vmbus_ring_poisoned(chan, VMBUS_POISON_RX);
	if (!ret)
		vmbus_rx_release(chan);
	return ret;
}

/**
 * vmbus_recvpacket() - receive the payload of a packet
 * @channel: open channel
 * @buffer: destination
 * @bufferlen: its size in bytes
 * @buffer_actual_len: where to put the number of bytes received or needed; 0
 *	if there is no packet
 * @requestid: where to put the transaction id
 *
 * Context: any, one reader at a time.
 * Return: 0, also if there is no packet; -ENOBUFS if the packet is longer than
 * the buffer, and still there; -EINVAL if the buffer has no size; -EBADMSG if
 * the host wrote nonsense and the channel was given up.
 */
int vmbus_recvpacket(struct vmbus_channel *channel, void *buffer,
		     u32 bufferlen, u32 *buffer_actual_len, u64 *requestid)
{
	return vmbus_recv(channel, buffer, bufferlen, false, buffer_actual_len,
			  requestid);
}

/**
 * vmbus_recvpacket_raw() - receive a packet with its descriptor
 * @channel: open channel
 * @buffer: destination
 * @bufferlen: its size in bytes
 * @buffer_actual_len: where to put the number of bytes received or needed; 0
 *	if there is no packet
 * @requestid: where to put the transaction id
 *
 * The length fields of the descriptor are the ones that were validated.
 *
 * Context: any, one reader at a time.
 * Return: see vmbus_recvpacket().
 */
int vmbus_recvpacket_raw(struct vmbus_channel *channel, void *buffer,
			 u32 bufferlen, u32 *buffer_actual_len, u64 *requestid)
{
	return vmbus_recv(channel, buffer, bufferlen, true, buffer_actual_len,
			  requestid);
}

static __always_inline struct vmpacket_descriptor *
vmbus_pkt_current(struct vmbus_chan *chan)
{
	int ret;

	vmbus_debug_delay_message(&chan->ch);

	ret = hvb_rx_current(&chan->rx);
	if (likely(ret > 0))
		return chan->rx_buf;
	if (unlikely(ret < 0))
		vmbus_ring_poisoned(chan, VMBUS_POISON_RX);
	return NULL;
}

/**
 * hv_pkt_iter_first() - look at the first packet that isn't consumed
 * @channel: open channel
 *
 * The packet returned is a private copy with validated lengths. It stays as it
 * is until the next call that looks at a packet, or until the channel is
 * closed; asked again the same one is given.
 *
 * Context: any, one reader at a time.
 * Return: the packet, or %NULL if there is none.
 */
struct vmpacket_descriptor *hv_pkt_iter_first(struct vmbus_channel *channel)
{
	return vmbus_pkt_current(to_vmbus_chan(channel));
}

/**
 * __hv_pkt_iter_next() - consume a packet and look at the one behind it
 * @channel: open channel
 * @pkt: the packet, from hv_pkt_iter_first() or this function
 *
 * A reader that stops at its budget doesn't get to hv_pkt_iter_close(); so
 * that the host isn't kept waiting, space is given back by the eighth of the
 * ring.
 *
 * Context: any, one reader at a time.
 * Return: the next packet, or %NULL if there is none: call hv_pkt_iter_close().
 */
struct vmpacket_descriptor *
__hv_pkt_iter_next(struct vmbus_channel *channel,
		   const struct vmpacket_descriptor *pkt)
{
	struct vmbus_chan *chan = to_vmbus_chan(channel);
	struct hvb_ring_rx *rx = &chan->rx;

	hvb_rx_consume(rx);
	if (unlikely(hvb_ring_used(rx->b.size, rx->published, rx->b.read) >
		     rx->b.size / 8))
		vmbus_rx_release(chan);
	return vmbus_pkt_current(chan);
}

/**
 * hv_pkt_iter_close() - give the space of consumed packets back to the host
 * @channel: open channel
 *
 * Interrupts the host if it has been waiting for that space. A packet that was
 * looked at and not consumed stays.
 *
 * Context: any, one reader at a time.
 */
void hv_pkt_iter_close(struct vmbus_channel *channel)
{
	vmbus_rx_release(to_vmbus_chan(channel));
}

/* The unlikely half of vmbus_recv_begin(). */
static noinline struct hv_batch *vmbus_recv_begin_odd(struct vmbus_channel *ch)
{
	struct vmbus_chan *chan = to_vmbus_chan(ch);

	if (!hvb_rx_sync(&chan->rx))
		return &chan->rx.b;
	vmbus_ring_poisoned(chan, VMBUS_POISON_RX);
	return NULL;
}

/**
 * vmbus_recv_begin() - begin a batch of packets
 * @channel: open channel
 *
 * See linux/hyperv/recv.h.
 *
 * Context: any, one reader at a time.
 * Return: the batch, which may be empty; %NULL if the channel isn't open, or
 * was given up because of what the host wrote.
 */
struct hv_batch *vmbus_recv_begin(struct vmbus_channel *channel)
{
	struct hvb_ring_rx *rx = &to_vmbus_chan(channel)->rx;

	vmbus_debug_delay_message(channel);

	return likely(hvb_rx_ready(rx)) ? &rx->b :
					  vmbus_recv_begin_odd(channel);
}

/* The unlikely half of vmbus_recv_end(). */
static noinline int vmbus_recv_end_odd(struct vmbus_channel *ch, u32 old)
{
	struct vmbus_chan *chan = to_vmbus_chan(ch);
	bool signal;
	int ret;

	ret = hvb_rx_end_odd(&chan->rx, old, &signal);
	if (signal) {
		++ch->intr_in_full;
		vmbus_setevent(ch);
	}
	if (ret >= 0)
		return ret;
	vmbus_ring_poisoned(chan, VMBUS_POISON_RX);
	return -ENODEV;
}

/**
 * vmbus_recv_end() - end a batch of packets
 * @channel: channel of vmbus_recv_begin()
 *
 * Gives the space of the packets that were read back to the host, interrupts
 * it if it has been waiting for that space, and looks for more packets.
 *
 * Context: that of vmbus_recv_begin().
 * Return: 0 if there are no more packets: the host will interrupt when it has
 * written one, unless it was asked not to. The number of bytes that wait, which
 * is not 0, if there are. -ENODEV if the channel was given up because of what
 * the host wrote.
 */
int vmbus_recv_end(struct vmbus_channel *channel)
{
	u32 old;
	int ret;

	ret = hvb_rx_done(&to_vmbus_chan(channel)->rx, &old);
	return likely(ret >= 0) ? ret : vmbus_recv_end_odd(channel, old);
}
