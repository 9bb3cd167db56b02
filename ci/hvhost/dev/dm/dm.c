// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dynamic memory device: handshake, then one request at a time until the
 * guest has what `target` asked for. Order of means, as on Windows: give ballooned
 * pages back before adding new memory.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../ctl/ctl.h"
#include "../../machine/machine.h"
#include "dm.h"

#define PAGES(bytes)	((bytes) / PAGE_BYTES)
#define KIB_OF(pages)	((unsigned long long)(pages) * (PAGE_BYTES / KIB))
#define RETRY_NS	1000000000ull	/* the guest could not give or take all of it now */
#define LOG_ENTRIES	64
#define RANGE_PAGES_MAX	0xffffffu

enum phase { CLOSED, WANT_VERSION, WANT_CAPS, READY };
enum request { NONE, BALLOON, UNBALLOON, HOT_ADD };

struct report {
	double when;			/* seconds since the host's start */
	uint64_t available, committed;	/* pages */
};

struct dm {
	pthread_mutex_t lock;
	/* options */
	uint32_t highest;		/* protocol version */
	uint64_t region;		/* granularity of hot add regions, bytes; 0: none named */
	uint32_t chunk;			/* most pages of one balloon request */
	/* what the guest said */
	enum phase phase;
	uint32_t version;
	bool can_balloon, can_hot_add;
	unsigned int align_log2_mb;
	struct report log[LOG_ENTRIES];
	uint64_t reports;
	/* accounting, pages; plugged: added; offered: the part of the range that is RAM now */
	uint64_t target, plugged, offered;
	struct page_set balloon;
	/* the request in flight; Linux numbers its answers itself, so only the type tells */
	enum request request;
	uint32_t transaction;
	uint64_t asked, got, left;
	uint64_t cursor;		/* unballoon: where the next run is looked for */
	bool settled;			/* "target reached" was told */
	uint64_t rejected;		/* messages and ranges that made no sense */
};

static uint64_t base_pages(void)
{
	return PAGES(machine.low_ram + machine.high_ram);
}

static uint64_t actual(const struct dm *dm)
{
	return base_pages() + dm->plugged - dm->balloon.count;
}

static void advance(void *arg);

static void reject(struct hv_channel *ch, struct dm *dm, const char *why)
{
	dm->rejected++;
	log_guest("%s: %s", ch->dev->name, why);
}

/* Sends as much of an unballoon request as the ring takes; room() brings us back. */
static void send_unballoon(struct hv_channel *ch, struct dm *dm)
{
	struct dm_range range[DM_RANGES_MAX];
	uint8_t message[DM_MESSAGE_MAX];

	while (dm->left) {
		uint64_t cursor = dm->cursor, left = dm->left;
		uint32_t n = 0, len;

		while (left && n < DM_RANGES_MAX &&
		       page_set_next(&dm->balloon, &cursor,
				     left < RANGE_PAGES_MAX ? left : RANGE_PAGES_MAX, &range[n]))
			left -= range[n++].count;
		len = dm_put_unballoon(message, dm->transaction, left, range, n);
		if (!channel_send(ch, message, len, 0, false))
			return;
		for (uint32_t i = 0; i < n; i++)
			page_set_remove(&dm->balloon, range[i]);
		dm->cursor = cursor;
		dm->left = left;
	}
}

static bool start_unballoon(struct hv_channel *ch, struct dm *dm, uint64_t pages)
{
	dm->request = UNBALLOON;
	dm->asked = dm->left = pages < dm->balloon.count ? pages : dm->balloon.count;
	dm->cursor = 0;
	send_unballoon(ch, dm);
	return true;
}

static bool start_balloon(struct hv_channel *ch, struct dm *dm, uint64_t pages)
{
	uint8_t message[DM_MESSAGE_MAX];

	if (!dm->can_balloon)
		return false;
	dm->asked = pages < dm->chunk ? pages : dm->chunk;
	dm->got = 0;
	if (!channel_send(ch, message, dm_put_balloon(message, dm->transaction, dm->asked), 0,
			  false))
		return false;
	dm->request = BALLOON;
	return true;
}

/* The region covers the range to the next multiples of its granularity. */
static struct dm_range region_of(const struct dm *dm, struct dm_range pages)
{
	uint64_t unit = PAGES(dm->region), end;
	struct dm_range region = { 0 };

