"""What a model is asked holds together after our own limits are put on it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from unisono.execute.bodies import asked_of, capped
from unisono.types import Json, Mode, Model, Request


def _thinking(budget: int) -> Json:
    return {"type": "enabled", "budget_tokens": budget}


@pytest.mark.parametrize(
    ("budget", "limit", "left"),
    [
        (31_999, 8_192, {"thinking": _thinking(4_096)}),  # what Claude Code asks of a model that answers shorter
        (4_000, 8_192, {"thinking": _thinking(4_000)}),
        (31_999, 400, {}),
    ],
)
def test_thinking_keeps_below_a_limit_that_we_put_on_the_answer(budget: int, limit: int, left: Json) -> None:
    body: Json = {"max_tokens": 32_000, "thinking": _thinking(budget), "anthropic": {"thinking": _thinking(budget)}}
    made: Json = {"max_tokens": limit, **left, "anthropic": left}
    assert capped(body, limit) == made
    model = Model(name="m", upstream="anthropic", upstream_model="m", max_output_tokens=limit)
    now = datetime(2026, 11, 26, tzinfo=UTC)
    request = Request(
        id="r", received=now, body=body, model="auto", mode=Mode.DEEP, pin=None, messages=(), max_output_tokens=32_000
    )
    assert asked_of(model, request, body) == made


def test_thinking_without_a_budget_stays() -> None:
    adaptive: Json = {"max_tokens": 100, "thinking": {"type": "adaptive"}, "anthropic": {}}
    assert capped(adaptive, 50) == {**adaptive, "max_tokens": 50}
    assert capped(adaptive, None) is adaptive
