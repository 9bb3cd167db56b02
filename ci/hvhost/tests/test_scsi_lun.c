// SPDX-License-Identifier: GPL-2.0-only
/* SCSI units: options, unit attentions, size, injected errors and delays, the control commands. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
#include "test_scsi.h"

#define READ1	"28 00 00 00 00 00 00 00 01"
#define WRITE1	"2a 00 00 00 00 00 00 00 01"

static void test_refused_specs(void **state)
{
	static const char *const bad_specs[] = {
		"/nonexistent/disk", "/dev/null", "/", "mem:", "mem:0", "mem:12Q", "null:-1",
		"mem:511", "mem:4095,block=4096", "mem:1M,block=1024", "mem:1M,block=0",
		"mem:1M,block=x", "mem:1M,colour=red", "mem:1M,wwn=123", "mem:1M,wwn=",
		"mem:1M,wwn=4001122334455667", "mem:1M,wwn=50011223344556677",
		"mem:1M,wwn=500112233445566g", "mem:1M,wwn=50022480aaaabbbbccccDDDDeeeeffff",
		"mem:1M,serial=", "mem:1M,serial=a b", "mem:1M,serial=\xff",
		"mem:1M,serial=123456789012345678901234567890123",
	};
	char error[200];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad_specs); i++) {
		memset(error, 0x55, sizeof(error));
		lun = lun_create(bad_specs[i], "seed", error, sizeof(error));
		if (lun)
			fail_msg("%s was accepted", bad_specs[i]);
		if (!error[0] || !memchr(error, 0, sizeof(error)) || strchr(error, '\n'))
			fail_msg("%s: no one-line reason", bad_specs[i]);
	}
}

static void test_attention(void **state)
{
	(void)state;
	use_buffer(512, 512);
	good("00", 0);				/* none at first */
	lun_attention(lun, 0x2a, 0x09);
	lun_attention(lun, 0x3f, 0x0e);
	lun_attention(lun, 0x2a, 0x09);		/* once is enough */
	good("12 00 00 00 24", 36);		/* INQUIRY doesn't tell, nor clear */
	bad(READ1, 0x062a09);
	bad("00", 0x063f0e);
	good("00", 0);
	lun_attention(lun, 0x3f, 0x0e);
	lun_attention(lun, 0x2a, 0x01);
	lun_attention_drop(lun, 0x3f, 0x0e);
	bad("25", 0x062a01);
	good("00", 0);
	for (unsigned int i = 1; i < 100; i++)	/* a limited number is kept */
		lun_attention(lun, 0x2a, (uint8_t)i);
	for (unsigned int i = 1; i <= 8; i++)
		bad("00", 0x062a00 | i);
	good("00", 0);
	bad("ff", OPCODE);
	assert_true(command("attention 3F 03", NULL));
	bad("ff", OPCODE);			/* an unknown command doesn't take it either */
	bad("00", 0x063f03);
}

static void test_resize(void **state)
{
	char error[200];

	(void)state;
	use_buffer(1024, 1024);
	good("2a 00 00 01 ff fe 00 00 02", 1024);
	assert_true(lun_resize(lun, 128 << 20, error, sizeof(error)));
	bad("25", 0x062a09);
	good("25", 8);
	assert_int_equal(be(buffer, 4), 0x3ffff);
	good("2a 00 00 03 ff fe 00 00 02", 1024);
	assert_true(command("resize 512", NULL));
	bad("28 00 00 00 00 00 00 00 01", 0x062a09);
	bad("28 00 00 00 00 01 00 00 01", LBA_RANGE);
	good("28 00 00 00 00 00 00 00 01", 512);
	assert_int_equal(counter("size"), 512);
	assert_int_equal(counter("allocated"), 0);	/* what was behind is given back */
	assert_true(command("resize 64M", NULL));
	bad("00", 0x062a09);
	good("28 00 00 01 ff fe 00 00 02", 1024);
	for (int i = 0; i < 1024; i++)
		assert_int_equal(buffer[i], 0);
	assert_false(lun_resize(lun, 513, error, sizeof(error)));
	assert_non_null(strstr(error, "512"));
	assert_false(lun_resize(lun, 0, error, sizeof(error)));
	assert_false(command("resize", NULL));
	assert_false(command("resize 12 13", NULL));
	assert_false(command("resize huge", NULL));
	good("00", 0);				/* a failure changes nothing */
	assert_int_equal(counter("size"), 64 << 20);
}

static void test_resize_file(void **state)
{
	char path[] = "/tmp/hvhost-test-XXXXXX", error[200];
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(ftruncate(fd, 8192), 0);
	open_unit(path);
	unlink(path);
	assert_true(lun_resize(lun, 1 << 20, error, sizeof(error)));
	assert_int_equal(lseek(fd, 0, SEEK_END), 1 << 20);
	assert_true(lun_resize(lun, 4096, error, sizeof(error)));
	assert_int_equal(lseek(fd, 0, SEEK_END), 4096);
	close(fd);
}

