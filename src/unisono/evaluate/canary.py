"""Canaries: a few probe questions asked again, to see whether a model still ends them as it did.

It decides which questions, says what they cost, and compares; who asks, and when, the composition knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from unisono.errors import UnisonoError
from unisono.evaluate.probe.judged import Judged
from unisono.evaluate.probe.own import read_own
from unisono.evaluate.probe.price import price
from unisono.evaluate.probe.questions import Question, probe_questions
from unisono.evaluate.probe.run import Ask, body_of
from unisono.types import Model, Score

BANK_PER_KIND = 36
"""As many of each kind as `unisono models probe` asks: whatever was scored is found again."""
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What canaries said of one model: per question whether it ended otherwise, and what asking cost."""

    flips: tuple[bool, ...]
    usd: float | None
    failed: int


def bank(own: Path | None) -> tuple[Question, ...]:
    """Return what canaries may ask: the probe's questions, and those of a file that are checked without a judge.

    Raises:
        StartError: the file cannot be read, or a line is no question.
    """
    more = () if own is None else read_own(own)
    return (*probe_questions(n_per_kind=BANK_PER_KIND), *(q for q in more if not isinstance(q.check, Judged)))


def pick(
    questions: Sequence[Question], scores: Sequence[Score], *, n: int, rng: Random
) -> list[tuple[Question, float]]:
    """Return up to `n` questions that have a score, with that score; none of a model that was never probed."""
    known = {score.item: score.score for score in scores}
    asked = [question for question in questions if question.id in known]
    return [(question, known[question.id]) for question in rng.sample(asked, min(n, len(asked)))]


async def look(model: Model, picked: Sequence[tuple[Question, float]], ask: Ask) -> Looked:
    """Ask the picked questions, one after the other, and compare. What cannot be asked says nothing."""
    flips: list[bool] = []
    usd, failed = 0.0, 0
    for question, before in picked:
        try:
            answer = await ask(model, body_of(question, model=model.upstream_model))
        except UnisonoError:
            failed += 1
            continue
        spent = price(model, (question,))
        usd += spent.usd or 0.0
        flips.append(abs(question.score(answer.text) - before) >= 0.5)
    return Looked(flips=tuple(flips), usd=usd if model.prices is not None else None, failed=failed)


def daily_usd(models: Sequence[Model], questions: Sequence[Question], *, n: int, every_s: float) -> float | None:
    """Return the most that canaries cost in a day; None where a model's price is not known."""
    costs = [price(model, questions, n=n).usd for model in models]
    known = [cost for cost in costs if cost is not None]
    return None if len(known) < len(costs) else sum(known) * DAY_S / every_s
