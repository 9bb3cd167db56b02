// SPDX-License-Identifier: GPL-2.0-only
/* Fault rules as values: words to rules and back, fields, what each verb does, seeds. */
#include "test.h"

#include "../bus/ring.h"
#include "../bus/wire.h"
#include "../fault/rule.h"

static char reason[160];

/* Words from one line. */
static bool parse(const char *line, bool bus, struct fault_rule *r)
{
	char copy[200], *word[16], *save, *p;
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save))
		word[n++] = p;
	reason[0] = '\0';
	return fault_parse(n, word, bus, r, reason, sizeof(reason));
}

/* What is parsed is written as expected, and that means the same again. */
static void same(const char *line, bool bus, const char *expected)
{
	struct fault_rule r, again;
	struct text t = { 0 }, u = { 0 };

	if (!parse(line, bus, &r))
		fail_msg("'%s': %s", line, reason);
	fault_format(&r, &t);
	assert_string_equal(t.data, expected);
	if (!parse(t.data, bus, &again))
		fail_msg("'%s': %s", t.data, reason);
	fault_format(&again, &u);
	assert_string_equal(u.data, expected);
	text_free(&t);
	text_free(&u);
}

static void words_and_back(void **state)
{
	(void)state;
	same("mute", true, "mute message");
	same("mute", false, "mute packet");
	same("mute GPADL_CREATED", true, "mute GPADL_CREATED");
	same("mute OFFER 3 after 2", true, "mute OFFERCHANNEL 3 after 2");
	same("late 5000 VERSION_RESPONSE", true, "late 5000 VERSION_RESPONSE");
	same("duplicate 3", false, "duplicate packet 3");
	same("duplicate completion", false, "duplicate completion");
	same("wrong-order inband 1", false, "wrong-order inband 1");
	same("corrupt OFFER.child_relid 0", true, "corrupt OFFER.child_relid 0");
	same("corrupt OFFER.child_relid", true, "corrupt OFFER.child_relid ~");
	same("corrupt dm.type ^3 1", false, "corrupt dm.type ^0x3 1");
	same("corrupt data@8:4 -1 after 7", false,
	     "corrupt data@8:4 +0xffffffffffffffff after 7");
	same("corrupt section@0x10:2 0xffff", false, "corrupt section@16:2 0xffff");
	same("corrupt rx.write +8", false, "corrupt rx.write +0x8");
	same("truncate 12 OPENCHANNEL_RESULT", true, "truncate 12 OPENCHANNEL_RESULT");
	same("oversize 64 pages 9", false, "oversize 64 pages 9");
	same("oversize 8192 inband", false, "oversize 8192 inband");
	same("replay", false, "replay 1 packet");
	same("replay 4 flag", false, "replay 4 flag");
	same("flood 100 RESCIND", false, "flood 100 RESCIND_CHANNELOFFER");
	same("at 12 mute section", false, "at 12 mute section");
	same("at 12 corrupt desc.len8 ~", false, "at 12 corrupt desc.len8 ~");
}

static void wrong_words(void **state)
{
	static const char *const bad[] = {
		"", "speak", "late", "late x", "late 600001", "truncate", "oversize 8193",
		"flood", "flood 100001", "replay 9", "corrupt", "corrupt nothing 0",
		"corrupt data@0:3", "corrupt data@:4", "corrupt data@0", "corrupt what@0:4",
		"corrupt rx@0:8", "corrupt rx@4096:4", "corrupt dm.type x", "corrupt dm.type ^",
		"mute NOTHING", "mute 0", "mute 1 2", "mute after", "mute after x", "at",
		"at 0 mute", "at 1", "at 1 mute 2", "at 1 mute after 3", "mute section off",
		"mute -1",
	};
	struct fault_rule r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (parse(bad[i], false, &r))
			fail_msg("'%s' was taken", bad[i]);
		assert_true(reason[0]);
	}
	assert_false(parse("mute inband", true, &r));
	assert_false(parse("corrupt dm.type 0", true, &r));
	assert_true(fault_verb_known("wrong-order"));
	assert_false(fault_verb_known("lost"));
}

/* Each field has a name of its own, a width, and a class that its name's rule takes. */
static void fields(void **state)
{
	struct fault_rule r;
	char line[100];
	unsigned int n = 0;

	(void)state;
	for (const struct fault_field *f = fault_fields; f->name; f++, n++) {
		assert_ptr_equal(fault_field_find(f->name), f);
		snprintf(line, sizeof(line), "corrupt %s 1", f->name);
		assert_true(parse(line, false, &r));
		assert_int_equal(r.class, fault_part_class(f->at.part));
		assert_true(f->at.bytes == 1 || f->at.bytes == 2 || f->at.bytes == 4 ||
			    f->at.bytes == 8);
	}
	assert_true(n > 80);
	assert_null(fault_field_find("OFFER"));
	assert_int_equal(fault_message_type("OFFER"), MSG_OFFER);
	assert_int_equal(fault_message_type("OPENCHANNEL"), MSG_OPEN);
	assert_int_equal(fault_message_type("OPENCHANNEL_RESULT"), MSG_OPEN_RESULT);
	assert_int_equal(fault_message_type("OFF"), 0);
}

