// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: every kind of device on the whole bus, against a guest that is the
 * input. Only KVM, threads and the clock are played here: channels are served by
 * this thread, after each step, so that an input always runs alike (but for the
 * network card's own thread, which has nothing to do).
 *
 * The input is a row of steps: raw control messages, opening and closing, packets
 * of any bytes, packets that are close to what a driver of the device sends, memory
 * that changes, time that passes, devices that come and go.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "../bus/internal.h"
#include "fuzz.h"

#define GUEST_PAGES	1024u
#define GUEST_PFN	0x100u
#define CHANNELS	32u		/* that the guest keeps in mind */
#define RING_PAGES	8u		/* of both rings of a channel together */
#define RING_BYTES	((RING_PAGES / 2 - 1) * PAGE_BYTES)
#define DATA_PAGE	(CHANNELS * RING_PAGES)
#define DATA_PAGES	256u
#define STEPS_MAX	400u
#define TURNS_MAX	8u
#define CALLS_MAX	4096u
#define START_NS	1000000000ull

struct machine machine = {
	.config = { .cpus = 4, .ram = GUEST_PAGES * PAGE_BYTES, .hotadd = 256 * MIB },
	.low_ram = GUEST_PAGES * PAGE_BYTES, .hotadd_base = 4 * GIB,
};

static uint8_t memory[GUEST_PAGES][PAGE_BYTES] __attribute__((aligned(4096)));
static uint32_t relid[CHANNELS];	/* in the order of their offers */
static unsigned int relids;
static uint64_t clock_ns = START_NS;

/* ---- what util, machine and hyperv would be ---- */

void log_info(const char *fmt, ...) { (void)fmt; }
void log_guest(const char *fmt, ...) { (void)fmt; }
double since_start(void) { return (double)clock_ns / 1e9; }
uint64_t now_ns(void) { return clock_ns; }

_Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

_Noreturn void die_errno(const char *fmt, ...)
{
	fprintf(stderr, "%s\n", fmt);
	abort();
}

void *guest_ptr(uint64_t gpa, uint64_t len)
{
	uint64_t base = (uint64_t)GUEST_PFN * PAGE_BYTES, offset = gpa - base;

	if (!len || gpa < base || offset >= sizeof(memory) || len > sizeof(memory) - offset)
		return NULL;
	return &memory[0][0] + offset;
}

bool guest_read(uint64_t gpa, void *to, uint64_t len)
{
	void *from = guest_ptr(gpa, len);

	if (from)
		memcpy(to, from, len);
	return from;
}

bool guest_write(uint64_t gpa, const void *from, uint64_t len)
{
	void *to = guest_ptr(gpa, len);

	if (to)
		memcpy(to, from, len);
	return to;
}

bool guest_plug(uint64_t gpa, uint64_t len)
{
	return gpa >= machine.hotadd_base && len;
}

bool guest_discard(uint64_t gpa, uint64_t len)
{
	return guest_ptr(gpa, len);
}

/* KVM's clock. */
int xioctl(int fd, unsigned long request, void *arg, const char *what)
{
	(void)fd;
	(void)what;
	memset(arg, 0, request >> 16 & 0x3fff);	/* the size is in the number */
	return 0;
}

bool synic_room(unsigned int vp)
{
	(void)vp;
	return true;
}

bool synic_post_type(unsigned int vp, unsigned int sint, uint32_t type, const void *payload,
		     size_t len)
{
	(void)vp, (void)sint, (void)type, (void)payload, (void)len;
	return false;
}

bool synic_post(unsigned int vp, unsigned int sint, const void *payload, size_t len)
{
	uint32_t word[MESSAGE_BYTES / 4] = { 0 };

	(void)sint;
	MUST(len <= MESSAGE_BYTES);
	memcpy(word, payload, len);
	if (word[0] == MSG_OFFER && relids < CHANNELS)
		relid[relids++] = word[46];
	return vp < machine.config.cpus;
}

void synic_flag(unsigned int vp, unsigned int sint, unsigned int flag)
{
	MUST(vp < machine.config.cpus && sint == VMBUS_SINT && flag && flag <= MAX_RELID);
}

void synic_forget(void) { }

/* ---- the event loop: calls wait for the end of a step ---- */

static pthread_mutex_t calls_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	void (*fn)(void *arg);
	void *arg;
} calls[CALLS_MAX];
static unsigned int calls_count;

