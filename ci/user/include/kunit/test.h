/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of KUnit that our suites use, for user space.  The macros have the
 * names and the meaning that Documentation/dev-tools/kunit gives them; the
 * code is our own.  A failed assertion leaves the case, a failed expectation
 * does not.  ../../kunit.c runs the suites.
 */
#ifndef SHIM_KUNIT_TEST_H
#define SHIM_KUNIT_TEST_H

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#define KUNIT_PARAM_DESC_SIZE	128

struct kunit;

typedef void (kunit_action_t)(void *ctx);

enum kunit_speed {
	KUNIT_SPEED_UNSET,
	KUNIT_SPEED_VERY_SLOW,
	KUNIT_SPEED_SLOW,
	KUNIT_SPEED_NORMAL,
};

struct kunit_attributes {
	enum kunit_speed speed;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
	struct kunit_attributes attr;
};

struct kunit_suite {
	const char *name;
	int (*suite_init)(struct kunit_suite *suite);
	void (*suite_exit)(struct kunit_suite *suite);
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
	struct kunit_attributes attr;
};

struct kunit {
	void *priv;
	const char *name;
	const void *param_value;
	struct shim_action *actions;
	bool failed;
	bool skipped;
	char why[256];
};

void shim_register(struct kunit_suite **suites, size_t n);
void shim_fail(struct kunit *test, bool leave, const char *file, int line,
	       const char *what, const char *fmt, ...) __printf(6, 7);
void shim_skip(struct kunit *test, bool leave, const char *fmt, ...)
	__printf(3, 4);
void shim_log(struct kunit *test, const char *fmt, ...) __printf(2, 3);

void *kunit_kmalloc_array(struct kunit *test, size_t n, size_t size, gfp_t gfp);
void kunit_kfree(struct kunit *test, const void *p);
int kunit_add_action(struct kunit *test, kunit_action_t *fn, void *ctx);
int kunit_add_action_or_reset(struct kunit *test, kunit_action_t *fn,
			      void *ctx);
void kunit_remove_action(struct kunit *test, kunit_action_t *fn, void *ctx);
void kunit_release_action(struct kunit *test, kunit_action_t *fn, void *ctx);

#define kunit_kmalloc(t, n, gfp)	kunit_kmalloc_array(t, 1, n, gfp)
#define kunit_kzalloc(t, n, gfp) \
	kunit_kmalloc_array(t, 1, n, (gfp) | __GFP_ZERO)
#define kunit_kcalloc(t, n, size, gfp) \
	kunit_kmalloc_array(t, n, size, (gfp) | __GFP_ZERO)

#define KUNIT_DEFINE_ACTION_WRAPPER(wrapper, fn, arg_type) \
	static void wrapper(void *ctx) { fn((arg_type)ctx); }

#define kunit_test_suites(...)						\
	static void __attribute__((__constructor__)) shim_suites(void)	\
	{								\
		static struct kunit_suite *suites[] = { __VA_ARGS__ };	\
									\
		shim_register(suites, ARRAY_SIZE(suites));		\
	}								\
	_Static_assert(1, "")
#define kunit_test_suite(suite)		kunit_test_suites(&suite)

