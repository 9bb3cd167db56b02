// SPDX-License-Identifier: GPL-2.0-only
/* VMBus control messages, see chanmsg.h. */

#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "chanmsg.h"

#define IN		HVB_MSG_F_IN
#define OUT		HVB_MSG_F_OUT
#define KNOWN		HVB_MSG_F_KNOWN
#define SLEEPS		HVB_MSG_F_SLEEPS

#define IF_CONTACT	BIT(HVB_CONN_CONTACT)
#define IF_UP		BIT(HVB_CONN_UP)
#define IF_CHANNELS	(IF_UP | BIT(HVB_CONN_SUSPEND))
#define IF_UNLOAD	BIT(HVB_CONN_UNLOAD)

/* Body lengths behind the header, VMBus protocol. */
#define LEN(body)	(HVB_MSG_HDR_LEN + (body))

/*
 * A VERSION_RESPONSE had no connection id before 5.0, and one that refuses a
 * version may be as short as then.
 */
#define VERSION_RESPONSE_MIN	LEN(2)

#define MSG(_type, _name, _flags, _states, _min_len, _min_version)	\
	[_type] = {							\
		.name = _name,						\
		.flags = _flags,					\
		.states = _states,					\
		.min_len = _min_len,					\
		.min_version = _min_version,				\
	}

static const struct hvb_msg_info msg_infos[HVB_MSG_COUNT] = {
	MSG(HVB_MSG_OFFER, "OFFERCHANNEL",
	    IN | SLEEPS, IF_UP, HVB_OFFER_LEN, 0),
	MSG(HVB_MSG_RESCIND, "RESCIND_CHANNELOFFER",
	    IN | SLEEPS, IF_CHANNELS, LEN(4), 0),
	MSG(HVB_MSG_REQUEST_OFFERS, "REQUESTOFFERS", OUT, 0, LEN(0), 0),
	MSG(HVB_MSG_ALL_OFFERS, "ALLOFFERS_DELIVERED", IN, IF_UP, LEN(0), 0),
	MSG(HVB_MSG_OPEN, "OPENCHANNEL", OUT, 0, LEN(140), 0),
	MSG(HVB_MSG_OPEN_RESULT, "OPENCHANNEL_RESULT",
	    IN, IF_CHANNELS, LEN(12), 0),
	MSG(HVB_MSG_CLOSE, "CLOSECHANNEL", OUT, 0, LEN(4), 0),
	MSG(HVB_MSG_GPADL_HEADER, "GPADL_HEADER", OUT, 0, LEN(20), 0),
	MSG(HVB_MSG_GPADL_BODY, "GPADL_BODY", OUT, 0, LEN(8), 0),
	MSG(HVB_MSG_GPADL_CREATED, "GPADL_CREATED",
	    IN, IF_CHANNELS, LEN(12), 0),
	MSG(HVB_MSG_GPADL_TEARDOWN, "GPADL_TEARDOWN", OUT, 0, LEN(8), 0),
	MSG(HVB_MSG_GPADL_TORNDOWN, "GPADL_TORNDOWN",
	    IN, IF_CHANNELS, LEN(4), 0),
	MSG(HVB_MSG_RELID_RELEASED, "RELID_RELEASED", OUT, 0, LEN(4), 0),
	MSG(HVB_MSG_INITIATE_CONTACT, "INITIATE_CONTACT", OUT, 0, LEN(32), 0),
	MSG(HVB_MSG_VERSION_RESPONSE, "VERSION_RESPONSE",
	    IN, IF_CONTACT, VERSION_RESPONSE_MIN, 0),
	MSG(HVB_MSG_UNLOAD, "UNLOAD", OUT, 0, LEN(0), 0),
	MSG(HVB_MSG_UNLOAD_RESPONSE, "UNLOAD_RESPONSE",
	    IN, IF_UNLOAD, LEN(0), 0),
	MSG(HVB_MSG_OPEN_RESERVED, "OPEN_RESERVED_CHANNEL",
	    OUT | KNOWN, 0, LEN(20), HVB_V4_0),
	MSG(HVB_MSG_CLOSE_RESERVED, "CLOSE_RESERVED_CHANNEL",
	    OUT | KNOWN, 0, LEN(12), HVB_V4_0),
	MSG(HVB_MSG_CLOSE_RESERVED_RESP, "CLOSE_RESERVED_RESPONSE",
	    IN | KNOWN, 0, LEN(4), HVB_V4_0),
	MSG(HVB_MSG_TL_CONNECT, "TL_CONNECT_REQUEST",
	    OUT, 0, LEN(32), HVB_V4_0),
	MSG(HVB_MSG_MODIFY, "MODIFYCHANNEL", OUT, 0, LEN(8), HVB_V4_1),
	MSG(HVB_MSG_TL_CONNECT_RESULT, "TL_CONNECT_RESULT",
	    IN | KNOWN, 0, LEN(36), HVB_V4_1),
	MSG(HVB_MSG_MODIFY_RESPONSE, "MODIFYCHANNEL_RESPONSE",
	    IN, IF_CHANNELS, LEN(8), HVB_V5_3),
	MSG(HVB_MSG_MODIFY_CONN, "MODIFY_CONNECTION",
	    OUT | KNOWN, 0, LEN(0), HVB_VERSION(6, 0)),
	MSG(HVB_MSG_MODIFY_CONN_RESP, "MODIFY_CONNECTION_RESPONSE",
	    IN | KNOWN, 0, LEN(0), HVB_VERSION(6, 0)),
	MSG(HVB_MSG_PAUSE, "PAUSE", OUT | KNOWN, 0, LEN(0), HVB_VERSION(6, 0)),
	MSG(HVB_MSG_PAUSE_RESP, "PAUSE_RESPONSE",
	    IN | KNOWN, 0, LEN(0), HVB_VERSION(6, 0)),
	MSG(HVB_MSG_RESUME, "RESUME",
	    OUT | KNOWN, 0, LEN(0), HVB_VERSION(6, 0)),
};

