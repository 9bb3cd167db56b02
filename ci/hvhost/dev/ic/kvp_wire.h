/* SPDX-License-Identifier: GPL-2.0-only */
/* Key/value exchange messages (IC protocol, KVP 3.0 to 5.0; include/uapi/linux/hyperv.h). Pure. */
#ifndef HVHOST_KVP_WIRE_H
#define HVHOST_KVP_WIRE_H

#include "ic.h"

#define KVP_KEY_BYTES	512
#define KVP_VALUE_BYTES	2048
#define KVP_TEXT_BYTES	(3 * KVP_VALUE_BYTES / 2 + 1)	/* a value as UTF-8 */

enum kvp_operation {
	KVP_GET, KVP_SET, KVP_DELETE, KVP_ENUMERATE, KVP_GET_IP, KVP_SET_IP,
};

enum kvp_value_type { KVP_SZ = 1, KVP_U32 = 4, KVP_U64 = 8 };

struct kvp_item {
	char key[3 * KVP_KEY_BYTES / 2 + 1], value[KVP_TEXT_BYTES];
	enum kvp_value_type type;
};

/* Fields are texts; lists of addresses are separated by semicolons, as on the wire. */
struct kvp_ip {
	char adapter[385], address[3073], mask[3073], gateway[1537], dns[3073];
	uint8_t family;		/* 1 IPv4, 2 IPv6, 3 both */
	bool dhcp;
};

/* Writers: bytes written, 0: a text does not fit or is no number. to has IC_BODY_MAX bytes. */
uint32_t kvp_put_item(uint8_t *to, enum kvp_operation op, uint8_t pool,
		      const struct kvp_item *item);
uint32_t kvp_put_enumerate(uint8_t *to, uint8_t pool, uint32_t index);
uint32_t kvp_put_ip(uint8_t *to, enum kvp_operation op, const struct kvp_ip *ip);
/* Readers: false: the reply is too short or contradicts itself. */
bool kvp_get_item(const uint8_t *body, uint32_t len, enum kvp_operation op, struct kvp_item *item);
bool kvp_get_ip(const uint8_t *body, uint32_t len, struct kvp_ip *ip);

#endif
