# SPDX-License-Identifier: GPL-2.0-only
"""Counting instructions, and their attribution to functions and objects."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "insn"))
import chart  # noqa: E402
import places  # noqa: E402

LINK_MAP = """\
 .text          0xffffffff90000100       0x40 drivers/hv/channel.o
                0xffffffff90000100                vmbus_open
 .text          0xffffffff90000140        0x0 drivers/hv/empty.o
 .text.very.long.section.name
                0xffffffff90000140       0x20 drivers/scsi/storvsc_drv.o
 .data          0xffffffff91000000       0x20 drivers/scsi/storvsc_drv.o
"""
SYSTEM_MAP = """\
ffffffff90000100 T vmbus_open
ffffffff90000120 t helper
ffffffff90000140 t queue
ffffffff91000000 d thing
"""
# Address, executions, then what a block holds: instructions, atomics, fences,
# hypercalls.
WINDOWS = """\
window 0
ffffffff90000100 10 3 1 0 0
ffffffff90000130 5 2 0 1 0
window 1
ffffffff90000140 3 7 2 0 0
ffffffff90000150 1 7 0 0 0
ffffffff90000150 2 5 0 0 0
ffffffff90000200 1 1 0 0 0
ffffc90000000000 4 2 0 0 1
"""


class PluginTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.program = os.path.join(self.dir.name, "plugin")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                              "insn_plugin.c")
        subprocess.run(["gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra",
                        "-Werror", "-fsanitize=address,undefined", "-o",
                        self.program, source], check=True)

    def run_plugin(self, *options):
        self.out = os.path.join(self.dir.name, "windows")
        return subprocess.run([self.program, *options, "out=" + self.out],
                              capture_output=True, text=True)

    def test_what_blocks_hold(self):
        done = self.run_plugin("lo=0x1000", "hi=0x2000", "mark=0x1800")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open(self.out, encoding="utf-8") as handle:
            text = handle.read()
        window = ("1000 5 3 2 0 0\n1100 7 3 0 1 0\n1100 2 2 2 0 0\n"
                  "1800 1 1 0 0 0\n4000 3 2 0 0 1\n4100 4 2 0 0 1\n")
        self.assertEqual(text, "window 0\n%swindow 1\n%s" % (window, window))

    def test_options_are_checked(self):
        for options in (("lo=0x1000", "hi=0x2000", "mark=0x2000"),
                        ("lo=0x2000", "hi=0x1000", "mark=0x1800"), ()):
            done = self.run_plugin(*options)
            self.assertEqual(done.returncode, 1)
            self.assertIn("insn: needs lo=", done.stderr)


class PlacesTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.places = places.Places(self.write("map", LINK_MAP),
                                    self.write("sys", SYSTEM_MAP))

    def write(self, name, text):
        path = os.path.join(self.dir.name, name)
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(text)
        return path

    def test_objects_and_functions(self):
        self.assertEqual(self.places.object_at(0xffffffff9000013f),
                         "drivers/hv/channel.o")
        self.assertEqual(self.places.object_at(0xffffffff90000140),
                         "drivers/scsi/storvsc_drv.o")
        self.assertEqual(self.places.object_at(0xffffffff90000160), "?")
        self.assertEqual(self.places.object_at(1), "?")
        self.assertEqual(self.places.function_at(0xffffffff9000012f),
                         ("helper", 0xffffffff90000120))
        self.assertEqual(self.places.function_at(0xffffc90000000000)[0], "?")
        self.assertEqual(self.places.text_range(),
                         (0xffffffff90000100, 0xffffffff90000160))

    def test_symbols(self):
        self.assertEqual(self.places.symbol("queue"), 0xffffffff90000140)
        with self.assertRaisesRegex(places.PlacesError, "no function 'nope'"):
            self.places.symbol("nope")

    def windows(self):
        return [places.by_function(window, self.places) for window
                in places.read_windows(self.write("w", WINDOWS))]

    def test_windows_are_separate_and_summed(self):
        first, second = self.windows()
        self.assertEqual(first[("drivers/hv/channel.o", "vmbus_open")],
                         places.Count(10, 30, 10))
        self.assertEqual(first[("drivers/hv/channel.o", "helper")],
                         places.Count(0, 10, 0, 5))
        self.assertEqual(second[("drivers/scsi/storvsc_drv.o", "queue")],
                         places.Count(3, 38, 6))
        self.assertEqual(second[("?", "?")],
                         places.Count(5, 9, 0, 0, 4))
        self.assertEqual(places.of_objects(second, [r"^drivers/hv/"]), {})
        some = places.of_objects(second, ["scsi", "hv"])
        self.assertEqual(places.total(some).instructions, 38)

    def test_what_is_not_per_operation_cancels_out(self):
        short, _ = self.windows()
        key = ("drivers/hv/channel.o", "vmbus_open")
        other = ("drivers/hv/channel.o", "only_once")
        long = {key: places.Count(110, 330, 110), other: short[key]}
        found = places.between(short, long, 100)
        self.assertEqual(found[key], places.Count(1, 3, 1))
        self.assertEqual(found[other], places.Count(.1, .3, .1))
        self.assertEqual(
            found[("drivers/hv/channel.o", "helper")].instructions, -0.1)

    def test_the_chart_shows_every_instruction(self):
        values = {"part%d.o" % n: n + 1 for n in range(20)}
        drawn = chart.chart("t", [("a, legacy", values),
                                  ("a, new", {"part19.o": 5})])
        self.assertIn(">210</text>", drawn)
        self.assertIn(">other</text>", drawn)
        self.assertIn(">5.0</text>", drawn)

    def test_a_map_without_objects_is_refused(self):
        with self.assertRaisesRegex(places.PlacesError, "CONFIG_VMLINUX_MAP"):
            places.Places(self.write("e", "nothing\n"),
                          self.write("s", SYSTEM_MAP))


if __name__ == "__main__":
    unittest.main()
