# SPDX-License-Identifier: GPL-2.0-only
"""Builds what boots: the first level's image and a guest's initramfs.

Everything comes from build/hosts/root, where ci/host/packages unpacked Debian
packages, and from the kernel under test.
"""

import hashlib
import lzma
import os
import re
import shutil
import subprocess

from .cpio import CpioWriter
from .errors import HostError
from .paths import HERE, HOST, ROOT

LOADER = "lib64/ld-linux-x86-64.so.2"
LIBDIRS = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu",
           "usr/lib/x86_64-linux-gnu/pulseaudio", "lib", "usr/lib")
QEMU = "usr/bin/qemu-system-x86_64"
FIRMWARE = ("bios-256k.bin", "kvmvapic.bin", "linuxboot_dma.bin",
            "linuxboot.bin", "multiboot_dma.bin", "pvh.bin")
L1_APPLETS = ("sh", "mount", "insmod", "cat", "echo", "stty", "poweroff",
              "sleep", "ln", "kill", "mkfifo")


def compiled(name):
    """Compiles ci/host/NAME.c when needed: a probe or a shared object."""
    source = HERE / "host" / (name + ".c")
    target = HOST / name
    flags = ["-shared", "-fPIC"] if name == "preload" else []
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


def _add_program(cpio, name, program):
    cpio.copy(name, ROOT / program, 0o755)
    for path in _libraries(program):
        cpio.copy("usr/lib/" + os.path.basename(path), path)


def _add_loader(cpio):
    cpio.copy(LOADER, ROOT / LOADER, 0o755)


def _add_busybox(cpio, applets):
    cpio.copy("bin/busybox", ROOT / "bin/busybox", 0o755)
    for applet in applets:
        cpio.symlink("bin/" + applet, "busybox")


def _firmware(name):
    for folder in ("usr/share/qemu", "usr/share/seabios"):
        path = ROOT / folder / name
        if path.exists():
            return path
    raise HostError("firmware %s is not in the unpacked packages: "
                    "remove build/hosts and run again" % name)


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


def _l1_stamp():
    digest = hashlib.sha256()
    for path in (HOST / "packages.stamp", HERE / "host/l1/init",
                 HERE / "host/preload.c", HERE / "scenariolib/image.py",
                 HERE / "scenariolib/cpio.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _write_l1(stream, version):
    cpio = CpioWriter(stream)
    for folder in ("dev", "proc", "sys", "tmp", "l2"):
        cpio.directory(folder)
    _add_busybox(cpio, L1_APPLETS)
    _add_loader(cpio)
    _add_program(cpio, QEMU, QEMU)
    for name in FIRMWARE:
        cpio.copy("usr/share/qemu/" + name, _firmware(name))
    modules = module_closure(ROOT / "lib/modules" / version,
                             ("kvm_amd",))
    for number, (name, data) in enumerate(modules):
        cpio.file("lib/m/%02d-%s.ko" % (number, name), data)
    cpio.copy("usr/lib/preload.so", compiled("preload"), 0o755)
    cpio.copy("init", HERE / "host/l1/init", 0o755)
    cpio.finish()


def first_level():
    """Builds the first level's image unless it is up to date.

    Returns (kernel, initramfs); a run appends the guest to the initramfs.
    """
    out = HOST / "l1"
    stamp = _l1_stamp()
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
        _write_l1(stream, kernels[-1].name.removeprefix("vmlinuz-"))
    os.replace(fresh, out / "initrd.cpio")
    marker.write_text(stamp)
    return out / "vmlinuz", out / "initrd.cpio"


def guest_initramfs(target, kernel, modules, kexec=False):
    """Writes the initramfs of a guest that runs the given kernel.

    kernel: folder that ci/kernel filled; modules: loaded by init, in order;
    kexec: put the kernel and a smaller initramfs in, for kexec to load.
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
        cpio.copy("bin/busybox", ROOT / "bin/busybox", 0o755)
        cpio.symlink("bin/sh", "busybox")
        _add_loader(cpio)
        _add_program(cpio, "bin/kexec", "sbin/kexec")
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
        cpio.file("etc/modules", "".join(m + "\n" for m in modules).encode())
        cpio.finish()


def first_level_extra(target, base, guest, initramfs, command):
    """The first level's initramfs with a guest and its command line in it."""
    with open(target, "wb") as stream:
        with open(base, "rb") as source:
            shutil.copyfileobj(source, stream, 1 << 20)
        stream.write(b"\0" * (-stream.tell() % 512))
        cpio = CpioWriter(stream)
        cpio.copy("l2/kernel", guest)
        cpio.copy("l2/initrd", initramfs)
        cpio.file("l2/args", "".join(arg + "\n" for arg in command).encode())
        cpio.finish()
