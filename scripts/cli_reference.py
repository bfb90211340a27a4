#!/usr/bin/env python3
"""Writes `docs/reference/cli.md` from the commands themselves; `--check` only says whether the page is current."""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "cli.md"
INTRO = """\
# Command line

Exit codes: 0 done, 1 failed (one line says what to do), 2 wrong use. `unisono COMMAND --help` says
the same as this page.

This page is printed from the commands (`scripts/cli_reference.py`); do not edit it by hand.
"""


def page() -> str:
    """Return the page in Markdown."""
    import typer

    from unisono.cli.main import app

    return "\n".join([INTRO, *_command(typer.main.get_command(app), path="unisono")]).rstrip() + "\n"


def _command(command: Any, *, path: str) -> Iterator[str]:
    subcommands = getattr(command, "commands", {})
    if path != "unisono":
        yield f"## `{path}`\n"
        yield inspect.cleandoc(command.help or "") + "\n"
    if not subcommands:
        yield from _parameters(command)
    for name in sorted(subcommands):
        yield from _command(subcommands[name], path=f"{path} {name}")


def _parameters(command: Any) -> Iterator[str]:
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    if not shown:
        return
    yield "| argument | default | what it says |\n|---|---|---|"
    for parameter in shown:
        options = [*parameter.opts, *parameter.secondary_opts] if parameter.opts[0].startswith("-") else []
        name = ", ".join(f"`{option}`" for option in options) or f"`{parameter.name}`"
        text = re.sub(r"\s+", " ", getattr(parameter, "help", None) or "").replace("|", "\\|")
        yield f"| {name} | {_default(parameter)} | {text} |"
    yield ""


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if callable(value) or value is None or value in ("", [], ()) or value in (-1, -1.0):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value}`"


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the page is out of date")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{PAGE.name} is out of date. Run: scripts/cli_reference.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
