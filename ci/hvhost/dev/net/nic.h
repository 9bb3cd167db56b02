/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The synthetic NIC: glue between the adapter (what the guest has agreed on), its
 * channels and a backend.
 *
 * A guest's frame goes: channel worker -> tx.c (takes it apart, does the offloads) ->
 * backend. A frame for the guest goes: backend -> port_push() or the port thread itself
 * -> rx.c (filter, checks, hash, queue) -> receive buffer -> channel. Each NIC has one
 * port thread, which alone touches the queues' lists of frames to deliver; a list that
 * the guest doesn't empty is bounded, and what is beyond is dropped and counted.
 *
 * Locks, all leaves below the channel's: nic->lock guards the adapter and the control
 * messages that wait; nic->rx.lock the receive buffer; nic->tx_lock the send buffer
 * (readers: workers that copy from it); nic->in_lock the frames that backends bring;
 * nic->pcap_lock the capture. None is taken inside another. The port thread takes a
 * channel's lock with none of them held.
 */
#ifndef HVHOST_NET_NIC_H
#define HVHOST_NET_NIC_H

#include <pthread.h>
#include <stdio.h>
#include "../../bus/bus.h"
#include "adapter.h"

extern const struct hv_device_ops nic_ops;

#define NIC_QUEUES	64u
#define IN_FRAMES	4096u		/* bound of a list of frames */
#define IN_BYTES	(16 * MIB)
#define LATE_MAX	16384u		/* completions that wait for room */
#define CONTROL_BYTES	(100 * KIB)	/* control messages that wait */
#define RANGES_MAX	375u		/* NDIS 6: ranges of a transfer page packet */
#define TX_BYTES	(192 * KIB)	/* longest RNDIS transfer of a guest */

/* Each with its line in `nicN counters`; relaxed atomics. */
#define NIC_COUNTERS(X) \
	X(tx_packets) X(tx_bytes) X(tx_csum_done) X(tx_csum_good) X(tx_csum_bad) \
	X(tx_lso_packets) X(tx_lso_segments) X(tx_lso_whole) X(tx_vlan) X(tx_hash) \
	X(tx_malformed) X(tx_refused) X(tx_too_long) X(tx_link_down) X(tx_dropped) \
	X(tx_messages) X(tx_sections) \
	X(rx_packets) X(rx_bytes) X(rx_csum_good) X(rx_csum_bad) X(rx_vlan) X(rx_hash) \
	X(rx_rsc_packets) X(rx_rsc_fragments) X(rx_coalesced) X(rx_messages) X(rx_filtered) \
	X(rx_too_long) X(rx_link_down) X(rx_dropped) X(rx_no_buffer) X(rx_ring_full) \
	X(control_in) X(control_out) X(resets)
struct nic_counters {
#define X(name) uint64_t name;
	NIC_COUNTERS(X)
#undef X
};
#define COUNT(nic, name, n)	__atomic_fetch_add(&(nic)->count.name, (n), __ATOMIC_RELAXED)

struct late_completion {
	uint64_t transaction;
	uint32_t len;
	uint8_t data[NVSP_BYTES_V61];
};

struct nic_queue {
	struct nic *nic;
	unsigned int index;
	bool open;			/* atomic */
	bool purge;			/* atomic: the frames in rx are for a guest that is gone */
	/* under the channel's lock */
	uint8_t *copy;			/* TX_BYTES: what the guest sends */
	struct late_completion *late;
	unsigned int late_first, late_count, late_room;
	/* the port thread's */
	struct frame_list rx;
	/* atomic */
	uint64_t tx_packets, tx_bytes, rx_packets, rx_bytes;
	/* for decode(): what is being sent, under the channel's lock */
	const uint8_t *sending;
	uint32_t sending_len, sending_count;
};

struct rx_buffers {
	pthread_mutex_t lock;
	struct gpadl *gpadl;		/* NULL: none */
	bool stopped;			/* revoked: nothing more goes in */
	uint32_t size, count, free;
	uint32_t first;			/* head of the free ones, UINT32_MAX: none */
	uint32_t *next;			/* chains: free, or of one packet in flight */
	uint8_t *owner;			/* 1 + queue at the head of a packet in flight, else 0 */
};

struct waiting_message {
	struct waiting_message *next;
	bool rndis;			/* through the receive buffer, else in-band NVSP */
	uint32_t len;
	uint8_t data[];
};

/* What the data path needs to know of the adapter: a copy, so that it works without the lock. */
struct nic_policy {
	bool ready, link;
	bool strip_vlan, rsc;
	uint32_t filter, frame_bytes, subchannels;
	uint8_t permanent[ETH_MAC], current[ETH_MAC];
	struct offload_state offload;
	struct rss_state rss;
};

struct nic;
struct nic_backend {
	const char *name;
	/* Sends a frame, which it owns from then on. Worker thread of any channel. */
	void (*send)(struct nic *nic, struct frame *f);
	/* Would it take a large frame of this IP version whole? May be NULL: no. */
	bool (*large)(struct nic *nic, bool v6);
	/* Port thread: brings up to room frames with nic_receive(). May be NULL. */
	void (*pump)(struct nic *nic, unsigned int room);
	/* Nanoseconds until pump() has something without a readable fd; UINT64_MAX: never. */
	uint64_t (*wait)(struct nic *nic);
	void (*destroy)(struct nic *nic);
};
/* backend_*.c: each looks for its option and sets nic->backend; false: a bad one, with a reason. */
bool backend_pair_create(struct nic *nic, struct options *o, char *error, size_t size);
bool backend_tap_create(struct nic *nic, struct options *o, char *error, size_t size);
bool backend_bench_create(struct nic *nic, struct options *o, char *error, size_t size);
/* New rate and size (0: as it is) of a source; false: the NIC is none. */
bool backend_bench_rate(struct nic *nic, uint64_t rate, uint32_t bytes);

