// SPDX-License-Identifier: GPL-2.0-only
/*
 * SynIC: message slots, event flags and the interrupt of a SINT (TLFS,
 * "Inter-Partition Communication"). KVM keeps the registers and injects vectors;
 * user space fills the guest's pages.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "internal.h"

#define IOAPIC_PINS	24u
#define PIC_PINS	16u
#define SLOT_BYTES	256u		/* of a SINT, in the message page and in the event page */
#define REGISTER_ENABLE	1ull
#define PAGE_MASK	(~(uint64_t)(PAGE_BYTES - 1))
#define TYPE_CHANNEL	1u		/* message type of VMBus: "from a partition" */
#define FLAG_PENDING	1u

struct slot {
	_Atomic uint32_t type;		/* 0: free */
	uint8_t size;
	_Atomic uint8_t flags;
	uint8_t reserved[2];
	uint64_t sender;
	uint8_t payload[HV_MESSAGE_BYTES];
};
_Static_assert(sizeof(struct slot) == SLOT_BYTES, "a slot has 256 bytes");

struct message {
	struct message *next;
	uint32_t type;
	uint8_t len;
	uint8_t payload[HV_MESSAGE_BYTES];
};

struct queue {
	struct message *first, **end;
};

struct synic {
	pthread_mutex_t lock;
	unsigned int vp;
	uint64_t control, messages, events;	/* as last reported by KVM */
	struct queue queue[HV_SINTS];
	unsigned int waiting;			/* in all queues */
};

static struct synic *synic_of(unsigned int vp)
{
	return vp < machine.config.cpus ? machine.vcpu[vp].synic : NULL;
}

static unsigned int sint_gsi(unsigned int vp, unsigned int sint)
{
	return IOAPIC_PINS + vp * HV_SINTS + sint;
}

static void forget(struct synic *s)
{
	unsigned int i;

	for (i = 0; i < HV_SINTS; i++) {
		struct queue *q = &s->queue[i];

		while (q->first) {
			struct message *m = q->first;

			q->first = m->next;
			free(m);
		}
		q->end = &q->first;
	}
	s->waiting = 0;
}

/* Called again for the vCPU of the same index after a reset: other threads may know the address. */
void synic_setup_vcpu(struct vcpu *v)
{
	/* SYNIC2: the pages are the guest's own, KVM does not clear them. */
	struct kvm_enable_cap cap = { .cap = KVM_CAP_HYPERV_SYNIC2 };
	struct synic *s = v->synic;

	xioctl(v->fd, KVM_ENABLE_CAP, &cap, "KVM_CAP_HYPERV_SYNIC2");
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			die("out of memory");
		pthread_mutex_init(&s->lock, NULL);
		s->vp = v->index;
		v->synic = s;
	}
	pthread_mutex_lock(&s->lock);
	forget(s);
	s->control = 0;
	s->messages = 0;
	s->events = 0;
	pthread_mutex_unlock(&s->lock);
}

static void route_irqchip(struct kvm_irq_routing *r, unsigned int gsi, unsigned int chip,
			  unsigned int pin)
{
	r->entries[r->nr++] = (struct kvm_irq_routing_entry){
		.gsi = gsi, .type = KVM_IRQ_ROUTING_IRQCHIP,
		.u.irqchip = { .irqchip = chip, .pin = pin },
	};
}

/* Each SINT of each VP gets a GSI. The call replaces the whole table, so pins are said again. */
void synic_setup_routes(void)
{
	unsigned int most = PIC_PINS + IOAPIC_PINS + MAX_VCPUS * HV_SINTS, i, vp;
	struct kvm_irq_routing *r = calloc(1, sizeof(*r) + most * sizeof(r->entries[0]));

	if (!r)
		die("out of memory");
	for (i = 0; i < IOAPIC_PINS; i++) {
		if (i < PIC_PINS)
			route_irqchip(r, i, i < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE,
				      i % 8);
		route_irqchip(r, i, KVM_IRQCHIP_IOAPIC, i);
	}
	for (vp = 0; vp < machine.config.cpus; vp++)
		for (i = 0; i < HV_SINTS; i++)
			r->entries[r->nr++] = (struct kvm_irq_routing_entry){
				.gsi = sint_gsi(vp, i), .type = KVM_IRQ_ROUTING_HV_SINT,
				.u.hv_sint = { .vcpu = vp, .sint = i },
			};
	xioctl(machine.vm_fd, KVM_SET_GSI_ROUTING, r, "KVM_SET_GSI_ROUTING");
	free(r);
}

