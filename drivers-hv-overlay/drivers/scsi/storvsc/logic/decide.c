// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the completion of a SCSI command means.
 *
 * The rules, first match counts; "flagged" is an SRB status with "sense valid",
 * and sense data exists only if it is flagged and the device said CHECK
 * CONDITION:
 *
 *	command or SRB status		sense, SCSI status	result
 *	------------------------------	----------------------	---------------
 *	INQUIRY, MODE SENSE (6, 10),	any			success
 *	FC: MAINTENANCE IN
 *	success				any			SCSI status
 *	invalid LUN			any			no connection,
 *								remove the LUN
 *	any other code, flagged:	2A/09; 3F without 03	requeue, rescan
 *	  one that hosts send for	and 0E as qualifiers
 *	  failed commands		other sense, or not	SCSI status
 *					GOOD
 *					GOOD			as not flagged
 *	not flagged: ATA pass-through	any			pass-through
 *	not flagged: TEST UNIT READY	any			SCSI status
 *	not flagged: others		any			error
 *	busy				GOOD			requeue
 *	code that is not known		GOOD			as not flagged
 *	code that is not known, busy	not GOOD		SCSI status
 *
 * The length that was transferred counts for plain success and a plain data
 * overrun; for everything else hosts leave it alone and nothing was.
 *
 * This is what users of the original driver see, with these differences, all
 * of them in states that well-behaved hosts don't send:
 *
 * 1. Flagged and GOOD: the original decides on sense data that nobody wrote.
 *    If that happens to be 0 then the command counts as good with nothing
 *    transferred, and is sent again for ever if it had data.
 * 2. Unknown code and GOOD, likewise: a cache flush that failed is a success.
 *    A code of "busy" asks for another try and gets it.
 * 3. Success with a flag and GOOD: nothing transferred, sent again for ever.
 *    Here it is a success.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/minmax.h>

#include "decide.h"

#define HOST_BYTE(did)		((u32)(did) << 16)

/* Additional sense codes and qualifiers, SPC-4 annex E. */
#define ASC_PARAMETERS_CHANGED		0x2a
#define ASCQ_CAPACITY_CHANGED		0x09
#define ASC_TARGET_CHANGED		0x3f
#define ASCQ_INQUIRY_CHANGED		0x03
#define ASCQ_LUNS_CHANGED		0x0e

/*
 * Hosts refuse some of these where a device would not, and nothing depends on
 * the answer; a LUN that is absent gives an INQUIRY that says so.
 */
static bool errors_mean_nothing(const struct stv_io *io)
{
	switch (io->opcode) {
	case STV_CMD_INQUIRY:
	case STV_CMD_MODE_SENSE:
	case STV_CMD_MODE_SENSE_10:
		return true;
	case STV_CMD_MAINTENANCE_IN:
		return io->is_fc;
	default:
		return false;
	}
}

/* SRB status codes of commands that failed, as hosts send them. */
static bool is_failure(u8 code)
{
	switch (code) {
	case STV_SRB_ABORTED:
	case STV_SRB_ERROR:
	case STV_SRB_INVALID_REQUEST:
	case STV_SRB_TIMEOUT:
	case STV_SRB_SELECTION_TIMEOUT:
	case STV_SRB_BUS_RESET:
	case STV_SRB_DATA_OVERRUN:
	case STV_SRB_INTERNAL_ERROR:
		return true;
	default:
		return false;
	}
}

/*
 * Capacity; or a property, such as the granularity of discards when a
 * differencing disk is put on top.  The SCSI layer handles the two others.
 */
static bool device_changed(const struct stv_sense *sense)
{
	if (sense->asc == ASC_PARAMETERS_CHANGED)
		return sense->ascq == ASCQ_CAPACITY_CHANGED;
	return sense->asc == ASC_TARGET_CHANGED &&
	       sense->ascq != ASCQ_INQUIRY_CHANGED &&
	       sense->ascq != ASCQ_LUNS_CHANGED;
}

static void set_transferred(const struct stv_io *io, u32 len,
			    struct stv_verdict *v)
{
	v->overlong = len > io->data_len;
	v->resid = io->data_len - min(len, io->data_len);
}

/* The command failed and nothing says why. */
static void decide_bare(const struct stv_io *io, struct stv_verdict *v)
{
	switch (io->opcode) {
	case STV_CMD_ATA_12:
	case STV_CMD_ATA_16:
		v->result |= HOST_BYTE(STV_DID_PASSTHROUGH);
		break;
	case STV_CMD_TEST_UNIT_READY:
		/* What it asks is whether there is an error. */
		break;
	default:
		v->result |= HOST_BYTE(STV_DID_ERROR);
		break;
	}
}

static void decide_failure(const struct stv_io *io, const struct stv_comp *comp,
			   struct stv_verdict *v)
{
	u8 code = comp->srb_status & STV_SRB_STATUS_MASK;
	bool good = comp->scsi_status == STV_SAM_GOOD;
	bool flagged = comp->srb_status & STV_SRB_SENSE_VALID;

	if (code == STV_SRB_INVALID_LUN) {
		v->result |= HOST_BYTE(STV_DID_NO_CONNECT);
		v->action = STV_DO_REMOVE_LUN;
	} else if (is_failure(code) && v->sense_ok &&
		   device_changed(&v->sense)) {
		v->result |= HOST_BYTE(STV_DID_REQUEUE);
		v->action = STV_DO_RESCAN_DEVICE;
	} else if (is_failure(code)) {
		if (good || !flagged)
			decide_bare(io, v);
	} else if (good) {
		if (code == STV_SRB_BUSY)
			v->result |= HOST_BYTE(STV_DID_REQUEUE);
		else
			decide_bare(io, v);
	}
}

