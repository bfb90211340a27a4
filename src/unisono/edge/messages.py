"""Anthropic's Messages API at the edge: a request of it becomes a chat request.

What only Anthropic knows travels under `anthropic` in the chat body, where Anthropic's own upstreams find it and others
never see it (`upstream.plain`). Answers are `messages_answer.py`'s.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import orjson

from unisono.edge.agents import person_of
from unisono.edge.form import blocks_of, read_as, refuse, text_of, thinker
from unisono.edge.messages_answer import MessagesAnswer
from unisono.native import BESIDE, MARK, NATIVE, NATIVE_TURN, SAID, THOUGHT_BY
from unisono.types import Json, JsonValue

_OF_DOCUMENTS = ("cache_control", "citations", "context", "title")
_MEMBERS: dict[str, frozenset[str]] = {
    "text": frozenset({"type", "text", "cache_control", "citations"}),
    "image": frozenset({"type", "source", "cache_control"}),
    "document": frozenset({"type", "source", *_OF_DOCUMENTS}),
    "tool_use": frozenset({"type", "id", "name", "input", "cache_control"}),
    "tool_result": frozenset({"type", "tool_use_id", "content", "is_error", "cache_control"}),
}
"""What a chat message can say of a block; the rest goes beside it."""
_SAID_OF_TOOLS = {"name", "description", "input_schema", "strict", "cache_control"}
"""What is said of a tool in both APIs: it comes back whole, and need not be kept beside it."""
_BILLING = "x-anthropic-billing-header:"
"""How the first system block of Claude Code begins: it is for Anthropic's accounts, changes from call to call, and is
no part of any prompt."""
_PLACES = {"thinking": 0, "redacted_thinking": 0, "text": 1, "tool_use": 2}
"""Where the blocks of a turn that have a counterpart stand in a chat message."""
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


class MessagesTurn(msgspec.Struct):
    """One turn of a conversation."""

    role: Literal["user", "assistant", "system"]
    content: str | list[dict[str, Any]]


class MessagesBody(msgspec.Struct):
    """What is read of a request of the Messages API; more passes."""

    model: Annotated[str, msgspec.Meta(min_length=1)]
    max_tokens: Annotated[int, msgspec.Meta(ge=1)]
    messages: Annotated[list[MessagesTurn], msgspec.Meta(min_length=1)]
    system: str | list[dict[str, Any]] | None = None
    stop_sequences: list[str] | None = None
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


class MessagesForm(MessagesAnswer):
    """One request of the Messages API."""

    def chat(self, body: Json) -> Json:
        """See `form.Form`."""
        read = read_as(body, MessagesBody)
        chat: Json = {"model": read.model, "max_tokens": read.max_tokens, "messages": _messages(read)}
        stops: list[JsonValue] | None = None if read.stop_sequences is None else [*read.stop_sequences]
        wishes: Json = {"temperature": read.temperature, "top_p": read.top_p, "stop": stops}
        chat |= {key: value for key, value in wishes.items() if value is not None}
        self.stops = read.stop_sequences or []
        if read.stream:
            chat["stream"] = True
            chat["stream_options"] = {"include_usage": True}
        if read.tools:
            chat["tools"] = [_tool(tool, where=f"tools[{n}]") for n, tool in enumerate(read.tools)]
        if read.tool_choice is not None:
            chat.update(_tool_choice(read.tool_choice))
        user = (read.metadata or {}).get("user_id")
        if isinstance(user, str):
            chat["user"] = person_of(user)
        chat.update(_format(body))
        native: Json = {key: value for key, value in body.items() if key not in SAID and value is not None}
        if marks := _marks(read.system):
            native["system"] = marks
        chat[MARK] = native
        if "unisono" in body:
            chat["unisono"] = body["unisono"]
        return chat


class CountBody(msgspec.Struct):
    """What is read of a request for the number of its tokens; more passes."""

    model: Annotated[str, msgspec.Meta(min_length=1)]
    messages: Annotated[list[MessagesTurn], msgspec.Meta(min_length=1)]
    system: str | list[dict[str, Any]] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: dict[str, Any] | None = None


class CountForm(MessagesForm):
    """One request for the number of tokens that a message of the Messages API would have."""

    def chat(self, body: Json) -> Json:
        """See `form.Form`. The longest answer is no part of the prompt, so it need not be said."""
        read_as(body, CountBody)
        return super().chat({**body, "max_tokens": 1})

    def answer(self, document: Json) -> Json:
        """See `form.Form`. The document is the count itself."""
        return document


def _messages(read: MessagesBody) -> list[JsonValue]:
    messages: list[JsonValue] = []
    n_marks = len(_marks(read.system))
    if read.system and (said := read.system[n_marks:]):
        messages.append({"role": "system", "content": _texts(said, where="system", first=n_marks)})
    for place, message in enumerate(read.messages):
        where = f"messages[{place}].content"
        if isinstance(message.content, str):
            messages.append({"role": message.role, "content": message.content})
        elif message.role == "assistant":
            messages.append(_assistant(message.content, where=where))
        elif message.role == "system":
            messages.append({"role": "system", "content": _texts(message.content, where=where)})
        else:
            messages += _user(message.content, where=where)
    return messages


def _marks(system: str | list[dict[str, Any]] | None) -> list[JsonValue]:
    """Return the system blocks that speak to Anthropic's accounts and to no model."""
    first = system[0].get("text") if isinstance(system, list) and system else None
    return [system[0]] if isinstance(system, list) and isinstance(first, str) and first.startswith(_BILLING) else []


