# SPDX-License-Identifier: GPL-2.0-only
"""Finds what a healthy guest kernel never prints."""

import re

# (kind, pattern). The first that matches a line names it.
PATTERNS = [(kind, re.compile(pattern)) for kind, pattern in (
    ("KASAN", r"BUG: KASAN|KASAN: "),
    ("KMSAN", r"BUG: KMSAN"),
    ("KFENCE", r"BUG: KFENCE"),
    ("KCSAN", r"BUG: KCSAN"),
    ("UBSAN", r"UBSAN: "),
    ("lockdep", r"possible circular locking dependency"
                r"|possible recursive locking"
                r"|possible deadlock"
                r"|inconsistent lock state"
                r"|-safe -> \S*-unsafe lock order"
                r"|possible irq lock inversion"
                r"|suspicious RCU usage"
                r"|Invalid wait context"
                r"|bad unlock balance"
                r"|held lock freed"
                r"|lock held when returning to user space"
                r"|still has locks held"
                r"|non-static key"
                r"|contention stat|bad contention detected"
                r"|DEBUG_LOCKS_WARN_ON"),
    ("lockdep off", r"turning off the locking correctness validator"),
    ("atomic sleep", r"sleeping function called from invalid context"
                     r"|scheduling while atomic"
                     r"|do not call blocking ops"),
    ("hung task", r"INFO: task .* blocked for more than"
                  r"|blocked for more than \d+ seconds"),
    ("soft lockup", r"soft lockup"),
    ("hard lockup", r"hard LOCKUP"),
    ("rcu stall", r"rcu: INFO: .*stall|rcu.*detected.*stalls?\b"
                  r"|rcu.*self-detected stall"),
    ("workqueue lockup", r"BUG: workqueue lockup|workqueue: .* hogged CPU"),
    ("panic", r"Kernel panic"),
    ("oops", r"Oops[:\s]|general protection fault|unable to handle"
             r"|invalid opcode|divide error|double fault|int3: "),
    ("list corruption", r"list_(add|del) corruption"),
    ("debug objects", r"ODEBUG: "),
    ("refcount", r"refcount_t: "),
    ("slab", r"(Objects remaining in|Object already free|Redzone|Poison) .*"
             r"|Slab corruption"),
    ("bad page", r"Bad page (state|map)|Bad rss-counter"),
    ("out of memory", r"Out of memory: Kill|page allocation failure"),
    ("nobody cared", r"irq \d+: nobody cared"),
    ("call trace", r"Call Trace:|Call trace:"),
    ("register dump", r"\bRIP: "),
    ("WARNING", r"WARNING: "),
    ("BUG", r"\bBUG: |kernel BUG at"),
    ("module leak", r"tainted by|Loading of module with unavailable key"),
)]

# What one intended panic prints, once each.
PANIC_KINDS = ("panic", "call trace", "register dump")
# Harmless lines that a pattern above would catch.
HARMLESS = re.compile(r"Command line:|RAM size|kernel config")


def classify(line):
    """The kind of splat that this line belongs to, or None."""
    if HARMLESS.search(line):
        return None
    for kind, pattern in PATTERNS:
        if pattern.search(line):
            return kind
    return None


class SplatDetector:
    """Reads a guest's console line by line and keeps what is wrong.

    A scenario that crashes its guest on purpose arms it with the line that
    starts the intended crash: one panic, one trace and the registers are then
    allowed, and nothing else, and nothing before that line.
    """

    def __init__(self):
        self.found = []
        self._marker = None
        self._allowed = {}
        self._anything = self._broken = False

    def intend_splat(self, marker):
        """From the line that matches on, the guest is broken: it may print
        anything. marker is a compiled pattern."""
        self._marker = marker
        self._anything = True

    def intend_crash(self, marker):
        """marker is the compiled pattern of the line that starts it."""
        self._marker = marker

    @property
    def crash_pending(self):
        """A crash was announced and has not come."""
        return self._marker is not None

    def feed(self, line):
        """Looks at one console line."""
        if self._marker is not None and self._marker.search(line):
            self._marker = None
            self._allowed = dict.fromkeys(PANIC_KINDS, 1)
            # One trace shows the registers of each context that the next one
            # interrupted: user, task, soft interrupt, interrupt, under NMI.
            self._allowed["register dump"] = 4
            self._broken |= self._anything
        if self._broken:
            return
        kind = classify(line)
        if kind is None:
            return
        if kind == "panic" and "end Kernel panic" in line and \
                "panic" in self._allowed:
            return
        if self._allowed.get(kind, 0) > 0:
            self._allowed[kind] -= 1
            return
        self.found.append((kind, line))

    def summary(self):
        """One line about what was found, or an empty string."""
        if not self.found:
            return ""
        kind, line = self.found[0]
        more = len(self.found) - 1
        return "%s in the guest log: %s%s" % (
            kind, line.strip(), " (and %d more)" % more if more else "")
