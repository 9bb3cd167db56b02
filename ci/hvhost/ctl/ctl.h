/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control endpoint: a line in, lines out. One command a line; the answer's lines each
 * begin with "| ", then "ok" or "error: REASON" ends it. Events come unasked as "! TEXT".
 *
 *   help [KIND] | info | devices | nmi [CPU] | crash | events | reset | quit | rescind DEV |
 *   offer DEV | add KIND,... |
 *   DEV VERB ARGS... (for instance `scsi0 add /disk.img`, `scsi0.1 resize 2G`: a dotted
 *   name passes what follows the dot as the first argument: argv = {"resize", "1", "2G"})
 *
 * Words may be quoted: "a b" (where \" and \\ are " and \) and 'a b'.
 */
#ifndef HVHOST_CTL_H
#define HVHOST_CTL_H

#include "../util/util.h"

/* "-" none; unix:PATH listens; else a character device or FIFO is opened read/write. */
void ctl_open(const char *where);
/* The end of the program: events that wait are delivered, and written within a second. */
void ctl_close(void);
/*
 * An unasked line, "! ..." to all that listen. Any thread, any time. The newest ones are
 * kept for the commands `events` and `crash` (the last "crash ..." and "crash-text ..." ones).
 */
void ctl_event(const char *fmt, ...) PRINTF(1, 2);
/*
 * Executes one command line into answer. Main thread. False: it failed, and the answer's
 * last line is the reason.
 */
bool ctl_execute(char *line, struct text *answer);

#define CTL_LINE_BYTES	4096	/* longer command lines are refused */
#define CTL_WORDS	64

/*
 * line.c, pure: cuts a command line into words, in place. Returns their number, 0 for an
 * empty line, or -1 with a reason.
 */
int ctl_split(char *line, char *word[CTL_WORDS], const char **reason);

/* event.c, for ctl.c and command.c; main thread. */
void event_arrive(void *unused);	/* delivers what waits */
void event_deliver_to(void (*fn)(const char *line));
void event_list(struct text *answer);
const char *event_crash(void);		/* NULL: none yet */

#endif
