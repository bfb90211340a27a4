"""`unisono models add`: one more model in the pool, measured before it serves; a running server follows.

The file's own words stay as they are. It replaces and retires nothing.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from unisono.cli.change import checked, note, put_in_force, tell, value_of
from unisono.cli.prices import YES, agreed, prices
from unisono.cli.probing import probe_pool
from unisono.cli.questions import CHOSEN, bank
from unisono.cli.record import AS_JSON, known_scores, print_json
from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.evaluate.probe.run import Row
    from unisono.types import Json, Model

NO_PROBE = typer.Option(False, "--no-probe", help="Ask the model nothing; it starts from its price, size and role.")
N_PROBES = typer.Option(CHOSEN, "--n", min=10, max=1000, help="Questions that it is asked, chosen for what they tell.")
EXTRA_TOKENS = typer.Option(0, help="Room beside the short answers, for models that think first.")
FEWEST = 0.5
"""Share of the questions that a model must have answered to be taken in."""


def add(
    name: str = typer.Argument("", help="What callers will see. Not with --from."),
    upstream: str = typer.Option("", help="The provider: openai, anthropic, local, scripted or a plug-in."),
    base_url: str = typer.Option("", help="The upstream's address."),
    upstream_model: str = typer.Option("", help="What the upstream is asked for; default: the name."),
    api_key: str = typer.Option("", help="The upstream's key, as env:NAME or file:PATH."),
    role: str = typer.Option("", help="fast, deep, fast-mini, deep-mini or pro."),
    set_: list[str] = typer.Option([], "--set", help="Any other key of [[models]], such as context_tokens=131072."),
    from_: Path | None = typer.Option(None, "--from", help="A file that holds the [[models]] table; - is the input."),
    n: int = N_PROBES,
    no_probe: bool = NO_PROBE,
    extra_tokens: int = EXTRA_TOKENS,
    yes: bool = YES,
    config: Path = CONFIG,
    as_json: bool = AS_JSON,
) -> None:
    """Add a model: show what probing it costs, probe it, write it into the configuration.

    A running server takes it in within a second, without a restart; the other models keep their scores and their
    ranking among themselves. Nothing is written when the model cannot answer. An interrupted probe goes on when the
    command is given again.

    Examples:

    - `unisono models add big --upstream openai --base-url https://api.example.com/v1 --api-key env:BIG_KEY`
    - `unisono models add --from new-model.toml --yes`

    Example: `unisono models add big --upstream openai --base-url http://127.0.0.1:9002/v1 --set context_tokens=32768`
    """
    from unisono.config import load_config
    from unisono.config.edit import model_text, opened, with_model_text

    keys = {"base_url": base_url, "upstream_model": upstream_model, "api_key": api_key, "role": role}
    fragment = _fragment(from_) if from_ else model_text(_table(name, upstream, keys, set_))
    if from_ and (name or upstream or any(keys.values()) or set_):
        raise typer.BadParameter("the file says everything; give no other keys.", param_hint="--from")
    before = load_config(config)
    draft = with_model_text(opened(config), fragment)
    after = checked(draft, before, today=_today())
    model = after.models[-1]
    failures = [] if no_probe else _probed(after, (model,), n=n, extra_tokens=extra_tokens, yes=yes, quiet=as_json)
    row = _measured(after, model)
    if not no_probe and (row is None or row.n < FEWEST * min(n, len(bank()))):
        _refuse(model, failures)
    taken = put_in_force(draft, before)
    note(after, "added", model.name, known=_known(row))
    if as_json:
        print_json({"model": model.name, "server": taken, "failures": list(failures), **_known(row)})
    else:
        for line in (*failures, _sentence(model, row), f"{config}: {model.name} is written ({taken})."):
            print(line)
    tell(taken)


def _probed(
    settings: Config, models: tuple[Model, ...], *, n: int, extra_tokens: int, yes: bool, quiet: bool
) -> list[str]:
    """Show the price, ask what is missing when it is accepted, and return what failed."""
    questions = bank()
    told = prices(settings, models, questions, n=n, extra_tokens=extra_tokens)
    agreed(told, yes=yes, quiet=quiet, otherwise="--no-probe")
    if not told:
        return []
    return asyncio.run(probe_pool(settings, models, questions, n=n, extra_tokens=extra_tokens, silent=quiet))


def _measured(settings: Config, model: Model) -> Row | None:
    """Return what the record knows of a model from probes; None when it was asked nothing."""
    from unisono.evaluate.probe.run import summarise

    rows = summarise([score for score in known_scores(settings) if score.model == model.name])
    return rows[0] if rows else None


def _table(name: str, upstream: str, keys: dict[str, str], more: list[str]) -> dict[str, Any]:
    if not name or not upstream:
        raise typer.BadParameter("a new model needs a NAME and --upstream, or --from a file.", param_hint="NAME")
    table: dict[str, Any] = {"name": name, "upstream": upstream}
    table |= {key: value for key, value in keys.items() if value}
    for pair in more:
        key, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r} must be KEY=VALUE.", param_hint="--set")
        table[key.strip()] = value_of(value.strip())
    return table


def _fragment(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8")
    except OSError as exc:
        raise typer.BadParameter(f"cannot be read: {exc.strerror or exc}", param_hint="--from") from exc


def _refuse(model: Model, failures: list[str]) -> None:
    for line in failures[:3]:
        print(line, file=sys.stderr)
    print(
        f"unisono: {model.name} has answered too few questions, and nothing was written. What it answered is kept: "
        "mend it and give the command again, or add it with --no-probe.",
        file=sys.stderr,
    )
    raise typer.Exit(1)


def _known(row: Row | None) -> Json:
    if row is None:
        return {"n_probes": 0}
    return {"n_probes": row.n, "right": row.accuracy, "low": row.low, "high": row.high}


def _sentence(model: Model, row: Row | None) -> str:
    if row is None:
        return f"{model.name} was asked nothing; `unisono models probe {model.name}` measures it."
    return f"{model.name}: {row.accuracy:.2f} [{row.low:.2f}, {row.high:.2f}] right of {row.n} probe questions."


def _today() -> date:
    return datetime.now(UTC).date()
