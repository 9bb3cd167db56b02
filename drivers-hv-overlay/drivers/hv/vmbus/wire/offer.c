// SPDX-License-Identifier: GPL-2.0-only
/* Channel offers and device classes, see offer.h. */

#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/build_bug.h>
#include <linux/export.h>

#include "chanmsg.h"
#include "offer.h"

/* Layout of OFFERCHANNEL (VMBus protocol), offsets in bytes. */
#define OFF_TYPE		8
#define OFF_INSTANCE		24
#define OFF_FLAGS		56
#define OFF_MMIO_MB		58
#define OFF_USER_DEF		60
#define OFF_SUB_INDEX		180
#define OFF_RELID		184
#define OFF_MONITOR_ID		188
#define OFF_MONITOR_FLAGS	189
#define OFF_INT_FLAGS		190
#define OFF_CONN_ID		192

#define MONITOR_ALLOCATED	0x01
#define INT_DEDICATED		0x0001

struct offer_raw {
	u16 flags;
	u16 mmio_mb;
	u16 sub_index;
	u16 int_flags;
	u32 relid;
	u32 conn_id;
	u8 monitor_id;
	u8 monitor_flags;
};

static int offer_read(const struct hv_view *msg, struct offer_raw *raw,
		      struct hvb_offer *o)
{
	return hv_view_guid(msg, OFF_TYPE, &o->type) ?:
	       hv_view_guid(msg, OFF_INSTANCE, &o->instance) ?:
	       hv_view_le16(msg, OFF_FLAGS, &raw->flags) ?:
	       hv_view_le16(msg, OFF_MMIO_MB, &raw->mmio_mb) ?:
	       hv_view_copy(msg, OFF_USER_DEF, o->user_def,
			    sizeof(o->user_def)) ?:
	       hv_view_le16(msg, OFF_SUB_INDEX, &raw->sub_index) ?:
	       hv_view_le32(msg, OFF_RELID, &raw->relid) ?:
	       hv_view_u8(msg, OFF_MONITOR_ID, &raw->monitor_id) ?:
	       hv_view_u8(msg, OFF_MONITOR_FLAGS, &raw->monitor_flags) ?:
	       hv_view_le16(msg, OFF_INT_FLAGS, &raw->int_flags) ?:
	       hv_view_le32(msg, OFF_CONN_ID, &raw->conn_id);
}

static enum hvb_reject offer_check(const struct offer_raw *raw,
				   const struct hvb_offer *o)
{
	if (!hvb_relid_valid(raw->relid))
		return HVB_REJ_RELID;
	if (guid_is_null(&o->type))
		return HVB_REJ_GUID;
	if (raw->conn_id & ~HVB_CONN_ID_MASK)
		return HVB_REJ_CONN_ID;
	if (raw->sub_index > HVB_SUB_INDEX_MAX)
		return HVB_REJ_SUB_INDEX;
	if (raw->sub_index && (raw->flags & HVB_OFFER_TLNPI))
		return HVB_REJ_SUB_INDEX;
	return HVB_OK;
}

static enum hvb_reject offer_pipe(struct hvb_offer *o)
{
	struct hv_view user = hv_view_of(o->user_def, sizeof(o->user_def));

	o->pipe = o->flags & HVB_OFFER_NAMED_PIPE;
	if (!o->pipe)
		return HVB_OK;
	if (hv_view_le32(&user, 0, &o->pipe_mode))
		return HVB_REJ_SHORT;
	if (o->pipe_mode != HVB_PIPE_BYTE && o->pipe_mode != HVB_PIPE_MESSAGE)
		return HVB_REJ_PIPE_MODE;
	return HVB_OK;
}

/**
 * hvb_offer_decode() - turn an OFFERCHANNEL message into a value
 * @msg: private copy of the message, header included; may be longer
 * @out: where to put the offer; contents undefined if it is refused
 *
 * A monitor id that is out of range does not cost the device: the channel
 * falls back to doorbells and &hvb_offer.monitor_bad says so.
 *
 * Source: VMBus protocol, OFFERCHANNEL; the layout is the same in all
 * versions from 2.4 on.
 *
 * Context: any.
 * Return: %HVB_OK, or why the offer is refused.
 */
enum hvb_reject hvb_offer_decode(const struct hv_view *msg,
				 struct hvb_offer *out)
{
	struct offer_raw raw = {};
	enum hvb_reject why;

