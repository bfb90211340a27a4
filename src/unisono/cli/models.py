"""`unisono models`: the pool as it is, and what it can do."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from unisono.cli.record import AS_JSON, cell, console, known_scores, print_json
from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.types import Json, JsonValue

app = typer.Typer(help="List the models, and measure what they can do.", no_args_is_help=True)


@app.command("list")
def list_models(config: Path = CONFIG, as_json: bool = AS_JSON) -> None:
    """List the models of the configuration with prices, windows and what was measured of them.

    Example: `unisono models list`
    """
    from unisono.config import load_config

    settings = load_config(config)
    rows = _rows(settings)
    if as_json:
        print_json(cast("JsonValue", rows))
        return
    from rich.table import Table

    table = Table("model", "role", "upstream", "window", "$/Mtok in", "out", "cut-off", "life", "probes", "right")
    for row in rows:
        table.add_row(
            *(cell(row[key]) for key in _COLUMNS[:-3]), _life(row), *(cell(row[key]) for key in _COLUMNS[-2:])
        )
    console().print(table)
    for row in rows:
        if isinstance(changed := row["changed"], dict):
            print(f"{row['model']} answers unlike before (noticed {changed['at']}): {changed['text']}")


_COLUMNS = (
    "model",
    "role",
    "upstream",
    "context_tokens",
    "usd_per_mtok_in",
    "usd_per_mtok_out",
    "knowledge_cutoff",
    "lifecycle",
    "n_probes",
    "accuracy",
)


def _rows(settings: Config) -> list[Json]:
    from datetime import UTC, datetime

    from unisono.evaluate.roster import NEWS, roster
    from unisono.record.incidents import changes
    from unisono.record.lineage import events
    from unisono.record.reader import Reader

    if not settings.store.path.exists():
        return roster(settings.models, ())
    scores = known_scores(settings)  # opens the record for writing, which upgrades it
    with closing(Reader(settings.store.path)) as reader:
        changed = changes(reader.rows, since=datetime.now(UTC) - NEWS)
        return roster(settings.models, scores, events(reader.rows), changed)


def _life(row: Json) -> str:
    """Return where a model stands: `sunset until 2027-01-31, then big`; or whom it follows."""
    state = str(row["lifecycle"])
    if row["until"] is not None and state == "sunset":
        state += f" until {row['until']}"
    if row["successor"] is not None:
        state += f", then {row['successor']}"
    follows = row["follows"]
    return f"{state}, follows {', '.join(map(str, follows))}" if isinstance(follows, list) and follows else state
