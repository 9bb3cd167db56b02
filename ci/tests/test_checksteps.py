#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The steps of make check and make check-full fit together."""

import contextlib
import io
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
sys.dont_write_bytecode = True

import checksteps  # noqa: E402
from scenariolib import cli  # noqa: E402


def runs(words):
    """What ci/scenario would run."""
    return [(run[0].name, *run[1:]) for run in cli.plan(
        cli.parse_args(words), cli.load_scenarios([]))]


class Steps(unittest.TestCase):
    """What they name is there."""

    def test_needs_and_programs(self):
        for steps in (checksteps.check_steps(), checksteps.full_steps()):
            names = [step.name for step in steps]
            self.assertEqual(len(names), len(set(names)))
            for step in steps:
                self.assertLessEqual(set(step.needs), set(names), step.name)
                program = step.command.split()[0]
                self.assertTrue("/" not in program or os.access(
                    HERE.parent.parent / program, os.X_OK), program)

    def all_in_one(self, steps, words):
        found = []
        for step in steps:
            some = runs(step.command.split()[1:])
            self.assertTrue(some, step.name)
            found += some
        self.assertEqual(sorted(found), sorted(runs(words)))

    def test_every_scenario_is_in_one_step(self):
        self.all_in_one(checksteps.matrix_steps(), ["--matrix"])

    def test_every_check_run_is_in_one_step(self):
        self.all_in_one([step for step in checksteps.check_steps()
                         if step.name.startswith("scenarios-")], ["--check"])

    def test_a_kernel_is_built_before_it_is_run(self):
        for step in checksteps.check_steps():
            config = re.search(r"scenario .*CONFIG=(\w+)", step.command)
            if config:
                self.assertIn("kernel-" + config.group(1), step.needs)


class Running(unittest.TestCase):
    """What is started when, and said of it."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        for name, value in (("LOGS", scratch.name), ("QUIET", 60)):
            self.addCleanup(setattr, checksteps, name,
                            getattr(checksteps, name))
            setattr(checksteps, name, value)

    def output(self, *steps):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            checksteps.Runner(list(steps)).run_all()
        return out.getvalue().splitlines()

    def test_progress(self):
        lines = self.output(checksteps.Step("short", "echo well"),
                            checksteps.Step("next", "true", ("short",)))
        self.assertEqual(lines[0].split(), ["start", "short"])
        self.assertRegex(lines[1], r"^\[ 1/2\] pass  short .* \d+ s  well$")
        self.assertEqual(lines[2].split(), ["start", "next"])
        self.assertRegex(lines[3], r"^\[ 2/2\] pass  next ")

    def test_progress_shows_what_runs_and_what_it_says(self):
        checksteps.QUIET = 0.1
        step = checksteps.Step("talks", "sh -c echo${IFS}half;sleep${IFS}3")
        lines = self.output(step)
        self.assertEqual(lines[0].split(), ["start", "talks"])
        self.assertTrue(any(re.search(r"^ +runs  talks .* \d+ s  half$", line)
                            for line in lines), lines)
        self.assertRegex(lines[-1], r"^\[ 1/1\] pass  talks ")

    def test_a_failure_and_what_needs_it(self):
        lines = self.output(checksteps.Step("bad", "false"),
                            checksteps.Step("next", "true", ("bad",)))
        self.assertRegex(lines[1], r"FAIL  bad .* \(log: ")
        self.assertRegex(lines[2], r"FAIL  next .* needs bad, which failed")

    def test_one_build_and_one_other_at_a_time(self):
        steps = [checksteps.Step(name, "true", (), name.startswith("build"))
                 for name in ("build1", "build2", "guest1", "guest2")]
        runner = checksteps.Runner(steps)
        for want in ("build1", "guest1", None):
            step = runner.ready()
            self.assertEqual(step and step.name, want)
            if step:
                step.state = "running"
        steps[0].state = "pass"
        self.assertEqual(runner.ready().name, "build2")


if __name__ == "__main__":
    unittest.main()
