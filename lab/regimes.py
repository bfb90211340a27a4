"""How robustly a fitted table wins, over many kinds of tables: `PYTHONPATH=src:lab python lab/regimes.py`.

Training parts only. Some ninety tables are cut from them: few and many models, one task and all, 200 to 3,000 prompts,
costs as they are, dealt to other models, nearly equal, or a hundredfold apart; then made ones: a twin of the best model
at a tenth of its price, specialists by task, sixty models. `unisono fit` sees some prompts and the product decides
others, of the same tasks or of one that the table lacks; beside it stand rivals of `lab/routers` with the same expected
costs, and the cheaper mix that a user without it could have found on the seen prompts: the cheapest model as good as
the best, or the k-means clusters at the cheapest setting that held the best one's score there.

`python lab/regimes.py NAME` keeps what it finds in `lab/runs/regimes/NAME.json` (`regimes` without a name) and measures
only what is not in there; `--show` prints it. Even tables are there to choose by, odd ones to confirm (`--half`). Ten
minutes of one core.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from board.context import DATA
from own_tables import in_force
from pools import with_assumed_prices
from routers import clusters, factorisation, linear, neighbours
from unisono.choose.utility import UtilityChooser
from unisono.evaluate.caution import with_caution
from unisono.evaluate.crossfit import _costs as lines
from unisono.evaluate.crossfit import best_single, decided
from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.evaluate.fit import fit_table
from unisono.evaluate.metrics import Interval, cost_at, interval, resampled
from unisono.evaluate.replay import DEFAULT_DIAL, Expected, Policy, Replay, areas, models_of, singles, sweep
from unisono.evaluate.verdict import cheapest_equal
from unisono.predict.artifact import CAUTION, assembled
from unisono.predict.caution import FULL
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Features, Goal, Json, Mode
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

Array = NDArray[np.float64]
RUNS = Path(__file__).resolve().parent / "runs" / "regimes"
SETS = ("mmlu_pro", "routerbench_0shot_part", "llmrouter_default", "routerdc_7small", "mmlu_pro", "llmrouter_default")
"""From which tables are drawn; two of them twice, for they hold most tasks."""
N_DRAWN = 66
MODELS = (2, 3, 5, 10, 99)
TASKS = (1, 3, 99)
PROMPTS = (200, 500, 1000, 3000)
COSTS = ("as they are", "dealt", "nearly equal", "hundredfold")
N_FRESH, FEWEST_FRESH = 1200, 100
N_RESAMPLES = 300
RIVALS = (clusters, factorisation, linear, neighbours)
SLACK = 0.003
"""By how much the promise lets the default dial fall below the best single model."""
ENCODER = StaticEncoder()
READ = Understanding(ENCODER, cache_size=1).text
_READ: dict[str, Features] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a table is like: the factors that figures are shown by."""

    place: int
    source: str
    n_models: int
    n_prompts: int
    tasks: str
    costs: str
    scores: str
    made: str = "-"
    asked: str = "same tasks"

    @property
    def label(self) -> str:
        return "; ".join(str(value) for value in asdict(self).values())


# -------------------------------------------------------------------------------------------- tables


