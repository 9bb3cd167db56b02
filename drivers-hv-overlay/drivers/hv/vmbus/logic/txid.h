/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transaction ids: typed, single-shot slots.
 *
 * A packet that wants a completion carries an id that the host echoes. Here
 * an id names a slot of a table and a generation of it, never a guest address:
 *
 *	id = (generation << index bits | index) + 1
 *
 * so that 0, which hosts use for unsolicited packets, is never issued, and an
 * id that was completed once means nothing any more, even after its slot has
 * been issued again. The kind under which the slot was issued, not anything in
 * the host's packet, decides who handles the completion.
 *
 * Life of a slot: FREE -issue-> INFLIGHT -claim-> CLAIMED -release-> FREE,
 * or INFLIGHT -cancel-> FREE when the packet was never sent. Claiming is
 * single-shot: the second completion of an id is counted as a duplicate.
 *
 * Context: any. The caller's lock guards the table and memory of the slots.
 */
#ifndef _HV_VMBUS_LOGIC_TXID_H
#define _HV_VMBUS_LOGIC_TXID_H

#include <linux/limits.h>
#include <linux/types.h>

/* Generations wrap here; ids stay far below the reserved ones at U64_MAX. */
#define HVB_TXID_GEN_BITS		32
#define HVB_TXID_MAX_SLOTS	0x01000000U

/* Values of the requestor API in linux/hyperv.h. */
#define HVB_RQST_NO_REQUESTOR	U64_MAX
#define HVB_RQST_ERROR		(U64_MAX - 1)
#define HVB_RQST_ADDR_ANY	U64_MAX

/* Kind of the slots behind the requestor API; drivers' own kinds start at 1. */
#define HVB_TXID_KIND_LEGACY	0

/**
 * enum hvb_txid_verdict - what an id turned out to be
 * @HVB_TXID_OK: a slot in the state that was asked for
 * @HVB_TXID_UNSOLICITED: id 0
 * @HVB_TXID_RANGE: no such slot
 * @HVB_TXID_STALE: the slot was issued again, or freed, since
 * @HVB_TXID_DUPLICATE: the slot has been claimed already
 * @HVB_TXID_KIND: the slot is of another kind; it stays in flight
 * @HVB_TXID_STATE: release of a slot that was not claimed
 * @HVB_TXID_VERDICTS: number of verdicts
 */
enum hvb_txid_verdict {
	HVB_TXID_OK = 0,
	HVB_TXID_UNSOLICITED,
	HVB_TXID_RANGE,
	HVB_TXID_STALE,
	HVB_TXID_DUPLICATE,
	HVB_TXID_KIND,
	HVB_TXID_STATE,
	HVB_TXID_VERDICTS
};

/**
 * struct hvb_txid_slot - one transaction
 * @cookie: the issuer's value, while the slot is in use
 * @next: next free slot (index + 1), 0 at the end, while it is free
 * @gen: generation, changes whenever the slot becomes free
 * @kind: the issuer's kind
 * @state: private
 */
struct hvb_txid_slot {
	union {
		u64 cookie;
		u32 next;
	};
	u32 gen;
	u8 kind;
	u8 state;
};

/**
 * struct hvb_txid_table - transaction slots of a channel
 * @slots: memory for @size slots, the caller's
 * @size: number of slots
 * @free: first free slot (index + 1), 0 if there is none
 * @shift: index bits in an id
 * @inflight: slots that are issued and not claimed
 * @claimed: slots that are claimed and not released
 * @full: how often there was no free slot
 * @verdicts: how often each &enum hvb_txid_verdict was given
 */
struct hvb_txid_table {
	struct hvb_txid_slot *slots;
	u32 size;
	u32 free;
	u32 shift;
	u32 inflight;
	u32 claimed;
	u64 full;
	u64 verdicts[HVB_TXID_VERDICTS];
};

int hvb_txid_init(struct hvb_txid_table *tab, struct hvb_txid_slot *slots,
		  u32 size);
u64 hvb_txid_issue(struct hvb_txid_table *tab, u8 kind, u64 cookie);
enum hvb_txid_verdict hvb_txid_claim(struct hvb_txid_table *tab, u64 id,
				     u8 kind, u64 *cookie);
enum hvb_txid_verdict hvb_txid_release(struct hvb_txid_table *tab, u64 id);
enum hvb_txid_verdict hvb_txid_cancel(struct hvb_txid_table *tab, u64 id,
				      u64 *cookie);
const char *hvb_txid_verdict_name(enum hvb_txid_verdict verdict);

u64 hvb_rqst_next_id(struct hvb_txid_table *tab, u64 addr);
u64 hvb_rqst_addr_match(struct hvb_txid_table *tab, u64 id, u64 addr);

#endif /* _HV_VMBUS_LOGIC_TXID_H */
