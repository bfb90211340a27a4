"""How many tokens a request would have, as routing counts them: by length, before any upstream has counted.

It calls nothing and records nothing; what an answer really took stands in its usage.
"""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.types import Receive, Scope, Send
from uuid_utils import uuid7

from unisono.compose import Live
from unisono.edge.parse import parse
from unisono.edge.scope import within_scope
from unisono.errors import UnisonoError
from unisono.server.auth import admit
from unisono.server.reply import LESS_OR_RAISE, ClientGone, headers_in, read_body, send_error, send_json
from unisono.understand.tokens import count_prompt


class CountEndpoint:
    """The number of tokens of a chat body, under the name that Anthropic's API gives it."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        live = self._live
        try:
            headers = headers_in(scope)
            grant = admit(live, scope, headers)
            raw = await read_body(receive, max_bytes=live.config.server.max_body_bytes, todo=LESS_OR_RAISE)
            now, catalog = datetime.now(UTC), live.router.catalog
            request = parse(raw, headers, catalog=catalog, request_id=str(uuid7()), now=now, key=grant.name)
            request = within_scope(request, grant)
        except ClientGone:
            return
        except UnisonoError as error:
            await send_error(send, error)
            return
        await send_json(send, {"input_tokens": count_prompt(request.body)})
