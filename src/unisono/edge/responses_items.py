"""The conversation of a request to the Responses API, its items, as messages of a chat.

Messages, calls and their results, thinking that is known to be a model's of ours, tools that come in mid-conversation.
Another provider's own items are left out and told; an item of a type that nobody knows is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from unisono.edge.form import blocks_of, refuse, said, text_of, thinker
from unisono.edge.responses_compaction import ASKED, KINDS, TRIGGER, summed_up
from unisono.edge.responses_tools import SEARCH, Tools, texting_call
from unisono.errors import RequestError
from unisono.loose import as_list, as_object
from unisono.native import THOUGHT_BY
from unisono.types import Json, JsonValue

_DETAILS = ("auto", "low", "high")
"""How closely a picture may be looked at, in chat completions."""
_UNSAID = frozenset({"role", THOUGHT_BY, "reasoning_content"})
_HOSTED = frozenset(
    {
        "apply_patch_call", "apply_patch_call_output", "code_interpreter_call",
        "computer_call", "computer_call_output", "configuration_update", "context_compaction", "file_search_call",
        "image_generation_call", "local_shell_call", "local_shell_call_output", "mcp_approval_request",
        "mcp_approval_response", "mcp_call", "mcp_list_tools", "shell_call", "shell_call_output", "web_search_call",
    }
)  # fmt: skip
"""What another provider's tools did earlier in a conversation, or what only that provider can read."""


class Conversation:
    """The messages so far."""

    def __init__(self, tools: Tools) -> None:
        """Begin; tools that items bring are added to `tools`.

        `shortens` is true when the client wants the conversation summed up and nothing else.
        """
        self._tools = tools
        self._messages: list[JsonValue] = []
        self.shortens = False

    def messages(self) -> list[JsonValue]:
        """Return the messages; what stands before the conversation is one, as many models' templates take only one."""
        told = [message for message in self._messages if not _is_unsaid(message)]
        n = next((n for n, message in enumerate(told) if not _is_told_before(message)), len(told))
        if n < 2:
            return told
        texts = [said(message.get("content")) for message in told[:n] if isinstance(message, dict)]
        return [{"role": "system", "content": "\n\n".join(texts)}, *told[n:]]

    def say(self, role: str, text: str) -> None:
        """Add a message."""
        self._messages.append({"role": role, "content": text})

    def add(self, items: Sequence[Json]) -> None:
        """Add items.

        Raises:
            RequestError: one cannot be read, or is of a type that is not served here.
        """
        for place, item in enumerate(items):
            self._add(item, where=f"input[{place}]")

    def _add(self, item: Json, *, where: str) -> None:
        match kind := item.get("type", "message"):
            case "message" | "agent_message":
                self._message(item, where=where)
            case "function_call" | "custom_tool_call" | "tool_search_call":
                self._call(item, kind=str(kind), where=where)
            case "function_call_output" | "custom_tool_call_output":
                output = item.get("output")
                content = output if isinstance(output, str) else _content(output, role="tool", where=f"{where}.output")
                self._result(text_of(item, "call_id", where=where), content)
            case "tool_search_output" | "additional_tools":
                self._bring(item, where=where)
            case "reasoning":
                self._messages += _thought(item)
            case _ if kind == TRIGGER or kind in KINDS:
                self._sum_up(item, kind=str(kind))
            case _ if kind in _HOSTED:
                self._tools.leave_out(str(kind))
            case _:
                raise _unserved(str(kind), where=where)

    def _bring(self, item: Json, *, where: str) -> None:
        self._tools.offer(item.get("tools"), where=f"{where}.tools")
        if item.get("type") == "tool_search_output" and isinstance(call := item.get("call_id"), str):
            self._result(call, self._tools.loaded(item.get("tools")))

    def _sum_up(self, item: Json, *, kind: str) -> None:
        if kind == TRIGGER:
            self.shortens = True
            self.say("system", ASKED)
        elif (text := summed_up(item)) is not None:
            self.say("system", text)
        else:
            self._tools.leave_out(kind)

    def _message(self, item: Json, *, where: str) -> None:
        role = "user" if item.get("type") == "agent_message" else text_of(item, "role", where=where)
        role = "system" if role == "developer" else role  # two words for one thing, of which every host knows this one
        content = _content(item.get("content"), role=role, where=f"{where}.content")
        last = self._messages[-1] if self._messages else None
        if role == "assistant" and isinstance(last, dict) and _is_unsaid(last):
            last["content"] = content
        else:
            self._messages.append({"role": role, "content": content})

    def _call(self, item: Json, *, kind: str, where: str) -> None:
        """Add a call; it joins the assistant's message before it."""
        if kind == "tool_search_call" and item.get("call_id") is None:
            return  # run by another provider, which needed no result of the caller's
        last = self._messages[-1] if self._messages else None
        if not isinstance(last, dict) or last.get("role") != "assistant":
            last = {"role": "assistant", "content": None}
            self._messages.append(last)
        last.setdefault("content", None)
        calls = last.setdefault("tool_calls", [])
        assert isinstance(calls, list)  # noqa: S101 - made here
        function = self._function(item, kind=kind, where=where)
        calls.append({"id": text_of(item, "call_id", where=where), "type": "function", "function": function})

    def _function(self, item: Json, *, kind: str, where: str) -> Json:
        if kind == "tool_search_call":
            return {"name": SEARCH, "arguments": orjson.dumps(item.get("arguments") or {}).decode()}
        name = self._tools.called(text_of(item, "name", where=where), namespace=item.get("namespace"))
        if kind == "custom_tool_call":
            return texting_call(name, text_of(item, "input", where=where))
        return {"name": name, "arguments": text_of(item, "arguments", where=where)}

    def _result(self, call: str, content: JsonValue) -> None:
        self._messages.append({"role": "tool", "tool_call_id": call, "content": content})


