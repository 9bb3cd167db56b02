// SPDX-License-Identifier: GPL-2.0-only
/* KUnit suite for the choice of the protocol version. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "../logic/version.h"
#include "compat.h"

#define ALL	U32_MAX
/* No limit that a test reaches unless it wants to. */
#define LONG	U32_MAX

/**
 * struct host - a scripted host
 * @min: lowest version that it grants
 * @max: highest version that it grants
 * @redirect: it has the redirected connection id
 * @no_id_4: it has no connection id 4 (older than 5.0)
 * @no_id_1: it has no connection id 1
 * @silent: it answers nothing
 * @late: number of tries that it does not answer
 * @low_res: number of tries that it answers with low resources
 * @state: connection state of a granted version
 * @conn_id: connection id in the answer
 */
struct host {
	u32 min;
	u32 max;
	bool redirect;
	bool no_id_4;
	bool no_id_1;
	bool silent;
	u32 late;
	u32 low_res;
	u8 state;
	u32 conn_id;
};

struct run_case {
	const char *name;
	struct hvb_version_cfg cfg;
	struct host host;
	int error;		/* 0: connected */
	u32 version;
	u32 conn_id;
	u32 tries;
};

static const struct run_case runs[] = {
	{ "newest", { .max = ALL }, { 0, ALL, .conn_id = 4 },
	  0, HVB_V5_3, 4, 1 },
	{ "newest, other id", { .max = ALL }, { 0, ALL, .conn_id = 1 },
	  0, HVB_V5_3, 1, 1 },
	{ "host has 5.2", { .max = ALL }, { 0, HVB_V5_2, .conn_id = 4 },
	  0, HVB_V5_2, 4, 2 },
	{ "host has 5.0", { .max = ALL }, { 0, HVB_V5_0, .conn_id = 4 },
	  0, HVB_V5_0, 4, 4 },
	{ "host has 4.1, knows id 4", { .max = ALL }, { 0, HVB_V4_1 },
	  0, HVB_V4_1, 1, 5 },
	{ "host has 4.0, no id 4", { .max = ALL },
	  { 0, HVB_V4_0, .no_id_4 = true }, 0, HVB_V4_0, 1, 3 },
	{ "host has 2.4, no id 4", { .max = ALL },
	  { 0, HVB_V2_4, .no_id_4 = true }, 0, HVB_V2_4, 1, 5 },
	{ "host is too old", { .max = ALL },
	  { 0, HVB_VERSION(1, 1), .no_id_4 = true }, -EDOM, 0, 0, 5 },
	{ "host grants nothing", { .max = ALL }, { 1, 0 }, -EDOM, 0, 0, 8 },
	{ "max 4.0", { .max = HVB_V4_0 }, { 0, ALL }, 0, HVB_V4_0, 1, 1 },
	{ "max 3.0", { .max = HVB_V3_0 }, { 0, ALL }, 0, HVB_V3_0, 1, 1 },
	{ "max between versions", { .max = HVB_V4_1 + 5 }, { 0, ALL },
	  0, HVB_V4_1, 1, 1 },
	{ "max 2.4", { .max = HVB_V2_4 }, { 0, ALL }, 0, HVB_V2_4, 1, 1 },
	{ "max below all", { .max = HVB_VERSION(1, 1) }, { 0, ALL },
	  -EDOM, 0, 0, 0 },
	{ "max 0", { .max = 0 }, { 0, ALL }, -EDOM, 0, 0, 0 },
	{ "isolated", { .max = ALL, .isolated = true },
	  { 0, ALL, .conn_id = 4 }, 0, HVB_V5_3, 4, 1 },
	{ "isolated, 5.2", { .max = ALL, .isolated = true },
	  { 0, HVB_V5_2, .conn_id = 4 }, 0, HVB_V5_2, 4, 2 },
	{ "isolated, 5.1", { .max = ALL, .isolated = true },
	  { 0, HVB_V5_1, .conn_id = 4 }, -EPROTONOSUPPORT, 0, 0, 2 },
	{ "isolated, no id 4", { .max = ALL, .isolated = true },
	  { 0, HVB_V4_0, .no_id_4 = true }, -EPROTONOSUPPORT, 0, 0, 1 },
	{ "isolated, max 5.0", { .max = HVB_V5_0, .isolated = true },
	  { 0, ALL }, -EPROTONOSUPPORT, 0, 0, 0 },
	{ "redirect", { .max = ALL, .redirect = true },
	  { 0, ALL, .redirect = true, .conn_id = 0x800074 },
	  0, HVB_V5_3, 0x800074, 1 },
	{ "redirect, host has none", { .max = ALL, .redirect = true },
	  { 0, ALL, .conn_id = 4 }, 0, HVB_V5_3, 4, 2 },
	{ "redirect, old host", { .max = ALL, .redirect = true },
	  { 0, HVB_V4_0, .no_id_4 = true }, 0, HVB_V4_0, 1, 4 },
	{ "redirect, 5.2", { .max = ALL, .redirect = true },
	  { 0, HVB_V5_2, .conn_id = 4 }, 0, HVB_V5_2, 4, 3 },
	{ "resume, same", { .max = ALL, .only = HVB_V5_1 },
	  { 0, ALL, .conn_id = 4 }, 0, HVB_V5_1, 4, 1 },
	{ "resume, same, beyond max", { .max = HVB_V3_0, .only = HVB_V4_0 },
	  { 0, ALL }, 0, HVB_V4_0, 1, 1 },
	{ "resume, host is older", { .max = ALL, .only = HVB_V5_3 },
	  { 0, HVB_V5_2, .conn_id = 4 }, -EPROTONOSUPPORT, 0, 0, 1 },
	{ "resume, no id 4", { .max = ALL, .only = HVB_V5_3 },
	  { 0, HVB_V4_0, .no_id_4 = true }, -EPROTONOSUPPORT, 0, 0, 1 },
	{ "resume, unknown version", { .max = ALL, .only = 7 }, { 0, ALL },
	  -EPROTONOSUPPORT, 0, 0, 0 },
	{ "resume, isolated, old", { .only = HVB_V5_0, .isolated = true },
	  { 0, ALL }, -EPROTONOSUPPORT, 0, 0, 0 },
	{ "silent", { .max = ALL }, { 0, ALL, .silent = true },
	  -ETIMEDOUT, 0, 0, 3 },
	{ "late", { .max = ALL }, { 0, ALL, .late = 2, .conn_id = 4 },
	  0, HVB_V5_3, 4, 3 },
	{ "too late", { .max = ALL }, { 0, ALL, .late = 3, .conn_id = 4 },
	  -ETIMEDOUT, 0, 0, 3 },
	{ "low resources once", { .max = ALL },
	  { 0, ALL, .low_res = 1, .conn_id = 4 }, 0, HVB_V5_3, 4, 2 },
	{ "low resources for ever", { .max = ALL },
	  { 0, ALL, .low_res = 100, .conn_id = 4 }, -ENOMEM, 0, 0, 3 },
	{ "granted and refused", { .max = ALL },
	  { 0, ALL, .state = 2, .conn_id = 4 }, -ECONNREFUSED, 0, 0, 1 },
	{ "unknown state", { .max = ALL },
	  { 0, ALL, .state = 0xff, .conn_id = 4 }, -ECONNREFUSED, 0, 0, 1 },
	{ "conn id 0", { .max = ALL }, { 0, ALL, .conn_id = 0 },
	  -EPROTO, 0, 0, 1 },
	{ "conn id beyond 24 bits", { .max = ALL },
	  { 0, ALL, .conn_id = 0x1000000 }, -EPROTO, 0, 0, 1 },
	{ "no host at all", { .max = ALL },
	  { 0, ALL, .no_id_4 = true, .no_id_1 = true }, -ENXIO, 0, 0, 2 },
};

