// SPDX-License-Identifier: GPL-2.0-only
/* SCSI units: commands that move or drop data. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test_scsi.h"

static void fill(uint32_t len, unsigned int seed)
{
	for (uint32_t i = 0; i < len; i++)
		buffer[i] = (uint8_t)(i * 7 + i / 251 + seed);
}

static bool filled(uint32_t from, uint32_t len, unsigned int seed)
{
	for (uint32_t i = 0; i < len; i++) {
		if (buffer[from + i] != (uint8_t)(i * 7 + i / 251 + seed))
			return false;
	}
	return true;
}

static bool all(uint32_t from, uint32_t len, uint8_t value)
{
	for (uint32_t i = 0; i < len; i++) {
		if (buffer[from + i] != value)
			return false;
	}
	return true;
}

/* Each size of CDB writes at a place of its own and reads back with each other. */
static void test_every_cdb(void **state)
{
	static const struct {
		const char *write, *read;
	} t[] = {
		{ "0a 01 02 03 02", "08 01 02 03 02" },
		{ "2a 00 00 01 02 05 00 00 02", "28 00 00 01 02 05 00 00 02" },
		{ "aa 00 00 01 02 07 00 00 00 02", "a8 00 00 01 02 07 00 00 00 02" },
		{ "8a 00 00 00 00 00 00 01 02 09 00 00 00 02",
		  "88 00 00 00 00 00 00 01 02 09 00 00 00 02" },
		{ "2e 00 00 01 02 0b 00 00 02", "28 00 00 01 02 0b 00 00 02" },
		{ "ae 00 00 01 02 0d 00 00 00 02", "28 00 00 01 02 0d 00 00 02" },
		{ "8e 00 00 00 00 00 00 01 02 0f 00 00 00 02", "28 00 00 01 02 0f 00 00 02" },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++) {
		use_buffer(1024, 100);
		fill(1024, i);
		good(t[i].write, 1024);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++) {
		use_buffer(1024, 33);
		good(t[i].read, 1024);
		assert_true(filled(0, 1024, i));
	}
	use_buffer(2048, 512);
	good("28 00 00 01 02 04 00 00 04", 2048);	/* with a neighbour on each side */
	assert_true(filled(512, 1024, 1));
	assert_int_equal(lun_counters(lun)->writes, 7);
	assert_int_equal(lun_counters(lun)->written_bytes, 7 * 1024);
	assert_int_equal(lun_counters(lun)->reads, 8);
}

static void test_six_byte_zero_is_256(void **state)
{
	(void)state;
	use_buffer(256 * 512, 4096);
	fill(256 * 512, 1);
	good("0a 00 00 00 00", 256 * 512);
	use_buffer(256 * 512, 65536);
	good("08 00 00 00 00", 256 * 512);
	assert_true(filled(0, 256 * 512, 1));
	use_buffer(255 * 512, 4096);
	bad("08 00 00 00 00", LBA_RANGE);
}

static void test_scattered(void **state)
{
	static const uint32_t pieces[] = { 1, 2, 511, 513, 4095, 4096 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(pieces); i++) {
		use_buffer(4096, pieces[i]);		/* up to 4096 entries */
		fill(4096, i);
		good("2a 00 00 00 00 10 00 00 08", 4096);
		use_buffer(4096, pieces[ARRAY_SIZE(pieces) - 1 - i]);
		good("28 00 00 00 00 10 00 00 08", 4096);
		assert_true(filled(0, 4096, i));
	}
}

/* Empty entries at the beginning, in the middle and at the end; more than the transfer takes. */
static void test_odd_scatter(void **state)
{
	(void)state;
	use_buffer(1024, 1024);
	fill(512, 3);
	entries[0] = (struct sg_entry){ buffer, 0 };
	entries[1] = (struct sg_entry){ buffer, 200 };
	entries[2] = (struct sg_entry){ NULL, 0 };
	entries[3] = (struct sg_entry){ buffer + 200, 824 };
	entries[4] = (struct sg_entry){ NULL, 0 };
	buffer_sg.count = 5;
	good("2a 00 00 00 00 00 00 00 01", 512);
	memset(buffer, 0xee, 1024);
	good("28 00 00 00 00 00 00 00 01", 512);
	assert_true(filled(0, 512, 3));
	assert_true(all(512, 512, 0xee));
	buffer_sg.count = 3;		/* says 1024 bytes, has 200 */
	bad("28 00 00 00 00 00 00 00 01", LBA_RANGE);
	buffer_sg.count = 0;
	bad("28 00 00 00 00 00 00 00 01", LBA_RANGE);
}

