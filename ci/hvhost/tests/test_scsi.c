// SPDX-License-Identifier: GPL-2.0-only
/* SCSI units: commands about the unit, byte by byte. */
#include "test_scsi.h"

static void test_inquiry(void **state)
{
	(void)state;
	use_buffer(104, 7);
	good("12 00 00 00 68 00", 104);
	assert_memory_equal(buffer, "\0\0\5\2\x63\0\0\2Msft    Virtual Disk    1.0 ", 36);
	for (int i = 36; i < 104; i++)
		assert_int_equal(buffer[i], 0);
	use_buffer(36, 36);
	good("12 00 00 00 24 00", 36);
	good("12 00 00 00 05 00", 5);
	use_buffer(512, 512);
	good("12 00 00 02 00 00", 104);		/* longer than there is: cut */
	assert_int_equal(buffer[104], 0xee);
}

static void test_inquiry_refused(void **state)
{
	(void)state;
	use_buffer(255, 255);
	bad("12 02 00 00 ff 00", CDB_FIELD);	/* CMDDT */
	bad("12 00 80 00 ff 00", CDB_FIELD);	/* page without EVPD */
	bad("12 00 00 00 04 00", CDB_FIELD);	/* no room for a header */
	bad("12 01 00 00 03 00", CDB_FIELD);
	bad("12 01 89 00 ff 00", CDB_FIELD);	/* no such page */
	bad("12 01 00 01 00 00", CDB_FIELD);	/* more than the buffer has */
	no_buffer();
	bad("12 00 00 00 24 00", CDB_FIELD);
}

static void test_vpd_supported(void **state)
{
	(void)state;
	use_buffer(36, 5);
	good("12 01 00 00 24 00", 10);
	assert_memory_equal(buffer, "\0\0\0\6\x00\x80\x83\xb0\xb1\xb2", 10);
	good("12 01 00 00 04 00", 4);
}

static void test_vpd_serial(void **state)
{
	(void)state;
	use_buffer(255, 255);
	good("12 01 80 00 ff 00", 20);
	assert_int_equal(be(buffer, 4), 0x00800010);
	for (int i = 4; i < 20; i++)
		assert_non_null(strchr("0123456789ABCDEF", buffer[i]));
	close_unit();
	open_unit("mem:1M,serial=My-Serial_1");
	good("12 01 80 00 ff 00", 4 + 11);
	assert_memory_equal(buffer + 4, "My-Serial_1", 11);
}

static void test_vpd_identification(void **state)
{
	uint8_t first[52];

	(void)state;
	use_buffer(255, 255);
	good("12 01 83 00 ff 00", 52);
	assert_int_equal(be(buffer, 4), 0x00830030);
	assert_int_equal(be(buffer + 4, 4), 0x01010018);	/* T10, LUN, 24 bytes */
	assert_memory_equal(buffer + 8, "Msft    ", 8);
	assert_int_equal(be(buffer + 32, 4), 0x01030010);	/* NAA, LUN, 16 bytes */
	assert_int_equal(be(buffer + 36, 4), 0x60022480);
	memcpy(first, buffer, sizeof(first));
	close_unit();
	open_unit("mem:2M");
	good("12 01 83 00 ff 00", 52);
	assert_memory_equal(buffer, first, sizeof(first));	/* stable by seed */
	close_unit();
	lun = lun_create("mem:2M", "other", (char [99]) { 0 }, 99);
	good("12 01 83 00 ff 00", 52);
	assert_memory_not_equal(buffer + 16, first + 16, 16);
	assert_memory_not_equal(buffer + 40, first + 40, 12);
}

static void test_vpd_wwn_given(void **state)
{
	(void)state;
	open_unit("mem:1M,wwn=0x5001122334455667");
	use_buffer(255, 255);
	good("12 01 83 00 ff 00", 44);
	assert_int_equal(be(buffer + 2, 2), 40);
	assert_int_equal(be(buffer + 32, 4), 0x01030008);
	assert_true(be(buffer + 36, 8) == 0x5001122334455667);
	close_unit();
	open_unit("mem:1M,wwn=60022480aaaabbbbccccDDDDeeeeffff");
	good("12 01 83 00 ff 00", 52);
	assert_true(be(buffer + 44, 8) == 0xccccddddeeeeffff);
}

