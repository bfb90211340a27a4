"""How much models write, as published: mean lengths of answers, thoughts included, and who thinks without being asked.

`lengths.csv` and `thinking.csv`. It draws no conclusion from them: `predict.verbosity` does.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast, get_args

from unisono.catalog.benchmarks import RECALLED, SOURCES
from unisono.types import ReasoningEffort

LENGTHS = Path(__file__).parent / "lengths.csv"
"""One figure a line: model, effort, board, length, source."""
THINKING = Path(__file__).parent / "thinking.csv"
"""One model that thinks a line: model, its effort unless it is asked otherwise, when it is just asked to think, and
whether its host shows the thoughts."""

EFFORTS: tuple[ReasoningEffort, ...] = get_args(ReasoningEffort)

BOARDS: Mapping[str, str] = {
    "aa_index_v2": "Artificial Analysis Intelligence Index v2, million output tokens of all its tasks",
    "aa_index_v4": "Artificial Analysis Intelligence Index v4, million output tokens of all its tasks",
    "aider_polyglot": "Aider polyglot, thousand output tokens of all its exercises",
    "gaokao_math": "ReLE, mathematics of the gaokao 2025, output tokens",
    "ockbench_200": "OckBench, 200 questions, output tokens",
    "ockbench_code": "OckBench 2026, code, output tokens",
    "ockbench_code_2025": "OckBench 2025, code, output tokens",
    "ockbench_math": "OckBench 2026, mathematics, output tokens",
    "ockbench_math_2025": "OckBench 2025, mathematics, output tokens",
    "ockbench_science": "OckBench 2026, science, output tokens",
    "rele_language": "ReLE, language and instructions, output tokens",
    "rele_reasoning": "ReLE, reasoning and arithmetic, output tokens",
    "token_economy_facts": "LRM token economy, five simple questions, output tokens",
    "token_economy_math": "LRM token economy, six mathematical questions, output tokens",
}
"""What was answered, and what the figures count. Figures are compared within a board only."""


class Length(NamedTuple):
    """One published mean length."""

    model: str
    effort: ReasoningEffort
    board: str
    length: float
    source: str


class Thinker(NamedTuple):
    """How a model thinks.

    Attributes:
        default: its effort unless it is asked otherwise; `none`: only when it is asked.
        on: its effort when it is asked to think and not how much.
        shown: thoughts come as part of the answer, so that its first content is not late.
    """

    default: ReasoningEffort
    on: ReasoningEffort
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """One published mean length with its source; `recalled`: the document is named, and was not opened."""

    board: str
    effort: ReasoningEffort
    length: float
    title: str
    where: str
    date: str
    recalled: bool


def public_lengths() -> list[Length]:
    """Read the package's table."""
    return [
        Length(model, cast("ReasoningEffort", effort), board, float(length), source)
        for model, effort, board, length, source in _rows(LENGTHS)
    ]


def thinkers() -> dict[str, Thinker]:
    """Return the models that are known to think, by name."""
    return {
        model: Thinker(cast("ReasoningEffort", default), cast("ReasoningEffort", on), shown == "yes")
        for model, default, on, shown in _rows(THINKING)
    }


def lengths_of(model: str) -> list[Sourced]:
    """Return every length that the package has of a model of its table."""
    sources = {source: told for source, *told in _rows(SOURCES)}
    return [
        Sourced(
            board=told.board,
            effort=told.effort,
            length=told.length,
            title=sources[told.source][0],
            where=sources[told.source][1],
            date=sources[told.source][2],
            recalled=told.source.endswith(RECALLED),
        )
        for told in public_lengths()
        if told.model == model
    ]


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows
