// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's CPUID: what KVM supports, a topology of one core per vCPU, and the
 * leaves of Hyper-V (TLFS, "Feature and Interface Discovery"), which are a wish
 * list masked with what this KVM can do.
 */
#include <sys/ioctl.h>
#include "internal.h"

#define MAX_LEAVES	160

#define BIT(n)		(1u << (n))
#define LEAF_VENDOR	0x40000000u
#define LEAF_INTERFACE	0x40000001u
#define LEAF_VERSION	0x40000002u
#define LEAF_FEATURES	0x40000003u
#define LEAF_HINTS	0x40000004u
#define LEAF_LIMITS	0x40000005u
#define HOST_BUILD	20348u		/* what the guest logs as host version: */
#define HOST_VERSION	(10u << 16)	/* 10.0.20348 */

struct leaves {
	struct kvm_cpuid2 head;
	struct kvm_cpuid_entry2 entry[MAX_LEAVES];
};

/* Leaf 0x40000003. Direct mode keeps KVM's timer messages out of the slot that VMBus uses. */
enum {
	FEATURES_EAX = BIT(0) | BIT(1) |	/* VP run time, reference counter */
		       BIT(2) | BIT(3) |	/* SynIC, synthetic timers */
		       BIT(4) | BIT(5) |	/* APIC, hypercall MSRs */
		       BIT(6) | BIT(7) |	/* VP index, reset */
		       BIT(9) | BIT(11),	/* reference TSC page, frequencies */
	FEATURES_EBX = BIT(4) | BIT(5),		/* post messages, signal events */
	EXTENDED_EBX = BIT(20),			/* extended hypercalls */
	FEATURES_EDX = BIT(4) | BIT(8) |	/* XMM input, frequencies */
		       BIT(10) | BIT(19),	/* crash MSRs, direct mode timers */
	HINTS_EAX = BIT(2) | BIT(5) |		/* remote TLB flush, relaxed timing */
		    BIT(9) | BIT(10) | BIT(11),	/* no auto EOI, cluster IPI, sparse VP sets */
};

static void get_supported(struct leaves *l, struct leaves *hv)
{
	l->head.nent = MAX_LEAVES;
	xioctl(machine.kvm_fd, KVM_GET_SUPPORTED_CPUID, l, "KVM_GET_SUPPORTED_CPUID");
	hv->head.nent = MAX_LEAVES;
	xioctl(machine.kvm_fd, KVM_GET_SUPPORTED_HV_CPUID, hv, "KVM_GET_SUPPORTED_HV_CPUID");
}

static const struct kvm_cpuid_entry2 *find(const struct leaves *l, uint32_t function)
{
	unsigned int i;

	for (i = 0; i < l->head.nent; i++)
		if (l->entry[i].function == function)
			return &l->entry[i];
	die("this machine's KVM has no Hyper-V CPUID leaf %#x", function);
}

static void add(struct leaves *l, const struct kvm_cpuid_entry2 *e)
{
	if (l->head.nent == MAX_LEAVES)
		die("more than %d CPUID leaves", MAX_LEAVES);
	l->entry[l->head.nent++] = *e;
}

static void add_plain(struct leaves *l, uint32_t function, uint32_t eax, uint32_t ebx,
		      uint32_t ecx, uint32_t edx)
{
	add(l, &(struct kvm_cpuid_entry2){
		.function = function, .eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx,
	});
}

/*
 * For a KVM that runs on QEMU's software SVM, which does not intercept XSETBV:
 * KVM never learns of the guest's XCR0 and reports stale sizes in leaf 0xd.
 */
static void hide_xsave(struct kvm_cpuid_entry2 *e)
{
	if (e->function == 1)			/* FMA, XSAVE, OSXSAVE, AVX, F16C */
		e->ecx &= ~(BIT(12) | BIT(26) | BIT(27) | BIT(28) | BIT(29));
	/* AVX2, MPX, AVX-512 and what needs them, PKU, AMX */
	if (e->function == 7 && !e->index) {
		e->ebx &= ~(BIT(5) | BIT(14) | BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) |
			    BIT(28) | BIT(30) | BIT(31));
		e->ecx &= ~(BIT(1) | BIT(3) | BIT(6) | BIT(9) | BIT(10) | BIT(11) | BIT(12) |
			    BIT(14));
		e->edx &= ~(BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25));
	}
	if ((e->function == 7 && e->index) || e->function == 0xd) {
		e->eax = 0;
		e->ebx = 0;
		e->ecx = 0;
		e->edx = 0;
	}
	if (e->function == 0x80000001)		/* XOP, LWP, FMA4 */
		e->ecx &= ~(BIT(11) | BIT(15) | BIT(16));
}

