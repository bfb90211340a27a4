"""Journeys of coding agents that speak the Responses API, as Codex does: what it sends, told by us and shortened."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.house import House, Reply, config_text, model, serving
from tests.journeys.upstream import Behave, Exchange, completion, says, upstream

from unisono.evaluate.recompute import Recomputer
from unisono.plugins import load
from unisono.record.reader import Reader

PATCH = '*** Begin Patch\n*** Update File: a.py\n@@\n-print("é\\n")\n+print("\U0001f600")\n*** End Patch\n'
GRAMMAR = 'start: "*** Begin Patch" LF hunk+'
APPLY_PATCH = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Edits files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": GRAMMAR},
}
SHELL = {
    "type": "function",
    "name": "exec_command",
    "strict": False,
    "parameters": {"type": "object", "properties": {}},
}
AGENTS = {"type": "namespace", "name": "agents", "description": "Helpers.", "tools": [{**SHELL, "name": "spawn"}]}
SEARCH = {
    "type": "tool_search",
    "execution": "client",
    "description": "Finds tools.",
    "parameters": {"type": "object", "properties": {"query": {"type": "string"}}},
}
WEB = {"type": "web_search", "external_web_access": True}


def _message(role: str, text: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


BEGINNING = [
    _message("developer", "You are a coding agent."),
    _message("developer", "<skills_instructions>none</skills_instructions>"),
    _message("user", "<environment_context>\n  <cwd>/work</cwd>\n</environment_context>"),
    _message("user", "Fix the bug in a.py."),
]


def _body(*items: Any, **more: Any) -> dict[str, Any]:
    """Return a turn as the agent sends it."""
    return {
        "model": "auto",
        "input": [*BEGINNING, *items],
        "tools": [SHELL, APPLY_PATCH, AGENTS, SEARCH, WEB],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "01a2",
        "text": {"verbosity": "low"},
        "client_metadata": {"thread_id": "01a2"},
        **more,
    }


def _pool(up: Any, *, dialect: str = "openai") -> str:
    keys = {"capabilities": ["tools", "json", "vision"], "upstream": dialect}
    base = up.base_url if dialect == "openai" else up.base_url.removesuffix("/v1")
    return config_text(model("small", base, **keys), model("big", base, **keys), default="small")


def _events(reply: Reply) -> list[dict[str, Any]]:
    assert reply.status == 200, reply.raw
    blocks = reply.raw.decode().split("\n\n")
    return [json.loads(block.partition("\ndata: ")[2]) for block in blocks if block]


def _ask(house: House, body: object, headers: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    return _events(house.call("POST", "/v1/responses", body, headers=headers))


def _calls(name: str, arguments: str, *, native: bool = False) -> Behave:
    """Return a behaviour that calls a tool in fragments of seven characters, or whole."""
    kind, member = ("custom", "input") if native else ("function", "arguments")

    def behave(exchange: Exchange) -> None:
        if not exchange.stream:
            call = {"id": "call_1", "type": kind, kind: {"name": name, member: arguments}}
            exchange.json(completion(exchange, {"content": None, "tool_calls": [call]}, finish="tool_calls"))
            return
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": "I will."})
        begun = {"index": 0, "id": "call_1", "type": kind, kind: {"name": name, member: ""}}
        exchange.delta({"tool_calls": [begun]})
        for at in range(0, len(arguments), 7):
            exchange.delta({"tool_calls": [{"index": 0, kind: {member: arguments[at : at + 7]}}]})
        exchange.delta({}, finish="tool_calls")
        exchange.end_stream()

    return behave


def _uses(name: str, given: object) -> Behave:
    """Return a behaviour that uses a tool in Anthropic's form."""
    written = json.dumps(given)
    deltas = [{"type": "input_json_delta", "partial_json": written[at : at + 7]} for at in range(0, len(written), 7)]
    begun = {"type": "tool_use", "id": "call_1", "name": name, "input": {}}
    return _in_a_block({**begun, "input": given}, begun, deltas, stop="tool_use")


def _tells(text: str) -> Behave:
    """Return a behaviour that says something in Anthropic's form."""
    block = {"type": "text", "text": text}
    return _in_a_block(block, {**block, "text": ""}, [{"type": "text_delta", "text": text}], stop="end_turn")