	if (!unit)
		return region;
	region.start = pages.start / unit * unit;
	end = ALIGN_UP(pages.start + pages.count, unit);
	region.count = end - region.start;
	return region;
}

static bool start_hot_add(struct hv_channel *ch, struct dm *dm, uint64_t pages)
{
	uint64_t room = PAGES(machine.config.hotadd) - dm->plugged, end;
	uint8_t message[DM_MESSAGE_MAX];
	struct dm_range range, region;

	if (!dm->can_hot_add || !room)
		return false;
	pages = pages < room ? pages : room;
	range.start = PAGES(machine.hotadd_base) + dm->plugged;
	range.count = pages < RANGE_PAGES_MAX ? pages : RANGE_PAGES_MAX;
	region = region_of(dm, range);
	end = dm->plugged + range.count;
	if (end > dm->offered) {
		if (!guest_plug(machine.hotadd_base + dm->offered * PAGE_BYTES,
				(end - dm->offered) * PAGE_BYTES))
			return false;
		dm->offered = end;
	}
	if (!channel_send(ch, message, dm_put_hot_add(message, dm->transaction, &range, &region),
			  0, false))
		return false;
	dm->asked = range.count;
	dm->request = HOT_ADD;
	return true;
}

static void settle(struct hv_channel *ch, struct dm *dm)
{
	if (dm->settled)
		return;
	dm->settled = true;
	ctl_event("%s actual %llu KiB", ch->dev->name, KIB_OF(actual(dm)));
}

static void start(struct hv_channel *ch, struct dm *dm)
{
	uint64_t now = actual(dm);
	bool started;

	if (now == dm->target) {
		settle(ch, dm);
		return;
	}
	dm->transaction++;
	if (now > dm->target)
		started = start_balloon(ch, dm, now - dm->target);
	else if (dm->balloon.count)
		started = start_unballoon(ch, dm, dm->target - now);
	else
		started = start_hot_add(ch, dm, dm->target - now);
	if (!started)
		channel_timer(ch, RETRY_NS);
}

/* Main thread: begins or goes on with what the target needs. */
static void advance(void *arg)
{
	struct hv_device *dev = arg;
	struct hv_channel *ch = device_channel(dev, 0);
	struct dm *dm = dev->priv;

	if (!ch || !channel_lock(ch))
		return;
	pthread_mutex_lock(&dm->lock);
	if (dm->phase == READY && dm->request == NONE)
		start(ch, dm);
	else if (dm->phase == READY && dm->request == UNBALLOON && dm->left)
		send_unballoon(ch, dm);
	pthread_mutex_unlock(&dm->lock);
	channel_unlock(ch);
}

static void done(struct hv_channel *ch, struct dm *dm, bool at_once)
{
	dm->request = NONE;
	if (at_once)
		loop_call(advance, ch->dev);
	else
		channel_timer(ch, RETRY_NS);
}

static void on_version(struct hv_channel *ch, struct dm *dm, const struct dm_message *m)
{
	uint32_t v = m->version.version;
	bool good = (v == DM_VERSION(0, 3) || v == DM_VERSION(1, 0) || v == DM_VERSION(2, 0)) &&
		    v <= dm->highest;
	uint8_t message[DM_MESSAGE_MAX];

	if (dm->phase != WANT_VERSION) {
		reject(ch, dm, "version request out of order");
		return;
	}
	channel_send(ch, message,
		     dm_put_accept(message, DM_VERSION_RESPONSE, m->transaction, good), 0, false);
	if (!good)
		return;
	dm->version = v;
	dm->phase = WANT_CAPS;
}

