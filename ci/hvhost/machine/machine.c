// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine as a whole: its creation, start and end, and reset, which is a new
 * KVM VM in the same memory, so that no state of the old one can survive.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "../bus/bus.h"
#include "../ctl/ctl.h"
#include "../hyperv/hyperv.h"
#include "pc.h"

#define MIN_RAM		(32 * MIB)
#define MAX_RAM		(256 * GIB)
#define RAM_ALIGN	MIB
#define WINDOW_ALIGN	(2 * MIB)
#define MIN_LOW_RAM	(128 * MIB)
/* Intel's processors want pages for themselves; here nothing else is. */
#define IDENTITY_MAP_GPA	0xfffbc000ull
#define TSS_GPA			0xfffbd000ull
#define MSI_ADDRESS		0xfee00000u
#define MSI_NMI			0x400u

struct machine machine = { .kvm_fd = -1, .vm_fd = -1 };

static atomic_bool stopping;	/* vCPUs end instead of entering the guest again */
static atomic_bool ended;	/* machine_quit() was called */
static atomic_bool resetting;	/* a reset is on its way to the main thread */
static bool running;

bool machine_stopping(void)
{
	return atomic_load(&stopping);
}

int xioctl(int fd, unsigned long request, void *arg, const char *what)
{
	int result;

	do
		result = ioctl(fd, request, arg);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		die_errno("%s", what);
	return result;
}

static void check_config(const struct machine_config *c)
{
	if (!c->cpus || c->cpus > MAX_VCPUS)
		die("the guest can have 1 to %u CPUs", MAX_VCPUS);
	if (c->ram < MIN_RAM || c->ram > MAX_RAM || c->ram % RAM_ALIGN)
		die("guest memory must be %llu MiB to %llu GiB, in whole MiB",
		    MIN_RAM / MIB, MAX_RAM / GIB);
	if (c->hotadd > MAX_RAM || c->hotadd % HOTADD_ALIGN)
		die("the hot add range must be a multiple of %llu MiB, at most %llu GiB",
		    HOTADD_ALIGN / MIB, MAX_RAM / GIB);
	if (c->mmio_low > LOW_WINDOW_END - MIN_LOW_RAM || c->mmio_low % WINDOW_ALIGN)
		die("the low MMIO window must be a multiple of 2 MiB, at most %llu MiB",
		    (LOW_WINDOW_END - MIN_LOW_RAM) / MIB);
	if (c->mmio_high > MAX_RAM || c->mmio_high % WINDOW_ALIGN)
		die("the high MMIO window must be a multiple of 2 MiB, at most %llu GiB",
		    MAX_RAM / GIB);
	if (!c->kernel)
		die("there is no kernel to boot: give a bzImage");
}

/* RAM that does not fit below the low window goes on from 4 GiB: the "MMIO gap". */
static void lay_out(void)
{
	uint64_t below = low_window_base() / WINDOW_ALIGN * WINDOW_ALIGN;
	uint64_t ram = machine.config.ram;

	machine.low_ram = ram < below ? ram : below;
	machine.high_ram = ram - machine.low_ram;
	machine.hotadd_base = ALIGN_UP(FOUR_GIB + machine.high_ram, HOTADD_ALIGN);
	if ((high_window_base() + machine.config.mmio_high - 1) >> cpu_physical_bits())
		die("memory and MMIO windows end above this processor's %u address bits: "
		    "give less memory, hot add range or high MMIO window", cpu_physical_bits());
}

static void open_kvm(void)
{
	machine.kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (machine.kvm_fd < 0)
		die_errno("cannot open /dev/kvm; is the kvm module loaded, may you use it?");
	if (ioctl(machine.kvm_fd, KVM_GET_API_VERSION, NULL) != KVM_API_VERSION)
		die("/dev/kvm is not KVM as hvhost knows it (API version %u)", KVM_API_VERSION);
}

