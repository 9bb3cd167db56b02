# SPDX-License-Identifier: GPL-2.0-only
"""ci/stack and ci/tree against a toy kernel: what they make and refuse."""

import os
import random
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

from stack_fixture import Fixture  # noqa: E402
from stacklib.patchfile import FileDiff, diffstat  # noqa: E402

A = "drivers-hv-overlay/drivers/hv/vmbus/a.c"
B = "drivers-hv-overlay/drivers/hv/vmbus/b.c"
T = "kunit/drivers/hv/tests/t_kunit.c"
DOC = "Documentation/virt/hyperv/new.rst"


class StackCase(unittest.TestCase):
    """Starts from two patches that own three files."""

    def setUp(self):
        self.fix = Fixture()
        self.addCleanup(self.fix.close)
        self.fix.write(A, "// SPDX\nint a;\n")
        self.fix.write(B, "// SPDX\nint b;\n")
        self.fix.write(T, "// SPDX\nint t;")
        self.ok("subseries", "S01", "first")
        self.good(self.fix.new("one", A))
        self.good(self.fix.new("two", B, T))

    def good(self, result):
        self.assertEqual(result[0], 0, result[1])
        return result[1]

    def ok(self, *args, **more):
        return self.good(self.fix.stack(*args, **more))

    def bad(self, words, *args, **more):
        code, out = self.fix.stack(*(args or ("check",)), **more)
        self.assertNotEqual(code, 0, out)
        self.assertIn(words, out)
        return out

    def tree(self, **env):
        return self.fix.run("ci/tree", **env)

    def edit_patch(self, name, old, new):
        text = self.fix.read("patches/" + name)
        self.assertIn(old, text)
        self.fix.write("patches/" + name, text.replace(old, new, 1))


class Equality(StackCase):
    """Problems that check must name."""

    def test_consistent(self):
        self.assertIn("2 patches equal 3 source files", self.ok("check"))

    def test_regeneration_is_stable(self):
        before = self.fix.read("patches/0002-two.patch")
        self.assertIn("0 files changed", self.ok("patches"))
        self.assertEqual(before, self.fix.read("patches/0002-two.patch"))

    def test_edited_source(self):
        self.fix.write(A, "// SPDX\nint a2;\n")
        out = self.bad("patches/0001-one.patch: differs from the sources: "
                       "drivers/hv/vmbus/a.c")
        self.assertIn("1 problems", out)
        self.ok("patches")
        self.ok("check")

    def test_edited_patch(self):
        self.edit_patch("0001-one.patch", "+int a;", "+int z;")
        self.bad("patches/0001-one.patch: differs from the sources")

    def test_mode_change(self):
        os.chmod(self.fix.path(A), 0o755)
        self.bad("patches/0001-one.patch: differs from the sources")
        self.ok("patches")
        self.assertIn("create mode 100755",
                      self.fix.read("patches/0001-one.patch"))
        self.ok("check")

    def test_unowned_source(self):
        self.fix.write(DOC, "text\n")
        self.bad(DOC + ": in no patch")
        self.ok("assign", "2", DOC)
        self.ok("check")

    def test_manual_of_our_tools(self):
        self.fix.write("Documentation/hvhost.1", ".TH HVHOST 1\n")
        self.assertIn("2 patches equal 3 source files", self.ok("check"))
        self.assertNotIn("hvhost.1", self.ok("patches"))
        self.fix.write("Documentation/virt/hvhost.1", ".TH HVHOST 1\n")
        self.bad("Documentation/virt/hvhost.1: in no patch")

    def test_lost_source(self):
        os.unlink(self.fix.path(A))
        self.bad("which is in no source folder")

    def test_two_owners(self):
        text = self.fix.read("patches/0002-two.patch")
        start = self.fix.read("patches/0001-one.patch").index("diff --git")
        extra = self.fix.read("patches/0001-one.patch")[start:]
        self.fix.write("patches/0002-two.patch", text + extra)
        self.bad("added by more than one patch: 0001 0002")

    def test_two_folders(self):
        self.fix.write("kunit/drivers/hv/vmbus/a.c", "x\n")
        self.bad("in two source folders")

    def test_makefile_in_sources(self):
        self.fix.write("drivers-hv-overlay/drivers/hv/vmbus/Makefile", "x\n")
        self.bad("live in patches only")

    def test_empty_source(self):
        self.fix.write(A, "")
        self.bad("is empty")

    def test_file_of_the_base(self):
        self.fix.write("drivers-hv-overlay/drivers/hv/hv.c", "int mine;\n")
        self.ok("assign", "1", "drivers/hv/hv.c")
        self.bad("is new here but exists already")


