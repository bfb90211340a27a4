"""The scores that the demo's own models got on the probe, so that the first answer is routed by what was measured.

They are what `unisono models probe --json` printed for these very files; it measures them anew on your machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import msgspec

from unisono.types import Model, Score


class _Row(msgspec.Struct):
    """One line of the file; what a score from a signal has beside it is not in there."""

    model: str
    item: str
    kind: str
    prompt: str
    score: float
    output_tokens: int | None = None
    seconds: float | None = None


class _Shipped(msgspec.Struct):
    scores: list[_Row]


def shipped_scores(models: Sequence[Model]) -> tuple[Score, ...]:
    """Return the shipped scores of those models of the demo pool that are among `models`.

    Scores belong to a model file, not to a name: they are returned only for a model that is defined as the demo does.
    """
    from unisono.catalog.fingerprint import fingerprint
    from unisono.demo.pool import demo_models

    known = {model.name: fingerprint(model) for model in demo_models()}
    same = {model.name for model in models if known.get(model.name) == fingerprint(model)}
    shipped = msgspec.json.decode((files("unisono.demo") / "scores.json").read_bytes(), type=_Shipped)
    return tuple(Score(**msgspec.structs.asdict(row)) for row in shipped.scores if row.model in same)
