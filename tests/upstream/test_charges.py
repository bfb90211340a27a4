"""What a host says that a call costs is what it has cost, unless the operator wrote prices."""

from __future__ import annotations

import orjson
import pytest

from unisono.execute.cost import cost_usd, spent_usd
from unisono.types import Json, JsonValue, Prices, Usage
from unisono.upstream.anthropic_answer import MessagesReading
from unisono.upstream.openai import ChatReading, usage_of
from unisono.upstream.quirks import tells_charges

COUNTS: Json = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
LISTED = Prices(usd_per_mtok_in=1.0, usd_per_mtok_out=1.0, source="genai-prices")
OWN = Prices(usd_per_mtok_in=2.0, usd_per_mtok_out=2.0)


@pytest.mark.parametrize(
    ("told", "usd"),
    [
        ({"cost": 0.00123}, 0.00123),
        ({"cost": 0}, 0.0),
        ({"cost": 0.1, "is_byok": False, "cost_details": {"upstream_inference_cost": None}}, 0.1),
        ({"cost": 0.1, "is_byok": True, "cost_details": {"upstream_inference_cost": 2}}, 2.1),
        ({"cost": 0.1, "is_byok": True}, None),  # what the other charges is not told
        ({"cost_in_usd_ticks": 37756000}, 0.0037756),
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({"cost": "0.1"}, None),
        ({"cost": {"total_cost": 1}}, None),
        ({"cost": 1e300}, None),
        ({}, None),
    ],
)
def test_a_charge_is_read_where_it_is_one(told: Json, usd: float | None) -> None:
    usage = usage_of({**COUNTS, **told}, charges=True)
    assert usage is not None
    assert usage.charged_usd == usd


def test_a_cost_of_an_unknown_unit_is_no_charge() -> None:
    usage = usage_of({**COUNTS, "cost": 5})
    assert usage is not None
    assert usage.charged_usd is None
    assert tells_charges("https://openrouter.ai/api/v1")
    assert tells_charges("https://eu.openrouter.ai/api/v1")
    assert not tells_charges("https://notopenrouter.ai/api/v1")
    assert not tells_charges("http://127.0.0.1:9001/v1")


@pytest.mark.parametrize(
    ("charged", "prices", "usd"),
    [
        (0.5, LISTED, 0.5),
        (0.5, None, 0.5),
        (0.0, LISTED, 0.0),
        (0.5, OWN, 0.0022),
        (None, LISTED, 0.0011),
        (None, None, None),
    ],
)
def test_the_operators_prices_come_first_then_the_charge_then_the_list(
    charged: float | None, prices: Prices | None, usd: float | None
) -> None:
    usage = Usage(input_tokens=1000, output_tokens=100, charged_usd=charged)
    assert spent_usd(usage, prices) == usd
    assert cost_usd(usage, LISTED) == 0.0011  # what another model would have cost is a matter of lists


def test_a_charge_is_found_in_a_plain_answer_and_at_the_end_of_a_stream() -> None:
    document = {"choices": [{"message": {"content": "a"}}], "usage": {**COUNTS, "cost": 0.25}}
    whole = ChatReading("m", charges=True).whole(orjson.dumps(document))
    (last,) = ChatReading("m", charges=True).event(b"", orjson.dumps({"choices": [], "usage": document["usage"]}))
    assert whole.usage is not None
    assert last.usage is not None
    assert (whole.usage.charged_usd, last.usage.charged_usd) == (0.25, 0.25)


@pytest.mark.parametrize(
    ("created", "tokens"),
    [
        ({"ephemeral_5m_input_tokens": 800, "ephemeral_1h_input_tokens": 0}, 200.0),
        ({"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 400}, 500.0),
        (None, 200.0),
        ({"ephemeral_1h_input_tokens": "many"}, 200.0),
        ({"ephemeral_1h_input_tokens": 10**9}, 800.0),
    ],
)
def test_what_anthropic_writes_to_its_cache_costs_a_quarter_more_and_for_an_hour_twice(
    created: JsonValue, tokens: float
) -> None:
    usage: Json = {
        "input_tokens": 100,
        "output_tokens": 10,
        "cache_creation_input_tokens": 800,
        "cache_creation": created,
    }
    message: Json = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": "end_turn",
    }
    chunk = MessagesReading("m", created=0).whole(orjson.dumps({**message, "usage": usage}))
    assert chunk.usage is not None
    assert (chunk.usage.input_tokens, chunk.usage.surcharge_tokens) == (900, tokens)
    assert spent_usd(chunk.usage, OWN) == pytest.approx((900 + tokens + 10) * 2e-6)
    assert cost_usd(chunk.usage, OWN) == pytest.approx(910 * 2e-6)
