"""From a request to a decision, and from a decision to its answer. The path is `router.py`; the rest serves it."""

from unisono.router.executor import Executor
from unisono.router.pin import is_plain_pin
from unisono.router.router import NOTHING_KNOWN, Router
from unisono.router.stages import Settings, Stages

__all__ = ["NOTHING_KNOWN", "Executor", "Router", "Settings", "Stages", "is_plain_pin"]
