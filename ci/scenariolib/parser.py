# SPDX-License-Identifier: GPL-2.0-only
"""The scenario language: text to a Scenario. See ci/scenarios/README.md."""

import re
from dataclasses import dataclass, field

from .expr import ExprError, check_expr

STACKS = ("new", "newleg", "mixed", "legacy")
# The new core under the old drivers is for scenarios that say so.
USUAL_STACKS = ("new", "newleg", "legacy")
CONFIGS = ("lean", "debug", "fault", "distro", "rt", "pae")
USUAL_CONFIGS = ("lean", "debug")
# The old drivers take locks that sleep in the interrupt handler with PREEMPT_RT.
STACKS_OF = {"rt": ("new",)}
STREAMS = ("console", "monitor", "host")
# Steps that can fail because of what the guest or the host did.
ASSERTING = ("expect", "guest", "guest!", "value", "assert", "wait", "ready",
             "gone", "exit")
HOST_NAMES = ("hvhost", "qemu")
FEATURES = ("hardware", "tap")
IMAGES = ("root", "workload")


class ScenarioError(Exception):
    """A scenario file says something that the language does not have."""


@dataclass
class Step:
    """One line of the steps section, parsed."""
    verb: str
    line: int
    text: str
    stacks: tuple = STACKS
    args: dict = field(default_factory=dict)
    body: list = field(default_factory=list)


@dataclass
class Disk:
    """A disk of the guest: empty, of a size, or a copy of an image."""
    name: str
    mib: int = 0
    image: str = ""


@dataclass
class Scenario:
    """A whole scenario file."""
    name: str
    title: str = ""
    proves: list = field(default_factory=list)
    hosts: tuple = ("qemu",)
    stacks: tuple = USUAL_STACKS
    configs: tuple = USUAL_CONFIGS
    needs: tuple = ()
    cpus: int = 1
    memory: int = 512
    cmdline: str = ""
    modules: tuple = ("hv_vmbus", "hv_balloon")
    devices: list = field(default_factory=list)
    disks: list = field(default_factory=list)
    hvhost: str = ""
    timeout: int = 180
    kexec: bool = False
    check: tuple = ()
    steps: list = field(default_factory=list)


def _words(allowed=None):
    def convert(value):
        words = tuple(value.split())
        for word in words:
            if allowed and word not in allowed:
                raise ScenarioError("'%s' is not one of: %s"
                                    % (word, " ".join(allowed)))
        return words
    return convert


def _number(value):
    if not re.fullmatch(r"[1-9][0-9]*", value):
        raise ScenarioError("'%s' is not a positive number" % value)
    return int(value)


def _yes(value):
    if value != "yes":
        raise ScenarioError("the only value is 'yes'")
    return True


def _check_runs(value):
    """`check new/debug legacy/lean`: the runs that make check wants."""
    runs = []
    for word in value.split():
        stack, _, config = word.partition("/")
        if stack not in STACKS or config not in CONFIGS:
            raise ScenarioError("check wants STACK/CONFIG, not '%s'" % word)
        runs.append((stack, config))
    return tuple(runs)


def _disk(value):
    """`disk data 64M` or `disk root image root`."""
    match = re.fullmatch(r"([a-z_][a-z0-9_]*)\s+(?:(\d+)([MG])|image (\S+))",
                         value)
    if not match:
        raise ScenarioError("disk is: NAME SIZE, with M or G, or NAME image "
                            "IMAGE")
    name, size, unit, image = match.groups()
    if image and image not in IMAGES:
        raise ScenarioError("no image is called '%s', there is: %s"
                            % (image, " ".join(IMAGES)))
    mib = int(size or 0) * (1024 if unit == "G" else 1)
    if not image and not mib:
        raise ScenarioError("a disk can't be empty")
    return Disk(name, mib, image or "")


