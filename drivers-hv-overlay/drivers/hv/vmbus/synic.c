// SPDX-License-Identifier: GPL-2.0-only
/*
 * Per-CPU pages and registers of the synthetic interrupt controller (TLFS 11).
 *
 * Each CPU has a page of message slots and a page of event flags, and VMBus
 * uses SINT 2 of both. Where the pages come from, and who may read them,
 * depends on the kind of guest:
 *
 *	plain guest		our pages
 *	SNP, TDX, no paravisor	our pages, decrypted so that the host can write
 *	paravisor, root		pages of the paravisor or the hypervisor, which
 *				we find in the registers and map
 *	TDX with paravisor	likewise, plus a decrypted page of ours for the
 *				input of HvPostMessage, since the usual
 *				hypercall page is encrypted there
 *
 * struct synic_policy is the only place that knows.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/set_memory.h>
#include <linux/topology.h>
#include <linux/workqueue.h>
#include <clocksource/hyperv_timer.h>
#include <asm/mshyperv.h>

#include "core.h"
#include "vmbus.h"

/* Layout that SIMP and SIEFP share (TLFS 11.8.2, 11.8.3). */
#define SYNIC_PAGE_ENABLE	BIT_ULL(0)
#define SYNIC_PAGE_BASE		GENMASK_ULL(63, HV_HYP_PAGE_SHIFT)

/* Message type of VMBus messages in HvPostMessage. */
#define SYNIC_MSG_CHANNEL	1

/*
 * How long to wait for signals of a host without MODIFYCHANNEL_RESPONSE, which
 * may go on signalling the CPU that a channel has left. Those that come later
 * are lost; affinity.c knows.
 */
#define SYNIC_LATE_EVENT_ROUNDS	3
#define SYNIC_LATE_EVENT_US	10000

/**
 * struct synic_policy - how this kind of guest gets its SynIC pages
 * @own: message and event pages are our memory, else they are mapped
 * @decrypt: our pages have to be decrypted
 * @post_page: HvPostMessage needs a decrypted input page of its own
 */
struct synic_policy {
	bool own;
	bool decrypt;
	bool post_page;
};

/**
 * struct synic_post_input - input of HvPostMessage (TLFS 11.10.1)
 * @conn_id: connection id, 24 bits
 * @reserved: 0
 * @msg_type: message type, %SYNIC_MSG_CHANNEL
 * @len: bytes used of @payload
 * @payload: the message
 */
struct synic_post_input {
	u32 conn_id;
	u32 reserved;
	u32 msg_type;
	u32 len;
	u8 payload[HVB_MSG_MAX];
};

static_assert(sizeof(struct synic_post_input) == 256);

static enum cpuhp_state synic_cpuhp_state = CPUHP_INVALID;

static struct synic_policy synic_policy(void)
{
	bool isolated = hv_isolation_type_snp() || hv_isolation_type_tdx();
	bool paravisor = ms_hyperv.paravisor_present;

	return (struct synic_policy){
		.own = !paravisor && !hv_root_partition,
		.decrypt = !paravisor && isolated,
		.post_page = paravisor && hv_isolation_type_tdx(),
	};
}

/**
 * vmbus_shared_page_alloc() - allocate a zeroed page to share with the host
 * @node: NUMA node to prefer, or NUMA_NO_NODE
 * @decrypt: make it visible to the host of a confidential VM
 *
 * When decryption fails nobody knows whether the host can see the page, so it
 * is never given back.
 *
 * Context: process context.
 * Return: the page, or NULL.
 */
void *vmbus_shared_page_alloc(int node, bool decrypt)
{
	struct page *page;
	void *va;
	int ret;

	page = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO, 0);
	if (!page)
		return NULL;

	va = page_address(page);
	if (!decrypt)
		return va;

	ret = set_memory_decrypted((unsigned long)va, 1);
	if (ret) {
		pr_err("leaking a page that could not be decrypted: %d\n", ret);
		return NULL;
	}

	/* Decryption may change what is read from the page. */
	memset(va, 0, PAGE_SIZE);
	return va;
}