static void test_range(void **state)
{
	(void)state;
	use_buffer(1024, 1024);
	good("28 00 00 01 ff fe 00 00 02", 1024);	/* the last two of 0x20000 */
	good("28 00 00 01 ff ff 00 00 01", 512);
	bad("28 00 00 01 ff ff 00 00 02", LBA_RANGE);
	bad("28 00 00 02 00 00 00 00 01", LBA_RANGE);
	bad("28 00 ff ff ff ff 00 00 01", LBA_RANGE);
	bad("2a 00 00 01 ff ff 00 00 02", LBA_RANGE);
	bad("88 00 ff ff ff ff ff ff ff ff 00 00 00 01", LBA_RANGE);
	bad("88 00 ff ff ff ff ff ff ff ff ff ff ff ff", LBA_RANGE);
	bad("8a 00 7f ff ff ff ff ff ff ff 00 00 00 01", LBA_RANGE);
	bad("88 00 00 00 00 00 00 00 00 00 80 00 00 00", LBA_RANGE);
	bad("a8 00 00 00 00 00 ff ff ff ff", LBA_RANGE);
	bad("28 00 00 00 00 00 00 00 00", LBA_RANGE);	/* no blocks: as Windows */
}

static void test_short_buffer(void **state)
{
	(void)state;
	use_buffer(511, 511);
	bad("28 00 00 00 00 00 00 00 01", LBA_RANGE);
	use_buffer(1024, 1024);
	bad("28 00 00 00 00 00 00 00 03", LBA_RANGE);
	cmd.data_len = 512;		/* the guest expects less than the buffer has */
	bad("28 00 00 00 00 00 00 00 02", LBA_RANGE);
	cmd.data_len = 99999;		/* and more */
	bad("2a 00 00 00 00 00 00 00 04", LBA_RANGE);
	no_buffer();
	cmd.data_len = 512;
	bad("28 00 00 00 00 00 00 00 01", LBA_RANGE);
	bad("2a 00 00 00 00 00 00 00 01", LBA_RANGE);
}

static void test_flags(void **state)
{
	(void)state;
	use_buffer(512, 512);
	bad("28 01 00 00 00 00 00 00 01", CDB_FIELD);	/* RELADR */
	bad("28 20 00 00 00 00 00 00 01", CDB_FIELD);	/* RDPROTECT */
	bad("8a e0 00 00 00 00 00 00 00 00 00 00 00 01", CDB_FIELD);
	good("28 18 00 00 00 00 00 00 01", 512);	/* DPO, FUA */
	good("2a 18 00 00 00 00 00 00 01", 512);
}

static void test_verify(void **state)
{
	(void)state;
	use_buffer(20 * 1024, 777);
	fill(20 * 1024, 5);
	good("2a 00 00 00 00 64 00 00 28", 20 * 1024);
	good("2f 02 00 00 00 64 00 00 28", 20 * 1024);
	good("8f 02 00 00 00 00 00 00 00 64 00 00 00 28", 20 * 1024);
	good("af 02 00 00 00 64 00 00 00 28", 20 * 1024);
	good("2f 00 00 00 00 64 00 ff ff", 0);
	good("2f 02 00 00 00 64 00 00 00", 0);		/* nothing to verify is no error */
	buffer[17 * 1024 + 3] ^= 1;
	bad("2f 02 00 00 00 64 00 00 28", 0x0e1d00);
	assert_int_equal(cmd.sense[0], 0xf0);
	assert_int_equal(be(cmd.sense + 3, 4), 0x64 + 32);	/* found in the second 16 KiB */
	bad("2f 02 00 00 00 64 00 00 29", LBA_RANGE);	/* more than the buffer */
	bad("2f 04 00 00 00 64 00 00 01", CDB_FIELD);
	bad("2f 06 00 00 00 64 00 00 01", CDB_FIELD);
	bad("2f 00 00 01 ff ff 00 00 02", LBA_RANGE);
	bad("8f 00 ff ff ff ff ff ff ff ff 00 00 00 01", LBA_RANGE);
}

