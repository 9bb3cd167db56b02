# SPDX-License-Identifier: GPL-2.0-only
"""Fuzzing by seed: a guest under load while its host makes faults up.

A target is a device of the host, or its bus. For each there is a load, in the
scenario language, that is repeated while faults happen, and what must work again
when they have ended. A run writes down what was done to which item; the shortest
part of that list which still fails becomes a scenario.
"""

import re
import time
from dataclasses import dataclass, field

from .errors import StepFailed
from .parser import parse
from .runner import Runner

MADE_UP = re.compile(r"- fault (\w+) (at \d+ .*)$")
COUNTS = re.compile(r"^(messages|packets|flags|sections) (\d+) changed (\d+)$",
                    re.MULTILINE)
# Lines of the guest's own figures that say what was refused, and why.
REASONS = (re.compile(r"^rejected (\d+) (.+)$", re.MULTILINE),
           re.compile(r"^reject_(\w+)\s*: [1-9]", re.MULTILINE),
           re.compile(r"^channel \d+ reject (\w+): [1-9]", re.MULTILINE),
           re.compile(r"[rt]x_ring ((?!ok\b|unknown\b)[a-z ]+?)(?: rx_ring.*)?$",
                      re.MULTILINE))
WAITS = re.compile(r"^longest_wait ([1-9]\d*) of (\d+) ms for (\w+)$",
                   re.MULTILINE)
FIGURES = ("cat /sys/kernel/debug/hyperv/connection "
           "/sys/kernel/debug/hyperv/*/counters "
           "/sys/kernel/debug/hv-balloon /sys/kernel/debug/hv-storvsc/* "
           "2>/dev/null; true")
# The longest that a guest may be busy with one step: the sum of a few waits.
STEP_SECONDS = 400

DEVICES = """
disk     data 16M
device   scsi lun7=$data,,writethrough
device   balloon
device   heartbeat
device   shutdown
device   timesync
device   kvp
device   vss
device   scsi lun5=mem:16M,,writethrough subchannels=1
device   nic pair=nic1
device   nic pair=nic0
device   ide disk=mem:4M device=1
hvhost   --hotadd 128M
modules  hv_vmbus hv_storvsc sd_mod hv_balloon hv_utils hv_netvsc
cpus     2
memory   768
"""

# Without kvp0 and vss0: their driver does not stand a channel that can't be
# opened (see fault-utils-open.scn).
COMING = ("heartbeat0", "shutdown0", "timesync0", "balloon0")
# The messages about a device are left to the bus: with a lie about a relid it
# would come and go no more, and little of its own be fuzzed. A flag that doesn't
# come costs a disk a timeout of minutes, and the run its time.
USUAL_CLASSES = "packets flags sections"
NO_FLAGS = "packets sections"
# A lie about a relid may have cost any device, and one that was not told of its
# rescind stands in the way of its next offer: all of it again.
# A driver that is at its handshake can't be unloaded yet, the old hv_balloon
# never.
WHOLE = ["[new] guest for i in 1 2 3 4 5 6 7 8 9; do rmmod hv_balloon hv_utils "
         "hv_netvsc hv_storvsc hv_vmbus; [ -d /sys/module/hv_vmbus ] || "
         "exit 0; sleep 2; done; exit 1 within 400",
         "[newleg mixed legacy] guest rmmod hv_utils hv_netvsc hv_storvsc "
         "within 400",
         "guest modprobe -a hv_storvsc hv_balloon hv_utils hv_netvsc "
         "within 100",
         "guest for i in $(seq 60); do lun 7 && exit; sleep 1; done; exit 1 "
         "within 100"]
DISK = "guest head -c 1m /dev/$(lun 7) | cmp - /tmp/disk"
# The host answers a command that is in its hands in the end, so the guest waits
# for an answer that a fault has lost. What ends such a wait is the rescind: who
# uses a disk runs in the background until it has happened, and no longer, for
# the next disk has the same number.
BUSY = "ls /tmp/busy? >/dev/null 2>&1"
MOSTLY = ("guest for i in $(seq 100); do %s || break; sleep 0.1; done"
          % BUSY)