/**
 * vmbus_shared_page_free() - give back a page of vmbus_shared_page_alloc()
 * @page: the page, or NULL
 * @decrypted: it was decrypted
 * @leak: the host may still use it, so keep it from being reused
 *
 * Context: process context.
 */
void vmbus_shared_page_free(void *page, bool decrypted, bool leak)
{
	int ret;

	if (!page)
		return;

	if (leak) {
		pr_warn("leaking a page that the host may still use\n");
		return;
	}

	if (decrypted) {
		ret = set_memory_encrypted((unsigned long)page, 1);
		if (ret) {
			pr_err("leaking a page that could not be encrypted: %d\n",
			       ret);
			return;
		}
	}

	free_page((unsigned long)page);
}

static int synic_cpu_alloc(unsigned int cpu)
{
	struct vmbus_cpu *vc = per_cpu_ptr(vmbus_conn.cpu, cpu);
	struct synic_policy policy = synic_policy();
	int node = cpu_to_node(cpu);

	if (policy.own && !vc->msg_page) {
		vc->msg_page = vmbus_shared_page_alloc(node, policy.decrypt);
		if (!vc->msg_page)
			return -ENOMEM;
	}

	if (policy.own && !vc->event_page) {
		vc->event_page = vmbus_shared_page_alloc(node, policy.decrypt);
		if (!vc->event_page)
			return -ENOMEM;
	}

	if (policy.post_page && !vc->post_page) {
		vc->post_page = vmbus_shared_page_alloc(node, true);
		if (!vc->post_page)
			return -ENOMEM;
	}

	return 0;
}

static void synic_cpu_free(unsigned int cpu)
{
	struct vmbus_cpu *vc = per_cpu_ptr(vmbus_conn.cpu, cpu);
	struct synic_policy policy = synic_policy();

	if (policy.own) {
		vmbus_shared_page_free(vc->msg_page, policy.decrypt, false);
		vmbus_shared_page_free(vc->event_page, policy.decrypt, false);
	} else {
		if (vc->msg_page)
			iounmap((void __force __iomem *)vc->msg_page);
		if (vc->event_page)
			iounmap((void __force __iomem *)vc->event_page);
	}
	vmbus_shared_page_free(vc->post_page, true, false);

	vc->msg_page = NULL;
	vc->event_page = NULL;
	vc->post_page = NULL;
}

/**
 * vmbus_synic_alloc() - allocate the SynIC state and pages of all CPUs
 *
 * Context: process context, before vmbus_synic_start().
 * Return: 0 or -ENOMEM; nothing is left allocated then.
 */
int vmbus_synic_alloc(void)
{
	unsigned int cpu;
	int ret;

	vmbus_conn.cpu = alloc_percpu(struct vmbus_cpu);
	if (!vmbus_conn.cpu)
		return -ENOMEM;

	for_each_present_cpu(cpu) {
		ret = synic_cpu_alloc(cpu);
		if (ret) {
			pr_err("no memory for the SynIC pages of CPU %u\n",
			       cpu);
			vmbus_synic_free();
			return ret;
		}
	}

	return 0;
}

/**
 * vmbus_synic_free() - free what vmbus_synic_alloc() allocated
 *
 * Context: process context, after vmbus_synic_stop() and the removal of the
 * interrupt handler.
 */
void vmbus_synic_free(void)
{
	unsigned int cpu;

	if (!vmbus_conn.cpu)
		return;

	for_each_possible_cpu(cpu)
		synic_cpu_free(cpu);

	free_percpu(vmbus_conn.cpu);
	vmbus_conn.cpu = NULL;
}

/*
 * Where the page belongs to someone else, map it. It stays mapped until
 * vmbus_synic_free(), because the registers are also switched off and on with
 * interrupts disabled (hibernation, crash), where nothing can be (un)mapped;
 * but a CPU that comes online again may find another page.
 */
static int synic_cpu_map(unsigned int msr, u64 *mapped, void **page)
{
	void *old = *page;
	void *new;
	u64 base;

	base = hv_get_msr(msr) & SYNIC_PAGE_BASE;
	/* ioremap_cache() maps decrypted, so the vTOM bit has to go. */
	base &= ~ms_hyperv.shared_gpa_boundary;
	if (old && *mapped == base)
		return 0;

	new = (void __force *)ioremap_cache(base, HV_HYP_PAGE_SIZE);
	if (!new)
		return -ENOMEM;
	*mapped = base;
	WRITE_ONCE(*page, new);
	if (old)
		iounmap((void __force __iomem *)old);
	return 0;
}

