/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much a SCSI host can take: from module parameters, which an administrator
 * may set to anything, and from what the host advertises.
 *
 * The numbers are those that users of the original driver see, wherever the
 * original's arithmetic gave a number that can work; see limits.c.
 *
 * Locks: none; pure functions.
 */
#ifndef _HV_STORVSC_LOGIC_LIMITS_H
#define _HV_STORVSC_LOGIC_LIMITS_H

#include <linux/types.h>

#include "handshake.h"

/* The most that the SCSI layer can be told, and the depth of one device. */
#define STV_CAN_QUEUE_MAX	0xffff
#define STV_CMD_PER_LUN		2048

/* Fibre Channel: bytes per command, whatever the host says. */
#define STV_FC_TRANSFER_MAX	(512U << 10)

/**
 * enum stv_dev_kind - what sort of adapter it is
 * @STV_DEV_SCSI: synthetic SCSI
 * @STV_DEV_IDE: accelerated IDE: one disk, one channel
 * @STV_DEV_FC: synthetic Fibre Channel
 */
enum stv_dev_kind {
	STV_DEV_SCSI,
	STV_DEV_IDE,
	STV_DEV_FC,
};

/**
 * struct stv_limits_in - what limits are computed from
 * @kind: sort of adapter
 * @ring_bytes: bytes of the data area of one ring, without the header page
 * @online_cpus: number of CPUs that are on line, at least 1
 * @present_cpus: number of CPUs that are present, at least 1
 * @vcpus_per_sub_channel: module parameter, any value
 * @lowater: module parameter ring_avail_percent_lowater, any value
 * @max_hw_queues: module parameter, any value
 * @max_transfer: bytes per command, &stv_params.max_transfer
 */
struct stv_limits_in {
	enum stv_dev_kind kind;
	u32 ring_bytes;
	u32 online_cpus;
	u32 present_cpus;
	int vcpus_per_sub_channel;
	int lowater;
	u32 max_hw_queues;
	u32 max_transfer;
};

/**
 * struct stv_limits - limits of a SCSI host
 * @can_queue: commands that may be in flight, 1 to %STV_CAN_QUEUE_MAX
 * @max_sectors: sectors of 512 bytes per command, at least 8
 * @sg_tablesize: segments per command, at least 2
 * @nr_hw_queues: hardware queues, without polled ones, at least 1
 * @hw_queues_reset: @max_hw_queues of the input made no sense and was ignored
 * @max_lun: one more than the highest LUN
 * @max_id: one more than the highest target
 * @max_channel: highest SCSI channel
 */
struct stv_limits {
	u32 can_queue;
	u32 max_sectors;
	u16 sg_tablesize;
	u32 nr_hw_queues;
	bool hw_queues_reset;
	u32 max_lun;
	u32 max_id;
	u32 max_channel;
};

void stv_limits(const struct stv_limits_in *in, struct stv_limits *lim);
u32 stv_lowater(int percent);
u32 stv_want_sub_channels(u32 online_cpus);

#endif /* _HV_STORVSC_LOGIC_LIMITS_H */
