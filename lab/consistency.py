"""What switching costs in consistency, on real answers: the default policy over the six models of GSM8K's answers.

    python lab/consistency.py [--data ../shared/data] [--n 400]

Each question is decided as written and in five other hands (typos, case, politeness, other words, layout), by the
router as it is served, where near wordings keep their model, and without that memory. An answer to another wording is
taken to be the model's answer to the question as written: so a model alone never disagrees with itself here, and all of
the router's disagreement comes from its switches. What a model's own answers change by rewording is measured live by
`unisono evaluate --consistency`. Qualities are those of MATH level 5's training part; prices are the table's.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import orjson
from uuid_utils import uuid7

from cascade import load
from unisono.compose import build
from unisono.config import parse_config
from unisono.edge.parse import parse
from unisono.evaluate.perturb import KINDS

DIALS = (0.5, 0.4, 0.05)
"""The default; and two at which this policy mixes models about evenly, which is where it can be inconsistent."""
POOL = {
    "gpt-4o-mini-2024-07-18": (0.15, 0.6),
    "gpt-4o-2024-08-06": (2.5, 10.0),
    "gemini-1.5-flash": (0.075, 0.3),
    "claude-3-haiku-20240307": (0.25, 1.25),
    "Meta-Llama-3.1-8B-Instruct": (0.18, 0.18),
    "Qwen2-7B-Instruct": (0.2, 0.2),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--n", type=int, default=400)
    wanted = parser.parse_args()
    train, sets = load(wanted.data, "zeroeval_math_l5", "train"), load(wanted.data, "zeroeval_gsm", "test")
    best = max(POOL, key=lambda m: train.score[m].mean())
    with tempfile.TemporaryDirectory() as folder:
        text = f'default = "{best}"\n[store]\npath = "{folder}/record.db"\n'
        for name, (price_in, price_out) in POOL.items():
            text += (
                f'[[models]]\nname = "{name}"\nupstream = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'
                f"usd_per_mtok_in = {price_in}\nusd_per_mtok_out = {price_out}\n"
                f"quality = {train.score[name].mean():.3f}\n"
            )
        for dial in DIALS:
            for anchored in (False, True):
                live = build(parse_config(text))
                report(live, sets, n=wanted.n, anchored=anchored, dial=dial)
                live.store.close()


def report(live: object, sets: object, *, n: int, anchored: bool, dial: float) -> None:
    """Decide every wording and print disagreement, with and without the memory of near wordings."""
    rng = Random(0)
    differ, switched, pairs, shares = [], [], Counter(), Counter()
    for question in list(sets.score.index)[:n]:
        prompt = sets.prompt[question]
        said = [prompt, *(KINDS[kind](prompt, rng) for kind in sorted(KINDS))]
        chosen = []
        for words in said:
            body = orjson.dumps(
                {"model": "auto", "messages": [{"role": "user", "content": words}], "unisono": {"dial": dial}}
            )
            request = parse(body, {}, catalog=live.router.catalog, request_id=str(uuid7()), now=datetime.now(UTC))
            features, decision = live.router.decide(request)
            if anchored:
                live.anchors.note(request, features, decision.model)
            chosen.append(decision.model)
        shares.update(chosen)
        finals = [sets.final[model][question] for model in chosen]
        couples = [(i, j) for i in range(len(said)) for j in range(i + 1, len(said))]
        differ.append(np.mean([finals[i] != finals[j] for i, j in couples]))
        switched.append(np.mean([chosen[i] != chosen[j] for i, j in couples]))
        pairs.update(tuple(sorted((chosen[i], chosen[j]))) for i, j in couples if finals[i] != finals[j])
    draws = np.random.default_rng(0).integers(0, len(differ), (2000, len(differ)))
    low, high = np.quantile(np.array(differ)[draws].mean(1), [0.025, 0.975])
    kind = "as served" if anchored else "without the memory of near wordings"
    print(f"dial {dial}, {kind}: {len(differ)} questions in {1 + len(KINDS)} wordings")
    print(f"  excess inconsistency {np.mean(differ):.4f} [{low:.4f}, {high:.4f}]")
    print(f"  switched in {np.mean(switched):.4f} of pairs; models {shares.most_common(3)}")
    print(f"  switches that changed the answer: {pairs.most_common(4)}")


if __name__ == "__main__":
    main()
