// SPDX-License-Identifier: GPL-2.0-only
/* Logical units: making them, running a command, unit attentions, size. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lun_priv.h"

void sense_fill(uint8_t *sense, enum sense_key key, uint16_t asc)
{
	memset(sense, 0, SENSE_BYTES);
	sense[0] = 0x70;			/* current error, fixed format */
	sense[2] = (uint8_t)key;
	sense[7] = SENSE_BYTES - 8;
	put16(sense + 12, asc);
}

void cmd_check(struct scsi_cmd *cmd, enum sense_key key, uint16_t asc)
{
	cmd->status = SAM_CHECK_CONDITION;
	cmd->transferred = 0;
	sense_fill(cmd->sense, key, asc);
	cmd->sense_len = SENSE_BYTES;
}

void cmd_illegal(struct scsi_cmd *cmd, uint16_t asc)
{
	cmd_check(cmd, KEY_ILLEGAL, asc);
}

void cmd_check_lba(struct scsi_cmd *cmd, enum sense_key key, uint16_t asc, uint64_t lba)
{
	cmd_check(cmd, key, asc);
	if (lba <= UINT32_MAX) {		/* the fixed format has no room for more */
		cmd->sense[0] |= 0x80;
		put32(cmd->sense + 3, (uint32_t)lba);
	}
}

void cmd_backend_error(struct lun *lun, struct scsi_cmd *cmd, bool write, int err, uint64_t lba)
{
	log_guest("%s: %s at block %llu: %s", lun->name, write ? "write" : "read",
		  (unsigned long long)lba, strerror(-err));
	if (err == -EFAULT || err == -ENXIO)	/* buffer too short, unit has shrunk */
		cmd_illegal(cmd, ASC_LBA);
	else if (write && (err == -ENOSPC || err == -EDQUOT || err == -EFBIG))
		cmd_check_lba(cmd, KEY_PROTECT, ASC_SPACE, lba);
	else
		cmd_check_lba(cmd, KEY_MEDIUM, write ? ASC_WRITE_ERROR : ASC_READ_ERROR, lba);
}

void cmd_reply(struct scsi_cmd *cmd, const void *data, uint32_t len, uint32_t alloc)
{
	if (len > alloc)
		len = alloc;
	if (alloc > cmd_room(cmd) || (len && !sg_write(cmd->data, 0, data, len)))
		cmd_illegal(cmd, ASC_CDB);
	else
		cmd->transferred = len;
}

struct lun_counters *lun_shard(struct lun *lun)
{
	static atomic_uint next;
	static __thread unsigned int mine;

	if (!mine)
		mine = 1 + atomic_fetch_add(&next, 1) % COUNTER_SHARDS;
	return &lun->shard[mine - 1].c;
}

/* In declaration order, all fields are uint64_t. */
const struct lun_counters *lun_counters(const struct lun *lun)
{
	struct lun *l = (struct lun *)(uintptr_t)lun;
	uint64_t *sum = (uint64_t *)&l->sum;

	memset(&l->sum, 0, sizeof(l->sum));
	for (unsigned int i = 0; i < COUNTER_SHARDS; i++) {
		uint64_t *from = (uint64_t *)&l->shard[i].c;

		for (size_t j = 0; j < sizeof(l->sum) / sizeof(*sum); j++)
			sum[j] += __atomic_load_n(from + j, __ATOMIC_RELAXED);
	}
	return &l->sum;
}

void lun_attention(struct lun *lun, uint8_t asc, uint8_t ascq)
{
	uint16_t both = (uint16_t)(asc << 8 | ascq);
	bool there = false;

	pthread_mutex_lock(&lun->lock);
	for (unsigned int i = 0; i < lun->attention_count; i++)
		there |= lun->attentions[i] == both;
	if (!there && both && lun->attention_count < ATTENTIONS)
		lun->attentions[lun->attention_count++] = both;
	atomic_store(&lun->attention, lun->attention_count > 0);
	pthread_mutex_unlock(&lun->lock);
}

