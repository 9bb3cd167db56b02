# SPDX-License-Identifier: GPL-2.0-only
"""What every host has in common: streams, the agent, a process.

A host offers: start(), stop(), wait_end(), the streams console, monitor and
host, the agent, command(), and a set of features. A scenario sees nothing
else, so that it does not know which host runs it, or on what.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from .agent import Agent
from .errors import HostError, StepFailed
from .streams import Stream, pump


class Machine:
    """What a guest is given: kernel folder, initramfs, sizes, devices."""

    def __init__(self, scenario, kernel, initramfs, cmdline):
        self.kernel = kernel
        self.initramfs = initramfs
        self.cmdline = cmdline
        self.cpus = scenario.cpus
        self.memory = scenario.memory
        self.devices = scenario.devices
        self.disks = scenario.disks
        self.options = scenario.hvhost


class Host:
    """One run of a host program with a guest on it."""

    name = level = ""
    features = frozenset()

    def __init__(self, logdir, machine, on_console_line):
        self.machine = machine
        self.started = time.monotonic()
        self.exit_code = None
        self.disk_paths = {}
        self._logdir = logdir
        self._work = tempfile.mkdtemp(prefix="hvci.")
        self._process = None
        self._threads = []
        self.console = self._stream("console", on_console_line)
        self.monitor = self._stream("monitor")
        self.host = self._stream("host", self._host_line)
        self._control = self._stream("control")
        self.agent = None
        self._socks = {}
        # Verb of the scenario language to function(rest, seconds).
        self._verbs = {}

    def _stream(self, name, listener=None):
        return Stream(name, self._logdir / (name + ".log"), self.started,
                      listener)

    def _host_line(self, line):
        """Looks at one line of the host's log; called by its reader."""

    def void(self):
        """Why this run says nothing about the guest, or an empty string."""
        return ""

    # QEMU connects to us, so that not one byte is lost before we listen.
    def _listen(self, name):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(os.path.join(self._work, name))
        sock.listen(1)
        return sock

    def _accept(self, listener, what):
        try:
            while True:
                if self._process.poll() is not None:
                    raise HostError("the host ended before it opened its %s: "
                                    "see the logs in %s"
                                    % (what, self._logdir))
                listener.settimeout(1)
                try:
                    return listener.accept()[0]
                except socket.timeout:
                    if time.monotonic() - self.started > 60:
                        raise HostError("the host did not open its %s"
                                        % what) from None
        finally:
            listener.close()

    def start(self):
        """Starts the host, and on it the guest."""
        self._socks = self._open()
        self.agent = Agent(self._socks["control"])
        sinks = self._sinks(self._client(self._socks["monitor"]))
        for name, sock in self._socks.items():
            self._threads.append(pump(sock, *sinks[name]))

    def _open(self):
        """Launches the host; returns {stream name: its end of the line}."""
        raise NotImplementedError

    def _sinks(self, client):
        """Who takes what comes on which line."""
        return {"console": (self.console,), "host": (self.host,),
                "control": (self._control, self.agent),
                "monitor": (self.monitor, client)}

    def _client(self, sock):
        """The sink and driver of the host's monitor."""
        raise NotImplementedError

    def _connect(self, names):
        """Launches a host that opens these lines to us."""
        listeners = {name: self._listen(name) for name in names}
        self._launch(listeners)
        return {name: self._accept(listener, name)
                for name, listener in listeners.items()}

    def _launch(self, listeners):
        raise NotImplementedError

    def _spawn(self, command, **kwargs):
        with open(self._logdir / "command.txt", "a", encoding="utf-8") as log:
            log.write("\n".join(command) + "\n")
        # A killed runner must not leave a software CPU spinning.
        command = ["setpriv", "--pdeathsig", "KILL"] + command
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, **kwargs)
        except OSError as err:
            raise HostError("cannot start %s: %s"
                            % (command[0], err.strerror)) from err

    def wait_end(self, seconds):
        """True when the host program ended by itself in time."""
        try:
            self.exit_code = self._process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def restart(self, options):
        """Starts the host program again, with the same disks."""
        raise StepFailed("this host can't be started again")

    def stop(self):
        """Ends everything that start() began."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join(10)
        shutil.rmtree(self._work, ignore_errors=True)

    # Commands of the scenario language's `host` steps.
    def command(self, text, seconds):
        """Runs one host command and returns its output as text."""
        verb, _, rest = text.partition(" ")
        if verb not in self._verbs:
            raise StepFailed("this host has no command '%s' (it has: %s)"
                             % (verb, " ".join(sorted(self._verbs))))
        return self._verbs[verb](rest.strip(), seconds)
