// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADLs: lists of guest pages that the guest gives to a channel. The description
 * comes in one header and any number of body messages; its length is a 16-bit field,
 * so one GPADL has at most 8191 words. All together are limited, too.
 */
#include "../fault/fault.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS		256u
#define MAX_GPADLS	8192u
#define MAX_WORDS	(2048u * 1024u)	/* in all GPADLs: 8 GiB of guest pages */

struct gpadl {
	struct gpadl *next;
	uint32_t id, relid;
	uint16_t words, ranges;
	unsigned int got;		/* words so far */
	bool created, tearing, linked;
	unsigned int refs;		/* of the table (while linked) and of users */
	bool whole;			/* one range, offset 0, whole pages: a ring may be in it */
	uint64_t bytes;
	uint32_t pages;			/* entries of page[] and piece[] */
	uint8_t **page;			/* host pointers, offset included */
	uint32_t *piece;		/* bytes at each pointer */
	uint64_t word[];
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct gpadl *bucket[BUCKETS];
static unsigned int gpadls;
static uint64_t all_words;

static struct gpadl *find(uint32_t relid, uint32_t id)
{
	struct gpadl *g = bucket[id % BUCKETS];

	while (g && (g->id != id || g->relid != relid))
		g = g->next;
	return g;
}

/* A body names no channel: the one of this id that is still being described. */
static struct gpadl *find_unfinished(uint32_t id)
{
	struct gpadl *g = bucket[id % BUCKETS];

	while (g && (g->id != id || g->created))
		g = g->next;
	return g;
}

static void drop(struct gpadl *g)
{
	if (--g->refs)
		return;
	gpadls--;
	all_words -= g->words;
	free(g->page);
	free(g->piece);
	free(g);
}

static void unlink_gpadl(struct gpadl *g)
{
	struct gpadl **at = &bucket[g->id % BUCKETS];

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	g->linked = false;
	drop(g);
}

static void answer_created(uint32_t relid, uint32_t id, uint32_t status)
{
	struct host_message m;

	wire_words(&m, MSG_GPADL_CREATED, 3, relid, id, status);
	guest_post(&m);
}

static void answer_torndown(uint32_t relid, uint32_t id)
{
	struct host_message m;

	wire_words(&m, MSG_GPADL_TORNDOWN, 1, id, 0, 0);
	m.relid = relid;
	guest_post(&m);
}

static bool add_page(void *arg, uint64_t pfn, uint32_t offset, uint32_t bytes)
{
	struct gpadl *g = arg;
	uint8_t *p;

	if (pfn > UINT64_MAX / PAGE_BYTES)
		return false;
	p = guest_ptr(pfn * PAGE_BYTES, PAGE_BYTES);
	if (!p)
		return false;
	if (offset || bytes != PAGE_BYTES)
		g->whole = false;
	g->page[g->pages] = p + offset;
	g->piece[g->pages++] = bytes;
	g->bytes += bytes;
	return true;
}

/* All words are there: make pointers of them. False: the description is wrong. */
static bool resolve(struct gpadl *g)
{
	g->page = calloc(g->words, sizeof(*g->page));
	g->piece = calloc(g->words, sizeof(*g->piece));
	g->whole = g->ranges == 1;
	return g->page && g->piece && g->ranges &&
	       wire_ranges(g->word, g->words, g->ranges, add_page, g);
}

static void add_words(struct gpadl *g, const struct guest_message *m)
{
	uint32_t id = g->id, relid = g->relid;

	if (m->words <= g->words - g->got) {
		memcpy(g->word + g->got, m->word, m->words * sizeof(g->word[0]));
		g->got += m->words;
		if (g->got < g->words)
			return;
		g->created = resolve(g);
	}
	if (!g->created) {
		log_guest("vmbus: GPADL %#x of relid %u: bad page list", id, relid);
		unlink_gpadl(g);
		answer_created(relid, id, STATUS_FAILED);
		return;
	}
	answer_created(relid, id, 0);
}

static struct gpadl *make(const struct guest_message *m)
{
	unsigned int words = m->header.bytes / 8;
	struct gpadl *g;

