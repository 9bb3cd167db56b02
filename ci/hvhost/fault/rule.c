// SPDX-License-Identifier: GPL-2.0-only
/* Rules: words to a rule and back, and what a rule does to an item. See rule.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule.h"

#define LATE_MS_MAX	600000u
#define FLOOD_MAX	100000u
#define REPLAY_MAX	8u		/* as far back as the engine remembers */
#define FILLER		0xa5

/* What a verb's own argument is; the count comes behind the selector. */
static const struct {
	const char *name;
	bool has_number;
	uint64_t max;
} verbs[FAULT_VERBS] = {
	[FAULT_MUTE]		= { "mute", false, 0 },
	[FAULT_LATE]		= { "late", true, LATE_MS_MAX },
	[FAULT_DUPLICATE]	= { "duplicate", false, 0 },
	[FAULT_WRONG_ORDER]	= { "wrong-order", false, 0 },
	[FAULT_CORRUPT]		= { "corrupt", false, 0 },
	[FAULT_TRUNCATE]	= { "truncate", true, 1u << 19 },
	[FAULT_OVERSIZE]	= { "oversize", true, FAULT_PACKET_EXTRA },
	[FAULT_REPLAY]		= { "replay", true, REPLAY_MAX },
	[FAULT_FLOOD]		= { "flood", true, FLOOD_MAX },
};

struct words {
	char **at;
	int left;
	char *reason;
	size_t size;
};

static bool PRINTF(2, 3) wrong(struct words *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(w->reason, w->size, fmt, args);
	va_end(args);
	return false;
}

static const char *peek(const struct words *w)
{
	return w->left ? *w->at : NULL;
}

static const char *take(struct words *w)
{
	const char *word = peek(w);

	if (word) {
		w->at++;
		w->left--;
	}
	return word;
}

bool fault_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && !*end && *value <= max;
}

static int find_verb(const char *word)
{
	for (int i = 0; i < FAULT_VERBS; i++)
		if (!strcmp(verbs[i].name, word))
			return i;
	return -1;
}

bool fault_verb_known(const char *word)
{
	return find_verb(word) >= 0;
}

/* PART@OFFSET:BYTES */
static bool parse_place(const char *text, struct fault_place *at)
{
	const char *sign = strchr(text, '@');
	uint64_t offset, bytes;
	char *end;

	if (!sign || sign[1] < '0' || sign[1] > '9')
		return false;
	for (at->part = 0; at->part < FAULT_PARTS; at->part++)
		if (strlen(fault_part_name[at->part]) == (size_t)(sign - text) &&
		    !strncmp(fault_part_name[at->part], text, sign - text))
			break;
	offset = strtoull(sign + 1, &end, 0);
	if (at->part == FAULT_PARTS || *end != ':' ||
	    !fault_number(end + 1, 8, &bytes) || offset > 1u << 20)
		return false;
	if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)
		return false;
	if ((at->part == PART_RX || at->part == PART_TX) && (bytes != 4 || offset > 4092))
		return false;
	at->offset = offset;
	at->bytes = bytes;
	return true;
}

/* N, ^N (xor), +N and -N (add), ~ (all bits the other way). */
static bool parse_value(const char *text, struct fault_rule *r)
{
	const char *digits = text;

	r->operation = OP_SET;
	if (!strcmp(text, "~")) {
		r->operation = OP_XOR;
		r->value = UINT64_MAX;
		return true;
	}
	if (*text == '^' || *text == '+' || *text == '-') {
		r->operation = *text == '^' ? OP_XOR : OP_ADD;
		digits++;
	}
	if (!fault_number(digits, UINT64_MAX, &r->value))
		return false;
	if (*text == '-')
		r->value = -r->value;
	return true;
}

