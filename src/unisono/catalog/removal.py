"""Whether a new pool takes models away without notice: names that callers rely on never lead to nothing.

It compares two pools and changes none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from unisono.catalog.catalog import Catalog, is_retired
from unisono.errors import ModelNotFound
from unisono.types import Model


def removals(
    before: Sequence[Model], after: Sequence[Model], *, today: date, forced: Collection[str] = ()
) -> Iterator[str]:
    """Yield a sentence for each name that a new pool takes away without notice; it says what to do.

    A model goes in two steps: `lifecycle = "sunset"` with a date and a successor; after the date it may be retired, or
    left out of the file when its name stands in its successor's `aliases`. A model may be renamed at any time: the same
    upstream model with the old name among its aliases is no other model.

    Args:
        before: the models that were in force.
        after: those that are to be.
        today: UTC.
        forced: names that the operator removes at once and on purpose.
    """
    known, pool = Catalog(tuple(before)), Catalog(tuple(after))
    for model in before:
        ended = is_retired(model, today=today)
        for name in (model.name, *model.aliases):
            if name in forced or _means(known, name, today=today) is None:  # it led to nothing before
                continue
            means = _means(pool, name, today=today)
            if means is None:
                yield _lost(name, model, ended=ended)
            elif name == model.name and not ended and means.name != name and not _same(model, means):
                yield _replaced(name, means.name)


def _means(pool: Catalog, name: str, *, today: date) -> Model | None:
    try:
        return pool.resolve(name, today=today)
    except ModelNotFound:
        return None


def _same(before: Model, after: Model) -> bool:
    return (before.upstream, before.upstream_model) == (after.upstream, after.upstream_model)


def _lost(name: str, model: Model, *, ended: bool) -> str:
    if ended:
        successor = model.lifecycle.successor or "the model that follows"
        return f"{name!r} would lead to nothing: add it to the `aliases` of {successor}."
    return (
        f'{name!r} would lead to nothing: keep {model.name} with `lifecycle = "sunset"`, `until = <date>` and '
        f"`successor` until that date has passed."
    )


def _replaced(name: str, by: str) -> str:
    return (
        f'{name!r} would be replaced by {by} without notice: give it `lifecycle = "sunset"` and `until = <date>` first.'
    )
