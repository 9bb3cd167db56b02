#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares the CRCs of symbols that VMBus drivers import, new against legacy.

usage: exports.py LEGACY_OBJ NEW_OBJ

Both are object folders of partly built kernels with MODVERSIONS. Each symbol
that a client object (legacy side) needs and that the legacy core exports must
be exported by the new core too, with the same CRC: only then do modules that
were built against one load on the other.
"""

import re
import subprocess
import sys
from pathlib import Path

EXPORTERS = ("drivers/hv", "arch/x86/hyperv")
SYMVER = re.compile(r"^#SYMVER (\S+) (0x[0-9a-f]+)$", re.MULTILINE)
# Modules by the object files that make them up.
CLIENTS = {
    "hid-hyperv": ["drivers/hid/hid-hyperv.o"],
    "hyperv-keyboard": ["drivers/input/serio/hyperv-keyboard.o"],
    "hyperv_drm": ["drivers/gpu/drm/hyperv/*.o"],
    "hyperv_fb": ["drivers/video/fbdev/hyperv_fb.o"],
    "pci-hyperv": ["drivers/pci/controller/pci-hyperv*.o"],
    "hv_sock": ["net/vmw_vsock/hyperv_transport.o"],
    "uio_hv_generic": ["drivers/uio/uio_hv_generic.o"],
    "hv_netvsc": ["drivers/net/hyperv/*.o"],
    "hv_storvsc": ["drivers/scsi/storvsc_drv.o"],
    "hv_utils": ["drivers/hv/hv_util.o", "drivers/hv/hv_kvp.o",
                 "drivers/hv/hv_snapshot.o",
                 "drivers/hv/hv_utils_transport.o"],
    "hv_balloon": ["drivers/hv/hv_balloon.o"],
}


def exports(obj):
    """{symbol: CRC} of everything that the exporters export."""
    found = {}
    for folder in EXPORTERS:
        for path in (obj / folder).rglob(".*.o.cmd"):
            found.update(SYMVER.findall(path.read_text()))
    return found


def imports(obj, patterns):
    """The undefined symbols of a module's objects."""
    paths = [path for pattern in patterns for path in obj.glob(pattern)]
    if not paths:
        sys.exit("exports: %s was not compiled in %s" % (patterns[0], obj))
    text = subprocess.run(["nm", "-u", *map(str, paths)], check=True,
                          capture_output=True, text=True).stdout
    return set(re.findall(r"^\s+U (\S+)$", text, re.MULTILINE))


def main(legacy_obj, new_obj):
    """Prints each difference; returns the exit status."""
    legacy, new = exports(legacy_obj), exports(new_obj)
    users = {}
    for module, patterns in CLIENTS.items():
        for symbol in imports(legacy_obj, patterns) & legacy.keys():
            users.setdefault(symbol, []).append(module)
    if len(users) < 20:
        sys.exit("exports: only %d imports found, that can't be right"
                 % len(users))
    bad = 0
    for symbol in sorted(users):
        if new.get(symbol) == legacy[symbol]:
            continue
        bad += 1
        print("exports: %s: legacy %s, new %s; used by %s" % (
            symbol, legacy[symbol], new.get(symbol, "does not export it"),
            " ".join(users[symbol])))
    print("exports: %d imported symbols compared, %d differ"
          % (len(users), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
