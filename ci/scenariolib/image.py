# SPDX-License-Identifier: GPL-2.0-only
"""Builds what boots in a guest, and runs what the packages hold.

Everything comes from build/hosts/root, where ci/host/packages unpacked Debian
packages, and from the kernel under test.
"""

import lzma
import os
import re
import subprocess

from .cpio import CpioWriter
from .errors import HostError
from .paths import BUILD, HERE, HOST, ROOT

LOADER = "lib64/ld-linux-x86-64.so.2"
LIBDIRS = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu",
           "usr/lib/x86_64-linux-gnu/pulseaudio", "lib", "usr/lib")
QEMU = "usr/bin/qemu-system-x86_64"


def compiled(name):
    """Compiles ci/host/NAME.c when needed: for here, or for the guest."""
    source = HERE / "host" / (name + ".c")
    target = HOST / name
    flags = {"preload": ["-shared", "-fPIC"],
             "vsock-connect": ["-static"]}.get(name, [])
    if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
        return target
    HOST.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name("%s.%d" % (name, os.getpid()))
    try:
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", *flags,
                        "-o", str(fresh), str(source)], check=True)
    except (OSError, subprocess.CalledProcessError):
        raise HostError("cannot compile ci/host/%s.c: install gcc and "
                        "libc6-dev" % name) from None
    os.replace(fresh, target)
    return target


def fcopy_daemon():
    """Builds the base tree's file copy daemon, which Debian doesn't package."""
    source = BUILD / "base/tools/hv"
    target = HOST / "hv_fcopy_uio_daemon"
    files = [source / "hv_fcopy_uio_daemon.c", source / "vmbus_bufring.c"]
    if target.exists():
        return target
    HOST.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name("%s.%d" % (target.name, os.getpid()))
    done = subprocess.run(["gcc", "-O2", "-w", "-static", "-D_GNU_SOURCE",
                           "-o", str(fresh)] + [str(f) for f in files],
                          capture_output=True, text=True)
    if done.returncode:
        raise HostError("cannot build %s of the base tree: run ci/base, and "
                        "install gcc and libc6-dev" % files[0].name)
    os.replace(fresh, target)
    return target


def library_path():
    """The library folders of the unpacked packages."""
    return ":".join(str(ROOT / folder) for folder in LIBDIRS)


def packaged_command(program):
    """The command line that runs an unpacked program on this machine."""
    return [str(ROOT / LOADER), "--library-path", library_path(),
            str(ROOT / program)]


def firmware_dirs():
    """Where an unpacked QEMU finds its firmware."""
    return [str(ROOT / "usr/share/qemu"), str(ROOT / "usr/share/seabios")]


def _libraries(program):
    """Every shared library that an unpacked program loads."""
    text = subprocess.run(
        [str(ROOT / LOADER), "--library-path", library_path(), "--list",
         str(ROOT / program)],
        check=True, capture_output=True, text=True).stdout
    return sorted(set(re.findall(r"=> (/\S+)", text)))


def add_program(cpio, name, program):
    cpio.copy(name, ROOT / program, 0o755)
    for path in _libraries(program):
        cpio.copy("usr/lib/" + os.path.basename(path), path)


def add_loader(cpio):
    cpio.copy(LOADER, ROOT / LOADER, 0o755)


def add_busybox(cpio, applets):
    cpio.copy("bin/busybox", ROOT / "bin/busybox", 0o755)
    for applet in applets:
        cpio.symlink("bin/" + applet, "busybox")


def _module_bytes(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.name.endswith(".xz") else data


def _module_depends(data):
    match = re.search(rb"\0depends=([^\0]*)\0", data)
    names = match.group(1).decode() if match else ""
    return [name for name in names.split(",") if name]


def module_closure(folder, names):
    """(name, bytes) of the modules and of what they need, in load order."""
    files = {re.sub(r"\.ko(\.xz)?$", "", path.name).replace("-", "_"): path
             for path in folder.rglob("*.ko*")}
    done = {}

    def visit(name):
        name = name.replace("-", "_")
        if name in done:
            return
        if name not in files:
            raise HostError("no module %s under %s" % (name, folder))
        data = _module_bytes(files[name])
        for need in _module_depends(data):
            visit(need)
        done[name] = data

    for name in names:
        visit(name)
    return list(done.items())


def _add_programs(cpio, wide):
    """Busybox, and what else a 64-bit guest runs without a root disk."""
    if not wide:
        cpio.copy("bin/busybox", ROOT / "i386/bin/busybox", 0o755)
        return
    cpio.copy("bin/busybox", ROOT / "bin/busybox", 0o755)
    add_loader(cpio)
    add_program(cpio, "bin/kexec", "sbin/kexec")


def guest_initramfs(target, kernel, modules, kexec=False, wide=True):
    """Writes the initramfs of a guest that runs the given kernel.

    kernel: folder that ci/kernel filled; modules: loaded by init, in order;
    kexec: put the kernel and a smaller initramfs in, for kexec to load;
    wide: it is a 64-bit kernel.
    """
    if kexec:
        inner = target.with_name("initrd-kexec.cpio")
        guest_initramfs(inner, kernel, modules)
    release = (kernel / "release").read_text().strip()
    tree = kernel / "modroot/lib/modules" / release
    with open(target, "wb") as stream:
        cpio = CpioWriter(stream)
        for folder in ("dev", "proc", "sys", "tmp", "run", "root"):
            cpio.directory(folder)
        _add_programs(cpio, wide)
        cpio.symlink("bin/sh", "busybox")
        for path in sorted(tree.rglob("*")):
            if path.is_file() and not path.is_symlink():
                cpio.copy("lib/modules/%s/%s"
                          % (release, path.relative_to(tree)), path)
        if kexec:
            cpio.copy("boot/bzImage", kernel / "bzImage")
            cpio.copy("boot/initrd", inner)
        for path in sorted((HERE / "host/guest").iterdir()):
            name = "init" if path.name == "init" else "bin/" + path.name
            cpio.copy(name, path, 0o755)
        if "uio_hv_generic" in modules:
            cpio.copy("bin/hv_fcopy_uio_daemon", fcopy_daemon(), 0o755)
        if "hv_sock" in modules:
            cpio.copy("bin/vsock-connect", compiled("vsock-connect"), 0o755)
        cpio.file("etc/modules", "".join(m + "\n" for m in modules).encode())
        cpio.finish()
