"""The guard on the shares of the roles: quick to see a collapse, silent while nothing happens."""

from __future__ import annotations

import math
import random

import pytest

from unisono.record.alarm import WARM_UP, ShareAlarm, ShareGuard
from unisono.types import Role


def run(
    guard: ShareGuard, share: float, n: int, rng: random.Random, *, policy: str = "p1"
) -> tuple[int, ShareAlarm] | None:
    for place in range(n):
        role = Role.DEEP if rng.random() < share else Role.FAST
        if (alarm := guard.note(role, policy=policy)) is not None:
            return place + 1, alarm
    return None


@pytest.mark.parametrize("usual", [0.1, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("seed", range(5))
def test_an_always_cheap_bug_is_seen_within_200_requests(usual: float, seed: int) -> None:
    rng = random.Random(seed)
    guard = ShareGuard()
    assert run(guard, usual, 3000, rng) is None
    found = run(guard, 0.0, 200, rng, policy="p2")
    assert found is not None
    _, alarm = found
    assert (alarm.role, alarm.direction) in {(Role.DEEP, "fell"), (Role.FAST, "rose")}
    assert abs(alarm.usual - (usual if alarm.role is Role.DEEP else 1 - usual)) < 0.1


@pytest.mark.parametrize("seed", range(5))
def test_a_runaway_bill_is_seen_within_200_requests(seed: int) -> None:
    rng = random.Random(seed)
    guard = ShareGuard()
    assert run(guard, 0.2, 3000, rng) is None
    found = run(guard, 0.9, 200, rng, policy="p2")
    assert found is not None
    assert found[1].policy in ("p1", "p2")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.3, 0.5, 1.0])
def test_steady_traffic_raises_nothing_in_100_000_requests(share: float) -> None:
    assert run(ShareGuard(), share, 100_000, random.Random(7)) is None


def test_a_daily_swing_raises_nothing() -> None:
    guard, rng = ShareGuard(), random.Random(3)
    for place in range(100_000):
        share = 0.3 + 0.1 * math.sin(2 * math.pi * place / 20_000)
        role = Role.DEEP if rng.random() < share else Role.FAST
        assert guard.note(role, policy="p") is None


def test_after_an_alarm_the_new_share_becomes_usual() -> None:
    guard, rng = ShareGuard(), random.Random(1)
    run(guard, 0.4, 3000, rng)
    assert run(guard, 0.0, 200, rng) is not None
    assert run(guard, 0.0, 20 * WARM_UP, rng) is None
    assert guard.shares() == {Role.FAST: pytest.approx(1.0)}
