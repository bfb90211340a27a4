"""Outcomes, attempts, scores and signals to the record's rows and back, and the values of a single column.

It opens nothing, and of SQL holds what several writers share. Decisions stand in `decisions.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec

from unisono.errors import StoreError
from unisono.record.packed import pack_features, unpack_features, unpack_json
from unisono.types import (
    Attempt,
    Features,
    Notice,
    Outcome,
    PartKind,
    Score,
    Signal,
    Status,
    Usage,
)
from unisono.values import value

Value: TypeAlias = "str | int | float | bytes | None"
"""What SQLite stores in one place of a row."""

MAX_ERROR_CHARS = 300

MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@value
class Ended:
    """How a request ended, as it waits for the writer."""

    outcome: Outcome
    baseline_usd: float | None


def to_us(at: datetime) -> int:
    """Return an aware stamp as whole microseconds since 1970."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_us(us: int) -> datetime:
    """Return the aware UTC stamp of whole microseconds since 1970."""
    return _EPOCH + us * MICROSECOND


def as_int(value: Value) -> int:
    """Return the whole number that stands in a place; 0 where none does."""
    return int(value) if isinstance(value, (int, float)) else 0


def as_float(value: Value) -> float | None:
    """Return the number that stands in a place; None where none does."""
    return float(value) if isinstance(value, (int, float)) else None


def as_text(value: Value) -> str | None:
    """Return the text that stands in a place; None for NULL."""
    return None if value is None else str(value)


def as_bytes(value: Value) -> bytes:
    """Return the bytes that stand in a place; none where others do."""
    return value if isinstance(value, bytes) else b""


def or_nan(value: float | None) -> float:
    """Return a number; not a number for one that was stored as NULL or null, as those are that are not finite."""
    return math.nan if value is None else value


def of_a_decision(table: str, *, n_columns: int) -> str:
    """Return the statement that adds a row about a decision, named by its first column, where the decision is kept.

    A decision that was purged while it was being answered leaves nothing.
    """
    values = ", ".join("?" * n_columns)
    known = "EXISTS (SELECT 1 FROM decisions WHERE id = column1)"
    return f"INSERT INTO {table} SELECT * FROM (VALUES ({values})) WHERE {known} ON CONFLICT DO NOTHING"  # noqa: S608


SET = "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
"""The statement that gives a setting a value."""


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
        model=as_text(thin["model"]),
        attempts=tuple(attempt_from_row(row) for row in attempts),
        notices=tuple(Notice(code=code, text=said) for code, said in notices),
        cost_usd=as_float(thin["cost_usd"]),
        total_s=or_nan(as_float(thin["total_s"])),
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
        after: the decision whose answer was the last one before in this conversation, and when that was; None for the
            first.
    """

    config_hash: str
    single: bool
    features: Features | None
    attempt: Attempt | None
    after: tuple[str, datetime] | None


class _Past(msgspec.Struct, frozen=True):
    decision: str | None = None
    at: datetime | None = None


class _Situation(msgspec.Struct, frozen=True):
    past: _Past | None = None


class _Body(msgspec.Struct, frozen=True):
    """Of a stored body only this."""

    config_hash: str
    situation: _Situation = _Situation()


_from_json = msgspec.json.Decoder(_Body).decode


def answer_from_row(row: Mapping[str, Value]) -> Answer:
    """Return the answer of a row of `Reader.answers`.

    Raises:
        StoreError: the stored body cannot be read.
    """
    body, features = row["body"], row["features"]
    assert isinstance(body, bytes)  # noqa: S101 - the schema says so
    try:
        told = _from_json(unpack_json(body))
    except msgspec.MsgspecError as exc:
        raise StoreError(f"A stored decision cannot be read: {exc}. Update Unisono to read it.") from exc
    past = told.situation.past
    return Answer(
        config_hash=told.config_hash,
        single=row["pattern"] == "single" and not row["degraded"],
        features=unpack_features(features) if isinstance(features, bytes) and features else None,
        attempt=None if row["model"] is None else attempt_from_row(row),
        after=None if past is None or past.decision is None or past.at is None else (past.decision, past.at),
    )


def attempt_from_row(row: Mapping[str, Value]) -> Attempt:
    """Return the attempt of a row of `attempts`."""
    usage = None
    if row["input_tokens"] is not None:
        usage = Usage(
            input_tokens=as_int(row["input_tokens"]),
            output_tokens=as_int(row["output_tokens"]),
            cached_input_tokens=as_int(row["cached_input_tokens"]),
            reasoning_tokens=as_int(row["reasoning_tokens"]),
        )
    return Attempt(
        model=str(row["model"]),
        upstream_model=str(row["upstream_model"]),
        started=from_us(as_int(row["at"])),
        status=msgspec.convert(row["status"], Status),
        first_content_s=as_float(row["first_content_s"]),
        total_s=or_nan(as_float(row["total_s"])),
        reported_model=as_text(row["reported_model"]),
        usage=usage,
        cost_usd=as_float(row["cost_usd"]),
        http_status=None if row["http_status"] is None else as_int(row["http_status"]),
        error_code=as_text(row["error_code"]),
        error_text=as_text(row["error_text"]),
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
        score=or_nan(as_float(row["score"])),
        weight=or_nan(as_float(row["weight"])),
        output_tokens=None if row["output_tokens"] is None else as_int(row["output_tokens"]),
        seconds=as_float(row["seconds"]),
        features=unpack_features(row["features"]) if isinstance(row["features"], bytes) else None,
        by=str(row["by"]),
    )


def signal_from_row(row: Mapping[str, Value]) -> Signal:
    """Return the signal of a row."""
    return Signal(
        decision=str(row["decision"]),
        kind=str(row["kind"]),
        value=as_text(row["value"]),
        by=str(row["by"]),
        at=from_us(as_int(row["at"])),
    )
