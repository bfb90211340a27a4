"""Evaluates routing on one table of outcomes, as `unisono evaluate` does: expectations, contenders, figures, verdict.

It reads no file and prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from unisono.errors import StartError
from unisono.evaluate.compare import N_RESAMPLES, Contender, Field, Standing, field_of, standings
from unisono.evaluate.crossfit import N_FOLDS, CrossFit, best_single, cross_fit
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.metrics import Interval, calibration_error, interval, resampled, saved_share
from unisono.evaluate.replay import DEFAULT_DIAL, Expected, Policy, Replay, always, singles, sweep
from unisono.evaluate.verdict import TOLERANCE, Verdict, verdict
from unisono.protocols import Chooser, QualityPredictor
from unisono.types import Features, Goal, Mode, Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

OURS = "unisono"
UNTAUGHT = "unisono, not taught by this table"
JOINS = 0.8
"""A model that leaves less of the prompts than this share is not named among those that can be compared."""
FEWEST = 30
"""Prompts below which no comparison is made: folds of six prompts say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How an evaluation is done: the seeds of folds, random choices and controls, and what counts as equal."""

    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    tolerance: float = TOLERANCE
    dial: float = DEFAULT_DIAL
    n_resamples: int = N_RESAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a server's choices come to beside its default, the best single model of the other folds.

    Attributes:
        gained: mean score less the default's.
        saved: share of the default's bill that is saved.
    """

    gained: Interval
    saved: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was found on one table.

    Attributes:
        table: the prompts that could be compared.
        n_left_out: prompts without every model's score and cost.
        field: the best, the strongest and the cheapest model of the table.
        standings: ours first.
        verdict: whether routing pays.
        calibration: expected calibration error of the held-out expectations, per model.
        served: what the server's own choices at the dial come to.
        served_beside: the same beside the verdict's model always, where some folds have another default.
    """

    table: Outcomes
    n_left_out: int
    field: Field
    standings: tuple[Standing, ...]
    verdict: Verdict
    calibration: dict[str, float]
    served: Served
    served_beside: Served | None = None

    @property
    def is_free(self) -> bool:
        """Whether no answer of the table costs anything, or no cost is known."""
        return not self.table.costs_usd.any()


def evaluate(
    table: Outcomes,
    features: Sequence[Features],
    quality: Callable[[], QualityPredictor],
    chooser: Chooser,
    settled: Settled | None = None,
    *,
    tick: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Evaluate routing on a table by cross-fitting.

    Args:
        table: outcomes; prompts that lack a model's score or cost are left out.
        features: of all the table's prompts.
        quality: makes a quality predictor that has learned nothing here yet.
        chooser: what decides in a server.
        settled: how.
        tick: called after each fold of each seed; `n_ticks` says how often.

    Raises:
        StartError: there is too little to compare; says what to do.
    """
    settled = settled or Settled()
    keep: NDArray[np.bool_] = np.asarray((~np.isnan(table.scores) & ~np.isnan(table.costs_usd)).all(axis=1))
    whole = comparable(table)
    features = [known for known, kept in zip(features, keep.tolist(), strict=True) if kept]
    field = field_of(whole.scores, whole.costs_usd)
    goal = Goal(mode=Mode.DEEP, dial=settled.dial)
    fitted = partial(cross_fit, whole, features, quality, chooser, goal=goal, tick=tick)
    fits = [fitted(seed=seed) for seed in settled.seeds]
    controls = [fitted(seed=seed, shuffled=True) for seed in settled.seeds]
    replay = Replay(whole)
    swept = tuple(sweep(OURS, fit.expected) for fit in fits)
    untaught = quality()
    models = [Model(name=name, upstream="scripted", upstream_model=name) for name in whole.models]
    knew = np.array([[q.mean for q in untaught.predict_one(known, models)] for known in features])
    before = tuple(sweep(UNTAUGHT, Expected(quality=knew, cost_usd=fit.expected.cost_usd)) for fit in fits)
    contenders = [
        Contender(name=OURS, policies=swept),
        Contender(name=UNTAUGHT, policies=before),
        Contender(
            name=f"unisono at dial {settled.dial:g}",
            policies=tuple(Policy(name="decided", chosen=fit.chosen[None]) for fit in fits),
            at=0,
        ),
        *baselines(whole, field, seeds=settled.seeds),
        Contender(
            name="shuffled-label control", policies=tuple(sweep("control", control.expected) for control in controls)
        ),
    ]
    judged = verdict(replay, fits, swept, tolerance=settled.tolerance, n_resamples=settled.n_resamples)
    named = whole.models.index(judged.model)
    return Evaluation(
        table=whole,
        n_left_out=int((~keep).sum()),
        field=field,
        standings=tuple(standings(replay, contenders, field, n_resamples=settled.n_resamples)),
        verdict=judged,
        calibration=calibration(whole, fits),
        served=served(whole, fits, n_resamples=settled.n_resamples),
        served_beside=None
        if judged.beside is None
        else served(whole, fits, n_resamples=settled.n_resamples, always=named),
    )


