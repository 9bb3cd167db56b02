// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory. One anonymous mapping holds low RAM, high RAM and the hot add
 * range, in that order. Blocks are only ever added while vCPUs run, so readers
 * take no lock: a block is complete before the count (or its new length) says so.
 */
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "pc.h"

#define HUGE_PAGE	(2 * MIB)
#define MAX_BLOCKS	1024		/* plugged pieces that don't touch */

struct block {
	uint64_t gpa;
	_Atomic uint64_t len;		/* grows when the next piece is plugged */
	uint8_t *host;
};

static uint8_t *memory;
static struct block block[MAX_BLOCKS];
static _Atomic unsigned int blocks;
static uint32_t slots;			/* KVM's memory slots in use */

uint64_t low_window_base(void)
{
	return LOW_WINDOW_END - machine.config.mmio_low;
}

uint64_t high_window_base(void)
{
	return ALIGN_UP(machine.hotadd_base + machine.config.hotadd, GIB);
}

static uint64_t all_bytes(void)
{
	return machine.low_ram + machine.high_ram + machine.config.hotadd;
}

/* Aligned like the guest's addresses, or KVM could not map huge pages as such. */
void memory_create(void)
{
	memory = mmap(NULL, all_bytes() + HUGE_PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		die_errno("guest memory of %llu MiB", (unsigned long long)(all_bytes() / MIB));
	memory += -(uintptr_t)memory % HUGE_PAGE;
	/* Both only help; either may be refused. */
	madvise(memory, all_bytes(), MADV_HUGEPAGE);
	madvise(memory, all_bytes(), MADV_DONTDUMP);
}

static bool slot_add(uint64_t gpa, uint64_t len, uint8_t *host)
{
	struct kvm_userspace_memory_region region = {
		.slot = slots,
		.guest_phys_addr = gpa,
		.memory_size = len,
		.userspace_addr = (uintptr_t)host,
	};

	if (ioctl(machine.vm_fd, KVM_SET_USER_MEMORY_REGION, &region))
		return false;
	slots++;
	return true;
}

static void block_add(uint64_t gpa, uint64_t len, uint8_t *host)
{
	unsigned int n = atomic_load(&blocks);

	block[n].gpa = gpa;
	block[n].host = host;
	atomic_store(&block[n].len, len);
	atomic_store(&blocks, n + 1);
}

void memory_attach(void)
{
	slots = 0;
	atomic_store(&blocks, 0);
	if (!slot_add(0, machine.low_ram, memory))
		die_errno("KVM_SET_USER_MEMORY_REGION");
	block_add(0, machine.low_ram, memory);
	if (!machine.high_ram)
		return;
	if (!slot_add(FOUR_GIB, machine.high_ram, memory + machine.low_ram))
		die_errno("KVM_SET_USER_MEMORY_REGION");
	block_add(FOUR_GIB, machine.high_ram, memory + machine.low_ram);
}

void memory_clear(void)
{
	if (madvise(memory, all_bytes(), MADV_DONTNEED))
		die_errno("madvise of guest memory");
}

static bool touches(uint64_t gpa, uint64_t len)
{
	unsigned int i, n = atomic_load(&blocks);

	for (i = 0; i < n; i++)
		if (gpa < block[i].gpa + block[i].len && block[i].gpa < gpa + len)
			return true;
	return false;
}

bool guest_plug(uint64_t gpa, uint64_t len)
{
	uint64_t offset = gpa - machine.hotadd_base;
	unsigned int n = atomic_load(&blocks);
	struct block *last = &block[n - 1];
	uint8_t *host;

	if (!len || gpa % PAGE_BYTES || len % PAGE_BYTES || gpa < machine.hotadd_base ||
	    offset > machine.config.hotadd || len > machine.config.hotadd - offset ||
	    touches(gpa, len))
		return false;
	host = memory + machine.low_ram + machine.high_ram + offset;
	/* A piece that continues the last one makes that longer, if it is hot added too. */
	if (last->gpa >= machine.hotadd_base && last->gpa + last->len == gpa) {
		if (!slot_add(gpa, len, host))
			return false;
		atomic_fetch_add(&last->len, len);
		return true;
	}
	if (n == MAX_BLOCKS || !slot_add(gpa, len, host))
		return false;
	block_add(gpa, len, host);
	return true;
}

void *guest_ptr(uint64_t gpa, uint64_t len)
{
	unsigned int i, n = atomic_load_explicit(&blocks, memory_order_acquire);

	for (i = 0; len && i < n; i++) {
		uint64_t offset = gpa - block[i].gpa;
		uint64_t room = atomic_load_explicit(&block[i].len, memory_order_acquire);

		if (gpa >= block[i].gpa && offset < room && len <= room - offset)
			return block[i].host + offset;
	}
	return NULL;
}

bool guest_read(uint64_t gpa, void *to, uint64_t len)
{
	const void *from = guest_ptr(gpa, len);

	if (!from)
		return false;
	memcpy(to, from, len);
	return true;
}

bool guest_write(uint64_t gpa, const void *from, uint64_t len)
{
	void *to = guest_ptr(gpa, len);

	if (!to)
		return false;
	memcpy(to, from, len);
	return true;
}

bool guest_discard(uint64_t gpa, uint64_t len)
{
	void *at = guest_ptr(gpa, len);

	if (!at || gpa % PAGE_BYTES || len % PAGE_BYTES)
		return false;
	return madvise(at, len, MADV_DONTNEED) == 0;
}
