"""Journeys of `routing.in_domain`: a fitted server routes more while requests are like its table, and no longer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
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
from unisono.compose.chores import guard
from unisono.evaluate.fit import fit_table
from unisono.evaluate.in_domain import GUARD, enter_domain, leave_domain
from unisono.evaluate.recompute import Recomputer
from unisono.plugins import load
from unisono.record.keys import create_key
from unisono.record.policies import Policies, Standing, made
from unisono.record.reader import Reader
from unisono.record.store import Store
from unisono.types import Scope
from unisono.understand.embed import StaticEncoder

ALIKE = two_kinds(210, seed=77).prompts
UNLIKE = [f"Translate into German: the weather in town number {n} was pleasant in the morning." for n in range(150)]
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write what `unisono fit` makes of a table: the cheap model is as good at sums only."""
    fit = fit_table(cheap_as_good_at_sums(400, seed=1), encoder=StaticEncoder())
    return fit.write(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOMAIN_S", "MOST_REST_S"):
        monkeypatch.setattr(guard, name, 0.2)


def _config(up: Upstream, artifact: Path, *, more: str = "") -> str:
    return config_text(
        model(POEM_MODEL, up, role="deep", usd_per_mtok_in=5.0, usd_per_mtok_out=20.0),
        model(SUM_MODEL, up, usd_per_mtok_in=0.1, usd_per_mtok_out=0.4),
        default=POEM_MODEL,
        more=f"\n[routing]\nartifact = {json.dumps(str(artifact))}\n{more}",
    )


def _asked(house: House, prompts: Sequence[str], *, head: Mapping[str, str] | None = None) -> Counter[str]:
    """Ask, and count who answered."""
    answers = [house.chat(prompt, headers=head).json["unisono"] for prompt in prompts]
    house.end_of(answers[-1]["decision"], headers=head)
    return Counter(answer["model"] for answer in answers)


def _sums(seed: int) -> list[str]:
    """Return twenty of the kind on which the cheap model is as good."""
    return [prompt for prompt in two_kinds(40, seed=seed + 900).prompts if prompt.startswith("Compute")]


def _key(house: House, name: str) -> dict[str, str]:
    """Make a key; returns the header that shows it."""
    _, secret = create_key(house.folder / "record.db", name, scope=Scope(), now=datetime.now(UTC))
    return {"authorization": f"Bearer {secret}"}


def _in_domain(house: House) -> list[str] | None:
    """Return the callers whose requests are decided as in domain."""
    assert house.live is not None
    within = house.live.inforce.state.live.within
    return None if within is None else sorted(within.callers)


def _decided_by(reader: Reader, decision: str) -> str:
    stored = reader.stored(decision)
    assert stored is not None
    return stored.decision.policy


def _live(house: House) -> str:
    assert house.live is not None
    return house.live.inforce.state.live.policy.name


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
        house.until(lambda: house.get("/admin/policies")["scores_held_at"] is None, "it follows the scores again")
        shown = house.get("/admin/policies")
        moves = [(event["kind"], event["by"]) for event in shown["events"]]
        assert moves == [("released", GUARD), ("rolled_back", GUARD), ("promoted", GUARD), ("created", GUARD)]
        assert "can be told from the fitted table's prompts: they are of other kinds" in shown["events"][1]["why"]
        incident = house.until(lambda: house.get("/admin/incidents")["data"], "it is told")[0]
        assert (incident["kind"], incident["subject"]) == ("out_of_domain", "anonymous")
        assert incident["text"].endswith("they are of other kinds. config decides for anonymous again.")
        assert _asked(house, _sums(4))[SUM_MODEL] < 5
        with closing(Reader(tmp_path / "record.db")) as reader:
            assert Recomputer(reader, registry=load()).replay(one).verdict == "same"


def test_who_says_always_is_told_of_other_kinds_and_nothing_is_moved(tmp_path: Path, artifact: Path) -> None:
    text = 'in_domain = "always"\n'
    with upstream(says("because")) as up, serving(tmp_path, _config(up, artifact, more=text)) as house:
        _asked(house, UNLIKE)
        (incident,) = house.until(lambda: house.get("/admin/incidents")["data"], "it is told")
        assert (incident["kind"], incident["subject"]) == ("out_of_domain", "anonymous")
        assert incident["policy"].startswith("config/")
        assert "`in_domain` says always: it stays" in incident["text"]
        assert _live(house) == "config"


def test_what_somebody_has_taken_back_does_not_come_by_itself_again(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "record.db")):
        policies = Policies(tmp_path / "record.db")
    for _ in range(2):
        assert enter_domain(policies, policies.known().state().live, "one", why="alike", now=NOW)
        assert leave_domain(policies, policies.known().state().live, "one", why="unlike", now=NOW)
    assert enter_domain(policies, policies.known().state().live, "one", why="alike", now=NOW)
    policies.roll_back(why="no", by="operator", now=NOW)
    assert not enter_domain(policies, policies.known().state().live, "one", why="alike", now=NOW)
    assert not leave_domain(policies, policies.known().state().live, "one", why="unlike", now=NOW)
    assert policies.known().state().live.policy.name == "config"
    policies.close()