/**
 * stv_decide() - decide about a completion
 * @io: the command
 * @comp: its completion
 * @v: where to put the decision; all of it is written
 *
 * Context: any.
 */
void stv_decide(const struct stv_io *io, const struct stv_comp *comp,
		struct stv_verdict *v)
{
	bool good = comp->scsi_status == STV_SAM_GOOD;
	bool plain = comp->srb_status == STV_SRB_SUCCESS;
	u8 code = comp->srb_status & STV_SRB_STATUS_MASK;
	bool success = plain || (code == STV_SRB_SUCCESS && good);

	*v = (struct stv_verdict) {};
	if (errors_mean_nothing(io)) {
		set_transferred(io, comp->data_len, v);
		return;
	}

	v->result = comp->scsi_status;
	if (!good || !plain)
		v->log = io->opcode == STV_CMD_TEST_UNIT_READY ?
			 STV_LOG_WARN : STV_LOG_ERROR;
	if (comp->scsi_status == STV_SAM_CHECK_CONDITION &&
	    (comp->srb_status & STV_SRB_SENSE_VALID)) {
		v->copy_sense = true;
		v->sense_ok = stv_sense_parse(&comp->sense, &v->sense);
	}

	if (success || comp->srb_status == STV_SRB_DATA_OVERRUN)
		set_transferred(io, comp->data_len, v);
	else
		set_transferred(io, 0, v);
	if (code != STV_SRB_SUCCESS)
		decide_failure(io, comp, v);
}
EXPORT_SYMBOL_IF_KUNIT(stv_decide);

/**
 * stv_cmd_allowed() - may a command be sent to this host?
 * @opcode: first byte of the CDB
 * @version: protocol version
 *
 * Hosts up to 5.1 don't answer some commands that they do not know; SET WINDOW
 * is what smartd sends.  Such a command is completed with %STV_DID_ERROR.
 *
 * Context: any.
 * Return: true if it may.
 */
bool stv_cmd_allowed(u8 opcode, u16 version)
{
	if (likely(version > STV_VERSION_5_1))
		return true;
	return opcode != STV_CMD_WRITE_SAME && opcode != STV_CMD_SET_WINDOW;
}
EXPORT_SYMBOL_IF_KUNIT(stv_cmd_allowed);

/**
 * stv_cmd_asks() - does a command only ask the device for something?
 * @opcode: first byte of the CDB
 *
 * Such a command may be sent twice: it moves no data of the medium and no tape,
 * and takes nothing away from whoever asks next.
 *
 * Context: any.
 * Return: true if so, as far as is known.
 */
bool stv_cmd_asks(u8 opcode)
{
	switch (opcode) {
	case STV_CMD_TEST_UNIT_READY:
	case STV_CMD_INQUIRY:
	case STV_CMD_MODE_SENSE:
	case STV_CMD_READ_CAPACITY:
	case STV_CMD_READ_TOC:
	case STV_CMD_GET_CONFIGURATION:
	case STV_CMD_READ_DISC_INFO:
	case STV_CMD_READ_TRACK_INFO:
	case STV_CMD_MODE_SENSE_10:
	case STV_CMD_SERVICE_ACTION_IN_16:
	case STV_CMD_REPORT_LUNS:
	case STV_CMD_MAINTENANCE_IN:
		return true;
	default:
		return false;
	}
}
EXPORT_SYMBOL_IF_KUNIT(stv_cmd_asks);

/**
 * stv_decide_unsent() - what becomes of a command that was not sent
 * @err: why not, a negative error code
 * @gone: the device is being removed or was rescinded
 *
 * A command that was not sent never comes back by itself, so one of these must
 * be done.
 *
 * Context: any.
 * Return: what to do.
 */
enum stv_unsent stv_decide_unsent(int err, bool gone)
{
	if (gone)
		return STV_UNSENT_GONE;
	switch (err) {
	case -EAGAIN:
	case -ENOMEM:
	case -EBUSY:
		return STV_UNSENT_BUSY;
	case -ENODEV:
		return STV_UNSENT_GONE;
	default:
		return STV_UNSENT_ERROR;
	}
}
EXPORT_SYMBOL_IF_KUNIT(stv_decide_unsent);

/**
 * stv_decide_expired() - what becomes of a command whose time is up
 * @in_flight: the host has it and has not completed it
 * @suspect: the host answered it with something that is no completion
 * @dead: the channel that it was sent on will bring nothing any more
 *
 * Hosts have error handling of their own and complete every command in the end,
 * which may take longer than any limit that would make sense.  So time alone is
 * no reason to give up.
 *
 * Context: any.
 * Return: what to do.
 */
enum stv_expired stv_decide_expired(bool in_flight, bool suspect, bool dead)
{
	if (in_flight && (suspect || dead))
		return STV_EXPIRED_RECOVER;
	return STV_EXPIRED_WAIT;
}
EXPORT_SYMBOL_IF_KUNIT(stv_decide_expired);

/**
 * stv_decide_recover() - may an adapter that is broken be recovered once more?
 * @r: how often it was; this time is added
 * @now: seconds of a clock that doesn't go back
 *
 * What a host breaks now and then is mended for ever; one that does nothing
 * else would have the adapter close and open its channels all the time. So
 * there are %STV_RECOVER_MAX recoveries in the %STV_RECOVER_SPAN seconds that
 * begin with the first; the first one after these begins anew.
 *
 * Context: any; one at a time.
 * Return: true if it may; false if the adapter is to be given up.
 */
bool stv_decide_recover(struct stv_recovered *r, u64 now)
{
	if (!r->count || now - r->first > STV_RECOVER_SPAN)
		*r = (struct stv_recovered) { .first = now };
	return ++r->count <= STV_RECOVER_MAX;
}
EXPORT_SYMBOL_IF_KUNIT(stv_decide_recover);
