"""Journeys while parts of the router break: every request is answered or refused as declared, and marked."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import says, upstream

from unisono import budget as budgets
from unisono.budget import BUDGET_S, LIMIT, REST_S, DecisionBudget


def raises(*_: object, **__: object) -> Any:
    raise RuntimeError("broken on purpose")


def break_encoder(house: House) -> None:
    house.live.router.stages.understand.__dict__["_encoder"] = type("Broken", (), {"encode": raises})()  # type: ignore[union-attr]


def break_quality(house: House) -> None:
    house.live.router.stages.quality.predict_one = raises  # type: ignore[union-attr, method-assign]


def break_chooser(house: House) -> None:
    house.live.router.stages.chooser.choose = raises  # type: ignore[union-attr, method-assign]


def break_cost(house: House) -> None:
    house.live.router.stages.cost.predict_one = raises  # type: ignore[union-attr, method-assign]


def break_latency(house: House) -> None:
    house.live.router.stages.latency.predict_one = raises  # type: ignore[union-attr, method-assign]


def break_a_rule(house: House) -> None:
    house.live.router.stages.rules[0].against = raises  # type: ignore[union-attr, method-assign]


def break_freshness(house: House) -> None:
    house.live.router.stages.understand.__dict__["_freshness"] = type("Broken", (), {"read": raises})()  # type: ignore[union-attr]


def break_memory(house: House) -> None:
    house.live.anchors.near = raises  # type: ignore[union-attr, method-assign]
    object.__setattr__(house.live.router.stages, "anchor", raises)  # type: ignore[union-attr]


def ask(house: House, place: int) -> Any:
    body = {"model": "auto", "messages": [{"role": "user", "content": f"question {place}"}]}
    return house.call("POST", "/v1/chat/completions", body)


def metric(house: House, name: str) -> float:
    text = house.call("GET", "/metrics").raw.decode()
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))


PARTS = [
    break_encoder,
    break_quality,
    break_chooser,
    break_cost,
    break_latency,
    break_freshness,
    break_memory,
]


@pytest.mark.parametrize("part", PARTS)
def test_a_broken_stage_serves_the_default_marked_and_raises_an_alarm(
    tmp_path: Path, part: Callable[[House], None]
) -> None:
    with (
        upstream(says("hi")) as up,
        serving(tmp_path, config_text(model("safe", up), model("other", up, quality=0.9), default="safe")) as house,
        ThreadPoolExecutor(8) as pool,
    ):
        assert all(r.status == 200 for r in pool.map(lambda n: ask(house, n), range(16)))
        part(house)
        replies = list(pool.map(lambda n: ask(house, 100 + n), range(40)))
        assert {r.status for r in replies} == {200}
        assert {r.headers["x-unisono-model"] for r in replies} == {"safe"}
        assert {r.headers["x-unisono-degraded"] for r in replies} == {"true"}
        assert all("degraded" in [n["code"] for n in r.json["unisono"]["notices"]] for r in replies)
        assert metric(house, "unisono_degraded_total") >= 40
        assert metric(house, "unisono_incidents_total") >= 1
        assert house.get("/readyz")["status"] == "degraded"
        assert [i["kind"] for i in house.get("/admin/incidents")["data"]] == ["router_failed"]


def test_where_the_bounds_themselves_are_broken_nobody_is_asked_and_it_is_told(tmp_path: Path) -> None:
    with (
        upstream(says("hi")) as up,
        serving(tmp_path, config_text(model("safe", up), model("other", up), default="safe")) as house,
    ):
        break_a_rule(house)
        replies = [ask(house, n) for n in range(10)]
        assert {r.status for r in replies} == {503}
        assert {r.json["error"]["code"] for r in replies} == {"router_broken"}
        assert {r.headers["x-unisono-degraded"] for r in replies} == {"true"}
        assert all(int(r.headers["retry-after"]) > 0 for r in replies)
        assert up.seen == []
        assert metric(house, "unisono_degraded_total") == 10
        assert house.get("/readyz")["status"] == "degraded"


@pytest.mark.parametrize("part", ["spent", "reserve", "note_decision", "note_turn", "known_now"])
def test_a_fault_around_the_decision_is_an_error_in_openais_form_and_an_incident(tmp_path: Path, part: str) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("safe", up), default="safe")) as house:
        assert ask(house, 1).status == 200
        setattr(house.live.requests, part, raises)
        replies = [ask(house, n) for n in range(5)]
        assert {(r.status, r.json["error"]["code"]) for r in replies} == {(500, "internal_error")}
        assert metric(house, "unisono_incidents_total") >= 1


def test_bounds_of_the_caller_hold_while_the_router_is_broken(tmp_path: Path) -> None:
    with (
        upstream(says("hi")) as up,
        serving(tmp_path, config_text(model("safe", up), model("other", up), default="safe")) as house,
    ):
        break_quality(house)
        body = {"model": "auto", "messages": [{"role": "user", "content": "x"}]}
        banned = house.call("POST", "/v1/chat/completions", {**body, "unisono": {"ban": ["safe"]}})
        assert banned.json["model"] == "other"
        pinned = house.call("POST", "/v1/chat/completions", {**body, "model": "other"})
        assert pinned.json["model"] == "other"
        nobody = house.call("POST", "/v1/chat/completions", {**body, "unisono": {"ban": ["safe", "other"]}})
        assert nobody.status == 400


def test_a_lost_record_stops_nobody_and_is_told(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("safe", up), default="safe")) as house:
        assert ask(house, 1).status == 200
        house.until(lambda: _replaced(tmp_path / "record.db"), "a folder lies in its place")
        assert {ask(house, n).status for n in range(20)} == {200}
        house.until(lambda: "record" in house.get("/readyz")["degraded"], "it is told")
        told = ask(house, 100)
        assert "unrecorded" in told.headers["x-unisono-notices"]
        assert [n["code"] for n in told.json["unisono"]["notices"]] == ["unrecorded"]
        tmp_path.joinpath("record.db").rmdir()


def _replaced(record: Path) -> bool:
    """Put a folder in the place of the record; False where a new record was made in between."""
    for file in record.parent.glob(f"{record.name}*"):
        file.unlink(missing_ok=True)
    try:
        record.mkdir()
    except FileExistsError:
        return False
    return True


def test_a_lying_upstream_is_marked_and_becomes_an_incident(tmp_path: Path) -> None:
    lies = model("scripted-liar", None, upstream="scripted", answers_as="somebody-else")
    with serving(tmp_path, config_text(lies, default="scripted-liar")) as house:
        reply = ask(house, 1)
        assert reply.json["model"] == "somebody-else"
        assert "model_mismatch" in reply.headers["x-unisono-notices"]
        (incident,) = house.get("/admin/incidents")["data"]
        assert (incident["kind"], incident["subject"], incident["n"]) == ("model_mismatch", "scripted-liar", 1)
        assert metric(house, "unisono_incidents_total") == 1


def test_an_answer_can_be_taken_again_deeper_and_by_another_model(tmp_path: Path) -> None:
    with (
        upstream(says("hi")) as up,
        serving(
            tmp_path, config_text(model("small", up, quality=0.2), model("big", up, quality=0.9), default="small")
        ) as house,
    ):
        body = {"model": "auto", "messages": [{"role": "user", "content": "x"}]}

        def send(**wishes: object) -> Any:
            return house.call("POST", "/v1/chat/completions", {**body, "unisono": wishes})

        first = send(models=["small"]).json["unisono"]["decision"]
        deeper = send(retry_of=first, how="deeper").json
        assert deeper["model"] == "big"
        assert [n["code"] for n in deeper["unisono"]["notices"]] == ["retry"]
        assert send(retry_of=first).json["model"] == "small"
        assert send(retry_of=first, how="big").json["model"] == "big"
        assert send(retry_of="no-such", how="other").status == 404
        assert send(how="other").status == 400
        assert send(retry_of=first, how="wiser").status == 400
        shown = house.get(f"/v1/decisions/{deeper['unisono']['decision']}")
        assert shown["situation"]["retry"]["decision"] == first


def test_the_router_rests_after_failures_in_a_row_and_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "BUDGET_S", BUDGET_S)  # as it is, and not as it is for tests
    budget = DecisionBudget()
    for _ in range(LIMIT):  # a caller's long prompts are no sign of a slow router
        assert budget.note(took_s=1.0, failed=None, now_s=0.0, n_tokens=1_000_000)
    for _ in range(LIMIT - 1):
        assert not budget.note(took_s=0.01, failed="broken", now_s=0.0)
    assert not budget.rests(0.0)
    assert not budget.note(took_s=9.0, failed=None, now_s=1.0)
    assert budget.rests(1.0)
    assert "9.00 s" in budget.why
    assert not budget.rests(1.0 + REST_S)
    assert budget.note(took_s=0.01, failed=None, now_s=20.0)
    assert budget.why == ""


def test_an_always_cheap_bug_in_a_running_router_is_an_incident_within_200_requests(tmp_path: Path) -> None:
    small = model("small", None, upstream="scripted", quality=0.3)
    big = model("big", None, upstream="scripted", quality=0.9, role="deep", usd_per_mtok_out=20.0)

    def turn(house: House, place: int) -> str:
        mode, only = (("auto:deep", "big"), ("auto", "small"))[place % 3 > 0]
        body: dict[str, Any] = {"model": mode, "messages": [{"role": "user", "content": f"question {place}"}]}
        body["user"] = f"{place} {broken}"
        wishes = {"unisono": {"ban": [] if broken else ["small" if only == "big" else "big"]}}
        return str(house.call("POST", "/v1/chat/completions", {**body, **wishes}).json["model"])

    with serving(tmp_path, config_text(small, big, default="small")) as house, ThreadPoolExecutor(4) as pool:
        broken = False
        usual = list(pool.map(lambda n: turn(house, n), range(450)))
        assert 0.3 < usual.count("big") / len(usual) < 0.4
        assert house.get("/admin/incidents")["data"] == []
        assert house.live is not None
        chooser = house.live.router.stages.chooser
        right = chooser.choose

        def cheapest(*args: Any, **more: Any) -> Any:
            choice = right(*args, **more)
            return replace(choice, ranking=tuple(sorted(choice.ranking, key=lambda r: r.estimate.cost.usd)))

        chooser.choose = cheapest  # type: ignore[method-assign]
        broken = True
        assert set(pool.map(lambda n: turn(house, n), range(200))) == {"small"}
        (incident,) = house.get("/admin/incidents")["data"]
        assert incident["kind"] == "share_alarm"
        assert incident["policy"] == house.live.inforce.policy
        assert metric(house, "unisono_incidents_total") == 1