static void on_caps(struct hv_channel *ch, struct dm *dm, const struct dm_message *m)
{
	uint8_t message[DM_MESSAGE_MAX];

	if (dm->phase != WANT_CAPS) {
		reject(ch, dm, "capabilities report out of order");
		return;
	}
	dm->can_balloon = m->caps.balloon;
	dm->can_hot_add = m->caps.hot_add;
	dm->align_log2_mb = m->caps.align_log2_mb;
	channel_send(ch, message, dm_put_accept(message, DM_CAPS_RESPONSE, m->transaction, true),
		     0, false);
	if (dm->version >= DM_VERSION(1, 0))
		channel_send(ch, message,
			     dm_put_info(message, ++dm->transaction,
					 base_pages() + PAGES(machine.config.hotadd)),
			     0, false);
	dm->phase = READY;
	ctl_event("%s ready: version %u.%u%s%s", ch->dev->name, dm->version >> 16,
		  dm->version & 0xffff, dm->can_balloon ? ", balloon" : "",
		  dm->can_hot_add ? ", hot add" : "");
	done(ch, dm, true);
}

/* The guest gives a range: it must be RAM, and not ours already. */
static bool take(struct dm *dm, struct dm_range r)
{
	if (r.count > dm->asked - dm->got || !page_set_add(&dm->balloon, r))
		return false;
	if (!guest_discard(r.start * PAGE_BYTES, (uint64_t)r.count * PAGE_BYTES)) {
		page_set_remove(&dm->balloon, r);
		return false;
	}
	dm->got += r.count;
	return true;
}

static void on_balloon(struct hv_channel *ch, struct dm *dm, const struct dm_message *m)
{
	if (dm->request != BALLOON) {
		reject(ch, dm, "balloon response that nobody asked for");
		return;
	}
	for (uint32_t i = 0; i < m->balloon.count; i++)
		if (!take(dm, dm_range_at(m->balloon.ranges, i)))
			reject(ch, dm, "ballooned range refused: no RAM, twice, or too much");
	if (!m->balloon.more)
		done(ch, dm, dm->got == dm->asked);
}

static void on_hot_add(struct hv_channel *ch, struct dm *dm, const struct dm_message *m)
{
	if (dm->request != HOT_ADD || m->hot_add.pages > dm->asked) {
		reject(ch, dm, "hot add response that nobody asked for");
		return;
	}
	dm->plugged += m->hot_add.pages;
	if (!m->hot_add.pages && m->hot_add.result)
		dm->can_hot_add = false;	/* protocol: never ask again */
	done(ch, dm, m->hot_add.pages);
}

static void on_status(struct dm *dm, const struct dm_message *m)
{
	struct report *r = &dm->log[dm->reports++ % LOG_ENTRIES];

	r->when = since_start();
	r->available = m->status.available;
	r->committed = m->status.committed;
}

static void dispatch(struct hv_channel *ch, struct dm *dm, const struct dm_message *m)
{
	switch (m->type) {
	case DM_VERSION_REQUEST:
		on_version(ch, dm, m);
		break;
	case DM_CAPS_REPORT:
		on_caps(ch, dm, m);
		break;
	case DM_STATUS:
		on_status(dm, m);
		break;
	case DM_BALLOON_RESPONSE:
		on_balloon(ch, dm, m);
		break;
	case DM_UNBALLOON_RESPONSE:
		if (dm->request == UNBALLOON && !dm->left)
			done(ch, dm, true);
		else
			reject(ch, dm, "unballoon response that nobody asked for");
		break;
	case DM_HOT_ADD_RESPONSE:
		on_hot_add(ch, dm, m);
		break;
	}
}

static void dm_packet(struct hv_channel *ch, struct packet *p)
{
	struct dm *dm = ch->dev->priv;
	struct dm_message m;

	pthread_mutex_lock(&dm->lock);
	if (p->type != PKT_INBAND || !dm_parse(p->data, p->len, &m))
		reject(ch, dm, "malformed dynamic memory message");
	else
		dispatch(ch, dm, &m);
	pthread_mutex_unlock(&dm->lock);
}

static void dm_again(struct hv_channel *ch)
{
	loop_call(advance, ch->dev);
}

/*
 * Requests are gone with the channel; what the guest gave is not: it has no use for
 * those pages until it gets them back, through whichever channel comes next.
 */
static void begin(struct dm *dm, enum phase phase)
{
	pthread_mutex_lock(&dm->lock);
	dm->phase = phase;
	dm->request = NONE;
	dm->left = 0;
	dm->reports = 0;
	pthread_mutex_unlock(&dm->lock);
}

static uint32_t dm_open(struct hv_channel *ch)
{
	begin(ch->dev->priv, WANT_VERSION);
	return 0;
}

