"""How often a choice survives a rewording: `PYTHONPATH=src:lab python lab/stability.py`.

Each pair is a prompt and the same prompt in another hand: the rewordings of GSM-Plus (`paraphrase_pairs`), our own
generator (`evaluate.perturb`) over prompts of many tasks, our questions in five languages, EverGreenQA's in seven. The
first of a pair is asked, then the second by the same caller; the choice is unchanged when both go to one model. Beside
ours: no memory of nearly equal prompts; neither that nor the guard (its margin and its doubt); a random choice. Writes
`lab/runs/stability/stability.json`. Nothing is tuned here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd

from parallel_questions import pairs as translations
from unisono.catalog import Catalog
from unisono.choose import guard
from unisono.choose.guard import DEVIATIONS, NOVEL_DEVIATIONS
from unisono.choose.memory import NEAR, Anchors
from unisono.choose.utility import UtilityChooser
from unisono.config import EncoderConfig
from unisono.evaluate.perturb import KINDS
from unisono.plugins import load
from unisono.predict.artifact import default_artifact_path
from unisono.predict.artifact import load as load_artifact
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.predict.latency import RecentLatency
from unisono.router import Router, Settings, Stages
from unisono.types import Message, Mode, Model, Prices, Request
from unisono.understand.features import Understanding
from unisono.understand.freshness import FreshnessReader
from unisono.upstream.health import HealthBook

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
SEEDS = (1, 2, 3, 4, 5)
MIXED = (
    ("mmlu_pro.test", 150),
    ("llmrouter_default.test", 150),
    ("routerbench_0shot_part.test", 100),
    ("zeroeval_math_l5.test", 60),
    ("bfcl_v1_2024_08.test", 60),
    ("routellm_mtbench.test", 80),
)
POOL = {
    "gemini-1.5-flash-002": (0.075, 0.3),
    "Meta-Llama-3_1-70B-Instruct": (0.6, 0.6),
    "claude-3-5-sonnet-20240620": (3.0, 15.0),
    "deepseek-coder-v2": (0.14, 0.28),
}
"""Names and list prices of 2024 per million tokens. Taken because no model leads it by far: a pool with one clear best
model is stable by itself and would show nothing."""
DEFAULT = "claude-3-5-sonnet-20240620"
"""The dearest of them: who has this pool and no router would use it."""
NOW = datetime(2024, 11, 1, tzinfo=UTC)


def models() -> tuple[Model, ...]:
    """Return the pool."""
    return tuple(
        Model(
            name=name,
            upstream="scripted",
            upstream_model=name,
            context_tokens=131_072,
            prices=Prices(usd_per_mtok_in=into, usd_per_mtok_out=out),
        )
        for name, (into, out) in POOL.items()
    )


def router(*, memory: Anchors | None, margin: float, parts: tuple) -> Router:  # type: ignore[type-arg]
    """Return the product's own router over the pool, with and without what steadies it."""
    understand, artifact = parts
    stages = Stages(
        understand=understand,
        rules=[rule() for rule in load().rules.values()],
        quality=QualityEnsemble(artifact),
        cost=TokenCost(artifact.length.expected),
        latency=RecentLatency(),
        chooser=UtilityChooser(margin=margin),
        health=HealthBook(),
        send=None,  # type: ignore[arg-type]
        **({} if memory is None else {"anchor": memory.near}),
    )
    settings = Settings(default=DEFAULT, dial=0.5, config_hash="-", artifact="-", total_s=60)
    return Router(Catalog(models()), stages=stages, settings=settings, now=lambda: NOW)


def request(text: str, key: str) -> Request:
    """Return a plain request to `auto`."""
    return Request(
        id="r",
        received=NOW,
        body={"messages": [{"role": "user", "content": text}]},
        model="auto",
        mode=Mode.BALANCED,
        pin=None,
        messages=(Message(role="user", text=text),),
        key=key,
    )


def unchanged(pairs: Sequence[tuple[str, str]], *, memory: bool, guarded: bool, parts: tuple) -> np.ndarray:  # type: ignore[type-arg]
    """Return for each pair whether both prompts go to one model."""
    anchors = Anchors()
    margin = 0.01 if guarded else 0.0
    guard.DEVIATIONS, guard.NOVEL_DEVIATIONS = (DEVIATIONS, NOVEL_DEVIATIONS) if guarded else (0.0, 0.0)
    routing = router(memory=anchors if memory else None, margin=margin, parts=parts)
    same = []
    for place, (first, second) in enumerate(pairs):
        key = f"k{place}"
        asked = request(first, key)
        features, decision = routing.decide(asked)
        anchors.note(asked, features, decision.model)
        same.append(routing.decide(request(second, key))[1].model == decision.model)
    return np.array(same)