ENDED = "guest while %s; do sleep 0.1; done within 100" % BUSY


def _background(commands, processors="0"):
    """On each processor; $0 is its number. Then /tmp/busy$0 is gone."""
    return ("guest for i in %s; do touch /tmp/busy$i; taskset -c $i sh -c "
            "'trap \"rm /tmp/busy$0\" EXIT; %s' $i </dev/null >/dev/null 2>&1 "
            "& done" % (processors, commands))


# What each processor does with the disk of scsi1: reads what was there before,
# writes, and reads that. Errors are the host's business, other data is not: no
# data is in a packet, and a completion that is not a command's own, or comes on
# another channel, is none. Less data is what is read of a disk that has just
# gone. Each processor has a channel and one command at a time, so no changed id
# hits another one's. The node is its own: who writes to /dev when a disk has
# just gone makes a file there, in the next one's place. No result of a former
# turn is left, so that what was not read differs.
BOTH_WAYS = _background(
    "d=/tmp/node$0; r=/tmp/read$0; w=/tmp/written$0; at=$(($0 * 32)); "
    "rm -f $d $r $w; mknod $d b $(tr : \" \" </sys/block/$(lun 5)/dev) || "
    "exit; "
    "get() { dd if=$d bs=64k skip=$1 count=16 iflag=direct of=$r; }; "
    "same() { cmp $r $1 >>/tmp/differs; }; "
    "get 128 && same /tmp/kept; head -c 1m /dev/urandom >$w; "
    "dd if=$w of=$d bs=64k seek=$at oflag=direct && get $at && same $w", "0 1")
KEPT = ("dd if=/dev/$(lun 5) bs=64k skip=128 count=16 iflag=direct "
        "2>/dev/null | cmp - /tmp/kept")


@dataclass
class Target:
    """What is fuzzed: its load, and what works again afterwards."""
    name: str
    rate: int
    load: list
    mend: list
    classes: str = USUAL_CLASSES
    # Ends each load; what it takes away takes its figures along.
    again: list = field(default_factory=list)
    # Before all else, without a fault.
    prepare: list = field(default_factory=list)


def _again(name, between="guest sleep 0.3"):
    """Takes it away and offers it again: a ring or channel that a lie has cost
    is given up for good otherwise."""
    return ["host rescind " + name, between, "host offer " + name,
            "guest sleep 0.6"]


def _open_again(name):
    """Waits for the guest to open what was offered again."""
    return _again(name) + [
        r"wait host info =~ %s\.0 relid \d+ open within 60" % name]


def _component(name, asks=(), works=()):
    """An integration component, which hv_utils serves."""
    return Target(name, 4, list(asks) + ["guest sleep 0.3"],
                  _open_again(name) + list(works), again=_again(name))


