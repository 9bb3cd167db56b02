#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of what drives hvhost: control lines, disks, the first level.

usage: ci/tests/test_hvhost_side.py [unittest arguments]
"""

import os
import re
import socket
import sys
import tempfile
import threading
import unittest
from pathlib import Path

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.dont_write_bytecode = True

from scenariolib import host_hvhost, hosts  # noqa: E402
from scenariolib.agent import Agent  # noqa: E402
from scenariolib.errors import HostError, StepFailed  # noqa: E402
from scenariolib.host_base import Machine  # noqa: E402
from scenariolib.parser import Disk, ScenarioError, parse  # noqa: E402

HEAD = "title T\nproves P\nhosts hvhost qemu\n"
TAIL = "steps\nguest true\n"


class Headers(unittest.TestCase):
    def test_disks_and_options(self):
        got = parse("t", HEAD + "disk a 64M\ndisk b 2G\ndisk c image root\n"
                    "hvhost --profile s4\ndevice scsi lun0=$a\n" + TAIL)
        self.assertEqual(got.disks, [Disk("a", 64), Disk("b", 2048),
                                     Disk("c", 0, "root")])
        self.assertEqual(got.hvhost, "--profile s4")

    def test_refusals(self):
        for line in ("disk a", "disk a 0M", "disk a 64", "disk A 64M",
                     "disk a image x", "hosts xen"):
            with self.subTest(line), self.assertRaises(ScenarioError):
                parse("t", "title T\nproves P\n%s\n%s" % (line, TAIL))
        for step in ("exit within 5", "exit x within 5", "exit 3"):
            with self.subTest(step), self.assertRaises(ScenarioError):
                parse("t", HEAD + "steps\nguest true\n%s\n" % step)

    def test_the_first_host_is_the_default(self):
        scenario = parse("t", HEAD + TAIL)
        self.assertEqual(hosts.host_for(scenario, None), "hvhost")
        self.assertEqual(hosts.host_for(scenario, "qemu"), "qemu")
        only = parse("t", "title T\nproves P\nhosts hvhost\n" + TAIL)
        self.assertEqual(hosts.host_for(only, "qemu"), "")


class ControlLines(unittest.TestCase):
    def setUp(self):
        ours, self.theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(self.theirs.close)
        self.control = host_hvhost.Control(ours)

    def answer(self, text):
        """Feeds an answer as soon as a command has been sent."""
        def run():
            self.theirs.recv(99)
            for part in (text[:7], text[7:]):
                self.control.feed(part)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join)

    def test_an_answer_ends_with_ok(self):
        self.answer(b"| one\n! event\n| two\nok\n")
        self.assertEqual(self.control.command("x", 20), "one\ntwo")

    def test_an_error_is_a_failure(self):
        self.answer(b"| half\nerror: no such LUN\n")
        with self.assertRaisesRegex(StepFailed, "x 1: no such LUN"):
            self.control.command("x 1", 20)

    def test_late_lines_answer_nobody(self):
        self.control.feed(b"| old\nok\n")
        self.answer(b"| new\nok\n")
        self.assertEqual(self.control.command("x", 20), "new")

    def test_silence_and_the_end(self):
        with self.assertRaisesRegex(StepFailed, "no answer"):
            self.control.command("x", 0)
        self.control.close()
        with self.assertRaisesRegex(StepFailed, "ended before"):
            self.control.command("x", 20)
        self.control.reopen()
        self.theirs.recv(99)
        self.answer(b"ok\n")
        self.assertEqual(self.control.command("x", 20), "")


class FakeProcess:
    """A first level that runs."""

    @staticmethod
    def poll():
        return None


class Nested(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        for name, value in (("build", lambda: Path("hvhost")),):
            old = getattr(host_hvhost, name)
            setattr(host_hvhost, name, value)
            self.addCleanup(setattr, host_hvhost, name, old)
        old = host_hvhost.rootdisk.image_path
        host_hvhost.rootdisk.image_path = lambda name: "/img/" + name
        self.addCleanup(setattr, host_hvhost.rootdisk, "image_path", old)

    def host(self, headers):
        scenario = parse("t", HEAD + headers + TAIL)
        host = host_hvhost.NestedHvHost(
            Path(self.dir.name), Machine(scenario, None, None, "quiet"),
            lambda line: None)
        self.addCleanup(host.stop)
        for stream in (host.console, host.monitor, host.host, host._control):
            self.addCleanup(stream.close)
        return host

    def test_options(self):
        host = self.host("disk a 64M\ndisk r image root\ncpus 2\n"
                         "device scsi lun0=$r lun1=$a,,ro count=2\n"
                         "device heartbeat\nhvhost --profile s4\n")
        self.assertEqual(host.disk_paths, {"a": "/tmp/a", "r": "/dev/vda"})
        self.assertEqual(
            " ".join(host._options()),
            "--append quiet --cpus 2 --memory 512M --on-reset exit "
            "--device scsi,lun0=/dev/vda,lun1=/tmp/a,,ro,count=2 "
            "--device heartbeat --profile s4")

    def test_unknown_disks_are_refused(self):
        host = self.host("device scsi lun0=$nope\n")
        with self.assertRaisesRegex(HostError, "no disk is called 'nope'"):
            host._options()

    def test_the_end_is_seen_and_undone(self):
        host = self.host("")
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        host._socks = {"host": ours}
        host.agent = Agent(ours)
        host._client(ours)
        host._process = FakeProcess()
        self.assertFalse(host.wait_end(0))
        host.host.feed(b"L1: host program ended with 4\n")
        self.assertTrue(host.wait_end(0))
        self.assertEqual(host.exit_code, 4)
        with self.assertRaisesRegex(StepFailed, "ended"):
            host.agent.wait_ready(1)
        host.restart("--cpus 1")
        self.assertEqual(theirs.recv(99), b"again --cpus 1\n")
        self.assertFalse(host.wait_end(0))
        host.agent.feed(b"@@READY b\n")
        self.assertEqual(host.agent.wait_ready(1), "b")
        host._process = None

    def test_balloon_words_are_translated(self):
        host = self.host("")
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        control = host._client(ours)

        def run():
            self.sent = theirs.recv(99)
            control.feed(b"| target 327680 KiB\nok\n")
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.assertEqual(host.command("balloon 320", 20), "target 327680 KiB")
        thread.join()
        self.assertEqual(self.sent, b"balloon0 target 320\n")


# A host program that says hello on each line, and ends when told to quit.
STUB = r"""#!/usr/bin/env python3
import sys
args = dict(zip(sys.argv[1::2], sys.argv[2::2]))
print("trace to", args["--trace"], *sys.argv[-2:], flush=True)
with open(args["--console"], "wb", buffering=0) as console:
    console.write(b"hello\n")
