// SPDX-License-Identifier: GPL-2.0-only
/* The commands `bus fault ...` and `DEVICE fault ...`. Main thread. */
#include "fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_BYTES	160
#define RATE_USUAL	20u
#define INJECT_BYTES	2048u

const char fault_help[] =
	"TARGET fault VERB ... [SELECTOR] [COUNT] [after N]; TARGET: bus, DEVICE or DEVICE.SUB\n"
	"  mute                 is not sent\n"
	"  late MS              is sent later\n"
	"  duplicate            is sent twice\n"
	"  wrong-order          is sent behind the next one\n"
	"  corrupt FIELD [V]    FIELD: a name or PART@OFFSET:BYTES; V: N, ^N, +N, -N, ~ (usual)\n"
	"  truncate N           keeps N bytes (packets: of the payload)\n"
	"  oversize N           has N bytes more\n"
	"  replay [N]           the one that was sent N before it is sent again, too\n"
	"  flood N              is sent N times\n"
	"SELECTOR: message, packet, inband, completion, pages, flag, section or a message's name;\n"
	"  the bus takes messages only. COUNT: so many; else until off. after N: not the first N.\n"
	"TARGET fault at N VERB ...       the N-th of its class since start\n"
	"TARGET fault start               counts from 0, `at` begins to work\n"
	"TARGET fault fuzz SEED [RATE [CLASS...]] makes faults up, one item in RATE (20);\n"
	"  starts. CLASS: messages, packets, flags, sections; else all of them\n"
	"TARGET fault [list]              rules, and what passed\n"
	"TARGET fault off                 ends all of them\n"
	"DEVICE fault corrupt rx.FIELD|tx.FIELD V now     writes into the open rings, and signals\n"
	"DEVICE fault inject TYPE ID HEX  a packet of its own; HEX - is none; ID last.SUB[+N|-N]:\n"
	"  that of the newest packet that the guest sent on that channel\n"
	"DEVICE fault rescind-at STEP [N] STEP: a message's name, packet (the guest's) or sent\n"
	"bus fault inject HEX             a message of its own\n"
	"bus fault synic TYPE HEX         the same with another SynIC message type\n"
	"bus fault signal RELID [N]       an event flag that belongs to no packet, N times\n"
	"bus fault refuse-post N [NAME]   N posts of the guest fail for want of buffers\n"
	"bus fault trace all|faults       what --trace writes\n"
	"fields:";

static const char *const words[] = {
	"at", "start", "fuzz", "list", "off", "inject", "rescind-at", "synic", "refuse-post",
	"trace", "signal",
};

bool fault_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i], word))
			return true;
	return fault_verb_known(word);
}

static const char *const classes[FAULT_CLASSES] = {
	[FAULT_MESSAGE] = "messages", [FAULT_PACKET] = "packets",
	[FAULT_FLAG] = "flags", [FAULT_SECTION] = "sections",
};

static const char *name_of(const struct hv_device *dev)
{
	return dev ? dev->name : "bus";
}

static bool add_rule(struct hv_device *dev, int sub, int argc, char **argv,
		     struct text *answer)
{
	char reason[REASON_BYTES];
	struct fault_target *t;
	struct fault_rule *r = malloc(sizeof(*r));

	if (!r)
		die("out of memory");
	if (!fault_parse(argc, argv, !dev, r, reason, sizeof(reason))) {
		text_add(answer, "%s", reason);
		free(r);
		return false;
	}
	r->sub = sub;
	pthread_mutex_lock(&fault_lock);
	t = fault_target(dev, true);
	*t->end = r;
	t->end = &r->next;
	t->active = true;
	fault_enable();
	pthread_mutex_unlock(&fault_lock);
	return true;
}

static bool list(struct hv_device *dev, struct text *answer)
{
	struct fault_target *t;

	pthread_mutex_lock(&fault_lock);
	t = fault_target(dev, false);
	for (struct fault_rule *r = t ? t->rules : NULL; r; r = r->next) {
		fault_format(r, answer);
		text_add(answer, " (hits %llu)\n", (unsigned long long)r->hits);
	}
	step_list(dev, answer);
	for (int i = 0; t && t->active && i < FAULT_CLASSES; i++)
		text_add(answer, "%s %llu changed %llu\n", classes[i],
			 (unsigned long long)t->count[i],
			 (unsigned long long)t->changed[i]);
	pthread_mutex_unlock(&fault_lock);
	return true;
}

static bool off(struct hv_device *dev)
{
	struct fault_target *t;

	pthread_mutex_lock(&fault_lock);
	t = fault_target(dev, false);
	if (t)
		fault_target_clear(t);
	step_clear(dev);
	fault_enable();
	pthread_mutex_unlock(&fault_lock);
	park_forget(dev);
	return true;
}

/* The classes that words name, by bit: all without words, 0 if one is none. */
static unsigned int classes_of(int argc, char **argv)
{
	unsigned int found = 0;
	int c;

	for (int i = 0; i < argc; i++) {
		for (c = 0; c < FAULT_CLASSES && strcmp(argv[i], classes[c]); c++)
			;
		if (c == FAULT_CLASSES)
			return 0;
		found |= 1U << c;
	}
	return argc > 0 ? found : (1U << FAULT_CLASSES) - 1;
}

