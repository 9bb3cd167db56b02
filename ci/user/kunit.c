// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs KUnit suites in user space.  Output is KTAP, like the kernel's; the
 * exit code is 0 if at least one case ran and none failed.  With arguments
 * only the suites named are run; "--list" names suites and cases.
 */
#include <kunit/test.h>
#include <setjmp.h>
#include <stdarg.h>

struct shim_action {
	struct shim_action *next;
	kunit_action_t *fn;
	void *ctx;
};

static struct kunit_suite *suites[64];
static size_t suite_count;
static jmp_buf leave_case;
static unsigned int passed, failed, skipped;

void shim_register(struct kunit_suite **list, size_t n)
{
	while (n--) {
		if (suite_count == ARRAY_SIZE(suites))
			abort();
		suites[suite_count++] = *list++;
	}
}

void shim_fail(struct kunit *test, bool leave, const char *file, int line,
	       const char *what, const char *fmt, ...)
{
	va_list ap;

	test->failed = true;
	printf("    # %s: %s:%d: %s", test->name, file, line, what);
	if (*fmt) {
		printf(": ");
		va_start(ap, fmt);
		vprintf(fmt, ap);
		va_end(ap);
	}
	printf("\n");
	if (leave)
		longjmp(leave_case, 1);
}

void shim_skip(struct kunit *test, bool leave, const char *fmt, ...)
{
	va_list ap;

	test->skipped = true;
	va_start(ap, fmt);
	vsnprintf(test->why, sizeof(test->why), fmt, ap);
	va_end(ap);
	if (leave)
		longjmp(leave_case, 1);
}

void shim_log(struct kunit *test, const char *fmt, ...)
{
	va_list ap;
	char text[1024];

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("    # %s: %s%s", test->name, text,
	       strchr(text, '\n') ? "" : "\n");
}

int kunit_add_action(struct kunit *test, kunit_action_t *fn, void *ctx)
{
	struct shim_action *a = malloc(sizeof(*a));

	if (!a)
		return -ENOMEM;
	*a = (struct shim_action){ test->actions, fn, ctx };
	test->actions = a;
	return 0;
}

int kunit_add_action_or_reset(struct kunit *test, kunit_action_t *fn, void *ctx)
{
	int ret = kunit_add_action(test, fn, ctx);

	if (ret)
		fn(ctx);
	return ret;
}

void kunit_remove_action(struct kunit *test, kunit_action_t *fn, void *ctx)
{
	struct shim_action **a, *found;

	for (a = &test->actions; *a; a = &(*a)->next) {
		if ((*a)->fn == fn && (*a)->ctx == ctx) {
			found = *a;
			*a = found->next;
			free(found);
			return;
		}
	}
}

void kunit_release_action(struct kunit *test, kunit_action_t *fn, void *ctx)
{
	kunit_remove_action(test, fn, ctx);
	fn(ctx);
}

static void shim_free(void *p)
{
	free(p);
}

void *kunit_kmalloc_array(struct kunit *test, size_t n, size_t size, gfp_t gfp)
{
	void *p = kmalloc_array(n, size, gfp);

	if (p && kunit_add_action_or_reset(test, shim_free, p))
		return NULL;
	return p;
}

void kunit_kfree(struct kunit *test, const void *p)
{
	if (p)
		kunit_release_action(test, shim_free, (void *)p);
}

static void run_actions(struct kunit *test)
{
	struct shim_action *a;

	while ((a = test->actions)) {
		test->actions = a->next;
		a->fn(a->ctx);
		free(a);
	}
}

/* One case with one parameter; the jump target lives as long as the case. */
static void run_one(struct kunit_suite *s, struct kunit_case *c,
		    struct kunit *test)
{
	if (!setjmp(leave_case)) {
		if (s->init && s->init(test))
			shim_fail(test, true, __FILE__, __LINE__,
				  "suite init failed", "%s", "");
		c->run_case(test);
	}
	/* A failed init is no reason for exit, as in the kernel. */
	if (!setjmp(leave_case) && s->exit)
		s->exit(test);
	run_actions(test);
}

static void report(const struct kunit *test, const char *suite,
		   const char *desc)
{
	const char *state = test->failed ? "not ok" : "ok";

	if (test->failed)
		failed++;
	else if (test->skipped)
		skipped++;
	else
		passed++;
	printf("    %s %s.%s%s%s%s%s\n", state, suite, test->name,
	       *desc ? " " : "", desc,
	       test->skipped && !test->failed ? " # SKIP " : "",
	       test->skipped && !test->failed ? test->why : "");
	fflush(stdout);
}

static void run_case(struct kunit_suite *s, struct kunit_case *c)
{
	const void *param = NULL;
	unsigned int n = 0;

	do {
		struct kunit test = { .name = c->name };
		char desc[KUNIT_PARAM_DESC_SIZE] = "";

		if (c->generate_params) {
			param = c->generate_params(param, desc);
			if (!param)
				break;
			if (!*desc)
				snprintf(desc, sizeof(desc), "param-%u", n);
		}
		test.param_value = param;
		run_one(s, c, &test);
		report(&test, s->name, desc);
		n++;
	} while (param);

	if (!n) {
		printf("    not ok %s.%s has no parameters\n", s->name,
		       c->name);
		failed++;
	}
}

static bool wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	bool list = argc == 2 && !strcmp(argv[1], "--list");
	struct kunit_case *c;
	size_t i;

	for (i = 0; i < suite_count; i++) {
		struct kunit_suite *s = suites[i];

		if (!list && !wanted(s->name, argc, argv))
			continue;
		if (!list)
			printf("# Subtest: %s\n", s->name);
		if (!list && s->suite_init && s->suite_init(s)) {
			printf("not ok %s: suite_init failed\n", s->name);
			failed++;
			continue;
		}
		for (c = s->test_cases; c->run_case; c++) {
			if (list)
				printf("%s.%s\n", s->name, c->name);
			else
				run_case(s, c);
		}
		if (!list && s->suite_exit)
			s->suite_exit(s);
	}
	if (list)
		return 0;
	printf("# passed %u failed %u skipped %u\n", passed, failed, skipped);
	return failed || !(passed + skipped);
}
