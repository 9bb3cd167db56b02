// SPDX-License-Identifier: GPL-2.0-only
/* The commands of the control endpoint. Main thread. */
#include <string.h>
#include "../bus/bus.h"
#include "../fault/fault.h"
#include "../hyperv/hyperv.h"
#include "../machine/machine.h"
#include "ctl.h"

#define REASON_BYTES	256

struct command {
	const char *verb;
	int min, max;			/* words after it */
	bool (*run)(int argc, char **argv, struct text *answer);
	const char *usage, *help;
};

static const struct command commands[];

static bool help_kind(const char *kind, struct text *answer)
{
	unsigned int i;

	for (i = 0; device_kinds[i]; i++) {
		if (!strcmp(device_kinds[i]->kind, kind)) {
			text_add(answer, "%s: %s", kind, device_kinds[i]->help);
			return true;
		}
	}
	if (!strcmp(kind, "fault")) {
		text_add(answer, "%s", fault_help);
		for (i = 0; fault_fields[i].name; i++)
			text_add(answer, "%s%s", i % 4 ? " " : "\n  ", fault_fields[i].name);
		text_add(answer, "\n");
		return true;
	}
	text_add(answer, "there is no kind of device '%s': see help", kind);
	return false;
}

static bool help(int argc, char **argv, struct text *answer)
{
	const struct command *c;
	unsigned int i;

	if (argc > 1)
		return help_kind(argv[1], answer);
	for (c = commands; c->verb; c++)
		text_add(answer, "%-16s %s\n", c->usage, c->help);
	text_add(answer, "DEVICE fault ... misbehave: see help fault\n"
		 "DEVICE VERB ...  what its kind can do: help KIND\nkinds:");
	for (i = 0; device_kinds[i]; i++)
		text_add(answer, " %s", device_kinds[i]->kind);
	text_add(answer, "\n");
	return true;
}

static bool info(int argc, char **argv, struct text *answer)
{
	const struct machine_config *c = &machine.config;
	uint32_t version = bus_version();

	(void)argc;
	(void)argv;
	text_add(answer, "uptime %.3f s\n", since_start());
	text_add(answer, "cpus %u\n", c->cpus);
	text_add(answer, "memory %llu MiB, %llu MiB of them below 4 GiB; hot add range %llu MiB\n",
		 (unsigned long long)(c->ram / MIB), (unsigned long long)(machine.low_ram / MIB),
		 (unsigned long long)(c->hotadd / MIB));
	text_add(answer, "mmio low %llu MiB, high %llu MiB\n",
		 (unsigned long long)(c->mmio_low / MIB), (unsigned long long)(c->mmio_high / MIB));
	text_add(answer, "profile %s\n", c->s4 ? "s4" : "balloon");
	if (c->cold_discard) {
		struct cold_counters cold;

		hyperv_cold(&cold);
		text_add(answer, "cold hints %llu of %llu bytes, refused %llu\n",
			 (unsigned long long)cold.hints, (unsigned long long)cold.bytes,
			 (unsigned long long)cold.refused);
	}
	if (version)
		text_add(answer, "vmbus %u.%u\n", version >> 16, version & 0xffff);
	else
		text_add(answer, "vmbus not connected\n");
	bus_describe(answer);
	return true;
}

static void describe_device(struct hv_device *dev, void *arg)
{
	char instance[37], type[37];

	guid_format(&dev->instance, instance);
	guid_format(&dev->ops->type, type);
	text_add(arg, "%s instance %s type %s\n", dev->name, instance, type);
}

static bool devices(int argc, char **argv, struct text *answer)
{
	(void)argc;
	(void)argv;
	bus_device_each(describe_device, answer);
	return true;
}

static bool nmi(int argc, char **argv, struct text *answer)
{
	uint64_t cpu = 0;

	if (argc > 1 && (!parse_size(argv[1], &cpu) || cpu >= machine.config.cpus)) {
		text_add(answer, "there is no CPU %s: use 0 to %u", argv[1],
			 machine.config.cpus - 1);
		return false;
	}
	machine_nmi((unsigned int)cpu);
	return true;
}

static bool last_crash(int argc, char **argv, struct text *answer)
{
	const char *crash = event_crash();

	(void)argc;
	(void)argv;
	text_add(answer, "%s", crash ? crash : "the guest has not reported a crash");
	return crash;
}

static bool events(int argc, char **argv, struct text *answer)
{
	(void)argc;
	(void)argv;
	event_list(answer);
	return true;
}

static bool reset(int argc, char **argv, struct text *answer)
{
	(void)argc;
	(void)argv;
	(void)answer;
	machine_reset("by command");
	return true;
}

static bool quit(int argc, char **argv, struct text *answer)
{
	(void)argc;
	(void)argv;
	(void)answer;
	machine_quit(EXIT_SETUP, "told to quit");
	return true;
}

static struct hv_device *find_device(const char *name, struct text *answer)
{
	struct hv_device *dev = bus_device_find(name);

	if (!dev)
		text_add(answer, "there is no device '%s': see devices", name);
	return dev;
}

/* "nic0", or "nic0.2": *sub is 0 for a whole device. */
static struct hv_device *find_channel(char *name, unsigned int *sub, struct text *answer)
{
	char *dot = strchr(name, '.');
	struct hv_device *dev;
	uint64_t n = 0;

	if (dot) {
		*dot = '\0';
		if (!parse_size(dot + 1, &n) || !n || n > UINT16_MAX) {
			text_add(answer, "'%s' is no sub-channel", dot + 1);
			return NULL;
		}
	}
	dev = find_device(name, answer);
	*sub = (unsigned int)n;
	return dev;
}

