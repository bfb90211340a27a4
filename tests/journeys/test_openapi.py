"""What the OpenAPI document allows and forbids, sent to a real server: no fault of ours, each answer as described."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import Exchange, says, upstream
from tests.routes import served

from unisono.server.openapi import document

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
N_EXAMPLES = 6
NAMES = ["auto", "auto:fast", "small", "vectors"]
"""What a model is called, so that a good part of what is sent goes the whole road."""


def _answers(exchange: Exchange) -> None:
    if exchange.path.endswith("/embeddings"):
        data = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
        exchange.json({"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1}})
    else:
        says("good day")(exchange)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with upstream(_answers) as up:
        more = f'\n[[embeddings]]\nname = "vectors"\nbase_url = "{up.base_url}"\n'
        caps = ["tools", "json", "vision", "audio", "files", "search"]
        with serving(
            tmp_path_factory.mktemp("house"),
            config_text(model("small", up, capabilities=caps), default="small", more=more),
        ) as running:
            yield running


SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}


@pytest.mark.parametrize("label", sorted(OPERATIONS))
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
def test_no_request_that_is_allowed_or_forbidden_meets_a_fault_of_ours(
    house: House, label: str, mode: GenerationMode
) -> None:
    operation = OPERATIONS[label]
    has_input = operation.body or operation.query or operation.path_parameters
    if mode is GenerationMode.NEGATIVE and not has_input:
        return  # nothing can be wrong with a request that holds nothing
    checks = [*CHECKS, negative_data_rejection] if mode is GenerationMode.NEGATIVE and operation.body else CHECKS
    base = house.base_url.removesuffix("/v1")
    met: set[int] = set()

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=N_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def sends(case: Any) -> None:
        if mode is GenerationMode.POSITIVE and isinstance(case.body, dict) and "model" in case.body:
            case.body["model"] = NAMES[len(case.body["model"]) % len(NAMES)]
        response = case.call(base_url=base)
        met.add(response.status_code)
        case.validate_response(response, checks=checks)

    sends()
    assert 500 not in met
    if mode is GenerationMode.POSITIVE and label.startswith(("GET", "POST /v1/chat")) and "{" not in label:
        assert 200 in met  # a good part goes the whole road


def test_the_document_holds_every_route_and_no_other() -> None:
    described = {(method.upper(), path) for path, at in document()["paths"].items() for method in at}  # type: ignore[union-attr]
    there = {(method, path.replace(":path", "")) for method, path in served() if not path.startswith("/console")}
    assert described == there


def test_the_document_is_served(house: House) -> None:
    assert house.get("/openapi.json")["openapi"] == "3.1.0"


def test_a_path_is_a_path_and_no_way_out(house: House, tmp_path: Path) -> None:
    for path in (
        "/v1/models/../../etc/passwd",
        "/console/../app.py",
        "/v1/decisions/%00",
        "/v1/sessions/%ff",
        "//v1/models",
    ):
        assert house.call("GET", path).status in (200, 400, 404), path


@pytest.mark.parametrize("limit", ["%C2%B3", "%D9%A3", "9" * 5000, "0", "1001", "", "1.5"])
def test_a_limit_that_only_looks_like_a_number_is_refused(house: House, limit: str) -> None:
    assert house.call("GET", f"/v1/decisions?limit={limit}").status == 400
