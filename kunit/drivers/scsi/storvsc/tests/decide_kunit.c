// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for what the completion of a SCSI command means. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../logic/decide.h"

#define OP_READ		0x28
#define OP_FLUSH	0x35

#define FLAG		STV_SRB_SENSE_VALID
#define FROZEN		STV_SRB_QUEUE_FROZEN
#define GOOD		STV_SAM_GOOD
#define CHECK		STV_SAM_CHECK_CONDITION
#define BUSY		0x08
#define CONFLICT	0x18

#define LEN		4096

/* Kinds of sense data that make a difference, and some that don't. */
enum sense_kind {
	SENSE_NONE,
	SENSE_ZERO,
	SENSE_JUNK,
	SENSE_MEDIUM,
	SENSE_CAPACITY,
	SENSE_PARAMETERS,
	SENSE_TARGET,
	SENSE_INQUIRY,
	SENSE_LUNS,
	SENSE_CAPACITY_DESC,
	SENSE_KINDS,
};

static const u8 sense_bytes[SENSE_KINDS][STV_SENSE_MAX] = {
	[SENSE_JUNK] = { 0x2a, 0x2a, 0x2a, 9, 0, 0, 0, 10, 0, 0, 0, 0, 0x2a,
			 9 },
	[SENSE_MEDIUM] = { 0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 0 },
	[SENSE_CAPACITY] = { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x2a, 9 },
	[SENSE_PARAMETERS] = { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x2a,
			       1 },
	[SENSE_TARGET] = { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3f, 0 },
	[SENSE_INQUIRY] = { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3f, 3 },
	[SENSE_LUNS] = { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3f, 0x0e },
	[SENSE_CAPACITY_DESC] = { 0x72, 6, 0x2a, 9 },
};

static struct stv_comp make_comp(u8 srb, u8 scsi, enum sense_kind sense,
				 u32 data_len)
{
	return (struct stv_comp) {
		.srb_status = srb,
		.scsi_status = scsi,
		.data_len = data_len,
		.sense = hv_view_of(sense_bytes[sense],
				    sense == SENSE_NONE ? 0 : STV_SENSE_MAX),
	};
}

struct decide_case {
	const char *name;
	u8 opcode;
	bool is_fc;
	u8 srb, scsi;
	enum sense_kind sense;
	u32 done;		/* bytes that the host claims */
	u32 result;
	u32 resid;
	enum stv_action action;
	enum stv_log log;
};

#define DID(code)	((u32)STV_DID_##code << 16)
#define ERR		STV_LOG_ERROR
#define WARN_		STV_LOG_WARN
#define RESCAN		STV_DO_RESCAN_DEVICE
#define REMOVE		STV_DO_REMOVE_LUN