static void test_errors(void **state)
{
	(void)state;
	use_buffer(1024, 1024);
	assert_true(command("error read medium", NULL));
	bad(READ1, 0x031100);
	bad(READ1, 0x031100);
	good(WRITE1, 512);
	assert_true(command("error clear", NULL));
	good(READ1, 512);
	assert_true(command("error write aborted 3", NULL));
	for (int i = 0; i < 3; i++)
		bad(WRITE1, 0x0b0000);
	good(WRITE1, 512);
	assert_true(command("error any busy 2", NULL));
	good("12 00 00 00 24", 36);
	assert_int_equal(run("00"), SAM_BUSY);
	assert_int_equal(cmd.sense_len, 0);
	assert_int_equal(run(READ1), SAM_BUSY);
	assert_int_equal(cmd.transferred, 0);
	good(READ1, 512);
	assert_int_equal(lun_counters(lun)->errors, 7);
}

static void test_error_kinds(void **state)
{
	static const struct {
		const char *line, *cdb;
		uint32_t sense;
	} t[] = {
		{ "error write medium 1", WRITE1, 0x030c00 },
		{ "error read hardware 1", READ1, 0x044400 },
		{ "error write data-protect 1", WRITE1, 0x072700 },
		{ "error write space 1", WRITE1, 0x072707 },
		{ "error other not-ready 1", "00", 0x020401 },
		{ "error flush hardware 1", "35", 0x044400 },
		{ "error unmap medium 1", "42", 0x030c00 },
		{ "error read medium 1", "2f 00 00 00 00 00 00 00 01", 0x031100 },
		{ "error write medium 1", "41 00 00 00 00 00 00 00 01", 0x030c00 },
	};

	(void)state;
	use_buffer(512, 512);
	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++) {
		assert_true(command(t[i].line, NULL));
		bad(t[i].cdb, t[i].sense);
	}
	assert_true(command("error any no-sense 1", NULL));
	assert_int_equal(run("00"), SAM_CHECK_CONDITION);
	assert_int_equal(cmd.sense_len, 0);
	assert_true(command("error any task-set-full 1", NULL));
	assert_int_equal(run("00"), SAM_TASK_SET_FULL);
	good("00", 0);
}

static void test_error_range(void **state)
{
	(void)state;
	use_buffer(16 * 512, 4096);
	assert_true(command("error read medium 0x100-0x10f", NULL));
	good("28 00 00 00 00 f0 00 00 10", 16 * 512);
	bad("28 00 00 00 00 f1 00 00 10", 0x031100);
	assert_int_equal(cmd.sense[0], 0xf0);
	assert_int_equal(be(cmd.sense + 3, 4), 0x100);	/* the first bad block */
	bad("28 00 00 00 01 0f 00 00 01", 0x031100);
	assert_int_equal(be(cmd.sense + 3, 4), 0x10f);
	good("28 00 00 00 01 10 00 00 01", 512);
	good("28 00 00 00 00 ff 00 00 01", 512);
	bad("88 00 ff ff ff ff ff ff ff ff ff ff ff ff", LBA_RANGE);
	assert_true(command("error clear", NULL));
	assert_true(command("error write hardware 7 2", NULL));	/* block 7, twice */
	good("2a 00 00 00 00 06 00 00 01", 512);
	bad("2a 00 00 00 00 07 00 00 01", 0x044400);
	bad("2a 00 00 00 00 00 00 00 10", 0x044400);
	good("2a 00 00 00 00 07 00 00 01", 512);
	assert_true(command("error any aborted 5-5 1", NULL));
	good("00", 0);				/* names no block */
	bad("28 00 00 00 00 05 00 00 01", 0x0b0000);
	good("28 00 00 00 00 05 00 00 01", 512);
}

static void test_refused_commands(void **state)
{
	static const char *const bad_lines[] = {
		"", "fly", "error", "error read", "error read pink", "error red medium",
		"error read medium x", "error read medium 5-", "error read medium 5-4",
		"error read medium -5", "error read medium 1 2 3", "error read medium 1-2 x",
		"error read medium 99999999999999999999", "delay", "delay x", "delay 1 pink",
		"delay 1 2 read 3", "delay 3600001", "attention", "attention 2a",
		"attention 2a 100", "attention xx 00", "attention 2a 09 00", "hash 0",
		"hash 1 x", "hash 0 65M", "hash 65M 0", "hash 16384T 16384T", "hash 1M 64M",
	};
	struct text answer = { 0 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad_lines); i++) {
		if (command(bad_lines[i], &answer))
			fail_msg("\"%s\" was accepted", bad_lines[i]);
		if (!answer.len)
			fail_msg("\"%s\": no reason", bad_lines[i]);
		text_free(&answer);
	}
	good("00", 0);
}

static void test_too_many_errors(void **state)
{
	(void)state;
	for (int i = 0; i < 16; i++)
		assert_true(command("error write busy 1", NULL));
	assert_false(command("error write busy 1", NULL));
	use_buffer(512, 512);
	for (int i = 0; i < 16; i++)
		assert_int_equal(run(WRITE1), SAM_BUSY);
	good(WRITE1, 512);
}

static uint64_t delay_of(uint8_t opcode)
{
	memset(cmd.cdb, 0, sizeof(cmd.cdb));
	cmd.cdb[0] = opcode;
	return lun_delay(lun, &cmd);
}

