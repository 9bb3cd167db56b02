// SPDX-License-Identifier: GPL-2.0-only
/* One processor: its creation, and the thread that runs it and handles its exits. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../hyperv/hyperv.h"
#include "pc.h"

#define KICK_SIGNAL		SIGUSR1
#define MSR_MTRR_DEF_TYPE	0x2ff
#define MTRR_ENABLED_WB		0xc06	/* as firmware leaves it */
#define MAX_CPUID		160

static int run_bytes(void)
{
	return xioctl(machine.kvm_fd, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
}

void vcpu_set_msr(struct vcpu *v, uint32_t msr, uint64_t value)
{
	struct { struct kvm_msrs head; struct kvm_msr_entry entry; } set = {
		.head.nmsrs = 1, .entry = { .index = msr, .data = value },
	};

	xioctl(v->fd, KVM_SET_MSRS, &set, "KVM_SET_MSRS");
}

void vcpu_create(unsigned int index)
{
	struct vcpu *v = &machine.vcpu[index];

	v->index = index;
	v->fd = xioctl(machine.vm_fd, KVM_CREATE_VCPU, (void *)(uintptr_t)index,
		       "KVM_CREATE_VCPU");
	v->run = mmap(NULL, (size_t)run_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		die_errno("mmap of a vCPU");
	hyperv_vcpu_setup(v);
	vcpu_set_msr(v, MSR_MTRR_DEF_TYPE, MTRR_ENABLED_WB);
}

void vcpu_destroy(struct vcpu *v)
{
	munmap(v->run, (size_t)run_bytes());
	close(v->fd);
	v->run = NULL;
	v->fd = -1;
}

unsigned int cpu_physical_bits(void)
{
	static struct { struct kvm_cpuid2 head; struct kvm_cpuid_entry2 entry[MAX_CPUID]; } c;
	unsigned int i;

	c.head.nent = MAX_CPUID;
	xioctl(machine.kvm_fd, KVM_GET_SUPPORTED_CPUID, &c, "KVM_GET_SUPPORTED_CPUID");
	for (i = 0; i < c.head.nent; i++)
		if (c.entry[i].function == 0x80000008)
			return c.entry[i].eax & 0xff;
	return 36;
}

static void bad_exit(struct vcpu *v, const char *what)
{
	struct kvm_regs r;
	char why[160];

	if (ioctl(v->fd, KVM_GET_REGS, &r))
		r.rip = 0;
	snprintf(why, sizeof(why), "vCPU %u: %s at RIP %#llx", v->index, what,
		 (unsigned long long)r.rip);
	machine_quit(EXIT_GUEST_BAD, why);
}

/* A real host resets; with "exit on reset" it is told apart from an orderly one. */
static void triple_fault(struct vcpu *v)
{
	if (machine.config.reset_exits)
		bad_exit(v, "triple fault");
	else
		machine_reset("triple fault");
}

static void handle_exit(struct vcpu *v)
{
	struct kvm_run *run = v->run;
	char what[80];

	if (hyperv_exit(v))
		return;
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		pio_exit(run);
		break;
	case KVM_EXIT_MMIO:
		/* Nobody is there: reads float high, writes go nowhere. */
		if (!run->mmio.is_write)
			memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
		break;
	case KVM_EXIT_INTR:
		break;
	case KVM_EXIT_SHUTDOWN:
		triple_fault(v);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		snprintf(what, sizeof(what), "KVM internal error %u", run->internal.suberror);
		bad_exit(v, what);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		snprintf(what, sizeof(what), "KVM entry failed, reason %#llx",
			 (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
		bad_exit(v, what);
		break;
	default:
		snprintf(what, sizeof(what), "unexpected exit %u", run->exit_reason);
		bad_exit(v, what);
		break;
	}
}

static void *run_loop(void *arg)
{
	struct vcpu *v = arg;
	char what[80];

	while (!machine_stopping()) {
		int error = ioctl(v->fd, KVM_RUN, 0) ? errno : 0;

		coalesce_drain();
		if (!error) {
			handle_exit(v);
			continue;
		}
		/* EAGAIN: an application processor got INIT; there is no exit to handle. */
		if (error == EINTR || error == EAGAIN)
			continue;
		snprintf(what, sizeof(what), "KVM_RUN: %s", strerror(error));
		bad_exit(v, what);
	}
	return NULL;
}

static void kicked(int signal_number)
{
	(void)signal_number;		/* the signal only ends KVM_RUN */
}

void vcpu_start(struct vcpu *v)
{
	struct sigaction action = { .sa_handler = kicked };
	sigset_t set, before;
	char name[16];
	int error;

	sigaction(KICK_SIGNAL, &action, NULL);
	sigfillset(&set);
	sigdelset(&set, KICK_SIGNAL);
	v->run->immediate_exit = 0;
	pthread_sigmask(SIG_SETMASK, &set, &before);
	error = pthread_create(&v->thread, NULL, run_loop, v);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		die("cannot create a thread: %s", strerror(error));
	snprintf(name, sizeof(name), "vcpu%u", v->index);
	pthread_setname_np(v->thread, name);
}

/* immediate_exit covers the moment between the loop's check and KVM_RUN. */
void vcpu_kick(struct vcpu *v)
{
	v->run->immediate_exit = 1;
	pthread_kill(v->thread, KICK_SIGNAL);
}
