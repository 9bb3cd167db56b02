// SPDX-License-Identifier: GPL-2.0-only
/* Transaction ids, see txid.h. */

#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/nospec.h>
#include <linux/string.h>

#include "txid.h"

enum slot_state {
	SLOT_FREE = 0,
	SLOT_INFLIGHT,
	SLOT_CLAIMED,
};

static const char * const verdict_names[] = {
	[HVB_TXID_OK] = "ok",
	[HVB_TXID_UNSOLICITED] = "unsolicited",
	[HVB_TXID_RANGE] = "out of range",
	[HVB_TXID_STALE] = "stale",
	[HVB_TXID_DUPLICATE] = "duplicate",
	[HVB_TXID_KIND] = "wrong kind",
	[HVB_TXID_STATE] = "wrong state",
};

/**
 * hvb_txid_verdict_name() - describe a verdict
 * @verdict: verdict, any value
 *
 * Context: any.
 * Return: a short description.
 */
const char *hvb_txid_verdict_name(enum hvb_txid_verdict verdict)
{
	if ((unsigned int)verdict >= ARRAY_SIZE(verdict_names))
		return "invalid";
	return verdict_names[verdict];
}
EXPORT_SYMBOL_IF_KUNIT(hvb_txid_verdict_name);

static enum hvb_txid_verdict count(struct hvb_txid_table *tab,
				   enum hvb_txid_verdict verdict)
{
	tab->verdicts[verdict]++;
	return verdict;
}

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
 * hvb_txid_issue() - put a transaction in flight
 * @tab: table
 * @kind: who handles its completion
 * @cookie: value that claiming it will give back
 *
 * Context: any; caller's lock.
 * Return: the id to send, or 0 if all slots are in use.
 */
u64 hvb_txid_issue(struct hvb_txid_table *tab, u8 kind, u64 cookie)
{
	struct hvb_txid_slot *slot;
	u32 index;

	if (!tab->free) {
		tab->full++;
		return 0;
	}
	index = tab->free - 1;
	slot = &tab->slots[index];
	tab->free = slot->next;
	slot->state = SLOT_INFLIGHT;
	slot->kind = kind;
	slot->cookie = cookie;
	tab->inflight++;
	return ((u64)slot->gen << tab->shift | index) + 1;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_txid_issue);

/* Find the slot of an id that is not free, whatever the id. */
static __always_inline enum hvb_txid_verdict
find(struct hvb_txid_table *tab, u64 id, struct hvb_txid_slot **out)
{
	struct hvb_txid_slot *slot;
	u32 index;

	if (!id)
		return HVB_TXID_UNSOLICITED;
	id--;
	index = id & ((1U << tab->shift) - 1);
	if (index >= tab->size || id >> tab->shift > U32_MAX)
		return HVB_TXID_RANGE;
	slot = &tab->slots[array_index_nospec(index, tab->size)];
	if (slot->gen != id >> tab->shift || slot->state == SLOT_FREE)
		return HVB_TXID_STALE;
	*out = slot;
	return HVB_TXID_OK;
}

static void put_free(struct hvb_txid_table *tab, struct hvb_txid_slot *slot)
{
	slot->state = SLOT_FREE;
	slot->gen++;
	slot->next = tab->free;
	tab->free = slot - tab->slots + 1;
}

/**
 * hvb_txid_claim() - take a transaction that the host says is complete
 * @tab: table
 * @id: id from the host, any value
 * @kind: kind that the caller handles
 * @cookie: where to put the issuer's value; not written unless the claim
 *	succeeds
 *
 * The slot stays in use until hvb_txid_release(), so that whatever the cookie
 * stands for can be looked at without its id being issued again.
 *
 * Context: any; caller's lock.
 * Return: %HVB_TXID_OK if the transaction is the caller's now.
 */
enum hvb_txid_verdict hvb_txid_claim(struct hvb_txid_table *tab, u64 id,
				     u8 kind, u64 *cookie)
{
	struct hvb_txid_slot *slot;
	enum hvb_txid_verdict ret;

	ret = find(tab, id, &slot);
	if (ret != HVB_TXID_OK)
		return count(tab, ret);
	if (slot->state == SLOT_CLAIMED)
		return count(tab, HVB_TXID_DUPLICATE);
	if (slot->kind != kind)
		return count(tab, HVB_TXID_KIND);
	slot->state = SLOT_CLAIMED;
	tab->inflight--;
	tab->claimed++;
	*cookie = slot->cookie;
	return count(tab, HVB_TXID_OK);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_txid_claim);

/**
 * hvb_txid_release() - give back the slot of a claimed transaction
 * @tab: table
 * @id: its id
 *
 * Context: any; caller's lock.
 * Return: %HVB_TXID_OK, or why nothing was released.
 */
enum hvb_txid_verdict hvb_txid_release(struct hvb_txid_table *tab, u64 id)
{
	struct hvb_txid_slot *slot;
	enum hvb_txid_verdict ret;

	ret = find(tab, id, &slot);
	if (ret == HVB_TXID_OK && slot->state != SLOT_CLAIMED)
		ret = HVB_TXID_STATE;
	if (ret != HVB_TXID_OK)
		return count(tab, ret);
	tab->claimed--;
	put_free(tab, slot);
	return HVB_TXID_OK;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_txid_release);

/**
 * hvb_txid_cancel() - take back a transaction that nobody will complete
 * @tab: table
 * @id: its id
 * @cookie: where to put the issuer's value, or NULL
 *
 * For packets that could not be sent, and for cleaning up when a channel is
 * closed. A completion that comes in spite of it is stale.
 *
 * Context: any; caller's lock.
 * Return: %HVB_TXID_OK, or why there was nothing to take back.
 */
enum hvb_txid_verdict hvb_txid_cancel(struct hvb_txid_table *tab, u64 id,
				      u64 *cookie)
{
	struct hvb_txid_slot *slot;
	enum hvb_txid_verdict ret;

	ret = find(tab, id, &slot);
	if (ret == HVB_TXID_OK && slot->state != SLOT_INFLIGHT)
		ret = HVB_TXID_DUPLICATE;
	if (ret != HVB_TXID_OK)
		return count(tab, ret);
	if (cookie)
		*cookie = slot->cookie;
	tab->inflight--;
	put_free(tab, slot);
	return HVB_TXID_OK;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_txid_cancel);

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
	if (!tab)
		return HVB_RQST_NO_REQUESTOR;
	return hvb_txid_issue(tab, HVB_TXID_KIND_LEGACY, addr) ?:
	       HVB_RQST_ERROR;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_rqst_next_id);

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
	enum hvb_txid_verdict ret;
	u64 stored;

	if (!tab)
		return HVB_RQST_NO_REQUESTOR;
	ret = find(tab, id, &slot);
	if (ret == HVB_TXID_OK && slot->state != SLOT_INFLIGHT)
		ret = HVB_TXID_DUPLICATE;
	else if (ret == HVB_TXID_OK && slot->kind != HVB_TXID_KIND_LEGACY)
		ret = HVB_TXID_KIND;
	count(tab, ret);
	if (ret != HVB_TXID_OK)
		return HVB_RQST_ERROR;

	stored = slot->cookie;
	if (addr == HVB_RQST_ADDR_ANY || addr == stored) {
		tab->inflight--;
		put_free(tab, slot);
	}
	return stored;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_rqst_addr_match);
