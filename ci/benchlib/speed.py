# SPDX-License-Identifier: GPL-2.0-only
"""IOPS and MB/s of the storage driver with 1, 4 and 16 queues, on hardware KVM.

fio in the guest reads a disk that holds nothing, from as many jobs as the
controller has queues.  Under a software CPU such figures say nothing, so there
it is not run.
"""

import subprocess

from scenariolib import hosts
from scenariolib.errors import HostError
from scenariolib.parser import parse
from scenariolib.paths import HERE
from scenariolib.runner import Runner, run_until_valid

from .report import BenchError, entry

QUEUES = (1, 4, 16)
STACKS = ("legacy", "new")
SECONDS = 5
FIO = ("fio --minimal --name=a --filename=/dev/$disk --direct=1 "
       "--ioengine=libaio --iodepth=32 --group_reporting --time_based "
       "--runtime=%d --numjobs=%d ")
# Fields 8 and 7 of fio's terse format: reads a second, KiB/s read.
SPEED = """\
title    Speed
proves   Nothing: it measures
hosts    hvhost
disk     root image root
device   scsi lun0=$root
device   scsi lun5=null:1G subchannels=%(more)d
modules  hv_vmbus
cmdline  root=LABEL=guest-root
cpus     %(queues)d
memory   2048
timeout  300

steps
value disk from guest lun 5 =~ (sd.)
value iops from guest %(fio)s --rw=randread --bs=4k | cut -d';' -f8 =~ ^(\\d+)
value kib from guest %(fio)s --rw=read --bs=1M | cut -d';' -f7 =~ ^(\\d+)
"""


def why_not():
    """Why this machine can't tell, or an empty string."""
    usable, why = hosts.kvm_is_usable()
    return "" if usable else "needs hardware KVM: %s" % why


def measure(stack, queues, host, seconds=SECONDS):
    """One boot; returns (IOPS, MB/s)."""
    text = SPEED % {"queues": queues, "more": queues - 1,
                    "fio": FIO % (seconds, queues)}
    scenario = parse("bench-speed-%d" % queues, text)
    result = run_until_valid(
        lambda: Runner(scenario, stack, "bench", host, lambda line: None),
        print).result
    if result.verdict != "pass":
        raise BenchError("speed with %d queues on STACK=%s: %s, logs: %s"
                         % (queues, stack, result.reason, result.logdir))
    found = result.values["iops"], result.values["kib"] * 1024 / 1e6
    print("storvsc, %d queues, STACK=%s: %d IOPS, %.0f MB/s"
          % (queues, stack, *found), flush=True)
    return found


def run(build=True):
    """Measures; returns the entries for the report."""
    reason = why_not()
    if reason:
        print("throughput: not run (%s)" % reason)
        return []
    for stack in STACKS if build else ():
        if subprocess.run([str(HERE / "kernel"), "build", "bench",
                           stack]).returncode:
            raise BenchError("the bench kernel of STACK=%s did not build, "
                             "see above" % stack)
    rows = []
    try:
        host = hosts.choose("hvhost")
        for queues in QUEUES:
            legacy, new = (measure(stack, queues, host) for stack in STACKS)
            name = "storvsc: %s, %d queues"
            rows += [entry(name % ("4 KiB random reads", queues), "IOPS",
                           new[0], legacy[0], 1.0),
                     entry(name % ("1 MiB reads", queues), "MB/s",
                           new[1], legacy[1], 1.0)]
    except HostError as err:
        raise BenchError(str(err)) from None
    return rows
