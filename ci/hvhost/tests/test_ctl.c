// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control endpoint over a real socket and a real terminal, with a machine and
 * a bus that only note what they are told.
 */
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../bus/bus.h"
#include "../ctl/ctl.h"
#include "../fault/fault.h"
#include "../machine/machine.h"

struct machine machine = { .config = { .cpus = 2, .ram = 64 * MIB } };

static char told[1024];			/* what the fakes below were last asked */
static bool offered = true;

#define TELL(...)	snprintf(told, sizeof(told), __VA_ARGS__)

void machine_quit(enum exit_code code, const char *why)
{
	(void)why;
	TELL("quit %d", code);
	loop_quit(code);
}

void machine_reset(const char *why)
{
	(void)why;
	TELL("reset");
	ctl_event("reset");
}

void machine_nmi(unsigned int cpu)
{
	TELL("nmi %u", cpu);
}

static bool command(struct hv_device *dev, int argc, char **argv, struct text *answer)
{
	int i, n = snprintf(told, sizeof(told), "%s:", dev->name);

	for (i = 0; i < argc; i++)
		n += snprintf(told + n, sizeof(told) - (size_t)n, " <%s>", argv[i]);
	text_add(answer, "one\ntwo");
	return strcmp(argv[0], "fail");
}

static const struct hv_device_ops disk_ops = {
	.kind = "disk", .help = "a disk\nfor this test\n", .command = command,
};
static const struct hv_device_ops mute_ops = { .kind = "mute", .help = "no commands\n" };
const struct hv_device_ops *const device_kinds[] = { &disk_ops, &mute_ops, NULL };
static struct hv_device devices[] = {
	{ .ops = &disk_ops, .name = "disk0" }, { .ops = &mute_ops, .name = "mute0" },
};

struct hv_device *bus_device_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(devices); i++)
		if (!strcmp(devices[i].name, name))
			return &devices[i];
	return NULL;
}

void bus_device_each(void (*fn)(struct hv_device *dev, void *arg), void *arg)
{
	fn(&devices[0], arg);
	fn(&devices[1], arg);
}

struct hv_device *bus_device_add(const char *text, char *error, size_t size)
{
	TELL("add %s", text);
	if (!strncmp(text, "disk", 4))
		return &devices[0];
	snprintf(error, size, "no such kind");
	return NULL;
}

bool bus_device_rescind(struct hv_device *dev)
{
	bool was = offered;

	TELL("rescind %s", dev->name);
	offered = false;
	return was;
}

bool bus_device_offer(struct hv_device *dev)
{
	bool was = offered;

	TELL("offer %s", dev->name);
	offered = true;
	return !was;
}

const char fault_help[] = "faults:";

bool fault_word(const char *word)
{
	return !strcmp(word, "mute") || !strcmp(word, "off");
}

bool fault_command(struct hv_device *dev, int argc, char **argv, struct text *answer)
{
	int i, n = snprintf(told, sizeof(told), "fault %s:", dev ? dev->name : "bus");

	for (i = 0; i < argc; i++)
		n += snprintf(told + n, sizeof(told) - (size_t)n, " <%s>", argv[i]);
	text_add(answer, "faulty");
	return !argc || strcmp(argv[0], "fail");
}

bool bus_sub_rescind(struct hv_device *dev, unsigned int sub)
{
	TELL("rescind %s.%u", dev->name, sub);
	return sub < 3;
}

bool bus_sub_offer(struct hv_device *dev, unsigned int sub)
{
	TELL("offer %s.%u", dev->name, sub);
	return sub < 3;
}

uint32_t bus_version(void)
{
	return 0x50003;
}

void bus_describe(struct text *answer)
{
	text_add(answer, "channel 1\n");
}

/* The loop's own source is known to the kernel only. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:loop_init\n";
}

/* Executes a command; the answer must be expected, in full. */
static void expect(const char *line, bool good, const char *expected, const char *told_too)
{
	struct text answer = { 0 };
	char copy[200];

	told[0] = '\0';
	snprintf(copy, sizeof(copy), "%s", line);
	if (ctl_execute(copy, &answer) != good)
		fail_msg("'%s' said %s: %s", line, good ? "no" : "yes", answer.data);
	assert_string_equal(answer.data ? answer.data : "", expected);
	assert_string_equal(told, told_too);
	text_free(&answer);
}

