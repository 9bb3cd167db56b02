/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Version negotiation of integration components.
 *
 * The host sends a NEGOTIATE message and gets it back, edited:
 *
 *	0	pipe header: flags (u32), message size (u32)
 *	8	icmsg header: framework version (2 x u16), type (u16), message
 *		version (2 x u16), size (u16), status (u32), transaction (u8),
 *		flags (u8), reserved
 *	28	number of framework versions (u16), of service versions (u16),
 *		reserved (u32)
 *	36	the versions, 2 x u16 each: framework first, then service
 *
 * The answer names one version of each kind, or counts of 0 for no match.
 */
#ifndef _HV_VMBUS_WIRE_ICNEG_H
#define _HV_VMBUS_WIRE_ICNEG_H

#include <linux/types.h>

#define HVB_IC_PIPE_HDR_LEN	8U
#define HVB_IC_MSG_HDR_LEN	20U
#define HVB_IC_HDR_LEN		(HVB_IC_PIPE_HDR_LEN + HVB_IC_MSG_HDR_LEN)
#define HVB_IC_MAX_VERSIONS	100U
/* icmsgsize of an answer: counts, reserved word and two versions. */
#define HVB_IC_ANSWER_SIZE	16U

/**
 * struct hvb_icneg_ours - versions that a service of the guest supports
 * @fw: framework versions, major << 16 | minor, best first
 * @fw_count: number of entries in @fw
 * @srv: service versions, major << 16 | minor, best first
 * @srv_count: number of entries in @srv
 */
struct hvb_icneg_ours {
	const int *fw;
	int fw_count;
	const int *srv;
	int srv_count;
};

/**
 * enum hvb_icneg_verdict - how a negotiation ended
 * @HVB_ICNEG_MATCH: both versions found, the answer names them
 * @HVB_ICNEG_NO_FW: no common framework version; answer: counts of 0
 * @HVB_ICNEG_NO_SRV: no common service version; answer: counts of 0
 * @HVB_ICNEG_BAD_COUNT: too many versions, or more than the message has room
 *	for; answer: counts of 0
 * @HVB_ICNEG_SHORT: too short to hold the counts; nothing was written
 */
enum hvb_icneg_verdict {
	HVB_ICNEG_MATCH = 0,
	HVB_ICNEG_NO_FW,
	HVB_ICNEG_NO_SRV,
	HVB_ICNEG_BAD_COUNT,
	HVB_ICNEG_SHORT,
};

enum hvb_icneg_verdict hvb_icneg_answer(u8 *buf, u32 len,
					const struct hvb_icneg_ours *ours,
					int *fw, int *srv);

#endif /* _HV_VMBUS_WIRE_ICNEG_H */
