// SPDX-License-Identifier: GPL-2.0-only
/* Command lines into words. */
#include <string.h>
#include "ctl.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Copies one word from *in to out, which never overtakes it; false: a quote is open. */
static bool take_word(char **in, char *out)
{
	char quote = 0, *at = *in;

	for (; *at && (quote || !blank(*at)); at++) {
		if (quote && *at == quote)
			quote = 0;
		else if (!quote && (*at == '"' || *at == '\''))
			quote = *at;
		else if (quote == '"' && *at == '\\' && (at[1] == '"' || at[1] == '\\'))
			*out++ = *++at;
		else
			*out++ = *at;
	}
	/* Steps over the blank first: out may stand on it. */
	*in = *at ? at + 1 : at;
	*out = '\0';
	return !quote;
}

int ctl_split(char *line, char *word[CTL_WORDS], const char **reason)
{
	int count = 0;

	for (;;) {
		while (blank(*line))
			line++;
		if (!*line)
			return count;
		if (count == CTL_WORDS) {
			*reason = "too many words";
			return -1;
		}
		word[count++] = line;
		if (!take_word(&line, word[count - 1])) {
			*reason = "a quote is not closed";
			return -1;
		}
	}
}
