"""A host that refuses a request over what a model thought earlier gets it again without that, and nothing else."""

from __future__ import annotations

import pytest

from unisono.errors import UpstreamRefused
from unisono.types import Json, JsonValue
from unisono.upstream.thoughts import chat_otherwise, messages_otherwise, signed_otherwise

ASKED: Json = {"role": "user", "content": "a", "reasoning_content": "the user's own"}
THOUGHT: Json = {"role": "assistant", "content": "b", "reasoning_content": "hm", "thinking_blocks": [{}], "name": "n"}
GROQ = (
    "'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1' : property '{}' is unsupported)]"
)
MISTRAL = {"detail": [{"type": "extra_forbidden", "loc": ["body", "messages", 1, "assistant", "reasoning_content"]}]}
DEEPSEEK = "The `reasoning_content` in the thinking mode must be passed back to the API."
KIMI = "thinking is enabled but reasoning_content is missing in assistant tool call message at index 1"
SIGNATURE = "messages.1.content.0: Invalid `signature` in `thinking` block"
EXPECTED = "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`."


def refused(message: object, *, http_status: int = 400) -> UpstreamRefused:
    return UpstreamRefused("no", http_status=http_status, body={"error": {"message": message}})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "refusal",
    [
        refused(GROQ.format("reasoning_content")),
        refused(GROQ.format("thinking_blocks")),
        UpstreamRefused("no", http_status=422, body={"object": "error", "message": MISTRAL}),  # type: ignore[dict-item]
        refused(
            "Invalid JSON payload received. Unknown name \"reasoning_content\" at 'messages[1]': Cannot find field."
        ),
    ],
)
def test_a_field_that_a_host_does_not_know_goes_from_what_models_said_and_from_nothing_else(
    refusal: UpstreamRefused,
) -> None:
    made = chat_otherwise({"model": "m", "messages": [ASKED, THOUGHT], "x": 1}, refusal)
    assert made == {
        "model": "m",
        "messages": [ASKED, {"role": "assistant", "content": "b", "name": "n"}],
        "x": 1,
    }
    assert chat_otherwise({"messages": [ASKED]}, refusal) is None  # nothing to take out: the refusal stands


@pytest.mark.parametrize("message", [DEEPSEEK, KIMI])
def test_a_host_that_wants_thinking_of_each_turn_gets_a_blank_for_those_of_other_models(message: str) -> None:
    own: Json = {"role": "assistant", "content": "b", "reasoning_content": "hm"}
    other: Json = {"role": "assistant", "content": None, "tool_calls": [{}]}
    made = chat_otherwise({"messages": [ASKED, own, other]}, refused(message))
    assert made == {"messages": [ASKED, own, {**other, "reasoning_content": " "}]}
    assert chat_otherwise({"messages": [ASKED, own]}, refused(message)) is None


@pytest.mark.parametrize(
    "refusal",
    [
        refused("temperature: must be below 2"),
        refused("property 'reasoning_content' is unsupported", http_status=500),
        UpstreamRefused("no", http_status=400),
    ],
)
def test_every_other_refusal_stands(refusal: UpstreamRefused) -> None:
    assert chat_otherwise({"messages": [ASKED, THOUGHT]}, refusal) is None
    thinking: Json = {"role": "assistant", "content": [{"type": "thinking", "signature": "x"}]}
    assert messages_otherwise({"messages": [thinking]}, refusal) is None


def test_thinking_that_another_model_signed_goes_and_the_conversation_goes_on() -> None:
    text: Json = {"type": "text", "text": "b"}
    thinking: Json = {"type": "thinking", "thinking": "hm", "signature": "another model's"}
    body: Json = {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a"}]},
            {"role": "assistant", "content": [thinking, {"type": "redacted_thinking", "data": "x"}, text]},
            {"role": "assistant", "content": [thinking]},
            {"role": "user", "content": "c"},
        ],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    }
    made = messages_otherwise(body, refused(SIGNATURE))
    assert made is not None
    assert made["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "a"}]},
        {"role": "assistant", "content": [text]},
        {"role": "user", "content": "c"},
    ]
    assert made["thinking"] == body["thinking"]
    budget = refused("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    assert messages_otherwise(body, budget) is None  # the caller's own mistake


@pytest.mark.parametrize("message", [SIGNATURE, EXPECTED])
def test_between_a_call_and_its_result_thinking_is_off_where_the_turn_began_without_any(message: str) -> None:
    use: Json = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    result: Json = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "x"}]}
    body: Json = {
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": [use]}, result],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    }
    assert messages_otherwise(body, refused(message)) == {"messages": body["messages"]}
    edits: list[JsonValue] = [{"type": "clear_thinking_20251015"}, {"type": "clear_tool_uses_20250919"}]
    made = messages_otherwise({**body, "context_management": {"edits": edits}}, refused(message))
    assert made == {"messages": body["messages"], "context_management": {"edits": edits[1:]}}
    made = messages_otherwise({**body, "context_management": {"edits": edits[:1]}}, refused(message))
    assert made == {"messages": body["messages"]}
    assert messages_otherwise({"messages": body["messages"]}, refused(message)) is None


def test_a_call_without_geminis_signature_is_sent_again_with_its_word_for_that() -> None:
    unsigned = refused("Function call is missing a thought_signature in functionCall parts. Additional data, …")
    own: JsonValue = {"id": "1", "function": {"name": "f"}, "extra_content": {"google": {"thought_signature": "s"}}}
    other: JsonValue = {"id": "2", "function": {"name": "f"}}
    said: Json = {"role": "assistant", "content": None, "tool_calls": [own, other]}
    made = signed_otherwise({"messages": [ASKED, said], "x": 1}, unsigned)
    assert made is not None
    assert made["messages"] == [
        ASKED,
        {
            **said,
            "tool_calls": [
                own,
                {**other, "extra_content": {"google": {"thought_signature": "skip_thought_signature_validator"}}},
            ],
        },
    ]
    assert signed_otherwise({"messages": [ASKED]}, unsigned) is None
    assert signed_otherwise({"messages": [said]}, refused("Corrupted thought signature.")) is None
