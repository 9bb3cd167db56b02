// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receive buffer: cut into sub-allocations, which are free, or belong to a transfer
 * page packet that the guest has not completed. The packet's transaction id is the
 * number of its first buffer; the others hang on it by next[].
 */
#include <stdlib.h>
#include <string.h>
#include "nic.h"

#define NONE	UINT32_MAX

bool rx_buffers_map(struct rx_buffers *b, struct gpadl *gpadl, uint32_t count, uint32_t size)
{
	uint32_t *next = calloc(count, sizeof(*next));
	uint8_t *owner = calloc(count, sizeof(*owner));

	if (!next || !owner) {
		free(next);
		free(owner);
		return false;
	}
	for (uint32_t i = 0; i < count; i++)
		next[i] = i + 1 < count ? i + 1 : NONE;
	pthread_mutex_lock(&b->lock);
	b->gpadl = gpadl;
	b->stopped = false;
	b->size = size;
	b->count = b->free = count;
	b->first = 0;
	b->next = next;
	b->owner = owner;
	pthread_mutex_unlock(&b->lock);
	return true;
}

struct gpadl *rx_buffers_unmap(struct rx_buffers *b)
{
	struct gpadl *gpadl;

	pthread_mutex_lock(&b->lock);
	gpadl = b->gpadl;
	b->gpadl = NULL;
	b->count = b->free = 0;
	b->first = NONE;
	free(b->next);
	free(b->owner);
	b->next = NULL;
	b->owner = NULL;
	pthread_mutex_unlock(&b->lock);
	return gpadl;
}

void rx_buffers_stop(struct rx_buffers *b)
{
	pthread_mutex_lock(&b->lock);
	b->stopped = true;
	pthread_mutex_unlock(&b->lock);
}

uint32_t rx_buffers_take(struct rx_buffers *b, uint32_t *head, uint32_t *tail, bool control)
{
	uint32_t at = b->first;

	/* the last ones are kept, so that control messages get through under load */
	if (!b->free || b->stopped || (!control && b->free <= CONTROL_BUFFERS))
		return NONE;
	b->first = b->next[at];
	b->next[at] = NONE;
	b->free--;
	if (*head == NONE)
		*head = at;
	else
		b->next[*tail] = at;
	*tail = at;
	return at;
}

void rx_buffers_drop(struct rx_buffers *b, uint32_t head)
{
	while (head != NONE) {
		uint32_t next = b->next[head];

		b->owner[head] = 0;
		b->next[head] = b->first;
		b->first = head;
		b->free++;
		head = next;
	}
}

void rx_buffers_sent(struct rx_buffers *b, uint32_t head, unsigned int queue)
{
	b->owner[head] = (uint8_t)(queue + 1);
}

bool rx_buffers_complete(struct rx_buffers *b, uint64_t id, unsigned int queue)
{
	bool good;

	pthread_mutex_lock(&b->lock);
	good = id < b->count && b->owner[id] == queue + 1;
	if (good)
		rx_buffers_drop(b, (uint32_t)id);
	pthread_mutex_unlock(&b->lock);
	return good;
}

void rx_buffers_close(struct rx_buffers *b, unsigned int queue)
{
	pthread_mutex_lock(&b->lock);
	for (uint32_t i = 0; i < b->count; i++) {
		if (b->owner[i] == queue + 1)
			rx_buffers_drop(b, i);
	}
	pthread_mutex_unlock(&b->lock);
}
