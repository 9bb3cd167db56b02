/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_LIST_H
#define SHIM_LINUX_LIST_H

#include <linux/container_of.h>
#include <linux/types.h>

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *h)
{
	h->next = h;
	h->prev = h;
}

static inline void shim_list_link(struct list_head *e, struct list_head *before,
				  struct list_head *after)
{
	e->prev = before;
	e->next = after;
	before->next = e;
	after->prev = e;
}

static inline void shim_list_unlink(struct list_head *e)
{
	e->prev->next = e->next;
	e->next->prev = e->prev;
}

static inline void list_add(struct list_head *e, struct list_head *h)
{
	shim_list_link(e, h, h->next);
}

static inline void list_add_tail(struct list_head *e, struct list_head *h)
{
	shim_list_link(e, h->prev, h);
}

static inline void list_del(struct list_head *e)
{
	shim_list_unlink(e);
	e->next = NULL;
	e->prev = NULL;
}

static inline void list_del_init(struct list_head *e)
{
	shim_list_unlink(e);
	INIT_LIST_HEAD(e);
}

static inline void list_move(struct list_head *e, struct list_head *h)
{
	shim_list_unlink(e);
	list_add(e, h);
}

static inline void list_move_tail(struct list_head *e, struct list_head *h)
{
	shim_list_unlink(e);
	list_add_tail(e, h);
}

static inline bool list_empty(const struct list_head *h)
{
	return h->next == h;
}

static inline bool list_is_singular(const struct list_head *h)
{
	return !list_empty(h) && h->next == h->prev;
}

static inline bool list_is_last(const struct list_head *e,
				const struct list_head *h)
{
	return e->next == h;
}

static inline void list_splice_init(struct list_head *from,
				    struct list_head *to)
{
	if (list_empty(from))
		return;
	from->next->prev = to;
	from->prev->next = to->next;
	to->next->prev = from->prev;
	to->next = from->next;
	INIT_LIST_HEAD(from);
}

#define list_entry(p, type, m)		container_of(p, type, m)
#define list_first_entry(h, type, m)	list_entry((h)->next, type, m)
#define list_last_entry(h, type, m)	list_entry((h)->prev, type, m)
#define list_first_entry_or_null(h, type, m) \
	(list_empty(h) ? NULL : list_first_entry(h, type, m))
#define list_next_entry(p, m) \
	list_entry((p)->m.next, __typeof__(*(p)), m)
#define list_prev_entry(p, m) \
	list_entry((p)->m.prev, __typeof__(*(p)), m)
#define list_for_each(p, h) \
	for ((p) = (h)->next; (p) != (h); (p) = (p)->next)
#define list_for_each_safe(p, n, h) \
	for ((p) = (h)->next, (n) = (p)->next; (p) != (h); \
	     (p) = (n), (n) = (p)->next)
#define list_for_each_entry(p, h, m) \
	for ((p) = list_first_entry(h, __typeof__(*(p)), m); \
	     &(p)->m != (h); (p) = list_next_entry(p, m))
#define list_for_each_entry_reverse(p, h, m) \
	for ((p) = list_last_entry(h, __typeof__(*(p)), m); \
	     &(p)->m != (h); (p) = list_prev_entry(p, m))
#define list_for_each_entry_safe(p, n, h, m) \
	for ((p) = list_first_entry(h, __typeof__(*(p)), m), \
	     (n) = list_next_entry(p, m); \
	     &(p)->m != (h); (p) = (n), (n) = list_next_entry(n, m))

static inline size_t list_count_nodes(struct list_head *h)
{
	struct list_head *p;
	size_t n = 0;

	list_for_each(p, h)
		n++;
	return n;
}

#endif /* SHIM_LINUX_LIST_H */
