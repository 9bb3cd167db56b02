// SPDX-License-Identifier: GPL-2.0-only
/*
 * Storage: packets of a host that answers the handshake, then commands, and
 * sends notices in between.
 */
#include "drivers/scsi/storvsc/logic/chan_map.h"
#include "drivers/scsi/storvsc/logic/decide.h"
#include "drivers/scsi/storvsc/logic/handshake.h"
#include "drivers/scsi/storvsc/logic/limits.h"
#include "drivers/scsi/storvsc/logic/slot.h"
#include "fuzz.h"

#define TAGS		4U
#define CHANNELS	3U
#define CPUS		24U
#define NODES		4U
#define CMD_FIXED	(24U + 8 + STV_PKT_LEN + 8)	/* bytes without pages */

struct adapter {
	struct stv_slot slots[TAGS];
	u64 ids[TAGS];
	struct stv_hs hs;
	bool is_fc;
	u8 out[STV_PKT_LEN];
};

static void check_params(const struct stv_params *p)
{
	MUST(p->max_transfer >= STV_TRANSFER_MIN &&
	     p->max_transfer <= STV_TRANSFER_MAX);
	MUST(p->max_transfer % STV_PAGE_SIZE == 0);
	MUST(p->sub_channels < STV_CHANNELS_MAX);
}

/* What the host said decides how large queues and commands are. */
static void limits(const struct stv_params *p, struct input *in)
{
	struct stv_limits_in from = {
		.kind = take8(in) % 3, .ring_bytes = take32(in),
		.online_cpus = 1 + take16(in), .present_cpus = 1 + take16(in),
		.vcpus_per_sub_channel = take32(in), .lowater = take32(in),
		.max_hw_queues = take32(in), .max_transfer = p->max_transfer,
	};
	struct stv_limits lim;
	u64 most, two;

	stv_limits(&from, &lim);
	MUST(lim.can_queue && lim.can_queue <= STV_CAN_QUEUE_MAX);
	MUST(lim.nr_hw_queues && (from.kind != STV_DEV_IDE ||
				  lim.nr_hw_queues == 1));
	most = lim.max_sectors * 512ULL;
	MUST(most >= STV_TRANSFER_MIN && most <= p->max_transfer);
	MUST(most <= STV_FC_TRANSFER_MAX || from.kind != STV_DEV_FC);
	MUST(lim.sg_tablesize == most / STV_PAGE_SIZE + 1);
	/* The smallest has to do where not even that fits. */
	two = 2 * (CMD_FIXED + 8ULL * lim.sg_tablesize);
	MUST(two <= from.ring_bytes || most == STV_TRANSFER_MIN);
}

struct rooms {
	const struct stv_map_cfg *cfg;
	u64 room;			/* a bit for each, then again */
	bool asked[STV_CHANNELS_MAX];
};

static bool usable(const struct stv_map_cfg *cfg, u32 chan)
{
	u32 polled = cfg->polled ? stv_poll_channels(cfg->nr_chans) : 0;

	return chan < cfg->nr_chans - polled && cfg->chan[chan].up;
}

static bool has_room(void *ctx, u32 chan)
{
	struct rooms *r = ctx;

	MUST(usable(r->cfg, chan) && !r->asked[chan]);
	r->asked[chan] = true;
	return r->room >> chan % 64 & 1;
}

static void search(const struct stv_map *map, const struct stv_map_cfg *cfg,
		   u32 cpu, u64 room)
{
	struct rooms r = { .cfg = cfg, .room = room };
	u32 home = stv_map_home(map, cpu), chan, i;

	chan = stv_map_search(map, cpu, has_room, &r);
	MUST((home == STV_NO_CHAN) == !map->nr_normal);
	if (!map->nr_normal) {
		MUST(chan == STV_NO_CHAN);
		return;
	}
	MUST(usable(cfg, home) && usable(cfg, chan));
	if (chan != home || room >> home % 64 & 1)
		return;
	/* None of them had any. */
	for (i = 0; i < cfg->nr_chans; i++)
		MUST(r.asked[i] == usable(cfg, i));
}

/* As many channels as the host agreed to, of which it has offered some. */
static void channels(const struct stv_params *p, struct input *in)
{
	static struct stv_map_chan chan[STV_CHANNELS_MAX];
	struct stv_map_cpu cpu[CPUS];
	struct stv_map_cfg cfg = {
		.chan = chan, .cpu = cpu, .polled = take8(in) & 1,
		.nr_chans = p->sub_channels + 1,
		.nr_cpus = 1 + take8(in) % CPUS,
		.nr_nodes = 1 + take8(in) % NODES,
	};
	size_t size = stv_map_size(&cfg);
	struct stv_map *map = malloc(size);
	u64 room;
	u32 i;

	MUST(size && map);
	for (i = 0; i < cfg.nr_chans; i++) {
		u8 what = take8(in);

		/* Some of them interrupt CPUs that are not there. */
		chan[i].up = what & 1;
		chan[i].cpu = what / 2 % (CPUS + 2);
	}
	for (i = 0; i < cfg.nr_cpus; i++) {
		u8 what = take8(in);

		cpu[i].online = what & 1;
		cpu[i].node = what / 2 % (NODES + 1);
	}
	memset(map, 0xa5, size);
	MUST(stv_map_build(map, size - 1, &cfg));
	MUST(!stv_map_build(map, size, &cfg));
	room = take64(in);
	for (i = 0; i < cfg.nr_cpus; i++)
		search(map, &cfg, i, room);
	free(map);
}

