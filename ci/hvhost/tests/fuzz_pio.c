// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: port accesses of a guest, of any width and number, to the ports that
 * there are and to the others, while bytes come for the serial ports and what they
 * send is taken, or not.
 *
 * What must hold: a serial port gives what came, in order; its interrupt line is up
 * exactly when a read of its IIR would say why; input that was refused is asked for
 * again; the machine ends or starts again only by what asks for it.
 */
#include <stdarg.h>

#include "../ctl/ctl.h"
#include "../machine/pc.h"
#include "fuzz.h"

#define PORTS		2u
#define FIFO		1024u
#define STEPS_MAX	400u
#define IIR		2u

struct machine machine;

static struct {
	struct endpoint_user user;
	bool line, full, paused, asked;
	uint8_t ier, lcr, mcr;		/* as written */
	uint8_t fifo[FIFO];		/* what came and was not read */
	unsigned int head, len;
} com[PORTS];
static unsigned int created, resets, quits;
static union {
	struct kvm_run run;
	uint8_t bytes[3 * PAGE_BYTES];
} area;

/* ---- what util, machine and ctl would be ---- */

void log_info(const char *fmt, ...) { (void)fmt; }
void log_guest(const char *fmt, ...) { (void)fmt; }
void ctl_event(const char *fmt, ...) { MUST(fmt); }
uint64_t now_ns(void) { return 1234567890123ull; }
void machine_reset(const char *why) { resets += !!why; }
_Noreturn void die(const char *fmt, ...) { (void)fmt; abort(); }
_Noreturn void die_errno(const char *fmt, ...) { (void)fmt; abort(); }

void machine_quit(enum exit_code code, const char *why)
{
	MUST(why && (code == EXIT_POWER_OFF || (code == EXIT_HIBERNATED && machine.config.s4)));
	quits++;
}

/* Edges only. */
void machine_irq(unsigned int gsi, bool level)
{
	unsigned int i = gsi == COM1_IRQ ? 0 : 1;

	MUST(gsi == COM1_IRQ || gsi == COM2_IRQ);
	MUST(com[i].line != level);
	com[i].line = level;
}

struct endpoint *endpoint_open(const char *where, const struct endpoint_user *user)
{
	(void)where;
	MUST(created < PORTS);
	com[created].user = *user;
	return (struct endpoint *)&com[created++];
}

static unsigned int which(const void *e)
{
	return e == &com[0] ? 0 : 1;
}

bool endpoint_writable(struct endpoint *e)
{
	return !com[which(e)].full;
}

bool endpoint_write(struct endpoint *e, uint8_t byte)
{
	(void)byte;
	return !com[which(e)].full;
}

void endpoint_resume(void *e)
{
	com[which(e)].asked = true;
}

void loop_call(void (*fn)(void *arg), void *arg)
{
	fn(arg);
}

/* ---- the guest ---- */

static uint8_t *transfer(uint16_t port, unsigned int size, uint32_t count, bool out)
{
	struct kvm_run *r = &area.run;

	r->io.port = port;
	r->io.size = (uint8_t)size;
	r->io.count = count;
	r->io.direction = out ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN;
	r->io.data_offset = 2 * PAGE_BYTES;
	pio_exit(r);
	return area.bytes + 2 * PAGE_BYTES;
}

static uint16_t base(unsigned int i)
{
	return i ? COM2_PORT : COM1_PORT;
}

static uint8_t in8(unsigned int i, unsigned int reg)
{
	return *transfer((uint16_t)(base(i) + reg), 1, 1, false);
}

static void out8(unsigned int i, unsigned int reg, uint8_t value)
{
	area.bytes[2 * PAGE_BYTES] = value;
	transfer((uint16_t)(base(i) + reg), 1, 1, true);
}

static bool latched(unsigned int i)
{
	return com[i].lcr & 0x80;
}

/* What an input that was refused waits for. */
static void check_resumed(unsigned int i)
{
	if (com[i].paused && com[i].len < FIFO / 2)
		MUST(com[i].asked);
	if (com[i].asked)
		com[i].paused = false;
	com[i].asked = false;
}

static void read_uart(unsigned int i, unsigned int reg)
{
	bool data = reg == 0 && !latched(i);
	uint8_t value, want = 0;

	if (data && com[i].len) {
		want = com[i].fifo[com[i].head];
		com[i].head = (com[i].head + 1) % FIFO;
		com[i].len--;
	}
	value = in8(i, reg);
	if (data)
		MUST(value == want);
	if (reg == 1 && !latched(i))
		MUST(value == com[i].ier);
	if (reg == 3)
		MUST(value == com[i].lcr);
	if (reg == 4)
		MUST(value == com[i].mcr);
	if (reg == 5)
		MUST((value & 1) == !!com[i].len && !(value & 0x60) == com[i].full);
	check_resumed(i);
}

static void fifo_put(unsigned int i, uint8_t value)
{
	if (com[i].len < FIFO)
		com[i].fifo[(com[i].head + com[i].len++) % FIFO] = value;
}

static void write_uart(unsigned int i, unsigned int reg, uint8_t value)
{
	if (reg == 0 && com[i].mcr & 0x10 && !latched(i))
		fifo_put(i, value);
	if (reg == 2 && value & 2)
		com[i].len = 0;
	if (reg == 1 && !latched(i))
		com[i].ier = value & 0xf;
	if (reg == 3)
		com[i].lcr = value;
	if (reg == 4)
		com[i].mcr = value & 0x1f;
	out8(i, reg, value);
	check_resumed(i);
}

