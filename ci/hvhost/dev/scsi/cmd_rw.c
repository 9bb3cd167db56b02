// SPDX-License-Identifier: GPL-2.0-only
/* READ, WRITE, WRITE AND VERIFY, VERIFY, SYNCHRONIZE CACHE. */
#include <errno.h>
#include <string.h>
#include "lun_priv.h"

#define FLAG_RELADR	0x01	/* obsolete since SBC-2; Windows refuses it */
#define FLAG_FUA	0x08
#define FLAG_PROTECT	0xe0	/* RDPROTECT, WRPROTECT: no protection information here */
#define VERIFY_BYTCHK	0x06
#define CHUNK_BYTES	16384u

bool cmd_extent(const struct scsi_cmd *cmd, struct extent *e)
{
	const uint8_t *cdb = cmd->cdb;

	e->flags = cdb[1];
	switch (cdb[0]) {
	case 0x08: case 0x0a:
		e->lba = (uint64_t)(cdb[1] & 0x1f) << 16 | get16(cdb + 2);
		e->count = cdb[4] ? cdb[4] : 256;
		e->flags = 0;
		return true;
	case 0x28: case 0x2a: case 0x2e: case 0x2f: case 0x41:
		e->lba = get32(cdb + 2);
		e->count = get16(cdb + 7);
		return true;
	case 0xa8: case 0xaa: case 0xae: case 0xaf:
		e->lba = get32(cdb + 2);
		e->count = get32(cdb + 6);
		return true;
	case 0x88: case 0x8a: case 0x8e: case 0x8f: case 0x93:
		e->lba = get64(cdb + 2);
		e->count = get32(cdb + 10);
		return true;
	}
	return false;
}

static bool in_range(struct lun *lun, const struct extent *e)
{
	uint64_t blocks = lun_blocks(lun);

	return e->lba < blocks && e->count <= blocks - e->lba;
}

/*
 * The extent of a transfer, checked against unit and buffer; 0: the command is answered.
 * No blocks at all and a buffer that is too short are LBA OUT OF RANGE on Windows.
 */
static uint32_t transfer(struct lun *lun, struct scsi_cmd *cmd, struct extent *e)
{
	uint64_t bytes;

	if (!cmd_extent(cmd, e)) {
		cmd_illegal(cmd, ASC_OPCODE);
		return 0;
	}
	bytes = e->count << lun->shift;
	if (e->flags & (FLAG_PROTECT | (cmd->cdb[0] < 0x80 ? FLAG_RELADR : 0))) {
		cmd_illegal(cmd, ASC_CDB);
		return 0;
	}
	if (!bytes || bytes > cmd_room(cmd) || !in_range(lun, e)) {
		cmd_illegal(cmd, ASC_LBA);
		return 0;
	}
	return (uint32_t)bytes;
}

void cmd_read(struct lun *lun, struct scsi_cmd *cmd)
{
	struct extent e;
	uint32_t bytes = transfer(lun, cmd, &e);
	int err;

	if (!bytes)
		return;
	err = backend_read(lun->backend, e.lba << lun->shift, cmd->data, bytes);
	if (err) {
		cmd_backend_error(lun, cmd, false, err, e.lba);
		return;
	}
	cmd->transferred = bytes;
	lun_count(lun, reads, 1);
	lun_count(lun, read_bytes, bytes);
}

/* WRITE AND VERIFY is a write that doesn't stay in a cache. */
static bool through(const struct scsi_cmd *cmd, const struct extent *e)
{
	return (cmd->cdb[0] & 0x1f) == 0x0e || e->flags & FLAG_FUA;
}

void cmd_write(struct lun *lun, struct scsi_cmd *cmd)
{
	struct extent e;
	uint32_t bytes = transfer(lun, cmd, &e);
	int err;

	if (!bytes)
		return;
	err = backend_write(lun->backend, e.lba << lun->shift, cmd->data, bytes);
	if (!err && (through(cmd, &e) || !lun->write_cache))
		err = lun->backend->ops->flush(lun->backend);
	if (err) {
		cmd_backend_error(lun, cmd, true, err, e.lba);
		return;
	}
	cmd->transferred = bytes;
	lun_count(lun, writes, 1);
	lun_count(lun, written_bytes, bytes);
}

/* Compares with the guest's data piece by piece. */
static void compare(struct lun *lun, struct scsi_cmd *cmd, const struct extent *e)
{
	uint8_t ours[CHUNK_BYTES], theirs[CHUNK_BYTES];
	uint64_t bytes = e->count << lun->shift;
	uint32_t done = 0, part;
	int err;

	if (bytes > cmd_room(cmd)) {
		cmd_illegal(cmd, ASC_LBA);
		return;
	}
	for (; done < bytes; done += part) {
		part = bytes - done < CHUNK_BYTES ? (uint32_t)bytes - done : CHUNK_BYTES;
		err = backend_read_bytes(lun->backend, (e->lba << lun->shift) + done, ours, part);
		if (!err && !sg_read(cmd->data, done, theirs, part))
			err = -EFAULT;
		if (err) {
			cmd_backend_error(lun, cmd, false, err, e->lba + (done >> lun->shift));
			return;
		}
		if (memcmp(ours, theirs, part)) {
			cmd_check_lba(cmd, KEY_MISCOMPARE, ASC_MISCOMPARE,
				      e->lba + (done >> lun->shift));
			return;
		}
	}
	cmd->transferred = done;
}

/* Without BYTCHK there is nothing to do but the check of the range: the medium is good. */
void cmd_verify(struct lun *lun, struct scsi_cmd *cmd)
{
	struct extent e;

	cmd_extent(cmd, &e);
	if (e.flags & (FLAG_PROTECT | (cmd->cdb[0] < 0x80 ? FLAG_RELADR : 0)) ||
	    (e.flags & VERIFY_BYTCHK) > 2)
		cmd_illegal(cmd, ASC_CDB);
	else if (!in_range(lun, &e))
		cmd_illegal(cmd, ASC_LBA);
	else if (e.flags & VERIFY_BYTCHK && e.count)
		compare(lun, cmd, &e);
}

/* The range doesn't matter, as on Windows: all is flushed. */
void cmd_flush(struct lun *lun, struct scsi_cmd *cmd)
{
	int err = lun->backend->ops->flush(lun->backend);

	lun_count(lun, flushes, 1);
	if (err)
		cmd_backend_error(lun, cmd, true, err, 0);
}
