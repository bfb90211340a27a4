"""The judged answers of a record as a table of outcomes with the features that were kept: what `fit` learns from.

No words of users are needed or read. It trains nothing. What the gateway only saw is left out, and so are answers of a
model whose definition has changed since, and features of another encoder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import numpy as np

from unisono.errors import StartError
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.judged import reward_of
from unisono.record.reader import Reader, Stored
from unisono.types import Features

NAME = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A table whose prompts are the decisions' ids, their features, and the stamp of the last of them."""

    table: Outcomes
    features: Mapping[str, Features]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    decision: str
    at: datetime
    model: str
    reward: float
    cost_usd: float
    tokens: tuple[float, float]
    features: Features


def learned_from(reader: Reader, *, fingerprints: Mapping[str, str], dim: int, last: int) -> Learned:
    """Return what the latest judged answers say.

    Args:
        reader: of the record.
        fingerprints: of today's models by name; answers of others are left out.
        dim: of the encoder's vectors.
        last: at most so many judged decisions.

    Raises:
        StartError: nothing can be learnt from.
        StoreError: the record cannot be read.
    """
    answers = sorted(_answers(reader, fingerprints, dim=dim, last=last), key=lambda a: a.decision)
    if not answers:
        raise StartError(
            "The record holds no judged answer of today's models that can be learnt from: send feedback "
            "(POST /v1/decisions/{id}/feedback), or fit a table of your own outcomes."
        )
    models = tuple(sorted({answer.model for answer in answers}))
    place = (np.arange(len(answers)), np.array([models.index(answer.model) for answer in answers], dtype=np.intp))
    empty = np.full((len(answers), len(models)), np.nan)
    scores, costs, ins, outs = (empty.copy() for _ in range(4))
    scores[place] = [answer.reward for answer in answers]
    costs[place] = [answer.cost_usd for answer in answers]
    ins[place] = [answer.tokens[0] for answer in answers]
    outs[place] = [answer.tokens[1] for answer in answers]
    content = "\n".join(f"{a.decision} {a.model} {a.reward!r}" for a in answers)
    table = Outcomes(
        name=NAME,
        prompts=tuple(answer.decision for answer in answers),
        categories=("",) * len(answers),
        models=models,
        scores=scores,
        costs_usd=costs,
        input_tokens=ins,
        output_tokens=outs,
        n_options=np.full(len(answers), np.nan),
        hashes={NAME: sha256(content.encode()).hexdigest()},
    )
    features = {answer.decision: answer.features for answer in answers}
    return Learned(table=table, features=features, until=max(answer.at for answer in answers))


def _answers(reader: Reader, fingerprints: Mapping[str, str], *, dim: int, last: int) -> Iterator[_Answer]:
    then: dict[str, Mapping[str, str]] = {}
    for decision in reader.judged(limit=last):
        stored = reader.stored(decision)
        if stored is None or stored.features is None or stored.features.embedding is None:
            continue
        made = stored.decision
        if stored.features.embedding.size != dim:
            continue
        if made.config_hash not in then:
            config = reader.config(made.config_hash)
            then[made.config_hash] = {} if config is None else config.fingerprints
        today = fingerprints.get(made.model)
        if today is None or then[made.config_hash].get(made.model) != today:
            continue
        reward = reward_of(reader, stored)
        if reward is not None:
            yield _answer(stored, stored.features, reward)


def _answer(stored: Stored, features: Features, reward: float) -> _Answer:
    outcome = stored.outcome
    assert outcome is not None and outcome.attempts  # noqa: S101 - it has a reward, so somebody answered
    usage = outcome.attempts[-1].usage
    return _Answer(
        decision=stored.decision.id,
        at=stored.decision.at,
        model=stored.decision.model,
        reward=reward,
        cost_usd=np.nan if outcome.cost_usd is None else outcome.cost_usd,
        tokens=(np.nan, np.nan) if usage is None else (float(usage.input_tokens), float(usage.output_tokens)),
        features=features,
    )
