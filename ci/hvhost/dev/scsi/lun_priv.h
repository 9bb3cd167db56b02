/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside a logical unit: shared by lun*.c, cmd*.c, vpd.c and mode.c only.
 *
 * Commands run in several threads. What they read is constant, atomic (capacity, the
 * two flags that say "look closer") or under the lock; a read or write on a unit with
 * nothing pending and nothing injected takes no lock and writes no shared cache line:
 * counters are in shards, each thread keeps to one.
 */
#ifndef HVHOST_LUN_PRIV_H
#define HVHOST_LUN_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include "backend.h"
#include "lun.h"

enum sense_key {
	KEY_NONE = 0, KEY_NOT_READY = 2, KEY_MEDIUM = 3, KEY_HARDWARE = 4, KEY_ILLEGAL = 5,
	KEY_ATTENTION = 6, KEY_PROTECT = 7, KEY_ABORTED = 0xb, KEY_MISCOMPARE = 0xe,
};

/* Additional sense code and qualifier (SPC-4 annex F), asc << 8 | ascq. */
enum asc {
	ASC_NONE		= 0x0000,
	ASC_BECOMING_READY	= 0x0401,
	ASC_WRITE_ERROR		= 0x0c00,
	ASC_READ_ERROR		= 0x1100,
	ASC_LIST_LENGTH		= 0x1a00,
	ASC_MISCOMPARE		= 0x1d00,
	ASC_OPCODE		= 0x2000,
	ASC_LBA			= 0x2100,
	ASC_CDB			= 0x2400,
	ASC_LIST		= 0x2600,
	ASC_PROTECTED		= 0x2700,
	ASC_SPACE		= 0x2707,
	ASC_CAPACITY		= 0x2a09,
	ASC_TARGET_FAILURE	= 0x4400,
};

/* What an injected error or delay may be limited to. */
enum cmd_class {
	CLASS_READ = 1, CLASS_WRITE = 2, CLASS_FLUSH = 4, CLASS_UNMAP = 8, CLASS_OTHER = 16,
	CLASS_ANY = 31,
};

struct op {
	void (*run)(struct lun *lun, struct scsi_cmd *cmd);
	uint8_t class;
	bool always;		/* in spite of unit attentions (SAM-5 5.14) and injected errors */
	bool writes;		/* refused on a read-only unit */
};

/* By operation code; run is NULL where there is no such command. */
extern const struct op op_table[256];

/* Up to here one WRITE SAME may go, as on Windows. */
#define WRITE_SAME_BYTES	(8 * MIB)
#define UNMAP_DESCRIPTORS	4096u
#define COUNTER_SHARDS		16
#define ATTENTIONS		8
#define RULES			16

struct counter_shard {
	struct lun_counters c __attribute__((aligned(64)));
};

/* An injected error. */
struct rule {
	uint8_t class;
	uint8_t kind;
	bool ranged;
	uint64_t first, last;	/* blocks, if ranged */
	uint64_t left;		/* commands to hit, 0: for ever */
};

struct lun {
	struct backend *backend;
	char *name;			/* what was asked for */
	unsigned int shift;		/* log2 of the block size */
	bool ro, unmap, rotational, fua, write_cache, write_same_unmap;
	uint8_t wwn[16];
	unsigned int wwn_len;		/* 8 or 16 */
	uint8_t guid[16];		/* in the T10 designator */
	char serial[33];

	_Atomic uint64_t blocks;
	atomic_bool attention;		/* attentions[] isn't empty */
	atomic_bool armed;		/* rules[] isn't empty */
	_Atomic uint64_t delay_ns;

	pthread_mutex_t lock;		/* what follows; a leaf */
	uint16_t attentions[ATTENTIONS];
	unsigned int attention_count;
	struct rule rules[RULES];
	unsigned int rule_count;
	uint64_t delay_left;		/* commands, 0: for ever */
	uint8_t delay_class;
	struct lun_counters sum;

