// SPDX-License-Identifier: GPL-2.0-only
/* The NIC's commands on the control socket. Main thread, no lock held. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "nic.h"

static bool number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value <= max;
}

/* An event for the guest, if it listens. */
static void indicate(struct nic *nic, uint32_t status, const void *data, uint32_t len)
{
	struct reply reply;
	bool ready;

	pthread_mutex_lock(&nic->lock);
	ready = nic->adapter.initialized;
	pthread_mutex_unlock(&nic->lock);
	if (!ready)
		return;
	rndis_indicate(&reply, status, data, len);
	if (!nic_queue_message(nic, true, reply.data, reply.len))
		log_guest("%s: the guest doesn't take its events", nic->dev->name);
	nic_flush_unlocked(nic);
}

static bool command_link(struct nic *nic, int argc, char **argv, struct text *answer)
{
	bool up = argc == 2 && !strcmp(argv[1], "up"), changed;

	if (argc != 2 || (!up && strcmp(argv[1], "down"))) {
		text_add(answer, "give: link up|down");
		return false;
	}
	pthread_mutex_lock(&nic->lock);
	changed = nic->adapter.link != up;
	nic->adapter.link = up;
	pthread_mutex_unlock(&nic->lock);
	if (changed)
		indicate(nic, up ? RNDIS_MEDIA_CONNECT : RNDIS_MEDIA_DISCONNECT, NULL, 0);
	port_kick(nic);
	return true;
}

static bool command_speed(struct nic *nic, int argc, char **argv, struct text *answer)
{
	uint64_t mbit;
	uint32_t units;
	bool teaming;

	if (argc != 2 || !number(argv[1], 400000, &mbit) || !mbit) {
		text_add(answer, "give: speed MBIT, up to 400000");
		return false;
	}
	units = (uint32_t)mbit * 10000;	/* of 100 bit/s */
	pthread_mutex_lock(&nic->lock);
	nic->adapter.speed = (uint32_t)mbit;
	/* only guests that can team are told of speed changes */
	teaming = nic->adapter.nvsp.caps & NVSP_CAP_TEAMING;
	pthread_mutex_unlock(&nic->lock);
	if (teaming)
		indicate(nic, RNDIS_LINK_SPEED_CHANGE, &units, sizeof(units));
	return true;
}

static bool command_mac(struct nic *nic, int argc, char **argv, struct text *answer)
{
	uint8_t mac[ETH_MAC];

	if (argc != 2 || !mac_parse(argv[1], mac) || mac[0] & 1) {
		text_add(answer, "give: mac ADDRESS (unicast); seen when the guest connects again");
		return false;
	}
	pthread_mutex_lock(&nic->lock);
	memcpy(nic->adapter.permanent, mac, ETH_MAC);
	memcpy(nic->adapter.current, mac, ETH_MAC);
	pthread_mutex_unlock(&nic->lock);
	return true;
}

static bool command_vf(struct nic *nic, int argc, char **argv, struct text *answer)
{
	uint64_t serial = 0;
	bool add = argc == 3 && !strcmp(argv[1], "add") && number(argv[2], UINT32_MAX, &serial) &&
		   serial;

	if (!add && (argc != 2 || strcmp(argv[1], "remove"))) {
		text_add(answer, "give: vf add SERIAL | vf remove");
		return false;
	}
	pthread_mutex_lock(&nic->lock);
	nic->adapter.vf = add;
	if (add)
		nic->adapter.vf_serial = (uint32_t)serial;
	pthread_mutex_unlock(&nic->lock);
	nic_vf_message(nic);
	nic_flush_unlocked(nic);
	return true;
}

static bool command_counters(struct nic *nic, int argc, char **argv, struct text *answer)
{
	if (argc == 2 && !strcmp(argv[1], "reset")) {
#define X(name) __atomic_store_n(&nic->count.name, 0, __ATOMIC_RELAXED);
		NIC_COUNTERS(X)
#undef X
		for (unsigned int i = 0; i < NIC_QUEUES; i++) {
			struct nic_queue *q = &nic->queue[i];

			__atomic_store_n(&q->tx_packets, 0, __ATOMIC_RELAXED);
			__atomic_store_n(&q->tx_bytes, 0, __ATOMIC_RELAXED);
			__atomic_store_n(&q->rx_packets, 0, __ATOMIC_RELAXED);
			__atomic_store_n(&q->rx_bytes, 0, __ATOMIC_RELAXED);
		}
		return true;
	}
	if (argc != 1) {
		text_add(answer, "give: counters [reset]");
		return false;
	}
#define X(name) text_add(answer, #name " %llu\n", \
			 (unsigned long long)__atomic_load_n(&nic->count.name, __ATOMIC_RELAXED));
	NIC_COUNTERS(X)
