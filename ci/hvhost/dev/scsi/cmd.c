// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which command is done by which function. What isn't here is answered ILLEGAL REQUEST,
 * INVALID COMMAND OPERATION CODE, as Windows does: MAINTENANCE IN with REPORT SUPPORTED
 * OPERATION CODES (A3), PERSISTENT RESERVE IN and OUT (5E, 5F), ATA PASS-THROUGH (85, A1).
 * REPORT LUNS (A0) is the controller's to answer.
 */
#include "lun_priv.h"

/* run, class, always, writes */
const struct op op_table[256] = {
	[0x00] = { cmd_nothing,			CLASS_OTHER, false, false }, /* TEST UNIT READY */
	[0x03] = { cmd_request_sense,		CLASS_OTHER, true,  false }, /* REQUEST SENSE */
	[0x04] = { cmd_nothing,			CLASS_OTHER, false, true  }, /* FORMAT UNIT */
	[0x08] = { cmd_read,			CLASS_READ,  false, false }, /* READ (6) */
	[0x0a] = { cmd_write,			CLASS_WRITE, false, true  }, /* WRITE (6) */
	[0x12] = { cmd_inquiry,			CLASS_OTHER, true,  false }, /* INQUIRY */
	[0x15] = { cmd_mode_select,		CLASS_OTHER, false, false }, /* MODE SELECT (6) */
	[0x16] = { cmd_nothing,			CLASS_OTHER, false, false }, /* RESERVE (6) */
	[0x17] = { cmd_nothing,			CLASS_OTHER, false, false }, /* RELEASE (6) */
	[0x1a] = { cmd_mode_sense,		CLASS_OTHER, false, false }, /* MODE SENSE (6) */
	[0x1b] = { cmd_start_stop,		CLASS_OTHER, false, false }, /* START STOP UNIT */
	[0x1d] = { cmd_diagnostic,		CLASS_OTHER, false, false }, /* SEND DIAGNOSTIC */
	[0x1e] = { cmd_nothing,			CLASS_OTHER, false, false }, /* PREVENT ALLOW */
	[0x25] = { cmd_read_capacity10,		CLASS_OTHER, false, false }, /* READ CAPACITY */
	[0x28] = { cmd_read,			CLASS_READ,  false, false }, /* READ (10) */
	[0x2a] = { cmd_write,			CLASS_WRITE, false, true  }, /* WRITE (10) */
	[0x2e] = { cmd_write,			CLASS_WRITE, false, true  }, /* WRITE VERIFY */
	[0x2f] = { cmd_verify,			CLASS_READ,  false, false }, /* VERIFY (10) */
	[0x35] = { cmd_flush,			CLASS_FLUSH, false, false }, /* SYNC CACHE (10) */
	[0x41] = { cmd_write_same,		CLASS_WRITE, false, true  }, /* WRITE SAME (10) */
	[0x42] = { cmd_unmap,			CLASS_UNMAP, false, true  }, /* UNMAP */
	[0x55] = { cmd_mode_select,		CLASS_OTHER, false, false }, /* MODE SELECT (10) */
	[0x5a] = { cmd_mode_sense,		CLASS_OTHER, false, false }, /* MODE SENSE (10) */
	[0x88] = { cmd_read,			CLASS_READ,  false, false }, /* READ (16) */
	[0x8a] = { cmd_write,			CLASS_WRITE, false, true  }, /* WRITE (16) */
	[0x8e] = { cmd_write,			CLASS_WRITE, false, true  }, /* WRITE VERIFY 16 */
	[0x8f] = { cmd_verify,			CLASS_READ,  false, false }, /* VERIFY (16) */
	[0x91] = { cmd_flush,			CLASS_FLUSH, false, false }, /* SYNC CACHE (16) */
	[0x93] = { cmd_write_same,		CLASS_WRITE, false, true  }, /* WRITE SAME (16) */
	[0x9e] = { cmd_service_action_in,	CLASS_OTHER, false, false }, /* SERVICE ACTION IN */
	[0xa8] = { cmd_read,			CLASS_READ,  false, false }, /* READ (12) */
	[0xaa] = { cmd_write,			CLASS_WRITE, false, true  }, /* WRITE (12) */
	[0xae] = { cmd_write,			CLASS_WRITE, false, true  }, /* WRITE VERIFY 12 */
	[0xaf] = { cmd_verify,			CLASS_READ,  false, false }, /* VERIFY (12) */
};
