# SPDX-License-Identifier: GPL-2.0-only
"""What ci/stack does with the git repository build/tree."""

import hashlib
import os
import subprocess
import sys

from .patchfile import AUTHOR, Patch, StackError, parse_diffs, slug_of
from .stack import Group, Sources, accretes, put

DIFF = ["--no-renames", "--full-index", "--no-color", "--no-ext-diff",
        "--no-textconv", "-U3", "--diff-algorithm=myers", "-p",
        "--src-prefix=a/", "--dst-prefix=b/"]


def git(tree, *args, check=True):
    cmd = ["git", "-C", tree, "-c", "core.quotePath=false",
           "-c", "diff.noprefix=false", "-c", "core.autocrlf=false", *args]
    done = subprocess.run(cmd, capture_output=True, check=False)
    if check and done.returncode:
        text = done.stderr.decode("utf-8", "replace").strip()
        raise StackError(f"git {args[0]} in {tree}: {text}")
    return done.stdout.decode("utf-8", "surrogateescape")


def fast_import(base, out):
    """The pristine tree as a git fast-import stream with one commit."""
    write = out.write
    who = f"{AUTHOR} 0 +0000"
    message = b"Base\n"
    write(b"feature done\nreset refs/heads/base-import\n"
          b"commit refs/heads/base-import\n")
    write(f"author {who}\ncommitter {who}\n".encode())
    write(b"data %d\n%s\n" % (len(message), message))
    for here, dirs, files in os.walk(base):
        dirs.sort()
        if here == base and ".git" in dirs:
            dirs.remove(".git")
        links = [d for d in dirs if os.path.islink(os.path.join(here, d))]
        for name in sorted(files + links):
            one_file(base, os.path.join(here, name), write)
    write(b"done\n")


def one_file(base, full, write):
    path = os.path.relpath(full, base)
    if os.path.islink(full):
        mode, data = b"120000", os.fsencode(os.readlink(full))
    else:
        mode = b"100755" if os.stat(full).st_mode & 0o100 else b"100644"
        with open(full, "rb") as handle:
            data = handle.read()
    name = os.fsencode(path)
    if b'"' in name or b"\n" in name:
        raise StackError(f"{path}: a file name that git cannot stream")
    write(b"M %s inline %s\ndata %d\n" % (mode, name, len(data)))
    write(data)
    write(b"\n")


# --- time stamps: what keeps its content keeps its age -----------------------

def blobs(tree, commit):
    """path -> blob of every file that differs from the base at commit."""
    text = git(tree, "diff-tree", "-r", "--no-renames", "base", commit)
    out = {}
    for line in text.splitlines():
        meta, path = line.split("\t", 1)
        out[path] = meta.split()[3]
    return out


def times_save(tree, commit, path):
    rows = []
    for name, blob in blobs(tree, commit).items():
        full = os.path.join(tree, name)
        if os.path.isfile(full):
            rows.append(f"{blob} {os.stat(full).st_mtime_ns} {name}")
    put(path, "\n".join(rows) + "\n")


def times_restore(tree, commit, path):
    now = blobs(tree, commit)
    with open(path, encoding="utf-8") as handle:
        for line in handle:
            parts = line.rstrip("\n").split(" ", 2)
            if len(parts) != 3 or now.get(parts[2]) != parts[0]:
                continue
            full = os.path.join(tree, parts[2])
            if os.path.isfile(full):
                stamp = int(parts[1])
                os.utime(full, ns=(stamp, stamp))


# --- import: from branch series back into patches/ and the sources -----------

def read_commit(tree, commit):
    text = git(tree, "show", "-s", "--no-show-signature",
               "--format=%aD%n%B", commit)
    date, message = text.split("\n", 1)
    subject, _, body = message.strip("\n").partition("\n")
    patch = Patch("", subject.strip(), body.strip("\n"), date)
    parents = git(tree, "show", "-s", "--format=%P", commit).split()
    if len(parents) != 1:
        raise StackError(f"commit {commit[:12]} is a merge: linearise the "
                         "branch with git rebase first")
    text = git(tree, "diff-tree", *DIFF, parents[0], commit)
    patch.diffs = parse_diffs(text.split("\n"), f"commit {commit[:12]}")
    return patch


def read_branch(tree):
    commits = git(tree, "rev-list", "--reverse", "base..series").split()
    return [read_commit(tree, commit) for commit in commits]


def match_names(old, new):
    """Gives each new patch the name of the old one it came from.

    Same subject first; then, between two matches, by position when both
    sides have the same number of patches left over.
    """
    left = {p.subject: p for p in old}
    pairs = {}
    for index, patch in enumerate(new):
        if patch.subject in left:
            pairs[index] = left.pop(patch.subject)
    pos, start = 0, 0
    for index in range(len(new) + 1):
        if index < len(new) and index not in pairs:
            continue
        end = old.index(pairs[index]) if index < len(new) else len(old)
        free = [p for p in old[start:end] if p.subject in left]
        if len(free) == index - pos:
            pairs.update(zip(range(pos, index), free))
        if index < len(new):
            start, pos = end + 1, index + 1
    return pairs


def applied_ref(tree):
    """What build/tree was made from: the last applied stack, or the base."""
    ref = "refs/stack/applied"
    return ref if git(tree, "rev-parse", "-q", "--verify", ref,
                      check=False).strip() else "base"


def check_skeleton(stack, tree, force):
    path = os.path.join(tree, ".git", "stack", "skeleton")
    text = ""
    if not stack.patches and applied_ref(tree) == "base":
        return
    if os.path.exists(path):
        with open(path, encoding="utf-8") as handle:
            text = handle.read().strip()
    if text != skeleton(stack) and not force:
        raise StackError("patches/ changed after build/tree was made from it "
                         "(messages, order, owners or hunks): importing would "
                         "undo that. Save your commits, run 'FORCE=1 make "
                         "tree', pick them again; or use --force")


