"""OpenAI's Responses API at the edge, its stateless core: a request of it becomes a chat request.

Nothing is kept between two requests: what would need that (`previous_response_id`, `conversation`, `background`,
references to items) is refused, and so are tools that OpenAI itself runs. Answers are `responses_answer.py`'s.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from unisono.edge.form import blocks_of, read_as, refuse, said, text_of, thinker
from unisono.edge.responses_answer import ResponsesAnswer
from unisono.types import Json, JsonValue

_STATEFUL = ("previous_response_id", "conversation", "prompt")
_SAME = (
    "frequency_penalty", "metadata", "parallel_tool_calls", "presence_penalty", "prompt_cache_key", "safety_identifier",
    "seed", "service_tier", "stop", "temperature", "top_logprobs", "top_p", "user",
)  # fmt: skip
"""What both APIs call by the same name."""
_UNSAID = frozenset({"role", "thought_by", "reasoning_content"})


class ResponsesBody(msgspec.Struct):
    """What is read of a request of the Responses API; more passes."""

    model: Annotated[str, msgspec.Meta(min_length=1)]
    input: str | Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1)]
    instructions: str | None = None
    max_output_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    stream: bool | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    text: dict[str, Any] | None = None
    reasoning: dict[str, Any] | None = None
    background: bool | None = None


class ResponsesForm(ResponsesAnswer):
    """One request of the Responses API."""

    def chat(self, body: Json) -> Json:
        """See `form.Form`."""
        read = read_as(body, ResponsesBody)
        assert isinstance(read, ResponsesBody)  # noqa: S101 - what it was read as
        for key in _STATEFUL:
            if body.get(key) is not None:
                raise refuse("nothing is kept between requests here; send the whole conversation.", param=key)
        if read.background:
            raise refuse("answers are given at once here; take it out.", param="background")
        self.asked = body
        chat: Json = {"model": read.model, "messages": _messages(read)}
        chat |= {key: body[key] for key in _SAME if body.get(key) is not None}
        if read.max_output_tokens is not None:
            chat["max_completion_tokens"] = read.max_output_tokens
        if read.stream:
            chat["stream"] = True
            chat["stream_options"] = {"include_usage": True}
        if read.tools:
            chat["tools"] = [_tool(tool, where=f"tools[{n}]") for n, tool in enumerate(read.tools)]
        if read.tool_choice is not None:
            chat["tool_choice"] = _tool_choice(read.tool_choice)
        chat |= _text(read.text or {})
        effort = (read.reasoning or {}).get("effort")
        if isinstance(effort, str):
            chat["reasoning_effort"] = effort
        chat["anthropic"] = {}  # tool results may hold pictures, which other upstreams get in a form of their own
        if "unisono" in body:
            chat["unisono"] = body["unisono"]
        return chat


def _messages(read: ResponsesBody) -> list[JsonValue]:
    messages: list[JsonValue] = []
    if read.instructions:
        messages.append({"role": "system", "content": read.instructions})
    if isinstance(read.input, str):
        messages.append({"role": "user", "content": read.input})
        return messages
    for place, item in enumerate(read.input):
        _add(messages, item, where=f"input[{place}]")
    return [message for message in messages if not _is_unsaid(message)]


def _is_unsaid(message: JsonValue) -> bool:
    """Is it an assistant's message that holds thinking and nothing that it led to?"""
    return isinstance(message, dict) and message.keys() == _UNSAID


def _add(messages: list[JsonValue], item: Json, *, where: str) -> None:
    """Add one item to the conversation; a call joins the assistant's message before it."""
    match item.get("type", "message"):
        case "message":
            role = text_of(item, "role", where=where)
            content = _content(item.get("content"), role=role, where=f"{where}.content")
            if role == "assistant" and messages and isinstance(last := messages[-1], dict) and _is_unsaid(last):
                last["content"] = content
            else:
                messages.append({"role": role, "content": content})
        case "function_call":
            last = messages[-1] if messages else None
            if not isinstance(last, dict) or last.get("role") != "assistant":
                last = {"role": "assistant", "content": None}
                messages.append(last)
            last.setdefault("content", None)
            calls = last.setdefault("tool_calls", [])
            function: Json = {key: text_of(item, key, where=where) for key in ("name", "arguments")}
            call: Json = {"id": text_of(item, "call_id", where=where), "type": "function", "function": function}
            assert isinstance(calls, list)  # noqa: S101 - made here
            calls.append(call)
        case "function_call_output":
            output = item.get("output")
            content = output if isinstance(output, str) else _content(output, role="tool", where=f"{where}.output")
            messages.append({"role": "tool", "tool_call_id": text_of(item, "call_id", where=where), "content": content})
        case "reasoning":
            if (thought := _thought(item)) is not None:
                messages.append(thought)
        case kind:
            raise refuse(f"an item of type {str(kind)[:40]!r} is not served here.", param=f"{where}.type")


def _thought(item: Json) -> Json | None:
    """Return what a model thought as the beginning of its message; None where nobody knows whose it is."""
    text, name = said(item.get("content")), thinker(item.get("encrypted_content"))
    return {"role": "assistant", "thought_by": name, "reasoning_content": text} if name and text else None


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
            if isinstance(part.get("detail"), str):
                image["detail"] = part["detail"]
            return {"type": "image_url", "image_url": image}
        case "input_file":
            file = {key: part[key] for key in ("file_data", "filename", "file_id") if part.get(key) is not None}
            if "file_data" not in file:
                raise refuse("only files with `file_data` are served here.", param=where)
            return {"type": "file", "file": file}
        case kind:
            raise refuse(f"a part of type {str(kind)[:40]!r} is not served here.", param=f"{where}.type")


def _tool(tool: Json, *, where: str) -> Json:
    if tool.get("type") != "function":
        kind = str(tool.get("type"))[:40]
        raise refuse(f"tools of type {kind!r} run at OpenAI only; send functions.", param=f"{where}.type")
    function: Json = {"name": text_of(tool, "name", where=where)}
    function |= {key: tool[key] for key in ("description", "parameters", "strict") if tool.get(key) is not None}
    return {"type": "function", "function": function}


def _tool_choice(choice: str | Json) -> JsonValue:
    if isinstance(choice, str):
        return choice
    if choice.get("type") == "function":
        return {"type": "function", "function": {"name": text_of(choice, "name", where="tool_choice")}}
    raise refuse("must be `auto`, `none`, `required` or a function.", param="tool_choice")


def _text(text: Json) -> Json:
    chat: Json = {}
    if isinstance(text.get("verbosity"), str):
        chat["verbosity"] = text["verbosity"]
    wanted = text.get("format")
    if isinstance(wanted, dict) and wanted.get("type") == "json_schema":
        schema = {
            key: wanted[key] for key in ("name", "description", "schema", "strict") if wanted.get(key) is not None
        }
        chat["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif isinstance(wanted, dict) and wanted.get("type") == "json_object":
        chat["response_format"] = {"type": "json_object"}
    return chat
