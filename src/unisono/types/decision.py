"""Which models may answer, in which order, and why."""

from __future__ import annotations

from datetime import datetime

from unisono.terms import Language, Mode, Pattern
from unisono.types.estimate import Estimate
from unisono.types.plan import Plan
from unisono.types.situation import Situation
from unisono.values import value

FIRST_POLICY = "config"
"""The policy that a configuration is by itself, before any other was made."""


@value
class Excluded:
    """A model that may not serve this request: which rule said so, and why, in one sentence."""

    model: str
    rule: str
    reason: str


@value
class Goal:
    """What the choice maximises, and its hard bounds."""

    mode: Mode = Mode.BALANCED
    dial: float = 0.5
    max_cost_usd: float | None = None
    max_first_token_s: float | None = None
    min_quality: float | None = None
    language: Language = "en"


@value
class Ranked:
    """One place of the ranking. `reason` says why it leads, or why it lost to the leader."""

    model: str
    estimate: Estimate
    utility: float
    propensity: float
    reason: str


@value
class Notice:
    """Something the user must be told: a switch, a fallback, a downgrade, an outage.

    `recorded`: the sentence that the record keeps instead, where `text` quotes an answer.
    """

    code: str
    text: str
    recorded: str | None = None


@value
class Choice:
    """What the chooser returns: the ranking, best first, and what no bound allowed."""

    ranking: tuple[Ranked, ...]
    excluded: tuple[Excluded, ...]
    reason: str


@value
class Decision:
    """Which models may answer, in which order, why, and why not the others. `policy` is the one that decided."""

    id: str
    at: datetime
    request: str
    session: str
    mode: Mode | None
    pin: str | None
    goal: Goal
    pattern: Pattern
    ranking: tuple[Ranked, ...]
    excluded: tuple[Excluded, ...]
    reason: str
    notices: tuple[Notice, ...]
    degraded: bool
    allow_fallback: bool
    baseline: str | None
    config_hash: str
    artifact: str
    seed: int
    decide_s: float
    situation: Situation = Situation()
    plan: Plan | None = None
    policy: str = FIRST_POLICY

    @property
    def model(self) -> str:
        """The model that is asked first."""
        return self.ranking[0].model