static void dm_close(struct hv_channel *ch)
{
	begin(ch->dev->priv, CLOSED);
}

/* The next guest has all of the memory. */
static void dm_reset(struct hv_device *dev)
{
	struct dm *dm = dev->priv;

	pthread_mutex_lock(&dm->lock);
	page_set_clear(&dm->balloon);
	pthread_mutex_unlock(&dm->lock);
}

static bool parse_version(const char *text, uint32_t *version)
{
	static const struct { const char *text; uint32_t version; } known[] = {
		{ "0.3", DM_VERSION(0, 3) }, { "1.0", DM_VERSION(1, 0) },
		{ "2.0", DM_VERSION(2, 0) },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(text, known[i].text)) {
			*version = known[i].version;
			return true;
		}
	return false;
}

static bool dm_create(struct hv_device *dev, struct options *o, char *error, size_t size)
{
	const char *proto = options_string(o, "proto", "2.0");
	struct dm *dm = calloc(1, sizeof(*dm));
	uint64_t limit = PAGES(machine.hotadd_base + machine.config.hotadd);

	if (limit < base_pages())
		limit = base_pages() + PAGES(4 * GIB);
	if (!dm || !page_set_init(&dm->balloon, limit)) {
		snprintf(error, size, "no memory for a balloon device");
		free(dm);
		return false;
	}
	if (!parse_version(proto, &dm->highest)) {
		snprintf(error, size, "proto must be 0.3, 1.0 or 2.0, not '%s'", proto);
		page_set_free(&dm->balloon);
		free(dm);
		return false;
	}
	pthread_mutex_init(&dm->lock, NULL);
	dm->region = options_number(o, "region", 128 * MIB, 0, 64 * GIB) / PAGE_BYTES * PAGE_BYTES;
	dm->chunk = options_number(o, "chunk", 0xffffffff, 1, 0xffffffff);
	dm->target = base_pages();
	dm->settled = true;
	dev->priv = dm;
	return true;
}

static void dm_destroy(struct hv_device *dev)
{
	struct dm *dm = dev->priv;

	page_set_free(&dm->balloon);
	pthread_mutex_destroy(&dm->lock);
	free(dm);
}

static bool set_target(struct hv_device *dev, struct dm *dm, const char *mib, struct text *answer)
{
	char *end;
	unsigned long long n = strtoull(mib, &end, 10);
	uint64_t most = base_pages() + PAGES(machine.config.hotadd);

	if (*end || !n || n > most * PAGE_BYTES / MIB) {
		text_add(answer, "target wants MiB from 1 to %llu, not '%s'",
			 (unsigned long long)(most * PAGE_BYTES / MIB), mib);
		return false;
	}
	dm->target = PAGES(n * MIB);
	dm->settled = false;
	text_add(answer, "target %llu KiB\n", KIB_OF(dm->target));
	loop_call(advance, dev);
	return true;
}

/* Pages that the guest gave away and wrote to all the same. */
static uint64_t misused(const struct dm *dm)
{
	static const uint8_t zero[PAGE_BYTES];
	uint64_t from = 0, bad = 0;
	unsigned char resident;
	struct dm_range run;

	while (page_set_next(&dm->balloon, &from, RANGE_PAGES_MAX, &run))
		for (uint32_t i = 0; i < run.count; i++) {
			void *page = guest_ptr((run.start + i) * PAGE_BYTES, PAGE_BYTES);

			if (page && !mincore(page, PAGE_BYTES, &resident) && (resident & 1))
				bad += memcmp(page, zero, PAGE_BYTES) != 0;
		}
	return bad;
}

static void describe_log(const struct dm *dm, struct text *answer)
{
	uint64_t first = dm->reports > LOG_ENTRIES ? dm->reports - LOG_ENTRIES : 0;

	for (uint64_t i = first; i < dm->reports; i++) {
		const struct report *r = &dm->log[i % LOG_ENTRIES];

		text_add(answer, "%.3f committed %llu KiB available %llu KiB\n", r->when,
			 KIB_OF(r->committed), KIB_OF(r->available));
	}
}