def served(table: Outcomes, fits: Sequence[CrossFit], *, n_resamples: int, always: int | None = None) -> Served:
    """Return what the choices of the fits come to, each beside the default that it had: neither saw its own fold.

    Args:
        table: outcomes, complete.
        fits: with the choices.
        n_resamples: for the intervals.
        always: the place of one model to compare with in place of the defaults.
    """
    rows = np.arange(len(table.prompts))
    gained, usd, default_usd = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows))
    for fit in fits:
        default = np.zeros(len(rows), dtype=np.intp)
        for fold in np.unique(fit.folds):
            rest = fit.folds != fold
            best = best_single(table.scores[rest], table.costs_usd[rest]) if always is None else always
            default[~rest] = best
        gained += table.scores[rows, fit.chosen] - table.scores[rows, default]
        usd += table.costs_usd[rows, fit.chosen]
        default_usd += table.costs_usd[rows, default]
    weights = resampled(len(rows), rng=np.random.default_rng(0), n_resamples=n_resamples)
    return Served(
        gained=interval(weights @ gained / len(fits)), saved=interval(saved_share(weights @ usd, weights @ default_usd))
    )


def n_ticks(settled: Settled) -> int:
    """Return how many folds `evaluate` works through."""
    return 2 * N_FOLDS * len(settled.seeds)


def priced(table: Outcomes) -> Outcomes:
    """Return a table that knows no cost at all as one of models that cost nothing: then quality alone is judged."""
    if not np.isnan(table.costs_usd).all():
        return table
    return replace(table, costs_usd=np.where(np.isnan(table.scores), np.nan, 0.0))


def comparable(table: Outcomes) -> Outcomes:
    """Return the prompts that every model of the table has a score and a cost for.

    Raises:
        StartError: too few are left; names the models that lack most.
    """
    if len(table.models) < 2:
        raise StartError(f"{table.name} knows one model only ({', '.join(table.models)}): there is nothing to route.")
    whole = table.complete()
    if len(whole.prompts) >= FEWEST:
        return whole
    known = np.asarray(~np.isnan(table.scores) & ~np.isnan(table.costs_usd), dtype=np.bool_)
    scored = int((~np.isnan(table.scores)).all(axis=1).sum())
    costless = " Without any costs quality alone is judged." if scored >= FEWEST else ""
    lacking = sorted(zip((~known).sum(axis=0), table.models, strict=True), reverse=True)[:3]
    said = ", ".join(f"{model} lacks {n:,}" for n, model in lacking if n) or "the table is short"
    raise StartError(
        f"{table.name}: only {len(whole.prompts)} of {len(table.prompts):,} prompts have a score and a cost of each of "
        f"the {len(table.models)} models; {FEWEST} are needed ({said}). {_fewer(table.models, known)}fill the columns "
        f"score and cost.{costless}"
    )


def _fewer(models: Sequence[str], known: NDArray[np.bool_]) -> str:
    """Name models that can be compared: those with the most prompts in common, and who joins at no great loss."""
    common = known.T.astype(np.int64) @ known
    np.fill_diagonal(common, 0)
    best = int(common.max())
    if best < FEWEST:
        return f"No two models have more than {best} prompts in common; "
    together = [int(place) for place in np.unravel_index(int(common.argmax()), common.shape)]
    rest: NDArray[np.bool_] = np.asarray(known[:, together].all(axis=1), dtype=np.bool_)
    while len(together) < len(models):
        counts = (known & rest[:, None]).sum(axis=0)
        counts[together] = -1
        place = int(counts.argmax())
        if counts[place] < max(FEWEST, int(JOINS * best)):
            break
        together.append(place)
        rest &= known[:, place]
    names = ",".join(models[place] for place in sorted(together))
    return f"Compare fewer models, such as `--models {names}` ({int(rest.sum()):,} prompts), or "


def baselines(table: Outcomes, field: Field, *, seeds: Sequence[int]) -> list[Contender]:
    """Return what any router must be compared with: constants, chance, mixes of single models, and what knows more."""
    n, m = len(table.prompts), len(table.models)
    names = {
        f"best single: {table.models[field.best]}": field.best,
        f"strongest by price: {table.models[field.strongest]}": field.strongest,
        f"cheapest: {table.models[field.cheapest]}": field.cheapest,
    }
    drawn = tuple(
        Policy(name="random", chosen=np.random.default_rng(seed).integers(0, m, (1, n)).astype(np.intp))
        for seed in seeds
    )
    found = [Contender(name=name, policies=(always(name, place, n),), at=0) for name, place in names.items()]
    found += [
        Contender(name="random", policies=drawn, at=0),
        Contender(name="price mixing (hull of singles)", policies=(singles("singles", m, n),)),
    ]
    if len(set(table.categories)) > 1:
        found.append(Contender(name="set oracle", policies=(sweep("set oracle", by_category(table)),)))
    knows = Expected(quality=table.scores, cost_usd=table.costs_usd)
    found.append(Contender(name="oracle", policies=(sweep("oracle", knows),)))
    return found


def by_category(table: Outcomes) -> Expected:
    """Return each category's true means: what a router would know that knows the data set and no more."""
    quality, cost = np.zeros_like(table.scores), np.zeros_like(table.costs_usd)
    categories = np.array(table.categories)
    for name in set(table.categories):
        rows = categories == name
        quality[rows], cost[rows] = table.scores[rows].mean(axis=0), table.costs_usd[rows].mean(axis=0)
    return Expected(quality=quality, cost_usd=cost)


def calibration(table: Outcomes, fits: Sequence[CrossFit]) -> dict[str, float]:
    """Return the expected calibration error of held-out expectations per model, mean over the fits."""
    return {
        model: float(
            np.mean([calibration_error(fit.expected.quality[:, place], table.scores[:, place]) for fit in fits])
        )
        for place, model in enumerate(table.models)
    }
