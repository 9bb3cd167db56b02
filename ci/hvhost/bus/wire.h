/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMBus control messages as bytes: parsing what a guest posted, building what the
 * host sends, naming both. Pure: no state, no lock, no memory but the caller's.
 *
 * Numbers and layouts are facts of the VMBus protocol; all fields are little endian
 * like the host itself.
 */
#ifndef HVHOST_WIRE_H
#define HVHOST_WIRE_H

#include "bus.h"

#define MESSAGE_BYTES	240	/* TLFS: payload of a SynIC message */
#define VERSION(major, minor)	((uint32_t)(major) << 16 | (minor))

enum message_type {
	MSG_OFFER		= 1,
	MSG_RESCIND		= 2,
	MSG_REQUEST_OFFERS	= 3,
	MSG_ALL_OFFERS		= 4,
	MSG_OPEN		= 5,
	MSG_OPEN_RESULT		= 6,
	MSG_CLOSE		= 7,
	MSG_GPADL_HEADER	= 8,
	MSG_GPADL_BODY		= 9,
	MSG_GPADL_CREATED	= 10,
	MSG_GPADL_TEARDOWN	= 11,
	MSG_GPADL_TORNDOWN	= 12,
	MSG_RELID_RELEASED	= 13,
	MSG_CONTACT		= 14,
	MSG_VERSION		= 15,
	MSG_UNLOAD		= 16,
	MSG_UNLOAD_RESPONSE	= 17,
	MSG_TL_CONNECT		= 21,
	MSG_MODIFY		= 22,
	MSG_TL_RESULT		= 23,
	MSG_MODIFY_RESPONSE	= 24,
	MSG_TYPES
};

/* Offer flags */
#define OFFER_ENUMERATE	0x0001
#define OFFER_PIPE	0x0010
#define OFFER_SOCKET	0x2000
#define PIPE_MESSAGE	4u		/* first user defined word of a pipe's offer */

#define STATUS_FAILED	0x8000ffffu
#define STATUS_REFUSED	0xc0000236u	/* nobody listens to that socket service */

#define VP_NONE		0xffffffffu	/* interrupts off, or no such VP */
#define MONITOR_NONE	0xff

/* A guest's message. Exactly the member that belongs to type is valid. */
struct guest_message {
	uint32_t type;
	union {
		struct {
			uint32_t version, vp;
			uint64_t interrupt_page;	/* below 5.0 */
			uint8_t sint, vtl;		/* from 5.0 on */
			uint64_t monitor[2];		/* to the guest, from the guest */
		} contact;
		struct {
			uint32_t relid, id, gpadl, vp, downstream;
			uint8_t user[USER_BYTES];
		} open;
		struct {
			uint32_t relid, gpadl;
			uint16_t bytes, ranges;
		} header;
		struct {
			uint32_t number, gpadl;
		} body;
		struct {
			uint32_t relid, gpadl;
		} teardown;
		struct {
			uint32_t relid;
		} channel;		/* close, relid released */
		struct {
			uint32_t relid, vp;
		} modify;
		struct {
			struct guid endpoint, service;
		} tl;
	};
	/* GPADL messages: the page words that follow, 8 bytes each */
	uint64_t word[28];
	unsigned int words;
};

enum parse_result {
	PARSE_OK,
	PARSE_SHORT,		/* less bytes than its type has */
	PARSE_UNKNOWN,		/* no such type, or one that only hosts send */
	PARSE_VERSION,		/* the negotiated version doesn't have it; or not connected */
};

/* version: the negotiated one, 0 while not connected. Reads nothing behind len. */
enum parse_result wire_parse(const void *bytes, size_t len, uint32_t version,
			     struct guest_message *m);
/* Is this a version that a host of at most max_version grants? */
bool wire_version_known(uint32_t version, uint32_t max_version);
/* "OPENCHANNEL" etc.; never NULL. */
const char *wire_name(uint32_t type);
const char *wire_reason(enum parse_result result);
/* All fields of a message as text, without newline; of either direction and any bytes. */
void wire_describe(const void *bytes, size_t len, struct text *line);

/*
 * Building: each writes a message and returns its length. The offer is the longest.
 */
struct host_message {
	uint8_t bytes[MESSAGE_BYTES];
	size_t len;
	uint32_t relid;			/* whose it is, where the bytes don't say; or 0 */
};

struct offer {
	struct guid type, instance;
	uint16_t flags, mmio_mb;
	uint8_t user[USER_BYTES];
	uint16_t sub;
	uint32_t relid, connection;
	uint8_t monitor;		/* MONITOR_NONE: none */
};

void wire_offer(struct host_message *m, const struct offer *offer);
void wire_version(struct host_message *m, bool supported, uint8_t state, uint32_t connection);
/* Types whose body is up to three words. */
void wire_words(struct host_message *m, uint32_t type, unsigned int count, uint32_t a,
		uint32_t b, uint32_t c);
void wire_tl_result(struct host_message *m, const struct guid *endpoint,
		    const struct guid *service, uint32_t status);

/*
 * The page list of a GPADL: count ranges in words. Calls page(arg, pfn, offset, bytes)
 * for each piece of a page, in order. False: a rule of the protocol is broken (empty
 * range, offset beyond a page, too few words), or page() said so.
 */
bool wire_ranges(const uint64_t *word, unsigned int words, unsigned int count,
		 bool (*page)(void *arg, uint64_t pfn, uint32_t offset, uint32_t bytes),
		 void *arg);

#endif
