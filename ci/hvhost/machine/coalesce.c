// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes to a serial port's transmitter need no answer, so KVM collects them in a
 * ring ("coalesced PIO") instead of leaving the guest for each byte. The ring is
 * emptied before any other exit is handled, which keeps the order of accesses,
 * and by a timer, for a guest that writes and then does nothing.
 */
#include <sys/ioctl.h>
#include "pc.h"

#define DRAIN_NS	50000000ull
#define ENTRIES		((PAGE_BYTES - sizeof(struct kvm_coalesced_mmio_ring)) / \
			 sizeof(struct kvm_coalesced_mmio))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* taken before a UART's */
static struct kvm_coalesced_mmio_ring *ring;
static struct loop_timer *timer;

static bool is_empty(void)
{
	return !ring || __atomic_load_n(&ring->first, __ATOMIC_RELAXED) ==
			__atomic_load_n(&ring->last, __ATOMIC_ACQUIRE);
}

void coalesce_drain(void)
{
	if (is_empty())
		return;
	pthread_mutex_lock(&lock);
	while (!is_empty()) {
		uint32_t first = ring->first % ENTRIES;
		struct kvm_coalesced_mmio *e = &ring->coalesced_mmio[first];

		pio_write((uint16_t)e->phys_addr, e->data, e->len);
		__atomic_store_n(&ring->first, (first + 1) % ENTRIES, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
}

static void drain_again(void *arg)
{
	(void)arg;
	coalesce_drain();
	loop_timer_set(timer, DRAIN_NS);
}

static void collect(uint16_t port)
{
	struct kvm_coalesced_mmio_zone zone = { .addr = port, .size = 1, .pio = 1 };

	xioctl(machine.vm_fd, KVM_REGISTER_COALESCED_MMIO, &zone, "KVM_REGISTER_COALESCED_MMIO");
}

void coalesce_setup(void)
{
	int page = ioctl(machine.vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO);

	/* Without it all works as well, with more exits. */
	if (page <= 0 || ioctl(machine.vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_PIO) <= 0)
		return;
	/* One ring for the VM, mapped behind each vCPU's run area. */
	ring = (void *)((uint8_t *)machine.vcpu[0].run + (unsigned int)page * PAGE_BYTES);
	collect(COM1_PORT);
	collect(COM2_PORT);
	if (!timer)
		timer = loop_timer_new(drain_again, NULL);
	loop_timer_set(timer, DRAIN_NS);
}

void coalesce_end(void)
{
	coalesce_drain();
	ring = NULL;
}
