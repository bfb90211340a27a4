"""What finished attempts teach of cost and time, shared by all policies; forgotten where a model becomes another one.

It learns nothing of quality: `learn.learner` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter

from unisono.config import Config
from unisono.execute.patience import Patience, RetryBudget, no_hedge
from unisono.learn.online import Online
from unisono.learn.pace import Pace
from unisono.predict.artifact import Artifact
from unisono.predict.cost import TokenCost
from unisono.predict.latency import RecentLatency
from unisono.predict.length import UntrainedLength
from unisono.types import Attempt, Features, Mode
from unisono.upstream.firsts import FirstContents


class Lessons:
    """Belongs to the event loop."""

    def __init__(self, in_flight: Callable[[str], int]) -> None:
        """Know nothing yet; `in_flight` says how many calls of a model run."""
        self._untrained = UntrainedLength()
        self.latency = RecentLatency(in_flight, hidden=self._untrained.hidden)
        self._costs: dict[str, TokenCost] = {}
        self._firsts = FirstContents()
        self._pace = Pace()
        self._retries = RetryBudget()

    def cost_of(
        self, artifact: Artifact | None, *, past: Callable[[], Iterable[tuple[Features, Attempt]]]
    ) -> TokenCost:
        """Return what expects the length of answers; policies with the same trained parts share what it learns.

        Args:
            artifact: the trained parts, if any.
            past: returns answers of before, oldest first; one that knows nothing yet is taught them.
        """
        name = "none" if artifact is None else artifact.id
        if name not in self._costs:
            cost = TokenCost((self._untrained if artifact is None else artifact.length).expected)
            for features, attempt in past():
                Online(cost).learn_one(features, attempt)
            self._costs[name] = cost
        return self._costs[name]

    def patience(self, config: Config, mode: Mode | None) -> Patience:
        """Return how long answers are waited for, and how often they are asked for again, in a mode."""
        hedges = mode is not None and mode in config.calls.hedge
        return Patience(
            retries=config.calls.retries,
            budget=self._retries,
            hedge_after_s=self._firsts.slow_after_s if hedges else no_hedge,
        )

    def take(self, features: Features, attempt: Attempt) -> None:
        """Learn from an attempt."""
        if not self._pace.take(attempt.model, perf_counter()):
            return
        Online(self.latency, *self._costs.values()).learn_one(features, attempt)
        if attempt.status == "ok" and attempt.first_content_s is not None:
            self._firsts.note(attempt.model, attempt.first_content_s)

    def take_in(self, features: Features, attempt: Attempt) -> None:
        """Learn from an answer of another worker how long answers are."""
        Online(*self._costs.values()).learn_one(features, attempt)

    def forget(self, same: frozenset[str]) -> None:
        """Forget every model but those that mean the `same` as before."""
        for cost in self._costs.values():
            cost.forget(same)
        self.latency.forget(same)
