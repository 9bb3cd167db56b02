// SPDX-License-Identifier: GPL-2.0-only
/* The program's command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmdline.h"

enum option_id {
	O_KERNEL = 256, O_INITRD, O_APPEND, O_CPUS, O_MEMORY, O_HOTADD, O_MMIO_LOW, O_MMIO_HIGH,
	O_PROFILE, O_CONSOLE, O_AGENT, O_CONTROL, O_DEVICE, O_MAX_VERSION, O_TRACE, O_ON_RESET,
	O_COLD_DISCARD, O_NO_XSAVE, O_LIST_DEVICES, O_HELP, O_VERSION,
};

static const struct known_option {
	enum option_id id;
	const char *name, *value, *help;
} known[] = {
	{ O_KERNEL, "kernel", "FILE", "bzImage to boot, 64 bit or 32 bit (required)" },
	{ O_INITRD, "initrd", "FILE", "its initial RAM disk" },
	{ O_APPEND, "append", "TEXT", "its command line" },
	{ O_CPUS, "cpus", "N", "processors, 1 to 16 (1)" },
	{ O_MEMORY, "memory", "SIZE", "RAM at the start (512M)" },
	{ O_HOTADD, "hotadd", "SIZE", "address range above it for memory hot add (0)" },
	{ O_MMIO_LOW, "mmio-low", "SIZE", "MMIO window of VMBus below 4 GiB (128M)" },
	{ O_MMIO_HIGH, "mmio-high", "SIZE", "MMIO window of VMBus above all memory (512M)" },
	{ O_PROFILE, "profile", "s4|balloon", "offer hibernation, or ballooning (balloon)" },
	{ O_CONSOLE, "console", "WHERE", "COM1: - for stdin and stdout, unix:PATH, or a file (-)" },
	{ O_AGENT, "agent", "WHERE", "COM2, likewise, for a program in the guest (none)" },
	{ O_CONTROL, "control", "WHERE", "commands: unix:PATH, or a character device (none)" },
	{ O_DEVICE, "device", "KIND,...", "a VMBus device; may be repeated" },
	{ O_MAX_VERSION, "max-version", "X.Y", "highest VMBus version granted, 2.4 to 5.3 (5.3)" },
	{ O_TRACE, "trace", "FILE", "write every message and packet to FILE, as text" },
	{ O_ON_RESET, "on-reset", "restart|exit", "what a reset by the guest does (restart)" },
	{ O_COLD_DISCARD, "cold-discard", NULL, "take hints that free pages may be dropped" },
	{ O_NO_XSAVE, "no-xsave", NULL, "hide XSAVE, needed under QEMU's software CPU" },
	{ O_LIST_DEVICES, "list-devices", NULL, "what --device can make, with options" },
	{ O_HELP, "help", NULL, "this text" },
	{ O_VERSION, "version", NULL, "the version" },
};

static const struct {
	const char *text;
	uint32_t wire;
} versions[] = {
	{ "2.4", 0x20004 }, { "3.0", 0x30000 }, { "4.0", 0x40000 }, { "4.1", 0x40001 },
	{ "5.0", 0x50000 }, { "5.1", 0x50001 }, { "5.2", 0x50002 }, { "5.3", 0x50003 },
};

void cmdline_help(struct text *t)
{
	char left[40];
	unsigned int i;

	text_add(t, "usage: hvhost --kernel=FILE [OPTION...]\n\n"
		 "A small virtual machine on /dev/kvm that is a Hyper-V host to its guest:\n"
		 "VMBus with the devices that --device names. SIZE takes K, M, G or T.\n\n");
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		const struct known_option *k = &known[i];

		snprintf(left, sizeof(left), "--%s%s%s", k->name, k->value ? "=" : "",
			 k->value ? k->value : "");
		text_add(t, "  %-24s %s\n", left, k->help);
	}
	text_add(t, "\nexit codes: %d the guest powered off, %d set-up error or told to stop,\n"
		 "%d the guest did what no processor survives, %d it reset itself with\n"
		 "--on-reset=exit, %d it hibernated\n",
		 EXIT_POWER_OFF, EXIT_SETUP, EXIT_GUEST_BAD, EXIT_RESET, EXIT_HIBERNATED);
}

/* Fails with the option and what it takes. */
static bool wrong(const struct known_option *k, const char *value, char *error, size_t size)
{
	snprintf(error, size, "--%s=%s is wrong, it takes %s: %s", k->name, value, k->value,
		 k->help);
	return false;
}

