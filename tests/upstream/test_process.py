"""A child process starts, dies, comes back and goes, and none is ever left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.errors import StartError, UpstreamTimeout, UpstreamUnreachable
from unisono.upstream.process import Command, LlamaServer, Pace

FAKE = Path(__file__).parent / "fake_server.py"
SRC = Path(__file__).parents[2] / "src"
QUICK = Pace(poll_s=0.01, start_limit_s=60, stop_grace_s=60, first_pause_s=0.01, longest_pause_s=0.02)
LIMIT_S = 60.0


def fake(*words: str) -> Command:
    return lambda at: (sys.executable, "-S", str(FAKE), str(at.port), at.key_file, *words)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # gone before it was opened, or since
        return False
    return state != "Z"


def command_line(pid: int | None) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")


def command_line_or_none(process: Path) -> str:
    try:
        return command_line(int(process.name))
    except OSError:
        return ""


async def until(claim: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not claim():  # noqa: ASYNC110 - processes tell no event
            await asyncio.sleep(0.01)


async def get(server: LlamaServer, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    await reader.read()
    writer.close()


async def test_start_returns_before_the_child_is_ready_and_ready_waits_for_it() -> None:
    server = LlamaServer("m", fake(), pace=QUICK)
    await server.start()
    try:
        assert server.state == "starting"
        assert await server.ready(LIMIT_S) == server.url
        assert server.state == "ready"
    finally:
        await server.stop()


async def test_stop_leaves_no_process() -> None:
    server = LlamaServer("m", fake(), pace=QUICK)
    await server.start()
    await server.ready(LIMIT_S)
    pid = server.pid
    await server.stop()
    assert pid is not None and not alive(pid)
    assert server.pid is None and server.state == "stopped"
    await server.stop()


async def test_a_child_that_ignores_sigterm_is_killed() -> None:
    server = LlamaServer("m", fake("stubborn"), pace=Pace(poll_s=0.01, stop_grace_s=0.05))
    await server.start()
    await server.ready(LIMIT_S)
    pid = server.pid
    await server.stop()
    assert pid is not None and not alive(pid)


async def test_stop_while_loading_leaves_no_process() -> None:
    server = LlamaServer("m", fake("silent"), pace=QUICK)
    await server.start()
    pid = server.pid
    await server.stop()
    assert pid is not None and not alive(pid)


async def test_a_stop_that_is_cancelled_still_leaves_no_process() -> None:
    server = LlamaServer("m", fake("stubborn"), pace=QUICK)
    await server.start()
    await server.ready(LIMIT_S)
    pid = server.pid
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert pid is not None
    await until(lambda: not alive(pid))
    await server.stop()
    assert server.pid is None


@pytest.mark.parametrize("n_steps", range(0, 40, 3))
def test_a_start_that_is_cancelled_at_any_step_leaves_no_process(n_steps: int, tmp_path: Path) -> None:
    mark = tmp_path / str(n_steps)

    async def run() -> None:
        server = LlamaServer("m", fake("silent", str(mark)), pace=QUICK)
        starting = asyncio.create_task(server.start())
        for _ in range(n_steps):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait([starting])
        await server.stop()
        assert server.pid is None

    asyncio.run(run())
    assert not [p for p in Path("/proc").iterdir() if p.name.isdigit() and str(mark) in command_line_or_none(p)]


async def test_a_child_that_dies_comes_back() -> None:
    server = LlamaServer("m", fake(), pace=QUICK)
    await server.start()
    try:
        await server.ready(LIMIT_S)
        first = server.pid
        await get(server, "/die")
        await until(lambda: server.n_restarts == 1)
        await server.ready(LIMIT_S)
        assert server.pid not in (None, first)
    finally:
        await server.stop()


async def test_a_child_that_fails_once_at_start_is_started_again(tmp_path: Path) -> None:
    server = LlamaServer("m", fake("die-once", str(tmp_path / "mark")), pace=QUICK)
    await server.start()
    try:
        await until(lambda: server.state == "ready")
        assert server.n_restarts == 1
    finally:
        await server.stop()


async def test_while_the_child_is_down_callers_hear_why_at_once() -> None:
    pace = Pace(poll_s=0.01, first_pause_s=3600, longest_pause_s=3600)
    server = LlamaServer("tiny", fake("die-at-start"), pace=pace)
    await server.start()
    try:
        with pytest.raises(UpstreamUnreachable) as told:
            await server.ready(LIMIT_S)
        text = str(told.value)
        assert "tiny" in text and "code 3" in text and "cannot load the model" in text and "3600 s" in text
    finally:
        await server.stop()


async def test_a_child_killed_by_a_signal_says_which() -> None:
    server = LlamaServer("m", fake(), pace=Pace(poll_s=0.01, first_pause_s=3600, longest_pause_s=3600))
    await server.start()
    try:
        await server.ready(LIMIT_S)
        os.kill(server.pid or 0, signal.SIGKILL)
        await until(lambda: server.state == "waiting")
        with pytest.raises(UpstreamUnreachable, match="SIGKILL while it was serving"):
            await server.ready(LIMIT_S)
    finally:
        await server.stop()


async def test_a_child_that_never_gets_ready_is_a_timeout_for_callers() -> None:
    server = LlamaServer("m", fake("silent"), pace=QUICK)
    await server.start()
    try:
        with pytest.raises(UpstreamTimeout, match="still loading"):
            await server.ready(0.02)
    finally:
        await server.stop()


async def test_a_child_that_never_gets_ready_is_ended_and_started_again() -> None:
    pace = Pace(poll_s=0.01, start_limit_s=0.05, first_pause_s=0.01, longest_pause_s=0.01)
    server = LlamaServer("m", fake("silent"), pace=pace)
    await server.start()
    first = server.pid
    try:
        await until(lambda: server.n_restarts >= 1)
        assert first is not None and not alive(first)
    finally:
        await server.stop()


async def test_a_program_that_cannot_run_is_a_start_error_in_one_line() -> None:
    server = LlamaServer("tiny", lambda at: ("/nonexistent/llama-server",), pace=QUICK)
    with pytest.raises(StartError, match=r"tiny.*llama-server.*`server`") as told:
        await server.start()
    assert "\n" not in str(told.value)
    await server.stop()


async def test_a_second_start_is_refused() -> None:
    server = LlamaServer("m", fake(), pace=QUICK)
    await server.start()
    try:
        with pytest.raises(StartError, match="twice"):
            await server.start()
    finally:
        await server.stop()


async def test_the_error_stream_is_read_and_its_memory_bounded() -> None:
    server = LlamaServer("m", fake("loud"), pace=QUICK)
    await server.start()
    try:
        await server.ready(LIMIT_S)
        await until(lambda: any("starting with" in line for line in server.tail))
        assert len(server.tail) <= 30 and all(len(line) <= 400 for line in server.tail)
    finally:
        await server.stop()


async def test_the_key_stands_on_no_command_line() -> None:
    server = LlamaServer("m", fake(), pace=QUICK)
    await server.start()
    try:
        await server.ready(LIMIT_S)
        assert server.key not in command_line(server.pid)
    finally:
        await server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child together with its parent")
def test_the_child_goes_when_its_parent_is_killed_outright() -> None:
    program = f"""
import asyncio, sys
from unisono.upstream.process import LlamaServer
async def main():
    server = LlamaServer("m", lambda at: (sys.executable, "-S", {str(FAKE)!r}, str(at.port), at.key_file, "stubborn"))
    await server.start()
    await server.ready(20)
    print(server.pid, flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
"""
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
    finally:
        parent.kill()
        parent.communicate()
    asyncio.run(until(lambda: not alive(child)))


@given(st.integers(1, 10_000), st.floats(0.001, 10), st.floats(10, 100))
def test_pauses_grow_and_stay_bounded(n_failures: int, first_s: float, longest_s: float) -> None:
    pace = Pace(first_pause_s=first_s, longest_pause_s=longest_s)
    assert first_s <= pace.pause_s(n_failures) <= pace.pause_s(n_failures + 1) <= longest_s
