"""What it costs to hand a conversation from one model to another: the last turn by B after turns by A, or by itself.

A conversation has a first question, its answer, and a second question with a known answer. Both models answer the
first; B answers the second once after A's answer and once after its own. The scores' difference is the drift.

Source: the switch matrix of 2603.03111, with a second question that can be checked in place of a whole benchmark.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from random import Random
from typing import TypeAlias

import numpy as np

from unisono.evaluate.probe.questions import Question
from unisono.types import Json

PRIOR = 0.02
PRIOR_WEIGHT = 50.0
"""What a hand-off is taken to cost before it was measured, and how many conversations that belief is worth."""
MOST = 0.2
N_DRAWS = 2000

Asked: TypeAlias = Callable[[str, Json], Awaitable[str]]
"""Model and body; returns the answer's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """One ordered pair of models.

    Attributes:
        own: B's mean score on last turns after its own first turn.
        after: the same after A's first turn.
        lost: `own` less `after`, with an interval of 95 % over conversations.
        drift: what continuity charges: `lost` drawn towards the prior, never negative.
    """

    before: str
    after_model: str
    n: int
    own: float
    after: float
    lost: float
    low: float
    high: float
    drift: float


async def measure(
    questions: Sequence[Question],
    models: Sequence[str],
    ask: Asked,
    *,
    n: int = 40,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Handoff, ...]:
    """Measure every ordered pair of models on `n` conversations.

    Raises:
        UnisonoError: a model cannot answer.
    """
    rng = Random(seed)
    talks = [tuple(rng.sample(list(questions), 2)) for _ in range(n)]
    scores: dict[tuple[str, str], list[float]] = {}
    for place, (first, last) in enumerate(talks):
        opened = {model: await ask(model, _body(first, ())) for model in models}
        for before in models:
            turns = ((first.prompt, opened[before]),)
            for after in models:
                said = await ask(after, _body(last, turns))
                scores.setdefault((before, after), []).append(float(last.score(said)))
        on_progress(place + 1, len(talks))
    return tuple(_handoff(before, after, scores) for before, after in permutations(models, 2))


def _handoff(before: str, after: str, scores: Mapping[tuple[str, str], Sequence[float]]) -> Handoff:
    own, handed = np.array(scores[after, after]), np.array(scores[before, after])
    lost = own - handed
    rng = np.random.default_rng(0)
    means = lost[rng.integers(0, len(lost), (N_DRAWS, len(lost)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    drawn = (float(lost.sum()) + PRIOR_WEIGHT * PRIOR) / (len(lost) + PRIOR_WEIGHT)
    return Handoff(
        before=before,
        after_model=after,
        n=len(lost),
        own=float(own.mean()),
        after=float(handed.mean()),
        lost=float(lost.mean()),
        low=float(low),
        high=float(high),
        drift=round(min(max(drawn, 0.0), MOST), 4),
    )


def config_lines(found: Sequence[Handoff]) -> str:
    """Return the measured drifts as the key `routing.handoff` takes them."""
    by_model: dict[str, list[str]] = {}
    for pair in found:
        by_model.setdefault(pair.before, []).append(f'"{pair.after_model}" = {pair.drift}')
    rows = ", ".join(f'"{before}" = {{ {", ".join(pairs)} }}' for before, pairs in by_model.items())
    return f"[routing]\nhandoff = {{ {rows} }}"


def _body(question: Question, turns: Sequence[tuple[str, str]]) -> Json:
    messages: list[Json] = []
    for asked, said in turns:
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
    messages.append({"role": "user", "content": question.prompt})
    return {"messages": [*messages], "temperature": 0, "seed": 0, "max_tokens": question.max_tokens}