class Series(StackCase):
    """The series file, covers and messages."""

    def test_unlisted_patch(self):
        self.fix.write("patches/0009-x.patch", "x")
        self.bad("patches/0009-x.patch: not in series")

    def test_listed_but_absent(self):
        self.fix.write("series", self.fix.read("series") + "0003-x.patch\n")
        self.bad("patches/0003-x.patch, which does not exist")

    def test_bad_header(self):
        text = self.fix.read("series").replace("target: ", "for ")
        self.fix.write("series", text)
        self.bad("header not of the form")

    def test_no_cover(self):
        os.unlink(self.fix.path("cover/S01-first.cover"))
        self.bad("cover/S01-*.cover: 0 files")

    def test_long_sub_series(self):
        for n in range(14):
            name = f"drivers-hv-overlay/drivers/hv/vmbus/x{n}.c"
            self.fix.write(name, "int x;\n")
            self.good(self.fix.new(f"x{n}", name))
        self.bad("S01 has 16 patches, more than 15")

    def test_tags_and_breakers(self):
        reason = "Because of a reason."
        for line, words in (("Signed-off-by: N <n@h>", "Signed-off-by: tag"),
                            ("Reviewed-by: N <n@h>", "Reviewed-by: tag"),
                            ("--- a", "git am ends the message"),
                            ("x " * 60, "message line longer"),):
            self.edit_patch("0001-one.patch", reason, line)
            self.bad(words)
            self.edit_patch("0001-one.patch", line, reason)
        self.ok("check")

    def test_order_and_numbers(self):
        self.ok("move", "2", "0")
        self.assertEqual(["0001-two.patch", "0002-one.patch"],
                         sorted(os.listdir(self.fix.path("patches"))))
        self.ok("check")
        self.ok("remove", "1")
        self.bad("b.c: in no patch")

    def test_message_with_the_subject_in_it(self):
        self.ok("message", "1", "--subject", "Drivers: hv: Other",
                "--message", "-", text="Drivers: hv: Other\n\nWords.\n")
        self.bad("patches/0001-one.patch: the message begins with the subject")

    def test_message(self):
        self.ok("message", "1", "--subject", "Drivers: hv: Other",
                "--message", "-", text="New words.\n")
        text = self.fix.read("patches/0001-one.patch")
        self.assertIn("Subject: [PATCH] Drivers: hv: Other\n\nNew words.\n---",
                      text)
        self.ok("check")

    def test_wrap(self):
        self.ok("message", "1", "--message", "-", text="Kept\nas it is.\n\n"
                + "A word.  " * 12 + "\n\n - item " + "item " * 20 + "\n")
        self.bad("message line longer")
        self.ok("wrap")
        text = self.fix.read("patches/0001-one.patch")
        self.assertIn("Kept\nas it is.\n\nA word.  A word.", text)
        self.assertIn("\n   item", text)
        self.ok("check")

    def test_fragment(self):
        self.fix.write("MAINTAINERS.fragment", "F:\tdrivers/hv/vmbus/\n")
        self.bad("no patch adds 'F:\\tdrivers/hv/vmbus/'")

    def test_signed_copies(self):
        self.ok("patches", "--submitter", "A Name <a@b.example>")
        text = self.fix.read("build/signed/patches/0001-one.patch")
        self.assertIn("From: A Name <a@b.example>\n", text)
        self.assertIn("reason.\n\nSigned-off-by: A Name <a@b.example>\n---",
                      text)
        self.assertNotIn("Signed-off-by",
                         self.fix.read("patches/0001-one.patch"))
        self.bad("SUBMITTER must look like", "patches", "--submitter", "me")


