"""How much a request asks models to think: an effort, a switch, a budget, under the names that hosts have for them.

It knows no model: which of these one heeds is its host's business, and what they come to `predict.verbosity`'s.
"""

from __future__ import annotations

from typing import cast, get_args

from unisono.loose import as_object
from unisono.native import MARK
from unisono.types import Asked, Json, JsonValue, ReasoningEffort, Thinking

_EFFORTS = frozenset(get_args(ReasoningEffort)) - {"on"}
_MEMBERS = (
    "reasoning_effort",
    "reasoning",
    "thinking",
    "enable_thinking",
    "thinking_budget",
    "chat_template_kwargs",
    "output_config",
    "google",
    "extra_body",
    MARK,
)


def asked(body: Json) -> Asked | None:
    """Return how much a chat body asks models to think; None where it says nothing."""
    if body.keys().isdisjoint(_MEMBERS):
        return None
    own = body.get(MARK)
    native = {**body, **own} if isinstance(own, dict) else body
    anthropic = _read(thinking=native.get("thinking"), effort=_in(native.get("output_config"), "effort"))
    told = body.get("reasoning")
    gemini = _in(_first(body.get("google"), _in(body.get("extra_body"), "google")), "thinking_config")
    level = _in(gemini, "thinking_level")
    others = _read(
        thinking=body.get("thinking"),
        effort=body.get("reasoning_effort")
        or _in(told, "effort")
        or (level.lower() if isinstance(level, str) else None),
        switch=_first(
            body.get("enable_thinking"),
            _in(body.get("chat_template_kwargs"), "enable_thinking"),
            _in(body.get("chat_template_kwargs"), "thinking"),
            _in(told, "enabled"),
        ),
        budget=_first(body.get("thinking_budget"), _in(told, "max_tokens"), _in(gemini, "thinking_budget")),
    )
    return None if anthropic is None and others is None else Asked(anthropic, others)


def _read(
    *,
    thinking: JsonValue = None,
    effort: JsonValue = None,
    switch: JsonValue = None,
    budget: JsonValue = None,
) -> Thinking | None:
    kind, limit = _in(thinking, "type"), _first(_in(thinking, "budget_tokens"), budget)
    tokens = limit if isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0 else None
    if kind == "disabled" or switch is False or tokens == 0:
        return Thinking("none")
    if isinstance(effort, str) and effort in _EFFORTS:
        return Thinking(cast("ReasoningEffort", effort), tokens)
    if kind in ("enabled", "adaptive") or switch is True:
        return Thinking("on", tokens)
    return None if tokens is None else Thinking(None, tokens)


def _in(part: JsonValue, name: str) -> JsonValue:
    return as_object(part).get(name)


def _first(*values: JsonValue) -> JsonValue:
    return next((value for value in values if value is not None), None)
