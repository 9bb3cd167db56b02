// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much a SCSI host can take.
 *
 * Where the original driver's arithmetic breaks, other numbers are used: a
 * ratio of CPUs that is not positive (it divides by it), a low water mark that
 * is no percentage, a product that doesn't fit into an int, a transfer size
 * whose page list doesn't fit into the ring or whose number of segments doesn't
 * fit into 16 bits.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "limits.h"

/*
 * What a command takes in the ring when it has 32 pages, by which the original
 * driver sizes its queue: GPA direct descriptor, one range, packet, trailer.
 */
#define CMD_RING_BYTES		(24 + 8 + 32 * 8 + STV_PKT_LEN + 8)

/* The same without the pages. */
#define CMD_RING_FIXED		(24 + 8 + STV_PKT_LEN + 8)

#define VCPUS_PER_SUB_CHANNEL	4

#define SCSI_MAX_LUN		255
#define SCSI_MAX_ID		2
#define SCSI_MAX_CHANNEL	7
#define FC_MAX_ID		128
#define IDE_MAX_LUN		64
#define IDE_MAX_ID		1
#define IDE_MAX_CHANNEL		0

/**
 * stv_lowater() - make sense of the parameter ring_avail_percent_lowater
 * @percent: the parameter, any value
 *
 * Context: any.
 * Return: 0 to 99.
 */
u32 stv_lowater(int percent)
{
	return clamp(percent, 0, 99);
}
EXPORT_SYMBOL_IF_KUNIT(stv_lowater);

/**
 * stv_want_sub_channels() - how many sub-channels there is use for
 * @online_cpus: CPUs that are on line
 *
 * Context: any.
 * Return: one for each CPU that the first channel does not interrupt.
 */
u32 stv_want_sub_channels(u32 online_cpus)
{
	return online_cpus ? online_cpus - 1 : 0;
}
EXPORT_SYMBOL_IF_KUNIT(stv_want_sub_channels);

static u32 can_queue(const struct stv_limits_in *in)
{
	u32 ratio = in->vcpus_per_sub_channel > 0 ? in->vcpus_per_sub_channel :
						    VCPUS_PER_SUB_CHANNEL;
	u32 channels = 1;
	u64 n;

	if (in->kind != STV_DEV_IDE)
		channels += stv_want_sub_channels(in->online_cpus) / ratio;
	n = (u64)(in->ring_bytes / CMD_RING_BYTES) * channels;
	n = min_t(u64, n, U32_MAX) * (100 - stv_lowater(in->lowater));
	return clamp_t(u64, div_u64(n, 100), 1, STV_CAN_QUEUE_MAX);
}

/* Two of the largest commands must fit into a ring, or they would wait ever. */
static u32 max_transfer(const struct stv_limits_in *in)
{
	u32 room = in->ring_bytes / 2;
	u32 pfns = 0, limit = 0;

	if (room > CMD_RING_FIXED)
		pfns = (room - CMD_RING_FIXED) / sizeof(__le64);
	/* Data that starts within a page touches one page more. */
	if (pfns)
		limit = min_t(u32, pfns - 1, STV_TRANSFER_MAX / STV_PAGE_SIZE);
	limit *= STV_PAGE_SIZE;
	if (in->kind == STV_DEV_FC)
		limit = min(limit, STV_FC_TRANSFER_MAX);
	limit = min(limit, in->max_transfer - in->max_transfer % STV_PAGE_SIZE);
	return max(limit, STV_TRANSFER_MIN);
}

static void set_queues(const struct stv_limits_in *in, struct stv_limits *lim)
{
	lim->nr_hw_queues = 1;
	lim->hw_queues_reset = false;
	if (in->kind == STV_DEV_IDE)
		return;
	lim->hw_queues_reset = in->max_hw_queues > in->present_cpus;
	lim->nr_hw_queues = max(in->present_cpus, 1U);
	if (in->max_hw_queues && !lim->hw_queues_reset)
		lim->nr_hw_queues = in->max_hw_queues;
}

static void set_addresses(enum stv_dev_kind kind, struct stv_limits *lim)
{
	switch (kind) {
	case STV_DEV_IDE:
		lim->max_lun = IDE_MAX_LUN;
		lim->max_id = IDE_MAX_ID;
		lim->max_channel = IDE_MAX_CHANNEL;
		break;
	case STV_DEV_FC:
		lim->max_lun = SCSI_MAX_LUN;
		lim->max_id = FC_MAX_ID;
		lim->max_channel = SCSI_MAX_CHANNEL;
		break;
	default:
		lim->max_lun = SCSI_MAX_LUN;
		lim->max_id = SCSI_MAX_ID;
		lim->max_channel = SCSI_MAX_CHANNEL;
		break;
	}
}

/**
 * stv_limits() - compute the limits of a SCSI host
 * @in: what they are computed from
 * @lim: where to put them; all of it is written
 *
 * Context: any.
 */
void stv_limits(const struct stv_limits_in *in, struct stv_limits *lim)
{
	u32 transfer = max_transfer(in);

	lim->can_queue = can_queue(in);
	lim->max_sectors = transfer / 512;
	lim->sg_tablesize = transfer / STV_PAGE_SIZE + 1;
	set_queues(in, lim);
	set_addresses(in->kind, lim);
}
EXPORT_SYMBOL_IF_KUNIT(stv_limits);
