// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM must offer, the exits that its Hyper-V emulation makes, and the
 * connections whose HvSignalEvent ends in an eventfd.
 */
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "internal.h"

#define CALL_POST_MESSAGE	0x5c
#define CALL_SIGNAL_EVENT	0x5d
#define CALL_CODE		0xffff
#define CALL_FAST		(1u << 16)	/* parameters in registers */
#define CALL_EXTENDED		0x8000		/* codes from here on */

/* Input of HvPostMessage (TLFS) */
struct post_message {
	uint32_t connection, reserved, type, len;
	uint8_t payload[HV_MESSAGE_BYTES];
};
_Static_assert(sizeof(struct post_message) == 256, "input of HvPostMessage");

void hyperv_check_kvm(void)
{
	static const struct {
		int number;
		const char *name;
	} need[] = {
		{ KVM_CAP_HYPERV, "HYPERV" },
		{ KVM_CAP_HYPERV_SYNIC2, "HYPERV_SYNIC2" },
		{ KVM_CAP_HYPERV_VP_INDEX, "HYPERV_VP_INDEX" },
		{ KVM_CAP_HYPERV_EVENTFD, "HYPERV_EVENTFD" },
		{ KVM_CAP_SYS_HYPERV_CPUID, "SYS_HYPERV_CPUID" },
		{ KVM_CAP_X86_USER_SPACE_MSR, "X86_USER_SPACE_MSR" },
		{ KVM_CAP_X86_MSR_FILTER, "X86_MSR_FILTER" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(need); i++)
		if (ioctl(machine.vm_fd, KVM_CHECK_EXTENSION, need[i].number) <= 0)
			die("this machine's KVM can't be a Hyper-V host: it lacks KVM_CAP_%s",
			    need[i].name);
}

/* A guest that uses what CPUID does not offer takes a #GP, as on a real host. Newer KVMs only. */
static void enforce_cpuid(struct vcpu *v)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_HYPERV_ENFORCE_CPUID, .args = { 1 } };

	if (ioctl(machine.vm_fd, KVM_CHECK_EXTENSION, cap.cap) > 0)
		xioctl(v->fd, KVM_ENABLE_CAP, &cap, "KVM_CAP_HYPERV_ENFORCE_CPUID");
}

void hyperv_vcpu_setup(struct vcpu *v)
{
	enforce_cpuid(v);
	cpuid_setup(v);
	synic_setup_vcpu(v);
}

/*
 * MSR accesses that come to user space. EOM: so that the next message can go into
 * the slot; an interrupt's acknowledgment would tell too, but also of each event.
 */
static void filter_msrs(void)
{
	static uint8_t none[1];		/* bitmap: 0 is "not in the kernel" */
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = { KVM_MSR_EXIT_REASON_FILTER },
	};
	struct kvm_msr_filter filter = {
		.flags = KVM_MSR_FILTER_DEFAULT_ALLOW,
		.ranges = {
			{ .flags = KVM_MSR_FILTER_WRITE, .base = HV_MSR_EOM, .nmsrs = 1,
			  .bitmap = none },
			{ .flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
			  .base = HV_MSR_CRASH_P0, .nmsrs = HV_CRASH_PARAMETERS + 1,
			  .bitmap = none },
		},
	};

	xioctl(machine.vm_fd, KVM_ENABLE_CAP, &cap, "KVM_CAP_X86_USER_SPACE_MSR");
	xioctl(machine.vm_fd, KVM_X86_SET_MSR_FILTER, &filter, "KVM_X86_SET_MSR_FILTER");
}

void hyperv_setup(void)
{
	synic_setup_routes();
	filter_msrs();
	crash_reset();
}

static uint16_t post_message(const struct vcpu *v, uint64_t gpa)
{
	struct post_message m;

	if (gpa % 8 || gpa % PAGE_BYTES > PAGE_BYTES - sizeof(m))
		return HV_INVALID_ALIGNMENT;
	if (!guest_read(gpa, &m, sizeof(m)))
		return HV_INVALID_PARAMETER;
	if (m.len > HV_MESSAGE_BYTES)
		return HV_INVALID_PARAMETER;
	return vmbus_post_message(v->index, m.connection, m.type, m.payload, m.len);
}

static uint64_t hypercall(const struct vcpu *v, uint64_t input, const uint64_t parameter[2])
{
	if ((input & CALL_CODE) >= CALL_EXTENDED)
		return ext_call(input, parameter[0], parameter[1]);
	switch (input & CALL_CODE) {
	case CALL_POST_MESSAGE:
		return input & CALL_FAST ? HV_INVALID_INPUT : post_message(v, parameter[0]);
	case CALL_SIGNAL_EVENT:
		/* Comes here only for a connection without an eventfd. */
		return HV_INVALID_CONNECTION;
	default:
		return HV_INVALID_CODE;
	}
}

/* KVM gets the EOM as well: its own timer messages wait for it. */
static void end_of_message(struct vcpu *v, uint64_t value)
{
	vcpu_set_msr(v, HV_MSR_EOM, value);
	synic_eom(v);
}

static void msr_exit(struct vcpu *v, bool write)
{
	struct kvm_run *run = v->run;
	uint64_t value = 0;
	bool good;

	if (!write) {
		good = crash_read(run->msr.index, &value);
		run->msr.data = value;
	} else if (run->msr.index == HV_MSR_EOM) {
		end_of_message(v, run->msr.data);
		good = true;
	} else {
		good = crash_write(run->msr.index, run->msr.data);
	}
	run->msr.error = !good;			/* the guest takes a #GP */
}

static void hyperv_event(struct vcpu *v)
{
	struct kvm_hyperv_exit *h = &v->run->hyperv;

	if (h->type == KVM_EXIT_HYPERV_SYNIC)
		synic_registers(v, h->u.synic.control, h->u.synic.msg_page, h->u.synic.evt_page);
	else if (h->type == KVM_EXIT_HYPERV_HCALL)
		h->u.hcall.result = hypercall(v, h->u.hcall.input,
					      (uint64_t[]){ h->u.hcall.params[0],
							    h->u.hcall.params[1] });
}

static bool system_event(uint32_t type)
{
	if (type != KVM_SYSTEM_EVENT_RESET)
		return type == KVM_SYSTEM_EVENT_CRASH;
	machine_reset("Hyper-V reset register");
	return true;
}

bool hyperv_exit(struct vcpu *v)
{
	switch (v->run->exit_reason) {
	case KVM_EXIT_HYPERV:
		hyperv_event(v);
		return true;
	case KVM_EXIT_X86_RDMSR:
	case KVM_EXIT_X86_WRMSR:
		msr_exit(v, v->run->exit_reason == KVM_EXIT_X86_WRMSR);
		return true;
	case KVM_EXIT_SYSTEM_EVENT:
		return system_event(v->run->system_event.type);
	default:
		return false;
	}
}

int hv_signal_add(uint32_t conn)
{
	struct kvm_hyperv_eventfd e = { .conn_id = conn };

	e.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e.fd < 0)
		return -1;
	if (!ioctl(machine.vm_fd, KVM_HYPERV_EVENTFD, &e))
		return e.fd;
	close(e.fd);
	return -1;
}

void hv_signal_remove(uint32_t conn, int fd)
{
	struct kvm_hyperv_eventfd e = {
		.conn_id = conn, .fd = fd, .flags = KVM_HYPERV_EVENTFD_DEASSIGN,
	};

	ioctl(machine.vm_fd, KVM_HYPERV_EVENTFD, &e);	/* fails only when it wasn't there */
	close(fd);
}
