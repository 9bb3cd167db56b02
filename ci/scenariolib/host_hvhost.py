# SPDX-License-Identifier: GPL-2.0-only
"""hvhost, the VMBus host of ci/hvhost, as a host of scenarios."""

import os
import queue
import re
import subprocess
import threading
import time

from . import firstlevel, rootdisk
from .errors import HostError, StepFailed
from .host_base import Host
from .locks import build_lock
from .paths import BUILD, HERE, LOGS
from .streams import pump

# How the end of the host program is told by ci/host/l1/init.
ENDED = re.compile(r"^L1: host program ended with (\d+)")
NAME = re.compile(r"\$([a-z_][a-z0-9_]*)")
TAP = re.compile(r"\btap=(\w+)")


def build():
    """Builds ci/hvhost when needed; returns the program's path."""
    out = BUILD / "hvhost"
    log = LOGS / "hvhost.log"
    LOGS.mkdir(parents=True, exist_ok=True)
    with build_lock("hvhost"), open(log, "wb") as stream:
        for command in ([str(HERE / "packages"), "hvhost"],
                        ["make", "-s", "-C", str(HERE / "hvhost"),
                         "-j%d" % (os.cpu_count() or 1), "O=%s" % out]):
            done = subprocess.run(command, stdout=stream, stderr=stream,
                                  stdin=subprocess.DEVNULL)
            if done.returncode:
                raise HostError("building ci/hvhost failed, see %s" % log)
    return out / "hvhost"


class Control:
    """A client of hvhost's control endpoint. Also a sink for its stream."""

    def __init__(self, sock):
        self._sock = sock
        self._partial = b""
        self._lines = queue.Queue()

    def feed(self, data):
        """Takes what the host sent; called by the reading thread."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        for raw in lines:
            line = raw.decode("utf-8", "replace").rstrip("\r")
            if not line.startswith("!"):
                self._lines.put(line)

    def close(self):
        """The endpoint is gone."""
        self._lines.put(None)

    def reopen(self):
        """Another host is there now; drops what the last one said."""
        while not self._lines.empty():
            self._lines.get()

    def _forget(self):
        """Drops what an earlier command did not wait for."""
        while not self._lines.empty():
            if self._lines.get() is None:
                self._lines.put(None)
                return

    def command(self, text, seconds):
        """Runs one command and returns its answer."""
        self._forget()
        try:
            self._sock.sendall(text.encode() + b"\n")
        except OSError:
            raise StepFailed("the host is gone") from None
        deadline = time.monotonic() + seconds
        answer = []
        while True:
            try:
                line = self._lines.get(
                    timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise StepFailed("no answer from the host to '%s' within "
                                 "%d s" % (text, seconds)) from None
            if line is None:
                raise StepFailed("the host ended before it answered '%s'"
                                 % text)
            if line.startswith("| "):
                answer.append(line[2:])
            elif line == "ok":
                return "\n".join(answer)
            elif line.startswith("error: "):
                raise StepFailed("%s: %s" % (text, line[7:]))


class HvHost(Host):
    """ci/hvhost. Subclasses say where its KVM is."""

    name = "hvhost"
    features = frozenset(("hv-balloon", "vmbus-5.3", "scsi"))

    def __init__(self, logdir, machine, on_console_line):
        super().__init__(logdir, machine, on_console_line)
        self._ctl = None
        self._program = build()
        self._verbs = {
            "balloon": self._balloon, "balloon-ready": self._balloon_ready,
            "balloon-info": lambda _, s: self._ask("balloon0 info", s),
            "status": lambda _, s: self._ask("balloon0 status", s),
            "memory": lambda _, s: self._ask("balloon0 memory", s),
        }

    def _client(self, sock):
        self._ctl = Control(sock)
        return self._ctl

    def _host_ended(self):
        """Whoever waits for the guest or the host must know."""
        for client in (self.agent, self._ctl):
            if client:
                client.close()

    def restart(self, options):
        """Starts hvhost again; terminals and disks are as they were."""
        self.exit_code = None
        self.agent.reopen()
        self._ctl.reopen()
        self._run_again(options)

    def _run_again(self, options):
        raise NotImplementedError

    def _ask(self, text, seconds):
        return self._ctl.command(text, seconds)

    def command(self, text, seconds):
        """Runs one host command; what is not ours is hvhost's own."""
        if text.partition(" ")[0] in self._verbs:
            return super().command(text, seconds)
        return self._ask(text, seconds)

    def _balloon(self, mib, seconds):
        return self._ask("balloon0 target %s" % mib, seconds)

    def _balloon_ready(self, _, seconds):
        if not self.monitor.expect(re.compile(r"! balloon0 ready"), seconds):
            raise StepFailed("the guest did not initialise its balloon")
        return "the host takes balloon requests"

    def _device(self, text):
        """'scsi lun0=$root' to 'scsi,lun0=/dev/vda'."""
        def path(match):
            try:
                return self.disk_paths[match.group(1)]
            except KeyError:
                raise HostError("device '%s': no disk is called '%s'"
                                % (text, match.group(1))) from None
        return ",".join(NAME.sub(path, text).split())

    def _options(self):
        """Options that do not depend on where hvhost runs."""
        machine = self.machine
        options = ["--append", machine.cmdline,
                   "--cpus", str(machine.cpus),
                   "--memory", "%dM" % machine.memory,
                   "--on-reset", "exit"]
        for text in machine.devices:
            options += ["--device", self._device(text)]
        return options + machine.options.split()


