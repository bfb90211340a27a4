"""How often the same question in other words gets another answer: of the router, beside each model alone.

The router's disagreement minus that of the best fixed model is its excess inconsistency: what switching between models
costs in consistency. It asks nothing by itself; `gather` gets its answers from a function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from unisono.evaluate.perturb import KINDS
from unisono.evaluate.probe.questions import Question
from unisono.execute.evidence.agreement import ending
from unisono.types import Said

N_DRAWS = 2000
N_WORDINGS = 2
"""Other words that each question is asked in."""
SHORT_CHARS = 200

Asked: TypeAlias = Callable[[str, Question, str], Awaitable[tuple[str, str]]]
"""Model (or `auto`), question, its words: returns the text and the model that gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The answers to one question in several wordings.

    Attributes:
        endings: of each model, what each wording's answer ends in; None where it ends in nothing.
        scores: of each model, the checked score of each wording's answer.
        chosen: the model that the router took for each wording.
        routed: what the router's answers end in.
    """

    question: str
    endings: Mapping[str, tuple[str | None, ...]]
    scores: Mapping[str, tuple[float, ...]]
    chosen: tuple[str, ...]
    routed: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Two models between which the router switched within a question, and how often that changed the answer."""

    models: tuple[str, str]
    n_pairs: int
    n_differ: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """Shares of pairs of wordings that end differently, and the router's excess over the best fixed model.

    Attributes:
        from_switches: the part of the excess that comes from answering wordings of one question by several models; the
            rest comes from taking models that answer other wordings otherwise by themselves.
    """

    n_questions: int
    fixed: Mapping[str, float]
    accuracy: Mapping[str, float]
    router: float
    best: str
    excess: float
    low: float
    high: float
    from_switches: float
    share_switched: float
    switches: tuple[Switch, ...]


def wordings(prompt: str, *, n: int, rng: Random) -> tuple[str, ...]:
    """Return the prompt and `n` rewordings of different kinds; those that change nothing are left out."""
    kinds = rng.sample(sorted(KINDS), min(n, len(KINDS)))
    return tuple(dict.fromkeys((prompt, *(KINDS[kind](prompt, rng) for kind in kinds))))


async def gather(
    questions: Sequence[Question],
    models: Sequence[str],
    ask: Asked,
    *,
    n_wordings: int = N_WORDINGS,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Group, ...]:
    """Ask every model and the router every wording of every question.

    Raises:
        UnisonoError: a model cannot answer.
    """
    rng = Random(seed)
    groups = []
    for place, question in enumerate(questions):
        said = wordings(question.prompt, n=n_wordings, rng=rng)
        answers = {model: [(await ask(model, question, words))[0] for words in said] for model in models}
        routed = [await ask("auto", question, words) for words in said]
        groups.append(
            Group(
                question=question.id,
                endings={model: tuple(map(_ending, texts)) for model, texts in answers.items()},
                scores={model: tuple(question.score(text) for text in texts) for model, texts in answers.items()},
                chosen=tuple(model for _, model in routed),
                routed=tuple(_ending(text) for text, _ in routed),
            )
        )
        on_progress(place + 1, len(questions))
    return tuple(groups)


def summed_up(groups: Sequence[Group], *, seed: int = 0) -> Consistency:
    """Return the figures of the groups; the interval holds 95 % of bootstrap draws over questions.

    The best fixed model is the most accurate one, and of equals the one that is named first.
    """
    kept = [group for group in groups if len(group.routed) > 1]
    models = list(kept[0].endings)
    fixed = {m: np.array([_differing(g.endings[m]) for g in kept]) for m in models}
    accuracy = {m: float(np.mean([s for g in kept for s in g.scores[m]])) for m in models}
    router = np.array([_differing(g.routed) for g in kept])
    best = max(models, key=lambda m: accuracy[m])
    difference = router - fixed[best]
    low, high = _interval(difference, seed=seed)
    switched = [g.chosen[i] != g.chosen[j] for g in kept for i, j in _pairs(g)]
    return Consistency(
        n_questions=len(kept),
        fixed={m: float(values.mean()) for m, values in fixed.items()},
        accuracy=accuracy,
        router=float(router.mean()),
        best=best,
        excess=float(difference.mean()),
        low=low,
        high=high,
        from_switches=float((router - np.array([_by_itself(g) for g in kept])).mean()),
        share_switched=float(np.mean(switched)),
        switches=_switches(kept),
    )


def _switches(groups: Sequence[Group]) -> tuple[Switch, ...]:
    n_pairs: Counter[tuple[str, str]] = Counter()
    n_differ: Counter[tuple[str, str]] = Counter()
    for group in groups:
        for i, j in _pairs(group):
            a, b = sorted((group.chosen[i], group.chosen[j]))
            if a != b:
                n_pairs[a, b] += 1
                n_differ[a, b] += group.routed[i] != group.routed[j]
    found = [Switch(models=pair, n_pairs=n, n_differ=n_differ[pair]) for pair, n in n_pairs.items()]
    return tuple(sorted(found, key=lambda s: (-s.n_differ, s.models)))


def _pairs(group: Group) -> list[tuple[int, int]]:
    return list(combinations(range(len(group.routed)), 2))


def _by_itself(group: Group) -> float:
    """Return what the models that the router took would have, each alone: the mean over the wordings."""
    return float(np.mean([_differing(group.endings[model]) for model in group.chosen]))


def _differing(endings: Sequence[str | None]) -> float:
    pairs = list(combinations(endings, 2))
    return sum(a != b for a, b in pairs) / len(pairs)


def _ending(text: str) -> str | None:
    found = ending(Said(text=text))
    return text.strip().lower()[:SHORT_CHARS] if found is None else found


def _interval(values: NDArray[np.float64], *, seed: int) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (N_DRAWS, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
