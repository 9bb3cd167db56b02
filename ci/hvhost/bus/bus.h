/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMBus, host side: connection, offers, GPADLs, channels, monitor pages.
 *
 * Vocabulary: a device has one primary channel and may have sub-channels; a
 * channel is offered under a relid, opened by the guest with two rings inside a
 * GPADL, and served by a worker thread: its device's own (ops->threaded: one for
 * each channel) or the one that all other channels share.
 *
 * Who may do what, where:
 *  - control messages are handled by a thread of their own (posts.c), one at a time and
 *    under the bus lock: a processor that posts one waits for neither;
 *  - a device's open(), packet(), timer() and close() run under the channel's lock;
 *    open() and close() in whichever thread and under the bus lock, too (no message is
 *    handled meanwhile, so they must not wait for one), the others in the worker;
 *  - command() runs in the main thread with no lock held;
 *  - code under a channel's lock must not take the bus lock: it uses loop_call().
 *
 * Lock order: bus, channel, SynIC. See machine.h for the whole program's.
 */
#ifndef HVHOST_BUS_H
#define HVHOST_BUS_H

#include "ring.h"

struct guid {
	uint8_t b[16];		/* wire order: first three fields little endian */
};
/* "f8615163-df3e-46c5-913f-f2d2f965ed0e" and back; false: not a GUID. */
bool guid_parse(const char *text, struct guid *g);
void guid_format(const struct guid *g, char text[37]);

#define USER_BYTES	120	/* user defined bytes in offer and open */

struct hv_device;
struct hv_channel;

struct hv_device_ops {
	const char *kind;		/* "scsi", as in --device scsi,... */
	const char *help;		/* its options and commands, for --help and `help KIND` */
	struct guid type;		/* interface GUID of the offer */
	bool threaded;			/* a worker thread for each channel */
	bool pipe;			/* the offer says: message pipe (integration components) */
	/* Takes options; sets priv, instance (a default is there) and max_sub of dev. */
	bool (*create)(struct hv_device *dev, struct options *o, char *error, size_t size);
	void (*destroy)(struct hv_device *dev);
	/* The rings are mapped. Returns a status for OPEN_RESULT, 0 is good. */
	uint32_t (*open)(struct hv_channel *ch);
	void (*packet)(struct hv_channel *ch, struct packet *p);
	/* The time set by channel_timer() has come. May be NULL. */
	void (*timer)(struct hv_channel *ch);
	/* Room in the out ring again after channel_send() had failed. May be NULL. */
	void (*room)(struct hv_channel *ch);
	/* Drop every pointer into guest memory that belongs to this channel. */
	void (*close)(struct hv_channel *ch);
	/* The connection is gone (unload, new contact, reset): forget the guest. May be NULL. */
	void (*reset)(struct hv_device *dev);
	/* A command of the control socket, argv[0] is the verb. False: answer holds the reason. */
	bool (*command)(struct hv_device *dev, int argc, char **argv, struct text *answer);
	/* One line about a packet's payload for --trace, without newline. May be NULL. */
	void (*decode)(struct hv_channel *ch, bool from_guest, const struct packet *p,
		       struct text *line);
};

struct hv_device {
	const struct hv_device_ops *ops;
	char name[32];			/* "scsi0": kind and number */
	unsigned int number;		/* counts devices of this kind from 0 */
	struct guid instance;
	uint16_t offer_flags;		/* added to the offer's flags */
	uint16_t mmio_mb;		/* MMIO that the offer asks for */
	uint8_t user[USER_BYTES];	/* user defined bytes of the offer */
	bool monitored;			/* wants a monitor id (latency 100 ns units below) */
	uint16_t latency;
	unsigned int max_sub;		/* sub-channels that may be offered */
	void *priv;			/* the device's own */
	struct bus_device *bus;		/* the bus's own */
};

struct hv_channel {
	struct hv_device *dev;
	unsigned int sub;		/* 0: primary, else the sub-channel's index */
	uint32_t relid;
	uint8_t open_user[USER_BYTES];	/* user defined bytes of the open message */
	void *priv;			/* the device's own, per channel; NULL at open() */
	struct bus_channel *bus;	/* the bus's own: rings, lock, worker */
};

