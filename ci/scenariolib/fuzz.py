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
device   scsi lun0=$data,,writethrough
device   balloon
device   heartbeat
device   shutdown
device   timesync
device   kvp
device   vss
device   scsi lun5=mem:16M,,writethrough
device   nic pair=nic1
device   nic pair=nic0
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
WHOLE = ["guest rmmod hv_balloon hv_utils hv_netvsc hv_storvsc hv_vmbus "
         "within 400",
         "guest modprobe -a hv_storvsc hv_balloon hv_utils hv_netvsc "
         "within 100",
         "guest for i in 1 2 3 4 5 6 7 8; do lun 0 && break; sleep 1; done"]
DISK = "guest head -c 1m /dev/$(lun 0) | cmp - /tmp/disk"


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


def _again(name):
    """Takes it away and offers it again: a ring or channel that a lie has cost
    is given up for good otherwise."""
    return ["host rescind " + name, "guest sleep 0.3", "host offer " + name,
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
        "host balloon0 target 640", "guest sleep 0.4"],
        # It may hold pages that the host thinks it has given back, and
        # can't be unloaded then.
        _open_again("balloon0") + [
        "wait host balloon0 info =~ pages ready within 60",
        "host balloon0 target 700",
        "wait host balloon0 info =~ actual 716800 KiB within 60"],
        again=_again("balloon0")),
    Target("scsi1", 20, [
        # A completion that is lost costs this, and then what mends it.
        "guest echo 5 >/sys/block/$(lun 5)/device/timeout",
        "guest for i in 1 2 3 4; do timeout 20 dd if=/dev/$(lun 5) bs=64k "
        "count=16 iflag=direct of=/dev/null; done 2>/dev/null; true "
        "within 400", "guest sleep 0.2"],
        # What the guest has under that number is the new one then.
        _open_again("scsi1") + [
        "wait guest dd if=/dev/$(lun 5) bs=64k count=16 iflag=direct "
        "of=/dev/null 2>&1 =~ 16.0 records out within 60"],
        NO_FLAGS, _again("scsi1")),
    Target("nic0", 20, [
        "guest ifconfig eth0 10.0.0.1 up; arping -q -c 2 -w 2 -I eth0 "
        "10.0.0.2; true within 400", "guest sleep 0.2"], WHOLE, NO_FLAGS,
        _again("nic0")),
    _component("heartbeat0", works=[
        "wait host heartbeat0 beats =~ alive answered [1-9] within 60"]),
    _component("shutdown0"),
    _component("timesync0", ["host timesync0 sample"]),
    _component("kvp0"),
    _component("vss0"),
)}
# Their drivers and the core are the ones rewritten; others on demand.
USUAL = ("bus", "balloon0", "scsi1")


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
    return parse("load", head + "\n".join(lines)).steps[1:]


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
        return ("%-10s seed %d: %d loops; changed of passed: %s; %d reasons; "
                "longest step %.0f s; longest waits: %s%s" % (
                    self.target, self.seed, self.loops, passed or "nothing",
                    len(self.reasons), self.longest, self.waited(),
                    "; FAILED: " + self.error if self.error else ""))

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

    def _fuzz(self, target, figures):
        load, again, mend = (steps_of(lines) for lines in (
            target.load, target.again, target.mend + [DISK]))
        self._begin(target, figures)
        end = time.monotonic() + self.seconds
        while figures.loops < self.loops if self.loops else \
                time.monotonic() < end:
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
        if self.replay is None and not any(
                changed for _, changed in figures.counts.values()):
            raise StepFailed("nothing was changed: this proves nothing")


def shrink(items, fails, limit):
    """The shortest part of items that still fails: its end first, then
    ddmin. fails() is asked limit times at most."""
    asked = [0]

    def ask(part):
        asked[0] += 1
        return asked[0] <= limit and fails(part)

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
    lines += ["host %s fault %s" % (name, words) for words in items]
    lines += ["host %s fault start" % name, "repeat %d" % loops]
    lines += target.load + target.again + ["end", "host %s fault off" % name]
    return "\n".join(lines + target.mend + [DISK]) + "\n"
