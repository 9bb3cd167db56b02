// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: what a guest's processor can ask of the Hyper-V layer, exit by exit:
 * hypercalls with their input page, SynIC registers and what lies in the pages that
 * they name, end of message, the crash registers and the text behind them. In
 * between the bus posts messages and sets flags.
 *
 * What must hold, wherever the guest puts its pages: messages come in the order in
 * which they were posted, none is lost, none is put over one that was not taken.
 */
#include <stdarg.h>
#include <stdio.h>

#include "../ctl/ctl.h"
#include "../hyperv/internal.h"
#include "fuzz.h"
#include "ram.h"

#define CPUS		2u
#define FIRST_SINT_GSI	24u
#define SLOT_BYTES	256u
#define IN		(RAM_GPA + 9 * PAGE_BYTES)
#define STEPS_MAX	600u

struct machine machine = { .config = { .cpus = CPUS } };

static struct kvm_run run[CPUS];
static struct synic_model {
	uint64_t control, messages;
	uint32_t posted[HV_SINTS], came[HV_SINTS];
	bool busy[HV_SINTS];		/* the slot, when the guest ran last */
} model[CPUS];
static unsigned int resets, events, posts;
static bool flagging, crashed;

/* ---- what util, machine, ctl and the bus would be ---- */

void log_info(const char *fmt, ...) { (void)fmt; }
void log_guest(const char *fmt, ...) { (void)fmt; }
void machine_reset(const char *why) { resets += !!why; }
_Noreturn void die(const char *fmt, ...) { (void)fmt; abort(); }
_Noreturn void die_errno(const char *fmt, ...) { (void)fmt; abort(); }

int xioctl(int fd, unsigned long request, void *arg, const char *what)
{
	(void)fd, (void)request, (void)arg, (void)what;
	return 0;
}

void vcpu_set_msr(struct vcpu *v, uint32_t msr, uint64_t value)
{
	(void)value;
	MUST(v->index < CPUS && msr == HV_MSR_EOM);
}

bool guest_discard(uint64_t gpa, uint64_t len)
{
	void *at = guest_ptr(gpa, len);

	MUST(gpa % PAGE_BYTES == 0 && len && len % PAGE_BYTES == 0);
	return at && memset(at, 0, len);
}

/* One line of what can be printed, not longer than is kept. */
void ctl_event(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int len, i;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	MUST(len > 0 && len < (int)sizeof(line));
	for (i = 0; i < len; i++)
		MUST(line[i] >= ' ' && line[i] <= '~');
	events++;
}

uint16_t vmbus_post_message(unsigned int vp, uint32_t conn, uint32_t type, const void *payload,
			    uint32_t len)
{
	const uint8_t *bytes = payload;
	uint32_t i, sum = conn + type;

	MUST(vp < CPUS && len <= HV_MESSAGE_BYTES);
	for (i = 0; i < len; i++)
		sum += bytes[i];
	posts++;
	return sum % 2 ? HV_OK : HV_NO_BUFFERS;
}

static uint8_t *slot_of(const struct synic_model *m, unsigned int sint)
{
	if (!(m->control & 1) || !(m->messages & 1))
		return NULL;
	return guest_ptr(m->messages / PAGE_BYTES * PAGE_BYTES + sint * SLOT_BYTES, SLOT_BYTES);
}

/* The interrupt of a SINT: for a message, which must be the next one, or for a flag. */
void machine_irq(unsigned int gsi, bool level)
{
	unsigned int sint = (gsi - FIRST_SINT_GSI) % HV_SINTS;
	struct synic_model *m = &model[(gsi - FIRST_SINT_GSI) / HV_SINTS % CPUS];
	uint8_t *slot = slot_of(m, sint);
	uint32_t type, number;

	MUST(level && gsi >= FIRST_SINT_GSI && gsi < FIRST_SINT_GSI + CPUS * HV_SINTS);
	if (flagging)
		return;
	MUST(slot && !m->busy[sint]);
	memcpy(&type, slot, sizeof(type));
	memcpy(&number, slot + 16, sizeof(number));
	MUST(type == 1 && number == m->came[sint]++);
	MUST(slot[4] >= sizeof(number) && slot[4] <= HV_MESSAGE_BYTES);
	MUST(slot[5] == (m->came[sint] < m->posted[sint]));
	m->busy[sint] = true;
}

