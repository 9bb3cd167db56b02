# SPDX-License-Identifier: GPL-2.0-only
"""Disk images that guests are started with."""

import subprocess

from .errors import HostError
from .paths import HERE, HOST


def image_path(name):
    """The image's file, built when needed."""
    done = subprocess.run([str(HERE / "host/rootdisk"), name])
    path = HOST / (name + "disk.img")
    if done.returncode or not path.exists():
        raise HostError("the disk image '%s' is not there: see above" % name)
    return path