static const struct decide_case decide_cases[] = {
	{ "success", OP_READ, false, 0x01, GOOD, 0, LEN, 0, 0 },
	{ "short read", OP_READ, false, 0x01, GOOD, 0, 512, 0, LEN - 512 },
	{ "nothing read", OP_READ, false, 0x01, GOOD, 0, 0, 0, LEN },
	{ "too much", OP_READ, false, 0x01, GOOD, 0, LEN + 1, 0, 0 },
	{ "far too much", OP_READ, false, 0x01, GOOD, 0, U32_MAX, 0, 0 },
	{ "busy device", OP_READ, false, 0x01, BUSY, 0, 0, BUSY, LEN, 0, ERR },
	{ "check condition, SRB success", OP_READ, false, 0x01, CHECK,
	  SENSE_MEDIUM, LEN, CHECK, 0, 0, ERR },
	{ "medium error", OP_READ, false, FLAG | 0x04, CHECK, SENSE_MEDIUM,
	  LEN, CHECK, LEN, 0, ERR },
	{ "capacity changed", OP_READ, false, FLAG | 0x04, CHECK,
	  SENSE_CAPACITY, 0, DID(REQUEUE) | CHECK, LEN, RESCAN, ERR },
	{ "capacity changed, descriptors", OP_READ, false, FLAG | 0x04, CHECK,
	  SENSE_CAPACITY_DESC, 0, DID(REQUEUE) | CHECK, LEN, RESCAN, ERR },
	{ "capacity changed, frozen", OP_READ, false, FLAG | FROZEN | 0x04,
	  CHECK, SENSE_CAPACITY, 0, DID(REQUEUE) | CHECK, LEN, RESCAN, ERR },
	{ "capacity changed, asked by TUR", STV_CMD_TEST_UNIT_READY, false,
	  FLAG | 0x04, CHECK, SENSE_CAPACITY, 0, DID(REQUEUE) | CHECK, LEN,
	  RESCAN, WARN_ },
	{ "capacity changed, but no flag", OP_READ, false, 0x04, CHECK,
	  SENSE_CAPACITY, 0, DID(ERROR) | CHECK, LEN, 0, ERR },
	{ "other parameters changed", OP_READ, false, FLAG | 0x04, CHECK,
	  SENSE_PARAMETERS, 0, CHECK, LEN, 0, ERR },
	{ "target changed", OP_READ, false, FLAG | 0x04, CHECK, SENSE_TARGET,
	  0, DID(REQUEUE) | CHECK, LEN, RESCAN, ERR },
	{ "inquiry data changed", OP_READ, false, FLAG | 0x04, CHECK,
	  SENSE_INQUIRY, 0, CHECK, LEN, 0, ERR },
	{ "LUNs changed", OP_READ, false, FLAG | 0x04, CHECK, SENSE_LUNS, 0,
	  CHECK, LEN, 0, ERR },
	{ "error without sense", OP_READ, false, 0x04, GOOD, 0, LEN,
	  DID(ERROR), LEN, 0, ERR },
	{ "aborted", OP_READ, false, 0x02, GOOD, 0, LEN, DID(ERROR), LEN, 0,
	  ERR },
	{ "invalid request", OP_READ, false, 0x06, GOOD, 0, 0, DID(ERROR),
	  LEN, 0, ERR },
	{ "time-out", OP_READ, false, 0x09, GOOD, 0, 0, DID(ERROR), LEN, 0,
	  ERR },
	{ "selection time-out", OP_READ, false, 0x0a, GOOD, 0, 0, DID(ERROR),
	  LEN, 0, ERR },
	{ "bus reset", OP_READ, false, 0x0e, GOOD, 0, 0, DID(ERROR), LEN, 0,
	  ERR },
	{ "internal error", OP_READ, false, 0x30, GOOD, 0, 0, DID(ERROR), LEN,
	  0, ERR },
	{ "data overrun", OP_READ, false, 0x12, GOOD, 0, 512, DID(ERROR),
	  LEN - 512, 0, ERR },
	{ "data overrun with sense", OP_READ, false, FLAG | 0x12, CHECK,
	  SENSE_MEDIUM, 512, CHECK, LEN, 0, ERR },
	{ "TUR fails", STV_CMD_TEST_UNIT_READY, false, 0x04, CHECK, 0, 0,
	  CHECK, LEN, 0, WARN_ },
	{ "ATA pass-through fails", STV_CMD_ATA_16, false, 0x04, GOOD, 0, 0,
	  DID(PASSTHROUGH), LEN, 0, ERR },
	{ "ATA pass-through, short", STV_CMD_ATA_12, false, 0x06, CHECK, 0, 0,
	  DID(PASSTHROUGH) | CHECK, LEN, 0, ERR },
	{ "LUN has gone", OP_READ, false, 0x20, GOOD, 0, 0, DID(NO_CONNECT),
	  LEN, REMOVE, ERR },
	{ "LUN has gone, with sense", OP_READ, false, FLAG | 0x20, CHECK,
	  SENSE_CAPACITY, 0, DID(NO_CONNECT) | CHECK, LEN, REMOVE, ERR },
	{ "LUN has gone, asked by TUR", STV_CMD_TEST_UNIT_READY, false, 0x20,
	  GOOD, 0, 0, DID(NO_CONNECT), LEN, REMOVE, WARN_ },
	{ "INQUIRY fails", STV_CMD_INQUIRY, false, FLAG | 0x04, CHECK,
	  SENSE_MEDIUM, 36, 0, LEN - 36 },
	{ "INQUIRY of no LUN", STV_CMD_INQUIRY, false, 0x20, GOOD, 0, 0, 0,
	  LEN },
	{ "INQUIRY claims too much", STV_CMD_INQUIRY, false, 0x04, GOOD, 0,
	  U32_MAX, 0, 0 },
	{ "MODE SENSE fails", STV_CMD_MODE_SENSE, false, 0x04, GOOD, 0, 0, 0,
	  LEN },
	{ "MODE SENSE(10) fails", STV_CMD_MODE_SENSE_10, true, FLAG | 0x06,
	  CHECK, SENSE_CAPACITY, 0, 0, LEN },
	{ "MAINTENANCE IN fails, FC", STV_CMD_MAINTENANCE_IN, true, 0x04,
	  GOOD, 0, 0, 0, LEN },
	{ "MAINTENANCE IN fails, SCSI", STV_CMD_MAINTENANCE_IN, false, 0x04,
	  GOOD, 0, 0, DID(ERROR), LEN, 0, ERR },
	/* The three differences to the original driver. */
	{ "flagged and good", OP_READ, false, FLAG | 0x04, GOOD, 0, LEN,
	  DID(ERROR), LEN, 0, ERR },
	{ "flagged, device busy", OP_READ, false, FLAG | 0x04, BUSY, 0, 0,
	  BUSY, LEN, 0, ERR },
	{ "unknown code, flush", OP_FLUSH, false, 0x3d, GOOD, 0, 0,
	  DID(ERROR), LEN, 0, ERR },
	{ "unknown code, device says why", OP_READ, false, FLAG | 0x3d, CHECK,
	  SENSE_MEDIUM, 0, CHECK, LEN, 0, ERR },
	{ "SRB pending", OP_READ, false, 0x00, GOOD, 0, LEN, DID(ERROR), LEN,
	  0, ERR },
	{ "SRB busy", OP_READ, false, 0x05, GOOD, 0, 0, DID(REQUEUE), LEN, 0,
	  ERR },
	{ "SRB busy, device says why", OP_READ, false, 0x05, CONFLICT, 0, 0,
	  CONFLICT, LEN, 0, ERR },
	{ "success, frozen", OP_READ, false, FROZEN | 0x01, GOOD, 0, LEN, 0,
	  0, 0, ERR },
	{ "success, flagged", OP_READ, false, FLAG | 0x01, GOOD, SENSE_MEDIUM,
	  LEN, 0, 0, 0, ERR },
	{ "success, flagged, check condition", OP_READ, false, FLAG | 0x01,
	  CHECK, SENSE_CAPACITY, LEN, CHECK, LEN, 0, ERR },
};

