# SPDX-License-Identifier: GPL-2.0-only
"""The pieces of ci/stack: patches, the series file, sources and checks."""
