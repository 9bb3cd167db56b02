# SPDX-License-Identifier: GPL-2.0-only
"""Runs one scenario against one kernel on one host, to a verdict."""

import json
import re
import shutil
import time

from . import image
from .errors import HostError, StepFailed
from .expr import ExprError, describe, evaluate
from .firstlevel import LEVEL
from .host_base import Machine
from .paths import KERNELS, LOGS
from .splat import SplatDetector

# Limits are meant for a machine where a boot takes this long. Where it takes
# longer (a kernel full of checks, a busy machine), they stretch with it, by
# the longest boot so far. A machine may get busy after the boot: hence the
# reserve, which costs time only when something is wrong.
USUAL_BOOT_SECONDS = 15
RESERVE = 2
BOOT_SECONDS = {"lean": 400, "debug": 800, "fault": 600, "distro": 400,
                "rt": 800, "pae": 400, "bench": 400}
# Kernels with lockdep, which must still be on at the end.
PROVING = ("debug", "rt")
COMMAND_SECONDS = 30
BASE_CMDLINE = ("console=ttyS0,115200 nokaslr mitigations=off panic=-1 "
                "tsc=reliable no_timer_check")
# A software CPU that shares its core is no lockup: longer limits, no fewer
# checks.
LEAN_CMDLINE = "watchdog_thresh=30 rcupdate.rcu_cpu_stall_timeout=60"
DEBUG_CMDLINE = ("watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120 "
                 "workqueue.watchdog_thresh=120")


class Result:
    """What a run gave: a verdict, a line for each step, and figures."""

    def __init__(self, scenario, stack, config, logdir):
        self.scenario = scenario
        self.stack = stack
        self.config = config
        self.logdir = logdir
        self.verdict = "not run"
        self.reason = ""
        self.seconds = 0.0
        self.steps = []
        self.values = {}
        self.host = ""

    @property
    def name(self):
        """The run's name, which is also its log folder's."""
        return "%s-%s-%s" % (self.scenario, self.stack, self.config)

    def write(self):
        """Writes the machine-readable form beside the logs."""
        data = {"scenario": self.scenario, "stack": self.stack,
                "config": self.config, "host": self.host,
                "verdict": self.verdict, "reason": self.reason,
                "seconds": round(self.seconds, 1), "values": self.values,
                "steps": self.steps}
        path = self.logdir / "result.json"
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


# A bug of the stock host that a guest can't avoid: see ci/host/preload.c. It
# says nothing about the guest, so such a run is made again, and it is said.
HOST_BUGS = re.compile(r"gpadl_iter_seek: Assertion")
# Before this no module is loaded, and nothing of ours has run.
USER_SPACE = re.compile(r"Run /init as init process")
# How often a run is made before its being void is what is reported.
ATTEMPTS = 3


def run_until_valid(make, say):
    """Runs what make() returns, a Runner, and once more while it is void.

    Returns the last one.
    """
    for _ in range(ATTEMPTS):
        runner = make()
        runner.run()
        bug = runner.void()
        if not bug:
            break
        say("     void, to be made again, because of a bug below the guest: "
            + bug)
    return runner


