# SPDX-License-Identifier: GPL-2.0-only
"""Which host a run gets."""

import subprocess

from . import firstlevel, host_hvhost, image
from .errors import HostError
from .host_qemu import NativeQemu, NestedQemu
from .paths import HERE, ROOT

HOSTS = ("hvhost", "qemu")


def kvm_is_usable():
    """Runs ci/host/probe.c; returns (usable, the reason in words)."""
    probe = image.compiled("probe")
    try:
        done = subprocess.run([str(probe)], capture_output=True, text=True,
                              timeout=30)
    except subprocess.TimeoutExpired:
        return False, "KVM_RUN does not return"
    if done.returncode < 0:
        return False, "KVM_RUN does not return"
    return done.returncode == 0, done.stdout.strip().removeprefix("no: ")


def prepare_packages():
    """Fetches and unpacks the packages that hosts and guests need."""
    done = subprocess.run([str(HERE / "host/packages")])
    if done.returncode != 0 or not ROOT.is_dir():
        raise HostError("the host packages are not there: see above")


def host_for(scenario, wanted):
    """The name of the host that a scenario runs on, "" for none.

    wanted: the user's choice, None for the scenario's first one."""
    if wanted is None:
        return scenario.hosts[0]
    return wanted if wanted in scenario.hosts else ""


def choose(name):
    """The class of a host, prepared for use."""
    if name not in HOSTS:
        raise HostError("no host is called '%s': use HOST=%s"
                        % (name, " or HOST=".join(HOSTS)))
    prepare_packages()
    usable = kvm_is_usable()[0]
    if name == "hvhost":
        host_hvhost.build()
        return host_hvhost.nested_or_native(usable)
    if usable:
        return NativeQemu
    firstlevel.build("qemu")
    return NestedQemu
