"""The guard: a model takes the default's place only where the evidence on both of them says so.

The evidence is paired: how hard the prompt is, both models share, and it drops out of the comparison. On prompts unlike
those measured more evidence is asked for, since small differences between models do not carry over to them; large ones
do. Most is asked for where a model is weaker than the default on prompts of this kind at large, and only this prompt's
own words speak for it: the text does not tell a task on which that holds from the next one. It prices nothing:
`utility` does.

Source: a one-sided test of the paired difference, written as a lower confidence bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import NamedTuple

from unisono.types import Estimate, Quality

DEVIATIONS = 0.5
"""By how many deviations of the pair's own doubt a model must be better than it needs to be: 69 %, one-sided. Chosen
with the price in `utility` on held-out training prompts and held-out training tasks; see `lab/LOG.md`."""
NOVEL_DEVIATIONS = 1.0
"""The same on a prompt unlike those measured: 84 %, one-sided."""
NOVEL, FAMILIAR = 0.25, 0.5
"""Up to the first familiarity a prompt counts as unlike those measured, from the second on as one of them; in between
the deviations fall evenly."""
LARGE = 0.1
"""A model that looks so much better is believed on a novel prompt as on a familiar one; below, evenly less. These were
chosen on training parts, with every model in turn as the default; see `lab/LOG.md`."""
WEAKER_DEVIATIONS = 2.0
"""The same for a model that is weaker by `WEAKER` or more on prompts of this kind at large: 98 %, one-sided; for one
that is weaker by less, evenly less. It holds too where one of the two was only guessed at."""
WEAKER = 0.075
PROMISING = 0.3
"""A model that looks so much better, in quality alone, is believed as one that was measured, where guesses rest on
public figures; below, evenly less. Chosen on pools of models and tasks that training never saw; see `lab/LOG.md`."""
UNUSUAL = 0.05
"""From this familiarity down the reason always says that the prompt is unusual."""


class Scored(NamedTuple):
    """An estimate with its utility, doubt taken off, and that doubt."""

    estimate: Estimate
    utility: float
    doubt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """The default stays though another model looked better.

    Attributes:
        default: its estimate.
        other: the model that looked best.
        gain: by how much, in quality after costs.
        doubt: what of that the doubt about the two takes.
        unusual: the share of measured prompts that are more unusual than this one, where that decided; else None.
    """

    default: Estimate
    other: Estimate
    gain: float
    doubt: float
    unusual: float | None


def doubt_of_pair(estimate: Estimate, default: Estimate) -> float:
    """Return the quality that doubt takes from a model that would take the default's place."""
    one, other = estimate.quality, default.quality
    return _doubt(one, other, novel=_share((FAMILIAR - _familiar(one, other)) / (FAMILIAR - NOVEL)))


def _doubt(one: Quality, other: Quality, *, novel: float) -> float:
    better = one.mean - other.mean
    small = 1.0 - better / LARGE if better > 0.0 else 1.0
    deviations = DEVIATIONS
    if novel > 0.0 and small > 0.0:
        deviations += (NOVEL_DEVIATIONS - DEVIATIONS) * novel * small
    weaker = max(_weaker(one, other), _guessed(one, other, better=better))
    return (deviations + (WEAKER_DEVIATIONS - deviations) * weaker) * hypot(own_doubt(one), own_doubt(other))


def held_by_guard(
    scored: Sequence[Scored], default: Estimate | None, *, margin: float
) -> tuple[list[Scored], Stay | None]:
    """Put the default first when the leader is not better by the margin, and say what it was preferred to.

    Args:
        scored: best first.
        default: None where it may not serve; then nothing is held.
        margin: in utility.

    Returns:
        The order, and why the default stands first where another would have without doubt and margin.
    """
    order = list(scored)
    home = next((row for row in order if row.estimate is default), None)
    if home is None:
        return order, None
    if order[0].utility - home.utility > margin:
        return order, None
    rest = [row for row in order if row is not home]
    rival = max(rest, key=lambda row: row.utility + row.doubt, default=None)
    if rival is None or rival.utility + rival.doubt <= home.utility:
        return [home, *rest], None
    gain = rival.utility + rival.doubt - home.utility
    pair = rival.estimate.quality, home.estimate.quality
    familiar = _familiar(*pair)
    decided = gain - _doubt(*pair, novel=0.0) > margin
    return [home, *rest], Stay(
        default=home.estimate,
        other=rival.estimate,
        gain=gain,
        doubt=rival.doubt,
        unusual=familiar if decided or familiar <= UNUSUAL else None,
    )


def _share(ratio: float) -> float:
    """Return a ratio as far as it lies in [0, 1]."""
    return 0.0 if ratio < 0.0 else 1.0 if ratio > 1.0 else ratio


def _familiar(one: Quality, other: Quality) -> float:
    """Return how familiar the prompt is to what is known of both; 1 where the predictor does not tell."""
    to_one = 1.0 if one.familiar is None else one.familiar
    to_other = 1.0 if other.familiar is None else other.familiar
    return to_one if to_one < to_other else to_other


def _weaker(one: Quality, other: Quality) -> float:
    """Return from 0 to 1 how much weaker than the other one model is at large."""
    return _share((_at_large(other) - _at_large(one)) / WEAKER)


def _guessed(one: Quality, other: Quality, *, better: float) -> float:
    """Return from 0 to 1 how much of a guess it is that one model is better than the other by so much."""
    if not (one.guessed or other.guessed):
        return 0.0
    told = all(quality.figures or not quality.guessed for quality in (one, other))
    return 1.0 - _share(better / PROMISING) if told else 1.0


def _at_large(quality: Quality) -> float:
    return quality.mean if quality.at_large is None else quality.at_large


def own_doubt(quality: Quality) -> float:
    """Return the deviation of doubt that a model does not share with others; all of it where that is not told."""
    return quality.spread if quality.apart is None else quality.apart
