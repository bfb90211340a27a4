"""`unisono log copy`: a sound copy of the record in one file, while a server goes on writing to it.

It puts no copy back: that is a matter of stopping the server and moving a file (docs/reference/record.md).
"""

from __future__ import annotations

from pathlib import Path

import typer

from unisono.cli.record import AS_JSON, CONFIG, STORE, print_json, record_path, with_outer


def copy(
    context: typer.Context,
    to: Path = typer.Argument(help="The file to make; one that is there is not written over."),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Copy the record into one file as it is at this moment, readable by its owner only; servers go on meanwhile.

    The copy holds keys' hashes, limits, policies and scores too, and is as small as it can be.

    Example: `unisono log copy /var/backups/unisono-2026-11-26.db`
    """
    from unisono.record.database import copy_to

    config, store, as_json = with_outer(context, config=config, store=store, as_json=as_json)
    n_bytes = copy_to(record_path(config, store), to)
    if as_json:
        print_json({"copy": str(to), "bytes": n_bytes})
    else:
        print(f"Copied to {to}: {n_bytes:,} bytes.")
