// SPDX-License-Identifier: GPL-2.0-only
/* The NIC as a VMBus device: options, channels, NVSP messages, control messages to the guest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "nic.h"

#define VMBUS_4_0	0x40000u	/* guests since then close before they tear buffers down */

static const struct {
	const char *text;
	uint32_t version;
} versions[] = {
	{ "1", NVSP_V1 }, { "2", NVSP_V2 }, { "4", NVSP_V4 }, { "5", NVSP_V5 }, { "6", NVSP_V6 },
	{ "6.1", NVSP_V61 },
};

static uint32_t version_of(const char *text)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(versions); i++) {
		if (!strcmp(versions[i].text, text))
			return versions[i].version;
	}
	return 0;
}

const char *nic_version_text(uint32_t version)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(versions); i++) {
		if (versions[i].version == version)
			return versions[i].text;
	}
	return "none";
}

/* "tso+udp": 0 and *bad for what isn't known. */
static uint32_t features_of(const char *text, const char **bad)
{
	static const struct {
		const char *name;
		uint32_t feature;
	} list[] = {
		{ "csum", FEATURE_CSUM }, { "udp", FEATURE_UDP }, { "tso", FEATURE_LSO },
		{ "tso6", FEATURE_LSO6 }, { "rsc", FEATURE_RSC }, { "rss", FEATURE_RSS },
		{ "vlan", FEATURE_VLAN }, { "sriov", FEATURE_SRIOV }, { "name", FEATURE_NAME },
	};
	uint32_t all = 0;

	*bad = NULL;
	while (*text) {
		size_t len = strcspn(text, "+");
		uint32_t one = 0;

		for (unsigned int i = 0; i < ARRAY_SIZE(list); i++) {
			if (strlen(list[i].name) == len && !strncmp(text, list[i].name, len))
				one = list[i].feature;
		}
		if (!one) {
			*bad = text;
			return 0;
		}
		all |= one;
		text += len + (text[len] == '+');
	}
	return all;
}

static bool take_options(struct nic *nic, struct options *o, char *error, size_t size)
{
	struct adapter *a = &nic->adapter;
	const char *mac = options_string(o, "mac", NULL);
	const char *version = options_string(o, "nvsp", NULL);
	const char *name = options_string(o, "name", NULL);
	const char *hide = options_string(o, "hide", ""), *bad;

	a->max_frame = (uint32_t)options_number(o, "max_mtu", FRAME_LIMIT - ETH_HEADER, 1500,
						65521) + ETH_HEADER;
	a->queues = (uint32_t)options_number(o, "queues", 8, 1, NIC_QUEUES);
	a->speed = (uint32_t)options_number(o, "speed", 10000, 1, 400000);
	nic->vlan = (uint16_t)options_number(o, "vlan", 0, 0, 4094);
	nic->batch = (unsigned int)options_number(o, "batch", 64, 1, RANGES_MAX);
	a->fixed_mac = options_flag(o, "fixed-mac");
	nic->spoof = options_flag(o, "spoof");
	nic->coalesce = options_flag(o, "rsc");
	a->link = !options_flag(o, "link-down");
	if (mac && (!mac_parse(mac, a->permanent) || a->permanent[0] & 1)) {
		snprintf(error, size, "mac=%s is not a unicast MAC address", mac);
		return false;
	}
	if (version)
		a->max_version = version_of(version);
	if (!a->max_version) {
		snprintf(error, size, "nvsp=%s: give 1, 2, 4, 5, 6 or 6.1", version);
		return false;
	}
	a->hidden = features_of(hide, &bad);
	if (bad) {
		snprintf(error, size, "hide=%s: give csum+udp+tso+tso6+rsc+rss+vlan+sriov+name",
			 hide);
		return false;
	}
	if (name)
		snprintf(a->name, sizeof(a->name), "%s", name);
	return true;
}

static bool take_backend(struct nic *nic, struct options *o, char *error, size_t size)
{
	/* the cable is what is left, so it comes last */
	return backend_tap_create(nic, o, error, size) &&
	       backend_bench_create(nic, o, error, size) &&
	       backend_pair_create(nic, o, error, size);
}

