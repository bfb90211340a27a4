"""`unisono models replace`: two models side by side, and then a last day and a successor for the older one.

The other models' scores stay untouched: nothing is measured of them, and nothing of theirs is written.
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from unisono.cli.add import EXTRA_TOKENS, N_PROBES
from unisono.cli.change import checked, note, put_in_force, tell
from unisono.cli.ending import MOVE, ON, day, ending, known, lines, moved, serving, who
from unisono.cli.prices import YES, agreed, prices
from unisono.cli.probing import probe_pool
from unisono.cli.questions import JUDGE, QUESTIONS, askable, bank, judge_for, left_out, own_bank
from unisono.cli.record import AS_JSON, cell, console, known_scores, print_json
from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from unisono.config import Config
    from unisono.evaluate.probe.questions import Question
    from unisono.evaluate.succession import Gap, OnLog, OnProbes
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
    known(before, old)
    serving(before, new, today=today)
    if old == new:
        raise typer.BadParameter("a model cannot replace itself.", param_hint="NEW")
    last = day(on, today=today)
    found = who(before, old)
    if found.parts and not (move_default or report):
        raise StartError(f"{old} is `{'` and `'.join(found.parts)}` of the configuration: give --move-default.")
    by_name = {model.name: model for model in before.models}
    pair = by_name[old], by_name[new]
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
    options: Any = {"extra_tokens": extra_tokens, "silent": quiet, "judge": judge}
    failures = asyncio.run(probe_pool(settings, (new,), questions, n=n, **options))
    items = {score.item for score in known_scores(settings) if score.model == new.name}
    alike = [question for question in questions if question.id in items]
    return failures + asyncio.run(probe_pool(settings, (old,), alike, **options))


def compared(
    settings: Config, old: Model, new: Model, *, only: Collection[str] | None = None
) -> tuple[OnProbes | None, OnLog | None]:
    """Return both models on probes (`only` those questions, None: all that were ever asked) and on the log."""
    from unisono import plugins
    from unisono.catalog.fingerprint import fingerprint
    from unisono.compose import read_trained
    from unisono.evaluate.logged import on_log
    from unisono.evaluate.succession import on_probes
    from unisono.predict.cost import TokenCost
    from unisono.predict.length import UntrainedLength
    from unisono.recipe import measured
    from unisono.record.reader import Reader
    from unisono.understand.features import Understanding

    scores = [s for s in known_scores(settings) if s.model in (old.name, new.name)]
    probes = on_probes(old, new, [s for s in scores if only is None or s.item in only])
    if not settings.store.path.exists():
        return probes, None
    registry = plugins.load()
    trained = read_trained(settings, registry)
    with closing(Reader(settings.store.path)) as reader:
        quality, cost = None, TokenCost(UntrainedLength().expected)
        if trained.artifact is not None:
            seen = reader.scores_at(reader.generation(), {m.name: fingerprint(m) for m in (old, new)})
            quality = measured(
                trained.artifact,
                seen,
                read=Understanding(trained.encoder).text,
                models=(old, new),
                plugin=registry.predictor(settings.routing.predictor),
                in_domain=settings.routing.in_domain,
            )
            cost = TokenCost(trained.artifact.length.expected)
        return probes, on_log(reader, old, new, quality, cost)


def as_told(probes: OnProbes | None, log: OnLog | None) -> Json:
    """Return the figures as JSON."""
    import msgspec

    return cast("Json", {"probes": msgspec.to_builtins(probes), "log": msgspec.to_builtins(log)})


def show(probes: OnProbes | None, log: OnLog | None, pair: tuple[Model, ...]) -> None:
    """Print both models side by side."""
    from rich.table import Table

    out = console()
    table = Table("", *(m.name for m in pair), "new less old", box=None)
    if probes is not None:
        sides = (probes.old, probes.new)
        table.add_row(
            f"right, of {probes.quality.n} probe questions",
            *(f"{s.right:.3f} [{s.low:.3f}, {s.high:.3f}]" for s in sides),
            f"{_gap(probes.quality)}: {probes.quality.sentence}",
        )
        table.add_row("$ per 1,000 questions", *(cell(s.usd) for s in sides), "")
        table.add_row("output tokens", *(cell(s.output_tokens) for s in sides), "")
        table.add_row("seconds", *(cell(s.seconds) for s in sides), "")
        table.add_row("both right or both wrong", "", "", f"{probes.agree:.2f}")
    if log is not None:
        if log.quality is not None:
            text = f"{_gap(log.quality)} expected"
            table.add_row(f"quality on {log.quality.n} logged requests", "", "", text)
        if log.usd is not None:
            table.add_row("$ per 1,000 of them, expected", *(cell(usd) for usd in log.usd), "")
        served = (log.old, log.new)
        table.add_row("answers in the log", *(str(s.n) for s in served), "")
        table.add_row("  without a fault", *(cell(s.ok) for s in served), "")
        table.add_row("  $ per 1,000", *(cell(s.usd) for s in served), "")
        table.add_row("  seconds to the first content", *(cell(s.first_content_s) for s in served), "")
        table.add_row("  seconds in all", *(cell(s.total_s) for s in served), "")
    out.print(table)


def _gap(gap: Gap) -> str:
    return f"{gap.mean:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]"
