"""What a key's scope refuses is told in the words of who asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from unisono.edge.scope import within_scope
from unisono.errors import NotAllowed
from unisono.types import Grant, Request, Scope

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def pinned(asked: str, pin: str) -> Request:
    return Request(id="r", received=NOW, body={}, model=asked, mode=None, pin=pin, messages=(), key="k")


def test_who_asked_for_a_retired_model_is_told_whom_its_name_leads_to() -> None:
    grant = Grant(name="k", scope=Scope(models=("old",)))
    with pytest.raises(NotAllowed, match="'old' leads to the model 'new', which your key may not use"):
        within_scope(pinned("old", "new"), grant)
    with pytest.raises(NotAllowed, match="Your key may not use the model 'new'"):
        within_scope(pinned("new", "new"), grant)
    assert within_scope(pinned("old", "old"), grant).wishes.models == ("old",)
