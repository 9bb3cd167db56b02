# SPDX-License-Identifier: GPL-2.0-only
"""The series file, the source folders and the stack that joins them."""

import os
import re

from .patchfile import (FileDiff, StackError, encode, parse_patch, read_text)

HEADER = re.compile(r"^# (S\d\d) (\S.*?)  +target: (\S+)  +order: (\d+) *$")
NUMBERED = re.compile(r"^(\d{4})-(.+)\.patch$")
# New files of these names grow along the series and live in patches only.
ACCRETING = ("Makefile", "Kconfig", "Kbuild", "Build")
JUNK = re.compile(r"(~|\.(orig|rej|swp|o|ko|pyc|cmd|gcda|gcno))$|^\.#")
# (folder in the repository, folder in the kernel)
ROOTS = (("drivers-hv-overlay", ""), ("kunit", ""), ("tools/hv", "tools/hv"),
         ("Documentation", "Documentation"))
# Files in these folders that describe our own tools: no part of the kernel.
NOT_KERNEL = ("Documentation/hvhost.1",
              "Documentation/virt/hyperv/legacy-findings.rst")
LIMIT = 15


def accretes(path):
    return os.path.basename(path) in ACCRETING


class Group:
    """A sub-series: what is posted to one tree, in one go."""

    def __init__(self, code, title, target, order):
        self.code = code
        self.title = title
        self.target = target
        self.order = order
        self.names = []

    def header(self):
        return (f"# {self.code} {self.title}  target: {self.target}  "
                f"order: {self.order}")


class Series:
    """The series file: a preamble of comments, then sub-series."""

    def __init__(self, text):
        self.preamble, self.groups = [], []
        for number, line in enumerate(text.split("\n"), 1):
            self.take(line.rstrip(), number)
        while self.preamble and not self.preamble[-1]:
            self.preamble.pop()

    def take(self, line, number):
        found = HEADER.match(line)
        if found:
            self.groups.append(Group(*found.groups()))
        elif line and not line.startswith("#"):
            if not self.groups:
                raise StackError(f"series:{number}: {line} comes before the "
                                 "first sub-series header (# SNN title  "
                                 "target: tree  order: N)")
            self.groups[-1].names.append(line)
        elif re.match(r"^# S\d\d\b", line):
            raise StackError(f"series:{number}: header not of the form "
                             "'# SNN title  target: tree  order: N'")
        elif not self.groups:
            self.preamble.append(line)

    def names(self):
        return [name for group in self.groups for name in group.names]

    def group_of(self, name):
        for group in self.groups:
            if name in group.names:
                return group
        return None

    def render(self):
        out = list(self.preamble)
        for group in self.groups:
            out += ([""] if out else []) + [group.header()] + group.names
        return "\n".join(out) + "\n"


class Sources:
    """Every source file, by its path in the kernel."""

    def __init__(self, top):
        self.top = top
        self.where = {}             # kernel path -> path in the repository
        self.doubles = []
        for folder, prefix in ROOTS:
            self.scan(folder, prefix)

    def scan(self, folder, prefix):
        root = os.path.join(self.top, folder)
        for here, dirs, files in os.walk(root):
            dirs[:] = sorted(d for d in dirs if d != "__pycache__")
            for name in sorted(files):
                if JUNK.search(name):
                    continue
                full = os.path.join(here, name)
                inside = os.path.relpath(full, root)
                if os.path.join(folder, inside) in NOT_KERNEL:
                    continue
                path = os.path.join(prefix, inside) if prefix else inside
                if path in self.where:
                    self.doubles.append((path, self.where[path],
                                         os.path.join(folder, inside)))
                self.where[path] = os.path.join(folder, inside)

    def read(self, path):
        return read_text(os.path.join(self.top, self.where[path]))

    def mode(self, path):
        full = os.path.join(self.top, self.where[path])
        return "100755" if os.stat(full).st_mode & 0o100 else "100644"

    def resolve(self, name):
        """A kernel path from a kernel path or a path in the repository."""
        name = os.path.normpath(name)
        full = os.path.abspath(name)
        if full.startswith(self.top + os.sep) and os.path.exists(full):
            name = os.path.relpath(full, self.top)
        for folder, prefix in ROOTS:
            if name.startswith(folder + os.sep) and folder != prefix:
                name = os.path.relpath(name, folder)
                break
        if name not in self.where:
            raise StackError(f"{name} is in none of the source folders: "
                             "write it there first")
        return name

    def home(self, path):
        """Where a file that comes from build/tree belongs."""
        if path in self.where:
            return self.where[path]
        for folder, prefix in ROOTS:
            if prefix and path.startswith(prefix + "/"):
                return os.path.join(folder, os.path.relpath(path, prefix))
        name = os.path.basename(path)
        test = (name == ".kunitconfig" or "kunit" in name or
                re.search(r"(^|/)(tests|kunit)/", path) or
                re.search(r"[-_]test\.[ch]$", name))
        return os.path.join("kunit" if test else "drivers-hv-overlay", path)


