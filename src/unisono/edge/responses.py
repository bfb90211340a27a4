"""OpenAI's Responses API at the edge, its stateless core: a request of it becomes a chat request.

Nothing is kept between two requests: what would need that (`previous_response_id`, `conversation`, `background`,
references to items) is refused. What a caller offers and nobody here can serve is left out and told (`left_out`). Items
are `responses_items.py`'s, tools `responses_tools.py`'s, answers `responses_answer.py`'s.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from unisono.edge.form import read_as, refuse
from unisono.edge.responses_answer import ResponsesAnswer
from unisono.edge.responses_items import Conversation
from unisono.edge.responses_tools import Tools
from unisono.native import RESPONSES
from unisono.types import Json

_STATEFUL = ("previous_response_id", "conversation", "prompt")
_SAME = (
    "frequency_penalty", "presence_penalty", "prompt_cache_key", "safety_identifier", "seed",
    "service_tier", "stop", "temperature", "top_logprobs", "top_p", "user",
)  # fmt: skip
"""What both APIs call by the same name; `metadata` are labels of what is stored, and chat completions refuse others."""
_HELD = "message.output_text.logprobs"
_IGNORED = ("context_management", "truncation")
"""What a host would do to a conversation that is too long."""


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
    parallel_tool_calls: bool | None = None
    top_logprobs: int | None = None
    include: list[str] | None = None


class ResponsesForm(ResponsesAnswer):
    """One request of the Responses API."""

    def chat(self, body: Json) -> Json:
        """See `form.Form`."""
        read = read_as(body, ResponsesBody)
        _refuse_stateful(body)
        self.asked = body
        tools = self.tools
        if read.tools:
            tools.offer(body.get("tools"), where="tools")
        conversation = Conversation(tools)
        if read.instructions:
            conversation.say("system", read.instructions)
        if isinstance(read.input, str):
            conversation.say("user", read.input)
        else:
            conversation.add(read.input)
        chat: Json = {"model": read.model, "messages": conversation.messages(), RESPONSES: True}
        chat |= {key: body[key] for key in _SAME if body.get(key) is not None}
        chat |= _limits(read) | _tools(read, tools) | _text(read.text or {})
        self.shortens = conversation.shortens
        if self.shortens:
            chat = {key: value for key, value in chat.items() if key != "response_format"}
            chat |= {"tool_choice": "none"} if tools.offered else {}  # they stay: the provider holds the beginning
        if isinstance(effort := (read.reasoning or {}).get("effort"), str):
            chat["reasoning_effort"] = effort
        if "unisono" in body:
            chat["unisono"] = body["unisono"]
        ignored = [key for key in _IGNORED if body.get(key) not in (None, "disabled")]
        self.left_out = (*tools.left_out, *ignored)
        return chat


def _refuse_stateful(body: Json) -> None:
    for key in _STATEFUL:
        if body.get(key) is not None:
            raise refuse("nothing is kept between requests here; send the whole conversation.", param=key)
    if body.get("background"):
        raise refuse("answers are given at once here; take it out.", param="background")


def _limits(read: ResponsesBody) -> Json:
    chat: Json = {}
    if read.max_output_tokens is not None:
        chat["max_completion_tokens"] = read.max_output_tokens
    if read.stream:
        chat |= {"stream": True, "stream_options": {"include_usage": True}}
    if read.top_logprobs is not None or _HELD in (read.include or ()):
        chat["logprobs"] = True
    return chat


def _tools(read: ResponsesBody, tools: Tools) -> Json:
    chat = {} if read.tool_choice is None else tools.choice(read.tool_choice)
    if not tools.offered:
        return chat  # whether several may be called at once is refused by hosts where there is none
    several: Json = {} if read.parallel_tool_calls is None else {"parallel_tool_calls": read.parallel_tool_calls}
    return {**chat, **several, "tools": tools.offered}


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
