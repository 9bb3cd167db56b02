/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Storage messages on the wire.
 *
 * The host's storage service and the guest exchange packets of 64 bytes over
 * VMBus channels.  The guest asks, the host completes with a packet of the same
 * form; besides, the host sends notices that nobody asked for.  A packet is an
 * operation, flags, a status and 52 bytes that depend on the operation; all
 * integers are little endian.  Vocabulary:
 *
 * SRB		SCSI request block: the body of a SCSI command and of its
 *		completion.  Its SRB status says how the host's storage stack
 *		fared, its SCSI status what the device said.
 * direction	of the data, seen from the guest
 * template	what is the same in all SRBs for one device, ready to be sent
 * PFN		number of a page of 4 KiB, whatever the guest's own page size
 * notice	inband packet from the host with transaction id 0
 *
 * Versions 5.1, 6.0 and 6.2 are spoken; they differ in what the devices behind
 * them can do, not in bytes.  Hosts that know 2.0 or 4.2 only have packets of
 * another length and are refused.
 *
 * Parsers read a private copy of one packet and give native, checked values.
 * Writers fill every byte of what they send; those that may write to a ring
 * never read it.
 *
 * Context: any.  Nothing here locks, sleeps or allocates, and all of it builds
 * in user space and on either byte order.
 *
 * Source: layouts and numbers are those of the vstor protocol as the original
 * driver has them (struct vstor_packet and its members), SRB status and flag
 * values those of Windows' srb.h; GPA direct packets are in the VMBus channel
 * interface (struct vmbus_packet_mpb_array).
 */
#ifndef _HV_STORVSC_WIRE_VSTOR_H
#define _HV_STORVSC_WIRE_VSTOR_H

#include <linux/bits.h>
#include <linux/hyperv/view.h>
#include <linux/types.h>

/* Every packet, in either direction, in all versions that are spoken. */
#define STV_PKT_LEN		64

/* The unit of the page lists of GPA direct packets. */
#define STV_PAGE_SHIFT		12
#define STV_PAGE_SIZE		4096U

#define STV_CDB_MAX		16
#define STV_SENSE_MAX		20

/* Seconds that the host gives a command. */
#define STV_SRB_SECONDS		60

/* Protocol versions: major in the high, minor in the low 8 bits. */
#define STV_VERSION(major, minor)	((u16)((major) << 8 | (minor)))
#define STV_VERSION_5_1		STV_VERSION(5, 1)	/* Windows 8 */
#define STV_VERSION_6_0		STV_VERSION(6, 0)	/* Windows 8.1 */
#define STV_VERSION_6_2		STV_VERSION(6, 2)	/* Windows 10 */

/**
 * enum stv_op - operations
 * @STV_OP_COMPLETE_IO: host completes a request, whatever it was
 * @STV_OP_REMOVE_DEVICE: notice: a device has gone
 * @STV_OP_EXECUTE_SRB: SCSI command
 * @STV_OP_RESET_LUN: not used
 * @STV_OP_RESET_ADAPTER: not used
 * @STV_OP_RESET_BUS: abort what is in flight
 * @STV_OP_BEGIN_INIT: first message on a channel
 * @STV_OP_END_INIT: last one before SCSI commands
 * @STV_OP_QUERY_VERSION: propose a protocol version
 * @STV_OP_QUERY_PROPERTIES: ask what the host can do
 * @STV_OP_ENUMERATE_BUS: notice: devices have come or gone
 * @STV_OP_FCHBA_DATA: ask for Fibre Channel names; notice: they have changed
 * @STV_OP_CREATE_SUB_CHANNELS: ask for more channels
 */
enum stv_op {
	STV_OP_COMPLETE_IO = 1,
	STV_OP_REMOVE_DEVICE = 2,
	STV_OP_EXECUTE_SRB = 3,
	STV_OP_RESET_LUN = 4,
	STV_OP_RESET_ADAPTER = 5,
	STV_OP_RESET_BUS = 6,
	STV_OP_BEGIN_INIT = 7,
	STV_OP_END_INIT = 8,
	STV_OP_QUERY_VERSION = 9,
	STV_OP_QUERY_PROPERTIES = 10,
	STV_OP_ENUMERATE_BUS = 11,
	STV_OP_FCHBA_DATA = 12,
	STV_OP_CREATE_SUB_CHANNELS = 13,
};

/* Packet flag: the host shall complete this one. */
#define STV_FLAG_COMPLETION	BIT(0)

/* Property flag: the host has sub-channels. */
#define STV_PROP_MULTI_CHANNEL	BIT(0)

/* SRB flags. */
#define STV_SRB_QUEUE_ACTION		0x00000002
#define STV_SRB_NO_SYNC_TRANSFER	0x00000008
#define STV_SRB_DATA_IN			0x00000040
#define STV_SRB_DATA_OUT		0x00000080
#define STV_SRB_NO_QUEUE_FREEZE		0x00000100

