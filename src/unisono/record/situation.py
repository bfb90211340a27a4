"""A decision's situation to a compact JSON form and back: whole, so that the decision can be recomputed.

It holds no words of users. What the ranking says already is not said again: an expectation is a place in the ranking,
and only what the age of knowledge or a warm cache changed in it stands here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from unisono.record.rows import or_nan
from unisono.types import (
    Cost,
    Counted,
    Estimate,
    Health,
    JsonValue,
    Latency,
    Past,
    Quality,
    Ranked,
    Retry,
    Situation,
    Spent,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class _QualityBody(msgspec.Struct, array_like=True, frozen=True):
    """An expected quality; the last fields came later."""

    mean: float | None
    spread: float | None
    evidence: str
    apart: float | None = None
    familiar: float | None = None
    at_large: float | None = None
    guessed: bool = False
    figures: bool = False


class _Expected(msgspec.Struct, array_like=True, frozen=True):
    """An expectation: that at a place of the ranking but for what is given here, or, under a name, given whole.

    The last field came later.
    """

    of: int | str
    quality: _QualityBody | None
    cost: tuple[float | None, float | None, float | None, float | None] | None
    latency: tuple[float | None, float | None] | None
    length: str = ""


_SpentBody: TypeAlias = tuple[str, Counted, str, float, float, bool, datetime | None]
"""How a limit stands: the fields of `Spent` without their names, which were written too until 27 November 2026."""


_FIRST = (0,)
"""What is expected of the first of the ranking is what the ranking says."""


class SituationBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """A situation as JSON. `not_up` holds the health of the models that are not up, `limited` seconds since 1970."""

    models: tuple[str, ...] = ()
    not_up: dict[str, Health] = {}
    past: dict[str, Any] | None = None
    spent: tuple[Spent | _SpentBody, ...] = ()
    anchor: str | None = None
    retry: Retry | None = None
    estimates: tuple[int | _Expected, ...] = ()
    scores: int = 0
    unrecorded: bool = False
    limited: dict[str, int] = {}


def situation_body(situation: Situation, ranking: Sequence[Ranked]) -> SituationBody:
    """Return the JSON form of a situation of the decision with this ranking."""
    health = situation.health
    if len(ranking) == 1 and len(situation.estimates) == 1 and situation.estimates[0] is ranking[0].estimate:
        estimates: tuple[int | _Expected, ...] = _FIRST  # of a plain pin
    else:
        places = {ranked.model: (place, ranked.estimate) for place, ranked in enumerate(ranking)}
        estimates = tuple([_expected(estimate, places.get(estimate.model)) for estimate in situation.estimates])
    models, states = zip(*health, strict=True) if health else ((), ())
    all_up = states.count(Health.UP) == len(states)
    return SituationBody(
        models=models,
        not_up={} if all_up else {model: state for model, state in health if state is not Health.UP},
        past=None if situation.past is None else sparse(situation.past),
        spent=tuple([_spent(spent) for spent in situation.spent]),
        anchor=situation.anchor,
        retry=situation.retry,
        estimates=estimates,
        scores=situation.scores,
        unrecorded=situation.unrecorded,
        limited={model: int(until.timestamp()) for model, until in situation.limited} if situation.limited else {},
    )


def situation_from(body: SituationBody, ranking: Sequence[Ranked]) -> Situation:
    """Return what `situation_body` was given.

    Raises:
        msgspec.ValidationError: the past is not of this form.
    """
    return Situation(
        health=tuple((model, body.not_up.get(model, Health.UP)) for model in body.models),
        past=None if body.past is None else msgspec.convert(body.past, Past),
        spent=tuple([spent if isinstance(spent, Spent) else _spent_from(spent) for spent in body.spent]),
        anchor=body.anchor,
        retry=body.retry,
        estimates=tuple(_estimate(expected, ranking) for expected in body.estimates),
        scores=body.scores,
        unrecorded=body.unrecorded,
        limited=tuple((model, datetime.fromtimestamp(until_s, UTC)) for model, until_s in body.limited.items()),
    )


def _spent(spent: Spent) -> _SpentBody:
    return spent.limit, spent.counts, spent.model, spent.used, spent.amount, spent.near, spent.returns


def _spent_from(told: _SpentBody) -> Spent:
    limit, counts, model, used, amount, near, returns = told
    return Spent(limit=limit, counts=counts, model=model, used=used, amount=amount, near=near, returns=returns)


def sparse(value: DataclassInstance) -> dict[str, JsonValue]:
    """Return a dataclass as plain JSON without the fields that have their default."""
    said: dict[str, JsonValue] = {}
    for field in fields(value):
        part = getattr(value, field.name)
        if field.default is not MISSING and part == field.default:
            continue
        said[field.name] = sparse(part) if is_dataclass(part) else msgspec.to_builtins(part)  # type: ignore[arg-type]
    return said


def _expected(estimate: Estimate, found: tuple[int, Estimate] | None) -> int | _Expected:
    quality, cost, latency = estimate.quality, estimate.cost, estimate.latency
    if found is None or found[1].latency != latency:
        return _Expected(estimate.model, _quality(quality), _cost(cost), _latency(latency), cost.evidence)
    place, ranked = found
    if ranked == estimate:
        return place
    return _Expected(
        place,
        None if ranked.quality == quality else _quality(quality),
        None if ranked.cost == cost else _cost(cost),
        None,
        "" if ranked.cost == cost else cost.evidence,
    )


def _quality(quality: Quality) -> _QualityBody:
    return _QualityBody(
        quality.mean,
        quality.spread,
        quality.evidence,
        quality.apart,
        quality.familiar,
        quality.at_large,
        quality.guessed,
        quality.figures,
    )


def _cost(cost: Cost) -> tuple[float, float, float, float]:
    return cost.usd, cost.low_usd, cost.high_usd, cost.output_tokens


def _latency(latency: Latency) -> tuple[float, float]:
    return latency.first_token_s, latency.total_s


def _estimate(expected: int | _Expected, ranking: Sequence[Ranked]) -> Estimate:
    if isinstance(expected, int):
        return ranking[expected].estimate
    same = ranking[expected.of].estimate if isinstance(expected.of, int) else None
    if same is None:
        model, quality, cost, latency = str(expected.of), _UNKNOWN, _FREE, _NEVER
    else:
        model, quality, cost, latency = same.model, same.quality, same.cost, same.latency
    if expected.quality is not None:
        told = expected.quality
        quality = Quality(
            mean=or_nan(told.mean),
            spread=or_nan(told.spread),
            evidence=told.evidence,
            apart=told.apart,
            familiar=told.familiar,
            at_large=told.at_large,
            guessed=told.guessed,
            figures=told.figures,
        )
    if expected.cost is not None:
        usd, low_usd, high_usd, tokens = (or_nan(part) for part in expected.cost)
        cost = Cost(usd=usd, low_usd=low_usd, high_usd=high_usd, output_tokens=tokens, evidence=expected.length)
    if expected.latency is not None:
        first_token_s, total_s = (or_nan(part) for part in expected.latency)
        latency = Latency(first_token_s=first_token_s, total_s=total_s)
    return Estimate(model=model, quality=quality, cost=cost, latency=latency)


_UNKNOWN = Quality(mean=math.nan, spread=math.nan, evidence="")
_FREE = Cost(usd=math.nan, low_usd=math.nan, high_usd=math.nan, output_tokens=math.nan)
_NEVER = Latency(first_token_s=math.nan, total_s=math.nan)
