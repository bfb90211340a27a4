"""What a plug-in offers: at most three methods each.

It does not load plug-ins (`plugins.py`) nor build them (`compose`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from unisono.consistency.comparers import Ask
from unisono.types import (
    Attempt,
    Call,
    Candidate,
    Choice,
    Chunk,
    Cost,
    Estimate,
    Features,
    Goal,
    Latency,
    Model,
    Quality,
    Request,
    Score,
    Seen,
    Timeouts,
    Vector,
    Verdict,
)


class Encoder(Protocol):
    """Texts to vectors. Deterministic; the same text gives the same numbers alone or in a batch."""

    @property
    def name(self) -> str:
        """Identity that artifacts are bound to, such as `wordllama-l2-256`."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> Vector:
        """Return unit vectors, shape (len(texts), dim), float32. Empty text gives zeros."""


class Rule(Protocol):
    """One ground on which a model may not serve a request. Pure."""

    @property
    def name(self) -> str:
        """What `Excluded.rule` shows."""

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        """Return the reason against the candidate in one sentence, or None."""


class QualityPredictor(Protocol):
    """Expected quality per candidate. Works with nothing learned and for models never seen."""

    def predict_one(self, features: Features, models: Sequence[Model]) -> tuple[Quality, ...]:
        """Return one `Quality` per model, in order. Changes nothing."""

    def learn_one(self, features: Features, score: Score) -> None:
        """Take in one measured score of one model on the prompt with these features."""


PredictorFactory: TypeAlias = Callable[[QualityPredictor], QualityPredictor]
"""Makes a quality predictor that has learned nothing; is given Unisono's own, with all scores, to ask or to ignore."""


class PredictorPlugin(NamedTuple):
    """A plug-in's quality predictor, by the name that `routing.predictor` says."""

    name: str
    make: PredictorFactory


class CostPredictor(Protocol):
    """Expected tokens and money per candidate."""

    def predict_one(self, request: Request, features: Features, models: Sequence[Model]) -> tuple[Cost, ...]:
        """Return one `Cost` per model, in order. Changes nothing."""

    def learn_one(self, features: Features, attempt: Attempt) -> None:
        """Take in the real usage of one finished attempt."""


class LatencyPredictor(Protocol):
    """Expected seconds per candidate."""

    def predict_one(self, features: Features, models: Sequence[Model], costs: Sequence[Cost]) -> tuple[Latency, ...]:
        """Return one `Latency` per model, in order. Changes nothing."""

    def learn_one(self, features: Features, attempt: Attempt) -> None:
        """Take in the real timing of one finished attempt."""


class Chooser(Protocol):
    """Estimates and a goal to a ranking with reasons. Pure."""

    def choose(self, estimates: Sequence[Estimate], goal: Goal, *, default: str) -> Choice:
        """Rank the estimates; the propensities sum to one. Raises nothing when all are excluded."""


class Evidence(Protocol):
    """A check of an answer that may be right or wrong."""

    @property
    def name(self) -> str:
        """What the plan and the record call it."""

    async def weigh(self, seen: Seen, ask: Ask | None) -> Verdict | None:
        """Return what the answer's look says, or None where this check has nothing to say.

        Args:
            seen: the question and the answers.
            ask: asks the judge; None where there is none.
        """


class Provider(Protocol):
    """One upstream's dialect and transport."""

    async def start(self) -> None:
        """Make ready to send (open pools, start processes). May be called once."""

    def send(self, call: Call) -> AsyncIterator[Chunk]:
        """Yield the answer's chunks as they arrive; closing the iterator cancels the upstream call.

        Raises:
            UpstreamError: the attempt failed, before or after the first chunk.
        """

    async def close(self) -> None:
        """Free everything. Calls in flight are cancelled."""


ProviderFactory: TypeAlias = Callable[[Model, Timeouts], Provider]
"""Builds the provider of one model; cheap, opens nothing before `start`."""
