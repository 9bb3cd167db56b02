// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for the matching of control answers to requests. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "../logic/request.h"
#include "compat.h"

/* Two answers each that differ in one id, where the answer has one. */
static const struct hvb_msg msgs[] = {
	{ .type = HVB_MSG_VERSION_RESPONSE },
	{ .type = HVB_MSG_OPEN_RESULT, .open_result = { 5, 5, 0 } },
	{ .type = HVB_MSG_OPEN_RESULT, .open_result = { 6, 5, 0 } },
	{ .type = HVB_MSG_OPEN_RESULT, .open_result = { 5, 6, 0 } },
	{ .type = HVB_MSG_GPADL_CREATED, .gpadl_created = { 5, 0xe1e10, 0 } },
	{ .type = HVB_MSG_GPADL_CREATED, .gpadl_created = { 5, 0xe1e11, 0 } },
	{ .type = HVB_MSG_GPADL_CREATED, .gpadl_created = { 6, 0xe1e10, 0 } },
	{ .type = HVB_MSG_GPADL_TORNDOWN, .torndown_gpadl = 0xe1e10 },
	{ .type = HVB_MSG_GPADL_TORNDOWN, .torndown_gpadl = 0xe1e11 },
	{ .type = HVB_MSG_MODIFY_RESPONSE, .modify = { 5, 0 } },
	{ .type = HVB_MSG_MODIFY_RESPONSE, .modify = { 6, 0 } },
	{ .type = HVB_MSG_UNLOAD_RESPONSE },
};

/* Each answer completes its own request and no other. */
static void request_matrix(struct kunit *test)
{
	struct hvb_request_key ask, answer;
	struct hvb_request req;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(msgs); i++) {
		KUNIT_ASSERT_TRUE(test, hvb_request_key_of(&msgs[i], &ask));
		for (j = 0; j < ARRAY_SIZE(msgs); j++) {
			KUNIT_ASSERT_TRUE(test, hvb_request_key_of(&msgs[j],
								   &answer));
			KUNIT_EXPECT_EQ(test, hvb_request_key_equal(&ask,
								    &answer),
					i == j);
			hvb_request_init(&req, &ask);
			KUNIT_EXPECT_EQ(test, hvb_request_answer(&req, &answer),
					i == j);
			KUNIT_EXPECT_EQ(test, hvb_request_result(&req),
					i == j ? 0 : -EINPROGRESS);
		}
	}
}

/* The keys that senders make are those of the answers. */
static void request_keys(struct kunit *test)
{
	const struct hvb_request_key want[] = {
		hvb_key_version(),
		hvb_key_open(5, 5), hvb_key_open(6, 5), hvb_key_open(5, 6),
		hvb_key_gpadl_create(5, 0xe1e10),
		hvb_key_gpadl_create(5, 0xe1e11),
		hvb_key_gpadl_create(6, 0xe1e10),
		hvb_key_gpadl_teardown(0xe1e10),
		hvb_key_gpadl_teardown(0xe1e11),
		hvb_key_modify(5), hvb_key_modify(6),
		hvb_key_unload(),
	};
	struct hvb_request_key key;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(want), ARRAY_SIZE(msgs));
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		KUNIT_ASSERT_TRUE(test, hvb_request_key_of(&msgs[i], &key));
		KUNIT_EXPECT_TRUE(test, hvb_request_key_equal(&key, &want[i]));
	}
}

static void request_no_answers(struct kunit *test)
{
	static const u32 types[] = {
		HVB_MSG_INVALID, HVB_MSG_OFFER, HVB_MSG_RESCIND,
		HVB_MSG_ALL_OFFERS, HVB_MSG_OPEN, HVB_MSG_TL_CONNECT_RESULT,
		HVB_MSG_COUNT,
	};
	struct hvb_request_key key = { 1, 2, 3 };
	struct hvb_msg msg = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		msg.type = types[i];
		KUNIT_EXPECT_FALSE(test, hvb_request_key_of(&msg, &key));
	}
	KUNIT_EXPECT_EQ(test, key.type, 1);
	KUNIT_EXPECT_EQ(test, key.relid, 2);
	KUNIT_EXPECT_EQ(test, key.id, 3);
}

/* Whoever comes first completes a waiter, all others are told so. */
static void request_completed_once(struct kunit *test)
{
	struct hvb_request_key key = hvb_key_modify(5);
	struct hvb_request req;

	hvb_request_init(&req, &key);
	KUNIT_EXPECT_TRUE(test, hvb_request_answer(&req, &key));
	KUNIT_EXPECT_FALSE(test, hvb_request_answer(&req, &key));
	KUNIT_EXPECT_FALSE(test, hvb_request_end(&req, -ETIMEDOUT));
	KUNIT_EXPECT_EQ(test, hvb_request_result(&req), 0);

	hvb_request_init(&req, &key);
	KUNIT_EXPECT_TRUE(test, hvb_request_end(&req, -ENODEV));
	KUNIT_EXPECT_FALSE(test, hvb_request_answer(&req, &key));
	KUNIT_EXPECT_FALSE(test, hvb_request_end(&req, -ETIMEDOUT));
	KUNIT_EXPECT_EQ(test, hvb_request_result(&req), -ENODEV);

	/* It can be used again. */
	hvb_request_init(&req, &key);
	KUNIT_EXPECT_EQ(test, hvb_request_result(&req), -EINPROGRESS);
}

static struct kunit_case request_cases[] = {
	KUNIT_CASE(request_matrix),
	KUNIT_CASE(request_keys),
	KUNIT_CASE(request_no_answers),
	KUNIT_CASE(request_completed_once),
	{}
};

static struct kunit_suite request_suite = {
	.name = "hv_vmbus_request",
	.test_cases = request_cases,
};

kunit_test_suites(&request_suite);

MODULE_DESCRIPTION("KUnit suite for VMBus request matching");
MODULE_LICENSE("GPL");
