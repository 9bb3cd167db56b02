// SPDX-License-Identifier: GPL-2.0-only
/* GUID text. On the wire the first three fields are little endian. */
#include "bus.h"

#include <stdio.h>
#include <string.h>

/* Which wire byte each pair of digits of the text is. */
static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool dash_before(unsigned int i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

bool guid_parse(const char *text, struct guid *g)
{
	struct guid parsed;

	for (unsigned int i = 0; i < 16; i++) {
		int high, low;

		if (dash_before(i) && *text++ != '-')
			return false;
		high = digit(text[0]);
		low = high < 0 ? -1 : digit(text[1]);
		if (low < 0)
			return false;
		parsed.b[order[i]] = high << 4 | low;
		text += 2;
	}
	if (*text)
		return false;
	*g = parsed;
	return true;
}

void guid_format(const struct guid *g, char text[37])
{
	for (unsigned int i = 0; i < 16; i++) {
		if (dash_before(i))
			*text++ = '-';
		text += sprintf(text, "%02x", g->b[order[i]]);
	}
}
