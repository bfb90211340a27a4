"""The pool's models by name, alias and predecessor.

It does not say which of them may serve a request: the stage `eligible` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from unisono.catalog.names import nearest
from unisono.errors import ModelNotFound
from unisono.types import Mode, Model

MODES: tuple[str, ...] = ("auto", *(f"auto:{mode}" for mode in Mode))
"""What a caller may write instead of a model's name."""


def is_reserved(name: str) -> bool:
    """Return whether the name belongs to the router: `auto` and all that starts with `auto:`."""
    return name.casefold() == "auto" or name.casefold().startswith("auto:")


_MONTH, _DAY = "(0[1-9]|1[0-2])", "(0[1-9]|[12][0-9]|3[01])"
_DATED = re.compile(rf"-([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|[0-9]{{8}}|{_MONTH}{_DAY}|2[3-9]{_MONTH})")


def accepts_report(model: Model, reported: str) -> bool:
    """Return whether this model's upstream may call itself `reported` in an answer.

    Its own names, those that `reports` declares, and the asked or a declared one with a date behind it: providers
    resolve `gpt-4o` to its snapshot `gpt-4o-2024-08-06`, `grok-4` to `grok-4-0709`, `mistral-large-latest` to
    `mistral-large-2411`. Anything else is another model.
    """
    asked = model.upstream_model
    if reported in (asked, model.name) or reported in model.reports:
        return True
    stems = (name.removesuffix("-latest") for name in (asked, *model.reports))
    return any(reported.startswith(stem) and _DATED.fullmatch(reported, len(stem)) is not None for stem in stems)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The models in the order of the file.

    Names and aliases are taken as unique; the configuration has refused a file in which they are not.
    """

    models: tuple[Model, ...]
    _by_name: dict[str, Model] = field(init=False, repr=False, compare=False)
    _by_alias: dict[str, Model] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {model.name: model for model in self.models})
        object.__setattr__(self, "_by_alias", {alias: model for model in self.models for alias in model.aliases})

    def __iter__(self) -> Iterator[Model]:
        return iter(self.models)

    def __len__(self) -> int:
        return len(self.models)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @property
    def names(self) -> tuple[str, ...]:
        """The catalogue names, without aliases, in the order of the file."""
        return tuple(self._by_name)

    def get(self, name: str) -> Model | None:
        """Return the model with exactly this catalogue name, retired or not; no alias."""
        return self._by_name.get(name)

    def resolve(self, name: str, *, today: date | None = None) -> Model:
        """Return the model that a caller means who writes `name`.

        Args:
            name: a catalogue name, an alias, or the name of a retired model, which means its successor.
            today: a sunset that has ended before this day counts as retired; None leaves sunsets alone.

        Raises:
            ModelNotFound: no such name, or a retired model whose successors are all retired; says the nearest.
        """
        model = self._by_name.get(name) or self._by_alias.get(name)
        seen: set[str] = set()
        while model is not None and is_retired(model, today=today) and model.name not in seen:
            seen.add(model.name)
            model = self._by_name.get(model.lifecycle.successor or "")
        if model is None or model.name in seen:
            raise ModelNotFound(name, nearest=self.nearest(name))
        return model

    def nearest(self, name: str, n: int = 3) -> tuple[str, ...]:
        """Return up to `n` names that a caller may write and that look like `name`."""
        usable = [model for model in self.models if not is_retired(model)]
        known = [*(model.name for model in usable), *(alias for model in usable for alias in model.aliases), *MODES]
        return nearest(name, [other for other in known if other != name], n=n)

    def accepts_report(self, model: Model, reported: str) -> bool:
        """Return whether this model's upstream may call itself `reported` in an answer."""
        return accepts_report(model, reported)


def is_retired(model: Model, *, today: date | None = None) -> bool:
    """Return whether the model serves no more: declared retired, or its sunset ended before `today`."""
    life = model.lifecycle
    if life.state == "retired":
        return True
    return life.state == "sunset" and today is not None and life.until is not None and life.until < today
