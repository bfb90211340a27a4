"""Rows of other forms to rows of one answer each: a column for each model, conversations in place of prompts.

It reads no file and checks no number; `tables` does. What is no table of outcomes is named for what it is, with what to
do about it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from unisono.errors import StartError
from unisono.types import Message
from unisono.understand.conversation import task_text

Row: TypeAlias = "Mapping[str, object]"

SCORE, COST = "score:", "cost:"
"""What the columns of a model begin with in a table that has one for each."""
BATTLE = frozenset(("model_a", "model_b"))
"""What tables of battles between two models have."""


def wide(where: str, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return, by model, which column holds its `score` and its `cost`; empty where a row is one answer.

    Args:
        where: file and line, for messages.
        names: of the columns.

    Raises:
        StartError: a model has a cost and no score, or the table has a column `model` too.
    """
    found: dict[str, dict[str, str]] = {}
    columns = [str(name) for name in names]
    for column in columns:
        start, _, model = column.strip().partition(":")
        kind = start.strip().casefold()
        if kind in ("score", "cost") and model.strip():
            found.setdefault(model.strip(), {})[kind] = column
    if lacking := next((model for model, named in found.items() if "score" not in named), None):
        raise StartError(f"{where}: there is a column {COST}{lacking} and none {SCORE}{lacking}.")
    if found and any(column.strip().casefold() == "model" for column in columns):
        raise StartError(f"{where}: a table has a column model, or columns {SCORE}NAME for each model, and not both.")
    return found


def answers(row: Row, models: Mapping[str, Mapping[str, str]]) -> Iterator[Row]:
    """Yield a row for each model of a wide row, or the row itself.

    Args:
        row: one of the file.
        models: as `wide` returns them.
    """
    if not models:
        yield row
        return
    own = {column for named in models.values() for column in named.values()}
    shared = {key: value for key, value in row.items() if key not in own}
    for model, named in models.items():
        yield {**shared, "model": model, **{kind: row.get(column) for kind, column in named.items()}}


def conversation(where: str, value: object) -> tuple[str, str]:
    """Return what tells a conversation from others, and the words of it that are routed by, as a server reads them.

    Args:
        where: file and line, for messages.
        value: a list of objects with `role` and `content`, or the same as JSON text.

    Raises:
        StartError: it is of another form, or the user says nothing.
    """
    try:
        messages = json.loads(value) if isinstance(value, str) else value
        if not isinstance(messages, list):
            raise TypeError("not a list")
        said = [_message(message) for message in messages]
    except (TypeError, ValueError, KeyError, AttributeError) as exc:
        raise StartError(
            f"{where}: messages must be a list of objects with role and content, as chat completions take them."
        ) from exc
    task = task_text(said)
    if not task:
        raise StartError(f"{where}: messages hold no words of the user.")
    return json.dumps([(message.role, message.text) for message in said]), task


def _message(message: Mapping[str, object]) -> Message:
    """Return a message with its words; images and the like are left out, as routing reads words only."""
    role, content = message["role"], message.get("content")
    if not isinstance(role, str) or not isinstance(content, str | list | None):
        raise TypeError("not a message")
    parts = [{"text": content}] if isinstance(content, str) else content or []
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    return Message(role=role, text="\n".join(texts))


def stranger(names: Iterable[str]) -> str:
    """Return what to do about a table that is none of outcomes, or nothing where its columns tell nothing."""
    columns = {str(name).strip().casefold() for name in names}
    if columns >= BATTLE:
        return (
            " These are battles between two models: who wins depends on the opponent, so they are no scores. Where all "
            "are between the same two, docs/reference/tables.md shows how to turn them."
        )
    if "doc_id" in columns and "filtered_resps" in columns:
        return " These are samples of lm-evaluation-harness: docs/reference/tables.md shows how to turn them."
    if any(column.endswith("|total_cost") for column in columns):
        return f" This is RouterBench's form: call the columns {SCORE}NAME and {COST}NAME (docs/reference/tables.md)."
    if "prompt" in columns and not columns & {"model", "score"}:
        return f" For a table with one column for each model call them {SCORE}NAME, and {COST}NAME."
    return ""