static uint8_t bytes[8192];

/* A packet of 24 bytes of descriptor and payload, then nothing. */
static struct fault_item packet(uint16_t type, uint32_t payload)
{
	uint16_t word[4] = { type, 2, (16 + payload) / 8, 0 };
	struct fault_item item = {
		.class = FAULT_PACKET, .type = type, .bytes = bytes, .len = 16 + payload,
		.room = sizeof(bytes), .data = 16,
	};

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, word, sizeof(word));
	for (uint32_t i = 0; i < payload; i++)
		bytes[16 + i] = i;
	return item;
}

static struct fault_item message(uint32_t type, uint32_t len)
{
	struct fault_item item = {
		.class = FAULT_MESSAGE, .type = type, .bytes = bytes, .len = len, .room = 240,
	};

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, &type, sizeof(type));
	return item;
}

static struct fault_outcome apply(const char *line, struct fault_item *item)
{
	struct fault_outcome out = { .copies = 1 };
	struct fault_rule r;

	if (!parse(line, item->class == FAULT_MESSAGE, &r))
		fail_msg("'%s': %s", line, reason);
	if (!fault_match(&r, item, 1))
		fail_msg("'%s' is not about it", line);
	fault_apply(&r, item, &out);
	return out;
}

static uint32_t word_at(uint32_t offset)
{
	uint32_t w;

	memcpy(&w, bytes + offset, sizeof(w));
	return w;
}

static void verbs(void **state)
{
	struct fault_outcome out;
	struct fault_item item = packet(PKT_INBAND, 32);

	(void)state;
	assert_int_equal(apply("mute", &item).copies, 0);
	assert_int_equal(apply("late 250", &item).delay_ms, 250);
	assert_int_equal(apply("duplicate", &item).copies, 2);
	assert_int_equal(apply("flood 7", &item).copies, 7);
	assert_true(apply("wrong-order", &item).swap);
	assert_int_equal(apply("replay 3", &item).replay, 3);

	apply("corrupt data@4:4 0x11223344", &item);
	assert_int_equal(word_at(20), 0x11223344);
	apply("corrupt data@4:2 ^0xffff", &item);
	assert_int_equal(word_at(20), 0x1122ccbb);
	apply("corrupt data@31:1 +1", &item);
	assert_int_equal(bytes[47], 32);
	apply("corrupt desc.trans_id 0xffffffffffffffff", &item);
	assert_int_equal(word_at(12), 0xffffffff);
	apply("corrupt desc.offset8 0", &item);
	assert_int_equal(bytes[2], 0);

	/* Cut and padded packets are whole ones, as far as the ring goes. */
	item = packet(PKT_INBAND, 32);
	apply("truncate 9", &item);
	assert_int_equal(item.len, 16 + 16);
	assert_int_equal(bytes[4], 4);
	apply("truncate 0", &item);
	assert_int_equal(item.len, 16);
	apply("oversize 12", &item);
	assert_int_equal(item.len, 32);
	assert_int_equal(bytes[4], 4);
	assert_int_equal(bytes[16], 0xa5);

	item = packet(PKT_INBAND, 8);
	out = apply("corrupt rx.write 0xfffffff8", &item);
	assert_int_equal(out.stores, 1);
	assert_int_equal(fault_compute(&out.store[0], 5), 0xfffffff8);

	item = message(MSG_OPEN_RESULT, 20);
	apply("truncate 9", &item);
	assert_int_equal(item.len, 9);
	apply("oversize 1000", &item);
	assert_int_equal(item.len, 240);
	apply("corrupt msgtype 0x7fffffff", &item);
	assert_int_equal(word_at(0), 0x7fffffff);
}

/* Whether the rule meets the item; what it does is no matter. */
static bool matches(const char *line, const struct fault_item *item)
{
	struct fault_rule r;

	assert_true(parse(line, item->class == FAULT_MESSAGE, &r));
	return fault_match(&r, item, 1);
}

