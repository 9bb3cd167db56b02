// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring arithmetic and framing, see ring.h. Layout of the control page (VMBus
 * protocol): write index, read index, interrupt mask, pending send size, 12
 * reserved words, feature bits.
 */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

#include "../machine/machine.h"

#define RING_MAX_PAGES	8192u		/* a GPADL can't describe more */
#define TRAILER_BYTES	8u
#define FEATURE_PENDING_SIZE	1u
#define SG_MAX		16384u		/* host ranges of one packet */

struct control {
	uint32_t write, read, mask, pending_size;
	uint32_t reserved[12];
	uint32_t features;
};

struct descriptor {
	uint16_t type, offset8, len8, flags;
	uint64_t transaction;
};

struct gpa_range {
	uint32_t bytes, offset;
};

static uint32_t load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *p, uint32_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

static void fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static struct control *control(const struct ring *r)
{
	return (struct control *)r->control;
}

bool ring_init(struct ring *r, uint8_t *const *pages, uint32_t count)
{
	memset(r, 0, sizeof(*r));
	if (count < 2 || count > RING_MAX_PAGES)
		return false;
	r->pages = malloc((count - 1) * sizeof(*r->pages));
	if (!r->pages)
		return false;
	memcpy(r->pages, pages + 1, (count - 1) * sizeof(*r->pages));
	r->control = pages[0];
	r->size = (count - 1) * PAGE_BYTES;
	return true;
}

void ring_open(struct ring *in, struct ring *out)
{
	in->index = load(&control(in)->read);
	out->index = load(&control(out)->write);
	in->broken = in->index >= in->size || in->index % 8;
	out->broken = out->index >= out->size || out->index % 8;
	store(&control(in)->mask, 1);
	store(&control(out)->pending_size, 0);
	__atomic_fetch_or(&control(out)->features, FEATURE_PENDING_SIZE, __ATOMIC_SEQ_CST);
}

void ring_free(struct ring *r)
{
	free(r->pages);
	memset(r, 0, sizeof(*r));
}

/* An index that the guest wrote, copied once; marks the ring broken when it can't be one. */
static bool guest_index(struct ring *r, const uint32_t *p, uint32_t *index)
{
	*index = load(p);
	if (r->broken || *index >= r->size || *index % 8) {
		r->broken = true;
		return false;
	}
	return true;
}

static void copy_out(const struct ring *r, uint32_t at, void *to, uint32_t len)
{
	uint8_t *p = to;

	at %= r->size;
	while (len) {
		uint32_t n = PAGE_BYTES - at % PAGE_BYTES;

		if (n > len)
			n = len;
		memcpy(p, r->pages[at / PAGE_BYTES] + at % PAGE_BYTES, n);
		p += n;
		len -= n;
		at = (at + n) % r->size;
	}
}

/* Returns the index behind the bytes. */
static uint32_t copy_in(const struct ring *r, uint32_t at, const void *from, uint32_t len)
{
	const uint8_t *p = from;

	while (len) {
		uint32_t n = PAGE_BYTES - at % PAGE_BYTES;

		if (n > len)
			n = len;
		memcpy(r->pages[at / PAGE_BYTES] + at % PAGE_BYTES, p, n);
		p += n;
		len -= n;
		at = (at + n) % r->size;
	}
	return at;
}

static bool sg_add(struct packet *p, uint8_t *ptr, uint32_t len)
{
	struct sg *sg = &p->sg;
	struct sg_entry *last = sg->count ? &sg->entry[sg->count - 1] : NULL;

	if (len > UINT32_MAX - sg->bytes)
		return false;
	sg->bytes += len;
	if (last && last->ptr + last->len == ptr) {
		last->len += len;
		return true;
	}
	if (sg->count == p->sg_room) {
		unsigned int room = p->sg_room ? 2 * p->sg_room : 64;
		struct sg_entry *more;

		if (room > SG_MAX)
			return false;
		more = realloc(sg->entry, room * sizeof(*more));
		if (!more)
			return false;
		sg->entry = more;
		p->sg_room = room;
	}
	sg->entry[sg->count++] = (struct sg_entry){ ptr, len };
	return true;
}