static void test_vpd_limits(void **state)
{
	(void)state;
	use_buffer(255, 255);
	good("12 01 b0 00 ff 00", 64);
	assert_int_equal(be(buffer, 4), 0x00b0003c);
	assert_int_equal(be(buffer + 20, 4), 0xffffffff);
	assert_int_equal(be(buffer + 24, 4), 4096);
	assert_int_equal(be(buffer + 28, 4), 8);
	assert_int_equal(be(buffer + 32, 4), 0x80000000);
	assert_int_equal(be(buffer + 36, 8), 16384);
	close_unit();
	open_unit("mem:1M,block=4096");
	good("12 01 b0 00 ff 00", 64);
	assert_int_equal(be(buffer + 28, 4), 1);
	assert_int_equal(be(buffer + 36, 8), 2048);
	close_unit();
	open_unit("mem:1M,nounmap");
	good("12 01 b0 00 ff 00", 64);
	assert_int_equal(be(buffer + 20, 8) | be(buffer + 28, 8), 0);
}

static void test_vpd_characteristics(void **state)
{
	(void)state;
	use_buffer(255, 255);
	good("12 01 b1 00 ff 00", 64);
	assert_int_equal(be(buffer + 4, 2), 1);
	close_unit();
	open_unit("mem:1M,rotational");
	good("12 01 b1 00 ff 00", 64);
	assert_int_equal(be(buffer + 4, 2), 7200);
}

static void test_vpd_provisioning(void **state)
{
	(void)state;
	use_buffer(255, 255);
	good("12 01 b2 00 ff 00", 8);
	assert_true(be(buffer, 8) == 0x00b2000401800200);
	close_unit();
	open_unit("mem:1M,lbpws");
	good("12 01 b2 00 ff 00", 8);
	assert_int_equal(buffer[5], 0xe4);
	close_unit();
	open_unit("mem:1M,nounmap");
	good("12 01 b2 00 ff 00", 8);
	assert_int_equal(be(buffer + 5, 2), 0);
	close_unit();
	open_unit("null:8192T,block=512");	/* 2^44 blocks */
	good("12 01 b2 00 ff 00", 8);
	assert_int_equal(buffer[4], 13);	/* 2^13 blocks each: less than 2^32 sets */
}

static void test_capacity(void **state)
{
	(void)state;
	use_buffer(8, 3);
	good("25", 8);
	assert_true(be(buffer, 8) == 0x0001ffff00000200);
	use_buffer(7, 7);
	bad("25", CDB_FIELD);
	use_buffer(32, 32);
	good("9e 10 00 00 00 00 00 00 00 00 00 00 00 20", 32);
	assert_true(be(buffer, 8) == 0x1ffff);
	assert_int_equal(be(buffer + 8, 4), 512);
	assert_int_equal(be(buffer + 12, 4), 0x00038000);	/* 8 blocks each, LBPME */
	good("9e 10 00 00 00 00 00 00 00 00 00 00 00 0c", 12);
	good("9e 10 00 00 00 00 00 00 00 00 00 00 00 00", 0);
	use_buffer(11, 11);
	bad("9e 10 00 00 00 00 00 00 00 00 00 00 00 20", CDB_FIELD);
	use_buffer(32, 32);
	bad("9e 12 00 00 00 00 00 00 00 00 00 00 00 20", CDB_FIELD);	/* GET LBA STATUS */
}

static void test_capacity_big(void **state)
{
	(void)state;
	open_unit("null:64T");
	use_buffer(32, 32);
	good("25", 8);
	assert_int_equal(be(buffer, 4), 0xffffffff);
	good("9e 10 00 00 00 00 00 00 00 00 00 00 00 20", 32);
	assert_true(be(buffer, 8) == (1ull << 37) - 1);
	close_unit();
	open_unit("null:2T");		/* last block 2^32 - 1 can be said, but means "ask again" */
	good("25", 8);
	assert_int_equal(be(buffer, 4), 0xffffffff);
	close_unit();
	open_unit("null:64T,block=4096,nounmap");
	good("9e 10 00 00 00 00 00 00 00 00 00 00 00 20", 32);
	assert_int_equal(be(buffer + 8, 8), 4096ull << 32);
	close_unit();
	open_unit("null:1G,lbpws");
	good("9e 10 00 00 00 00 00 00 00 00 00 00 00 20", 32);
	assert_int_equal(buffer[14], 0xc0);
}

