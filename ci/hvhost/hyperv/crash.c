// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest crash MSRs (TLFS, "Guest Crash Enlightenment"): five parameters and a
 * control register, one set for the VM. KVM has them too, but drops the bit that
 * says "P3 and P4 are address and length of a text", so they are answered here.
 */
#include <string.h>
#include "../ctl/ctl.h"
#include "internal.h"

#define NOTIFY		(1ull << 63)
#define NOTIFY_TEXT	(1ull << 62)
#define TEXT_BYTES	4096u		/* a guest gives one page */
#define LINE_BYTES	200u

static struct {
	pthread_mutex_t lock;
	uint64_t parameter[HV_CRASH_PARAMETERS];
	bool crashed;
} crash = { .lock = PTHREAD_MUTEX_INITIALIZER };

bool crash_read(uint32_t msr, uint64_t *value)
{
	if (msr == HV_MSR_CRASH_CTL) {
		*value = NOTIFY | NOTIFY_TEXT;
		return true;
	}
	if (msr < HV_MSR_CRASH_P0 || msr >= HV_MSR_CRASH_P0 + HV_CRASH_PARAMETERS)
		return false;
	pthread_mutex_lock(&crash.lock);
	*value = crash.parameter[msr - HV_MSR_CRASH_P0];
	pthread_mutex_unlock(&crash.lock);
	return true;
}

bool hyperv_crash_parameters(uint64_t parameter[5])
{
	bool crashed;

	pthread_mutex_lock(&crash.lock);
	memcpy(parameter, crash.parameter, sizeof(crash.parameter));
	crashed = crash.crashed;
	pthread_mutex_unlock(&crash.lock);
	return crashed;
}

/* Line by line; what isn't printable could confuse a terminal. */
static void report_text(uint64_t gpa, uint64_t len)
{
	char text[TEXT_BYTES + 1], *line, *rest = text;
	size_t i;

	if (len > TEXT_BYTES)
		len = TEXT_BYTES;
	if (!guest_read(gpa, text, len))
		return;
	for (i = 0; i < len; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			text[i] = text[i] ? '?' : '\n';
	text[len] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			ctl_event("crash-text %.*s", (int)LINE_BYTES, line);
	}
}

static void report(uint64_t control)
{
	uint64_t p[HV_CRASH_PARAMETERS];

	pthread_mutex_lock(&crash.lock);
	crash.crashed = true;
	memcpy(p, crash.parameter, sizeof(p));
	pthread_mutex_unlock(&crash.lock);
	log_guest("the guest crashed: %#llx %#llx %#llx %#llx %#llx", (unsigned long long)p[0],
		  (unsigned long long)p[1], (unsigned long long)p[2], (unsigned long long)p[3],
		  (unsigned long long)p[4]);
	ctl_event("crash %#llx %#llx %#llx %#llx %#llx", (unsigned long long)p[0],
		  (unsigned long long)p[1], (unsigned long long)p[2], (unsigned long long)p[3],
		  (unsigned long long)p[4]);
	if (control & NOTIFY_TEXT)
		report_text(p[3], p[4]);
}

bool crash_write(uint32_t msr, uint64_t value)
{
	if (msr == HV_MSR_CRASH_CTL) {
		if (value & NOTIFY)
			report(value);
		return true;
	}
	if (msr < HV_MSR_CRASH_P0 || msr >= HV_MSR_CRASH_P0 + HV_CRASH_PARAMETERS)
		return false;
	pthread_mutex_lock(&crash.lock);
	crash.parameter[msr - HV_MSR_CRASH_P0] = value;
	pthread_mutex_unlock(&crash.lock);
	return true;
}

void crash_reset(void)
{
	pthread_mutex_lock(&crash.lock);
	memset(crash.parameter, 0, sizeof(crash.parameter));
	crash.crashed = false;
	pthread_mutex_unlock(&crash.lock);
}