/* One range of a GPA direct packet: checks of the VMBus protocol, then the page list. */
static bool add_range(struct packet *p, const uint8_t **at, const uint8_t *end)
{
	struct gpa_range range;
	uint64_t pages, pfn;
	uint32_t left, offset;

	if ((size_t)(end - *at) < sizeof(range))
		return false;
	memcpy(&range, *at, sizeof(range));
	*at += sizeof(range);
	if (!range.bytes || range.offset >= PAGE_BYTES)
		return false;
	pages = ((uint64_t)range.offset + range.bytes + PAGE_BYTES - 1) / PAGE_BYTES;
	if (pages > (size_t)(end - *at) / sizeof(pfn))
		return false;
	offset = range.offset;
	for (left = range.bytes; left; offset = 0) {
		uint32_t n = PAGE_BYTES - offset;
		uint8_t *ptr;

		if (n > left)
			n = left;
		memcpy(&pfn, *at, sizeof(pfn));
		*at += sizeof(pfn);
		if (pfn > UINT64_MAX / PAGE_BYTES)
			return false;
		ptr = guest_ptr(pfn * PAGE_BYTES, PAGE_BYTES);
		if (!ptr || !sg_add(p, ptr + offset, n))
			return false;
		left -= n;
	}
	if (!p->ranges++)
		p->first_bytes = range.bytes;
	return true;
}

/* The header between descriptor and payload: reserved word, range count, ranges. */
static bool parse_gpa_direct(struct packet *p, uint32_t header_len)
{
	const uint8_t *at = p->buffer, *end = p->buffer + header_len;
	uint32_t count;

	if (header_len < 8)
		return false;
	memcpy(&count, at + 4, sizeof(count));
	if (!count || count > header_len / (sizeof(struct gpa_range) + 8))
		return false;
	for (at += 8; count; count--)
		if (!add_range(p, &at, end))
			return false;
	return true;
}

static bool packet_room(struct packet *p, uint32_t len)
{
	uint8_t *more;

	if (p->buffer && p->buffer_room >= len)
		return true;
	more = realloc(p->buffer, ALIGN_UP(len + 1, 4096));
	if (!more)
		return false;
	p->buffer = more;
	p->buffer_room = ALIGN_UP(len + 1, 4096);
	return true;
}

static bool parse(struct ring *in, struct packet *p, uint32_t avail, uint32_t *taken)
{
	struct descriptor d;
	uint32_t len, offset;

	if (avail < sizeof(d) + TRAILER_BYTES)
		return false;
	copy_out(in, in->index, &d, sizeof(d));
	len = d.len8 * 8u;
	offset = d.offset8 * 8u;
	if (offset < sizeof(d) || offset > len || len + TRAILER_BYTES > avail)
		return false;
	if (d.flags & ~PKT_FLAG_COMPLETION)
		return false;
	if (d.type != PKT_INBAND && d.type != PKT_TRANSFER_PAGES && d.type != PKT_GPA_DIRECT &&
	    d.type != PKT_COMPLETION)
		return false;
	if (!packet_room(p, len - sizeof(d)))
		return false;
	copy_out(in, in->index + sizeof(d), p->buffer, len - sizeof(d));
	p->type = d.type;
	p->flags = d.flags;
	p->transaction = d.transaction;
	p->data = p->buffer + offset - sizeof(d);
	p->len = len - offset;
	*taken = len + TRAILER_BYTES;
	return d.type != PKT_GPA_DIRECT || parse_gpa_direct(p, offset - sizeof(d));
}

enum ring_result ring_read(struct ring *in, struct packet *p, bool *signal)
{
	struct control *c = control(in);
	uint32_t write, avail, taken, want, free_now;

	*signal = false;
	p->sg.count = 0;
	p->sg.bytes = 0;
	p->ranges = 0;
	p->first_bytes = 0;
	if (!guest_index(in, &c->write, &write))
		return RING_BROKEN;
	avail = (write + in->size - in->index) % in->size;
	if (!avail)
		return RING_EMPTY;
	if (!parse(in, p, avail, &taken)) {
		in->broken = true;
		return RING_BROKEN;
	}
	in->index = (in->index + taken) % in->size;
	store(&c->read, in->index);
	/* The guest sets its wish, then reads the index; here the other way round. */
	fence();
	want = load(&c->pending_size);
	if (!want)
		return RING_PACKET;
	if (!guest_index(in, &c->write, &write))
		return RING_PACKET;	/* the packet is good; the next read reports */
	free_now = in->size - (write + in->size - in->index) % in->size;
	*signal = free_now > want && (free_now <= taken || free_now - taken <= want);
	return RING_PACKET;
}

