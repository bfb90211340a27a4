"""Every route with every kind of key: which a stranger, a caller and an operator may ask for, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import says, upstream

from unisono.console import app as console
from unisono.record.keys import create_key, revoke_key, rotate_key
from unisono.server.app import create_app
from unisono.server.openapi import document
from unisono.types import Scope

NOW = datetime.now(UTC)
STRANGER, CALLER, OPERATOR = "stranger", "caller", "operator"
NEEDS = {
    ("GET", "/"): STRANGER,
    ("GET", "/healthz"): STRANGER,
    ("GET", "/openapi.json"): STRANGER,
    ("GET", "/console"): STRANGER,
    ("GET", "/console/"): STRANGER,
    ("GET", "/console/{version}/{file}"): STRANGER,
    ("GET", "/readyz"): CALLER,
    ("GET", "/metrics"): CALLER,
    ("POST", "/v1/chat/completions"): CALLER,
    ("POST", "/v1/responses"): CALLER,
    ("POST", "/v1/messages"): CALLER,
    ("POST", "/v1/messages/count_tokens"): CALLER,
    ("POST", "/v1/embeddings"): CALLER,
    ("POST", "/v1/route"): CALLER,
    ("GET", "/v1/models"): CALLER,
    ("GET", "/v1/models/{name}"): CALLER,
    ("GET", "/v1/decisions"): CALLER,
    ("GET", "/v1/decisions/{id}"): CALLER,
    ("POST", "/v1/decisions/{id}/feedback"): CALLER,
    ("GET", "/v1/limits"): CALLER,
    ("GET", "/v1/sessions/{id}"): CALLER,
    ("PUT", "/v1/sessions/{id}"): CALLER,
    ("DELETE", "/v1/sessions/{id}"): CALLER,
    ("GET", "/admin/traffic"): OPERATOR,
    ("GET", "/admin/spending"): OPERATOR,
    ("GET", "/admin/plane"): OPERATOR,
    ("GET", "/admin/bench"): OPERATOR,
    ("GET", "/admin/keys"): OPERATOR,
    ("GET", "/admin/incidents"): OPERATOR,
    ("GET", "/admin/models"): OPERATOR,
    ("POST", "/admin/models"): OPERATOR,
    ("GET", "/admin/policies"): OPERATOR,
    ("POST", "/admin/policies"): OPERATOR,
    ("GET", "/admin/policies/{id}/diff"): OPERATOR,
    ("POST", "/admin/policies/{id}/promote"): OPERATOR,
    ("POST", "/admin/rollback"): OPERATOR,
}
"""What each route needs. A new one is declared here first."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with upstream(says("hi")) as up:
        text = config_text(model("small", up), default="small")
        with serving(tmp_path_factory.mktemp("scopes"), text) as running:
            _header(running, "first")  # from here on nobody comes in without one
            yield running


def _header(house: House, name: str, **scope: Any) -> dict[str, str]:
    _, secret = create_key(house.folder / "record.db", name, scope=Scope(**scope), now=NOW)
    return {"authorization": f"Bearer {secret}"}


def _status(house: House, place: tuple[str, str], headers: dict[str, str]) -> int:
    method, path = place
    filled = path.replace("{id}", "x").replace("{name}", "x").replace("{version}", "x").replace("{file}", "x")
    return house.call(method, filled, None if method == "GET" else b"{", headers=headers).status


def test_every_route_declares_what_it_needs(house: House) -> None:
    served = {
        (method, route.path.replace(":path}", "}"))
        for route in create_app(house.live, extra_routes=console.routes()).routes
        if isinstance(route, Route)
        for method in (route.methods or ()) - {"HEAD"}
    }
    assert served == set(NEEDS)
    described = {(method.upper(), path) for path, item in document()["paths"].items() for method in item}
    assert described <= set(NEEDS)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_way_to_ask_lets_anybody_in_who_may_not(house: House, method: str) -> None:
    caller = _header(house, f"caller-{method}")
    for _, path in NEEDS:
        for headers, refused in (({}, {401}), (caller, {403})):
            needed = {need for (_, other), need in NEEDS.items() if other == path}
            if STRANGER in needed or (headers and CALLER in needed):
                continue
            assert _status(house, (method, path), headers) in refused | {405}, (method, path)


def test_who_has_the_scope_is_let_in_everywhere_it_reaches(house: House) -> None:
    caller, operator = _header(house, "caller"), _header(house, "operator", admin=True)
    for place, need in NEEDS.items():
        if need == CALLER:
            assert _status(house, place, caller) not in (401, 403), place
        assert _status(house, place, operator) not in (401, 403), place


def test_a_key_that_has_expired_or_was_revoked_or_replaced_opens_nothing(house: House) -> None:
    record = house.folder / "record.db"
    gone = {name: _header(house, name, admin=True) for name in ("revoked", "rotated")}
    revoke_key(record, "revoked", now=NOW)
    rotate_key(record, "rotated", now=NOW)
    _, secret = create_key(
        record, "expired", scope=Scope(admin=True), expires=NOW - timedelta(seconds=1), now=NOW - timedelta(days=1)
    )
    gone["expired"] = {"authorization": f"Bearer {secret}"}
    for name, headers in gone.items():
        for place, need in NEEDS.items():
            if need != STRANGER:
                assert _status(house, place, headers) == 401, (name, place)


def test_a_path_written_otherwise_needs_no_less(house: House, tmp_path: Path) -> None:
    for path in ("//admin/keys", "/admin//keys", "/admin/keys/", "/ADMIN/keys", "/v1/../admin/keys", "/%61dmin/keys"):
        assert house.call("GET", path).status in (401, 404), path
    for path in ("/chat/completions", "/v1/v1/chat/completions/", "/openai/deployments/small/chat/completions"):
        assert house.call("POST", path, b"{}").status == 401, path
