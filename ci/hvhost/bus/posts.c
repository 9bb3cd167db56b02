// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages from the guest: taken in processor threads, handled by one thread of their
 * own, in order. So a processor that posts never waits for what a message has to wait
 * for: a close, for one, for the request that its channel's worker is busy with, and
 * that for a disk.
 */
#include "../fault/fault.h"

#include <string.h>

#define CONNECTION_MESSAGES	1u	/* connection id of posts, any version */
#define CONNECTION_MESSAGES_5	4u	/* and from 5.0 on */
#define CHANNEL_MESSAGE		1u	/* TLFS message type of VMBus */
/*
 * Replies that may wait for the guest before its posts are refused. The host's own
 * messages don't count against it: 2047 relids have one offer and one rescind each.
 */
#define BACKLOG_MAX		64u
/* And posts that may wait for this host: a GPADL of 100 MiB. */
#define POSTS_MAX		1024u

struct post {
	unsigned int vp;
	uint32_t connection, len;
	uint8_t bytes[MESSAGE_BYTES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* a leaf */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct post posts[POSTS_MAX];
static unsigned int first, count;
static bool busy;			/* one that is not counted any more is being handled */

static void *work(void *arg)
{
	struct post p;

	(void)arg;
	pthread_mutex_lock(&lock);
	for (;;) {
		while (!count)
			pthread_cond_wait(&changed, &lock);
		p = posts[first];
		first = (first + 1) % POSTS_MAX;
		count--;
		busy = true;
		pthread_mutex_unlock(&lock);
		message_handle(p.vp, p.connection, p.bytes, p.len);
		pthread_mutex_lock(&lock);
		busy = false;
		pthread_cond_broadcast(&changed);
	}
	return NULL;
}

static bool keep(unsigned int vp, uint32_t connection, const void *payload, uint32_t len)
{
	bool room;

	pthread_mutex_lock(&lock);
	room = count < POSTS_MAX;
	if (room) {
		struct post *p = &posts[(first + count++) % POSTS_MAX];

		p->vp = vp;
		p->connection = connection;
		p->len = len;
		memcpy(p->bytes, payload, len);
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
	return room;
}

/* What isn't understood is dropped; the hypercall succeeds nevertheless (VMBus protocol). */
uint16_t vmbus_post_message(unsigned int vp, uint32_t conn, uint32_t type,
			    const void *payload, uint32_t len)
{
	uint32_t kind = 0;

	/* A host before 5.0 has no port 4. */
	if (conn != CONNECTION_MESSAGES &&
	    (conn != CONNECTION_MESSAGES_5 || bus.max_version < VERSION(5, 0))) {
		trace_message(true, vp, payload, len, "no such connection");
		return HV_INVALID_CONNECTION;
	}
	if (type != CHANNEL_MESSAGE || len > MESSAGE_BYTES)
		return HV_INVALID_PARAMETER;
	if (len >= sizeof(kind))
		memcpy(&kind, payload, sizeof(kind));
	/* Those two throw the backlog away. */
	if (kind != MSG_CONTACT && kind != MSG_UNLOAD && connection_backlog() >= BACKLOG_MAX)
		return HV_NO_BUFFERS;
	if (fault_on && fault_refuses(kind))
		return HV_NO_BUFFERS;
	return keep(vp, conn, payload, len) ? HV_OK : HV_NO_BUFFERS;
}

void posts_settle(void)
{
	pthread_mutex_lock(&lock);
	while (count || busy)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

void posts_forget(void)
{
	pthread_mutex_lock(&lock);
	count = 0;
	pthread_mutex_unlock(&lock);
	posts_settle();
}

void posts_create(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, NULL))
		die("cannot start the thread for the guest's messages");
	pthread_setname_np(thread, "posts");
	pthread_detach(thread);
}
