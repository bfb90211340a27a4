"""Journeys under rules of the house: who answers, what is told, and what no rule may touch."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.journeys.house import House, Reply, command, config_text, environment, model, process, serving
from tests.journeys.upstream import fails, says, upstream

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
        assert reply.json["unisono"]["reason"] == "The rule contracts has lawyer answer requests like this one."
        assert "rule" in reply.headers["x-unisono-notices"]
        first = json.loads(house.chat(CONTRACT, stream=True).events[0])["unisono"]
        assert (first["model"], [n["code"] for n in first["notices"]]) == ("lawyer", ["rule"])
        preview = house.call("POST", "/v1/route", {"model": "auto", "messages": [{"role": "user", "content": CODE}]})
        assert [place["model"] for place in preview.json["ranking"]] == ["coder", "lawyer", "chat"]
        assert told(house.chat(CODE)) == ("coder", ["rule"])
        decision = house.get(f"/v1/decisions/{reply.json['unisono']['decision']}")
        assert [place["model"] for place in decision["ranking"]] == ["lawyer", "chat", "coder"]
        assert decision["ranking"][1]["reason"].startswith("the rule contracts names others")


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
        words = command("log", "replay", decision, "--json", "--config", str(house.folder / "unisono.toml"))
        found = subprocess.run(words, capture_output=True, check=False, env=environment())
        return str(json.loads(found.stdout)["verdict"])

    with upstream(says("hi")) as up:
        with process(tmp_path, pool(up)) as house:
            made = [house.chat(text).json["unisono"]["decision"] for text in (CONTRACT, CODE, "hello")]
            made.append(house.chat(CONTRACT, unisono={"ban": ["lawyer"]}).json["unisono"]["decision"])
        with process(tmp_path, pool(up, more="")) as house:
            assert told(house.chat(CONTRACT)) == ("chat", [])
            assert [replays(house, decision) for decision in made] == ["same"] * 4


def test_a_retired_models_successor_stands_in_its_rules(tmp_path: Path) -> None:
    with upstream(says("hi")) as up:
        retired = model("lawyer", up, lifecycle="retired", successor="coder")
        text = config_text(model("chat", up, quality=0.9), model("coder", up), retired, default="chat", more=RULES)
        with serving(tmp_path, text) as house:
            assert told(house.chat(CONTRACT)) == ("coder", ["rule"])
