"""Prints the reference page of the configuration from the table of keys.

It explains no key beyond its one sentence; `python -m unisono.config.reference` writes the page to stdout.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from textwrap import fill

from unisono.config.keys import ARRAYS, BUILT_IN, SECTIONS, TABLE, Key, section_keys

_INTRO = """\
# Configuration

One TOML file holds everything; `unisono serve --config unisono.toml` reads it, and a running server reads it again
when it changes or on SIGHUP. A file with a mistake is refused as a whole, and the old configuration stays.

- `unisono config check` lists every mistake with its line; `unisono config show` prints what is in force.
- An unknown key is an error. Relative paths start at the file's folder.
- Keys and other secrets never stand in the file: `env:NAME` names the environment variable that holds one,
  `file:PATH` a file with nothing else in it, which a running server reads again when it changes.
- `default`, `models` and, for each model, `name` and `upstream` are required; everything else has a default.

This page is printed from the table that checks the file (`python -m unisono.config.reference`); do not edit it by hand.
"""
_TITLES = {
    "": "General keys",
    "openai": 'Only for `upstream = "openai"`',
    "anthropic": 'Only for `upstream = "anthropic"`',
    "local": 'Only for `upstream = "local"`: a GGUF file in a process of its own',
    "scripted": 'Only for `upstream = "scripted"`: plays a script, see [scripted](scripted.md)',
}
_KINDS = {
    "name": "name",
    "names": "list of names",
    "key_names": "list of names",
    "texts": "list of texts",
    "choice": "one of",
    "upstream": "one of",
    "choices": "list of",
    "integer": "whole number",
    "flag": "true or false",
    "model_file": "path or `package:NAME`",
    "url": "address",
    "origins": "list of origins",
    "secret": "`env:NAME` or `file:PATH`",
    "secrets": "list of `env:NAME` or `file:PATH`",
    "fault": "HTTP status or one of",
    "json": "any",
    "tables": "tables",
}


def page() -> str:
    """Return the reference page in Markdown."""
    return "\n".join(_lines())


def table_rows() -> list[dict[str, object]]:
    """Return the table as JSON-ready rows."""
    return [
        {
            "section": key.section,
            "key": key.name,
            "kind": key.kind,
            "unit": key.unit,
            "required": key.required,
            "default": key.default,
            "allowed": list(key.allowed),
            "upstreams": list(key.upstreams),
            "text": key.text,
        }
        for key in TABLE
    ]


def _lines() -> Iterator[str]:
    yield _INTRO
    yield "## Top of the file"
    yield ""
    yield from _rows([key for key in section_keys("") if key.kind != "tables"])
    for section, text in SECTIONS.items():
        yield f"## `[[{section}]]`" if section in ARRAYS else f"## `[{section}]`"
        yield ""
        yield fill(text, 120, break_long_words=False, break_on_hyphens=False)
        yield ""
        if section != "models":
            yield from _rows(list(section_keys(section)))
            continue
        for upstream in ("", *BUILT_IN):
            keys = [key for key in section_keys(section) if _home(key) == upstream]
            if keys:
                yield f"### {_TITLES[upstream]}"
                yield ""
                yield from _rows(keys)
    yield "A model whose `upstream` is a plug-in may have further keys; the plug-in's own pages list them."
    yield ""


def _home(key: Key) -> str:
    """Return under which heading a model's key stands: its provider's, if it has just one."""
    return key.upstreams[0] if len(key.upstreams) == 1 else ""


def _rows(keys: list[Key]) -> Iterator[str]:
    yield "| key | kind | default | what it says |"
    yield "|---|---|---|---|"
    for key in keys:
        readers = f" For {' and '.join(f'`{name}`' for name in key.upstreams)} only." if len(key.upstreams) > 1 else ""
        yield f"| `{key.name}` | {_kind(key)} | {_default(key)} | {key.text}{readers} |"
    yield ""


def _kind(key: Key) -> str:
    kind = _KINDS.get(key.kind, key.kind)
    if key.allowed:
        kind += " " + ", ".join(f"`{value}`" for value in key.allowed)
    if key.kind == "upstream":
        kind += ", or a plug-in"
    bounds = _bounds(key)
    unit = f" of {key.unit}" if key.unit and key.kind == "integer" else f" ({key.unit})" if key.unit else ""
    return f"{kind}{unit}{bounds}"


def _bounds(key: Key) -> str:
    if key.above is not None:
        return f", above {key.above:g}"
    if key.kind != "fault" and key.low is not None and key.high is not None and key.high <= 2**30:
        # Bounds that only catch slips of the keyboard are not worth a reader's time.
        return f", {key.low:g} to {key.high:.0f}" if key.high < 100_000 or key.unit == "bytes" else ""
    return ""


def _default(key: Key) -> str:
    if key.required:
        return "required"
    if key.otherwise:
        return key.otherwise
    if key.default is None:
        return "–"
    return f"`{json.dumps(key.default)}`"


if __name__ == "__main__":
    sys.stdout.write(page())