/* ---- the guest ---- */

/* Memory that there is, mostly, and its ends. */
static uint64_t any_gpa(struct input *in)
{
	uint64_t gpa = RAM_GPA + (uint64_t)(take8(in) % (RAM_PAGES + 2)) * PAGE_BYTES - PAGE_BYTES;
	uint8_t how = take8(in);

	if (how % 16 == 15)
		gpa = (uint64_t)take32(in) << 32 | take32(in);
	return how & 0x80 ? gpa + take16(in) : gpa;
}

static void see_slots(void)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < CPUS; cpu++)
		for (i = 0; i < HV_SINTS; i++) {
			uint8_t *slot = slot_of(&model[cpu], i);

			model[cpu].busy[i] = slot && (slot[0] | slot[1] | slot[2] | slot[3]);
		}
}

static bool leave(unsigned int cpu, uint32_t reason)
{
	see_slots();
	run[cpu].exit_reason = reason;
	return hyperv_exit(&machine.vcpu[cpu]);
}

static void set_registers(struct input *in, unsigned int cpu)
{
	struct kvm_hyperv_exit *h = &run[cpu].hyperv;
	uint8_t how = take8(in);

	memset(h, 0, sizeof(*h));
	h->type = KVM_EXIT_HYPERV_SYNIC;
	h->u.synic.control = !(how & 7) ? take32(in) : 1;
	h->u.synic.msg_page = any_gpa(in) | !!(how & 0x30);
	h->u.synic.evt_page = any_gpa(in) | !!(how & 0x50);
	model[cpu].control = h->u.synic.control;
	model[cpu].messages = h->u.synic.msg_page;
	MUST(leave(cpu, KVM_EXIT_HYPERV));
}

static uint64_t call(unsigned int cpu, uint64_t input, uint64_t from, uint64_t to)
{
	struct kvm_hyperv_exit *h = &run[cpu].hyperv;

	memset(h, 0, sizeof(*h));
	h->type = KVM_EXIT_HYPERV_HCALL;
	h->u.hcall.input = input;
	h->u.hcall.params[0] = from;
	h->u.hcall.params[1] = to;
	MUST(leave(cpu, KVM_EXIT_HYPERV));
	return h->u.hcall.result;
}

static void post(struct input *in, unsigned int cpu)
{
	uint64_t gpa = any_gpa(in), result;
	uint8_t how = take8(in), bytes[64];
	uint32_t len = take8(in);
	uint8_t *page = guest_ptr(gpa, 256);
	unsigned int before = posts;

	take(in, bytes, sizeof(bytes));
	if (page && !(how & 1)) {
		memcpy(page, bytes, sizeof(bytes));
		memcpy(page + 12, &len, sizeof(len));
	}
	result = call(cpu, 0x5c | (how & 2 ? 1u << 16 : 0), gpa, 0);
	MUST(posts <= before + 1);
	MUST(posts > before ? result == HV_OK || result == HV_NO_BUFFERS : result != HV_OK);
	/* It lies within a page, aligned. */
	MUST(posts == before || (gpa % 8 == 0 && gpa % PAGE_BYTES <= PAGE_BYTES - 256));
}

