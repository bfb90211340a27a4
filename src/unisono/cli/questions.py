"""The probe's questions as the command line is told of them: the built-in ones or a file's, and who judges."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.evaluate.probe.questions import Question
    from unisono.types import Model

PER_KIND = 36
"""Few cannot tell kinds of task apart, see docs/explanation/probes.md; the predictor keeps 768 scores of a model."""
CHOSEN = 100
"""Questions that a newcomer is asked, chosen for what they tell."""
QUESTIONS = typer.Option(None, "--questions", help="Ask the questions of this JSONL file instead; - is the input.")
JUDGE = typer.Option("", "--judge", help="Who scores answers that no check can; default: routing.judge.")


def bank(per_kind: int = PER_KIND) -> tuple[Question, ...]:
    """Return the questions that there are."""
    from unisono.evaluate.probe.questions import probe_questions

    return probe_questions(n_per_kind=per_kind)


def unprobed(*, seed: int) -> list[Question]:
    """Return questions of the same kinds that no probe asks: of the others the router may know the scores."""
    from unisono.evaluate.probe.questions import probe_questions

    probed = {question.prompt for question in bank()}
    return [q for q in probe_questions(seed=seed, n_per_kind=PER_KIND) if q.prompt not in probed]


def own_bank(file: Path) -> tuple[Question, ...]:
    """Return the questions of a file, or of the standard input for `-`.

    Raises:
        StartError: it cannot be read, or a line is no question.
    """
    from unisono.evaluate.probe.own import own_questions, read_own

    return own_questions(sys.stdin.read().splitlines()) if str(file) == "-" else read_own(file)


def judge_for(settings: Config, questions: Sequence[Question], name: str) -> Model | None:
    """Return the model that judges; None where no question needs one.

    Args:
        settings: the configuration.
        questions: the bank.
        name: of a model; empty is `routing.judge`.

    Raises:
        typer.BadParameter: one is needed, and none is named or known.
    """
    from unisono.evaluate.probe.judged import Judged

    n_open = sum(isinstance(question.check, Judged) for question in questions)
    if not n_open:
        return None
    wanted = name or settings.routing.judge
    if not wanted:
        raise typer.BadParameter(
            f"{n_open} of the questions can be scored by a judge only: name a model, or set routing.judge.",
            param_hint="--judge",
        )
    found = next((model for model in settings.models if model.name == wanted), None)
    if found is None:
        raise typer.BadParameter(f"no such model: {wanted}", param_hint="--judge")
    return found


def askable(model: Model, questions: Sequence[Question], judge: Model | None) -> list[Question]:
    """Return the questions without those that the model would have to score itself, being the judge."""
    from unisono.evaluate.probe.judged import Judged

    return [
        question
        for question in questions
        if judge is None or not isinstance(question.check, Judged) or question.check.may_score(judge.name, model.name)
    ]


def left_out(models: Sequence[Model], questions: Sequence[Question], judge: Model | None) -> list[str]:
    """Return a sentence where the judge is among the models and some questions are not asked of it."""
    found = []
    for model in models:
        if n := len(questions) - len(askable(model, questions, judge)):
            words = "1 question without a reference is" if n == 1 else f"{n} questions without a reference are"
            found.append(f"{model.name} is the judge: {words} not asked of it.")
    return found
