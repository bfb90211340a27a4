"""How much of its doubt about pairs of models an artifact needs, by prompts and by whole tasks held out of a table.

The guard was set for models and tasks that training hardly knows. A table of one's own may show that its words tell
more: two models that are each good at half of the topics. So each of a few shares of the doubt is tried with the
product's own predictors and chooser, beside the best single model, on prompts held out and on tasks held out. What
better answers and smaller bills are worth on the former counts, with the latter as one prompt in five; a share that
loses on tasks held out, or that is not shown to win much, is not taken. Where the operator says that the requests are
of the table's kinds, prompts held out decide alone. It trains nothing but the folds.

Source: a tuning parameter by cross-validation, under a bound on the worst kind of fold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from unisono.choose.utility import UtilityChooser, relative_price, worth
from unisono.evaluate.crossfit import best_single, decided
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.replay import DEFAULT_DIAL, models_of
from unisono.learn.trust import FAR_WEIGHT
from unisono.predict.artifact import Artifact
from unisono.predict.caution import FULL, caution_at, eased
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Features, Goal, Mode, Quality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LADDER = (FULL, 0.7, 0.5, 0.35, 0.25, 0.1, 0.0)
"""The shares of the doubt that are tried."""
MAY_LOSE = 0.0025
"""What tasks held out may lose to the best single model on average: half of what is promised of tasks never seen. In
domain, what prompts held out may lose, one standard error taken off."""
LARGE = 0.02
"""What less doubt must add over all, one prompt in five being of tasks never seen, in score less what the money is
worth. For less the promise about such tasks is not touched: which of them a table's own tasks stand for nobody knows.
Where so much is won in score alone, tasks held out may lose more than `MAY_LOSE`: where two models are each good at
half of the topics, a new topic is a coin's toss, and not to route at all costs far more."""
MAY_LOSE_NEAR = 0.005
"""What prompts held out may lose, one standard error taken off."""
SHOWN = 2.0
"""By so many standard errors what is won must lie above nothing."""
MOST = 400
"""Prompts of a fold that are decided; more tell little and take long."""
FEWEST = 50
"""Prompts, of all folds together, below which nothing is chosen."""
Judge: TypeAlias = "Callable[[float], float | None]"
"""What a share of the doubt is worth; None where it may not be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """An artifact that did not see some prompts of a table.

    Attributes:
        artifact: with all of its doubt.
        rest: what it was trained on.
        held: the prompts that it did not see, with the same models.
        features: of those.
    """

    artifact: Artifact
    rest: Outcomes
    held: Outcomes
    features: Sequence[Features]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one share of the doubt does on prompts held out, each of shape (n,).

    Attributes:
        gained: score above the best single model's.
        worth: the same less what the money is worth at the default dial.
        left: 1 where another model answered.
        spent: the bill as a share of the best single model's mean bill.
    """

    gained: Array
    worth: Array
    left: Array
    spent: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The share of the doubt to keep, and what it does beside one default on prompts and on tasks held out."""

    caution: float
    near: Held
    far: Held


def measure_caution(near: Sequence[Fold], far: Sequence[Fold], *, default: int) -> tuple[Measured, Measured] | None:
    """Return how much of the doubt to keep for any requests, and for such as the table's: there tasks held out are
    measured, and decide nothing. None where too few prompts were answered by every model.

    It is chosen with the best model of the rest as each fold's default, so that no fold's own scores say which one that
    is. What is told of it is with one default throughout, or the bills would be shares of different ones.

    Args:
        near: of each fold of prompts an artifact that did not see them, its table, theirs and their features.
        far: the same for folds of whole tasks.
        default: place of the model that is to be the default.
    """
    found = [tried(near), tried(far)]
    if any(len(held[FULL].gained) < FEWEST for held in found):
        return None

    def at(share: float) -> Measured:
        told = [tried(folds, default=default, shares=(share,))[share] for folds in (near, far)]
        return Measured(caution=share, near=told[0], far=told[1])

    return at(chosen(*found)), at(chosen_in_domain(found[0]))


def chosen(near: Mapping[float, Held], far: Mapping[float, Held]) -> float:
    """Return the share of the doubt that is worth most and loses nothing that was promised; all of it in doubt."""

    def judge(share: float) -> float | None:
        known, unknown = near[share], far[share]
        added, elsewhere = known.worth - near[FULL].worth, unknown.worth - far[FULL].worth
        least, lost = float(known.gained.mean()) - _error(known.gained), float(unknown.gained.mean())
        large = _over_all(float(added.mean()) - _error(added), float(elsewhere.mean())) >= LARGE
        safe = least >= -MAY_LOSE_NEAR and (lost >= -MAY_LOSE or _over_all(least, lost) >= LARGE)
        shown = float(added.mean()) > SHOWN * _error(added)
        return _over_all(float(added.mean()), float(elsewhere.mean())) if large and safe and shown else None

    return _best(near, judge)


def chosen_in_domain(near: Mapping[float, Held]) -> float:
    """Return the same where requests are of the table's kinds: what prompts held out show is all that counts."""

    def judge(share: float) -> float | None:
        held = near[share]
        added = held.worth - near[FULL].worth
        value = float(added.mean())
        safe = float(held.gained.mean()) - _error(held.gained) >= -MAY_LOSE
        return value if safe and value > SHOWN * _error(added) else None

    return _best(near, judge)


