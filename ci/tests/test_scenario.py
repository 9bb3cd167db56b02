#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the scenario language, the splat detector and the runner.

usage: ci/tests/test_scenario.py [unittest arguments]
"""

import contextlib
import io
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest
from pathlib import Path
from unittest import mock

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.dont_write_bytecode = True

from scenariolib import cli, firstlevel, host_qemu, hosts  # noqa: E402
from scenariolib import runner as runner_module  # noqa: E402
from scenariolib.agent import Agent  # noqa: E402
from scenariolib.cpio import CpioWriter  # noqa: E402
from scenariolib.errors import HostError, StepFailed  # noqa: E402
from scenariolib.expr import ExprError, evaluate  # noqa: E402
from scenariolib.parser import ScenarioError, parse  # noqa: E402
from scenariolib.paths import SCENARIOS  # noqa: E402
from scenariolib.qmp import Qmp  # noqa: E402
from scenariolib.splat import SplatDetector, classify  # noqa: E402
from scenariolib.streams import Stream  # noqa: E402
from scenariolib.table import render, tour_rows  # noqa: E402

HEAD = "title T\nproves P\ndevice balloon\n"
GOOD = HEAD + "steps\nexpect hello within 5\n"


class Parsing(unittest.TestCase):
    def refuse(self, text, why):
        with self.assertRaisesRegex(ScenarioError, why):
            parse("t", text)

    def test_headers(self):
        got = parse("t", "title A b\nproves x\nproves y\nstacks new\ncpus 2\n"
                         "memory 768\nmodules a b\nkexec yes\ncheck new/debug\n"
                         "steps\nguest true\n")
        self.assertEqual((got.title, got.proves, got.stacks, got.cpus,
                          got.memory, got.modules, got.kexec, got.check),
                         ("A b", ["x", "y"], ("new",), 2, 768, ("a", "b"),
                          True, (("new", "debug"),)))

    def test_steps(self):
        got = parse("t", HEAD + "steps\n"
                    "expect host a b within 7\n"
                    "value n from guest echo a =~ b | cat =~ (\\d+)\n"
                    "[new] wait host x y =~ z$ within 3\n"
                    "guest ls within 90\n")
        self.assertEqual(got.steps[0].args["stream"], "host")
        self.assertEqual(got.steps[0].args["regex"].pattern, "a b")
        self.assertEqual(got.steps[0].args["within"], 7)
        self.assertEqual(got.steps[1].args["command"], "echo a =~ b | cat")
        self.assertEqual(got.steps[2].stacks, ("new",))
        self.assertTrue(got.steps[2].args["regex"].search("z\nmore"))
        self.assertEqual(got.steps[3].args, {"command": "ls", "within": 90})

    def test_repeat(self):
        got = parse("t", HEAD + "steps\nrepeat 3\nguest a\nguest b\nend\n")
        self.assertEqual(len(got.steps), 1)
        self.assertEqual(len(got.steps[0].body), 2)

    def test_refusals(self):
        for text, why in (
                ("colour red\n", "t.scn:1: no header is called 'colour'"),
                (HEAD + "steps\njump up\n", "t.scn:5: no step"),
                (HEAD + "steps\nexpect a\n", "needs 'within"),
                (HEAD + "steps\nexpect within 5\n", "empty pattern"),
                (HEAD + "steps\nexpect ( within 5\n", "bad pattern"),
                (HEAD + "steps\nvalue a from guest b =~ c\n", "one .group"),
                (HEAD + "steps\nvalue a from moon b =~ (c)\n", "guest.host"),
                (HEAD + "steps\nassert import os\n", "bad expression"),
                (HEAD + "steps\nassert open('x')\n", "numbers, names"),
                (HEAD + "steps\nrepeat 2\nguest a\n", "repeat without end"),
                (HEAD + "steps\nend\n", "end without repeat"),
                (HEAD + "cpus 0\n", "positive number"),
                (HEAD + "stacks old\n", "is not one of"),
                (HEAD + "needs hardwre\n", "is not one of"),
                (HEAD + "check new\n", "STACK/CONFIG"),
                (HEAD + "title again\n", "given twice"),
                (HEAD + "stacks legacy\ncheck new/lean\nsteps\nguest a\n",
                 "does not run"),
                ("steps\nguest a\n", "title and proves"),
                (HEAD + "steps\n", "proves nothing"),
                (HEAD + "steps\nsleep 1\nnote a\nhost status\n",
                 "proves nothing"),
                (HEAD + "steps\n[new] guest a\n", "nothing is asserted for "
                                                  "STACK=newleg")):
            with self.subTest(text=text):
                self.refuse(text, why)

    def test_shipped_scenarios_parse(self):
        paths = sorted(SCENARIOS.glob("*.scn"))
        self.assertGreater(len(paths), 8)
        for path in paths:
            parse(path.stem, path.read_text(encoding="utf-8"))


class Expressions(unittest.TestCase):
    def test_values(self):
        names = {"a": 5, "b": 2, "s": "x"}
        for text, want in (("a - b == 3", True), ("a * 4 // b", 10),
                           ("abs(b - a) <= 2 or s == 'x'", True),
                           ("1 < b < a", True), ("not a > b", False),
                           ("min(a, b) + -1", 1)):
            self.assertEqual(evaluate(text, names), want, text)

    def test_errors(self):
        for text in ("c > 1", "a / 0", "s - a", "a.real", "[a]", "lambda: a"):
            with self.subTest(text=text), self.assertRaises(ExprError):
                evaluate(text, {"a": 5, "s": "x"})


SPLATS = (
    ("KASAN", "[  1.0] BUG: KASAN: slab-use-after-free in vmbus_open+0x1/0x2"),
    ("UBSAN", "UBSAN: array-index-out-of-bounds in drivers/hv/ring.c:3:1"),
    ("lockdep", "WARNING: possible circular locking dependency detected"),
    ("lockdep", "WARNING: possible recursive locking detected"),
    ("lockdep", "WARNING: suspicious RCU usage"),
    ("lockdep", "WARNING: inconsistent lock state"),
    ("lockdep", "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected"),
    ("lockdep", "[ BUG: Invalid wait context ]"),
    ("lockdep off", "turning off the locking correctness validator."),
    ("atomic sleep", "BUG: sleeping function called from invalid context at"),
    ("atomic sleep", "BUG: scheduling while atomic: sh/1/0x00000002"),
    ("hung task", "INFO: task sh:12 blocked for more than 120 seconds."),
    ("soft lockup", "watchdog: BUG: soft lockup - CPU#0 stuck for 22s!"),
    ("rcu stall", "rcu: INFO: rcu_preempt self-detected stall on CPU"),
    ("workqueue lockup", "BUG: workqueue lockup - pool cpus=0 node=0"),
    ("oops", "BUG: unable to handle page fault for address: ffff"),
    ("oops", "Oops: general protection fault, probably for non-canonical"),
    ("panic", "Kernel panic - not syncing: sysrq triggered crash"),
    ("list corruption", "list_del corruption. prev->next should be ffff"),
    ("debug objects", "ODEBUG: free active (active state 0) object: ffff"),
    ("bad page", "BUG: Bad page state in process kworker/0:1  pfn:1234"),
    ("out of memory", "Out of memory: Killed process 12 (sh)"),
    ("call trace", "Call Trace:"),
    ("register dump", "RIP: 0010:vmbus_open+0x1/0x2 [hv_vmbus]"),
    ("WARNING", "WARNING: CPU: 0 PID: 1 at drivers/hv/ring.c:3 f+0x1/0x2"),
    ("BUG", "kernel BUG at drivers/hv/ring.c:3!"),
)
QUIET = ("hv_vmbus: Vmbus version:4.0", "random: crng init done",
         "rcu: Hierarchical RCU implementation.",
         "Command line: console=ttyS0 rcupdate.rcu_cpu_stall_timeout=120",
         "rcu: \tRCU debug extended QS entry/exit.",
         "kasan: KernelAddressSanitizer initialized",
         "DEBUG: nothing to see", "hv_balloon: unhandled message: type: 9")


class Splats(unittest.TestCase):
    def test_each_kind(self):
        for kind, line in SPLATS:
            self.assertEqual(classify(line), kind, line)

    def test_healthy_lines(self):
        for line in QUIET:
            self.assertIsNone(classify(line), line)

    def feed(self, lines, marker=None):
        detector = SplatDetector()
        if marker:
            detector.intend_crash(re.compile(marker))
        for line in lines:
            detector.feed(line)
        return detector

    CRASH = ("sysrq: Trigger a crash",
             "Kernel panic - not syncing: sysrq triggered crash",
             "Call Trace:", "RIP: 0033:0x4a1c2b",
             "---[ end Kernel panic - not syncing: sysrq triggered crash ]---")

    def test_unintended_crash(self):
        self.assertTrue(self.feed(self.CRASH).found)

    def test_intended_crash(self):
        got = self.feed(self.CRASH, "Trigger a crash")
        self.assertEqual(got.found, [])
        self.assertFalse(got.crash_pending)

    def test_trace_before_the_marker(self):
        got = self.feed(("Call Trace:",) + self.CRASH, "Trigger a crash")
        self.assertEqual(len(got.found), 1)

    def test_second_trace_after_the_marker(self):
        got = self.feed(self.CRASH + ("Call Trace:",), "Trigger a crash")
        self.assertEqual([kind for kind, _ in got.found], ["call trace"])

    def test_other_splat_in_the_intended_crash(self):
        got = self.feed(self.CRASH + (SPLATS[0][1],), "Trigger a crash")
        self.assertEqual([kind for kind, _ in got.found], ["KASAN"])

    def test_broken_on_purpose(self):
        got = SplatDetector()
        got.intend_splat(re.compile("GPADL lost"))
        got.feed("GPADL lost")
        for line in self.CRASH + (SPLATS[0][1],):
            got.feed(line)
        self.assertFalse(got.found or got.crash_pending)
        got = SplatDetector()
        got.intend_splat(re.compile("GPADL lost"))
        got.feed(SPLATS[0][1])
        self.assertTrue(got.found and got.crash_pending)

    def test_crash_that_never_comes(self):
        self.assertTrue(self.feed(("all is well",), "Trigger").crash_pending)


class Streams(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.path = Path(self.dir.name) / "s.log"
        self.seen = []
        self.stream = Stream("s", self.path, time.monotonic(),
                             self.seen.append)
        self.addCleanup(self.stream.close)

    def expect(self, pattern, seconds=0):
        return self.stream.expect(re.compile(pattern), seconds)

    def test_lines_are_joined_cleaned_and_logged(self):
        self.stream.feed(b"one\r\ntw")
        self.stream.feed(b"o \x1b[31mred\x1b[0m\n\xff\n")
        self.assertEqual(self.seen, ["one", "two red", "\ufffd"])
        self.assertRegex(self.path.read_text(encoding="utf-8"),
                         r"(?m)^\[ +\d+\.\d\d\] two red$")

    def test_old_lines_do_not_match_twice(self):
        self.stream.feed(b"hello\nworld\n")
        self.assertTrue(self.expect("hello"))
        self.assertFalse(self.expect("hello"))
        self.assertTrue(self.expect("world"))
        self.assertTrue(self.stream.search_all(re.compile("hello")))

    def test_nothing_is_no_match(self):
        self.assertIsNone(self.expect("."))

    def test_a_later_line_wakes_the_waiter(self):
        threading.Timer(0.05, self.stream.feed, (b"late\n",)).start()
        self.assertTrue(self.expect("late", 20))

    def test_a_closed_stream_ends_the_wait(self):
        self.stream.feed(b"no newline")
        self.stream.close()
        self.assertTrue(self.expect("no newline", 20))
        self.assertIsNone(self.expect("more", 20))


class Talking(unittest.TestCase):
    def test_agent_runs_and_reports(self):
        ours, theirs = socket.socketpair()
        agent = Agent(ours)
        agent.feed(b"junk\n@@READY abc\n")
        self.assertEqual(agent.wait_ready(1), "abc")
        agent.feed(b"@@BEGIN 1\nhello\n\n@@END 1 3\n")
        self.assertEqual(agent.run("echo hello", 1), (3, "hello"))
        self.assertEqual(theirs.recv(99), b"1 echo hello\n")

    def test_agent_says_when_the_guest_restarts_or_ends(self):
        for event, why in ((b"@@READY x\n", "restarted"), (None, "ended")):
            ours, theirs = socket.socketpair()
            self.addCleanup(theirs.close)
            agent = Agent(ours)
            if event:
                agent.feed(event)
            else:
                agent.close()
            with self.assertRaisesRegex(StepFailed, why):
                agent.run("true", 1)

    def test_agent_silence_fails(self):
        ours, theirs = socket.socketpair()
        with self.assertRaisesRegex(StepFailed, "no answer"):
            Agent(ours).run("true", 0)
        theirs.close()
        with self.assertRaisesRegex(StepFailed, "the guest is gone"):
            Agent(ours).run("true", 0)

    def test_qmp_skips_noise_and_reports_errors(self):
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        qmp = Qmp(ours)
        qmp.feed(b'garbage\n{"QMP": {}}\n{"return": {}, "id": 1}\n'
                 b'{"event": "X"}\n{"return": {"actual": 7}, "id": 2}\n'
                 b'{"error": {"desc": "no such thing"}, "id": 3}\n')
        self.assertEqual(qmp.execute("query-balloon"), {"actual": 7})
        with self.assertRaisesRegex(StepFailed, "no such thing"):
            qmp.execute("bad")


def never(*_):
    """Of a guest that does not answer."""
    raise StepFailed("the guest's agent did not start within 1 s")


class FakeAgent:
    """A guest that answers from a table."""

    def __init__(self, answers):
        self.answers = answers

    def wait_ready(self, _):
        return "id"

    def start(self, _):
        return "1"

    def run(self, command, _):
        return self.answers.get(command, (127, "not found"))


class FakeHost:
    """A host whose guest prints one text when it starts."""

    name, level, features = "fake", "in memory", frozenset()
    answers, console_text, ends = {}, b"hello\n", True
    host_text, standstill = b"", ""
    exit_code, disk_paths = 0, {"data": "/dev/vda"}

    def __init__(self, logdir, machine, on_console_line):
        self.started = time.monotonic()
        self.machine = machine
        self.console = Stream("console", logdir / "console.log", self.started,
                              on_console_line)
        self.monitor = Stream("monitor", logdir / "monitor.log", self.started)
        self.host = Stream("host", logdir / "host.log", self.started)
        self.agent = FakeAgent(self.answers)

    def start(self):
        self.console.feed(self.console_text)
        self.host.feed(self.host_text)

    def stop(self):
        for stream in (self.console, self.monitor, self.host):
            stream.close()

    def void(self):
        return self.standstill

    def command(self, text, _):
        return "host says " + text

    def wait_end(self, _):
        return self.ends

    def restart(self, options):
        self.console.feed(b"again with " + options.encode() + b"\n")


class Running(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        base = Path(self.dir.name)
        (base / "kernels/lean-new").mkdir(parents=True)
        (base / "kernels/lean-new/stamp").touch()
        (base / "kernels/debug-new").mkdir(parents=True)
        (base / "kernels/debug-new/stamp").touch()
        for name, value in (("KERNELS", base / "kernels"),
                            ("LOGS", base / "logs")):
            self.patch(runner_module, name, value)
        self.patch(runner_module.image, "guest_initramfs",
                   lambda *args: None)

    def patch(self, where, name, value):
        old = getattr(where, name)
        setattr(where, name, value)
        self.addCleanup(setattr, where, name, old)

    def runner(self, steps, config="lean", **attributes):
        host = type("Host", (FakeHost,), attributes)
        scenario = parse("t", HEAD + "steps\n" + steps)
        return runner_module.Runner(scenario, "new", config, host,
                                    lambda line: None)

    def verdict(self, steps, config="lean", **attributes):
        return self.runner(steps, config, **attributes).run()

    def test_pass(self):
        got = self.verdict(
            "expect hello within 1\nvalue n from guest count =~ (\\d+)\n"
            "let m = n + 1\nassert m == 8\nwait host x =~ says x within 1\n",
            answers={"count": (0, "n 7")})
        self.assertEqual((got.verdict, got.reason), ("pass", ""))
        self.assertEqual(got.values, {"n": 7, "m": 8})
        self.assertIn('"verdict": "pass"',
                      (got.logdir / "result.json").read_text())

    def fails(self, why, steps, **attributes):
        got = self.verdict(steps, **attributes)
        self.assertEqual(got.verdict, "fail")
        self.assertRegex(got.reason, why)

    def test_failures(self):
        self.fails("not seen on console", "expect bye within 0\n")
        self.fails("exit status 127", "guest nothing\n")
        self.fails("exit status 0", "guest! ok\n", answers={"ok": (0, "")})
        self.fails("no match in", "value n from host x =~ (\\d+)\n")
        self.fails("false: 1 == 2", "assert 1 == 2\n")
        self.fails("has no value", "assert a == 2\n")
        self.fails("not so within", "wait host x =~ q within 0\n")
        self.fails("seen on console: hello",
                   "expect hello within 1\nreject hel+o\n")
        self.fails("did not power off", "expect hello within 1\n", ends=False)

    def test_a_host_that_ends_badly_fails_a_run(self):
        self.fails("the host ended with 2", "expect hello within 1\n",
                   exit_code=2)

    def test_the_host_is_started_again(self):
        steps = ("exit 4 within 1\nstart --max-version 4.1\n"
                 "expect again with --max-version 4.1$ within 1\n"
                 "value p from host use $data =~ (\\S+)$\nexit 4 within 1\n")
        got = self.verdict(steps, exit_code=4)
        self.assertEqual((got.verdict, got.reason), ("pass", ""))
        self.assertEqual(got.values, {"p": "/dev/vda"})
        self.fails("the host ended with 4", "exit 0 within 1\n", exit_code=4)
        self.fails("still runs", "exit 0 within 0\n", ends=False)
        self.fails("has not ended", "expect hello within 1\nstart\n")

    def test_limits_stretch_with_the_longest_boot(self):
        clock = [0.0]

        class SlowAgent(FakeAgent):
            boots = [30, 15, 60]

            def wait_ready(self, _):
                clock[0] += self.boots.pop(0)
                return "id"

        class SlowHost(FakeHost):
            def __init__(self, *args):
                super().__init__(*args)
                self.agent = SlowAgent({})
                self.started = clock[0]

        self.patch(runner_module, "time", types.SimpleNamespace(
            monotonic=lambda: clock[0], sleep=lambda _: None,
            strftime=time.strftime, localtime=time.localtime))
        scenario = parse("t", HEAD + "timeout 100\nsteps\n"
                         "expect hello within 1\n" + 2 * (
                             "exit 0 within 1\nstart\nready within 60\n"))
        runner = runner_module.Runner(scenario, "new", "lean", SlowHost,
                                      lambda line: None)
        self.assertEqual(runner.run().verdict, "pass")
        self.assertEqual(
            runner._limit(5),  # pylint: disable=protected-access
            5 * runner_module.RESERVE * 60 / runner_module.USUAL_BOOT_SECONDS)

    def test_what_the_next_run_keeps(self):
        logs = Path(self.dir.name) / "logs"
        for verdict, kept in (("pass", 0), ("fail", 1), (None, 2)):
            with self.subTest(verdict=verdict):
                logdir = self.verdict("expect hello within 1\n").logdir
                if verdict == "fail":
                    result = logdir / "result.json"
                    result.write_text(result.read_text().replace("pass",
                                                                 verdict))
                if not verdict:
                    (logdir / "result.json").unlink()
                    # Folders are told apart by the second.
                    os.utime(logdir / "console.log", (1, 1))
                self.verdict("expect hello within 1\n")
                self.assertEqual(
                    len(list(logs.glob("failed/*/console.log"))), kept)

    def test_a_splat_fails_a_run_whose_steps_all_pass(self):
        self.fails("WARNING in the guest log", "expect hello within 1\n",
                   console_text=b"WARNING: CPU: 0 PID: 1 at a.c:1\nhello\n")

    def test_a_wait_ends_with_a_splat(self):
        self.fails("WARNING in the guest log", "wait host x =~ q within 600\n",
                   console_text=b"WARNING: CPU: 0 PID: 1 at a.c:1\nhello\n")

    def test_an_announced_crash_must_come(self):
        self.fails("did not happen", "expect hello within 1\ncrash boom\n")

    def test_lockdep_must_still_be_on(self):
        on = {"grep debug_locks /proc/lockdep_stats": (0, "debug_locks: 1")}
        off = {"grep debug_locks /proc/lockdep_stats": (0, "debug_locks: 0")}
        steps = "expect hello within 1\n"
        self.assertEqual(self.verdict(steps, "debug", answers=on).verdict,
                         "pass")
        got = self.verdict(steps, "debug", answers=off)
        self.assertRegex(got.reason, "lockdep turned itself off")

    def test_only_a_known_bug_of_the_host_makes_a_run_void(self):
        bug = b"qemu: vmbus.c:409: gpadl_iter_seek: Assertion `x' failed.\n"
        splat = b"BUG: KASAN: use-after-free\nhello\n"
        for steps, host_text, console, void in (
                ("expect bye within 0\n", bug, b"hello\n", True),
                ("expect bye within 0\n", b"Aborted\n", b"hello\n", False),
                ("expect hello within 1\n", bug, splat, False),
                ("expect hello within 1\n", bug, b"hello\n", False)):
            run = self.runner(steps, host_text=host_text, console_text=console)
            run.run()
            self.assertEqual(bool(run.void()), void, steps)

    def test_a_first_level_that_stands_still_makes_a_run_void(self):
        run = self.runner("expect bye within 0\n", standstill="it stood still")
        run.run()
        self.assertEqual(run.void(), "it stood still")

    def test_a_kernel_that_does_not_get_as_far_as_ours_voids_a_run(self):
        early, late = b"smpboot: CPU0\n", b"Run /init as init process\n"
        for text, level, void in ((early, firstlevel.LEVEL, True),
                                  (early, "hardware KVM", False),
                                  (late, firstlevel.LEVEL, False)):
            run = self.runner("expect bye within 0\n", console_text=text,
                              level=level)
            self.patch(FakeAgent, "wait_ready", never)
            run.run()
            self.assertRegex(run.result.reason, "^boot: ")
            self.assertEqual("user space" in run.void(), void, text)

    def test_a_void_run_is_made_again(self):
        said = []
        for made, voids, passes in ((1, 0, True), (2, 1, True), (3, 2, True),
                                    (runner_module.ATTEMPTS, 9, False)):
            runs = []

            def make():
                bad = len(runs) < voids
                runs.append(self.runner(
                    "expect %s within 0\n" % ("bye" if bad else "hello"),
                    standstill="it stood still"))
                return runs[-1]

            last = runner_module.run_until_valid(make, said.append)
            self.assertEqual((len(runs), last), (made, runs[-1]))
            self.assertEqual(last.result.verdict == "pass", passes)
        self.assertIn("made again", said[0])

    def test_a_missing_kernel_is_one_line(self):
        scenario = parse("t", GOOD)
        got = runner_module.Runner(scenario, "legacy", "lean", FakeHost,
                                   lambda line: None).run()
        self.assertRegex(got.reason, "run: ci/kernel build lean legacy")


class Pulses(unittest.TestCase):
    """The watch over the first level's processor."""

    def setUp(self):
        self.addCleanup(setattr, firstlevel, "SILENT_SECONDS",
                        firstlevel.SILENT_SECONDS)
        self.process = subprocess.Popen(["sleep", "60"])
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.pulse = firstlevel.Pulse()
        with tempfile.TemporaryDirectory() as folder:
            self.stream = Stream("host", Path(folder) / "log", 0)
        self.addCleanup(self.stream.close)
        self.sink = self.pulse.before(self.stream)

    def test_beats_leave_the_log_as_it_is(self):
        self.sink.feed(b"one\ntw" + firstlevel.BEAT)
        self.sink.feed(b"o\n")
        self.assertEqual(self.stream.tail(9), ["one", "two"])

    def test_one_that_stops_is_ended(self):
        firstlevel.SILENT_SECONDS = 0.2
        self.sink.feed(firstlevel.BEAT)
        self.pulse.watch(self.process)
        self.assertEqual(self.process.wait(20), -signal.SIGKILL)
        self.assertTrue(self.pulse.stopped)

    def test_one_that_has_not_begun_is_not(self):
        firstlevel.SILENT_SECONDS = 0.2
        self.sink.feed(b"booting\n")
        self.pulse.watch(self.process)
        with self.assertRaises(subprocess.TimeoutExpired):
            self.process.wait(2)
        self.assertFalse(self.pulse.stopped)


