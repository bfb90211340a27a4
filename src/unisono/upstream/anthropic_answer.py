"""Answers and streams of Anthropic's Messages API to OpenAI documents. Pure but for the state of one stream.

Text, tool calls, thinking, refusals, stop reasons, errors and usage are translated. Thinking comes as
`reasoning_content`, and whole with its signature in `thinking_blocks`, which the next request may carry back. Citations
and the blocks of Anthropic's own server tools have no place in OpenAI's form: only a caller of this very API gets them,
under `anthropic`, from where `edge.messages_answer` takes them.
"""

from __future__ import annotations

import orjson

from unisono.errors import UpstreamError
from unisono.native import MARK
from unisono.types import Chunk, Json, JsonValue, Usage
from unisono.upstream.answers import ANSWER_TOOL
from unisono.upstream.documents import Documents, NoDocument
from unisono.upstream.failing import error_in
from unisono.upstream.openai import MOST_TOKENS
from unisono.upstream.reading import BrokenEvent

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


_TRANSLATED = ("id", "type", "role", "model", "usage")
"""Members of a message that are told in OpenAI's form, or by the edge."""
_COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


class MessagesReading:
    """Reads one answer of the Messages API."""

    def __init__(self, model: str, *, created: int, native: bool = False) -> None:
        """Read nothing yet.

        Args:
            model: catalogue name, for messages.
            created: when, in seconds since 1970.
            native: for a caller of this very API, who is told what OpenAI's form has no place for: what is counted when
                a stream begins, blocks of Anthropic's own tools, citations, why an answer ended.
        """
        self._model = model
        self._native = native
        self._beside: Json = {}
        self._created = created
        self._documents = Documents()
        self._id = ""
        self._reported: str | None = None
        self._counts: dict[str, int] = {}
        self._blocks: dict[int, _Block] = {}
        self._n_tools = 0
        self._is_text = False
        self._answered = False
        self.ended = False
        self.finished = False

    def event(self, name: bytes, data: bytes) -> list[Chunk]:
        """Read one stream event; kinds that are not known are ignored, as the API's description asks."""
        event = self._read(data, goes_on=True)
        match event.get("type"):
            case "content_block_delta":
                return self._delta(event)
            case "content_block_start":
                return self._start_block(event)
            case "content_block_stop":
                return self._stop_block(event)
            case "message_start":
                return self._start(_object(event, "message"))
            case "message_delta":
                return self._message_delta(event)
            case "message_stop":
                self.ended = True
                return [self._usage_chunk()]
            case "error":
                raise self._failed(event)
            case _:
                return []

    def whole(self, data: bytes) -> Chunk:
        """Read a plain answer."""
        message = self._read(data, goes_on=False)
        if message.get("type") == "error" or "error" in message:
            raise self._failed(message)
        blocks = message.get("content")
        if not isinstance(blocks, list):
            raise BrokenEvent("no `content`")
        self._open(message)
        blocks = [self._answer(block) for block in blocks]
        self._n_tools = sum(isinstance(block, dict) and block.get("type") == "tool_use" for block in blocks)
        finish = self._finish(message.get("stop_reason"))
        usage = self._usage()
        document: Json = {
            "id": self._id,
            "object": "chat.completion",
            "created": self._created,
            "model": self._reported,
            "choices": [{"index": 0, "message": _message(blocks), "logprobs": None, **_end(message, finish)}],
            "usage": self._usage_json(usage),
        }
        if self._native:
            document[MARK] = {key: value for key, value in message.items() if key not in _TRANSLATED}
        self.ended = self.finished = True
        return Chunk(data=orjson.dumps(document), has_content=True, model=self._reported, finish=finish, usage=usage)

    def _answer(self, block: JsonValue) -> JsonValue:
        """Return a block of a plain answer; the call that holds the answer as its text."""
        if not isinstance(block, dict) or block.get("type") != "tool_use" or not self._is_answer(block):
            return block
        self._answered = True
        return {"type": "text", "text": orjson.dumps(block.get("input") or {}).decode()}

    def _read(self, data: bytes, *, goes_on: bool) -> Json:
        try:
            return self._documents.read(data, goes_on=goes_on)[0]
        except NoDocument as exc:
            raise BrokenEvent(str(exc)) from exc

    # -------------------------------------------------------------------------------------- events

    def _start(self, message: Json) -> list[Chunk]:
        self._open(message)
        choice: Json = {"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None}
        document = self._document([{**choice, "finish_reason": None}])
        if self._native:
            document["usage"] = self._usage_json(self._usage())
        return [Chunk(data=orjson.dumps(document), has_content=False, model=self._reported)]

    def _open(self, message: Json) -> None:
        identity, reported = message.get("id"), message.get("model")
        self._id = identity if isinstance(identity, str) else ""
        self._reported = reported if isinstance(reported, str) and reported else None
        self._count(message.get("usage"))

    def _start_block(self, event: Json) -> list[Chunk]:
        block = _object(event, "content_block")
        kind = block.get("type")
        state = self._blocks[_index(event)] = _Block(kind if isinstance(kind, str) else "")
        follows_text, self._is_text = self._is_text, kind == "text"
        if kind == "tool_use" and self._is_answer(block):
            state.kind = "answer"
            self._answered = True
            return []
        if kind == "tool_use":
            state.tool = self._n_tools
            self._n_tools += 1
            given = block.get("input")
            written = orjson.dumps(given).decode() if given else ""
            state.texts.append(written)
            function: Json = {"name": block.get("name"), "arguments": written}
            call: Json = {"index": state.tool, "id": block.get("id"), "type": "function", "function": function}
            if self._native and "caller" in block:
                call[MARK] = {"caller": block["caller"]}
            return [self._chunk({"tool_calls": [call]}, has_content=True)]
        if kind == "redacted_thinking":
            return [self._chunk({"thinking_blocks": [block]})]
        if kind not in ("text", "thinking"):
            return self._beyond({"block": block}, has_content=True)
        if kind == "thinking":
            return self._text(state, block.get("thinking"))
        parted = self._beyond({"block": {**block, "text": ""}}) if follows_text or len(block) > 2 else []
        return [*parted, *self._text(state, block.get("text"))]

    def _delta(self, event: Json) -> list[Chunk]:
        delta = _object(event, "delta")
        state = self._blocks.get(_index(event))
        if state is None:
            raise BrokenEvent("a delta without a block")
        match delta.get("type"):
            case "text_delta":
                return self._text(state, delta.get("text"))
            case "thinking_delta":
                return self._text(state, delta.get("thinking"))
            case "input_json_delta":
                return self._arguments(state, delta.get("partial_json"))
            case "signature_delta":
                signature = delta.get("signature")
                state.signature += signature if isinstance(signature, str) else ""
                return []
            case "citations_delta":
                return self._beyond({"delta": delta}, has_content=True)
            case _:
                return []

    def _beyond(self, what: Json, *, has_content: bool = False) -> list[Chunk]:
        """Return what OpenAI's form cannot say, for a caller of this very API."""
        return [self._chunk({MARK: what}, has_content=has_content)] if self._native else []

    def _text(self, state: _Block, text: JsonValue) -> list[Chunk]:
        if not isinstance(text, str) or not text or state.kind not in ("text", "thinking"):
            return []
        if state.kind == "text":
            return [self._chunk({"content": text}, has_content=True)]
        state.texts.append(text)
        return [self._chunk({"reasoning_content": text}, has_content=True)]

    def _arguments(self, state: _Block, fragment: JsonValue) -> list[Chunk]:
        if not isinstance(fragment, str) or not fragment:
            return []
        if state.kind == "answer":
            state.texts.append(fragment)
            return [self._chunk({"content": fragment}, has_content=True)]
        if state.tool is None:
            return self._beyond({"delta": {"type": "input_json_delta", "partial_json": fragment}}, has_content=True)
        state.texts.append(fragment)
        call: Json = {"index": state.tool, "function": {"arguments": fragment}}
        return [self._chunk({"tool_calls": [call]}, has_content=True)]

    def _stop_block(self, event: Json) -> list[Chunk]:
        state = self._blocks.pop(_index(event), None)
        if state is None:
            return []
        if (state.tool is not None or state.kind == "answer") and not any(state.texts):
            return self._arguments(state, "{}")  # a call without arguments; OpenAI's clients parse the text
        if state.kind == "thinking" and state.signature:
            block: Json = {"type": "thinking", "thinking": "".join(state.texts), "signature": state.signature}
            return [self._chunk({"thinking_blocks": [block]})]
        return []

    def _message_delta(self, event: Json) -> list[Chunk]:
        self._count(event.get("usage"))
        delta = _object(event, "delta")
        finish = self._finish(delta.get("stop_reason"))
        if finish is None:
            return []
        self.finished = True
        choice: Json = {"index": 0, "delta": {}, "logprobs": None, **_end(delta, finish)}
        document = self._document([choice])
        if self._native:
            beside = {key: value for key, value in event.items() if key not in ("type", "delta", "usage")}
            document[MARK] = {"delta": delta, "beside": beside}
        data = orjson.dumps(document)
        return [Chunk(data=data, has_content=False, model=self._reported, finish=finish)]

    # --------------------------------------------------------------------------------------- parts

    def _chunk(self, delta: Json, *, has_content: bool = False) -> Chunk:
        choice: Json = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        data = orjson.dumps(self._document([choice]))
        return Chunk(data=data, has_content=has_content, model=self._reported)

    def _usage_chunk(self) -> Chunk:
        usage = self._usage()
        document = {**self._document([]), "usage": self._usage_json(usage)}
        return Chunk(data=orjson.dumps(document), has_content=False, model=self._reported, usage=usage, usage_only=True)

    def _document(self, choices: list[JsonValue]) -> Json:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._reported,
            "choices": choices,
        }

    def _is_answer(self, block: JsonValue) -> bool:
        """Is a call the answer's text, which was had by a tool?"""
        return not self._native and isinstance(block, dict) and block.get("name") == ANSWER_TOOL

    def _finish(self, reason: JsonValue) -> str | None:
        if reason == "tool_use" and self._answered and not self._n_tools:
            return "stop"
        return _FINISH.get(reason, "stop") if isinstance(reason, str) else None

    def _count(self, usage: JsonValue) -> None:
        """Take in counts; those of a stream are cumulative, and a later event need not repeat all."""
        if not isinstance(usage, dict):
            return
        for key in _COUNTS:
            if isinstance(n := usage.get(key), int) and 0 <= n <= MOST_TOKENS:
                self._counts[key] = n
        self._beside |= {key: value for key, value in usage.items() if value is not None and key not in _COUNTS}
        details = usage.get("output_tokens_details")
        if isinstance(details, dict) and isinstance(n := details.get("thinking_tokens"), int) and n >= 0:
            self._counts["thinking_tokens"] = n

    def _usage(self) -> Usage:
        """Sum up as OpenAI does: its prompt count includes what the cache gave and took."""
        count = self._counts.get
        cached = count("cache_read_input_tokens", 0)
        return Usage(
            input_tokens=count("input_tokens", 0) + cached + count("cache_creation_input_tokens", 0),
            output_tokens=count("output_tokens", 0),
            cached_input_tokens=cached,
            reasoning_tokens=min(count("thinking_tokens", 0), count("output_tokens", 0)),
            surcharge_tokens=self._surcharge(),
        )

    def _surcharge(self) -> float:
        """Return what writing to the cache costs on top, as tokens: a quarter of each, for an hour the whole of it."""
        n_written, created = self._counts.get("cache_creation_input_tokens", 0), self._beside.get("cache_creation")
        told = created.get("ephemeral_1h_input_tokens") if isinstance(created, dict) else None
        n_for_an_hour = min(told, n_written) if isinstance(told, int) and told > 0 else 0
        return (n_written - n_for_an_hour) * 0.25 + n_for_an_hour

    def _usage_json(self, usage: Usage) -> Json:
        n_written = self._counts.get("cache_creation_input_tokens", 0)
        beside: Json = {MARK: {**self._beside}} if self._beside else {}
        return {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
            "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens, "cache_write_tokens": n_written},
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
            **beside,
        }

    def _failed(self, event: Json) -> UpstreamError:
        failed = error_in({"error": event.get("error") or {"type": "api_error"}}, self._model)
        return failed or UpstreamError(f"{self._model}: the upstream reported an error.")


