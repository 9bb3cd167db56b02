#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of ci/fuzz's parts that need no guest."""

import sys
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
sys.dont_write_bytecode = True

from scenariolib import fuzz  # noqa: E402
from scenariolib import runner as runner_module  # noqa: E402
from scenariolib.parser import parse  # noqa: E402
from test_scenario import FakeHost  # noqa: E402


class Shrink(unittest.TestCase):
    """The list gets short, keeps what matters, and costs what it may."""

    def shrink(self, needed, limit):
        asked = []

        def fails(part):
            asked.append(part)
            return needed <= set(part)

        return fuzz.shrink(list(range(100)), fails, limit), len(asked)

    def test_two_of_a_hundred(self):
        self.assertEqual(self.shrink({3, 17}, 1000)[0], [3, 17])

    def test_the_last_one(self):
        items, asked = self.shrink({99}, 1000)
        self.assertEqual((items, asked), ([99], 1))

    def test_all_of_them(self):
        self.assertEqual(len(self.shrink(set(range(100)), 1000)[0]), 100)

    def test_nothing_is_asked_twice(self):
        asked = []

        def fails(part):
            asked.append(tuple(part))
            return 0 in part

        self.assertEqual(fuzz.shrink([0, 1, 2], fails, 100), [0])
        self.assertEqual(len(asked), len(set(asked)))

    def test_limit(self):
        items, asked = self.shrink({3, 17}, 5)
        self.assertLessEqual(asked, 5)
        self.assertLessEqual({3, 17}, set(items))


class Texts(unittest.TestCase):
    """What is written down is what is read again."""

    def test_every_target_has_steps(self):
        for target in fuzz.TARGETS.values():
            self.assertTrue(fuzz.steps_of(target.load + [fuzz.DISK]))
            self.assertTrue(fuzz.scenario([target.name], 60).steps)
        for name in fuzz.USUAL:
            self.assertIn(name, fuzz.TARGETS)

    def test_no_load_waits_for_a_disk(self):
        """Its answer may be lost; the rescind ends the wait, and the next disk,
        which has the same number, comes after that."""
        for target in fuzz.TARGETS.values():
            for line in target.load:
                if "dd if=" in line:
                    self.assertTrue(line.endswith("& done"), line)
                    ended = target.again.index(fuzz.ENDED)
                    self.assertLess(0, ended)
                    self.assertLess(ended, target.again.index(
                        "host offer " + target.name))

    def test_scenario_of_a_finding(self):
        found = fuzz.Figures("balloon0", 7, error="KASAN in the guest log\nx")
        items = ["at 3 mute packet", "at 9 corrupt data@4:2 ^0x8"]
        for certain in (True, False, None):
            text = fuzz.as_scenario(found, items, 4, certain)
            parsed = parse("x", text)
            self.assertIn("host balloon0 fault at 3 mute packet",
                          [step.text for step in parsed.steps])
            self.assertEqual("did not fail again" in text, certain is False)
            self.assertEqual("Not replayed" in text, certain is None)

    def test_a_load_in_a_scenario_can_not_fail(self):
        """What a campaign puts up with must not fail its scenario."""
        for before, after in (
                ("host rescind scsi1", "wait host rescind scsi1 =~ ^ within 1"),
                ("guest false && true", "guest (false && true); true"),
                ("guest dd; true within 400", "guest (dd); true within 400"),
                ("guest a; true; b within 5", "guest (a; true; b); true within 5"),
                ("guest sleep 0.3", "guest sleep 0.3"),
                ("let n = n + 1", "let n = n + 1")):
            self.assertEqual(fuzz.anyhow(before), after)
            self.assertEqual(len(fuzz.steps_of([after])), 1)

    def test_scenario_of_every_target(self):
        """Prepared before the faults, loaded under them, mended after."""
        for name, target in fuzz.TARGETS.items():
            found = fuzz.Figures(name, 7, error="it broke")
            text = fuzz.as_scenario(found, ["at 3 mute packet"], 2, True)
            parse("x", text)
            lines = text.splitlines()
            first = lines.index("host %s fault at 3 mute packet" % name)
            off = lines.index("host %s fault off" % name)
            for line in target.prepare:
                self.assertLess(lines.index(line), first)
            for line in target.load + target.again:
                self.assertLess(first, lines.index(fuzz.anyhow(line), first))
                self.assertGreater(off, lines.index(fuzz.anyhow(line), first))
            for line in target.mend:
                self.assertIn(line, lines[off:])

    def test_lines_of_the_trace(self):
        match = fuzz.MADE_UP.search(
            "12.5 - fault scsi1 at 12 corrupt desc.len8 ~")
        self.assertEqual(match.groups(),
                         ("scsi1", "at 12 corrupt desc.len8 ~"))
        for line in ("- fault bus rescind-at OFFERCHANNEL",
                     "- fault scsi1.0: no room, a packet is lost"):
            self.assertIsNone(fuzz.MADE_UP.search(line))

    def test_reasons(self):
        text = ("rejected 3 relid out of range\n"
                "  tx_ring ok rx_ring bad index\n"
                "  tx_ring bad packet type rx_ring ok\n"
                "  tx_ring ok rx_ring ok\n"
                "reject_length          : 2\nreject_type            : 0\n")
        found = set()
        for regex in fuzz.REASONS:
            found.update(match.group(match.lastindex)
                         for match in regex.finditer(text))
        self.assertEqual(found, {"relid out of range", "bad index",
                                 "bad packet type", "length"})

    def test_figures(self):
        figures = fuzz.Figures("bus", 1, loops=2, longest=61.4,
                               counts={"messages": (40, 3),
                                       "flags": (0, 0)})
        self.assertIn("messages 3/40", figures.line())
        self.assertNotIn("flags", figures.line())

    def test_what_failed_comes_before_the_figures(self):
        figures = fuzz.Figures("bus", 1, error="it broke")
        self.assertRegex(figures.line(), r"^bus +seed 1: FAILED: it broke; ")


