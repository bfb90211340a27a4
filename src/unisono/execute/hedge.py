"""A second model beside a slow first one: who has content first answers, the other is cancelled.

It does not say when to hedge, nor which model is the second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Generic, NoReturn, Protocol, TypeVar

from unisono.errors import UpstreamError
from unisono.types import Chunk


class Attempt(Protocol):
    """What a race needs of an attempt: its first content, and a way to end it with an exception."""

    async def until_content(self) -> list[Chunk]:
        """Return the chunks up to the first with content."""

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> bool:
        """End it; True when the exception is dealt with."""


A = TypeVar("A", bound=Attempt)


class Overtaken(asyncio.CancelledError):
    """The second model had content first. Raised inside the first one's attempt, which ends as cancelled."""


def _nobody() -> NoReturn:
    raise AssertionError("nobody races here")


class Race(Generic[A]):
    """A first attempt that runs already, and a second that may begin beside it.

    After `until_content` has raised, `take_second` gives the attempt to go on with, if there is one, and `until_second`
    waits for its first content.
    """

    def __init__(self, begin: Callable[[], A], *, after_s: float | None) -> None:
        """Call `begin` for the second attempt when the first has no content after `after_s`; None: never."""
        self._begin = begin
        self._after_s = after_s
        self._task: asyncio.Task[list[Chunk]] | None = None
        self.second: A | None = None

    @classmethod
    def alone(cls) -> Race[A]:
        """Return a race of one."""
        return cls(_nobody, after_s=None)

    async def until_content(self, first: A) -> list[Chunk]:
        """Return the first attempt's chunks up to its first content, if it is the one to answer.

        Raises:
            Overtaken: the second has content first.
            UpstreamError: the first failed; the second may still run.
        """
        if self._after_s is None:
            return await first.until_content()
        one = asyncio.ensure_future(first.until_content())
        try:
            done, _ = await asyncio.wait((one,), timeout=self._after_s)
            if not done:
                await self._both(one)
            held = one.result()
        except UpstreamError:
            raise
        except BaseException:
            one.cancel()
            with suppress(asyncio.CancelledError, UpstreamError):
                await one
            raise
        await self._drop_second()
        return held

    def take_second(self) -> A | None:
        """Return the second attempt, if it is still in the race, to be ended by who takes it."""
        second, self.second = self.second, None
        return second

    async def until_second(self) -> list[Chunk]:
        """Return the second attempt's chunks up to its first content."""
        assert self._task is not None  # noqa: S101 - asked only when there is a second
        return await self._task

    async def abandon(self) -> None:
        """End the second attempt, whatever it is at: the caller has left."""
        await self._drop_second()

    async def _both(self, one: asyncio.Task[list[Chunk]]) -> None:
        """Return when the first is to answer or has failed; raise when the second is to."""
        self.second = self._begin()
        two = self._task = asyncio.ensure_future(self.second.until_content())
        await asyncio.wait((one, two), return_when=asyncio.FIRST_COMPLETED)
        if one.done() or two.cancelled():
            await asyncio.wait((one,))
            return
        if (error := two.exception()) is None:
            raise Overtaken
        second, self.second = self.second, None
        await second.__aexit__(type(error), error, error.__traceback__)
        await asyncio.wait((one,))

    async def _drop_second(self) -> None:
        second, self.second = self.second, None
        if second is None:
            return
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        lost = asyncio.CancelledError()
        await second.__aexit__(type(lost), lost, None)
