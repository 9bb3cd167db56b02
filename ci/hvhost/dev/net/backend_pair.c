// SPDX-License-Identifier: GPL-2.0-only
/*
 * pair=nicN: a cable between two NICs of the same guest. Either may name the other, and
 * the second may come later. A NIC without a backend option has a loose cable: it can be
 * named by another.
 */
#include <stdlib.h>
#include <string.h>
#include "nic.h"

struct pair {
	struct pair *next;
	struct nic *nic, *peer;
	char wanted[32];		/* "" when it only waits to be named */
};

/* Guards the list and the links; readers send along a link. A leaf but for the peer's in_lock. */
static pthread_rwlock_t pair_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct pair *pairs;

static void pair_send(struct nic *nic, struct frame *f)
{
	struct pair *me = nic->backend_priv;

	pthread_rwlock_rdlock(&pair_lock);
	if (me->peer) {
		port_push(me->peer, f);
		f = NULL;
	}
	pthread_rwlock_unlock(&pair_lock);
	if (f) {
		COUNT(nic, tx_dropped, 1);
		frame_free(f);
	}
}

static bool pair_large(struct nic *nic, bool v6)
{
	struct pair *me = nic->backend_priv;
	bool takes = false;

	pthread_rwlock_rdlock(&pair_lock);
	if (me->peer)
		takes = __atomic_load_n(v6 ? &me->peer->rsc6 : &me->peer->rsc4, __ATOMIC_RELAXED);
	pthread_rwlock_unlock(&pair_lock);
	return takes;
}

static void pair_destroy(struct nic *nic)
{
	struct pair *me = nic->backend_priv;

	pthread_rwlock_wrlock(&pair_lock);
	for (struct pair **at = &pairs; *at; at = &(*at)->next) {
		if (*at == me) {
			*at = me->next;
			break;
		}
	}
	if (me->peer)
		((struct pair *)me->peer->backend_priv)->peer = NULL;
	pthread_rwlock_unlock(&pair_lock);
	free(me);
}

static const struct nic_backend pair_backend = {
	.name = "pair",
	.send = pair_send,
	.large = pair_large,
	.destroy = pair_destroy,
};

/* Joins the new one with whom it names, or with one that names it. */
static void link_up(struct pair *me)
{
	for (struct pair *p = pairs; p; p = p->next) {
		bool mine = !strcmp(me->wanted, p->nic->dev->name);
		bool theirs = !strcmp(p->wanted, me->nic->dev->name);

		if (p == me || p->peer || (!mine && !theirs))
			continue;
		if ((me->wanted[0] && !mine) || (p->wanted[0] && !theirs))
			continue;
		me->peer = p->nic;
		p->peer = me->nic;
		return;
	}
}

bool backend_pair_create(struct nic *nic, struct options *o, char *error, size_t size)
{
	const char *with = options_string(o, "pair", NULL);
	bool none = options_flag(o, "none");
	struct pair *me;

	if (nic->backend && !with && !none)
		return true;
	if (nic->backend || (with && none)) {
		snprintf(error, size, "give one of pair=, tap=, sink, source=, none");
		return false;
	}
	if (with && (strncmp(with, "nic", 3) || strlen(with) >= sizeof(me->wanted) ||
		     !strcmp(with, nic->dev->name))) {
		snprintf(error, size, "pair=%s: give another NIC's name, as in pair=nic1", with);
		return false;
	}
	me = calloc(1, sizeof(*me));
	if (!me) {
		snprintf(error, size, "out of memory");
		return false;
	}
	me->nic = nic;
	if (with)
		strcpy(me->wanted, with);
	nic->backend = &pair_backend;
	nic->backend_priv = me;
	pthread_rwlock_wrlock(&pair_lock);
	me->next = pairs;
	pairs = me;
	link_up(me);
	pthread_rwlock_unlock(&pair_lock);
	return true;
}
