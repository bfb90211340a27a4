"""The short way of a plain pin: no task where all goes well, and the ordinary way's answers where it does not."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.house import config_text, model
from tests.journeys.upstream import Exchange, Upstream, fails, says
from tests.journeys.upstream import upstream as listening
from uvicorn.server import ServerState

from unisono.compose import Live, build
from unisono.config import load_config
from unisono.server.app import create_app
from unisono.server.listen import GuardedProtocol, settings_of


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with listening(says("fine")) as found:
        yield found


class Served:
    """One connection to a server in this event loop, and the tasks that were made."""

    def __init__(
        self, live: Live, state: ServerState, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.live = live
        self.state = state
        self.writer = writer
        self.tasks: list[str] = []
        self._reader = reader

    def put(self, **more: Any) -> None:
        body = json.dumps({"model": "a", "messages": [{"role": "user", "content": "hello"}], **more}).encode()
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(body)
        self.writer.write(head + body)

    async def reply(self) -> tuple[int, Any]:
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        raw = await self._reader.readexactly(length)
        return int(head.split()[1]), json.loads(raw) if raw.startswith(b"{") else raw

    async def ask(self, **more: Any) -> tuple[int, Any]:
        self.put(**more)
        return await self.reply()

    async def recorded(self, place: int = 0) -> Any:
        rows = await asyncio.to_thread(self.live.store.decisions)
        return rows[place]


@asynccontextmanager
async def serving(folder: Path, upstream: Upstream) -> AsyncIterator[Served]:
    file = folder / "unisono.toml"
    file.write_text(config_text(model("a", upstream), default="a"))
    live = build(load_config(file))
    await live.start()
    loop, state = asyncio.get_running_loop(), ServerState()
    settings = settings_of(create_app(live))
    settings.load()
    server = await loop.create_server(
        lambda: GuardedProtocol(config=settings, server_state=state, app_state={}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    served = Served(live, state, reader, writer)

    def note(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **more: Any) -> asyncio.Task[Any]:
        served.tasks.append(work.__qualname__)
        return asyncio.Task(work, loop=loop, **more)

    loop.set_task_factory(note)
    try:
        yield served
    finally:
        loop.set_task_factory(None)
        writer.close()
        server.close()
        await live.close()


def run(folder: Path, upstream: Upstream, claim: Callable[[Served], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with serving(folder, upstream) as served:
            assert (await served.ask())[0] == 200  # from here on a connection to the upstream is kept
            served.tasks.clear()
            await claim(served)

    asyncio.run(main())


def test_a_plain_pin_makes_no_task(tmp_path: Path, upstream: Upstream) -> None:
    async def claim(served: Served) -> None:
        status, answer = await served.ask()
        assert (status, answer["choices"][0]["message"]["content"]) == (200, "fine")
        assert served.tasks == []
        assert answer["unisono"]["model"] == "a"
        assert answer["unisono"]["cost_usd"] > 0
        assert (await served.recorded())["status"] == "ok"

    run(tmp_path, upstream, claim)


@pytest.mark.parametrize(
    "more", [{"model": "auto"}, {"unisono": {"allow_fallback": True}}, {"unisono": {"session": "s"}}]
)
def test_what_needs_more_goes_on_by_a_task(tmp_path: Path, upstream: Upstream, more: dict[str, Any]) -> None:
    async def claim(served: Served) -> None:
        assert (await served.ask(**more))[0] == 200
        assert served.tasks[:1] == ["RequestResponseCycle.run_asgi"]

    run(tmp_path, upstream, claim)


def test_a_conversation_that_memory_knows_goes_the_short_way(tmp_path: Path, upstream: Upstream) -> None:
    async def claim(served: Served) -> None:
        await served.ask(unisono={"session": "s"})
        served.tasks.clear()
        assert (await served.ask(unisono={"session": "s"}))[0] == 200
        assert served.tasks == []

    run(tmp_path, upstream, claim)


def test_a_refused_request_is_told_as_ever(tmp_path: Path, upstream: Upstream) -> None:
    async def claim(served: Served) -> None:
        assert (await served.ask(messages=[]))[0] == 400
        status, answer = await served.ask(tools=[{"type": "function"}])
        assert (status, answer["error"]["code"]) == (400, "no_candidate")
        upstream.behave = fails(500)
        status, answer = await served.ask()
        assert (status, answer["error"]["code"]) == (502, "no_answer")
        assert (await served.recorded())["status"] == "failed"

    run(tmp_path, upstream, claim)


def test_who_hangs_up_ends_the_upstream_call(tmp_path: Path, upstream: Upstream) -> None:
    left: list[float | None] = []

    async def claim(served: Served) -> None:
        upstream.behave = lambda exchange: left.append(exchange.gone_at_s())
        served.put()
        await asyncio.to_thread(upstream.wait_for, 2)
        served.writer.transport.abort()
        while not served.live.store.decisions(limit=1, status="cancelled"):
            await asyncio.to_thread(served.live.store.flush)
        assert served.state.tasks == set()

    run(tmp_path, upstream, claim)
    assert left
    assert left[0] is not None


def test_a_server_that_ends_cancels_what_is_on_its_way(tmp_path: Path, upstream: Upstream) -> None:
    async def claim(served: Served) -> None:
        upstream.behave = Exchange.gone_at_s  # type: ignore[assignment]  # what it tells is not asked for
        served.put()
        await asyncio.to_thread(upstream.wait_for, 2)
        (on_its_way,) = served.state.tasks
        on_its_way.cancel(msg="as uvicorn does")
        assert (await served.reply())[0] == 500
        assert (await served.recorded())["status"] == "cancelled"

    run(tmp_path, upstream, claim)


@pytest.mark.parametrize("place", ["note_outcome", "note_decision"])
def test_a_fault_of_ours_is_an_answer_an_incident_and_a_line_in_the_log(
    tmp_path: Path, upstream: Upstream, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    async def claim(served: Served) -> None:
        monkeypatch.setattr(served.live, place, breaks)
        with caplog.at_level(logging.ERROR):
            status, answer = await served.ask()
        assert (status, answer["error"]["type"]) == (500, "api_error")
        assert "ZeroDivisionError" in caplog.text
        found = await asyncio.to_thread(served.live.store.rows, "SELECT kind, n FROM incidents")
        assert found == [("router_failed", 1)]
        served.live.refresh_metrics()
        assert b"unisono_in_flight 0.0" in served.live.metrics.render()

    run(tmp_path, upstream, claim)
