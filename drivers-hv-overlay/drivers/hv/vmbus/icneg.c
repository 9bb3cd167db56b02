// SPDX-License-Identifier: GPL-2.0-only
/*
 * Version negotiation of integration components, for the drivers that use
 * struct icmsg_hdr of linux/hyperv.h. Bytes are the business of the wire
 * folder.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hyperv.h>
#include <linux/printk.h>

#include "chan_ops.h"
#include "wire/icneg.h"

/**
 * vmbus_prep_negotiate_resp() - turn a NEGOTIATE message into its answer
 * @icmsghdrp: header of the message; it lies in @buf behind the pipe header
 * @buf: private copy of the message from its pipe header on
 * @buflen: bytes in @buf
 * @fw_version: framework versions of the service, best first
 * @fw_vercnt: number of them
 * @srv_version: message versions of the service, best first
 * @srv_vercnt: number of them
 * @nego_fw_version: where to put the framework version, may be %NULL
 * @nego_srv_version: where to put the message version, may be %NULL
 *
 * Versions are major << 16 | minor. The caller sends the answer; without a
 * match it has counts of 0 and the service stays silent.
 *
 * Context: any.
 * Return: true if both sides have a version of each kind in common.
 */
bool vmbus_prep_negotiate_resp(struct icmsg_hdr *icmsghdrp, u8 *buf,
			       u32 buflen, const int *fw_version, int fw_vercnt,
			       const int *srv_version, int srv_vercnt,
			       int *nego_fw_version, int *nego_srv_version)
{
	const struct hvb_icneg_ours ours = {
		.fw = fw_version,
		.fw_count = fw_vercnt,
		.srv = srv_version,
		.srv_count = srv_vercnt,
	};
	enum hvb_icneg_verdict verdict;
	int fw, srv;

	verdict = hvb_icneg_answer(buf, buflen, &ours, &fw, &srv);
	if (verdict == HVB_ICNEG_SHORT || verdict == HVB_ICNEG_BAD_COUNT)
		pr_err_ratelimited("malformed version negotiation\n");
	if (nego_fw_version)
		*nego_fw_version = fw;
	if (nego_srv_version)
		*nego_srv_version = srv;
	return verdict == HVB_ICNEG_MATCH;
}
