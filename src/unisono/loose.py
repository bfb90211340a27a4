"""JSON that came from outside, read as it should be: what is of another type counts as absent.

It raises nothing. Who must refuse what is wrong looks for himself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unisono.types import Json, JsonValue


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return a list; an empty one where it is none."""
    return value if isinstance(value, list) else []


def as_object(value: JsonValue) -> Json:
    """Return an object; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def inside(value: JsonValue, key: str) -> Json:
    """Return an object inside an object; an empty one where there is none."""
    return as_object(value.get(key)) if isinstance(value, dict) else {}


def objects_in(value: JsonValue) -> Iterator[Json]:
    """Yield the objects of a list."""
    return (part for part in as_list(value) if isinstance(part, dict))
