# SPDX-License-Identifier: GPL-2.0-only
"""The hosts that a scenario can run on.

A host offers: start(), stop(), wait_end(), the streams console, monitor and
host, the agent, command(), and a set of features. A scenario sees nothing
else, so that it does not know which host runs it, or on what.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from . import image
from .agent import Agent
from .errors import HostError, StepFailed
from .paths import HERE, ROOT
from .qmp import Qmp
from .streams import Stream, pump

MIB = 1 << 20
L1_CMDLINE = ("console=ttyS0 nokaslr mitigations=off panic=-1 loglevel=5 "
              "no_timer_check tsc=reliable")
HV_FEATURES = ("kvm=off", "hv-relaxed", "hv-vapic", "hv-time", "hv-vpindex",
               "hv-runtime", "hv-synic", "hv-stimer", "hv-frequencies")


class Machine:
    """What a guest is given: kernel folder, initramfs, sizes, devices."""

    def __init__(self, scenario, kernel, initramfs, cmdline):
        self.kernel = kernel
        self.initramfs = initramfs
        self.cmdline = cmdline
        self.cpus = scenario.cpus
        self.memory = scenario.memory
        self.devices = scenario.devices


def parse_device(text):
    """'balloon hotadd=512' to ('balloon', {'hotadd': '512'})."""
    kind, *options = text.split()
    pairs = {}
    for option in options:
        key, sep, value = option.partition("=")
        if not sep:
            raise HostError("device option '%s' is not KEY=VALUE" % option)
        pairs[key] = value
    return kind, pairs


def balloon_args(options, memory):
    """QEMU arguments of a dynamic memory device."""
    device = "hv-balloon,id=hvb,status-report=on"
    args = ["-m", "%dM" % memory]
    hotadd = int(options.pop("hotadd", 0))
    if options:
        raise HostError("device balloon has no option '%s'" % min(options))
    if hotadd:
        # The device aligns its memory to 32 GiB: room for that is needed.
        args = ["-m", "%dM,maxmem=68G" % memory,
                "-object", "memory-backend-ram,id=hvbmem,size=%dM" % hotadd]
        device += ",memdev=hvbmem"
    return args, ["-device", device]


def device_args(machine):
    """QEMU arguments of memory and of every device of the scenario."""
    memory, args = ["-m", "%dM" % machine.memory], []
    for text in machine.devices:
        kind, options = parse_device(text)
        if kind != "balloon":
            raise HostError("stock QEMU has no VMBus device '%s'" % kind)
        memory, args = balloon_args(options, machine.memory)
    return memory + ["-device", "vmbus-bridge"] + args


class QemuHost:
    """Stock QEMU with vmbus-bridge. Subclasses say where its KVM is."""

    name = "qemu"
    features = frozenset(("hv-balloon", "vmbus-bridge"))

    def __init__(self, logdir, machine, on_console_line):
        self.machine = machine
        self.started = time.monotonic()
        self._logdir = logdir
        self._work = tempfile.mkdtemp(prefix="hvci.")
        self._process = None
        self._threads = []
        self._verbs = {
            "balloon": self._balloon, "balloon-info": self._balloon_info,
            "status": self._status, "memory": self._memory_summary,
            "hmp": self._hmp, "quit": self._quit,
            "balloon-ready": self._balloon_ready,
        }
        self.console = self._stream("console", on_console_line)
        self.monitor = self._stream("monitor")
        self.host = self._stream("host")
        self._control = self._stream("control")
        self.agent = self._qmp = None
        self._socks = {}

    def _stream(self, name, listener=None):
        return Stream(name, self._logdir / (name + ".log"), self.started,
                      listener)

    # QEMU connects to us, so that not one byte is lost before we listen.
    def _listen(self, name):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(os.path.join(self._work, name))
        sock.listen(1)
        sock.settimeout(30)
        return sock

    def _accept(self, listener, what):
        try:
            while True:
                if self._process.poll() is not None:
                    raise HostError("the host ended before it opened its %s: "
                                    "see host.log in %s"
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

    def _guest_args(self):
        return ["-machine", "q35",
                "-global", "ICH9-LPC.disable_s3=1",
                "-global", "ICH9-LPC.disable_s4=1",
                "-smp", str(self.machine.cpus)] + device_args(self.machine) + [
                    "-display", "none", "-vga", "none", "-nodefaults",
                    "-no-reboot", "-trace", "vmbus_*", "-trace",
                    "hv_balloon_*", "-append", self.machine.cmdline]

    def start(self):
        """Starts the host, and on it the guest."""
        names = ("console", "control", "monitor")
        listeners = {name: self._listen(name) for name in self._ports(names)}
        self._launch(listeners)
        socks = {name: self._accept(listener, name)
                 for name, listener in listeners.items()}
        self._socks = socks
        self.agent = Agent(socks["control"])
        self._qmp = Qmp(socks["monitor"])
        sinks = {"console": (self.console,), "host": (self.host,),
                 "control": (self._control, self.agent),
                 "monitor": (self.monitor, self._qmp)}
        for name, sock in socks.items():
            self._threads.append(pump(sock, *sinks[name]))

    def _ports(self, names):
        return names

    def _launch(self, listeners):
        raise NotImplementedError

    def _spawn(self, command, **kwargs):
        with open(self._logdir / "command.txt", "w", encoding="utf-8") as log:
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
            self._process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

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

    def _balloon(self, mib, seconds):
        if not mib.isdigit():
            raise StepFailed("balloon wants a size in MiB, not '%s'" % mib)
        self._qmp.execute("balloon", {"value": int(mib) * MIB}, seconds)
        return "target %s MiB" % mib

    def _balloon_ready(self, _, seconds):
        """Ends QEMU's fixed wait after initialisation, see preload.c."""
        wait = re.compile(r"hv_balloon_state_change -> S_POST_INIT_WAIT")
        idle = re.compile(r"hv_balloon_state_change -> S_IDLE")
        if not self.host.expect(wait, seconds):
            raise StepFailed("the guest did not initialise its balloon")
        self._jump_clock()
        if not self.host.expect(idle, seconds):
            raise StepFailed("the host's balloon is still waiting")
        return "the host takes balloon requests"

    def _jump_clock(self):
        raise NotImplementedError

    def _balloon_info(self, _, seconds):
        actual = self._qmp.execute("query-balloon", None, seconds)["actual"]
        return "actual %d KiB" % (actual // 1024)

    def _status(self, _, seconds):
        got = self._qmp.execute("query-hv-balloon-status-report", None,
                                seconds)
        return "committed %d KiB available %d KiB" % (
            got["committed"] // 1024, got["available"] // 1024)

    def _memory_summary(self, _, seconds):
        got = self._qmp.execute("query-memory-size-summary", None, seconds)
        return "base %d KiB plugged %d KiB" % (
            got["base-memory"] // 1024, got.get("plugged-memory", 0) // 1024)

    def _hmp(self, text, seconds):
        return self._qmp.execute("human-monitor-command",
                                 {"command-line": text}, seconds).strip()

    def _quit(self, _, seconds):
        self._qmp.execute("quit", None, seconds)
        return "quit"


class NestedQemu(QemuHost):
    """QEMU on KVM inside a first level that a software CPU runs."""

    level = "nested under a software CPU"

    def _ports(self, names):
        # The order is that of the first level's serial ports.
        return ("host",) + names

    def _inner_command(self):
        return ["qemu-system-x86_64", "-L", "/usr/share/qemu",
                "-accel", "kvm", "-cpu", ",".join(("host,-xsave",)
                                                  + HV_FEATURES),
                "-kernel", "/l2/kernel", "-initrd", "/l2/initrd",
                "-chardev", "serial,id=console,path=/dev/ttyS1",
                "-chardev", "serial,id=control,path=/dev/ttyS2",
                "-chardev", "serial,id=monitor,path=/dev/ttyS3",
                "-serial", "chardev:console", "-serial", "chardev:control",
                "-mon", "chardev=monitor,mode=control"] + self._guest_args()

    def _launch(self, listeners):
        kernel, base = image.first_level()
        initrd = os.path.join(self._work, "l1.cpio")
        image.first_level_extra(initrd, base, self.machine.kernel / "bzImage",
                                self.machine.initramfs, self._inner_command())
        command = image.packaged_command(image.QEMU)
        for folder in image.firmware_dirs():
            command += ["-L", folder]
        command += ["-accel", "tcg,thread=multi", "-machine", "q35",
                    "-cpu", "max", "-smp", "1", "-m",
                    str(self.machine.memory + 1536), "-display", "none",
                    "-vga", "none", "-nodefaults", "-no-reboot",
                    "-kernel", str(kernel), "-initrd", initrd,
                    "-append", "%s tsc_early_khz=%d" % (L1_CMDLINE,
                                                        tsc_khz())]
        for name in listeners:
            command += ["-chardev", "socket,id=%s,path=%s"
                        % (name, os.path.join(self._work, name)),
                        "-serial", "chardev:" + name]
        with open(self._logdir / "outer.log", "wb") as log:
            self._spawn(command, stdout=log, stderr=log)

    def _jump_clock(self):
        # The first level's init reads its console for this word.
        self._socks["host"].sendall(b"clockjump\n")


class NativeQemu(QemuHost):
    """QEMU on this machine's own KVM."""

    level = "hardware KVM"
    features = QemuHost.features | {"hardware"}

    def _launch(self, listeners):
        command = image.packaged_command(image.QEMU)
        for folder in image.firmware_dirs():
            command += ["-L", folder]
        command += ["-accel", "kvm", "-cpu", ",".join(("host",) + HV_FEATURES),
                    "-kernel", str(self.machine.kernel / "bzImage"),
                    "-initrd", str(self.machine.initramfs)]
        for name in listeners:
            command += ["-chardev", "socket,id=%s,path=%s"
                        % (name, os.path.join(self._work, name))]
        command += ["-serial", "chardev:console", "-serial", "chardev:control",
                    "-mon", "chardev=monitor,mode=control"]
        theirs, ours = socket.socketpair()
        self._spawn(command + self._guest_args(), stdout=theirs, stderr=theirs,
                    env=dict(os.environ,
                             LD_PRELOAD=str(image.compiled("preload"))))
        theirs.close()
        self._threads.append(pump(ours, self.host))

    def _jump_clock(self):
        self._process.send_signal(signal.SIGUSR2)


def tsc_khz():
    """The rate of this machine's TSC."""
    done = subprocess.run([str(image.compiled("probe")), "--tsc-khz"],
                          check=True, capture_output=True, text=True)
    return int(done.stdout)


def kvm_is_usable():
    """Runs ci/host/probe.c; returns (usable, the reason in words)."""
    probe = image.compiled("probe")
    try:
        done = subprocess.run([str(probe)], capture_output=True, text=True,
                              timeout=30)
    except subprocess.TimeoutExpired:
        return False, "KVM_RUN does not return"
    if done.returncode < 0:
        return False, "KVM_RUN does not return"
    return done.returncode == 0, done.stdout.strip().removeprefix("no: ")


def prepare_packages():
    """Fetches and unpacks the packages that hosts and guests need."""
    done = subprocess.run([str(HERE / "host/packages")])
    if done.returncode != 0 or not ROOT.is_dir():
        raise HostError("the host packages are not there: see above")


def choose(name):
    """The class of the host that a run gets, prepared for use."""
    if name == "hvhost":
        raise HostError("HOST=hvhost is not available yet, use HOST=qemu")
    if name != "qemu":
        raise HostError("no host is called '%s': use HOST=qemu" % name)
    prepare_packages()
    if kvm_is_usable()[0]:
        return NativeQemu
    image.first_level()
    return NestedQemu