HEADERS = {
    "title": str,
    "proves": str,
    "hosts": _words(HOST_NAMES),
    "stacks": _words(STACKS),
    "configs": _words(CONFIGS),
    "needs": _words(FEATURES),
    "cpus": _number,
    "memory": _number,
    "cmdline": str,
    "modules": _words(),
    "device": str,
    "disk": _disk,
    "hvhost": str,
    "timeout": _number,
    "kexec": _yes,
    "check": _check_runs,
}
REPEATABLE = {"proves": "proves", "device": "devices", "disk": "disks"}


def _regex(text):
    if not text:
        raise ScenarioError("an empty pattern would match anything")
    try:
        return re.compile(text, re.MULTILINE)
    except re.error as err:
        raise ScenarioError("bad pattern '%s': %s" % (text, err)) from err


def _within(text, required=True):
    """Splits '... within N' into the text and N."""
    match = re.fullmatch(r"(?:(.*\S)\s+)?within\s+(\d+)", text)
    if match:
        return match.group(1) or "", int(match.group(2))
    if required:
        raise ScenarioError("needs 'within SECONDS' at its end")
    return text, None


def _match_split(text):
    """Splits 'COMMAND =~ PATTERN' at the last ' =~ '."""
    command, sep, pattern = text.rpartition(" =~ ")
    if not sep or not command.strip():
        raise ScenarioError("needs 'COMMAND =~ PATTERN'")
    return command.strip(), _regex(pattern.strip())


def _parse_expect(text):
    text, seconds = _within(text)
    stream = "console"
    first, _, rest = text.partition(" ")
    if first in STREAMS:
        stream, text = first, rest.strip()
    return {"stream": stream, "regex": _regex(text), "within": seconds}


def _parse_reject(text):
    stream = "console"
    first, _, rest = text.partition(" ")
    if first in STREAMS:
        stream, text = first, rest.strip()
    return {"stream": stream, "regex": _regex(text)}


def _parse_command(text):
    text, seconds = _within(text, required=False)
    if not text:
        raise ScenarioError("needs a command")
    return {"command": text, "within": seconds}


def _parse_value(text):
    match = re.fullmatch(r"([a-z_][a-z0-9_]*)\s+from\s+(guest|host)\s+(.+)",
                         text)
    if not match:
        raise ScenarioError("value is: NAME from guest|host COMMAND =~ PATTERN")
    command, regex = _match_split(match.group(3))
    if regex.groups < 1:
        raise ScenarioError("the pattern of a value needs one (group)")
    return {"name": match.group(1), "source": match.group(2),
            "command": command, "regex": regex}


def _parse_wait(text):
    text, seconds = _within(text)
    source, _, rest = text.partition(" ")
    if source not in ("guest", "host"):
        raise ScenarioError(
            "wait is: guest|host COMMAND =~ PATTERN within SECONDS")
    command, regex = _match_split(rest)
    return {"source": source, "command": command, "regex": regex,
            "within": seconds}


def _parse_assert(text):
    try:
        check_expr(text)
    except ExprError as err:
        raise ScenarioError(str(err)) from err
    return {"expr": text}


def _parse_let(text):
    match = re.fullmatch(r"([a-z_][a-z0-9_]*)\s*=\s*(.+)", text)
    if not match:
        raise ScenarioError("let is: NAME = EXPRESSION")
    return {"name": match.group(1), **_parse_assert(match.group(2))}


def _parse_seconds(text):
    text, seconds = _within(text)
    if text:
        raise ScenarioError("takes only 'within SECONDS'")
    return {"within": seconds}


def _parse_exit(text):
    text, seconds = _within(text)
    if not re.fullmatch(r"\d+", text):
        raise ScenarioError("exit is: exit CODE within SECONDS")
    return {"code": int(text), "within": seconds}


def _parse_sleep(text):
    return {"seconds": _number(text)}


def _parse_note(text):
    return {"note": text}


