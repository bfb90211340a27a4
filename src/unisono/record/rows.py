"""Decisions, outcomes and scores to the record's rows and back.

It opens nothing, and of SQL holds what several writers share. The public JSON is written in `view.py`; its two
entries, `decision_view` and `decision_to_json`, can be imported from here.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from unisono.errors import StoreError
from unisono.record.packed import SQUEEZED_FROM_BYTES, pack_features, pack_json, unpack_features, unpack_json
from unisono.record.situation import SituationBody, plain, situation_body, situation_from, sparse
from unisono.record.view import decision_to_json, decision_view, stamp
from unisono.types import (
    NO_WISHES,
    Attempt,
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
    Outcome,
    PartKind,
    Pattern,
    Plan,
    Quality,
    Ranked,
    Request,
    Score,
    Signal,
    Situation,
    Status,
    Usage,
    Wishes,
)
from unisono.values import value

__all__ = [
    "SET",
    "Asked",
    "Ended",
    "KeepText",
    "Value",
    "decision_from_row",
    "decision_rows",
    "decision_to_json",
    "decision_view",
    "from_us",
    "of_a_decision",
    "outcome_from_rows",
    "outcome_rows",
    "prompt_of",
    "request_from",
    "score_from_row",
    "score_row",
    "signal_from_row",
    "to_us",
]

Value: TypeAlias = "str | int | float | bytes | None"
"""What SQLite stores in one place of a row."""

KeepText: TypeAlias = Literal["none", "hash", "text"]

MAX_ERROR_CHARS = 300
_OF_ONE_MODEL_BYTES = 4096
"""A decision with one place, as on a pin, is squeezed from here on: squeezing takes half of the time of its rows."""
MAX_PROMPT_CHARS = 32_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Asked(NamedTuple):
    """A request at the moment of its decision, as it waits for the writer."""

    request: Request
    features: Features | bytes | None
    decision: Decision


class Ended(NamedTuple):
    """How a request ended, as it waits for the writer."""

    outcome: Outcome
    baseline_usd: float | None


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


_body_to_json = msgspec.json.Encoder().encode
_body_from_json = msgspec.json.Decoder(_Body).decode


def to_us(at: datetime) -> int:
    """Return an aware stamp as whole microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Return the aware UTC stamp of whole microseconds since 1970."""
    return _EPOCH + us * _MICROSECOND


def of_a_decision(table: str, *, n_columns: int) -> str:
    """Return the statement that adds a row about a decision, named by its first column, where the decision is kept.

    A decision that was purged while it was being answered leaves nothing.
    """
    values = ", ".join("?" * n_columns)
    known = "EXISTS (SELECT 1 FROM decisions WHERE id = column1)"
    return f"INSERT INTO {table} SELECT * FROM (VALUES ({values})) WHERE {known} ON CONFLICT DO NOTHING"  # noqa: S608


SET = "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
"""The statement that gives a setting a value."""


# ------------------------------------------------------------------------------------- the decision


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
        at=from_us(_int(thin["at"])),
        request=str(thin["request"]),
        session=str(thin["session"]),
        mode=None if thin["mode"] is None else Mode(str(thin["mode"])),
        pin=_text(thin["pin"]),
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
        decide_s=_number(stored.decide_s),
        situation=situation,
        plan=stored.plan,
        policy=str(thin["policy"]),
    )
    received = decision.at - stored.waited_us * _MICROSECOND
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
            decide_s=float(decision.decide_s),
            allow_fallback=decision.allow_fallback,
            baseline=decision.baseline,
            facts=_facts_of(request),
            waited_us=(decision.at - request.received) // _MICROSECOND,
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
    """`float()`, since a predictor may give numpy's own numbers, which JSON does not know."""
    quality, cost, latency = place.estimate.quality, place.estimate.cost, place.estimate.latency
    return _RankedBody(
        model=place.model,
        mean=float(quality.mean),
        spread=float(quality.spread),
        evidence=quality.evidence,
        usd=float(cost.usd),
        low_usd=float(cost.low_usd),
        high_usd=float(cost.high_usd),
        output_tokens=float(cost.output_tokens),
        first_token_s=float(latency.first_token_s),
        total_s=float(latency.total_s),
        utility=float(place.utility),
        propensity=float(place.propensity),
        reason=place.reason,
        apart=plain(quality.apart),
        familiar=plain(quality.familiar),
        at_large=plain(quality.at_large),
        guessed=quality.guessed,
        length=cost.evidence,
    )


def _ranked_from(body: _RankedBody) -> Ranked:
    return Ranked(
        model=body.model,
        estimate=Estimate(
            model=body.model,
            quality=Quality(
                mean=_number(body.mean),
                spread=_number(body.spread),
                evidence=body.evidence,
                apart=body.apart,
                familiar=body.familiar,
                at_large=body.at_large,
                guessed=body.guessed,
            ),
            cost=Cost(
                usd=_number(body.usd),
                low_usd=_number(body.low_usd),
                high_usd=_number(body.high_usd),
                output_tokens=_number(body.output_tokens),
                evidence=body.length,
            ),
            latency=Latency(first_token_s=_number(body.first_token_s), total_s=_number(body.total_s)),
        ),
        utility=_number(body.utility),
        propensity=_number(body.propensity),
        reason=body.reason,
    )


# -------------------------------------------------------------------------------------- the outcome


def outcome_rows(ended: Ended, *, at: datetime) -> tuple[tuple[Value, ...], list[tuple[Value, ...]]]:
    """Return the row of `outcomes` and the rows of `attempts`."""
    outcome = ended.outcome
    said = [(notice.code, notice.recorded or notice.text) for notice in outcome.notices]
    thin: tuple[Value, ...] = (
        outcome.decision,
        to_us(at),
        outcome.request,
        outcome.status,
        outcome.model,
        outcome.cost_usd,
        outcome.total_s,
        msgspec.json.encode(said).decode() if said else None,
        ended.baseline_usd,
    )
    return thin, [_attempt_row(outcome.decision, n, attempt) for n, attempt in enumerate(outcome.attempts)]


