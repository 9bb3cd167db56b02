// SPDX-License-Identifier: GPL-2.0-only
/* UNMAP and WRITE SAME. */
#include <errno.h>
#include <string.h>
#include "lun_priv.h"

#define UNMAP_ANCHOR		0x01
#define UNMAP_HEADER		8u
#define UNMAP_DESCRIPTOR	16u
#define SAME_UNMAP		0x08
/* WRPROTECT, ANCHOR, PBDATA, LBDATA, and RELADR (10) or NDOB (16) */
#define SAME_REFUSED		0xf7
#define CHUNK_BYTES		16384u

/* A backend that can't give space back keeps its content, which thin provisioning allows. */
static void unmap_blocks(struct lun *lun, uint64_t lba, uint64_t count)
{
	if (!lun->backend->ops->unmap(lun->backend, lba << lun->shift, count << lun->shift))
		lun_count(lun, unmapped_bytes, count << lun->shift);
}

/* One descriptor; false: answered with an error. Each was copied once and is used as checked. */
static bool unmap_one(struct lun *lun, struct scsi_cmd *cmd, const uint8_t *descriptor)
{
	uint64_t lba = get64(descriptor), blocks = lun_blocks(lun);
	uint32_t count = get32(descriptor + 8);

	if (lba >= blocks || count > blocks - lba) {
		cmd_illegal(cmd, ASC_LBA);
		return false;
	}
	if (count)
		unmap_blocks(lun, lba, count);
	return true;
}

/* All lengths must agree exactly, as on Windows; SBC-3 5.28 would allow more. */
static bool unmap_lengths(struct scsi_cmd *cmd, uint32_t *descriptors)
{
	uint32_t len = get16(cmd->cdb + 7);
	uint8_t header[UNMAP_HEADER];

	if (cmd->cdb[1] & UNMAP_ANCHOR || len < UNMAP_HEADER || len != cmd->data_len ||
	    len > cmd_room(cmd) || !sg_read(cmd->data, 0, header, sizeof(header)) ||
	    get16(header) != len - 2) {
		cmd_illegal(cmd, ASC_CDB);
		return false;
	}
	*descriptors = (len - UNMAP_HEADER) / UNMAP_DESCRIPTOR;
	if (get16(header + 2) == len - UNMAP_HEADER && *descriptors <= UNMAP_DESCRIPTORS)
		return true;
	cmd_illegal(cmd, ASC_LIST);
	return false;
}

void cmd_unmap(struct lun *lun, struct scsi_cmd *cmd)
{
	uint8_t descriptor[UNMAP_DESCRIPTOR];
	uint32_t descriptors, at;

	if (!lun->unmap) {
		cmd_illegal(cmd, ASC_CDB);
		return;
	}
	if (!unmap_lengths(cmd, &descriptors))
		return;
	lun_count(lun, unmaps, 1);
	for (uint32_t i = 0; i < descriptors; i++) {
		at = UNMAP_HEADER + i * UNMAP_DESCRIPTOR;
		if (!sg_read(cmd->data, at, descriptor, sizeof(descriptor))) {
			cmd_illegal(cmd, ASC_LIST);
			return;
		}
		if (!unmap_one(lun, cmd, descriptor))
			return;
	}
	cmd->transferred = UNMAP_HEADER + descriptors * UNMAP_DESCRIPTOR;
}

static int write_pattern(struct lun *lun, const struct extent *e, const uint8_t *block)
{
	uint64_t offset = e->lba << lun->shift, left = e->count << lun->shift;
	uint32_t block_bytes = 1u << lun->shift, part;
	uint8_t chunk[CHUNK_BYTES];
	int err;

	for (uint32_t at = 0; at < CHUNK_BYTES; at += block_bytes)
		memcpy(chunk + at, block, block_bytes);
	for (; left; left -= part, offset += part) {
		part = left < CHUNK_BYTES ? (uint32_t)left : CHUNK_BYTES;
		err = backend_write_bytes(lun->backend, offset, chunk, part);
		if (err)
			return err;
	}
	return lun->write_cache ? 0 : lun->backend->ops->flush(lun->backend);
}

static bool all_zero(const uint8_t *p, uint32_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

/* WRITE SAME with UNMAP: blocks must read as the pattern afterwards (SBC-3 4.7.3.4). */
static int same_unmap(struct lun *lun, const struct extent *e, const uint8_t *block)
{
	struct backend *b = lun->backend;

	if (!b->zeroes || !all_zero(block, 1u << lun->shift) ||
	    b->ops->unmap(b, e->lba << lun->shift, e->count << lun->shift))
		return write_pattern(lun, e, block);
	lun_count(lun, unmapped_bytes, e->count << lun->shift);
	return 0;
}

static bool same_checked(struct lun *lun, struct scsi_cmd *cmd, struct extent *e)
{
	uint64_t blocks = lun_blocks(lun);

	if (e->flags & SAME_REFUSED || (e->flags & SAME_UNMAP && !lun->unmap)) {
		cmd_illegal(cmd, ASC_CDB);
		return false;
	}
	/* No count is "up to the end" (WSNZ is 0 in VPD B0), which the limit applies to as well. */
	if (e->lba < blocks && !e->count)
		e->count = blocks - e->lba;
	if (e->lba >= blocks || e->count > blocks - e->lba ||
	    e->count > WRITE_SAME_BYTES >> lun->shift) {
		cmd_illegal(cmd, ASC_LBA);
		return false;
	}
	return true;
}

void cmd_write_same(struct lun *lun, struct scsi_cmd *cmd)
{
	uint32_t block_bytes = 1u << lun->shift;
	uint8_t block[4096];
	struct extent e;
	int err;

	cmd_extent(cmd, &e);
	if (!same_checked(lun, cmd, &e))
		return;
	if (cmd_room(cmd) < block_bytes || !sg_read(cmd->data, 0, block, block_bytes)) {
		cmd_illegal(cmd, ASC_CDB);
		return;
	}
	lun_count(lun, write_sames, 1);
	err = e.flags & SAME_UNMAP ? same_unmap(lun, &e, block) : write_pattern(lun, &e, block);
	if (err) {
		cmd_backend_error(lun, cmd, true, err, e.lba);
		return;
	}
	cmd->transferred = block_bytes;
	lun_count(lun, written_bytes, e.flags & SAME_UNMAP ? 0 : e.count << lun->shift);
}
