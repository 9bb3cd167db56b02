/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMBus control messages: bytes to values and values to bytes.
 *
 * A control message is at most 240 bytes, posted to, or read from, a SynIC
 * message slot. It starts with its type (u32) and four bytes of padding, all
 * integers are little endian.
 *
 * Way in. The caller copies the slot once into private memory, asks
 * hvb_msg_gate() whether a message of that type and length may come now, and
 * hvb_msg_decode() for its value. What a decoder hands out is in range; what
 * is refused has a reason to count, see reject.h.
 *
 * Way out. hvb_enc_*() fill a struct hvb_wire: zeroed first, with the exact
 * length of the message, ready to be posted. GPADL messages are in gpadl.h.
 *
 * Context: any. No locks, no allocation.
 */
#ifndef _HV_VMBUS_WIRE_CHANMSG_H
#define _HV_VMBUS_WIRE_CHANMSG_H

#include <linux/hyperv/view.h>
#include <linux/types.h>
#include <linux/uuid.h>

#include "offer.h"
#include "reject.h"

/* Payload of a SynIC message (TLFS 11.8.3). */
#define HVB_MSG_MAX		240U
/* Type and padding. */
#define HVB_MSG_HDR_LEN		8U

/* Protocol versions: major << 16 | minor. */
#define HVB_VERSION(major, minor)	(((u32)(major) << 16) | (minor))
#define HVB_V2_4		HVB_VERSION(2, 4)
#define HVB_V3_0		HVB_VERSION(3, 0)
#define HVB_V4_0		HVB_VERSION(4, 0)
#define HVB_V4_1		HVB_VERSION(4, 1)
#define HVB_V5_0		HVB_VERSION(5, 0)
#define HVB_V5_1		HVB_VERSION(5, 1)
#define HVB_V5_2		HVB_VERSION(5, 2)
#define HVB_V5_3		HVB_VERSION(5, 3)

/**
 * enum hvb_msg_type - control message types (VMBus protocol)
 * @HVB_MSG_INVALID: never sent
 * @HVB_MSG_OFFER: host: here is a channel
 * @HVB_MSG_RESCIND: host: the channel is gone
 * @HVB_MSG_REQUEST_OFFERS: guest: send all offers
 * @HVB_MSG_ALL_OFFERS: host: those were all offers
 * @HVB_MSG_OPEN: guest: open a channel
 * @HVB_MSG_OPEN_RESULT: host: answer to it
 * @HVB_MSG_CLOSE: guest: close a channel; has no answer
 * @HVB_MSG_GPADL_HEADER: guest: here is memory, see gpadl.h
 * @HVB_MSG_GPADL_BODY: guest: more frames of it
 * @HVB_MSG_GPADL_CREATED: host: answer to all of them
 * @HVB_MSG_GPADL_TEARDOWN: guest: unmap it
 * @HVB_MSG_GPADL_TORNDOWN: host: nothing of it is mapped any more
 * @HVB_MSG_RELID_RELEASED: guest: done with a channel; has no answer
 * @HVB_MSG_INITIATE_CONTACT: guest: connect with this version
 * @HVB_MSG_VERSION_RESPONSE: host: answer to it
 * @HVB_MSG_UNLOAD: guest: end the connection
 * @HVB_MSG_UNLOAD_RESPONSE: host: answer to it
 * @HVB_MSG_OPEN_RESERVED: guest: open a channel outside a connection
 * @HVB_MSG_CLOSE_RESERVED: guest: close it
 * @HVB_MSG_CLOSE_RESERVED_RESP: host: answer to that
 * @HVB_MSG_TL_CONNECT: guest: connect a socket; answered by an offer
 * @HVB_MSG_MODIFY: guest: interrupt another processor
 * @HVB_MSG_TL_CONNECT_RESULT: host: the socket was not connected
 * @HVB_MSG_MODIFY_RESPONSE: host: answer to HVB_MSG_MODIFY, from 5.3
 * @HVB_MSG_MODIFY_CONN: guest: change the connection
 * @HVB_MSG_MODIFY_CONN_RESP: host: answer to it
 * @HVB_MSG_PAUSE: guest: send nothing for now
 * @HVB_MSG_PAUSE_RESP: host: answer to it
 * @HVB_MSG_RESUME: guest: send again
 * @HVB_MSG_COUNT: number of types
 *
 * HVB_MSG_OPEN_RESERVED to HVB_MSG_CLOSE_RESERVED_RESP and everything from
 * HVB_MSG_MODIFY_CONN on exist, and neither sent nor handled here.
 */
