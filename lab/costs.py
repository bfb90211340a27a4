"""How often a real cost lies inside the 80 % interval: `python lab/costs.py`. Only training parts are read.

For each set that has tokens and prices: lengths are fitted on four fifths, costs are expected on prompts of the rest
through the product's `TokenCost`, with prompt tokens estimated from the text as in a request. `cold` has seen no
attempt of the model; `after N` has learnt from the usage of N other answers of that model, drawn at random, in the same
set. Shares over all pairs of prompt and model, mean and deviation over seeds of the split. Beside it the width (high
over low, median) and the error of the expected cost summed over prompts, which is what a bill shows. `unseen set` fits
lengths on the other sets only: tasks and most models are then new.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus import read_corpus
from train import DATA, ROOT
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.replay import models_of
from unisono.evaluate.report import markdown
from unisono.learn.corpus import Corpus
from unisono.learn.lengths import Lengths, fit_lengths
from unisono.learn.topics import fit_design, matrix
from unisono.predict.cost import TokenCost
from unisono.predict.length import Length
from unisono.types import Attempt, Features, Message, Mode, Model, Request, Usage
from unisono.understand.embed import StaticEncoder

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SEEN = (0, 5, 20, 100)
N_PROMPTS = 60
"""Prompts of a fold on which every model is asked about."""
REQUEST = Request(
    id="r", received=NOW, body={}, model="auto", mode=Mode.DEEP, pin=None, messages=(Message(role="user", text="-"),)
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Fitted lengths as the predictor asks for them."""

    lengths: Lengths
    rows: dict[int, NDArray[np.float64]]
    columns: dict[str, int]

    def expected(self, features: Features, model: Model) -> Length:
        """Return mean and deviation of the logarithm of output tokens."""
        shift = float(self.rows[id(features)] @ self.lengths.weights)
        place = self.columns.get(model.name)
        if place is None or np.isnan(self.lengths.constants[place]):
            return Length(self.lengths.unknown_mean + shift, self.lengths.unknown_sd)
        return Length(float(self.lengths.constants[place]) + shift, float(self.lengths.sds[place]))


def attempt(model: Model, *, tokens_in: float, tokens_out: float) -> Attempt:
    """Return a finished attempt with this usage."""
    usage = Usage(input_tokens=int(tokens_in), output_tokens=int(tokens_out))
    return Attempt(
        model=model.name,
        upstream_model=model.name,
        started=NOW,
        status="ok",
        first_content_s=None,
        total_s=1.0,
        usage=usage,
    )


def run(
    table: Outcomes,
    features: Sequence[Features],
    fitted: Fitted,
    *,
    test: NDArray[np.intp],
    pool: NDArray[np.intp],
    n_seen: int,
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """Return the share inside, the median width, and the relative error of the summed cost."""
    inside, widths, expected_usd, real_usd = [], [], 0.0, 0.0
    for place, model in enumerate(models_of(table)):
        tokens = np.stack((table.input_tokens[:, place], table.output_tokens[:, place]))
        known = ~np.isnan(tokens).any(axis=0) & ~np.isnan(table.costs_usd[:, place]) & (tokens[1] >= 1)
        if model.prices is None or known.sum() < 50:
            continue
        cost = TokenCost(fitted.expected)
        seen = pool[known[pool]]
        for row in rng.choice(seen, min(n_seen, len(seen)), replace=False):
            cost.learn_one(features[row], attempt(model, tokens_in=tokens[0, row], tokens_out=tokens[1, row]))
        for row in test[known[test]]:
            told = cost.predict_one(REQUEST, features[row], [model])[0]
            real = (
                tokens[0, row] * model.prices.usd_per_mtok_in + tokens[1, row] * model.prices.usd_per_mtok_out
            ) / 1e6
            inside.append(told.low_usd <= real <= told.high_usd)
            widths.append(told.high_usd / max(told.low_usd, 1e-12))
            expected_usd += told.usd
            real_usd += real
    return float(np.mean(inside)), float(np.median(widths)), expected_usd / real_usd - 1.0


def measured(corpus: Corpus, *, n_seeds: int) -> dict[str, dict[str, list[float]]]:
    """Return per set and setting the mean share inside, its deviation over seeds, the width and the bill's error."""
    found: dict[str, dict[str, list[float]]] = {}
    design = fit_design([f for b in corpus.blocks for f in b.features], seed=0)
    x = [matrix(design, block) for block in corpus.blocks]
    columns = {model: place for place, model in enumerate(corpus.models)}
    for at, block in enumerate(corpus.blocks):
        table = block.outcomes
        assert isinstance(table, Outcomes)
        if np.isnan(table.output_tokens).all() or np.isnan(table.costs_usd).all():
            continue
        by_name = {
            model: columns[corpus.models[place]] for model, place in zip(table.models, block.columns, strict=True)
        }
        rows = {id(f): row for f, row in zip(block.features, x[at], strict=True)}
        results: dict[str, list[tuple[float, float, float]]] = {}
        for seed in range(n_seeds):
            rng = np.random.default_rng(seed)
            order = rng.permutation(len(block.features))
            test, rest = order[: min(N_PROMPTS, len(order) // 5)], order[len(order) // 5 :]
            keep = np.zeros(len(order), dtype=bool)
            keep[rest] = True
            own = replace(corpus, blocks=(replace(block, outcomes=table.rows(keep)),))
            fitted = Fitted(fit_lengths([x[at][keep]], own), rows, by_name)
            others = [place for place in range(len(corpus.blocks)) if place != at]
            elsewhere = replace(corpus, blocks=tuple(corpus.blocks[place] for place in others))
            unseen = Fitted(fit_lengths([x[place] for place in others], elsewhere), rows, by_name)
            for name, lengths in (("", fitted), ("unseen set, ", unseen)):
                for n_seen in SEEN:
                    key = name + ("cold" if n_seen == 0 else f"after {n_seen}")
                    told = run(table, block.features, lengths, test=test, pool=rest, n_seen=n_seen, rng=rng)
                    results.setdefault(key, []).append(told)
        found[table.name] = {
            key: [round(float(v), 3) for v in (*np.mean(values, axis=0), np.std([one[0] for one in values]))]
            for key, values in results.items()
        }
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "lab" / "runs" / "costs" / "costs.json")
    options = parser.parse_args(argv)
    found = measured(read_corpus(options.data, StaticEncoder()), n_seeds=options.seeds)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    rows = [
        [name, key, f"{inside:.1%} ± {sd:.1%}", f"{width:.1f}", f"{error:+.0%}"]
        for name, settings in found.items()
        for key, (inside, width, error, sd) in settings.items()
    ]
    print(markdown(["set", "lengths and usage seen", "inside 80 %", "high ÷ low", "error of the summed cost"], rows))


if __name__ == "__main__":
    main()