class Tree(StackCase):
    """build/tree, and the way back from it."""

    def setUp(self):
        super().setUp()
        self.good(self.tree())

    def commit(self, subject, files):
        for name, text in files.items():
            self.fix.write("build/tree/" + name, text)
        self.fix.git("add", "-A")
        self.fix.git("commit", "-q", "-m", subject, "-m", "Why.")

    def make_old(self, name):
        os.utime(self.fix.path("build/tree/" + name), (1e9, 1e9))

    def age(self, name):
        return os.stat(self.fix.path("build/tree/" + name)).st_mtime

    def test_contents(self):
        log = self.fix.git("log", "--format=%s", "base..series").split("\n")
        self.assertEqual(["Drivers: hv: Add two", "Drivers: hv: Add one"],
                         log[:2])
        self.assertIn("up to date", self.good(self.tree()))

    def test_restarts_at_the_first_change(self):
        for name in ("a.c", "b.c"):
            self.make_old("drivers/hv/vmbus/" + name)
        self.make_old("drivers/hv/hv.c")
        self.fix.write(B, "// SPDX\nint b2;\n")
        self.ok("patches")
        self.assertIn("1 were already there", self.good(self.tree()))
        self.assertEqual(1e9, self.age("drivers/hv/vmbus/a.c"))
        self.assertEqual(1e9, self.age("drivers/hv/hv.c"))
        self.assertNotEqual(1e9, self.age("drivers/hv/vmbus/b.c"))

    def test_unchanged_content_keeps_its_age(self):
        self.make_old("drivers/hv/vmbus/b.c")
        self.fix.write(A, "// SPDX\nint a2;\n")
        self.ok("patches")
        self.good(self.tree())
        self.assertEqual(1e9, self.age("drivers/hv/vmbus/b.c"))

    def test_refuses_local_work(self):
        self.fix.write("build/tree/drivers/hv/hv.c", "int edit;\n")
        code, out = self.tree()
        self.assertIn("has uncommitted edits", out)
        self.fix.git("commit", "-qam", "Drivers: hv: Mine")
        code, out = self.tree()
        self.assertEqual(1, code)
        self.assertIn("has commits that are not in patches/", out)
        code, out = self.fix.run("ci/clean", "--all")
        self.assertEqual(1, code, out)
        self.good(self.tree(FORCE="1"))
        self.assertEqual("int hv;\n",
                         self.fix.read("build/tree/drivers/hv/hv.c"))

    def test_goes_on_after_its_own_interruption(self):
        self.fix.write(A, "int a3;\n")
        self.ok("patches")
        self.fix.write("build/tree/.git/stack/busy", "")
        self.fix.write("build/tree/drivers/hv/hv.c", "int half;\n")
        self.good(self.tree())
        self.assertEqual("int hv;\n",
                         self.fix.read("build/tree/drivers/hv/hv.c"))
        self.assertFalse(os.path.exists(
            self.fix.path("build/tree/.git/stack/busy")))

    def test_import_hunks_and_sources(self):
        self.commit("Drivers: hv: Build it", {
            "drivers/hv/Makefile": "obj-$(CONFIG_HYPERV) += hv.o vmbus/\n",
            "drivers/hv/vmbus/Makefile": "obj-y += a.o\n",
            "drivers/hv/vmbus/c.c": "int c;\n"})
        self.ok("import")
        self.assertEqual("int c;\n", self.fix.read(
            "drivers-hv-overlay/drivers/hv/vmbus/c.c"))
        text = self.fix.read("patches/0003-drivers-hv-build-it.patch")
        self.assertIn("-obj-$(CONFIG_HYPERV) += hv.o\n", text)
        self.ok("check")
        self.good(self.tree())
        self.assertIn("up to date", self.good(self.tree()))

    def test_amend_keeps_names(self):
        self.fix.write("build/tree/drivers/hv/Makefile", "obj-y += hv.o\n")
        self.fix.write("build/tree/drivers/hv/vmbus/a.c", "int amended;\n")
        before = os.listdir(self.fix.path("patches"))
        self.ok("amend", "1")
        self.assertEqual(sorted(before),
                         sorted(os.listdir(self.fix.path("patches"))))
        self.assertEqual("int amended;\n", self.fix.read(A))
        self.ok("check")
        self.good(self.tree())

    def test_import_refuses_two_sided_edits(self):
        self.fix.write("build/tree/drivers/hv/vmbus/a.c", "int theirs;\n")
        self.fix.git("commit", "-qam", "fixup! Drivers: hv: Add one")
        self.fix.run("git", "-C", "build/tree", "rebase", "-q", "-i",
                     "--autosquash", "base", GIT_SEQUENCE_EDITOR="true")
        self.fix.write(A, "int ours;\n")
        self.bad("edited both in the sources and in build/tree", "import")
        self.assertEqual("int ours;\n", self.fix.read(A))

    def test_import_can_keep_the_sources(self):
        self.fix.write("build/tree/drivers/hv/vmbus/a.c", "int theirs;\n")
        self.ok("amend", "1")
        self.commit("Drivers: hv: C", {"drivers/hv/vmbus/c.c": "int c;\n"})
        self.fix.write("drivers-hv-overlay/drivers/hv/vmbus/c.c", "int d;\n")
        self.bad("edited both", "import")
        self.ok("import", "--keep")
        self.assertEqual("int d;\n", self.fix.read(
            "drivers-hv-overlay/drivers/hv/vmbus/c.c"))
        self.ok("check")
        self.good(self.tree())

    def test_import_refuses_late_edits(self):
        self.commit("Drivers: hv: Late", {"drivers/hv/vmbus/a.c": "int l;\n"})
        self.bad("fold the edit into that commit", "import")

    def test_import_refuses_a_moved_stack(self):
        self.ok("message", "1", "--subject", "Drivers: hv: Renamed")
        self.bad("changed after build/tree was made", "import")

    def test_offset_is_a_problem(self):
        self.commit("Drivers: Enter the folder", {
            "drivers/Makefile": self.fix.read("build/tree/drivers/Makefile")
            .replace("obj-y += d9/", "obj-y += d9/\nobj-y += hv/")})
        self.ok("import")
        self.ok("check")
        name = "0003-drivers-enter-the-folder.patch"
        self.edit_patch(name, "@@ -8,6 +8,7 @@", "@@ -9,6 +9,7 @@")
        self.bad("does not apply there exactly")

    def test_prefix(self):
        self.good(self.fix.run("ci/tree", "--prefix", "1",
                               self.fix.path("build/p")))
        folder = self.fix.path("build/p/drivers/hv/vmbus")
        self.assertEqual(["a.c"], os.listdir(folder))

    def test_broken_patch_is_named(self):
        self.edit_patch("0002-two.patch", "@@ -0,0 +1,2 @@",
                        "@@ -0,0 +1,3 @@")
        code, out = self.tree()
        self.assertEqual(1, code)
        self.assertIn("patches/0002-two.patch does not apply", out)


