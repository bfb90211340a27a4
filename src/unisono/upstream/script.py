"""What a scripted upstream plays: the words, the pace and the faults, read from a model's options. Pure.

It sends nothing: `scripted.py` plays it in process, `unisono.testing.ScriptedServer` over HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Literal, TypeAlias

import orjson

from unisono.config.keys import FAULTS
from unisono.errors import ConfigError, Problem
from unisono.loose import objects_in
from unisono.types import Json, JsonValue, Usage

Fault: TypeAlias = int | Literal["refuse", "reset", "stall", "malformed", "cut"]
"""An HTTP status, or how the connection misbehaves."""

_WORD = re.compile(r"\s*\S+|\s+$")
_TOOL_CALL_FRAGMENT_CHARS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """The function that the script calls; `arguments` is JSON text."""

    name: str
    arguments: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One upstream's behaviour. Each field is a key that `docs/reference/scripted.md` explains."""

    reply: str = "You said: {prompt}"
    tokens: int | None = None
    reasoning: str = ""
    first_token_s: float = 0.0
    token_s: float = 0.0
    tool_call: ToolCall | None = None
    fail: Fault | None = None
    fail_times: int | None = None
    fail_after_chunks: int = 0
    cut_after: int | None = None
    stall_after: int | None = None
    retry_after_s: float | None = None
    answers_as: str | None = None
    usage: Usage | None = None
    finish: str | None = None

    def deltas(self, body: Json) -> list[Json]:
        """Return the content deltas of the answer to `body`, in OpenAI's form, one a chunk."""
        deltas: list[Json] = [{"reasoning_content": word} for word in _words(self.reasoning)]
        if self.tool_call is None:
            words = _words(self.reply.replace("{prompt}", prompt_of(body)))
            deltas += [{"content": word} for word in self._counted(words)]
        else:
            deltas += _tool_deltas(self.tool_call)
        return deltas

    def fault(self, *, n_call: int, n_chunks: int) -> Fault | None:
        """Return what goes wrong at this point.

        Args:
            n_call: how many calls came before this one.
            n_chunks: how many content chunks this call has had.
        """
        failing = self.fail_times is None or n_call < self.fail_times
        if self.fail is not None and failing and n_chunks == self.fail_after_chunks:
            return self.fail
        if self.cut_after == n_chunks:
            return "cut"
        return "stall" if self.stall_after == n_chunks else None

    def finish_reason(self) -> str:
        """Return the finish reason of an answer that reaches its end."""
        return self.finish or ("stop" if self.tool_call is None else "tool_calls")

    def usage_for(self, body: Json, *, n_chunks: int) -> Usage:
        """Return the scripted counts, else the prompt's words and the chunks."""
        return self.usage or Usage(input_tokens=sum(len(t.split()) for t in _texts(body)), output_tokens=n_chunks)

    def _counted(self, words: list[str]) -> list[str]:
        if self.tokens is None:
            return words
        if len(words) >= self.tokens:
            return words[: self.tokens]
        spaced = [w if w.startswith((" ", "\n")) else " " + w for w in words] or [" word"]
        return words + list(islice(cycle(spaced), self.tokens - len(words)))


def script_of(options: Mapping[str, JsonValue], *, model: str) -> Script:
    """Read a script from a model's options.

    Raises:
        ConfigError: a key is unknown or its value has the wrong type; lists them all.
    """
    problems: list[Problem] = []
    fields: dict[str, object] = {}
    for key, value in options.items():
        reader = _READERS.get(key)
        if reader is None:
            problems.append(_problem(model, key, f"is no key of a script. Known: {', '.join(KEYS)}."))
            continue
        try:
            fields[key] = reader(value)
        except ValueError as exc:
            problems.append(_problem(model, key, str(exc)))
    if problems:
        raise ConfigError(problems)
    return Script(**fields)  # type: ignore[arg-type]  # each reader gives the type of its field


def prompt_of(body: Json) -> str:
    """Return the text of the last user message."""
    for message in reversed([*objects_in(body.get("messages"))]):
        if message.get("role") == "user":
            return _text(message.get("content"))
    return ""


def _texts(body: Json) -> list[str]:
    return [_text(message.get("content")) for message in objects_in(body.get("messages"))]


