// SPDX-License-Identifier: GPL-2.0-only
/* Version negotiation of integration components, see icneg.h. */

#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/hyperv/view.h>

#include "icneg.h"

/* Offsets in bytes (integration component protocol). */
#define OFF_ICMSG_SIZE		(HVB_IC_PIPE_HDR_LEN + 10)
#define OFF_FW_COUNT		HVB_IC_HDR_LEN
#define OFF_SRV_COUNT		(HVB_IC_HDR_LEN + 2)
#define OFF_VERSIONS		(HVB_IC_HDR_LEN + 8)
#define VERSION_LEN		4

/*
 * Pick the first of our versions that is among @count of the host's, which
 * start at entry @first.
 */
static bool pick_version(const struct hv_view *v, u32 first, u32 count,
			 const int *ours, int our_count, u32 *picked)
{
	u16 major, minor;
	u32 i, off;
	int n;

	for (n = 0; n < our_count; n++) {
		for (i = 0; i < count; i++) {
			off = OFF_VERSIONS + (first + i) * VERSION_LEN;
			if (hv_view_le16(v, off, &major) ||
			    hv_view_le16(v, off + 2, &minor))
				return false;
			*picked = (u32)major << 16 | minor;
			if (*picked == (u32)ours[n])
				return true;
		}
	}
	return false;
}

static void put_version(u8 *buf, u32 len, u32 index, u32 version)
{
	u32 off = OFF_VERSIONS + index * VERSION_LEN;

	/* An answer without a match may be too short to hold versions. */
	if (off + VERSION_LEN > len)
		return;
	put_unaligned_le16(version >> 16, buf + off);
	put_unaligned_le16(version & 0xffff, buf + off + 2);
}

static enum hvb_icneg_verdict choose(const struct hv_view *v,
				     const struct hvb_icneg_ours *ours,
				     u32 *fw, u32 *srv)
{
	u16 fw_count, srv_count;

	if (hv_view_le16(v, OFF_FW_COUNT, &fw_count) ||
	    hv_view_le16(v, OFF_SRV_COUNT, &srv_count))
		return HVB_ICNEG_SHORT;
	if (fw_count > HVB_IC_MAX_VERSIONS || srv_count > HVB_IC_MAX_VERSIONS ||
	    !hv_view_has(v, OFF_VERSIONS,
			 ((u32)fw_count + srv_count) * VERSION_LEN))
		return HVB_ICNEG_BAD_COUNT;
	if (!pick_version(v, 0, fw_count, ours->fw, ours->fw_count, fw))
		return HVB_ICNEG_NO_FW;
	if (!pick_version(v, fw_count, srv_count, ours->srv, ours->srv_count,
			  srv))
		return HVB_ICNEG_NO_SRV;
	return HVB_ICNEG_MATCH;
}

/**
 * hvb_icneg_answer() - turn a NEGOTIATE message into its answer, in place
 * @buf: private copy of the message, pipe header included
 * @len: number of valid bytes in @buf; nothing beyond them is touched
 * @ours: versions that the service supports
 * @fw: framework version that was agreed on, major << 16 | minor, or 0
 * @srv: service version that was agreed on, likewise
 *
 * Our best version that the host has wins, whatever the order in the host's
 * lists. Only the sizes, counts and versions are written; flags and status of
 * the headers are up to the caller, who must have checked that the message is
 * a NEGOTIATE. What the host sent behind the two versions is left in place.
 *
 * Source: integration component protocol; the answer has counts of 1 and 1.
 *
 * Context: any.
 * Return: how it ended. @fw and @srv are 0 unless it is %HVB_ICNEG_MATCH.
 */
enum hvb_icneg_verdict hvb_icneg_answer(u8 *buf, u32 len,
					const struct hvb_icneg_ours *ours,
					int *fw, int *srv)
{
	struct hv_view v = hv_view_of(buf, len);
	enum hvb_icneg_verdict verdict;
	u32 our_fw = 0, our_srv = 0;
	u16 count;

	*fw = 0;
	*srv = 0;
	verdict = choose(&v, ours, &our_fw, &our_srv);
	if (verdict == HVB_ICNEG_SHORT)
		return verdict;
	if (verdict == HVB_ICNEG_MATCH) {
		*fw = our_fw;
		*srv = our_srv;
	}

	count = verdict == HVB_ICNEG_MATCH ? 1 : 0;
	put_unaligned_le16(HVB_IC_ANSWER_SIZE, buf + OFF_ICMSG_SIZE);
	put_unaligned_le16(count, buf + OFF_FW_COUNT);
	put_unaligned_le16(count, buf + OFF_SRV_COUNT);
	put_version(buf, len, 0, *fw);
	put_version(buf, len, 1, *srv);
	return verdict;
}
EXPORT_SYMBOL_IF_KUNIT(hvb_icneg_answer);