static void who_is_met(void **state)
{
	struct fault_item item = packet(PKT_COMPLETION, 16);
	struct fault_rule r;

	(void)state;
	assert_true(matches("mute", &item));
	assert_true(matches("mute completion", &item));
	assert_false(matches("mute inband", &item));
	assert_false(matches("mute flag", &item));
	assert_false(matches("corrupt data@13:4", &item) && bytes[29] != 13);
	/* A gate: dm.unballoon_count is there in messages of type 8 only, and only whole. */
	memset(bytes + 16, 0, 16);
	assert_false(matches("corrupt dm.unballoon_count 1", &item));
	bytes[16] = 8;
	assert_true(matches("corrupt dm.unballoon_count 1", &item));
	assert_false(matches("corrupt dm.unballoon_range 1", &item));

	/* Skip two, then one. */
	assert_true(parse("mute 1 after 2", false, &r));
	assert_false(fault_match(&r, &item, 1));
	assert_false(fault_match(&r, &item, 2));
	assert_true(fault_match(&r, &item, 3));
	assert_false(fault_match(&r, &item, 4));
	assert_int_equal(r.hits, 1);
	assert_true(parse("at 3 mute", false, &r));
	assert_false(fault_match(&r, &item, 2));
	assert_true(fault_match(&r, &item, 3));
	assert_true(parse("mute", false, &r));
	r.sub = 1;
	assert_false(fault_match(&r, &item, 1));
	item.sub = 1;
	assert_true(fault_match(&r, &item, 1));

	item = message(MSG_GPADL_TORNDOWN, 12);
	assert_true(matches("mute GPADL_TORNDOWN", &item));
	assert_false(matches("mute GPADL_CREATED", &item));
	assert_true(matches("corrupt GPADL_TORNDOWN.gpadl 0", &item));
	assert_false(matches("corrupt OFFER.child_relid 0", &item));
	item.len = 11;
	assert_false(matches("corrupt GPADL_TORNDOWN.gpadl 0", &item));
}

/* All that a seed does to 4000 items, as one text. */
static struct text run(uint64_t seed, unsigned int *changed, unsigned int used[FAULT_VERBS])
{
	struct fault_random random;
	struct fault_outcome out;
	struct fault_rule made[3];
	struct text t = { 0 };

	fault_seed(&random, seed, 3);
	for (unsigned int i = 1; i <= 4000; i++) {
		struct fault_item item = i % 2 ? packet(PKT_INBAND, 8 * (i % 90)) :
						 message(1 + i % 24, 8 + i % 190);
		unsigned int n = fault_invent(&random, &item, i, made, 3);

		out = (struct fault_outcome){ .copies = 1 };
		for (unsigned int k = 0; k < n; k++) {
			fault_format(&made[k], &t);
			text_add(&t, "\n");
			assert_true(fault_match(&made[k], &item, i));
			fault_apply(&made[k], &item, &out);
			assert_true(item.len <= item.room && item.data <= item.len);
			used[made[k].verb]++;
		}
		*changed += n != 0;
	}
	return t;
}

static void seeds(void **state)
{
	unsigned int changed = 0, used[FAULT_VERBS] = { 0 };
	struct text a, b, c;
	struct fault_rule r;
	char *save, *line;

	(void)state;
	a = run(1, &changed, used);
	assert_true(changed > 1000 && changed < 1700);
	for (unsigned int i = 0; i < FAULT_VERBS; i++)
		assert_true(used[i] > 0);
	b = run(1, &changed, used);
	assert_string_equal(a.data, b.data);
	c = run(2, &changed, used);
	assert_string_not_equal(a.data, c.data);
	/* Each of them is a command. */
	for (line = strtok_r(a.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!parse(line, false, &r))
			fail_msg("'%s': %s", line, reason);
	text_free(&a);
	text_free(&b);
	text_free(&c);
}

/* A section and a flag meet only what can be done to them. */
static void seeds_of_other_classes(void **state)
{
	struct fault_item item = { .bytes = bytes, .len = 4, .room = 4 };
	struct fault_random random;
	struct fault_rule made[3];
	unsigned int total = 0;

	(void)state;
	fault_seed(&random, 0, 1);
	for (unsigned int i = 1; i <= 2000; i++) {
		item.class = i % 2 ? FAULT_SECTION : FAULT_FLAG;
		for (unsigned int n = fault_invent(&random, &item, i, made, 3); n--; total++) {
			assert_int_equal(made[n].class, item.class);
			if (item.class == FAULT_FLAG)
				assert_true(made[n].verb != FAULT_TRUNCATE);
			else
				assert_true(made[n].verb == FAULT_CORRUPT ||
					    made[n].verb == FAULT_TRUNCATE ||
					    made[n].verb == FAULT_MUTE);
		}
	}
	assert_true(total > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_back),
		cmocka_unit_test(wrong_words),
		cmocka_unit_test(fields),
		cmocka_unit_test(verbs),
		cmocka_unit_test(who_is_met),
		cmocka_unit_test(seeds),
		cmocka_unit_test(seeds_of_other_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