/* A masked or unset SINT loses it, as on a real host: the guest looks after unmasking. */
static void interrupt(struct synic *s, unsigned int sint)
{
	machine_irq(sint_gsi(s->vp, sint), true);
}

static void *page_of(const struct synic *s, uint64_t reg, unsigned int sint)
{
	if (!(s->control & REGISTER_ENABLE) || !(reg & REGISTER_ENABLE))
		return NULL;
	return guest_ptr((reg & PAGE_MASK) + sint * SLOT_BYTES, SLOT_BYTES);
}

/*
 * Moves the oldest message into the slot if that is free. A guest clears the type,
 * then looks whether messages are pending and if so says EOM. The host does the
 * mirror image: it says pending, then looks at the type again, so that one of the
 * two sees the other.
 */
static void pump(struct synic *s, unsigned int sint)
{
	struct queue *q = &s->queue[sint];
	struct message *m = q->first;
	struct slot *slot;

	if (!m)
		return;
	slot = page_of(s, s->messages, sint);
	if (!slot)
		return;
	if (atomic_load(&slot->type)) {
		atomic_fetch_or(&slot->flags, FLAG_PENDING);
		atomic_thread_fence(memory_order_seq_cst);
		if (atomic_load(&slot->type))
			return;
	}
	q->first = m->next;
	if (!q->first)
		q->end = &q->first;
	s->waiting--;
	memcpy(slot->payload, m->payload, m->len);
	slot->size = m->len;
	slot->sender = 0;
	atomic_store(&slot->flags, q->first ? FLAG_PENDING : 0);
	atomic_store(&slot->type, m->type);
	free(m);
	interrupt(s, sint);
}

static void pump_all(struct synic *s)
{
	unsigned int i;

	for (i = 0; i < HV_SINTS; i++)
		pump(s, i);
}

bool synic_room(unsigned int vp)
{
	struct synic *s = synic_of(vp);
	bool room;

	if (!s)
		return false;
	pthread_mutex_lock(&s->lock);
	room = s->waiting < HV_MESSAGE_QUEUE;
	pthread_mutex_unlock(&s->lock);
	return room;
}

bool synic_post_type(unsigned int vp, unsigned int sint, uint32_t type, const void *payload,
		     size_t len)
{
	struct synic *s = synic_of(vp);
	struct message *m;
	bool room;

	if (!s || sint >= HV_SINTS || len > HV_MESSAGE_BYTES)
		return false;
	m = calloc(1, sizeof(*m));
	if (!m)
		return false;
	m->type = type;
	m->len = (uint8_t)len;
	memcpy(m->payload, payload, len);
	pthread_mutex_lock(&s->lock);
	room = s->waiting < HV_MESSAGE_QUEUE;
	if (room) {
		*s->queue[sint].end = m;
		s->queue[sint].end = &m->next;
		s->waiting++;
		pump(s, sint);
	}
	pthread_mutex_unlock(&s->lock);
	if (!room)
		free(m);
	return room;
}

bool synic_post(unsigned int vp, unsigned int sint, const void *payload, size_t len)
{
	return synic_post_type(vp, sint, TYPE_CHANNEL, payload, len);
}

void synic_flag(unsigned int vp, unsigned int sint, unsigned int flag)
{
	struct synic *s = synic_of(vp);
	_Atomic uint32_t *flags;
	uint32_t bit = 1u << flag % 32;

	if (!s || sint >= HV_SINTS || flag >= HV_EVENT_FLAGS)
		return;
	pthread_mutex_lock(&s->lock);
	flags = page_of(s, s->events, sint);
	if (flags && !(atomic_fetch_or(&flags[flag / 32], bit) & bit))
		interrupt(s, sint);
	pthread_mutex_unlock(&s->lock);
}

void synic_forget(void)
{
	unsigned int vp;

	for (vp = 0; vp < machine.config.cpus; vp++) {
		struct synic *s = synic_of(vp);

		pthread_mutex_lock(&s->lock);
		forget(s);
		pthread_mutex_unlock(&s->lock);
	}
}

void synic_registers(struct vcpu *v, uint64_t control, uint64_t messages, uint64_t events)
{
	struct synic *s = v->synic;

	pthread_mutex_lock(&s->lock);
	s->control = control;
	s->messages = messages;
	s->events = events;
	pump_all(s);
	pthread_mutex_unlock(&s->lock);
}

void synic_eom(struct vcpu *v)
{
	struct synic *s = v->synic;

	pthread_mutex_lock(&s->lock);
	pump_all(s);
	pthread_mutex_unlock(&s->lock);
}