static void test_delay(void **state)
{
	(void)state;
	assert_true(delay_of(0x28) == 0);
	assert_true(command("delay 5", NULL));
	assert_true(delay_of(0x28) == 5000000);
	assert_true(delay_of(0x00) == 5000000);
	assert_true(delay_of(0xff) == 0);	/* no command: no delay */
	assert_true(command("delay 7 write 2", NULL));
	assert_true(delay_of(0x28) == 0);
	assert_true(delay_of(0x2a) == 7000000);
	assert_true(delay_of(0x2a) == 7000000);
	assert_true(delay_of(0x2a) == 0);
	assert_true(command("delay 9", NULL));
	assert_true(command("delay 0", NULL));
	assert_true(delay_of(0x28) == 0);
}

static void hash_is(const char *line, const char *expected)
{
	struct text answer = { 0 };

	assert_true(command(line, &answer));
	assert_string_equal(answer.data, expected);
	text_free(&answer);
}

static void test_hash(void **state)
{
	(void)state;
	use_buffer(512, 512);
	memset(buffer, 'a', 512);
	good("41 00 00 00 00 00 00 40 00", 512);	/* 8 MiB of 'a' */
	/* FIPS 180-4's own example "a" * 1000000 */
	hash_is("hash 0 1000000",
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0\n");
	hash_is("hash 0 0",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n");
	memcpy(buffer, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
	good("2a 00 00 00 00 01 00 00 01", 512);
	hash_is("hash 512 56",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1\n");
	hash_is("hash 512 3",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n");
	close_unit();
	open_unit("mem:1M");
	hash_is("hash", "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58\n");
}

static void test_describe(void **state)
{
	struct text answer = { 0 };

	(void)state;
	open_unit("null:1G,ro,nounmap,wwn=5001122334455667,serial=S1");
	lun_attention(lun, 0x2a, 0x09);
	assert_true(command("error read busy", NULL));
	assert_true(command("delay 3", NULL));
	lun_describe(lun, &answer);
	assert_string_equal(answer.data, "null:1G (null) size 1073741824 block 512 allocated 0 "
			    "wwn 0x5001122334455667 serial S1 ro nounmap errors 1 attentions 1 "
			    "delay 3 ms");
	text_free(&answer);
	assert_true(command("flush", NULL));
}

#define WORKERS		4
#define ROUNDS		2000

static atomic_bool stop;

/* A queue of its own: a region of its own, read back after each write. */
static void *worker(void *arg)
{
	unsigned int number = (unsigned int)(uintptr_t)arg;
	uint8_t data[4096];
	struct sg_entry entry = { data, sizeof(data) };
	struct sg sg = { &entry, 1, sizeof(data) };
	struct scsi_cmd c = { .cdb_len = 10, .data = &sg, .data_len = sizeof(data) };
	uintptr_t wrong = 0;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		memset(data, (int)(i + number), sizeof(data));
		memcpy(c.cdb, (uint8_t [10]) { 0x2a, 0, 0, 0, 0, (uint8_t)(number * 8), 0, 0, 8 },
		       10);
		lun_execute(lun, &c);
		if (c.status != SAM_GOOD)
			continue;	/* unit attention, injected */
		memset(data, 0xee, sizeof(data));
		c.cdb[0] = 0x28;
		do
			lun_execute(lun, &c);
		while (c.status != SAM_GOOD);
		wrong += data[0] != (uint8_t)(i + number) || data[4095] != data[0];
	}
	return (void *)wrong;
}

static void *disturb(void *arg)
{
	char error[200];

	(void)arg;
	for (unsigned int i = 0; !atomic_load(&stop); i++) {
		lun_attention(lun, 0x3f, 0x0e);
		command("error any busy 3", NULL);
		lun_resize(lun, (1 + i % 8) << 20, error, sizeof(error));
		usleep(100);
	}
	return NULL;
}

static void test_parallel(void **state)
{
	pthread_t thread[WORKERS], other;
	void *wrong;

	(void)state;
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&other, NULL, disturb, NULL), 0);
	for (uintptr_t i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, worker, (void *)i), 0);
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(thread[i], &wrong);
		assert_ptr_equal(wrong, NULL);
	}
	atomic_store(&stop, true);
	pthread_join(other, NULL);
	assert_true(lun_counters(lun)->commands >= WORKERS * ROUNDS);
	assert_true(lun_counters(lun)->reads == lun_counters(lun)->writes);
	assert_true(lun_counters(lun)->read_bytes == 4096 * lun_counters(lun)->reads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_NOTHING(test_refused_specs), WITH_MEMORY(test_attention),
		WITH_MEMORY(test_resize), WITH_NOTHING(test_resize_file),
		WITH_MEMORY(test_errors), WITH_MEMORY(test_error_kinds),
		WITH_MEMORY(test_error_range), WITH_MEMORY(test_refused_commands),
		WITH_MEMORY(test_too_many_errors), WITH_MEMORY(test_delay),
		WITH_MEMORY(test_hash), WITH_NOTHING(test_describe), WITH_MEMORY(test_parallel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