static bool rescind(int argc, char **argv, struct text *answer)
{
	unsigned int sub;
	struct hv_device *dev = find_channel(argv[1], &sub, answer);

	(void)argc;
	if (!dev)
		return false;
	if (sub ? bus_sub_rescind(dev, sub) : bus_device_rescind(dev))
		return true;
	text_add(answer, "%s is not offered", dev->name);
	return false;
}

static bool offer(int argc, char **argv, struct text *answer)
{
	unsigned int sub;
	struct hv_device *dev = find_channel(argv[1], &sub, answer);

	(void)argc;
	if (!dev)
		return false;
	if (sub ? bus_sub_offer(dev, sub) : bus_device_offer(dev))
		return true;
	text_add(answer, "%s is offered already", dev->name);
	return false;
}

static bool add(int argc, char **argv, struct text *answer)
{
	char reason[REASON_BYTES] = "it failed";
	struct hv_device *dev = bus_device_add(argv[1], reason, sizeof(reason));

	(void)argc;
	text_add(answer, "%s", dev ? dev->name : reason);
	return dev;
}

static bool bus_command(int argc, char **argv, struct text *answer)
{
	if (!strcmp(argv[1], "fault"))
		return fault_command(NULL, argc - 2, argv + 2, answer);
	text_add(answer, "usage: bus fault ..., see help fault");
	return false;
}

static const struct command commands[] = {
	{ "help", 0, 1, help, "help [KIND]", "this list, or what a kind of device can do" },
	{ "info", 0, 0, info, "info", "machine, connection and channels" },
	{ "devices", 0, 0, devices, "devices", "every device's name and GUIDs" },
	{ "nmi", 0, 1, nmi, "nmi [CPU]", "inject an NMI" },
	{ "crash", 0, 0, last_crash, "crash", "the last crash that the guest reported" },
	{ "events", 0, 0, events, "events", "the newest events again" },
	{ "reset", 0, 0, reset, "reset", "as the reset button" },
	{ "quit", 0, 0, quit, "quit", "end hvhost, with code 1" },
	{ "rescind", 1, 1, rescind, "rescind DEVICE",
	  "take the device (or DEVICE.SUB, a sub-channel) from the guest" },
	{ "offer", 1, 1, offer, "offer DEVICE", "offer it again" },
	{ "add", 1, 1, add, "add KIND,...", "a new device, as by --device" },
	{ "bus", 1, CTL_WORDS, bus_command, "bus fault ...", "misbehave: see help fault" },
	{ NULL, 0, 0, NULL, NULL, NULL },
};

/* `DEVICE fault ...`, where a kind's own faults are asked for what isn't ours. */
static bool device_fault(struct hv_device *dev, const char *sub, int argc, char **argv,
			 struct text *answer)
{
	char *words[CTL_WORDS + 1], **at = words;
	struct text ignored = { 0 };

	if (argc > 2 && !fault_word(argv[2]) && dev->ops->command)
		return dev->ops->command(dev, argc - 1, argv + 1, answer);
	/* Which ends the kind's own as well, where it has any. */
	if (argc > 2 && !strcmp(argv[2], "off") && dev->ops->command)
		dev->ops->command(dev, argc - 1, argv + 1, &ignored);
	text_free(&ignored);
	if (sub)
		*at++ = (char *)sub;
	memcpy(at, argv + 2, (size_t)(argc - 2) * sizeof(*argv));
	return fault_command(dev, argc - 2 + !!sub, words, answer);
}

/* "scsi0 add x" as it is; "scsi0.1 resize 2G" calls resize with 1 and 2G. */
static bool device_command(int argc, char **argv, struct text *answer)
{
	char *dotted[CTL_WORDS + 1], *dot = strchr(argv[0], '.');
	struct hv_device *dev;

	if (dot)
		*dot = '\0';
	dev = bus_device_find(argv[0]);
	if (!dev) {
		text_add(answer, "there is no command or device '%s': see help", argv[0]);
		return false;
	}
	if (argc >= 2 && !strcmp(argv[1], "fault"))
		return device_fault(dev, dot ? dot + 1 : NULL, argc, argv, answer);
	if (argc < 2 || !dev->ops->command) {
		text_add(answer, dev->ops->command ? "%s needs a verb: see help %s" :
			 "%s takes no commands: see help %s", dev->name, dev->ops->kind);
		return false;
	}
	if (!dot)
		return dev->ops->command(dev, argc - 1, argv + 1, answer);
	dotted[0] = argv[1];
	dotted[1] = dot + 1;
	memcpy(dotted + 2, argv + 2, (size_t)(argc - 2) * sizeof(*argv));
	return dev->ops->command(dev, argc, dotted, answer);
}

bool ctl_execute(char *line, struct text *answer)
{
	char *argv[CTL_WORDS];
	const struct command *c;
	const char *reason;
	int argc = ctl_split(line, argv, &reason);

	if (argc < 0) {
		text_add(answer, "%s", reason);
		return false;
	}
	if (!argc)
		return true;
	for (c = commands; c->verb; c++) {
		if (strcmp(argv[0], c->verb))
			continue;
		if (argc - 1 >= c->min && argc - 1 <= c->max)
			return c->run(argc, argv, answer);
		text_add(answer, "usage: %s", c->usage);
		return false;
	}
	return device_command(argc, argv, answer);
}
