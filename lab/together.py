"""What it costs to take each answer of a conversation, or each vote of a caller, for itself.

`PYTHONPATH=src:lab python lab/together.py`. Logs with known truth, as in `gate.py` and `off_policy.py`, but answers
come in conversations of eight turns in the mean, of which seven turns in ten ask the conversation's first prompt again.
Five questions, each with answers taken for themselves and as they stand together (`unisono.evaluate.together`):

    guardrail  how often a canary that is the live policy itself, or one that is three points worse, breaks the
               guardrail on quality at one of 80 looks at 20,000 answers
    hostile    the same of the live policy itself where 5 of 100 callers give every answer of the canary a 0, as often
               as others vote or ten times as often
    interval   how often the interval of a doubly robust estimate holds the truth
    drift      how often a chart of `learn.drift` tells of a change in 10,000 answers of one model that did not change,
               what they were worth less what was expected; one conversation after the other, or twenty at a time.
               Together: the first answer of each conversation
    learned    what is expected of gpt-4o-mini, by the shipped parts, falls by after forty failed turns of one
               conversation: on six prompts of other kinds (smallest and largest fall), and on one of its own turns.
               Together: each further turn counts less, as `learn.learner` has it

Writes `lab/runs/together/together.json`. Nothing was chosen here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from gate import LOOK, MOST_WATCHED, World, confused, world
from off_policy import ROOT, TABLES, logging_chances, one_hot
from unisono.evaluate.guardrails import Foreseen, Measured, broken
from unisono.evaluate.offpolicy import Log, doubly_robust
from unisono.evaluate.together import Groups, fair, groups
from unisono.learn.drift import Chart
from unisono.learn.learner import ALIKE
from unisono.learn.watch import QUALITY_LEAST
from unisono.predict.artifact import default_artifact_path, load
from unisono.recipe import measured
from unisono.types import Model, Score
from unisono.understand.embed import StaticEncoder
from unisono.understand.reading import Understanding

TURNS = 8
SAME = 0.7
"""Share of a conversation's turns that ask its first prompt."""
LOSS = 0.03
N_RUNS = 200
CALLERS, HOSTILE = 100, 5
SIZES = (1000, 5000)
BAD_TURNS = [
    f"The test test_parser_{turn} in my repository still fails with an IndexError in line {7 * turn}. "
    "Fix the parser and run the tests again."
    for turn in range(40)
]
OTHERS = (
    "Translate into German: the train leaves at noon.",
    "What is the integral of x^2 sin x?",
    "Write a short poem about autumn.",
    "Explain why the sky is blue.",
    "Sort a list of dictionaries by two keys in Python.",
    "Is there a bug in this loop: for i in range(len(a)+1): print(a[i])",
)
N_DRIFT, STREAM = 12, 10_000
Row = dict[str, Any]


def conversations(n: int, n_prompts: int, rng: np.random.Generator) -> tuple[Groups, Groups]:
    """Return the conversation of each of `n` answers, and its prompt."""
    turns = rng.geometric(1 / TURNS, n)
    of = np.repeat(np.arange(n), turns)[:n]
    first = rng.integers(0, n_prompts, n)[of]
    return of, np.where(rng.random(n) < SAME, first, rng.integers(0, n_prompts, n))


def breaks(
    rewards: np.ndarray[Any, Any], side: np.ndarray[Any, Any], of: Groups, *, together: bool, crowd: bool = False
) -> bool:
    """Say whether the guardrail on quality breaks at one of the looks."""
    places = of if together else np.arange(len(rewards))
    for n in range(LOOK, len(rewards) + 1, LOOK):
        n_groups = int(places[:n].max()) + 1
        pair = []
        for mine in (side[:n], ~side[:n]):
            counts = np.bincount(places[:n], weights=mine, minlength=n_groups)
            totals = np.bincount(places[:n], weights=mine * rewards[:n], minlength=n_groups)
            squares = np.bincount(places[:n], weights=mine * rewards[:n] ** 2, minlength=n_groups)
            factor = fair(counts) if crowd and together else 1.0
            pair.append(Measured(factor * counts, factor * totals, factor * squares, share=True))
        if broken({"quality": pair[0]}, {"quality": pair[1]}, Foreseen()) is not None:
            return True
    return False


def guardrail(w: World, rng: np.random.Generator) -> list[Row]:
    """Return how often a canary on half of the conversations is rolled back."""
    found = []
    for name, candidate in (("itself", w.live), ("worse", confused(w, -LOSS))):
        told = {"apart": 0, "together": 0}
        for _ in range(N_RUNS):
            of, rows = conversations(MOST_WATCHED, len(w.scores), rng)
            side = (rng.random(int(of.max()) + 1) < 0.5)[of]
            rewards = w.scores[rows, np.where(side, candidate[rows], w.live[rows])]
            for how in told:
                told[how] += breaks(rewards, side, of, together=how == "together")
        found.append({"table": w.name, "question": "guardrail", "candidate": name, "runs": N_RUNS, **told})
    return found


def hostile(w: World, rng: np.random.Generator) -> list[Row]:
    """Return how often a few callers have a canary rolled back that is the live policy itself."""
    found = []
    for times in (1, 10):
        told = {"apart": 0, "together": 0}
        weights = np.where(np.arange(CALLERS) < HOSTILE, times, 1.0)
        for _ in range(N_RUNS):
            of = rng.choice(CALLERS, MOST_WATCHED, p=weights / weights.sum())
            rows = rng.integers(0, len(w.scores), MOST_WATCHED)
            side = rng.random(MOST_WATCHED) < 0.5
            rewards = np.where((of < HOSTILE) & side, 0.0, w.scores[rows, w.live[rows]])
            for how in told:
                told[how] += breaks(rewards, side, of, together=how == "together", crowd=True)
        found.append({"table": w.name, "question": "hostile", "votes": times, "runs": N_RUNS, **told})
    return found


def interval(w: World, rng: np.random.Generator) -> list[Row]:
    """Return how often the interval holds the worth of the best expected model, from a log that explores."""
    n_models = w.scores.shape[1]
    logging, target = logging_chances(w.utility, 0.3), one_hot(w.live, n_models)
    truth = w.worth(w.live)
    found = []
    for n in SIZES:
        told = {"apart": 0, "together": 0}
        for _ in range(N_RUNS):
            of, rows = conversations(n, len(w.scores), rng)
            chosen = (logging[rows].cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(max=n_models - 1)
            at = (rows, chosen)
            for how in told:
                log = Log(
                    rewards=w.scores[at],
                    chances=logging[at],
                    target=target[at],
                    expected_logged=w.expected[at],
                    expected_target=(target[rows] * w.expected[rows]).sum(axis=1),
                    groups=groups([("caller", str(talk)) for talk in of]) if how == "together" else None,
                )
                estimate = doubly_robust(log)
                told[how] += estimate.low <= truth <= estimate.high
        found.append({"table": w.name, "question": "interval", "n_judged": n, "runs": N_RUNS, **told})
    return found


def drift(w: World, rng: np.random.Generator) -> list[Row]:
    """Return how often a model that stays as it is is told to have changed."""
    worth = w.scores[:, -1] - w.expected[:, -1]
    found = []
    for at_once in (1, 20):
        told = {"apart": 0, "together": 0}
        for _ in range(N_DRIFT):
            of, rows = conversations(STREAM, len(w.scores), rng)
            order = np.argsort(of // at_once + rng.random(STREAM) * (at_once > 1), kind="stable")
            seen: set[int] = set()
            every, first = Chart(least=QUALITY_LEAST), Chart(least=QUALITY_LEAST)
            alarms = {"apart": False, "together": False}
            for place in order:
                alarms["apart"] |= every.add(float(worth[rows[place]])) is not None
                if (talk := int(of[place])) not in seen:
                    seen.add(talk)
                    alarms["together"] |= first.add(float(worth[rows[place]])) is not None
            for how, alarmed in alarms.items():
                told[how] += alarmed
        found.append({"table": w.name, "question": "drift", "at_once": at_once, "runs": N_DRIFT, **told})
    return found


def learned() -> Row:
    """Return by how much one bad conversation lowers what is expected of its model."""
    read = Understanding(StaticEncoder(), cache_size=1).text
    artifact = load(default_artifact_path(), encoder=StaticEncoder().name)
    model = Model(name="gpt-4o-mini", upstream="openai", upstream_model="gpt-4o-mini")

    def expected(weights: Sequence[float]) -> np.ndarray[Any, Any]:
        scores = [
            Score(model=model.name, item=turn, kind="measured", prompt="", score=0.0, weight=w, features=read(turn))
            for turn, w in zip(BAD_TURNS, weights, strict=False)
        ]
        quality = measured(artifact, scores, read=read, models=(model,))
        return np.array([quality.predict_one(read(text), (model,))[0].mean for text in (*OTHERS, BAD_TURNS[3])])

    told: Row = {"question": "learned", "turns": len(BAD_TURNS)}
    for how, alike in (("apart", 0.0), ("together", ALIKE)):
        fall = expected(()) - expected([1.0 / (1.0 + alike * turn) for turn in range(len(BAD_TURNS))])
        told[how] = {"others": [round(float(f(fall[:-1])), 3) for f in (min, max)], "alike": round(float(fall[-1]), 3)}
    return told


def main() -> None:
    """Run all tables, print and write."""
    rows = [learned()]
    print(rows[0])
    for name, models in TABLES.items():
        w, rng = world(name, models), np.random.default_rng(11)
        for ask in (guardrail, hostile, interval, drift):
            for row in ask(w, rng):
                print(" ".join(f"{key}={value}" for key, value in row.items()), flush=True)
                rows.append(row)
    folder = ROOT / "lab" / "runs" / "together"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "together.json").write_text("[\n" + ",\n".join(" " + json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
