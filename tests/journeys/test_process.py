"""Journeys of the operator with the real command: kill -9, hot reload under load, and starts that fail in one line."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from tests.journeys.house import House, command, config_text, environment, model, process
from tests.journeys.upstream import LIMIT_S, Exchange, says, upstream

N_IN_FLIGHT = 200


def test_kill_9_in_the_midst_of_200_requests_loses_no_settled_outcome(tmp_path: Path) -> None:
    dead = threading.Event()

    def answers_half(exchange: Exchange) -> None:
        if int(exchange.body["messages"][-1]["content"].split()[-1]) % 2:
            says("done")(exchange)
        else:
            dead.wait(LIMIT_S)

    with upstream(answers_half) as up:
        text = config_text(model("a", up), model("b", up), default="a")
        with process(tmp_path, text) as house, ThreadPoolExecutor(N_IN_FLIGHT) as pool:
            asked = [pool.submit(_ask, house, n) for n in range(N_IN_FLIGHT)]
            up.wait_for(N_IN_FLIGHT)
            settled = [asked[n].result(LIMIT_S) for n in range(1, N_IN_FLIGHT, 2)]
            house.until(lambda: _statuses(house) == {"running": 100, "ok": 100}, "what has ended is recorded")
            assert house.process is not None
            house.process.send_signal(signal.SIGKILL)
            house.process.wait(LIMIT_S)
            dead.set()
        assert all(settled)
        with closing(sqlite3.connect(tmp_path / "record.db")) as record:
            assert record.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert record.execute("PRAGMA foreign_key_check").fetchall() == []
        with process(tmp_path) as house:
            rows = {row["decision"]: row for row in house.get("/v1/decisions?limit=1000")["data"]}
            whole = [house.get(f"/v1/decisions/{decision}") for decision in settled[:20]]
            again = house.chat("number 1").status
    assert len(rows) == N_IN_FLIGHT
    assert {rows[str(decision)]["status"] for decision in settled} == {"ok"}
    assert sorted(row["status"] for row in rows.values()) == ["interrupted"] * 100 + ["ok"] * 100
    for view in whole:
        assert view["ranking"]
        assert [a["status"] for a in view["attempts"]] == ["ok"]
        assert view["cost_usd"] == 0.002
    assert again == 200


def _statuses(house: House) -> Counter[str]:
    return Counter(row["status"] for row in house.get("/v1/decisions?limit=1000")["data"])


def _ask(house: House, n: int) -> str | None:
    try:
        return str(house.chat(f"number {n}", max_tokens=5).json["unisono"]["decision"])
    except (OSError, http.client.HTTPException):
        return None


def test_a_changed_file_takes_effect_under_load_and_a_broken_one_not_at_all(tmp_path: Path) -> None:
    stop = threading.Event()
    statuses: list[int] = []

    def keeps_asking(house: House) -> None:
        while not stop.is_set():
            statuses.append(house.chat(stream=len(statuses) % 2 == 0).status)

    def names(house: House) -> set[str]:
        return {m["id"] for m in house.get("/v1/models")["data"]}

    with upstream(says("one two three")) as up:
        small, big, third = model("small", up), model("big", up), model("third", up)
        file = tmp_path / "unisono.toml"
        with process(tmp_path, config_text(small, default="small")) as house, ThreadPoolExecutor(4) as pool:
            assert house.process is not None
            load = [pool.submit(keeps_asking, house) for _ in range(4)]
            try:
                file.write_text(config_text(small, big, default="small"))
                house.until(lambda: "big" in names(house), "the watcher saw the change")

                file.write_text(config_text(small, big, default="nobody").replace("role", "rule"))
                refused = house.until(lambda: house.get("/readyz")["degraded"].get("config"), "the refusal is told")
                assert "big" in names(house)

                gone = config_text(small, third, default="small")
                (tmp_path / "next.toml").write_text(f'removed = ["big"]\n{gone}')
                (tmp_path / "next.toml").replace(file)
                house.process.send_signal(signal.SIGHUP)
                house.until(lambda: names(house) >= {"third"} and "big" not in names(house), "the third file holds")
                house.until(lambda: "config" not in house.get("/readyz")["degraded"], "the fault is forgotten")
                house.until(lambda: len(statuses) > 200, "some load ran")
            finally:
                stop.set()
            for one in load:
                one.result(LIMIT_S)
    assert "nobody" in refused
    assert set(statuses) == {200}


@pytest.mark.parametrize("workers", [1, 2])
def test_where_it_answers_is_told_to_programs_as_json(tmp_path: Path, workers: int) -> None:
    """With port 0 nothing else says it."""
    text = 'default = "echo"\n[[models]]\nname = "echo"\nupstream = "scripted"\n'
    (tmp_path / "unisono.toml").write_text(text)
    words = ["serve", "--port", "0", "--quiet", "--json", "--workers", str(workers)]
    with subprocess.Popen(
        command(*words), cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            told = json.loads(server.stdout.readline())
            assert (told["models"], told["workers"]) == (["echo"], workers)
            host, port = told["url"].removeprefix("http://").removesuffix("/v1").split(":")
            with closing(http.client.HTTPConnection(host, int(port), timeout=LIMIT_S)) as connection:
                connection.request("GET", "/v1/models/echo")
                assert connection.getresponse().status == 200
        finally:
            server.terminate()


def test_sighup_reads_the_file_again(tmp_path: Path) -> None:
    with upstream(says("ok")) as up, process(tmp_path, config_text(model("small", up), default="small")) as house:
        before = house.get("/readyz")["config_hash"]
        (tmp_path / "unisono.toml").write_text(config_text(model("small", up, quality=0.9), default="small"))
        assert house.process is not None
        house.process.send_signal(signal.SIGHUP)
        house.until(lambda: house.get("/readyz")["config_hash"] != before, "a new hash")
        assert house.chat().status == 200


def test_sigterm_lets_requests_end_and_exits_with_0(tmp_path: Path) -> None:
    go_on = threading.Event()

    def waits(exchange: Exchange) -> None:
        go_on.wait(LIMIT_S)
        says("done")(exchange)

    with (
        upstream(waits) as up,
        ThreadPoolExecutor(1) as pool,
        process(tmp_path, config_text(model("small", up), default="small")) as house,
    ):
        asked = pool.submit(house.chat)
        up.wait_for(1)
        assert house.process is not None
        house.process.send_signal(signal.SIGTERM)
        house.until(lambda: _refuses(house.port), "it accepts no more")
        go_on.set()
        assert asked.result(LIMIT_S).status == 200
        assert house.process.wait(LIMIT_S) == 0


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_at_the_end_of_the_grace_every_caller_is_told_and_every_outcome_recorded(tmp_path: Path, stream: bool) -> None:
    n = 3
    all_here = threading.Barrier(n)

    def meets(exchange: Exchange) -> None:
        all_here.wait(LIMIT_S)
        says("fine")(exchange)

    def begins(exchange: Exchange) -> None:
        if exchange.stream:
            exchange.open_stream()
            exchange.delta({"content": "fine"})
        exchange.gone_at_s()

    with upstream(meets) as up, ThreadPoolExecutor(n) as pool:
        text = config_text(model("a", up), default="a").replace("port = 0", "port = 0\ngrace_s = 0.1")
        with process(tmp_path, text) as house:
            assert house.process is not None
            for begun in [pool.submit(house.chat, model="a") for _ in range(n)]:
                assert begun.result(LIMIT_S).status == 200  # behind it so many connections to the upstream are kept
            up.behave = begins
            asked = [pool.submit(house.chat, model=name, stream=stream) for name in ("a", "auto", "a")]
            up.wait_for(n + n)
            house.process.send_signal(signal.SIGTERM)
            told = [one.result(LIMIT_S) for one in asked]
            assert house.process.wait(LIMIT_S) == 0
        with process(tmp_path) as house:
            statuses = [row["status"] for row in house.get("/v1/decisions")["data"]]
    assert all(b"The server ends" in reply.raw for reply in told)
    assert sorted(statuses) == ["cancelled"] * n + ["ok"] * n


def _refuses(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _start(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("serve", *words),
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=300,
        env=environment(**environ),
        check=False,
    )


BROKEN_STARTS = {
    "port in use": ("", "--port PORT", "PORT"),
    "key not set": ('api_key = "env:NO_SUCH_KEY"\n', "", "NO_SUCH_KEY"),
    "model file missing": ("", "", "nowhere.gguf"),
    "no configuration": (None, "", "unisono.toml"),
    "broken TOML": ("name = \n", "", "unisono.toml"),
    "unknown key": ("colour = 3\n", "", "colour"),
    "configuration is a folder": (Path, "", "unisono.toml"),
    "folder of the record missing": ("", "", "no-such-folder"),
    "open to all without keys": ("", "--host 0.0.0.0", "keys"),
}


@pytest.mark.parametrize("what", BROKEN_STARTS)
def test_a_start_that_fails_says_so_in_one_line_and_exits_with_1(tmp_path: Path, what: str) -> None:
    more, words, named = BROKEN_STARTS[what]
    file = tmp_path / "unisono.toml"
    if more is Path:
        file.mkdir()
    elif more is not None:
        text = config_text(model("small", "http://127.0.0.1:9/v1") + str(more), default="small")
        if what == "model file missing":
            text += '\n[[models]]\nname = "own"\nupstream = "local"\nfile = "nowhere.gguf"\n'
        if what == "folder of the record missing":
            text = text.replace("record.db", "no-such-folder/record.db")
        file.write_text(text)
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        done = _start(tmp_path, "--config", "unisono.toml", *words.replace("PORT", port).split())
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("unisono: ")
    assert named.replace("PORT", port) in lines[0]
    assert done.stdout == ""


def test_route_on_the_command_line_equals_the_running_server(tmp_path: Path) -> None:
    with upstream(says("ok")) as up:
        models = (model("a", up, quality=0.4), model("b", up, role="deep", quality=0.8, usd_per_mtok_out=30))
        with process(tmp_path, config_text(*models, default="a")) as house:
            prompt = "Prove that the square root of two is irrational."
            words = ("route", prompt, "--config", "unisono.toml", "--json")
            asked = {}
            for kind, more in (("server", ("--url", f"http://127.0.0.1:{house.port}")), ("alone", ("--offline",))):
                done = subprocess.run(
                    command(*words, *more),
                    capture_output=True,
                    text=True,
                    cwd=tmp_path,
                    timeout=300,
                    env=environment(),
                    check=False,
                )
                assert done.returncode == 0, done.stderr
                asked[kind] = json.loads(done.stdout)
            told = house.chat(prompt, unisono={"explain": True}).json["unisono"]
    assert asked["server"]["model"] == asked["alone"]["model"] == told["model"]
    assert asked["server"]["ranking"] == asked["alone"]["ranking"] == told["explain"]["ranking"]


HAND_ON = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


def _handed(folder: Path, listening: socket.socket) -> subprocess.Popen[str]:
    """Start a server as systemd does for a unit with a socket: the socket is its file number 3, meant for its pid."""
    return subprocess.Popen(
        [sys.executable, "-c", HAND_ON, str(listening.fileno()), *command("serve")],
        pass_fds=(listening.fileno(),),
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=folder,
    )


def test_who_comes_between_two_processes_of_one_handed_socket_is_answered_by_the_second(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, socket.create_server(("127.0.0.1", 0)) as listening:
        (tmp_path / "unisono.toml").write_text(config_text(model("small", up), default="small"))
        house = House(port=listening.getsockname()[1], folder=tmp_path)
        first = _handed(tmp_path, listening)
        assert house.chat().status == 200
        first.send_signal(signal.SIGTERM)
        assert first.wait(LIMIT_S) == 0
        with ThreadPoolExecutor(1) as pool:
            between = pool.submit(house.chat)
            second = _handed(tmp_path, listening)
            assert between.result(LIMIT_S).status == 200
            second.send_signal(signal.SIGTERM)
            assert second.wait(LIMIT_S) == 0
        for process_ in (first, second):
            assert process_.stdout is not None
            process_.stdout.close()


def test_a_socket_that_is_a_file_is_served_to_who_has_a_key(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "u.sock"))
        listening.listen()
        (tmp_path / "unisono.toml").write_text(config_text(model("small", up), default="small"))
        refused = _handed(tmp_path, listening)
        assert refused.stdout is not None
        refused.stdout.close()
        assert refused.wait(LIMIT_S) == 1  # a proxy serves it to others, and there is no key yet
        made = subprocess.run(
            command("keys", "create", "app", "--json", "--store", str(tmp_path / "record.db")),
            capture_output=True, text=True, env=environment(), check=True,
        )  # fmt: skip
        serving = _handed(tmp_path, listening)
        client = http.client.HTTPConnection("localhost", timeout=LIMIT_S)
        client.sock = socket.socket(socket.AF_UNIX)
        client.sock.settimeout(LIMIT_S)
        client.sock.connect(str(tmp_path / "u.sock"))
        client.request("GET", "/v1/models", headers={"authorization": f"Bearer {json.loads(made.stdout)['key']}"})
        assert client.getresponse().status == 200
        client.close()
        assert serving.stdout is not None
        assert "unix:" in serving.stdout.readline()
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(LIMIT_S) == 0
        serving.stdout.close()
