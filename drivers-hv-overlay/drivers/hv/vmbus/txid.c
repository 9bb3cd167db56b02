// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transaction ids for drivers that keep an address behind each of them (struct
 * vmbus_requestor in linux/hyperv.h).
 *
 * The table is that of logic/txid.h, whose ids name a generation of a slot: one
 * that isn't in flight, or was completed before, is refused even when its slot
 * has been issued again. The slots live while the channel is open. The lock is
 * the one in struct vmbus_requestor, because drivers take it by themselves.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hyperv.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "chan_ops.h"

/**
 * vmbus_txids_alloc() - get the slots of a channel's table
 * @chan: channel that is being opened; ch.rqstor_size is the number of
 *	transactions that can be in flight, or 0 for no table
 *
 * Context: process.
 * Return: 0; -EINVAL for a size that can't be; -ENOMEM.
 */
int vmbus_txids_alloc(struct vmbus_chan *chan)
{
	u32 size = chan->ch.rqstor_size;
	struct hvb_txid_slot *slots;
	unsigned long flags;
	int ret;

	if (!size)
		return 0;
	slots = kvmalloc_array(size, sizeof(*slots), GFP_KERNEL);
	if (!slots)
		return -ENOMEM;

	lock_requestor(&chan->ch, flags);
	ret = hvb_txid_init(&chan->txids, slots, size);
	unlock_requestor(&chan->ch, flags);
	if (ret)
		kvfree(slots);
	return ret;
}

/**
 * vmbus_txids_free() - drop the slots of a channel's table
 * @chan: channel that has been closed; may have no slots
 *
 * Whatever is still in flight is forgotten; ids are refused from now on.
 *
 * Context: process.
 */
void vmbus_txids_free(struct vmbus_chan *chan)
{
	struct hvb_txid_slot *slots;
	unsigned long flags;

	lock_requestor(&chan->ch, flags);
	slots = chan->txids.slots;
	memset(&chan->txids, 0, sizeof(chan->txids));
	unlock_requestor(&chan->ch, flags);

	kvfree(slots);
}

/* The table of a channel, without slots while it is closed; or NULL. */
static struct hvb_txid_table *vmbus_txids(struct vmbus_channel *channel)
{
	return channel->rqstor_size ? &to_vmbus_chan(channel)->txids : NULL;
}

/**
 * vmbus_next_request_id() - issue a transaction id
 * @channel: channel on which the packet will be sent
 * @rqst_addr: what the completion is to find again
 *
 * Context: any; called with the ring lock held.
 * Return: the id, never 0; VMBUS_NO_RQSTOR if the channel has no table, which
 * means that the caller's own value is the id; VMBUS_RQST_ERROR if all ids are
 * in flight.
 */
u64 vmbus_next_request_id(struct vmbus_channel *channel, u64 rqst_addr)
{
	unsigned long flags;
	u64 id;

	static_assert(HVB_RQST_NO_REQUESTOR == VMBUS_NO_RQSTOR);
	static_assert(HVB_RQST_ERROR == VMBUS_RQST_ERROR);
	static_assert(HVB_RQST_ADDR_ANY == VMBUS_RQST_ADDR_ANY);

	lock_requestor(channel, flags);
	id = hvb_rqst_next_id(vmbus_txids(channel), rqst_addr);
	unlock_requestor(channel, flags);

	return id;
}

/**
 * __vmbus_request_addr_match() - take back an id, lock held
 * @channel: channel on which the completion came in
 * @trans_id: id as the host sent it, any value
 * @rqst_addr: take it back only if this is behind it, or VMBUS_RQST_ADDR_ANY
 *
 * Context: any; the caller holds the requestor's lock (lock_requestor()).
 * Return: the address behind the id, whether it matches or not;
 * VMBUS_NO_RQSTOR if the channel has no table; VMBUS_RQST_ERROR if the id is
 * not in flight.
 */
u64 __vmbus_request_addr_match(struct vmbus_channel *channel, u64 trans_id,
			       u64 rqst_addr)
{
	lockdep_assert_held(&channel->requestor.req_lock);

	return hvb_rqst_addr_match(vmbus_txids(channel), trans_id, rqst_addr);
}

/**
 * vmbus_request_addr_match() - take back an id if an address is behind it
 * @channel: channel on which the completion came in
 * @trans_id: id as the host sent it, any value
 * @rqst_addr: take it back only if this is behind it, or VMBUS_RQST_ADDR_ANY
 *
 * Context: any; takes the requestor's lock.
 * Return: see __vmbus_request_addr_match().
 */
u64 vmbus_request_addr_match(struct vmbus_channel *channel, u64 trans_id,
			     u64 rqst_addr)
{
	unsigned long flags;
	u64 addr;

	lock_requestor(channel, flags);
	addr = __vmbus_request_addr_match(channel, trans_id, rqst_addr);
	unlock_requestor(channel, flags);

	return addr;
}

/**
 * vmbus_request_addr() - take back an id
 * @channel: channel on which the completion came in
 * @trans_id: id as the host sent it, any value
 *
 * Context: any; takes the requestor's lock.
 * Return: see __vmbus_request_addr_match().
 */
u64 vmbus_request_addr(struct vmbus_channel *channel, u64 trans_id)
{
	return vmbus_request_addr_match(channel, trans_id, VMBUS_RQST_ADDR_ANY);
}