class AnyHost:
    """What a host in a first level adds to."""

    def __init__(self, logdir, machine, on_console_line):
        self.host = Stream("host", logdir / "log", 0, on_console_line)
        self.machine = machine
        self.bug = ""

    def _sinks(self, client):
        return {"host": (self.host,), "monitor": (client,)}

    def void(self):
        """A bug of the host program."""
        return self.bug


class NestedHost(firstlevel.Nested, AnyHost):
    """A host in a first level, which does not run."""


class Nesteds(unittest.TestCase):
    """What hosts in a first level have in common."""

    def setUp(self):
        with tempfile.TemporaryDirectory() as folder:
            self.host = NestedHost(Path(folder), None, None)
        self.addCleanup(self.host.host.close)

    def test_beats_go_to_the_watch_and_the_rest_to_the_log(self):
        # pylint: disable=protected-access
        sinks = self.host._sinks("client")
        self.assertEqual(sinks["monitor"], ("client",))
        for sink in sinks["host"]:
            sink.feed(b"one" + firstlevel.BEAT + b"\n")
        self.assertEqual(self.host.host.tail(9), ["one"])
        self.assertTrue(self.host._pulse._last)

    def test_a_standstill_and_a_bug_of_the_host_program_void_a_run(self):
        self.assertEqual(self.host.void(), "")
        self.host.bug = "a bug"
        self.assertEqual(self.host.void(), "a bug")
        self.host._pulse.stopped = True  # pylint: disable=protected-access
        self.assertIn("stood still", self.host.void())