enum hvb_msg_type {
	HVB_MSG_INVALID = 0,
	HVB_MSG_OFFER = 1,
	HVB_MSG_RESCIND = 2,
	HVB_MSG_REQUEST_OFFERS = 3,
	HVB_MSG_ALL_OFFERS = 4,
	HVB_MSG_OPEN = 5,
	HVB_MSG_OPEN_RESULT = 6,
	HVB_MSG_CLOSE = 7,
	HVB_MSG_GPADL_HEADER = 8,
	HVB_MSG_GPADL_BODY = 9,
	HVB_MSG_GPADL_CREATED = 10,
	HVB_MSG_GPADL_TEARDOWN = 11,
	HVB_MSG_GPADL_TORNDOWN = 12,
	HVB_MSG_RELID_RELEASED = 13,
	HVB_MSG_INITIATE_CONTACT = 14,
	HVB_MSG_VERSION_RESPONSE = 15,
	HVB_MSG_UNLOAD = 16,
	HVB_MSG_UNLOAD_RESPONSE = 17,
	HVB_MSG_OPEN_RESERVED = 18,
	HVB_MSG_CLOSE_RESERVED = 19,
	HVB_MSG_CLOSE_RESERVED_RESP = 20,
	HVB_MSG_TL_CONNECT = 21,
	HVB_MSG_MODIFY = 22,
	HVB_MSG_TL_CONNECT_RESULT = 23,
	HVB_MSG_MODIFY_RESPONSE = 24,
	HVB_MSG_MODIFY_CONN = 25,
	HVB_MSG_MODIFY_CONN_RESP = 26,
	HVB_MSG_PAUSE = 27,
	HVB_MSG_PAUSE_RESP = 28,
	HVB_MSG_RESUME = 29,
	HVB_MSG_COUNT
};

/**
 * enum hvb_conn_state - states of the connection, as far as messages care
 * @HVB_CONN_DOWN: nothing is expected
 * @HVB_CONN_CONTACT: INITIATE_CONTACT was sent, its answer is due
 * @HVB_CONN_UP: connected
 * @HVB_CONN_SUSPEND: connected and about to suspend: no more offers; rescinds
 *	still count, because closing a primary makes the host rescind its
 *	sub-channels
 * @HVB_CONN_UNLOAD: UNLOAD was sent, its answer is due
 * @HVB_CONN_STATES: number of states
 */
enum hvb_conn_state {
	HVB_CONN_DOWN = 0,
	HVB_CONN_CONTACT,
	HVB_CONN_UP,
	HVB_CONN_SUSPEND,
	HVB_CONN_UNLOAD,
	HVB_CONN_STATES
};

/**
 * enum hvb_msg_flags - properties of a message type
 * @HVB_MSG_F_IN: host to guest
 * @HVB_MSG_F_OUT: guest to host
 * @HVB_MSG_F_KNOWN: exists, not handled (in) or not sent (out) here
 * @HVB_MSG_F_SLEEPS: handling it may wait, so it needs process context; what
 *	hasn't this flag is handled where it was read
 */
enum hvb_msg_flags {
	HVB_MSG_F_IN = 1 << 0,
	HVB_MSG_F_OUT = 1 << 1,
	HVB_MSG_F_KNOWN = 1 << 2,
	HVB_MSG_F_SLEEPS = 1 << 3,
};

/**
 * struct hvb_msg_info - what is known about a message type
 * @name: for messages and tracing
 * @flags: enum hvb_msg_flags
 * @states: connection states in which the guest accepts it, 1 << state
 * @min_len: bytes that it needs at least, header included
 * @min_version: first protocol version that has it, 0 if all do
 */
struct hvb_msg_info {
	const char *name;
	u8 flags;
	u8 states;
	u16 min_len;
	u32 min_version;
};

const struct hvb_msg_info *hvb_msg_info(u32 type);
const char *hvb_msg_name(u32 type);
bool hvb_msg_sleeps(u32 type);
enum hvb_reject hvb_msg_gate(enum hvb_conn_state state, u32 version, u32 type,
			     u32 len);

/**
 * struct hvb_open_result - OPENCHANNEL_RESULT
 * @relid: channel, in range
 * @open_id: echo of the id in OPENCHANNEL
 * @status: 0 if the channel is open
 */
struct hvb_open_result {
	u32 relid;
	u32 open_id;
	u32 status;
};

/**
 * struct hvb_gpadl_created - GPADL_CREATED
 * @relid: channel, in range
 * @gpadl: handle from GPADL_HEADER
 * @status: 0 if the GPADL exists now
 */
struct hvb_gpadl_created {
	u32 relid;
	u32 gpadl;
	u32 status;
};

