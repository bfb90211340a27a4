"""`unisono advise` reads the judged answers of a record and says in one sentence whether routing pays."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from tests.record.conftest import Values
from typer.testing import CliRunner

from unisono.cli.main import app
from unisono.record.store import Store
from unisono.types import Cost, Quality, Situation

VALUES = Values()
RIGHT = {"small": 0.9, "big": 0.6}
USD = {"small": 1e-4, "big": 1e-3}
ESTIMATES = {
    name: replace(
        VALUES.ranked(name).estimate,
        quality=Quality(mean=0.7, spread=0.1, evidence=""),
        cost=Cost(usd=usd, low_usd=usd, high_usd=usd, output_tokens=10.0),
    )
    for name, usd in USD.items()
}


def fill(path: Path, *, n: int, explored: bool, scores: bool = False) -> None:
    """Record `n` judged answers, by scores or as measured; `small` is the better one and the cheaper one."""
    rng = Random(5)
    with closing(Store(path, capacity=100_000)) as store:
        for place in range(n):
            models = ("small", "big") if not explored or rng.random() < 0.7 else ("big", "small")
            decision = VALUES.decision(place, models=models)
            chance = {"small": 0.7, "big": 0.3} if explored else {"small": 1.0, "big": 0.0}
            ranking = tuple(
                replace(r, propensity=chance[r.model], estimate=ESTIMATES[r.model]) for r in decision.ranking
            )
            situation = Situation(estimates=tuple(r.estimate for r in ranking))
            store.record_request(VALUES.request(place), None, replace(decision, ranking=ranking, situation=situation))
            store.record_outcome(VALUES.outcome(place, attempts=(VALUES.attempt(models[0]),)))
            right = rng.random() < RIGHT[models[0]]
            if scores:
                store.record_signal(decision.id, "score", str(float(right)), by="team")
            else:
                store.record_signal(decision.id, "correct:unit_test", "true" if right else "false", by="team")
            store.record_signal(decision.id, "thanked", None, by="team")
        assert store.flush(timeout_s=60)


def run(path: Path, *words: str) -> str:
    told = CliRunner().invoke(app, ["advise", "--store", str(path), *words])
    assert told.exit_code == 0, told.output
    return told.output


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("advise") / "record.db"
    fill(path, n=1500, explored=True)
    return path


def test_one_model_that_is_better_and_cheaper_is_named(explored: Path) -> None:
    told = run(explored)
    assert told.startswith("Use small always")
    assert "small (strongest, cheapest)" in told
    assert "1,500 judged answers" in told


def test_the_same_as_json_holds_the_truth_in_its_intervals(explored: Path) -> None:
    found = json.loads(run(explored, "--json"))
    assert found["kind"] == "always"
    by_name = {single["model"]: single for single in found["singles"]}
    for model, truth in RIGHT.items():
        assert by_name[model]["quality"]["low"] <= truth <= by_name[model]["quality"]["high"]
        assert by_name[model]["quality"]["not_enough"] is None


def test_scores_are_taken_as_they_were_given_and_do_not_lean_towards_what_was_expected(tmp_path: Path) -> None:
    fill(tmp_path / "record.db", n=1500, explored=True, scores=True)
    found = json.loads(run(tmp_path / "record.db", "--json"))
    assert found["kind"] == "always"
    for single in found["singles"]:
        assert single["quality"]["low"] <= RIGHT[single["model"]] <= single["quality"]["high"]


def test_a_record_without_exploration_shows_nothing_and_says_what_would(tmp_path: Path) -> None:
    fill(tmp_path / "record.db", n=300, explored=False)
    told = run(tmp_path / "record.db")
    assert told.startswith("Not shown either way")
    assert "routing.explore" in told


def test_a_record_without_feedback_says_so(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "record.db")):
        pass
    assert "Not shown either way" in run(tmp_path / "record.db")