/* Numbers that others have made up. */
static void decide_numbers(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, STV_CMD_INQUIRY, 0x12);
	KUNIT_EXPECT_EQ(test, STV_CMD_MODE_SENSE, 0x1a);
	KUNIT_EXPECT_EQ(test, STV_CMD_MODE_SENSE_10, 0x5a);
	KUNIT_EXPECT_EQ(test, STV_CMD_MAINTENANCE_IN, 0xa3);
	KUNIT_EXPECT_EQ(test, STV_DID_NO_CONNECT, 1);
	KUNIT_EXPECT_EQ(test, STV_DID_ERROR, 7);
	KUNIT_EXPECT_EQ(test, STV_DID_PASSTHROUGH, 10);
	KUNIT_EXPECT_EQ(test, STV_DID_REQUEUE, 13);
	/* The parameter logging_level. */
	KUNIT_EXPECT_EQ(test, (int)STV_LOG_NONE, 0);
	KUNIT_EXPECT_EQ(test, (int)STV_LOG_ERROR, 1);
	KUNIT_EXPECT_EQ(test, (int)STV_LOG_WARN, 2);
}

static void decide_table(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(decide_cases); i++) {
		const struct decide_case *c = &decide_cases[i];
		struct stv_comp comp = make_comp(c->srb, c->scsi, c->sense,
						 c->done);
		struct stv_io io = {
			.data_len = LEN, .opcode = c->opcode,
			.is_fc = c->is_fc,
		};
		struct stv_verdict v;

		memset(&v, 0xee, sizeof(v));
		stv_decide(&io, &comp, &v);
		KUNIT_EXPECT_EQ_MSG(test, v.result, c->result, "%s", c->name);
		KUNIT_EXPECT_EQ_MSG(test, v.resid, c->resid, "%s", c->name);
		KUNIT_EXPECT_EQ_MSG(test, (int)v.action, (int)c->action, "%s",
				    c->name);
		KUNIT_EXPECT_EQ_MSG(test, (int)v.log, (int)c->log, "%s",
				    c->name);
		KUNIT_EXPECT_EQ_MSG(test, v.overlong, v.resid == 0 &&
				    c->done > LEN, "%s", c->name);
	}
}

