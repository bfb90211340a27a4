"""Peers that install from the package index, beside Unisono in one run: `python lab/peers.py`.

It makes a throw-away environment outside the repository (a gigabyte, mostly torch; `--venv` names one to reuse), trains
the peers' own classes there (`lab/peers_inside.py`) and writes `lab/runs/peers/peers.json`, which `lab/quality.py` puts
on the leaderboard. Unisono's decision is timed before and after the peers, on the same prompts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from board.context import DATA, MAIN, ROOT, SEEDS, Context, say
from board.pairs import SETS, STRONG, WEAK, recovered
from board.pairs import gain as expected_gain
from board.product import ask, pool_of
from unisono.evaluate.compare import field_of
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.metrics import interval, quality_at, resampled
from unisono.evaluate.own import baselines
from unisono.evaluate.replay import Replay, sweep
from unisono.evaluate.report import as_json
from unisono.predict.artifact import default_artifact_path
from unisono.types import Json

PEERS = ("llmrouter-lib==0.4.0", "routellm==0.2.0", "semantic-router==1.1.1")
TORCH = "torch==2.13.0"
N_TIMED = 60
OUT = ROOT / "lab" / "runs" / "peers" / "peers.json"
NAMES = {
    # RouterBench's name -> the name in RouteLLM's table of models.
    "claude-instant-v1": "claude-instant-1",
    "claude-v1": "claude-1",
    "claude-v2": "claude-2.0",
    "code-llama-34b-instruct": "codellama-34b-instruct",
    "gpt-3.5-turbo-1106": "gpt-3.5-turbo-1106",
    "gpt-4-1106-preview": "gpt-4-1106-preview",
    "llama-2-70b-chat": "llama-2-70b-chat",
    "mistral-7b-instruct": "mistral-7b-instruct",
    "mixtral-8x7b-instruct": "mixtral-8x7b-instruct-v0.1",
    "wizardlm-13b-v1.2": "wizardlm-13b",
    "yi-34b-chat": "yi-34b-chat",
}
NOTES = (
    "Installed and run: LLMRouter 0.4.0 (kNN, SVM, MLP, MF: its classes and its trainers), RouteLLM 0.2.0 (matrix "
    "factorisation: its "
    "class, trained by its script's recipe; similarity-weighted ranking: its functions on the 5,000 arena votes at "
    "hand, first "
    "400 prompts of each set), semantic-router 1.1.1 (ten routes of ten utterances, local index). **Stated "
    "encoder**: none of their "
    "encoders' weights can be downloaded here (Longformer, OpenAI's endpoint, MiniLM from a hub), so for quality all "
    "peers get "
    "Unisono's static 256-d embedding. For time, the encoders' architectures run with random weights (same work, no "
    "meaning) and "
    "made-up token ids. **Not run**: the quality of RouteLLM's BERT and 8B heads and of LLMRouter's graph, RouterDC "
    "and language-model "
    "routers: their weights come from a hub.",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Export, run the peers, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=Path(tempfile.gettempdir()) / "unisono-peers" / "venv")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args(argv)
    context = Context(data=options.data, artifact_path=default_artifact_path())
    python = environment(options.venv)
    with tempfile.TemporaryDirectory() as folder:
        given = export(context, Path(folder))
        before = ours_ms(context, given["timed"])
        inside = Path(__file__).with_name("peers_inside.py")
        quiet = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run([str(python), str(inside), folder], check=True, env=quiet)  # noqa: S603 - our own file
        after = ours_ms(context, given["timed"])
        told = json.loads((Path(folder) / "peers.json").read_text())
    from quality import commit

    body = {
        "commit": commit(),
        "artifact": context.artifact.id,
        "versions": [*PEERS, TORCH],
        "notes": list(NOTES),
        "quality": {name: quality(context, name, told["chosen"][name]) for name in MAIN},
        "pairs": {name: pair(context, name, told["pairs"][name]) for name in SETS},
        "times": times(told["times"], before + after),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    say(json.dumps(body["times"], indent=1))


def environment(folder: Path) -> Path:
    """Return the Python of the peers' environment, made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        say(f"making {folder}")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)  # noqa: S603 - this very Python
        for wanted in ([TORCH], [TORCH, *PEERS]):
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)  # noqa: S603
    return python


def export(context: Context, folder: Path) -> Json:
    """Write prompts, scores and embeddings for the peers."""
    given: dict = {"sets": {}, "pairs": {}, "battles": {}}
    texts: dict[str, None] = {}
    for name in MAIN:
        train, test = context.table(name, "train"), context.table(name, "test").complete()
        given["sets"][name] = {
            "train": list(train.prompts),
            "test": list(test.prompts),
            "models": list(train.models),
            "scores": [[None if np.isnan(s) else float(s) for s in row] for row in train.scores],
        }
        texts |= dict.fromkeys((*train.prompts, *test.prompts))
    for name in SETS:
        given["pairs"][name] = list(complete_pair(context, name).prompts)
        texts |= dict.fromkeys(given["pairs"][name])
    arena = pd.read_parquet(context.data / "arena_pref_5k.parquet")
    votes = [
        (row.model_a, row.model_b, winner_of(row), row.prompt) for row in arena.itertuples() if len(row.prompt) >= 16
    ]
    given["arena"] = votes
    given["battles"] = {
        "RouterBench": battles(context.table("routerbench_0shot_part", "train")),
        "arena votes": [
            (a, b, text) if winner == "model_a" else (b, a, text) for a, b, winner, text in votes if winner != "tie"
        ],
    }
    texts |= dict.fromkeys(text for *_, text in votes)
    long = [text for text in context.table("mmlu_pro", "test").prompts if 700 <= len(text) <= 900]
    given["timed"] = long[:N_TIMED]
    given["utterances"] = list(context.table("mmlu_pro", "train").prompts[:100])
    given["texts"] = list(texts)
    (folder / "given.json").write_text(json.dumps(given))
    vectors = np.array([known.embedding for known in context.features(given["texts"])], dtype=np.float32)
    np.savez(folder / "given.npz", vectors=vectors)
    return given


