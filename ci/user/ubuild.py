# SPDX-License-Identifier: GPL-2.0-only
"""Builds the wire and logic files and their KUnit suites in user space.

Shared by ci/user/run, ci/coverage and ci/bench.  The sources are the very
files of drivers-hv-overlay/ and kunit/; only the headers below include/ stand
in for the kernel's.  A tree of links under build/user/src puts them where a
kernel tree would have them, so that relative includes work.
"""
import fcntl
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", TOP / "build")).resolve()
OUT = BUILD / "user"
SRC = OUT / "src"
LOGS = Path(os.environ.get("LOGS", BUILD / "logs")).resolve()
SHIMS = TOP / "ci" / "user"
FUZZ = SHIMS / "fuzz"
JOBS = int(os.environ.get("JOBS", os.cpu_count() or 1))

WARN = ["-Wall", "-Wextra", "-Werror", "-Wmissing-prototypes",
        "-Wstrict-prototypes", "-Wdeclaration-after-statement",
        "-Wformat=2", "-Wvla", "-Wundef",
        # The kernel's own build leaves these out as well.
        "-Wno-sign-compare", "-Wno-unused-parameter",
        "-Wno-missing-field-initializers", "-Wno-format-zero-length",
        "-Wno-format-nonliteral"]
BASE = ["-std=gnu11", "-g", "-fno-strict-aliasing", "-fno-common", "-fwrapv",
        "-D__KERNEL__", "-include", str(SHIMS / "include/linux/kconfig.h")]
SAN = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all",
       "-fno-omit-frame-pointer"]
GCC_ONLY = ["-Wno-clobbered", "-Wno-maybe-uninitialized"]


class Config:
    """One way to build: a compiler, flags, and what runs the result."""

    def __init__(self, name, cc, flags, runner=(), packages=()):
        self.name = name
        self.cc = cc
        self.flags = list(flags)
        self.runner = list(runner)
        self.wants = list(packages)
        self.out = OUT / name

    def packages(self):
        """Packages beyond the usual ones, for the compilers in use."""
        return [p.format(gcc=major("gcc"), clang=major("clang"))
                for p in self.wants]

    def missing(self):
        """The first tool that is not there, or None."""
        for tool in [self.cc] + self.runner[:1]:
            if not shutil.which(tool):
                return tool
        if not links([self.cc] + self.flags):
            return "library for " + " ".join([self.cc] + self.flags[:2])
        return None


M32 = ["-m32", "-isystem", "/usr/include/x86_64-linux-gnu"]
CONFIGS = {c.name: c for c in [
    Config("gcc", "gcc", ["-O1"] + SAN + GCC_ONLY),
    Config("clang", "clang", ["-O1"] + SAN,
           packages=["libclang-rt-{clang}-dev"]),
    Config("gcc-m32", "gcc", ["-O1"] + M32 + SAN + GCC_ONLY,
           packages=["lib32gcc-{gcc}-dev", "libc6-dev-i386"]),
    Config("s390x", "s390x-linux-gnu-gcc", ["-O1", "-static"] + GCC_ONLY,
           runner=["qemu-s390x"],
           packages=["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross",
                     "qemu-user"]),
    Config("gcov", "gcc", ["-O0", "--coverage"] + GCC_ONLY),
    Config("gcov-fuzz", "gcc", ["-O0", "--coverage"] + GCC_ONLY),
    Config("fuzz", "clang", ["-O1", "-fsanitize=fuzzer-no-link"] + SAN,
           packages=["libclang-rt-{clang}-dev"]),
]}


def major(compiler):
    """The major version of a compiler, as package names have it."""
    r = subprocess.run([compiler, "-dumpversion"], capture_output=True,
                       text=True) if shutil.which(compiler) else None
    return r.stdout.split(".")[0].strip() if r else ""


def links(cmd):
    """Can this compiler command make a program?"""
    OUT.mkdir(parents=True, exist_ok=True)
    probe = OUT / "probe"
    return subprocess.run(cmd + ["-x", "c", "-", "-o", str(probe)],
                          input=b"#include <stdio.h>\nint main(void)"
                          b"{ return puts(\"\") < 0; }\n",
                          capture_output=True).returncode == 0