static void commands(void **state)
{
	(void)state;
	expect("", true, "", "");
	expect("nmi", true, "", "nmi 0");
	expect("nmi 1", true, "", "nmi 1");
	expect("nmi 2", false, "there is no CPU 2: use 0 to 1", "");
	expect("nmi x", false, "there is no CPU x: use 0 to 1", "");
	expect("nmi 0 1", false, "usage: nmi [CPU]", "");
	expect("reset", true, "", "reset");
	expect("rescind disk0", true, "", "rescind disk0");
	expect("rescind disk0", false, "disk0 is not offered", "rescind disk0");
	expect("rescind disk9", false, "there is no device 'disk9': see devices", "");
	expect("rescind", false, "usage: rescind DEVICE", "");
	expect("offer disk0", true, "", "offer disk0");
	expect("rescind disk0.2", true, "", "rescind disk0.2");
	expect("rescind disk0.3", false, "disk0 is not offered", "rescind disk0.3");
	expect("offer disk0.2", true, "", "offer disk0.2");
	expect("offer disk0.x", false, "'x' is no sub-channel", "");
	expect("offer disk0.0", false, "'0' is no sub-channel", "");
	expect("offer disk0", false, "disk0 is offered already", "offer disk0");
	expect("add disk,lun=\"/a b\"", true, "disk0", "add disk,lun=/a b");
	expect("add tape", false, "no such kind", "add tape");
	expect("help disk", true, "disk: a disk\nfor this test\n", "");
	expect("help tape", false, "there is no kind of device 'tape': see help", "");
	expect("add 'x", false, "a quote is not closed", "");
}

static void commands_of_devices(void **state)
{
	(void)state;
	expect("disk0 add /x 1", true, "one\ntwo", "disk0: <add> </x> <1>");
	expect("disk0.1 resize 2G", true, "one\ntwo", "disk0: <resize> <1> <2G>");
	expect("disk0.1.2 resize", true, "one\ntwo", "disk0: <resize> <1.2>");
	expect("disk0 fail", false, "one\ntwo", "disk0: <fail>");
	expect("disk0", false, "disk0 needs a verb: see help disk", "");
	expect("disk0.1", false, "disk0 needs a verb: see help disk", "");
	expect("mute0 speak", false, "mute0 takes no commands: see help mute", "");
	expect("disk1 add", false, "there is no command or device 'disk1': see help", "");
	expect(".", false, "there is no command or device '': see help", "");
}

static void faults(void **state)
{
	(void)state;
	expect("bus fault mute X", true, "faulty", "fault bus: <mute> <X>");
	expect("bus fault", true, "faulty", "fault bus:");
	expect("bus fault fail", false, "faulty", "fault bus: <fail>");
	expect("bus speak", false, "usage: bus fault ..., see help fault", "");
	expect("mute0 fault mute 3", true, "faulty", "fault mute0: <mute> <3>");
	expect("disk0.1 fault mute", true, "faulty", "fault disk0: <1> <mute>");
	/* Its own faults where the word isn't one of all devices'. */
	expect("disk0 fault lost", true, "one\ntwo", "disk0: <fault> <lost>");
	expect("disk0 fault off", true, "faulty", "fault disk0: <off>");
}

static void many_words_for_a_device(void **state)
{
	char line[CTL_LINE_BYTES] = "disk0.7 verb";
	struct text answer = { 0 };
	unsigned int i;

	(void)state;
	for (i = 2; i < CTL_WORDS; i++)
		strcat(line, " x");
	assert_true(ctl_execute(line, &answer));
	assert_non_null(strstr(told, "disk0: <verb> <7> <x>"));
	text_free(&answer);
}

/* Reads lines until one is (or begins) the wanted one; all of them into got. */
static bool read_until(FILE *in, const char *wanted, char *got, size_t size)
{
	char line[8192];

	got[0] = '\0';
	while (fgets(line, sizeof(line), in)) {
		if (strlen(got) + strlen(line) < size)
			strcat(got, line);
		if (!strncmp(line, wanted, strlen(wanted)))
			return true;
	}
	return false;
}

static char path[100];
static char results[12][8192];

static FILE *connect_client(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(name.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof(name)))
		return NULL;
	return fdopen(fd, "r+");
}

static void put(FILE *to, const char *text)
{
	fputs(text, to);
	fflush(to);
}