/* Before the SynIC of a CPU is enabled: its pages are there and ours empty. */
static int synic_cpu_ready(struct vmbus_cpu *vc)
{
	int ret;

	if (synic_policy().own) {
		memset(vc->msg_page, 0, HV_HYP_PAGE_SIZE);
		memset(vc->event_page, 0, HV_HYP_PAGE_SIZE);
		return 0;
	}

	ret = synic_cpu_map(HV_MSR_SIMP, &vc->msg_base, &vc->msg_page);
	if (ret)
		return ret;

	return synic_cpu_map(HV_MSR_SIEFP, &vc->event_base, &vc->event_page);
}

static void synic_page_set(unsigned int msr, const void *page, bool own)
{
	u64 val = hv_get_msr(msr);

	val |= SYNIC_PAGE_ENABLE;
	if (own) {
		val &= ~SYNIC_PAGE_BASE;
		val |= virt_to_phys((void *)page) & SYNIC_PAGE_BASE;
	}
	hv_set_msr(msr, val);
}

static void synic_page_clear(unsigned int msr, bool own)
{
	u64 val = hv_get_msr(msr);

	/*
	 * The kernel after kexec looks for pages of a paravisor in the same
	 * register: keep their address.
	 */
	val &= ~SYNIC_PAGE_ENABLE;
	if (own)
		val &= ~SYNIC_PAGE_BASE;
	hv_set_msr(msr, val);
}

/* Some architectures have no AEOI, and no hint about it either. */
static bool synic_auto_eoi(void)
{
#ifdef HV_DEPRECATING_AEOI_RECOMMENDED
	return !(ms_hyperv.hints & HV_DEPRECATING_AEOI_RECOMMENDED);
#else
	return false;
#endif
}

/**
 * vmbus_synic_enable_regs() - enable the SynIC of this CPU
 * @cpu: the CPU that this runs on
 *
 * Context: any context that stays on @cpu, interrupts may be off. The pages of
 * the CPU must be there.
 */
void vmbus_synic_enable_regs(unsigned int cpu)
{
	struct vmbus_cpu *vc = per_cpu_ptr(vmbus_conn.cpu, cpu);
	bool own = synic_policy().own;
	union hv_synic_scontrol ctrl;
	union hv_synic_sint sint;

	synic_page_set(HV_MSR_SIMP, vc->msg_page, own);
	synic_page_set(HV_MSR_SIEFP, vc->event_page, own);

	if (vmbus_irq != -1)
		enable_percpu_irq(vmbus_irq, 0);

	sint.as_uint64 = hv_get_msr(HV_MSR_SINT0 + VMBUS_SINT);
	sint.vector = vmbus_interrupt;
	sint.masked = false;
	sint.auto_eoi = synic_auto_eoi();
	hv_set_msr(HV_MSR_SINT0 + VMBUS_SINT, sint.as_uint64);

	ctrl.as_uint64 = hv_get_msr(HV_MSR_SCONTROL);
	ctrl.enable = 1;
	hv_set_msr(HV_MSR_SCONTROL, ctrl.as_uint64);
}

/**
 * vmbus_synic_disable_regs() - disable the SynIC of this CPU
 * @cpu: the CPU that this runs on
 *
 * Context: any context that stays on @cpu, interrupts may be off; also the
 * crash path, so nothing here sleeps or takes a lock.
 */
void vmbus_synic_disable_regs(unsigned int cpu)
{
	bool own = synic_policy().own;
	union hv_synic_scontrol ctrl;
	union hv_synic_sint sint;

	sint.as_uint64 = hv_get_msr(HV_MSR_SINT0 + VMBUS_SINT);
	sint.masked = true;
	hv_set_msr(HV_MSR_SINT0 + VMBUS_SINT, sint.as_uint64);

	synic_page_clear(HV_MSR_SIMP, own);
	synic_page_clear(HV_MSR_SIEFP, own);

	ctrl.as_uint64 = hv_get_msr(HV_MSR_SCONTROL);
	ctrl.enable = 0;
	hv_set_msr(HV_MSR_SCONTROL, ctrl.as_uint64);

	if (vmbus_irq != -1)
		disable_percpu_irq(vmbus_irq);
}

