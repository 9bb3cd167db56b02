/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the VMBus core, system "hyperv".
 *
 * Scripts read these: names, fields, their types, and texts are those that the
 * original core had. A field that is not in the text is new. An event gets
 * native, validated values: nothing in here reads memory that is shared with
 * the host. It can't be in one file with the original trace header, whose
 * events have the same names.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hyperv

#if !defined(_HV_VMBUS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _HV_VMBUS_TRACE_H

#include <linux/hyperv.h>
#include <linux/tracepoint.h>
#include <linux/uuid.h>

#include "wire/chanmsg.h"
#include "wire/offer.h"

/* A control message from the host: read from its slot, and handled. */
DECLARE_EVENT_CLASS(vmbus_message,
		    TP_PROTO(u32 type),
		    TP_ARGS(type),
		    TP_STRUCT__entry(__field(unsigned int, msgtype)),
		    TP_fast_assign(__entry->msgtype = type;),
		    TP_printk("msgtype=%u", __entry->msgtype));

DEFINE_EVENT(vmbus_message, vmbus_on_msg_dpc,
	     TP_PROTO(u32 type),
	     TP_ARGS(type));

DEFINE_EVENT(vmbus_message, vmbus_on_message,
	     TP_PROTO(u32 type),
	     TP_ARGS(type));

TRACE_EVENT(vmbus_onoffer,
	    TP_PROTO(const struct hvb_offer *offer),
	    TP_ARGS(offer),
	    TP_STRUCT__entry(__field(u32, child_relid)
			     __field(u8, monitorid)
			     __field(u16, is_ddc_int)
			     __field(u32, connection_id)
			     __array(char, if_type, UUID_SIZE)
			     __array(char, if_instance, UUID_SIZE)
			     __field(u16, chn_flags)
			     __field(u16, mmio_mb)
			     __field(u16, sub_idx)),
	    TP_fast_assign(__entry->child_relid = offer->relid;
			   __entry->monitorid = !offer->monitored ?
				HVB_MONITOR_ID_NONE :
				offer->mon.group * HVB_MONITOR_BITS +
				offer->mon.bit;
			   __entry->is_ddc_int = offer->dedicated;
			   __entry->connection_id = offer->connection_id;
			   export_guid(__entry->if_type, &offer->type);
			   export_guid(__entry->if_instance, &offer->instance);
			   __entry->chn_flags = offer->flags;
			   __entry->mmio_mb = offer->mmio_mb;
			   __entry->sub_idx = offer->sub_index;),
	    TP_printk("child_relid 0x%x, monitorid 0x%x, is_dedicated %d, connection_id 0x%x, if_type %pUl, if_instance %pUl, chn_flags 0x%x, mmio_megabytes %d, sub_channel_index %d",
		      __entry->child_relid, __entry->monitorid,
		      __entry->is_ddc_int, __entry->connection_id,
		      __entry->if_type, __entry->if_instance,
		      __entry->chn_flags, __entry->mmio_mb, __entry->sub_idx));

TRACE_EVENT(vmbus_onoffer_rescind,
	    TP_PROTO(u32 relid),
	    TP_ARGS(relid),
	    TP_STRUCT__entry(__field(u32, child_relid)),
	    TP_fast_assign(__entry->child_relid = relid;),
	    TP_printk("child_relid 0x%x", __entry->child_relid));

TRACE_EVENT(vmbus_onopen_result,
	    TP_PROTO(const struct hvb_open_result *result),
	    TP_ARGS(result),
	    TP_STRUCT__entry(__field(u32, child_relid)
			     __field(u32, openid)
			     __field(u32, status)),
	    TP_fast_assign(__entry->child_relid = result->relid;
			   __entry->openid = result->open_id;
			   __entry->status = result->status;),
	    TP_printk("child_relid 0x%x, openid %d, status %d",
		      __entry->child_relid, __entry->openid, __entry->status));

TRACE_EVENT(vmbus_ongpadl_created,
	    TP_PROTO(const struct hvb_gpadl_created *created),
	    TP_ARGS(created),
	    TP_STRUCT__entry(__field(u32, child_relid)
			     __field(u32, gpadl)
			     __field(u32, status)),
	    TP_fast_assign(__entry->child_relid = created->relid;
			   __entry->gpadl = created->gpadl;
			   __entry->status = created->status;),
	    TP_printk("child_relid 0x%x, gpadl 0x%x, creation_status %d",
		      __entry->child_relid, __entry->gpadl, __entry->status));