	struct counter_shard shard[COUNTER_SHARDS];
};

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline uint64_t get64(const uint8_t *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static inline void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)(v >> 32));
	put32(p + 4, (uint32_t)v);
}

/* The field of this thread's counters. */
struct lun_counters *lun_shard(struct lun *lun);
#define lun_count(lun, field, n) \
	__atomic_fetch_add(&lun_shard(lun)->field, (n), __ATOMIC_RELAXED)

static inline uint64_t lun_blocks(struct lun *lun)
{
	return atomic_load_explicit(&lun->blocks, memory_order_acquire);
}

/* Bytes that can be moved: what the guest asked for, limited by the buffer it gave. */
static inline uint32_t cmd_room(const struct scsi_cmd *cmd)
{
	uint32_t have = cmd->data ? cmd->data->bytes : 0;

	return have < cmd->data_len ? have : cmd->data_len;
}

/* lun.c: endings of a command. */
void cmd_check(struct scsi_cmd *cmd, enum sense_key key, uint16_t asc);
void cmd_illegal(struct scsi_cmd *cmd, uint16_t asc);
/* With the first block concerned in the INFORMATION field. */
void cmd_check_lba(struct scsi_cmd *cmd, enum sense_key key, uint16_t asc, uint64_t lba);
/* For a negative errno of the backend. */
void cmd_backend_error(struct lun *lun, struct scsi_cmd *cmd, bool write, int err, uint64_t lba);
/* Answers len bytes, cut to alloc. More alloc than buffer is refused, as Windows does. */
void cmd_reply(struct scsi_cmd *cmd, const void *data, uint32_t len, uint32_t alloc);
void sense_fill(uint8_t *sense, enum sense_key key, uint16_t asc);
/* Takes the oldest unit attention out; 0: there is none. */
uint16_t lun_attention_take(struct lun *lun);

/* cmd_rw.c */
struct extent {
	uint64_t lba, count;
	uint8_t flags;			/* byte 1 of the CDB; 0 for six byte CDBs */
};

/* The blocks that a CDB names; false for operation codes that name none. */
bool cmd_extent(const struct scsi_cmd *cmd, struct extent *e);
void cmd_read(struct lun *lun, struct scsi_cmd *cmd);
void cmd_write(struct lun *lun, struct scsi_cmd *cmd);
void cmd_verify(struct lun *lun, struct scsi_cmd *cmd);
void cmd_flush(struct lun *lun, struct scsi_cmd *cmd);

/* cmd_unmap.c */
void cmd_unmap(struct lun *lun, struct scsi_cmd *cmd);
void cmd_write_same(struct lun *lun, struct scsi_cmd *cmd);

/* cmd_info.c */
void cmd_nothing(struct lun *lun, struct scsi_cmd *cmd);
void cmd_request_sense(struct lun *lun, struct scsi_cmd *cmd);
void cmd_read_capacity10(struct lun *lun, struct scsi_cmd *cmd);
void cmd_service_action_in(struct lun *lun, struct scsi_cmd *cmd);
void cmd_start_stop(struct lun *lun, struct scsi_cmd *cmd);
void cmd_diagnostic(struct lun *lun, struct scsi_cmd *cmd);

/* vpd.c */
void cmd_inquiry(struct lun *lun, struct scsi_cmd *cmd);

/* mode.c */
void cmd_mode_sense(struct lun *lun, struct scsi_cmd *cmd);
void cmd_mode_select(struct lun *lun, struct scsi_cmd *cmd);

/* lun_inject.c */
/* True: an injected error was answered. */
bool inject_error(struct lun *lun, struct scsi_cmd *cmd);
bool inject_command(struct lun *lun, int argc, char **argv, struct text *answer);
bool delay_command(struct lun *lun, int argc, char **argv, struct text *answer);
void inject_describe(struct lun *lun, struct text *answer);

/* lun_hash.c: SHA-256, so that the guest's sha256sum says the same. */
struct sha256 {
	uint32_t state[8];
	uint64_t bytes;
	uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_end(struct sha256 *s, uint8_t digest[32]);

#endif