/**
 * vmbus_synic_resume() - enable the SynIC of this CPU in a restored image
 * @cpu: the CPU that this runs on
 *
 * The pages are as they were when the image was made, and a message may have
 * come between the moment when interrupts went off and the end of the SynIC.
 * Nobody would ever look at it, as its interrupt is lost, and the host would
 * find the slot taken for ever. Nothing is lost with it: there is no
 * connection, and timers are programmed anew. One of them may have expired
 * meanwhile, with no SynIC to deliver to: the end of message makes the
 * hypervisor try again.
 *
 * Context: syscore resume, interrupts off.
 */
void vmbus_synic_resume(unsigned int cpu)
{
	struct vmbus_cpu *vc = per_cpu_ptr(vmbus_conn.cpu, cpu);
	struct hv_message *slot = vmbus_msg_slot(vc);

	if (slot)
		WRITE_ONCE(slot->header.message_type, HVMSG_NONE);
	vmbus_synic_enable_regs(cpu);
	hv_set_msr(HV_MSR_EOM, 0);
}

/**
 * vmbus_synic_online() - a CPU has come online: let it take interrupts
 * @cpu: the CPU that this runs on
 *
 * Context: process context, bound to @cpu.
 * Return: 0 or -ENOMEM.
 */
int vmbus_synic_online(unsigned int cpu)
{
	struct vmbus_cpu *vc = per_cpu_ptr(vmbus_conn.cpu, cpu);
	int ret;

	/* A CPU that was not present at the start has no pages yet. */
	ret = synic_cpu_alloc(cpu);
	if (!ret)
		ret = synic_cpu_ready(vc);
	if (ret) {
		pr_err("no SynIC pages for CPU %u: %d\n", cpu, ret);
		return ret;
	}

	vmbus_synic_enable_regs(cpu);
	hv_stimer_legacy_init(cpu, VMBUS_SINT);
	WRITE_ONCE(vc->online, true);
	vmbus_affinity_cpu_online(cpu);
	return 0;
}

/*
 * The channels have left this CPU. A host that answers MODIFYCHANNEL has
 * stopped signalling it by now and what is in the flags is all there will be;
 * others get a moment. Either way the flags are handled here, not waited for.
 */
static void synic_drain(void)
{
	int i;

	vmbus_irq_drain();
	if (vmbus_proto_version >= HVB_V5_3)
		return;

	for (i = 0; i < SYNIC_LATE_EVENT_ROUNDS; i++) {
		usleep_range(SYNIC_LATE_EVENT_US, 2 * SYNIC_LATE_EVENT_US);
		vmbus_irq_drain();
	}
}

/**
 * vmbus_synic_offline() - a CPU is going offline: stop its interrupts
 * @cpu: the CPU that this runs on
 *
 * While connected the channels of the CPU are moved to others first. The CPU
 * that gets the host's messages has to stay: the host was told its number when
 * the connection was made.
 *
 * Context: process context, bound to @cpu.
 * Return: 0, -EBUSY, or why a channel could not be moved.
 */
int vmbus_synic_offline(unsigned int cpu)
{
	struct vmbus_cpu *vc = per_cpu_ptr(vmbus_conn.cpu, cpu);
	bool up = vmbus_conn_is_up();
	int ret;

	if (!vc->online)
		return 0;

	if (up) {
		if (cpu == VMBUS_CONNECT_CPU)
			return -EBUSY;

		ret = vmbus_affinity_cpu_offline(cpu);
		if (ret)
			return ret;

		synic_drain();
	}

	WRITE_ONCE(vc->online, false);
	hv_stimer_legacy_cleanup(cpu);
	WRITE_ONCE(vc->timer, false);
	vmbus_synic_disable_regs(cpu);

	/* What came between the last look and the switch. */
	if (up)
		vmbus_irq_drain();
	return 0;
}

