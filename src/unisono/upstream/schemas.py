"""JSON Schemas of OpenAI's callers in the words of Anthropic's structured outputs, which know fewer.

A word that bounds a value (`minimum`, `pattern`, …) moves into the description, where the model reads it and nothing
enforces it; an object is closed. What changes the shape of an answer and cannot be said there (an open map, a schema
that holds itself) makes the whole schema unsayable: who asks must then promise less, or in another way.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from unisono.loose import as_list, as_object
from unisono.types import Json, JsonValue

MAX_STRICT_TOOLS = 20
MAX_OPTIONAL = 24
MAX_UNIONS = 16
"""How much the API constrains in one request: strict tools, optional members and members of several types in all."""

_MAX_DEPTH = 40
_FORMATS = frozenset(["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"])
_AS_THEY_ARE = ("type", "enum", "const", "title", "description", "default")
_SAID = frozenset({*_AS_THEY_ARE, "anyOf", "oneOf", "allOf", "properties", "required", "items"})
_NOTHING = frozenset({"$schema", "$id", "$comment", "$defs", "definitions", "additionalProperties", "strict"})
_SHAPING = frozenset(
    [
        "patternProperties",
        "propertyNames",
        "unevaluatedProperties",
        "dependentSchemas",
        "dependentRequired",
        "prefixItems",
        "contains",
        "not",
        "if",
        "then",
        "else",
        "$dynamicRef",
        "$recursiveRef",
    ]
)
_TYPES = ("type", "enum", "const", "anyOf", "oneOf", "allOf")


class _Unsayable(Exception):
    """The API has no words for it."""


def sayable(schema: JsonValue) -> Json | None:
    """Return a schema in the API's words; None where it has none."""
    try:
        return None if not isinstance(schema, dict) or _holds_itself(schema) else _said(schema, _MAX_DEPTH)
    except _Unsayable:
        return None


def constrains_too_much(schemas: Iterable[Json]) -> bool:
    """Say whether strict tools with these schemas are more than one request may have."""
    given = list(schemas)
    parts = [part for schema in given for part in _parts(schema)]
    n_optional = sum(len(as_object(part.get("properties"))) - len(as_list(part.get("required"))) for part in parts)
    n_unions = sum("anyOf" in part or isinstance(part.get("type"), list) for part in parts)
    return len(given) > MAX_STRICT_TOOLS or n_optional > MAX_OPTIONAL or n_unions > MAX_UNIONS


def _said(schema: JsonValue, depth: int) -> Json:
    if not isinstance(schema, dict) or depth == 0:
        raise _Unsayable
    defs: Json = {key: _each(schema[key], depth) for key in ("$defs", "definitions") if key in schema}
    alone = schema.get("allOf")
    if isinstance(alone, list) and len(alone) == 1 and isinstance(alone[0], dict):
        schema = {**alone[0], **{key: value for key, value in schema.items() if key != "allOf"}}
    if not _SHAPING.isdisjoint(schema):
        raise _Unsayable
    if "$ref" in schema:
        return {"$ref": schema["$ref"], **defs}
    if not any(key in schema for key in _TYPES):
        raise _Unsayable
    made: Json = {key: schema[key] for key in _AS_THEY_ARE if key in schema}
    if any(isinstance(value, (dict, list)) for value in (*as_list(schema.get("enum")), schema.get("const"))):
        raise _Unsayable
    made |= {**_choices(schema, depth), **_closed(schema, depth), **_items(schema, depth)}
    return {**made, **_bounds(schema, made), **defs}


def _each(schemas: JsonValue, depth: int) -> Json:
    return {name: _said(inner, depth - 1) for name, inner in as_object(schemas).items()}


def _choices(schema: Json, depth: int) -> Json:
    made: Json = {}
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            made["allOf" if key == "allOf" else "anyOf"] = [_said(inner, depth - 1) for inner in as_list(schema[key])]
    if any("$ref" in inner for inner in as_list(made.get("allOf")) if isinstance(inner, dict)):
        raise _Unsayable
    return made


def _items(schema: Json, depth: int) -> Json:
    if not _is(schema, "array") and "items" not in schema:
        return {}
    return {"items": _said(schema.get("items"), depth - 1)}


def _closed(schema: Json, depth: int) -> Json:
    """Return the members of an object, and that it has no others."""
    if not _is(schema, "object") and "properties" not in schema:
        return {}
    if not isinstance(properties := schema.get("properties"), dict):
        raise _Unsayable
    if isinstance(schema.get("additionalProperties"), dict):
        raise _Unsayable
    made: Json = {"properties": _each(properties, depth)}
    if "required" in schema:
        made["required"] = schema["required"]
    return {**made, "additionalProperties": False}


def _bounds(schema: Json, made: Json) -> Json:
    """Return what the API enforces of the bounds, and a description that tells the others."""
    kept: Json = {}
    told: dict[str, JsonValue] = {}
    for key, value in schema.items():
        if key in _SAID or key in _NOTHING:
            continue
        if (key == "format" and isinstance(value, str) and value in _FORMATS) or (
            key == "minItems" and value in (0, 1)
        ):
            kept[key] = value
        else:
            told[key] = value
    if told:
        words = ", ".join(f"{key}: {orjson.dumps(value).decode()}" for key, value in told.items())
        given = made.get("description")
        kept["description"] = f"{given}\n\n{{{words}}}" if isinstance(given, str) and given else f"{{{words}}}"
    return kept


def _holds_itself(root: Json) -> bool:
    """Say whether a schema refers to itself, or to what is not in it."""
    known = {
        f"#/{key}/{name}": inner for key in ("$defs", "definitions") for name, inner in as_object(root.get(key)).items()
    }
    to = {pointer: {ref for part in _parts(inner) for ref in _refs(part)} for pointer, inner in known.items()}
    if any(ref not in known for part in _parts(root) for ref in _refs(part)):
        return True
    while leaves := [pointer for pointer, refs in to.items() if not refs & to.keys()]:
        for pointer in leaves:
            del to[pointer]
    return bool(to)


def _parts(schema: JsonValue, depth: int = _MAX_DEPTH) -> list[Json]:
    """Return a schema and all that are inside it."""
    if not isinstance(schema, dict) or depth == 0:
        return []
    inside: list[JsonValue] = [schema.get("items")]
    for key in ("anyOf", "oneOf", "allOf"):
        inside += as_list(schema.get(key))
    for key in ("properties", "$defs", "definitions"):
        inside += as_object(schema.get(key)).values()
    return [schema, *(part for inner in inside for part in _parts(inner, depth - 1))]


def _refs(part: Json) -> list[str]:
    return [str(part["$ref"])] if "$ref" in part else []


def _is(schema: Json, kind: str) -> bool:
    told = schema.get("type")
    return told == kind or (isinstance(told, list) and kind in told)
