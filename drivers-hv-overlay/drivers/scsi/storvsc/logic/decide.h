/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the completion of a SCSI command means.
 *
 * A completion has two states, the SRB's and the device's, a length, and
 * perhaps sense data.  A decision is a function of these and of the command: it
 * is what the SCSI layer will be told, and what else is to be done.  Nothing
 * that the host did not send takes part: sense data counts only if the host
 * says that it sent some and the device said CHECK CONDITION.
 *
 * Also here: what becomes of a command that could not be sent, of one whose
 * time is up, and of an adapter that is broken.
 *
 * Locks: none; pure functions.
 */
#ifndef _HV_STORVSC_LOGIC_DECIDE_H
#define _HV_STORVSC_LOGIC_DECIDE_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "../wire/sense.h"
#include "../wire/vstor.h"

/*
 * Numbers of the SCSI layer.  They are repeated because its headers do not
 * build everywhere; the driver checks that they are the same.
 */
#define STV_SAM_GOOD			0x00
#define STV_SAM_CHECK_CONDITION		0x02

#define STV_DID_OK			0x00
#define STV_DID_NO_CONNECT		0x01
#define STV_DID_ERROR			0x07
#define STV_DID_PASSTHROUGH		0x0a
#define STV_DID_REQUEUE			0x0d

#define STV_CMD_TEST_UNIT_READY		0x00
#define STV_CMD_INQUIRY			0x12
#define STV_CMD_MODE_SENSE		0x1a
#define STV_CMD_SET_WINDOW		0x24
#define STV_CMD_READ_CAPACITY		0x25
#define STV_CMD_WRITE_SAME		0x41
#define STV_CMD_READ_TOC		0x43
#define STV_CMD_GET_CONFIGURATION	0x46
#define STV_CMD_READ_DISC_INFO		0x51
#define STV_CMD_READ_TRACK_INFO		0x52
#define STV_CMD_MODE_SENSE_10		0x5a
#define STV_CMD_ATA_16			0x85
#define STV_CMD_SERVICE_ACTION_IN_16	0x9e
#define STV_CMD_REPORT_LUNS		0xa0
#define STV_CMD_ATA_12			0xa1
#define STV_CMD_MAINTENANCE_IN		0xa3

/**
 * enum stv_action - what else a completion asks for
 * @STV_DO_NOTHING: nothing
 * @STV_DO_RESCAN_DEVICE: read the device's properties again: capacity, limits
 * @STV_DO_REMOVE_LUN: the device has gone: remove it
 */
enum stv_action {
	STV_DO_NOTHING,
	STV_DO_RESCAN_DEVICE,
	STV_DO_REMOVE_LUN,
};

/**
 * enum stv_log - logging level from which on a completion is logged; these are
 * the values of the parameter logging_level
 * @STV_LOG_NONE: never
 * @STV_LOG_ERROR: an error
 * @STV_LOG_WARN: happens in normal operation
 */
enum stv_log {
	STV_LOG_NONE = 0,
	STV_LOG_ERROR = 1,
	STV_LOG_WARN = 2,
};

/**
 * struct stv_io - what a decision needs to know of the command
 * @data_len: length of the data in bytes; 0 if there was none
 * @opcode: first byte of the CDB
 * @is_fc: the adapter is a Fibre Channel one
 */
struct stv_io {
	u32 data_len;
	u8 opcode;
	bool is_fc;
};

/**
 * struct stv_verdict - a decision
 * @result: result for the SCSI layer: SCSI status, host byte from bit 16 on
 * @resid: bytes that were not transferred, at most &stv_io.data_len
 * @action: what else to do
 * @log: from which level on to log the completion
 * @copy_sense: hand the sense data of the completion to the SCSI layer
 * @sense_ok: @sense is valid
 * @overlong: the host claims more bytes than there was room for
 * @sense: decoded sense data
 */
struct stv_verdict {
	u32 result;
	u32 resid;
	enum stv_action action;
	enum stv_log log;
	bool copy_sense;
	bool sense_ok;
	bool overlong;
	struct stv_sense sense;
};

/**
 * enum stv_unsent - what becomes of a command that was not sent
 * @STV_UNSENT_BUSY: the SCSI layer shall try again later
 * @STV_UNSENT_GONE: complete it with %STV_DID_NO_CONNECT
 * @STV_UNSENT_ERROR: complete it with %STV_DID_ERROR
 */
enum stv_unsent {
	STV_UNSENT_BUSY,
	STV_UNSENT_GONE,
	STV_UNSENT_ERROR,
};

/**
 * enum stv_expired - what becomes of a command whose time is up
 * @STV_EXPIRED_WAIT: the host has it: give it another term
 * @STV_EXPIRED_RECOVER: no completion will come: start error handling
 */
enum stv_expired {
	STV_EXPIRED_WAIT,
	STV_EXPIRED_RECOVER,
};

/* An adapter that is broken more often within so many seconds is given up. */
#define STV_RECOVER_MAX			5
#define STV_RECOVER_SPAN		300

/**
 * struct stv_recovered - how often an adapter was recovered of late
 * @first: second in which that began
 * @count: how often since then; 0 as long as it never was
 */
struct stv_recovered {
	u64 first;
	u32 count;
};

void stv_decide(const struct stv_io *io, const struct stv_comp *comp,
		struct stv_verdict *v);
bool stv_cmd_allowed(u8 opcode, u16 version);
bool stv_cmd_asks(u8 opcode);
enum stv_unsent stv_decide_unsent(int err, bool gone);
enum stv_expired stv_decide_expired(bool in_flight, bool suspect, bool dead);
bool stv_decide_recover(struct stv_recovered *r, u64 now);

/**
 * stv_comp_good() - is this the completion of a command that just went well?
 * @pkt: private copy of the payload; stv_io_claim() has accepted it
 * @data_len: length of the command's data in bytes
 * @resid: bytes that were not transferred; written if it is
 *
 * What stv_decide() would say, without ado: success, and nothing else to do.
 *
 * Context: any; the hot path of completion.
 * Return: true if so; else it takes stv_parse_comp() and stv_decide() to tell.
 */
static __always_inline bool stv_comp_good(const struct hv_view *pkt,
					  u32 data_len, u32 *resid)
{
	u32 done = get_unaligned_le32(pkt->p + STV_OFF_DATA_LEN);
	u16 states = get_unaligned_le16(pkt->p + STV_OFF_SRB_STATUS);

	if (unlikely(states != (STV_SRB_SUCCESS | STV_SAM_GOOD << 8) ||
		     done > data_len))
		return false;
	*resid = data_len - done;
	return true;
}

#endif /* _HV_STORVSC_LOGIC_DECIDE_H */
