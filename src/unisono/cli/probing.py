"""Asking models the probe's questions from the command line: progress is shown, and the scores are kept.

It changes no configuration. What is answered is kept at once, so that an interrupted probe goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from unisono.cli.questions import askable

if TYPE_CHECKING:
    from unisono.compose import Live
    from unisono.config import Config
    from unisono.evaluate.probe.choose import Bank
    from unisono.evaluate.probe.judged import Judge
    from unisono.evaluate.probe.questions import Question
    from unisono.evaluate.probe.run import Answer, Step
    from unisono.record.store import Store
    from unisono.types import Json, JsonValue, Model, Score

ROUND = 25
"""So many are chosen at a time; what was answered decides what is asked next."""
KEEP_EVERY = 10
"""Scores that may be lost when the command is killed."""
_NOT_ASKED = "Not asked, as before: "
"""Begins what a probe tells of a question that it left out after failures in a row."""


async def probe_pool(
    settings: Config,
    models: Sequence[Model],
    questions: Sequence[Question],
    *,
    n: int | None = None,
    again: bool = False,
    extra_tokens: int = 0,
    silent: bool = False,
    judge: Model | None = None,
) -> list[str]:
    """Ask the models and keep the scores; returns what failed, a line for each model and reason.

    A judge among the models is not asked what it would have to score itself: see `left_out`.

    Args:
        settings: the configuration, whose record takes the scores.
        models: of the configuration.
        questions: the bank.
        n: have each model answer so many of them in all, chosen for what they tell; None asks all.
        again: ask also what has a score.
        extra_tokens: room beside the short answers.
        silent: show no progress.
        judge: of the configuration; scores what no check can.
    """
    from rich.console import Console
    from rich.progress import Progress

    from unisono.catalog.fingerprint import fingerprint
    from unisono.compose import answered, build
    from unisono.evaluate.probe.run import probe

    live = build(settings)
    asked_of = {m.name: askable(m, questions, judge) for m in models}
    came = _Came(live.store, {m.name: fingerprint(m) for m in models})
    n_total = sum(len(own) if n is None else min(n, len(own)) for own in asked_of.values())
    with Progress(console=Console(stderr=True), disable=silent) as progress:
        task = progress.add_task("probing", total=n_total)

        async def ask_one(model: Model, body: Json) -> Answer:
            return await answered(live, model, body)

        def on_progress(step: Step) -> None:
            came.take(step)
            progress.update(task, completed=len(came.got), description=f"probing {step.model}")

        try:
            await live.start(serves=False)
            if not again:
                came.begin()
            every = {(m.name, q.id) for m in models for q in questions}
            pick = _Picks(settings, questions, asked_of, n=n)
            while todo := pick.next(models, came.got):
                await probe(
                    models,
                    ask_one,
                    questions,
                    on_progress=on_progress,
                    done=every - todo,
                    extra_tokens=extra_tokens,
                    judge=None if judge is None else _asking(live, judge, extra_tokens=extra_tokens),
                )
                came.keep()
        finally:
            came.keep()
            await live.close()
    return came.failures()


def _asking(live: Live, judge: Model, *, extra_tokens: int) -> Judge:
    """Return the judge, asked through the pool."""
    from unisono.compose import answered
    from unisono.evaluate.probe.judged import OUTPUT_TOKENS, Judge

    async def ask(prompt: str) -> str:
        turns: list[JsonValue] = [{"role": "user", "content": prompt}]
        body: Json = {"model": judge.upstream_model, "messages": turns, "temperature": 0, "seed": 0}
        return (await answered(live, judge, {**body, "max_tokens": OUTPUT_TOKENS + extra_tokens})).text

    return Judge(name=judge.name, ask=ask)


class _Came:
    """What came of the questions: scores are kept a few at a time, failures gathered by model and reason.

    Attributes:
        got: every pair of model and question that was asked; None where there was no answer.
    """

    def __init__(self, store: Store, prints: Mapping[str, str]) -> None:
        self.got: dict[tuple[str, str], float | None] = {}
        self._store, self._prints = store, prints
        self._fresh: list[Score] = []
        self._failed: dict[tuple[str, str], list[str]] = {}

    def begin(self) -> None:
        """Take what has a score already as asked."""
        self.got.update({(s.model, s.item): s.score for s in self._store.reader.scores(self._prints)})

    def take(self, step: Step) -> None:
        """Take in what came of one question."""
        self.got[step.model, step.item] = None if step.score is None else step.score.score
        if step.score is not None:
            self._fresh.append(step.score)
        if len(self._fresh) >= KEEP_EVERY:
            self.keep()
        if step.failure is not None:
            why = step.failure.text.removeprefix(_NOT_ASKED)
            self._failed.setdefault((step.model, why), []).append(step.item)

    def keep(self) -> None:
        """Write the scores that wait to the record."""
        self._store.add_scores(self._fresh, self._prints)
        self._fresh.clear()

    def failures(self) -> list[str]:
        """Return what has no score, a line for each model and reason."""
        return [_unscored(model, why, items) for (model, why), items in self._failed.items()]


def _unscored(model: str, why: str, items: Sequence[str]) -> str:
    """Return one line on the questions that have no score for the same reason."""
    about = items[0] if len(items) == 1 else f"{len(items)} questions"
    return f"{model}: {about} without a score: {why.removeprefix(f'{model}: ')}"


class _Picks:
    """What to ask in the next round."""

    def __init__(
        self,
        settings: Config,
        questions: Sequence[Question],
        asked_of: Mapping[str, Sequence[Question]],
        *,
        n: int | None,
    ) -> None:
        self._asked_of = {name: [q.id for q in own] for name, own in asked_of.items()}
        self._items, self._n = {q.id for q in questions}, n
        self._bank = None if n is None or n >= len(questions) else _telling(settings, questions)

    def next(self, models: Sequence[Model], got: Mapping[tuple[str, str], float | None]) -> set[tuple[str, str]]:
        """Return pairs of model and question; none when every model was asked enough."""
        found: set[tuple[str, str]] = set()
        for model in models:
            own = self._asked_of[model.name]
            asked = {item for item in own if (model.name, item) in got}
            if self._bank is None:
                left = [item for item in own if item not in asked]
                found |= {(model.name, item) for item in left[: None if self._n is None else self._n - len(asked)]}
            elif (n_now := min((self._n or 0) - len(asked), ROUND)) > 0:
                scores = [
                    (item, score) for (name, item), score in got.items() if name == model.name and score is not None
                ]
                closed = asked | self._items.difference(own)
                found |= {(model.name, item) for item in self._bank.next(model, scores, asked=closed, n=n_now)}
        return found


def _telling(settings: Config, questions: Sequence[Question]) -> Bank | None:
    """Return the bank that knows what each question tells; None where the trained parts are broken."""
    from unisono import plugins
    from unisono.compose import read_trained
    from unisono.evaluate.probe.choose import Bank
    from unisono.understand.features import Understanding

    trained = read_trained(settings, plugins.load())
    if trained.artifact is None:
        return None
    return Bank(trained.artifact.ability, questions, Understanding(trained.encoder).text)
