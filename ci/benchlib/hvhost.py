# SPDX-License-Identifier: GPL-2.0-only
"""The host program itself: its size, and how soon a guest is up on it.

The same kernel boots to the same initramfs on hvhost and on stock QEMU, in
turns.  The clock runs from the start of the host program (nested: from the
first level's "ready") to the guest's "user space is up".
"""

import re
import statistics
import subprocess

from scenariolib import host_hvhost, hosts
from scenariolib.errors import HostError
from scenariolib.parser import parse
from scenariolib.paths import BUILD, HERE
from scenariolib.runner import Runner, run_until_valid

from .report import BenchError, entry

SIZE_BUDGET = 1500000
BOOT_BUDGET = 2.0
ROUNDS = 3
STAMP = r"^\[ *([0-9.]+)\] "
BOOT = """\
title    Boot
proves   How soon a guest's user space is up
hosts    hvhost qemu
modules  hv_vmbus

steps
guest true
"""


def seen_at(path, text, default=None):
    """Seconds from the run's start to the first line with this text."""
    match = re.search(STAMP + text, path.read_text(), re.MULTILINE)
    if match:
        return float(match.group(1))
    if default is None:
        raise BenchError("no line '%s' in %s" % (text, path))
    return default


def boot_seconds(name):
    """How long one boot took on a host."""
    scenario = parse("bench-boot-%s" % name, BOOT)
    host = hosts.choose(name)
    result = run_until_valid(
        lambda: Runner(scenario, "new", "lean", host, lambda line: None),
        print).result
    if result.verdict != "pass":
        raise BenchError("the boot on %s: %s, logs: %s"
                         % (name, result.reason, result.logdir))
    up = seen_at(result.logdir / "console.log", "guest: user space is up")
    seconds = up - seen_at(result.logdir / "host.log", "L1: ready", 0.0)
    print("boot on %s: %.1f s" % (result.host, seconds), flush=True)
    return seconds


def stripped_size():
    """Bytes of the program as it would be installed."""
    program = host_hvhost.build()
    slim = BUILD / "bench/hvhost.stripped"
    slim.parent.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["strip", "-o", str(slim), str(program)], check=True)
    except (OSError, subprocess.CalledProcessError):
        raise BenchError("cannot strip hvhost: install binutils") from None
    return slim.stat().st_size


def run(build=True):
    """Measures; returns the entries for the report."""
    if build and subprocess.run([str(HERE / "kernel"), "build", "lean",
                                 "new"]).returncode:
        raise BenchError("the lean kernel did not build, see above")
    try:
        size = stripped_size()
        times = {"hvhost": [], "qemu": []}
        for _ in range(ROUNDS):
            for name, found in times.items():
                found.append(boot_seconds(name))
    except HostError as err:
        raise BenchError(str(err)) from None
    middle = {name: statistics.median(found) for name, found in times.items()}
    return [
        entry("hvhost: static binary, stripped", "bytes", size,
              budget=SIZE_BUDGET),
        entry("hvhost (new) against stock QEMU (legacy): boot to user space",
              "s", middle["hvhost"], middle["qemu"], BOOT_BUDGET),
    ]
