"""The OpenAPI document of the HTTP surface, made from what the edge checks bodies against, and `GET /openapi.json`.

It describes; it checks nothing. A test holds it against the list of routes, another sends what it allows and forbids.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from unisono import __version__
from unisono.edge.messages import CountBody, MessagesBody
from unisono.edge.parse import ChatBody
from unisono.edge.responses import ResponsesBody
from unisono.edge.wishes import WishesBody
from unisono.server.add import ModelBody
from unisono.server.embeddings import EmbeddingsBody
from unisono.server.facts import OrjsonResponse
from unisono.server.overview import BOUNDS
from unisono.server.policies import PolicyBody, PromoteBody, RollbackBody
from unisono.types import Json, JsonValue

_BODIES: tuple[type[msgspec.Struct], ...] = (
    ChatBody, ResponsesBody, MessagesBody, CountBody, EmbeddingsBody, ModelBody, WishesBody, PolicyBody, PromoteBody,
    RollbackBody,
)  # fmt: skip
_ASKING = (400, 401, 403, 404, 429, 500, 502, 503, 504)
_TELLING = (400, 401, 404)
_OPERATING = (*_TELLING, 403)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """One method at one path."""

    method: str
    path: str
    text: str
    body: str | None = None
    query: Json = field(default_factory=dict)
    answer: str = "Object"
    streams: bool = False
    is_open: bool = False
    errors: tuple[int, ...] = _TELLING


_LIMIT: Json = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}
_TEXT: Json = {"type": "string"}
_STAMP: Json = {"type": "string", "format": "date-time"}
_ROUTES = (
    _Route(
        method="post", path="/v1/chat/completions", text="Chat completions as OpenAI defines them.", body="ChatBody",
        answer="Completion", streams=True, errors=_ASKING,
    ),
    _Route(
        method="post", path="/v1/responses", text="OpenAI's Responses API, its stateless core.", body="ResponsesBody",
        answer="Response", streams=True, errors=_ASKING,
    ),
    _Route(
        method="post", path="/v1/messages", text="Anthropic's Messages API.", body="MessagesBody", answer="Message",
        streams=True, errors=_ASKING,
    ),
    _Route(
        method="post", path="/v1/messages/count_tokens", text="How many tokens a message would have, by estimate.",
        body="CountBody", answer="Count", errors=(*_TELLING, 403, 503),
    ),
    _Route(
        method="post", path="/v1/embeddings", text="Vectors from a configured model.", body="EmbeddingsBody",
        answer="List", errors=_ASKING,
    ),
    _Route(
        method="post", path="/v1/route", text="The decision that the same body would get; nothing is called.",
        body="ChatBody", answer="Decision", errors=(*_TELLING, 403, 429),
    ),
    _Route(method="get", path="/v1/models", text="The pool, and the modes of `auto`.", answer="List"),
    _Route(method="get", path="/v1/models/{name}", text="One of them."),
    _Route(
        method="get", path="/v1/decisions", text="The latest decisions, newest first.", answer="List",
        query={"limit": _LIMIT, "before": _TEXT, "model": _TEXT, "status": _TEXT, "key": _TEXT, "user": _TEXT,
               "since": _STAMP},
    ),
    _Route(method="get", path="/v1/decisions/{id}", text="Everything about one.", answer="Decision"),
    _Route(
        method="post", path="/v1/decisions/{id}/feedback", text="What a caller says of an answer.", body="Feedback",
    ),
    _Route(
        method="get", path="/v1/limits", text="What a key, and one of its users, has left.", answer="List",
        query={"user": _TEXT},
    ),
    _Route(method="get", path="/v1/sessions/{id}", text="Who has spoken in a conversation, and what it prefers."),
    _Route(method="put", path="/v1/sessions/{id}", text="Replaces what it prefers.", body="Preference"),
    _Route(method="delete", path="/v1/sessions/{id}", text="Forgets it."),
    _Route(
        method="get", path="/admin/incidents", text="What an operator must know of.", answer="List",
        query={"limit": _LIMIT}, errors=_OPERATING,
    ),
    _Route(
        method="post", path="/admin/models", text="Takes a hosted model into the pool.", body="ModelBody",
        errors=_OPERATING,
    ),
    _Route(
        method="get", path="/admin/models", text="The pool for operators: health, life, lineage.", answer="List",
        errors=_OPERATING,
    ),
    _Route(
        method="get", path="/admin/traffic", text="What went through in a period, and what was saved.",
        query={"hours": {"type": "number", "minimum": 0.1, "maximum": 2160, "default": 24}}, errors=_OPERATING,
    ),
    _Route(
        method="get", path="/admin/spending", text="What was spent in a period, by key, user, model or day.",
        query={"by": _TEXT, "since": _STAMP, "until": _STAMP, "key": _TEXT, "model": _TEXT}, errors=_OPERATING,
    ),
    _Route(
        method="get", path="/admin/plane", text="What is expected of each model, and of the router at several dials.",
        query={"last": _LIMIT}, errors=_OPERATING,
    ),
    _Route(
        method="get", path="/admin/bench", text="The latest decisions of auto, chosen again at another setting.",
        query={
            "last": _LIMIT,
            "dial": {"type": "number", "minimum": 0, "maximum": 1},
            **{name: {"type": "number", "minimum": 0, "maximum": 1e9} for name in BOUNDS},
        },
        errors=_OPERATING,
    ),
    _Route(
        method="get", path="/admin/keys", text="Which keys there are, and what each has left.", answer="List",
        errors=_OPERATING,
    ),
    _Route(
        method="get", path="/admin/policies", text="What decides, what did, and what happened.", answer="Policies",
        errors=_OPERATING,
    ),
    _Route(
        method="post", path="/admin/policies", text="Makes a policy of another one; it decides nothing yet.",
        body="PolicyBody", errors=_OPERATING,
    ),
    _Route(
        method="get", path="/admin/policies/{id}/diff", text="In what two policies differ.", query={"against": _TEXT},
        errors=_OPERATING,
    ),
    _Route(
        method="post", path="/admin/policies/{id}/promote", text="Puts a policy in force, if the gate lets it pass.",
        body="PromoteBody", errors=(*_OPERATING, 409),
    ),
    _Route(
        method="post", path="/admin/rollback", text="Ends a canary, else returns to the policy before.",
        body="RollbackBody", errors=(*_OPERATING, 409),
    ),
    _Route(method="get", path="/", text="Who answers here.", is_open=True, errors=()),
    _Route(method="get", path="/healthz", text="The process answers.", is_open=True, errors=()),
    _Route(method="get", path="/readyz", text="What is degraded."),
    _Route(method="get", path="/metrics", text="Metrics in Prometheus' text form.", answer="text/plain"),
    _Route(method="get", path="/openapi.json", text="This document.", is_open=True, errors=()),
)  # fmt: skip


async def openapi(http: HttpRequest) -> Response:
    """`GET /openapi.json`."""
    return OrjsonResponse(document())


def document() -> Json:
    """Return the OpenAPI document."""
    paths: dict[str, JsonValue] = {}
    for route in _ROUTES:
        at = paths.setdefault(route.path, {})
        assert isinstance(at, dict)  # noqa: S101 - made here
        at[route.method] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Unisono", "version": __version__, "description": "Many models, one voice."},
        "paths": paths,
        "components": {
            "schemas": {**_bodies(), **_answers()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"key": []}],
    }


def _operation(route: _Route) -> Json:
    operation: Json = {"summary": route.text, "responses": _responses(route)}
    inside = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    long: Json = {"type": "string", "minLength": 1, "maxLength": 200}
    parameters: list[JsonValue] = [{"name": name, "in": "path", "required": True, "schema": long} for name in inside]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in route.query.items()]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(route.body)}}}
    if route.is_open:
        operation["security"] = []
    return operation


def _responses(route: _Route) -> Json:
    if route.answer == "text/plain":
        content: Json = {"text/plain": {"schema": {"type": "string"}}}
    else:
        content = {"application/json": {"schema": _ref(route.answer)}}
    if route.streams:
        content["text/event-stream"] = {}  # each event's data is a JSON document, or `[DONE]`
    responses: Json = {"200": {"description": "As asked.", "content": content}}
    schema = _ref("MessagesError" if route.answer in ("Message", "Count") else "Error")
    for status in sorted(route.errors):
        told: Json = {"description": "See `error`.", "content": {"application/json": {"schema": schema}}}
        responses[str(status)] = told
    return responses


def _bodies() -> Json:
    """Return the schemas of the bodies, with the object `unisono` where it may stand."""
    _, found = msgspec.json.schema_components(_BODIES, ref_template="#/components/schemas/{name}")
    schemas: Json = dict(found)
    wishes = schemas["WishesBody"]
    assert isinstance(wishes, dict)  # noqa: S101 - made above
    for name in ("ChatBody", "ResponsesBody", "MessagesBody", "CountBody"):
        body = schemas[name]
        assert isinstance(body, dict)  # noqa: S101 - made above
        properties = body["properties"]
        assert isinstance(properties, dict)  # noqa: S101 - made above
        body["properties"] = {**properties, "unisono": _ref("WishesBody")}
    properties = wishes["properties"]
    assert isinstance(properties, dict)  # noqa: S101 - made above
    left_out = ("session", "explain", "retry_of", "how")
    kept = {name: schema for name, schema in properties.items() if name not in left_out}
    text: Json = {"type": "string"}
    forms: list[JsonValue] = [
        _object(score={"type": "number", "minimum": 0, "maximum": 1}),
        _object(preferred=text, over=text),
        _object(correct={"type": "boolean"}, source={"type": "string", "pattern": "^[a-z0-9_]{1,40}$"}),
        _object(reason={"type": "string", "pattern": "^[a-z0-9_]{1,40}$"}),
    ]
    schemas["Feedback"] = {"anyOf": forms}
    schemas["Preference"] = {**wishes, "title": "Preference", "properties": kept}
    return schemas


def _answers() -> Json:
    """Return the schemas of answers: what callers may rely on, open to more."""
    text: Json = {"type": "string"}
    error: Json = {
        "type": "object",
        "required": ["message", "type", "code"],
        "properties": {"message": text, "type": text, "code": {"type": ["string", "integer", "null"]}},
    }
    said: Json = {"type": "object"}
    return {
        "Object": said,
        "List": _object(data={"type": "array"}),
        "Policies": _object(live=text, policies={"type": "array"}, events={"type": "array"}),
        "Decision": _object(decision=text, ranking={"type": "array"}, reason=text),
        "Completion": _object(choices={"type": "array"}, model=text, unisono=said),
        "Response": _object(object={"const": "response"}, output={"type": "array"}, status=text, unisono=said),
        "Message": _object(type={"const": "message"}, content={"type": "array"}, usage=said, unisono=said),
        "Count": _object(input_tokens={"type": "integer", "minimum": 0}),
        "Error": _object(error=error),
        "MessagesError": _object(type={"const": "error"}, error=_object(type=text, message=text)),
    }


def _object(**members: JsonValue) -> Json:
    return {"type": "object", "required": list(members), "properties": members}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
