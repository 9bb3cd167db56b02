# SPDX-License-Identifier: GPL-2.0-only
"""ci/stack check: proves that patches/ and the sources say the same."""

import os
import re
import shutil
import subprocess
import tempfile

from .apply import apply_stack
from .patchfile import BREAKERS, AUTHOR, StackError, encode, read_text
from .stack import LIMIT, NUMBERED, accretes

# Tags that would claim something that did not happen here.
TAGS = re.compile(r"^(Signed-off-by|Reviewed-by|Acked-by|Tested-by|"
                  r"Reported-by|Suggested-by|Co-developed-by|Cc|Link|"
                  r"Change-Id|Generated-by|Assisted-by):", re.I)
SUBJECT_MAX = 75


def equality(stack):
    """Problems that can be seen without the base."""
    out = []
    out += series_problems(stack)
    out += source_problems(stack)
    for patch in stack.patches:
        out += message_problems(patch)
        out += shape_problems(stack, patch)
    out += stale_problems(stack)
    out += fragment_problems(stack)
    out += hash_problems(stack)
    return out


def series_problems(stack):
    out, names = [], stack.series.names()
    folder = os.path.join(stack.top, "patches")
    present = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in present:
        if name not in names:
            out.append(f"patches/{name}: not in series")
    if not names:
        out.append("series: lists no patch")
    for number, name in enumerate(names, 1):
        found = NUMBERED.match(name)
        if not found or int(found.group(1)) != number:
            out.append(f"series: {name} should be number {number:04d}: run "
                       "'make patches'")
    codes = [group.code for group in stack.series.groups]
    if codes != sorted(set(codes)):
        out.append("series: sub-series codes are not unique and rising")
    for group in stack.series.groups:
        out += group_problems(stack.top, group)
    return out


def group_problems(top, group):
    out = []
    if len(group.names) > LIMIT:
        out.append(f"series: {group.code} has {len(group.names)} patches, "
                   f"more than {LIMIT}: split it")
    if not group.names:
        out.append(f"series: {group.code} has no patch")
    folder = os.path.join(top, "cover")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    covers = [n for n in names if re.match(group.code + r"(-.*)?\.cover$", n)]
    if len(covers) != 1:
        out.append(f"cover/{group.code}-*.cover: {len(covers)} files, "
                   "expected one cover letter")
    return out


def source_problems(stack):
    out, owners = [], stack.owners()
    for path, first, second in stack.sources.doubles:
        out.append(f"{path}: in two source folders: {first} and {second}")
    for path, where in sorted(stack.sources.where.items()):
        patches = owners.get(path, [])
        if accretes(path):
            out.append(f"{where}: Makefile and Kconfig files live in patches "
                       "only: delete it here, edit it in build/tree and "
                       "run 'ci/stack import'")
        elif not patches:
            out.append(f"{where}: in no patch: run 'ci/stack assign NNNN "
                       f"{where}'")
        elif len(patches) > 1:
            names = " ".join(p.name[:4] for p in patches)
            out.append(f"{where}: added by more than one patch: {names}")
        if os.path.getsize(os.path.join(stack.top, where)) == 0:
            out.append(f"{where}: is empty, which patch(1) cannot create")
    for path, patches in sorted(owners.items()):
        if path not in stack.sources.where:
            out.append(f"patches/{patches[0].name}: adds {path}, which is in "
                       "no source folder")
    return out


