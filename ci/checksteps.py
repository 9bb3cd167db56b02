# SPDX-License-Identifier: GPL-2.0-only
"""The steps of make check and make check-full, and what runs them.

Two steps run at a time at most, and only one of them may be heavy (one that
keeps all processors busy by itself). So a guest under a software CPU, which
keeps one processor busy, runs beside a build, or two of them do. A step whose
command is missing fails, and so does one whose needs failed.
"""

import os
import signal
import subprocess
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BUILD = os.environ.get("BUILD") or os.path.join(TOP, "build")
LOGS = os.environ.get("LOGS") or os.path.join(BUILD, "logs")
HOUR = 3600
BUILD_TIME = 5 * HOUR   # two processors and a guest beside it: half an hour
TAIL = 16           # lines of a failed step's log that the end repeats
QUIET = 60          # seconds without a line after which one says what runs


class Step:
    """One command with a name, what must pass before it, and a time limit."""

    def __init__(self, name, command, needs=(), heavy=False, limit=2 * HOUR // 3,
                 env=None):
        self.name = name
        self.command = command
        self.needs = needs
        self.heavy = heavy
        self.limit = limit
        self.env = env or {}
        self.state = "waiting"      # running, pass, FAIL
        self.note = ""
        self.tail = []              # of a failed step's log
        self.log = ""
        self.begin = 0
        self.seconds = 0


