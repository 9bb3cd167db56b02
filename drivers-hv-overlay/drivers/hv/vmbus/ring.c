// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory behind the two rings of a channel.
 *
 * Both rings lie in one physically contiguous allocation, outbound first. Each
 * is mapped by itself: its header page once and its data pages twice in a row,
 * so that a packet that wraps around the end is one piece. Drivers see the
 * header through ch.outbound and ch.inbound (inline functions of
 * linux/hyperv.h read the indices there); the core uses the engines in
 * logic/ring_tx.h and logic/ring_rx.h, which trust no index that the host can
 * write.
 *
 * A channel that isn't open has engines that refuse everything, and so has a
 * poisoned one. Poisoning is final until the channel is opened again: one
 * message, reading stops, sending gives -ENODEV (drivers take it for a channel
 * that has gone and don't retry). Other channels don't notice.
 *
 * In both cases what the drivers' inline functions look at is a ring of no
 * size, with nothing to read and no room to write: drivers may ask before they
 * have opened a channel, or although they failed to, and nobody is to keep
 * polling for the bytes that a host claims to have written.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/reciprocal_div.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "chan_ops.h"

static_assert(sizeof(struct hv_ring_buffer) == PAGE_SIZE);

/* What drivers see where there is no ring; what they write to it is lost. */
static struct hv_ring_buffer vmbus_no_ring;

/* An engine without a ring refuses to work; it reports nothing either. */
static void vmbus_ring_detach(struct vmbus_chan *chan)
{
	memset(&chan->tx, 0, sizeof(chan->tx));
	memset(&chan->rx, 0, sizeof(chan->rx));
	chan->tx.poison = HVB_RING_CLOSED;
	chan->rx.poison = HVB_RING_CLOSED;
}

/* Lets drivers see no ring; its size is that of no ring, too, unless @keep. */
static void vmbus_ring_hide(struct hv_ring_buffer_info *info, bool keep)
{
	WRITE_ONCE(info->ring_datasize, 0);
	WRITE_ONCE(info->ring_buffer, &vmbus_no_ring);
	if (!keep)
		info->ring_size = 0;
}

/**
 * vmbus_ring_init() - prepare the ring state of a new channel
 * @chan: channel
 */
void vmbus_ring_init(struct vmbus_chan *chan)
{
	struct hv_ring_buffer_info *out = &chan->ch.outbound;
	struct hv_ring_buffer_info *in = &chan->ch.inbound;

	mutex_init(&out->ring_buffer_mutex);
	mutex_init(&in->ring_buffer_mutex);
	spin_lock_init(&out->ring_lock);
	spin_lock_init(&in->ring_lock);
	vmbus_ring_hide(out, false);
	vmbus_ring_hide(in, false);
	vmbus_ring_detach(chan);
}

static void *vmbus_ring_vmap(struct page *first, u32 count)
{
	u32 data = count - 1;
	struct page **pages;
	void *map;
	u32 i;

	pages = kvmalloc_array(2 * data + 1, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;

	pages[0] = first;
	for (i = 0; i < data; i++) {
		pages[1 + i] = nth_page(first, 1 + i);
		pages[1 + data + i] = pages[1 + i];
	}
	/* In a confidential VM the pages are shared with the host by now. */
	map = vmap(pages, 2 * data + 1, VM_MAP, pgprot_decrypted(PAGE_KERNEL));
	kvfree(pages);
	return map;
}

static void vmbus_ring_publish(struct hv_ring_buffer_info *info, void *map,
			       u32 count)
{
	mutex_lock(&info->ring_buffer_mutex);
	info->ring_size = count << PAGE_SHIFT;
	info->ring_datasize = info->ring_size - PAGE_SIZE;
	info->ring_size_div10_reciprocal =
		reciprocal_value(info->ring_size / 10);
	info->priv_read_index = 0;
	info->ring_buffer = map;
	mutex_unlock(&info->ring_buffer_mutex);
}

static void vmbus_ring_unpublish(struct hv_ring_buffer_info *info)
{
	mutex_lock(&info->ring_buffer_mutex);
	vmbus_ring_hide(info, false);
	mutex_unlock(&info->ring_buffer_mutex);
}

/**
 * vmbus_ring_map() - map the rings of a channel and initialise them
 * @chan: channel that is being opened; its pages are shared with the host
 *
 * Context: process; op_lock is held.
 * Return: 0; -EINVAL if a ring has no room for data; -ENOMEM.
 */
int vmbus_ring_map(struct vmbus_chan *chan)
{
	struct vmbus_channel *ch = &chan->ch;
	u32 send = ch->ringbuffer_send_offset;
	u32 recv = ch->ringbuffer_pagecount - send;
	unsigned long flags;
	int ret = -ENOMEM;

	if (send < 2 || send > ch->ringbuffer_pagecount || recv < 2)
		return -EINVAL;

	chan->tx_map = vmbus_ring_vmap(ch->ringbuffer_page, send);
	chan->rx_map = vmbus_ring_vmap(nth_page(ch->ringbuffer_page, send),
				       recv);
	chan->rx_buf = kvzalloc(ch->max_pkt_size, GFP_KERNEL);
	if (!chan->tx_map || !chan->rx_map || !chan->rx_buf)
		goto err_unmap;

	hvb_ring_hdr_init((__force struct hvb_ring_hdr __hvshared *)
			  chan->tx_map);
	hvb_ring_hdr_init((__force struct hvb_ring_hdr __hvshared *)
			  chan->rx_map);

	/* As in vmbus_ring_unmap(). */
	spin_lock_irqsave(&ch->outbound.ring_lock, flags);
	ret = hvb_tx_init(&chan->tx,
			  (__force struct hvb_ring_hdr __hvshared *)
			  chan->tx_map,
			  (__force void __hvshared *)(chan->tx_map + PAGE_SIZE),
			  (send - 1) << PAGE_SHIFT);
	spin_unlock_irqrestore(&ch->outbound.ring_lock, flags);
	if (ret)
		goto err_unmap;
	ret = hvb_rx_init(&chan->rx,
			  (__force struct hvb_ring_hdr __hvshared *)
			  chan->rx_map,
			  (__force void __hvshared *)(chan->rx_map + PAGE_SIZE),
			  (recv - 1) << PAGE_SHIFT, chan->rx_buf,
			  ch->max_pkt_size);
	if (ret)
		goto err_unmap;

	chan->poison_told = 0;
	ch->out_full_flag = false;
	ch->inbound.pkt_buffer = chan->rx_buf;
	ch->inbound.pkt_buffer_size = ch->max_pkt_size;
	vmbus_ring_publish(&ch->outbound, chan->tx_map, send);
	vmbus_ring_publish(&ch->inbound, chan->rx_map, recv);
	return 0;

err_unmap:
	vmbus_ring_unmap(chan);
	return ret;
}

/**
 * vmbus_ring_unmap() - drop the mappings of the rings of a channel
 * @chan: channel; no callback runs any more
 *
 * The pages stay. Does nothing if the rings aren't mapped.
 *
 * Context: process; op_lock is held.
 */
void vmbus_ring_unmap(struct vmbus_chan *chan)
{
	struct hv_ring_buffer_info *out = &chan->ch.outbound;
	struct hv_ring_buffer_info *in = &chan->ch.inbound;
	unsigned long flags;

	vmbus_ring_unpublish(out);
	vmbus_ring_unpublish(in);

	/* A late sender finds the engine or no ring, never half of it. */
	spin_lock_irqsave(&out->ring_lock, flags);
	vmbus_ring_detach(chan);
	spin_unlock_irqrestore(&out->ring_lock, flags);

	vunmap(chan->tx_map);
	vunmap(chan->rx_map);
	kvfree(chan->rx_buf);
	chan->tx_map = NULL;
	chan->rx_map = NULL;
	chan->rx_buf = NULL;
	in->pkt_buffer = NULL;
	in->pkt_buffer_size = 0;
}

/**
 * vmbus_chan_reject() - count and report something that the host got wrong
 * @chan: channel that it concerns
 * @why: what was wrong, for the log
 *
 * Context: any.
 */
void vmbus_chan_reject(struct vmbus_chan *chan, const char *why)
{
	const struct vmbus_channel_offer_channel *msg = &chan->ch.offermsg;

	chan->rejects++;
	/* The name of the device, which itself may be on its way out. */
	pr_err_ratelimited("%pUl: channel %u: host error: %s\n",
			   &msg->offer.if_instance, msg->child_relid, why);
}

/**
 * vmbus_ring_poisoned() - a ring engine has given up
 * @chan: channel
 * @which: VMBUS_POISON_TX or VMBUS_POISON_RX
 *
 * Only the first call after an open does anything. A channel that isn't open
 * has no rings and nothing to report.
 *
 * Context: any; no lock of a ring is held, for the console may be behind it.
 */
void vmbus_ring_poisoned(struct vmbus_chan *chan, unsigned int which)
{
	bool tx = which == VMBUS_POISON_TX;
	struct hv_ring_buffer_info *info = tx ? &chan->ch.outbound :
						&chan->ch.inbound;
	enum hvb_ring_reject why = tx ? READ_ONCE(chan->tx.poison) :
					READ_ONCE(chan->rx.poison);

	/* The channel may have been opened again since the caller failed. */
	if (why == HVB_RING_OK || why == HVB_RING_CLOSED)
		return;
	if (test_and_set_bit(which, &chan->poison_told))
		return;

	vmbus_ring_hide(info, true);
	if (!tx)
		vmbus_chan_drop_cb(chan);
	vmbus_chan_reject(chan, hvb_ring_reject_name(why));
}

/**
 * hv_ringbuffer_get_debuginfo() - snapshot of a ring for sysfs
 * @ring_info: ring, see &struct vmbus_channel
 * @debug_info: where to put it; what the host wrote is passed on unchecked
 *
 * Context: process.
 * Return: 0, or -EINVAL if the ring isn't mapped.
 */
int hv_ringbuffer_get_debuginfo(struct hv_ring_buffer_info *ring_info,
				struct hv_ring_buffer_debug_info *debug_info)
{
	const struct hv_ring_buffer *ring;
	u32 read, write, used;
	int ret = -EINVAL;

	mutex_lock(&ring_info->ring_buffer_mutex);
	if (!ring_info->ring_size)
		goto out_unlock;
	ring = READ_ONCE(ring_info->ring_buffer);

	read = READ_ONCE(ring->read_index);
	write = READ_ONCE(ring->write_index);
	used = write >= read ? write - read :
			       ring_info->ring_datasize - read + write;
	used = min(used, ring_info->ring_datasize);

	debug_info->current_interrupt_mask = READ_ONCE(ring->interrupt_mask);
	debug_info->current_read_index = read;
	debug_info->current_write_index = write;
	debug_info->bytes_avail_toread = used;
	debug_info->bytes_avail_towrite = ring_info->ring_datasize - used;
	ret = 0;

out_unlock:
	mutex_unlock(&ring_info->ring_buffer_mutex);
	return ret;
}

/**
 * hv_ringbuffer_spinlock_busy() - would a sender have to wait?
 * @channel: channel
 *
 * For the frame buffer driver in a panic: the holder may never run again.
 *
 * Context: any.
 * Return: true if the lock that vmbus_sendpacket() takes is held.
 */
bool hv_ringbuffer_spinlock_busy(struct vmbus_channel *channel)
{
	return spin_is_locked(&channel->outbound.ring_lock);
}