void loop_call(void (*fn)(void *arg), void *arg)
{
	pthread_mutex_lock(&calls_lock);
	MUST(calls_count < CALLS_MAX);
	calls[calls_count].fn = fn;
	calls[calls_count++].arg = arg;
	pthread_mutex_unlock(&calls_lock);
}

static void run_calls(void)
{
	unsigned int i;

	pthread_mutex_lock(&calls_lock);
	for (i = 0; i < calls_count; i++) {
		void (*fn)(void *arg) = calls[i].fn;
		void *arg = calls[i].arg;

		pthread_mutex_unlock(&calls_lock);
		fn(arg);
		pthread_mutex_lock(&calls_lock);
	}
	calls_count = 0;
	pthread_mutex_unlock(&calls_lock);
}

/* Only the connection has one, for when SynIC is full. */
struct loop_timer *loop_timer_new(void (*fn)(void *arg), void *arg)
{
	(void)fn;
	(void)arg;
	return (struct loop_timer *)calls;
}

void loop_timer_set(struct loop_timer *timer, uint64_t ns)
{
	(void)timer;
	(void)ns;
}

/* ---- workers: none; who is kicked is served by serve() ---- */

void workers_create(void) { }
void worker_attach(struct bus_channel *s) { (void)s; }
void worker_kick(struct bus_channel *s) { s->kicked = true; }
void worker_deadline(struct bus_channel *s) { (void)s; }
void relid_ignore(uint32_t id, struct bus_channel *s) { (void)id, (void)s; }
void relids_close(void) { }

bool relid_listen(uint32_t id, struct bus_channel *s)
{
	(void)id;
	(void)s;
	return true;
}

static void serve(void)
{
	unsigned int turn;
	uint32_t i;

	for (turn = 0; turn < TURNS_MAX; turn++) {
		bool more = false;

		for (i = 1; i <= CHANNELS; i++) {
			struct bus_channel *s = bus.relid[i];

			if (!s || (!atomic_exchange(&s->kicked, false) &&
				   (!s->deadline || s->deadline > clock_ns)))
				continue;
			if (slot_run(s))
				s->kicked = true;
			more = true;
		}
		run_calls();
		if (!more)
			return;
	}
}

/* ---- the guest ---- */

static unsigned int channel;		/* that the present step is about */

static uint32_t channel_relid(void)
{
	return channel < relids ? relid[channel] : channel;
}

/* The control pages of its rings: to the host, and to the guest. */
static uint32_t *control(bool to_guest)
{
	return (uint32_t *)memory[channel * RING_PAGES + (to_guest ? RING_PAGES / 2 : 0)];
}

static void post(uint32_t type, const void *body, size_t len)
{
	uint8_t *exact = calloc(1, 8 + len);	/* the sanitizer sees its end */

	MUST(exact);
	memcpy(exact, &type, sizeof(type));
	if (len)
		memcpy(exact + 8, body, len);
	message_handle(0, 1, exact, (uint32_t)(8 + len));
	free(exact);
}

static void post_random(struct input *in)
{
	uint8_t body[MESSAGE_BYTES];
	uint32_t type = take8(in) % 26;
	size_t len = take8(in) % (MESSAGE_BYTES - 8);

	take(in, body, len);
	/* Small numbers meet what there is. */
	if (len >= 8 && type != MSG_CONTACT)
		body[1] = body[2] = body[3] = body[5] = body[6] = body[7] = 0;
	post(type, body, len);
}

static void contact(struct input *in)
{
	static const uint32_t versions[] = { 0x50003, 0x50003, 0x50000, 0x40001, 0x40000, 0x30000,
					     0x20004, 0x60000 };
	uint32_t body[8] = { versions[take8(in) % ARRAY_SIZE(versions)] };

	body[2] = body[0] >= 0x50000 ? VMBUS_SINT : 0;
	relids = 0;
	post(MSG_CONTACT, body, sizeof(body));
	post(MSG_REQUEST_OFFERS, NULL, 0);
}

static void describe_pages(uint32_t gpadl, uint32_t first, uint32_t pages)
{
	struct {
		uint32_t relid, gpadl;
		uint16_t bytes, ranges;
		uint64_t word[27];
	} __attribute__((packed)) m = {
		channel_relid(), gpadl, (uint16_t)(8 + 8 * pages), 1, { pages * PAGE_BYTES },
	};
	uint32_t i;

	for (i = 0; i < pages; i++)
		m.word[1 + i] = GUEST_PFN + first + i;
	post(MSG_GPADL_HEADER, &m, 12 + 8 + 8 * pages);
}

