/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slots: which completion belongs to which request.
 *
 * Each tag of each hardware queue has a slot, and so has each of the two kinds
 * of requests that the driver makes itself.  A slot is armed when its request
 * is put into a ring, and says then on which channel that was and how often the
 * slot has been used (its generation).  All of it is one 32 bit word.  A
 * completion is accepted only if it names this very generation, on this very
 * channel, of a slot that is in flight; accepting it ends the flight. So a
 * request is completed once, whatever the host sends.
 *
 * The transaction id of a request holds its key and its generation:
 *
 *	bit 63		set: request of the driver itself
 *	bits 62 to 52	0
 *	bits 51 to 32	generation
 *	bits 31 to 0	key: unique tag of the command + 1, or &enum stv_own
 *
 * Transaction id 0 is none: it marks notices from the host.
 *
 * Who writes: the submitter arms an idle slot, before the packet is published.
 * The reader of the channel that the slot names accepts its completion.  There
 * is one reader per channel at any time, so no atomic is needed: the reader of
 * another channel only ever reads the word, and what it reads does not name its
 * channel.  To take a slot back (a command that was not sent after all; one
 * that the host will never complete) the caller must have stopped the reader,
 * or hold the lock of the ring and not have published the packet.
 *
 * Slots live in memory of the driver that is cleared once, not for each
 * command: the generation must survive.
 *
 * Context: any.  Builds in user space and on either byte order.
 */
#ifndef _HV_STORVSC_LOGIC_SLOT_H
#define _HV_STORVSC_LOGIC_SLOT_H

#include <asm/barrier.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include "../wire/vstor.h"

/**
 * enum stv_reject - why a packet from the host was not accepted; index of
 * counters, too
 * @STV_ACCEPT: it was
 * @STV_REJECT_TRUNCATED: too short for what it says it is
 * @STV_REJECT_UNKNOWN: no such request, now or ever
 * @STV_REJECT_IDLE: that request is not in flight, or was completed before
 * @STV_REJECT_STALE: the request was used again since
 * @STV_REJECT_FOREIGN: the request was sent on another channel
 * @STV_REJECT_OPERATION: the answer to a command is no completion
 * @STV_REJECT_NOTICE: a notice that hosts don't send
 * @STV_REJECT_STATE: right packet, wrong time
 * @STV_REJECT_TYPE: a VMBus packet of the wrong type
 * @STV_REJECTS: number of reasons
 */
enum stv_reject {
	STV_ACCEPT,
	STV_REJECT_TRUNCATED,
	STV_REJECT_UNKNOWN,
	STV_REJECT_IDLE,
	STV_REJECT_STALE,
	STV_REJECT_FOREIGN,
	STV_REJECT_OPERATION,
	STV_REJECT_NOTICE,
	STV_REJECT_STATE,
	STV_REJECT_TYPE,
	STV_REJECTS,
};

/**
 * enum stv_own - requests that the driver itself makes, keys of their slots
 * @STV_OWN_INIT: a message of the handshake
 * @STV_OWN_RESET: a bus reset
 */
enum stv_own {
	STV_OWN_INIT = 1,
	STV_OWN_RESET = 2,
};

/**
 * enum stv_id_kind - what a transaction id names
 * @STV_ID_NOTICE: nothing: the packet is a notice
 * @STV_ID_IO: a SCSI command; the key is its unique tag
 * @STV_ID_OWN: a request of the driver; the key is an &enum stv_own
 * @STV_ID_BAD: no id that a guest would make
 */
enum stv_id_kind {
	STV_ID_NOTICE,
	STV_ID_IO,
	STV_ID_OWN,
	STV_ID_BAD,
};

/* The word of a slot. */
#define STV_SLOT_IN_FLIGHT	BIT(31)
#define STV_SLOT_CHAN_SHIFT	20
#define STV_SLOT_CHAN_MAX	(BIT(11) - 1)
#define STV_SLOT_GEN_MASK	(BIT(20) - 1)

/* The parts of a transaction id. */
#define STV_ID_OWN_BIT		BIT_ULL(63)
#define STV_ID_ZERO_MASK	GENMASK_ULL(62, 52)
#define STV_ID_GEN_SHIFT	32

/**
 * struct stv_slot - one request
 * @word: in flight, channel, generation
 * @suspect: the host answered this request with something that is no
 *	     completion, so none may ever come; written by the channel's reader
 */
struct stv_slot {
	u32 word;
	bool suspect;
};

enum stv_reject stv_slot_why(u32 word, u64 id, u32 chan);
bool stv_slot_revoke(struct stv_slot *slot);
const char *stv_reject_name(enum stv_reject why);

/**
 * stv_id_split() - find out what a transaction id names
 * @id: transaction id, any value
 * @key: unique tag or &enum stv_own; written for %STV_ID_IO and %STV_ID_OWN
 *
 * The caller looks the request up; a tag is any 32 bit number and must be
 * checked against those in use.
 *
 * Context: any; the hot path of completion.
 * Return: what sort of request the key belongs to.
 */
