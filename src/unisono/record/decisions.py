"""Decisions to the record's rows and back, with the facts of their requests.

It opens nothing and knows no SQL. The public JSON is written in `view.py`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from unisono.errors import StoreError
from unisono.record.packed import SQUEEZED_FROM_BYTES, pack_features, pack_json, unpack_json
from unisono.record.rows import MICROSECOND, Value, as_int, as_text, from_us, or_nan, to_us
from unisono.record.situation import SituationBody, situation_body, situation_from, sparse
from unisono.record.view import stamp
from unisono.types import (
    NO_WISHES,
    Capability,
    Cost,
    Decision,
    Estimate,
    Excluded,
    Features,
    Goal,
    JsonValue,
    Latency,
    Mode,
    Notice,
    Pattern,
    Plan,
    Quality,
    Ranked,
    Request,
    Situation,
    Wishes,
)
from unisono.values import value

KeepText: TypeAlias = Literal["none", "hash", "text"]

MAX_PROMPT_CHARS = 32_000
_OF_ONE_MODEL_BYTES = 4096
"""A decision with one place, as on a pin, is squeezed from here on: squeezing takes half of the time of its rows."""


@value
class Asked:
    """A request at the moment of its decision, as it waits for the writer."""

    request: Request
    features: Features | bytes | None
    decision: Decision


class _RankedBody(msgspec.Struct, array_like=True, frozen=True):
    """One place of the ranking; a number that is not finite is null in JSON."""

    model: str
    mean: float | None
    spread: float | None
    evidence: str
    usd: float | None
    low_usd: float | None
    high_usd: float | None
    output_tokens: float | None
    first_token_s: float | None
    total_s: float | None
    utility: float | None
    propensity: float | None
    reason: str
    apart: float | None = None
    familiar: float | None = None
    at_large: float | None = None
    guessed: bool = False
    length: str = ""
    figures: bool = False


class _Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """The part of a decision that no query filters by, and the facts of its request."""

    ranking: list[_RankedBody]
    excluded: list[tuple[str, str, str]]
    notices: list[tuple[str, str]]
    goal: Goal
    config_hash: str
    artifact: str
    seed: int
    decide_s: float | None
    allow_fallback: bool
    baseline: str | None = None
    facts: dict[str, Any] = {}  # JSON; msgspec cannot read a recursive alias
    waited_us: int = 0  # from the request's arrival to the decision's stamp
    situation: SituationBody | None = None
    plan: Plan | None = None


class _Facts(msgspec.Struct, frozen=True):
    """The facts of a request that a decision depends on."""

    received: datetime
    model: str = "auto"
    key: str = "anonymous"
    user: str | None = None
    stream: bool = False
    needs: tuple[Capability, ...] = ()
    max_output_tokens: int | None = None
    wishes: Wishes = NO_WISHES
    left_out: tuple[str, ...] = ()


_body_to_json = msgspec.json.Encoder(enc_hook=float).encode  # a predictor may give numpy's own numbers
_body_from_json = msgspec.json.Decoder(_Body).decode


def decision_rows(
    asked: Asked, *, run: str, text: KeepText, salt: bytes
) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """Return the row of `decisions` and the row of `details`."""
    request, decision = asked.request, asked.decision
    thin: tuple[Value, ...] = (
        decision.id,
        run,
        to_us(decision.at),
        decision.request,
        decision.session,
        request.key,
        request.user,
        decision.mode,
        decision.pin,
        decision.pattern,
        decision.model if decision.ranking else None,
        int(request.stream),
        int(decision.degraded),
        decision.reason,
        decision.policy,
    )
    features = pack_features(asked.features) if isinstance(asked.features, Features) else asked.features
    return thin, (decision.id, _body_of(request, decision), features, prompt_of(request, keep=text, salt=salt))


def decision_from_row(thin: Mapping[str, Value], body: bytes) -> tuple[Decision, dict[str, JsonValue]]:
    """Return the decision of a row of `decisions` joined with its details, and the facts of its request.

    Raises:
        StoreError: the stored body cannot be read.
    """
    try:
        stored = _body_from_json(unpack_json(body))
        ranking = tuple(_ranked_from(place) for place in stored.ranking)
        situation = Situation() if stored.situation is None else situation_from(stored.situation, ranking)
    except (msgspec.MsgspecError, IndexError) as exc:
        raise StoreError(f"A stored decision cannot be read: {exc}. Update Unisono to read it.") from exc
    decision = Decision(
        id=str(thin["id"]),
        at=from_us(as_int(thin["at"])),
        request=str(thin["request"]),
        session=str(thin["session"]),
        mode=None if thin["mode"] is None else Mode(str(thin["mode"])),
        pin=as_text(thin["pin"]),
        goal=stored.goal,
        pattern=msgspec.convert(thin["pattern"], Pattern),
        ranking=ranking,
        excluded=tuple(Excluded(model=m, rule=rule, reason=reason) for m, rule, reason in stored.excluded),
        reason=str(thin["reason"]),
        notices=tuple(Notice(code=code, text=said) for code, said in stored.notices),
        degraded=bool(thin["degraded"]),
        allow_fallback=stored.allow_fallback,
        baseline=stored.baseline,
        config_hash=stored.config_hash,
        artifact=stored.artifact,
        seed=stored.seed,
        decide_s=or_nan(stored.decide_s),
        situation=situation,
        plan=stored.plan,
        policy=str(thin["policy"]),
    )
    received = decision.at - stored.waited_us * MICROSECOND
    facts = {
        "key": thin["key"],
        "user": thin["user"],
        "stream": bool(thin["stream"]),
        "received": stamp(received),
    }
    return decision, {**facts, **stored.facts}


def request_from(decision: Decision, facts: Mapping[str, JsonValue]) -> Request:
    """Return the request of a stored decision as far as routing reads it: all but its words.

    Raises:
        StoreError: the stored facts cannot be read.
    """
    try:
        known = msgspec.convert(facts, _Facts)
    except msgspec.ValidationError as exc:
        raise StoreError(f"The stored facts of a request cannot be read: {exc}. Update Unisono to read it.") from exc
    return Request(
        id=decision.request,
        received=known.received,
        body={},
        model=known.model,
        mode=decision.mode,
        pin=decision.pin,
        messages=(),
        stream=known.stream,
        needs=frozenset(known.needs),
        max_output_tokens=known.max_output_tokens,
        wishes=known.wishes,
        session=decision.session,
        key=known.key,
        user=known.user,
        left_out=known.left_out,
    )


def prompt_of(request: Request, *, keep: KeepText, salt: bytes) -> str | None:
    """Return what is kept of the prompt: nothing, a keyed SHA-256, or its first 32,000 characters."""
    if keep == "none":
        return None
    whole = "\n\n".join(f"{message.role}: {message.text}" for message in request.messages)
    if keep == "hash":
        return hmac.new(salt, whole.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return whole[:MAX_PROMPT_CHARS]


def _body_of(request: Request, decision: Decision) -> bytes:
    body = _body_to_json(
        _Body(
            ranking=[_ranked_body(place) for place in decision.ranking],
            excluded=[(e.model, e.rule, e.reason) for e in decision.excluded],
            notices=[(n.code, n.text) for n in decision.notices],
            goal=decision.goal,
            config_hash=decision.config_hash,
            artifact=decision.artifact,
            seed=int(decision.seed),
            decide_s=decision.decide_s,
            allow_fallback=decision.allow_fallback,
            baseline=decision.baseline,
            facts=_facts_of(request),
            waited_us=(decision.at - request.received) // MICROSECOND,
            situation=situation_body(decision.situation, decision.ranking),
            plan=decision.plan,
        )
    )
    return pack_json(body, from_bytes=_OF_ONE_MODEL_BYTES if len(decision.ranking) == 1 else SQUEEZED_FROM_BYTES)


def _facts_of(request: Request) -> dict[str, JsonValue]:
    facts: dict[str, JsonValue] = {"model": request.model, "n_messages": len(request.messages)}
    if request.needs:
        needs: list[JsonValue] = [*sorted(str(need) for need in request.needs)]
        facts["needs"] = needs
    if request.max_output_tokens is not None:
        facts["max_output_tokens"] = request.max_output_tokens
    if request.wishes is not NO_WISHES and request.wishes != NO_WISHES and (wishes := _wishes_of(request.wishes)):
        facts["wishes"] = wishes
    if request.left_out:
        facts["left_out"] = [*request.left_out]
    return facts


def _wishes_of(wishes: Wishes) -> dict[str, JsonValue]:
    """Only what the caller said; the session has its own column."""
    return {name: value for name, value in sparse(wishes).items() if name != "session"}


def _ranked_body(place: Ranked) -> _RankedBody:
    quality, cost, latency = place.estimate.quality, place.estimate.cost, place.estimate.latency
    return _RankedBody(
        model=place.model,
        mean=quality.mean,
        spread=quality.spread,
        evidence=quality.evidence,
        usd=cost.usd,
        low_usd=cost.low_usd,
        high_usd=cost.high_usd,
        output_tokens=cost.output_tokens,
        first_token_s=latency.first_token_s,
        total_s=latency.total_s,
        utility=place.utility,
        propensity=place.propensity,
        reason=place.reason,
        apart=quality.apart,
        familiar=quality.familiar,
        at_large=quality.at_large,
        guessed=quality.guessed,
        length=cost.evidence,
        figures=quality.figures,
    )


def _ranked_from(body: _RankedBody) -> Ranked:
    return Ranked(
        model=body.model,
        estimate=Estimate(
            model=body.model,
            quality=Quality(
                mean=or_nan(body.mean),
                spread=or_nan(body.spread),
                evidence=body.evidence,
                apart=body.apart,
                familiar=body.familiar,
                at_large=body.at_large,
                guessed=body.guessed,
                figures=body.figures,
            ),
            cost=Cost(
                usd=or_nan(body.usd),
                low_usd=or_nan(body.low_usd),
                high_usd=or_nan(body.high_usd),
                output_tokens=or_nan(body.output_tokens),
                evidence=body.length,
            ),
            latency=Latency(first_token_s=or_nan(body.first_token_s), total_s=or_nan(body.total_s)),
        ),
        utility=or_nan(body.utility),
        propensity=or_nan(body.propensity),
        reason=body.reason,
    )
