// SPDX-License-Identifier: GPL-2.0-only
/*
 * Storage messages: everything but SCSI commands, whose code is inline.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "vstor.h"

/* Version: major and minor; revision, which is 0 in guests. */
#define VERSION_NUMBER		STV_OFF_BODY

#define SUB_CHANNEL_COUNT	STV_OFF_BODY

/* Properties: reserved words around what is used. */
#define PROPS_MAX_CHANNELS	(STV_OFF_BODY + 4)
#define PROPS_FLAGS		(STV_OFF_BODY + 8)
#define PROPS_MAX_TRANSFER	(STV_OFF_BODY + 12)

/* Names: which pair is active, padding, then two pairs, big endian. */
#define WWN_PRIMARY_ACTIVE	STV_OFF_BODY
#define WWN_PRIMARY		(STV_OFF_BODY + 4)
#define WWN_SECONDARY		(STV_OFF_BODY + 20)
#define WWN_LEN			8

/**
 * stv_tmpl_init() - make the template of the SRBs for a device
 * @tmpl: template
 * @addr: address of the device
 * @tagged: the device may queue and reorder commands
 *
 * Context: any; no command of the device is being submitted.
 */
void stv_tmpl_init(struct stv_tmpl *tmpl, const struct stv_addr *addr,
		   bool tagged)
{
	static const u32 dir_flags[STV_DIRS] = {
		[STV_DIR_OUT] = STV_SRB_DATA_OUT,
		[STV_DIR_IN] = STV_SRB_DATA_IN,
	};
	u32 flags = STV_SRB_NO_SYNC_TRANSFER;
	u8 tag = 0, action = 0;
	u64 dir;

	if (tagged) {
		flags |= STV_SRB_QUEUE_ACTION | STV_SRB_NO_QUEUE_FREEZE;
		tag = STV_TAG_NONE;
		action = STV_ACTION_SIMPLE;
	}
	for (dir = 0; dir < STV_DIRS; dir++) {
		tmpl->addr[dir] = addr->port | (u64)addr->path << 8 |
				  (u64)addr->target << 16 |
				  (u64)addr->lun << 24 |
				  (u64)STV_SENSE_MAX << 40 | dir << 48;
		tmpl->queue[dir] = (u64)tag << 16 | (u64)action << 24 |
				   (u64)(flags | dir_flags[dir]) << 32;
	}
}
EXPORT_SYMBOL_IF_KUNIT(stv_tmpl_init);

/**
 * stv_put_request() - write a message that has no body
 * @buf: where to, %STV_PKT_LEN bytes of private memory
 * @op: what it is
 *
 * Context: any.
 */
void stv_put_request(void *buf, enum stv_op op)
{
	memset(buf, 0, STV_PKT_LEN);
	put_unaligned_le32(op, buf + STV_OFF_OP);
	put_unaligned_le32(STV_FLAG_COMPLETION, buf + STV_OFF_FLAGS);
}
EXPORT_SYMBOL_IF_KUNIT(stv_put_request);

/**
 * stv_put_version() - write the proposal of a version
 * @buf: where to, %STV_PKT_LEN bytes of private memory
 * @version: the version
 *
 * Context: any.
 */
void stv_put_version(void *buf, u16 version)
{
	stv_put_request(buf, STV_OP_QUERY_VERSION);
	put_unaligned_le16(version, buf + VERSION_NUMBER);
}
EXPORT_SYMBOL_IF_KUNIT(stv_put_version);

/**
 * stv_put_sub_channels() - write the request for sub-channels
 * @buf: where to, %STV_PKT_LEN bytes of private memory
 * @count: their number
 *
 * Context: any.
 */
void stv_put_sub_channels(void *buf, u16 count)
{
	stv_put_request(buf, STV_OP_CREATE_SUB_CHANNELS);
	put_unaligned_le16(count, buf + SUB_CHANNEL_COUNT);
}
EXPORT_SYMBOL_IF_KUNIT(stv_put_sub_channels);

/**
 * stv_parse_comp() - read the completion of a SCSI command
 * @pkt: private copy of the payload; stv_io_claim() has accepted it
 * @comp: where to put it; all of it is written; points into @pkt
 *
 * A packet that is too short gives a completion that is an error.
 *
 * Context: any.
 */