bool ring_pending(struct ring *in)
{
	return in->broken || load(&control(in)->write) != in->index;
}

void ring_mask(struct ring *in, bool masked)
{
	store(&control(in)->mask, masked);
	fence();
}

uint32_t ring_packet_bytes(uint32_t header_len, uint32_t len)
{
	return ALIGN_UP((uint32_t)sizeof(struct descriptor) + header_len + len, 8u) +
	       TRAILER_BYTES;
}

uint32_t ring_free_bytes(struct ring *out)
{
	uint32_t read;

	if (!guest_index(out, &control(out)->read, &read))
		return 0;
	return out->size - (out->index + out->size - read) % out->size;
}

bool ring_want_room(struct ring *out, uint32_t bytes)
{
	struct control *c = control(out);

	store(&c->pending_size, bytes);
	if (!bytes)
		return false;
	fence();
	if (ring_free_bytes(out) <= bytes)
		return false;
	store(&c->pending_size, 0);
	return true;
}

bool ring_write(struct ring *out, enum packet_type type, uint16_t flags, uint64_t transaction,
		const void *header, uint32_t header_len, const void *data, uint32_t len,
		bool *signal)
{
	static const uint8_t zero[8];
	struct control *c = control(out);
	uint64_t trailer = (uint64_t)out->index << 32;
	uint32_t start = out->index, at, body;
	struct descriptor d;

	*signal = false;
	/* len8 has 16 bits; header_len keeps the payload aligned only in eights. */
	if (header_len % 8 || header_len > 0x40000 || len > 0x7ffe8 - header_len)
		return false;
	body = sizeof(d) + header_len + len;
	/* Full and empty must differ: one packet never takes the last byte. */
	if (ring_free_bytes(out) <= ring_packet_bytes(header_len, len))
		return false;
	d = (struct descriptor){ type, (sizeof(d) + header_len) / 8, ALIGN_UP(body, 8u) / 8,
				 flags, transaction };
	at = copy_in(out, start, &d, sizeof(d));
	at = copy_in(out, at, header, header_len);
	at = copy_in(out, at, data, len);
	at = copy_in(out, at, zero, ALIGN_UP(body, 8u) - body);
	out->index = copy_in(out, at, &trailer, sizeof(trailer));
	store(&c->write, out->index);
	/* The guest clears the mask, then looks at the index. */
	fence();
	*signal = !load(&c->mask) && load(&c->read) == start;
	return true;
}

bool ring_put(struct ring *out, const void *image, uint32_t len, bool *signal)
{
	struct control *c = control(out);
	uint64_t trailer = (uint64_t)out->index << 32;
	uint32_t start = out->index, at;

	*signal = false;
	if (!len || len % 8 || ring_free_bytes(out) <= len + TRAILER_BYTES)
		return false;
	at = copy_in(out, start, image, len);
	out->index = copy_in(out, at, &trailer, sizeof(trailer));
	store(&c->write, out->index);
	fence();
	*signal = !load(&c->mask) && load(&c->read) == start;
	return true;
}

void packet_free(struct packet *p)
{
	free(p->buffer);
	free(p->sg.entry);
	memset(p, 0, sizeof(*p));
}

static bool sg_copy(const struct sg *sg, uint32_t offset, uint8_t *mem, uint32_t len, bool to_sg)
{
	if (offset > sg->bytes || len > sg->bytes - offset)
		return false;
	for (unsigned int i = 0; i < sg->count && len; i++) {
		const struct sg_entry *e = &sg->entry[i];
		uint32_t n;

		if (offset >= e->len) {
			offset -= e->len;
			continue;
		}
		n = e->len - offset;
		if (n > len)
			n = len;
		if (to_sg)
			memcpy(e->ptr + offset, mem, n);
		else
			memcpy(mem, e->ptr + offset, n);
		mem += n;
		len -= n;
		offset = 0;
	}
	return !len;
}

bool sg_write(const struct sg *sg, uint32_t offset, const void *from, uint32_t len)
{
	return sg_copy(sg, offset, (uint8_t *)from, len, true);
}

bool sg_read(const struct sg *sg, uint32_t offset, void *to, uint32_t len)
{
	return sg_copy(sg, offset, to, len, false);
}
