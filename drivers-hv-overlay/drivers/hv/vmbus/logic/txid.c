// SPDX-License-Identifier: GPL-2.0-only
/* Transaction ids, see txid.h. */

#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/nospec.h>
#include <linux/string.h>

#include "txid.h"

/**
 * hvb_txid_init() - make a table of free slots
 * @tab: table
 * @slots: memory for @size slots; need not be initialised
 * @size: number of slots, 1 to %HVB_TXID_MAX_SLOTS
 *
 * Context: any.
 * Return: 0, or -EINVAL.
 */
int hvb_txid_init(struct hvb_txid_table *tab, struct hvb_txid_slot *slots,
		  u32 size)
{
	u32 i;

	if (!slots || !size || size > HVB_TXID_MAX_SLOTS)
		return -EINVAL;

	memset(tab, 0, sizeof(*tab));
	memset(slots, 0, sizeof(*slots) * (size_t)size);
	tab->slots = slots;
	tab->size = size;
	tab->free = 1;
	while ((1U << tab->shift) < size)
		tab->shift++;
	for (i = 0; i + 1 < size; i++)
		slots[i].next = i + 2;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_txid_init);

/**
 * hvb_rqst_next_id() - vmbus_next_request_id() on a table
 * @tab: table, or NULL if the channel has none
 * @addr: address to store
 *
 * Context: any; caller's lock.
 * Return: the id, never 0; %HVB_RQST_NO_REQUESTOR without a table;
 * %HVB_RQST_ERROR if all slots are in use.
 */
u64 hvb_rqst_next_id(struct hvb_txid_table *tab, u64 addr)
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
EXPORT_SYMBOL_IF_KUNIT(hvb_rqst_next_id);

/* Find the slot of an id that is in flight, whatever the id. */
static __always_inline struct hvb_txid_slot *find(struct hvb_txid_table *tab,
						  u64 id)
{
	struct hvb_txid_slot *slot;
	u32 index;

	/* 0 becomes a generation that there isn't. */
	id--;
	index = id & ((1U << tab->shift) - 1);
	if (index >= tab->size)
		return NULL;
	slot = &tab->slots[array_index_nospec(index, tab->size)];
	return slot->used && slot->gen == id >> tab->shift ? slot : NULL;
}

static void put_free(struct hvb_txid_table *tab, struct hvb_txid_slot *slot)
{
	slot->used = false;
	slot->gen++;
	slot->next = tab->free;
	tab->free = slot - tab->slots + 1;
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
u64 hvb_rqst_addr_match(struct hvb_txid_table *tab, u64 id, u64 addr)
{
	struct hvb_txid_slot *slot;
	u64 stored;

	if (!tab)
		return HVB_RQST_NO_REQUESTOR;
	slot = find(tab, id);
	if (!slot)
		return HVB_RQST_ERROR;

	stored = slot->addr;
	if (addr == HVB_RQST_ADDR_ANY || addr == stored)
		put_free(tab, slot);
	return stored;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_rqst_addr_match);