KUNIT_ARRAY_PARAM_DESC(run, runs, name);

static enum hvb_version_event ask_host(struct host *h,
				       const struct hvb_version_try *try,
				       struct hvb_version_response *answer)
{
	memset(answer, 0, sizeof(*answer));
	if ((try->conn_id == HVB_MSG_CONN_ID_4_REDIRECT && !h->redirect) ||
	    (try->conn_id == HVB_MSG_CONN_ID_4 && h->no_id_4) ||
	    (try->conn_id == HVB_MSG_CONN_ID && h->no_id_1))
		return HVB_VER_EV_NO_CONN;
	if (h->silent)
		return HVB_VER_EV_TIMEOUT;
	if (h->late) {
		h->late--;
		return HVB_VER_EV_TIMEOUT;
	}
	answer->supported = try->version >= h->min && try->version <= h->max;
	if (answer->supported) {
		answer->state = h->state;
		answer->msg_conn_id = try->version >= HVB_V5_0 ? h->conn_id : 0;
		if (h->low_res) {
			h->low_res--;
			answer->state = HVB_CONTACT_LOW_RES;
		}
	}
	return HVB_VER_EV_ANSWER;
}

/* All that there are, best first. */
static const u32 order[] = {
	HVB_V5_3, HVB_V5_2, HVB_V5_1, HVB_V5_0,
	HVB_V4_1, HVB_V4_0, HVB_V3_0, HVB_V2_4,
};