	memset(out, 0, sizeof(*out));
	if (offer_read(msg, &raw, out))
		return HVB_REJ_SHORT;
	why = offer_check(&raw, out);
	if (why != HVB_OK)
		return why;

	out->relid = raw.relid;
	out->connection_id = raw.conn_id;
	out->flags = raw.flags;
	out->mmio_mb = raw.mmio_mb;
	out->sub_index = raw.sub_index;
	out->hvsock = raw.flags & HVB_OFFER_TLNPI;
	out->dedicated = raw.int_flags & INT_DEDICATED;
	if (raw.monitor_flags & MONITOR_ALLOCATED) {
		out->monitored = hvb_monitor_place(raw.monitor_id, &out->mon);
		out->monitor_bad = !out->monitored;
	}
	return offer_pipe(out);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_offer_decode);

/* Interface types (VMBus protocol). */
const struct hvb_dev_class hvb_dev_classes[HVB_DEV_COUNT] = {
	[HVB_DEV_IDE] = {
		.guid = GUID_INIT(0x32412632, 0x86cb, 0x44a2, 0x9b, 0x5c,
				  0x50, 0xd1, 0x41, 0x73, 0x54, 0xf5),
		.name = "ide",
		.perf = true,
	},
	[HVB_DEV_SCSI] = {
		.guid = GUID_INIT(0xba6163d9, 0x04a1, 0x4d29, 0xb6, 0x05,
				  0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f),
		.name = "scsi",
		.perf = true,
		.isolated = true,
	},
	[HVB_DEV_FC] = {
		.guid = GUID_INIT(0x2f9bcc4a, 0x0069, 0x4af3, 0xb7, 0x6b,
				  0x6f, 0xd0, 0xbe, 0x52, 0x8c, 0xda),
		.name = "fibre channel",
		.perf = true,
	},
	[HVB_DEV_NIC] = {
		.guid = GUID_INIT(0xf8615163, 0xdf3e, 0x46c5, 0x91, 0x3f,
				  0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e),
		.name = "network",
		.perf = true,
		.isolated = true,
	},
	[HVB_DEV_ND] = {
		.guid = GUID_INIT(0x8c2eaf3d, 0x32a7, 0x4b09, 0xab, 0x99,
				  0xbd, 0x1f, 0x1c, 0x86, 0xb5, 0x01),
		.name = "network direct",
		.perf = true,
	},
	[HVB_DEV_PCIE] = {
		.guid = GUID_INIT(0x44c4f61d, 0x4444, 0x4400, 0x9d, 0x52,
				  0x80, 0x2e, 0x27, 0xed, 0xe1, 0x9f),
		.name = "pci",
		.isolated = true,
	},
	[HVB_DEV_FB] = {
		.guid = GUID_INIT(0xda0a7802, 0xe377, 0x4aac, 0x8e, 0x77,
				  0x05, 0x58, 0xeb, 0x10, 0x73, 0xf8),
		.name = "video",
	},
	[HVB_DEV_KBD] = {
		.guid = GUID_INIT(0xf912ad6d, 0x2b17, 0x48ea, 0xbd, 0x65,
				  0xf9, 0x27, 0xa6, 0x1c, 0x76, 0x84),
		.name = "keyboard",
	},
	[HVB_DEV_MOUSE] = {
		.guid = GUID_INIT(0xcfa8b69e, 0x5b4a, 0x4cc0, 0xb9, 0x8b,
				  0x8b, 0xa1, 0xa1, 0xf3, 0xf9, 0x5a),
		.name = "mouse",
	},
	[HVB_DEV_KVP] = {
		.guid = GUID_INIT(0xa9a0f4e7, 0x5a45, 0x4d96, 0xb8, 0x27,
				  0x8a, 0x84, 0x1e, 0x8c, 0x03, 0xe6),
		.name = "key-value exchange",
	},
	[HVB_DEV_TS] = {
		.guid = GUID_INIT(0x9527e630, 0xd0ae, 0x497b, 0xad, 0xce,
				  0xe8, 0x0a, 0xb0, 0x17, 0x5c, 0xaf),
		.name = "time sync",
		.isolated = true,
	},
	[HVB_DEV_HB] = {
		.guid = GUID_INIT(0x57164f39, 0x9115, 0x4e78, 0xab, 0x55,
				  0x38, 0x2f, 0x3b, 0xd5, 0x42, 0x2d),
		.name = "heartbeat",
		.isolated = true,
	},
	[HVB_DEV_SHUTDOWN] = {
		.guid = GUID_INIT(0x0e0b6031, 0x5213, 0x4934, 0x81, 0x8b,
				  0x38, 0xd9, 0x0c, 0xed, 0x39, 0xdb),
		.name = "shutdown",
		.isolated = true,
	},
	[HVB_DEV_FCOPY] = {
		.guid = GUID_INIT(0x34d14be3, 0xdee4, 0x41c8, 0x9a, 0xe7,
				  0x6b, 0x17, 0x49, 0x77, 0xc1, 0x92),
		.name = "file copy",
		.ring_size = 0x4000,
	},
	[HVB_DEV_BACKUP] = {
		.guid = GUID_INIT(0x35fa2e29, 0xea23, 0x4236, 0x96, 0xae,
				  0x3a, 0x6e, 0xba, 0xcb, 0xa4, 0x40),
		.name = "backup",
	},
	[HVB_DEV_DM] = {
		.guid = GUID_INIT(0x525074dc, 0x8985, 0x46e2, 0x80, 0x57,
				  0xa3, 0x07, 0xdc, 0x18, 0xa5, 0x02),
		.name = "dynamic memory",
	},
	[HVB_DEV_UNKNOWN] = {
		/* 64 KiB of data and a header: enough for what nobody knows */
		.name = "unknown",
		.ring_size = 0x11000,
	},
};
EXPORT_SYMBOL_IF_KUNIT(hvb_dev_classes);