def interval(same: np.ndarray) -> list[float]:
    """Return the share with its bootstrap interval of 95 %."""
    rng = np.random.default_rng(0)
    draws = [same[rng.integers(0, len(same), len(same))].mean() for _ in range(1000)]
    low, high = np.percentile(draws, (2.5, 97.5))
    return [round(float(v), 4) for v in (same.mean(), low, high)]


def prompts() -> list[str]:
    """Return prompts of many tasks, from test parts."""
    found: list[str] = []
    for name, n in MIXED:
        table = pd.read_parquet(DATA / f"{name}.prompts.parquet")
        found += table["prompt"].astype(str).sample(min(n, len(table)), random_state=1).tolist()
    return found


def sets() -> dict[str, list[tuple[str, str]]]:
    """Return every set of pairs by name."""
    table = pd.read_parquet(DATA / "paraphrase_pairs.parquet")
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, rows in table.groupby("kind"):
        same = rows[rows["same_difficulty_expected"].astype(bool)]
        if len(same):
            found[f"{kind}"] = list(zip(same["a"], same["b"], strict=True))
    mixed = prompts()
    for kind, write in KINDS.items():
        found[f"ours: {kind}"] = [
            (text, write(text, Random(f"{seed}{place}"))) for seed in SEEDS for place, text in enumerate(mixed)
        ]
    found["ours: translation"] = list(translations(seed=1))
    ever = pd.read_csv(DATA / "evergreen.dev.csv")
    for column in ("Chinese", "German", "French", "Russian", "Arabic"):
        found[f"evergreen.dev: English to {column}"] = list(
            zip(ever["English"].astype(str), ever[column].astype(str), strict=True)
        )
    return found


def main() -> None:
    """Measure every set under every variant, print and write."""
    encoder = load().encoder(EncoderConfig())
    understand = Understanding(encoder, freshness=FreshnessReader(), cache_size=20_000)
    parts = (understand, load_artifact(default_artifact_path(), encoder=encoder.name))
    routing = router(memory=None, margin=0.01, parts=parts)
    shares = Counter(routing.decide(request(text, "s"))[1].model for text in prompts())
    total = sum(shares.values())
    chance = sum((n / total) ** 2 for n in shares.values())
    out: dict = {
        "pool": POOL,
        "default": DEFAULT,
        "near": NEAR,
        "shares": {k: round(v / total, 3) for k, v in shares.items()},
        "sets": {},
    }
    print("shares", out["shares"], f"a random choice with these shares: {chance:.3f}")
    print("| pairs | n | ours | without memory | without memory and guard |\n|---|---|---|---|---|")
    variants = (("ours", True, True), ("no memory", False, True), ("neither", False, False))
    groups: dict[str, dict[str, list[np.ndarray]]] = {"GSM-Plus": {}, "ours": {}, "evergreen.dev": {}, "all": {}}
    for name, pairs in sets().items():
        row = {}
        for variant, memory, guarded in variants:
            same = unchanged(pairs, memory=memory, guarded=guarded, parts=parts)
            row[variant] = interval(same)
            family = "GSM-Plus" if name.startswith("gsm") else name.partition(":")[0]
            for group in (family, "all"):
                groups[group].setdefault(variant, []).append(same)
        out["sets"][name] = {"n": len(pairs), **row}
        cells = " | ".join(f"{row[v][0]:.3f} [{row[v][1]:.3f}, {row[v][2]:.3f}]" for v, _, _ in variants)
        print(f"| {name} | {len(pairs)} | {cells} |", flush=True)
    for group, by in groups.items():
        joined = {variant: np.concatenate(found) for variant, found in by.items()}
        out["sets"][f"{group} together"] = {v: interval(s) for v, s in joined.items()}
        cells = " | ".join(f"**{joined[v].mean():.3f}**" for v, _, _ in variants)
        print(f"| {group}, together | {len(joined['ours'])} | {cells} |")
    file = ROOT / "lab" / "runs" / "stability" / "stability.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
