/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One contestant: the legacy ring or ours, behind the driver's interface.
 * Everything takes a number of operations, so that the call costs nothing.
 */
#ifndef BENCH_SIDE_H
#define BENCH_SIDE_H

/* 512 packets of 88 bytes fill a data area of 11 pages to the byte. */
#define PACKETS		512
#define PACKET_SPACE	88
#define DATA_SIZE	(PACKETS * PACKET_SPACE)
#define PAYLOAD		64
#define BATCH		16

struct memory {
	void *tx_hdr;		/* followed by its data area, twice */
	void *rx_hdr;
};

struct side {
	const char *name;
	void (*init)(const struct memory *mem);
	void (*send)(unsigned long n);
	void (*receive)(unsigned long n);
	void (*both)(unsigned long n);
	void (*batch_send)(unsigned long n);
	void (*batch_receive)(unsigned long n);
	/* The host's part of the above, to be subtracted. */
	void (*host_send)(unsigned long n);
	void (*host_receive)(unsigned long n);
	void (*host_both)(unsigned long n);
	unsigned long (*wrong)(void);
};

extern const struct side legacy_side, new_side;

#endif /* BENCH_SIDE_H */