/* Called with the lock held. */
static void attention_remove(struct lun *lun, unsigned int index)
{
	memmove(lun->attentions + index, lun->attentions + index + 1,
		(--lun->attention_count - index) * sizeof(lun->attentions[0]));
	atomic_store(&lun->attention, lun->attention_count > 0);
}

uint16_t lun_attention_take(struct lun *lun)
{
	uint16_t asc = 0;

	if (!atomic_load_explicit(&lun->attention, memory_order_acquire))
		return 0;
	pthread_mutex_lock(&lun->lock);
	if (lun->attention_count) {
		asc = lun->attentions[0];
		attention_remove(lun, 0);
	}
	pthread_mutex_unlock(&lun->lock);
	return asc;
}

void lun_attention_drop(struct lun *lun, uint8_t asc, uint8_t ascq)
{
	uint16_t both = (uint16_t)(asc << 8 | ascq);

	if (!atomic_load_explicit(&lun->attention, memory_order_acquire))
		return;
	pthread_mutex_lock(&lun->lock);
	for (unsigned int i = 0; i < lun->attention_count; i++) {
		if (lun->attentions[i] == both) {
			attention_remove(lun, i);
			break;
		}
	}
	pthread_mutex_unlock(&lun->lock);
}

/* Is the CDB as long as its operation code's group says? (SPC-4 4.2.5.1) */
static bool cdb_complete(const struct scsi_cmd *cmd)
{
	static const uint8_t need[8] = { 6, 10, 10, 0, 16, 12, 0, 0 };

	return cmd->cdb_len <= sizeof(cmd->cdb) && cmd->cdb_len >= need[cmd->cdb[0] >> 5];
}

static void run(struct lun *lun, struct scsi_cmd *cmd)
{
	const struct op *op = &op_table[cmd->cdb[0]];
	uint16_t asc;

	if (!cdb_complete(cmd)) {
		cmd_illegal(cmd, ASC_CDB);
		return;
	}
	if (!op->run) {
		lun_count(lun, unknown, 1);
		cmd_illegal(cmd, ASC_OPCODE);
		return;
	}
	if (!op->always) {
		asc = lun_attention_take(lun);
		if (asc) {
			cmd_check(cmd, KEY_ATTENTION, asc);
			return;
		}
		if (atomic_load_explicit(&lun->armed, memory_order_acquire) &&
		    inject_error(lun, cmd))
			return;
	}
	if (op->writes && lun->ro)
		cmd_check(cmd, KEY_PROTECT, ASC_PROTECTED);
	else
		op->run(lun, cmd);
}

void lun_execute(struct lun *lun, struct scsi_cmd *cmd)
{
	cmd->status = SAM_GOOD;
	cmd->sense_len = 0;
	cmd->transferred = 0;
	memset(cmd->sense, 0, sizeof(cmd->sense));
	run(lun, cmd);
	lun_count(lun, commands, 1);
	if (cmd->status != SAM_GOOD)
		lun_count(lun, errors, 1);
}

/*
 * Growing: the backend first; shrinking: the capacity first, so that new commands don't
 * go beyond the end. One that runs already gets an error from the backend.
 */
bool lun_resize(struct lun *lun, uint64_t bytes, char *error, size_t size)
{
	uint64_t blocks = bytes >> lun->shift, old;
	int err;

	if (bytes % (1u << lun->shift)) {
		snprintf(error, size, "size must be a multiple of %u bytes", 1u << lun->shift);
		return false;
	}
	pthread_mutex_lock(&lun->lock);
	old = lun_blocks(lun);
	if (blocks && blocks < old)
		atomic_store(&lun->blocks, blocks);
	err = lun->backend->ops->resize(lun->backend, bytes);
	atomic_store(&lun->blocks, err ? old : lun->backend->bytes >> lun->shift);
	pthread_mutex_unlock(&lun->lock);
	if (err) {
		snprintf(error, size, "%s: %s", lun->name, strerror(-err));
		return false;
	}
	lun_attention(lun, ASC_CAPACITY >> 8, ASC_CAPACITY & 0xff);
	return true;
}
