// SPDX-License-Identifier: GPL-2.0-only
/*
 * Injected errors and delays.
 *
 *   error CLASS KIND [LBA-LBA] [COUNT]	commands of a class, that touch a range, COUNT times
 *   error CLASS KIND LBA COUNT		the same for one block
 *   error clear
 *   delay MS [CLASS] [COUNT]		0: none
 *
 * A lone number is a COUNT (0 or none: for ever), a range has a dash. UNMAP names its
 * blocks in its data, so a rule with a range never hits it. INQUIRY, REPORT LUNS and
 * REQUEST SENSE never fail: a device that is there at all answers them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lun_priv.h"

struct kind {
	const char *name;
	uint8_t status;
	enum sense_key key;		/* KEY_NONE: no sense */
	uint16_t asc, asc_write;
};

static const struct kind kinds[] = {
	{ "medium", SAM_CHECK_CONDITION, KEY_MEDIUM, ASC_READ_ERROR, ASC_WRITE_ERROR },
	{ "hardware", SAM_CHECK_CONDITION, KEY_HARDWARE, ASC_TARGET_FAILURE, ASC_TARGET_FAILURE },
	{ "aborted", SAM_CHECK_CONDITION, KEY_ABORTED, ASC_NONE, ASC_NONE },
	{ "not-ready", SAM_CHECK_CONDITION, KEY_NOT_READY, ASC_BECOMING_READY, ASC_BECOMING_READY },
	{ "data-protect", SAM_CHECK_CONDITION, KEY_PROTECT, ASC_PROTECTED, ASC_PROTECTED },
	{ "space", SAM_CHECK_CONDITION, KEY_PROTECT, ASC_SPACE, ASC_SPACE },
	{ "no-sense", SAM_CHECK_CONDITION, KEY_NONE, ASC_NONE, ASC_NONE },
	{ "busy", SAM_BUSY, KEY_NONE, ASC_NONE, ASC_NONE },
	{ "task-set-full", SAM_TASK_SET_FULL, KEY_NONE, ASC_NONE, ASC_NONE },
};

static const struct {
	const char *name;
	uint8_t class;
} classes[] = {
	{ "read", CLASS_READ }, { "write", CLASS_WRITE }, { "flush", CLASS_FLUSH },
	{ "unmap", CLASS_UNMAP }, { "other", CLASS_OTHER }, { "any", CLASS_ANY },
};

static bool parse_class(const char *text, uint8_t *class)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(classes); i++) {
		if (!strcmp(text, classes[i].name)) {
			*class = classes[i].class;
			return true;
		}
	}
	return false;
}

static bool parse_number(const char *text, const char **end, uint64_t *value)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &stop, 0);
	*end = stop;
	return !errno;
}

static bool matches(const struct rule *r, uint8_t class, const struct scsi_cmd *cmd)
{
	struct extent e;

	if (!(r->class & class))
		return false;
	if (!r->ranged)
		return true;
	/* An end beyond 2^64 can't be in range of any unit: the command fails by itself. */
	return cmd_extent(cmd, &e) && e.count && e.lba <= UINT64_MAX - e.count &&
	       e.lba <= r->last && e.lba + e.count - 1 >= r->first;
}

static void answer_error(const struct rule *r, uint8_t class, struct scsi_cmd *cmd)
{
	const struct kind *k = &kinds[r->kind];
	uint16_t asc = class & (CLASS_READ | CLASS_OTHER) ? k->asc : k->asc_write;
	struct extent e = { 0 };

	if (k->key == KEY_NONE)
		cmd->status = k->status;
	else if (k->key == KEY_MEDIUM && cmd_extent(cmd, &e))
		cmd_check_lba(cmd, k->key, asc,
			      r->ranged && r->first > e.lba ? r->first : e.lba);
	else
		cmd_check(cmd, k->key, asc);
}

bool inject_error(struct lun *lun, struct scsi_cmd *cmd)
{
	uint8_t class = op_table[cmd->cdb[0]].class;
	bool hit = false;

	pthread_mutex_lock(&lun->lock);
	for (unsigned int i = 0; i < lun->rule_count && !hit; i++) {
		struct rule *r = &lun->rules[i];

		hit = matches(r, class, cmd);
		if (!hit)
			continue;
		answer_error(r, class, cmd);
		if (r->left && !--r->left)
			memmove(r, r + 1, (--lun->rule_count - i) * sizeof(*r));
	}
	atomic_store(&lun->armed, lun->rule_count > 0);
	pthread_mutex_unlock(&lun->lock);
	return hit;
}