def need_packages(*names):
    """Installs packages the way every command under ci/ does."""
    lib = TOP / "ci" / "lib.sh"
    if not names or not lib.exists():
        return True
    script = 'set -euo pipefail; . "$1"; shift; need_packages "$@"'
    env = dict(os.environ, CI_NAME=Path(sys.argv[0]).name)
    return subprocess.run(["bash", "-c", script, "-", str(lib), *names],
                          env=env).returncode == 0


def sources():
    """Wire and logic sources, relative to a kernel tree."""
    top = TOP / "drivers-hv-overlay"
    return sorted(p.relative_to(top) for p in top.glob("drivers/**/*.c")
                  if p.parent.name in ("wire", "logic"))


def suites():
    """Suite name -> the sources of its program, relative to a kernel tree."""
    top = TOP / "kunit"
    found = {}
    for p in sorted(top.glob("drivers/**/tests/*_kunit.c")):
        helpers = sorted(h.relative_to(top) for h in p.parent.glob("*.c")
                         if not h.name.endswith("_kunit.c"))
        found[p.relative_to(top)] = [p.relative_to(top)] + helpers
    return found


def take_turns():
    """Waits for any other command that is changing build/user."""
    OUT.mkdir(parents=True, exist_ok=True)
    lock = open(OUT / ".lock", "w", encoding="utf-8")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def link_tree():
    """Makes build/user/src a kernel-like tree of links to our files."""
    want = {}
    for part, ends in (("drivers-hv-overlay", (".c", ".h")),
                       ("kunit", (".c", ".h"))):
        for p in (TOP / part).rglob("*"):
            if p.suffix in ends and p.is_file():
                want[SRC / p.relative_to(TOP / part)] = p
    if SRC.exists():
        for p in SRC.rglob("*"):
            if p.is_symlink() and want.get(p) != Path(os.readlink(p)):
                p.unlink()
    for link, target in want.items():
        if not link.is_symlink():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)


def stale(obj, stamp):
    """Must obj be compiled again?  Looks at what it was compiled from."""
    deps = obj.with_suffix(".d")
    if not obj.exists() or not deps.exists() or not stamp.exists():
        return True
    when = obj.stat().st_mtime
    if stamp.stat().st_mtime > when:
        return True
    names = deps.read_text().replace("\\\n", " ").split(":", 1)[1].split()
    return any(not os.path.exists(n) or os.stat(n).st_mtime > when
               for n in names)


def flags_stamp(cfg, extra):
    """A file that is newer than the objects if the flags have changed."""
    cfg.out.mkdir(parents=True, exist_ok=True)
    stamp = cfg.out / "flags"
    text = " ".join([cfg.cc] + cfg.flags + WARN + BASE + extra)
    if not stamp.exists() or stamp.read_text() != text:
        stamp.write_text(text)
    return stamp


def compile_one(cfg, src, extra=()):
    """Compiles one file of the link tree; returns (object, error text)."""
    path = SRC / src if not Path(src).is_absolute() else Path(src)
    name = src if not Path(src).is_absolute() else Path(src).name
    obj = cfg.out / Path(name).with_suffix(".o")
    obj.parent.mkdir(parents=True, exist_ok=True)
    if not stale(obj, cfg.out / "flags"):
        return obj, None
    cmd = [cfg.cc, *BASE, *WARN, *cfg.flags, *extra,
           "-I", str(SHIMS / "include"), "-I", str(SRC / "include"),
           "-MMD", "-MF", str(obj.with_suffix(".d")),
           "-c", str(path), "-o", str(obj)]
    obj.unlink(missing_ok=True)
    r = subprocess.run(cmd, capture_output=True, text=True)
    return obj, None if r.returncode == 0 else r.stdout + r.stderr


def compile_all(cfg, srcs, extra=()):
    """Compiles many files; returns ({src: object}, {src: error text})."""
    objs, errors = {}, {}
    with ThreadPoolExecutor(JOBS) as pool:
        for src, (obj, err) in zip(srcs, pool.map(
                lambda s: compile_one(cfg, s, extra), srcs)):
            if err:
                errors[src] = err
            else:
                objs[src] = obj
    return objs, errors