def check_steps():
    tree, base = ("tree",), ("base",)
    gate = "ci/gates "
    # Builds and other guests want processors, too; and all want memory.
    jobs = min(3, max(1, len(os.sched_getaffinity(0)) // 2))
    guests = f"ci/scenario --check --jobs {jobs} "
    # What can start is started in this order: first what the longest wait for,
    # last what nothing waits for.
    return [
        Step("packages", "ci/packages base stack kernel gates user "
             "hvhost-check"),
        Step("base", "ci/base", ("packages",)),
        Step("tree", "ci/tree", base),
        Step("patches-check", "ci/stack check", base),
        Step("tool-tests", "python3 -B -m unittest discover -s ci/tests",
             ("packages",)),
        Step("bad-input", "ci/tests/test_bad_input.sh", ("packages",)),
        Step("shell", gate + "shell", ("packages",)),
        Step("pycheck", gate + "pycheck", ("packages",)),
        Step("style", gate + "style", ("packages",)),
        Step("kernel-lean", "ci/kernel build lean new", tree, True,
             BUILD_TIME),
        Step("user-tests", "ci/user/run check gcc clang", ("packages",)),
        Step("hvhost", "ci/hvhost/check", ("packages",), False, HOUR),
        Step("host", "ci/scenario --check --prepare", ("packages",), False,
             HOUR),
        Step("checkpatch", gate + "checkpatch", base),
        Step("bench-build", "ci/bench --build-only ring", base),
        Step("kerneldoc", gate + "kerneldoc", tree),
        Step("modpost", gate + "modpost", ("kernel-lean",)),
        Step("kernel-debug", "ci/kernel build debug new", tree, True,
             BUILD_TIME),
        Step("scenarios-lean", guests + "CONFIG=lean",
             ("kernel-lean", "host"), False, 2 * HOUR),
        Step("fuzz", "ci/fuzz --no-build T=1 SEED=11 REPLAYS=0",
             ("kernel-debug", "host"), False, 3 * HOUR),
        Step("scenarios-debug", guests + "CONFIG=debug",
             ("kernel-debug", "host"), False, 2 * HOUR),
        Step("kunit", "ci/kunit", tree, True, BUILD_TIME),
        Step("objects", gate + "objects", tree, True),
    ]


def matrix_steps():
    """All scenarios, so that one kernel's failures don't hide another's."""
    def step(name, words, need, hours):
        return Step("matrix-" + name, "ci/scenario --matrix " + words,
                    (need, "host"), True, hours * HOUR)

    # With two processors and without hardware virtualisation the new stack
    # takes two hours with the lean kernel, and up to six times that with the
    # debug one.
    return [
        step("new-lean", "STACK=new CONFIG=lean", "kernel-lean", 6),
        step("legacy-lean", "STACK=legacy CONFIG=lean", "kernel-legacy", 4),
        step("mixed", "STACK=mixed", "kernel-lean", 4),
        step("new-debug", "STACK=new CONFIG=debug", "kernel-debug", 24),
        step("legacy-debug", "STACK=legacy CONFIG=debug", "kernel-legacy", 16),
        step("others", "CONFIG=fault,distro,pae", "kernel-lean", 6),
        step("rt", "CONFIG=rt", "kernel-lean", 4),
    ]


def full_steps():
    tree, long = ("tree",), 12 * HOUR
    steps = [s for s in check_steps() if s.name != "fuzz"
             and not s.name.startswith("scenarios-")]
    return steps + [
        Step("kunit-x86_64", "ci/kunit", tree, True, long,
             {"ARCH": "x86_64"}),
        Step("kunit-big-endian", "ci/kunit", tree, True, long,
             {"ARCH": "s390"}),
        Step("user-all", "ci/user/run check gcc clang gcc-m32 s390x",
             ("packages",), False, long),
        Step("coverage", "ci/coverage", ("packages",), False, long),
        Step("coverage-fuzz", "ci/coverage --fuzz", ("packages",), False,
             long),
        Step("bench", "ci/bench", ("tree", "kernel-lean"), True, long),
        Step("kernel-legacy", "ci/kernel build lean legacy", ("base",), True,
             long),
        Step("exports", "ci/kernel check-exports",
             ("kernel-lean", "kernel-legacy"), True, long),
        *matrix_steps(),
        Step("fuzz", "ci/fuzz --no-build T=30", ("kernel-debug", "host"),
             False, long),
        Step("fuzz-parsers", "ci/user/run fuzz T=600", ("packages",), True,
             long),
        Step("fuzz-hvhost", "ci/hvhost/check fuzz", ("packages",), False,
             long, {"RUNS": "1000000"}),
        Step("arches", "ci/gates arches", tree, True, long),
        Step("builtin", "ci/gates builtin", tree, True, long),
        Step("prefixes", "ci/gates prefixes", tree, True, long),
    ]


class Runner:
    """Starts steps as they become ready, says how each ended."""

    def __init__(self, steps):
        self.steps = steps
        self.lock = threading.Condition()
        self.children = {}
        self.done = 0
        self.said = time.monotonic()

    def say(self, text):
        self.said = time.monotonic()
        print(text, flush=True)

    def ready(self):
        """The next step to start, or None."""
        running = [s for s in self.steps if s.state == "running"]
        if len(running) >= 2:
            return None
        names = {s.name: s for s in self.steps}
        for step in self.steps:
            if step.state != "waiting":
                continue
            needs = [names[n] for n in step.needs if n in names]
            failed = [n.name for n in needs if n.state == "FAIL"]
            if failed:
                self.finish(step, False, f"needs {failed[0]}, which failed")
                continue
            busy = step.heavy and any(s.heavy for s in running)
            if all(n.state == "pass" for n in needs) and not busy:
                return step
        return None

    def finish(self, step, good, note=""):
        step.state = "pass" if good else "FAIL"
        step.note = note
        self.done += 1
        count = f"[{self.done:2}/{len(self.steps)}]"
        text = f"{count} {step.state:4}  {step.name:20}{step.seconds:5.0f} s"
        self.say(f"{text}  {note}".rstrip())

    def say_what_runs(self):
        """A line for each running step, with the last line of its log."""
        for step in self.steps:
            if step.state == "running":
                seconds = time.monotonic() - step.begin
                last = last_lines(step.log)[-1:]
                self.say(f"        runs  {step.name:20}{seconds:5.0f} s  "
                         f"{''.join(last)}".rstrip())

    def run_all(self):
        with self.lock:
            while any(s.state in ("waiting", "running") for s in self.steps):
                step = self.ready()
                if step:
                    self.start(step)
                elif any(s.state == "running" for s in self.steps):
                    left = self.said + QUIET - time.monotonic()
                    if left > 0:
                        self.lock.wait(left)
                    else:
                        self.say_what_runs()

    def start(self, step):
        number = self.steps.index(step) + 1
        step.log = os.path.join(LOGS, f"check-{number:02d}-{step.name}.log")
        step.begin = time.monotonic()
        step.state = "running"
        self.say(f"        start {step.name}")
        threading.Thread(target=self.run_one, args=(step,),
                         daemon=True).start()

    def run_one(self, step):
        try:
            good, note = self.execute(step, step.log)
        except OSError as error:
            good, note = False, str(error)
        with self.lock:
            step.seconds = time.monotonic() - step.begin
            if not good:
                note += f" (log: {os.path.relpath(step.log, TOP)})"
            self.finish(step, good, note)
            self.lock.notify_all()

    def execute(self, step, log):
        program = step.command.split()[0]
        if "/" in program and not os.access(os.path.join(TOP, program),
                                            os.X_OK):
            return False, f"there is no {program}"
        env = dict(os.environ, CI_STEP=step.name, **step.env)
        with open(log, "wb") as out:
            child = subprocess.Popen(
                step.command.split(), cwd=TOP, env=env, stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                start_new_session=True)
            self.children[step.name] = child
            try:
                code = child.wait(step.limit)
            except subprocess.TimeoutExpired:
                stop(child)
                return False, f"stopped after {step.limit} s"
            finally:
                self.children.pop(step.name, None)
        lines = last_lines(log)
        if code:
            step.tail = lines[-TAIL:-1]
        return code == 0, lines[-1] if lines else ""


def stop(child):
    """Ends a step and all it started."""
    for sig, grace in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(child.pid, sig)
            child.wait(grace)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def last_lines(path):
    """The end of a log without its empty lines, each cut to a screen's."""
    try:
        with open(path, "rb") as handle:
            handle.seek(max(0, os.path.getsize(path) - 8000))
            text = handle.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    return [line.strip()[:120] for line in text.splitlines() if line.strip()]


def choose(steps, names):
    """The named steps; what they need is taken as done."""
    if names is None:
        return steps
    known = {s.name for s in steps}
    for name in names:
        if name not in known:
            sys.exit(f"check: no step {name}: --only list shows them")
    return [s for s in steps if s.name in names]


def arguments(args):
    full, only = False, None
    while args:
        arg = args.pop(0)
        if arg == "--full":
            full = True
        elif arg == "--only" and args:
            only = args.pop(0).split(",")
        else:
            sys.exit(f"check: unknown argument {arg}: see ci/check --help")
    return full_steps() if full else check_steps(), only


def main():
    steps, only = arguments(sys.argv[1:])
    if only == ["list"]:
        for step in steps:
            print(f"{step.name:20}{step.command}")
        return 0
    os.makedirs(LOGS, exist_ok=True)
    runner = Runner(choose(steps, only))

    def interrupted(*_args):
        for child in list(runner.children.values()):
            stop(child)
        os._exit(130)

    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    begin = time.monotonic()
    runner.run_all()
    failed = [s for s in runner.steps if s.state != "pass"]
    for step in failed:
        print(f"failed: {step.name}: {step.note}")
        for line in step.tail:
            print(f"    {line}")
    print(f"took {(time.monotonic() - begin) / 60:.0f} minutes")
    print(f"{len(runner.steps) - len(failed)} passed, {len(failed)} failed",
          flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
