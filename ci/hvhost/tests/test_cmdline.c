// SPDX-License-Identifier: GPL-2.0-only
/* The command line of the program, and its help. */
#include "test.h"

#include "../ctl/cmdline.h"

#define ARGS_MAX	32

static struct cmdline c;
static char error[200];

/* "a|b|c" are the arguments. */
static bool parse(const char *text)
{
	static char copy[1000];
	char *argv[ARGS_MAX + 1] = { "hvhost" }, *word, *rest = copy;
	int argc = 1;

	cmdline_free(&c);
	error[0] = '\0';
	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, "|")) && argc < ARGS_MAX)
		if (*word)
			argv[argc++] = word;
	return cmdline_parse(argc, argv, &c, error, sizeof(error));
}

static void bad(const char *text, const char *words)
{
	if (parse(text))
		fail_msg("'%s' was taken", text);
	if (!strstr(error, words))
		fail_msg("'%s': the error is '%s'", text, error);
	assert_null(strchr(error, '\n'));
}

static void defaults(void **state)
{
	(void)state;
	assert_true(parse("--kernel=k"));
	assert_int_equal(c.action, ACTION_RUN);
	assert_string_equal(c.machine.kernel, "k");
	assert_null(c.machine.initrd);
	assert_int_equal(c.machine.cpus, 1);
	assert_true(c.machine.ram == 512 * MIB);
	assert_true(c.machine.hotadd == 0);
	assert_string_equal(c.machine.console, "-");
	assert_null(c.machine.agent);
	assert_false(c.machine.s4);
	assert_false(c.machine.reset_exits);
	assert_false(c.machine.no_xsave);
	assert_false(c.machine.cold_discard);
	assert_int_equal(c.max_version, 0x50003);
	assert_int_equal(c.devices, 0);
	assert_null(c.control);
	assert_null(c.trace);
}

static void everything(void **state)
{
	(void)state;
	assert_true(parse("--kernel|k|--initrd=i|--append=a b|--cpus=16|--memory=2G|--hotadd=1G|"
			  "--mmio-low=256M|--mmio-high=4G|--profile=s4|--console=unix:c|"
			  "--agent=/dev/ttyS1|--control=unix:x|--device=scsi,lun=a|--device=ic|"
			  "--max-version=2.4|--trace=t|--on-reset=exit|--no-xsave"
			  "|--cold-discard"));
	assert_string_equal(c.machine.initrd, "i");
	assert_string_equal(c.machine.cmdline, "a b");
	assert_int_equal(c.machine.cpus, 16);
	assert_true(c.machine.ram == 2 * GIB);
	assert_true(c.machine.hotadd == GIB);
	assert_true(c.machine.mmio_low == 256 * MIB);
	assert_true(c.machine.mmio_high == 4 * GIB);
	assert_true(c.machine.s4);
	assert_string_equal(c.machine.console, "unix:c");
	assert_string_equal(c.machine.agent, "/dev/ttyS1");
	assert_string_equal(c.control, "unix:x");
	assert_int_equal(c.devices, 2);
	assert_string_equal(c.device[0], "scsi,lun=a");
	assert_string_equal(c.device[1], "ic");
	assert_int_equal(c.max_version, 0x20004);
	assert_string_equal(c.trace, "t");
	assert_true(c.machine.reset_exits);
	assert_true(c.machine.no_xsave);
	assert_true(c.machine.cold_discard);
}

static void versions(void **state)
{
	static const struct {
		const char *text;
		uint32_t wire;
	} cases[] = {
		{ "3.0", 0x30000 }, { "4.0", 0x40000 }, { "4.1", 0x40001 }, { "5.0", 0x50000 },
		{ "5.1", 0x50001 }, { "5.2", 0x50002 }, { "5.3", 0x50003 },
	};
	char text[60];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "--kernel=k|--max-version=%s", cases[i].text);
		assert_true(parse(text));
		assert_int_equal(c.max_version, cases[i].wire);
	}
	bad("--kernel=k|--max-version=6.0", "--max-version");
	bad("--kernel=k|--max-version=5", "2.4 to 5.3");
}

static void what_only_prints(void **state)
{
	(void)state;
	assert_true(parse("--help"));
	assert_int_equal(c.action, ACTION_HELP);
	assert_true(parse("-h"));
	assert_int_equal(c.action, ACTION_HELP);
	assert_true(parse("--list-devices"));
	assert_int_equal(c.action, ACTION_LIST);
	assert_true(parse("--version"));
	assert_int_equal(c.action, ACTION_VERSION);
}

static void wrong_ones(void **state)
{
	(void)state;
	bad("", "--kernel");
	bad("--kernel", "needs a value");
	bad("--kernel=k|--frob", "--frob");
	bad("--kernel=k|-x", "-x");
	bad("--kernel=k|stray", "stray");
	bad("--kernel=k|--cpus=0", "1 to 16");
	bad("--kernel=k|--cpus=17", "1 to 16");
	bad("--kernel=k|--cpus=two", "1 to 16");
	bad("--kernel=k|--memory=much", "SIZE");
	bad("--kernel=k|--hotadd=-1", "SIZE");
	bad("--kernel=k|--mmio-low=1X", "SIZE");
	bad("--kernel=k|--mmio-high=", "SIZE");
	bad("--kernel=k|--profile=s3", "s4|balloon");
	bad("--kernel=k|--on-reset=stop", "restart|exit");
	bad("--kernel=k|--help=1", "--help=1");
}

static void help_names_all(void **state)
{
	static const char *const names[] = {
		"kernel", "initrd", "append", "cpus", "memory", "hotadd", "mmio-low", "mmio-high",
		"profile", "console", "agent", "control", "device", "max-version", "trace",
		"on-reset", "cold-discard", "no-xsave", "list-devices", "help", "version",
	};
	struct text t = { 0 };
	char *line, *rest;
	unsigned int i, options = 0;

	(void)state;
	cmdline_help(&t);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char option[40];

		snprintf(option, sizeof(option), "\n  --%s", names[i]);
		if (!strstr(t.data, option))
			fail_msg("--help does not name --%s", names[i]);
	}
	for (rest = t.data; (line = strsep(&rest, "\n"));) {
		options += !strncmp(line, "  --", 4);
		if (strlen(line) > 100)
			fail_msg("too wide: %s", line);
	}
	assert_int_equal(options, ARRAY_SIZE(names));
	text_free(&t);
}

static int teardown(void **state)
{
	(void)state;
	cmdline_free(&c);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(everything),
		cmocka_unit_test(versions),
		cmocka_unit_test(what_only_prints),
		cmocka_unit_test(wrong_ones),
		cmocka_unit_test(help_names_all),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
