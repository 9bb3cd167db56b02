// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: what a guest can send to its NIC. The input is a row of records: kind,
 * length (2 bytes), bytes. Kinds: an NVSP message, an RNDIS control message, a transfer of
 * data messages (which goes over the wire into a second NIC's receive side), a frame from
 * the wire, and a switch of what the guest has agreed on.
 */
#include "../dev/net/nic.h"
#include "fuzz.h"

enum kind { KIND_NVSP, KIND_CONTROL, KIND_DATA, KIND_WIRE, KIND_AGREE, KINDS };

static struct nic sender, receiver;
static struct hv_device devices[2];
static bool take_large;

/* The wire: everything that comes out of the sender is a frame that its receiver survives. */
static void wire_send(struct nic *nic, struct frame *f)
{
	(void)nic;
	MUST(f->len >= ETH_HEADER && f->len <= FRAME_MAX);
	MUST(f->mss || f->len <= sender.adapter.nvsp.frame_bytes + 2 * VLAN_TAG);
	nic_receive(&receiver, f);
}

static bool wire_large(struct nic *nic, bool v6)
{
	(void)nic;
	(void)v6;
	return take_large;
}

static const struct nic_backend wire = { .name = "wire", .send = wire_send, .large = wire_large };

static void start(struct nic *nic, struct hv_device *dev)
{
	nic->dev = dev;
	nic->backend = &wire;
	nic->kick_fd = -1;
	adapter_init(&nic->adapter);
	nic->adapter.queues = 8;
	frame_list_init(&nic->in);
	for (unsigned int i = 0; i < NIC_QUEUES; i++) {
		nic->queue[i].nic = nic;
		nic->queue[i].index = i;
		nic->queue[i].open = true;
		frame_list_init(&nic->queue[i].rx);
	}
}

/* A guest that has switched on what the bits say. */
static void agree(struct nic *nic, uint8_t bits)
{
	struct adapter *a = &nic->adapter;
	bool on = bits & 1;

	a->nvsp.version = bits & 2 ? NVSP_V61 : NVSP_V5;
	a->nvsp.caps = bits & 4 ? NVSP_CAP_VLAN | NVSP_CAP_RSC : 0;
	a->nvsp.frame_bytes = bits & 8 ? 9014 : FRAME_DEFAULT;
	a->nvsp.subchannels = 7;
	a->initialized = true;
	a->filter = FILTER_PROMISCUOUS;
	a->offload = (struct offload_state){ on, on, on, on, on, on, on, on, on, on, on, on, on,
					     bits & 16, bits & 16 };
	a->rss.enabled = on;
	a->rss.types = RSS_TOEPLITZ | (on ? 0xff00 : RSS_IPV4);
	a->rss.entries = RSS_TABLE_ENTRIES;
	for (unsigned int i = 0; i < RSS_TABLE_ENTRIES; i++)
		a->rss.table[i] = i % 8;
	take_large = bits & 32;
	nic->vlan = bits & 64 ? 5 : 0;
}

static void run_nvsp(const uint8_t *data, uint32_t len)
{
	struct adapter *a = &sender.adapter;
	struct nvsp_message answer;
	struct nvsp_result r;

	if (len < 1)
		return;
	nvsp_input(a, data + 1, len - 1, data[0] & 1, data[0] & 2, &r);
	MUST(r.what != NVSP_DO_KILL || r.why);
	if (r.what == NVSP_DO_RECV_BUFFER) {
		uint32_t count = nvsp_recv_buffer(a, (uint64_t)r.gpadl << 4, &answer);

		MUST(!count || (uint64_t)count * nvsp_suballoc(a) <= (uint64_t)r.gpadl << 4);
		MUST(count <= RX_BUFFERS_MAX);
	} else if (r.what == NVSP_DO_SEND_BUFFER) {
		nvsp_send_buffer(a, r.gpadl, &answer);
	} else if (r.what == NVSP_DO_SUBCHANNELS) {
		MUST(r.count < a->queues);
	}
	MUST(a->nvsp.frame_bytes >= FRAME_DEFAULT && a->nvsp.frame_bytes <= a->max_frame);
}

static void run_control(const uint8_t *data, uint32_t len)
{
	struct adapter *a = &sender.adapter;
	struct rndis_header h;
	struct reply reply;
	const char *why;

	if (!rndis_control(a, data, len, &reply, &why)) {
		MUST(why && !reply.len);
		return;
	}
	MUST(reply.len <= REPLY_BYTES);
	if (reply.len) {
		memcpy(&h, reply.data, sizeof(h));
		MUST(h.length == reply.len && h.type & RNDIS_COMPLETION);
	}
	for (unsigned int i = 0; i < a->rss.entries; i++)
		MUST(a->rss.table[i] < NIC_QUEUES);
}

static void run_data(const uint8_t *data, uint32_t len)
{
	struct nic_policy policy;
	uint32_t at = 0, used, type;
	struct rndis_data d;

	nic_policy_get(&sender, &policy);
	nic_policy_get(&receiver, &receiver.policy);
	while (at < len) {
		used = rndis_next(data + at, len - at, &type, &d);
		MUST(used <= len - at);
		if (!used || type != RNDIS_PACKET)
			return;
		MUST(d.data >= data + at && d.data + d.len <= data + at + used);
		tx_data(&sender, &sender.queue[0], &d, &policy);
		at += used;
	}
}

static void run_wire(const uint8_t *data, uint32_t len)
{
	struct frame *f;

	if (len < 2)
		return;
	f = frame_new(len - 2);
	if (!f)
		return;
	memcpy(f->data, data + 2, len - 2);
	f->mss = data[0] ? 64u + data[0] : 0;
	nic_policy_get(&receiver, &receiver.policy);
	nic_receive(&receiver, f);
}

static void clean(void)
{
	for (unsigned int i = 0; i < NIC_QUEUES; i++) {
		struct frame *f;

		while ((f = frame_list_take(&receiver.queue[i].rx))) {
			MUST(f->skip <= f->len && f->len <= FRAME_MAX);
			frame_free(f);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!sender.backend) {
		start(&sender, &devices[0]);
		start(&receiver, &devices[1]);
	}
	adapter_reset(&sender.adapter);
	agree(&receiver, size ? data[size - 1] : 0);
	while (size >= 3) {
		uint32_t len = data[1] | (uint32_t)data[2] << 8;
		uint8_t kind = data[0] % KINDS;

		data += 3;
		size -= 3;
		if (len > size)
			len = (uint32_t)size;
		if (kind == KIND_NVSP)
			run_nvsp(data, len);
		else if (kind == KIND_CONTROL)
			run_control(data, len);
		else if (kind == KIND_DATA)
			run_data(data, len);
		else if (kind == KIND_WIRE)
			run_wire(data, len);
		else if (len)
			agree(&sender, data[0]);
		data += len;
		size -= len;
	}
	clean();
	return 0;
}