VERBS = {
    "expect": _parse_expect,
    "reject": _parse_reject,
    "guest": _parse_command,
    "guest!": _parse_command,
    "guest&": _parse_command,
    "host": _parse_command,
    "value": _parse_value,
    "wait": _parse_wait,
    "assert": _parse_assert,
    "let": _parse_let,
    "ready": _parse_seconds,
    "gone": _parse_seconds,
    "exit": _parse_exit,
    "start": lambda text: {"options": text},
    "crash": lambda text: {"marker": _regex(text)},
    "splat": lambda text: {"marker": _regex(text)},
    "sleep": _parse_sleep,
    "note": _parse_note,
}


def _parse_step(raw, number):
    stacks = STACKS
    match = re.match(r"\[([a-z ]+)\]\s*", raw)
    if match:
        stacks = _words(STACKS)(match.group(1))
        raw = raw[match.end():]
    verb, _, text = raw.partition(" ")
    if verb not in VERBS:
        raise ScenarioError("no step is called '%s'" % verb)
    if verb == "splat" and "new" in stacks:
        raise ScenarioError("splat is for stacks that are known to break")
    step = Step(verb, number, raw, stacks)
    step.args = VERBS[verb](text.strip())
    return step


def _parse_header(scenario, line, seen):
    key, _, value = line.partition(" ")
    value = value.strip()
    if key not in HEADERS:
        raise ScenarioError("no header is called '%s'" % key)
    if not value:
        raise ScenarioError("header '%s' is empty" % key)
    converted = HEADERS[key](value)
    if key in REPEATABLE:
        getattr(scenario, REPEATABLE[key]).append(converted)
        return
    if key in seen:
        raise ScenarioError("header '%s' is given twice" % key)
    seen.add(key)
    setattr(scenario, key, converted)


def _parse_repeat(line, number, blocks):
    match = re.fullmatch(r"repeat\s+(\d+)", line)
    if not match:
        raise ScenarioError("repeat is: repeat COUNT")
    if len(blocks) > 1:
        raise ScenarioError("repeat inside repeat is not supported")
    step = Step("repeat", number, line, args={"count": int(match.group(1))})
    blocks[-1].append(step)
    blocks.append(step.body)


def _flat(steps):
    for step in steps:
        yield step
        yield from _flat(step.body)


def _validate(scenario):
    if not scenario.title or not scenario.proves:
        raise ScenarioError("the headers title and proves are required")
    for stack in scenario.stacks:
        if not any(step.verb in ASSERTING and stack in step.stacks
                   for step in _flat(scenario.steps)):
            raise ScenarioError("nothing is asserted for STACK=%s: "
                                "such a scenario proves nothing" % stack)
    for stack, config in scenario.check:
        if stack not in scenario.stacks or config not in scenario.configs:
            raise ScenarioError("check names %s/%s, which this scenario "
                                "does not run" % (stack, config))


def parse(name, text):
    """Turns the text of a scenario file into a Scenario."""
    scenario = Scenario(name)
    blocks = [scenario.steps]
    in_steps = False
    seen = set()
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        try:
            if line == "steps" and not in_steps:
                in_steps = True
            elif not in_steps:
                _parse_header(scenario, line, seen)
            elif line.split()[0] == "repeat":
                _parse_repeat(line, number, blocks)
            elif line == "end":
                if len(blocks) == 1:
                    raise ScenarioError("end without repeat")
                blocks.pop()
            else:
                blocks[-1].append(_parse_step(line, number))
        except ScenarioError as err:
            raise ScenarioError("%s.scn:%d: %s" % (name, number, err)) from err
    try:
        if len(blocks) > 1:
            raise ScenarioError("repeat without end")
        _validate(scenario)
    except ScenarioError as err:
        raise ScenarioError("%s.scn: %s" % (name, err)) from err
    return scenario


def load(path):
    """Reads and parses one scenario file."""
    name = path.stem
    try:
        return parse(name, path.read_text(encoding="utf-8"))
    except OSError as err:
        raise ScenarioError("%s: %s" % (path, err.strerror)) from err