def tables() -> Iterator[tuple[Kind, Callable[[], tuple[Outcomes, Outcomes]]]]:
    """Yield what each table is, and what makes its seen and its fresh part."""
    whole = {name: _complete(name) for name in dict.fromkeys((*SETS, "bfcl_v1_2024_08", "zeroeval_math_l5"))}
    rng = np.random.default_rng(20261127)
    place = 0
    while place < N_DRAWN:
        drawn = _drawn(whole[SETS[place % len(SETS)]], place, rng)
        if drawn is not None:
            yield drawn
            place += 1
    for name, n_models, n_prompts in (
        ("bfcl_v1_2024_08", 10, 230),
        ("bfcl_v1_2024_08", 48, 230),
        ("zeroeval_math_l5", 38, 115),
        ("zeroeval_math_l5", 10, 115),
    ):
        yield _cut(whole[name], place, n_models=n_models, n_prompts=n_prompts, costs="as they are", rng=rng)
        place += 1
    for what, make, sizes in (
        ("twin at a tenth", _twins, ((2, 500), (2, 2000), (5, 500), (5, 2000))),
        ("specialists", _specialists, ((10, 1000), (60, 1000))),
    ):
        for name in ("mmlu_pro", "routerbench_0shot_part", "llmrouter_default", "routerdc_7small"):
            for n_models, n_prompts in sizes:
                made = make(whole[name], n_models, rng)
                yield _cut(made, place, n_models=n_models, n_prompts=n_prompts, costs="as they are", rng=rng, made=what)
                place += 1
    for costs in ("as they are", "dealt", "hundredfold", "nearly equal"):
        yield _cut(
            _blends(whole["mmlu_pro"], 60, rng), place, n_models=60, n_prompts=1000, costs=costs, rng=rng, made="blends"
        )
        place += 1


def _complete(name: str) -> Outcomes:
    """Return the priced models of a training part, and the prompts that all of them answered, in a random order."""
    table = with_assumed_prices(load_outcomes(DATA, name, part="train"))
    if np.isnan(table.costs_usd).all():
        table = replace(table, costs_usd=np.tile(1e-5 * 4.0 ** np.arange(len(table.models)), (len(table.prompts), 1)))
    priced = ~np.isnan(table.costs_usd).all(axis=0) & (np.nanmean(np.nan_to_num(table.costs_usd), axis=0) > 0)
    table = table.only(tuple(model for model, known in zip(table.models, priced, strict=True) if known)).complete()
    order = np.random.default_rng(7).permutation(len(table.prompts))
    cut = {
        key: getattr(table, key)[order] for key in ("scores", "costs_usd", "input_tokens", "output_tokens", "n_options")
    }
    texts = {key: tuple(getattr(table, key)[row] for row in order) for key in ("prompts", "categories")}
    return replace(table, **cut, **texts)


Made = tuple[Kind, "Callable[[], tuple[Outcomes, Outcomes]]"]


def _drawn(table: Outcomes, place: int, rng: np.random.Generator) -> Made | None:
    """Draw one table; None where its tasks are too small for it."""
    n_models, n_tasks, n_prompts = (int(rng.choice(values)) for values in (MODELS, TASKS, PROMPTS))
    costs, away = str(rng.choice(COSTS)), bool(rng.random() < 0.25)
    names = sorted(set(table.categories))
    tasks = rng.permutation(names)[: min(n_tasks, len(names))]
    kept = "one" if len(tasks) == 1 else "all" if len(tasks) == len(names) else "three"
    table = table.rows(np.isin(table.categories, tasks))
    if away and len(tasks) < 2:
        away = False
    return _cut(table, place, n_models=n_models, n_prompts=n_prompts, costs=costs, rng=rng, tasks=kept, away=away)