static void test_mode_sense(void **state)
{
	(void)state;
	use_buffer(255, 3);
	good("1a 00 3f 00 ff", 16);
	assert_memory_equal(buffer, "\x0f\0\x10\0\x08\x0a\x04\0\0\0\0\0\0\0\0\0", 16);
	good("1a 00 08 00 04", 4);
	good("1a 00 48 00 ff", 16);		/* what can be changed: nothing */
	assert_int_equal(buffer[6], 0);
	good("5a 00 3f ff 00 00 00 00 ff", 20);
	assert_memory_equal(buffer, "\0\x12\0\x10\0\0\0\0\x08\x0a\x04\0", 12);
	good("1a 00 3f 00 00", 0);
	bad("1a 00 c8 00 ff", CDB_FIELD);	/* saved values */
	bad("1a 00 0a 00 ff", CDB_FIELD);	/* control page */
	bad("1a 00 08 01 ff", CDB_FIELD);	/* subpage */
	bad("1a 00 3f 00 03", CDB_FIELD);
	bad("5a 00 3f 00 00 00 00 00 07", CDB_FIELD);
	bad("5a 00 3f 00 00 00 00 01 00", CDB_FIELD);
}

static void test_mode_options(void **state)
{
	(void)state;
	use_buffer(255, 255);
	open_unit("null:1M,ro,nofua,writethrough");
	good("1a 00 3f 00 ff", 16);
	assert_int_equal(buffer[2], 0x80);
	assert_int_equal(buffer[6], 0);
}

static void test_mode_select(void **state)
{
	static const uint8_t page[16] = { 0, 0, 0, 0, 0x08, 0x0a, 0x04 };

	(void)state;
	use_buffer(16, 5);
	memcpy(buffer, page, 16);
	good("15 10 00 00 10", 16);
	good("15 10 00 00 00", 0);
	bad("15 11 00 00 10", CDB_FIELD);	/* SP */
	bad("15 10 00 00 0f", LIST_LENGTH);
	buffer[6] = 0;				/* write cache off */
	bad("15 10 00 00 10", LIST_FIELD);
	buffer[6] = 4;
	buffer[3] = 8;				/* block descriptor leaves no room for the page */
	bad("15 10 00 00 10", LIST_LENGTH);
	buffer[3] = 255;
	bad("15 10 00 00 10", LIST_LENGTH);
	use_buffer(28, 28);
	memset(buffer, 0, 28);
	buffer[7] = 8;
	memcpy(buffer + 16, page + 4, 12);
	good("55 10 00 00 00 00 00 00 1c", 28);
	buffer[6] = buffer[7] = 255;
	bad("55 10 00 00 00 00 00 00 1c", LIST_LENGTH);
}

static void test_no_data_commands(void **state)
{
	(void)state;
	no_buffer();
	good("00", 0);				/* TEST UNIT READY */
	good("1b 00 00 00 01", 0);		/* start */
	good("1b 00 00 00 00", 0);		/* stop: flushes */
	assert_int_equal(lun_counters(lun)->flushes, 1);
	bad("1b 01 00 00 01", CDB_FIELD);	/* IMMED */
	good("1e 00 00 00 01", 0);		/* PREVENT */
	good("16", 0);
	good("17", 0);
	good("1d 04", 0);			/* SEND DIAGNOSTIC, default self test */
	bad("1d 10", CDB_FIELD);
	bad("1d 04 00 00 08", CDB_FIELD);
	good("35", 0);
	good("91", 0);
	assert_int_equal(lun_counters(lun)->flushes, 3);
}

static void test_request_sense(void **state)
{
	(void)state;
	use_buffer(252, 252);
	good("03 00 00 00 fc", 18);
	assert_int_equal(buffer[2], 0);
	assert_int_equal(buffer[0], 0x70);
	bad("03 01 00 00 fc", CDB_FIELD);
	lun_attention(lun, 0x2a, 0x09);
	bad("03 00 00 00 ff", CDB_FIELD);	/* refused: the attention must stay */
	good("03 00 00 00 0e", 14);
	assert_int_equal(be(buffer + 12, 2), 0x2a09);
	assert_int_equal(buffer[2], 6);
	good("00", 0);				/* it was taken */
}

