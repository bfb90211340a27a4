"""A plain answer of one model without a task that waits for it, as long as all goes well: the short way.

What the walk of `single.py` does is called here when the answer has come instead of being awaited. Whatever is not an
answer of status 200 that can be read (a failure, a limit, no connection yet) is left to that walk: `events` goes on
with the same attempt. It decides nothing, and knows neither fallbacks nor retries.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from time import perf_counter
from typing import TypeAlias

from unisono.errors import UpstreamError
from unisono.execute.committed import Committed
from unisono.execute.patience import Patience
from unisono.execute.relay import Relay
from unisono.execute.running import Running
from unisono.execute.single import carried
from unisono.execute.walk import Walk
from unisono.types import Attempt, Call, Chunk, Decision, Model, Outcome, Request, is_direct

Events: TypeAlias = AsyncGenerator[Committed | Chunk, None]
Through: TypeAlias = Callable[[Events, "Relay | None"], Events]


class Plain:
    """One request on its way. Exactly one of `finished`, `cancel` and `events` ends it.

    Attributes:
        begun: the model was asked and nothing waits; else only `events` can carry it on.
    """

    __slots__ = ("_ask", "_attempt", "_direct", "_record", "_through", "_walk", "begun")

    def __init__(
        self,
        request: Request,
        decision: Decision,
        *,
        models: Mapping[str, Model],
        send: Callable[[Call], AsyncIterator[Chunk]],
        record: Callable[[Outcome], None],
        observe: Callable[[Attempt, UpstreamError | None], None],
        total_s: float,
        patience: Patience,
        news: Callable[[], None],
        through: Through | None = None,
        clock_s: Callable[[], float] = perf_counter,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Ask the model at once, where its provider can.

        Args:
            request: what the caller asked; no stream.
            decision: whose first model answers here; others only by the walk.
            models: the pool by name.
            send: starts one upstream call.
            record: gets the outcome, exactly once, however this ends.
            observe: gets each attempt once, with its error.
            total_s: limit for the whole request.
            patience: when the model is asked again.
            news: called when the answer, or something else than an answer, may be there.
            through: what the events of the walk go through, where it must carry this on.
            clock_s: monotonic seconds.
            now: the time of day.
        """
        self._record = record
        self._through = through
        self._walk = walk = Walk(
            request,
            decision,
            observe=observe,
            total_s=total_s,
            clock_s=clock_s,
            patience=patience,
        )

        def ask(name: str) -> Running:
            model = models[name]
            return Running(walk, model, chunks=send(walk.call(model)), started=now())

        self._ask = ask
        self._attempt = ask(decision.model)
        self.begun = False
        if is_direct(chunks := self._attempt.chunks):
            self._direct = chunks
            self.begun = chunks.begin(news)

    def finished(self) -> tuple[Committed, Chunk] | None:
        """Return the answer, its outcome recorded; None where `events` must go on."""
        attempt, walk = self._attempt, self._walk
        chunk = None if walk.is_late else self._direct.whole()
        if chunk is None:
            return None
        walk.begun(attempt.model.name)
        try:
            try:
                attempt.see(chunk)
                committed = walk.commit(attempt)
            finally:
                self._direct.close()
            walk.note(attempt, attempt.ended("ok"), None)
        finally:
            self._record(walk.outcome())
        return committed, chunk

    def cancel(self) -> None:
        """End the call at once: nobody waits for its answer any more."""
        attempt, walk = self._attempt, self._walk
        walk.begun(attempt.model.name)
        self._direct.close()
        walk.note(attempt, attempt.ended("cancelled"), None)
        walk.cancelled()
        self._record(walk.outcome())

    def events(self, relay: Relay | None) -> Events:
        """Go on by the walk that every answer can take; see `single.run`."""
        begun = [self._attempt]

        def begin(name: str) -> Running:
            self._walk.begun(name)
            return begun.pop() if begun else self._ask(name)  # the walk begins with the decision's first

        found = carried(self._walk, begin, record=self._record, relay=relay)
        return found if self._through is None else self._through(found, relay)
