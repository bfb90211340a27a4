"""Journeys through a conversation that changes its model, at upstreams as strict about thinking as the real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anthropic
import pytest
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Exchange, completion, upstream

THINKING: Any = {"type": "enabled", "budget_tokens": 1024}
TOOL: Any = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
POOL = ("opus", "sonnet", "deepseek", "strict")


def _hosts(exchange: Exchange) -> None:
    """Play each model's host: it thinks before it calls a tool or speaks, and refuses what the real one refuses."""
    name = exchange.body["model"].removeprefix("real-")
    (_messages if exchange.path == "/v1/messages" else _chat)(exchange, name)


def _messages(exchange: Exchange, name: str) -> None:
    """Be Anthropic: thinking carries the signature of this very model, and begins a turn in which it is on."""
    told = [(m, b) for m in exchange.body["messages"] if isinstance(m["content"], list) for b in m["content"]]
    for _, block in told:
        if block["type"] == "thinking" and block["signature"] != f"sig-{name}":
            return _refuse(exchange, "messages.1.content.0: Invalid `signature` in `thinking` block")
    last = exchange.body["messages"][-1]["content"]
    in_loop = isinstance(last, list) and any(block["type"] == "tool_result" for block in last)
    thinks = "thinking" in exchange.body
    if in_loop and thinks and exchange.body["messages"][-2]["content"][0]["type"] != "thinking":
        return _refuse(exchange, "messages.1.content.0.type: Expected `thinking`, but found `tool_use`.")
    thought = {"type": "thinking", "thinking": f"{name} thinks", "signature": f"sig-{name}"}
    use = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}
    said = use if exchange.body.get("tools") and not in_loop else {"type": "text", "text": f"{name} speaks"}
    frame = {"id": "msg_1", "type": "message", "role": "assistant", "model": exchange.body["model"]}
    stop = {"stop_reason": "tool_use" if said is use else "end_turn", "stop_sequence": None}
    usage = {"input_tokens": 5, "output_tokens": 6}
    return exchange.json({**frame, **stop, "content": [thought, said] if thinks else [said], "usage": usage})