static const char * const reject_names[] = {
	[HVB_OK] = "ok",
	[HVB_REJ_UNKNOWN] = "unknown message type",
	[HVB_REJ_UNSUPPORTED] = "message type not handled",
	[HVB_REJ_DIRECTION] = "message that only guests send",
	[HVB_REJ_VERSION] = "message of another protocol version",
	[HVB_REJ_STATE] = "message unexpected in this connection state",
	[HVB_REJ_SHORT] = "message too short",
	[HVB_REJ_LONG] = "message too long",
	[HVB_REJ_RELID] = "relid out of range",
	[HVB_REJ_DUPLICATE] = "relid or device offered twice",
	[HVB_REJ_NO_CHANNEL] = "no such channel",
	[HVB_REJ_NO_REQUEST] = "answer without a request",
	[HVB_REJ_CHAN_STATE] = "message unexpected in this channel state",
	[HVB_REJ_GUID] = "null interface type",
	[HVB_REJ_SUB_INDEX] = "bad sub-channel index",
	[HVB_REJ_CONN_ID] = "bad connection id",
	[HVB_REJ_PIPE_MODE] = "bad pipe mode",
	[HVB_REJ_ISOLATION] = "device not allowed in a confidential VM",
	[HVB_REJ_VALUE] = "value out of range",
};

/**
 * hvb_reject_name() - describe a verdict
 * @why: verdict, any value
 *
 * Context: any.
 * Return: a short description.
 */
const char *hvb_reject_name(enum hvb_reject why)
{
	if ((unsigned int)why >= ARRAY_SIZE(reject_names))
		return "invalid";
	return reject_names[why];
}
EXPORT_SYMBOL_IF_KUNIT(hvb_reject_name);

/**
 * hvb_msg_info() - look up a message type
 * @type: type, any value
 *
 * Context: any.
 * Return: what is known about it, or NULL if there is no such type.
 */
const struct hvb_msg_info *hvb_msg_info(u32 type)
{
	if (type >= ARRAY_SIZE(msg_infos) || !msg_infos[type].name)
		return NULL;
	return &msg_infos[array_index_nospec(type, ARRAY_SIZE(msg_infos))];
}
EXPORT_SYMBOL_IF_KUNIT(hvb_msg_info);

/**
 * hvb_msg_name() - name a message type
 * @type: type, any value
 *
 * Context: any.
 * Return: its name, "unknown" if there is no such type.
 */
