// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the load whose instructions are counted; runs in the guest, statically linked.
 *
 *   load read DEVICE DEPTH OPS		4 KiB direct reads, DEPTH of them in flight
 *   load send IF BYTES OPS		UDP datagrams to a neighbour that is not there
 *   load large IF OPS			62264 bytes of TCP for the card to cut
 *   load receive IF OPS		takes what comes to 198.18.0.2, port 9
 *   load transact IF PEER OPS		a byte there and back over TCP; PEER gets a namespace
 *
 * Runs OPS operations to warm up, marks, runs OPS, marks, runs twice OPS, marks: the two
 * windows differ by nothing but OPS operations. Prints "ops N", by how many the second
 * window really had more. Marks by setting the host name, which plugin.c waits for.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BLOCK		4096u
#define STRIDE		(17 * BLOCK)	/* so that no two requests in flight can be merged */
#define DEPTH_MAX	256u
#define SETTLE_US	50000		/* completions of the last operations */
#define PORT		5001
#define MSS		1448u
#define SEGMENTS	43u		/* 62264 bytes; hosts take 62780, as Hyper-V does */
#define HEADERS		54u		/* Ethernet, IPv4, TCP */

struct load {
	void (*run)(struct load *load, unsigned long ops);
	unsigned long (*done)(struct load *load);	/* operations so far */
	unsigned long count;
	const char *interface;
	int fd;
	size_t bytes;
	uint8_t *data;
	aio_context_t aio;
	unsigned int depth;
	uint64_t size, offset;
	struct iocb iocbs[DEPTH_MAX];
};

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void need(bool good, const char *what)
{
	if (!good)
		die(what);
}

static unsigned long counted(struct load *l)
{
	return l->count;
}

static unsigned long mark(struct load *l)
{
	unsigned long done;

	usleep(SETTLE_US);
	done = l->done(l);
	need(!sethostname("mark", 4), "sethostname");
	return done;
}

/* Reading */

static void submit(struct load *l, struct iocb **list, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		list[i]->aio_offset = l->offset;
		l->offset += STRIDE;
		if (l->offset + BLOCK > l->size)
			l->offset = 0;
	}
	need(syscall(SYS_io_submit, l->aio, n, list) == (long)n, "io_submit");
}

static void run_read(struct load *l, unsigned long ops)
{
	struct io_event events[DEPTH_MAX];
	struct iocb *list[DEPTH_MAX];
	unsigned long to_send = ops, to_get = ops;
	unsigned int n = ops < l->depth ? ops : l->depth;

	for (unsigned int i = 0; i < n; i++)
		list[i] = &l->iocbs[i];
	for (;;) {
		long got;

		if (n)
			submit(l, list, n);
		to_send -= n;
		if (!to_get)
			break;
		got = syscall(SYS_io_getevents, l->aio, 1, l->depth, events, NULL);
		need(got > 0, "io_getevents");
		to_get -= got;
		n = 0;
		for (long i = 0; i < got; i++) {
			errno = EIO;
			need(events[i].res == BLOCK, "a read");
			if (n < to_send)
				list[n++] = (struct iocb *)(uintptr_t)events[i].obj;
		}
	}
	l->count += ops;
}

static void prepare_read(struct load *l, const char *device, unsigned int depth)
{
	l->fd = open(device, O_RDONLY | O_DIRECT);
	need(l->fd >= 0, device);
	need(!ioctl(l->fd, BLKGETSIZE64, &l->size) && l->size > STRIDE, device);
	need(depth && depth <= DEPTH_MAX, "1 to 256 in flight");
	need(!syscall(SYS_io_setup, depth, &l->aio), "io_setup");
	l->depth = depth;
	l->data = aligned_alloc(BLOCK, (size_t)depth * BLOCK);
	need(l->data, "buffers");
	memset(l->data, 1, (size_t)depth * BLOCK);
	for (unsigned int i = 0; i < depth; i++) {
		l->iocbs[i].aio_fildes = l->fd;
		l->iocbs[i].aio_lio_opcode = IOCB_CMD_PREAD;
		l->iocbs[i].aio_buf = (uintptr_t)(l->data + (size_t)i * BLOCK);
		l->iocbs[i].aio_nbytes = BLOCK;
	}
	l->run = run_read;
}

/* Networking */

static struct sockaddr_in address(const char *text, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	need(inet_pton(AF_INET, text, &a.sin_addr) == 1, text);
	return a;
}

