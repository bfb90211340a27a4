"""`unisono log purge`: deletes requests from the record for good, of one user or by age.

A server that runs over the same record need not stop, and writes half of the time.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import typer

from unisono.cli.moment import parse_since
from unisono.cli.progress import counted
from unisono.cli.record import AS_JSON, CONFIG, STORE, print_json, record_path, with_outer


def purge(
    context: typer.Context,
    user: str = typer.Option("", "--user", help="Only what this end user asked."),
    older_than: str = typer.Option("", "--older-than", help="Only what is older: 12h, 90d, 52w, or before a day."),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Delete requests, with their attempts, texts, conversations and signals, so that nothing of them is left.

    Examples:

    - `unisono log purge --user alice@example.com`
    - `unisono log purge --older-than 90d`

    Example: `unisono log purge --older-than 90d`
    """
    from unisono.record.store import Store

    config, store, as_json = with_outer(context, config=config, store=store, as_json=as_json)
    if not user and not older_than:
        raise typer.BadParameter("say whose requests: --user, --older-than, or both")
    before = parse_since(older_than, now=datetime.now(UTC), option="--older-than") if older_than else None
    with closing(Store(record_path(config, store))) as opened:
        n_purged = opened.purge(older_than=before, user=user or None, told=counted("{n} deleted so far"))
    if as_json:
        print_json({"purged": n_purged})
    else:
        print(f"Deleted {n_purged} decision{'s' * (n_purged != 1)} for good.")
