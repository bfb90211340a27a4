"""Journeys under rules of the house: who answers, what is told, and what no rule may touch."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.journeys.house import House, Reply, config_text, model, process, serving
from tests.journeys.upstream import fails, says, upstream
from typer.testing import CliRunner

from unisono.cli.main import app
from unisono.record.keys import create_key
from unisono.types import Scope

RULES = """
[[rules]]
name = "contracts"
words = ["contract"]
models = ["lawyer"]

[[rules]]
name = "code"
tasks = ["code"]
models = ["coder", "lawyer"]
"""
LIKE = """
[[rules]]
name = "refunds"
like = ["I want my money back", "How do I get a refund?", "You charged my card twice"]
unlike = ["Cancel my order"]
models = ["lawyer"]
"""
REFUND = "Please refund what I paid for the kettle"
CONTRACT = "Is this contract valid?"
CODE = "Write a Python function that reverses a linked list."


def pool(up: Any, *, lawyer: Any = None, more: str = RULES) -> str:
    return config_text(
        model("chat", up, quality=0.9),
        model("coder", up, quality=0.5),
        model("lawyer", lawyer or up, quality=0.3),
        default="chat",
        more=more,
    )


def told(reply: Reply) -> tuple[str, list[str]]:
    unisono = reply.json["unisono"]
    return unisono["model"], [notice["code"] for notice in unisono["notices"]]


def test_a_rule_says_who_answers_auto_in_body_header_stream_record_and_preview(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up)) as house:
        assert told(house.chat("hello")) == ("chat", [])
        reply = house.chat(CONTRACT)
        assert told(reply) == ("lawyer", ["rule"])
        told_why = "Of the models that the rule contracts names, only lawyer may serve this request."
        assert reply.json["unisono"]["reason"] == told_why
        assert "rule" in reply.headers["x-unisono-notices"]
        first = json.loads(house.chat(CONTRACT, stream=True).events[0])["unisono"]
        assert (first["model"], [n["code"] for n in first["notices"]]) == ("lawyer", ["rule"])
        preview = house.call("POST", "/v1/route", {"model": "auto", "messages": [{"role": "user", "content": CODE}]})
        assert [place["model"] for place in preview.json["ranking"]] == ["coder", "lawyer", "chat"]
        assert told(house.chat(CODE)) == ("coder", ["rule"])
        decision = house.get(f"/v1/decisions/{reply.json['unisono']['decision']}")
        assert [place["model"] for place in decision["ranking"]] == ["lawyer", "chat", "coder"]
        assert decision["ranking"][1]["reason"].startswith("the rule contracts names others")


def test_what_is_like_an_operators_examples_meets_the_rule_and_only_an_admin_sees_which_example(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up, more=LIKE)) as house:
        now = datetime(2026, 11, 26, tzinfo=UTC)
        record = tmp_path / "record.db"
        scopes = {"app": Scope(), "ops": Scope(admin=True)}
        made = [create_key(record, name, scope=scope, limits=(), now=now) for name, scope in scopes.items()]
        app, ops = ({"authorization": f"Bearer {secret}"} for _, secret in made)
        body = {"model": "auto", "messages": [{"role": "user", "content": REFUND}], "unisono": {"explain": True}}
        reply = house.call("POST", "/v1/chat/completions", body, headers=app)
        assert told(reply) == ("lawyer", ["rule"])
        assert "get a refund" not in reply.raw.decode()
        path = f"/v1/decisions/{reply.json['unisono']['decision']}"
        seen, known = (house.call("GET", path, headers=key).json["request"] for key in (app, ops))
        assert (seen["rule"], set(seen["like"])) == ("refunds", {"example", "chance"})
        assert known["like"] == {**seen["like"], "text": "How do I get a refund?"}
        body["messages"] = [{"role": "user", "content": "cancel my order"}]
        assert told(house.call("POST", "/v1/chat/completions", body, headers=app)) == ("chat", [])


def test_examples_are_taken_up_and_changed_without_a_restart(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, process(tmp_path, pool(up, more="")) as house:
        assert told(house.chat(REFUND)) == ("chat", [])

        def answers_after(more: str, text: str) -> None:
            (tmp_path / "unisono.toml").write_text(pool(up, more=more))
            assert house.process is not None
            house.process.send_signal(signal.SIGHUP)
            house.until(lambda: told(house.chat(text))[0] == "lawyer", "the new examples count")

        answers_after(LIKE, REFUND)
        rivers = LIKE.replace('"I want my money back", ', '"Which rivers flow through Poland?", ')
        answers_after(rivers, "Tell me the rivers of Poland.")


def test_pins_bans_retries_and_allow_lists_are_above_a_rule(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up)) as house:
        assert told(house.chat(CONTRACT, model="chat")) == ("chat", [])
        assert told(house.chat(f"One. {CONTRACT}", unisono={"ban": ["lawyer"]})) == ("chat", ["rule_yields"])
        assert told(house.chat(f"Two. {CONTRACT}", unisono={"models": ["coder"]})) == ("coder", ["rule_yields"])
        answered = house.chat(CONTRACT).json["unisono"]["decision"]
        again = house.chat(CONTRACT, unisono={"retry_of": answered, "how": "other"})
        assert told(again) == ("chat", ["retry"])


def test_when_its_models_fail_another_answers_and_says_so(tmp_path: Path) -> None:
    with (
        upstream(says("hi")) as up,
        upstream(fails(500)) as broken,
        serving(tmp_path, pool(up, lawyer=broken)) as house,
    ):
        assert told(house.chat(CONTRACT)) == ("chat", ["rule", "fallback"])
        assert house.chat(CONTRACT, unisono={"allow_fallback": False}).status == 502


def test_when_its_models_are_at_a_limit_another_answers_and_says_so(tmp_path: Path) -> None:
    limit = '\n[[limits]]\nname = "few"\namount = 1\nwindow = "day"\nmodels = ["lawyer"]\n'
    with upstream(says("hi")) as up, serving(tmp_path, pool(up, more=RULES + limit)) as house:
        assert told(house.chat(CONTRACT))[0] == "lawyer"
        answers, notices = told(house.chat(CONTRACT))
        assert answers == "chat"
        assert notices == ["rule", "limit_downgrade"]


def test_a_conversation_goes_to_the_rules_model_with_a_notice_and_stays_there(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up)) as house:

        def turn(text: str) -> tuple[str, list[str]]:
            return told(house.chat(text, unisono={"session": "s"}))

        assert turn("hello") == ("chat", [])
        assert turn(CONTRACT) == ("lawyer", ["rule", "switch"])
        assert turn(CONTRACT + " Really?") == ("lawyer", ["rule"])


def test_a_conversation_that_was_like_the_examples_stays_when_its_next_turn_is_not(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up, more=LIKE)) as house:
        said = [{"role": "user", "content": REFUND}]

        def turn() -> str:
            body = {"model": "auto", "messages": said, "unisono": {"session": "s"}}
            return told(house.call("POST", "/v1/chat/completions", body))[0]

        assert turn() == "lawyer"
        said += [{"role": "assistant", "content": "hi"}, {"role": "user", "content": "ok"}]
        assert turn() == "lawyer"


def test_no_rule_changes_the_model_between_a_tool_call_and_its_result(tmp_path: Path) -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    asked = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    able = {"capabilities": ["tools"]}
    with upstream(says("hi")) as up:
        text = config_text(
            model("chat", up, quality=0.9, **able),
            model("lawyer", up, **able),
            default="chat",
            more=RULES.partition("\n\n")[0] + "\n",
        )
        with serving(tmp_path, text) as house:
            begun = [{"role": "user", "content": "hello"}]
            looped = [
                {"role": "user", "content": CONTRACT},
                {"role": "assistant", "content": None, "tool_calls": [asked]},
                {"role": "tool", "tool_call_id": "1", "content": "found"},
            ]
            for messages in (begun, begun + looped):
                body = {"model": "auto", "messages": messages, "tools": [tool], "unisono": {"session": "t"}}
                assert told(house.call("POST", "/v1/chat/completions", body)) == ("chat", [])


def test_decisions_under_rules_are_recomputed_after_the_rules_have_changed(tmp_path: Path) -> None:
    def replays(house: House, decision: str) -> str:
        words = ["log", "replay", decision, "--json", "--config", str(house.folder / "unisono.toml")]
        return str(json.loads(CliRunner().invoke(app, words).stdout)["verdict"])

    with upstream(says("hi")) as up:
        with serving(tmp_path, pool(up, more=RULES + LIKE)) as house:
            made = [house.chat(text).json["unisono"]["decision"] for text in (CONTRACT, CODE, "hello", REFUND)]
            made.append(house.chat(CONTRACT, unisono={"ban": ["lawyer"]}).json["unisono"]["decision"])
        with serving(tmp_path, pool(up, more="")) as house:
            assert told(house.chat(CONTRACT)) == ("chat", [])
            assert [replays(house, decision) for decision in made] == ["same"] * 5


def test_a_retired_models_successor_stands_in_its_rules(tmp_path: Path) -> None:
    with upstream(says("hi")) as up:
        retired = model("lawyer", up, lifecycle="retired", successor="coder")
        text = config_text(model("chat", up, quality=0.9), model("coder", up), retired, default="chat", more=RULES)
        with serving(tmp_path, text) as house:
            assert told(house.chat(CONTRACT)) == ("coder", ["rule"])
