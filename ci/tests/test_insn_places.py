# SPDX-License-Identifier: GPL-2.0-only
"""Attribution of counted instructions to functions and objects."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "insn"))
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
WINDOWS = """\
window 0
ffffffff90000100 3 10
ffffffff90000130 2 5
window 1
ffffffff90000150 7 1
ffffffff90000150 5 2
ffffffff90000200 1 1
"""


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
        self.assertEqual(self.places.function_at(0xffffffff9000012f), "helper")
        self.assertEqual(self.places.text_range(),
                         (0xffffffff90000100, 0xffffffff90000160))

    def test_symbols(self):
        self.assertEqual(self.places.symbol("queue"), 0xffffffff90000140)
        with self.assertRaisesRegex(places.PlacesError, "no function 'nope'"):
            self.places.symbol("nope")

    def test_windows_are_separate_and_summed(self):
        first, second = places.read_windows(self.write("w", WINDOWS))
        got = places.by_function(first, self.places)
        self.assertEqual(got[("drivers/hv/channel.o", "vmbus_open")], 30)
        self.assertEqual(got[("drivers/hv/channel.o", "helper")], 10)
        got = places.by_function(second, self.places)
        self.assertEqual(got[("drivers/scsi/storvsc_drv.o", "queue")], 17)
        self.assertEqual(places.of_objects(got, [r"^drivers/hv/"]), {})
        self.assertEqual(sum(places.of_objects(got, ["scsi", "hv"]).values()),
                         17)

    def test_a_map_without_objects_is_refused(self):
        with self.assertRaisesRegex(places.PlacesError, "CONFIG_VMLINUX_MAP"):
            places.Places(self.write("e", "nothing\n"),
                          self.write("s", SYSTEM_MAP))


if __name__ == "__main__":
    unittest.main()
