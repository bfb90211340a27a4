"""`POST /admin/models`: one more hosted model in the pool, written into the configuration's file.

It asks the model nothing: `unisono models add` probes one before it serves. It replaces and retires nothing, starts no
program, and reads no secret but those that the operator named for it: variables that begin with `UNISONO_`, and those
that the file sends to the same address already.
"""

from __future__ import annotations

import asyncio
import tomllib
from typing import Annotated, Any, Literal

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from unisono.compose import Live
from unisono.config.edit import Draft, model_text, opened, with_model_text
from unisono.edge.parse import load_body
from unisono.errors import NotAllowed, RequestError, UnisonoError
from unisono.server.facts import OrjsonResponse
from unisono.server.reply import read_body
from unisono.types import Role

MAX_BODY_BYTES = 16_384
PREFIX = "UNISONO_"
"""Environment variables whose name begins so may be named over HTTP."""

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Price = Annotated[float, msgspec.Meta(ge=0, le=1e6)]


class ModelBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """The keys of `[[models]]` that may be set from afar."""

    name: _Name
    upstream: Literal["openai", "anthropic"]
    base_url: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    upstream_model: _Name | None = None
    api_key: Annotated[str, msgspec.Meta(pattern="^env:[A-Za-z_][A-Za-z0-9_]{0,99}$")] | None = None
    role: Role = Role.FAST
    context_tokens: Annotated[int, msgspec.Meta(ge=256, le=100_000_000)] | None = None
    usd_per_mtok_in: _Price | None = None
    usd_per_mtok_out: _Price | None = None


class AddEndpoint:
    """Takes a model into the pool."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live
        self._turn = asyncio.Lock()

    async def add(self, http: HttpRequest) -> Response:
        """`POST /admin/models`: the file is written and in force when this answers, or neither."""
        given = load_body(await read_body(http.receive, max_bytes=MAX_BODY_BYTES))
        try:
            body = msgspec.convert(given, ModelBody)
        except msgspec.ValidationError as exc:
            raise RequestError(f"The model is wrong: {exc}.") from exc
        if self._live.config.file is None:
            raise RequestError("This server was started without a file; a model cannot be written into it.")
        async with self._turn:
            draft = await asyncio.to_thread(opened, self._live.config.file)
            _may_be_read(body, draft.before)
            await self._put_in_force(with_model_text(draft, model_text(msgspec.to_builtins(body))))
        return OrjsonResponse({"object": "model", "model": body.name, "file": draft.file.name})

    async def _put_in_force(self, draft: Draft) -> None:
        """Write the file and serve by it; where that fails the old text is put back.

        Raises:
            UnisonoError: the new text holds mistakes, or a server cannot serve by it.
        """
        try:
            config = await asyncio.to_thread(draft.put_in_place)
        except UnisonoError as error:
            raise RequestError(f"The configuration would be broken, and nothing was written: {error}") from error
        try:
            await self._live.reload(config)
        except UnisonoError:
            back = Draft(draft.file, draft.after, draft.before)
            await asyncio.to_thread(back.put_in_place)
            raise


def _may_be_read(body: ModelBody, file: str) -> None:
    """Refuse variables that the operator did not mean for this: whoever names an address could have them sent there.

    Raises:
        NotAllowed: it is such a one.
    """
    if body.api_key is None:
        return
    name, asked = body.api_key.removeprefix("env:"), (body.api_key, body.upstream, body.base_url)
    sent = {(table.get("api_key"), table.get("upstream"), table.get("base_url")) for table in _models(file)}
    if not (name.startswith(PREFIX) or asked in sent):
        raise NotAllowed(
            f"Over HTTP a model's key may come from a variable that begins with {PREFIX} or that the file sends to the"
            f" same address already, not from {name}: write it into the file yourself, or use `unisono models add`."
        )


def _models(file: str) -> list[dict[str, Any]]:
    tables = tomllib.loads(file).get("models", [])
    return [table for table in tables if isinstance(table, dict)]