/* Queue tag and action of a command that may be queued and reordered. */
#define STV_TAG_NONE			0xff
#define STV_ACTION_SIMPLE		0x20

/* SRB status: a code, and two flags above it. */
#define STV_SRB_STATUS_MASK		0x3f
#define STV_SRB_QUEUE_FROZEN		0x40
#define STV_SRB_SENSE_VALID		0x80

#define STV_SRB_SUCCESS			0x01
#define STV_SRB_ABORTED			0x02
#define STV_SRB_ERROR			0x04
#define STV_SRB_BUSY			0x05
#define STV_SRB_INVALID_REQUEST		0x06
#define STV_SRB_TIMEOUT			0x09
#define STV_SRB_SELECTION_TIMEOUT	0x0a
#define STV_SRB_BUS_RESET		0x0e
#define STV_SRB_DATA_OVERRUN		0x12
#define STV_SRB_INVALID_LUN		0x20
#define STV_SRB_INTERNAL_ERROR		0x30

/**
 * enum stv_dir - direction of the data; numbers are those on the wire
 * @STV_DIR_OUT: guest to device
 * @STV_DIR_IN: device to guest
 * @STV_DIR_NONE: no data
 * @STV_DIRS: number of directions
 */
enum stv_dir {
	STV_DIR_OUT = 0,
	STV_DIR_IN = 1,
	STV_DIR_NONE = 2,
	STV_DIRS,
};

/* Where things are in a packet. */
#define STV_OFF_OP			0
#define STV_OFF_FLAGS			4
#define STV_OFF_STATUS			8
#define STV_OFF_BODY			12

/* Where things are in the packet of a SCSI command. */
#define STV_OFF_SRB_STATUS		14
#define STV_OFF_SCSI_STATUS		15
#define STV_OFF_SENSE_LEN		21
#define STV_OFF_DATA_LEN		24
#define STV_OFF_SENSE			28
#define STV_SRB_LEN			(STV_PKT_LEN - STV_OFF_BODY)

/**
 * struct stv_addr - who a SCSI command is for
 * @port: the guest's number of the SCSI host; the host does not care
 * @path: SCSI channel
 * @target: SCSI target
 * @lun: logical unit
 */
struct stv_addr {
	u8 port;
	u8 path;
	u8 target;
	u8 lun;
};

/**
 * struct stv_tmpl - template of the SRBs for one device
 * @addr: for each direction: bytes 16 to 23 of the packet as a native integer,
 *	  least byte first, without the length of the CDB
 * @queue: for each direction: bytes 48 to 55
 *
 * Made by stv_tmpl_init().  Only the device's commands use it, so a change is
 * safe while none is being submitted.
 */
struct stv_tmpl {
	u64 addr[STV_DIRS];
	u64 queue[STV_DIRS];
};

/**
 * struct stv_cmd - the part of a SCSI command that differs each time
 * @cdb: command bytes, %STV_CDB_MAX of them; those that don't count are 0, as
 *	 they are in struct scsi_cmnd
 * @data_len: length of the data in bytes, the same that the range says
 * @cdb_len: number of bytes of @cdb that count, 1 to %STV_CDB_MAX
 * @dir: direction of the data
 */
struct stv_cmd {
	const u8 *cdb;
	u32 data_len;
	u8 cdb_len;
	enum stv_dir dir;
};

/**
 * struct stv_comp - completion of a SCSI command, checked
 * @status: NTSTATUS of the host's storage service; for logs only
 * @data_len: bytes that were transferred, as the host says; any value
 * @srb_status: SRB status with its flags; any value
 * @scsi_status: SCSI status; any value
 * @sense: sense data, at most %STV_SENSE_MAX bytes; points into the packet.
 *	   Means something only if both states say so, see stv_decide().
 */
struct stv_comp {
	u32 status;
	u32 data_len;
	u8 srb_status;
	u8 scsi_status;
	struct hv_view sense;
};

/**
 * struct stv_reply - head of a completion of any other request
 * @op: operation, normally %STV_OP_COMPLETE_IO; any value
 * @status: NTSTATUS; 0 is success
 */
struct stv_reply {
	u32 op;
	u32 status;
};

/**
 * struct stv_props - answer to %STV_OP_QUERY_PROPERTIES, as the host says
 * @max_channels: how many sub-channels the host would open; any value
 * @flags: STV_PROP_ flags and unknown ones
 * @max_transfer: bytes that one command may transfer; any value
 */
struct stv_props {
	u16 max_channels;
	u32 flags;
	u32 max_transfer;
};

/**
 * struct stv_wwn - names of the active Fibre Channel port
 * @node: node name
 * @port: port name
 */
struct stv_wwn {
	u64 node;
	u64 port;
};

/**
 * enum stv_notice_kind - what a notice is about
 * @STV_NOTICE_BUS: devices have come or gone: look at all of them
 * @STV_NOTICE_WWN: the Fibre Channel names have changed
 */
enum stv_notice_kind {
	STV_NOTICE_BUS,
	STV_NOTICE_WWN,
};

