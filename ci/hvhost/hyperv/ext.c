// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended hypercalls (TLFS): which there are, and the hint that guest pages are
 * cold, by which a guest says that the contents of free pages may be dropped.
 * KVM hands them on to user space where CPUID says that there are any.
 */
#include <stdatomic.h>
#include "internal.h"

#define CALL_QUERY_CAPABILITIES	0x8001u
#define CALL_HEAT_HINT		0x8003u
#define CAP_COLD_DISCARD	(1u << 8)
#define HINT_COLD_DISCARD	2u

/* Input value: repetitions and the first of them; result: how many are done. */
#define REP_COUNT(input)	((uint32_t)((input) >> 32) & 0xfff)
#define REP_START(input)	((uint32_t)((input) >> 48) & 0xfff)
#define RESULT(done, status)	((uint64_t)(done) << 32 | (status))

/* A range: 11 bits of further pages, a bit for large pages, then the first page. */
#define RANGE_MORE(range)	((range) & 0x7ff)
#define RANGE_LARGE		(1u << 11)
#define RANGE_GIGABYTE		(1u << 12)		/* of large pages only */
#define LARGE_SHIFT		21
#define SMALL_SHIFT		12

static atomic_ullong hints, bytes, refused;

void hyperv_cold(struct cold_counters *c)
{
	c->hints = hints;
	c->bytes = bytes;
	c->refused = refused;
}

static uint64_t query(uint64_t out)
{
	const uint64_t capabilities = CAP_COLD_DISCARD;

	if (out % 8)
		return HV_INVALID_ALIGNMENT;
	return guest_write(out, &capabilities, sizeof(capabilities)) ? HV_OK :
								       HV_INVALID_PARAMETER;
}

static bool discard(uint64_t range)
{
	unsigned int shift = range & RANGE_LARGE ? LARGE_SHIFT : SMALL_SHIFT;
	uint64_t len = (RANGE_MORE(range) + 1) << shift;
	uint64_t gpa = range >> shift << shift;

	if (range & RANGE_LARGE && range & RANGE_GIGABYTE)
		return false;
	if (gpa + len < gpa || !guest_discard(gpa, len))
		return false;
	bytes += len;
	return true;
}

static uint64_t heat_hint(uint64_t input, uint64_t in)
{
	uint32_t i = REP_START(input), count = REP_COUNT(input);
	uint64_t type, range;

	if (in % 8 || in % PAGE_BYTES + 8 + 8 * (uint64_t)count > PAGE_BYTES)
		return HV_INVALID_ALIGNMENT;
	if (!guest_read(in, &type, sizeof(type)) || type != HINT_COLD_DISCARD || i >= count)
		return HV_INVALID_PARAMETER;
	hints++;
	for (; i < count; i++)
		if (!guest_read(in + 8 + 8 * (uint64_t)i, &range, sizeof(range)) ||
		    !discard(range)) {
			refused++;
			return RESULT(i, HV_INVALID_PARAMETER);
		}
	return RESULT(count, HV_OK);
}

uint64_t ext_call(uint64_t input, uint64_t in, uint64_t out)
{
	if (!machine.config.cold_discard)
		return HV_INVALID_CODE;
	switch (input & 0xffff) {
	case CALL_QUERY_CAPABILITIES:
		return query(out);
	case CALL_HEAT_HINT:
		return heat_hint(input, in);
	default:
		return HV_INVALID_CODE;
	}
}
