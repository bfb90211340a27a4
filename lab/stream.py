"""Whether learning from feedback helps, and whether a few hostile voters can steer it:

    PYTHONPATH=src:lab python lab/stream.py [number of seeds, default 1]

Real outcome tables are replayed as streams: each request goes to one model, and only that model's score can come back,
for three requests in ten, as the vote of one of 100 users (weight of a said score), one vote in five at random, 100
requests late. The product's own parts decide and learn: the shipped artifact, `recipe.measured` with its voters'
weights and bound on memory, rebuilt every 100 requests, and `choose.explore`. The aim is quality alone (no prices),
where learning can show. Beside ours: the same artifact frozen, the table's best single model (known in hindsight, so a
bound rather than a rival), linear UCB and linear Thompson sampling over 32 principal axes of the same embedding, both
told the same feedback.

`known`: models under their names, as the artifact was trained on them (on other prompts for the test part).
`strangers`: the same under names that say nothing, as a new model is. Hostile: in the log of such a stream, five users
of 100 vote 0 on the model that is used most and 1 on every other; how far that moves the share of any model among the
greedy choices on all prompts of the stream, with and without the voters' weights. Writes
`lab/runs/stream/stream.json`. Nothing is tuned here.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unisono.choose.explore import Exploration, explored
from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.learn.reward import SAID, believed
from unisono.predict.artifact import default_artifact_path, load
from unisono.recipe import measured
from unisono.record.joining import MAX_PER_MODEL
from unisono.types import Choice, Cost, Estimate, Features, Latency, Model, Ranked, Score
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
TABLES: dict[tuple[str, str], tuple[str, ...]] = {
    ("mmlu_pro", "test"): (
        "Meta-Llama-3_1-8B-Instruct",
        "Mixtral-8x7B-Instruct-v0.1",
        "Meta-Llama-3_1-70B-Instruct",
        "gemini-1.5-flash-002",
        "mathstral-7B",
    ),
    ("routerbench_0shot_part", "train"): (
        "claude-v2",
        "mixtral-8x7b-instruct",
        "code-llama-34b-instruct",
        "gpt-3.5-turbo-1106",
        "claude-instant-v1",
    ),
    ("llmrouter_default", "train"): (),
}
SEEDS = tuple(range(1, 1 + int(sys.argv[1] if len(sys.argv) > 1 else 1)))
N = 1500
EVERY = 100
LATE = 100
RATE = 0.3
RANDOM_VOTES = 0.2
N_USERS = 100
N_HOSTILE = 5
RULES = {
    "ours": Exploration(share=0.05, loss=0.05),
    "ours, exploring much": Exploration(share=0.2, loss=0.1),
    "ours, exploring nothing": Exploration(),
}
FREE = Cost(usd=0.0, low_usd=0.0, high_usd=0.0, output_tokens=0.0)
NOW = Latency(first_token_s=0.0, total_s=0.0)
Floats = NDArray[np.float64]
Vote = tuple[int, int, float, int]
"""Place of the request, place of the model, the vote, the user."""


class Ours:
    """The product's predictor, chooser by quality, exploration and learner over one stream."""

    def __init__(
        self, artifact: Any, models: Sequence[Model], features: Sequence[Features], *, rules: Exploration | None
    ) -> None:
        """Decide over `models`; without `rules` nothing is learned."""
        self._artifact, self._models, self._features, self._learns = artifact, models, features, rules is not None
        self._rules = rules or Exploration()
        self._expected = np.full((len(features), len(models)), 0.5)
        self._scores: list[Score] = []
        self._quality = measured(artifact, (), read=_no_text)

    def decide(self, place: int) -> int:
        """Return the place of the model for a request."""
        found = self._quality.predict_one(self._features[place], self._models)
        self._expected[place] = [q.mean for q in found]
        ranking = sorted(
            (
                Ranked(
                    model=m.name,
                    estimate=Estimate(model=m.name, quality=q, cost=FREE, latency=NOW),
                    utility=q.mean,
                    propensity=0.0,
                    reason="",
                )
                for m, q in zip(self._models, found, strict=True)
            ),
            key=lambda r: -r.utility,
        )
        choice = Choice(ranking=(replace(ranking[0], propensity=1.0), *ranking[1:]), excluded=(), reason="")
        if self._learns:
            names = [m.name for m in self._models]
            choice, _ = explored(choice, rules=self._rules, healthy=names, seed=place * 7919 + 13, language="en")
        return [m.name for m in self._models].index(choice.ranking[0].model)

    def shares(self) -> Floats:
        """Return each model's share of the greedy choices on all prompts."""
        best = [np.argmax([q.mean for q in self._quality.predict_one(f, self._models)]) for f in self._features]
        return np.bincount(best, minlength=len(self._models)) / len(best)

    def learn(self, place: int, chosen: int, vote: float, user: int) -> None:
        """Take in a vote; a user below 0 is nobody."""
        self._scores.append(
            Score(
                model=self._models[chosen].name,
                item=f"{len(self._scores):06d}",
                kind="said",
                prompt="",
                score=believed(vote, self._expected[place, chosen]),
                weight=SAID,
                features=self._features[place],
                by="" if user < 0 else f"u{user}",
            )
        )

    def rebuild(self) -> None:
        """Do what the server does when scores have changed."""
        if self._learns:
            kept = [s for m in self._models for s in [s for s in self._scores if s.model == m.name][-MAX_PER_MODEL:]]
            self._quality = measured(self._artifact, kept, read=_no_text)


