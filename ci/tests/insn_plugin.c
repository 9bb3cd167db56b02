// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for QEMU: translates a few blocks of x86 code with the plugin, runs
 * them as often as the table says, and reaches the mark. Built and read by
 * test_insn_places.py.
 */
#include "../insn/plugin.c"

#define MARK		0x1800
#define BLOCK_INSNS	3

struct qemu_plugin_insn {
	uint64_t address;
	uint8_t size, code[INSN_MAX];
};

struct qemu_plugin_tb {
	unsigned int runs;
	struct qemu_plugin_insn insns[BLOCK_INSNS];
};

static uint64_t board[BLOCKS_MAX];
static uint64_t *counters[16];	/* of each block: where the plugin wants it counted */
static void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
static void (*marked)(unsigned int vcpu, void *data);

static struct qemu_plugin_tb tbs[] = {
	/* lock add %rax,(%rdi); xchg %rax,(%rdi); xchg %rax,%rbx */
	{ 5, { { 0x1000, 4, { 0xf0, 0x48, 0x01, 0x07 } }, { 0x1004, 3, { 0x48, 0x87, 0x07 } },
	       { 0x1007, 3, { 0x48, 0x87, 0xd8 } } } },
	/* mfence; lfence; nop */
	{ 7, { { 0x1100, 3, { 0x0f, 0xae, 0xf0 } }, { 0x1103, 3, { 0x0f, 0xae, 0xe8 } },
	       { 0x1106, 1, { 0x90 } } } },
	/* the same place with other code: data16 lock xadd; xchg %al,(%rdi) */
	{ 2, { { 0x1100, 6, { 0x66, 0xf0, 0x0f, 0xc1, 0x07 } }, { 0x1106, 2, { 0x86, 0x07 } } } },
	/* the mark */
	{ 1, { { MARK, 1, { 0x90 } } } },
	/* outside: code that does not matter, then vmmcall; ret */
	{ 9, { { 0x3000, 1, { 0x90 } } } },
	{ 3, { { 0x4000, 3, { 0x0f, 0x01, 0xd9 } }, { 0x4003, 1, { 0xc3 } } } },
	/* vmcall; not vmcall: sgdt (%rcx) */
	{ 4, { { 0x4100, 3, { 0x0f, 0x01, 0xc1 } }, { 0x4103, 3, { 0x0f, 0x01, 0x01 } } } },
};

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t id,
						      struct qemu_plugin_tb *tb))
{
	(void)id;
	translated = cb;
}

void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb,
						       enum qemu_plugin_op op,
						       qemu_plugin_u64 entry, uint64_t imm)
{
	(void)op;
	counters[tb - tbs] = imm == 1 ? &board[entry.offset / sizeof(uint64_t)] : NULL;
}

void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int vcpu, void *data),
					    enum qemu_plugin_cb_flags flags, void *data)
{
	(void)flags;
	(void)data;
	if (insn->address == MARK)
		marked = cb;
}

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
	size_t n = 0;

	while (n < BLOCK_INSNS && tb->insns[n].size)
		n++;
	return n;
}

uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb)
{
	return tb->insns[0].address;
}

struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i)
{
	return (struct qemu_plugin_insn *)&tb->insns[i];
}

size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t len)
{
	size_t n = insn->size < len ? insn->size : len;

	memcpy(dest, insn->code, n);
	return n;
}

uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn)
{
	return insn->address;
}

struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size)
{
	return element_size == sizeof(board) ? (struct qemu_plugin_scoreboard *)board : NULL;
}

void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score, unsigned int vcpu)
{
	(void)vcpu;
	return score;
}

int main(int argc, char **argv)
{
	if (qemu_plugin_install(0, NULL, argc - 1, argv + 1))
		return 1;
	/* twice: code is translated again whenever QEMU likes */
	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < sizeof(tbs) / sizeof(*tbs); i++) {
			translated(0, &tbs[i]);
			if (counters[i])
				*counters[i] += tbs[i].runs;
		}
		marked(0, NULL);
	}
	return fclose(out);
}
