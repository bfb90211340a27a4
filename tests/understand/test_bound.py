import pytest

from unisono.understand.bound import bound


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "…", "signature": "abc"}]},
        {"role": "assistant", "content": "x", "reasoning_details": [{"type": "reasoning.encrypted", "data": "abc"}]},
        {"role": "assistant", "content": "x", "thinking_blocks": [{"type": "thinking", "signature": "abc"}]},
        {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]},
        {"role": "user", "content": [{"type": "document", "source": {"type": "file", "file_id": "file-1"}}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "thought_signature": "abc"}]},
    ],
)
def test_signed_reasoning_and_a_providers_files_bind(message: dict) -> None:
    assert bound({"messages": [{"role": "user", "content": "hi"}, message]})


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": "I was thinking about a signature"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "unsigned"}]},
        {"role": "assistant", "content": "x", "thinking_blocks": [{"type": "thinking", "signature": ""}, "odd"]},
        {"role": "user", "content": [{"type": "file", "file": {"file_data": "…"}}]},
        {"role": "assistant", "content": None, "tool_calls": ["odd", {"id": "1"}]},
        "odd",
    ],
)
def test_ordinary_messages_do_not(message: object) -> None:
    assert not bound({"messages": [message]})
    assert not bound({"messages": None})