static void open_channel(struct input *in)
{
	uint32_t body[5 + USER_BYTES / 4] = { channel_relid() };

	(void)in;
	memset(memory[channel * RING_PAGES], 0, RING_PAGES * PAGE_BYTES);
	describe_pages(0x100 + channel, channel * RING_PAGES, RING_PAGES);
	body[2] = 0x100 + channel;
	body[4] = RING_PAGES / 2;
	post(MSG_OPEN, body, sizeof(body));
}

static void close_channel(struct input *in)
{
	uint32_t body[2] = { channel_relid(), 0x100 + channel };

	(void)in;
	post(MSG_CLOSE, body, 4);
	post(MSG_GPADL_TEARDOWN, body, 8);
}

static void kick(void)
{
	struct bus_channel *s = slot_by_relid(channel_relid());

	if (s)
		worker_kick(s);
}

/* Puts a packet into the channel's ring: header words between descriptor and payload. */
static void put_packet(struct input *in, uint16_t type, const uint64_t *header, unsigned int words,
		       const void *data, uint32_t len)
{
	uint32_t *c = control(false), at = c[0] % RING_BYTES / 8 * 8;
	uint8_t *ring = memory[channel * RING_PAGES + 1], packet[8192] = { 0 };
	uint16_t head[8] = { type, (uint16_t)(2 + words), (uint16_t)(2 + words + (len + 7) / 8),
			     !(take8(in) & 1), take8(in) };
	uint32_t total = 16 + words * 8 + ALIGN_UP(len, 8u) + 8, i;

	MUST(total <= sizeof(packet));
	memcpy(packet, head, sizeof(head));
	if (words)
		memcpy(packet + 16, header, words * 8);
	memcpy(packet + 16 + words * 8, data, len);
	for (i = 0; i < total; i++)
		ring[(at + i) % RING_BYTES] = packet[i];
	c[0] = (at + total) % RING_BYTES;
	kick();
}

static void send_random(struct input *in)
{
	static const uint16_t types[] = { PKT_INBAND, PKT_COMPLETION, PKT_INBAND,
					  PKT_TRANSFER_PAGES };
	uint16_t type = types[take8(in) % ARRAY_SIZE(types)];
	uint8_t data[512];
	uint32_t len = take16(in) % sizeof(data);

	take(in, data, len);
	put_packet(in, type, NULL, 0, data, len);
}

/* vstor: 64 bytes; an SRB may have a buffer. */
static void send_vstor(struct input *in)
{
	uint8_t op = take8(in) % 16, m[64] = { op, 0, 0, 0, 1 };
	uint32_t pages = take8(in) % 8, first, i;
	uint64_t word[10] = { 1ull << 32, pages * PAGE_BYTES };

	take(in, m + 12, op == 3 ? 20 : 36);
	if (op != 3) {
		put_packet(in, PKT_INBAND, NULL, 0, m, sizeof(m));
		return;
	}
	m[12] = 52;
	m[18] %= 4;			/* target, LUN */
	m[19] %= 4;
	take(in, m + 28, 16);		/* CDB */
	if (!(m[24] & 1))
		memcpy(m + 24, &(uint32_t){ pages * PAGE_BYTES }, 4);
	if (!pages) {
		put_packet(in, PKT_INBAND, NULL, 0, m, sizeof(m));
		return;
	}
	first = take8(in);
	for (i = 0; i < pages; i++)
		word[2 + i] = GUEST_PFN + DATA_PAGE + (first + i) % DATA_PAGES;
	put_packet(in, PKT_GPA_DIRECT, word, 2 + pages, m, sizeof(m));
}