static bool parse_corrupt(struct words *w, struct fault_rule *r)
{
	const char *name = take(w), *value;

	if (!name)
		return wrong(w, "corrupt what? a field, or PART@OFFSET:BYTES");
	r->field = fault_field_find(name);
	if (r->field)
		r->at = r->field->at;
	else if (!parse_place(name, &r->at))
		return wrong(w, "there is no field '%s': see help fault", name);
	r->class = fault_part_class(r->at.part);
	r->type = r->field ? r->field->type : 0;
	value = peek(w);
	if (!value || !strcmp(value, "after")) {
		r->operation = OP_XOR;
		r->value = UINT64_MAX;
		return true;
	}
	if (!parse_value(take(w), r))
		return wrong(w, "'%s' is no value: N, ^N, +N, -N or ~", value);
	return true;
}

static bool parse_argument(struct words *w, struct fault_rule *r)
{
	const char *word = peek(w);
	uint64_t number;

	if (r->verb == FAULT_CORRUPT)
		return parse_corrupt(w, r);
	if (!verbs[r->verb].has_number)
		return true;
	if (word && fault_number(word, UINT64_MAX, &number)) {
		if (number > verbs[r->verb].max)
			return wrong(w, "%s takes at most %llu", verbs[r->verb].name,
				     (unsigned long long)verbs[r->verb].max);
		r->number = number;
		take(w);
		return true;
	}
	if (r->verb != FAULT_REPLAY)
		return wrong(w, "%s wants a number", verbs[r->verb].name);
	r->number = 1;
	return true;
}

static bool parse_which(struct words *w, struct fault_rule *r)
{
	const char *word = peek(w);
	uint32_t type;

	if (word && r->verb != FAULT_CORRUPT &&
	    fault_selector(word, &r->class, &type)) {
		r->type = type;
		take(w);
		word = peek(w);
	}
	r->left = r->item ? 1 : FAULT_FOREVER;
	if (word && fault_number(word, UINT64_MAX - 1, &r->left)) {
		if (!r->left || r->item)
			return wrong(w, r->item ? "an item number and a count exclude each other"
				     : "a count of 0 does nothing");
		take(w);
		word = peek(w);
	}
	if (!word || strcmp(word, "after"))
		return true;
	take(w);
	word = take(w);
	if (r->item || !word || !fault_number(word, UINT64_MAX, &r->skip))
		return wrong(w, "after how many? (not with an item number)");
	return true;
}

bool fault_parse(int argc, char **argv, bool bus, struct fault_rule *r, char *reason,
		 size_t size)
{
	struct words w = { argv, argc, reason, size };
	const char *word = take(&w);
	int verb;

	*r = (struct fault_rule){ .sub = FAULT_ANY_SUB };
	r->class = bus ? FAULT_MESSAGE : FAULT_PACKET;
	if (word && !strcmp(word, "at")) {
		word = take(&w);
		if (!word || !fault_number(word, UINT64_MAX, &r->item) || !r->item)
			return wrong(&w, "at wants an item number");
		word = take(&w);
	}
	verb = word ? find_verb(word) : -1;
	if (verb < 0)
		return wrong(&w, "there is no fault '%s': see help fault", word ? word : "");
	r->verb = verb;
	if (!parse_argument(&w, r) || !parse_which(&w, r))
		return false;
	if (w.left)
		return wrong(&w, "'%s' is too much", peek(&w));
	if (bus && r->class != FAULT_MESSAGE)
		return wrong(&w, "the bus has messages only: name a device");
	return true;
}

static void format_value(const struct fault_rule *r, struct text *t)
{
	static const char *const sign[] = { [OP_SET] = "", [OP_XOR] = "^", [OP_ADD] = "+" };

	if (r->operation == OP_XOR && r->value == UINT64_MAX)
		text_add(t, " ~");
	else
		text_add(t, " %s%#llx", sign[r->operation], (unsigned long long)r->value);
}

