# SPDX-License-Identifier: GPL-2.0-only
"""Compares our VMBus ring with the legacy one, in user space.

Compiles drivers/hv/ring_buffer.c and the packet functions of channel.c from
the base tree (KTREE=, default build/base) and our packet.c with the ring
engines through the same stand-in headers, and runs both in one process,
pinned to one CPU, in turns.  Gives nanoseconds and instructions per packet
with 64 bytes of payload, medians of N rounds.  Instructions are counted by the
CPU where it lets us, else by valgrind.
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "user"))
import ubuild  # noqa: E402
from .report import BenchError  # noqa: E402

TOP = ubuild.TOP
OUT = ubuild.BUILD / "bench"
HERE = TOP / "ci" / "user" / "bench"
OVERLAY = TOP / "drivers-hv-overlay"
BUDGET = {("send+receive", "instructions"): 0.6}

# Kernel headers that only have to exist: each includes the stand-ins.
FORWARD = ["linux/" + n + ".h" for n in
           "mm scatterlist timer completion device mod_devicetable interrupt "
           "reciprocal_div uio vmalloc prefetch io spinlock mutex".split()]
FORWARD += ["asm/" + n + ".h" for n in "hyperv-tlfs mshyperv sync_bitops"
            .split()]
# Both sides define these, so each gets names of its own.
SHARED = ("vmbus_sendpacket vmbus_sendpacket_getid vmbus_sendpacket_mpb_desc "
          "vmbus_recvpacket vmbus_recvpacket_raw vmbus_setevent "
          "vmbus_set_event hv_pkt_iter_first __hv_pkt_iter_next "
          "hv_pkt_iter_close").split()
CFLAGS = ["-std=gnu11", "-O2", "-g", "-fno-strict-aliasing", "-fwrapv",
          "-fno-common", "-fcf-protection=none", "-mgeneral-regs-only",
          "-fno-stack-protector", "-D__KERNEL__", "-w"]


def base_tree():
    """The kernel tree that the legacy ring comes from."""
    tree = Path(os.environ.get("KTREE", ubuild.BUILD / "base")).resolve()
    if not (tree / "drivers/hv/ring_buffer.c").exists():
        raise BenchError(f"no kernel in {tree}: run ci/base first, or set KTREE")
    return tree


def cut(text, first, last, name):
    """The lines of a source file from one pattern to another."""
    m = re.search(f"^{first}.*?^{last}$", text, re.S | re.M)
    if not m:
        raise BenchError(f"{name} is not the one we know: {first} not found")
    return m.group(0)


def prepare(tree):
    """Puts what is compiled and the made headers into build/bench/src."""
    src = OUT / "src"
    shutil.rmtree(src, ignore_errors=True)
    for name in FORWARD:
        path = src / "include" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('#include "kernel.h"\n')
    for name in ("linux/hyperv.h", "uapi/linux/hyperv.h"):
        path = src / "include" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tree / "include" / name, path)

    legacy = src / "legacy"
    legacy.mkdir()
    head = '#include "kernel.h"\n#include <linux/hyperv.h>\n'
    (legacy / "hyperv_vmbus.h").write_text(
        head + "#define hv_debug_delay_test(c, t) ((void)(c))\n")
    shutil.copy(tree / "drivers/hv/ring_buffer.c", legacy)
    channel = (tree / "drivers/hv/channel.c").read_text()
    private = (tree / "drivers/hv/hyperv_vmbus.h").read_text()
    write = re.search(r"^int hv_ringbuffer_(write|read)\(.*?;$.*?"
                      r"^int hv_ringbuffer_(write|read)\(.*?;$",
                      private, re.S | re.M)
    if not write:
        raise BenchError("hyperv_vmbus.h of the base is not the one we know")
    with open(legacy / "hyperv_vmbus.h", "a", encoding="utf-8") as f:
        f.write(write.group(0) + "\n")
    (legacy / "channel.c").write_text(
        '#include "hyperv_vmbus.h"\n' +
        cut(channel, r"int vmbus_sendpacket_getid\(",
            r"EXPORT_SYMBOL_GPL\(vmbus_recvpacket_raw\);", "channel.c"))

    ours = src / "new"
    ours.mkdir()
    shutil.copy(OVERLAY / "drivers/hv/vmbus/packet.c", ours)
    (ours / "chan_ops.h").write_text('#include "bench/chan_ops.h"\n')
    (ours / "trace.h").write_text("")
    for part in ("wire", "logic"):
        for where in (src, ours):
            (where / part).symlink_to(OVERLAY / "drivers/hv/vmbus" / part)
    (src / "bench").symlink_to(HERE)
    return src


def compile_side(cc, src, side, sources):
    """Compiles one side with names of its own; returns its objects."""
    rename = [f"-D{n}={side}_{n}" for n in SHARED]
    inc = ["-I", src / "include", "-I", HERE, "-I", ubuild.SHIMS / "include",
           "-I", OVERLAY / "include", "-iquote", src]
    objs = []
    for path in sources:
        obj = OUT / f"{side}-{path.stem}.o"
        call([*cc, *CFLAGS, *rename, *inc, "-c", path, "-o", obj])
        objs.append(obj)
    return objs


def call(cmd):
    """Runs a compiler; its words are the error message."""
    r = subprocess.run(list(map(str, cmd)), capture_output=True, text=True)
    if r.returncode:
        raise BenchError(f"cannot build {cmd[-3]}:\n{r.stderr}")


def build(tree):
    """Builds the benchmark; returns the program."""
    src = prepare(tree)
    cc = ["gcc", "-include", ubuild.SHIMS / "include/linux/kconfig.h"]
    probe = subprocess.run(["gcc", "-ftrivial-auto-var-init=zero", "-xc", "-",
                            "-c", "-o", os.devnull], input="", text=True,
                           capture_output=True)
    if probe.returncode == 0:
        cc.append("-ftrivial-auto-var-init=zero")
    vmbus = OVERLAY / "drivers/hv/vmbus"
    objs = compile_side(cc, src, "legacy",
                        [src / "legacy/ring_buffer.c",
                         src / "legacy/channel.c", HERE / "legacy.c"])
    objs += compile_side(cc, src, "new",
                         [src / "new/packet.c", vmbus / "wire/ring.c",
                          vmbus / "logic/ring_tx.c",
                          vmbus / "logic/ring_rx.c", HERE / "new.c"])
    call(["gcc", "-O2", "-g", "-Wall", "-Wextra", "-c", HERE / "bench.c", "-o",
         OUT / "bench.o"])
    prog = OUT / "ring"
    call(["gcc", "-o", prog, OUT / "bench.o", *objs])
    return prog


def measure(prog, what, rounds, ops):
    """Runs the program in turns; returns {work: (legacy, new)} or None."""
    r = subprocess.run([prog, what, str(rounds), str(ops)],
                       capture_output=True, text=True)
    if what == "perf" and r.returncode == 3:
        return None
    if r.returncode:
        raise BenchError(f"{prog} failed: {r.stderr.strip() or r.returncode}")
    rows = [line.split(";") for line in r.stdout.splitlines()]
    return {w: (float(a), float(b)) for _, w, a, b in rows}


def valgrind(prog, side, work, ops):
    """Instructions that valgrind counts for a whole run."""
    r = subprocess.run(["valgrind", "--tool=cachegrind", "--cache-sim=no",
                        "--cachegrind-out-file=/dev/null", prog, "count",
                        side, work, str(ops)], capture_output=True, text=True)
    m = re.search(r"I\s+refs:\s+([\d,]+)", r.stderr)
    if r.returncode or not m:
        raise BenchError(f"valgrind failed: {r.stderr.strip()[-200:]}")
    return int(m.group(1).replace(",", ""))


def count(prog, works):
    """Instructions per packet by valgrind: two run lengths, less the host."""
    few, many = 1024, 9216

    def per_op(side, work):
        return ((valgrind(prog, side, work, many) -
                 valgrind(prog, side, work, few)) / (many - few))

    return {w: tuple(per_op(s, w) - per_op(s, "host " + w)
                     for s in ("legacy", "new")) for w in works}


def rows_of(ns, insn):
    """The entries for the report."""
    rows = []
    for unit, figures in (("ns", ns), ("instructions", insn)):
        for work, (legacy, new) in figures.items():
            row = {"name": f"ring: {work}, 64 bytes, per packet",
                   "unit": unit, "new": round(new, 1),
                   "legacy": round(legacy, 1),
                   "ratio": round(new / legacy, 3)}
            if (work, unit) in BUDGET:
                row["budget"] = BUDGET[work, unit]
            rows.append(row)
    return rows


def program():
    """Builds the benchmark from what the trees hold now."""
    if not ubuild.need_packages("user"):
        raise BenchError("tools are missing, see above")
    OUT.mkdir(parents=True, exist_ok=True)
    return build(base_tree())


def run(rounds=41, ops=20480):
    """Builds, measures; returns the entries for the report."""
    prog = program()
    ns = measure(prog, "time", rounds, ops)
    insn = measure(prog, "perf", rounds, ops)
    how = "the CPU"
    if insn is None:
        if not ubuild.need_packages("valgrind"):
            raise BenchError("valgrind is missing, see above")
        insn = count(prog, ns)
        how = "valgrind (this CPU does not let us count)"
    print(f"ring: medians of {rounds} rounds of {ops} packets, one CPU; "
          f"instructions counted by {how}")
    return rows_of(ns, insn)