static unsigned int apic_id_bits(void)
{
	unsigned int bits = 0;

	while (BIT(bits) < machine.config.cpus)
		bits++;
	return bits;
}

/* One package, a core for each vCPU, no SMT, no virtualisation of its own. */
static void adjust(struct kvm_cpuid_entry2 *e, const struct vcpu *v)
{
	unsigned int cpus = machine.config.cpus;

	switch (e->function) {
	case 1:
		e->ebx = (e->ebx & 0xffff) | v->index << 24 | cpus << 16;
		e->ecx |= BIT(31);			/* a hypervisor is there */
		e->ecx &= ~BIT(5);			/* VMX */
		e->edx = cpus > 1 ? e->edx | BIT(28) : e->edx & ~BIT(28);
		break;
	case 4:
		if (e->eax & 0x1f)
			e->eax = (e->eax & 0x3fff) | (cpus - 1) << 26;
		break;
	case 0x80000001:
		e->ecx &= ~BIT(2);			/* SVM */
		break;
	case 0x80000007:
		e->edx |= BIT(8);			/* TSC of constant rate, as with Hyper-V */
		break;
	case 0x80000008:
		e->ecx = apic_id_bits() << 12 | (cpus - 1);
		break;
	case 0x8000001e:
		e->eax = v->index;
		e->ebx = v->index;
		e->ecx = 0;
		break;
	}
}

/* Ours to define: topology, KVM's own leaves, SVM's features. */
static bool dropped(uint32_t function)
{
	return function == 0xb || function == 0x1f || function == 0x8000000a ||
	       (function >= LEAF_VENDOR && function < LEAF_VENDOR + 0x10000);
}

static void add_topology(struct leaves *l, const struct vcpu *v)
{
	struct kvm_cpuid_entry2 e = {
		.function = 0xb, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
		.ebx = 1, .ecx = 1 << 8, .edx = v->index,
	};

	add(l, &e);				/* level 0: SMT, 1 thread */
	e.index = 1;
	e.eax = apic_id_bits();
	e.ebx = machine.config.cpus;
	e.ecx = 2 << 8 | 1;
	add(l, &e);				/* level 1: cores */
	e.index = 2;
	e.eax = 0;
	e.ebx = 0;
	e.ecx = 2;
	add(l, &e);				/* level 2: the end */
}

static void add_hyperv(struct leaves *l, const struct leaves *hv, bool say)
{
	const struct kvm_cpuid_entry2 *f = find(hv, LEAF_FEATURES), *h = find(hv, LEAF_HINTS);
	uint32_t ebx = FEATURES_EBX | (machine.config.cold_discard ? EXTENDED_EBX : 0);

	if (say && ((f->eax & FEATURES_EAX) != FEATURES_EAX ||
		    (f->ebx & ebx) != ebx ||
		    (f->edx & FEATURES_EDX) != FEATURES_EDX ||
		    (h->eax & HINTS_EAX) != HINTS_EAX))
		log_info("this KVM lacks some Hyper-V features: eax %#x ebx %#x edx %#x hints %#x",
			 FEATURES_EAX & ~f->eax, ebx & ~f->ebx,
			 FEATURES_EDX & ~f->edx, HINTS_EAX & ~h->eax);
	/* "Microsoft Hv" and "Hv#1" */
	add_plain(l, LEAF_VENDOR, LEAF_LIMITS, 0x7263694d, 0x666f736f, 0x76482074);
	add_plain(l, LEAF_INTERFACE, 0x31237648, 0, 0, 0);
	add_plain(l, LEAF_VERSION, HOST_BUILD, HOST_VERSION, 0, 0);
	add_plain(l, LEAF_FEATURES, f->eax & FEATURES_EAX, f->ebx & ebx, 0,
		  f->edx & FEATURES_EDX);
	add_plain(l, LEAF_HINTS, h->eax & HINTS_EAX, UINT32_MAX, 0, 0);	/* never tell of spinning */
	add_plain(l, LEAF_LIMITS, MAX_VCPUS, MAX_VCPUS, 0, 0);
}

void cpuid_setup(struct vcpu *v)
{
	static struct leaves supported, hv, guest;	/* main thread only */
	unsigned int i;

	get_supported(&supported, &hv);
	guest.head.nent = 0;
	for (i = 0; i < supported.head.nent; i++) {
		struct kvm_cpuid_entry2 *e = &supported.entry[i];

		if (dropped(e->function))
			continue;
		if (machine.config.no_xsave)
			hide_xsave(e);
		adjust(e, v);
		add(&guest, e);
	}
	add_topology(&guest, v);
	add_hyperv(&guest, &hv, !v->index);
	xioctl(v->fd, KVM_SET_CPUID2, &guest, "KVM_SET_CPUID2");
}
