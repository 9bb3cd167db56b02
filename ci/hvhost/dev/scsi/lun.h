/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A logical unit: SCSI commands on a backend. Knows nothing of VMBus or vstor.
 *
 * The transport (vstor.c) owns targets and LUN numbers and hands each command to
 * lun_execute(), which fills in status, sense and data at once (no blocking but for
 * the backend's own I/O). Commands on one LUN may come from several channels'
 * threads at a time: reads, writes and unmaps run in parallel, everything that
 * changes the unit (resize, unit attention, mode) takes the LUN's lock, a leaf.
 */
#ifndef HVHOST_LUN_H
#define HVHOST_LUN_H

#include "../../bus/ring.h"

#define SENSE_BYTES	18

/* SAM status codes */
enum { SAM_GOOD = 0, SAM_CHECK_CONDITION = 2, SAM_BUSY = 8, SAM_TASK_SET_FULL = 0x28 };

struct scsi_cmd {
	uint8_t cdb[16];
	uint8_t cdb_len;
	const struct sg *data;		/* NULL: none */
	uint32_t data_len;		/* bytes that the guest expects to move */
	/* filled in */
	uint8_t status;
	uint8_t sense[SENSE_BYTES];	/* fixed format */
	uint8_t sense_len;
	uint32_t transferred;
};

struct lun_counters {
	uint64_t commands, reads, writes, read_bytes, written_bytes, unmaps, unmapped_bytes,
		 write_sames, flushes, errors, unknown;
};

struct lun;
/*
 * spec: "PATH" a raw file or block device; "mem:SIZE"; "null:SIZE" (reads zeroes, drops writes).
 * Options after the first comma: ro, wwn=HEX16 or HEX32 (default made from seed), serial=TEXT,
 * block=512|4096, nounmap, rotational, nofua, writethrough (no write cache), lbpws (WRITE SAME
 * may unmap too; Windows' disks don't say so). NULL with a reason in error.
 */
struct lun *lun_create(const char *spec, const char *seed, char *error, size_t size);
void lun_destroy(struct lun *lun);
void lun_execute(struct lun *lun, struct scsi_cmd *cmd);
/* Sets a unit attention for the next command that reports such. */
void lun_attention(struct lun *lun, uint8_t asc, uint8_t ascq);
/* Drops one that something else has made superfluous. */
void lun_attention_drop(struct lun *lun, uint8_t asc, uint8_t ascq);
/* New size in bytes; files are truncated to it, block devices (0) looked at again. Sets 2A/09. */
bool lun_resize(struct lun *lun, uint64_t bytes, char *error, size_t size);
/*
 * Commands for the control socket that concern one unit: `resize SIZE`, `error SPEC`,
 * `delay MS [COUNT]`, `counters`, `attention ASC ASCQ`, `hash [OFFSET LEN]` (SHA-256 of the
 * content), `flush`. SPEC: see lun_inject.c. Main thread.
 */
bool lun_command(struct lun *lun, int argc, char **argv, struct text *answer);
void lun_describe(struct lun *lun, struct text *answer);
/* Added up from all threads' when called. Main thread. */
const struct lun_counters *lun_counters(const struct lun *lun);
/* The injected delay in ns of this command, 0: none. The transport parks it that long. */
uint64_t lun_delay(struct lun *lun, const struct scsi_cmd *cmd);
/* Answers for a LUN that isn't there: INQUIRY with peripheral type 0x7F. False: not an INQUIRY. */
bool lun_absent_inquiry(struct scsi_cmd *cmd);

#endif