class Runner:
    """Executes the steps of a scenario."""

    def __init__(self, scenario, stack, config, host_class, say):
        self.scenario = scenario
        self.stack = stack
        self.config = config
        self.logdir = LOGS / ("%s-%s-%s" % (scenario.name, stack, config))
        self.result = Result(scenario.name, stack, config, self.logdir)
        self._host_class = host_class
        self._say = say
        self._splats = SplatDetector()
        self._host = None
        self._names = self.result.values
        self._gone = False
        self._scale = 1.0
        self._booting = 0.0
        self._booted = 0.0

    def void(self):
        """A known bug of what is below the guest, which voids a failure."""
        if self.result.verdict != "fail" or not self._host \
                or self._splats.found:
            return ""
        match = self._host.host.search_all(HOST_BUGS)
        if match:
            return match.string
        if self._before_user_space():
            return "the kernel stopped before its user space began"
        return self._host.void()

    def _before_user_space(self):
        """Did the guest stand still before the first of our code was loaded?

        Where all of it is modules, that is, and in a first level: there one
        boot in hundreds does. If it is the kernel, then all attempts do.
        """
        return self._host.level == LEVEL \
            and self.config not in ("bench", "pae") \
            and "did not start within" in self.result.reason \
            and not self._host.console.search_all(USER_SPACE)

    # -- the run --------------------------------------------------------
    def run(self):
        """Runs everything; returns the Result, which is also written."""
        self._make_room()
        begin = time.monotonic()
        try:
            self._start()
            self._boot()
            self._booted = time.monotonic()
            self._steps(self.scenario.steps, "")
            self._finish()
            self.result.verdict = "pass"
        except StepFailed as err:
            self.result.verdict = "fail"
            self.result.reason = str(err)
        except HostError as err:
            self.result.verdict = "fail"
            self.result.reason = "host: %s" % err
        except OSError as err:
            self.result.verdict = "fail"
            self.result.reason = "host: %s" % (err.strerror or err)
        finally:
            if self._host:
                self._host.stop()
            self.result.seconds = time.monotonic() - begin
        self._last_look()
        if self.result.verdict == "pass":
            for path in self.logdir.glob("initrd*.cpio"):
                path.unlink()
        self.result.write()
        return self.result

    def _make_room(self):
        """An empty log folder; what a run left that failed or did not end
        is kept beside it."""
        old = self.logdir / "result.json"
        cut_off = not old.exists()
        if cut_off:
            old = self.logdir / "console.log"
        if old.exists() and (cut_off or '"verdict": "fail"'
                             in old.read_text()):
            stamp = time.strftime("%m%d-%H%M%S",
                                  time.localtime(old.stat().st_mtime))
            kept = LOGS / "failed" / ("%s-%s" % (self.logdir.name, stamp))
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(kept, ignore_errors=True)
            self.logdir.rename(kept)
        shutil.rmtree(self.logdir, ignore_errors=True)
        self.logdir.mkdir(parents=True)

    def _start(self):
        kernel = KERNELS / ("%s-%s" % (self.config, self.stack))
        if not (kernel / "stamp").exists():
            raise HostError("no %s-%s kernel, run: ci/kernel build %s %s" % (
                self.config, self.stack, self.config, self.stack))
        initramfs = self.logdir / "initrd.cpio"
        image.guest_initramfs(initramfs, kernel, self.scenario.modules,
                              self.scenario.kexec, self.config != "pae")
        machine = Machine(self.scenario, kernel, initramfs, self._cmdline())
        self._host = self._host_class(self.logdir, machine, self._splats.feed)
        self.result.host = "%s, %s" % (self._host.name, self._host.level)
        self._host.start()

    def _cmdline(self):
        parts = [BASE_CMDLINE, DEBUG_CMDLINE if self.config in PROVING
                 else LEAN_CMDLINE]
        if self.scenario.cmdline:
            parts.append(self.scenario.cmdline)
        return " ".join(parts)

    def _boot(self):
        limit = BOOT_SECONDS[self.config]
        self._step("boot", "", lambda: "boot id "
                   + self._host.agent.wait_ready(limit))
        self._stretch(self._elapsed())

    def _stretch(self, boot_seconds):
        """After a boot: what follows may take as much longer as it did."""
        self._scale = max(self._scale, boot_seconds / USUAL_BOOT_SECONDS)

    def _stretched(self, seconds):
        return seconds * self._scale * RESERVE

    def _limit(self, seconds):
        """Seconds to wait: stretched by the boot's time, inside the timeout."""
        timeout = self._stretched(self.scenario.timeout)
        left = self._booted + timeout - time.monotonic()
        if left <= 0:
            raise StepFailed("the scenario's timeout of %d s is over"
                             % timeout)
        return min(self._stretched(seconds), left)

    def _steps(self, steps, suffix):
        for step in steps:
            if self.stack not in step.stacks:
                continue
            if step.verb == "repeat":
                for turn in range(step.args["count"]):
                    self._steps(step.body, "%s #%d" % (suffix, turn + 1))
                continue
            self._step(step.text, suffix, lambda s=step: self._execute(s))

    def _step(self, text, suffix, action):
        record = {"step": text + suffix}
        self.result.steps.append(record)
        try:
            seen = action()
            if self._splats.found:
                raise StepFailed(self._splats.summary())
            record.update(verdict="pass", seen=seen or "", at=self._elapsed())
        except (StepFailed, ExprError) as err:
            record.update(verdict="fail", seen=str(err), at=self._elapsed())
            self._say(self._line("FAIL", record))
            raise StepFailed("%s: %s" % (text + suffix, err)) from err
        self._say(self._line("ok", record))

    def _elapsed(self):
        return round(time.monotonic() - self._host.started, 1)

    @staticmethod
    def _line(word, record):
        seen = " -> " + record["seen"].replace("\n", " | ") \
            if record["seen"] else ""
        return "%-4s %6.1f s  %s%s" % (word, record["at"], record["step"],
                                       seen[:160])

    def _finish(self):
        """Proves that the checks stayed on, and that the guest goes down."""
        if self._splats.crash_pending:
            raise StepFailed("the announced crash or splat did not happen")
        if self._gone:
            return
        if self.config in PROVING:
            self._step("lockdep is still on at the end", "", self._lockdep_on)
        self._step("power off", "", self._power_off)

    def _lockdep_on(self):
        text = self._guest("grep debug_locks /proc/lockdep_stats")
        if not re.search(r"debug_locks:\s+1", text):
            raise StepFailed("lockdep turned itself off: %s" % text)
        return text.strip()

    def _power_off(self):
        self._host.agent.start("poweroff -f")
        if not self._host.wait_end(self._limit(30)):
            raise StepFailed("the guest did not power off")
        if self._host.exit_code:
            raise StepFailed("the host ended with %d" % self._host.exit_code)
        return ""

    def _last_look(self):
        """Splats that came after the last step count, too."""
        if self.result.verdict == "pass" and self._splats.found:
            self.result.verdict = "fail"
            self.result.reason = self._splats.summary()
        if self.result.verdict == "fail" and self._host:
            for name in ("console", "host"):
                lines = getattr(self._host, name).tail(8)
                for line in lines:
                    self._say("     %s| %s" % (name, line))

    # -- the steps ------------------------------------------------------
    def _execute(self, step):
        actions = {
            "expect": self._do_expect, "reject": self._do_reject,
            "guest": self._do_guest, "guest!": self._do_guest_fails,
            "guest&": self._do_guest_start, "host": self._do_host,
            "value": self._do_value, "wait": self._do_wait,
            "assert": self._do_assert, "let": self._do_let,
            "ready": self._do_ready, "gone": self._do_gone,
            "crash": self._do_crash, "splat": self._do_splat,
            "sleep": self._do_sleep, "note": self._do_note,
            "exit": self._do_exit, "start": self._do_start_host,
        }
        return actions[step.verb](step.args)

    def _text(self, command):
        """Replaces $name by the value of that name."""
        def value(match):
            name = match.group(1)
            known = self._host.disk_paths.get(name, match.group(0))
            return str(self._names.get(name, known))
        return re.sub(r"\$([a-z_][a-z0-9_]*)", value, command)

    def _guest(self, command, seconds=COMMAND_SECONDS, want=True):
        status, output = self._host.agent.run(self._text(command),
                                              self._limit(seconds))
        if (status == 0) != want:
            raise StepFailed("exit status %d: %s"
                             % (status, output.strip() or "no output"))
        return output

    def _do_expect(self, args):
        stream = getattr(self._host, args["stream"])
        match = stream.expect(args["regex"], self._limit(args["within"]))
        if match is None:
            raise StepFailed("not seen on %s within %d s" % (
                args["stream"], self._stretched(args["within"])))
        return match.group(0)

    def _do_reject(self, args):
        match = getattr(self._host, args["stream"]).search_all(args["regex"])
        if match:
            raise StepFailed("seen on %s: %s" % (args["stream"],
                                                 match.group(0)))
        return ""

    def _do_guest(self, args):
        return self._guest(args["command"], args["within"] or COMMAND_SECONDS)

    def _do_guest_fails(self, args):
        return self._guest(args["command"], args["within"] or COMMAND_SECONDS,
                           want=False)

    def _do_guest_start(self, args):
        self._host.agent.start(self._text(args["command"]))
        return ""

    def _source(self, source, command):
        if source == "guest":
            return self._guest(command)
        return self._host.command(self._text(command),
                                  self._limit(COMMAND_SECONDS))

    def _try(self, source, command):
        """As _source, but a failure is an answer that may change."""
        if source == "guest":
            return self._host.agent.run(self._text(command),
                                        self._limit(COMMAND_SECONDS))[1]
        try:
            return self._source(source, command)
        except StepFailed as err:
            return "error: %s" % err

    def _do_host(self, args):
        return self._host.command(self._text(args["command"]),
                                  self._limit(args["within"]
                                              or COMMAND_SECONDS))

    def _do_value(self, args):
        text = self._source(args["source"], args["command"])
        match = args["regex"].search(text)
        if not match:
            raise StepFailed("no match in: %s" % (text.strip() or "nothing"))
        got = match.group(1)
        self._names[args["name"]] = int(got) if re.fullmatch(
            r"-?\d+", got) else got
        return "%s = %s" % (args["name"], got)

    def _do_wait(self, args):
        deadline = time.monotonic() + self._limit(args["within"])
        while True:
            text = self._try(args["source"], args["command"])
            match = args["regex"].search(text)
            if match:
                return match.group(0)
            if self._splats.found:
                raise StepFailed(self._splats.summary())
            if time.monotonic() > deadline:
                raise StepFailed("not so within %d s, last: %s"
                                 % (self._stretched(args["within"]),
                                    text.strip()))
            time.sleep(0.5)

    def _do_assert(self, args):
        if not evaluate(args["expr"], self._names):
            raise StepFailed("false: " + describe(args["expr"], self._names))
        return describe(args["expr"], self._names)

    def _do_let(self, args):
        value = evaluate(args["expr"], self._names)
        self._names[args["name"]] = value
        return "%s = %s" % (args["name"], value)

    def _do_ready(self, args):
        boot_id = self._host.agent.wait_ready(self._limit(args["within"]))
        if self._booting:
            self._stretch(time.monotonic() - self._booting)
            self._booting = 0.0
        return "boot id " + boot_id

    def _do_gone(self, args):
        if not self._host.wait_end(self._limit(args["within"])):
            raise StepFailed("the guest is still there after %d s"
                             % (self._stretched(args["within"])))
        self._gone = True
        return ""

    def _do_exit(self, args):
        if not self._host.wait_end(self._limit(args["within"])):
            raise StepFailed("the host still runs after %d s"
                             % (self._stretched(args["within"])))
        if self._host.exit_code != args["code"]:
            raise StepFailed("the host ended with %s" % self._host.exit_code)
        self._gone = True
        return ""

    def _do_start_host(self, args):
        if not self._gone:
            raise StepFailed("the host has not ended: `exit` comes first")
        self._booting = time.monotonic()
        self._host.restart(self._text(args["options"]))
        self._gone = False
        return ""

    def _do_crash(self, args):
        self._splats.intend_crash(args["marker"])
        return ""

    def _do_splat(self, args):
        self._splats.intend_splat(args["marker"])
        return ""

    @staticmethod
    def _do_sleep(args):
        time.sleep(args["seconds"])
        return ""

    @staticmethod
    def _do_note(_):
        return ""