class Linear:
    """LinUCB (alpha 0.5) or linear Thompson sampling with a ridge of 1, one regression a model."""

    def __init__(self, x: Floats, n_models: int, *, thompson: bool, seed: int) -> None:
        """Read the rows of `x`."""
        self._x, self._thompson, self._rng = x, thompson, np.random.default_rng(seed)
        self._a = np.stack([np.eye(x.shape[1])] * n_models)
        self._b = np.zeros((n_models, x.shape[1]))

    def decide(self, place: int) -> int:
        """Return the place of the model for a request."""
        x, inverse = self._x[place], np.linalg.inv(self._a)
        mean = np.einsum("mij,mj->mi", inverse, self._b) @ x
        deviation = np.sqrt(np.einsum("i,mij,j->m", x, inverse, x))
        noise = self._rng.standard_normal(len(mean)) * 0.3 if self._thompson else 0.5
        return int((mean + noise * deviation).argmax())

    def learn(self, place: int, chosen: int, vote: float, user: int) -> None:
        """Take in a vote."""
        x = self._x[place]
        self._a[chosen] += np.outer(x, x)
        self._b[chosen] += vote * x

    def rebuild(self) -> None:
        """It is always up to date."""


def _no_text(text: str) -> Features:
    raise AssertionError("all scores have features")


def stream(scores: Floats, router: Any, *, seed: int) -> tuple[NDArray[np.intp], list[Vote]]:
    """Return the models chosen, and the votes that came."""
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(scores), dtype=np.intp)
    votes: list[Vote] = []
    late: deque[tuple[int, Vote]] = deque()
    for place in range(len(scores)):
        while late and late[0][0] <= place:
            router.learn(*late.popleft()[1])
        if place % EVERY == 0:
            router.rebuild()
        chosen[place] = router.decide(place)
        user, told, by_chance, coin = (int(rng.integers(N_USERS)), *(rng.random(3) < (RATE, RANDOM_VOTES, 0.5)))
        vote = float(coin) if by_chance else float(scores[place, chosen[place]])
        if told:
            votes.append((place, int(chosen[place]), vote, user))
            late.append((place + LATE, votes[-1]))
    return chosen, votes


def moved(make: Callable[[], Ours], votes: Sequence[Vote], target: int, *, weighs: bool) -> float:
    """Return by how many points hostile votes in a log move the share of any model."""
    shares = []
    for hostile in (False, True):
        router = make()
        for place, chosen, vote, user in votes:
            against = float(chosen != target) if hostile and user < N_HOSTILE else vote
            router.learn(place, chosen, against, user if weighs else -1)
        router.rebuild()
        shares.append(router.shares())
    return round(100 * float(np.abs(shares[0] - shares[1]).max()), 1)


