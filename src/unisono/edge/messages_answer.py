"""Answers, streams and errors in the form of Anthropic's Messages API. Pure but for the state of one stream.

Text, tool calls, thinking, stop reasons and usage are translated; citations and logprobs have no place in that form
and are left out.
"""

from __future__ import annotations

from typing import Literal

import orjson

from unisono.edge.form import MIXED, event, first_choice, identity, said, seal_of, thought, whole
from unisono.loose import as_list, inside, objects_in
from unisono.native import MARK
from unisono.types import Json, JsonValue

_STOPS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
_TOO_LONG = {"context_length_exceeded", "exceed_context_size_error"}
_Kind = Literal["text", "thinking", "tool_use", "native"]


class MessagesAnswer:
    """Makes one answer; the state is that of its stream."""

    def __init__(self) -> None:
        self._begun = False
        self._n_blocks = 0
        self._open: _Kind | None = None
        self._tool: int | None = None
        self._is_over = False
        self.left_out: tuple[str, ...] = ()
        self.stops: list[str] = []
        self._beside: Json = {}
        self._end: Json = {"stop_reason": "end_turn", "stop_sequence": None}
        self._usage: Json = _usage({})
        self._unisono: JsonValue = None
        self._seal = ""
        self._is_signed = False

    # ------------------------------------------------------------------------------------- plain

    def answer(self, document: Json) -> Json:
        """See `form.Form`."""
        choice = first_choice(document)
        message = inside(choice, "message")
        made: Json = {
            "id": _id(document),
            "type": "message",
            "role": "assistant",
            "model": document.get("model"),
            "content": [*_thoughts(message, seal=seal_of(document)), *_texts(message), *_tool_uses(message)],
            **self._ended(choice),
            "usage": _usage(document),
            **inside(document, MARK),
        }
        return {**made, "unisono": document["unisono"]} if "unisono" in document else made

    def error(self, document: Json, *, status: int) -> Json:
        """See `form.Form`."""
        error = inside(document, "error")
        kind = _ERRORS.get(status, "invalid_request_error" if 400 <= status < 500 else "api_error")
        message = str(error.get("message") or "")
        if {str(error.get("code")), str(error.get("type"))} & _TOO_LONG and "prompt is too long" not in message.lower():
            message = f"prompt is too long: {message}"  # the words by which Anthropic's clients know it
        made: Json = {"type": "error", "error": {"type": kind, "message": message}}
        made["unisono"] = {"code": error.get("code"), **inside(document, "unisono")}
        return made

    # ------------------------------------------------------------------------------------- stream

    def chunk(self, document: Json) -> list[bytes]:
        """See `form.Form`."""
        if self._is_over:
            return []
        events = [] if self._begun else self._begin(document)
        if "unisono" in document:
            self._unisono = document["unisono"]
        if isinstance(document.get("usage"), dict):
            self._usage = _usage(document)
        choice = first_choice(document)
        delta = inside(choice, "delta")
        if thinking := thought(delta):
            events += self._say("thinking", {"type": "thinking_delta", "thinking": thinking})
        events += self._signatures(delta)
        for text in _texts_of(delta):
            events += self._say("text", {"type": "text_delta", "text": text})
        events += self._beyond(inside(delta, MARK))
        for call in objects_in(delta.get("tool_calls")):
            if not self._is_over:
                events += self._call(call)
        if choice.get("finish_reason") is not None:
            native = inside(document, MARK)
            self._end = {**self._ended(choice), **inside(native, "delta")}
            self._beside = inside(native, "beside")
        return events

    def broken(self, document: Json) -> list[bytes]:
        """See `form.Form`."""
        if self._is_over:
            return []
        self._is_over = True
        return [event("error", self.error(document, status=502))]

    def end(self) -> list[bytes]:
        """See `form.Form`."""
        if self._is_over:
            return []
        events = [] if self._begun else self._begin({})
        last: Json = {"type": "message_delta", "delta": self._end, "usage": self._usage, **self._beside}
        if self._unisono is not None:
            last["unisono"] = self._unisono
        return [
            *events,
            *self._close(),
            event("message_delta", last),
            event("message_stop", {"type": "message_stop"}),
        ]

    def _ended(self, choice: Json) -> Json:
        """Return why an answer ended, with that of the caller's stops which ended it, where its upstream tells it."""
        reason, stop = choice.get("finish_reason"), choice.get("stop_reason")
        if reason == "stop" and stop in self.stops:
            return {"stop_reason": "stop_sequence", "stop_sequence": stop}
        kind = _STOPS.get(reason, "end_turn") if isinstance(reason, str) else None
        return {"stop_reason": kind, "stop_sequence": None}

    def _begin(self, document: Json) -> list[bytes]:
        self._begun = True
        self._seal = seal_of(document)
        message: Json = {
            "id": _id(document),
            "type": "message",
            "role": "assistant",
            "model": document.get("model"),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": _usage(document),
        }
        if "unisono" in document:
            message["unisono"] = document["unisono"]
        return [event("message_start", {"type": "message_start", "message": message})]

    def _say(self, kind: _Kind, delta: Json) -> list[bytes]:
        events = []
        if self._open != kind:
            empty: Json = {"type": "text", "text": ""} if kind == "text" else {"type": kind, kind: "", "signature": ""}
            events = [*self._close(), self._start(kind, empty)]
        return [*events, self._delta(delta)]

    def _signatures(self, delta: Json) -> list[bytes]:
        """Sign the thinking that was shown; what was not shown, or is redacted, comes as a block of its own."""
        events: list[bytes] = []
        for block in objects_in(delta.get("thinking_blocks")):
            if self._open == "thinking" and isinstance(signature := block.get("signature"), str):
                events += self._sign(signature)
            else:
                events += [*self._close(), self._start("thinking", block)]
                self._is_signed = True
            events += self._close()
        return events

    def _beyond(self, native: Json) -> list[bytes]:
        """Say a block of Anthropic's own, or a piece of one."""
        if block := inside(native, "block"):
            return [*self._close(), self._start("text" if block.get("type") == "text" else "native", block)]
        delta = inside(native, "delta")
        if delta.get("type") == "citations_delta":
            return self._say("text", delta)
        return [self._delta(delta)] if delta else []

    def _sign(self, signature: str) -> list[bytes]:
        self._is_signed = True
        return [self._delta({"type": "signature_delta", "signature": signature})]

    def _call(self, call: Json) -> list[bytes]:
        """Say a fragment of a tool call. Calls come one after the other; a new index closes the one before."""
        index = whole(call.get("index"))
        function = inside(call, "function")
        events: list[bytes] = []
        if self._open != "tool_use" or self._tool != index:
            if self._tool is not None and index < self._tool:
                return self.broken({"error": {"message": MIXED}})
            name, given = function.get("name"), call.get("id")
            block: Json = {"type": "tool_use", "id": given or f"toolu_{index}", "name": name or "", "input": {}}
            events = [*self._close(), self._start("tool_use", {**block, **inside(call, MARK)})]
            self._tool = index
        arguments = function.get("arguments")
        if isinstance(arguments, str) and arguments:
            events.append(self._delta({"type": "input_json_delta", "partial_json": arguments}))
        return events

    def _start(self, kind: _Kind, block: Json) -> bytes:
        self._open = kind
        self._is_signed = False
        start: Json = {"type": "content_block_start", "index": self._n_blocks, "content_block": block}
        return event("content_block_start", start)

    def _delta(self, delta: Json) -> bytes:
        return event("content_block_delta", {"type": "content_block_delta", "index": self._n_blocks, "delta": delta})

    def _close(self) -> list[bytes]:
        if self._open is None:
            return []
        events = self._sign(self._seal) if self._open == "thinking" and not self._is_signed else []
        stop: Json = {"type": "content_block_stop", "index": self._n_blocks}
        self._open = None
        self._n_blocks += 1
        return [*events, event("content_block_stop", stop)]