/* devices.c: every kind there is, NULL terminated. A device file adds its ops here. */
extern const struct hv_device_ops *const device_kinds[];

/* Set-up, main thread. max_version: as on the wire, for instance 0x50003. */
void bus_create(uint32_t max_version);
/*
 * Makes a device from "KIND,KEY=VALUE,..."; it is offered when the guest asks, or at once
 * when the guest is connected already. NULL with a reason in error. Main thread.
 */
struct hv_device *bus_device_add(const char *text, char *error, size_t size);
struct hv_device *bus_device_find(const char *name);
/* Calls fn for each device, in order of creation. Main thread. */
void bus_device_each(void (*fn)(struct hv_device *dev, void *arg), void *arg);
/* Takes the offer back / offers again, at run time. Main thread. False: already so. */
bool bus_device_rescind(struct hv_device *dev);
bool bus_device_offer(struct hv_device *dev);
/* The same with one sub-channel alone, from 1 on; to be offered again it was offered before. */
bool bus_sub_rescind(struct hv_device *dev, unsigned int sub);
bool bus_sub_offer(struct hv_device *dev, unsigned int sub);
/* Guest reset: back to the state after bus_create() and device creation. Main thread. */
void bus_reset(void);
uint32_t bus_version(void);	/* 0: not connected */
/* A text with a line for each channel: state, versions, counters; for `info`. Main thread. */
void bus_describe(struct text *answer);
/* Opens the trace file; every message and packet is then written to it. */
bool trace_open(const char *path);

/* In the channel's own callbacks only (its lock is held): */

/* In-band packet. False: no room; ops->room() is called later. */
bool channel_send(struct hv_channel *ch, const void *data, uint32_t len, uint64_t transaction,
		  bool want_completion);
bool channel_complete(struct hv_channel *ch, uint64_t transaction, const void *data,
		      uint32_t len);
/* Transfer page packet: count ranges (byte count, byte offset) in receive buffer set. */
struct xfer_range {
	uint32_t bytes, offset;
};
#define XFER_RANGES_MAX	512
bool channel_send_pages(struct hv_channel *ch, uint16_t set, const struct xfer_range *range,
			uint32_t count, const void *data, uint32_t len, uint64_t transaction);
/* Between these the guest is signalled at most once, at the end. Packet handlers are inside. */
void channel_hold(struct hv_channel *ch);
void channel_release(struct hv_channel *ch);
/* ops->timer() after ns; 0 cancels. */
void channel_timer(struct hv_channel *ch, uint64_t ns);
/* A protocol violation: counted, logged, and the channel is dead until it is closed. */
void channel_kill(struct hv_channel *ch, const char *why);
unsigned int channel_target_vp(const struct hv_channel *ch);

/* Any thread, no channel lock of this device held: take the lock of a channel that is open. */
bool channel_lock(struct hv_channel *ch);	/* false: not open, nothing locked */
void channel_unlock(struct hv_channel *ch);
/* The device's channel by sub-channel index, NULL: never offered. */
struct hv_channel *device_channel(struct hv_device *dev, unsigned int sub);

/*
 * Offers the sub-channels 1 to count, but for those that are offered already; a little later,
 * and only if the primary is still open then. False: more than dev->max_sub. Any thread.
 */
bool device_offer_subchannels(struct hv_device *dev, unsigned int count);

/*
 * A GPADL that the guest made for this device (not a ring): a receive or send buffer.
 * While a reference is held the guest's TEARDOWN is not answered. Any thread.
 */
struct gpadl;
struct gpadl *gpadl_get(struct hv_channel *ch, uint32_t id);	/* NULL: no such, or torn down */
void gpadl_put(struct gpadl *g);
uint64_t gpadl_bytes(const struct gpadl *g);
bool gpadl_read(const struct gpadl *g, uint64_t offset, void *to, uint64_t len);
bool gpadl_write(const struct gpadl *g, uint64_t offset, const void *from, uint64_t len);

#endif
