/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transaction ids: single-shot slots behind the requestor API.
 *
 * A packet that wants a completion carries an id that the host echoes. Here
 * an id names a slot of a table and a generation of it, never a guest address:
 *
 *	id = (generation << index bits | index) + 1
 *
 * so that 0, which hosts use for unsolicited packets, is never issued, and an
 * id that was completed once means nothing any more, even after its slot has
 * been issued again.
 *
 * Context: any. The caller's lock guards the table and memory of the slots.
 */
#ifndef _HV_VMBUS_LOGIC_TXID_H
#define _HV_VMBUS_LOGIC_TXID_H

#include <linux/build_bug.h>
#include <linux/limits.h>
#include <linux/nospec.h>
#include <linux/types.h>

/* With 32 bits of generation ids stay far below the reserved ones. */
#define HVB_TXID_MAX_SLOTS	0x01000000U

/* Values of the requestor API in linux/hyperv.h. */
#define HVB_RQST_NO_REQUESTOR	U64_MAX
#define HVB_RQST_ERROR		(U64_MAX - 1)
#define HVB_RQST_ADDR_ANY	U64_MAX

/**
 * struct hvb_txid_slot - one transaction
 * @addr: the issuer's value, while the slot is in use
 * @next: next free slot (index + 1), 0 at the end, while it is free
 * @gen: generation, changes whenever the slot becomes free
 * @used: the id is in flight
 */
struct hvb_txid_slot {
	union {
		u64 addr;
		u32 next;
	};
	u32 gen;
	bool used;
};

/**
 * struct hvb_txid_table - transaction slots of a channel
 * @slots: memory for @size slots, the caller's
 * @size: number of slots
 * @free: first free slot (index + 1), 0 if there is none
 * @shift: index bits in an id
 * @mask: the same as a mask
 *
 * All zero it is a table without slots, which issues nothing and knows no id.
 */
struct hvb_txid_table {
	struct hvb_txid_slot *slots;
	u32 size;
	u32 free;
	u32 shift;
	u32 mask;
};

int hvb_txid_init(struct hvb_txid_table *tab, struct hvb_txid_slot *slots,
		  u32 size);

/**
 * hvb_rqst_next_id() - vmbus_next_request_id() on a table
 * @tab: table, or NULL if the channel has none
 * @addr: address to store
 *
 * Context: any; caller's lock.
 * Return: the id, never 0; %HVB_RQST_NO_REQUESTOR without a table;
 * %HVB_RQST_ERROR if all slots are in use.
 */
static __always_inline u64
hvb_rqst_next_id(struct hvb_txid_table *tab, u64 addr)
{
	struct hvb_txid_slot *slot;
	u32 index;

	if (!tab)
		return HVB_RQST_NO_REQUESTOR;
	if (!tab->free)
		return HVB_RQST_ERROR;
	index = tab->free - 1;
	slot = &tab->slots[index];
	tab->free = slot->next;
	slot->used = true;
	slot->addr = addr;
	return ((u64)slot->gen << tab->shift | index) + 1;
}

/**
 * hvb_rqst_addr_match() - vmbus_request_addr_match() on a table
 * @tab: table, or NULL if the channel has none
 * @id: id, any value
 * @addr: the id is given up only if this is its address, or if this is
 *	%HVB_RQST_ADDR_ANY
 *
 * Context: any; caller's lock.
 * Return: the address that was stored, whether it matches or not;
 * %HVB_RQST_NO_REQUESTOR without a table; %HVB_RQST_ERROR if the id isn't in
 * use.
 */
static __always_inline u64
hvb_rqst_addr_match(struct hvb_txid_table *tab, u64 id, u64 addr)
{
	struct hvb_txid_slot *slot;
	u64 stored;
	u32 index;

	if (!tab)
		return HVB_RQST_NO_REQUESTOR;

	/* 0 becomes a generation that there isn't. */
	id--;
	index = id & tab->mask;
	if (index >= tab->size)
		return HVB_RQST_ERROR;
	index = array_index_nospec(index, tab->size);
	slot = &tab->slots[index];
	if (!slot->used || slot->gen != id >> tab->shift)
		return HVB_RQST_ERROR;

	stored = slot->addr;
	if (addr == HVB_RQST_ADDR_ANY || addr == stored) {
		slot->used = false;
		slot->gen++;
		slot->next = tab->free;
		tab->free = index + 1;
	}
	return stored;
}

#endif /* _HV_VMBUS_LOGIC_TXID_H */
