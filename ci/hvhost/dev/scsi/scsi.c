// SPDX-License-Identifier: GPL-2.0-only
/*
 * The synthetic SCSI controller, and the channel of a disk on an IDE controller
 * (one disk for each channel; Windows calls it the IDE accelerator).
 */
#include <stdio.h>
#include <string.h>
#include "vstor.h"

static bool scsi_create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	return vstor_create(dev, VSTOR_SCSI, o, error, size);
}

const struct hv_device_ops scsi_ops = {
	.kind = "scsi",
	.help =
	"synthetic SCSI controller\n"
	"options:\n"
	"  lunL=SPEC lunT.L=SPEC  a LUN by number, on target 0 or T (0 or 1); a comma in SPEC\n"
	"                         is written twice: lun0=disk.img,,ro,,serial=A1\n"
	"  lun=SPEC               the next free LUN of target 0; may be repeated\n"
	"  count=N                each lun=SPEC makes N LUNs (1)\n"
	"     SPEC is PATH (a file or block device), mem:SIZE or null:SIZE, and options: ro,\n"
	"     wwn=HEX, serial=TEXT, block=512|4096, nounmap, lbpws, writethrough, nofua,\n"
	"     rotational\n"
	"  proto=2.0|4.2|5.1|6.0|6.2  highest protocol version granted (6.2)\n"
	"  subchannels=N          sub-channels that the guest may ask for (CPUs / 4 - 1)\n"
	"  max-transfer=SIZE      what the controller says of itself (512K)\n"
	"  overrun                short transfers end as on pass-through disks (SRB 0x12)\n"
	"  monitor=N              signalled by monitor page, latency N * 100 ns\n"
	"  instance=GUID\n"
	"commands (an address is L or T.L; `DEV.ADDRESS VERB` is `DEV VERB ADDRESS`):\n"
	"  add [ADDRESS] SPEC     hot add, on the first free LUN of target 0 by default\n"
	"  remove ADDRESS         hot removal\n"
	"  list                   state, channels and LUNs\n"
	"  notify enumerate|remove  an unasked ENUMERATE_BUS or REMOVE_DEVICE\n"
	"  proto VERSION          for the next handshake, as in proto=\n"
	"  fault ... | fault off  misbehave on purpose, see `DEV fault help`\n"
	"  VERB ADDRESS ARGS      resize SIZE, error SPEC, delay MS [COUNT], counters,\n"
	"                         attention ASC ASCQ, hash [OFFSET LEN], flush\n",
	/* ba6163d9-04a1-4d29-b605-72e2ffb1dc7f */
	.type = { { 0xd9, 0x63, 0x61, 0xba, 0xa1, 0x04, 0x29, 0x4d,
		    0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f } },
	VSTOR_OPS,
	.create = scsi_create,
};

/* Guests find out channel and device from the instance: 0000000C-000D-8899-... */
static void ide_identity(struct hv_device *dev, uint8_t channel, uint8_t device)
{
	struct vstor_offer offer = {
		.path = channel,
		.target = device,
		.flags = VSTOR_OFFER_IDE,
	};

	memset(&dev->instance, 0, sizeof(dev->instance));
	dev->instance.b[0] = channel;
	dev->instance.b[4] = device;
	dev->instance.b[6] = 0x99;
	dev->instance.b[7] = 0x88;
	memcpy(dev->user, &offer, sizeof(offer));
}

static bool ide_create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	uint8_t channel = options_number(o, "channel", dev->number / 2 % 2, 0, 1);
	uint8_t device = options_number(o, "device", dev->number % 2, 0, 1);
	const char *spec = options_string(o, "disk", NULL);

	if (!spec) {
		snprintf(error, size, "ide needs disk=SPEC");
		return false;
	}
	ide_identity(dev, channel, device);
	if (!vstor_create(dev, VSTOR_IDE, o, error, size))
		return false;
	if (vstor_lun_add(dev->priv, device, 0, spec, error, size))
		return true;
	vstor_destroy(dev);
	return false;
}

const struct hv_device_ops ide_ops = {
	.kind = "ide",
	.help =
	"a disk on an IDE controller, on a channel of its own\n"
	"options:\n"
	"  disk=SPEC              as lun=SPEC of kind scsi, required\n"
	"  channel=0|1 device=0|1 its place; counted up by default\n"
	"  proto, max-transfer, overrun, monitor, instance: as for kind scsi\n"
	"commands: as for kind scsi; the disk's address is DEVICE.0\n",
	/* 32412632-86cb-44a2-9b5c-50d1417354f5 */
	.type = { { 0x32, 0x26, 0x41, 0x32, 0xcb, 0x86, 0xa2, 0x44,
		    0x9b, 0x5c, 0x50, 0xd1, 0x41, 0x73, 0x54, 0xf5 } },
	VSTOR_OPS,
	.create = ide_create,
};
