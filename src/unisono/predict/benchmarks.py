"""What public benchmark figures say of a model: an index of capability, with its doubt.

The logit of a figure (less what guessing gets) is linear in the index, with a deviation of single figures from that. A
model's index is what its figures agree on. It does not look at prompts, and fits nothing: `learn.benchmarks` does.

Source: A. Ho et al. 2025, "A Rosetta Stone for AI benchmarks", which Epoch's capabilities index comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from math import log

import msgspec

from unisono.catalog.benchmarks import BENCHMARKS
from unisono.predict.names import lookup
from unisono.types import Json

EXTREME = 0.01
"""No figure counts as nearer to all or nothing: the last hundredth is mistakes in the questions."""
READING_SD = 0.01
"""How far two measurements of one model on one benchmark are apart: prompts, samples, who counts as right."""
ELO_LOGIT = log(10.0) / 400.0
ELO_MIDDLE = 1200.0
ELO_SLIP = 10.0


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark: `logit = intercept + slope x index`, and the deviation of a model's logit from that.

    Attributes:
        intercept: logit of an average model of the table.
        slope: logits a unit of the index, above 0.
        sd: in logits.
    """

    intercept: float
    slope: float
    sd: float


@dataclass(frozen=True, slots=True)
class Index:
    """A model's index of capability: mean 0 and deviation 1 over the models of the table.

    Attributes:
        mean: the index.
        sd: doubt.
        n_figures: benchmarks behind it.
    """

    mean: float
    sd: float
    n_figures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmarks:
    """The trained lines, and the index of each model that the package has figures of.

    Attributes:
        lines: by benchmark.
        known: by normalised name.
        aliases: normalised name to normalised name.
    """

    lines: Mapping[str, Benchmark]
    known: Mapping[str, Index]
    aliases: Mapping[str, str]

    def known_as(self, names: tuple[str, ...]) -> Index | None:
        """Return the index of the first of a model's names that the table knows."""
        return lookup(names, self.known, self.aliases)

    def index(self, figures: Mapping[str, float]) -> Index | None:
        """Return what figures say; None where no benchmark among them is known.

        Args:
            figures: by benchmark; percent, of `arena` the rating, of `mt_bench` 0 to 10.
        """
        told = [(self.lines[name], *logit_of(name, figure)) for name, figure in figures.items() if name in self.lines]
        weights = [1.0 / (line.sd**2 + slip**2) for line, _, slip in told]
        rows = list(zip(told, weights, strict=True))
        # The models of the table are the prior.
        precision = 1.0 + sum(line.slope**2 * weight for (line, _, _), weight in rows)
        total = sum(line.slope * (logit - line.intercept) * weight for (line, logit, _), weight in rows)
        return Index(total / precision, precision**-0.5, len(told)) if told else None


def logit_of(benchmark: str, figure: float) -> tuple[float, float]:
    """Return a figure in logits above guessing, and the deviation that a small slip of it makes there.

    Raises:
        KeyError: nobody knows the benchmark.
    """
    scale = BENCHMARKS[benchmark]
    if scale.rating:
        return (figure - ELO_MIDDLE) * ELO_LOGIT, ELO_SLIP * ELO_LOGIT
    share = (figure / scale.high - scale.chance) / (1.0 - scale.chance)
    share = min(max(share, EXTREME), 1.0 - EXTREME)
    return log(share / (1.0 - share)), READING_SD / (share * (1.0 - share))


def packed(benchmarks: Benchmarks) -> Json:
    """Return them as JSON."""
    return {
        "lines": {name: list(astuple(line)) for name, line in benchmarks.lines.items()},
        "models": {name: list(astuple(index)) for name, index in benchmarks.known.items()},
        "aliases": dict(benchmarks.aliases),
    }


def unpacked(part: Json) -> Benchmarks:
    """Return what `packed` was given.

    Raises:
        ValueError: it has another form.
    """
    read = msgspec.convert(part, _Packed)
    return Benchmarks(
        lines={name: Benchmark(*line) for name, line in read.lines.items()},
        known={name: Index(*index) for name, index in read.models.items()},
        aliases=read.aliases,
    )


class _Packed(msgspec.Struct):
    lines: dict[str, tuple[float, float, float]]
    models: dict[str, tuple[float, float, int]]
    aliases: dict[str, str]