def complete_pair(context: Context, name: str) -> Outcomes:
    """Return the prompts that both models of the pair answered."""
    table = context.table(name, "test")
    return table.rows(~np.isnan(table.scores).any(axis=1))


def winner_of(row) -> str:
    """Return who won; `strong_wins` is 0 for ties and for upsets alike, so only wins of the stronger are votes."""
    if row.strong_wins:
        return "model_a" if row.model_a == row.strong else "model_b"
    return "tie"


def battles(table: Outcomes) -> list[tuple[str, str, str]]:
    """Return (winner, loser, prompt) wherever two models' scores differ, three drawn per prompt."""
    rng, found = np.random.default_rng(1), []
    for prompt, scores in zip(table.prompts, table.scores, strict=True):
        pairs = [(a, b) for a in range(len(scores)) for b in range(len(scores)) if scores[a] > scores[b]]
        for place in rng.permutation(len(pairs))[:6]:
            a, b = pairs[place]
            found.append((NAMES[table.models[a]], NAMES[table.models[b]], prompt))
    return found


# --------------------------------------------------------------------------------------------- compare


def quality(context: Context, name: str, chosen: dict[str, list[str]]) -> list[Json]:
    """Return each head's point, beside mixing and beside Unisono at the same cost."""
    train, test = context.table(name, "train"), context.table(name, "test").complete()
    field = field_of(train.scores, train.costs_usd)
    belief = ask(context.artifact, context.features(test.prompts), pool_of(train), default=field.best)
    replay, rows = Replay(test), np.arange(len(test.prompts))
    weights = resampled(len(rows), rng=np.random.default_rng(0))
    cost, score = (part @ weights.T for part in replay.outcomes(sweep("", belief.expected)))
    single_cost, single_score = test.costs_usd.T @ weights.T, test.scores.T @ weights.T
    cost, score = np.vstack((cost, single_cost)), np.vstack((score, single_score))
    labelled = {f"LLMRouter {head}": np.array([test.models.index(m) for m in names]) for head, names in chosen.items()}
    labelled["unisono at the default dial"] = belief.chosen
    labelled[f"best single: {test.models[field.best]}"] = np.full(len(rows), field.best)
    random = next(c for c in baselines(test, field, seeds=SEEDS[:1]) if c.name == "random")
    labelled["random"] = random.policies[0].chosen[0]
    found = []
    for label, places in labelled.items():
        paid, got = weights @ test.costs_usd[rows, places], weights @ test.scores[rows, places]
        mixed = [quality_at(single_cost[:, i], single_score[:, i], paid[i] + 1e-12) for i in range(len(weights))]
        same = [quality_at(cost[:, i], score[:, i], paid[i] + 1e-12) for i in range(len(weights))]
        found.append(
            {
                "name": label,
                "quality": float(got[0]),
                "usd_per_1k": 1000 * float(paid[0]),
                "over_mixing": as_json(interval(got - np.array(mixed))),
                "unisono_minus_this": as_json(interval(np.array(same) - got)),
            }
        )
    return found


def pair(context: Context, name: str, ranked: dict[str, list[float]]) -> Json:
    """Return the APGR of each of RouteLLM's heads and of Unisono on the same prompts."""
    table = complete_pair(context, name)
    strong, weak = (table.scores[:, table.models.index(model)] for model in (STRONG, WEAK))
    ours = expected_gain(context.artifact, context.features(table.prompts))
    found: Json = {}
    orders = {"unisono": ours, **{label: np.array(order) for label, order in ranked.items()}}
    for label, order in orders.items():
        n = len(order)
        weights = resampled(n, rng=np.random.default_rng(0))
        drawn = recovered(order, strong[:n], weak[:n], weights)
        found[label] = as_json(interval(drawn[~np.isnan(drawn)]))
    return found


def ours_ms(context: Context, prompts: list[str]) -> list[float]:
    """Return wall times of Unisono's whole decision for a pool of ten, in milliseconds."""
    from board.speed import routing_of_ten
    from stability import request

    routing = routing_of_ten(context)
    for text in prompts[:10]:
        routing.decide(request(text, "s"))
    spent = []
    for text in prompts:
        started = perf_counter()
        routing.decide(request(text, "s"))
        spent.append(1000 * (perf_counter() - started))
    return spent


def times(theirs: dict[str, list[float]], ours: list[float]) -> list[Json]:
    """Return p50 and p99 of everybody, and the ratio of the medians to ours."""
    median = float(np.median(ours))
    rows = [("unisono, whole decision, pool of 10", ours), *theirs.items()]
    return [
        {
            "name": label,
            "p50_ms": float(np.median(spent)),
            "p99_ms": float(np.quantile(spent, 0.99)),
            "ratio": float(np.median(spent)) / median,
        }
        for label, spent in rows
    ]


if __name__ == "__main__":
    main()