/*
 * What the original driver does, restated: the host byte it sets, or -1 where
 * the decision hangs on memory that it never wrote.
 */
struct original {
	int host_byte;
	bool rescan, remove, counts;
};

static struct original original_driver(u8 opcode, u8 srb, u8 scsi,
				       const struct stv_sense *sense)
{
	static const u8 failures[] = {
		0x04, 0x02, 0x06, 0x30, 0x09, 0x0a, 0x0e, 0x12,
	};
	struct original o = { .counts = srb == 0x01 || srb == 0x12 };
	bool failure = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(failures); i++)
		failure |= (srb & 0x3f) == failures[i];
	if ((srb & 0x3f) == 0x20) {
		o.host_byte = 0x01;
		o.remove = true;
	} else if (failure && (srb & 0x80)) {
		if (!scsi)
			o.host_byte = -1;
		o.rescan = (sense->asc == 0x2a && sense->ascq == 0x09) ||
			   (sense->asc == 0x3f && sense->ascq != 0x03 &&
			    sense->ascq != 0x0e);
		if (o.rescan)
			o.host_byte = 0x0d;
	} else if (failure && (opcode == 0x85 || opcode == 0xa1)) {
		o.host_byte = 0x0a;
	} else if (failure && opcode != 0x00) {
		o.host_byte = 0x07;
	}
	return o;
}

static void compare(struct kunit *test, u8 opcode, u8 srb, u8 scsi,
		    enum sense_kind kind)
{
	struct stv_comp comp = make_comp(srb, scsi, kind, 1000);
	struct stv_io io = { .data_len = LEN, .opcode = opcode };
	struct stv_sense sense = {};
	struct stv_verdict v;
	struct original o;

	if (scsi == CHECK && (srb & 0x80))
		stv_sense_parse(&comp.sense, &sense);
	o = original_driver(opcode, srb, scsi, &sense);
	stv_decide(&io, &comp, &v);

	KUNIT_EXPECT_EQ(test, v.copy_sense, scsi == CHECK && (srb & 0x80));
	KUNIT_EXPECT_EQ(test, v.result & 0xff, scsi);
	/* Differences 1, 2 and 3: a good SCSI status only. */
	if (scsi == GOOD && srb != 0x01 &&
	    (o.host_byte == -1 || o.host_byte == 0))
		return;
	KUNIT_EXPECT_EQ_MSG(test, v.result >> 16, o.host_byte,
			    "opcode %x srb %x scsi %x sense %d", opcode, srb,
			    scsi, kind);
	KUNIT_EXPECT_EQ(test, v.resid, o.counts ? LEN - 1000 : LEN);
	KUNIT_EXPECT_EQ(test, v.action == STV_DO_RESCAN_DEVICE, o.rescan);
	KUNIT_EXPECT_EQ(test, v.action == STV_DO_REMOVE_LUN, o.remove);
}