static void test_unknown(void **state)
{
	/* what must be there; everything else is an invalid operation code, A0 the controller's */
	static const uint8_t known[] = {
		0x00, 0x03, 0x04, 0x08, 0x0a, 0x12, 0x15, 0x16, 0x17, 0x1a, 0x1b, 0x1d, 0x1e,
		0x25, 0x28, 0x2a, 0x2e, 0x2f, 0x35, 0x41, 0x42, 0x55, 0x5a, 0x88, 0x8a, 0x8e,
		0x8f, 0x91, 0x93, 0x9e, 0xa8, 0xaa, 0xae, 0xaf,
	};
	char hex[8];
	uint64_t unknown = 0;

	(void)state;
	use_buffer(512, 512);
	for (unsigned int op = 0; op < 256; op++) {
		snprintf(hex, sizeof(hex), "%02x", op);
		if (!memchr(known, (int)op, sizeof(known))) {
			bad(hex, OPCODE);
			unknown++;
		} else if (run(hex) == SAM_CHECK_CONDITION) {
			assert_int_not_equal(cmd.sense[12], 0x20);
		}
	}
	assert_int_equal(lun_counters(lun)->unknown, unknown);
	bad("a3 0c 03 12 00 00 00 00 02 00", OPCODE);	/* REPORT SUPPORTED OPERATION CODES */
}

static void test_cdb_length(void **state)
{
	static const struct {
		uint8_t opcode, need;
	} t[] = { { 0x00, 6 }, { 0x25, 10 }, { 0x5a, 10 }, { 0x9e, 16 }, { 0xa0, 12 } };

	(void)state;
	use_buffer(512, 512);
	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++) {
		memset(cmd.cdb, 0, sizeof(cmd.cdb));
		cmd.cdb[0] = t[i].opcode;
		for (unsigned int len = 0; len < 256; len++) {
			cmd.cdb_len = (uint8_t)len;
			lun_execute(lun, &cmd);
			if (len < t[i].need || len > 16)
				check_sense(CDB_FIELD);
		}
	}
	cmd.cdb[0] = 0;
	cmd.cdb_len = 6;
	lun_execute(lun, &cmd);
	assert_int_equal(cmd.status, SAM_GOOD);
}

static void test_absent(void **state)
{
	(void)state;
	use_buffer(36, 36);
	memset(cmd.cdb, 0, sizeof(cmd.cdb));
	assert_false(lun_absent_inquiry(&cmd));
	cmd.cdb[0] = 0x12;
	cmd.cdb[4] = 36;
	cmd.status = 0xff;
	assert_true(lun_absent_inquiry(&cmd));
	assert_int_equal(cmd.status, SAM_GOOD);
	assert_int_equal(cmd.transferred, 36);
	assert_int_equal(buffer[0], 0x7f);
	cmd.cdb[3] = 0xff;		/* allocation length beyond the buffer */
	assert_true(lun_absent_inquiry(&cmd));
	check_sense(CDB_FIELD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MEMORY(test_inquiry), WITH_MEMORY(test_inquiry_refused),
		WITH_MEMORY(test_vpd_supported), WITH_MEMORY(test_vpd_serial),
		WITH_MEMORY(test_vpd_identification), WITH_NOTHING(test_vpd_wwn_given),
		WITH_MEMORY(test_vpd_limits), WITH_MEMORY(test_vpd_characteristics),
		WITH_MEMORY(test_vpd_provisioning), WITH_MEMORY(test_capacity),
		WITH_NOTHING(test_capacity_big), WITH_MEMORY(test_mode_sense),
		WITH_NOTHING(test_mode_options), WITH_MEMORY(test_mode_select),
		WITH_MEMORY(test_no_data_commands), WITH_MEMORY(test_request_sense),
		WITH_MEMORY(test_unknown), WITH_MEMORY(test_cdb_length),
		WITH_NOTHING(test_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