def _end(ended: Json, finish: str | None) -> Json:
    """Return why an answer ended; where one of the caller's stops did it, with that stop, as vLLM tells it."""
    stop = ended.get("stop_sequence")
    told: Json = {"stop_reason": stop} if ended.get("stop_reason") == "stop_sequence" and isinstance(stop, str) else {}
    return {"finish_reason": finish, **told}


class _Block:
    """A content block that is open in the stream."""

    __slots__ = ("kind", "signature", "texts", "tool")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.texts: list[str] = []
        self.signature = ""
        self.tool: int | None = None


def _message(blocks: list[JsonValue]) -> Json:
    texts: list[str] = []
    thoughts: list[str] = []
    thinking: list[JsonValue] = []
    calls: list[JsonValue] = []
    for block in blocks:
        if not isinstance(block, dict):
            raise BrokenEvent("a content block is no object")
        kind = block.get("type")
        if kind == "text":
            texts.append(str(block.get("text") or ""))
        elif kind in ("thinking", "redacted_thinking"):
            thoughts.append(str(block.get("thinking") or ""))
            thinking.append(block)
        elif kind == "tool_use":
            arguments = orjson.dumps(block.get("input") or {}).decode()
            function: Json = {"name": block.get("name"), "arguments": arguments}
            calls.append({"id": block.get("id"), "type": "function", "function": function})
    message: Json = {"role": "assistant", "content": "".join(texts) if texts or not calls else None, "refusal": None}
    if calls:
        message["tool_calls"] = calls
    if any(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    if thinking:
        message["thinking_blocks"] = thinking
    return message


def _object(event: Json, key: str) -> Json:
    value = event.get(key)
    if not isinstance(value, dict):
        raise BrokenEvent(f"no `{key}`")
    return value


def _index(event: Json) -> int:
    value = event.get("index")
    if not isinstance(value, int):
        raise BrokenEvent("no `index`")
    return value
