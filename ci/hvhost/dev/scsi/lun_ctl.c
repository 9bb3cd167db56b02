// SPDX-License-Identifier: GPL-2.0-only
/* The control socket's commands about one unit, and what it says of itself. */
#include <stdlib.h>
#include <string.h>
#include "lun_priv.h"

#define HASH_CHUNK	65536u
#define HASH_MAX	(16 * GIB)	/* what may block the main thread for a minute */

static bool do_resize(struct lun *lun, int argc, char **argv, struct text *answer)
{
	char error[160];
	uint64_t bytes = 0;

	if (argc > 2 || (argc == 2 && !parse_size(argv[1], &bytes))) {
		text_add(answer, "resize SIZE (for instance 2G; none: look at the device again)");
		return false;
	}
	if (lun_resize(lun, bytes, error, sizeof(error)))
		return true;
	text_add(answer, "%s", error);
	return false;
}

static bool parse_byte(const char *text, uint8_t *byte)
{
	char *end;
	unsigned long value = strtoul(text, &end, 16);

	*byte = (uint8_t)value;
	return end != text && !*end && value <= 0xff;
}

static bool do_attention(struct lun *lun, int argc, char **argv, struct text *answer)
{
	uint8_t asc, ascq;

	if (argc != 3 || !parse_byte(argv[1], &asc) || !parse_byte(argv[2], &ascq)) {
		text_add(answer, "attention ASC ASCQ (in hex, for instance 2a 09)");
		return false;
	}
	lun_attention(lun, asc, ascq);
	return true;
}

static void add_counter(struct text *answer, const char *name, uint64_t value)
{
	text_add(answer, "%s %llu\n", name, (unsigned long long)value);
}

/* One "NAME VALUE" a line; allocated is what the backend takes, so TRIM can be seen. */
static bool do_counters(struct lun *lun, int argc, char **argv, struct text *answer)
{
	const struct lun_counters *c = lun_counters(lun);

	(void)argc;
	(void)argv;
	add_counter(answer, "commands", c->commands);
	add_counter(answer, "reads", c->reads);
	add_counter(answer, "writes", c->writes);
	add_counter(answer, "read_bytes", c->read_bytes);
	add_counter(answer, "written_bytes", c->written_bytes);
	add_counter(answer, "unmaps", c->unmaps);
	add_counter(answer, "unmapped_bytes", c->unmapped_bytes);
	add_counter(answer, "write_sames", c->write_sames);
	add_counter(answer, "flushes", c->flushes);
	add_counter(answer, "errors", c->errors);
	add_counter(answer, "unknown", c->unknown);
	add_counter(answer, "size", lun_blocks(lun) << lun->shift);
	add_counter(answer, "allocated", lun->backend->ops->allocated(lun->backend));
	return true;
}

static bool hash_range(struct lun *lun, uint64_t offset, uint64_t len, uint8_t digest[32])
{
	static uint8_t chunk[HASH_CHUNK];	/* main thread only */
	struct sha256 s;
	uint32_t part;

	sha256_init(&s);
	for (; len; len -= part, offset += part) {
		part = len < HASH_CHUNK ? (uint32_t)len : HASH_CHUNK;
		if (backend_read_bytes(lun->backend, offset, chunk, part))
			return false;
		sha256_add(&s, chunk, part);
	}
	sha256_end(&s, digest);
	return true;
}

static bool do_hash(struct lun *lun, int argc, char **argv, struct text *answer)
{
	uint64_t size = lun_blocks(lun) << lun->shift, offset = 0, len = size;
	uint8_t digest[32];

	if ((argc != 1 && argc != 3) ||
	    (argc == 3 && (!parse_size(argv[1], &offset) || !parse_size(argv[2], &len)))) {
		text_add(answer, "hash [OFFSET LEN]: SHA-256 of the content, as sha256sum says");
		return false;
	}
	if (offset > size || len > size - offset || len > HASH_MAX) {
		text_add(answer, "hash: beyond the end, or more than 16G: give OFFSET LEN");
		return false;
	}
	if (!hash_range(lun, offset, len, digest)) {
		text_add(answer, "hash: %s can't be read", lun->name);
		return false;
	}
	for (unsigned int i = 0; i < sizeof(digest); i++)
		text_add(answer, "%02x", digest[i]);
	text_add(answer, "\n");
	return true;
}

static bool do_flush(struct lun *lun, int argc, char **argv, struct text *answer)
{
	int err = lun->backend->ops->flush(lun->backend);

	(void)argc;
	(void)argv;
	if (err)
		text_add(answer, "%s: %s", lun->name, strerror(-err));
	return !err;
}

bool lun_command(struct lun *lun, int argc, char **argv, struct text *answer)
{
	static const struct {
		const char *name;
		bool (*run)(struct lun *lun, int argc, char **argv, struct text *answer);
	} verbs[] = {
		{ "resize", do_resize }, { "error", inject_command }, { "delay", delay_command },
		{ "counters", do_counters }, { "attention", do_attention }, { "hash", do_hash },
		{ "flush", do_flush },
	};

	for (unsigned int i = 0; argc && i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(argv[0], verbs[i].name))
			return verbs[i].run(lun, argc, argv, answer);
	}
	text_add(answer, "a unit knows:");
	for (unsigned int i = 0; i < ARRAY_SIZE(verbs); i++)
		text_add(answer, " %s", verbs[i].name);
	return false;
}

void lun_describe(struct lun *lun, struct text *answer)
{
	text_add(answer, "%s (%s) size %llu block %u allocated %llu wwn 0x", lun->name,
		 lun->backend->ops->kind, (unsigned long long)(lun_blocks(lun) << lun->shift),
		 1u << lun->shift,
		 (unsigned long long)lun->backend->ops->allocated(lun->backend));
	for (unsigned int i = 0; i < lun->wwn_len; i++)
		text_add(answer, "%02x", lun->wwn[i]);
	text_add(answer, " serial %s%s%s", lun->serial, lun->ro ? " ro" : "",
		 lun->unmap ? "" : " nounmap");
	inject_describe(lun, answer);
}
