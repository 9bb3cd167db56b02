// SPDX-License-Identifier: GPL-2.0-only
/* Commands about the unit that move no user data. */
#include <string.h>
#include "lun_priv.h"

/* Done as soon as asked for. Reservations are per host, and there is one. */
void cmd_nothing(struct lun *lun, struct scsi_cmd *cmd)
{
	(void)lun;
	(void)cmd;
}

/* Sense always goes along with the command (autosense), so what is left is a unit attention. */
void cmd_request_sense(struct lun *lun, struct scsi_cmd *cmd)
{
	uint8_t sense[SENSE_BYTES];
	uint16_t asc;

	if (cmd->cdb[1] & 1) {		/* DESC: there is no descriptor format here */
		cmd_illegal(cmd, ASC_CDB);
		return;
	}
	asc = cmd->cdb[4] <= cmd_room(cmd) ? lun_attention_take(lun) : 0;
	sense_fill(sense, asc ? KEY_ATTENTION : KEY_NONE, asc);
	cmd_reply(cmd, sense, sizeof(sense), cmd->cdb[4]);
}

/* Too short a buffer is refused: Windows says data overrun. */
static void reply_capacity(struct scsi_cmd *cmd, const void *data, uint32_t len, uint32_t min)
{
	uint32_t room = cmd_room(cmd);

	if (room < min)
		cmd_illegal(cmd, ASC_CDB);
	else
		cmd_reply(cmd, data, len, room);
}

void cmd_read_capacity10(struct lun *lun, struct scsi_cmd *cmd)
{
	uint64_t last = lun_blocks(lun) - 1;
	uint8_t data[8];

	put32(data, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last);
	put32(data + 4, 1u << lun->shift);
	reply_capacity(cmd, data, sizeof(data), sizeof(data));
}

/* READ CAPACITY (16), SBC-3 5.16. LBPRZ stays 0 as on Windows, unless WRITE SAME may unmap. */
void cmd_service_action_in(struct lun *lun, struct scsi_cmd *cmd)
{
	uint8_t data[32] = { 0 };
	uint32_t alloc = get32(cmd->cdb + 10);

	if ((cmd->cdb[1] & 0x1f) != 0x10) {
		cmd_illegal(cmd, ASC_CDB);
		return;
	}
	put64(data, lun_blocks(lun) - 1);
	put32(data + 8, 1u << lun->shift);
	data[13] = (uint8_t)(12 - lun->shift);	/* physical blocks have 4096 bytes */
	if (lun->unmap)
		data[14] = lun->write_same_unmap ? 0xc0 : 0x80;
	reply_capacity(cmd, data, alloc < sizeof(data) ? alloc : sizeof(data), 12);
}

/* A stop is a flush; the unit stays ready, as on Windows, which refuses IMMED. */
void cmd_start_stop(struct lun *lun, struct scsi_cmd *cmd)
{
	if (cmd->cdb[1] & 1)
		cmd_illegal(cmd, ASC_CDB);
	else if (!(cmd->cdb[4] & 1))
		cmd_flush(lun, cmd);
}

/* The default self test passes; there is no other, and there are no pages. */
void cmd_diagnostic(struct lun *lun, struct scsi_cmd *cmd)
{
	(void)lun;
	if (cmd->cdb[1] & 0xf0 || get16(cmd->cdb + 3))	/* SELF-TEST CODE, PF, list length */
		cmd_illegal(cmd, ASC_CDB);
}
