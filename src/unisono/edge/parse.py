"""Body to Request: the raw JSON is kept whole, only what routing reads is checked.

It refuses what no upstream could read, and names the field; everything else is the upstream's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Annotated, Any, Protocol

import msgspec
import orjson
from xxhash import xxh3_128

from unisono.catalog import MODES, Catalog, is_reserved
from unisono.collector import calmly
from unisono.edge.agents import session_of
from unisono.edge.wishes import HOWS, read_wishes
from unisono.errors import ModelNotFound, RequestError
from unisono.native import MARK, only_anthropics
from unisono.spoken import silent
from unisono.types import Capability, Json, JsonValue, Message, Mode, Request, Wishes

CHAT_ID_HEADERS = ("x-openwebui-chat-id", "thread-id", "session_id")
"""Of Open WebUI, of Codex, and of Codex before 2026."""
USER_ID_HEADERS = ("x-openwebui-user-id",)
"""Headers by which clients name the conversation and the person."""

BETA_HEADER = "anthropic-beta"
_BETA = re.compile(r"[A-Za-z0-9._-]{1,100}")

DERIVED = "s_"
"""How the id of a conversation begins that nobody has named."""

_PART_NEEDS = {
    "image_url": Capability.VISION,
    "image": Capability.VISION,
    "input_audio": Capability.AUDIO,
    "file": Capability.FILES,
    "document": Capability.FILES,
}


_NO_NEEDS: frozenset[Capability] = frozenset()
_NO_PARTS: frozenset[str] = frozenset()
MAX_DEPTH = 250
"""Of nested arrays and objects; the JSON writer ends at 254."""
MAX_NODES = 200_000
"""Arrays and objects: three bytes of a body become two hundred of memory, as long as its answer takes."""
FEW_NODES = 24
MANY_PARTS = 1000
"""Of one array or object: a body that has more is not walked to see whether it is small."""
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""How gzip and zstd begin."""
SHORT_BYTES = 32 * 1024
"""A body up to here is written in less time than it takes to see that it is small."""
MAX_NAME_CHARS = 256
MOST_CHOICES = 1_000_000
MAX_MESSAGES = 10_000
MAX_TOOLS = 1_000
"""What routing reads is bounded besides the body's bytes, so that a small body cannot ask for much work."""


class ChatMessage(msgspec.Struct):
    """What routing reads of one message."""

    role: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None


class ChatBody(msgspec.Struct):
    """What routing reads of a chat request."""

    model: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME_CHARS)]
    messages: Annotated[list[ChatMessage], msgspec.Meta(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool | None = False
    stream_options: dict[str, Any] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    tools: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=MAX_TOOLS)] | None = None
    functions: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=MAX_TOOLS)] | None = None
    response_format: dict[str, Any] | None = None
    n: Any = None
    modalities: Any = None
    web_search_options: Any = None
    user: Annotated[str, msgspec.Meta(max_length=MAX_NAME_CHARS)] | None = None


def load_body(raw: bytes) -> Json:
    """Return the JSON object in a body.

    Raises:
        RequestError: it is no JSON, nested too deeply, no object, or holds too many parts.
    """
    return calmly(_loaded, raw)


def _loaded(raw: bytes) -> Json:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as exc:
        if "depth" in str(exc) or "recursion" in str(exc).lower():
            raise _too_deep() from exc
        todo = "Send it uncompressed." if raw.startswith(_COMPRESSED) else "Send a JSON object."
        raise RequestError(f"The body is not JSON: {exc}. {todo}") from exc
    if not isinstance(body, dict):
        raise RequestError("The body must be a JSON object.")
    if len(raw) > SHORT_BYTES and _is_small(body):
        return body
    if len(raw) > 3 * MAX_NODES and raw.count(b"[") + raw.count(b"{") > MAX_NODES and _is_crowded(body):
        del body  # before the collector looks at all of it
        raise RequestError(f"The body holds too many arrays and objects; at most {MAX_NODES} are read.")
    try:
        orjson.dumps([[[[body]]]])  # what cannot be written again cannot be sent on; a translation adds levels
    except TypeError as exc:
        raise _too_deep() from exc
    return body


