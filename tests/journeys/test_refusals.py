"""Journeys that end in an error: the official client's exception, OpenAI's form, and what to do about it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import fails, says, upstream

HELLO: list[Any] = [{"role": "user", "content": "hello"}]


def test_an_unknown_model_is_not_found_and_the_nearest_is_named(tmp_path: Path) -> None:
    with upstream(says("ok")) as up, serving(tmp_path, config_text(model("small", up), default="small")) as house:
        with pytest.raises(openai.NotFoundError) as caught:
            house.client().chat.completions.create(model="smal", messages=HELLO)
        with pytest.raises(openai.NotFoundError, match="auto:deep"):
            house.client().chat.completions.create(model="auto:deeep", messages=HELLO)
        with pytest.raises(openai.NotFoundError) as banned:
            house.client().chat.completions.create(
                model="auto", messages=HELLO, extra_body={"unisono": {"ban": ["smal"]}}
            )
    assert caught.value.code == "model_not_found"
    assert caught.value.param == "model"
    assert "small" in str(caught.value)
    assert banned.value.param == "unisono.ban"
    assert up.seen == []


BAD_BODIES = {
    "no JSON": (b"{nonsense", None),
    "empty": (b"", None),
    "no object": (b"[]", None),
    "no UTF-8": (b'{"model": "auto", "messages": [{"role": "user", "content": "\xff"}]}', None),
    "too deep": (b'{"model":"auto","messages":' + b"[" * 5000 + b"]" * 5000 + b"}", None),
    "no model": ({"messages": HELLO}, "model"),
    "no messages": ({"model": "auto"}, "messages"),
    "empty messages": ({"model": "auto", "messages": []}, "messages"),
    "messages of text": ({"model": "auto", "messages": "hello"}, "messages"),
    "no role": ({"model": "auto", "messages": [{"content": "x"}]}, "messages[0]"),
    "role of a number": ({"model": "auto", "messages": [{"role": 3, "content": "x"}]}, "messages[0].role"),
    "model of a number": ({"model": 3, "messages": HELLO}, "model"),
    "stream of text": ({"model": "auto", "messages": HELLO, "stream": "yes"}, "stream"),
    "tools of text": ({"model": "auto", "messages": HELLO, "tools": "weather"}, "tools"),
    "dial out of range": ({"model": "auto", "messages": HELLO, "unisono": {"dial": 7}}, "unisono.dial"),
    "unknown wish": ({"model": "auto", "messages": HELLO, "unisono": {"dail": 0.5}}, "unisono"),
}


def test_a_bad_body_is_a_400_in_openais_form_that_names_the_field(tmp_path: Path) -> None:
    with upstream(says("ok")) as up, serving(tmp_path, config_text(model("small", up), default="small")) as house:
        for what, (body, param) in BAD_BODIES.items():
            for path in ("/v1/chat/completions", "/v1/route"):
                reply = house.call("POST", path, body)
                assert reply.status == 400, (what, reply.raw)
                error = reply.json["error"]
                assert set(error) == {"message", "type", "param", "code"}, what
                assert error["type"] == "invalid_request_error", what
                assert (error["param"] or "").startswith(param or ""), (what, error)
                assert (error["param"] is None) == (param is None), (what, error)
        with pytest.raises(openai.BadRequestError) as caught:
            house.client().chat.completions.create(model="auto", messages=[])
        still = house.chat().status
    assert caught.value.param == "messages"
    assert still == 200
    assert len(up.seen) == 1


def test_a_body_over_the_limit_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    with upstream(says("ok")) as up:
        text = config_text(model("small", up), default="small").replace("port = 0", "port = 0\nmax_body_bytes = 20000")
        with serving(tmp_path, text) as house:
            fits = house.chat("x" * 15_000)
            large = house.chat("x" * 30_000)
            told = house.call("POST", f"/v1/decisions/{fits.headers['x-unisono-decision']}/feedback", b" " * 5_000)
            squeezed = house.call("POST", "/v1/chat/completions", gzip.compress(b"{}"))
    assert fits.status == 200
    assert large.status == 400
    assert large.json["error"]["code"] == "request_too_large"
    assert "max_body_bytes" in large.json["error"]["message"]
    assert "larger than 4096 bytes. Send less." in told.json["error"]["message"]
    assert squeezed.json["error"]["message"].endswith("Send it uncompressed.")
    assert len(up.seen) == 1


def test_an_upstreams_429_stays_one_with_its_retry_after(tmp_path: Path) -> None:
    slow_down = fails(429, "slow down", headers={"retry-after": "7"})
    with upstream(slow_down) as up, serving(tmp_path, config_text(model("small", up), default="small")) as house:
        with pytest.raises(openai.RateLimitError) as caught:
            house.client().chat.completions.create(model="small", messages=HELLO)
        streamed = house.chat(model="small", stream=True)
    assert caught.value.response.headers["retry-after"] == "7"
    assert caught.value.code == "rate_limit_exceeded"
    assert streamed.status == 429


def test_an_upstreams_400_reaches_the_caller_in_its_own_words_and_nobody_else_is_asked(tmp_path: Path) -> None:
    theirs = fails(400, "temperature must be below 2", param="temperature", code="bad_temperature")
    with (
        upstream(theirs) as up,
        serving(tmp_path, config_text(model("a", up), model("b", up), default="a")) as house,
        pytest.raises(openai.BadRequestError, match="temperature must be below 2") as caught,
    ):
        house.client().chat.completions.create(model="auto", messages=HELLO, temperature=3)
    assert (caught.value.param, caught.value.code) == ("temperature", "bad_temperature")
    assert len(up.seen) == 1


@pytest.mark.parametrize("mode", ["auto", "auto:pro"])
def test_a_model_that_the_router_chose_is_asked_for_no_longer_answer_than_it_gives(tmp_path: Path, mode: str) -> None:
    with upstream(says("ok")) as up:
        pool = [model(name, up, max_output_tokens=100) for name in "ab"]
        with serving(tmp_path, config_text(*pool, default="a")) as house:
            assert house.chat(model=mode, max_tokens=5000).status == 200
            assert house.chat(model=mode, max_completion_tokens=5000, max_tokens=None, stream=True).status == 200
            assert house.chat(model=mode, max_tokens=50).status == 200
            chosen = [seen.body.get("max_tokens") or seen.body.get("max_completion_tokens") for seen in up.seen]
            assert house.chat(model="a", max_tokens=5000).status == 200
            pinned = up.seen[-1].body["max_tokens"]
    assert sorted(set(chosen)) == [50, 100]
    assert pinned == 5000


def test_when_no_model_answers_the_error_lists_each_attempt(tmp_path: Path) -> None:
    with upstream(fails(500)) as one, upstream(fails(503)) as two:
        three = model("c", "http://127.0.0.1:9/v1")
        with serving(tmp_path, config_text(model("a", one), model("b", two), three, default="a")) as house:
            with pytest.raises(openai.APIStatusError) as caught:
                house.client().chat.completions.create(model="auto", messages=HELLO)
            decision = caught.value.response.headers["x-unisono-decision"]
            recorded = house.get(f"/v1/decisions/{decision}")
    facts = caught.value.response.json()["unisono"]
    assert caught.value.status_code == 502
    assert caught.value.code == "no_answer"
    assert {a["model"]: a["http_status"] for a in facts["attempts"]} == {"a": 500, "b": 503, "c": None}
    assert all(name in caught.value.message for name in ("a:", "b:", "c:"))
    assert recorded["status"] == "failed"
    asked = [a["model"] for a in recorded["attempts"]]
    assert sorted(asked[:3]) == ["a", "b", "c"]
    assert asked[3:] == [asked[0]] * 2  # asked again twice, from the head of the ranking on


def test_a_prompt_longer_than_every_window_is_told_each_window(tmp_path: Path) -> None:
    with upstream(says("ok")) as up:
        models = (model("tiny", up, context_tokens=200), model("small", up, context_tokens=300))
        with serving(tmp_path, config_text(*models, default="tiny")) as house:
            with pytest.raises(openai.BadRequestError) as caught:
                house.client().chat.completions.create(
                    model="auto", messages=[{"role": "user", "content": "many words " * 1000}]
                )
            pinned = house.chat("many words " * 1000, model="tiny")
    assert caught.value.code == "context_length_exceeded"
    assert "200" in caught.value.message
    assert "300" in caught.value.message
    assert pinned.json["error"]["code"] == "context_length_exceeded"
    assert up.seen == []


def test_bounds_that_nobody_meets_are_told_with_the_reason_against_each(tmp_path: Path) -> None:
    with (
        upstream(says("ok")) as up,
        serving(tmp_path, config_text(model("a", up), model("b", up), default="a")) as house,
    ):
        reply = house.chat(unisono={"max_cost_usd": 0.0})
        blind = house.chat(unisono={"ban": ["a"]}, response_format={"type": "json_object"})
    for refused in (reply, blind):
        assert refused.status == 400
        assert refused.json["error"]["code"] == "no_candidate"
        assert {e["model"] for e in refused.json["unisono"]["excluded"]} == {"a", "b"}
        assert all(e["reason"] for e in refused.json["unisono"]["excluded"])
    assert up.seen == []


def test_a_pin_is_never_substituted(tmp_path: Path) -> None:
    with upstream(fails(500)) as broken, upstream(says("ok")) as good:
        text = config_text(model("a", broken), model("b", good), default="b")
        with serving(tmp_path, text) as house:
            refused = house.chat(model="a")
            allowed = house.chat(model="a", unisono={"allow_fallback": True})
    assert refused.status == 502
    assert allowed.json["model"] == "b"
    assert [n["code"] for n in allowed.json["unisono"]["notices"]] == ["fallback"]
    assert len(good.seen) == 1


def test_keys_are_asked_for_where_they_are_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_KEY", "sesame-93")
    with upstream(says("ok")) as up:
        text = config_text(model("small", up), default="small").replace(
            "port = 0", 'port = 0\nkeys = ["env:HOUSE_KEY"]'
        )
        with serving(tmp_path, text) as house:
            with pytest.raises(openai.AuthenticationError) as caught:
                house.client().chat.completions.create(model="auto", messages=HELLO)
            known = house.client(api_key="sesame-93").chat.completions.create(model="auto", messages=HELLO)
            closed = {path: house.call("GET", path).status for path in ("/v1/models", "/v1/decisions", "/metrics")}
            alive = house.call("GET", "/healthz").status
    assert caught.value.code == "invalid_api_key"
    assert known.choices[0].message.content == "ok"
    assert set(closed.values()) == {401}
    assert alive == 200
    assert "authorization" not in up.seen[0].headers
    assert "sesame-93" not in json.dumps(up.seen[0].headers)


def test_a_web_page_of_another_origin_may_not_spend(tmp_path: Path) -> None:
    with upstream(says("ok")) as up, serving(tmp_path, config_text(model("small", up), default="small")) as house:
        foreign = house.chat(headers={"origin": "http://evil.example"})
        own = house.chat(headers={"origin": f"http://127.0.0.1:{house.port}"})
    assert foreign.status == 401
    assert own.status == 200
    assert len(up.seen) == 1


def test_unknown_routes_and_methods_answer_in_openais_form(tmp_path: Path) -> None:
    with upstream(says("ok")) as up, serving(tmp_path, config_text(model("small", up), default="small")) as house:
        replies = (
            house.call("GET", "/v1/nothing"),
            house.call("GET", "/v1/chat/completions"),
            house.call("GET", "/v1/decisions/0190-no-such"),
            house.call("GET", "/v1/decisions?limit=many"),
        )
    for reply in replies:
        assert reply.status in (400, 404, 405)
        assert reply.json["error"]["message"]
        assert reply.json["error"]["code"]
    assert replies[1].headers["allow"] == "POST"  # what HTTP asks of a 405
    assert "POST" in replies[1].json["error"]["message"]
