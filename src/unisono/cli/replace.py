"""`unisono models replace`: two models side by side, and then a last day and a successor for the older one.

The other models' scores stay untouched: nothing is measured of them, and nothing of theirs is written.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unisono.cli.add import EXTRA_TOKENS, N_PROBES
from unisono.cli.change import checked, note, put_in_force, tell
from unisono.cli.ending import MOVE, ON, day, ending, known, lines, moved, serving, who
from unisono.cli.prices import YES, agreed, prices
from unisono.cli.probing import probe_pool
from unisono.cli.questions import JUDGE, QUESTIONS, askable, bank, judge_for, left_out, own_bank
from unisono.cli.record import AS_JSON, known_scores, print_json
from unisono.cli.serve import CONFIG
from unisono.cli.side_by_side import as_told, compared, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unisono.config import Config
    from unisono.evaluate.probe.questions import Question
    from unisono.types import Json, Model


def replace(
    old: str = typer.Argument(..., help="The model that goes."),
    new: str = typer.Argument(..., help="The model that follows; `unisono models add` put it into the pool."),
    on: str = ON,
    n: int = N_PROBES,
    questions: Path | None = QUESTIONS,
    judge: str = JUDGE,
    extra_tokens: int = EXTRA_TOKENS,
    move_default: bool = MOVE,
    report: bool = typer.Option(False, "--report", help="Only compare; change nothing."),
    yes: bool = YES,
    config: Path = CONFIG,
    as_json: bool = AS_JSON,
) -> None:
    """Compare a model with its successor on probes and on logged requests, then give the older one a last day.

    What has not been asked yet is asked, after the price was shown. Until its last day the older model serves, and who
    pins it is told; then the newer one answers to its name. All other models keep their statistics.

    Example: `unisono models replace small small-2 --on 2027-01-31`
    """
    from unisono.config import load_config
    from unisono.config.edit import opened
    from unisono.errors import StartError

    before = load_config(config)
    today = datetime.now(UTC).date()
    pair = _pair(before, old, new, today=today)
    last = day(on, today=today)
    found = who(before, old)
    if found.parts and not (move_default or report):
        raise StartError(f"{old} is `{'` and `'.join(found.parts)}` of the configuration: give --move-default.")
    whole = own_bank(questions) if questions else bank()
    by = judge_for(before, whole, judge)
    asked = askable(pair[0], askable(pair[1], whole, by), by)
    notes = left_out(pair, whole, by)
    failures = _asked_alike(before, pair, asked, n=n, extra_tokens=extra_tokens, yes=yes, quiet=as_json, judge=by)
    probes, log = compared(before, *pair, only={q.id for q in asked} if questions else None)
    told: Json = {"old": old, "new": new, "failures": list(failures), "left_out": list(notes), **as_told(probes, log)}
    if not as_json:
        show(probes, log, pair)
        print("\n".join((*notes, *failures, *lines(found, old))))
    if report:
        if as_json:
            print_json(told)
        return
    if not as_json and not yes and not typer.confirm(f"Let {old} go after {last}?", default=False, err=True):
        raise typer.Exit(1)
    draft = moved(opened(config), before, old, new, wanted=move_default)
    draft = ending(draft, before, old, last=last, successor=new)
    checked(draft, before, today=today)
    taken = put_in_force(draft, before)
    note(before, "replaced", old, successor=new, known={"until": last.isoformat(), **as_told(probes, log)})
    if as_json:
        print_json({**told, "until": last.isoformat(), "server": taken})
    else:
        print(f"{old} serves until {last}, then {new} answers to its name ({taken}).")
    tell(taken)


def _pair(settings: Config, old: str, new: str, *, today: date) -> tuple[Model, Model]:
    """Return both models; refuse what is no pair of them, or a newer one that serves no more, as wrong use."""
    known(settings, old)
    serving(settings, new, today=today)
    if old == new:
        raise typer.BadParameter("a model cannot replace itself.", param_hint="NEW")
    by_name = {model.name: model for model in settings.models}
    return by_name[old], by_name[new]


def _asked_alike(
    settings: Config,
    pair: tuple[Model, Model],
    questions: Sequence[Question],
    *,
    n: int,
    extra_tokens: int,
    yes: bool,
    quiet: bool,
    judge: Model | None,
) -> list[str]:
    """Have the newer model answer `n` questions and the older one the same; returns what failed.

    The price is shown for both first; the older one's is a bound, since which questions they will be is not known yet.
    """
    old, new = pair
    told = prices(settings, (new,), questions, n=n, extra_tokens=extra_tokens, judge=judge)
    told += prices(settings, (old,), questions, n=n, extra_tokens=extra_tokens, more=True, judge=judge)
    agreed(told, yes=yes, quiet=quiet)
    ask = partial(probe_pool, settings, extra_tokens=extra_tokens, silent=quiet, judge=judge)
    failures = asyncio.run(ask((new,), questions, n=n))
    items = {score.item for score in known_scores(settings) if score.model == new.name}
    alike = [question for question in questions if question.id in items]
    return failures + asyncio.run(ask((old,), alike))
