// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V virtual storage: module parameters.
 *
 * Names and meanings are those of the original driver. Any value may be given;
 * logic/limits.c makes sense of it.
 */
#include <linux/hyperv.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "storvsc.h"

/* The smallest ring with room for data; the largest that may be allocated. */
#define STV_RING_MIN	SZ_16K
#define STV_RING_MAX	SZ_2M

int stv_logging_level = STV_LOG_ERROR;
module_param_named(logging_level, stv_logging_level, int, 0644);
MODULE_PARM_DESC(logging_level,
		 "Logging level, 0 - None, 1 - Error (default), 2 - Warning.");

static int stv_ringbuffer_size = SZ_128K;
module_param_named(storvsc_ringbuffer_size, stv_ringbuffer_size, int, 0444);
MODULE_PARM_DESC(storvsc_ringbuffer_size, "Ring buffer size (bytes)");

unsigned int stv_max_hw_queues;
module_param_named(storvsc_max_hw_queues, stv_max_hw_queues, uint, 0644);
MODULE_PARM_DESC(storvsc_max_hw_queues, "Maximum number of hardware queues");

int stv_vcpus_per_sub_channel = 4;
module_param_named(storvsc_vcpus_per_sub_channel, stv_vcpus_per_sub_channel,
		   int, 0444);
MODULE_PARM_DESC(storvsc_vcpus_per_sub_channel,
		 "Ratio of VCPUs to subchannels");

int stv_ring_avail_percent_lowater = 10;
module_param_named(ring_avail_percent_lowater, stv_ring_avail_percent_lowater,
		   int, 0444);
MODULE_PARM_DESC(ring_avail_percent_lowater,
		 "Select a channel if available ring size > this in percent");

/**
 * stv_ring_size() - size of a ring
 *
 * Return: bytes with the header, a multiple of the page size.
 */
u32 stv_ring_size(void)
{
	return VMBUS_RING_SIZE(clamp(stv_ringbuffer_size, STV_RING_MIN,
				     STV_RING_MAX));
}