static bool start(struct hv_device *dev, int argc, char **argv, struct text *answer)
{
	unsigned int fuzz = strcmp(argv[0], "fuzz") ? 0 : classes_of(argc - 3, argv + 3);
	uint64_t seed = 0, rate = RATE_USUAL;
	struct fault_target *t;

	if (strcmp(argv[0], "fuzz") ? argc != 1 :
	    argc < 2 || !fuzz || !fault_number(argv[1], UINT64_MAX, &seed) ||
	    (argc > 2 && (!fault_number(argv[2], UINT32_MAX, &rate) || !rate))) {
		text_add(answer, "use: fuzz SEED [RATE [CLASS...]], or start");
		return false;
	}
	pthread_mutex_lock(&fault_lock);
	t = fault_target(dev, true);
	fault_target_start(t);
	t->fuzz = fuzz;
	for (unsigned int i = 0; fuzz && i < FAULT_CLASSES; i++)
		fault_seed(&t->random[i], seed + i, rate);
	fault_enable();
	fault_note("%s %s %llu", name_of(dev), argv[0], (unsigned long long)seed);
	pthread_mutex_unlock(&fault_lock);
	return true;
}

/* Pairs of hex digits, or "-". Bytes, or -1. */
static int parse_hex(const char *text, uint8_t *to, size_t room)
{
	size_t n = strlen(text);

	if (!strcmp(text, "-"))
		return 0;
	if (n % 2 || n / 2 > room || strspn(text, "0123456789abcdefABCDEF") != n)
		return -1;
	for (size_t i = 0; i < n / 2; i++) {
		const char pair[3] = { text[2 * i], text[2 * i + 1], '\0' };

		to[i] = strtoul(pair, NULL, 16);
	}
	return n / 2;
}

static bool inject_message(uint64_t type, const char *hex, struct text *answer)
{
	struct host_message m = { .relid = 0 };
	int len = parse_hex(hex, m.bytes, sizeof(m.bytes));
	bool done = len >= 0;

	if (done && type) {
		done = synic_post_type(bus.message_vp, VMBUS_SINT, type, m.bytes, len);
	} else if (done) {
		m.len = len;
		message_emit(&m);
	}
	if (!done)
		text_add(answer, "use: inject HEX, at most %u bytes; synic TYPE HEX",
			 MESSAGE_BYTES);
	return done;
}

static struct bus_channel *slot_of(struct hv_device *dev, int sub)
{
	struct hv_channel *ch = device_channel(dev, sub == FAULT_ANY_SUB ? 0 : sub);

	return ch ? SLOT(ch) : NULL;
}

/* A number; or last.SUB, perhaps with +N or -N. */
static bool packet_id(struct hv_device *dev, const char *text, uint64_t *id)
{
	struct hv_channel *ch;
	uint64_t sub, add = 0;
	char *end;

	if (strncmp(text, "last.", 5))
		return fault_number(text, UINT64_MAX, id);
	sub = strtoull(text + 5, &end, 10);
	if (end == text + 5 || sub > dev->max_sub)
		return false;
	if (*end && ((*end != '+' && *end != '-') || !fault_number(end + 1, UINT64_MAX, &add)))
		return false;
	ch = device_channel(dev, sub);
	if (!ch || !channel_lock(ch))
		return false;
	*id = SLOT(ch)->packet.transaction + (*end == '-' ? -add : add);
	channel_unlock(ch);
	return true;
}

static bool inject_packet(struct hv_device *dev, int sub, char **argv, struct text *answer)
{
	struct bus_channel *s = slot_of(dev, sub);
	uint8_t image[16 + INJECT_BYTES] = { 0 };
	uint16_t word[4] = { 0, 2, 0, 0 };
	enum fault_class class = FAULT_PACKET;
	uint64_t type, id;
	uint32_t known;
	int len = parse_hex(argv[2], image + 16, INJECT_BYTES);
	bool sent = false;

	if (fault_selector(argv[0], &class, &known) && class == FAULT_PACKET && known)
		type = known;
	else if (!fault_number(argv[0], UINT16_MAX, &type))
		len = -1;
	if (len < 0 || !packet_id(dev, argv[1], &id)) {
		text_add(answer, "use: inject inband|completion|NUMBER ID HEX (at most %u bytes); "
			 "ID: N, or last.SUB[+N|-N] of an open channel", INJECT_BYTES);
		return false;
	}
	word[0] = type;
	word[2] = (16 + ALIGN_UP((uint32_t)len, 8u)) / 8;
	memcpy(image, word, sizeof(word));
	memcpy(image + 8, &id, sizeof(id));
	if (s && channel_lock(&s->ch)) {
		sent = slot_put(s, image, word[2] * 8u);
		channel_unlock(&s->ch);
	}
	if (!sent)
		text_add(answer, "%s is not open, or its ring is full", dev->name);
	return sent;
}

static bool store_now(struct hv_device *dev, int sub, int argc, char **argv,
		      struct text *answer)
{
	char reason[REASON_BYTES];
	unsigned int done = 0;
	struct fault_rule r;

