"""Config to running objects: the only package that builds things, and that swaps them while requests run.

It routes nothing and serves nothing.
"""

from unisono.compose.asking import answered, ask
from unisono.compose.build import build
from unisono.compose.health import faults, readiness
from unisono.compose.live import Live
from unisono.compose.trained import Trained, read_trained

__all__ = ["Live", "Trained", "answered", "ask", "build", "faults", "read_trained", "readiness"]