with open(args["--agent"], "wb", buffering=0) as agent:
    agent.write(b"@@READY id\n")
control = open(args["--control"], "r+b", buffering=0)
line = control.readline()
control.write(b"| got " + line + b"ok\n")
sys.exit(4)
"""


class Native(unittest.TestCase):
    def test_a_run_and_a_second_one(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        program = Path(folder.name) / "stub"
        program.write_text(STUB, encoding="utf-8")
        program.chmod(0o755)
        old = host_hvhost.build
        host_hvhost.build = lambda: program
        self.addCleanup(setattr, host_hvhost, "build", old)
        scenario = parse("t", HEAD + "disk a 1M\ndevice scsi lun0=$a\n"
                         + TAIL)
        host = host_hvhost.NativeHvHost(
            Path(folder.name), Machine(scenario, program, program, "quiet"),
            lambda line: None)
        self.addCleanup(host.stop)
        self.assertEqual(os.path.getsize(host.disk_paths["a"]), 1 << 20)
        host.start()
        for options in ("lun0=" + host.disk_paths["a"], "--cpus 2"):
            self.assertEqual(host.agent.wait_ready(30), "id")
            self.assertTrue(host.console.expect(re.compile("^hello$"), 30))
            self.assertEqual(host.command("nmi 0", 30), "got nmi 0")
            self.assertTrue(host.wait_end(30))
            self.assertEqual(host.exit_code, 4)
            self.assertTrue(host.host.expect(re.compile(options + "$"), 30))
            if options != "--cpus 2":
                host.restart("--cpus 2")
        with self.assertRaisesRegex(StepFailed, "ended"):
            host.agent.wait_ready(30)


class Terminals(unittest.TestCase):
    def test_a_terminal_outlives_its_user(self):
        pty = host_hvhost.Pty()
        self.addCleanup(os.close, pty._master)
        for text in (b"first\n", b"second\n"):
            with open(pty.path, "wb", buffering=0) as user:
                user.write(text)
            self.assertEqual(pty.recv(99), text)
        pty.sendall(b"x\n")
        pty.shut()


if __name__ == "__main__":
    unittest.main()
