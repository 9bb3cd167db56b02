/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of SCSI units share: a unit, a command with a buffer, and its answer. */
#ifndef HVHOST_TEST_SCSI_H
#define HVHOST_TEST_SCSI_H

#include "../dev/scsi/lun.h"
#include "test.h"

static uint8_t *buffer;
static struct sg_entry entries[4096];
static struct sg buffer_sg;
static struct scsi_cmd cmd;
static struct lun *lun;

static inline void open_unit(const char *spec)
{
	char error[200];

	lun = lun_create(spec, "seed", error, sizeof(error));
	if (!lun)
		fail_msg("%s: %s", spec, error);
}

static inline void close_unit(void)
{
	lun_destroy(lun);
	lun = NULL;
}

/* A buffer of len bytes, scattered in pieces of a size. */
static inline void use_buffer(uint32_t len, uint32_t piece)
{
	uint32_t done = 0, part;

	free(buffer);
	buffer = malloc(len ? len : 1);
	assert_non_null(buffer);
	memset(buffer, 0xee, len);
	buffer_sg.entry = entries;
	buffer_sg.count = 0;
	buffer_sg.bytes = len;
	for (; done < len; done += part) {
		part = len - done < piece ? len - done : piece;
		assert_true(buffer_sg.count < ARRAY_SIZE(entries));
		entries[buffer_sg.count].ptr = buffer + done;
		entries[buffer_sg.count++].len = part;
	}
	cmd.data = &buffer_sg;
	cmd.data_len = len;
}

static inline void no_buffer(void)
{
	cmd.data = NULL;
	cmd.data_len = 0;
}

static inline uint8_t cdb_bytes(uint8_t opcode)
{
	static const uint8_t len[8] = { 6, 10, 10, 16, 16, 12, 16, 16 };

	return len[opcode >> 5];
}

/* Executes "28 00 00..." (hex, missing bytes are 0) with the buffer that is set; status. */
static inline int run(const char *hex)
{
	unsigned int byte, at = 0;
	int used;

	memset(cmd.cdb, 0, sizeof(cmd.cdb));
	for (; sscanf(hex, " %2x%n", &byte, &used) == 1; hex += used) {
		assert_true(at < sizeof(cmd.cdb));
		cmd.cdb[at++] = (uint8_t)byte;
	}
	cmd.cdb_len = cdb_bytes(cmd.cdb[0]);
	cmd.status = 0xaa;
	cmd.transferred = 0x55555555;
	lun_execute(lun, &cmd);
	return cmd.status;
}

static inline void good(const char *hex, uint32_t transferred)
{
	if (run(hex) != SAM_GOOD)
		fail_msg("%s: status %#x sense %x/%02x/%02x", hex, cmd.status, cmd.sense[2],
			 cmd.sense[12], cmd.sense[13]);
	assert_int_equal(cmd.transferred, transferred);
	assert_int_equal(cmd.sense_len, 0);
}

/* key << 16 | asc << 8 | ascq */
static inline void check_sense(uint32_t expected)
{
	assert_int_equal(cmd.status, SAM_CHECK_CONDITION);
	assert_int_equal(cmd.sense_len, SENSE_BYTES);
	assert_int_equal(cmd.transferred, 0);
	assert_int_equal(cmd.sense[0] & 0x7f, 0x70);
	assert_int_equal(cmd.sense[7], 10);
	assert_int_equal((uint32_t)cmd.sense[2] << 16 | cmd.sense[12] << 8 | cmd.sense[13],
			 expected);
}

static inline void bad(const char *hex, uint32_t expected)
{
	run(hex);
	check_sense(expected);
}

#define OPCODE		0x052000u
#define LBA_RANGE	0x052100u
#define CDB_FIELD	0x052400u
#define LIST_FIELD	0x052600u
#define LIST_LENGTH	0x051a00u
#define PROTECTED	0x072700u

static inline uint64_t be(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | *p++;
	return v;
}

/* Splits at blanks and gives it to the unit; the answer must be freed with text_free(). */
static inline bool command(const char *line, struct text *answer)
{
	char copy[200], *argv[16], *save = NULL, *word;
	int argc = 0;
	struct text none = { 0 };
	bool ok;

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &save); word && argc < 16;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	ok = lun_command(lun, argc, argv, answer ? answer : &none);
	text_free(&none);
	return ok;
}

static inline uint64_t counter(const char *name)
{
	struct text answer = { 0 };
	uint64_t value = 0;
	char *at, key[40];

	assert_true(command("counters", &answer));
	snprintf(key, sizeof(key), "%s ", name);
	for (at = answer.data; at && strncmp(at, key, strlen(key)); ) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (!at)
		fail_msg("no counter %s", name);
	else
		value = strtoull(at + strlen(key), NULL, 10);
	text_free(&answer);
	return value;
}

static inline int setup_memory(void **state)
{
	(void)state;
	no_buffer();
	open_unit("mem:64M");
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	close_unit();
	free(buffer);
	buffer = NULL;
	return 0;
}

#define WITH_MEMORY(test)	cmocka_unit_test_setup_teardown(test, setup_memory, teardown)
#define WITH_NOTHING(test)	cmocka_unit_test_setup_teardown(test, NULL, teardown)

#endif
