# SPDX-License-Identifier: GPL-2.0-only
"""The first level: a small Linux under a software CPU, which has KVM.

Its image holds a Debian kernel's KVM modules and, for HOST=qemu, QEMU; what a
run adds (host program, guest, command line) is appended to it. It gets the
guest's big disks as disks of its own, so that no image is copied into it.
"""

import hashlib
import os
import shutil
import subprocess
import threading
import time

from . import image
from .cpio import CpioWriter
from .errors import HostError
from .locks import build_lock
from .paths import HERE, HOST, ROOT

LEVEL = "nested under a software CPU"
# What its init says every few seconds, and how long it may be silent.
BEAT = b"\1"
SILENT_SECONDS = 120
# The first level's serial ports, in order.
PORTS = ("host", "console", "control", "monitor")
CMDLINE = ("console=ttyS0 nokaslr mitigations=off panic=-1 loglevel=5 "
           "no_timer_check tsc=reliable")
FIRMWARE = ("bios-256k.bin", "kvmvapic.bin", "linuxboot_dma.bin",
            "linuxboot.bin", "multiboot_dma.bin", "pvh.bin")
APPLETS = ("sh", "mount", "insmod", "cat", "echo", "stty", "poweroff",
           "sleep", "ln", "kill", "mkfifo", "truncate", "tunctl", "ip", "nc",
           "printf")
MODULES = {"qemu": ("kvm_amd",), "hvhost": ("kvm_amd", "virtio_blk", "tun")}


def _firmware(name):
    for folder in ("usr/share/qemu", "usr/share/seabios"):
        path = ROOT / folder / name
        if path.exists():
            return path
    raise HostError("firmware %s is not in the unpacked packages: "
                    "remove build/hosts and run again" % name)