static void decide_like_original(struct kunit *test)
{
	static const u8 opcodes[] = { OP_READ, 0x00, 0x85, 0xa1, 0xa3, 0x42 };
	static const u8 scsi[] = { GOOD, CHECK, BUSY, CONFLICT, 0x28, 0xff };
	unsigned int srb, i, j;
	int kind;

	for (srb = 0; srb <= 0xff; srb++)
		for (i = 0; i < ARRAY_SIZE(opcodes); i++)
			for (j = 0; j < ARRAY_SIZE(scsi); j++)
				for (kind = 0; kind < SENSE_KINDS; kind++)
					compare(test, opcodes[i], srb, scsi[j],
						kind);
}

/* Nothing but plain or flagged success ends a command well. */
static void decide_no_false_success(struct kunit *test)
{
	unsigned int srb, opcode;

	for (srb = 0; srb <= 0xff; srb++) {
		for (opcode = 0; opcode <= 0xff; opcode++) {
			struct stv_comp comp = make_comp(srb, GOOD, SENSE_NONE,
							 0);
			struct stv_io io = { .opcode = opcode };
			struct stv_verdict v;

			stv_decide(&io, &comp, &v);
			/* INQUIRY, MODE SENSE (6, 10), TEST UNIT READY */
			if ((srb & 0x3f) == STV_SRB_SUCCESS || opcode == 0x12 ||
			    opcode == 0x1a || opcode == 0x5a || opcode == 0x00)
				continue;
			KUNIT_EXPECT_NE_MSG(test, v.result, 0,
					    "srb %x opcode %x", srb, opcode);
		}
	}
}

/* H6: what the host didn't send as sense data decides nothing. */
static void decide_h6_sense(struct kunit *test)
{
	static const u8 scsi[] = { GOOD, 0x04, BUSY, CONFLICT, 0x28, 0x30 };
	struct stv_io io = { .data_len = LEN, .opcode = OP_READ };
	unsigned int srb, i;
	int kind;

	for (srb = 0; srb <= 0xff; srb++) {
		for (i = 0; i < ARRAY_SIZE(scsi); i++) {
			struct stv_comp none = make_comp(srb, scsi[i],
							 SENSE_NONE, 0);
			struct stv_verdict want;

			stv_decide(&io, &none, &want);
			KUNIT_EXPECT_FALSE(test, want.sense_ok);
			KUNIT_EXPECT_NE(test, (int)want.action,
					(int)STV_DO_RESCAN_DEVICE);
			for (kind = 0; kind < SENSE_KINDS; kind++) {
				struct stv_comp comp = make_comp(srb, scsi[i],
								 kind, 0);
				struct stv_verdict v;

				stv_decide(&io, &comp, &v);
				KUNIT_EXPECT_EQ(test, v.result, want.result);
				KUNIT_EXPECT_EQ(test, (int)v.action,
						(int)want.action);
				KUNIT_EXPECT_FALSE(test, v.copy_sense);
			}
		}
	}
}