/* NVSP; behind type 107 an RNDIS message. Buffers are GPADLs of the data area. */
static void send_nvsp(struct input *in)
{
	static const uint8_t types[] = { 1, 100, 101, 103, 104, 106, 107, 107, 107, 107, 125, 129,
					 131, 133, 135, 108 };
	uint32_t m[10] = { types[take8(in) % ARRAY_SIZE(types)] }, len;
	unsigned int page = DATA_PAGE + take8(in);
	uint32_t *rndis = (uint32_t *)memory[page];
	uint64_t word[3];

	take(in, m + 1, 8);
	if (m[0] == 1 && m[1] & 1)
		m[1] = m[2] = 0x60001;
	if (m[0] == 101 || m[0] == 104) {
		m[1] = 0x200 + page;
		describe_pages(m[1], page, 25);
	}
	if (m[0] != 107) {
		put_packet(in, PKT_INBAND, NULL, 0, m, sizeof(m));
		return;
	}
	m[2] = m[2] & 1 ? 0xffffffff : m[2] % 20;
	len = 8 + take8(in) * 4u;
	take(in, rndis, len);
	rndis[0] %= 10;
	if (rndis[1] & 1)
		rndis[1] = len;
	word[0] = 1ull << 32;
	word[1] = len;
	word[2] = GUEST_PFN + page;
	put_packet(in, PKT_GPA_DIRECT, word, 3, m, sizeof(m));
}

/* The oldest packet of the host, out of its ring: payload bytes; 0 for none. */
static uint32_t take_from_host(uint8_t *data, uint32_t room, uint16_t *type)
{
	uint32_t *c = control(true), at = c[1] % RING_BYTES / 8 * 8, len, i;
	const uint8_t *ring = memory[channel * RING_PAGES + RING_PAGES / 2 + 1];
	uint16_t head[4];

	if (at == c[0])
		return 0;
	for (i = 0; i < sizeof(head); i++)
		((uint8_t *)head)[i] = ring[(at + i) % RING_BYTES];
	*type = head[0];
	len = head[1] > head[2] ? 0 : (head[2] - head[1]) * 8u;
	if (len > room)
		len = room;
	for (i = 0; i < len; i++)
		data[i] = ring[(at + head[1] * 8u + i) % RING_BYTES];
	c[1] = (at + head[2] * 8u + 8) % RING_BYTES;
	return len;
}

/* Sends it back with changes, as integration components do. */
static void answer_host(struct input *in)
{
	uint8_t data[4096], changes;
	uint16_t type = 0;
	uint32_t len = take_from_host(data, sizeof(data), &type);

	if (!len)
		return;
	if (len > 32 && !(take8(in) & 1)) {
		data[25] = 5;			/* the flags of a reply */
		if (!data[12])
			data[28] = data[30] = 1;	/* NEGOTIATE: one of each version */
	}
	for (changes = take8(in) % 4; changes; changes--) {
		uint16_t where = take16(in);

		data[where % len] = take8(in);
	}
	type = type == PKT_TRANSFER_PAGES ? PKT_COMPLETION : PKT_INBAND;
	put_packet(in, type, NULL, 0, data, len);
}

static void send_dm(struct input *in)
{
	uint16_t type = take8(in) % 14, m[64] = { type, (uint16_t)(take8(in) % 129) };

	take(in, m + 2, 60);
	put_packet(in, PKT_INBAND, NULL, 0, m, sizeof(m));
}

static void change_memory(struct input *in)
{
	uint32_t page = take16(in) % GUEST_PAGES, offset = take16(in) % (PAGE_BYTES - 64);

	/* Most often the words that the host looks at. */
	if (!(take8(in) & 1)) {
		page = page % (CHANNELS * 2) * (RING_PAGES / 2);
		offset = 0;
	}
	take(in, memory[page] + offset, take8(in) % 64);
	kick();
}

/* The guest has read all that the host sent. */
static void drain(struct input *in)
{
	uint32_t *c = control(true);

	(void)in;
	c[1] = c[0];
	kick();
}

/* Opens the channel and sends what a driver begins with, whole: a row of inputs. */
static void begin(void (*send)(struct input *in), const uint8_t *row, unsigned int count,
		  unsigned int bytes)
{
	open_channel(NULL);
	for (; count--; row += bytes) {
		struct input one = { row, row + bytes };

		send(&one);
		serve();
		drain(NULL);
	}
}

static void begin_vstor(struct input *in)
{
	static const uint8_t row[][5] = {
		{ 7, 0 }, { 9, 0, 2, 6 }, { 10, 0 }, { 8, 0 },
	};

	(void)in;
	begin(send_vstor, row[0], ARRAY_SIZE(row), sizeof(row[0]));
}

