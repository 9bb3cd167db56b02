/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the bus share.
 *
 * Vocabulary: a slot is the bus's record of a (device, sub-channel index) pair; it
 * exists as long as its device. While the guest knows it, it has a relid, from the
 * offer until the guest's RELID_RELEASED or the end of the connection.
 *
 * Locks, in order:
 *   bus.lock	connection, relids, which slots are offered. Held while a control
 *		message is handled.
 *   slot.lock	rings, packets, the device's callbacks.
 *   gpadl.c	its table and reference counts.
 *   out queue	(connection.c) messages that wait for SynIC.
 *   posts	(posts.c) messages that wait to be handled.
 *   SynIC, log, loop: leaves.
 */
#ifndef HVHOST_BUS_INTERNAL_H
#define HVHOST_BUS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "../hyperv/hyperv.h"
#include "bus.h"
#include "wire.h"

#define VMBUS_SINT	2
#define MAX_RELID	2047u		/* event flags of a SINT; 0 is no channel */
#define MAX_SUB		1023u		/* sub-channels of a device */

enum slot_state {
	SLOT_IDLE,			/* no relid */
	SLOT_OFFERED,			/* the guest may open it */
	SLOT_OPEN,
	SLOT_RESCINDED,			/* waits for RELID_RELEASED */
};

struct worker;
struct gpadl;

struct bus_channel {
	struct hv_channel ch;
	struct worker *worker;		/* set at the first open, then constant */
	struct bus_channel *worker_next;

	/* bus.lock */
	enum slot_state state;
	bool wanted;			/* to be offered once the relid is free */
	uint8_t monitor;		/* MONITOR_NONE: none */

	/* slot.lock; gate lets a waiting thread in before the worker takes it again */
	pthread_mutex_t gate, lock;
	atomic_uint waiters;
	bool open;
	atomic_bool dead;
	struct ring in, out;
	struct gpadl *ring_gpadl;
	struct packet packet;
	unsigned int held;
	bool signal_due;
	uint32_t room_wanted;		/* bytes that a failed send needs, 0: none */
	atomic_uint opens;

	/* any thread */
	_Atomic uint32_t target_vp;
	_Atomic uint64_t deadline;	/* channel_timer(), 0: none */
	atomic_bool kicked;

	/* counters; written under slot.lock */
	_Atomic uint64_t signals_in, signals_out, packets_in, packets_out, bytes_in, bytes_out;
	_Atomic uint64_t full, monitor_hits;
	char why_dead[80];
};

struct bus_device {
	struct bus_device *next;
	struct hv_device dev;
	bool wanted;			/* bus.lock: offered, as far as the host goes */
	_Atomic(struct bus_channel *) slot[];	/* max_sub + 1 */
};

struct bus {
	pthread_mutex_t lock;
	uint32_t max_version;
	_Atomic uint32_t version;	/* 0: not connected */
	bool offers_requested;
	uint32_t message_vp;
	uint64_t monitor_gpa[2];	/* 0: none; to the guest, from the guest */
	_Atomic(struct bus_channel *) relid[MAX_RELID + 1];
	struct bus_device *devices, **devices_end;	/* written by the main thread only */
	unsigned int contacts, ignored;
};
extern struct bus bus;

#define SLOT(hv_channel)	((hv_channel)->bus)

/* connection.c */
/* A message for the guest, which meets its faults first. Any thread. */
void guest_post(const struct host_message *m);
/* Queues it behind those that wait already. Any thread. */
void message_emit(const struct host_message *m);
/* Ends the connection: channels closed, GPADLs and relids forgotten. bus.lock held. */
void connection_end(void);
size_t connection_backlog(void);
/* Parses a message of the guest and does what it says. Takes bus.lock. */
void message_handle(unsigned int vp, uint32_t conn, const void *payload, uint32_t len);

/* posts.c */
void posts_create(void);
/* Returns when all that was posted is handled. No lock held. */
void posts_settle(void);
/* The same, but what nobody has begun to handle is dropped. No processor runs. */
void posts_forget(void);

/* offers.c; all with bus.lock held */
void slot_offer(struct bus_channel *s);
void slot_rescind(struct bus_channel *s);
bool device_rescind(struct hv_device *dev);	/* false: was so already */
/* The guest is done with the relid. */
void slot_release(struct bus_channel *s);
void offer_all(void);
/* The subs of a primary that closes or goes. */
void rescind_subs(struct hv_device *dev);
void slots_forget(void);
struct bus_channel *slot_by_relid(uint32_t relid);

/* channel.c */
struct bus_channel *slot_new(struct hv_device *dev, unsigned int sub);
/* Opens with the guest's parameters; status for OPEN_RESULT. bus.lock held. */
uint32_t slot_open(struct bus_channel *s, const struct guest_message *m);
/* After OPEN_RESULT went out: what the device sent meanwhile is signalled. */
void slot_opened(struct bus_channel *s);
/* bus.lock held or not; not from a callback of this channel. */
void slot_close(struct bus_channel *s);
/* The lock with preference over the worker. */
void slot_enter(struct bus_channel *s);
void slot_leave(struct bus_channel *s);
/* A packet as it is, descriptor included; slot.lock held. False: no room, or not open. */
bool slot_put(struct bus_channel *s, const void *image, uint32_t len);
/* One turn of the worker. True: there is more to do. */
bool slot_run(struct bus_channel *s);

/* worker.c */
void workers_create(void);
void worker_attach(struct bus_channel *s);
/* Runs the channel soon. Any thread. */
void worker_kick(struct bus_channel *s);
/* The deadline changed. */
void worker_deadline(struct bus_channel *s);
/* An eventfd for signals to this relid, made once. False: no. bus.lock held. */
bool relid_listen(uint32_t relid, struct bus_channel *s);
void relid_ignore(uint32_t relid, struct bus_channel *s);
/* The virtual machine that knows the eventfds goes away. No relid is in use. */
void relids_close(void);

/* gpadl.c */
void gpadl_header(const struct guest_message *m);	/* bus.lock held */
void gpadl_body(const struct guest_message *m);		/* bus.lock held */
void gpadl_teardown(const struct guest_message *m);	/* bus.lock held */
/* Forgets those of a relid, or all with 0. No replies. */
void gpadl_forget(uint32_t relid);
/* The channel is rescinded: teardowns that wait for the device are answered. */
void gpadl_orphan(uint32_t relid);
/* For rings: one range of whole pages, else NULL. A reference. */
struct gpadl *gpadl_get_ring(uint32_t relid, uint32_t id, uint8_t *const **pages,
			     uint32_t *count);
void gpadl_count(unsigned int *gpadls, uint64_t *bytes);

/* monitor.c; bus.lock held */
bool monitor_begin(uint64_t to_guest, uint64_t from_guest);
void monitor_end(void);
void monitor_assign(struct bus_channel *s);
void monitor_release(struct bus_channel *s);

/* trace.c */
extern atomic_bool trace_on;
void trace_message(bool from_guest, unsigned int vp, const void *bytes, size_t len,
		   const char *remark);
void trace_packet(struct bus_channel *s, bool from_guest, const struct packet *p);
void trace_note(const struct bus_channel *s, const char *what);
void trace_line(const char *fmt, ...) PRINTF(1, 2);
/* Only what trace_line() and trace_note() say from now on, or all again. */
void trace_limit(bool limited);

/* fault/engine.c: bytes to the guest take the way through fault/fault.h. */
extern atomic_bool fault_on;

#endif