#undef X
	for (unsigned int i = 0; i < nic->adapter.queues; i++) {
		const struct nic_queue *q = &nic->queue[i];

		text_add(answer,
			 "queue%u tx_packets %llu rx_packets %llu tx_bytes %llu rx_bytes %llu\n", i,
			 (unsigned long long)__atomic_load_n(&q->tx_packets, __ATOMIC_RELAXED),
			 (unsigned long long)__atomic_load_n(&q->rx_packets, __ATOMIC_RELAXED),
			 (unsigned long long)__atomic_load_n(&q->tx_bytes, __ATOMIC_RELAXED),
			 (unsigned long long)__atomic_load_n(&q->rx_bytes, __ATOMIC_RELAXED));
	}
	return true;
}

static void describe_offload(const struct offload_state *s, struct text *answer)
{
	text_add(answer, "tx_offload%s%s%s%s%s%s%s%s\n", s->tx_ip4 ? " ip4" : "",
		 s->tx_tcp4 ? " tcp4" : "", s->tx_udp4 ? " udp4" : "", s->tx_tcp6 ? " tcp6" : "",
		 s->tx_udp6 ? " udp6" : "", s->lso1 ? " lso1" : "", s->lso4 ? " tso4" : "",
		 s->lso6 ? " tso6" : "");
	text_add(answer, "rx_offload%s%s%s%s%s%s%s\n", s->rx_ip4 ? " ip4" : "",
		 s->rx_tcp4 ? " tcp4" : "", s->rx_udp4 ? " udp4" : "", s->rx_tcp6 ? " tcp6" : "",
		 s->rx_udp6 ? " udp6" : "", s->rsc4 ? " rsc4" : "", s->rsc6 ? " rsc6" : "");
}

static bool command_info(struct nic *nic, struct text *answer)
{
	struct adapter a;
	unsigned int open = 0;
	char mac[18];

	pthread_mutex_lock(&nic->lock);
	a = nic->adapter;
	pthread_mutex_unlock(&nic->lock);
	for (unsigned int i = 0; i < NIC_QUEUES; i++)
		open += __atomic_load_n(&nic->queue[i].open, __ATOMIC_ACQUIRE);
	text_add(answer, "nvsp %s\n", nic_version_text(a.nvsp.version));
	text_add(answer, "state %s\n", a.initialized ? a.filter ? "running" : "ready" :
				       a.nvsp.version ? "connecting" : "closed");
	text_add(answer, "mtu %u\n", a.nvsp.frame_bytes - ETH_HEADER);
	text_add(answer, "capabilities 0x%x\n", a.nvsp.caps);
	text_add(answer, "queues %u of %u\n", open, a.queues);
	text_add(answer, "filter 0x%x\n", a.filter);
	text_add(answer, "link %s\n", a.link ? "up" : "down");
	text_add(answer, "speed %u\n", a.speed);
	mac_format(a.permanent, mac);
	text_add(answer, "permanent %s\n", mac);
	mac_format(a.current, mac);
	text_add(answer, "current %s\n", mac);
	text_add(answer, "data_path %s\n", a.nvsp.data_path_vf ? "vf" : "synthetic");
	if (a.vf)
		text_add(answer, "vf %u\n", a.vf_serial);
	describe_offload(&a.offload, answer);
	text_add(answer, "backend %s\n", nic->backend->name);
	pthread_mutex_lock(&nic->rx.lock);
	text_add(answer, "receive_buffers %u of %u bytes, %u free\n", nic->rx.count, nic->rx.size,
		 nic->rx.free);
	pthread_mutex_unlock(&nic->rx.lock);
	return true;
}

