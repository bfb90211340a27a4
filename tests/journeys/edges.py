"""What tests of several edges share: a pool, clients, and how upstreams behave."""

from __future__ import annotations

from typing import Any

import anthropic
from tests.journeys.house import House, config_text, model
from tests.journeys.upstream import LIMIT_S, Exchange, completion, says

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
CLAUDE: dict[str, Any] = {"model": "auto", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}
VECTORS = """
[[embeddings]]
name = "vectors"
base_url = "{url}"
upstream_model = "real-vectors"
usd_per_mtok_in = 2.0

[[limits]]
name = "money"
counts = "usd"
amount = 0.003
"""


def tools(exchange: Exchange) -> None:
    """Ask for the weather, and tell it once its result is there; a stream comes in fragments."""
    results = [m for m in exchange.body["messages"] if m["role"] == "tool"]
    if results:
        says(f"It is {results[-1]['content']}.")(exchange)
    elif not exchange.stream:
        exchange.json(completion(exchange, {"content": None, "tool_calls": [CALL]}, finish="tool_calls"))
    else:
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": None})
        exchange.delta({"content": "Let me look."})
        function = {"name": "weather", "arguments": ""}
        exchange.delta({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]})
        for fragment in ('{"ci', 'ty": ', '"Oslo"}'):
            exchange.delta({"tool_calls": [{"index": 0, "function": {"arguments": fragment}}]})
        second = {"name": "weather", "arguments": '{"city": "Rome"}'}
        exchange.delta({"tool_calls": [{"index": 1, "id": "call_2", "type": "function", "function": second}]})
        exchange.delta({}, finish="tool_calls")
        exchange.end_stream()


def thinks(exchange: Exchange) -> None:
    if not exchange.stream:
        exchange.json(completion(exchange, {"content": "Four.", "reasoning_content": "2 and 2."}))
        return
    exchange.open_stream()
    exchange.delta({"reasoning_content": "2 and "})
    exchange.delta({"reasoning_content": "2."})
    exchange.delta({"content": "Four."})
    exchange.delta({}, finish="stop")
    exchange.end_stream()


def pool(up: Any) -> str:
    return config_text(
        model("small", up, capabilities=["tools", "json", "vision", "files"]), model("big", up), default="small"
    )


def claude(house: House, **options: Any) -> anthropic.Anthropic:
    base = house.base_url.removesuffix("/v1")
    return anthropic.Anthropic(**{"base_url": base, "api_key": "none", "max_retries": 0, "timeout": LIMIT_S, **options})


def vectors(exchange: Exchange) -> None:
    given = exchange.body["input"]
    data = [{"object": "embedding", "index": n, "embedding": [0.5, n]} for n in range(len(given))]
    usage = {"prompt_tokens": 1000, "total_tokens": 1000}
    exchange.json({"object": "list", "data": data, "model": exchange.body["model"], "usage": usage, "extra": 1})
