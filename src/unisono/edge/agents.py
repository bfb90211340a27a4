"""What coding agents tell of themselves beside the conversation: the person, and the session of the agent.

A session of an agent is not a conversation: its subagents, titles and summaries are conversations of their own in the
same session. It names who began a conversation, and never the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from unisono.loose import as_object, inside
from unisono.native import MARK
from unisono.types import Json, JsonValue

SESSION_HEADERS = ("x-claude-code-session-id", "x-session-affinity", "x-session-id")
"""Of Claude Code and opencode."""
AGENT_HEADER = "x-claude-code-agent-id"
"""By which Claude Code tells its subagents apart, which may begin alike."""

_OLD = re.compile(r"(user_[0-9A-Za-z]+)_account_[0-9A-Za-z-]*_session_([0-9A-Za-z-]+)")
"""How Claude Code wrote `metadata.user_id` before 2026; since then it is an object of JSON."""


def person_of(user_id: str) -> str:
    """Return who asks, of a `metadata.user_id` of Anthropic's API: without the session, so that he stays the same."""
    if found := _OLD.fullmatch(user_id):
        return found[1]
    told = _told(user_id)
    named = (told.get("account_uuid"), told.get("device_id"))
    return next((name for name in named if isinstance(name, str) and name), user_id)


def session_of(headers: Mapping[str, str], body: Json) -> str:
    """Return the agent's session, as its headers or its `metadata.user_id` name it; empty where nothing does."""
    for name in SESSION_HEADERS:
        if said := headers.get(name):
            return said + headers.get(AGENT_HEADER, "")
    return _session_in(inside(body[MARK], "metadata").get("user_id")) if MARK in body else ""


def _session_in(user_id: JsonValue) -> str:
    if not isinstance(user_id, str):
        return ""
    if found := _OLD.fullmatch(user_id):
        return found[2]
    session = _told(user_id).get("session_id")
    return session if isinstance(session, str) else ""


def _told(user_id: str) -> Json:
    if not user_id.startswith("{"):
        return {}
    try:
        return as_object(orjson.loads(user_id))
    except orjson.JSONDecodeError:
        return {}
