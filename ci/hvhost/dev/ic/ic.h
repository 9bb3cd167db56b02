/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Integration components: small services, all with the same framing.
 *
 * A message is a pipe header (kind, size), an IC header (framework version, type,
 * message version, size, status, transaction, flags) and a body. The host first
 * sends NEGOTIATE with the versions it knows; the guest picks one of each list.
 * Then the host sends requests, one at a time, and the guest answers each by the
 * same message, turned into a response (IC protocol, framework 1.0 and 3.0).
 *
 * ic.c does all that; a service says which versions there are, and what to do when
 * it is ready, answered, or told something on the control socket. A bad reply
 * disables the component until its channel is opened again, as on a real host.
 *
 * A command can't wait for the guest: it starts a request; `last` shows how it
 * ended, and an event "! NAME done ..." says so.
 *
 * Locks: struct ic is guarded by its lock, below the channel's lock.
 */
#ifndef HVHOST_IC_H
#define HVHOST_IC_H

#include <pthread.h>

#include "../../bus/bus.h"

#define IC_VERSION(major, minor)	((uint32_t)(major) << 16 | (minor))
#define IC_BODY_MAX			(16 * KIB)	/* no message of any service is larger */
#define IC_HEADERS			28		/* bytes of pipe and IC header */

enum ic_type {
	IC_NEGOTIATE	= 0,
	IC_HEARTBEAT	= 1,
	IC_KVP		= 2,
	IC_SHUTDOWN	= 3,
	IC_TIMESYNC	= 4,
	IC_VSS		= 5,
	IC_FCOPY	= 7,
};

#define IC_FLAG_TRANSACTION	1
#define IC_FLAG_REQUEST		2
#define IC_FLAG_RESPONSE	4

/* HRESULTs that Windows and the guest's components use */
#define HV_S_OK			0x00000000u
#define HV_E_FAIL		0x80004005u
#define HV_S_CONT		0x80070103u	/* enumeration: no more items */

/* A message's headers, checked against its length. */
struct ic_message {
	uint32_t framework, version;	/* major << 16 | minor */
	uint16_t type;
	uint32_t status;
	uint8_t transaction, flags;
	const uint8_t *body;
	uint32_t len;			/* of the body */
};

struct ic;
struct ic_service {
	enum ic_type type;
	const char *instance;		/* GUID of the first one: guest programs know it */
	const uint32_t *versions;	/* highest first, ends with 0 */
	size_t priv_size;
	/* All run under the channel's lock and ic->lock. */
	void (*ready)(struct ic *ic);			/* negotiated; may be NULL */
	void (*reply)(struct ic *ic, const struct ic_message *m);
	void (*timer)(struct ic *ic);			/* may be NULL */
	void (*closed)(struct ic *ic);			/* may be NULL */
	/*
	 * Main thread, under ic->lock, and under the channel's lock when ic->ch is set.
	 * False: answer has the reason, or nothing when the verb is unknown.
	 */
	bool (*command)(struct ic *ic, int argc, char **argv, struct text *answer);
};

enum ic_state { IC_CLOSED, IC_NEGOTIATING, IC_READY, IC_DISABLED };

struct ic {
	pthread_mutex_t lock;
	const struct ic_service *service;
	struct hv_device *dev;
	struct hv_channel *ch;		/* NULL: not open */
	enum ic_state state;
	uint32_t highest, highest_framework;	/* what we offer at most */
	uint32_t framework, version;	/* what was agreed on */
	uint8_t transaction;
	bool busy;			/* a request is in flight */
	uint64_t requests, replies, bad;
	struct text last;		/* how the last request ended */
	void *priv;
};

/* wire.c: pure */
bool ic_parse(const uint8_t *data, uint32_t len, struct ic_message *m);
uint32_t ic_put(uint8_t *to, const struct ic_message *m, const void *body, uint32_t len);
/* Body of NEGOTIATE: all of a list from the highest allowed down. Lists end with 0. */
uint32_t ic_put_versions(uint8_t *to, const uint32_t *frameworks, uint32_t highest_framework,
			 const uint32_t *versions, uint32_t highest);
/* What the guest picked; false: not one of each. */
bool ic_parse_versions(const struct ic_message *m, uint32_t *framework, uint32_t *version);
const char *ic_type_name(unsigned int type);
/* UTF-16LE to and from UTF-8, NUL terminated, bounded; code points beyond 16 bits are refused. */
size_t utf16_put(uint8_t *to, size_t room, const char *text);	/* bytes with NUL, 0: no fit */
bool utf16_get(const uint8_t *from, size_t bytes, char *text, size_t room);

/* Sends a request; false when not ready, busy, or the ring is full. */
bool ic_request(struct ic *ic, const void *body, uint32_t len);
/* Says in `last` and as an event how a request ended. */
void ic_done(struct ic *ic, const char *fmt, ...) PRINTF(2, 3);

bool ic_create(struct hv_device *dev, const struct ic_service *service, struct options *o,
	       char *error, size_t size);
void ic_destroy(struct hv_device *dev);
uint32_t ic_open(struct hv_channel *ch);
void ic_packet(struct hv_channel *ch, struct packet *p);
void ic_timer(struct hv_channel *ch);
void ic_close(struct hv_channel *ch);
bool ic_command(struct hv_device *dev, int argc, char **argv, struct text *answer);
void ic_decode(struct hv_channel *ch, bool from_guest, const struct packet *p, struct text *line);

#define IC_OPTIONS	"  options: version=X.Y (highest that is offered), framework=3.0|1.0\n" \
			"  status, last   the state; how the last request ended\n"
#define IC_OPS						\
	.pipe = true,					\
	.destroy = ic_destroy,				\
	.open = ic_open,				\
	.packet = ic_packet,				\
	.timer = ic_timer,				\
	.close = ic_close,				\
	.command = ic_command,				\
	.decode = ic_decode

extern const struct hv_device_ops heartbeat_ops, shutdown_ops, timesync_ops, kvp_ops, vss_ops,
				  fcopy_ops;

#endif