static void test_write_same(void **state)
{
	(void)state;
	use_buffer(512, 100);
	fill(512, 9);
	good("41 00 00 00 00 0a 00 00 03", 512);
	good("93 00 00 00 00 00 00 00 00 64 00 00 40 00", 512);	/* 8 MiB: the most */
	bad("93 00 00 00 00 00 00 00 00 64 00 00 40 01", LBA_RANGE);
	assert_int_equal(lun_counters(lun)->write_sames, 2);
	use_buffer(5 * 512, 512);
	good("28 00 00 00 00 09 00 00 05", 5 * 512);
	assert_true(all(0, 512, 0));
	assert_true(filled(512, 512, 9) && filled(1024, 512, 9) && filled(1536, 512, 9));
	assert_true(all(2048, 512, 0));
	use_buffer(1024, 1024);
	good("28 00 00 00 40 63 00 00 02", 1024);
	assert_true(filled(0, 512, 9) && all(512, 512, 0));
	bad("93 00 00 00 00 00 00 00 00 00 00 00 00 00", LBA_RANGE);	/* all of it: too much */
	good("93 00 00 00 00 00 00 01 ff fe 00 00 00 00", 512);		/* the last two */
	bad("41 01 00 00 00 00 00 00 01", CDB_FIELD);
	bad("41 10 00 00 00 00 00 00 01", CDB_FIELD);
	bad("93 01 00 00 00 00 00 00 00 00 00 00 00 01", CDB_FIELD);	/* NDOB */
	bad("41 00 00 02 00 00 00 00 01", LBA_RANGE);
	use_buffer(511, 511);
	bad("41 00 00 00 00 00 00 00 01", CDB_FIELD);
	no_buffer();
	bad("41 00 00 00 00 00 00 00 01", CDB_FIELD);
}

static void test_write_same_unmap(void **state)
{
	(void)state;
	use_buffer(1024 * 1024, 65536);
	fill(1024 * 1024, 2);
	good("2a 00 00 00 00 00 00 08 00", 1024 * 1024);
	assert_int_equal(counter("allocated"), 1024 * 1024);
	use_buffer(512, 512);
	memset(buffer, 0, 512);
	good("93 08 00 00 00 00 00 00 00 00 00 00 04 00", 512);
	assert_int_equal(counter("allocated"), 512 * 1024);
	assert_int_equal(counter("unmapped_bytes"), 512 * 1024);
	buffer[511] = 1;			/* not zero: must be written */
	good("41 08 00 00 00 00 00 00 08", 512);
	use_buffer(1024, 1024);
	good("28 00 00 00 00 07 00 00 02", 1024);
	assert_true(buffer[511] == 1 && all(512, 512, 0));
	close_unit();
	open_unit("mem:1M,nounmap");
	bad("41 08 00 00 00 00 00 00 08", CDB_FIELD);
	good("41 00 00 00 00 00 00 00 08", 512);
}

