// SPDX-License-Identifier: GPL-2.0-only
/* The port thread: what a switch does between the wire and one NIC's queues. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include "nic.h"

#define PUMP_FRAMES	256u	/* of a backend in one turn */

void port_kick(struct nic *nic)
{
	uint64_t one = 1;

	/* a full counter wakes as well */
	if (write(nic->kick_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_info("%s: eventfd: %s", nic->dev->name, strerror(errno));
}

void port_push(struct nic *nic, struct frame *f)
{
	bool first = false, room;

	pthread_mutex_lock(&nic->in_lock);
	room = nic->in.count < IN_FRAMES && nic->in.bytes < IN_BYTES;
	if (room) {
		first = !nic->in.first;
		frame_list_add(&nic->in, f);
	}
	pthread_mutex_unlock(&nic->in_lock);
	if (!room) {
		COUNT(nic, rx_dropped, 1);
		frame_free(f);
	} else if (first) {
		port_kick(nic);
	}
}

static uint32_t waiting_frames(const struct nic *nic)
{
	uint32_t count = 0;

	for (unsigned int i = 0; i < NIC_QUEUES; i++)
		count += nic->queue[i].rx.count;
	return count;
}

/* Until something is to be done. room: the backend may bring frames. */
static void wait_for_work(struct nic *nic, bool room)
{
	uint64_t ns = room && nic->backend->wait ? nic->backend->wait(nic) : UINT64_MAX;
	struct timespec ts = {
		.tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000),
	};
	struct pollfd fd[2] = {
		{ .fd = nic->kick_fd, .events = POLLIN },
		{ .fd = room ? nic->backend_fd : -1, .events = POLLIN },
	};
	uint64_t count;

	ppoll(fd, 2, ns == UINT64_MAX ? NULL : &ts, NULL);
	if (fd[0].revents && read(nic->kick_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_info("%s: eventfd: %s", nic->dev->name, strerror(errno));
}

static void take_frames(struct nic *nic)
{
	struct frame_list all;
	struct frame *f;

	frame_list_init(&all);
	pthread_mutex_lock(&nic->in_lock);
	frame_list_join(&all, &nic->in);
	pthread_mutex_unlock(&nic->in_lock);
	while ((f = frame_list_take(&all)))
		nic_receive(nic, f);
}

static void send_messages(struct nic *nic)
{
	bool table, waiting;

	pthread_mutex_lock(&nic->lock);
	table = nic->table_due;
	nic->table_due = false;
	waiting = nic->wait_first;
	pthread_mutex_unlock(&nic->lock);
	if (table)
		nic_send_table(nic);
	if (table || waiting)
		nic_flush_unlocked(nic);
}

static void *port_main(void *arg)
{
	struct nic *nic = arg;

	while (!__atomic_load_n(&nic->stop, __ATOMIC_ACQUIRE)) {
		bool room = waiting_frames(nic) < PUMP_FRAMES;

		wait_for_work(nic, room);
		for (unsigned int i = 0; i < NIC_QUEUES; i++)
			rx_purge(&nic->queue[i]);
		nic_policy_get(nic, &nic->policy);
		take_frames(nic);
		if (room && nic->backend->pump)
			nic->backend->pump(nic, PUMP_FRAMES);
		nic_receive_end(nic);
		/* before the attempt, so that a completion meanwhile wakes us for the next one */
		__atomic_store_n(&nic->hungry, true, __ATOMIC_RELEASE);
		for (unsigned int i = 0; i < NIC_QUEUES; i++)
			rx_flush(nic, &nic->queue[i]);
		if (!waiting_frames(nic))
			__atomic_store_n(&nic->hungry, false, __ATOMIC_RELEASE);
		send_messages(nic);
	}
	return NULL;
}

bool port_start(struct nic *nic, char *error, size_t size)
{
	if (pthread_create(&nic->thread, NULL, port_main, nic)) {
		snprintf(error, size, "no thread for the port");
		return false;
	}
	return true;
}

void port_stop(struct nic *nic)
{
	__atomic_store_n(&nic->stop, true, __ATOMIC_RELEASE);
	port_kick(nic);
	pthread_join(nic->thread, NULL);
	nic->running = false;
}