static void begin_nvsp(struct input *in)
{
	/*
	 * Which of types[], page, two words: INIT, NDIS_CONFIG, NDIS_VERSION, buffers. Then
	 * RNDIS with length and content: INITIALIZE, and SET of the packet filter.
	 */
	static const uint8_t row[][44] = {
		{ 0, 0, 1 }, { 10, 0, 0xea, 5 }, { 1, 0, 6 }, { 2, 0 }, { 4, 100 },
		{ 6, 200, 1, 0, 0, 0, 1, 0, 0, 0, 4, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
		  1, 0, 0, 0, 0, 0, 0, 0, 0, 0x40 },
		{ 6, 201, 1, 0, 0, 0, 1, 0, 0, 0, 6, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
		  0x0e, 1, 1, 0, 4, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0xb },
	};

	(void)in;
	begin(send_nvsp, row[0], ARRAY_SIZE(row), sizeof(row[0]));
}

static void begin_dm(struct input *in)
{
	/* type, size, transaction, then version 2.0 as the last one; capabilities */
	static const uint8_t row[][12] = {
		{ 1, 16, 1, 0, 0, 0, 0, 0, 2, 0, 1 }, { 3, 32, 2, 0, 0, 0, 3 },
	};

	(void)in;
	begin(send_dm, row[0], ARRAY_SIZE(row), sizeof(row[0]));
}

/* ---- the host's operator ---- */

static struct hv_device *device[16];
static unsigned int devices;

static void come_and_go(struct input *in)
{
	struct hv_device *dev = device[take8(in) % devices];

	if (take8(in) & 1)
		bus_device_rescind(dev);
	else
		bus_device_offer(dev);
}

/* Commands that make a device speak first. */
static void command(struct input *in)
{
	static const struct {
		const char *device, *line;
	} lines[] = {
		{ "balloon0", "target 2" }, { "balloon0", "target 100" },
		{ "shutdown0", "reboot" }, { "timesync0", "sync" },
		{ "kvp0", "set guest key value" }, { "kvp0", "get auto a" },
		{ "kvp0", "enumerate auto" }, { "kvp0", "ip-get eth0" }, { "vss0", "hot-backup" },
		{ "vss0", "freeze" }, { "nic0", "link down" }, { "nic0", "link up" },
		{ "scsi0", "notify enumerate" }, { "scsi0", "list" }, { "nic0", "netchange" },
		{ "fc0", "wwn port=0102030405060708" }, { "heartbeat0", "beats" },
		{ "fcopy0", "cancel" },
	};
	unsigned int which = take8(in) % ARRAY_SIZE(lines);
	struct hv_device *dev = bus_device_find(lines[which].device);
	char copy[80], *argv[8], *word, *rest = copy;
	struct text answer = { 0 };
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", lines[which].line);
	while ((word = strsep(&rest, " ")))
		argv[argc++] = word;
	MUST(dev);
	dev->ops->command(dev, argc, argv, &answer);
	text_free(&answer);
}

static void describe(void)
{
	struct text answer = { 0 };

	bus_describe(&answer);
	text_free(&answer);
}

static void create(void)
{
	static const char *const specs[] = {
		"scsi,lun=mem:1M,lun=null:1G,subchannels=2", "ide,disk=mem:64K", "fc,lun=mem:64K",
		"nic,none,queues=2", "balloon", "heartbeat", "shutdown", "timesync", "kvp", "vss",
		"fcopy",
	};
	char error[200] = "";

	MUST(trace_open("/dev/null"));
	bus_create(0x50003);
	for (; devices < ARRAY_SIZE(specs); devices++) {
		device[devices] = bus_device_add(specs[devices], error, sizeof(error));
		if (!device[devices])
			die("%s: %s\n", specs[devices], error);
	}
}

static void step(struct input *in)
{
	static void (*const steps[])(struct input *in) = {
		post_random, contact, open_channel, close_channel, send_random, send_vstor,
		send_vstor, send_nvsp, send_nvsp, answer_host, answer_host, send_dm, change_memory,
		drain, come_and_go, command, begin_vstor, begin_nvsp, begin_dm,
	};
	uint8_t what = take8(in);

	clock_ns += 1000ull << what % 24;
	trace_on = what & 1;
	channel = take8(in) % (relids + 1);
	if (channel == CHANNELS)
		channel = 0;
	steps[what / 2 % ARRAY_SIZE(steps)](in);
	serve();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	unsigned int i;

	if (!devices)
		create();
	relids = 0;
	clock_ns = START_NS;
	for (i = 0; i < devices; i++)
		bus_device_offer(device[i]);
	contact(&in);
	serve();
	for (i = 0; i < STEPS_MAX && in.at < in.end; i++)
		step(&in);
	describe();
	bus_reset();
	serve();
	return 0;
}