class FirstImport(unittest.TestCase):
    """A stack that starts as commits in build/tree."""

    def test_from_nothing(self):
        fix = Fixture()
        self.addCleanup(fix.close)
        fix.write("cover/S02-second.cover", "Cover\n")
        fix.write(A, "int a;\n")
        code, out = fix.run("ci/tree")
        self.assertEqual(0, code, out)
        for name in ("a", "b", "c"):
            fix.write(f"build/tree/drivers/hv/vmbus/{name}.c",
                      f"int {name};\n")
            fix.git("add", "-A")
            fix.git("commit", "-q", "-m", f"Drivers: hv: {name}", "-m", "Why.")
        fix.stack("subseries", "S01", "first")
        fix.stack("subseries", "S02", "second")
        code, out = fix.stack("import", "--start", "S02=3")
        self.assertEqual(0, code, out)
        code, out = fix.stack("check")
        self.assertEqual(0, code, out)
        self.assertRegex(fix.read("series"),
                         "(?s)S01.*0001-.*0002-.*S02.*0003-")
        code, out = fix.run("ci/tree")
        self.assertEqual(0, code, out)


class Diffstat(unittest.TestCase):
    """Our diffstat is git's, so import and export agree with its output."""

    def test_same_as_git(self):
        rng = random.Random(7)
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["git", "init", "-q", folder], check=True)
            for _ in range(12):
                diffs = [self.one(rng, n) for n in range(rng.randint(1, 6))]
                diffs.sort(key=lambda d: d.path)
                text = "".join("\n".join(d.lines()) + "\n" for d in diffs)
                done = subprocess.run(
                    ["git", "apply", "--stat", "--summary"], cwd=folder,
                    input=text, capture_output=True, text=True, check=True)
                ours = [line.split("|")[1].split()[0] if "|" in line else line
                        for line in diffstat(diffs)]
                theirs = [line.split("|")[1].split()[0] if "|" in line
                          else line for line in done.stdout.splitlines()]
                self.assertEqual(theirs, ours)

    @staticmethod
    def one(rng, number):
        path = "/".join("d" * rng.randint(1, 9)
                        for _ in range(rng.randint(1, 7))) + f"/f{number}.c"
        return FileDiff.new_file(path, "x\n" * rng.choice([1, 5, 70, 900]))


if __name__ == "__main__":
    unittest.main()
