// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target: any CDB with any buffer on a few units. The input is a row of commands:
 * unit, CDB length, CDB (16), expected length (2), buffer length (2), piece size, then as
 * much of the buffer's content as there is. Each piece is an allocation of its own, so that
 * the address sanitizer sees a byte too far. A unit byte of FF takes an `error` line instead.
 *
 * clang -fsanitize=fuzzer,address,undefined; corpus and run time as the caller likes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../dev/scsi/lun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADER		23
#define PIECES		512
#define MUST(x)		do { if (!(x)) abort(); } while (0)

static const char *const specs[] = {
	"mem:1M", "mem:256K,block=4096", "mem:64K,ro", "null:16T", "mem:64K,nounmap,writethrough",
	"mem:1M,lbpws",
};
static struct lun *units[ARRAY_SIZE(specs)];

static void make_units(void)
{
	char error[200];

	for (unsigned int i = 0; i < ARRAY_SIZE(specs); i++) {
		units[i] = lun_create(specs[i], "fuzz", error, sizeof(error));
		MUST(units[i]);
	}
}

static void check(const struct scsi_cmd *cmd)
{
	uint32_t room = cmd->data && cmd->data->bytes < cmd->data_len ? cmd->data->bytes :
			cmd->data_len;

	MUST(cmd->transferred <= (cmd->data ? room : 0));
	MUST(cmd->sense_len == 0 || cmd->sense_len == SENSE_BYTES);
	MUST(cmd->status == SAM_GOOD || !cmd->transferred);
	MUST(cmd->status != SAM_GOOD || !cmd->sense_len);
}

/* Takes the buffer's content from data; how much of it. */
static size_t scatter(struct sg *sg, uint32_t len, uint32_t piece, const uint8_t *data, size_t size)
{
	size_t used = 0, part;

	sg->count = 0;
	sg->bytes = 0;
	while (sg->bytes < len && sg->count < PIECES) {
		struct sg_entry *e = &sg->entry[sg->count++];

		e->len = len - sg->bytes < piece ? len - sg->bytes : piece;
		e->ptr = calloc(1, e->len);
		MUST(e->ptr);
		part = size - used < e->len ? size - used : e->len;
		memcpy(e->ptr, data + used, part);
		used += part;
		sg->bytes += e->len;
	}
	return used;
}

static size_t one_command(struct lun *lun, const uint8_t *data, size_t size)
{
	static struct sg_entry entries[PIECES];
	struct sg sg = { .entry = entries };
	struct scsi_cmd cmd = { .cdb_len = data[1] };
	uint32_t len = (uint32_t)data[20] << 8 | data[21];
	size_t used;

	memcpy(cmd.cdb, data + 2, sizeof(cmd.cdb));
	cmd.data_len = (uint32_t)data[18] << 8 | data[19];
	used = scatter(&sg, len, 1 + data[22] * 33u, data + HEADER, size - HEADER);
	cmd.data = len ? &sg : NULL;
	lun_delay(lun, &cmd);
	lun_execute(lun, &cmd);
	check(&cmd);
	cmd.status = SAM_GOOD;
	cmd.sense_len = 0;
	cmd.transferred = 0;
	lun_absent_inquiry(&cmd);
	check(&cmd);
	for (unsigned int i = 0; i < sg.count; i++)
		free(entries[i].ptr);
	return HEADER + used;
}

/* `error` and `delay` with words of a line; all others touch more than the parser. */
static void one_line(struct lun *lun, const uint8_t *data, size_t size)
{
	char line[64] = "", *argv[8] = { (char *)"error" }, *save = NULL;
	struct text answer = { 0 };
	int argc = 1;

	memcpy(line, data, size < sizeof(line) - 1 ? size : sizeof(line) - 1);
	for (char *w = strtok_r(line, " ", &save); w && argc < 8; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	if (!lun_command(lun, argc, argv, &answer))
		MUST(answer.len);
	argv[0] = (char *)"delay";
	lun_command(lun, argc, argv, &answer);
	text_free(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lun *lun;
	size_t used;

	if (!units[0])
		make_units();
	while (size >= HEADER) {
		lun = units[data[0] % ARRAY_SIZE(units)];
		if (data[0] == 0xff) {
			one_line(units[0], data + 1, size - 1);
			break;
		}
		used = one_command(lun, data, size);
		data += used;
		size -= used;
	}
	/* The next input finds the units as this one did. */
	for (unsigned int i = 0; i < ARRAY_SIZE(units); i++) {
		char *clear[] = { (char *)"error", (char *)"clear" };
		char *no_delay[] = { (char *)"delay", (char *)"0" };
		struct text answer = { 0 };

		MUST(lun_command(units[i], 2, clear, &answer));
		MUST(lun_command(units[i], 2, no_delay, &answer));
		text_free(&answer);
	}
	return 0;
}
