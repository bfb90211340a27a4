"""`unisono rules`: which rule of the house a text would fall under, and how near it comes, before callers meet it.

It reads the configuration's rules with its own encoder; no server is asked and no model is called.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.evaluate.rule_trial import Traffic, Tried
    from unisono.types import HouseRule, JsonValue
    from unisono.understand.house import Looked
    from unisono.understand.reading import Reading

MODES = ("fast", "balanced", "deep", "pro")

app = typer.Typer(help="Try the rules of the house before callers meet them.", no_args_is_help=True)


@app.callback()
def _rules() -> None:
    """Try the rules of the house before callers meet them."""


@app.command("try")
def try_rules(
    text: str = typer.Argument("", help="A user's words; `-` reads them from standard input."),
    file: Path | None = typer.Option(None, help="Try every line of this file instead."),
    last: int = typer.Option(0, min=0, max=1000, help="Try so many of the latest recorded requests instead."),
    mode: str = typer.Option("balanced", help=f"Of `auto`: {', '.join(MODES)}."),
    key: str = typer.Option("anonymous", help="The name of the key that asks."),
    config: Path = CONFIG,
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show which rule a text would fall under, which conditions it misses, and which example it is how near to.

    With --file a line each, and how many lines each rule would get. With --last how many recorded requests each rule
    would get: the record holds no words, so conditions on words are left out there.

    Example: `unisono rules try "I want my money back"`, `unisono rules try --file prompts.txt`
    """
    from unisono.cli.record import print_json
    from unisono.config import load_config

    if mode not in MODES:
        raise typer.BadParameter(f"{mode!r} is none of {', '.join(MODES)}.", param_hint="--mode")
    if sum((bool(text), file is not None, last > 0)) != 1:
        raise typer.BadParameter('Give one of: a text, --file, --last. Such as: unisono rules try "Cancel my order"')
    settings = load_config(config)
    rules = {rule.name: rule for rule in settings.rules}
    if not rules:
        print(f"{config} has no [[rules]]: `auto` chooses by itself. See docs/how-to/rules.md.")
        return
    reading = _reading(settings)
    if last > 0:
        traffic = _recorded(settings, reading, last=last)
        print_json(_traffic_json(traffic)) if as_json else _print_traffic(traffic)
        return
    texts = _lines(file) if file is not None else [sys.stdin.read() if text == "-" else text]
    tried = [_try(reading, one, mode=mode, key=key) for one in texts]
    if as_json:
        told: list[JsonValue] = [_tried_json(one, rules) for one in tried]
        print_json(told if file is not None else told[0])
    elif file is not None:
        _print_lines(texts, tried, rules)
    else:
        _print_text(tried[0], rules)


MANY = 1000
"""What is rarer among ordinary prompts than one in so many is not told in numbers: that few were looked at."""


def how_near(chance: float) -> str:
    """Say in words which share of ordinary prompts comes as near."""
    if chance > 0.2:
        return "more than 1 ordinary prompt in 5 comes as near"
    if chance * MANY < 1.0:
        return f"fewer than 1 ordinary prompt in {MANY:,} come as near"
    return f"1 ordinary prompt in {_one_in(chance)} comes as near"


def _one_in(share: float) -> str:
    return f"{float(f'{1.0 / share:.2g}'):,.0f}"


# ------------------------------------------------------------------------------------------ looking


def _reading(settings: Config) -> Reading:
    from unisono.errors import StartError
    from unisono.plugins import load
    from unisono.understand.reading import Reading

    encoder = load().encoder(settings.encoder)
    reading = Reading(encoder, settings.encoder, freshness=None, rules=settings.rules)
    if reading.fault is not None:
        raise StartError(reading.fault)
    return reading


def _try(reading: Reading, text: str, *, mode: str, key: str) -> Tried:
    from unisono.evaluate.rule_trial import try_text
    from unisono.types import Mode

    return try_text(reading, text, mode=Mode(mode), key=key)


def _recorded(settings: Config, reading: Reading, *, last: int) -> Traffic:
    from unisono.cli.record import open_reader
    from unisono.evaluate.rule_trial import try_record

    with closing(open_reader(Path(), settings.store.path)) as reader:
        return try_record(reading.rules, reader, dim=reading.dim, limit=last)


