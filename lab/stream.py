"""Whether learning from feedback helps:

    PYTHONPATH=src:lab python lab/stream.py [number of seeds, default 1] [names of tables, of pools; default all]

Real outcome tables are replayed as streams: each request goes to one model, and only that model's score can come back,
for one, three or five requests in ten, as the vote of a user (weight of a said score), one vote in five at random, 100
or 300 requests late. A house has 100 users, where what a twentieth of them could make up is held back, or ten, where a
twentieth is nobody and votes count as measured. The product's own parts decide and learn: the shipped artifact,
`recipe.measured` with its voters' weights and bound on memory, rebuilt every 10 requests, and `choose.explore`. The
aim is quality alone (no prices), where learning can show. Beside ours: the same artifact frozen; `best known`, the
single model of which the artifact expects most on the first 100 requests (where it expects the same of several, as
among strangers, both are the mean over these), and `best in hindsight`, which turns out best
(a bound rather than a rival: nobody can know it); linear UCB and linear Thompson sampling over 32 principal axes of the
same embedding, told the same share of their own feedback.

`known`: models under their names, as the artifact was trained on them (on other prompts for the test parts; of the
seven of routerdc_7small it knows two). `two`: two of them, drawn anew for each seed, under names that say nothing:
models that change one at a time and were not probed. `strangers`: all under such names, as where all models are newer
than the artifact. `newcomer`, in `poison.py`: only the best of them so. Each seed is another order of the table.
Intervals are paired, by resampling prompts over all seeds. What hostile voters do is `lab/poison.py`; known models on
tasks that nobody trained on are `lab/unseen.py`. Writes `lab/runs/stream/stream.json`. Nothing is tuned here; how the
predictor holds votes back was chosen on the train parts of mmlu_pro, routerbench and llmrouter_default.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
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
from unisono.types import Choice, Cost, Estimate, Features, Latency, Model, Quality, Ranked, Score
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
    ("routerbench_0shot_part", "test"): (
        "claude-v2",
        "mixtral-8x7b-instruct",
        "code-llama-34b-instruct",
        "gpt-3.5-turbo-1106",
        "claude-instant-v1",
    ),
    ("llmrouter_default", "train"): (),
    ("routerdc_7small", "train"): (),
}
POOLS = ("known", "two", "strangers")
HOUSES = (100, 10)
"""Voters."""
SETTINGS = ((0.3, 100), (0.1, 100), (0.5, 300))
"""Share of the requests that are judged, and how many requests later the vote comes."""
N = 1000
EVERY = 10
"""Requests after which what was said is taken in; the server does it within seconds."""
AT_START = 100
RANDOM_VOTES = 0.2
N_USERS = 100
RULES = Exploration(share=1.0, loss=0.05)
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
        self.models = models
        self._artifact, self._features, self._learns = artifact, features, rules is not None
        self._rules = rules or Exploration()
        self._expected = np.full((len(features), len(models)), 0.5)
        self._scores: list[Score] = []
        self._quality = measured(artifact, (), read=_no_text)

    def again(self) -> Ours:
        """Return the same with nothing learned, for another reading of the votes on what this one decided."""
        fresh = Ours(self._artifact, self.models, self._features, rules=Exploration())
        fresh._expected = self._expected
        return fresh

    def expect(self, place: int) -> tuple[Quality, ...]:
        """Return what is expected of each model on a request."""
        return self._quality.predict_one(self._features[place], self.models)

    def decide(self, place: int) -> int:
        """Return the place of the model for a request."""
        found = self.expect(place)
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
                for m, q in zip(self.models, found, strict=True)
            ),
            key=lambda r: -r.utility,
        )
        choice = Choice(ranking=(replace(ranking[0], propensity=1.0), *ranking[1:]), excluded=(), reason="")
        if self._learns:
            names = [m.name for m in self.models]
            choice, _ = explored(
                choice,
                worth=lambda e: e.quality.mean,
                rules=self._rules,
                healthy=names,
                seed=place * 7919 + 13,
                language="en",
            )
        return [m.name for m in self.models].index(choice.ranking[0].model)

    def learn(self, place: int, chosen: int, vote: float, user: int) -> None:
        """Take in a vote; a user below 0 is nobody."""
        self._scores.append(
            Score(
                model=self.models[chosen].name,
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
            kept = [s for m in self.models for s in [s for s in self._scores if s.model == m.name][-MAX_PER_MODEL:]]
            self._quality = measured(self._artifact, kept, read=_no_text)


class Linear:
    """LinUCB (alpha 0.5) or linear Thompson sampling with a ridge of 1, one regression a model."""

    def __init__(self, x: Floats, n_models: int, *, thompson: bool, seed: int) -> None:
        """Read the rows of `x`."""
        self._x, self._thompson, self._rng = x, thompson, np.random.default_rng(seed)
        self._inverse = np.stack([np.eye(x.shape[1])] * n_models)
        self._b = np.zeros((n_models, x.shape[1]))

    def decide(self, place: int) -> int:
        """Return the place of the model for a request."""
        x = self._x[place]
        towards = self._inverse @ x
        mean = (towards * self._b).sum(axis=1)
        deviation = np.sqrt(towards @ x)
        noise = self._rng.standard_normal(len(mean)) * 0.3 if self._thompson else 0.5
        return int((mean + noise * deviation).argmax())

    def learn(self, place: int, chosen: int, vote: float, user: int) -> None:
        """Take in a vote."""
        x = self._x[place]
        towards = self._inverse[chosen] @ x
        self._inverse[chosen] -= np.outer(towards, towards) / (1.0 + x @ towards)
        self._b[chosen] += vote * x

    def rebuild(self) -> None:
        """It is always up to date."""


def _no_text(text: str) -> Features:
    raise AssertionError("all scores have features")


def stream(
    scores: Floats,
    router: Any,
    *,
    seed: int,
    rate: float = 0.3,
    late: int = 100,
    named: bool = True,
    n_users: int = N_USERS,
) -> tuple[NDArray[np.intp], list[Vote]]:
    """Return the models chosen, and the votes that came; without `named` the router is not told who votes."""
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(scores), dtype=np.intp)
    votes: list[Vote] = []
    waiting: deque[tuple[int, Vote]] = deque()
    for place in range(len(scores)):
        while waiting and waiting[0][0] <= place:
            router.learn(*waiting.popleft()[1])
        if place % EVERY == 0:
            router.rebuild()
        chosen[place] = router.decide(place)
        user, told, by_chance, coin = (int(rng.integers(n_users)), *(rng.random(3) < (rate, RANDOM_VOTES, 0.5)))
        vote = float(coin) if by_chance else float(scores[place, chosen[place]])
        if told:
            votes.append((place, int(chosen[place]), vote, user if named else -1))
            waiting.append((place + late, votes[-1]))
    return chosen, votes


def pool_of(models: Sequence[str], scores: Floats, kind: str, *, seed: int = 0) -> list[Model]:
    """Return the models under the names that the router is to know them by."""
    best = int(scores.mean(axis=0).argmax())
    two = np.random.default_rng(100 + seed).choice(len(models), 2, replace=False).tolist()
    strange = {"known": (), "newcomer": (best,), "two": two, "strangers": range(len(models))}[kind]
    names = [f"m{place}" if place in strange else model for place, model in enumerate(models)]
    return [Model(name=name, upstream="openai", upstream_model=name) for name in names]


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


def first_of(expected: Floats, scores: Floats) -> Floats:
    """Return the score of the model of which most is expected, or the mean of those that are equal; shape (n,)."""
    first = np.isclose(expected, expected.max(axis=1, keepdims=True), rtol=0.0, atol=1e-9)
    found: Floats = (scores * first).sum(axis=1) / first.sum(axis=1)
    return found


def gain(a: Floats, b: Floats, prompts: NDArray[np.intp]) -> list[float]:
    """Return the mean of `a` less that of `b` in points, with an interval by resampling prompts; shapes (seeds, n)."""
    _, prompt = np.unique(prompts.ravel(), return_inverse=True)
    sums, counts = np.bincount(prompt, (a - b).ravel()), np.bincount(prompt)
    rows = np.random.default_rng(0).integers(0, len(sums), (1000, len(sums)))
    means = sums[rows].sum(axis=1) / counts[rows].sum(axis=1)
    return [round(100 * float(v), 2) for v in ((a - b).mean(), np.quantile(means, 0.025), np.quantile(means, 0.975))]


def run(
    table: Outcomes, parts: tuple[Any, Understanding], *, pools: Sequence[str], n_seeds: int
) -> list[dict[str, Any]]:
    """Return what every router got out of one table, a row for each pool, house and setting."""
    artifact, understand = parts
    got: dict[tuple[str, int, float, int], dict[str, list[Floats]]] = {}
    orders: list[NDArray[np.intp]] = []
    for seed in range(1, 1 + n_seeds):
        order = np.random.default_rng(seed).permutation(len(table.prompts))[:N]
        orders.append(order)
        scores, features = table.scores[order], [understand.text(table.prompts[place]) for place in order]
        rows, x = np.arange(len(scores)), axes(features)
        hindsight = scores[:, scores.mean(axis=0).argmax()]
        linear = {}
        for rate, late in SETTINGS:
            for name in ("LinUCB", "Thompson"):
                rival = Linear(x, len(table.models), thompson=name == "Thompson", seed=seed)
                linear[rate, late, name] = scores[rows, stream(scores, rival, seed=seed, rate=rate, late=late)[0]]
        for kind in pools:
            pool = pool_of(table.models, scores, kind, seed=seed)
            cold = Ours(artifact, pool, features, rules=None)
            expected = np.array([[q.mean for q in cold.expect(place)] for place in range(len(scores))])
            frozen = first_of(expected, scores)
            known = first_of(np.broadcast_to(expected[:AT_START].mean(axis=0), expected.shape), scores)
            for house in HOUSES:
                for rate, late in SETTINGS:
                    router = Ours(artifact, pool, features, rules=RULES)
                    chosen, _ = stream(scores, router, seed=seed, rate=rate, late=late, n_users=house)
                    found = {
                        "ours": scores[rows, chosen],
                        "frozen": frozen,
                        "best known": known,
                        "best in hindsight": hindsight,
                        **{name: linear[rate, late, name] for name in ("LinUCB", "Thompson")},
                    }
                    for name, value in found.items():
                        got.setdefault((kind, house, rate, late), {}).setdefault(name, []).append(value)
    return [
        _row(table, key, {name: np.array(v) for name, v in of.items()}, np.array(orders)) for key, of in got.items()
    ]


def _row(
    table: Outcomes, key: tuple[str, int, float, int], found: dict[str, Floats], prompts: NDArray[np.intp]
) -> dict[str, Any]:
    kind, house, rate, late = key
    row: dict[str, Any] = {"table": table.name, "models": len(table.models), "pool": kind, "voters": house}
    row |= {"judged": rate, "late": late, "n": list(prompts.shape)}
    row["mean"] = {name: round(float(v.mean()), 4) for name, v in found.items()}
    row["ours_less"] = {name: gain(found["ours"], v, prompts) for name, v in found.items() if name != "ours"}
    row["first_500_less_frozen"] = gain(found["ours"][:, :500], found["frozen"][:, :500], prompts[:, :500])
    return row


def main() -> None:
    """Run what is asked for, print and write it in the place of what was written of the same before."""
    words = sys.argv[1:]
    n_seeds = next((int(word) for word in words if word.isdigit()), 1)
    names = [name for name, _ in TABLES if name in words] or [name for name, _ in TABLES]
    pools = [pool for pool in POOLS if pool in words] or POOLS
    file = ROOT / "lab" / "runs" / "stream" / "stream.json"
    rows = {_key(row): row for row in (json.loads(file.read_text()) if file.exists() else ())}
    encoder = StaticEncoder()
    parts = (load(default_artifact_path(), encoder=encoder.name), Understanding(encoder, cache_size=20_000))
    for (name, part), models in TABLES.items():
        if name not in names:
            continue
        for row in run(prepared(name, part, models), parts, pools=pools, n_seeds=n_seeds):
            rows[_key(row)] = row
            print(json.dumps(row), flush=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("[\n" + ",\n".join(f" {json.dumps(row)}" for row in rows.values()) + "\n]\n")


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("table", "pool", "voters", "judged", "late"))


if __name__ == "__main__":
    main()