TRACE_EVENT(vmbus_ongpadl_torndown,
	    TP_PROTO(u32 gpadl),
	    TP_ARGS(gpadl),
	    TP_STRUCT__entry(__field(u32, gpadl)),
	    TP_fast_assign(__entry->gpadl = gpadl;),
	    TP_printk("gpadl 0x%x", __entry->gpadl));

TRACE_EVENT(vmbus_onmodifychannel_response,
	    TP_PROTO(const struct hvb_modify_response *response),
	    TP_ARGS(response),
	    TP_STRUCT__entry(__field(u32, child_relid)
			     __field(u32, status)),
	    TP_fast_assign(__entry->child_relid = response->relid;
			   __entry->status = response->status;),
	    TP_printk("child_relid 0x%x, status %d", __entry->child_relid,
		      __entry->status));

TRACE_EVENT(vmbus_onversion_response,
	    TP_PROTO(const struct hvb_version_response *response),
	    TP_ARGS(response),
	    TP_STRUCT__entry(__field(u8, ver)
			     __field(u8, state)
			     __field(u32, conn_id)),
	    TP_fast_assign(__entry->ver = response->supported;
			   __entry->state = response->state;
			   __entry->conn_id = response->msg_conn_id;),
	    TP_printk("version_supported %d", __entry->ver));

TRACE_EVENT(vmbus_request_offers,
	    TP_PROTO(int ret),
	    TP_ARGS(ret),
	    TP_STRUCT__entry(__field(int, ret)),
	    TP_fast_assign(__entry->ret = ret;),
	    TP_printk("sending ret %d", __entry->ret));

TRACE_EVENT(vmbus_negotiate_version,
	    TP_PROTO(const struct hvb_contact *contact, int ret),
	    TP_ARGS(contact, ret),
	    TP_STRUCT__entry(__field(u32, ver)
			     __field(u32, target_vcpu)
			     __field(int, ret)
			     __field(u64, int_page)
			     __field(u64, mon_page1)
			     __field(u64, mon_page2)),
	    TP_fast_assign(__entry->ver = contact->version;
			   __entry->target_vcpu = contact->target_vp;
			   __entry->int_page = contact->int_page;
			   __entry->mon_page1 = contact->monitor_page[0];
			   __entry->mon_page2 = contact->monitor_page[1];
			   __entry->ret = ret;),
	    TP_printk("sending vmbus_version_requested %d, target_vcpu 0x%x, pages %llx:%llx:%llx, ret %d",
		      __entry->ver, __entry->target_vcpu, __entry->int_page,
		      __entry->mon_page1, __entry->mon_page2, __entry->ret));

TRACE_EVENT(vmbus_open,
	    TP_PROTO(const struct hvb_open *open, int ret),
	    TP_ARGS(open, ret),
	    TP_STRUCT__entry(__field(u32, child_relid)
			     __field(u32, openid)
			     __field(u32, gpadlhandle)
			     __field(u32, target_vp)
			     __field(u32, offset)
			     __field(int, ret)),
	    TP_fast_assign(__entry->child_relid = open->relid;
			   __entry->openid = open->open_id;
			   __entry->gpadlhandle = open->gpadl;
			   __entry->target_vp = open->target_vp;
			   __entry->offset = open->downstream_page;
			   __entry->ret = ret;),
	    TP_printk("sending child_relid 0x%x, openid %d, gpadlhandle 0x%x, target_vp 0x%x, offset 0x%x, ret %d",
		      __entry->child_relid, __entry->openid, __entry->gpadlhandle,
		      __entry->target_vp, __entry->offset, __entry->ret));

/* A message about a channel that has no content but its relid was posted. */
DECLARE_EVENT_CLASS(vmbus_relid_ret,
		    TP_PROTO(u32 relid, int ret),
		    TP_ARGS(relid, ret),
		    TP_STRUCT__entry(__field(u32, child_relid)
				     __field(int, ret)),
		    TP_fast_assign(__entry->child_relid = relid;
				   __entry->ret = ret;),
		    TP_printk("sending child_relid 0x%x, ret %d", __entry->child_relid,
			      __entry->ret));

DEFINE_EVENT(vmbus_relid_ret, vmbus_close_internal,
	     TP_PROTO(u32 relid, int ret),
	     TP_ARGS(relid, ret));

DEFINE_EVENT(vmbus_relid_ret, vmbus_release_relid,
	     TP_PROTO(u32 relid, int ret),
	     TP_ARGS(relid, ret));