/* The clients' side of the conversation, in a thread of its own. */
static void *clients(void *arg)
{
	FILE *a = connect_client(), *b = connect_client();
	char big[3 * CTL_LINE_BYTES];

	(void)arg;
	if (!a || !b)
		abort();
	put(a, "disk0 list\r\n");
	read_until(a, "ok", results[0], sizeof(results[0]));
	put(a, "\n\ndisk0 fail\n");
	read_until(a, "error", results[1], sizeof(results[1]));
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	put(a, big);
	put(a, "\nnmi 1\n");
	read_until(a, "error", results[2], sizeof(results[2]));
	read_until(a, "ok", results[3], sizeof(results[3]));
	/* An event goes to all, its odd characters made harmless. */
	put(b, "info\n");
	read_until(b, "ok", results[4], sizeof(results[4]));
	ctl_event("guest said \"%s\"", "a\nok\033");
	read_until(a, "! guest", results[5], sizeof(results[5]));
	read_until(b, "! guest", results[6], sizeof(results[6]));
	/* A command in pieces, and one of a client that goes without reading. */
	put(a, "nm");
	put(b, "help\nhelp\nhelp\n");
	fclose(b);
	put(a, "i\n");
	read_until(a, "ok", results[7], sizeof(results[7]));
	ctl_event("crash 1 2 3");
	ctl_event("crash-text Oops");
	read_until(a, "! crash-text", results[8], sizeof(results[8]));
	put(a, "crash\n");
	read_until(a, "ok", results[8], sizeof(results[8]));
	fwrite("a\0b\n", 1, 4, a);
	fflush(a);
	read_until(a, "error", results[9], sizeof(results[9]));
	put(a, "quit\n");
	read_until(a, "ok", results[10], sizeof(results[10]));
	read_until(a, "! last", results[11], sizeof(results[11]));
	fclose(a);
	return NULL;
}

static void over_a_socket(void **state)
{
	char dir[] = "/tmp/hvhost-test-XXXXXX", where[120];
	pthread_t thread;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ctl", dir);
	snprintf(where, sizeof(where), "unix:%s", path);
	ctl_open(where);
	pthread_create(&thread, NULL, clients, NULL);
	assert_int_equal(loop_run(), EXIT_SETUP);
	ctl_event("last");
	ctl_close();
	pthread_join(thread, NULL);
	assert_string_equal(results[0], "| one\n| two\nok\n");
	assert_string_equal(results[1], "| one\nerror: two\n");
	assert_string_equal(results[2], "error: the line is too long\n");
	assert_string_equal(results[3], "ok\n");
	assert_non_null(strstr(results[4], "| cpus 2\n"));
	assert_non_null(strstr(results[4], "| vmbus 5.3\n"));
	assert_non_null(strstr(results[4], "| channel 1\nok\n"));
	assert_string_equal(results[5], "! guest said \"a?ok?\"\n");
	assert_string_equal(results[6], "! guest said \"a?ok?\"\n");
	assert_string_equal(results[7], "ok\n");
	assert_string_equal(results[8], "| crash 1 2 3\n| crash-text Oops\nok\n");
	assert_string_equal(results[9], "error: the line is too long\n");
	assert_string_equal(results[10], "ok\n");
	assert_string_equal(results[11], "! last\n");
	unlink(path);
	rmdir(dir);
}

/* loop_quit() is for ever, so what follows uses one pass by hand: commands only. */
static void events_are_kept(void **state)
{
	struct text answer = { 0 };
	char line[] = "events";
	unsigned int i;

	(void)state;
	for (i = 0; i < 5000; i++)
		ctl_event("flood %u", i);
	event_arrive(NULL);
	assert_true(ctl_execute(line, &answer));
	/* The first ones came through, the rest was only counted. */
	assert_non_null(strstr(answer.data, "flood 1023\n"));
	assert_null(strstr(answer.data, "flood 1024\n"));
	assert_non_null(strstr(answer.data, "3976 events lost\n"));
	text_free(&answer);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(commands_of_devices),
		cmocka_unit_test(faults),
		cmocka_unit_test(many_words_for_a_device),
		cmocka_unit_test(over_a_socket),
		cmocka_unit_test(events_are_kept),
	};

	signal(SIGPIPE, SIG_IGN);	/* as main() does */
	loop_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
