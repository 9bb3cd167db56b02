/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ethernet frames as they are on the wire: tags in place, checksums done. The one
 * exception is a large frame (mss != 0): one TCP packet longer than the wire takes,
 * which travels whole to a peer that receives such and is cut for all others.
 *
 * Pure code: no device, no lock. A frame belongs to whoever holds the pointer.
 */
#ifndef HVHOST_NET_FRAME_H
#define HVHOST_NET_FRAME_H

#include "../../util/util.h"

#define ETH_HEADER	14u
#define ETH_MAC		6u
#define VLAN_TAG	4u
#define FRAME_MAX	(65536u + ETH_HEADER + VLAN_TAG)

struct frame {
	struct frame *next;
	uint32_t len;
	uint32_t mss;
	uint32_t parts;		/* packets that it was joined from, 0: none */
	/* What goes beside the frame to a guest. */
	uint32_t skip;		/* bytes at the start that it doesn't get */
	bool has_tci, has_csum, has_hash;
	uint16_t tci;
	uint32_t csum, hash;
	uint8_t data[];
};

/* NULL: no memory, or longer than FRAME_MAX. */
struct frame *frame_new(uint32_t len);
void frame_free(struct frame *f);

/* A list with an end and a bound. */
struct frame_list {
	struct frame *first, **last;
	uint32_t count;
	uint64_t bytes;
};
void frame_list_init(struct frame_list *l);
void frame_list_add(struct frame_list *l, struct frame *f);
struct frame *frame_list_take(struct frame_list *l);
/* Moves all of from to the end of to. */
void frame_list_join(struct frame_list *to, struct frame_list *from);
void frame_list_free(struct frame_list *l);

enum {
	PROTO_TCP	= 6,
	PROTO_UDP	= 17,
};

/* Where the headers of a frame are. */
struct headers {
	bool tagged;		/* an 802.1Q tag of type 0x8100 comes first */
	uint16_t tci;
	uint8_t version;	/* 4, 6, or 0: not IP, or malformed */
	uint8_t proto;		/* PROTO_TCP, PROTO_UDP, 0: another, a fragment, or malformed */
	uint32_t l3, l4;	/* offsets from the frame's start */
	uint32_t payload;	/* offset behind the L4 header (proto != 0) */
	uint32_t end;		/* end of the IP packet: an Ethernet trailer may follow */
};
/*
 * total: the IP total length may be trusted. A large packet of a guest has none
 * yet: then the frame's end is the packet's.
 */
void headers_parse(struct headers *h, const uint8_t *data, uint32_t len, bool total);

uint16_t get16(const uint8_t *p);	/* network byte order */
uint32_t get32(const uint8_t *p);
void put16(uint8_t *p, uint16_t value);
void put32(uint8_t *p, uint32_t value);

/* The one's complement sum of some bytes, added to a running sum, and its folding. */
uint64_t csum_add(uint64_t sum, const uint8_t *data, uint32_t len);
uint16_t csum_fold(uint64_t sum);
/* What the TCP or UDP checksum field (0 in the sum) has to hold. h->proto != 0 */
uint16_t csum_l4(const struct headers *h, const uint8_t *data);
void csum_fill_ip(const struct headers *h, uint8_t *data);
void csum_fill_l4(const struct headers *h, uint8_t *data);

enum csum_result {
	CSUM_IP_GOOD	= 1,
	CSUM_IP_BAD	= 2,
	CSUM_L4_GOOD	= 4,
	CSUM_L4_BAD	= 8,
};
/* Verifies what can be verified: a set of csum_result. */
unsigned int csum_check(const struct headers *h, const uint8_t *data);

/* Cuts a large frame into packets of its mss, appended to out. False: not TCP, no memory. */
bool frame_segment(const struct frame *f, struct frame_list *out);
/* Makes the large frame's own headers true: length fields and checksums. False: not TCP. */
bool frame_finish_large(struct frame *f);
/* How many packets a large frame stands for. */
uint32_t frame_segments(const struct frame *f);

/*
 * Receive coalescing: packets go in and come out on a list, joined where they may be. The
 * order of each connection's packets stays; what is kept comes out by coalesce_flush().
 */
#define COALESCE_FLOWS	16u
struct coalescer {
	struct coalesce_flow {
		struct frame_list parts;	/* empty: unused */
		struct headers h;		/* of the first part */
		uint32_t next;			/* sequence number of the next part */
		uint32_t bytes, mss;		/* of payload: in all, of the first part */
	} flow[COALESCE_FLOWS];
	unsigned int next;			/* the flow that gives way to a new one */
};
void coalescer_init(struct coalescer *c);
void coalesce_add(struct coalescer *c, struct frame *f, struct frame_list *out);
void coalesce_flush(struct coalescer *c, struct frame_list *out);

/* RSS (NDIS): the Toeplitz hash of the packet's tuple; types: RSS_IPV4 ... False: not hashed. */
uint32_t toeplitz(const uint8_t *key, uint32_t key_len, const uint8_t *data, uint32_t len);
bool rss_hash(const struct headers *h, const uint8_t *data, const uint8_t *key, uint32_t types,
	      uint32_t *hash);

#endif
