"""What probing costs at the most, and whether that is accepted."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from unisono.cli.questions import askable
from unisono.cli.record import known_scores

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.evaluate.probe.price import ProbePrice
    from unisono.evaluate.probe.questions import Question
    from unisono.types import Model

YES = typer.Option(False, "--yes", "-y", help="Do not ask before money is spent.")


def prices(
    settings: Config,
    models: Sequence[Model],
    questions: Sequence[Question],
    *,
    n: int | None,
    extra_tokens: int = 0,
    more: bool = False,
    again: bool = False,
    judge: Model | None = None,
) -> list[ProbePrice]:
    """Return what is left to be asked of each model, and the most that it costs; models with nothing left are out.

    Args:
        settings: the configuration, whose record knows what has been asked.
        models: of the configuration.
        questions: the bank.
        n: how many each model answers in all; None is all of them.
        extra_tokens: room beside the short answers.
        more: any `n` of those that are left may be asked, however many have been.
        again: what has a score is asked too.
        judge: who scores what no check can; its part comes last, a bound over all questions.
    """
    from unisono.evaluate.probe.price import price, price_of_judge

    known = set() if again else {(score.model, score.item) for score in known_scores(settings)}
    found: list[ProbePrice] = []
    answers: list[Question] = []
    for model in models:
        own = askable(model, questions, judge)
        left = [q for q in own if (model.name, q.id) not in known]
        n_asked = 0 if more else len(own) - len(left)
        n_left = len(left) if n is None else min(max(n - n_asked, 0), len(left))
        if n_left:
            found.append(price(model, left, n=n_left, extra_tokens=extra_tokens))
            answers += own
    if judge is not None:
        judging = price_of_judge(judge, answers, extra_tokens=extra_tokens)
        found += [] if judging is None else [judging]
    return found


def agreed(told: Sequence[ProbePrice], *, yes: bool, quiet: bool, otherwise: str = "") -> None:
    """Show the price, and go on only when it is accepted.

    Args:
        told: the prices.
        yes: it is accepted beforehand.
        quiet: show nothing.
        otherwise: an option of the command that does without.

    Raises:
        typer.BadParameter: nobody is there to be asked, and `--yes` was not given.
        typer.Exit: it was refused.
    """
    if not told:
        return
    if not quiet:
        for line in told:
            print(line.sentence, file=sys.stderr)
    if yes or all(line.usd == 0.0 for line in told):
        return
    if not sys.stdin.isatty():
        options = " or ".join(filter(None, ("--yes", otherwise)))
        raise typer.BadParameter(
            f"probing costs money and nobody can be asked here: give {options}.", param_hint="--yes"
        )
    if not typer.confirm("Ask them?", default=False, err=True):
        raise typer.Exit(1)


def asks_first(told: Sequence[ProbePrice], *, yes: bool, as_json: bool) -> None:
    """Show the price; at a terminal go on only when it is accepted, in a script go on: the command is the order.

    Raises:
        typer.Exit: it was refused.
    """
    asks = not yes and sys.stdin.isatty()
    agreed(told, yes=not asks, quiet=as_json and not asks)
