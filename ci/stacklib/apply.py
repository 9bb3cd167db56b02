# SPDX-License-Identifier: GPL-2.0-only
"""A strict patch applier: no fuzz, no offset, nothing guessed."""

import os
import re

from .patchfile import StackError, blob_id, read_text

RANGE = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class Files:
    """The state of the files that patches touch, over a pristine folder."""

    def __init__(self, base):
        self.base = base
        self.now = {}               # path -> text, or None once deleted

    def get(self, path):
        if path not in self.now:
            full = os.path.join(self.base, path)
            known = os.path.isfile(full)
            self.now[path] = read_text(full) if known else None
        return self.now[path]


def split(text):
    lines = text.split("\n")
    if lines[-1] == "":
        return [line + "\n" for line in lines[:-1]]
    return [line + "\n" for line in lines[:-1]] + [lines[-1]]


def hunks_of(diff):
    """(old start, old lines, new start, new lines), as in the file."""
    out = []
    for line in diff.hunks:
        found = RANGE.match(line)
        if found:
            out.append((int(found.group(1)), [], int(found.group(3)), [],
                        found))
            continue
        _, old, _, new, _ = out[-1]
        if line[0] == "\\":
            trim_last(old, new, previous)
        else:
            if line[0] in " -":
                old.append(line[1:] + "\n")
            if line[0] in " +":
                new.append(line[1:] + "\n")
        previous = line[0]
    return out


def trim_last(old, new, kind):
    for lines, kinds in ((old, " -"), (new, " +")):
        if kind in kinds:
            lines[-1] = lines[-1][:-1]


def apply_edit(diff, text, where):
    old = split(text) if text else []
    out, pos, shift = [], 0, 0
    for start, minus, new_start, plus, found in hunks_of(diff):
        check_counts(found, minus, plus, where)
        at = start - 1 if minus else start
        if at < pos or old[at:at + len(minus)] != minus:
            raise StackError(f"{where}: the hunk at line {start} does not "
                             "apply there exactly")
        if (new_start - 1 if plus else new_start) != at + shift:
            raise StackError(f"{where}: the hunk at line {start} gives a "
                             "wrong line in the new file")
        out += old[pos:at] + plus
        pos = at + len(minus)
        shift += len(plus) - len(minus)
    return "".join(out + old[pos:])


def check_counts(found, minus, plus, where):
    counts = [int(found.group(n)) if found.group(n) is not None else 1
              for n in (2, 4)]
    if counts != [len(minus), len(plus)]:
        raise StackError(f"{where}: {found.group(0)} has wrong line counts")


def apply_patch(patch, files):
    """Applies one patch to files and sets the ids its diffs should carry."""
    for diff in patch.diffs:
        where = f"patches/{patch.name}: {diff.path}"
        before = files.get(diff.path)
        if diff.kind == "new":
            if before is not None:
                raise StackError(f"{where}: is new here but exists already")
            after = diff.content()
        elif before is None:
            raise StackError(f"{where}: is edited here but does not exist")
        else:
            after = apply_edit(diff, before, where)
            diff.old_id = blob_id(before)
        if diff.kind == "delete":
            if after:
                raise StackError(f"{where}: deleted with content left")
            after = None
        else:
            diff.new_id = blob_id(after)
        files.now[diff.path] = after


def apply_stack(stack, base):
    files = Files(base)
    for patch in stack.patches:
        apply_patch(patch, files)
    return files