static void nic_destroy(struct hv_device *dev)
{
	struct nic *nic = dev->priv;

	if (!nic)
		return;
	if (nic->running)
		port_stop(nic);
	if (nic->backend && nic->backend->destroy)
		nic->backend->destroy(nic);
	if (nic->kick_fd >= 0)
		close(nic->kick_fd);
	pcap_close(nic);
	for (unsigned int i = 0; i < NIC_QUEUES; i++) {
		frame_list_free(&nic->queue[i].rx);
		free(nic->queue[i].copy);
		free(nic->queue[i].late);
	}
	frame_list_free(&nic->in);
	while (nic->wait_first) {
		struct waiting_message *m = nic->wait_first;

		nic->wait_first = m->next;
		free(m);
	}
	free(nic->rx.next);
	free(nic->rx.owner);
	free(nic);
	dev->priv = NULL;
}

static void nic_init(struct nic *nic, struct hv_device *dev)
{
	static const uint8_t mac[ETH_MAC] = { 0x00, 0x15, 0x5d, 0x00, 0x00, 0x00 };

	nic->dev = dev;
	pthread_mutex_init(&nic->lock, NULL);
	pthread_mutex_init(&nic->in_lock, NULL);
	pthread_mutex_init(&nic->pcap_lock, NULL);
	pthread_mutex_init(&nic->rx.lock, NULL);
	pthread_rwlock_init(&nic->tx_lock, NULL);
	nic->wait_last = &nic->wait_first;
	frame_list_init(&nic->in);
	coalescer_init(&nic->coalescer);
	for (unsigned int i = 0; i < NIC_QUEUES; i++) {
		nic->queue[i].nic = nic;
		nic->queue[i].index = i;
		frame_list_init(&nic->queue[i].rx);
	}
	nic->backend_fd = -1;
	nic->kick_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	adapter_init(&nic->adapter);
	memcpy(nic->adapter.permanent, mac, ETH_MAC);
	nic->adapter.permanent[5] = (uint8_t)(dev->number + 1);
}

static bool nic_create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	struct nic *nic = calloc(1, sizeof(*nic));

	if (!nic) {
		snprintf(error, size, "out of memory");
		return false;
	}
	dev->priv = nic;
	nic_init(nic, dev);
	if (nic->kick_fd < 0)
		snprintf(error, size, "no eventfd: %s", strerror(errno));
	else if (take_options(nic, o, error, size) && take_backend(nic, o, error, size)) {
		memcpy(nic->adapter.current, nic->adapter.permanent, ETH_MAC);
		dev->max_sub = nic->adapter.queues - 1;
		nic->running = port_start(nic, error, size);
		if (nic->running)
			return true;
	}
	nic_destroy(dev);
	return false;
}

void nic_policy_get(struct nic *nic, struct nic_policy *p)
{
	const struct adapter *a = &nic->adapter;

	pthread_mutex_lock(&nic->lock);
	p->ready = a->initialized && !a->nvsp.revoked;
	p->link = a->link;
	p->strip_vlan = a->nvsp.caps & NVSP_CAP_VLAN && !(a->hidden & FEATURE_VLAN);
	p->rsc = a->nvsp.caps & NVSP_CAP_RSC && a->nvsp.version >= NVSP_V61;
	p->filter = a->filter;
	p->frame_bytes = a->nvsp.frame_bytes;
	p->subchannels = a->nvsp.subchannels;
	memcpy(p->permanent, a->permanent, ETH_MAC);
	memcpy(p->current, a->current, ETH_MAC);
	p->offload = a->offload;
	p->rss = a->rss;
	pthread_mutex_unlock(&nic->lock);
}

bool nic_queue_message(struct nic *nic, bool rndis, const void *data, uint32_t len)
{
	struct waiting_message *m = malloc(sizeof(*m) + len);
	bool room;

	if (!m)
		return false;
	m->next = NULL;
	m->rndis = rndis;
	m->len = len;
	memcpy(m->data, data, len);
	pthread_mutex_lock(&nic->lock);
	room = nic->wait_bytes + len <= CONTROL_BYTES;
	if (room) {
		nic->wait_bytes += len;
		*nic->wait_last = m;
		nic->wait_last = &m->next;
	}
	pthread_mutex_unlock(&nic->lock);
	if (!room)
		free(m);
	return room;
}

