"""Journeys of a stream: it leaves as it comes, ends with its caller, falls back before its first content only."""

from __future__ import annotations

import http.client
import json
import threading
import time
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Behave, Exchange, cuts_after, fails, is_shown, says, upstream

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
N = 6


def test_each_chunk_leaves_before_the_upstream_sends_the_next(tmp_path: Path) -> None:
    arrived = [threading.Event() for _ in range(N)]
    waited: list[bool] = []

    def paced(exchange: Exchange) -> None:
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": ""})
        for n in range(N):
            exchange.delta({"content": f"{n} "})
            waited.append(arrived[n].wait(LIMIT_S))
        exchange.delta({}, finish="stop")
        exchange.end_stream()

    with upstream(paced) as up, serving(tmp_path, config_text(model("small", up), default="small")) as house:
        for chunk in house.client().chat.completions.create(model="auto", messages=HELLO, stream=True):
            if chunk.choices and (text := (chunk.choices[0].delta.content or "").strip()):
                arrived[int(text)].set()
    assert waited == [True] * N


def _open(house: House, *, stream: bool) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=LIMIT_S)
    body = json.dumps({"model": "small", "messages": HELLO, "stream": stream})
    connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    return connection


@pytest.mark.parametrize("when", ["in mid-stream", "before the first chunk", "in a plain answer"])
def test_a_caller_who_leaves_cancels_the_upstream_within_100_ms(tmp_path: Path, when: str) -> None:
    gone: list[float | None] = []
    noticed = threading.Semaphore(0)

    def waits(exchange: Exchange) -> None:
        if when == "in mid-stream":
            exchange.open_stream()
            exchange.delta({"role": "assistant", "content": "so "})
        gone.append(exchange.gone_at_s())
        noticed.release()

    took_s: list[float] = []
    with upstream(waits) as up, serving(tmp_path, config_text(model("small", up), default="small")) as house:
        while not is_shown(took_s, within_s=0.1, times=3):
            connection = _open(house, stream=when != "in a plain answer")
            if when == "in mid-stream":
                answer = connection.getresponse()
                assert answer.readline().startswith(b"data: ")
                answer.close()
            up.wait_for(len(took_s) + 1)
            left_s = time.perf_counter()
            connection.close()
            assert noticed.acquire(timeout=LIMIT_S)
            at_s = gone[-1]
            assert at_s is not None
            took_s.append(at_s - left_s)
        rows = house.ended(len(took_s))
        ready = house.get("/readyz")
    assert {row["status"] for row in rows} == {"cancelled"}
    assert ready["status"] == "ready"  # who leaves says nothing about the upstream


def _role_then_cut(exchange: Exchange) -> None:
    if not exchange.stream:
        exchange.cut()
        return
    cuts_after()(exchange)


def _malformed(exchange: Exchange) -> None:
    if not exchange.stream:
        exchange.json({"hello": "world"})
        return
    exchange.open_stream()
    exchange.event("{nonsense")
    exchange.cut()


def _error_event(exchange: Exchange) -> None:
    if not exchange.stream:
        exchange.json({"error": {"message": "overloaded", "code": 503}})
        return
    exchange.open_stream()
    exchange.delta({"role": "assistant", "content": ""})
    exchange.event({"error": {"message": "overloaded", "code": 503}})
    exchange.end_stream()