class Stack:
    """patches/, series and the sources, together."""

    def __init__(self, top):
        self.top = os.path.abspath(top)
        series = os.path.join(self.top, "series")
        text = read_text(series) if os.path.exists(series) else ""
        self.series = Series(text)
        self.sources = Sources(self.top)
        self.patches = []
        for name in self.series.names():
            path = os.path.join(self.top, "patches", name)
            if not os.path.exists(path):
                raise StackError(f"series names patches/{name}, which does "
                                 "not exist: restore it or drop the line")
            self.patches.append(parse_patch(read_text(path), name))

    def patch(self, number):
        """A patch by number, name or unique part of its name."""
        exact = [p for p in self.patches if p.name == number or
                 (number.isdigit() and NUMBERED.match(p.name) and
                  int(p.name[:4]) == int(number))]
        found = exact or [p for p in self.patches if number in p.name]
        if len(found) != 1:
            raise StackError(f"{number} names {len(found) or 'no'} "
                             f"patch{'es' if len(found) != 1 else ''}: "
                             "use its number")
        return found[0]

    def owners(self):
        """Source path -> the patches that add it."""
        out = {}
        for patch in self.patches:
            for path in patch.new_paths():
                if not accretes(path):
                    out.setdefault(path, []).append(patch)
        return out

    def refresh(self):
        """Puts the sources' content into the patches that own them."""
        gone = []
        for path, patches in self.owners().items():
            for patch in patches:
                if path in self.sources.where:
                    patch.put(FileDiff.new_file(path, self.sources.read(path),
                                                self.sources.mode(path)))
                else:
                    gone.append((path, patch.name))
        return gone

    def edited(self):
        """Existing files that the series edits or deletes."""
        new = {p for patch in self.patches for p in patch.new_paths()}
        out = {d.path for patch in self.patches for d in patch.diffs
               if d.kind != "new"}
        return sorted(out - new)

    def renumber(self):
        """Makes file names follow the order of the series."""
        by_name = {p.name: p for p in self.patches}
        ordered, number = [], 0
        for group in self.series.groups:
            for index, name in enumerate(group.names):
                number += 1
                patch = by_name[name]
                found = NUMBERED.match(name)
                slug = found.group(2) if found else name
                patch.name = f"{number:04d}-{slug}.patch"
                group.names[index] = patch.name
                ordered.append(patch)
        self.patches = ordered

    def write(self, out=None):
        """Writes patches and series; returns what changed."""
        base = out or self.top
        folder = os.path.join(base, "patches")
        os.makedirs(folder, exist_ok=True)
        wanted = {p.name: p.render() for p in self.patches}
        changed = []
        for name in sorted(os.listdir(folder)):
            if name.endswith(".patch") and name not in wanted:
                os.unlink(os.path.join(folder, name))
                changed.append("patches/" + name)
        for name, text in wanted.items():
            if put(os.path.join(folder, name), text):
                changed.append("patches/" + name)
        if put(os.path.join(base, "series"), self.series.render()):
            changed.append("series")
        return changed


def put(path, text, mode=None):
    """Writes a file only when it changes, and never half of it."""
    data = encode(text)
    same = False
    if os.path.exists(path):
        with open(path, "rb") as handle:
            same = handle.read() == data
    if not same:
        temp = path + ".new~"
        with open(temp, "wb") as handle:
            handle.write(data)
        os.replace(temp, path)
    if mode:
        os.chmod(path, 0o755 if mode == "100755" else 0o644)
    return not same