/**
 * struct hvb_modify_response - MODIFYCHANNEL_RESPONSE
 * @relid: channel, in range
 * @status: 0 if interrupts go to the new CPU from now on
 */
struct hvb_modify_response {
	u32 relid;
	u32 status;
};

/* connection_state of a VERSION_RESPONSE. */
#define HVB_CONTACT_OK		0
#define HVB_CONTACT_LOW_RES	1
#define HVB_CONTACT_FAILED	2

/**
 * struct hvb_version_response - VERSION_RESPONSE
 * @supported: the requested version is granted
 * @state: HVB_CONTACT_*; a granted version with another state than
 *	%HVB_CONTACT_OK is no connection
 * @msg_conn_id: where to post from now on; 0 before 5.0 or if refused, else
 *	not yet checked (see logic/version.h)
 */
struct hvb_version_response {
	bool supported;
	u8 state;
	u32 msg_conn_id;
};

/**
 * struct hvb_msg - a decoded message from the host
 * @type: enum hvb_msg_type, tells which of the following is meant; types
 *	without a member have no content
 * @offer: %HVB_MSG_OFFER
 * @rescind_relid: %HVB_MSG_RESCIND: channel, in range
 * @open_result: %HVB_MSG_OPEN_RESULT
 * @gpadl_created: %HVB_MSG_GPADL_CREATED
 * @torndown_gpadl: %HVB_MSG_GPADL_TORNDOWN: handle from GPADL_TEARDOWN
 * @version: %HVB_MSG_VERSION_RESPONSE
 * @modify: %HVB_MSG_MODIFY_RESPONSE
 */
struct hvb_msg {
	u32 type;
	union {
		struct hvb_offer offer;
		u32 rescind_relid;
		struct hvb_open_result open_result;
		struct hvb_gpadl_created gpadl_created;
		u32 torndown_gpadl;
		struct hvb_version_response version;
		struct hvb_modify_response modify;
	};
};

u32 hvb_msg_type(const struct hv_view *msg);
enum hvb_reject hvb_msg_decode(const struct hv_view *msg, u32 version,
			       struct hvb_msg *out);
bool hvb_relid_valid(u32 relid);

/**
 * struct hvb_wire - a message ready to be posted
 * @len: bytes of @data to post
 * @data: the message; zero beyond what was encoded
 */
struct hvb_wire {
	u32 len;
	u8 data[HVB_MSG_MAX] __aligned(8);
};

/**
 * struct hvb_open - OPENCHANNEL
 * @relid: channel
 * @open_id: echoed in the result; the relid by convention
 * @gpadl: handle of the GPADL with both rings
 * @target_vp: virtual processor to interrupt
 * @downstream_page: where the host-to-guest ring starts in the GPADL, in
 *	4 KiB pages, see hvb_gpadl_downstream_page()
 * @user_data: bytes for the device, or NULL
 * @user_data_len: at most %HVB_USER_DEF_LEN
 */
struct hvb_open {
	u32 relid;
	u32 open_id;
	u32 gpadl;
	u32 target_vp;
	u32 downstream_page;
	const void *user_data;
	u32 user_data_len;
};

/**
 * struct hvb_contact - INITIATE_CONTACT
 * @version: requested protocol version
 * @target_vp: virtual processor that gets the host's messages
 * @int_page: guest physical address of the interrupt page, before 5.0
 * @sint: message SINT, from 5.0
 * @vtl: virtual trust level of the guest, from 5.0
 * @monitor_page: guest physical addresses of the host-to-guest and the
 *	guest-to-host monitor page; both or none
 */
struct hvb_contact {
	u32 version;
	u32 target_vp;
	u64 int_page;
	u8 sint;
	u8 vtl;
	u64 monitor_page[2];
};

int hvb_enc_contact(struct hvb_wire *w, const struct hvb_contact *c);
int hvb_enc_open(struct hvb_wire *w, const struct hvb_open *o);
int hvb_enc_close(struct hvb_wire *w, u32 relid);
int hvb_enc_relid_released(struct hvb_wire *w, u32 relid);
int hvb_enc_gpadl_teardown(struct hvb_wire *w, u32 relid, u32 gpadl);
int hvb_enc_modify(struct hvb_wire *w, u32 version, u32 relid, u32 target_vp);
void hvb_enc_request_offers(struct hvb_wire *w);
void hvb_enc_unload(struct hvb_wire *w);
void hvb_enc_tl_connect(struct hvb_wire *w, const guid_t *guest,
			const guid_t *host);

#endif /* _HV_VMBUS_WIRE_CHANMSG_H */
