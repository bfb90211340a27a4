"""A guard on who serves: raises an alarm when the share of a role falls or rises abruptly.

What it is for: a broken decision boundary that sends everything to the cheapest, or a runaway bill. It looks at the
roles of the models that `auto` chose, and at nothing else; it stops no request.

Source: E. S. Page 1954, "Continuous inspection schemes": a cumulative sum of log-likelihood ratios per role and
direction, against a share that is learnt slowly. Drifts slower than `REFERENCE` requests are followed, and are silent.
Not for: roles with a share below 8 %, whose disappearance 200 requests cannot show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log
from typing import Literal

from unisono.types import Role

WARM_UP = 300
"""Requests after which a role's share counts as known."""
REFERENCE = 2_000
"""Horizon of the learnt share, in requests."""
THRESHOLD = 16.5
"""An alarm needs evidence of e^16.5 to 1; over 100,000 steady requests a false one has a chance below 1 in 100."""
FALLS = (1 / 20, 1 / 4)
RISES = (4.0, 20.0)
"""Odds of the shares that are looked for, against the learnt one."""
LEAST = 0.05
"""A share below this cannot fall, nor one above its complement rise, by enough to be told from chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareAlarm:
    """What the guard saw: the share of a role has left what was usual.

    Attributes:
        role: whose share.
        direction: where it went.
        usual: the learnt share.
        recent: its share of the last requests.
        policy: the policy version in force when it began to go.
    """

    role: Role
    direction: Literal["fell", "rose"]
    usual: float
    recent: float
    policy: str


@dataclass(slots=True)
class _Chart:
    odds: float
    sum: float = 0.0
    n: int = 0
    n_role: int = 0
    policy: str = ""

    def add(self, *, hit: bool, usual: float, policy: str) -> bool:
        odds = usual / (1.0 - usual) * self.odds
        looked_for = odds / (1.0 + odds)
        step = log(looked_for / usual) if hit else log((1.0 - looked_for) / (1.0 - usual))
        self.sum = max(self.sum + step, 0.0)
        if self.sum == 0.0:
            self.n, self.n_role, self.policy = 0, 0, ""
            return False
        self.policy = self.policy or policy
        self.n += 1
        self.n_role += hit
        return self.sum >= THRESHOLD


@dataclass(slots=True)
class _Watch:
    share: float = 0.0
    is_used: bool = False
    charts: list[_Chart] = field(default_factory=lambda: [_Chart(odds) for odds in (*FALLS, *RISES)])


class ShareGuard:
    """Watches the roles. One number per role and a few sums: constant time and memory per request."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._n = 0
        self._watches: dict[Role, _Watch] = {}
        self._forget()

    def note(self, role: Role, *, policy: str) -> ShareAlarm | None:
        """Take in one decision of `auto`; return an alarm at the request that raises it.

        After an alarm the guard learns what is usual anew, and says nothing for `WARM_UP` requests.

        Args:
            role: of the model that was chosen.
            policy: what decided: configuration, artifact and scores.
        """
        self._n += 1
        rate = max(1.0 / self._n, 1.0 / REFERENCE)
        warm = self._n > WARM_UP
        alarm = None
        for name, watch in self._watches.items():
            hit = name is role
            if not (hit or watch.is_used):
                continue  # nothing of it moves before its first decision
            watch.is_used = True
            if warm and alarm is None:
                alarm = self._look(name, watch, hit=hit, policy=policy)
            if max(chart.sum for chart in watch.charts) < THRESHOLD / 2:  # else a fault would be learnt as usual
                watch.share += rate * (hit - watch.share)
        if alarm is not None:
            self._forget()
        return alarm

    def shares(self) -> Mapping[Role, float]:
        """Return the learnt share of each role that has one."""
        return {role: watch.share for role, watch in self._watches.items() if watch.share > 0}

    def _forget(self) -> None:
        self._n = 0
        self._watches = {role: _Watch() for role in Role}

    def _look(self, role: Role, watch: _Watch, *, hit: bool, policy: str) -> ShareAlarm | None:
        usual = min(max(watch.share, 0.005), 0.995)
        for chart in watch.charts:
            can_go = watch.share >= LEAST if chart.odds < 1 else watch.share <= 1.0 - LEAST
            if can_go and chart.add(hit=hit, usual=usual, policy=policy):
                return ShareAlarm(
                    role=role,
                    direction="fell" if chart.odds < 1 else "rose",
                    usual=watch.share,
                    recent=chart.n_role / chart.n,
                    policy=chart.policy,
                )
        return None