def _best(shares: Collection[float], judge: Judge) -> float:
    """Return the share that is worth most, all of the doubt where none is worth anything."""
    best, most = FULL, 0.0
    for share in [step for step in LADDER[1:] if step in shares]:
        value = judge(share)
        if value is not None and value > most:
            best, most = share, value
    return best


def _over_all(near: float, far: float) -> float:
    """Return the mean over prompts of which one in five is of a task that nobody measured."""
    return (near + FAR_WEIGHT * far) / (1.0 + FAR_WEIGHT)


def _error(values: Array) -> float:
    return float(values.std() / np.sqrt(len(values)))


def tried(folds: Sequence[Fold], *, default: int | None = None, shares: Sequence[float] = LADDER) -> dict[float, Held]:
    """Return what each share of the doubt does on the prompts of all folds that every model answered.

    Args:
        folds: with what each was trained on.
        default: place of the default; None: the best model of each fold's rest.
        shares: of the doubt.
    """
    parts = [part for fold in folds if (part := _decided(fold, default, shares)) is not None]
    return {share: _joined([part[share] for part in parts]) for share in shares}


def _joined(parts: Sequence[Held]) -> Held:
    whole = {
        field.name: np.concatenate([np.zeros(0), *(getattr(part, field.name) for part in parts)])
        for field in fields(Held)
    }
    return Held(**whole)


def _decided(fold: Fold, default: int | None, shares: Sequence[float]) -> dict[float, Held] | None:
    """Decide one fold's prompts with each share of the doubt."""
    answered = spread_over(np.flatnonzero(~np.isnan(fold.held.scores).any(axis=1)))
    if not answered.size:
        return None
    models, goal, chooser = models_of(fold.rest), Goal(mode=Mode.DEEP, dial=DEFAULT_DIAL), UtilityChooser()
    default, usd = best_single(fold.rest.scores) if default is None else default, _mean_costs(fold.rest)
    predictor = QualityEnsemble(fold.artifact)
    quality = [predictor.predict_one(fold.features[row], models) for row in answered.tolist()]
    scores = fold.held.scores[answered]
    prices = np.array([relative_price(float(one), float(usd[default])) for one in usd])
    found = {}
    for share in shares:
        taken = np.array(
            [
                decided(chooser, models, [with_caution(q, share) for q in row], usd, goal=goal, default=default)
                for row in quality
            ]
        )
        gained = scores[np.arange(len(taken)), taken] - scores[:, default]
        found[share] = Held(
            gained=gained,
            worth=gained - worth(DEFAULT_DIAL) * (prices[taken] - prices[default]),
            left=(taken != default).astype(np.float64),
            spent=usd[taken] / usd[default] if usd[default] > 0 else np.ones(len(taken)),
        )
    return found


def spread_over(rows: NDArray[np.intp], n: int = MOST) -> NDArray[np.intp]:
    """Return at most `n` of some rows, evenly: a table may be sorted by task."""
    if len(rows) <= n:
        return rows
    return rows[np.linspace(0, len(rows) - 1, n).astype(np.intp)]


def with_caution(quality: Quality, share: float) -> Quality:
    """Return an estimate as an artifact with this share of the doubt would give it."""
    caution = caution_at(share, 1.0 if quality.familiar is None else quality.familiar)
    if caution >= FULL or quality.apart is None or quality.at_large is None:
        return quality
    apart, at_large = eased(quality.mean, quality.apart, quality.at_large, caution)
    return replace(quality, apart=apart, at_large=at_large)


def _mean_costs(table: Outcomes) -> Array:
    """Return each model's mean cost; nothing where a model has none: then money does not count."""
    known = ~np.isnan(table.costs_usd)
    if not known.any(axis=0).all():
        return np.zeros(len(table.models))
    costs: Array = np.nanmean(table.costs_usd, axis=0)
    return costs
