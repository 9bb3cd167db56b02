# SPDX-License-Identifier: GPL-2.0-only
"""Turns the plugin's windows of addresses into functions and object files."""

import bisect
import re

TEXT = re.compile(r"^\s*\.(?:text|noinstr\.text|init\.text|entry\.text|"
                  r"cpuidle\.text|sched\.text|spinlock\.text|ref\.text)\S*\s+"
                  r"0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S+\.o\)?)$")


class PlacesError(Exception):
    """One line that says which file is not what it should be."""


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
        """The object file whose text the address is in, or '?'."""
        at = bisect.bisect_right(self._object_starts, address) - 1
        if at < 0 or address >= self.objects[at][1]:
            return "?"
        return self.objects[at][2]

    def function_at(self, address):
        """The function that begins at or before the address."""
        at = bisect.bisect_right(self._symbol_starts, address) - 1
        return self.symbols[at][1] if at >= 0 else "?"


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
    """A list of windows, each {block address: instructions executed}."""
    windows = []
    with open(path, encoding="utf-8") as handle:
        for line in handle:
            words = line.split()
            if words[0] == "window":
                windows.append({})
            else:
                address = int(words[0], 16)
                count = int(words[1]) * int(words[2])
                windows[-1][address] = windows[-1].get(address, 0) + count
    return windows


def by_function(window, places):
    """{(object, function): instructions} of one window."""
    total = {}
    for address, count in window.items():
        key = places.object_at(address), places.function_at(address)
        total[key] = total.get(key, 0) + count
    return total


def of_objects(functions, patterns):
    """What of by_function() lies in objects that match one of the regexes."""
    wanted = [re.compile(pattern) for pattern in patterns]
    return {key: count for key, count in functions.items()
            if any(regex.search(key[0]) for regex in wanted)}
