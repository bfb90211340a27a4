"""Custom tools go to hosts that know them as such, and as functions everywhere else."""

from __future__ import annotations

from typing import Any

import pytest

from unisono.edge.responses import ResponsesForm
from unisono.errors import UpstreamRefused
from unisono.types import Call, Json, Model
from unisono.upstream.customs import refuses_customs
from unisono.upstream.openai import chat_body

OPENAI = "https://api.openai.com/v1"
GRAMMAR = {"syntax": "regex", "definition": "[a-z]+"}
TOOL = {"type": "custom", "name": "sh", "description": "Runs.", "format": {"type": "grammar", **GRAMMAR}}
FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}}
CALLED: list[Any] = [
    {"role": "user", "content": "go"},
    {"type": "custom_tool_call", "call_id": "c1", "name": "sh", "input": "ls"},
    {"type": "custom_tool_call_output", "call_id": "c1", "output": "a.py"},
    {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c2", "output": "1"},
]


def _sent(base_url: str, *, customs: bool = True, **more: Any) -> Any:
    body: Json = ResponsesForm().chat({"model": "m", "input": CALLED, "tools": [TOOL, FUNCTION], **more})
    model = Model(name="m", upstream="openai", upstream_model="m", base_url=base_url)
    return chat_body(Call(model=model, body=body, stream=False, decision="d"), customs=customs)


@pytest.mark.parametrize("base_url", [OPENAI, "https://house.openai.azure.com/openai/v1"])
def test_openai_gets_custom_tools_their_grammar_their_choice_and_their_calls(base_url: str) -> None:
    sent = _sent(base_url, tool_choice={"type": "custom", "name": "sh"})
    grammar = {"type": "grammar", "grammar": GRAMMAR}
    assert sent["tools"][0] == {"type": "custom", "custom": {"name": "sh", "description": "Runs.", "format": grammar}}
    assert sent["tools"][1] == {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    assert sent["tool_choice"] == {"type": "custom", "custom": {"name": "sh"}}
    assert sent["messages"][1]["tool_calls"] == [
        {"id": "c1", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    ]
    assert sent["messages"][3]["tool_calls"][0]["type"] == "function"


def test_a_refusal_of_custom_tools_is_told_from_others_and_functions_go_out_instead() -> None:
    sent = _sent(OPENAI)
    told: Json = {"error": {"message": "Unsupported value: 'custom'.", "param": "tools[0].type"}}
    assert refuses_customs(sent, UpstreamRefused("m", http_status=400, body=told))
    other: Json = {"error": {"message": "maximum context length"}}
    assert not refuses_customs(sent, UpstreamRefused("m", http_status=400, body=other))
    assert not refuses_customs(_sent("http://h/v1"), UpstreamRefused("m", http_status=400, body=told))
    again = _sent(OPENAI, customs=False)
    assert [tool["type"] for tool in again["tools"]] == ["function", "function"]
    assert again["messages"][1]["tool_calls"][0]["function"] == {"name": "sh", "arguments": '{"input":"ls"}'}


def test_what_only_openais_api_has_reaches_no_host_that_refuses_unknown_fields() -> None:
    own: Any = {"prompt_cache_key": "k", "safety_identifier": "s", "text": {"verbosity": "low"}, "service_tier": "auto"}
    names = {"prompt_cache_key", "safety_identifier", "verbosity", "service_tier"}
    gemini = "https://generativelanguage.googleapis.com/v1beta/openai"
    for strict in ("https://api.mistral.ai/v1", "https://api.groq.com/openai/v1", "https://api.cerebras.ai/v1", gemini):
        assert not names & _sent(strict, **own).keys()
    for open_to_all in (OPENAI, "https://openrouter.ai/api/v1", "http://127.0.0.1:8000/v1"):
        assert names <= _sent(open_to_all, **own).keys()
    model = Model(name="m", upstream="openai", upstream_model="m", base_url=gemini)
    chat: Json = {"messages": [], "prompt_cache_key": "k"}
    assert "prompt_cache_key" in chat_body(Call(model=model, body=chat, stream=False, decision="d"))
