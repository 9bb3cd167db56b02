// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the instructions that a guest executes, by place, in windows.
 *
 * A QEMU TCG plugin. Of each translation block whose address lies in [lo, hi) it
 * counts executions; when the instruction at `mark` is executed it writes what
 * was counted since the last time, and begins anew. A guest marks a window by a
 * system call that nothing else makes. The kernel under test is linked away from
 * every other one that the same software CPU runs, so addresses tell them apart.
 *
 *   -plugin plugin.so,lo=ADDR,hi=ADDR,mark=ADDR,out=FILE
 *
 * A window is a line "window N" and then a line for each block:
 *
 *   ADDRESS EXECUTIONS INSTRUCTIONS ATOMICS FENCES HYPERCALLS
 *
 * where the last four say what the block holds: instructions, those of them that
 * lock the bus (a LOCK prefix, or XCHG with memory), MFENCE, VMCALL and VMMCALL.
 * Blocks with a hypercall are counted wherever they are: the guest calls a page
 * that its host has filled in.
 *
 * A block that an exception leaves in its middle counts as executed to its end:
 * the error is a few instructions for each fault, and the hot paths have none.
 *
 * Debian ships no header of the plugin interface: what is used of version 4
 * (QEMU 9.2 and later) is declared here, from QEMU's documentation.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT		__attribute__((visibility("default")))
#define BLOCKS_MAX	(1u << 18)
#define HASH_SIZE	(BLOCKS_MAX * 2)
#define INSN_MAX	15		/* bytes, of any x86 instruction */

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;
typedef struct {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
} qemu_plugin_u64;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
typedef struct qemu_info_t qemu_info_t;

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t id,
						      struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb,
						       enum qemu_plugin_op op,
						       qemu_plugin_u64 entry, uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int vcpu, void *data),
					    enum qemu_plugin_cb_flags flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t len);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score, unsigned int vcpu);

EXPORT int qemu_plugin_version = 4;

/* Two blocks may begin at one address and differ in length. */
static struct block {
	uint64_t address;
	uint16_t instructions, atomics, fences, hypercalls;
} blocks[BLOCKS_MAX];
static uint32_t used;			/* translation runs under QEMU's own lock */
static uint32_t hash[HASH_SIZE];	/* index + 1 */
static struct qemu_plugin_scoreboard *counts;
static uint64_t lo, hi, mark;
static unsigned int window;
static FILE *out;

/* Counts what an instruction is, by its encoding in 64-bit mode (AMD64 APM, volume 3, 1.2). */
static void classify(const struct qemu_plugin_insn *insn, struct block *block)
{
	uint8_t code[INSN_MAX + 4] = { 0 };
	bool lock = false;
	unsigned int i = 0;

	qemu_plugin_insn_data(insn, code, INSN_MAX);
	for (; i < INSN_MAX; i++) {
		if (code[i] == 0xf0)
			lock = true;
		else if (!memchr("\x66\x67\xf2\xf3\x2e\x36\x3e\x26\x64\x65", code[i], 10))
			break;
	}
	if ((code[i] & 0xf0) == 0x40)	/* REX */
		i++;
	if ((code[i] & 0xfe) == 0x86 && code[i + 1] >> 6 != 3)	/* XCHG r, m */
		lock = true;
	block->instructions++;
	block->atomics += lock;
	block->fences += !memcmp(code + i, "\x0f\xae\xf0", 3);
	block->hypercalls += !memcmp(code + i, "\x0f\x01\xc1", 3) ||
			     !memcmp(code + i, "\x0f\x01\xd9", 3);
}

/* The index of a block; the same place may be translated many times. */
static int64_t block_index(const struct block *block)
{
	uint32_t at = (block->address * 0x9e3779b97f4a7c15ull + block->instructions) >> 40;

	for (;; at++) {
		at %= HASH_SIZE;
		if (!hash[at])
			break;
		/* all of it: code may have been patched */
		if (!memcmp(&blocks[hash[at] - 1], block, sizeof(*block)))
			return hash[at] - 1;
	}
	if (used == BLOCKS_MAX)
		return -1;
	blocks[used] = *block;
	hash[at] = ++used;
	return used - 1;
}

static void on_mark(unsigned int vcpu, void *data)
{
	uint64_t *count = qemu_plugin_scoreboard_find(counts, vcpu);

	(void)data;
	fprintf(out, "window %u\n", window++);
	for (uint32_t i = 0; i < used; i++) {
		const struct block *b = &blocks[i];

		if (count[i])
			fprintf(out, "%llx %llu %u %u %u %u\n", (unsigned long long)b->address,
				(unsigned long long)count[i], b->instructions, b->atomics,
				b->fences, b->hypercalls);
		count[i] = 0;
	}
	fflush(out);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct block block;
	int64_t index;
	bool inside;

	(void)id;
	memset(&block, 0, sizeof(block));	/* its padding is compared, too */
	block.address = qemu_plugin_tb_vaddr(tb);
	inside = block.address >= lo && block.address < hi;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		classify(insn, &block);
		if (inside && qemu_plugin_insn_vaddr(insn) == mark)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
	if (!inside && !block.hypercalls)
		return;
	index = block_index(&block);
	if (index < 0) {
		fputs("insn: more code than the plugin has room for\n", stderr);
		abort();	/* a count that misses something is worse than none */
	}
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64,
							  (qemu_plugin_u64){
								  counts,
								  index * sizeof(uint64_t),
							  }, 1);
}

static bool option(const char *arg, const char *name, uint64_t *value)
{
	size_t n = strlen(name);

	if (strncmp(arg, name, n) || arg[n] != '=')
		return false;
	*value = strtoull(arg + n + 1, NULL, 0);
	return true;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (option(argv[i], "lo", &lo) || option(argv[i], "hi", &hi) ||
		    option(argv[i], "mark", &mark))
			continue;
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	}
	if (!out || lo >= hi || mark < lo || mark >= hi) {
		fputs("insn: needs lo=, hi=, mark= inside them, and a writable out=\n", stderr);
		return -1;
	}
	counts = qemu_plugin_scoreboard_new(BLOCKS_MAX * sizeof(uint64_t));
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
