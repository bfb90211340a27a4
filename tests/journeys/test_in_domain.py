"""Journeys of `routing.in_domain`: a fitted server routes more while requests are like its table, and no longer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import Upstream, fails, says, upstream
from tests.learn.two_kinds import POEM_MODEL, SUM_MODEL, cheap_as_good_at_sums, two_kinds
from typer.testing import CliRunner

from unisono.cli.main import app
from unisono.compose import chores
from unisono.evaluate.fit import fit_table
from unisono.evaluate.in_domain import GUARD, enter_domain, leave_domain
from unisono.evaluate.recompute import Recomputer
from unisono.plugins import load
from unisono.record.policies import Policies
from unisono.record.reader import Reader
from unisono.record.store import Store
from unisono.understand.embed import StaticEncoder

ALIKE = two_kinds(210, seed=77).prompts
UNLIKE = [f"Translate into German: the weather in town number {n} was pleasant in the morning." for n in range(150)]
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write what `unisono fit` makes of a table: the cheap model is as good at sums only."""
    fit = fit_table(cheap_as_good_at_sums(200, seed=1), encoder=StaticEncoder())
    return fit.write(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOMAIN_S", "MOST_REST_S"):
        monkeypatch.setattr(chores, name, 0.2)


def _config(up: Upstream, artifact: Path, *, more: str = "") -> str:
    return config_text(
        model(POEM_MODEL, up, role="deep", usd_per_mtok_in=5.0, usd_per_mtok_out=20.0),
        model(SUM_MODEL, up, usd_per_mtok_in=0.1, usd_per_mtok_out=0.4),
        default=POEM_MODEL,
        more=f"\n[routing]\nartifact = {json.dumps(str(artifact))}\n{more}",
    )


def _asked(house: House, prompts: Sequence[str]) -> Counter[str]:
    """Ask, and count who answered."""
    answers = [house.chat(prompt).json["unisono"] for prompt in prompts]
    last = answers[-1]["decision"]
    house.until(lambda: house.call("GET", f"/v1/decisions/{last}").status == 200, "it is recorded")
    return Counter(answer["model"] for answer in answers)


def _sums(seed: int) -> list[str]:
    """Return twenty of the kind on which the cheap model is as good."""
    return [prompt for prompt in two_kinds(40, seed=seed + 900).prompts if prompt.startswith("Compute")]


def _live(house: House) -> str:
    shown = house.get("/admin/policies")
    return next(policy["name"] for policy in shown["policies"] if policy["id"] == shown["live"])


def test_it_routes_more_while_requests_are_like_its_table_and_no_longer_with_an_incident(
    tmp_path: Path, artifact: Path
) -> None:
    with upstream(says("because")) as up, serving(tmp_path, _config(up, artifact)) as house:
        assert _asked(house, _sums(1))[SUM_MODEL] < 5
        _asked(house, ALIKE)
        house.until(lambda: _live(house) == "config in domain", "it is seen that requests are alike")
        told = CliRunner().invoke(app, ["advise", "--config", str(tmp_path / "unisono.toml")]).output
        assert "they are alike. In domain other models answer" in " ".join(told.split())
        assert _asked(house, _sums(2))[SUM_MODEL] > 10
        one = house.chat(_sums(3)[0]).json["unisono"]["decision"]

        _asked(house, UNLIKE)
        house.until(lambda: _live(house) == "config", "it is seen that requests are of other kinds")
        shown = house.get("/admin/policies")
        moves = [(event["kind"], event["by"]) for event in shown["events"]]
        assert moves == [("released", GUARD), ("rolled_back", GUARD), ("promoted", GUARD), ("created", GUARD)]
        assert shown["scores_held_at"] is None
        assert "can be told from the fitted table's prompts: they are of other kinds" in shown["events"][1]["why"]
        incident = house.until(lambda: house.get("/admin/incidents")["data"], "it is told")[0]
        assert (incident["kind"], incident["subject"]) == ("policy_rolled_back", "config in domain")
        assert _asked(house, _sums(4))[SUM_MODEL] < 5
        with closing(Reader(tmp_path / "record.db")) as reader:
            assert Recomputer(reader, registry=load()).replay(one).verdict == "same"


def test_who_says_always_is_told_of_other_kinds_and_nothing_is_moved(tmp_path: Path, artifact: Path) -> None:
    text = 'in_domain = "always"\n'
    with upstream(says("because")) as up, serving(tmp_path, _config(up, artifact, more=text)) as house:
        _asked(house, UNLIKE)
        (incident,) = house.until(lambda: house.get("/admin/incidents")["data"], "it is told")
        assert (incident["kind"], incident["subject"]) == ("out_of_domain", "config")
        assert "`in_domain` says always: it stays" in incident["text"]
        assert _live(house) == "config"


def test_what_somebody_has_taken_back_does_not_come_by_itself_again(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "record.db")):
        policies = Policies(tmp_path / "record.db")
    for _ in range(2):
        assert enter_domain(policies, policies.known().state().live, why="alike", now=NOW)
        assert leave_domain(policies, policies.known().state().live, why="unlike", now=NOW)
    assert enter_domain(policies, policies.known().state().live, why="alike", now=NOW)
    policies.roll_back(why="no", by="operator", now=NOW)
    assert not enter_domain(policies, policies.known().state().live, why="alike", now=NOW)
    assert not leave_domain(policies, policies.known().state().live, why="unlike", now=NOW)
    assert policies.known().state().live.policy.name == "config"
    policies.close()


def test_a_guardrail_that_sees_harm_ends_it_for_good_and_what_decided_before_goes_on_learning(
    tmp_path: Path, artifact: Path
) -> None:
    with upstream(says("because")) as up, serving(tmp_path, _config(up, artifact)) as house:
        _asked(house, ALIKE)
        house.until(lambda: _live(house) == "config in domain", "it is seen that requests are alike")
        up.behave = fails(401)
        more = iter(two_kinds(2000, seed=3).prompts)

        def is_over() -> bool:
            for prompt in islice(more, 10):
                house.chat(prompt)
            return _live(house) == "config"

        house.until(is_over, "the guardrail on errors ends it")
        house.until(lambda: house.get("/admin/policies")["scores_held_at"] is None, "it follows the scores again")
        moves = [(event["kind"], event["by"]) for event in house.get("/admin/policies")["events"]]
        assert moves[:2] == [("released", GUARD), ("rolled_back", "guardrail")]