#define KUNIT_CASE(fn)			{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_SLOW(fn)		KUNIT_CASE(fn)
#define KUNIT_CASE_ATTR(fn, a)		KUNIT_CASE(fn)
#define KUNIT_CASE_PARAM(fn, gen) \
	{ .run_case = fn, .name = #fn, .generate_params = gen }
#define KUNIT_CASE_PARAM_ATTR(fn, gen, a) KUNIT_CASE_PARAM(fn, gen)

#define SHIM_PARAM_NEXT(array, prev)					\
	({								\
		__typeof__((array)[0]) *_next =				\
			(prev) ? (__typeof__((array)[0]) *)(prev) + 1	\
			       : (array);				\
									\
		_next < (array) + ARRAY_SIZE(array) ? _next : NULL;	\
	})

#define KUNIT_ARRAY_PARAM(name, array, get_desc)			\
	static const void *name##_gen_params(const void *prev, char *desc) \
	{								\
		__typeof__((array)[0]) *_p = SHIM_PARAM_NEXT(array, prev);			\
		void (*_desc)(__typeof__(_p), char *) = get_desc;	\
									\
		if (_p && _desc)					\
			_desc(_p, desc);				\
		return _p;						\
	}

#define KUNIT_ARRAY_PARAM_DESC(name, array, member)			\
	static const void *name##_gen_params(const void *prev, char *desc) \
	{								\
		__typeof__((array)[0]) *_p = SHIM_PARAM_NEXT(array, prev);			\
									\
		if (_p)							\
			strscpy(desc, _p->member, KUNIT_PARAM_DESC_SIZE); \
		return _p;						\
	}

#define kunit_skip(t, ...)		shim_skip(t, true, __VA_ARGS__)
#define kunit_mark_skipped(t, ...)	shim_skip(t, false, __VA_ARGS__)
#define kunit_info(t, ...)		shim_log(t, __VA_ARGS__)
#define kunit_warn(t, ...)		shim_log(t, __VA_ARGS__)
#define kunit_err(t, ...)		shim_log(t, __VA_ARGS__)
#define kunit_log(level, t, ...)	shim_log(t, __VA_ARGS__)
#define KUNIT_SUCCEED(t)		do { } while (0)

#define SHIM_SIGNED(x)	((long long)(x))
#define SHIM_WHERE	__FILE__, __LINE__

#define SHIM_BOOL(t, leave, c, want, fmt, ...)				\
	do {								\
		if (!!(c) != (want))					\
			shim_fail(t, leave, SHIM_WHERE,			\
				  #c " is not " #want, fmt, ##__VA_ARGS__); \
	} while (0)

#define SHIM_CMP(t, leave, a, op, b, fmt, ...)				\
	do {								\
		__typeof__(a) _l = (a);					\
		__typeof__(b) _r = (b);					\
		char _w[512];						\
									\
		if (!(_l op _r)) {					\
			snprintf(_w, sizeof(_w),			\
				 "expected %s %s %s: %lld (0x%llx) against %lld (0x%llx)", \
				 #a, #op, #b,				\
				 SHIM_SIGNED(_l), SHIM_SIGNED(_l),	\
				 SHIM_SIGNED(_r), SHIM_SIGNED(_r));	\
			shim_fail(t, leave, SHIM_WHERE, _w,		\
				  fmt, ##__VA_ARGS__);			\
		}							\
	} while (0)

#define SHIM_PTR(t, leave, a, op, b, fmt, ...)				\
	do {								\
		const void *_l = (a), *_r = (b);			\
		char _w[512];						\
									\
		if (!(_l op _r)) {					\
			snprintf(_w, sizeof(_w),			\
				 "expected %s %s %s: %p against %p",	\
				 #a, #op, #b, _l, _r);			\
			shim_fail(t, leave, SHIM_WHERE, _w,		\
				  fmt, ##__VA_ARGS__);			\
		}							\
	} while (0)

#define SHIM_STR(t, leave, a, op, b, fmt, ...)				\
	do {								\
		const char *_l = (a), *_r = (b);			\
		char _w[512];						\
									\
		if (!_l || !_r || !(strcmp(_l, _r) op 0)) {		\
			snprintf(_w, sizeof(_w),			\
				 "expected %s %s %s: \"%s\" against \"%s\"", \
				 #a, #op, #b, _l ?: "(null)",		\
				 _r ?: "(null)");			\
			shim_fail(t, leave, SHIM_WHERE, _w,		\
				  fmt, ##__VA_ARGS__);			\
		}							\
	} while (0)

#define SHIM_MEM(t, leave, a, op, b, n, fmt, ...)			\
	do {								\
		const void *_l = (a), *_r = (b);			\
		size_t _n = (n);					\
									\
		if (!_l || !_r || !(memcmp(_l, _r, _n) op 0))		\
			shim_fail(t, leave, SHIM_WHERE,			\
				  "expected the bytes of " #a " " #op " " #b, \
				  fmt, ##__VA_ARGS__);			\
	} while (0)

#define SHIM_VALID(t, leave, p, fmt, ...)				\
	do {								\
		if (IS_ERR_OR_NULL(p))					\
			shim_fail(t, leave, SHIM_WHERE,			\
				  #p " is no valid pointer", fmt, ##__VA_ARGS__); \
	} while (0)

#define KUNIT_FAIL(t, fmt, ...) \
	shim_fail(t, false, SHIM_WHERE, "failed", fmt, ##__VA_ARGS__)
#define KUNIT_FAIL_AND_ABORT(t, fmt, ...) \
	shim_fail(t, true, SHIM_WHERE, "failed", fmt, ##__VA_ARGS__)

#define KUNIT_EXPECT_TRUE(t, c) \
	SHIM_BOOL(t, false, c, true, "")
#define KUNIT_EXPECT_TRUE_MSG(t, c, fmt, ...) \
	SHIM_BOOL(t, false, c, true, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_FALSE(t, c) \
	SHIM_BOOL(t, false, c, false, "")
#define KUNIT_EXPECT_FALSE_MSG(t, c, fmt, ...) \
	SHIM_BOOL(t, false, c, false, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_EQ(t, a, b) \
	SHIM_CMP(t, false, a, ==, b, "")
#define KUNIT_EXPECT_EQ_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, false, a, ==, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_NE(t, a, b) \
	SHIM_CMP(t, false, a, !=, b, "")
#define KUNIT_EXPECT_NE_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, false, a, !=, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_LT(t, a, b) \
	SHIM_CMP(t, false, a, <, b, "")
#define KUNIT_EXPECT_LT_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, false, a, <, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_LE(t, a, b) \
	SHIM_CMP(t, false, a, <=, b, "")
#define KUNIT_EXPECT_LE_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, false, a, <=, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_GT(t, a, b) \
	SHIM_CMP(t, false, a, >, b, "")
#define KUNIT_EXPECT_GT_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, false, a, >, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_GE(t, a, b) \
	SHIM_CMP(t, false, a, >=, b, "")
#define KUNIT_EXPECT_GE_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, false, a, >=, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_PTR_EQ(t, a, b) \
	SHIM_PTR(t, false, a, ==, b, "")
#define KUNIT_EXPECT_PTR_EQ_MSG(t, a, b, fmt, ...) \
	SHIM_PTR(t, false, a, ==, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_PTR_NE(t, a, b) \
	SHIM_PTR(t, false, a, !=, b, "")
#define KUNIT_EXPECT_PTR_NE_MSG(t, a, b, fmt, ...) \
	SHIM_PTR(t, false, a, !=, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_STREQ(t, a, b) \
	SHIM_STR(t, false, a, ==, b, "")
#define KUNIT_EXPECT_STREQ_MSG(t, a, b, fmt, ...) \
	SHIM_STR(t, false, a, ==, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_STRNEQ(t, a, b) \
	SHIM_STR(t, false, a, !=, b, "")
#define KUNIT_EXPECT_STRNEQ_MSG(t, a, b, fmt, ...) \
	SHIM_STR(t, false, a, !=, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_MEMEQ(t, a, b, n) \
	SHIM_MEM(t, false, a, ==, b, n, "")
#define KUNIT_EXPECT_MEMEQ_MSG(t, a, b, n, fmt, ...) \
	SHIM_MEM(t, false, a, ==, b, n, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_MEMNEQ(t, a, b, n) \
	SHIM_MEM(t, false, a, !=, b, n, "")
#define KUNIT_EXPECT_MEMNEQ_MSG(t, a, b, n, fmt, ...) \
	SHIM_MEM(t, false, a, !=, b, n, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_NULL(t, p) \
	SHIM_PTR(t, false, p, ==, NULL, "")
#define KUNIT_EXPECT_NULL_MSG(t, p, fmt, ...) \
	SHIM_PTR(t, false, p, ==, NULL, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_NOT_NULL(t, p) \
	SHIM_PTR(t, false, p, !=, NULL, "")
#define KUNIT_EXPECT_NOT_NULL_MSG(t, p, fmt, ...) \
	SHIM_PTR(t, false, p, !=, NULL, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_NOT_ERR_OR_NULL(t, p) \
	SHIM_VALID(t, false, p, "")
#define KUNIT_EXPECT_NOT_ERR_OR_NULL_MSG(t, p, fmt, ...) \
	SHIM_VALID(t, false, p, fmt, ##__VA_ARGS__)

#define KUNIT_ASSERT_TRUE(t, c) \
	SHIM_BOOL(t, true, c, true, "")
#define KUNIT_ASSERT_TRUE_MSG(t, c, fmt, ...) \
	SHIM_BOOL(t, true, c, true, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_FALSE(t, c) \
	SHIM_BOOL(t, true, c, false, "")
#define KUNIT_ASSERT_FALSE_MSG(t, c, fmt, ...) \
	SHIM_BOOL(t, true, c, false, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_EQ(t, a, b) \
	SHIM_CMP(t, true, a, ==, b, "")
#define KUNIT_ASSERT_EQ_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, true, a, ==, b, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_NE(t, a, b) \
	SHIM_CMP(t, true, a, !=, b, "")
#define KUNIT_ASSERT_NE_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, true, a, !=, b, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_LT(t, a, b) \
	SHIM_CMP(t, true, a, <, b, "")
#define KUNIT_ASSERT_LT_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, true, a, <, b, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_LE(t, a, b) \
	SHIM_CMP(t, true, a, <=, b, "")
#define KUNIT_ASSERT_LE_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, true, a, <=, b, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_GT(t, a, b) \
	SHIM_CMP(t, true, a, >, b, "")
#define KUNIT_ASSERT_GT_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, true, a, >, b, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_GE(t, a, b) \
	SHIM_CMP(t, true, a, >=, b, "")
#define KUNIT_ASSERT_GE_MSG(t, a, b, fmt, ...) \
	SHIM_CMP(t, true, a, >=, b, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_PTR_EQ(t, a, b) \
	SHIM_PTR(t, true, a, ==, b, "")
#define KUNIT_ASSERT_PTR_EQ_MSG(t, a, b, fmt, ...) \
	SHIM_PTR(t, true, a, ==, b, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_PTR_NE(t, a, b) \
	SHIM_PTR(t, true, a, !=, b, "")
#define KUNIT_ASSERT_PTR_NE_MSG(t, a, b, fmt, ...) \
	SHIM_PTR(t, true, a, !=, b, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_STREQ(t, a, b) \
	SHIM_STR(t, true, a, ==, b, "")
#define KUNIT_ASSERT_STREQ_MSG(t, a, b, fmt, ...) \
	SHIM_STR(t, true, a, ==, b, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_STRNEQ(t, a, b) \
	SHIM_STR(t, true, a, !=, b, "")
#define KUNIT_ASSERT_STRNEQ_MSG(t, a, b, fmt, ...) \
	SHIM_STR(t, true, a, !=, b, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_MEMEQ(t, a, b, n) \
	SHIM_MEM(t, true, a, ==, b, n, "")
#define KUNIT_ASSERT_MEMEQ_MSG(t, a, b, n, fmt, ...) \
	SHIM_MEM(t, true, a, ==, b, n, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_MEMNEQ(t, a, b, n) \
	SHIM_MEM(t, true, a, !=, b, n, "")
#define KUNIT_ASSERT_MEMNEQ_MSG(t, a, b, n, fmt, ...) \
	SHIM_MEM(t, true, a, !=, b, n, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_NULL(t, p) \
	SHIM_PTR(t, true, p, ==, NULL, "")
#define KUNIT_ASSERT_NULL_MSG(t, p, fmt, ...) \
	SHIM_PTR(t, true, p, ==, NULL, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_NOT_NULL(t, p) \
	SHIM_PTR(t, true, p, !=, NULL, "")
#define KUNIT_ASSERT_NOT_NULL_MSG(t, p, fmt, ...) \
	SHIM_PTR(t, true, p, !=, NULL, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(t, p) \
	SHIM_VALID(t, true, p, "")
#define KUNIT_ASSERT_NOT_ERR_OR_NULL_MSG(t, p, fmt, ...) \
	SHIM_VALID(t, true, p, fmt, ##__VA_ARGS__)

#endif /* SHIM_KUNIT_TEST_H */
