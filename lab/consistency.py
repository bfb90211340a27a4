"""What switching costs in consistency: the default policy on real answers and on tables of outcomes.

    PYTHONPATH=lab python lab/consistency.py [--data ../shared/data] [--n 400] [--out lab/runs/consistency/offline.json]

Each question is decided as written and in five other hands (typos, case, politeness, other words, layout), by the
router as it is served, where near wordings keep their model, and without that memory. An answer to another wording is
taken to be the model's answer to the question as written: so a model alone never disagrees with itself here, and all of
the router's disagreement comes from its switches. What a model's own answers change by rewording is measured live by
`unisono evaluate --consistency`.

GSM8K has the six models' real answers: final answers are compared; qualities are those of MATH level 5's training part.
The tables hold right and wrong only: a switch surely changes the answer where one of the two models is right (the lower
bound) and surely does not where both are (the upper bound counts two wrong answers as different). The default is the
best model of the train part; prices are the tables' own; what is expected of a model is the shipped artifact's.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from random import Random

import numpy as np
import orjson
from uuid_utils import uuid7

from cascade import load
from pools import POOLS, with_assumed_prices
from unisono.compose import Live, build
from unisono.config import parse_config
from unisono.edge.parse import parse
from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.evaluate.perturb import KINDS
from unisono.evaluate.replay import models_of

DIALS = (0.5, 0.4, 0.05)
"""The default; and two at which this policy mixes models about evenly, which is where it can be inconsistent."""
ANSWERING = {
    "gpt-4o-mini-2024-07-18": (0.15, 0.6),
    "gpt-4o-2024-08-06": (2.5, 10.0),
    "gemini-1.5-flash": (0.075, 0.3),
    "claude-3-haiku-20240307": (0.25, 1.25),
    "Meta-Llama-3.1-8B-Instruct": (0.18, 0.18),
    "Qwen2-7B-Instruct": (0.2, 0.2),
}
TABLES = ("mmlu_pro", "routerbench_0shot_part", "llmrouter_default", "zeroeval_math_l5")
ALIKE = {
    "gemini-1.5-flash-002": (0.075, 0.3),
    "Meta-Llama-3_1-70B-Instruct": (0.6, 0.6),
    "DeepSeek-Coder-V2": (0.14, 0.28),
}
"""Those of `stability.POOL` that the table has; the dearest is the default there too."""
N_DRAWS = 2000
Differ = Callable[[int, str, str], tuple[float, float]]
"""Question and two models: the least and the most that their answers differ, 0 or 1."""


@dataclass(frozen=True)
class Row:
    """Excess inconsistency of a policy, bounds with intervals of 95 % over questions, and what causes it."""

    pool: str
    served: str
    dial: float
    n: int
    least: tuple[float, float, float]
    most: tuple[float, float, float]
    switched: float
    models: list[tuple[str, float]]
    changing: list[tuple[str, int]]


def config_text(folder: str, default: str, models: Mapping[str, str]) -> str:
    """Return a configuration of a pool; each model's own lines are given."""
    text = f'default = "{default}"\n[store]\npath = "{folder}/record.db"\n'
    for name, lines in models.items():
        text += f'[[models]]\nname = "{name}"\nupstream = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n{lines}'
    return text


def priced(into: float, out: float) -> str:
    """Return a model's lines of price."""
    return f"usd_per_mtok_in = {into:.6g}\nusd_per_mtok_out = {out:.6g}\n"


def choices(live: Live, prompt: str, rng: Random, *, dial: float, remembers: bool) -> list[str]:
    """Return the model of the prompt as written and in five other hands."""
    chosen = []
    for words in (prompt, *(KINDS[kind](prompt, rng) for kind in sorted(KINDS))):
        body = orjson.dumps(
            {"model": "auto", "messages": [{"role": "user", "content": words}], "unisono": {"dial": dial}}
        )
        request = parse(body, {}, catalog=live.router.catalog, request_id=str(uuid7()), now=datetime.now(UTC))
        features, decision = live.router.decide(request)
        if remembers:
            live.anchors.note(request, features, decision.model)
        chosen.append(decision.model)
    return chosen


