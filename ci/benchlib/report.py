# SPDX-License-Identifier: GPL-2.0-only
"""build/bench/report.json: what the parts of ci/bench found.

A list of entries {name, unit, new, legacy, ratio, budget}: two figures for the
same thing and new over legacy.  Without a counterpart there is no legacy and no
ratio; budget is the ratio (without a counterpart: the figure) that an issue
asks for.  Nothing here passes or fails.
"""

import json
import os


class BenchError(Exception):
    """One line that says what is wrong and what to do."""


def entry(name, unit, new, legacy=None, budget=None):
    """One entry; figures that are nearly nothing have no ratio."""
    result = {"name": name, "unit": unit, "new": round(new, 2)}
    if legacy is not None:
        result["legacy"] = round(legacy, 2)
        if legacy >= 0.05:
            result["ratio"] = round(new / legacy, 3)
    if budget is not None:
        result["budget"] = budget
    return result


def merge(path, entries):
    """Puts entries into the file, in place of older ones of these names."""
    keys = {(e["name"], e["unit"]) for e in entries}
    old = []
    if path.exists():
        try:
            old = json.loads(path.read_text())
        except ValueError as err:
            raise BenchError("%s is damaged, remove it: %s"
                             % (path, err)) from None
    kept = [e for e in old if (e["name"], e["unit"]) not in keys]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(kept + entries, indent=1) + "\n")
    os.replace(fresh, path)


def table(entries):
    """The entries as lines of text."""
    width = max([len(e["name"]) for e in entries] + [4])
    lines = ["%-*s %12s %10s %10s %7s %8s" % (
        width, "what", "unit", "legacy", "new", "ratio", "budget")]
    for e in entries:
        lines.append("%-*s %12s %10s %10s %7s %8s" % (
            width, e["name"], e["unit"], e.get("legacy", "-"), e["new"],
            e.get("ratio", "-"), e.get("budget", "")))
    return lines