	if (!fault_parse(argc, argv, false, &r, reason, sizeof(reason))) {
		text_add(answer, "%s", reason);
		return false;
	}
	if (r.verb != FAULT_CORRUPT || (r.at.part != PART_RX && r.at.part != PART_TX)) {
		text_add(answer, "now is for rx. and tx. fields");
		return false;
	}
	for (unsigned int i = 0; i <= dev->max_sub; i++) {
		struct hv_channel *ch = device_channel(dev, i);

		if (!ch || (sub != FAULT_ANY_SUB && (unsigned int)sub != i) ||
		    !channel_lock(ch))
			continue;
		fault_store(SLOT(ch), &r);
		synic_flag(channel_target_vp(ch), VMBUS_SINT, ch->relid);
		channel_unlock(ch);
		done++;
	}
	if (!done)
		text_add(answer, "%s is not open", dev->name);
	return done;
}

static bool rescind_at(struct hv_device *dev, int argc, char **argv, struct text *answer)
{
	uint64_t times = 1;

	if (!dev || argc < 2 || argc > 3 || !step_known(argv[1]) ||
	    (argc == 3 && (!fault_number(argv[2], UINT64_MAX, &times) || !times))) {
		text_add(answer, "use: DEVICE fault rescind-at MESSAGE|packet|sent [N]");
		return false;
	}
	pthread_mutex_lock(&fault_lock);
	step_add(dev, argv[1], times);
	fault_enable();
	pthread_mutex_unlock(&fault_lock);
	return true;
}

static bool refuse(int argc, char **argv, struct text *answer)
{
	uint32_t type = argc == 3 ? fault_message_type(argv[2]) : 0;
	uint64_t times;

	if (argc < 2 || argc > 3 || !fault_number(argv[1], UINT64_MAX, &times) ||
	    (argc == 3 && !type)) {
		text_add(answer, "use: bus fault refuse-post N [MESSAGE]");
		return false;
	}
	pthread_mutex_lock(&fault_lock);
	refuse_set(times, type);
	fault_enable();
	pthread_mutex_unlock(&fault_lock);
	return true;
}

static bool trace(int argc, char **argv, struct text *answer)
{
	if (argc == 2 && (!strcmp(argv[1], "all") || !strcmp(argv[1], "faults"))) {
		trace_limit(!strcmp(argv[1], "faults"));
		return true;
	}
	text_add(answer, "use: bus fault trace all|faults");
	return false;
}

static bool signal_relid(int argc, char **argv, struct text *answer)
{
	uint64_t relid, times = 1;

	if (argc < 2 || argc > 3 || !fault_number(argv[1], HV_EVENT_FLAGS - 1, &relid) ||
	    (argc == 3 && !fault_number(argv[2], UINT32_MAX, &times))) {
		text_add(answer, "use: bus fault signal RELID [N]");
		return false;
	}
	while (times--)
		synic_flag(bus.message_vp, VMBUS_SINT, relid);
	return true;
}

static bool bus_word(int argc, char **argv, struct text *answer)
{
	uint64_t type = 0;

	if (!strcmp(argv[0], "refuse-post"))
		return refuse(argc, argv, answer);
	if (!strcmp(argv[0], "signal"))
		return signal_relid(argc, argv, answer);
	if (!strcmp(argv[0], "trace"))
		return trace(argc, argv, answer);
	if (!strcmp(argv[0], "inject") && argc == 2)
		return inject_message(0, argv[1], answer);
	if (!strcmp(argv[0], "synic") && argc == 3 &&
	    fault_number(argv[1], UINT32_MAX, &type) && type)
		return inject_message(type, argv[2], answer);
	return add_rule(NULL, FAULT_ANY_SUB, argc, argv, answer);
}

static bool device_word(struct hv_device *dev, int sub, int argc, char **argv,
			struct text *answer)
{
	if (!strcmp(argv[0], "rescind-at"))
		return rescind_at(dev, argc, argv, answer);
	if (!strcmp(argv[0], "inject") && argc == 4)
		return inject_packet(dev, sub, argv + 1, answer);
	if (!strcmp(argv[argc - 1], "now"))
		return store_now(dev, sub, argc - 1, argv, answer);
	return add_rule(dev, sub, argc, argv, answer);
}

bool fault_command(struct hv_device *dev, int argc, char **argv, struct text *answer)
{
	int sub = FAULT_ANY_SUB;
	uint64_t index;

	/* DEVICE.SUB came as the first word. */
	if (dev && argc && fault_number(argv[0], dev->max_sub, &index)) {
		sub = index;
		argc--;
		argv++;
	}
	if (!argc || !strcmp(argv[0], "list"))
		return list(dev, answer);
	if (!strcmp(argv[0], "off"))
		return off(dev);
	if (!strcmp(argv[0], "start") || !strcmp(argv[0], "fuzz"))
		return start(dev, argc, argv, answer);
	return dev ? device_word(dev, sub, argc, argv, answer) : bus_word(argc, argv, answer);
}

void fault_reset(void)
{
	park_forget(NULL);
}