	if (!words || !m->header.ranges || gpadls >= MAX_GPADLS || all_words + words > MAX_WORDS)
		return NULL;
	g = calloc(1, sizeof(*g) + words * sizeof(g->word[0]));
	if (!g)
		return NULL;
	g->id = m->header.gpadl;
	g->relid = m->header.relid;
	g->words = words;
	g->ranges = m->header.ranges;
	g->refs = 1;
	g->linked = true;
	g->next = bucket[g->id % BUCKETS];
	bucket[g->id % BUCKETS] = g;
	gpadls++;
	all_words += words;
	return g;
}

/* Also on a rescinded channel: the guest comes to its end, nobody uses what it made. */
void gpadl_header(const struct guest_message *m)
{
	struct gpadl *g = NULL;

	pthread_mutex_lock(&table_lock);
	if (!slot_by_relid(m->header.relid))
		log_guest("vmbus: GPADL for relid %u, which is not offered", m->header.relid);
	else if (!find(m->header.relid, m->header.gpadl) && !find_unfinished(m->header.gpadl))
		g = make(m);
	if (g)
		add_words(g, m);
	else
		answer_created(m->header.relid, m->header.gpadl, STATUS_FAILED);
	pthread_mutex_unlock(&table_lock);
}

void gpadl_body(const struct guest_message *m)
{
	struct gpadl *g;

	pthread_mutex_lock(&table_lock);
	g = find_unfinished(m->body.gpadl);
	if (g)
		add_words(g, m);
	else
		log_guest("vmbus: body of unknown GPADL %#x", m->body.gpadl);
	pthread_mutex_unlock(&table_lock);
}

void gpadl_teardown(const struct guest_message *m)
{
	struct bus_channel *s = slot_by_relid(m->teardown.relid);
	struct gpadl *g;

	if (!s)
		return;
	pthread_mutex_lock(&table_lock);
	g = find(m->teardown.relid, m->teardown.gpadl);
	if (!g || !g->created || g->tearing) {
		log_guest("vmbus: teardown of GPADL %#x, which is not there",
			  m->teardown.gpadl);
	} else if (g->refs > 1 && s->state != SLOT_RESCINDED) {
		g->tearing = true;	/* gpadl_put() answers */
	} else {
		unlink_gpadl(g);
		answer_torndown(m->teardown.relid, m->teardown.gpadl);
	}
	pthread_mutex_unlock(&table_lock);
}

void gpadl_orphan(uint32_t relid)
{
	pthread_mutex_lock(&table_lock);
	for (unsigned int i = 0; i < BUCKETS; i++) {
		struct gpadl *g, *next;

		for (g = bucket[i]; g; g = next) {
			uint32_t id = g->id;

			next = g->next;
			if (g->relid != relid || !g->tearing)
				continue;
			unlink_gpadl(g);
			answer_torndown(relid, id);
		}
	}
	pthread_mutex_unlock(&table_lock);
}

void gpadl_forget(uint32_t relid)
{
	pthread_mutex_lock(&table_lock);
	for (unsigned int i = 0; i < BUCKETS; i++) {
		struct gpadl *g, *next;

		for (g = bucket[i]; g; g = next) {
			next = g->next;
			if (!relid || g->relid == relid)
				unlink_gpadl(g);
		}
	}
	pthread_mutex_unlock(&table_lock);
}

static struct gpadl *get(uint32_t relid, uint32_t id)
{
	struct gpadl *g;

	pthread_mutex_lock(&table_lock);
	g = find(relid, id);
	if (g && (!g->created || g->tearing))
		g = NULL;
	if (g)
		g->refs++;
	pthread_mutex_unlock(&table_lock);
	return g;
}

struct gpadl *gpadl_get(struct hv_channel *ch, uint32_t id)
{
	return get(ch->relid, id);
}

struct gpadl *gpadl_get_ring(uint32_t relid, uint32_t id, uint8_t *const **pages,
			     uint32_t *count)
{
	struct gpadl *g = get(relid, id);

	if (!g)
		return NULL;
	if (!g->whole) {
		gpadl_put(g);
		return NULL;
	}
	*pages = g->page;
	*count = g->pages;
	return g;
}

void gpadl_put(struct gpadl *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&table_lock);
	if (g->linked && g->tearing && g->refs == 2) {
		uint32_t id = g->id, relid = g->relid;

		unlink_gpadl(g);
		answer_torndown(relid, id);
	}
	drop(g);
	pthread_mutex_unlock(&table_lock);
}

uint64_t gpadl_bytes(const struct gpadl *g)
{
	return g->bytes;
}

/* Finds the piece with this byte; makes offset relative to it. */
static uint32_t seek(const struct gpadl *g, uint64_t *offset)
{
	uint32_t i = 0;

	/* All pieces but the first and last of a range are whole pages. */
	if (g->ranges == 1 && *offset >= g->piece[0]) {
		*offset -= g->piece[0];
		i = 1 + *offset / PAGE_BYTES;
		*offset %= PAGE_BYTES;
		return i;
	}
	while (*offset >= g->piece[i])
		*offset -= g->piece[i++];
	return i;
}

static bool copy(const struct gpadl *g, uint64_t offset, uint8_t *mem, uint64_t len, bool to_guest)
{
	if (offset > g->bytes || len > g->bytes - offset)
		return false;
	if (!len)
		return true;
	for (uint32_t i = seek(g, &offset); len; i++) {
		uint64_t n = g->piece[i] - offset;

		if (n > len)
			n = len;
		if (to_guest)
			memcpy(g->page[i] + offset, mem, n);
		else
			memcpy(mem, g->page[i] + offset, n);
		mem += n;
		len -= n;
		offset = 0;
	}
	return true;
}

bool gpadl_read(const struct gpadl *g, uint64_t offset, void *to, uint64_t len)
{
	return copy(g, offset, to, len, false);
}

bool gpadl_write(const struct gpadl *g, uint64_t offset, const void *from, uint64_t len)
{
	void *other = NULL;
	bool good;

	if (offset > g->bytes || len > g->bytes - offset)
		return false;
	if (fault_on)
		other = fault_section(g->relid, from, &len);
	good = copy(g, offset, other ? other : (uint8_t *)from, len, true);
	free(other);
	return good;
}

void gpadl_count(unsigned int *count, uint64_t *bytes)
{
	*count = 0;
	*bytes = 0;
	pthread_mutex_lock(&table_lock);
	for (unsigned int i = 0; i < BUCKETS; i++)
		for (struct gpadl *g = bucket[i]; g; g = g->next) {
			++*count;
			*bytes += g->bytes;
		}
	pthread_mutex_unlock(&table_lock);
}