static struct waiting_message *first_message(struct nic *nic)
{
	struct waiting_message *m;

	pthread_mutex_lock(&nic->lock);
	m = nic->wait_first;
	pthread_mutex_unlock(&nic->lock);
	return m;
}

static void drop_first_message(struct nic *nic)
{
	struct waiting_message *m;

	pthread_mutex_lock(&nic->lock);
	m = nic->wait_first;
	nic->wait_first = m->next;
	if (!nic->wait_first)
		nic->wait_last = &nic->wait_first;
	nic->wait_bytes -= m->len;
	pthread_mutex_unlock(&nic->lock);
	free(m);
}

/* Only the holder of the primary channel's lock takes messages out, so the first one stays. */
void nic_flush_messages(struct hv_channel *ch)
{
	struct nic_queue *q = ch->priv;
	struct waiting_message *m;

	if (ch->sub)
		return;
	while ((m = first_message(q->nic))) {
		bool sent;

		if (m->rndis)
			sent = rx_control(ch, m->data, m->len);
		else
			sent = channel_send(ch, m->data, m->len, 0, false);
		if (!sent)
			return;
		COUNT(q->nic, control_out, 1);
		drop_first_message(q->nic);
	}
}

void nic_flush_unlocked(struct nic *nic)
{
	struct hv_channel *ch = device_channel(nic->dev, 0);

	if (!ch || !channel_lock(ch))
		return;
	if (ch->priv) {
		channel_hold(ch);
		nic_flush_messages(ch);
		channel_release(ch);
	}
	channel_unlock(ch);
}

/* Makes room for one more. */
static bool late_grow(struct nic_queue *q)
{
	unsigned int room = q->late_room ? q->late_room * 2 : 64;
	struct late_completion *more;

	if (q->late_count < q->late_room)
		return true;
	if (room > LATE_MAX)
		return false;
	more = calloc(room, sizeof(*more));
	if (!more)
		return false;
	for (unsigned int i = 0; i < q->late_count; i++)
		more[i] = q->late[(q->late_first + i) % q->late_room];
	free(q->late);
	q->late = more;
	q->late_first = 0;
	q->late_room = room;
	return true;
}

static void flush_late(struct hv_channel *ch)
{
	struct nic_queue *q = ch->priv;

	while (q->late_count) {
		struct late_completion *c = &q->late[q->late_first];

		if (!channel_complete(ch, c->transaction, c->data, c->len))
			return;
		q->late_first = (q->late_first + 1) % q->late_room;
		q->late_count--;
	}
}

void nic_answer(struct hv_channel *ch, uint64_t transaction, const void *data, uint32_t len)
{
	struct nic_queue *q = ch->priv;
	struct late_completion *c;

	if (!q->late_count && channel_complete(ch, transaction, data, len))
		return;
	if (!late_grow(q)) {
		channel_kill(ch, "the guest doesn't take its completions");
		return;
	}
	c = &q->late[(q->late_first + q->late_count++) % q->late_room];
	c->transaction = transaction;
	c->len = len;
	if (len)
		memcpy(c->data, data, len);
}

void nic_complete(struct hv_channel *ch, uint64_t transaction, uint32_t status)
{
	struct nvsp_message m = { .type = NVSP_RNDIS_COMPLETE };
	struct nic_queue *q = ch->priv;

	m.u.rndis_complete.status = status;
	/* the version doesn't change while a channel is open */
	nic_answer(ch, transaction, &m, nvsp_bytes(&q->nic->adapter));
}

