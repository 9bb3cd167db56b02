/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults as values: one rule says what becomes of which bytes on their way to the
 * guest. Pure: no state but the caller's, no lock, no channel; unit tests run it alone.
 *
 * Vocabulary
 *   item     something on its way to the guest: a control message, a ring packet, an
 *            event flag, or bytes for a buffer of the guest (a section).
 *   image    its bytes. Of a packet: descriptor, header of its type, payload, padding.
 *   rule     which items (class, type, sub-channel, from which on, how many), and the
 *            verb that they meet.
 *   place    a part of an item, an offset in it and a width; named fields are places
 *            that a table has names for.
 *   outcome  what the rules made of one item.
 *
 * A rule has a text that makes the same rule again: what a seed made up is replayed so.
 */
#ifndef HVHOST_FAULT_RULE_H
#define HVHOST_FAULT_RULE_H

#include "../util/util.h"

enum fault_class {
	FAULT_MESSAGE,
	FAULT_PACKET,
	FAULT_FLAG,
	FAULT_SECTION,
	FAULT_CLASSES
};

enum fault_verb {
	FAULT_MUTE,
	FAULT_LATE,
	FAULT_DUPLICATE,
	FAULT_WRONG_ORDER,
	FAULT_CORRUPT,
	FAULT_TRUNCATE,
	FAULT_OVERSIZE,
	FAULT_REPLAY,
	FAULT_FLOOD,
	FAULT_VERBS
};

/* Of which bytes an offset counts. RX and TX: control pages of the guest's rings. */
enum fault_part {
	PART_MESSAGE,
	PART_DESCRIPTOR,
	PART_HEADER,
	PART_DATA,
	PART_SECTION,
	PART_FLAG,
	PART_RX,
	PART_TX,
	FAULT_PARTS
};

struct fault_place {
	enum fault_part part;
	uint32_t offset;
	unsigned int bytes;		/* 1, 2, 4 or 8 */
};

/* A name for a place, in items that have this type and this value at an offset of theirs. */
struct fault_field {
	const char *name;
	uint32_t type;			/* message or packet type, 0: any */
	struct fault_place at;
	uint8_t gate_offset, gate_bytes;	/* gate_bytes 0: no gate */
	uint32_t gate_value;
};

enum fault_operation { OP_SET, OP_XOR, OP_ADD };

#define FAULT_FOREVER	UINT64_MAX
#define FAULT_ANY_SUB	(-1)
#define FAULT_PACKET_EXTRA	8192u	/* most bytes that oversize adds */
#define FAULT_MESSAGE_BYTES	240u	/* TLFS: payload of a SynIC message */

struct fault_rule {
	struct fault_rule *next;
	enum fault_verb verb;
	enum fault_class class;
	uint32_t type;			/* message or packet type, 0: any */
	int sub;			/* sub-channel index or FAULT_ANY_SUB */
	uint64_t number;		/* ms, bytes, which or how many: by verb */
	/* corrupt */
	struct fault_place at;
	const struct fault_field *field;	/* NULL: any item of the class */
	enum fault_operation operation;
	uint64_t value;
	/* which items */
	uint64_t item;			/* exactly this one since `start`; 0: all */
	uint64_t skip, left;
	uint64_t hits;
};

struct fault_item {
	enum fault_class class;
	uint32_t type;
	unsigned int sub;
	uint8_t *bytes;
	uint32_t len, room;		/* a packet's len is a multiple of 8 */
	uint32_t data;			/* where a packet's payload begins */
};

#define FAULT_STORES	8u
struct fault_outcome {
	unsigned int copies;		/* 1 as it came in */
	uint32_t delay_ms;
	bool swap;			/* behind the next one */
	uint32_t replay;		/* also the item so many before it; 0: none */
	/* to be written into control pages of rings after it */
	struct fault_rule store[FAULT_STORES];
	unsigned int stores;
};

/*
 * Makes a rule of words: VERB ARGUMENT... [SELECTOR] [COUNT], see `help`. bus: messages are
 * meant unless a selector says otherwise, else packets. False: reason holds one line.
 */
bool fault_parse(int argc, char **argv, bool bus, struct fault_rule *r, char *reason,
		 size_t size);
/* The words of a rule, "at N" first where it has an item number. */
void fault_format(const struct fault_rule *r, struct text *t);
/* Is the rule about this item, the number-th of its class? Counts skip and left. */
bool fault_match(struct fault_rule *r, const struct fault_item *item, uint64_t number);
/* Changes item and outcome as the rule's verb says. */
void fault_apply(const struct fault_rule *r, struct fault_item *item,
		 struct fault_outcome *out);
/* The operation on a little endian value of the width of the rule's place. */
uint64_t fault_compute(const struct fault_rule *r, uint64_t old);
bool fault_number(const char *text, uint64_t max, uint64_t *value);
bool fault_verb_known(const char *word);

/* field.c */
extern const char *const fault_part_name[FAULT_PARTS];
extern const struct fault_field fault_fields[];	/* ends with a NULL name */
const struct fault_field *fault_field_find(const char *name);
/* Has the item this field? (type and gate; that the bytes are there too) */
bool fault_field_fits(const struct fault_field *f, const struct fault_item *item);
/* Where in the image the place begins; false: not in this item, or not all of it. */
bool fault_locate(const struct fault_item *item, const struct fault_place *at,
		  uint32_t *offset);
enum fault_class fault_part_class(enum fault_part part);
/* "packet", "inband", "OFFERCHANNEL"... False: neither a class nor a type. */
bool fault_selector(const char *word, enum fault_class *class, uint32_t *type);
const char *fault_selector_name(enum fault_class class, uint32_t type);
uint32_t fault_message_type(const char *name);	/* 0: no such; a beginning will do */

/* random.c */
struct fault_random {
	uint64_t state;
	uint32_t rate;			/* one item in so many is changed */
};
void fault_seed(struct fault_random *r, uint64_t seed, uint32_t rate);
uint64_t fault_draw(struct fault_random *r, uint64_t below);
/* Makes up to max rules for this item; 0: it stays as it is. */
unsigned int fault_invent(struct fault_random *r, const struct fault_item *item,
			  uint64_t number, struct fault_rule *rule, unsigned int max);

#endif