def _id(document: Json) -> str:
    given = document.get("id")
    return given if isinstance(given, str) and given.startswith("msg_") else f"msg_{identity(document)}"


def _thoughts(message: Json, *, seal: str) -> list[JsonValue]:
    blocks = message.get("thinking_blocks")
    if isinstance(blocks, list) and blocks:
        return blocks
    text = thought(message)
    return [{"type": "thinking", "thinking": text, "signature": seal}] if text else []


def _texts(message: Json) -> list[JsonValue]:
    return [{"type": "text", "text": text} for text in _texts_of(message)]


def _texts_of(message: Json) -> list[str]:
    """Return what a message or a delta says and what it declines; once, where a host says both alike."""
    return list(dict.fromkeys(text for key in ("content", "refusal") if (text := said(message.get(key)))))


def _tool_uses(message: Json) -> list[JsonValue]:
    uses: list[JsonValue] = []
    for place, call in enumerate(as_list(message.get("tool_calls"))):
        function = inside(call, "function")
        given = call.get("id") if isinstance(call, dict) else None
        name = function.get("name") or ""
        uses.append(
            {
                "type": "tool_use",
                "id": given or f"toolu_{place}",
                "name": name,
                "input": _input(function.get("arguments")),
            }
        )
    return uses


def _input(arguments: JsonValue) -> Json:
    """Return a call's arguments as the object that this form needs; a text that is none is handed on as it is."""
    try:
        value = orjson.loads(arguments) if isinstance(arguments, str) and arguments.strip() else {}
    except orjson.JSONDecodeError:
        return {"unparsed": arguments}
    return value if isinstance(value, dict) else {"unparsed": arguments}


def _usage(document: Json) -> Json:
    usage = inside(document, "usage")
    details = inside(usage, "prompt_tokens_details")
    cached, written = whole(details.get("cached_tokens")), whole(details.get("cache_write_tokens"))
    return {
        **inside(usage, "anthropic"),
        "input_tokens": max(whole(usage.get("prompt_tokens")) - cached - written, 0),
        "output_tokens": whole(usage.get("completion_tokens")),
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": written,
    }
