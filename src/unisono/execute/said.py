"""What an answer says, read from its chunks: text, tool calls, refusal, log-probabilities; streamed and plain alike.

It changes no chunk: what reaches the caller are the upstream's own bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from unisono.loose import as_list, as_object, objects_in
from unisono.types import Chunk, JsonValue, Said


def said_in(chunks: Sequence[Chunk]) -> Said:
    """Return what the chunks of one answer say."""
    text: list[str] = []
    refusal: list[str] = []
    calls: list[list[str]] = []
    logprobs: list[float] = []
    finish: str | None = None
    for chunk in chunks:
        finish = chunk.finish or finish
        choice = _first_choice(chunk.data)
        message = choice.get("message") or choice.get("delta")
        if isinstance(message, dict):
            text.append(_text(message.get("content")))
            refusal.append(_text(message.get("refusal")))
            _add_calls(calls, message.get("tool_calls"))
        logprobs += _logprobs(choice.get("logprobs"))
    return Said(
        text="".join(text),
        tool_calls=tuple((name, arguments) for name, arguments in calls),
        refusal="".join(refusal),
        finish=finish,
        logprobs=tuple(logprobs),
    )


def _first_choice(data: bytes) -> dict[str, JsonValue]:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    choices = as_list(as_object(document).get("choices"))
    return as_object(choices[0]) if choices else {}


def _text(content: JsonValue) -> str:
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text") or "") for part in objects_in(content))


def _add_calls(calls: list[list[str]], parts: JsonValue) -> None:
    """Add tool calls; a streamed one comes in pieces, each with the call's place."""
    for part in objects_in(parts):
        function = part.get("function")
        if not isinstance(function, dict):
            continue
        place = part.get("index")
        at = place if isinstance(place, int) and 0 <= place <= len(calls) else len(calls)
        if at == len(calls):
            calls.append(["", ""])
        calls[at][0] += str(function.get("name") or "")
        calls[at][1] += str(function.get("arguments") or "")


def _logprobs(value: JsonValue) -> list[float]:
    found = [token.get("logprob") for token in objects_in(as_object(value).get("content"))]
    return [float(number) for number in found if isinstance(number, (int, float))]