static bool version_known(u32 version)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i] == version)
			return true;
	return false;
}

static void check_try(struct kunit *test, const struct hvb_version_cfg *cfg,
		      const struct hvb_version_try *try)
{
	KUNIT_EXPECT_TRUE(test, version_known(try->version));
	KUNIT_EXPECT_EQ(test, try->timeout_ms, cfg->timeout_ms);
	KUNIT_EXPECT_EQ(test, try->sint_form, try->version >= HVB_V5_0);
	KUNIT_EXPECT_EQ(test, try->conn_id == HVB_MSG_CONN_ID,
			try->version < HVB_V5_0);
	if (cfg->only)
		KUNIT_EXPECT_EQ(test, try->version, cfg->only);
	else
		KUNIT_EXPECT_LE(test, try->version, cfg->max);
	if (cfg->isolated)
		KUNIT_EXPECT_GE(test, try->version, HVB_V5_2);
}

static void version_run(struct kunit *test)
{
	const struct run_case *c = test->param_value;
	struct hvb_version_cfg cfg = c->cfg;
	struct hvb_version_response answer;
	u32 tries = 0, last = U32_MAX;
	struct host host = c->host;
	enum hvb_version_step step;
	enum hvb_version_event ev;
	struct hvb_version neg;

	cfg.timeout_ms = 1234;
	cfg.total_ms = LONG;
	step = hvb_version_start(&neg, &cfg);
	while (step == HVB_VER_TRY) {
		check_try(test, &cfg, &neg.next);
		/* Never upwards. */
		KUNIT_EXPECT_LE(test, neg.next.version, last);
		last = neg.next.version;
		tries++;
		KUNIT_ASSERT_LT(test, tries, 100);
		ev = ask_host(&host, &neg.next, &answer);
		step = hvb_version_next(&neg, ev, &answer);
		if (step == HVB_VER_TRY && ev == HVB_VER_EV_TIMEOUT) {
			KUNIT_EXPECT_EQ(test, neg.next.version, last);
			KUNIT_EXPECT_EQ(test, neg.next.delay_ms,
					HVB_VERSION_RETRY_MS);
		}
	}
	KUNIT_EXPECT_EQ(test, tries, c->tries);
	if (c->error) {
		KUNIT_EXPECT_EQ(test, step, HVB_VER_FAIL);
		KUNIT_EXPECT_EQ(test, neg.error, c->error);
		KUNIT_EXPECT_EQ(test, neg.version, 0);
		return;
	}
	KUNIT_EXPECT_EQ(test, step, HVB_VER_DONE);
	KUNIT_EXPECT_EQ(test, neg.version, c->version);
	KUNIT_EXPECT_EQ(test, neg.msg_conn_id, c->conn_id);
}