static void put(uint8_t *p, uint64_t v, unsigned int bytes)
{
	while (bytes--) {
		p[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

/* A parameter list with count descriptors of 8 blocks each, at 0, 16, 32... */
static void unmap_list(unsigned int count)
{
	uint32_t len = 8 + 16 * count;

	use_buffer(len, 4096);
	memset(buffer, 0, len);
	put(buffer, len - 2, 2);
	put(buffer + 2, len - 8, 2);
	for (unsigned int i = 0; i < count; i++) {
		put(buffer + 8 + 16 * i, 16ull * i, 8);
		put(buffer + 8 + 16 * i + 8, 8, 4);
	}
}

static void test_unmap(void **state)
{
	(void)state;
	use_buffer(64 * 512, 4096);
	fill(64 * 512, 8);
	good("2a 00 00 00 00 00 00 00 40", 64 * 512);
	unmap_list(2);
	good("42 00 00 00 00 00 00 00 28", 40);
	assert_int_equal(lun_counters(lun)->unmaps, 1);
	assert_int_equal(lun_counters(lun)->unmapped_bytes, 8192);
	assert_int_equal(counter("allocated"), 64 * 512 - 8192);
	use_buffer(64 * 512, 4096);
	good("28 00 00 00 00 00 00 00 40", 64 * 512);
	assert_true(all(0, 4096, 0) && all(8192, 4096, 0));
	memset(buffer, 0, 4096);
	memset(buffer + 8192, 0, 4096);
	assert_true(buffer[4096] == (uint8_t)(4096 * 7 + 4096 / 251 + 8));
}

static void test_unmap_all(void **state)
{
	(void)state;
	use_buffer(1024, 1024);
	good("2a 00 00 00 00 10 00 00 02", 1024);
	good("2a 00 00 01 ff fe 00 00 02", 1024);
	unmap_list(1);
	put(buffer + 16, 0x20000, 4);
	good("42 00 00 00 00 00 00 00 18", 24);
	assert_int_equal(counter("allocated"), 0);
}

static void test_unmap_parameters(void **state)
{
	(void)state;
	unmap_list(1);
	bad("42 01 00 00 00 00 00 00 18", CDB_FIELD);	/* ANCHOR */
	bad("42 00 00 00 00 00 00 00 07", CDB_FIELD);
	bad("42 00 00 00 00 00 00 00 00", CDB_FIELD);
	bad("42 00 00 00 00 00 00 00 17", CDB_FIELD);	/* not what the buffer has */
	bad("42 00 00 00 00 00 00 00 19", CDB_FIELD);
	bad("42 00 00 00 00 00 00 ff ff", CDB_FIELD);
	put(buffer, 23, 2);
	bad("42 00 00 00 00 00 00 00 18", CDB_FIELD);	/* UNMAP DATA LENGTH */
	put(buffer, 22, 2);
	put(buffer + 2, 15, 2);
	bad("42 00 00 00 00 00 00 00 18", LIST_FIELD);	/* DESCRIPTOR DATA LENGTH */
	put(buffer + 2, 16, 2);
	put(buffer + 16, 0, 4);
	good("42 00 00 00 00 00 00 00 18", 24);		/* no blocks */
	put(buffer + 16, 0x20001, 4);
	bad("42 00 00 00 00 00 00 00 18", LBA_RANGE);
	put(buffer + 8, 0x20000, 8);
	put(buffer + 16, 1, 4);
	bad("42 00 00 00 00 00 00 00 18", LBA_RANGE);
	put(buffer + 8, UINT64_MAX, 8);
	bad("42 00 00 00 00 00 00 00 18", LBA_RANGE);
	put(buffer + 16, UINT32_MAX, 4);
	bad("42 00 00 00 00 00 00 00 18", LBA_RANGE);
	unmap_list(0);
	good("42 00 00 00 00 00 00 00 08", 8);
	cmd.data_len = 8;
	cmd.data = NULL;
	bad("42 00 00 00 00 00 00 00 08", CDB_FIELD);
	unmap_list(2);
	put(buffer, 22, 2);
	put(buffer + 2, 16, 2);
	bad("42 00 00 00 00 00 00 00 18", CDB_FIELD);	/* a list shorter than the buffer */
	assert_int_equal(counter("unmapped_bytes"), 0);
}

static void test_unmap_many(void **state)
{
	(void)state;
	unmap_list(4094);		/* 65512 bytes of a length in 16 bits */
	good("42 00 00 00 00 00 00 ff e8", 65512);
	use_buffer(512, 512);
	close_unit();
	open_unit("mem:1M,nounmap");
	unmap_list(1);
	bad("42 00 00 00 00 00 00 00 18", CDB_FIELD);
	close_unit();
	open_unit("null:1M");
	good("42 00 00 00 00 00 00 00 18", 24);
	assert_int_equal(counter("unmapped_bytes"), 4096);
}

static void test_null(void **state)
{
	(void)state;
	open_unit("null:16T");
	assert_true(command("resize 32T", NULL));
	assert_false(command("resize 0", NULL));
	run("00");
	check_sense(0x062a09);
	use_buffer(4096, 100);
	good("2a 00 00 00 00 00 00 00 08", 4096);
	good("88 00 00 00 00 07 ff ff ff f8 00 00 00 08", 4096);
	assert_true(all(0, 4096, 0));
	use_buffer(512, 512);
	memset(buffer, 0xee, 512);
	good("41 00 00 00 00 00 00 00 08", 512);
}

static void test_big_blocks(void **state)
{
	(void)state;
	open_unit("mem:1M,block=4096");
	use_buffer(8192, 1000);
	fill(8192, 4);
	good("2a 00 00 00 00 fe 00 00 02", 8192);
	bad("2a 00 00 00 00 ff 00 00 02", LBA_RANGE);
	use_buffer(4096, 4096);
	bad("28 00 00 00 00 fe 00 00 02", LBA_RANGE);
	good("28 00 00 00 00 fe 00 00 01", 4096);
	assert_true(filled(0, 4096, 4));
	good("41 00 00 00 00 10 00 00 02", 4096);
	good("28 00 00 00 00 11 00 00 01", 4096);
	assert_true(filled(0, 4096, 4));
	unmap_list(1);
	put(buffer + 8, 0x10, 8);
	put(buffer + 16, 2, 4);
	good("42 00 00 00 00 00 00 00 18", 24);
	assert_int_equal(counter("allocated"), 8192);
}

static void test_read_only(void **state)
{
	(void)state;
	open_unit("mem:1M,ro");
	use_buffer(512, 512);
	bad("2a 00 00 00 00 00 00 00 01", PROTECTED);
	bad("0a 00 00 00 01", PROTECTED);
	bad("8a 00 00 00 00 00 00 00 00 00 00 00 00 01", PROTECTED);
	bad("41 00 00 00 00 00 00 00 01", PROTECTED);
	bad("93 08 00 00 00 00 00 00 00 00 00 00 00 01", PROTECTED);
	bad("04", PROTECTED);
	bad("42 00 00 00 00 00 00 00 18", PROTECTED);
	good("28 00 00 00 00 00 00 00 01", 512);
	good("35", 0);
	assert_int_equal(lun_counters(lun)->written_bytes, 0);
}

static char path[] = "/tmp/hvhost-test-XXXXXX";

static int make_file(void **state)
{
	int fd;

	(void)state;
	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	if (fd < 0 || ftruncate(fd, 1024 * 1024 + 100) || close(fd))
		return -1;
	no_buffer();
	return 0;
}

static int drop_file(void **state)
{
	unlink(path);
	return teardown(state);
}

static void test_file(void **state)
{
	char spec[64], byte;
	int fd;

	(void)state;
	open_unit(path);
	use_buffer(1024, 100);
	good("25", 8);
	assert_int_equal(be(buffer, 4), 2047);	/* 100 bytes at the end don't make a block */
	fill(1024, 6);
	good("2a 08 00 00 00 00 00 00 02", 1024);
	bad("2a 00 00 00 07 ff 00 00 02", LBA_RANGE);
	fd = open(path, O_RDONLY);
	assert_int_equal(pread(fd, &byte, 1, 1023), 1);
	assert_int_equal((uint8_t)byte, buffer[1023]);
	close(fd);
	close_unit();
	snprintf(spec, sizeof(spec), "%s,ro", path);
	assert_int_equal(chmod(path, 0400), 0);
	open_unit(spec);
	good("28 00 00 00 00 00 00 00 02", 1024);
	assert_true(filled(0, 1024, 6));
	bad("2a 00 00 00 00 00 00 00 02", PROTECTED);
}

/* Behind our back the file has shrunk: an error, and no bytes from elsewhere. */
static void test_file_cut(void **state)
{
	(void)state;
	open_unit(path);
	use_buffer(1024, 1024);
	assert_int_equal(truncate(path, 512), 0);
	good("28 00 00 00 00 00 00 00 01", 512);
	bad("28 00 00 00 00 00 00 00 02", LBA_RANGE);
	bad("28 00 00 00 07 ff 00 00 01", LBA_RANGE);
}

/* The system takes only a part, then nothing: 64 KiB is all that a file may have. */
static void test_no_space(void **state)
{
	struct rlimit old, small;
	uint32_t lba;

	(void)state;
	open_unit(path);
	use_buffer(1024, 100);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 65536;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	run("2a 00 00 00 00 7f 00 00 02");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	check_sense(0x072707);
	lba = (uint32_t)be(cmd.sense + 3, 4);
	assert_int_equal(lba, 0x7f);
	assert_int_equal(cmd.sense[0], 0xf0);
	good("2a 00 00 00 00 7f 00 00 02", 1024);
	assert_int_equal(lun_counters(lun)->errors, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MEMORY(test_every_cdb), WITH_MEMORY(test_six_byte_zero_is_256),
		WITH_MEMORY(test_scattered), WITH_MEMORY(test_odd_scatter),
		WITH_MEMORY(test_range), WITH_MEMORY(test_short_buffer), WITH_MEMORY(test_flags),
		WITH_MEMORY(test_verify), WITH_MEMORY(test_write_same),
		WITH_MEMORY(test_write_same_unmap), WITH_MEMORY(test_unmap),
		WITH_MEMORY(test_unmap_all), WITH_MEMORY(test_unmap_parameters),
		WITH_MEMORY(test_unmap_many), WITH_NOTHING(test_null),
		WITH_NOTHING(test_big_blocks), WITH_NOTHING(test_read_only),
		cmocka_unit_test_setup_teardown(test_file, make_file, drop_file),
		cmocka_unit_test_setup_teardown(test_file_cut, make_file, drop_file),
		cmocka_unit_test_setup_teardown(test_no_space, make_file, drop_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
