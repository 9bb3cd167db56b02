// SPDX-License-Identifier: GPL-2.0-only
/* Storage messages as text, for --trace. The packet is the guest's: check first. */
#include <string.h>
#include "vstor.h"

const char *vstor_op_name(uint32_t op)
{
	static const char *const name[] = {
		[VSTOR_COMPLETE_IO] = "COMPLETE_IO",
		[VSTOR_REMOVE_DEVICE] = "REMOVE_DEVICE",
		[VSTOR_EXECUTE_SRB] = "EXECUTE_SRB",
		[VSTOR_RESET_LUN] = "RESET_LUN",
		[VSTOR_RESET_ADAPTER] = "RESET_ADAPTER",
		[VSTOR_RESET_BUS] = "RESET_BUS",
		[VSTOR_BEGIN] = "BEGIN",
		[VSTOR_END] = "END",
		[VSTOR_QUERY_VERSION] = "QUERY_VERSION",
		[VSTOR_QUERY_PROPERTIES] = "QUERY_PROPERTIES",
		[VSTOR_ENUMERATE_BUS] = "ENUMERATE_BUS",
		[VSTOR_FCHBA_DATA] = "FCHBA_DATA",
		[VSTOR_CREATE_SUB_CHANNELS] = "CREATE_SUB_CHANNELS",
	};

	return op < ARRAY_SIZE(name) && name[op] ? name[op] : NULL;
}

const char *vstor_cdb_name(uint8_t opcode)
{
	switch (opcode) {
	case 0x00: return "TEST_UNIT_READY";
	case 0x03: return "REQUEST_SENSE";
	case 0x08: return "READ(6)";
	case 0x0a: return "WRITE(6)";
	case 0x12: return "INQUIRY";
	case 0x15: return "MODE_SELECT(6)";
	case 0x1a: return "MODE_SENSE(6)";
	case 0x1b: return "START_STOP";
	case 0x1e: return "PREVENT_ALLOW";
	case 0x25: return "READ_CAPACITY(10)";
	case 0x28: return "READ(10)";
	case 0x2a: return "WRITE(10)";
	case 0x2f: return "VERIFY(10)";
	case 0x35: return "SYNCHRONIZE_CACHE(10)";
	case 0x41: return "WRITE_SAME(10)";
	case 0x42: return "UNMAP";
	case 0x55: return "MODE_SELECT(10)";
	case 0x5a: return "MODE_SENSE(10)";
	case 0x5e: return "PERSISTENT_RESERVE_IN";
	case 0x85: return "ATA(16)";
	case 0x88: return "READ(16)";
	case 0x8a: return "WRITE(16)";
	case 0x8f: return "VERIFY(16)";
	case 0x91: return "SYNCHRONIZE_CACHE(16)";
	case 0x93: return "WRITE_SAME(16)";
	case 0x9e: return "SERVICE_ACTION_IN(16)";
	case 0xa0: return "REPORT_LUNS";
	case 0xa1: return "ATA(12)";
	case 0xa3: return "MAINTENANCE_IN";
	case 0xa8: return "READ(12)";
	case 0xaa: return "WRITE(12)";
	default: return NULL;
	}
}

static uint64_t big(const uint8_t *bytes, unsigned int count)
{
	uint64_t value = 0;

	while (count--)
		value = value << 8 | *bytes++;
	return value;
}

/* Where a command has them: the first block and the number of blocks. */
static void decode_blocks(const uint8_t *cdb, struct text *line)
{
	uint64_t lba, count;

	switch (cdb[0]) {
	case 0x08: case 0x0a:
		lba = big(cdb + 1, 3) & 0x1fffff;
		count = cdb[4] ? cdb[4] : 256;
		break;
	case 0x28: case 0x2a: case 0x2f: case 0x35: case 0x41:
		lba = big(cdb + 2, 4);
		count = big(cdb + 7, 2);
		break;
	case 0xa8: case 0xaa:
		lba = big(cdb + 2, 4);
		count = big(cdb + 6, 4);
		break;
	case 0x88: case 0x8a: case 0x8f: case 0x91: case 0x93:
		lba = big(cdb + 2, 8);
		count = big(cdb + 10, 4);
		break;
	case 0x12:
		if (cdb[1] & 1)
			text_add(line, " page %02x", cdb[2]);
		return;
	case 0x1a: case 0x5a:
		text_add(line, " page %02x", cdb[2] & 0x3f);
		return;
	default:
		return;
	}
	text_add(line, " lba %llu blocks %llu", (unsigned long long)lba,
		 (unsigned long long)count);
}

static void decode_srb(const struct vstor_srb *srb, struct text *line)
{
	static const char *const direction[] = { "out", "in", "none" };
	const char *name = vstor_cdb_name(srb->payload[0]);

	text_add(line, " %u.%u", srb->target, srb->lun);
	if (srb->path)
		text_add(line, " path %u", srb->path);
	if (name)
		text_add(line, " %s", name);
	else
		text_add(line, " CDB %02x", srb->payload[0]);
	decode_blocks(srb->payload, line);
	text_add(line, " %s %u", srb->data_in < ARRAY_SIZE(direction) ?
		 direction[srb->data_in] : "data?", srb->data_length);
}

static void decode_names(const struct vstor_fc_names *names, struct text *line)
{
	text_add(line, " ");
	fc_names_describe(names, line);
}

/* Which operation it answers is not in it; an SRB has its own length in front. */
static void decode_completion(const struct vstor_msg *msg, struct text *line)
{
	const struct vstor_srb *srb = &msg->srb;
	uint32_t word[6];

	text_add(line, " status 0x%x", msg->status);
	if (srb->length != sizeof(*srb)) {
		memcpy(word, msg->body, sizeof(word));
		text_add(line, " body");
		for (size_t i = 0; i < ARRAY_SIZE(word); i++)
			text_add(line, " %08x", word[i]);
		return;
	}
	text_add(line, " srb 0x%02x scsi 0x%02x moved %u", srb->srb_status, srb->scsi_status,
		 srb->data_length);
	if (srb->srb_status & SRB_AUTOSENSE_VALID)
		text_add(line, " sense %x/%02x/%02x", srb->payload[2] & 0xf, srb->payload[12],
			 srb->payload[13]);
}

static void decode_body(const struct vstor_msg *msg, bool from_guest, struct text *line)
{
	switch (msg->op) {
	case VSTOR_EXECUTE_SRB:
		decode_srb(&msg->srb, line);
		break;
	case VSTOR_QUERY_VERSION:
		text_add(line, " %u.%u", msg->version.version >> 8, msg->version.version & 0xff);
		break;
	case VSTOR_CREATE_SUB_CHANNELS:
		text_add(line, " %u", msg->sub_channels);
		break;
	case VSTOR_COMPLETE_IO:
		decode_completion(msg, line);
		break;
	case VSTOR_FCHBA_DATA:
		if (!from_guest)
			decode_names(&msg->names, line);
		break;
	}
}

void vstor_decode(struct hv_channel *ch, bool from_guest, const struct packet *p,
		  struct text *line)
{
	struct vstor_msg msg = { 0 };
	const char *name;

	(void)ch;
	if (p->len < VSTOR_HEADER_BYTES) {
		text_add(line, "vstor, %u bytes", p->len);
		return;
	}
	memcpy(&msg, p->data, p->len < sizeof(msg) ? p->len : sizeof(msg));
	name = vstor_op_name(msg.op);
	if (name)
		text_add(line, "vstor %s", name);
	else
		text_add(line, "vstor operation %u", msg.op);
	decode_body(&msg, from_guest, line);
}