def link(cfg, name, objs, lib, extra=()):
    """Links one suite's program; returns (program, error text)."""
    prog = cfg.out / Path(name).with_suffix("")
    newest = max(Path(o).stat().st_mtime for o in [*objs, lib])
    if prog.exists() and prog.stat().st_mtime > newest:
        return prog, None
    r = subprocess.run([cfg.cc, *cfg.flags, *extra, "-o", str(prog),
                        *map(str, objs), str(lib)],
                       capture_output=True, text=True)
    return prog, None if r.returncode == 0 else r.stdout + r.stderr


def archive(cfg, objs):
    """All wire and logic objects of a configuration in one archive."""
    lib = cfg.out / "all.a"
    newest = max((Path(o).stat().st_mtime for o in objs), default=0)
    listing = cfg.out / "all.list"
    text = "\n".join(map(str, objs))
    if (not lib.exists() or lib.stat().st_mtime <= newest or
            not listing.exists() or listing.read_text() != text):
        lib.unlink(missing_ok=True)
        subprocess.run(["ar", "rcs", str(lib), *map(str, objs)], check=True)
        listing.write_text(text)
    return lib


def targets():
    """The names of the fuzz targets."""
    return sorted(p.stem for p in FUZZ.glob("*.c") if p.stem != "replay")


def corpus(target):
    """The files that a fuzz target is replayed with."""
    return sorted(p for p in (FUZZ / "corpus" / target).glob("*"))


def build_targets(cfg, searching=False):
    """Builds the fuzz targets, with libFuzzer or with what replays a corpus;
    returns ({target: program}, {what: error text})."""
    link_tree()
    flags_stamp(cfg, [])
    srcs = {name: FUZZ / f"{name}.c" for name in targets()}
    replay = FUZZ / "replay.c"
    more = [] if searching else [replay]
    lib_objs, errors = compile_all(cfg, sources())
    objs, bad = compile_all(cfg, [*srcs.values(), *more], ["-I", str(SRC)])
    errors.update(bad)
    if errors:
        return {}, errors
    lib = archive(cfg, [lib_objs[s] for s in sources()])
    progs = {}
    for name, src in srcs.items():
        prog, err = link(cfg, f"fuzz-{name}", [objs[s] for s in [src, *more]],
                         lib, ["-fsanitize=fuzzer"] if searching else [])
        if err:
            errors[src] = err
        else:
            progs[name] = prog
    return progs, errors


def build(cfg):
    """Builds everything; returns ({suite: program}, {what: error text})."""
    link_tree()
    flags_stamp(cfg, [])
    tests = suites()
    test_srcs = sorted({s for group in tests.values() for s in group})
    runner = SHIMS / "kunit.c"
    objs, errors = compile_all(cfg, [*sources(), *test_srcs, runner])
    if runner in errors:
        return {}, errors
    lib = archive(cfg, [objs[s] for s in sources() if s in objs])
    progs = {}
    for name, group in tests.items():
        if any(s in errors for s in group):
            continue
        prog, err = link(cfg, name, [objs[s] for s in group] +
                         [objs[runner]], lib)
        if err:
            errors[name] = err
        else:
            progs[name] = prog
    return progs, errors


def run_suite(cfg, prog, log, env=None, args=()):
    """Runs one program; returns (passed, failed, skipped, failure text)."""
    full = dict(os.environ, ASAN_OPTIONS="abort_on_error=0:detect_leaks=1",
                UBSAN_OPTIONS="print_stacktrace=1", **(env or {}))
    try:
        r = subprocess.run(cfg.runner + [str(prog), *map(str, args)],
                           capture_output=True, text=True, errors="replace",
                           env=full, timeout=600)
    except subprocess.TimeoutExpired:
        return 0, 1, 0, "no end after 600 s"
    log.write(r.stdout + r.stderr)
    for line in reversed(r.stdout.splitlines()):
        if line.startswith("# passed "):
            w = line.split()
            passed, failed, skipped = int(w[2]), int(w[4]), int(w[6])
            break
    else:
        passed, failed, skipped = r.stdout.count("    ok "), 0, 0
    if r.returncode and not failed:
        failed = 1
    bad = [ln for ln in r.stdout.splitlines()
           if "not ok" in ln or ln.lstrip().startswith("# ") and ": " in ln
           and ":" in ln.split(": ", 1)[1]] if failed else []
    text = "\n".join(bad + r.stderr.splitlines()[:40]) if failed else ""
    return passed, failed, skipped, text
