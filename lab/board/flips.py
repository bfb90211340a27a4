"""Flip rate: how often a rewording of a prompt changes the model, beside how many models are used at all."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np

import stability
from board.context import SEEDS, Context, say
from board.figures import bracket
from board.rivals import quality_of, seeds_of
from routers import routers
from unisono.evaluate.metrics import interval
from unisono.evaluate.perturb import KINDS
from unisono.evaluate.replay import Expected, sweep
from unisono.evaluate.report import as_json, markdown
from unisono.types import Json

TITLE = "Flip rate under rewording"
N_RIVAL_PROMPTS = 150


def run(context: Context) -> Json:
    """Return flip rates per kind of rewording, ours with and without what steadies it, and the rivals'."""
    return {"ours": ours(context), "rivals": rivals(context)}


def ours(context: Context) -> Json:
    """Ask the product's own router each prompt and then its rewording."""
    parts = (context.understanding, context.artifact)
    stability.DATA = context.data
    prompts = stability.prompts()
    routing = stability.router(memory=None, margin=0.01, parts=parts)
    shares = Counter(routing.decide(stability.request(text, "s"))[1].model for text in prompts)
    found: Json = {
        "n_prompts": len(prompts),
        "pool": list(stability.POOL),
        "shares": {model: n / len(prompts) for model, n in shares.most_common()},
        "variants": {},
    }
    for label, memory in (("as a server runs", True), ("without memory of nearly equal prompts", False)):
        kinds: Json = {}
        changed: list[np.ndarray] = []
        for kind, write in KINDS.items():
            say(f"flips: {kind}, {label}")
            pairs = [(text, write(text, Random(f"{s}{i}"))) for s in SEEDS for i, text in enumerate(prompts)]
            flipped = ~stability.unchanged(pairs, memory=memory, guarded=True, parts=parts)
            kinds[kind] = as_json(share(flipped))
            changed.append(flipped)
        kinds["all"] = as_json(share(np.concatenate(changed)))
        found["variants"][label] = kinds
    return found


def share(flipped: np.ndarray):
    """Return the share with its interval."""
    rng = np.random.default_rng(0)
    draws = [flipped.mean(), *(flipped[rng.integers(0, len(flipped), len(flipped))].mean() for _ in range(500))]
    return interval(np.array(draws))


def rivals(context: Context) -> Json:
    """Return the flip rates of the other routers at the dial at which they use most models, on `mmlu_pro`."""
    train, test = context.table("mmlu_pro", "train"), context.table("mmlu_pro", "test")
    first = list(test.prompts[:N_RIVAL_PROMPTS])
    reworded = [write(text, Random(f"1{i}")) for write in KINDS.values() for i, text in enumerate(first)]
    seen, new = context.features(train.prompts), context.features([*first, *reworded])
    cost = np.tile(np.nanmean(train.costs_usd, axis=0), (len(new), 1))
    found: Json = {}
    for module in routers():
        rates, used = [], []
        for seed in seeds_of(module):
            quality = quality_of(module, seen, train.scores, new, seed=seed)
            policy = sweep("", Expected(quality=quality, cost_usd=cost), n_dials=41).chosen
            counts = [effective(row[: len(first)]) for row in policy]
            row = policy[int(np.argmax(counts))]
            rates.append(float((np.tile(row[: len(first)], len(KINDS)) != row[len(first) :]).mean()))
            used.append(max(counts))
        found[module.NAME] = {"flipped": float(np.mean(rates)), "effective_models": float(np.mean(used))}
    return found


def effective(chosen: np.ndarray) -> float:
    """Return the effective number of models: one over the sum of squared shares."""
    shares = np.bincount(chosen) / len(chosen)
    return float(1 / (shares**2).sum())


def text(found: Json) -> str:
    """Write both tables down."""
    part = found["ours"]
    shares = ", ".join(f"{model} {s:.0%}" for model, s in part["shares"].items())
    count = 1 / sum(s * s for s in part["shares"].values())
    header = ["rewording", *part["variants"]]
    kinds = list(next(iter(part["variants"].values())))
    rows = [[kind, *(bracket(v[kind], digits=3) for v in part["variants"].values())] for kind in kinds]
    rival_rows = [
        [name, f"{row['flipped']:.3f}", f"{row['effective_models']:.2f}"] for name, row in found["rivals"].items()
    ]
    return "\n\n".join(
        [
            f"{part['n_prompts']} prompts of six sets, five rewordings of each kind (`evaluate/perturb.py`), a pool "
            f"without "
            f"one clear best model (`stability.py`), default dial. Models used: {shares}; {len(part['shares'])} "
            f"distinct, "
            f"{count:.2f} effective (one over the sum of squared shares).",
            markdown(header, rows),
            f"Other routers, {N_RIVAL_PROMPTS} prompts of `mmlu_pro.test`, each at the dial at which it uses most "
            f"models, "
            "no memory:",
            markdown(["router", "flipped", "effective models"], rival_rows),
        ]
    )