static bool command_rss(struct nic *nic, struct text *answer)
{
	struct rss_state s;

	pthread_mutex_lock(&nic->lock);
	s = nic->adapter.rss;
	pthread_mutex_unlock(&nic->lock);
	text_add(answer, "rss %s\n", s.enabled ? "on" : "off");
	text_add(answer, "types 0x%x\nkey ", s.types);
	for (unsigned int i = 0; i < RSS_KEY_BYTES; i++)
		text_add(answer, "%02x", s.key[i]);
	text_add(answer, "\ntable");
	for (unsigned int i = 0; i < s.entries; i++)
		text_add(answer, " %u", s.table[i]);
	text_add(answer, "\n");
	return true;
}

/* Without entries: shows the table. "force" sends what a host must not send. */
static bool command_table(struct nic *nic, int argc, char **argv, struct text *answer)
{
	bool force = argc > 1 && !strcmp(argv[1], "force");
	uint32_t table[NVSP_SEND_TABLE_ENTRIES];
	int first = force ? 2 : 1, given = argc - first;
	uint32_t limit;

	pthread_mutex_lock(&nic->lock);
	memcpy(table, nic->send_table, sizeof(table));
	limit = nic->adapter.nvsp.subchannels;
	pthread_mutex_unlock(&nic->lock);
	if (!given) {
		for (unsigned int i = 0; i < NVSP_SEND_TABLE_ENTRIES; i++)
			text_add(answer, "%u%s", table[i],
				 i + 1 < NVSP_SEND_TABLE_ENTRIES ? " " : "\n");
		return true;
	}
	for (unsigned int i = 0; i < NVSP_SEND_TABLE_ENTRIES; i++) {
		uint64_t value;

		/* fewer entries than there are: they repeat */
		if (!number(argv[first + (int)i % given], force ? UINT32_MAX : limit, &value)) {
			text_add(answer, "give queue numbers from 0 to %u", limit);
			return false;
		}
		table[i] = (uint32_t)value;
	}
	pthread_mutex_lock(&nic->lock);
	memcpy(nic->send_table, table, sizeof(table));
	nic->table_due = nic->adapter.initialized;
	pthread_mutex_unlock(&nic->lock);
	port_kick(nic);
	return true;
}

static bool command_pcap(struct nic *nic, int argc, char **argv, struct text *answer)
{
	if (argc != 2) {
		text_add(answer, "give: pcap FILE|off");
		return false;
	}
	if (!strcmp(argv[1], "off")) {
		pcap_close(nic);
		return true;
	}
	if (!pcap_open(nic, argv[1])) {
		text_add(answer, "%s: %s", argv[1], strerror(errno));
		return false;
	}
	return true;
}

static bool command_rate(struct nic *nic, int argc, char **argv, struct text *answer)
{
	uint64_t rate, bytes = 0;

	if (argc < 2 || argc > 3 || !number(argv[1], 100000000, &rate) ||
	    (argc == 3 && (!number(argv[2], 65535, &bytes) || bytes < 60))) {
		text_add(answer, "give: rate FRAMES_PER_SECOND [BYTES]");
		return false;
	}
	if (!backend_bench_rate(nic, rate, (uint32_t)bytes)) {
		text_add(answer, "this NIC is no source");
		return false;
	}
	port_kick(nic);
	return true;
}

bool nic_command(struct hv_device *dev, int argc, char **argv, struct text *answer)
{
	struct nic *nic = dev->priv;

	if (!strcmp(argv[0], "link"))
		return command_link(nic, argc, argv, answer);
	if (!strcmp(argv[0], "speed"))
		return command_speed(nic, argc, argv, answer);
	if (!strcmp(argv[0], "mac"))
		return command_mac(nic, argc, argv, answer);
	if (!strcmp(argv[0], "vf"))
		return command_vf(nic, argc, argv, answer);
	if (!strcmp(argv[0], "counters"))
		return command_counters(nic, argc, argv, answer);
	if (!strcmp(argv[0], "info"))
		return command_info(nic, answer);
	if (!strcmp(argv[0], "rss"))
		return command_rss(nic, answer);
	if (!strcmp(argv[0], "send-table"))
		return command_table(nic, argc, argv, answer);
	if (!strcmp(argv[0], "pcap"))
		return command_pcap(nic, argc, argv, answer);
	if (!strcmp(argv[0], "rate"))
		return command_rate(nic, argc, argv, answer);
	if (!strcmp(argv[0], "netchange")) {
		indicate(nic, RNDIS_NETWORK_CHANGE, NULL, 0);
		return true;
	}
	text_add(answer, "a NIC knows no '%s'; see help nic", argv[0]);
	return false;
}