def _text(content: JsonValue) -> str:
    if isinstance(content, str):
        return content
    return " ".join(str(part.get("text")) for part in objects_in(content) if part.get("type") == "text")


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _tool_deltas(call: ToolCall) -> list[Json]:
    first: Json = {
        "index": 0,
        "id": "call_scripted",
        "type": "function",
        "function": {"name": call.name, "arguments": ""},
    }
    step = _TOOL_CALL_FRAGMENT_CHARS
    fragments = [call.arguments[i : i + step] for i in range(0, len(call.arguments), step)]
    rest: list[Json] = [{"tool_calls": [{"index": 0, "function": {"arguments": text}}]} for text in fragments]
    return [{"tool_calls": [first]}, *rest]


# ------------------------------------------------------------------------------- reading the options


def _string(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text.")
    return value


def _reply(value: JsonValue) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _count(value: JsonValue) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("must be a whole number, 0 or more.")
    return value


def _seconds(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError("must be seconds, 0 or more.")
    return float(value)


def _fail(value: JsonValue) -> Fault:
    if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
        return value
    for name in FAULTS:
        if value == name:
            return name  # type: ignore[return-value]  # one of the literals
    raise ValueError(f"must be an HTTP status from 400 to 599 or one of {', '.join(FAULTS)}.")


def _tool_call(value: JsonValue) -> ToolCall:
    if not isinstance(value, dict) or not isinstance(name := value.get("name"), str):
        raise ValueError('must be a table such as { name = "weather", arguments = { city = "Oslo" } }.')
    arguments = value.get("arguments", {})
    return ToolCall(name=name, arguments=arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode())


def _usage(value: JsonValue) -> Usage:
    known = ("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens")
    if not isinstance(value, dict) or not set(value) <= set(known):
        raise ValueError(f"must be a table of {', '.join(known)}.")
    counts = {key: _count(n) for key, n in value.items()}
    return Usage(
        input_tokens=counts.get("input_tokens", 0),
        output_tokens=counts.get("output_tokens", 0),
        cached_input_tokens=counts.get("cached_input_tokens", 0),
        reasoning_tokens=counts.get("reasoning_tokens", 0),
    )


_READERS = {
    "reply": _reply,
    "tokens": _count,
    "reasoning": _string,
    "first_token_s": _seconds,
    "token_s": _seconds,
    "tool_call": _tool_call,
    "fail": _fail,
    "fail_times": _count,
    "fail_after_chunks": _count,
    "cut_after": _count,
    "stall_after": _count,
    "retry_after_s": _seconds,
    "answers_as": _string,
    "usage": _usage,
    "finish": _string,
}
KEYS = tuple(_READERS)


def _problem(model: str, key: str, text: str) -> Problem:
    return Problem(file="configuration", line=None, key=f"models.{model}.{key}", text=text)


# ---------------------------------------------------------------------------------- OpenAI's documents


def chunk_json(*, identity: str, created: int, model: str, delta: Json, finish: str | None = None) -> Json:
    """Return one `chat.completion.chunk`."""
    choice: Json = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {"id": identity, "object": "chat.completion.chunk", "created": created, "model": model, "choices": [choice]}


def completion_json(
    deltas: Sequence[Json], *, identity: str, created: int, model: str, finish: str, usage: Usage
) -> Json:
    """Return the `chat.completion` that these deltas add up to."""
    text = "".join(str(d["content"]) for d in deltas if "content" in d)
    reasoning = "".join(str(d["reasoning_content"]) for d in deltas if "reasoning_content" in d)
    message: Json = {"role": "assistant", "content": text, "refusal": None}
    if reasoning:
        message["reasoning_content"] = reasoning
    calls: list[Json] = []
    for delta in deltas:
        for part in objects_in(delta.get("tool_calls")):
            _add_tool_part(calls, part)
    if calls:
        message["content"] = text or None
        message["tool_calls"] = [*calls]
    choice: Json = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return {
        "id": identity,
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [choice],
        "usage": usage_json(usage),
    }


def usage_json(usage: Usage) -> Json:
    """Return OpenAI's `usage` object."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _add_tool_part(calls: list[Json], part: Json) -> None:
    function = part.get("function")
    if not isinstance(function, dict):
        return
    if "id" in part:
        calls.append({"id": part["id"], "type": "function", "function": dict(function)})
        return
    whole = calls[-1]["function"]
    if isinstance(whole, dict):
        whole["arguments"] = f"{whole['arguments']}{function['arguments']}"
