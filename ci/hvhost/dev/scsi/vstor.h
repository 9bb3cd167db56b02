/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A synthetic storage controller: vstor protocol on one side, LUNs on the other.
 *
 *   vstor.c          handshake, dispatch, channel callbacks
 *   vstor_srb.c      one SCSI request: which unit, what answer
 *   vstor_lun.c      targets, LUN numbers, REPORT LUNS
 *   vstor_create.c   options of --device
 *   vstor_control.c  commands of the control socket
 *   vstor_fault.c    misbehaviour on purpose
 *   vstor_decode.c   text for --trace
 *   queue.c          per channel: parked requests, answers that wait for room
 *   scsi.c, fc.c     the device kinds
 *
 * One lock of its own, a leaf under a channel's: vstor.lock, for the steps of the
 * handshake that several threads see, FC names, fault.
 *
 * The table of LUNs has no lock. The main thread alone changes it; a worker that looks
 * a LUN up holds its channel's lock until it is done with it. So whoever takes a LUN
 * out of the table and then has had each channel's lock once knows that nobody uses
 * it any more.
 */
#ifndef HVHOST_VSTOR_H
#define HVHOST_VSTOR_H

#include <pthread.h>
#include <stdatomic.h>
#include "../../bus/bus.h"
#include "lun.h"
#include "vstor_wire.h"

#define VSTOR_TARGETS		128	/* what a Linux guest asks an FC host for; SCSI: 2 */
#define VSTOR_LUNS		256	/* per target: the LUN is a byte on the wire */
#define VSTOR_MAX_SUB		63
/* More than any guest's ring and tags allow to be outstanding on one channel. */
#define VSTOR_MAX_WAITING	4096
#define VSTOR_MAX_WAITING_BYTES	(16 * MIB)

enum vstor_state {
	VSTOR_WANT_BEGIN,
	VSTOR_WANT_VERSION,
	VSTOR_WANT_PROPERTIES,
	VSTOR_WANT_END,
	VSTOR_READY,
};

enum vstor_kind { VSTOR_SCSI, VSTOR_IDE, VSTOR_FC };

/* Made when the target gets its first LUN, freed with the controller. */
struct vstor_target {
	_Atomic(struct lun *) lun[VSTOR_LUNS];
};

/* What is changed in the next `count` messages that answer or carry operation `on`. */
struct vstor_fault {
	unsigned int count;
	uint32_t on;
	unsigned int set;		/* bits of enum vstor_fault_field */
	uint64_t value[9];		/* by the same enum */
	bool twice, lost;
};

struct vstor {
	struct hv_device *dev;
	enum vstor_kind kind;
	unsigned int targets;
	_Atomic uint16_t highest;	/* version that is granted at most */
	uint32_t max_transfer;
	bool overrun;			/* short transfers end with SRB_DATA_OVERRUN */

	_Atomic(enum vstor_state) state;
	_Atomic uint16_t version;	/* granted */
	pthread_mutex_t lock;
	atomic_uint created;		/* sub-channels that the guest asked for */
	struct vstor_fc_names names;
	struct vstor_fault fault;
	atomic_uint faults_left;	/* fault.count, to look without the lock */

	_Atomic(struct vstor_target *) target[VSTOR_TARGETS];

	_Atomic uint64_t requests[VSTOR_MAX_SUB + 1];	/* per channel, since creation */
	_Atomic uint64_t absent;	/* requests to LUNs that aren't there */
};

/* A SCSI request: on the stack while it runs, on the heap while it is parked. */
struct vstor_request {
	struct vstor_request *next;
	uint64_t due;			/* of now_ns(); UINT64_MAX: until the handshake has ended */
	uint64_t transaction;
	uint32_t body;			/* bytes of body in the answer */
	struct vstor_srb srb;
	struct sg sg;
	struct sg_entry entry[];
};

/* The device kinds, for devices.c. */
/* What the kinds of controllers share. */
#define VSTOR_OPS					\
	.threaded = true,				\
	.destroy = vstor_destroy,			\
	.open = vstor_open,				\
	.packet = vstor_packet,				\
	.timer = vstor_timer,				\
	.room = vstor_room,				\
	.close = vstor_close,				\
	.reset = vstor_reset,				\
	.command = vstor_command,			\
	.decode = vstor_decode

extern const struct hv_device_ops scsi_ops, ide_ops, fc_ops;

