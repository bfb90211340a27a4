"""What another API's edge makes of one request: a chat request of its body, and its own form of the answer.

Each form is a file beside this one. The request itself takes the one road of chat completions; a form decides nothing.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec
import orjson

from unisono.edge.parse import wrong_field
from unisono.errors import RequestError
from unisono.loose import as_object, inside, objects_in
from unisono.types import Json, JsonValue

MIXED = (
    "The upstream mixed the fragments of several tool calls, which this form cannot say. The answer is not complete."
)
S = TypeVar("S", bound=msgspec.Struct)


class Form(Protocol):
    """One request of another API. Made anew for each request.

    Attributes:
        left_out: what the caller offered or sent and no model here can use, by its name; known once `chat` was called.
    """

    left_out: tuple[str, ...]

    def chat(self, body: Json) -> Json:
        """Return the request as a body of chat completions.

        Raises:
            RequestError: it is wrong, or asks for what is not served here; names the field.
        """

    def answer(self, document: Json) -> Json:
        """Return a whole `chat.completion` in this API's form."""

    def error(self, document: Json, *, status: int) -> Json:
        """Return an error body of ours in this API's form."""

    def chunk(self, document: Json) -> list[bytes]:
        """Return the stream events that one `chat.completion.chunk` makes."""

    def broken(self, document: Json) -> list[bytes]:
        """Return the stream events that tell of an error after the stream began."""

    def end(self) -> list[bytes]:
        """Return the stream events that end an answer."""


def read_as(body: Json, struct: type[S]) -> S:
    """Check a body against what a form reads of it.

    Raises:
        RequestError: a field is missing or of the wrong type; names it.
    """
    try:
        return msgspec.convert(body, struct)
    except msgspec.ValidationError as exc:
        raise wrong_field(str(exc)) from exc


def event(name: str, data: Json) -> bytes:
    """Return a stream event that has a name."""
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


def refuse(what: str, *, param: str) -> RequestError:
    """Build the error for a field that cannot be served."""
    return RequestError(f"`{param}`: {what}", param=param)


def text_of(block: Json, key: str, *, where: str) -> str:
    """Return a text member of a block.

    Raises:
        RequestError: it is missing or no text.
    """
    value = block.get(key)
    if not isinstance(value, str):
        raise refuse("must be a text.", param=f"{where}.{key}")
    return value


def blocks_of(value: JsonValue, *, where: str) -> list[Json]:
    """Return a list of objects.

    Raises:
        RequestError: it is something else.
    """
    if not isinstance(value, list):
        raise refuse("must be a list of objects.", param=where)
    found: list[Json] = []
    for place, item in enumerate(value):
        if not isinstance(item, dict):
            raise refuse("must be an object.", param=f"{where}[{place}]")
        found.append(item)
    return found


def whole(value: JsonValue) -> int:
    """Return a count, 0 where there is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def identity(document: Json) -> str:
    """Return what makes an answer's ids its own: its decision's id, for upstreams repeat theirs or give none."""
    decision = inside(document, "unisono").get("decision")
    given = decision if isinstance(decision, str) else document.get("id")
    return given if isinstance(given, str) and given else "unisono"


def first_choice(document: Json) -> Json:
    """Return the first choice of a completion or a chunk; empty where there is none."""
    choices = document.get("choices")
    return as_object(choices[0]) if isinstance(choices, list) and choices else {}


def said(content: JsonValue) -> str:
    """Return the text of a content: itself, or those of its parts, as Mistral's reasoning models answer."""
    if isinstance(content, str):
        return content
    return "".join(text for part in objects_in(content) if isinstance(text := part.get("text"), str))


def thought(message: Json) -> str:
    """Return what a message or a delta shows of its model's thinking, under whichever name its host has for it."""
    for key in ("reasoning_content", "reasoning"):
        if isinstance(text := message.get(key), str) and text:
            return text
    return "".join(said(part.get("thinking")) for part in objects_in(message.get("content")))


_SEAL = "unisono:"


def seal_of(document: Json) -> str:
    """Return our seal for what a model thought and its provider did not sign.

    It comes back with the thinking, and says to which model alone this may go.
    """
    return f"{_SEAL}{inside(document, 'unisono').get('model') or ''}"


def thinker(seal: JsonValue) -> str | None:
    """Return the model that a seal of ours names, None for a provider's own; empty where nobody is known."""
    if not isinstance(seal, str) or not seal:
        return ""
    return seal.removeprefix(_SEAL) if seal.startswith(_SEAL) else None
