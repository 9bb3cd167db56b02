/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Misbehaviour on purpose: the one place that all bytes to the guest pass through.
 *
 * Vocabulary (more in rule.h): a target is a device, or the bus itself; it has rules, a
 * count of the items that passed since `start`, the newest items for replays, and perhaps
 * a seed. A parked item waits for its time or for the next one. A step is a point of a
 * handshake at which a device is rescinded.
 *
 * Where bytes come from: guest_post() (messages), write_packet() (packets), flush() (event
 * flags) and gpadl_write() (sections) ask fault_on, then come here. What leaves again does
 * so by message_emit(), slot_put(), synic_flag() and the caller's own copy. A message meets
 * the bus's rules first, then those of the device that it is about.
 *
 * Locks: one for everything here, below bus, channel and GPADL table; it is never held
 * while something is sent. Late items and rescinds run in the main thread.
 */
#ifndef HVHOST_FAULT_H
#define HVHOST_FAULT_H

#include "../bus/internal.h"
#include "rule.h"

/* A message to the guest, instead of message_emit(). */
void fault_post(const struct host_message *m);
/*
 * A packet for which the ring has room, slot.lock held. False: nothing is to happen to
 * this device, and nothing was done.
 */
bool fault_packet(struct bus_channel *s, const struct packet *p, const void *header,
		  uint32_t header_len);
/* An event flag. False as above. slot.lock held. */
bool fault_flag(struct bus_channel *s, uint32_t vp);
/*
 * Bytes for a buffer of relid's channel. NULL: as they are; else what to write instead
 * (*len of them, perhaps 0), to be freed.
 */
void *fault_section(uint32_t relid, const void *from, uint64_t *len);

/* step.c. A message of the guest is going to be handled; bus.lock held. */
void fault_guest_message(const struct guest_message *m);
/* It was handled; bus.lock held. */
void fault_settle(void);
/* The guest's packet is going to be handled; slot.lock held. */
void fault_guest_packet(struct bus_channel *s);
/* Is this post to be refused for want of buffers? */
bool fault_refuses(uint32_t type);

/* command.c. `TARGET fault ...`, argv[0] is the word after "fault". dev NULL: the bus. */
bool fault_command(struct hv_device *dev, int argc, char **argv, struct text *answer);
/* Is the word one of ours? (Devices may have faults of their own.) */
bool fault_word(const char *word);
extern const char fault_help[];
/* A reset of the guest: what is parked is forgotten, rules stay. */
void fault_reset(void);

/* ---- what the files here share ---- */

#define HISTORY		8u
#define KEPT_BYTES	4096u

struct kept {
	struct bus_channel *slot;	/* packets, flags */
	uint32_t len;
	uint8_t *bytes;			/* KEPT_BYTES of them, or NULL */
};

struct fault_target {
	struct fault_target *next;
	struct hv_device *dev;		/* NULL: the bus */
	struct fault_rule *rules, **end;
	bool active, started;
	unsigned int fuzz;		/* classes to make faults up for, by bit */
	struct fault_random random[FAULT_CLASSES];	/* flags come when they like */
	uint64_t count[FAULT_CLASSES], changed[FAULT_CLASSES];
	struct kept kept[FAULT_CLASSES][HISTORY];	/* ring, by count */
};

extern pthread_mutex_t fault_lock;

/* engine.c; fault_lock held */
struct fault_target *fault_target(struct hv_device *dev, bool make);
void fault_target_clear(struct fault_target *t);
void fault_target_start(struct fault_target *t);
/* Works fault_on out again. */
void fault_enable(void);
/* Writes a ring control word of an open channel; slot.lock held. */
void fault_store(struct bus_channel *s, const struct fault_rule *r);
void fault_note(const char *fmt, ...) PRINTF(1, 2);

/* park.c */
struct parcel {
	enum fault_class class;
	struct bus_channel *slot;	/* packets, flags; locked by the caller of parcel_send */
	uint32_t vp;			/* flags */
	const uint8_t *bytes;
	uint32_t len;
};
void parcel_send(const struct parcel *p);
/* Copies; delay_ms 0: until the next item of the same class and channel. */
void park(const struct parcel *p, uint32_t delay_ms);
/* Sends what waits for this parcel to have gone. */
void unpark_behind(const struct parcel *p);
/* dev NULL: all. */
void park_forget(const struct hv_device *dev);
unsigned int park_count(void);

/* step.c, fault_lock held */
bool step_pending(void);
void step_add(struct hv_device *dev, const char *step, uint64_t times);
void step_clear(const struct hv_device *dev);
void step_list(const struct hv_device *dev, struct text *answer);
bool step_known(const char *step);
void step_message(struct hv_device *dev, uint32_t type);
void step_sent(struct hv_device *dev);
void refuse_set(uint64_t times, uint32_t type);

#endif
