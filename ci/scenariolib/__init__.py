# SPDX-License-Identifier: GPL-2.0-only
"""Runs scenarios: a guest kernel on a VMBus host, driven step by step."""
