/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Channel offers, and what is known about the classes of devices behind them.
 *
 * An offer is the longest message that a host sends and the one that creates
 * objects in the guest. It is turned into a native value once; the few fields
 * that become array indices later (relid, monitor) are checked here.
 */
#ifndef _HV_VMBUS_WIRE_OFFER_H
#define _HV_VMBUS_WIRE_OFFER_H

#include <linux/hyperv/view.h>
#include <linux/limits.h>
#include <linux/types.h>
#include <linux/uuid.h>

#include "monitor.h"
#include "reject.h"

/* Relids are event flags of one SINT; 0 is the control channel (TLFS 11.8). */
#define HVB_RELID_LIMIT		2048U
#define HVB_RELID_NONE		U32_MAX

/* Sub-channels need a relid each, so their index is bounded by these. */
#define HVB_SUB_INDEX_MAX	(HVB_RELID_LIMIT - 2)

/* Bytes of an offer that the protocol leaves to the device. */
#define HVB_USER_DEF_LEN	120U

/* Connection ids have 24 bits (TLFS 11.3). */
#define HVB_CONN_ID_MASK	0x00ffffffU

/* Channel flags (VMBus protocol). */
#define HVB_OFFER_ENUMERATE	0x0001
#define HVB_OFFER_XFER_PAGES	0x0002
#define HVB_OFFER_GPADLS	0x0004
#define HVB_OFFER_NAMED_PIPE	0x0010
#define HVB_OFFER_LOOPBACK	0x0100
#define HVB_OFFER_PARENT	0x0200
#define HVB_OFFER_MONITORED	0x0400
#define HVB_OFFER_TLNPI		0x2000

/* Pipe modes: the first word of the device's bytes of a pipe offer. */
#define HVB_PIPE_BYTE		0U
#define HVB_PIPE_MESSAGE	4U

/**
 * struct hvb_offer - a validated OFFERCHANNEL
 * @type: interface type, names the class of device; never null
 * @instance: which device of that class
 * @relid: number of the channel, 1 to %HVB_RELID_LIMIT - 1
 * @connection_id: what to signal for a doorbell, 24 bits
 * @flags: HVB_OFFER_* as the host sent them, unknown bits included
 * @mmio_mb: MMIO space that the device wants, in MiB
 * @sub_index: 0 for a primary channel
 * @mon: place of the trigger in the monitor page, if @monitored
 * @monitored: the host gave a usable monitor id
 * @monitor_bad: the host gave one that is out of range; the channel works,
 *	by doorbell only
 * @dedicated: the channel has a connection id of its own, so the shared send
 *	interrupt page is not written
 * @hvsock: a Hyper-V socket: type and instance are endpoint ids
 * @pipe: the channel is a pipe of mode @pipe_mode
 * @pipe_mode: %HVB_PIPE_BYTE or %HVB_PIPE_MESSAGE, if @pipe
 * @user_def: the device's bytes, pipe mode included
 */
struct hvb_offer {
	guid_t type;
	guid_t instance;
	u32 relid;
	u32 connection_id;
	u16 flags;
	u16 mmio_mb;
	u16 sub_index;
	struct hvb_monitor mon;
	bool monitored;
	bool monitor_bad;
	bool dedicated;
	bool hvsock;
	bool pipe;
	u32 pipe_mode;
	u8 user_def[HVB_USER_DEF_LEN];
};

/* Length of an OFFERCHANNEL message in every supported version. */
#define HVB_OFFER_LEN		196U

enum hvb_reject hvb_offer_decode(const struct hv_view *msg,
				 struct hvb_offer *out);

/**
 * enum hvb_dev_type - classes of devices
 * @HVB_DEV_IDE: IDE disks
 * @HVB_DEV_SCSI: SCSI controllers
 * @HVB_DEV_FC: Fibre Channel adapters
 * @HVB_DEV_NIC: network adapters
 * @HVB_DEV_ND: network direct (guest RDMA)
 * @HVB_DEV_PCIE: PCI pass-through
 * @HVB_DEV_FB: video
 * @HVB_DEV_KBD: keyboard
 * @HVB_DEV_MOUSE: mouse
 * @HVB_DEV_KVP: key-value pair exchange
 * @HVB_DEV_TS: time synchronisation
 * @HVB_DEV_HB: heartbeat
 * @HVB_DEV_SHUTDOWN: guest shutdown
 * @HVB_DEV_FCOPY: file copy from the host
 * @HVB_DEV_BACKUP: volume snapshots
 * @HVB_DEV_DM: dynamic memory
 * @HVB_DEV_UNKNOWN: everything else, sockets included
 * @HVB_DEV_COUNT: number of classes
 *
 * The numbers are those of enum vmbus_device_type, which index the exported
 * vmbus_devs and are seen in sysfs.
 */
enum hvb_dev_type {
	HVB_DEV_IDE = 0,
	HVB_DEV_SCSI,
	HVB_DEV_FC,
	HVB_DEV_NIC,
	HVB_DEV_ND,
	HVB_DEV_PCIE,
	HVB_DEV_FB,
	HVB_DEV_KBD,
	HVB_DEV_MOUSE,
	HVB_DEV_KVP,
	HVB_DEV_TS,
	HVB_DEV_HB,
	HVB_DEV_SHUTDOWN,
	HVB_DEV_FCOPY,
	HVB_DEV_BACKUP,
	HVB_DEV_DM,
	HVB_DEV_UNKNOWN,
	HVB_DEV_COUNT
};

/**
 * struct hvb_dev_class - what is known about a class of devices
 * @guid: interface type; null for %HVB_DEV_UNKNOWN
 * @name: for messages
 * @ring_size: preferred size of each ring in bytes, 0 if the driver decides
 * @perf: its channels are spread over CPUs
 * @isolated: accepted in a confidential VM
 */
struct hvb_dev_class {
	guid_t guid;
	const char *name;
	u32 ring_size;
	bool perf;
	bool isolated;
};

extern const struct hvb_dev_class hvb_dev_classes[HVB_DEV_COUNT];

/* Vendor id of every VMBus device: Microsoft's PCI vendor id. */
#define HVB_VENDOR_ID		0x1414

enum hvb_dev_type hvb_dev_type(const guid_t *type, bool hvsock);
bool hvb_dev_unsupported(const guid_t *type);
bool hvb_offer_allowed_isolated(const struct hvb_offer *offer);

#endif /* _HV_VMBUS_WIRE_OFFER_H */