def _cut(
    table: Outcomes,
    place: int,
    *,
    n_models: int,
    n_prompts: int,
    costs: str,
    rng: np.random.Generator,
    tasks: str = "all",
    made: str = "-",
    away: bool = False,
) -> Made | None:
    """Return a table of some models and prompts, with some costs; None where too few prompts are left."""
    n_models = min(n_models, len(table.models))
    models = tuple(table.models[one] for one in sorted(rng.choice(len(table.models), n_models, replace=False)))
    names, shares = np.unique(table.categories, return_counts=True)
    task = str(rng.choice(names[shares >= FEWEST_FRESH])) if away and (shares >= FEWEST_FRESH).any() else None
    fresh = np.array([name == task for name in table.categories]) if task else np.arange(len(table.prompts)) % 2 == 1
    n_prompts = min(n_prompts, int((~fresh).sum()))
    if n_prompts < 100 or fresh.sum() < FEWEST_FRESH:
        return None
    factors = _factors(table.only(models), costs, rng)
    source = table.name.partition(".")[0]
    kind = Kind(
        place=place,
        source=source,
        n_models=n_models,
        n_prompts=n_prompts,
        tasks=tasks,
        costs=costs,
        scores="0/1" if len(np.unique(table.scores)) == 2 else "graded",
        made=made,
        asked="a task it lacks" if task else "same tasks",
    )

    def parts() -> tuple[Outcomes, Outcomes]:
        known = table.only(models)
        strange = tuple(f"maker {one} / Model {one}: v{one}" for one in range(n_models))
        known = replace(known, models=strange, costs_usd=known.costs_usd * factors)
        seen = known.rows(_first(~fresh, n_prompts))
        return seen, known.rows(_first(fresh, N_FRESH))

    return kind, parts


def _first(rows: NDArray[np.bool_], n: int) -> NDArray[np.bool_]:
    return rows & (rows.cumsum() <= n)


def _factors(table: Outcomes, costs: str, rng: np.random.Generator) -> Array:
    """Return by what each model's bills are multiplied."""
    mean, n = table.costs_usd.mean(axis=0), len(table.models)
    if costs == "dealt":
        return np.asarray(mean[rng.permutation(n)] / mean)
    if costs == "nearly equal":
        return np.asarray(np.median(mean) * rng.uniform(0.95, 1.05, n) / mean)
    if costs == "hundredfold":  # the better, the dearer
        wanted = np.empty(n)
        wanted[table.scores.mean(axis=0).argsort(kind="stable")] = np.geomspace(0.01, 1.0, n) * mean.max()
        return np.asarray(wanted / mean)
    return np.ones(n)


def _twins(table: Outcomes, n_models: int, rng: np.random.Generator) -> Outcomes:
    """Return the best model with a twin at a tenth of its price, and others: the twin is as good on every task."""
    best = best_single(table.scores)
    rest = [one for one in rng.permutation(len(table.models)).tolist() if one != best][: n_models - 2]
    table = table.only(tuple(table.models[one] for one in (best, best, *rest)))
    scores, costs = table.scores.copy(), table.costs_usd.copy()
    categories = np.array(table.categories)
    for name in sorted(set(table.categories)):
        rows = np.flatnonzero(categories == name)
        scores[rows, 1] = scores[rng.permutation(rows), 1]
    costs[:, 1] = 0.1 * costs[:, 0]
    if n_models > 2:  # the others cost what they are worth, and no more than the best
        costs[:, 2:] *= 0.3 * costs[:, 0].mean() / costs[:, 2:].mean(axis=0)
    return _with(table, scores, costs)


def _specialists(table: Outcomes, n_models: int, rng: np.random.Generator) -> Outcomes:
    """Return models of .79 to .82 that differ by .08 from task to task, at prices of one to thirty."""
    names, task = np.unique(table.categories, return_inverse=True)
    chance = rng.uniform(0.79, 0.82, n_models) + rng.normal(0.0, 0.08, (len(names), n_models))
    scores = (rng.random((len(task), n_models)) < np.clip(chance, 0.0, 1.0)[task]).astype(np.float64)
    costs = 3e-5 * rng.permutation(np.geomspace(1.0, 30.0, n_models)) * rng.lognormal(0.0, 0.3, scores.shape)
    return _with(table, scores, costs)


def _blends(table: Outcomes, n_models: int, rng: np.random.Generator) -> Outcomes:
    """Return models of which each answers as one or another of the table's, by task, at a price between theirs."""
    names, task = np.unique(table.categories, return_inverse=True)
    pairs = rng.integers(0, len(table.models), (n_models, 2))
    sides = rng.integers(0, 2, (n_models, len(names)))
    columns = np.take_along_axis(pairs, sides, axis=1)[:, task].T
    costs = table.costs_usd[np.arange(len(task))[:, None], columns]
    means = table.costs_usd.mean(axis=0)[pairs].mean(axis=1)
    return _with(table, np.take_along_axis(table.scores, columns, axis=1), costs / costs.mean(axis=0) * means)


