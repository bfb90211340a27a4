"""A record teaches: judged answers become trained parts without a word of users, and nothing is judged by them."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from random import Random

import numpy as np
import pytest
from tests.worlds import POOL, answer, house_at, pool
from typer.testing import CliRunner

from unisono.cli.main import app
from unisono.config.kept import kept_of
from unisono.errors import StartError
from unisono.evaluate.from_log import learned_from
from unisono.record.reader import Reader
from unisono.record.store import Store

N = 220
DIM = 256


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration of a few models, and a record of judged answers."""
    found = tmp_path_factory.mktemp("log")
    house, rng = house_at(found / "record.db"), Random(5)
    house.config = pool(explore=1.0)
    with closing(house.store):
        router = house.router()
        for n in range(N):
            answer(house, router, rng, n)
        assert house.store.flush(timeout_s=60)
    text = POOL.format(dial=0.5, margin=0.01, price=10.0, explore=1.0)
    (found / "unisono.toml").write_text(text + f'\n[store]\npath = "{found / "record.db"}"\n')
    return found


def test_each_judged_answer_is_a_row_with_the_features_that_were_kept(folder: Path) -> None:
    fingerprints = kept_of(pool(explore=1.0)).fingerprints
    with closing(Reader(folder / "record.db")) as reader:
        found = learned_from(reader, fingerprints=fingerprints, dim=DIM, last=10_000)
        stored = reader.stored(found.table.prompts[0])
        assert stored is not None and stored.outcome is not None
        changed = {name: "another definition" if name == "deep" else print_ for name, print_ in fingerprints.items()}
        without = learned_from(reader, fingerprints=changed, dim=DIM, last=10_000)
        with pytest.raises(StartError, match="no judged answer"):
            learned_from(reader, fingerprints=fingerprints, dim=7, last=10_000)
    assert N // 3 < len(found.table.prompts) <= N
    assert (~np.isnan(found.table.scores)).sum(axis=1).tolist() == [1] * len(found.table.prompts)
    assert set(np.unique(found.table.scores[~np.isnan(found.table.scores)])) == {0.0, 1.0}
    place = found.table.models.index(stored.decision.model)
    assert not np.isnan(found.table.scores[0, place])
    assert found.features[found.table.prompts[0]].embedding is not None
    assert "deep" in found.table.models and "deep" not in without.table.models


def test_a_policy_of_what_the_log_taught_is_made_and_is_not_judged_by_the_same_log(folder: Path) -> None:
    config = ["--config", str(folder / "unisono.toml")]

    def run(*words: str) -> str:
        told = CliRunner().invoke(app, [*words, *config])
        assert told.exit_code == 0, told.output
        return told.stdout

    fitted = json.loads(run("fit", "--from-log", str(folder / "record.db"), "--out", str(folder / "out"), "--json"))
    assert fitted["training"]["log_until"].startswith("2026-11-24")
    assert set(fitted["training"]["data_sha256"]) == {"log"}
    run("policies", "create", "--name", "fitted", "--set", f'artifact="{fitted["artifact"]}"')
    made = json.loads(run("policies", "show", "fitted", "--json"))
    assert made["artifact"] == fitted["id"]
    judged = json.loads(run("evaluate", "--policy", "fitted", "--json"))
    assert (judged["n"], judged["verdict"]) == (0, "unknown")
    assert "not learned from" in judged["sentence"]
    assert json.loads(run("shadow", "fitted", "--last", "50", "--json"))["n"] > 20  # what it would do is shown


def test_a_log_without_judgements_says_what_to_do(tmp_path: Path, folder: Path) -> None:
    with closing(Store(tmp_path / "empty.db")):
        pass
    words = ["fit", "--from-log", str(tmp_path / "empty.db"), "--config", str(folder / "unisono.toml")]
    told = CliRunner().invoke(app, words)
    assert isinstance(told.exception, StartError)
    assert "feedback" in str(told.exception)
    assert CliRunner().invoke(app, ["fit", "--config", str(folder / "unisono.toml")]).exit_code == 2
