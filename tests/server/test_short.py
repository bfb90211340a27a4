"""The short way: no task where all goes well, and the ordinary way's answers where it does not."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.house import config_text, model
from tests.journeys.upstream import LIMIT_S, Exchange, Upstream, completion, fails, says
from tests.journeys.upstream import upstream as listening
from uvicorn.server import ServerState

from unisono.compose import Live, build
from unisono.config import load_config
from unisono.server import exchange
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

    async def event(self) -> str:
        """Return the next part of a stream: one event, but for those that came together."""
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        return (await self._reader.readexactly(size + 2))[:-2].decode()

    async def begin_stream(self, **more: Any) -> dict[str, str]:
        """Ask for a stream; return its head."""
        self.put(stream=True, **more)
        return await self.head()

    async def head(self) -> dict[str, str]:
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        return {"status": lines[0].split()[1], **dict(line.split(": ", 1) for line in lines[1:])}

    async def rest(self) -> list[str]:
        """Return the events of a stream from here to its end."""
        parts = []
        while part := await self.event():
            parts.append(part)
        return "".join(parts).split("\n\n")[:-1]

    async def hang_up(self) -> None:
        """Leave without a word; return when the record knows."""
        self.writer.transport.abort()
        while not self.live.store.decisions(limit=1, status="cancelled"):
            await asyncio.to_thread(self.live.store.flush)

    async def recorded(self, place: int = 0) -> Any:
        rows = await asyncio.to_thread(self.live.store.decisions)
        return rows[place]

    async def attempts(self) -> Any:
        """Return those of the last request."""
        await asyncio.to_thread(self.live.store.flush)
        last = await self.recorded()
        return (await asyncio.to_thread(self.live.store.decision, last["decision"]))["attempts"]


@asynccontextmanager
async def serving(folder: Path, upstream: Upstream, *more: str) -> AsyncIterator[Served]:
    file = folder / "unisono.toml"
    file.write_text(config_text(model("a", upstream), *more, default="a"))
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
        # The end of an upstream's answer may come by itself, behind its last event: a kept connection waits for that.
        if work.__qualname__ != "_until_complete":
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


def run(
    folder: Path, upstream: Upstream, claim: Callable[[Served], Coroutine[Any, Any, None]], *, more: Sequence[str] = ()
) -> None:
    async def main() -> None:
        async with serving(folder, upstream, *more) as served:
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


NEW = [{"role": "user", "content": "Another conversation"}]


@pytest.mark.parametrize("more", [{"model": "auto"}, {"model": "auto:deep"}, {"unisono": {"allow_fallback": True}}])
@pytest.mark.parametrize("messages", [{}, {"messages": NEW}], ids=["going on", "new"])
def test_who_may_be_answered_by_others_needs_no_task_either(
    tmp_path: Path, upstream: Upstream, more: dict[str, Any], messages: dict[str, Any]
) -> None:
    async def claim(served: Served) -> None:
        status, answer = await served.ask(**more, **messages)
        assert (status, answer["choices"][0]["message"]["content"]) == (200, "fine")
        assert served.tasks == []
        head = await served.begin_stream(**more, **messages)
        assert (head["status"], (await served.rest())[-1]) == ("200", "data: [DONE]")
        assert served.tasks == []

    run(tmp_path, upstream, claim)


@pytest.mark.parametrize("first", [{}, {"messages": NEW}], ids=["going on", "new"])
def test_a_failure_goes_on_to_another_model_by_a_task(
    tmp_path: Path, upstream: Upstream, first: dict[str, Any]
) -> None:
    async def claim(served: Served) -> None:
        upstream.behave = fails(500)
        status, answer = await served.ask(unisono={"allow_fallback": True}, **first)
        assert (status, answer["choices"][0]["message"]["content"]) == (200, "as fine")
        assert served.tasks[:1] == ["RequestResponseCycle.run_asgi"]
        assert answer["unisono"]["model"] == "b"
        assert "fallback" in [notice["code"] for notice in answer["unisono"]["notices"]]
        assert [attempt["status"] for attempt in (await served.attempts())] == ["failed", "ok"]

    with listening(says("as fine")) as other:
        run(tmp_path, upstream, claim, more=(model("b", other),))


def test_a_conversation_to_be_looked_up_goes_on_by_a_task(tmp_path: Path, upstream: Upstream) -> None:
    async def claim(served: Served) -> None:
        assert (await served.ask(unisono={"session": "s"}))[0] == 200
        assert served.tasks[:1] == ["RequestResponseCycle.run_asgi"]

    run(tmp_path, upstream, claim)


def test_a_conversation_that_another_model_goes_on_with_is_compared_by_a_task(
    tmp_path: Path, upstream: Upstream
) -> None:
    async def claim(served: Served) -> None:
        assert (await served.ask(model="b"))[0] == 200
        assert served.tasks[:1] == ["RequestResponseCycle.run_asgi"]

    with listening(says("as fine")) as other:
        run(tmp_path, upstream, claim, more=(model("b", other),))


OF_ONE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\"chatcmpl-[^\"]*\"")
"""What no two answers share."""


def test_a_streamed_pin_makes_no_task_and_is_what_the_ordinary_way_sends_and_records(
    tmp_path: Path, upstream: Upstream
) -> None:
    upstream.behave = says("many fine words", usage={"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10})

    async def claim(served: Served) -> None:
        seen = []
        for wishes in ({}, {"session": "s"}):  # which is to be looked up
            head = await served.begin_stream(unisono=wishes)
            events = [OF_ONE.sub("-", event) for event in await served.rest()]
            noted = {**await served.recorded(), "seconds": None, "at": None}
            seen.append((head["status"], head["content-type"], head["x-unisono-model"], events, noted["status"]))
            (attempt,) = (await asyncio.to_thread(served.live.store.decision, noted["decision"]))["attempts"]
            seen[-1] += tuple(attempt[name] for name in ("model", "status", "usage", "cost_usd", "reported_model"))
            assert bool(served.tasks) == bool(wishes)
        assert seen[0] == seen[1]
        assert seen[0][3][-1] == "data: [DONE]"
        assert '"cost_usd":' in seen[0][3][-2]
        served.live.refresh_metrics()
        assert b"unisono_in_flight 0.0" in served.live.metrics.render()

    run(tmp_path, upstream, claim)


def _opens(then: Callable[[Exchange], object]) -> Callable[[Exchange], None]:
    def behave(exchange: Exchange) -> None:
        exchange.open_stream()
        exchange.delta({"content": "fine "})
        then(exchange)

    return behave


def test_who_hangs_up_in_mid_stream_ends_the_upstream_call(tmp_path: Path, upstream: Upstream) -> None:
    left: list[float | None] = []

    async def claim(served: Served) -> None:
        upstream.behave = _opens(lambda exchange: left.append(exchange.gone_at_s()))
        await served.begin_stream()
        assert "fine" in await served.event()
        assert served.tasks == []
        await served.hang_up()
        assert served.state.tasks == set()

    run(tmp_path, upstream, claim)
    assert left
    assert left[0] is not None


def test_a_server_that_ends_in_mid_stream_says_so(tmp_path: Path, upstream: Upstream) -> None:
    async def claim(served: Served) -> None:
        upstream.behave = _opens(Exchange.gone_at_s)
        await served.begin_stream()
        assert "fine" in await served.event()
        (on_its_way,) = served.state.tasks
        on_its_way.cancel(msg="as uvicorn does")
        (told,) = await served.rest()
        assert "The server ends" in json.loads(told.removeprefix("data: "))["error"]["message"]
        assert (await served.recorded())["status"] == "cancelled"

    run(tmp_path, upstream, claim)


def test_a_slow_reader_of_a_stream_is_waited_for_by_a_task_and_loses_nothing(
    tmp_path: Path, upstream: Upstream
) -> None:
    word, n_words = "x" * 50_000, 320  # more than the system's buffers hold

    def many(exchange: Exchange) -> None:
        for _ in range(n_words):
            exchange.delta({"content": word})
        exchange.delta({}, finish="stop")
        exchange.end_stream()

    async def claim(served: Served) -> None:
        upstream.behave = _opens(many)
        served.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        await served.begin_stream()
        async with asyncio.timeout(LIMIT_S):
            while not served.tasks:
                await asyncio.to_thread(served.live.store.flush)
        events = await served.rest()
        assert sum(event.count(word) for event in events) == n_words
        assert events[-1] == "data: [DONE]"
        assert served.tasks == ["RequestResponseCycle.run_asgi"]
        assert (await served.recorded())["status"] == "ok"

    run(tmp_path, upstream, claim)


def test_a_fault_of_ours_in_mid_stream_ends_it_with_an_incident(
    tmp_path: Path, upstream: Upstream, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    async def claim(served: Served) -> None:
        upstream.behave = says("many fine words")
        monkeypatch.setattr(served.live.requests, "note_turn", breaks)
        with caplog.at_level(logging.ERROR):
            await served.begin_stream()
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await served.rest()
        assert "ZeroDivisionError" in caplog.text
        found = await asyncio.to_thread(served.live.store.rows, "SELECT kind, n FROM incidents")
        assert found == [("router_failed", 1)]
        served.live.refresh_metrics()
        assert b"unisono_in_flight 0.0" in served.live.metrics.render()

    run(tmp_path, upstream, claim)


def test_a_fault_of_ours_where_a_stream_begins_ends_the_call_and_is_an_answer(
    tmp_path: Path, upstream: Upstream, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    async def claim(served: Served) -> None:
        upstream.behave = _opens(Exchange.gone_at_s)
        monkeypatch.setattr(exchange, "headers_of", breaks)
        with caplog.at_level(logging.ERROR):
            status, answer = await served.ask(stream=True)
        assert (status, answer["error"]["type"]) == (500, "api_error")
        assert "ZeroDivisionError" in caplog.text
        assert (await served.recorded())["status"] == "cut"
        assert served.live.outlets.n_calls("a") == 0

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
        await served.hang_up()
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


class _CancelsWhatIsAdded(set[Any]):
    """What is under way, in a server that ends at just the moment at which something is added."""

    def add(self, work: Any) -> None:
        super().add(work)
        work.cancel(msg="as uvicorn does")


def test_what_a_task_is_to_go_on_with_has_an_outcome_even_if_the_server_ends_before_it_begins(
    tmp_path: Path, upstream: Upstream
) -> None:
    async def claim(served: Served) -> None:
        upstream.behave = lambda exchange: exchange.json(
            completion(exchange, {"content": "bye"}), headers={"connection": "close"}
        )
        await served.ask()  # from here on no connection to the upstream is kept: it takes a task to make one
        upstream.behave = Exchange.gone_at_s  # type: ignore[assignment]  # what it tells is not asked for
        (connection,) = served.state.connections
        connection.tasks = _CancelsWhatIsAdded()
        async with asyncio.timeout(LIMIT_S):
            status, answer = await served.ask()
        assert (status, answer["error"]["message"]) == (
            500,
            "The server ends, and this request with it. Send it again.",
        )
        assert served.tasks[-1] == "RequestResponseCycle.run_asgi"
        assert (await served.recorded())["status"] == "cancelled"

    run(tmp_path, upstream, claim)


@pytest.mark.parametrize("place", ["note_outcome", "note_decision"])
def test_a_fault_of_ours_is_an_answer_an_incident_and_a_line_in_the_log(
    tmp_path: Path, upstream: Upstream, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    async def claim(served: Served) -> None:
        monkeypatch.setattr(served.live.requests, place, breaks)
        with caplog.at_level(logging.ERROR):
            status, answer = await served.ask()
        assert (status, answer["error"]["type"]) == (500, "api_error")
        assert "ZeroDivisionError" in caplog.text
        found = await asyncio.to_thread(served.live.store.rows, "SELECT kind, n FROM incidents")
        assert found == [("router_failed", 1)]
        served.live.refresh_metrics()
        assert b"unisono_in_flight 0.0" in served.live.metrics.render()

    run(tmp_path, upstream, claim)
