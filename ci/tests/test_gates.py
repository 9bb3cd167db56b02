# SPDX-License-Identifier: GPL-2.0-only
"""The gates' own judges: each must accept what is right and name what is not."""

import os
import subprocess
import tempfile
import unittest

CI = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
GOOD_C = """// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>

/**
 * hvb_twice() - twice a value
 * @x: the value
 *
 * Return: twice @x.
 */
int hvb_twice(int x)
{
	return 2 * x;
}
EXPORT_SYMBOL_GPL(hvb_twice);

static int helper(int x, int y,
		  int z)
{
	return x;
}
"""
GOOD_H = """/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * struct hvb_pair - two values
 * @a: the first
 */
struct hvb_pair {
	int a;
};
"""


class Judge(unittest.TestCase):
    """Runs a judge over files in a scratch folder."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = scratch.name

    def put(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(text)
        return path

    def run_tool(self, tool, *args):
        done = subprocess.run([os.path.join(CI, tool), *args], check=False,
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def names(self, words, tool, *args):
        code, out = self.run_tool(tool, *args)
        self.assertEqual(1, code, out)
        self.assertIn(words, out)

    def accepts(self, tool, *args):
        code, out = self.run_tool(tool, *args)
        self.assertEqual(0, code, out)


class Help(unittest.TestCase):
    """Every command in ci/ says what it is for."""

    def test_all(self):
        for name in sorted(os.listdir(CI)):
            path = os.path.join(CI, name)
            if os.path.isdir(path) or not os.access(path, os.X_OK):
                continue
            done = subprocess.run([path, "--help"], check=False, text=True,
                                  stdin=subprocess.DEVNULL, timeout=60,
                                  stdout=subprocess.PIPE)
            self.assertEqual(0, done.returncode, name)
            self.assertIn("usage: ", done.stdout, name)


class Style(Judge):
    """ci/ccheck"""

    def test_good_files(self):
        self.put("a.c", GOOD_C)
        self.put("a.h", GOOD_H)
        self.accepts("ccheck", self.dir)

    def test_nothing_to_look_at(self):
        self.names("0 files", "ccheck", self.dir)

    def test_problems(self):
        body = "\tx++;\n"
        long = "static void f(int x)\n{\n" + body * 61 + "}\n"
        for text, words in (
                (GOOD_C.replace("// SPDX", "/* SPDX"), "first line"),
                (GOOD_C.replace("/**", "/*"), "hvb_twice() has no kernel-doc"),
                (GOOD_C.replace("return x;", "BUG_ON(x);"), "BUG_ON()"),
                (GOOD_C + "\n" + long, "f() has 61 lines"),
                (GOOD_C + "/* */\n" * 800, "lines, more than 800")):
            self.put("a.c", text)
            self.names(words, "ccheck", self.dir)

    def test_undocumented_struct(self):
        self.put("a.h", GOOD_H.replace("/**", "/*"))
        self.names("struct hvb_pair has no kernel-doc", "ccheck", self.dir)

    def test_comments_are_no_code(self):
        self.put("a.c", GOOD_C + "/* BUG_ON(x) */\n")
        self.accepts("ccheck", self.dir)

    def test_only_the_known_tasklet(self):
        line = "\ttasklet_init(&c->callback_event, f, 0);\n"
        self.put("a.c", GOOD_C.replace("\treturn x;\n", line))
        self.accepts("ccheck", self.dir)
        self.put("a.c", GOOD_C.replace("\treturn x;\n",
                                       line.replace("callback_event", "t")))
        self.names("tasklet_init()", "ccheck", self.dir)


class Waivers(Judge):
    """ci/waive"""

    finding = "drivers/hv/a.c:5: WARNING:LONG_LINE: line length of 101\n"

    def test_clean(self):
        self.accepts("waive", self.put("w", "# none\n"), self.put("log", ""))

    def test_finding(self):
        self.names("LONG_LINE", "waive", self.put("w", ""),
                   self.put("log", self.finding))

    def test_waived(self):
        waiver = self.put("w", "LONG_LINE drivers/hv/*.c table of numbers\n")
        self.accepts("waive", waiver, self.put("log", self.finding))

    def test_useless_waiver(self):
        self.names("covers nothing", "waive",
                   self.put("w", "LONG_LINE drivers/hv/*.c reason\n"),
                   self.put("log", ""))

    def test_waiver_without_reason(self):
        self.names("not 'TYPE path-glob reason'", "waive",
                   self.put("w", "LONG_LINE drivers/hv/*.c\n"),
                   self.put("log", ""))

    def test_what_the_tool_did_not_mean_to_say(self):
        self.names("Can't open", "waive", self.put("w", ""),
                   self.put("log", "Can't open perl script\n"))


class Shell(Judge):
    """What ci/gates.sh makes of a log."""

    warning = "drivers/hv/a.c:5:1: warning: context imbalance in 'f'\n"

    def call(self, *words):
        script = ('set -euo pipefail; TOP=$1; shift\n'
                  'say() { echo "$*"; }; die() { say "$@"; exit 1; }\n'
                  '. "$1"; shift; "$@"')
        done = subprocess.run(["bash", "-c", script, "gates", self.dir,
                               os.path.join(CI, "gates.sh"), *words],
                              check=False, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def warnings(self, waivers):
        os.makedirs(os.path.join(self.dir, "ci"), exist_ok=True)
        self.put("ci/warning.waivers", waivers)
        os.chmod(self.put("ci/stack", "#!/bin/sh\necho drivers/hv/a.c\n"),
                 0o755)
        return self.call("no_warning_of_ours",
                         self.put("log", "  CC a.o\n" + self.warning), "W=1")

    def test_warning(self):
        for waivers in ("", "# none\n", "#\n\nother text  why\n",
                        "  indented  why\n", "other text  why\n   \n"):
            code, out = self.warnings(waivers)
            self.assertEqual(1, code, waivers)
            self.assertIn(self.warning, out)

    def test_waived_warning(self):
        for waivers in ("context imbalance in 'f'  why\n",
                        "# c\n\ncontext imbalance  why\n"):
            self.assertEqual((0, ""), self.warnings(waivers))

    def test_every_file_says_its_license(self):
        tag = "# SPDX-License-Identifier: GPL-2.0-only\n"
        subprocess.run(["git", "init", "-q", self.dir], check=True)
        os.makedirs(os.path.join(self.dir, "patches"))
        self.put("patches/0001-a.patch", "without\n")
        self.put("a b.config", tag)
        subprocess.run(["git", "-C", self.dir, "add", "-A"], check=True)
        self.assertEqual((0, "SPDX: 1 files\n"), self.call("all_licensed"))
        self.put("c.config", "CONFIG_C=y\n")
        subprocess.run(["git", "-C", self.dir, "add", "-A"], check=True)
        code, out = self.call("all_licensed")
        self.assertEqual((1, "no SPDX-License-Identifier in: c.config\n"),
                         (code, out))

    def test_options_that_kconfig_did_not_take(self):
        self.put("Kconfig", "config HYPERV\nconfig PREEMPT_RT\n")
        self.put("fragment.new", "CONFIG_HYPERV=m\nCONFIG_HYPERV=y\n"
                 "CONFIG_PREEMPT_RT=y\nCONFIG_HYPERV_LATER=y\n")
        for config, want in (
                ("CONFIG_HYPERV=y\nCONFIG_PREEMPT_RT=y\n", ""),
                ("CONFIG_HYPERV=m\nCONFIG_PREEMPT_RT=y\n",
                 "CONFIG_HYPERV=y\n"),
                ("CONFIG_HYPERV=y\n", "CONFIG_PREEMPT_RT=y\n")):
            self.put(".config", config)
            os.environ["TREE"] = self.dir
            self.addCleanup(os.environ.pop, "TREE", None)
            self.assertEqual((0, want), self.call("refused", self.dir))

    def test_words_that_a_patch_has(self):
        patch = self.put("p", "+int teh;\n+/* (Recieve) a-word */\nwel-known\n")
        want = "teh->the\nrecieve->receive\ncan;t->can't\nwel-known->well-known\n"
        words = self.put("d", want + "othr->other\nword->x\nint;->y, z\n"
                         + "comand->command\n")
        code, out = self.call("dictionary_for", patch, words)
        self.assertEqual((0, want + "int;->y, z\n"), (code, out))

    def test_checkpatch_that_broke(self):
        finding = "drivers/hv/a.c:5: WARNING:LONG_LINE: line of 101\n"
        for status, text, want in (
                (0, "", 0), (1, finding, 0), (1, "", 1), (0, finding, 1),
                (1, finding + "Can't write\n", 1), (137, finding, 1),
                (2, "Can't open perl script\n", 1)):
            self.assertEqual(want, self.call(
                "checkpatch_ended", str(status), self.put("log", text))[0],
                (status, text))


class Python(Judge):
    """ci/pycheck"""

    def test_good(self):
        self.put("a.py", "import os\nprint(os.name)\n")
        self.accepts("pycheck", self.dir)

    def test_problems(self):
        for text, words in (
                ("import requests\nrequests.get()\n", "standard library"),
                ("import os\n", "os is imported but not used"),
                ("def f(:\n", "a.py:1"),
                ("def f():\n" + "    x = 1\n" * 61, "f has 62 lines")):
            self.put("a.py", text)
            self.names(words, "pycheck", self.dir)

    def test_nothing_to_look_at(self):
        self.names("0 files", "pycheck", self.dir)


if __name__ == "__main__":
    unittest.main()
