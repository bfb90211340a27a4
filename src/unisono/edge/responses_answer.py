"""Answers, streams and errors in the form of OpenAI's Responses API. Pure but for the state of one stream.

Text with its logprobs, refusals, reasoning that upstreams show, calls of tools and usage are translated.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from unisono.edge.form import MIXED, event, first_choice, identity, said, seal_of, thought, whole
from unisono.edge.responses_calls import Call
from unisono.edge.responses_compaction import compaction
from unisono.edge.responses_tools import Tools
from unisono.loose import as_list, inside, objects_in
from unisono.types import Json, JsonValue

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_Kind = Literal["reasoning", "message"]
_PARTS = {"output_text": "text", "refusal": "refusal", "reasoning_text": "text"}


class ResponsesAnswer:
    """Makes one response; the state is that of its stream."""

    def __init__(self) -> None:
        self.asked: Json = {}
        self.tools = Tools()
        self.left_out: tuple[str, ...] = ()
        self.shortens = False
        self._n_events = 0
        self._head: Json | None = None
        self._output: list[JsonValue] = []
        self._item: Json | None = None
        self._part: str | None = None
        self._texts: list[str] = []
        self._logprobs: list[JsonValue] = []
        self._call: Call | None = None
        self._index = -1
        self._finish: str | None = None
        self._usage: Json | None = None
        self._unisono: JsonValue = None
        self._is_over = False

    # ------------------------------------------------------------------------------------- plain

    def answer(self, document: Json) -> Json:
        """See `form.Form`."""
        choice = first_choice(document)
        message = inside(choice, "message")
        response = self._response(document)
        output: list[JsonValue] = []
        if self.shortens:
            self._usage, self._texts = _usage(document), [said(message.get("content"))]
            if not self._text.strip():
                return {**response, "status": "failed", "error": _NO_SUMMARY, "usage": self._usage}
            return self._ended(response, [self._compaction(document)], finish=_finish(choice))
        if thinking := thought(message):
            output.append(
                _done_item(_reasoning_item(_id(document, "rs"), seal=seal_of(document)), "reasoning_text", thinking)
            )
        refusal = message.get("refusal")
        text = said(message.get("content"))
        calls = message.get("tool_calls")
        if isinstance(refusal, str) and refusal:
            output.append(_done_item(_message_item(_id(document, "msg")), "refusal", refusal))
        elif text or not calls:
            probable = _logprobs(choice)
            output.append(_done_item(_message_item(_id(document, "msg")), "output_text", text, logprobs=probable))
        for place, given in enumerate(as_list(calls)):
            call = Call(given, place=place, tools=self.tools)
            call.take(given)
            output.append(call.done())
        self._usage = _usage(document)
        return self._ended(response, output, finish=_finish(choice))

    def error(self, document: Json, *, status: int) -> Json:
        """See `form.Form`: both of OpenAI's APIs say errors alike.

        A limit says also, in the words by which Codex knows it, when it returns: it would wait for that without a word.
        """
        error, returns = inside(document, "error"), inside(document, "unisono").get("returns")
        if error.get("code") != "limit_reached" or not isinstance(returns, str):
            return document
        resets = int(datetime.fromisoformat(returns).timestamp())
        return {**document, "error": {**error, "type": "usage_limit_reached", "resets_at": resets}}

    # ------------------------------------------------------------------------------------- stream

    @property
    def _text(self) -> str:
        return "".join(self._texts)

    def chunk(self, document: Json) -> list[bytes]:
        """See `form.Form`."""
        if self._is_over:
            return []
        events = self._begin(document) if self._head is None else []
        if "unisono" in document:
            self._unisono = document["unisono"]
        if isinstance(document.get("usage"), dict):
            self._usage = _usage(document)
        choice = first_choice(document)
        delta = inside(choice, "delta")
        self._finish = _finish(choice) or self._finish
        if self.shortens:
            self._texts.append(said(delta.get("content")))
            return events
        if thinking := thought(delta):
            events += self._say("reasoning", "reasoning_text", thinking)
        if text := said(delta.get("content")):
            events += self._say("message", "output_text", text, logprobs=_logprobs(choice))
        if refusal := said(delta.get("refusal")):
            events += self._say("message", "refusal", refusal)
        for call in objects_in(delta.get("tool_calls")):
            if not self._is_over:
                events += self._fragment(call)
        return events

    def broken(self, document: Json) -> list[bytes]:
        """See `form.Form`."""
        if self._is_over:
            return []
        self._is_over = True
        error = inside(document, "error")
        events = self._begin({"unisono": document.get("unisono")}) if self._head is None else []
        failed: Json = {
            **(self._head or {}),
            "status": "failed",
            "error": {"code": error.get("code") or "server_error", "message": error.get("message")},
            "output": [*self._output, *([] if self._item is None else [{**self._item, "status": "incomplete"}])],
            "unisono": document.get("unisono"),
        }
        return [*events, self._event("response.failed", {"response": failed})]

    def end(self) -> list[bytes]:
        """See `form.Form`."""
        if self._is_over:
            return []
        if self.shortens and not self._text.strip():
            return self.broken({"error": _NO_SUMMARY})
        events = self._begin({}) if self._head is None else []
        if self.shortens:
            events.append(self._open(self._compaction(self._head or {})))
        events += self._close()
        response = self._ended(dict(self._head or {}), self._output, finish=self._finish)
        name = "response.incomplete" if response["status"] == "incomplete" else "response.completed"
        return [*events, self._event(name, {"response": response})]

    def _begin(self, document: Json) -> list[bytes]:
        if "unisono" in document:
            self._unisono = document["unisono"]
        self._head = {**self._response(document), "unisono": self._unisono}
        about: Json = {"response": {**self._head}}
        return [self._event("response.created", about), self._event("response.in_progress", about)]

    def _say(self, kind: _Kind, part: str, text: str, *, logprobs: list[JsonValue] | None = None) -> list[bytes]:
        events: list[bytes] = []
        if self._item is None or self._item["type"] != kind or self._part != part:
            events += self._close()
            head = self._head or {}
            thinks = kind == "reasoning"
            item = _reasoning_item(_id(head, "rs"), seal=seal_of(head)) if thinks else _message_item(_id(head, "msg"))
            item["id"] = f"{item['id']}_{len(self._output)}"
            events += [self._open(item), *self._open_part(part)]
        self._texts.append(text)
        self._logprobs += logprobs or []
        about: Json = {**self._at(), "content_index": 0, "delta": text, **_logs(part, logprobs or [])}
        return [*events, self._event(f"response.{part}.delta", about)]

    def _fragment(self, given: Json) -> list[bytes]:
        """Say a fragment of a call. Calls come one after the other; a new index closes the one before."""
        index = whole(given.get("index"))
        events: list[bytes] = []
        if self._call is None or self._index != index:
            if index < self._index:
                return self.broken({"error": {"code": "upstream_malformed", "message": MIXED}})
            call = Call(given, place=index, tools=self.tools)
            events = [*self._close(), self._open(call.item())]
            self._call, self._index = call, index
        if more := self._call.take(given):
            events += self._told_of(self._call, more)
        return events

    def _told_of(self, call: Call, more: str) -> list[bytes]:
        return [] if call.told is None else [self._event(f"response.{call.told}.delta", {**self._at(), "delta": more})]

    def _open(self, item: Json) -> bytes:
        self._item, self._part, self._texts, self._logprobs = item, None, [], []
        return self._event("response.output_item.added", {"output_index": len(self._output), "item": {**item}})

    def _open_part(self, part: str) -> list[bytes]:
        self._part = part
        about: Json = {**self._at(), "content_index": 0, "part": _part_of(part, "")}
        return [self._event("response.content_part.added", about)]

    def _close(self) -> list[bytes]:
        """End the item that is open, each text whole."""
        item, call = self._item, self._call
        if item is None:
            return []
        events: list[bytes] = []
        if call is not None:
            item = call.done()
            if rest := call.rest():
                events += self._told_of(call, rest)
            if call.told is not None:
                events.append(self._event(f"response.{call.told}.done", {**self._at(), **call.end()}))
        elif self._part is not None:
            text, member, logs = self._text, _PARTS[self._part], _logs(self._part, self._logprobs)
            done: Json = {**self._at(), "content_index": 0, member: text, **logs}
            events.append(self._event(f"response.{self._part}.done", done))
            about: Json = {**self._at(), "content_index": 0, "part": _part_of(self._part, text, self._logprobs)}
            events.append(self._event("response.content_part.done", about))
            item = _done_item(item, self._part, text, logprobs=self._logprobs)
        events.append(self._event("response.output_item.done", {"output_index": len(self._output), "item": item}))
        self._output.append(item)
        self._item = self._part = self._call = None
        return events

    def _compaction(self, document: Json) -> Json:
        return compaction(self._text, item=_id(document, "cmp"))

    def _at(self) -> Json:
        return {"item_id": None if self._item is None else self._item["id"], "output_index": len(self._output)}

    def _event(self, kind: str, about: Json) -> bytes:
        data: Json = {"type": kind, "sequence_number": self._n_events, **about}
        self._n_events += 1
        return event(kind, data)

    # ------------------------------------------------------------------------------------- the response

    def _response(self, document: Json) -> Json:
        """Return the response as it begins: what was asked, said back."""
        asked = self.asked
        reasoning = inside(asked, "reasoning")
        created = document.get("created")
        response: Json = {
            "id": _id(document, "resp"),
            "object": "response",
            "created_at": created if isinstance(created, int) else 0,
            "status": "in_progress",
            "background": False,
            "error": None,
            "incomplete_details": None,
            "instructions": asked.get("instructions"),
            "max_output_tokens": asked.get("max_output_tokens"),
            "metadata": asked.get("metadata") or {},
            "model": document.get("model") or asked.get("model"),
            "output": [],
            "parallel_tool_calls": asked.get("parallel_tool_calls", True),
            "previous_response_id": None,
            "reasoning": {"effort": reasoning.get("effort"), "summary": None},
            "store": False,
            "temperature": asked.get("temperature"),
            "text": asked.get("text") or {"format": {"type": "text"}},
            "tool_choice": asked.get("tool_choice") or "auto",
            "tools": asked.get("tools") or [],
            "top_p": asked.get("top_p"),
            "truncation": "disabled",
            "usage": None,
            "user": asked.get("user"),
        }
        return {**response, "unisono": document["unisono"]} if "unisono" in document else response

    def _ended(self, response: Json, output: list[JsonValue], *, finish: str | None) -> Json:
        why = _INCOMPLETE.get(finish or "")
        response["status"] = "incomplete" if why else "completed"
        response["incomplete_details"] = {"reason": why} if why else None
        response["output"] = output
        response["usage"] = self._usage
        if self._unisono is not None:
            response["unisono"] = _joined(response.get("unisono"), self._unisono)
        return response


_NO_SUMMARY: Json = {"code": "server_error", "message": "The model gave no summary. Ask again."}


def _finish(choice: Json) -> str | None:
    finish = choice.get("finish_reason")
    return finish if isinstance(finish, str) else None


def _joined(first: JsonValue, last: JsonValue) -> JsonValue:
    """Return what the first and the last chunk said of the decision, as one object."""
    return {**first, **last} if isinstance(first, dict) and isinstance(last, dict) else last


def _id(document: Json, prefix: str) -> str:
    return f"{prefix}_{identity(document).removeprefix('chatcmpl-').removeprefix('resp_')}"


def _message_item(item: str) -> Json:
    return {"id": item, "type": "message", "role": "assistant", "status": "in_progress", "content": []}


def _reasoning_item(item: str, *, seal: str) -> Json:
    made: Json = {"id": item, "type": "reasoning", "summary": [], "content": [], "status": "in_progress"}
    return {**made, "encrypted_content": seal}


def _done_item(item: Json, part: str, text: str, *, logprobs: list[JsonValue] | None = None) -> Json:
    return {**item, "status": "completed", "content": [_part_of(part, text, logprobs)]}


def _part_of(part: str, text: str, logprobs: list[JsonValue] | None = None) -> Json:
    if part == "output_text":
        return {"type": part, "text": text, "annotations": [], "logprobs": logprobs or []}
    return {"type": part, _PARTS[part]: text}


def _logs(part: str, logprobs: list[JsonValue]) -> Json:
    return {"logprobs": logprobs} if part == "output_text" else {}


def _logprobs(choice: Json) -> list[JsonValue]:
    """Return how probable each token of a choice's text was; both APIs write it alike."""
    return as_list(inside(choice, "logprobs").get("content"))


def _usage(document: Json) -> Json:
    usage = inside(document, "usage")
    n_in, n_out = whole(usage.get("prompt_tokens")), whole(usage.get("completion_tokens"))
    details = inside(usage, "prompt_tokens_details")
    cached, written = whole(details.get("cached_tokens")), whole(details.get("cache_write_tokens"))
    thought = whole(inside(usage, "completion_tokens_details").get("reasoning_tokens"))
    return {
        "input_tokens": n_in,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "output_tokens": n_out,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": n_in + n_out,
    }