def _with(table: Outcomes, scores: Array, costs: Array) -> Outcomes:
    nothing = np.full(scores.shape, np.nan)
    models = tuple(f"model {one}" for one in range(scores.shape[1]))
    return replace(table, models=models, scores=scores, costs_usd=costs, input_tokens=nothing, output_tokens=nothing)


# ------------------------------------------------------------------------------------------- measure


def measured(kind: Kind, seen: Outcomes, fresh: Outcomes) -> Json:
    """Fit, decide the fresh prompts, and hold all against the rivals."""
    known, asked = ([_read(prompt) for prompt in table.prompts] for table in (seen, fresh))
    usd = lines(_lengths(known), seen.costs_usd, _lengths(asked))
    weights = resampled(len(asked), rng=np.random.default_rng(0), n_resamples=N_RESAMPLES)
    replay = Replay(fresh)
    began = process_time()
    fit = fit_table(seen, encoder=ENCODER, read=_read)
    fitted_s = process_time() - began
    models = models_of(seen)
    full = {**fit.trained.scalars, CAUTION: FULL}
    doubting = QualityEnsemble(assembled(arrays=fit.trained.arrays, manifest={**fit.manifest, "scalars": full}))
    found = [doubting.predict_one(features, models) for features in asked]
    ours = np.array([[quality.mean for quality in row] for row in found])
    aiq = {"unisono": areas(replay, sweep("", Expected(quality=ours, cost_usd=usd)), weights)}
    for router in RIVALS:
        expected = _rival(router, known, seen.scores, asked)
        aiq[router.NAME] = areas(replay, sweep("", Expected(quality=expected, cost_usd=usd)), weights)
    aiq["price mixing"] = areas(replay, singles("", len(models), len(asked)), weights)
    default = best_single(seen.scores)
    at = {}
    served, inside = fit.found.served, fit.found.in_domain
    shares = {
        "all of the doubt": FULL,
        "as fitted": FULL if served is None else served.caution,
        "in domain": FULL if inside is None else inside.caution,
    }
    taken: dict[str, NDArray[np.intp]] = {}
    for dial in (DEFAULT_DIAL, 1.0):
        for name, share in shares.items():
            goal = Goal(mode=Mode.DEEP, dial=dial)
            taken[f"{name}, dial {dial:g}"] = np.array(
                [
                    decided(
                        UtilityChooser(),
                        models,
                        [with_caution(q, share) for q in row],
                        money,
                        goal=goal,
                        default=default,
                    )
                    for row, money in zip(found, usd, strict=True)
                ]
            )
    opened = in_force(fit, asked)
    taken["when alike"] = np.where(opened, taken["in domain, dial 0.5"], taken["as fitted, dial 0.5"])
    taken["best expected"] = ours.argmax(axis=1)
    taken["cheapest as good"] = np.full(len(asked), cheapest_equal(seen.scores, seen.costs_usd, tolerance=0.01))
    taken["clusters, held"] = _held(seen, known, asked, usd, default)
    for name, chosen in taken.items():
        at[name] = _against(fresh, chosen, default, weights)
    mean_usd, mean_score = fresh.costs_usd.mean(axis=0), fresh.scores.mean(axis=0)
    return {
        "kind": asdict(kind),
        "n_fresh": len(asked),
        "fit_s": round(fitted_s, 1),
        "verdict": fit.found.verdict,
        "shares": shares,
        "open": float(opened.mean()),
        "best": float(mean_score[default]),
        "aiq": {name: round(float(draws[0]), 5) for name, draws in aiq.items()},
        "ahead": {name: _json(interval(aiq["unisono"] - draws)) for name, draws in aiq.items() if name != "unisono"},
        "at": at,
        "hindsight": round(
            1 - min(cost_at(mean_usd, mean_score, float(mean_score[default])) / mean_usd[default], 1.0), 4
        ),
    }


