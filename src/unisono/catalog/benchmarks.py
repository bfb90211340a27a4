"""The public benchmarks of which the package has figures, and the figures: `benchmarks.csv` and `benchmark_names.csv`.

It draws no conclusion from them: `predict.benchmarks` does.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FIGURES = Path(__file__).parent / "benchmarks.csv"
"""One figure a line: model, benchmark, score, source."""
NAMES = Path(__file__).parent / "benchmark_names.csv"
"""One other name of a model a line: alias, model."""

SOURCES = Path(__file__).parent / "benchmark_sources.csv"
"""Where figures come from, one source a line: source, title, where, date."""
RECALLED = "_memory"
"""How sources end whose document is named and was not opened."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the figures of a benchmark mean.

    Attributes:
        title: its name.
        chance: the share that guessing gets.
        low, high: no figure lies outside; what is right throughout has `high`.
        rating: a rating on Elo's scale, and no share.
    """

    title: str
    chance: float = 0.0
    low: float = 0.0
    high: float = 100.0
    rating: bool = False


BENCHMARKS: Mapping[str, Scale] = {
    "aa_index": Scale("Artificial Analysis Intelligence Index"),
    "aider_edit": Scale("Aider code editing"),
    "aider_polyglot": Scale("Aider polyglot"),
    "aime24": Scale("AIME 2024"),
    "aime25": Scale("AIME 2025"),
    "alpaca_eval": Scale("AlpacaEval 2, length-controlled"),
    "arc_c": Scale("ARC-Challenge", chance=0.25),
    "arena": Scale("LMArena text rating", low=500.0, high=2000.0, rating=True),
    "arena_hard": Scale("Arena-Hard"),
    "bbh": Scale("BIG-Bench Hard"),
    "bfcl": Scale("Berkeley function calling"),
    "ceval": Scale("C-Eval", chance=0.25),
    "cmmlu": Scale("CMMLU", chance=0.25),
    "commonsenseqa": Scale("CommonsenseQA", chance=0.2),
    "drop": Scale("DROP"),
    "gpqa": Scale("GPQA Diamond", chance=0.25),
    "gsm8k": Scale("GSM8K"),
    "hellaswag": Scale("HellaSwag", chance=0.25),
    "hle": Scale("Humanity's Last Exam"),
    "humaneval": Scale("HumanEval"),
    "humaneval_plus": Scale("HumanEval+"),
    "ifeval": Scale("IFEval"),
    "livebench": Scale("LiveBench"),
    "livecodebench": Scale("LiveCodeBench"),
    "math": Scale("MATH"),
    "math_500": Scale("MATH-500"),
    "mbpp": Scale("MBPP"),
    "mbpp_plus": Scale("MBPP+"),
    "mgsm": Scale("MGSM"),
    "mmlu": Scale("MMLU", chance=0.25),
    "mmlu_pro": Scale("MMLU-Pro", chance=0.1),
    "mmlu_redux": Scale("MMLU-Redux", chance=0.25),
    "mmmlu": Scale("MMMLU", chance=0.25),
    "mt_bench": Scale("MT-Bench", high=10.0),
    "nyt_connections": Scale("NYT Connections, extended"),
    "simpleqa": Scale("SimpleQA"),
    "swe_verified": Scale("SWE-bench Verified"),
    "tau_retail": Scale("tau-bench, retail"),
    "truthfulqa": Scale("TruthfulQA", chance=0.25),
    "winogrande": Scale("WinoGrande", chance=0.5),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFigures:
    """What the package knows.

    Attributes:
        figures: by model, by benchmark; the mean where several sources measured it.
        aliases: other names of these models.
    """

    figures: Mapping[str, Mapping[str, float]]
    aliases: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One published figure with its source; `recalled`: the document is named, and was not opened."""

    benchmark: str
    score: float
    title: str
    where: str
    date: str
    recalled: bool


def figures_of(model: str) -> list[Figure]:
    """Return every figure that the package has of a model of its table, by benchmark."""
    sources = {source: told for source, *told in _rows(SOURCES)}
    return [
        Figure(
            benchmark=benchmark,
            score=float(score),
            title=sources[source][0],
            where=sources[source][1],
            date=sources[source][2],
            recalled=source.endswith(RECALLED),
        )
        for name, benchmark, score, source in _rows(FIGURES)
        if name == model
    ]


def public_figures() -> PublicFigures:
    """Read the package's table."""
    seen: dict[str, dict[str, list[float]]] = {}
    for model, benchmark, score, _ in _rows(FIGURES):
        seen.setdefault(model, {}).setdefault(benchmark, []).append(float(score))
    return PublicFigures(
        figures={
            model: {benchmark: sum(scores) / len(scores) for benchmark, scores in found.items()}
            for model, found in seen.items()
        },
        aliases=other_names(),
    )


def other_names() -> dict[str, str]:
    """Return other names of models of the table, and what each leads to."""
    return dict(_rows(NAMES))


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows
