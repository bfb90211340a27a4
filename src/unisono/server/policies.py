"""`/admin/policies`: what decides, what did, and putting another one in force, or back. The console's twin.

It judges nothing itself: `evaluate.promotion` does, in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from unisono.compose import Live
from unisono.edge.parse import load_body
from unisono.errors import RequestError
from unisono.evaluate import promotion
from unisono.evaluate.apart import judged_apart
from unisono.record.policies.view import canary_view, overview, policy_view
from unisono.server.facts import OrjsonResponse
from unisono.server.reply import read_body
from unisono.types import Json, JsonValue

MAX_BODY_BYTES = 65_536
T = TypeVar("T")

Text = Annotated[str, msgspec.Meta(max_length=500)]


class PolicyBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A policy to be made of another one; a setting that is null is the file's again."""

    settings: dict[str, Any]
    name: Annotated[str, msgspec.Meta(max_length=promotion.MAX_NAME)] = ""
    parent: Text = ""
    freeze_scores: bool = False


class PromoteBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How a policy is to be put in force."""

    canary: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    override: Text = ""


class RollbackBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Why it is rolled back."""

    why: Text = ""


class PoliciesEndpoint:
    """Tells of policies and moves them."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live

    async def show(self, http: HttpRequest) -> Response:
        """`GET /admin/policies`."""
        return OrjsonResponse(overview(await asyncio.to_thread(self._live.policies.known)))

    async def diff(self, http: HttpRequest) -> Response:
        """`GET /admin/policies/{id}/diff`, against the live policy unless `against` says otherwise."""
        known = await asyncio.to_thread(self._live.policies.known)
        one = known.policy(http.path_params["id"])
        against = http.query_params.get("against")
        other = known.policy(against) if against else known.state().live.policy
        return OrjsonResponse(promotion.difference_between(known, one, other, self._live.config))

    async def create(self, http: HttpRequest) -> Response:
        """`POST /admin/policies`: a candidate, which decides nothing yet."""
        body = await _body(http, PolicyBody)
        policy = await asyncio.to_thread(
            lambda: promotion.create(
                self._live.scales,
                name=body.name,
                settings=body.settings,
                parent=body.parent,
                freeze=body.freeze_scores,
                by=http.state.grant.name,
                now=datetime.now(UTC),
            )
        )
        known = await asyncio.to_thread(self._live.policies.known)
        return OrjsonResponse(policy_view(policy, known))

    async def promote(self, http: HttpRequest) -> Response:
        """`POST /admin/policies/{id}/promote`: the gate judges it first, which may take a minute."""
        body = await _body(http, PromoteBody)
        _, verdict = await asyncio.to_thread(
            lambda: promotion.promote(
                self._live.scales,
                http.path_params["id"],
                canary=0.0 if body.canary == 1.0 else body.canary,
                override=body.override,
                by=http.state.grant.name,
                apart=self._apart,
            )
        )
        return await self._moved(verdict)

    def _apart(self, policy: str) -> Json | None:
        config = self._live.config
        return None if config.file is None else judged_apart(policy, config=config.file, store=config.store.path)

    async def roll_back(self, http: HttpRequest) -> Response:
        """`POST /admin/rollback`: ends a canary, else returns to the policy before, with the scores it had then."""
        body = await _body(http, RollbackBody)
        by, now = http.state.grant.name, datetime.now(UTC)
        await asyncio.to_thread(lambda: self._live.policies.roll_back(why=body.why, by=by, now=now))
        return await self._moved(None)

    async def _moved(self, verdict: Json | None) -> Response:
        await self._live.take_policies()
        known = await asyncio.to_thread(self._live.policies.known)
        state = known.state()
        return OrjsonResponse({"live": state.live.policy.id, "canary": canary_view(state), "verdict": verdict})


async def _body(http: HttpRequest, kind: type[T]) -> T:
    raw = await read_body(http.receive, max_bytes=MAX_BODY_BYTES)
    given: Mapping[str, JsonValue] = load_body(raw) if raw else {}  # who only wants to roll back need not send one
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as exc:
        raise RequestError(f"The body is wrong: {exc}.") from exc