/*
 * Devices that hosts offer to every guest and that only Windows has a use for:
 * two for virtual machine activation, remote desktop, initial configuration.
 */
static const guid_t unsupported_types[] = {
	GUID_INIT(0xf8e65716, 0x3cb3, 0x4a06, 0x9a, 0x60,
		  0x18, 0x89, 0xc5, 0xcc, 0xca, 0xb5),
	GUID_INIT(0x3375baf4, 0x9e15, 0x4b30, 0xb7, 0x65,
		  0x67, 0xac, 0xb1, 0x0d, 0x60, 0x7b),
	GUID_INIT(0x276aacf4, 0xac15, 0x426c, 0x98, 0xdd,
		  0x75, 0x21, 0xad, 0x3f, 0x01, 0xfe),
	GUID_INIT(0xc376c1c3, 0xd276, 0x48d2, 0x90, 0xa9,
		  0xc0, 0x47, 0x48, 0x07, 0x2c, 0x60),
};

/**
 * hvb_dev_type() - find the class of a device
 * @type: interface type from its offer
 * @hvsock: the offer is a socket; its "type" is an endpoint id then
 *
 * Context: any.
 * Return: the class, %HVB_DEV_UNKNOWN for sockets and for what isn't known.
 */
enum hvb_dev_type hvb_dev_type(const guid_t *type, bool hvsock)
{
	unsigned int i;

	if (hvsock)
		return HVB_DEV_UNKNOWN;
	for (i = 0; i < HVB_DEV_UNKNOWN; i++)
		if (guid_equal(type, &hvb_dev_classes[i].guid))
			break;
	return i;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_dev_type);

/**
 * hvb_dev_unsupported() - test for a device that only other guests use
 * @type: interface type from its offer
 *
 * Such a device is %HVB_DEV_UNKNOWN, and that isn't worth a message.
 *
 * Context: any.
 * Return: true if it is one of them.
 */
bool hvb_dev_unsupported(const guid_t *type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unsupported_types); i++)
		if (guid_equal(type, &unsupported_types[i]))
			return true;
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_dev_unsupported);

/**
 * hvb_offer_allowed_isolated() - decide on an offer to a confidential VM
 * @offer: the offer
 *
 * Only devices whose drivers are hardened against their host are let in;
 * sockets carry data that their users have to distrust anyway.
 *
 * Context: any.
 * Return: true if the offer may be accepted.
 */
bool hvb_offer_allowed_isolated(const struct hvb_offer *offer)
{
	if (offer->hvsock)
		return true;
	return hvb_dev_classes[hvb_dev_type(&offer->type, false)].isolated;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_offer_allowed_isolated);
