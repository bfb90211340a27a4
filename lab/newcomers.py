"""What a model is worth that nobody trained on, with 0 and 100 probes: `PYTHONPATH=src:lab python lab/newcomers.py`.

Each of some models of a pool is taken out of all training outcomes in turn; everything is trained without it; then it
joins under a name that says nothing, with its price and k scores on training prompts. The gain is the AIQ on the test
part over that of a pool without the model; the share is of the gain with all its training outcomes. At the default
dial: quality and money against the same pool without it. Nothing is tuned here. Writes
`lab/runs/newcomers/newcomers.json`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from corpus import ALIASES, read_corpus, trained_name
from guard import DATA, ROOT, decide
from pools import POOLS
from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.evaluate.metrics import aiq
from unisono.evaluate.replay import expect, models_of, sweep
from unisono.learn.corpus import Block, Corpus
from unisono.learn.irt import Settings
from unisono.learn.train import Known, train
from unisono.predict.artifact import Artifact, assembled, default_artifact_path, load
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Features, Model, Score
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

SEEDS = (1, 2, 3)
N_PROBES = (0, 100)
TAKEN = {
    "mmlu_pro": ("gemini-1.5-pro-002", "gemini-1.5-flash-002", "Meta-Llama-3_1-70B-Instruct", "mathstral-7B"),
    "routerbench_0shot_part": ("gpt-4-1106-preview", "claude-v1", "gpt-3.5-turbo-1106", "mixtral-8x7b-instruct"),
}
"""Models at both ends of price and quality, and in between."""


class Probed(QualityEnsemble):
    """The product's predictor with the scores of one newcomer taken in."""

    def __init__(self, artifact: Artifact, scores: Sequence[tuple[Features, Score]]) -> None:
        """Learn the scores in order."""
        super().__init__(artifact)
        for features, score in scores:
            self.learn_one(features, score)


def trained_without(corpus: Corpus, model: str, artifact: Artifact) -> Artifact:
    """Return what is trained when one model's outcomes are taken away."""
    place = corpus.models.index(trained_name(model))
    blocks = []
    for block in corpus.blocks:
        scores = block.outcomes.scores.copy()
        scores[:, block.columns == place] = np.nan
        tokens = block.outcomes.output_tokens.copy()
        tokens[:, block.columns == place] = np.nan
        table = replace(block.outcomes, scores=scores, output_tokens=tokens)  # type: ignore[type-var]
        blocks.append(Block(outcomes=table, features=block.features, columns=block.columns))
    ability = artifact.ability
    known = Known(trust=ability.trust.table, quantiles=ability.familiarity.quantiles.astype(np.float64))
    found = train(replace(corpus, blocks=tuple(blocks)), Settings(), known=known)
    manifest = {
        "encoder": artifact.encoder,
        "models": list(corpus.models),
        "aliases": ALIASES,
        "scalars": found.scalars,
        "lines": found.lines,
    }
    return assembled(arrays=found.arrays, manifest=manifest)


def area(table: Outcomes, quality: QualityEnsemble, artifact: Artifact, features: list, models: list[Model]) -> float:
    """Return the AIQ of a pool on a table of all models: its range of cost is that of all."""
    expected = expect(features, models, quality=quality, cost=TokenCost(artifact.length.expected))
    places = np.array([table.models.index(m.name.removeprefix("newcomer ")) for m in models])
    chosen = places[sweep("router", expected).chosen]
    rows, mean = np.arange(len(features)), table.costs_usd.mean(axis=0)
    costs = [*table.costs_usd[rows, chosen].mean(axis=1), float(mean[places].min())]
    scores = [*table.scores[rows, chosen].mean(axis=1), float(table.scores[:, places[mean[places].argmin()]].mean())]
    return aiq(np.array(costs), np.array(scores), low_usd=float(mean.min()), high_usd=float(mean.max()))


def one(name: str, model: str, corpus: Corpus, artifact: Artifact, understand: Understanding) -> dict:
    """Return the figures of one model of one set."""
    learnt = load_outcomes(DATA, name, part="train").only(POOLS[name])
    table = load_outcomes(DATA, name, part="test").only(POOLS[name]).complete()
    features = [understand.text(p) for p in table.prompts]
    known = list(models_of(learnt))
    at = POOLS[name].index(model)
    strange = replace(known[at], name=f"newcomer {model}", upstream_model="newcomer")
    others = [m for m in known if m.name != model]
    joined = [strange if m.name == model else m for m in known]
    lesser = trained_without(corpus, model, artifact)
    full = area(table, QualityEnsemble(artifact), artifact, features, known)
    absent = area(table, QualityEnsemble(lesser), lesser, features, others)
    found: dict = {"full": full, "absent": absent}
    means = np.nanmean(learnt.scores, axis=0)
    default = max((m.name for m in others), key=lambda n: means[learnt.models.index(n)])
    rows = np.arange(len(features))
    for n_probes in N_PROBES:
        gains, quality_gain, saved = [], [], []
        for seed in SEEDS if n_probes else SEEDS[:1]:
            rng = np.random.default_rng(seed)
            answered = np.flatnonzero(~np.isnan(learnt.scores[:, at]))
            scores = [
                (
                    understand.text(learnt.prompts[row]),
                    Score(
                        model=strange.name,
                        item=str(row),
                        kind="probe",
                        prompt=learnt.prompts[row],
                        score=float(learnt.scores[row, at]),
                    ),
                )
                for row in rng.choice(answered, n_probes, replace=False)
            ]
            gains.append(area(table, Probed(lesser, scores), lesser, features, joined) - absent)
            names = [m.name.removeprefix("newcomer ") for m in joined]
            made = decide(lesser, features, joined, default=default, dial=0.5, scores=scores)
            alone = decide(lesser, features, others, default=default, dial=0.5)
            new = np.array([table.models.index(names[place]) for place in made.chosen])
            old = np.array([table.models.index(others[place].name) for place in alone.chosen])
            quality_gain.append(float((table.scores[rows, new] - table.scores[rows, old]).mean()))
            saved.append(1 - float(table.costs_usd[rows, new].sum() / table.costs_usd[rows, old].sum()))
        found[f"{n_probes} probes"] = {
            "aiq_gain": [round(g, 4) for g in gains],
            "share_of_full": None if abs(full - absent) < 0.002 else round(float(np.mean(gains)) / (full - absent), 2),
            "at_default_dial": {
                "gained": round(float(np.mean(quality_gain)), 4),
                "saved": round(float(np.mean(saved)), 3),
            },
        }
    print(name, model, json.dumps(found), flush=True)
    return found


def main() -> None:
    """Measure, print, write."""
    encoder = StaticEncoder()
    understand = Understanding(encoder, cache_size=20_000)
    artifact = load(default_artifact_path(), encoder=encoder.name)
    corpus = read_corpus(DATA, encoder)
    run = {name: {m: one(name, m, corpus, artifact, understand) for m in models} for name, models in TAKEN.items()}
    out = ROOT / "lab" / "runs" / "newcomers" / "newcomers.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"artifact": artifact.id, "sets": run}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