/* Hints of cold memory: a list of ranges that mostly lie in memory. */
static void hint(struct input *in, unsigned int cpu)
{
	uint64_t *list = guest_ptr(IN, PAGE_BYTES), result, input, gpa = IN;
	uint32_t count = take8(in) % 12, start = 0, done, i;
	struct cold_counters before, after;
	uint8_t how = take8(in);

	list[0] = how & 7 ? 2 : take8(in);
	for (i = 0; i < count; i++) {
		list[1 + i] = any_gpa(in);
		if (!(take8(in) % 4))
			list[1 + i] = (list[1 + i] & ~0xfffull) | (take16(in) & 0x1fff);
	}
	if (!(how & 0x18))
		count = take16(in);
	if (!(how & 0x60))
		start = take16(in);
	if (how & 0x80)
		gpa = any_gpa(in);
	input = 0x8003 | (uint64_t)(count & 0xfff) << 32 | (uint64_t)(start & 0xfff) << 48;
	hyperv_cold(&before);
	result = call(cpu, input, gpa, 0);
	hyperv_cold(&after);
	done = (uint32_t)(result >> 32) & 0xfff;
	MUST(done <= (count & 0xfff));
	MUST((result & 0xffff) != HV_OK ||
	     (done == (count & 0xfff) && (start & 0xfff) < (count & 0xfff)));
	MUST(after.hints - before.hints <= 1 && after.refused - before.refused <= 1);
	MUST(after.bytes >= before.bytes);
	MUST(after.hints > before.hints || after.bytes == before.bytes);
}

static void any_call(struct input *in, unsigned int cpu)
{
	static const uint16_t codes[] = { 0x5c, 0x5d, 0x8001, 0x8003, 0x8002, 2, 0xffff };
	uint16_t code = take16(in), result;
	uint64_t high = (uint64_t)take32(in) << 16;

	if (code & 0x100)
		code = codes[code % ARRAY_SIZE(codes)];
	result = (uint16_t)call(cpu, code | high, any_gpa(in), any_gpa(in));
	MUST(result <= HV_INVALID_PARAMETER || result == HV_INVALID_CONNECTION ||
	     result == HV_NO_BUFFERS);
}

static void msr(struct input *in, unsigned int cpu)
{
	static const uint32_t near[] = { HV_MSR_EOM, HV_MSR_CRASH_P0, HV_MSR_CRASH_P0 };
	uint8_t how = take8(in), which = take8(in);
	uint32_t index = near[how % 3] + (how % 3 ? which % 8 : 0);
	uint64_t value = how & 0x40 ? any_gpa(in) : (uint64_t)take32(in) << 32 | take32(in);
	bool good = index >= HV_MSR_CRASH_P0 && index <= HV_MSR_CRASH_CTL;
	unsigned int before = events;

	if (how % 16 == 15) {
		index = take32(in);
		good = index >= HV_MSR_CRASH_P0 && index <= HV_MSR_CRASH_CTL;
	}
	run[cpu].msr.index = index;
	run[cpu].msr.data = value;
	if (how & 0x80) {
		MUST(leave(cpu, KVM_EXIT_X86_RDMSR));
		MUST(run[cpu].msr.error == !good);
		return;
	}
	MUST(leave(cpu, KVM_EXIT_X86_WRMSR));
	MUST(run[cpu].msr.error == !(good || index == HV_MSR_EOM));
	/* A page of empty lines and single letters is the most. */
	MUST(events - before <= 1 + PAGE_BYTES / 2);
	crashed |= index == HV_MSR_CRASH_CTL && value >> 63;
	if (good && index != HV_MSR_CRASH_CTL) {
		MUST(leave(cpu, KVM_EXIT_X86_RDMSR));
		MUST(run[cpu].msr.data == value && !run[cpu].msr.error);
	}
}

/* A crash with a text, as Linux reports one. */
static void crash_text(struct input *in, unsigned int cpu)
{
	uint64_t value[6] = { 0, 0, 0, any_gpa(in), take16(in), 3ull << 62 };
	uint8_t *text = guest_ptr(value[3], 64);

	if (text)
		take(in, text, 64);
	for (unsigned int i = 0; i < ARRAY_SIZE(value); i++) {
		run[cpu].msr.index = HV_MSR_CRASH_P0 + i;
		run[cpu].msr.data = value[i];
		MUST(leave(cpu, KVM_EXIT_X86_WRMSR) && !run[cpu].msr.error);
	}
	crashed = true;
}

