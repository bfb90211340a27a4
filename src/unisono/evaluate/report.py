"""Rows of results as Markdown tables and JSON. It computes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from unisono.evaluate.compare import Point, Standing
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


def standing_as_json(s: Standing) -> Json:
    """Return one contender's figures as JSON."""
    return {
        "name": s.name,
        "n_seeds": s.n_seeds,
        "aiq": None if s.aiq is None else as_json(s.aiq),
        "unisono_minus_this": None if s.behind is None else as_json(s.behind),
        "top_quality": s.top,
        "gain_at_best": s.gain_at_best,
        "gap_at_oracle": s.gap_at_oracle,
        "perf_gain": s.perf_gain,
        "quality_at_cost_of_best_single": s.at_cost_of_best,
        "usd_per_1k_at_quality_of_best_single": s.equal_usd_per_1k,
        "cost_save": s.cost_save,
        "saved_at_equal_quality": s.saved_at_equal,
        "default_setting": None if s.point is None else point_as_json(s.point),
    }


def point_as_json(p: Point) -> Json:
    """Return one setting's figures as JSON."""
    return {
        "quality": p.quality,
        "usd_per_1k": p.usd_per_1k,
        "arena_score": p.arena,
        "gained": as_json(p.gained),
        "saved": as_json(p.saved),
        "n_models": p.n_models,
    }