class Machines(unittest.TestCase):
    def args(self, *devices):
        machine = type("M", (), {"memory": 512, "devices": devices})
        return " ".join(host_qemu.device_args(machine))

    def test_devices(self):
        self.assertEqual(self.args(), "-m 512M -device vmbus-bridge")
        self.assertIn("-device hv-balloon,id=hvb,status-report=on",
                      self.args("balloon"))
        got = self.args("balloon hotadd=256")
        self.assertIn("-m 512M,maxmem=68G", got)
        self.assertIn("size=256M", got)

    def test_unknown_devices_and_options_are_refused(self):
        for text in ("nic", "balloon colour=red", "balloon hotadd"):
            with self.subTest(text=text), self.assertRaises(HostError):
                self.args(text)

    def test_a_machine_without_virtualisation_gets_a_nested_host(self):
        with tempfile.TemporaryDirectory() as folder, \
                contextlib.ExitStack() as patches:
            probe = Path(folder) / "probe"
            built = []
            for where, name, value in (
                    (hosts, "prepare_packages", lambda: None),
                    (hosts.host_hvhost, "build", lambda: None),
                    (firstlevel, "build", built.append),
                    (hosts.image, "compiled", lambda _: probe)):
                patches.enter_context(mock.patch.object(where, name, value))
            for text, why in (("echo no: /dev/kvm: No such file; exit 1",
                               "/dev/kvm: No such file"),
                              ("kill -9 $$", "does not return")):
                probe.write_text("#!/bin/sh\n%s\n" % text, encoding="utf-8")
                probe.chmod(0o755)
                usable, reason = hosts.kvm_is_usable()
                self.assertFalse(usable)
                self.assertIn(why, reason)
                for name in hosts.HOSTS:
                    host = hosts.choose(name)
                    self.assertTrue(issubclass(host, firstlevel.Nested), name)
                    self.assertIn("nested", host.level)
                    self.assertNotIn("hardware", host.features)
            self.assertEqual(built, list(hosts.HOSTS) * 2)
            probe.write_text("#!/bin/sh\n", encoding="utf-8")
            for name in hosts.HOSTS:
                self.assertIn("hardware", hosts.choose(name).features)

    def test_the_table_names_the_host(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "result.json"
            path.write_text(json.dumps({
                "host": "hvhost, " + firstlevel.LEVEL, "stack": "new",
                "values": {"kernel": "k", "vmbus_version": "5.3"}}),
                encoding="utf-8")
            done = subprocess.run(
                [sys.executable, os.path.join(HERE, "../host/tour.py"), path],
                check=True, capture_output=True, text=True)
        self.assertIn("host: hvhost, nested under a software CPU; kernel: new",
                      done.stdout)

    def test_hosts_that_are_not_there(self):
        with self.assertRaisesRegex(HostError, "no host is called"):
            hosts.choose("xen")

    def test_cpio_is_what_cpio_reads(self):
        stream = io.BytesIO()
        writer = CpioWriter(stream)
        writer.file("a/b/c", b"xyz", 0o755)
        writer.symlink("a/l", "b/c")
        writer.finish()
        data = stream.getvalue()
        self.assertEqual(len(data) % 4, 0)
        names = re.findall(rb"070701[0-9A-F]{104}([^\0]+)\0", data)
        self.assertEqual(names, [b"a", b"a/b", b"a/b/c", b"a/l",
                                 b"TRAILER!!!"])
        head = data[data.index(b"a/b/c\0") - 110:]
        self.assertEqual(int(head[14:22], 16), stat.S_IFREG | 0o755)
        self.assertEqual(int(head[54:62], 16), 3)


class Commands(unittest.TestCase):
    def args(self, *argv):
        return cli.parse_args(list(argv))

    def test_plan(self):
        scenario = parse("t", HEAD + "stacks new legacy\ncheck new/debug\n"
                                     "steps\nguest a\n")
        runs = cli.plan(self.args("--matrix"), [scenario])
        self.assertEqual([run[1:] for run in runs],
                         [("new", "lean"), ("new", "debug"),
                          ("legacy", "lean"), ("legacy", "debug")])
        runs = cli.plan(self.args("--all"), [scenario])
        self.assertEqual([run[1:] for run in runs], [("new", "lean")])
        runs = cli.plan(self.args("--all", "STACK=legacy", "CONFIG=debug"),
                        [scenario])
        self.assertEqual([run[1:] for run in runs], [("legacy", "debug")])
        runs = cli.plan(self.args("--matrix", "CONFIG=debug,pae",
                                  "STACK=legacy"), [scenario])
        self.assertEqual([run[1:] for run in runs], [("legacy", "debug")])
        scenario.configs = ("lean", "rt")
        runs = cli.plan(self.args("--matrix"), [scenario])
        self.assertEqual([run[1:] for run in runs],
                         [("new", "lean"), ("new", "rt"), ("legacy", "lean")])
        runs = cli.plan(self.args("--check"), [scenario])
        self.assertEqual([run[1:] for run in runs], [("new", "debug")])
        runs = cli.plan(self.args("t", "STACK=legacy"), [scenario])
        self.assertEqual([run[1:] for run in runs], [("legacy", "lean")])

    def test_what_cannot_run_here_is_said(self):
        scenario = parse("t", HEAD + "stacks new\nneeds hardware\n"
                                     "steps\nguest a\n")
        self.assertIn("needs a host with hardware", cli.not_runnable(
            FakeHost, scenario))
        self.assertIn("not written for", cli.not_written_for(
            None, scenario, "legacy", "lean"))
        self.assertIn("needs HOST=qemu", cli.not_written_for(
            "hvhost", scenario, "new", "lean"))
        self.assertEqual("", cli.not_written_for(
            "qemu", scenario, "new", "lean"))
        scenario.stacks, scenario.configs = ("new", "legacy"), ("rt",)
        self.assertIn("not made for CONFIG=rt", cli.not_written_for(
            None, scenario, "legacy", "rt"))

    def test_bad_words(self):
        for argv in (("STACK=old",), ("CONFIG=lean,fat",), ("HOST=xen",)):
            with self.subTest(argv=argv), self.assertRaises(SystemExit):
                self.args(*argv)

    def test_table(self):
        values = {"kernel": "k", "vmbus_version": "4.0", "device": "aabbccdd-",
                  "driver": "hv_balloon", "dm_version": "2.0",
                  "committed": 2048, "available": 4096, "total": 300000,
                  "total_down": 200000, "total_up": 300000}
        text = render(("a", "b", "c", "d"), tour_rows(values))
        self.assertIn("300000 -> 200000 kB", text)
        self.assertIn("dynamic memory 2.0", text)
        self.assertNotIn("SCSI", text)
        values.update(storage="b4e3a96b-", storage_driver="hv_storvsc",
                      vstor_version="6.2", root="/dev/sda ext4",
                      written=32 << 20, unmapped=64 << 20, lun_size=64 << 20,
                      nic="257dd291-", nic_driver="hv_netvsc", nvsp="6.1",
                      pings=200, tcp_bytes=3 << 19, tcp_large=7,
                      checksums=9, bad=0, beats=3, beats_driver="hv_utils",
                      beats_version="3.0", time_version="4.0", guest_time=100,
                      host_time=101, kvp_version="5.0", kvp_items=10,
                      shutdown_version="3.2")
        text = render(("a", "b", "c", "d"), tour_rows(values))
        self.assertIn("64 of 64 MiB given back", text)
        self.assertRegex(text, r"257dd291 \(NIC\) +hv_netvsc +NVSP 6\.1 +200 ")
        self.assertIn("1536 KiB, 7 large packets", text)
        self.assertIn("3 beats answered", text)
        self.assertIn("guest and host 1 s apart", text)
        self.assertIn("10 items", text)


if __name__ == "__main__":
    unittest.main()
