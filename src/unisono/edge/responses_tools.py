"""Tools of the Responses API as functions of chat completions, and their calls back again.

A `custom` tool takes a bare text: it becomes a function with one field, its grammar told in words, and beside it stands
what it is natively (`customs` gives it to hosts that know it). Functions of a `namespace` get its name before theirs. A
`tool_search` that the caller runs is a function too; one that OpenAI would run is not needed, all tools are shown.
What only OpenAI can run is left out and told, or refused where the caller demands it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import orjson

from unisono.edge.form import blocks_of, refuse, text_of
from unisono.loose import as_list
from unisono.native import CUSTOM, CUSTOM_FIELD
from unisono.types import Json, JsonValue

Kind = Literal["function", "custom", "tool_search"]
HOSTED = frozenset(
    {
        "apply_patch",
        "code_interpreter",
        "computer",
        "computer_use_preview",
        "file_search",
        "image_generation",
        "local_shell",
        "mcp",
        "programmatic_tool_calling",
        "shell",
        "web_search",
        "web_search_2025_08_26",
        "web_search_preview",
        "web_search_preview_2025_03_11",
    }
)
"""What runs at OpenAI, or what only models trained for its form can call."""
SEARCH: Literal["tool_search"] = "tool_search"
OWN_SPACE = "functions"
"""The namespace that OpenAI's own models have for tools without one."""
MAX_NAME_CHARS = 64
_OF_FUNCTIONS = ("description", "parameters", "strict")
_SYNTAXES = {"lark": "this Lark grammar", "regex": "this regular expression"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What a name of a function in the chat is to the caller."""

    kind: Kind
    name: str
    namespace: str | None = None


class Tools:
    """The tools of one request."""

    def __init__(self) -> None:
        """Know none."""
        self._known: dict[str, Tool] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._offered: dict[str, Json] = {}
        self._left_out: list[str] = []

    @property
    def offered(self) -> list[JsonValue]:
        """The functions of the chat."""
        return [*self._offered.values()]

    @property
    def left_out(self) -> tuple[str, ...]:
        """Types of tools and items that nobody here can serve, each once."""
        return tuple(dict.fromkeys(self._left_out))

    def leave_out(self, kind: str) -> None:
        """Note what is left out."""
        self._left_out.append(kind)

    def offer(self, tools: JsonValue, *, where: str, namespace: str | None = None, about: str = "") -> None:
        """Take tools as the caller wrote them; a later one of the same name replaces the one before.

        Raises:
            RequestError: one is of no type that is known.
        """
        for place, tool in enumerate(blocks_of(tools, where=where)):
            at = f"{where}[{place}]"
            kind = tool.get("type")
            match kind:
                case "function" | "custom" as known:
                    self._offer(tool, kind=known, namespace=namespace, about=about if place == 0 else "", where=at)
                case "namespace":
                    name = text_of(tool, "name", where=at)
                    told = tool.get("description")
                    self.offer(
                        tool.get("tools"),
                        where=f"{at}.tools",
                        namespace=name,
                        about=f"{name}: {told}\n\n" if isinstance(told, str) and told.strip() else "",
                    )
                case "tool_search":
                    if tool.get("execution") == "client":
                        self._offer({**tool, "name": SEARCH}, kind=SEARCH, namespace=None, about="", where=at)
                case _ if kind in HOSTED:
                    self.leave_out(str(kind))
                case _:
                    raise refuse(f"tools of type {str(kind)[:40]!r} are not served here.", param=f"{at}.type")

    def _offer(self, tool: Json, *, kind: Kind, namespace: str | None, about: str, where: str) -> None:
        name = text_of(tool, "name", where=where)
        chat_name = self._named(name, namespace=namespace)
        function: Json = {"name": chat_name}
        function |= {key: tool[key] for key in _OF_FUNCTIONS if tool.get(key) is not None}
        if about:
            function["description"] = about + str(function.get("description") or "")
        made: Json = {"type": "function", "function": function}
        if kind == "custom":
            native: Json = {"name": chat_name}
            native |= {"description": function["description"]} if function.get("description") else {}
            made = {"type": "function", "function": _texting(function, tool.get("format")), CUSTOM: native}
            if format_ := _chat_format(tool.get("format")):
                native["format"] = format_
        self._known[chat_name] = Tool(kind=kind, name=name, namespace=namespace)
        self._offered[chat_name] = made

    def called(self, name: str, *, namespace: JsonValue) -> str:
        """Return a tool's name in the chat."""
        space = namespace if isinstance(namespace, str) and namespace != OWN_SPACE else ""
        return self._names.get((space, name)) or _chat_name(name, space=space)

    def _named(self, name: str, *, namespace: str | None) -> str:
        """Return the name that a tool gets in the chat; two never share one."""
        space = "" if namespace in (None, OWN_SPACE) else str(namespace)
        made = self.called(name, namespace=namespace)
        if (space, name) not in self._names and made in self._known:
            made = _marked(made, f"{space}\0{name}")
        self._names[space, name] = made
        return made

    def loaded(self, tools: JsonValue) -> str:
        """Return what a search for tools tells the model: their names, as the tools themselves stand beside it now."""
        names: list[JsonValue] = []
        for tool in as_list(tools):
            inner, space = (tool.get("tools"), tool.get("name")) if isinstance(tool, dict) else (None, None)
            ones = inner if isinstance(inner, list) else [tool]
            told = [one.get("name") for one in ones if isinstance(one, dict)]
            outer = space if isinstance(inner, list) else None
            names += [self.called(name, namespace=outer) for name in told if isinstance(name, str)]
        return orjson.dumps({"loaded": names}).decode()

    def of(self, chat_name: str) -> Tool:
        """Return what a call's name means; one that nobody offered is a function's."""
        return self._known.get(chat_name) or Tool(kind="function", name=chat_name)

    def choice(self, choice: str | Json) -> Json:
        """Return what a chat says of the choice of tools.

        Raises:
            RequestError: it demands what is not served here.
        """
        if isinstance(choice, str):
            if choice == "required" and not self._offered and self._left_out:
                raise refuse(f"demands a tool, and {self._left_out[0]!r} is not served here.", param="tool_choice")
            return {"tool_choice": choice} if self._offered or choice not in ("auto", "none") else {}
        kind = choice.get("type")
        if kind in ("function", "custom"):
            return {"tool_choice": _chosen(self._chosen(choice, where="tool_choice"))}
        if kind == "allowed_tools":
            return self._allowed(choice)
        raise refuse(
            f"tools of type {str(kind)[:40]!r} are not served here: it must be `auto`, `none`, `required`, a function "
            "or a custom tool.",
            param="tool_choice",
        )

    def _allowed(self, choice: Json) -> Json:
        """Offer some of the tools only: every host understands that."""
        kept: dict[str, Json] = {}
        for place, tool in enumerate(blocks_of(choice.get("tools"), where="tool_choice.tools")):
            if tool.get("type") in HOSTED:
                continue
            name = self._chosen(tool, where=f"tool_choice.tools[{place}]")
            if name in self._offered:
                kept[name] = self._offered[name]
        self._offered = kept
        return self.choice("required" if choice.get("mode") == "required" else "auto")

    def _chosen(self, choice: Json, *, where: str) -> str:
        return self.called(text_of(choice, "name", where=where), namespace=choice.get("namespace"))


def _chat_name(name: str, *, space: str) -> str:
    if not space:
        return name
    whole = f"{space}{name}" if space.endswith("__") else f"{space}__{name}"
    return whole if len(whole) <= MAX_NAME_CHARS else _marked(whole, whole)


def _marked(name: str, whole: str) -> str:
    """Return a name that ends with eight characters of a hash, so that it fits and is its own."""
    mark = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{name[: MAX_NAME_CHARS - 9]}_{mark}"


def _chosen(name: str) -> Json:
    return {"type": "function", "function": {"name": name}}


def _texting(function: Json, wanted: JsonValue) -> Json:
    """Return a function that takes a bare text in its one field."""
    field: Json = {"type": "string", "description": "The whole text, as it is: no JSON in it, no quotes around it."}
    schema: Json = {
        "type": "object",
        "properties": {CUSTOM_FIELD: field},
        "required": [CUSTOM_FIELD],
        "additionalProperties": False,
    }
    told = [str(function["description"])] if function.get("description") else []
    told.append(f"Call it as a function, with the whole text in its one field `{CUSTOM_FIELD}`.")
    grammar = wanted if isinstance(wanted, dict) and wanted.get("type") == "grammar" else {}
    syntax = str(grammar.get("syntax") or "")
    if isinstance(rules := grammar.get("definition"), str):
        told[-1] += f" The text must follow {_SYNTAXES.get(syntax, f'this {syntax} grammar')}:"
        told.append(rules)
    return {"name": function["name"], "description": "\n\n".join(told), "parameters": schema}


def _chat_format(wanted: JsonValue) -> Json | None:
    """Return a format as chat completions have it, where a grammar is one level deeper."""
    if not isinstance(wanted, dict):
        return None
    if wanted.get("type") != "grammar" or "grammar" in wanted:
        return wanted
    return {"type": "grammar", "grammar": {key: value for key, value in wanted.items() if key != "type"}}


def texting_call(name: str, text: str) -> Json:
    """Return a call of a custom tool as a function's."""
    return {"name": name, "arguments": orjson.dumps({CUSTOM_FIELD: text}).decode()}
