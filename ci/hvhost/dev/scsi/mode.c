// SPDX-License-Identifier: GPL-2.0-only
/*
 * MODE SENSE and MODE SELECT. As on Windows there is the caching page in its short form
 * (12 bytes) and nothing else, no block descriptor, and nothing that can be changed.
 */
#include <string.h>
#include "lun_priv.h"

#define PAGE_CACHING	0x08
#define PAGE_ALL	0x3f
#define PAGE_LEN	12u
#define CACHING_WCE	0x04
#define DEVICE_WP	0x80
#define DEVICE_DPOFUA	0x10

static bool is10(const struct scsi_cmd *cmd)
{
	return cmd->cdb[0] >= 0x40;
}

static bool page_known(const uint8_t *cdb)
{
	uint8_t page = cdb[2] & 0x3f, subpage = cdb[3];

	if (cdb[2] >> 6 == 3)		/* saved values */
		return false;
	return (page == PAGE_CACHING && !subpage) ||
	       (page == PAGE_ALL && (!subpage || subpage == 0xff));
}

void cmd_mode_sense(struct lun *lun, struct scsi_cmd *cmd)
{
	uint32_t header = is10(cmd) ? 8 : 4;
	uint32_t alloc = is10(cmd) ? get16(cmd->cdb + 7) : cmd->cdb[4];
	uint8_t device = (lun->ro ? DEVICE_WP : 0) | (lun->fua ? DEVICE_DPOFUA : 0);
	uint8_t data[8 + PAGE_LEN] = { 0 };

	if (!alloc)
		return;
	if (alloc < header || !page_known(cmd->cdb)) {
		cmd_illegal(cmd, ASC_CDB);
		return;
	}
	if (is10(cmd)) {
		put16(data, (uint16_t)(header + PAGE_LEN - 2));
		data[3] = device;
	} else {
		data[0] = (uint8_t)(header + PAGE_LEN - 1);
		data[2] = device;
	}
	data[header] = PAGE_CACHING;
	data[header + 1] = PAGE_LEN - 2;
	if (cmd->cdb[2] >> 6 != 1 && lun->write_cache)	/* 1: what can be changed */
		data[header + 2] = CACHING_WCE;
	cmd_reply(cmd, data, header + PAGE_LEN, alloc);
}

/* Accepts the caching page as it is; anything that would change it is refused. */
void cmd_mode_select(struct lun *lun, struct scsi_cmd *cmd)
{
	uint32_t len = is10(cmd) ? get16(cmd->cdb + 7) : cmd->cdb[4];
	uint32_t header = is10(cmd) ? 8 : 4, at;
	uint8_t head[8], page[PAGE_LEN];

	if (!len)
		return;
	if (cmd->cdb[1] & 1) {		/* SP: save pages */
		cmd_illegal(cmd, ASC_CDB);
		return;
	}
	if (len != cmd->data_len || len < header + PAGE_LEN || len > cmd_room(cmd) ||
	    !sg_read(cmd->data, 0, head, header)) {
		cmd_illegal(cmd, ASC_LIST_LENGTH);
		return;
	}
	at = header + (is10(cmd) ? get16(head + 6) : head[3]);
	if (at + PAGE_LEN > len || !sg_read(cmd->data, at, page, sizeof(page)))
		cmd_illegal(cmd, ASC_LIST_LENGTH);
	else if (page[0] != PAGE_CACHING || page[1] != PAGE_LEN - 2 ||
		 !(page[2] & CACHING_WCE) == lun->write_cache)
		cmd_illegal(cmd, ASC_LIST);
	else
		cmd->transferred = len;
}
