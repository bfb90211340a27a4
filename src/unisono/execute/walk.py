"""One walk over a ranking: its attempts while they run, what is noted of each, and how the request ended.

It asks nobody: `single.py` and `plain.py` do. When a model is asked again, and when a second one beside a slow first,
`patience.py` says.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from unisono import notices as say
from unisono.catalog import accepts_report
from unisono.errors import NoAnswer, UpstreamCut, UpstreamError, UpstreamRefused, UpstreamTimeout
from unisono.execute.bodies import asked_of
from unisono.execute.cost import spent_usd
from unisono.execute.hedge import Overtaken, Race
from unisono.execute.limit import TimeLimit
from unisono.execute.patience import Patience
from unisono.execute.relay import Relay
from unisono.execute.written import LATELY, written_tokens
from unisono.types import (
    Attempt,
    Call,
    Chunk,
    Decision,
    Direct,
    Lane,
    Model,
    Notice,
    Outcome,
    Part,
    Request,
    Sink,
    Status,
    Usage,
    is_direct,
)
from unisono.values import value

SAID_FROM_S = 1.0
"""From so many seconds on, a caller is told that the call waited for its turn."""


@value
class Committed:
    """A model has begun to answer; from here on no other model may.

    Attributes:
        model: catalogue name of the model that answers.
        reported_model: the name that its upstream reports, if it has.
        notices: the decision's, and those of the walk so far.
        n_failed: how many models failed before.
        first_content_s: from the attempt's start to its first content; None for an answer without any.
        waited_s: from the request's start to now, failed attempts included.
        reason: why this model answers, where the decision's own reason does not say it.
        parts: what each model did, where several worked on the answer.
    """

    model: str
    reported_model: str | None
    notices: tuple[Notice, ...]
    n_failed: int
    first_content_s: float | None
    waited_s: float
    reason: str | None = None
    parts: tuple[Part, ...] = ()


class _NoChunks:
    """Chunks that there are none of."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Chunk:
        raise StopAsyncIteration


_NO_CHUNKS = _NoChunks()


