/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PC: memory, processors, interrupt controllers, consoles, ACPI, power.
 *
 * Vocabulary: GPA is a guest physical address. RAM lies below the low MMIO window
 * and from 4 GiB on; above it a range is reserved for hot add. Each vCPU has a
 * thread, which runs KVM_RUN and handles its exits. The main thread runs the loop.
 *
 * Ownership: struct machine is written before the vCPUs start and read only after
 * that, except for what says otherwise.
 *
 * Lock order, whole program: bus lock, then a channel's lock, then SynIC locks,
 * then leaf locks (serial, log, loop). Nothing is called with a leaf lock held.
 */
#ifndef HVHOST_MACHINE_H
#define HVHOST_MACHINE_H

#include <linux/kvm.h>
#include <pthread.h>
#include "../util/util.h"

#define MAX_VCPUS	16

enum exit_code {
	EXIT_POWER_OFF	= 0,	/* the guest powered off (S5) */
	EXIT_SETUP	= 1,	/* hvhost could not start, or was told to stop */
	EXIT_GUEST_BAD	= 2,	/* an exit that hvhost can't handle: triple fault etc. */
	EXIT_RESET	= 3,	/* the guest reset itself and --on-reset=exit */
	EXIT_HIBERNATED	= 4,	/* the guest entered S4 */
};

struct machine_config {
	unsigned int cpus;
	uint64_t ram, hotadd;		/* bytes; hotadd: reserved range above RAM */
	uint64_t mmio_low, mmio_high;	/* bytes of the VMBus MMIO windows (the "MMIO gap") */
	const char *kernel, *initrd, *cmdline;
	const char *console;		/* 16550 at 0x3f8: "-" stdio, a path, or unix:PATH */
	const char *agent;		/* 16550 at 0x2f8, NULL: nothing attached */
	bool s4;			/* profile with S4: hibernation, no ballooning */
	bool cold_discard;		/* guests may hint that free pages can be dropped */
	bool no_xsave;			/* hide XSAVE, needed under QEMU's software CPU */
	bool reset_exits;		/* a guest reset ends hvhost instead of starting again */
};

struct vcpu {
	unsigned int index;		/* = VP index = APIC id */
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	struct synic *synic;		/* owned by hyperv/synic.c */
};

struct machine {
	struct machine_config config;
	int kvm_fd, vm_fd;
	struct vcpu vcpu[MAX_VCPUS];
	uint64_t low_ram, high_ram;	/* bytes below the low window, bytes from 4 GiB on */
	uint64_t hotadd_base;		/* GPA */
};
extern struct machine machine;

/* Creates the VM and all in it; dies with a one line reason when something is missing. */
void machine_create(const struct machine_config *config);
/* Starts the vCPU threads; the caller then runs the loop. */
void machine_start(void);
/* Stops and joins the vCPUs. Main thread. */
void machine_stop(void);
/* Ends the run with a code; any thread. */
void machine_quit(enum exit_code code, const char *why);
/* Guest reset by whatever way; any thread. */
void machine_reset(const char *why);
/* Injects an NMI. Any thread. */
void machine_nmi(unsigned int cpu);
/* Raises or lowers a GSI of the in-kernel irqchip. */
void machine_irq(unsigned int gsi, bool level);
/* ioctl() that survives EINTR and dies with what on error. */
int xioctl(int fd, unsigned long request, void *arg, const char *what);
/* The vCPU's own thread, or before it runs. */
void vcpu_set_msr(struct vcpu *v, uint32_t msr, uint64_t value);

/*
 * Guest memory. The pointer stays valid for ever (memory is never unmapped from
 * hvhost), but its content changes under the reader: copy once, then check.
 * NULL unless [gpa, gpa + len) is plugged RAM of one block; len 0 is NULL.
 */
void *guest_ptr(uint64_t gpa, uint64_t len);
bool guest_read(uint64_t gpa, void *to, uint64_t len);
bool guest_write(uint64_t gpa, const void *from, uint64_t len);
/* Makes a part of the reserved hot add range guest RAM. Main thread. False: not inside. */
bool guest_plug(uint64_t gpa, uint64_t len);
/* Gives the pages back to the system (madvise); the guest sees zeroes when it touches them. */
bool guest_discard(uint64_t gpa, uint64_t len);

#endif
