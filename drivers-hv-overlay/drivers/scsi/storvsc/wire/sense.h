/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sense data: why a device refused a command.
 *
 * There are two formats, fixed and with descriptors.  Only the three numbers
 * that both have are of interest here: the sense key, and the additional sense
 * code with its qualifier.  What the data is too short for is 0, which means
 * "no additional information" in all three.
 *
 * Context: any.  Builds in user space and on either byte order.
 *
 * Source: SPC-4, 4.5 (sense data).
 */
#ifndef _HV_STORVSC_WIRE_SENSE_H
#define _HV_STORVSC_WIRE_SENSE_H

#include <linux/hyperv/view.h>
#include <linux/types.h>

/**
 * struct stv_sense - decoded sense data
 * @response: response code, 0x70 to 0x7f
 * @key: sense key, 0 to 15
 * @asc: additional sense code
 * @ascq: its qualifier
 */
struct stv_sense {
	u8 response;
	u8 key;
	u8 asc;
	u8 ascq;
};

bool stv_sense_parse(const struct hv_view *data, struct stv_sense *sense);

#endif /* _HV_STORVSC_WIRE_SENSE_H */