/**
 * struct stv_notice - a notice, checked
 * @kind: what it is about
 * @wwn: the new names, for %STV_NOTICE_WWN
 */
struct stv_notice {
	enum stv_notice_kind kind;
	struct stv_wwn wwn;
};

void stv_tmpl_init(struct stv_tmpl *tmpl, const struct stv_addr *addr,
		   bool tagged);

void stv_put_request(void *buf, enum stv_op op);
void stv_put_version(void *buf, u16 version);
void stv_put_sub_channels(void *buf, u16 count);

void stv_parse_comp(const struct hv_view *pkt, struct stv_comp *comp);
int stv_parse_reply(const struct hv_view *pkt, struct stv_reply *reply);
int stv_parse_props(const struct hv_view *pkt, struct stv_props *props);
int stv_parse_wwn(const struct hv_view *pkt, struct stv_wwn *wwn);
int stv_parse_notice(const struct hv_view *pkt, struct stv_notice *notice);

/* One aligned store, and nothing that could be taken for a read of the ring. */
static __always_inline void stv_store(void *p, unsigned int word, u64 val)
{
	WRITE_ONCE(((__le64 *)p)[word], cpu_to_le64(val));
}

/**
 * stv_put_srb() - write the packet of a SCSI command
 * @p: where to, %STV_PKT_LEN bytes, 8 byte aligned; may be in a ring
 * @tmpl: template of the device
 * @cmd: the command
 *
 * Writes each byte exactly once and reads none of them.
 *
 * Context: any; the hot path of submission.
 */
static __always_inline void stv_put_srb(void *p, const struct stv_tmpl *tmpl,
					const struct stv_cmd *cmd)
{
	u64 cdb_head = get_unaligned_le32(cmd->cdb);

	stv_store(p, 0, STV_OP_EXECUTE_SRB | (u64)STV_FLAG_COMPLETION << 32);
	/* Status; length of the SRB; SRB and SCSI status. */
	stv_store(p, 1, (u64)STV_SRB_LEN << 32);
	stv_store(p, 2, tmpl->addr[cmd->dir] | (u64)cmd->cdb_len << 32);
	stv_store(p, 3, cmd->data_len | cdb_head << 32);
	stv_store(p, 4, get_unaligned_le64(cmd->cdb + 4));
	/* End of the CDB; the bytes that only sense data would use. */
	stv_store(p, 5, get_unaligned_le32(cmd->cdb + 12));
	stv_store(p, 6, tmpl->queue[cmd->dir]);
	/* Time-out; sort key. */
	stv_store(p, 7, STV_SRB_SECONDS);
}

/* What precedes the page list of a GPA direct packet, after the descriptor. */
#define STV_RANGE_LEN		16

/**
 * stv_range_size() - size of the range of a GPA direct packet
 * @pfns: number of pages
 *
 * Return: bytes between descriptor and payload.
 */
static inline size_t stv_range_size(size_t pfns)
{
	return STV_RANGE_LEN + pfns * sizeof(__le64);
}

/**
 * stv_range_pfns() - number of pages that a range touches
 * @offset: offset of the first byte in its page, below %STV_PAGE_SIZE
 * @len: length in bytes, at most %U32_MAX - 2 * %STV_PAGE_SIZE
 *
 * Return: number of pages.
 */
static inline u32 stv_range_pfns(u32 offset, u32 len)
{
	return (offset + len + STV_PAGE_SIZE - 1) >> STV_PAGE_SHIFT;
}

/**
 * stv_put_range() - write the head of a range
 * @p: where to, right after the descriptor, 8 byte aligned; may be in a ring
 * @offset: offset of the first byte in its page, below %STV_PAGE_SIZE
 * @len: length in bytes
 *
 * One range is all that hosts take.  stv_put_pfn() must follow for each of the
 * stv_range_pfns() pages.
 *
 * Context: any; the hot path of submission.
 */
static __always_inline void stv_put_range(void *p, u32 offset, u32 len)
{
	/* Reserved; number of ranges. */
	stv_store(p, 0, 1ULL << 32);
	stv_store(p, 1, len | (u64)offset << 32);
}

/**
 * stv_put_pfn() - write one page number of a range
 * @p: what stv_put_range() had
 * @i: index of the page, below stv_range_pfns()
 * @pfn: number of the page
 *
 * Context: any; the hot path of submission.
 */
static __always_inline void stv_put_pfn(void *p, u32 i, u64 pfn)
{
	stv_store(p, STV_RANGE_LEN / 8 + i, pfn);
}

/**
 * stv_parse_op() - read the operation of a packet
 * @pkt: private copy of the payload
 * @op: where to put it
 *
 * Return: 0; -EBADMSG if the packet is too short.
 */
static inline int __must_check stv_parse_op(const struct hv_view *pkt, u32 *op)
{
	return hv_view_le32(pkt, STV_OFF_OP, op);
}

#endif /* _HV_STORVSC_WIRE_VSTOR_H */