TARGETS = {target.name: target for target in (
    # Each device has its own queue: one that waits for a lost answer holds
    # nobody up, and its rescind ends the wait.
    Target("bus", 12, ["host rescind " + name for name in COMING]
           + ["guest sleep 0.4"] + ["host offer " + name for name in COMING]
           + ["guest sleep 0.8"], WHOLE, "messages"),
    # Few messages make up what it does, so one of three is changed.
    Target("balloon0", 3, [
        "host balloon0 target 600", "guest sleep 0.4",
        "host balloon0 target 640", "guest sleep 0.4",
        # A little more than it ever had: that is hot added.
        "let mib = 772 + (mib - 768) % 64",
        "host balloon0 target $mib", "guest sleep 0.4"],
        # It may have given more than the host thinks, up to its floor, and
        # can't be unloaded then. So no figure of the host need be reached, but
        # each request is answered: else there is no second one.
        _open_again("balloon0") + [
        "wait host balloon0 info =~ pages ready within 60",
        "host balloon0 target 896",
        "wait host balloon0 info =~ ballooned 0 pages within 60",
        "host balloon0 target 760",
        "[new] wait guest cat /sys/kernel/debug/hv-balloon "
        r"=~ got_balloon_request\s*: [1-9] within 60",
        "host balloon0 target 752",
        "[new] wait guest cat /sys/kernel/debug/hv-balloon "
        r"=~ got_balloon_request\s*: ([2-9]|\d\d) within 60",
        "host balloon0 target 896"],
        again=_again("balloon0"), prepare=[
        "let mib = 768",
        # A guest can't know that there is no memory where the host says so:
        # what is added must not be used.
        "guest echo offline >/sys/devices/system/memory/auto_online_blocks"]),
    Target("scsi1", 20, [
        # It takes a while to be found again. A completion that makes no sense
        # costs this; 3 minutes, or until the rescind, if it can't be set.
        "guest for i in 1 2 3 4 5 6 7 8; do lun 5 && break; sleep 1; done; "
        "echo 5 >/sys/block/$(lun 5)/device/timeout within 100",
        BOTH_WAYS, MOSTLY],
        # What the guest has under that number is the new one then.
        _open_again("scsi1") + [
        "wait host scsi1 list =~ sub-channels 1 of 1 within 60",
        "wait guest %s && echo same =~ same within 60" % KEPT,
        BOTH_WAYS, ENDED, "guest cmp /tmp/read0 /tmp/written0",
        "guest cmp /tmp/read1 /tmp/written1", "guest! grep . /tmp/differs"],
        NO_FLAGS, _again("scsi1", ENDED), [
        "wait host scsi1 list =~ sub-channels 1 of 1 within 60",
        "guest head -c 1m /dev/urandom >/tmp/kept && dd if=/tmp/kept "
        "of=/dev/$(lun 5) bs=64k seek=128 oflag=direct",
        "guest " + KEPT]),
    # The same driver; one channel, and no search for disks.
    Target("ide0", 20, [
        "guest for i in 1 2 3 4 5 6 7 8; do lun 1:0 && break; sleep 1; done; "
        "echo 5 >/sys/block/$(lun 1:0)/device/timeout within 100",
        _background("dd if=/dev/$(lun 1:0) bs=64k count=16 iflag=direct "
                    "of=/dev/null"), MOSTLY],
        _open_again("ide0") + [
        "wait guest dd if=/dev/$(lun 1:0) bs=64k count=16 iflag=direct "
        "of=/dev/null 2>&1 =~ 16.0 records out within 60"],
        NO_FLAGS, _again("ide0", ENDED)),
    Target("nic0", 20, [
        "guest ifconfig eth0 10.0.0.1 up; arping -q -c 2 -w 2 -I eth0 "
        "10.0.0.2; true within 400", "guest sleep 0.2"],
        # Not all of it: memory that was hot added keeps hv_balloon in.
        ["guest rmmod hv_netvsc within 400",
         "guest modprobe hv_netvsc within 100"], NO_FLAGS, _again("nic0")),
    _component("heartbeat0", works=[
        "wait host heartbeat0 beats =~ alive answered [1-9] within 60"]),
    _component("shutdown0"),
    _component("timesync0", ["host timesync0 sample"]),
    _component("kvp0"),
    _component("vss0"),
)}
# What is left out, and why.
UNUSUAL = (
    "ide0, which is scsi1's driver with less to do; nic0, whose driver is the "
    "original one and waits for its host without a limit, so that one lost "
    "answer can hold the guest up for good; kvp0 and vss0, whose driver is the "
    "original one and has nobody behind it here (no daemon): only its "
    "negotiation is met. Without a load: fc (its search for disks takes a "
    "minute at each offer), fcopy (its driver is a program)")
USUAL = ("bus", "scsi1", "heartbeat0", "shutdown0", "timesync0", "balloon0")


def scenario(names, seconds, steps=()):
    """A scenario with all devices, for these targets."""
    text = ["title    Fuzz %s" % " ".join(names),
            "proves   The guest stands what a seed makes of its host",
            "hosts    hvhost", DEVICES, "timeout  %d" % seconds,
            "steps", DISK.replace("cmp - /tmp/disk", "cat >/tmp/disk")]
    return parse("fuzz-" + "-".join(names), "\n".join(text + list(steps)))


