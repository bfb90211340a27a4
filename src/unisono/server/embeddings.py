"""`POST /v1/embeddings`: passed to a configured model, within the caller's scope and limits.

Nothing is decided, and nothing goes into the record of decisions; tokens and money count towards the limits.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from time import perf_counter
from typing import Annotated

import msgspec
from starlette.types import Receive, Scope, Send

from unisono.catalog.names import nearest
from unisono.compose import Live
from unisono.edge.answer import header_text
from unisono.edge.form import read_as, whole
from unisono.edge.parse import MAX_NAME_CHARS, load_body
from unisono.edge.scope import may_use
from unisono.errors import LimitReached, ModelNotFound, NotAllowed, UnisonoError, UpstreamError
from unisono.loose import inside
from unisono.server.auth import admit
from unisono.server.reply import LESS_OR_RAISE, ClientGone, headers_in, read_body, send_error, send_json
from unisono.types import EmbeddingModel, Grant, Json, Spent
from unisono.understand.tokens import count_text
from unisono.upstream.openai import MOST_TOKENS

log = logging.getLogger("unisono")


class EmbeddingsBody(msgspec.Struct):
    """What is read of a request for vectors; the rest passes."""

    model: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME_CHARS)]
    input: str | list[str | int | list[int]]
    user: Annotated[str, msgspec.Meta(max_length=MAX_NAME_CHARS)] | None = None


class EmbeddingsEndpoint:
    """Vectors."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        live = self._live
        try:
            grant = admit(live, scope, headers_in(scope))
            body = load_body(await read_body(receive, max_bytes=live.config.server.max_body_bytes, todo=LESS_OR_RAISE))
            body.pop("unisono", None)
            document = await self._embed(grant, body)
        except ClientGone:
            return
        except UnisonoError as error:
            await send_error(send, error)
            return
        await send_json(send, document, headers=[(b"x-unisono-model", header_text(str(document["model"])))])

    async def _embed(self, grant: Grant, body: Json) -> Json:
        read = read_as(body, EmbeddingsBody)
        live = self._live
        model = self._model(read.model, grant)
        began_s = perf_counter()
        now = datetime.now(UTC)
        n_tokens = _n_tokens(read.input)
        cost_usd = _cost_usd(model, n_tokens)
        held = live.ledger.hold(
            model.name, key=grant.name, user=read.user, tokens=n_tokens, usd=cost_usd or 0.0, now=now
        )
        if isinstance(held, Spent):
            raise _no_room(held, now=now)
        n_charged, usd_charged = 0, 0.0
        try:
            document = await live.embedders.embed(model, body)
            n_tokens = _told(document) or n_tokens
            cost_usd = _cost_usd(model, n_tokens)
            n_charged, usd_charged = n_tokens, cost_usd or 0.0
        except UpstreamError as error:
            live.metrics.observe_embedding(model.name, error.code)
            log.info("embeddings model=%s key=%s status=%s", model.name, grant.name, error.code)
            raise
        finally:
            live.ledger.charge(held, tokens=n_charged, usd=usd_charged, now=datetime.now(UTC))
        live.metrics.observe_embedding(model.name, "ok", n_tokens=n_tokens, cost_usd=cost_usd)
        log.info(
            "embeddings model=%s key=%s status=ok tokens=%d seconds=%.3f cost_usd=%s",
            model.name, grant.name, n_tokens, perf_counter() - began_s, cost_usd,
        )  # fmt: skip
        return {**document, "unisono": {"model": model.name, "cost_usd": cost_usd}}

    def _model(self, name: str, grant: Grant) -> EmbeddingModel:
        models = self._live.embedders.models
        found = models.get(name)
        if found is None and name == "auto" and models:
            found = next(iter(models.values()))
        if found is None:
            raise ModelNotFound(name, nearest=nearest(name, list(models)) or list(models)[:3], kind="embedding model")
        if not may_use(grant.scope, found.name):
            raise NotAllowed(f"Your key may not use the model {found.name!r}.", param="model")
        return found


def _n_tokens(given: str | list[str | int | list[int]]) -> int:
    """Return about how many tokens a text, texts, tokens, or several texts in tokens have."""
    if isinstance(given, str):
        return count_text(given)
    return sum(
        1 if isinstance(part, int) else count_text(part) if isinstance(part, str) else len(part) for part in given
    )


def _told(document: Json) -> int:
    """Return the tokens that an upstream counted, 0 where it told none that can be true."""
    n_tokens = whole(inside(document, "usage").get("prompt_tokens"))
    return n_tokens if n_tokens <= MOST_TOKENS else 0


def _cost_usd(model: EmbeddingModel, n_tokens: int) -> float | None:
    return None if model.usd_per_mtok_in is None else n_tokens * model.usd_per_mtok_in / 1e6


def _no_room(spent: Spent, *, now: datetime) -> LimitReached:
    if spent.returns is None:
        text = f"The limit {spent.limit!r} is taken by requests in flight. Wait for one to end."
        return LimitReached(text, returns=None, now=now, soon=True)
    back = f"it returns at {spent.returns:%Y-%m-%d %H:%M} UTC."
    if spent.used >= spent.amount:
        return LimitReached(f"The limit {spent.limit!r} is used up; {back}", returns=spent.returns, now=now)
    text = f"The limit {spent.limit!r} has no room for so much input; {back} Wait, or send less."
    return LimitReached(text, returns=spent.returns, now=now)
