// SPDX-License-Identifier: GPL-2.0-only
/*
 * --trace: a line for each control message and each packet, as a person reads it.
 *
 *   SECONDS > message ...	from the guest
 *   SECONDS < message ...	to the guest
 */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>

#define HEX_BYTES	16		/* of a payload that nobody decodes */

atomic_bool trace_on;
static FILE *file;
static atomic_bool notes_on;

bool trace_open(const char *path)
{
	file = fopen(path, "we");
	if (!file)
		return false;
	/* Whole lines: the file is read while the guest runs, or after a crash. */
	setvbuf(file, NULL, _IOLBF, BUFSIZ);
	trace_on = true;
	notes_on = true;
	return true;
}

void trace_limit(bool limited)
{
	trace_on = notes_on && !limited;
}

/* stdio's own lock keeps lines whole. */
static void put(struct text *line)
{
	fprintf(file, "%.6f %s\n", since_start(), line->data);
	text_free(line);
}

void trace_message(bool from_guest, unsigned int vp, const void *bytes, size_t len,
		   const char *remark)
{
	struct text line = { 0 };

	if (!trace_on)
		return;
	text_add(&line, "%c vp%u ", from_guest ? '>' : '<', vp);
	wire_describe(bytes, len, &line);
	if (remark)
		text_add(&line, " (%s)", remark);
	put(&line);
}

static const char *packet_name(uint16_t type)
{
	switch (type) {
	case PKT_INBAND:
		return "inband";
	case PKT_TRANSFER_PAGES:
		return "transfer-pages";
	case PKT_GPA_DIRECT:
		return "gpa-direct";
	case PKT_COMPLETION:
		return "completion";
	}
	return "unknown";
}

static void add_hex(struct text *line, const struct packet *p)
{
	uint32_t n = p->len < HEX_BYTES ? p->len : HEX_BYTES;

	for (uint32_t i = 0; i < n; i++)
		text_add(line, "%s%02x", i ? "" : " ", p->data[i]);
	if (n < p->len)
		text_add(line, "...");
}

void trace_packet(struct bus_channel *s, bool from_guest, const struct packet *p)
{
	const struct hv_device_ops *ops = s->ch.dev->ops;
	struct text line = { 0 };

	text_add(&line, "%c %s.%u %s%s id %#llx %u bytes", from_guest ? '>' : '<',
		 s->ch.dev->name, s->ch.sub, packet_name(p->type),
		 p->flags & PKT_FLAG_COMPLETION ? "+c" : "",
		 (unsigned long long)p->transaction, p->len);
	if (p->type == PKT_GPA_DIRECT)
		text_add(&line, " ranges %u of %u bytes", p->ranges, p->sg.bytes);
	if (p->type == PKT_TRANSFER_PAGES && !from_guest)
		text_add(&line, " ranges %u", p->ranges);
	if (ops->decode) {
		text_add(&line, ": ");
		ops->decode(&s->ch, from_guest, p, &line);
	} else {
		add_hex(&line, p);
	}
	put(&line);
}

void trace_note(const struct bus_channel *s, const char *what)
{
	struct text line = { 0 };

	if (!notes_on)
		return;
	text_add(&line, "- %s.%u %s", s->ch.dev->name, s->ch.sub, what);
	put(&line);
}

void trace_line(const char *fmt, ...)
{
	va_list args;
	char said[512];
	struct text line = { 0 };

	if (!notes_on)
		return;
	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
	text_add(&line, "%s", said);
	put(&line);
}
