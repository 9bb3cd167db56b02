// SPDX-License-Identifier: GPL-2.0-only
/* INQUIRY: standard data and vital product data pages, with what Windows' virtual disks say. */
#include <string.h>
#include "lun_priv.h"

#define STANDARD_BYTES	104
#define VENDOR		"Msft    "
#define PRODUCT		"Virtual Disk    "
#define REVISION	"1.0 "

static uint32_t page_supported(struct lun *lun, uint8_t *data)
{
	static const uint8_t pages[] = { 0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2 };

	(void)lun;
	memcpy(data, pages, sizeof(pages));
	return sizeof(pages);
}

static uint32_t page_serial(struct lun *lun, uint8_t *data)
{
	size_t len = strlen(lun->serial);

	memcpy(data, lun->serial, len);
	return (uint32_t)len;
}

/*
 * Two designators of the logical unit, in Windows' order: T10 vendor identification with
 * a GUID in binary, and NAA, which is what udev makes the wwn- and scsi- links of.
 */
static uint32_t page_identification(struct lun *lun, uint8_t *data)
{
	uint8_t *naa = data + 4 + 24;

	data[0] = 0x01;			/* code set: binary */
	data[1] = 0x01;			/* T10 vendor identification */
	data[3] = 24;
	memcpy(data + 4, VENDOR, 8);
	memcpy(data + 12, lun->guid, 16);
	naa[0] = 0x01;
	naa[1] = 0x03;			/* NAA */
	naa[3] = (uint8_t)lun->wwn_len;
	memcpy(naa + 4, lun->wwn, lun->wwn_len);
	return 4 + 24 + 4 + lun->wwn_len;
}

/* SBC-3 6.6.3. The granularity is the physical block, which is what the backends can free. */
static uint32_t page_limits(struct lun *lun, uint8_t *data)
{
	if (lun->unmap) {
		put32(data + 16, UINT32_MAX);		/* blocks in an UNMAP */
		put32(data + 20, UNMAP_DESCRIPTORS);
		put32(data + 24, 4096u >> lun->shift);
		put32(data + 28, 1u << 31);		/* UGAVALID, alignment 0 */
	}
	put64(data + 32, WRITE_SAME_BYTES >> lun->shift);
	return 60;
}

static uint32_t page_characteristics(struct lun *lun, uint8_t *data)
{
	put16(data, lun->rotational ? 7200 : 1);	/* 1: doesn't rotate */
	return 60;
}

/* SBC-3 6.6.4. A threshold set's size is a power of two such that 32 bits count the sets. */
static uint32_t page_provisioning(struct lun *lun, uint8_t *data)
{
	uint8_t exponent = 1;

	while (lun_blocks(lun) >> exponent > UINT32_MAX)
		exponent++;
	data[0] = exponent;
	if (lun->unmap)
		data[1] = lun->write_same_unmap ? 0xe4 : 0x80;	/* LBPU; LBPWS, LBPWS10, LBPRZ */
	data[2] = lun->unmap ? 2 : 0;			/* thin provisioned */
	return 4;
}

static void inquiry_page(struct lun *lun, struct scsi_cmd *cmd, uint32_t alloc)
{
	uint8_t data[4 + 64] = { 0 };
	uint32_t len;

	switch (cmd->cdb[2]) {
	case 0x00:
		len = page_supported(lun, data + 4);
		break;
	case 0x80:
		len = page_serial(lun, data + 4);
		break;
	case 0x83:
		len = page_identification(lun, data + 4);
		break;
	case 0xb0:
		len = page_limits(lun, data + 4);
		break;
	case 0xb1:
		len = page_characteristics(lun, data + 4);
		break;
	case 0xb2:
		len = page_provisioning(lun, data + 4);
		break;
	default:
		cmd_illegal(cmd, ASC_CDB);
		return;
	}
	data[1] = cmd->cdb[2];
	put16(data + 2, (uint16_t)len);
	cmd_reply(cmd, data, 4 + len, alloc);
}

/* SPC-3 6.4.2: no removable medium, format 2, command queuing. */
static void inquiry_standard(struct scsi_cmd *cmd, uint32_t alloc)
{
	uint8_t data[STANDARD_BYTES] = { 0 };

	data[2] = 5;			/* SPC-3 */
	data[3] = 2;
	data[4] = STANDARD_BYTES - 5;
	data[7] = 0x02;
	memcpy(data + 8, VENDOR, 8);
	memcpy(data + 16, PRODUCT, 16);
	memcpy(data + 32, REVISION, 4);
	cmd_reply(cmd, data, sizeof(data), alloc);
}

void cmd_inquiry(struct lun *lun, struct scsi_cmd *cmd)
{
	uint32_t alloc = get16(cmd->cdb + 3);
	bool page = cmd->cdb[1] & 1;

	/* CMDDT is obsolete; a page code needs EVPD; Windows wants room for a page's header. */
	if (cmd->cdb[1] & 2 || (!page && cmd->cdb[2]) || alloc < (page ? 4 : 5))
		cmd_illegal(cmd, ASC_CDB);
	else if (page)
		inquiry_page(lun, cmd, alloc);
	else
		inquiry_standard(cmd, alloc);
}

bool lun_absent_inquiry(struct scsi_cmd *cmd)
{
	uint8_t data[36] = { 0x7f, 0, 5, 2, sizeof(data) - 5 };

	if (cmd->cdb[0] != 0x12)
		return false;
	cmd->status = SAM_GOOD;
	cmd->sense_len = 0;
	cmd->transferred = 0;
	cmd_reply(cmd, data, sizeof(data), get16(cmd->cdb + 3));
	return true;
}
