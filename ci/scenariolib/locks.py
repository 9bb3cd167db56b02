# SPDX-License-Identifier: GPL-2.0-only
"""Commands that build the same thing take turns."""

import contextlib
import fcntl

from .paths import BUILD


@contextlib.contextmanager
def build_lock(name):
    """Held by whoever changes NAME, as build_lock of ci/lib.sh."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / (".%s.lock" % name), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
