"""Builders of whole values, with what a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from unisono.types import (
    Attempt,
    Capability,
    Cost,
    Decision,
    Estimate,
    Excluded,
    Features,
    Goal,
    Latency,
    Message,
    Mode,
    Notice,
    Outcome,
    Quality,
    Ranked,
    Request,
    Usage,
    Wishes,
)

NOON = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


class Values:
    """Builds requests, decisions and outcomes that belong together by their number."""

    def id(self, n: int) -> str:
        return f"01890000-0000-7000-8000-{n:012d}"

    def at(self, n: int) -> datetime:
        return NOON + timedelta(seconds=n)

    def request(self, n: int = 1, *, user: str | None = None, text: str = "What is 2 + 2?") -> Request:
        return Request(
            id=f"req-{n}",
            received=self.at(n),
            body={"messages": [{"role": "user", "content": text}]},
            model="auto",
            mode=Mode.BALANCED,
            pin=None,
            messages=(Message(role="user", text=text),),
            stream=True,
            needs=frozenset({Capability.TOOLS, Capability.JSON}),
            wishes=Wishes(dial=0.0, ban=("old",), allow_fallback=False),
            session="s-1",
            key="team",
            user=user,
        )

    def features(self, *, dim: int = 256) -> Features:
        rng = np.random.default_rng(7)
        return Features(
            task="What is 2 + 2?",
            n_input_tokens=12,
            n_turns=3,
            needs=frozenset({Capability.TOOLS}),
            surface=rng.standard_normal(20).astype(np.float32),
            embedding=rng.standard_normal(dim).astype(np.float32),
            in_tool_loop=True,
        )

    def ranked(self, model: str, *, place: int = 0) -> Ranked:
        return Ranked(
            model=model,
            estimate=Estimate(
                model=model,
                quality=Quality(mean=0.81234567891234 - place / 7, spread=0.1 / 3, evidence="48 probes, 3 skills"),
                cost=Cost(
                    usd=0.001 / 3,
                    low_usd=0.0001 / 7,
                    high_usd=0.01 / 9,
                    output_tokens=123.456,
                    evidence="" if place == 0 else "a guess from 3 published lengths of it",
                ),
                latency=Latency(first_token_s=0.2 / 3, total_s=4 / 3),
            ),
            utility=2 / 3 - place / 7,
            propensity=1.0 if place == 0 else 0.0,
            reason="the best answer for its price" if place == 0 else "costs 3.2 times more for 2 points of quality",
        )

    def decision(self, n: int = 1, *, models: tuple[str, ...] = ("small", "big"), mode: Mode | None = None) -> Decision:
        return Decision(
            id=self.id(n),
            at=self.at(n),
            request=f"req-{n}",
            session="s-1",
            mode=mode or Mode.BALANCED,
            pin=None,
            goal=Goal(mode=mode or Mode.BALANCED, dial=0.5, max_cost_usd=0.1),
            pattern="single",
            ranking=tuple(self.ranked(model, place=place) for place, model in enumerate(models)),
            excluded=(Excluded(model="tiny", rule="window", reason="its window of 512 tokens is too short"),),
            reason="small is good enough at a third of the price",
            notices=(Notice(code="sunset", text="small serves until 2027-01-01."),),
            degraded=False,
            allow_fallback=True,
            baseline="big",
            config_hash="0123456789ab",
            artifact="builtin-1",
            seed=3_735_928_559,
            decide_s=0.00123,
        )

    def attempt(self, model: str = "small", *, status: str = "ok") -> Attempt:
        failed = status == "failed"
        return Attempt(
            model=model,
            upstream_model=f"{model}-upstream",
            started=NOON,
            status=status,  # type: ignore[arg-type]
            first_content_s=None if failed else 0.25,
            total_s=1.5,
            reported_model=None if failed else f"{model}-upstream",
            usage=None if failed else Usage(input_tokens=10, output_tokens=20, cached_input_tokens=4),
            cost_usd=None if failed else 0.000123,
            http_status=503 if failed else 200,
            error_code="upstream_refused" if failed else None,
            error_text="overloaded" if failed else None,
        )

    def outcome(self, n: int = 1, *, attempts: tuple[Attempt, ...] | None = None, status: str = "ok") -> Outcome:
        attempts = (self.attempt(),) if attempts is None else attempts
        return Outcome(
            decision=self.id(n),
            request=f"req-{n}",
            status=status,  # type: ignore[arg-type]
            model=None if status == "failed" else attempts[-1].model,
            attempts=attempts,
            notices=(Notice(code="sunset", text="small serves until 2027-01-01."),),
            cost_usd=None if status == "failed" else 0.000123,
            total_s=1.75,
        )


@pytest.fixture
def values() -> Values:
    return Values()