def message_problems(patch):
    out, where = [], f"patches/{patch.name}"
    if patch.author != AUTHOR:
        out.append(f"{where}: From: is not '{AUTHOR}'")
    if not patch.subject.isascii():
        out.append(f"{where}: subject is not plain ASCII")
    if len(patch.subject) > SUBJECT_MAX:
        out.append(f"{where}: subject is longer than {SUBJECT_MAX}")
    if ": " not in patch.subject:
        out.append(f"{where}: subject has no 'subsystem: ' prefix")
    if not patch.body:
        out.append(f"{where}: no message")
    if patch.body.split("\n")[0].strip() == patch.subject:
        out.append(f"{where}: the message begins with the subject again")
    for line in patch.body.split("\n"):
        if TAGS.match(line):
            out.append(f"{where}: committed patches carry no "
                       f"{line.split(':')[0]}: tag")
        if BREAKERS.match(line):
            out.append(f"{where}: git am ends the message at {line!r}")
        if len(line) > SUBJECT_MAX and " " in line.strip():
            out.append(f"{where}: message line longer than {SUBJECT_MAX}: "
                       f"{line[:40]}...")
    return out


def shape_problems(stack, patch):
    out, where = [], f"patches/{patch.name}"
    if not patch.diffs:
        out.append(f"{where}: changes nothing")
    for diff in patch.diffs:
        if diff.kind != "new" and diff.path in stack.sources.where:
            out.append(f"{where}: edits {diff.path}, which a patch adds: a "
                       "source file belongs to one patch")
        if diff.kind == "delete":
            out.append(f"{where}: deletes {diff.path}: nothing upstream "
                       "wrote is deleted")
        if diff.mode not in ("100644", "100755"):
            out.append(f"{where}: {diff.path} has mode {diff.mode}")
    return out


def stale_problems(stack):
    """Patches whose text is not what the sources give."""
    out = []
    before = {p.name: read_text(os.path.join(stack.top, "patches", p.name))
              for p in stack.patches}
    was = {p.name: {d.path: d.lines() for d in p.diffs} for p in stack.patches}
    stack.refresh()
    for patch in stack.patches:
        if patch.render() == before[patch.name]:
            continue
        files = [d.path for d in patch.diffs
                 if was[patch.name].get(d.path) != d.lines()]
        what = "differs from the sources: " + " ".join(files) if files else \
            "is not written the way 'make patches' writes it"
        out.append(f"patches/{patch.name}: {what}: run 'make patches'")
    return out


def fragment_lines(top):
    path = os.path.join(top, "MAINTAINERS.fragment")
    text = read_text(path) if os.path.exists(path) else ""
    return [line for line in text.split("\n")
            if line.strip() and not line.startswith("#")]


def fragment_problems(stack):
    """The fragment is what patches add; section titles may be there already.
    """
    want, have = sorted(fragment_lines(stack.top)), []
    for patch in stack.patches:
        diff = patch.find("MAINTAINERS")
        if diff:
            have += [line for line in diff.added_lines() if line.strip()]
    out = []
    for line in want:
        if line in have:
            have.remove(line)
        elif re.match(r"^[A-Z]:\t", line):
            out.append(f"MAINTAINERS.fragment: no patch adds {line!r}")
    for line in have:
        out.append(f"MAINTAINERS.fragment: lacks {line!r}, which a patch adds")
    return out


# --- with the base ------------------------------------------------------------

def with_base(stack, base):
    """Problems that show when the series is applied to the base."""
    ids = {p.name: p.render() for p in stack.patches}
    try:
        files = apply_stack(stack, base)
    except StackError as problem:
        return [str(problem)]
    out = []
    for patch in stack.patches:
        if patch.render() != ids[patch.name]:
            out.append(f"patches/{patch.name}: its index lines are wrong: "
                       "run 'make patches'")
    edited = set(stack.edited())
    for path, text in sorted(files.now.items()):
        if path in stack.sources.where:
            if text != stack.sources.read(path):
                out.append(f"{path}: the applied series gives other content")
        elif path not in edited and not accretes(path):
            out.append(f"{path}: the series makes it, the sources do not "
                       "have it")
    for path in sorted(stack.sources.where):
        if path not in files.now:
            out.append(f"{path}: the series does not make it")
        elif os.path.lexists(os.path.join(base, path)):
            out.append(f"{path}: exists in the base already")
    final = files.now.get("MAINTAINERS") or \
        read_text(os.path.join(base, "MAINTAINERS"))
    for line in fragment_lines(stack.top):
        if line not in final.split("\n"):
            out.append(f"MAINTAINERS.fragment: {line!r} is not in the result")
    return out or with_tools(stack, base, files)


