# SPDX-License-Identifier: GPL-2.0-only
"""Debian's own QEMU with vmbus-bridge and hv-balloon as a host."""

import os
import re
import signal
import socket

from . import firstlevel, image
from .errors import HostError, StepFailed
from .host_base import Host
from .qmp import Qmp

MIB = 1 << 20
HV_FEATURES = ("kvm=off", "hv-relaxed", "hv-vapic", "hv-time", "hv-vpindex",
               "hv-runtime", "hv-synic", "hv-stimer", "hv-frequencies")


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


class QemuHost(Host):
    """Stock QEMU with vmbus-bridge. Subclasses say where its KVM is."""

    name = "qemu"
    features = frozenset(("hv-balloon", "vmbus-bridge"))

    def __init__(self, logdir, machine, on_console_line):
        super().__init__(logdir, machine, on_console_line)
        self._qmp = None
        self._verbs = {
            "balloon": self._balloon, "balloon-info": self._balloon_info,
            "status": self._status, "memory": self._memory_summary,
            "hmp": self._hmp, "quit": self._quit,
            "balloon-ready": self._balloon_ready,
        }

    def _guest_args(self):
        return ["-machine", "q35",
                "-global", "ICH9-LPC.disable_s3=1",
                "-global", "ICH9-LPC.disable_s4=1",
                "-smp", str(self.machine.cpus)] + device_args(self.machine) + [
                    "-display", "none", "-vga", "none", "-nodefaults",
                    "-no-reboot", "-trace", "vmbus_*", "-trace",
                    "hv_balloon_*", "-append", self.machine.cmdline]

    def _client(self, sock):
        self._qmp = Qmp(sock)
        return self._qmp

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


class NestedQemu(firstlevel.Nested, QemuHost):
    """QEMU on KVM inside a first level that a software CPU runs."""

    def _open(self):
        return self._connect(firstlevel.PORTS)

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
        files = {"l2/kernel": self.machine.kernel / "bzImage",
                 "l2/initrd": self.machine.initramfs}
        level = firstlevel.FirstLevel("qemu", self._work,
                                      self.machine.memory + 1536)
        self._run_first_level(level.command(files, self._inner_command(), []))

    def _jump_clock(self):
        # The first level's init reads its console for this word.
        self._socks["host"].sendall(b"clockjump\n")


class NativeQemu(QemuHost):
    """QEMU on this machine's own KVM."""

    level = "hardware KVM"
    features = QemuHost.features | {"hardware"}

    def _open(self):
        theirs, ours = socket.socketpair()
        self._output = theirs
        socks = self._connect(("console", "control", "monitor"))
        theirs.close()
        socks["host"] = ours
        return socks

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
        self._spawn(command + self._guest_args(), stdout=self._output,
                    stderr=self._output,
                    env=dict(os.environ,
                             LD_PRELOAD=str(image.compiled("preload"))))

    def _jump_clock(self):
        self._process.send_signal(signal.SIGUSR2)