def the_tool():
    """ci/fuzz, as a module."""
    loader = SourceFileLoader("ci_fuzz", str(HERE.parent / "fuzz"))
    tool = module_from_spec(spec_from_loader("ci_fuzz", loader))
    loader.exec_module(tool)
    return tool


class Words(unittest.TestCase):
    """The command line."""

    def test_the_bus_comes_first(self):
        chosen, build = the_tool().options(["DEV=scsi1,nic0,bus,balloon0",
                                            "--no-build"])
        self.assertEqual(chosen["DEV"], ["bus", "scsi1", "nic0", "balloon0"])
        self.assertFalse(build)

    def test_a_device_without_a_load(self):
        for words in (["DEV=fc0"], ["T=x"]):
            with self.assertRaises(SystemExit):
                the_tool().options(words)


class Kinds(unittest.TestCase):
    """Which failures are the same one."""

    WARNING = ("WARNING in the guest log: [%s] WARNING: CPU: %d PID: %d at "
               "drivers/hv/vmbus_drv.c:%d vmbus_on_msg_dpc+0x%x/0x280 "
               "[hv_vmbus] (and %d more)\nthe rest %d")

    def test_the_same(self):
        self.assertEqual(
            fuzz.kind(self.WARNING % ("    6.674775", 0, 0, 1051, 30, 3, 1)),
            fuzz.kind(self.WARNING % ("  119.38", 1, 57, 1051, 31, 12, 2)))

    def test_others(self):
        kinds = {fuzz.kind(text) for text in (
            self.WARNING % ("6.67", 0, 0, 1051, 30, 3, 1),
            self.WARNING % ("6.67", 0, 0, 1040, 30, 3, 1),
            "guest rmmod hv_vmbus: exit status 1: busy",
            "guest rmmod hv_utils: exit status 1: busy", "")}
        self.assertEqual(len(kinds), 5)


class Reduce(unittest.TestCase):
    """What is found is on the disk before anything else is tried."""

    def reduce(self, results):
        """The text of the file after replays with these results."""
        tool = the_tool()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        tool.SCENARIOS, tool.say = Path(folder.name), lambda line: None
        results = iter(results)

        def run(*_, **__):
            verdict = next(results, None)
            if not verdict:
                sys.exit("stopped")
            return SimpleNamespace(result=SimpleNamespace(
                verdict="fail" if verdict == "other" else verdict,
                reason="it broke" if verdict == "fail" else verdict))

        tool.run = run
        try:
            tool.reduce({"REPLAYS": 24}, None, fuzz.Figures(
                "bus", 7, error="it broke",
                made_up=["at %d mute message" % n for n in range(8)]))
        except SystemExit:
            pass
        files = list(tool.SCENARIOS.iterdir())
        self.assertEqual([file.name for file in files], ["fuzz-bus-7.scn"])
        return files[0].read_text(encoding="utf-8")

    def test_stopped(self):
        for results, faults, words in (
                ((), 8, "Not replayed"),
                (("pass",), 8, "did not fail again"),
                (("fail",), 8, "steps"),
                (("other",), 8, "did not fail again"),
                (("fail", "other", "fail"), 4, "steps"),
                (("fail", "pass", "fail"), 4, "steps")):
            text = self.reduce(results)
            self.assertEqual(text.count("mute message"), faults, results)
            self.assertIn(words, text)
            self.assertEqual("# Not" in text or "# A replay" in text,
                             "fail" not in results)


