// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time synchronisation: one SYNC when the guest is ready (its clock is set), then
 * SAMPLEs (its clock may be steered). The host's clock is the machine's plus an
 * offset that the scenario moves. From 4.0 on a sample carries the partition's
 * reference time, before that the round trip (IC protocol 1.0, 3.0, 4.0).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "../../machine/machine.h"
#include "ic.h"

#define PERIOD_NS	5000000000ull
#define EPOCH_1601	116444736000000000ll	/* 1601 to 1970 in units of 100 ns */
#define FLAG_SYNC	1
#define FLAG_SAMPLE	2
#define STRATUM		3

struct timesync {
	int64_t offset;			/* of the host's clock, 100 ns */
	uint64_t syncs, samples;
	bool paused;
};

static const uint32_t versions[] = {
	IC_VERSION(4, 0), IC_VERSION(3, 0), IC_VERSION(1, 0), 0
};

/* What HV_X64_MSR_TIME_REF_COUNT shows the guest, 100 ns; KVM derives it from this clock. */
static uint64_t reference_time(void)
{
	struct kvm_clock_data clock = { 0 };

	xioctl(machine.vm_fd, KVM_GET_CLOCK, &clock, "KVM_GET_CLOCK");
	return clock.clock / 100;
}

static uint64_t host_time(const struct timesync *t)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 10000000ll + now.tv_nsec / 100 + EPOCH_1601 + t->offset;
}

static bool send_time(struct ic *ic, uint8_t flags)
{
	struct timesync *t = ic->priv;
	uint64_t when = host_time(t), reference = reference_time();
	uint8_t body[32] = { 0 };

	memcpy(body, &when, sizeof(when));
	if (ic->version >= IC_VERSION(4, 0)) {
		/* time, reference time, flags, leap, stratum, reserved */
		memcpy(body + 8, &reference, sizeof(reference));
		body[16] = flags;
		body[18] = STRATUM;
		return ic_request(ic, body, 24);
	}
	/* time, guest's time (its to fill in), round trip, flags */
	body[24] = flags;
	return ic_request(ic, body, 25);
}

static void ready(struct ic *ic)
{
	struct timesync *t = ic->priv;

	if (send_time(ic, FLAG_SYNC))
		t->syncs++;
	channel_timer(ic->ch, PERIOD_NS);
}

static void timer(struct ic *ic)
{
	struct timesync *t = ic->priv;

	if (!t->paused && send_time(ic, FLAG_SAMPLE))
		t->samples++;
	channel_timer(ic->ch, PERIOD_NS);
}

static void reply(struct ic *ic, const struct ic_message *m)
{
	if (m->status != HV_S_OK)
		ic_done(ic, "failed status %#x", m->status);
}

static bool send_now(struct ic *ic, bool sync, struct text *answer)
{
	struct timesync *t = ic->priv;

	if (!send_time(ic, sync ? FLAG_SYNC : FLAG_SAMPLE)) {
		text_add(answer, "%s is not ready or busy", ic->dev->name);
		return false;
	}
	*(sync ? &t->syncs : &t->samples) += 1;
	text_add(answer, "sent\n");
	return true;
}

static bool command(struct ic *ic, int argc, char **argv, struct text *answer)
{
	struct timesync *t = ic->priv;
	char *end;

	if (argc == 2 && !strcmp(argv[0], "offset")) {
		double seconds = strtod(argv[1], &end);

		if (*end || end == argv[1] || seconds > 4e9 || seconds < -4e9) {
			text_add(answer, "offset wants seconds, not '%s'", argv[1]);
			return false;
		}
		t->offset = seconds * 1e7;
		return true;
	}
	if (argc != 1)
		return false;
	if (!strcmp(argv[0], "sync") || !strcmp(argv[0], "sample"))
		return send_now(ic, argv[0][1] == 'y', answer);
	if (!strcmp(argv[0], "pause") || !strcmp(argv[0], "resume"))
		t->paused = argv[0][0] == 'p';
	else if (!strcmp(argv[0], "clock"))
		text_add(answer, "%.3f offset %.3f syncs %llu samples %llu\n",
			 (int64_t)(host_time(t) - EPOCH_1601) / 1e7, t->offset / 1e7,
			 (unsigned long long)t->syncs, (unsigned long long)t->samples);
	else
		return false;
	return true;
}

static const struct ic_service service = {
	.type = IC_TIMESYNC,
	.instance = "2dd1ce17-079e-403c-b352-a1921ee207ee",
	.versions = versions,
	.priv_size = sizeof(struct timesync),
	.ready = ready,
	.timer = timer,
	.reply = reply,
	.command = command,
};

static bool create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	return ic_create(dev, &service, o, error, size);
}

/* Interface type 9527e630-d0ae-497b-adce-e80ab0175caf */
const struct hv_device_ops timesync_ops = {
	IC_OPS,
	.kind = "timesync",
	.help = "time synchronisation\n" IC_OPTIONS
		"  offset SECONDS   of the host's clock; fractions and signs are allowed\n"
		"  sync, sample     send one now: set the clock, steer the clock\n"
		"  pause, resume    the sample every 5 seconds\n"
		"  clock            the host's time (seconds since 1970), and counters\n",
	.type = { { 0x30, 0xe6, 0x27, 0x95, 0xae, 0xd0, 0x7b, 0x49,
		    0xad, 0xce, 0xe8, 0x0a, 0xb0, 0x17, 0x5c, 0xaf } },
	.create = create,
};
