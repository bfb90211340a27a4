"""RouteLLM's rule: a strong and a weak model, ranked by the expected gain of the strong one; APGR and CPT."""

from __future__ import annotations

import numpy as np

from board.context import N_RESAMPLES, SEEDS, Context, say
from board.figures import bracket
from board.product import Array, blind_artifact
from board.rivals import quality_of, seeds_of
from routers import routers
from unisono.evaluate.metrics import apgr, call_curve, cpt, interval, resampled
from unisono.evaluate.report import as_json, markdown
from unisono.predict.artifact import Artifact
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Features, Json, Model

TITLE = "RouteLLM's pairs: GPT-4 (1106) against Mixtral 8x7B"
SETS = ("routellm_mmlu", "routellm_gsm8k", "routellm_mtbench")
STRONG, WEAK = "gpt-4-1106-preview", "mixtral-8x7b-instruct-v0.1"
SOURCES = {
    "routerbench_0shot_part": ("gpt-4-1106-preview", "mixtral-8x7b-instruct"),
    "mmlu_pro": ("gemini-1.5-pro-002", "Mixtral-8x7B-Instruct-v0.1"),
}
"""What the rivals learn from, and the pair there; `mmlu_pro` has no GPT-4, so its best model stands in."""


def run(context: Context) -> Json:
    """Measure the shipped artifact, the rivals and the control on each set."""
    blind = [blind_artifact(context, seed=seed) for seed in SEEDS]
    return {name: one(context, name, blind) for name in SETS}


def one(context: Context, name: str, blind: list[Artifact]) -> Json:
    """Return APGR and CPT of every ranking on one set."""
    say(name)
    table = context.table(name, "test")
    table = table.rows(~np.isnan(table.scores).any(axis=1))
    new = context.features(table.prompts)
    strong, weak = (table.scores[:, table.models.index(model)] for model in (STRONG, WEAK))
    ranked: dict[str, list[Array]] = {
        "unisono": [gain(context.artifact, new)],
        "shuffled-label control": [gain(artifact, new) for artifact in blind],
        "random": [np.random.default_rng(seed).random(len(new)) for seed in SEEDS],
        "length of the prompt": [np.array([float(f.n_input_tokens) for f in new])],
        # Its three values alone would leave three thresholds: ties are broken by chance.
        "oracle": [strong - weak + 1e-6 * np.random.default_rng(seed).random(len(new)) for seed in SEEDS],
    }
    for source, pair in SOURCES.items():
        train = context.table(source, "train")
        train = train.only(tuple(model for model in pair))
        train = train.rows(~np.isnan(train.scores).any(axis=1))
        seen = context.features(train.prompts)
        for module in routers():
            found = [quality_of(module, seen, train.scores, new, seed=seed) for seed in seeds_of(module)]
            ranked[f"{module.NAME}, trained on {source}"] = [q[:, 0] - q[:, 1] for q in found]
    return {"n_prompts": len(new), "rankings": measured(ranked, strong, weak)}


def gain(artifact: Artifact, features: list[Features]) -> Array:
    """Return what the product expects the strong model to gain, shape (n,)."""
    predictor = QualityEnsemble(artifact)
    models = [Model(name=model, upstream="scripted", upstream_model=model) for model in (STRONG, WEAK)]
    expected = np.array([[q.mean for q in predictor.predict_one(known, models)] for known in features])
    return np.asarray(expected[:, 0] - expected[:, 1], dtype=np.float64)


def measured(ranked: dict[str, list[Array]], strong: Array, weak: Array) -> Json:
    """Return the figures of every ranking under the same resamples; rankings with several seeds are averaged."""
    weights = resampled(len(strong), rng=np.random.default_rng(0), n_resamples=N_RESAMPLES)
    drawn = {
        label: np.mean([recovered(order, strong, weak, weights) for order in orders], axis=0)
        for label, orders in ranked.items()
    }
    found: Json = {}
    for label, orders in ranked.items():
        curves = [call_curve(order, strong, weak) for order in orders]
        half, most = (
            float(np.mean([cpt(*c, strong=strong.mean(), weak=weak.mean(), recovered=r) for c in curves]))
            for r in (0.5, 0.8)
        )
        found[label] = {
            "n_seeds": len(orders),
            "apgr": as_json(interval(drawn[label])),
            "unisono_minus_this": as_json(interval(drawn["unisono"] - drawn[label])),
            "cpt50": half,
            "cpt80": most,
        }
    return found


def recovered(order: Array, strong: Array, weak: Array, weights: Array) -> Array:
    """Return APGR under each row of weights, NaN where there is no gap; the thresholds stay those of all prompts."""
    edges = np.unique(np.quantile(order, np.linspace(0.0, 1.0, 11)))
    chosen = np.array([order > edge if edge == edges[-1] else order >= edge for edge in edges], dtype=np.float64)
    shares = weights @ chosen.T
    scores = weights @ (chosen * (strong - weak)).T + (weights @ weak)[:, None]
    ends = np.column_stack((weights @ strong, weights @ weak))
    return np.array(
        [
            apgr(np.sort(x), y[np.argsort(x, kind="stable")], strong=float(s), weak=float(w)) if s != w else np.nan
            for x, y, (s, w) in zip(shares, scores, ends, strict=True)
        ]
    )


def text(found: Json) -> str:
    """Write all three sets side by side."""
    header = ["ranking", *(f"{name}: APGR" for name in SETS), *(f"{name}: CPT 50 / 80 %" for name in SETS)]
    rows = []
    for label in next(iter(found.values()))["rankings"]:
        cells = [found[name]["rankings"][label] for name in SETS]
        seeds = cells[0]["n_seeds"]
        rows.append(
            [
                label if seeds == 1 else f"{label} ({seeds} seeds)",
                *(bracket(cell["apgr"], digits=3) for cell in cells),
                *(f"{cell['cpt50']:.0%} / {cell['cpt80']:.0%}" for cell in cells),
            ]
        )
    counts = ", ".join(f"{name.removeprefix('routellm_')} {found[name]['n_prompts']:,}" for name in SETS)
    return "\n\n".join([INTRO.format(counts=counts), markdown(header, rows)])


INTRO = """Prompts: {counts}. Out of domain: no outcome on MMLU, GSM8K or MT-Bench was trained on
(`llmrouter_default`'s tasks of that name are held back; MMLU-Pro is another set, harder and partly grown out of MMLU's
subjects). GPT-4 is known to training from RouterBench only, Mixtral from RouterBench and MMLU-Pro. Published by
RouteLLM (MMLU / GSM8K / MT-Bench): random .500; matrix factorisation with judge labels .597 / .565 / .802, from votes
alone .524 / .475 / .580; similarity-weighted .603 / .568 / .759; an 8B model .600 / .622 / .679; their best figures
use 1,500 labels of MMLU's validation part."""