const char *hvb_msg_name(u32 type)
{
	const struct hvb_msg_info *info = hvb_msg_info(type);

	return info ? info->name : "unknown";
}
EXPORT_SYMBOL_IF_KUNIT(hvb_msg_name);

/**
 * hvb_msg_sleeps() - find out where a message has to be handled
 * @type: type, any value
 *
 * Context: any.
 * Return: true if handling it may wait, false if it is handled on the spot.
 */
bool hvb_msg_sleeps(u32 type)
{
	const struct hvb_msg_info *info = hvb_msg_info(type);

	return info && info->flags & SLEEPS;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_msg_sleeps);

/**
 * hvb_msg_gate() - decide whether a message from the host may come now
 * @state: state of the connection
 * @version: negotiated protocol version; anything before that is known
 * @type: message type, any value
 * @len: payload length that the message slot gives, any value
 *
 * Context: any.
 * Return: %HVB_OK if it can be decoded and handled, else why it is dropped.
 */
enum hvb_reject hvb_msg_gate(enum hvb_conn_state state, u32 version, u32 type,
			     u32 len)
{
	const struct hvb_msg_info *info;

	if (len > HVB_MSG_MAX)
		return HVB_REJ_LONG;
	if (len < HVB_MSG_HDR_LEN)
		return HVB_REJ_SHORT;
	info = hvb_msg_info(type);
	if (!info)
		return HVB_REJ_UNKNOWN;
	if (!(info->flags & IN))
		return HVB_REJ_DIRECTION;
	if (info->flags & KNOWN)
		return HVB_REJ_UNSUPPORTED;
	if (info->min_version && version < info->min_version)
		return HVB_REJ_VERSION;
	if (!(info->states & (1U << state)))
		return HVB_REJ_STATE;
	if (len < info->min_len)
		return HVB_REJ_SHORT;
	return HVB_OK;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_msg_gate);

/**
 * hvb_relid_valid() - check a channel number
 * @relid: number, any value
 *
 * Before it is used as an index it still has to go through
 * array_index_nospec().
 *
 * Context: any.
 * Return: true if a channel can have it.
 */
bool hvb_relid_valid(u32 relid)
{
	return relid > 0 && relid < HVB_RELID_LIMIT;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_relid_valid);

/**
 * hvb_msg_type() - read the type of a message
 * @msg: private copy of the message
 *
 * Context: any.
 * Return: the type, any value; %HVB_MSG_INVALID if there is none.
 */
u32 hvb_msg_type(const struct hv_view *msg)
{
	u32 type;

	return hv_view_le32(msg, 0, &type) ? HVB_MSG_INVALID : type;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_msg_type);

static enum hvb_reject dec_relid(const struct hv_view *msg, u32 off, u32 *relid)
{
	if (hv_view_le32(msg, off, relid))
		return HVB_REJ_SHORT;
	return hvb_relid_valid(*relid) ? HVB_OK : HVB_REJ_RELID;
}

static enum hvb_reject dec_open_result(const struct hv_view *msg,
				       struct hvb_open_result *out)
{
	if (hv_view_le32(msg, 12, &out->open_id) ||
	    hv_view_le32(msg, 16, &out->status))
		return HVB_REJ_SHORT;
	return dec_relid(msg, 8, &out->relid);
}

static enum hvb_reject dec_gpadl_created(const struct hv_view *msg,
					 struct hvb_gpadl_created *out)
{
	if (hv_view_le32(msg, 12, &out->gpadl) ||
	    hv_view_le32(msg, 16, &out->status))
		return HVB_REJ_SHORT;
	return dec_relid(msg, 8, &out->relid);
}

static enum hvb_reject dec_modify_response(const struct hv_view *msg,
					   struct hvb_modify_response *out)
{
	if (hv_view_le32(msg, 12, &out->status))
		return HVB_REJ_SHORT;
	return dec_relid(msg, 8, &out->relid);
}

static enum hvb_reject dec_version_response(const struct hv_view *msg,
					    u32 version,
					    struct hvb_version_response *out)
{
	u8 supported;

	if (hv_view_u8(msg, 8, &supported) || hv_view_u8(msg, 9, &out->state))
		return HVB_REJ_SHORT;
	out->supported = supported;
	if (supported && version >= HVB_V5_0 &&
	    hv_view_le32(msg, 12, &out->msg_conn_id))
		return HVB_REJ_SHORT;
	return HVB_OK;
}

