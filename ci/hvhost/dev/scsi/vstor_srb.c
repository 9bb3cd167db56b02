// SPDX-License-Identifier: GPL-2.0-only
/*
 * One SCSI request: finds its unit, has it executed and turns the result into the
 * answer that Windows gives: SCSI status, SRB status and NT status of one event.
 */
#include <string.h>
#include "vstor.h"

#define SENSE_KEY_ILLEGAL_REQUEST	5
#define INQUIRY				0x12
#define REPORT_LUNS			0xa0

static void sense_into(struct vstor_srb *srb, const struct scsi_cmd *cmd)
{
	size_t len = cmd->sense_len;

	if (len > SENSE_BYTES)
		len = SENSE_BYTES;
	memcpy(srb->payload, cmd->sense, len);
}

static uint8_t srb_status(const struct vstor *v, const struct scsi_cmd *cmd)
{
	uint8_t status = SRB_ERROR;

	switch (cmd->status) {
	case SAM_GOOD:
		return v->overrun && cmd->transferred < cmd->data_len ? SRB_DATA_OVERRUN :
									SRB_SUCCESS;
	case SAM_BUSY:
	case SAM_TASK_SET_FULL:
		return SRB_BUSY;
	}
	if (!cmd->sense_len)
		return status;
	if ((cmd->sense[2] & 0xf) == SENSE_KEY_ILLEGAL_REQUEST)
		status = SRB_INVALID_REQUEST;
	return status | SRB_AUTOSENSE_VALID;
}

static uint32_t nt_status(uint8_t status)
{
	switch (status & ~SRB_AUTOSENSE_VALID) {
	case SRB_SUCCESS:
		return NT_SUCCESS;
	case SRB_BUSY:
		return NT_DEVICE_BUSY;
	case SRB_DATA_OVERRUN:
		return NT_BUFFER_OVERFLOW;
	case SRB_INVALID_LUN:
		return NT_DEVICE_DOES_NOT_EXIST;
	default:
		return NT_IO_DEVICE_ERROR;
	}
}

static void answer(struct hv_channel *ch, const struct vstor_request *rq,
		   const struct scsi_cmd *cmd, uint8_t status)
{
	struct vstor_msg msg = {
		.op = VSTOR_COMPLETE_IO,
		.status = nt_status(status),
		.srb = {
			.length = sizeof(msg.srb),
			.srb_status = status,
			.scsi_status = cmd->status,
			.cdb_length = VSTOR_CDB_BYTES,
			.sense_length = VSTOR_SENSE_BYTES,
			.data_length = cmd->transferred,
		},
	};

	if (status & SRB_AUTOSENSE_VALID)
		sense_into(&msg.srb, cmd);
	queue_send(ch, true, VSTOR_EXECUTE_SRB, rq->transaction, &msg,
		   VSTOR_HEADER_BYTES + rq->body);
}

/* Windows answers INQUIRY for a LUN that isn't there, so that guests may scan. */
static uint8_t absent(struct vstor *v, struct scsi_cmd *cmd)
{
	v->absent++;
	if (cmd->cdb[0] == INQUIRY && lun_absent_inquiry(cmd))
		return srb_status(v, cmd);
	cmd->status = SAM_CHECK_CONDITION;
	cmd->sense_len = 0;
	cmd->transferred = 0;
	return SRB_INVALID_LUN;
}

/* The path is ignored on IDE: guests don't set it right. */
static struct lun *lun_of(struct vstor *v, const struct vstor_srb *srb)
{
	if (srb->path && v->kind != VSTOR_IDE)
		return NULL;
	return vstor_lun(v, srb->target, srb->lun);
}

/* True: the request is parked, or the answer is there already. */
static bool delayed(struct hv_channel *ch, struct lun *lun, const struct vstor_request *rq,
		    struct scsi_cmd *cmd)
{
	uint64_t delay = lun_delay(lun, cmd);

	if (!delay)
		return false;
	if (queue_park(ch, rq, now_ns() + delay))
		return true;
	/* No room to keep it: a device with a full queue says so. */
	cmd->status = SAM_TASK_SET_FULL;
	answer(ch, rq, cmd, SRB_BUSY);
	return true;
}

void vstor_srb_execute(struct hv_channel *ch, struct vstor_request *rq, bool may_delay)
{
	struct vstor *v = vstor_of(ch);
	struct lun *lun;
	struct scsi_cmd cmd = {
		.cdb_len = rq->srb.cdb_length,
		.data = rq->sg.bytes ? &rq->sg : NULL,
		.data_len = rq->sg.bytes,
	};

	if (!cmd.cdb_len || cmd.cdb_len > sizeof(cmd.cdb))
		cmd.cdb_len = sizeof(cmd.cdb);
	memcpy(cmd.cdb, rq->srb.payload, cmd.cdb_len);
	lun = lun_of(v, &rq->srb);
	if (cmd.cdb[0] == REPORT_LUNS) {
		if (lun)	/* now it knows that the list has changed (SPC-4 6.33) */
			lun_attention_drop(lun, 0x3f, 0x0e);
		cmd.transferred = vstor_report_luns(v, &rq->srb, cmd.data);
		answer(ch, rq, &cmd, SRB_SUCCESS);
		return;
	}
	if (!lun) {
		answer(ch, rq, &cmd, absent(v, &cmd));
	} else if (!may_delay || !delayed(ch, lun, rq, &cmd)) {
		lun_execute(lun, &cmd);
		answer(ch, rq, &cmd, srb_status(v, &cmd));
	}
}
