"""One model's call among several: runs in a task of its own, keeps its chunks, and notes how it ended, once.

It decides nothing: `cascade` and `fusion` read it and cancel it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import datetime

from unisono import notices as say
from unisono.catalog import accepts_report
from unisono.errors import UpstreamError, UpstreamRefused
from unisono.execute.cost import spent_usd
from unisono.execute.said import said_in
from unisono.execute.written import LATELY, written_tokens
from unisono.types import Attempt, Chunk, Language, Model, Notice, PartKind, Said, Status, Usage


class Member:
    """A call in flight. `done` is set when it has ended in any way; `changed` at every chunk."""

    def __init__(
        self,
        model: Model,
        part: PartKind,
        *,
        chunks: AsyncIterator[Chunk],
        started: datetime,
        clock_s: Callable[[], float],
        note: Callable[[Member, Attempt, UpstreamError | None], None],
    ) -> None:
        """Start to pull `chunks`; `note` gets the attempt when it has ended."""
        self.model = model
        self.part: PartKind = part
        self.held: list[Chunk] = []
        self.error: UpstreamError | None = None
        self.attempt: Attempt | None = None
        self.first_content_s: float | None = None
        self.reported_model: str | None = None
        self.left_out: tuple[str, ...] = ()
        self.changed = asyncio.Event()
        self._chunks = chunks
        self._started = started
        self._clock_s = clock_s
        self._began_s = clock_s()
        self._last_s: float | None = None
        self._usage: Usage | None = None
        self._note = note
        self._said: Said | None = None
        self.task = asyncio.create_task(self._pull())

    @property
    def done(self) -> bool:
        """It has ended, in whatever way."""
        return self.attempt is not None

    @property
    def ok(self) -> bool:
        """Its whole answer is here, and says something."""
        return self.attempt is not None and self.attempt.status == "ok" and self.begun

    @property
    def begun(self) -> bool:
        """Something of the answer itself is here."""
        return self.first_content_s is not None

    @property
    def said(self) -> Said:
        """What it says so far; the whole of it once it has ended."""
        if self._said is not None:
            return self._said
        said = said_in(self.held)
        if self.done:
            self._said = said
        return said

    def mismatch(self, language: Language) -> Notice | None:
        """Return a notice when the upstream says that another model answered (invariant 2)."""
        if self.reported_model is None or accepts_report(self.model, self.reported_model):
            return None
        return say.mismatch(
            self.model.name, asked=self.model.upstream_model, reported=self.reported_model, language=language
        )

    def unheeded(self, language: Language) -> Notice | None:
        """Return a notice when the model was asked without something that the caller wrote."""
        if not self.left_out:
            return None
        return say.unheeded(self.left_out, model=self.model.name, language=language)

    async def follow(self) -> AsyncGenerator[Chunk, None]:
        """Yield the chunks that are here, then those that come.

        Raises:
            UpstreamError: it broke off.
        """
        place = 0
        while True:
            while place < len(self.held):
                yield self.held[place]
                place += 1
            if self.done:
                break
            self.changed.clear()
            await self.changed.wait()
        if self.error is not None:
            raise self.error

    async def cancel(self) -> None:
        """End it now; an ended one stays as it is."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        if self.attempt is None:  # before its first step, which a task that is cancelled then never takes
            await self._close(asyncio.CancelledError())

    async def _pull(self) -> None:
        failure: BaseException | None = None
        try:
            async for chunk in self._chunks:
                self._see(chunk)
        except UpstreamError as error:
            failure = self.error = error
        except BaseException as error:
            failure = error
            raise
        finally:
            await self._close(failure)

    async def _close(self, failure: BaseException | None) -> None:
        """Close the call, and note how it ended."""
        try:
            if (close := getattr(self._chunks, "aclose", None)) is not None:
                await close()
        finally:
            self.attempt = self._ended(failure)
            self.changed.set()
            self._note(self, self.attempt, self.error)

    def _see(self, chunk: Chunk) -> None:
        self._last_s = self._clock_s() - self._began_s
        if chunk.has_content and self.first_content_s is None:
            self.first_content_s = self._last_s
        if chunk.usage is not None:
            self._usage = chunk.usage
        if chunk.left_out:
            self.left_out = chunk.left_out
        told = self.reported_model is not None and not accepts_report(self.model, self.reported_model)
        if chunk.model is not None and not told:
            self.reported_model = chunk.model
        self.held.append(chunk)
        self.changed.set()

    def _ended(self, failure: BaseException | None) -> Attempt:
        error = failure if isinstance(failure, UpstreamError) else None
        crashed = failure is not None and error is None and not isinstance(failure, asyncio.CancelledError)
        status: Status = "ok"
        whole_s = self._last_s if failure is None else None  # of a plain answer just the time to its first content
        if error is not None or crashed:
            status = "cut" if self.begun else "failed"
        elif failure is not None:
            status = "cancelled"
        return Attempt(
            model=self.model.name,
            upstream_model=self.model.upstream_model,
            started=self._started,
            status=status,
            first_content_s=self.first_content_s,
            total_s=self._clock_s() - self._began_s if whole_s is None else whole_s,
            reported_model=self.reported_model,
            usage=self._usage,
            cost_usd=spent_usd(self._usage, self.model.prices),
            http_status=error.http_status if isinstance(error, UpstreamRefused) else None,
            error_code=error.code if error is not None else "internal_error" if crashed else None,
            error_text=str(error) if error is not None else type(failure).__name__ if crashed else None,
            part=self.part,
            written_tokens=self._written_tokens() if self._usage is None and status != "failed" else None,
        )

    def _written_tokens(self) -> int | None:
        """Return about how much of the answer has come; None where the model was not asked yet."""
        if not getattr(self._chunks, "asked", True):
            return None
        said = [chunk for chunk in self.held if chunk.has_content]
        n_bytes = sum(len(chunk.data) for chunk in said)
        return written_tokens(n_bytes=n_bytes, n_events=len(said), some=said[-LATELY:])