void stv_parse_comp(const struct hv_view *pkt, struct stv_comp *comp)
{
	u32 sense_len;

	*comp = (struct stv_comp) {};
	if (pkt->len < STV_PKT_LEN)
		return;
	sense_len = min_t(u32, pkt->p[STV_OFF_SENSE_LEN], STV_SENSE_MAX);
	comp->status = get_unaligned_le32(pkt->p + STV_OFF_STATUS);
	comp->data_len = get_unaligned_le32(pkt->p + STV_OFF_DATA_LEN);
	comp->srb_status = pkt->p[STV_OFF_SRB_STATUS];
	comp->scsi_status = pkt->p[STV_OFF_SCSI_STATUS];
	comp->sense = hv_view_of(pkt->p + STV_OFF_SENSE, sense_len);
}
EXPORT_SYMBOL_IF_KUNIT(stv_parse_comp);

/**
 * stv_parse_reply() - read the head of a completion
 * @pkt: private copy of the payload
 * @reply: where to put it
 *
 * Hosts complete a request with a packet of the same length, so a shorter one
 * is wrong even if all that matters is in it.
 *
 * Context: any.
 * Return: 0; -EBADMSG if the packet is too short.
 */
int stv_parse_reply(const struct hv_view *pkt, struct stv_reply *reply)
{
	if (pkt->len < STV_PKT_LEN)
		return -EBADMSG;
	reply->op = get_unaligned_le32(pkt->p + STV_OFF_OP);
	reply->status = get_unaligned_le32(pkt->p + STV_OFF_STATUS);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(stv_parse_reply);

/**
 * stv_parse_props() - read the completion of a property query
 * @pkt: private copy of the payload
 * @props: where to put it
 *
 * Context: any.
 * Return: 0; -EBADMSG if the packet is too short.
 */
int stv_parse_props(const struct hv_view *pkt, struct stv_props *props)
{
	struct stv_props val;
	int ret;

	ret = hv_view_le16(pkt, PROPS_MAX_CHANNELS, &val.max_channels);
	ret = ret ?: hv_view_le32(pkt, PROPS_FLAGS, &val.flags);
	ret = ret ?: hv_view_le32(pkt, PROPS_MAX_TRANSFER, &val.max_transfer);
	if (!ret)
		*props = val;
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(stv_parse_props);

/**
 * stv_parse_wwn() - read Fibre Channel names
 * @pkt: private copy of the payload, of a completion or a notice
 * @wwn: where to put the names of the active port
 *
 * Both pairs of names must be there, whichever is active.
 *
 * Context: any.
 * Return: 0; -EBADMSG if the packet is too short.
 */
int stv_parse_wwn(const struct hv_view *pkt, struct stv_wwn *wwn)
{
	u32 active;

	if (!hv_view_has(pkt, WWN_SECONDARY, 2 * WWN_LEN))
		return -EBADMSG;
	active = pkt->p[WWN_PRIMARY_ACTIVE] ? WWN_PRIMARY : WWN_SECONDARY;
	wwn->port = get_unaligned_be64(pkt->p + active);
	wwn->node = get_unaligned_be64(pkt->p + active + WWN_LEN);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(stv_parse_wwn);

/**
 * stv_parse_notice() - read a notice
 * @pkt: private copy of the payload
 * @notice: where to put it
 *
 * Context: any.
 * Return: 0; -EBADMSG if the packet is too short; -EPROTO if it is none of
 * those that hosts send, which includes completions.
 */
int stv_parse_notice(const struct hv_view *pkt, struct stv_notice *notice)
{
	u32 op;
	int ret;

	ret = stv_parse_op(pkt, &op);
	if (ret)
		return ret;

	switch (op) {
	case STV_OP_REMOVE_DEVICE:
	case STV_OP_ENUMERATE_BUS:
		*notice = (struct stv_notice) { .kind = STV_NOTICE_BUS };
		return 0;
	case STV_OP_FCHBA_DATA:
		ret = stv_parse_wwn(pkt, &notice->wwn);
		if (!ret)
			notice->kind = STV_NOTICE_WWN;
		return ret;
	default:
		return -EPROTO;
	}
}
EXPORT_SYMBOL_IF_KUNIT(stv_parse_notice);
