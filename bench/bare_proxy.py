"""The yardstick: the least that a Starlette + aiohttp proxy can do. It forwards the body and streams the bytes back.

It reads no JSON, chooses nothing, records nothing, and treats no error.
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

_JSON = {"Content-Type": "application/json"}


def create_app(upstream: str) -> Starlette:
    """Return the application in front of `upstream`, such as `http://127.0.0.1:9001`."""
    url = f"{upstream}/v1/chat/completions"
    pool: dict[str, aiohttp.ClientSession] = {}

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            pool["session"] = session
            yield

    async def forward(request: Request) -> Response:
        body = await request.body()
        answer = await pool["session"].post(url, data=body, headers=_JSON)
        kind = answer.headers["Content-Type"]
        if not kind.startswith("text/event-stream"):
            async with answer:
                return Response(await answer.read(), status_code=answer.status, media_type=kind)

        async def events() -> AsyncIterator[bytes]:
            async with answer:
                async for data in answer.content.iter_any():
                    yield data

        return StreamingResponse(events(), status_code=answer.status, media_type=kind)

    async def healthy(request: Request) -> Response:
        return Response(b"{}", media_type="application/json")

    routes = [Route("/v1/chat/completions", forward, methods=["POST"]), Route("/healthz", healthy)]
    return Starlette(routes=routes, lifespan=lifespan)


def main() -> None:
    """Read the ports and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True)
    given = parser.parse_args()
    uvicorn.run(create_app(given.upstream), host="127.0.0.1", port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