def _rival(router, known: list[Features], scores: Array, asked: list[Features]) -> Array:  # type: ignore[no-untyped-def]
    return np.asarray(router.quality(known, scores.copy(), asked, seed=1), dtype=np.float64)


def _held(seen: Outcomes, known: list[Features], asked: list[Features], usd: Array, default: int) -> NDArray[np.intp]:
    """Return what the clusters choose at the cheapest setting that held the best model's score on seen prompts."""
    if len(known) < 2 * clusters.N_CLUSTERS:
        return np.full(len(asked), default)
    halves = np.arange(len(known)) % 2
    expected = np.empty_like(seen.scores)
    for half in (0, 1):
        rows, others = np.flatnonzero(halves == half), np.flatnonzero(halves != half)
        expected[rows] = _rival(clusters, [known[i] for i in others], seen.scores[others], [known[i] for i in rows])
    final = _rival(clusters, known, seen.scores, asked)
    at_home = lines(_lengths(known), seen.costs_usd, _lengths(known))
    both = Expected(quality=np.vstack((expected, final)), cost_usd=np.vstack((at_home, usd)))
    chosen = sweep("", both).chosen
    here, there = chosen[:, : len(known)], chosen[:, len(known) :]
    costs, scores = (part.mean(axis=1) for part in Replay(seen).outcomes(Policy(name="", chosen=here)))
    good = np.flatnonzero(scores >= seen.scores[:, default].mean())
    return there[good[costs[good].argmin()]] if good.size else np.full(len(asked), default)


def _against(fresh: Outcomes, chosen: NDArray[np.intp], default: int, weights: Array) -> Json:
    """Return what choices gain and save beside the default."""
    rows = np.arange(len(chosen))
    gain = interval(weights @ (fresh.scores[rows, chosen] - fresh.scores[:, default]))
    spent = (weights @ fresh.costs_usd[rows, chosen]) / (weights @ fresh.costs_usd[:, default])
    return {
        "gain": _json(gain),
        "saved": round(1 - float(spent[0]), 4),
        "left": round(float((chosen != default).mean()), 4),
    }


def _read(prompt: str) -> Features:
    if prompt not in _READ:
        _READ[prompt] = READ(prompt)
    return _READ[prompt]


def _lengths(features: Sequence[Features]) -> Array:
    return np.array([known.n_input_tokens for known in features], dtype=np.float64)


def _json(one: Interval) -> Json:
    return {"value": round(one.value, 5), "low": round(one.low, 5), "high": round(one.high, 5)}


# --------------------------------------------------------------------------------------------- print


def rows_of(name: str, half: str) -> list[Json]:
    """Return what a run kept: of all tables, or of the even or the odd ones."""
    rows: list[Json] = json.loads((RUNS / f"{name}.json").read_text())
    wanted = {"all": (0, 1), "even": (0,), "odd": (1,)}[half]
    return [row for row in rows if row["kind"]["place"] % 2 in wanted]


def groups(rows: Sequence[Json]) -> Iterator[tuple[str, list[Json]]]:
    """Yield the whole and each regime with its rows."""
    drawn = [row for row in rows if row["kind"]["made"] == "-"]
    yield "all", list(rows)
    yield "all drawn", drawn
    for factor in ("source", "tasks", "costs", "scores", "asked"):
        for value in dict.fromkeys(row["kind"][factor] for row in drawn):
            yield f"{factor}: {value}", [row for row in drawn if row["kind"][factor] == value]
    for factor, bounds in (("n_models", (2, 3, 5, 11, 99)), ("n_prompts", (299, 999, 1999, 3000))):
        below = 0
        for bound in bounds:
            part = [row for row in drawn if below < row["kind"][factor] <= bound]
            if part:
                yield f"{factor} {below + 1} to {bound}", part
            below = bound
    for value in dict.fromkeys(row["kind"]["made"] for row in rows if row["kind"]["made"] != "-"):
        for n in sorted({row["kind"]["n_models"] for row in rows if row["kind"]["made"] == value}):
            here = [row for row in rows if (row["kind"]["made"], row["kind"]["n_models"]) == (value, n)]
            yield f"made: {value}, {n} models", here


