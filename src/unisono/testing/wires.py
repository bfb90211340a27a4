"""Scripts in the dialects of OpenAI and Anthropic, as the scripted server sends them. It knows no HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from unisono.loose import objects_in
from unisono.types import Json, JsonValue, Usage
from unisono.upstream.script import Script, chunk_json, completion_json, usage_json

_STOP = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


class OpenAIWire:
    """OpenAI's bytes."""

    def __init__(self, *, model: str, n_call: int, line_end: bytes) -> None:
        self._model = model
        self._identity = f"chatcmpl-{n_call}"
        self._end = line_end

    def opening(self, usage: Usage) -> Iterator[bytes]:
        yield self._chunk({"role": "assistant", "content": ""})

    def delta(self, delta: Json) -> Iterator[bytes]:
        yield self._chunk(delta)

    def closing(self, finish: str, usage: Usage, *, end: bool) -> Iterator[bytes]:
        yield self._chunk({}, finish)
        document = self._document({})
        document["choices"] = []
        document["usage"] = usage_json(usage)
        yield self._data(orjson.dumps(document))
        if end:
            yield self._data(b"[DONE]")

    def error(self, error: Json) -> bytes:
        return self._data(orjson.dumps({"error": error}))

    def whole(self, script: Script, deltas: list[Json], *, usage: Usage) -> Json:
        finish = script.finish_reason()
        document = completion_json(
            deltas, identity=self._identity, created=0, model=self._model, finish=finish, usage=usage
        )
        return {**document, "system_fingerprint": "scripted"}

    def _chunk(self, delta: Json, finish: str | None = None) -> bytes:
        return self._data(orjson.dumps(self._document(delta, finish)))

    def _document(self, delta: Json, finish: str | None = None) -> Json:
        document = chunk_json(identity=self._identity, created=0, model=self._model, delta=delta, finish=finish)
        return {**document, "system_fingerprint": "scripted"}

    def _data(self, data: bytes) -> bytes:
        return b"data: " + data + self._end * 2


class AnthropicWire:
    """Anthropic's bytes: the same deltas as content blocks."""

    def __init__(self, *, model: str, n_call: int, line_end: bytes) -> None:
        self._model = model
        self._identity = f"msg_{n_call}"
        self._end = line_end
        self._index = -1
        self._kind = ""

    def opening(self, usage: Usage) -> Iterator[bytes]:
        message = {**self._message([], None), "usage": {**_anthropic_usage(usage), "output_tokens": 1}}
        yield self._event({"type": "message_start", "message": message})
        yield self._event({"type": "ping"})

    def delta(self, delta: Json) -> Iterator[bytes]:
        if "tool_calls" in delta:
            yield from self._tool(delta["tool_calls"])
            return
        kind, key = ("thinking", "reasoning_content") if "reasoning_content" in delta else ("text", "content")
        if self._kind != kind:
            yield from self._open(kind, {"type": kind, kind: ""})
        part: Json = {"type": f"{kind}_delta", kind: delta.get(key)}
        yield self._event({"type": "content_block_delta", "index": self._index, "delta": part})

    def closing(self, finish: str, usage: Usage, *, end: bool) -> Iterator[bytes]:
        yield from self._close()
        changed: Json = {"stop_reason": _STOP[finish], "stop_sequence": None}
        counts: Json = {"output_tokens": usage.output_tokens}
        yield self._event({"type": "message_delta", "delta": changed, "usage": counts})
        if end:
            yield self._event({"type": "message_stop"})

    def error(self, error: Json) -> bytes:
        return self._event({"type": "error", "error": error})

    def whole(self, script: Script, deltas: list[Json], *, usage: Usage) -> Json:
        blocks: list[JsonValue] = []
        if thinking := "".join(str(d["reasoning_content"]) for d in deltas if "reasoning_content" in d):
            blocks.append({"type": "thinking", "thinking": thinking, "signature": "scripted"})
        if text := "".join(str(d["content"]) for d in deltas if "content" in d):
            blocks.append({"type": "text", "text": text})
        if (call := script.tool_call) is not None:
            value = orjson.loads(call.arguments)
            blocks.append({"type": "tool_use", "id": "toolu_scripted", "name": call.name, "input": value})
        return {**self._message(blocks, _STOP[script.finish_reason()]), "usage": _anthropic_usage(usage)}

    def _tool(self, calls: JsonValue) -> Iterator[bytes]:
        for call in objects_in(calls):
            function = call.get("function")
            if not isinstance(function, dict):
                continue
            if "id" in call:
                block: Json = {"type": "tool_use", "id": call["id"], "name": function["name"], "input": {}}
                yield from self._open(f"tool {call['id']}", block)
            part: Json = {"type": "input_json_delta", "partial_json": function["arguments"]}
            yield self._event({"type": "content_block_delta", "index": self._index, "delta": part})

    def _open(self, kind: str, block: Json) -> Iterator[bytes]:
        yield from self._close()
        self._kind = kind
        self._index += 1
        yield self._event({"type": "content_block_start", "index": self._index, "content_block": block})

    def _close(self) -> Iterator[bytes]:
        if self._kind:
            yield self._event({"type": "content_block_stop", "index": self._index})
            self._kind = ""

    def _message(self, blocks: list[JsonValue], reason: str | None) -> Json:
        return {
            "id": self._identity,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": blocks,
            "stop_reason": reason,
            "stop_sequence": None,
        }

    def _event(self, document: Json) -> bytes:
        name = str(document["type"]).encode()
        return b"event: " + name + self._end + b"data: " + orjson.dumps(document) + self._end * 2


def _anthropic_usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input_tokens - usage.cached_input_tokens,
        "cache_read_input_tokens": usage.cached_input_tokens,
        "cache_creation_input_tokens": 0,
        "output_tokens": usage.output_tokens,
    }
