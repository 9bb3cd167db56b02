# SPDX-License-Identifier: GPL-2.0-only
"""The two ways in which a run can end early."""


class HostError(Exception):
    """The host could not be built or started: no verdict on the guest."""


class StepFailed(Exception):
    """A step did not see what it had to see."""
