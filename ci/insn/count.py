# SPDX-License-Identifier: GPL-2.0-only
"""Counts guest instructions per operation, legacy stack against new one.

Boots the bench kernels (drivers built in, linked away from every other kernel)
on hvhost in the first level, under a software CPU with plugin.c, runs the loads
of NAME.scn and compares windows of two lengths, so that what is not per
operation cancels out.  Counted is what lies in the objects of the driver and of
the VMBus core; the whole kernel's sum is told beside it.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import chart  # noqa: E402
import places  # noqa: E402
from benchlib.report import BenchError, entry  # noqa: E402
from scenariolib import parser as scenarios  # noqa: E402
from scenariolib import firstlevel, host_hvhost, hosts  # noqa: E402
from scenariolib.cpio import CpioWriter  # noqa: E402
from scenariolib.errors import HostError  # noqa: E402
from scenariolib.paths import BUILD, KERNELS  # noqa: E402
from scenariolib.runner import Runner, run_until_valid  # noqa: E402

OUT = BUILD / "bench"
STACKS = ("legacy", "new")
# The bus, without the drivers that live in its folder.
CORE = r"^drivers/hv/(?!hv_balloon|balloon/|hv_util|hv_kvp|hv_snapshot|utils/)"
STORAGE = (CORE, r"^drivers/scsi/storvsc")
NETWORK = (CORE, r"^drivers/net/hyperv/")
WINDOWS = 3         # that each load makes: before it, short, long
SHOWN = 10          # functions of each load


class Work:
    """A load: the scenario's value that says by how many operations its two
    windows differ, what it is called, and whose instructions are counted."""

    def __init__(self, value, name, patterns, budget=None):
        self.value, self.name = value, name
        self.patterns, self.budget = patterns, budget


# In the order of the scenario's steps.
BENCHES = {
    "scsi": [
        Work("null_one", "storvsc: 4 KiB read, null disk, depth 1", STORAGE,
             0.6),
        Work("null_many", "storvsc: 4 KiB read, null disk, depth 32", STORAGE,
             0.6),
        Work("mem_one", "storvsc: 4 KiB read, memory disk, depth 1", STORAGE,
             0.6),
        Work("mem_many", "storvsc: 4 KiB read, memory disk, depth 32",
             STORAGE, 0.6),
    ],
    "nic": [
        Work("send", "netvsc: TX, 64-byte frame", NETWORK),
        Work("large", "netvsc: TX, 62264 bytes of TSO", NETWORK),
        Work("receive", "netvsc: RX, 60-byte frame", NETWORK),
        Work("transact", "netvsc: TCP_RR, both ends", NETWORK),
    ],
}


def compiled(name, source, *flags):
    """Compiles a file of ours when needed."""
    target, source = OUT / name, HERE / source
    if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
        return target
    OUT.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra",
                           "-Werror", *flags, "-o", str(target), str(source)],
                          capture_output=True, text=True)
    if done.returncode:
        raise BenchError("cannot compile %s, install gcc and libc6-dev:\n%s"
                         % (source.name, done.stderr))
    return target


def kernel_places(stack, build=True):
    """Builds a stack's bench kernel; returns its places."""
    if build and subprocess.run([str(HERE.parent / "kernel"), "build",
                                 "bench", stack]).returncode:
        raise BenchError("the bench kernel of STACK=%s did not build, see "
                         "above" % stack)
    folder = KERNELS / ("bench-%s" % stack)
    try:
        return places.Places(folder / "obj/vmlinux.map",
                             folder / "System.map")
    except (OSError, places.PlacesError) as err:
        raise BenchError("the bench kernel of STACK=%s: %s"
                         % (stack, err)) from None


def host_class(where, output):
    """The nested host, under a software CPU that counts."""
    low, high = where.text_range()
    plugin = compiled("insn.so", "plugin.c", "-shared", "-fPIC",
                      "-fvisibility=hidden")
    load = compiled("load", "load.c", "-static")
    options = "%s,lo=%#x,hi=%#x,mark=%#x,out=%s" % (
        plugin, low, high, where.symbol("__x64_sys_sethostname"), output)

    class CountingHost(host_hvhost.NestedHvHost):
        """hvhost in a first level whose instructions are counted."""

        trace = False

        def _launch(self, listeners):
            with open(self.machine.initramfs, "ab") as stream:
                stream.write(b"\0" * (-stream.tell() % 512))
                cpio = CpioWriter(stream)
                cpio.copy("bin/load", load, 0o755)
                cpio.finish()
            super()._launch(listeners)

        def _spawn(self, command, **kwargs):
            super()._spawn(command + ["-plugin", options], **kwargs)

    return CountingHost