static void version_order(struct kunit *test)
{
	struct hvb_version_cfg cfg = { .max = ALL, .total_ms = LONG };
	struct hvb_version_response no = {};
	enum hvb_version_step step;
	struct hvb_version neg;
	unsigned int i;

	step = hvb_version_start(&neg, &cfg);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		KUNIT_ASSERT_EQ(test, step, HVB_VER_TRY);
		KUNIT_EXPECT_EQ(test, neg.next.version, order[i]);
		KUNIT_EXPECT_EQ(test, neg.next.delay_ms, 0);
		step = hvb_version_next(&neg, HVB_VER_EV_ANSWER, &no);
	}
	KUNIT_EXPECT_EQ(test, step, HVB_VER_FAIL);
	KUNIT_EXPECT_EQ(test, neg.error, -EDOM);
}

static void version_post_failed(struct kunit *test)
{
	struct hvb_version_cfg cfg = { .max = ALL, .total_ms = LONG };
	struct hvb_version neg;

	KUNIT_ASSERT_EQ(test, hvb_version_start(&neg, &cfg), HVB_VER_TRY);
	KUNIT_EXPECT_EQ(test, hvb_version_next(&neg, HVB_VER_EV_POST_FAILED,
					       NULL), HVB_VER_FAIL);
	KUNIT_EXPECT_EQ(test, neg.error, -EIO);
}

/* Retries are counted for one version, not for all of them. */
static void version_retries_reset(struct kunit *test)
{
	struct hvb_version_cfg cfg = { .max = ALL, .total_ms = LONG };
	struct hvb_version_response no = {};
	struct hvb_version neg;
	unsigned int v, i;

	KUNIT_ASSERT_EQ(test, hvb_version_start(&neg, &cfg), HVB_VER_TRY);
	for (v = 0; v < 7; v++) {
		for (i = 0; i < HVB_VERSION_RETRIES; i++)
			KUNIT_ASSERT_EQ(test,
					hvb_version_next(&neg,
							 HVB_VER_EV_TIMEOUT,
							 NULL), HVB_VER_TRY);
		KUNIT_ASSERT_EQ(test, hvb_version_next(&neg, HVB_VER_EV_ANSWER,
						       &no), HVB_VER_TRY);
		KUNIT_EXPECT_EQ(test, neg.next.delay_ms, 0);
	}
}

/**
 * struct time_case - a negotiation that takes its time
 * @name: for the report
 * @total: limit of the whole negotiation
 * @took: how long each try takes
 * @event: how each ends
 * @state: connection state in an answer that grants; 0xff: one that refuses
 * @step: the last step
 * @error: with %HVB_VER_FAIL
 * @tries: how many there are
 * @last_timeout: how long the last one may wait for its answer
 */
struct time_case {
	const char *name;
	u32 total;
	u32 took;
	enum hvb_version_event event;
	u8 state;
	enum hvb_version_step step;
	int error;
	u32 tries;
	u32 last_timeout;
};

#define REFUSED	0xff

