# SPDX-License-Identifier: GPL-2.0-only
"""Runs commands in the guest through its second serial port."""

import queue
import re
import time

from .errors import StepFailed

MARK = re.compile(r"@@(READY|BEGIN|END)(?: (\S+))?(?: (\d+))?\s*$")


class Agent:
    """The host's end of ci/host/guest/agent. Also a sink for the port."""

    def __init__(self, sock):
        self._sock = sock
        self._partial = b""
        self._events = queue.Queue()
        self._number = 0
        self._output = []

    def feed(self, data):
        """Takes what the guest sent; called by the reading thread."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        for raw in lines:
            line = raw.decode("utf-8", "replace").rstrip("\r")
            match = MARK.search(line)
            if not match:
                self._output.append(line)
                continue
            kind, first, second = match.groups()
            if kind == "END":
                self._events.put((kind, first, second, self._output))
            else:
                self._events.put((kind, first, None, []))
            self._output = []

    def close(self):
        """The port is gone: whoever waits must know."""
        self._events.put(("CLOSED", None, None, []))

    def reopen(self):
        """Another guest will be there; drops what the last one left."""
        while not self._events.empty():
            self._events.get()
        self._partial, self._output = b"", []

    def _next(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        try:
            return self._events.get(timeout=left)
        except queue.Empty:
            return None

    def wait_ready(self, seconds):
        """Waits for an agent to start; returns the guest's boot id."""
        deadline = time.monotonic() + seconds
        while True:
            event = self._next(deadline)
            if event is None:
                raise StepFailed("the guest's agent did not start within %d s"
                                 % seconds)
            if event[0] == "CLOSED":
                raise StepFailed("the guest ended before its agent started")
            if event[0] == "READY":
                return event[1]

    def start(self, command):
        """Sends a command without waiting for its end."""
        self._number += 1
        try:
            self._sock.sendall(("%d %s\n" % (self._number, command)).encode())
        except OSError:
            raise StepFailed("the guest is gone") from None
        return str(self._number)

    def run(self, command, seconds):
        """Runs a command; returns (status, output)."""
        number = self.start(command)
        deadline = time.monotonic() + seconds
        while True:
            event = self._next(deadline)
            if event is None:
                raise StepFailed("no answer from the guest within %d s"
                                 % seconds)
            kind, first, second, output = event
            if kind in ("READY", "CLOSED"):
                raise StepFailed("the guest %s while it ran the command"
                                 % ("restarted" if kind == "READY"
                                    else "ended"))
            if kind == "END" and first == number:
                text = "\n".join(output)
                return int(second), text[:-1] if text.endswith("\n") else text
