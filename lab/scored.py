"""What a server decides that has learnt some scores and was never fitted: `PYTHONPATH=src:lab python lab/scored.py`.

Training parts only, under names that nobody knows. Of each table 80, 300 or 800 prompts are scored for every model, as
`unisono evaluate` and a probe do; the shipped artifact with these scores decides 400 others. Tables as they are, of
three and of six models drawn at random; and two made ones of which the truth is known: a twin of the best model at a
tenth of its price, and one that is worse than that by four answers in a hundred. Every model is the default in turn; in
made tables only the dear one is. Beside it stand the cheapest model that was as good as the best on the scored prompts,
and the k-means clusters at the cheapest setting that held the best one's score there. Gain and bill are beside the
default; brackets hold 95 % of resamples of the tables.

`python lab/scored.py SEED` draws other tables (default 11). Writes `lab/runs/scored/SEED.json` (four minutes).
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from regimes import ENCODER, SETS, Array, _complete, _first, _held, _lengths, _read, _twins, _with
from unisono.choose.utility import UtilityChooser
from unisono.evaluate.crossfit import _costs as lines
from unisono.evaluate.crossfit import _learn, best_single, decided
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.metrics import interval, resampled
from unisono.evaluate.replay import models_of
from unisono.evaluate.verdict import cheapest_equal
from unisono.predict.artifact import default_artifact_path, load
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Goal, Json, Mode

RUNS = Path(__file__).resolve().parent / "runs" / "scored"
KINDS = (("twin at a tenth", 2), ("worse at a tenth", 2), ("as it is", 3), ("as it is", 6))
SCORED, N_FRESH, N_DRAWS = (80, 300, 800), 400, 2
DIALS = (0.25, 0.5, 0.75)
WORSE = 0.04
ALLOWED = 0.005
RIVALS = ("cheapest as good", "clusters, held")


def tables(seed: int) -> Iterator[tuple[Json, Outcomes, Outcomes]]:
    """Yield what each table is, its scored and its fresh part."""
    rng = np.random.default_rng(seed)
    whole = {name: _complete(name) for name in dict.fromkeys(SETS)}
    for _ in range(N_DRAWS):
        for name, table in whole.items():
            for kind, n_models in KINDS:
                for n in SCORED:
                    yield {"source": name, "kind": kind, "n": n}, *_parts(table, kind, n_models, n, rng)


def _parts(table: Outcomes, kind: str, n_models: int, n: int, rng: np.random.Generator) -> tuple[Outcomes, Outcomes]:
    if kind == "as it is":
        table = table.only(
            tuple(table.models[one] for one in sorted(rng.choice(len(table.models), n_models, replace=False)))
        )
    else:
        table = _twins(table, n_models, rng)
    if kind == "worse at a tenth":
        scores = table.scores.copy()
        scores[rng.random(len(scores)) < WORSE, 1] = 0.0
        table = _with(table, scores, table.costs_usd)
    table = replace(table, models=tuple(f"maker {one} / Model {one}: v{one}" for one in range(n_models)))
    table = table.rows(rng.random(len(table.prompts)) < 0.7)
    place = np.arange(len(table.prompts))
    return table.rows(_first(place >= 0, n)), table.rows((place >= n) & (place < n + N_FRESH))


def measured(seen: Outcomes, fresh: Outcomes, *, made: bool) -> Iterator[Json]:
    """Yield what each default gains and saves at each dial, and what the rivals do in its place."""
    known, asked = ([_read(prompt) for prompt in table.prompts] for table in (seen, fresh))
    usd = lines(_lengths(known), seen.costs_usd, _lengths(asked))
    models, best = models_of(seen), best_single(seen.scores)
    predictor = QualityEnsemble(load(default_artifact_path(ENCODER.name), encoder=ENCODER.name))
    for features, scores in zip(known, seen.scores, strict=True):
        _learn(predictor, features, models, scores)
    found = [predictor.predict_one(features, models) for features in asked]
    cheapest = np.full(len(asked), cheapest_equal(seen.scores, seen.costs_usd, tolerance=0.01))
    rivals = dict(zip(RIVALS, (cheapest, _held(seen, known, asked, usd, best)), strict=True))
    for default in [0] if made else range(len(models)):
        at = {f"{dial:g}": _decided(models, found, usd, dial, default) for dial in DIALS} | rivals
        yield {
            "is_best": default == best,
            "at": {name: _against(fresh, chosen, default) for name, chosen in at.items()},
        }


def _decided(models, found, usd: Array, dial: float, default: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    chooser, goal = UtilityChooser(), Goal(mode=Mode.DEEP, dial=dial)
    return np.array(
        [
            decided(chooser, models, row, money, goal=goal, default=default)
            for row, money in zip(found, usd, strict=True)
        ]
    )


def _against(fresh: Outcomes, chosen: np.ndarray, default: int) -> Json:
    rows = np.arange(len(chosen))
    gain = float((fresh.scores[rows, chosen] - fresh.scores[:, default]).mean())
    spent = float(fresh.costs_usd[rows, chosen].mean() / fresh.costs_usd[:, default].mean())
    return {"gain": round(gain, 5), "spent": round(spent, 4)}


def show(rows: Sequence[Json]) -> None:
    """Print, by kind and number of scored prompts, gain, share of the bill and how many tables lose too much."""
    names = [*(f"{dial:g}" for dial in DIALS), *RIVALS]
    print(
        "| table | default | scored | tables | " + " | ".join(names) + " |\n|---|---|---:|---:|" + "---:|" * len(names)
    )
    for kind in dict.fromkeys(kind for kind, _ in KINDS):
        for best in (True, False):
            for n in SCORED:
                part = [r for r in rows if (r["kind"], r["n"]) == (kind, n)]
                part = [r for r in part if kind != "as it is" or r["is_best"] == best]
                if part and (best or kind == "as it is"):
                    told = " | ".join(_told([r["at"][name] for r in part]) for name in names)
                    whose = "the dear one" if kind != "as it is" else "best" if best else "the others"
                    print(f"| {kind} | {whose} | {n} | {len(part)} | {told} |")


def _told(at: Sequence[Json]) -> str:
    gains = np.array([one["gain"] for one in at])
    draws = interval(resampled(len(gains), rng=np.random.default_rng(0)) @ gains)
    lost = float((gains < -ALLOWED).mean())
    return (
        f"{draws.value:+.4f} [{draws.low:+.4f}, {draws.high:+.4f}] for "
        f"{np.mean([one['spent'] for one in at]):.0%}, {lost:.0%} lose"
    )


def main() -> None:
    """Measure, print and write."""
    warnings.simplefilter("ignore")  # means over nothing
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    rows = [
        {**told, **row}
        for told, seen, fresh in tables(seed)
        for row in measured(seen, fresh, made=told["kind"] != "as it is")
    ]
    show(rows)
    RUNS.mkdir(parents=True, exist_ok=True)
    (RUNS / f"{seed}.json").write_text("[\n" + ",\n".join(f" {json.dumps(row)}" for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