struct synic_work {
	struct work_struct work;
	int (*fn)(unsigned int cpu);
	int ret;
};

static void synic_work_fn(struct work_struct *work)
{
	struct synic_work *sw = container_of(work, struct synic_work, work);

	sw->ret = sw->fn(smp_processor_id());
}

/*
 * On all CPUs at once, because setting up the SynIC of a CPU takes a number of
 * exits to the hypervisor and guests may have hundreds of CPUs. The caller has
 * cpus_read_lock().
 */
static int synic_on_each_cpu(struct synic_work __percpu *works,
			     int (*fn)(unsigned int cpu))
{
	unsigned int cpu;
	int ret = 0;

	for_each_online_cpu(cpu) {
		struct synic_work *sw = per_cpu_ptr(works, cpu);

		INIT_WORK(&sw->work, synic_work_fn);
		sw->fn = fn;
		schedule_work_on(cpu, &sw->work);
	}
	for_each_online_cpu(cpu) {
		struct synic_work *sw = per_cpu_ptr(works, cpu);

		flush_work(&sw->work);
		if (sw->ret)
			ret = sw->ret;
	}
	return ret;
}

/**
 * vmbus_synic_start() - enable the SynIC on all CPUs, now and at hotplug
 *
 * Context: process context; the interrupt handler is in place.
 * Return: 0 or a negative error code, with nothing left enabled.
 */
int vmbus_synic_start(void)
{
	struct synic_work __percpu *works;
	int ret;

	/* The way back, below, needs them too, and must not fail. */
	works = alloc_percpu(struct synic_work);
	if (!works)
		return -ENOMEM;

	cpus_read_lock();
	ret = synic_on_each_cpu(works, vmbus_synic_online);
	if (!ret)
		ret = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_AP_ONLINE_DYN,
							   "hyperv/vmbus:online",
							   vmbus_synic_online,
							   vmbus_synic_offline);
	if (ret < 0)
		synic_on_each_cpu(works, vmbus_synic_offline);
	cpus_read_unlock();

	free_percpu(works);
	if (ret < 0)
		return ret;

	synic_cpuhp_state = ret;
	return 0;
}

/**
 * vmbus_synic_stop() - disable the SynIC on all CPUs
 *
 * Context: process context, not connected. Also the last thing before kexec.
 */
void vmbus_synic_stop(void)
{
	if (synic_cpuhp_state == CPUHP_INVALID)
		return;

	cpuhp_remove_state(synic_cpuhp_state);
	synic_cpuhp_state = CPUHP_INVALID;
}

/**
 * vmbus_synic_post() - HvPostMessage (TLFS 11.10.1)
 * @conn_id: connection id
 * @payload: the message
 * @len: its length in bytes, at most %HVB_MSG_MAX
 *
 * Context: any; interrupts are off while the input page of the CPU is used.
 * Return: the hypercall's status (HV_STATUS_*, not negative) or -EMSGSIZE.
 */
int vmbus_synic_post(u32 conn_id, const void *payload, size_t len)
{
	struct synic_post_input *in;
	unsigned long flags;
	u64 status;

	if (len > sizeof(in->payload))
		return -EMSGSIZE;

	local_irq_save(flags);

	if (synic_policy().post_page)
		in = this_cpu_ptr(vmbus_conn.cpu)->post_page;
	else
		in = *this_cpu_ptr(hyperv_pcpu_input_arg);

	in->conn_id = conn_id;
	in->reserved = 0;
	in->msg_type = SYNIC_MSG_CHANNEL;
	in->len = len;
	memcpy(in->payload, payload, len);

	if (!ms_hyperv.paravisor_present)
		status = hv_do_hypercall(HVCALL_POST_MESSAGE, in, NULL);
	else if (hv_isolation_type_tdx())
		status = hv_tdx_hypercall(HVCALL_POST_MESSAGE,
					  virt_to_phys(in), 0);
	else if (hv_isolation_type_snp())
		status = hv_ghcb_hypercall(HVCALL_POST_MESSAGE, in, NULL,
					   sizeof(*in));
	else
		status = HV_STATUS_INVALID_PARAMETER;

	local_irq_restore(flags);

	return hv_result(status);
}