def outcome_from_rows(thin: Mapping[str, Value], attempts: Sequence[Mapping[str, Value]]) -> Outcome:
    """Return the outcome of a row of `outcomes` and its rows of `attempts`, in order."""
    notices = msgspec.json.decode(str(thin["notices"] or "[]"), type=list[tuple[str, str]])
    return Outcome(
        decision=str(thin["decision"]),
        request=str(thin["request"]),
        status=msgspec.convert(thin["status"], Status),
        model=_text(thin["model"]),
        attempts=tuple(attempt_from_row(row) for row in attempts),
        notices=tuple(Notice(code=code, text=said) for code, said in notices),
        cost_usd=_float(thin["cost_usd"]),
        total_s=_number(_float(thin["total_s"])),
    )


def _attempt_row(decision: str, n: int, attempt: Attempt) -> tuple[Value, ...]:
    usage = attempt.usage
    return (
        decision,
        n,
        to_us(attempt.started),
        attempt.model,
        attempt.upstream_model,
        attempt.status,
        attempt.first_content_s,
        attempt.total_s,
        attempt.reported_model,
        usage.input_tokens if usage else None,
        usage.output_tokens if usage else None,
        usage.cached_input_tokens if usage else None,
        usage.reasoning_tokens if usage else None,
        attempt.cost_usd,
        attempt.http_status,
        attempt.error_code,
        None if attempt.error_text is None else attempt.error_text[:MAX_ERROR_CHARS],
        attempt.part,
    )


@value
class Answer:
    """What is asked of an answer when many are looked at.

    Attributes:
        config_hash: of the configuration that it was decided by.
        single: one model answered, as the router in order decided.
        features: of its request; None where they were not kept.
        attempt: the last one, whose words are the answer; None where there was none.
    """

    config_hash: str
    single: bool
    features: Features | None
    attempt: Attempt | None


class _Hash(msgspec.Struct, frozen=True):
    """Of a stored body only this."""

    config_hash: str


_hash_from_json = msgspec.json.Decoder(_Hash).decode


def answer_from_row(row: Mapping[str, Value]) -> Answer:
    """Return the answer of a row of `Reader.answers`.

    Raises:
        StoreError: the stored body cannot be read.
    """
    body, features = row["body"], row["features"]
    assert isinstance(body, bytes)  # noqa: S101 - the schema says so
    try:
        config_hash = _hash_from_json(unpack_json(body)).config_hash
    except msgspec.MsgspecError as exc:
        raise StoreError(f"A stored decision cannot be read: {exc}. Update Unisono to read it.") from exc
    return Answer(
        config_hash=config_hash,
        single=row["pattern"] == "single" and not row["degraded"],
        features=unpack_features(features) if isinstance(features, bytes) and features else None,
        attempt=None if row["model"] is None else attempt_from_row(row),
    )


def attempt_from_row(row: Mapping[str, Value]) -> Attempt:
    """Return the attempt of a row of `attempts`."""
    usage = None
    if row["input_tokens"] is not None:
        usage = Usage(
            input_tokens=_int(row["input_tokens"]),
            output_tokens=_int(row["output_tokens"]),
            cached_input_tokens=_int(row["cached_input_tokens"]),
            reasoning_tokens=_int(row["reasoning_tokens"]),
        )
    return Attempt(
        model=str(row["model"]),
        upstream_model=str(row["upstream_model"]),
        started=from_us(_int(row["at"])),
        status=msgspec.convert(row["status"], Status),
        first_content_s=_float(row["first_content_s"]),
        total_s=_number(_float(row["total_s"])),
        reported_model=_text(row["reported_model"]),
        usage=usage,
        cost_usd=_float(row["cost_usd"]),
        http_status=None if row["http_status"] is None else _int(row["http_status"]),
        error_code=_text(row["error_code"]),
        error_text=_text(row["error_text"]),
        part=None if row["part"] is None else msgspec.convert(row["part"], PartKind),
    )


# --------------------------------------------------------------------------------------- the scores


def score_row(score: Score, *, fingerprint: str, at: datetime, generation: int) -> tuple[Value, ...]:
    """Return the row of `scores`."""
    return (
        fingerprint,
        score.item,
        score.model,
        score.kind,
        score.prompt,
        score.score,
        score.weight,
        score.output_tokens,
        score.seconds,
        to_us(at),
        generation,
        None if score.features is None else pack_features(score.features),
        score.by,
    )


def score_from_row(row: Mapping[str, Value], *, model: str) -> Score:
    """Return the score of a row, under the name that the model has today."""
    return Score(
        model=model,
        item=str(row["item"]),
        kind=str(row["kind"]),
        prompt=str(row["prompt"]),
        score=_number(_float(row["score"])),
        weight=_number(_float(row["weight"])),
        output_tokens=None if row["output_tokens"] is None else _int(row["output_tokens"]),
        seconds=_float(row["seconds"]),
        features=unpack_features(row["features"]) if isinstance(row["features"], bytes) else None,
        by=str(row["by"]),
    )


def signal_from_row(row: Mapping[str, Value]) -> Signal:
    """Return the signal of a row."""
    return Signal(
        decision=str(row["decision"]),
        kind=str(row["kind"]),
        value=_text(row["value"]),
        by=str(row["by"]),
        at=from_us(_int(row["at"])),
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _float(value: Value) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _int(value: Value) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def _text(value: Value) -> str | None:
    return None if value is None else str(value)