/**
 * hvb_msg_decode() - turn a message from the host into a value
 * @msg: private copy of the message, header included
 * @version: negotiated protocol version; while it is being negotiated the one
 *	that was asked for
 * @out: where to put the value; contents undefined if it is refused
 *
 * The caller has let the message through hvb_msg_gate(). Padding and whatever
 * is behind the fields of a message is ignored: newer hosts may use it.
 *
 * Context: any.
 * Return: %HVB_OK, or why the message is dropped.
 */
enum hvb_reject hvb_msg_decode(const struct hv_view *msg, u32 version,
			       struct hvb_msg *out)
{
	memset(out, 0, sizeof(*out));
	out->type = hvb_msg_type(msg);
	if (msg->len < HVB_MSG_HDR_LEN)
		return HVB_REJ_SHORT;

	switch (out->type) {
	case HVB_MSG_OFFER:
		return hvb_offer_decode(msg, &out->offer);
	case HVB_MSG_RESCIND:
		return dec_relid(msg, 8, &out->rescind_relid);
	case HVB_MSG_OPEN_RESULT:
		return dec_open_result(msg, &out->open_result);
	case HVB_MSG_GPADL_CREATED:
		return dec_gpadl_created(msg, &out->gpadl_created);
	case HVB_MSG_GPADL_TORNDOWN:
		if (hv_view_le32(msg, 8, &out->torndown_gpadl))
			return HVB_REJ_SHORT;
		return HVB_OK;
	case HVB_MSG_VERSION_RESPONSE:
		return dec_version_response(msg, version, &out->version);
	case HVB_MSG_MODIFY_RESPONSE:
		return dec_modify_response(msg, &out->modify);
	case HVB_MSG_ALL_OFFERS:
	case HVB_MSG_UNLOAD_RESPONSE:
		return HVB_OK;
	default:
		return HVB_REJ_UNSUPPORTED;
	}
}
EXPORT_SYMBOL_IF_KUNIT(hvb_msg_decode);

static void enc_start(struct hvb_wire *w, enum hvb_msg_type type)
{
	memset(w, 0, sizeof(*w));
	put_unaligned_le32(type, w->data);
	w->len = HVB_MSG_HDR_LEN;
}

static void enc_u32(struct hvb_wire *w, u32 value)
{
	put_unaligned_le32(value, w->data + w->len);
	w->len += sizeof(value);
}

static void enc_u64(struct hvb_wire *w, u64 value)
{
	put_unaligned_le64(value, w->data + w->len);
	w->len += sizeof(value);
}

static int enc_relid(struct hvb_wire *w, enum hvb_msg_type type, u32 relid)
{
	if (!hvb_relid_valid(relid))
		return -EINVAL;
	enc_start(w, type);
	enc_u32(w, relid);
	return 0;
}

static bool contact_valid(const struct hvb_contact *c)
{
	const u64 low = 4095;

	if (!c->monitor_page[0] != !c->monitor_page[1])
		return false;
	return !((c->monitor_page[0] | c->monitor_page[1]) & low);
}

/**
 * hvb_enc_contact() - encode INITIATE_CONTACT
 * @w: where to put the message
 * @c: its contents
 *
 * From 5.0 on the place of the interrupt page holds SINT and VTL.
 *
 * Context: any.
 * Return: 0, or -EINVAL if there is exactly one monitor page or one isn't
 * aligned (a host would grant the version and still refuse the connection).
 */
int hvb_enc_contact(struct hvb_wire *w, const struct hvb_contact *c)
{
	if (!contact_valid(c))
		return -EINVAL;

	enc_start(w, HVB_MSG_INITIATE_CONTACT);
	enc_u32(w, c->version);
	enc_u32(w, c->target_vp);
	if (c->version >= HVB_V5_0)
		enc_u64(w, c->sint | (u64)c->vtl << 8);
	else
		enc_u64(w, c->int_page);
	enc_u64(w, c->monitor_page[0]);
	enc_u64(w, c->monitor_page[1]);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_enc_contact);

/**
 * hvb_enc_open() - encode OPENCHANNEL
 * @w: where to put the message
 * @o: its contents
 *
 * Context: any.
 * Return: 0, or -EINVAL if a value is out of range.
 */
