"""One walk over a ranking: who is tried next, what is noted of each attempt, and how the request ended.

It asks nobody: `single.py` and `plain.py` do. An attempt while it runs is in `running.py`. When a model is asked again,
and when a second one beside a slow first, `patience.py` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from unisono import notices as say
from unisono.errors import NoAnswer, UpstreamError, UpstreamRefused, UpstreamTimeout
from unisono.execute.bodies import asked_of
from unisono.execute.committed import Committed
from unisono.execute.hedge import Attempt as Raced
from unisono.execute.hedge import Race
from unisono.execute.patience import Patience
from unisono.types import (
    Attempt,
    Call,
    Decision,
    Model,
    Notice,
    Outcome,
    Request,
    Status,
)

SAID_FROM_S = 1.0
"""From so many seconds on, a caller is told that the call waited for its turn."""


class Tried(Raced, Protocol):
    """What a walk sees of an attempt; see `running.Running`."""

    model: Model
    committed: bool
    first_content_s: float | None
    reported_model: str | None
    left_out: tuple[str, ...]

    @property
    def waited_s(self) -> float:
        """How long the call waited here for its turn."""

    def mismatch(self) -> Notice | None:
        """Return a notice when the upstream says that another model answered."""


T = TypeVar("T", bound=Tried)


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

    def race(self, name: str, begin: Callable[[str], T]) -> Race[T]:
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

    def commit(self, attempt: Tried) -> Committed:
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

    def note(self, attempt: Tried, ended: Attempt, error: UpstreamError | None) -> None:
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

    def _note_mismatch(self, attempt: Tried) -> None:
        notice = attempt.mismatch()
        if notice is not None and notice not in self._notices:
            self._notices.append(notice)


def short(error: UpstreamError) -> str:
    """Say in a few words why an attempt failed; never the upstream's own text."""
    if isinstance(error, UpstreamRefused):
        return f"{error.http_status} {error.code}"
    return error.code.removeprefix("upstream_")
