#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: tour.py RESULT.json -- prints the table of `make run`."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                ".."))
sys.dont_write_bytecode = True

from scenariolib.table import render, tour_rows  # noqa: E402


def main(path):
    """Prints the table of one result file."""
    with open(path, encoding="utf-8") as source:
        result = json.load(source)
    print("host: %s; kernel: %s" % (result["host"], result["stack"]))
    print(render(("device", "driver", "protocol", "figure"),
                 tour_rows(result["values"])))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