static inline struct vstor *vstor_of(const struct hv_channel *ch)
{
	return ch->dev->priv;
}

/* vstor.c: the callbacks of all kinds */
uint32_t vstor_open(struct hv_channel *ch);
void vstor_packet(struct hv_channel *ch, struct packet *p);
void vstor_timer(struct hv_channel *ch);
void vstor_room(struct hv_channel *ch);
void vstor_close(struct hv_channel *ch);
void vstor_reset(struct hv_device *dev);
/* Tells a guest that is ready about a changed bus or changed names. Main thread. */
bool vstor_notify(struct vstor *v, uint32_t op);
const char *vstor_state_name(enum vstor_state state);

/* vstor_srb.c. Channel lock held. */
void vstor_srb_execute(struct hv_channel *ch, struct vstor_request *rq, bool may_delay);

/*
 * vstor_lun.c. Looking up: the main thread, or a worker as long as it holds the lock of one
 * of the controller's channels. Everything else: main thread, no channel's lock held.
 */
struct lun *vstor_lun(struct vstor *v, unsigned int target, unsigned int lun);
/* Answers REPORT LUNS; returns the bytes written. Channel lock held. */
uint32_t vstor_report_luns(struct vstor *v, const struct vstor_srb *srb, const struct sg *data);
bool vstor_lun_add(struct vstor *v, unsigned int target, unsigned int lun, const char *spec,
		   char *error, size_t size);
bool vstor_lun_remove(struct vstor *v, unsigned int target, unsigned int lun);
int vstor_lun_free_number(struct vstor *v, unsigned int target);	/* -1: none */
/* Calls fn for each LUN, in order. */
void vstor_lun_each(struct vstor *v, void (*fn)(struct lun *unit, unsigned int target,
						unsigned int lun, void *arg), void *arg);
void vstor_lun_free_all(struct vstor *v);
/* "L" or "T.L"; false: no such address on this controller. */
bool vstor_address(const struct vstor *v, const char *text, unsigned int *target,
		   unsigned int *lun);

/* vstor_create.c */
bool vstor_create(struct hv_device *dev, enum vstor_kind kind, struct options *o, char *error,
		  size_t size);
void vstor_destroy(struct hv_device *dev);
bool vstor_version_parse(const char *text, uint16_t *version);

/* vstor_control.c */
bool vstor_command(struct hv_device *dev, int argc, char **argv, struct text *answer);
bool vstor_number(const char *text, uint64_t max, uint64_t *value);

/* fc.c */
bool fc_command(struct vstor *v, int argc, char **argv, struct text *answer);
void fc_names_describe(const struct vstor_fc_names *names, struct text *answer);

/* vstor_fault.c */
bool vstor_fault_set(struct vstor *v, int argc, char **argv, struct text *answer);
/* Is a fault due for a message of this operation? Then it is counted and copied. */
bool vstor_fault_take(struct vstor *v, uint32_t op, struct vstor_fault *fault);
/* Changes a message; returns the bytes of it that are to be sent. */
uint32_t vstor_fault_apply(const struct vstor_fault *fault, struct vstor_msg *msg,
			   uint32_t bytes, uint64_t *transaction);

/* vstor_decode.c */
void vstor_decode(struct hv_channel *ch, bool from_guest, const struct packet *p,
		  struct text *line);
const char *vstor_op_name(uint32_t op);
const char *vstor_cdb_name(uint8_t opcode);

/* queue.c. Channel lock held. */
bool queue_create(struct hv_channel *ch);
void queue_free(struct hv_channel *ch);
/*
 * Sends a message, or keeps it until there is room. `on` is the operation that it
 * answers, for faults. Too many that wait kill the channel.
 */
void queue_send(struct hv_channel *ch, bool completion, uint32_t on, uint64_t transaction,
		const struct vstor_msg *msg, uint32_t bytes);
void queue_flush(struct hv_channel *ch);
/* Copies the request into the list of the parked; false: too many, or no memory. */
bool queue_park(struct hv_channel *ch, const struct vstor_request *rq, uint64_t due);
/* Takes the first request out whose time has come, NULL: none. The caller frees it. */
struct vstor_request *queue_due(struct hv_channel *ch, uint64_t now);
/* What waited for the end of the handshake is due now. */
void queue_release(struct hv_channel *ch);
/* Sets the channel's timer for the first parked request. */
void queue_arm(struct hv_channel *ch);
unsigned int queue_parked(const struct hv_channel *ch);

#endif
