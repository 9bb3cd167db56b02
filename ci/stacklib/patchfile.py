# SPDX-License-Identifier: GPL-2.0-only
"""A patch file as a value: parse it, change it, write it back the same way.

Text is handled as str with surrogateescape, so any byte survives, and lines
are split at newline only.
"""

import hashlib
import re
import textwrap

ZERO = "0" * 40
MBOX = f"From {ZERO} Mon Sep 17 00:00:00 2001"
AUTHOR = "Hyper-V guest drivers <drivers@hyperv.invalid>"
# A message line that git am would take for the end of the message.
BREAKERS = re.compile(r"^(---( |$)|diff -|Index: )")


class StackError(Exception):
    """Something the caller must fix; the text is the whole report."""


def read_text(path):
    with open(path, "rb") as handle:
        return handle.read().decode("utf-8", "surrogateescape")


def encode(text):
    return text.encode("utf-8", "surrogateescape")


def blob_id(text):
    data = encode(text)
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class FileDiff:
    """The change of one file: a new file, an edit, or a deletion."""

    def __init__(self, path, kind, mode="100644"):
        self.path = path
        self.kind = kind            # "new", "edit" or "delete"
        self.mode = mode
        self.old_id = ZERO
        self.new_id = ZERO
        self.hunks = []             # text lines from the first @@ on

    @classmethod
    def new_file(cls, path, content, mode="100644"):
        diff = cls(path, "new", mode)
        diff.new_id = blob_id(content)
        if content:
            lines = content.split("\n")
            missing_newline = lines[-1] != ""
            if not missing_newline:
                lines.pop()
            count = len(lines)
            head = "@@ -0,0 +1 @@" if count == 1 else f"@@ -0,0 +1,{count} @@"
            diff.hunks = [head] + ["+" + line for line in lines]
            if missing_newline:
                diff.hunks.append("\\ No newline at end of file")
        return diff

    def content(self):
        """The text of a new file."""
        out = [line[1:] for line in self.hunks if line.startswith("+")]
        text = "\n".join(out)
        if out and not self.hunks[-1].startswith("\\"):
            text += "\n"
        return text

    def counts(self):
        added = sum(1 for line in self.hunks if line.startswith("+"))
        removed = sum(1 for line in self.hunks if line.startswith("-"))
        return added, removed

    def added_lines(self):
        return [line[1:] for line in self.hunks if line.startswith("+")]

    def lines(self):
        out = [f"diff --git a/{self.path} b/{self.path}"]
        ids = f"index {self.old_id}..{self.new_id}"
        old, new = f"a/{self.path}", f"b/{self.path}"
        if self.kind == "new":
            out += [f"new file mode {self.mode}", ids]
            old = "/dev/null"
        elif self.kind == "delete":
            out += [f"deleted file mode {self.mode}", ids]
            new = "/dev/null"
        else:
            out += [f"{ids} {self.mode}"]
        if self.hunks:
            out += [f"--- {old}", f"+++ {new}"] + self.hunks
        return out


class Patch:
    """One patch of the stack."""

    def __init__(self, name, subject, body, date, author=AUTHOR):
        self.name = name
        self.subject = subject
        self.body = body            # text, no newline at the end
        self.date = date
        self.author = author
        self.diffs = []

    def find(self, path):
        for diff in self.diffs:
            if diff.path == path:
                return diff
        return None

    def put(self, diff):
        self.diffs = [d for d in self.diffs if d.path != diff.path] + [diff]
        self.diffs.sort(key=lambda d: encode(d.path))

    def drop(self, path):
        self.diffs = [d for d in self.diffs if d.path != path]

    def new_paths(self):
        return [d.path for d in self.diffs if d.kind == "new"]

    def render(self):
        out = [MBOX, f"From: {self.author}", f"Date: {self.date}",
               f"Subject: [PATCH] {self.subject}", ""]
        if self.body:
            out += [self.body]
        out += ["---"] + diffstat(self.diffs) + [""]
        for diff in self.diffs:
            out += diff.lines()
        return "\n".join(out) + "\n"