def _lines(file: Path) -> list[str]:
    try:
        found = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as exc:
        raise typer.BadParameter(f"{file}: {exc}") from exc
    if not found:
        raise typer.BadParameter(f"{file} holds no lines.")
    return found


# ----------------------------------------------------------------------------------------- printing


def _why(looked: Looked, rule: HouseRule) -> str:
    """Return what speaks for a rule or against it, in one line."""
    parts = []
    others = [key for key in looked.misses if key != "like"]
    if others:
        parts.append(f"does not meet {', '.join(f'`{key}`' for key in others)}")
    if looked.likeness is not None:
        nearest = rule.like[looked.likeness.example]
        parts.append(
            f"nearest “{nearest}”: {how_near(looked.likeness.chance)}, and 1 in {_one_in(rule.false_alarms)} may"
        )
        if looked.nearer is not None:
            parts.append(f"as near to “{rule.unlike[looked.nearer]}” under `unlike`")
    elif rule.like:
        parts.append("the text was not encoded")
    return "; ".join(parts) or "all its conditions hold"


def _print_text(tried: Tried, rules: dict[str, HouseRule]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from unisono.cli.record import console

    table = Table("rule", "holds", "why", "its models")
    for looked in tried.looked:
        rule = rules[looked.rule]
        holds = "no" if looked.misses else "yes" if looked.rule == tried.first else "yes, after the first"
        table.add_row(escape(rule.name), holds, escape(_why(looked, rule)), escape(", ".join(rule.models)))
    console().print(table)
    print("No rule is about it: `auto` chooses." if tried.first is None else f"The rule {tried.first} is about it.")


def _print_lines(texts: Sequence[str], tried: Sequence[Tried], rules: dict[str, HouseRule]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from unisono.cli.record import console

    table = Table("rule", "why", "text")
    for text, one in zip(texts, tried, strict=True):
        looked = next((look for look in one.looked if look.rule == one.first), None)
        why = "" if looked is None else _why(looked, rules[looked.rule])
        table.add_row(escape(one.first or "–"), escape(why), escape(text))
    console().print(table)
    counts = Counter(one.first for one in tried)
    told = [f"{name} {counts[name]}" for name in rules]
    print(f"Of {len(texts)}: {', '.join(told)}, no rule {counts[None]}.")


def _print_traffic(traffic: Traffic) -> None:
    from rich.markup import escape
    from rich.table import Table

    from unisono.cli.record import console

    table = Table("rule", "requests", "share", "not looked at", title=f"Requests to `auto`, the latest {traffic.n}")
    for name, ids in traffic.met.items():
        most = "at most " if traffic.blind[name] else ""
        share = f"{most}{len(ids) / traffic.n:.1%}" if traffic.n else "–"
        table.add_row(escape(name), f"{most}{len(ids)}", share, ", ".join(traffic.blind[name]) or "–")
    console().print(table)
    if traffic.n_other:
        print(f"{traffic.n_other} more were read by another encoder, or by none.")
    print("Each rule by itself: an earlier one in the file may take some of a later one's. --json lists the decisions.")


def _tried_json(tried: Tried, rules: dict[str, HouseRule]) -> JsonValue:
    return {"rule": tried.first, "rules": [_looked_json(looked, rules[looked.rule]) for looked in tried.looked]}


def _looked_json(looked: Looked, rule: HouseRule) -> JsonValue:
    told: dict[str, JsonValue] = {"rule": looked.rule, "holds": not looked.misses, "misses": list(looked.misses)}
    if (like := looked.likeness) is not None:
        told["like"] = {"example": like.example + 1, "text": rule.like[like.example], "chance": like.chance}
        told["false_alarms"] = rule.false_alarms
        told["nearer"] = None if looked.nearer is None else rule.unlike[looked.nearer]
    return told


def _traffic_json(traffic: Traffic) -> JsonValue:
    return {
        "n": traffic.n,
        "n_other": traffic.n_other,
        "rules": [
            {"rule": name, "n": len(ids), "not_looked_at": list(traffic.blind[name]), "decisions": list(ids)}
            for name, ids in traffic.met.items()
        ],
    }