def _stamp():
    digest = hashlib.sha256()
    for path in (HOST / "packages.stamp", HERE / "host/l1/init",
                 HERE / "host/preload.c", HERE / "scenariolib/firstlevel.py",
                 HERE / "scenariolib/image.py",
                 HERE / "scenariolib/cpio.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _write(stream, version, kind):
    cpio = CpioWriter(stream)
    for folder in ("dev", "proc", "sys", "tmp", "l2"):
        cpio.directory(folder)
    image.add_busybox(cpio, APPLETS)
    if kind == "qemu":
        image.add_loader(cpio)
        image.add_program(cpio, image.QEMU, image.QEMU)
        for name in FIRMWARE:
            cpio.copy("usr/share/qemu/" + name, _firmware(name))
        cpio.copy("usr/lib/preload.so", image.compiled("preload"), 0o755)
    modules = image.module_closure(ROOT / "lib/modules" / version,
                                   MODULES[kind])
    for number, (name, data) in enumerate(modules):
        cpio.file("lib/m/%02d-%s.ko" % (number, name), data)
    cpio.copy("init", HERE / "host/l1/init", 0o755)
    cpio.finish()


def build(kind):
    """Builds the first level's image for a kind of host program.

    Returns (kernel, initramfs); does nothing when they are up to date.
    """
    with build_lock("first-level"):
        return _build(kind)


def _build(kind):
    out = HOST / ("l1-" + kind)
    stamp = _stamp()
    marker = out / "stamp"
    if marker.exists() and marker.read_text() == stamp:
        return out / "vmlinuz", out / "initrd.cpio"
    out.mkdir(parents=True, exist_ok=True)
    kernels = sorted((ROOT / "boot").glob("vmlinuz-*"))
    if not kernels:
        raise HostError("no kernel in the unpacked packages: "
                        "remove build/hosts and run again")
    shutil.copyfile(kernels[-1], out / "vmlinuz")
    fresh = out / ("initrd.%d" % os.getpid())
    with open(fresh, "wb") as stream:
        _write(stream, kernels[-1].name.removeprefix("vmlinuz-"), kind)
    os.replace(fresh, out / "initrd.cpio")
    marker.write_text(stamp)
    return out / "vmlinuz", out / "initrd.cpio"


def tsc_khz():
    """The rate of this machine's TSC."""
    done = subprocess.run([str(image.compiled("probe")), "--tsc-khz"],
                          check=True, capture_output=True, text=True)
    return int(done.stdout)


class Pulse:
    """Ends a first level that does nothing any more.

    QEMU's software CPU comes to a standstill once in a few hundred runs: its
    thread is busy, and executes no instruction. That is no fault of the guest.
    """

    def __init__(self):
        self.stopped = False
        self._last = 0.0
        self._next = None

    def before(self, sink):
        """The sink that takes the beats out of what goes to another one."""
        self._next = sink
        return self

    def feed(self, data):
        """Takes what was read."""
        if BEAT in data:
            self._last = time.monotonic()
        self._next.feed(data.replace(BEAT, b""))

    def close(self):
        """Nothing more will come."""
        self._next.close()

    def watch(self, process):
        """Starts the thread that waits for a beat that does not come."""
        threading.Thread(target=self._watch, args=(process,),
                         daemon=True).start()

    def _watch(self, process):
        while process.poll() is None:
            if self._last and time.monotonic() - self._last > SILENT_SECONDS:
                self.stopped = True
                process.kill()
                return
            time.sleep(1)


class Nested:
    """What hosts in a first level have in common."""

    level = LEVEL

    def __init__(self, logdir, machine, on_console_line):
        self._pulse = Pulse()
        super().__init__(logdir, machine, on_console_line)

    def _sinks(self, client):
        sinks = super()._sinks(client)
        sinks["host"] = (self._pulse.before(self.host),)
        return sinks

    def _run_first_level(self, command):
        with open(self._logdir / "outer.log", "wb") as log:
            self._spawn(command, stdout=log, stderr=log)
        self._pulse.watch(self._process)

    def void(self):
        return "the first level's processor stood still" \
            if self._pulse.stopped else super().void()


class FirstLevel:
    """One run's first level."""

    def __init__(self, kind, work, memory):
        self._kind = kind
        self._work = work
        self._memory = memory

    def _extra(self, target, base, files, command):
        """The first level's initramfs with a guest and its command line."""
        with open(target, "wb") as stream:
            with open(base, "rb") as source:
                shutil.copyfileobj(source, stream, 1 << 20)
            stream.write(b"\0" * (-stream.tell() % 512))
            cpio = CpioWriter(stream)
            for name, source in files.items():
                if isinstance(source, bytes):
                    cpio.file(name, source)
                else:
                    cpio.copy(name, source)
            cpio.file("l2/args",
                      "".join(arg + "\n" for arg in command).encode())
            cpio.finish()

    def command(self, files, inner, images):
        """The command line that runs `inner` in a first level.

        files: {name: path or bytes} for its file system; images: read-only
        files that it gets as /dev/vda, /dev/vdb and so on, and may write
        to: what it writes is gone in the end.
        """
        kernel, base = build(self._kind)
        initrd = os.path.join(self._work, "l1.cpio")
        self._extra(initrd, base, files, inner)
        command = image.packaged_command(image.QEMU)
        for folder in image.firmware_dirs():
            command += ["-L", folder]
        command += ["-accel", "tcg,thread=multi", "-machine", "q35",
                    "-cpu", "max", "-smp", "1", "-m", str(self._memory),
                    "-display", "none", "-vga", "none", "-nodefaults",
                    "-no-reboot", "-kernel", str(kernel), "-initrd", initrd,
                    "-append", "%s tsc_early_khz=%d" % (CMDLINE, tsc_khz())]
        for path in images:
            command += ["-drive", "file=%s,format=raw,if=virtio,snapshot=on,"
                        "discard=unmap" % path]
        for name in PORTS:
            command += ["-chardev", "socket,id=%s,path=%s"
                        % (name, os.path.join(self._work, name)),
                        "-serial", "chardev:" + name]
        return command
