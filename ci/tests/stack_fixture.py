# SPDX-License-Identifier: GPL-2.0-only
"""A throw-away copy of the repository's tools over a kernel of six files."""

import os
import shutil
import subprocess
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))))

BASE = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 107\n"
                "EXTRAVERSION =\n",
    "MAINTAINERS": "A DRIVER\nF:\tdrivers/a/\n\nZ DRIVER\nF:\tdrivers/z/\n",
    "drivers/Makefile": "".join(f"obj-y += d{n}/\n" for n in range(20)),
    "drivers/hv/Kconfig": "menu \"Hyper-V\"\n\nconfig HYPERV\n\tbool \"H\"\n"
                          "\nendmenu\n",
    "drivers/hv/Makefile": "obj-$(CONFIG_HYPERV) += hv.o\n",
    "drivers/hv/hv.c": "int hv;\n",
}


class Fixture:
    """A folder that looks like the repository; call close() at the end."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="stack-test-")
        shutil.copytree(os.path.join(TOP, "ci"), os.path.join(self.top, "ci"),
                        ignore=shutil.ignore_patterns("__pycache__"))
        for path, text in BASE.items():
            self.write("build/base/" + path, text)
        self.write("build/base.stamp", "fixture\n1\n")
        self.write("ci/base.hashes", "")
        self.write("MAINTAINERS.fragment", "")
        self.write("cover/S01-first.cover", "Cover\n")
        self.hash_base()

    def hash_base(self):
        done = subprocess.run(["sha256sum", *BASE], check=True,
                              cwd=self.path("build/base"),
                              capture_output=True, text=True)
        self.write("ci/base.hashes", done.stdout)

    def close(self):
        shutil.rmtree(self.top)

    def path(self, name):
        return os.path.join(self.top, name)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as handle:
            handle.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", newline="") as handle:
            return handle.read()

    def run(self, *cmd, text=None, **env):
        """(exit code, all output) of a command in the fixture."""
        full = {k: v for k, v in os.environ.items()
                if k not in ("BUILD", "LOGS", "KERNEL_TREE", "FORCE")}
        full.update({"GIT_CONFIG_GLOBAL": "/dev/null",
                     "GIT_AUTHOR_NAME": "Dev",
                     "GIT_AUTHOR_EMAIL": "dev@example.invalid",
                     "GIT_COMMITTER_NAME": "Dev",
                     "GIT_COMMITTER_EMAIL": "dev@example.invalid"}, **env)
        done = subprocess.run(cmd, cwd=self.top, env=full, input=text or "",
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout

    def stack(self, *args, text=None, **env):
        return self.run("ci/stack", *args, text=text, **env)

    def git(self, *args):
        code, out = self.run("git", "-C", "build/tree", *args)
        if code:
            raise AssertionError(f"git {args}: {out}")
        return out

    def new(self, slug, *files, subject=None, body="Because of a reason."):
        subject = subject or f"Drivers: hv: Add {slug}"
        return self.stack("new", slug, "--subject", subject, "--message", "-",
                          *files, text=body)
