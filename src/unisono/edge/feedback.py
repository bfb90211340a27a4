"""The body of `POST /v1/decisions/{id}/feedback` to a signal.

It stores nothing and does not say what a signal is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec

from unisono.catalog import Catalog
from unisono.errors import ModelNotFound, RequestError
from unisono.types import Json

FORMS = (
    '{"score": 0..1}, {"preferred": model, "over": model}, {"correct": true or false, "source": "unit_test"}'
    ' or {"reason": "outdated"}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the caller says of an answer: see `types.Signal`."""

    kind: str
    value: str


class _Score(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    score: Annotated[float, msgspec.Meta(ge=0, le=1)]


class _Preference(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    preferred: str
    over: str


class _Correctness(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    correct: bool
    source: Annotated[str, msgspec.Meta(pattern="^[a-z0-9_]{1,40}$")]


class _Reason(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    reason: Annotated[str, msgspec.Meta(pattern="^[a-z0-9_]{1,40}$")]


def read_feedback(given: Json, *, catalog: Catalog, today: date) -> Said:
    """Read one of the four forms.

    Args:
        given: the body.
        catalog: knows the models of a preference.
        today: the day on which their names are resolved.

    Raises:
        RequestError: it is none of the four forms, or names a model that does not exist.
    """
    try:
        if "score" in given:
            score = msgspec.convert(given, _Score)
            return Said(kind="score", value=repr(score.score))
        if "preferred" in given or "over" in given:
            pair = msgspec.convert(given, _Preference)
            return _preference(pair, catalog, today=today)
        if "correct" in given:
            measured = msgspec.convert(given, _Correctness)
            return Said(kind=f"correct:{measured.source}", value="true" if measured.correct else "false")
        if "reason" in given:
            return Said(kind="reason", value=msgspec.convert(given, _Reason).reason)
    except msgspec.ValidationError as exc:
        raise RequestError(f"Feedback: {exc}. Send {FORMS}, each in a request of its own.") from exc
    raise RequestError(f"Feedback must be {FORMS}, each in a request of its own.")


def _preference(pair: _Preference, catalog: Catalog, *, today: date) -> Said:
    try:
        preferred = catalog.resolve(pair.preferred, today=today).name
        over = catalog.resolve(pair.over, today=today).name
    except ModelNotFound as exc:
        raise RequestError(str(exc), param="preferred") from exc
    if preferred == over:
        raise RequestError("`preferred` and `over` must be two models.", param="over")
    return Said(kind="preferred", value=msgspec.json.encode((preferred, over)).decode())
