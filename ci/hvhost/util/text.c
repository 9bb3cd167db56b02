// SPDX-License-Identifier: GPL-2.0-only
/* Growing text. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "util.h"

#define FIRST_ROOM	256

static bool grow(struct text *t, size_t need)
{
	size_t room = t->room ? t->room : FIRST_ROOM;
	char *data;

	if (need <= t->room)
		return true;
	while (room < need)
		room *= 2;
	data = realloc(t->data, room);
	if (!data)
		return false;
	t->data = data;
	t->room = room;
	return true;
}

/* Without memory the text stays as it was. */
void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !grow(t, t->len + (size_t)n + 1))
		return;
	va_start(ap, fmt);
	vsnprintf(t->data + t->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

void text_free(struct text *t)
{
	free(t->data);
	memset(t, 0, sizeof(*t));
}