static void decide_sense_out(struct kunit *test)
{
	struct stv_io io = { .data_len = LEN, .opcode = OP_READ };
	struct stv_comp comp = make_comp(FLAG | 0x04, CHECK, SENSE_MEDIUM, 0);
	struct stv_verdict v;

	stv_decide(&io, &comp, &v);
	KUNIT_EXPECT_TRUE(test, v.copy_sense);
	KUNIT_EXPECT_TRUE(test, v.sense_ok);
	KUNIT_EXPECT_EQ(test, v.sense.key, 3);
	KUNIT_EXPECT_EQ(test, v.sense.asc, 0x11);

	/* No sense data, although the host says so. */
	comp = make_comp(FLAG | 0x04, CHECK, SENSE_NONE, 0);
	stv_decide(&io, &comp, &v);
	KUNIT_EXPECT_TRUE(test, v.copy_sense);
	KUNIT_EXPECT_FALSE(test, v.sense_ok);
	KUNIT_EXPECT_EQ(test, v.result, CHECK);

	/* An error that means nothing has no sense data either. */
	io.opcode = STV_CMD_INQUIRY;
	comp = make_comp(FLAG | 0x04, CHECK, SENSE_MEDIUM, 0);
	stv_decide(&io, &comp, &v);
	KUNIT_EXPECT_FALSE(test, v.copy_sense);
	comp = make_comp(0x01, GOOD, SENSE_NONE, LEN + 1);
	stv_decide(&io, &comp, &v);
	KUNIT_EXPECT_TRUE(test, v.overlong);
}

/* What is good at first sight is so at second sight, too. */
static void compare_short_cut(struct kunit *test, u8 srb, u8 scsi, u32 done,
			      u32 len)
{
	u8 buf[STV_PKT_LEN] = {};
	struct hv_view pkt = hv_view_of(buf, sizeof(buf));
	struct stv_io io = { .data_len = len, .opcode = OP_READ };
	struct stv_verdict v;
	struct stv_comp comp;
	u32 resid = 77;
	bool good;

	buf[14] = srb;
	buf[15] = scsi;
	put_unaligned_le32(done, buf + 24);
	good = stv_comp_good(&pkt, len, &resid);
	KUNIT_EXPECT_EQ_MSG(test, good, srb == 1 && scsi == 0 && done <= len,
			    "srb %x scsi %x", srb, scsi);
	stv_parse_comp(&pkt, &comp);
	stv_decide(&io, &comp, &v);
	if (!good) {
		KUNIT_EXPECT_EQ(test, resid, 77);
		return;
	}
	KUNIT_EXPECT_EQ(test, v.result, 0);
	KUNIT_EXPECT_EQ(test, v.resid, resid);
	KUNIT_EXPECT_EQ(test, (int)v.log, (int)STV_LOG_NONE);
	KUNIT_EXPECT_EQ(test, (int)v.action, (int)STV_DO_NOTHING);
	KUNIT_EXPECT_FALSE(test, v.copy_sense);
	KUNIT_EXPECT_FALSE(test, v.overlong);
}

static void decide_short_cut(struct kunit *test)
{
	static const u32 lens[] = { 0, 1, 512, LEN, LEN + 1, U32_MAX };
	unsigned int i, j, status;

	for (i = 0; i < ARRAY_SIZE(lens); i++)
		for (j = 0; j < ARRAY_SIZE(lens); j++)
			compare_short_cut(test, 0x01, GOOD, lens[i], lens[j]);
	for (status = 0; status <= 0xff; status++) {
		compare_short_cut(test, status, GOOD, LEN, LEN);
		compare_short_cut(test, 0x01, status, LEN, LEN);
	}
}

static void decide_allowed(struct kunit *test)
{
	unsigned int opcode;

	for (opcode = 0; opcode <= 0xff; opcode++) {
		KUNIT_EXPECT_EQ(test, stv_cmd_allowed(opcode, STV_VERSION_5_1),
				opcode != 0x41 && opcode != 0x24);
		KUNIT_EXPECT_TRUE(test, stv_cmd_allowed(opcode,
							STV_VERSION_6_0));
		KUNIT_EXPECT_TRUE(test, stv_cmd_allowed(opcode,
							STV_VERSION_6_2));
	}
}

static void decide_asks(struct kunit *test)
{
	static const u8 asks[] = {
		0x00, 0x12, 0x1a, 0x25, 0x43, 0x46, 0x51, 0x52, 0x5a, 0x9e,
		0xa0, 0xa3,
	};
	unsigned int opcode, i;

	for (opcode = 0; opcode <= U8_MAX; opcode++) {
		for (i = 0; i < ARRAY_SIZE(asks) && asks[i] != opcode; i++)
			;
		KUNIT_EXPECT_EQ_MSG(test, stv_cmd_asks(opcode),
				    i < ARRAY_SIZE(asks), "0x%x", opcode);
	}
}