def prepared(name: str, part: str, models: tuple[str, ...]) -> Outcomes:
    """Return the table's prompts on which all of the models have a score."""
    table = load_outcomes(DATA, name, part=part)  # type: ignore[arg-type]
    table = table.only(models) if models else table
    return table.rows(~np.isnan(table.scores).any(axis=1))


def axes(features: Sequence[Features]) -> Floats:
    """Return 32 principal axes of the embeddings and a constant, shape (n, 33)."""
    embedded = np.array([f.embedding for f in features], dtype=np.float64)
    centred = embedded - embedded.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    x = centred @ directions[:32].T
    return np.hstack((x / x.std(), np.ones((len(x), 1))))


def gain(a: Floats, b: Floats, seed: int = 0) -> list[float]:
    """Return the mean of `a` less that of `b` in points, with an interval by resampling requests; shapes (seeds, n)."""
    apart = (a - b).mean(axis=0)
    rows = np.random.default_rng(seed).integers(0, len(apart), (2000, len(apart)))
    means = apart[rows].mean(axis=1)
    return [round(100 * float(v), 2) for v in (apart.mean(), np.quantile(means, 0.025), np.quantile(means, 0.975))]


def run(
    name: str, part: str, models: tuple[str, ...], *, strangers: bool, parts: tuple[Any, Understanding]
) -> dict[str, Any]:
    """Return what every router got out of one table, and what hostile voters did to ours."""
    artifact, understand = parts
    table = prepared(name, part, models)
    got: dict[str, list[Floats]] = {}
    hostile: dict[str, list[float]] = {"weighed": [], "plain": []}
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(len(table.prompts))[:N]
        scores = table.scores[order]
        features = [understand.text(table.prompts[place]) for place in order]
        pool = [
            Model(name=(f"m{n}" if strangers else m), upstream="openai", upstream_model=(f"m{n}" if strangers else m))
            for n, m in enumerate(table.models)
        ]
        x = axes(features)
        routers: dict[str, Any] = {
            **{name: Ours(artifact, pool, features, rules=rules) for name, rules in RULES.items()},
            "frozen": Ours(artifact, pool, features, rules=None),
            "LinUCB": Linear(x, len(pool), thompson=False, seed=seed),
            "Thompson": Linear(x, len(pool), thompson=True, seed=seed),
        }
        rows = np.arange(len(scores))
        for router_name, router in routers.items():
            chosen, votes = stream(scores, router, seed=seed)
            got.setdefault(router_name, []).append(scores[rows, chosen])
            if router_name == "ours":
                target, log = int(np.bincount(chosen, minlength=len(pool)).argmax()), votes
        got.setdefault("best single", []).append(scores[:, scores.mean(axis=0).argmax()])
        make = partial(Ours, artifact, pool, features, rules=Exploration())
        for how, found in hostile.items():
            found.append(moved(make, log, target, weighs=how == "weighed"))
    ours = np.array(got["ours"])
    others = {k: np.array(v) for k, v in got.items() if k != "ours"}
    return {
        "table": f"{name}.{part}",
        "models": len(table.models),
        "strangers": strangers,
        "n": ours.shape[1],
        "mean": {k: round(float(np.array(v).mean()), 4) for k, v in got.items()},
        "ours_less": {k: gain(ours, v) for k, v in others.items()},
        "first_500_less_frozen": gain(ours[:, :500], others["frozen"][:, :500]),
        "hostile_moved_points": hostile,
    }


def main() -> None:
    """Run all, print and write."""
    encoder = StaticEncoder()
    parts = (load(default_artifact_path(), encoder=encoder.name), Understanding(encoder, cache_size=20_000))
    found = []
    for (name, part), models in TABLES.items():
        for strangers in (False, True):
            row = run(name, part, models, strangers=strangers, parts=parts)
            found.append(row)
            print(json.dumps(row), flush=True)
    folder = ROOT / "lab" / "runs" / "stream"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stream.json").write_text("[\n" + ",\n".join(f" {json.dumps(row)}" for row in found) + "\n]\n")


if __name__ == "__main__":
    main()