static void check_capabilities(void)
{
	static const struct {
		int number;
		const char *name;
	} need[] = {
		{ KVM_CAP_IRQCHIP, "IRQCHIP" },
		{ KVM_CAP_USER_MEMORY, "USER_MEMORY" },
		{ KVM_CAP_PIT2, "PIT2" },
		{ KVM_CAP_IRQ_ROUTING, "IRQ_ROUTING" },
		{ KVM_CAP_SIGNAL_MSI, "SIGNAL_MSI" },
		{ KVM_CAP_IMMEDIATE_EXIT, "IMMEDIATE_EXIT" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(need); i++)
		if (ioctl(machine.vm_fd, KVM_CHECK_EXTENSION, need[i].number) <= 0)
			die("this machine's KVM lacks KVM_CAP_%s", need[i].name);
	hyperv_check_kvm();
}

/* A VM with the guest loaded and its processors ready to run. */
static void build_vm(void)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };	/* port 0x61 too */
	uint64_t identity = IDENTITY_MAP_GPA;
	unsigned int i;

	machine.vm_fd = xioctl(machine.kvm_fd, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	check_capabilities();
	xioctl(machine.vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity, "KVM_SET_IDENTITY_MAP_ADDR");
	xioctl(machine.vm_fd, KVM_SET_TSS_ADDR, (void *)TSS_GPA, "KVM_SET_TSS_ADDR");
	xioctl(machine.vm_fd, KVM_CREATE_IRQCHIP, NULL, "KVM_CREATE_IRQCHIP");
	xioctl(machine.vm_fd, KVM_CREATE_PIT2, &pit, "KVM_CREATE_PIT2");
	memory_attach();
	for (i = 0; i < machine.config.cpus; i++)
		vcpu_create(i);
	hyperv_setup();
	coalesce_setup();
	boot_load();
	acpi_build();
	boot_cpu(&machine.vcpu[0]);
}

static void destroy_vm(void)
{
	unsigned int i;

	coalesce_end();
	for (i = 0; i < machine.config.cpus; i++)
		vcpu_destroy(&machine.vcpu[i]);
	close(machine.vm_fd);
	machine.vm_fd = -1;
}

void machine_create(const struct machine_config *config)
{
	machine.config = *config;
	check_config(config);
	boot_look();
	open_kvm();
	lay_out();
	memory_create();
	build_vm();
	pio_create();
}

void machine_start(void)
{
	unsigned int i;

	atomic_store(&stopping, atomic_load(&ended));
	running = true;
	for (i = 0; i < machine.config.cpus; i++)
		vcpu_start(&machine.vcpu[i]);
}

void machine_stop(void)
{
	unsigned int i;

	if (!running)
		return;
	running = false;
	atomic_store(&stopping, true);
	for (i = 0; i < machine.config.cpus; i++)
		vcpu_kick(&machine.vcpu[i]);
	for (i = 0; i < machine.config.cpus; i++)
		pthread_join(machine.vcpu[i].thread, NULL);
	coalesce_drain();
}

void machine_quit(enum exit_code code, const char *why)
{
	if (atomic_exchange(&ended, true))
		return;
	log_info("end: %s", why);
	atomic_store(&stopping, true);
	loop_quit(code);
}

static void reset_now(void *arg)
{
	(void)arg;
	machine_stop();
	if (atomic_load(&ended))
		return;
	bus_reset();
	destroy_vm();
	memory_clear();
	build_vm();
	pio_reset();
	atomic_store(&resetting, false);
	machine_start();
}

void machine_reset(const char *why)
{
	if (atomic_load(&ended) || atomic_exchange(&resetting, true))
		return;
	ctl_event("reset %s", why);
	if (machine.config.reset_exits) {
		machine_quit(EXIT_RESET, why);
		return;
	}
	log_guest("reset: %s", why);
	atomic_store(&stopping, true);
	loop_call(reset_now, NULL);
}

/* By an MSI in NMI mode: the vCPU's own ioctl would wait for its KVM_RUN to end. */
void machine_nmi(unsigned int cpu)
{
	struct kvm_msi msi = { .address_lo = MSI_ADDRESS | cpu << 12, .data = MSI_NMI };

	if (cpu < machine.config.cpus && ioctl(machine.vm_fd, KVM_SIGNAL_MSI, &msi) < 0)
		log_guest("the NMI did not reach CPU %u: its APIC is off or has another id", cpu);
}

void machine_irq(unsigned int gsi, bool level)
{
	struct kvm_irq_level line = { .irq = gsi, .level = level };

	/* During a reset there may be no VM; its successor's lines start low. */
	if (ioctl(machine.vm_fd, KVM_IRQ_LINE, &line) && !machine_stopping())
		die_errno("KVM_IRQ_LINE");
}