/* One range: 8 bytes of head, and the number of each frame. */
TRACE_EVENT(vmbus_establish_gpadl_header,
	    TP_PROTO(u32 relid, u32 gpadl, u32 pfn_count, int ret),
	    TP_ARGS(relid, gpadl, pfn_count, ret),
	    TP_STRUCT__entry(__field(u32, child_relid)
			     __field(u32, gpadl)
			     __field(u16, range_buflen)
			     __field(u16, rangecount)
			     __field(int, ret)),
	    TP_fast_assign(__entry->child_relid = relid;
			   __entry->gpadl = gpadl;
			   __entry->range_buflen = 8 + 8 * pfn_count;
			   __entry->rangecount = 1;
			   __entry->ret = ret;),
	    TP_printk("sending child_relid 0x%x, gpadl 0x%x, range_buflen %d rangecount %d, ret %d",
		      __entry->child_relid, __entry->gpadl,
		      __entry->range_buflen, __entry->rangecount,
		      __entry->ret));

TRACE_EVENT(vmbus_establish_gpadl_body,
	    TP_PROTO(u32 gpadl, u32 msgnumber, int ret),
	    TP_ARGS(gpadl, msgnumber, ret),
	    TP_STRUCT__entry(__field(u32, msgnumber)
			     __field(u32, gpadl)
			     __field(int, ret)),
	    TP_fast_assign(__entry->msgnumber = msgnumber;
			   __entry->gpadl = gpadl;
			   __entry->ret = ret;),
	    TP_printk("sending msgnumber %d, gpadl 0x%x, ret %d",
		      __entry->msgnumber, __entry->gpadl, __entry->ret));

TRACE_EVENT(vmbus_teardown_gpadl,
	    TP_PROTO(u32 relid, u32 gpadl, int ret),
	    TP_ARGS(relid, gpadl, ret),
	    TP_STRUCT__entry(__field(u32, child_relid)
			     __field(u32, gpadl)
			     __field(int, ret)),
	    TP_fast_assign(__entry->child_relid = relid;
			   __entry->gpadl = gpadl;
			   __entry->ret = ret;),
	    TP_printk("sending child_relid 0x%x, gpadl 0x%x, ret %d",
		      __entry->child_relid, __entry->gpadl, __entry->ret));

TRACE_EVENT(vmbus_send_tl_connect_request,
	    TP_PROTO(const guid_t *guest, const guid_t *host, int ret),
	    TP_ARGS(guest, host, ret),
	    TP_STRUCT__entry(__array(char, guest_id, UUID_SIZE)
			     __array(char, host_id, UUID_SIZE)
			     __field(int, ret)),
	    TP_fast_assign(export_guid(__entry->guest_id, guest);
			   export_guid(__entry->host_id, host);
			   __entry->ret = ret;),
	    TP_printk("sending guest_endpoint_id %pUl, host_service_id %pUl, ret %d",
		      __entry->guest_id, __entry->host_id, __entry->ret));

TRACE_EVENT(vmbus_send_modifychannel,
	    TP_PROTO(u32 relid, u32 target_vp, int ret),
	    TP_ARGS(relid, target_vp, ret),
	    TP_STRUCT__entry(__field(u32, child_relid)
			     __field(u32, target_vp)
			     __field(int, ret)),
	    TP_fast_assign(__entry->child_relid = relid;
			   __entry->target_vp = target_vp;
			   __entry->ret = ret;),
	    TP_printk("binding child_relid 0x%x to target_vp 0x%x, ret %d",
		      __entry->child_relid, __entry->target_vp, __entry->ret));

DECLARE_EVENT_CLASS(vmbus_channel,
		    TP_PROTO(const struct vmbus_channel *ch),
		    TP_ARGS(ch),
		    TP_STRUCT__entry(__field(u32, relid)),
		    TP_fast_assign(__entry->relid = ch->offermsg.child_relid;),
		    TP_printk("relid 0x%x", __entry->relid));

/* The host has signalled a channel. */
DEFINE_EVENT(vmbus_channel, vmbus_chan_sched,
	     TP_PROTO(const struct vmbus_channel *ch),
	     TP_ARGS(ch));

/* The guest signals the host. */
DEFINE_EVENT(vmbus_channel, vmbus_setevent,
	     TP_PROTO(const struct vmbus_channel *ch),
	     TP_ARGS(ch));

/* The callback of a channel is about to run in softirq context. */
DEFINE_EVENT(vmbus_channel, vmbus_on_event,
	     TP_PROTO(const struct vmbus_channel *ch),
	     TP_ARGS(ch));

#endif /* _HV_VMBUS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

/* This part must be outside the guard. */
#include <trace/define_trace.h>