static bool one_of(const char *value, const char *no, const char *yes, bool *result)
{
	*result = !strcmp(value, yes);
	return *result || !strcmp(value, no);
}

static bool take_version(const char *value, uint32_t *wire)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		if (!strcmp(value, versions[i].text)) {
			*wire = versions[i].wire;
			return true;
		}
	}
	return false;
}

static bool take_cpus(const char *value, unsigned int *cpus)
{
	uint64_t n;

	if (!parse_size(value, &n) || !n || n > MAX_VCPUS)
		return false;
	*cpus = (unsigned int)n;
	return true;
}

/* Options with a value that can be wrong. */
static bool take_value(struct cmdline *c, enum option_id id, const char *value)
{
	switch (id) {
	case O_CPUS:
		return take_cpus(value, &c->machine.cpus);
	case O_MEMORY:
		return parse_size(value, &c->machine.ram);
	case O_HOTADD:
		return parse_size(value, &c->machine.hotadd);
	case O_MMIO_LOW:
		return parse_size(value, &c->machine.mmio_low);
	case O_MMIO_HIGH:
		return parse_size(value, &c->machine.mmio_high);
	case O_PROFILE:
		return one_of(value, "balloon", "s4", &c->machine.s4);
	case O_ON_RESET:
		return one_of(value, "restart", "exit", &c->machine.reset_exits);
	case O_MAX_VERSION:
		return take_version(value, &c->max_version);
	default:
		return true;
	}
}

/* Options that take any text, or none. */
static void take_text(struct cmdline *c, enum option_id id, const char *value)
{
	switch (id) {
	case O_KERNEL:
		c->machine.kernel = value;
		break;
	case O_INITRD:
		c->machine.initrd = value;
		break;
	case O_APPEND:
		c->machine.cmdline = value;
		break;
	case O_CONSOLE:
		c->machine.console = value;
		break;
	case O_AGENT:
		c->machine.agent = value;
		break;
	case O_CONTROL:
		c->control = value;
		break;
	case O_DEVICE:
		c->device[c->devices++] = value;
		break;
	case O_TRACE:
		c->trace = value;
		break;
	case O_COLD_DISCARD:
		c->machine.cold_discard = true;
		break;
	case O_NO_XSAVE:
		c->machine.no_xsave = true;
		break;
	case O_LIST_DEVICES:
		c->action = ACTION_LIST;
		break;
	case O_HELP:
		c->action = ACTION_HELP;
		break;
	case O_VERSION:
		c->action = ACTION_VERSION;
		break;
	default:
		break;
	}
}

static bool take_all(int argc, char **argv, struct cmdline *c, char *error, size_t size)
{
	struct option longs[ARRAY_SIZE(known) + 1] = { { 0 } };
	unsigned int i;
	int id;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		longs[i] = (struct option){
			.name = known[i].name,
			.has_arg = known[i].value ? required_argument : no_argument,
			.val = (int)known[i].id,
		};
	optind = 0;		/* start anew, whatever was parsed before */
	/* The colon: a missing value is ':' and not '?'; opterr: the words are ours. */
	opterr = 0;
	while ((id = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		if (id == 'h')
			id = O_HELP;
		if (id == ':') {
			snprintf(error, size, "%s needs a value: see hvhost --help",
				 argv[optind - 1]);
			return false;
		}
		if (id == '?') {
			snprintf(error, size, "cannot use '%s': see hvhost --help",
				 argv[optind - 1]);
			return false;
		}
		if (!take_value(c, (enum option_id)id, optarg))
			return wrong(&known[id - O_KERNEL], optarg, error, size);
		take_text(c, (enum option_id)id, optarg);
	}
	if (optind < argc) {
		snprintf(error, size, "'%s' is no option: see hvhost --help", argv[optind]);
		return false;
	}
	return true;
}

bool cmdline_parse(int argc, char **argv, struct cmdline *c, char *error, size_t size)
{
	*c = (struct cmdline){
		.machine = {
			.cpus = 1,
			.ram = 512 * MIB,
			.mmio_low = 128 * MIB,
			.mmio_high = 512 * MIB,
			.console = "-",
		},
		.max_version = 0x50003,
		.device = calloc((size_t)argc, sizeof(*c->device)),
	};
	if (!c->device)
		die("out of memory");
	if (!take_all(argc, argv, c, error, size))
		return false;
	if (c->action == ACTION_RUN && !c->machine.kernel) {
		snprintf(error, size, "there is nothing to boot: give --kernel=FILE, a bzImage");
		return false;
	}
	return true;
}

void cmdline_free(struct cmdline *c)
{
	free(c->device);
	c->device = NULL;
}