def _chat(exchange: Exchange, name: str) -> None:
    """Be DeepSeek, which wants what was thought in each turn, or a host that knows no such field."""
    turns = [m for m in exchange.body["messages"] if m["role"] == "assistant"]
    foreign = {key for turn in turns for key in turn} - {"role", "content", "tool_calls", "refusal"}
    if name == "strict" and foreign:
        return _refuse(exchange, f"messages.1: property '{foreign.pop()}' is unsupported")
    if name == "deepseek" and not all(turn.get("reasoning_content") for turn in turns):
        return _refuse(exchange, "The `reasoning_content` in the thinking mode must be passed back to the API.")
    function = {"name": "weather", "arguments": '{"city": "Oslo"}'}
    said: dict[str, Any] = {"content": f"{name} speaks"}
    if exchange.body.get("tools") and exchange.body["messages"][-1]["role"] != "tool":
        said = {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    thought = {"reasoning_content": f"{name} thinks"} if name == "deepseek" else {}
    if not exchange.stream:
        return exchange.json(completion(exchange, {**thought, **said}))
    exchange.open_stream()
    for delta in (thought, said):
        exchange.delta(delta)
    exchange.delta({}, finish="stop")
    return exchange.end_stream()


def _refuse(exchange: Exchange, message: str) -> None:
    exchange.json({"type": "error", "error": {"type": "invalid_request_error", "message": message}}, status=400)


def _pool(up: Any) -> str:
    kinds = {"opus": "anthropic", "sonnet": "anthropic"}
    models = [model(name, up, upstream=kinds.get(name, "openai"), capabilities=["tools"]) for name in POOL]
    return config_text(*models, default="strict")


def _claude(house: House) -> anthropic.Anthropic:
    base = house.base_url.removesuffix("/v1")
    return anthropic.Anthropic(base_url=base, api_key="none", max_retries=0, timeout=LIMIT_S)


def test_a_conversation_in_messages_goes_from_any_model_to_any_other_and_back(tmp_path: Path) -> None:
    with upstream(_hosts) as up, serving(tmp_path, _pool(up)) as house:
        client = _claude(house)
        turns: list[Any] = []
        for name in (*POOL, "opus", "deepseek", "sonnet", "strict"):
            turns.append({"role": "user", "content": "And?"})
            answer = client.messages.create(model=name, max_tokens=2048, messages=turns, thinking=THINKING)
            assert answer.content[-1].text == f"{name} speaks"  # type: ignore[union-attr]
            turns.append({"role": "assistant", "content": [block.to_dict() for block in answer.content]})


@pytest.mark.parametrize("caller", POOL)
@pytest.mark.parametrize("reader", POOL)
def test_a_tools_result_goes_to_the_model_that_called_or_to_another(tmp_path: Path, caller: str, reader: str) -> None:
    with upstream(_hosts) as up, serving(tmp_path, _pool(up)) as house:
        client = _claude(house)
        asked: list[Any] = [{"role": "user", "content": "Rain?"}]
        ask: Any = {"max_tokens": 2048, "tools": [TOOL], "thinking": THINKING}
        first = client.messages.create(model=caller, messages=asked, **ask)
        result: Any = {"type": "tool_result", "tool_use_id": first.content[-1].id, "content": "rainy"}  # type: ignore[union-attr]
        asked += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
        second = client.messages.create(model=reader, messages=asked, **ask)
        assert second.content[-1].text == f"{reader} speaks"  # type: ignore[union-attr]
        turn = up.seen[-1].body["messages"][1]
        thought = f"{caller} thinks"
        assert (thought in json.dumps(turn)) is (caller == reader != "strict")  # nobody reads what another thought
        assert len(up.seen) == 2 or caller != reader  # and who thought it is asked but once


def test_thinking_that_no_provider_signed_comes_signed_by_us_plain_and_streamed(tmp_path: Path) -> None:
    asked: Any = {"model": "deepseek", "max_tokens": 2048, "messages": [{"role": "user", "content": "And?"}]}
    with upstream(_hosts) as up, serving(tmp_path, _pool(up)) as house:
        plain = _claude(house).messages.create(**asked)
        with _claude(house).messages.stream(**asked) as stream:
            streamed = stream.get_final_message()
        for answer in (plain, streamed):
            assert answer.content[0].to_dict() == {
                "type": "thinking",
                "thinking": "deepseek thinks",
                "signature": "unisono:deepseek",
            }


def test_a_conversation_in_chat_goes_from_any_model_to_any_other_and_back(tmp_path: Path) -> None:
    with upstream(_hosts) as up, serving(tmp_path, _pool(up)) as house:
        client = house.client()
        turns: list[Any] = []
        for name in (*POOL, "opus", "deepseek", "sonnet", "strict"):
            turns.append({"role": "user", "content": "And?"})
            answer = client.chat.completions.create(model=name, messages=turns, extra_body={"thinking": THINKING})
            message = answer.choices[0].message
            assert message.content == f"{name} speaks"
            turns.append(message.to_dict())


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("reader", POOL)
def test_a_function_calls_output_in_responses_goes_with_its_thinking_to_the_model_that_called(
    tmp_path: Path, reader: str, streamed: bool
) -> None:
    with upstream(_hosts) as up, serving(tmp_path, _pool(up)) as house:
        ask: Any = {"tools": [{"type": "function", "name": "weather", "parameters": TOOL["input_schema"]}]}
        responses = house.client().responses
        asked: list[Any] = [{"role": "user", "content": "Rain?"}]
        if streamed:
            last: Any = list(responses.create(model="deepseek", input=asked, stream=True, **ask))[-1]
            first = last.response
        else:
            first = responses.create(model="deepseek", input=asked, **ask)
        assert [item.type for item in first.output] == ["reasoning", "function_call"]
        call = first.output[-1].call_id
        asked += [*first.output, {"type": "function_call_output", "call_id": call, "output": "rainy"}]
        second = responses.create(model=reader, input=asked, **ask)
        assert second.output_text == f"{reader} speaks"
        assert ("deepseek thinks" in json.dumps(up.seen[-1].body["messages"])) is (reader == "deepseek")
        asked += [*second.output, {"role": "user", "content": "And?"}]
        third = responses.create(model=reader, input=asked)
        assert third.output_text == f"{reader} speaks"
        assert len(up.seen) == 3  # nobody refused anything


def test_what_a_caller_of_chat_sent_back_goes_out_as_it_was_to_who_takes_it(tmp_path: Path) -> None:
    turns: list[Any] = [
        {"role": "user", "content": "And?"},
        {"role": "assistant", "content": "So.", "reasoning_content": "hm", "thinking_blocks": [{"x": 1}]},
        {"role": "user", "content": "Then?"},
    ]
    with upstream(_hosts) as up, serving(tmp_path, _pool(up)) as house:
        house.client().chat.completions.create(model="deepseek", messages=turns)
    assert [seen.body["messages"] for seen in up.seen] == [turns]
