/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory without KVM: an array that stands at RAM_GPA, in place of
 * machine/memory.c. Beyond it lies nothing, and ASan watches its ends.
 */
#ifndef HVHOST_TEST_RAM_H
#define HVHOST_TEST_RAM_H

#include <string.h>

#include "../machine/machine.h"

#define RAM_GPA		0x100000ull
#define RAM_PAGES	64u
#define RAM_PFN		(RAM_GPA / PAGE_BYTES)

static uint8_t ram[RAM_PAGES][PAGE_BYTES] __attribute__((aligned(4096)));

void *guest_ptr(uint64_t gpa, uint64_t len)
{
	uint64_t offset = gpa - RAM_GPA;

	if (!len || gpa < RAM_GPA || offset >= sizeof(ram) || len > sizeof(ram) - offset)
		return NULL;
	return &ram[0][0] + offset;
}

bool guest_read(uint64_t gpa, void *to, uint64_t len)
{
	const void *from = guest_ptr(gpa, len);

	return from && memcpy(to, from, len);
}

bool guest_write(uint64_t gpa, const void *from, uint64_t len)
{
	void *to = guest_ptr(gpa, len);

	return to && memcpy(to, from, len);
}

#endif