void nic_send_table(struct nic *nic)
{
	uint8_t data[NVSP_BYTES_V61 + sizeof(nic->send_table)] = { 0 };
	struct nvsp_message m = { .type = NVSP_SEND_TABLE };
	uint32_t bytes;

	pthread_mutex_lock(&nic->lock);
	bytes = nvsp_bytes(&nic->adapter);
	m.u.table.count = NVSP_SEND_TABLE_ENTRIES;
	m.u.table.offset = bytes;
	memcpy(data, &m, bytes);
	memcpy(data + bytes, nic->send_table, sizeof(nic->send_table));
	pthread_mutex_unlock(&nic->lock);
	nic_queue_message(nic, false, data, bytes + (uint32_t)sizeof(nic->send_table));
}

void nic_vf_message(struct nic *nic)
{
	struct nvsp_message m = { .type = NVSP_VF_ASSOCIATION };
	uint32_t bytes;
	bool send;

	pthread_mutex_lock(&nic->lock);
	bytes = nvsp_bytes(&nic->adapter);
	m.u.vf.allocated = nic->adapter.vf;
	m.u.vf.serial = nic->adapter.vf_serial;
	send = nic->adapter.initialized && nic->adapter.nvsp.version >= NVSP_V4 &&
	       nic->adapter.nvsp.caps & NVSP_CAP_SRIOV &&
	       !(nic->adapter.hidden & FEATURE_SRIOV) && nic->adapter.vf_serial;
	pthread_mutex_unlock(&nic->lock);
	if (send)
		nic_queue_message(nic, false, &m, bytes);
}

/* Is the last queue open? The port thread, which may lock the primary, then sends the table. */
static void check_table(struct nic *nic)
{
	unsigned int open = 0;

	pthread_mutex_lock(&nic->lock);
	for (unsigned int i = 0; i < NIC_QUEUES; i++)
		open += __atomic_load_n(&nic->queue[i].open, __ATOMIC_ACQUIRE);
	if (nic->adapter.nvsp.subchannels && open == nic->adapter.nvsp.subchannels + 1) {
		for (unsigned int i = 0; i < NVSP_SEND_TABLE_ENTRIES; i++)
			nic->send_table[i] = i % open;
		nic->table_due = true;
	}
	pthread_mutex_unlock(&nic->lock);
	port_kick(nic);
}

static uint32_t nic_open(struct hv_channel *ch)
{
	struct nic *nic = ch->dev->priv;
	struct nic_queue *q;

	if (ch->sub >= NIC_QUEUES)
		return RNDIS_FAILURE;
	q = &nic->queue[ch->sub];
	if (!q->copy)
		q->copy = malloc(TX_BYTES);
	if (!q->copy)
		return RNDIS_FAILURE;
	q->late_first = q->late_count = 0;
	ch->priv = q;
	__atomic_store_n(&q->open, true, __ATOMIC_RELEASE);
	if (ch->sub)
		check_table(nic);
	return 0;
}

/* Everything that the guest has set up by the primary channel. */
static void forget(struct nic *nic)
{
	uint8_t current[ETH_MAC];
	struct gpadl *gpadl;

	pthread_mutex_lock(&nic->lock);
	/* a MAC address that the guest has set outlives its connection, but not the guest */
	memcpy(current, nic->adapter.current, ETH_MAC);
	adapter_reset(&nic->adapter);
	memcpy(nic->adapter.current, current, ETH_MAC);
	while (nic->wait_first) {
		struct waiting_message *m = nic->wait_first;

		nic->wait_first = m->next;
		free(m);
	}
	nic->wait_last = &nic->wait_first;
	nic->wait_bytes = 0;
	nic->table_due = false;
	__atomic_store_n(&nic->rsc4, false, __ATOMIC_RELAXED);
	__atomic_store_n(&nic->rsc6, false, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&nic->lock);
	pthread_rwlock_wrlock(&nic->tx_lock);
	gpadl = nic->tx_gpadl;
	nic->tx_gpadl = NULL;
	nic->tx_sections = 0;
	pthread_rwlock_unlock(&nic->tx_lock);
	if (gpadl)
		gpadl_put(gpadl);
	gpadl = rx_buffers_unmap(&nic->rx);
	if (gpadl)
		gpadl_put(gpadl);
}