def _texts(content: str | list[dict[str, Any]], *, where: str, first: int = 0) -> JsonValue:
    """Return a text, or text parts with their `cache_control`; `first` is the place of the first one."""
    if isinstance(content, str):
        return content
    parts: list[JsonValue] = []
    for place, block in enumerate(content, first):
        at = f"{where}[{place}]"
        if block.get("type", "text") != "text":
            raise refuse("only text blocks can stand here.", param=f"{at}.type")
        parts.append(_text(block, where=at))
    return parts


def _text(block: Json, *, where: str) -> Json:
    kept = {key: value for key, value in block.items() if key in _MEMBERS["text"]}
    return {**kept, "type": "text", "text": text_of(block, "text", where=where), **_beside("text", block)}


def _beside(kind: str, block: Json) -> Json:
    """Return what a block has beyond what a chat says, as a member of what it becomes."""
    more = {key: value for key, value in block.items() if key not in _MEMBERS[kind]}
    return {BESIDE: more} if more else {}


def _user(content: list[dict[str, Any]], *, where: str) -> list[JsonValue]:
    """Return the tool results of a user's turn as messages of their own, then what else he says."""
    results: list[JsonValue] = []
    parts: list[JsonValue] = []
    for place, block in enumerate(content):
        at = f"{where}[{place}]"
        if block.get("type") == "tool_result":
            results.append(_tool_result(block, where=at))
        else:
            parts.append(_part(block, where=at))
    if parts or not results:
        results.append({"role": "user", "content": parts})
    return results


def _part(block: Json, *, where: str) -> Json:
    kind = block.get("type")
    mark: Json = {"cache_control": block["cache_control"]} if block.get("cache_control") is not None else {}
    if kind == "text":
        return _text(block, where=where)
    source = block.get("source")
    if kind in ("document", "image") and isinstance(source, dict) and source.get("type") == "file":
        return block  # it lies with Anthropic
    if kind == "image":
        seen: Json = {"type": "image_url", "image_url": {"url": _address(block, where=where)}}
        return {**seen, **mark, **_beside("image", block)}
    if kind == "document" and isinstance(source, dict) and source.get("type") == "base64":
        title = block.get("title")
        name = title if isinstance(title, str) and title else "document.pdf"
        kept = {key: block[key] for key in _OF_DOCUMENTS if block.get(key) is not None}
        file: Json = {"type": "file", "file": {"filename": name, "file_data": _address(block, where=where)}}
        return {**file, **kept, **_beside("document", block)}
    if (text := _written(block)) is not None:
        return {"type": "text", "text": text, NATIVE: block}
    if not isinstance(kind, str):
        raise refuse("must be a text.", param=f"{where}.type")
    return block  # for Anthropic's own models alone: see `parse`


def _written(block: Json) -> str | None:
    """Return the words of a document or a search result that holds nothing else, for models that know no such block.

    A tool that was found says its name: other models are shown all tools from the beginning.
    """
    if block.get("type") == "tool_reference":
        return f"The tool {block.get('tool_name')} can be called now."
    head = [str(block[key]) for key in ("title", "context") if isinstance(block.get(key), str)]
    if block.get("type") == "search_result":
        held = block.get("content")
    elif block.get("type") == "document" and isinstance(source := block.get("source"), dict):
        held = source.get({"text": "data", "content": "content"}.get(str(source.get("type")), ""))
    else:
        return None
    if isinstance(held, str):
        return "\n".join([*head, held])
    if not isinstance(held, list):
        return None
    texts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in held]
    known = [text for text in texts if isinstance(text, str)]
    return "\n".join([*head, *known]) if len(known) == len(texts) else None


def _address(block: Json, *, where: str) -> str:
    """Return the address of a picture or a document; what it names is fetched by nobody here."""
    source = block.get("source")
    if not isinstance(source, dict):
        raise refuse("must be an object.", param=f"{where}.source")
    at = f"{where}.source"
    if source.get("type") == "base64":
        return f"data:{text_of(source, 'media_type', where=at)};base64,{text_of(source, 'data', where=at)}"
    if source.get("type") == "url":
        return text_of(source, "url", where=at)
    raise refuse("only `base64` and `url` are served here.", param=f"{at}.type")


