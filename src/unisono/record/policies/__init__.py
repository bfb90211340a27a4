"""Policies: which one is live, which is tried on a share, which were.

A policy is what decides besides the request: settings over `[routing]`, trained parts by their id, and the scores that
it follows or is frozen at. The package judges none of them, and does not decide by one.
"""

from unisono.record.policies.policy import CONFIG_ALONE, Policy, made
from unisono.record.policies.standing import Event, Known, Standing, State, Within
from unisono.record.policies.table import MAX_CALLERS, Policies

__all__ = [
    "CONFIG_ALONE",
    "MAX_CALLERS",
    "Event",
    "Known",
    "Policies",
    "Policy",
    "Standing",
    "State",
    "Within",
    "made",
]
