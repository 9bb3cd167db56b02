// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots: everything but the way of a good completion, which is inline.
 */
#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/export.h>

#include "slot.h"

/* Does a slot's word name this id on this channel, in flight? */
static bool word_names(u32 word, u64 id, u32 chan)
{
	return (word & STV_SLOT_IN_FLIGHT) &&
	       (word >> STV_SLOT_CHAN_SHIFT & STV_SLOT_CHAN_MAX) == chan &&
	       (word & STV_SLOT_GEN_MASK) ==
	       (id >> STV_ID_GEN_SHIFT & STV_SLOT_GEN_MASK);
}

/**
 * stv_slot_why() - why a slot did not accept a completion
 * @word: the slot's word as it was
 * @id: transaction id
 * @chan: index of the channel that the packet arrived on
 *
 * Context: any.
 * Return: the reason.
 */
enum stv_reject stv_slot_why(u32 word, u64 id, u32 chan)
{
	if (!(word & STV_SLOT_IN_FLIGHT))
		return STV_REJECT_IDLE;
	if ((word >> STV_SLOT_CHAN_SHIFT & STV_SLOT_CHAN_MAX) != chan)
		return STV_REJECT_FOREIGN;
	return STV_REJECT_STALE;
}
EXPORT_SYMBOL_IF_KUNIT(stv_slot_why);

/**
 * stv_io_reject() - a packet that names a command is not its completion
 * @slot: slot of the command
 * @id: transaction id
 * @chan: index of the channel that the packet arrived on
 * @why: what is wrong with the packet
 *
 * If the command is in flight then the host may have answered it for good:
 * remember that, so that nobody waits for ever.
 *
 * Context: the reader of the channel.
 * Return: @why.
 */
enum stv_reject stv_io_reject(struct stv_slot *slot, u64 id, u32 chan,
			      enum stv_reject why)
{
	if (word_names(READ_ONCE(slot->word), id, chan))
		WRITE_ONCE(slot->suspect, true);
	return why;
}
EXPORT_SYMBOL_IF_KUNIT(stv_io_reject);

/**
 * stv_slot_revoke() - take a slot back from the host
 * @slot: the slot
 *
 * Context: the reader of the slot's channel has been stopped, or the packet was
 * not published.
 * Return: true if the slot was in flight; the request is then the caller's.
 */
bool stv_slot_revoke(struct stv_slot *slot)
{
	u32 word = READ_ONCE(slot->word);

	WRITE_ONCE(slot->word, word & ~STV_SLOT_IN_FLIGHT);
	return word & STV_SLOT_IN_FLIGHT;
}
EXPORT_SYMBOL_IF_KUNIT(stv_slot_revoke);

/**
 * stv_notice_claim() - accept a notice
 * @pkt: private copy of the payload
 * @ready: the adapter takes commands: the handshake is over
 * @is_fc: the adapter is a Fibre Channel one
 * @notice: where to put the notice
 *
 * Context: the reader of the channel.
 * Return: %STV_ACCEPT; else why not.
 */
enum stv_reject stv_notice_claim(const struct hv_view *pkt, bool ready,
				 bool is_fc, struct stv_notice *notice)
{
	int ret;

	ret = stv_parse_notice(pkt, notice);
	if (ret)
		return ret == -EBADMSG ? STV_REJECT_TRUNCATED :
					 STV_REJECT_NOTICE;
	if (!ready)
		return STV_REJECT_STATE;
	if (notice->kind == STV_NOTICE_WWN && !is_fc)
		return STV_REJECT_NOTICE;
	return STV_ACCEPT;
}
EXPORT_SYMBOL_IF_KUNIT(stv_notice_claim);

/**
 * stv_reject_name() - name of a reason, for logs and debugfs
 * @why: reason, any value
 *
 * Return: the name.
 */
const char *stv_reject_name(enum stv_reject why)
{
	static const char * const names[] = {
		[STV_ACCEPT] = "accepted",
		[STV_REJECT_TRUNCATED] = "truncated",
		[STV_REJECT_UNKNOWN] = "unknown",
		[STV_REJECT_IDLE] = "idle",
		[STV_REJECT_STALE] = "stale",
		[STV_REJECT_FOREIGN] = "foreign",
		[STV_REJECT_OPERATION] = "operation",
		[STV_REJECT_NOTICE] = "notice",
		[STV_REJECT_STATE] = "state",
		[STV_REJECT_TYPE] = "type",
	};

	if ((unsigned int)why >= ARRAY_SIZE(names))
		return "unknown reason";
	return names[why];
}
EXPORT_SYMBOL_IF_KUNIT(stv_reject_name);