void fault_format(const struct fault_rule *r, struct text *t)
{
	if (r->item)
		text_add(t, "at %llu ", (unsigned long long)r->item);
	text_add(t, "%s", verbs[r->verb].name);
	if (r->verb == FAULT_CORRUPT) {
		if (r->field)
			text_add(t, " %s", r->field->name);
		else
			text_add(t, " %s@%u:%u", fault_part_name[r->at.part], r->at.offset,
				 r->at.bytes);
		format_value(r, t);
	} else {
		if (verbs[r->verb].has_number)
			text_add(t, " %llu", (unsigned long long)r->number);
		text_add(t, " %s", fault_selector_name(r->class, r->type));
	}
	if (!r->item && r->left != FAULT_FOREVER)
		text_add(t, " %llu", (unsigned long long)r->left);
	if (r->skip)
		text_add(t, " after %llu", (unsigned long long)r->skip);
}

bool fault_match(struct fault_rule *r, const struct fault_item *item, uint64_t number)
{
	if (r->class != item->class || (r->type && r->type != item->type))
		return false;
	if (r->sub != FAULT_ANY_SUB && (unsigned int)r->sub != item->sub)
		return false;
	if (r->field && !fault_field_fits(r->field, item))
		return false;
	if (r->item ? r->item != number : !r->left)
		return false;
	if (r->skip) {
		r->skip--;
		return false;
	}
	if (r->left != FAULT_FOREVER)
		r->left--;
	r->hits++;
	return true;
}

uint64_t fault_compute(const struct fault_rule *r, uint64_t old)
{
	switch (r->operation) {
	case OP_XOR:
		return old ^ r->value;
	case OP_ADD:
		return old + r->value;
	default:
		return r->value;
	}
}

static void corrupt(const struct fault_rule *r, struct fault_item *item,
		    struct fault_outcome *out)
{
	uint64_t value = 0;
	uint32_t offset;

	if (r->at.part == PART_RX || r->at.part == PART_TX) {
		if (out->stores < FAULT_STORES)
			out->store[out->stores++] = *r;
		return;
	}
	if (!fault_locate(item, &r->at, &offset))
		return;
	memcpy(&value, item->bytes + offset, r->at.bytes);
	value = fault_compute(r, value);
	memcpy(item->bytes + offset, &value, r->at.bytes);
}

/* A packet's descriptor says how long it is; what was cut or added must agree with it. */
static void resize(struct fault_item *item, uint32_t len)
{
	uint16_t len8, offset8 = item->data / 8;

	if (len > item->room)
		len = item->room;
	if (item->class == FAULT_PACKET)
		len = len / 8 * 8;
	if (len > item->len)
		memset(item->bytes + item->len, FILLER, len - item->len);
	item->len = len;
	if (item->class != FAULT_PACKET)
		return;
	if (item->data > len)
		item->data = len;
	offset8 = item->data / 8;
	len8 = len / 8;
	memcpy(item->bytes + 2, &offset8, sizeof(offset8));
	memcpy(item->bytes + 4, &len8, sizeof(len8));
}

/* truncate: of a packet, the payload keeps so many bytes (its ring counts in eights). */
static void truncate_item(struct fault_item *item, uint64_t number)
{
	uint64_t len = number;

	if (item->class == FAULT_PACKET)
		len = item->data + ALIGN_UP(number, 8u);
	if (len < item->len)
		resize(item, len);
}

void fault_apply(const struct fault_rule *r, struct fault_item *item,
		 struct fault_outcome *out)
{
	switch (r->verb) {
	case FAULT_MUTE:
		out->copies = 0;
		break;
	case FAULT_LATE:
		out->delay_ms += r->number;
		break;
	case FAULT_DUPLICATE:
		out->copies *= 2;
		break;
	case FAULT_WRONG_ORDER:
		out->swap = true;
		break;
	case FAULT_CORRUPT:
		corrupt(r, item, out);
		break;
	case FAULT_TRUNCATE:
		truncate_item(item, r->number);
		break;
	case FAULT_OVERSIZE:
		if (item->class != FAULT_FLAG)
			resize(item, item->len + (item->class == FAULT_PACKET ?
						  ALIGN_UP(r->number, 8u) : r->number));
		break;
	case FAULT_REPLAY:
		out->replay = r->number;
		break;
	case FAULT_FLOOD:
		out->copies *= r->number;
		break;
	default:
		break;
	}
}