static void describe_status(const struct dm *dm, struct text *answer)
{
	const struct report *r = &dm->log[(dm->reports - 1) % LOG_ENTRIES];

	if (!dm->reports)
		text_add(answer, "no report yet\n");
	else
		text_add(answer, "committed %llu KiB available %llu KiB reports %llu\n",
			 KIB_OF(r->committed), KIB_OF(r->available),
			 (unsigned long long)dm->reports);
}

static bool locked_command(struct hv_device *dev, struct dm *dm, int argc, char **argv,
			   struct text *answer)
{
	if (argc == 2 && !strcmp(argv[0], "target"))
		return set_target(dev, dm, argv[1], answer);
	if (argc != 1)
		goto unknown;
	if (!strcmp(argv[0], "info"))
		text_add(answer, "actual %llu KiB target %llu KiB ballooned %llu pages %s "
			 "version %u.%u rejected %llu\n", KIB_OF(actual(dm)), KIB_OF(dm->target),
			 (unsigned long long)dm->balloon.count,
			 dm->phase == READY ? "ready" : "not ready", dm->version >> 16,
			 dm->version & 0xffff, (unsigned long long)dm->rejected);
	else if (!strcmp(argv[0], "status"))
		describe_status(dm, answer);
	else if (!strcmp(argv[0], "log"))
		describe_log(dm, answer);
	else if (!strcmp(argv[0], "memory"))
		text_add(answer, "base %llu KiB plugged %llu KiB\n", KIB_OF(base_pages()),
			 KIB_OF(dm->plugged));
	else if (!strcmp(argv[0], "check"))
		text_add(answer, "misused %llu of %llu ballooned pages\n",
			 (unsigned long long)misused(dm), (unsigned long long)dm->balloon.count);
	else
		goto unknown;
	return true;
unknown:
	text_add(answer, "use: target MIB | info | status | log | memory | check");
	return false;
}

static bool dm_command(struct hv_device *dev, int argc, char **argv, struct text *answer)
{
	struct dm *dm = dev->priv;
	bool good;

	pthread_mutex_lock(&dm->lock);
	good = locked_command(dev, dm, argc, argv, answer);
	pthread_mutex_unlock(&dm->lock);
	return good;
}

static void dm_decode(struct hv_channel *ch, bool from_guest, const struct packet *p,
		      struct text *line)
{
	uint16_t type = 0, size = 0;
	uint32_t transaction = 0;
	struct dm_message m;

	(void)ch;
	if (p->len >= 8) {
		memcpy(&type, p->data, sizeof(type));
		memcpy(&size, p->data + 2, sizeof(size));
		memcpy(&transaction, p->data + 4, sizeof(transaction));
	}
	text_add(line, "DM %s size %u transaction %u", dm_type_name(type), size, transaction);
	if (!from_guest || !dm_parse(p->data, p->len, &m))
		return;
	if (type == DM_VERSION_REQUEST)
		text_add(line, " version %u.%u", m.version.version >> 16,
			 m.version.version & 0xffff);
	else if (type == DM_BALLOON_RESPONSE)
		text_add(line, " ranges %u%s", m.balloon.count, m.balloon.more ? " more" : "");
	else if (type == DM_HOT_ADD_RESPONSE)
		text_add(line, " pages %u result %u", m.hot_add.pages, m.hot_add.result);
}

/* Interface type 525074dc-8985-46e2-8057-a307dc18a502 */
const struct hv_device_ops dm_ops = {
	.kind = "balloon",
	.help = "dynamic memory\n"
		"  options: proto=2.0|1.0|0.3, region=SIZE (hot add region granularity; 0: name\n"
		"           no region), chunk=PAGES (most pages of one balloon request)\n"
		"  target MIB   wanted size of the guest: balloons, gives back, or hot adds\n"
		"  info, status, log, memory   figures\n"
		"  check        counts ballooned pages that the guest wrote to\n",
	.type = { { 0xdc, 0x74, 0x50, 0x52, 0x85, 0x89, 0xe2, 0x46,
		    0x80, 0x57, 0xa3, 0x07, 0xdc, 0x18, 0xa5, 0x02 } },
	.create = dm_create,
	.destroy = dm_destroy,
	.open = dm_open,
	.packet = dm_packet,
	.timer = dm_again,
	.room = dm_again,
	.close = dm_close,
	.reset = dm_reset,
	.command = dm_command,
	.decode = dm_decode,
};
