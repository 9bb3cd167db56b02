// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of device classes that other modules see.
 *
 * Indexed by enum vmbus_device_type. uio_hv_generic takes the preferred ring
 * size from it. The same facts, for the core itself, are in wire/offer.c.
 */

#include <linux/array_size.h>
#include <linux/build_bug.h>
#include <linux/hyperv.h>

#include "vmbus.h"

/* A class that gets its channels spread over CPUs. */
#define VMBUS_PERF_DEV(_type, _guid, _isolated) \
	{ .dev_type = _type, _guid, .perf_device = true, \
	  .allowed_in_isolated = _isolated }

#define VMBUS_DEV(_type, _guid, _isolated) \
	{ .dev_type = _type, _guid, .allowed_in_isolated = _isolated }

/*
 * In the order of the enum. What confidential VMs accept is what has drivers
 * that were hardened for it.
 */
const struct vmbus_device vmbus_devs[] = {
	VMBUS_PERF_DEV(HV_IDE, HV_IDE_GUID, false),
	VMBUS_PERF_DEV(HV_SCSI, HV_SCSI_GUID, true),
	VMBUS_PERF_DEV(HV_FC, HV_SYNTHFC_GUID, false),
	VMBUS_PERF_DEV(HV_NIC, HV_NIC_GUID, true),
	VMBUS_PERF_DEV(HV_ND, HV_ND_GUID, false),
	VMBUS_DEV(HV_PCIE, HV_PCIE_GUID, true),
	VMBUS_DEV(HV_FB, HV_SYNTHVID_GUID, false),
	VMBUS_DEV(HV_KBD, HV_KBD_GUID, false),
	VMBUS_DEV(HV_MOUSE, HV_MOUSE_GUID, false),
	VMBUS_DEV(HV_KVP, HV_KVP_GUID, false),
	VMBUS_DEV(HV_TS, HV_TS_GUID, true),
	VMBUS_DEV(HV_HB, HV_HEART_BEAT_GUID, true),
	VMBUS_DEV(HV_SHUTDOWN, HV_SHUTDOWN_GUID, true),
	/* The daemon that maps these rings counts on 16 KiB each. */
	{ .dev_type = HV_FCOPY, HV_FCOPY_GUID, .pref_ring_size = 0x4000 },
	VMBUS_DEV(HV_BACKUP, HV_VSS_GUID, false),
	VMBUS_DEV(HV_DM, HV_DM_GUID, false),
	/* 64 KiB and the ring's header: enough for all but NIC and SCSI. */
	{ .dev_type = HV_UNKNOWN, .pref_ring_size = 0x11000 },
};

static_assert(ARRAY_SIZE(vmbus_devs) == HV_UNKNOWN + 1);
