// SPDX-License-Identifier: GPL-2.0-only
/*
 * Can this machine's /dev/kvm really host a Hyper-V guest?
 *
 * The file's existence says little: some machines offer a KVM that creates
 * VMs but has no Hyper-V emulation, or cannot run a guest at all. So this
 * enables KVM_CAP_HYPERV_SYNIC2 on a vCPU, runs a few real-mode instructions
 * on it, and believes only the port write that they do.
 *
 * Prints one line; exit code 0: usable, 1: not usable. With --tsc-khz it prints
 * the rate of the TSC instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define GUEST_ADDR	0x1000
#define PROBE_PORT	0x10
#define PROBE_VALUE	0x5a

static int no(const char *what)
{
	printf("no: %s: %s\n", what, errno ? strerror(errno) : "not offered");
	return 1;
}

/* A VM with one page of code: mov $0x5a,%al; out %al,$0x10; hlt */
static int make_vm(int kvm)
{
	static const uint8_t code[] = { 0xb0, PROBE_VALUE, 0xe6, PROBE_PORT, 0xf4 };
	struct kvm_userspace_memory_region mem = {
		.guest_phys_addr = GUEST_ADDR,
		.memory_size = 4096,
	};
	void *page;
	int vm;

	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0 || ioctl(vm, KVM_CREATE_IRQCHIP, 0) < 0)
		return -1;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return -1;
	memcpy(page, code, sizeof(code));
	mem.userspace_addr = (uintptr_t)page;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &mem) < 0)
		return -1;
	return vm;
}

static int start_in_real_mode(int vcpu)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rip = GUEST_ADDR, .rflags = 2 };

	if (ioctl(vcpu, KVM_GET_SREGS, &sregs) < 0)
		return -1;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) < 0)
		return -1;
	return ioctl(vcpu, KVM_SET_REGS, &regs);
}

static int run_probe(int vcpu, struct kvm_run *run)
{
	int tries;

	for (tries = 0; tries < 16; tries++) {
		if (ioctl(vcpu, KVM_RUN, 0) < 0 && errno != EINTR)
			return no("KVM_RUN");
		if (run->exit_reason != KVM_EXIT_IO)
			continue;
		if (run->io.port == PROBE_PORT &&
		    *((uint8_t *)run + run->io.data_offset) == PROBE_VALUE) {
			printf("yes\n");
			return 0;
		}
	}
	errno = 0;
	return no("a guest that runs");
}

/*
 * The rate of this machine's TSC in kHz. A software CPU shows it to its guest,
 * and a guest that is told need not calibrate against timers that a busy
 * machine delivers late.
 */
static int print_tsc_khz(void)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };
	struct timespec begin, end;
	uint64_t first, cycles, ns;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	first = __rdtsc();
	nanosleep(&pause, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	cycles = __rdtsc() - first;
	ns = (end.tv_sec - begin.tv_sec) * 1000000000ull + end.tv_nsec -
	     begin.tv_nsec;
	printf("%llu\n", (unsigned long long)(cycles * 1000000 / ns));
	return 0;
}

int main(int argc, char **argv)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_HYPERV_SYNIC2 };
	const char *path = "/dev/kvm";
	struct kvm_run *run;
	int kvm, vm, vcpu, size;

	if (argc > 1 && !strcmp(argv[1], "--tsc-khz"))
		return print_tsc_khz();
	/* A KVM that never returns from KVM_RUN is no answer either. */
	alarm(10);
	kvm = open(path, O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		return no(path);
	errno = 0;
	if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return no("KVM API version 12");
	if (ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_HYPERV_SYNIC2) <= 0)
		return no("KVM_CAP_HYPERV_SYNIC2");
	vm = make_vm(kvm);
	if (vm < 0)
		return no("creating a VM");
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0)
		return no("creating a vCPU");
	if (ioctl(vcpu, KVM_ENABLE_CAP, &cap) < 0)
		return no("enabling KVM_CAP_HYPERV_SYNIC2");
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	run = size < (int)sizeof(*run) ? MAP_FAILED :
	      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED || start_in_real_mode(vcpu) < 0)
		return no("setting up a vCPU");
	return run_probe(vcpu, run);
}