def _in_a_block(block: dict[str, Any], begun: dict[str, Any], deltas: Sequence[dict[str, Any]], *, stop: str) -> Behave:
    """Return a behaviour that answers with one block of Anthropic's, plain or as it begins and in pieces."""

    def behave(exchange: Exchange) -> None:
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": exchange.body["model"]}
        usage = {"input_tokens": 9, "output_tokens": 9}
        if not exchange.stream:
            exchange.json({**message, "content": [block], "stop_reason": stop, "usage": usage})
            return
        exchange.open_stream()
        exchange.event({"type": "message_start", "message": {**message, "content": [], "usage": usage}})
        exchange.event({"type": "content_block_start", "index": 0, "content_block": begun})
        for delta in deltas:
            exchange.event({"type": "content_block_delta", "index": 0, "delta": delta})
        exchange.event({"type": "content_block_stop", "index": 0})
        exchange.event({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": usage})
        exchange.event({"type": "message_stop"})
        exchange._http.wfile.write(b"0\r\n\r\n")  # the end of the chunks

    return behave


WAYS = [
    ("openai", _calls("apply_patch", json.dumps({"input": PATCH}))),
    ("openai", _calls("apply_patch", PATCH, native=True)),
    ("anthropic", _uses("apply_patch", {"input": PATCH})),
]


@pytest.mark.parametrize(("dialect", "behave"), WAYS, ids=["function", "custom", "anthropic"])
def test_a_custom_tool_is_called_with_a_bare_text_over_every_dialect(
    tmp_path: Path, dialect: str, behave: Behave
) -> None:
    with upstream(behave) as up, serving(tmp_path, _pool(up, dialect=dialect)) as house:
        events = _ask(house, _body())
        told = [event for event in events if "custom_tool_call_input" in event["type"]]
        assert "".join(event["delta"] for event in told[:-1]) == told[-1]["input"] == PATCH
        assert len(told) > 5 and told[-1]["type"] == "response.custom_tool_call_input.done"
        added, done = (
            [e["item"] for e in events if e["type"] == f"response.output_item.{kind}"] for kind in ("added", "done")
        )
        assert (added[-1]["type"], added[-1]["input"], added[-1]["status"]) == ("custom_tool_call", "", "in_progress")
        call = {"type": "custom_tool_call", "call_id": "call_1", "name": "apply_patch", "input": PATCH}
        assert done[-1].items() >= {**call, "status": "completed"}.items()
        assert events[-1]["type"] == "response.completed" and events[-1]["response"]["output"][-1] == done[-1]
        (plain,) = house.call("POST", "/v1/responses", _body(stream=False)).json["output"]
        assert plain == done[-1]
        # The next turn holds the call and its result.
        up.behave = says("Done.") if dialect == "openai" else _uses("exec_command", {})
        _ask(house, _body(done[-1], {"type": "custom_tool_call_output", "call_id": "call_1", "output": "Success."}))
        sent = up.seen[-1].body["messages"]
        if dialect == "openai":
            function = {
                "name": "apply_patch",
                "arguments": json.dumps({"input": PATCH}, ensure_ascii=False, separators=(",", ":")),
            }
            assert sent[-2]["tool_calls"] == [{"id": "call_1", "type": "function", "function": function}]
            assert sent[-1] == {"role": "tool", "tool_call_id": "call_1", "content": "Success."}
        else:
            assert sent[-2]["content"] == [
                {"type": "tool_use", "id": "call_1", "name": "apply_patch", "input": {"input": PATCH}}
            ]
            assert sent[-1]["content"] == [{"type": "tool_result", "tool_use_id": "call_1", "content": "Success."}]


def test_a_custom_tool_is_a_function_with_its_grammar_in_words_where_hosts_know_no_other(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        _ask(house, _body(tool_choice={"type": "custom", "name": "apply_patch"}))
        sent = up.seen[0].body
        tool = next(tool for tool in sent["tools"] if tool["function"]["name"] == "apply_patch")
        assert tool.keys() == {"type", "function"}
        assert "Edits files." in tool["function"]["description"] and GRAMMAR in tool["function"]["description"]
        assert tool["function"]["parameters"]["required"] == ["input"]
        assert sent["tool_choice"] == {"type": "function", "function": {"name": "apply_patch"}}
        assert "responses" not in sent and "client_metadata" not in sent


def test_functions_of_a_namespace_go_there_and_back_by_their_names(tmp_path: Path) -> None:
    with upstream(_calls("agents__spawn", '{"n": 1}')) as up, serving(tmp_path, _pool(up)) as house:
        item = _ask(house, _body())[-1]["response"]["output"][-1]
        assert (item["type"], item["namespace"], item["name"]) == ("function_call", "agents", "spawn")
        names = {tool["function"]["name"]: tool["function"].get("description") for tool in up.seen[0].body["tools"]}
        assert names["agents__spawn"] == "agents: Helpers.\n\n"
        up.behave = says("ok")
        _ask(house, _body(item, {"type": "function_call_output", "call_id": "call_1", "output": "42"}))
        assert up.seen[-1].body["messages"][-2]["tool_calls"][0]["function"]["name"] == "agents__spawn"


def test_no_two_tools_share_a_name_in_the_chat_however_long_they_are(tmp_path: Path) -> None:
    def space(name: str, *tools: str) -> dict[str, Any]:
        return {"type": "namespace", "name": name, "description": "", "tools": [{**SHELL, "name": t} for t in tools]}

    tools = [{**SHELL, "name": "a__b__c"}, space("a", "b__c"), space("a__b", "c"), space("m" * 60, "first", "second")]
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        _ask(house, _body(tools=tools))
        names = [tool["function"]["name"] for tool in up.seen[0].body["tools"]]
        assert len(set(names)) == 5 and max(map(len, names)) <= 64
        assert names[0] == "a__b__c"
        up.behave = _calls(names[2], "{}")
        item = _ask(house, _body(tools=tools))[-1]["response"]["output"][-1]
        assert (item["namespace"], item["name"]) == ("a__b", "c")
        _ask(house, _body(item, {"type": "function_call_output", "call_id": "call_1", "output": "1"}, tools=tools))
        assert up.seen[-1].body["messages"][-2]["tool_calls"][0]["function"]["name"] == names[2]


def test_a_search_for_tools_is_the_callers_and_what_it_finds_is_offered(tmp_path: Path) -> None:
    with upstream(_calls("tool_search", '{"query": "mail"}')) as up, serving(tmp_path, _pool(up)) as house:
        item = _ask(house, _body())[-1]["response"]["output"][-1]
        assert (item["type"], item["execution"], item["arguments"]) == ("tool_search_call", "client", {"query": "mail"})
        found = {"type": "namespace", "name": "mail", "description": "", "tools": [{**SHELL, "name": "send"}]}
        output = {"type": "tool_search_output", "call_id": "call_1", "execution": "client", "status": "completed"}
        more = {"type": "additional_tools", "role": "developer", "tools": [{**SHELL, "name": "late"}]}
        up.behave = says("ok")
        _ask(house, _body(item, {**output, "tools": [found]}, more))
        sent = up.seen[-1].body
        names = [tool["function"]["name"] for tool in sent["tools"]]
        assert names == ["exec_command", "apply_patch", "agents__spawn", "tool_search", "mail__send", "late"]
        assert sent["messages"][-1] == {
            "role": "tool",
            "tool_call_id": "call_1",
            "content": '{"loaded":["mail__send"]}',
        }


def test_a_hosted_tool_that_is_offered_is_left_out_and_told_and_the_decision_replays(tmp_path: Path) -> None:
    text = "web_search and web_search_call are not served here and left out; the rest is served."
    searched = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}}
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        for name in ("auto", "big"):
            reply = house.call("POST", "/v1/responses", _body(searched, model=name))
            assert f"left_out: {text}" in reply.headers["x-unisono-notices"]
            assert {"code": "left_out", "text": text} in _events(reply)[0]["response"]["unisono"]["notices"]
            assert "web_search" not in json.dumps(up.seen[-1].body)
        decision = reply.headers["x-unisono-decision"]
        view = house.end_of(decision)
        assert {"code": "left_out", "text": text} in view["notices"]
        with closing(Reader(tmp_path / "record.db")) as reader:
            assert Recomputer(reader, registry=load()).replay(decision).verdict == "same"


def test_what_is_said_before_the_conversation_is_one_message_and_later_words_stay_where_they_are(
    tmp_path: Path,
) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        _ask(house, _body(_message("assistant", "ok"), _message("developer", "Be brief."), instructions="Obey."))
        roles = [(m["role"], m["content"]) for m in up.seen[0].body["messages"]]
        told = "Obey.\n\nYou are a coding agent.\n\n<skills_instructions>none</skills_instructions>"
        assert roles[0] == ("system", told)
        assert [role for role, _ in roles] == ["system", "user", "user", "assistant", "user"]
        reminder = [{"type": "text", "text": "<system-reminder>\nBe brief.\n</system-reminder>"}]
        assert roles[-1][1] == reminder
    (tmp_path / "b").mkdir()
    with upstream(_uses("exec_command", {})) as up, serving(tmp_path / "b", _pool(up, dialect="anthropic")) as house:
        _ask(house, _body(_message("assistant", "ok"), _message("developer", "Be brief."), instructions="Obey."))
        sent = up.seen[0].body
        assert [block["text"] for block in sent["system"]] == [told]
        assert sent["messages"][-1] == {"role": "user", "content": reminder}


def test_an_agents_thread_is_one_conversation_whatever_its_folder_and_its_words(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        for thread, words in (("t1", "Fix it."), ("t1", "Another beginning, after a summary."), ("t2", "Fix it.")):
            _ask(house, _body(input=[_message("user", words)]), headers={"thread-id": thread, "session-id": "s"})
        decisions = house.ended(3)
        assert [decision["session"] for decision in decisions] == ["t2", "t1", "t1"]
        assert len({decision["model"] for decision in decisions[1:]}) == 1


def test_how_probable_each_token_was_is_told_to_who_asks(tmp_path: Path) -> None:
    probable = [{"token": "hi", "logprob": -0.1, "bytes": None, "top_logprobs": []}]

    def behave(exchange: Exchange) -> None:
        choice = {"index": 0, "logprobs": {"content": probable}}
        if not exchange.stream:
            document = completion(exchange, {"content": "hi"})
            document["choices"][0] |= choice
            exchange.json(document)
            return
        exchange.open_stream()
        frame = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": exchange.body["model"]}
        exchange.event({**frame, "choices": [{**choice, "delta": {"content": "hi"}, "finish_reason": None}]})
        exchange.delta({}, finish="stop")
        exchange.end_stream()

    with upstream(behave) as up, serving(tmp_path, _pool(up)) as house:
        asked = {"include": ["message.output_text.logprobs"], "top_logprobs": 2}
        events = _ask(house, _body(**asked))
        assert (up.seen[0].body["logprobs"], up.seen[0].body["top_logprobs"]) == (True, 2)
        assert [e["logprobs"] for e in events if e["type"] == "response.output_text.delta"] == [probable]
        assert events[-1]["response"]["output"][0]["content"][0]["logprobs"] == probable
        plain = house.call("POST", "/v1/responses", _body(stream=False, **asked)).json
        assert plain["output"][0]["content"][0]["logprobs"] == probable


def test_who_offers_a_websocket_is_told_at_once_that_there_is_none(tmp_path: Path) -> None:
    offer = {
        "connection": "upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "eA==",
    }
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        reply = house.call("GET", "/v1/responses", headers=offer)
        assert (reply.status, reply.json["error"]["code"]) == (426, "websocket_not_served")
        assert house.call("GET", "/v1/responses").status == 405
        assert _ask(house, _body())[-1]["type"] == "response.completed"


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_a_long_conversation_is_shortened_to_an_item_from_which_any_model_goes_on(tmp_path: Path, dialect: str) -> None:
    said = {"openai": says("All was done."), "anthropic": _tells("All was done.")}[dialect]
    with upstream(said) as up, serving(tmp_path, _pool(up, dialect=dialect)) as house:
        trigger = {"type": "compaction_trigger"}
        events = _ask(house, _body(_message("assistant", "ok"), trigger))
        kinds = [event["type"].removeprefix("response.") for event in events]
        assert kinds == ["created", "in_progress", "output_item.added", "output_item.done", "completed"]
        (item,) = events[-1]["response"]["output"]
        assert item["type"] == "compaction" and item == events[-2]["item"] and "done" not in json.dumps(item)
        assert "shortened" in json.dumps(up.seen[0].body["messages"][-1]) and up.seen[0].body["tools"]
        assert up.seen[0].body["tool_choice"] in ("none", {"type": "none"})
        plain = house.call("POST", "/v1/responses", _body(trigger, stream=False)).json
        assert [one["type"] for one in plain["output"]] == ["compaction"]
        _ask(house, _body(item, _message("user", "Go on.")))
        assert "summed up:\\n\\nAll was done." in json.dumps(up.seen[-1].body["messages"])
        foreign = house.call("POST", "/v1/responses", _body({**item, "encrypted_content": "gAAAA"}))
        assert "compaction" in foreign.headers["x-unisono-notices"]


def test_a_summary_that_says_nothing_is_none(tmp_path: Path) -> None:
    with upstream(says("")) as up, serving(tmp_path, _pool(up)) as house:
        events = _ask(house, _body({"type": "compaction_trigger"}))
        assert (events[-1]["type"], events[-1]["response"]["error"]["code"]) == ("response.failed", "server_error")
        plain = house.call("POST", "/v1/responses", _body({"type": "compaction_trigger"}, stream=False)).json
        assert (plain["status"], plain["output"]) == ("failed", [])


def test_a_limit_that_is_used_up_says_when_it_returns_in_the_words_that_the_client_shows(tmp_path: Path) -> None:
    limit = '[[limits]]\nname = "few"\namount = 1\nwindow = "day"\nper = "all"\n'
    with (
        upstream(says("hi")) as up,
        serving(tmp_path, config_text(model("small", up), default="small", more=limit)) as house,
    ):
        body = _body(tools=[])
        _ask(house, body)
        refused = house.call("POST", "/v1/responses", body)
        error, returns = refused.json["error"], datetime.fromisoformat(refused.json["unisono"]["returns"])
        assert (refused.status, error["type"], error["code"]) == (429, "usage_limit_reached", "limit_reached")
        assert error["resets_at"] == returns.timestamp() and (returns.hour, returns.minute) == (0, 0)
        chat = house.chat()
        assert (chat.json["error"]["type"], chat.json["unisono"]) == ("rate_limit_error", refused.json["unisono"])