static void nic_close(struct hv_channel *ch)
{
	struct nic_queue *q = ch->priv;
	struct nic *nic;

	if (!q)
		return;
	nic = q->nic;
	ch->priv = NULL;
	__atomic_store_n(&q->open, false, __ATOMIC_RELEASE);
	__atomic_store_n(&q->purge, true, __ATOMIC_RELEASE);
	q->late_count = 0;
	rx_buffers_close(&nic->rx, q->index);
	if (!ch->sub)
		forget(nic);
	port_kick(nic);
}

static void nic_reset(struct hv_device *dev)
{
	struct nic *nic = dev->priv;

	forget(nic);
	pthread_mutex_lock(&nic->lock);
	memcpy(nic->adapter.current, nic->adapter.permanent, ETH_MAC);
	pthread_mutex_unlock(&nic->lock);
	COUNT(nic, resets, 1);
}

static void nic_room(struct hv_channel *ch)
{
	struct nic_queue *q = ch->priv;

	if (!q)
		return;
	flush_late(ch);
	nic_flush_messages(ch);
	if (__atomic_load_n(&q->nic->hungry, __ATOMIC_ACQUIRE))
		port_kick(q->nic);
}

static void map_recv_buffer(struct hv_channel *ch, struct nvsp_result *r)
{
	struct nic *nic = ch->dev->priv;
	struct gpadl *gpadl = gpadl_get(ch, r->gpadl);
	uint32_t count, size;

	pthread_mutex_lock(&nic->lock);
	count = nvsp_recv_buffer(&nic->adapter, gpadl ? gpadl_bytes(gpadl) : 0, &r->answer);
	size = nvsp_suballoc(&nic->adapter);
	if (count && !rx_buffers_map(&nic->rx, gpadl, count, size)) {
		nic->adapter.nvsp.recv = false;
		nvsp_recv_buffer(&nic->adapter, 0, &r->answer);
		count = 0;
	}
	pthread_mutex_unlock(&nic->lock);
	if (!count && gpadl)
		gpadl_put(gpadl);
}

static void map_send_buffer(struct hv_channel *ch, struct nvsp_result *r)
{
	struct nic *nic = ch->dev->priv;
	struct gpadl *gpadl = gpadl_get(ch, r->gpadl);
	uint32_t count;

	pthread_mutex_lock(&nic->lock);
	count = nvsp_send_buffer(&nic->adapter, gpadl ? gpadl_bytes(gpadl) : 0, &r->answer);
	pthread_mutex_unlock(&nic->lock);
	if (!count) {
		if (gpadl)
			gpadl_put(gpadl);
		return;
	}
	pthread_rwlock_wrlock(&nic->tx_lock);
	nic->tx_gpadl = gpadl;
	nic->tx_sections = count;
	pthread_rwlock_unlock(&nic->tx_lock);
}

/* Newer guests tear a buffer down after the close, older ones before: they would wait for ever. */
static void revoke_buffer(struct nic *nic, bool recv)
{
	struct gpadl *gpadl = NULL;

	if (recv)
		rx_buffers_stop(&nic->rx);
	if (bus_version() >= VMBUS_4_0)
		return;
	if (recv) {
		gpadl = rx_buffers_unmap(&nic->rx);
	} else {
		pthread_rwlock_wrlock(&nic->tx_lock);
		gpadl = nic->tx_gpadl;
		nic->tx_gpadl = NULL;
		nic->tx_sections = 0;
		pthread_rwlock_unlock(&nic->tx_lock);
	}
	if (gpadl)
		gpadl_put(gpadl);
}

