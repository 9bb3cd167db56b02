// SPDX-License-Identifier: GPL-2.0-only
/* Transaction ids, see txid.h. */

#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
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
	tab->mask = (1U << tab->shift) - 1;
	for (i = 0; i + 1 < size; i++)
		slots[i].next = i + 2;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_txid_init);
