"""Journeys with models that take no temperature, as the newer ones of OpenAI and Anthropic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import Exchange, completion, says, upstream

HELLO: Any = [{"role": "user", "content": "hello"}]


def no_temperature(exchange: Exchange) -> None:
    """Be a model that refuses `temperature`, of either API."""
    messages = exchange.path == "/v1/messages"
    if "temperature" in exchange.body:
        said = "`temperature` is deprecated for this model." if messages else "'temperature' does not support 0"
        error = {"message": said, "type": "invalid_request_error", "code": "unsupported_value", "param": "temperature"}
        return exchange.json({"type": "error", "error": error}, status=400)
    if messages:
        said_block = {"type": "text", "text": "ok"}
        frame = {"id": "msg_1", "type": "message", "role": "assistant", "model": exchange.body["model"]}
        usage = {"input_tokens": 5, "output_tokens": 6}
        stop = {"stop_reason": "end_turn", "stop_sequence": None}
        return exchange.json({**frame, **stop, "content": [said_block], "usage": usage})
    return says("ok")(exchange) if exchange.stream else exchange.json(completion(exchange, {"content": "ok"}))


@pytest.mark.parametrize("stream", [False, True])
def test_auto_asks_a_model_without_the_temperature_it_refuses_says_so_and_remembers(
    tmp_path: Path, stream: bool
) -> None:
    body = {"model": "auto", "messages": HELLO, "temperature": 0, "stream": stream}
    with (
        upstream(no_temperature) as up,
        serving(tmp_path, config_text(model("new", up), model("other", up), default="new")) as house,
    ):
        first, second = (
            house.call("POST", "/v1/chat/completions", body),
            house.call("POST", "/v1/chat/completions", body),
        )
        decisions = house.ended(2)
    for reply in (first, second):
        assert reply.status == 200
        assert reply.headers["x-unisono-model"] == "new"
        assert "does not take temperature" in reply.headers["x-unisono-notices"].replace("%20", " ")
    assert [sorted(set(exchange.body) & {"temperature"}) for exchange in up.seen] == [["temperature"], [], []]
    assert [decision["n_attempts"] for decision in decisions] == [1, 1]


def test_a_pinned_model_gets_what_its_caller_wrote_and_its_refusal_is_told(tmp_path: Path) -> None:
    with upstream(no_temperature) as up, serving(tmp_path, config_text(model("new", up), default="new")) as house:
        house.call("POST", "/v1/chat/completions", {"model": "auto", "messages": HELLO, "temperature": 0})
        reply = house.call("POST", "/v1/chat/completions", {"model": "new", "messages": HELLO, "temperature": 0})
    assert (reply.status, reply.json["error"]["param"]) == (400, "temperature")
    assert "temperature" in up.seen[-1].body


def test_anthropics_newer_models_are_asked_without_too(tmp_path: Path) -> None:
    with upstream(no_temperature) as up:
        opus = model("opus", up.base_url, upstream="anthropic")
        with serving(tmp_path, config_text(opus, default="opus")) as house:
            body = {"model": "auto", "messages": HELLO, "temperature": 0.2}
            replies = [house.call("POST", "/v1/chat/completions", body) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 200]
    assert all("left_out" in str(reply.json["unisono"]["notices"]) for reply in replies)
    assert len(up.seen) == 3


def test_models_that_work_together_are_asked_without_it_too_and_the_answer_says_so(tmp_path: Path) -> None:
    body = {"model": "auto:pro", "messages": [{"role": "user", "content": "What is 6 times 7?"}], "temperature": 0}
    with upstream(no_temperature) as up:
        pool = (model(name, up, quality=0.8, role="deep") for name in ("new", "newer", "newest"))
        with serving(tmp_path, config_text(*pool, default="new")) as house:
            reply = house.call("POST", "/v1/chat/completions", body)
    told = reply.json["unisono"]
    assert (reply.status, told["pattern"]) == (200, "fusion")
    assert {part["status"] for part in told["parts"]} <= {"ok", "cancelled"}
    assert "does not take temperature" in str(told["notices"])


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_costs_more_than_the_callers_bound_says_so(tmp_path: Path, stream: bool) -> None:
    """What an answer costs is known when it ends: the bound holds for what is expected."""
    echo = (
        'default = "echo"\n[[models]]\nname = "echo"\nupstream = "scripted"\nreply = "ok"\n'
        "usd_per_mtok_in = 0\nusd_per_mtok_out = 10\nusage = { input_tokens = 5, output_tokens = 90000 }\n"
    )
    with serving(tmp_path, echo) as house:
        said = house.chat(stream=stream, unisono={"max_cost_usd": 0.5})
        row = house.end_of(said.headers["x-unisono-decision"])
    told = "This answer cost $0.9, above your bound of $0.5."
    assert said.status == 200
    assert told in said.raw.decode()
    assert [notice["text"] for notice in row["notices"]] == [told]