static void interface_set(const char *name, bool up)
{
	struct ifreq r = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	need(!ioctl(s, SIOCGIFFLAGS, &r), "SIOCGIFFLAGS");
	r.ifr_flags = up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP;
	need(!ioctl(s, SIOCSIFFLAGS, &r), "SIOCSIFFLAGS");
	close(s);
}

static void interface_up(const char *name, const char *ip, const char *mask)
{
	struct sockaddr_in a = address(ip, 0), m = address(mask, 0);
	struct ifreq r = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	memcpy(&r.ifr_addr, &a, sizeof(a));
	need(!ioctl(s, SIOCSIFADDR, &r), "SIOCSIFADDR");
	memcpy(&r.ifr_netmask, &m, sizeof(m));
	need(!ioctl(s, SIOCSIFNETMASK, &r), "SIOCSIFNETMASK");
	close(s);
	interface_set(name, true);
}

static void neighbour(const char *name, const char *ip)
{
	static const uint8_t mac[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x02 };
	struct sockaddr_in a = address(ip, 0);
	struct arpreq r = { .arp_flags = ATF_PERM | ATF_COM };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	memcpy(&r.arp_pa, &a, sizeof(a));
	r.arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(r.arp_ha.sa_data, mac, sizeof(mac));
	snprintf(r.arp_dev, sizeof(r.arp_dev), "%s", name);
	need(!ioctl(s, SIOCSARP, &r), "SIOCSARP");
	close(s);
}

static void run_send(struct load *l, unsigned long ops)
{
	for (; ops; ops--, l->count++)
		need(send(l->fd, l->data, l->bytes, 0) == (ssize_t)l->bytes, "send");
}

static void prepare_send(struct load *l, const char *interface, size_t bytes)
{
	struct sockaddr_in to = address("10.0.0.2", 9);

	interface_up(interface, "10.0.0.1", "255.255.255.0");
	neighbour(interface, "10.0.0.2");
	l->fd = socket(AF_INET, SOCK_DGRAM, 0);
	need(!connect(l->fd, (struct sockaddr *)&to, sizeof(to)), "connect");
	l->data = calloc(1, bytes);
	need(l->data && bytes, "BYTES");
	l->bytes = bytes;
	l->run = run_send;
}

/* A packet as TCP hands it to a card that cuts: IPv4, checksum left to the card. */
static void make_large(uint8_t *p, size_t bytes)
{
	static const uint8_t eth[ETH_HLEN] = { 0x02, 0, 0, 0, 0, 0x02, 0x02, 0, 0, 0, 0, 0x01, 0x08 };
	static const uint8_t ip[12] = { 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, IPPROTO_TCP };
	uint16_t length = htons(bytes - ETH_HLEN);
	uint32_t sum = 0;

	memcpy(p, eth, sizeof(eth));
	p += ETH_HLEN;
	memcpy(p, ip, sizeof(ip));
	memcpy(p + 2, &length, sizeof(length));
	memcpy(p + 12, "\x0a\0\0\x01\x0a\0\0\x02", 8);
	for (int i = 0; i < 20; i += 2)
		sum += p[i] << 8 | p[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	p[10] = sum >> 8;
	p[11] = sum;
	p += 20;
	memcpy(p, "\x13\x89\0\x09", 4);
	p[12] = 5 << 4;
	p[13] = 0x10;		/* ACK */
}

static void prepare_large(struct load *l, const char *interface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
				  .sll_ifindex = if_nametoindex(interface) };
	struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .hdr_len = HEADERS,
				    .gso_size = MSS, .csum_start = 34, .csum_offset = 16 };
	int one = 1;

	interface_up(interface, "10.0.0.1", "255.255.255.0");
	l->fd = socket(AF_PACKET, SOCK_RAW, 0);
	need(l->fd >= 0 && to.sll_ifindex, "packet socket");
	need(!setsockopt(l->fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), "vnet header");
	need(!bind(l->fd, (struct sockaddr *)&to, sizeof(to)), "bind");
	l->bytes = sizeof(h) + HEADERS + SEGMENTS * MSS;
	l->data = calloc(1, l->bytes);
	need(l->data, "memory");
	memcpy(l->data, &h, sizeof(h));
	make_large(l->data + sizeof(h), l->bytes - sizeof(h));
	l->run = run_send;
}

/* Nothing may come between the last look at the counters and the mark. */
static void run_receive(struct load *l, unsigned long ops)
{
	uint8_t data[2048];

	interface_set(l->interface, true);
	for (; ops; ops--)
		need(recv(l->fd, data, sizeof(data), 0) >= 0, "recv");
	interface_set(l->interface, false);
}