struct nic {
	struct hv_device *dev;
	uint16_t vlan;			/* access port of this VLAN, 0: trunk */
	bool spoof;			/* deliver frames for any MAC address */
	bool coalesce;			/* join TCP packets for a guest that takes large ones */
	unsigned int batch;		/* frames in a transfer page packet at most */

	pthread_mutex_t lock;
	struct adapter adapter;
	struct waiting_message *wait_first, **wait_last;
	uint32_t wait_bytes;
	uint32_t send_table[NVSP_SEND_TABLE_ENTRIES];
	bool table_due;			/* the send table has to be sent */

	pthread_rwlock_t tx_lock;
	struct gpadl *tx_gpadl;
	uint32_t tx_sections;

	struct rx_buffers rx;
	struct nic_queue queue[NIC_QUEUES];
	bool rsc4, rsc6;		/* atomic: large frames are welcome */

	/* port.c */
	pthread_t thread;
	bool running;			/* the thread exists */
	bool stop;			/* atomic */
	bool hungry;			/* atomic: frames wait for buffers or ring */
	int kick_fd;
	pthread_mutex_t in_lock;
	struct frame_list in;
	struct nic_policy policy;	/* the port thread's copy */
	struct coalescer coalescer;	/* the port thread's, empty between its turns */

	const struct nic_backend *backend;
	void *backend_priv;
	int backend_fd;			/* polled for reading by the port thread, -1: none */

	pthread_mutex_t pcap_lock;
	FILE *pcap;
	struct nic_counters count;
};

/* nic.c */
const char *nic_version_text(uint32_t version);
void nic_policy_get(struct nic *nic, struct nic_policy *p);
/* Puts a message in line for the guest. False: too many wait already. */
bool nic_queue_message(struct nic *nic, bool rndis, const void *data, uint32_t len);
/* Sends what waits. Primary channel's lock held. */
void nic_flush_messages(struct hv_channel *ch);
/* The same from a thread that holds no channel's lock. */
void nic_flush_unlocked(struct nic *nic);
/* Completes a packet of the guest, later if there is no room. Channel's lock held. */
void nic_answer(struct hv_channel *ch, uint64_t transaction, const void *data, uint32_t len);
void nic_complete(struct hv_channel *ch, uint64_t transaction, uint32_t status);
void nic_send_table(struct nic *nic);
void nic_vf_message(struct nic *nic);

/* tx.c: an RNDIS transfer came in. Channel's lock held. */
void tx_transfer(struct hv_channel *ch, const struct packet *p, const struct nvsp_result *r);
/* One data message onto the wire; false: malformed or refused, and counted. */
bool tx_data(struct nic *nic, struct nic_queue *q, const struct rndis_data *d,
	     const struct nic_policy *policy);

/* rxbuf.c */
bool rx_buffers_map(struct rx_buffers *b, struct gpadl *gpadl, uint32_t count, uint32_t size);
/* Takes the GPADL out, for the caller to put. */
struct gpadl *rx_buffers_unmap(struct rx_buffers *b);
void rx_buffers_stop(struct rx_buffers *b);
/* These three with the lock held. Appends a buffer to a packet (*head: UINT32_MAX, a new one). */
uint32_t rx_buffers_take(struct rx_buffers *b, uint32_t *head, uint32_t *tail, bool control);
/* Gives back a chain that was not sent, or marks it as in flight on a queue. */
void rx_buffers_drop(struct rx_buffers *b, uint32_t head);
void rx_buffers_sent(struct rx_buffers *b, uint32_t head, unsigned int queue);
/* The guest is done with a packet; false: no such packet on that queue. */
bool rx_buffers_complete(struct rx_buffers *b, uint64_t id, unsigned int queue);
/* A channel is closed: all that was in flight on it comes back. */
void rx_buffers_close(struct rx_buffers *b, unsigned int queue);

/* rx.c, port thread */
/* Takes a frame from the wire into a queue's list, or drops it. */
void nic_receive(struct nic *nic, struct frame *f);
/* The end of a turn: what was kept back to be joined with what comes. */
void nic_receive_end(struct nic *nic);
/* Forgets what waits for a channel that was closed since; before new frames are taken. */
void rx_purge(struct nic_queue *q);
/* Delivers what waits on a queue. */
void rx_flush(struct nic *nic, struct nic_queue *q);
/* Sends a control message. Primary channel's lock held; false: no room now. */
bool rx_control(struct hv_channel *ch, const uint8_t *data, uint32_t len);

/* port.c */
bool port_start(struct nic *nic, char *error, size_t size);
void port_stop(struct nic *nic);
void port_kick(struct nic *nic);
/* A frame for this NIC, from any thread. */
void port_push(struct nic *nic, struct frame *f);

/* pcapng.c */
bool pcap_open(struct nic *nic, const char *path);
void pcap_close(struct nic *nic);
void pcap_frame(struct nic *nic, const struct frame *f, bool from_guest);

/* command.c */
bool nic_command(struct hv_device *dev, int argc, char **argv, struct text *answer);
/* decode.c */
void nic_decode(struct hv_channel *ch, bool from_guest, const struct packet *p,
		struct text *line);

#endif