int hvb_enc_open(struct hvb_wire *w, const struct hvb_open *o)
{
	if (o->user_data_len > HVB_USER_DEF_LEN || !o->downstream_page)
		return -EINVAL;
	if (o->user_data_len && !o->user_data)
		return -EINVAL;
	if (enc_relid(w, HVB_MSG_OPEN, o->relid))
		return -EINVAL;

	enc_u32(w, o->open_id);
	enc_u32(w, o->gpadl);
	enc_u32(w, o->target_vp);
	enc_u32(w, o->downstream_page);
	if (o->user_data_len)
		memcpy(w->data + w->len, o->user_data, o->user_data_len);
	w->len += HVB_USER_DEF_LEN;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_enc_open);

/**
 * hvb_enc_close() - encode CLOSECHANNEL
 * @w: where to put the message
 * @relid: channel
 *
 * Context: any.
 * Return: 0, or -EINVAL if the relid is out of range.
 */
int hvb_enc_close(struct hvb_wire *w, u32 relid)
{
	return enc_relid(w, HVB_MSG_CLOSE, relid);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_enc_close);

/**
 * hvb_enc_relid_released() - encode RELID_RELEASED
 * @w: where to put the message
 * @relid: channel
 *
 * Context: any.
 * Return: 0, or -EINVAL if the relid is out of range.
 */
int hvb_enc_relid_released(struct hvb_wire *w, u32 relid)
{
	return enc_relid(w, HVB_MSG_RELID_RELEASED, relid);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_enc_relid_released);

/**
 * hvb_enc_gpadl_teardown() - encode GPADL_TEARDOWN
 * @w: where to put the message
 * @relid: channel
 * @gpadl: handle
 *
 * Context: any.
 * Return: 0, or -EINVAL if the relid is out of range or the handle is 0.
 */
int hvb_enc_gpadl_teardown(struct hvb_wire *w, u32 relid, u32 gpadl)
{
	if (!gpadl || enc_relid(w, HVB_MSG_GPADL_TEARDOWN, relid))
		return -EINVAL;
	enc_u32(w, gpadl);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_enc_gpadl_teardown);

/**
 * hvb_enc_modify() - encode MODIFYCHANNEL
 * @w: where to put the message
 * @version: negotiated protocol version
 * @relid: channel
 * @target_vp: virtual processor to interrupt from now on
 *
 * Context: any.
 * Return: 0; -EOPNOTSUPP before 4.1, which introduced it; -EINVAL if a value is
 * out of range.
 */
int hvb_enc_modify(struct hvb_wire *w, u32 version, u32 relid, u32 target_vp)
{
	if (version < HVB_V4_1)
		return -EOPNOTSUPP;
	/* All ones means "no processor" to hosts and would silence us. */
	if (target_vp == U32_MAX || enc_relid(w, HVB_MSG_MODIFY, relid))
		return -EINVAL;
	enc_u32(w, target_vp);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_enc_modify);

/**
 * hvb_enc_request_offers() - encode REQUESTOFFERS
 * @w: where to put the message
 *
 * Context: any.
 */
void hvb_enc_request_offers(struct hvb_wire *w)
{
	enc_start(w, HVB_MSG_REQUEST_OFFERS);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_enc_request_offers);

/**
 * hvb_enc_unload() - encode UNLOAD
 * @w: where to put the message
 *
 * Context: any, including a crashing kernel.
 */
void hvb_enc_unload(struct hvb_wire *w)
{
	enc_start(w, HVB_MSG_UNLOAD);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_enc_unload);

/**
 * hvb_enc_tl_connect() - encode TL_CONNECT_REQUEST
 * @w: where to put the message
 * @guest: endpoint id of the socket in the guest
 * @host: service id on the host
 *
 * Context: any.
 */
void hvb_enc_tl_connect(struct hvb_wire *w, const guid_t *guest,
			const guid_t *host)
{
	enc_start(w, HVB_MSG_TL_CONNECT);
	memcpy(w->data + w->len, guest, sizeof(*guest));
	w->len += sizeof(*guest);
	memcpy(w->data + w->len, host, sizeof(*host));
	w->len += sizeof(*host);
}
EXPORT_SYMBOL_IF_KUNIT(hvb_enc_tl_connect);