static void uart(struct input *in)
{
	uint8_t what = take8(in), value = take8(in);
	unsigned int times = take8(in);
	unsigned int i = what & 1, reg = what / 2 % 8;

	times = times % 16 == 15 ? times * 4u : 1;
	while (times--) {
		if (what & 0x80)
			write_uart(i, reg, value);
		else
			read_uart(i, reg);
	}
}

/* Anything anywhere, but for what the model of the serial ports has to see. */
static void any_port(struct input *in)
{
	static const uint16_t near[] = { RTC_PORT, KBD_PORT, PM_EVENT_PORT, PM_CONTROL_PORT,
					 PM_TIMER_PORT, RESET_PORT, CF9_PORT, PCI_ADDRESS_PORT };
	uint8_t how = take8(in), size = 1 << take8(in) % 3;
	uint16_t port = how & 1 ? take16(in) : near[how / 2 % 8] + take8(in) % 8 - 2;
	uint32_t count = how & 0x10 ? 1 + take8(in) % 64 : 1, i;
	uint8_t *data = area.bytes + 2 * PAGE_BYTES, *before = data;

	if (port > COM2_PORT - 4 && port < COM1_PORT + 8)
		return;
	if (how & 0x80) {
		take(in, data, size * count);
		transfer(port, size, count, true);
		return;
	}
	memset(data, 0x5a, PAGE_BYTES);
	data = transfer(port, size, count, false);
	MUST(data == before && data[size * count] == 0x5a);
	for (i = 0; i < size * count; i++) {
		unsigned int reg;
		uint16_t at = (uint16_t)(port + i % size);

		MUST(pio_decode(at, &reg) != PIO_NONE || data[i] == 0xff);
	}
}

/* The ways to end, which are few. */
static void ends(struct input *in)
{
	uint8_t value = take8(in), how = take8(in), *data = area.bytes + 2 * PAGE_BYTES;
	unsigned int before = resets, gone = quits, type = value >> 2 & 7;

	data[0] = value;
	switch (how % 4) {
	case 0:
		transfer(RESET_PORT, 1, 1, true);
		MUST(resets - before == (value == RESET_VALUE));
		break;
	case 1:
		transfer(CF9_PORT, 1, 1, true);
		MUST(resets - before == (value >> 2 & 1));
		break;
	case 2:
		transfer(KBD_PORT, 1, 1, true);
		MUST(resets - before == (value == 0xfe));
		break;
	default:
		transfer(PM_CONTROL_PORT + 1, 1, 1, true);
		MUST(quits - gone == (value & 0x20 && (type == SLEEP_S5 || (type == SLEEP_S4 &&
									    machine.config.s4))));
		/* The bit that starts it reads as 0. */
		MUST(!(transfer(PM_CONTROL_PORT + 1, 1, 1, false)[0] & 0x20));
		return;
	}
	MUST(quits == gone);
}

/* ---- the other end of the serial ports ---- */

static void other_end(struct input *in)
{
	static uint8_t bytes[FIFO];
	uint8_t what = take8(in), first = take8(in);
	unsigned int i = what & 1, n = what & 0x40 ? take8(in) * 4u : take8(in) % 4u, k;
	size_t room;

	switch (what / 2 % 4) {
	case 0:
		com[i].full = true;
		break;
	case 1:
		com[i].full = false;
		com[i].user.drained(com[i].user.arg);
		break;
	default:
		room = com[i].user.room(com[i].user.arg);
		MUST(room == FIFO - com[i].len);
		com[i].paused = !room;
		if (n > room)
			n = (unsigned int)room;
		for (k = 0; k < n; k++) {
			bytes[k] = (uint8_t)(first + k);
			fifo_put(i, bytes[k]);
		}
		com[i].user.input(com[i].user.arg, bytes, n);
	}
}

static void reset(void)
{
	unsigned int i;

	/* The lines go down with the VM. */
	for (i = 0; i < PORTS; i++)
		com[i].line = false;
	pio_reset();
	for (i = 0; i < PORTS; i++) {
		com[i].len = 0;
		com[i].ier = 0;
		com[i].lcr = 0;
		com[i].mcr = 0;
		MUST(!com[i].paused || com[i].asked);
		com[i].paused = false;
		com[i].asked = false;
	}
}

/* IIR says "none" by its lowest bit; to read it takes back that the transmitter is empty. */
static void read_iir(unsigned int i)
{
	bool line = com[i].line;

	MUST(line == !(in8(i, IIR) & 1));
}

/* What can be said without reading anything. */
static void check_lines(void)
{
	unsigned int i;

	for (i = 0; i < PORTS; i++) {
		MUST(com[i].line || !(com[i].ier & 1) || !com[i].len);
		MUST(!com[i].line || com[i].ier & 3);
	}
}

static void step(struct input *in)
{
	uint8_t what = take8(in);

	switch (what % 8) {
	case 0:
	case 1:
	case 2:
		uart(in);
		break;
	case 3:
	case 4:
		other_end(in);
		break;
	case 5:
		any_port(in);
		break;
	case 6:
		ends(in);
		break;
	default:
		if (what >= 0xf0)
			reset();
		read_iir(what / 8 & 1);
	}
	check_lines();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	unsigned int i;

	if (!created)
		pio_create();
	machine.config.s4 = take8(&in) & 1;
	for (i = 0; i < PORTS; i++)
		com[i].full = false;
	reset();
	for (i = 0; i < STEPS_MAX && in.at < in.end; i++)
		step(&in);
	return 0;
}
