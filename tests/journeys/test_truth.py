"""What an answer says of itself is true: who answered, and every change of hands, in header, body and stream."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from tests.journeys.house import House, Reply, config_text, model, serving
from tests.journeys.upstream import Behave, Exchange, completion, fails, says, upstream

ASKED = "up-model"


def lies_late(exchange: Exchange) -> None:
    """Begin in the right name, and end in another."""
    exchange.open_stream()
    exchange.delta({"role": "assistant", "content": ""})
    exchange.delta({"content": "hello "})
    exchange.delta({"content": "there"}, model="somebody-else")
    exchange.delta({}, finish="stop", model="somebody-else")
    exchange.end_stream()


def names_itself_late(exchange: Exchange) -> None:
    """Say nothing of a name before the second chunk."""
    exchange.open_stream()
    exchange.event({"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "a"}}]})
    exchange.delta({"content": "b"}, model="somebody-else")
    exchange.delta({}, finish="stop", model="somebody-else")
    exchange.end_stream()


def names_nobody(exchange: Exchange) -> None:
    """Answer without a name."""
    answer = completion(exchange, {"content": "hi"})
    del answer["model"]
    exchange.json(answer)


def ask(house: House, *, stream: bool) -> Reply:
    return house.chat("hello", stream=stream)


def documents(reply: Reply) -> list[dict[str, Any]]:
    """Return the JSON documents of an answer: one, or those of its events."""
    if not reply.headers["content-type"].startswith("text/event-stream"):
        return [reply.json]
    return [json.loads(event) for event in reply.events if event != "[DONE]"]


def codes_in(reply: Reply) -> tuple[set[str], set[str]]:
    """Return the codes of the notices in the header, and in the body or stream."""
    line = unquote(reply.headers.get("x-unisono-notices", ""))
    body = {n["code"] for document in documents(reply) for n in document.get("unisono", {}).get("notices", ())}
    return {part.partition(":")[0] for part in line.split("; ") if ":" in part}, body


LIES: list[tuple[Behave, bool]] = [
    (says("hi", model="somebody-else"), False),
    (says("hi there", model="somebody-else"), True),
    (lies_late, True),
    (names_itself_late, True),
]


@pytest.mark.parametrize(("behave", "stream"), LIES)
def test_who_answered_is_what_the_upstream_said_and_the_answer_is_marked(
    tmp_path: Path, behave: Behave, stream: bool
) -> None:
    with upstream(behave) as up, serving(tmp_path, config_text(model("mine", up), default="mine")) as house:
        reply = ask(house, stream=stream)
        said = documents(reply)
        for document in said:
            said_so = any(document.get("model") == "somebody-else" for document in said)
            assert document["model"] in ("somebody-else", "mine")
        assert said_so
        assert said[-1]["model"] in ("somebody-else", "mine")
        assert "model_mismatch" in codes_in(reply)[1]
        (incident,) = house.get("/admin/incidents")["data"]
        assert incident["kind"] == "model_mismatch"
        shown = house.end_of(reply.headers["x-unisono-decision"])
        assert shown["status"] == "ok"
        assert shown["attempts"][0]["reported_model"] == "somebody-else"


def test_every_chunk_bears_the_name_that_its_upstream_gave_it(tmp_path: Path) -> None:
    with upstream(lies_late) as up, serving(tmp_path, config_text(model("mine", up), default="mine")) as house:
        said = documents(ask(house, stream=True))
        names = {d["choices"][0]["delta"].get("content"): d["model"] for d in said if d["choices"]}
        assert names["hello "] == "mine"
        assert names["there"] == "somebody-else"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("behave", [says("hi", model=f"{ASKED}-2026-01-31"), says("hi")])
def test_a_name_that_may_be_reported_is_no_lie(tmp_path: Path, behave: Behave, stream: bool) -> None:
    text = config_text(model("mine", None, upstream_model=ASKED, base_url="{url}"), default="mine")
    with upstream(behave) as up, serving(tmp_path, text.replace("{url}", up.base_url)) as house:
        reply = ask(house, stream=stream)
        assert {d["model"] for d in documents(reply)} == {"mine"}
        assert codes_in(reply) == (set(), set())
        assert house.get("/admin/incidents")["data"] == []


def test_an_answer_without_a_name_bears_the_name_of_who_was_asked(tmp_path: Path) -> None:
    with upstream(names_nobody) as up, serving(tmp_path, config_text(model("mine", up), default="mine")) as house:
        assert ask(house, stream=False).json["model"] == "mine"


# ------------------------------------------------------------------------------- every change of hands is told


def fallback(house: House, stream: bool) -> Reply:
    return house.chat("hello", model="dead", stream=stream, unisono={"allow_fallback": True})


def switch(house: House, stream: bool) -> Reply:
    assert house.chat("hello", unisono={"session": "s", "models": ["big"]}).status == 200
    return house.chat("and now?", stream=stream, unisono={"session": "s", "ban": ["big"]})


def limit(house: House, stream: bool) -> Reply:
    assert house.chat("hello", unisono={"models": ["counted", "mini"]}).json["model"] == "counted"
    return house.chat("hello", stream=stream, unisono={"models": ["counted", "mini"]})


def successor(house: House, stream: bool) -> Reply:
    return house.chat("hello", model="old", stream=stream)


def sunset(house: House, stream: bool) -> Reply:
    return house.chat("hello", model="leaving", stream=stream)


def effort(house: House, stream: bool) -> Reply:
    reply = house.chat("Think hard: is 91 a prime?", stream=stream)
    assert documents(reply)[0]["unisono"]["mode"] == "deep"
    return reply


def retry(house: House, stream: bool) -> Reply:
    first = house.chat("hello", unisono={"models": ["big"]}).json["unisono"]["decision"]
    return house.chat("hello", stream=stream, unisono={"retry_of": first, "how": "other"})


def degraded(house: House, stream: bool) -> Reply:
    assert house.live is not None

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose")

    house.live.router.stages.quality.predict_one = broken  # type: ignore[union-attr, method-assign, assignment]
    return house.chat("hello", stream=stream)


CHANGES: list[tuple[Callable[[House, bool], Reply], str]] = [
    (fallback, "fallback"),
    (switch, "switch"),
    (limit, "limit_downgrade"),
    (successor, "successor"),
    (sunset, "sunset"),
    (retry, "retry"),
    (effort, "effort"),
    (degraded, "degraded"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("change", "code"), CHANGES)
def test_a_change_is_told_in_header_and_body_and_stream(
    tmp_path: Path, change: Callable[[House, bool], Reply], code: str, stream: bool
) -> None:
    with upstream(says("hi there")) as up, upstream(fails(500)) as down:
        text = config_text(
            model("big", up, quality=0.9),
            model("counted", up, quality=0.5, role="deep"),
            model("mini", up, quality=0.4, role="deep-mini"),
            model("dead", down, quality=0.1),
            model("leaving", up, quality=0.1, lifecycle="sunset", until="2999-12-31", successor="big"),
            model("old", up, lifecycle="retired", successor="big"),
            default="big",
            more='\n[[limits]]\nname = "few"\ncounts = "messages"\namount = 1\nmodels = ["counted"]\n',
        )
        with serving(tmp_path, text) as house:
            reply = change(house, stream)
            assert reply.status == 200, reply.raw
            header, body = codes_in(reply)
            assert code in header
            assert code in body


def test_an_error_tells_what_was_changed_before_it(tmp_path: Path) -> None:
    with upstream(fails(500)) as down, upstream(says("hi")) as up:
        text = config_text(
            model("big", up, quality=0.9),
            model("leaving", down, quality=0.1, lifecycle="sunset", until="2999-12-31", successor="big"),
            default="big",
        )
        with serving(tmp_path, text) as house:
            reply = house.chat("hello", model="leaving")
            assert reply.status == 502
            assert [n["code"] for n in reply.json["unisono"]["notices"]] == ["sunset"]
            assert reply.json["unisono"]["decision"]
            assert "sunset" in reply.headers["x-unisono-notices"]
            assert reply.headers["x-unisono-model"] == "leaving"


def test_an_account_without_money_is_told_to_its_operator_though_another_model_answers(tmp_path: Path) -> None:
    empty = fails(429, "You exceeded your current quota.", code="insufficient_quota")
    with (
        upstream(empty) as dry,
        upstream(says("ok")) as up,
        serving(tmp_path, config_text(model("dry", dry), model("spare", up), default="dry")) as house,
    ):
        reply = house.chat("hello")
        house.until(lambda: house.get("/admin/incidents")["data"], "it is recorded")
        (incident,) = house.get("/admin/incidents")["data"]
        metrics = house.call("GET", "/metrics").raw.decode()
    assert (reply.status, reply.headers["x-unisono-model"]) == (200, "spare")
    assert (incident["kind"], incident["subject"], incident["n"]) == ("model_refused", "dry", 1)
    assert "insufficient_quota; its account there has no money or quota left" in incident["text"]
    assert 'unisono_incidents_total{kind="model_refused"} 1.0' in metrics
    assert len(dry.seen) == 1
