# SPDX-License-Identifier: GPL-2.0-only
"""Writes cpio archives in the newc form that the kernel unpacks as initramfs.

No root and no cpio program needed; same input, same bytes.
"""

import os
import stat


class CpioWriter:
    """Adds files to an archive, parents first, then a trailer."""

    def __init__(self, stream):
        self._stream = stream
        self._inode = 0
        self._known = set()

    def _entry(self, name, mode, data=b""):
        self._inode += 1
        raw = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
                  len(raw), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._padded(head + raw)
        self._padded(data)

    def _padded(self, data):
        self._stream.write(data)
        self._stream.write(b"\0" * (-len(data) % 4))

    def directory(self, name):
        """Adds a folder and the folders above it."""
        name = name.strip("/")
        if not name or name in self._known:
            return
        self.directory(os.path.dirname(name))
        self._known.add(name)
        self._entry(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        """Adds a file with the given bytes."""
        name = name.strip("/")
        self.directory(os.path.dirname(name))
        self._entry(name, stat.S_IFREG | mode, data)

    def copy(self, name, path, mode=None):
        """Adds a copy of a file of this machine."""
        with open(path, "rb") as source:
            data = source.read()
        if mode is None:
            mode = stat.S_IMODE(os.stat(path).st_mode) | 0o444
        self.file(name, data, mode)

    def symlink(self, name, target):
        """Adds a symbolic link."""
        name = name.strip("/")
        self.directory(os.path.dirname(name))
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def finish(self):
        """Ends the archive. Archives can be concatenated."""
        self._entry("TRAILER!!!", 0)
