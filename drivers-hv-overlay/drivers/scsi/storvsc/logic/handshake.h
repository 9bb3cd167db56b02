/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How guest and host get to know each other on the first channel.
 *
 * One message at a time: the caller asks for the next one, sends it, waits for
 * the completion and hands it in, until there is no next message:
 *
 *	stv_hs_start(&hs, &cfg);
 *	while ((op = stv_hs_next(&hs, buf)) > 0) {
 *		...send buf, wait...
 *		if (stv_hs_reply(&hs, &pkt))
 *			break;
 *	}
 *
 * The order is begin, versions from the highest down, properties, names (Fibre
 * Channel only), end, sub-channels (if the host has any).  A host that refuses
 * a version is asked for the next one without a new begin.  If nothing comes of
 * sub-channels the device is used without; every other failure ends the
 * handshake.
 *
 * What the host says is clamped to what this driver can work with before
 * anybody sees it.
 *
 * Locks: none; one caller at a time.
 */
#ifndef _HV_STORVSC_LOGIC_HANDSHAKE_H
#define _HV_STORVSC_LOGIC_HANDSHAKE_H

#include <linux/hyperv/view.h>
#include <linux/types.h>

#include "../wire/vstor.h"

/* Bytes per command if the host names no limit, and the limits of limits. */
#define STV_TRANSFER_DEFAULT	(64U << 10)
#define STV_TRANSFER_MIN	STV_PAGE_SIZE
#define STV_TRANSFER_MAX	(16U << 20)

/* Channels of one device with the first one; an index fits into a slot. */
#define STV_CHANNELS_MAX	1024

/**
 * enum stv_hs_state - which message is next, or waits for its completion
 * @STV_HS_BEGIN: begin initialisation
 * @STV_HS_VERSION: propose a version
 * @STV_HS_PROPERTIES: query properties
 * @STV_HS_WWN: query Fibre Channel names
 * @STV_HS_END: end initialisation
 * @STV_HS_SUB_CHANNELS: create sub-channels
 * @STV_HS_DONE: all is said
 * @STV_HS_FAILED: no way to work with this host, see &stv_hs.why
 */
enum stv_hs_state {
	STV_HS_BEGIN,
	STV_HS_VERSION,
	STV_HS_PROPERTIES,
	STV_HS_WWN,
	STV_HS_END,
	STV_HS_SUB_CHANNELS,
	STV_HS_DONE,
	STV_HS_FAILED,
};

/**
 * enum stv_hs_error - why a handshake failed
 * @STV_HS_OK: it did not
 * @STV_HS_TRUNCATED: a completion was too short
 * @STV_HS_OPERATION: the answer was no completion
 * @STV_HS_REFUSED: the host refused a message, see &stv_hs.status
 * @STV_HS_OBSOLETE: the host refused all versions from 5.1 on
 * @STV_HS_TIMEOUT: no answer in time; stv_hs_abort()
 * @STV_HS_GONE: device or channel went away; stv_hs_abort()
 */
enum stv_hs_error {
	STV_HS_OK,
	STV_HS_TRUNCATED,
	STV_HS_OPERATION,
	STV_HS_REFUSED,
	STV_HS_OBSOLETE,
	STV_HS_TIMEOUT,
	STV_HS_GONE,
};

/**
 * struct stv_hs_cfg - what the guest knows before
 * @is_fc: a Fibre Channel adapter
 * @want_sub_channels: sub-channels that the guest has use for; online CPUs - 1
 */
struct stv_hs_cfg {
	bool is_fc;
	u32 want_sub_channels;
};

/**
 * struct stv_params - what was negotiated
 * @version: protocol version
 * @multi_channel: the host has sub-channels
 * @max_transfer_clamped: the host's limit made no sense and was replaced
 * @sub_channels: sub-channels that the host agreed to open; offers follow
 * @max_transfer: bytes that one command may transfer, %STV_TRANSFER_MIN to
 *		  %STV_TRANSFER_MAX, a multiple of %STV_PAGE_SIZE
 * @raw_max_transfer: what the host said, for logs
 * @wwn: Fibre Channel names
 */
struct stv_params {
	u16 version;
	bool multi_channel;
	bool max_transfer_clamped;
	u16 sub_channels;
	u32 max_transfer;
	u32 raw_max_transfer;
	struct stv_wwn wwn;
};

/**
 * struct stv_hs - a handshake
 * @cfg: what the guest knows
 * @state: where it stands
 * @why: why it failed, or why there are no sub-channels
 * @where: the state in which that was
 * @waiting: a message is out, its completion is not in
 * @next_version: index of the version that is proposed next
 * @ask_channels: number of sub-channels to ask for
 * @sub_failed: nothing came of sub-channels, see @why and @status; all else is
 *		in order
 * @status: status of the last completion
 * @params: what was negotiated so far; complete in %STV_HS_DONE
 */
struct stv_hs {
	struct stv_hs_cfg cfg;
	enum stv_hs_state state;
	enum stv_hs_error why;
	enum stv_hs_state where;
	bool waiting;
	u8 next_version;
	u16 ask_channels;
	bool sub_failed;
	u32 status;
	struct stv_params params;
};

void stv_hs_start(struct stv_hs *hs, const struct stv_hs_cfg *cfg);
int stv_hs_next(struct stv_hs *hs, void *buf);
int stv_hs_reply(struct stv_hs *hs, const struct hv_view *pkt);
int stv_hs_abort(struct stv_hs *hs, enum stv_hs_error why);

const char *stv_hs_state_name(enum stv_hs_state state);
const char *stv_hs_error_name(enum stv_hs_error why);

#endif /* _HV_STORVSC_LOGIC_HANDSHAKE_H */