def test_callers_come_and_go_one_by_one_and_with_the_last_one_the_policy_does(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "record.db")), closing(Policies(tmp_path / "record.db")) as policies:

        def live() -> Standing:
            return policies.known().state().live

        assert enter_domain(policies, live(), "one", why="alike", now=NOW)
        assert enter_domain(policies, live(), "two", why="alike", now=NOW)
        assert not enter_domain(policies, live(), "two", why="alike", now=NOW)
        assert [live().for_caller(caller).policy.name for caller in ("one", "two", "three")] == [
            "config in domain",
            "config in domain",
            "config",
        ]
        assert not leave_domain(policies, live(), "three", why="unlike", now=NOW)
        assert leave_domain(policies, live(), "one", why="unlike", now=NOW)
        assert live().for_caller("one").policy.name == "config"
        assert live().for_caller("two").policy.name == "config in domain"
        assert leave_domain(policies, live(), "two", why="unlike", now=NOW)
        assert (live().policy.name, live().within, live().held) == ("config", None, None)


def test_nothing_comes_by_itself_while_scores_are_held(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "record.db")), closing(Policies(tmp_path / "record.db")) as policies:
        other = made(settings={"dial": 0.3}, name="other", parent="config", artifact=None, scores=None)
        other = policies.create(other, by="operator", now=NOW)
        first = policies.known().state().live
        policies.promote(other, live=first, verdict=None, why="", by="operator", now=NOW)
        policies.roll_back(why="no", by="operator", now=NOW)
        assert policies.known().state().live.held is not None
        assert not enter_domain(policies, policies.known().state().live, "one", why="alike", now=NOW)


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


def test_each_key_is_in_domain_by_its_own_requests_and_nobody_elses(tmp_path: Path, artifact: Path) -> None:
    with upstream(says("because")) as up, serving(tmp_path, _config(up, artifact)) as house:
        school, shop, late = (_key(house, name) for name in ("school", "shop", "late"))
        _asked(house, ALIKE, head=school)
        house.until(lambda: _in_domain(house) == ["school"], "it is seen that the school's requests are alike")
        assert _asked(house, _sums(5), head=school)[SUM_MODEL] > 10
        assert _asked(house, _sums(6), head=shop)[SUM_MODEL] < 5

        _asked(house, UNLIKE, head=shop)
        _asked(house, ALIKE, head=late)
        house.until(lambda: _in_domain(house) == ["late", "school"], "what the shop asked has been looked at too")
        live = house.live
        assert live is not None
        live.refresh_metrics()
        assert "unisono_in_domain_callers 2.0" in live.metrics_page().decode()
        assert _asked(house, _sums(7), head=school)[SUM_MODEL] > 10
        assert _asked(house, _sums(8), head=shop)[SUM_MODEL] < 5
        ids = [house.chat(_sums(9)[0], headers=head).json["unisono"]["decision"] for head in (school, shop)]

        for words, text in (
            (["policies", "list"], "live, for late, school"),
            (["policies", "list"], "live, for all others"),
            (["doctor"], "config in domain decides for late, school; for all others config does"),
            (
                ["advise"],
                "first questions to auto can be told from the fitted table's prompts: they are of other",
            ),
        ):
            said = CliRunner().invoke(app, [*words, "--config", str(tmp_path / "unisono.toml")]).output
            assert text in " ".join(said.split())

        _asked(house, UNLIKE, head=school)
        house.until(lambda: _in_domain(house) == ["late"], "it is seen that the school asks otherwise by now")
        (incident,) = house.until(live.alerts.incidents.latest, "it is told")
        assert (incident["kind"], incident["subject"]) == ("out_of_domain", "school")
        assert _asked(house, _sums(10), head=school)[SUM_MODEL] < 5
        assert _asked(house, _sums(11), head=late)[SUM_MODEL] > 10
        with closing(Reader(tmp_path / "record.db")) as reader:
            assert [_decided_by(reader, id_) == "config" for id_ in ids] == [False, True]
            again = Recomputer(reader, registry=load())
            assert {again.replay(id_).verdict for id_ in ids} == {"same"}
