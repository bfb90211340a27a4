"""What the signals about one answer come to: a reward in [0, 1] for a model, its weight, and where it comes from.

What was measured goes before what was said, and what was said before what the gateway only saw. It knows no store. The
rewards and weights of what is only seen are guesses that nothing here has measured; they are low, so that a few
measured answers outweigh them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from unisono.types import Signal

MEASURED: Mapping[str, float] = {"exact_match": 1.0, "unit_test": 1.0, "human": 1.0, "judge": 0.6, "schema": 0.3}
"""Weight of a measured correctness by its source. A schema says that the form is right, not the content."""
OTHER_SOURCE = 0.5
SAID = 0.5
"""Weight of a score or a preference in a small house; in a larger one it counts less (`learn.voters`)."""
MISTAKEN = 0.15
"""How often a vote says the opposite of the truth: two people who err so often agree about three times in four."""
SEEN: Mapping[str, tuple[float, float]] = {
    "rejected": (0.1, 0.1),
    "retry_deeper": (0.25, 0.08),
    "retry_other": (0.25, 0.08),
    "retry_model": (0.25, 0.08),
    "switched": (0.3, 0.08),
    "retry_same": (0.4, 0.04),
    "abandoned": (0.4, 0.02),
    "thanked": (0.9, 0.08),
}
"""Reward and weight of what the gateway sees by itself. Who asks for a faster answer has nothing against this one."""
MAX_SEEN = 0.15
"""All that was only seen about one answer weighs at most this much."""
EVEN = 0.5
"""The quality of a model of which nothing is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """What one answer was worth, for the model that gave it: `weight` counts measured answers."""

    model: str
    reward: float
    weight: float
    source: str


def rewards(signals: Sequence[Signal], *, answered: str, expected: Mapping[str, float]) -> tuple[Reward, ...]:
    """Return what a learner takes from the signals, at most one reward per model.

    Args:
        signals: all that is known about one decision.
        answered: the model whose answer it was.
        expected: quality that the decision expected of each model, for what is said.
    """
    parts: dict[str, list[Reward]] = defaultdict(list)
    for signal in signals:
        for part in _parts(signal, answered, expected, score=believed):
            parts[part.model].append(part)
    return tuple(_joined(of_model) for of_model in parts.values())


def verdict(signals: Sequence[Signal], *, answered: str, expected: Mapping[str, float]) -> Reward | None:
    """Return what the signals say of the answer itself; None where they say nothing of it.

    A score counts as it was given. The mean of many is then the mean of what was said, whatever had been expected; what
    a learner believes after a score leans towards the expectation, and an estimate must not lean towards what it tests.
    Only a preference goes by what was expected: it compares, and has no scale of its own.

    Args:
        signals: all that is known about one decision.
        answered: the model whose answer it was.
        expected: quality that the decision expected of each model.
    """
    parts = [part for signal in signals for part in _parts(signal, answered, expected, score=_as_given)]
    of_answer = [part for part in parts if part.model == answered]
    return _joined(of_answer) if of_answer else None


def _parts(
    signal: Signal, answered: str, expected: Mapping[str, float], *, score: Callable[[float, float], float]
) -> tuple[Reward, ...]:
    if signal.kind == "preferred":
        return _of_preference(signal, expected)
    if signal.kind == "score":
        worth = score(float(signal.value or EVEN), expected.get(answered, EVEN))
        return (Reward(model=answered, reward=worth, weight=SAID, source="said"),)
    of_answer = _of_answer(signal, answered)
    return () if of_answer is None else (of_answer,)


def _as_given(said: float, expected: float) -> float:
    return said


def believed(said: float, expected: float) -> float:
    """Return the chance that an answer was right, given a vote on it and what was expected: Bayes' rule.

    A vote taken at its word would draw every model that is judged towards one half, and not those that are not.

    Args:
        said: the vote, in [0, 1].
        expected: quality, in [0, 1].
    """
    if_right = said * (1.0 - MISTAKEN) + (1.0 - said) * MISTAKEN
    if_wrong = said * MISTAKEN + (1.0 - said) * (1.0 - MISTAKEN)
    return expected * if_right / (expected * if_right + (1.0 - expected) * if_wrong)


def _of_answer(signal: Signal, answered: str) -> Reward | None:
    kind, _, source = signal.kind.partition(":")
    if kind == "correct":
        right = float(signal.value == "true")
        return Reward(model=answered, reward=right, weight=MEASURED.get(source, OTHER_SOURCE), source="measured")
    if kind in SEEN:
        reward, weight = SEEN[kind]
        return Reward(model=answered, reward=reward, weight=weight, source="seen")
    return None


def _joined(parts: Sequence[Reward]) -> Reward:
    """Return the mean of the strongest kind, by weight."""
    best = next(kind for kind in ("measured", "said", "seen") if any(part.source == kind for part in parts))
    kept = [part for part in parts if part.source == best]
    weight = sum(part.weight for part in kept)
    mean = sum(part.reward * part.weight for part in kept) / weight
    most = MAX_SEEN if best == "seen" else max(part.weight for part in kept)
    return Reward(model=kept[0].model, reward=mean, weight=min(weight, most), source=best)


def _of_preference(signal: Signal, expected: Mapping[str, float]) -> tuple[Reward, Reward]:
    """Return what Bayes' rule makes of a preference: the chance that each answer was right, given who won.

    Two answers that are both right, or both wrong, win equally often: style decides then.
    """
    preferred, over = msgspec.json.decode(signal.value or "", type=tuple[str, str])
    p, q = expected.get(preferred, EVEN), expected.get(over, EVEN)
    only_winner, both, none = p * (1 - q), p * q / 2, (1 - p) * (1 - q) / 2
    total = max(only_winner + both + none, 1e-9)
    return (
        Reward(model=preferred, reward=(only_winner + both) / total, weight=SAID, source="said"),
        Reward(model=over, reward=both / total, weight=SAID, source="said"),
    )
