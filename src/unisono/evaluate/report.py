"""Rows of results as Markdown tables and JSON. It computes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from unisono.evaluate.metrics import Interval
from unisono.types import Json


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is left-aligned, the others right-aligned."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, rule, *rows))


def shown(interval: Interval, *, digits: int = 4, signed: bool = False) -> str:
    """Return an interval as `value [low, high]`."""
    sign = "+" if signed else ""
    value, low, high = (f"{number:{sign}.{digits}f}" for number in (interval.value, interval.low, interval.high))
    return f"{value} [{low}, {high}]"


def as_json(interval: Interval) -> Json:
    """Return an interval as JSON."""
    return {"value": interval.value, "low": interval.low, "high": interval.high}
