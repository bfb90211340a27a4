"""Asks every model of a pool the probe's questions and scores the answers; sums the scores up per model.

It knows no upstream (the composition gives `ask`), stores nothing and prints nothing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, median
from typing import TypeAlias

from unisono.errors import UnisonoError
from unisono.evaluate.probe.judged import Judge, Judged, worth
from unisono.evaluate.probe.questions import Question
from unisono.learn.reward import MEASURED
from unisono.types import Json, Model, Score

_MAX_FAILURES_IN_A_ROW = 3
_ALIVE = ("no_room", "no_judge")
"""Failures of questions that the model did answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said. `output_tokens` is None when the upstream does not count."""

    text: str
    output_tokens: int | None
    seconds: float


Ask: TypeAlias = Callable[[Model, Json], Awaitable[Answer]]
"""Sends one chat body to one model. Raises `UnisonoError` when the model cannot answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A question that a model could not be asked. It is no wrong answer and gives no score."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One finished question of one model: a score, or a failure; `n_done` of `n_total` over all models."""

    model: str
    item: str
    n_done: int
    n_total: int
    score: Score | None
    failure: Failure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model's line of the table. `low` and `high` bound the accuracy 19 times in 20 (Wilson's interval)."""

    model: str
    n: int
    accuracy: float
    low: float
    high: float
    by_kind: Mapping[str, float]
    output_tokens: float | None
    seconds: float | None


async def probe(
    models: Sequence[Model],
    ask: Ask,
    questions: Sequence[Question],
    *,
    on_progress: Callable[[Step], None],
    done: Collection[tuple[str, str]] = (),
    n_parallel: int = 1,
    n_providers: int = 4,
    extra_tokens: int = 0,
    judge: Judge | None = None,
) -> tuple[Score, ...]:
    """Ask each model each question; one model at a time per provider, several providers at once.

    Args:
        models: the pool.
        ask: sends one body to one model.
        questions: what to ask.
        on_progress: is told of every question, failures included, as soon as it is finished.
        done: pairs of (model name, question id) that have a score already and are skipped.
        n_parallel: how many questions one model is asked at once.
        n_providers: how many providers (upstream and address) are asked at once.
        extra_tokens: room beside the short answer, for models that think before they answer.
        judge: scores what no check can; without one such questions fail.

    Returns:
        The new scores. A question that failed has none; after three failures in a row the rest of a model's questions
        fail unasked. A failure never stops the other models.
    """
    known = frozenset(done)
    todo = {m.name: [q for q in questions if (m.name, q.id) not in known] for m in models}
    tally = _Tally(n_total=sum(len(qs) for qs in todo.values()), on_progress=on_progress)
    lanes: dict[tuple[str, str | None], list[Model]] = defaultdict(list)
    for model in models:
        lanes[model.upstream, model.base_url].append(model)
    gate = asyncio.Semaphore(n_providers)

    async def lane(pool: Sequence[Model]) -> None:
        async with gate:
            for model in pool:
                await _probe_model(
                    model,
                    ask,
                    todo[model.name],
                    tally=tally,
                    n_parallel=n_parallel,
                    extra_tokens=extra_tokens,
                    judge=judge,
                )

    async with asyncio.TaskGroup() as group:
        for pool in lanes.values():
            group.create_task(lane(pool))
    return tuple(tally.scores)


def body_of(question: Question, *, model: str, extra_tokens: int = 0) -> Json:
    """Return the chat body of a question: deterministic as far as an upstream allows."""
    return {
        "model": model,
        "messages": [*question.before, {"role": "user", "content": question.prompt}],
        "temperature": 0,
        "seed": 0,
        "max_tokens": question.max_tokens + extra_tokens,
    }


def summarise(scores: Sequence[Score]) -> tuple[Row, ...]:
    """Return one row per model, the most accurate first; models without a score have none."""
    by_model: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        by_model[score.model].append(score)
    rows = (_row(model, own) for model, own in by_model.items())
    return tuple(sorted(rows, key=lambda row: (-row.accuracy, row.model)))


def wilson(mean: float, n: int, *, z: float = 1.96) -> tuple[float, float]:
    """Return the score interval of a share `mean` of `n` trials.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    Not for: shares of questions that depend on each other.
    """
    if n == 0:
        return 0.0, 1.0
    centre = (mean + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(mean * (1 - mean) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


class _Tally:
    """Counts what is finished, keeps the scores, reports each step."""

    def __init__(self, *, n_total: int, on_progress: Callable[[Step], None]) -> None:
        self.scores: list[Score] = []
        self._n_done = 0
        self._n_total = n_total
        self._on_progress = on_progress

    def add(self, model: str, item: str, result: Score | Failure) -> None:
        self._n_done += 1
        score = result if isinstance(result, Score) else None
        failure = result if isinstance(result, Failure) else None
        if score is not None:
            self.scores.append(score)
        self._on_progress(
            Step(model=model, item=item, n_done=self._n_done, n_total=self._n_total, score=score, failure=failure)
        )


async def _probe_model(
    model: Model,
    ask: Ask,
    questions: Sequence[Question],
    *,
    tally: _Tally,
    n_parallel: int,
    extra_tokens: int,
    judge: Judge | None,
) -> None:
    waiting = iter(questions)
    n_failures = 0
    last: Failure | None = None

    async def work() -> None:
        nonlocal n_failures, last
        for question in waiting:
            if last is not None and n_failures >= _MAX_FAILURES_IN_A_ROW:
                tally.add(model.name, question.id, Failure(code=last.code, text=f"Not asked, as before: {last.text}"))
                continue
            result = await _ask_one(model, ask, question, extra_tokens=extra_tokens, judge=judge)
            if isinstance(result, Failure):
                # An answer that cannot be scored shows a live model: it does not count towards giving up.
                n_failures += result.code not in _ALIVE
                last = result if result.code not in _ALIVE else last
            else:
                n_failures = 0
            tally.add(model.name, question.id, result)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(n_parallel, len(questions))):
            group.create_task(work())


async def _ask_one(
    model: Model, ask: Ask, question: Question, *, extra_tokens: int, judge: Judge | None
) -> Score | Failure:
    body = body_of(question, model=model.upstream_model, extra_tokens=extra_tokens)
    try:
        answer = await ask(model, body)
    except UnisonoError as exc:
        return Failure(code=exc.code, text=str(exc))
    room = question.max_tokens + extra_tokens
    if not answer.text.strip() and answer.output_tokens is not None and answer.output_tokens >= room:
        return Failure(
            code="no_room",
            text=f"{model.name} spent all {room} tokens before any text: probe it with more extra tokens.",
        )
    by_judge = isinstance(question.check, Judged)
    value = await _judged(model, question, answer.text, judge) if by_judge else question.score(answer.text)
    if isinstance(value, Failure):
        return value
    return Score(
        model=model.name,
        item=question.id,
        kind=question.kind,
        prompt=question.prompt,
        score=value,
        weight=MEASURED["judge"] if by_judge else 1.0,
        output_tokens=answer.output_tokens,
        seconds=answer.seconds,
    )


async def _judged(model: Model, question: Question, text: str, judge: Judge | None) -> float | Failure:
    """Return what the judge makes of an answer."""
    assert isinstance(question.check, Judged)  # noqa: S101 - else nobody is asked
    if judge is None:
        return Failure(code="no_judge", text=f"{question.id} can be scored by a judge only: name one with --judge.")
    if not question.check.may_score(judge.name, model.name):
        return Failure(code="no_judge", text=f"{model.name} does not judge its own answers without a reference.")
    try:
        reply = await judge.ask(question.check.prompt(question.prompt, text))
    except UnisonoError as exc:
        return Failure(code="no_judge", text=f"the judge did not answer: {exc}")
    value = worth(reply)
    if value is None:
        return Failure(code="no_judge", text="the judge said neither YES, PARTLY nor NO.")
    return value


def _row(model: str, scores: Sequence[Score]) -> Row:
    by_kind: dict[str, list[float]] = defaultdict(list)
    for score in scores:
        by_kind[score.kind].append(score.score)
    accuracy = fmean(s.score for s in scores)
    low, high = wilson(accuracy, len(scores))
    tokens = [s.output_tokens for s in scores if s.output_tokens is not None]
    seconds = [s.seconds for s in scores if s.seconds is not None]
    return Row(
        model=model,
        n=len(scores),
        accuracy=accuracy,
        low=low,
        high=high,
        by_kind={kind: fmean(values) for kind, values in by_kind.items()},
        output_tokens=fmean(tokens) if tokens else None,
        seconds=median(seconds) if seconds else None,
    )
