"""Journeys at the end of a usage limit."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Exchange, says, upstream

LIMIT = """
[[limits]]
name = "deep-messages"
amount = 2
window = "day"
roles = ["deep"]
"""
HELLO = [{"role": "user", "content": "hello"}]


def test_past_a_limit_the_mini_answers_with_a_notice_and_a_pin_is_refused(tmp_path: Path) -> None:
    with upstream(says("hi")) as up:
        pool = config_text(
            model("big", up, role="deep"), model("mini", up, role="deep-mini"), default="big", more=LIMIT
        )
        with serving(tmp_path, pool) as house:

            def ask(name: str, **more: object):  # type: ignore[no-untyped-def]
                return house.call("POST", "/v1/chat/completions", {"model": name, "messages": HELLO, **more})

            assert ask("big").json["model"] == "big"
            second = ask("big").json
            assert second["model"] == "big"
            refused = ask("big")
            assert refused.status == 429
            assert refused.json["error"]["code"] == "limit_reached"
            assert int(refused.headers["retry-after"]) > 0
            allowed = ask("big", unisono={"on_limit": "downgrade"}).json
            assert allowed["model"] == "mini"
            assert [n["code"] for n in allowed["unisono"]["notices"]] == ["limit_downgrade"]
            auto = ask("auto").json
            assert auto["model"] == "mini"
            assert "limit_downgrade" in [n["code"] for n in auto["unisono"]["notices"]]
            (row,) = house.get("/v1/limits")["data"]
            assert (row["used"], row["left"]) == (2.0, 0.0)
            assert row["returns"].endswith("00:00:00Z")
        with serving(tmp_path, pool) as house:
            (row,) = house.get("/v1/limits")["data"]
            assert row["used"] == 2.0


def test_a_switch_to_a_model_at_its_limit_is_told_of_the_one_that_stands_in_for_it(tmp_path: Path) -> None:
    with upstream(says("hi")) as up:
        pool = config_text(
            model("big", up, role="deep"),
            model("mini", up, role="deep-mini"),
            model("small", up),
            default="big",
            more=LIMIT.replace("amount = 2", "amount = 1"),
        )
        with serving(tmp_path, pool) as house:

            def ask(*models: str) -> list[str]:
                wishes = {"session": "s", "models": models}
                body = {"model": "auto", "messages": HELLO, "unisono": wishes}
                told = house.call("POST", "/v1/chat/completions", body).json["unisono"]
                return [told["model"], *(n["text"] for n in told["notices"] if n["code"] == "switch")]

            assert ask("small") == ["small"]
            assert house.call("POST", "/v1/chat/completions", {"model": "big", "messages": HELLO}).status == 200
            model_, text = ask("big", "mini")  # big would take over, and is at its limit
            assert model_ == "mini"
            assert text.startswith("mini answers from here; small answered before.")


def test_parallel_callers_of_one_key_never_get_more_than_the_limit(tmp_path: Path) -> None:
    more = '\n[[limits]]\nname = "all"\namount = 20\nwindow_s = 3600\n'
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a", more=more)) as house:
        with ThreadPoolExecutor(40) as pool:
            body = {"model": "auto", "messages": HELLO}
            replies = list(pool.map(lambda _: house.call("POST", "/v1/chat/completions", body).status, range(80)))
        assert sorted(replies) == [200] * 20 + [429] * 60
        assert len(up.seen) == 20


def test_a_named_key_has_its_wishes_and_its_name_in_the_limits(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("TEAM_A", "secret-a")
    more = '\n[[keys]]\nname = "team-a"\nkey = "env:TEAM_A"\nmodels = ["b"]\n' + LIMIT
    with (
        upstream(says("hi")) as up,
        serving(tmp_path, config_text(model("a", up), model("b", up), default="a", more=more)) as house,
    ):
        head = {"authorization": "Bearer secret-a"}
        body = {"model": "auto", "messages": HELLO}
        assert house.call("POST", "/v1/chat/completions", body).status == 401
        assert house.call("POST", "/v1/chat/completions", body, headers=head).json["model"] == "b"
        assert house.call("GET", "/v1/limits", headers=head).json["key"] == "team-a"


def _left(house: House, until: bytes, **body: object) -> None:
    """Ask, and hang up when this has come."""
    raw = json.dumps({"messages": HELLO, **body}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(raw)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S) as line:
        line.sendall(head.encode() + raw)
        came = b""
        while until not in came:
            part = line.recv(65536)
            assert part, came[-200:]
            came += part


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("name", ["auto", "a"])
def test_who_leaves_just_before_the_end_of_a_long_answer_pays_for_what_has_come(
    tmp_path: Path, name: str, padded: bool
) -> None:
    over = threading.Event()

    def talks(exchange: Exchange) -> None:
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": ""})
        for n in range(4000):
            exchange.delta({"content": "word " * (1 + n % 3)}, **({"padding": "x" * (n % 7)} if padded else {}))
        exchange.delta({"content": "last"})
        over.wait(LIMIT_S)

    more = "".join(f'\n[[limits]]\nname = "{c}"\ncounts = "{c}"\namount = 1e9\n' for c in ("tokens", "usd"))
    prices = {"usd_per_mtok_in": 1.0, "usd_per_mtok_out": 100.0}
    with (
        upstream(talks) as up,
        serving(tmp_path, config_text(model("a", up, **prices), default="a", more=more)) as house,
    ):
        _left(house, b'"last"', model=name, stream=True)
        over.set()

        assert [row["status"] for row in house.ended(1)] == ["cancelled"]
        found = {row["limit"]: row["used"] for row in house.get("/v1/limits")["data"]}
        assert 8000 < found["tokens"] < 13000  # 8,000 words
        assert 0.8 < found["usd"] < 1.3


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["auto", "a"])
def test_who_leaves_before_the_first_word_pays_what_was_reserved(tmp_path: Path, name: str, stream: bool) -> None:
    asked, over = threading.Event(), threading.Event()

    def thinks(exchange: Exchange) -> None:
        asked.set()
        over.wait(LIMIT_S)

    more = "".join(f'\n[[limits]]\nname = "{c}"\ncounts = "{c}"\namount = 1e9\n' for c in ("messages", "tokens"))
    with upstream(thinks) as up, serving(tmp_path, config_text(model("a", up), default="a", more=more)) as house:
        raw = json.dumps({"messages": HELLO, "model": name, "stream": stream}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(raw)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S) as line:
            line.sendall(head.encode() + raw)
            assert asked.wait(LIMIT_S)
        assert [row["status"] for row in house.ended(1)] == ["cancelled"]
        over.set()
        used = {row["limit"]: row["used"] for row in house.get("/v1/limits")["data"]}
        assert used["messages"] == 1.0
        assert used["tokens"] > 10.0


def test_a_key_has_so_many_requests_in_flight_and_no_more(tmp_path: Path) -> None:
    go = threading.Event()

    def waits(exchange: Exchange) -> None:
        assert go.wait(LIMIT_S)
        says("hi")(exchange)

    more = '\n[[limits]]\nname = "at-once"\ncounts = "concurrent_requests"\namount = 2\n'
    with upstream(waits) as up, serving(tmp_path, config_text(model("a", up), default="a", more=more)) as house:
        with ThreadPoolExecutor(2) as callers:
            first = [callers.submit(house.chat, stream=stream) for stream in (False, True)]
            try:
                up.wait_for(2)
                refused = house.chat()
                (row,) = house.get("/v1/limits")["data"]
            finally:
                go.set()
            assert [reply.result().status for reply in first] == [200, 200]
        assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        assert "at-once (2 at once) is taken by requests in flight" in refused.json["error"]["message"]
        assert (row["counts"], row["used"], row["left"], row["window"]) == ("concurrent_requests", 2.0, 0.0, None)
        house.until(lambda: house.get("/v1/limits")["data"][0]["used"] == 0.0, "both have ended")
        assert house.chat().status == 200
