"""The short way of a streamed answer: from the upstream's bytes to the caller's connection, past every generator.

Who answers the caller gives it a sink once the answer has begun; what still comes as an event is taken as one. Who must
read the words on their way shuts it.
"""

from __future__ import annotations

from unisono.types import Sink


class Relay:
    """Belongs to one request."""

    __slots__ = ("_shut", "_sink")

    def __init__(self) -> None:
        """Lead nowhere yet."""
        self._sink: Sink | None = None
        self._shut = False

    @property
    def sink(self) -> Sink | None:
        """Where chunks go; None while they must go as events."""
        return None if self._shut else self._sink

    def lead_to(self, sink: Sink) -> None:
        """Have further chunks go to `sink`, where the road allows that."""
        self._sink = sink

    def shut(self) -> None:
        """Have every chunk go as an event."""
        self._shut = True