def measure(bench, stack, build):
    """Runs a bench on a stack.

    Returns {work's value: {(object, function): Count per operation}}.
    """
    where = kernel_places(stack, build)
    output = OUT / ("%s-%s.windows" % (bench, stack))
    scenario = scenarios.load(HERE / (bench + ".scn"))
    host = host_class(where, output)

    def say(line):
        print("%s, %s: %s" % (bench, stack, line), flush=True)

    result = run_until_valid(
        lambda: Runner(scenario, stack, "bench", host, say), say).result
    if result.verdict != "pass":
        raise BenchError("%s on STACK=%s: %s, logs: %s"
                         % (bench, stack, result.reason, result.logdir))
    windows = places.read_windows(output)
    works = BENCHES[bench]
    if len(windows) != WINDOWS * len(works):
        raise BenchError("%s on STACK=%s: %d windows instead of %d, see %s"
                         % (bench, stack, len(windows), WINDOWS * len(works),
                            output))
    found = {}
    for number, work in enumerate(works):
        ops = result.values[work.value]
        if ops <= 0:
            raise BenchError("%s: %s did %d operations"
                             % (bench, work.value, ops))
        short, long = (places.by_function(windows[WINDOWS * number + i], where)
                       for i in (1, 2))
        found[work.value] = places.between(short, long, ops)
    return found


def rows_of(work, found):
    """The entries of one load. found: {stack: functions}."""
    def sums_of(patterns):
        return {stack: places.total(places.of_objects(found[stack], patterns))
                for stack in STACKS}

    mine, core, whole = (sums_of(patterns)
                         for patterns in (work.patterns, [CORE], [""]))

    def row(words, unit, sums, budget=None):
        new, legacy = (getattr(sums[stack], unit) for stack in ("new",
                                                                "legacy"))
        return entry(work.name + words, unit, new, legacy, budget)

    rows = [row("", "instructions", mine, work.budget),
            row(", VMBus core alone", "instructions", core),
            row(", whole kernel with idle", "instructions", whole),
            row("", "atomics", mine),
            row("", "hypercalls", whole)]
    if any(sums.fences >= 0.01 for sums in mine.values()):
        rows.append(row("", "fences", mine))
    return rows


def profile(work, found, shown=None):
    """The functions that cost most, as lines."""
    lines = []
    for stack in STACKS:
        own = places.of_objects(found[stack], work.patterns)
        whole = places.total(own)
        lines += ["", "%s, STACK=%s: %.1f instructions, %.2f atomics, %.2f "
                  "fences" % (work.name, stack, whole.instructions,
                              whole.atomics, whole.fences),
                  "  instr.    calls  atomics  function"]
        top = sorted(own.items(), key=lambda kv: -kv[1].instructions)
        lines += ["%8.1f %8.2f %8.2f  %-34s %s"
                  % (count.instructions, count.calls, count.atomics, function,
                     name)
                  for (name, function), count in top[:shown]
                  if count.instructions >= 0.05]
    return lines


def bars_of(work, found):
    """One bar for each stack: instructions by object file."""
    for stack in STACKS:
        parts = {}
        for (name, _), count in places.of_objects(found[stack],
                                                  work.patterns).items():
            parts[name] = parts.get(name, 0) + count.instructions
        yield "%s, %s" % (work.name, stack), parts


def run(bench, build=True):
    """One bench on both stacks; returns the entries for report.json.

    Writes build/bench/BENCH.txt, all functions, and BENCH.svg.
    """
    try:
        hosts.prepare_packages()
        firstlevel.build("hvhost")
        seen = {stack: measure(bench, stack, build) for stack in STACKS}
    except (HostError, places.PlacesError) as err:
        raise BenchError(str(err)) from None
    rows, lines, bars = [], [], []
    for work in BENCHES[bench]:
        found = {stack: seen[stack][work.value] for stack in STACKS}
        rows += rows_of(work, found)
        lines += profile(work, found)
        bars += bars_of(work, found)
        print("\n".join(profile(work, found, SHOWN)))
    (OUT / (bench + ".txt")).write_text("\n".join(lines).lstrip() + "\n")
    fresh = OUT / (bench + ".svg.new")
    fresh.write_text(chart.chart(
        "Guest instructions per operation, driver and VMBus core", bars))
    os.replace(fresh, OUT / (bench + ".svg"))
    print("\nall functions: build/bench/%s.txt, chart: build/bench/%s.svg"
          % (bench, bench))
    return rows
