"""Errors as callers see them: what an upstream says of the request reaches who made it."""

from __future__ import annotations

import pytest

from unisono.edge.failure import error_body
from unisono.errors import NoAnswer
from unisono.types import Json
from unisono.upstream.refusals import refusal

TOO_LONG = "the prompt is too long"
BODIES: tuple[Json, ...] = (
    {"error": {"message": TOO_LONG, "type": "invalid_request_error"}},
    {"error": TOO_LONG},
    {"object": "error", "message": TOO_LONG, "type": "BadRequestError", "param": None, "code": 400},
    {"message": TOO_LONG},
    {"detail": TOO_LONG},
)


@pytest.mark.parametrize("body", BODIES, ids=str)
@pytest.mark.parametrize("http_status", [400, 422])
def test_an_upstreams_400_passes_through_whatever_form_its_host_gives_it(body: Json, http_status: int) -> None:
    error = refusal("m", http_status=http_status, body=body)
    for told in (
        error_body(error)["error"],
        error_body(NoAnswer("No model answered.", attempts=(), last=error))["error"],
    ):
        assert isinstance(told, dict)
        assert told["message"] == TOO_LONG
        assert told["code"]
        assert told["type"]


def test_what_is_no_text_is_told_as_json() -> None:
    error = refusal("m", http_status=422, body={"detail": [{"loc": ["body", "top_k"], "msg": "not a number"}]})
    told = error_body(error)["error"]
    assert isinstance(told, dict)
    assert "top_k" in str(told["message"])


def test_what_an_upstream_says_to_its_operator_stays_here() -> None:
    told = error_body(refusal("m", http_status=401, body={"error": "key sk-1 is wrong"}))["error"]
    assert "sk-1" not in str(told)