def sandbox(stack, base, folder):
    """A tree with only the files that the series edits."""
    for path in stack.edited():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        shutil.copyfile(os.path.join(base, path), full)


def hash_problems(stack):
    """Every existing file that the series edits has a recorded hash."""
    path = os.path.join(stack.top, "ci", "base.hashes")
    text = read_text(path) if os.path.exists(path) else ""
    known = {line.split(None, 1)[1] for line in text.split("\n")
             if line.strip() and not line.startswith("#")}
    return [f"{path}: the series edits it, ci/base.hashes does not list it: "
            "run 'ci/base --update-hashes'"
            for path in stack.edited() if path not in known]


def run(cmd, folder, env=None):
    try:
        done = subprocess.run(cmd, cwd=folder, env=env, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    except FileNotFoundError:
        return 127, f"{cmd[0]} is not installed: run 'ci/packages stack'"
    return done.returncode, done.stdout.decode("utf-8", "replace")


def with_tools(stack, base, files):
    """The same through git am, quilt and patch, as a user would do it."""
    out = []
    for tool in (by_git, by_quilt, by_patch):
        folder = tempfile.mkdtemp(prefix="stack-")
        try:
            sandbox(stack, base, folder)
            problem = tool(stack, folder) or same(folder, files)
            if problem:
                out.append(f"{tool.__name__[3:]}: {problem}")
        finally:
            shutil.rmtree(folder)
    return out


def same(folder, files):
    for path, text in sorted(files.now.items()):
        full = os.path.join(folder, path)
        if text is None:
            if os.path.exists(full):
                return f"{path} is left after the series deleted it"
            continue
        if not os.path.exists(full):
            return f"does not make {path}"
        with open(full, "rb") as handle:
            if handle.read() != encode(text):
                return f"gives other content for {path}"
    return None


def last_line(text):
    lines = [line for line in text.split("\n") if line.strip()]
    return lines[-1] if lines else "no output"


def by_git(stack, folder):
    env = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null",
               GIT_CONFIG_NOSYSTEM="1", GIT_COMMITTER_NAME="check",
               GIT_COMMITTER_EMAIL="check@hyperv.invalid",
               GIT_AUTHOR_NAME="check",
               GIT_AUTHOR_EMAIL="check@hyperv.invalid")
    paths = [os.path.join(stack.top, "patches", p.name) for p in stack.patches]
    for cmd in (["git", "init", "-q"], ["git", "add", "-A"],
                ["git", "commit", "-q", "--allow-empty", "-m", "base"],
                ["git", "am", "-q", "--keep-cr", "--no-3way"] + paths):
        code, text = run(cmd, folder, env)
        if code:
            return f"'{' '.join(cmd[:2])}' fails: {last_line(text)}"
    return None


def by_quilt(stack, folder):
    env = dict(os.environ, QUILT_PATCHES=os.path.join(stack.top, "patches"),
               QUILT_SERIES=os.path.join(stack.top, "series"),
               QUILT_PC=".pc", QUILTRC="/dev/null", LC_ALL="C")
    code, text = run(["quilt", "--quiltrc", "-", "push", "-a", "--fuzz=0"],
                     folder, env)
    if code:
        return f"'quilt push -a' fails: {last_line(text)}"
    if re.search(r"^Hunk #.*(offset|fuzz)", text, re.M):
        return "'quilt push -a' needs an offset or fuzz"
    return None


def by_patch(stack, folder):
    for patch in stack.patches:
        path = os.path.join(stack.top, "patches", patch.name)
        code, text = run(["patch", "-p1", "-s", "-F0", "-i", path], folder)
        if code or "offset" in text or "fuzz" in text:
            return f"{patch.name}: {last_line(text)}"
    return None
