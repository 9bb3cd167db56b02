/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program's command line: one table holds every option with its help, so that
 * the two can't differ. Ranges are checked by who uses a value, see machine.c.
 */
#ifndef HVHOST_CMDLINE_H
#define HVHOST_CMDLINE_H

#include "../machine/machine.h"

enum action { ACTION_RUN, ACTION_HELP, ACTION_LIST, ACTION_VERSION };

struct cmdline {
	enum action action;
	struct machine_config machine;
	uint32_t max_version;		/* of VMBus, as on the wire */
	const char *control, *trace;	/* NULL: none */
	const char **device;		/* as given, in order */
	unsigned int devices;
};

/* False with a one line reason in error. Strings point into argv. */
bool cmdline_parse(int argc, char **argv, struct cmdline *c, char *error, size_t size);
void cmdline_free(struct cmdline *c);
void cmdline_help(struct text *t);

#endif
