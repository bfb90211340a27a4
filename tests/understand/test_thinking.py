"""How much a request asks models to think is read under every name that hosts have for it."""

from __future__ import annotations

import pytest

from unisono.native import MARK
from unisono.types import Asked, Json, Thinking
from unisono.understand.thinking import asked


@pytest.mark.parametrize(
    ("body", "thinking"),
    [
        ({"reasoning_effort": "high"}, Thinking("high")),
        ({"reasoning": {"effort": "minimal"}}, Thinking("minimal")),
        ({"reasoning": {"max_tokens": 2000}}, Thinking(None, 2000)),
        ({"enable_thinking": False}, Thinking("none")),
        ({"thinking_budget": 0}, Thinking("none")),
        ({"enable_thinking": True, "thinking_budget": 500}, Thinking("on", 500)),
        ({"chat_template_kwargs": {"enable_thinking": False}}, Thinking("none")),
        ({"extra_body": {"google": {"thinking_config": {"thinking_budget": 800}}}}, Thinking(None, 800)),
        ({"extra_body": {"google": {"thinking_config": {"thinking_level": "LOW"}}}}, Thinking("low")),
        ({"google": {"thinking_config": {"thinking_budget": 0}}}, Thinking("none")),
        ({"google": {"thinking_config": {"thinking_budget": -1, "include_thoughts": True}}}, None),
        ({"extra_body": {"google": "all"}, "google": {"thinking_config": 3}}, None),
        ({"reasoning_effort": "as much as you like"}, None),
        ({"reasoning_effort": 3, "thinking_budget": "long"}, None),
    ],
)
def test_a_wish_about_thinking_is_read_under_the_names_that_hosts_have_for_it(
    body: Json, thinking: Thinking | None
) -> None:
    told = asked({"messages": [], **body})
    assert told == (None if thinking is None else Asked(None, thinking))


def test_a_switch_that_both_kinds_of_hosts_have_counts_for_both() -> None:
    assert asked({"thinking": {"type": "disabled"}}) == Asked(Thinking("none"), Thinking("none"))
    told = Thinking("on", 4000)
    assert asked({"thinking": {"type": "enabled", "budget_tokens": 4000}}) == Asked(told, told)


def test_what_came_in_by_anthropics_api_counts_for_its_hosts_alone() -> None:
    body: Json = {MARK: {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}}
    assert asked(body) == Asked(Thinking("max"), None)


def test_most_requests_say_nothing_about_thinking() -> None:
    assert asked({"messages": [], "temperature": 0.2, MARK: {"top_k": 3}}) is None
