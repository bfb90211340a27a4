"""How a decision becomes an answer: with which means, and who hears of each attempt.

It decides nothing. How one model or several are asked, `execute` knows.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from unisono.consistency.ledger import asserted, shown
from unisono.errors import UpstreamError
from unisono.execute.committed import Committed
from unisono.execute.disputes import Fusing
from unisono.execute.means import Means
from unisono.execute.plain import Plain
from unisono.execute.relay import Relay
from unisono.execute.several import run
from unisono.execute.streamed import Streamed
from unisono.execute.voice import with_voice
from unisono.execute.watch import Watch
from unisono.router.pin import is_plain_pin
from unisono.router.router import Router
from unisono.types import Attempt, Chunk, Decision, Features, Outcome, Request


class Executor:
    """Carries out the decisions of one router."""

    def __init__(self, router: Router) -> None:
        """Carry out with its stages."""
        self._router = router
        self._stages = router.stages
        self._models = router.models
        self._total_s = router.settings.total_s
        self._clock_s = router.clock_s

    def run(
        self,
        request: Request,
        features: Features,
        *,
        decision: Decision,
        record: Callable[[Outcome], None],
        relay: Relay | None = None,
    ) -> AsyncGenerator[Committed | Chunk, None]:
        """Carry out a decision: first a `Committed`, then the chunks; `record` gets the outcome, once.

        Chunks behind the first content may go the short way where `relay` leads somewhere by then.
        """

        observe = self._observer(request, features, decision)
        watch = _watch(request, decision, record)
        if watch is not None:
            record = watch.record
        if decision.plan is None and any(notice.code == "switch" for notice in decision.notices):
            request = _with_ledger(request, decision)
        means = Means(
            models=self._models,
            send=self._stages.send,
            record=record,
            observe=observe,
            total_s=self._total_s,
            patience=self._stages.patience(decision.mode),
            relay=relay,
        )
        fusing = Fusing(
            task=features.task,
            route=lambda part: self._router.models_for(part, request, decision),
            comparer=self._stages.comparer,
        )
        events = run(request, decision, means=means, fusing=fusing, checks=self._stages.evidence)
        return events if watch is None else watch.through(events, relay)

    def begin(
        self,
        request: Request,
        features: Features,
        *,
        decision: Decision,
        record: Callable[[Outcome], None],
        news: Callable[[], None],
    ) -> Plain | None:
        """Begin to carry out a decision without a task; see `execute.plain`. None where `run` must.

        That is where several models are asked, one beside another or after another, or where another model of the
        conversation has spoken before. For a stream it is a `Streamed`.

        Args:
            request: what the caller asks.
            features: what was understood of it.
            decision: as made.
            record: gets the outcome, once.
            news: called when the answer may be there.
        """
        past, alone = decision.situation.past, is_plain_pin(request)
        another = past is not None and past.model not in (None, decision.model)  # `run` compares what both say
        if another or decision.plan is not None:
            return None
        patience = self._stages.patience(None if alone else decision.mode)  # nobody is asked beside a pinned model
        if patience.hedge_after_s(decision.model) is not None:
            return None
        watch = None if alone else _watch(request, decision, record)
        return (Streamed if request.stream else Plain)(
            request,
            decision,
            models=self._models,
            send=self._stages.send,
            record=record if watch is None else watch.record,
            observe=self._observer(request, features, decision),
            total_s=self._total_s,
            patience=patience,
            news=news,
            through=None if watch is None else watch.through,
        )

    def _observer(
        self, request: Request, features: Features, decision: Decision
    ) -> Callable[[Attempt, UpstreamError | None], None]:
        stages = self._stages
        # Features of a degraded decision are bare, and several answers to one call are no longer one: nothing to learn.
        tells = not decision.degraded and request.n_choices == 1

        def observe(attempt: Attempt, error: UpstreamError | None) -> None:
            stages.health.observe(attempt, error, self._clock_s())
            own = attempt.part in (None, "member", "closer")  # others were asked something else
            if own and tells:
                stages.learn(features, attempt)

        return observe


def _watch(request: Request, decision: Decision, record: Callable[[Outcome], None]) -> Watch | None:
    """Return what compares the answer with those before it, where there may be any."""
    past = decision.situation.past
    if past is None or past.model is None:
        return None
    return Watch(request.messages, before=past.model, record=record, language=decision.goal.language)


def _with_ledger(request: Request, decision: Decision) -> Request:
    """Return the request with a note of what the conversation has asserted, for a model that is new to it."""
    note = shown(asserted(request.messages), chinese=decision.goal.language == "zh")
    return request if note is None else replace(request, body=with_voice(request.body, note=note))
