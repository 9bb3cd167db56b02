// SPDX-License-Identifier: GPL-2.0-only
/* Every kind of device that --device knows. */
#include "bus/bus.h"
#include "dev/dm/dm.h"
#include "dev/ic/ic.h"
#include "dev/net/nic.h"
#include "dev/scsi/vstor.h"

const struct hv_device_ops *const device_kinds[] = {
	&scsi_ops,
	&ide_ops,
	&fc_ops,
	&nic_ops,
	&dm_ops,
	&heartbeat_ops,
	&shutdown_ops,
	&timesync_ops,
	&kvp_ops,
	&vss_ops,
	&fcopy_ops,
	NULL
};