static void act(struct hv_channel *ch, const struct packet *p, struct nvsp_result *r)
{
	struct nic *nic = ch->dev->priv;
	uint32_t bytes = nvsp_bytes(&nic->adapter);	/* after INIT: of the version granted */

	switch (r->what) {
	case NVSP_DO_NOTHING:
		return;
	case NVSP_DO_KILL:
		channel_kill(ch, r->why);
		return;
	case NVSP_DO_RNDIS:
		tx_transfer(ch, p, r);
		return;
	case NVSP_DO_REVOKE_RECV:
	case NVSP_DO_REVOKE_SEND:
		revoke_buffer(nic, r->what == NVSP_DO_REVOKE_RECV);
		return;
	case NVSP_DO_DATA_PATH:
		log_info("%s: data path is the %s", nic->dev->name, r->vf ? "VF" : "synthetic one");
		/* fall through */
	case NVSP_DO_EMPTY:
		nic_answer(ch, p->transaction, NULL, 0);
		return;
	case NVSP_DO_RECV_BUFFER:
		map_recv_buffer(ch, r);
		break;
	case NVSP_DO_SEND_BUFFER:
		map_send_buffer(ch, r);
		break;
	case NVSP_DO_ANSWER:
	case NVSP_DO_SUBCHANNELS:
		break;
	}
	nic_answer(ch, p->transaction, &r->answer, bytes);
	if (r->what == NVSP_DO_SUBCHANNELS && !device_offer_subchannels(ch->dev, r->count))
		log_info("%s: %u sub-channels could not be offered", nic->dev->name, r->count);
}

/* The guest has taken a transfer page packet (NVSP_RNDIS_COMPLETE and a status, nothing less). */
static void receive_done(struct hv_channel *ch, const struct packet *p)
{
	struct nic_queue *q = ch->priv;
	uint32_t type = 0;

	if (p->len < 8) {
		channel_kill(ch, "short receive completion");
		return;
	}
	memcpy(&type, p->data, sizeof(type));
	if (type != NVSP_RNDIS_COMPLETE) {
		channel_kill(ch, "receive completion of another type");
		return;
	}
	if (!rx_buffers_complete(&q->nic->rx, p->transaction, q->index)) {
		channel_kill(ch, "receive completion for no packet");
		return;
	}
	/* the buffers are all queues' */
	if (__atomic_load_n(&q->nic->hungry, __ATOMIC_ACQUIRE) ||
	    (ch->sub && first_message(q->nic)))
		port_kick(q->nic);
	nic_flush_messages(ch);
}

static void nic_packet(struct hv_channel *ch, struct packet *p)
{
	struct nic *nic = ch->dev->priv;
	struct nvsp_result r;

	if (!ch->priv)
		return;
	if (p->type == PKT_COMPLETION) {
		receive_done(ch, p);
		return;
	}
	if (p->type != PKT_INBAND && p->type != PKT_GPA_DIRECT) {
		channel_kill(ch, "packet type that a NIC's guest must not send");
		return;
	}
	pthread_mutex_lock(&nic->lock);
	nvsp_input(&nic->adapter, p->data, p->len, p->flags & PKT_FLAG_COMPLETION, !ch->sub, &r);
	pthread_mutex_unlock(&nic->lock);
	act(ch, p, &r);
}

const struct hv_device_ops nic_ops = {
	.kind = "nic",
	.help =
	"options: pair=nicN | tap=NAME | sink | source=FRAMES_PER_SECOND (0: what is taken)\n"
	"  with size=BYTES | none; mac=, max_mtu=9202, queues=8, nvsp=1|2|4|5|6|6.1, name=TEXT,\n"
	"  vlan=ID (access port), speed=MBIT, batch=64, spoof, fixed-mac, link-down,\n"
	"  rsc (joins TCP packets from the wire for a guest that takes large ones),\n"
	"  hide=csum+udp+tso+tso6+rsc+rss+vlan+sriov+name\n"
	"commands: link up|down, speed MBIT, mac ADDRESS, netchange, vf add SERIAL|remove,\n"
	"  counters [reset], info, rss, send-table [force] ENTRY..., pcap FILE|off,\n"
	"  rate FRAMES_PER_SECOND [BYTES]",
	/* f8615163-df3e-46c5-913f-f2d2f965ed0e */
	.type = { { 0x63, 0x51, 0x61, 0xf8, 0x3e, 0xdf, 0xc5, 0x46,
		    0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e } },
	.threaded = true,
	.create = nic_create,
	.destroy = nic_destroy,
	.open = nic_open,
	.packet = nic_packet,
	.room = nic_room,
	.close = nic_close,
	.reset = nic_reset,
	.command = nic_command,
	.decode = nic_decode,
};
