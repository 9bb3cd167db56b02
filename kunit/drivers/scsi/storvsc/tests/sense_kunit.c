// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for sense data. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../wire/sense.h"

struct sense_case {
	const char *name;
	u8 len;
	u8 bytes[20];
	bool ok;
	struct stv_sense want;
};

static const struct sense_case sense_cases[] = {
	{ "nothing" },
	{ "zeroes", 20 },
	{ "no response code", 20, { 0x60, 0, 5, 0, 0, 0, 0, 10 } },
	{ "vendor format", 20, { 0x0f, 0, 5, 0, 0, 0, 0, 10 } },
	{ "fixed, 3F/0E", 18,
	  { 0x70, 0, 0x06, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3f, 0x0e },
	  true, { 0x70, 6, 0x3f, 0x0e } },
	{ "fixed, valid bit, deferred", 18,
	  { 0xf1, 0, 0xf6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x2a, 0x09 },
	  true, { 0x71, 6, 0x2a, 0x09 } },
	{ "fixed, ends before ASC", 18,
	  { 0x70, 0, 0x05, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0x2a, 0x09 },
	  true, { 0x70, 5, 0, 0 } },
	{ "fixed, ends before ASCQ", 18,
	  { 0x70, 0, 0x05, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0x2a, 0x09 },
	  true, { 0x70, 5, 0x2a, 0 } },
	{ "fixed, claims more than there is", 14,
	  { 0x70, 0, 0x05, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0x20, 0x01 },
	  true, { 0x70, 5, 0x20, 0x01 } },
	{ "fixed, key only", 7, { 0x70, 0, 0x02, 0, 0, 0, 0, 10 },
	  true, { 0x70, 2, 0, 0 } },
	{ "descriptors", 8, { 0x72, 0x06, 0x2a, 0x09 },
	  true, { 0x72, 6, 0x2a, 0x09 } },
	{ "descriptors, deferred, reserved bits", 20,
	  { 0xf3, 0xf6, 0x3f, 0x0e }, true, { 0x73, 6, 0x3f, 0x0e } },
	{ "reserved code", 8, { 0x7f, 0x0b, 0x47, 0x03 },
	  true, { 0x7f, 0x0b, 0x47, 0x03 } },
};

static void expect_sense(struct kunit *test, const char *name,
			 const struct stv_sense *got,
			 const struct stv_sense *want)
{
	KUNIT_EXPECT_EQ_MSG(test, got->response, want->response, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, got->key, want->key, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, got->asc, want->asc, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, got->ascq, want->ascq, "%s", name);
}

static void sense_table(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sense_cases); i++) {
		const struct sense_case *c = &sense_cases[i];
		struct hv_view v = hv_view_of(c->bytes, c->len);
		struct stv_sense sense;

		memset(&sense, 0xee, sizeof(sense));
		KUNIT_EXPECT_EQ_MSG(test, stv_sense_parse(&v, &sense), c->ok,
				    "%s", c->name);
		expect_sense(test, c->name, &sense, &c->want);
	}
}

/* Each length in memory of exactly that size: a sanitizer sees one too many. */
static void sense_lengths(struct kunit *test)
{
	static const u8 fixed[20] = {
		0x70, 0, 0x06, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0x2a, 0x09,
	};
	static const u8 desc[20] = { 0x72, 0x06, 0x2a, 0x09 };
	struct stv_sense sense;
	struct hv_view v;
	unsigned int len;
	u8 *buf;

	for (len = 1; len <= 20; len++) {
		buf = kunit_kmalloc(test, len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		v = hv_view_of(buf, len);

		memcpy(buf, fixed, len);
		KUNIT_EXPECT_TRUE(test, stv_sense_parse(&v, &sense));
		KUNIT_EXPECT_EQ(test, sense.key, len > 2 ? 6 : 0);
		KUNIT_EXPECT_EQ(test, sense.asc, len > 12 ? 0x2a : 0);
		KUNIT_EXPECT_EQ(test, sense.ascq, len > 13 ? 0x09 : 0);

		memcpy(buf, desc, len);
		KUNIT_EXPECT_TRUE(test, stv_sense_parse(&v, &sense));
		KUNIT_EXPECT_EQ(test, sense.key, len > 1 ? 6 : 0);
		KUNIT_EXPECT_EQ(test, sense.asc, len > 2 ? 0x2a : 0);
		KUNIT_EXPECT_EQ(test, sense.ascq, len > 3 ? 0x09 : 0);
		kunit_kfree(test, buf);
	}
}

static void sense_response_codes(struct kunit *test)
{
	u8 buf[20] = {};
	struct hv_view v = hv_view_of(buf, sizeof(buf));
	struct stv_sense sense;
	unsigned int code;

	for (code = 0; code <= 0xff; code++) {
		bool ok = (code & 0x70) == 0x70;

		buf[0] = code;
		KUNIT_EXPECT_EQ(test, stv_sense_parse(&v, &sense), ok);
		KUNIT_EXPECT_EQ(test, sense.response, ok ? code & 0x7f : 0);
	}
}

static void sense_no_pointer(struct kunit *test)
{
	struct hv_view v = hv_view_of(NULL, 0);
	struct stv_sense sense;

	memset(&sense, 0xee, sizeof(sense));
	KUNIT_EXPECT_FALSE(test, stv_sense_parse(&v, &sense));
	KUNIT_EXPECT_EQ(test, sense.asc, 0);
}

static struct kunit_case sense_suite_cases[] = {
	KUNIT_CASE(sense_table),
	KUNIT_CASE(sense_lengths),
	KUNIT_CASE(sense_response_codes),
	KUNIT_CASE(sense_no_pointer),
	{}
};

static struct kunit_suite sense_suite = {
	.name = "hv_storvsc_sense",
	.test_cases = sense_suite_cases,
};

kunit_test_suites(&sense_suite);

MODULE_DESCRIPTION("KUnit suite for SCSI sense data");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_LICENSE("GPL");