static void handshake(struct adapter *a, struct input *in)
{
	struct stv_hs_cfg cfg = {
		.is_fc = a->is_fc, .want_sub_channels = take8(in),
	};
	u32 len, steps = 0;
	struct hv_view view;
	u8 *copy;
	int ret;

	stv_hs_start(&a->hs, &cfg);
	while (stv_hs_next(&a->hs, a->out) > 0) {
		MUST(++steps < 32);
		copy = take_packet(in, take8(in), &len);
		view = hv_view_of(copy, len);
		ret = stv_hs_reply(&a->hs, &view);
		free(copy);
		MUST(stv_hs_state_name(a->hs.state));
		MUST(stv_hs_error_name(a->hs.why));
		if (ret) {
			MUST(a->hs.state == STV_HS_FAILED);
			break;
		}
	}
	if (a->hs.state == STV_HS_DONE)
		check_params(&a->hs.params);
}

static void decide(const struct hv_view *pkt, struct input *in, bool is_fc)
{
	struct stv_io io = {
		.data_len = take32(in) % (1U << 20), .opcode = take8(in),
		.is_fc = is_fc,
	};
	struct stv_verdict v;
	struct stv_comp comp;
	u32 resid;

	if (stv_comp_good(pkt, io.data_len, &resid)) {
		MUST(resid <= io.data_len);
		return;
	}
	stv_parse_comp(pkt, &comp);
	MUST(comp.sense.len <= STV_SENSE_MAX);
	stv_decide(&io, &comp, &v);
	MUST(v.resid <= io.data_len);
	MUST(v.action <= STV_DO_REMOVE_LUN);
}

static void completion(struct adapter *a, struct input *in, u64 id, u32 chan)
{
	struct stv_sense sense;
	struct stv_notice notice;
	struct stv_reply reply;
	enum stv_reject why;
	struct hv_view view;
	u32 len, key;
	u8 *copy = take_packet(in, take8(in), &len);

	view = hv_view_of(copy, len);
	stv_sense_parse(&view, &sense);
	switch (stv_id_split(id, &key)) {
	case STV_ID_NOTICE:
		why = stv_notice_claim(&view, true, a->is_fc, &notice);
		MUST(why < STV_REJECTS && stv_reject_name(why));
		break;
	case STV_ID_IO:
		if (key >= TAGS)
			break;
		why = stv_io_claim(&a->slots[key], id, chan, &view);
		MUST(why < STV_REJECTS);
		if (why == STV_ACCEPT) {
			MUST(view.len >= STV_PKT_LEN);
			MUST(stv_io_claim(&a->slots[key], id, chan, &view) ==
			     STV_REJECT_IDLE);
			decide(&view, in, a->is_fc);
		}
		break;
	case STV_ID_OWN:
		MUST(key == STV_OWN_INIT || key == STV_OWN_RESET);
		if (!stv_parse_reply(&view, &reply))
			MUST(view.len >= STV_PKT_LEN);
		break;
	case STV_ID_BAD:
		break;
	}
	free(copy);
}

static void submit(struct adapter *a, struct input *in)
{
	struct stv_addr addr = { .target = take8(in), .lun = take8(in) };
	u8 cdb[16], tag = take8(in) % TAGS;
	struct stv_tmpl tmpl;
	struct stv_cmd cmd = {
		.cdb = cdb, .cdb_len = take8(in) % 17,
		.data_len = take16(in), .dir = take8(in) % STV_DIRS,
	};
	u64 words[STV_PKT_LEN / 8];

	if (stv_slot_in_flight(&a->slots[tag]))
		return;
	take(in, cdb, sizeof(cdb));
	stv_cmd_allowed(cdb[0], a->hs.params.version);
	stv_tmpl_init(&tmpl, &addr, take8(in) & 1);
	stv_put_srb(words, &tmpl, &cmd);
	a->ids[tag] = stv_io_id(tag, stv_slot_arm(&a->slots[tag],
						  take8(in) % CHANNELS));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	struct adapter a = { .is_fc = take8(&in) & 1 };
	u64 id;

	handshake(&a, &in);
	while (in.len) {
		u8 what = take8(&in);

		switch (what % 4) {
		case 0:
			submit(&a, &in);
			break;
		case 1:
			id = a.ids[what / 4 % TAGS];
			completion(&a, &in, id, take8(&in) % CHANNELS);
			break;
		case 2:
			id = what & 128 ? take64(&in) : 0;
			completion(&a, &in, id, take8(&in) % CHANNELS);
			break;
		case 3:
			if (what & 64 && a.hs.state == STV_HS_DONE) {
				limits(&a.hs.params, &in);
				channels(&a.hs.params, &in);
				break;
			}
			stv_slot_revoke(&a.slots[what / 4 % TAGS]);
			break;
		}
	}
	return 0;
}