/* "A-B", "COUNT", "LBA COUNT" or "A-B COUNT" */
static bool parse_where(struct rule *r, int argc, char **argv)
{
	const char *end;
	bool dash = argc && strchr(argv[0], '-');

	if (argc > 2)
		return false;
	if (argc && (dash || argc == 2)) {
		if (!parse_number(argv[0], &end, &r->first))
			return false;
		r->last = r->first;
		if (*end == '-' && !parse_number(end + 1, &end, &r->last))
			return false;
		if (*end || r->last < r->first)
			return false;
		r->ranged = true;
		argc--;
		argv++;
	}
	return !argc || (parse_number(argv[0], &end, &r->left) && !*end);
}

static void clear_rules(struct lun *lun)
{
	pthread_mutex_lock(&lun->lock);
	lun->rule_count = 0;
	atomic_store(&lun->armed, false);
	pthread_mutex_unlock(&lun->lock);
}

bool inject_command(struct lun *lun, int argc, char **argv, struct text *answer)
{
	struct rule r = { 0 };
	bool room;

	if (argc == 2 && !strcmp(argv[1], "clear")) {
		clear_rules(lun);
		return true;
	}
	for (; argc > 2 && r.kind < ARRAY_SIZE(kinds); r.kind++) {
		if (!strcmp(argv[2], kinds[r.kind].name))
			break;
	}
	if (argc < 3 || r.kind == ARRAY_SIZE(kinds) || !parse_class(argv[1], &r.class) ||
	    !parse_where(&r, argc - 3, argv + 3)) {
		text_add(answer, "error clear | error read|write|flush|unmap|other|any KIND "
			 "[LBA-LBA] [COUNT], KIND one of");
		for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
			text_add(answer, " %s", kinds[i].name);
		return false;
	}
	pthread_mutex_lock(&lun->lock);
	room = lun->rule_count < RULES;
	if (room)
		lun->rules[lun->rule_count++] = r;
	atomic_store(&lun->armed, lun->rule_count > 0);
	pthread_mutex_unlock(&lun->lock);
	if (!room)
		text_add(answer, "%u errors are set already, say `error clear`", RULES);
	return room;
}

bool delay_command(struct lun *lun, int argc, char **argv, struct text *answer)
{
	uint64_t ms = 0, left = 0;
	uint8_t class = CLASS_ANY;
	const char *end;
	bool good = argc >= 2 && argc <= 4 && parse_number(argv[1], &end, &ms) && !*end &&
		    ms <= 3600000;

	for (int i = 2; i < argc && good; i++)
		good = parse_class(argv[i], &class) ||
		       (parse_number(argv[i], &end, &left) && !*end);
	if (!good) {
		text_add(answer, "delay MS [read|write|flush|unmap|other|any] [COUNT]");
		return false;
	}
	pthread_mutex_lock(&lun->lock);
	lun->delay_class = class;
	lun->delay_left = left;
	atomic_store(&lun->delay_ns, ms * 1000000);
	pthread_mutex_unlock(&lun->lock);
	return true;
}

uint64_t lun_delay(struct lun *lun, const struct scsi_cmd *cmd)
{
	uint64_t ns = atomic_load_explicit(&lun->delay_ns, memory_order_acquire);

	if (!ns)
		return 0;
	pthread_mutex_lock(&lun->lock);
	ns = atomic_load(&lun->delay_ns);
	if (!(op_table[cmd->cdb[0]].class & lun->delay_class))
		ns = 0;
	else if (ns && lun->delay_left && !--lun->delay_left)
		atomic_store(&lun->delay_ns, 0);
	pthread_mutex_unlock(&lun->lock);
	return ns;
}

void inject_describe(struct lun *lun, struct text *answer)
{
	uint64_t ns = atomic_load(&lun->delay_ns);

	pthread_mutex_lock(&lun->lock);
	if (lun->rule_count)
		text_add(answer, " errors %u", lun->rule_count);
	if (lun->attention_count)
		text_add(answer, " attentions %u", lun->attention_count);
	if (ns)
		text_add(answer, " delay %llu ms", (unsigned long long)(ns / 1000000));
	pthread_mutex_unlock(&lun->lock);
}