def _is_small(body: Json) -> bool:
    """Say whether a body has so few arrays and objects that it cannot be deep: most have, however long their text."""
    todo: list[Json | list[JsonValue]] = [body]
    for _ in range(FEW_NODES):
        if not todo:
            return True
        node = todo.pop()
        if len(node) > MANY_PARTS:
            return False
        todo += [part for part in (node.values() if isinstance(node, dict) else node) if isinstance(part, (dict, list))]
    return False


def _is_crowded(body: Json) -> bool:
    """Say whether a body holds more than `MAX_NODES` arrays and objects; marks alone may stand in its text."""
    todo: list[Json | list[JsonValue]] = [body]
    n_left = MAX_NODES
    while todo:
        node = todo.pop()
        parts = node.values() if isinstance(node, dict) else node
        some = list(islice((part for part in parts if isinstance(part, (dict, list))), n_left))
        n_left -= len(some)
        if n_left <= 0:
            return True
        todo += some
    return False


def _too_deep() -> RequestError:
    return RequestError(f"The body is nested too deeply; at most {MAX_DEPTH} levels are read.")


def parse(
    raw: bytes,
    headers: Mapping[str, str],
    *,
    catalog: Catalog,
    request_id: str,
    now: datetime,
    key: str = "anonymous",
    seed: int = 0,
) -> Request:
    """Read a chat request.

    Args:
        raw: the body as it came in.
        headers: lower-case names to values.
        catalog: the models that a caller may name.
        request_id: the id that the request gets (UUIDv7).
        now: aware UTC.
        key: who calls, as the edge has authenticated it.
        seed: of a conversation's hash; who does not know it can make up no first message of another's hash.

    Raises:
        RequestError: the field in `param` is missing or of the wrong type.
        ModelNotFound: `model` names nothing here.
    """
    body = load_body(raw)
    try:
        read = msgspec.convert(body, ChatBody)
    except msgspec.ValidationError as exc:
        raise wrong_field(str(exc)) from exc
    wishes = read_wishes(body.pop("unisono", None), headers, catalog=catalog, today=now.date())
    mode, pin = _target(read.model, catalog, now=now)
    if wishes.how is not None and wishes.how not in HOWS:
        mode, pin = None, wishes.how  # "again, with this model"
    messages = tuple([_message(m) for m in read.messages])
    user = read.user or _first(headers, USER_ID_HEADERS)
    if user is not None and "\0" in user:  # it would read as the beginning of another user's conversation
        raise RequestError("`user` holds a zero character.", param="user")
    return Request(
        id=request_id,
        received=now,
        body=body,
        model=read.model,
        mode=mode,
        pin=pin,
        messages=messages,
        stream=bool(read.stream),
        needs=_needs(read, body, messages),
        max_output_tokens=read.max_completion_tokens or read.max_tokens,
        n_choices=1 if read.n is None else _n_choices(read.n),
        wishes=wishes,
        session=_session(wishes, headers, messages, key=key, user=user, agent=session_of(headers, body), seed=seed),
        key=key,
        user=user,
        betas=_betas(headers),
    )


def wants_usage(request: Request) -> bool:
    """Say whether the caller asked for the usage chunk of a stream."""
    options = request.body.get("stream_options")
    return isinstance(options, dict) and bool(options.get("include_usage"))


def wrong_field(text: str) -> RequestError:
    """Turn msgspec's message, which ends in "- at `$.messages[0].role`", into ours."""
    what, _, place = text.partition(" - at `$")
    param = place.strip("`.") or None
    if param is None and "required field" in what:
        param = what.rpartition("field `")[2].rstrip("`") or None
    hint = " Send at least one message." if param == "messages" and "<=" not in what else ""
    where = f"`{param}`: " if param else ""
    return RequestError(f"{where}{what}.{hint}", param=param)


def _target(name: str, catalog: Catalog, *, now: datetime) -> tuple[Mode | None, str | None]:
    if name == "auto":
        return Mode.BALANCED, None
    if name in MODES:
        return Mode(name.partition(":")[2]), None
    if is_reserved(name):
        raise ModelNotFound(name, nearest=MODES)
    return None, catalog.resolve(name, today=now.date()).name


