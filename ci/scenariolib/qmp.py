# SPDX-License-Identifier: GPL-2.0-only
"""A client of QEMU's machine protocol that survives a noisy line."""

import json
import queue
import threading
import time

from .errors import StepFailed


class Qmp:
    """Sends commands and takes answers. Also a sink for the monitor stream."""

    def __init__(self, sock):
        self._sock = sock
        self._partial = b""
        self._answers = queue.Queue()
        self._greeted = threading.Event()
        self._number = 0
        self._ready = False

    def feed(self, data):
        """Takes what the monitor sent; called by the reading thread."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        for raw in lines:
            try:
                message = json.loads(raw)
            except ValueError:
                continue
            if "QMP" in message:
                self._greeted.set()
            elif "id" in message:
                self._answers.put(message)

    def close(self):
        """The monitor is gone."""
        self._answers.put(None)

    def connect(self, seconds):
        """Waits for the greeting and leaves negotiation mode."""
        if self._ready:
            return
        if not self._greeted.wait(seconds):
            raise StepFailed("no greeting from the host's monitor within %d s"
                             % seconds)
        self._execute("qmp_capabilities", None, seconds)
        self._ready = True

    def execute(self, command, arguments=None, seconds=30):
        """Runs one command and returns what it returned."""
        self.connect(seconds)
        return self._execute(command, arguments, seconds)

    def _execute(self, command, arguments, seconds):
        self._number += 1
        message = {"execute": command, "id": self._number}
        if arguments is not None:
            message["arguments"] = arguments
        try:
            self._sock.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            raise StepFailed("the host is gone") from None
        deadline = time.monotonic() + seconds
        while True:
            try:
                answer = self._answers.get(
                    timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise StepFailed("no answer from the host's monitor to %s "
                                 "within %d s" % (command, seconds)) from None
            if answer is None:
                raise StepFailed("the host ended before it answered %s"
                                 % command)
            if answer["id"] != self._number:
                continue
            if "error" in answer:
                raise StepFailed("%s: %s" % (command,
                                             answer["error"].get("desc")))
            return answer["return"]
