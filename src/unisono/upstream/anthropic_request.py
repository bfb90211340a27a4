"""OpenAI's chat body to a body of Anthropic's Messages API. Pure.

What both APIs know under other names is translated, what only Anthropic knows (`thinking`, `top_k`, `cache_control`
and the rest of `PASSED`, also inside messages, parts and tools) passes through, and so does whatever else a client of
this very API sent (under `anthropic`). What only OpenAI knows and changes at most the sampling (`seed`, `logit_bias`,
penalties, `logprobs`, `reasoning_effort`, `store`, ...) is dropped. What would change the shape or the meaning of the
answer (`n` above 1, audio, `functions`) is refused. JSON is had in the ways of `answers.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import orjson

from unisono.errors import UpstreamRefused
from unisono.loose import as_list, as_object, inside
from unisono.native import BESIDE, MARK, NATIVE, NATIVE_TURN, RESPONSES, SAID
from unisono.types import Call, Json, JsonValue
from unisono.upstream.answers import in_json_mode, strict_where_sayable, with_format
from unisono.upstream.failing import untranslatable
from unisono.upstream.ids import ANTHROPIC, fitting
from unisono.upstream.reminders import reminded

DEFAULT_MAX_TOKENS = 4096

PASSED = (
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "mcp_servers",
    "output_config",
    "speed",
    "stop_sequences",
    "system",
    "thinking",
    "top_k",
    "top_p",
)

_NATIVE_BLOCKS = frozenset(
    {"image", "document", "search_result", "thinking", "redacted_thinking", "tool_use", "tool_result"}
)
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w=.+-]+)*;base64,(.*)", re.DOTALL)


def messages_body(call: Call) -> Json:
    """Translate one call.

    Raises:
        UpstreamRefused: status 400, retryable elsewhere: this API cannot say what the body asks.
    """
    return _Translation(call.model.name, native=MARK in call.body).body(call)


def beta_field(call: Call) -> bytes:
    """Return the header field that names what the caller speaks beyond the stable API; empty where it is nothing."""
    return f"anthropic-beta: {','.join(call.betas)}\r\n".encode() if call.betas else b""


class _Translation:
    """One body's translation; holds the model's name, for messages, and whether its caller speaks this very API."""

    def __init__(self, model: str, *, native: bool) -> None:
        self._model = model
        self._native = native

    def body(self, call: Call) -> Json:
        source = call.body
        own = _own(source.get(MARK))
        source = {**source, **own}
        self._refuse_what_has_no_counterpart(source)
        body: Json = {
            "model": call.model.upstream_model,
            "max_tokens": _max_tokens(call),
            "stream": call.stream,
        }
        body |= own | {key: source[key] for key in PASSED if source.get(key) is not None}
        told = source.get("messages")
        if RESPONSES in source and isinstance(told, list):
            told = reminded(told)
        system, messages = self._conversation(told)
        if system:
            body["system"] = [*_as_blocks(body.get("system")), *system]
        body["messages"] = messages
        body.update(_sampling(source, native=self._native))
        if "temperature" in body and not self._native:
            body.pop("top_p", None)  # its newer models refuse both, which OpenAI's clients like to send
        tools = self._tools(source.get("tools"))
        if tools:
            body["tools"] = tools if self._native else strict_where_sayable(tools)
            choice = self._tool_choice(source)
            if choice is not None:
                body["tool_choice"] = choice
        says_form = self._native or "output_format" in body
        return body if says_form else self._with_form(body, source.get("response_format"))

    # ------------------------------------------------------------------------------ what is refused

    def _refuse_what_has_no_counterpart(self, source: Json) -> None:
        n = source.get("n")
        if isinstance(n, int) and n > 1:
            raise self._cannot("give more than one choice; send `n` = 1", param="n")
        if source.get("audio") is not None or "audio" in as_list(source.get("modalities")):
            raise self._cannot("answer with audio", param="modalities")
        if source.get("functions"):
            raise self._cannot("take `functions`; send them as `tools`", param="functions")

    def _cannot(self, what: str, *, param: str) -> UpstreamRefused:
        return untranslatable(self._model, f"Anthropic's Messages API cannot {what}.", param=param)

    # --------------------------------------------------------------------------------- the messages

    def _conversation(self, source: JsonValue) -> tuple[list[JsonValue], list[JsonValue]]:
        """Return the system blocks and the messages, neighbours of one role joined (tool results need that).

        What the system says in mid-conversation stays there for a caller of this API, which knows it as a beta: at the
        top it would change the prefix that the provider holds.
        """
        system: list[JsonValue] = []
        turns: list[tuple[str, list[JsonValue]]] = []
        for i, message in enumerate(as_list(source)):
            if not isinstance(message, dict):
                raise self._cannot("read a message that is no object", param=f"messages.{i}")
            role, blocks = self._message(message, where=f"messages.{i}")
            if role == "system" and not (self._native and turns):
                system += blocks
            elif turns and turns[-1][0] == role:
                turns[-1][1].extend(blocks)
            elif blocks:
                turns.append((role, blocks))
        return system, [{"role": role, "content": blocks} for role, blocks in turns]

    def _message(self, message: Json, *, where: str) -> tuple[str, list[JsonValue]]:
        role = message.get("role")
        content = message.get("content")
        if role in ("system", "developer"):
            return "system", _cached(self._parts(content, where=where), message)
        if role == "user":
            return "user", _cached(self._parts(content, where=where), message)
        if role == "assistant":
            return "assistant", _cached(self._assistant(message, where=where), message)
        if role == "tool":
            result: Json = {"type": "tool_result", "tool_use_id": fitting(message.get("tool_call_id"), ANTHROPIC)}
            blocks = self._parts(content, where=where)
            if blocks:
                result["content"] = content if isinstance(content, str) else blocks
            if message.get("is_error") is not None:
                result["is_error"] = message["is_error"]
            return "user", _cached([{**result, **inside(message, BESIDE)}], message)
        raise self._cannot(f"take the role {role!r}", param=f"{where}.role")

    def _assistant(self, message: Json, *, where: str) -> list[JsonValue]:
        if self._native and isinstance(turn := message.get(NATIVE_TURN), list):
            return turn
        blocks = [block for block in as_list(message.get("thinking_blocks")) if _is_signed(block)]
        blocks += self._parts(message.get("content"), where=where)
        refusal = message.get("refusal")
        if isinstance(refusal, str) and refusal:
            blocks.append({"type": "text", "text": refusal})
        for i, call in enumerate(as_list(message.get("tool_calls"))):
            blocks.append(self._tool_use(call, where=f"{where}.tool_calls.{i}"))
        return blocks

    def _tool_use(self, call: JsonValue, *, where: str) -> Json:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(call, dict) or not isinstance(function, dict):
            raise self._cannot("take a tool call that is no function's", param=where)
        arguments = function.get("arguments")
        try:
            value = orjson.loads(arguments) if isinstance(arguments, str) and arguments.strip() else {}
        except orjson.JSONDecodeError as exc:
            raise self._cannot("take arguments that are not JSON", param=f"{where}.function.arguments") from exc
        if not isinstance(value, dict):
            raise self._cannot("take arguments that are no JSON object", param=f"{where}.function.arguments")
        use: Json = {
            "type": "tool_use",
            "id": fitting(call.get("id"), ANTHROPIC),
            "name": function.get("name"),
            "input": value,
        }
        return use if call.get("cache_control") is None else {**use, "cache_control": call["cache_control"]}

    def _parts(self, content: JsonValue, *, where: str) -> list[JsonValue]:
        """Return the blocks of a content; texts of blanks are left out, the API refuses them."""
        if isinstance(content, str):
            return [{"type": "text", "text": content}] if content.strip() else []
        blocks = (self._part(part, where=f"{where}.content.{i}") for i, part in enumerate(as_list(content)))
        return [block for block in blocks if block is not None]

    def _part(self, part: JsonValue, *, where: str) -> Json | None:
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(part, dict) or not isinstance(kind, str):
            raise self._cannot("read a content part without a type", param=where)
        if isinstance(block := part.get(NATIVE), dict):
            return block
        if isinstance(beside := part.get(BESIDE), dict):
            said = self._part({key: value for key, value in part.items() if key != BESIDE}, where=where)
            return None if said is None else {**said, **beside}
        if kind == "text":
            return part if str(part.get("text") or "").strip() else None
        if kind == "refusal":
            return {"type": "text", "text": part.get("refusal")} if part.get("refusal") else None
        if kind == "image_url":
            return {"type": "image", "source": self._image(part.get("image_url"), where=where), **_kept(part)}
        if kind == "file":
            return self._file(part, where=where)
        if self._native or kind in _NATIVE_BLOCKS:
            return part
        raise self._cannot(f"take a content part of type {kind[:40]!r}", param=where)

    def _image(self, image: JsonValue, *, where: str) -> Json:
        url = image.get("url") if isinstance(image, dict) else image
        if not isinstance(url, str):
            raise self._cannot("read an image without a URL", param=f"{where}.image_url")
        if found := _DATA_URL.fullmatch(url):
            return {"type": "base64", "media_type": found[1], "data": found[2]}
        if url.startswith(("https://", "http://")):
            return {"type": "url", "url": url}
        raise self._cannot("read an image URL that is neither https nor base64 data", param=f"{where}.image_url.url")

    def _file(self, part: Json, *, where: str) -> Json:
        file = part.get("file")
        data = file.get("file_data") if isinstance(file, dict) else None
        found = _DATA_URL.fullmatch(data) if isinstance(data, str) else None
        if not isinstance(file, dict) or found is None:
            raise self._cannot("take a file but as base64 data in `file_data`", param=f"{where}.file")
        source: Json = {"type": "base64", "media_type": found[1], "data": found[2]}
        named = isinstance(file.get("filename"), str) and not self._native
        title: Json = {"title": file["filename"]} if named else {}
        return {"type": "document", "source": source, **title, **_kept(part)}

    # ------------------------------------------------------------------------------------ the tools

    def _tools(self, source: JsonValue) -> list[JsonValue]:
        return [self._tool(t, where=f"tools.{i}") for i, t in enumerate(as_list(source))]

    def _tool(self, tool: JsonValue, *, where: str) -> Json:
        if not isinstance(tool, dict):
            raise self._cannot("read a tool that is no object", param=where)
        if isinstance(own := tool.get(NATIVE), dict):
            return own
        function = tool.get("function")
        if tool.get("type") != "function" or not isinstance(function, dict):
            return tool  # one of Anthropic's own tools
        out: Json = {
            "name": function.get("name"),
            "input_schema": function.get("parameters") or {"type": "object", "properties": {}},
            **_kept(tool),
            **_kept(function),
        }
        for key in ("description", "strict"):
            if function.get(key) is not None:
                out[key] = function[key]
        return out

    def _tool_choice(self, source: Json) -> Json | None:
        choice = source.get("tool_choice")
        out: Json | None = None
        if isinstance(choice, str):
            kind = {"auto": "auto", "none": "none", "required": "any"}.get(choice)
            if kind is None:
                raise self._cannot(f"take the tool choice {choice[:40]!r}", param="tool_choice")
            out = {"type": kind}
        elif isinstance(choice, dict) and isinstance(function := choice.get("function"), dict):
            out = {"type": "tool", "name": function.get("name")}
        elif isinstance(choice, dict):
            if choice.get("type") not in ("auto", "any", "tool", "none"):
                raise self._cannot("take this tool choice", param="tool_choice")
            out = dict(choice)
        if source.get("parallel_tool_calls") is False:
            out = out or {"type": "auto"}
            if out["type"] != "none":
                out["disable_parallel_tool_use"] = True
        return out

    def _with_form(self, body: Json, wanted: JsonValue) -> Json:
        """Return the body with the form that its answer must have."""
        kind = wanted.get("type") if isinstance(wanted, dict) else None
        if not isinstance(wanted, dict) or kind in (None, "text"):
            return body
        schema = inside(wanted, "json_schema").get("schema")
        if kind == "json_object":
            return in_json_mode(body)
        if kind == "json_schema" and isinstance(schema, dict):
            return with_format(body, schema)
        raise self._cannot(f"promise an answer of the form {str(kind)[:40]!r}", param="response_format")


def _is_signed(block: JsonValue) -> bool:
    """Is a block of thinking one that the API gave? It refuses what another model thought: that has no signature."""
    return isinstance(block, dict) and bool(block.get("signature") or block.get("data"))


def _max_tokens(call: Call) -> int:
    for key in ("max_completion_tokens", "max_tokens"):
        value = call.body.get(key)
        if isinstance(value, int) and value > 0:
            return value
    return call.model.max_output_tokens or DEFAULT_MAX_TOKENS


def _own(native: JsonValue) -> Json:
    """Return what a client of this API said beside the chat: never another model than was decided, nor other words."""
    return {key: value for key, value in as_object(native).items() if key not in SAID or key == "system"}


def _sampling(source: Json, *, native: bool) -> Json:
    out: Json = {}
    temperature = source.get("temperature")
    if isinstance(temperature, (int, float)):
        out["temperature"] = min(temperature, 1.0)  # OpenAI's scale ends at 2, this one at 1
    stop = source.get("stop")
    if isinstance(stop, str):
        out["stop_sequences"] = [stop]
    elif isinstance(stop, list) and stop:
        out["stop_sequences"] = stop
    user = source.get("user") or inside(source, "metadata").get("user_id")
    if native:
        return out
    if isinstance(user, str):
        out["metadata"] = {"user_id": user}
    if source.get("service_tier") in ("auto", "standard_only"):
        out["service_tier"] = source["service_tier"]
    return out


def _kept(fields: Json) -> Json:
    """Return what Anthropic knows inside parts and tools under the same name."""
    return {k: fields[k] for k in ("cache_control", "citations", "context", "title") if fields.get(k) is not None}


def _cached(blocks: list[JsonValue], message: Json) -> list[JsonValue]:
    """Move a message's `cache_control` to its last block, where the API expects it."""
    mark = message.get("cache_control")
    if mark is not None and blocks and isinstance(last := blocks[-1], dict):
        blocks[-1] = {**last, "cache_control": mark}
    return blocks


def _as_blocks(system: JsonValue) -> Iterable[JsonValue]:
    if isinstance(system, list):
        return system
    return [{"type": "text", "text": system}] if isinstance(system, str) and system else []