def skeleton(stack):
    """What identifies the stack apart from the sources' content."""
    digest = hashlib.sha256()
    digest.update(stack.series.render().encode())
    for patch in stack.patches:
        rows = [patch.subject, patch.body, patch.date, patch.author]
        for diff in patch.diffs:
            own = diff.kind == "new" and not accretes(diff.path)
            rows += [diff.path] if own else diff.lines()
        digest.update("\n".join(rows).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def import_branch(stack, tree, force=False, keep=False, starts=None):
    """The branch as patches; keep: edited sources win over the tree's."""
    if not os.path.isdir(os.path.join(tree, ".git")):
        raise StackError("there is no build/tree: run 'make tree' first")
    for name in ("rebase-merge", "rebase-apply"):
        if os.path.isdir(os.path.join(tree, ".git", name)):
            raise StackError("build/tree is in the middle of a rebase: "
                             "finish it first")
    if git(tree, "status", "--porcelain", "--untracked-files=no").strip():
        raise StackError("build/tree has uncommitted edits: commit them first")
    check_skeleton(stack, tree, force)
    new = read_branch(tree)
    if not new:
        raise StackError("branch series of build/tree has no commits")
    refuse_late_edits(new)
    report = import_sources(stack, tree, force, keep)
    pairs = match_names(stack.patches, new)
    regroup(stack, new, pairs, starts or {})
    stack.patches = new
    stack.sources = Sources(stack.top)
    stack.refresh()
    return report


def refuse_late_edits(patches):
    """A source file has one patch; a second one must not touch it."""
    owner = {}
    for patch in patches:
        for diff in patch.diffs:
            if diff.kind == "new" and not accretes(diff.path):
                owner[diff.path] = patch
            elif diff.path in owner:
                raise StackError(
                    f"'{patch.subject}' edits {diff.path}, which "
                    f"'{owner[diff.path].subject}' adds: fold the edit into "
                    "that commit (git commit --fixup, git rebase)")


def regroup(stack, new, pairs, starts):
    """Puts the imported patches into the sub-series of their origins.

    starts: code of a sub-series -> number of its first patch, for patches
    that have no origin.
    """
    series = stack.series
    home = {n: group for group in series.groups for n in group.names}
    if not series.groups:
        series.groups.append(Group("S01", "series", "hyperv-next", "1"))
    current = series.groups[0]
    for group in series.groups:
        group.names = []
    taken = set()
    for index, patch in enumerate(new):
        origin = pairs.get(index)
        if origin:
            patch.name, patch.date = origin.name, origin.date
            current = home[origin.name]
        else:
            for group in series.groups:
                if starts.get(group.code) == index + 1:
                    current = group
            slug = slug_of(patch.subject)
            while slug in taken:
                slug += "-x"
            patch.name = f"{9000 + index:04d}-{slug}.patch"
        taken.add(patch.name[5:-len(".patch")])
        current.names.append(patch.name)


def import_sources(stack, tree, force, keep):
    """Brings new files that changed in the tree to the source folders."""
    was = applied_ref(tree)
    text = git(tree, "diff", "--name-status", "--no-renames", was, "series",
               "--")
    base = git(tree, "ls-tree", "-r", "--name-only", "base")
    known = set(base.split("\n"))
    report, clashes, todo = [], [], []
    for line in text.splitlines():
        state, path = line.split("\t", 1)
        if accretes(path) or path in known:
            continue
        if clash(stack, tree, state, path, was):
            clashes.append(path)
            if keep:
                continue
        todo.append((state, path))
    if clashes and not (force or keep):
        raise StackError("edited both in the sources and in build/tree since "
                         f"make tree: {' '.join(clashes)}; bring one side to "
                         "the other's content, or take one side: --keep for "
                         "the sources', --force for the tree's")
    for state, path in todo:
        report.append(bring(stack, tree, state, path))
    return report


def clash(stack, tree, state, path, was):
    """Would the tree's content overwrite an edit made in the sources?"""
    if path not in stack.sources.where:
        return False
    mine = stack.sources.read(path)
    if state != "D" and mine == git(tree, "show", f"series:{path}"):
        return False
    return state == "A" or mine != git(tree, "show", f"{was}:{path}")


def bring(stack, tree, state, path):
    home = stack.sources.home(path)
    full = os.path.join(stack.top, home)
    if state == "D":
        if os.path.exists(full):
            os.unlink(full)
        return f"removed {home}"
    mode = git(tree, "ls-tree", "series", "--", path).split()[0]
    os.makedirs(os.path.dirname(full), exist_ok=True)
    put(full, git(tree, "show", f"series:{path}"), mode)
    return f"wrote {home}"


# --- amend: put edits made in build/tree into one patch of it -----------------

def amend(stack, tree, patch, files):
    """Commits files as a fix-up of patch and folds it in."""
    commits = git(tree, "rev-list", "--reverse", "base..series").split()
    index = stack.patches.index(patch)
    if index >= len(commits):
        raise StackError("build/tree has fewer patches than the series: "
                         "run 'make tree' first")
    git(tree, "add", "--", *files)
    git(tree, "commit", "-q", f"--fixup={commits[index]}", "--", *files)
    env = dict(os.environ, GIT_SEQUENCE_EDITOR="true", GIT_EDITOR="true")
    done = subprocess.run(["git", "-C", tree, "rebase", "-q", "-i",
                           "--autosquash", "base", "series"], env=env,
                          check=False, stdout=sys.stderr)
    if done.returncode:
        raise StackError("a later patch conflicts: resolve it in build/tree, "
                         "'git rebase --continue', then 'ci/stack import'")

