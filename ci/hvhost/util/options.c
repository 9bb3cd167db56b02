// SPDX-License-Identifier: GPL-2.0-only
/*
 * "KEY=VALUE,KEY,...": ",," is a comma inside a value. A key may come several
 * times: each call that asks for it takes the next one.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "util.h"

#define ERROR_BYTES	160

struct option {
	char *key;
	char *value;		/* NULL: a flag */
	bool taken;
};

struct options {
	char *text;		/* what keys and values point into */
	struct option *option;
	unsigned int count;
	char error[ERROR_BYTES];	/* the first one, "" for none */
};

static void *must(void *memory)
{
	if (!memory)
		die("out of memory");
	return memory;
}

/* Ends the word at *from and returns it; *from then is after its comma. */
static char *next_word(char **from)
{
	char *start = *from, *in = start, *out = start;

	while (*in && (*in != ',' || in[1] == ',')) {
		if (*in == ',')
			in++;
		*out++ = *in++;
	}
	*from = *in ? in + 1 : in;	/* before *out, which may be *in */
	*out = '\0';
	return start;
}

struct options *options_parse(const char *text)
{
	struct options *o = must(calloc(1, sizeof(*o)));
	char *at, *end;

	o->text = must(strdup(text));
	end = o->text + strlen(o->text);
	/* A word takes at least its comma. */
	o->option = must(calloc(strlen(text) + 1, sizeof(*o->option)));
	for (at = o->text; at < end;) {
		char *word = next_word(&at), *equals = strchr(word, '=');
		struct option *p;

		if (!*word)
			continue;
		p = &o->option[o->count++];
		p->key = word;
		if (equals) {
			*equals = '\0';
			p->value = equals + 1;
		}
	}
	return o;
}

static struct option *take(struct options *o, const char *key)
{
	unsigned int i;

	for (i = 0; i < o->count; i++) {
		struct option *p = &o->option[i];

		if (!p->taken && !strcmp(p->key, key)) {
			p->taken = true;
			return p;
		}
	}
	return NULL;
}

static void PRINTF(2, 3) complain(struct options *o, const char *fmt, ...)
{
	va_list ap;

	if (o->error[0])
		return;
	va_start(ap, fmt);
	vsnprintf(o->error, sizeof(o->error), fmt, ap);
	va_end(ap);
}

const char *options_string(struct options *o, const char *key, const char *fallback)
{
	struct option *p = take(o, key);

	if (!p)
		return fallback;
	if (!p->value) {
		complain(o, "option '%s' needs a value", key);
		return fallback;
	}
	return p->value;
}

uint64_t options_number(struct options *o, const char *key, uint64_t fallback,
			uint64_t min, uint64_t max)
{
	struct option *p = take(o, key);
	uint64_t value;

	if (!p)
		return fallback;
	if (!p->value || !parse_size(p->value, &value)) {
		complain(o, "option '%s' needs a number, not '%s'", key, p->value ? p->value : "");
		return fallback;
	}
	if (value < min || value > max) {
		complain(o, "option '%s' must be %llu to %llu, not %s", key,
			 (unsigned long long)min, (unsigned long long)max, p->value);
		return fallback;
	}
	return value;
}

bool options_flag(struct options *o, const char *key)
{
	struct option *p = take(o, key);

	if (p && p->value) {
		complain(o, "option '%s' takes no value", key);
		return false;
	}
	return p;
}

bool options_end(struct options *o, char *error, size_t size)
{
	bool good;
	unsigned int i;

	for (i = 0; i < o->count; i++)
		if (!o->option[i].taken)
			complain(o, "there is no option '%s' here, or it came twice",
				 o->option[i].key);
	good = !o->error[0];
	if (!good && size)
		snprintf(error, size, "%s", o->error);
	free(o->option);
	free(o->text);
	free(o);
	return good;
}

bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	unsigned int shift = 0;
	unsigned long long n;
	char *end;

	/* strtoull() would take signs and blanks. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno)
		return false;
	if (*end) {
		char unit = *end >= 'a' && *end <= 'z' ? (char)(*end - 'a' + 'A') : *end;
		const char *found = strchr(units, unit);

		if (!found || end[1])
			return false;
		shift = 10 * (unsigned int)(found - units + 1);
	}
	if (n > UINT64_MAX >> shift)
		return false;
	*bytes = (uint64_t)n << shift;
	return true;
}
