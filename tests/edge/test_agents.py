"""Who asks, and in which session of his agent."""

from __future__ import annotations

import json

import pytest

from unisono.edge.agents import person_of, session_of
from unisono.types import Json

OLD = "user_0f3a_account_9b2c-11_session_7d-41"
NEW = json.dumps({"device_id": "dev", "account_uuid": "", "session_id": "7d-41"})


@pytest.mark.parametrize(
    ("user_id", "person"),
    [
        (OLD, "user_0f3a"),
        (NEW, "dev"),
        (json.dumps({"device_id": "dev", "account_uuid": "acc", "session_id": "7d-41"}), "acc"),
        ("ada", "ada"),
        ("{no json", "{no json"),
        ('{"session_id": 7}', '{"session_id": 7}'),
    ],
)
def test_a_person_stays_the_same_in_every_session(user_id: str, person: str) -> None:
    assert person_of(user_id) == person


@pytest.mark.parametrize(
    ("user_id", "session"), [(OLD, "7d-41"), (NEW, "7d-41"), ("ada", ""), ('{"session_id": 7}', "")]
)
def test_a_session_is_named_by_headers_or_else_by_metadata(user_id: str, session: str) -> None:
    body: Json = {"anthropic": {"metadata": {"user_id": user_id}}}
    assert session_of({}, body) == session
    assert session_of({"x-session-affinity": "ses_1"}, body) == "ses_1"
    assert session_of({}, {"anthropic": {"metadata": "x"}}) == session_of({}, {"anthropic": 1}) == ""