static const struct time_case times[] = {
	{ "silent, all retries", 70, 21, HVB_VER_EV_TIMEOUT, 0,
	  HVB_VER_FAIL, -ETIMEDOUT, 3, 20 },
	{ "silent, last wait is short", 50, 21, HVB_VER_EV_TIMEOUT, 0,
	  HVB_VER_FAIL, -ETIMEDOUT, 3, 8 },
	{ "silent, time for one retry", 40, 21, HVB_VER_EV_TIMEOUT, 0,
	  HVB_VER_FAIL, -ETIMEDOUT, 2, 19 },
	{ "silent, used up exactly", 42, 21, HVB_VER_EV_TIMEOUT, 0,
	  HVB_VER_FAIL, -ETIMEDOUT, 2, 20 },
	{ "one try takes all", 10, U32_MAX, HVB_VER_EV_TIMEOUT, 0,
	  HVB_VER_FAIL, -ETIMEDOUT, 1, 10 },
	{ "refused slowly", 50, 19, HVB_VER_EV_ANSWER, REFUSED,
	  HVB_VER_FAIL, -ETIMEDOUT, 3, 12 },
	{ "refused at once", 50, 0, HVB_VER_EV_ANSWER, REFUSED,
	  HVB_VER_FAIL, -EDOM, 8, 20 },
	{ "no connection id, slowly", 15, 15, HVB_VER_EV_NO_CONN, 0,
	  HVB_VER_FAIL, -ETIMEDOUT, 1, 15 },
	{ "low resources, slowly", 25, 20, HVB_VER_EV_ANSWER,
	  HVB_CONTACT_LOW_RES, HVB_VER_FAIL, -ENOMEM, 2, 5 },
	{ "granted at the last moment", 10, 10, HVB_VER_EV_ANSWER,
	  HVB_CONTACT_OK, HVB_VER_DONE, 0, 1, 10 },
	{ "granted too late is granted", 10, 11, HVB_VER_EV_ANSWER,
	  HVB_CONTACT_OK, HVB_VER_DONE, 0, 1, 10 },
	{ "no time at all", 0, 0, HVB_VER_EV_TIMEOUT, 0,
	  HVB_VER_FAIL, -ETIMEDOUT, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(time, times, name);

static void version_time(struct kunit *test)
{
	const struct time_case *c = test->param_value;
	struct hvb_version_cfg cfg = {
		.max = ALL,
		.timeout_ms = 20,
		.total_ms = c->total,
	};
	struct hvb_version_response answer = {
		.supported = c->state != REFUSED,
		.state = c->state,
		.msg_conn_id = 4,
	};
	u32 tries = 0, timeout = 0;
	enum hvb_version_step step;
	struct hvb_version neg;

	step = hvb_version_start(&neg, &cfg);
	while (step == HVB_VER_TRY) {
		KUNIT_ASSERT_LT(test, tries, 100);
		KUNIT_EXPECT_EQ(test, neg.next.took_ms, 0);
		KUNIT_EXPECT_NE(test, neg.next.timeout_ms, 0);
		timeout = neg.next.timeout_ms;
		tries++;
		neg.next.took_ms = c->took;
		step = hvb_version_next(&neg, c->event, &answer);
	}
	KUNIT_EXPECT_EQ(test, step, c->step);
	KUNIT_EXPECT_EQ(test, neg.error, c->error);
	KUNIT_EXPECT_EQ(test, tries, c->tries);
	KUNIT_EXPECT_EQ(test, timeout, c->last_timeout);
}

/* However the host behaves, a negotiation ends soon. */
static void version_always_ends(struct kunit *test)
{
	struct hvb_version_response answer;
	u32 seed = 1, round, steps;
	struct hvb_version_cfg cfg;
	enum hvb_version_step step;
	struct hvb_version neg;

	for (round = 0; round < 5000; round++) {
		memset(&cfg, 0, sizeof(cfg));
		cfg.max = ALL;
		cfg.total_ms = LONG;
		cfg.redirect = round & 1;
		cfg.isolated = round & 2;
		step = hvb_version_start(&neg, &cfg);
		for (steps = 0; step == HVB_VER_TRY; steps++) {
			seed = seed * 1664525 + 1013904223;
			answer.supported = !(seed >> 24 & 7);
			answer.state = seed >> 20 & 3;
			answer.msg_conn_id = seed >> 8 & 7;
			step = hvb_version_next(&neg, seed >> 28 & 3, &answer);
			KUNIT_ASSERT_LT(test, steps, 32);
		}
	}
}

static struct kunit_case version_cases[] = {
	KUNIT_CASE_PARAM(version_run, run_gen_params),
	KUNIT_CASE(version_order),
	KUNIT_CASE(version_post_failed),
	KUNIT_CASE(version_retries_reset),
	KUNIT_CASE_PARAM(version_time, time_gen_params),
	KUNIT_CASE(version_always_ends),
	{}
};

static struct kunit_suite version_suite = {
	.name = "hv_vmbus_version",
	.test_cases = version_cases,
};

kunit_test_suites(&version_suite);

MODULE_DESCRIPTION("KUnit suite for the choice of the VMBus version");
MODULE_LICENSE("GPL");
