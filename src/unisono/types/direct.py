"""Chunks that are handed on in the callbacks that bring them, without a task that waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias, TypeGuard

from unisono.types.call import Chunk

Lane: TypeAlias = Callable[[bytes], Awaitable[None] | None]
"""How stream events leave that differ by their text alone: it takes the text, and returns what must be awaited before
the next for a slow reader."""


class Sink(Protocol):
    """Takes chunks at once and without waiting. Where its reader is slow it returns what must be awaited before it is
    given more.
    """

    def take(self, chunks: Sequence[Chunk]) -> Awaitable[None] | None:
        """Take chunks that have come together."""

    def lane(self, begins: bytes, ends: bytes, *, model: str | None) -> Lane | None:
        """Return how events leave that are alike to the last chunk but for their text; None: each must be taken.

        It holds until another chunk is taken.

        Args:
            begins: what stands before the text, as it is sent: from `data: ` on.
            ends: what stands behind it, to the blank line.
            model: the name that the events report.
        """


Told: TypeAlias = Callable[[Awaitable[None] | None, BaseException | None], None]
"""Is told once how handing on has ended: what must be awaited before more is handed on, None at the end of the answer;
or what was raised."""


class Direct(Protocol):
    """The chunks of one call where they can be had in the callbacks that bring them, without a task that waits."""

    def begin(self, news: Callable[[], None]) -> bool:
        """Send the call at once, where that is possible; say whether it is sent.

        Then `news` is called whenever `whole`, or `first` of a stream, may tell something new. Chunks can still be
        asked for one by one instead.
        """

    def whole(self) -> Chunk | None:
        """Return the answer to a call that `begin` has sent, if it is here and well."""

    def first(self) -> Sequence[Chunk] | None:
        """Return what has come of a stream that `begin` has sent, once some of it has content; nothing before.

        None where chunks must be asked for one by one: they tell what is wrong.
        """

    def flow(self, sink: Sink, told: Told) -> None:
        """Hand on the chunks that come behind those that `first` gave."""

    async def pour(self, sink: Sink) -> None:
        """Hand all further chunks to `sink` as they come; return at the end of the answer."""

    def close(self) -> None:
        """End a call that `begin` has sent."""


def is_direct(chunks: object) -> TypeGuard[Direct]:
    """Say whether the chunks of a call can be had directly; those of a plug-in need not."""
    return hasattr(chunks, "begin")
