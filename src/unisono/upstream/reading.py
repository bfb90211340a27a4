"""How a dialect reads one answer: what every dialect offers to the loop that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from unisono.types import Chunk


class BrokenEvent(Exception):
    """One document is not what the dialect promises. Raised by a `Reading`, caught here."""


class Reading(Protocol):
    """How a dialect reads one answer. One object per call; it may keep state."""

    @property
    def ended(self) -> bool:
        """Was the protocol's own end seen (`[DONE]`, `message_stop`)?"""

    @property
    def finished(self) -> bool:
        """Was a finish reason seen?"""

    def event(self, name: bytes, data: bytes) -> Sequence[Chunk]:
        """Read one stream event.

        Raises:
            BrokenEvent: it cannot be read.
            UpstreamError: it says that the upstream failed.
        """

    def whole(self, data: bytes) -> Chunk:
        """Read a plain answer.

        Raises:
            BrokenEvent: it cannot be read.
            UpstreamError: it says that the upstream failed.
        """
