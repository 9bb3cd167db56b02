// SPDX-License-Identifier: GPL-2.0-only
/* A capture that tshark and Wireshark open: pcapng (draft-ietf-opsawg-pcapng), one interface. */
#include <string.h>
#include <time.h>
#include "nic.h"

#define BLOCK_SECTION	0x0a0d0d0au
#define BLOCK_INTERFACE	1u
#define BLOCK_PACKET	6u
#define MAGIC		0x1a2b3c4du
#define LINK_ETHERNET	1u
#define OPTION_NAME	2u		/* if_name */
#define OPTION_TSRESOL	9u		/* if_tsresol */
#define OPTION_FLAGS	2u		/* epb_flags: 1 inbound, 2 outbound */

/* Writes a block: type, length, body, length again. body_len is a multiple of 4. */
static void put_block(FILE *to, uint32_t type, const void *body, uint32_t body_len)
{
	uint32_t head[2] = { type, body_len + 12 };

	fwrite(head, sizeof(head), 1, to);
	fwrite(body, body_len, 1, to);
	fwrite(&head[1], sizeof(head[1]), 1, to);
}

static void put_section(FILE *to)
{
	/* magic, version 1.0, section length not given */
	uint32_t body[4] = { MAGIC, 1, 0xffffffff, 0xffffffff };

	put_block(to, BLOCK_SECTION, body, sizeof(body));
}

static void put_interface(FILE *to, const char *name)
{
	uint32_t name_len = (uint32_t)strlen(name), at = 2;
	uint32_t body[24] = { LINK_ETHERNET, 0 };	/* no snap length */

	body[at++] = OPTION_NAME | name_len << 16;
	memcpy(&body[at], name, name_len);
	at += (name_len + 3) / 4;
	body[at++] = OPTION_TSRESOL | 1u << 16;
	body[at++] = 9;					/* nanoseconds */
	body[at++] = 0;					/* end of options */
	put_block(to, BLOCK_INTERFACE, body, at * 4);
}

bool pcap_open(struct nic *nic, const char *path)
{
	FILE *to = fopen(path, "wbe");

	if (!to)
		return false;
	put_section(to);
	put_interface(to, nic->dev->name);
	fflush(to);
	pthread_mutex_lock(&nic->pcap_lock);
	if (nic->pcap)
		fclose(nic->pcap);
	__atomic_store_n(&nic->pcap, to, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&nic->pcap_lock);
	return true;
}

void pcap_close(struct nic *nic)
{
	pthread_mutex_lock(&nic->pcap_lock);
	if (nic->pcap)
		fclose(nic->pcap);
	__atomic_store_n(&nic->pcap, NULL, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&nic->pcap_lock);
}

void pcap_frame(struct nic *nic, const struct frame *f, bool from_guest)
{
	uint32_t padded = (f->len + 3) & ~3u, zero = 0;
	uint32_t head[7], tail[4];
	struct timespec ts;
	uint64_t ns;

	if (!__atomic_load_n(&nic->pcap, __ATOMIC_ACQUIRE))
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	ns = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	head[0] = BLOCK_PACKET;
	head[1] = (uint32_t)(sizeof(head) + sizeof(tail)) + padded;
	head[2] = 0;
	head[3] = (uint32_t)(ns >> 32);
	head[4] = (uint32_t)ns;
	head[5] = head[6] = f->len;
	tail[0] = OPTION_FLAGS | 4u << 16;
	tail[1] = from_guest ? 2 : 1;
	tail[2] = 0;
	tail[3] = head[1];
	pthread_mutex_lock(&nic->pcap_lock);
	if (nic->pcap) {
		fwrite(head, sizeof(head), 1, nic->pcap);
		fwrite(f->data, f->len, 1, nic->pcap);
		fwrite(&zero, padded - f->len, 1, nic->pcap);
		fwrite(tail, sizeof(tail), 1, nic->pcap);
		fflush(nic->pcap);
	}
	pthread_mutex_unlock(&nic->pcap_lock);
}