def steps_of(lines):
    """The steps that lines of the scenario language are."""
    head = "title T\nproves T\nsteps\nguest true\n"
    return parse("load", head + "\n".join(lines) + "\n").steps[1:]


@dataclass
class Figures:
    """What one target's time gave."""
    target: str
    seed: int
    loops: int = 0
    counts: dict = field(default_factory=dict)
    reasons: set = field(default_factory=set)
    waits: dict = field(default_factory=dict)
    longest: float = 0.0
    error: str = ""
    made_up: list = field(default_factory=list)

    def line(self):
        """For the report."""
        passed = ", ".join("%s %d/%d" % (name, changed, total)
                           for name, (total, changed) in
                           sorted(self.counts.items()) if total)
        return ("%-10s seed %d: %s%d loops; changed of passed: %s; %d reasons; "
                "longest step %.0f s; longest waits: %s" % (
                    self.target, self.seed,
                    # Whoever shows the beginning of a line shows this.
                    "FAILED: %s; " % self.error.splitlines()[0]
                    if self.error else "",
                    self.loops, passed or "nothing", len(self.reasons),
                    self.longest, self.waited()))

    def changed(self):
        """Was there a fault at all?"""
        return any(changed for _, changed in self.counts.values())

    def waited(self):
        """The longest waits of the core, with their limits."""
        return ", ".join("%s %.1f/%.0f s" % (name, ms / 1000, limit / 1000)
                         for name, (ms, limit) in sorted(self.waits.items())
                         ) or "none"


class Campaign(Runner):
    """One guest, and its targets in turn; or a replay of one list."""

    def __init__(self, names, seed, seconds, stack, config, host_class, say,
                 replay=None, loops=0):
        super().__init__(scenario(names, len(names) * (seconds + 1200)),
                         stack, config, host_class, say)
        self.names, self.seed, self.seconds = names, seed, seconds
        self.replay, self.loops = replay, loops
        self.figures = []

    def _steps(self, steps, suffix):
        super()._steps(steps, suffix)
        for number, name in enumerate(self.names):
            figures = Figures(name, self.seed + number)
            self.figures.append(figures)
            try:
                self._fuzz(TARGETS[name], figures)
            except StepFailed as err:
                figures.error = str(err)
                raise
            finally:
                figures.made_up = self.made_up(name)

    def made_up(self, name):
        """What was done to which item, as commands; in order."""
        found = []
        for line in self._host.host.tail(1 << 30):
            match = MADE_UP.search(line)
            if match and match.group(1) == name.partition(".")[0]:
                found.append(match.group(2))
        return found

    def _ask(self, text):
        return self._host.command(text, 60)

    def _begin(self, target, figures):
        name = target.name
        # What a load sends is too much to write down.
        self._ask("bus fault trace faults")
        self._ask("%s fault off" % name)
        if self.replay is None:
            self._ask("%s fault fuzz %d %d %s" % (
                name, figures.seed, target.rate, target.classes))
            return
        for words in self.replay:
            self._ask("%s fault %s" % (name, words))
        self._ask("%s fault start" % name)

    def _one(self, step, figures):
        """A step of the load: what it says may go wrong, the guest not."""
        begin = time.monotonic()
        try:
            self._execute(step)
        except StepFailed as err:
            if "from the guest within" in str(err) or "the guest " in str(err):
                raise StepFailed("%s: %s" % (step.text, err)) from err
        took = (time.monotonic() - begin) / self._scale
        figures.longest = max(figures.longest, took)
        if self._splats.found:
            raise StepFailed(self._splats.summary())

    def _look(self, figures):
        _, text = self._host.agent.run(FIGURES, self._limit(STEP_SECONDS))
        for regex in REASONS:
            figures.reasons.update(match.group(match.lastindex)
                                   for match in regex.finditer(text))
        for ms, limit, name in WAITS.findall(text):
            longest = figures.waits.get(name, (0, 0))
            figures.waits[name] = max(longest, (int(ms), int(limit)))

    def _count(self, name, figures):
        for match in COUNTS.finditer(self._ask("%s fault list" % name)):
            figures.counts[match.group(1)] = (int(match.group(2)),
                                              int(match.group(3)))

    def _goes_on(self, name, figures, took):
        if self.loops:
            return figures.loops < self.loops
        if took < self.seconds:
            return True
        # A busy machine may not have come to the first fault yet.
        self._count(name, figures)
        return took < 3 * self.seconds and not figures.changed()

    def _fuzz(self, target, figures):
        prepare, load, again, mend = (
            [step for step in steps_of(lines) if self.stack in step.stacks]
            for lines in (target.prepare, target.load, target.again,
                          target.mend + [DISK]))
        for step in prepare:
            self._step(step.text, "", lambda s=step: self._execute(s))
        self._begin(target, figures)
        begin = time.monotonic()
        while self._goes_on(target.name, figures, time.monotonic() - begin):
            for step in load:
                self._one(step, figures)
            self._look(figures)
            for step in again:
                self._one(step, figures)
            figures.loops += 1
        self._count(target.name, figures)
        self._ask("%s fault off" % target.name)
        for step in mend:
            self._step(step.text, "", lambda s=step: self._execute(s))
        self._say(figures.line())
        if self.replay is None and not figures.changed():
            raise StepFailed("nothing was changed: this proves nothing")