class Running:
    """One attempt while it runs, an async context manager. Leaving it closes the upstream call at once and notes how it
    ended.

    A failure before the first content is swallowed, so that the walk goes on; one after it becomes `UpstreamCut`.
    """

    __slots__ = (
        "_began_s",
        "_clock_s",
        "_last_s",
        "_lately",
        "_n_bytes",
        "_n_events",
        "_started",
        "_usage",
        "_walk",
        "chunks",
        "committed",
        "complete",
        "first_content_s",
        "left_out",
        "model",
        "reported_model",
    )

    def __init__(self, walk: Walk, model: Model, *, chunks: AsyncIterator[Chunk], started: datetime) -> None:
        self.model = model
        self.chunks = chunks
        self.committed = False
        self.complete = False
        self.first_content_s: float | None = None
        self.reported_model: str | None = None
        self.left_out: tuple[str, ...] = ()
        self._walk = walk
        self._started = started
        self._clock_s = walk.clock_s
        self._began_s = walk.clock_s()
        self._last_s: float | None = None
        self._usage: Usage | None = None
        self._lately: deque[Chunk] | None = None
        self._n_bytes = self._n_events = 0

    async def until_content(self) -> list[Chunk]:
        """Return the chunks up to the first with content; all of them when the answer has none."""
        held: list[Chunk] = []
        try:
            with TimeLimit(self._walk.deadline_s - self._clock_s()):
                async for chunk in self.chunks:
                    self.see(chunk)
                    held.append(chunk)
                    if chunk.has_content:
                        return held
        except TimeoutError as exc:
            raise self._walk.too_late(self.model.name) from exc
        self.complete = True
        return held

    async def behind(self, relay: Relay | None) -> AsyncIterator[Chunk]:
        """Return the chunks behind the first content that must go as events; the others have gone the short way."""
        sink = None if relay is None else relay.sink
        if self.complete:
            return _NO_CHUNKS
        if sink is not None and is_direct(self.chunks):
            await self.pour(self.chunks, self.seeing(sink))
            return _NO_CHUNKS
        return self.chunks

    async def pour(self, chunks: Direct, sink: Sink) -> None:
        """Have all its further chunks go to a sink that `seeing` made; return at the end."""
        try:
            with TimeLimit(self._walk.deadline_s - self._clock_s()):
                await chunks.pour(sink)
        except TimeoutError as exc:
            raise self._walk.too_late(self.model.name) from exc
        self.heard()

    def seeing(self, sink: Sink) -> Sink:
        """Return a sink before which the record's part of each chunk is taken in."""
        return _Seen(self, sink)

    def heard(self) -> None:
        """Note that the answer has come to its end."""
        self._last_s = self._clock_s() - self._began_s

    def see(self, chunk: Chunk) -> None:
        """Take in what the record needs of one chunk; see `see_all`."""
        self.see_all((chunk,))

    def see_all(self, chunks: Sequence[Chunk]) -> None:
        """Take in what the record needs of chunks that have come together.

        Raises:
            UpstreamTimeout: the whole request has taken too long.
        """
        if self.take_in(chunks) > self._walk.deadline_s:
            raise self._walk.too_late(self.model.name)

    def take_in(self, chunks: Sequence[Chunk]) -> float:
        """Take in what the record needs of chunks that have come together; return the time."""
        now_s = self._clock_s()
        self._last_s = now_s - self._began_s
        for chunk in chunks:
            if chunk.has_content:
                if self._lately is None:
                    self.first_content_s = self._last_s
                    self._lately = deque((chunk,), LATELY)
                else:
                    self._lately.append(chunk)
                self._n_bytes += len(chunk.data)
                self._n_events += 1
            if chunk.usage is not None:
                self._usage = chunk.usage
            if chunk.left_out:
                self.left_out = chunk.left_out
            name, told = chunk.model, self.reported_model
            if name is not None and name != told and (told is None or accepts_report(self.model, told)):
                self.reported_model = name  # the first that it may not name stays
        return now_s

    @property
    def waited_s(self) -> float:
        """How long the call waited here for its turn."""
        return float(getattr(self.chunks, "waited_s", 0.0))

    def mismatch(self) -> Notice | None:
        """Return a notice when the upstream says that another model answered (invariant 2)."""
        reported = self.reported_model
        if reported is None or accepts_report(self.model, reported):
            return None
        asked, language = self.model.upstream_model, self._walk.language
        return say.mismatch(self.model.name, asked=asked, reported=reported, language=language)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> bool:
        try:
            if (close := getattr(self.chunks, "aclose", None)) is not None:
                await close()
        finally:
            self.note(exc)
        if isinstance(exc, Overtaken):
            return True
        if not isinstance(exc, UpstreamError):
            return False
        if self.committed:
            raise cut(self.model.name, exc) from exc
        return True

    def note(self, exc: BaseException | None) -> None:
        """Note how it ended, whose call is closed."""
        error = exc if isinstance(exc, UpstreamError) else None
        self._walk.note(self, self.ended(self._status(exc), exc), error)

    def _status(self, exc: BaseException | None) -> Status:
        if exc is None:
            return "ok"
        if isinstance(exc, (GeneratorExit, asyncio.CancelledError)):
            return "cancelled"
        return "cut" if self.committed else "failed"

    def ended(self, status: Status, exc: BaseException | None = None) -> Attempt:
        """Return what is recorded of the attempt."""
        failed = None if status in ("ok", "cancelled") else exc
        whole_s = self._last_s if status == "ok" else None  # of a plain answer just the time to its first content
        known = failed if isinstance(failed, UpstreamError) else None
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
            http_status=known.http_status if isinstance(known, UpstreamRefused) else None,
            error_code=None if failed is None else known.code if known else "internal_error",
            error_text=None if failed is None else str(known) if known else type(failed).__name__,
            written_tokens=self._written_tokens() if self._usage is None and status != "failed" else None,
        )

    def _written_tokens(self) -> int | None:
        """Return about how much of the answer has come; None where the model was not asked yet."""
        if not getattr(self.chunks, "asked", True):
            return None
        return written_tokens(
            n_bytes=self._n_bytes,
            n_events=self._n_events,
            some=self._lately or (),
            more_bytes=getattr(self.chunks, "n_poured_bytes", 0),
        )