class NestedHvHost(firstlevel.Nested, HvHost):
    """hvhost on KVM inside a first level that a software CPU runs."""

    features = HvHost.features | {"tap"}
    trace = True        # of every message and packet, into the host's stream

    def __init__(self, logdir, machine, on_console_line):
        super().__init__(logdir, machine, on_console_line)
        self._ended = threading.Event()
        self._images, self._files, self._memory = [], [], 0
        for disk in machine.disks:
            self._place(disk)

    def _place(self, disk):
        """A prepared image becomes a disk of the first level, an empty
        disk a sparse file in its memory."""
        if disk.mib:
            self.disk_paths[disk.name] = "/tmp/" + disk.name
            self._files.append("%s %dM\n" % (disk.name, disk.mib))
            self._memory += disk.mib
        else:
            self.disk_paths[disk.name] = "/dev/vd%c" % (
                ord("a") + len(self._images))
            self._images.append(rootdisk.image_path(disk.image))

    def _host_line(self, line):
        match = ENDED.match(line)
        if match:
            self.exit_code = int(match.group(1))
            self._host_ended()
            self._ended.set()

    def _open(self):
        return self._connect(firstlevel.PORTS)

    def _launch(self, listeners):
        inner = ["/hvhost", "--kernel", "/l2/kernel", "--initrd", "/l2/initrd",
                 "--no-xsave", "--console", "/dev/ttyS1",
                 "--agent", "/dev/ttyS2",
                 "--control", "/dev/ttyS3"] + self._options()
        if self.trace:
            inner += ["--trace", "/tmp/log"]
        files = {"l2/kernel": self.machine.kernel / "bzImage",
                 "l2/initrd": self.machine.initramfs,
                 "hvhost": self._program, "l2/restartable": b"",
                 "l2/disks": "".join(self._files).encode(),
                 "l2/taps": self._taps().encode()}
        initrd = os.path.getsize(self.machine.initramfs) >> 20
        level = firstlevel.FirstLevel(
            "hvhost", self._work,
            self.machine.memory + self._memory + 320 + 3 * initrd)
        self._run_first_level(level.command(files, inner, self._images))

    def _taps(self):
        """Name and address of each tap that a NIC is connected to."""
        names = TAP.findall(" ".join(self.machine.devices))
        return "".join("%s 10.9.%d.1/24\n" % (name, number)
                       for number, name in enumerate(names))

    def wait_end(self, seconds):
        """True when hvhost ended by itself in time."""
        deadline = time.monotonic() + seconds
        while not self._ended.wait(0.2):
            if self._process.poll() is not None:
                return self._ended.wait(2)
            if time.monotonic() > deadline:
                return False
        return True

    def _run_again(self, options):
        # The first level, and so the disks, stayed as they were.
        self._ended.clear()
        self._socks["host"].sendall(b"again %s\n" % options.encode())


class Pty:
    """Our end of a pseudo terminal, used like a socket."""

    def __init__(self):
        self._master, self._slave = os.openpty()
        # We hold the other end, too: a restarted host finds it again.
        os.set_inheritable(self._slave, False)
        subprocess.run(["stty", "raw", "-echo"], stdin=self._slave,
                       check=True)
        self.path = os.ttyname(self._slave)

    def recv(self, size):
        """As of a socket; empty at the end."""
        return os.read(self._master, size)

    def sendall(self, data):
        """As of a socket."""
        while data:
            data = data[os.write(self._master, data):]

    def shut(self):
        """Ends the reader as soon as the host is gone."""
        os.close(self._slave)


class Pipe:
    """The reading end of a pipe, used like a socket."""

    def __init__(self, descriptor):
        self._fd = descriptor

    def recv(self, size):
        """As of a socket; empty at the end."""
        return os.read(self._fd, size)


class NativeHvHost(HvHost):
    """hvhost on this machine's own KVM."""

    level = "hardware KVM"
    features = HvHost.features | {"hardware"}

    def __init__(self, logdir, machine, on_console_line):
        super().__init__(logdir, machine, on_console_line)
        self._ptys = {}
        for disk in machine.disks:
            path = os.path.join(self._work, disk.name + ".img")
            self.disk_paths[disk.name] = path
            if disk.mib:
                with open(path, "wb") as stream:
                    stream.truncate(disk.mib << 20)
            else:
                subprocess.run(["cp", "--reflink=auto", "--sparse=always",
                                str(rootdisk.image_path(disk.image)), path],
                               check=True)

    def _open(self):
        self._ptys = {name: Pty() for name in ("console", "control",
                                               "monitor")}
        return dict(self._ptys, host=self._run())

    def _run(self, options=""):
        readable, writable = os.pipe()
        command = [str(self._program),
                   "--kernel", str(self.machine.kernel / "bzImage"),
                   "--initrd", str(self.machine.initramfs),
                   "--console", self._ptys["console"].path,
                   "--agent", self._ptys["control"].path,
                   "--control", self._ptys["monitor"].path,
                   "--trace", "/dev/stderr"] + self._options() + options.split()
        try:
            self._spawn(command, stdout=writable, stderr=writable)
        finally:
            os.close(writable)
        return Pipe(readable)

    def _sinks(self, client):
        return dict(super()._sinks(client), host=(self,))

    # As the sink of what hvhost says: the stream outlives one run of it.
    def feed(self, data):
        """Takes hvhost's log."""
        self.host.feed(data)

    def close(self):
        """hvhost has closed its log: it has ended."""
        self._host_ended()

    def _run_again(self, options):
        self._threads.append(pump(self._run(options), self))

    def stop(self):
        """Ends everything that start() began."""
        for pty in self._ptys.values():
            pty.shut()
        super().stop()
        self.host.close()


def nested_or_native(usable):
    """The class for a machine whose KVM is usable, or not."""
    if usable:
        return NativeHvHost
    firstlevel.build("hvhost")
    return NestedHvHost

