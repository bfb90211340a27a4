"""Journeys of a busy house: turns at an upstream, load that is shed, limits learnt from headers, a second model."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Exchange, completion, fails, says, upstream

from unisono.upstream.firsts import N_NEEDED


def test_a_busy_upstream_makes_calls_wait_and_tells_those_who_cannot(tmp_path: Path) -> None:
    release = threading.Event()

    def waits(exchange: Exchange) -> None:
        release.wait(LIMIT_S)
        says("ok")(exchange)

    calls = "[calls]\nmax_in_flight = 1\nmax_wait_s = 0.2\nretries = 0\n"
    with (
        upstream(waits) as up,
        upstream(says("from the other")) as other,
        serving(tmp_path, config_text(model("a", up), model("b", other), default="a", more=calls)) as house,
        ThreadPoolExecutor(1) as pool,
    ):
        held = pool.submit(lambda: house.chat(model="a"))
        up.wait_for(1)
        alone = house.chat(model="a")
        instead = house.chat(model="a", unisono={"allow_fallback": True})
        release.set()
        assert held.result().status == 200
        metrics = house.call("GET", "/metrics").raw.decode()
    assert (alone.status, alone.json["error"]["code"]) == (503, "upstream_busy")
    assert int(alone.headers["retry-after"]) >= 1
    assert instead.json["model"] == "b"
    assert "busy" in instead.headers["x-unisono-notices"]
    assert 'unisono_calls_waiting{model="a"} 0.0' in metrics
    assert len(up.seen) == 1


def test_more_requests_than_may_be_in_hand_are_turned_away_before_they_are_read(tmp_path: Path) -> None:
    release = threading.Event()

    def waits(exchange: Exchange) -> None:
        release.wait(LIMIT_S)
        says("ok")(exchange)

    with upstream(waits) as up:
        text = config_text(model("a", up), default="a").replace("port = 0", "port = 0\nmax_requests = 2")
        with serving(tmp_path, text) as house, ThreadPoolExecutor(2) as pool:
            held = [pool.submit(lambda: house.chat(model="a")) for _ in range(2)]
            up.wait_for(2)
            shed = house.chat(model="a")
            alive = house.call("GET", "/healthz").status
            release.set()
            assert [reply.result().status for reply in held] == [200, 200]
            after = house.chat(model="a")
            metrics = house.call("GET", "/metrics").raw.decode()
    assert (shed.status, shed.json["error"]["code"], shed.headers["retry-after"]) == (503, "overloaded", "1")
    assert (alive, after.status) == (200, 200)
    assert "unisono_shed_total 1.0" in metrics
    assert len(up.seen) == 3


def test_a_model_whose_headers_say_that_it_would_refuse_is_not_chosen(tmp_path: Path) -> None:
    used_up = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "5m"}

    def last_one(exchange: Exchange) -> None:
        exchange.json(completion(exchange, {"content": "the last for now"}), headers=used_up)

    with (
        upstream(last_one) as up,
        upstream(says("ok")) as other,
        serving(
            tmp_path, config_text(model("a", up, quality=0.9), model("b", other, quality=0.3), default="a")
        ) as house,
    ):
        first, second = house.chat("one", model="auto"), house.chat("two", model="auto")
        shown = house.get(f"/v1/decisions/{second.headers['x-unisono-decision']}")
        pinned = house.chat("three", model="a")
    assert (first.json["model"], second.json["model"], pinned.json["model"]) == ("a", "b", "a")
    assert [(e["model"], e["rule"]) for e in shown["excluded"]] == [("a", "health")]
    assert shown["excluded"][0]["reason"].startswith("limited by its host until ")
    assert len(up.seen) == 2


def test_a_failure_that_passes_is_asked_again_and_recorded(tmp_path: Path) -> None:
    with upstream(fails(503)) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        n = iter(range(10))
        up.behave = lambda exchange: (fails(503) if next(n) == 0 else says("ok"))(exchange)
        reply = house.chat(model="a")
        recorded = house.get(f"/v1/decisions/{reply.headers['x-unisono-decision']}")
        metrics = house.call("GET", "/metrics").raw.decode()
    assert reply.status == 200
    assert [a["status"] for a in recorded["attempts"]] == ["failed", "ok"]
    assert 'unisono_retries_total{model="a"} 1.0' in metrics


def test_a_second_model_beside_a_slow_one_answers_and_the_first_is_hung_up_on(tmp_path: Path) -> None:
    gone = threading.Event()
    n = iter(range(100))

    def slow_at_last(exchange: Exchange) -> None:
        if next(n) < N_NEEDED:  # behind the last of them is known how long it takes: until then nobody is hedged
            says("quick")(exchange)
            return
        if exchange.gone_at_s() is not None:
            gone.set()

    with (
        upstream(slow_at_last) as up,
        upstream(says("from the other")) as other,
        serving(
            tmp_path,
            config_text(
                model("a", up, quality=0.9),
                model("b", other, quality=0.3),
                default="a",
                more='[calls]\nhedge = ["deep"]\n',
            ),
        ) as house,
    ):
        asked = [house.chat(f"question {place}", model="auto:deep", stream=True) for place in range(N_NEEDED + 1)]
        recorded = house.get(f"/v1/decisions/{asked[-1].headers['x-unisono-decision']}")
        assert gone.wait(LIMIT_S)
        metrics = house.call("GET", "/metrics").raw.decode()
    assert [reply.headers["x-unisono-model"] for reply in asked] == ["a"] * N_NEEDED + ["b"]
    assert [(a["model"], a["status"]) for a in recorded["attempts"]] == [("a", "cancelled"), ("b", "ok")]
    assert [notice["code"] for notice in recorded["notices"]] == ["hedge"]
    assert 'unisono_hedges_total{model="a"} 1.0' in metrics