def diffstat(diffs):
    """The diffstat that git format-patch would print at 72 columns."""
    if not diffs:
        return []
    rows = [(d.path, *d.counts()) for d in diffs]
    names = max(len(path) for path, _, _ in rows)
    biggest = max(a + r for _, a, r in rows)
    number = len(str(biggest))
    width = 72
    names = min(names, width * 5 // 8)
    graph = max(min(width - number - 6 - names, biggest), 6)
    out = []
    for path, added, removed in rows:
        plus, minus = scale(added, removed, graph, biggest)
        if len(path) > names:
            path = "..." + path[-(names - 3):]
            cut = path.find("/")
            if cut > 0:
                path = "..." + path[cut:]
        bar = "+" * plus + "-" * minus
        total = added + removed
        line = f" {path:<{names}} | {total:>{number}} {bar}".rstrip()
        out.append(line)
    out.append(summary(rows))
    for diff in diffs:
        if diff.kind != "edit":
            verb = "create" if diff.kind == "new" else "delete"
            out.append(f" {verb} mode {diff.mode} {diff.path}")
    return out


def scale(added, removed, graph, biggest):
    if biggest <= graph:
        return added, removed
    total = scale_one(added + removed, graph, biggest)
    if total < 2 and added and removed:
        total = 2
    if added < removed:
        plus = scale_one(added, graph, biggest)
        return plus, total - plus
    minus = scale_one(removed, graph, biggest)
    return total - minus, minus


def scale_one(count, graph, biggest):
    return 1 + count * (graph - 1) // biggest if count else 0


def summary(rows):
    added = sum(row[1] for row in rows)
    removed = sum(row[2] for row in rows)
    files = len(rows)
    text = f" {files} file{'s' if files != 1 else ''} changed"
    if added or not removed:
        text += f", {added} insertion{'s' if added != 1 else ''}(+)"
    if removed or not added:
        text += f", {removed} deletion{'s' if removed != 1 else ''}(-)"
    return text


def parse_diffs(lines, where):
    """FileDiffs from the lines of a git diff."""
    diffs, current = [], None
    for line in lines:
        if line.startswith("diff --git "):
            current = start_diff(line, where)
            diffs.append(current)
        elif current is None:
            continue
        elif current.hunks or line.startswith("@@ "):
            if line[:1] in ("@", " ", "+", "-", "\\"):
                current.hunks.append(line)
            elif line:
                raise StackError(f"{where}: cannot read the line {line!r}")
        else:
            header_line(current, line, where)
    return diffs


def start_diff(line, where):
    found = re.match(r"diff --git a/(.+) b/(.+)$", line)
    if not found or found.group(1) != found.group(2):
        raise StackError(f"{where}: {line!r}: renames and odd file names are "
                         "not supported, write it as a deletion and a new file")
    return FileDiff(found.group(1), "edit")


def header_line(diff, line, where):
    found = re.match(r"(new|deleted) file mode (\d+)$", line)
    if found:
        diff.kind = "new" if found.group(1) == "new" else "delete"
        diff.mode = found.group(2)
        return
    found = re.match(r"index ([0-9a-f]+)\.\.([0-9a-f]+)(?: (\d+))?$", line)
    if found:
        diff.old_id, diff.new_id = found.group(1), found.group(2)
        diff.mode = found.group(3) or diff.mode
        return
    if not line.startswith(("--- ", "+++ ")) and line:
        raise StackError(f"{where}: {diff.path}: not supported: {line!r}")


def parse_patch(text, name):
    lines = text.split("\n")
    headers, pos = {}, 0
    if lines[0].startswith("From "):
        pos = 1
    last = None
    while pos < len(lines) and lines[pos]:
        line = lines[pos]
        if line[0] in " \t" and last:
            headers[last] += " " + line.strip()
        elif ": " in line:
            last, value = line.split(": ", 1)
            headers[last] = value
        else:
            raise StackError(f"patches/{name}: line {pos + 1}: not a header")
        pos += 1
    for wanted in ("From", "Date", "Subject"):
        if wanted not in headers:
            raise StackError(f"patches/{name}: no {wanted}: header")
    body, pos = [], pos + 1
    while pos < len(lines) and lines[pos] != "---":
        if lines[pos].startswith("diff --git "):
            raise StackError(f"patches/{name}: no --- line ends the message")
        body.append(lines[pos])
        pos += 1
    subject = re.sub(r"^\[PATCH[^]]*\] *", "", headers["Subject"])
    patch = Patch(name, subject, "\n".join(body).strip("\n"),
                  headers["Date"], headers["From"])
    patch.diffs = parse_diffs(lines[pos + 1:], f"patches/{name}")
    return patch


def wrap_body(body, width=72):
    """Refills the paragraphs that have a line longer than 75."""
    return "\n\n".join(wrap_paragraph(text, width)
                       for text in body.split("\n\n"))


def wrap_paragraph(text, width):
    lines = text.split("\n")
    if all(len(line) <= 75 for line in lines):
        return text
    items = []
    for line in lines:
        bullet = re.match(r"^ *(?:[-*]|\d+\.) +", line)
        if bullet or not items:
            items.append((bullet.group(0) if bullet else "", [line]))
        else:
            items[-1][1].append(line)
    out = []
    for lead, rows in items:
        rows = [rows[0][len(lead):]] + [row.strip() for row in rows[1:]]
        joined = rows[0]
        for row in rows[1:]:
            joined += ("  " if re.search(r"[.:?]$", joined) and
                       ".  " in text else " ") + row
        out += textwrap.wrap(joined, width, initial_indent=lead,
                             subsequent_indent=" " * len(lead),
                             break_long_words=False, break_on_hyphens=False)
    return "\n".join(out)


def slug_of(subject):
    slug = re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")
    return slug[:52].rstrip("-")