/* What the driver took: sockets may have dropped some of it. */
static unsigned long received(struct load *l)
{
	unsigned long packets;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/rx_packets", l->interface);
	f = fopen(path, "r");
	need(f && fscanf(f, "%lu", &packets) == 1, path);
	fclose(f);
	return packets;
}

static void prepare_receive(struct load *l, const char *interface)
{
	struct sockaddr_in at = address("198.18.0.2", 9);

	l->interface = interface;
	interface_up(interface, "198.18.0.2", "255.254.0.0");
	l->fd = socket(AF_INET, SOCK_DGRAM, 0);
	need(!bind(l->fd, (struct sockaddr *)&at, sizeof(at)), "bind");
	l->run = run_receive;
	l->done = received;
}

static void serve(const char *interface, int moved)
{
	struct sockaddr_in at = address("10.0.1.2", PORT);
	int s, c, one = 1;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	need(read(moved, &byte, 1) == 1, "the parent");
	interface_up(interface, "10.0.1.2", "255.255.255.0");
	s = socket(AF_INET, SOCK_STREAM, 0);
	need(!bind(s, (struct sockaddr *)&at, sizeof(at)) && !listen(s, 1), "listen");
	c = accept(s, NULL, NULL);
	need(!setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), "TCP_NODELAY");
	while (recv(c, &byte, 1, 0) == 1)
		need(send(c, &byte, 1, 0) == 1, "send");
	exit(0);
}

static void run_transact(struct load *l, unsigned long ops)
{
	char byte = 0;

	for (; ops; ops--, l->count++)
		need(send(l->fd, &byte, 1, 0) == 1 && recv(l->fd, &byte, 1, 0) == 1, "a byte");
}

static void prepare_transact(struct load *l, const char *interface, const char *peer)
{
	struct sockaddr_in to = address("10.0.1.2", PORT);
	int ready[2], moved[2], one = 1, tries = 100;
	char text[128];
	pid_t child;

	need(!pipe(ready) && !pipe(moved), "pipe");
	child = fork();
	need(child >= 0, "fork");
	if (!child) {
		need(!unshare(CLONE_NEWNET) && write(ready[1], "", 1) == 1, "unshare");
		serve(peer, moved[0]);
	}
	need(read(ready[0], text, 1) == 1, "the child");
	snprintf(text, sizeof(text), "ip link set %s netns %d", peer, child);
	need(!system(text) && write(moved[1], "", 1) == 1, text);
	interface_up(interface, "10.0.1.1", "255.255.255.0");
	l->fd = socket(AF_INET, SOCK_STREAM, 0);
	while (connect(l->fd, (struct sockaddr *)&to, sizeof(to))) {
		need(--tries, "connect");
		usleep(100000);
	}
	need(!setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), "TCP_NODELAY");
	l->run = run_transact;
}

static unsigned long prepare(struct load *l, int argc, char **argv)
{
	const char *verb = argc > 3 ? argv[1] : "";

	l->done = counted;
	if (!strcmp(verb, "read") && argc == 5)
		prepare_read(l, argv[2], strtoul(argv[3], NULL, 0));
	else if (!strcmp(verb, "send") && argc == 5)
		prepare_send(l, argv[2], strtoul(argv[3], NULL, 0));
	else if (!strcmp(verb, "large") && argc == 4)
		prepare_large(l, argv[2]);
	else if (!strcmp(verb, "receive") && argc == 4)
		prepare_receive(l, argv[2]);
	else if (!strcmp(verb, "transact") && argc == 5)
		prepare_transact(l, argv[2], argv[3]);
	else
		return 0;
	return strtoul(argv[argc - 1], NULL, 0);
}

int main(int argc, char **argv)
{
	static struct load load;
	unsigned long ops = prepare(&load, argc, argv), start, middle, end;

	if (!ops) {
		fputs("usage: load read DEVICE DEPTH OPS | send IF BYTES OPS | large IF OPS |\n"
		      "            receive IF OPS | transact IF PEER OPS\n", stderr);
		return 2;
	}
	load.run(&load, ops);
	start = mark(&load);
	load.run(&load, ops);
	middle = mark(&load);
	load.run(&load, 2 * ops);
	end = mark(&load);
	printf("ops %ld\n", (long)(end - middle) - (long)(middle - start));
	return 0;
}