FAULTS: dict[str, Behave] = {
    "status 500": fails(500),
    "status 429": fails(429, headers={"retry-after": "1"}),
    "status 401": fails(401),
    "cut before content": _role_then_cut,
    "malformed": _malformed,
    "error instead of content": _error_event,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_before_the_first_content_falls_back_and_says_so_everywhere(tmp_path: Path, fault: str) -> None:
    with upstream(FAULTS[fault]) as broken, upstream(says("from the other")) as good:
        text = config_text(model("a", broken), model("b", good), default="b")
        with serving(tmp_path, text) as house:
            wish = {"allow_fallback": True}
            streamed = house.chat(model="a", unisono=wish, stream=True)
            plain = house.chat(model="a", unisono=wish)
            recorded = house.get(f"/v1/decisions/{plain.headers['x-unisono-decision']}")
    events = [json.loads(e) for e in streamed.events[:-1]]
    assert streamed.events[-1] == "[DONE]"
    assert "".join(e["choices"][0]["delta"].get("content", "") for e in events) == "from the other "
    assert {e["model"] for e in events} == {"b"}
    for facts, headers in ((events[0]["unisono"], streamed.headers), (plain.json["unisono"], plain.headers)):
        assert facts["model"] == headers["x-unisono-model"] == "b"
        assert [n["code"] for n in facts["notices"]] == ["fallback"]
        assert "a failed" in headers["x-unisono-notices"]
        assert "b answered instead" in headers["x-unisono-notices"]
        assert facts["reason"] == headers["x-unisono-reason"] == "b answers because a failed."
    assert plain.json["model"] == recorded["answered"] == "b"
    assert [a["status"] for a in recorded["attempts"]] == ["failed", "ok"]
    assert [n["code"] for n in recorded["notices"]] == ["fallback"]


def test_auto_falls_back_from_its_own_first_choice(tmp_path: Path) -> None:
    with (
        upstream(says("one")) as one,
        upstream(says("two")) as two,
        serving(tmp_path, config_text(model("a", one), model("b", two), default="a")) as house,
    ):
        first = house.call("POST", "/v1/route", {"model": "auto", "messages": HELLO}).json["model"]
        broken, other = (one, "b") if first == "a" else (two, "a")
        broken.behave = fails(503)
        answer = house.chat().json
    assert answer["model"] == other
    assert [n["code"] for n in answer["unisono"]["notices"]] == ["fallback"]


def _breaks_with_an_error_event(exchange: Exchange) -> None:
    exchange.open_stream()
    exchange.delta({"role": "assistant", "content": "half "})
    exchange.event({"error": {"message": "the machine fell over", "code": 500}})
    exchange.end_stream()


@pytest.mark.parametrize(
    "breaks", [cuts_after("half ", "an "), _breaks_with_an_error_event], ids=["cut", "error event"]
)
def test_a_fault_after_the_first_content_ends_honestly(tmp_path: Path, breaks: Behave) -> None:
    wish = {"allow_fallback": True}
    seen: list[str | None] = []
    with (
        upstream(breaks) as broken,
        upstream(says("never")) as good,
        serving(tmp_path, config_text(model("a", broken), model("b", good), default="a")) as house,
    ):
        raw = house.chat(model="a", unisono=wish, stream=True)
        with pytest.raises(openai.APIError):
            seen.extend(
                chunk.choices[0].delta.content
                for chunk in house.client().chat.completions.create(
                    model="a", messages=HELLO, stream=True, extra_body={"unisono": wish}
                )
            )
        recorded = house.get(f"/v1/decisions/{raw.headers['x-unisono-decision']}")
    assert "[DONE]" not in raw.events
    last = json.loads(raw.events[-1])
    assert last["error"]["code"] == "upstream_cut"
    assert last["error"]["message"]
    assert "half " in seen
    assert recorded["status"] == "cut"
    assert good.seen == []


def test_a_stalled_upstream_is_left_after_its_limit_and_the_next_answers(tmp_path: Path) -> None:
    released = threading.Event()

    def stalls(exchange: Exchange) -> None:
        exchange.gone_at_s()
        released.set()

    with upstream(stalls) as stuck, upstream(says("ok")) as good:
        text = config_text(model("a", stuck), model("b", good), default="b")
        text = text.replace("first_content_s = 60", "first_content_s = 2")
        with serving(tmp_path, text) as house:
            answer = house.chat(model="a", unisono={"allow_fallback": True}, stream=True)
    assert answer.headers["x-unisono-model"] == "b"
    assert "timeout" in answer.headers["x-unisono-notices"]
    assert released.wait(LIMIT_S)
