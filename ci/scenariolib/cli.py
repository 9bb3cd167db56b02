# SPDX-License-Identifier: GPL-2.0-only
"""The command line of ci/scenario."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from . import hosts, rootdisk
from .errors import HostError
from .parser import CONFIGS, STACKS, STACKS_OF, ScenarioError, load
from .paths import BUILD, HERE, LOGS, SCENARIOS
from .runner import Runner, run_until_valid

NEED_MIB = 600
CONSOLE_LINES = 6
PRINT_LOCK = threading.Lock()

EPILOG = """NAME is a file ci/scenarios/NAME.scn; the language is described in
ci/scenarios/README.md. Logs: build/logs/NAME-STACK-CONFIG/. STACK, CONFIG and
HOST may also come from the environment or as words STACK=legacy on the command
line; CONFIG may be a list, with commas. The last line is 'N passed, N failed';
exit status 0 when something ran and nothing failed. What can't run here is
named and counted above that line."""


def die(text):
    """Ends with one line that says what to do."""
    sys.exit("ci/scenario: %s" % text)


def parse_args(argv):
    """Arguments, with KEY=VALUE words taken out and applied."""
    words = []
    chosen = {key: os.environ.get(key) for key in ("STACK", "CONFIG", "HOST")}
    for word in argv:
        key, sep, value = word.partition("=")
        if sep and key in chosen:
            chosen[key] = value
        else:
            words.append(word)
    parser = argparse.ArgumentParser(prog="ci/scenario", epilog=EPILOG)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--all", action="store_true",
                        help="every scenario, with one stack and config")
    parser.add_argument("--matrix", action="store_true",
                        help="every scenario with every stack and config")
    parser.add_argument("--check", action="store_true",
                        help="the handful that make check runs")
    parser.add_argument("--list", action="store_true",
                        help="list the scenarios and what they prove")
    parser.add_argument("--prepare", action="store_true",
                        help="only make the hosts and the guests' disks")
    parser.add_argument("--no-build", action="store_true",
                        help="use the kernels that are there")
    parser.add_argument("--jobs", type=int, default=1, metavar="N",
                        help="run N guests at a time")
    parser.add_argument("--quiet", action="store_true",
                        help="one line for each scenario, not for each step")
    args = parser.parse_args(words)
    args.stack, args.host = chosen["STACK"], chosen["HOST"]
    args.configs = chosen["CONFIG"].split(",") if chosen["CONFIG"] else []
    if args.stack and args.stack not in STACKS:
        die("STACK must be one of: %s" % " ".join(STACKS))
    if set(args.configs) - set(CONFIGS):
        die("CONFIG must be one of: %s" % " ".join(CONFIGS))
    if args.host and args.host not in hosts.HOSTS:
        die("HOST must be one of: %s" % " ".join(hosts.HOSTS))
    return args


def load_scenarios(names):
    """The named scenarios, or all of them."""
    paths = [SCENARIOS / (name.removesuffix(".scn") + ".scn")
             for name in names] or sorted(SCENARIOS.glob("*.scn"))
    for path in paths:
        if not path.exists():
            die("no scenario is called '%s', see --list" % path.stem)
    try:
        return [load(path) for path in paths]
    except ScenarioError as err:
        die(str(err))


def list_scenarios(scenarios):
    """Prints what there is."""
    for scenario in scenarios:
        print("%-22s %s" % (scenario.name, scenario.title))
        print("%-22s stacks: %s; configs: %s; hosts: %s%s" % (
            "", " ".join(scenario.stacks), " ".join(scenario.configs),
            " ".join(scenario.hosts),
            "; in make check: " + " ".join(
                "/".join(run) for run in scenario.check)
            if scenario.check else ""))
        for proof in scenario.proves:
            print("%-22s - %s" % ("", proof))


def plan(args, scenarios):
    """The runs that were asked for: (scenario, stack, config)."""
    runs = []
    for scenario in scenarios:
        if args.check:
            wanted = scenario.check
        elif args.matrix:
            wanted = [(stack, config) for stack in scenario.stacks
                      for config in scenario.configs if stack != "newleg"
                      and stack in STACKS_OF.get(config, STACKS)]
        elif args.all:
            wanted = [(args.stack or "new", config) for config
                      in args.configs or scenario.configs[:1]]
        else:
            wanted = [(args.stack or "new", config) for config
                      in args.configs or ("lean",)]
        runs += [(scenario, stack, config) for stack, config in wanted
                 if args.stack in (None, stack)
                 and (not args.configs or config in args.configs)]
    return runs


def not_written_for(wanted, scenario, stack, config):
    """Why nobody can make this run, or an empty string."""
    if not hosts.host_for(scenario, wanted):
        return "needs HOST=" + " or HOST=".join(scenario.hosts)
    if stack not in scenario.stacks:
        return "not written for STACK=%s, see the file" % stack
    if config not in scenario.configs:
        return "not written for CONFIG=%s" % config
    if stack not in STACKS_OF.get(config, STACKS):
        return "the drivers of STACK=%s are not made for CONFIG=%s" % (
            stack, config)
    return ""


def not_runnable(host_class, scenario):
    """Why this run cannot be made on this machine, or an empty string."""
    missing = set(scenario.needs) - host_class.features
    if missing:
        return "needs a host with " + " ".join(sorted(missing))
    return ""


def build_kernels(runs):
    """Builds each kernel that the runs need, once."""
    for config, stack in sorted({(run[2], run[1]) for run in runs}):
        done = subprocess.run([str(HERE / "kernel"), "build", config, stack])
        if done.returncode:
            die("the %s-%s kernel was not built, see above" % (config, stack))


def check_disk():
    """A full disk is said before it breaks a run half-way."""
    BUILD.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(BUILD).free >> 20
    if free < NEED_MIB:
        die("only %d MiB free in %s: scenarios need %d MiB" % (
            free, BUILD, NEED_MIB))


def run_one(run, host_class, quiet):
    """Runs one scenario and prints it; returns why it failed, or ""."""
    scenario, stack, config = run
    name = "%s %s/%s" % (scenario.name, stack, config)
    lines = []

    def say(line):
        lines.append(line)
        if not quiet:
            with PRINT_LOCK:
                print("%s: %s" % (name, line), flush=True)

    result = run_until_valid(
        lambda: Runner(scenario, stack, config, host_class, say), say).result
    with PRINT_LOCK:
        if result.verdict == "pass":
            print("PASS %s: %d steps, %.0f s, %s" % (
                name, len(result.steps), result.seconds, result.host),
                flush=True)
        else:
            if quiet:
                print("\n".join("%s: %s" % (name, line)
                                for line in lines[-20:]))
            print("FAIL %s: %s\n     logs: %s" % (
                name, result.reason, result.logdir), flush=True)
            return "%s: %s\n%s" % (name, result.reason,
                                   console_end(result.logdir))
    return ""


def console_end(logdir):
    """The last lines of the guest's console, for who has but this output."""
    try:
        with open(os.path.join(logdir, "console.log"), errors="replace",
                  encoding="utf-8") as console:
            lines = console.read().splitlines()[-CONSOLE_LINES:]
    except OSError:
        return "     no console log"
    return "\n".join("     | " + line[:150] for line in lines)


