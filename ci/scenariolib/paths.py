# SPDX-License-Identifier: GPL-2.0-only
"""Where things are."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
TOP = HERE.parent
BUILD = Path(os.environ.get("BUILD") or TOP / "build")
LOGS = Path(os.environ.get("LOGS") or BUILD / "logs")
HOST = BUILD / "hosts"
ROOT = HOST / "root"
KERNELS = BUILD / "kernels"
SCENARIOS = HERE / "scenarios"
