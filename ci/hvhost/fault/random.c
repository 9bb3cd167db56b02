// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that a seed makes up. All of it is a function of the seed and of the items
 * seen: the same items in the same order meet the same faults.
 */
#include <string.h>

#include "rule.h"

/* One invention in so many is a second (third) change of the same item. */
#define AGAIN		4u
#define LATE_MS		1500u
#define FLOOD_MOST	64u
#define EXTRA_MOST	4096u

void fault_seed(struct fault_random *r, uint64_t seed, uint32_t rate)
{
	/* splitmix64's step: near seeds are far from each other, and none gives 0. */
	seed += 0x9e3779b97f4a7c15u;
	seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9u;
	seed = (seed ^ seed >> 27) * 0x94d049bb133111ebu;
	r->state = (seed ^ seed >> 31) | 1;
	r->rate = rate ? rate : 1;
}

/* xorshift64* */
uint64_t fault_draw(struct fault_random *r, uint64_t below)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return (r->state * 0x2545f4914f6cdd1du >> 16) % below;
}

/* Values that checks are written for, and some that nobody thought of. */
static uint64_t draw_value(struct fault_random *r)
{
	static const uint64_t edge[] = {
		0, 1, 2, 4, 7, 8, 0x10, 0x7f, 0x80, 0xff, 0x100, 0x7ff, 0x800, 0xfff, 0x1000,
		0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff8,
		0xffffffff, 0x100000000, UINT64_MAX >> 1, UINT64_MAX,
	};

	if (fault_draw(r, 3))
		return edge[fault_draw(r, ARRAY_SIZE(edge))];
	return fault_draw(r, 1ull << (1 + fault_draw(r, 40)));
}

static void draw_operation(struct fault_random *r, struct fault_rule *rule)
{
	switch (fault_draw(r, 4)) {
	case 0:
		rule->operation = OP_XOR;
		rule->value = 1ull << fault_draw(r, 8 * rule->at.bytes);
		break;
	case 1:
		rule->operation = OP_ADD;
		rule->value = 1 + fault_draw(r, 16);
		if (fault_draw(r, 2))
			rule->value = -rule->value;
		break;
	default:
		rule->operation = OP_SET;
		rule->value = draw_value(r);
	}
}

static enum fault_part whole_part(enum fault_class class)
{
	switch (class) {
	case FAULT_MESSAGE:
		return PART_MESSAGE;
	case FAULT_SECTION:
		return PART_SECTION;
	case FAULT_FLAG:
		return PART_FLAG;
	default:
		return PART_DATA;
	}
}

/* Any bytes of the payload; the beginning, where headers are, more often. */
static bool draw_anywhere(struct fault_random *r, const struct fault_item *item,
			  struct fault_rule *rule)
{
	uint32_t begin = item->class == FAULT_PACKET ? item->data : 0;
	uint32_t len = item->len - begin, width = 1u << fault_draw(r, 4);

	if (len < width)
		return false;
	if (len > 64 && fault_draw(r, 2))
		len = 64;
	rule->field = NULL;
	rule->at.part = whole_part(item->class);
	rule->at.bytes = width;
	rule->at.offset = fault_draw(r, len - width + 1);
	return true;
}

static bool ring_part(const struct fault_field *f)
{
	return f->at.part == PART_RX || f->at.part == PART_TX || f->at.part == PART_DESCRIPTOR;
}

/* One of the named fields that this item has; ring: of its framing, or of none of it. */
static bool draw_field(struct fault_random *r, const struct fault_item *item, bool ring,
		       struct fault_rule *rule)
{
	const struct fault_field *chosen = NULL;
	uint64_t fit = 0;

	for (const struct fault_field *f = fault_fields; f->name; f++) {
		if (ring_part(f) != ring || !fault_field_fits(f, item))
			continue;
		if (!fault_draw(r, ++fit))
			chosen = f;
	}
	if (!chosen)
		return false;
	/* By its place: the item number says which item, no gate is needed. */
	rule->at = chosen->at;
	return true;
}

static void draw_corrupt(struct fault_random *r, const struct fault_item *item,
			 struct fault_rule *rule)
{
	uint64_t dice = fault_draw(r, 10);
	bool done = false;

	rule->verb = FAULT_CORRUPT;
	if (item->class == FAULT_PACKET && dice == 0)
		done = draw_field(r, item, true, rule);
	if (!done && dice < 7)
		done = draw_field(r, item, false, rule);
	if (!done)
		done = draw_anywhere(r, item, rule);
	if (done)
		draw_operation(r, rule);
	else
		rule->verb = FAULT_MUTE;
}

static void draw_other(struct fault_random *r, const struct fault_item *item,
		       struct fault_rule *rule)
{
	static const enum fault_verb often[] = {
		FAULT_MUTE, FAULT_LATE, FAULT_DUPLICATE, FAULT_WRONG_ORDER, FAULT_TRUNCATE,
		FAULT_TRUNCATE, FAULT_OVERSIZE, FAULT_OVERSIZE, FAULT_REPLAY, FAULT_FLOOD,
	};
	uint32_t len = item->class == FAULT_PACKET ? item->len - item->data : item->len;

	rule->verb = often[fault_draw(r, ARRAY_SIZE(often))];
	switch (rule->verb) {
	case FAULT_LATE:
		rule->number = 1 + fault_draw(r, LATE_MS);
		break;
	case FAULT_TRUNCATE:
		rule->number = fault_draw(r, len + 1);
		break;
	case FAULT_OVERSIZE:
		rule->number = 1 + fault_draw(r, fault_draw(r, 4) ? 64 : EXTRA_MOST);
		break;
	case FAULT_REPLAY:
		rule->number = 1 + fault_draw(r, 8);
		break;
	case FAULT_FLOOD:
		rule->number = 2 + fault_draw(r, FLOOD_MOST - 1);
		break;
	default:
		break;
	}
}

/* What makes no sense for bytes in a buffer or for a flag. */
static bool possible(const struct fault_item *item, const struct fault_rule *rule)
{
	if (item->class == FAULT_SECTION)
		return rule->verb == FAULT_CORRUPT || rule->verb == FAULT_TRUNCATE ||
		       rule->verb == FAULT_MUTE;
	if (item->class == FAULT_FLAG)
		return rule->verb != FAULT_TRUNCATE && rule->verb != FAULT_OVERSIZE;
	return true;
}

unsigned int fault_invent(struct fault_random *r, const struct fault_item *item,
			  uint64_t number, struct fault_rule *rule, unsigned int max)
{
	unsigned int n = 0;

	if (fault_draw(r, r->rate))
		return 0;
	do {
		struct fault_rule *one = &rule[n];

		*one = (struct fault_rule){
			.class = item->class, .sub = FAULT_ANY_SUB, .item = number, .left = 1,
		};
		if (fault_draw(r, 3))
			draw_corrupt(r, item, one);
		else
			draw_other(r, item, one);
		n += possible(item, one);
	} while (n < max && !fault_draw(r, AGAIN));
	return n;
}
