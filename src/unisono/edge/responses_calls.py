"""One call of a tool in an answer: what a chat says of it, piece by piece, as an item of the Responses API.

A custom tool's text comes as a function's field, or as the upstream's own custom call; the caller sees the text. It
sends no events: `responses_answer` does.
"""

from __future__ import annotations

import orjson

from unisono.edge.json_text import JsonText
from unisono.edge.responses_tools import Tools
from unisono.loose import as_object, inside
from unisono.native import CUSTOM_FIELD
from unisono.types import Json, JsonValue


class Call:
    """One call, from its first fragment on."""

    def __init__(self, given: JsonValue, *, place: int, tools: Tools) -> None:
        """Begin with the fragment that names the tool.

        Args:
            given: the fragment, or the whole call.
            place: of the call among those of its answer.
            tools: of the request.
        """
        identity = given.get("id") if isinstance(given, dict) else None
        name = inside(given, "function").get("name") or inside(given, "custom").get("name")
        self._tool = tools.of(name if isinstance(name, str) else "")
        self._id = identity if isinstance(identity, str) and identity else f"call_{place}"
        self._is_native = bool(inside(given, "custom"))
        self._field = JsonText(CUSTOM_FIELD)
        self._texts: list[str] = []

    @property
    def told(self) -> str | None:
        """What events tell how the call is written; None where none do."""
        return {"function": "function_call_arguments", "custom": "custom_tool_call_input"}.get(self._tool.kind)

    def take(self, given: JsonValue) -> str:
        """Take in a fragment; return what it adds to what the caller sees."""
        self._is_native |= bool(inside(given, "custom"))
        more = inside(given, "custom").get("input") if self._is_native else inside(given, "function").get("arguments")
        if not isinstance(more, str):
            return ""
        if self._tool.kind == "custom" and not self._is_native:
            return self._field.take(more)
        self._texts.append(more)
        return more

    def rest(self) -> str:
        """Return what the caller was not shown yet, once all is here."""
        whole = self._whole()
        said = "".join(self._texts) if self._is_native or self._tool.kind != "custom" else self._field.said
        return whole[len(said) :] if whole.startswith(said) else ""

    def item(self) -> Json:
        """Return the item as it begins."""
        return self._item("", status="in_progress")

    def done(self) -> Json:
        """Return the item whole."""
        return self._item(self._whole(), status="completed")

    def end(self) -> Json:
        """Return what the event says that ends the call's text."""
        if self._tool.kind == "custom":
            return {"input": self._whole()}
        return {"name": self._tool.name, "arguments": self._whole()}

    def _whole(self) -> str:
        return self._field.whole() if self._tool.kind == "custom" and not self._is_native else "".join(self._texts)

    def _item(self, text: str, *, status: str) -> Json:
        tool = self._tool
        head: Json = {"call_id": self._id, "status": status}
        space: Json = {} if tool.namespace is None else {"namespace": tool.namespace}
        match tool.kind:
            case "custom":
                own: Json = {"id": f"ctc_{self._id}", "type": "custom_tool_call", "name": tool.name, "input": text}
            case "tool_search":
                own = {"id": f"tsc_{self._id}", "type": "tool_search_call", "execution": "client"}
                own["arguments"] = _object(text)
            case "function":
                own = {"id": f"fc_{self._id}", "type": "function_call", "name": tool.name, "arguments": text}
        return {**own, **space, **head}


def _object(text: str) -> Json:
    try:
        return as_object(orjson.loads(text))
    except orjson.JSONDecodeError:
        return {}
