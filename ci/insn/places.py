# SPDX-License-Identifier: GPL-2.0-only
"""Turns the plugin's windows of addresses into functions and object files."""

import bisect
import re
from dataclasses import astuple, dataclass

TEXT = re.compile(r"^\s*\.(?:text|noinstr\.text|init\.text|entry\.text|"
                  r"cpuidle\.text|sched\.text|spinlock\.text|ref\.text)\S*\s+"
                  r"0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S+\.o\)?)$")
OUTSIDE = "?"


class PlacesError(Exception):
    """One line that says which file is not what it should be."""


@dataclass
class Count:
    """What was executed somewhere."""
    calls: float = 0
    instructions: float = 0
    atomics: float = 0
    fences: float = 0
    hypercalls: float = 0

    def plus(self, other, factor=1):
        """The sum with a multiple of another count."""
        return Count(*(a + b * factor
                       for a, b in zip(astuple(self), astuple(other))))

    def over(self, number):
        """A share of it."""
        return Count(*(a / number for a in astuple(self)))


class Places:
    """Who lies where in one kernel: objects by the linker's map, functions
    by System.map."""

    def __init__(self, link_map, system_map):
        self.objects = sorted(read_link_map(link_map))
        self.symbols = sorted(read_system_map(system_map))
        if not self.objects:
            raise PlacesError("%s names no object: was the kernel built "
                              "with CONFIG_VMLINUX_MAP?" % link_map)
        self._object_starts = [start for start, _, _ in self.objects]
        self._symbol_starts = [start for start, _ in self.symbols]

    def symbol(self, name):
        """The address of a function."""
        for start, symbol in self.symbols:
            if symbol == name:
                return start
        raise PlacesError("the kernel has no function '%s'" % name)

    def text_range(self):
        """The lowest address of any text, and one behind the highest."""
        return self.objects[0][0], max(end for _, end, _ in self.objects)

    def object_at(self, address):
        """The object file whose text the address is in, or OUTSIDE."""
        at = bisect.bisect_right(self._object_starts, address) - 1
        if at < 0 or address >= self.objects[at][1]:
            return OUTSIDE
        return self.objects[at][2]

    def function_at(self, address):
        """(name, start) of the function that begins at or before the
        address, OUTSIDE where no text of the kernel is."""
        if self.object_at(address) == OUTSIDE:
            return OUTSIDE, address
        at = bisect.bisect_right(self._symbol_starts, address) - 1
        if at < 0:
            return OUTSIDE, address
        return self.symbols[at][1], self._symbol_starts[at]


def read_link_map(path):
    """(start, end, object) of every text section of the linker's map."""
    pending = None
    with open(path, encoding="utf-8") as handle:
        for line in handle:
            if pending and line.startswith(" " * 10):
                line = pending + line
            pending = None
            match = TEXT.match(line)
            if match:
                start, size = int(match[1], 16), int(match[2], 16)
                if size:
                    yield start, start + size, match[3]
            elif re.match(r"^ \.\S+$", line):
                pending = line.rstrip("\n")     # a long name: next line


def read_system_map(path):
    """(address, name) of every text symbol."""
    with open(path, encoding="utf-8") as handle:
        for line in handle:
            address, kind, name = line.split()[:3]
            if kind in "tTwW":
                yield int(address, 16), name


def read_windows(path):
    """A list of windows, each a list of (address, Count per execution,
    executions)."""
    windows = []
    with open(path, encoding="utf-8") as handle:
        for line in handle:
            words = line.split()
            if words[0] == "window":
                windows.append([])
            else:
                times, *holds = (int(word) for word in words[1:])
                windows[-1].append((int(words[0], 16), Count(0, *holds),
                                    times))
    return windows


def by_function(window, places):
    """{(object, function): Count} of one window."""
    total = {}
    for address, holds, times in window:
        name, start = places.function_at(address)
        key = places.object_at(address), name
        # A function's first block is only entered by a call (or by a loop
        # back to it, which compilers avoid).
        holds.calls = int(start == address)
        total[key] = total.get(key, Count()).plus(holds, times)
    return total


def between(short, long, ops):
    """{(object, function): Count per operation}, from two windows that
    differ by `ops` operations."""
    found = {}
    for key in set(short) | set(long):
        found[key] = long.get(key, Count()).plus(
            short.get(key, Count()), -1).over(ops)
    return found


def of_objects(functions, patterns):
    """What of by_function() lies in objects that match one of the regexes."""
    wanted = [re.compile(pattern) for pattern in patterns]
    return {key: count for key, count in functions.items()
            if any(regex.search(key[0]) for regex in wanted)}


def total(functions):
    """The sum of a dictionary of counts."""
    result = Count()
    for count in functions.values():
        result = result.plus(count)
    return result
