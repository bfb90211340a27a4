"""Has the answer the form that was ordered: JSON, its schema, a tool that exists with arguments that fit?

Of JSON Schema it reads `type`, `properties`, `required`, `enum`, `const`, `items`, `additionalProperties: false`,
`anyOf` and local `$ref`; any other keyword is taken as met, so that no right answer is turned down for a word that it
does not know.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from unisono.consistency.comparers import Ask
from unisono.loose import as_list, inside, objects_in
from unisono.types import Json, JsonValue, Seen, Verdict

BROKEN = 0.02
WELL_FORMED = 1.4
"""Odds of an answer without the ordered form, and of one with it; the second is `breakeven.VALID`'s quotient."""
MAX_DEPTH = 60
MAX_STEPS = 5_000
"""Parts of a schema that are looked at for one answer."""

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


class Form:
    """Checks JSON, schema and tool calls."""

    name = "form"

    async def weigh(self, seen: Seen, ask: Ask | None) -> Verdict | None:
        """See `protocols.Evidence.weigh`."""
        if seen.answer.tool_calls:
            fault = next(_tool_faults(seen), None)
        else:
            order = seen.body.get("response_format")
            if not isinstance(order, dict) or order.get("type") not in ("json_object", "json_schema"):
                return None
            fault = _text_fault(seen.answer.text, order)
        if fault is not None:
            return Verdict(evidence=self.name, odds=BROKEN, text=fault)
        return Verdict(evidence=self.name, odds=WELL_FORMED, text="it has the ordered form")


def fault_in(value: JsonValue, schema: JsonValue) -> str | None:
    """Return how a value breaks a JSON schema, or None. What takes over `MAX_STEPS` to find out is taken as met."""
    return _Walk(schema).fault_in(value, schema)


class _Walk:
    """One comparison: a schema that refers to itself in several alternatives would go on for ever."""

    def __init__(self, root: JsonValue) -> None:
        self._root = root
        self._n_steps = 0

    def fault_in(self, value: JsonValue, schema: JsonValue, *, depth: int = 0) -> str | None:
        self._n_steps += 1
        if not isinstance(schema, dict) or depth > MAX_DEPTH or self._n_steps > MAX_STEPS:
            return None
        if isinstance(ref := schema.get("$ref"), str):
            return self.fault_in(value, _referred(ref, self._root), depth=depth + 1)
        if isinstance(options := schema.get("anyOf"), list):
            faults = [self.fault_in(value, option, depth=depth + 1) for option in options]
            return None if not faults or None in faults else faults[0]
        if (fault := _scalar_fault(value, schema)) is not None:
            return fault
        if isinstance(value, dict):
            return next(self._object_faults(value, schema, depth), None)
        if isinstance(value, list):
            found = (self.fault_in(item, schema.get("items"), depth=depth + 1) for item in value)
            return next((fault for fault in found if fault is not None), None)
        return None

    def _object_faults(self, value: Json, schema: Json, depth: int) -> Iterator[str]:
        properties = inside(schema, "properties")
        for name in as_list(schema.get("required")):
            if name not in value:
                yield f"{name!r} is missing"
        for name, part in value.items():
            if name in properties:
                fault = self.fault_in(part, properties[name], depth=depth + 1)
                if fault is not None:
                    yield f"{name}: {fault}"
            elif schema.get("additionalProperties") is False:
                yield f"{name!r} is not foreseen"


def _scalar_fault(value: JsonValue, schema: Json) -> str | None:
    allowed = schema.get("enum")
    if isinstance(allowed, list) and value not in allowed:
        return "a value is none of the allowed ones"
    if "const" in schema and value != schema["const"]:
        return "a value is not the only one allowed"
    names = schema.get("type")
    wanted = names if isinstance(names, list) else [names]
    if names is not None and not any(_is(value, str(name)) for name in wanted):
        return f"a value is not of type {' or '.join(map(str, wanted))}"
    return None


def _is(value: JsonValue, name: str) -> bool:
    kind = _TYPES.get(name)
    if kind is None:
        return True
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, kind)


def _referred(ref: str, root: JsonValue) -> JsonValue:
    found = root
    if ref == "#":
        return root
    for step in ref.removeprefix("#/").split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _text_fault(text: str, order: Json) -> str | None:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return "it is no JSON"
    if not isinstance(value, dict) and order.get("type") == "json_object":
        return "it is no JSON object"
    wanted = order.get("json_schema")
    return fault_in(value, wanted.get("schema")) if isinstance(wanted, dict) else None


def _tool_faults(seen: Seen) -> Iterator[str]:
    tools = _tools(seen.body)
    for name, arguments in seen.answer.tool_calls:
        if name not in tools:
            yield f"it calls {name!r}, which is no tool here"
            continue
        try:
            value = orjson.loads(arguments or "{}")
        except orjson.JSONDecodeError:
            yield f"the arguments of {name!r} are no JSON"
            continue
        if (fault := fault_in(value, tools[name])) is not None:
            yield f"the arguments of {name!r}: {fault}"


def _tools(body: Json) -> dict[str, JsonValue]:
    """Return the schema of each tool's arguments, by name."""
    functions = [tool.get("function") for tool in objects_in(body.get("tools"))]
    functions += as_list(body.get("functions"))
    return {str(function.get("name")): function.get("parameters") for function in objects_in(functions)}
