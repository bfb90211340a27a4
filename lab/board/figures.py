"""Standings as JSON and as rows of a table; it measures nothing itself."""

from __future__ import annotations

from collections.abc import Sequence

from board.context import N_RESAMPLES
from unisono.evaluate.compare import Contender, Field, standings
from unisono.evaluate.replay import Replay
from unisono.evaluate.report import standing_as_json
from unisono.types import Json

HEADER = [
    "policy",
    "AIQ",
    "unisono minus this",
    "top quality",
    "Gain@B",
    "Gap@O",
    "PerfGain",
    "CostSave",
    "quality at its setting",
    "against best single",
    "bill saved",
    "arena",
]


def figures(replay: Replay, contenders: Sequence[Contender], field: Field) -> Json:
    """Return the standings of contenders on a table, with what the table is."""
    table = replay.table
    return {
        "n_prompts": len(table.prompts),
        "n_models": len(table.models),
        "best": table.models[field.best],
        "standings": [standing_as_json(s) for s in standings(replay, contenders, field, n_resamples=N_RESAMPLES)],
    }


def standing_rows(found: Sequence[Json]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a table of standings."""
    return HEADER, [_row(s) for s in found]


def _row(s: Json) -> list[str]:
    name = s["name"] if s["n_seeds"] == 1 else f"{s['name']} ({s['n_seeds']} seeds)"
    point = s["default_setting"]
    return [
        name,
        bracket(s["aiq"]),
        bracket(s["unisono_minus_this"], signed=True),
        f"{s['top_quality']:.3f}",
        f"{s['gain_at_best']:+.1%}",
        f"{s['gap_at_oracle']:.1%}",
        f"{s['perf_gain']:+.1%}",
        "–" if s["cost_save"] is None else f"{_zero(s['cost_save']):.0%}",
        "" if point is None else f"{point['quality']:.3f}",
        "" if point is None else bracket(point["gained"], signed=True),
        "" if point is None else percent(point["saved"]),
        "" if point is None or point["arena_score"] is None else f"{100 * point['arena_score']:.1f}",
    ]


def bracket(interval: Json | None, *, digits: int = 4, signed: bool = False) -> str:
    """Return an interval of JSON as `value [low, high]`."""
    if interval is None:
        return ""
    sign = "+" if signed else ""
    value, low, high = (f"{_zero(interval[key], digits):{sign}.{digits}f}" for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def percent(interval: Json) -> str:
    """Return an interval of shares as percentages."""
    value, low, high = (f"{_zero(interval[key]):.0%}" for key in ("value", "low", "high"))
    return value if low == high else f"{value} [{low}, {high}]"


def _zero(value: float, digits: int = 4) -> float:
    """Round, and write no minus before a zero."""
    return round(value, digits) + 0.0
