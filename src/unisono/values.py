"""Frozen dataclasses that are made quickly: a request makes dozens of them, with two hundred fields.

The constructor that `dataclasses` writes for a frozen class asks `object.__setattr__` for each field, which takes three
times as long as setting it. Here an object is born as one of a twin class with the same slots that is not frozen, has
its fields set, and becomes one of the frozen class by its last step; nobody sees it before. It is for keyword-only
classes with slots and knows nothing of what they hold.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, TypeVar, dataclass_transform

C = TypeVar("C")
_set_class = object.__dict__["__class__"].__set__


@dataclass_transform(frozen_default=True, kw_only_default=True)
def value(cls: type[C]) -> type[C]:
    """Make a class a frozen, slotted, keyword-only dataclass with a quick constructor."""
    made: Any = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    if hasattr(made, "__post_init__") or any(not field.init for field in fields(made)):
        raise TypeError(f"{cls.__name__} does more at its birth than keep what it is given.")
    names: dict[str, Any] = {
        "twin": type(cls.__name__, made.__bases__, {"__slots__": made.__slots__}),
        "frozen": made,
        "become": _set_class,
        "missing": MISSING,
    }
    given = [_parameter(field, names) for field in fields(made)]
    lines = [
        f"def __init__(self, *, {', '.join(given)}):",
        " become(self, twin)",
        *[_assignment(field) for field in fields(made)],
        " self.__class__ = frozen",
    ]
    exec("\n".join(lines), names)  # noqa: S102 - our own words, as `dataclasses` does it
    names["__init__"].__qualname__ = f"{made.__qualname__}.__init__"
    names["__init__"].__annotations__ = made.__init__.__annotations__
    made.__init__ = names["__init__"]
    return made  # type: ignore[no-any-return]  # the class that came in, with slots


def _parameter(field: Field[Any], names: dict[str, Any]) -> str:
    if field.default_factory is not MISSING:
        names[f"make_{field.name}"] = field.default_factory
        return f"{field.name}=missing"
    if field.default is not MISSING:
        names[f"default_{field.name}"] = field.default
        return f"{field.name}=default_{field.name}"
    return field.name


def _assignment(field: Field[Any]) -> str:
    made = f"make_{field.name}() if {field.name} is missing else " if field.default_factory is not MISSING else ""
    return f" self.{field.name} = {made}{field.name}"