def measured(text: str, pool: str, prompts: Sequence[str], differ: Differ, *, dial: float, remembers: bool) -> Row:
    """Decide every wording of every prompt, and count what the switches change."""
    live = build(parse_config(text))
    rng = Random(0)
    bounds, switched, shares, changing = [], [], Counter(), Counter()
    for place, prompt in enumerate(prompts):
        chosen = choices(live, prompt, rng, dial=dial, remembers=remembers)
        shares.update(chosen)
        couples = list(combinations(chosen, 2))
        found = [differ(place, a, b) if a != b else (0.0, 0.0) for a, b in couples]
        bounds.append(np.mean(found, axis=0))
        switched.append(np.mean([a != b for a, b in couples]))
        changing.update(" and ".join(sorted(pair)) for pair, (_, most) in zip(couples, found, strict=True) if most)
    live.store.close()
    values = np.array(bounds)
    means = values[np.random.default_rng(0).integers(0, len(values), (N_DRAWS, len(values)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    least, most = ((float(values[:, k].mean()), float(low[k]), float(high[k])) for k in (0, 1))
    served = "as served" if remembers else "without the memory of near wordings"
    total = sum(shares.values())
    row = Row(
        pool=pool, served=served, dial=dial, n=len(prompts), least=least, most=most, switched=float(np.mean(switched)),
        models=[(m, round(k / total, 4)) for m, k in shares.most_common(4)], changing=changing.most_common(4),
    )  # fmt: skip
    print(f"{pool}, dial {dial}, {served}: {len(prompts)} questions in {1 + len(KINDS)} wordings")
    bracketed = [f"{mean:.4f} [{a:.4f}, {b:.4f}]" for mean, a, b in (least, most)]
    print(f"  excess inconsistency {' to '.join(dict.fromkeys(bracketed))}; switched in {row.switched:.4f} of pairs")
    print(f"  models {row.models}; switches that changed the answer, at most: {row.changing}", flush=True)
    return row


def on_answers(data: Path, folder: str, n: int) -> list[Row]:
    """Return the rows of GSM8K's real answers."""
    train, sets = load(data, "zeroeval_math_l5", "train"), load(data, "zeroeval_gsm", "test")
    best = max(ANSWERING, key=lambda m: train.score[m].mean())
    lines = {m: priced(*prices) + f"quality = {train.score[m].mean():.3f}\n" for m, prices in ANSWERING.items()}
    finals = {model: list(sets.final[model])[:n] for model in ANSWERING}

    def differ(question: int, a: str, b: str) -> tuple[float, float]:
        changed = float(finals[a][question] != finals[b][question])
        return changed, changed

    text, prompts = config_text(folder, best, lines), list(sets.prompt)[:n]
    return [
        measured(text, "zeroeval_gsm, real answers", prompts, differ, dial=dial, remembers=remembers)
        for dial in DIALS
        for remembers in (False, True)
    ]


def on_table(pool: str, folder: str, default: str, lines: Mapping[str, str], table: Outcomes, n: int) -> list[Row]:
    """Return the rows of one table of outcomes, at the default dial."""
    places = np.random.default_rng(0).permutation(len(table.prompts))[:n]
    right = table.scores[places] >= 0.5
    column = {model: k for k, model in enumerate(table.models)}

    def differ(question: int, a: str, b: str) -> tuple[float, float]:
        one, other = right[question, column[a]], right[question, column[b]]
        return float(one != other), float(not (one and other))

    text, prompts = config_text(folder, default, lines), [table.prompts[k] for k in places]
    return [measured(text, pool, prompts, differ, dial=DIALS[0], remembers=remembers) for remembers in (False, True)]


def on_tables(data: Path, folder: str, n: int) -> list[Row]:
    """Return the rows of all tables, and of three models of which none leads by far."""
    rows = []
    for name in TABLES:
        train, test = (
            with_assumed_prices(load_outcomes(data, name, part=part).only(POOLS[name])) for part in ("train", "test")
        )
        best = train.models[int(np.nanmean(train.scores, axis=0).argmax())]
        prices = {model.name: model.prices for model in models_of(train)}
        lines = {m: "" if p is None else priced(p.usd_per_mtok_in, p.usd_per_mtok_out) for m, p in prices.items()}
        rows += on_table(name, folder, best, lines, test.complete(), n)
    test = load_outcomes(data, "mmlu_pro", part="test").only(tuple(ALIKE))
    lines = {m: priced(*prices) for m, prices in ALIKE.items()}
    dearest = max(ALIKE, key=lambda m: ALIKE[m])
    return [*rows, *on_table("mmlu_pro, three alike", folder, dearest, lines, test.complete(), n)]


def main() -> None:
    """Print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--out", type=Path, default=Path("lab/runs/consistency/offline.json"))
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [*on_tables(wanted.data, folder, wanted.n), *on_answers(wanted.data, folder, wanted.n)]
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    wanted.out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