def kind(reason):
    """What two failures must have in common to be the same one."""
    line = reason.splitlines()[0] if reason else ""
    # Not when, how often, on which processor; but at which line of a source.
    return re.sub(r"\[ *[\d.]+\]|\(and \d+ more\)|0x[0-9a-f]+|"
                  r"(?<!\.[ch]:)(?<!\d)\d+", "", line).strip()


def shrink(items, fails, limit):
    """The shortest part of items that still fails: its end first, then
    ddmin. fails() is asked limit times at most."""
    asked, known = [0], {}

    def ask(part):
        if tuple(part) not in known:
            asked[0] += 1
            if asked[0] > limit:
                return False
            known[tuple(part)] = fails(part)
        return known[tuple(part)]

    size = 1
    while size < len(items):
        if ask(items[-size:]):
            items = items[-size:]
            break
        size *= 4
    parts = 2
    while len(items) > 1 and asked[0] < limit:
        chunk = -(-len(items) // parts)
        for begin in range(0, len(items), chunk):
            rest = items[:begin] + items[begin + chunk:]
            if rest and ask(rest):
                items, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts >= len(items):
                break
            parts = min(2 * parts, len(items))
    return items


def anyhow(line):
    """A step of a load as one that can't fail: what it asks for may well not be
    possible while faults happen."""
    if line.startswith("host "):
        return "wait %s =~ ^ within 1" % line
    if re.match("let|guest sleep", line):
        return line
    return re.sub(r"^guest (.*?)(?:; true)?( within \d+)?$",
                  r"guest (\1); true\2", line)


def as_scenario(figures, items, loops, certain):
    """The text of a scenario file that does it again; certain: did a replay
    fail, None for not known."""
    target = TARGETS[figures.target]
    name = target.name
    lines = ["# SPDX-License-Identifier: GPL-2.0-only",
             "# Found by fuzzing, seed %d: %s" % (
                 figures.seed, figures.error.splitlines()[0][:160])]
    if certain is None:
        lines.append("# Not replayed.")
    elif not certain:
        lines.append("# A replay of the whole list did not fail again: the "
                     "guest's timing counts.")
    lines += ["title    Fuzzed %s, seed %d" % (name, figures.seed),
              "proves   The guest stands it", "hosts    hvhost",
              DEVICES.strip(), "timeout  900", "", "steps",
              DISK.replace("cmp - /tmp/disk", "cat >/tmp/disk")]
    lines += target.prepare
    lines += ["host %s fault %s" % (name, words) for words in items]
    lines += ["host %s fault start" % name, "repeat %d" % loops]
    lines += [anyhow(line) for line in target.load + target.again]
    lines += ["end", "host %s fault off" % name]
    return "\n".join(lines + target.mend + [DISK]) + "\n"
