/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vstor protocol as it is on the wire: little endian, 64 byte messages.
 *
 * A message is a header of 12 bytes and up to 52 bytes of body; older guests
 * send a shorter body, and get an answer of the length that they sent.
 */
#ifndef HVHOST_VSTOR_WIRE_H
#define HVHOST_VSTOR_WIRE_H

#include <stdint.h>

enum vstor_op {
	VSTOR_COMPLETE_IO		= 1,	/* the answer to everything */
	VSTOR_REMOVE_DEVICE		= 2,	/* to the guest */
	VSTOR_EXECUTE_SRB		= 3,
	VSTOR_RESET_LUN			= 4,
	VSTOR_RESET_ADAPTER		= 5,
	VSTOR_RESET_BUS			= 6,
	VSTOR_BEGIN			= 7,
	VSTOR_END			= 8,
	VSTOR_QUERY_VERSION		= 9,
	VSTOR_QUERY_PROPERTIES		= 10,
	VSTOR_ENUMERATE_BUS		= 11,	/* to the guest */
	VSTOR_FCHBA_DATA		= 12,	/* a query; to the guest: the names have changed */
	VSTOR_CREATE_SUB_CHANNELS	= 13,
};

#define VSTOR_VERSION(major, minor)	((uint16_t)((major) << 8 | (minor)))

/* Windows status codes in the header of an answer */
enum nt_status {
	NT_SUCCESS			= 0,
	NT_BUFFER_OVERFLOW		= 0x80000005,
	NT_DEVICE_BUSY			= 0x80000011,
	NT_INVALID_PARAMETER		= 0xc000000d,
	NT_REVISION_MISMATCH		= 0xc0000059,
	NT_INSUFFICIENT_RESOURCES	= 0xc000009a,
	NT_DEVICE_DOES_NOT_EXIST	= 0xc00000c0,
	NT_INVALID_DEVICE_STATE		= 0xc0000184,
	NT_IO_DEVICE_ERROR		= 0xc0000185,
};

/* SRB status, as in Windows' srb.h; bit 7: the sense data is valid */
enum srb_status {
	SRB_SUCCESS		= 0x01,
	SRB_ERROR		= 0x04,
	SRB_BUSY		= 0x05,
	SRB_INVALID_REQUEST	= 0x06,
	SRB_DATA_OVERRUN	= 0x12,
	SRB_INVALID_LUN		= 0x20,
	SRB_AUTOSENSE_VALID	= 0x80,
};

#define VSTOR_CDB_BYTES		16
#define VSTOR_SENSE_BYTES	20
#define VSTOR_HEADER_BYTES	12
#define VSTOR_BODY_BYTES	52	/* from 5.1 on */
#define VSTOR_OLD_BODY_BYTES	36	/* 2.0 and 4.2: no tag, flags, time-out */

struct vstor_srb {
	uint16_t length;
	uint8_t srb_status;
	uint8_t scsi_status;
	uint8_t port;
	uint8_t path;
	uint8_t target;
	uint8_t lun;
	uint8_t cdb_length;
	uint8_t sense_length;
	uint8_t data_in;		/* 0 to the device, 1 from it, 2 no data */
	uint8_t properties;
	uint32_t data_length;
	uint8_t payload[20];		/* the CDB; in answers, sense data */
	uint16_t reserved;
	uint8_t queue_tag;
	uint8_t queue_action;
	uint32_t flags;
	uint32_t time_out;
	uint32_t sort_key;
} __attribute__((packed));

struct vstor_properties {
	uint32_t reserved;
	uint16_t max_channels;		/* sub-channels, that is */
	uint16_t reserved2;
	uint32_t flags;
	uint32_t max_transfer;
	uint64_t reserved3;
} __attribute__((packed));
#define VSTOR_MULTI_CHANNEL	1

struct vstor_version {
	uint16_t version;
	uint16_t revision;
} __attribute__((packed));

/* Two sets of names: the other one is used after a live migration. */
struct vstor_fc_names {
	uint8_t primary_active;
	uint8_t reserved[3];
	uint8_t name[4][8];		/* primary port, primary node, secondary port, node */
} __attribute__((packed));

struct vstor_msg {
	uint32_t op;
	uint32_t flags;
	uint32_t status;
	union {
		struct vstor_srb srb;
		struct vstor_properties properties;
		struct vstor_version version;
		struct vstor_fc_names names;
		uint16_t sub_channels;
		uint8_t body[VSTOR_BODY_BYTES];
	};
} __attribute__((packed));

_Static_assert(sizeof(struct vstor_srb) == VSTOR_BODY_BYTES, "vstor SRB");
_Static_assert(sizeof(struct vstor_properties) == 24, "vstor properties");
_Static_assert(sizeof(struct vstor_fc_names) == 36, "vstor FC names");
_Static_assert(sizeof(struct vstor_msg) == 64, "vstor message");

/* Windows' user bytes in the offer of an IDE channel */
struct vstor_offer {
	uint16_t reserved;
	uint8_t path;
	uint8_t target;
	uint32_t reserved2;
	uint32_t flags;
} __attribute__((packed));
#define VSTOR_OFFER_IDE		2

#endif
