"""Journeys of an operator over HTTP: how the router does, how it would do otherwise, and one more model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import Upstream, says, upstream

from unisono.record.keys import create_key
from unisono.types import Scope

QUESTIONS = ["What is 2 + 2?", "Prove that there are infinitely many primes.", "Translate to French: good day", "Hi"]


@pytest.fixture
def up() -> Iterator[Upstream]:
    with upstream(says("an answer")) as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, up: Upstream) -> Iterator[House]:
    text = config_text(
        model("small", up, quality=0.5),
        model("big", up, role="deep", quality=0.9, usd_per_mtok_in=10.0, usd_per_mtok_out=20.0),
        default="small",
    )
    with serving(tmp_path, text) as running:
        yield running


def _ask(house: House, n: int = 40) -> None:
    for at in range(n):
        house.chat(f"{QUESTIONS[at % 4]} ({at})")
    assert {row["status"] for row in house.ended(n)} == {"ok"}


def test_traffic_adds_up_and_tells_what_was_saved(house: House) -> None:
    _ask(house)
    found = house.get("/admin/traffic?hours=1")
    assert found["n"] == 40 == sum(slot["n"] for slot in found["series"]) == sum(row["n"] for row in found["roles"])
    assert len(found["series"]) == 48
    for slot in found["series"]:
        assert sum(one["n"] for one in slot["models"].values()) == slot["n"]
        assert sum(one["cost_usd"] for one in slot["models"].values()) == pytest.approx(slot["cost_usd"])
    spent = sum(row["cost_usd"] for row in house.get("/v1/decisions?limit=100")["data"])
    assert sum(row["cost_usd"] for row in found["models"]) == pytest.approx(spent)
    assert (found["savings"]["n"], found["savings"]["why_not"], found["savings"]["low"]) == (40, "few", None)
    assert set(found["now"]) == {"small", "big"}


def test_what_was_spent_is_what_the_decisions_cost_and_bad_questions_are_refused(house: House) -> None:
    _ask(house, 12)
    found = house.get("/admin/spending?by=key,model&since=2026-01-01T00:00:00Z")
    spent = sum(row["cost_usd"] for row in house.get("/v1/decisions?limit=100")["data"])
    assert found["total"]["cost_usd"] == pytest.approx(spent) == sum(row["cost_usd"] for row in found["data"])
    assert found["total"]["n_calls"] == 12
    assert {row["key"] for row in found["data"]} == {"anonymous"}
    for query in ("by=team", "since=yesterday", "until=2026-01-01T00:00:00"):
        assert house.call("GET", f"/admin/spending?{query}").status == 400


def test_the_plane_has_every_model_and_the_router_between_them(house: House) -> None:
    _ask(house, 12)
    found = house.get("/admin/plane?last=100")
    points = {row["model"]: row for row in found["models"]}
    assert points["big"]["usd"] > points["small"]["usd"]
    assert points["big"]["quality"] > points["small"]["quality"]
    cheap, dear = found["router"][0], found["router"][-1]
    assert points["small"]["usd"] - 1e-12 <= cheap["usd"] <= dear["usd"] <= points["big"]["usd"] + 1e-12
    assert found["today"]["dial"] == 0.5


def test_the_bench_repeats_todays_choice_and_shows_what_another_setting_changes(house: House) -> None:
    _ask(house, 12)
    same = house.get("/admin/bench?last=100")
    recorded = {row["decision"]: row["model"] for row in house.get("/v1/decisions?limit=100")["data"]}
    assert same["n"] == 12
    assert same["n_changed"] == 0
    assert all(row["before"]["model"] == recorded[row["decision"]] for row in same["data"])
    best = house.get("/admin/bench?last=100&dial=1&min_quality=0.7")
    assert {row["after"] and row["after"]["model"] for row in best["data"]} <= {"big", None}
    nothing = house.get("/admin/bench?last=100&max_cost_usd=0")
    assert nothing["n_refused"] == 12
    n_before = len(recorded)
    assert len(house.get("/v1/decisions?limit=100")["data"]) == n_before  # nothing was recorded for it


@pytest.mark.parametrize(
    "path", ["traffic?hours=0", "traffic?hours=x", "traffic?hours=nan", "plane?last=0", "bench?dial=2", "bench?last=³"]
)
def test_a_query_that_makes_no_sense_is_refused(house: House, path: str) -> None:
    from urllib.parse import quote

    assert house.call("GET", quote(f"/admin/{path}", safe="/?=&")).status == 400


def test_a_model_is_added_to_a_running_server_and_answers(house: House, up: Upstream) -> None:
    before = (house.folder / "unisono.toml").read_text()
    added = house.call(
        "POST",
        "/admin/models",
        {"name": "new", "upstream": "openai", "base_url": up.base_url, "upstream_model": "real-new", "role": "deep"},
    )
    assert added.status == 200, added.raw
    assert house.chat("hello", model="new").json["model"] == "new"
    text = (house.folder / "unisono.toml").read_text()
    assert text.startswith(before.rstrip())
    assert 'name = "new"' in text


@pytest.mark.parametrize(
    "more",
    [
        {"name": "small"},
        {"upstream": "local"},
        {"upstream": "openai", "base_url": "not an address"},
        {"options": {"args": ["--evil"]}},
        {"api_key": "sk-plain-text"},
        {"context_tokens": 1},
    ],
)
def test_a_model_that_would_break_the_pool_or_start_a_program_is_not_added(
    house: House, up: Upstream, more: dict[str, object]
) -> None:
    before = (house.folder / "unisono.toml").read_text()
    body = {"name": "new", "upstream": "openai", "base_url": up.base_url, **more}
    assert house.call("POST", "/admin/models", body).status == 400
    assert (house.folder / "unisono.toml").read_text() == before
    assert house.chat().status == 200


def test_no_secret_of_the_server_can_be_named_from_afar_but_those_meant_for_it(
    house: House, up: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET", "s3cret")
    monkeypatch.setenv("UNISONO_NEW", "k3y")
    body = {"name": "new", "upstream": "openai", "base_url": up.base_url}
    refused = house.call("POST", "/admin/models", {**body, "api_key": "env:AWS_SECRET"})
    assert (refused.status, refused.json["error"]["code"]) == (403, "not_allowed")
    assert house.call("POST", "/admin/models", {**body, "api_key": "env:UNISONO_NEW"}).status == 200
    house.chat("hello", model="new")
    assert up.seen[-1].headers["authorization"] == "Bearer k3y"


def test_a_secret_that_the_file_uses_goes_to_the_address_of_the_file_alone(
    tmp_path: Path, up: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTED_KEY", "k3y")
    text = config_text(model("small", up, api_key="env:HOSTED_KEY"), default="small")
    with serving(tmp_path, text) as house:
        body = {"name": "new", "upstream": "openai", "api_key": "env:HOSTED_KEY"}
        elsewhere = house.call("POST", "/admin/models", {**body, "base_url": "http://127.0.0.1:9/v1"})
        assert (elsewhere.status, elsewhere.json["error"]["code"]) == (403, "not_allowed")
        assert house.call("POST", "/admin/models", {**body, "base_url": up.base_url}).status == 200


@pytest.mark.parametrize("path", ["traffic", "plane", "bench", "keys", "models"])
def test_what_shows_everybody_is_for_operators_only(tmp_path: Path, up: Upstream, path: str) -> None:
    with serving(tmp_path, config_text(model("small", up), default="small")) as house:
        now = datetime.now(UTC)
        _, guest = create_key(tmp_path / "record.db", "guest", scope=Scope(), now=now)
        headers = {"authorization": f"Bearer {guest}"}
        assert house.call("GET", f"/admin/{path}").status == 401
        assert house.call("GET", f"/admin/{path}", headers=headers).status == 403
        if path == "models":
            assert (
                house.call("POST", "/admin/models", {"name": "x", "upstream": "openai"}, headers=headers).status == 403
            )
