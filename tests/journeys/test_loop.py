"""Nothing that serves a request holds the event loop: neither by work of more than 20 ms, nor by waiting.

Work is measured in processor time of the loop's own thread, so a busy machine fails nobody. Waiting is told by the
interpreter's audit events: a name look-up, a database that is opened, a process that is started; and a sleep is caught.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import says, upstream

MAX_S = 0.020
LONG = " ms in "
WAITS = frozenset({"socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen", "os.system"})

_watched: dict[int, list[str]] = {}
"""Loop thread to what it was caught at. The interpreter keeps an audit hook for good, so there is one for all tests."""
_hooked: list[bool] = []


def _hook(event: str, arguments: object) -> None:
    if event in WAITS and (caught := _watched.get(threading.get_ident())) is not None:
        caught.append(f"{event} on the event loop")


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Watch every callback of event loops that run while the body does."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    caught: list[str] = []
    run = asyncio.events.Handle._run

    def timed(handle: asyncio.events.Handle) -> None:
        _watched[threading.get_ident()] = caught
        began_s = time.thread_time()
        try:
            run(handle)
        finally:
            took_s = time.thread_time() - began_s
            _watched.pop(threading.get_ident(), None)
            if took_s > MAX_S:
                caught.append(f"{1000 * took_s:.0f}{LONG}{handle!r}"[:300])

    sleep = time.sleep

    def slept(seconds: float) -> None:
        if (on_loop := _watched.get(threading.get_ident())) is not None:
            on_loop.append("time.sleep on the event loop")
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", slept)
    monkeypatch.setattr(asyncio.events.Handle, "_run", timed)
    gc.collect()
    gc.disable()  # the heap of a test run is not the server's
    try:
        yield caught
    finally:
        gc.enable()
        monkeypatch.setattr(asyncio.events.Handle, "_run", run)
        monkeypatch.setattr(time, "sleep", sleep)


def _traffic(house: House) -> Iterator[Any]:
    words = "Compare the two proposals and tell me which one is cheaper over three years. "
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    for n, text in enumerate(
        ("hello", words * 10, words * 260, words * 2600, "请仔细想想这个问题。" * 300, "x" * 500_000)
    ):
        for name in ("auto", "small"):
            for stream in (False, True):
                yield house.chat(f"{n} {text}", model=name, stream=stream)
    yield house.chat("hello", tools=tools)
    yield house.call("POST", "/v1/route", {"model": "auto", "messages": [{"role": "user", "content": words}]})
    for path in ("/v1/models", "/v1/decisions?limit=200", "/v1/limits", "/readyz", "/metrics", "/healthz"):
        yield house.call("GET", path)


def test_no_callback_of_the_event_loop_takes_20_ms_or_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with upstream(says("one two three")) as up:
        text = config_text(*(model(name, up, context_tokens=1_000_000) for name in ("small", "big")), default="small")
        with serving(tmp_path, text) as house:
            for _ in _traffic(house):  # what is imported or read once is read at the first request
                pass
            for _ in range(3):  # what is long by itself is long each time; a machine that stalls makes others so
                with watched(monkeypatch) as caught:
                    assert {reply.status for reply in _traffic(house)} <= {200, 400}
                if not caught or any(LONG not in what for what in caught):
                    break
    assert caught == []


def test_the_watch_sees_work_and_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def works() -> None:
        end_s = time.thread_time() + 2 * MAX_S
        while time.thread_time() < end_s:
            pass

    async def waits() -> None:
        time.sleep(0.0)  # noqa: ASYNC251 - what is to be caught

    with watched(monkeypatch) as caught:
        asyncio.run(works())
        asyncio.run(waits())
    assert len(caught) == 2
    assert "time.sleep on the event loop" in caught