def _n_choices(given: object) -> int:
    """Return how many answers are asked for; some upstreams take `3.0` and `"3"` for 3."""
    try:
        n = int(given) if isinstance(given, (int, float, str)) else 1
    except ValueError:
        return 1
    return min(max(n, 1), MOST_CHOICES)


def _message(message: ChatMessage) -> Message:
    content = message.content
    if isinstance(content, list):
        texts = [part["text"] for part in content if isinstance(part.get("text"), str)]
        text = "\n".join(texts)
        parts = frozenset(kind for part in content if isinstance(kind := part.get("type"), str))
    else:
        text, parts = content or "", _NO_PARTS
    calls = message.tool_calls
    return Message(role=message.role, text=text, parts=parts, n_tool_calls=len(calls) if calls else 0)


def _needs(read: ChatBody, body: Json, messages: tuple[Message, ...]) -> frozenset[Capability]:
    needs = set()
    calls_tools = bool(read.tools or read.functions)
    if (read.tools or MARK in body) and only_anthropics(body, messages):
        needs.add(Capability.ANTHROPIC)
    for message in messages:
        if message.parts:
            needs |= {_PART_NEEDS[part] for part in message.parts if part in _PART_NEEDS}
        if message.role == "tool" or message.n_tool_calls:
            calls_tools = True
    if calls_tools:
        needs.add(Capability.TOOLS)
    if read.response_format is not None and read.response_format.get("type") in ("json_object", "json_schema"):
        needs.add(Capability.JSON)
    if isinstance(read.modalities, list) and "audio" in read.modalities:
        needs.add(Capability.AUDIO)
    if read.web_search_options is not None:
        needs.add(Capability.SEARCH)
    return frozenset(needs) if needs else _NO_NEEDS


def _betas(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a client of Anthropic's API names in its header; a name that is none is left out."""
    named = headers.get(BETA_HEADER)
    return () if named is None else tuple(beta for part in named.split(",") if _BETA.fullmatch(beta := part.strip()))


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    for name in names:
        if said := headers.get(name):
            if len(said) > MAX_NAME_CHARS:
                raise RequestError(f"The header `{name}` is longer than {MAX_NAME_CHARS} characters.", param=name)
            return said
    return None


def _session(
    wishes: Wishes,
    headers: Mapping[str, str],
    messages: tuple[Message, ...],
    *,
    key: str,
    user: str | None,
    agent: str,
    seed: int,
) -> str:
    """Return the conversation's id: the caller's, the front end's, or a hash of who began it, in which session of his
    agent, and how."""
    named = wishes.session or _first(headers, CHAT_ID_HEADERS)
    if named:
        return named
    digest = xxh3_128(
        seed=seed
    )  # a hundredth of SHA-1's time, which counts for long prompts; conversations of keys are apart
    _begin(digest, messages, key=key, user=user)
    if agent:
        digest.update(agent.encode("utf-8", "surrogatepass"))
    return f"{DERIVED}{digest.hexdigest()[:20]}"


def session_before(request: Request) -> str:
    """Return the id that a conversation nobody has named has in records from before 27 November 2026."""
    digest = blake2b(digest_size=10)
    _begin(digest, request.messages, key=request.key, user=request.user)
    return f"{DERIVED}{digest.hexdigest()}"


class _Digest(Protocol):
    def update(self, data: bytes, /) -> object: ...


def _begin(digest: _Digest, messages: tuple[Message, ...], *, key: str, user: str | None) -> None:
    """Take in who began a conversation and how: what tells it from others.

    A turn in which an agent sets itself up is the same in all of its sessions, so the user's first own one counts.
    """
    digest.update(f"{key}\0{user or ''}".encode("utf-8", "surrogatepass"))
    for message in messages:
        digest.update(f"\0{message.role}\0".encode("utf-8", "surrogatepass"))
        digest.update(message.text.encode("utf-8", "surrogatepass"))
        if message.role == "user" and not silent(message.text):
            break