def run_all(args, runs):
    """Why each of (run, host class) failed, or "", in order."""
    def one(pair):
        return run_one(*pair, args.quiet)

    LOGS.mkdir(parents=True, exist_ok=True)
    if args.jobs <= 1:
        return [one(pair) for pair in runs]
    with ThreadPoolExecutor(args.jobs) as pool:
        return list(pool.map(one, runs))


def with_hosts(args, runs):
    """Sorts out what can't run: [(run, host class)], and how many can't."""
    wanted, skipped, classes = [], 0, {}
    for run in runs:
        why = not_written_for(args.host, *run)
        if not why:
            name = hosts.host_for(run[0], args.host)
            if name not in classes:
                classes[name] = hosts.choose(name)
            why = not_runnable(classes[name], run[0])
        if why:
            skipped += 1
            print("NOT RUN %s %s/%s: %s" % (run[0].name, run[1], run[2], why))
        else:
            wanted.append((run, classes[name]))
    return wanted, skipped


def main(argv):
    """Returns the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ci/scenario: ended"))
    args = parse_args(argv)
    if not (args.names or args.all or args.matrix or args.check or args.list):
        die("which one? name scenarios, or --all, --matrix, --check, --list, "
            "--help")
    scenarios = load_scenarios(args.names)
    if args.list:
        list_scenarios(scenarios)
        return 0
    runs = plan(args, scenarios)
    check_disk()
    try:
        wanted, skipped = with_hosts(args, runs)
        # Now, so that no run's times include it.
        for name in {disk.image for run, _ in wanted
                     for disk in run[0].disks if disk.image}:
            rootdisk.image_path(name)
    except HostError as err:
        die(str(err))
    if args.prepare:
        print("prepared for %d runs: %s" % (len(wanted), ", ".join(sorted(
            {"%s (%s)" % (host.name, host.level) for _, host in wanted}))))
        return 0 if wanted else 1
    if not args.no_build:
        build_kernels([run for run, _ in wanted])
    failures = run_all(args, wanted)
    passed = failures.count("")
    failed = len(failures) - passed
    for failure in filter(None, failures):
        print("failed: " + failure)
    if skipped:
        print("%d not run" % skipped)
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1