def _tool_result(block: Json, *, where: str) -> Json:
    result: Json = {"role": "tool", "tool_call_id": text_of(block, "tool_use_id", where=where)}
    content = block.get("content")
    if content is None or isinstance(content, str):
        result["content"] = content or ""
    else:
        parts = blocks_of(content, where=f"{where}.content")
        result["content"] = [_part(part, where=f"{where}.content[{n}]") for n, part in enumerate(parts)]
    for key in ("is_error", "cache_control"):
        if block.get(key) is not None:
            result[key] = block[key]
    return {**result, **_beside("tool_result", block)}


def _assistant(content: list[dict[str, Any]], *, where: str) -> Json:
    texts: list[JsonValue] = []
    thinking: list[JsonValue] = []
    thoughts: dict[str, str] = {}
    calls: list[JsonValue] = []
    for place, block in enumerate(content):
        at = f"{where}[{place}]"
        match block.get("type"):
            case "text":
                texts.append(_text(block, where=at))
            case "thinking" if (name := thinker(block.get("signature"))) is not None:
                thoughts[name] = thoughts.get(name, "") + text_of(block, "thinking", where=at)
            case "thinking" | "redacted_thinking":
                thinking.append(block)
            case "tool_use":
                calls.append(_tool_call(block, where=at))
            case _:
                text_of(block, "type", where=at)  # said by `NATIVE_TURN` alone
    message: Json = {"role": "assistant", "content": texts or None}
    if not _is_usual(content):
        message[NATIVE_TURN] = [block for block in content if not _is_of_another(block)]
    if thinking:
        message["thinking_blocks"] = thinking
    if thoughts:
        message[THOUGHT_BY], message["reasoning_content"] = thoughts.popitem()
    if calls:
        message["tool_calls"] = calls
    return message


def _is_usual(content: list[dict[str, Any]]) -> bool:
    """Say whether a chat message can say a turn whole: thinking, then words, then calls, and nothing else."""
    places = [_PLACES.get(str(block.get("type"))) for block in content]
    known = [place for place in places if place is not None]
    calls = [block for block in content if block.get("type") == "tool_use"]
    return known == sorted(places, key=lambda place: place or 0) and not any(
        _beside("tool_use", call) for call in calls
    )


def _is_of_another(block: Json) -> bool:
    """Say whether a block is what another model than Anthropic's thought: its API refuses that."""
    return block.get("type") == "thinking" and thinker(block.get("signature")) is not None


def _tool_call(block: Json, *, where: str) -> Json:
    given = block.get("input")
    if not isinstance(given, dict):
        raise refuse("must be an object.", param=f"{where}.input")
    function: Json = {"name": text_of(block, "name", where=where), "arguments": orjson.dumps(given).decode()}
    call: Json = {"id": text_of(block, "id", where=where), "type": "function", "function": function}
    return {**call, "cache_control": block["cache_control"]} if block.get("cache_control") is not None else call


def _tool(tool: Json, *, where: str) -> Json:
    """Return a function; Anthropic's own tools stay as they are, for an upstream that knows them."""
    if tool.get("type") not in (None, "custom"):
        return tool
    function: Json = {"name": text_of(tool, "name", where=where)}
    if isinstance(tool.get("description"), str):
        function["description"] = tool["description"]
    schema = tool.get("input_schema")
    if not isinstance(schema, dict):
        raise refuse("must be an object.", param=f"{where}.input_schema")
    function["parameters"] = schema
    if tool.get("strict") is not None:
        function["strict"] = tool["strict"]
    made: Json = {"type": "function", "function": function}
    if tool.get("cache_control") is not None:
        made["cache_control"] = tool["cache_control"]
    return made if tool.keys() <= _SAID_OF_TOOLS else {**made, NATIVE: tool}


def _tool_choice(choice: Json) -> Json:
    kind = choice.get("type")
    chat: Json = {}
    if kind == "tool":
        name = text_of(choice, "name", where="tool_choice")
        chat["tool_choice"] = {"type": "function", "function": {"name": name}}
    elif isinstance(kind, str) and kind in _CHOICES:
        chat["tool_choice"] = _CHOICES[kind]
    else:
        raise refuse("must be `auto`, `any`, `tool` or `none`.", param="tool_choice.type")
    if choice.get("disable_parallel_tool_use") is True:
        chat["parallel_tool_calls"] = False
    return chat


def _format(body: Json) -> Json:
    """Return what asks for structured output, wherever this API's versions have put it."""
    config = body.get("output_config")
    wanted = config.get("format") if isinstance(config, dict) else body.get("output_format")
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        return {}
    schema = wanted.get("schema")
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}}
