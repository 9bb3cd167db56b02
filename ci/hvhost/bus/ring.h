/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's ends of a channel's two rings. The guest owns the memory and may
 * write anything into it at any time: indices are kept here, the guest's are
 * copied once and checked, packets are copied out before they are looked at.
 * Pure code over page pointers: unit tests and the fuzzer run it without KVM.
 *
 * Protocol facts: a ring is one control page and data pages; an index counts
 * bytes in the data; a packet ends with 8 bytes holding its start index << 32.
 */
#ifndef HVHOST_RING_H
#define HVHOST_RING_H

#include "../util/util.h"

enum packet_type {
	PKT_INBAND		= 6,
	PKT_TRANSFER_PAGES	= 7,
	PKT_GPA_DIRECT		= 9,
	PKT_COMPLETION		= 11,
};
#define PKT_FLAG_COMPLETION	1	/* the sender wants a completion */

struct ring {
	uint8_t *control;	/* the control page */
	uint8_t **pages;	/* data pages */
	uint32_t size;		/* data bytes */
	uint32_t index;		/* our own index: read (in ring) or write (out ring) */
	bool broken;		/* the guest wrote an impossible index; nothing moves any more */
};

/* A scattered guest buffer: byte ranges in host pointers, already bounds checked. */
struct sg_entry {
	uint8_t *ptr;
	uint32_t len;
};
struct sg {
	struct sg_entry *entry;
	unsigned int count;
	uint32_t bytes;
};

/* A packet copied out of a ring. */
struct packet {
	uint16_t type, flags;
	uint64_t transaction;
	uint8_t *data;		/* payload after the packet's (type specific) header */
	uint32_t len;
	struct sg sg;		/* GPA direct: the pages of all ranges, in order */
	unsigned int ranges;	/* GPA direct: how many ranges there were */
	uint32_t first_bytes;	/* GPA direct: bytes of the first range */
	uint8_t *buffer;	/* storage, reused from packet to packet */
	uint32_t buffer_room;
	unsigned int sg_room;
};

enum ring_result {
	RING_EMPTY	= 0,
	RING_PACKET	= 1,
	RING_BROKEN	= -1,	/* framing error: the channel is dead */
};

/* pages[0] is the control page; copies the array. False: no memory, too small, too large. */
bool ring_init(struct ring *r, uint8_t *const *pages, uint32_t count);
/* What the host writes when a channel opens: in masked, feature bit and no wish on out. */
void ring_open(struct ring *in, struct ring *out);
void ring_free(struct ring *r);

/*
 * Reads one packet. *signal: the guest waits for room (pending_send_size) and the
 * read crossed it, so it must be interrupted.
 */
enum ring_result ring_read(struct ring *in, struct packet *p, bool *signal);
/* Does the guest have something for us? */
bool ring_pending(struct ring *in);
/*
 * interrupt_mask of the guest-to-host ring: true while we poll it ourselves. After
 * unmasking, ring_pending() must be asked once more: the guest may have seen the mask.
 */
void ring_mask(struct ring *in, bool masked);

/*
 * Writes one packet: a header of header_len bytes after the common descriptor
 * (transfer page ranges; may be 0) and a payload. False: no room now.
 * *signal: ring was empty and the guest wants interrupts.
 */
bool ring_write(struct ring *out, enum packet_type type, uint16_t flags, uint64_t transaction,
		const void *header, uint32_t header_len, const void *data, uint32_t len,
		bool *signal);
/* The same with a descriptor that was made elsewhere: len bytes, a multiple of 8. */
bool ring_put(struct ring *out, const void *image, uint32_t len, bool *signal);
/* Bytes that a payload of len takes in the ring, trailer included. */
uint32_t ring_packet_bytes(uint32_t header_len, uint32_t len);
/* Free bytes in the out ring; a packet fits when it takes less than that. */
uint32_t ring_free_bytes(struct ring *out);
/*
 * pending_send_size of the out ring: asks the guest to signal when more than bytes are
 * free; 0 takes the wish back. True: there is room already (and the wish is withdrawn).
 */
bool ring_want_room(struct ring *out, uint32_t bytes);
void packet_free(struct packet *p);

/* Copies between a scattered buffer at an offset and memory; false: out of its bounds. */
bool sg_write(const struct sg *sg, uint32_t offset, const void *from, uint32_t len);
bool sg_read(const struct sg *sg, uint32_t offset, void *to, uint32_t len);

#endif