/* Takes the message out of a slot, or writes anything into the pages. */
static void touch(struct input *in, unsigned int cpu)
{
	unsigned int sint = take8(in) % HV_SINTS;
	uint8_t how = take8(in), *at = slot_of(&model[cpu], sint);

	if (how & 1) {
		at = guest_ptr(any_gpa(in), 16);
		if (at)
			take(in, at, 16);
	} else if (at) {
		memset(at, 0, 4);
	}
	if (how & 6) {
		run[cpu].msr.index = HV_MSR_EOM;
		MUST(leave(cpu, KVM_EXIT_X86_WRMSR) && !run[cpu].msr.error);
	}
}

/* ---- the bus ---- */

static void bus(struct input *in)
{
	uint8_t what = take8(in), bytes[HV_MESSAGE_BYTES] = { 0 };
	unsigned int vp = take8(in) % (CPUS + 1), sint = what % (HV_SINTS + 1);
	size_t len = 4 + take8(in) % (HV_MESSAGE_BYTES - 2);
	unsigned int i, count = take8(in) == 255 ? HV_MESSAGE_QUEUE + 2 : 1;
	bool there = vp < CPUS && sint < HV_SINTS && len <= HV_MESSAGE_BYTES, room, done;

	if (take8(in) & 1) {
		flagging = true;
		synic_flag(vp, sint, take16(in) % (HV_EVENT_FLAGS + 8));
		flagging = false;
		return;
	}
	for (i = 0; i < count; i++) {
		if (there)
			memcpy(bytes, &model[vp].posted[sint], sizeof(uint32_t));
		room = synic_room(vp);
		/* Counted before it may come. */
		if (there)
			model[vp].posted[sint] += room;
		done = len <= sizeof(bytes) && synic_post(vp, sint, bytes, len);
		MUST(done == (there && room));
	}
}

/* ---- all of it ---- */

static void look(void)
{
	unsigned int cpu, i, waiting;

	for (cpu = 0; cpu < CPUS; cpu++) {
		struct synic_model *m = &model[cpu];

		for (i = 0, waiting = 0; i < HV_SINTS; i++)
			waiting += m->posted[i] - m->came[i];
		MUST(waiting <= HV_MESSAGE_QUEUE);
		MUST(synic_room(cpu) == (waiting < HV_MESSAGE_QUEUE));
	}
}

static void others(struct input *in, unsigned int cpu)
{
	uint8_t which = take8(in);
	unsigned int before = resets;

	run[cpu].system_event.type = which % 8;
	MUST(leave(cpu, KVM_EXIT_SYSTEM_EVENT) == (which % 8 == KVM_SYSTEM_EVENT_RESET ||
						   which % 8 == KVM_SYSTEM_EVENT_CRASH));
	MUST(resets - before == (which % 8 == KVM_SYSTEM_EVENT_RESET));
	MUST(!leave(cpu, KVM_EXIT_IO));
}

static void step(struct input *in)
{
	static void (*const steps[])(struct input *in, unsigned int cpu) = {
		set_registers, post, hint, any_call, msr, crash_text, touch, touch, others,
	};
	uint8_t what = take8(in);

	look();
	see_slots();
	if (what & 0x40)
		bus(in);
	else
		steps[what / 2 % ARRAY_SIZE(steps)](in, what % CPUS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	uint64_t parameter[HV_CRASH_PARAMETERS];
	unsigned int i;

	memset(ram, 0, sizeof(ram));
	memset(model, 0, sizeof(model));
	machine.config.cold_discard = take8(&in) & 1;
	for (i = 0; i < CPUS; i++) {
		machine.vcpu[i].index = i;
		machine.vcpu[i].run = &run[i];
		synic_setup_vcpu(&machine.vcpu[i]);
	}
	crash_reset();
	crashed = false;
	for (i = 0; i < STEPS_MAX && in.at < in.end; i++)
		step(&in);
	look();
	MUST(hyperv_crash_parameters(parameter) == crashed);
	/* Forgets what waits. */
	synic_forget();
	MUST(synic_room(0) && synic_room(1) && !synic_room(CPUS));
	return 0;
}