static void decide_unsent(struct kunit *test)
{
	static const struct {
		int err;
		enum stv_unsent want;
	} cases[] = {
		{ -EAGAIN, STV_UNSENT_BUSY }, { -ENOMEM, STV_UNSENT_BUSY },
		{ -EBUSY, STV_UNSENT_BUSY }, { -ENODEV, STV_UNSENT_GONE },
		{ -EIO, STV_UNSENT_ERROR }, { -EINVAL, STV_UNSENT_ERROR },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ(test, (int)stv_decide_unsent(cases[i].err,
							     false),
				(int)cases[i].want);
		KUNIT_EXPECT_EQ(test, (int)stv_decide_unsent(cases[i].err,
							     true),
				(int)STV_UNSENT_GONE);
	}
}

static void decide_expired(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		bool in_flight = i & 1, suspect = i & 2, dead = i & 4;

		KUNIT_EXPECT_EQ(test, stv_decide_expired(in_flight, suspect,
							 dead) ==
				STV_EXPIRED_RECOVER, i == 3 || i == 5 ||
				i == 7);
	}
}

/* As many as that in five minutes, whenever within them, and no more. */
static void recover_burst(struct kunit *test, u64 start, u64 step)
{
	struct stv_recovered r = {};
	unsigned int i;

	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_TRUE_MSG(test,
				      stv_decide_recover(&r, start + i * step),
				      "number %u, step %llu", i, step);
	KUNIT_EXPECT_FALSE_MSG(test, stv_decide_recover(&r, start + 5 * step),
			       "step %llu", step);
}

static void decide_recover(struct kunit *test)
{
	static const u64 starts[] = { 0, 1, 299, 300, 301, U32_MAX };
	struct stv_recovered r = {};
	unsigned int i;
	u64 now;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		recover_burst(test, starts[i], 0);
		recover_burst(test, starts[i], 1);
		recover_burst(test, starts[i], 60);
	}

	/* One every 61 seconds, or every four minutes, can go on for ever. */
	for (now = 0; now < 100 * 61; now += 61)
		KUNIT_EXPECT_TRUE(test, stv_decide_recover(&r, now));
	r = (struct stv_recovered) {};
	for (now = 0; now < 100 * 240; now += 240)
		KUNIT_EXPECT_TRUE(test, stv_decide_recover(&r, now));

	/* Five at the end of one span, and five more soon after. */
	r = (struct stv_recovered) {};
	KUNIT_EXPECT_TRUE(test, stv_decide_recover(&r, 1000));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_TRUE(test, stv_decide_recover(&r, 1300));
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_TRUE(test, stv_decide_recover(&r, 1301));
	KUNIT_EXPECT_FALSE(test, stv_decide_recover(&r, 1601));
}

static struct kunit_case decide_suite_cases[] = {
	KUNIT_CASE(decide_numbers),
	KUNIT_CASE(decide_table),
	KUNIT_CASE(decide_like_original),
	KUNIT_CASE(decide_no_false_success),
	KUNIT_CASE(decide_h6_sense),
	KUNIT_CASE(decide_sense_out),
	KUNIT_CASE(decide_short_cut),
	KUNIT_CASE(decide_allowed),
	KUNIT_CASE(decide_asks),
	KUNIT_CASE(decide_unsent),
	KUNIT_CASE(decide_expired),
	KUNIT_CASE(decide_recover),
	{}
};

static struct kunit_suite decide_suite = {
	.name = "hv_storvsc_decide",
	.test_cases = decide_suite_cases,
};

kunit_test_suites(&decide_suite);

MODULE_DESCRIPTION("KUnit suite for the completion of SCSI commands");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_LICENSE("GPL");
