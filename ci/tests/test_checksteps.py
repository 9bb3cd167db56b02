#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The steps of make check and make check-full fit together."""

import os
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
sys.dont_write_bytecode = True

import checksteps  # noqa: E402
from scenariolib import cli  # noqa: E402


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

    def test_every_scenario_is_in_one_step(self):
        def runs(words):
            return [(run[0].name, *run[1:]) for run in cli.plan(
                cli.parse_args(words), cli.load_scenarios([]))]

        found = []
        for step in checksteps.matrix_steps():
            some = runs(step.command.split()[1:])
            self.assertTrue(some, step.name)
            found += some
        self.assertEqual(sorted(found), sorted(runs(["--matrix"])))


if __name__ == "__main__":
    unittest.main()
