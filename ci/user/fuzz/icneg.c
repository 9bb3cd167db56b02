// SPDX-License-Identifier: GPL-2.0-only
/*
 * The version negotiation of integration components: it edits what it got in
 * place, so nothing beyond the message may change and nothing may be left in
 * doubt.
 */
#include "drivers/hv/vmbus/wire/icneg.h"
#include "fuzz.h"

#define MESSAGE_MAX	1024

static const int fw[] = { 3 << 16, 1 << 16 };
static const int srv[] = { 5 << 16, 4 << 16 | 1, 3 << 16, 1 << 16 };

static bool known(const int *list, size_t n, int version)
{
	while (n--)
		if (list[n] == version)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	struct hvb_icneg_ours ours = { .fw = fw, .srv = srv };
	enum hvb_icneg_verdict verdict;
	int fw_got = -1, srv_got = -1;
	u8 *copy, counts = take8(&in);
	u32 len;

	ours.fw_count = counts % (ARRAY_SIZE(fw) + 1);
	ours.srv_count = counts / 16 % (ARRAY_SIZE(srv) + 1);
	copy = take_packet(&in, MESSAGE_MAX, &len);
	verdict = hvb_icneg_answer(copy, len, &ours, &fw_got, &srv_got);
	MUST(verdict <= HVB_ICNEG_SHORT);
	if (verdict == HVB_ICNEG_MATCH) {
		MUST(known(fw, ours.fw_count, fw_got));
		MUST(known(srv, ours.srv_count, srv_got));
		MUST(get_unaligned_le16(copy + HVB_IC_HDR_LEN) == 1);
		MUST(get_unaligned_le16(copy + HVB_IC_HDR_LEN + 2) == 1);
	} else if (verdict == HVB_ICNEG_SHORT) {
		MUST(!memcmp(copy, data + 1, len));
	} else {
		MUST(!get_unaligned_le32(copy + HVB_IC_HDR_LEN));
	}
	free(copy);
	return 0;
}