static __always_inline enum stv_id_kind stv_id_split(u64 id, u32 *key)
{
	u32 low = (u32)id;

	if (likely(low && id >> STV_ID_GEN_SHIFT <= STV_SLOT_GEN_MASK)) {
		*key = low - 1;
		return STV_ID_IO;
	}
	if (!id)
		return STV_ID_NOTICE;
	if ((id & STV_ID_OWN_BIT) && !(id & STV_ID_ZERO_MASK) &&
	    (low == STV_OWN_INIT || low == STV_OWN_RESET)) {
		*key = low;
		return STV_ID_OWN;
	}
	return STV_ID_BAD;
}

/**
 * stv_slot_arm() - a request is about to be published
 * @slot: its slot, idle
 * @chan: index of the channel, at most %STV_SLOT_CHAN_MAX
 *
 * Return: the generation for the transaction id.
 */
static __always_inline u32 stv_slot_arm(struct stv_slot *slot, u32 chan)
{
	u32 gen = (slot->word + 1) & STV_SLOT_GEN_MASK;

	slot->suspect = false;
	/* Pairs with stv_slot_claim(): what the slot stands for comes first. */
	smp_store_release(&slot->word, STV_SLOT_IN_FLIGHT |
			  chan << STV_SLOT_CHAN_SHIFT | gen);
	return gen;
}

/**
 * stv_slot_in_flight() - is a request with the host?
 * @slot: its slot
 *
 * Return: true from stv_slot_arm() on until its completion was accepted.
 */
static inline bool stv_slot_in_flight(const struct stv_slot *slot)
{
	return READ_ONCE(slot->word) & STV_SLOT_IN_FLIGHT;
}

/**
 * stv_slot_chan() - the channel that a request was sent on last
 * @slot: its slot
 *
 * Return: index of the channel.
 */
static inline u32 stv_slot_chan(const struct stv_slot *slot)
{
	return READ_ONCE(slot->word) >> STV_SLOT_CHAN_SHIFT & STV_SLOT_CHAN_MAX;
}

/**
 * stv_slot_suspect() - may a request have been answered without a completion?
 * @slot: its slot
 *
 * Return: true if the host answered it with something else.
 */
static inline bool stv_slot_suspect(const struct stv_slot *slot)
{
	return READ_ONCE(slot->suspect);
}

/**
 * stv_io_id() - transaction id of a SCSI command
 * @tag: unique tag of the command, below %U32_MAX
 * @gen: what stv_slot_arm() returned
 *
 * Return: the id.
 */
static __always_inline u64 stv_io_id(u32 tag, u32 gen)
{
	return (u64)gen << STV_ID_GEN_SHIFT | (tag + 1);
}

/**
 * stv_own_id() - transaction id of a request of the driver
 * @own: which one
 * @gen: what stv_slot_arm() returned
 *
 * Return: the id.
 */
static inline u64 stv_own_id(enum stv_own own, u32 gen)
{
	return STV_ID_OWN_BIT | (u64)gen << STV_ID_GEN_SHIFT | own;
}

/**
 * stv_slot_claim() - accept a completion
 * @slot: slot of the request that the transaction id names, of either kind
 * @id: transaction id
 * @chan: index of the channel that the packet arrived on
 *
 * Context: the reader of the channel.
 * Return: %STV_ACCEPT, and the request is the caller's, with all that was
 * written to it before stv_slot_arm(); else why not.
 */
static __always_inline enum stv_reject
stv_slot_claim(struct stv_slot *slot, u64 id, u32 chan)
{
	u32 gen = id >> STV_ID_GEN_SHIFT & STV_SLOT_GEN_MASK;
	/* Pairs with stv_slot_arm(): who the request belongs to comes after. */
	u32 word = smp_load_acquire(&slot->word);

	if (unlikely(word != (STV_SLOT_IN_FLIGHT |
			      chan << STV_SLOT_CHAN_SHIFT | gen)))
		return stv_slot_why(word, id, chan);
	WRITE_ONCE(slot->word, word & ~STV_SLOT_IN_FLIGHT);
	return STV_ACCEPT;
}

enum stv_reject stv_notice_claim(const struct hv_view *pkt, bool ready,
				 bool is_fc, struct stv_notice *notice);
enum stv_reject stv_io_reject(struct stv_slot *slot, u64 id, u32 chan,
			      enum stv_reject why);

/**
 * stv_io_claim() - accept the completion of a SCSI command
 * @slot: slot of the command that the transaction id names
 * @id: transaction id
 * @chan: index of the channel that the packet arrived on
 * @pkt: private copy of the payload
 *
 * Nothing changes unless everything fits.  So the caller may unmap and complete
 * what is accepted, and must leave alone what is not.
 *
 * Context: the reader of the channel; the hot path of completion.
 * Return: %STV_ACCEPT, and the command is the caller's, and @pkt has at least
 * %STV_PKT_LEN bytes; else why not.
 */
static __always_inline enum stv_reject
stv_io_claim(struct stv_slot *slot, u64 id, u32 chan, const struct hv_view *pkt)
{
	u32 op;

	if (unlikely(pkt->len < STV_PKT_LEN))
		return stv_io_reject(slot, id, chan, STV_REJECT_TRUNCATED);
	if (unlikely(stv_parse_op(pkt, &op) || op != STV_OP_COMPLETE_IO))
		return stv_io_reject(slot, id, chan, STV_REJECT_OPERATION);
	return stv_slot_claim(slot, id, chan);
}

#endif /* _HV_STORVSC_LOGIC_SLOT_H */