def _is_told_before(message: JsonValue) -> bool:
    """Say whether a message is what the system says before the conversation, in words alone."""
    if not isinstance(message, dict) or message.get("role") != "system":
        return False
    content = message.get("content")
    return isinstance(content, str) or all("text" in as_object(part) for part in as_list(content))


def _is_unsaid(message: JsonValue) -> bool:
    """Is it an assistant's message that holds thinking and nothing that it led to?"""
    return isinstance(message, dict) and message.keys() == _UNSAID


def _thought(item: Json) -> list[JsonValue]:
    """Return what a model thought as the beginning of its message; nothing where nobody knows whose it is."""
    text, name = said(item.get("content")), thinker(item.get("encrypted_content"))
    return [{"role": "assistant", THOUGHT_BY: name, "reasoning_content": text}] if name and text else []


def _unserved(kind: str, *, where: str) -> RequestError:
    if kind != "item_reference":
        return refuse(f"an item of type {kind[:40]!r} is not served here.", param=f"{where}.type")
    todo = "send the item whole (the Vercel AI SDK does so with `store: false`)."
    return refuse(f"nothing is kept between requests here; {todo}", param=f"{where}.type")


def _content(content: JsonValue, *, role: str, where: str) -> JsonValue:
    if isinstance(content, str):
        return content
    parts: list[JsonValue] = []
    for place, part in enumerate(blocks_of(content, where=where)):
        parts.append(_part(part, where=f"{where}[{place}]"))
    if role == "assistant":  # many upstreams take an assistant's words as one text only
        texts = [part.get("text") for part in parts if isinstance(part, dict)]
        if all(isinstance(text, str) for text in texts):
            return "".join(str(text) for text in texts)
    return parts


def _part(part: Json, *, where: str) -> Json:
    match part.get("type"):
        case "input_text" | "output_text" | "text":
            return {"type": "text", "text": text_of(part, "text", where=where)}
        case "refusal":
            return {"type": "text", "text": text_of(part, "refusal", where=where)}
        case "input_image":
            image: Json = {"url": text_of(part, "image_url", where=where)}
            if isinstance(detail := part.get("detail"), str):
                image["detail"] = detail if detail in _DETAILS else "high"
            return {"type": "image_url", "image_url": image}
        case "input_file":
            file = {key: part[key] for key in ("file_data", "filename", "file_id") if part.get(key) is not None}
            if "file_data" not in file:
                raise refuse("only files with `file_data` are served here.", param=where)
            return {"type": "file", "file": file}
        case kind:
            raise refuse(f"a part of type {str(kind)[:40]!r} is not served here.", param=f"{where}.type")