def show(rows: Sequence[Json], *, ours: str) -> None:
    """Print, by regime, how often and by how much AIQ is ahead of the rivals, and what the default dial does."""
    names = list(rows[0]["ahead"])
    print("| regime | tables | " + " | ".join(names) + " |\n|---|---:|" + "---:|" * len(names))
    for label, part in groups(rows):
        told = []
        for name in names:
            ahead = [row["ahead"][name] for row in part]
            sure = sum(one["low"] > 0 for one in ahead), sum(one["high"] < 0 for one in ahead)
            told.append(f"{_over_tables([a['value'] for a in ahead])}, {_share(ahead)} ({sure[0]}/{sure[1]})")
        print(f"| {label} | {len(part)} | {' | '.join(told)} |")
    shown = (ours, "in domain, dial 0.5", "when alike", "in domain, dial 1", "cheapest as good", "clusters, held")
    print("\n| regime | tables | " + " | ".join(shown) + " |\n|---|---:|" + "---:|" * len(shown))
    for label, part in groups(rows):
        print(f"| {label} | {len(part)} | {' | '.join(_dial(part, name) for name in shown)} |")


def _dial(rows: Sequence[Json], name: str) -> str:
    at = [row["at"][name] for row in rows]
    below = np.mean([one["gain"]["value"] < -SLACK for one in at])
    gain, saved = (np.mean([pick(one) for one in at]) for pick in (lambda a: a["gain"]["value"], lambda a: a["saved"]))
    return f"{gain:+.4f}, {saved:.0%}, below {below:.0%}"


def _share(ahead: Sequence[Json]) -> str:
    return f"{np.mean([(one['value'] > 0) + 0.5 * (one['value'] == 0) for one in ahead]):.0%}"


def _over_tables(values: Sequence[float]) -> str:
    """Return the mean with the interval of 1,000 draws of the tables."""
    draws = interval(resampled(len(values), rng=np.random.default_rng(0)) @ np.array(values))
    return f"{draws.value:+.4f} [{draws.low:+.4f}, {draws.high:+.4f}]"


def main() -> None:
    """Measure what is missing, print all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", default="regimes", help="of the file in lab/runs/regimes")
    parser.add_argument("--show", action="store_true", help="print what is there, measure nothing")
    parser.add_argument("--half", choices=("all", "even", "odd"), default="all", help="of the tables")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # means over nothing
    file = RUNS / f"{options.name}.json"
    kept: dict[str, Json] = {}
    if file.is_file():
        kept = {_key(row["kind"]): row for row in json.loads(file.read_text())}
    if not options.show:
        RUNS.mkdir(parents=True, exist_ok=True)
        for made in tables():
            kind, parts = made
            if _key(asdict(kind)) in kept or (options.half != "all" and kind.place % 2 != (options.half == "odd")):
                continue
            began = process_time()
            kept[_key(asdict(kind))] = measured(kind, *parts())
            print(f"{kind.label} ({process_time() - began:.0f} s)", file=sys.stderr, flush=True)
            rows = sorted(kept.values(), key=lambda row: int(row["kind"]["place"]))
            file.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    show(rows_of(options.name, options.half), ours="as fitted, dial 0.5")


def _key(kind: Json) -> str:
    return json.dumps(kind, sort_keys=True)


if __name__ == "__main__":
    main()
