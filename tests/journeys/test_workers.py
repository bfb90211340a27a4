"""Journeys over several workers: what one of them learns or is told, the others know within a second."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path

import pytest
from tests.journeys.house import House, config_text, model, process, serving
from tests.journeys.upstream import LIMIT_S, Exchange, Upstream, fails, says, upstream

from unisono.record.keys import create_key, revoke_key
from unisono.types import Scope

NOW = datetime(2026, 11, 25, tzinfo=UTC)
N = 2


@pytest.fixture(scope="module")
def up() -> Iterator[Upstream]:
    with upstream(says("hi")) as running:
        yield running


def _pool(up: Upstream, more: str = "") -> str:
    return config_text(model("a", up), model("b", up), default="a", more=more)


def _pages(house: House, head: dict[str, str] | None = None) -> dict[str, float]:
    """Return how many requests each worker says that it answered."""
    text = house.call("GET", "/metrics", headers=head).raw.decode()
    found = re.findall(r'unisono_requests_total\{worker="(\d)",.*status="ok".*\} ([\d.]+)', text)
    counts: Counter[str] = Counter()
    for worker, n in found:
        counts[worker] += float(n)
    return dict(counts)


def _everywhere(house: House, ask: object, *, n: int = 40) -> list[object]:
    """Ask so often, at the same moment, that every worker answers some."""
    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(lambda _: ask(), range(n)))  # type: ignore[operator]


def _answers(house: House, head: dict[str, str]) -> bool:
    """Ask; False where the worker that took the question died of what it was sent before."""
    try:
        return house.chat(headers=head).status == 200
    except (OSError, HTTPException):
        return False


def test_limits_revocations_health_and_sessions_agree_across_workers_and_a_killed_one_comes_back(
    tmp_path: Path, up: Upstream
) -> None:
    more = '\n[[limits]]\nname = "day"\namount = 60\nkeys = ["team"]\n'
    more += '\n[[keys]]\nname = "team"\nkey = "env:TEAM"\n'
    os.environ["TEAM"] = "key-of-the-team-1234567890"
    try:
        with process(tmp_path, _pool(up, more), more=("--workers", str(N)), limit_s=90.0) as house:
            _, secret = create_key(tmp_path / "record.db", "alice", scope=Scope(admin=True), now=NOW)
            alice = {"authorization": f"Bearer {secret}"}
            team = {"authorization": "Bearer key-of-the-team-1234567890"}

            # every worker serves, and whichever is asked tells the metrics of all
            assert set(_everywhere(house, lambda: house.chat(headers=alice).status)) == {200}

            def all_told() -> bool:
                _everywhere(house, lambda: house.chat(headers=alice), n=20)
                return len(_pages(house, alice)) == N

            house.until(all_told, "all workers' metrics are told")

            # limits: never much more than the amount, and the same rest everywhere within a second
            statuses = [house.chat(headers=team).status for _ in range(30)]
            assert statuses == [200] * 30

            def used() -> set[object]:
                rows = _everywhere(house, lambda: house.call("GET", "/v1/limits", headers=team).json["data"], n=12)
                return {row[0]["used"] for row in rows}  # type: ignore[index]

            house.until(lambda: used() == {30.0}, "every worker knows what the others have charged")
            replies = _everywhere(house, lambda: house.chat(headers=team).status, n=60)
            n_answered = replies.count(200)
            assert 30 <= n_answered <= 30 + 2 * N * 10  # what the others admit between two looks
            house.until(lambda: house.chat(headers=team).status == 429, "the limit holds everywhere")

            # sessions: a preference that one worker was told counts at every other
            body = {"ban": ["a"]}
            assert house.call("PUT", "/v1/sessions/talk", body, headers=alice).status == 200

            def answers() -> set[object]:
                head = {**alice, "x-unisono-session": "talk"}
                return set(_everywhere(house, lambda: house.chat(headers=head).json["model"], n=12))

            house.until(lambda: answers() == {"b"}, "the preference counts everywhere")

            # a worker that is killed is replaced; the others go on
            assert house.process is not None
            children = Path(f"/proc/{house.process.pid}/task/{house.process.pid}/children").read_text().split()
            assert len(children) == N
            os.kill(int(children[1]), signal.SIGKILL)
            house.until(lambda: _answers(house, alice), "others answer")

            def is_replaced() -> bool:
                now = Path(f"/proc/{house.process.pid}/task/{house.process.pid}/children").read_text().split()  # type: ignore[union-attr]
                return len(now) == N and children[1] not in now

            house.until(is_replaced, "the killed worker is replaced")

            # a revocation counts with the next request, at every worker
            revoke_key(tmp_path / "record.db", "alice", now=NOW)
            assert set(_everywhere(house, lambda: house.chat(headers=alice).status)) == {401}
    finally:
        del os.environ["TEAM"]


def test_an_upstream_that_fails_one_worker_is_left_alone_by_all(tmp_path: Path) -> None:
    with upstream(fails(401)) as broken, upstream(says("hi")) as well:
        text = config_text(model("a", broken), model("b", well), default="a")
        with process(tmp_path, text, more=("--workers", "2"), limit_s=90.0) as house:
            assert house.chat().json["model"] == "b"

            def health() -> set[object]:
                def one() -> object:
                    rows = house.get("/v1/models")["data"]
                    return next(row["unisono"]["health"] for row in rows if row["id"] == "a")

                return set(_everywhere(house, one, n=12))

            n_seen = len(broken.seen)
            assert n_seen == 1
            house.until(lambda: health() <= {"down", "probing"}, "both know that it is down")


def test_one_process_alone_needs_no_fellows(tmp_path: Path, up: Upstream) -> None:
    with serving(tmp_path, _pool(up)) as house:
        assert house.chat().status == 200
        assert "worker=" not in house.call("GET", "/metrics").raw.decode()


def test_who_comes_while_the_workers_end_is_refused_and_not_left_waiting(tmp_path: Path) -> None:
    asked, let_go = threading.Event(), threading.Event()

    def slowly(exchange: Exchange) -> None:
        asked.set()
        let_go.wait(60)
        says("hi")(exchange)

    with (
        upstream(slowly) as up,
        process(tmp_path, _pool(up), more=("--workers", str(N)), limit_s=90.0) as house,
        ThreadPoolExecutor(1) as pool,
    ):
        answer = pool.submit(house.chat)
        try:
            assert asked.wait(60)
            assert house.process is not None
            house.process.send_signal(signal.SIGTERM)

            def refused() -> bool:
                try:
                    socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S).close()
                except ConnectionRefusedError:
                    return True
                return False

            house.until(refused, "new connections are refused")
            assert not answer.done()
        finally:
            let_go.set()
        assert answer.result().status == 200