class Guest:
    """One that can do all, and says `broken` from some command on."""

    def __init__(self, host):
        self._host = host
        self.commands = 0

    def wait_ready(self, _):
        """As an Agent's."""
        return "id"

    def start(self, _):
        """As an Agent's."""
        return "1"

    def run(self, command, _):
        """As an Agent's."""
        self.commands += 1
        if self.commands == self._host.breaks_at:
            self._host.console.feed(b"BUG: KASAN: broken\n")
        if "hyperv/connection" in command:
            return 0, ("longest_wait %d of 60000 ms for answer\n"
                       "longest_wait 0 of 20000 ms for contact\n"
                       "rejected 2 relid out of range\n" % self.commands)
        return 0, ""


class Host(FakeHost):
    """Takes every command and says what it made up."""

    breaks_at = 0
    changed = 3
    taken = []

    def __init__(self, logdir, machine, on_console_line):
        super().__init__(logdir, machine, on_console_line)
        self.agent = Guest(self)

    def command(self, text, _):
        self.taken.append(text)
        if text.endswith("fault list"):
            return "messages 40 changed %d\npackets 7 changed 0" % self.changed
        if "fault fuzz" in text:
            self.host.feed(b"- fault bus at 4 mute message\n"
                           b"- fault bus: late message goes out\n")
        return "actual 716800 KiB"


class Campaigns(unittest.TestCase):
    """A campaign in a guest that is not there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        base = Path(folder.name)
        (base / "kernels/lean-new").mkdir(parents=True)
        (base / "kernels/lean-new/stamp").touch()
        for name, value in (("KERNELS", base / "kernels"),
                            ("LOGS", base / "logs")):
            self.patch(runner_module, name, value)
        self.patch(runner_module.image, "guest_initramfs",
                   lambda *args: None)

    def patch(self, where, name, value):
        """For one test."""
        old = getattr(where, name)
        setattr(where, name, value)
        self.addCleanup(setattr, where, name, old)

    def campaign(self, breaks_at=0, changed=3, **replay):
        """A finished one, of the bus; three turns of its load."""
        host = type("H", (Host,), {"breaks_at": breaks_at, "changed": changed,
                                   "taken": []})
        made = fuzz.Campaign(["bus"], 5, 60, "new", "lean", host,
                             lambda line: None, **dict({"loops": 3},
                                                       **replay))
        made.run()
        return made, host.taken

    def test_all_goes_well(self):
        made, taken = self.campaign()
        self.assertEqual(made.result.verdict, "pass", made.result.reason)
        figures = made.figures[0]
        self.assertEqual((figures.loops, figures.error), (3, ""))
        self.assertEqual(figures.counts["messages"], (40, 3))
        self.assertEqual(figures.reasons, {"relid out of range"})
        self.assertEqual(list(figures.waits), ["answer"])
        self.assertGreater(figures.waits["answer"][0], 3)
        self.assertIn("/60 s", figures.line())
        self.assertEqual(figures.made_up, ["at 4 mute message"])
        self.assertIn("bus fault fuzz 5 12 messages", taken)
        self.assertEqual(taken.count("rescind heartbeat0"), 3)

    def test_prepared_first_and_for_this_stack(self):
        self.patch(fuzz, "TARGETS", {"bus": fuzz.Target(
            "bus", 4, ["guest true"], ["[legacy] host other stack"],
            prepare=["let n = 5", "host prepare $n"])})
        made, taken = self.campaign()
        self.assertEqual(made.result.verdict, "pass", made.result.reason)
        self.assertLess(taken.index("prepare 5"),
                        taken.index("bus fault fuzz 5 4 packets flags sections"))
        self.assertNotIn("other stack", taken)

    def test_a_splat_ends_it(self):
        made, _ = self.campaign(breaks_at=9)
        self.assertEqual(made.result.verdict, "fail")
        self.assertIn("KASAN", made.figures[0].error)
        self.assertEqual(made.figures[0].made_up, ["at 4 mute message"])

    def test_nothing_that_was_changed(self):
        made, _ = self.campaign(changed=0)
        self.assertEqual(made.result.verdict, "fail")
        self.assertIn("nothing was changed", made.figures[0].error)
        made, _ = self.campaign(changed=0, replay=["at 4 mute message"])
        self.assertEqual(made.result.verdict, "pass")

    def test_a_slow_one_waits_for_its_first_fault(self):
        for changed, took, goes_on in ((0, 59, True), (0, 61, True),
                                       (0, 181, False), (1, 59, True),
                                       (1, 61, False)):
            made, _ = self.campaign(changed=changed)
            made.loops = 0
            self.assertEqual(made._goes_on("bus", made.figures[0], took),
                             goes_on, (changed, took))

    def test_a_replay_gives_the_list(self):
        made, taken = self.campaign(replay=["at 4 mute message"])
        self.assertEqual(made.result.verdict, "pass", made.result.reason)
        first = taken.index("bus fault at 4 mute message")
        self.assertEqual(taken[first + 1], "bus fault start")


if __name__ == "__main__":
    unittest.main()
