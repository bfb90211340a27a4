"""What a server decides before anybody asks: the first caller does not wait for it, and nothing is left of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from unisono.compose import Live
from unisono.compose.chores import chores_of
from unisono.compose.warm import KEY
from unisono.config import load_config
from unisono.plugins import load
from unisono.record.policies import made
from unisono.record.store import Store
from unisono.types import Candidate, Features, Mode, Request

POOL = """
default = "a"
[[models]]
name = "a"
upstream = "scripted"
capabilities = ["tools"]
reply = "yes"
[[models]]
name = "b"
upstream = "scripted"
capabilities = ["tools"]
reply = "no"
"""
NOW = datetime(2026, 11, 26, tzinfo=UTC)
House = Callable[["Seeing"], Live]


@dataclass
class Seeing:
    """A rule that is against nobody, and keeps what it was asked about."""

    name: str = "seeing"
    broken: bool = False
    seen: list[Request] = field(default_factory=list)

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        if self.broken:
            raise RuntimeError("a plug-in")
        self.seen.append(request)
        return None


@pytest.fixture
def house(tmp_path: Path) -> House:
    file = tmp_path / "unisono.toml"
    file.write_text(POOL, encoding="utf-8")

    def built(rule: Seeing) -> Live:
        registry = load()
        registry.rules["seeing"] = lambda: rule
        return Live(load_config(file), registry=registry, store=Store(tmp_path / "unisono.db"), chores=chores_of)

    return built


async def test_who_serves_has_decided_about_each_kind_before_anybody_asks(house: House) -> None:
    rule = Seeing()
    live = house(rule)
    await live.start()
    assert {(request.pin, request.mode) for request in rule.seen} >= {("a", None), (None, Mode.PRO)}
    assert any(request.needs for request in rule.seen)
    assert any(len(request.messages) > 1 for request in rule.seen)
    assert not all(request.messages[-1].text.isascii() for request in rule.seen)
    await live.close()


async def test_who_does_not_serve_decides_nothing_beforehand(house: House) -> None:
    rule = Seeing()
    live = house(rule)
    await live.start(serves=False)
    await live.close()
    assert rule.seen == []


async def test_a_changed_configuration_and_a_policy_decide_before_they_are_in_force(house: House) -> None:
    rule = Seeing()
    live = house(rule)
    await live.start()
    rule.seen.clear()
    await live.reload(live.config)
    assert rule.seen
    rule.seen.clear()
    policy = live.policies.create(
        made(settings={"dial": 0.9}, name="bold", parent="config", artifact=None, scores=None), by="test", now=NOW
    )
    before = live.policies.known().state().live
    live.policies.promote(policy, live=before, verdict=None, why="", by="test", now=NOW)
    await live.take_policies()
    assert rule.seen
    assert live.inforce.live.standing.policy.id == policy.id
    await live.close()


async def test_nothing_is_left_of_it(house: House) -> None:
    rule = Seeing()
    live = house(rule)
    counted = live.metrics.render()
    await live.start()
    assert rule.seen
    assert live.metrics.render() == counted
    assert live.outlets.n_calls("a") == 0
    assert live.health.all_up()
    assert not live.alerts.broken
    assert live.router.decide(rule.seen[0])[1].situation.anchor is None
    assert live.sessions.past(KEY, rule.seen[0].session) is None
    live.store.flush()
    for table in ("decisions", "outcomes", "sessions", "incidents", "spending"):
        assert live.store.rows(f"SELECT count(*) FROM {table}")[0][0] == 0, table  # noqa: S608  our own names
    await live.close()


async def test_a_stage_that_breaks_stops_no_start_and_is_told_when_a_request_meets_it(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    rule = Seeing(broken=True)
    live = house(rule)
    await live.start()
    assert "warming up failed error=RuntimeError" in caplog.text
    assert not live.alerts.broken
    rule.broken = False
    await live.reload(live.config)
    assert rule.seen
    await live.close()