class _Seen:
    """A sink before which an attempt takes in what the record needs."""

    __slots__ = ("_attempt", "_sink")

    def __init__(self, attempt: Running, sink: Sink) -> None:
        self._attempt = attempt
        self._sink = sink

    def take(self, chunks: Sequence[Chunk]) -> Awaitable[None] | None:
        """See `types.Sink`."""
        self._attempt.see_all(chunks)
        return self._sink.take(chunks)

    def lane(self, begins: bytes, ends: bytes, *, model: str | None) -> Lane | None:
        """See `types.Sink`: of events with nothing to tell but their text, there is nothing to take in."""
        attempt = self._attempt
        tells = attempt.first_content_s is None or model != attempt.reported_model
        return None if tells else self._sink.lane(begins, ends, model=model)


class Walk:
    """The attempts of one request so far."""

    def __init__(
        self,
        request: Request,
        decision: Decision,
        *,
        observe: Callable[[Attempt, UpstreamError | None], None],
        total_s: float,
        clock_s: Callable[[], float],
        patience: Patience,
    ) -> None:
        self.clock_s = clock_s
        self.patience = patience
        self._tried: list[str] = []
        self._overtaken: list[str] = []
        self.deadline_s = clock_s() + total_s
        self.language = decision.goal.language
        self._total_s = total_s
        self._request = request
        self._decision = decision
        self._observe = observe
        self._attempts: list[Attempt] = []
        self._failures: list[tuple[str, UpstreamError]] = []
        self._waited_s: dict[str, float] = {}  # for a turn, in attempts that failed
        self._notices = list(decision.notices)
        self._status: Status = "failed"
        self._model: str | None = None
        self._reported: str | None = None

    def call(self, model: Model) -> Call:
        """Return what a model is asked."""
        request = self._request
        return Call(
            model=model,
            body=asked_of(model, request, request.body),
            stream=request.stream,
            decision=self._decision.id,
            caller=request.key,
            betas=request.betas,
            pinned=request.pin == model.name,
        )

    def order(self) -> Iterator[tuple[str, float]]:
        """Yield the models to try with the pause before each, as long as trying on may help.

        First each model of the ranking; then, from its head on, those whose failure may have passed by itself.
        """
        names = self._allowed()
        for name in names:
            if self._is_over():
                return
            if name not in self._tried:
                yield name, 0.0
        for n in range(self.patience.retries):
            again = None if self._is_over() else self._again(names, n_before=n)
            if again is None:
                return
            yield again

    @property
    def is_late(self) -> bool:
        """Has the request used up its time?"""
        return self.clock_s() > self.deadline_s

    @property
    def answered(self) -> bool:
        """Has a model answered?"""
        return self._model is not None

    def race(self, name: str, begin: Callable[[str], Running]) -> Race[Running]:
        """Return the race of a model against the next one of the ranking, where there is to be one."""
        after_s = self.patience.hedge_after_s(name)
        if after_s is None:
            return Race.alone()
        following = next((other for other in self._allowed() if other != name and other not in self._tried), None)
        return Race.alone() if following is None else Race(lambda: begin(following), after_s=after_s)

    def begun(self, name: str) -> None:
        """Note that a model is asked."""
        if name not in self._tried:
            self._tried.append(name)
            self.patience.budget.earn(name)

    def _allowed(self) -> list[str]:
        ranking = self._decision.ranking
        return [ranked.model for ranked in (ranking if self._decision.allow_fallback else ranking[:1])]

    def _is_over(self) -> bool:
        return bool(self._failures) and (not self._failures[-1][1].retryable or self.clock_s() >= self.deadline_s)

    def _again(self, names: list[str], *, n_before: int) -> tuple[str, float] | None:
        """Return the first model that is worth asking again, and the pause before it."""
        last = dict(self._failures)
        for name in names:
            pause_s = self.patience.pause_s(last[name], n_before=n_before) if name in last else None
            if pause_s is None or self.clock_s() + pause_s >= self.deadline_s:
                continue
            if self.patience.budget.take(name):
                return name, pause_s
        return None

    def commit(self, attempt: Running) -> Committed:
        """Note that a model answers, and tell the caller what happened until here."""
        attempt.committed = True
        name = self._model = attempt.model.name
        others = {m: error for m, error in self._failures if m != name} if self._failures else None
        if others:
            failed = [(model, short(error)) for model, error in others.items()]
            self._notices.append(say.fallback(failed, answers=name, language=self.language))
        elif self._overtaken:
            self._notices.append(say.hedge(self._overtaken[0], answers=name, language=self.language))
        waited_s = attempt.waited_s + self._waited_s.get(name, 0.0)
        if waited_s >= SAID_FROM_S:
            self._notices.append(say.queued(name, waited_s=waited_s, language=self.language))
        if attempt.left_out:
            self._notices.append(say.unheeded(attempt.left_out, model=name, language=self.language))
        self._note_late()
        self._note_mismatch(attempt)
        self._reported = attempt.reported_model
        return Committed(
            model=name,
            reported_model=attempt.reported_model,
            notices=tuple(self._notices),
            n_failed=len(self._failures),
            first_content_s=attempt.first_content_s,
            waited_s=self.clock_s() - self.deadline_s + self._total_s,
        )

    def note(self, attempt: Running, ended: Attempt, error: UpstreamError | None) -> None:
        """Take in how an attempt ended; the last one's status is the request's."""
        self._attempts.append(ended)
        self._status = ended.status
        if attempt.committed:
            if attempt.reported_model != self._reported:  # it said so behind its first content
                self._note_mismatch(attempt)
        elif error is not None:
            self._failures.append((ended.model, error))
            self._waited_s[ended.model] = self._waited_s.get(ended.model, 0.0) + attempt.waited_s
        elif ended.status == "cancelled":
            self._overtaken.append(ended.model)
        self._observe(ended, error)

    def cancelled(self) -> None:
        """Note that the caller has left, even if the last attempt had failed by itself just before."""
        self._status = "cancelled"

    def too_late(self, model: str) -> UpstreamTimeout:
        """Build the error for a request that has used up its time."""
        return UpstreamTimeout(f"{model}: the request took longer than {self._total_s:g} s in all (`total_s`).")

    def no_answer(self) -> NoAnswer:
        """Build the error that lists every attempt."""
        reasons = " ".join(dict.fromkeys(str(error) for _, error in self._failures))
        return NoAnswer(f"No model answered. {reasons}", attempts=self._attempts, last=self._failures[-1][1])

    def outcome(self) -> Outcome:
        """Return how the request ended. Its cost is known when that of every attempt with usage is."""
        cost_usd, bound_usd, notices = self._cost_usd(), self._decision.goal.max_cost_usd, tuple(self._notices)
        if cost_usd is not None and bound_usd is not None and cost_usd > bound_usd:
            notices = (*notices, say.over_cost(cost_usd, bound_usd=bound_usd, language=self.language))
        return Outcome(
            decision=self._decision.id,
            request=self._request.id,
            status=self._status,
            model=self._model,
            attempts=tuple(self._attempts),
            notices=notices,
            cost_usd=cost_usd,
            total_s=self.clock_s() - self.deadline_s + self._total_s,
        )

    def _cost_usd(self) -> float | None:
        attempts = self._attempts
        if len(attempts) == 1:  # as most have
            return attempts[0].cost_usd if attempts[0].usage is not None else None
        costs = [a.cost_usd for a in attempts if a.usage is not None]
        known = [c for c in costs if c is not None]
        return sum(known) if known and len(known) == len(costs) else None

    def _note_late(self) -> None:
        """Tell where a stream begins later than it may. When a plain answer began is not known."""
        bound_s, waited_s = self._decision.goal.max_first_token_s, self.clock_s() - self.deadline_s + self._total_s
        if bound_s is not None and self._request.stream and waited_s > bound_s:
            self._notices.append(say.late(waited_s, bound_s=bound_s, language=self.language))

    def _note_mismatch(self, attempt: Running) -> None:
        notice = attempt.mismatch()
        if notice is not None and notice not in self._notices:
            self._notices.append(notice)


def short(error: UpstreamError) -> str:
    """Say in a few words why an attempt failed; never the upstream's own text."""
    if isinstance(error, UpstreamRefused):
        return f"{error.http_status} {error.code}"
    return error.code.removeprefix("upstream_")


def cut(name: str, error: UpstreamError) -> UpstreamCut:
    """Build the error for an answer that broke off behind its first content."""
    return UpstreamCut(f"{name} broke off in mid-answer ({short(error)}); what came before is not the whole answer.")
