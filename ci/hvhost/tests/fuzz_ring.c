// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: a ring whose guest side, control words and data, is the input, as it
 * is or as the fields of packets that are nearly good.
 * Each page is an allocation of its own. What must hold whatever the guest does:
 * lengths fit, nothing is read beyond a page, reading comes to an end.
 */
#include "../bus/ring.h"
#include "fuzz.h"
#include "ram.h"

#define PAGES_MAX	3u
#define READS_MAX	4096u		/* a 3 page ring has fewer packets than that */

static uint8_t *page[PAGES_MAX + 1];
static uint8_t *peer[2];		/* the ring of the other direction */
static struct packet packet;

static void check_packet(const struct packet *p, const struct ring *r)
{
	uint8_t copy[64];
	uint32_t i, bytes = 0;

	MUST(p->len < r->size);
	MUST(!p->len || (p->data >= p->buffer && p->data + p->len <= p->buffer + p->buffer_room));
	for (i = 0; i < p->sg.count; i++)
		bytes += p->sg.entry[i].len;
	MUST(bytes == p->sg.bytes);
	MUST(!p->ranges || p->first_bytes <= bytes);
	MUST((p->type == PKT_GPA_DIRECT) == (p->ranges > 0));
	/* Touch it all. */
	for (i = 0; i < p->len; i++)
		bytes += p->data[i];
	for (i = 0; i + sizeof(copy) <= p->sg.bytes && i < 8192; i += sizeof(copy)) {
		MUST(sg_read(&p->sg, i, copy, sizeof(copy)));
		MUST(sg_write(&p->sg, i, copy, sizeof(copy)));
	}
	MUST(!sg_read(&p->sg, p->sg.bytes, copy, 1));
}

static void read_all(struct ring *r, struct input *in)
{
	unsigned int reads = 0;
	bool due;

	for (;;) {
		enum ring_result result = ring_read(r, &packet, &due);

		MUST(r->index < r->size && r->index % 8 == 0);
		if (result != RING_PACKET)
			return;
		check_packet(&packet, r);
		MUST(++reads < READS_MAX);
		/* The guest moves its index meanwhile. */
		if (in->at < in->end && take8(in) == 0xff)
			((uint32_t *)r->control)[0] = take32(in);
	}
}

static void write_some(struct ring *r, struct input *in)
{
	static uint8_t data[1024];
	unsigned int i;
	bool due;

	for (i = 0; i < 32; i++) {
		uint32_t len = take16(in) % sizeof(data), header = take8(in) % 64 * 8u;
		uint32_t room = ring_free_bytes(r);
		bool done = ring_write(r, PKT_INBAND, 1, i, data, header, data, len, &due);

		MUST(!done || room > ring_packet_bytes(header, len));
		MUST(r->index < r->size && r->index % 8 == 0);
		if (!done)
			ring_want_room(r, len);
		if (take8(in) & 1)
			((uint32_t *)r->control)[1] = take32(in);
	}
}

static void poke(uint32_t size, uint32_t at, const void *from, uint32_t len)
{
	const uint8_t *p = from;

	for (; len--; at++)
		page[1 + at % size / PAGE_BYTES][at % PAGE_BYTES] = *p++;
}

/* Packets with a fault here and there; random bytes hardly ever pass as one. */
static void nearly_good(uint32_t size, struct input *in)
{
	uint32_t *control = (uint32_t *)page[0];
	uint32_t at = control[1] % size / 8 * 8, used = 0;

	control[1] = at;
	while (in->at < in->end && used + 600 < size) {
		static const uint16_t types[] = { PKT_INBAND, PKT_GPA_DIRECT, PKT_GPA_DIRECT,
						  PKT_TRANSFER_PAGES, PKT_COMPLETION };
		uint8_t shape = take8(in), fault = take8(in);
		unsigned int words = shape % 32 + 2, i;
		uint16_t head[4] = { types[shape / 32 % ARRAY_SIZE(types)],
				     (uint16_t)(2 + words), (uint16_t)(3 + words), shape & 1 };
		uint64_t body[40] = { 1ull << 32, (words - 2) * (uint64_t)PAGE_BYTES };

		for (i = 2; i < words; i++)
			body[i] = RAM_PFN + take8(in) % RAM_PAGES;
		if (fault < 4)
			head[fault] = take16(in);
		else if (fault < 40)
			take(in, &body[fault - 4], 8);
		poke(size, at, head, sizeof(head));
		poke(size, at + 16, body, 8 * (words + 1));
		at = (at + 8 * (words + 4)) % size;
		used += 8 * (words + 4);
	}
	control[0] = at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	unsigned int pages = take8(&in) % PAGES_MAX + 1, i;
	uint8_t mode = take8(&in);
	bool write = mode & 1;
	struct ring ring, other;

	for (i = 0; i <= pages; i++) {
		page[i] = calloc(1, PAGE_BYTES);
		MUST(page[i]);
	}
	for (i = 0; i < 2; i++) {
		peer[i] = calloc(1, PAGE_BYTES);
		MUST(peer[i]);
	}
	take(&in, page[0], 16);
	((uint32_t *)page[0])[1] &= 0xfff8;	/* often a possible one */
	MUST(ring_init(&ring, page, pages + 1));
	MUST(ring_init(&other, peer, 2));
	if (mode & 2)
		nearly_good(pages * PAGE_BYTES, &in);
	else
		for (i = 1; i <= pages; i++)
			take(&in, page[i], take16(&in) % (PAGE_BYTES + 1));
	ring_open(write ? &other : &ring, write ? &ring : &other);
	if (ring.broken)
		MUST(ring_read(&ring, &packet, &write) == RING_BROKEN);
	else if (write)
		write_some(&ring, &in);
	else
		read_all(&ring, &in);
	ring_free(&ring);
	ring_free(&other);
	for (i = 0; i <= pages; i++)
		free(page[i]);
	free(peer[0]);
	free(peer[1]);
	return 0;
}
