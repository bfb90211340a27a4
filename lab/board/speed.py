"""Decision time and memory: the product's whole decision, and every router's own part, in one run on one core."""

from __future__ import annotations

import resource
import sys
from time import process_time

import numpy as np

import stability
from board.context import Context, say
from board.product import pool_of
from routers import routers
from unisono.catalog import Catalog
from unisono.choose.utility import UtilityChooser
from unisono.evaluate.report import markdown
from unisono.plugins import load as load_plugins
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.predict.latency import RecentLatency
from unisono.router import Router, Settings, Stages
from unisono.types import Json
from unisono.understand.features import Understanding
from unisono.understand.freshness import FreshnessReader
from unisono.upstream.health import HealthBook

TITLE = "Decision time and memory"
N_PROMPTS = 300


def run(context: Context) -> Json:
    """Time what happens between a prompt and a choice."""
    say("speed")
    train, test = context.table("mmlu_pro", "train"), context.table("mmlu_pro", "test")
    prompts = list(test.prompts[:N_PROMPTS])
    understand = Understanding(context.encoder, cache_size=1)
    models = pool_of(train)
    predictor = QualityEnsemble(context.artifact)
    features = context.features(prompts)
    seen = context.features(train.prompts)
    routing = routing_of_ten(context)
    timed = {
        "features of the prompt (all routers need them)": each(prompts, understand.text),
        "unisono: expected quality of 10 models": each(features, lambda known: predictor.predict_one(known, models)),
        "unisono: whole decision, pool of 10 (features, rules, estimates, choice)": each(
            prompts, lambda text: routing.decide(stability.request(text, "s"))
        ),
    }
    fitted: Json = {}
    for module in routers():
        started = process_time()
        module.quality(seen, train.scores, features, seed=1)
        fitted[module.NAME] = process_time() - started
    return {
        "n_prompts": N_PROMPTS,
        "mean_chars": float(np.mean([len(text) for text in prompts])),
        "cpu_us": timed,
        "fit_and_predict_s": fitted,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3),
    }


def routing_of_ten(context: Context) -> Router:
    """Return the product's own router over `mmlu_pro`'s pool of ten; nothing is remembered between prompts."""
    models = pool_of(context.table("mmlu_pro", "train"))
    stages = Stages(
        understand=Understanding(context.encoder, freshness=FreshnessReader(), cache_size=1),
        rules=[rule() for rule in load_plugins().rules.values()],
        quality=QualityEnsemble(context.artifact),
        cost=TokenCost(context.artifact.length.expected),
        latency=RecentLatency(),
        chooser=UtilityChooser(),
        health=HealthBook(),
        send=None,
    )
    settings = Settings(default=models[-1].name, dial=0.5, config_hash="-", artifact=context.artifact.id, total_s=60)
    return Router(Catalog(models), stages=stages, settings=settings)


def each(items, work) -> Json:
    """Return p50 and p99 of the CPU time of one call, in microseconds."""
    for item in items[:20]:
        work(item)
    spent = []
    for item in items:
        started = process_time()
        work(item)
        spent.append(1e6 * (process_time() - started))
    return {"p50": float(np.quantile(spent, 0.5)), "p99": float(np.quantile(spent, 0.99))}


def text(found: Json) -> str:
    """Write times down."""
    rows = [[label, f"{t['p50']:,.0f}", f"{t['p99']:,.0f}"] for label, t in found["cpu_us"].items()]
    fits = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in found["fit_and_predict_s"].items())
    return "\n\n".join(
        [
            f"CPU time on one core, {found['n_prompts']} prompts of {found['mean_chars']:,.0f} characters. The "
            f"benchmark with "
            "sizes and pools is `python -m bench.decide`, the comparison with peers is the next section.",
            markdown(["step", "p50, µs", "p99, µs"], rows),
            f"To learn `mmlu_pro.train` and answer {found['n_prompts']} prompts: {fits}.",
        ]
    )
