"""What headers say of rate limits, as OpenAI, Anthropic and those who follow them write it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.upstream.quota import LONGEST_S, used_up_for_s

NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "8s"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "8.64s"}, 8.64),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m30s"}, 90.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "250ms"}, 0.25),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "12"}, 12.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1d"}, LONGEST_S),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "soon"}, None),
        ({"x-ratelimit-remaining-tokens": "0"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795629609000"}, 9.0),
        ({"x-ratelimit-remaining": "2", "x-ratelimit-reset": "1795629609000"}, None),
        ({"x-ratelimit-remaining-requests-day": "0", "x-ratelimit-reset-requests-day": "301.4"}, 301.4),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "12"}, 12.0),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-11-25T18:00:30Z",
                "anthropic-ratelimit-tokens-remaining": "0",
                "anthropic-ratelimit-tokens-reset": "2026-11-25T18:00:40Z",
            },
            40.0,
        ),
        (
            {
                "anthropic-ratelimit-tokens-remaining": "0",
                "anthropic-ratelimit-tokens-reset": "2026-11-25T17:59:40Z",
            },
            None,
        ),
    ],
)
def test_a_limit_that_is_used_up_tells_until_when(headers: dict[str, str], seconds: float | None) -> None:
    assert (
        used_up_for_s(headers, now=NOW) == pytest.approx(seconds)
        if seconds
        else used_up_for_s(headers, now=NOW) is None
    )


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_header_breaks_anything(left: str, reset: str) -> None:
    found = used_up_for_s({"x-ratelimit-remaining-tokens": left, "x-ratelimit-reset-tokens": reset}, now=NOW)
    assert found is None or 0.0 < found <= LONGEST_S
