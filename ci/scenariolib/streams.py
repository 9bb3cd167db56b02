# SPDX-License-Identifier: GPL-2.0-only
"""Byte streams of a run: logged with time stamps, searchable line by line."""

import re
import threading
import time

ANSI = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[c78=>])|[\r\0]")


class Stream:
    """A text stream, kept as lines.

    feed() is called by the thread that reads the stream, everything else by
    the thread that runs the steps. Each expect() goes on after the line where
    the last one matched, so that an old line never satisfies a new step.
    """

    def __init__(self, name, path, start, listener=None):
        self.name = name
        self._log = open(path, "w", encoding="utf-8", buffering=1)
        self._start = start
        self._listener = listener
        self._lines = []
        self._partial = b""
        self._closed = False
        self._cursor = 0
        self._changed = threading.Condition()

    def feed(self, data):
        """Takes what was read."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        self._add(lines)

    def close(self):
        """Nothing more will come."""
        if self._partial:
            self._add([self._partial])
            self._partial = b""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._log.close()

    def _add(self, raw_lines):
        stamp = time.monotonic() - self._start
        for raw in raw_lines:
            line = ANSI.sub("", raw.decode("utf-8", "replace"))
            self._log.write("[%7.2f] %s\n" % (stamp, line))
            if self._listener:
                self._listener(line)
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()

    def _search(self, regex, begin):
        for index in range(begin, len(self._lines)):
            match = regex.search(self._lines[index])
            if match:
                return index, match
        return None

    def expect(self, regex, seconds):
        """Waits for a line; returns the match, or None when time is up."""
        deadline = time.monotonic() + seconds
        with self._changed:
            begin = self._cursor
            while True:
                found = self._search(regex, begin)
                if found:
                    self._cursor = found[0] + 1
                    return found[1]
                begin = len(self._lines)
                left = deadline - time.monotonic()
                if left <= 0 or self._closed:
                    return None
                self._changed.wait(left)

    def search_all(self, regex):
        """The first match in everything read so far, or None."""
        with self._changed:
            found = self._search(regex, 0)
        return found and found[1]

    def tail(self, count):
        """The last lines, for a failure's report."""
        with self._changed:
            return self._lines[-count:]


def pump(sock, *sinks):
    """Starts a thread that feeds what a socket delivers to the sinks."""
    def run():
        try:
            while True:
                data = sock.recv(65536)
                if not data:
                    break
                for sink in sinks:
                    sink.feed(data)
        except OSError:
            pass
        for sink in sinks:
            sink.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
